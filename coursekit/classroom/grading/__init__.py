"""Grading that can be trusted: isolated runs, nbgrader's points, nothing lost, every point explained.

Names are loaded when they are first used: a worker needs none of nbgrader, which takes seconds to
import, and there is one on each core.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_REPORT = ("STATUSES", "Difference", "Grade", "GradingReport")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{'report' if name in _REPORT else 'batch'}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
