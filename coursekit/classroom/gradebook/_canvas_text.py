"""CSV whose every character has its place: cells are read without losing how they were written."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Field:
    """One cell: where it stands in the text, as it was written, and what it says."""

    start: int
    end: int
    raw: str

    @property
    def value(self) -> str:
        """The cell without its quotes."""
        return self.raw[1:-1].replace('""', '"') if self.raw.startswith('"') else self.raw


@dataclass(frozen=True)
class Record:
    """One row; rows are counted as a spreadsheet does, whatever line ends stand inside of quotes."""

    number: int
    fields: tuple[Field, ...]


def read_records(text: str, delimiter: str) -> tuple[Record, ...]:
    r"""Cut a text into rows and cells; ValueError names the row whose quotes are wrong.

    >>> [[field.value for field in row.fields] for row in read_records('a,"b, ""c"" "\r\n1,', ",")]
    [['a', 'b, "c" '], ['1', '']]
    """
    cell = re.compile(rf'"(?:[^"]|"")*"|[^{re.escape(delimiter)}"\r\n]*')
    at = 1 if text.startswith("\ufeff") else 0
    records: list[Record] = []
    while at < len(text):
        fields: list[Field] = []
        number = len(records) + 1
        while True:
            match = cell.match(text, at)
            assert match is not None  # the empty cell always matches
            fields.append(Field(match.start(), match.end(), match[0]))
            at = match.end()
            if text[at : at + 1] != delimiter:
                break
            at += 1
        end = _LINE_END.match(text, at)
        if end is None and at < len(text):
            wrong = "text after the quotes" if text[at - 1] == '"' else "quotes in the middle"
            wrong = "quotes that do not end" if text[at] == '"' and not fields[-1].raw else wrong
            raise ValueError(f"row {number}: {wrong} of cell {len(fields)}")
        at = end.end() if end else at
        records.append(Record(number, tuple(fields)))
    return tuple(records)
