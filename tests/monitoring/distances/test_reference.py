"""A fitted reference: its rows against functions computed apart, its rules, its contract."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact, ks_2samp, norm, wasserstein_distance
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from coursekit.monitoring.distances import (
    Reference,
    chi_squared,
    hellinger,
    jensen_shannon,
    kl_divergence,
    population_stability_index,
    smoothed,
    total_variation,
)

ON_BINS = ("kl", "tv", "hellinger", "js", "psi")


def _row(report, feature="x0"):
    return report.to_frame().set_index("feature").loc[feature]


def _expected_on_bins(now, before, edges, pseudo_count=0.5):
    """The five distances from numpy's counts, and chi-squared where no bin is rare; missing values are one bin."""
    c, d = (
        np.append(np.bincount(np.searchsorted(edges, v[~np.isnan(v)]), minlength=len(edges) + 1), np.isnan(v).sum())
        for v in (now, before)
    )
    c, d = c[c + d > 0], d[c + d > 0]
    p, q = c / c.sum(), d / d.sum()
    smooth = smoothed(c, pseudo_count=pseudo_count), smoothed(d, pseudo_count=pseudo_count)
    return {
        "kl": kl_divergence(*smooth),
        "psi": population_stability_index(*smooth),
        "tv": total_variation(p, q),
        "hellinger": hellinger(p, q),
        "js": jensen_shannon(p, q),
    } | ({"chi2": chi_squared(c, d).statistic} if (d / d.sum() * min(c.sum(), d.sum()) >= 5).all() else {})


numbers = st.lists(st.integers(-6, 6).map(lambda k: k / 2) | st.just(float("nan")), min_size=1, max_size=60)


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")  # scipy's p-value at an effective size of 0
@settings(max_examples=150, deadline=None)
@given(numbers, numbers, st.integers(2, 12), st.sampled_from(["quantile", "uniform"]), st.sampled_from([0.5, 2.0]))
def test_each_row_is_what_the_functions_say_apart(before, now, bins, strategy, pseudo_count):
    before, now = np.array(before), np.array(now)
    reference = Reference(bins=bins, strategy=strategy, pseudo_count=pseudo_count).fit(before[:, None])
    row = _row(reference.compare(now[:, None]))
    expected = _expected_on_bins(now, before, reference.features_["x0"].edges, pseudo_count)
    assert row[list(expected)].astype(float).to_dict() == pytest.approx(expected, rel=1e-12, abs=1e-14)
    x, y = now[~np.isnan(now)], before[~np.isnan(before)]
    if x.size and y.size:
        assert row["ks"] == pytest.approx(ks_2samp(x, y, method="asymp").statistic, abs=1e-12)
        assert row["wasserstein"] == pytest.approx(wasserstein_distance(x, y), abs=1e-12)
    else:
        assert np.isnan(row["ks"])
        assert np.isnan(row["wasserstein"])
    assert (row["missing_reference"], row["missing_now"]) == (np.isnan(before).mean(), np.isnan(now).mean())
    assert 0 <= row["p_value"] <= 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=200), st.integers(2, 20))
def test_a_bin_holds_one_value_or_its_share(values, bins):
    """A quantile bin ends at the first value that fills its share; more than that can only be one value's ties.
    The quantiles left of and right of a heavy value bound what lies between, so no bin holds 2 / bins or more."""
    column = np.array(values)
    feature = Reference(bins=bins).fit(column[:, None]).features_["x0"]
    where = np.searchsorted(feature.edges, column)
    for k, count in enumerate(np.bincount(where)):
        if count > np.ceil(2 * len(column) / bins):
            assert len(set(column[where == k])) == 1
    assert feature.counts.sum() == len(column)
    assert (np.diff(feature.edges) > 0).all()


