"""How far apart are two histograms? Distances between probability vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import rel_entr

from coursekit.monitoring.distances._vectors import as_floats

_SUMMABLE = 1e290
"""Counts up to this can be added up without becoming infinite."""


def kl_divergence(p: ArrayLike, q: ArrayLike) -> float:
    r"""Kullback-Leibler divergence KL(p || q) in nats: what it costs to believe q while p holds.

    A model trained on q keeps paying this price in log-loss once the world is p. It is not
    symmetric: give the data of now as ``p`` and the reference as ``q``, and anything that never
    occurred before makes it infinite.

    .. math:: \mathrm{KL}(p \| q) = \sum_k p_k \ln \frac{p_k}{q_k}

    with :math:`0 \ln 0 = 0`, and :math:`\infty` where :math:`q_k = 0 < p_k`; ``smoothed`` makes
    vectors without zeros from counts.

    Parameters
    ----------
    p
        Probabilities of now, shape (k,); they sum to 1 within 1e-6, and that rest is divided out.
    q
        Probabilities of the reference, shape (k,).

    Raises
    ------
    ValueError
        If the vectors differ in length, are empty, negative or not finite, or do not sum to 1.

    Examples
    --------
    >>> round(kl_divergence([0.5, 0.5], [0.25, 0.75]), 4)
    0.1438
    >>> kl_divergence([0.5, 0.5], [1.0, 0.0]), round(kl_divergence([1.0, 0.0], [0.5, 0.5]), 4)
    (inf, 0.6931)

    References
    ----------
    Kullback, Leibler (1951). On information and sufficiency. Annals of Mathematical Statistics.
    """
    return _kl(*_probabilities(p, q))


def total_variation(p: ArrayLike, q: ArrayLike) -> float:
    r"""Total variation distance: the share of the mass that must move to turn p into q.

    The distance to explain to a colleague: at 0.07, seven of a hundred requests land in another
    bin than they used to. No event differs in probability by more than this.

    .. math:: \mathrm{TV}(p, q) = \tfrac{1}{2} \sum_k |p_k - q_k| \in [0, 1]

    Parameters
    ----------
    p
        Probabilities, shape (k,), summing to 1.
    q
        Probabilities, shape (k,).

    Raises
    ------
    ValueError
        As :func:`kl_divergence`.

    Examples
    --------
    >>> total_variation([0.5, 0.5], [0.25, 0.75])
    0.25

    References
    ----------
    Levin, Peres (2017). Markov Chains and Mixing Times, chapter 4. AMS.
    """
    return _tv(*_probabilities(p, q))


def hellinger(p: ArrayLike, q: ArrayLike) -> float:
    r"""Hellinger distance: a metric in [0, 1] that takes zeros in its stride.

    Between rare and common it weighs more evenly than total variation, which hardly sees a
    category going from 0.1% to 1%, and unlike KL it never becomes infinite.

    .. math:: H(p, q) = \sqrt{\tfrac{1}{2} \sum_k (\sqrt{p_k} - \sqrt{q_k})^2}, \qquad
              H^2 \le \mathrm{TV} \le \sqrt{2} H

    Parameters
    ----------
    p
        Probabilities, shape (k,), summing to 1.
    q
        Probabilities, shape (k,).

    Raises
    ------
    ValueError
        As :func:`kl_divergence`.

    Examples
    --------
    >>> round(hellinger([0.5, 0.5], [0.25, 0.75]), 4), hellinger([1, 0], [0, 1])
    (0.1846, 1.0)

    References
    ----------
    Gibbs, Su (2002). On choosing and bounding probability metrics. International Statistical Review.
    """
    return _hellinger(*_probabilities(p, q))


def jensen_shannon(p: ArrayLike, q: ArrayLike) -> float:
    r"""Jensen-Shannon distance: the root of the divergence (nats), a symmetric, finite form of KL.

    The default of most drift monitors: a metric, at most :math:`\sqrt{\ln 2} = 0.833`, whatever
    the zeros. Papers and packages also call the square "JS" or count in bits; compare
    numbers only after checking which.

    .. math:: \mathrm{JS}(p, q) = \sqrt{\tfrac{1}{2} \mathrm{KL}(p \| m) + \tfrac{1}{2}
              \mathrm{KL}(q \| m)}, \qquad m = \tfrac{1}{2}(p + q)

    Parameters
    ----------
    p
        Probabilities, shape (k,), summing to 1.
    q
        Probabilities, shape (k,).

    Raises
    ------
    ValueError
        As :func:`kl_divergence`.

    Examples
    --------
    >>> round(jensen_shannon([0.5, 0.5], [0.25, 0.75]), 4), round(jensen_shannon([1, 0], [0, 1]), 4)
    (0.1839, 0.8326)

    References
    ----------
    Endres, Schindelin (2003). A new metric for probability distributions. IEEE Transactions on
    Information Theory.
    """
    return _js(*_probabilities(p, q))


def population_stability_index(p: ArrayLike, q: ArrayLike) -> float:
    r"""Population stability index (PSI): the sum of both KL divergences, as banks report it.

    The customary reading (below .1 stable, above .25 act) ignores how many rows there are.
    Without any drift, B bins and samples of n and m rows give about
    :math:`\left(\tfrac{1}{n} + \tfrac{1}{m}\right) \chi^2_{B-1}`: with 10 bins and 100 rows
    each, .18 on average, and a false "watch" most of the time. ``Reference.compare``
    gives a p-value beside it.

    .. math:: \mathrm{PSI}(p, q) = \sum_k (p_k - q_k) \ln \frac{p_k}{q_k}
              = \mathrm{KL}(p \| q) + \mathrm{KL}(q \| p)

    Infinite where exactly one of :math:`p_k, q_k` is 0; ``smoothed`` makes vectors without
    zeros from counts.

    Parameters
    ----------
    p
        Probabilities, shape (k,), summing to 1.
    q
        Probabilities, shape (k,).

    Raises
    ------
    ValueError
        As :func:`kl_divergence`.

    Examples
    --------
    >>> round(population_stability_index([0.5, 0.5], [0.25, 0.75]), 4)
    0.2747

    References
    ----------
    Yurdakul (2018). Statistical properties of population stability index. Western Michigan
    University.
    """
    return _psi(*_probabilities(p, q))


def smoothed(counts: ArrayLike, *, pseudo_count: float = 0.5) -> np.ndarray:
    r"""Probabilities from counts, with a pseudo-count in each bin so that none is zero.

    One empty bin makes KL and PSI infinite, and the usual repair, replacing 0 by 0.0001, makes
    the distance depend on that invented number. A pseudo-count shrinks with the data: the more
    rows, the less it says.

    .. math:: p_k = \frac{c_k + a}{\sum_j c_j + a B}

    with :math:`a = 1/2` (Jeffreys) over :math:`B` bins.

    Parameters
    ----------
    counts
        Rows in each bin, shape (B,).
    pseudo_count
        Added to each count, 0 or more.

    Raises
    ------
    ValueError
        If counts are missing, negative or not finite, or there is nothing to divide by.

    Examples
    --------
    >>> smoothed([9, 0])
    array([0.95, 0.05])

    References
    ----------
    Jeffreys (1946). An invariant form for the prior probability in estimation problems. Proceedings of the
    Royal Society A.
    """
    c = as_floats("counts", counts)
    if c.ndim != 1 or c.size == 0 or not (np.isfinite(c).all() and (c >= 0).all()):
        raise ValueError(f"counts must be a non-empty 1-D array of finite numbers, none below 0; got shape {c.shape}")
    _check_pseudo_count(pseudo_count)
    largest = max(float(c.max()), pseudo_count)
    if largest == 0:
        raise ValueError("all counts are 0 and so is pseudo_count: there is no distribution to speak of")
    if largest > _SUMMABLE:  # the sum might be infinite; shares have no unit
        c, pseudo_count = c / largest, pseudo_count / largest
    total = c.sum() + pseudo_count * c.size
    return (c + pseudo_count) / total


def _check_pseudo_count(pseudo_count: float) -> None:
    """Raise unless it is a number of 0 or more."""
    if not 0 <= pseudo_count < np.inf:
        raise ValueError(f"pseudo_count must be 0 or more and finite, got {pseudo_count!r}")


def _probabilities(p: ArrayLike, q: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Both as float vectors that sum to exactly 1."""
    vectors = []
    for name, given in (("p", p), ("q", q)):
        vector = as_floats(name, given)
        if vector.ndim != 1 or vector.size == 0:
            raise ValueError(f"{name} must be a non-empty vector of probabilities, got shape {vector.shape}")
        bad = np.flatnonzero(~(np.isfinite(vector) & (vector >= 0)))
        if bad.size:
            raise ValueError(f"{name}[{bad[0]}] is {vector[bad[0]]}; probabilities are finite and not below 0")
        total = vector.sum()
        if abs(total - 1) > 1e-6:
            raise ValueError(
                f"{name} sums to {total:g}, not to 1; if these are counts, divide them by their sum "
                f"or pass smoothed({name})"
            )
        vectors.append(vector / total)
    if vectors[0].size != vectors[1].size:
        raise ValueError(
            f"p has {vectors[0].size} bins and q has {vectors[1].size}; count both samples in the same bins"
        )
    return vectors[0], vectors[1]


# The same on vectors known to be probabilities, for the many features of one comparison.


def _kl(p: np.ndarray, q: np.ndarray) -> float:
    return max(0.0, float(rel_entr(p, q).sum()))  # rounding may leave a little below 0


def _tv(p: np.ndarray, q: np.ndarray) -> float:
    return min(1.0, 0.5 * float(np.abs(p - q).sum()))


def _hellinger(p: np.ndarray, q: np.ndarray) -> float:
    return min(1.0, float(np.sqrt(0.5 * np.square(np.sqrt(p) - np.sqrt(q)).sum())))


def _js(p: np.ndarray, q: np.ndarray) -> float:
    middle = 0.5 * (p + q)
    there = middle > 0  # the half of the smallest float is 0
    p, q, middle = p[there], q[there], middle[there]
    divergence = 0.5 * float(rel_entr(p, middle).sum() + rel_entr(q, middle).sum())
    return float(np.sqrt(min(max(0.0, divergence), np.log(2))))


def _psi(p: np.ndarray, q: np.ndarray) -> float:
    return max(0.0, float(rel_entr(p, q).sum() + rel_entr(q, p).sum()))
