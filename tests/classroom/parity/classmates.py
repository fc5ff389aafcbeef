"""A class by a seed: everybody's answers, what happened to the file, and when it came in."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import assignments
import nbformat
from nbformat import v4
from parity.answers import BY_HAND, CODE

DUE = "2025-03-10 12:00:00 UTC"
TIMES = {
    "none": None,
    "early": "2025-03-09 23:10:00 UTC",
    "on time in Seoul": "2025-03-10 20:59:00 Asia/Seoul",
    "an hour late in Seoul": "2025-03-10 21:30:00 Asia/Seoul",
    "minutes late": "2025-03-10 12:40:00 UTC",
    "a day late": "2025-03-11 09:00:00 UTC",
    "days late": "2025-03-13T12:00:00+09:00",
    "weeks late": "2025-04-20 00:00:00 UTC",
    "an empty file": "",
}
"""Contents of ``timestamp.txt``."""

Turn = Callable[[nbformat.NotebookNode], None]


@dataclass(frozen=True)
class HandIn:
    """One hand-in of one student."""

    notebook: nbformat.NotebookNode
    """As the student saved it."""
    twin: nbformat.NotebookNode | None
    """The same answers in a sound notebook, where plain nbgrader gives up on this one."""
    time: str | None
    """Content of ``timestamp.txt``; None if there is none."""
    story: str
    """What it is made of, for the message of a failed test."""

    def write(self, folder: Path, *, sound: bool = False) -> None:
        """Put it where nbgrader looks for it, with the files that some answers read."""
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(self.twin if sound and self.twin else self.notebook, folder / f"{folder.name}.ipynb")
        (folder / "helper.py").write_text("def average(values):\n    return sum(values) / len(values)\n")
        (folder / "own_data.csv").write_text("value\n9\n")
        (folder / "numbers.csv").write_text("value\n0\n")  # the assignment's own takes its place
        if self.time is not None:
            (folder / "timestamp.txt").write_text(self.time, encoding="utf-8")


def the(notebook: nbformat.NotebookNode, grade_id: str) -> int:
    return [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells].index(grade_id)


def _copied(grade_id: str) -> Turn:
    def turn(notebook):
        at = the(notebook, grade_id)
        notebook.cells.insert(at, nbformat.from_dict({**copy.deepcopy(notebook.cells[at]), "id": "copied"}))

    return turn


def _meta(grade_id: str, **changed) -> Turn:
    return lambda notebook: notebook.cells[the(notebook, grade_id)].metadata.nbgrader.update(changed)


def _source(grade_id: str, text: str) -> Turn:
    return lambda notebook: notebook.cells[the(notebook, grade_id)].update(source=text)


def _gone(grade_id: str) -> Turn:
    return lambda notebook: notebook.cells.pop(the(notebook, grade_id))


def _kernel(notebook):
    notebook.metadata.kernelspec = {"name": "conda-env", "display_name": "x", "language": "python"}


def _no_kernel(notebook):
    del notebook.metadata["kernelspec"]


def _own_cells(notebook):
    at = the(notebook, "solution_spread")
    notebook.cells[at:at] = [v4.new_markdown_cell("메모"), v4.new_code_cell("attempt = mean(numbers)\nattempt")]
    notebook.cells.append(v4.new_code_cell("1 / 0"))


def _value_by_number(notebook):
    at = the(notebook, "solution_spread")
    later = "kept = spread\ndel spread\nassert Out[number] == 9\nspread = kept"
    notebook.cells.insert(at + 1, v4.new_code_cell(later))
    notebook.cells.insert(at, v4.new_code_cell("number = len(In) - 1\nmax([7, 9])"))


def _shown(notebook):
    for count, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.execution_count = count
            cell.outputs = [v4.new_output("stream", name="stderr", text="old"), v4.new_output("stream", text="x")]


def _without_ids(notebook):
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]


def _moved(notebook):
    notebook.cells.append(notebook.cells.pop(the(notebook, "solution_spread")))


def _as_code(notebook):
    cell = notebook.cells[the(notebook, "reflection")]
    notebook.cells[the(notebook, "reflection")] = v4.new_code_cell(cell.source, id=cell.id, metadata=cell.metadata)


def _as_prose(notebook):
    cell = notebook.cells[the(notebook, "test_scale")]
    notebook.cells[the(notebook, "test_scale")] = v4.new_markdown_cell(cell.source, id=cell.id, metadata=cell.metadata)


def _tagged(notebook):
    for cell in notebook.cells:
        cell.metadata.update(collapsed=True, tags=["raises-exception"])


def _old(notebook):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader["schema_version"] = 1


def _work_on_the_task(notebook):
    notebook.cells += [v4.new_code_cell("sorted(numbers)[:2]"), v4.new_markdown_cell("값이 작습니다.")]


def _gift(notebook):
    notebook.cells.append(assignments.test("test_gift", "assert True", 50))


TURNS: Mapping[str, Turn] = {
    "sound": lambda notebook: None,
    "another kernel": _kernel,
    "a test edited": _source("test_mean", "assert True"),
    "the task worked on": _work_on_the_task,
    "points edited": _meta("test_spread", points=100),
    "own cells": _own_cells,
    "a value by its number": _value_by_number,
    "saved outputs": _shown,
    "a text turned into code": _as_code,
    "a test turned into text": _as_prose,
    "an answer moved to the end": _moved,
    "no cell ids": _without_ids,
    "no kernel": _no_kernel,
    "an answer deleted": _gone("solution_column"),
    "the setup edited": _source("setup_numbers", "numbers = [2, 2, 2]"),
    "the task edited": _source("explore", "다 했습니다."),
    "a test unlocked": _meta("test_spread", locked=False),
    "tags": _tagged,
    "prose deleted": lambda notebook: notebook.cells.pop(0),
}
BREAKING: Mapping[str, Turn] = {
    "a test copied": _copied("test_mean"),
    "an answer copied": _copied("solution_mean"),
    "a text copied": _copied("reflection"),
    "an extra test": _gift,
    "an old schema": _old,
}
"""What plain nbgrader gives up on."""


def _dealt(names: Sequence[str], chance: random.Random) -> Iterator[str]:
    """Every name once in each round, so that a small class has as many of them as it can."""
    while True:
        yield from chance.sample(list(names), len(names))


def hand_ins(released: nbformat.NotebookNode, *, seed: int) -> Iterator[HandIn]:
    """An endless class."""
    chance = random.Random(seed)
    every_turn = {**TURNS, **BREAKING}
    decks = {name: _dealt(list(pool), chance) for name, pool in {**CODE, **BY_HAND}.items()}
    times, turns = _dealt(list(TIMES), chance), _dealt(list(every_turn), chance)
    while True:
        drawn = {name: next(deck) for name, deck in decks.items()}
        texts = {name: {**CODE, **BY_HAND}[name][kind] for name, kind in drawn.items()}
        answered = {name: text for name, text in texts.items() if text is not None}
        sound = assignments.filled(released, answered)
        notebook, turn, time = copy.deepcopy(sound), next(turns), next(times)
        every_turn[turn](notebook)
        story = "; ".join([turn, f"time: {time}", *(f"{name}: {kind}" for name, kind in drawn.items())])
        yield HandIn(notebook, sound if turn in BREAKING else None, TIMES[time], story)
