"""CSV files that people write, with every faulty row told."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from coursekit.classroom.roster import COLUMNS, RosterError, as_id, csv_rows

NAMES: Mapping[str, tuple[str, ...]] = {
    "student": ("student", *COLUMNS["id"]),
    "score": ("score", "점수", "득점"),
    "item": ("item", "date", "항목", "날짜", "일자"),
    "reason": ("reason", "사유", "이유", "note", "의견"),
    "grader": ("grader", "채점자", "채점"),
    "factor": ("factor", "계수", "조정계수", "배율"),
    "component": ("component", "평가항목"),
    "team": ("team", "팀", "조", "팀명"),
    "criterion": ("criterion", "criteria", "항목", "기준", "평가항목"),
    "maximum": ("maximum", "max", "만점", "배점"),
    "points": ("points", "score", "점수", "가산점"),
}
"""How columns may be called, blanks and case aside."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_DATE = re.compile(r"(\d{4})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})\D{0,2}")


@dataclass
class Told:
    """Everything wrong in the files of a class, collected while they are read."""

    problems: list[str] = field(default_factory=list)
    """What stops the grades."""
    warnings: list[str] = field(default_factory=list)
    """What a person should look at."""
    undated: list[str] = field(default_factory=list)
    """Assignments of the gradebook without a due date."""

    def repeated(self, file: str, seen: Mapping[Any, Sequence[int]], shown: str) -> None:
        """Name the rows that give the same thing twice."""
        for key, numbers in seen.items():
            if len(numbers) > 1:
                what = " ".join(map(str, key)) if isinstance(key, tuple) else str(key)
                rows = ", ".join(map(str, numbers))
                self.problems.append(f"{file} rows {rows}: {shown} {what} stands there {len(numbers)} times")


@dataclass(frozen=True)
class Row:
    """A row by column."""

    number: int
    """Its number in the file, from 1."""
    cells: Mapping[str, str]
    """Its cells by column; other columns by their own header."""


@dataclass(frozen=True)
class Table:
    """A CSV file whose columns are understood."""

    file: str
    """Its name, as course.yaml has it."""
    header: tuple[str, ...]
    """Its columns as they were written."""
    rows: tuple[Row, ...]
    """Its rows, without empty ones."""
    found: frozenset[str]
    """Which of the columns that were asked for it has."""

    def source(self, row: Row) -> str:
        """Where a row stands."""
        return f"{self.file}:{row.number}"


def read_table(
    root: Path, file: str, needed: Sequence[str], told: Told, *, optional: Sequence[str] = ()
) -> Table | None:
    """Read a file; None if it does not exist (no problem) or cannot be read (told)."""
    path = root / file
    if not path.exists():
        return None
    try:
        rows = csv_rows(path)
    except RosterError as error:
        told.problems.append(f"{file}: {error}")
        return None
    except OSError as error:
        told.problems.append(f"{file}: cannot be read: {error.strerror}")
        return None
    first = next((number for number, row in enumerate(rows) if any(row)), None)
    if first is None:
        told.problems.append(f"{file} is empty: write its header, {', '.join(needed)}")
        return None
    header = [re.sub(r"\s+", "", cell).casefold() for cell in rows[first]]
    at: dict[str, int] = {}
    for column in (*needed, *optional):
        place = next(
            (header.index(one) for one in NAMES[column] if one in header and header.index(one) not in at.values()), None
        )
        if place is not None:
            at[column] = place
    for column, place in at.items():
        if header.count(header[place]) > 1:
            told.problems.append(
                f"{file} row {first + 1}: two columns {rows[first][place]}: keep the {column} that counts"
            )
    lacking = [column for column in needed if column not in at]
    if lacking:
        told.problems.extend(
            f"{file} row {first + 1}: no column {' or '.join(NAMES[column][:1] + NAMES[column][-2:])}; "
            f"its columns are {', '.join(filter(None, rows[first]))}"
            for column in lacking
        )
        return None
    names = {place: column for column, place in at.items()}
    found = []
    for number, row in enumerate(rows[first + 1 :], start=first + 2):
        if any(row):
            cells = {
                names.get(place, f"{place}"): row[place] if place < len(row) else "" for place in range(len(header))
            }
            found.append(Row(number, cells))
            if any(row[len(header) :]):
                told.problems.append(f"{file} row {number}: has more cells than the header has columns")
    if not found:
        told.warnings.append(f"{file} has a header and no rows")
    return Table(file, tuple(rows[first]), tuple(found), frozenset(at))


def rows_of_students(table: Table, students: Mapping[str, str], told: Told) -> Iterator[tuple[Row, str]]:
    """Rows whose student is on the roster, with the id; the others are told."""
    for row in table.rows:
        student = known_student(table, row, students, told)
        if student is not None:
            yield row, student


def known_student(table: Table, row: Row, students: Mapping[str, str], told: Told) -> str | None:
    """The row's student, if on the roster."""
    student = as_id(row.cells["student"])
    if student in students:
        return student
    if not student:
        told.problems.append(f"{table.file} row {row.number}: no student")
        return None
    bare = [one for one in students if one.lstrip("0") == student.lstrip("0")]
    hint = f" (is it {bare[0]}, its leading zeros lost in Excel?)" if len(bare) == 1 else ""
    told.problems.append(f"{table.file} row {row.number}: student {student} is not on the roster{hint}")
    return None


def number(
    table: Table, row: Row, column: str, told: Told, *, most: Fraction | None = None, of: str = ""
) -> Fraction | None:
    """A number from 0 to the most; anything else is told. An empty cell is None and no problem."""
    cell = row.cells[column]
    if not cell:
        return None
    what = f"{table.file} row {row.number}{f' ({of})' if of else ''}"
    if not _NUMBER.fullmatch(cell):
        told.problems.append(f"{what}: {column} {cell!r} is no number")
        return None
    value = Fraction(cell)
    if value < 0:
        told.problems.append(f"{what}: {column} {cell} is below 0")
        return None
    if most is not None and value > most:
        told.problems.append(f"{what}: {column} {cell} is over its maximum of {float(most):g}")
        return None
    return value


def as_date(text: str) -> str:
    """A date in the form 2025-09-01, however it is written; any other text unchanged."""
    found = _DATE.fullmatch(text)
    return "{}-{:0>2}-{:0>2}".format(*found.groups()) if found else text


def grouped(pairs: Iterator[tuple[Hashable, int]]) -> dict[Hashable, list[int]]:
    """Row numbers by what the rows are about."""
    seen: dict[Hashable, list[int]] = defaultdict(list)
    for key, at in pairs:
        seen[key].append(at)
    return seen
