"""project.yaml: a team, its members and its dates, beside its document."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from coursekit.classroom.project._yaml_file import load_mapping

PROJECT_FILE = "project.yaml"
"""The file's name."""


class ProjectFileError(ValueError):
    """A project.yaml that says something else than a team with its dates."""


@dataclass(frozen=True)
class Member:
    """One member of a team, and the names under which Google Docs and git know them."""

    name: str
    """As in the document."""
    student: str = ""
    """The student's number."""
    accounts: tuple[str, ...] = ()
    """E-mail addresses and names in git and in comments."""


@dataclass(frozen=True)
class ProjectFile:
    """What ``coursekit project new`` writes and the checks read.

    The document says who owns a requirement; this says who is who in comments and commits, and
    until when what has to be there.

    Examples
    --------
    >>> team = ProjectFile("병상팀", (Member("김하늘"),), None, {"hand_in": datetime.date(2026, 11, 30)})
    >>> team.milestones["hand_in"].isoformat()
    '2026-11-30'
    """

    team: str
    """The team's name."""
    members: tuple[Member, ...]
    """Its members."""
    lecture_one: datetime.date | None = None
    """The date of lecture 1, from which the weeks count."""
    milestones: Mapping[str, datetime.date] = field(default_factory=dict)
    """Dates by the timeline's ids, such as ``mid_check`` and ``hand_in``."""

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names."""
        return tuple(one.name for one in self.members)


def read_project_file(path: Path) -> ProjectFile:
    r"""Read a team's project.yaml.

    A typing error in a date must not silently switch a check off, so what is not understood is refused.

    Parameters
    ----------
    path
        The file, or the folder that holds it.

    Raises
    ------
    ProjectFileError
        If it is missing or is no such file: what is wrong, under which key.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "project.yaml"
    >>> _ = path.write_text("team: 병상팀\nmembers: [{name: 김하늘}]\nlecture_one: 2026-09-01\n", encoding="utf-8")
    >>> read_project_file(path).names
    ('김하늘',)
    """
    path = path / PROJECT_FILE if path.is_dir() else path
    if not path.is_file():
        raise ProjectFileError(f"{path}: 파일이 없습니다. coursekit project new로 팀 폴더를 만드세요.")
    try:
        content = load_mapping(path)
    except ValueError as error:
        raise ProjectFileError(f"{path}: YAML로 읽을 수 없습니다. {error}") from None
    known = {"team", "members", "lecture_one", "milestones"}
    if unknown := sorted(map(str, content.keys() - known)):
        raise ProjectFileError(f"{path}: 모르는 항목이 있습니다: {', '.join(unknown)}. 쓸 수 있는 것: {sorted(known)}")
    members = content.get("members") or []
    if not isinstance(members, list):
        raise ProjectFileError(f"{path}: members는 목록이어야 합니다.")
    dates = content.get("milestones") or {}
    if not isinstance(dates, dict):
        raise ProjectFileError(f"{path}: milestones는 이름과 날짜의 쌍이어야 합니다.")
    first = content.get("lecture_one")
    return ProjectFile(
        str(content.get("team") or ""),
        tuple(_member(path, at, one) for at, one in enumerate(members, start=1)),
        _date(path, "lecture_one", first) if first is not None else None,
        MappingProxyType({str(name): _date(path, f"milestones.{name}", day) for name, day in dates.items()}),
    )


def find_project_file(document: Path) -> ProjectFile | None:
    """Read the project.yaml beside a document, if there is one.

    A check in a team's folder needs no option to know the team.

    Parameters
    ----------
    document
        The document.

    Raises
    ------
    ProjectFileError
        If there is one that cannot be read.

    Examples
    --------
    >>> find_project_file(Path("/nowhere/doc.md")) is None
    True
    """
    path = document.parent / PROJECT_FILE
    return read_project_file(path) if path.is_file() else None


def _member(path: Path, number: int, content: Any) -> Member:
    if isinstance(content, str):
        content = {"name": content}
    if not isinstance(content, dict) or not str(content.get("name") or "").strip():
        raise ProjectFileError(f"{path}: members의 {number}번째에 name이 없습니다.")
    accounts = content.get("accounts") or []
    if unknown := sorted(map(str, content.keys() - {"name", "student", "accounts"})):
        raise ProjectFileError(f"{path}: members의 {number}번째에 모르는 항목이 있습니다: {', '.join(unknown)}")
    accounts = [accounts] if isinstance(accounts, str) else accounts
    return Member(str(content["name"]).strip(), str(content.get("student") or ""), tuple(map(str, accounts)))


def _date(path: Path, key: str, content: Any) -> datetime.date:
    if isinstance(content, datetime.datetime):
        return content.date()
    if isinstance(content, datetime.date):
        return content
    try:
        return datetime.date.fromisoformat(str(content).strip())
    except ValueError:
        raise ProjectFileError(
            f"{path}: {key}는 2026-09-01과 같은 날짜여야 합니다. 지금은 {content!r}입니다."
        ) from None
