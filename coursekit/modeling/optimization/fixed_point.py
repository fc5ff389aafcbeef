"""Multiplying by a real number with integers only: what a chip without floating point does after each layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

ROUNDINGS = ("reference", "builtin", "single")
"""Two roundings of which the second goes half away from zero, or half up; or one rounding, half up."""


def quantize_multiplier(real: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    r"""Write positive real multipliers as 31-bit integers and powers of two.

    A layer's sum of products has scale :math:`s_{in} s_w` and its output scale :math:`s_{out}`; between them
    stands a real number. It is known when the model is converted, so the device gets it as integers.

    .. math:: M \approx m \, 2^{e - 31}, \qquad 2^{30} \le m < 2^{31}

    Parameters
    ----------
    real
        Multipliers of at least 0, of any shape.

    Raises
    ------
    ValueError
        If a multiplier is negative or not finite.

    Examples
    --------
    >>> multiplier, shift = quantize_multiplier(0.3)
    >>> int(multiplier), int(shift)
    (1288490189, -1)
    >>> float(multiplier * 2.0 ** (shift - 31))
    0.30000000004656613

    References
    ----------
    Jacob et al. (2018). Quantization and training of neural networks, section 2.2. The rule for ties and for
    multipliers below 2**-31 is TensorFlow Lite's ``QuantizeMultiplier``.
    """
    real = np.asarray(real, float)
    if not np.isfinite(real).all() or (real < 0).any():
        raise ValueError(f"quantize_multiplier: multipliers must be finite and at least 0, got {real.tolist()!r:.80}")
    fraction, exponent = np.frexp(real)
    multiplier = np.floor(fraction * 2.0**31 + 0.5).astype(np.int64)  # exact: half away, of numbers of at least 0
    shift = exponent.astype(np.int64)
    full = multiplier == 2**31
    multiplier, shift = np.where(full, 2**30, multiplier), shift + full
    lost = shift < -31
    return np.where(lost, 0, multiplier), np.where(lost, 0, shift)


def multiply_by_quantized_multiplier(
    x: ArrayLike, multiplier: ArrayLike, shift: ArrayLike, *, rounding: str = "reference"
) -> np.ndarray:
    r"""Multiply int32 numbers by what `quantize_multiplier` gave, rounded as a runtime rounds.

    Where two runtimes differ in one answer of a thousand, it is here: how often is rounded, and which way a half
    goes. All the roundings are right, and none of them equals another.

    .. math:: y \approx x \, m \, 2^{e - 31}

    ``"reference"`` rounds the high half of the product (half up), then the right shift (half away from zero);
    ``"builtin"`` takes half up both times; ``"single"`` rounds the whole product once.

    Parameters
    ----------
    x
        Whole numbers in the range of int32.
    multiplier, shift
        Of `quantize_multiplier`; of a shape that broadcasts with x.
    rounding
        One of `ROUNDINGS`.

    Raises
    ------
    ValueError
        If there is no such rounding.

    Examples
    --------
    >>> multiplier, shift = quantize_multiplier(0.25)
    >>> for rounding in ROUNDINGS:
    ...     print(rounding, multiply_by_quantized_multiplier([-6, -2, 2, 6], multiplier, shift, rounding=rounding))
    reference [-2 -1  1  2]
    builtin [-1  0  1  2]
    single [-1  0  1  2]
    """
    if rounding not in ROUNDINGS:
        raise ValueError(
            f"multiply_by_quantized_multiplier: rounding must be one of {', '.join(ROUNDINGS)}, got {rounding!r}"
        )
    x, multiplier, shift = (np.asarray(value, np.int64) for value in (x, multiplier, shift))
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    if rounding == "single":
        places = 31 - shift
        return ((x * multiplier) + (np.int64(1) << (places - 1))) >> places
    high = saturating_rounding_doubling_high_mul(x << left, multiplier)
    if rounding == "builtin":
        return (high + ((np.int64(1) << right) >> 1)) >> right
    return rounding_divide_by_power_of_two(high, right)


def saturating_rounding_doubling_high_mul(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    r"""Give the high half of twice the product of two int32 numbers, rounded half up.

    One instruction of the ARM processors in phones (``SQRDMULH``), and so the step that int8 inference was built
    around. The one product that does not fit, of the smallest number with itself, saturates.

    .. math:: \lfloor a b / 2^{31} + 1/2 \rfloor

    Parameters
    ----------
    a, b
        Whole numbers in the range of int32.

    Examples
    --------
    >>> saturating_rounding_doubling_high_mul([1 << 30, -(1 << 30), -(1 << 31)], [3, 3, -(1 << 31)]).tolist()
    [2, -1, 2147483647]
    """
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    return np.minimum((product + (1 << 30)) >> 31, 2**31 - 1)


def rounding_divide_by_power_of_two(x: ArrayLike, exponent: ArrayLike) -> np.ndarray:
    r"""Divide whole numbers by a power of two, halves away from zero.

    A bare right shift rounds down, which makes every layer a little smaller than it should be; after ten layers
    the picture is darker than the one in training.

    Parameters
    ----------
    x
        Whole numbers in the range of int32.
    exponent
        At least 0.

    Examples
    --------
    >>> rounding_divide_by_power_of_two([-6, -5, 5, 6], 2).tolist()
    [-2, -1, 1, 2]
    """
    x, exponent = np.asarray(x, np.int64), np.asarray(exponent, np.int64)
    half = (np.int64(1) << exponent) >> 1
    return np.where(x < 0, -((-x + half) >> exponent), (x + half) >> exponent)
