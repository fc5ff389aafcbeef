"""One notebook's way through its cells, and then through its hidden checks.

With a judge, a hidden check is only noted where it stands. It runs when the last cell is done
and nothing of the student's is recorded any more: by then no cell is left that could print what
the check asked.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coursekit.classroom.intake import visible
from coursekit.classroom.sandbox import Limits
from coursekit.classroom.sandbox._outputs import LEFT_OUT, TIME, Ran
from coursekit.classroom.sandbox.rooms import Room
from coursekit.classroom.stops import CRASH, NOT_RUN, STOPPED, TIMEOUT

_LEAST_AFTER_TIMEOUT = 2.0
_REPLAYS = 3
"""How often a process that died is rebuilt for the hidden checks that are left."""


@dataclass(frozen=True)
class _Deferred:
    """A hidden check that waits for the end."""

    index: int
    cell: str
    check: str
    at: Any


class NotebookRun:
    """Runs a notebook's code cells, each where it belongs: at the student's, or at the judge's."""

    def __init__(
        self, cells: list[dict[str, Any]], limits: Limits, judge: Room | None, open_student: Callable[[], Any]
    ) -> None:
        self._limits, self._judge, self._open = limits, judge, open_student
        self._cells = [
            (index, cell, cell["metadata"].get("nbgrader", {}))
            for index, cell in enumerate(cells)
            if cell["cell_type"] == "code" and cell["source"].strip()
        ]
        self.rooms = [open_student()]
        self._cell_seconds = limits.cell_seconds
        self._deadline = time.monotonic() + limits.notebook_seconds
        self._deferred: list[_Deferred] = []
        self.outputs: dict[str, Any] = {}
        self.stops: list[tuple[str, str]] = []
        self.hit: list[str] = []
        self.broken: list[str] = []
        self.setup: list[str] = []
        self.slowest = 0.0
        self._shown = self._told = 0

    @property
    def _student(self) -> Any:
        return self.rooms[-1]

    def cells(self) -> None:
        """Run all code cells."""
        for count, (index, cell, meta) in enumerate(self._cells, start=1):
            test, locked = _is_test(meta), _is_locked(meta)
            name = meta.get("grade_id") or cell.get("id", str(index))
            ran = self._cell(cell["source"], test=test, locked=locked)
            self._note(ran, name, counts=bool(meta.get("grade")))
            if locked and not test and any(output["output_type"] == "error" for output in ran.outputs):
                self.setup.append(name)
            self._deferred += [_Deferred(index, name, check, at) for check, at in ran.done.get("deferred") or []]
            self.outputs[str(index)] = {"execution_count": count, "outputs": self._within(_outputs(ran, count))}

    def hidden_checks(self) -> None:
        """Run the hidden checks that were noted; a process that died is rebuilt for those that are left."""
        self._deadline = max(self._deadline, time.monotonic() + self._limits.notebook_seconds / 2)
        waiting, replays = list(self._deferred), 0
        while waiting:
            if self._student.stopped:
                replays += 1
                if replays > _REPLAYS or not self._replay(waiting):
                    break
                continue
            one = waiting.pop(0)
            self._settle(one, self._hidden(one, one.at))
        for one in waiting:
            self._settle(one, Ran(stopped=NOT_RUN))

    def _replay(self, waiting: list[_Deferred]) -> bool:
        """Run the cells again in a fresh process, unrecorded, up to each check that is left."""
        self.rooms.append(self._open())
        before = len(waiting)
        for index, cell, meta in self._cells:
            if not waiting or self._student.stopped:
                break
            if not _is_test(meta):
                self._student.run(cell["source"], seconds=self._seconds())
            while waiting and waiting[0].index == index and not self._student.stopped:
                one = waiting.pop(0)
                self._settle(one, self._hidden(one, None))
        return len(waiting) < before

    def _hidden(self, one: _Deferred, at: Any) -> Ran:
        assert self._judge is not None
        return self._judge.hidden(one.check, at, seconds=self._seconds(), student=self._student)

    def _settle(self, one: _Deferred, ran: Ran) -> None:
        """Add a hidden check's verdict to its cell."""
        self._note(ran, one.cell, counts=True)
        there = self.outputs[str(one.index)]["outputs"]
        told = _outputs(ran, self.outputs[str(one.index)]["execution_count"])
        if any(output["output_type"] == "error" for output in there):  # the first failure is the cell's
            told = [output for output in told if output["output_type"] != "error"]
        errors = [output for output in there if output["output_type"] == "error"]
        there[:] = [output for output in there if output["output_type"] != "error"] + told + errors

    def _within(self, outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Leave out displays and text once the notebook has shown its share of them."""
        for output in outputs:
            left = max(0, self._limits.notebook_display - self._told)
            if output["output_type"] == "stream":
                output["text"] = output["text"][:left]
                self._told += len(output["text"])
            elif output["output_type"] == "error":
                output["traceback"] = output["traceback"] if left else output["traceback"][-1:]
                self._told += sum(map(len, output["traceback"]))
            if "data" in output:
                size = len(json.dumps(output["data"]))
                if self._shown + size > self._limits.notebook_display:
                    output["data"], size = dict(LEFT_OUT), 0
                self._shown += size
        return outputs

    def _seconds(self) -> float:
        return max(0.1, min(self._cell_seconds, self._deadline - time.monotonic()))

    def _cell(self, source: str, *, test: bool, locked: bool) -> Ran:
        if time.monotonic() >= self._deadline or self._student.stopped:
            return Ran(stopped=NOT_RUN)
        if self._judge is None or not locked:
            return self._student.run(source, seconds=self._seconds(), graded=test)
        ran = self._judge.run(source, seconds=self._seconds(), student=self._student)
        if test:
            return ran
        if ran.done.get("failed"):
            self.broken.append(str(ran.done.get("broken") or ran.done["failed"]))
        return self._student.run(source, seconds=self._seconds())

    def _note(self, ran: Ran, name: str, *, counts: bool) -> None:
        self.slowest = max(self.slowest, ran.seconds)
        if ran.done.get("broken"):
            self.broken.append(visible(f"{name}: {ran.done['broken']}")[:2000])
        if not ran.stopped:
            if any(output.get("ename") == "MemoryError" for output in ran.outputs):
                self.hit.append(f"memory: {name}")
            return
        if ran.stopped == NOT_RUN:
            if counts:
                self.stops.append((NOT_RUN, name))
            return
        self.stops.append((TIMEOUT if ran.stopped == TIME else CRASH, name))
        self.hit.append(f"{ran.stopped}: {name}")
        if ran.stopped == TIME:
            least = min(_LEAST_AFTER_TIMEOUT, self._limits.cell_seconds)
            self._cell_seconds = max(least, self._limits.cell_seconds / 3)


def _is_test(meta: dict[str, Any]) -> bool:
    return bool(meta.get("grade")) and not meta.get("solution")


def _is_locked(meta: dict[str, Any]) -> bool:
    return bool(meta.get("locked")) and not meta.get("solution")


def _outputs(ran: Ran, count: int) -> list[dict[str, Any]]:
    outputs = [output for output in ran.outputs if not (ran.stopped and output["output_type"] == "error")]
    for output in outputs:
        if output["output_type"] == "execute_result":
            output["execution_count"] = count
    if ran.stopped:
        name = NOT_RUN if ran.stopped == NOT_RUN else TIMEOUT if ran.stopped == TIME else CRASH
        text = STOPPED[name]
        outputs.append({"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]})
    elif ran.done.get("failed"):
        text = str(ran.done["failed"])
        outputs.append({"output_type": "error", "ename": "CheckFailed", "evalue": text, "traceback": [text]})
    return outputs
