"""A small class for tests of what grading survives, and all that may be said of it afterwards."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import judged_assignment
import nbformat

from coursekit.classroom.contracts import hand_in, with_answers
from coursekit.classroom.course import Course, create_course
from coursekit.classroom.roster import Student

LAB = judged_assignment.NAME
MEAN, SPREAD = judged_assignment.RIGHT_ANSWERS["solution_mean"], judged_assignment.RIGHT_ANSWERS["solution_spread"]
KINDS: Mapping[str, Mapping[str, str] | str] = {
    "right": {"solution_mean": MEAN, "solution_spread": SPREAD},
    "wrong": {"solution_mean": MEAN, "solution_spread": "def spread(values):\n    return values[0] - values[-1]"},
    "crash": {"solution_mean": MEAN, "solution_spread": "import os\n\ndef spread(values):\n    os._exit(3)"},
    "unreadable": '{"cells": [',
    "blank": {},
}
"""What can be handed in: answers by cell, or the file's text."""
POINTS = {"right": 4.0, "wrong": 2.0, "crash": 2.0, "unreadable": 0.0, "blank": 0.0}
SLEEPS = "import time\n\ndef spread(values):\n    time.sleep({seconds})\n    return max(values) - min(values)"


def make_class(
    root: Path, hand_ins: Mapping[str, Mapping[str, str] | str], *, checks: str = judged_assignment.CHECKS
) -> tuple[Course, Path]:
    """A course whose roster, in its order, hands in what is given; and the assignment's source."""
    source = judged_assignment.write_source(root / "labs" / LAB, checks=checks)
    course = create_course(root / "class")
    course.enrol(Student(student, "김", f"{number:04}", "") for number, student in enumerate(hand_ins))
    course.release(source)
    for student, answers in hand_ins.items():
        give(course, student, answers)
    return course, source


def give(course: Course, student: str, answers: Mapping[str, str] | str) -> None:
    """Hand something in."""
    if isinstance(answers, str):
        folder = course.folder("submitted", LAB, student)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{LAB}.ipynb").write_text(answers, encoding="utf-8")
    else:
        released = nbformat.read(course.folder("release", LAB) / f"{LAB}.ipynb", as_version=4)
        hand_in(course, LAB, student, with_answers(released, answers))


_ROWS = """select s.student_id, count(distinct s.id), count(distinct n.id), count(distinct g.id), count(distinct c.id)
from submitted_assignment s left join submitted_notebook n on n.assignment_id = s.id
left join grade g on g.notebook_id = n.id left join comment c on c.notebook_id = n.id group by s.student_id"""
_POINTS = """select s.student_id, b.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade
from submitted_assignment s join submitted_notebook n on n.assignment_id = s.id
join grade g on g.notebook_id = n.id join base_cell b on b.id = g.cell_id order by 1, 2"""


def gradebook(course: Course) -> dict[str, Any]:
    """By student: how many rows of each kind the gradebook has, and the points of each cell."""
    with sqlite3.connect(f"file:{course.root / 'gradebook.db'}?mode=ro", uri=True) as connection:
        rows = {student: {"rows": counts} for student, *counts in connection.execute(_ROWS)}
        for student, *points in connection.execute(_POINTS):
            rows[student].setdefault("points", []).append(points)
    connection.close()
    return rows


def facts(course: Course) -> dict[str, Any]:
    """Everything that grading left which does not depend on when and how fast it ran."""
    folder = course.records("grades", LAB)
    kept = ("status", "reason", "message", "flags", "cells", "score", "max_score", "submission", "assignment", "retry")
    records = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    return {
        "gradebook": gradebook(course),
        "records": {student: {name: record[name] for name in kept} for student, record in sorted(records.items())},
        "autograded": {
            str(path.relative_to(course.root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted((course.root / "autograded").rglob("*"))
            if path.is_file()
        },
    }


def records(course: Course) -> dict[str, tuple[int, str]]:
    """Every grade that is recorded: when it was written, and what."""
    found = {}
    for path in course.records("grades", LAB).glob("*.json"):
        found[path.stem] = (path.stat().st_mtime_ns, path.read_text(encoding="utf-8"))
    return found


def strays(course: Course) -> list[str]:
    """Files that a batch works with and that none should leave."""
    found = [path for kind in ("building", "staged", "results") for path in course.records(kind).rglob("*")]
    found = [path for path in found if stat.S_ISREG(path.lstat().st_mode)]
    found += course.root.rglob(".writing-*")
    return sorted({str(path.relative_to(course.root)) for path in found})
