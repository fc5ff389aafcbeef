"""What leaves the final grade: CSV, a workbook, a preview of letters; nothing missing becomes a 0."""

from __future__ import annotations

import csv
import io
import itertools
import math
import zipfile
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.classroom.gradebook.curve import CAPS, CUTOFFS, SHARES, preview_curve
from coursekit.classroom.gradebook.evaluation import BonusRule, Component, Evaluation, LateRule
from coursekit.classroom.gradebook.exporting import to_csv, to_xlsx

EVALUATION = Evaluation(
    (
        Component("midterm", Fraction(40), "중간고사", scores="midterm.csv", maximum=Fraction(100)),
        Component("quizzes", Fraction(10), "퀴즈", ("quiz*",), drop=1, missing="zero"),
        Component("document", Fraction(50), "설계 문서", rubric="document.csv"),
    ),
    LateRule(Fraction(10), Fraction(25, 2), 3),
    tokens=2,
    teams="teams.csv",
    bonus=BonusRule("bonus.csv", "document", Fraction(5)),
)
NAN = math.nan


def final_of(rows: list[tuple], *, evaluation: Evaluation = EVALUATION) -> SimpleNamespace:
    """Final grades from (student, name, midterm, quizzes, document): the total and the status follow."""
    table = pd.DataFrame(rows, columns=["student", "name", "midterm", "quizzes", "document"])
    table.insert(2, "team", "1조")
    points = table[["midterm", "quizzes", "document"]].astype(float)
    table["total"] = points.sum(axis=1, skipna=False)
    table["low"], table["high"] = points.sum(axis=1), points.fillna(50).sum(axis=1)
    table["status"] = ["incomplete" if math.isnan(total) else "complete" for total in table["total"]]
    lines = [
        {
            "student": row[0],
            "component": name,
            "item": item,
            "raw": raw,
            "maximum": 100.0,
            "days_late": 0,
            "tokens": 0,
            "penalty": 0.0,
            "counted": True,
            "share": 1.0,
            "points": raw,
            "rule": "as scored",
            "source": f"{name}.csv:2",
        }
        for row in rows
        for name, item, raw in (
            ("midterm", "midterm", row[2]),
            ("quizzes", "quiz01", row[3]),
            ("document", "문제", row[4]),
        )
    ]
    return SimpleNamespace(table=table, lines=pd.DataFrame(lines), evaluation=evaluation, warnings=())


CLASS = [
    ("0251", "홍길동", 35.5, 9.0, 45.25),
    ("20250002", '=HYPERLINK("http://x","y")', 0.0, 0.0, 0.0),
    ("20250003", "+cmd|' /C calc'!A0", 30.0, NAN, 40.0),
    ("20250004", "-1+1, @home", 20.123, 5.0, NAN),
]


def read_back(path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def test_csv_begins_as_excel_wants_it_and_reads_back(tmp_path):
    path = to_csv(final_of(CLASS), tmp_path / "final.csv")
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 5
    frame = read_back(path)
    assert frame.columns.tolist() == [
        "학번", "이름", "팀", "상태", "중간고사", "퀴즈", "설계 문서", "합계", "빠진 점수"
    ]  # fmt: skip
    assert frame["중간고사"].tolist() == ["35.50", "0.00", "30.00", "20.12"]
    assert frame["합계"].tolist() == ["89.75", "0.00", "", ""]
    assert frame["상태"].tolist() == ["완료", "완료", "미완료", "미완료"]
    assert frame["빠진 점수"].tolist() == ["", "", "퀴즈(quiz01)", "설계 문서(문제)"]
    assert frame.loc[2, "퀴즈"] == frame.loc[3, "설계 문서"] == "", "what is missing is no 0"


def test_csv_keeps_ids_and_defuses_formulas(tmp_path):
    ids = ["0251", "20250002", "202500020003", "1E5", "3-1", "2025-10001", "12/5", "a.b"]
    frame = read_back(to_csv(final_of([(one, "이름", 1, 1, 1) for one in ids]), tmp_path / "final.csv"))
    # Excel shows ="0251" as the text 0251; what it leaves alone is written as it is.
    wanted = ['="0251"', "20250002", '="202500020003"', '="1E5"', '="3-1"', "2025-10001", '="12/5"', "a.b"]
    assert frame["학번"].tolist() == wanted
    names = read_back(to_csv(final_of(CLASS), tmp_path / "names.csv"))["이름"].tolist()
    assert names == ["홍길동", *(f"'{row[1]}" for row in CLASS[1:])]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=5))
