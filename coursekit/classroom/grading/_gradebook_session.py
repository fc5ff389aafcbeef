"""One gradebook for a whole batch, and one transaction for a submission.

nbgrader's steps open the gradebook a dozen times for a submission and commit after every cell. A
grader that is killed between two of these commits leaves half a grade. Inside of this session
the steps are nbgrader's own; the gradebook they open is the one that is open already, and what
they commit is committed when all of it is there.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from coursekit.classroom.course import Course, captured_log

_OPENERS = ("latesubmissions", "overwritecells", "overwritekernelspec", "saveautogrades")


class GradebookSession:
    """An open gradebook that nbgrader's steps share."""

    def __init__(self, course: Course) -> None:
        self._course, self._stack = course, ExitStack()
        self.config = course.config()
        self.resources = {"db_url": course.db_url}

    def __enter__(self) -> GradebookSession:
        self.gradebook = self._stack.enter_context(self._course.gradebook())
        database = self.gradebook.db
        self._commit = database.commit
        database.commit = database.flush
        shared = _Shared(self.gradebook)
        self._stack.enter_context(warnings.catch_warnings())
        # nbgrader builds a submission's rows before it adds them; flushing in between is what it does anyway.
        warnings.filterwarnings("ignore", message="Object of type .* not in session")
        for name in _OPENERS:
            module = importlib.import_module(f"nbgrader.preprocessors.{name}")
            self._stack.enter_context(mock.patch.object(module, "Gradebook", lambda *_, **__: shared))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Commit what is done inside, all of it, or nothing if an error leaves the block."""
        try:
            yield self.gradebook
            self._commit()
        except BaseException:
            self.gradebook.db.rollback()
            raise
        finally:
            self.gradebook.db.remove()  # the next one reads afresh

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Read only; nothing stays locked afterwards."""
        try:
            yield self.gradebook
        finally:
            self.gradebook.db.rollback()
            self.gradebook.db.remove()

    def run(self, steps: list[type], notebook: Any, assignment: str, student: str) -> Any:
        """Run nbgrader's preprocessors over a notebook."""
        about = {"student": student, "assignment": assignment, "notebook": assignment, **self.resources}
        resources: Any = {"nbgrader": about, "unique_key": assignment}
        with captured_log():  # it warns of all that was mended, which the flags tell
            for step in steps:
                notebook, resources = step(config=self.config)(notebook, resources)
        return notebook


class _Shared:
    """What a step gets for the gradebook it opens."""

    def __init__(self, gradebook: Any) -> None:
        self._gradebook = gradebook

    def __enter__(self) -> Any:
        return self._gradebook

    def __exit__(self, *_: object) -> None:
        """The session closes it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gradebook, name)

    def close(self) -> None:
        """The session closes it."""
