"""Runbooks: where a document describes them, and which of them an alert names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coursekit.classroom.project.documents import Block, Document, Place, Section, as_table, plain_name
from coursekit.classroom.project.rules._cells import given, ids_in, normal_id, placeholder, plain
from coursekit.classroom.project.rules._tables import Record, kind_of

_TITLE = re.compile(
    r"(?:(?:런북|runbook)\s*)?(RB)[\s\-_]*0*(\d{1,3})(?!\d)|(?:런북|runbook)\s*0*(\d{1,3})(?!\d)", re.IGNORECASE
)
_NAMED = re.compile(r"(?:런북|runbook)\s*0*(\d{1,3})(?!\d)", re.IGNORECASE)


@dataclass
class Runbook:
    """A runbook: its id, its heading, and how much is said under it."""

    id: str
    title: str
    place: Place
    length: int = 0


def runbooks_in(document: Document) -> list[Runbook]:
    """Subsections, bold paragraphs or rows of a table that describe a runbook."""
    found_ones: list[Runbook] = []
    for at, section in enumerate(document.sections):
        match = _TITLE.match(plain(section.name))
        if match and section.level >= 2:
            below = [section]
            for one in document.sections[at + 1 :]:
                if one.level <= section.level:
                    break
                below.append(one)
            length = sum(_length(block) for one in below for block in one.blocks)
            found_ones.append(Runbook(_title_id(match), plain(section.name), section.place, length))
            found_ones += [one for one in _bold(section) if one.id != _title_id(match)]
            continue
        current: Runbook | None = None
        for block in section.blocks:
            match = _TITLE.match(plain(block.text)) if block.kind in ("paragraph", "item") else None
            # only a line that begins with the id is a title; "RB1에 따라 ..." is a sentence
            if match and re.match(r"\s*([.:\-(]|$)", plain(block.text)[match.end() :]):
                rest = plain(block.text)[match.end() :]
                current = Runbook(_title_id(match), plain(block.text), block.place, len(rest))
                found_ones.append(current)
            elif current is not None:
                current.length += _length(block)
            if block.kind == "table" and block.rows and kind_of(as_table(block)) is None:
                rows = zip(block.rows[1:], block.row_places[1:], strict=True)
                found_ones += [
                    Runbook(normal_id(row[0]), plain(" ".join(row[1:2])), place, len(" ".join(row[1:])))
                    for row, place in rows
                    if row
                    and re.fullmatch(r"RB\d+", normal_id(row[0]))
                    and "런북" in section.title + "".join(block.rows[0])
                ]
    return found_ones


def _bold(section: Section) -> list[Runbook]:
    """Runbooks whose title is a line of text instead of a heading, below another runbook's heading."""
    found_ones: list[Runbook] = []
    for block in section.blocks:
        match = _TITLE.match(plain(block.text)) if block.kind == "paragraph" else None
        rest = plain(block.text)[match.end() :] if match else ""
        if match and re.match(r"\s*([.:\-(]|$)", rest):
            found_ones.append(Runbook(_title_id(match), plain(block.text), block.place, len(rest)))
        elif found_ones:
            found_ones[-1].length += _length(block)
    return found_ones


def runbooks_of(alert: Record, runbooks: Sequence[Runbook]) -> list[str]:
    text = alert.get("런북")
    prefixes = {"RB", *(match.group() for one in runbooks if (match := re.match(r"[A-Z]+", one.id)))}
    named = ids_in(text, prefixes) or [f"RB{int(number)}" for number in _NAMED.findall(plain(text))]
    if named or not given(text):
        return named
    wanted = plain_name(text)
    return [
        one.id for one in runbooks if wanted and wanted in (plain_name(one.title), one.title and _after_id(one.title))
    ]


def _after_id(title: str) -> str:
    return plain_name(_TITLE.sub("", plain(title)).strip(" .:-"))


def _title_id(match: re.Match[str]) -> str:
    return f"RB{int(match.group(2) or match.group(3))}"


def _length(block: Block) -> int:
    return 0 if block.kind == "guidance" or placeholder(block.text) else len(plain(block.text))
