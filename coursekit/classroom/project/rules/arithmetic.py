"""Calculations: written so that they can be computed again, and right."""

from __future__ import annotations

import re
from collections.abc import Iterator

from coursekit.classroom.project._calculation_tokens import CalculationError
from coursekit.classroom.project._equations import Verdict, judge_prose, judge_row
from coursekit.classroom.project._sample_text import Plan, sample_in_prose, sample_plan
from coursekit.classroom.project.calculator import evaluate
from coursekit.classroom.project.documents import Block, Document, Place, Row, as_table, plain_name
from coursekit.classroom.project.findings import Finding, Rule, found
from coursekit.classroom.project.project_file import ProjectFile
from coursekit.classroom.project.rules._cells import placeholder
from coursekit.classroom.project.rules._outline import part
from coursekit.classroom.project.sample_size import VARIANTS

RULES = (
    Rule(
        "calculation-missing",
        "있어야 할 계산이 없습니다",
        "동시 요청, 저장 용량, 월 비용, 표본 크기를 미리 셈하지 않은 시스템은 첫 혼잡이나 첫 청구서, 끝나지 않는 "
        "실험에서 그 값을 "
        "알게 됩니다. 봉투 뒷면의 계산 넷이면 설계를 바꿀 기회가 글자를 고치는 값으로 옵니다.",
        "| 계산 | 식 | 결과 | 표에 네 행: | 동시 요청 | 120 요청/s × 50 ms | 6 요청 |, | 저장 |, | 월 비용 |, | 표본 |",
    ),
    Rule(
        "arithmetic-wrong",
        "다시 계산하면 다른 값이 나옵니다",
        "서버 수와 예산은 이 값에서 정해집니다. 식은 고치고 결과는 고치지 않은 자리에서 흔히 생기며, 그 값을 인용한 "
        "다른 절도 함께 "
        "틀립니다.",
        "| 동시 요청 | 120 요청/s × 50 ms | 6 요청 | — 결과는 적힌 자릿수까지 식과 같습니다. 어림이면 '약'을 붙입니다.",
    ),
    Rule(
        "arithmetic-units",
        "식과 결과의 단위가 맞지 않습니다",
        "용량 계획의 큰 실수는 대개 곱셈이 아니라 단위에서 납니다. ms를 초로 바꾸지 않으면 1,000배, 하루와 한 달을 "
        "섞으면 30배가 "
        "어긋나는데 숫자만 보아서는 드러나지 않습니다.",
        "| 저장 | 2 KB/요청 × 864만 요청/일 × 90 일 | 1.56 TB | — 모든 수에 단위를 적고, 약분한 단위가 결과의 "
        "단위입니다.",
    ),
    Rule(
        "arithmetic-unreadable",
        "계산을 검산할 수 없습니다",
        "수와 단위로 적히지 않은 식은 읽는 사람도 따라 계산할 수 없고, 조건이 바뀌었을 때 고쳐 쓸 수도 없습니다.",
        "'QPS × 지연 시간' 대신 '120 요청/s × 50 ms', '10~30 GB' 대신 한 값. 범위가 필요하면 행을 둘로 나눕니다.",
        "should",
    ),
    Rule(
        "sample-size-wrong",
        "표본 크기가 조건과 맞지 않습니다",
        "표본이 모자란 실험은 실제로 나아졌어도 '차이 없음'으로 끝나고, 그 결과로 좋은 모델이 버려집니다.",
        "| 표본 | 표본(기준=0.90, 차이=-0.02, 유의수준=0.05, 검정력=0.8) | 3,839 건 | — 한 무리에 필요한 수입니다.",
    ),
)
"""The rules of this module."""

NEEDED = (
    ("동시 요청", re.compile(r"동시\s*(처리\s*)?(요청|접속|사용|호출|질의)|동시성|concurren", re.I), "QPS × 지연 시간"),
    ("저장", re.compile(r"저장|스토리지|디스크|storage", re.I), "한 건의 크기 × 하루 건수 × 보관 일수"),
    (
        "월 비용",
        re.compile(r"월\s*(간\s*)?\S*\s*(비용|요금|예산)|(비용|요금)\s*[(/]?\s*월|한\s*달\s*비용|cost", re.I),
        "대수 × 단가 × 시간",
    ),
    ("표본", re.compile(r"표본|샘플\s*(크기|수)|sample", re.I), "표본(기준=…, 차이=…, 유의수준=…, 검정력=…)"),
)
_KIND = {"wrong": "arithmetic-wrong", "units": "arithmetic-units", "unreadable": "arithmetic-unreadable"}
_FORMULA = "n = (z(1-α/2) + z(검정력))² × (p₁(1-p₁) + p₂(1-p₂)) ÷ (p₁-p₂)²"


