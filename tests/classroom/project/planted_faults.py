"""Faults as teams make them, each with the rule and the place that a checker has to name.

A fault edits a draft and gives the line at which the finding must stand (or several lines, of which
one; or nothing where what is missing has no line: then the section must be right). ``also`` names
the rules that the same edit breaks unavoidably; anything else that is found is a false finding.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from tests.classroom.project.document_drafts import (
    ALERTS,
    BASELINES,
    CALCULATIONS,
    CARD,
    CHOICES,
    COMPARISON,
    GOALS,
    METRICS,
    MONITORS,
    REQUIREMENTS,
    ROOT,
    SCHEDULE,
    STAGES,
    TESTS,
    DoesNotApply,
    Draft,
)

Lines = str | tuple[str, ...]

GOAL, NEED, DATA, BASE, MODEL = "목표와 지표", "범위와 요구사항", "데이터와 레이블", "기초선", "모델"
SERVING, ROLLOUT, WATCH, PRIVACY = "서빙과 인프라", "배포와 롤백", "모니터링과 드리프트", "보안과 개인정보"
FAIRNESS, OTHERS, PLAN, WHY = "공정성과 위험", "대안", "일정과 역할", "배경과 동기"
MODEL_CARD, TEST_SCORE = "부록 A", "부록 B"


@dataclass(frozen=True)
class Fault:
    """One fault: what is done to a draft, and what has to be said about it."""

    name: str
    rule: str
    sections: tuple[str, ...]
    edit: Callable[[Draft], Lines | None]
    also: tuple[str, ...] = ()
    says: tuple[str, ...] = ()

    def plant(self, draft: Draft) -> tuple[str, ...]:
        """Spoil the draft; give the lines of which the finding names one."""
        try:
            lines = self.edit(draft)
        except (IndexError, StopIteration) as error:
            raise DoesNotApply(self.name) from error
        return (lines,) if isinstance(lines, str) else (lines or ())


FAULTS: list[Fault] = []


def _plant(
    name: str,
    rule: str,
    sections: str | tuple[str, ...],
    edit: Callable[[Draft], Lines | None],
    *,
    also: str = "",
    says: str | tuple[str, ...] = (),
) -> None:
    where = (sections,) if isinstance(sections, str) else sections
    words = (says,) if isinstance(says, str) else says
    FAULTS.append(Fault(f"{rule}: {name}", rule, where, edit, tuple(also.split()), words))


def _cell(section: str, columns: tuple[str, ...], which: int | str, column: str, value: str | Callable[[Draft], str]):
    """Write something else into a cell; which: the row's number or what a cell of it begins with."""

    def edit(draft: Draft) -> str:
        row = draft.row(section, columns, which)
        new = value if isinstance(value, str) else value(draft)
        if row[column] == new:
            raise DoesNotApply(new)
        row[column] = new
        return row.text

    return edit


def _new_row(section: str, columns: tuple[str, ...], which: int | str, **changes: str | Callable[[Draft], str]):
    """Add a row like another but for some cells."""

    def edit(draft: Draft) -> str:
        row = draft.row(section, columns, which)
        names = {key.replace("_", " "): value for key, value in changes.items()}
        return row.insert_like({key: new if isinstance(new, str) else new(draft) for key, new in names.items()})

    return edit


def _no_table(section: str, columns: tuple[str, ...], *, keep_header: bool = False):
    def edit(draft: Draft) -> None:
        draft.remove_tables(section, columns, keep_header=keep_header)

    return edit


def _no_row(section: str, columns: tuple[str, ...], *beginnings: str):
    """Take away all rows in which a cell begins so."""

    def edit(draft: Draft) -> None:
        rows = [row for row in draft.rows(section, columns) if any(c.startswith(beginnings) for c in row.cells)]
        if not rows:
            raise DoesNotApply(str(beginnings))
        for row in reversed(rows):
            row.delete()

    return edit


def _columns_renamed(section: str, columns: tuple[str, ...], old: str, new: str):
    def edit(draft: Draft) -> None:
        draft.rename_column(section, columns, old, new)

    return edit


def _id(prefix: str, number: int) -> Callable[[Draft], str]:
    return lambda draft: draft.id(prefix, number)


def _date(year: int, month: int, day: int) -> Callable[[Draft], str]:
    return lambda draft: draft.date(year, month, day)


def _added(section: str, text: str | Callable[[Draft], str]):
    """Add a paragraph to a section."""
    return lambda draft: draft.append(section, text if isinstance(text, str) else text(draft))


def _filled(section: str, *lines: str):
    """Put these lines in place of all that stands in a section."""
    return lambda draft: draft.fill(section, *lines)


def _then(*edits: Callable[[Draft], object]):
    """One edit after another, where what is missing has no line."""

    def edit(draft: Draft) -> None:
        for one in edits:
            one(draft)

    return edit


# ---- sections -----------------------------------------------------------------------------------


def _without(name: str):
    return lambda draft: draft.remove(name)


for _name, _also in {
    PRIVACY: "anchor-broken",
    FAIRNESS: "anchor-broken",
    WHY: "",
    DATA: "",
    MODEL: "",
    BASE: "baseline-missing",
    OTHERS: "alternatives-too-few anchor-broken",
    ROLLOUT: "rollout-stages-missing calculation-missing",
    PLAN: "schedule-missing",
    MODEL_CARD: "model-card-incomplete",
    TEST_SCORE: "test-score-incomplete",
}.items():
    _plant(f"no {_name}", "section-missing", (), _without(_name), also=_also, says=_name)


def _heading(name: str, change: Callable[[str], str]):
    def edit(draft: Draft) -> None:
        at = draft.span(name)[0]
        draft.lines[at] = change(draft.lines[at])

    return edit


_plant(
    "renamed into another thing",
    "section-missing",
    (),
    _heading(PRIVACY, lambda line: line.replace("보안과 개인정보", "기타 사항")),
    also="anchor-broken section-order",
    says=PRIVACY,
)
_plant("heading sunk to level 3", "section-missing", (), _heading(FAIRNESS, lambda line: "#" + line), says=FAIRNESS)
_plant("heading is bold text", "section-missing", (), _heading(WHY, lambda line: f"**{line.lstrip('# ')}**"), says=WHY)


def _swapped(first: str, second: str):
    """Two neighbours change places."""

    def edit(draft: Draft) -> tuple[str, str]:
        one, two = draft.span(first), draft.span(second)
        if one[1] != two[0]:
            raise DoesNotApply(first)
        headings = draft.lines[one[0]], draft.lines[two[0]]
        draft.lines[one[0] : two[1]] = [*draft.lines[two[0] : two[1]], "", *draft.lines[one[0] : one[1]]]
        return headings

    return edit


