"""Faults that an adversarial reading of the final grade found, and the mutants that no other test noticed."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.classroom.course import create_course
from coursekit.classroom.gradebook._best import best_choices
from coursekit.classroom.gradebook._canvas_sheet import CanvasError, score_of
from coursekit.classroom.gradebook._grade_page import grade_page
from coursekit.classroom.gradebook._score_files import read_rubric
from coursekit.classroom.gradebook._sheets import criteria, grades, provenance
from coursekit.classroom.gradebook._tables import Told
from coursekit.classroom.gradebook.canvas import fill_canvas
from coursekit.classroom.gradebook.evaluation import BonusRule, Component, Evaluation, EvaluationError, LateRule
from coursekit.classroom.gradebook.final import compute, final_grades
from coursekit.classroom.gradebook.item_analysis import Answers, analyse_items, report_items
from coursekit.classroom.gradebook.item_answers import answer_of
from coursekit.classroom.gradebook.raw import Adjustment, BonusPoints, Excuse, Item, Mark, RawScores
from coursekit.classroom.gradebook.tables import cell_scores
from coursekit.classroom.roster import Student

DAY = 86_400
PROPERTY = settings(deadline=None, max_examples=40, derandomize=True)
EXAM = (Item("exam", Fraction(100)),)
ONE_EXAM = Evaluation((Component("exam", Fraction(100)),))


def total_of(evaluation, raw):
    return compute(evaluation, raw).table["total"].item()


# --- choices -------------------------------------------------------------------------------------------------------


def with_bonus(labs, *, bonus=10, cap="component"):
    """Labs and a quiz, both a day late, one late day to spend, and a bonus that fills the labs up."""
    items = {"labs": (Item("lab", Fraction(10)),), "quiz": (Item("quiz", Fraction(10)),)}
    marks = {
        ("labs", "lab"): {"1": Mark(Fraction(labs), "x", Fraction(DAY))},
        ("quiz", "quiz"): {"1": Mark(Fraction(9), "x", Fraction(DAY))},
    }
    parts = (Component("labs", Fraction(50)), Component("quiz", Fraction(50)))
    rules = Evaluation(
        parts, LateRule(percent_per_day=Fraction(10)), 1, bonus=BonusRule("b.csv", "labs", Fraction(10), cap)
    )
    return rules, RawScores({"1": "김하나"}, items, marks, bonus={"1": BonusPoints(Fraction(bonus), "b.csv:2")})


def test_no_late_day_is_spent_on_what_the_bonus_gives_anyway():
    """The labs, 45 of 50 with a day's penalty, are filled up by the bonus; the day is worth points in the quiz."""
    final = compute(*with_bonus(10))
    assert final.table[["labs", "quiz", "bonus", "total"]].to_numpy().tolist() == [[45, 45, 5, 95]]
    assert final.lines.set_index("item")["tokens"].to_dict() == {"lab": 0, "quiz": 1, "bonus": 0}


@PROPERTY
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 10), st.sampled_from(["component", "total", "none"]))
def test_raising_a_score_never_lowers_a_total_with_a_bonus(one, other, bonus, cap):
    low, high = sorted([Fraction(one, 4), Fraction(other, 4)])
    assert total_of(*with_bonus(low, bonus=bonus, cap=cap)) <= total_of(*with_bonus(high, bonus=bonus, cap=cap))


@PROPERTY
@given(
    st.lists(st.tuples(st.integers(0, 8), st.sampled_from([2, 3, 7]), st.integers(0, 3)), min_size=1, max_size=4),
    st.integers(0, 3),
    st.integers(1, 4),
)
def test_the_best_choices_are_those_of_trying_all(found, tokens, keep):
    """For each number of late days spent: the highest share, whether the maxima are equal or not."""
    keep = min(keep, len(found))
    maxima = [Fraction(most) for _, most, _ in found]
    earned = [
        [Fraction(min(8, got) * most * (4 - days + spent), 32) for spent in range(days + 1)]
        for got, most, days in found
    ]
    wanted: dict[int, Fraction] = {}
    for kept in itertools.combinations(range(len(found)), keep):
        for spent in itertools.product(*(range(len(earned[at])) for at in kept)):
            if sum(spent) <= tokens:
                share = sum(earned[at][t] for at, t in zip(kept, spent, strict=True)) / sum(maxima[at] for at in kept)
                wanted[sum(spent)] = max(wanted.get(sum(spent), Fraction(0)), share)
    choices = best_choices(earned, maxima, keep=keep, tokens=tokens)
    assert {spent: choice.share for spent, choice in choices.items()} == wanted
    for spent, choice in choices.items():
        assert sum(max(0, one) for one in choice.code) == spent
        assert sum(one >= 0 for one in choice.code) == keep


