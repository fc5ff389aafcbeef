"""The repair of the pooled tests: arms are compared within each minute, and only then added up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from coursekit._number_checks import check_number
from coursekit.deployment.rollout.evidence import CANDIDATE, Evidence, Minute, Watch
from coursekit.deployment.rollout.plan import RampPlan


@dataclass(frozen=True)
class StratifiedMixture(Evidence):
    r"""A normal mixture over differences that are taken within each minute.

    The repair of a pooled test: what both arms share in a minute cancels if arms are compared within the minute
    and only then added up. Given the :math:`b` bad requests of a minute among :math:`n`, of which :math:`n_1`
    went to the candidate, it has as many as a blind draw,

    .. math:: S = \sum_t \left(c_t - b_t \frac{n_{1t}}{n_t}\right), \qquad
        V = \sum_t b_t \frac{n_{1t} n_{0t}}{n_t^2} \frac{n_t - b_t}{n_t - 1}

    and :math:`S` and :math:`V` go through the mixture of :class:`~coursekit.deployment.rollout.pooled.MSPRT`, here
    over logarithms of ratios. It holds under any ramp and any shared trend as far as the normal approximation
    does: nearly the conditional e-process, which needs none.

    Raises
    ------
    ValueError
        If the spread is not above 0, or alpha lies outside (0, 1).

    Examples
    --------
    >>> from coursekit.deployment.rollout import audit
    >>> ramp = RampPlan([0.05, 0.10, 0.25, 0.50])
    >>> audit(ramp, evidence=StratifiedMixture(), baseline="rising", runs=1_000).interval.high < 0.05
    True

    References
    ----------
    Howard, Ramdas, McAuliffe, Sekhon (2021). Time-uniform, nonparametric, nonasymptotic confidence
    sequences. Annals of Statistics 49(2). Mantel, Haenszel (1959). Statistical aspects of the analysis of data
    from retrospective studies of disease. JNCI 22(4).
    """

    spread: float = 0.5
    """Standard deviation of the mixture over the logarithms of ratios of bad rates."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "spread", check_number(type(self).__name__, "spread", self.spread, above=True))

    def _watch(self, plan: RampPlan, runs: int, alphas: np.ndarray) -> Watch:
        return _StratifiedWatch(plan, runs, alphas, self.spread)


def log_normal_mixture(score: np.ndarray, information: np.ndarray, spread: float) -> np.ndarray:
    r"""Average a likelihood ratio over a half-normal mixture of effects, in logarithms.

    The one formula under both mixtures: for a score :math:`S` that is normal with mean :math:`V \delta` and
    variance :math:`V`,

    .. math:: \log \int_0^\infty e^{\delta S - \delta^2 V / 2} \, 2 \phi_\tau(\delta) \, d\delta

    Parameters
    ----------
    score
        Score of the effect; its expectation is 0 without one.
    information
        Its variance, 0 or more; both broadcast.
    spread
        Standard deviation of the mixture before its lower half is folded away.

    Examples
    --------
    >>> round(float(log_normal_mixture(12.0, 20.0, 0.5)), 3)
    2.79
    >>> float(log_normal_mixture(0.0, 0.0, 0.5))
    0.0
    """
    scale = 1 + spread**2 * np.asarray(information)
    scaled = spread * np.asarray(score) / np.sqrt(scale)
    return np.log(2) - 0.5 * np.log(scale) + 0.5 * scaled**2 + norm.logcdf(scaled)


class _StratifiedWatch(Watch):
    def __init__(self, plan: RampPlan, runs: int, alphas: np.ndarray, spread: float) -> None:
        super().__init__(plan, runs, alphas)
        self._spread = spread
        self._excess = np.zeros((runs, len(alphas)))
        self._variance = np.zeros((runs, len(alphas)))

    def update(self, minute: Minute) -> np.ndarray:
        self.minute += 1
        total = minute.requests.sum(axis=1, keepdims=True)
        share = minute.requests[:, [CANDIDATE]] / np.maximum(total, 1)
        bad = minute.bad.sum(axis=2)
        self._excess += minute.bad[..., CANDIDATE] - bad * share
        self._variance += bad * share * (1 - share) * (total - bad) / np.maximum(total - 1, 1)
        return log_normal_mixture(self._excess, self._variance, self._spread) / -np.log(self.alphas)
