"""Calibrators: numpy's percentiles, scipy's entropy, brute force, and order that must not matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import entropy

from coursekit.modeling.optimization._histogram import HALF
from coursekit.modeling.optimization.calibrators import (
    CALIBRATIONS,
    EntropyCalibrator,
    MinMaxCalibrator,
    MovingAverageCalibrator,
    MSECalibrator,
    PercentileCalibrator,
)
from coursekit.modeling.optimization.quantizing import quantize
from coursekit.modeling.optimization.ranges import Range

SOLID = list(CALIBRATIONS.values())
numbers = st.one_of(st.floats(-1e3, 1e3, width=32), st.just(0.0), st.floats(-(2**-10), 2**-10, width=32))
batches = st.lists(arrays(np.float64, st.integers(1, 20), elements=numbers), min_size=1, max_size=8)


def _watched(calibrator, batches):
    for batch in batches:
        calibrator.update(batch)
    return calibrator


@given(batches, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_neither_order_nor_size_of_batches_matters(batches, random):
    shuffled = random.sample(batches, len(batches))
    for kind in SOLID:
        first = _watched(kind(), batches)
        for others in (shuffled, [np.concatenate(batches)], np.concatenate(batches)[:, None]):
            other = _watched(kind(), others)
            assert np.array_equal(first._histogram.counts, other._histogram.counts)
            assert (first.seen, first.bin_width) == (other.seen, other.bin_width)
            for symmetric in (False, True):  # to the bit, not to a bin
                assert first.range(4, symmetric=symmetric) == other.range(4, symmetric=symmetric)


@given(batches)
@settings(max_examples=100, deadline=None)
def test_the_histogram_grows_and_loses_nobody(batches):
    calibrator = _watched(MinMaxCalibrator(), batches)
    seen = np.concatenate(batches)
    histogram = calibrator._histogram
    assert histogram.counts.sum() + histogram.zeros == seen.size == calibrator.seen
    assert len(histogram.counts) == 2 * HALF
    width = calibrator.bin_width
    if width:
        # the largest lies in the outer half of the bins, on one side or the other
        assert HALF / 2 <= np.abs(seen).max() / width < HALF
        counted = np.bincount(np.floor(seen[seen != 0] / width).astype(int) + HALF, minlength=2 * HALF)
        assert np.array_equal(histogram.counts, counted)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("kind", SOLID)
def test_memory_does_not_grow(kind, symmetric):
    rng = np.random.default_rng(0)
    calibrator = kind()
    for power in range(-4, 5):
        calibrator.update(10.0**power * rng.normal(size=1000))
        assert sum(np.asarray(value).nbytes for value in vars(calibrator._histogram).values()) < 16 * HALF + 200
        bounds = calibrator.range(symmetric=symmetric)
        assert bounds.low <= 0 <= bounds.high
        assert not symmetric or bounds.low == -bounds.high


@given(batches, st.floats(1, 100))
@settings(max_examples=150, deadline=None)
def test_percentiles_are_numpys_to_a_bins_width(batches, percentile):
    calibrator = _watched(PercentileCalibrator(percentile), batches)
    seen, width = np.concatenate(batches), calibrator.bin_width
    bound = np.percentile(np.abs(seen), percentile)
    assert calibrator.range(symmetric=True).high == pytest.approx(bound, abs=width + 1e-12)
    cut = 100 - percentile
    signed = seen.min() < 0 < seen.max()
    low = np.percentile(seen, cut / 2 if signed else cut if seen.min() < 0 else 0)
    high = np.percentile(seen, 100 - cut / 2 if signed else 100 - cut if seen.max() > 0 else 100)
    found = calibrator.range()
    assert found.low == pytest.approx(min(low, 0), abs=width + 1e-12)
    assert found.high == pytest.approx(max(high, 0), abs=width + 1e-12)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("make", [np.abs, np.negative, lambda x: -np.abs(x)])
def test_a_whole_tensor_and_its_batches_give_one_percentile(make, symmetric):
    x = make(np.random.default_rng(0).standard_t(3, size=5_000))
    calibrator = _watched(PercentileCalibrator(99), np.split(x, 10))
    whole = quantize(x, calibration="percentile", symmetric=symmetric)
    assert whole.scale == quantize(x, calibration=PercentileCalibrator(99.9), symmetric=symmetric).scale
    exact = quantize(x, calibration=PercentileCalibrator(99), symmetric=symmetric).scale
    streamed = quantize(x, calibration=calibrator, symmetric=symmetric).scale
    assert streamed == pytest.approx(exact, abs=2 * calibrator.bin_width / 254)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_mse_from_batches_is_as_good_as_from_all_values(bits, symmetric):
    x = np.random.default_rng(bits).standard_t(3, size=20_000) + 0.5
    streamed = quantize(x, bits=bits, symmetric=symmetric, calibration=_watched(MSECalibrator(), np.split(x, 20)))
    whole = quantize(x, bits=bits, symmetric=symmetric, calibration="mse")
    # bins are a 60th of an 8-bit step: middles move the error by less than 1%, and the search by as much
    assert streamed.error().mse == pytest.approx(whole.error().mse, rel=0.02)


def _divergence(x, low, high, bits, symmetric, bins):
    """The definition, bin by bin on whole histograms, with scipy's entropy."""
    width = 2.0 ** (math.frexp(np.abs(x).max())[1]) / bins
    counts = np.bincount(np.floor(x[x != 0] / width).astype(int) + bins, minlength=2 * bins).astype(float)
    middles = (np.arange(-bins, bins) + 0.5) * width
    top = 2 ** (bits - 1) - 1
    bottom = -top if symmetric else -top - 1
    scale = max(-low, high) / top if symmetric else (high - low) / (top - bottom)
    zero = 0 if symmetric else math.floor(bottom - low / scale + 0.5)
    filled = np.flatnonzero(counts)
    inside = (middles >= (bottom - zero - 0.5) * scale) & (middles <= (top - zero + 0.5) * scale)
    inside[: filled[0]] = inside[filled[-1] + 1 :] = False
    places = np.flatnonzero(inside)
    p = counts[inside].copy()
    p[0] += counts[: places[0]].sum()
    p[-1] += counts[places[-1] + 1 :].sum()
    levels = np.clip(np.floor(middles[inside] / scale + 0.5), bottom - zero, top - zero)
    q = np.zeros(len(p))
    for level in np.unique(levels):
        full = (levels == level) & (counts[inside] > 0)
        if full.any():
            q[full] = counts[inside][full].sum() / full.sum()
    q = (1 - 1e-4) * q / q.sum() + 1e-4 / len(q)
    return entropy(p, q)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("bits", [2, 4, 6])
