"""Grading a class with nbgrader: every submission alone, a broken one never the others' problem."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom._processes import run_jobs
from coursekit.classroom.course import Course, CourseError
from coursekit.classroom.restoring import describe
from coursekit.writing import write_whole

CELL_TIMEOUT = 30
NOTEBOOK_TIMEOUT = 120
STATUSES = {
    "graded": "채점 완료",
    "partly": "일부만 실행",
    "failed": "채점 불가",
    "missing": "미제출",
}
"""Every status, with its Korean name."""

_OVERHEAD_SECONDS = 90  # starting a kernel and nbgrader's own steps, on a busy machine
_VERSION = "1"  # of what a grade depends on besides its inputs: raise it and everything is graded anew


@dataclass(frozen=True)
class Grade:
    """What became of one student's hand-in.

    Examples
    --------
    >>> Grade("2025001", "홍길동", "failed", 0.0, 10.0, "the file is empty").status
    'failed'
    """

    student: str
    """The student's id."""
    name: str
    """The student's name."""
    status: str
    """``graded``; ``partly``: a cell was stopped or not run; ``failed``: nothing could be run; ``missing``."""
    score: float
    """Points in the gradebook."""
    max_score: float
    """Points that could be reached."""
    reason: str
    """Why it is not simply graded, for the instructor; else empty."""
    message: str = ""
    """The same for the student, in Korean."""
    flags: tuple[str, ...] = ()
    """Oddities that were mended, as ``kind:cell``."""
    seconds: float = 0.0
    """What grading took; 0 if an earlier result still held."""


@dataclass(frozen=True)
class GradingReport:
    """What became of every hand-in of one assignment.

    A batch that ends in "done" hides the three students whose files could not be read; here
    every student of the roster has a row, and a row without a simple grade has its reason.

    Examples
    --------
    >>> report = GradingReport("quiz01", (Grade("1", "홍길동", "graded", 5.0, 5.0, ""),))
    >>> report.to_frame()[["student", "score"]].to_dict("records")
    [{'student': '1', 'score': 5.0}]
    """

    assignment: str
    """The assignment's name."""
    grades: tuple[Grade, ...]
    """One entry per student of the roster, in the roster's order."""

    def to_frame(self) -> pd.DataFrame:
        """One row per student."""
        rows = [asdict(grade) | {"flags": "; ".join(describe(grade.flags))} for grade in self.grades]
        columns = ["student", "name", "status", "score", "max_score", "reason", "flags", "seconds"]
        return pd.DataFrame(rows, columns=columns)

    def plot(self) -> go.Figure:
        """How the scores of those who handed in are distributed."""
        handed_in = [grade for grade in self.grades if grade.status != "missing"]
        highest = max((grade.max_score for grade in self.grades), default=1.0) or 1.0
        edges = np.linspace(0, highest, 11)
        figure = go.Figure(
            layout={
                "title": f"{self.assignment} 점수 분포",
                "xaxis_title": "점수",
                "yaxis_title": "학생 수",
                "barmode": "stack",
                "bargap": 0.05,
            }
        )
        for status, label in STATUSES.items():
            scores = [grade.score for grade in handed_in if grade.status == status]
            if scores:
                count, _ = np.histogram(scores, edges)
                figure.add_bar(x=(edges[:-1] + edges[1:]) / 2, y=count, name=label)
        return figure