@pytest.mark.parametrize("turned", [False, True])
def test_names_that_differ_in_a_zero_have_one_order(turned):
    """Of two equal quizzes one is dropped: the same one, whatever the gradebook gives first."""
    items = (Item("quiz1", Fraction(5)), Item("quiz01", Fraction(5)))
    marks = {("quizzes", one.name): {"1": Mark(Fraction(3), "x")} for one in items}
    rules = Evaluation((Component("quizzes", Fraction(100), drop=1),))
    found = {"quizzes": tuple(reversed(items)) if turned else items}
    lines = compute(rules, RawScores({"1": "김하나"}, found, marks)).lines
    assert lines[["item", "counted"]].to_numpy().tolist() == [["quiz01", True], ["quiz1", False]]


def test_who_hands_in_nothing_completes_nothing_even_from_0_percent():
    items = {"labs": (Item("lab", Fraction(10), Fraction(0)),)}
    rules = Evaluation((Component("labs", Fraction(100), completed_at=Fraction(0), missing="zero"),))
    raw = RawScores({"1": "김하나", "2": "이두리"}, items, {("labs", "lab"): {"1": Mark(Fraction(0), "x")}})
    assert compute(rules, raw).table["total"].tolist() == [100, 0]


# --- what a student reads ------------------------------------------------------------------------------------------


def test_an_excused_hand_in_has_no_penalty_and_names_both_places():
    late = LateRule(percent_per_day=Fraction(10))
    marks = {("exam", "exam"): {"1": Mark(Fraction(50), "exam.csv:2", Fraction(DAY))}}
    excused = {("exam", "exam"): {"1": Excuse("입원", "e.csv:2")}}
    rules = Evaluation((Component("exam", Fraction(100)),), late)
    line = compute(rules, RawScores({"1": "김하나"}, {"exam": EXAM}, marks, excused=excused)).lines.iloc[0]
    assert (line["penalty"], line["counted"], line["points"]) == (0, False, 0)
    assert line["source"] == "exam.csv:2, e.csv:2"


DOCUMENT = Evaluation((Component("document", Fraction(100), rubric="d.csv"),))
CRITERIA = {"document": (Item("goals", Fraction(10)), Item("model", Fraction(10)))}


def adjusted(factor, *scores):
    """A student's document, of two criteria, with a person's factor."""
    marks = {
        ("document", item.name): {"1": Mark(Fraction(score), "d.csv:2")} if score is not None else {}
        for item, score in zip(CRITERIA["document"], scores, strict=True)
    }
    factors = {("document", "1"): Adjustment(Fraction(factor), "몫", "a.csv:2")}
    return compute(DOCUMENT, RawScores({"1": "김하나"}, CRITERIA, marks, adjustments=factors))


@pytest.mark.parametrize(("factor", "total", "capped"), [(0, 0, False), (1, 80, False), (2, 100, True)])
def test_a_factor_is_told_with_its_cap_where_the_cap_holds(factor, total, capped):
    final = adjusted(factor, 8, 8)
    line = final.lines.set_index("item").loc["adjustment"]
    assert (final.table["total"].item(), line["points"]) == (total, total - 80)
    assert ("배점 100점까지" in line["rule"]) == capped


def test_a_factor_of_a_grade_that_is_not_there_changes_no_points_yet():
    final = adjusted(Fraction(1, 2), 8, None)
    lines = final.lines.set_index("item")
    assert math.isnan(lines.loc["adjustment", "points"])
    assert final.table[["low", "high"]].to_numpy().tolist() == [[20, 45]]
    assert final.needed("1", "document", 0).open == ()


