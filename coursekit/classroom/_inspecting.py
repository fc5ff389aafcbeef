"""The places in which what is known about a submission lies, each read without trusting it."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat

from coursekit.classroom.course import Course
from coursekit.classroom.grading._records import assignment_digest, read_json
from coursekit.classroom.inspection import CellPoints, EarlierHandIn, HandInFile
from coursekit.classroom.intake import LARGEST_FILE, digest_tree
from coursekit.classroom.settings import class_time

_TIME = "timestamp.txt"
_LONGEST_TIME = 200  # bytes
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Entry:
    """What nbgrader's gradebook says of a submission."""

    handed_in_at: str = ""
    """Local time."""
    due_at: str = ""
    """Local time."""
    late_penalty: float = 0.0
    """Points."""
    page: str = ""
    """Formgrader's page."""
    cells: Mapping[str, tuple[float | None, float, str, str]] = field(default_factory=dict)
    """By cell: points, maximum, who grades, a comment."""


def gradebook_entry(course: Course, assignment: str, student: str) -> Entry:
    """Read a submission's rows; of one that was not graded, the assignment's."""
    from nbgrader.api import MissingEntry

    with course.gradebook() as gradebook:
        about = gradebook.find_assignment(assignment)
        due = _local(about.duedate)
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            open_ = {
                cell.name: (None, float(cell.max_score), "auto" if cell.cell_type == "code" else "manual", "")
                for notebook in about.notebooks
                for cell in [*notebook.grade_cells, *notebook.task_cells]
            }
            return Entry(due_at=due, cells=open_)
        cells = {}
        for notebook in submission.notebooks:
            comments = {one.name: str(one.comment or "") for one in notebook.comments}
            for grade in notebook.grades:
                nothing = grade.manual_score is None and grade.auto_score is None
                by_hand = bool(grade.needs_manual_grade) or grade.manual_score is not None
                points = None if nothing else float(grade.score)
                graded = "manual" if by_hand else "auto"
                cells[grade.name] = (points, float(grade.max_score), graded, comments.get(grade.name, ""))
        page = f"/formgrader/submissions/{submission.notebooks[0].id}/" if submission.notebooks else ""
        penalty = float(submission.late_submission_penalty or 0.0)
        return Entry(_local(submission.timestamp), due, penalty, page, cells)


def cells(course: Course, assignment: str, student: str, entry: Entry) -> tuple[CellPoints, ...]:
    """Points by cell in the notebook's order, with what the student is shown."""
    shown = _messages(course.folder("autograded", assignment, student) / f"{assignment}.ipynb")
    order = _order(course.folder("release", assignment) / f"{assignment}.ipynb")
    rows = []
    for name in sorted(entry.cells, key=lambda name: (order.get(name, len(order)), name)):
        points, most, graded, comment = entry.cells[name]
        message = "\n".join(filter(None, [shown.get(name, ""), comment]))
        rows.append(CellPoints(name, points, most, graded, message))
    return tuple(rows)


def _messages(path: Path) -> dict[str, str]:
    """What the feedback page says of each test cell that failed."""
    from coursekit.classroom.feedback import HideChecks

    if not path.is_file():
        return {}
    notebook, _ = HideChecks()(nbformat.read(path, as_version=4), {})
    said = {}
    for cell in notebook.cells:
        meta = cell.metadata.get("nbgrader", {})
        if meta.get("grade") and not meta.get("solution") and cell.cell_type == "code":
            errors = [_ANSI.sub("", "\n".join(out.traceback)) for out in cell.outputs if out.output_type == "error"]
            said[meta["grade_id"]] = "\n".join(errors)
    return said


def _order(path: Path) -> dict[str, int]:
    if not path.is_file():
        return {}
    found = nbformat.read(path, as_version=4).cells
    return {cell.metadata.get("nbgrader", {}).get("grade_id", ""): at for at, cell in enumerate(found)}


