"""A Canvas export keeps every byte but those of our cells, and doubt writes nothing."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.classroom.gradebook._canvas_text import read_records
from coursekit.classroom.gradebook.canvas import CanvasError, fill_canvas
from coursekit.classroom.roster import Student

HEADER = "Student,ID,SIS User ID,SIS Login ID,Section,Midterm (77),Essay (78),Current Score,Final Score"
POSTING = ",,,,,,Manual Posting,,"
POSSIBLE = "    Points Possible,,,,,30.00,30.00,(read only),(read only)"
HONG = '"Hong, Gildong",9001,0251,gildong,ML-01,,,71.20,55.10'
KIM = '"Kim, ""Sun"" Min",9002,0252,sunmin,ML-01,,12.50,71.20,55.10'
TEST = '"Student, Test",9999,,a1b2c3,ML-01,,,,'
CLASS = {"0251": ("complete", 27.5), "0252": ("complete", 30.0)}


def final_of(people: dict[str, tuple[str, float]]) -> SimpleNamespace:
    """Final grades as far as an export asks for them."""
    rows = [
        {"student": one, "name": one, "team": "", "midterm": points, "total": points, "status": status}
        for one, (status, points) in people.items()
    ]
    evaluation = SimpleNamespace(weights={"midterm": 30.0})
    return SimpleNamespace(table=pd.DataFrame(rows), evaluation=evaluation)


@pytest.fixture
def fill(tmp_path):
    def _fill(lines, people=CLASS, *, end="\r\n", columns=None, **options):
        file = tmp_path / "export.csv"
        file.write_bytes(end.join(lines).encode() + end.encode())
        columns = columns or {"midterm": "Midterm (77)"}
        try:
            return fill_canvas(file, final_of(people), columns=columns, **options), file
        except CanvasError:
            assert file.read_bytes() == end.join(lines).encode() + end.encode(), "an error has changed the file"
            assert [one.name for one in tmp_path.iterdir()] == ["export.csv"]
            raise

    return _fill


def test_an_export_with_everything_that_canvas_puts_into_it(fill):
    report, file = fill([HEADER, POSTING, POSSIBLE, HONG, KIM, TEST])
    wanted = [HONG.replace("ML-01,,", "ML-01,27.50,"), KIM.replace("ML-01,,", "ML-01,30.00,")]
    assert file.read_bytes().decode() == "\r\n".join([HEADER, POSTING, POSSIBLE, *wanted, TEST, ""])
    assert [(one.row, one.student, one.before, one.after) for one in report.cells] == [
        (4, "0251", "", "27.50"),
        (5, "0252", "", "30.00"),
    ]
    assert report.notes == ("row 6: Canvas's test student, left as it is",)
    assert report.to_frame()["column"].unique().tolist() == ["Midterm (77)"]


@pytest.mark.parametrize("asked", ["Midterm (77)", "Midterm", "77", "  Midterm "])
def test_a_column_is_found_by_header_title_or_number(fill, asked):
    assert len(fill([HEADER, POSSIBLE, HONG, KIM], columns={"midterm": asked})[0].cells) == 2


def test_the_export_can_stay_as_it_was(fill, tmp_path):
    report, file = fill([HEADER, POSSIBLE, HONG, KIM], out=tmp_path / "filled" / "export.csv")
    assert report.path.read_bytes() == report.content != file.read_bytes()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ('"Lee, S",9003,0253,lee,ML-01,,,,', "row 5 (Lee, S): id '0253' is not on the roster"),
        ('"Lee, S",9003,252,lee,ML-01,,,,', "0252 is on the roster: did a spreadsheet drop the zeros?"),
        ('"Hong, G",9003,0251,lee,ML-01,,,,', "rows 3, 5: 0251 stands there several times"),
        ('"Hong, G",9003,0251,0252,ML-01,,,,', "SIS User ID is 0251, but SIS Login ID '0252' is 0252's"),
        ("Lee, S,9003,0253,lee,ML-01,,,,,5", "row 5: 11 cells under 9 headers"),
    ],
)
def test_a_doubtful_person_stops_everything(fill, row, told):
    with pytest.raises(CanvasError) as error:
        fill([HEADER, POSSIBLE, HONG, KIM, row])
    assert told in str(error.value)
    assert "export.csv" in str(error.value)


@pytest.mark.parametrize(
    ("row", "people", "told"),
    [
        (HONG.replace("ML-01,,", "ML-01,12,"), CLASS, "Midterm (77): holds 12, ours is 27.50"),
        (HONG.replace("ML-01,,", "ML-01,EX,"), CLASS, "holds EX, ours is 27.50"),
        (HONG.replace("ML-01,,", "ML-01,N/A,"), CLASS, "N/A, so Canvas would drop the score"),
        (HONG, CLASS | {"0251": ("complete", 30.01)}, "30.01 is more than the 30.00 points possible"),
        (HONG, CLASS | {"0251": ("complete", float("nan"))}, "midterm of a complete student is nan"),
        ('"Hong, G",9001,0251,gildong,ML-01', CLASS, "the row ends before this column"),
        (HONG, CLASS | {"0260": ("complete", 3.0)}, "0260 is on the roster and has no row in export.csv"),
    ],
)
def test_a_doubtful_score_stops_everything(fill, row, people, told):
    with pytest.raises(CanvasError) as error:
        fill([HEADER, POSSIBLE, row, KIM], people)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("lines", "columns", "told"),
    [
        ([HEADER, HONG], {"midterm": "77"}, "no row 'Points Possible'"),
        (["이름,학번", "홍길동,0251"], {"midterm": "77"}, "is no gradebook export of Canvas"),
        ([], {"midterm": "77"}, "is no gradebook export of Canvas"),
        ([HEADER + '"', POSSIBLE], {"midterm": "77"}, "is no gradebook export"),
        ([HEADER, POSSIBLE, '"Hong, G'], {"midterm": "77"}, "row 3: quotes that do not end"),
        (
            [HEADER, POSSIBLE, HONG],
            {"midterm": "Quiz"},
            "no column is called 'Quiz'; assignments there: 'Midterm (77)'",
        ),
        ([HEADER, POSSIBLE, HONG], {"midterm": "Final Score"}, "Canvas computes it"),
        ([HEADER, POSSIBLE, HONG], {"midterm": "Section"}, "no points possible"),
        ([HEADER, POSSIBLE, HONG], {"exam": "Midterm"}, "no 'exam'; it has midterm, total"),
        ([HEADER, POSSIBLE, HONG], {"midterm": "77", "total": "Midterm"}, "two of our scores"),
        ([HEADER.replace("Essay (78)", "Midterm (77)"), POSSIBLE], {"midterm": "Midterm"}, "columns 6, 7 are called"),
        (
            ["Student,ID,Section,Midterm (77)", "    Points Possible,,,30"],
            {"midterm": "77"},
            "has neither 'SIS User ID'",
        ),
        ([HEADER.replace("SIS Login ID", "SIS User ID"), POSSIBLE], {"midterm": "77"}, "several columns are called"),
    ],
)
def test_a_doubtful_file_or_column_stops_everything(fill, lines, columns, told):
    with pytest.raises(CanvasError) as error:
        fill(lines, columns=columns)
    assert told in str(error.value)


def test_a_file_that_a_spreadsheet_saved_in_another_encoding_is_refused(tmp_path):
    file = tmp_path / "export.csv"
    file.write_bytes(f"{HEADER}\r\n{POSSIBLE}\r\n홍길동,1,0251,,,,,,\r\n".encode("cp949"))
    with pytest.raises(CanvasError, match="is not UTF-8"):
        fill_canvas(file, final_of(CLASS), columns={"midterm": "77"})
    with pytest.raises(FileNotFoundError, match="export the gradebook in Canvas"):
        fill_canvas(tmp_path / "none.csv", final_of(CLASS), columns={"midterm": "77"})


def test_every_problem_is_told_at_once(fill):
    with pytest.raises(CanvasError) as error:
        fill([HEADER, POSSIBLE, HONG.replace("ML-01,,", "ML-01,3,"), '"Lee, S",9,0253,lee,,,,,'])
    assert [line.split(" ")[0] for line in str(error.value).splitlines()[1:]] == ["row", "0252", "row", "to"]


def test_overwriting_and_strangers_have_to_be_asked_for(fill):
    rows = [HONG.replace("ML-01,,", "ML-01,12,"), '"Lee, S",9,0253,lee,ML-01,,,,']
    report, file = fill([HEADER, POSSIBLE, *rows], overwrite=True, partial=True)
    assert [(one.before, one.after) for one in report.cells] == [("12", "27.50")]
    assert len(report.notes) == 2
    assert rows[1] in file.read_text()


def test_the_incomplete_are_left_as_they_are_and_told(fill):
    people = CLASS | {"0251": ("incomplete", 27.5)}
    report, file = fill([HEADER, POSSIBLE, HONG, KIM], people)
    assert HONG in file.read_bytes().decode()
    assert "row 3 (0251): incomplete, left as it is" in report.notes


def test_a_score_that_stands_there_already_keeps_its_writing(fill):
    report, file = fill(
        [HEADER, POSSIBLE, HONG.replace("ML-01,,", "ML-01,27.5,"), KIM.replace("ML-01,,", 'ML-01,"30",')]
    )
    assert report.cells == ()
    assert report.unchanged == 2
    assert b"ML-01,27.5," in file.read_bytes()


def test_students_are_found_by_login_where_the_university_has_other_numbers(fill):
    rows = ['"Hong, G",1,X1,GILDONG@univ.example,ML-01,,,,', '"Kim, S",2,,0252@univ.example,ML-01,,,,']
    roster = [Student("0251", "홍", "길동", "gildong@univ.example"), Student("0252", "김", "선민", "")]
    assert len(fill([HEADER, POSSIBLE, *rows], students=roster)[0].cells) == 2
    twins = [Student("0251", "홍", "길동", "a@univ.example"), Student("0252", "김", "선민", "a@univ.example")]
    with pytest.raises(CanvasError, match="is that of 0251, 0252"):
        fill([HEADER, POSSIBLE, rows[0].replace("GILDONG", "a")], students=twins)


def test_first_and_last_names_in_two_columns_and_semicolons_with_decimal_commas(fill):
    header = "LastName;FirstName;ID;SIS User ID;SIS Login ID;Section;Midterm (77);Final Score"
    rows = [
        "    Points Possible;;;;;;30,00;(read only)",
        "Hong;Gildong;1;0251;g;S;;55,10",
        'Kim;Sun;2;0252;s;S;"";1,00',
    ]
    _, file = fill([header, *rows], end="\n")
    assert file.read_bytes().decode().splitlines()[2:] == [
        "Hong;Gildong;1;0251;g;S;27,50;55,10",
        'Kim;Sun;2;0252;s;S;"30,00";1,00',
    ]


def test_a_decimal_comma_between_commas_is_quoted(fill):
    rows = ['    Points Possible,,,,,"30,00",,,', "Hong,1,0251,g,S,,,,", "Kim,2,0252,s,S,,,,"]
    _, file = fill([HEADER, *rows])
    assert b'Hong,1,0251,g,S,"27,50",,,' in file.read_bytes()


def test_points_that_mean_something_else_there_are_told(fill):
    report, _ = fill([HEADER, POSSIBLE.replace("30.00", "100.00", 1), HONG, KIM])
    assert "midterm counts 30 points here and up to 100.00 in Canvas" in report.notes[0]


def test_an_override_column_takes_the_total(fill):
    header, possible = HEADER + ",Override Score", POSSIBLE + ","
    report, _ = fill([header, possible, HONG + ",", KIM + ","], columns={"total": "Override Score"})
    assert [one.after for one in report.cells] == ["27.50", "30.00"]


@dataclass(frozen=True)
class Sample:
    """A random export and whose scores go into it."""

    content: bytes
    people: dict[str, tuple[str, float]]
    delimiter: str


_TEXTS = st.text(st.sampled_from("가나 aB\"',;\n\r=é\u3000"), max_size=8)


@st.composite
def exports(draw) -> Sample:
    delimiter, end = draw(st.sampled_from(",;")), draw(st.sampled_from(["\r\n", "\n", "\r"]))
    before = draw(st.integers(0, 3))

    def cell(text: str) -> str:
        quoted = draw(st.booleans()) or any(one in text for one in f'{delimiter}"\r\n')
        return '"' + text.replace('"', '""') + '"' if quoted else text

    def line(values: list[str]) -> str:
        return delimiter.join(map(cell, values)) + delimiter * draw(st.integers(0, 2))

    others = [f"Quiz {number} ({number})" for number in range(before)]
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *others, "Midterm (77)", "Final Score"]
    lines = [line(header)]
    if draw(st.booleans()):
        lines.append(delimiter * (len(header) - 1))
    lines.append(line(["    Points Possible", "", "", "", "", *["5.00"] * before, "30.00", "(read only)"]))
    people: dict[str, tuple[str, float]] = {}
    for number in range(draw(st.integers(1, 6))):
        student = f"0{number:03}"
        status = draw(st.sampled_from(["complete", "complete", "incomplete"]))
        points = draw(st.floats(0, 30, allow_nan=False))
        people[student] = (status, points)
        scores = [draw(st.sampled_from(["", "3.50", "N/A", "EX"])) for _ in range(before)]
        old = draw(st.sampled_from(["", "-", " ", "12.00"]))
        lines.append(
            line(["Lee " + draw(_TEXTS), str(number), student, f"login{number}", draw(_TEXTS), *scores, old, "9.10"])
        )
    lines.append(line(["Student, Test", "99", "", "abc", "", *[""] * before, "", ""]))
    text = draw(st.sampled_from(["", "\ufeff"])) + end.join(lines) + draw(st.sampled_from(["", end, end + end]))
    return Sample(text.encode(), people, delimiter)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(exports())
def test_every_byte_outside_of_the_filled_cells_is_as_it_was(tmp_path_factory, sample):
    folder = tmp_path_factory.mktemp("canvas")
    file = folder / "export.csv"
    file.write_bytes(sample.content)
    final = final_of(sample.people)
    report = fill_canvas(file, final, columns={"midterm": "77"}, overwrite=True)
    # The oracle is Python's own reader: the same rows, but for our cells.
    before = list(csv.reader(io.StringIO(sample.content.decode("utf-8-sig"), newline=""), delimiter=sample.delimiter))
    after = list(csv.reader(io.StringIO(report.content.decode("utf-8-sig"), newline=""), delimiter=sample.delimiter))
    at = before[0].index("Midterm (77)")
    for old, new in zip(before, after, strict=True):
        status, points = sample.people.get(old[2], ("", 0.0)) if len(old) > 2 else ("", 0.0)
        if status == "complete":
            score = Decimal(str(points)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
            assert new[:at] + new[at + 1 :] == old[:at] + old[at + 1 :]
            assert Decimal(new[at]) == score
        else:
            assert new == old
    # And what the rows do not show, quotes, BOM, line ends: cut our cells out of both, the rest is equal.
    changed = {one.row for one in report.cells}
    rests = []
    for content in (sample.content, report.content):
        text, done, rest = content.decode(), 0, []
        for row in read_records(text, sample.delimiter):
            if row.number in changed:
                rest.append(text[done : row.fields[at].start])
                done = row.fields[at].end
        rests.append([*rest, text[done:]])
    assert rests[0] == rests[1]
    again = fill_canvas(file, final, columns={"midterm": "77"})
    assert again.content == report.content, "filling twice is filling once"
    assert again.cells == ()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.lists(_TEXTS, min_size=1, max_size=4), min_size=1, max_size=4), st.sampled_from(",;"))
def test_rows_are_read_as_python_reads_them(rows, delimiter):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    read = read_records(text.getvalue(), delimiter)
    assert [[field.value for field in row.fields] for row in read] == rows
    assert all(text.getvalue()[field.start : field.end] == field.raw for row in read for field in row.fields)
