"""docs/final_grade.md says what the code does: its example, columns, keys, numbers, messages."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from command_lines import command_of
from nbgrader.utils import parse_utc

from coursekit import cli
from coursekit.classroom.course import Course, create_course
from coursekit.classroom.gradebook import _decisions, _evaluation_keys, _item_statistics, curve, item_analysis
from coursekit.classroom.gradebook._score_files import MARK_SIGNS
from coursekit.classroom.gradebook._tables import NAMES
from coursekit.classroom.gradebook.canvas import fill_canvas
from coursekit.classroom.gradebook.evaluation import DEFAULT_EVALUATION, EvaluationError, read_evaluation
from coursekit.classroom.gradebook.exporting import to_csv, to_xlsx
from coursekit.classroom.gradebook.final import FinalGrades, final_grades
from coursekit.classroom.roster import Student

ROOT = Path(cli.__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "final_grade.md").read_text(encoding="utf-8")
DUE = datetime(2026, 9, 10, 9, 0)  # UTC, as nbgrader keeps it
QUIZZES = {
    "quiz01": {"0251": (10, timedelta(days=1, hours=3)), "0252": (8, timedelta(0))},
    "quiz02": {"0251": (6, timedelta(0)), "0252": (10, timedelta(0))},
    "quiz03": {"0252": (3, timedelta(0))},
}


def _chapter(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def _table(text: str, first: str) -> list[list[str]]:
    """The rows of the table whose header begins with a word."""
    lines = text[text.index(f"| {first} |") :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines[2:]]


def _spans(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def _make(root: Path, edits: dict[str, tuple[str, str]] | None = None) -> Course:
    """The page's class; a file's text may be changed."""
    course = create_course(root / "class")
    course.enrol([Student("0251", "홍", "길동", ""), Student("0252", "이", "서연", "")])
    example = _chapter("A term in one example")
    files = re.findall(r"`((?:evaluation/)?\w+\.(?:csv|yaml))`[^`\n]*\n\n```\w+\n(.*?)```", example, flags=re.DOTALL)
    assert len(files) == 8
    assert all(name in dict(files) for name in edits or {})
    for name, text in files:
        before, after = (edits or {}).get(name, ("", ""))
        assert before in text
        (course.root / name).write_text(text.replace(before, after, 1) if before else after or text, encoding="utf-8")
    with course.gradebook() as gradebook, gradebook.db.no_autoflush:
        for name, scores in QUIZZES.items():
            gradebook.add_assignment(name, duedate=DUE)
            gradebook.add_notebook(name, name)
            gradebook.add_grade_cell("test_1", name, name, cell_type="code", max_score=10)
            for student, (score, late) in scores.items():
                gradebook.add_submission(name, student, timestamp=DUE + late)
                grade = gradebook.find_grade("test_1", name, name, student)
                grade.auto_score, grade.needs_manual_grade = score, False
        gradebook.db.commit()
    return course


@pytest.fixture(scope="module")
def example(tmp_path_factory) -> tuple[Course, FinalGrades]:
    course = _make(tmp_path_factory.mktemp("page"))
    return course, final_grades(course)


@pytest.mark.parametrize("name", ["README.md", "README.ko.md", "CONTRIBUTING.md"])
def test_the_page_is_linked(name):
    assert "](docs/final_grade.md)" in (ROOT / name).read_text(encoding="utf-8")


def test_every_command_and_option_exists():
    written = re.findall(r"(?:^|`)(coursekit [a-z][^`#\n]*)", PAGE, flags=re.MULTILINE)
    assert len(written) > 10
    for line in written:
        command, rest = command_of(line.split()[1:])
        options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        assert {word for word in rest if re.match(r"--?[a-z]", word)} <= options, line
    known = {name for one in command_of(["class", "final"])[0].params for name in one.opts}
    assert set(re.findall(r"`(--[a-z-]+)", PAGE)) <= known
    assert known - set(re.findall(r"--[a-z-]+", PAGE)) == {"--course", "-c", "--json"}, "options that nobody reads of"


def test_the_keys_are_those_of_course_yaml():
    rows = _table(_chapter("course.yaml"), "key")
    by_place: dict[str, set[str]] = {}
    for keys, place, _ in rows:
        place = "component" if "component" in place else place
        by_place.setdefault(place, set()).update(_spans(keys))
    assert by_place == {
        "top": {"components", "teams", "adjustments", "excused", "late", "tokens", "bonus"},
        "component": set(_evaluation_keys._COMPONENT),
        "late": {"grace_minutes", "percent_per_day", "most_days"},
        "tokens": {"days", "per_item"},
        "bonus": {"scores", "to", "most", "cap"},
    }


def test_a_key_of_any_place_is_known_and_no_other(tmp_path):
    """The code's own list of keys, told by the error of a key that no place knows."""
    for place, keys in {
        "late: {xx: 1}": {"grace_minutes", "percent_per_day", "most_days"},
        "tokens: {xx: 1}": {"days", "per_item"},
        "bonus: {xx: 1}": {"scores", "to", "most", "cap"},
        "xx: 1": {"components", "teams", "adjustments", "excused", "late", "tokens", "bonus"},
    }.items():
        text = f"components: {{exam: {{weight: 100, scores: a.csv, maximum: 10}}}}\n{place}\n"
        (tmp_path / "course.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(EvaluationError, match="xx is not known in") as told:
            read_evaluation(tmp_path)
        listed = re.findall(r"xx is not known in .*; known: (.*)", str(told.value))
        assert set(listed[0].split(", ")) == keys


def test_the_usual_weights_are_those_that_a_new_class_gets(tmp_path):
    (tmp_path / "course.yaml").write_text(DEFAULT_EVALUATION, encoding="utf-8")
    weights = read_evaluation(tmp_path).weights
    told = ", ".join(f"{name} {weight:g}" for name, weight in weights.items())
    assert f"the usual weights ({told})" in PAGE


def test_the_columns_are_those_that_are_read():
    rows = {name: tuple(_spans(called)) for name, called in _table(_chapter("Columns"), "column")}
    assert rows == dict(NAMES)


def test_the_marks_are_those_that_are_read():
    told = re.findall(r"Marks of the attendance: (.*)\.", PAGE)[0]
    for part, mark in zip(told.split("; "), ("출석", "지각", "결석", "공결"), strict=True):
        assert {MARK_SIGNS[sign.casefold()] for sign in part.split(", ")} == {mark}


def test_the_numbers_are_those_of_the_code():
    def listed(rule) -> str:
        return ", ".join(f"{letter} {number:g}" for letter, number in rule.items())

    assert f"by default {listed(curve.SHARES)} percent" in PAGE
    assert f"with A at most {curve.CAPS['A']:g} and A and B at most {curve.CAPS['B']:g}" in PAGE
    assert f"by default {listed(curve.CUTOFFS)}." in PAGE
    assert f"a factor from 0 to {float(_decisions._MOST_FACTOR):g}" in PAGE
    assert f"upper {100 * _item_statistics.GROUP:g} %" in PAGE
    assert f"{item_analysis.analyse_items.__kwdefaults__['resamples']:,} bootstrap samples" in PAGE
    flags = {_spans(name)[0]: when for name, when in _table(_chapter("Item analysis"), "flag")}
    assert set(flags) == set(item_analysis.FLAGS)
    assert f"above {item_analysis.EASY}" in flags["easy"]
    assert f"below {item_analysis.HARD}" in flags["hard"]
    assert f"from 0 to {item_analysis.WEAK}" in flags["weak"]
    assert all(f" {item_analysis.FEWEST} " in flags[name] for name in ("few", "unused"))


def test_the_discrimination_of_unrelated_items_is_as_the_page_says():
    assert "show a discrimination of 0.2 to 0.7" in PAGE
    found, above, flags = [], 0, set()
    for seed in range(20):
        chance = np.random.default_rng(seed)
        right = chance.random((60, 5)) < chance.uniform(0.5, 0.9, 5)
        rows = [(who, item, int(right[who, item]), 1) for who in range(60) for item in range(5)]
        scores = pd.DataFrame(rows, columns=["student", "item", "score", "max_score"])
        items = item_analysis.analyse_items(scores, resamples=200).items
        found += [one.discrimination for one in items]
        above += sum(one.discrimination_interval[0] > 0 for one in items)
        flags |= {flag for one in items for flag in one.flags}
    low, high = np.quantile(found, [0.05, 0.95])
    # 100 items: the 5 % and 95 % quantiles have a standard error of about 0.03
    assert abs(low - 0.2) < 0.1
    assert abs(high - 0.7) < 0.1
    assert above > 80, "nearly always above 0"
    assert "weak" in flags, "the correlation with the rest shows it"


def test_the_zones_of_due_dates_are_read_as_the_page_says():
    def read(zone: str) -> datetime:
        return parse_utc(f"2026-09-10 18:00:00 {zone}")

    assert 'coursekit class due quiz01 "2026-09-10 18:00"' in PAGE
    assert read("Asia/Seoul") == DUE
    for zone in ("KST", "+09:00"):
        assert f"`{zone}`" in PAGE
        assert read(zone) - DUE == timedelta(hours=9)
    assert "`+0900` as a quarter of an hour" in PAGE
    assert DUE + timedelta(hours=9) - read("+0900") == timedelta(minutes=15)


def test_the_lines_of_the_example_are_what_the_class_gets(example):
    _, final = example
    told = [row[:4] for row in _table(_chapter("A term in one example"), "component")]
    found = [
        [row["component"], row["item"], "" if row["raw"] != row["raw"] else f"{row['raw']:g}", f"{row['points']:.2f}"]
        for row in final.explain("0251").to_dict("records")
    ]
    assert found == told
    assert sum(float(row[3]) for row in told[:-1]) == pytest.approx(float(told[-1][3]), abs=1e-9)
    row = final.table[final.table["student"] == "0252"].iloc[0]
    assert f"a range from {row['low']:.2f} to {row['high']:.2f}" in PAGE
    assert row["status"] == "incomplete"


def test_what_if_and_needed_give_the_numbers_of_the_page(example):
    _, final = example
    then = final.what_if("0252", {"midterm": 80}).table["total"].item()
    assert f"--what-if midterm=80                  # total {then:.2f}\n" in PAGE
    needed = final.needed("0252", "midterm", 85)
    assert f"--target 85          # {needed.score:g} of {needed.maximum:g}\n" in PAGE


def test_the_files_are_as_the_page_says(example, tmp_path):
    _, final = example
    raw = to_csv(final, tmp_path / "final.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(raw.decode("utf-8-sig")))
    titles = [one.title for one in final.evaluation.components]
    assert header == ["학번", "이름", "팀", "상태", *titles, "가산점", "합계", "빠진 점수"]
    assert {row[0]: row[-2] for row in rows} == {'="0251"': "76.35", '="0252"': ""}
    book = openpyxl.load_workbook(to_xlsx(final, tmp_path / "final.xlsx"))
    assert f"the sheets {', '.join(book.sheetnames[:-1])} and {book.sheetnames[-1]}" in PAGE


def test_only_our_cells_of_a_canvas_export_change(example, tmp_path):
    course, final = example
    export = tmp_path / "export.csv"
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Final (1234),Final Score\r\n"
        "    Points Possible,,,,,100,(read only)\r\n"
        '"홍, 길동",1,0251,g,S,,0\r\n"이, 서연",2,0252,s,S,,0\r\n'
    )
    export.write_bytes(text.encode())
    fill_canvas(export, final, columns={"total": "1234"}, students=course.students())
    assert export.read_bytes().decode() == text.replace("0251,g,S,,0", "0251,g,S,76.35,0")


CHANGES = {
    "a typo in an id": ("midterm", "0251", "O251"),
    "zeros lost in Excel": ("midterm", "0251", "251"),
    "a row twice": ("midterm", "0252,이서연,\n", "0252,이서연,\n0251,홍길동,87\n"),
    "105 of 100": ("midterm", "87", "105"),
    "a text for a score": ("midterm", "87", "결시"),
    "an empty file": ("midterm", "", "\n"),
    "an unknown mark": ("attendance", "지각", "조퇴"),
    "half a team": ("teams", "1조,0252\n", ""),
    "a student in two teams": ("teams", "1조,0252\n", "1조,0252\n2조,0251\n"),
    "a renamed team": ("document", "1조", "불꽃조"),
    "a criterion over its maximum": ("document", "9,12", "13,12"),
    "an excuse from nothing": ("excused", "quiz03", "quiz30"),
    "an adjustment without a reason": ("adjustments", "기여 확인서와 11월 2일 면담", ""),
    "too high a bonus": ("bonus", "4", "7"),
    "weights that sum to 95": ("course.yaml", "weight: 30", "weight: 25"),
    "a misspelt key": ("course.yaml", "drop: 1", "drops: 1"),
    "a tab in YAML": ("course.yaml", "    weight: 30", "\tweight: 30"),
}


def test_every_refusal_of_the_page_is_tried():
    assert list(CHANGES) == [row[0] for row in _table(_chapter("What is refused"), "mistake")]


@pytest.mark.parametrize("mistake", CHANGES)
def test_a_mistake_is_told_with_its_place_and_nothing_is_computed(mistake, example):
    course, _ = example
    said = dict(_table(_chapter("What is refused"), "mistake"))[mistake].strip("`")
    file, before, after = CHANGES[mistake]
    path = course.root / (file if "." in file else f"evaluation/{file}.csv")
    right = path.read_text(encoding="utf-8")
    assert before in right
    path.write_text(right.replace(before, after, 1) if before else after, encoding="utf-8")
    try:
        with pytest.raises(EvaluationError) as told:
            final_grades(course)
    finally:
        path.write_text(right, encoding="utf-8")
    lines = str(told.value).splitlines()
    assert lines[0] in ("nothing was computed:", "course.yaml was not accepted:")
    assert [line for line in lines[1:] if line.startswith(said)], str(told.value)