@pytest.mark.parametrize("relu", [False, True])
def test_divergences_are_scipys(bits, symmetric, relu):
    x = np.random.default_rng(bits).standard_t(4, size=20_000)
    x = np.maximum(x, 0) if relu else x
    calibrator = _watched(EntropyCalibrator(4096), np.split(x, 10))
    for share in (0.1, 0.13, 0.3, 0.77, 1.0):
        low, high = x.min() * share, x.max() * share
        low = -high if symmetric else low
        expected = _divergence(x, low, high, bits, symmetric, 4096)
        found = calibrator.divergence(Range(low, high), bits, symmetric=symmetric)
        assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("relu", [False, True])
def test_entropy_finds_the_smallest_divergence(relu, symmetric):
    x = np.random.default_rng(1).standard_t(4, size=20_000)
    x = np.maximum(x, 0) if relu else x
    calibrator = EntropyCalibrator(2048).update(x)
    found = calibrator.divergence(calibrator.range(4, symmetric=symmetric), 4, symmetric=symmetric)
    lows, highs = x.min() * np.linspace(0.02, 1, 50), x.max() * np.linspace(0.02, 1, 50)
    pairs = zip(-highs, highs, strict=True) if symmetric else ((low, high) for low in lows for high in highs)
    smallest = min(calibrator.divergence(Range(*pair), 4, symmetric=symmetric) for pair in pairs)
    # both grids have steps of about 1%, and an empty or filled bin at the edge moves the divergence by some percent
    assert found <= 1.1 * smallest