def _moved(name: str, before: str):
    def edit(draft: Draft) -> Lines:
        start, end = draft.span(name)
        part = draft.lines[start:end]
        del draft.lines[start:end]
        at = draft.span(before)[0]
        headings = tuple(line for line in draft.lines if line.startswith("## "))
        draft.lines[at:at] = [*part, ""]
        return (part[0], *headings)

    return edit


_plant("privacy after fairness", "section-order", (PRIVACY, FAIRNESS), _swapped(PRIVACY, FAIRNESS))
_plant("model before baseline", "section-order", (BASE, MODEL), _swapped(BASE, MODEL))
_plant("appendix B before A", "section-order", (MODEL_CARD, TEST_SCORE), _swapped(MODEL_CARD, TEST_SCORE))
_plant("goals before motivation", "section-order", (WHY, GOAL), _swapped(WHY, GOAL))
_plant("plan first of all", "section-order", (), _moved(PLAN, "개요"))

_plant("nothing under the heading", "section-empty", FAIRNESS, _then(_filled(FAIRNESS)))
_plant("a rule and blanks", "section-empty", PRIVACY, _then(_filled(PRIVACY, "---", "   ")))
_plant("subheadings only", "section-empty", DATA, _then(_filled(DATA, "### 데이터 출처", "", "### 레이블")))
_plant("a comment only", "section-empty", WHY, _then(_filled(WHY, "<!-- 한소라가 금요일까지 -->")))

_TEMPLATE = (ROOT / "project_template" / "design_doc.md").read_text(encoding="utf-8")


def _of_template(section: str) -> tuple[str, str]:
    """What the template says in a section: its guidance, and the rest."""
    part = _TEMPLATE.split(f". {section}\n", 1)[1].split("\n## ", 1)[0]
    guidance, rest = part.split("<!-- 안내:", 1)[1].split("-->", 1)
    return guidance.strip(), rest.strip()


def _like_template(section: str, *, guidance: bool):
    def edit(draft: Draft) -> None:
        told, rest = _of_template(section)
        draft.fill(section, *(told if guidance else rest).split("\n"))

    return edit


_LEFT = "placeholder-left guidance-left"
_plant(
    "guidance only",
    "section-boilerplate",
    FAIRNESS,
    _then(_filled(FAIRNESS, "<!-- 안내: 슬라이스마다 재어 표로 쓰세요. -->")),
    also=_LEFT,
)
_plant(
    "guidance that was visible",
    "section-boilerplate",
    PRIVACY,
    _then(_filled(PRIVACY, "[안내] 데이터마다 새면 누가 다치는지 쓰세요.")),
    also=_LEFT,
)
_plant("TBD only", "section-boilerplate", WHY, _then(_filled(WHY, "TBD")), also=_LEFT)
_plant("to be written", "section-boilerplate", PRIVACY, _then(_filled(PRIVACY, "추후 작성 예정")), also=_LEFT)
for _name, _english in ((WHY, "motivation"), (PRIVACY, "privacy"), (FAIRNESS, "fairness")):
    _plant(
        f"the template's empty section ({_english})",
        "section-boilerplate",
        _name,
        _like_template(_name, guidance=False),
        also=f"{_LEFT} owner-unknown",
    )
    _plant(
        f"the template's advice as text ({_english})",
        "section-boilerplate",
        _name,
        _like_template(_name, guidance=True),
        also=_LEFT,
    )

_plant("TBD in a cell", "placeholder-left", PLAN, _cell(PLAN, SCHEDULE, -1, "산출물", "보고서(TBD)"))
_plant(
    "later, in the model card",
    "placeholder-left",
    MODEL_CARD,
    _cell(MODEL_CARD, CARD, "한계", "내용", "추후 작성"),
    also="model-card-incomplete",
)
_plant("TODO in a sentence", "placeholder-left", FAIRNESS, _added(FAIRNESS, "TODO: 지역별 값을 다시 잰다."))
_plant("TODO of a person", "placeholder-left", WHY, _added(WHY, "- 문제의 크기는 민원 자료로 확인한다. TODO(수진)"))
_plant("circles", "placeholder-left", PRIVACY, _added(PRIVACY, "자료는 ○○ 센터의 허락을 받아 쓴다."))
_plant("X for a number", "placeholder-left", MODEL, _added(MODEL, "후보 모델의 재현율은 XXX%였다."))
_plant("angle brackets", "placeholder-left", DATA, _added(DATA, "레이블은 〈기간〉 동안 유효하다."))
_plant("write here", "placeholder-left", ROLLOUT, _added(ROLLOUT, "여기에 쓰세요"))
_plant("(content)", "placeholder-left", OTHERS, _added(OTHERS, "검토한 순서: (내용)"))
_plant("planned writing", "placeholder-left", WATCH, _added(WATCH, "당직표는 작성 예정이다."))
_plant(
    "bold placeholder in a requirement",
    "placeholder-left",
    NEED,
    _cell(NEED, REQUIREMENTS, 1, "수치", "**TBD**"),
    also="requirement-incomplete",
)

_plant("comment at the end", "guidance-left", WHY, _added(WHY, "<!-- 안내: 지금의 절차를 순서대로 쓰세요. -->"))
_plant("visible guidance", "guidance-left", DATA, _added(DATA, "[안내] 출처마다 누가 값을 적는지 쓰세요."))
_plant(
    "several lines of it",
    "guidance-left",
    PRIVACY,
    lambda d: d.append(PRIVACY, "<!-- 안내: 데이터마다 한 줄씩 쓰세요.", "", "모으지 않는 것이 가장 쌉니다. -->"),
)
_plant(
    "above a full table",
    "guidance-left",
    GOAL,
    lambda d: (
        d.lines.insert(d.span(GOAL)[0] + 1, "<!-- 안내: 목표마다 지표를 두세요. -->"),
        d.lines[d.span(GOAL)[0] + 1],
    )[1],
)

# ---- goals, metrics, monitors, alerts, runbooks ---------------------------------------------------

_plant("no table", "goals-missing", GOAL, _no_table(GOAL, GOALS), also="id-unknown")
_plant("a header without rows", "goals-missing", GOAL, _no_table(GOAL, GOALS, keep_header=True), also="id-unknown")
_plant(
    "as a list", "goals-missing", GOAL, _then(_no_table(GOAL, GOALS), _added(GOAL, "- 거절이 준다")), also="id-unknown"
)


def _last_goal_without_metric(draft: Draft) -> str:
    goals = draft.rows(GOAL, GOALS)
    first, last = goals[0]["ID"], goals[-1]["ID"]
    for row in draft.rows(GOAL, METRICS):
        if row["목표"] == last:
            row["목표"] = first
    return goals[-1].text


