"""Who calls, when, from where, needing what: everything about patients that no hospital decides."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache

import holidays
import numpy as np

from coursekit.cases.er_beds.changes import Change, case_curve
from coursekit.cases.er_beds.hospitals import SPECIALTY_SHARES, City

WARM_UP_DAYS = 10
_SHIFT_MINUTES = 720.0
# arrivals by hour of a large emergency room: lowest 2.2 an hour at 4, highest 9.9 at 16 to 17, mean 6.6
_HOURS = np.array(
    [5.0, 4.0, 3.2, 2.6, 2.2, 2.25, 2.9, 4.1, 5.9, 7.7, 8.9, 9.4,
     9.3, 9.1, 9.2, 9.5, 9.9, 9.9, 9.6, 9.2, 8.7, 8.0, 7.0, 6.0]
)  # fmt: skip
_WEEKDAYS = np.array([1.06, 0.96, 0.93, 0.92, 0.95, 1.05, 1.13])  # Monday first
_HOLIDAY, _SEASON, _DAY_NOISE, _HOUR_NOISE = 1.25, 0.06, 0.10, 0.10


@dataclass(frozen=True, eq=False)
class Demand:
    """Patients in the order of their calls, and the rosters of specialists; minutes from the start."""

    called: np.ndarray
    home: np.ndarray  # the hospital a patient walks into, -1 for ambulances
    x_km: np.ndarray
    y_km: np.ndarray
    specialty: np.ndarray
    exponential: np.ndarray  # one draw of each for the length of stay, whichever hospital it will be
    normal: np.ndarray
    duty: np.ndarray  # (hospitals, specialties, shifts)
    first_shift: float
    report_minute: np.ndarray
    report_hospital: np.ndarray
    report_entered: np.ndarray

    @property
    def patients(self) -> tuple[np.ndarray, ...]:
        """The columns that the loop takes."""
        return (self.called, self.home, self.x_km, self.y_km, self.specialty, self.exponential, self.normal)

    def on_duty(self, minutes: np.ndarray) -> np.ndarray:
        """Who is on duty at these minutes, shape (n, hospitals, specialties)."""
        shift = ((minutes - self.first_shift) // _SHIFT_MINUTES).astype(int)
        return np.moveaxis(self.duty[:, :, np.minimum(shift, self.duty.shape[2] - 1)], 2, 0)


def drawn(city: City, *, start: np.datetime64, days: int, truth: tuple[Change, ...], seed: int) -> Demand:
    """Draw everything; a longer log of the same seed begins with the same patients."""
    first = start - np.timedelta64(WARM_UP_DAYS, "D")
    hours = 24 * (WARM_UP_DAYS + days)
    factor = np.ones(hours) if city.steady else hourly_factor(first, hours, truth)
    city_days = np.random.default_rng([seed, 1]).gamma(1 / _DAY_NOISE**2, _DAY_NOISE**2, WARM_UP_DAYS + days)
    parts = []
    for source in range(-1, len(city.hospitals)):
        rate = city.transports_per_hour if source < 0 else city.hospitals[source].walk_ins_per_hour
        rng = [np.random.default_rng([seed, 2, source + 1, purpose]) for purpose in range(6)]
        hourly = rate * factor
        if not city.steady:
            hourly = hourly * np.repeat(city_days, 24) * rng[0].gamma(1 / _HOUR_NOISE**2, _HOUR_NOISE**2, hours)
        called = _arrivals(hourly, rng[1]) - 1440.0 * WARM_UP_DAYS
        n = called.size
        if source < 0:
            place, needed = rng[2].random((n, 2)) * city.side_km, np.cumsum(SPECIALTY_SHARES)[:-1]
            x_km, y_km = place.T
            specialty = np.searchsorted(needed, rng[3].random(n), side="right").astype(np.int8)
        else:
            x_km, y_km, specialty = np.zeros(n), np.zeros(n), np.zeros(n, np.int8)  # untouched, so they cost nothing
        who = np.full(n, source, np.int16)
        draws = rng[4].standard_exponential(n), rng[5].standard_normal(n)
        parts.append((called, who, x_km, y_km, specialty, *draws))
    filled = [part for part in parts if part[0].size] or parts[:1]
    columns = [np.concatenate(column) for column in zip(*filled, strict=True)] if len(filled) > 1 else list(filled[0])
    if len(filled) > 1:
        order = np.argsort(columns[0], kind="stable")
        columns = [column[order] for column in columns]
    called, home, x_km, y_km, specialty, exponential, normal = map(np.ascontiguousarray, columns)
    duty, first_shift = _rosters(city, start, days, seed)
    return Demand(
        called, home, x_km, y_km, specialty, exponential, normal, duty, first_shift, *_reports(city, days, seed)
    )


def hourly_factor(first: np.datetime64, hours: int, truth: tuple[Change, ...]) -> np.ndarray:
    """Arrivals over their mean in each hour: time of day, weekday, holiday, season, pandemic."""
    moment = first.astype("datetime64[h]") + np.arange(hours)
    day = moment.astype("datetime64[D]")
    hour = (moment - day).astype(int)
    usual = (_WEEKDAYS / _WEEKDAYS.mean())[weekday(day)]
    usual = usual * np.where(korean_holidays(day), _HOLIDAY, 1.0)
    of_year = (day - day.astype("datetime64[Y]")).astype(int) / 365.25
    usual *= 0.99 * (1 + _SEASON * np.cos(2 * np.pi * (of_year - 0.04)))  # .99 makes up for holidays
    for change in truth:
        if change.kind == "data":
            since = (moment - change.start.astype("datetime64[h]")).astype(int) / 24
            usual = np.where(since >= 0, case_curve(since), usual)
    return (_HOURS / _HOURS.mean())[hour] * usual


def weekday(day: np.ndarray) -> np.ndarray:
    """Day of the week of each datetime64[D], 0 for Monday."""
    return (day.astype(int) + 3) % 7  # 1970-01-01 was a Thursday


def korean_holidays(day: np.ndarray) -> np.ndarray:
    """Which days are Korean public holidays, shape as given."""
    unique, position = np.unique(day.astype("datetime64[D]"), return_inverse=True)
    dates = [date for date in unique.tolist() if isinstance(date, datetime.date)]
    return np.array([date in _holidays_of(date.year) for date in dates], dtype=bool)[position].reshape(day.shape)


@cache
def _holidays_of(year: int) -> frozenset[datetime.date]:
    return frozenset(holidays.country_holidays("KR", years=year))


def _arrivals(hourly: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Minutes of a Poisson process with these hourly rates: a unit-rate process, its clock stretched."""
    total = np.concatenate([[0.0], np.cumsum(hourly)])
    if total[-1] == 0:
        return np.empty(0)
    expected = total[-1]
    marks = np.cumsum(rng.standard_exponential(int(expected + 6 * np.sqrt(expected) + 20)))
    while marks[-1] < total[-1]:
        marks = np.concatenate([marks, marks[-1] + np.cumsum(rng.standard_exponential(1000))])
    marks = marks[: np.searchsorted(marks, total[-1])]
    if np.ptp(hourly) == 0:
        return marks * (60.0 / hourly[0])
    return np.interp(marks, total, 60.0 * np.arange(total.size))


