"""Results that tell themselves in one line instead of a wall of numbers."""

from __future__ import annotations

from dataclasses import fields
from typing import Any


class ShortRepr:
    """Base of results that hold arrays: numbers in full, whatever is long by its kind and size.

    A result at the end of a notebook cell, or in the message of a failed test, is read by a person. A
    hundred thousand numbers bury the three that were asked for; ``.to_frame()`` has them all.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> @dataclass(frozen=True, eq=False, repr=False)
    ... class Delays(ShortRepr):
    ...     days: np.ndarray
    ...     missed: int
    >>> Delays(days=np.zeros(500), missed=3)
    Delays(days=<float64 (500,)>, missed=3)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        shown = (f"{field.name}={_brief(getattr(self, field.name))}" for field in fields(self) if field.repr)  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(shown)})"


def _brief(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        kind = getattr(value, "dtype", None) or type(value).__name__
        return f"<{kind} {shape}>"
    for text in (repr(value), str(value)):  # str is the shorter of an interval
        if len(text) <= 80:
            return text
    return f"<{type(value).__name__} of {len(value)}>" if hasattr(value, "__len__") else f"<{type(value).__name__}>"
