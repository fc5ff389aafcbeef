"""Checks that run apart from what they check: the student's functions as a stranger's.

A test cell opens the student's answers with ``student = Student(globals())`` and asks them
questions: ``student.mean([1, 2])``. Beside the answers, under JupyterLab or plain nbgrader, the
call happens on the spot; under ``coursekit class grade`` the cell runs in a trusted process and
the call crosses into a sandbox. Either way only plain data passes, copied.
"""

from __future__ import annotations

from coursekit.classroom.judging.answers import require_choice, require_number
from coursekit.classroom.judging.asking import CheckFailed, Opaque, Student, StudentError, StudentFunction
from coursekit.classroom.judging.checks import hidden_check, require
from coursekit.classroom.judging.plain_data import NotPlainError, pack, unpack
from coursekit.classroom.judging.sources import borrowed_names

__all__ = [
    "CheckFailed",
    "NotPlainError",
    "Opaque",
    "Student",
    "StudentError",
    "StudentFunction",
    "borrowed_names",
    "hidden_check",
    "pack",
    "require",
    "require_choice",
    "require_number",
    "unpack",
]
