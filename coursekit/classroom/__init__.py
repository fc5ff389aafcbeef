"""The course as students and instructors handle it: releases, hand-ins, grades, feedback.

Names are loaded when they are first used: a student's ``coursekit start`` needs none of the
grading machinery, which takes seconds to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coursekit.classroom.contracts import Contract, ContractReport, VariantError, prove
    from coursekit.classroom.course import Course, CourseError, create_course, open_course
    from coursekit.classroom.feedback import write_feedback
    from coursekit.classroom.gradebook import Scores, cell_scores, scores
    from coursekit.classroom.grading import Difference, Grade, GradingReport, grade, publish_held, recorded
    from coursekit.classroom.leaks import Leak, scan
    from coursekit.classroom.markers import Finding, check_source
    from coursekit.classroom.releases import ReleaseError, release, release_notebook
    from coursekit.classroom.roster import RosterError, Student, read_roster
    from coursekit.classroom.submissions import ImportReport, SubmissionError, import_submissions

_HOME = {
    "course": ("Course", "CourseError", "create_course", "open_course"),
    "feedback": ("write_feedback",),
    "gradebook": ("Scores", "cell_scores", "scores"),
    "grading": ("Difference", "Grade", "GradingReport", "grade", "publish_held", "recorded"),
    "leaks": ("Leak", "scan"),
    "markers": ("Finding", "check_source"),
    "releases": ("ReleaseError", "release", "release_notebook"),
    "roster": ("RosterError", "Student", "read_roster"),
    "submissions": ("ImportReport", "SubmissionError", "import_submissions"),
    "contracts": ("Contract", "ContractReport", "VariantError", "prove"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "Contract",
    "ContractReport",
    "Course",
    "CourseError",
    "Difference",
    "Finding",
    "Grade",
    "GradingReport",
    "ImportReport",
    "Leak",
    "ReleaseError",
    "RosterError",
    "Scores",
    "Student",
    "SubmissionError",
    "VariantError",
    "cell_scores",
    "check_source",
    "create_course",
    "grade",
    "import_submissions",
    "open_course",
    "prove",
    "publish_held",
    "read_roster",
    "recorded",
    "release",
    "release_notebook",
    "scan",
    "scores",
    "write_feedback",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