@pytest.mark.parametrize("strategy", ["quantile", "uniform"])
def test_a_shifted_normal_has_its_known_distances(strategy):
    """With the bins' edges known, the exact distances are those of the bins' masses under both normals. An
    estimated share differs from its mass by sd sqrt(p (1 - p) / n); each of the five distances changes by
    at most about max(1, |log(p / q)|) times the sum of such differences, here |log ratio| < 2.5: 12 bins,
    5 sd of sqrt(.25 / n) at most each."""
    n = 200_000
    rng = np.random.default_rng(0)
    before, now = rng.normal(size=(n, 1)), rng.normal(0.5, 1, size=(n, 1))
    reference = Reference(bins=12, strategy=strategy).fit(before)
    row = _row(reference.compare(now))
    ends = np.concatenate([[-np.inf], reference.features_["x0"].edges, [np.inf]])
    p, q = np.diff(norm.cdf(ends - 0.5)), np.diff(norm.cdf(ends))
    noise = 2.5 * 12 * 5 * np.sqrt(0.25 / n)
    for name, distance in {
        "kl": kl_divergence,
        "psi": population_stability_index,
        "tv": total_variation,
        "hellinger": hellinger,
        "js": jensen_shannon,
    }.items():
        assert row[name] == pytest.approx(distance(p, q), abs=noise)
        assert row[name] <= {"kl": 0.125, "psi": 0.25, "tv": 0.1975, "hellinger": 0.1755, "js": 0.1742}[name] + noise
    assert row["ks"] == pytest.approx(0.1974, abs=2 * np.sqrt(np.log(2e6) / (2 * n)) + 5e-5)  # DKW, as for samples
    assert row["wasserstein"] == pytest.approx(0.5, abs=2 * 1.81 / np.sqrt(n) + 5 * np.sqrt(2 / n))


def test_many_fine_bins_come_near_the_exact_values():
    """n = m = 1,000,000 rows in 100 quantile bins: binning takes off at most (h / 2)^2 / 24 with h the bin width
    (.0002 in the middle, the two open tails of mass .01 add below .002), and without drift
    E KL = (B - 1) / 2 (1 / n + 1 / m) = .0001 is added; sd of KL below sqrt(2 PSI / n) = .0007."""
    n = 1_000_000
    rng = np.random.default_rng(0)
    reference = Reference(bins=100, keep_samples=False).fit(rng.normal(size=(n, 1)))
    row = _row(reference.compare(rng.normal(0.5, 1, size=(n, 1))))
    assert row["kl"] == pytest.approx(0.125, abs=0.005)
    assert row["psi"] == pytest.approx(0.25, abs=0.01)
    assert row["tv"] == pytest.approx(0.1974, abs=0.003)
    assert row["hellinger"] == pytest.approx(0.1754, abs=0.003)
    assert row["js"] == pytest.approx(0.1741, abs=0.003)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_layout_and_threads_do_not_change_a_digit(monkeypatch, dtype, n_jobs):
    rng = np.random.default_rng(0)
    before, now = rng.normal(size=(5000, 11)).astype(dtype), rng.normal(0.1, 1, size=(3000, 11)).astype(dtype)
    now[rng.random(now.shape) < 0.05] = np.nan
    expected = Reference().fit(before).compare(now).to_frame()
    monkeypatch.setattr("coursekit.monitoring.distances._parallel.WORTH_SHARING", 0)
    for order in "CF":
        arrays = (np.asarray(part, order=order) for part in (before, now))
        reference = Reference(n_jobs=n_jobs).fit(next(arrays))
        pd.testing.assert_frame_equal(reference.compare(next(arrays)).to_frame(), expected, check_exact=True)
    names = [f"x{i}" for i in range(11)]
    frames = [pd.DataFrame(part, columns=names, copy=copy) for part in (before, now) for copy in (True, False)]
    for first in frames[:2]:
        for second in frames[2:]:
            found = Reference(n_jobs=n_jobs).fit(first).compare(second).to_frame()
            pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_single_precision_is_compared_with_double_as_it_is():
    values = np.random.default_rng(0).normal(size=(500, 1)).astype(np.float32)
    for before, now in ((values, values.astype(float)), (values.astype(float), values)):
        row = _row(Reference().fit(before).compare(now))
        assert row[[*ON_BINS, "ks", "wasserstein"]].tolist() == [0] * 7


