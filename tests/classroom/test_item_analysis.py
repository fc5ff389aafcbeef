"""Does the item analysis say what the textbook's definitions say, and flag only what the data bear?"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import judged_assignment
import nbformat
import numpy as np
import pandas as pd
import pytest
import small_class
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit import cli
from coursekit.classroom.gradebook._item_page import item_page
from coursekit.classroom.gradebook._item_statistics import GROUP, alpha, group_weights, mean_interval
from coursekit.classroom.gradebook.item_analysis import FEWEST, FLAGS, Answers, analyse_items, report_items
from coursekit.classroom.gradebook.item_answers import answer_of, items_of
from coursekit.classroom.grading import grade
from coursekit.modeling.evaluation import wilson_interval


def table(points, highest=None):
    """Rows of a class: points by student and item."""
    points = np.asarray(points, dtype=float)
    highest = np.ones(points.shape[1]) if highest is None else highest
    rows = [
        (f"s{student:03}", f"item_{item}", points[student, item], highest[item])
        for student, item in np.ndindex(points.shape)
    ]
    return pd.DataFrame(rows, columns=["student", "item", "score", "max_score"])


def rasch(students, difficulties, *, seed, slope=1.5):
    """Answers of a class whose abilities are normal: the truth that an analysis tries to see."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=(students, 1))
    return (rng.random((students, len(difficulties))) < 1 / (1 + np.exp(slope * (difficulties - ability)))).astype(
        float
    )


def over_all_orders(x, totals):
    """Upper minus lower, averaged over every way to break ties: what the weights claim to be."""
    size = Fraction(27, 100) * len(x)
    whole, part = int(size), size - int(size)
    found = []
    for order in itertools.permutations(range(len(x))):
        ranked = sorted(order, key=lambda one: -totals[one])  # stable: the permutation breaks ties
        up = sum(Fraction(x[one]) for one in ranked[:whole]) + part * Fraction(x[ranked[whole]])
        down = sum(Fraction(x[one]) for one in ranked[::-1][:whole]) + part * Fraction(x[ranked[::-1][whole]])
        found.append((up - down) / size)
    return float(sum(found) / len(found))


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 1)] * 3), min_size=4, max_size=6))
def test_ties_are_what_chance_would_do_on_average(rows):
    points = np.array(rows, dtype=float)
    report = analyse_items(table(points), resamples=20)
    totals = points.sum(axis=1)
    for at, item in enumerate(report.items):
        assert item.discrimination == pytest.approx(over_all_orders(rows_of(points, at), totals), abs=1e-12)


def rows_of(points, at):
    return [int(one) for one in points[:, at]]


@settings(deadline=None)
@given(st.lists(st.integers(0, 10), min_size=1, max_size=60))
def test_groups_hold_27_percent_and_never_put_the_lower_above(totals):
    weights = group_weights(totals)
    assert weights.sum() == pytest.approx(GROUP * len(totals))
    assert np.all((weights >= 0) & (weights <= 1))
    for one, other in itertools.product(range(len(totals)), repeat=2):
        if totals[one] > totals[other]:
            assert weights[one] >= weights[other]
        if totals[one] == totals[other]:
            assert weights[one] == weights[other]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_order_of_rows_and_names_change_nothing(seed):
    frame = table(rasch(24, np.array([-1.0, 0, 1]), seed=seed))
    shuffled = frame.sample(frac=1, random_state=seed % 1000)
    first, second = analyse_items(frame, resamples=200), analyse_items(shuffled, resamples=200)
    in_order = {one.name: one for one in second.items}
    assert all(one == in_order[one.name] or math.isnan(one.rest_correlation) for one in first.items)
    assert analyse_items(frame, resamples=200).to_frame().equals(first.to_frame())


