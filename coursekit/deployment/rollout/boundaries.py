"""Boundaries of group-sequential tests: how high the bar must hang at each planned look."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import norm

from coursekit._number_checks import as_finite, told
from coursekit.deployment.rollout.evidence import check_share

_NEVER = 20.0
"""Standard errors that no look passes: chance alone does with probability 3e-89."""

_NOTHING = 1e-300
"""A probability that stands for 0, whose logarithm is endless."""

_LOWEST = -7.5
"""Standard errors below which a path is given up: it comes back to a boundary with probability below 1e-13."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)


def spending_boundaries(information: Sequence[float] | np.ndarray, alpha: float) -> np.ndarray:
    r"""Find the z values at which a test may stop at planned looks and still err with probability alpha.

    A test that is repeated errs more often than a test that is done once. A spending function grants each look
    a part of alpha in advance; Lan and DeMets' form of O'Brien and Fleming's grants early looks next to nothing,

    .. math:: \alpha(t) = 2 - 2 \Phi\left(z_{1 - \alpha/2} / \sqrt t\right)

    by the share :math:`t` of the information, so that the last look costs little. The boundary :math:`b_k` of
    each look solves

    .. math:: P(Z_1 < b_1, \dots, Z_{k-1} < b_{k-1}, Z_k \ge b_k) = \alpha(t_k) - \alpha(t_{k-1})

    for a Brownian motion :math:`\sqrt{t_k} Z_k` seen at :math:`t_k`, whose density below the boundaries is
    integrated from look to look. The guarantee is for these looks only: one more costs one more.

    Parameters
    ----------
    information
        Share of the planned information at each look, rising, above 0 and at most 1, ``(looks,)``.
    alpha
        One-sided error rate over all looks.

    Raises
    ------
    ValueError
        If the information does not rise within (0, 1], or alpha lies outside (0, 1).

    Examples
    --------
    >>> spending_boundaries([0.2, 0.4, 0.6, 0.8, 1.0], 0.025).round(3).tolist()
    [4.877, 3.357, 2.68, 2.29, 2.031]
    >>> spending_boundaries([1.0], 0.05).round(3).tolist()
    [1.645]

    References
    ----------
    Lan, DeMets (1983). Discrete sequential boundaries for clinical trials. Biometrika 70(3).
    Armitage, McPherson, Rowe (1969). Repeated significance tests on accumulating data. JRSS A 132(2).
    """
    where = "spending_boundaries"
    level = check_share(where, "alpha", alpha)
    found = [as_finite(share) for share in np.asarray(information, dtype=object).ravel()]
    if not found or any(share is None for share in found):
        raise ValueError(f"{where}: information must be a list of shares such as [.5, 1], got {told(information)}")
    shares = tuple(share for share in found if share is not None)
    if shares[0] <= 0 or shares[-1] > 1 or any(b <= a for a, b in pairwise(shares)):
        raise ValueError(f"{where}: information must rise, above 0 and at most 1, got {told(list(shares))}")
    return np.array(_boundaries(shares, level))


@lru_cache(maxsize=64)
def _boundaries(information: tuple[float, ...], alpha: float) -> tuple[float, ...]:
    times = np.array(information)
    spent = 2 * norm.sf(norm.isf(alpha / 2) / np.sqrt(times))
    granted = np.diff(spent, prepend=0.0)
    steps = np.diff(times, prepend=0.0)
    at, mass = np.zeros(1), np.ones(1)  # of the paths still below, where they are and how likely
    boundaries = []
    for k, (time, step) in enumerate(zip(times, steps, strict=True)):
        sd, width = np.sqrt(time), np.sqrt(step)
        limit = sd * _boundary(at, mass, sd, width, granted[k])
        boundaries.append(limit / sd)
        if k + 1 < times.size:
            nodes, weights = _panels(_LOWEST * sd, limit, min(width, np.sqrt(steps[k + 1])))
            kernel = np.exp(-0.5 * ((nodes[:, None] - at) / width) ** 2) / (width * np.sqrt(2 * np.pi))
            at, mass = nodes, kernel @ mass * weights
    return tuple(float(boundary) for boundary in boundaries)


def _boundary(at: np.ndarray, mass: np.ndarray, sd: float, width: float, granted: float) -> float:
    """The z value that paths which are still below pass with the granted probability."""

    def too_likely(z: float) -> float:
        passing = mass @ ndtr((at - z * sd) / width)
        return float(np.log(max(passing, _NOTHING)) - np.log(granted))

    if granted <= _NOTHING or too_likely(_NEVER) > 0:
        return _NEVER
    return float(brentq(too_likely, _LOWEST, _NEVER, xtol=1e-10))


def _panels(low: float, high: float, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss and Legendre on panels about as wide as the density's finest detail."""
    edges = np.linspace(low, high, int(np.ceil((high - low) / width)) + 1)
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    return (middle[:, None] + half[:, None] * _NODES).ravel(), (half[:, None] * _WEIGHTS).ravel()
