"""What became of a bonus system when somebody else ran it: parts, promises, numbers, findings."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.project._system_file import PARTS
from coursekit.classroom.project._system_findings import KINDS

STATUSES = {"met": "지킴", "unmet": "지키지 못함", "none": "증거 없음"}
"""What can become of a requirement, in Korean."""

_COLOURS = {"met": "#2a7f62", "unmet": "#b3392f", "none": "#9a9a9a"}


@dataclass(frozen=True)
class VerificationFinding:
    """One thing that stands against a system, or should be looked at."""

    kind: str
    """Short name for scripts: ``evidence-stale``."""
    severity: str
    """``must`` or ``should``; only the first keeps a report from being ok."""
    where: str
    """File, value, requirement or command."""
    message: str
    """What was found, in Korean."""
    remedy: str
    """What to do, in Korean."""

    @property
    def title(self) -> str:
        """The kind in Korean, in a few words."""
        return KINDS[self.kind][1]


@dataclass(frozen=True)
class PartEvidence:
    """Whether one of the five parts showed real evidence."""

    part: str
    """``data``, ``model``, ``serving``, ``rollout`` or ``monitoring``."""
    files: tuple[str, ...]
    """Its evidence files that the run wrote anew, without ``.json``."""
    values: int
    """Values in them."""

    @property
    def shown(self) -> bool:
        """Whether there is any."""
        return self.values > 0


@dataclass(frozen=True)
class JudgedRequirement:
    """A promise of the system, judged by fresh evidence."""

    id: str
    """``R1``."""
    what: str
    """What is promised."""
    part: str
    """The part whose evidence judges it, "" if none lists its file."""
    evidence: str
    """``file.name`` of the value."""
    comparison: str
    """``<=``, ``==``, ..."""
    value: float | bool | str
    """What the value is compared with."""
    measured: float | bool | str | None
    """The fresh value; None if there is none."""
    unit: str
    """Unit of both."""
    owner: str
    """Who answers for it."""
    status: str
    """``met``, ``unmet`` or ``none``."""


@dataclass(frozen=True)
class ComparedNumber:
    """A committed value beside the one that a fresh run produced."""

    evidence: str
    """``file.name``."""
    committed: float | bool | str | None
    """What the team committed; None if nothing."""
    fresh: float | bool | str | None
    """What the run produced; None if nothing."""
    unit: str
    """Unit of both."""
    equal: bool
    """Whether they agree within the stated tolerance."""


@dataclass(frozen=True)
class VerificationReport:
    """What a bonus system could show when it was run by somebody else.

    It judges promises and gives no points: whether the promises were worth making is for people to say.
    """

    folder: Path
    """The team's folder."""
    system: str
    """Name of the system."""
    team: str
    """The team, as system.yaml says."""
    isolated: bool
    """Whether the commands ran in a sandbox; if not, they had the rights of the account."""
    passed: int
    """Tests that passed and check something."""
    failed: int
    """Tests that failed."""
    parts: tuple[PartEvidence, ...]
    """The five parts, in the order of the lifecycle."""
    requirements: tuple[JudgedRequirement, ...]
    """Every requirement of system.yaml."""
    numbers: tuple[ComparedNumber, ...]
    """Every value, committed and fresh."""
    findings: tuple[VerificationFinding, ...]
    """What stands against it, in the order in which it was found."""
    seconds: float
    """Seconds that tests and evidence took."""

    @property
    def ok(self) -> bool:
        """Whether nothing must be repaired."""
        return not any(one.severity == "must" for one in self.findings)

    @property
    def _tests_told(self) -> str:
        return "실패" if self.failed else "통과" if self.passed else "증거 없음"

    def to_frame(self) -> pd.DataFrame:
        """The check list: tests, the five parts, each requirement, then each finding with what to do."""
        rows: list[tuple[str, str, str, str]] = [
            ("테스트", "tests", self._tests_told, f"확인한 테스트 {self.passed}개, 실패한 테스트 {self.failed}개")
        ]
        for part in self.parts:
            status = "증거 있음" if part.shown else "증거 없음"
            rows.append((PARTS[part.part], part.part, status, f"새로 잰 값 {part.values}개"))
        for one in self.requirements:
            wanted = f"{one.comparison} {_told(one.value)}"
            detail = f"{one.what}: 기준 {wanted}, 잰 값 {_told(one.measured)} {one.unit}".strip()
            rows.append(("요구사항", one.id, STATUSES[one.status], detail))
        for found in self.findings:
            label = "고쳐야 합니다" if found.severity == "must" else "살펴보세요"
            rows.append((found.title, found.where, label, f"{found.message} {found.remedy}"))
        return pd.DataFrame(rows, columns=["what", "where", "status", "detail"])

    def plot(self) -> go.Figure:
        """Requirements of each part, by what became of them."""
        figure = go.Figure(layout={"title": f"{self.system}: 부분마다 지킨 약속", "barmode": "stack"})
        names = [PARTS[part.part] + ("" if part.shown else " (증거 없음)") for part in self.parts]
        for status, label in STATUSES.items():
            counts = [
                sum(one.part == part.part and one.status == status for one in self.requirements) for part in self.parts
            ]
            figure.add_bar(y=names, x=counts, name=label, orientation="h", marker_color=_COLOURS[status])
        figure.update_xaxes(title="요구사항 (개)", dtick=1)
        figure.update_yaxes(title="부분", autorange="reversed", automargin=True)
        return figure

    def to_dict(self) -> dict[str, Any]:
        """The report for scripts, as plain values."""
        return {
            "folder": self.folder.name,
            "system": self.system,
            "team": self.team,
            "ok": self.ok,
            "isolated": self.isolated,
            "passed": self.passed,
            "failed": self.failed,
            "seconds": round(self.seconds, 1),
            "parts": [{**asdict(one), "files": list(one.files), "shown": one.shown} for one in self.parts],
            "requirements": [asdict(one) for one in self.requirements],
            "numbers": [asdict(one) for one in self.numbers],
            "findings": [{**asdict(one), "title": one.title} for one in self.findings],
        }


def _told(value: object) -> str:
    return f"{value:,.6g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value or "없음")
