"""The test with the guarantee: which arm do the errors come from?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from coursekit._number_checks import check_number, check_whole
from coursekit.deployment.rollout.evidence import BASELINE, CANDIDATE, Evidence, Minute, Watch
from coursekit.deployment.rollout.plan import RampPlan

_BETTER = 0.5
"""Non-inferiority is shown by ratios from this times to the whole of the one to exclude."""

_SPARE = 20.0
"""Evidence of non-inferiority is kept up to so many times what a step up needs: an hour ago is no proof of now."""


@dataclass(frozen=True)
class ConditionalEProcess(Evidence):
    r"""A test that may be looked at after every request, under any ramp and any shared trend.

    Dashboards are watched all the time and ramps follow the clock, so a test must hold at every look and
    must not take the evening's errors for the candidate's. This one looks at bad requests only. If both arms
    are equally bad at that moment, a bad request came from the candidate with the probability with which
    routing sends any request there, :math:`w_t`, whatever the traffic and the error rate do. If the candidate
    is :math:`\theta` times as bad, with :math:`\theta w_t / (1 - w_t + \theta w_t)`. The product of likelihood
    ratios over all bad requests, averaged over ratios :math:`\theta > 1`,

    .. math:: E_t = \sum_k \pi_k \prod_{s \le t} \frac{\theta_k^{c_s}}{(1 - w_s + \theta_k w_s)^{b_s + c_s}}

    with :math:`c_s` and :math:`b_s` bad requests of candidate and baseline in minute :math:`s`, has
    expectation at most 1 for every candidate that is no worse. By Ville's inequality it ever passes
    :math:`1/\alpha` with probability at most :math:`\alpha`: no matter how often anyone looks.

    A candidate that turns bad after a good half hour has a product far below 1 to climb back from. So a part of
    the stake, ``late``, is laid on candidates that are bad from a later minute on, spread evenly over the plan:
    their products begin there, and the whole is still an average of fair games. It costs the others a tenth of
    :math:`E` and halves the harm of the late ones.

    The same products against ratios below :math:`r` show that the candidate is less than ``r`` times as bad
    (non-inferiority); a step up needs that. What is shown beyond twenty times the need is dropped, which only
    lowers the product, so that a step up rests on the present candidate and not on what it was.

    It holds for requests whose arms are drawn independently. Noise of an instance breaks it (see
    :class:`~coursekit.deployment.rollout.Overdispersion`), and a user who comes back to the same arm counts
    once (see :func:`~coursekit.deployment.rollout.replay`).

    Raises
    ------
    ValueError
        If the ratios do not satisfy 1 < smallest < largest, points is below 2, or alpha lies outside (0, 1).

    Examples
    --------
    >>> from coursekit.deployment.rollout import RampPlan, audit
    >>> report = audit(RampPlan([0.05, 0.10, 0.25, 0.50]), baseline="rising", runs=2_000)
    >>> report.interval.high < 0.05
    True

    References
    ----------
    Howard, Ramdas, McAuliffe, Sekhon (2021). Time-uniform, nonparametric, nonasymptotic confidence
    sequences. Annals of Statistics 49(2). Lindon, Malek (2022). Anytime-valid inference for multinomial
    count data. NeurIPS.
    """

    smallest: float = 1.1
    """Smallest ratio of the mixture, above 1: regressions below it are found late."""
    largest: float = 4.0
    """Largest ratio of the mixture."""
    points: int = 24
    """Number of ratios between them, evenly spaced in their logarithm."""
    late: float = 0.1
    """Part of the stake on candidates that turn bad later, from 0 to below 1; laid in equal parts on each of
    the plan's first ``plan.minutes`` minutes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        where = type(self).__name__
        for name in ("smallest", "largest"):
            object.__setattr__(self, name, check_number(where, name, getattr(self, name), above=True))
        if not 1 < self.smallest < self.largest:
            raise ValueError(
                f"{where}: ratios must satisfy 1 < smallest < largest, "
                f"got smallest = {self.smallest:g} and largest = {self.largest:g}"
            )
        object.__setattr__(self, "points", check_whole(where, "points", self.points, low=2))
        late = check_number(where, "late", self.late)
        if late >= 1:
            raise ValueError(f"{where}: late must lie between 0 and below 1, got {late:g}")
        object.__setattr__(self, "late", late)

    @property
    def ratios(self) -> np.ndarray:
        """Ratios of the mixture, ``(points,)``."""
        return np.geomspace(self.smallest, self.largest, self.points)

    def _watch(self, plan: RampPlan, runs: int, alphas: np.ndarray) -> Watch:
        return _ConditionalWatch(self, plan, runs, alphas)