def _rosters(city: City, start: np.datetime64, days: int, seed: int) -> tuple[np.ndarray, float]:
    """Who is on duty in each 12-hour shift; shifts change at 8 and 20 o'clock."""
    midnight = start.astype("datetime64[D]").astype("datetime64[s]")
    first_shift = -1440.0 * WARM_UP_DAYS - (start - midnight).astype(int) / 60 - 240.0
    shifts = 2 * (WARM_UP_DAYS + days) + 4
    share = np.array([hospital.on_duty for hospital in city.hospitals])
    duty = [np.random.default_rng([seed, 3, h]).random((shifts, share.shape[1])).T for h in range(len(share))]
    return np.array(duty) < share[:, :, None], first_shift


def _reports(city: City, days: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    minute, who, entered = [], [], []
    for h, hospital in enumerate(city.hospitals):
        if city.steady:
            continue
        rng = np.random.default_rng([seed, 4, h])
        length = 1440.0 * (days + 1)
        drawn = rng.random((int(2 * length / hospital.report_minutes) + 10, 2))
        when = -1440.0 + np.cumsum(hospital.report_minutes * (0.5 + drawn[:, 0]))
        inside = when < 1440.0 * days
        minute.append(when[inside])
        entered.append(drawn[inside, 1] >= hospital.missing_share)
        who.append(np.full(inside.sum(), h))
    if not minute:
        return np.empty(0), np.empty(0, np.int64), np.empty(0, bool)
    when, hospitals, sent = np.concatenate(minute), np.concatenate(who), np.concatenate(entered)
    order = np.argsort(when, kind="stable")
    return when[order], hospitals[order], sent[order]
