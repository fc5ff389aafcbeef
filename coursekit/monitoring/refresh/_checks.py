"""What every number of a refresh must be, said once."""

from __future__ import annotations

import math
from numbers import Real


def check_whole(where: str, parameter: str, value: object, *, low: int | None = 0) -> int:
    """Give the value as an int; raise unless it is a whole number of at least ``low``."""
    number = _finite(value)
    if number is None or number != int(number) or (low is not None and number < low):
        least = "" if low is None else f" of at least {low}"
        raise ValueError(f"{where}: {parameter} must be a whole number{least}, got {value!r}")
    return int(number)


def check_number(where: str, parameter: str, value: object, *, above: bool = False) -> float:
    """Give the value as a float; raise unless it is finite and at least (or above) 0."""
    number = _finite(value)
    if number is None or number < 0 or (above and number == 0):
        wanted = "above 0" if above else "of at least 0"
        raise ValueError(f"{where}: {parameter} must be a finite number {wanted}, got {value!r}")
    return number


def _finite(value: object) -> float | None:
    """The value as a float, None if it is no finite number."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        return None
    return float(value)
