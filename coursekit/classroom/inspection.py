"""Everything that is known about one submission: the answer to a student who asks why."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.course import Course, CourseError
from coursekit.classroom.grading import Difference
from coursekit.classroom.roster import Student

GRADED_BY = {"auto": "자동 채점", "manual": "사람이 채점"}
"""Who gives a cell its points, with its Korean name."""


@dataclass(frozen=True)
class HandInFile:
    """One file of a hand-in, as it lies in the course's folder.

    Examples
    --------
    >>> HandInFile("data.csv", 0, "", "link to /etc/passwd").kind
    'link to /etc/passwd'
    """

    name: str
    """Path inside the hand-in."""
    size: int
    """Bytes."""
    sha256: str
    """Hash of the content; empty if it was not read."""
    kind: str
    """``file``, ``link to ...``, ``special``, ``too large ...`` or ``cannot be read ...``."""


@dataclass(frozen=True)
class EarlierHandIn:
    """A hand-in that a newer one has replaced.

    Examples
    --------
    >>> EarlierHandIn("001", "2025-03-02 10:00:00", ()).number
    '001'
    """

    number: str
    """The folder under ``.coursekit/earlier/<assignment>/<student>``."""
    handed_in_at: str
    """Its local time, or empty."""
    files: tuple[HandInFile, ...]
    """Its files."""


@dataclass(frozen=True)
class CellPoints:
    """What one graded cell gave.

    Examples
    --------
    >>> CellPoints("test_mean", 0.0, 2.0, "auto", "보지 못한 수의 평균이 다릅니다.").points
    0.0
    """

    cell: str
    """The cell's grade id."""
    points: float | None
    """Points in the gradebook; None if it was not graded yet."""
    max_points: float
    """Points that could be reached."""
    graded: str
    """``auto``, or ``manual`` if a person gave the points or still has to."""
    message: str
    """What the student is shown: the violated property, the stop, a grader's comment; or empty."""