def test_difficulty_s_interval_is_the_library_s_wilson():
    for right, students in [(0, 12), (7, 24), (24, 24), (90, 120)]:
        ours = mean_interval(right / students, students)
        theirs = wilson_interval(right, students)
        assert ours == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_alpha_is_kr20_for_right_and_wrong():
    points = rasch(200, np.linspace(-1, 1, 6), seed=1)
    p = points.mean(axis=0)
    kr20 = 6 / 5 * (1 - (p * (1 - p)).sum() / points.sum(axis=1).var())
    assert alpha(points) == pytest.approx(kr20, abs=1e-12)


@pytest.mark.parametrize("students", [24, 60])
def test_the_interval_holds_the_truth_as_often_as_it_says(students):
    difficulties = np.array([-2.0, -0.5, 0.5, 1.5])
    truth = [one.discrimination for one in analyse_items(table(rasch(40_000, difficulties, seed=0)), resamples=2).items]
    runs, held = 100, np.zeros(4)
    for run in range(runs):
        report = analyse_items(table(rasch(students, difficulties, seed=run + 1)), resamples=300)
        held += [
            a - 0.01 <= t <= b + 0.01
            for t, (a, b) in zip(truth, (o.discrimination_interval for o in report.items), strict=True)
        ]
    # 0.01: the truth itself is measured on 40,000: a standard error under 0.007, .5 * (2 / (.27 * 40,000)) ** .5
    # 95% said; of 100 runs at least 88 in all but 3 of 10,000 cases, were it exactly so
    assert held.min() >= 88


def test_flags_find_what_was_planted_and_nothing_else():
    """Fifty classes: a reversed key, a question that all know, a coin; and three honest ones."""
    wrongly, found = 0, {"negative": 0, "easy": 0}
    for seed in range(50):
        honest = rasch(120, np.array([-0.8, 0.0, 0.8, 0.4, -0.4]), seed=seed)
        rng = np.random.default_rng(seed)
        reversed_ = 1 - (honest[:, [1]] + honest[:, [2]] > rng.random((120, 1)) * 2)
        everybody = (rng.random((120, 1)) < 0.995).astype(float)
        report = analyse_items(table(np.hstack([honest, reversed_, everybody])), resamples=200)
        flags = {one.name: set(one.flags) for one in report.items}
        found["negative"] += "negative" in flags["item_5"]
        assert not {"negative", "weak"} <= flags["item_5"]  # an item that is worse than none is not called weak
        found["easy"] += "easy" in flags["item_6"]
        wrongly += sum(bool(flags[f"item_{number}"]) for number in range(5))
    assert found["negative"] >= 45
    assert found["easy"] >= 40
    assert wrongly <= 5


def test_a_wrong_key_shows_in_the_upper_group():
    points = rasch(60, np.array([-1.0, -0.5, 0.0, 0.5]), seed=3)
    points[:, 3] = 0  # the key is wrong: nobody gets the point
    students = [f"s{number:03}" for number in range(60)]
    said = {one: "b" if total > 1 else "a" for one, total in zip(students, points.sum(axis=1), strict=True)}
    about = {"item_3": Answers("4번", "c", ("a", "b", "c", "d"), said)}
    item = analyse_items(table(points), answers=about, resamples=100).items[3]
    assert {"key", "hard"} <= set(item.flags)
    assert [answer for answer, *_ in item.answers] == ["a", "b", "c", "d"]
    assert sum(count for _, count, *_ in item.answers) == 60
    assert sum(upper for *_, upper, _ in item.answers) == pytest.approx(GROUP * 60)
    counted = analyse_items(table(points), answers=about, resamples=100).answers_frame()
    assert counted.set_index("answer")["is_key"].to_dict() == {"a": False, "b": False, "c": True, "d": False}
    assert counted["count"].sum() == 60


def test_few_students_are_told_and_not_judged():
    report = analyse_items(table(np.zeros((FEWEST - 1, 2))))
    assert [one.flags for one in report.items] == [("few",), ("few",)]
    assert all("few" not in one.flags for one in analyse_items(table(np.zeros((FEWEST, 2)))).items)


