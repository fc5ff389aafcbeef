"""A team's folder, made from the course's templates."""

from __future__ import annotations

import datetime
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coursekit.classroom.editions import open_folder
from coursekit.classroom.project.docx_writing import write_docx
from coursekit.classroom.project.project_file import PROJECT_FILE
from coursekit.classroom.project.timeline import dates, read_timeline

DOCUMENT = "design_doc.md"
"""The document's name in a team's folder."""
FORMS = (
    *("team_contract.md", "mid_check.md", "peer_review.md", "peer_contribution.md"),
    *("rubric.md", "presentation_rubric.md", "timeline.md"),
)
"""What a team gets beside the document."""
SYSTEM = "system"
"""The folder with the bonus system's start."""


@dataclass(frozen=True)
class TeamFolder:
    """What was made for a team."""

    folder: Path
    """The folder."""
    files: tuple[str, ...]
    """Its files, relative to it."""
    milestones: dict[str, datetime.date]
    """Dates by milestone; empty without the date of lecture 1."""


def new_project(
    team: str,
    *,
    members: Sequence[str] = (),
    lecture_one: datetime.date | None = None,
    folder: Path | None = None,
    system: bool = False,
) -> TeamFolder:
    """Make a team's folder: the document in Markdown and .docx, the forms, the dates of the term.

    Teams that begin from an empty page spend the first month on headings. The folder stands whole
    or not at all, and nothing that is already there is touched.

    Parameters
    ----------
    team
        The team's name; also the folder's, unless ``folder`` says another.
    members
        Names, as they own requirements in the document.
    lecture_one
        The date of lecture 1, from which the milestones' dates count.
    folder
        Where; by default the team's name in the current folder.
    system
        Whether to add the starter of the bonus system.

    Raises
    ------
    ValueError
        If the team or a member has no usable name.
    FileExistsError
        If the folder exists and holds something.

    Examples
    --------
    >>> new_project("../나쁜 이름")
    Traceback (most recent call last):
    ...
    ValueError: 팀 이름 '../나쁜 이름'에는 ... 쓸 수 없습니다.
    """
    team = team.strip()
    if not team or team in (".", ".."):
        raise ValueError("팀 이름이 비어 있습니다.")
    if re.search(r'[/\\:*?"<>|\x00-\x1f]', team):
        raise ValueError(f'팀 이름 {team!r}에는 / \\ : * ? " < > | 를 쓸 수 없습니다.')
    names = [name.strip() for name in members]
    if not all(names) or len(set(names)) < len(names):
        raise ValueError("팀원의 이름이 비어 있거나 두 번 나옵니다.")
    folder = folder if folder is not None else Path(team)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder}: 이미 있고 비어 있지 않습니다. 다른 이름을 고르세요.")
    templates = open_folder("project_template")
    milestones = read_timeline(templates / "timeline.yaml")
    days = dates(milestones, lecture_one=lecture_one) if lecture_one is not None else {}
    building = folder.with_name(f".{folder.name}.building-{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    try:
        (building / "figures").mkdir(parents=True)
        text = (templates / DOCUMENT).read_text(encoding="utf-8")
        (building / DOCUMENT).write_text(_filled(text, team, names), encoding="utf-8")
        write_docx(building / DOCUMENT, building / Path(DOCUMENT).with_suffix(".docx").name)
        for name in FORMS:
            shutil.copyfile(templates / name, building / name)
        (building / PROJECT_FILE).write_text(_project_file(team, names, lecture_one, days), encoding="utf-8")
        if system:
            shutil.copytree(templates / "starter", building / SYSTEM, ignore=_WITHOUT_CACHES)
        if folder.exists():
            folder.rmdir()
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return TeamFolder(folder, tuple(files), days)


_WITHOUT_CACHES = shutil.ignore_patterns(
    "__pycache__", ".pytest_cache", ".ruff_cache", "*.pyc", ".ipynb_checkpoints", "build"
)


def _filled(template: str, team: str, names: Sequence[str]) -> str:
    """The template with what is known already: the team, its members, today."""
    today = datetime.date.today().isoformat()
    known = {"팀": team, "팀원": ", ".join(names), "상태": "초안", "작성일": today, "최종 수정": today}
    for key, value in known.items():
        if value:
            cell = value.replace("|", "\\|")
            row = f"| {key} | {cell} |"
            template = re.sub(rf"(?m)^\|\s*{key}\s*\|[^|\n]*\|", row.replace("\\", r"\\"), template, count=1)
    return template


def _project_file(
    team: str, names: Sequence[str], lecture_one: datetime.date | None, days: dict[str, datetime.date]
) -> str:
    import yaml

    content: dict[str, object] = {
        "team": team,
        "members": [{"name": name, "student": "", "accounts": []} for name in names],
    }
    if lecture_one is not None:
        content |= {"lecture_one": lecture_one, "milestones": days}
    comment = (
        "# accounts: 댓글과 커밋에 보이는 이름과 전자우편입니다.\n"
        "#   coursekit project contribution이 누구의 것인지 알아보는 데 씁니다.\n"
        "# lecture_one: 1강의 날짜입니다. milestones의 날짜가 휴일 때문에 바뀌면 고치세요.\n"
    )
    return comment + yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