def test_the_same_data_are_at_distance_zero():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"a": rng.normal(size=300), "b": rng.choice(list("xyz"), 300), "c": rng.random(300) < 0.5})
    data.loc[:40, "a"] = np.nan
    frame = Reference().fit(data).compare(data).to_frame()
    assert (frame[[*ON_BINS, "chi2"]] == 0).all(axis=None)
    assert (frame["p_value"] == 1).all()


def test_kl_is_from_now_to_the_reference():
    before, now = [[0.0]] * 50 + [[1.0]] * 50, [[0.0]] * 90 + [[1.0]] * 10
    row = _row(Reference(pseudo_count=0).fit(np.array(before)).compare(np.array(now)))
    assert row["kl"] == pytest.approx(kl_divergence([0.9, 0.1], [0.5, 0.5]))


def test_without_a_pseudo_count_an_empty_bin_is_infinitely_far():
    before, now = np.zeros((50, 1)), np.array([[0.0]] * 45 + [[1.0]] * 5)
    row = _row(Reference(pseudo_count=0).fit(before).compare(now))
    assert (row["kl"], row["psi"]) == (np.inf, np.inf)
    assert row["tv"] == pytest.approx(0.1)


def test_missing_values_are_a_bin_of_their_own():
    before, now = np.arange(100.0)[:, None], np.arange(100.0)[:, None]
    now[::4] = np.nan
    report = Reference().fit(before).compare(now)
    row = _row(report)
    assert row["tv"] == pytest.approx(0.25)
    assert row["test"] == "ks, missing"
    assert row["p_value"] < 1e-5  # the values are the same; their absence is news
    assert report.histograms["x0"].to_frame().iloc[-1]["bin"] == "(missing)"


def test_a_constant_column_can_be_left_on_either_side():
    before = np.full((30, 1), 7.0)
    for value, label in ((6.999999, "< 7"), (7.0, "= 7"), (8.0, "> 7")):
        report = Reference().fit(before).compare(np.full((20, 1), value))
        frame = report.histograms["x0"].to_frame()
        assert frame[frame["now"] > 0]["bin"].tolist() == [label]
        assert _row(report)["status"] == "constant"
        assert (_row(report)["js"] > 0) == (value != 7)


def test_a_heavy_value_has_its_own_bin():
    rng = np.random.default_rng(0)
    spend = np.where(rng.random(1000) < 0.7, 0.0, rng.exponential(size=1000))
    histogram = Reference().fit(spend[:, None]).compare(spend[:, None]).histograms["x0"].to_frame()
    assert histogram["bin"].iloc[0] == "= 0"
    assert histogram["reference"].iloc[0] == (spend == 0).sum()
    rare = np.array([[0.0]] * 990 + [[1.0]] * 10)
    assert Reference().fit(rare).compare(rare).histograms["x0"].to_frame()["reference"].tolist() == [990, 10]
    assert Reference().fit(1 - rare).compare(rare).histograms["x0"].to_frame()["reference"].tolist() == [10, 990]


def test_outer_bins_are_open():
    before = np.random.default_rng(0).normal(size=(1000, 1))
    for strategy in ("quantile", "uniform"):
        now = np.array([[-1e300], [1e300]])
        counts = Reference(strategy=strategy).fit(before).compare(now).histograms["x0"].counts_now
        assert (counts[0], counts[-2]) == (1, 1)


def test_unseen_and_rare_categories_share_bins():
    before = pd.DataFrame({"shop": ["a"] * 60 + ["b"] * 30 + ["c"] * 6 + ["d"] * 4})
    now = pd.DataFrame({"shop": ["a"] * 10 + ["d"] * 3 + ["e"] * 2 + ["f", None]})
    frame = Reference(max_categories=2).fit(before).compare(now).histograms["shop"].to_frame()
    assert frame["bin"].tolist() == ["a", "b", "(other)", "(new)", "(missing)"]
    assert frame["reference"].tolist() == [60, 30, 10, 0, 0]
    assert frame["now"].tolist() == [10, 0, 3, 3, 1]
    every = Reference(max_categories=None).fit(before).compare(now).histograms["shop"].to_frame()
    assert every["bin"].tolist() == ["a", "b", "c", "d", "(new)", "(missing)"]