def test_what_else_is_missing_is_told_without_the_factor():
    parts = (Component("exam", Fraction(50)), Component("document", Fraction(50), rubric="d.csv"))
    factors = {("document", "1"): Adjustment(Fraction(1, 2), "몫", "a.csv:2")}
    items = {"exam": EXAM, **CRITERIA}
    final = compute(Evaluation(parts), RawScores({"1": "김하나"}, items, {}, adjustments=factors))
    needed = final.needed("1", "exam", 30)
    assert (needed.score, needed.open) == (60, ("goals", "model"))
    assert "아직 점수가 없는 항목(goals, model)은 0점으로" in needed.told
    assert final.needed("1", "exam", 0).told.startswith("0점을 받아도 총점은 0.00점이어서 이미 0점 이상입니다.")


@pytest.mark.parametrize(("days", "said"), [(3, "3일 늦음, 30% 감점"), (4, "4일 늦음, 3일을 넘겨 0점")])
def test_the_last_day_that_is_taken_is_told_as_one(days, said):
    rules = Evaluation((Component("exam", Fraction(100)),), LateRule(percent_per_day=Fraction(10), most_days=3))
    marks = {("exam", "exam"): {"1": Mark(Fraction(50), "x", Fraction(days * DAY))}}
    assert compute(rules, RawScores({"1": "김하나"}, {"exam": EXAM}, marks)).lines["rule"].tolist() == [said]


def test_what_is_not_scored_yet_is_out_of_the_file_s_maximum_and_names_the_file():
    rules = Evaluation((Component("exam", Fraction(100), scores="exam.csv", maximum=Fraction(40)),))
    final = compute(rules, RawScores({"1": "김하나"}, {}, {}, sources={"exam": "exam.csv"}))
    assert final.lines[["maximum", "source"]].to_numpy().tolist() == [[40, "exam.csv (해당 학생의 점수 없음)"]]
    assert final.what_if("1", {"exam": 20}).table["total"].tolist() == [50]


def test_a_note_of_the_hand_in_and_its_lateness_are_told_together():
    rules = Evaluation((Component("exam", Fraction(100)),), LateRule(percent_per_day=Fraction(10)))
    mark = Mark(Fraction(50), "x", Fraction(DAY), note="추가 점수는 만점까지만 반영")
    lines = compute(rules, RawScores({"1": "김하나"}, {"exam": EXAM}, {("exam", "exam"): {"1": mark}})).lines
    assert lines["rule"].tolist() == ["추가 점수는 만점까지만 반영; 1일 늦음, 10% 감점"]


def test_a_bonus_ends_at_its_most_whatever_is_written():
    rules, raw = with_bonus(0, bonus=50, cap="none")
    assert compute(rules, raw).table["bonus"].tolist() == [10]
    rules, raw = with_bonus(0, bonus=50, cap="component")
    assert compute(rules, raw).table["bonus"].tolist() == [10]


def test_the_plot_goes_up_and_shows_as_open_only_what_is_open():
    marks = {("exam", "exam"): {"1": Mark(Fraction(90), "x"), "2": Mark(Fraction(50), "x")}}
    students = {"1": "김하나", "2": "이두리", "3": "박세찬"}
    figure = compute(ONE_EXAM, RawScores(students, {"exam": EXAM}, marks)).plot()
    bars = {bar.name: dict(zip(bar.x, bar.y, strict=True)) for bar in figure.data}
    assert bars == {"exam": {"3": 0, "2": 50, "1": 90}, "아직 정해지지 않음": {"3": 100, "2": 0, "1": 0}}
    assert list(figure.data[0].x) == ["3", "2", "1"]
    parts = (Component("a", Fraction(50)), Component("b", Fraction(50)))
    items = {name: (Item(name, Fraction(500)),) for name in "ab"}
    marks = {(name, name): {"1": Mark(Fraction(score), "x")} for name, score in (("a", 7), ("b", 1))}
    figure = compute(Evaluation(parts), RawScores({"1": "김하나"}, items, marks)).plot()
    assert [bar.name for bar in figure.data] == ["a", "b"]  # though 0.7 + 0.1 is a little less than 0.8


