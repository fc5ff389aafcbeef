"""Does a predicted probability happen as often as it says?"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from coursekit.modeling.evaluation.intervals import Interval, bootstrap_interval, wilson_interval
from coursekit.short_repr import ShortRepr

_CLIP = 1e-6
_STRATEGIES = ("quantile", "uniform")


@dataclass(frozen=True, eq=False, repr=False)
class CalibrationCurve(ShortRepr):
    """How often events happened beside how often they were predicted, and what the difference costs."""

    predicted: np.ndarray
    """Mean predicted probability in each bin that is not empty, shape (bins,)."""
    observed: np.ndarray
    """Share of events in the same bins, shape (bins,)."""
    count: np.ndarray
    """Predictions in each bin, shape (bins,)."""
    slope: float
    """Logistic recalibration: 1 is right, below 1 too sure, above 1 too timid; NaN if it cannot be fitted."""
    intercept: float
    """Log odds by which the events are more frequent than predicted at probability one half."""
    brier: float
    """Mean squared difference of probability and outcome."""
    base_rate: float
    """Share of events."""

    @property
    def baseline_brier(self) -> float:
        """Brier score of always answering the share of events."""
        return self.base_rate * (1 - self.base_rate)

    @property
    def skill(self) -> float:
        """Share of the baseline's Brier score that is gone; 0 for the baseline, NaN if all outcomes are alike."""
        return 1 - self.brier / self.baseline_brier if self.baseline_brier else float("nan")

    @property
    def expected_calibration_error(self) -> float:
        """Distance of predicted and observed, averaged over predictions."""
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.count))

    @property
    def reliability(self) -> float:
        """Murphy's first term: squared distance of predicted and observed; 0 is calibrated."""
        return float(np.average((self.predicted - self.observed) ** 2, weights=self.count))

    @property
    def resolution(self) -> float:
        """Murphy's second term: how far the bins' shares lie from the base rate; more is better."""
        return float(np.average((self.observed - self.base_rate) ** 2, weights=self.count))

    @property
    def uncertainty(self) -> float:
        """Murphy's third term, the baseline's score; exact sum only where a bin holds a single probability."""
        return self.baseline_brier

    def to_frame(self) -> pd.DataFrame:
        """One row per bin: predicted, observed with the ends of its 95% interval, count."""
        ends = [wilson_interval(round(share * n), n) for share, n in zip(self.observed, self.count, strict=True)]
        return pd.DataFrame(
            {
                "predicted": self.predicted,
                "observed": self.observed,
                "low": [interval.low for interval in ends],
                "high": [interval.high for interval in ends],
                "count": self.count,
            }
        )

    def plot(self) -> go.Figure:
        """Reliability diagram above, how many predictions below; the diagonal is perfect calibration."""
        table = self.to_frame()
        figure = make_subplots(rows=2, shared_xaxes=True, row_heights=[0.78, 0.22], vertical_spacing=0.05)
        figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line_dash="dot", name="완벽한 보정", row=1, col=1)
        up, down = table["high"] - table["observed"], table["observed"] - table["low"]
        error = {"type": "data", "symmetric": False, "array": up, "arrayminus": down}
        place = {"x": table["predicted"], "mode": "lines+markers", "name": "모델"}
        figure.add_scatter(y=table["observed"], error_y=error, **place, row=1, col=1)
        figure.add_bar(x=table["predicted"], y=table["count"], width=0.02, showlegend=False, row=2, col=1)
        figure.update_yaxes(title="실제 비율", range=[-0.02, 1.02], row=1, col=1)
        figure.update_yaxes(title="건수", row=2, col=1)
        figure.update_xaxes(range=[-0.02, 1.02])
        figure.update_xaxes(title="예측 확률", row=2, col=1)
        figure.update_layout(title=f"예측 확률과 실제 비율 (보정 기울기 {self.slope:.2f})", height=480)
        return figure


def calibration(
    y_true: ArrayLike, y_prob: ArrayLike, *, n_bins: int = 10, strategy: str = "quantile"
) -> CalibrationCurve:
    r"""Compare predicted probabilities with what happened.

    A dispatcher reads "0.9" as nine doors in ten. A model can rank perfectly and still say .9 where the
    truth is .6; then every rule that multiplies its probability by a cost is wrong, and no AUC shows it.

    Slope :math:`b` and intercept :math:`a` are the maximum-likelihood fit of
    :math:`\operatorname{logit} P(y = 1) = a + b \operatorname{logit} p`, with :math:`p` clipped to
    :math:`[10^{-6}, 1 - 10^{-6}]`.

    Parameters
    ----------
    y_true
        Outcomes, 0 or 1 or booleans, shape (n,).
    y_prob
        Predicted probability of 1, shape (n,), each in [0, 1].
    n_bins
        Bins; empty ones are left out.
    strategy
        ``"quantile"`` for bins of equally many predictions, ``"uniform"`` for bins of equal width.

    Raises
    ------
    ValueError
        If shapes differ, nothing is given, an outcome is not 0 or 1, a probability lies outside [0, 1], or
        the strategy is unknown.

    Examples
    --------
    >>> curve = calibration([0, 1, 1, 1], [0.25, 0.75, 0.75, 0.75], n_bins=2, strategy="uniform")
    >>> curve.observed
    array([0., 1.])
    >>> curve.brier
    0.0625

    References
    ----------
    Cox (1958). Two further applications of a model for binary regression. Biometrika.
    Murphy (1973). A new vector partition of the probability score. Journal of Applied Meteorology.
    """
    y, p = _checked(y_true, y_prob)
    if strategy not in _STRATEGIES:
        raise ValueError(f"calibration: strategy must be one of {', '.join(_STRATEGIES)}, got {strategy!r}")
    if isinstance(n_bins, bool) or not isinstance(n_bins, Integral) or n_bins < 1:
        raise ValueError(f"calibration: n_bins must be a whole number of at least 1, got {n_bins!r}")
    inner = np.linspace(0, 1, n_bins + 1)[1:-1]
    edges = inner if strategy == "uniform" else np.unique(np.quantile(p, inner))
    bin_of = np.searchsorted(edges, p, side="right")
    count = np.bincount(bin_of, minlength=len(edges) + 1)
    filled = count > 0
    predicted, observed = (np.bincount(bin_of, v, len(edges) + 1)[filled] / count[filled] for v in (p, y))
    intercept, slope = _recalibrated(y, p)
    return CalibrationCurve(predicted, observed, count[filled], slope, intercept, _brier(y, p), float(y.mean()))


