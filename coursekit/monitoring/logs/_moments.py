"""Times and days that callers write: a time has a zone, a day is one of UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd


def instant(value: Any, name: str) -> pd.Timestamp:
    """A time in UTC; one without a zone is refused."""
    try:
        moment = pd.Timestamp(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name} must be a time like '2026-03-01T00:00+09:00', got {value!r}; {error}") from None
    if moment is pd.NaT or moment.tz is None:
        raise ValueError(f"{name} needs a time zone, got {value!r}; write '2026-03-01T00:00+09:00' or '...T00:00Z'")
    return moment.tz_convert("UTC").as_unit("us")


def day(value: Any, name: str) -> date:
    """A day of UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (ValueError, TypeError):
        raise ValueError(f"{name} must be a day like '2026-03-01' (UTC), got {value!r}") from None
