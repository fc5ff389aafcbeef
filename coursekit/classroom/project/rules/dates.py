"""Dates: in the calendar, in order, before the hand-in, and with somebody who keeps them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from coursekit.classroom.project._front import front_entries
from coursekit.classroom.project.documents import Block, Document, Place, Row, Table, as_table, plain_name
from coursekit.classroom.project.findings import Finding, Rule, found
from coursekit.classroom.project.project_file import ProjectFile
from coursekit.classroom.project.rules._cells import given, placeholder
from coursekit.classroom.project.rules._outline import part

RULES = (
    Rule(
        "date-invalid",
        "달력에 없거나 읽을 수 없는 날짜입니다",
        "2월 30일에 끝나는 일은 끝나지 않습니다. 읽는 사람마다 다른 날로 고쳐 읽고, 어긋난 것은 그날이 되어서야 "
        "드러납니다.",
        "2026-09-01처럼 연-월-일로 씁니다. 2026. 9. 1.과 2026년 9월 1일도 읽습니다.",
    ),
    Rule(
        "dates-out-of-order",
        "날짜의 앞뒤가 바뀌었습니다",
        "끝이 시작보다 앞서는 일정은 옮겨 적다 틀렸거나 아무도 다시 보지 않은 일정입니다. 이런 표에서는 다른 날짜도 "
        "믿을 수 없습니다.",
        "| 기초선 | 2026-09-22 | 2026-10-06 | 김하늘 | 기초선의 값 | — 끝은 시작과 같거나 뒤이고, 최종 수정은 "
        "작성일과 같거나 뒤입니다.",
    ),
    Rule(
        "date-after-deadline",
        "문서를 내는 날보다 늦은 날짜입니다",
        "마감 뒤에 끝나는 단계는 제출물에 들어가지 못합니다. 지금 알면 범위를 줄일 수 있고, 마감 주에 알면 줄일 것을 "
        "고를 수 없습니다.",
        "모든 단계가 project.yaml의 hand_in까지 끝나고, 늦게 끝날 단계는 범위에서 빼거나 앞당깁니다.",
    ),
    Rule(
        "schedule-missing",
        "날짜가 있는 일정이 없습니다",
        "날짜가 없는 계획은 늦어졌는지 알 수 없습니다. 단계가 셋은 있어야 중간에 늦은 것을 보고 나머지를 고칠 수 "
        "있습니다.",
        "| 단계 | 시작 | 끝 | 담당 | 산출물 | 표에 시작과 끝이 적힌 단계 셋 이상",
    ),
    Rule(
        "stage-without-owner",
        "일정의 단계에 담당이 없습니다",
        "모두의 일은 아무의 일도 아닙니다. 담당은 혼자 다 하는 사람이 아니라 늦어질 때 먼저 말하는 사람입니다.",
        "| 배포 | 2026-11-03 | 2026-11-17 | 이서준 | 카나리 배포의 기록 |",
    ),
)
"""The rules of this module."""

_FULL = re.compile(
    r"(?<![\d.\-/])(?P<y>(?:19|20)\d\d|2\d(?=[./-]\s?\d{1,2}[./-]\s?\d{1,2}(?![\d/])))(?:"
    r"-(?P<m1>\d{1,2})-(?P<d1>\d{1,2})(?![\d-])"
    r"|\s*년\s*(?P<m2>\d{1,2})\s*월\s*(?P<d2>\d{1,2})\s*일"
    r"|\.\s?(?P<m3>\d{1,2})\.\s?(?P<d3>\d{1,2})(?![\d])\.?"
    r"|/(?P<m4>\d{1,2})/(?P<d4>\d{1,2})(?![\d/]))"
)
_SHORT = re.compile(r"(?<![\d./년-])(?:(\d{1,2})\s*월\s*(\d{1,2})\s*일|(\d{1,2})\s?[/.]\s?(\d{1,2})(?![\d/%])\.?)")
_WEEK = re.compile(r"(\d{1,2})\s*주\s*차?")
_RANGE = re.compile(r"\s*(?:\([월화수목금토일]\)\s*)?(?:~|–|—|∼|〜|부터|에서|-)\s*")
_STAGES = ("단계", "작업", "할일", "마일스톤", "phase", "stage", "task", "milestone")
_STARTS = ("시작", "시작일", "시작날짜", "start")
_ENDS = ("끝", "종료", "종료일", "끝나는날", "마감", "마감일", "완료", "완료일", "end", "due")
_OWNERS = ("담당", "담당자", "책임자", "책임", "owner")
_AFTER_HAND_IN = re.compile(r"발표|시연|회고|채점|운영|데모|제출\s*(뒤|후|이후)|종강|졸업")


@dataclass(frozen=True)
class Day:
    """A date as written; ``value`` is None where the calendar has no such day."""

    text: str
    """As written."""
    value: datetime.date | None
    """The day."""
    start: int = 0
    """Its first character."""
    end: int = 0
    """The character after it."""
    sure: bool = True
    """Whether its year is written."""


def check(document: Document, project: ProjectFile | None) -> Iterator[Finding]:
    r"""Check the dates of a document.

    A schedule is the part of a design that everybody outside of the team reads, and the first that is copied
    without being looked at.

    Parameters
    ----------
    document
        The document.
    project
        The team's dates; without ``hand_in`` there is no deadline to compare with.

    Yields
    ------
    Finding
        One per date, row or missing table.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from coursekit.classroom.project.documents import read_document
    >>> path = Path(tempfile.mkdtemp()) / "doc.md"
    >>> _ = path.write_text("# 병상\n\n## 1. 개요\n\n2026-02-30에 시작한다.\n", encoding="utf-8")
    >>> [finding.rule.id for finding in check(read_document(path), None)]
    ['date-invalid', 'schedule-missing']
    """
    for section in document.sections:
        for block in section.blocks:
            yield from _anywhere(block)
    yield from _head(document, project)
    yield from _schedules(document, project)


def days_in(text: str) -> list[Day]:
    """Find the dates with a year in a text.

    Dates are written in four ways in Korea, and 2026.9.1 may be a version; without blanks it is only
    taken for a date where the calendar has it.

    Parameters
    ----------
    text
        As written.

    Examples
    --------
    >>> [day.value.isoformat() for day in days_in("2026-09-01, 2026. 9. 2., 2026년 9월 3일, 2026/9/4")]
    ['2026-09-01', '2026-09-02', '2026-09-03', '2026-09-04']
    >>> [day.value for day in days_in("2026-02-30, 2026.13.1")]
    [None]
    """
    days = []
    for match in _FULL.finditer(text):
        groups = match.groupdict()
        kind = next(number for number in "1234" if groups[f"m{number}"] is not None)
        value = _day(
            int(groups["y"]) % 2000 + 2000 if len(groups["y"]) == 2 else int(groups["y"]),
            int(groups[f"m{kind}"]),
            int(groups[f"d{kind}"]),
        )
        version = kind == "3" and not re.search(r"\.\s", match.group()) and value is None
        if not version:
            days.append(Day(match.group().strip(), value, match.start(), match.end()))
    return days


def _day(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _anywhere(block: Block) -> Iterator[Finding]:
    """Dates with a year are dates wherever they stand; code and guidance aside."""
    if block.kind in ("code", "guidance"):
        return
    if block.kind == "table":
        places = zip(block.rows, block.row_places, strict=True)
        texts = [(cell, place) for row, place in places for cell in row]
    else:
        texts = [(block.text, block.place)]
    for text, place in texts:
        days = days_in(text)
        for day in days:
            if day.value is None:
                yield found("date-invalid", place, f"‘{day.text}’: 달력에 없는 날입니다.")
        for first, second in pairwise(days):
            between = text[first.end : second.start]
            if first.value and second.value and _RANGE.fullmatch(between) and second.value < first.value:
                message = f"‘{text[first.start : second.end].strip()}’: 끝이 시작보다 앞섭니다."
                yield found("dates-out-of-order", place, message)


def _head(document: Document, project: ProjectFile | None) -> Iterator[Finding]:
    written = _head_day(document, "작성일")
    changed = _head_day(document, "최종 수정")
    if written and changed and written[0] and changed[0] and changed[0] < written[0]:
        message = f"최종 수정({changed[0]})이 작성일({written[0]})보다 앞섭니다."
        yield found("dates-out-of-order", changed[1], message)
    hand_in = _hand_in(project)
    for name, at in (("작성일", written), ("최종 수정", changed)):
        if hand_in and at and at[0] and at[0] > hand_in:
            yield found("date-after-deadline", at[1], f"{name}({at[0]})이 제출일({hand_in})보다 늦습니다.")
        if at is not None and at[0] is None:
            yield found("date-invalid", at[1], f"{name} ‘{document.head[plain_name(name)]}’: 날짜로 읽을 수 없습니다.")


def _head_day(document: Document, name: str) -> tuple[datetime.date | None, Place] | None:
    """A date of the head table with its place; None where the cell is empty, a placeholder or already told of."""
    text, place = front_entries(document.front).get(plain_name(name), ("", Place(document.path.name, None, "")))
    if not given(text):
        return None
    days = days_in(text)
    if days and days[-1].value is None:
        return None
    return (days[-1].value if days else None), place


def _hand_in(project: ProjectFile | None) -> datetime.date | None:
    return project.milestones.get("hand_in") if project is not None else None


def _schedules(document: Document, project: ProjectFile | None) -> Iterator[Finding]:
    home = part(document, "일정과 역할")
    year = _usual_year(document, project)
    dated, stages, where = 0, 0, home.place if home is not None else Place(document.path.name, None, "")
    for section in document.sections:
        for block in section.blocks:
            if block.kind != "table" or not block.rows:
                continue
            table = as_table(block)
            names = {plain_name(column): column for column in table.columns}
            columns = _columns(table, names)
            if columns is None:
                continue
            start, end = columns
            called = next(names[one] for one in _STAGES if one in names)
            owner = next((names[one] for one in _OWNERS if one in names), None)
            where = table.place
            stages += len(table.rows)
            if owner is None:
                yield found("stage-without-owner", table.place, "일정의 표에 담당 열이 없습니다.")
            for row in table.rows:
                stage = row.cells[called] or "이름 없음"
                first = _cell_day(row.cells[start], year, project)
                last = _cell_day(row.cells[end], year, project, last=True)
                dated += bool(first and first.value) or bool(last and last.value)
                yield from _stage(row, stage, (start, first), (end, last), project)
                if owner is not None and _nobody(row.cells[owner]):
                    yield found("stage-without-owner", row.place, f"‘{stage}’ 단계에 담당이 없습니다.")
    if dated < 3:
        told = f"단계는 {stages}개, 그중 날짜가 있는 것은 {dated}개입니다." if stages else "표가 없습니다."
        yield found("schedule-missing", where, f"날짜가 있는 단계가 셋 이상인 일정의 표가 있어야 합니다. {told}")


def _columns(table: Table, names: dict[str, str]) -> tuple[str, str] | None:
    """The columns of start and end, if the table is a schedule; one column may hold both: 2026-09-01 ~ 2026-09-14."""
    if not any(one in names for one in _STAGES):
        return None
    start = next((names[one] for one in _STARTS if one in names), None)
    end = next((names[one] for one in _ENDS if one in names), None)
    if start is not None and end is not None:
        return start, end
    both = next((names[one] for one in ("기간", "일정", "날짜") if one in names), None)
    if both is not None and any(days_in(row.cells[both]) for row in table.rows):
        return both, both
    return None


def _nobody(text: str) -> bool:
    return not given(text) and placeholder(text) is None


def _stage(
    row: Row, stage: str, start: tuple[str, Day | None], end: tuple[str, Day | None], project: ProjectFile | None
) -> Iterator[Finding]:
    (start_name, first), (end_name, last) = start, end
    for name, day in dict((start, end)).items():
        text = row.cells[name]
        if day is None and _nobody(text):
            yield found("date-invalid", row.place, f"‘{stage}’ 단계의 {name} 칸에 날짜가 없습니다.")
        elif day is None and given(text):
            yield found("date-invalid", row.place, f"‘{stage}’ 단계의 {name} ‘{text}’: 날짜로 읽을 수 없습니다.")
        elif day is not None and day.value is None and not days_in(text):  # with a year it was told of above
            yield found("date-invalid", row.place, f"‘{stage}’ 단계의 {name} ‘{text}’: 달력에 없는 날입니다.")
    if start_name != end_name and first and last and first.value and last.value and last.value < first.value:
        over_new_year = not (first.sure and last.sure) and (first.value - last.value).days > 180
        if not over_new_year:
            message = f"‘{stage}’ 단계의 {end_name}({last.value})이 {start_name}({first.value})보다 앞섭니다."
            yield found("dates-out-of-order", row.place, message)
    hand_in = _hand_in(project)
    if hand_in is None or _AFTER_HAND_IN.search(stage):
        return
    for name, day in ((end_name, last), (start_name, first)):
        if day and day.value and day.sure and day.value > hand_in:
            message = f"‘{stage}’ 단계의 {name}({day.value})이 제출일({hand_in})보다 늦습니다."
            yield found("date-after-deadline", row.place, message)
            return


def _cell_day(text: str, year: int | None, project: ProjectFile | None, *, last: bool = False) -> Day | None:
    """The date of a cell: with its year, by month and day, or by the course's week."""
    if not given(text):
        return None
    days = days_in(text)
    if days:
        return days[-1 if last else 0]
    shorts = list(_SHORT.finditer(text))
    if shorts:
        short = shorts[-1 if last else 0]
        month, day = (int(part) for part in short.groups() if part is not None)
        possible = _day(2024, month, day)  # a leap year: 2/29 may be right in some year
        return Day(text, _day(year, month, day) if possible and year else possible, sure=False)
    week = _WEEK.search(text)
    if week and 1 <= int(week.group(1)) <= 20:
        first = project.lecture_one if project is not None else None
        first = first or datetime.date(2024, 1, 1)
        return Day(text, first + datetime.timedelta(weeks=int(week.group(1)) - 1), sure=False)
    return None


def _usual_year(document: Document, project: ProjectFile | None) -> int | None:
    """The year that most dates of the document have."""
    texts = [block.text for section in document.sections for block in section.blocks if block.kind != "code"]
    years = [day.value.year for text in texts for day in days_in(text) if day.value]
    if years:
        return max(set(years), key=years.count)
    return project.lecture_one.year if project is not None and project.lecture_one else None