_plant(
    "a goal more",
    "goal-without-metric",
    GOAL,
    _new_row(GOAL, GOALS, -1, ID=_id("G", 9), 목표="당직자가 편하다"),
    says="9",
)
_plant("its metrics serve another goal", "goal-without-metric", GOAL, _last_goal_without_metric)
_plant("G11 while G1 has metrics", "goal-without-metric", GOAL, _new_row(GOAL, GOALS, 0, ID=_id("G", 11)), says="11")
_plant("hidden between two goals", "goal-without-metric", GOAL, _new_row(GOAL, GOALS, 0, ID=_id("G", 7)), says="7")

_plant("no data", "metric-incomplete", GOAL, _cell(GOAL, METRICS, 1, "데이터", ""), says="데이터")
_plant("a dash for the data", "metric-incomplete", GOAL, _cell(GOAL, METRICS, -1, "데이터", "-"), says="데이터")
_plant("no computation", "metric-incomplete", GOAL, _cell(GOAL, METRICS, 0, "계산 방법", ""), says="계산")
_plant("target in words", "metric-incomplete", GOAL, _cell(GOAL, METRICS, 0, "목표값", "충분히 낮게"), says="목표값")
_plant(
    "target better than the baseline",
    "metric-incomplete",
    GOAL,
    _cell(GOAL, METRICS, -1, "목표값", "기초선보다 좋게"),
    says="목표값",
)
_plant("no target", "metric-incomplete", GOAL, _cell(GOAL, METRICS, 1, "목표값", ""), says="목표값")


def _metric_unwatched(draft: Draft) -> str:
    metrics = draft.rows(GOAL, METRICS)
    other, mine = metrics[0]["ID"], metrics[1]["ID"]
    for row in draft.rows(WATCH, MONITORS):
        if mine in row["지표"]:
            row["지표"] = other
    return metrics[1].text


_plant("its monitor looks at another", "metric-without-monitor", GOAL, _metric_unwatched)
_plant("a metric more", "metric-without-monitor", GOAL, _new_row(GOAL, METRICS, -1, ID=_id("M", 9)), says="9")
_plant(
    "M11 while M1 is watched", "metric-without-monitor", GOAL, _new_row(GOAL, METRICS, 0, ID=_id("M", 11)), says="11"
)


def _alert_elsewhere(draft: Draft) -> str:
    monitors = draft.rows(WATCH, MONITORS)
    other, mine = monitors[1]["ID"], monitors[0]["ID"]
    for row in draft.rows(WATCH, ALERTS):
        if row["모니터"] == mine:
            row["모니터"] = other
    return monitors[0].text


_plant("its alert looks at another", "monitor-without-alert", WATCH, _alert_elsewhere)
_plant("a monitor more", "monitor-without-alert", WATCH, _new_row(WATCH, MONITORS, -1, ID=_id("MON", 19)), says="19")
_plant(
    "MON11 while MON1 has one",
    "monitor-without-alert",
    WATCH,
    _new_row(WATCH, MONITORS, 0, ID=_id("MON", 11)),
    says="11",
)

_plant(
    "condition in words", "alert-incomplete", WATCH, _cell(WATCH, ALERTS, 0, "조건", "값이 너무 나빠지면"), says="조건"
)
_plant("no condition", "alert-incomplete", WATCH, _cell(WATCH, ALERTS, 1, "조건", ""), says="조건")
_plant(
    "the only number is an ID's",
    "alert-incomplete",
    WATCH,
    _cell(WATCH, ALERTS, 0, "조건", lambda d: f"{d.id('M', 1)}이 평소와 크게 다르면"),
    says="조건",
)
_plant("no owner", "alert-incomplete", WATCH, _cell(WATCH, ALERTS, -1, "담당", ""), says="담당")
_plant("a dash for the owner", "alert-incomplete", WATCH, _cell(WATCH, ALERTS, 1, "담당", "-"), says="담당")

for _name, _value in {"nothing": "", "a dash": "-", "none": "없음", "words": "위키를 본다"}.items():
    _plant(_name, "alert-without-runbook", WATCH, _cell(WATCH, ALERTS, 0, "런북", _value), also="runbook-unused")


def _runbook(draft: Draft, number: int) -> int:
    wanted = f"런북 {draft.id('RB', number)}."
    return draft.subsections(WATCH, wanted)[0]


def _runbook_empty(draft: Draft) -> Lines:
    name = draft.id("RB", 2)
    at = _runbook(draft, 2)
    end = next(n for n in range(at + 1, len(draft.lines)) if draft.lines[n].startswith("#"))
    draft.lines[at + 1 : end] = [""]
    return (draft.lines[at], *(row.text for row in draft.rows(WATCH, ALERTS) if row["런북"] == name))


def _runbook_gone(draft: Draft) -> Lines:
    name = draft.id("RB", 1)
    at = _runbook(draft, 1)
    end = next(n for n in range(at + 1, len(draft.lines)) if draft.lines[n].startswith("#"))
    del draft.lines[at:end]
    return tuple(row.text for row in draft.rows(WATCH, ALERTS) if row["런북"] == name)


def _runbook_renumbered(draft: Draft) -> Lines:
    at, name = _runbook(draft, 2), draft.id("RB", 2)
    draft.lines[at] = draft.lines[at].replace(name, draft.id("RB", 12))
    return tuple(row.text for row in draft.rows(WATCH, ALERTS) if row["런북"] == name)


_plant(
    "named, not there",
    "runbook-missing",
    WATCH,
    _cell(WATCH, ALERTS, 0, "런북", _id("RB", 9)),
    also="runbook-unused id-unknown",
    says="9",
)
_plant("a heading with nothing under it", "runbook-missing", WATCH, _runbook_empty, says="2")
_plant("taken away", "runbook-missing", WATCH, _runbook_gone, also="id-unknown", says="1")
_plant("renumbered", "runbook-missing", WATCH, _runbook_renumbered, also="id-unknown runbook-unused", says="2")


def _runbook_added(title: str, *, first: bool = False):
    def edit(draft: Draft) -> str:
        at = _runbook(draft, 1) if first else draft.span(WATCH)[1]
        heading = title.format(draft.id("RB", 9))
        draft.lines[at:at] = [heading, "", "1. 화면을 연다.", "2. 서버 한 대를 다시 시작한다.", ""]
        return heading

    return edit


def _runbook_for_nobody(draft: Draft) -> Lines:
    rows = draft.rows(WATCH, ALERTS)
    name, other = draft.id("RB", 2), draft.id("RB", 1)
    if draft.text.count(name) > 1 + sum(row["런북"] == name for row in rows):
        raise DoesNotApply("another runbook leads to it")
    for row in rows:
        if row["런북"] == name:
            row["런북"] = other
    return draft.lines[_runbook(draft, 2)]