def files_of(folder: Path) -> tuple[HandInFile, ...]:
    """A folder's files with sizes and hashes; links are named and not followed, devices not opened.

    The file with the time is nbgrader's, not the student's.
    """
    if folder.is_symlink():
        return (HandInFile(".", 0, "", f"link to {_text(str(folder.readlink()))}"),)
    rows: list[HandInFile] = []
    for root, folders, names in os.walk(folder, followlinks=False):
        links = [name for name in folders if Path(root, name).is_symlink()]
        rows += [_file(folder, Path(root, name)) for name in [*links, *names]]
    rows = [one for one in rows if (one.name, one.kind) != (_TIME, "file")]
    return tuple(sorted(rows, key=lambda one: one.name))


def _file(folder: Path, path: Path) -> HandInFile:
    name = _text(path.relative_to(folder).as_posix())
    about = path.lstat()
    if stat.S_ISLNK(about.st_mode):
        return HandInFile(name, 0, "", f"link to {_text(str(path.readlink()))}")
    if not stat.S_ISREG(about.st_mode):
        return HandInFile(name, 0, "", "special")
    if about.st_size > LARGEST_FILE:  # a sparse terabyte would be read for an hour
        return HandInFile(name, about.st_size, "", "too large to be used")
    try:
        with path.open("rb") as file:
            return HandInFile(name, about.st_size, hashlib.file_digest(file, "sha256").hexdigest(), "file")
    except OSError as error:
        return HandInFile(name, about.st_size, "", f"cannot be read ({error.strerror})")


def earlier_hand_ins(course: Course, assignment: str, student: str) -> tuple[EarlierHandIn, ...]:
    """Hand-ins that were replaced, as importing kept them."""
    folder = course.records("earlier", assignment, student)
    numbered = sorted(folder.iterdir()) if folder.is_dir() else []
    return tuple(EarlierHandIn(one.name, handed_in_at(one), files_of(one)) for one in numbered)


def handed_in_at(folder: Path) -> str:
    """The time in a hand-in's ``timestamp.txt``, if it is one, in local time."""
    from nbgrader.utils import parse_utc

    path = folder / _TIME
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode) or about.st_size > _LONGEST_TIME:
            return ""
        return _local(parse_utc(path.read_text(encoding="utf-8").strip()))
    except (OSError, ValueError, OverflowError, AttributeError, TypeError):
        return ""


def import_record(course: Course, assignment: str, student: str) -> dict[str, Any] | None:
    """The archive and the file in it that a hand-in came from."""
    known = read_json(course.records("imports", assignment, f"{student}.json"))
    return {key: known[key] for key in ("archive", "file", "submitted_at", "sha256") if key in known} or None


def changes(course: Course, assignment: str, folder: Path, known: dict[str, Any]) -> tuple[str, ...]:
    """What is another today than the grade was given for."""
    if not known:
        return ()
    told = []
    if not folder.is_dir():
        told.append("the hand-in that was graded is gone")
    elif known.get("submission") != digest_tree(folder):
        told.append("the hand-in has changed since it was graded")
    if known.get("assignment") != assignment_digest(course, assignment):
        told.append("the assignment has changed since this was graded")
    return tuple(told)


def places(course: Course, assignment: str, student: str, entry: Entry) -> dict[str, str]:
    """Where to look further; only what is there."""
    paths = {
        "hand-in": course.folder("submitted", assignment, student),
        "graded notebook": course.folder("autograded", assignment, student) / f"{assignment}.ipynb",
        "feedback page": course.folder("feedback", assignment, student) / f"{assignment}.html",
        "record": course.records("grades", assignment, f"{student}.json"),
        "waiting result": course.records("results", assignment, f"{student}.json"),
    }
    found = {name: str(path) for name, path in paths.items() if path.exists()}
    if entry.page and "graded notebook" in found:
        found["formgrader"] = entry.page
    return found


def _local(moment: datetime | None) -> str:
    return "" if moment is None else f"{class_time(moment):%Y-%m-%d %H:%M:%S}"


def _text(name: str) -> str:
    """A file name that can be printed and kept as JSON, whatever bytes it has."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
