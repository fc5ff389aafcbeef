"""Do the machines of one arm agree with each other? If not, no test of two arms can be trusted."""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2, norm

from coursekit.deployment.rollout.evidence import Minute


class Overdispersion:
    r"""Whether instances that serve the same version differ by more than chance.

    Every test of two arms takes a bad minute of one machine for a fault of its version. With 30% noise of a
    machine's own, even the conditional e-process rolls back a third of harmless candidates. Noise of that kind
    shows *within* an arm, where there is no treatment to explain it: over instances :math:`i` of an arm that
    served :math:`n_i` requests and :math:`b_i` bad ones,

    .. math:: X^2 = \sum_i \frac{(b_i - n_i \hat p)^2}{n_i \hat p (1 - \hat p)}

    has expectation :math:`I - 1` in each minute. The ratio of the sum over minutes to its degrees of freedom,
    :math:`\hat\varphi`, is 1 without noise; a rollout whose verdict would rest on a :math:`\hat\varphi`
    clearly above 1 is inconclusive.

    Parameters
    ----------
    runs
        Number of rollouts.
    metrics
        Number of guardrails.
    errors
        Standard errors above 1 from which the ratio is taken for noise, in the tail of the chi-squared
        distribution: with few degrees of freedom a normal one would call noise what is skew.
    tolerated
        Ratio up to which noise is tolerated even if it is certain.

    Examples
    --------
    >>> import numpy as np
    >>> check = Overdispersion(runs=1, metrics=1)
    >>> arm = np.array([0, 0, 0, 1])
    >>> served = np.full((1, 4), 1_000)
    >>> for failed in ([10, 9, 11, 10], [9, 10, 12, 10]):
    ...     _ = check.update(
    ...         Minute(
    ...             weight=np.array([0.25]), requests=np.array([[3_000, 1_000]]),
    ...             bad=np.array([[[sum(failed[:3]), failed[3]]]]),
    ...             instance_requests=served, instance_bad=np.array([[failed]]), instance_arm=arm,
    ...         )
    ...     )
    >>> check.ratio.round(2).tolist(), check.flagged.tolist()
    ([[0.16]], [False])

    References
    ----------
    McCullagh, Nelder (1989). Generalized Linear Models, 4.5. Chapman and Hall.
    """

    def __init__(self, runs: int, *, metrics: int, errors: float = 3.0, tolerated: float = 1.1) -> None:
        self._errors, self._tolerated = errors, tolerated
        self._sum = np.zeros((runs, metrics))
        self._freedom = np.zeros((runs, metrics))

    def update(self, minute: Minute) -> Overdispersion:
        """Take a minute; nothing happens where instances are not told apart."""
        if minute.instance_bad is None or minute.instance_requests is None or minute.instance_arm is None:
            return self
        for side in (0, 1):
            inside = minute.instance_arm == side
            if inside.sum() < 2:
                continue
            served = minute.instance_requests[:, None, inside].astype(float)
            bad = minute.instance_bad[:, :, inside]
            total, failed = served.sum(axis=2), bad.sum(axis=2)
            known = (failed > 0) & (failed < total)
            rate = np.where(known, failed / np.maximum(total, 1), 0.5)[..., None]
            scaled = (bad - served * rate) ** 2 / np.maximum(served * rate * (1 - rate), 1e-12)
            busy = served > 0
            degrees = busy.sum(axis=2) - 1
            counts = known & (degrees > 0)
            self._sum += np.where(counts, np.where(busy, scaled, 0).sum(axis=2), 0)
            self._freedom += np.where(counts, degrees, 0)
        return self

    @property
    def ratio(self) -> np.ndarray:
        """Estimated dispersion, ``(runs, metrics)``; NaN where no arm has two instances."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self._freedom > 0, self._sum / self._freedom, np.nan)

    @property
    def flagged(self) -> np.ndarray:
        """Whether some guardrail's ratio is clearly above what is tolerated, ``(runs,)``."""
        with np.errstate(invalid="ignore"):
            rare = chi2.sf(self._sum, np.maximum(self._freedom, 1)) < norm.sf(self._errors)
            return np.any(rare & (self.ratio > self._tolerated), axis=1)
