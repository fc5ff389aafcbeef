"""How far apart are two samples of a number? Without bins."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from coursekit.monitoring.distances._merging import merge
from coursekit.monitoring.distances._vectors import as_floats


def ks_statistic(x: ArrayLike, y: ArrayLike) -> float:
    r"""Kolmogorov-Smirnov statistic: the largest gap between two empirical distribution functions.

    It needs no bins and no unit: 0.2 says that somewhere on the axis, the shares of rows below
    differ by 20 percentage points. It is most sensitive in the middle of a distribution and
    blind to how far the mass has moved; that is what :func:`wasserstein` tells.

    .. math:: D = \sup_t |F_x(t) - F_y(t)| \in [0, 1]

    Parameters
    ----------
    x
        Numbers, shape (n,).
    y
        Numbers, shape (m,); n and m may differ.

    Raises
    ------
    ValueError
        If a sample is empty, not one-dimensional, not numeric (text, dates, complex numbers), or
        holds a missing, masked or infinite value.

    Examples
    --------
    >>> ks_statistic([1, 2, 3, 4], [3, 4, 5, 6])
    0.5

    References
    ----------
    Hodges (1958). The significance probability of the Smirnov two-sample test. Arkiv för Matematik.
    """
    a, b = _sorted("x", x), _sorted("y", y)
    return merge(a, b)[0] / (a.size * b.size)


def wasserstein(x: ArrayLike, y: ArrayLike) -> float:
    r"""Wasserstein-1 distance: how far a row has to move on average to turn one sample into the other.

    Measured in the feature's own unit (won, minutes), so it says whether a shift matters, and
    it grows with the shift where other distances have reached their maximum. For the same reason
    it cannot be compared between features.

    .. math:: W_1 = \int |F_x(t) - F_y(t)| \, dt

    Both samples are sorted once and merged: :math:`O(n \log n + m \log m)`.

    Parameters
    ----------
    x
        Numbers, shape (n,).
    y
        Numbers, shape (m,); n and m may differ.

    Raises
    ------
    ValueError
        As :func:`ks_statistic`.

    Examples
    --------
    >>> wasserstein([0, 1, 3], [5, 6, 8])
    5.0

    References
    ----------
    Vallender (1974). Calculation of the Wasserstein distance between probability distributions on
    the line. Theory of Probability and its Applications.
    """
    return merge(_sorted("x", x), _sorted("y", y))[1]


def _sorted(name: str, values: ArrayLike) -> np.ndarray:
    """A sorted copy, checked."""
    array = as_floats(name, values, keep_single=True)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a non-empty 1-D sample, got shape {array.shape}")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise ValueError(f"{name}[{bad[0]}] is {array[bad[0]]}; drop missing and infinite values, and count them apart")
    return np.sort(array)