def test_categories_are_tested_one_by_one():
    before = pd.DataFrame({"shop": ["a"] * 60 + ["b"] * 30 + ["c"] * 6 + ["d"] * 4})
    now = pd.DataFrame({"shop": ["a"] * 50 + ["d"] * 30 + ["e"] * 20})
    row = _row(Reference(max_categories=1).fit(before).compare(now), "shop")
    expected = chi_squared([50, 0, 0, 30, 20], [60, 30, 6, 4, 0], min_expected=5)
    # c, expected to hold 3, joins d; alone it is tested besides, for a tenth of the false alarms
    assert (row["chi2"], row["test"]) == (expected.statistic, "chi2, fisher")
    assert row["p_value"] == pytest.approx(expected.p_value / 0.9)
    assert np.isnan(row["ks"])


def test_what_broke_is_told_and_not_raised():
    rng = np.random.default_rng(0)
    before = pd.DataFrame(rng.normal(size=(50, 6)), columns=list("abcdef"))
    before["e"] = np.nan
    now = before.drop(columns="b").assign(c=np.nan, d=[f"{x:.2f}" for x in before["d"]], e=1.0, fresh=1)
    report = Reference().fit(before).compare(now[["fresh", "e", "d", "c", "a", "f"]])
    frame = report.to_frame().set_index("feature")
    assert frame["status"].to_dict() == {
        "a": "compared",
        "b": "disappeared",
        "c": "all missing",
        "d": "type changed",
        "e": "was all missing",
        "f": "compared",
        "fresh": "new",
    }
    assert frame.loc[["b", "d", "fresh"], ["js", "p_value", "q_value"]].isna().all(axis=None)
    assert frame.loc[["c", "e"], "tv"].tolist() == [1, 1]
    assert report.drifted() == ["b", "c", "d", "e"]


def test_samples_are_kept_only_where_wanted():
    data = np.random.default_rng(0).normal(size=(100, 2))
    bare = Reference(keep_samples=False).fit(data)
    frame = bare.compare(data).to_frame()
    assert "ks" not in frame
    assert (frame["test"] == "chi2").all()
    assert bare.features_["x0"].samples is None
    with pytest.raises(ValueError, match="keep_samples=True"):
        bare.compare(data, distances=("ks",))


def test_only_what_was_asked_for_is_computed():
    data = np.random.default_rng(0).normal(size=(100, 2))
    frame = Reference().fit(data).compare(data, distances=("js", "kl")).to_frame()
    assert list(frame) == [
        *("feature", "kind", "status", "n_reference", "n_now", "missing_reference", "missing_now"),
        *("kl", "js", "chi2", "test", "p_value", "q_value"),
    ]
    alone = Reference().fit(data).compare(data, distances=("wasserstein",)).to_frame()
    assert "ks" not in alone
    assert (alone["test"] == "chi2").all()


def test_it_behaves_like_an_estimator():
    reference = Reference(bins=7, keep_samples=False)
    assert clone(reference).get_params() == reference.get_params()
    assert repr(reference) == "Reference(bins=7, keep_samples=False)"
    assert reference.set_params(bins=5) is reference
    assert reference.bins == 5
    assert reference.fit(np.zeros((3, 1))) is reference
    with pytest.raises(ValueError, match="no parameter 'bin'"):
        reference.set_params(bin=5)
    with pytest.raises(NotFittedError, match="call fit"):
        Reference().compare(np.zeros((3, 1)))


def test_parameters_are_read_when_fitting():
    data = np.random.default_rng(0).normal(size=(100, 1))
    reference = Reference().fit(data)
    reference.set_params(keep_samples=False, bins=3)
    assert "ks" in reference.compare(data).to_frame()
    assert len(reference.fit(data).features_["x0"].edges) == 2


def test_a_fitted_reference_survives_pickling():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"a": rng.normal(size=100), "b": rng.choice(list("xy"), 100)})
    reference = Reference().fit(data)
    again = pickle.loads(pickle.dumps(reference))
    pd.testing.assert_frame_equal(again.compare(data[:50]).to_frame(), reference.compare(data[:50]).to_frame())


