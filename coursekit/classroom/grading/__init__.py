"""Grading that can be trusted: isolated runs, nbgrader's points, nothing lost, every point explained."""

from __future__ import annotations

from coursekit.classroom.grading.batch import (
    CELL_MINIMUM,
    ENGINES,
    NOTEBOOK_MINIMUM,
    grade,
    publish_held,
    recorded,
)
from coursekit.classroom.grading.report import STATUSES, Difference, Grade, GradingReport

__all__ = [
    "CELL_MINIMUM",
    "ENGINES",
    "NOTEBOOK_MINIMUM",
    "STATUSES",
    "Difference",
    "Grade",
    "GradingReport",
    "grade",
    "publish_held",
    "recorded",
]