@dataclass(frozen=True)
class Inspection:
    """Everything that is known about one submission.

    "Why did I get 7 points?" arrives weeks later, when the assignment was mended twice and the
    student has handed in again. What answers it lies in six places; here it is in one.

    Examples
    --------
    >>> cell = CellPoints("test_mean", 0.0, 2.0, "auto", "보지 못한 수의 평균이 다릅니다.")
    >>> shown = Inspection("lab01", "2025001", "홍길동", "graded", 0.0, 2.0, cells=(cell,))
    >>> shown.to_frame()[["cell", "points", "max_points"]].to_dict("records")
    [{'cell': 'test_mean', 'points': 0.0, 'max_points': 2.0}]
    """

    assignment: str
    """The assignment's name."""
    student: str
    """The student's id."""
    name: str
    """The student's name."""
    status: str
    """``graded``, ``partly``, ``failed`` or ``missing``, as in a grading report."""
    score: float
    """Points in the gradebook, before the penalty for lateness."""
    max_score: float
    """Points that could be reached."""
    reason: str = ""
    """Why it is not simply graded, for the instructor."""
    message: str = ""
    """The same for the student."""
    flags: tuple[str, ...] = ()
    """Oddities, each as a sentence."""
    changed: tuple[str, ...] = ()
    """What is another today than when the grade was given: the hand-in, the assignment."""
    handed_in_at: str = ""
    """Local time of the hand-in, or empty if there is none."""
    due_at: str = ""
    """Local time of the assignment's due date, or empty."""
    late_penalty: float = 0.0
    """Points that nbgrader takes off for lateness."""
    imported: Mapping[str, Any] | None = None
    """What was noted when the hand-in was taken from an archive; None if it was put there otherwise."""
    files: tuple[HandInFile, ...] = ()
    """The hand-in's files."""
    earlier: tuple[EarlierHandIn, ...] = ()
    """Hand-ins that this one has replaced, the oldest first."""
    cells: tuple[CellPoints, ...] = ()
    """A row per graded cell, in the notebook's order."""
    graded_at: str = ""
    """When the grade was given (UTC), or empty."""
    seconds: float = 0.0
    """What the run took."""
    audit: Mapping[str, Any] | None = None
    """The audit record: versions, seed, engine, sandbox, limits, limits hit, CPU, memory, broken checks."""
    digests: Mapping[str, str] | None = None
    """SHA-256 of the hand-in and of the assignment that the grade belongs to."""
    held: bool = False
    """Whether a newer result waits to be published, because the assignment was mended."""
    differences: tuple[Difference, ...] = ()
    """Cells whose points it would change."""
    course: str = ""
    """The course directory."""
    places: Mapping[str, str] | None = None
    """Paths of what there is: hand-in, graded notebook, feedback page, records; and formgrader's page."""

    def to_frame(self) -> pd.DataFrame:
        """One row per graded cell."""
        columns = ["cell", "points", "max_points", "graded", "message"]
        frame = pd.DataFrame([asdict(one) for one in self.cells], columns=columns)
        return frame.astype({"points": float, "max_points": float})

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data, for JSON."""
        return asdict(self)

    def plot(self) -> go.Figure:
        """Points won and lost, cell by cell."""
        names = [one.cell for one in self.cells]
        won = [one.points or 0.0 for one in self.cells]
        open_ = [one.max_points if one.points is None else 0.0 for one in self.cells]
        lost = [max(0.0, one.max_points - here - wait) for one, here, wait in zip(self.cells, won, open_, strict=True)]
        messages = [one.message for one in self.cells]
        figure = go.Figure(
            layout={
                "title": f"{self.name} ({self.student}), {self.assignment}: {self.score:g} / {self.max_score:g}점",
                "xaxis_title": "점수",
                "yaxis": {"autorange": "reversed"},
                "barmode": "stack",
            }
        )
        for label, values in (("얻은 점수", won), ("잃은 점수", lost), ("채점 전", open_)):
            if label == "얻은 점수" or any(values):
                figure.add_bar(x=values, y=names, orientation="h", name=label, hovertext=messages)
        return figure


def inspect_submission(course: Course, assignment: str, student: str) -> Inspection:
    """Gather everything that is known about one submission.

    Points come from the gradebook, where a person may have changed them; reasons and the audit from
    the record of the run; messages from the graded notebook, cut as for the student's page.

    Parameters
    ----------
    course
        The class.
    assignment
        A released assignment; ``lab01`` will do if one alone begins so.
    student
        An id, or a part of a name that one student alone has.

    Raises
    ------
    CourseError
        If there is no such assignment or student, or more than one.

    Examples
    --------
    >>> from pathlib import Path
    >>> inspect_submission(Course(Path("/nowhere/2025")), "lab01", "홍길동")
    Traceback (most recent call last):
    ...
    sqlalchemy.exc.OperationalError: ...
    """
    from coursekit.classroom import _inspecting as look
    from coursekit.classroom.grading import recorded
    from coursekit.classroom.grading._records import Records
    from coursekit.classroom.restoring import describe

    assignment = find_assignment(course.assignments(), assignment)
    one = find_student(course.students(), student)
    report = recorded(course, assignment)
    grade = next(grade for grade in report.grades if grade.student == one.id)
    records = Records(course, assignment)
    known = records.read("grades", one.id)
    folder = course.folder("submitted", assignment, one.id)
    entry = look.gradebook_entry(course, assignment, one.id)
    return Inspection(
        assignment=assignment,
        student=one.id,
        name=one.name,
        status=grade.status,
        score=grade.score,
        max_score=grade.max_score,
        reason=grade.reason,
        message=grade.message,
        flags=tuple(describe(grade.flags)),
        changed=look.changes(course, assignment, folder, known),
        handed_in_at=look.handed_in_at(folder) or entry.handed_in_at,
        due_at=entry.due_at,
        late_penalty=entry.late_penalty,
        imported=look.import_record(course, assignment, one.id),
        files=look.files_of(folder),
        earlier=look.earlier_hand_ins(course, assignment, one.id),
        cells=look.cells(course, assignment, one.id, entry),
        graded_at=known.get("graded_at", ""),
        seconds=known.get("seconds", 0.0),
        audit=known.get("audit"),
        digests={"hand-in": known["submission"], "assignment": known["assignment"]} if known else None,
        held=bool(records.read("results", one.id).get("held")),
        differences=tuple(row for row in report.differences if row.student == one.id),
        course=str(course.root),
        places=look.places(course, assignment, one.id, entry),
    )


def find_assignment(released: Iterable[str], asked: str) -> str:
    """Find an assignment by its name or its beginning.

    ``lab01`` is what people say; ``lab01_intent_baseline`` is what the folder is called.

    Parameters
    ----------
    released
        Names of the released assignments.
    asked
        A name, or the part of one before an underscore.

    Raises
    ------
    CourseError
        If there is none, or more than one.

    Examples
    --------
    >>> find_assignment(["lab01_intent_baseline", "quiz01"], "lab01")
    'lab01_intent_baseline'
    """
    released = sorted(released)
    found = [name for name in released if name == asked] or [name for name in released if name.startswith(f"{asked}_")]
    if len(found) == 1:
        return found[0]
    known = ", ".join(found or released) or "none"
    raise CourseError(f"{asked!r} is {'more than one' if found else 'no'} released assignment; there are: {known}")


def find_student(students: Iterable[Student], asked: str) -> Student:
    """Find a student by id, or by a part of a name that nobody else has.

    An instructor has a name in an e-mail, not an id; and two students of one name must not be
    mistaken for each other.

    Parameters
    ----------
    students
        The roster.
    asked
        An id, a name, or a part of a name; blanks and case do not count.

    Raises
    ------
    CourseError
        If there is no such student, or more than one.

    Examples
    --------
    >>> roster = [Student("251", "홍", "길동", ""), Student("252", "홍", "길순", ""), Student("253", "김", "길", "")]
    >>> find_student(roster, "길동").id, find_student(roster, "253").name, find_student(roster, "김길").id
    ('251', '김길', '253')
    >>> find_student(roster, "홍길")
    Traceback (most recent call last):
    ...
    coursekit.classroom.course.CourseError: '홍길' is several students: 홍길동 (251), 홍길순 (252); give the id
    """
    students = list(students)
    by_id = [one for one in students if one.id == asked.strip()]
    wanted = _plain(asked)
    named = {one.id: {_plain(one.name), _plain(one.last_name + one.first_name)} for one in students}
    whole = [one for one in students if wanted in named[one.id]]
    part = [one for one in students if wanted and any(wanted in name for name in named[one.id])]
    found = by_id or whole or part
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(f"{one.name} ({one.id})" for one in found)
        raise CourseError(f"{asked!r} is several students: {several}; give the id")
    names = {text: f"{one.name} ({one.id})" for one in students for text in (one.id, one.name)}
    near = dict.fromkeys(names[text] for text in difflib.get_close_matches(asked, names, n=3))
    hint = f"; did you mean {' or '.join(near)}?" if near else "; `coursekit class gradebook` lists all"
    raise CourseError(f"{asked!r} is no id and no part of a name on the roster{hint}")


def _plain(name: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFC", name)).casefold()
