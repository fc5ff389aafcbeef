"""Nothing that a student hands in reads, hurts or cheats: the corpus of hostile hand-ins, graded.

The whole corpus is graded as one class, as it would arrive: 0 leaks, 0 forged points, 0 neighbours
hurt, and the batch goes on.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import assignments
import judged_assignment
import nbformat
import pytest
from hostile import invariants
from hostile.corpus import CASES, IN_PROCESS, NEIGHBOURS_ANSWERS, in_process_holds
from once import made_once

from coursekit.classroom.course import create_course, open_course
from coursekit.classroom.feedback import write_feedback
from coursekit.classroom.grading import grade
from coursekit.classroom.roster import Student

LAB, NEIGHBOUR = judged_assignment.NAME, "neighbour"
LIMITS = {"cell_timeout": 3, "notebook_timeout": 15}
WRITTEN_BY_GRADING = ("gradebook.db", "gradebook.db-wal", "gradebook.db-shm", "autograded", "feedback", ".coursekit")
IN_EACH_RUN = 5
"""Every fifth case runs each time, and all whose name the list below holds; all of them with make test-all."""


def hand_in_everything(root: Path, module, cases):
    """A class in which every case is a student, and one honest neighbour who was graded before."""
    source = module.write_source(root / "labs" / LAB)
    course = create_course(root / "class")
    course.enrol([Student(case.name, "김", case.name, "") for case in cases])
    course.enrol([Student(NEIGHBOUR, "이", "웃", "")])
    released = nbformat.read(course.release(source) / f"{LAB}.ipynb", as_version=4)
    folder = course.folder("submitted", LAB, NEIGHBOUR)
    folder.mkdir(parents=True)
    nbformat.write(assignments.filled(released, NEIGHBOURS_ANSWERS), folder / f"{LAB}.ipynb")
    grade(course, LAB, workers=1, **LIMITS)
    for case in cases:
        case.hand_in(course.folder("submitted", LAB, case.name), released, neighbour=NEIGHBOUR)
    return course


@contextmanager
def one_at_a_time():
    """The door that attacks knock at has one number; two test processes cannot both hold it."""
    with (Path(tempfile.gettempdir()) / "coursekit-hostile.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def grade_hostile(root: Path, module, cases):
    """Grade them; return the report, and what was wrong with the world afterwards."""
    course = hand_in_everything(root, module, cases)
    files = invariants.snapshot(course.root, without=WRITTEN_BY_GRADING)
    names = [case.name for case in cases]
    rows = invariants.gradebook_rows(course.root / "gradebook.db", without=names)
    surroundings = {invariants.TOKEN_NAME: invariants.TOKEN, "HOME": str(invariants.plant_home(root / "home"))}
    before = {name: os.environ.get(name) for name in surroundings}
    os.environ.update(surroundings)
    processes = invariants.processes()
    try:
        with one_at_a_time(), invariants.Door() as door:
            report = grade(course, LAB, workers=2, **LIMITS)
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
    write_feedback(course, LAB)
    after = invariants.snapshot(course.root, without=WRITTEN_BY_GRADING)
    damage = [
        *door.knocks,
        *invariants.left_behind(processes),
        *invariants.marks_left(course.root, root),
        # A time that is none is put aside, where formgrader does not stumble over it.
        *(change for change in invariants.changes(files, after) if "/timestamp.txt: " not in change),
        *invariants.changes(rows, invariants.gradebook_rows(course.root / "gradebook.db", without=names)),
    ]
    return {one.student: one for one in report.grades}, damage


def judged(tmp_path_factory, worker_id, name, cases):
    root, (grades, damage) = made_once(
        tmp_path_factory, worker_id, name, lambda root: grade_hostile(root, judged_assignment, cases)
    )
    return open_course(root / "class"), grades, damage


def wrong_with(case, course, grades) -> list[str]:
    """Everything that is not as it should be about one hand-in."""
    result, found = grades[case.name], []
    if not case.accepts(result.score, result.status):
        found.append(
            f"{result.score} {result.status}, wanted {case.wanted_score} {case.wanted_status}: {result.reason}"
        )
    found += [f"no flag {flag} among {result.flags}" for flag in case.missing_flags(result.flags)]
    graded = course.folder("autograded", LAB, case.name)
    if graded.exists():
        found += invariants.unfit_notebook(graded / f"{LAB}.ipynb") + invariants.unfit_folder(graded)
    page = (course.folder("feedback", LAB, case.name) / f"{LAB}.html").read_text(encoding="utf-8")
    return found + invariants.active_content(page) + invariants.leaks(page + result.message)


SOME, OTHERS = CASES[::IN_EACH_RUN], [case for at, case in enumerate(CASES) if at % IN_EACH_RUN]


@pytest.fixture(scope="module")
def some(tmp_path_factory, worker_id):
    return judged(tmp_path_factory, worker_id, "hostile_some", SOME)


@pytest.fixture(scope="module")
def others(tmp_path_factory, worker_id):
    return judged(tmp_path_factory, worker_id, "hostile_others", OTHERS)


def test_the_corpus_is_large_enough():
    assert len(SOME) >= 40


@pytest.mark.parametrize("case", SOME, ids=lambda case: case.name)
def test_no_hand_in_reads_or_forges(case, some):
    course, grades, _ = some
    assert not wrong_with(case, course, grades), case.note


def test_nobody_else_was_hurt(some):
    _, grades, damage = some
    assert not damage
    assert (grades[NEIGHBOUR].status, grades[NEIGHBOUR].score) == ("graded", 4)


@pytest.mark.slow
@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case.name)
def test_no_other_hand_in_reads_or_forges(case, others):
    course, grades, _ = others
    assert not wrong_with(case, course, grades), case.note


@pytest.mark.slow
def test_nobody_else_was_hurt_by_the_others(others):
    _, grades, damage = others
    assert not damage
    assert (grades[NEIGHBOUR].status, grades[NEIGHBOUR].score) == ("graded", 4)


@pytest.fixture(scope="module")
def in_process(tmp_path_factory, worker_id):
    return made_once(
        tmp_path_factory, worker_id, "hostile_in_process", lambda root: grade_hostile(root, assignments, IN_PROCESS)
    )[1]


@pytest.mark.parametrize("case", IN_PROCESS, ids=lambda case: case.name)
def test_hidden_tests_in_the_notebook_see_what_was_tampered_with(case, in_process):
    """A guard in the student's process is evidence, not proof; docs/grading.md says what it cannot see."""
    result = in_process[0][case.name]
    assert in_process_holds(case, result.score, result.flags), (case.note, result)


def test_nobody_else_was_hurt_in_process(in_process):
    grades, damage = in_process
    assert not damage
    assert grades[NEIGHBOUR].score == 4