_plant("one more at the end", "runbook-unused", WATCH, _runbook_added("### 런북 {}. 서버를 바꾼다"), says="9")
_plant("one more at the beginning", "runbook-unused", WATCH, _runbook_added("### 런북 {}. 옛 순서", first=True))
_plant("with a colon", "runbook-unused", WATCH, _runbook_added("### 런북 {}: 저장이 찼다"), says="9")
_plant("its alerts lead elsewhere", "runbook-unused", WATCH, _runbook_for_nobody, says="2")

_plant(
    "a metric's goal",
    "id-unknown",
    GOAL,
    _cell(GOAL, METRICS, 0, "목표", lambda d: f"{d.id('G', 1)}, {d.id('G', 9)}"),
    says="9",
)
_plant(
    "a monitor's metric",
    "id-unknown",
    WATCH,
    _cell(WATCH, MONITORS, 0, "지표", lambda d: f"{d.id('M', 1)}, {d.id('M', 12)}"),
    says="12",
)
_plant(
    "an alert's monitor",
    "id-unknown",
    WATCH,
    _cell(WATCH, ALERTS, 0, "모니터", lambda d: f"{d.id('MON', 1)}, {d.id('MON', 20)}"),
    says="20",
)
_plant("a baseline's metric", "id-unknown", BASE, _new_row(BASE, BASELINES, 0, 지표=_id("M", 9)), says="9")
_plant(
    "a stage's alert",
    "id-unknown",
    ROLLOUT,
    _cell(ROLLOUT, STAGES, -1, "롤백 기준", lambda d: f"{d.id('AL', 19)}가 1시간 안에 꺼지지 않음"),
    says="19",
)
_plant("a model's metric", "id-unknown", MODEL, _new_row(MODEL, COMPARISON, 0, 지표=_id("M", 9)), says="9")
_plant(
    "a requirement in prose",
    "id-unknown",
    PRIVACY,
    _added(PRIVACY, lambda d: f"보관 기간은 {d.id('R', 31)}에 따른다."),
    says="31",
)
_plant(
    "a metric in prose",
    "id-unknown",
    FAIRNESS,
    _added(FAIRNESS, lambda d: f"집단마다 {d.id('M', 8)}도 잰다."),
    says="8",
)

_plant(
    "a goal", "id-repeated", GOAL, lambda d: (d.row(GOAL, GOALS, 0).text, _new_row(GOAL, GOALS, 0, 목표="덜 아프다")(d))
)
_plant(
    "a metric",
    "id-repeated",
    GOAL,
    lambda d: (d.row(GOAL, METRICS, 0).text, _new_row(GOAL, METRICS, -1, ID=_id("M", 1))(d)),
    says="1",
)
_plant(
    "a requirement",
    "id-repeated",
    NEED,
    lambda d: (d.row(NEED, REQUIREMENTS, 1).text, _new_row(NEED, REQUIREMENTS, 1, 요구사항="다시 켜는 시간")(d)),
)
_plant(
    "a monitor",
    "id-repeated",
    WATCH,
    lambda d: (d.row(WATCH, MONITORS, 0).text, _new_row(WATCH, MONITORS, 0, 모니터="다른 로그에서 센 값")(d)),
)
_plant(
    "an alert",
    "id-repeated",
    WATCH,
    lambda d: (d.row(WATCH, ALERTS, -1).text, _new_row(WATCH, ALERTS, -1, 조건="90% 초과")(d)),
)


def _runbook_twice(draft: Draft) -> Lines:
    first = draft.lines[_runbook(draft, 1)]
    heading = f"### 런북 {draft.id('RB', 1)}. 다른 순서"
    end = draft.span(WATCH)[1]
    draft.lines[end:end] = [heading, "", "1. 점수의 화면을 연다.", "2. 서버 한 대를 다시 시작한다.", ""]
    return first, heading


_plant("a runbook", "id-repeated", WATCH, _runbook_twice)

# ---- requirements -------------------------------------------------------------------------------

_plant("no table", "requirements-missing", NEED, _no_table(NEED, REQUIREMENTS), also="id-unknown")
_plant(
    "headers without rows",
    "requirements-missing",
    NEED,
    _no_table(NEED, REQUIREMENTS, keep_header=True),
    also="id-unknown",
)
_plant(
    "as a list of wishes",
    "requirements-missing",
    NEED,
    _then(_no_table(NEED, REQUIREMENTS), _added(NEED, "- 빨라야 한다")),
    also="id-unknown",
)

for _name, _which, _column, _value, _says in (
    ("no number", 2, "수치", "", "수치"),
    ("number in words", 1, "수치", "빠르게", "수치"),
    ("no unit in the middle", 3, "단위", "", "단위"),
    ("a dash for the unit", -1, "단위", "-", "단위"),
    ("no threshold", 0, "합격 기준", "", "합격 기준"),
    ("threshold compares nothing", 0, "합격 기준", "부하 시험 10분", "합격 기준"),
    ("no owner", 4, "담당", "", "담당"),
    ("a dash for the owner", -1, "담당", "-", "담당"),
):
    _plant(_name, "requirement-incomplete", NEED, _cell(NEED, REQUIREMENTS, _which, _column, _value), says=_says)
_plant("no ID", "requirement-incomplete", NEED, _new_row(NEED, REQUIREMENTS, -1, ID=""), says="번호")
_plant(
    "ID taken off",
    "requirement-incomplete",
    NEED,
    _cell(NEED, REQUIREMENTS, 1, "ID", ""),
    also="id-unknown",
    says="번호",
)


def _left_the_team(draft: Draft) -> Lines:
    """A member is taken off the head, and stays everywhere else."""
    gone = draft.members.pop(1)
    at = next(at for at, line in enumerate(draft.lines) if line.startswith("| 팀원"))
    names = draft.lines[at].split("|")[2].split(",")
    kept = ", ".join(name.strip() for name in names if gone not in name)
    draft.lines[at] = draft.lines[at].replace(draft.lines[at].split("|")[2], f" {kept} ")
    return tuple(line for line in draft.lines if gone in line)


def _one_letter_off(draft: Draft) -> str:
    name = draft.document.members[0]
    return name[:2] + ("운" if name[2] != "운" else "윤")


