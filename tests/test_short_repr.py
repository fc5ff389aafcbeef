"""A result at the end of a cell: what is short in full, what is long by its kind and size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coursekit.modeling.evaluation import Interval
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, eq=False, repr=False)
class Result(ShortRepr):
    value: Any


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.25, "0.25"),
        ("v1", "'v1'"),
        (None, "None"),
        (np.zeros((3, 2), dtype=np.float32), "<float32 (3, 2)>"),
        (pd.DataFrame({"a": range(500)}), "<DataFrame (500, 1)>"),
        (pd.Series(range(500)), "<int64 (500,)>"),
        (np.float64(0.5), repr(np.float64(0.5))),
        ({"a": np.zeros(500)}, "<dict of 1>"),
        (tuple(range(500)), "<tuple of 500>"),
        ("SELECT " * 50, "<str of 350>"),
        (Result(np.zeros(500)), "Result(value=<float64 (500,)>)"),
        (Interval(0.91234567890123, 0.90123456789012, 0.92345678901234), "0.912 [0.901, 0.923]"),
        (object(), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_field_is_told_in_a_few_words(value, told):
    assert repr(Result(value)) == f"Result(value={repr(value) if told is None else told})"


def test_a_field_that_opted_out_is_not_told():
    from dataclasses import field

    @dataclass(frozen=True, eq=False, repr=False)
    class Shy(ShortRepr):
        shown: int
        hidden: int = field(repr=False)

    assert repr(Shy(1, 2)) == "Shy(shown=1)"
