"""A lab's or quiz's notebook as its author wrote it, for tests that run its cells one by one."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import sys
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType

import pytest

from coursekit.classroom.editions import assignment_sources
from coursekit.classroom.judging import CheckFailed
from coursekit.classroom.judging.checks import load_checks
from coursekit.classroom.regions import public_part, without_markers

ROOT = Path(__file__).resolve().parents[2]


class AuthoredNotebook:
    """The cells of an assignment, with its hidden checks at hand while one of them runs.

    hidden_check finds an assignment's checks in sys.modules, under one name for all assignments.
    They are there while run() executes a cell and at no other time, so that no test, in whatever
    order a process meets them, can find another's. No fixture has to remember it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self.cells = json.loads((folder / f"{folder.name}.ipynb").read_text(encoding="utf-8"))["cells"]
        self.code = [cell for cell in self.cells if cell["cell_type"] == "code"]
        self.source = {cell["id"]: "".join(cell["source"]) for cell in self.cells}

    @cached_property
    def hidden_checks(self) -> ModuleType:
        """The module checks.py, read once and registered nowhere."""
        module = load_checks(self.folder / "checks.py")
        del sys.modules[module.__name__]
        return module

    def run(self, cell_id: str, names: dict) -> None:
        """Run a cell with its hidden part among these names."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, self.hidden_checks.__name__, self.hidden_checks)
            exec(without_markers(self.source[cell_id]), names)

    def functions(self, cell_id: str) -> list[str]:
        """The functions that a cell defines as students see it: those that they are asked to write."""
        body = ast.parse(public_part(self.source[cell_id])).body
        return [node.name for node in body if isinstance(node, ast.FunctionDef)]

    def reference(self, **given) -> dict:
        """The names of the answer cells as authored; what they import is given."""
        names = {**given}
        for cell in self.code:
            if meta(cell).get("solution"):
                exec(without_markers(self.source[cell["id"]]), names)  # no answer asks a hidden check
        return names

    @cached_property
    def solved(self) -> dict:
        """The names after set-up and reference solutions, checks aside; copy before you change them."""
        names = {"__name__": "__main__"}
        for cell in self.code:
            if meta(cell) and not meta(cell)["grade"]:
                self.run(cell["id"], names)
        return names

    @cached_property
    def played(self) -> tuple[dict, dict[str, str]]:
        """The whole notebook, run once as its author would, without a word on stderr: names, and what cells print."""
        names, printed = {"__name__": "__main__"}, {}
        for cell in self.code:
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                self.run(cell["id"], names)
            assert err.getvalue() == "", f"{cell['id']} writes on stderr"
            printed[cell["id"]] = out.getvalue()
        return names, printed

    def message(self, check: str, names: dict) -> str | None:
        """What a check says; anything but a failed check fails the test that asked."""
        order = [cell["id"] for cell in self.code]
        try:
            for cell in self.code[order.index("checks_support") :]:
                if meta(cell).get("locked") and not meta(cell)["grade"]:
                    self.run(cell["id"], names)  # so that `student`, and what asks it, look among these names
            self.run(check, names)
        except CheckFailed as error:
            assert error.broken == "", f"{check} stopped itself: {error.broken}"
            return str(error)
        return None


def meta(cell: dict) -> dict:
    """What nbgrader knows of a cell; nothing for a cell that it leaves alone."""
    return cell["metadata"].get("nbgrader", {})


@cache
def _authored(folder: Path) -> AuthoredNotebook:
    return AuthoredNotebook(folder)


def authored(kind: str) -> list[AuthoredNotebook]:
    """Every notebook of "labs" or "quizzes", read once in a process."""
    return [_authored(folder) for folder in assignment_sources(ROOT) if folder.parent.name == kind]


def authored_as(name: str) -> AuthoredNotebook:
    """The notebook of a folder's name."""
    (found,) = (notebook for kind in ("labs", "quizzes") for notebook in authored(kind) if notebook.name == name)
    return found
