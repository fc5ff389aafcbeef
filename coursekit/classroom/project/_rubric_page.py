"""A rubric as the page that teams and graders read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coursekit.classroom.project.rubrics import Rubric


def rubric_page(rubric: Rubric) -> Iterator[str]:
    """The lines of the page, in Markdown."""
    weight = "" if rubric.counts is None else f" 최종 성적에서 {rubric.counts:g}점을 차지합니다."
    yield from (f"# {rubric.title}", "")
    yield f"기준은 {len(rubric.criteria)}가지, 만점은 {rubric.total:g}점입니다.{weight}"
    if rubric.notes:
        yield ""
        yield from (f"- {note}" for note in rubric.notes)
    if rubric.rules:
        yield from ("", f"모든 기준에서 참고할 자동 점검: {_names(rubric.rules)}")
    yield from ("", "| 번호 | 기준 | 배점 | 보는 곳 |", "|---|---|---|---|")
    for number, one in enumerate(rubric.criteria, start=1):
        yield f"| {number} | {_cell(one.title)} | {one.points:g} | {_cell(', '.join(one.sections)) or '전체'} |"
    for number, one in enumerate(rubric.criteria, start=1):
        yield from ("", f"## {number}. {one.title} ({one.points:g}점)", "", one.question, "")
        yield from ("| 수준 | 점수 | 이런 모습입니다 |", "|---|---|---|")
        for level in one.levels:
            yield f"| {_cell(level.name)} | {one.points_of(level):g} | {_cell(level.descriptor)} |"
        yield from ("", f"점수 파일에 쓰는 이름: `{one.id}`")
        if one.rules:
            yield from ("", f"참고할 자동 점검: {_names(one.rules)}")


def _names(rules: Sequence[str]) -> str:
    return ", ".join(f"`{rule}`" for rule in rules)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
