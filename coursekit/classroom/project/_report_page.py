"""A report of a document's check as one page: findings where they stand, with reason and example."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from coursekit.classroom.project.findings import SEVERITIES, DocumentReport, Finding

_TEMPLATES = Path(__file__).parents[1] / "templates"
_ADVICE = (
    "이 점검은 조언합니다. 점수는 사람이 매깁니다. 점검을 통과했다고 좋은 설계인 것은 아니고, "
    "지적이 틀렸다고 생각하면 문서에 이유를 적고 강사에게 알려 주세요."
)


def report_page(report: DocumentReport) -> str:
    """Compose the page; it needs no network and no script, and prints."""
    styles = "\n".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in ("summary.css", "findings.css"))
    groups = [(name, list(mine)) for name, mine in groupby(report.findings, report.chapter)]
    body = "".join(_section(report, name, mine) for name, mine in groups)
    return (
        f'<!DOCTYPE html>\n<html lang="ko"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_safe(report.title)}: 설계 문서 점검</title>\n<style>{styles}</style></head>\n<body>\n"
        f"<h1>{_safe(report.title)}</h1>\n"
        f'<p class="soft">설계 문서 점검: {_safe(report.path.name)}, 규칙 {len(report.checked)}가지</p>\n'
        f'<p class="verdict {"clear" if report.ok else "found"}">{_verdict(report)}</p>\n'
        f"{_contents(groups)}\n{body}"
        f'<p class="soft advice">{_ADVICE}</p>\n</body></html>\n'
    )


def _verdict(report: DocumentReport) -> str:
    if report.ok:
        return "찾은 것이 없습니다."
    counts = [sum(one.rule.severity == severity for one in report.findings) for severity in SEVERITIES]
    told = [f"{name} {count}건" for name, count in zip(("고쳐야 할 것", "살펴볼 것"), counts, strict=True) if count]
    return ", ".join(told)


def _contents(groups: Sequence[tuple[str, list[Finding]]]) -> str:
    most = max((len(mine) for _, mine in groups), default=1)
    rows = [
        f'<tr><td><a href="#{_anchor(name)}">{_safe(name)}</a></td>'
        f'<td class="number">{len(mine)}건</td>'
        f'<td class="wide"><span class="rate" style="width:{100 * len(mine) / most:.0f}%"></span></td></tr>'
        for name, mine in groups
    ]
    return f'<table class="contents"><tbody>{"".join(rows)}</tbody></table>' if rows else ""


def _section(report: DocumentReport, name: str, findings: list[Finding]) -> str:
    firsts = {one.rule.id: at for at, one in reversed(list(enumerate(findings)))}
    cards = "".join(_card(one, report.where(one), explain=firsts[one.rule.id] == at) for at, one in enumerate(findings))
    return f'<h2 id="{_anchor(name)}">{_safe(name)}</h2>\n{cards}\n'


def _card(finding: Finding, where: str, *, explain: bool) -> str:
    """One finding; the reason stands at the first of its kind in a section."""
    rule = finding.rule
    why = f"<dt>왜 중요한가</dt><dd>{_safe(rule.why)}</dd>"
    good = f"<dt>이렇게 쓰면 좋습니다</dt><dd>{_safe(rule.good)}</dd>"
    badge = f'<span class="badge {rule.severity}">{SEVERITIES[rule.severity]}</span>'
    return (
        f'<article class="{rule.severity}"><header>{badge}'
        f' <strong>{_safe(rule.title)}</strong> <span class="soft">{_safe(where)}</span></header>'
        f"<p>{_safe(finding.message)}</p>"
        + (f"<dl>{why}{good}</dl>" if explain else "")
        + f'<p class="soft rule">{_safe(rule.id)}</p></article>'
    )


def _anchor(name: str) -> str:
    return _safe("s-" + "-".join(name.split()))


def _safe(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