def test_the_printed_total_is_rounded_half_up_and_the_largest_remainder_gets_the_rest():
    parts = (Component("a", Fraction(50)), Component("b", Fraction(50)))
    items = {"a": (Item("a", Fraction(10_000)),), "b": (Item("b", Fraction(10_000)),)}
    marks = {("a", "a"): {"1": Mark(Fraction(2001), "x")}, ("b", "b"): {"1": Mark(Fraction(2000), "x")}}
    explained = compute(Evaluation(parts), RawScores({"1": "김하나"}, items, marks)).explain("1")
    assert explained["points"].tolist() == [10.01, 10.0, 20.01]  # 20.005: round() says 20.0
    marks = {("a", "a"): {"1": Mark(Fraction("2000.2"), "x")}, ("b", "b"): {"1": Mark(Fraction("2000.8"), "x")}}
    explained = compute(Evaluation(parts), RawScores({"1": "김하나"}, items, marks)).explain("1")
    assert explained["points"].tolist() == [10.0, 10.01, 20.01]


# --- what if -------------------------------------------------------------------------------------------------------


def test_an_assumed_score_counts_though_the_item_is_excused():
    """Who was ill on the day of the exam asks what a make-up exam would bring."""
    excused = {("exam", "exam"): {"1": Excuse("입원", "e.csv:2"), "2": Excuse("입원", "e.csv:3")}}
    raw = RawScores({"1": "김하나", "2": "이두리"}, {"exam": EXAM}, {("exam", "exam"): {}}, excused=excused)
    final = compute(ONE_EXAM, raw)
    assert final.what_if("1", {"exam": 80}).table["total"].tolist() == [80]
    assert final.needed("1", "exam", 50).score == 50
    assert final.table["status"].tolist() == ["incomplete"] * 2
    assert set(raw.excused["exam", "exam"]) == {"1", "2"}


def two_quizzes(**scores):
    """A student with quizzes of 5 and 5, and one in another component that has the name of the first."""
    parts = (Component("quizzes", Fraction(60)), Component("more", Fraction(40)))
    items = {"quizzes": (Item("q1", Fraction(5)), Item("q2", Fraction(5))), "more": (Item("q1", Fraction(10)),)}
    marks = {("quizzes", name): {"1": Mark(Fraction(score), "x")} for name, score in scores.items()}
    return compute(Evaluation(parts), RawScores({"1": "김하나"}, items, marks))


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({"q2": True}, "q2: True is no number"),
        ({"q2": "4"}, "q2: '4' is no number"),
        ({"q2": math.inf}, "q2: inf is no number"),
        ({"q2": -0.5}, "q2: -0.5 is not from 0 to 5"),
        ({"q2": 4, "quizzes": 8}, "quizzes: q2 is already set by q2"),
        ({"q1": 4}, "q1 can be any of quizzes/q1, more/q1: say which"),
        ({"q3": 4}, "q3 is no component and no item; known: quizzes, more, q1, q2"),
    ],
)
def test_an_assumption_that_does_not_fit_is_named(scores, said):
    with pytest.raises(ValueError) as caught:
        two_quizzes().what_if("1", scores)
    assert said in str(caught.value).splitlines()


def test_an_assumption_is_about_what_is_missing_where_something_is():
    final = two_quizzes(q1=5)
    assert final.what_if("1", {"quizzes": 4, "more/q1": 10}).table["total"].tolist() == [60 * 0.9 + 40]
    with pytest.raises(ValueError, match="6 is not from 0 to 5"):
        final.what_if("1", {"quizzes": 6})


@pytest.mark.parametrize("step", [0, -1, math.inf, math.nan])
def test_a_step_that_leads_nowhere_is_refused(step):
    with pytest.raises(ValueError, match="step has to be more than 0"):
        two_quizzes().needed("1", "quizzes", 10, step=step)


def test_the_last_step_ends_at_the_maximum():
    needed = two_quizzes().needed("1", "quizzes", 60, step=3)
    assert (needed.score, needed.maximum, needed.total) == (10, 10, 60)


def test_what_is_assumed_elsewhere_is_not_counted_as_missing():
    needed = two_quizzes().needed("1", "quizzes", 70, assuming={"more/q1": 10})
    assert (needed.score, needed.open) == (5, ())


def test_a_component_s_score_is_spread_over_what_counts():
    items = {"days": tuple(Item(f"day{at}", Fraction(1)) for at in range(3))}
    marks = {
        ("days", "day0"): {"1": Mark(None, "a.csv:2", note="공결", excused=True)},
        ("days", "day1"): {"1": Mark(Fraction(1), "a.csv:2")},
        ("days", "day2"): {"1": Mark(Fraction(0), "a.csv:2")},
    }
    final = compute(Evaluation((Component("days", Fraction(100)),)), RawScores({"1": "김하나"}, items, marks))
    with pytest.raises(ValueError, match="3 is not from 0 to 2"):
        final.what_if("1", {"days": 3})
    lines = final.what_if("1", {"days": 2}).lines
    assert lines["counted"].tolist() == [False, True, True]


