"""What a control room knows at a moment of a replay, and what it makes of it for the ambulances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from coursekit.cases.er_beds._replay import Replay
from coursekit.cases.er_beds.bed_log import NOT_ENTERED, BedLog

_REMEMBERED = 1440.0  # minutes of reports and departures that features look back on
_NEVER = 1e4  # so many times as far


def reported_factor(replay: Replay, log: BedLog) -> Callable[[float], np.ndarray]:
    """Factors for the nearest hospital that says it has beds and the specialist; others come last."""
    demand = replay.demand
    hospitals = len(log.city.hospitals)
    left, seen = np.full(hospitals, np.nan), 0

    def factor(now: float) -> np.ndarray:
        nonlocal seen
        sent = slice(seen, replay.reports_seen)
        left[demand.report_hospital[sent]] = replay.sent(sent)  # of several reports the last one stays
        seen = replay.reports_seen
        return np.where((left > 0)[:, None] & replay.demand.on_duty(np.array([now]))[0], 1.0, _NEVER)

    return factor


def model_factor(
    replay: Replay, log: BedLog, probability: Callable[[BedLog, np.datetime64], np.ndarray]
) -> Callable[[float], np.ndarray]:
    """Factors 1/p of hospitals whose specialist is on duty; p is asked of a model, hospital by hospital."""
    known = KnownLog(replay, log)

    def factor(now: float) -> np.ndarray:
        view = known.at(now)
        moment = log.start + np.timedelta64(round(now * 60), "s")
        chance = np.clip(probability(view, moment), 0.02, 1.0)
        return np.where(replay.demand.on_duty(np.array([now]))[0], 1 / chance[:, None], _NEVER)

    return factor


class KnownLog:
    """Small logs of what is known at ascending minutes: patients present or of the last day, and its reports.

    Copying the whole log at each of four thousand moments would take minutes; who left before yesterday
    changes no feature.
    """

    def __init__(self, replay: Replay, log: BedLog) -> None:
        self._replay, self._log = replay, log
        self._active, self._called = np.empty(0, np.int64), 0
        self._number_minute, self._read = np.full(len(log.city.hospitals), np.inf), 0

    def at(self, now: float) -> BedLog:
        """The log as it is known at this minute, to which the replay has come."""
        replay, demand = self._replay, self._replay.demand
        since = min(now - _REMEMBERED, self._oldest_number(now - 60.0))
        active = np.concatenate([self._active, np.arange(self._called, replay.calls_seen)])
        gone = np.where(np.isnan(replay.departed[active]), demand.called[active], replay.departed[active])
        self._active = active[gone > since]
        self._called = replay.calls_seen
        reports = slice(int(np.searchsorted(demand.report_minute, since)), replay.reports_seen)
        known = replay.columns(patients=self._active, reports=reports, refused_since=now - _REMEMBERED)
        return replace(self._log, known_until=now, **known)

    def _oldest_number(self, minute: float) -> float:
        """The earliest of the hospitals' last numbers up to this minute; infinite if none reported one."""
        demand, end = self._replay.demand, int(np.searchsorted(self._replay.demand.report_minute, minute, "right"))
        new = slice(self._read, end)
        number = self._replay.sent(new) != NOT_ENTERED
        # of several reports the last one stays
        self._number_minute[demand.report_hospital[new][number]] = demand.report_minute[new][number]
        self._read = end
        return float(self._number_minute.min())
