"""Grading a class: every hand-in alone and isolated, what is done recorded, what is not done next time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace

from coursekit.classroom.course import Course, CourseError
from coursekit.classroom.grading._batch import CELL_MINIMUM, NOTEBOOK_MINIMUM, Batch
from coursekit.classroom.grading._cluster import DaskPool
from coursekit.classroom.grading._gradebook_session import GradebookSession
from coursekit.classroom.grading._pool import LocalPool, Pool
from coursekit.classroom.grading._publishing import publish
from coursekit.classroom.grading._records import Records
from coursekit.classroom.grading.report import Grade, GradingReport
from coursekit.classroom.intake import digest_tree
from coursekit.classroom.sandbox import sandbox_status

__all__ = ["CELL_MINIMUM", "ENGINES", "NOTEBOOK_MINIMUM", "grade", "publish_held", "recorded"]

ENGINES = ("fork", "kernel", "nbgrader")


def grade(
    course: Course,
    assignment: str,
    *,
    students: Iterable[str] | None = None,
    workers: int | None = None,
    engine: str = "fork",
    sandbox: bool = True,
    scheduler: str | None = None,
    cell_timeout: float | None = None,
    notebook_timeout: float | None = None,
    memory: int | None = None,
    force: bool = False,
    publish_changes: bool = False,
    on_result: Callable[[Grade], None] | None = None,
) -> GradingReport:
    """Grade an assignment: each hand-in in a sandbox of its own, points by nbgrader's own steps.

    Plain ``nbgrader autograde`` stops at the first hand-in with a duplicated cell, runs students'
    code with the grader's rights and records nothing after a crash. Here each is put in order,
    runs isolated and within limits, and ends with a grade or a reason; grades stand in nbgrader's
    gradebook. What is done stays done when the batch is killed, and what has not changed is not
    graded again.

    Parameters
    ----------
    course
        The class.
    assignment
        A released assignment.
    students
        Ids to grade; everybody by default. Others keep the grade they have.
    workers
        Hand-ins at a time; one per processor by default.
    engine
        ``fork`` (a warm process forked for each hand-in), ``kernel`` (a real ipykernel, for
        notebooks that need widgets or comms), ``nbgrader`` (nbgrader's own execution).
    sandbox
        Whether to isolate. Without it hand-ins run with the rights of this account.
    scheduler
        Address of a Dask scheduler whose workers run the hand-ins.
    cell_timeout, notebook_timeout
        Seconds for a cell and for all cells. By default ten times what the reference solution
        took here, at least ``CELL_MINIMUM`` and ``NOTEBOOK_MINIMUM``.
    memory
        Bytes of data a process may hold; 2 GiB by default.
    force
        Whether to grade unchanged hand-ins again.
    publish_changes
        Whether points that change because the assignment was mended go into the gradebook at
        once. By default they wait, are reported as ``differences``, and :func:`publish_held`
        writes them.
    on_result
        Called with each result as it is there, for a progress bar.

    Raises
    ------
    CourseError
        If the assignment was not released, a student is not on the roster, submissions cannot be
        isolated here, no scheduler answers, or another grading of the assignment is at work.
    ValueError
        If an option is out of its range.

    Examples
    --------
    >>> from pathlib import Path
    >>> grade(Course(Path("/nowhere")), "lab01", workers=0)
    Traceback (most recent call last):
    ...
    ValueError: workers must be at least 1, got 0
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    if engine not in ENGINES:
        raise ValueError(f"no engine {engine!r}; there are {', '.join(ENGINES)}")
    for name, seconds in (("cell_timeout", cell_timeout), ("notebook_timeout", notebook_timeout)):
        if seconds is not None and seconds < 1:
            raise ValueError(f"{name} must be at least 1 second, got {seconds}")
    engine = _usable_engine(engine, sandbox, scheduler)
    course.require(assignment)
    roster = {student.id: student.name for student in course.students()}
    wanted = list(roster) if students is None else list(students)
    unknown = [student for student in wanted if student not in roster]
    if unknown:
        raise CourseError(f"not on the roster: {', '.join(unknown)}")
    batch = Batch(course, assignment, roster, on_result)
    settings = {"engine": engine, "sandbox": sandbox and engine != "nbgrader"}
    with batch.records.alone() as scratch:
        batch.records.tidy(batch.digest)
        todo = batch.sort(wanted, force=force, longest=cell_timeout, publish=publish_changes)
        if todo:
            size = min(workers or os.cpu_count() or 1, len(todo))
            warm = batch.material.imports if engine == "fork" else None
            pool: Pool = DaskPool(scheduler) if scheduler else LocalPool(size, scratch=scratch, warm=warm)
            try:
                limits = batch.limits(pool, settings, cell_timeout, notebook_timeout, memory)
                batch.run(pool, todo, {**settings, "limits": limits}, publish_changes=publish_changes)
            finally:
                pool.close()
        return batch.report()


def publish_held(course: Course, assignment: str) -> GradingReport:
    """Write the points that wait because an assignment was mended into the gradebook.

    A mended test changes grades that students have seen; that is a decision, so it is made
    after looking at the differences.

    Parameters
    ----------
    course
        The class.
    assignment
        A released assignment.

    Raises
    ------
    CourseError
        If the assignment was not released, or a grading of it is at work.

    Examples
    --------
    >>> from pathlib import Path
    >>> publish_held(Course(Path("/nowhere/2025")), "lab01")
    Traceback (most recent call last):
    ...
    sqlalchemy.exc.OperationalError: ...
    """
    course.require(assignment)
    records = Records(course, assignment)
    with records.alone(), GradebookSession(course) as session:
        for student in records.waiting():
            result = records.read("results", student)
            handed_in = digest_tree(course.folder("submitted", assignment, student))
            if result.get("submission") == handed_in:  # what was handed in since has to be graded first
                publish(session, course, records, student, {**result, "held": False})
    return recorded(course, assignment)


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
    >>> from pathlib import Path
    >>> recorded(Course(Path("/nowhere/2025")), "lab01")
    Traceback (most recent call last):
    ...
    sqlalchemy.exc.OperationalError: ...
    """
    course.require(assignment)
    roster = {student.id: student.name for student in course.students()}
    batch = Batch(course, assignment, roster, None)
    batch.sort([], force=False, longest=None)
    scores = _scores(course, assignment)
    # A person may have changed points in formgrader since: the gradebook decides.
    grades = [replace(one, score=scores.get(one.student, one.score)) for one in batch.report().grades]
    warnings = tuple(batch.records.read("calibration").get("warnings", ()))
    return GradingReport(assignment, tuple(grades), batch.differences(), (), warnings)


def _usable_engine(engine: str, sandbox: bool, scheduler: str | None) -> str:
    """Refuse what would run unprotected without being told to."""
    if not sandbox:
        return engine if sys.platform.startswith("linux") else "nbgrader"
    if engine == "nbgrader":
        raise CourseError(
            "plain nbgrader runs submissions with the rights of this account: say --no-sandbox if that is meant"
        )
    status = sandbox_status()
    if scheduler is None and not status.usable:
        raise CourseError(
            f"submissions cannot be isolated here: {status.problem}. {status.remedy}. "
            "`coursekit doctor` tells more; --no-sandbox runs them with the rights of this account"
        )
    return engine


def _scores(course: Course, assignment: str) -> dict[str, float]:
    with course.gradebook() as gradebook:
        return {one.student.id: float(one.score) for one in gradebook.assignment_submissions(assignment)}
