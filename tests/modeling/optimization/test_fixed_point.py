"""Fixed-point multiplication against exact arithmetic with fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.modeling.optimization import multiply_by_quantized_multiplier, quantize_multiplier, round_half_away
from coursekit.modeling.optimization.fixed_point import (
    ROUNDINGS,
    rounding_divide_by_power_of_two,
    saturating_rounding_doubling_high_mul,
)

INT32 = st.integers(-(2**31), 2**31 - 1)
REALS = st.floats(2.0**-30, 1e3)


def half_up(x):
    return (2 * x.numerator + x.denominator) // (2 * x.denominator)


def half_away(x):
    return half_up(x) if x >= 0 else -half_up(-x)


@given(REALS)
def test_a_multiplier_is_its_real_to_31_bits(real):
    multiplier, shift = (int(number) for number in quantize_multiplier(real))
    assert 2**30 <= multiplier < 2**31
    # half a unit of 31 bits, of a number of at least a half
    assert abs(Fraction(multiplier) * Fraction(2) ** (shift - 31) / Fraction(real) - 1) <= Fraction(1, 2**31)


@pytest.mark.parametrize("real", [0.0, 2.0**-40, 1e-300])
def test_a_multiplier_too_small_for_31_shifts_is_zero(real):
    assert [int(number) for number in quantize_multiplier(real)] == [0, 0]


def test_a_multiplier_just_below_a_power_of_two_moves_up():
    multiplier, shift = quantize_multiplier(np.nextafter(1.0, 0.0))
    assert (int(multiplier), int(shift)) == (2**30, 1)


@pytest.mark.parametrize("real", [-0.1, np.nan, np.inf])
def test_a_multiplier_that_is_none_is_told(real):
    with pytest.raises(ValueError, match="finite and at least 0"):
        quantize_multiplier([0.5, real])


@given(INT32, INT32)
def test_the_high_half_is_half_up_and_saturates(a, b):
    wanted = min(half_up(Fraction(a * b, 2**31)), 2**31 - 1)
    assert int(saturating_rounding_doubling_high_mul(a, b)) == wanted


@given(INT32, st.integers(0, 31))
def test_a_right_shift_is_half_away(x, exponent):
    assert int(rounding_divide_by_power_of_two(x, exponent)) == half_away(Fraction(x, 2**exponent))


@given(st.integers(-(2**24), 2**24), st.floats(2.0**-20, 1.0))
def test_each_rounding_is_the_one_it_says(x, real):
    multiplier, shift = quantize_multiplier(real)
    m, right = int(multiplier), -int(shift)
    got = {
        rounding: int(multiply_by_quantized_multiplier(x, multiplier, shift, rounding=rounding))
        for rounding in ROUNDINGS
    }
    if right >= 0:
        high = half_up(Fraction(x * m, 2**31))
        assert got["reference"] == half_away(Fraction(high, 2**right))
        assert got["builtin"] == half_up(Fraction(high, 2**right))
    assert got["single"] == half_up(Fraction(x * m) * Fraction(2) ** (int(shift) - 31))
    # two roundings are off by half a unit, and a half of what the first one moved
    assert all(abs(number - Fraction(x) * Fraction(real)) <= 1 for number in got.values())


@given(st.integers(-1000, 1000), st.floats(1.0, 100.0))
def test_multipliers_above_one_shift_left_first(x, real):
    multiplier, shift = quantize_multiplier(real)
    for rounding in ROUNDINGS:
        got = int(multiply_by_quantized_multiplier(x, multiplier, shift, rounding=rounding))
        assert abs(got - x * real) <= 0.5 + 1e-4


def test_an_unknown_rounding_is_told():
    with pytest.raises(ValueError, match="reference, builtin, single"):
        multiply_by_quantized_multiplier(1, 2**30, 0, rounding="up")


@given(st.floats(-1e15, 1e15))
def test_halves_go_away_from_zero(x):
    assert int(round_half_away(x)) == half_away(Fraction(x))


def test_just_below_a_half_is_not_a_half():
    below = np.nextafter(0.5, 0)
    assert round_half_away([below, -below]).tolist() == [0.0, 0.0]
    assert round_half_away(np.float32([0.49999997, 2.5])).dtype == np.float32
