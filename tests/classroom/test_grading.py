"""A class with every usual trouble is graded by nbgrader: right is right, broken has its reason.

Each student of the class is one trap that was reproduced on plain nbgrader 0.9.6.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import time
from html.parser import HTMLParser
from pathlib import Path

import assignments
import nbformat
import pandas as pd
import psutil
import pytest
from nbformat import v4
from once import made_once

from coursekit.classroom.course import CourseError, create_course, open_course
from coursekit.classroom.feedback import clean_html, write_feedback
from coursekit.classroom.gradebook import cell_scores, scores
from coursekit.classroom.grading import grade, recorded
from coursekit.classroom.roster import Student
from coursekit.classroom.summary import write_summary

LAB = "lab_mean"
SPREAD = assignments.RIGHT_ANSWERS["solution_spread"]
LIMITS = {"cell_timeout": 6, "notebook_timeout": 40}

ANSWERS = {
    # stderr from Python, from a thread, from C: plain nbgrader scores each 0
    "stderr": "import os, sys, threading, warnings\n\ndef spread(values):\n    warnings.warn('곧 바뀝니다')\n"
    "    threading.Thread(target=lambda: print('x', file=sys.stderr)).start()\n    os.system('echo from C >&2')\n"
    "    return max(values) - min(values)",
    "endless": "def spread(values):\n    while True:\n        pass",
    "stubborn": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n\n"
    "def spread(values):\n    while True:\n        pass",
    "crash": "import os\n\ndef spread(values):\n    os._exit(3)",
    "flood": SPREAD + "\n\nprint('가' * 3_000_000)",
    "scripts": SPREAD + "\n\nfrom IPython.display import HTML, display\n"
    'display(HTML(\'<b onclick="x()">표</b><script>steal()</script><img src="https://x.example/a.png">\'))',
    "reader": SPREAD.replace("return", "print(In[-1]); return"),
    "value": SPREAD + "\n\n0.25",
    "secret": "import os\nleaked = os.environ.get('LMS_TOKEN')\nassert leaked is None\n" + SPREAD,
}


def build(released):
    """Student id -> what is handed in: a notebook, or raw text."""

    def right(**answers):
        return assignments.filled(released, {**assignments.RIGHT_ANSWERS, **answers})

    hand_ins = {name: right(solution_spread=text) for name, text in ANSWERS.items()}
    hand_ins |= {"right": right(), "blank": copy.deepcopy(released)}
    hand_ins["wrong"] = right(solution_spread="def spread(values):\n    return values[0] - values[-1]")
    tests = [at for at, cell in enumerate(released.cells) if cell.metadata.get("nbgrader", {}).get("grade")]
    duplicated, deleted, extra, old, kernel = right(), right(), right(), right(), right()
    duplicated.cells.insert(tests[0], nbformat.from_dict({**duplicated.cells[tests[0]], "id": "copied"}))
    del deleted.cells[tests[0]]
    extra.cells.append(assignments.test("test_gift", "assert True", 50))
    for cell in old.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader["schema_version"] = 1
    kernel.metadata.kernelspec = {"name": "conda-env", "display_name": "x", "language": "python"}
    hand_ins |= {"duplicated": duplicated, "deleted": deleted, "extra": extra, "old": old, "kernel": kernel}
    hand_ins |= {"broken": '{"cells": [', "empty": "", "other": nbformat.writes(v4.new_notebook())}
    hand_ins |= {"badtime": right(), "nothing": None, "misnamed": None}
    return hand_ins


def grade_everybody(root):
    """Build the class, hand everything in, grade it and write the feedback."""
    course = create_course(root / "class")
    source = assignments.write_source(root / "labs" / LAB)
    released = nbformat.read(course.release(source) / f"{LAB}.ipynb", as_version=4)
    hand_ins = build(released)
    course.enrol(Student(name, "김", name, "") for name in hand_ins)
    for name, content in hand_ins.items():
        if content is None and name == "nothing":
            continue
        folder = course.folder("submitted", LAB, name)
        folder.mkdir(parents=True)
        if isinstance(content, str):
            (folder / f"{LAB}.ipynb").write_text(content, encoding="utf-8")
        else:
            file = "과제.ipynb" if content is None else f"{LAB}.ipynb"
            nbformat.write(content or released, folder / file)
    (course.folder("submitted", LAB, "badtime") / "timestamp.txt").write_text("어제 저녁", encoding="utf-8")
    os.environ["LMS_TOKEN"] = "do-not-read"
    seen = []
    try:
        report = grade(course, LAB, workers=2, on_result=lambda result: seen.append(result.student), **LIMITS)
    finally:
        del os.environ["LMS_TOKEN"]
    write_feedback(course, LAB)
    return report, seen


@pytest.fixture(scope="module")
def graded(tmp_path_factory, worker_id):
    """The graded class, which tests only read: course, report, who was reported, source."""
    root, (report, seen) = made_once(tmp_path_factory, worker_id, "graded_class", grade_everybody)
    return open_course(root / "class"), report, seen, root / "labs" / LAB


@pytest.fixture
def own(graded, tmp_path):
    """A copy of the graded class that a test may change; a course is one folder and can be moved."""
    shutil.copytree(graded[0].root, tmp_path / "class")
    shutil.copytree(graded[3], tmp_path / LAB)
    return open_course(tmp_path / "class"), tmp_path / LAB


@pytest.fixture(scope="module")
def by_student(graded):
    return {result.student: result for result in graded[1].grades}


RIGHT = [
    "right",
    "stderr",
    "flood",
    "scripts",
    "value",
    "secret",
    "duplicated",
    "deleted",
    "extra",
    "old",
    "kernel",
    "badtime",
]


@pytest.mark.parametrize("student", [*RIGHT, "reader"])
def test_a_right_answer_is_right_whatever_surrounds_it(by_student, student):
    result = by_student[student]
    assert (result.status, result.score, result.max_score, result.reason) == ("graded", 4, 4, "")


def test_the_blank_release_earns_nothing_and_a_mistake_its_share(by_student):
    assert (by_student["blank"].status, by_student["blank"].score) == ("graded", 0)
    assert (by_student["wrong"].status, by_student["wrong"].score) == ("graded", 2)


STOPPED = {"endless": "time limit", "stubborn": "time limit", "crash": "process died"}


@pytest.mark.parametrize("student, reason", STOPPED.items())
def test_what_was_earned_before_a_stop_is_kept(by_student, student, reason):
    result = by_student[student]
    assert (result.status, result.score) == ("partly", 2)
    assert reason in result.reason
    assert "test_spread" in result.message


FAILED = {"broken": "broken JSON", "empty": "empty", "other": "another notebook", "misnamed": "과제.ipynb"}


@pytest.mark.parametrize("student, reason", FAILED.items())
def test_what_cannot_be_graded_has_a_reason_and_stops_nobody(by_student, student, reason):
    result = by_student[student]
    assert (result.status, result.score, result.max_score) == ("failed", 0, 4)
    assert reason in result.reason
    assert not result.message.isascii()


def test_oddities_are_flagged(by_student):
    flags = {name: by_student[name].flags for name in ("duplicated", "deleted", "extra", "kernel", "badtime")}
    assert flags == {
        "duplicated": ("duplicated:test_mean",),
        "deleted": ("deleted:test_mean",),
        "extra": ("unknown:test_gift",),
        "kernel": ("kernelspec:",),
        "badtime": ("timestamp:",),
    }
    assert {flag.split(":")[0] for flag in by_student["old"].flags} == {"metadata"}


def test_everybody_has_a_row_and_was_reported_once(graded):
    course, report, seen, _ = graded
    assert sorted(seen) == sorted(student.id for student in course.students())
    frame = report.to_frame()
    assert len(frame) == len(seen)
    assert frame.set_index("student").loc["nothing", "status"] == "missing"
    assert sum(sum(trace.y) for trace in report.plot().data) == len(seen) - 1


def test_no_kernel_and_no_staging_is_left(graded):
    course = graded[0]
    assert not list((course.root / ".coursekit" / "staged").rglob("*.ipynb"))
    mine = psutil.Process().children(recursive=True)
    assert not [child for child in mine if "ipykernel" in " ".join(child.cmdline())]


def test_the_gradebook_holds_what_the_report_says(graded, by_student):
    course = graded[0]
    table = scores(course).to_frame().set_index("student")
    for name, result in by_student.items():
        if result.status == "missing":
            assert pd.isna(table.loc[name, LAB])
        else:
            assert table.loc[name, LAB] == result.score
    cells = cell_scores(course, LAB)
    assert cells.groupby("student")["score"].sum()["wrong"] == 2
    assert set(cells["cell"]) == {"test_mean", "test_spread", "test_spread_hidden"}


def test_the_csv_opens_in_excel(graded, tmp_path):
    path = scores(graded[0]).save(tmp_path / "성적.csv")
    assert path.read_bytes().startswith("\ufeff".encode())
    assert "right 김" in path.read_text(encoding="utf-8-sig")


def test_formgrader_opens_the_same_course(graded):
    """Its pages are made by NbGraderAPI from the shipped configuration file."""
    from nbgrader.apps.api import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    course = graded[0]
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course.root)).load_config()
    api = NbGraderAPI(course.course_directory(), config=config)
    (assignment,) = api.get_assignments()
    assert assignment["name"] == LAB
    assert assignment["max_score"] == 4
    assert assignment["num_submissions"] >= 20
    submission = next(one for one in api.get_submissions(LAB) if one["student"] == "right")
    assert (submission["score"], submission["autograded"]) == (4, True)
    assert submission["last_name"] == "김"
    assert api.timezone == "Asia/Seoul"
    assert not (Path.cwd() / "gradebook.db").exists()


def test_the_original_hand_in_is_untouched(graded):
    course = graded[0]
    theirs = nbformat.read(course.folder("submitted", LAB, "extra") / f"{LAB}.ipynb", as_version=4)
    assert theirs.cells[-1].metadata.nbgrader.points == 50


def test_outputs_are_bounded(graded):
    course = graded[0]
    size = (course.folder("autograded", LAB, "flood") / f"{LAB}.ipynb").stat().st_size
    assert size < 500_000  # 100,000 characters of three bytes each, and the notebook


def test_only_changes_are_graded_again(own, by_student):
    course, _ = own
    started = time.time()
    path = course.folder("submitted", LAB, "wrong") / f"{LAB}.ipynb"
    mended = assignments.filled(nbformat.read(path, as_version=4), assignments.RIGHT_ANSWERS)
    nbformat.write(mended, path)
    again = {result.student: result for result in grade(course, LAB, workers=1, **LIMITS).grades}
    assert again["wrong"].score == 4
    records = course.records("grades", LAB)
    touched = {path.stem for path in records.iterdir() if path.stat().st_mtime >= started}
    assert touched == {"wrong"}
    assert {name: one for name, one in again.items() if name != "wrong"} == {
        name: one for name, one in by_student.items() if name != "wrong"
    }
    assert recorded(course, LAB).to_frame().equals(pd.DataFrame(again_rows(again, course)))


def again_rows(again, course):
    from coursekit.classroom.grading import GradingReport

    return GradingReport(LAB, tuple(again[student.id] for student in course.students())).to_frame()


def test_a_score_that_a_person_changed_is_kept(own):
    course, _ = own
    with course.gradebook() as gradebook:
        gradebook.find_grade("test_mean", LAB, LAB, "blank").manual_score = 1.5
        gradebook.db.commit()
    assert {one.student: one.score for one in recorded(course, LAB).grades}["blank"] == 1.5
    grade(course, LAB, students=["blank"], force=True, workers=1, **LIMITS)
    assert scores(course).to_frame().set_index("student").loc["blank", LAB] == 1.5


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, attrs))


@pytest.fixture(scope="module")
def pages(graded):
    course = graded[0]
    written = write_feedback(course, LAB)
    return {path.parent.parent.name: path.read_text(encoding="utf-8") for path in written}


def test_everybody_who_handed_in_gets_a_page(graded, pages):
    assert set(pages) == {one.student for one in graded[1].grades if one.status != "missing"}
    assert all('<html lang="ko">' in page for page in pages.values())


def test_no_page_shows_a_hidden_test(pages):
    for student, page in pages.items():
        for secret in ("secret_numbers", "unordered_values", "HIDDEN TESTS", "[-5, 9, 0, 4]"):
            assert secret not in page, student


def test_a_page_names_the_violated_property(pages):
    assert "답을 쓰지 않은 셀이 있습니다" in pages["blank"]
    assert "제한 시간" in pages["endless"]
    assert "노트북으로 읽을 수 없어" in pages["broken"]
    assert "지워진 셀을 원본으로" in pages["deleted"]


def test_no_page_runs_or_loads_anything(pages):
    for page in pages.values():
        elements = Elements()
        elements.feed(page)
        for tag, attributes in elements.seen:
            assert tag not in ("script", "iframe", "object", "link")
            for name, value in attributes:
                assert not name.startswith("on")
                assert name not in ("src", "href") or (value or "").startswith(("data:image/", "#")), (tag, value)
    assert "<b>표</b>" in pages["scripts"]


def test_the_summary_page_stands_alone(graded, tmp_path):
    page = write_summary(graded[0], tmp_path / "class.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "미제출" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_mended_test_is_released_again_and_regrades(own):
    """An author finds the test too strict after grading: same cells, other text."""
    course, source = own
    assignments.change(source, "test_mean", assignments.TEST_MEAN.replace("== 30", ">= 29"))
    course.release(source)
    path = course.folder("source", LAB) / f"{LAB}.ipynb"
    assert ">= 29" in path.read_text(encoding="utf-8")
    report = grade(course, LAB, students=["right"], workers=1, **LIMITS)
    assert {one.student: one.score for one in report.grades}["right"] == 4


def test_what_is_not_there_is_said(graded, tmp_path):
    course = graded[0]
    with pytest.raises(CourseError, match="released: lab_mean"):
        grade(course, "lab_median")
    with pytest.raises(CourseError, match="not on the roster: nobody"):
        grade(course, LAB, students=["nobody"])
    with pytest.raises(CourseError, match="no course directory"):
        open_course(tmp_path)
    with pytest.raises(CourseError, match="not empty"):
        create_course(course.root)


HOSTILE = [
    "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT >",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>@import 'https://x.example/x.css'</style>",
    "<table background='https://x.example/x.png'><tr><td>표</td></tr></table>",
    "<script>alert(1)",
    "<form action='https://x.example'><input name=a></form>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_script_and_no_request_survives(text):
    cleaned = clean_html(text).lower()
    for trace in ("script", "onerror", "x.example", "<iframe", "<style", "<form", "<svg"):
        assert trace not in cleaned


def test_records_are_plain_json(graded):
    course = graded[0]
    for path in course.records("grades", LAB).iterdir():
        assert json.loads(path.read_text(encoding="utf-8"))["student"] == path.stem
