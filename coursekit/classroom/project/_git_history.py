"""Commits in a team's git repository, with their authors."""

from __future__ import annotations

import datetime
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coursekit.classroom.editions import open_folder
from coursekit.classroom.project._activities import Activity
from coursekit.classroom.project.documents import DocumentError

DOCUMENTS = (".md", ".markdown")
"""Files whose lines are counted; a .docx in git is one lump of bytes, and data and code come from machines too."""

_TIMEOUT = 120
_COMMIT = "\x01commit"
_FIELDS = ("%H", "%aN", "%aE", "%aI", "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x0A)")
_COUNTS = re.compile(r"\n?(\d+|-)\t(\d+|-)\t(.*)", re.DOTALL)
_CONTACT = re.compile(r"\s*(.*?)\s*<([^<>]*)>\s*")


@dataclass
class _Commit:
    authors: list[tuple[str, str]]
    day: datetime.date | None
    changes: list[tuple[int, int, str]] = field(default_factory=list)


def git_history(folder: Path) -> tuple[list[Activity], list[str]]:
    """What a repository's commits tell, merges aside, and notes on what it lacks; DocumentError if there is none."""
    if not (folder / ".git").exists():
        raise DocumentError(f"{folder}: git 저장소가 아닙니다(.git이 없습니다). 저장소의 맨 위 폴더를 주세요.")
    if _git(folder, "rev-parse", "--is-inside-work-tree", check=False).strip() != b"true":
        raise DocumentError(f"{folder}: git이 이 저장소를 읽지 못합니다. 새로 clone한 폴더를 주세요.")
    notes = ["coursekit project new가 만든 양식의 줄은, 처음 올린 사람의 글로 세지 않았습니다."]
    if _git(folder, "rev-parse", "--is-shallow-repository", check=False).strip() == b"true":
        notes.append("얕게 복제한 저장소라 옛 커밋이 빠져 있습니다. git fetch --unshallow 뒤에 다시 세세요.")
    if not _git(folder, "rev-parse", "--verify", "--quiet", "HEAD", check=False).strip():
        return [], [*notes, "저장소에 커밋이 아직 없습니다."]
    commits = list(_commits(folder))
    _without_forms(commits)
    if any(len(one.authors) > 1 for one in commits):
        notes.append("함께 쓴 커밋(Co-authored-by)은 적힌 사람 모두에게 셉니다. 합은 저장소의 줄보다 많을 수 있습니다.")
    return [activity for one in commits for activity in _activities(one)], notes


def _without_forms(commits: Sequence[_Commit]) -> None:
    """Of a form's first commit count only the lines beyond the form: who uploads it has not written it."""
    try:
        forms = {path.name: path for path in open_folder("project_template").glob("*.md")}
    except FileNotFoundError:  # a library without its course: no team began from its forms
        return
    seen: set[str] = set()
    for commit in reversed(commits):  # git tells the newest first
        for at, (more, less, name) in enumerate(commit.changes):
            form = forms.get(name.rpartition("/")[2])
            if form is not None and name not in seen:
                own = more - len(form.read_text(encoding="utf-8").splitlines())
                commit.changes[at] = (max(0, own), less, name)
            seen.add(name)


def _activities(commit: _Commit) -> Iterator[Activity]:
    added = sum(more for more, _, name in commit.changes if name.lower().endswith(DOCUMENTS))
    removed = sum(less for _, less, name in commit.changes if name.lower().endswith(DOCUMENTS))
    counts = {"commits": 1, "lines_added": added, "lines_removed": removed}
    if len(commit.authors) > 1:
        counts["commits_together"] = 1
    for author, email in commit.authors:
        for kind, amount in counts.items():
            if amount:
                yield Activity(kind, amount, author, email, commit.day)


def _commits(folder: Path) -> Iterator[_Commit]:
    """Commits with what they changed; names may hold anything but the zero byte that parts them here."""
    form = f"%x00{_COMMIT}%x00" + "%x00".join(_FIELDS)
    options = ("--no-merges", "--use-mailmap", "-M", "--numstat", "-z", "--no-ext-diff", "--no-textconv")
    output = _git(folder, "log", *options, f"--format={form}", "HEAD", "--")
    tokens = iter(output.decode("utf-8", "replace").split("\0"))
    found: list[_Commit] = []
    together: list[list[str]] = []
    for token in tokens:
        if token.lstrip("\n") == _COMMIT:
            _, name, email, date, trailers = (next(tokens, "") for _ in _FIELDS)
            found.append(_Commit([(name, email)], _day(date)))
            together.append([line for line in trailers.split("\n") if _CONTACT.fullmatch(line)])
        elif found and (counts := _COUNTS.fullmatch(token)):
            more, less, name = counts.groups()
            if not name:  # renamed: the old name and the new one follow
                next(tokens, "")
                name = next(tokens, "")
            found[-1].changes.append((_number(more), _number(less), name))
    named = _mapped(folder, sorted({line for lines in together for line in lines}))
    for commit, lines in zip(found, together, strict=True):
        for contact in (named[line] for line in lines):
            if contact[1].casefold() not in {email.casefold() for _, email in commit.authors}:
                commit.authors.append(contact)
        yield commit


def _mapped(folder: Path, contacts: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Co-authors by the repository's .mailmap, as authors are."""
    if not contacts:
        return {}
    output = _git(folder, "check-mailmap", "--stdin", given="\n".join(contacts) + "\n", check=False)
    lines = output.decode("utf-8", "replace").splitlines()
    lines = lines if len(lines) == len(contacts) else list(contacts)
    matches = [_CONTACT.fullmatch(" ".join(line.split())) for line in lines]
    return {
        contact: (match[1], match[2]) if match else (contact, "")
        for contact, match in zip(contacts, matches, strict=True)
    }


def _git(folder: Path, *arguments: str, given: str = "", check: bool = True) -> bytes:
    """Ask git, so that nothing in a stranger's repository is run and nothing is fetched."""
    settings = (
        *("safe.directory=*", "core.quotePath=false", "log.showSignature=false", "core.fsmonitor=false"),
        "i18n.logOutputEncoding=UTF-8",  # else a repository that says EUC-KR gives names that nobody reads
    )
    command = ["git", "-C", str(folder), "--no-pager", *(part for one in settings for part in ("-c", one)), *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    closed = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_CEILING_DIRECTORIES": str(folder.absolute().parent),
        "LC_ALL": "C.UTF-8",
    }
    try:
        done = subprocess.run(
            command, input=given.encode(), capture_output=True, env=kept | closed, timeout=_TIMEOUT, check=False
        )
    except FileNotFoundError:
        raise DocumentError(f"{folder}: git이 설치되어 있지 않아 커밋을 셀 수 없습니다.") from None
    except subprocess.TimeoutExpired:
        raise DocumentError(f"{folder}: git이 {_TIMEOUT}초 안에 답하지 않았습니다. 저장소가 너무 큽니다.") from None
    if check and done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise DocumentError(f"{folder}: git 기록을 읽지 못했습니다. {said[0] if said else ''}".strip())
    return done.stdout if done.returncode == 0 else b""


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.datetime.fromisoformat(text).date()
    except ValueError:
        return None
