"""How often would this configuration roll back a harmless candidate, and how long would it take for a bad one?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit._number_checks import check_number, check_whole, told
from coursekit.deployment.rollout.conditional import ConditionalEProcess
from coursekit.deployment.rollout.evidence import ERRORS, Evidence, Guardrail
from coursekit.deployment.rollout.figures import audited
from coursekit.deployment.rollout.foreign import read_plan
from coursekit.deployment.rollout.plan import RampPlan
from coursekit.deployment.rollout.simulation import Outcomes, simulate_many
from coursekit.deployment.rollout.traffic import Candidate, Service, Traffic
from coursekit.modeling.evaluation import Interval, wilson_interval
from coursekit.short_repr import ShortRepr

DEFAULT_PLAN = RampPlan([0.05, 0.10, 0.25, 0.50])
"""The ramp of a configuration that has thresholds and no weights of its own."""


@dataclass(frozen=True, eq=False, repr=False)
class AuditReport(ShortRepr):
    """What a configuration does to harmless candidates, and what to harmful ones.

    Examples
    --------
    >>> report = audit(RampPlan([0.05]), regression=2.0, runs=500)
    >>> report.false_rollback_rate < 0.05, report.missed_rate, report.median_minutes <= 4
    (True, 0.0, True)
    """

    configuration: str
    """What was audited."""
    evidence: str
    """Name of its test."""
    baseline: str
    """Path of the error rate that both arms share."""
    regression: float
    """Bad rate of the harmful candidate as a multiple of the baseline's; 1 if there was none."""
    runs: int
    """Number of rollouts of each candidate."""
    interval: Interval
    """False-rollback rate with its interval."""
    harmless: Outcomes
    """Rollouts of a candidate that equals the baseline."""
    harmful: Outcomes
    """Rollouts of the harmful candidate; the same as ``harmless`` if there was none."""

    @property
    def false_rollback_rate(self) -> float:
        """Share of harmless candidates that were rolled back."""
        return self.interval.estimate

    @property
    def minutes_to_rollback(self) -> np.ndarray:
        """Minutes until each rollback of the harmful candidate, infinite where there was none, ``(runs,)``."""
        return np.where(self.harmful.verdict == "FAIL", self.harmful.minutes, np.inf)

    @property
    def median_minutes(self) -> float:
        """Median of the minutes to rollback."""
        return float(np.quantile(self.minutes_to_rollback, 0.5, method="inverted_cdf"))

    @property
    def p90_minutes(self) -> float:
        """Minutes in which 9 of 10 are rolled back."""
        return float(np.quantile(self.minutes_to_rollback, 0.9, method="inverted_cdf"))

    @property
    def missed_rate(self) -> float:
        """Share of the other candidate's rollouts that ended in PASS, harmful or not; NaN if there was none."""
        return float(np.mean(self.harmful.verdict == "PASS")) if self.harmful is not self.harmless else float("nan")

    @property
    def harm(self) -> float:
        """Mean number of bad requests of the harmful candidate that the baseline would not have served."""
        return float(self.harmful.harm.sum(axis=1).mean())

    def to_frame(self) -> pd.DataFrame:
        """One row a candidate: shares of the verdicts, minutes, harm."""
        rows = {"harmless": self.harmless} | ({"harmful": self.harmful} if self.harmful is not self.harmless else {})
        return pd.DataFrame(
            {
                name: {
                    **{verdict: np.mean(ended.verdict == verdict) for verdict in VERDICT_ORDER},
                    "median_minutes": np.median(ended.minutes),
                    "mean_harm": ended.harm.sum(axis=1).mean(),
                }
                for name, ended in rows.items()
            }
        ).T.rename_axis("candidate")

    def plot(self) -> go.Figure:
        """Verdicts of both candidates, and when the harmful one was rolled back."""
        return audited(self)


VERDICT_ORDER = ("PASS", "INCONCLUSIVE", "NO_DATA", "FAIL")


def audit(
    plan: RampPlan | str | Path,
    *,
    evidence: Evidence | None = None,
    runs: int = 10_000,
    baseline: str | Service = "flat",
    regression: float | Candidate = 1.0,
    traffic: Traffic | None = None,
    guardrails: Sequence[Guardrail] | None = None,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> AuditReport:
    """Measure the error rates of a rollout's configuration before anyone trusts it.

    A threshold copied from a tutorial has a false-rollback rate, known or not. It depends on the ramp, on the
    number of looks and on how the error rate moves, so it is measured by playing the configuration thousands
    of times against a candidate that equals the baseline, and again against one that is worse.

    Parameters
    ----------
    plan
        The plan, or the path of an Argo Rollouts, Flagger or Kayenta file (YAML or JSON), which brings its own
        evidence and guardrails.
    evidence
        The test; the conditional e-process if neither it nor a file says otherwise.
    runs
        Number of rollouts of each candidate.
    baseline
        Path of the error rate that both arms share ("flat", "seasonal" or "rising"), or a whole service.
    regression
        Error rate and latency of the harmful candidate as a multiple of the baseline's, or a whole candidate.
        At 1 only harmless ones are played.
    traffic
        How many requests come; 10,000 a minute by default.
    guardrails
        What is watched; errors by default.
    seed
        Seed of the chance in it.
    progress
        Called with the number of rollouts that ended since the last call.

    Raises
    ------
    ValueError
        If a number makes no sense, or evidence or guardrails are given beside a file that has its own.
    PlanFileError
        If a file uses what is not modelled; the message names the field.

    Examples
    --------
    >>> from coursekit.deployment.rollout import PooledZ
    >>> ramp = RampPlan([0.05, 0.10, 0.25, 0.50])
    >>> audit(ramp, evidence=PooledZ(looks="end"), baseline="rising", runs=500).false_rollback_rate > 0.95
    True
    """
    runs = check_whole("audit", "runs", runs, low=1)
    watched = None if guardrails is None else tuple(guardrails)
    if isinstance(plan, RampPlan):
        name = " ".join(f"{100 * weight:g}%" for weight in plan.weights)
    else:
        if not isinstance(plan, str | Path):
            raise ValueError(f"audit: plan must be a RampPlan or the path of a file, got {told(plan)}")
        if evidence is not None or watched is not None:
            raise ValueError("audit: a file brings its own evidence and guardrails; leave them out")
        found = read_plan(plan)
        name, plan, evidence, watched = found.name, found.plan or DEFAULT_PLAN, found.evidence, found.guardrails
    evidence = ConditionalEProcess() if evidence is None else evidence
    watched = (ERRORS,) if watched is None else watched
    service = baseline if isinstance(baseline, Service) else Service(path=baseline)
    if isinstance(regression, Candidate):
        worse = regression
    else:
        ratio = check_number("audit", "regression", regression, above=True)
        worse = Candidate(error_ratio=ratio, latency_ratio=ratio)
    same = replace(worse, error_ratio=1.0, latency_ratio=1.0)
    traffic = Traffic() if traffic is None else traffic

    def played(candidate: Candidate, which: int) -> Outcomes:
        own = np.random.SeedSequence([seed, which])
        return simulate_many(
            traffic, service, candidate, plan, evidence, guardrails=watched, runs=runs, seed=own, progress=progress
        )

    harmless = played(same, 0)
    harmful = harmless if worse == same else played(worse, 1)
    return AuditReport(
        configuration=name,
        evidence=evidence.name,
        baseline=service.path,
        regression=max(worse.error_ratio, worse.latency_ratio),
        runs=runs,
        interval=wilson_interval(int(np.sum(harmless.verdict == "FAIL")), runs),
        harmless=harmless,
        harmful=harmful,
    )
