"""Tracing: from a goal over its metric, monitor and alert to the runbook, by ids, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from coursekit.classroom.project.documents import Block, Document
from coursekit.classroom.project.findings import Finding, Rule, found
from coursekit.classroom.project.project_file import ProjectFile
from coursekit.classroom.project.rules._cells import has_number, ids_in, particle, plain
from coursekit.classroom.project.rules._ids import KIND_NAMES, Tables, referred, repeated, row_told, unknown
from coursekit.classroom.project.rules._outline import part, parts
from coursekit.classroom.project.rules._runbooks import Runbook, runbooks_in, runbooks_of
from coursekit.classroom.project.rules._tables import Record, records

LEAST_RUNBOOK = 20
"""Letters from which a runbook says what to do; shorter is a title."""

_OFFLINE = re.compile(r"오프라인[^,.;]{0,8}(지표|만\s|로만)|offline[\s-]*(only|metric)", re.IGNORECASE)
_AGAINST_BASELINE = re.compile(r"기초선(의\s*값)?\s*(이상|이하|미만|초과)")
_WITHOUT_ALERT = re.compile(r"(경보|알람|알림)[^,.;]{0,6}(없|않)")

RULES = (
    Rule(
        "goals-missing",
        "목표나 지표의 표가 없습니다",
        "목표와 그것을 재는 지표가 없으면 출시한 뒤에 성공했는지를 두고 의견만 오갑니다. 모니터링할 것도 여기에서 "
        "나옵니다.",
        "| G1 | 입원이 밀리는 병동을 전날 오후까지 안다 | 병상 배정 회의가 오후 4시에 열린다 |",
    ),
    Rule(
        "goal-without-metric",
        "목표를 재는 지표가 없습니다",
        "재지 않는 목표는 나빠져도 아무도 모릅니다. 지표를 정해 두어야 모델을 바꿀 때 이 목표가 지켜졌는지 비교할 "
        "수 있습니다.",
        "| M1 | G1 | 36시간 뒤 입원 수의 MAE | 2026년 1-6월 | 병동별 절대 오차의 평균 | 2.4명 | 1.8명 |",
    ),
    Rule(
        "metric-incomplete",
        "지표에 데이터, 계산 방법 또는 목표값이 없습니다",
        "같은 이름의 지표도 데이터와 계산이 다르면 값이 다릅니다. 적어 두지 않으면 두 사람이 다른 정확도를 보고하고, "
        "목표값이 없으면 언제 출시해도 되는지 정할 수 없습니다.",
        "| M2 | G1 | 재현율 | 6월의 문의 4,000건(사람이 레이블) | 찾은 긴급 문의 ÷ 긴급 문의 전체 | 0.71 | 0.85 |",
    ),
    Rule(
        "metric-without-monitor",
        "지표를 지켜보는 모니터가 없습니다",
        "출시 전에만 잰 지표는 데이터가 바뀐 뒤의 성능을 말해 주지 않습니다. 모델은 오류를 내지 않고 조용히 "
        "나빠집니다.",
        "| MON1 | M1 | 어제 예측과 실제 입원 수의 MAE | 매일 9시 |\n"
        "온라인에서 볼 수 없는 지표라면 그 행에 '오프라인 지표: 분기마다 설문으로 묻는다'",
        "should",
    ),
    Rule(
        "monitor-without-alert",
        "모니터에 경보가 없습니다",
        "아무도 부르지 않는 모니터는 장애가 끝난 뒤 보고서를 쓸 때에야 열립니다.",
        "| AL1 | MON1 | MAE가 3일 연속 2.4명 초과 | 박도윤 | RB1 |",
        "should",
    ),
    Rule(
        "alert-incomplete",
        "경보에 수치로 된 조건이나 담당이 없습니다",
        "'성능이 떨어지면'은 코드로 옮길 수 없고, 담당이 없는 경보는 모두가 다른 사람이 보고 있다고 생각합니다.",
        "| AL2 | MON2 | p99 지연이 10분 동안 200 ms 초과 | 최지우 | RB2 |",
    ),
    Rule(
        "alert-without-runbook",
        "경보에 런북이 없습니다",
        "새벽에 깬 담당자가 그 자리에서 대응을 지어내면 늦고, 사람마다 다르게 합니다. 할 일은 깨어 있을 때 적어 "
        "둡니다.",
        "| AL1 | MON1 | MAE가 3일 연속 2.4명 초과 | 박도윤 | RB1 |\n그리고 소절 '### 런북 RB1. 예측 오차가 클 때'",
    ),
    Rule(
        "runbook-missing",
        "이름만 있고 쓰지 않은 런북입니다",
        "경보가 가리키는 런북이 비어 있으면 담당자는 그것을 찾느라 시간을 더 씁니다.",
        "### 런북 RB1. 예측 오차가 클 때: 1. 입력 표의 결측률을 본다. 2. 20%를 넘으면 전날 값으로 바꾼다. 3. ...",
    ),
    Rule(
        "runbook-unused",
        "어느 경보도 부르지 않는 런북입니다",
        "아무도 부르지 않는 런북은 연습되지 않고 낡습니다. 경보 하나가 빠졌다는 뜻일 때도 많습니다.",
        "| AL3 | MON3 | PSI가 7일 연속 0.2 초과 | 이서준 | RB3 |",
        "should",
    ),
    Rule(
        "id-unknown",
        "정의하지 않은 ID를 가리킵니다",
        "가리키는 행이 없으면 목표에서 런북까지의 사슬이 거기에서 끊깁니다. 행을 지우거나 번호를 바꾸고 나서 "
        "생기는 일입니다.",
        "모니터 MON2의 지표 칸에 M2를 적었다면 지표의 표에 M2인 행이 있습니다.",
    ),
    Rule(
        "id-repeated",
        "같은 ID가 두 번 정의됩니다",
        "R3이 둘이면 'R3을 지킨다'는 시험과 경보가 어느 쪽을 말하는지 알 수 없습니다.",
        "지운 번호를 다시 쓰지 않고 다음 번호를 붙입니다: R1, R2, R4, R5.",
    ),
)
"""The rules of this module."""


def check(document: Document, project: ProjectFile | None) -> Iterator[Finding]:
    r"""Follow the ids from goals to runbooks and tell where the chain breaks.

    What nobody measures degrades unseen, what pages nobody is read after the incident: the chain
    is as good as its weakest link, and a person who reads section by section does not see it.

    Parameters
    ----------
    document
        The document.
    project
        The team; not needed here.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from coursekit.classroom.project.documents import read_document
    >>> path = Path(tempfile.mkdtemp()) / "doc.md"
    >>> table = "| ID | 모니터 | 조건 | 담당 | 런북 |\n|-|-|-|-|-|\n| AL1 | MON1 | MAE > 3 | 김하늘 | - |\n"
    >>> _ = path.write_text(f"# 병상\n\n## 10. 모니터링과 드리프트\n\n{table}", encoding="utf-8")
    >>> [(one.rule.id, one.place.line) for one in check(read_document(path), None)]
    [('alert-without-runbook', 7)]
    """
    tables = {kind: records(document, kind) for kind in (*KIND_NAMES, "baselines", "models")}
    yield from _goals(document, tables)
    yield from _metrics(document, tables)
    yield from _monitors(document, tables)
    runbooks = runbooks_in(document)
    yield from _alerts(tables["alerts"], runbooks)
    yield from _unused(document, tables["alerts"], runbooks)
    yield from repeated(tables, runbooks)
    yield from unknown(document, tables, runbooks)


def _goals(document: Document, tables: Tables) -> Iterator[Finding]:
    home = part(document, "목표와 지표")
    for kind, columns in (
        ("goals", "ID, 목표, 왜 중요한가"),
        ("metrics", "ID, 목표, 지표, 데이터, 계산 방법, 기초선, 목표값"),
    ):
        if home is not None and not tables[kind]:
            name = KIND_NAMES[kind]
            yield found("goals-missing", home.place, f"{name}의 표를 찾지 못했습니다. 열은 {columns}입니다.")
    if not tables["metrics"]:
        return
    measured = referred(tables["metrics"], "목표", tables["goals"], "G")
    for goal in tables["goals"]:
        name = row_told(goal, "목표")
        if not goal.id:
            yield found("goal-without-metric", goal.place, f"목표 {name}에 ID가 없어 지표와 이을 수 없습니다.")
        elif goal.id not in measured:
            yield found("goal-without-metric", goal.place, f"{name}: 이 목표를 재는 지표가 없습니다.")


def _metrics(document: Document, tables: Tables) -> Iterator[Finding]:
    home = part(document, "모니터링과 드리프트")
    if tables["metrics"] and not tables["monitors"] and home is not None:
        yield found(
            "metric-without-monitor", home.place, "모니터의 표를 찾지 못했습니다. 열은 ID, 지표, 모니터, 주기입니다."
        )
    watched = referred(tables["monitors"], "지표", tables["metrics"], "M")
    places = (home, part(document, "목표와 지표"))
    explained = _explained([block for one in places if one is not None for block in one.blocks])
    for metric in tables["metrics"]:
        name = row_told(metric, "지표")
        lacks = [column for column in ("데이터", "계산 방법") if not metric.gives(column)]
        # "기초선 이하" is a number where the column 기초선 holds one
        relative = _AGAINST_BASELINE.search(plain(metric.get("목표값"))) and has_number(metric.get("기초선"))
        if not (metric.gives("목표값") and (has_number(metric.get("목표값")) or relative)):
            shown = f"(지금은 '{plain(metric.get('목표값'))}')" if metric.gives("목표값") else ""
            lacks.append(f"수치로 된 목표값{shown}")
        if not metric.id:
            lacks.insert(0, "ID")
        if lacks:
            yield found("metric-incomplete", metric.place, f"{name}: 없는 것은 {', '.join(lacks)}입니다.")
        offline = any(_OFFLINE.search(text) for text in metric.texts) or metric.id in explained
        if tables["monitors"] and metric.id and metric.id not in watched and not offline:
            advice = "온라인에서 볼 수 없는 지표라면 그 행에 '오프라인 지표'와 이유를 적어 주세요."
            yield found("metric-without-monitor", metric.place, f"{name}: 이 지표를 보는 모니터가 없습니다. {advice}")


def _explained(blocks: Sequence[Block]) -> set[str]:
    """Metrics of which the text says that they are not watched online."""
    sentences = [one for block in blocks if block.kind != "guidance" for one in re.split(r"(?<=다)\.|\n", block.text)]
    return {name for one in sentences if _OFFLINE.search(plain(one)) for name in ids_in(one, {"M"})}


def _monitors(document: Document, tables: Tables) -> Iterator[Finding]:
    if tables["monitors"] and not tables["alerts"]:
        told = "경보의 표를 찾지 못했습니다. 열은 ID, 모니터, 조건, 담당, 런북입니다."
        home = part(document, "모니터링과 드리프트")
        yield found("monitor-without-alert", home.place if home else tables["monitors"][0].place, told)
        return
    alerted = referred(tables["alerts"], "모니터", tables["monitors"], "MON")
    for monitor in tables["monitors"]:
        name = row_told(monitor, "모니터")
        if not monitor.id:
            yield found("monitor-without-alert", monitor.place, f"모니터 {name}에 ID가 없어 경보와 이을 수 없습니다.")
        elif monitor.id not in alerted and not any(_WITHOUT_ALERT.search(text) for text in monitor.texts):
            yield found("monitor-without-alert", monitor.place, f"{name}: 이 모니터를 보고 울리는 경보가 없습니다.")


def _alerts(alerts: Sequence[Record], runbooks: Sequence[Runbook]) -> Iterator[Finding]:
    described = {one.id: one for one in runbooks}
    for alert in alerts:
        name = row_told(alert, "조건")
        lacks = [] if alert.id else ["ID"]
        if not alert.gives("모니터"):
            lacks.append("모니터")
        if not (alert.gives("조건") and has_number(alert.get("조건"))):
            shown = f"(지금은 '{plain(alert.get('조건'))}')" if alert.gives("조건") else ""
            lacks.append(f"수치로 된 조건{shown}")
        if not alert.gives("담당"):
            lacks.append("담당")
        if lacks:
            yield found("alert-incomplete", alert.place, f"{name}: 없는 것은 {', '.join(lacks)}입니다.")
        named = runbooks_of(alert, runbooks)
        if not named:
            rest = f" 지금은 '{plain(alert.get('런북'))}'입니다." if alert.gives("런북") else ""
            yield found("alert-without-runbook", alert.place, f"{name}: 런북의 ID(RB1과 같은)가 없습니다.{rest}")
        for runbook_id in named:
            if runbook_id not in described:
                yield found(
                    "runbook-missing",
                    alert.place,
                    f"{name}: 런북 {runbook_id}{particle(runbook_id, '이', '가')} 문서에 없습니다.",
                )
    for runbook in runbooks:
        if runbook.length < LEAST_RUNBOOK:
            yield found("runbook-missing", runbook.place, f"런북 {runbook.id}에 제목뿐이고 할 일이 없습니다.")


def _unused(document: Document, alerts: Sequence[Record], runbooks: Sequence[Runbook]) -> Iterator[Finding]:
    if not alerts:
        return
    used = {name for alert in alerts for name in runbooks_of(alert, runbooks)}
    # a rollback that follows RB3 uses it too
    for one in parts(document):
        if one.name != "모니터링과 드리프트":
            used.update(name for block in one.blocks if block.kind != "guidance" for name in ids_in(block.text, {"RB"}))
    for runbook in runbooks:
        if runbook.id not in used:
            told = f"런북 {runbook.id}{particle(runbook.id, '을', '를')} 가리키는 경보가 없습니다."
            yield found("runbook-unused", runbook.place, told)
