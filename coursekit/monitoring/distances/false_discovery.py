"""Many features, many tests: which findings survive?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from coursekit.monitoring.distances._vectors import as_floats


def benjamini_hochberg(p_values: ArrayLike) -> np.ndarray:
    r"""q-values: calling everything with q <= f drifted, at most a share f of the calls is false on average.

    With 200 features tested every morning at p < .05, ten alarms ring on a day without any
    drift, and the team learns to ignore them. Controlling the share of false calls keeps an
    alarm worth reading.

    With p-values sorted ascending, :math:`q_{(i)} = \min_{j \ge i} \min(1, p_{(j)} \, k / j)`
    over the :math:`k` tests that were made. The promise holds for independent tests and for
    positively dependent ones.

    Parameters
    ----------
    p_values
        In [0, 1], shape (k,); NaN (or masked) where nothing was tested, which stays NaN and does not count.

    Raises
    ------
    ValueError
        If the array is not one-dimensional or a value lies outside [0, 1].

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.04,  nan, 0.04])

    References
    ----------
    Benjamini, Hochberg (1995). Controlling the false discovery rate. JRSS B.
    """
    p = as_floats("p_values", p_values)
    if p.ndim != 1:
        raise ValueError(f"p_values must be one-dimensional, got shape {p.shape}")
    tested = ~np.isnan(p)
    if not ((p[tested] >= 0) & (p[tested] <= 1)).all():
        raise ValueError("p_values must lie in [0, 1], or be NaN where nothing was tested")
    order = np.argsort(p[tested])[::-1]  # from the largest
    scaled = p[tested][order] * (order.size / np.arange(order.size, 0, -1))
    adjusted = np.empty(order.size)
    adjusted[order] = np.minimum(1, np.minimum.accumulate(scaled))
    q = np.full(p.size, np.nan)
    q[tested] = adjusted
    return q