def test_inputs_are_left_as_they_were():
    rng = np.random.default_rng(0)
    array = rng.normal(size=(100, 3))
    frame = pd.DataFrame({"a": rng.normal(size=100), "b": rng.choice(list("xy"), 100)})
    before_array, before_frame = array.copy(), frame.copy()
    Reference().fit(array).compare(array)
    Reference().fit(frame).compare(frame)
    assert np.array_equal(array, before_array)
    assert array.flags.writeable
    pd.testing.assert_frame_equal(frame, before_frame)


@pytest.mark.parametrize(
    "options",
    [
        {"bins": 1},
        {"bins": 2.5},
        {"strategy": "kmeans"},
        {"pseudo_count": -1},
        {"max_categories": 0},
        {"max_categories": 1.5},
        {"n_jobs": 0},
    ],
)
def test_parameters_out_of_range_are_refused(options):
    (name,) = options
    with pytest.raises(ValueError, match=name):
        Reference(**options).fit(np.zeros((3, 1)))


@pytest.mark.parametrize("strategy", ["quantile", "uniform"])
@pytest.mark.parametrize("keep_samples", [True, False])
def test_a_column_that_was_only_cast_has_not_moved(strategy, keep_samples):
    rng = np.random.default_rng(0)
    tied = np.repeat([0.1, 0.2, 0.3, 0.7], 50)[:, None]
    for double in (tied, rng.normal(size=(500, 1)), np.full((20, 1), 0.1), np.exp(rng.normal(size=(300, 1)))):
        for before, now in ((double, double.astype(np.float32)), (double.astype(np.float32), double)):
            reference = Reference(strategy=strategy, keep_samples=keep_samples).fit(before)
            row = _row(reference.compare(now))
            assert row[[*ON_BINS]].tolist() == [0] * 5
            assert row["p_value"] == pytest.approx(1)


def test_a_flag_that_doubles_is_seen_by_the_test_of_samples():
    """100 of 10,000 become 200: Fisher of [[200, 100], [9800, 9900]] has p below 1e-8.
    Both tests are taken together, p (2 - p), and the other has no values to look at."""
    flag = (np.arange(10_000) < 100).astype(float)[:, None]
    row = _row(Reference().fit(flag).compare((np.arange(10_000) < 200).astype(float)[:, None]))
    assert row["test"] == "ks, heavy values"
    assert row["p_value"] == pytest.approx(2 * fisher_exact([[200, 100], [9800, 9900]]).pvalue, rel=1e-6)


def test_a_column_of_zeros_is_seen_to_change_beside_the_zeros():
    """The 100 values that are no zero shift by their standard deviation: D is about .38, KS below 1e-5."""
    rng = np.random.default_rng(0)
    before, now = np.zeros((2_000, 1)), np.zeros((2_000, 1))
    before[:100, 0], now[:100, 0] = rng.normal(5, 1, 100), rng.normal(6, 1, 100)
    row = _row(Reference().fit(before).compare(now))
    assert row["ks"] < 0.05
    assert row["p_value"] < 1e-5


def test_heavy_values_cause_no_false_alarms():
    """P(p <= .05) is at most .05 in each of 400 features: 20 plus 5 sd."""
    rng = np.random.default_rng(0)
    before, now = (np.where(rng.random((n, 400)) < 0.85, 0, rng.exponential(size=(n, 400))) for n in (1_000, 200))
    low = (Reference().fit(before).compare(now).to_frame()["p_value"] <= 0.05).sum()
    assert low <= 20 + 5 * np.sqrt(400 * 0.05 * 0.95)


def test_a_whole_number_that_no_float_holds_is_refused():
    with pytest.raises(ValueError, match="column 'a' holds a whole number above"):
        Reference().fit(pd.DataFrame({"a": [10**400, 1]}))


def test_an_enormous_pseudo_count_makes_everything_equal():
    row = _row(Reference(pseudo_count=1e308).fit(np.arange(50.0)[:, None]).compare(np.ones((9, 1))))
    assert (row["kl"], row["psi"]) == (0, 0)
