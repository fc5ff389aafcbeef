"""``coursekit class final`` on real grades: what it shows, what it writes, and what it refuses."""

from __future__ import annotations

import json
from fractions import Fraction

import openpyxl
import pandas as pd
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from coursekit import _final_commands
from coursekit.classroom import course as course_module
from coursekit.classroom.gradebook import final as final_module
from coursekit.classroom.gradebook._grade_page import grade_page
from coursekit.classroom.gradebook._rounding import half_up
from coursekit.classroom.gradebook.evaluation import Component, Evaluation, LateRule
from coursekit.classroom.gradebook.exporting import to_csv, to_xlsx
from coursekit.classroom.gradebook.final import compute
from coursekit.classroom.gradebook.raw import Item, Mark, RawScores
from coursekit.classroom.roster import Student

RULES = Evaluation(
    (
        Component("midterm", Fraction(40), "중간고사", scores="midterm.csv", maximum=Fraction(100)),
        Component("quizzes", Fraction(60), "퀴즈", ("quiz*",), drop=1),
    ),
    LateRule(Fraction(0), Fraction(10), 3),
)
QUIZZES = ("quiz01", "quiz02", "quiz03")
ROSTER = (Student("0251", "홍", "길동", "gildong@univ.example"), Student("0252", "김", "<b>선민", ""))
EXPORT = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Final (77),Final Score\r\n"
    "    Points Possible,,,,,100.00,(read only)\r\n"
    '"Hong, Gildong",1,0251,g,S,,55.00\r\n"Kim, Sunmin",2,0252,s,S,,40.00\r\n'
)


def grades_of(*, midterms=(90, 71), quizzes=((4, 5, 3), (5, 5, 5))) -> final_module.FinalGrades:
    """Final grades of the roster; None stands for a score that is not there."""
    items = {
        "midterm": (Item("midterm", Fraction(100)),),
        "quizzes": tuple(Item(name, Fraction(5)) for name in QUIZZES),
    }
    marks: dict = {("midterm", "midterm"): {}, **{("quizzes", name): {} for name in QUIZZES}}
    for number, (student, midterm, scores) in enumerate(zip(ROSTER, midterms, quizzes, strict=True)):
        given_scores = [
            ("midterm", "midterm", midterm),
            *(("quizzes", *one) for one in zip(QUIZZES, scores, strict=True)),
        ]
        for component, item, score in given_scores:
            if score is not None:
                late = Fraction(90_000 if (item, number) == ("quiz01", 1) else 0)
                marks[component, item][student.id] = Mark(Fraction(str(score)), f"{item}.csv:{number + 2}", late)
    return compute(RULES, RawScores({one.id: one.name for one in ROSTER}, items, marks))


