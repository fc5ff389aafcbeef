"""One city's patients, played through its hospitals under a way of routing ambulances."""

from __future__ import annotations

import numpy as np

from coursekit.cases.er_beds._demand import Demand
from coursekit.cases.er_beds._engine import CALLS, REFUSALS, REPORTS, advance
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
        self._refused = (
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

    def refusals(self, *, since: float = -np.inf) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Patient, hospital, minute and reason (0 no bed, 1 no specialist) of each refusal, in order of time."""
        end = self._counters[REFUSALS]
        begin = np.searchsorted(self._refused[2][:end], since)
        patient, hospital, minute, reason = (column[begin:end].copy() for column in self._refused)
        return patient, hospital, minute, reason
