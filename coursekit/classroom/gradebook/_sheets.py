"""What the exports show: the grades, their provenance, the rules and the statistics as Korean tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from coursekit.classroom.gradebook.evaluation import Component
    from coursekit.classroom.gradebook.final import FinalGrades

STATUSES = {"complete": "완료", "incomplete": "미완료"}
_ABOUT = ("student", "name", "team", "status", "total", "low", "high")
_HEADS = ("학번", "이름", "팀", "상태", "가산점", "합계", "빠진 점수")
_LINES = {
    "student": "학번",
    "component": "평가 항목",
    "item": "세부 항목",
    "raw": "원점수",
    "maximum": "만점",
    "days_late": "지각 일수",
    "tokens": "쓴 지각 토큰",
    "penalty": "지각 감점 비율",
    "counted": "반영",
    "share": "평가 항목 안의 비율",
    "points": "총점에 더해진 점수",
    "rule": "반영한 규칙",
    "source": "출처",
}


def columns_of(table: pd.DataFrame) -> list[str]:
    """The components of a table of final grades, in its order."""
    return [name for name in table.columns if name not in _ABOUT]


def title(final: FinalGrades, component: str) -> str:
    """A component's name as pages show it; two of one title, or one of another column's, would be one column."""
    shown = [*_HEADS, *(one.shown for one in final.evaluation.components)]
    titles = {
        one.name: one.shown if shown.count(one.shown) == 1 else f"{one.shown} ({one.name})"
        for one in final.evaluation.components
    }
    return (titles | {"bonus": "가산점", "total": "합계"}).get(component, component)


def missing(final: FinalGrades) -> dict[str, str]:
    """By incomplete student, what is missing, in words."""
    names = columns_of(final.table)
    lines = final.lines
    open_lines = lines[lines["raw"].isna() & lines["points"].isna()] if len(lines) else lines
    told = {}
    for row in final.table[final.table["status"] != "complete"].to_dict("records"):
        student = str(row["student"])
        parts = []
        for name in names:
            if pd.isna(row[name]):
                mine = open_lines[(open_lines["student"].astype(str) == student) & (open_lines["component"] == name)]
                items = [str(item) for item in mine["item"] if str(item) != name]
                parts.append(title(final, name) + (f"({', '.join(items)})" if items else ""))
        told[student] = ", ".join(parts)
    return told


def grades(final: FinalGrades) -> pd.DataFrame:
    """One row per student in the order of the class."""
    table, told = final.table, missing(final)
    frame = pd.DataFrame({"학번": table["student"].astype(str), "이름": table["name"].map(_text)})
    frame["팀"] = table["team"].map(_text)
    frame["상태"] = table["status"].map(STATUSES)
    for name in columns_of(table):
        frame[title(final, name)] = table[name].astype(float)
    frame["합계"] = table["total"].astype(float)
    frame["빠진 점수"] = [told.get(student, "") for student in frame["학번"]]
    return frame


def provenance(final: FinalGrades) -> pd.DataFrame:
    """One row per student and raw number."""
    names = dict(zip(final.table["student"].astype(str), final.table["name"].map(_text), strict=True))
    frame = final.lines[[column for column in _LINES if column in final.lines]].copy()
    frame["student"] = frame["student"].astype(str)
    frame.insert(1, "name", [names.get(student, "") for student in frame["student"]])
    frame["component"] = [title(final, name) for name in frame["component"]]
    if "counted" in frame:
        frame["counted"] = ["예" if one else "아니요" for one in frame["counted"]]
    return frame.rename(columns=_LINES | {"name": "이름"})


def criteria(final: FinalGrades) -> pd.DataFrame:
    """The evaluation of course.yaml, one row per rule."""
    evaluation = final.evaluation
    rows = [
        (title(final, one.name), name, value) for one in evaluation.components for name, value in _component_rules(one)
    ]
    late, bonus = evaluation.late, evaluation.bonus
    rows += [
        ("지각", "유예 (분)", float(late.grace_minutes)),
        ("지각", "하루에 감하는 비율 (%)", float(late.percent_per_day)),
        ("지각", "받아 주는 날 수", "제한 없음" if late.most_days is None else late.most_days),
        ("지각 토큰", "한 사람이 쓸 수 있는 지각 일수", evaluation.tokens),
    ]
    if evaluation.tokens_per_item is not None:
        rows.append(("지각 토큰", "한 과제에 쓸 수 있는 최대", evaluation.tokens_per_item))
    if bonus is not None:
        rows.append(("가산점", "점수", bonus.scores))
        rows.append(("가산점", "더하는 곳", title(final, bonus.to)))
        rows.append(("가산점", "최대 (점)", float(bonus.most)))
        rows.append(
            ("가산점", "상한", {"total": "총점 100점", "component": "그 평가 항목의 비중"}.get(bonus.cap, "없음"))
        )
    files = {"팀 명단": evaluation.teams, "팀 점수 조정": evaluation.adjustments, "인정된 사유": evaluation.excused}
    rows += [("자료", name, file) for name, file in files.items() if file]
    return pd.DataFrame(rows, columns=["구분", "규칙", "값"])


def _component_rules(one: Component) -> Iterator[tuple[str, object]]:
    yield "비중 (점)", float(one.weight)
    source = one.rubric or one.attendance or one.scores or ""
    yield "점수의 출처", ", ".join((*one.assignments, source) if source else one.assignments)
    if one.maximum is not None:
        yield "만점", float(one.maximum)
    if one.completed_at is not None:
        yield "전부 인정하는 득점률 (%)", float(one.completed_at)
    if one.attendance:
        marks = [f"{mark} {'제외' if worth is None else f'{float(worth):g}'}" for mark, worth in one.marks.items()]
        yield "출결의 값", ", ".join(marks)
    if one.drop:
        yield "빼는 최저 점수의 수", one.drop
    if one.leave_out:
        yield "모두에게서 빼는 항목", ", ".join(one.leave_out)
    yield "점수가 없으면", "0점" if one.missing == "zero" else "미완료"
    yield "세부 항목의 비중", "모두 같음" if one.average == "items" else "만점에 비례"
    if one.of_teams:
        yield "채점 단위", "팀"


def statistics(final: FinalGrades) -> pd.DataFrame:
    """Of each component and of the total: whose scores are there, and how they are spread."""
    rows: list[dict[str, Any]] = []
    for name in [*columns_of(final.table), "total"]:
        scores = final.table[name].astype(float).dropna()
        rows.append(
            {
                "평가 항목": title(final, name),
                "점수가 있는 학생": len(scores),
                "미완료": len(final.table) - len(scores),
                "평균": scores.mean(),
                "표준편차": scores.std(),
                "최저": scores.min(),
                "1사분위수": scores.quantile(0.25),
                "중앙값": scores.median(),
                "3사분위수": scores.quantile(0.75),
                "최고": scores.max(),
            }
        )
    return pd.DataFrame(rows)


def _text(value: object) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value)
