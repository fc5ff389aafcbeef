from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from coursekit.modeling.evaluation import bootstrap_interval, compare, evaluate, paired_difference

RNG = np.random.default_rng(0)
TRUTH = RNG.choice(["a", "b", "c"], size=300)
HARD = RNG.random(300) < 0.2  # rows on which both models fail
WRONG = np.where(TRUTH == "a", "b", "a")
A = np.where(HARD, WRONG, TRUTH)
B = np.where(HARD | (RNG.random(300) < 0.05), np.where(TRUTH == "c", "b", WRONG), TRUTH)
SLICES = {"hard": HARD, "easy": ~HARD}


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
@pytest.mark.parametrize("groups", [None, np.arange(300) // 3])
def test_difference_equals_the_plain_paired_bootstrap(metric, groups):
    def score(true, predicted):
        if metric == "accuracy":
            return metrics.accuracy_score(true, predicted)
        return metrics.f1_score(true, predicted, average="macro")

    n_boot = 1500
    a, b = (evaluate(TRUTH, answers, groups=groups, n_boot=10) for answers in (A, B))
    ours = paired_difference(a, b, metric=metric, n_boot=n_boot)
    plain = bootstrap_interval(
        lambda t, p, q: score(t, p) - score(t, q), TRUTH, A, B, groups=groups, n_boot=n_boot, method="bca", seed=1
    )
    assert ours.estimate == pytest.approx(plain.estimate)
    # error of a BCa end: .095 sd for B = 1,500 (test_report.py derives it), two estimates, four
    # standard errors, and the grid 1/300
    tolerance = 4 * np.sqrt(2) * 0.095 * plain.width / (2 * 1.96) + 1 / 300
    assert ours.low == pytest.approx(plain.low, abs=tolerance)
    assert ours.high == pytest.approx(plain.high, abs=tolerance)


def test_pairing_removes_shared_luck():
    """Rows that both models miss widen each model's interval, but not that of the difference."""
    a, b = evaluate(TRUTH, A), evaluate(TRUTH, B)
    assert paired_difference(a, b).width < 0.6 * a.accuracy.width
    same = paired_difference(a, a)
    assert (same.estimate, same.low, same.high) == (0, 0, 0)


def test_difference_changes_sign_with_the_order():
    a, b = evaluate(TRUTH, A), evaluate(TRUTH, B)
    assert paired_difference(a, b).estimate == pytest.approx(-paired_difference(b, a).estimate)


def test_table_and_figures_hold_every_model():
    reports = {"규칙": evaluate(TRUTH, A, slices=SLICES), "n-gram": evaluate(TRUTH, B, slices=SLICES)}
    comparison = compare(reports, extra={"ms": {"규칙": 0.1, "n-gram": 2.0}})
    frame = comparison.to_frame()
    assert frame.index.tolist() == ["규칙", "n-gram"] == list(comparison.names)
    assert frame.loc["규칙", "accuracy"] == reports["규칙"].accuracy.estimate
    assert frame.loc["n-gram", "macro_f1_high"] == reports["n-gram"].macro_f1.high
    assert frame["ms"].tolist() == [0.1, 2.0]
    assert list(comparison.plot(metric="macro_f1").data[0].x) == frame["macro_f1"].tolist()
    assert comparison.slices_to_frame().loc["hard", "규칙"] == reports["규칙"].slices["hard"].estimate
    assert [trace.name for trace in comparison.plot_slices().data] == ["규칙", "n-gram"]
    assert comparison.difference("규칙", "n-gram") == paired_difference(reports["규칙"], reports["n-gram"])


def test_bad_input_is_named():
    a, b = evaluate(TRUTH, A), evaluate(TRUTH[:100], B[:100])
    with pytest.raises(ValueError, match="same rows"):
        compare({"a": a, "b": b})
    with pytest.raises(ValueError, match="different groups"):
        paired_difference(a, evaluate(TRUTH, B, groups=np.arange(300)))
    with pytest.raises(ValueError, match="at least one"):
        compare({})
    with pytest.raises(ValueError, match="has no report"):
        compare({"a": a}, extra={"ms": {"z": 1}})
    with pytest.raises(ValueError, match="metric must be one of"):
        compare({"a": a}).plot(metric="recall")
    with pytest.raises(KeyError, match="no model 'z'"):
        compare({"a": a}).difference("a", "z")
