"""What is known about every emergency room at a moment, as numbers for a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from coursekit._number_checks import check_whole
from coursekit.cases.er_beds._ages import stay_summary
from coursekit.cases.er_beds._demand import korean_holidays, weekday
from coursekit.cases.er_beds.bed_log import NOT_ENTERED, BedLog
from coursekit.short_repr import ShortRepr

CALENDAR_FEATURES = ("day_of_week", "hour", "month", "day")
"""What the clock alone tells; Monday is 0."""
FEATURES = (
    *CALENDAR_FEATURES,
    "is_holiday",
    "beds",
    "beds_left",
    "report_age_minutes",
    "report_missing",
    "last_number",
    "occupancy_trend",
    "beds_left_updated",
    "arrivals_last_hour",
    "departures_last_hour",
    "oldest_stay_hours",
    "mean_stay_hours",
    "stays_over_12h",
)
"""Names of the columns. ``beds_left`` is the last report as it came, ``report_missing`` whether it was -1,
``last_number`` the last report that was not, ``occupancy_trend`` how much that changed within an hour,
``beds_left_updated`` the same plus departures and minus arrivals since, which is the truth as long as nobody
forgets to write a patient down; stays are of the patients present, 0 where nobody is."""
_HOUR = 60.0  # minutes
_LONG_HOURS = 12.0


@dataclass(frozen=True, eq=False, repr=False)
class BedFeatures(ShortRepr):
    """One row per moment and emergency room, with nothing that was not known then."""

    values: np.ndarray
    """Numbers, NaN where no report has come yet, shape (rows, features)."""
    names: tuple[str, ...]
    """Names of the columns."""
    hospital: np.ndarray
    """Position of the hospital of each row, shape (rows,); not a feature."""
    time: np.ndarray
    """Moment of each row, datetime64[s], shape (rows,)."""

    def take(self, names: Sequence[str]) -> BedFeatures:
        """Some of the columns, in the order asked for.

        Parameters
        ----------
        names
            Names out of ``names``.

        Raises
        ------
        ValueError
            If there is no such column.
        """
        wanted = (names,) if isinstance(names, str) else tuple(names)
        unknown = [name for name in wanted if name not in self.names]
        if unknown:
            raise ValueError(f"no feature is called {unknown[0]!r}; there are {', '.join(self.names)}")
        return replace(self, values=self.values[:, [self.names.index(name) for name in wanted]], names=wanted)

    def rows(self, keep: ArrayLike) -> BedFeatures:
        """Some of the rows.

        Parameters
        ----------
        keep
            A mask of shape (rows,), or positions.
        """
        chosen = np.asarray(keep)
        return replace(self, values=self.values[chosen], hospital=self.hospital[chosen], time=self.time[chosen])

    def to_frame(self) -> pd.DataFrame:
        """One row per moment and hospital: time, hospital, and the features."""
        table = pd.DataFrame(self.values, columns=list(self.names))
        table.insert(0, "hospital", self.hospital)
        table.insert(0, "time", self.time)
        return table


def point_in_time_features(log: BedLog, times: ArrayLike) -> BedFeatures:
    """What was known about every emergency room at each moment, and nothing that came later.

    A feature that holds a departure of the next hour, or a report that was typed in afterwards, makes a
    model look good on the log and fail in service, where the future is missing. Here each row counts
    reports, arrivals and departures up to its moment only: features of the whole log equal those
    of a log that ends there, bit for bit.

    Parameters
    ----------
    log
        The log.
    times
        Moments within the log in any order, shape (n,).

    Raises
    ------
    ValueError
        If a time lies outside of what the log knows.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, simulate
    >>> log = simulate(city(3), days=3, seed=1)
    >>> features = point_in_time_features(log, log.every(60))
    >>> features.values.shape == (len(log.every(60)) * 3, len(FEATURES))
    True
    >>> features.take(CALENDAR_FEATURES).names
    ('day_of_week', 'hour', 'month', 'day')
    """
    minutes = log.minutes(times)
    moments = np.atleast_1d(np.asarray(times, dtype="datetime64[s]"))
    n, hospitals = minutes.size, len(log.city.hospitals)
    values = np.empty((n, hospitals, len(FEATURES)))
    order = np.argsort(minutes, kind="stable")
    calendar = _calendar(moments[order])
    for h in range(hospitals) if n else ():
        known = calendar | _known(log, h, minutes[order])
        for k, name in enumerate(FEATURES):
            values[order, h, k] = known[name]
    return BedFeatures(
        values.reshape(n * hospitals, len(FEATURES)),
        FEATURES,
        hospital=np.tile(np.arange(hospitals), n),
        time=np.repeat(moments, hospitals),
    )


def _calendar(moments: np.ndarray) -> dict[str, np.ndarray]:
    day = moments.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    return {
        "day_of_week": weekday(day),
        "hour": (moments - day).astype("timedelta64[h]").astype(int),
        "month": month.astype(int) % 12 + 1,
        "day": (day - month).astype(int) + 1,
        "is_holiday": korean_holidays(day),
    }


def _known(log: BedLog, hospital: int, minutes: np.ndarray) -> dict[str, np.ndarray]:
    """What the reports and the patients of one hospital tell at ascending minutes."""
    come = np.searchsorted(log.report_minute, minutes[-1], "right")
    mine = log.report_hospital[:come] == hospital
    sent, value = log.report_minute[:come][mine], log.report_value[:come][mine]
    entered = value != NOT_ENTERED
    last, last_at = _last(sent, value, minutes)
    number, number_at = _last(sent[entered], value[entered], minutes)
    before, _ = _last(sent[entered], value[entered], minutes - _HOUR)

    hour_ago = minutes - _HOUR
    called = np.searchsorted(log.called, minutes[-1], "right")
    oldest = np.fmin(hour_ago[0], np.fmin.reduce(number_at))  # whoever left before that plays no part any more
    arrived, departed = log.arrived[:called], log.departed[:called]
    there = (log.hospital[:called] == hospital) & (arrived <= minutes[-1]) & (departed > oldest)
    by_arrival = np.argsort(arrived[there], kind="stable")
    arrived, departed = arrived[there][by_arrival], departed[there][by_arrival]
    left = np.sort(departed)
    oldest_stay, mean_stay, long_stays = stay_summary(arrived, departed, minutes, _LONG_HOURS).T
    return {
        "beds": np.full(minutes.size, log.city.hospitals[hospital].beds),
        "beds_left": last,
        "report_age_minutes": minutes - last_at,
        "report_missing": np.where(np.isnan(last), np.nan, last == NOT_ENTERED),
        "last_number": number,
        "occupancy_trend": number - before,
        "beds_left_updated": number + _between(left, number_at, minutes) - _between(arrived, number_at, minutes),
        "arrivals_last_hour": _between(arrived, hour_ago, minutes),
        "departures_last_hour": _between(left, hour_ago, minutes),
        "oldest_stay_hours": oldest_stay,
        "mean_stay_hours": mean_stay,
        "stays_over_12h": long_stays,
    }


def _last(sent: np.ndarray, value: np.ndarray, minutes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last value sent up to each minute, and when; NaN where there is none."""
    position = np.searchsorted(sent, minutes, "right")
    return np.concatenate([[np.nan], value])[position], np.concatenate([[np.nan], sent])[position]


