"""A Canvas gradebook export, filled: our cells change, every other byte stays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from coursekit.classroom.gradebook._canvas_sheet import CanvasError, Sheet, score_of
from coursekit.classroom.gradebook._canvas_text import Record
from coursekit.classroom.gradebook._rounding import half_up
from coursekit.short_repr import ShortRepr
from coursekit.writing import write_whole

if TYPE_CHECKING:
    from coursekit.classroom.gradebook.final import FinalGrades
    from coursekit.classroom.roster import Student

_BLANK_SCORES = ("", "-")


@dataclass(frozen=True)
class FilledCell:
    """One cell of the export that holds a new score.

    Examples
    --------
    >>> FilledCell(row=4, student="0251", column="중간고사 (77)", before="", after="27.50").after
    '27.50'
    """

    row: int
    """Row of the file, as a spreadsheet counts."""
    student: str
    """The student's id."""
    column: str
    """Header of the column, as Canvas wrote it."""
    before: str
    """What stood there."""
    after: str
    """What stands there now."""


@dataclass(frozen=True, eq=False, repr=False)
class CanvasFill(ShortRepr):
    """What filling an export did, and to whom it did nothing.

    Examples
    --------
    >>> CanvasFill(path=Path("a.csv"), cells=(), unchanged=2, notes=("row 5: ...",), content=b"").to_frame().empty
    True
    """

    path: Path
    """The file that was written, or would be."""
    cells: tuple[FilledCell, ...]
    """Cells with a new score."""
    unchanged: int
    """Cells that held the score already."""
    notes: tuple[str, ...]
    """Whom it left out, and what a person should look at, each with its row."""
    content: bytes
    """The file's bytes."""

    def to_frame(self) -> pd.DataFrame:
        """One row per filled cell."""
        names = list(FilledCell.__dataclass_fields__)
        return pd.DataFrame([[getattr(one, name) for name in names] for one in self.cells], columns=names)


def fill_canvas(
    export: Path,
    final: FinalGrades,
    *,
    columns: Mapping[str, str],
    students: Iterable[Student] = (),
    out: Path | None = None,
    overwrite: bool = False,
    partial: bool = False,
    dry_run: bool = False,
) -> CanvasFill:
    r"""Write points into the CSV file that Canvas's gradebook exports, ready to be imported there.

    Canvas takes a column that it does not know for a new assignment, and a student that it does not
    know for a new person; a file that went through a spreadsheet has lost leading zeros. So the export
    is not parsed and written anew: the bytes of our cells are replaced, and every other byte, quotes,
    line ends, BOM and read-only columns among them, is the one that Canvas wrote. Students are found
    by ``SIS User ID``, then by ``SIS Login ID`` (the id, the e-mail address, or what stands before its @).
    Scores are rounded half up to two decimals, which is all that Canvas shows; a cell that holds that
    score already is not touched. Incomplete students are left as they are and told in the notes.

    Parameters
    ----------
    export
        The file, as Canvas gave it.
    final
        The class's final grades.
    columns
        For each name in ``final.table`` (a component, or ``total``) the column to fill: its header, its
        title without the number, or its number alone. Points are written as they are, never scaled.
    students
        The roster, for its e-mail addresses.
    out
        Where the filled file goes; in place of the export by default.
    overwrite
        Whether a score that differs from ours may be replaced.
    partial
        Whether students who stand on one side only are noted instead of refused: an export of one
        section, or people who sit in.
    dry_run
        Whether to write nothing and only say what would be filled; ``content`` holds the file.

    Raises
    ------
    FileNotFoundError
        If there is no such export.
    CanvasError
        If the file is no export, a column is not there or is read-only, a student is unknown, missing
        or there twice, another score stands there, or a value is more than the points possible.
        Nothing is written then.

    Examples
    --------
    >>> import tempfile
    >>> from types import SimpleNamespace
    >>> file = Path(tempfile.mkdtemp()) / "export.csv"
    >>> _ = file.write_bytes(
    ...     b"Student,ID,SIS User ID,SIS Login ID,Section,Midterm (77),Final Score\r\n"
    ...     b"    Points Possible,,,,,30.00,(read only)\r\n"
    ...     b'"Hong, Gildong",9,0251,gildong,S1,,\r\n'
    ... )
    >>> table = pd.DataFrame({"student": ["0251"], "midterm": [27.5], "status": ["complete"]})
    >>> evaluation = SimpleNamespace(weights={"midterm": 30.0})
    >>> final = SimpleNamespace(table=table, evaluation=evaluation)
    >>> fill_canvas(file, final, columns={"midterm": "Midterm"}).cells[0].after
    '27.50'
    >>> file.read_bytes().splitlines()[2]
    b'"Hong, Gildong",9,0251,gildong,S1,27.50,'
    """
    if not export.is_file():
        raise FileNotFoundError(f"{export} does not exist: export the gradebook in Canvas as CSV and give that file")
    sheet = Sheet(export)
    wanted = sheet.targets(columns, final.table)
    matches, problems, notes = _matched(sheet, final.table, list(students), partial=partial)
    notes += _scale_notes(sheet, wanted, final)
    edits: list[tuple[int, int, str]] = []
    cells: list[FilledCell] = []
    unchanged = 0
    for row, student in matches:
        values = final.table.loc[final.table["student"] == student].iloc[0]
        if values["status"] != "complete":
            notes.append(f"row {row.number} ({student}): incomplete, left as it is")
            continue
        for name, at in wanted.items():
            place, value = f"row {row.number} ({student}), {sheet.header[at]}", float(values[name])
            if at >= len(row.fields):
                problems.append(f"{place}: the row ends before this column")
                continue
            before = row.fields[at].value.strip()
            after = half_up(value) if math.isfinite(value) else None
            if after is None:
                problems.append(f"{place}: {name} of a complete student is {value}")
            elif before.upper() == "N/A":
                problems.append(f"{place}: N/A, so Canvas would drop the score; assign it to all there, export anew")
            elif after > sheet.possible[at]:
                problems.append(f"{place}: {after} is more than the {sheet.possible[at]} points possible there")
            elif score_of(before) == after:
                unchanged += 1
            elif before.upper() == "EX":
                problems.append(f"{place}: holds EX, ours is {after}; if it counts, end the excuse there, export anew")
            elif before not in _BLANK_SCORES and not overwrite:
                problems.append(f"{place}: holds {before}, ours is {after}; to replace it: --canvas-overwrite")
            else:
                cells.append(FilledCell(row.number, student, sheet.header[at], before, sheet.written(after)))
                edits.append((row.fields[at].start, row.fields[at].end, sheet.cell(after, row.fields[at].raw)))
    if problems:
        if any(one.endswith((" is not on the roster", f" has no row in {sheet.name}")) for one in problems):
            problems.append("to fill the others: --canvas-partial")
        raise CanvasError(f"{export.name} was not filled:\n" + "\n".join(problems))
    content = _replaced(sheet.text, edits).encode("utf-8")
    path = out or export
    if not dry_run:
        write_whole(path, content)
    return CanvasFill(path, tuple(cells), unchanged, tuple(notes), content)


