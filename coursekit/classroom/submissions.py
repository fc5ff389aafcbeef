"""Taking hand-ins from the zip that an LMS gives: whose they are, which count, and why not."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

import nbformat
import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.archives import ArchiveError, members
from coursekit.classroom.course import Course
from coursekit.classroom.restoring import UnreadableError, read_submission
from coursekit.classroom.roster import Student, names_of
from coursekit.classroom.settings import TIMEZONE
from coursekit.writing import write_whole

STATUSES = {
    "imported": "가져옴",
    "unchanged": "변경 없음",
    "superseded": "이전 판",
    "unusable": "사용할 수 없음",
    "unmatched": "학생을 찾지 못함",
}
"""What becomes of a file, with its Korean name."""

_RECEIPT = "hand_in.json"  # what `coursekit hand-in` puts beside the notebook
_VERSION = re.compile(r"(?:\s*\((\d+)\)|-(\d{1,2})|[ _-]*(?:copy|복사본)\s*(\d*))$", re.IGNORECASE)


class SubmissionError(ValueError):
    """An archive from which nothing was imported; the text says why."""


@dataclass(frozen=True)
class HandedIn:
    """What became of one file of the archive.

    Examples
    --------
    >>> HandedIn("홍길동/lab01.ipynb", "2025001", "홍길동", "imported").status
    'imported'
    """

    file: str
    """Path inside the archive."""
    student: str = ""
    """The owner's id, or empty."""
    name: str = ""
    """The owner's name, or empty."""
    status: str = "unmatched"
    """``imported``, ``unchanged``, ``superseded``, ``unusable`` or ``unmatched``."""
    reason: str = ""
    """Why it was not imported."""
    submitted_at: str = ""
    """Local time of the file, or empty."""
    flags: tuple[str, ...] = ()
    """Oddities, as in a grading report."""


@dataclass(frozen=True)
class ImportReport:
    """What became of every file of an archive.

    A file that belongs to nobody is somebody's work; it is shown, never dropped.

    Examples
    --------
    >>> report = ImportReport("lab01", (HandedIn("report.ipynb", reason="no student is named"),))
    >>> report.imported, len(report.unmatched)
    (0, 1)
    """

    assignment: str
    """The assignment's name."""
    files: tuple[HandedIn, ...]
    """One entry per file, in the archive's order."""

    @property
    def imported(self) -> int:
        """How many students' hand-ins are new."""
        return sum(one.status == "imported" for one in self.files)

    @property
    def unmatched(self) -> tuple[HandedIn, ...]:
        """Files without an owner."""
        return tuple(one for one in self.files if one.status == "unmatched")

    @property
    def unusable(self) -> tuple[HandedIn, ...]:
        """Files that are no hand-in of this assignment."""
        return tuple(one for one in self.files if one.status == "unusable")

    def to_frame(self) -> pd.DataFrame:
        """One row per file."""
        columns = ["file", "student", "name", "status", "reason", "submitted_at"]
        return pd.DataFrame([asdict(one) for one in self.files], columns=columns)

    def plot(self) -> go.Figure:
        """How many files came to which end."""
        counts = {label: sum(one.status == status for one in self.files) for status, label in STATUSES.items()}
        figure = go.Figure(layout={"title": f"{self.assignment} 제출물 가져오기", "yaxis_title": "파일 수"})
        return figure.add_bar(x=list(counts), y=list(counts.values()))


@dataclass(frozen=True)
class _Candidate:
    file: HandedIn
    content: bytes
    modified: datetime | None
    version: int
    fits: bool | None  # None: the content does not tell
    renamed: bool
    why_not: str = ""
    order: int = field(default=0)


