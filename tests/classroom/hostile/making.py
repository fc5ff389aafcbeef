"""What the corpus is made of: a case, the files of a hand-in, and the ways to write a notebook."""

from __future__ import annotations

import copy
import json
import os
import socket
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import assignments
import nbformat
from assignments import RIGHT_ANSWERS
from nbformat import v4

Build = Callable[[nbformat.NotebookNode], bytes]
GRADED, PARTLY, FAILED = "graded", "partly", "failed"
EITHER = (GRADED, PARTLY)
"""For a trick that may stop its own process, or be refused before it can."""

MEAN, SPREAD = RIGHT_ANSWERS["solution_mean"], RIGHT_ANSWERS["solution_spread"]
NO_MEAN = "def mean(values):\n    return None"
NO_SPREAD = "def spread(values):\n    return None"
_SPACE = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - a link to nowhere


@dataclass(frozen=True)
class Symlink:
    """A symbolic link; the target may name ``{course}``, ``{assignment}`` and ``{neighbour}``."""

    target: str
    """Where it points."""


@dataclass(frozen=True)
class Special:
    """A file that is no file."""

    kind: str
    """``fifo``, ``socket`` or ``folder``."""


@dataclass(frozen=True)
class Sparse:
    """A huge file of zeros that takes no room until somebody copies it."""

    size: int
    """Bytes."""


Content = bytes | Symlink | Special | Sparse
NOTEBOOK = "{assignment}.ipynb"
"""Name in ``files`` that stands for the notebook itself."""