def test_no_cell_of_csv_is_a_formula(tmp_path_factory, texts):
    """Whatever stands in a name or a team; the guarded id is the one formula, and it is a text."""
    final = final_of([(f"0{number}", text, 1.0, 1.0, 1.0) for number, text in enumerate(texts)])
    final.table["team"] = texts
    text = to_csv(final, tmp_path_factory.mktemp("csv") / "a.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    for number, row in enumerate(rows):
        assert row[0] == f'="0{number}"'
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row[1:])
        assert row[1].removeprefix("'") in (texts[number], texts[number].removeprefix("'"))


def test_workbook_reads_back_with_pandas(tmp_path):
    path = to_xlsx(final_of(CLASS), tmp_path / "final.xlsx")
    sheets = pd.read_excel(path, sheet_name=None, dtype={"학번": str}, keep_default_na=False, na_values=[""])
    assert list(sheets) == ["성적", "근거", "평가 기준", "통계"]
    grades = sheets["성적"]
    assert grades["학번"].tolist() == [row[0] for row in CLASS]
    assert grades["이름"].tolist() == [row[1] for row in CLASS]
    assert grades["중간고사"].tolist() == [row[2] for row in CLASS], "values keep their decimals; the format rounds"
    assert grades["합계"].isna().tolist() == [False, False, True, True]
    lines = sheets["근거"]
    assert lines["학번"].tolist() == [row[0] for row in CLASS for _ in range(3)]
    assert lines.loc[lines["원점수"].isna(), "출처"].tolist() == ["quizzes.csv:2", "document.csv:2"]
    rules = sheets["평가 기준"].set_index(["구분", "규칙"])["값"]
    assert rules["중간고사", "비중 (점)"] == 40
    assert rules["퀴즈", "점수가 없으면"] == "0점"
    assert rules["설계 문서", "채점 단위"] == "팀"
    assert rules["지각", "하루에 감하는 비율 (%)"] == 12.5
    statistics = sheets["통계"].set_index("평가 항목")
    assert statistics.loc["퀴즈", ["점수가 있는 학생", "미완료"]].tolist() == [3, 1]
    assert statistics.loc["퀴즈", "평균"] == pytest.approx((9 + 0 + 5) / 3)
    assert statistics.loc["합계", "최고"] == 89.75


def test_workbook_is_laid_out_for_reading(tmp_path):
    book = openpyxl.load_workbook(to_xlsx(final_of(CLASS), tmp_path / "final.xlsx"))
    sheet = book["성적"]
    assert sheet.freeze_panes == "C2"
    assert all(book[name].freeze_panes for name in book.sheetnames)
    for row in sheet.iter_rows(min_row=2):
        assert [cell.data_type for cell in row[:2]] == ["s", "s"], (
            "an id and a name are text, never a number or formula"
        )
        assert row[0].number_format == "@"
        marked = row[0].fill.fgColor.rgb == "00FFF0D6"
        assert marked == (row[3].value == "미완료")
    assert sheet["E2"].number_format == "0.00"
    assert sheet["H4"].value is None
    assert sheet["F4"].value is None
    assert sheet["B3"].quotePrefix, "editing the cell must not make a formula of it"
    assert sheet.column_dimensions["B"].width > sheet.column_dimensions["E"].width


