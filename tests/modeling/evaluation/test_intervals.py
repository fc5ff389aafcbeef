from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from coursekit.modeling.evaluation import Interval, bootstrap_interval, proportion_interval, wilson_interval
from coursekit.modeling.evaluation._resampling import group_codes, resampled_counts


def test_interval_reads_well():
    interval = Interval(0.9124, 0.9006, 0.9231, confidence=0.95)
    assert str(interval) == "0.912 [0.901, 0.923]"
    assert f"{interval:.1%}" == "91.2% [90.1%, 92.3%]"
    assert 0.91 in interval
    assert 0.95 not in interval
    assert interval.width == pytest.approx(0.0225)
    assert interval.to_frame().iloc[0].to_dict() == {
        "estimate": 0.9124,
        "low": 0.9006,
        "high": 0.9231,
        "confidence": 0.95,
    }
    assert list(interval.plot().data[0].x) == [0.9124]


@given(
    st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.8, 0.95, 0.99])
)
def test_wilson_equals_scipy(counts, confidence):
    successes, trials = counts
    ours = wilson_interval(successes, trials, confidence=confidence)
    theirs = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    # scipy sets the end at p = 0 or 1 to p itself; elsewhere both compute one closed formula
    assert ours.low == pytest.approx(theirs.low, abs=1e-12)
    assert ours.high == pytest.approx(theirs.high, abs=1e-12)
    assert ours.estimate in ours


@pytest.mark.parametrize("bad", [(1, 0), (-1, 5), (6, 5), (float("nan"), 5)])
def test_wilson_refuses_impossible_counts(bad):
    with pytest.raises(ValueError, match="successes"):
        wilson_interval(*bad)


def test_bootstrap_matches_the_exhaustive_bootstrap():
    """All 4^4 = 256 samples of four rows are equally likely; their quantiles are the exact interval."""
    data = np.array([1.0, 2.0, 4.0, 8.0])
    exact = np.array([np.mean(sample) for sample in itertools.product(data, repeat=4)])
    n_boot = 20_000
    interval = bootstrap_interval(np.mean, data, n_boot=n_boot, confidence=0.8, seed=3)
    # A bootstrap quantile lies between the exact quantiles at level +- 4 standard errors
    # sqrt(q (1 - q) / B); at q = .1 and B = 20,000 that is 4 * .0021.
    slack = 4 * np.sqrt(0.1 * 0.9 / n_boot)
    for got, level in ((interval.low, 0.1), (interval.high, 0.9)):
        low, high = np.quantile(exact, [level - slack, level + slack], method="closest_observation")
        assert low - 1e-9 <= got <= high + 1e-9
    assert interval.estimate == np.mean(data)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_bootstrap_agrees_with_scipy(method):
    data = np.random.default_rng(5).exponential(size=60)
    n_boot = 8000
    ours = bootstrap_interval(np.mean, data, n_boot=n_boot, method=method, seed=1)
    theirs = stats.bootstrap(
        (data,), np.mean, n_resamples=n_boot, method=method, rng=np.random.default_rng(2)
    ).confidence_interval
    # Standard error of a quantile of B normal replicates at q = .025 is
    # sd sqrt(q (1 - q) / B) / phi(1.96) = sd * .0299 for B = 8,000; the difference of two
    # such is sqrt(2) times that; 4 of them, and as much again for skewness (density off normal).
    sd = data.std() / np.sqrt(len(data))
    tolerance = 2 * 4 * np.sqrt(2) * 0.0299 * sd
    assert ours.low == pytest.approx(theirs.low, abs=tolerance)
    assert ours.high == pytest.approx(theirs.high, abs=tolerance)


def test_groups_are_drawn_whole():
    """Every bootstrap sample of two equal groups has a mean of 0, 1/2 or 1, never between."""
    values, groups = [0.0] * 5 + [1.0] * 5, ["x"] * 5 + ["y"] * 5
    seen = set()
    bootstrap_interval(lambda sample: seen.add(float(np.mean(sample))) or 0.0, values, groups=groups, n_boot=50)
    assert seen == {0.0, 0.5, 1.0}


def test_bootstrap_of_several_arrays_keeps_rows_together():
    x = np.arange(20)
    interval = bootstrap_interval(lambda a, b: np.abs(b - 2 * a).max(), x, 2 * x, n_boot=50)
    assert (interval.low, interval.high) == (0, 0)


