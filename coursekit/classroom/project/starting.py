"""A team's folder, made from the course's templates."""

from __future__ import annotations

import datetime
import os
import re
import shutil
import unicodedata
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
    team = unicodedata.normalize("NFC", team).strip()
    _check_name(team, is_folder=folder is None)
    names = [unicodedata.normalize("NFC", name).strip() for name in members]
    if not all(names) or len(set(names)) < len(names):
        advice = "이름이 같은 사람은 김민수A, 김민수B처럼 구별하세요."
        raise ValueError(f"팀원의 이름이 비어 있거나 두 번 나옵니다. {advice}")
    folder = folder if folder is not None else Path(team)
    folder = folder if folder.name else folder.absolute()
    try:
        taken = folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir())))
    except OSError as error:
        raise ValueError(f"{folder}: 폴더를 볼 수 없습니다({error.strerror}). 다른 곳을 고르세요.") from None
    if taken:
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
            _move_into(folder, building)
        else:
            building.rename(folder)
    except OSError as error:
        raise ValueError(f"{folder}: 만들 수 없습니다({error.strerror}). 쓸 수 있는 곳을 고르세요.") from None
    finally:
        shutil.rmtree(building, ignore_errors=True)
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return TeamFolder(folder, tuple(files), days)


def _check_name(team: str, *, is_folder: bool) -> None:
    """Refuse a name that is none, or that the folder of a member on Windows could not have."""
    if not team or team in (".", ".."):
        raise ValueError("팀 이름이 비어 있습니다.")
    if re.search(r'[/\\:*?"<>|\x00-\x1f]', team):
        raise ValueError(f'팀 이름 {team!r}에는 / \\ : * ? " < > | 를 쓸 수 없습니다.')
    if len(team) > _LONGEST:
        raise ValueError(f"팀 이름이 {len(team)}자입니다. {_LONGEST}자 이하로 줄이세요.")
    if is_folder and (re.fullmatch(_RESERVED, team, re.IGNORECASE) or team.endswith(".") or team[0] in ".-~"):
        advice = "팀원 모두가 열 수 있게 다른 이름을 고르거나 --dir로 폴더의 이름을 따로 주세요."
        raise ValueError(f"{team!r}{_FOLDER}. {advice}")


def _move_into(folder: Path, building: Path) -> None:
    """Fill an empty folder, which may be the one in which somebody stands: all, or nothing of it."""
    moved: list[Path] = []
    try:
        for child in sorted(building.iterdir()):
            moved.append(folder / child.name)
            child.rename(moved[-1])
    except BaseException:
        for one in moved:
            shutil.rmtree(one) if one.is_dir() else one.unlink(missing_ok=True)
        raise


_LONGEST = 60
_RESERVED = r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?"
_FOLDER = "은(는) Windows나 명령에서 폴더의 이름으로 쓸 수 없습니다"
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
        "# accounts: 댓글과 커밋에 보이는 이름과 이메일입니다. 예: accounts: [Haneul Kim, haneul@example.com]\n"
        "#   coursekit project contribution이 누구의 것인지 알아보는 데 씁니다.\n"
        "# lecture_one: 1강의 날짜입니다. milestones의 날짜가 휴일 때문에 바뀌면 고치세요.\n"
    )
    return comment + yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
