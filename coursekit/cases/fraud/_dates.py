"""Days, months and moments from what a person writes."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

_EXAMPLE = {"D": "a date like '2020-02-01'", "M": "a month like '2020-02'", "s": "a time like '2020-02-01T09:30'"}


def as_date(value: Any, name: str) -> np.datetime64:
    """A day, from text, a date or a datetime64."""
    return _read(value, name, "D")


def as_month(value: Any, name: str) -> np.datetime64:
    """A month."""
    return _read(value, name, "M")


def as_second(value: Any, name: str) -> np.datetime64:
    """A moment."""
    return _read(value, name, "s")


def _read(value: Any, name: str, unit: Literal["D", "M", "s"]) -> np.datetime64:
    number = isinstance(value, int | float | np.number) and not isinstance(value, np.datetime64)
    try:
        moment = np.datetime64("NaT") if number else np.datetime64(value, unit)
    except (TypeError, ValueError):
        moment = np.datetime64("NaT")
    if np.isnat(moment):
        raise ValueError(f"{name} must be {_EXAMPLE[unit]}, got {value!r}")
    return moment