def faulty():
    good = table([[1, 0], [0, 1]])
    yield pd.concat([good, good.iloc[[1]]], ignore_index=True), "twice"
    yield good.assign(score=[1, 0, 0, 2]), "score 2 of 1"
    yield good.assign(score=[1, 0, 0, -1]), "score -1 of 1"
    yield good.assign(score=[1, 0, 0, np.nan]), "score nan of 1"
    yield good.iloc[:3], "no score for item"
    yield good.assign(max_score=[1, 1, 2, 1]), "several maxima"
    yield good.drop(columns="score"), "no column score"
    yield good.iloc[:0], "no item"


@pytest.mark.parametrize(("frame", "told"), list(faulty()))
def test_what_cannot_be_analysed_is_named(frame, told):
    with pytest.raises(ValueError, match=told):
        analyse_items(frame)


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ('answer_1 = "C"', "c"),
        ("answer_1 = 'c '", "c"),
        ("answer_2 = 400 * 45 / 1000 / 0.6", "30"),
        ("answer_2 = -3", "-3"),
        ("answer_2 = 1\nanswer_2 = 2", "2"),
        ("answer_2 = None", ""),
        ("answer_2 = 2 ** 10 ** 10", ""),
        ("answer_2 = 1 / 0", ""),
        ("answer_2 = open('/etc/passwd').read()", ""),
        ("answer_2 = " + "-" * 5000 + "1", ""),
        ("def f():", ""),
        ("raise NotImplementedError()", ""),
        ("answer_1 = True", "True"),
    ],
)
def test_answers_are_read_and_never_run(source, answer):
    assert answer_of(source) == answer


def test_each_quiz_s_items_are_found_with_their_keys():
    root = cli.Path(cli.__file__).resolve().parent.parent
    for source in sorted((root / "quizzes").glob("*/*.ipynb")):
        items = items_of(source)
        graded = [
            cell.metadata.nbgrader.grade_id
            for cell in nbformat.read(source, as_version=4).cells
            if cell.metadata.get("nbgrader", {}).get("points")
        ]
        assert list(items) == graded
        for _, about in items.values():
            assert about.title
            assert not about.options or (about.key in about.options and len(about.options) >= 3)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    kinds = ["right", "wrong", "right", "blank", "wrong"]
    course, _ = small_class.make_class(
        tmp_path_factory.mktemp("items"),
        {f"2025{number:03}": small_class.KINDS[kind] for number, kind in enumerate(kinds)},
    )
    grade(course, judged_assignment.NAME, sandbox=False, workers=1)
    return course


def test_a_class_is_read_from_its_gradebook(graded):
    report = report_items(graded, judged_assignment.NAME)
    scores = [small_class.POINTS[one] for one in ("right", "wrong", "right", "blank", "wrong")]
    assert sum(one.difficulty * one.max_score for one in report.items) == pytest.approx(np.mean(scores))
    assert report.missing == 0
    assert len(report.to_frame()) == len(report.items) == 3


def test_the_command_writes_a_page_and_says_where(graded, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["coursekit", "class", "report", judged_assignment.NAME, "-c", str(graded.root)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    page = graded.root / "reports" / f"{judged_assignment.NAME}.html"
    assert str(page) in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert "문항 분석" in text and FLAGS["few"] in text


def test_the_page_is_whole_safe_and_draws_each_item():
    about = {"item_0": Answers("<script>1번", "b", ("a", "b"), {"s000": "a", "s001": "<img>"})}
    page = item_page(analyse_items(table(rasch(30, np.array([0.0, 1.0]), seed=5)), answers=about, assignment="퀴즈<1>"))
    assert "<script" not in page and "<img" not in page and "http" not in page
    assert page.count('<g class="item') == 2
    assert "&lt;img&gt;" in page and "b (정답)" in page
