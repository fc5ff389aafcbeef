"""One class, graded once by the engine, mended once: everything about each submission is found again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import judged_assignment as judged
import nbformat
import pytest
from rich.cells import cell_len
from rich.console import Console

from coursekit import cli
from coursekit.classroom._inspecting import files_of, handed_in_at
from coursekit.classroom._inspection_page import show
from coursekit.classroom.course import CourseError, create_course, open_course
from coursekit.classroom.feedback import write_feedback
from coursekit.classroom.grading import Difference, grade
from coursekit.classroom.inspection import find_assignment, find_student, inspect_submission
from coursekit.classroom.roster import Student
from coursekit.classroom.submissions import import_submissions

LAB = judged.NAME
ROSTER = [
    Student("2025001", "홍", "길동", ""),
    Student("2025002", "홍", "길순", ""),
    Student("2025003", "김", "철수", ""),
    Student("2025004", "이", "영희", ""),
    Student("2025005", "Lovelace", "Ada", ""),
]
WRONG_SPREAD = "def spread(values):\n    return values[0]"
ENDLESS = "def mean(values):\n    while True:\n        pass"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Hand-ins from two archives, graded, then a check that is mended, then graded again."""
    root = tmp_path_factory.mktemp("inspected")
    course = create_course(root / "class")
    course.enrol(ROSTER)
    released = nbformat.read(course.release(judged.write_source(root / "labs" / LAB)) / f"{LAB}.ipynb", as_version=4)

    def answers(**changed):
        return nbformat.writes(judged.filled(released, {**judged.RIGHT_ANSWERS, **changed}))

    def hand_in(name, day, files):
        with zipfile.ZipFile(root / name, "w") as archive:
            for path, text in files.items():
                archive.writestr(zipfile.ZipInfo(path, (2025, 3, day, 10, 0, 0)), text)
        import_submissions(course, LAB, root / name)

    hand_in("first.zip", 1, {f"홍길동/{LAB}.ipynb": answers(solution_mean="def mean(values):\n    return 0")})
    second = {
        f"홍길동/{LAB} (1).ipynb": answers(solution_spread=WRONG_SPREAD),
        f"홍길순/{LAB}.ipynb": answers(solution_mean=ENDLESS),
        f"김철수/{LAB}.ipynb": "{ half",
        "이영희/mine.ipynb": answers(),
    }
    hand_in("second.zip", 2, second)
    strange = course.folder("submitted", LAB, "2025004")
    (strange / "data.csv").symlink_to("/etc/passwd")
    (strange / "red\x1b[31m\u202e.txt").write_text("x")
    os.mkfifo(strange / "pipe")
    (strange / os.fsdecode(b"\xff.txt")).write_text("y")
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(LAB, duedate="2025-03-02 00:00:00")
    grade(course, LAB, workers=2, cell_timeout=2)
    with course.gradebook() as gradebook:
        late = gradebook.find_submission(LAB, "2025001")
        late.notebooks[0].late_submission_penalty = 0.5
        gradebook.db.commit()
    write_feedback(course, LAB)
    checks = course.folder("source", LAB) / "checks.py"
    checks.write_text(judged.CHECKS.replace("secret_mean = 30636.5", "secret_mean = 30637.5"), encoding="utf-8")
    grade(course, LAB, workers=2, cell_timeout=2)
    return course


def test_points_and_what_the_student_reads(course):
    one = inspect_submission(course, LAB, "2025001")
    assert (one.name, one.status, one.score, one.max_score) == ("홍길동", "graded", 2.0, 4.0)
    table = one.to_frame()
    assert table["cell"].tolist() == list(judged.POINTS), "in the notebook's order"
    assert table["points"].tolist() == [2, 0, 0]
    assert table["max_points"].tolist() == list(judged.POINTS.values())
    assert set(table["graded"]) == {"auto"}
    assert table["message"].tolist() == ["", "차이가 다릅니다.", "음수가 섞인 값의 차이가 다릅니다."]
    page = Path(one.places["feedback page"]).read_text(encoding="utf-8")
    assert all(message in page for message in table["message"]), "the page says the same"


def test_the_hand_in_and_the_one_before_it(course):
    one = inspect_submission(course, LAB, "2025001")
    (file,) = one.files
    raw = (course.folder("submitted", LAB, "2025001") / f"{LAB}.ipynb").read_bytes()
    assert (file.size, file.sha256) == (len(raw), hashlib.sha256(raw).hexdigest())
    assert (one.handed_in_at, one.late_penalty) == ("2025-03-02 10:00:00", 0.5)
    assert one.due_at == "2025-03-02 09:00:00", "nbgrader keeps UTC, and the class lives in Seoul"
    assert one.imported["archive"] == "second.zip"
    (before,) = one.earlier
    assert (before.number, before.handed_in_at) == ("001", "2025-03-01 10:00:00")
    assert before.files[0].sha256 != file.sha256