def test_same_grades_give_the_same_bytes(tmp_path, monkeypatch):
    import time

    first = to_xlsx(final_of(CLASS), tmp_path / "a.xlsx").read_bytes()
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(2_000_000_000))
    assert to_xlsx(final_of(CLASS), tmp_path / "b.xlsx").read_bytes() == first
    assert (
        to_csv(final_of(CLASS), tmp_path / "a.csv").read_bytes()
        == to_csv(final_of(CLASS), tmp_path / "b.csv").read_bytes()
    )
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        assert {one.date_time for one in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"1980-01-01T00:00:00Z" in file.read("docProps/core.xml")


@pytest.mark.parametrize("write", [to_csv, to_xlsx])
def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch, write):
    path = tmp_path / "final.out"
    path.write_bytes(b"old")
    broken = final_of(CLASS)
    broken.table["total"] = "no number"
    with pytest.raises(ValueError, match="no number"):
        write(broken, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_control_characters_do_not_break_the_workbook(tmp_path):
    path = to_xlsx(final_of([("1", "a\x0bb", 1.0, 1.0, 1.0)]), tmp_path / "final.xlsx")
    assert pd.read_excel(path)["이름"].tolist() == ["a\N{REPLACEMENT CHARACTER}b"]


# Letters


def totals_of(totals: list[float | None]) -> SimpleNamespace:
    table = pd.DataFrame({"student": [f"{number:03}" for number in range(len(totals))], "name": "학생"})
    table["total"] = pd.Series(totals, dtype=float)
    table["status"] = ["incomplete" if total is None else "complete" for total in totals]
    return SimpleNamespace(table=table)


def letters_of(preview) -> dict[str, str]:
    return dict(zip(preview.table["student"], preview.table["letter"], strict=True))


def half_up(total: float, decimals: int = 2) -> Decimal:
    return Decimal(str(total)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


FEW = {"A": 30.0, "B": 40.0, "C": 30.0}


def best_by_trying_all(totals: list[float]) -> dict[Decimal, str]:
    """The oracle: of all ways to give equals equal letters, falling with the total and within the caps, the best."""
    values = sorted({half_up(total) for total in totals}, reverse=True)
    rounded = [half_up(total) for total in totals]
    allowed = []
    for places in itertools.combinations_with_replacement(range(len(FEW)), len(values)):
        given = dict(zip(values, places, strict=True))
        counts = [sum(given[total] <= place for total in rounded) for place in range(len(FEW))]
        # Exact: 30% of 10 is 3 students, and 70% of 10 is 7.
        if 100 * counts[0] <= 30 * len(totals) and 100 * counts[1] <= 70 * len(totals):
            allowed.append(places)
    best = min(allowed)
    assert all(all(one <= other for one, other in zip(best, places, strict=True)) for places in allowed)
    return {total: list(FEW)[place] for total, place in zip(values, best, strict=True)}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from([99.004, 99.0, 98.995, 95.5, 90.0, 80.0, 70.125, 60.0, 12.0]), min_size=1, max_size=12))
def test_relative_letters_are_the_best_that_the_caps_allow(totals):
    preview = preview_curve(totals_of(list(totals)), shares=FEW)
    wanted = best_by_trying_all(totals)
    assert letters_of(preview) == {f"{n:03}": wanted[half_up(total)] for n, total in enumerate(totals)}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.none() | st.floats(0, 100).map(lambda one: round(one, 1)), max_size=40),
    st.sampled_from(["relative", "absolute"]),
)
def test_letters_never_rise_when_totals_fall_and_caps_hold(totals, method):
    preview = preview_curve(totals_of(list(totals)), method=method)
    order = preview.letters["letter"].tolist()
    given_letters = letters_of(preview)
    pairs = [(total, order.index(given_letters[f"{n:03}"])) for n, total in enumerate(totals) if total is not None]
    for (one, place), (other, below) in itertools.permutations(pairs, 2):
        if one >= other:
            assert place <= below  # so of equals, seen both ways, the letters are equal
    complete = len(pairs)
    assert preview.letters["students"].sum() == complete
    assert set(preview.incomplete) == {f"{n:03}" for n, total in enumerate(totals) if total is None}
    assert all(given_letters[student] is None for student in preview.incomplete)
    if method == "relative":
        for beginning, cap in CAPS.items():
            reached = [letter for letter in SHARES if letter <= beginning + "~"]
            having = sum(given_letters[f"{n:03}"] in reached for n, total in enumerate(totals) if total is not None)
            assert 100 * having <= cap * complete


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.permutations(range(8)), st.lists(st.floats(0, 100), min_size=8, max_size=8))
def test_the_order_of_the_class_changes_no_letter(order, totals):
    final = totals_of(list(totals))
    mixed = SimpleNamespace(table=final.table.iloc[list(order)].reset_index(drop=True))
    assert letters_of(preview_curve(final)) == letters_of(preview_curve(mixed))
    pd.testing.assert_frame_equal(preview_curve(final).letters, preview_curve(mixed).letters)


