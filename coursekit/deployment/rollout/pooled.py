"""Tests that add up each arm over all minutes, as dashboards do, and are fooled by a ramp on a moving baseline."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from coursekit._number_checks import check_number, told
from coursekit.deployment.rollout.boundaries import spending_boundaries
from coursekit.deployment.rollout.evidence import CANDIDATE, Evidence, Minute, Watch
from coursekit.deployment.rollout.plan import RampPlan
from coursekit.deployment.rollout.stratified import log_normal_mixture

LOOKS = ("end", "every minute")
"""When a z test is read: once at the planned end, or whenever the dashboard refreshes."""


@dataclass(frozen=True)
class PooledZ(Evidence):
    r"""The z test of two proportions, read once at the end or, as people do, every minute.

    It is what a dashboard shows: bad rates since the start, side by side. With all bad requests and all
    requests since the start, :math:`b_1` of :math:`n_1` in the candidate and :math:`b_0` of :math:`n_0` in the
    baseline,

    .. math:: Z = \frac{b_1 / n_1 - b_0 / n_0}{\sqrt{\hat p (1 - \hat p) (1 / n_1 + 1 / n_0)}}

    against :math:`z_{1 - \alpha}`, where :math:`\hat p` is the bad rate of both. Two things break it. Read every
    minute, it is not one test but sixty. And under a ramp most of the candidate's requests come late: if the
    evening brings more errors for both arms, only the candidate's average shows it (Simpson's paradox), and the
    test is certain of a difference that is none.

    Before a look the strength is 0. At a look it is :math:`\log p / \log \alpha`, with the one-sided p-value.

    Raises
    ------
    ValueError
        If looks is neither "end" nor "every minute", or alpha lies outside (0, 1).

    Examples
    --------
    >>> from coursekit.deployment.rollout import audit
    >>> peeking = audit(RampPlan([0.05]), evidence=PooledZ(looks="every minute"), runs=1_000)
    >>> peeking.false_rollback_rate > 0.15
    True
    """

    looks: str = "end"
    """When it is read: "end", in the last minute of the plan and never again, or "every minute"."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.looks not in LOOKS:
            raise ValueError(f"{type(self).__name__}: looks must be 'end' or 'every minute', got {told(self.looks)}")

    @property
    def name(self) -> str:
        """Name in tables and figures."""
        return f"{super().name}, {self.looks}"

    def _watch(self, plan: RampPlan, runs: int, alphas: np.ndarray) -> Watch:
        first, last = (plan.minutes, plan.minutes) if self.looks == "end" else (1, None)
        return _ZWatch(plan, runs, alphas, np.log(alphas)[None], first, last)


