"""The engines give the same points; what is not isolated runs only when it was asked for."""

from __future__ import annotations

import json

import assignments
import judged_assignment
import nbformat
import pytest
from typer.testing import CliRunner

from coursekit.classroom.course import CourseError, create_course
from coursekit.classroom.grading import _batch, batch, grade
from coursekit.classroom.roster import Student
from coursekit.classroom.sandbox import SandboxStatus
from coursekit.cli import app

WRONG = {"solution_spread": "def spread(values):\n    return values[0] - values[-1]"}
LOOP = {"solution_spread": "def spread(values):\n    while True:\n        pass"}
CRASH = {"solution_spread": "import os\n\ndef spread(values):\n    os._exit(1)"}
PRINTS = {"solution_mean": "def mean(values):\n    print('계산', values)\n    return sum(values) / len(values)"}
HAND_INS = {"right": {}, "wrong": WRONG, "loop": LOOP, "crash": CRASH, "prints": PRINTS}
WANTED = {"right": 4.0, "wrong": 2.0, "loop": 2.0, "crash": 2.0, "prints": 4.0, "blank": 0.0}
LIMITS = {"cell_timeout": 3, "notebook_timeout": 40}


def make_class(root, module, hand_ins=HAND_INS):
    source = module.write_source(root / "labs" / "lab_two")
    course = create_course(root / "class")
    course.enrol(Student(name, "김", name, "") for name in [*hand_ins, "blank"])
    released = nbformat.read(course.release(source) / "lab_two.ipynb", as_version=4)
    for name, answers in {**hand_ins, "blank": None}.items():
        folder = course.folder("submitted", "lab_two", name)
        folder.mkdir(parents=True)
        filled = released if answers is None else assignments.filled(released, {**module.RIGHT_ANSWERS, **answers})
        nbformat.write(filled, folder / "lab_two.ipynb")
    return course


ENGINES = [("fork", True), ("fork", False), ("kernel", True), ("nbgrader", False)]


@pytest.mark.parametrize("module", [assignments, judged_assignment], ids=["in the notebook", "judged"])
@pytest.mark.parametrize("engine, sandbox", ENGINES)
def test_every_engine_gives_the_same_points(tmp_path, module, engine, sandbox):
    course = make_class(tmp_path, module)
    report = grade(course, "lab_two", engine=engine, sandbox=sandbox, workers=2, **LIMITS)
    assert {one.student: one.score for one in report.grades} == WANTED
    assert {one.student for one in report.grades if one.status == "partly"} == {"loop", "crash"}
    for one in report.grades:
        audit = json.loads(course.records("grades", "lab_two", f"{one.student}.json").read_text())["audit"]
        assert audit["engine"] == engine
        assert audit["sandbox"].startswith("bubblewrap" if sandbox else "none")
        assert audit["judged"] == (module is judged_assignment and engine != "nbgrader")


def test_a_kernel_has_comms(tmp_path):
    """Widgets talk through them; the forked shell has none."""
    answers = {
        "solution_mean": "from comm import create_comm\ncomm = create_comm(target_name='course')\n\n"
        "def mean(values):\n    real = type(comm).__module__.startswith('ipykernel')\n"
        "    return sum(values) / len(values) if real else 0"
    }
    course = make_class(tmp_path, judged_assignment, {"comms": answers})
    scores = {one.student: one.score for one in grade(course, "lab_two", engine="kernel", **LIMITS).grades}
    assert scores == {"comms": 4, "blank": 0}


def test_the_reference_solution_sets_the_limits(tmp_path):
    course = make_class(tmp_path, judged_assignment, {"right": {}})
    grade(course, "lab_two", workers=1)
    known = json.loads(course.records("calibration", "lab_two.json").read_text())
    assert known["cell_seconds"] >= _batch.CELL_MINIMUM
    assert known["notebook_seconds"] >= _batch.NOTEBOOK_MINIMUM
    assert known["warnings"] == []
    audit = json.loads(course.records("grades", "lab_two", "right.json").read_text())["audit"]
    assert audit["limits"]["cell_seconds"] == known["cell_seconds"]