def test_a_target_that_is_missed_by_a_hair_is_not_told_as_reached():
    """84.996 is printed as 85.00 elsewhere; "85.00 is less than 85" is no answer to a student."""
    parts = (Component("exam", Fraction(90)), Component("quiz", Fraction(10)))
    items = {"exam": (Item("exam", Fraction(10**5)),), "quiz": (Item("quiz", Fraction(10)),)}
    marks = {("exam", "exam"): {"1": Mark(Fraction(83_329), "x")}, ("quiz", "quiz"): {}}
    final = compute(Evaluation(parts), RawScores({"1": "김하나"}, items, marks))
    assert "총점은 84.996점이어서 85점에 이를 수 없습니다" in final.needed("1", "quiz", 85).told
    assert "총점은 85.00점이어서 90점에" in final.needed("1", "quiz", 90).told
    assert "(총점 84.01점)" in final.needed("1", "quiz", 84).told


# --- files ---------------------------------------------------------------------------------------------------------


def test_components_of_one_title_stay_two_columns():
    """A column that takes another one's place loses a component's points in what goes to the registrar."""
    names, titles = ("a", "b", "c", "d"), ("퀴즈", "퀴즈", "합계", "발표")
    parts = tuple(
        Component(name, Fraction(25), title, scores="s.csv", maximum=Fraction(100))
        for name, title in zip(names, titles, strict=True)
    )
    raw = RawScores(
        {"1": "김하나"},
        {name: (Item(name, Fraction(100)),) for name in names},
        {(name, name): {"1": Mark(Fraction(20 * at), "s.csv:2")} for at, name in enumerate(names)},
    )
    final = compute(Evaluation(parts), raw)
    frame = grades(final)
    assert frame.iloc[0, 4:9].tolist() == [0, 5, 10, 15, 30]
    assert len(set(frame.columns)) == len(frame.columns)
    assert frame["합계"].tolist() == [30]
    assert "발표" in frame
    assert len(set(provenance(final)["평가 항목"])) == 4
    assert len(set(criteria(final).query("규칙 == '비중 (점)'")["구분"])) == 4


@pytest.mark.parametrize(
    ("text", "score"), [("9" * 40, None), (".", None), ("-", None), ("", None), ("1,000.00", 1000), ("12,5", 12.5)]
)
def test_what_a_cell_of_canvas_says(text, score):
    assert score_of(text) == score


# --- nbgrader's gradebook --------------------------------------------------------------------------------------------


RULES = """\
components:
  quizzes: {weight: 60, assignments: ["quiz*"]}
  document: {weight: 20, rubric: document.csv}
  presentation: {weight: 20, rubric: presentation.csv}
teams: teams.csv
excused: excused.csv
"""
FILES = {
    "teams.csv": "팀,학번\n가,0251\n가,0252\n",
    "document.csv": "팀,항목,점수,만점\n가,구성,8,10\n가,내용,5,10\n",
    "presentation.csv": "팀,항목,점수,만점\n가,구성,8,10\n가,내용,10,10\n",
    "excused.csv": "학번,항목,사유\n",
}


@pytest.fixture
def course(tmp_path):
    """Two students, a quiz of two cells in the gradebook, everything graded in full."""
    course = create_course(tmp_path / "class")
    course.enrol([Student("0251", "김", "하나", ""), Student("0252", "이", "두리", "")])
    with course.gradebook() as gradebook:
        gradebook.add_assignment("quiz01")
        gradebook.add_notebook("quiz01", "quiz01")
        for cell in ("first", "second"):
            gradebook.add_grade_cell(cell, "quiz01", "quiz01", max_score=2, cell_type="code")
        for student in ("0251", "0252"):
            for one in gradebook.add_submission("quiz01", student).notebooks[0].grades:
                one.auto_score, one.needs_manual_grade = 2.0, False
        gradebook.db.commit()
    for name, text in {"course.yaml": RULES, **FILES}.items():
        (course.root / name).write_text(text, encoding="utf-8")
    return course