def check(document: Document, project: ProjectFile | None) -> Iterator[Finding]:
    r"""Compute a document's calculations again, in its tables and in its prose.

    The sums decide how many machines are bought. A table that cannot be read is worth a remark; prose that
    cannot be read for sure is left alone, since a wrong accusation costs more trust than a missed slip.

    Parameters
    ----------
    document
        The document.
    project
        Not needed.

    Yields
    ------
    Finding
        One per row or sentence, and one per missing calculation.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from coursekit.classroom.project.documents import read_document
    >>> path = Path(tempfile.mkdtemp()) / "doc.md"
    >>> table = "| 계산 | 식 | 결과 |\n|---|---|---|\n| 동시 요청 | 120 요청/s × 50 ms | 60 요청 |\n"
    >>> _ = path.write_text(f"# 병상\n\n## 8. 서빙과 인프라\n\n{table}", encoding="utf-8")
    >>> [finding.rule.id for finding in check(read_document(path), None)].count("calculation-missing")
    3
    """
    names: list[str] = []
    for section in document.sections:
        for block in section.blocks:
            if block.kind == "table" and block.rows:
                yield from _table(block, names)
            elif block.kind in ("paragraph", "item"):
                yield from _prose(block.text, block.place)
    at = part(document, "서빙과 인프라")
    place = at.place if at is not None else Place(document.path.name, None, "")
    for name, pattern, formula in NEEDED:
        if not any(pattern.search(one) for one in names):
            yield found("calculation-missing", place, f"‘{name}’ 계산이 없습니다({formula}).")


def _table(block: Block, names: list[str]) -> Iterator[Finding]:
    table = as_table(block)
    plain = {plain_name(column): column for column in table.columns}
    if not {"계산", "식", "결과"} <= plain.keys():
        for row in table.rows:
            for text in row.cells.values():
                yield from _prose(text, row.place)
        return
    for row in table.rows:
        name, expression, result = (row.cells[plain[key]] for key in ("계산", "식", "결과"))
        names.append(name)
        if placeholder(expression) or placeholder(result):
            continue
        empty = [word for word, text in (("식", expression), ("결과", result)) if not text.strip(" -–—")]
        if empty:
            yield found("calculation-missing", row.place, f"‘{name}’ 계산에 {'과 '.join(empty)}의 칸이 비어 있습니다.")
            continue
        yield from _row(row, name, expression, _with_unit(result, plain["결과"]))


def _with_unit(result: str, column: str) -> str:
    """A result under ``결과 (GB)`` need not repeat the unit."""
    unit = re.search(r"\((?:단위\s*:?\s*)?([^()]+)\)", column)
    if unit is None or not re.fullmatch(r"[약≈\s\d.,]+", result):
        return result
    try:
        evaluate(f"1 {unit.group(1)}")
    except CalculationError:
        return result  # 결과 (Result) only names the column again
    return f"{result} {unit.group(1)}"


def _row(row: Row, name: str, expression: str, result: str) -> Iterator[Finding]:
    sample = "표본" in name or "표본" in expression
    if sample and not re.search(r"표본[^(]*\(", expression) and _plan(expression) is not None:
        expression = f"표본({expression})"
    verdict = judge_row(expression.replace("\n", " "), result.replace("\n", " "), label=name)
    yield from _findings(verdict, row.place, f"‘{name}’: ", expression)


def _prose(text: str, place: Place) -> Iterator[Finding]:
    if placeholder(text):
        return
    for verdict in judge_prose(text):
        yield from _findings(verdict, place, "", text)
    if re.search(r"표본[^(]{0,4}\(", text):
        return
    found_sample = sample_in_prose(text)
    if found_sample is None:
        return
    plan, written, about = found_sample
    sizes = _sizes(plan)
    near = 0.1 if about else 0.01 if written % 100 == 0 else 0.0
    if sizes and not any(abs(written - size) <= max(1.0, near * size) for size in sizes):
        yield found("sample-size-wrong", place, f"적힌 값은 한 무리에 {written:,}입니다. {_told(plan)}")


def _findings(verdict: Verdict, place: Place, prefix: str, expression: str) -> Iterator[Finding]:
    if verdict.kind == "right":
        return
    if verdict.sample:
        plan = _plan(expression)
        more = f" {_told(plan)}" if plan is not None else ""
        yield found("sample-size-wrong", place, prefix + verdict.message + more)
        return
    yield found(_KIND[verdict.kind], place, prefix + verdict.message)


def _plan(text: str) -> Plan | None:
    try:
        return sample_plan(text)
    except CalculationError:
        return None


def _sizes(plan: Plan) -> list[float]:
    found_sizes = []
    for variant in VARIANTS:
        for falls in (False,) if plan.signed else (False, True):
            try:
                found_sizes.append(plan.size(variant, falls=falls))
            except CalculationError:  # 0.99 + 0.02 is no proportion
                continue
    return found_sizes


def _told(plan: Plan) -> str:
    """What the plan needs, both ways if the direction is not written."""
    parts = []
    for falls in (False,) if plan.signed else (False, True):
        try:
            size = plan.size("unpooled", falls=falls)
        except CalculationError:
            continue
        other = plan.base - plan.difference if falls else plan.base + plan.difference
        parts.append(f"{plan.base:.4g}에서 {other:.4g}로 바뀌는 것을 보려면 한 무리에 {_up(size):,}건")
    return f"{', '.join(parts)}이 필요합니다. {_FORMULA}." if parts else ""


def _up(size: float) -> int:
    return int(-(-size // 1))
