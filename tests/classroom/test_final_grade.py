"""The final grade: exact, optimal for the student, monotone, explained to the row; bad input is named whole."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.classroom.course import create_course
from coursekit.classroom.gradebook.evaluation import (
    DEFAULT_EVALUATION,
    BonusRule,
    Component,
    Evaluation,
    EvaluationError,
    LateRule,
)
from coursekit.classroom.gradebook.final import compute, final_grades
from coursekit.classroom.gradebook.raw import Adjustment, BonusPoints, Excuse, Item, Mark, RawScores
from coursekit.classroom.roster import Student

DAY = 86_400
STUDENTS = {"1": "김하나", "2": "이두리", "3": "박세찬"}
PROPERTY = settings(deadline=None, max_examples=30)


# --- any class that there could be --------------------------------------------------------------------------------


@st.composite
def classes(draw, *, missing=True):
    """Rules and raw scores; small enough that every choice can be tried."""
    count = draw(st.integers(1, 3))
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=count - 1, max_size=count - 1)))
    weights = [b - a for a, b in itertools.pairwise([0, *cuts, 100])]
    late = LateRule(
        Fraction(draw(st.sampled_from([0, 10]))),
        Fraction(draw(st.sampled_from([0, 10, 35]))),
        draw(st.sampled_from([None, 1, 2])),
    )
    parts, items, marks, excused, adjustments = [], {}, {}, {}, {}
    for at, weight in enumerate(weights):
        name = f"part{at}"
        of_team = draw(st.booleans())
        parts.append(
            Component(
                name,
                Fraction(weight),
                rubric="r.csv" if of_team else None,
                missing=draw(st.sampled_from(["open", "zero"])),
                drop=draw(st.integers(0, 2)),
                average=draw(st.sampled_from(["items", "points"])),
                late=draw(st.booleans()),
            )
        )
        done = draw(st.sampled_from([None, None, Fraction(60)]))
        maxima = draw(st.lists(st.sampled_from([1, 3, 5, 10]), min_size=1, max_size=3))
        items[name] = tuple(Item(f"{name}-{n}", Fraction(most), done) for n, most in enumerate(maxima))
        for item in items[name]:
            by_student = {}
            for student in STUDENTS:
                state = draw(st.sampled_from(["there"] * 6 + (["absent", "waiting", "excused"] if missing else [])))
                if state == "excused":
                    excused.setdefault((name, item.name), {})[student] = Excuse("병결", "excused.csv:2")
                elif state != "absent":
                    quarters = draw(st.integers(0, int(item.maximum * 4)))
                    score = Fraction(quarters, 4) if state == "there" else None
                    seconds = Fraction(draw(st.sampled_from([0, 0, 300, DAY // 2, DAY + 7200, 3 * DAY])))
                    by_student[student] = Mark(score, f"{item.name}.csv:{int(student) + 1}", seconds)
            marks[name, item.name] = by_student
        if of_team and draw(st.booleans()):
            adjustments[name, "1"] = Adjustment(
                draw(st.sampled_from([Fraction(1, 2), Fraction(11, 10)])), "몫", "a.csv:2"
            )
    rule, bonus = None, {}
    if draw(st.booleans()):
        rule = BonusRule("b.csv", "part0", Fraction(5), draw(st.sampled_from(["total", "component", "none"])))
        bonus = {"2": BonusPoints(Fraction(draw(st.integers(0, 5))), "b.csv:2")}
    per_item = draw(st.sampled_from([None, 1]))
    evaluation = Evaluation(tuple(parts), late, draw(st.integers(0, 3)), per_item, bonus=rule)
    return evaluation, RawScores(STUDENTS, items, marks, {}, excused, adjustments, bonus)


# --- the oracle: every choice tried, nothing shared with the library but the data ----------------------------------


def brute(evaluation, raw, student, *, full=False):
    """The total by trying every set of dropped items with every way to spend late days; None if a score is missing."""
    late, missing = evaluation.late, False
    spendable, parts = [], []
    for part in evaluation.components:
        counting = []
        for item in raw.items[part.name]:
            key = (part.name, item.name)
            mark = raw.marks[key].get(student)
            if student in raw.excused.get(key, {}):
                continue
            score, days = None, 0
            if mark is not None and mark.score is not None:
                score = mark.score
                beyond = mark.seconds_late - late.grace_minutes * 60
                days = math.ceil(beyond / DAY) if beyond > 0 and part.late else 0
            elif mark is None and part.missing == "zero":
                score = Fraction(0) if any(one.score is not None for one in raw.marks[key].values()) else None
            if score is None:
                missing, score = True, item.maximum if full else Fraction(0)
            if item.completed_at is not None:
                score = item.maximum if score / item.maximum >= item.completed_at / 100 else Fraction(0)
            counting.append((len(spendable), score, item.maximum))
            spendable.append(days)
        missing = missing or not counting
        parts.append((part, counting))
    best = None
    limit = evaluation.tokens if evaluation.tokens_per_item is None else evaluation.tokens_per_item
    for spent in itertools.product(*(range(min(days, limit) + 1) for days in spendable)):
        if sum(spent) > evaluation.tokens:
            continue
        points = {}
        for part, counting in parts:
            worth = []
            for at, score, most in counting:
                days = spendable[at] - spent[at]
                kept = max(Fraction(0), 1 - days * late.percent_per_day / 100)
                if late.most_days is not None and days > late.most_days:
                    kept = Fraction(0)
                worth.append((score * kept, most))
            shares = [Fraction(int(full))] if not worth else []
            for chosen in itertools.combinations(worth, max(1, len(worth) - part.drop) if worth else 0):
                if part.average == "items":
                    shares.append(sum(got / most for got, most in chosen) / len(chosen) if chosen else Fraction(0))
                else:
                    shares.append(
                        sum(got for got, _ in chosen) / sum(most for _, most in chosen) if chosen else Fraction(0)
                    )
            factor = raw.adjustments[part.name, student].factor if (part.name, student) in raw.adjustments else 1
            points[part.name] = min(part.weight, part.weight * max(shares) * factor)
        total = sum(points.values())
        if evaluation.bonus is not None and student in raw.bonus:
            more, cap = min(raw.bonus[student].points, evaluation.bonus.most), evaluation.bonus.cap
            room = {"total": 100 - total, "none": more}.get(cap)
            if cap == "component":
                room = evaluation.components[0].weight - points["part0"]
            total += min(more, max(room, 0))
        best = total if best is None else max(best, total)
    return best, missing


@PROPERTY
@given(classes())
def test_totals_are_those_of_trying_every_choice(given_class):
    """Drops and late days are chosen to the student's best advantage; the range is that of all 0 and all full."""
    evaluation, raw = given_class
    for row in compute(evaluation, raw).table.to_dict("records"):
        low, missing = brute(evaluation, raw, row["student"])
        high, _ = brute(evaluation, raw, row["student"], full=True)
        assert (row["low"], row["high"]) == (float(low), float(high))
        assert row["status"] == ("incomplete" if missing else "complete")
        assert math.isnan(row["total"]) if missing else row["total"] == float(low)


