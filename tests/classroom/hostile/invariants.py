"""What must hold after every hand-in of the corpus, whatever it earned.

Each function returns what is wrong as texts, empty if nothing is; a test joins them and shows all.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

from hostile.surroundings import HOME_KEY, Door, left_behind, marks_left, plant_home, processes

__all__ = [
    "ARGUMENTS",
    "SECRETS",
    "TOKEN",
    "TOKEN_NAME",
    "Door",
    "active_content",
    "changes",
    "gradebook_rows",
    "leaks",
    "left_behind",
    "marks_left",
    "plant_home",
    "processes",
    "snapshot",
    "unfit_folder",
    "unfit_notebook",
]

LARGEST_NOTEBOOK = 3_000_000
"""Bytes of a graded notebook."""
LARGEST_FILE = 20_000_000
"""Bytes of any other file that grading leaves behind."""

TOKEN_NAME = "LMS_TOKEN"
TOKEN = "tok-5d1c0ffee-not-for-students"
"""What the test puts into the environment of the grader."""
NEIGHBOUR = "a_neighbours_own_total"
"""A name that stands in the neighbour's answer and nowhere else."""

SECRETS = (
    "secret_numbers",
    "secret_mean",
    "unordered_values",
    "hidden_mean",
    "hidden_spread",
    "NUMBER_EXPECTED",
    "def check_mean",
    "def check_spread",
    "that nobody was shown",
    "that are in no order",
    "30636.5",
    "144894",
)
"""Names, lines and expected values of the hidden checks; none ever comes near a student's process."""
ARGUMENTS = ("10418.5", "20937.25", "60553.75", "70117", "51733", "93161", "40829")
"""Numbers that the hidden checks pass to a student's function.

They do cross into the sandbox, so a student's function can read them. What it says about them (a
print, an error, a file, an output that it updates later) must not come back to the student.
"""

BREACH = "breach:"
"""What an attack prints when it got what it must not get; its source spells it in two pieces."""


_PATTERNS = {
    # Whatever stands between the words; a number counts only as a whole, or each hash would have it.
    secret: re.compile(r"(?<![\w.])" + r"\s*".join(map(re.escape, secret.split())) + r"(?!\w)")
    for secret in (*SECRETS, *ARGUMENTS, TOKEN, HOME_KEY, NEIGHBOUR)
}


def leaks(text: str, *, arguments: bool = True) -> list[str]:
    """Secrets that stand in a graded notebook, a page, a message or a log."""
    plain = re.sub(r"\x1b\[[0-9;]*m|\\[nrt]", " ", html.unescape(text))
    wanted = [*SECRETS, *(ARGUMENTS if arguments else ()), TOKEN, HOME_KEY, NEIGHBOUR]
    found = [f"shows {secret!r}" for secret in wanted if _PATTERNS[secret].search(plain)]
    found += [f"shows /etc/shadow: {line[:20]!r}" for line in _shadow() if line in plain]
    return found + [f"says {line[:200]!r}" for line in plain.splitlines() if BREACH in line]


def _shadow() -> list[str]:
    try:
        lines = Path("/etc/shadow").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # an ordinary user has nothing to lose here
        return []
    return [line for line in lines if len(line) > 12]


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, attrs))


def active_content(page: str) -> list[str]:
    """Elements of a feedback page that run or load something."""
    elements = _Elements()
    elements.feed(page)
    found = []
    for tag, attributes in elements.seen:
        if tag in ("script", "iframe", "object", "embed", "link", "svg", "form", "base"):
            found.append(f"has <{tag}>")
        if tag == "meta" and "refresh" in str(dict(attributes).get("http-equiv", "")).lower():
            found.append("has a refresh")
        for name, value in attributes:
            loads = name in ("src", "href", "srcset", "action", "formaction", "background")
            if name.startswith("on"):
                found.append(f"has {name} in <{tag}>")
            elif loads and not re.match(r"data:image/(png|jpeg|gif)|#|https?://|$", (value or "").strip(), re.I):
                found.append(f"has {name}={value[:40]!r}")
            elif loads and tag != "a" and re.match(r"\s*https?:", value or "", re.I):
                found.append(f"loads {value[:40]!r}")
    return found


