"""How sure is a number that was measured on a sample?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from scipy.stats import norm

from coursekit.modeling.evaluation._figures import interval_figure
from coursekit.modeling.evaluation._resampling import check_confidence, group_codes


@dataclass(frozen=True)
class Interval:
    """A measured number with the range that its sample leaves open.

    A model that scores 0.91 on 200 queries may score 0.87 next week without anything
    having changed. A release decision compares intervals, not bare numbers.

    Examples
    --------
    >>> score = Interval(0.912, 0.901, 0.923, confidence=0.95)
    >>> print(score)
    0.912 [0.901, 0.923]
    >>> f"{score:.1%}"
    '91.2% [90.1%, 92.3%]'
    >>> 0.9 in score
    False
    """

    estimate: float
    """The number itself, measured on the whole sample."""
    low: float
    """Lower end."""
    high: float
    """Upper end."""
    confidence: float = 0.95
    """How often an interval made this way covers the truth."""

    def __str__(self) -> str:
        return format(self, ".3f")

    def __format__(self, spec: str) -> str:
        spec = spec or ".3f"
        return f"{self.estimate:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    @classmethod
    def from_replicates(
        cls,
        estimate: float,
        replicates: ArrayLike,
        *,
        left_out: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        confidence: float = 0.95,
    ) -> Interval:
        """Interval from bootstrap replicates: percentile, or BCa where the jackknife is given.

        Parameters
        ----------
        estimate
            The number on the whole sample.
        replicates
            The number on each bootstrap sample, shape (n_boot,).
        left_out
            The number without each row or group, shape (m,); None takes plain percentiles.
        weights
            How many rows or groups share each entry of left_out, shape (m,); None is one each.
        confidence
            Coverage aimed at, between 0 and 1.
        """
        values = np.asarray(replicates, dtype=float)
        levels = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
        if left_out is not None:
            levels = _bca_levels(levels, float(estimate), values, np.asarray(left_out, dtype=float), weights)
        low, high = np.quantile(values, levels)
        return cls(float(estimate), float(low), float(high), confidence)

    @property
    def width(self) -> float:
        """Distance between the two ends."""
        return self.high - self.low

    def to_frame(self) -> pd.DataFrame:
        """One row: estimate, low, high, confidence."""
        return pd.DataFrame([vars(self)])

    def plot(self) -> go.Figure:
        """Draw the number with its interval."""
        return interval_figure(["추정값"], [self], title="추정값과 신뢰구간", x_title="값")


def bootstrap_interval(
    statistic: Callable[..., float],
    *arrays: ArrayLike,
    groups: ArrayLike | None = None,
    n_boot: int = 1000,
    confidence: float = 0.95,
    method: Literal["percentile", "bca"] = "percentile",
    seed: int = 0,
) -> Interval:
    r"""Bootstrap interval of any statistic of one or several aligned arrays.

    Rows that belong together (paraphrases of one query, pictures of one part) carry less
    news than their number suggests. With ``groups`` whole groups are drawn, and the
    interval is as wide as the number of groups deserves.

    With :math:`\hat\theta^*_1, \dots, \hat\theta^*_B` computed on samples drawn with
    replacement, ``percentile`` takes the :math:`\alpha/2` and :math:`1-\alpha/2` quantiles
    of the replicates; ``bca`` moves both to :math:`\Phi\!\left(z_0 + \frac{z_0 + z_\alpha}
    {1 - a (z_0 + z_\alpha)}\right)`, which corrects for bias (:math:`z_0`) and skewness
    (:math:`a`, from the jackknife).

    Parameters
    ----------
    statistic
        Called with as many arrays as given, each a sample of the rows; returns a number.
    arrays
        One or more arrays with the same number of rows, shape (n, ...).
    groups
        Group of each row, shape (n,); None lets each row stand alone.
    n_boot
        Bootstrap samples.
    confidence
        Coverage aimed at, between 0 and 1.
    method
        ``"percentile"``, or ``"bca"``, which costs one more evaluation a row (or group).
    seed
        Seed of the drawing.

    Raises
    ------
    ValueError
        If the arrays are missing, empty or of different lengths, a group is missing, the
        method is unknown, or confidence or n_boot is out of range.

    Examples
    --------
    >>> heights = [1.62, 1.71, 1.68, 1.80, 1.75, 1.66, 1.73, 1.59]
    >>> print(bootstrap_interval(np.mean, heights))
    1.693 [1.650, 1.739]

    References
    ----------
    Efron, Tibshirani (1993). An Introduction to the Bootstrap. Chapman & Hall, chapter 14.
    """
    check_confidence(confidence)
    if method not in ("percentile", "bca"):
        raise ValueError(f"method must be 'percentile' or 'bca', got {method!r}")
    if n_boot < 1:
        raise ValueError(f"n_boot must be at least 1, got {n_boot}")
    data = [np.asarray(array) for array in arrays]
    lengths = [len(array) if array.ndim else 0 for array in data]
    if not data or len(set(lengths)) != 1 or lengths[0] == 0:
        raise ValueError(f"give one or more arrays of equal length with at least one row, got lengths {lengths}")
    codes = group_codes(groups, lengths[0])
    members = None if codes is None else np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    rng = np.random.default_rng(seed)

    def on_groups(chosen: np.ndarray) -> float:
        rows = chosen if members is None else np.concatenate([members[group] for group in chosen])
        return float(statistic(*(array[rows] for array in data)))

    estimate = float(statistic(*data))
    n_groups = lengths[0] if members is None else len(members)
    replicates = np.array([on_groups(rng.integers(n_groups, size=n_groups)) for _ in range(n_boot)])
    if method == "percentile":
        return Interval.from_replicates(estimate, replicates, confidence=confidence)
    if n_groups < 2:
        raise ValueError("method='bca' needs at least two rows (or groups) for its jackknife")
    everyone = np.arange(n_groups)
    left_out = np.array([on_groups(np.delete(everyone, group)) for group in everyone])
    return Interval.from_replicates(estimate, replicates, left_out=left_out, confidence=confidence)


def _bca_levels(
    levels: np.ndarray, estimate: float, replicates: np.ndarray, left_out: np.ndarray, weights: ArrayLike | None
) -> np.ndarray:
    """Levels at which BCa reads the quantiles of the replicates."""
    # ties within rounding are ties: a resampled fraction rarely repeats to the last bit
    slack = 1e-12 * max(1.0, abs(estimate))
    below = ((replicates < estimate - slack).mean() + (replicates <= estimate + slack).mean()) / 2
    times = np.ones(len(left_out)) if weights is None else np.asarray(weights, dtype=float)
    known = np.isfinite(left_out)  # without its only row a score may be undefined
    times, left_out = times[known], left_out[known]
    influence = np.average(left_out, weights=times) - left_out if known.any() else np.zeros(1)
    spread = np.sum(times * influence**2) ** 1.5 if known.any() else 0.0
    if spread == 0 or below in (0, 1):  # a constant statistic has nothing to correct
        return levels
    bias, skew = norm.ppf(below), np.sum(times * influence**3) / (6 * spread)
    shifted = bias + norm.ppf(levels)
    return norm.cdf(bias + shifted / (1 - skew * shifted))


def wilson_interval(successes: float, trials: float, *, confidence: float = 0.95) -> Interval:
    r"""Wilson score interval of a proportion.

    The textbook interval :math:`\hat p \pm z\sqrt{\hat p(1-\hat p)/n}` says "100% ± 0" after
    five lucky answers. Wilson's keeps its coverage for small samples and rare errors, the
    usual state of a slice.

    .. math:: \frac{\hat p + \frac{z^2}{2n} \pm z\sqrt{\frac{\hat p(1-\hat p)}{n} +
              \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}}

    Parameters
    ----------
    successes
        How often it happened, between 0 and trials.
    trials
        How often it could have happened, above 0; an effective size need not be whole.
    confidence
        Coverage aimed at, between 0 and 1.

    Raises
    ------
    ValueError
        If trials is not positive, successes lies outside [0, trials], or confidence
        outside (0, 1).

    Examples
    --------
    >>> print(wilson_interval(5, 5))
    1.000 [0.566, 1.000]

    References
    ----------
    Wilson (1927). Probable inference, the law of succession, and statistical inference. JASA.
    """
    check_confidence(confidence)
    if not trials > 0 or not 0 <= successes <= trials:
        raise ValueError(f"need 0 <= successes <= trials and trials > 0, got {successes!r} of {trials!r}")
    z = norm.ppf((1 + confidence) / 2)
    p = successes / trials
    middle = (p + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z * np.sqrt(p * (1 - p) / trials + z**2 / (4 * trials**2)) / (1 + z**2 / trials)
    # at p = 0 and 1 one end equals p exactly; rounding must not push it past
    return Interval(
        float(p), float(max(0.0, min(p, middle - half))), float(min(1.0, max(p, middle + half))), confidence
    )


def proportion_interval(correct: ArrayLike, *, groups: ArrayLike | None = None, confidence: float = 0.95) -> Interval:
    r"""Interval of a share of rows, honest about rows that belong together.

    A slice of 40 queries that are paraphrases of four sentences is a sample of about four.
    The Wilson interval is taken at the effective sample size.

    With :math:`s_g` successes among the :math:`n_g` rows of group :math:`g`, the variance of
    :math:`\hat p` is :math:`v = \frac{G}{G-1} \sum_g (s_g - \hat p\, n_g)^2 / n^2`, and the
    effective size is :math:`\hat p (1-\hat p) / v`, at most :math:`n`. Where
    :math:`\hat p` is 0 or 1 the data show no spread, and the number of groups is taken.

    Parameters
    ----------
    correct
        True or False (1 or 0) for each row, shape (n,).
    groups
        Group of each row, shape (n,); None lets each row stand alone.
    confidence
        Coverage aimed at, between 0 and 1.

    Raises
    ------
    ValueError
        If there are no rows, a value is not 0 or 1, a group is missing, or confidence lies
        outside (0, 1).

    Examples
    --------
    >>> print(proportion_interval([1, 1, 1, 1, 0, 0, 0, 0]))
    0.500 [0.215, 0.785]
    >>> print(proportion_interval([1, 1, 1, 1, 0, 0, 0, 0], groups=list("aabbccdd")))
    0.500 [0.125, 0.875]

    References
    ----------
    Korn, Graubard (1998). Confidence intervals for proportions with small expected number
    of positive counts estimated from survey data. Survey Methodology.
    """
    values: np.ndarray = np.asarray(correct)
    if values.ndim != 1 or values.size == 0 or not np.isin(values, (0, 1)).all():
        raise ValueError("correct must be a non-empty 1-D array of True and False (or 1 and 0)")
    codes = group_codes(groups, len(values))
    n = len(values)
    p = float(values.mean())
    if codes is None:
        return wilson_interval(p * n, n, confidence=confidence)
    sizes = np.bincount(codes)
    n_groups = len(sizes)
    effective = float(n_groups)
    if 0 < p < 1 and n_groups > 1:
        residuals = np.bincount(codes, weights=values) - p * sizes
        variance = n_groups / (n_groups - 1) * float(np.sum(residuals**2)) / n**2
        effective = min(p * (1 - p) / variance, n) if variance > 0 else float(n)
    return wilson_interval(p * effective, effective, confidence=confidence)