def test_what_the_run_left(course):
    one = inspect_submission(course, LAB, "2025001")
    audit = one.audit
    assert (audit["engine"], audit["judged"], audit["limits"]["cell_seconds"]) == ("fork", True, 2)
    assert audit["sandbox"].startswith("bubblewrap")
    assert {"python", "nbgrader", "numpy"} <= set(audit["versions"])
    assert isinstance(audit["seed"], int)
    assert audit["memory_bytes"] > 0
    assert one.digests.keys() == {"hand-in", "assignment"}
    assert datetime.fromisoformat(one.graded_at).tzinfo is not None


def test_a_stop_is_explained_and_costs_one_cell(course):
    one = inspect_submission(course, LAB, "2025002")
    assert (one.status, one.score) == ("partly", 2.0)
    assert one.audit["limits_hit"] == ["time: test_mean"]
    assert "test_mean" in one.reason
    assert "제한 시간" in one.message
    assert "제한 시간" in one.cells[0].message
    assert [cell.points for cell in one.cells] == [0, 1, 1]


def test_a_result_that_waits(course):
    one = inspect_submission(course, LAB, "2025001")
    assert one.held
    assert one.differences == (Difference("2025001", "test_mean", 2.0, 0.0),)
    assert one.changed == ("the assignment has changed since this was graded",)
    assert one.score == 2, "the gradebook has the points of before"
    assert Path(one.places["waiting result"]).is_file()
    assert not inspect_submission(course, LAB, "2025003").held


def test_a_hand_in_that_could_not_be_read(course):
    one = inspect_submission(course, LAB, "김철수")
    assert (one.status, one.reason, one.score) == ("failed", "broken JSON at line 1", 0.0)
    assert "graded notebook" not in one.places
    assert "formgrader" not in one.places


def test_nothing_was_handed_in(course):
    one = inspect_submission(course, LAB, "ada")
    assert (one.status, one.files, one.places, one.audit) == ("missing", (), {}, None)
    assert [cell.points for cell in one.cells] == [None] * 3
    assert one.to_frame()["points"].isna().all()
    assert [bar.name for bar in one.plot().data] == ["얻은 점수", "채점 전"]


def test_oddities_are_named_and_never_followed(course):
    one = inspect_submission(course, LAB, "이영희")
    kinds = {file.name: file.kind for file in one.files}
    assert kinds["data.csv"] == "link to /etc/passwd"
    assert kinds["pipe"] == "special"
    assert kinds["\\xff.txt"] == "file"
    assert {"the notebook had another name", "data.csv: a link, not a file; left out"} <= set(one.flags)
    json.dumps(one.to_dict(), ensure_ascii=False).encode()


def test_nothing_a_student_hands_in_is_waited_for(tmp_path):
    with (tmp_path / "sparse.bin").open("wb") as file:
        file.truncate(1 << 40)
    os.mkfifo(tmp_path / "timestamp.txt")
    kinds = {file.name: (file.kind, file.sha256) for file in files_of(tmp_path)}
    assert kinds == {"sparse.bin": ("too large to be used", ""), "timestamp.txt": ("special", "")}
    assert handed_in_at(tmp_path) == ""
    (tmp_path / "link").symlink_to(tmp_path)
    assert files_of(tmp_path / "link")[0].kind == f"link to {tmp_path}"


def test_formgrader_knows_its_page(course):
    one = inspect_submission(course, LAB, "2025001")
    number = one.places["formgrader"].strip("/").split("/")[-1]
    with course.gradebook() as gradebook:
        assert gradebook.find_submission_notebook_by_id(number).student.id == "2025001"


def test_a_person_s_points_and_words_are_shown(course):
    with course.gradebook() as gradebook:
        grade_row = gradebook.find_grade("test_spread", LAB, LAB, "2025004")
        grade_row.manual_score = 0.5
        gradebook.find_comment("solution_spread", LAB, LAB, "2025004").manual_comment = "짧고 좋습니다."
        gradebook.db.commit()
    one = inspect_submission(course, LAB, "2025004")
    assert (one.cells[1].points, one.cells[1].graded) == (0.5, "manual")
    assert one.score == 3.5
    won, lost = one.plot().data
    assert (sum(won.x), sum(lost.x)) == (3.5, 0.5)


