"""What became of a class's hand-ins: a row a student, and what changed since the last time."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.restoring import describe

STATUSES = {
    "graded": "채점 완료",
    "partly": "일부만 실행",
    "failed": "채점 불가",
    "missing": "미제출",
}
"""Every status, with its Korean name."""


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
class Difference:
    """A test cell whose points would change, because the assignment changed and not the hand-in.

    Examples
    --------
    >>> Difference("2025001", "test_mean", 0.0, 2.0).change
    2.0
    """

    student: str
    """The student's id."""
    cell: str
    """The graded cell."""
    before: float
    """Points as they stand in the gradebook."""
    after: float
    """Points that the assignment as it is now would give."""

    @property
    def change(self) -> float:
        """Points won, or lost."""
        return self.after - self.before


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
    differences: tuple[Difference, ...] = ()
    """Points that would change by an assignment that was mended; not published yet."""
    published: tuple[Difference, ...] = ()
    """Points that a mended assignment has changed in the gradebook by this batch."""
    warnings: tuple[str, ...] = ()
    """What the instructor should know of the batch as a whole."""

    def to_frame(self) -> pd.DataFrame:
        """One row per student."""
        rows = [asdict(grade) | {"flags": "; ".join(describe(grade.flags))} for grade in self.grades]
        columns = ["student", "name", "status", "score", "max_score", "reason", "flags", "seconds"]
        return pd.DataFrame(rows, columns=columns)

    def differences_frame(self, *, published: bool = False) -> pd.DataFrame:
        """One row per test cell whose points would change, or have changed."""
        chosen = self.published if published else self.differences
        rows = [asdict(one) | {"change": one.change} for one in chosen]
        return pd.DataFrame(rows, columns=["student", "cell", "before", "after", "change"])

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