def _matched(
    sheet: Sheet, table: pd.DataFrame, students: list[Student], *, partial: bool
) -> tuple[list[tuple[Record, str]], list[str], list[str]]:
    """Whose row each row is; what forbids filling; what is to be told."""
    ids = [str(one) for one in table["student"]]
    logins = _logins(ids, students)
    problems: list[str] = []
    notes: list[str] = []
    strangers = notes if partial else problems
    owners: dict[str, list[Record]] = {}
    for row in sheet.rows:
        sis, login, who = sheet.cell_of(row, "SIS User ID"), sheet.cell_of(row, "SIS Login ID"), sheet.person(row)
        if who == "Student, Test" and sis not in ids:
            notes.append(f"row {row.number}: Canvas's test student, left as it is")
            continue
        by_login = logins.get(login.casefold(), set()) or logins.get(login.casefold().partition("@")[0], set())
        found = {sis} if sis in ids else by_login
        if sis in ids and by_login and sis not in by_login:
            other = ", ".join(sorted(by_login))
            problems.append(f"row {row.number} ({who}): SIS User ID is {sis}, but SIS Login ID {login!r} is {other}'s")
        elif len(found) > 1:
            several = ", ".join(sorted(found))
            problems.append(f"row {row.number} ({who}): SIS Login ID {login!r} is that of {several}")
        elif not found:
            near = next((one for one in ids if sis and one.lstrip("0") == sis.lstrip("0")), None)
            hint = f"; {near} is on the roster: did a spreadsheet drop the zeros?" if near else ""
            strangers.append(f"row {row.number} ({who}): id {sis or login or 'none'!r} is not on the roster{hint}")
        else:
            owners.setdefault(found.pop(), []).append(row)
    for student, rows in owners.items():
        if len(rows) > 1:
            problems.append(f"rows {', '.join(str(row.number) for row in rows)}: {student} stands there several times")
    for student in ids:
        if student not in owners:
            strangers.append(f"{student} is on the roster and has no row in {sheet.name}")
    return [(rows[0], student) for student, rows in owners.items()], problems, notes


def _logins(ids: list[str], students: list[Student]) -> dict[str, set[str]]:
    """Every login that may be a student's; one that two share is nobody's."""
    known: dict[str, set[str]] = {}
    for one in ids:
        known.setdefault(one.casefold(), set()).add(one)
    for student in students:
        if student.email and student.id in ids:
            email = student.email.casefold()
            for login in {email, email.partition("@")[0]}:
                known.setdefault(login, set()).add(student.id)
    return known


def _scale_notes(sheet: Sheet, wanted: Mapping[str, int], final: FinalGrades) -> Iterator[str]:
    """Say where a full score of ours is not a full score there: it reads as a bad grade."""
    weights = {**final.evaluation.weights, "total": 100.0}
    for name, at in wanted.items():
        if name in weights and Decimal(str(weights[name])) != sheet.possible[at]:
            yield (
                f"{sheet.header[at]}: {name} counts {weights[name]:g} points here and up to {sheet.possible[at]} in "
                "Canvas; points are written as they are"
            )


def _replaced(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    parts, done = [], 0
    for start, end, new in sorted(edits):
        parts += [text[done:start], new]
        done = end
    return "".join([*parts, text[done:]])
