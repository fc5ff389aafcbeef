"""What a control room knows at a moment of a replay, and what it makes of it for the ambulances."""

from __future__ import annotations

from collections.abc import Callable

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
        said = np.where(demand.report_entered[sent], replay.reported[sent], NOT_ENTERED)
        left[demand.report_hospital[sent]] = said  # of several reports the last one stays
        seen = replay.reports_seen
        return np.where((left > 0)[:, None] & on_duty(replay, now), 1.0, _NEVER)

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
        return np.where(on_duty(replay, now), 1 / chance[:, None], _NEVER)

    return factor


def on_duty(replay: Replay, now: float) -> np.ndarray:
    """Who is on duty, shape (hospitals, specialties); rosters are public."""
    demand = replay.demand
    shift = min(int((now - demand.first_shift) // 720), demand.duty.shape[2] - 1)
    return demand.duty[:, :, shift]


class KnownLog:
    """Small logs of what is known at ascending minutes: patients present or of the last day, and its reports.

    Copying the whole log at each of four thousand moments would take minutes; who left before yesterday
    changes no feature.
    """

    def __init__(self, replay: Replay, log: BedLog) -> None:
        self._replay, self._log = replay, log
        self._active, self._called = np.empty(0, np.int64), 0

    def at(self, now: float) -> BedLog:
        """The log as it is known at this minute, to which the replay has come."""
        replay, log, demand = self._replay, self._log, self._replay.demand
        since = min(now - _REMEMBERED, self._oldest_number(now - 60.0))
        active = np.concatenate([self._active, np.arange(self._called, replay.calls_seen)])
        gone = np.where(np.isnan(replay.departed[active]), demand.called[active], replay.departed[active])
        self._active = active = active[gone > since]
        self._called = replay.calls_seen
        sent = slice(int(np.searchsorted(demand.report_minute, since)), replay.reports_seen)
        patient, hospital, when, reason = replay.refusals(since=now - _REMEMBERED)
        return BedLog(
            city=log.city, start=log.start, days=log.days, scenario=log.scenario, seed=log.seed, truth=log.truth,
            called=demand.called[active], arrived=replay.arrived[active], departed=replay.departed[active],
            hospital=replay.where[active], ambulance=demand.home[active] < 0, specialty=demand.specialty[active],
            tries=replay.n_tried[active],
            refused_patient=patient, refused_hospital=hospital, refused_minute=when, refused_reason=reason,
            report_hospital=demand.report_hospital[sent], report_minute=demand.report_minute[sent],
            report_value=np.where(demand.report_entered[sent], replay.reported[sent], NOT_ENTERED),
            report_entered=demand.report_entered[sent],
            known_until=now, lent=log.lent, lent_from=log.lent_from, demand=demand,
        )  # fmt: skip

    def _oldest_number(self, minute: float) -> float:
        """The earliest of the hospitals' last numbers up to this minute; infinite if none reported one."""
        replay, demand = self._replay, self._replay.demand
        come = slice(int(np.searchsorted(demand.report_minute, minute, "right")))
        number = demand.report_entered[come] & (replay.reported[come] != NOT_ENTERED)
        last = np.full(len(self._log.city.hospitals), -np.inf)
        np.maximum.at(last, demand.report_hospital[come][number], demand.report_minute[come][number])
        return float(np.min(last, where=np.isfinite(last), initial=np.inf))
