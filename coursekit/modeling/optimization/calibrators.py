"""Ways to choose the range that a quantizer cuts at, from values that pass by."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from coursekit._number_checks import as_finite, check_whole, told
from coursekit.modeling.optimization._clipping import divergences, grid_of, limits_of, search, smallest_error
from coursekit.modeling.optimization._histogram import HALF, percentile_of
from coursekit.modeling.optimization.ranges import Calibrator, Range, check_bits


class MinMaxCalibrator(Calibrator):
    """The range of everything that was seen, so that nothing is clipped.

    The default of every converter, and right for 8 bits and clean data. One corrupted sample stretches the range,
    and everybody else shares the few levels that are left: at 4 bits a model may fall from 85% to 28%.

    Examples
    --------
    >>> MinMaxCalibrator().update(np.append(np.ones(999), 100.0)).range()
    Range(low=0.0, high=100.0)
    """

    def _bounds(self, bits: int, *, symmetric: bool, narrow: bool) -> tuple[float, float]:
        return self._histogram.low, self._histogram.high

    def _bounds_of_groups(
        self, groups: np.ndarray, bits: int, *, symmetric: bool, narrow: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        return groups.min(axis=1), groups.max(axis=1)


class MovingAverageCalibrator(Calibrator):
    r"""The moving average of each batch's smallest and largest value.

    Common as a default because it forgets outliers. It also forgets what is rare but real: an average of maxima is
    smaller than the largest of them, so the tail of every activation is clipped, and a model loses one to two points
    that `MinMaxCalibrator` keeps. It is the one calibrator whose range depends on the order and size of batches.

    .. math:: h_1 = \max x_1, \qquad h_t = m h_{t-1} + (1 - m) \max x_t

    Parameters
    ----------
    momentum
        Weight of the past, at least 0 and below 1.

    Examples
    --------
    >>> batches = np.random.default_rng(0).normal(size=(100, 50))
    >>> everything, average = MinMaxCalibrator(), MovingAverageCalibrator()
    >>> for batch in batches:
    ...     _ = everything.update(batch), average.update(batch)
    >>> round(everything.range().high, 1), round(average.range().high, 1)
    (3.3, 2.2)
    """

    def __init__(self, momentum: float = 0.95) -> None:
        super().__init__()
        number = as_finite(momentum)
        if number is None or not 0 <= number < 1:
            raise ValueError(f"MovingAverageCalibrator: momentum must be at least 0 and below 1, got {told(momentum)}")
        self.momentum = number
        self._average: tuple[float, float] | None = None

    def _watch(self, values: np.ndarray) -> None:
        super()._watch(values)
        if not values.size:
            return
        low, high = float(values.min()), float(values.max())
        if self._average is not None:
            m = self.momentum
            low, high = m * self._average[0] + (1 - m) * low, m * self._average[1] + (1 - m) * high
        self._average = low, high

    def _bounds(self, bits: int, *, symmetric: bool, narrow: bool) -> tuple[float, float]:
        assert self._average is not None
        return self._average

    def _bounds_of_groups(
        self, groups: np.ndarray, bits: int, *, symmetric: bool, narrow: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        return groups.min(axis=1), groups.max(axis=1)  # the average of one batch


class PercentileCalibrator(Calibrator):
    r"""The range that holds all but a small share of the values.

    Robust: a few corrupted samples fall outside and cost nothing. It clips the same share whether that is noise or
    signal, which is why it is chosen with a look at the histogram.

    With :math:`p` percent kept, signed values lose :math:`(100 - p) / 2` percent at each end. Values of one sign,
    such as those behind a ReLU, lose the whole share at their far end. A symmetric range is the :math:`p`-th percentile
    of :math:`|x|`.

    Parameters
    ----------
    percentile
        Percent of the values that stay inside, above 0 and at most 100 (which is min-max).

    Examples
    --------
    >>> values = np.append(np.ones(9999), 100.0)
    >>> PercentileCalibrator(99.9).update(values).range().high < 1.01
    True
    """

    def __init__(self, percentile: float = 99.9) -> None:
        super().__init__()
        number = as_finite(percentile)
        if number is None or not 0 < number <= 100:
            raise ValueError(
                f"PercentileCalibrator: percentile must be above 0 and at most 100, such as 99.9, got "
                f"{told(percentile)}"
            )
        self.percentile = number

    def _bounds(self, bits: int, *, symmetric: bool, narrow: bool) -> tuple[float, float]:
        seen = self._histogram
        values, counts = seen.points()
        if symmetric:
            sizes, which = np.unique(np.abs(values), return_inverse=True)
            bound = percentile_of(sizes, np.bincount(which, counts).astype(np.int64), self.percentile)
            return -bound, bound if self.percentile < 100 else max(-seen.low, seen.high)
        below, above = self._ends(seen.low, seen.high)
        low = percentile_of(values, counts, float(below)) if below else seen.low
        high = percentile_of(values, counts, float(above)) if above < 100 else seen.high
        return low, high

    def _ends(self, low: ArrayLike, high: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Percentiles of the two ends, elementwise."""
        cut = 100 - self.percentile
        below = np.where(np.less(low, 0), np.where(np.greater(high, 0), cut / 2, cut), 0.0)
        return below, np.where(np.greater(high, 0), 100 - (cut - below), 100.0)

    def _bounds_of_groups(
        self, groups: np.ndarray, bits: int, *, symmetric: bool, narrow: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        if symmetric:
            bound = np.percentile(np.abs(groups), self.percentile, axis=1)
            return -bound, bound
        cut = 100 - self.percentile
        lows, highs = np.percentile(groups, [cut, 100 - cut], axis=1)
        both = np.percentile(groups, [cut / 2, 100 - cut / 2], axis=1)
        signed = (groups.min(axis=1) < 0) & (groups.max(axis=1) > 0)
        return np.where(signed, both[0], lows), np.where(signed, both[1], highs)


class MSECalibrator(Calibrator):
    r"""The range with the smallest squared error, rounding and clipping together.

    A narrower range has finer steps and clips more; this finds where the sum of both is least, for the very number of
    bits. It is the best choice for weights at 4 bits and fewer. Squared error is not accuracy: one value that is far
    enough out weighs more than everybody else, so an outlier among activations keeps its range wide.

    .. math:: \min_{l \le 0 \le h} \sum_i \bigl(x_i - \hat x_i(l, h)\bigr)^2

    Both ends are searched, each to about 1% of itself, down to 1/4096 of the widest range.

    Examples
    --------
    >>> x = np.random.default_rng(0).standard_t(3, size=10_000)
    >>> calibrator = MSECalibrator().update(x)
    >>> [round(calibrator.range(bits, symmetric=True).high) for bits in (2, 4, 8)]
    [2, 9, 42]

    References
    ----------
    Banner, Nahshan, Soudry (2019). Post training 4-bit quantization of convolutional networks for rapid-deployment.
    NeurIPS.
    """

    def _bounds(self, bits: int, *, symmetric: bool, narrow: bool) -> tuple[float, float]:
        values, counts = self._histogram.points()
        values[0], values[-1] = self._histogram.low, self._histogram.high
        low, high = smallest_error(values[None], counts[None], bits=bits, symmetric=symmetric, narrow=narrow)
        return float(low[0]), float(high[0])

    def _bounds_of_groups(
        self, groups: np.ndarray, bits: int, *, symmetric: bool, narrow: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        values = np.sort(groups, axis=1)
        return smallest_error(values, np.ones(values.shape), bits=bits, symmetric=symmetric, narrow=narrow)


class EntropyCalibrator(Calibrator):
    r"""The range after which the histogram of the quantized values resembles the original's most.

    TensorRT's calibration: what is lost is measured in information, where a value a hundred times too large counts as
    one value and not as ten thousand. It withstands outliers that ruin min-max and squared error.

    The histogram is the one of values other than exact zeros: behind a ReLU half of them are zero, cost nothing on any
    grid, and would drown the rest. For a range :math:`[l, h]` let :math:`B` be the bins whose middles lie less than
    half a step outside of its grid.

    - :math:`P` is the histogram on :math:`B`, with what lies outside added to the first and last bin of :math:`B`.
    - :math:`Q` is the histogram on :math:`B` without what lies outside; bins that round to the same level share their
      mass equally among those of them that are not empty. Normalized, then mixed with :math:`10^{-4}` of the uniform
      distribution on :math:`B`.

    .. math:: \min_{l \le 0 \le h} \sum_{b \in B} P(b) \log \frac{P(b)}{Q(b)}

    A range counts only if its steps are at least a bin wide and it has more than 32 bins: a few bins resemble
    anything. Where no range counts, as with 16 bits, the answer is min-max.

    With a few hundred values bins hold one value each, nothing is lost by merging them, and the answer is nearly
    min-max: it is a method for activations, not for channels of weights.

    Parameters
    ----------
    bins
        Bins from zero to the largest magnitude; at least half of them are in use. A power of two from 128 to 32,768.
        TensorRT has 2048; more of them leave some for everybody else when an outlier is a thousand times as large.

    Examples
    --------
    >>> x = np.abs(np.random.default_rng(0).normal(size=20_000))
    >>> x[0] = 100.0
    >>> EntropyCalibrator().update(x).range(bits=4).high < 5
    True

    References
    ----------
    Migacz (2017). 8-bit inference with TensorRT. GPU Technology Conference.
    """

    def __init__(self, bins: int = 8192) -> None:
        super().__init__()
        number = check_whole("EntropyCalibrator", "bins", bins, low=128, high=HALF)
        if number & (number - 1):
            raise ValueError(f"EntropyCalibrator: bins must be a power of two, such as 8192, got {number}")
        self.bins = number

    def divergence(self, bounds: Range, bits: int = 8, *, symmetric: bool = False) -> float:
        """Kullback-Leibler divergence in nats of one range; infinite if it does not count."""
        bits = check_bits("EntropyCalibrator.divergence", bits)
        return float(self._divergences([bounds.low], [bounds.high], bits, symmetric=symmetric, narrow=symmetric)[0])

    def histogram(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Numbers of the filled bins (bin 0 starts at zero), their counts without exact zeros, and the width."""
        bins, counts = self._histogram.filled()
        merged, at = np.unique(bins // (HALF // self.bins), return_inverse=True)
        return merged, np.bincount(at, counts, len(merged)), self.bin_width * (HALF // self.bins)

    def _divergences(
        self, lows: ArrayLike, highs: ArrayLike, bits: int, *, symmetric: bool, narrow: bool
    ) -> np.ndarray:
        scales, zeros = grid_of(np.asarray(lows), np.asarray(highs), bits=bits, symmetric=symmetric, narrow=narrow)
        bins, counts, width = self.histogram()
        if not len(bins):
            return np.zeros(scales.shape)
        return divergences(bins, counts, width, scales, zeros, *limits_of(bits, narrow))

    def _bounds(self, bits: int, *, symmetric: bool, narrow: bool) -> tuple[float, float]:
        def losses(lows: np.ndarray, highs: np.ndarray) -> np.ndarray:
            return self._divergences(lows[0], highs[0], bits, symmetric=symmetric, narrow=narrow)[None]

        widest = np.array([self._histogram.low]), np.array([self._histogram.high])
        low, high = search(losses, *widest, symmetric=symmetric)
        return float(low[0]), float(high[0])


CALIBRATIONS: dict[str, type[Calibrator]] = {
    "minmax": MinMaxCalibrator,
    "percentile": PercentileCalibrator,
    "mse": MSECalibrator,
    "kl": EntropyCalibrator,
}
"""The calibrators by the names that `quantize` knows."""
