"""A student's working copy of the course, which an update never harms."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from coursekit.writing import write_whole

MANIFEST = ".coursekit.json"
"""The file in a working copy that remembers what was shipped, so that edits are recognised."""


@dataclass(frozen=True)
class UpdateReport:
    """What an update of a working copy did with each file of the course."""

    added: tuple[str, ...]
    """Files that were not there before."""
    updated: tuple[str, ...]
    """Files that the student had not touched and that were replaced by the new version."""
    kept: tuple[str, ...]
    """Files that the student had changed and the course had not: left alone."""
    laid_beside: tuple[tuple[str, str], ...]
    """(changed file, new version beside it) where both the student and the course changed it."""

    def to_frame(self) -> pd.DataFrame:
        """One row per file that was touched or kept."""
        rows = [(name, "added", "") for name in self.added]
        rows += [(name, "updated", "") for name in self.updated]
        rows += [(name, "kept", "") for name in self.kept]
        rows += [(name, "laid beside", new) for name, new in self.laid_beside]
        return pd.DataFrame(rows, columns=["file", "action", "new_version"])

    def plot(self) -> go.Figure:
        """How many files met which fate."""
        counts = self.to_frame()["action"].value_counts()
        return go.Figure(
            go.Bar(x=counts.index.tolist(), y=counts.tolist()),
            layout={"title": "작업 폴더 업데이트", "yaxis_title": "파일 수"},
        )


def update_workspace(edition: Path, workspace: Path) -> UpdateReport:
    """Bring a working copy up to a new edition of the course and keep every edit.

    A student who ran an update the night before the deadline must find the answers that were
    there. A file is replaced only if it is, byte for byte, what an earlier edition shipped;
    otherwise the new version is laid beside it under a free name.

    Parameters
    ----------
    edition
        The student edition (see :func:`coursekit.classroom.editions.build_edition`).
    workspace
        The student's folder; created if it does not exist.

    Returns
    -------
    UpdateReport
        What happened to each file.

    Raises
    ------
    FileNotFoundError
        If ``edition`` is no folder.
    NotADirectoryError
        If ``workspace`` is a file.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "edition").mkdir(), (folder / "edition" / "a.md").write_text("first")
    >>> update_workspace(folder / "edition", folder / "mine").added
    ('a.md',)
    >>> _ = (folder / "mine" / "a.md").write_text("my notes"), (folder / "edition" / "a.md").write_text("second")
    >>> update_workspace(folder / "edition", folder / "mine").laid_beside
    (('a.md', 'a.new.md'),)
    >>> (folder / "mine" / "a.md").read_text()
    'my notes'
    """
    if not edition.is_dir():
        raise FileNotFoundError(f"{edition} is no folder: give the student edition")
    if workspace.exists() and not workspace.is_dir():
        raise NotADirectoryError(f"{workspace} is a file: choose another folder for the working copy")
    workspace.mkdir(parents=True, exist_ok=True)
    shipped_before = _read_manifest(workspace)
    shipped_now: dict[str, list[str]] = {}
    added, updated, kept, beside = [], [], [], []
    for source in sorted(path for path in edition.rglob("*") if path.is_file()):
        name = source.relative_to(edition).as_posix()
        content = source.read_bytes()
        digest = _digest(content)
        # Every version ever shipped is remembered: a copy of any of them holds no work of the student.
        known = shipped_before.get(name, [])
        shipped_now[name] = [*(old for old in known if old != digest), digest]
        target = workspace / name
        if not target.exists():
            write_whole(target, content)
            added.append(name)
            continue
        present = _digest(target.read_bytes())
        if present == digest:
            continue
        if present in known:
            write_whole(target, content)
            updated.append(name)
        elif known and known[-1] == digest:
            kept.append(name)
        else:
            free = _lay_beside(target, content)
            beside.append((name, free.relative_to(workspace).as_posix()))
    write_whole(workspace / MANIFEST, json.dumps({**shipped_before, **shipped_now}, indent=1, sort_keys=True).encode())
    return UpdateReport(tuple(added), tuple(updated), tuple(kept), tuple(beside))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_manifest(workspace: Path) -> dict[str, list[str]]:
    """What was shipped before; a lost or broken manifest only means that every file counts as edited."""
    try:
        manifest = json.loads((workspace / MANIFEST).read_text(encoding="utf-8"))
        return {name: list(map(str, digests)) for name, digests in manifest.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _lay_beside(target: Path, content: bytes) -> Path:
    """Write the new version as ``name.new.ipynb``; an older, untouched ``.new`` with the same text serves too."""
    for number in range(1, 1000):
        tag = ".new" if number == 1 else f".new{number}"
        free = target.with_name(f"{target.stem}{tag}{target.suffix}")
        if not free.exists():
            write_whole(free, content)
            return free
        if free.read_bytes() == content:
            return free
    raise FileExistsError(f"{target.name} has 999 versions beside it: tidy {target.parent}")