def unfit_notebook(path: Path) -> list[str]:
    """What is wrong with a graded notebook as a file."""
    if path.is_symlink() or not path.is_file():
        return [f"{path.name} is no plain file"]
    if path.stat().st_size >= LARGEST_NOTEBOOK:
        return [f"{path.name} has {path.stat().st_size:,} bytes"]
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except ValueError as error:  # NaN is no JSON: Jupyter in a browser cannot open it
        return [f"{path.name} is no JSON ({error})"]
    return leaks("\n".join(_strings(content)))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (str(key) for key in value)
        value = list(value.values())
    if isinstance(value, list):
        if value and all(isinstance(one, str) for one in value):
            yield "".join(value)  # nbformat's multi-line strings
        else:
            for one in value:
                yield from _strings(one)
    else:
        yield str(value)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def unfit_folder(folder: Path) -> list[str]:
    """Links, special files, giants and copies of system files in what grading wrote for a student."""
    system = {_digest(path) for path in map(Path, ("/etc/passwd", "/etc/shadow")) if _digest(path)}
    found = []
    for path in _everything(folder):
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            found.append(f"{path.name} is a link or a special file")
        elif stat.S_ISREG(mode) and path.lstat().st_size > LARGEST_FILE:
            found.append(f"{path.name} has {path.lstat().st_size:,} bytes")
        elif stat.S_ISREG(mode) and _digest(path) in system:
            found.append(f"{path.name} is a copy of a system file")
    return found


def snapshot(root: Path, *, without: Iterable[str] = ()) -> dict[str, str]:
    """Every file below a folder with its content's fingerprint; links and special files by kind.

    ``without`` names paths relative to the folder that are left out, with all below them: what
    grading itself writes, and the gradebook's file (:func:`gradebook_rows` reads that).
    """
    left_out = tuple(without)
    taken = {}
    for path in _everything(root):
        name = str(path.relative_to(root))
        if not any(name == one or name.startswith(f"{one}/") for one in left_out):
            taken[name] = _described(path)
    return taken


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What differs between two snapshots, or between two readings of the gradebook."""
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return [f"{name}: {before.get(name, 'absent')[:60]} -> {after.get(name, 'absent')[:60]}" for name in names]


def gradebook_rows(database: Path, *, without: Iterable[str] = ()) -> dict[str, str]:
    """The gradebook's students, points and grades, without those of the students just graded."""
    left_out = set(without)
    queries = {
        "student": "select id, id, first_name, last_name, email from student",
        "points": "select '', b.name, g.max_score from grade_cells g join base_cell b on b.id = g.id",
        "grade": "select s.student_id, a.name || '/' || b.name, g.auto_score, g.manual_score, g.extra_credit "
        "from grade g join submitted_notebook n on g.notebook_id = n.id "
        "join submitted_assignment s on n.assignment_id = s.id join assignment a on s.assignment_id = a.id "
        "join base_cell b on g.cell_id = b.id",
    }
    rows = {}
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        for kind, query in queries.items():
            for owner, name, *values in connection.execute(query):
                if kind == "student" or owner not in left_out:
                    rows[f"{kind}/{owner}/{name}"] = repr(values)
    connection.close()
    return rows


def _everything(root: Path) -> Iterator[Path]:
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        if folder.is_symlink() or not folder.is_dir():
            continue
        inside = sorted(folder.iterdir())
        yield from inside
        waiting += reversed(inside)


def _described(path: Path) -> str:
    status = path.lstat()
    if path.is_symlink():
        return f"link to {path.readlink()}"
    if stat.S_ISREG(status.st_mode):
        return f"{status.st_size} {_digest(path) if status.st_size < 10 * LARGEST_FILE else 'bytes'}"
    return stat.filemode(status.st_mode)[0]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
