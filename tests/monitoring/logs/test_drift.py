"""Daily drift in SQL equals numpy on the same bins, and the library's Reference on the same rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.monitoring.distances import Reference
from coursekit.monitoring.logs import PredictionLog, daily_drift

REFERENCE = ("2026-03-01", "2026-03-03")
# Sums of at most 103 terms of size <= 2 differ by less than 103 * 2 * 2**-52 < 5e-14; JS is the root
# of such a sum, so that near zero the error is up to sqrt(5e-14) < 3e-7.
TOLERANCE = {"kl": 1e-12, "psi": 1e-12, "tv": 1e-12, "hellinger": 1e-6, "js": 1e-6}


def day_of(frame):
    return frame["event_time"].dt.tz_localize(None).dt.floor("D")


def features_of(frame, log):
    """The features as the log returns them, so that both sides see the same floats."""
    names = log.schema().features
    return frame[[f"feature_{name}" for name in names]].set_axis(list(names), axis=1)


def assert_equal_to_reference(log, predictions, drift, *, reference=REFERENCE, **options):
    days = day_of(predictions)
    inside = (days >= reference[0]) & (days <= reference[1])
    features = features_of(predictions, log)
    fitted = Reference(keep_samples=False, n_jobs=1, **options).fit(features[inside])
    found = drift.to_frame().set_index(["day", "feature"])
    for day in days.unique():
        report = fitted.compare(features[days == day]).to_frame().set_index("feature")
        for feature, row in report.iterrows():
            told = found.loc[(day, feature)]
            assert told["requests"] == row["n_now"]
            assert told["reference_requests"] == row["n_reference"]
            assert told["missing"] == pytest.approx(row["missing_now"], abs=1e-15)
            assert told["missing_reference"] == pytest.approx(row["missing_reference"], abs=1e-15)
            for name, tolerance in TOLERANCE.items():
                assert told[name] == pytest.approx(row[name], abs=tolerance), (day, feature, name)


@pytest.mark.parametrize("bins", [2, 5, 10, 20])
def test_every_distance_is_that_of_the_library(world, bins):
    """Numbers, whole numbers that fill quantiles, a constant, texts, a vanishing text, flags, missing values."""
    log, predictions, _ = world
    drift = daily_drift(log, reference=REFERENCE, bins=bins)
    assert_equal_to_reference(log, predictions, drift, bins=bins)


@pytest.mark.parametrize("max_categories", [1, 2, 100])
def test_rare_and_new_categories_are_those_of_the_library(world, max_categories):
    log, predictions, _ = world
    drift = daily_drift(log, reference=REFERENCE, max_categories=max_categories)
    assert_equal_to_reference(log, predictions, drift, max_categories=max_categories)


values = st.one_of(st.none(), st.sampled_from([0.0, 1.0, -2.5]), st.floats(-1e6, 1e6))


@settings(max_examples=15, deadline=None)
@given(data=st.data(), n=st.integers(3, 40))
def test_any_numbers_and_texts_agree_with_the_library(tmp_path_factory, data, n):
    day = data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    day[0] = 0  # the reference is not empty
    number = data.draw(st.lists(values, min_size=n, max_size=n))
    words = data.draw(st.lists(st.sampled_from(["a", "b", "ㄱ", "missing", "new", "1", None]), min_size=n, max_size=n))
    number[0], words[0] = 0.5, "a"
    frame = pd.DataFrame(
        {
            "request_id": [str(i) for i in range(n)],
            "event_time": pd.Timestamp("2026-03-01", tz="UTC") + pd.to_timedelta(day, unit="D"),
            "model_version": "m",
            "feature_version": "f",
            "arm": "baseline",
            "score": 0.5,
            "latency_ms": 1.0,
            "feature_number": pd.Series(number, dtype=float),
            "feature_word": pd.Series(words, dtype=object),
        }
    )
    log = PredictionLog(tmp_path_factory.mktemp("drift"))
    log.append(frame)
    drift = daily_drift(log, reference=("2026-03-01", "2026-03-01"), bins=4)
    assert_equal_to_reference(log, frame, drift, reference=("2026-03-01", "2026-03-01"), bins=4)


def test_psi_is_numpys_on_the_bins_that_are_told(world):
    """Written out once more, from the edges of the answer."""
    log, predictions, _ = world
    drift = daily_drift(log, features=["amount"], reference=REFERENCE)
    days, amount = day_of(predictions), predictions["feature_amount"].to_numpy()
    edges = drift.edges["amount"]
    bin_of = np.where(np.isnan(amount), len(edges) + 1, np.searchsorted(edges, amount, side="left"))

    def counts(rows):
        return np.bincount(bin_of[rows], minlength=len(edges) + 2)

    q = counts((days >= REFERENCE[0]) & (days <= REFERENCE[1]))
    for row in drift.to_frame().itertuples():
        p = counts(days == row.day)
        if p.sum() == 0:
            assert np.isnan(row.psi)
            continue
        filled = (p > 0) | (q > 0)
        smooth_p, smooth_q = ((c[filled] + 0.5) / (c.sum() + 0.5 * filled.sum()) for c in (p, q))
        assert row.psi == pytest.approx(np.sum((smooth_p - smooth_q) * np.log(smooth_p / smooth_q)), abs=1e-12)
        assert row.tv == pytest.approx(np.abs(p / p.sum() - q / q.sum()).sum() / 2, abs=1e-12)
        assert row.bins == filled.sum()


def test_the_figure_draws_the_noise_of_features_with_as_many_bins(log, make_predictions):
    predictions = make_predictions(600, days=3, silent=())
    log.append(predictions)
    drift = daily_drift(log, features=["amount", "visits", "online"], reference=("2026-03-01", "2026-03-02"))
    frame = drift.to_frame()
    drawn = {trace.name: trace.y for trace in drift.plot().data if "평균" in trace.name}
    assert len(drawn) == frame["bins"].nunique() == 3
    for (bins,), rows in frame.groupby(["bins"]):
        np.testing.assert_array_equal(drawn[f"드리프트가 없을 때의 평균 ({bins}칸 피처)"], rows["noise"])


def test_a_silent_day_is_a_row_without_distances(world):
    log, _, _ = world
    frame = daily_drift(log, reference=REFERENCE).to_frame()
    silent = frame[frame["day"] == "2026-03-08"]
    assert len(silent) == 6
    assert (silent["requests"] == 0).all()
    assert silent[["psi", "kl", "js", "tv", "hellinger", "noise", "missing"]].isna().all(axis=None)
    assert (silent["reference_requests"] > 0).all()


def test_a_feature_that_vanishes_is_all_missing(world):
    log, _, _ = world
    frame = daily_drift(log, features=["merchant"], reference=REFERENCE).to_frame().set_index("day")
    assert frame.loc["2026-03-11":, "missing"].tolist() == [1.0, 1.0]
    np.testing.assert_allclose(frame.loc["2026-03-11":, "tv"], 1, rtol=1e-14)
    assert (frame.loc[:"2026-03-07", "missing"] == 0).all()


def test_a_feature_that_the_reference_lacks_is_compared_with_nothing(log, make_predictions):
    predictions = make_predictions(200, days=2, silent=())
    second = day_of(predictions) == "2026-03-02"
    log.append(predictions[~second].drop(columns="feature_amount"))
    log.append(predictions[second].assign(feature_amount=1.0))
    frame = daily_drift(log, features=["amount"], reference=("2026-03-01", "2026-03-01")).to_frame()
    assert frame["missing_reference"].tolist() == [1.0, 1.0]
    assert frame["tv"].tolist() == [0.0, 1.0]


def test_infinite_values_fall_into_the_outer_bins(log, make_predictions):
    predictions = make_predictions(200, days=2, silent=())
    second = (day_of(predictions) == "2026-03-02").to_numpy()
    amount = np.where(second, np.inf, np.arange(200.0))
    amount[:3] = [np.inf, -np.inf, np.nan]
    log.append(predictions.assign(feature_amount=amount))
    drift = daily_drift(log, features=["amount"], reference=("2026-03-01", "2026-03-01"))
    assert np.isfinite(drift.edges["amount"]).all()
    assert drift.to_frame()[["psi", "kl", "js", "tv"]].notna().all(axis=None)


def test_noise_is_the_mean_psi_without_drift(log):
    """200 days of 500 rows from one distribution against a reference of 5,000."""
    rng = np.random.default_rng(0)
    n_days, per_day = 200, 500
    days = np.repeat(np.arange(10 + n_days), per_day)
    frame = pd.DataFrame(
        {
            "request_id": [str(i) for i in range(len(days))],
            "event_time": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(days, unit="D"),
            "model_version": "m",
            "feature_version": "f",
            "arm": "baseline",
            "score": 0.5,
            "latency_ms": 1.0,
            "feature_x": rng.normal(size=len(days)),
        }
    )
    log.append(frame)
    later = daily_drift(log, reference=("2026-01-01", "2026-01-10"), start="2026-01-11").to_frame()
    assert len(later) == n_days
    # PSI / noise is about chi2(9) / 9, of variance 2 / 9; all days share one reference, whose own deviation
    # (1/m against 1/n + 1/m, a share of 1/11) does not average out. Four standard errors:
    ratio = (later["psi"] / later["noise"]).mean()
    assert abs(ratio - 1) < 4 * np.sqrt(2 / 9) * np.sqrt(1 / n_days + 1 / 11)


def test_a_range_of_days_gives_the_rows_of_the_whole(world):
    log, _, _ = world
    whole = daily_drift(log, reference=REFERENCE).to_frame()
    part = daily_drift(log, reference=REFERENCE, start="2026-03-06", end="2026-03-10").to_frame()
    expected = whole[(whole["day"] >= "2026-03-06") & (whole["day"] <= "2026-03-10")].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, expected)


BAD = {
    "an unknown feature": ({"features": ["weather"], "reference": REFERENCE}, "no feature 'weather'; it has"),
    "a name with its prefix": ({"features": ["feature_amount"], "reference": REFERENCE}, "no feature 'feature_amount'"),
    "no feature": ({"features": [], "reference": REFERENCE}, "no feature at all"),
    "an empty reference": ({"reference": ("2025-01-01", "2025-02-01")}, "its days are 2026-03-01 to 2026-03-12"),
    "a reference turned around": ({"reference": REFERENCE[::-1]}, "swap them"),
    "a reference that is no day": ({"reference": ("then", "now")}, "reference must be a day"),
    "one bin": ({"reference": REFERENCE, "bins": 1}, "bins must be a whole number, 2 or more"),
    "no category": ({"reference": REFERENCE, "max_categories": 0}, "max_categories must be a whole number, 1 or more"),
    "half a bin": ({"reference": REFERENCE, "bins": 2.5}, "bins must be a whole number"),
    "categories without a number": ({"reference": REFERENCE, "max_categories": np.nan}, "got nan"),
    "a reference of one day": ({"reference": REFERENCE[:1]}, "its first and its last day"),
    "nothing to compare": ({"reference": REFERENCE, "start": "2027-01-01"}, "no day has predictions to compare"),
    "days compared turned around": ({"reference": REFERENCE, "start": "2026-03-09", "end": "2026-03-08"}, "swap them"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_compared_is_refused(world, case):
    log, _, _ = world
    options, told = BAD[case]
    with pytest.raises(ValueError, match=told):
        daily_drift(log, **options)


def test_an_empty_log_has_no_feature(log):
    with pytest.raises(ValueError, match="it has none yet"):
        daily_drift(log, reference=REFERENCE)
