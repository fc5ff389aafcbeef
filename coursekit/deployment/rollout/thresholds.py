"""Thresholds on the candidate's own numbers, counted: how Argo Rollouts and Flagger decide."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coursekit._number_checks import check_whole, told
from coursekit.deployment.rollout.evidence import CANDIDATE, Evidence, Minute, Watch, check_share
from coursekit.deployment.rollout.plan import RampPlan

_SHORT_OF_ROLLBACK = 0.99


@dataclass(frozen=True)
class ThresholdCheck:
    """One number that is looked at every few minutes: is the candidate's bad rate above a limit?

    The limit is absolute, so a bad hour of everybody fails a healthy candidate, and a limit above the usual
    rate lets a candidate that is worse go by. Nothing in it knows how many requests the rate rests on.

    Raises
    ------
    ValueError
        If the limit lies outside (0, 1), a count is no whole number, or the last look comes before the first.

    Examples
    --------
    >>> check = ThresholdCheck(limit=0.05, interval=5, failures=3)
    >>> [minute for minute in range(1, 16) if check.looks_at(minute)]
    [5, 10, 15]
    """

    limit: float
    """Bad rate above which a look fails."""
    guardrail: int = 0
    """Position of the guardrail that it looks at."""
    interval: int = 1
    """Minutes between looks."""
    failures: int = 1
    """Failed looks that roll back."""
    window: int = 1
    """Minutes whose requests a look counts."""
    first: int | None = None
    """Minute at whose end it looks first, counted from 1; None for the end of the first interval."""
    stop: int | None = None
    """Last minute in which it looks; None for the end."""
    at_limit: bool = False
    """Whether a rate of exactly the limit fails as well."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "limit", check_share("ThresholdCheck", "limit", self.limit))
        for name, low in (("guardrail", 0), ("interval", 1), ("failures", 1), ("window", 1)):
            object.__setattr__(self, name, check_whole("ThresholdCheck", name, getattr(self, name), low=low))
        if self.first is not None:
            object.__setattr__(self, "first", check_whole("ThresholdCheck", "first", self.first, low=1))
        if self.stop is not None:
            low = self.interval if self.first is None else self.first
            object.__setattr__(self, "stop", check_whole("ThresholdCheck", "stop", self.stop, low=low))

    def looks_at(self, minute: int) -> bool:
        """Whether it looks at the end of this minute, counted from 1."""
        since = minute - (self.interval if self.first is None else self.first)
        return since >= 0 and since % self.interval == 0 and (self.stop is None or minute <= self.stop)

    def fails(self, requests: np.ndarray, bad: np.ndarray) -> np.ndarray:
        """Whether a look at so many requests and bad ones fails; False where there was no request."""
        rate = bad / np.maximum(requests, 1)  # a division is rounded once: 7 of 100 is the 0.07 of a file
        return rate >= self.limit if self.at_limit else rate > self.limit


@dataclass(frozen=True)
class ThresholdCount(Evidence):
    """Roll back after so many failed looks at a threshold, without any test.

    This is what most rollouts of the world do. It has no error rate, so ``alpha`` has no effect; an
    :func:`~coursekit.deployment.rollout.audit` gives it one. Failed looks are counted since the start of the
    rollout and never forgotten.

    Raises
    ------
    ValueError
        If there is no check, one looks at a guardrail that is not there, or ``delay`` is no whole number.

    Examples
    --------
    >>> from coursekit.deployment.rollout import audit
    >>> rule = ThresholdCount(checks=[ThresholdCheck(limit=0.01, failures=3)])  # the service's own error rate is 1%
    >>> audit(RampPlan([0.05, 0.25, 0.50]), evidence=rule, runs=200).false_rollback_rate > 0.99
    True

    References
    ----------
    Argo Rollouts, ``analysis/analysis.go`` (assessMetricStatus). Flagger, ``pkg/controller/scheduler.go``
    (advanceCanary).
    """

    checks: Sequence[ThresholdCheck] = (ThresholdCheck(limit=0.05),)
    """What is looked at."""
    together: bool = False
    """Whether failures of all checks are counted as one, at most one each time, as Flagger does."""
    holds: bool = False
    """Whether a failed look keeps the weight where it is until the next, as Flagger does."""
    silence_fails: bool = False
    """Whether a look without requests fails, as with Flagger; otherwise it neither passes nor fails."""
    delay: int = 0
    """Minutes from the look that fails once too often to the rollback, an interval with Flagger."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "checks", tuple(self.checks))
        if not self.checks:
            raise ValueError("ThresholdCount: checks is empty; without a look nothing could ever roll back")
        object.__setattr__(self, "delay", check_whole("ThresholdCount", "delay", self.delay, low=0))

    def _watch(self, plan: RampPlan, runs: int, alphas: np.ndarray) -> Watch:
        beyond = [check.guardrail for check in self.checks if check.guardrail >= len(alphas)]
        if beyond:
            raise ValueError(
                f"ThresholdCount: a check looks at guardrail {told(beyond[0])}, but there are {len(alphas)}"
            )
        return _ThresholdWatch(self, plan, runs, alphas)


class _ThresholdWatch(Watch):
    def __init__(self, evidence: ThresholdCount, plan: RampPlan, runs: int, alphas: np.ndarray) -> None:
        super().__init__(plan, runs, alphas)
        self._rule = evidence
        self._needed = np.array([check.failures for check in evidence.checks])
        self._failed = np.zeros((runs, len(evidence.checks)), dtype=np.int64)
        self._waited = np.full(self._failed.shape, -1, dtype=np.int64)
        self._held = np.zeros(runs, dtype=bool)
        self._past: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=max(c.window for c in evidence.checks))

    def update(self, minute: Minute) -> np.ndarray:
        self.minute += 1
        self._past.append((minute.requests[:, CANDIDATE], minute.bad[:, :, CANDIDATE]))
        failing = np.zeros(self._failed.shape, dtype=bool)
        heard = np.zeros(self._failed.shape, dtype=bool)
        for i, check in enumerate(self._rule.checks):
            if check.looks_at(self.minute):
                requests, bad = self._recent(check)
                heard[:, i] = (requests > 0) | self._rule.silence_fails
                failing[:, i] = check.fails(requests, bad) | (heard[:, i] & (requests == 0))
        self._held = np.where(heard.any(axis=1), failing.any(axis=1), self._held)
        if self._rule.together:
            failing = np.broadcast_to(failing.any(axis=1, keepdims=True), failing.shape)
        self._failed += failing
        reached = self._failed / self._needed
        self._waited += reached >= 1
        due = (reached < 1) | (self._waited >= self._rule.delay)
        reached = np.where(due, reached, _SHORT_OF_ROLLBACK)
        strength = np.zeros((self.runs, len(self.alphas)))
        for i, check in enumerate(self._rule.checks):
            strength[:, check.guardrail] = np.maximum(strength[:, check.guardrail], reached[:, i])
        return strength

    def allows(self, ratio: np.ndarray) -> np.ndarray:
        return ~self._held if self._rule.holds else super().allows(ratio)

    def _recent(self, check: ThresholdCheck) -> tuple[np.ndarray, np.ndarray]:
        latest = list(self._past)[-check.window :]
        requests = np.sum([requests for requests, _ in latest], axis=0)
        return requests, np.sum([bad[:, check.guardrail] for _, bad in latest], axis=0)
