"""From a hand-in to a job: everything a worker needs, in one piece of plain data.

A worker reads no course and no gradebook, so it may run on another machine.
"""

from __future__ import annotations

import ast
import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from coursekit.classroom.course import Course
from coursekit.classroom.grading._executing import Job
from coursekit.classroom.grading._gradebook_session import GradebookSession
from coursekit.classroom.grading._records import seed_of
from coursekit.classroom.intake import LARGEST_NOTEBOOK, take_in
from coursekit.classroom.judging.checks import FILE as CHECKS
from coursekit.classroom.markers import is_private
from coursekit.classroom.regions import without_markers
from coursekit.classroom.restoring import UnreadableError, oddities, read_submission, restore

_LOADS = {"load_keras": "tf_keras"}
"""Functions of the course that import a heavy module when they are called, not when they are imported."""


@dataclass(frozen=True)
class Material:
    """What is the same for every hand-in of an assignment, read once."""

    assignment: str
    released: nbformat.NotebookNode
    source: nbformat.NotebookNode
    files: dict[str, str]
    """The assignment's own data files, base64 by name."""
    checks: str | None
    """The text of checks.py; None if the hidden tests stand in the notebook."""
    imports: tuple[str, ...]
    """What its locked cells import."""

    @classmethod
    def of(cls, course: Course, assignment: str) -> Material:
        """Read it from the course."""
        folder, name = course.folder("source", assignment), f"{assignment}.ipynb"
        source = nbformat.read(folder / name, as_version=4)
        files = {
            path.relative_to(folder).as_posix(): base64.b64encode(path.read_bytes()).decode()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != name and not is_private(path.relative_to(folder))
        }
        checks = (folder / CHECKS).read_text(encoding="utf-8") if (folder / CHECKS).is_file() else None
        released = nbformat.read(course.folder("release", assignment) / name, as_version=4)
        return cls(assignment, released, source, files, checks, _imports(source, checks or ""))

    def job(self, notebook: Any, student: str, *, files: dict[str, str], seed: int, settings: dict[str, Any]) -> Job:
        """Put a job together."""
        return {
            "student": student,
            "assignment": self.assignment,
            "notebook": notebook,
            "files": {**files, **self.files},
            "public": self.files,
            "checks": self.checks,
            "imports": list(self.imports),
            "seed": seed,
            **settings,
        }

    def reference(self, settings: dict[str, Any]) -> Job:
        """The job that runs the author's own solution."""
        notebook = nbformat.from_dict(self.source)
        for cell in notebook.cells:
            meta = cell.metadata.get("nbgrader", {})
            if meta.get("solution"):
                cell.source = without_markers(cell.source)
        return self.job(notebook, "", files={}, seed=seed_of(self.assignment), settings=settings)


def prepare(
    session: GradebookSession, course: Course, material: Material, student: str, settings: dict[str, Any]
) -> tuple[Job, list[str]]:
    """Put a hand-in in order, and make the job that runs it; the second value is what was odd."""
    from nbgrader import preprocessors as steps

    assignment = material.assignment
    folder, name = course.folder("submitted", assignment, student), f"{assignment}.ipynb"
    intake = take_in(folder, name, provided=material.files)
    if Path(name) not in intake.files:
        missing = UnreadableError(_why_missing(folder, name, intake.flags))
        missing.flags = intake.flags
        raise missing
    raw = (folder / name).read_bytes()
    restored = restore(read_submission(raw), material.released)
    flags = [*restored.flags, *oddities(raw), *intake.flags]
    sanitize = [
        steps.ClearOutput,
        steps.DeduplicateIds,
        steps.OverwriteKernelspec,
        steps.OverwriteCells,
        steps.CheckCellMetadata,
    ]
    with session.reading():
        notebook = session.run(sanitize, restored.notebook, assignment, student)
    files = {
        path.as_posix(): base64.b64encode((folder / path).read_bytes()).decode()
        for path in intake.files
        if path.suffix != ".ipynb"  # notebooks hold hidden tests once nbgrader was at them
    }
    seed = seed_of(assignment, student)
    return material.job(notebook, student, files=files, seed=seed, settings=settings), flags


def _why_missing(folder: Path, name: str, flags: tuple[str, ...]) -> str:
    kinds = {flag.split(":", 1)[1]: flag.split(":", 1)[0] for flag in flags}
    if kinds.get(name) == "big_file":
        return f"the file is larger than {LARGEST_NOTEBOOK // 1_000_000} MB"
    if name in kinds:
        return f"{name} is no ordinary file"
    others = sorted(path.name for path in folder.glob("*.ipynb") if path.name != name)
    if (folder / name).is_dir():
        return f"{name} is a folder"
    return f"no {name} in the hand-in" + (f", but {', '.join(others)}" if others else "")


def _imports(notebook: nbformat.NotebookNode, checks: str) -> tuple[str, ...]:
    """Modules that the locked cells and the checks import, in their order."""
    found: dict[str, None] = {}
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    locked = [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("locked")
    ]
    for text in [*(locked or texts), checks]:
        try:
            tree = ast.parse(without_markers(text))
        except SyntaxError:
            continue  # magics
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= dict.fromkeys(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found[node.module] = None
                found |= {_LOADS[alias.name]: None for alias in node.names if alias.name in _LOADS}
    return tuple(found)
