"""The counting loop against numpy, in every layout."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.monitoring.distances import _counting
from coursekit.monitoring.distances._counting import InfiniteValue, count_bins

LAYOUTS = {
    "by column": np.asfortranarray,
    "by row": np.ascontiguousarray,
    "every second row": lambda table: np.repeat(np.asfortranarray(table), 2, axis=0)[::2],
    "every second column": lambda table: np.repeat(np.ascontiguousarray(table), 2, axis=1)[:, ::2],
}


def _expected(column: np.ndarray, edges: np.ndarray) -> np.ndarray:
    present = column[~np.isnan(column)].astype(float)
    bins = np.bincount(np.searchsorted(edges, present, side="left"), minlength=len(edges) + 1)
    return np.append(bins, len(column) - len(present))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("workers", [1, 3])
@settings(max_examples=25, deadline=None)
@given(
    n_rows=st.integers(1, 40) | st.sampled_from([127, 128, 129, 2047, 2048, 2049, 6000]),
    n_edges=st.lists(st.integers(0, 80), min_size=1, max_size=5),
    seed=st.integers(0, 1000),
)
def test_numpy_counts_the_same(layout, dtype, workers, n_rows, n_edges, seed):
    """Values and edges are quarters, so that many values lie on an edge."""
    rng = np.random.default_rng(seed)
    table = (rng.integers(-40, 40, size=(n_rows, len(n_edges))) / 4).astype(dtype)
    table[rng.random(table.shape) < 0.1] = np.nan
    edges = [np.unique(rng.integers(-40, 40, size=k) / 4) for k in n_edges]
    laid = LAYOUTS[layout](table)
    (counts,) = count_bins([(laid.T, edges)], workers)
    for column, own, count in zip(table.T, edges, counts, strict=True):
        assert count.tolist() == _expected(column, own).tolist()


def test_blocks_are_counted_together():
    rng = np.random.default_rng(0)
    blocks = [(rng.normal(size=(k, 5000)), [np.array([0.0, 1.0])] * k) for k in (1, 3, 2)]
    for (values, edges), counts in zip(blocks, count_bins(blocks, 2), strict=True):
        assert [c.tolist() for c in counts] == [_expected(v, e).tolist() for v, e in zip(values, edges, strict=True)]


@pytest.mark.parametrize("inner", [1, 3, 64])
def test_the_size_of_a_block_does_not_matter(monkeypatch, inner):
    monkeypatch.setattr(_counting, "_INNER", inner)
    values, edges = np.random.default_rng(0).normal(size=(2, 1000)), [np.array([-1.0, 0.5])] * 2
    (counts,) = count_bins([(values, edges)], 1)
    assert [c.tolist() for c in counts] == [_expected(v, edges[0]).tolist() for v in values]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_value_is_found(workers, value):
    table = np.zeros((3, 5000))
    table[1, 10] = np.nan
    table[1, 4321] = value
    with pytest.raises(InfiniteValue) as caught:
        count_bins([(np.zeros((1, 10)), [np.zeros(1)]), (table, [np.zeros(1)] * 3)], workers)
    assert caught.value.args == (1, 1, 4321)


def test_the_largest_numbers_are_finite():
    largest = np.finfo(float).max
    (counts,) = count_bins([(np.array([[largest, -largest]]), [np.zeros(1)])], 1)
    assert counts[0].tolist() == [1, 1, 0]