class _Course:
    def __init__(self, root):
        self.root = root

    def students(self):
        return ROSTER


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the command on given grades; give exit status, what it printed, what it told beside."""
    app = typer.Typer()
    app.command("final")(_final_commands.class_final)
    monkeypatch.setattr(course_module, "open_course", lambda _: _Course(tmp_path / "class"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def _run(*arguments, final=None):
        monkeypatch.setattr(final_module, "final_grades", lambda _: final or grades_of())
        done = CliRunner().invoke(app, [str(one) for one in arguments])
        told = str(done.exception) if isinstance(done.exception, ValueError | FileNotFoundError) else done.stderr
        return done.exit_code, done.stdout, told

    return _run


def test_a_complete_class_is_shown_and_exits_0(run):
    code, said, _ = run()
    assert code == 0
    assert "final grades: all 2 complete" in said
    assert "홍길동" in said
    assert "0251" in said


def test_an_incomplete_class_exits_2_and_shows_ranges(run):
    code, said, _ = run(final=grades_of(midterms=(90, None)))
    assert code == 2
    assert "1 of 2 incomplete" in said
    assert "low" in said


def test_files_are_written_together(run, tmp_path):
    (tmp_path / "export.csv").write_bytes(EXPORT.encode())
    options = ["--csv", "a.csv", "--xlsx", "a.xlsx", "--canvas", "export.csv", "--canvas-column", "total=Final"]
    code, said, _ = run(*options)
    assert code == 0
    assert [f"written: {name}" in said for name in ("a.csv", "a.xlsx", "export.csv")] == [True] * 3
    totals = {one["student"]: one["total"] for one in grades_of().table.to_dict("records")}
    rows = (tmp_path / "export.csv").read_bytes().decode().split("\r\n")
    assert rows[2] == f'"Hong, Gildong",1,0251,g,S,{half_up(totals["0251"])},55.00'
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    assert run(*options)[0] == 0
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before, "a run again changes nothing"


def test_one_faulty_file_keeps_all_others_from_being_written(run, tmp_path):
    (tmp_path / "export.csv").write_bytes(EXPORT.replace("0252", "0299").encode())
    options = ["--csv", "a.csv", "--xlsx", "a.xlsx", "--canvas", "export.csv", "--canvas-column", "total=Final"]
    code, _, told = run(*options)
    assert code == 1
    assert "export.csv was not filled:\nrow 4 (Kim, Sunmin)" in told
    assert [one.name for one in tmp_path.iterdir()] == ["export.csv"]


def test_out_keeps_the_export(run, tmp_path):
    (tmp_path / "export.csv").write_bytes(EXPORT.encode())
    code, said, _ = run("--canvas", "export.csv", "--canvas-column", "total=77", "--out", "filled.csv")
    assert (code, "2 cells filled" in said) == (0, True)
    assert (tmp_path / "export.csv").read_bytes() == EXPORT.encode() != (tmp_path / "filled.csv").read_bytes()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--what-if", "midterm=90"], "say whose, with --student"),
        (["--html", "a.html"], "say whose, with --student"),
        (["--student", "0251", "--csv", "a.csv"], "leave --student out"),
        (["--student", "0251", "--needed", "midterm"], "--needed and --target belong together"),
        (["--student", "0251", "--what-if", "midterm"], "'midterm' is not of the form NAME=VALUE"),
        (["--student", "0251", "--what-if", "midterm=viele"], "'viele' of midterm is no number"),
        (["--student", "0251", "--what-if", "midterm=101"], "101 is not from 0 to 100"),
        (["--student", "0251", "--what-if", "midterm=1", "--what-if", "midterm=2"], "midterm is given twice"),
        (["--student", "이순신"], "is no id and no part of a name"),
        (["--canvas", "export.csv"], "--canvas and --canvas-column belong together"),
        (["--out", "a.csv"], "mean nothing without --canvas"),
        (["--csv", "a", "--xlsx", "./a"], "two of the files would be the same"),
        (["--curve", "fair"], "choose one of relative, absolute"),
        (["--curve", "relative:A=50,B=50"], "the cap is 30%"),
        (["--canvas", "none.csv", "--canvas-column", "total=1"], "none.csv does not exist"),
    ],
)
def test_mistakes_are_told_and_write_nothing(run, tmp_path, options, told):
    code, _, said = run(*options)
    assert code == 1
    assert told in said
    assert list(tmp_path.iterdir()) == []


def test_a_preview_of_letters(run):
    code, said, told = run("--curve", "absolute:A=90,B=0", final=grades_of(quizzes=((5, 5, 5), (5, 5, None))))
    assert code == 2
    assert "absolute letters, a preview" in said
    assert "1 incomplete without a letter: 0252" in told


def test_one_student_with_assumptions_and_a_goal(run, tmp_path):
    final = grades_of(midterms=(None, 71))
    options = ["--student", "길동", "--what-if", "midterm=90", "--html", "page.html"]
    code, said, _ = run(*options, final=final)
    assert code == 2, "an assumption completes nobody"
    assert "if midterm 90" in said
    total = final.what_if("0251", {"midterm": 90}).table["total"].iloc[0]
    assert f"{total:g}" in said
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "가정한 원점수: 중간고사 90점. 성적에는 반영되지 않습니다." in page
    code, said, _ = run("--student", "0251", "--needed", "midterm", "--target", 85, final=final)
    needed = final.needed("0251", "midterm", 85.0)
    assert needed.score is not None
    assert f"a total of 85 needs {needed.score:g} of 100 in midterm" in said
    code, said, _ = run("--student", "0251", "--needed", "midterm", "--target", 99, final=final)
    assert "out of reach" in said


def test_json_holds_what_is_missing_as_null(run):
    code, said, _ = run("--json", "--curve", "relative", final=grades_of(midterms=(None, 71)))
    content = json.loads(said)
    assert code == 2
    by_id = {one["student"]: one for one in content["students"]}
    assert by_id["0251"]["total"] is None
    assert by_id["0252"]["total"] == pytest.approx(float(Fraction(40 * 71, 100) + 60))
    assert content["curve"]["incomplete"] == ["0251"]
    code, said, _ = run(
        "--json", "--student", "0251", "--what-if", "midterm=90", "--needed", "quiz03", "--target", "80"
    )
    content = json.loads(said)
    assert (code, content["assumed"], content["needed"]["component"]) == (0, {"midterm": 90.0}, "quiz03")
    assert content["lines"][-1]["component"] == "total"


def test_the_page_explains_each_point_and_escapes_names():
    page = grade_page(grades_of(), "0252")
    assert "&lt;b&gt;선민 김 (0252) 성적의 근거" in page
    assert "<b>" not in page
    assert "quiz01.csv:3" in page
    assert "총점 88.40점 / 100점" in page
    open_page = grade_page(grades_of(midterms=(90, None)), "0252")
    assert "총점은 60.00점에서 100.00점 사이가 됩니다." in open_page
    assert "아직 없음" in open_page


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.lists(st.none() | st.integers(0, 100), min_size=2, max_size=2),
    st.lists(st.lists(st.none() | st.sampled_from([0, 1, 2.5, 5]), min_size=3, max_size=3), min_size=2, max_size=2),
)
def test_exports_agree_with_the_grades(tmp_path_factory, midterms, quizzes):
    folder = tmp_path_factory.mktemp("final")
    final = grades_of(midterms=tuple(midterms), quizzes=tuple(map(tuple, quizzes)))
    book = openpyxl.load_workbook(to_xlsx(final, folder / "a.xlsx"))
    head, *rows = book["성적"].iter_rows(values_only=True)
    frame = pd.read_csv(to_csv(final, folder / "a.csv"), dtype=str, keep_default_na=False)
    assert list(frame.columns) == list(head)
    lines = pd.DataFrame(list(book["근거"].iter_rows(min_row=2, values_only=True)))
    lines.columns = [cell.value for cell in book["근거"][1]]
    for row, told, truth in zip(rows, frame.to_dict("records"), final.table.to_dict("records"), strict=True):
        got = dict(zip(head, row, strict=True))
        assert got["학번"] == truth["student"]
        assert told["학번"] == f'="{truth["student"]}"'
        complete = truth["status"] == "complete"
        assert got["상태"] == told["상태"] == ("완료" if complete else "미완료")
        for name, column in (("midterm", "중간고사"), ("quizzes", "퀴즈"), ("total", "합계")):
            if truth[name] != truth[name]:
                assert got[column] is None
                assert told[column] == "", "what is missing is an empty cell, never a 0"
            else:
                assert got[column] == truth[name]
                assert told[column] == str(half_up(truth[name]))
        if complete:
            mine = lines[lines["학번"] == truth["student"]]
            assert mine["총점에 더해진 점수"].astype(float).sum() == pytest.approx(got["합계"], abs=1e-9)
        else:
            assert told["빠진 점수"] != ""


def test_raw_scores_are_never_written_over(run, tmp_path):
    raw = tmp_path / "class" / "evaluation" / "midterm.csv"
    raw.parent.mkdir(parents=True)
    raw.write_text("student,score\n", encoding="utf-8")
    status, _, told = run("--csv", raw)
    assert status == 1 and "raw scores" in told
    assert raw.read_text(encoding="utf-8") == "student,score\n"
