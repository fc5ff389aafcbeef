"""Plain nbgrader beside us: its converter, its default steps, a course folder and gradebook of its own."""

from __future__ import annotations

import contextlib
import math
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import BasePlugin
from traitlets.config import Config

from coursekit.classroom.course import Course, captured_log


class DailyPenalty(BasePlugin):
    """A tenth of the points a day, after an hour's grace; hasty ones get a bonus that nbgrader cuts to nothing."""

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        if total_seconds_late < 2000:
            return -1.0
        if total_seconds_late < 3600:
            return None
        days = math.ceil(total_seconds_late / 86_400)
        return score + 5 if days > 20 else 0.1 * score * days


PENALTY = Config({"AssignLatePenalties": {"plugin_class": DailyPenalty}})


@dataclass(frozen=True)
class PenalizingCourse(Course):
    """A course that takes points off what comes late."""

    def config(self) -> Config:
        config = super().config()
        config.merge(PENALTY)
        return config


def grade_plainly(course: Course, assignment: str, student: str, *, config: Config | None = None) -> bool:
    """Run ``nbgrader autograde`` for one student with nbgrader's own settings; False if it gives up."""
    own = Config(config or {})
    own.CourseDirectory.root = str(course.root)
    own.CourseDirectory.course_id = course.name
    own.CourseDirectory.db_url = course.db_url
    own.CourseDirectory.ignore = course.config().CourseDirectory.ignore
    own.CourseDirectory.assignment_id = assignment
    own.CourseDirectory.student_id = student
    own.Autograde.force = True
    with captured_log(), _silence(), mock.patch.dict(os.environ):
        os.environ.pop("PYTEST_CURRENT_TEST", None)  # ipykernel leaves what C code writes alone where it sees this
        try:
            Autograde(coursedir=CourseDirectory(config=own), config=own).start()
        except (NbGraderException, SystemExit):
            return False
    return True


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep quiet what kernels say of their transport and SQLAlchemy of nbgrader's queries."""
    saved = os.dup(2)
    with warnings.catch_warnings(), open(os.devnull, "w") as nowhere:  # noqa: PTH123
        warnings.simplefilter("ignore")
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def rows(course: Course, assignment: str) -> dict[str, dict[str, Any]]:
    """All that a gradebook holds of each hand-in, by student."""
    found = {}
    with course.gradebook() as gradebook:
        for one in gradebook.assignment_submissions(assignment):
            (notebook,) = one.notebooks
            held: dict[str, Any] = {
                "score": (one.score, one.max_score, notebook.score),
                "parts": (notebook.code_score, notebook.written_score, notebook.task_score),
                "penalty": (one.late_submission_penalty, notebook.late_submission_penalty),
                "time": (one.timestamp, one.total_seconds_late),
                "needs a person": (one.needs_manual_grade, notebook.needs_manual_grade),
                "failed tests": notebook.failed_tests,
            }
            held |= {
                f"grade {grade.name}": {
                    "auto": grade.auto_score,
                    "manual": grade.manual_score,
                    "extra": grade.extra_credit,
                    "score": grade.score,
                    "most": grade.max_score,
                    "needs a person": grade.needs_manual_grade,
                    "failed": grade.failed_tests,
                }
                for grade in notebook.grades
            }
            held |= {
                f"comment {comment.name}": (comment.auto_comment, comment.manual_comment, comment.comment)
                for comment in notebook.comments
            }
            found[one.student.id] = held
    return found


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """What differs between two readings of one hand-in."""
    names = sorted(ours.keys() | theirs.keys())
    return [
        f"{name}: {ours.get(name)}, plain {theirs.get(name)}" for name in names if ours.get(name) != theirs.get(name)
    ]
