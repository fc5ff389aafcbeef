"""Does our engine give what nbgrader gives? The same class, graded by both, compared row by row."""

from __future__ import annotations

import random
import shutil

import assignments
import nbformat
import pytest
from nbgrader.utils import parse_utc
from parity import rich_assignment
from parity.answers import CODE, REFLECTION
from parity.classmates import BREAKING, DUE, TIMES, TURNS, HandIn, hand_ins, the
from parity.plain import PENALTY, PenalizingCourse, differences, grade_plainly, rows
from parity.rich_assignment import BY_HAND, NAME, POINTS

from coursekit.classroom.course import create_course
from coursekit.classroom.grading import grade
from coursekit.classroom.roster import Student

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted:sqlalchemy.exc.SAWarning")  # nbgrader's own


def two_courses(tmp_path, students):
    """The same class twice, in folders of the same name, with a due date; and the release."""
    source = rich_assignment.write_source(tmp_path / "labs" / NAME)
    ours = PenalizingCourse(create_course(tmp_path / "ours" / "class").root)
    ours.enrol(Student(one, "김", one, "") for one in students)
    released = nbformat.read(ours.release(source) / f"{NAME}.ipynb", as_version=4)
    with ours.gradebook() as gradebook:
        gradebook.find_assignment(NAME).duedate = parse_utc(DUE)
        gradebook.db.commit()
    shutil.copytree(ours.root, tmp_path / "plain" / "class")
    return ours, PenalizingCourse(tmp_path / "plain" / "class"), released


def by_a_person(course, students: list[str], *, seed: int) -> None:
    """What formgrader does: points and comments for texts, a test overruled, more time for some."""
    chance = random.Random(seed)
    with course.gradebook() as gradebook:
        for number, student in enumerate(students):
            for cell in chance.sample(BY_HAND, 2):
                gradebook.find_grade(cell, NAME, NAME, student).manual_score = chance.randint(0, POINTS[cell])
                gradebook.find_comment(cell, NAME, NAME, student).manual_comment = f"{cell}: 잘 썼습니다."
            gradebook.find_grade("reflection", NAME, NAME, student).extra_credit = chance.choice([0, 0.5])
            overruled = chance.choice(["test_mean", "test_scale"])
            gradebook.find_grade(overruled, NAME, NAME, student).manual_score = 1.5
            gradebook.find_comment("solution_mean", NAME, NAME, student).manual_comment = "다시 보세요."
            gradebook.db.commit()
            if number % 2:
                gradebook.grant_extension(NAME, student, days=2)


