"""course.yaml is read strictly: what it does not mean stops everything, told at once with the line."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.classroom.course import create_course
from coursekit.classroom.gradebook.evaluation import (
    DEFAULT_EVALUATION,
    MARKS,
    BonusRule,
    Component,
    Evaluation,
    EvaluationError,
    LateRule,
    read_evaluation,
)
from coursekit.classroom.project.rubrics import read_rubric

DAY = 86_400


def read(tmp_path, text, encoding="utf-8"):
    (tmp_path / "course.yaml").write_bytes(text.encode(encoding))
    return read_evaluation(tmp_path)


def refused(tmp_path, text):
    with pytest.raises(EvaluationError) as caught:
        read(tmp_path, text)
    return str(caught.value).splitlines()[1:]


def test_the_default_is_the_courses_evaluation(tmp_path):
    evaluation = read(tmp_path, DEFAULT_EVALUATION)
    assert evaluation.weights == {
        "midterm": 30,
        "quizzes": 10,
        "attendance": 5,
        "participation": 5,
        "document": 30,
        "presentation": 20,
    }
    assert [one.missing for one in evaluation.components] == ["open"] * 6
    assert evaluation.late == LateRule(Fraction(10), Fraction(10), 3)
    assert evaluation.component("participation").completed_at == 60
    assert evaluation.component("attendance").marks == MARKS
    assert (evaluation.tokens, evaluation.bonus) == (0, None)
    assert [one.name for one in evaluation.components if one.of_teams] == ["document", "presentation"]
    assert all(one.title for one in evaluation.components)


def test_what_the_default_leaves_out_as_a_comment_is_understood_too(tmp_path):
    text = DEFAULT_EVALUATION.replace("    # missing: zero", "    missing: zero").replace(
        "    # criteria", "    criteria"
    )
    head, bonus, tail = text.partition("# bonus:")
    lines = (bonus + tail).splitlines()
    text = head + "\n".join(line.removeprefix("# ").replace("#   ", "  ", 1) for line in lines)
    evaluation = read(tmp_path, text)
    assert evaluation.bonus == BonusRule("evaluation/bonus.csv", "document", Fraction(5), "total")
    assert [one.name for one in evaluation.components if one.missing == "zero"] == ["quizzes", "participation"]
    assert evaluation.component("document").criteria == "evaluation/rubric.yaml"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_key(tmp_path, encoding):
    assert read(tmp_path, DEFAULT_EVALUATION, encoding).weights["midterm"] == 30


def test_everything_is_told_at_once(tmp_path):
    said = refused(
        tmp_path,
        """\
components:
  exam: {weight: 40, scores: exam.csv, maximum: 100, misssing: zero}
  quizzes:
    weight: 50
    assignments: [quiz*]
    drop: 1.5
    drop: 1
  team: {weight: 5, rubric: a.csv, scores: b.csv, maximum: 5}
  empty: {weight: -1}
