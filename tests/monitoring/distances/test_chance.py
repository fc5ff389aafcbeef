"""Without drift, p-values are uniform and few features are called; with drift, few calls are wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coursekit.monitoring.distances import Reference

RISK = 1e-6
"""Chance that a bound below fails although all is well; with fixed seeds it holds or not for good."""


def _is_uniform(p_values: np.ndarray, *, coarseness: float) -> None:
    """DKW: the share of p-values up to a is within sqrt(log(2 / RISK) / 2k) of a, less where p has steps."""
    k = len(p_values)
    band = np.sqrt(np.log(2 / RISK) / (2 * k))
    for a in np.linspace(0.02, 0.98, 49):
        share = np.mean(p_values <= a)
        assert a - band - coarseness <= share <= a + band


def test_ks_p_values_are_uniform():
    """211 and 149 rows share no divisor, so the statistic has thousands of values; its largest atom is below .03."""
    rng = np.random.default_rng(0)
    report = Reference().fit(rng.normal(size=(211, 1500))).compare(rng.normal(size=(149, 1500)))
    _is_uniform(report.to_frame()["p_value"].to_numpy(), coarseness=0.03)


def test_chi_squared_p_values_on_fitted_bins_are_uniform():
    """The bins are quantiles of the reference, not fixed beforehand: the limit is chi-squared all the same.
    Its error at expected counts of 80 or more is of the order 1 / 80."""
    rng = np.random.default_rng(1)
    reference = Reference(keep_samples=False).fit(rng.normal(size=(1000, 800)))
    report = reference.compare(rng.normal(size=(800, 800)))
    _is_uniform(report.to_frame()["p_value"].to_numpy(), coarseness=0.02)


def test_p_values_with_missing_values_are_uniform():
    """The share of missing values (30 of 150 on average) has steps of about 4%, halved in the combination."""
    rng = np.random.default_rng(2)
    before, now = rng.normal(size=(211, 1500)), rng.normal(size=(149, 1500))
    before[rng.random(before.shape) < 0.2] = np.nan
    now[rng.random(now.shape) < 0.2] = np.nan
    frame = Reference().fit(before).compare(now).to_frame()
    assert (frame["test"] == "ks, missing").all()
    _is_uniform(frame["p_value"].to_numpy(), coarseness=0.05)


def test_p_values_of_long_tailed_categories_are_uniform():
    """Categories of which many are seen once, so that some of now are always new: no false alarm of them.
    A third of the expected counts lie near 5, where chi-squared errs by a few hundredths."""
    rng = np.random.default_rng(3)
    weights = 1 / np.arange(1, 301)
    weights /= weights.sum()
    draw = rng.choice(300, size=(1200, 250), p=weights)
    before, now = (pd.DataFrame(part).astype("category") for part in (draw[:700], draw[700:]))
    report = Reference(max_categories=20).fit(before).compare(now)
    assert all(histogram.counts_now[-2] > 0 for histogram in report.histograms.values())  # "(new)" is never empty
    _is_uniform(report.to_frame()["p_value"].to_numpy(), coarseness=0.05)


def test_psi_without_drift_is_a_scaled_chi_squared():
    """PSI / (1 / n + 1 / m) has mean B - 1 = 9 and variance 18 in the limit; pseudo-counts shrink it by about
    10 / n. Mean of k: 5 standard errors; variance: that of chi-squared with 9 degrees has sd 18 sqrt(20 / 6 / k)."""
    rng = np.random.default_rng(4)
    n, m, k = 2000, 1500, 1000
    report = Reference(keep_samples=False).fit(rng.normal(size=(n, k))).compare(rng.normal(size=(m, k)))
    scaled = report.to_frame()["psi"] / (1 / n + 1 / m)
    assert scaled.mean() == pytest.approx(9, abs=5 * np.sqrt(18 / k) + 0.1)
    assert scaled.var() == pytest.approx(18, abs=5 * 18 * np.sqrt(20 / 6 / k) + 0.5)


def test_without_drift_few_comparisons_call_any_feature():
    """Any call is then false: at fdr = .05 it happens in at most 5% of 200 comparisons, 10 plus 5 sd."""
    rng = np.random.default_rng(5)
    reference_rows, now_rows, k = 100, 80, 20
    calls = 0
    for _ in range(200):
        report = (
            Reference()
            .fit(rng.normal(size=(reference_rows, k)))
            .compare(rng.normal(size=(now_rows, k)), distances=("js", "ks"))
        )
        calls += bool(report.drifted(fdr=0.05))
    assert calls <= 10 + 5 * np.sqrt(200 * 0.05 * 0.95)


def test_few_of_the_features_called_are_false():
    """Half of 400 features shift: the share of false calls is at most .05 * 1/2 on average (Benjamini-Hochberg
    with half true nulls); over 10 comparisons of about 200 calls, its sd is below sqrt(.025 / 2000)."""
    rng = np.random.default_rng(6)
    shares = []
    for _ in range(10):
        now = rng.normal(size=(100, 400))
        now[:, ::2] += 0.9
        called = Reference().fit(rng.normal(size=(120, 400))).compare(now, distances=("js", "ks")).drifted(fdr=0.05)
        false = [name for name in called if int(name[1:]) % 2]
        shares.append(len(false) / len(called))
        assert len(called) - len(false) > 190  # and nearly all that shifted are found
    assert np.mean(shares) <= 0.025 + 5 * np.sqrt(0.025 / 2000)
