"""Both arms are compared within the hour, where they see the same world."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coursekit.monitoring.logs import PredictionLog, compare_arms
from coursekit.monitoring.logs.questions.arms import _error_difference


def logged(folder, hour, arm, score, label, *, labelled=None):
    """A log with these requests, all labelled unless said otherwise."""
    n = len(hour)
    frame = pd.DataFrame(
        {
            "request_id": [f"r{i}" for i in range(n)],
            "event_time": pd.Timestamp("2026-03-01", tz="UTC") + pd.to_timedelta(hour, unit="h"),
            "model_version": "m",
            "feature_version": "f",
            "arm": arm,
            "score": score,
            "latency_ms": 5.0,
        }
    )
    log = PredictionLog(folder)
    log.append(frame)
    labels = frame[["request_id"]].assign(label=label, label_time=pd.Timestamp("2026-04-01", tz="UTC"))
    log.add_labels(labels if labelled is None else labels[labelled])
    return log


def simpson(seed, n=20_000):
    """A candidate that errs 2% less often in each hour, but is tried in the hard ones."""
    rng = np.random.default_rng(seed)
    hour = rng.integers(0, 24, n)
    candidate = rng.random(n) < hour / 30
    error = rng.random(n) < 0.05 + 0.01 * hour - 0.02 * candidate
    label = rng.random(n) < 0.5
    score = np.where(label ^ error, 0.8, 0.2)
    return hour, np.where(candidate, "candidate", "baseline"), score, label.astype(float)


def test_within_hours_the_better_model_is_better(tmp_path):
    comparison = compare_arms(logged(tmp_path, *simpson(0)))
    assert comparison.crude_error_difference > 0.01  # the plain error rates say the opposite
    assert -0.02 in comparison.error_difference
    assert comparison.error_difference.high < 0
    assert comparison.strata == 24


def test_the_estimates_are_the_formulas_written_out(tmp_path):
    rng = np.random.default_rng(1)
    hour, arm, score, label = simpson(1, n=600)
    score = np.round(rng.random(600), 3)
    labelled = rng.random(600) < 0.7
    comparison = compare_arms(logged(tmp_path, hour, arm, score, label, labelled=labelled), threshold=0.4)
    error = ((score >= 0.4) != (label == 1)).astype(float)
    numerator = denominator = score_numerator = score_denominator = 0.0
    for one in np.unique(hour):
        n1, n0 = ((hour == one) & (arm == name) & labelled for name in ("candidate", "baseline"))
        if n1.any() and n0.any():
            weight = n1.sum() * n0.sum() / (n1.sum() + n0.sum())
            numerator += weight * (error[n1].mean() - error[n0].mean())
            denominator += weight
        m1, m0 = ((hour == one) & (arm == name) for name in ("candidate", "baseline"))
        if m1.any() and m0.any():
            weight = m1.sum() * m0.sum() / (m1.sum() + m0.sum())
            score_numerator += weight * (score[m1].mean() - score[m0].mean())
            score_denominator += weight
    # a mean of at most 600 numbers below 1, in another order: 600 * 2**-52 < 2e-13
    assert comparison.error_difference.estimate == pytest.approx(numerator / denominator, abs=1e-12)
    assert comparison.score_difference.estimate == pytest.approx(score_numerator / score_denominator, abs=1e-12)
    for name in ("candidate", "baseline"):
        assert comparison.requests[name] == (arm == name).sum()
    table = comparison.to_frame()
    assert table["requests"].sum() == 600
    assert table["errors"].sum() == error[labelled].sum()


def test_one_stratum_gives_the_interval_of_two_proportions(tmp_path):
    """With one stratum Sato's variance is p1 q1 / n1 + p0 q0 / n0 where both arms are equally large."""
    arm = np.repeat(["candidate", "baseline"], 100)
    error = np.r_[np.arange(100) < 30, np.arange(100) < 40]
    log = logged(tmp_path, np.zeros(200), arm, np.where(error, 0.9, 0.1), np.zeros(200))
    found = compare_arms(log).error_difference
    half = 1.959963984540054 * np.sqrt(0.3 * 0.7 / 100 + 0.4 * 0.6 / 100)
    assert found.estimate == pytest.approx(-0.1, abs=1e-12)
    assert found.high - found.estimate == pytest.approx(half, abs=1e-12)


@pytest.mark.parametrize(("strata", "per_arm"), [(5, (200, 60)), (300, (8, 1)), (100, (2, 2))])
def test_the_interval_covers_the_truth_as_often_as_it_says(strata, per_arm):
    """Few large strata and many tiny ones: 2,000 worlds each, difference -.05."""
    rng = np.random.default_rng(2)
    runs, covered = 2000, 0
    base = np.linspace(0.1, 0.4, strata)
    for _ in range(runs):
        n = pd.DataFrame({"baseline": np.full(strata, per_arm[0]), "candidate": np.full(strata, per_arm[1])})
        x = pd.DataFrame(
            {"baseline": rng.binomial(per_arm[0], base), "candidate": rng.binomial(per_arm[1], base - 0.05)}
        )
        covered += -0.05 in _error_difference(n, x, 0.95)
    # binomial error of 2,000 runs: sd .0049, four of them .0195; the normal approximation may cost one percent more
    assert abs(covered / runs - 0.95) < 0.0195 + 0.01


@pytest.mark.parametrize("confidence", [0, 1, 2, 95, float("nan"), None])
def test_a_confidence_is_a_share(tmp_path, confidence):
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        compare_arms(PredictionLog(tmp_path), confidence=confidence)


def test_hours_with_one_arm_compare_nothing_and_are_told(tmp_path):
    hour = np.array([0, 0, 1, 2, 2])
    arm = np.array(["baseline", "candidate", "baseline", "candidate", "candidate"])
    comparison = compare_arms(logged(tmp_path, hour, arm, np.full(5, 0.9), np.array([1, 0, 0, 1, 1.0])))
    assert (comparison.strata_compared, comparison.strata) == (1, 3)
    assert comparison.error_difference.estimate == 1.0
    day = compare_arms(PredictionLog(tmp_path), every="day")
    assert (day.strata_compared, day.strata) == (1, 1)


def test_without_labels_scores_can_be_compared_and_errors_not(tmp_path):
    hour, arm, score, label = simpson(3, n=500)
    log = logged(tmp_path, hour, arm, score, label, labelled=np.zeros(500, dtype=bool))
    comparison = compare_arms(log)
    assert np.isnan(comparison.error_difference.estimate)
    assert np.isnan(comparison.crude_error_difference)
    assert np.isfinite(comparison.score_difference.low)
    assert "레이블이 없어" in comparison.plot().layout.title.text


def test_strata_of_one_row_an_arm_have_an_interval_too(tmp_path):
    """The arm's other strata lend their variance; with none to lend the interval is not known."""
    hour = np.array([0, 0, 1, 1, 1, 1, 1])
    arm = np.array(["baseline", "candidate", *["baseline"] * 3, *["candidate"] * 2])
    score = np.array([0.1, 0.3, 0.2, 0.4, 0.6, 0.5, 0.9])
    comparison = compare_arms(logged(tmp_path / "one", hour, arm, score, np.zeros(7)))
    assert comparison.score_difference.width > 0
    lonely = compare_arms(logged(tmp_path / "two", hour[:2], arm[:2], score[:2], np.zeros(2)))
    assert lonely.score_difference.estimate == pytest.approx(0.2)
    assert np.isnan(lonely.score_difference.low)
