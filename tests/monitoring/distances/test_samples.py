"""KS and Wasserstein against scipy, exact values and shifts."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp, kstwo, norm, wasserstein_distance

from coursekit.monitoring.distances import ks_statistic, wasserstein
from coursekit.monitoring.distances._merging import EXACT_CELLS, ks_p_value

with_ties = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=30)
without_ties = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)
samples = with_ties | without_ties


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")  # scipy's p-value at an effective size of 0
@settings(deadline=None)
@given(samples, samples)
def test_scipy_agrees(x, y):
    assert ks_statistic(x, y) == pytest.approx(ks_2samp(x, y, method="asymp").statistic, abs=1e-12)
    spread = np.ptp(np.concatenate([x, y]))
    # both add up to 60 products of shares and widths: rounding is below 60 epsilon times the spread
    assert wasserstein(x, y) == pytest.approx(wasserstein_distance(x, y), abs=60 * 2.3e-16 * spread)


@given(samples, samples)
def test_order_and_repetition_do_not_matter(x, y):
    assert ks_statistic(x, y) == ks_statistic(y, x) == ks_statistic(x[::-1], y)
    assert ks_statistic(np.repeat(x, 3), y) == pytest.approx(ks_statistic(x, y), abs=1e-12)
    assert wasserstein(np.repeat(x, 3), y) == pytest.approx(wasserstein(x, y), rel=1e-9, abs=1e-9)


@given(samples, st.integers(-100, 100))
def test_a_shift_is_as_far_as_it_says(x, shift):
    rounded = np.round(np.array(x) * 2) / 2  # sums of halves are exact
    assert wasserstein(rounded, rounded + shift) == pytest.approx(abs(shift), rel=1e-9)


@given(samples, samples, samples)
def test_both_obey_the_triangle_inequality(x, y, z):
    for distance in (ks_statistic, wasserstein):
        assert distance(x, z) <= (distance(x, y) + distance(y, z)) * (1 + 1e-9) + 1e-9


def test_single_precision_is_read_as_it_is():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=400).astype(np.float32), rng.normal(1, 2, size=300)
    single = y.astype(np.float32).astype(float)  # the wider sample counts as what it rounds to
    assert ks_statistic(x, y) == ks_2samp(x.astype(float), single).statistic
    assert wasserstein(x, y) == pytest.approx(wasserstein_distance(x.astype(float), single), rel=1e-12)
    assert wasserstein(x, y.astype(np.float32)) == pytest.approx(wasserstein_distance(x, y), rel=1e-5)


def test_a_shifted_normal_has_its_known_distances():
    """Each empirical distribution function is within sqrt(log(2 / a) / 2n) of the true one with probability
    1 - a (DKW). W1 is at least the difference of the means, sd sqrt(2 / n), and the shift plus both samples'
    own W1 at most, on average below the integral of sqrt(F (1 - F) / n) = 1.81 / sqrt(n)."""
    n, shift = 100_000, 0.5
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=n), rng.normal(shift, 1, size=n)
    assert ks_statistic(x, y) == pytest.approx(2 * norm.cdf(0.25) - 1, abs=2 * np.sqrt(np.log(2e6) / (2 * n)))
    assert wasserstein(x, y) == pytest.approx(shift, abs=2 * 1.81 / np.sqrt(n) + 5 * np.sqrt(2 / n))


def test_inputs_are_left_as_they_were():
    x, y = np.array([3.0, 1.0, 2.0]), [2, 1]
    ks_statistic(x, y)
    wasserstein(x, y)
    assert x.tolist() == [3, 1, 2]


@pytest.mark.parametrize("distance", [ks_statistic, wasserstein])
@pytest.mark.parametrize(
    ("x", "told"),
    [
        ([], "x must be a non-empty"),
        ([[1.0, 2.0]], "1-D"),
        ([1.0, np.nan], r"x\[1\] is nan"),
        ([np.inf], r"x\[0\] is inf"),
        (["a"], "x must hold numbers"),
        (["1"], "x must hold numbers"),
        ([1j], "x must hold numbers"),
        ([10**400], "x must hold numbers"),
        (np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]"), "x must hold numbers"),
        (np.ma.array([1.0, 1e9], mask=[False, True]), r"x\[1\] is nan"),
    ],
)
def test_what_is_no_sample_is_refused(distance, x, told):
    with pytest.raises(ValueError, match=told):
        distance(x, [1.0])


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 4), (3, 3), (4, 5), (5, 5), (6, 3)])
def test_the_p_value_counts_the_orders_of_two_small_samples(n, m):
    """Without ties only the order matters, and without drift all orders are equally likely."""
    gaps = []
    for places in combinations(range(n + m), n):
        x = np.array(places)
        y = np.setdiff1d(np.arange(n + m), x)
        gaps.append(round(ks_statistic(x, y) * n * m))
    for largest in set(gaps):
        assert ks_p_value(largest, n, m) == pytest.approx(np.mean(np.array(gaps) >= largest), rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(7, 30), (101, 60), (400, 333)])
@pytest.mark.parametrize("shift", [0.0, 0.2, 1.0])
def test_scipy_agrees_on_the_exact_p_value(n, m, shift):
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=n), rng.normal(shift, 1, size=m)
    largest = round(ks_statistic(x, y) * n * m)
    assert ks_p_value(largest, n, m) == pytest.approx(ks_2samp(x, y, method="exact").pvalue, rel=1e-9)


@pytest.mark.parametrize(("n", "m"), [(3000, 2000), (20_000, 10_000), (2, 600_000), (400_000, 600_000)])
@pytest.mark.parametrize("z", [0.0, 0.3, 0.5, 0.8, 1.2, 1.6, 2.0])
def test_the_p_value_of_large_samples_is_the_limit_law(n, m, z):
    """scipy's asymptotic p-value is the one-sample law at the effective size; Vrbik's correction is of third order,
    relative to p its error is below 1e-3 where p > 1e-3."""
    size = round(n * m / (n + m))
    largest = round(z / np.sqrt(size) * n * m)
    assert n * m > EXACT_CELLS
    expected = kstwo.sf(min(1, largest / (n * m)), size)
    assert ks_p_value(min(largest, n * m), n, m) == pytest.approx(expected, rel=1e-3, abs=1e-9)


def test_a_cast_is_no_distance():
    x = np.array([0.1, 0.2, 0.3, 0.7])
    assert (ks_statistic(x, x.astype(np.float32)), wasserstein(x.astype(np.float32), x)) == (0, 0)
    huge = np.array([1e300])  # no float32 holds it: compared as it is
    assert wasserstein(huge, np.zeros(1, np.float32)) == 1e300


@pytest.mark.parametrize("x", [[True, False], [Decimal("1.5"), 2], np.array([1, 2], dtype=np.uint8)])
def test_numbers_of_every_kind_are_numbers(x):
    assert ks_statistic(x, x) == 0
