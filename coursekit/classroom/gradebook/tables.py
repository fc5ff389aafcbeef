"""nbgrader's gradebook as tables: the class by assignments, an assignment by test cells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.course import Course
from coursekit.short_repr import ShortRepr
from coursekit.writing import write_whole


@dataclass(frozen=True, repr=False)
class Scores(ShortRepr):
    """Every student's score in every assignment.

    The gradebook is the one place where points stand, those that a person changed in formgrader
    included; tables are read from it and never kept beside it.

    Examples
    --------
    >>> table = pd.DataFrame({"student": ["1"], "name": ["홍길동"], "quiz01": [4.0]})
    >>> Scores(table, {"quiz01": 5.0}).to_frame()["total"].tolist()
    [4.0]
    """

    table: pd.DataFrame
    """``student``, ``name`` and a column per assignment, empty where nothing was handed in."""
    highest: dict[str, float]
    """Points that could be reached, by assignment."""

    def to_frame(self) -> pd.DataFrame:
        """One row per student, with the total."""
        return self.table.assign(total=self.table[list(self.highest)].sum(axis=1))

    def plot(self) -> go.Figure:
        """The distribution of each assignment, in percent of what could be reached."""
        figure = go.Figure(layout={"title": "과제별 득점률", "yaxis_title": "득점률 (%)", "showlegend": False})
        for assignment, points in self.highest.items():
            percent = 100 * self.table[assignment].dropna() / points
            figure.add_box(y=percent, name=assignment, boxpoints="all", jitter=0.4, pointpos=0)
        return figure

    def save(self, path: Path) -> Path:
        """Write CSV that Excel opens with its Korean intact (UTF-8 with BOM); whole or not at all."""
        return write_whole(path, self.to_frame().to_csv(index=False).encode("utf-8-sig"))


def scores(course: Course) -> Scores:
    """Read every student's score in every released assignment, late penalties taken off.

    This is the table that goes to the registrar; it is read from the gradebook at that moment.

    Parameters
    ----------
    course
        The class.

    Examples
    --------
    >>> scores(Course(Path("/nowhere/2025")))
    Traceback (most recent call last):
    ...
    sqlalchemy.exc.OperationalError: ...
    """
    students = course.students()
    with course.gradebook() as gradebook:
        highest = {one.name: float(one.max_score) for one in sorted(gradebook.assignments, key=lambda one: one.name)}
        earned = {
            assignment: {
                one.student.id: float(one.score) - float(one.late_submission_penalty or 0)
                for one in gradebook.assignment_submissions(assignment)
            }
            for assignment in highest
        }
    columns = {
        assignment: pd.Series([by_student.get(student.id) for student in students], dtype=float)
        for assignment, by_student in earned.items()
    }
    who = {"student": [student.id for student in students], "name": [student.name for student in students]}
    return Scores(pd.DataFrame({**who, **columns}), highest)


def cell_scores(course: Course, assignment: str) -> pd.DataFrame:
    """Read the score of every graded cell of every hand-in.

    Where a class loses its points is the first question after grading: a cell that nobody
    passes is a question that nobody understood, or a wrong test.

    Parameters
    ----------
    course
        The class.
    assignment
        A released assignment.

    Returns
    -------
    DataFrame
        ``student``, ``cell``, ``score``, ``max_score``, ``manual`` (whether a person has to or
        did grade it), ``waits`` (whether that person has still to do so, or nothing was graded yet:
        the score is then nbgrader's 0, and no result), one row per hand-in and graded cell.

    Examples
    --------
    >>> cell_scores(Course(Path("/nowhere/2025")), "lab01")
    Traceback (most recent call last):
    ...
    sqlalchemy.exc.OperationalError: ...
    """
    course.require(assignment)
    with course.gradebook() as gradebook:
        rows = [
            {
                "student": submission.student.id,
                "cell": grade.cell.name,
                "score": float(grade.score) if grade.score is not None else None,
                "max_score": float(grade.max_score),
                "manual": bool(grade.needs_manual_grade) or grade.manual_score is not None,
                "waits": bool(grade.needs_manual_grade) or (grade.auto_score is None and grade.manual_score is None),
            }
            for submission in gradebook.assignment_submissions(assignment)
            for notebook in submission.notebooks
            for grade in notebook.grades
        ]
    frame = pd.DataFrame(rows, columns=["student", "cell", "score", "max_score", "manual", "waits"])
    return frame.sort_values(["student", "cell"], ignore_index=True)
