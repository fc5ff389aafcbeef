"""Distances between probability vectors against exact values, scipy and the laws they obey."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, norm

from coursekit.monitoring.distances import (
    hellinger,
    jensen_shannon,
    kl_divergence,
    population_stability_index,
    smoothed,
    total_variation,
)

ALL = (kl_divergence, total_variation, hellinger, jensen_shannon, population_stability_index)
METRICS = (total_variation, hellinger, jensen_shannon)

weights = st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any)


@st.composite
def vectors(draw, *, count: int):
    size = draw(st.integers(1, 12))
    whole = st.lists(st.integers(0, 1000), min_size=size, max_size=size).filter(any)
    return [np.array(w) / sum(w) for w in (draw(whole) for _ in range(count))]


def _normal_bins(shift: float, width: float = 0.01) -> np.ndarray:
    edges = np.concatenate([[-np.inf], np.arange(-900, 901) * width, [np.inf]])
    upper = norm.sf(edges - shift)  # differences on the side where nothing cancels
    lower = norm.cdf(edges - shift)
    return np.where(edges[:-1] > shift, upper[:-1] - upper[1:], lower[1:] - lower[:-1])


@pytest.mark.parametrize(
    ("distance", "exact"),
    [
        (kl_divergence, 0.125),
        (population_stability_index, 0.25),
        (total_variation, 2 * norm.cdf(0.25) - 1),
        (hellinger, np.sqrt(1 - np.exp(-0.25 / 8))),
        (jensen_shannon, 0.1741),
    ],
)
def test_a_shifted_normal_has_its_known_distances(distance, exact):
    """The log ratio of the densities has slope 1/2, so it varies by (h/2)^2 / 12 = 2e-6 within a bin of
    width h = .01: merging points into bins costs at most that much KL, twice that much PSI, and by
    2 H^2 <= KL and JS^2 <= KL / 4 at most 1e-6 of the squares, 3e-6 of the roots near .17. Total variation
    loses nothing, the densities cross at an edge. The value of JS is known to 5e-5."""
    known_to = 5e-5 if distance is jensen_shannon else 5e-6
    assert distance(_normal_bins(0.5), _normal_bins(0.0)) == pytest.approx(exact, abs=known_to)


@given(vectors(count=2))
def test_scipy_agrees(pair):
    p, q = pair
    kl, back = entropy(p, q), entropy(q, p)
    assert kl_divergence(p, q) == pytest.approx(max(kl, 0), rel=1e-12, abs=1e-14)
    assert population_stability_index(p, q) == pytest.approx(kl + back, rel=1e-12, abs=1e-14)
    # the roots of two squares that differ by rounding (1e-16 times 12 bins) differ by less than 1e-7
    expected = np.nan_to_num(jensenshannon(p, q))
    assert jensen_shannon(p, q) == pytest.approx(expected, rel=1e-9, abs=1e-7)


@given(vectors(count=3))
def test_metrics_are_metrics(three):
    p, q, r = three
    for distance in METRICS:
        assert distance(p, q) == distance(q, p)
        assert distance(p, r) <= distance(p, q) + distance(q, r) + 1e-12


@given(vectors(count=2))
def test_zero_says_equal(pair):
    p, q = pair
    same = np.allclose(p, q, rtol=0, atol=1e-9)  # whole numbers up to 1000 in 12 bins: shares are equal or 1e-8 apart
    for distance in ALL:
        assert distance(p, p) == 0
        assert (distance(p, q) < 1e-15) == same


@given(vectors(count=2))
def test_no_distance_leaves_its_range(pair):
    p, q = pair
    assert 0 <= total_variation(p, q) <= 1
    assert 0 <= hellinger(p, q) <= 1
    assert 0 <= jensen_shannon(p, q) <= np.sqrt(np.log(2))
    assert hellinger(p, q) ** 2 <= total_variation(p, q) + 1e-12
    assert total_variation(p, q) <= np.sqrt(2) * hellinger(p, q) + 1e-12
    assert total_variation(p, q) ** 2 <= kl_divergence(p, q) / 2 + 1e-12  # Pinsker


@given(vectors(count=2), st.data())
def test_merging_bins_never_brings_distributions_apart(pair, data):
    p, q = pair
    assume(len(p) > 1)
    into = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(p), max_size=len(p))))
    coarse_p, coarse_q = (np.bincount(into, weights=v, minlength=4) for v in (p, q))
    for distance in ALL:
        assert distance(coarse_p, coarse_q) <= distance(p, q) * (1 + 1e-9) + 1e-7


def test_kl_knows_its_direction_and_its_zeros():
    assert kl_divergence([0.5, 0.5, 0.0], [0.25, 0.75, 0.0]) == pytest.approx(0.5 * np.log(2) + 0.5 * np.log(2 / 3))
    assert kl_divergence([0.5, 0.5], [1, 0]) == np.inf
    assert kl_divergence([1, 0], [0.5, 0.5]) == pytest.approx(np.log(2))
    assert population_stability_index([1, 0], [0.5, 0.5]) == np.inf


def test_disjoint_distributions_are_as_far_apart_as_can_be():
    assert [d([1, 0], [0, 1]) for d in METRICS] == [1, 1, np.sqrt(np.log(2))]


def test_the_smallest_numbers_do_no_harm():
    tiny = np.nextafter(0, 1)
    for distance in METRICS:
        assert 0 <= distance([tiny, 1.0], [0.0, 1.0]) < 1e-7


@pytest.mark.parametrize("distance", ALL)
@pytest.mark.parametrize(
    ("p", "q", "told"),
    [
        ([30, 70], [0.5, 0.5], r"p sums to 100, .* counts, divide"),
        ([0.5, 0.5], [0.4, 0.5], "q sums to 0.9"),
        ([0.5, 0.5], [0.2, 0.3, 0.5], "p has 2 bins and q has 3"),
        ([0.5, np.nan], [0.5, 0.5], r"p\[1\] is nan"),
        ([0.5, 0.5], [1.5, -0.5], r"q\[1\] is -0.5"),
        ([], [], "non-empty"),
        ([[0.5, 0.5]], [0.5, 0.5], "vector"),
    ],
)
def test_what_is_no_distribution_is_refused(distance, p, q, told):
    with pytest.raises(ValueError, match=told):
        distance(p, q)


def test_rounding_is_forgiven():
    rounded = [0.3333333, 0.3333333, 0.3333333]
    assert total_variation(rounded, np.full(3, 1 / 3)) == pytest.approx(0, abs=1e-15)


@given(weights, st.floats(0.01, 10))
def test_smoothing_makes_a_distribution_without_zeros(counts, pseudo_count):
    p = smoothed(counts, pseudo_count=pseudo_count)
    assert p.sum() == pytest.approx(1)
    assert (p > 0).all()
    assert smoothed(counts, pseudo_count=0) == pytest.approx(np.array(counts) / sum(counts))


@pytest.mark.parametrize(
    ("counts", "pseudo_count"), [([-1, 2], 0.5), ([np.nan], 0.5), ([], 0.5), ([1, 2], -1), ([0, 0], 0), ([1], np.inf)]
)
def test_smoothing_refuses_what_it_cannot_divide(counts, pseudo_count):
    with pytest.raises(ValueError):
        smoothed(counts, pseudo_count=pseudo_count)


def test_masked_counts_are_refused_and_enormous_ones_are_not():
    with pytest.raises(ValueError, match="finite"):
        smoothed(np.ma.array([1, 2], mask=[False, True]))
    assert smoothed([1e308, 1e308]).tolist() == [0.5, 0.5]
    assert smoothed([1, 2], pseudo_count=1e308).tolist() == [0.5, 0.5]