def test_same_seed_same_interval():
    data = np.arange(30.0)
    assert bootstrap_interval(np.mean, data, seed=4) == bootstrap_interval(np.mean, data, seed=4)
    assert bootstrap_interval(np.mean, data, seed=4) != bootstrap_interval(np.mean, data, seed=5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap_interval(np.mean), "one or more arrays"),
        (lambda: bootstrap_interval(np.mean, []), "at least one row"),
        (lambda: bootstrap_interval(np.mean, [1, 2], [1]), "equal length"),
        (lambda: bootstrap_interval(np.mean, [1, 2], groups=[1]), "one group for each of the 2 rows"),
        (lambda: bootstrap_interval(np.mean, [1, 2], groups=["a", None]), "row 1 has no group"),
        (lambda: bootstrap_interval(np.mean, [1, 2], confidence=95), "between 0 and 1"),
        (lambda: bootstrap_interval(np.mean, [1, 2], n_boot=0), "n_boot"),
        (lambda: bootstrap_interval(np.mean, [1, 2], method="magic"), "method"),
        (lambda: bootstrap_interval(np.mean, [1, 2], groups=[0, 0], method="bca"), "at least two"),
        (lambda: proportion_interval([]), "non-empty"),
        (lambda: proportion_interval([0, 2]), "True and False"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_multinomial_counts_are_the_row_bootstrap():
    """Counting cells of drawn rows and drawing the counts have one distribution (chi-squared)."""
    cells, n_boot = np.array([0, 0, 1, 2, 2, 2]), 6000
    rng = np.random.default_rng(0)
    fast = resampled_counts(cells, 4, groups=None, n_boot=n_boot, rng=rng)
    slow = np.array([np.bincount(rng.choice(cells, size=6), minlength=4) for _ in range(n_boot)])
    assert (fast.sum(axis=1) == 6).all()
    assert (fast[:, 3] == 0).all()
    kinds, inverse = np.unique(np.vstack([fast, slow]), axis=0, return_inverse=True)
    inverse = inverse.ravel()
    table = np.array([np.bincount(half, minlength=len(kinds)) for half in (inverse[:n_boot], inverse[n_boot:])])
    table = table[:, table.sum(axis=0) >= 20]  # chi-squared needs expected counts of about 10 in each half
    assert stats.chi2_contingency(table).pvalue > 1e-4


@settings(max_examples=30)
@given(st.data())
def test_group_counts_are_sums_of_whole_groups(data):
    n = data.draw(st.integers(1, 30))
    cells = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    groups = group_codes(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)), n)
    table = np.zeros((groups.max() + 1, 4), dtype=int)
    np.add.at(table, (groups, cells), 1)
    counts = resampled_counts(cells, 4, groups=groups, n_boot=7, rng=np.random.default_rng(n))
    rng = np.random.default_rng(n)
    for row in counts:
        drawn = rng.integers(len(table), size=len(table))
        np.testing.assert_array_equal(row, table[drawn].sum(axis=0))


def test_groups_of_one_row_change_the_proportion_interval_by_the_small_sample_factor():
    """With one row a group the variance is p (1 - p) / (n - 1): the effective size is n - 1."""
    correct = [1] * 70 + [0] * 30
    ours = proportion_interval(correct, groups=range(100))
    expected = wilson_interval(0.7 * 99, 99)
    assert (ours.low, ours.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_copies_of_a_group_add_no_certainty():
    """Each of 50 answers given ten times over is worth about 50 answers, not 500."""
    answers = np.array([1] * 40 + [0] * 10)
    copied = proportion_interval(np.repeat(answers, 10), groups=np.repeat(np.arange(50), 10))
    expected = wilson_interval(0.8 * 49, 49)
    assert (copied.low, copied.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert copied.width > 2 * proportion_interval(np.repeat(answers, 10)).width


def test_all_right_is_not_certainty():
    assert proportion_interval([True] * 40, groups=[0, 1, 2, 3] * 10).low == pytest.approx(wilson_interval(4, 4).low)


@pytest.mark.slow
def test_clustered_proportion_interval_covers():
    """Simulated clusters of 1 to 8 rows whose answers depend on a shared difficulty."""
    rng, n_runs, covered = np.random.default_rng(0), 2000, 0
    for _ in range(n_runs):
        p_of_group = rng.beta(6, 2, size=80)  # mean .75
        groups = np.repeat(np.arange(80), rng.integers(1, 9, size=80))
        correct = rng.random(len(groups)) < p_of_group[groups]
        covered += 0.75 in proportion_interval(correct, groups=groups)
    # Nominal .95; 4 standard errors of 2,000 runs are .0195. A linearised variance of 80
    # clusters is known to lose up to about .015 of coverage, which is granted below only.
    assert 0.95 - 0.0195 - 0.015 <= covered / n_runs <= 0.95 + 0.0195