def test_entropy_does_not_see_a_relus_zeros():
    x = np.abs(np.random.default_rng(0).normal(size=10_000))
    alone, drowned = EntropyCalibrator().update(x), EntropyCalibrator().update(np.append(x, np.zeros(90_000)))
    assert alone.range(4) == drowned.range(4)
    assert PercentileCalibrator(99).update(x).range() != PercentileCalibrator(99).update(np.append(x, np.zeros(90_000)))


@pytest.mark.parametrize("bits", [8, 16])
def test_entropy_answers_min_max_where_nothing_counts(bits):
    few = EntropyCalibrator(128).update([-1.0, 0.5, 2.0])
    assert few.range(bits) == Range(-1.0, 2.0)
    assert EntropyCalibrator().update(np.zeros(5)).range(bits) == Range(0.0, 0.0)


def test_a_moving_average_of_maxima_is_smaller_than_their_largest():
    rng = np.random.default_rng(0)
    batches = rng.normal(size=(200, 50))
    everything, average = (_watched(kind(), batches) for kind in (MinMaxCalibrator, MovingAverageCalibrator))
    # the mean maximum of 50 normal values is 2.25 with deviation .47; of all 10,000 it is 3.9 with deviation .3
    assert average.range().high == pytest.approx(2.25, abs=0.3)
    assert everything.range().high == batches.max() > 3.4
    expected = batches[0].max()
    for batch in batches[1:]:
        expected = 0.95 * expected + 0.05 * batch.max()
    assert average.range().high == pytest.approx(expected, rel=1e-12)
    clipped = [quantize(batches, calibration=kind).error().clipped_share for kind in (everything, average)]
    assert clipped[0] == 0 and clipped[1] > 0.01
    assert _watched(MovingAverageCalibrator(), batches[::-1]).range() != average.range()
    fresh = quantize(batches, axis=0, calibration=MovingAverageCalibrator())
    assert np.array_equal(fresh.values, quantize(batches, axis=0).values)


@pytest.mark.parametrize("kind", [*SOLID, MovingAverageCalibrator])
def test_ranges_hold_zero_and_survive_constants_and_extremes(kind):
    for values, low, high in (([5.0, 5.0], 0, 5), ([-5.0], -5, 0), ([0.0, 0.0], 0, 0), ([1e-310], 0, 1e-310)):
        found = kind().update(values).range(8)
        assert (found.low, found.high) == (pytest.approx(low, rel=1e-3), pytest.approx(high, rel=1e-3))
    huge = kind().update([1e308, -1e308]).range()
    assert 0 < huge.high <= 1e308


def test_an_unseen_calibrator_says_so_and_empty_batches_are_nothing():
    calibrator = MinMaxCalibrator().update([])
    assert calibrator.seen == 0
    with pytest.raises(ValueError, match="nothing was seen yet"):
        calibrator.range()
    with pytest.raises(ValueError, match="bits must be a whole number of at least 2"):
        calibrator.range(1)


def test_a_bad_batch_is_refused_and_changes_nothing():
    calibrator = MinMaxCalibrator().update([1.0, 2.0])
    with pytest.raises(ValueError, match=r"MinMaxCalibrator.update: batch holds 2 of 3 .* first \(nan\) at index 0"):
        calibrator.update([np.nan, 5.0, -np.inf])
    assert (calibrator.seen, calibrator.range()) == (2, Range(0.0, 2.0))
    with pytest.raises(ValueError, match="real numbers"):
        calibrator.update(["x"])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: PercentileCalibrator(0), "percentile must be above 0"),
        (lambda: PercentileCalibrator(101), "percentile must be above 0"),
        (lambda: MovingAverageCalibrator(1.0), "momentum must be at least 0 and below 1"),
        (lambda: EntropyCalibrator(1000), "bins must be a power of two"),
        (lambda: EntropyCalibrator(64), "bins must be a whole number of at least 128"),
        (lambda: Range(2.0, 1.0), "low first"),
        (lambda: Range(0.0, np.nan), "finite"),
    ],
)
def test_wrong_settings_are_said(make, said):
    with pytest.raises(ValueError, match=said):
        make()
