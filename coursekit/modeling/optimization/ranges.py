"""The range that a quantizer covers, and what measures it while batches pass by."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from coursekit._number_checks import as_finite, check_whole, told
from coursekit.modeling.optimization._histogram import Histogram


@dataclass(frozen=True)
class Range:
    """What a quantizer covers; values outside are clipped."""

    low: float
    """Smallest value that is covered."""
    high: float
    """Largest value that is covered."""

    def __post_init__(self) -> None:
        low, high = as_finite(self.low), as_finite(self.high)
        if low is None or high is None or low > high:
            raise ValueError(
                f"Range: low and high must be finite numbers, low first, got {told(self.low)} and {told(self.high)}"
            )


class Calibrator(ABC):
    """Base of what watches batches of values and then says which range to quantize.

    Weights lie in a file, but activations only exist while the model runs, so their range is measured on examples
    that pass by. What is kept is a histogram of 65,536 bins (0.5 MB), however many batches come: bin widths are
    powers of two and double when a larger value comes, by merging neighbours exactly. The order of batches and
    their sizes do not change the histogram, and a range from it is exact to a bin's width, at most 1/16,384 of the
    largest magnitude.

    Ranges always hold zero, extended to it where they must be: padding and ReLU make exact zeros, which have to stay
    exact.

    Examples
    --------
    >>> from coursekit.modeling.optimization.calibrators import MinMaxCalibrator
    >>> calibrator = MinMaxCalibrator()
    >>> for batch in ([0.5, 2.0], [1.0, 6.0]):
    ...     _ = calibrator.update(batch)
    >>> calibrator.range(bits=8)
    Range(low=0.0, high=6.0)
    >>> calibrator.range(bits=8, symmetric=True)
    Range(low=-6.0, high=6.0)
    """

    def __init__(self) -> None:
        self._histogram = Histogram()

    def update(self, batch: ArrayLike) -> Self:
        """Watch one more batch, of any shape; ValueError where it holds NaN or infinity."""
        self._watch(finite_floats(batch, f"{type(self).__name__}.update: batch"))
        return self

    def range(self, bits: int = 8, *, symmetric: bool = False) -> Range:
        """Give the range to quantize to so many bits, 2 to 16; symmetric means equally far to both sides of zero."""
        where = f"{type(self).__name__}.range"
        bits = check_bits(where, bits)
        if not self.seen:
            raise ValueError(f"{where}: nothing was seen yet; show it examples with update(batch) first")
        low, high = self._bounds(bits, symmetric=symmetric, narrow=symmetric)
        low, high = min(low, 0.0), max(high, 0.0)
        bound = max(-low, high)
        return Range(-bound, bound) if symmetric else Range(low, high)

    @property
    def seen(self) -> int:
        """How many values were watched."""
        return self._histogram.seen

    @property
    def bin_width(self) -> float:
        """Width of the histogram's bins now; 0 while there were zeros only."""
        return self._histogram.width

    def _watch(self, values: np.ndarray) -> None:
        self._histogram.add(values)

    @abstractmethod
    def _bounds(self, bits: int, *, symmetric: bool, narrow: bool) -> tuple[float, float]:
        """Low and high of all that was seen."""

    def _bounds_of_groups(
        self, groups: np.ndarray, bits: int, *, symmetric: bool, narrow: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Lows and highs of the rows of an array, each by itself; what was seen before plays no part."""
        found = []
        for row in groups:
            fresh = copy.copy(self)
            fresh._histogram = Histogram()
            fresh._watch(row)
            found.append(fresh._bounds(bits, symmetric=symmetric, narrow=narrow))
        low, high = np.array(found).T
        return low, high


def check_bits(where: str, bits: object) -> int:
    """Give the number of bits; raise unless it is a whole number from 2 to 16.

    One bit has no grid with a zero between two signs; above 16 the error is that of float32 itself.

    Parameters
    ----------
    where
        Who asks, for the message.
    bits
        What was passed.

    Examples
    --------
    >>> check_bits("here", 4)
    4
    """
    return check_whole(where, "bits", bits, low=2, high=16)


def finite_floats(x: ArrayLike, where: str) -> np.ndarray:
    """Give numbers as a new float64 array; raise unless all are finite.

    One NaN makes a range NaN and everything that is quantized with it zero, and no later step says so.

    Parameters
    ----------
    x
        Floats or whole numbers of any shape.
    where
        Who asks and what for, for the message.

    Raises
    ------
    ValueError
        If they are no numbers, or some are NaN or infinite; it says how many and where the first is.

    Examples
    --------
    >>> finite_floats([1, 2], "here: x")
    array([1., 2.])
    """
    x = np.asarray(x)
    if x.dtype.kind not in "fiu":
        raise ValueError(f"{where} must hold real numbers, got {x.dtype}")
    with np.errstate(over="ignore"):
        floats = np.array(x, dtype=np.float64)
    good = np.isfinite(floats)
    if not good.all():
        first = tuple(int(i) for i in np.unravel_index(int(np.argmin(good)), floats.shape))
        raise ValueError(
            f"{where} holds {np.count_nonzero(~good):,} of {floats.size:,} values that are NaN or infinite, the first "
            f"({floats[first]}) at index {first if len(first) != 1 else first[0]}; a range measured on them means "
            "nothing"
        )
    return floats