_plant("an alert's", "owner-unknown", WATCH, _cell(WATCH, ALERTS, 0, "담당", "김도윤"), says="김도윤")
_plant("who left the team", "owner-unknown", (NEED, WATCH, PLAN, FAIRNESS), _left_the_team)
_plant("a requirement's, one letter off", "owner-unknown", NEED, _cell(NEED, REQUIREMENTS, 0, "담당", _one_letter_off))
_plant("the whole team", "owner-unknown", NEED, _cell(NEED, REQUIREMENTS, -1, "담당", "팀 전체"), says="팀 전체")
_plant(
    "the second of two",
    "owner-unknown",
    PLAN,
    _cell(PLAN, SCHEDULE, 1, "담당", lambda d: f"{d.document.members[0]}, 윤서아"),
    says="윤서아",
)
_plant("somebody of the customer", "owner-unknown", WATCH, _cell(WATCH, ALERTS, -1, "담당", "운영팀"), says="운영팀")

# ---- choices ------------------------------------------------------------------------------------

_plant(
    "no table",
    "baseline-missing",
    BASE,
    _then(
        _no_table(BASE, BASELINES),
        _added(
            BASE,
            "지금 사람이 하는 방식과 견준다. 그 방식의 값은 운영팀이 가지고 있고 다음 학기에 받아서 견주기로 했다.",
        ),
    ),
)
_plant(
    "a header without rows",
    "baseline-missing",
    BASE,
    _then(
        _no_table(BASE, BASELINES, keep_header=True),
        _added(
            BASE, "지금 사람이 하는 방식을 같은 자료에서 재기로 했고, 재는 사람과 날짜는 다음 회의에서 정하기로 했다."
        ),
    ),
)
_plant(
    "promise instead of a table",
    "baseline-missing",
    BASE,
    lambda d: d.fill(
        BASE,
        "기초선은 지금 사람이 하는 방식이다. 아직 재지 않았지만 모델을 쓰면 지금보다 훨씬 나아질 것으로 기대하고 있다.",
    ),
)
_plant("a word", "baseline-without-number", BASE, _cell(BASE, BASELINES, 0, "값", "낮음"))
_plant("nothing", "baseline-without-number", BASE, _cell(BASE, BASELINES, -1, "값", ""))
_plant("a dash", "baseline-without-number", BASE, _cell(BASE, BASELINES, 1, "값", "-"))
_plant(
    "number of an ID",
    "baseline-without-number",
    BASE,
    _cell(BASE, BASELINES, 0, "값", lambda d: f"{d.id('M', 1)}과 같음"),
)


def _alternatives_from(number: int):
    """Keep those below this number."""

    def edit(draft: Draft) -> None:
        at = draft.subsections(OTHERS, f"대안 {number}.")[0]
        del draft.lines[at : draft.span(OTHERS)[1]]
        draft.lines.insert(at, "")

    return edit


_plant("one", "alternatives-too-few", OTHERS, _alternatives_from(2), also="anchor-broken")
_plant(
    "none",
    "alternatives-too-few",
    OTHERS,
    _then(
        _filled(
            OTHERS,
            "팀에서 여러 안을 이야기했지만 다른 안은 모두 지금의 안보다 복잡해서 고르지 않았고 따로 적지 않는다.",
        )
    ),
    also="anchor-broken",
)
_plant(
    "in one sentence each",
    "alternatives-too-few",
    OTHERS,
    _then(
        _filled(
            OTHERS, "- 서버에서 추론하는 안: 망이 끊기면 답하지 못한다", "- 규칙만 쓰는 안: 지금보다 나아지지 않는다"
        )
    ),
    also="anchor-broken",
)


def _alternative(number: int, word: str | None, new: str | None = None):
    """Take what begins with a word out of an alternative (everything: None), or write it anew."""

    def edit(draft: Draft) -> Lines:
        at = draft.subsections(OTHERS, f"대안 {number}.")[0]
        end = next(n for n in range(at + 1, len(draft.lines)) if draft.lines[n].startswith("#"))
        heading = draft.lines[at]
        if word is None:
            draft.lines[at + 1 : end] = [""]
            return heading
        for line in range(at, end):
            if draft.lines[line].lstrip("-* ").startswith(word):
                if new is None:
                    del draft.lines[line]
                    return heading
                draft.lines[line] = new
                return heading, new
        raise DoesNotApply(word)

    return edit


_plant("no advantage", "alternative-incomplete", OTHERS, _alternative(1, "장점"), says="장점")
_plant("no reason", "alternative-incomplete", OTHERS, _alternative(2, "고르지 않은 이유"), says="이유")
_plant("no drawback, third", "alternative-incomplete", OTHERS, _alternative(3, "단점"), says="단점")
_plant("drawback without words", "alternative-incomplete", OTHERS, _alternative(2, "단점", "- 단점:"), says="단점")
_plant("a heading only", "alternative-incomplete", OTHERS, _alternative(1, None))

_plant("no table", "rollout-stages-missing", ROLLOUT, _no_table(ROLLOUT, STAGES))
_plant("a header without rows", "rollout-stages-missing", ROLLOUT, _no_table(ROLLOUT, STAGES, keep_header=True))
_plant(
    "as a list",
    "rollout-stages-missing",
    ROLLOUT,
    _then(_no_table(ROLLOUT, STAGES), _added(ROLLOUT, "- 먼저 조금 내보내고 괜찮으면 모두에게 내보낸다")),
)


def _shares(*shares: str, wrong: tuple[int, ...]):
    """Write shares from the table's beginning."""

    def edit(draft: Draft) -> Lines:
        rows = draft.rows(ROLLOUT, STAGES)
        if len(rows) < len(shares):
            raise DoesNotApply("too few stages")
        for row, share in zip(rows, shares, strict=False):
            row["비율"] = share
        return tuple(rows[at].text for at in wrong)

    return edit


_plant("1, 5, 5, 25", "rollout-not-increasing", ROLLOUT, _shares("1%", "5%", "5%", "25%", wrong=(2,)))
_plant("25, 5, 50", "rollout-not-increasing", ROLLOUT, _shares("0%", "25%", "5%", "50%", wrong=(2,)))
_plant("100 all along", "rollout-not-increasing", ROLLOUT, _shares("100%", "100%", "100%", wrong=(1, 2, 3)))
_plant("a digit lost", "rollout-not-increasing", ROLLOUT, _cell(ROLLOUT, STAGES, -1, "비율", "10%"))

for _name, _which, _column, _value in (
    ("no duration", 1, "기간", ""),
    ("long enough", 1, "기간", "충분히"),
    ("no gate", 2, "통과 기준", ""),
    ("a dash for the gate", 1, "통과 기준", "-"),
    ("no rollback", 0, "롤백 기준", ""),
    ("a dash for the rollback", -1, "롤백 기준", "-"),
):
    _plant(_name, "rollout-incomplete", ROLLOUT, _cell(ROLLOUT, STAGES, _which, _column, _value), says=_column)


