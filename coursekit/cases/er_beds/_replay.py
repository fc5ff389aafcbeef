"""One city's patients, played through its hospitals under a way of routing ambulances."""

from __future__ import annotations

from typing import Any

import numpy as np

from coursekit.cases.er_beds._demand import Demand
from coursekit.cases.er_beds._engine import CALLS, REFUSALS, REPORTS, advance
from coursekit.cases.er_beds.bed_log import NOT_ENTERED
from coursekit.cases.er_beds.changes import LENT_SHARE, Change
from coursekit.cases.er_beds.hospitals import SPECIALTIES, City


class Replay:
    """Plays the patients of a demand; may be stopped at any moment to look around and change the routing.

    An ambulance turns to the untried hospital with the smallest (minutes + extra[h]) * factor[h, specialty].
    """

    def __init__(
        self, city: City, demand: Demand, *, start: np.datetime64, truth: tuple[Change, ...], tries: int
    ) -> None:
        rooms = city.hospitals
        n, n_transports = demand.called.size, int((demand.home < 0).sum())
        lent_from, lent = np.inf, np.zeros(len(rooms), np.int64)
        for change in truth:
            if change.kind == "concept":
                lent_from = float((change.start - start).astype("timedelta64[s]").astype(int)) / 60
                lent = np.round(LENT_SHARE * city.beds).astype(np.int64)
        self.demand, self.tries = demand, min(tries, len(rooms))
        self.lent, self.lent_from = lent, lent_from
        overflow = np.array([room.overflow for room in rooms])
        stay = np.array([(*room.stay.parameters, city.refusal_minutes) for room in rooms], dtype=float)
        places = np.array([(room.x_km, room.y_km) for room in rooms], dtype=float)
        self._rooms = (
            places[:, 0].copy(), places[:, 1].copy(), city.beds, overflow, lent, lent_from,
            demand.duty, demand.first_shift, stay,
        )  # fmt: skip
        self._minutes_per_km = float(city.minutes_per_km)
        most = int((city.beds + overflow + lent).max()) + 1
        n_refusals = n_transports * self.tries + (n - n_transports)
        self.where, self.arrived, self.departed = np.full(n, -1, np.int16), np.full(n, np.nan), np.full(n, np.nan)
        self.n_tried, self.reported = np.zeros(n, np.int8), np.zeros(demand.report_minute.size, np.int32)
        self._counters = np.zeros(4, np.int64)
        self._refused: tuple[np.ndarray, ...] = (
            np.empty(n_refusals, np.int64), np.empty(n_refusals, np.int16),
            np.empty(n_refusals), np.empty(n_refusals, np.int8),
        )  # fmt: skip
        self._state = (
            np.zeros(len(rooms), np.int64), np.empty((len(rooms), most)), self._counters,
            np.empty(max(1, n_transports)), np.empty(max(1, n_transports), np.int64),
            self.where, self.arrived, self.departed, np.zeros(n, np.uint64), self.n_tried,
            np.zeros(n, np.int16), self.reported, *self._refused,
        )  # fmt: skip
        self._nothing = np.zeros(len(rooms)), np.ones((len(rooms), len(SPECIALTIES)))

    def advance(
        self,
        until: float = np.inf,
        *,
        extra: np.ndarray | None = None,
        factor: np.ndarray | None = None,
        clairvoyant: bool = False,
    ) -> None:
        """Go on to this minute; nearest first where no extra minutes and factors are given."""
        nothing, once = self._nothing
        ways = (
            self._minutes_per_km,
            nothing if extra is None else np.ascontiguousarray(extra, dtype=float),
            once if factor is None else np.ascontiguousarray(factor, dtype=float),
            clairvoyant,
        )
        advance(
            self._rooms, self.demand.patients, (self.demand.report_minute, self.demand.report_hospital),
            self._state, ways, self.tries, until,
        )  # fmt: skip

    @property
    def calls_seen(self) -> int:
        """Patients who have called so far."""
        return int(self._counters[CALLS])

    @property
    def reports_seen(self) -> int:
        """Reports sent so far; ``reported`` holds their numbers in front."""
        return int(self._counters[REPORTS])

    def sent(self, reports: slice) -> np.ndarray:
        """What these reports say: beds left, or -1 where nobody entered a number."""
        return np.where(self.demand.report_entered[reports], self.reported[reports], NOT_ENTERED)

    def columns(
        self,
        *,
        patients: np.ndarray | None = None,
        reports: slice | None = None,
        refused_since: float = -np.inf,
    ) -> dict[str, Any]:
        """The columns of a `BedLog` so far; None for all patients who have called, and for all reports."""
        demand = self.demand
        who: Any = slice(self.calls_seen) if patients is None else patients
        which = slice(None) if reports is None else reports
        end = self._counters[REFUSALS]
        begin = np.searchsorted(self._refused[2][:end], refused_since)
        refused = ("refused_patient", "refused_hospital", "refused_minute", "refused_reason")
        return {
            "called": demand.called[who],
            "arrived": self.arrived[who],
            "departed": self.departed[who],
            "hospital": self.where[who],
            "ambulance": demand.home[who] < 0,
            "specialty": demand.specialty[who],
            "tries": self.n_tried[who],
            **{name: column[begin:end].copy() for name, column in zip(refused, self._refused, strict=True)},
            "report_hospital": demand.report_hospital[which],
            "report_minute": demand.report_minute[which],
            "report_value": self.sent(which),
            "report_entered": demand.report_entered[which],
        }
