"""A gradebook export of Canvas: which row is whose, which column takes scores, how numbers are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

import pandas as pd

from coursekit.classroom.gradebook._canvas_text import Record, read_records

_POINTS_POSSIBLE = "Points Possible"
_READ_ONLY = "read only"
_OVERRIDE = re.compile(r"Override Score(?: \(.*\))?")
_COMMA_NUMBER = re.compile(r"-?\d+,\d{1,2}")
_WHO = ("Student", "LastName", "FirstName", "ID", "SIS User ID", "SIS Login ID", "Section")


class CanvasError(ValueError):
    """An export that cannot be filled without losing or confusing a score; the text names every row."""


class Sheet:
    """An export's rows, what its columns are, and how it writes numbers."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        try:
            self.text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            raise CanvasError(
                f"{path.name} is not UTF-8: give the file that Canvas exported, not one that a spreadsheet saved"
            ) from None
        self.delimiter, records = _header_found(self.text, path.name)
        self.header = [field.value.strip() for field in records[0].fields]
        if self.at("SIS User ID") < 0 and self.at("SIS Login ID") < 0:
            raise CanvasError(
                f"{path.name} has neither 'SIS User ID' nor 'SIS Login ID', so nobody can be found; "
                "an account that may see them has to export"
            )
        possible = next((one for one in records[1:] if _POINTS_POSSIBLE in one.fields[0].value), None)
        if possible is None:
            raise CanvasError(f"{path.name} has no row 'Points Possible': give the file as Canvas exported it")
        self.limits = [field.value.strip() for field in possible.fields]
        self.rows = [one for one in records[1:] if one is not possible and not self._is_posting(one)]
        self.possible: dict[int, Decimal] = {}
        scores = [field for one in (possible, *self.rows) for field in one.fields[self.at("Section") + 1 :]]
        self.comma = any(_COMMA_NUMBER.fullmatch(field.value.strip()) for field in scores)
        for row in self.rows:
            if any(field.value.strip() for field in row.fields[len(self.header) :]):
                raise CanvasError(
                    f"{path.name}, row {row.number}: {len(row.fields)} cells under {len(self.header)} headers; "
                    "a name with a comma and without quotes shifts its row"
                )

    def at(self, name: str) -> int:
        """Where one of Canvas's own columns stands; -1 if the export has none."""
        return self.header.index(name) if name in self.header else -1

    def cell_of(self, row: Record, name: str) -> str:
        at = self.at(name)
        return row.fields[at].value.strip() if 0 <= at < len(row.fields) else ""

    def person(self, row: Record) -> str:
        if self.at("Student") >= 0:
            return self.cell_of(row, "Student")
        return f"{self.cell_of(row, 'LastName')}, {self.cell_of(row, 'FirstName')}"

    def _is_posting(self, row: Record) -> bool:
        """A blank row, or the one that says which assignments are posted by hand."""
        values = [field.value.strip() for field in row.fields]
        return all(value == "" or value == "Muted" or value.startswith("Manual Posting") for value in values)

    def targets(self, columns: Mapping[str, str], table: pd.DataFrame) -> dict[str, int]:
        """The place of the column that each of our names fills."""
        if not columns:
            raise CanvasError("no column to fill: say which of our scores goes into which column of Canvas")
        found: dict[str, int] = {}
        points = [name for name in table.columns if name not in ("student", "name", "team", "status", "low", "high")]
        for name, asked in columns.items():
            if name not in points:
                raise CanvasError(f"the final grade has no {name!r}; it has {', '.join(points)}")
            at = self._found(asked)
            if at in found.values():
                raise CanvasError(f"{self.name}: two of our scores would go into the column {self.header[at]!r}")
            self.possible[at] = self._limit(at)
            found[name] = at
        return found

    def _found(self, asked: str) -> int:
        asked = asked.strip()
        whole = [at for at, header in enumerate(self.header) if header == asked]
        parts = [re.fullmatch(r"(.*?)\s*\((\d+)\)", header, re.DOTALL) for header in self.header]
        part = [at for at, match in enumerate(parts) if match and asked in (match[1], match[2])]
        found = whole or part
        if len(found) == 1:
            return found[0]
        fillable = [repr(self.header[at]) for at, match in enumerate(parts) if match]
        told = f"columns {', '.join(str(at + 1) for at in found)} are" if found else "no column is"
        raise CanvasError(f"{self.name}: {told} called {asked!r}; assignments there: {', '.join(fillable) or 'none'}")

    def _limit(self, at: int) -> Decimal:
        told = self.limits[at] if at < len(self.limits) else ""
        limit = score_of(told)
        if limit is not None:
            return limit
        if not told and _OVERRIDE.fullmatch(self.header[at]):
            return Decimal(100)  # a percentage, and Canvas takes it from a file
        reason = "Canvas computes it and ignores what a file says" if _READ_ONLY in told else "no points possible"
        raise CanvasError(f"{self.name}: the column {self.header[at]!r} cannot be filled ({reason})")

    def written(self, score: Decimal) -> str:
        return str(score).replace(".", ",") if self.comma else str(score)

    def cell(self, score: Decimal, before: str) -> str:
        text = self.written(score)
        return f'"{text}"' if before.strip().startswith('"') or self.delimiter in text else text


def _header_found(text: str, name: str) -> tuple[str, tuple[Record, ...]]:
    """The delimiter under which the first row is the header of an export, and the rows."""
    problem = "the first row does not begin with 'Student', 'ID' and has no 'Section'"
    for delimiter in ",;":
        try:
            records = read_records(text, delimiter)
        except ValueError as error:
            problem = str(error)
            continue
        header = [field.value.strip() for field in records[0].fields] if records else []
        named = header[:2] == ["Student", "ID"] or header[:3] == ["LastName", "FirstName", "ID"]
        if not named or "Section" not in header:
            continue
        if twice := sorted({one for one in header if one in _WHO and header.count(one) > 1}):
            raise CanvasError(f"{name}: several columns are called {', '.join(map(repr, twice))}")
        return delimiter, records
    raise CanvasError(f"{name} is no gradebook export of Canvas: {problem}")


def score_of(text: str) -> Decimal | None:
    """A number as Canvas writes it, with a decimal point or comma; None for anything else."""
    if not re.fullmatch(r"-?[\d.,]+", text):
        return None
    whole, _, decimals = text.replace(",", ".").rpartition(".")
    try:
        number = Decimal(f"{whole.replace('.', '')}.{decimals}" if whole else decimals)
        return number.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    except InvalidOperation:  # no number, or one of more digits than any score has
        return None