def both_grade(tmp_path, size: int) -> tuple[dict, dict, dict[str, str]]:
    """Everybody hands in; a person grades some; some of those and others hand in again."""
    students = [f"s{number:03d}" for number in range(size)]
    ours, plain, released = two_courses(tmp_path, students)
    everything: dict[str, list[HandIn]] = {student: [] for student in students}
    pile = hand_ins(released, seed=size)

    def hand_in_and_grade(some: list[str]) -> None:
        for student in some:
            one = next(pile)
            everything[student].append(one)
            for course, sound in ((ours, False), (plain, True)):
                shutil.rmtree(course.folder("submitted", NAME, student), ignore_errors=True)
                one.write(course.folder("submitted", NAME, student), sound=sound)
        results = {result.student: result for result in grade(ours, NAME, workers=2).grades}
        for student in some:
            assert results[student].status == "graded", (everything[student][-1].story, results[student])
            assert grade_plainly(plain, NAME, student, config=PENALTY), everything[student][-1].story

    hand_in_and_grade(students)
    marked, again = students[:: max(1, size // 8)], students[2 :: max(1, size // 6)]
    for course in (ours, plain):
        by_a_person(course, [*marked, again[0]], seed=size)
    hand_in_and_grade(sorted({*again, *marked[:2]}))
    stories = {student: " | then ".join(one.story for one in some) for student, some in everything.items()}
    return rows(ours, NAME), rows(plain, NAME), stories


@pytest.mark.parametrize("size", [24, pytest.param(120, marks=pytest.mark.slow)])
def test_every_row_is_nbgraders(tmp_path, size):
    """Scores, penalties, grade rows and comments, manual ones included, after two rounds of hand-ins."""
    ours, plain, stories = both_grade(tmp_path, size)
    assert ours.keys() == plain.keys() == stories.keys()
    found = {student: differences(ours[student], plain[student]) for student in stories}
    shown = ["\n  ".join([f"{student} ({stories[student]}):", *lines]) for student, lines in found.items() if lines]
    assert not shown, f"{len(shown)} of {size} differ from plain nbgrader\n" + "\n".join(shown)
    # The comparison is worth something only if the class has everything.
    told = " ".join(stories.values())
    assert [name for name in [*TURNS, *BREAKING, *TIMES, *CODE["solution_mean"], *REFLECTION] if name not in told] == []
    held = list(plain.values())
    assert len({one["score"][0] for one in held}) >= 8
    assert len({one["penalty"][0] for one in held}) >= 5
    assert {None, 0.0} <= {one["grade reflection"]["auto"] for one in held}
    for cells in (CODE, ["reflection"], ["experiment"]):
        assert {None, "No response."} <= {one[f"comment {cell}"][0] for one in held for cell in cells}, cells
    assert any(one["comment reflection"][1] for one in held)
    assert any(one["grade test_scale"]["needs a person"] for one in held), "a test overruled, then handed in again"


def spread(*lines: str):
    """Right functions, one of which does something on the way."""
    text = "\n".join(
        ["def spread(values):", *(f"    {line}" for line in lines), "    return max(values) - min(values)"]
    )
    return lambda notebook: notebook.cells[the(notebook, "solution_spread")].update(source=text)


ALL = {"test_mean": 2.0, "test_spread": 1.0, "test_spread_hidden": 1.0, "test_scale": 3.0, "test_column": 2.0}
NO_SPREAD = {**ALL, "test_spread": 0.0, "test_spread_hidden": 0.0}
BY_DESIGN = {
    "a warning": (spread("import warnings", "warnings.warn('곧 바뀝니다')"), NO_SPREAD),
    "a log line": (spread("import logging", "logging.warning('값이 적습니다')"), NO_SPREAD),
    "stderr of a thread": (
        spread(
            "import sys, threading",
            "said = threading.Thread(target=print, args=('x',), kwargs={'file': sys.stderr})",
            "said.start()",
            "said.join()",
        ),
        NO_SPREAD,
    ),
    "stderr of C": (spread("import os", "os.system('echo x >&2')"), NO_SPREAD),
    "a displayed value": (
        spread("import sys", "sys.displayhook(0.25)"),
        {**ALL, "test_spread": 0.25, "test_spread_hidden": 0.25},
    ),
    "an event loop of its own": (spread("import asyncio", "asyncio.run(asyncio.sleep(0))"), NO_SPREAD),
    "a test deleted": (lambda notebook: notebook.cells.pop(the(notebook, "test_scale")), {**ALL, "test_scale": None}),
    "a text deleted": (lambda notebook: notebook.cells.pop(the(notebook, "reflection")), ALL),
}
"""What is done to a right notebook, and the points that plain nbgrader then gives."""


def test_where_nbgrader_is_wrong_we_are_right(tmp_path):
    """Every way in which we differ on purpose: a right answer has its points, whatever surrounds it."""
    given_up = {**BREAKING, "a time that is none": lambda notebook: None}
    turns = {name: turn for name, (turn, _) in BY_DESIGN.items()} | given_up
    students = {name: f"s{number}" for number, name in enumerate(turns)}
    ours, plain, released = two_courses(tmp_path, students.values())
    right = {cell: pool["right"] for cell, pool in CODE.items()} | {"reflection": "답", "experiment": "print(1)"}
    for name, turn in turns.items():
        notebook = assignments.filled(released, right)
        turn(notebook)
        time = "어제 저녁" if name == "a time that is none" else None
        for course in (ours, plain):
            HandIn(notebook, None, time, name).write(course.folder("submitted", NAME, students[name]))
    grade(ours, NAME, workers=2)
    done = {name for name, student in students.items() if grade_plainly(plain, NAME, student, config=PENALTY)}
    assert done == set(BY_DESIGN)
    held, theirs = rows(ours, NAME), rows(plain, NAME)
    for name, student in students.items():
        assert {cell: held[student][f"grade {cell}"]["auto"] for cell in ALL} == ALL, name
        if name in BY_DESIGN:
            assert {cell: theirs[student][f"grade {cell}"]["auto"] for cell in ALL} == BY_DESIGN[name][1], name
    # A text that is not there was not written: nbgrader asks a person to look for it.
    rows_of_it = [course[students["a text deleted"]]["grade reflection"] for course in (held, theirs)]
    assert [(one["auto"], one["needs a person"]) for one in rows_of_it] == [(0, False), (None, True)]
    assert held[students["a text deleted"]]["comment reflection"][0] == "No response."
