"""Kayenta's judge: series of metrics by the minute, compared by ranks, scored, look after look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from coursekit._number_checks import check_number, check_whole, told
from coursekit.deployment.rollout.evidence import BASELINE, CANDIDATE, Evidence, Minute, Watch, check_share
from coursekit.deployment.rollout.kayenta_metric import ENOUGH, HIGH, LOW, NODATA, PASS
from coursekit.deployment.rollout.kayenta_metric import KayentaClassification as KayentaClassification
from coursekit.deployment.rollout.kayenta_metric import KayentaMetric as KayentaMetric
from coursekit.deployment.rollout.kayenta_metric import kayenta_classify as kayenta_classify
from coursekit.deployment.rollout.plan import RampPlan

_SOME_NODATA = 0.5  # share of metrics without data from which the score is 0
_SHORT_OF_FAILURE = 0.99


@dataclass(frozen=True)
class KayentaJudge(Evidence):
    r"""The verdict of Kayenta's judge at each of its looks, from rates of bad requests by the minute.

    It is the most used judge of canaries, and has no error rate: its intervals pay neither for the number of
    looks and metrics nor for minutes that resemble each other, so ``alpha`` has no effect here.
    :func:`kayenta_classify` labels each metric. A group's score is the percentage of its metrics that pass, the
    score is the weighted sum over groups, and it is 0 if a critical metric fails or half of the metrics have no
    data. Each look but the last fails below ``marginal_score``, the last below ``pass_score``.

    The strength is at least 1 exactly if a look fails, for the metrics that did not pass. Else it is, up to .99,
    the share of the shift that would be enough,
    :math:`(1 - \text{tolerance})\, \hat\Delta / (\hat\Delta - D_{(k)})`. It stays until the next look.

    Raises
    ------
    ValueError
        If a number makes no sense, weights add up to more than 100, or metrics and guardrails differ in number.

    Examples
    --------
    >>> from coursekit.deployment.rollout import audit
    >>> report = audit(RampPlan([0.5]), evidence=KayentaJudge(interval_minutes=5), regression=2.0, runs=200)
    >>> report.false_rollback_rate < 0.05, report.median_minutes
    (True, 5.0)

    References
    ----------
    Spinnaker. How canary judgment works (NetflixACAJudge). Kayenta: canary-config, standalone canary analysis.
    """

    metrics: Sequence[KayentaMetric] = ()
    """Treatment of each guardrail, in their order; none for the default of all."""
    group_weights: Mapping[str, float] | Sequence[tuple[str, float]] = ()
    """Percentage of groups in the score; groups without one share evenly what is left of 100."""
    pass_score: float = 95.0
    """Score below which the last look fails."""
    marginal_score: float = 75.0
    """Score below which an earlier look fails."""
    interval_minutes: int | None = 15
    """Minutes from one look to the next; None for a single look at the end."""
    lookback_minutes: int = 0
    """Minutes that a look goes back; 0 for all since the start."""
    lifetime_minutes: int | None = None
    """Minutes that are judged; None for all planned ones."""
    begin_after_minutes: int = 0
    """Minutes at the start that are not judged."""
    confidence: float = 0.98
    """Two-sided confidence of the intervals."""
    tolerance: float = 0.25
    """Part of the estimated shift that a bound must exceed."""

    def __post_init__(self) -> None:
        super().__post_init__()
        where = type(self).__name__
        object.__setattr__(self, "metrics", tuple(self.metrics))
        pairs = self.group_weights.items() if isinstance(self.group_weights, Mapping) else self.group_weights
        weights = tuple((group, check_number(where, f"group_weights[{group!r}]", share)) for group, share in pairs)
        if sum(share for _, share in weights) > 100 + 1e-9:
            raise ValueError(f"{where}: group_weights must add up to at most 100, got {told(dict(weights))}")
        object.__setattr__(self, "group_weights", weights)
        for name in ("pass_score", "marginal_score"):
            score = check_number(where, name, getattr(self, name))
            if score > 100:
                raise ValueError(f"{where}: {name} must be at most 100, got {score:g}")
            object.__setattr__(self, name, score)
        if self.marginal_score > self.pass_score:
            raise ValueError(
                f"{where}: marginal_score must not lie above pass_score, "
                f"got {self.marginal_score:g} and {self.pass_score:g}"
            )
        for name, low in (("lookback_minutes", 0), ("begin_after_minutes", 0)):
            object.__setattr__(self, name, check_whole(where, name, getattr(self, name), low=low))
        for name in ("interval_minutes", "lifetime_minutes"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, check_whole(where, name, getattr(self, name), low=1))
        object.__setattr__(self, "confidence", check_share(where, "confidence", self.confidence))
        object.__setattr__(self, "tolerance", check_share(where, "tolerance", self.tolerance))

    def looks(self, plan: RampPlan) -> np.ndarray:
        """Minutes after which it judges, counted from the start of the rollout."""
        lifetime = self.lifetime_minutes or max(plan.minutes - self.begin_after_minutes, 1)
        interval = min(self.interval_minutes or lifetime, lifetime)
        return self.begin_after_minutes + interval * np.arange(1, lifetime // interval + 1)

    def score(self, baseline: np.ndarray, candidate: np.ndarray) -> np.ndarray:
        """Score of each run, from 0 to 100, for values of the shape ``(runs, metrics, minutes)``."""
        return self._scored(baseline, candidate)[0]

    def _scored(self, baseline: np.ndarray, candidate: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Score ``(runs,)``, metrics that did not pass and their own strength ``(runs, metrics)``."""
        metrics = self._metrics_of(baseline.shape[1])
        results = [
            metric.classify(baseline[:, m], candidate[:, m], confidence=self.confidence, tolerance=self.tolerance)
            for m, metric in enumerate(metrics)
        ]
        label = np.stack([result.label for result in results], axis=1)
        ratio = np.stack([result.ratio for result in results], axis=1)
        above = np.array([metric.critical_increase for metric in metrics])
        below = np.array([metric.critical_decrease for metric in metrics])
        fatal = (label == NODATA) | ((label == HIGH) & ~(ratio < above)) | ((label == LOW) & ~(ratio > below))
        fatal &= np.array([metric.critical for metric in metrics])
        required = np.array([metric.must_have_data for metric in metrics])
        missing = (label == NODATA) & ~required
        zero = fatal.any(axis=1) | (missing.mean(axis=1) >= _SOME_NODATA)
        score = np.where(zero, 0.0, self._weighted(metrics, label == PASS, ~missing))
        return score, label != PASS, np.stack([result.strength for result in results], axis=1)

    def _weighted(self, metrics: Sequence[KayentaMetric], passed: np.ndarray, counted: np.ndarray) -> np.ndarray:
        groups = sorted({group for metric in metrics for group in metric.groups})
        given = dict(self.group_weights)
        others = [group for group in groups if group not in given]
        rest = (100 - sum(given.values())) / len(others) if others else 0.0
        total = np.zeros(len(passed))
        for group in groups:
            inside = np.array([group in metric.groups for metric in metrics])
            count = (counted & inside).sum(axis=1)
            share = (passed & inside).sum(axis=1) / np.maximum(count, 1)
            total += given.get(group, rest) * np.where(count > 0, share, 1.0)
        return np.round(total, 2)

    def _metrics_of(self, count: int) -> Sequence[KayentaMetric]:
        metrics = self.metrics or (KayentaMetric(),) * count
        if len(metrics) != count:
            raise ValueError(
                f"{type(self).__name__}: {len(metrics)} metrics for {count} guardrails; give one for each, in order"
            )
        return metrics

    def _watch(self, plan: RampPlan, runs: int, alphas: np.ndarray) -> Watch:
        self._metrics_of(len(alphas))
        return _JudgeWatch(plan, runs, alphas, self)