def import_submissions(course: Course, assignment: str, archive: Path) -> ImportReport:
    """Take the newest hand-in of each student from an archive; the whole archive or nothing.

    Understood are flat files and folders, the names that Canvas and Moodle give, zips inside the
    zip (those of ``coursekit hand-in`` carry a receipt), Korean names in NFC, NFD and CP949, and
    "(1)" suffixes. A student is known by the id, or by a name that only one student has. What
    the file is called matters less than what it holds: a notebook with the assignment's cells is
    the assignment.

    Parameters
    ----------
    course
        The class.
    assignment
        A released assignment.
    archive
        The zip.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    SubmissionError
        If the archive is no zip, or harmful; then nothing was imported.

    Examples
    --------
    >>> import_submissions(Course(Path("/nowhere")), "lab01", Path("/nowhere/lab01.zip"))
    Traceback (most recent call last):
    ...
    FileNotFoundError: /nowhere/lab01.zip does not exist
    """
    if not archive.is_file():
        raise FileNotFoundError(f"{archive} does not exist")
    course.require(assignment)
    roster = {student.id: student for student in course.students()}
    released = nbformat.read(course.folder("release", assignment) / f"{assignment}.ipynb", as_version=4)
    finder = OwnerFinder(roster.values(), course.assignments())
    try:
        with archive.open("rb") as file:
            found, rows = _collect(file, finder, assignment, _grade_ids(released), roster)
    except ArchiveError as error:
        raise SubmissionError(f"{archive.name} {error}; nothing was imported") from error
    chosen: dict[str, _Candidate] = {}
    for student, candidates in found.items():
        rows += _choose(student, candidates, chosen)
    rows += _store(course, assignment, archive.name, chosen)
    _note_unusable(course, assignment, [row for row in rows if row.student not in chosen])
    order = {row.file: number for number, row in enumerate(sorted(rows, key=lambda row: row.file))}
    return ImportReport(assignment, tuple(sorted(rows, key=lambda row: order[row.file])))


class OwnerFinder:
    """Tells from a path whose file it is.

    A wrong guess gives one student's work to another; whatever is not certain stays unmatched.

    Parameters
    ----------
    students
        The roster.
    assignments
        Names of assignments, which may stand in file names and say nothing about the owner.

    Examples
    --------
    >>> finder = OwnerFinder([Student("2025001", "홍", "길동", ""), Student("2025002", "김", "철수", "")], ["lab01"])
    >>> finder.find("홍길동_48213_assignsubmission_file_/lab01 (1).ipynb")
    ('2025001', '')
    >>> finder.find("2025001_김철수.ipynb")
    ('', 'the id is of 홍길동, the name of 김철수')
    """

    def __init__(self, students: Iterable[Student], assignments: Sequence[str]) -> None:
        self.students = {student.id: student for student in students}
        self.assignments = assignments

    def find(self, path: str) -> tuple[str, str]:
        """Give the owner's id, or an empty id and the reason."""
        for assignment in sorted(self.assignments, key=len, reverse=True):
            path = path.replace(assignment, " ")
        parts = [_VERSION.sub("", re.sub(r"\.(ipynb|zip)$", "", part, flags=re.I)) for part in path.split("/")]
        text = "/".join(parts)
        ids = set(self._ids().findall(text)) if self.students else set()
        named = self._named(parts)
        if len(ids) > 1:
            return "", f"ids of several students: {', '.join(sorted(ids))}"
        if ids:
            owner = ids.pop()
            if named and owner not in named:
                others = ", ".join(sorted({self.students[one].name for one in named}))
                return "", f"the id is of {self.students[owner].name}, the name of {others}"
            return owner, ""
        if len(named) == 1:
            return named.pop(), ""
        if named:
            who = sorted({self.students[one].name for one in named})
            same = f"{len(named)} students are called {who[0]}" if len(who) == 1 else f"names {', '.join(who)}"
            return "", f"{same}; put the id into the file's name"
        return "", "no student of the roster is named"

    def _ids(self) -> re.Pattern[str]:
        if not hasattr(self, "_pattern"):
            names = "|".join(re.escape(one) for one in sorted(self.students, key=len, reverse=True))
            self._pattern = re.compile(rf"(?<![0-9A-Za-z])(?:{names})(?![0-9A-Za-z])")
            self._names = names_of(self.students.values())
        return self._pattern

    def _named(self, parts: Sequence[str]) -> set[str]:
        self._ids()
        named: set[str] = set()
        for part in parts:
            words = [word.casefold() for word in re.split(r"[\W_]+", part) if word]
            words = [word for word in (re.sub(r"\d+$|^\d+", "", word) for word in words) if word]
            for start in range(len(words)):
                for stop in range(start + 1, min(start + 4, len(words)) + 1):
                    named.update(self._names.get("".join(words[start:stop]), ()))
        return named