def log_likelihood_ratio(candidate: np.ndarray, total: np.ndarray, weight: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    r"""How much likelier the arms of bad requests are if the candidate is so many times as bad.

    The one formula under rollback, non-inferiority and sample-ratio mismatch:
    :math:`c \log\theta - n \log(1 - w + \theta w)` for :math:`c` of :math:`n` requests in the candidate.

    Parameters
    ----------
    candidate
        Requests that came from the candidate.
    total
        Requests of both arms.
    weight
        Routing weight of the candidate.
    ratio
        Ratio under the alternative; all four broadcast.

    Examples
    --------
    >>> round(float(log_likelihood_ratio(10, 100, 0.05, 2.0)), 3)
    2.052
    """
    return candidate * np.log(ratio) - total * np.log1p(weight * (ratio - 1))


class _ConditionalWatch(Watch):
    def __init__(self, evidence: ConditionalEProcess, plan: RampPlan, runs: int, alphas: np.ndarray) -> None:
        super().__init__(plan, runs, alphas)
        self._alpha = evidence.alpha
        self._worse = evidence.ratios
        self._log_worse = np.full((runs, len(alphas), evidence.points), np.log1p(-evidence.late))
        self._kept, self._laid = evidence.late, evidence.late / plan.minutes
        # One set of alternatives for each margin of the plan; a step up asks for its own.
        limits = np.array(sorted(set(plan.margins)))
        self._limits = limits
        self._better = limits[:, None] * np.geomspace(_BETTER, 1, evidence.points, endpoint=False)
        self._log_better = np.zeros((runs, len(alphas), *self._better.shape))

    def update(self, minute: Minute) -> np.ndarray:
        if self.minute and self._kept > 0:  # a bet on this minute as the first bad one
            laid = min(self._laid, self._kept)
            self._kept -= laid
            self._log_worse = np.logaddexp(self._log_worse, np.log(laid))
        self.minute += 1
        candidate = minute.bad[:, :, CANDIDATE].astype(float)
        total = candidate + minute.bad[:, :, BASELINE]
        weight = minute.weight[:, None]
        self._log_worse += log_likelihood_ratio(candidate[..., None], total[..., None], weight[..., None], self._worse)
        wide = (candidate[..., None, None], total[..., None, None], weight[..., None, None])
        self._log_better += log_likelihood_ratio(*wide, self._better)
        self._log_better -= log_likelihood_ratio(*wide, self._limits[:, None])
        surplus = logsumexp(self._log_better, axis=-1, keepdims=True) - np.log(self._better.shape[-1])
        self._log_better -= np.maximum(surplus - np.log(_SPARE) + np.log(self._alpha), 0)
        return self.log_e() / -np.log(self.alphas)

    def log_e(self) -> np.ndarray:
        """Logarithm of the e-process, ``(runs, metrics)``."""
        log_e = logsumexp(self._log_worse, axis=-1) - np.log(self._worse.size)
        return np.logaddexp(log_e, np.log(self._kept)) if self._kept > 0 else log_e

    def allows(self, ratio: np.ndarray) -> np.ndarray:
        which = np.searchsorted(self._limits, ratio)
        known = self._log_better[np.arange(self.runs), :, which]
        log_e = logsumexp(known, axis=-1) - np.log(known.shape[-1])
        # Every guardrail must be shown: one that is too bad stops the step at its own alpha, without splitting.
        return (log_e >= np.log(1 / self._alpha)).all(axis=1)