def _undecided(when: str, where: str, why: str):
    def edit(draft: Draft) -> None:
        for beginning, choice in (("답을 만드는 때", when), ("추론하는 곳", where)):
            row = draft.row(SERVING, CHOICES, beginning)
            row["선택"], row["이유"] = choice, why

    return edit


_plant("no table", "serving-choice-missing", SERVING, _no_table(SERVING, CHOICES))
_plant("both rows gone", "serving-choice-missing", SERVING, _no_row(SERVING, CHOICES, "답을 만드는 때", "추론하는 곳"))
_plant("fast and somewhere", "serving-choice-missing", SERVING, _undecided("빠르게", "편한 곳", "쓰기 쉽다"))
_plant(
    "as the template asks",
    "serving-choice-missing",
    SERVING,
    _undecided("실시간 또는 배치", "클라우드 또는 엣지", "아직 재지 않았다"),
)

# ---- arithmetic ---------------------------------------------------------------------------------


def _calculation(beginning: str, column: str, change: str | Callable[[str], str]):
    def edit(draft: Draft) -> str:
        row = draft.row(SERVING if beginning != "표본 크기" else _sample_home(draft), CALCULATIONS, beginning)
        new = change if isinstance(change, str) else change(row[column])
        if new == row[column]:
            raise DoesNotApply(new)
        row[column] = new
        return row.text

    return edit


def _sample_home(draft: Draft) -> str:
    return ROLLOUT if draft.document.name == "inspection" else SERVING


def _scaled(factor: float):
    """The result's number times something, in its unit."""

    def change(result: str) -> str:
        number = "".join(c for c in result if c.isdigit() or c in ".,")
        value = float(number.replace(",", "")) * factor
        return f"{value:,.10g}" + result[len(number) :]

    return change


def _days_forgotten(draft: Draft) -> str:
    row = draft.row(SERVING, CALCULATIONS, "월 비용")
    if "× 30 일" not in row["식"]:
        raise DoesNotApply("no month in it")
    row["결과"] = _scaled(1 / 30)(row["결과"])
    return row.text


def _no_calculation(word: str):
    """Take away all calculations whose name holds a word."""

    def edit(draft: Draft) -> None:
        for section in (SERVING, ROLLOUT):
            for table in reversed(draft.tables(section, CALCULATIONS)):
                for row in reversed(table):
                    if word in row["계산"]:
                        row.delete()

    return edit


_BOTH = (SERVING, ROLLOUT)
_plant("ten times too many at once", "arithmetic-wrong", SERVING, _calculation("동시 요청", "결과", _scaled(10)))
_plant("ms taken as s", "arithmetic-units", SERVING, _calculation("동시 요청", "결과", _scaled(1000)))
_plant("the 30 days forgotten", "arithmetic-units", SERVING, _days_forgotten)
_plant("an old sum", "arithmetic-wrong", SERVING, _calculation("월 비용", "결과", _scaled(0.9)))
_plant(
    "GB for TB or MB for GB",
    "arithmetic-units",
    SERVING,
    _calculation("저장", "결과", lambda r: r.replace("GB", "MB").replace("TB", "GB")),
)
_plant(
    "GB taken as GiB",
    "arithmetic-wrong",
    SERVING,
    _calculation("저장", "결과", lambda r: r.replace("GB", "GiB").replace("TB", "TiB")),
)
_plant("rounded away", "arithmetic-wrong", SERVING, _calculation("저장", "결과", _scaled(1.05)))
_plant(
    "in prose", "arithmetic-wrong", SERVING, _added(SERVING, "한 대로는 120 요청/s × 50 ms = 60 요청을 견뎌야 한다.")
)
_plant("a sum in prose", "arithmetic-wrong", SERVING, _added(SERVING, "두 저장소는 14 GB + 25 GB = 49 GB이다."))

_plant(
    "time for requests",
    "arithmetic-units",
    SERVING,
    _calculation("동시 요청", "결과", lambda r: r.split()[0].rstrip("건") + " ms"),
)
_plant("money in bytes", "arithmetic-units", SERVING, _calculation("월 비용", "결과", "237,600 GB"))
_plant("a storage without unit", "arithmetic-units", SERVING, _calculation("저장", "결과", lambda r: r.split()[0]))
_plant("bytes plus milliseconds", "arithmetic-units", SERVING, _calculation("저장", "식", lambda f: f + " + 50 ms"))
_plant(
    "per day kept",
    "arithmetic-units",
    SERVING,
    _calculation("저장", "식", lambda f: f.rsplit("일", 1)[0].rstrip() + (f.rsplit("일", 1)[1])),
)
_plant("in prose", "arithmetic-units", SERVING, _added(SERVING, "최대로는 120 요청/s × 50 ms = 6 GB이다."))

_plant("words", "arithmetic-unreadable", SERVING, _calculation("동시 요청", "식", "요청을 몇 번 곱해서 구한다"))
_plant("an open parenthesis", "arithmetic-unreadable", SERVING, _calculation("월 비용", "식", lambda f: "(" + f))
_plant("an unknown unit", "arithmetic-unreadable", SERVING, _calculation("저장", "식", lambda f: f + " × 3 뭉치"))
_plant("two operators", "arithmetic-unreadable", SERVING, _calculation("동시 요청", "식", "120 요청/s × × 50 ms"))
_plant("half a sample formula", "arithmetic-unreadable", _BOTH, _calculation("표본 크기", "식", "표본(기준=0.90)"))
_plant("no result", "calculation-missing", SERVING, _calculation("월 비용", "결과", ""), says="결과")


_plant("no simultaneous requests", "calculation-missing", SERVING, _no_calculation("동시 요청"), says="동시 요청")
_plant("no storage", "calculation-missing", SERVING, _no_calculation("저장"), says="저장")
_plant("no cost", "calculation-missing", SERVING, _no_calculation("월 비용"), says="월 비용")
_plant("no sample size", "calculation-missing", SERVING, _no_calculation("표본"), says="표본")


def _cost_renamed(draft: Draft) -> None:
    for row in draft.rows(SERVING, CALCULATIONS):
        if "월 비용" in row["계산"]:
            row["계산"] = "서버"


_plant("another name for the cost", "calculation-missing", SERVING, _cost_renamed, says="월 비용")

for _name, _factor in {"half of it": 0.5, "both arms": 2, "ten times": 10, "nearly": 1.03}.items():
    _plant(
        _name,
        "sample-size-wrong",
        _BOTH,
        _calculation("표본 크기", "결과", lambda r, by=_factor: f"{_whole(r) * by:,.0f} 건"),
    )