class _JudgeWatch(Watch):
    def __init__(self, plan: RampPlan, runs: int, alphas: np.ndarray, judge: KayentaJudge) -> None:
        super().__init__(plan, runs, alphas)
        self._judge = judge
        self._looks = judge.looks(plan)
        self._rates: list[np.ndarray] = []
        self._strength = np.zeros((runs, len(alphas)))

    def update(self, minute: Minute) -> np.ndarray:
        self.minute += 1
        if self.minute <= self._looks[-1]:
            requests = np.where(minute.requests > 0, minute.requests, np.nan)[:, None]
            self._rates.append(minute.bad / requests)
            if self.minute in self._looks:
                self._strength = self._judged()
        return self._strength

    def _judged(self) -> np.ndarray:
        judge = self._judge
        back = judge.lookback_minutes
        start = max(self.minute - back, 0) if back else judge.begin_after_minutes
        series = np.stack(self._rates[start:], axis=2)  # runs, metrics, minutes, arms
        score, bad, own = judge._scored(series[..., BASELINE], series[..., CANDIDATE])
        last = self.minute == self._looks[-1]
        failed = (score < (judge.pass_score if last else judge.marginal_score))[:, None]
        blamed = failed & (bad | ~bad.any(axis=1, keepdims=True))
        return np.where(blamed, np.clip(own, 1, ENOUGH), np.clip(own, 0, _SHORT_OF_FAILURE))