def test_a_hand_in_that_changed_or_went_away(course, tmp_path):
    folder = course.folder("submitted", LAB, "2025003")
    (folder / "more.txt").write_text("x")
    assert "the hand-in has changed since it was graded" in inspect_submission(course, LAB, "2025003").changed
    folder.rename(tmp_path / "aside")
    try:
        one = inspect_submission(course, LAB, "2025003")
    finally:
        (tmp_path / "aside").rename(folder)
    assert "the hand-in that was graded is gone" in one.changed
    assert one.status == "missing"


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("student", [one.id for one in ROSTER])
def test_the_page_fits_and_moves_no_cursor(course, width, student):
    one = inspect_submission(course, LAB, student)
    text = io.StringIO()
    show(one, Console(file=text, width=width))
    lines = text.getvalue().split("\n")
    assert max(cell_len(line) for line in lines) <= width
    assert not {"\x1b", "\u202e"} & set(text.getvalue())
    for word in (one.name, one.status, one.reason.split(",")[0]):
        assert word in text.getvalue()
    for path in (one.places or {}).values():
        shown = path.removeprefix(f"{course.root}{os.sep}")
        assert any(shown in line for line in lines), "a path stands on one line"


def test_the_page_of_a_late_held_result(course):
    text = io.StringIO()
    show(inspect_submission(course, LAB, "2025001"), Console(file=text, width=100))
    said = text.getvalue()
    assert "0.5 off for lateness" in said
    assert f"coursekit class publish {LAB}" in said
    assert "earlier 001" in said


def test_a_check_that_broke_is_shown(course):
    one = inspect_submission(course, LAB, "2025001")
    audit = {**one.audit, "broken": ["test_mean: KeyError in check_mean: 'x'"], "limits_hit": ["memory: test_mean"]}
    text = io.StringIO()
    show(replace(one, audit=audit, differences=()), Console(file=text, width=120))
    assert "KeyError in check_mean" in text.getvalue()
    assert "memory: test_mean" in text.getvalue()
    assert "changes no points" in text.getvalue()


@pytest.fixture
def coursekit(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["coursekit", "class", "inspect", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
            sys.exit(0)
        said = capsys.readouterr()
        return stopped.value.code or 0, said.out, said.err

    return run


def test_the_command(course, coursekit):
    status, said, _ = coursekit("길동", "lab", "--course", course.root)
    assert status == 0
    assert said.startswith(f"홍길동 (2025001), {LAB}: graded")
    status, said, _ = coursekit("2025001", LAB, "--course", course.root, "--json")
    assert status == 0
    assert json.loads(said)["differences"][0]["cell"] == "test_mean"


MISTAKES = {
    "nobody": ("홍길둥", "lab", "no id and no part of a name on the roster; did you mean"),
    "several": ("홍", "lab", "홍길동 (2025001), 홍길순 (2025002); give the id"),
    "no assignment": ("길동", "lab9", f"'lab9' is no released assignment; there are: {LAB}"),
}


@pytest.mark.parametrize("student, assignment, told", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_a_sentence(course, coursekit, student, assignment, told):
    status, said, error = coursekit(student, assignment, "--course", course.root)
    assert (status, said) == (1, "")
    assert told in error
    assert "Traceback" not in error


def test_a_folder_that_is_no_course(tmp_path, coursekit):
    status, _, error = coursekit("길동", "lab", "--course", tmp_path)
    assert status == 1
    assert "is no course directory" in error


NAMES = {
    "2025001": "2025001",
    "홍길동": "2025001",
    " 홍 길동 ": "2025001",
    "\u110c\u1165\u11bc": None,  # 정, decomposed
    "\u110e\u1165\u11af\u1109\u116e": "2025003",  # 철수, as macOS writes it
    "길순": "2025002",
    "lovelace": "2025005",
    "2025": None,
    "": None,
}


@pytest.mark.parametrize("asked, found", NAMES.items())
def test_finding_a_student(asked, found):
    if found is None:
        with pytest.raises(CourseError):
            find_student(ROSTER, asked)
    else:
        assert find_student(ROSTER, asked).id == found


def test_a_whole_name_beats_a_part_of_another():
    roster = [Student("1", "김", "민", ""), Student("2", "김", "민수", ""), Student("3", "김", "민수", "")]
    assert find_student(roster, "김민").id == "1"
    with pytest.raises(CourseError, match=r"김민수 \(2\), 김민수 \(3\)"):
        find_student(roster, "김민수")


def test_finding_an_assignment():
    released = ["lab01_intents", "lab01_intents_again", "lab02_x", "lab02"]
    assert find_assignment(released, "lab02") == "lab02"
    with pytest.raises(CourseError, match="more than one"):
        find_assignment(released, "lab01")
    with pytest.raises(CourseError, match="there are: none"):
        find_assignment([], "lab01")


def test_it_changes_nothing(course):
    def state():
        return {
            str(path): path.stat(follow_symlinks=False).st_mtime_ns
            for path in course.root.rglob("*")
            if not path.name.startswith("gradebook.db")
        }

    before = state()
    inspect_submission(open_course(course.root), LAB, "2025004")
    assert state() == before
