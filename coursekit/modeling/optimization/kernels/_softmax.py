"""Softmax in int8: in fixed point with the reference kernels, from a table of 256 floats with the built-in ones."""

from __future__ import annotations

import numpy as np

from coursekit.modeling.optimization.fixed_point import (
    quantize_multiplier,
    rounding_divide_by_power_of_two,
    saturating_rounding_doubling_high_mul,
)
from coursekit.modeling.optimization.kernels._operator import Kernel, UnsupportedModelError

_DIFFERENCE_BITS = 5
"""Whole bits of a difference to the largest input: exp(-32) is 0 in int8."""
_SUM_BITS = 12
"""Whole bits of the sum of exponentials: up to 4,096 classes."""
_LARGEST = 2**31 - 1
_EXPONENTIALS = (
    (-2, 1672461947), (-1, 1302514674), (0, 790015084), (1, 290630308), (2, 39332535), (3, 720401), (4, 242),
)  # fmt: skip
"""exp(-2**power) with 31 fractional bits."""

_times = saturating_rounding_doubling_high_mul


class Softmax(Kernel):
    r"""Probabilities in steps of 1/256.

    .. math:: q = \operatorname{round}\Big(256 \, \frac{e^{s \beta (q_c - q_{max})}}
        {\sum_j e^{s \beta (q_j - q_{max})}}\Big) - 128
    """

    def prepare(self) -> None:
        (entry,) = self.varying
        if self.output.scale[0] != np.float32(1 / 256) or self.zero_point(self.output) != -128:
            raise UnsupportedModelError(f"{self.kind}: its output must have scale 1/256 and zero point -128")
        scale, beta = np.float32(entry.scale[0]), np.float32(self.option("beta"))
        # in float32, as the runtime fills its table: exp of 0, -1, ..., -255 steps
        self.table = np.exp((-scale * beta * np.arange(256, dtype=np.float32)).astype(float)).astype(np.float32)
        real = min(np.float64(beta) * np.float64(scale) * 2.0 ** (31 - _DIFFERENCE_BITS), float(_LARGEST))
        multiplier, shift = quantize_multiplier(real)
        self.multiplier, self.shift = int(multiplier), int(shift)
        self.least = -int(np.floor((2.0**_DIFFERENCE_BITS - 1) * 2.0 ** (31 - _DIFFERENCE_BITS) / 2.0**self.shift))

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        difference = arrays[0].astype(np.int64)
        difference = difference - difference.max(axis=-1, keepdims=True)
        return self._from_table(difference) if self.rounding == "builtin" else self._in_fixed_point(difference)

    def _from_table(self, difference: np.ndarray) -> np.ndarray:
        powers = self.table[-difference]
        total = np.add.accumulate(powers, axis=-1, dtype=np.float32)[..., -1:]  # one after the other, as C adds
        share = powers * (np.float32(1) / (total * np.float32(1 / 256)))
        return np.clip(np.floor(share + np.float32(0.5)).astype(np.int64) - 128, -128, 127).astype(np.int8)

    def _in_fixed_point(self, difference: np.ndarray) -> np.ndarray:
        counts = difference >= self.least
        scaled = _times(np.where(counts, difference, 0) << self.shift, self.multiplier)
        power = exp_on_negative_values(scaled)
        total = np.where(counts, rounding_divide_by_power_of_two(power, _SUM_BITS), 0).sum(axis=-1, keepdims=True)
        headroom = 32 - np.frexp(total.astype(float))[1].astype(np.int64)  # leading zeros in 32 bits
        one_less = (total << headroom) - 2**31
        reciprocal = one_over_one_plus_x(one_less)
        share = rounding_divide_by_power_of_two(_times(reciprocal, power), _SUM_BITS - headroom + 31 - 8)
        return np.where(counts, np.clip(share - 128, -128, 127), -128).astype(np.int8)


def exp_on_negative_values(a: np.ndarray) -> np.ndarray:
    """Exponential of fixed-point numbers of at most 0, with 31 fractional bits.

    A device without floating point has no ``exp``. A polynomial near 0 and a product of known powers do.

    Parameters
    ----------
    a
        At most 0, with 26 fractional bits.

    Examples
    --------
    >>> round(float(exp_on_negative_values(np.array(-(1 << 26))) / 2.0**31), 6)
    0.36788

    References
    ----------
    The polynomial and its constants are those of gemmlowp's ``exp_on_negative_values``.
    """
    quarter = 1 << 24
    rest = (a & (quarter - 1)) - quarter
    remaining = rest - a
    result = _exp_near_zero(rest << 5)
    for power, factor in _EXPONENTIALS:
        result = np.where(remaining & (1 << (26 + power)), _times(result, factor), result)
    return np.where(a == 0, _LARGEST, result)


def _exp_near_zero(a: np.ndarray) -> np.ndarray:
    """exp(a) for a from -1/4 to 0, both with 31 fractional bits: a Taylor series about -1/8."""
    x = a + (1 << 28)
    square = _times(x, x)
    cube, fourth = _times(square, x), _times(square, square)
    third = _times(rounding_divide_by_power_of_two(fourth, 2) + cube, 715827883)
    half = rounding_divide_by_power_of_two(third + square, 1)
    return 1895147668 + _times(1895147668, x + half)


def one_over_one_plus_x(x: np.ndarray) -> np.ndarray:
    """1 / (1 + x) for x from 0 to 1, both with 31 fractional bits.

    Division is the dearest instruction, where there is one at all; three steps of Newton's method need products.

    Parameters
    ----------
    x
        From 0 to 1, with 31 fractional bits.

    Examples
    --------
    >>> float(one_over_one_plus_x(np.array(1 << 30)) / 2.0**31)
    0.6666666...

    References
    ----------
    gemmlowp's ``one_over_one_plus_x_for_x_in_0_1``.
    """
    half_denominator = (x + _LARGEST + 1) >> 1
    guess = 1515870810 + _times(half_denominator, -1010580540)
    for _ in range(3):
        error = (1 << 29) - _times(half_denominator, guess)
        guess = guess + (_times(guess, error) << 2)
    return np.minimum(guess << 1, _LARGEST)