def set_cells(course, **changes):
    with course.gradebook() as gradebook:
        for one in gradebook.find_submission("quiz01", "0252").notebooks[0].grades:
            for name, value in changes.get(one.name, {}).items():
                setattr(one, name, value)
        gradebook.db.commit()


def test_a_criterion_of_two_components_is_excused_in_each(course):
    (course.root / "excused.csv").write_text(
        "학번,항목,사유\n0251,document/구성,병결\n0251,presentation/구성,병결\n", encoding="utf-8"
    )
    table = final_grades(course).table.set_index("student")
    assert table.loc["0251", ["document", "presentation"]].tolist() == [10, 20]
    assert table.loc["0252", ["document", "presentation"]].tolist() == [13, 18]
    (course.root / "excused.csv").write_text(
        "학번,항목,사유\n0251,document/구성,병결\n0251,document,병결\n", encoding="utf-8"
    )
    with pytest.raises(EvaluationError, match=r"excused\.csv rows 2, 3: student and item 0251 document/구성 stands"):
        final_grades(course)


def test_a_cell_over_its_points_does_not_hide_in_the_sum(course):
    """3 of 2 and 0 of 2 are 3 of 4: a slip of the hand that the sum does not show."""
    set_cells(course, first={"manual_score": 3.0}, second={"manual_score": 0.0})
    with pytest.raises(EvaluationError, match=r"gradebook:quiz01: student 0252 has 3 points of 2 in first"):
        final_grades(course)


def test_a_question_that_was_added_after_grading_is_open_and_no_zero(course):
    with course.gradebook() as gradebook:
        gradebook.add_grade_cell("third", "quiz01", "quiz01", max_score=4, cell_type="code")
        gradebook.add_grade_cell("for_fun", "quiz01", "quiz01", max_score=0, cell_type="code")
    final = final_grades(course)
    assert final.table["status"].tolist() == ["incomplete"] * 2
    assert final.table["quizzes"].isna().all()
    assert any(
        "0251 was graded before third was there; run `coursekit class grade quiz01`" in w for w in final.warnings
    )


def test_an_answer_that_a_person_has_to_grade_is_in_no_figure_of_the_item_analysis(course):
    """nbgrader says 0 for it: the question would look harder than it is."""
    set_cells(course, second={"auto_score": None, "needs_manual_grade": True})
    cells = cell_scores(course, "quiz01")
    assert cells.loc[cells["waits"], ["student", "cell"]].to_numpy().tolist() == [["0252", "second"]]
    report = report_items(course, "quiz01")
    assert [one.difficulty for one in report.items] == [1, 1]
    assert (report.items[0].students, report.missing) == (1, 1)


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("answer_1 = " + "9" * 400, "9" * 40),
        ("answer_1 = -" + "9" * 400, ""),
        (r"answer_1 = 'a\ud800'", "a?"),
    ],
)
def test_no_answer_stops_the_report_of_a_class(source, answer):
    assert answer_of(source) == answer
    assert answer_of(source).encode("utf-8").decode("utf-8") == answer


def test_extra_credit_counts_up_to_the_item_s_points_in_the_item_analysis(course):
    set_cells(course, first={"extra_credit": 1.5})
    assert [one.difficulty for one in report_items(course, "quiz01").items] == [1, 1]


# --- Canvas: what no other test noticed ------------------------------------------------------------------------------


HEADER = "Student,ID,SIS User ID,SIS Login ID,Section,Midterm (77),Override Score"
POSSIBLE = "    Points Possible,,,,,30.00,"


def filled(folder, rows, people, *, columns=None, **options):
    """What filling an export of these rows gives; the export stays."""
    file = folder / "export.csv"
    file.write_bytes("\r\n".join([HEADER, POSSIBLE, *rows, ""]).encode())
    table = pd.DataFrame(
        [{"student": one, "midterm": points, "total": points, "status": "complete"} for one, points in people.items()]
    )
    final = SimpleNamespace(table=table, evaluation=SimpleNamespace(weights={"midterm": 30.0}))
    return fill_canvas(file, final, columns=columns or {"midterm": "77"}, out=folder / "out.csv", **options)