def _collect(
    file: Any, finder: OwnerFinder, assignment: str, wanted: set[str], roster: Mapping[str, Student]
) -> tuple[dict[str, list[_Candidate]], list[HandedIn]]:
    """Read all of the archive; candidates by student, and rows for what is already decided."""
    found: dict[str, list[_Candidate]] = defaultdict(list)
    rows: list[HandedIn] = []
    others: dict[str, list[HandedIn]] = defaultdict(list)
    for member in members(file):
        row = HandedIn(member.path, submitted_at=_shown(member.modified))
        receipt: dict[str, Any] = {}
        content: bytes | None = member.content if member.path.lower().endswith(".ipynb") else None
        if member.path.lower().endswith(".zip"):
            owner, why = finder.find(member.path)
            try:
                content, receipt = _open_hand_in(member.content)
            except ArchiveError as error:
                rows.append(_owned(replace(row, status="unusable", reason=f"the zip inside {error}"), owner, roster))
                continue
        owner, why = finder.find(member.path)
        if receipt.get("student_id") in roster:
            told = receipt["student_id"]
            if owner and owner != told:
                rows.append(replace(row, reason=f"the path is of {owner}, the receipt inside of {told}"))
                continue
            owner, why = told, ""
        if not owner:
            rows.append(replace(row, reason=why))
            continue
        row = _owned(row, owner, roster)
        if content is None:
            others[owner].append(replace(row, status="unusable", reason="is no notebook"))
            continue
        found[owner].append(_candidate(row, content, member.modified, receipt, assignment, wanted))
    for owner, files in others.items():
        # Figures and data beside a notebook are nobody's concern; without one they are the hand-in.
        if owner not in found:
            rows += files
    return found, rows


def _open_hand_in(raw: bytes) -> tuple[bytes | None, dict[str, Any]]:
    """The notebook and the receipt of a zip that a student handed in."""
    notebooks: list[tuple[datetime, bytes]] = []
    receipt: dict[str, Any] = {}
    for member in members(io.BytesIO(raw), nested=True):
        if PurePosixPath(member.path).name == _RECEIPT:
            try:
                told = json.loads(member.content)
            except ValueError:
                told = {}
            receipt = told if isinstance(told, dict) else {}
        elif member.path.lower().endswith(".ipynb"):
            notebooks.append((member.modified or datetime(1980, 1, 1), member.content))
    return (max(notebooks)[1] if notebooks else None), receipt


def _candidate(
    row: HandedIn,
    content: bytes,
    modified: datetime | None,
    receipt: Mapping[str, Any],
    assignment: str,
    wanted: set[str],
) -> _Candidate:
    stem = PurePosixPath(row.file).stem
    version = _VERSION.search(stem)
    number = int(next((one for one in version.groups() if one), 1)) if version else 0
    bare = _VERSION.sub("", stem)
    packed = _local(receipt.get("packed_at"))
    fits, why_not = _fits(content, assignment, wanted)
    by_name = bare == assignment or bool(re.search(rf"(?<![^\W_]){re.escape(assignment)}$", bare))
    if fits is None and by_name:
        fits = True
    when = packed or modified
    row = replace(row, submitted_at=_shown(when))
    return _Candidate(row, content, when, number, fits, not by_name, why_not)


