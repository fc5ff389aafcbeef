"""Healthy design documents, and drafts of them that a test spoils on purpose."""

from __future__ import annotations

import datetime
import re
import shutil
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from coursekit.classroom.project.project_file import Member, ProjectFile

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent / "healthy_documents"
EXAMPLES = ROOT / "project_template" / "examples"

GOALS, METRICS = ("ID", "목표", "왜 중요한가"), ("ID", "목표", "지표", "데이터", "계산 방법", "목표값")
REQUIREMENTS = ("ID", "요구사항", "수치", "단위", "합격 기준", "담당")
BASELINES, COMPARISON = ("기초선", "지표", "값", "측정 방법"), ("모델", "지표", "값")
CHOICES, CALCULATIONS = ("결정", "선택", "이유"), ("계산", "식", "결과")
STAGES = ("단계", "비율", "기간", "통과 기준", "롤백 기준")
MONITORS, ALERTS = ("ID", "지표", "모니터", "주기"), ("ID", "모니터", "조건", "담당", "런북")
SCHEDULE = ("단계", "시작", "끝", "담당", "산출물")
CARD, TESTS = ("항목", "내용"), ("번호", "영역", "시험", "점수", "근거")


class DoesNotApply(Exception):
    """This document has no such place."""


@dataclass(frozen=True)
class Healthy:
    """A document without faults, and what lies beside it."""

    name: str
    path: Path
    members: tuple[str, ...]
    hand_in: datetime.date
    dashed: str  # prefixes of the ids that are written with a dash
    date_form: str

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def lay_out(self, folder: Path) -> Path:
        """A folder in which copies of the document find their files, sound ones and damaged ones."""
        (folder / "figures").mkdir(parents=True)
        for target in re.findall(r"\]\(([^)#\s]+)", self.text):
            source = self.path.parent / target
            if source.is_file():
                shutil.copyfile(source, folder / target)
            else:
                (folder / target).write_bytes(picture() if target.endswith(".png") else b"a,b\n1,2\n")
        whole = picture()
        damaged = {
            "sound": whole,
            "cut": whole[: len(whole) * 2 // 3],
            "begun": whole[:40],
            "zero": b"",
            "page": b"<!doctype html><html><body>404</body></html>",
            "words": "그림은 나중에".encode(),
        }
        for name, content in damaged.items():
            (folder / "figures" / f"{name}.png").write_bytes(content)
        return folder


HEALTHY = (
    Healthy(
        "er_beds",
        EXAMPLES / "er_beds_design_doc.md",
        ("김서윤", "박도현", "이하람", "정민재", "최유나"),
        datetime.date(2026, 6, 1),
        "",
        "{0:04d}-{1:02d}-{2:02d}",
    ),
    Healthy(
        "card_fraud",
        HERE / "card_fraud.md",
        ("오지훈", "한소라", "문태경", "배수진"),
        datetime.date(2026, 11, 30),
        "G M R MON AL RB",
        "{0}. {1}. {2}.",
    ),
    Healthy(
        "inspection",
        HERE / "inspection.md",
        ("강은채", "노시우", "류다인"),
        datetime.date(2026, 12, 4),
        "R",
        "{0}년 {1}월 {2}일",
    ),
)


def picture(width: int = 24, height: int = 16) -> bytes:
    """A PNG whose pixels do not compress, so that cutting it in the middle cuts pixels."""
    state, rows = 1, []
    for _ in range(height):
        row = bytearray([0])
        for _ in range(width * 3):
            state = (state * 1103515245 + 12345) % 2**31
            row.append(state >> 16 & 255)
        rows.append(bytes(row))

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def bare(heading: str) -> str:
    """A heading without marks, number, English in parentheses and blanks."""
    text = re.sub(r"^#*\s*(?:제\s*)?(?:\d+장?[.)]?\s+)?", "", heading.strip())
    return re.sub(r"\s+", "", re.sub(r"\([^)]*\)", "", text))


@dataclass
class TableRow:
    """One row of a table in a draft; what is set is written into the draft."""

    draft: Draft
    at: int  # of the line, from 0
    columns: tuple[str, ...]

    @property
    def cells(self) -> list[str]:
        return [cell.strip() for cell in self.text.strip().strip("|").split("|")]

    @property
    def text(self) -> str:
        return self.draft.lines[self.at]

    def __getitem__(self, column: str) -> str:
        return self.cells[self.columns.index(column)]

    def __setitem__(self, column: str, value: str) -> None:
        cells = self.cells
        cells[self.columns.index(column)] = value
        self.draft.lines[self.at] = self.write(cells)

    def write(self, cells: list[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    def insert_like(self, changes: Mapping[str, str]) -> str:
        """A new row under this one with the same cells but for the changes."""
        cells = [changes.get(column, cell) for column, cell in zip(self.columns, self.cells, strict=True)]
        self.draft.lines.insert(self.at + 1, self.write(cells))
        return self.draft.lines[self.at + 1]

    def delete(self) -> None:
        del self.draft.lines[self.at]


class Draft:
    """A document's lines with the ways in which teams change them."""

    def __init__(self, document: Healthy) -> None:
        self.document, self.lines = document, document.text.split("\n")
        self.members = list(document.members)  # a copy: members leave

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def project(self) -> ProjectFile:
        return ProjectFile(
            self.document.name, tuple(map(Member, self.members)), None, {"hand_in": self.document.hand_in}
        )

    # -- names ------------------------------------------------------------------------------------

    def id(self, prefix: str, number: int) -> str:
        if prefix not in self.document.dashed.split():
            return f"{prefix}{number}"
        return f"{prefix}-{number:02d}" if prefix in ("R", "AL") else f"{prefix}-{number}"

    def date(self, year: int, month: int, day: int) -> str:
        return self.document.date_form.format(year, month, day)

    # -- places -----------------------------------------------------------------------------------

    def span(self, name: str, level: int = 2) -> tuple[int, int]:
        """From a heading's line to the line of the next one of its level or above."""
        marks, wanted = "#" * level + " ", re.sub(r"\s+", "", name)
        for start, line in enumerate(self.lines):
            if line.startswith(marks) and bare(line).startswith(wanted):
                rest = range(start + 1, len(self.lines))
                above = tuple("#" * depth + " " for depth in range(1, level + 1))
                return start, next((at for at in rest if self.lines[at].startswith(above)), len(self.lines))
        raise DoesNotApply(name)

    def heading(self, name: str, level: int = 2) -> str:
        return self.lines[self.span(name, level)[0]]

    def tables(self, section: str, columns: tuple[str, ...]) -> list[list[TableRow]]:
        """The rows of each table that has these columns."""
        start, end = self.span(section)
        found, at = [], start
        while at < end:
            if self.lines[at].startswith("|"):
                header = tuple(cell.strip() for cell in self.lines[at].strip().strip("|").split("|"))
                last = at + 2
                while last < end and self.lines[last].startswith("|"):
                    last += 1
                if set(columns) <= set(header):
                    found.append([TableRow(self, row, header) for row in range(at + 2, last)])
                at = last
            at += 1
        return found

    def rows(self, section: str, columns: tuple[str, ...]) -> list[TableRow]:
        found = [row for table in self.tables(section, columns) for row in table]
        if not found:
            raise DoesNotApply(f"{section}: {columns}")
        return found

    def row(self, section: str, columns: tuple[str, ...], which: int | str) -> TableRow:
        """A row by its number or by what one of its cells begins with."""
        rows = self.rows(section, columns)
        if isinstance(which, int):
            return rows[which]
        for row in rows:
            if any(cell.startswith(which) for cell in row.cells):
                return row
        raise DoesNotApply(which)

    # -- edits ------------------------------------------------------------------------------------

    def replace(self, old: str, new: str) -> str:
        """Replace the first occurrence; give the changed line."""
        for at, line in enumerate(self.lines):
            if old in line:
                self.lines[at] = line.replace(old, new, 1)
                return self.lines[at]
        raise DoesNotApply(old)

    def append(self, section: str, *lines: str) -> str:
        """Add a paragraph at a section's end, above its subsections; give its first line."""
        start, end = self.span(section)
        at = next((at for at in range(start + 1, end) if self.lines[at].startswith("### ")), end)
        self.lines[at:at] = ["", *lines, ""]
        return lines[0]

    def fill(self, section: str, *lines: str) -> str:
        """Put these lines in place of all that stands in a section; give its heading."""
        start, end = self.span(section)
        self.lines[start + 1 : end] = ["", *lines, ""]
        return self.lines[start]

    def remove(self, name: str, level: int = 2) -> None:
        start, end = self.span(name, level)
        del self.lines[start:end]

    def remove_tables(self, section: str, columns: tuple[str, ...], *, keep_header: bool = False) -> None:
        tables = self.tables(section, columns)
        if not tables:
            raise DoesNotApply(section)
        for table in reversed(tables):
            first = table[0].at - (0 if keep_header else 2)
            del self.lines[first : table[-1].at + 1]

    def rename_column(self, section: str, columns: tuple[str, ...], old: str, new: str) -> None:
        for table in self.tables(section, columns):
            header = table[0].at - 2
            cells = [new if cell == old else cell for cell in table[0].columns]
            self.lines[header] = table[0].write(cells)

    def subsections(self, section: str, beginning: str) -> list[int]:
        start, end = self.span(section)
        return [at for at in range(start, end) if self.lines[at].startswith(f"### {beginning}")]
