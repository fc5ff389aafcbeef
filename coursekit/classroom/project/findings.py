"""What a check says about a document: a rule, a place, what is wrong there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.project.documents import Place

RULE_MODULES = ("sections", "tracing", "requirements", "choices", "arithmetic", "dates", "references", "appendices")
"""The modules of :mod:`coursekit.classroom.project.rules`, in the order of a report."""

SEVERITIES = MappingProxyType({"must": "고쳐야 합니다", "should": "살펴보세요"})
"""How severe a rule is, in Korean."""


@dataclass(frozen=True)
class Rule:
    """One thing that a good design document has.

    A checker that only says "wrong" trains teams to silence it; a rule carries its reason and a
    picture of what good looks like.
    """

    id: str
    """Short name for scripts: ``alert-without-runbook``."""
    title: str
    """What is missing, in Korean, in a few words."""
    why: str
    """Why it matters when the system runs, in Korean."""
    good: str
    """What good looks like: an example, in Korean."""
    severity: str = "must"
    """``must`` or ``should``."""


@dataclass(frozen=True)
class Finding:
    """A rule that a document does not meet, and where."""

    rule: Rule
    """The rule, with its reason."""
    place: Place
    """Where."""
    message: str
    """What is wrong there, in Korean, with the id or the number as written."""
    subject: str = ""
    """The template's section that it is about as a whole: one that is missing, or not written yet."""

    @property
    def told(self) -> str:
        """Place and message in one line."""
        return f"{self.place.told}: {self.message}"


@dataclass(frozen=True)
class DocumentReport:
    """What the checker found in a document.

    It advises and people grade: the report holds no points. Its order is the document's.
    """

    path: Path
    """The document."""
    title: str
    """Its title."""
    findings: tuple[Finding, ...]
    """In the order of the document."""
    checked: tuple[str, ...]
    """Ids of all rules that were looked at, also of those that are met."""
    chapters: Mapping[str, str] = field(default_factory=dict)
    """The section over each subsection, by their headings."""

    def chapter(self, finding: Finding) -> str:
        """The heading of the section in which a finding stands, also where it stands in a part of it."""
        heading = finding.place.section
        return self.chapters.get(heading, heading) or "문서 맨 앞"

    def where(self, finding: Finding) -> str:
        """The place within the section: subsection, table and row, line."""
        place = finding.place
        part = place.section if self.chapters.get(place.section, place.section) != place.section else ""
        line = f"{place.line}행" if place.line is not None else ""
        return ", ".join(filter(None, (part, place.part, line)))

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def to_frame(self) -> pd.DataFrame:
        """One row per finding."""
        rows = [
            (
                one.place.line,
                one.place.section,
                one.rule.id,
                one.rule.severity,
                one.message,
                one.rule.why,
                one.rule.good,
            )
            for one in self.findings
        ]
        columns = ["line", "section", "rule", "severity", "message", "why", "good"]
        return pd.DataFrame(rows, columns=columns).astype({"line": "Int64"})

    def plot(self) -> go.Figure:
        """Findings by section, in the document's order."""
        figure = go.Figure(layout={"title": f"{self.title}: 절마다 찾은 것", "barmode": "stack"})
        sections = list(dict.fromkeys(self.chapter(one) for one in self.findings))[::-1]
        for severity, name in SEVERITIES.items():
            mine = [self.chapter(one) for one in self.findings if one.rule.severity == severity]
            figure.add_bar(y=sections, x=[mine.count(one) for one in sections], name=name, orientation="h")
        figure.update_layout(xaxis_title="찾은 것 (건)", yaxis_title="절", xaxis_dtick=1, yaxis_automargin=True)
        return figure

    def to_dict(self) -> dict[str, Any]:
        """The report for scripts, as plain values."""
        findings = [
            {
                "rule": one.rule.id,
                "severity": one.rule.severity,
                "title": one.rule.title,
                "place": {"told": one.place.told, "line": one.place.line, "section": one.place.section},
                "message": one.message,
                "why": one.rule.why,
                "good": one.rule.good,
            }
            for one in self.findings
        ]
        counts = {severity: sum(one.rule.severity == severity for one in self.findings) for severity in SEVERITIES}
        return {
            "document": self.path.name,
            "title": self.title,
            "counts": counts,
            "findings": findings,
            "rules_checked": list(self.checked),
        }


@cache
def all_rules() -> Mapping[str, Rule]:
    """Give every rule by its id, in the order of a report.

    The page that explains the checker, the rubric and the tests read this one list.

    Examples
    --------
    >>> all_rules()["alert-without-runbook"].severity
    'must'
    """
    rules: dict[str, Rule] = {}
    for name in RULE_MODULES:
        for rule in import_module(f"coursekit.classroom.project.rules.{name}").RULES:
            if rule.id in rules:
                raise RuntimeError(f"two rules are named {rule.id}")
            rules[rule.id] = rule
    return MappingProxyType(rules)


def found(rule_id: str, place: Place, message: str, *, subject: str = "") -> Finding:
    """Make a finding of a rule.

    Checks name rules by id, so that each text stands in one place.

    Parameters
    ----------
    rule_id
        One of :func:`all_rules`.
    place
        Where.
    message
        What is wrong there, in Korean.
    subject
        The template's section, if it is about that as a whole.

    Examples
    --------
    >>> found("alert-without-runbook", Place("doc.md", 7, "10. 모니터링과 드리프트"), "AL1에 런북이 없습니다.").told
    '10. 모니터링과 드리프트 (7행): AL1에 런북이 없습니다.'
    """
    return Finding(all_rules()[rule_id], place, message, subject)


def in_order(findings: Iterable[Finding], sections: Iterable[str]) -> tuple[Finding, ...]:
    """Sort findings as the document reads; equal ones are told once.

    Whoever mends a document goes through it from the top; what names no section comes first, as
    the head does.

    Parameters
    ----------
    findings
        In any order.
    sections
        The headings as written, in the document's order.

    Examples
    --------
    >>> in_order([], [])
    ()
    """
    number = {title: at for at, title in reversed(list(enumerate(sections)))}
    unique = dict.fromkeys(findings)
    return tuple(sorted(unique, key=lambda one: (number.get(one.place.section, -1), one.place.line or 0)))
