"""Thresholds on the candidate's own numbers, counted: how Argo Rollouts and Flagger decide."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coursekit._number_checks import check_whole, told
from coursekit.deployment.rollout.evidence import CANDIDATE, Evidence, Minute, Watch, check_share
from coursekit.deployment.rollout.plan import RampPlan


@dataclass(frozen=True)
class ThresholdCheck:
    """One number that is looked at every few minutes: is the candidate's bad rate above a limit?

    The limit is absolute, so a bad hour of everybody fails a healthy candidate, and a limit above the usual
    rate lets a candidate that is worse go by. Nothing in it knows how many requests the rate rests on.

    Raises
    ------
    ValueError
        If the limit lies outside (0, 1) or a count is no whole number.

    Examples
    --------
    >>> ThresholdCheck(limit=0.05, failures=3)
    ThresholdCheck(limit=0.05, guardrail=0, interval=1, failures=3, window=1, start=0, stop=None)
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
    start: int = 0
    """Minute of the rollout after which the first interval begins."""
    stop: int | None = None
    """Last minute in which it looks; None for the end."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "limit", check_share("ThresholdCheck", "limit", self.limit))
        for name, low in (("guardrail", 0), ("interval", 1), ("failures", 1), ("window", 1), ("start", 0)):
            object.__setattr__(self, name, check_whole("ThresholdCheck", name, getattr(self, name), low=low))
        if self.stop is not None:
            object.__setattr__(self, "stop", check_whole("ThresholdCheck", "stop", self.stop, low=self.start + 1))

    def looks_at(self, minute: int) -> bool:
        """Whether it looks at the end of this minute, counted from 1."""
        since = minute - self.start
        return since > 0 and since % self.interval == 0 and (self.stop is None or minute <= self.stop)


@dataclass(frozen=True)
class ThresholdCount(Evidence):
    """Roll back after so many failed looks at a threshold, without any test.

    This is what most rollouts of the world do. It has no error rate, so ``alpha`` has no effect; an
    :func:`~coursekit.deployment.rollout.audit` gives it one. A look at a minute in which the candidate had no
    request neither passes nor fails.

    Raises
    ------
    ValueError
        If there is no check, or one looks at a guardrail that is not there.

    Examples
    --------
    >>> from coursekit.deployment.rollout import audit
    >>> rule = ThresholdCount(checks=[ThresholdCheck(limit=0.01, failures=3)])  # the service's own error rate is 1%
    >>> audit(RampPlan([0.05, 0.25, 0.50]), evidence=rule, runs=200).false_rollback_rate > 0.99
    True
    """

    checks: Sequence[ThresholdCheck] = (ThresholdCheck(limit=0.05),)
    """What is looked at."""
    together: bool = False
    """Whether failures of all checks are counted as one, at most one each time, as Flagger does."""
    holds: bool = False
    """Whether a failed look keeps the weight where it is, as Flagger does."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "checks", tuple(self.checks))
        if not self.checks:
            raise ValueError("ThresholdCount: checks is empty; without a look nothing could ever roll back")

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
        self._failed = np.zeros((runs, len(evidence.checks)), dtype=np.int64)
        self._held = np.zeros(runs, dtype=bool)
        self._past: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=max(c.window for c in evidence.checks))

    def update(self, minute: Minute) -> np.ndarray:
        self.minute += 1
        self._past.append((minute.requests[:, CANDIDATE], minute.bad[:, :, CANDIDATE]))
        looked = np.zeros(self._failed.shape, dtype=bool)
        failing = np.zeros(self._failed.shape, dtype=bool)
        for i, check in enumerate(self._rule.checks):
            if check.looks_at(self.minute):
                requests, bad = self._recent(check)
                looked[:, i] = requests > 0
                failing[:, i] = looked[:, i] & (bad > check.limit * requests)
        if self._rule.together:
            failing = np.broadcast_to(failing.any(axis=1, keepdims=True), failing.shape)
        self._failed += failing
        if looked.any():
            self._held = np.any(failing, axis=1).reshape(-1)
        needed = np.array([check.failures for check in self._rule.checks])
        reached = self._failed / needed
        strength = np.zeros((self.runs, len(self.alphas)))
        for i, check in enumerate(self._rule.checks):
            strength[:, check.guardrail] = np.maximum(strength[:, check.guardrail], reached[:, i])
        return strength

    def allows(self, ratio: np.ndarray) -> np.ndarray:
        return ~self._held if self._rule.holds else super().allows(ratio)

    def _recent(self, check: ThresholdCheck) -> tuple[np.ndarray, np.ndarray]:
        latest = list(self._past)[-check.window :]
        return sum(requests for requests, _ in latest), sum(bad[:, check.guardrail] for _, bad in latest)  # type: ignore[return-value]
