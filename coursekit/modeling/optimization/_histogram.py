"""What a calibrator remembers: counts in bins whose width is a power of two, in constant memory."""

from __future__ import annotations

import math

import numpy as np

HALF = 2**15
"""Bins on either side of zero; the largest value lies in the outer half of them."""
_LOG_HALF = 15
_SMALLEST = -1000
"""Below 2**-1000 widths would leave the numbers that float64 divides exactly."""


class Histogram:
    """Counts of signed values in 2 * HALF bins from -2**exponent to 2**exponent; exact zeros are counted apart.

    A bin's edges are whole multiples of a power of two, so doubling the width merges neighbours exactly, and the
    counts depend on the largest value that was seen and not on when it came.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(2 * HALF, np.int64)
        self.exponent: int | None = None
        self.zeros = 0
        self.seen = 0
        self.low = math.inf
        self.high = -math.inf

    @property
    def width(self) -> float:
        """Width of a bin, 0 while nothing but zeros was seen."""
        return 0.0 if self.exponent is None else math.ldexp(1.0, self.exponent - _LOG_HALF)

    def add(self, values: np.ndarray) -> None:
        """Count finite values of any shape."""
        values = values.ravel()
        if not values.size:
            return
        self.seen += values.size
        self.low = min(self.low, float(values.min()))
        self.high = max(self.high, float(values.max()))
        rest = values[values != 0]
        self.zeros += values.size - rest.size
        if not rest.size:
            return
        peak = max(-self.low, self.high)  # frexp gives the power of two right above it
        self._grow(max(math.frexp(peak)[1], _SMALLEST))
        places = np.floor(rest / self.width).astype(np.int64) + HALF
        self.counts += np.bincount(places, minlength=2 * HALF)

    def _grow(self, exponent: int) -> None:
        if self.exponent is not None and exponent > self.exponent:
            bins, counts = self.filled()
            merged = (bins >> min(exponent - self.exponent, 63)) + HALF
            self.counts = np.zeros(2 * HALF, np.int64)
            np.add.at(self.counts, merged, counts)
        if self.exponent is None or exponent > self.exponent:
            self.exponent = exponent

    def filled(self) -> tuple[np.ndarray, np.ndarray]:
        """Signed numbers of the bins that hold something, in order, and their counts; bin 0 starts at 0."""
        places = np.flatnonzero(self.counts)
        return places - HALF, self.counts[places]

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Values in order that stand for all that was seen (middles of bins, and zero) and how many each stands for."""
        bins, counts = self.filled()
        middles = np.clip((bins + 0.5) * self.width, self.low, self.high)
        if self.zeros:
            at = int(np.searchsorted(bins, 0))
            middles, counts = np.insert(middles, at, 0.0), np.insert(counts, at, self.zeros)
        return middles, counts


def percentile_of(values: np.ndarray, counts: np.ndarray, percentile: float) -> float:
    """Numpy's percentile of values that come in numbers; values ascend."""
    ends = np.cumsum(counts)
    rank = percentile / 100 * (ends[-1] - 1)
    below = math.floor(rank)
    left, right = values[np.searchsorted(ends, [below, min(below + 1, ends[-1] - 1)], side="right")]
    return float((1 - (rank - below)) * left + (rank - below) * right)