@dataclass(frozen=True)
class OBrienFleming(Evidence):
    r"""The z test at every planned minute, with a bar that pays for all these looks.

    Group-sequential tests are the standard of clinical trials, and hold what they promise where their
    assumptions do: a fixed number of looks, information that grows as planned, and one error rate from the first
    minute to the last. A rollout breaks the third whenever errors rise while the candidate does. The bars come
    from :func:`~coursekit.deployment.rollout.boundaries.spending_boundaries`; the information at minute
    :math:`t` is that of the pooled difference under the plan's weights :math:`w_s`,

    .. math:: I_t \propto \left(\frac{1}{\sum_{s \le t} w_s} + \frac{1}{\sum_{s \le t} (1 - w_s)}\right)^{-1}

    With ``clock="minutes"`` it is the share of the minutes, the short cut that many take and that costs some
    of the guarantee under a ramp.

    The strength is :math:`\log p / \log p_k`, with the p-value that lies on the bar of look :math:`k`. There is
    no bar after the last planned minute: the strength stays.

    Raises
    ------
    ValueError
        If the clock is neither "information" nor "minutes", or alpha lies outside (0, 1).

    Examples
    --------
    >>> from coursekit.deployment.rollout import audit
    >>> flat = audit(RampPlan([0.05]), evidence=OBrienFleming(), runs=1_000)
    >>> flat.false_rollback_rate < 0.08
    True

    References
    ----------
    O'Brien, Fleming (1979). A multiple testing procedure for clinical trials. Biometrics 35(3).
    Jennison, Turnbull (1999). Group Sequential Methods with Applications to Clinical Trials. CRC.
    """

    clock: str = "information"
    """What the looks are timed by: "information" of the plan's weights, or "minutes"."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.clock not in ("information", "minutes"):
            raise ValueError(f"{type(self).__name__}: clock must be 'information' or 'minutes', got {told(self.clock)}")

    def information(self, plan: RampPlan) -> np.ndarray:
        """Share of the planned information at each minute, ``(minutes,)``."""
        if self.clock == "minutes":
            return np.arange(1, plan.minutes + 1) / plan.minutes
        weight = plan.schedule()
        known = 1 / (1 / np.cumsum(weight) + 1 / np.cumsum(1 - weight))
        return known / known[-1]

    def _watch(self, plan: RampPlan, runs: int, alphas: np.ndarray) -> Watch:
        shares = self.information(plan)
        bars = np.array([spending_boundaries(shares, float(alpha)) for alpha in alphas])
        return _ZWatch(plan, runs, alphas, norm.logsf(bars).T, 1, plan.minutes)


@dataclass(frozen=True)
class MSPRT(Evidence):
    r"""The mixture sequential probability ratio test of the pooled difference.

    It is the "always valid p-value" of commercial experiment platforms, and looking costs it nothing. But it
    adds up the arms as the z test does, so a ramp on a moving baseline fools it just as surely. Platforms use it
    in two directions; a rollback needs one, so the normal mixture, of variance :math:`\tau^2`, is folded to its
    upper half. It is over the candidate's excess :math:`\delta` relative to the pooled bad rate
    :math:`\hat p`. With the observed excess and its information :math:`V`,

    .. math:: \hat\delta = \frac{b_1 / n_1 - b_0 / n_0}{\hat p}, \qquad
        V^{-1} = \frac{1 - \hat p}{\hat p} \left(\frac{1}{n_1} + \frac{1}{n_0}\right)

    and :math:`S = V \hat\delta`, the likelihood ratio is

    .. math:: \Lambda = \frac{2}{\sqrt{1 + \tau^2 V}}
        \exp\left(\frac{\tau^2 S^2}{2 (1 + \tau^2 V)}\right) \Phi\left(\frac{\tau S}{\sqrt{1 + \tau^2 V}}\right)

    and the strength is :math:`\log \Lambda / \log(1 / \alpha)`. It rests on the normal approximation, and on
    :math:`\hat p` in place of the bad rate.

    Raises
    ------
    ValueError
        If the spread is not above 0, or alpha lies outside (0, 1).

    Examples
    --------
    >>> from coursekit.deployment.rollout import audit
    >>> ramp = RampPlan([0.05, 0.10, 0.25, 0.50])
    >>> audit(ramp, evidence=MSPRT(), runs=500).false_rollback_rate < 0.08
    True
    >>> audit(ramp, evidence=MSPRT(), baseline="rising", runs=500).false_rollback_rate > 0.95
    True

    References
    ----------
    Johari, Koomen, Pekelis, Walsh (2022). Always valid inference: continuous monitoring of A/B tests.
    Operations Research 70(3). Robbins (1970). Statistical methods related to the law of the iterated
    logarithm. Annals of Mathematical Statistics 41(5).
    """

    spread: float = 0.5
    r"""Standard deviation :math:`\tau` of the mixture over relative excesses, the square root of its variance:
    regressions of about this size are found soonest."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "spread", check_number(type(self).__name__, "spread", self.spread, above=True))

    def _watch(self, plan: RampPlan, runs: int, alphas: np.ndarray) -> Watch:
        return _MixtureWatch(plan, runs, alphas, self.spread)


class _PooledWatch(Watch):
    """Adds up both arms and hands the sums on."""

    def __init__(self, plan: RampPlan, runs: int, alphas: np.ndarray) -> None:
        super().__init__(plan, runs, alphas)
        self._requests = np.zeros((runs, 1, 2))
        self._bad = np.zeros((runs, len(alphas), 2))

    def update(self, minute: Minute) -> np.ndarray:
        self.minute += 1
        self._requests += minute.requests[:, None]
        self._bad += minute.bad
        return self._judged()

    @abstractmethod
    def _judged(self) -> np.ndarray:
        """Strength of the sums."""

    def _score(self) -> tuple[np.ndarray, np.ndarray]:
        """Excess of the candidate's bad requests over its share of all, and the variance of it by chance."""
        total, bad = self._requests.sum(axis=2), self._bad.sum(axis=2)
        share = self._requests[..., CANDIDATE] / np.maximum(total, 1)
        rate = bad / np.maximum(total, 1)
        return self._bad[..., CANDIDATE] - bad * share, total * share * (1 - share) * rate * (1 - rate)


class _ZWatch(_PooledWatch):
    def __init__(
        self, plan: RampPlan, runs: int, alphas: np.ndarray, log_bars: np.ndarray, first: int, last: int | None
    ) -> None:
        super().__init__(plan, runs, alphas)
        self._log_bars = log_bars  # by look, the last one for all that follow; by guardrail
        self._first, self._last = first, last
        self._strength = np.zeros((runs, len(alphas)))

    def _judged(self) -> np.ndarray:
        if self.minute >= self._first and (self._last is None or self.minute <= self._last):
            excess, variance = self._score()
            z = excess / np.sqrt(np.where(variance > 0, variance, np.inf))
            bar = self._log_bars[min(self.minute - self._first, len(self._log_bars) - 1)]
            self._strength = norm.logsf(z) / bar
        return self._strength


class _MixtureWatch(_PooledWatch):
    def __init__(self, plan: RampPlan, runs: int, alphas: np.ndarray, spread: float) -> None:
        super().__init__(plan, runs, alphas)
        self._spread = spread

    def _judged(self) -> np.ndarray:
        # The excess divided by 1 - p is the score of the relative excess, and so is the root of its variance.
        excess, variance = self._score()
        served = np.maximum(self._requests.sum(axis=2), 1)
        good = np.maximum(1 - self._bad.sum(axis=2) / served, 1 / served)
        return log_normal_mixture(excess / good, variance / good**2, self._spread) / -np.log(self.alphas)
