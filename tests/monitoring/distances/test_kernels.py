"""MMD against its definition, and its p-value against chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist

from coursekit.monitoring.distances import kernels, maximum_mean_discrepancy

rows = st.integers(2, 12)
numbers = st.floats(-5, 5)


def _definition(x: np.ndarray, y: np.ndarray, h: float) -> float:
    def mean(a, b, *, apart):
        k = [
            np.exp(-np.sum((a[i] - b[j]) ** 2) / (2 * h * h))
            for i in range(len(a))
            for j in range(len(b))
            if not (apart and i == j)
        ]
        return np.mean(k)

    return mean(x, x, apart=True) + mean(y, y, apart=True) - 2 * mean(x, y, apart=False)


@settings(max_examples=30, deadline=None)
@given(rows, rows, st.integers(1, 3), st.floats(0.2, 5), st.data())
def test_it_is_what_the_formula_says(n, m, d, h, data):
    x = data.draw(arrays(float, (n, d), elements=numbers))
    y = data.draw(arrays(float, (m, d), elements=numbers))
    result = maximum_mean_discrepancy(x, y, bandwidth=h, n_permutations=1)
    assert result.value == pytest.approx(_definition(x, y, h), abs=1e-10)


def test_blocks_do_not_change_the_answer(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.normal(0.5, 1, size=(33, 3))
    whole = maximum_mean_discrepancy(x, y)
    monkeypatch.setattr(kernels, "_BLOCK", 73 * 7)  # seven rows at a time, the last block shorter
    parts = maximum_mean_discrepancy(x, y)
    assert parts.value == pytest.approx(whole.value, abs=1e-14)
    assert parts.permuted == pytest.approx(whole.permuted, abs=1e-14)


def test_the_default_width_is_the_median_distance():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 2)), rng.normal(size=(20, 2))
    expected = np.median(pdist(np.concatenate([x, y])))
    assert maximum_mean_discrepancy(x, y, n_permutations=1).bandwidth == pytest.approx(expected)


def test_mostly_equal_rows_still_have_a_width():
    x = [0.0] * 20 + [3.0]
    assert maximum_mean_discrepancy(x, x, n_permutations=1).bandwidth == pytest.approx(3)
    assert maximum_mean_discrepancy([1.0, 1.0], [1.0, 1.0], n_permutations=1).p_value == 1


def test_it_sees_what_no_single_feature_shows():
    """Both marginals stay normal, only the sign of the correlation turns."""
    rng = np.random.default_rng(0)
    x = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=200)
    y = rng.multivariate_normal([0, 0], [[1, -0.8], [-0.8, 1]], size=200)
    assert maximum_mean_discrepancy(x, y).p_value == pytest.approx(1 / 201)


def test_without_drift_the_p_value_is_uniform():
    """With 19 permutations p is uniform on 1/20, ..., 1: P(p <= .2) = .2 in each of 300 runs, so the count of
    such runs lies within 5 sqrt(300 * .2 * .8) of 60."""
    rng = np.random.default_rng(0)
    low = 0
    for run in range(300):
        x, y = rng.normal(size=(12, 2)), rng.normal(size=(9, 2))
        low += maximum_mean_discrepancy(x, y, n_permutations=19, seed=run).p_value <= 0.2
    assert abs(low - 60) <= 5 * np.sqrt(300 * 0.2 * 0.8)


def test_far_from_zero_nothing_is_lost():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 1)), rng.normal(1, 1, size=(30, 1))
    near, far = maximum_mean_discrepancy(x, y), maximum_mean_discrepancy(x + 1e6, y + 1e6)
    assert far.value == pytest.approx(near.value, rel=1e-6)


def test_a_seed_repeats_the_test_and_the_result_draws():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=20), rng.normal(size=30)
    first, again, other = (maximum_mean_discrepancy(x, y, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first.permuted, again.permuted)
    assert not np.array_equal(first.permuted, other.permuted)
    assert first.to_frame()["n_permutations"].tolist() == [200]
    assert len(first.plot().data[0].x) == 200


@pytest.mark.parametrize(
    ("x", "y", "options", "told"),
    [
        ([1.0], [1.0, 2.0], {}, "x needs at least 2 rows"),
        (np.zeros((3, 2)), np.zeros((3, 1)), {}, "2 columns and y has 1"),
        ([1.0, np.nan], [1.0, 2.0], {}, "x, row 1, column 0 is nan"),
        (np.zeros(15_000), np.zeros(15_000), {}, "random sample"),
        ([1.0, 2.0], [1.0, 2.0], {"n_permutations": 0}, "n_permutations"),
        ([1.0, 2.0], [1.0, 2.0], {"bandwidth": 0}, "bandwidth"),
        (["a", "b"], [1.0, 2.0], {}, "x must hold numbers"),
    ],
)
def test_what_cannot_be_compared_is_refused(x, y, options, told):
    with pytest.raises(ValueError, match=told):
        maximum_mean_discrepancy(x, y, **options)


@pytest.mark.filterwarnings("error")
def test_no_unit_and_no_width_is_too_small_or_too_large():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 2)), rng.normal(1, 1, size=(30, 2))
    plain = maximum_mean_discrepancy(x, y)
    for unit in (1e-200, 1e200):
        scaled = maximum_mean_discrepancy(x * unit, y * unit)
        assert scaled.value == pytest.approx(plain.value, rel=1e-9)
        assert (scaled.p_value, scaled.bandwidth) == (plain.p_value, pytest.approx(plain.bandwidth * unit))
    for width in (1e-300, 1e300):  # nothing is near anything, or all is
        apart = maximum_mean_discrepancy(x, y, bandwidth=width)
        assert (apart.value, apart.p_value) == (pytest.approx(0, abs=1e-12), 1)


def test_columns_of_frames_go_by_name():
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.normal(size=(30, 2)) * [1, 5], columns=["a", "b"])
    y = pd.DataFrame(rng.normal(size=(30, 2)) * [1, 5], columns=["a", "b"])
    assert maximum_mean_discrepancy(x, y[["b", "a"]]).value == maximum_mean_discrepancy(x, y).value
    with pytest.raises(ValueError, match="x has the columns 'a', 'b' and y has 'c', 'b'"):
        maximum_mean_discrepancy(x, y.rename(columns={"a": "c"}))
    with pytest.raises(ValueError, match="y, row 1, column 0 is nan"):
        maximum_mean_discrepancy([1.0, 2.0], np.ma.array([1.0, 1e9], mask=[False, True]))