def _between(events: np.ndarray, after: np.ndarray, until: np.ndarray) -> np.ndarray:
    """How many events after one minute up to another."""
    return np.searchsorted(events, until, "right") - np.searchsorted(events, after, "right")


def features_at(log: BedLog, hospital: int, time: Any) -> dict[str, float]:
    """One row as the server computes it: plain loops over what has happened so far.

    Training reads a table of a million rows, the service one row at a time, and the two are written twice.
    Where they differ, the model meets numbers that it has never seen, and nothing reports an error. This
    is the second way; tests hold it against the first, number by number.

    Parameters
    ----------
    log
        The log; whatever it holds after ``time`` is cut off first.
    hospital
        Position of the hospital.
    time
        A moment within the log.

    Raises
    ------
    ValueError
        If there is no such hospital, or the time lies outside of what the log knows.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, simulate
    >>> log = simulate(city(3), days=3, seed=1)
    >>> row = features_at(log, 0, "2019-03-02T15:30")
    >>> row["day_of_week"], row["hour"], list(row) == list(FEATURES)
    (5.0, 15.0, True)
    """
    check_whole("features_at", "hospital", hospital, high=len(log.city.hospitals) - 1)
    if np.ndim(time):
        raise ValueError(f"features_at: time must be a single moment, got {np.size(time)} of them")
    now = float(log.minutes(time)[0])
    log = log.until(time)
    moment = np.asarray(time, dtype="datetime64[s]").item()
    reports = [
        (float(minute), float(value))
        for who, minute, value in zip(log.report_hospital, log.report_minute, log.report_value, strict=True)
        if who == hospital
    ]
    numbers = [(minute, value) for minute, value in reports if value != NOT_ENTERED]
    earlier = [value for minute, value in numbers if minute <= now - _HOUR]
    minute, value = reports[-1] if reports else (np.nan, np.nan)
    number_minute, number = numbers[-1] if numbers else (np.nan, np.nan)
    arrived = log.arrived[log.hospital == hospital].tolist()
    departed = [event for event in log.departed[log.hospital == hospital].tolist() if event <= now]
    since = sum(event > number_minute for event in departed) - sum(event > number_minute for event in arrived)
    ages = log.stay_ages(time, hospital=hospital).tolist()
    total = 0.0
    for age in ages:
        total += age
    row = {
        "day_of_week": moment.weekday(),
        "hour": moment.hour,
        "month": moment.month,
        "day": moment.day,
        "is_holiday": bool(korean_holidays(np.array([moment], dtype="datetime64[D]"))[0]),
        "beds": log.city.hospitals[hospital].beds,
        "beds_left": value,
        "report_age_minutes": now - minute,
        "report_missing": value == NOT_ENTERED if reports else np.nan,
        "last_number": number,
        "occupancy_trend": number - earlier[-1] if earlier else np.nan,
        "beds_left_updated": number + since,
        "arrivals_last_hour": sum(event > now - _HOUR for event in arrived),
        "departures_last_hour": sum(event > now - _HOUR for event in departed),
        "oldest_stay_hours": ages[0] if ages else 0,
        "mean_stay_hours": total / len(ages) if ages else 0,
        "stays_over_12h": sum(age >= _LONG_HOURS for age in ages),
    }
    return {name: float(row[name]) for name in FEATURES}