_plant(
    "an old power",
    "sample-size-wrong",
    _BOTH,
    _calculation(
        "표본 크기", "식", lambda f: f.replace("검정력=0.8)", "검정력=0.95)").replace("검정력=0.9)", "검정력=0.8)")
    ),
)
_plant(
    "one-sided",
    "sample-size-wrong",
    _BOTH,
    _calculation("표본 크기", "결과", lambda r: f"{_whole(r) * 0.7877:,.0f} 건"),
)


def _whole(result: str) -> int:
    return int("".join(c for c in result if c.isdigit()))


# ---- dates --------------------------------------------------------------------------------------


def _head(row: str, value: str | Callable[[Draft], str]):
    """Write something else into the head table."""

    def edit(draft: Draft) -> str:
        at = next(at for at, line in enumerate(draft.lines) if line.startswith(f"| {row} "))
        cells = draft.lines[at].split("|")
        cells[2] = f" {value if isinstance(value, str) else value(draft)} "
        draft.lines[at] = "|".join(cells)
        return draft.lines[at]

    return edit


_plant("30 February", "date-invalid", PLAN, _cell(PLAN, SCHEDULE, 0, "끝", "2026-02-30"), says="2026-02-30")
_plant("month 13", "date-invalid", PLAN, _cell(PLAN, SCHEDULE, 1, "시작", "2026. 13. 1."), says="13")
_plant("31 April", "date-invalid", PLAN, _cell(PLAN, SCHEDULE, -1, "시작", "2026년 4월 31일"))
_plant("29 February of no leap year", "date-invalid", PLAN, _cell(PLAN, SCHEDULE, 0, "시작", _date(2026, 2, 29)))
_plant("in words", "date-invalid", PLAN, _cell(PLAN, SCHEDULE, 1, "끝", "9월 말"), says="9월 말")
_plant("in the head", "date-invalid", "", _head("작성일", "2026-02-30"), says="2026-02-30")
_plant("day zero", "date-invalid", PLAN, _cell(PLAN, SCHEDULE, -1, "끝", _date(2026, 4, 0)))


def _turned(which: int):
    def edit(draft: Draft) -> str:
        row = draft.rows(PLAN, SCHEDULE)[which]
        row["시작"], row["끝"] = row["끝"], row["시작"]
        return row.text

    return edit


def _stage_dates(which: int, start: tuple[int, int, int], end: tuple[int, int, int]):
    def edit(draft: Draft) -> str:
        row = draft.rows(PLAN, SCHEDULE)[which]
        row["시작"], row["끝"] = draft.date(*start), draft.date(*end)
        return row.text

    return edit


_plant("end and start turned", "dates-out-of-order", PLAN, _turned(0))
_plant("the last one turned", "dates-out-of-order", PLAN, _turned(-1))
_plant("across a year's end", "dates-out-of-order", PLAN, _stage_dates(1, (2025, 12, 22), (2025, 1, 9)))
_plant("one day", "dates-out-of-order", PLAN, _stage_dates(0, (2026, 3, 19), (2026, 3, 18)))
_plant("changed before it was written", "dates-out-of-order", "", _head("최종 수정", _date(2026, 1, 5)))

_plant("one day late", "date-after-deadline", PLAN, lambda d: _cell(PLAN, SCHEDULE, -1, "끝", _after(1))(d))
_plant("the next year", "date-after-deadline", PLAN, _cell(PLAN, SCHEDULE, 0, "끝", _date(2027, 3, 2)))
_plant("a whole stage", "date-after-deadline", PLAN, _stage_dates(-1, (2026, 12, 21), (2026, 12, 24)))


def _after(days: int) -> Callable[[Draft], str]:
    def date(draft: Draft) -> str:
        late = draft.document.hand_in + datetime.timedelta(days=days)
        return draft.date(late.year, late.month, late.day)

    return date


_plant("no table", "schedule-missing", PLAN, _no_table(PLAN, SCHEDULE))
_plant("a header without rows", "schedule-missing", PLAN, _no_table(PLAN, SCHEDULE, keep_header=True))
_plant("weeks for dates", "schedule-missing", PLAN, _columns_renamed(PLAN, SCHEDULE, "시작", "몇 주째"))
_plant(
    "in prose",
    "schedule-missing",
    PLAN,
    _then(
        _filled(
            PLAN,
            "9월에는 다 함께 자료를 모아 레이블을 확인하고, 10월에는 모델을 견주고, 11월에는 문서를 마무리한다.",
        )
    ),
)

_plant("the first", "stage-without-owner", PLAN, _cell(PLAN, SCHEDULE, 0, "담당", ""))
_plant("the last", "stage-without-owner", PLAN, _cell(PLAN, SCHEDULE, -1, "담당", ""))
_plant("a dash", "stage-without-owner", PLAN, _cell(PLAN, SCHEDULE, 1, "담당", "-"))
_plant("a new stage", "stage-without-owner", PLAN, _new_row(PLAN, SCHEDULE, 0, 단계="동료 검토", 담당=""))

# ---- links and figures --------------------------------------------------------------------------

_plant(
    "a renamed file",
    "link-broken",
    WHY,
    _added(WHY, "자료는 [지난 보고서](report_old.md)에 있다."),
    says="report_old.md",
)
_plant("another folder", "link-broken", MODEL, _added(MODEL, "값은 [측정](../measure/values.json)에서 왔다."))
_plant(
    "in a table",
    "link-broken",
    MODEL_CARD,
    _cell(MODEL_CARD, CARD, "용도", "내용", "[사용 안내](docs/usage.pdf)의 화면"),
)
_plant("its file, with an anchor", "link-broken", DATA, _added(DATA, "[스키마](schema.md#레이블)를 따른다."))
_plant("upper case", "link-broken", MODEL, _added(MODEL, "그림은 [여기](figures/Sound.PNG)에도 있다."))

_plant("no such heading", "anchor-broken", FAIRNESS, _added(FAIRNESS, "[16절](#16-부록)을 보라."), says="16-부록")


def _renamed_target(draft: Draft) -> str:
    line = draft.append(FAIRNESS, "무엇을 하지 않는지는 [범위](#하지-않는-것)에 있다.")
    draft.replace("### 하지 않는 것", "### 빼는 것")
    return line


_plant("its heading was renamed", "anchor-broken", FAIRNESS, _renamed_target)
_plant("another number", "anchor-broken", DATA, _added(DATA, "[배포](#7-배포와-롤백)의 표와 같다."))
_plant("blanks for dashes", "anchor-broken", DATA, _added(DATA, "[요구사항](#하지%20않는%20것)과 같다."))

