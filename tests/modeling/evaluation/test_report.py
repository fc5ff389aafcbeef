from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from coursekit.modeling.evaluation import bootstrap_interval, evaluate, proportion_interval

LABELS = st.sampled_from(["weather", "news", "music", "날씨"])
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=60)


@pytest.mark.filterwarnings("ignore:A single label was found")
@settings(max_examples=80, deadline=None)
@given(PAIRS)
def test_scores_equal_scikit_learn(pairs):
    true, predicted = map(list, zip(*pairs, strict=True))
    report = evaluate(true, predicted, n_boot=2)
    assert report.accuracy.estimate == pytest.approx(metrics.accuracy_score(true, predicted))
    assert report.macro_f1.estimate == pytest.approx(metrics.f1_score(true, predicted, average="macro"))
    np.testing.assert_array_equal(
        report.confusion, metrics.confusion_matrix(true, predicted, labels=list(report.labels))
    )
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        true, predicted, labels=list(report.labels), zero_division=np.nan
    )
    frame = report.to_frame()
    for column, expected in (("precision", precision), ("recall", recall), ("f1", f1), ("support", support)):
        np.testing.assert_allclose(frame[column], expected)


@settings(max_examples=30, deadline=None)
@given(PAIRS, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(pairs, random):
    shuffled = list(pairs)
    random.shuffle(shuffled)
    reports = [evaluate(*map(list, zip(*rows, strict=True)), n_boot=20) for rows in (pairs, shuffled)]
    assert reports[0].accuracy == reports[1].accuracy
    assert reports[0].macro_f1 == reports[1].macro_f1


def test_a_class_that_never_occurs_is_left_out_of_the_mean():
    report = evaluate(["a", "b"], ["a", "b"], labels=["a", "b", "c"])
    assert report.macro_f1.estimate == 1.0
    assert report.to_frame().loc["c", ["precision", "recall", "f1"]].isna().all()


def _sample(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.choice(["a", "b", "c", "d"], size=n, p=[0.5, 0.3, 0.15, 0.05])
    return true, np.where(rng.random(n) < 0.7, true, rng.choice(["a", "b", "c", "d"], size=n))


@pytest.mark.parametrize("grouped", [False, True])
def test_fast_intervals_equal_the_plain_bootstrap(grouped):
    """Counts resampled at once against scikit-learn's scores of drawn rows."""
    true, predicted = _sample(200)
    groups = np.arange(200) // 4 if grouped else None
    n_boot = 1500
    report = evaluate(true, predicted, groups=groups, n_boot=n_boot, seed=1)
    for ours, score in (
        (report.accuracy, metrics.accuracy_score),
        (report.macro_f1, lambda t, p: metrics.f1_score(t, p, average="macro")),
    ):
        plain = bootstrap_interval(score, true, predicted, groups=groups, n_boot=n_boot, method="bca", seed=2)
        # Standard error of a 2.5% quantile of B replicates: sd sqrt(q (1 - q) / B) / phi(1.96)
        # = .069 sd for B = 1,500. BCa moves the level by twice the bias z0, whose standard error
        # is .5 / sqrt(B) / phi(0) = .032: .065 sd more; together .095 sd. The sd is about a quarter
        # of the width; two estimates, four standard errors.
        tolerance = 4 * np.sqrt(2) * 0.095 * plain.width / (2 * 1.96)
        assert ours.estimate == pytest.approx(plain.estimate)
        assert ours.low == pytest.approx(plain.low, abs=tolerance)
        assert ours.high == pytest.approx(plain.high, abs=tolerance)


def test_accuracy_interval_near_its_analytic_width():
    """The bootstrap of a proportion has standard deviation sqrt(p (1 - p) / n)."""
    true = np.array(["a"] * 2000)
    predicted = np.array(["a"] * 1600 + ["b"] * 400)
    report = evaluate(true, predicted, n_boot=4000)
    half = 1.96 * np.sqrt(0.8 * 0.2 / 2000)
    # quantile error as above with B = 4,000: .042 sd; five of them, plus the grid of 1/2,000
    tolerance = 5 * 0.042 * half / 1.96 + 1 / 2000
    assert report.accuracy.low == pytest.approx(0.8 - half, abs=tolerance)
    assert report.accuracy.high == pytest.approx(0.8 + half, abs=tolerance)


def test_groups_widen_the_interval():
    true, predicted = _sample(300)
    true, predicted = np.repeat(true, 5), np.repeat(predicted, 5)
    rows = evaluate(true, predicted)
    whole = evaluate(true, predicted, groups=np.repeat(np.arange(300), 5))
    # five copies of a row carry the news of one: sqrt(5) = 2.24 times as wide, less bootstrap noise
    assert 1.9 < whole.accuracy.width / rows.accuracy.width < 2.6


def test_errors_lists_the_commonest_confusions_with_their_inputs():
    true, predicted = list("aaaabbbc"), list("abbbbcac")
    report = evaluate(true, predicted)
    errors = report.errors([f"row {i}" for i in range(8)], n_examples=2)
    assert errors[["true", "predicted", "count"]].to_numpy().tolist() == [["a", "b", 3], ["b", "a", 1], ["b", "c", 1]]
    assert errors.loc[0, "examples"] == ["row 1", "row 2"]
    assert errors.loc[0, "share"] == 0.75
    assert len(report.errors(list(range(8)), top=1)) == 1
    assert evaluate(["a"], ["a"]).errors(["x"]).empty


def test_mistakes_lists_each_wrong_row_surest_first():
    report = evaluate(list("aab"), list("bba"))
    frame = report.mistakes(["x", "y", "z"], confidence=[0.2, 0.9, 0.5])
    assert frame["input"].tolist() == ["y", "z", "x"]
    assert report.mistakes(["x", "y", "z"])["row"].tolist() == [0, 1, 2]


def test_plot_shows_names_and_counts():
    report = evaluate(["weather", "news"], ["weather", "weather"])
    heat = report.plot(names={"weather": "날씨", "news": "뉴스"}).data[0]
    assert list(heat.x) == ["뉴스", "날씨"]
    assert heat.text.tolist() == [["", "1"], ["", "1"]]
    np.testing.assert_array_equal(heat.customdata[:, :, 0], report.confusion)
    np.testing.assert_allclose(report.plot(normalize=False).data[0].z, report.confusion)


def test_slices_carry_their_own_accuracy():
    true, predicted = list("aabb"), list("abbb")
    groups = [0, 0, 1, 2]
    masks = {"first": [True, True, False, False], "none": [False] * 4, "all": np.ones(4, bool)}
    slices = evaluate(true, predicted, groups=groups, slices=masks).slices
    frame = slices.to_frame()
    assert frame["size"].tolist() == [2, 0, 4]
    assert frame.loc["first", "gap"] == pytest.approx(0.5 - 0.75)
    assert np.isnan(frame.loc["none", "accuracy"])
    assert slices["all"] == proportion_interval([1, 0, 1, 1], groups=groups)
    assert len(slices.plot().data[0].x) == 3
    with pytest.raises(KeyError, match="no slice"):
        slices["other"]


@pytest.mark.parametrize(
    ("true", "predicted"),
    [([0, 1, 1], [0.0, 1.0, 0.0]), (np.array([False, True, True]), [0, 1, 0]), (["0", "1", "1"], [0, 1, 0])],
)
def test_whole_numbers_are_one_class_in_every_type(true, predicted):
    report = evaluate(true, predicted, labels=[0, 1])
    assert report.accuracy.estimate == pytest.approx(2 / 3)
    assert list(report.plot(names={0: "정상", 1: "불량"}).data[0].x) == ["정상", "불량"]


def test_inputs_are_not_changed():
    true, predicted = _sample(20)
    copies = true.copy(), predicted.copy()
    evaluate(true, predicted, n_boot=5).errors(true)
    assert (true == copies[0]).all()
    assert (predicted == copies[1]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y_true": [], "y_pred": []}, "not empty"),
        ({"y_true": ["a"], "y_pred": ["a", "b"]}, "equally long"),
        ({"y_true": ["a", None], "y_pred": ["a", "b"]}, "y_true: row 1 has no class"),
        ({"y_true": ["a", "b"], "y_pred": ["a", "x"], "labels": ["a", "b"]}, "y_pred: row 1 holds 'x'"),
        ({"y_true": ["a"], "y_pred": ["a"], "labels": ["a", "a"]}, "repeats"),
        ({"y_true": ["a"], "y_pred": ["a"], "confidence": 1.0}, "between 0 and 1"),
        ({"y_true": ["a"], "y_pred": ["a"], "n_boot": 0}, "n_boot"),
        ({"y_true": ["a"], "y_pred": ["a"], "groups": [1, 2]}, "one group for each of the 1 rows"),
        ({"y_true": ["a"], "y_pred": ["a"], "slices": {"s": [1]}}, "slice 's' must be a boolean mask"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        evaluate(arguments.pop("y_true"), arguments.pop("y_pred"), **arguments)
    with pytest.raises(ValueError, match="the 1 inputs that were predicted"):
        evaluate(["a"], ["a"]).errors(["x", "y"])


@pytest.mark.slow
def test_macro_f1_interval_covers_with_few_groups():
    """Groups of five rows share a difficulty; the truth is the macro-F1 of a very large sample."""
    classes, rng = np.array(list("abcdef")), np.random.default_rng(0)

    def sample(n_groups):
        of_group = rng.choice(classes, size=n_groups, p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.05])
        easy = rng.beta(4, 1.5, size=n_groups)
        true = np.repeat(of_group, 5)
        right = rng.random(5 * n_groups) < np.repeat(easy, 5)
        return true, np.where(right, true, rng.choice(classes, size=5 * n_groups)), np.repeat(np.arange(n_groups), 5)

    true, predicted, _ = sample(400_000)
    truth = metrics.f1_score(true, predicted, average="macro")
    n_runs = 500
    inside = 0
    for _ in range(n_runs):
        true, predicted, groups = sample(150)
        inside += truth in evaluate(true, predicted, groups=groups, n_boot=600).macro_f1
    # nominal .95, four standard errors of 500 runs are .039; with 7 or 8 groups of the rarest
    # class the bootstrap itself is known to lose a few hundredths, .03 of which are granted
    assert 0.95 - 0.039 - 0.03 <= inside / n_runs <= 0.95 + 0.039
