"""The instructor's commands, as typed: a class from its roster to its feedback."""

from __future__ import annotations

import datetime
import subprocess
import sys
import time
import zipfile

import assignments
import nbformat
import pytest

from coursekit import cli
from coursekit.classroom import demo
from coursekit.classroom.course import CourseError, create_course
from coursekit.classroom.roster import Student

LAB = "lab_mean"


@pytest.fixture
def coursekit(monkeypatch, capsys):
    """Run the command line as its entry point does; give the exit status and what it said."""

    def run(*arguments, folder):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["coursekit", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
            sys.exit(0)
        said = capsys.readouterr()
        return stopped.value.code or 0, said.out + said.err

    return run


def test_help_is_quick_and_needs_nothing_heavy():
    probe = "import sys, coursekit.cli; print({'nbgrader', 'pandas', 'nbformat', 'plotly'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_class_from_roster_to_feedback(tmp_path, coursekit):
    source = assignments.write_source(tmp_path / LAB)
    (tmp_path / "students.csv").write_bytes("학번,이름\n1001,홍길동\n1002,이서연\n".encode("cp949"))
    room = tmp_path / "class"
    code, said = coursekit("class", "new", room, "--roster", tmp_path / "students.csv", folder=tmp_path)
    assert (code, "2 students" in said) == (0, True), said
    assert coursekit("class", "release", source, folder=room)[0] == 0
    released = nbformat.read(room / "release" / LAB / f"{LAB}.ipynb", as_version=4)
    with zipfile.ZipFile(tmp_path / "lms.zip", "w") as archive:
        archive.writestr(
            f"홍길동/{LAB}.ipynb", nbformat.writes(assignments.filled(released, assignments.RIGHT_ANSWERS))
        )
        archive.writestr(f"이서연/{LAB} (1).ipynb", "{ half")
    code, said = coursekit("class", "import", LAB, tmp_path / "lms.zip", folder=room)
    assert (code, "2 imported" in said) == (0, True), said
    code, said = coursekit("class", "grade", LAB, "--cell-timeout", "10", folder=room)
    assert code == 2, "a script must learn that a hand-in could not be graded"
    assert "broken JSON" in said
    assert "4 / 4" in said
    code, said = coursekit("class", "feedback", LAB, folder=room)
    assert (code, "2 pages" in said) == (0, True), said
    code, said = coursekit("class", "gradebook", "--csv", tmp_path / "grades.csv", folder=room)
    assert code == 0
    lines = (tmp_path / "grades.csv").read_text(encoding="utf-8-sig").splitlines()
    assert sorted(lines) == ["1001,홍길동,4.0,4.0", "1002,이서연,0.0,0.0", f"student,name,{LAB},total"]


MISTAKES = {
    "no course": (["class", "grade", "lab"], "is no course directory"),
    "no source": (["class", "release", "lab99"], "no assignment of this repository"),
    "no roster": (["class", "new", "room", "--roster", "nowhere.csv"], "nowhere.csv does not exist"),
}


@pytest.mark.parametrize("arguments, told", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_a_sentence(tmp_path, coursekit, arguments, told):
    code, said = coursekit(*arguments, folder=tmp_path)
    assert code == 1
    assert told in said
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_the_demonstration_class(tmp_path):
    source = assignments.write_source(tmp_path / LAB)
    result = demo.run(tmp_path / "demo", sources=[source], workers=2)
    frame = result.to_frame()
    outcome = {what: set(rows["status"]) for what, rows in frame.groupby("did")}
    for what in ("right", "wrong", "blank", "duplicated test", "deleted test", "renamed", "warnings", "twice"):
        assert outcome[what] == {"graded"}, what
    assert outcome["crash"] == outcome["endless loop"] == {"partly"}
    assert outcome["broken JSON"] == {"failed"}
    assert outcome["nothing"] == {"missing"}
    scores = frame.set_index("did")["score"]
    for what in ("right", "duplicated test", "deleted test", "renamed", "warnings", "twice"):
        assert (scores[[what]] == 4).all(), what
    assert (scores[["wrong", "partly right", "crash", "endless loop"]] < 4).all()
    assert scores["blank"] == 0
    assert len(list((tmp_path / "demo" / "class" / "feedback").glob(f"*/{LAB}/*.html"))) == 23
    assert "<svg" in result.summary.read_text(encoding="utf-8")
    assert len(frame) == 24
    with pytest.raises(FileExistsError):
        demo.run(tmp_path, sources=[source])


def test_a_file_that_cannot_be_used_is_not_forgotten(coursekit, tmp_path):
    """Its student handed something in: the import says why it is none, and so does grading."""
    source = assignments.write_source(tmp_path / "labs" / LAB)
    (tmp_path / "roster.csv").write_text("학번,이름\n20261001,김민준\n", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "handed_in.zip", "w") as archive:
        archive.writestr("20261001 김민준/사진.png", b"\x89PNG")
    assert coursekit("class", "new", "class", "--roster", "roster.csv", folder=tmp_path)[0] == 0
    folder = tmp_path / "class"
    assert coursekit("class", "release", source, folder=folder)[0] == 0
    status, said = coursekit("class", "import", "lab", tmp_path / "handed_in.zip", folder=folder)
    assert (status, "0 imported, 1 unusable" in said) == (2, True), said
    status, said = coursekit("class", "grade", "lab", folder=folder)
    assert "a file was handed in, but it" in " ".join(said.split())


def test_a_broken_gradebook_is_told_in_a_sentence(coursekit, tmp_path):
    (tmp_path / "roster.csv").write_text("학번,이름\n20261001,김민준\n", encoding="utf-8")
    assert coursekit("class", "new", "class", "--roster", "roster.csv", folder=tmp_path)[0] == 0
    (tmp_path / "class" / "gradebook.db").write_bytes(b"no database at all" * 100)
    status, said = coursekit("class", "gradebook", folder=tmp_path / "class")
    assert status == 1
    assert "the gradebook cannot be used" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("zone", ["Asia/Seoul", "UTC", "America/New_York"])
def test_a_deadline_is_seoul_s_whatever_the_machine_s_clock(tmp_path, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        course = create_course(tmp_path / "class")
        course.enrol([Student("1", "김", "하늘", "")])
        with course.gradebook() as gradebook:
            gradebook.add_assignment("quiz01")
        course.set_due("quiz01", datetime.datetime(2026, 9, 10, 18, 0))
        with course.gradebook() as gradebook:
            due = gradebook.find_assignment("quiz01").duedate
        assert due == datetime.datetime(2026, 9, 10, 9, 0)  # nbgrader keeps UTC, without a zone
        told = course.set_due("quiz01", datetime.datetime(2026, 9, 10, 9, 0, tzinfo=datetime.UTC))
        assert (told.hour, str(told.tzinfo)) == (18, "Asia/Seoul")
        with pytest.raises(CourseError, match="quiz02"):
            course.set_due("quiz02", datetime.datetime(2026, 9, 10))
    finally:
        monkeypatch.undo()
        time.tzset()
