"""A page for one student: the total, and where each point of it comes from."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from coursekit.classroom.gradebook._rounding import half_up
from coursekit.classroom.gradebook._sheets import columns_of, criteria, title

if TYPE_CHECKING:
    from coursekit.classroom.gradebook._what_if import Needed
    from coursekit.classroom.gradebook.final import FinalGrades

_CSS = Path(__file__).parent.parent / "templates" / "summary.css"
_NOT_COUNTED = (
    "tr.out td { color: var(--soft); } tr.sum td { font-weight: 600; } td:first-child { white-space: nowrap; }"
    " td:nth-child(6) { min-width: 11rem; }"  # a source that breaks within a file's name is not found again
)


def grade_page(
    final: FinalGrades,
    student: str,
    *,
    assumed: FinalGrades | None = None,
    assumptions: Mapping[str, float] = MappingProxyType({}),
    needed: Needed | None = None,
) -> str:
    """The page as HTML; it opens without a network and without scripts."""
    row = _row(final, student)
    name = str(row["name"])
    heading = f"{name} ({student}) 성적의 근거"
    parts = [f"<h1>{_safe(heading)}</h1>", f'<p class="soft">{_safe(_summary(row))}{_safe(_team(row))}</p>']
    parts += ["<h2>평가 항목별 점수</h2>", _components(final, row)]
    if assumed is not None:
        parts += ["<h2>가정한 점수로 계산한 결과</h2>", _compared(final, row, _row(assumed, student))]
        told = ", ".join(f"{title(final, name)} {score:g}점" for name, score in assumptions.items())
        parts += [f'<p class="soft">가정한 원점수: {_safe(told)}. 성적에는 반영되지 않습니다.</p>']
    if needed is not None:
        parts += [
            "<h2>목표 총점에 필요한 점수</h2>",
            f"<p>{_safe(title(final, needed.component))}: {_safe(needed.told)}</p>",
        ]
    parts += ["<h2>점수마다의 근거</h2>", _lines(final, student)]
    rules = [[_value(one) for one in row] for row in criteria(final).itertuples(index=False)]
    parts += ["<h2>적용한 평가 기준</h2>", _table(["구분", "규칙", "값"], rules, numbers=())]
    return (
        f'<!DOCTYPE html>\n<html lang="ko"><head><meta charset="utf-8"><title>{_safe(heading)}</title>\n'
        f"<style>{_CSS.read_text(encoding='utf-8')}{_NOT_COUNTED}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _row(final: FinalGrades, student: str) -> dict[str, object]:
    return dict(final.table[final.table["student"] == student].iloc[0])


def _summary(row: dict[str, object]) -> str:
    if row["status"] == "complete":
        return f"총점 {_points(row['total'])}점 / 100점"
    low, high = _points(row["low"]), _points(row["high"])
    return f"아직 없는 점수가 있어 총점을 정할 수 없습니다. 총점은 {low}점에서 {high}점 사이가 됩니다."


def _team(row: dict[str, object]) -> str:
    return f" 팀: {row['team']}" if row["team"] else ""


def _item(final: FinalGrades, component: str, item: str) -> str:
    """A line's name as a student reads it: keys of course.yaml and our own words have Korean ones."""
    if item == "adjustment":
        return "개인별 계수"
    if item == component:
        return title(final, component)
    return next((one.title for one in final.raw.items.get(component, ()) if one.name == item and one.title), item)


def _components(final: FinalGrades, row: dict[str, object]) -> str:
    weights = final.evaluation.weights
    rows = [
        [title(final, name), _points(row[name]) or "아직 없음", f"{weights[name]:g}" if name in weights else ""]
        for name in columns_of(final.table)
    ]
    rows.append(["합계", _points(row["total"]) or "아직 없음", "100"])
    return _table(["평가 항목", "점수", "비중"], rows, numbers=(1, 2), last="sum")


def _compared(final: FinalGrades, before: dict[str, object], after: dict[str, object]) -> str:
    names = [*columns_of(final.table), "total"]
    rows = [
        [title(final, name), _points(before[name]) or "아직 없음", _points(after[name]) or "아직 없음"]
        for name in names
    ]
    return _table(["평가 항목", "지금", "가정한 경우"], rows, numbers=(1, 2), last="sum")


def _lines(final: FinalGrades, student: str) -> str:
    explained = final.explain(student)
    rows, kinds = [], []
    for one in explained.to_dict("records"):
        raw = _number(one.get("raw"))
        most = _number(one.get("maximum"))
        kinds.append("sum" if one["component"] == "total" else "" if one.get("counted") is True else "out")
        rows.append(
            [
                title(final, str(one["component"])),
                _item(final, str(one["component"]), str(one["item"])),
                f"{raw} / {most}" if raw and most else raw,
                _points(one["points"]),
                "" if one["rule"] == "합계" else str(one["rule"]),  # the row says so already
                str(one["source"]),
            ]
        )
    header = ["평가 항목", "세부 항목", "원점수 / 만점", "더해진 점수", "반영한 규칙", "출처"]
    return _table(header, rows, numbers=(2, 3), kinds=kinds)


def _table(
    header: list[str],
    rows: Iterable[list[str]],
    *,
    numbers: tuple[int, ...],
    last: str = "",
    kinds: list[str] | None = None,
) -> str:
    rows = list(rows)
    kinds = kinds or [*[""] * (len(rows) - 1), last]

    def cells(tag: str, values: list[str]) -> str:
        marks = [' class="number"' if at in numbers else "" for at in range(len(values))]
        return "".join(f"<{tag}{mark}>{_safe(one)}</{tag}>" for mark, one in zip(marks, values, strict=True))

    body = "".join(
        f'<tr class="{kind}">{cells("td", row)}</tr>' if kind else f"<tr>{cells('td', row)}</tr>"
        for kind, row in zip(kinds, rows, strict=True)
    )
    return f"<table><thead><tr>{cells('th', header)}</tr></thead><tbody>{body}</tbody></table>"


def _points(value: object) -> str:
    return str(half_up(value)) if isinstance(value, float) and math.isfinite(value) else ""


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) and not pd.isna(value) else ""


def _value(value: object) -> str:
    return _number(value) or str(value)


def _safe(text: str) -> str:
    return html.escape(text)
