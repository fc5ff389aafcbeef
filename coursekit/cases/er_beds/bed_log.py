"""Patients, refusals and reports of emergency rooms, as columns, and questions about any moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit._number_checks import check_number
from coursekit.cases.er_beds._demand import Demand
from coursekit.cases.er_beds.changes import Change
from coursekit.cases.er_beds.hospitals import SPECIALTIES, City
from coursekit.short_repr import ShortRepr

NOT_ENTERED = -1
"""What a report says when nobody entered a number; also one patient beyond the beds."""


@dataclass(frozen=True, eq=False, repr=False)
class Reported(ShortRepr):
    """The last report of every hospital at some moments."""

    value: np.ndarray
    """Beds left as reported, NaN where no report has come yet, shape (n, hospitals)."""
    age_minutes: np.ndarray
    """Minutes since that report, NaN where there is none, shape (n, hospitals)."""


@dataclass(frozen=True, eq=False, repr=False)
class BedLog(ShortRepr):
    """What happened in the emergency rooms of a city, with the truth beside what was reported.

    Real feeds say how many beds were left when somebody last typed it in; whether a patient would have
    been taken twenty minutes later they do not say. Here both are known. Minutes count from ``start``;
    patients who were there before have negative ones.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, simulate
    >>> log = simulate(city(3), days=3, seed=1)
    >>> times = log.every(360)
    >>> log.beds_left(times).shape == (len(times), 3)
    True
    """

    city: City
    """The hospitals."""
    start: np.datetime64
    """First moment, datetime64[s]."""
    days: int
    """Days from there."""
    scenario: str
    """Name of the world."""
    seed: int
    """Seed it was made with."""
    truth: tuple[Change, ...]
    """Planted changes; empty in the normal world."""
    called: np.ndarray
    """When each patient called or came to the door, minutes, ascending, shape (patients,)."""
    arrived: np.ndarray = field(repr=False)
    """When the patient was taken in, NaN if nowhere."""
    departed: np.ndarray = field(repr=False)
    """When the patient left, may lie beyond the end; NaN if never taken in, infinite if not known yet."""
    hospital: np.ndarray
    """Where, -1 for nowhere."""
    ambulance: np.ndarray = field(repr=False)
    """Whether an ambulance brought the patient."""
    specialty: np.ndarray = field(repr=False)
    """What the patient needs, position in `SPECIALTIES`."""
    tries: np.ndarray = field(repr=False)
    """Hospitals asked."""
    refused_patient: np.ndarray = field(repr=False)
    """Position of the patient of each refusal."""
    refused_hospital: np.ndarray = field(repr=False)
    """Who refused."""
    refused_minute: np.ndarray
    """When."""
    refused_reason: np.ndarray = field(repr=False)
    """0 for no bed, 1 for no specialist."""
    report_hospital: np.ndarray = field(repr=False)
    """Who reported."""
    report_minute: np.ndarray
    """When, minutes, ascending."""
    report_value: np.ndarray = field(repr=False)
    """Beds left, negative beyond capacity, -1 also where nobody entered a number."""
    report_entered: np.ndarray = field(repr=False)
    """The truth whether a number was entered; the feed does not say."""
    known_until: float
    """Minutes after which nothing is known; the end of the log unless cut by ``until``."""
    lent: np.ndarray = field(repr=False)
    """Ward beds lent to each hospital once the wards help, shape (hospitals,)."""
    lent_from: float
    """Minute from which they are lent, infinite in the normal world."""
    demand: Demand = field(repr=False)
    """Everything drawn about the patients, so that another policy can meet the same ones."""

    @property
    def end(self) -> np.datetime64:
        """First moment after the log."""
        return self.start + np.timedelta64(self.days, "D")

    def minutes(self, times: ArrayLike) -> np.ndarray:
        """Minutes since the start.

        Parameters
        ----------
        times
            Moments, anything that numpy reads as datetimes, shape (n,) or a single one.

        Raises
        ------
        ValueError
            If a time is none, or lies outside of the log or beyond what is known.
        """
        try:
            moments = np.atleast_1d(np.asarray(times, dtype="datetime64[s]"))
        except (ValueError, TypeError) as error:
            raise ValueError(f"times must be moments such as '2019-03-02T12:00', got {times!r}") from error
        if np.isnat(moments).any():
            raise ValueError("times holds a moment that is not a time (NaT); drop those rows first")
        minutes = (moments - self.start).astype(np.int64) / 60
        if minutes.size and (minutes.min() < 0 or minutes.max() > self.known_until):
            wrong = moments[(minutes < 0) | (minutes > self.known_until)][0]
            last = self.start + np.timedelta64(int(self.known_until * 60), "s")
            raise ValueError(f"{wrong} lies outside of the log, which knows {self.start} to {last}")
        return minutes

    def every(
        self,
        minutes: int,
        *,
        start: str | np.datetime64 | None = None,
        end: str | np.datetime64 | None = None,
        horizon_minutes: float = 60,
    ) -> np.ndarray:
        """Moments at equal distances, datetime64[s]; by default those that leave an hour after them.

        Parameters
        ----------
        minutes
            Distance, at least 1.
        start
            First moment; None for the log's.
        end
            First moment left out; None for the horizon before the end of what is known.
        horizon_minutes
            Minutes that must be known after the last moment if no end is given.

        Raises
        ------
        ValueError
            If the distance is below 1, the horizon negative, or time runs backwards.
        """
        if int(minutes) != minutes or minutes < 1:
            raise ValueError(f"every: minutes must be a whole number of at least 1, got {minutes}")
        horizon = check_number("every", "horizon_minutes", horizon_minutes)
        known = self.start + np.timedelta64(int(self.known_until * 60) - int(horizon * 60), "s")
        first = self.start if start is None else np.datetime64(start).astype("datetime64[s]")
        last = known if end is None else np.datetime64(end).astype("datetime64[s]")
        if last <= first:
            raise ValueError(f"every: end {last} must lie after start {first}")
        return np.arange(first, last, np.timedelta64(60 * int(minutes), "s"))

    @cached_property
    def _steps(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Sorted arrivals and departures of each hospital."""
        taken = np.flatnonzero(self.hospital >= 0)
        order = taken[np.argsort(self.hospital[taken], kind="stable")]
        bounds = np.searchsorted(self.hospital[order], np.arange(len(self.city.hospitals) + 1))
        parts = [order[low:high] for low, high in pairwise(bounds)]
        return [(np.sort(self.arrived[part]), np.sort(self.departed[part])) for part in parts]

    def present(self, times: ArrayLike) -> np.ndarray:
        """Patients in each hospital, shape (n, hospitals).

        Parameters
        ----------
        times
            Moments within the log, shape (n,).
        """
        return self._present(self.minutes(times))

    def _present(self, minutes: np.ndarray) -> np.ndarray:
        counts = [np.searchsorted(a, minutes, "right") - np.searchsorted(d, minutes, "right") for a, d in self._steps]
        return np.column_stack(counts)

    def beds_left(self, times: ArrayLike) -> np.ndarray:
        """Baseline beds minus patients, negative beyond capacity: the truth, shape (n, hospitals).

        Parameters
        ----------
        times
            Moments within the log, shape (n,).
        """
        return self.city.beds - self.present(times)

    def capacity(self, times: ArrayLike) -> np.ndarray:
        """Beds in which patients of ambulances are taken, with those that wards lend, shape (n, hospitals).

        Parameters
        ----------
        times
            Moments within the log, shape (n,).
        """
        return self._capacity(self.minutes(times))

    def _capacity(self, minutes: np.ndarray) -> np.ndarray:
        return self.city.beds + np.where(minutes[:, None] >= self.lent_from, self.lent, 0)

    def on_duty(self, times: ArrayLike, *, specialty: str = "general") -> np.ndarray:
        """Whether somebody of the specialty is there, shape (n, hospitals).

        Parameters
        ----------
        times
            Moments within the log, shape (n,).
        specialty
            One of `SPECIALTIES`.
        """
        return self._on_duty(self.minutes(times), specialty)

    def _on_duty(self, minutes: np.ndarray, specialty: str) -> np.ndarray:
        if specialty not in SPECIALTIES:
            raise ValueError(f"specialty must be one of {', '.join(SPECIALTIES)}, got {specialty!r}")
        return self.demand.on_duty(minutes)[:, :, SPECIALTIES.index(specialty)]

    def accepts(self, times: ArrayLike, *, horizon_minutes: float = 20, specialty: str = "general") -> np.ndarray:
        """Would an ambulance that arrives so much later be let in, shape (n, hospitals): bed and specialist.

        Parameters
        ----------
        times
            Moments of the question, shape (n,).
        horizon_minutes
            Minutes until the ambulance arrives.
        specialty
            What the patient needs.

        Raises
        ------
        ValueError
            If the horizon is negative, or reaches beyond what the log knows.
        """
        then = self.minutes(times) + check_number("accepts", "horizon_minutes", horizon_minutes)
        if then.size and then.max() > self.known_until:
            last = self.start + np.timedelta64(int((self.known_until - horizon_minutes) * 60), "s")
            raise ValueError(
                f"{horizon_minutes:g} minutes after some of the times the log knows nothing; ask up to {last}"
            )
        return (self._present(then) < self._capacity(then)) & self._on_duty(then, specialty)

    def reported(self, times: ArrayLike) -> Reported:
        """The last report that had come from each hospital.

        Parameters
        ----------
        times
            Moments within the log, shape (n,).
        """
        minutes = self.minutes(times)
        shape = minutes.size, len(self.city.hospitals)
        value, age = np.full(shape, np.nan), np.full(shape, np.nan)
        for h in range(shape[1]):
            mine = self.report_hospital == h
            when = self.report_minute[mine]
            last = np.searchsorted(when, minutes, "right") - 1
            come = last >= 0
            value[come, h] = self.report_value[mine][last[come]]
            age[come, h] = minutes[come] - when[last[come]]
        return Reported(value, age)

    def stay_ages(self, time: Any, *, hospital: int) -> np.ndarray:
        """Hours for which the patients of a hospital have been there, longest first.

        Parameters
        ----------
        time
            A moment within the log.
        hospital
            Position of the hospital.
        """
        now = self.minutes(time)[0]
        there = (self.hospital == hospital) & (self.arrived <= now) & (self.departed > now)
        return np.sort((now - self.arrived[there]) / 60)[::-1]

    def until(self, time: Any) -> BedLog:
        """What was known at a moment: nothing that came later.

        Parameters
        ----------
        time
            A moment within the log.
        """
        now = float(self.minutes(time)[0])
        seen = np.searchsorted(self.called, now, "right")
        taken = self.arrived[:seen] <= now
        refused, sent = self.refused_minute <= now, self.report_minute <= now
        columns: dict[str, Any] = {
            name: getattr(self, name)[:seen] for name in ("called", "ambulance", "specialty", "tries")
        }
        columns |= {name: getattr(self, name)[refused] for name in vars(self) if name.startswith("refused_")}
        columns |= {name: getattr(self, name)[sent] for name in vars(self) if name.startswith("report_")}
        columns["tries"] = np.bincount(self.refused_patient[refused], minlength=seen)[:seen] + taken
        left = self.departed[:seen]
        return replace(
            self,
            hospital=np.where(taken, self.hospital[:seen], -1),
            arrived=np.where(taken, self.arrived[:seen], np.nan),
            departed=np.where(taken, np.where(left <= now, left, np.inf), np.nan),
            known_until=now,
            **columns,
        )

    def timestamps(self, minutes: np.ndarray) -> np.ndarray:
        """Minutes as moments, datetime64[s]; NaT where they are not finite.

        Parameters
        ----------
        minutes
            Minutes since the start.
        """
        finite = np.isfinite(minutes)
        seconds = np.floor(60 * np.where(finite, minutes, 0)).astype("timedelta64[s]")
        return np.where(finite, self.start + seconds, np.datetime64("NaT", "s"))

    def to_frame(self) -> pd.DataFrame:
        """One row per patient: called, arrived, departed, hospital, ambulance, specialty, tries."""
        names = np.array([*self.city.names, None], dtype=object)
        return pd.DataFrame(
            {
                "called": self.timestamps(self.called),
                "arrived": self.timestamps(self.arrived),
                "departed": self.timestamps(self.departed),
                "hospital": names[self.hospital],
                "ambulance": self.ambulance,
                "specialty": np.array(SPECIALTIES, dtype=object)[self.specialty],
                "tries": self.tries,
            }
        )

    def plot(self, *, hospital: int = 0) -> go.Figure:
        """Beds left over time in one hospital: the truth, and what was reported.

        Parameters
        ----------
        hospital
            Position of the hospital.
        """
        times = self.every(10)[:2016]
        figure = go.Figure(
            layout={"title": f"{self.city.names[hospital]}의 남은 침상", "yaxis_title": "남은 침상 수", "height": 380}
        )
        figure.add_scatter(x=times, y=self.beds_left(times)[:, hospital], name="실제", line_width=1.5)
        mine = (self.report_hospital == hospital) & (self.report_minute >= 0)
        mine &= self.report_minute <= self.minutes(times[-1:])[0]
        when = self.timestamps(self.report_minute[mine])
        marker = {"mode": "markers", "marker": {"size": 5, "symbol": "circle-open"}}
        figure.add_scatter(x=when, y=self.report_value[mine], name="보고된 값", **marker)
        figure.add_hline(y=0, line_dash="dot")
        return figure
