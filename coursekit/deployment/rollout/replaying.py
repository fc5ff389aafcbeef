"""What would this plan and this test have decided on the traffic that was recorded?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import xlog1py, xlogy

from coursekit._number_checks import told
from coursekit.deployment.rollout._recorded_minutes import RecordedMinutes, recorded_minutes
from coursekit.deployment.rollout._request_log import read_requests
from coursekit.deployment.rollout.controller import REASONS, RolloutController
from coursekit.deployment.rollout.evidence import CANDIDATE, ERRORS, Evidence, Guardrail, Minute, check_guardrails
from coursekit.deployment.rollout.plan import RampPlan
from coursekit.deployment.rollout.routing import RoutingCheck
from coursekit.deployment.rollout.simulation import Rollout

UNITS = ("request", "user")
"""What routing draws by itself."""


def replay(
    log: pd.DataFrame | str | Path,
    plan: RampPlan,
    *,
    evidence: Evidence | None = None,
    guardrails: Sequence[Guardrail] | None = None,
    candidate: str = "candidate",
    baseline: str = "baseline",
    unit: str = "request",
    minute: str = "1min",
) -> Rollout:
    r"""Decide on recorded traffic, minute by minute, with the controller of production.

    The rollout that went wrong last month is the best test of next month's plan: the counts, the trend and
    the noise are real. A log is a table with one row a request and the columns ``time``, ``arm`` and ``error``
    (True or False), and where they are known ``latency_ms``, ``user``, ``instance`` and ``weight``, the share
    that routing gave the candidate when the request came.

    A record cannot do what a plan would have done, so three things follow it.

    *Evidence* takes the recorded weight of each request; a minute in which the weight changes is cut there.
    Without the column it takes the candidate's share :math:`m / n` of the minute's requests. That is sound too:
    given :math:`n`, :math:`m` and the number of bad requests, those of an equal candidate are hypergeometric,
    and :math:`\mathbb E\,\theta^X` is at most that of a binomial with the same mean (Hoeffding), so the
    e-process still has expectation at most 1, as long as the weight stays within a minute. Whether routing
    kept its weights cannot be asked then.

    *Steps* are those of the record: each minute belongs to the plan's weight that its own is nearest to as a
    ratio (without the column: to the likeliest, changes being rare). The record's step begins the plan's minutes
    and names the ratio to exclude. Where the plan would have gone up and the record stayed, nothing but
    a rollback is decided until it goes up; where the record went up too early, its step goes on from there.
    PASS needs the last step.

    *The end* is the first verdict, or the end of the log: INCONCLUSIVE, since "the log ended". Minutes without a
    request count. The harm is NaN, because nobody knows how many of the errors the baseline would have made.

    Users who stay with an arm are drawn once, however often they come and fail. With ``unit="user"``
    each counts for the evidence at the first bad request only, whose arm is the candidate's with the weight of that
    moment: until then nothing was said of where in [0, 1) the user stands. Requests are then users present in a
    minute, and routing is judged by users at their first request.

    Parameters
    ----------
    log
        Frame, Parquet file, or folder with Parquet files. A :class:`~coursekit.monitoring.logs.PredictionLog`
        has no column ``error``, since only you know what is bad: pass the frame of a ``query`` that says it.
    plan
        Weights, lengths and margins.
    evidence
        The test; the conditional e-process by default.
    guardrails
        What is watched; errors by default.
    candidate, baseline
        Names of the arms in the log.
    unit
        What routing draws: "request", or "user" where users stay with an arm (needs ``user`` and ``weight``).
    minute
        Length of the controller's minute, as pandas writes it: "1min", "10s".

    Raises
    ------
    ValueError
        If the log cannot be read, is empty, lacks a column or an arm, holds a value that makes no sense (named
        with its rows) or a gap longer than the plan, or an option is unknown.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> arm = rng.choice(["baseline", "candidate"], p=[0.9, 0.1], size=60_000)
    >>> log = pd.DataFrame({
    ...     "time": pd.date_range("2026-03-02 09:00", periods=60_000, freq="10ms"), "arm": arm,
    ...     "error": rng.random(60_000) < np.where(arm == "candidate", 0.05, 0.01), "weight": 0.1,
    ... })
    >>> rollout = replay(log, RampPlan([0.1]))
    >>> rollout.verdict, rollout.minutes
    ('FAIL', 1)
    >>> replay(log[log.arm == "baseline"], RampPlan([0.1]))
    Traceback (most recent call last):
        ...
    ValueError: replay: no row has the arm 'candidate'; two arms are compared, name yours with candidate=

    References
    ----------
    Hoeffding (1963). Probability inequalities for sums of bounded random variables. JASA 58(301), section 6.
    """
    if unit not in UNITS:
        raise ValueError(f"replay: unit must be one of {', '.join(UNITS)}, got {told(unit)}")
    if candidate == baseline:
        raise ValueError(f"replay: candidate and baseline must be two arms, both are {told(candidate)}")
    watched = (ERRORS,) if guardrails is None else check_guardrails(guardrails)
    length = _microseconds(minute)
    found = read_requests(log, watched, (baseline, candidate), by_user=unit == "user")
    minutes = recorded_minutes(found, length, plan.longest)
    steps = _nearest(minutes.weight, plan) if found.weight is not None else _likeliest(minutes.requests, plan)
    controller = _Following(plan, evidence, watched, minutes)
    strength = []
    for at, step in enumerate(steps):
        controller.follow(int(step))
        controller.update(minutes.minute(at))
        strength.append(controller.strength[0].copy())
        if not controller.running[0]:
            break
    seen = slice(len(strength))
    return Rollout(
        verdict=str(controller.verdict[0]) or "INCONCLUSIVE",
        reason=REASONS[str(controller.reason[0]) or "log ended"],
        minutes=len(strength),
        harm=np.full(len(watched), np.nan),
        guardrails=watched,
        weight=minutes.weight[seen],
        requests=minutes.requests[seen],
        bad=minutes.bad[seen],
        strength=np.array(strength),
        dispersion=controller.dispersion.ratio[0],
    )


def _microseconds(minute: str) -> int:
    try:
        length = pd.Timedelta(minute) // pd.Timedelta("1us")
    except (ValueError, TypeError):
        length = 0
    if not isinstance(minute, str) or not isinstance(length, int) or length < 1:
        raise ValueError(f"replay: minute must be a length of time such as '1min' or '10s', got {told(minute)}")
    return length


def _nearest(weight: np.ndarray, plan: RampPlan) -> np.ndarray:
    """Step whose weight is nearest to the recorded one, as a ratio, ``(minutes,)``."""
    return np.abs(np.log(weight)[:, None] - np.log(plan.weights)).argmin(axis=1)


def _likeliest(requests: np.ndarray, plan: RampPlan) -> np.ndarray:
    """Likeliest steps of a record without weights, if one minute in all begins another step, ``(minutes,)``.

    Told from how many requests each arm got and from nothing else, so the test may be conditioned on it.
    """
    weights = np.array(plan.weights)
    fits = xlogy(requests[:, [CANDIDATE]], weights) + xlog1py(requests[:, [1 - CANDIDATE]], -weights)
    price = np.log(len(fits))
    score, before = fits[0], np.zeros(fits.shape, dtype=np.int64)
    for t in range(1, len(fits)):
        other = score.argmax()
        stays = score >= score[other] - price
        before[t] = np.where(stays, np.arange(weights.size), other)
        score = np.where(stays, score, score[other] - price) + fits[t]
    steps = np.empty(len(fits), dtype=np.int64)
    steps[-1] = score.argmax()
    for t in range(len(fits) - 1, 0, -1):
        steps[t - 1] = before[t, steps[t]]
    return steps


class _Following(RolloutController):
    """A controller whose step is the record's."""

    def __init__(
        self, plan: RampPlan, evidence: Evidence | None, guardrails: tuple[Guardrail, ...], minutes: RecordedMinutes
    ) -> None:
        super().__init__(plan, evidence=evidence, guardrails=guardrails)
        self._routing = _Arrivals(minutes.arrivals)
        self._recorded = -1
        self._held = False

    def follow(self, step: int) -> None:
        """Before a minute: the step that the record shows in it."""
        if step != self._recorded:
            if step != self._step[0]:
                self._step[0] = step
                self._since[0] = self._seen[0] = 0
            self._recorded, self._held = step, False
        # The plan has gone up and the record stays: the step is shown, so it neither ends nor loses patience.
        self._held |= bool(self._step[0] > step)
        if self._held:
            self._step[0], self._since[0] = step, -1


class _Arrivals(RoutingCheck):
    """The check of routing on what was drawn: with sticky users not each request is."""

    def __init__(self, arrivals: np.ndarray) -> None:
        super().__init__(1)
        self._left = iter(arrivals)

    def update(self, minute: Minute) -> RoutingCheck:
        return super().update(replace(minute, requests=next(self._left)[None]))
