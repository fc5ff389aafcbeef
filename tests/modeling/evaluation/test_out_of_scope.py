from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from coursekit.modeling.evaluation import scope_curve, wilson_interval


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 60))
def test_every_point_equals_its_definition(seed, n):
    rng = np.random.default_rng(seed)
    classes = np.array(["oos", "a", "b"])
    truth = np.append(rng.choice(classes, size=n), ["oos", "a"])
    table = np.round(rng.dirichlet(np.ones(3), size=n + 2), 1)  # rounded: ties are the rule
    curve = scope_curve(truth, table, classes, out_of_scope="oos")
    confidence, answer = table[:, 1:].max(axis=1), np.array(["a", "b"])[table[:, 1:].argmax(axis=1)]
    outside = truth == "oos"
    for threshold, accuracy, recall in curve.to_frame().to_numpy():
        answered = confidence >= threshold
        assert accuracy == pytest.approx((answered & (answer == truth))[~outside].mean())
        assert recall == pytest.approx((~answered)[outside].mean())
    assert (np.diff(curve.in_scope_accuracy) <= 0).all()
    assert (np.diff(curve.out_of_scope_recall) >= 0).all()


def test_recall_is_one_minus_the_false_positive_rate_of_the_roc():
    """With one in-scope class the curve is the ROC of the confidence."""
    rng = np.random.default_rng(1)
    truth = np.array(["a"] * 60 + ["oos"] * 40)
    score = np.concatenate([rng.beta(4, 2, 60), rng.beta(2, 3, 40)])
    curve = scope_curve(truth, score[:, None], ["a"], out_of_scope="oos")
    fpr, tpr, _ = metrics.roc_curve(truth == "a", score, drop_intermediate=False)
    np.testing.assert_allclose(curve.in_scope_accuracy[::-1], tpr)
    np.testing.assert_allclose(curve.out_of_scope_recall[::-1], 1 - fpr)


def test_recall_at_takes_the_strictest_threshold_that_keeps_the_accuracy():
    truth = ["a"] * 10 + ["oos"] * 5
    table = np.array([*np.linspace(0.1, 1.0, 10), 0.05, 0.15, 0.25, 0.35, 0.95])[:, None]
    point = scope_curve(truth, table, ["a"], out_of_scope="oos").recall_at(0.8)
    assert point.threshold == pytest.approx(0.3)
    assert point.in_scope_accuracy == wilson_interval(8, 10)
    assert point.out_of_scope_recall == wilson_interval(3, 5)
    assert point.to_frame().loc["out_of_scope_recall", "estimate"] == 0.6
    assert len(point.plot().data[0].x) == 2


@given(st.floats(-0.5, 1.5))
def test_a_threshold_from_elsewhere_is_applied_as_defined(threshold):
    confidence = np.array([0.2, 0.4, 0.4, 0.9, 0.1, 0.4, 0.6])
    truth = np.array(["a"] * 4 + ["oos"] * 3)
    point = scope_curve(truth, confidence[:, None], ["a"], out_of_scope="oos").at(threshold)
    assert point.in_scope_accuracy.estimate == pytest.approx((confidence[:4] >= threshold).mean())
    assert point.out_of_scope_recall.estimate == pytest.approx((confidence[4:] < threshold).mean())


def test_plot_draws_the_curve():
    curve = scope_curve(["a", "oos"], [[0.9], [0.2]], ["a"], out_of_scope="oos")
    np.testing.assert_array_equal(curve.plot().data[0].x, curve.out_of_scope_recall)


@pytest.mark.parametrize(
    ("truth", "table", "classes", "message"),
    [
        (["a", "oos"], [[0.5, 0.5]], ["a", "oos"], "row per true class"),
        (["a", "oos"], [[2.0], [0.1]], ["a"], r"lie in \[0, 1\]"),
        (["a", "oos"], [[np.nan], [0.1]], ["a"], r"lie in \[0, 1\]"),
        (["a", "a"], [[0.5], [0.1]], ["a"], "no out-of-scope"),
        (["oos", "oos"], [[0.5], [0.1]], ["a"], "no in-scope"),
        (["a", "oos"], [[0.5], [0.1]], ["oos"], "no in-scope class to answer"),
    ],
)
def test_bad_input_is_named(truth, table, classes, message):
    with pytest.raises(ValueError, match=message):
        scope_curve(truth, table, classes, out_of_scope="oos")


def test_an_accuracy_out_of_reach_is_refused_with_what_can_be_had():
    curve = scope_curve(["a", "b", "oos"], [[0.9, 0.1], [0.8, 0.2], [0.1, 0.1]], ["a", "b"], out_of_scope="oos")
    with pytest.raises(ValueError, match=r"answering everything gives 0\.500"):
        curve.recall_at(0.9)
