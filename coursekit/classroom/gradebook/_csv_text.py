"""The grades as CSV that Excel neither damages nor executes."""

from __future__ import annotations

import csv
import io
import math
import re
from typing import TYPE_CHECKING

from coursekit.classroom.gradebook._rounding import half_up
from coursekit.classroom.gradebook._sheets import grades

if TYPE_CHECKING:
    from coursekit.classroom.gradebook.final import FinalGrades

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
            "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip
"""How a formula begins; an East Asian Excel reads the wide ones too."""
_MISREAD_ID = re.compile(r"0\d+|\d{12,}|\d+[eE]\d+|\d{1,4}[-/.]\d{1,2}([-/.]\d{1,4})?")


def csv_bytes(final: FinalGrades) -> bytes:
    """One row per student, UTF-8 with BOM."""
    frame = grades(final)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(map(_harmless, frame.columns))
    for row in frame.itertuples(index=False):
        writer.writerow([_id(row[0]), *map(_written, row[1:])])
    return text.getvalue().encode("utf-8-sig")


def _id(text: str) -> str:
    """An id as Excel must not change it: no lost zeros, no powers of ten, no dates."""
    return f'="{text}"' if _MISREAD_ID.fullmatch(text) else _harmless(text)


def _written(value: object) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else str(half_up(value))
    return _harmless("" if value is None else str(value))


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
