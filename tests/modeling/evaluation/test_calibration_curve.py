"""Calibration against scikit-learn, worlds whose slope is known, and identities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from coursekit.modeling.evaluation import brier_difference, brier_score, calibration


def _world(n, *, slope=1.0, intercept=0.0, seed=0):
    """Predictions whose log odds, times slope plus intercept, are the truth."""
    rng = np.random.default_rng(seed)
    p = rng.beta(1.5, 0.8, n).clip(1e-4, 1 - 1e-4)
    return (rng.random(n) < expit(intercept + slope * logit(p))).astype(int), p


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, 0.0), (2.0, -0.5), (0.8, 1.0)])
def test_slope_and_intercept_are_found(slope, intercept):
    y, p = _world(200_000, slope=slope, intercept=intercept)
    curve = calibration(y, p)
    peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000).fit(logit(p)[:, None], y)
    assert math.isclose(curve.slope, peer.coef_[0, 0], rel_tol=1e-4)
    assert math.isclose(curve.intercept, peer.intercept_[0], rel_tol=1e-3, abs_tol=1e-4)
    assert abs(curve.slope - slope) < 0.03 and abs(curve.intercept - intercept) < 0.03  # standard errors below .008


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_bins_are_those_of_scikit_learn(strategy):
    y, p = _world(5_000, seed=3)
    observed, predicted = calibration_curve(y, p, n_bins=10, strategy=strategy)
    curve = calibration(y, p, strategy=strategy)
    assert np.allclose(curve.observed, observed, atol=2e-3) and np.allclose(curve.predicted, predicted, atol=2e-3)
    assert curve.count.sum() == 5_000
    assert math.isclose(curve.brier, brier_score_loss(y, p), rel_tol=1e-12)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9, 1.0])), min_size=1, max_size=80))
@settings(max_examples=80, deadline=None)
def test_murphy_s_three_terms_make_the_brier_score(rows):
    """Where each bin holds one probability the partition is exact."""
    y, p = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    curve = calibration(y, p, n_bins=20, strategy="uniform")
    assert math.isclose(
        curve.brier, curve.reliability - curve.resolution + curve.baseline_brier, rel_tol=1e-9, abs_tol=1e-12
    )
    assert 0 <= curve.expected_calibration_error <= 1


def test_the_base_rate_has_no_skill_and_perfection_has_all():
    y, _ = _world(1_000)
    assert math.isclose(calibration(y, np.full(1_000, y.mean())).skill, 0, abs_tol=1e-12)
    perfect = calibration(y, y.astype(float))
    assert perfect.skill == 1 and math.isnan(perfect.slope)
    assert math.isnan(calibration([1, 1], [0.5, 0.7]).skill)


def test_answers_that_a_threshold_parts_have_no_slope():
    """The likelihood grows for ever: also where both answers touch at one probability."""
    for p in ([0.2, 0.4, 0.6, 0.8], [0.2, 0.5, 0.5, 0.8], [0.8, 0.5, 0.5, 0.2], [0.5] * 4):
        curve = calibration([0, 0, 1, 1], p)
        assert math.isnan(curve.slope) and math.isnan(curve.intercept)


def test_a_difference_is_surer_than_its_parts():
    y, p = _world(4_000, seed=5)
    worse = expit(2.0 * logit(p))
    difference = brier_difference(y, worse, p)
    assert math.isclose(difference.estimate, brier_score(y, worse) - brier_score(y, p), rel_tol=1e-9)
    assert difference.low > 0
    days = np.repeat(np.arange(40), 100)
    assert brier_difference(y, worse, p, groups=days).low > 0
    copies = np.tile(np.arange(4_000), 5)  # each row five times, told as groups: as sure as before
    grouped = brier_difference(y[copies], worse[copies], p[copies], groups=copies)
    assert 0.8 < grouped.width / difference.width < 1.25


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([1], [0.1, 0.2], "equally long"),
        ([], [], "not empty"),
        ([2], [0.5], "0 and 1 only"),
        ([1], [1.2], r"lie in \[0, 1\]"),
        ([1], [math.nan], r"lie in \[0, 1\]"),
    ],
)
def test_bad_input_is_told(y, p, message):
    with pytest.raises(ValueError, match=message):
        calibration(y, p)
    with pytest.raises(ValueError, match=message):
        brier_score(y, p)


def test_unknown_bins_are_told():
    with pytest.raises(ValueError, match="strategy must be one of"):
        calibration([1, 0], [0.2, 0.3], strategy="deciles")
    for bins in (0, 10.0, None, True, math.inf):
        with pytest.raises(ValueError, match="n_bins must be a whole number"):
            calibration([1, 0], [0.2, 0.3], n_bins=bins)
    with pytest.raises(ValueError, match="groups must name"):
        brier_difference([1, 0], [0.5, 0.5], [0.5, 0.5], groups=[1])
