"""The caller's times as steps, and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from coursekit._number_checks import LARGEST_WHOLE

Step = str | timedelta | np.timedelta64

_ZONE = 'convert it and drop the time zone first: .tz_convert("UTC").tz_localize(None), on a Series each behind .dt'


@dataclass(frozen=True)
class Clock:
    """Translates the caller's times into steps and back."""

    origin: np.datetime64 | None
    """Moment at which step 0 begins; None where times are steps already."""
    length: np.timedelta64
    """Length of a step, where times are dates."""

    def position(self, where: str, parameter: str, times: Any) -> np.ndarray:
        """Times in steps, with fractions."""
        values, dated = np.asarray(times), self.origin is not None
        if dated and values.dtype.kind in "OU":  # date, Timestamp, "2020-02-20"
            moments = [_moment(where, parameter, one) for one in values.ravel().tolist()]
            values = np.array(moments, dtype="datetime64[ns]").reshape(values.shape)
        if values.size and values.dtype.kind not in ("M" if dated else "iuf"):
            wanted = "datetime64 (without time zone)" if dated else "numbers of steps"
            raise ValueError(f"{where}: {parameter} must hold {wanted}, as time does, got {values.dtype}")
        if dated:
            position = (_nanoseconds(where, parameter, values) - self.origin) / self.length
        else:
            position = values.astype(float)
        if not (abs(position) <= LARGEST_WHOLE).all():
            raise ValueError(f"{where}: {parameter} holds a value that is missing, infinite or beyond 2^53 steps")
        return position

    def label(self, steps: np.ndarray) -> np.ndarray:
        """Beginning of each step in the caller's unit."""
        return steps if self.origin is None else self.origin + steps * self.length


def clock_of(where: str, times: np.ndarray, step: Step) -> Clock:
    """The clock of times that :func:`check_times` let pass; dates begin at midnight of the first."""
    length = _length(where, step)
    if times.dtype.kind != "M":
        return Clock(None, length)
    return Clock(_nanoseconds(where, "time", times[:1])[0].astype("datetime64[D]").astype("datetime64[ns]"), length)


def check_times(where: str, times: np.ndarray, n: int) -> None:
    """Raise unless there is a number or a datetime64 for each of n rows, none missing, in order."""
    if times.shape != (n,) or times.dtype.kind not in "iufM":
        zoned = times.size and getattr(times.flat[0], "tzinfo", None) is not None
        hint = f"; {_ZONE}" if zoned else "; pd.to_datetime makes it of dates" if times.dtype.kind in "OU" else ""
        raise ValueError(
            f"{where}: time must hold a number of steps or a datetime64 (without time zone) for each of {n} rows, "
            f"got shape {times.shape} of {times.dtype}{hint}"
        )
    missing = np.flatnonzero(~np.isfinite(times))
    if missing.size:
        raise ValueError(f"{where}: time[{missing[0]}] is missing or infinite")
    backwards = np.flatnonzero(times[1:] < times[:-1])
    if backwards.size:
        at = int(backwards[0]) + 1
        raise ValueError(f"{where}: time must not go back, but row {at} is earlier than the one before; sort the rows")


def _moment(where: str, parameter: str, given: Any) -> np.datetime64:
    """A date, a Timestamp or a text as datetime64."""
    try:
        if not isinstance(given, str | date | np.datetime64):
            raise TypeError(f"this is {type(given).__name__}")
        moment = pd.Timestamp(given)
        zoned = moment.tzinfo is not None
        moment = moment.as_unit("ns")
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {parameter} must be a date, got {given!r}; {error}") from None
    if zoned:
        raise ValueError(f"{where}: {parameter} must be a date without time zone, as time is, got {given!r}; {_ZONE}")
    return moment.to_datetime64()


def _nanoseconds(where: str, parameter: str, times: np.ndarray) -> np.ndarray:
    fine = times.astype("datetime64[ns]")
    if (
        times.dtype.kind == "M"
        and times.dtype != fine.dtype
        and (fine.astype(times.dtype) != times)[~np.isnat(times)].any()
    ):
        raise ValueError(f"{where}: {parameter} holds a date outside of the years 1678 to 2261")
    return fine


def _length(where: str, step: Step) -> np.timedelta64:
    wanted = f"{where}: step must be a length of time such as '1D' or '6h', with its unit"
    try:
        bare = isinstance(step, str) and not step.strip(" +-.0123456789")  # pandas takes them as nanoseconds
        bare |= isinstance(step, np.timedelta64) and np.datetime_data(step.dtype)[0] == "generic"
        if bare or not isinstance(step, str | timedelta | np.timedelta64 | pd.offsets.BaseOffset):
            raise TypeError("it needs a unit")
        length = pd.Timedelta(step)
        if pd.isna(length):
            raise ValueError("it is missing")
        length = length.as_unit("ns").to_timedelta64()
    except (TypeError, ValueError) as error:
        raise ValueError(f"{wanted}, got {step!r}; {error}") from None
    if not length > np.timedelta64(0, "ns"):
        raise ValueError(f"{where}: step must be longer than nothing, got {step!r}")
    return length
