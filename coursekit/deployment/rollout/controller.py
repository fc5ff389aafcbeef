"""Turns evidence into weights and a verdict, the same way in simulation, replay, audit and production."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coursekit.deployment.rollout.conditional import ConditionalEProcess
from coursekit.deployment.rollout.dispersion import Overdispersion
from coursekit.deployment.rollout.evidence import CANDIDATE, ERRORS, Evidence, Guardrail, Minute, check_guardrails
from coursekit.deployment.rollout.plan import RampPlan
from coursekit.deployment.rollout.routing import RoutingCheck

VERDICTS = ("PASS", "FAIL", "INCONCLUSIVE", "NO_DATA")
"""How a rollout can end."""

RUNNING = ""
"""In place of a verdict, while there is none."""

REASONS = {
    "promoted": "every step showed what the plan asks for",
    "evidence": "the candidate is worse",
    "overdispersion": "machines of one version differ by more than chance, so the arms cannot be compared",
    "routing": "traffic was not split as planned",
    "patience": "a step ran out of time before it showed that the next one is safe",
    "no data": "the candidate got too few requests in a step",
    "log ended": "the recorded log ended before the plan could decide",
}
"""What lies behind a verdict."""


class RolloutController:
    """Watches rollouts minute by minute, and says what share the candidate gets next.

    An audit is worth something only if the code that was audited is the code that decides. This class is all
    of it: it knows no simulator, no clock and no router, and takes counts. In order, each minute:

    1. routing off its weights: INCONCLUSIVE;
    2. evidence against the candidate: FAIL, or INCONCLUSIVE if machines of one version disagree;
    3. a step's minutes are over with too few requests: NO_DATA;
    4. they are over and the evidence excludes the ratio that the plan names: the next step, PASS after the last
       (INCONCLUSIVE if machines disagree);
    5. patience is over: INCONCLUSIVE.

    Whatever the verdict but PASS, traffic goes back to the baseline. FAIL condemns the candidate; the other two
    ask for a person.

    Parameters
    ----------
    plan
        Weights, lengths and margins.
    evidence
        The test; the conditional e-process by default.
    guardrails
        What is watched, in the order of the counts.
    runs
        Number of rollouts watched at once.

    Raises
    ------
    ValueError
        If a minute's counts have another shape than rollouts and guardrails.

    Examples
    --------
    >>> controller = RolloutController(RampPlan([0.05], minutes_per_step=5))
    >>> for _ in range(3):
    ...     _ = controller.update(
    ...         Minute(weight=controller.weight, requests=np.array([[9_500, 500]]), bad=np.array([[[95, 30]]]))
    ...     )
    >>> controller.verdict.tolist(), controller.weight.tolist(), controller.minutes.tolist()
    (['FAIL'], [0.0], [1])
    """

    def __init__(
        self,
        plan: RampPlan,
        *,
        evidence: Evidence | None = None,
        guardrails: Sequence[Guardrail] = (ERRORS,),
        runs: int = 1,
    ) -> None:
        self.plan = plan
        self.evidence = ConditionalEProcess() if evidence is None else evidence
        self.guardrails = check_guardrails(guardrails)
        self.verdict = np.full(runs, RUNNING, dtype="<U12")
        """Verdict of each rollout; empty while it runs."""
        self.reason = np.full(runs, "", dtype="<U16")
        """Key of :data:`REASONS` for each verdict."""
        self.minutes = np.zeros(runs, dtype=np.int64)
        """Minutes each rollout has run."""
        self.strength = np.zeros((runs, len(self.guardrails)))
        """Share of the evidence needed to roll back, ``(runs, metrics)``."""
        self.dispersion = Overdispersion(runs, metrics=len(self.guardrails))
        """Do machines of one version agree?"""
        self._watch = self.evidence.watch(plan, runs=runs, guardrails=self.guardrails)
        self._routing = RoutingCheck(runs)
        self._step = np.zeros(runs, dtype=np.int64)
        self._since = np.zeros(runs, dtype=np.int64)
        self._seen = np.zeros(runs, dtype=np.int64)
        self._weights = np.array(plan.weights)
        self._ratios = np.array(plan.margins)
        self._lengths = np.array(plan.lengths)

    @property
    def running(self) -> np.ndarray:
        """Which rollouts have no verdict yet, ``(runs,)``."""
        return self.verdict == RUNNING

    @property
    def step(self) -> np.ndarray:
        """Step of the plan that each rollout is in, from 0, ``(runs,)``."""
        return self._step.copy()

    @property
    def weight(self) -> np.ndarray:
        """Share that each candidate gets now, ``(runs,)``: 1 after PASS, 0 after another verdict."""
        over = np.where(self.verdict == "PASS", 1.0, 0.0)
        return np.where(self.running, self._weights[self._step], over)

    def update(self, minute: Minute) -> RolloutController:
        """Take a minute's counts and decide."""
        if minute.bad.shape != (self.verdict.size, len(self.guardrails), 2):
            raise ValueError(
                f"RolloutController: bad must have the shape (rollouts, guardrails, 2) = "
                f"{(self.verdict.size, len(self.guardrails), 2)}, got {minute.bad.shape}"
            )
        if minute.requests.shape != (self.verdict.size, 2) or minute.weight.shape != (self.verdict.size,):
            raise ValueError(
                f"RolloutController: requests must be ({self.verdict.size}, 2) and weight ({self.verdict.size},), "
                f"got {minute.requests.shape} and {minute.weight.shape}"
            )
        if not np.all((minute.weight >= 0) & (minute.weight <= 1)):
            raise ValueError("RolloutController: weight must be a share from 0 to 1 in every rollout")
        if not np.all((minute.bad >= 0) & (minute.bad <= minute.requests[:, None])):
            raise ValueError("RolloutController: bad must be counts from 0 to the requests of their arm")
        live = self.running
        self.minutes = self.minutes + live
        self._since += live
        self._seen = self._seen + np.where(live, minute.requests[:, CANDIDATE], 0)
        strength = self._watch.update(minute)
        self.strength = np.where(live[:, None], strength, self.strength)
        self.dispersion.update(minute)
        noisy = self.dispersion.flagged
        self._decide(self._routing.update(minute).flagged, "INCONCLUSIVE", "routing")
        alarm = np.any(strength >= 1, axis=1)
        self._decide(alarm & noisy, "INCONCLUSIVE", "overdispersion")
        self._decide(alarm, "FAIL", "evidence")
        length = self._lengths[self._step]
        ready = self._since >= length
        self._decide(ready & (self._seen < self.plan.min_requests), "NO_DATA", "no data")
        up = ready & self.running
        if up.any():
            up &= self._watch.allows(self._ratios[self._step])
        last = self._step == self._weights.size - 1
        self._decide(up & last & noisy, "INCONCLUSIVE", "overdispersion")
        self._decide(up & last, "PASS", "promoted")
        self._decide(ready & ~up & (self._since >= length * self.plan.patience), "INCONCLUSIVE", "patience")
        rising = up & self.running
        self._step[rising] += 1
        self._since[rising] = 0
        self._seen[rising] = 0
        return self

    def _decide(self, which: np.ndarray, verdict: str, reason: str) -> None:
        now = which & self.running
        self.verdict = np.where(now, verdict, self.verdict).astype("<U12")
        self.reason = np.where(now, reason, self.reason).astype("<U16")