def test_a_tie_at_the_boundary_goes_down_together():
    preview = preview_curve(totals_of([90, 80, 80, 80, 70, 60, 50, 40, 30, 20]), shares=FEW)
    assert letters_of(preview)["000"] == "A"
    assert [letters_of(preview)[f"{n:03}"] for n in (1, 2, 3)] == ["B", "B", "B"]
    assert preview.letters.set_index("letter")["students"].to_dict() == {"A": 1, "B": 6, "C": 3}


def test_a_class_of_equals_gets_the_last_letter_together():
    assert set(letters_of(preview_curve(totals_of([77.0] * 10))).values()) == {"C0"}


@pytest.mark.parametrize(
    ("total", "letter"), [(95, "A+"), (94.995, "A+"), (94.994, "A0"), (60, "D0"), (59.99, "F"), (0, "F")]
)
def test_absolute_letters_begin_at_their_cutoff_after_rounding(total, letter):
    preview = preview_curve(totals_of([total]), method="absolute")
    assert letters_of(preview)["000"] == letter


def test_gaps_say_how_near_the_next_student_is():
    letters = preview_curve(totals_of([96, 94.9, 89.99, 70]), method="absolute").letters.set_index("letter")
    assert letters.loc["A+", ["lowest", "next", "gap"]].tolist() == [96.0, 94.9, 0.1]
    assert letters.loc["A0", "gap"] == 0.01
    table = preview_curve(totals_of([96, 94.9, 89.99, 70]), method="absolute").table
    assert table["to_next"].fillna(-1).tolist() == [-1, 0.1, 0.01, 5.0]
    relative = preview_curve(totals_of([90, 80, 70, 60, 50, 40, 30, 20, 10, 9.5]), shares=FEW).letters.set_index(
        "letter"
    )
    assert relative["gap"].fillna(-1).tolist() == [10.0, 10.0, -1]
    assert relative["share"].tolist() == [30.0, 40.0, 30.0]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"method": "curve"}, "choose one of relative, absolute"),
        ({"shares": {"A": 30, "B": 40}}, "shares sum to 70%"),
        ({"shares": {"A": 31, "B": 39, "C": 30}}, "31% of the class would have A or better, the cap is 30%"),
        ({"shares": {"A+": 20, "A0": 10, "B+": 41, "C": 29}}, "71% of the class would have B or better"),
        ({"shares": {"A": 30, "B": -10, "C": 80}}, "share of B is negative"),
        ({"method": "absolute", "cutoffs": {"A": 90, "F": 10}}, "must begin at 0"),
        ({"method": "absolute", "cutoffs": {"A": 90, "B": 90, "F": 0}}, "cut-offs must fall"),
        ({"method": "absolute", "cutoffs": {}}, "must begin at 0"),
    ],
)
def test_rules_that_cannot_hold_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        preview_curve(totals_of([90.0]), **options)


def test_a_preview_changes_no_grades_and_draws():
    final = totals_of([96.0, 94.9, None])
    before = final.table.copy()
    preview = preview_curve(final, method="absolute", cutoffs=CUTOFFS)
    pd.testing.assert_frame_equal(final.table, before)
    assert preview.to_frame()["rank"].fillna(0).tolist() == [1, 2, 0]
    assert "1 incomplete without a letter: 002" in preview.warnings[0]
    figure = preview.plot()
    assert [trace.name for trace in figure.data] == ["A+ (1명, 50.0%)", "A0 (1명, 50.0%)"]
    assert figure.layout.title.text == "절대평가 미리보기: 등수별 총점"
