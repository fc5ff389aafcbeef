"""A hand-in's folder before anything reads it: what is a file, what only looks like one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

LARGEST_NOTEBOOK = 100_000_000
LARGEST_FILE = 100_000_000
LARGEST_TOTAL = 200_000_000
TIMESTAMP = "timestamp.txt"
"""When it was handed in, as nbgrader reads it; a part of the digest, since penalties depend on it."""
MOST_FILES = 2_000
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_IGNORED = ("__pycache__", ".ipynb_checkpoints", ".DS_Store", "Thumbs.db", "__MACOSX")


@dataclass(frozen=True)
class Intake:
    """The files of a hand-in that may be used, and what was left out.

    Examples
    --------
    >>> Intake((), ("symlink:data.csv",)).flags
    ('symlink:data.csv',)
    """

    files: tuple[Path, ...]
    """Regular files, relative to the folder; the notebook among them."""
    flags: tuple[str, ...]
    """``kind:file`` for each oddity, the kinds being those of ``restoring.FLAGS``."""


def take_in(folder: Path, notebook: str, *, provided: Collection[str] = ()) -> Intake:
    """Sort a hand-in's files: plain ones are used; links, devices and shadow modules are not.

    ``data.csv`` may be a link to the grader's password file, and a file ``numpy.py`` beside the
    notebook is what ``import numpy`` finds first.

    Parameters
    ----------
    folder
        The hand-in.
    notebook
        The notebook's file name.
    provided
        Files that the assignment brings itself; a student's copy is replaced by them.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp())
    >>> _ = (place / "numpy.py").write_text("pi = 3")
    >>> (place / "data.csv").symlink_to("/etc/passwd")
    >>> take_in(place, "lab01.ipynb").flags
    ('symlink:data.csv', 'shadow:numpy.py')
    """
    files: list[Path] = []
    flags: list[str] = []
    theirs = {Path(one) for one in provided}
    folders = {parent for one in theirs for parent in one.parents}
    room = LARGEST_TOTAL
    for path, mode in _walk(folder):
        inside = path.relative_to(folder)
        name = inside.as_posix()
        if name == TIMESTAMP:
            continue  # the LMS's, not the student's
        text = os.fsencode(name).decode("utf-8", "backslashreplace")
        if text != name:
            flags.append(f"special:{text}")  # no text, and so no record, can hold such a name
        elif stat.S_ISLNK(mode):
            flags.append(f"symlink:{name}")
        elif stat.S_ISDIR(mode):
            if _shadows(inside) and any(path.glob("*.py")):
                flags.append(f"shadow:{name}")
        elif not stat.S_ISREG(mode):
            flags.append(f"special:{name}")
        elif inside in folders or theirs.intersection(inside.parents):
            flags.append(f"special:{name}")  # a file where the assignment has a folder, or the other way round
        elif len(files) >= MOST_FILES or path.stat().st_size > (
            LARGEST_NOTEBOOK if name == notebook else min(LARGEST_FILE, room)
        ):
            flags.append(f"big_file:{name}")
        elif _shadows(Path(inside.parts[0])) and inside.suffix in (".py", ".so", ".pyc"):
            if len(inside.parts) == 1:
                flags.append(f"shadow:{name}")
        elif name not in provided:
            files.append(inside)
            room -= path.stat().st_size if name != notebook else 0
    return Intake(tuple(files), tuple(sorted(flags, key=lambda flag: flag.split(":")[1])))


def digest_tree(folder: Path) -> str:
    """Give one hash for a folder, names and contents, links by where they point.

    "Has anything changed since it was graded" is answered by content; times lie.

    Parameters
    ----------
    folder
        The folder.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp())
    >>> before = digest_tree(place)
    >>> _ = (place / "a.txt").write_text("1")
    >>> digest_tree(place) == before
    False
    """
    digest = hashlib.sha256()
    if folder.is_symlink():  # it is not graded, and it may lead to the whole machine
        digest.update(b"-> " + os.fsencode(folder.readlink()))
        return digest.hexdigest()
    for path, mode in _walk(folder):
        digest.update(path.relative_to(folder).as_posix().encode(errors="surrogateescape") + b"\0")
        if stat.S_ISLNK(mode):
            digest.update(b"-> " + os.fsencode(path.readlink()))
        elif stat.S_ISREG(mode):
            digest.update(str(path.lstat().st_size).encode() + b"\0")
            with contextlib.suppress(PermissionError), path.open("rb") as file:  # grading says that it is unreadable
                left = LARGEST_FILE  # what is larger is not used; a sparse file of a terabyte is read for an hour
                while left > 0 and (part := file.read(1 << 20)):
                    digest.update(part)
                    left -= len(part)
        digest.update(b"\0")
    return digest.hexdigest()


def visible(text: str) -> str:
    r"""Give a text in which every control character is written out.

    Names of files and cells are the student's; printed as they are, they move the cursor of the
    terminal that the instructor reads, or turn the line around.

    Parameters
    ----------
    text
        What is going to be printed.

    Examples
    --------
    >>> visible("a\x1b[2J.csv")
    'a\\x1b[2J.csv'
    """
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


def _walk(folder: Path) -> Iterator[tuple[Path, int]]:
    """Everything in a folder with its mode, sorted; links are not followed."""
    for root, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in _IGNORED)
        for name in sorted([*folders, *names]):
            if name in _IGNORED:
                continue
            path = Path(root, name)
            try:
                yield path, path.lstat().st_mode
            except OSError:
                continue  # gone since it was listed


def _shadows(inside: Path) -> bool:
    """Whether a file or folder at the top would be imported in place of a module that is installed."""
    if len(inside.parts) != 1:
        return False
    name = inside.name.split(".")[0]
    if name in sys.stdlib_module_names:
        return True
    if not name.isidentifier():
        return False
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False
