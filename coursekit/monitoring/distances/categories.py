"""Do two samples share the frequencies of their categories? Chi-squared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from coursekit.monitoring.distances._frequencies import merge_rare, pearson, two_shares
from coursekit.monitoring.distances._vectors import as_floats
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, eq=False, repr=False)
class ChiSquared(ShortRepr):
    """The statistic, its p-value, and the cells they come from."""

    statistic: float
    """Sum over the cells of (observed - expected)^2 / expected."""
    dof: int
    """Degrees of freedom: cells less one."""
    p_value: float
    """P(a statistic at least as large) if both samples share their frequencies; 1 with one cell.

    With two cells of which one is expected to hold less than ``min_expected``, of Fisher's exact test.
    """
    counts_p: np.ndarray
    """Counts of the first sample in the cells that were used, shape (dof + 1,)."""
    counts_q: np.ndarray
    """Counts of the second sample in the same cells."""

    @property
    def smallest_expected(self) -> float:
        """The smallest expected count; below 5 the p-value is a rough guess."""
        n, m = self.counts_p.sum(), self.counts_q.sum()
        return float((self.counts_p + self.counts_q).min() * min(n, m) / (n + m))

    @property
    def residuals(self) -> np.ndarray:
        """Pearson residuals of the first sample's cells: where it has more (or less) than expected."""
        n, m = self.counts_p.sum(), self.counts_q.sum()
        expected = (self.counts_p + self.counts_q) * (n / (n + m))
        return (self.counts_p - expected) / np.sqrt(expected)

    def to_frame(self) -> pd.DataFrame:
        """One row per cell: both counts and the residual of the first."""
        return pd.DataFrame({"counts_p": self.counts_p, "counts_q": self.counts_q, "residual": self.residuals})

    def plot(self) -> go.Figure:
        """Residuals cell by cell."""
        title = f"범주별 잔차 (카이제곱 {self.statistic:.4g}, 자유도 {self.dof}, p = {self.p_value:.3g})"
        figure = go.Figure(layout={"title": title, "xaxis_title": "범주", "yaxis_title": "피어슨 잔차"})
        figure.update_xaxes(type="category")
        return figure.add_bar(x=[str(cell) for cell in range(len(self.residuals))], y=self.residuals)


def chi_squared(counts_p: ArrayLike, counts_q: ArrayLike, *, min_expected: float = 0.0) -> ChiSquared:
    r"""Two-sample chi-squared test: are the categories as frequent now as in the reference?

    A distance says how far, this says whether chance explains it: 12 of 100 against 8 of 100
    is nothing, 12% against 8% of a million is certain.

    With :math:`c_k, d_k` counts of samples of :math:`n` and :math:`m`,

    .. math:: \chi^2 = \sum_k \frac{(c_k \sqrt{m/n} - d_k \sqrt{n/m})^2}{c_k + d_k}

    on cells - 1 degrees of freedom, without Yates' correction. Cells empty in both samples are
    dropped. The distribution is an approximation for expected counts of about 5 or more
    (``smallest_expected`` of the result tells).

    Parameters
    ----------
    counts_p
        Rows of the first sample in each category, whole numbers, shape (k,).
    counts_q
        Rows of the second sample in the same categories, shape (k,).
    min_expected
        The two rarest cells are put together until each is expected to hold this much in either
        sample, or two are left, whose p-value is then Fisher's exact one; 0 keeps all apart. The
        p-value holds if the order of the cells does not depend on the samples (not: new ones last).

    Raises
    ------
    ValueError
        If lengths differ, a count is negative, missing or not whole (shares instead of counts), or
        a sample is empty.

    Examples
    --------
    >>> result = chi_squared([12, 88], [8, 92])
    >>> round(result.statistic, 3), result.dof, round(result.p_value, 3)
    (0.889, 1, 0.346)

    References
    ----------
    Cochran (1954). Some methods for strengthening the common chi-squared tests. Biometrics.
    """
    c, d = _counts("counts_p", counts_p), _counts("counts_q", counts_q)
    if c.size != d.size:
        raise ValueError(f"counts_p has {c.size} categories and counts_q has {d.size}; count both over the same ones")
    if not 0 <= min_expected < np.inf:
        raise ValueError(f"min_expected must be 0 or more and finite, got {min_expected!r}")
    filled = c + d > 0
    (c, d), expected, _ = merge_rare(c[filled], d[filled], min_expected)
    statistic, dof = pearson(c, d), c.size - 1
    if dof == 1 and expected.min() < min_expected:
        return ChiSquared(statistic, dof, two_shares(c, d), c, d)
    return ChiSquared(statistic, dof, float(chdtrc(dof, statistic)) if dof else 1.0, c, d)


def _counts(name: str, values: ArrayLike) -> np.ndarray:
    counts = as_floats(name, values)
    if counts.ndim != 1 or counts.size == 0 or not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise ValueError(f"{name} must be a non-empty vector of counts, none missing or below 0")
    if (counts != np.floor(counts)).any():
        raise ValueError(
            f"{name} holds parts of rows; pass counts, not shares: the p-value depends on how many there are"
        )
    if counts.sum() == 0:
        raise ValueError(f"{name} counts no row at all; there is nothing to compare")
    return counts
