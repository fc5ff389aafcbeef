"""An inspection on a terminal: what decides first, what explains after it."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from coursekit.classroom.inspection import HandInFile, Inspection
from coursekit.classroom.settings import TIMEZONE

if TYPE_CHECKING:
    from rich.console import RenderableType

_MEBI = 1 << 20
_COLOURS = {"graded": "green", "partly": "yellow", "failed": "red", "missing": "dim"}


def show(inspection: Inspection, console: Console) -> None:
    """Print all of it."""
    one = inspection
    head = Text(f"{_safe(one.name)} ({one.student}), {one.assignment}: ")
    head.append(one.status, style=_COLOURS.get(one.status, ""))
    if one.status != "missing":
        head.append(f", {one.score:g} / {one.max_score:g} points")
        head.append(f", {one.late_penalty:g} off for lateness" if one.late_penalty else "")
    console.print(head)
    console.print(_pairs([("why", one.reason), ("student reads", one.message), *_each("changed", one.changed)]))
    _section(console, "Hand-in", _pairs(_hand_in(one)))
    if one.cells:
        _section(console, "Points", _points(one))
    if one.held:
        _section(console, f"Waiting for `coursekit class publish {one.assignment}`", _differences(one))
    if one.audit:
        _section(console, "Audit", _pairs(_audit(one, one.audit)))
    _section(console, f"Where, from {one.course}", _pairs(_places(one)))


def _section(console: Console, title: str, content: RenderableType) -> None:
    if isinstance(content, Table) and not content.row_count:
        return
    console.print()
    console.print(Text(title, style="bold"))
    console.print(content)


def _pairs(rows: Iterable[tuple[str, str]]) -> Table:
    """Names and values in two columns; a name stands once, empty values do not stand at all."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    before = None
    for name, value in rows:
        if value:
            table.add_row(Text(f"  {name if name != before else ''}", style="dim"), Text(_safe(value)))
            before = name
    return table


def _each(name: str, values: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, value) for value in values]


def _hand_in(one: Inspection) -> list[tuple[str, str]]:
    rows = [("handed in", f"{one.handed_in_at} {TIMEZONE}" if one.handed_in_at else "")]
    rows.append(("due", f"{one.due_at} {TIMEZONE}" if one.due_at else ""))
    if one.imported:
        rows.append(("imported", f"{one.imported.get('file', '')} of {one.imported.get('archive', '')}"))
    rows += _each("odd", one.flags)
    rows += _each("file", map(_described, one.files))
    for before in one.earlier:
        rows += _each(f"earlier {before.number}", [before.handed_in_at, *map(_described, before.files)])
    return rows


def _described(file: HandInFile) -> str:
    if file.kind != "file":
        return f"{file.name}: {file.kind}"
    return f"{file.name}: {file.size:,} bytes, sha256 {file.sha256[:16]}"


def _points(one: Inspection) -> Table:
    table = Table()
    table.add_column("cell", overflow="fold")
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("graded")
    table.add_column("the student reads", overflow="fold")
    for row in one.cells:
        won = "-" if row.points is None else f"{row.points:g}"
        style = "" if row.points is None or row.points >= row.max_points else "yellow"
        points = Text(f"{won} / {row.max_points:g}", style=style)
        table.add_row(Text(_safe(row.cell)), points, row.graded, Text(_safe(row.message)))
    return table


def _differences(one: Inspection) -> RenderableType:
    if not one.differences:
        return Text("  a result that changes no points")
    table = Table()
    table.add_column("cell", overflow="fold")
    for name in ("before", "after", "change"):
        table.add_column(name, justify="right")
    for row in one.differences:
        table.add_row(Text(_safe(row.cell)), f"{row.before:g}", f"{row.after:g}", f"{row.change:+g}")
    return table


def _audit(one: Inspection, audit: Mapping[str, Any]) -> list[tuple[str, str]]:
    limits, memory, cpu = audit.get("limits") or {}, audit.get("memory_bytes"), audit.get("cpu_seconds")
    used = ([f"{one.seconds:g} s"] if one.seconds else []) + ([f"{cpu:g} s of CPU"] if cpu is not None else [])
    used += [f"{memory / _MEBI:.0f} MiB"] if memory else []
    bounds = [f"{limits['cell_seconds']:g} s a cell"] if "cell_seconds" in limits else []
    bounds += [f"{limits['notebook_seconds']:g} s in all"] if "notebook_seconds" in limits else []
    bounds += [f"{limits['memory'] / _MEBI:.0f} MiB"] if "memory" in limits else []
    versions = audit.get("versions") or {}
    digests = one.digests or {}
    judged = "in a process of their own" if audit.get("judged") else "beside the answers"
    return [
        ("graded at", one.graded_at),
        ("engine", str(audit.get("engine", ""))),
        ("sandbox", str(audit.get("sandbox", ""))),
        ("checks", judged if "judged" in audit else ""),
        ("used", ", ".join(used)),
        ("limits", ", ".join(bounds)),
        *_each("limit hit", map(str, audit.get("limits_hit") or [])),
        *_each("broken check", map(str, audit.get("broken") or [])),
        ("seed", str(audit.get("seed", ""))),
        ("host", str(audit.get("host") or "")),
        ("note", str(audit.get("note") or "")),
        ("system", str(versions.get("system", ""))),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions.items() if name != "system")),
        *((f"{name} sha256", digest[:16]) for name, digest in digests.items()),
    ]


def _places(one: Inspection) -> list[tuple[str, str]]:
    """Paths from the course directory, so that none breaks at the end of a line."""
    rows = [(name, place.removeprefix(f"{one.course}{os.sep}")) for name, place in (one.places or {}).items()]
    return [
        (name, f"{place} of `jupyter lab`, started there" if name == "formgrader" else place) for name, place in rows
    ]


def _safe(text: str) -> str:
    """Text of a student's that moves no cursor and turns no line around."""
    return "".join(
        char if char == "\n" or not unicodedata.category(char).startswith("C") else f"\\u{ord(char):04x}"
        for char in text
    )
