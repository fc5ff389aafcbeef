"""What a number that is passed in must be, said once."""

from __future__ import annotations

import math
from numbers import Integral, Real

import numpy as np

LARGEST_WHOLE = 2**53
"""Above it float64 leaves out whole numbers."""


def check_whole(
    where: str, parameter: str, value: object, *, low: int | None = 0, high: int | None = LARGEST_WHOLE
) -> int:
    """Give the value as an int; raise unless it is a whole number from ``low`` to ``high``."""
    number = int(value) if _is_integer(value) else as_finite(value)  # type: ignore[call-overload]
    if number is None or number != int(number) or (low is not None and number < low):
        least = "" if low is None else f" of at least {low}"
        raise ValueError(f"{where}: {parameter} must be a whole number{least}, got {told(value)}")
    if high is not None and number > high:
        raise ValueError(f"{where}: {parameter} must be a whole number of at most {high:,}, got {told(value)}")
    return int(number)


def check_number(where: str, parameter: str, value: object, *, above: bool = False) -> float:
    """Give the value as a float; raise unless it is finite and at least (or above) 0."""
    number = as_finite(value)
    if number is None or number < 0 or (above and number == 0):
        wanted = "above 0" if above else "of at least 0"
        raise ValueError(f"{where}: {parameter} must be a finite number {wanted}, got {told(value)}")
    return number


def as_finite(value: object) -> float | None:
    """The value as a float, None if it is no finite number."""
    if isinstance(value, bool | np.timedelta64) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _is_integer(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool | np.timedelta64)


def told(value: object) -> str:
    """The value as it would be written, cut where it is endless."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no whole number of thousands of digits
        return "one of thousands of digits"
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"