def test_a_reference_solution_that_fails_is_told(tmp_path):
    """A test that its own author does not pass is found before the class is graded by it."""
    source = judged_assignment.write_source(tmp_path / "labs" / "lab_two")
    judged_assignment.change(source, "solution_spread", assignments.SPREAD.replace("ordered[0]", "ordered[1]"))
    course = create_course(tmp_path / "class")
    course.enrol([Student("one", "김", "하나", "")])
    released = course.release(source)
    folder = course.folder("submitted", "lab_two", "one")
    folder.mkdir(parents=True)
    (folder / "lab_two.ipynb").write_bytes((released / "lab_two.ipynb").read_bytes())
    report = grade(course, "lab_two", workers=1)
    assert report.warnings == ("the reference solution loses points at test_spread, test_spread_hidden",)
    shown = CliRunner().invoke(app, ["class", "grade", "lab_two", "--course", str(course.root), "--force"])
    assert "warning: the reference solution loses points at test_spread" in shown.stderr


def test_a_check_that_is_wrong_is_the_instructors_to_see(tmp_path):
    source = judged_assignment.write_source(
        tmp_path / "labs" / "lab_two",
        checks=judged_assignment.CHECKS.replace("require(hidden_spread", "undefined(hidden_spread"),
    )
    course = create_course(tmp_path / "class")
    course.enrol([Student("one", "김", "하나", "")])
    released = nbformat.read(course.release(source) / "lab_two.ipynb", as_version=4)
    folder = course.folder("submitted", "lab_two", "one")
    folder.mkdir(parents=True)
    nbformat.write(assignments.filled(released, judged_assignment.RIGHT_ANSWERS), folder / "lab_two.ipynb")
    (one,) = grade(course, "lab_two", workers=1, **LIMITS).grades
    assert (one.score, one.flags) == (3, ("check_error:",))
    audit = json.loads(course.records("grades", "lab_two", "one.json").read_text())["audit"]
    assert audit["broken"] == ["test_spread_hidden: NameError in check_spread: name 'undefined' is not defined"]
    graded = (course.folder("autograded", "lab_two", "one") / "lab_two.ipynb").read_text()
    assert "undefined" not in graded


@pytest.fixture
def no_sandbox(monkeypatch):
    status = SandboxStatus(None, "", "namespaces are forbidden here", "ask the administrator")
    monkeypatch.setattr(batch, "sandbox_status", lambda: status)


def test_without_a_sandbox_nothing_runs_unless_it_is_said(tmp_path, no_sandbox):
    course = make_class(tmp_path, assignments, {"right": {}})
    with pytest.raises(CourseError, match=r"namespaces are forbidden here\. ask the administrator.*--no-sandbox"):
        grade(course, "lab_two")
    assert not course.folder("autograded", "lab_two", "right").exists()
    shown = CliRunner().invoke(app, ["class", "grade", "lab_two", "--course", str(course.root)])
    assert shown.exit_code == 1
    assert grade(course, "lab_two", sandbox=False, **LIMITS).grades[1].score == 4
    with pytest.raises(CourseError, match="rights of this account"):
        grade(course, "lab_two", engine="nbgrader")


@pytest.mark.parametrize(
    "options, said",
    [
        ({"engine": "docker"}, "no engine 'docker'; there are fork, kernel, nbgrader"),
        ({"workers": 0}, "workers must be at least 1"),
        ({"cell_timeout": 0.2}, "cell_timeout must be at least 1 second"),
        ({"notebook_timeout": 0}, "notebook_timeout must be at least 1 second"),
    ],
)
def test_options_out_of_range_are_named(tmp_path, options, said):
    with pytest.raises(ValueError, match=said):
        grade(create_course(tmp_path / "class"), "lab_two", **options)


def test_a_longer_limit_gives_a_second_chance(tmp_path):
    slow = {
        "solution_spread": "import time\n\ndef spread(values):\n    time.sleep(1.5)\n"
        "    return max(values) - min(values)"
    }
    course = make_class(tmp_path, judged_assignment, {"slow": slow})
    first = {one.student: one for one in grade(course, "lab_two", cell_timeout=1, notebook_timeout=30).grades}
    assert (first["slow"].status, first["slow"].score) == ("partly", 2)
    assert "time limit" in first["slow"].reason
    again = {one.student: one for one in grade(course, "lab_two", cell_timeout=10).grades}
    assert (again["slow"].status, again["slow"].score) == ("graded", 4)
