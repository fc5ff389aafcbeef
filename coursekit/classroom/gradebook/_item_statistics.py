"""Numbers of an item analysis: groups with ties, intervals, alpha."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

GROUP = 0.27
"""Share of the students in the upper and in the lower group (Kelley, 1939)."""
_Z = 1.959963984540054  # 97.5% of the standard normal distribution
_EPS = 1e-9  # totals are sums of floats: these many apart are a tie


def group_weights(totals: ArrayLike) -> np.ndarray:
    """How much of each student is in the upper group: 1, 0, or a part where totals tie at its border."""
    values = np.asarray(totals, dtype=float)
    levels, level = _levels(values)
    weights = _weights_of_levels(np.bincount(level, minlength=len(levels))[None, :])[0]
    return weights[level]


def discrimination_interval(
    shares: np.ndarray, totals: np.ndarray, *, resamples: int, seed: int
) -> list[tuple[float, float]]:
    """For each column of shares the 95% interval of upper minus lower."""
    rng = np.random.default_rng(seed)
    n, items = shares.shape
    levels, level = _levels(totals)
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=resamples)  # how often each student is in a sample
    at_level = np.zeros((resamples, len(levels)))
    for number in range(len(levels)):
        at_level[:, number] = drawn[:, level == number].sum(axis=1)
    upper = drawn * _weights_of_levels(at_level)[:, level]
    lower = drawn * _weights_of_levels(at_level[:, ::-1])[:, ::-1][:, level]
    differences = upper @ shares / upper.sum(1, keepdims=True) - lower @ shares / lower.sum(1, keepdims=True)
    found = []
    for item in range(items):
        low, high = np.quantile(differences[:, item], [0.025, 0.975])
        newcombe = _newcombe(shares[:, item], group_weights(totals), group_weights(-totals))
        found.append((float(min(low, newcombe[0])), float(max(high, newcombe[1]))))
    return found


def mean_interval(mean: float, n: float) -> tuple[float, float]:
    """Wilson's interval; too wide for means of parts, since in [0, 1] nothing varies more than right and wrong."""
    centre = (mean + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * np.sqrt(mean * (1 - mean) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    # at 0 and 1 the formula is exact up to a rounding, which must not put the mean outside
    return max(0.0, float(min(centre - half, mean))), min(1.0, float(max(centre + half, mean)))


def rest_correlation(points: np.ndarray, totals: np.ndarray) -> float:
    """Correlation of an item with the total of the others."""
    rest = totals - points
    if np.ptp(points) < _EPS or np.ptp(rest) < _EPS:
        return float("nan")
    return float(np.corrcoef(points, rest)[0, 1])


def correlation_upper_end(correlation: float, n: int) -> float:
    """Upper end of Fisher's 95% interval; 1 where there is no correlation (nothing varies) or nobody to speak of."""
    if np.isnan(correlation) or n < 4 or abs(correlation) >= 1:
        return 1.0 if np.isnan(correlation) or n < 4 else float(correlation)
    return float(np.tanh(np.arctanh(correlation) + _Z / np.sqrt(n - 3)))


def alpha(points: np.ndarray) -> float:
    """Cronbach's alpha of students by items."""
    students, items = points.shape
    if items < 2 or students < 2:
        return float("nan")
    whole = points.sum(axis=1).var(ddof=1)
    if whole < _EPS:
        return float("nan")
    return float(items / (items - 1) * (1 - points.var(axis=0, ddof=1).sum() / whole))


def _levels(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct totals, ascending, and each student's place among them."""
    return np.unique(np.round(np.asarray(totals, dtype=float) / _EPS) * _EPS, return_inverse=True)


def _weights_of_levels(counts: np.ndarray) -> np.ndarray:
    """Per sample: the part of each level (ascending) that the upper group takes."""
    size = GROUP * counts.sum(axis=1, keepdims=True)
    above = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1] - counts  # students with a higher total
    with np.errstate(divide="ignore", invalid="ignore"):
        part = (size - above) / counts
    return np.where(counts > 0, np.clip(part, 0, 1), 0.0)


def _newcombe(shares: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> tuple[float, float]:
    ends = []
    for weights in (upper, lower):
        mean = float(weights @ shares / weights.sum())
        size = float(weights.sum() ** 2 / (weights @ weights))
        ends.append((mean, *mean_interval(mean, size)))
    (up, up_low, up_high), (down, down_low, down_high) = ends
    low = up - down - np.hypot(up - up_low, down_high - down)
    high = up - down + np.hypot(up_high - up, down - down_low)
    return max(-1.0, float(low)), min(1.0, float(high))