@pytest.mark.parametrize(
    ("row", "points", "options", "told"),
    [
        ("Hong,1,0251,g,S,n/a,", 20, {}, "N/A, so Canvas would drop the score"),
        ("Hong,1,0251,g,S,n/a,", 20, {"overwrite": True}, "N/A, so Canvas would drop the score"),
        ("Hong,1,0251,g,S,,", math.inf, {}, "midterm of a complete student is inf"),
        ("Hong,1,0251,g,S,,", 100.01, {"columns": {"total": "Override Score"}}, "is more than the 100 points possible"),
    ],
)
def test_a_score_that_canvas_would_lose_is_not_written(tmp_path, row, points, options, told):
    with pytest.raises(CanvasError) as caught:
        filled(tmp_path, [row], {"0251": points}, **options)
    assert told in str(caught.value)
    assert not (tmp_path / "out.csv").exists()


def test_full_points_fit_and_a_dash_is_no_score(tmp_path):
    rows = ["Hong,1,0251,g,S,-,", "Kim,2,0252,k,S,,"]
    assert [one.after for one in filled(tmp_path, rows, {"0251": 30.0, "0252": 0.0}).cells] == ["30.00", "0.00"]


def test_a_row_twice_stops_an_export_of_one_section_too(tmp_path):
    rows = ["Hong,1,0251,g,S,,", "Hong,2,0251,g,S,,"]
    with pytest.raises(CanvasError, match="rows 3, 4: 0251 stands there several times"):
        filled(tmp_path, rows, {"0251": 3.0}, partial=True)


def test_a_person_of_the_roster_is_no_test_student_whatever_the_name(tmp_path):
    rows = ['"Student, Test",1,0251,g,S,,', '"Student, Test",2,,x,S,,']
    assert [one.row for one in filled(tmp_path, rows, {"0251": 3.0}).cells] == [3]


def test_logins_are_those_of_the_class(tmp_path):
    roster = [Student("0251", "홍", "길동", "GilDong@univ.example"), Student("0299", "이", "남", "nam@univ.example")]
    rows = ["Hong,1,,gildong,S,,", "Lee,2,,nam,S,,"]
    fill = filled(tmp_path, rows, {"0251": 3.0}, students=roster, partial=True)
    assert [one.student for one in fill.cells] == ["0251"]
    assert fill.notes == ("row 4 (Lee): id 'nam' is not on the roster",)


def test_how_a_score_is_written_there_is_kept_and_a_dry_run_writes_nothing(tmp_path):
    fill = filled(tmp_path, ["Hong,1,0251,g,S,3,"], {"0251": 3.0}, dry_run=True)
    assert (fill.unchanged, fill.cells) == (1, ())
    assert not (tmp_path / "out.csv").exists()


def test_the_row_of_muted_assignments_is_nobody(tmp_path):
    assert len(filled(tmp_path, [",,,,,Muted,", "Hong,1,0251,g,S,,"], {"0251": 3.0}).cells) == 1


# --- item analysis: what no other test noticed -----------------------------------------------------------------------


def analysed(points, answers=None, **options):
    """A class's points by item, each item out of 1."""
    rows = [
        (f"s{student:02}", f"item_{item}", score, 1)
        for student, found in enumerate(points)
        for item, score in enumerate(found)
    ]
    frame = pd.DataFrame(rows, columns=["student", "item", "score", "max_score"])
    return analyse_items(frame, answers=answers, resamples=50, **options)


def test_what_all_or_none_of_a_small_class_know_is_flagged():
    """Of 12 students an interval cannot exclude 95% or 20%; that all or none have the point is no estimate."""
    report = analysed([(1, 0, at % 2) for at in range(12)], roster=15)
    assert ["easy" in one.flags for one in report.items] == [True, False, False]
    assert ["hard" in one.flags for one in report.items] == [False, True, False]
    assert report.missing == 3
    assert list(report.totals) == [1 / 3] * 6 + [2 / 3] * 6


def test_an_item_is_negative_or_weak_and_not_both():
    """Forty students; the strong miss the last item, and of the one before it they know as much as the weak."""
    strong = np.arange(40) >= 20
    points = np.column_stack([strong] * 6 + [~strong]).astype(float)
    flags = [set(one.flags) for one in analysed(points).items]
    assert flags[:6] == [set()] * 6
    assert flags[6] == {"negative"}


def about(points, answers, key="b"):
    """The answers of a class to its first item."""
    given = {f"s{student:02}": answer for student, answer in enumerate(answers)}
    return analysed(points, {"item_0": Answers("1번", key, ("a", "b", "c"), given)}).items[0]