@PROPERTY
@given(classes(), st.data())
def test_raising_a_raw_score_never_lowers_a_total(given_class, data):
    evaluation, raw = given_class
    scored = [
        (key, student) for key, found in raw.marks.items() for student, one in found.items() if one.score is not None
    ]
    if not scored:
        return
    key, student = data.draw(st.sampled_from(sorted(scored)))
    most = next(item.maximum for item in raw.items[key[0]] if item.name == key[1])
    mark = raw.marks[key][student]
    share = data.draw(st.fractions(0, 1, max_denominator=8))
    higher = replace(mark, score=mark.score + (most - mark.score) * share)
    marks = {**raw.marks, key: {**raw.marks[key], student: higher}}
    before, after = compute(evaluation, raw).table, compute(evaluation, replace(raw, marks=marks)).table
    for column in ("low", "high", "total"):
        assert not (after[column] < before[column]).any()
    assert (after["status"] == before["status"]).all()


@PROPERTY
@given(classes(), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(given_class, random):
    evaluation, raw = given_class

    def shuffled(mapping):
        return dict(random.sample(list(mapping.items()), len(mapping)))

    other = replace(
        raw,
        students=shuffled(raw.students),
        items=shuffled({name: tuple(random.sample(found, len(found))) for name, found in raw.items.items()}),
        marks=shuffled({key: shuffled(found) for key, found in raw.marks.items()}),
        excused=shuffled({key: shuffled(found) for key, found in raw.excused.items()}),
    )
    first = compute(evaluation, raw)
    for again in (compute(evaluation, raw), compute(evaluation, other)):
        assert first.table.equals(again.table)
        assert first.lines.equals(again.lines)


@PROPERTY
@given(classes(), st.data())
def test_a_missing_score_is_never_a_zero_and_the_range_holds_whatever_comes(given_class, data):
    evaluation, raw = given_class
    final = compute(evaluation, raw)
    for row in final.table.to_dict("records"):
        lines = final.lines[final.lines["student"] == row["student"]]
        for line in lines[lines["raw"].isna() & lines["maximum"].notna()].to_dict("records"):
            counted_zero = line["points"] == 0
            excused = "제외" in line["rule"] and not line["counted"]
            assert not counted_zero or "missing: zero" in line["rule"] or excused
            if not counted_zero:
                assert math.isnan(row["total"])
                assert math.isnan(row[line["component"]])
                assert "0점이 아님" in line["rule"]
        key = data.draw(st.sampled_from(sorted(raw.marks)))
        item = next(one for one in raw.items[key[0]] if one.name == key[1])
        mark = raw.marks[key].get(row["student"])
        open_ = lines[(lines["item"] == item.name) & lines["points"].isna()]
        if len(open_) and (mark is None or mark.score is None):
            score = item.maximum * data.draw(st.fractions(0, 1, max_denominator=4))
            seconds = Fraction(data.draw(st.sampled_from([0, DAY // 2])))
            filled = {**raw.marks[key], row["student"]: Mark(score, "later", seconds)}
            later = compute(evaluation, replace(raw, marks={**raw.marks, key: filled})).table.set_index("student")
            after = later.loc[row["student"]]
            assert row["low"] <= after["low"] <= after["high"] <= row["high"]


@PROPERTY
@given(classes())
def test_the_lines_sum_to_exactly_the_total(given_class):
    evaluation, raw = given_class
    final = compute(evaluation, raw)
    for row in final.table.to_dict("records"):
        lines = final.lines[final.lines["student"] == row["student"]]
        assert (lines["source"].str.len() > 0).all()
        assert (lines["rule"].str.len() > 0).all()
        if row["status"] == "incomplete":
            continue
        assert math.fsum(lines["points"]) == row["total"]
        for name in final.components:
            # each of at most six points and the component itself is off by half a unit in the last place of 100
            parts = math.fsum(lines.loc[lines["component"] == name, "points"])
            assert abs(parts - row[name]) <= 8 * math.ulp(100.0)
        printed = final.explain(row["student"])["points"].map(lambda value: round(100 * value)).tolist()
        assert (
            sum(printed[:-1])
            == printed[-1]
            == int((100 * Decimal(repr(row["total"]))).to_integral_value(ROUND_HALF_UP))
        )
        for shown, points in zip(printed, lines["points"], strict=False):
            assert abs(shown - 100 * points) < 1 - 1e-9  # a line in whole hundredths is printed as it is


@PROPERTY
@given(classes(missing=False))
def test_full_marks_in_time_are_100(given_class):
    evaluation, raw = given_class
    best = {
        key: {student: Mark(item.maximum, "x") for student in STUDENTS}
        for name, found in raw.items.items()
        for item in found
        for key in [(name, item.name)]
    }
    evaluation = replace(evaluation, bonus=None)
    totals = compute(evaluation, replace(raw, marks=best, adjustments={}, bonus={})).table["total"]
    assert totals.tolist() == [100.0] * len(STUDENTS)


@PROPERTY
@given(classes())
def test_no_more_late_days_are_spent_than_there_are_or_than_help(given_class):
    evaluation, raw = given_class
    final = compute(evaluation, raw)
    spent = final.lines.groupby("student")["tokens"].sum()
    assert (spent <= evaluation.tokens).all()
    assert (final.lines["tokens"] <= final.lines["days_late"]).all()
    for row in final.table.to_dict("records"):
        if used := int(spent[row["student"]]):
            fewer = compute(replace(evaluation, tokens=used - 1, bonus=None), raw).table.set_index("student")
            plain = compute(replace(evaluation, bonus=None), raw).table.set_index("student")
            assert fewer.loc[row["student"], "low"] < plain.loc[row["student"], "low"]


@PROPERTY
@given(classes())
def test_what_if_of_what_is_changes_nothing(given_class):
    evaluation, raw = given_class
    final = compute(evaluation, raw)
    for row in final.table.to_dict("records"):
        keys = [(key, found[row["student"]]) for key, found in raw.marks.items() if row["student"] in found]
        scores = {key[1]: float(mark.score) for key, mark in keys if mark.score is not None}
        same = final.what_if(row["student"], scores).table.iloc[0]
        pd.testing.assert_series_equal(same, pd.Series(row), check_names=False, check_exact=True)


@settings(deadline=None, max_examples=15)
@given(classes(), st.integers(0, 105))
def test_the_needed_score_is_the_least_one(given_class, target):
    evaluation, raw = given_class
    final = compute(evaluation, raw)
    answer = final.needed("1", "part0", target, step=0.25)
    reached = []
    for at in range(int(answer.maximum * 4) + 1):
        tried = final.what_if("1", {"part0": at / 4}).table.iloc[0]
        if tried["low"] >= target:
            reached.append(at / 4)
    assert answer.score == (reached[0] if reached else None)
    assert ("이를 수 없습니다" in answer.told) == (not reached)


# --- a class by hand -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty_course(tmp_path_factory):
    """A class of four with nothing scored, made by coursekit and nbgrader."""
    course = create_course(tmp_path_factory.mktemp("final") / "class")
    people = (("0251", "김", "하나"), ("0252", "이", "두리"), ("0253", "박", "세찬"), ("0254", "최", "네오"))
    course.enrol(Student(number, last, first, "") for number, last, first in people)
    return course


@pytest.fixture(scope="module")
def graded(empty_course):
    """The same class, with three quizzes and a lab in nbgrader's gradebook."""
    with empty_course.gradebook() as gradebook:
        for name, points in {"quiz01": 5, "quiz02": 4, "quiz10": 5, "lab01": 10}.items():
            due = "2025-09-01 09:00:00 Asia/Seoul" if name != "quiz10" else None
            gradebook.add_assignment(name, duedate=due)
            gradebook.add_notebook(name, name)
            gradebook.add_grade_cell("tests", name, name, max_score=points, cell_type="code")
        for name, student, score, when in (
            ("quiz01", "0251", 4.5, "2025-09-01 09:05:00 Asia/Seoul"),
            ("quiz02", "0251", 1.0, "2025-09-01 08:00:00 Asia/Seoul"),
            ("quiz10", "0251", 5.0, "2025-12-31 08:00:00 Asia/Seoul"),
            ("lab01", "0251", 6.0, "2025-09-03 08:00:00 Asia/Seoul"),
            ("quiz01", "0252", 5.0, "2025-09-02 09:00:00 Asia/Seoul"),
            ("quiz02", "0252", 4.0, "2025-09-03 09:05:00 Asia/Seoul"),
            ("quiz10", "0252", 2.5, "2025-09-01 08:00:00 Asia/Seoul"),
            ("lab01", "0252", 5.9, "2025-09-01 08:00:00 Asia/Seoul"),
            ("quiz01", "0253", 3.0, "2025-09-01 08:00:00 Asia/Seoul"),
            ("quiz10", "0253", None, "2025-09-01 08:00:00 Asia/Seoul"),
        ):
            submission = gradebook.add_submission(name, student, timestamp=when)
            if score is not None:
                grade = submission.notebooks[0].grades[0]
                grade.auto_score, grade.needs_manual_grade = score, False
                submission.notebooks[0].late_submission_penalty = 1.0  # nbgrader's own: not looked at
        gradebook.db.commit()
        gradebook.grant_extension("quiz02", "0252", hours=24)
    return empty_course


FILES = {
    "midterm.csv": "학번,점수\n0251,90\n0252,72.5\n0253,60\n0254,\n",
    "attendance.csv": (
        "학번,이름,2025. 9. 1.,2025-09-08,비고\n0251,김하나,O,O,\n0252,이두리,지각,△,\n"
        "0253,박세찬,결석,공결,\n0254,최네오,O,x,\n"
    ),
    "teams.csv": "팀,학번\n가,0251\n가,0252\n나,0253\n나,0254\n",
    "document.csv": "팀,항목,점수\n가,goals,9\n가,모니터링,15\n나,goals,5\n나,모니터링,20\n",
    "rubric.yaml": (
        "title: 설계 문서\ncriteria:\n- {id: goals, title: 목표와 지표, points: 10}\n"
        "- {id: mon, title: 모니터링, points: 20}\n"
    ),
    "presentation.csv": "팀,항목,점수,만점\n가,발표,8,10\n나,발표,7.5,10\n",
    "adjustments.csv": "학번,계수,사유,component\n0252,0.9,마지막 두 주에 참여하지 않음,document\n",
    "excused.csv": "학번,항목,사유\n0253,quiz02,병원 진료\n0254,2025. 9. 8.,예비군\n",
    "bonus.csv": "팀,가산점\n가,3\n",
}
RULES = DEFAULT_EVALUATION.replace("drop: 0", "drop: 1").replace("    # missing: zero", "    missing: zero")
RULES = RULES.replace("    # criteria: evaluation/rubric", "    criteria: evaluation/rubric").replace(
    "tokens: 0", "tokens: 1"
)
RULES += "bonus: {scores: evaluation/bonus.csv, to: document, most: 5}\n"


def lay(course, files, rules=RULES, encodings=("utf-8",)):
    """Write the files of a class anew."""
    (course.root / "course.yaml").write_text(rules, encoding="utf-8")
    folder = course.root / "evaluation"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    encoding = itertools.cycle(encodings)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode("utf-8" if name.endswith(".yaml") else next(encoding)))
    return course


def test_a_real_gradebook_and_files_give_what_a_spreadsheet_gives(graded):
    """Two students calculated by hand, from the scores above and RULES."""
    final = final_grades(lay(graded, FILES, encodings=("cp949", "utf-8-sig", "utf-8")))
    table = final.table.set_index("student")

    # 0251: quiz01 within the grace; quiz02 (1 of 4) is dropped; lab01 47 h late, 2 days, one of them paid by the token
    quizzes = 10 * (Fraction(45, 50) + 1) / 2
    lab = 5 * Fraction(90, 100)
    document, presentation, exam, attendance = 30 * Fraction(24, 30), 20 * Fraction(8, 10), 30 * Fraction(90, 100), 5
    expected = exam + quizzes + attendance + lab + document + presentation + 3
    assert table.loc["0251", "total"] == float(expected) == 89.0

    # 0252: quiz01 1 day late, quiz02 1 day late after its extension; quiz10 is dropped; the token saves 10%
    # of one quiz (the earlier); lab01 59% is not completed; document times 0.9
    quizzes = 10 * (1 + Fraction(9, 10)) / 2
    attendance, lab, exam = 5 * Fraction(1, 2), 0, 30 * Fraction(725, 1000)
    expected = exam + quizzes + attendance + lab + document * Fraction(9, 10) + presentation + 3
    assert table.loc["0252", "total"] == float(expected)
    lines = final.lines[final.lines["student"] == "0252"].set_index("item")
    assert lines.loc[["quiz01", "quiz02", "quiz10"], "tokens"].tolist() == [1, 0, 0]
    assert lines.loc[["quiz01", "quiz02", "quiz10"], "days_late"].tolist() == [1, 1, 0]
    assert lines.loc[["quiz01", "quiz02", "quiz10"], "penalty"].tolist() == [0, 0.1, 0]
    assert lines.loc["quiz01", "source"] == "gradebook:quiz01"
    assert lines.loc["mon", "source"] == "evaluation/document.csv:3"
    assert lines.loc["midterm", "source"] == "evaluation/midterm.csv:3"
    assert lines.loc["2025-09-08", "source"] == "evaluation/attendance.csv:3"
    assert lines.loc["adjustment", "points"] == pytest.approx(-2.4)
    assert lines.loc["adjustment", "source"] == "evaluation/adjustments.csv:2"
    assert "마지막 두 주" in lines.loc["adjustment", "rule"]
    assert lines.loc["bonus", ["points", "source"]].tolist() == [3.0, "evaluation/bonus.csv:2"]
    assert lines.loc["quiz02", "rule"] == "제출 2025-09-03 09:05, 마감 2025-09-02 09:00; 1일 늦음, 10% 감점"
    assert lines.loc["quiz01", "rule"] == (
        "제출 2025-09-02 09:00, 마감 2025-09-01 09:00; 1일 늦음, 지각 토큰 1개 사용, 감점 없음"
    )

    # 0253 has a quiz that nobody graded: open although missing is zero; 0254 has no midterm: open
    assert table["status"].to_dict() == {
        "0251": "complete",
        "0252": "complete",
        "0253": "incomplete",
        "0254": "incomplete",
    }
    assert table.loc[["0253", "0254"], "total"].isna().all()
    assert math.isnan(table.loc["0253", "quizzes"])
    assert (table.loc["0254", "quizzes"], table.loc["0254", "participation"]) == (0, 0)
    assert math.isnan(table.loc["0254", "midterm"])
    assert (table.loc["0253", "attendance"], table.loc["0254", "attendance"]) == (0, 5)
    assert table.loc["0254", "high"] - table.loc["0254", "low"] == pytest.approx(30)
    assert table["team"].tolist() == ["가", "나", "가", "나"]
    assert any("quiz10" in one and "0253" in one and "not graded" in one for one in final.warnings)
    assert any("midterm" in one and "0254" in one for one in final.warnings)

    again = final_grades(lay(graded, {name: FILES[name] for name in reversed(FILES)}, encodings=("utf-8",)))
    pd.testing.assert_frame_equal(final.lines, again.lines, check_exact=True)


def test_order_of_rows_in_the_files_changes_nothing_but_the_rows_told(graded):
    def turned(name, text):
        head, *rows = text.splitlines()
        return text if name.endswith(".yaml") else "\n".join([head, *reversed(rows)]) + "\n"

    first = final_grades(lay(graded, FILES))
    second = final_grades(lay(graded, {name: turned(name, text) for name, text in FILES.items()}))
    pd.testing.assert_frame_equal(first.table, second.table, check_exact=True)
    pd.testing.assert_frame_equal(
        first.lines.drop(columns="source"), second.lines.drop(columns="source"), check_exact=True
    )


def test_a_student_asks(graded):
    final = final_grades(lay(graded, FILES))
    told = final.explain("0251")
    assert told.iloc[-1][["component", "points", "rule"]].tolist() == ["total", 89.0, "합계"]
    assert "사이" in final.explain("0254").iloc[-1]["rule"]
    if_exam = final.what_if("0254", {"midterm": 80})
    assert if_exam.table["status"].tolist() == ["complete"]
    assert if_exam.table["total"].iloc[0] == pytest.approx(final.table.set_index("student").loc["0254", "low"] + 24)
    assert final.what_if("0251", {"quiz02": 4}).table["quizzes"].iloc[0] == 10.0
    assert if_exam.lines.set_index("item").loc["midterm", ["rule", "source"]].tolist() == ["가정한 점수", "what-if"]
    needed = final.needed("0254", "midterm", 50)
    low = final.table.set_index("student").loc["0254", "low"]
    assert needed.score == math.ceil((50 - low) / 30 * 100 * 100) / 100
    assert (needed.maximum, needed.open) == (100, ())
    assert final.needed("0254", "midterm", 95).score is None
    assert final.needed("0251", "midterm", 60).score == 0 or final.needed("0251", "midterm", 60).total >= 60
    assert final.needed("0253", "midterm", 10).open == ("quiz10",)
    with pytest.raises(ValueError) as caught:
        final.what_if("0251", {"midterm": 101, "quiz99": 3, "goals": math.nan})
    assert [line.split(":")[0].split(" ")[0] for line in str(caught.value).splitlines()] == [
        "goals",
        "midterm",
        "quiz99",
    ]
    for ask in (lambda: final.explain("9"), lambda: final.what_if("9", {}), lambda: final.needed("9", "midterm", 1)):
        with pytest.raises(ValueError, match="no student '9'"):
            ask()


def test_the_plot_stacks_the_components_under_korean_names(graded):
    figure = final_grades(lay(graded, FILES)).plot()
    assert figure.layout.barmode == "stack"
    names = ["중간고사", "퀴즈", "출석", "참여", "설계 문서", "발표", "가산점", "아직 정해지지 않음"]
    assert [bar.name for bar in figure.data] == names
    complete = [at for at, student in enumerate(figure.data[0].x) if student == "0251"]
    assert math.fsum(bar.y[complete[0]] for bar in figure.data) == pytest.approx(89)


def test_before_anything_was_scored_everything_is_open(empty_course, tmp_path):
    course = create_course(tmp_path / "new")
    course.enrol([Student("1", "김", "하나", "")])
    (course.root / "course.yaml").write_text(DEFAULT_EVALUATION, encoding="utf-8")
    final = final_grades(course)
    row = final.table.iloc[0]
    assert row[["midterm", "quizzes", "document", "total"]].isna().all()
    assert (row["low"], row["high"], row["status"]) == (0.0, 100.0, "incomplete")
    assert sum("does not exist" in one for one in final.warnings) == 7
    assert final.what_if("1", {"midterm": 50}).table["midterm"].tolist() == [15.0]


# --- bad input: everything is named, nothing is computed -------------------------------------------------------------


def refused(course, files, rules=RULES):
    before = sorted(path.name for path in lay(course, files, rules).root.rglob("*"))
    with pytest.raises(EvaluationError) as caught:
        final_grades(course)
    assert sorted(path.name for path in course.root.rglob("*")) == before
    return str(caught.value).splitlines()[1:]


BAD = {
    "an unknown student": (
        "midterm.csv",
        "학번,점수\n0299,50\n",
        ["midterm.csv row 2: student 0299 is not on the roster"],
    ),
    "a lost zero": ("midterm.csv", "학번,점수\n251,50\n", ["row 2: student 251 is not on the roster (is it 0251"]),
    "duplicate rows": (
        "midterm.csv",
        "학번,점수\n0251,50\n0252,1\n0251,50\n",
        ["rows 2, 4: student 0251 stands there 2"],
    ),
    "over the maximum": (
        "midterm.csv",
        "학번,점수\n0251,100.5\n",
        ["row 2 (0251): score 100.5 is over its maximum of 100"],
    ),
    "below 0": ("midterm.csv", "학번,점수\n0251,-1\n", ["row 2 (0251): score -1 is below 0"]),
    "no number": (
        "midterm.csv",
        "학번,점수\n0251,구십\n0252,nan\n",
        ["'구십' is no number", "row 3 (0252): score 'nan' is no"],
    ),
    "no column": (
        "midterm.csv",
        "학번,성적\n0251,9\n",
        ["midterm.csv row 1: no column score", "its columns are 학번, 성적"],
    ),
    "an empty file": ("midterm.csv", "", ["midterm.csv is empty"]),
    "a column twice": ("midterm.csv", "학번,점수,점수\n0251,9,5\n", ["midterm.csv row 1: two columns 점수"]),
    "a longer row": ("midterm.csv", "학번,점수\n0251,9,5\n", ["row 2: has more cells than the header"]),
    "an unknown mark": ("attendance.csv", "학번,9/1\n0251,조퇴\n", ["row 2 (0251), 9/1: '조퇴' is no mark"]),
    "no dates": ("attendance.csv", "학번,이름\n0251,김하나\n", ["attendance.csv has no column with a date"]),
    "a date twice": (
        "attendance.csv",
        "학번,2025-09-01,2025. 9. 1.\n0251,O,O\n",
        ["column date 2025-09-01 stands there 2"],
    ),
    "two teams": (
        "teams.csv",
        "팀,학번\n가,0251\n가,0252\n나,0253\n나,0254\n나,0251\n",
        ["row 6: student 0251 is in team 나 and in 가 (row 2)"],
    ),
    "half a team": (
        "teams.csv",
        "팀,학번\n가,0251\n가,0252\n나,0253\n나,0299\n",
        [
            "row 5: student 0299 is not on",
            "only 1 of the 2 in team 나 are on the roster",
            "students without a team: 0254",
        ],
    ),
    "an unknown team": (
        "presentation.csv",
        "팀,항목,점수,만점\n다,발표,8,10\n",
        ["presentation.csv row 2: team 다 is not in evaluation/teams.csv"],
    ),
    "two maxima": (
        "presentation.csv",
        "팀,항목,점수,만점\n가,발표,8,10\n나,발표,8,9\n",
        ["row 3 (나, 발표): maximum 9, but 10 in row 2"],
    ),
    "an unknown criterion": (
        "document.csv",
        "팀,항목,점수\n가,목표,9\n",
        ["document.csv row 2 (가): criterion 목표 is not in evaluation/rubric.yaml; known: goals, mon"],
    ),
    "over a criterion's points": (
        "document.csv",
        "팀,항목,점수\n가,목표와 지표,11\n가,goals,9\n",
        ["score 11 is over its maximum of 10", "rows 2, 3: team and criterion 가 goals stands there 2 times"],
    ),
    "a rubric without points": (
        "rubric.yaml",
        "criteria:\n- {id: goals}\n",
        ["rubric.yaml, line 2: a criterion needs"],
    ),
    "an unknown item": (
        "excused.csv",
        "학번,항목,사유\n0251,quiz9,병결\n",
        ["row 2 (0251): quiz9 is no item; known: midterm"],
    ),
    "no reason": ("excused.csv", "학번,항목,사유\n0251,quiz01,\n", ["excused.csv row 2 (0251): no reason"]),
    "a factor in percent": ("adjustments.csv", "학번,계수,사유\n0251,90,x\n", ["factor 90 is over its maximum of 2"]),
    "a bonus over its most": (
        "bonus.csv",
        "팀,가산점\n가,6\n",
        ["bonus.csv row 2 (가): points 6 is over its maximum of 5"],
    ),
    "a bonus twice": (
        "bonus.csv",
        "팀,student,points\n가,,3\n,0251,1\n",
        ["rows 2, 3: student 0251 stands there 2 times"],
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_named_with_file_and_row(graded, kind):
    file, text, said = BAD[kind]
    told = "\n".join(refused(graded, {**FILES, file: text}))
    for part in said:
        assert part in told


def test_the_problems_of_all_files_are_told_at_once(graded):
    broken = {BAD[kind][0]: BAD[kind] for kind in BAD}
    told = "\n".join(refused(graded, {**FILES, **{file: text for file, text, _ in broken.values()}}))
    assert len(broken) == 9
    for file in broken.keys() - {"document.csv"}:  # without its rubric it cannot be checked
        assert file in told


def test_bytes_that_are_no_text_and_teams_that_are_not_there(graded):
    lay(graded, {name: text for name, text in FILES.items() if name != "teams.csv"})
    (graded.root / "evaluation" / "midterm.csv").write_bytes(b"\xff\xff\x00\x81\xff")
    with pytest.raises(EvaluationError) as caught:
        final_grades(graded)
    assert "midterm.csv is neither UTF-8 nor CP949" in str(caught.value)
    assert "evaluation/teams.csv does not exist, but evaluation/document.csv, evaluation/presentation.csv" in str(
        caught.value
    )


def test_an_assignment_counts_once(graded):
    told = refused(graded, FILES, RULES.replace('["lab*"]', '["lab*", "quiz0*"]'))
    assert "gradebook:quiz01 counts in quizzes and in participation: let one of them leave it out" in told


def test_points_over_the_maximum_in_the_gradebook_are_named_and_extra_credit_is_capped(graded):
    lay(graded, FILES)
    with graded.gradebook() as gradebook:
        grade = gradebook.find_submission("quiz01", "0253").notebooks[0].grades[0]
        grade.extra_credit = 3.0
        gradebook.db.commit()
    try:
        final = final_grades(graded)
        line = final.lines[(final.lines["student"] == "0253") & (final.lines["item"] == "quiz01")].iloc[0]
        assert line["raw"] == 5
        assert "만점까지만" in line["rule"]
        with graded.gradebook() as gradebook:
            grade = gradebook.find_submission("quiz01", "0253").notebooks[0].grades[0]
            grade.manual_score = 5.5
            gradebook.db.commit()
        with pytest.raises(EvaluationError, match=r"gradebook:quiz01: student 0253 has 8\.5 points of 5"):
            final_grades(graded)
    finally:
        with graded.gradebook() as gradebook:
            grade = gradebook.find_submission("quiz01", "0253").notebooks[0].grades[0]
            grade.extra_credit = grade.manual_score = None
            gradebook.db.commit()


def test_a_score_that_a_person_has_to_look_at_is_not_counted_yet(graded):
    """nbgrader sums what the automatic tests gave so far; the cell that waits for a person is no zero."""

    def set_waiting(waits):
        with graded.gradebook() as gradebook:
            gradebook.find_submission("quiz01", "0251").notebooks[0].grades[0].needs_manual_grade = waits
            gradebook.db.commit()

    lay(graded, FILES)
    set_waiting(True)
    try:
        final = final_grades(graded)
    finally:
        set_waiting(False)
    row = final.table.set_index("student").loc["0251"]
    assert (row["status"], math.isnan(row["quizzes"])) == ("incomplete", True)
    assert any(one.startswith("gradebook:quiz01: the hand-in of 0251 is not graded yet") for one in final.warnings)


def test_late_days_go_where_they_are_worth_most():
    """Two late hand-ins, one token: it goes to the heavier one, though that one comes second."""
    parts = (Component("a", Fraction(20)), Component("b", Fraction(80)))
    items = {name: (Item(name, Fraction(10)),) for name in "ab"}
    marks = {(name, name): {"1": Mark(Fraction(10), "x", Fraction(DAY))} for name in "ab"}
    rules = Evaluation(parts, LateRule(percent_per_day=Fraction(10)), tokens=1)
    final = compute(rules, RawScores({"1": "김하나"}, items, marks))
    assert final.lines["tokens"].tolist() == [0, 1]
    assert final.table["total"].tolist() == [98.0]


def test_the_lowest_percentage_is_not_always_what_to_drop():
    """5/10 and 0/1 and 9/10 by points: without 5/10 there are 9/11, without 0/1 only 14/20."""
    items = {"q": tuple(Item(f"q{most}{at}", Fraction(most)) for at, most in enumerate((10, 1, 10)))}
    scores = dict(zip([one.name for one in items["q"]], (5, 0, 9), strict=True))
    marks = {("q", name): {"1": Mark(Fraction(score), "x")} for name, score in scores.items()}
    rules = Evaluation((Component("q", Fraction(100), drop=1, average="points"),))
    final = compute(rules, RawScores({"1": "김하나"}, items, marks))
    assert final.table["total"].tolist() == [float(Fraction(900, 11))]
    assert final.lines.set_index("item")["counted"].to_dict() == {"q11": True, "q100": False, "q102": True}


def test_tokens_per_item_are_a_limit():
    items = {"a": (Item("a1", Fraction(10)), Item("a2", Fraction(10)))}
    marks = {
        ("a", "a1"): {"1": Mark(Fraction(10), "x", Fraction(2 * DAY))},
        ("a", "a2"): {"1": Mark(Fraction(10), "x")},
    }
    late = LateRule(percent_per_day=Fraction(10))
    totals = [
        compute(Evaluation((Component("a", Fraction(100)),), late, 2, limit), RawScores({"1": "김하나"}, items, marks))
        .table["total"]
        .item()
        for limit in (None, 1)
    ]
    assert totals == [100, 95]


def test_what_nobody_has_yet_is_open_although_missing_is_zero():
    """A quiz that was released but not held must not be a zero for the whole class."""
    items = {"q": (Item("q1", Fraction(5)), Item("q2", Fraction(5)))}
    rules = Evaluation((Component("q", Fraction(100), missing="zero"),))
    marks = {("q", "q1"): {"1": Mark(Fraction(5), "x")}, ("q", "q2"): {}}
    final = compute(rules, RawScores({"1": "김하나", "2": "이두리"}, items, marks))
    assert final.table["status"].tolist() == ["incomplete"] * 2
    assert final.table[["low", "high"]].to_numpy().tolist() == [[50, 100], [0, 50]]
    held = {**marks, ("q", "q2"): {"1": Mark(Fraction(0), "x")}}
    assert compute(rules, RawScores({"1": "김하나", "2": "이두리"}, items, held)).table["total"].tolist() == [50, 0]


@pytest.mark.parametrize("cap", ["total", "component", "none"])
@pytest.mark.parametrize("exam", [70, 60])
def test_a_bonus_ends_where_course_yaml_says(cap, exam):
    items = {"exam": (Item("exam", Fraction(70)),), "document": (Item("document", Fraction(30)),)}
    parts = (Component("exam", Fraction(70)), Component("document", Fraction(30), rubric="r.csv"))
    scores = {"exam": exam, "document": 27}
    marks = {(name, name): {"1": Mark(Fraction(score), "x")} for name, score in scores.items()}
    rules = Evaluation(parts, bonus=BonusRule("b.csv", "document", Fraction(8), cap))
    final = compute(rules, RawScores({"1": "김하나"}, items, marks, bonus={"1": BonusPoints(Fraction(8), "b.csv:2")}))
    room = {"total": 100 - exam - 27, "component": 3, "none": 8}[cap]
    assert final.table["bonus"].tolist() == [min(8, room)]
    assert final.table["total"].tolist() == [exam + 27 + min(8, room)]
    assert final.lines["points"].tolist() == [exam, 27, min(8, room)]


def test_who_is_excused_from_all_of_a_component_waits_for_a_person():
    items = {"exam": (Item("exam", Fraction(100)),)}
    raw = RawScores(
        STUDENTS, items, {("exam", "exam"): {}}, excused={("exam", "exam"): {"1": Excuse("입원", "e.csv:2")}}
    )
    row = compute(Evaluation((Component("exam", Fraction(100)),)), raw).table.iloc[0]
    assert (row["status"], row["low"], row["high"]) == ("incomplete", 0, 100)