def grade(
    course: Course,
    assignment: str,
    *,
    students: Iterable[str] | None = None,
    workers: int | None = None,
    cell_timeout: int = CELL_TIMEOUT,
    notebook_timeout: int = NOTEBOOK_TIMEOUT,
    force: bool = False,
    on_result: Callable[[Grade], None] | None = None,
) -> GradingReport:
    """Grade an assignment with nbgrader's own steps, each submission alone in its own kernel.

    Plain ``nbgrader autograde`` stops at the first submission with a duplicated cell, scores a
    warning as a failure and records nothing after a crash. Here each submission is put in order
    first, runs within limits, and ends with a grade or a reason. Grades stand in nbgrader's
    gradebook. What has not changed since it was graded is not graded again.

    Parameters
    ----------
    course
        The class.
    assignment
        A released assignment.
    students
        Ids to grade; everybody by default. Others keep the grade they have.
    workers
        Submissions at a time; one per processor by default.
    cell_timeout
        Seconds a cell may take; after the first time-out in a notebook, a third of it.
    notebook_timeout
        Seconds all cells of a notebook may take together.
    force
        Whether to grade unchanged submissions again.
    on_result
        Called with each result as it is there, for a progress bar.

    Raises
    ------
    CourseError
        If the assignment was not released, or a student is not on the roster.

    Examples
    --------
    >>> grade(Course(Path("/nowhere")), "lab01", workers=0)
    Traceback (most recent call last):
    ...
    ValueError: workers must be at least 1, got 0
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    if cell_timeout < 1 or notebook_timeout < 1:
        raise ValueError("cell_timeout and notebook_timeout are whole seconds, at least 1")
    course.require(assignment)
    roster = {student.id: student.name for student in course.students()}
    wanted = list(roster) if students is None else list(students)
    unknown = [student for student in wanted if student not in roster]
    if unknown:
        raise CourseError(f"not on the roster: {', '.join(unknown)}")
    limits = {"cell_timeout": cell_timeout, "notebook_timeout": notebook_timeout}
    release_digest = _digest(course.folder("source", assignment), course.folder("release", assignment), extra=limits)

    results: dict[str, Grade] = {}
    jobs: list[dict[str, Any]] = []
    highest = _max_score(course, assignment)
    for student, name in roster.items():
        submitted = course.folder("submitted", assignment, student)
        known = _read_record(course, assignment, student)
        if not submitted.is_dir():
            results[student] = Grade(student, name, "missing", 0.0, highest, "nothing was handed in")
            continue
        flags = _mended_timestamp(course, assignment, student)
        digest = _digest(submitted, extra=release_digest)
        holds = bool(known) and known["digest"] == digest and not known.get("retry")
        if student not in wanted or (holds and not force):
            results[student] = _as_grade(known, name) if known else _not_graded(student, name, highest)
            continue
        flags += _read_json(course.records("imports", assignment, f"{student}.json")).get("flags", [])
        request = {"root": str(course.root), "student": student, "assignment": assignment, "flags": flags, **limits}
        jobs.append({"request": request, "digest": digest, "name": name})
    for result in results.values():
        if on_result:
            on_result(result)

    lock = threading.Lock()

    def finished(job: dict[str, Any], answer: dict[str, Any]) -> None:
        with lock:
            answer = {**answer, "digest": job["digest"], "max_score": answer["max_score"] or highest}
            _write_record(course, assignment, answer)
            result = _as_grade(answer, job["name"])
            results[result.student] = result
            if on_result:
                on_result(result)

    run_jobs(jobs, min(workers or os.cpu_count() or 1, len(jobs)), notebook_timeout + _OVERHEAD_SECONDS, finished)
    return GradingReport(assignment, tuple(results[student] for student in roster))


def recorded(course: Course, assignment: str) -> GradingReport:
    """Give the report of the last grading again, from the course's records and gradebook.

    Feedback and summaries need statuses and reasons, which nbgrader has no place for; points are
    those of the gradebook.

    Parameters
    ----------
    course
        The class.
    assignment
        A released assignment.

    Raises
    ------
    CourseError
        If the assignment was not released.

    Examples
    --------
    >>> recorded(Course(Path("/nowhere/2025")), "lab01")
    Traceback (most recent call last):
    ...
    sqlalchemy.exc.OperationalError: ...
    """
    course.require(assignment)
    highest = _max_score(course, assignment)
    scores = _scores(course, assignment)
    grades = []
    for student in course.students():
        record = _read_record(course, assignment, student.id)
        if record:
            result = _as_grade(record, student.name)
            # A person may have changed points in formgrader since: the gradebook decides.
            grades.append(replace(result, score=scores.get(student.id, result.score)))
        elif course.folder("submitted", assignment, student.id).is_dir():
            grades.append(_not_graded(student.id, student.name, highest))
        else:
            grades.append(Grade(student.id, student.name, "missing", 0.0, highest, "nothing was handed in"))
    return GradingReport(assignment, tuple(grades))


def _as_grade(record: dict[str, Any], name: str) -> Grade:
    return Grade(
        record["student"],
        name,
        record["status"],
        record["score"],
        record["max_score"],
        record["reason"],
        record["message"],
        tuple(record["flags"]),
        record["seconds"],
    )


def _mended_timestamp(course: Course, assignment: str, student: str) -> list[str]:
    """Put a time that is none aside: nbgrader gives up on it, and formgrader's page with it."""
    from nbgrader.utils import parse_utc

    path = course.folder("submitted", assignment, student) / "timestamp.txt"
    aside = course.records("timestamps", assignment, f"{student}.txt")
    try:
        parse_utc(path.read_text(encoding="utf-8").strip())
        aside.unlink(missing_ok=True)
    except FileNotFoundError:
        pass
    except (ValueError, OverflowError, AttributeError, TypeError):
        aside.parent.mkdir(parents=True, exist_ok=True)
        path.replace(aside)
    return ["timestamp:"] if aside.is_file() else []


def _not_graded(student: str, name: str, highest: float) -> Grade:
    return Grade(student, name, "failed", 0.0, highest, "not graded yet")


def _digest(*folders: Path, extra: object = None) -> str:
    digest = hashlib.sha256(json.dumps([_VERSION, extra], sort_keys=True).encode())
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def _read_record(course: Course, assignment: str, student: str) -> dict[str, Any]:
    return _read_json(course.records("grades", assignment, f"{student}.json"))


def _write_record(course: Course, assignment: str, record: dict[str, Any]) -> None:
    path = course.records("grades", assignment, f"{record['student']}.json")
    write_whole(path, json.dumps(record, ensure_ascii=False, indent=1))


def _max_score(course: Course, assignment: str) -> float:
    with course.gradebook() as gradebook:
        return float(gradebook.find_assignment(assignment).max_score)


def _scores(course: Course, assignment: str) -> dict[str, float]:
    with course.gradebook() as gradebook:
        return {one.student.id: float(one.score) for one in gradebook.assignment_submissions(assignment)}
