"""Tables as an .xlsx file whose bytes depend on nothing but the tables."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from coursekit.classroom.gradebook._sheets import criteria, grades, provenance, statistics

if TYPE_CHECKING:
    from coursekit.classroom.gradebook.final import FinalGrades

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can tell
_HEAD = PatternFill("solid", fgColor="DCE6F1")
_MARK = PatternFill("solid", fgColor="FFF0D6")
_WIDEST = 60


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table, how many of its first columns are text whatever they look like, and which ids are marked."""

    title: str
    frame: pd.DataFrame
    text_columns: int = 0
    frozen: str = "A2"
    marked: frozenset[str] = field(default_factory=frozenset)


def final_workbook(final: FinalGrades) -> bytes:
    """The final grade, its provenance, its rules and its statistics."""
    marked = final.table.loc[final.table["status"] != "complete", "student"].astype(str)
    return workbook_bytes(
        [
            Sheet("성적", grades(final), text_columns=1, frozen="C2", marked=frozenset(marked)),
            Sheet("근거", provenance(final), text_columns=1, frozen="C2"),
            Sheet("평가 기준", criteria(final)),
            Sheet("통계", statistics(final)),
        ]
    )


def workbook_bytes(sheets: Sequence[Sheet]) -> bytes:
    """The workbook of some tables."""
    book = Workbook()
    book.remove(book.active)
    for one in sheets:
        _fill(book.create_sheet(one.title), one)
    raw = io.BytesIO()
    book.save(raw)
    return _timeless(raw.getvalue())


def _fill(sheet: Worksheet, one: Sheet) -> None:
    for column, name in enumerate(one.frame.columns, start=1):
        cell = sheet.cell(1, column)
        _put(cell, str(name))
        cell.font, cell.fill = Font(bold=True), _HEAD
        cell.alignment = Alignment(vertical="top", wrap_text=True)
    for number, values in enumerate(one.frame.itertuples(index=False), start=2):
        for column, value in enumerate(values, start=1):
            cell = sheet.cell(number, column)
            _put(cell, str(value) if column <= one.text_columns else value)
            if values[0] in one.marked:
                cell.fill = _MARK
    for column, name in enumerate(one.frame.columns, start=1):
        texts = [str(name), *map(_shown, one.frame.iloc[:, column - 1])]
        sheet.column_dimensions[get_column_letter(column)].width = min(max(map(_width, texts)) + 2, _WIDEST)
    sheet.freeze_panes = one.frozen
    if len(one.frame.columns):
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(one.frame.columns))}{max(1, len(one.frame)) + 1}"


def _put(cell: Cell, value: object) -> None:
    """Numbers as numbers; text as text that no spreadsheet ever reads as a formula, a number or a date."""
    if value is None or value is pd.NA or value != value:
        return
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool | str) or not isinstance(value, int | float):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", str(value))
        cell.data_type = "s"
        cell.number_format = "@"
        cell.quotePrefix = True  # or the text becomes a formula as soon as somebody edits the cell
    else:
        cell.value = value
        cell.number_format = "0" if isinstance(value, int) else "0.00"


def _shown(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _width(text: str) -> int:
    """Columns of a monospaced line; a Hangul syllable takes two."""
    return max(
        (sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line) for line in text.splitlines()),
        default=0,
    )


def _timeless(raw: bytes) -> bytes:
    """The same zip without the time of its writing."""
    whole = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"1980-01-01T00:00:00Z", content)
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0
            new.writestr(entry, content)
    return whole.getvalue()
