"""Was a planted fault found, at its place, and nothing else with it?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from coursekit.classroom.project.checking import check_document
from coursekit.classroom.project.docx_writing import write_docx
from coursekit.classroom.project.findings import Finding
from tests.classroom.project.document_drafts import HEALTHY, DoesNotApply, Draft, Healthy, bare
from tests.classroom.project.planted_faults import FAULTS, Fault


@dataclass(frozen=True)
class Verdict:
    """What became of one planted fault."""

    found: bool
    placed: bool
    stray: tuple[str, ...]  # findings that the fault does not explain
    told: tuple[str, ...]  # all findings

    @property
    def ok(self) -> bool:
        return self.found and self.placed and not self.stray


def applicable() -> list[tuple[Healthy, Fault]]:
    """Every fault with every document that has a place for it."""
    pairs = []
    for document in HEALTHY:
        for fault in FAULTS:
            try:
                fault.plant(Draft(document))
            except DoesNotApply:
                continue
            pairs.append((document, fault))
    return pairs


def check(draft: Draft, folder: Path) -> tuple[Finding, ...]:
    """Check the draft as the Markdown file that a team hands in."""
    path = folder / "design_doc.md"
    path.write_text(draft.text, encoding="utf-8")
    return check_document(path, project=draft.project).findings


def check_docx(draft: Draft, folder: Path) -> tuple[Finding, ...]:
    """Check the draft after it went through Word."""
    path = folder / "through_word.md"
    path.write_text(draft.text, encoding="utf-8")
    out = write_docx(path, folder / "through_word.docx")
    return check_document(out, project=draft.project).findings


def judge(fault: Fault, draft: Draft, lines: tuple[str, ...], findings: tuple[Finding, ...]) -> Verdict:
    """Judge what was found in a Markdown draft."""
    mine = [one for one in findings if one.rule.id == fault.rule]
    placed = [one for one in mine if _at_place(one, fault, draft, lines)]
    return _verdict(fault, findings, mine, placed)


def judge_docx(fault: Fault, draft: Draft, findings: tuple[Finding, ...]) -> Verdict:
    """Judge what was found in .docx, where places have no line but a section."""
    mine = [one for one in findings if one.rule.id == fault.rule]
    homes, home = {"": ""}, ""
    for line in draft.lines:
        if line.startswith("#"):
            home = bare(line) if line.startswith("## ") else home
            homes[line.lstrip("# ").strip()] = home
    wanted = [bare(name) for name in fault.sections]
    placed = [
        one for one in mine if not wanted or any(_is_home(homes.get(one.place.section, "?"), name) for name in wanted)
    ]
    return _verdict(fault, findings, mine, placed)


def _is_home(home: str, name: str) -> bool:
    return home.startswith(name) if name else not home


def _verdict(fault: Fault, findings: tuple[Finding, ...], mine: list[Finding], placed: list[Finding]) -> Verdict:
    told = [one for one in placed if all(_says(word, one.message) for word in fault.says)]
    explained = [one for one in findings if one in placed or one.rule.id in fault.also]
    stray = tuple(f"{one.rule.id} {one.told}" for one in findings if one not in explained)
    return Verdict(bool(mine), bool(told), stray, tuple(f"{one.rule.id} {one.told}" for one in findings))


def _says(word: str, message: str) -> bool:
    return re.sub(r"\s+", "", word) in re.sub(r"\s+", "", message)


def _at_place(finding: Finding, fault: Fault, draft: Draft, lines: tuple[str, ...]) -> bool:
    """The line is the right one; of what has no line, the section."""
    at = finding.place.line
    if at is None or not 1 <= at <= len(draft.lines):
        return not fault.sections and not lines
    if lines:
        return draft.lines[at - 1] in lines
    home = next((line for line in reversed(draft.lines[:at]) if line.startswith("## ")), "")
    return not fault.sections or any(bare(home).startswith(bare(name)) if name else not home for name in fault.sections)