@pytest.mark.parametrize(("wrong", "unused"), [(9, False), (10, True)])
def test_a_choice_is_unused_only_where_enough_were_wrong(wrong, unused):
    answers = ["a"] * wrong + ["b"] * (30 - wrong)
    item = about([(float(answer == "b"), at % 2) for at, answer in enumerate(answers)], answers)
    assert ("unused" in item.flags) == unused
    assert [(answer, count) for answer, count, *_ in item.answers] == [("a", wrong), ("b", 30 - wrong), ("c", 0)]


def test_an_empty_answer_is_no_rival_of_the_key_and_the_groups_are_not_swapped():
    """The upper group left it open; of the lower group each gave another answer than the key."""
    answers = ["x"] * 4 + ["y"] * 6 + ["b"] * 10 + [""] * 10
    points = [(0, at / 30) for at in range(30)]
    item = about(points, answers)
    assert "key" not in item.flags
    told = {answer: (upper, lower) for answer, _, upper, lower in item.answers}
    assert told[""][0] == pytest.approx(8.1)
    assert told["x"] == (0, 4)
    assert [answer for answer, *_ in item.answers] == ["a", "b", "c", "", "y", "x"]


def test_items_come_in_the_order_of_the_notebook(course):
    folder = course.folder("source", "quiz01")
    folder.mkdir(parents=True)
    names = {"second": "answer_1 = 1", "first": "answer_2 = 2"}
    cells = []
    for name, source in names.items():
        cells.append(
            nbformat.v4.new_code_cell(source, metadata={"nbgrader": {"solution": True, "grade_id": f"a{name}"}})
        )
        cells.append(nbformat.v4.new_code_cell("", metadata={"nbgrader": {"grade": True, "grade_id": name}}))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "quiz01.ipynb")
    assert [one.name for one in report_items(course, "quiz01").items] == ["second", "first"]


def test_the_interval_of_an_item_on_which_all_agree_is_no_point():
    """A bootstrap of equal answers gives 0 to 0; a class of 12 does not say so much."""
    low, high = analysed([(1, at % 2) for at in range(12)]).items[0].discrimination_interval
    assert low < -0.2
    assert high > 0.2


def test_who_graded_a_criterion_and_why_stands_in_each_member_s_provenance(tmp_path):
    (tmp_path / "r.csv").write_text(
        "팀,항목,점수,만점,채점자,의견\n가,목표,8,10,김조교,M3에 목표값이 없음\n가,대안,9,10,,\n", encoding="utf-8"
    )
    part = Component("document", Fraction(100), rubric="r.csv")
    read = read_rubric(tmp_path, part, {"1": "가", "2": "가"}, Told(), teams_file="teams.csv")
    marks = {("document", name): found for name, found in read.marks.items()}
    raw = RawScores({"1": "김하나", "2": "이두리"}, {"document": read.items}, marks, teams={"1": "가", "2": "가"})
    lines = compute(Evaluation((part,)), raw).lines
    told = lines[lines["item"] == "목표"]["rule"].tolist()
    assert len(told) == 2 and all("채점 김조교, M3에 목표값이 없음" in one for one in told)
    assert not lines[lines["item"] == "대안"]["rule"].str.contains("채점").any()


def test_a_criterion_is_read_by_its_title_on_the_student_s_page(tmp_path):
    (tmp_path / "rubric.yaml").write_text(
        "criteria: [{id: goals, title: 목표와 지표, points: 10}, {id: mon, points: 10}]\n", encoding="utf-8"
    )
    (tmp_path / "r.csv").write_text("team,criterion,score\n가,목표와 지표,8\n가,mon,9\n", encoding="utf-8")
    part = Component("document", Fraction(100), rubric="r.csv", criteria="rubric.yaml")
    told = Told()
    read = read_rubric(tmp_path, part, {"1": "가"}, told, teams_file="teams.csv")
    marks = {("document", name): found for name, found in read.marks.items()}
    raw = RawScores({"1": "김하나"}, {"document": read.items}, marks, teams={"1": "가"})
    page = grade_page(compute(Evaluation((part,)), raw), "1")
    assert told.problems == []
    assert "<td>목표와 지표</td>" in page and "<td>goals</td>" not in page and "<td>mon</td>" in page