def brier_score(y_true: ArrayLike, y_prob: ArrayLike) -> float:
    r"""Mean squared difference between probabilities and outcomes.

    A proper score: nobody gains by saying anything but what they believe. It falls by itself where one
    outcome is rare, so put the score of the base rate beside it.

    .. math:: \frac{1}{n} \sum_i (p_i - y_i)^2

    Parameters
    ----------
    y_true
        Outcomes, 0 or 1 or booleans, shape (n,).
    y_prob
        Predicted probability of 1, shape (n,), each in [0, 1].

    Raises
    ------
    ValueError
        If shapes differ, nothing is given, an outcome is not 0 or 1, or a probability lies outside [0, 1].

    Examples
    --------
    >>> brier_score([1, 0], [0.5, 0.0])
    0.125

    References
    ----------
    Brier (1950). Verification of forecasts expressed in terms of probability. Monthly Weather Review.
    """
    return _brier(*_checked(y_true, y_prob))


def brier_difference(
    y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *, groups: ArrayLike | None = None, seed: int = 0
) -> Interval:
    """How much lower the second model's Brier score is than the first's, with its interval.

    Both models answer the same rows, and an evening on which every hospital is full is hard for both:
    the difference row by row is far surer than two intervals that overlap.

    Parameters
    ----------
    y_true
        Outcomes, shape (n,).
    first
        Probabilities of the model to beat, shape (n,).
    second
        Probabilities of the other one, shape (n,).
    groups
        Rows that belong together, such as days, shape (n,); None if each stands alone.
    seed
        Seed of the bootstrap.

    Raises
    ------
    ValueError
        If shapes differ or something is no outcome or no probability.

    Examples
    --------
    >>> difference = brier_difference([1, 0] * 50, [0.5] * 100, [0.9, 0.1] * 50)
    >>> round(difference.estimate, 2)
    0.24
    """
    y, p = _checked(y_true, first)
    _, q = _checked(y_true, second)
    gain = (p - y) ** 2 - (q - y) ** 2
    return bootstrap_interval(np.mean, gain, groups=groups, seed=seed)


def _checked(y_true: ArrayLike, y_prob: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    y, p = np.asarray(y_true), np.asarray(y_prob, dtype=float)
    if y.shape != p.shape or y.ndim != 1 or y.size == 0:
        raise ValueError(f"outcomes and probabilities must be equally long and not empty, got {y.shape} and {p.shape}")
    if not np.isin(y, (0, 1)).all():
        raise ValueError("outcomes must be 0 and 1 only; map your labels first, e.g. (y == 'accepted')")
    if not ((p >= 0) & (p <= 1)).all():  # NaN fails both
        raise ValueError("probabilities must lie in [0, 1]; pass predict_proba's column, not a score")
    return y.astype(float), p


def _brier(y: np.ndarray, p: np.ndarray) -> float:
    return float(np.mean((p - y) ** 2))


def _recalibrated(y: np.ndarray, p: np.ndarray) -> tuple[float, float]:
    """Intercept and slope by Newton's method; NaN where the likelihood has no maximum."""
    clipped = np.clip(p, _CLIP, 1 - _CLIP)
    x = np.log(clipped / (1 - clipped))
    if np.ptp(x) == 0 or np.ptp(y) == 0 or x[y == 1].min() >= x[y == 0].max() or x[y == 1].max() <= x[y == 0].min():
        return float("nan"), float("nan")
    design = np.column_stack([np.ones_like(x), x])
    beta = np.array([0.0, 1.0])

    def loss(at: np.ndarray) -> float:
        eta = design @ at
        return float(np.sum(np.logaddexp(0, eta) - y * eta))

    for _ in range(100):
        mean = 1 / (1 + np.exp(-np.clip(design @ beta, -500, 500)))
        slope = design.T @ (mean - y)
        step = np.linalg.lstsq(design.T @ (design * (mean * (1 - mean))[:, None]), slope, rcond=None)[0]
        scale = 1.0
        while loss(beta - scale * step) > loss(beta) and scale > 1e-10:
            scale /= 2
        beta = beta - scale * step
        if np.abs(scale * step).max() < 1e-10:
            break
    return float(beta[0]), float(beta[1])