def _fits(content: bytes, assignment: str, wanted: set[str]) -> tuple[bool | None, str]:
    """Whether a notebook holds the assignment's cells; None if it cannot be read or has no ids."""
    try:
        theirs = _grade_ids(read_submission(content))
    except UnreadableError:
        return None, ""
    if theirs & wanted:
        return True, ""
    return (False, f"holds the cells of another assignment, not of {assignment}") if theirs else (None, "")


def _choose(student: str, candidates: Sequence[_Candidate], chosen: dict[str, _Candidate]) -> list[HandedIn]:
    """Choose the newest notebook that is the assignment; say of the others why they are not it."""
    rows = []
    fitting = [one for one in candidates if one.fits]
    if not fitting and len(candidates) == 1 and candidates[0].fits is None:
        fitting = list(candidates)  # unreadable and renamed, but the only one: grading gives the reason
    newest = max(fitting, key=lambda one: (one.modified or datetime.min, one.version), default=None)
    if newest is not None:
        chosen[student] = newest
    for one in candidates:
        if one is newest:
            continue
        if one in fitting:
            rows.append(replace(one.file, status="superseded", reason=f"{newest.file.file} is newer"))  # type: ignore[union-attr]
        else:
            rows.append(
                replace(one.file, status="unusable", reason=one.why_not or "has another name and no known cell")
            )
    return rows


def _store(course: Course, assignment: str, archive: str, chosen: Mapping[str, _Candidate]) -> list[HandedIn]:
    """Write every hand-in aside, then move each into its place; what it replaces is kept."""
    rows, moves = [], []
    course.records().mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=course.records()) as aside:
        for student, one in chosen.items():
            digest = hashlib.sha256(one.content).hexdigest()
            known = _read(course.records("imports", assignment, f"{student}.json"))
            if known.get("sha256") == digest:
                rows.append(replace(one.file, status="unchanged", reason="the same file was imported before"))
                continue
            if known.get("submitted_at", "") > one.file.submitted_at > "":
                rows.append(replace(one.file, status="superseded", reason="a newer one was imported before"))
                continue
            folder = Path(aside) / student
            folder.mkdir()
            (folder / f"{assignment}.ipynb").write_bytes(one.content)
            if one.modified is not None:
                (folder / "timestamp.txt").write_text(f"{_shown(one.modified)} {TIMEZONE}", encoding="utf-8")
            flags = ("renamed:",) if one.renamed else ()
            row = replace(one.file, status="imported", flags=flags)
            rows.append(row)
            moves.append((folder, row, {**asdict(row), "sha256": digest, "archive": archive}))
        for folder, row, record in moves:
            target = course.folder("submitted", assignment, row.student)
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                earlier = course.records("earlier", assignment, row.student)
                earlier.mkdir(parents=True, exist_ok=True)
                shutil.move(target, earlier / f"{len(list(earlier.iterdir())) + 1:03d}")
            folder.rename(target)
            path = course.records("imports", assignment, f"{row.student}.json")
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
            part.replace(path)
    return rows


def _note_unusable(course: Course, assignment: str, rows: Iterable[HandedIn]) -> None:
    """Keep why a student's file could not be used: grading would say that nothing was handed in."""
    for row in rows:
        if row.status == "unusable" and row.student:
            note = {"file": row.file, "reason": row.reason}
            path = course.records("unusable", assignment, f"{row.student}.json")
            write_whole(path, json.dumps(note, ensure_ascii=False, indent=1))


def _owned(row: HandedIn, owner: str, roster: Mapping[str, Student]) -> HandedIn:
    return replace(row, student=owner, name=roster[owner].name) if owner else row


def _grade_ids(notebook: nbformat.NotebookNode) -> set[str]:
    metas = (cell.metadata.get("nbgrader") for cell in notebook.cells)
    return {meta["grade_id"] for meta in metas if isinstance(meta, dict) and isinstance(meta.get("grade_id"), str)}


def _local(moment: object) -> datetime | None:
    try:
        told = datetime.fromisoformat(str(moment))
    except ValueError:
        return None
    return told.astimezone(ZoneInfo(TIMEZONE)).replace(tzinfo=None) if told.tzinfo else told


def _shown(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