late: {percent_per_day: 300}
tokns: 3
bonus: {scores: b.csv, to: report, most: 5}
""",
    )
    for line in (
        "line 2: misssing is not known in exam",
        "line 7: drop stands there a second time (first in line 6)",
        "line 6: drop of quizzes has to be a whole number, not 1.5",
        "line 8: 'team' cannot be a component's name",
        "line 8: team is a team's grade (rubric) and a student's (scores)",
        "line 9: empty has no scores",
        "line 9: weight of empty has to be a number from 0 to 100, not -1",
        "line 10: percent_per_day of late has to be a number from 0 to 100, not 300",
        "line 11: tokns is not known in course.yaml; known: components, teams",
        "line 12: bonus goes to report, which is no component",
        "line 1: a rubric grades teams: name the file of teams",
    ):
        assert any(f"course.yaml, {line}" in one for one in said), line


def test_weights_are_summed_as_they_are_written(tmp_path):
    """In floating point 33.3 + 33.3 + 33.4 need not be 100; 33.3 three times never is."""
    part = "  part{}: {{weight: {}, scores: a.csv, maximum: 1}}\n"

    def thirds(*weights):
        return "components:\n" + "".join(part.format(at, weight) for at, weight in enumerate(weights))

    assert read(tmp_path, thirds(33.3, 33.3, 33.4)).component("part2").weight == Fraction(167, 5)
    assert refused(tmp_path, thirds(33.3, 33.3, 33.3)) == [
        "course.yaml, line 1: the weights sum to 99.9, not to 100 (part0 33.3, part1 33.3, part2 33.3)"
    ]


@given(st.lists(st.integers(0, 100), min_size=1, max_size=5))
def test_no_evaluation_has_other_weights_than_100(weights):
    parts = tuple(Component(f"part{at}", Fraction(weight)) for at, weight in enumerate(weights))
    if sum(weights) == 100:
        assert sum(Evaluation(parts).weights.values()) == 100
    else:
        with pytest.raises(EvaluationError):
            Evaluation(parts)


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "components are missing"),
        ("components: 3", "components are missing"),
        ("- a\n- b", "has to be a mapping"),
        ("components: [a", "is no YAML"),
        ("components:\n  exam: {weight: 100, scores: a.csv, maximum: .inf}", "'.inf' is no plain number"),
        ("components:\n  exam: {weight: 100, scores: a.csv, maximum: 0}", "more than 0"),
        ("components:\n  exam: {weight: ten, scores: a.csv, maximum: 1}", "weight of exam has to be a number"),
        (
            "components:\n  exam: {weight: 100, scores: [a.csv], maximum: 1}",
            "scores of exam has to be a text, not a list",
        ),
        ("components:\n  exam: {weight: 100, scores: a.csv, maximum: 1, missing: 0}", "has to be open or zero, not 0"),
        ("components:\n  exam: {weight: 100, assignments: [], late: true}", "a text or a list of texts"),
        ("components:\n  exam: {weight: 100, attendance: a.csv, late: true}", "late of exam means nothing without"),
        (
            "components:\n  exam: {weight: 100, attendance: a.csv, marks: {지각: 0.5, 결석: 0.7}}",
            "출석 is worth at least",
        ),
        ("components:\n  exam: {weight: 100, attendance: a.csv, marks: {조퇴: 0.5}}", "조퇴 is not known in marks"),
        ("components: &a\n  exam: *a", "is no YAML|nested too deeply"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path, text, said):
    with pytest.raises(EvaluationError, match=said):
        read(tmp_path, text)


def test_text_in_another_encoding_is_refused(tmp_path):
    with pytest.raises(EvaluationError, match="not UTF-8 text"):
        read(tmp_path, DEFAULT_EVALUATION, "cp949")


def test_a_missing_file_says_how_to_get_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="coursekit class new"):
        read_evaluation(tmp_path)


@pytest.mark.parametrize(
    "seconds, days",
    [(0, 0), (600, 0), (601, 1), (DAY + 600, 1), (DAY + 601, 2), (3 * DAY + 600, 3), (30 * DAY, 30)],
)
def test_a_day_counts_when_it_has_begun_after_the_grace(seconds, days):
    assert LateRule(grace_minutes=Fraction(10)).days(Fraction(seconds)) == days


@given(st.integers(0, 100), st.none() | st.integers(0, 10))
def test_later_is_never_cheaper(percent, most):
    rule = LateRule(Fraction(0), Fraction(percent), most)
    kept = [rule.kept(days) for days in range(15)]
    assert kept[0] == 1
    assert kept == sorted(kept, reverse=True)
    assert kept[-1] >= 0


def test_a_new_class_has_its_rules_and_the_project_s_rubrics(tmp_path):
    course = create_course(tmp_path / "fall")
    assert read_evaluation(course.root) == read(tmp_path, DEFAULT_EVALUATION)
    names = {"rubric.yaml", "presentation_rubric.yaml"}
    assert {path.name for path in (course.root / "evaluation").iterdir()} == names
    for name in names:
        assert f"# criteria: evaluation/{name}" in DEFAULT_EVALUATION
        assert read_rubric(course.root / "evaluation" / name).total == 100
