"""One gradebook for a whole batch, and one transaction for a submission.

nbgrader's steps open the gradebook a dozen times for a submission and commit after every cell. A
grader that is killed between two of these commits leaves half a grade. Inside of this session
the steps are nbgrader's own; the gradebook they open is the one that is open already, and what
they commit is committed when all of it is there.
"""

from __future__ import annotations

import functools
import importlib
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import jsonschema
from nbgrader.nbgraderformat import common

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
        # What nbgrader raises it also logs, with a traceback in the middle of a progress bar.
        self._stack.enter_context(mock.patch.object(logging.getLogger("tornado.application"), "disabled", True))
        self._stack.enter_context(warnings.catch_warnings())
        # nbgrader builds a submission's rows before it adds them; flushing in between is what it does anyway.
        warnings.filterwarnings("ignore", message="Object of type .* not in session")
        for name in _OPENERS:
            module = importlib.import_module(f"nbgrader.preprocessors.{name}")
            self._stack.enter_context(mock.patch.object(module, "Gradebook", lambda *_, **__: shared))
        self._stack.enter_context(mock.patch.object(common.jsonschema, "validate", _validate))
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


@functools.cache
def _validator(schema: str) -> Any:
    content = json.loads(schema)
    kind = jsonschema.validators.validator_for(content)
    kind.check_schema(content)
    return kind(content)


def _validate(instance: Any, schema: Any) -> None:
    """What ``jsonschema.validate`` does, but the schema itself is checked once and not for every cell.

    nbgrader validates the metadata of each cell twice, and most of its time went into this.
    """
    error = jsonschema.exceptions.best_match(_validator(json.dumps(schema, sort_keys=True)).iter_errors(instance))
    if error is not None:
        raise error


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
