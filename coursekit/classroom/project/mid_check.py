"""The mid-check: is what has to be there by now there, and what will be due next?"""

from __future__ import annotations

import datetime
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.editions import open_folder
from coursekit.classroom.project._markdown import heading_anchor
from coursekit.classroom.project.checking import report_on
from coursekit.classroom.project.documents import read_document
from coursekit.classroom.project.findings import Finding
from coursekit.classroom.project.project_file import ProjectFile, find_project_file
from coursekit.classroom.project.rules._belonging import belonging
from coursekit.classroom.project.timeline import Milestone, read_timeline

MID_CHECK = "mid_check"
"""The milestone's id in timeline.yaml."""
STATES = {"done": "갖추었습니다", "findings": "고칠 것이 있습니다", "later": "아직 때가 아닙니다"}
"""States of a section, in Korean."""


@dataclass(frozen=True)
class SectionState:
    """How far a section is."""

    section: str
    """Its name."""
    due: str
    """The milestone by which it has to be filled, in Korean."""
    state: str
    """``done``, ``findings`` or ``later``."""
    findings: tuple[Finding, ...]
    """What the checker found in it."""


@dataclass(frozen=True)
class MidCheckReport:
    """The state of a document at the mid-check, section by section.

    Half a term before the hand-in a finding costs an hour; the week before, the grade. Sections
    that are due later are named, and not held against the team.
    """

    path: Path
    """The document."""
    date: datetime.date | None
    """The mid-check's date, if the team's project.yaml has it."""
    sections: tuple[SectionState, ...]
    """The document's sections in the template's order."""
    elsewhere: tuple[Finding, ...]
    """Findings that stand in no section: the head, say."""

    @property
    def ok(self) -> bool:
        """Whether everything that is due by now is there."""
        return all(one.state != "findings" for one in self.sections) and not self.elsewhere

    def to_frame(self) -> pd.DataFrame:
        """One row per section."""
        rows = [(one.section, one.due, STATES[one.state], len(one.findings)) for one in self.sections]
        return pd.DataFrame(rows, columns=["section", "due", "state", "findings"])

    def plot(self) -> go.Figure:
        """Findings by section, coloured by what is due."""
        figure = go.Figure(layout={"title": "중간 점검: 절마다 찾은 것", "xaxis_title": "찾은 것 (건)"})
        for state, name in STATES.items():
            mine = [one for one in self.sections if one.state == state]
            figure.add_bar(
                x=[len(one.findings) for one in mine], y=[one.section for one in mine], name=name, orientation="h"
            )
        figure.update_layout(yaxis_title="절", yaxis_automargin=True)
        figure.update_yaxes(categoryorder="array", categoryarray=[one.section for one in self.sections][::-1])
        return figure

    def to_dict(self) -> dict[str, Any]:
        """The report for scripts, as plain values."""
        sections = [
            {
                "section": one.section,
                "due": one.due,
                "state": one.state,
                "findings": [{"rule": f.rule.id, "place": f.place.told, "message": f.message} for f in one.findings],
            }
            for one in self.sections
        ]
        elsewhere = [{"rule": f.rule.id, "place": f.place.told, "message": f.message} for f in self.elsewhere]
        date = self.date.isoformat() if self.date else None
        return {"document": self.path.name, "date": date, "ok": self.ok, "sections": sections, "elsewhere": elsewhere}


def mid_check(path: Path, *, project: ProjectFile | None = None, milestone: str = MID_CHECK) -> MidCheckReport:
    """Check what a document must hold by the mid-check, and nothing that is due later.

    The final check of a half-written document is a wall of findings that nobody reads.

    Parameters
    ----------
    path
        The document.
    project
        The team; by default the ``project.yaml`` beside the document.
    milestone
        Another milestone of timeline.yaml.

    Raises
    ------
    ValueError
        If there is no such milestone.
    coursekit.classroom.project.documents.DocumentError
        If the document cannot be read.

    Examples
    --------
    >>> mid_check(Path("nowhere.md"), milestone="never")
    Traceback (most recent call last):
    ...
    ValueError: 일정에 'never'이라는 시점이 없습니다. 있는 것: ...
    """
    milestones = read_timeline(open_folder("project_template") / "timeline.yaml")
    last = next((at for at, one in enumerate(milestones) if one.id == milestone), None)
    if last is None:
        known = ", ".join(one.id for one in milestones)
        raise ValueError(f"일정에 '{milestone}'이라는 시점이 없습니다. 있는 것: {known}")
    project = project if project is not None else find_project_file(path)
    document = read_document(path)
    report = report_on(document, project=project)
    due = _due_by(milestones)
    now = {name for one in milestones[: last + 1] for name in one.sections}
    held: dict[str, list[Finding]] = {name: [] for name in due}
    elsewhere: list[Finding] = []
    section_of = belonging(document)
    for finding in report.findings:
        if _waits(finding, due.keys() - now):
            continue
        held.get(section_of(finding), elsewhere).append(finding)
    states = []
    for name, title in due.items():
        state = "later" if name not in now else ("findings" if held[name] else "done")
        states.append(SectionState(name, title, state, tuple(held[name])))
    date = project.milestones.get(milestone) if project else None
    return MidCheckReport(path, date, tuple(states), tuple(elsewhere))


def _waits(finding: Finding, later: Set[str]) -> bool:
    """Whether a section that is due later will mend it: a link to it, a metric's monitor in it."""
    if finding.rule.id == "metric-without-monitor":
        return "모니터링과 드리프트" in later
    return finding.rule.id == "anchor-broken" and any(heading_anchor(name) in finding.message for name in later)


def _due_by(milestones: tuple[Milestone, ...]) -> dict[str, str]:
    """Each section with the first milestone that asks for it."""
    due: dict[str, str] = {}
    for one in milestones:
        for name in one.sections:
            due.setdefault(name, f"{one.week}주차: {one.title}")
    return due
