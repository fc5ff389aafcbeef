"""Small counts: no false alarm out of a single rare row, and no total change that goes unseen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact as scipy_fisher

from coursekit.monitoring.distances import Reference, chi_squared
from coursekit.monitoring.distances._frequencies import MIN_EXPECTED, compare_frequencies, merge_rare
from coursekit.monitoring.distances._hypergeometric import fisher_exact

FEATURES = 100
cells = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=12)
tables = cells.filter(lambda table: all(any(row) for row in zip(*table, strict=True)))


@settings(deadline=None)
@given(*[st.integers(0, 300)] * 4)
def test_scipy_agrees_on_fishers_test(c, d, other_c, other_d):
    """Logarithms of factorials of 1,200 (about 7,000) carry a relative error of 1e-16 each."""
    if c + other_c and d + other_d:
        total, drawn = c + d + other_c + other_d, c + other_c
        (found,) = fisher_exact(total, drawn, np.array([c + d]), np.array([c]))
        assert found == pytest.approx(scipy_fisher([[c, d], [other_c, other_d]]).pvalue, rel=1e-9)


@settings(deadline=None)
@given(tables)
def test_merging_loses_no_row_and_never_leaves_one_cell(table):
    c, d = np.array([pair for pair in table if any(pair)], dtype=float).T
    merged = merge_rare(c, d, MIN_EXPECTED)
    assert merged.cells.sum(axis=1).tolist() == [c.sum(), d.sum()]
    assert merged.cells.shape[1] >= min(2, c.size)
    assert (merged.expected >= MIN_EXPECTED).all() or merged.cells.shape[1] <= 2
    result = compare_frequencies(c, d)
    assert 0 <= result.p_value <= 1
    assert (result.p_value == 1) or c.size > 1


def test_two_cells_with_few_rows_are_exact():
    few = chi_squared([3, 17], [2, 1998], min_expected=5)
    assert few.p_value == pytest.approx(scipy_fisher([[3, 2], [17, 1998]]).pvalue, rel=1e-9)
    together = chi_squared([60, 39, 1], [50_000, 49_950, 50], min_expected=5)  # one rare cell joins the next
    assert together.counts_p.tolist() == [60, 40]


def _words(shares):
    names = [f"v{j}" for j in range(len(shares))]

    def draw(rng, n):
        codes = rng.choice(len(shares), (FEATURES, n), p=shares)
        return pd.DataFrame({f"c{i}": pd.Categorical.from_codes(code, names) for i, code in enumerate(codes)})

    return draw


def _numbers(missing):
    def draw(rng, n):
        x = rng.normal(size=(n, FEATURES))
        x[rng.random(x.shape) < missing] = np.nan
        return x

    return draw


@pytest.mark.parametrize(
    ("draw", "n", "m", "options"),
    [
        (_numbers(0.001), 20, 5_000, {}),
        (_words([0.999, 0.001]), 20, 5_000, {}),
        (_words([0.6, 0.3995, 0.0005]), 50, 5_000, {}),
        (_words([0.5, 0.45, 0.05]), 100, 5_000, {}),
        (_numbers(0.0), 50, 2_000, {"keep_samples": False}),
        (_numbers(0.0), 8, 2_000, {"keep_samples": False}),
    ],
    ids=["missing values", "flags", "a rare word", "an uncommon word", "five rows a bin", "less than a row a bin"],
)
def test_small_counts_name_no_feature_without_drift(draw, n, m, options):
    """At fdr = .05 a comparison names anything with probability .05, so that 20 of them do so k times with
    P(k >= 8) < 2e-5. A p-value below 1e-6 among 2,000 has probability 2e-3: there is none."""
    rng = np.random.default_rng(0)
    named = 0
    for _ in range(20):
        report = Reference(**options).fit(draw(rng, m)).compare(draw(rng, n))
        named += bool(report.drifted(fdr=0.05))
        assert report.to_frame()["p_value"].min() > 1e-6
    assert named < 8


@pytest.mark.parametrize("rows", [5, 40, 400])
def test_a_total_change_is_seen_in_few_rows(rows):
    """Were labels shuffled, all rows that differ would be those of now once in binom(N, rows) > (N / rows)^rows;
    the bound leaves a factor of 1e4 for the tests that are made."""
    rng = np.random.default_rng(0)
    shops = pd.DataFrame({"shop": [f"s{i % 100}" for i in range(10_000)]})
    one, many = ["NEW"] * rows, [f"n{i}" for i in range(rows)]
    for words in (one, many):
        report = Reference().fit(shops).compare(pd.DataFrame({"shop": words}))
        assert report.drifted() == ["shop"]
        assert report.to_frame()["p_value"].item() <= 1e4 * (rows / 10_000) ** min(rows, 20)
    numbers = rng.normal(size=(1_000, 1))
    for options in ({}, {"keep_samples": False}):
        reference = Reference(**options).fit(numbers)
        gone = reference.compare(np.full((rows, 1), np.nan))
        assert gone.to_frame()["status"].tolist() == ["all missing"]
        assert gone.drifted() == ["x0"]
        if rows >= 40:
            far = reference.compare(rng.normal(100, 1, size=(rows, 1)), distances=("psi",))
            assert far.drifted() == ["x0"]
            assert far.to_frame()["p_value"].item() < 1e-20


def test_which_rare_words_are_merged_does_not_tell_the_samples_apart():
    """Words that only now has must not be put together because they were read last: shuffled, p is the same law."""
    rng = np.random.default_rng(0)
    words = rng.integers(0, 10_000, size=(800, 200)).astype(str)
    report = Reference().fit(pd.DataFrame(words[:500])).compare(pd.DataFrame(words[500:]))
    low = (report.to_frame()["p_value"] <= 0.05).sum()
    assert low <= 10 + 5 * np.sqrt(200 * 0.05 * 0.95)