@dataclass(frozen=True)
class Case:
    """One hand-in, and what an honest grader makes of it.

    A submission whose functions are right earns 4 unless its trick breaks itself; a wrong one
    earns what its functions honestly do.
    """

    name: str
    """Unique; made of a-z, 0-9 and _, so that it can be a student's id."""
    build: Build
    """Gives the notebook's bytes from the released notebook."""
    wanted_score: float | tuple[float, ...]
    """The honest score; several where a trick may or may not break itself."""
    wanted_status: str | tuple[str, ...]
    """``graded`` (all cells ran), ``partly`` (some cell was stopped) or ``failed`` (unreadable)."""
    wanted_flags: tuple[str, ...]
    """Flags, as ``kind:cell``, that must be among those that are raised."""
    note: str
    """What it tries, and why the wanted values are these."""
    files: Mapping[str, Content | None] = field(default_factory=dict)
    """Other files of the hand-in; ``NOTEBOOK`` as a key replaces the notebook, None leaves it out."""
    crosses: bool = False
    """Whether it tells what a hidden check passed to its function (``invariants.ARGUMENTS``)."""

    def accepts(self, score: float, status: str) -> bool:
        """Whether a grader's result is among the wanted ones."""
        return score in several(self.wanted_score) and status in several(self.wanted_status)

    def missing_flags(self, flags: Iterable[str]) -> list[str]:
        """Wanted flags that were not raised."""
        return sorted(set(self.wanted_flags) - set(flags))

    def hand_in(self, folder: Path, released: nbformat.NotebookNode, *, neighbour: str = "neighbour") -> None:
        """Write the hand-in into ``submitted/<student>/<assignment>`` of a course."""
        places = {"assignment": folder.name, "course": str(folder.parents[2]), "neighbour": neighbour}
        folder.mkdir(parents=True)
        if NOTEBOOK not in self.files:
            _put(folder / f"{folder.name}.ipynb", self.build(released), places)
        for name, content in self.files.items():
            path = folder / name.replace("{assignment}", folder.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            _put(path, content, places)


def several(wanted: Any) -> tuple[Any, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)


def _put(path: Path, content: Content | None, places: Mapping[str, str]) -> None:
    match content:
        case bytes():
            path.write_bytes(content)
        case Symlink():
            path.symlink_to(content.target.format(**places))
        case Special("fifo"):
            os.mkfifo(path)
        case Special("socket"):
            here = Path.cwd()
            os.chdir(path.parent)  # a socket's address holds 108 characters
            try:
                with socket.socket(socket.AF_UNIX) as one:
                    one.bind(path.name)
            finally:
                os.chdir(here)
        case Special("folder"):
            path.mkdir()
        case Sparse():
            with path.open("wb") as file:
                file.truncate(content.size)


def cell(text: str) -> str:
    """A cell's text from an indented one."""
    return textwrap.dedent(text).strip("\n")


def guarded(text: str) -> str:
    """Code that would hurt the machine if it ran outside of a sandbox: there it only says so."""
    head = f'import os as _os\nif _os.readlink("/proc/self/ns/pid") == {_SPACE!r}:\n'
    return f'{head}    print("bre" + "ach: shares the processes of the grader")\nelse:\n' + textwrap.indent(
        cell(text), "    "
    )


def own(number: int, text: str) -> nbformat.NotebookNode:
    """A cell that the student added."""
    return v4.new_code_cell(cell(text), id=f"own-{number}")


def at(notebook: nbformat.NotebookNode, name: str) -> int:
    """Position of the cell of a grade id."""
    ids = [one.metadata.get("nbgrader", {}).get("grade_id") for one in notebook.cells]
    return ids.index(name)


def the(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    """The cell of a grade id."""
    return notebook.cells[at(notebook, name)]


def answered(released: nbformat.NotebookNode, mean: str = MEAN, spread: str = SPREAD) -> nbformat.NotebookNode:
    """The released notebook with both answers."""
    done = assignments.filled(released, {"solution_mean": cell(mean), "solution_spread": cell(spread)})
    return copy.deepcopy(done)


def written(notebook: Any) -> bytes:
    """A notebook as JupyterLab writes it, whatever is wrong with it."""
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass") + b"\n"


def answers(
    mean: str = MEAN,
    spread: str = SPREAD,
    *,
    first: str | Sequence[str] = (),
    between: str | Sequence[str] = (),
    last: str | Sequence[str] = (),
) -> Build:
    """A notebook with two answers and cells of the student's own.

    They stand before the first answer, before the second, or at the end.
    """

    def build(released: nbformat.NotebookNode) -> bytes:
        done = answered(released, mean, spread)
        number = 0
        for texts, where in ((last, None), (between, "solution_spread"), (first, "solution_mean")):
            place = len(done.cells) if where is None else at(done, where)
            for offset, text in enumerate([texts] if isinstance(texts, str) else texts):
                done.cells.insert(place + offset, own(number, text))
                number += 1
        return written(done)

    return build


def spoilt(
    change: Callable[[nbformat.NotebookNode], Any], *, mean: str = MEAN, spread: str = SPREAD, blank: bool = False
) -> Build:
    """A right notebook, or a blank one, with which something happened."""

    def build(released: nbformat.NotebookNode) -> bytes:
        done = copy.deepcopy(released) if blank else answered(released, mean, spread)
        changed = change(done)
        return changed if isinstance(changed, bytes) else written(done if changed is None else changed)

    return build


def raw(content: bytes) -> Build:
    """A file that is no notebook."""
    return lambda released: content


def both(name: str, trick: str, note: str, *, status: str | tuple[str, ...] = GRADED) -> list[Case]:
    """A trick in a cell of its own, once before wrong functions and once before right ones."""
    wrong = answers(NO_MEAN, NO_SPREAD, first=trick)
    return [
        Case(f"{name}_wrong", wrong, 0, status, (), note),
        Case(f"{name}_right", answers(first=trick), 4, status, (), f"{note} The functions are right."),
    ]


def cheat(name: str, trick: str, note: str, *, status: str | tuple[str, ...] = EITHER) -> Case:
    """A trick before wrong functions that would break right ones."""
    return Case(name, answers(NO_MEAN, NO_SPREAD, first=trick), 0, status, (), note)
