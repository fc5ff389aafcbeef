"""What all answers share: the table, and the SQL that made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coursekit.monitoring.logs._moments import day
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, eq=False, repr=False)
class Answer(ShortRepr):
    """An answer that can be checked: ``log.query(answer.sql, **answer.parameters)`` asks again."""

    table: pd.DataFrame
    """The answer, a row for each thing counted."""
    sql: str
    """The SQL that was run."""
    parameters: Mapping[str, Any]
    """Values of its parameters; ``as_of`` is what the log knew then."""

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()


def period(start: Any, end: Any) -> tuple[str, dict[str, Any]]:
    """A WHERE clause for days from start to end, both included, and its parameters; None is open.

    It is led by a space, and nothing where both are open.
    """
    bounds = {"start": (">=", start), "end": ("<=", end)}
    given = {name: day(value, name) for name, (_, value) in bounds.items() if value is not None}
    if len(given) == 2 and given["start"] > given["end"]:
        raise ValueError(f"start {given['start']} lies after end {given['end']}; swap them")
    terms = [f"day {bounds[name][0]} ${name}" for name in given]
    return (f" WHERE {' AND '.join(terms)}" if terms else ""), given


def check_whole(name: str, value: object, *, low: int) -> int:
    """The value as an int, if it is a whole number of at least ``low``."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise ValueError(f"{name} must be a whole number, {low} or more, got {value!r}")
    return int(value)


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """The value, if it is allowed."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value
