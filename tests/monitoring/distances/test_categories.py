"""Two-sample chi-squared against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from coursekit.monitoring.distances import chi_squared

cells = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=12)
tables = cells.filter(lambda table: all(any(row) for row in zip(*table, strict=True)))


@given(tables)
def test_scipy_agrees(table):
    c, d = np.array(table).T
    result = chi_squared(c, d)
    filled = c + d > 0
    expected = chi2_contingency([c[filled], d[filled]], correction=False)
    assert result.statistic == pytest.approx(expected.statistic, rel=1e-9, abs=1e-9)
    assert result.dof == expected.dof
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-7)
    assert result.smallest_expected == pytest.approx(expected.expected_freq.min())
    assert result.residuals == pytest.approx((c[filled] - expected.expected_freq[0]) / expected.expected_freq[0] ** 0.5)


@given(tables)
def test_the_order_of_samples_does_not_matter(table):
    c, d = np.array(table).T
    assert chi_squared(c, d).statistic == pytest.approx(chi_squared(d, c).statistic)


def test_equal_shares_give_nothing():
    result = chi_squared([10, 20, 0], [20, 40, 0])
    assert (result.statistic, result.dof, result.p_value) == pytest.approx((0, 1, 1), abs=1e-12)


def test_one_category_cannot_change():
    assert chi_squared([5], [7]).p_value == 1


def test_rare_categories_can_be_put_together():
    apart, together = (chi_squared([96, 1, 2, 1], [96, 2, 0, 2], min_expected=least) for least in (0, 5))
    assert apart.dof == 3
    assert together.counts_p.tolist() == [96, 4]
    assert together.counts_q.tolist() == [96, 4]
    assert chi_squared([96, 4], [97, 3], min_expected=5).counts_p.tolist() == [96, 4]  # never one cell


def test_the_result_tabulates_and_draws():
    result = chi_squared([12, 88], [8, 92])
    assert result.to_frame()["counts_q"].tolist() == [8, 92]
    assert list(result.plot().data[0].y) == pytest.approx(result.residuals)


@pytest.mark.parametrize(
    ("c", "d", "told"),
    [
        ([0.5, 0.5], [1, 2], "counts, not shares"),
        ([1, 2], [1, 2, 3], "2 categories and counts_q has 3"),
        ([-1, 2], [1, 2], "below 0"),
        ([np.nan, 2], [1, 2], "missing"),
        ([1, 2], [0, 0], "counts_q counts no row"),
        ([], [], "non-empty"),
        (np.ma.array([1, 2], mask=[False, True]), [1, 2], "missing"),
    ],
)
def test_what_are_no_counts_is_refused(c, d, told):
    with pytest.raises(ValueError, match=told):
        chi_squared(c, d)
