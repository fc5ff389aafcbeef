"""The number line of a quantizer: move one outlier by hand, and see every other value pay for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit._number_checks import told
from coursekit.explore._number_line_figure import FARTHEST, PLACES, number_line_figure
from coursekit.explore.controls import dropdown, slider
from coursekit.explore.interactive import InteractiveFigure, interactive_figure
from coursekit.modeling.optimization.quantizing import quantize
from coursekit.short_repr import ShortRepr

CALIBRATIONS = {
    "최솟값과 최댓값": "minmax",
    "백분위수 99.9%": "percentile",
    "평균제곱오차 최소": "mse",
    "쿨백-라이블러 발산 최소": "kl",
}
MOST_VALUES = 4_000


@dataclass(frozen=True, eq=False, repr=False)
class NumberLine(ShortRepr):
    """Values of one tensor, the grid they are given, and what each of them loses."""

    values: np.ndarray
    """The values, the outlier last, shape (n,)."""
    landed: np.ndarray
    """Where each of them lands, shape (n,)."""
    grid: np.ndarray
    """Every representable value, ascending, shape (2**bits,), or one less where the grid is symmetric."""
    clipped: np.ndarray
    """Which values lie beyond the grid by more than half a step, shape (n,)."""

    @property
    def error(self) -> np.ndarray:
        """What is added to each value, shape (n,)."""
        return self.landed - self.values

    @property
    def rounding(self) -> float:
        """Part of the mean squared error that comes from values inside the grid."""
        return float(np.sum(self.error[~self.clipped] ** 2) / len(self.values))

    @property
    def clipping(self) -> float:
        """Part of the mean squared error that comes from clipped values."""
        return float(np.sum(self.error[self.clipped] ** 2) / len(self.values))

    @property
    def mse(self) -> float:
        """Mean squared error: the sum of both parts."""
        return self.rounding + self.clipping

    @property
    def sqnr_db(self) -> float:
        """Power of the values over the mean squared error, in decibels; infinite without an error."""
        return _decibels(float(np.mean(self.values**2)), self.mse)

    @property
    def used(self) -> int:
        """How many of the representable values hold at least one value."""
        return len(np.unique(self.landed))


def number_line(
    bulk: ArrayLike, *, outlier: float, bits: int = 8, symmetric: bool = False, calibration: str = "minmax"
) -> NumberLine:
    r"""Quantize a tensor with one outlier, and part its error into rounding and clipping.

    A step that reaches the outlier is coarse for all others; a fine step cuts the outlier off. Which is worse
    cannot be said without both numbers, and calibration is nothing but this choice.

    .. math:: \mathrm{MSE} = \frac1n \sum_{\text{inside}} (\hat x - x)^2 + \frac1n \sum_{\text{clipped}} (\hat x - x)^2

    Parameters
    ----------
    bulk
        The ordinary values, of any shape, not all the same.
    outlier
        Where the outlier lies: standard deviations of the bulk above its mean.
    bits
        Bits a value.
    symmetric
        Whether the grid has as much room below zero as above.
    calibration
        How the range is chosen; see :func:`coursekit.modeling.optimization.quantizing.quantize`.

    Raises
    ------
    ValueError
        If the bulk holds fewer than 2 different finite values, or any that is not finite.

    Examples
    --------
    >>> bulk = np.random.default_rng(0).normal(size=1_000)
    >>> near, far = (number_line(bulk, outlier=at, bits=4) for at in (2, 20))
    >>> far.rounding > 10 * near.rounding, far.clipping
    (True, 0.0)
    """
    flat = _checked(bulk, "number_line: bulk")
    values = np.append(flat, flat.mean() + outlier * flat.std())
    tensor = quantize(values, bits=bits, symmetric=symmetric, calibration=calibration)
    scale, zero = float(np.asarray(tensor.scale).item()), float(np.asarray(tensor.zero_point).item())
    codes = np.arange(-(2 ** (bits - 1)) + bool(symmetric), 2 ** (bits - 1))
    grid = (codes - zero) * scale
    reach = scale * (0.5 + 1e-9)  # a value on the very edge is rounded, not clipped
    clipped = (values < grid[0] - reach) | (values > grid[-1] + reach)
    return NumberLine(values, np.asarray(tensor.dequantize(), dtype=float), grid, clipped)


def number_line_quantizer(
    tensors: Mapping[str, ArrayLike] | None = None, *, bits: int = 4, outlier: float = 6.0, seed: int = 0
) -> InteractiveFigure:
    """Move one outlier along the number line; watch the grid stretch, and who pays for it.

    One value that is far out sets the step of all others under the obvious rule, and that is how a single
    broken image in the calibration data ruins a quantized model. The remedy, to clip, costs the outlier. The
    picture shows both losses for four ways to choose the range, so that it can be seen when which is best.

    Parameters
    ----------
    tensors
        Name shown to the values, of any shape, for example the weights of a layer or its activations; more than
        4,000 are sampled down. None takes bell-shaped weights, and activations behind a ReLU.
    bits
        Bits at the start, from 2 to 8.
    outlier
        Where the outlier starts: from 0 to 20 standard deviations above the mean.
    seed
        Seed of the sampling, and of the values where none are given.

    Raises
    ------
    ValueError
        If a tensor holds fewer than 2 different values or one that is not finite, there is none, or bits or
        outlier lie outside their sliders.

    Examples
    --------
    >>> room = number_line_quantizer()
    >>> room.controls["outlier"].value = 20.0
    >>> "잘림 0.00" in room.view.figure.layout.title.text
    True
    """
    rng = np.random.default_rng(seed)
    if tensors is None:
        tensors = {
            "가중치 (종 모양)": rng.normal(scale=0.05, size=2_000),
            "활성값 (ReLU 뒤)": np.maximum(rng.normal(0.3, 1.0, size=2_000), 0),
        }
    if not isinstance(tensors, Mapping) or not tensors:
        raise ValueError(f"number_line_quantizer: tensors must name at least one array, got {told(tensors)}")
    bulks = {name: _checked(given, f"number_line_quantizer: tensors[{name!r}]") for name, given in tensors.items()}
    bulks = {name: b if len(b) <= MOST_VALUES else rng.choice(b, MOST_VALUES, False) for name, b in bulks.items()}

    @cache
    def line(tensor: str, outlier: float, bits: int, symmetric: bool, calibration: str) -> NumberLine:
        return number_line(bulks[tensor], outlier=outlier, bits=bits, symmetric=symmetric, calibration=calibration)

    def picture(tensor: str, outlier: float, bits: int, symmetric: bool, calibration: str) -> go.Figure:
        lines = {name: line(tensor, outlier, bits, symmetric, way) for name, way in CALIBRATIONS.items()}
        return number_line_figure(lines, next(name for name, way in CALIBRATIONS.items() if way == calibration))

    room = interactive_figure(
        picture,
        tensor=dropdown("값", list(bulks)),
        outlier=slider("이상값의 자리", 0.0, float(FARTHEST), value=float(outlier), step=0.25, unit="표준편차"),
        bits=slider("비트", 2, 8, value=bits),
        symmetric=dropdown("격자", {"비대칭": False, "대칭 (0이 한가운데)": True}),
        calibration=dropdown("범위를 정하는 법", CALIBRATIONS),
    )

    def put(points: list[dict[str, Any]]) -> None:
        for point in points:
            if point["name"] == PLACES:
                room.controls["outlier"].value = float(point["customdata"])

    room.view.on_click(put)
    return room


def _checked(given: ArrayLike, where: str) -> np.ndarray:
    try:
        flat = np.asarray(given, dtype=float).ravel()
    except (TypeError, ValueError):
        raise ValueError(f"{where} must hold numbers, got {told(given)}") from None
    if not np.isfinite(flat).all():
        raise ValueError(f"{where} holds {np.sum(~np.isfinite(flat))} values that are not finite; remove them first")
    if len(np.unique(flat)) < 2:
        raise ValueError(f"{where} must hold at least 2 different values, got {len(flat)} that are all the same")
    return flat


def _decibels(power: float, error: float) -> float:
    return float(10 * np.log10(power / error)) if error > 0 else float("inf")