_plant("no address", "link-empty", WHY, _added(WHY, "출처는 [통계]()에 있다."))
_plant("only a #", "link-empty", MODEL, _added(MODEL, "[코드](#)는 따로 둔다."))
_plant("angle brackets", "link-empty", DATA, _added(DATA, "[원자료](<>)의 설명을 따른다."))
_plant("in a cell", "link-empty", TEST_SCORE, _cell(TEST_SCORE, TESTS, 0, "근거", "[기록]()"))

_plant(
    "not there", "figure-missing", MODEL, _added(MODEL, "![지연 시간의 분포](figures/latency.png)"), says="latency.png"
)
_plant("another suffix", "figure-missing", MODEL, _added(MODEL, "![보정 곡선](figures/sound.jpg)"))
_plant("upper case", "figure-missing", FAIRNESS, _added(FAIRNESS, "![집단별 값](Figures/sound.png)"))
_plant("on somebody's computer", "figure-missing", SERVING, _added(SERVING, "![구성](C:/Users/team/arch.png)"))

_plant("cut in the middle", "figure-unreadable", MODEL, _added(MODEL, "![학습 곡선](figures/cut.png)"))
_plant("nothing but the beginning", "figure-unreadable", MODEL, _added(MODEL, "![학습 곡선](figures/begun.png)"))
_plant("no bytes", "figure-unreadable", FAIRNESS, _added(FAIRNESS, "![집단별 값](figures/zero.png)"))
_plant("an error page", "figure-unreadable", SERVING, _added(SERVING, "![구성](figures/page.png)"))
_plant("text", "figure-unreadable", WHY, _added(WHY, "![흐름](figures/words.png)"))

_plant("no words", "figure-without-text", MODEL, _added(MODEL, "![](figures/sound.png)"))
_plant("a blank", "figure-without-text", SERVING, _added(SERVING, "![ ](figures/sound.png)"))
_plant("HTML", "figure-without-text", FAIRNESS, _added(FAIRNESS, '<img src="figures/sound.png" width="300">'))

# ---- appendices and head ------------------------------------------------------------------------

for _name in ("한계", "윤리적 고려", "하위 집단별 성능", "쓰면 안 되는 곳"):
    _plant(f"no {_name}", "model-card-incomplete", MODEL_CARD, _no_row(MODEL_CARD, CARD, _name), says=_name)
_plant(
    "nothing said",
    "model-card-incomplete",
    MODEL_CARD,
    _cell(MODEL_CARD, CARD, "평가 데이터", "내용", ""),
    says="평가 데이터",
)
_plant("a dash", "model-card-incomplete", MODEL_CARD, _cell(MODEL_CARD, CARD, "성능", "내용", "-"), says="성능")
_plant(
    "no table",
    "model-card-incomplete",
    MODEL_CARD,
    _then(
        _filled(
            MODEL_CARD,
            "모델은 그래디언트 부스팅이고 지난 자료로 학습했으며, 자세한 것은 본문의 모델 절에 적은 것과 같다.",
        )
    ),
)


def _test_cell(number: int, column: str, value: str):
    """A cell of the row of this test."""

    def edit(draft: Draft) -> str:
        row = next(row for row in draft.rows(TEST_SCORE, TESTS) if row["번호"] == str(number))
        row[column] = value
        return row.text

    return edit


def _test_gone(number: int):
    def edit(draft: Draft) -> None:
        next(row for row in draft.rows(TEST_SCORE, TESTS) if row["번호"] == str(number)).delete()

    return edit


def _test_twice(draft: Draft) -> None:
    fifth, sixth = (next(r for r in draft.rows(TEST_SCORE, TESTS) if r["번호"] == n) for n in ("5", "6"))
    draft.lines[sixth.at] = fifth.text


_TOTAL = "test-score-wrong"
for _number in (6, 14, 25):
    _plant(f"test {_number} gone", "test-score-incomplete", TEST_SCORE, _test_gone(_number), also=_TOTAL)
_plant("no score", "test-score-incomplete", TEST_SCORE, _test_cell(2, "점수", ""), also=_TOTAL)
_plant("a dash for a score", "test-score-incomplete", TEST_SCORE, _test_cell(17, "점수", "-"), also=_TOTAL)
_plant("one test twice, another not", "test-score-incomplete", TEST_SCORE, _test_twice, also=_TOTAL)
_plant(
    "no table",
    "test-score-incomplete",
    TEST_SCORE,
    _then(
        _filled(
            TEST_SCORE,
            "시험마다 점수를 매겼고 표는 팀의 문서에 따로 두었다. 가장 낮은 영역은 모니터링이다.",
            "",
            "최종 점수: 2",
        )
    ),
    also=_TOTAL,
)


def _total(value: Callable[[list[float]], float]):
    def edit(draft: Draft) -> str:
        sums: dict[str, float] = {}
        for row in draft.rows(TEST_SCORE, TESTS):
            sums[row["영역"]] = sums.get(row["영역"], 0) + float(row["점수"])
        at = next(at for at, line in enumerate(draft.lines) if line.startswith("최종 점수"))
        draft.lines[at] = f"최종 점수: {value(list(sums.values())):g}"
        return draft.lines[at]

    return edit


_plant("the mean", "test-score-wrong", TEST_SCORE, _total(lambda sums: sum(sums) / 4))
_plant("the sum", "test-score-wrong", TEST_SCORE, _total(sum))
_plant("the largest", "test-score-wrong", TEST_SCORE, _total(max))
_plant("half a point more", "test-score-wrong", TEST_SCORE, _total(lambda sums: min(sums) + 0.5))
_plant("a score of 0.7", "test-score-wrong", TEST_SCORE, _test_cell(1, "점수", "0.7"), says="0.7")
_plant("a score of 2", "test-score-wrong", TEST_SCORE, _test_cell(7, "점수", "2"), says="2")


def _no_head_row(row: str):
    def edit(draft: Draft) -> None:
        at = next(at for at, line in enumerate(draft.lines) if line.startswith(f"| {row} "))
        del draft.lines[at]

    return edit


def _no_head(draft: Draft) -> None:
    start = next(at for at, line in enumerate(draft.lines) if line.startswith("| 항목"))
    end = next(at for at in range(start, len(draft.lines)) if not draft.lines[at].startswith("|"))
    del draft.lines[start:end]


_plant("no members", "team-missing", "", _no_head_row("팀원"), also="owner-unknown")
_plant("nothing said", "team-missing", "", _head("팀원", ""), also="owner-unknown")
_plant("no head", "team-missing", "", _no_head, also="owner-unknown date-invalid")
_plant(
    "the template's words",
    "team-missing",
    "",
    _head("팀원", "〈팀원의 이름을 쉼표로 나누어〉"),
    also="owner-unknown placeholder-left",
)
