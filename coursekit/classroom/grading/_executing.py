"""Running a job: cells in a sandbox, locked cells by the judge, outputs as nbgrader reads them."""

from __future__ import annotations

import base64
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from coursekit.classroom.execution import CRASH, NOT_RUN, STOPPED, TIMEOUT
from coursekit.classroom.grading._jobs import Job
from coursekit.classroom.sandbox import Limits, SandboxError, sandbox_status
from coursekit.classroom.sandbox._outputs import MEMORY, OUTPUT, TIME, Ran
from coursekit.classroom.sandbox.rooms import Room
from coursekit.classroom.sandbox.zygote import Zygote

Outcome = dict[str, Any]
_STOP = {TIME: TIMEOUT, MEMORY: CRASH, OUTPUT: CRASH}
_LEAST_AFTER_TIMEOUT = 2.0


class Executor:
    """Runs jobs one after the other, with a warm process for the assignment at hand."""

    def __init__(self, slot: int = 0) -> None:
        self._slot = slot
        self._zygote: Zygote | None = None
        self._warm_for: list[str] | None = None
        self._note = ""

    def close(self) -> None:
        """End the warm process."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None

    def run(self, job: Job) -> Outcome:
        """Run a job by its engine; an error of the machine's is an outcome with ``error``."""
        started = time.perf_counter()
        try:
            if job["engine"] == "nbgrader":
                from coursekit.classroom.grading._plain import run_plainly

                outcome = run_plainly(job)
            else:
                outcome = self._apart(job)
        except SandboxError as error:
            outcome = {"error": str(error)}
        outcome["seconds"] = round(time.perf_counter() - started, 3)
        outcome["host"] = platform.node()
        return outcome

    def _warm(self, imports: list[str]) -> Zygote:
        if self._zygote is None or self._warm_for != imports:
            self.close()
            self._note = ""
            try:
                self._zygote = Zygote(imports)
            except SandboxError as error:  # what is imported there starts threads: import in each child instead
                self._note = str(error)
                self._zygote = Zygote([])
            self._warm_for = imports
        return self._zygote

    def _apart(self, job: Job) -> Outcome:
        limits = Limits(**job["limits"])
        program = sandbox_status().path if job["sandbox"] else None
        if job["sandbox"] and program is None:
            raise SandboxError(sandbox_status().problem)
        try:
            with staged_folder(job["files"]) as folder, ExitStack() as stack:
                zygote = self._warm(job["imports"]) if job["engine"] == "fork" or job["checks"] is not None else None
                shared = {"limits": limits, "seed": job["seed"], "slot": self._slot}
                student: Any
                if job["engine"] == "kernel":
                    from coursekit.classroom.sandbox.kernel_room import KernelRoom

                    inside = KernelRoom(limits, folder=folder, isolated=program is not None, slot=self._slot)
                    student = stack.enter_context(inside)
                else:
                    assert zygote is not None
                    student = stack.enter_context(Room(zygote, folder=folder, program=program, **shared))
                judge = None
                if zygote is not None and job["checks"] is not None:
                    place = stack.enter_context(staged_folder(job["public"]))
                    judge = stack.enter_context(Room(zygote, folder=place, program=None, role="judge", **shared))
                    hidden = stack.enter_context(staged_folder({"checks.py": _encoded(job["checks"])}))
                    judge.checks(hidden / "checks.py", _editable(job["notebook"]))
                run = _Run(job, limits, student, judge)
                run.cells()
        except (BrokenPipeError, ConnectionError, OSError) as error:
            self.close()  # a warm process that died is replaced, and the job is tried again by its pool
            raise SandboxError(f"the warm process is gone ({error})") from error
        return {
            "cells": run.outputs,
            "stops": run.stops,
            "tampered": list(dict.fromkeys(student.tampered)),
            "broken": run.broken,
            "limits_hit": run.hit,
            "cpu": round(student.cpu + (judge.cpu if judge else 0), 3),
            "memory": student.memory,
            "slowest": run.slowest,
            "judged": judge is not None,
            "note": self._note,
        }


class _Run:
    """One notebook's way through its cells."""

    def __init__(self, job: Job, limits: Limits, student: Any, judge: Room | None) -> None:
        self._notebook, self._limits, self._student, self._judge = job["notebook"], limits, student, judge
        self._cell_seconds = limits.cell_seconds
        self._deadline = time.monotonic() + limits.notebook_seconds
        self.outputs: dict[str, Any] = {}
        self.stops: list[tuple[str, str]] = []
        self.hit: list[str] = []
        self.broken: list[str] = []
        self.slowest = 0.0

    def cells(self) -> None:
        """Run all code cells."""
        count = 0
        for index, cell in enumerate(self._notebook["cells"]):
            if cell["cell_type"] != "code" or not cell["source"].strip():
                continue
            count += 1
            meta = cell["metadata"].get("nbgrader", {})
            test = bool(meta.get("grade")) and not meta.get("solution")
            locked = bool(meta.get("locked")) and not meta.get("solution")
            name = meta.get("grade_id") or cell.get("id", str(index))
            ran = self._cell(cell["source"], test=test, locked=locked)
            self.slowest = max(self.slowest, ran.seconds)
            self._note(ran, name, counts=bool(meta.get("grade")))
            self.outputs[str(index)] = {"execution_count": count, "outputs": _outputs(ran, count)}

    def _cell(self, source: str, *, test: bool, locked: bool) -> Ran:
        seconds = min(self._cell_seconds, self._deadline - time.monotonic())
        if seconds <= 0 or (self._student.stopped and not (locked and not test)):
            return Ran(stopped=NOT_RUN)
        if self._judge is None or not locked:
            return self._student.run(source, seconds=seconds, graded=test)
        if test:
            return self._judge.run(source, seconds=seconds, student=self._student)
        ran = self._judge.run(source, seconds=seconds, student=self._student)
        if ran.done.get("failed"):
            self.broken.append(str(ran.done.get("broken") or ran.done["failed"]))
        return self._student.run(source, seconds=seconds)

    def _note(self, ran: Ran, name: str, *, counts: bool) -> None:
        if ran.done.get("broken"):
            self.broken.append(f"{name}: {ran.done['broken']}")
        if not ran.stopped:
            if any(output.get("ename") == "MemoryError" for output in ran.outputs):
                self.hit.append(f"memory: {name}")
            return
        if ran.stopped == NOT_RUN:
            if counts:
                self.stops.append((NOT_RUN, name))
            return
        self.stops.append((_STOP.get(ran.stopped, CRASH), name))
        self.hit.append(f"{ran.stopped}: {name}")
        if ran.stopped == TIME:
            self._cell_seconds = max(_LEAST_AFTER_TIMEOUT, self._limits.cell_seconds / 3)


def _outputs(ran: Ran, count: int) -> list[dict[str, Any]]:
    outputs = [output for output in ran.outputs if not (ran.stopped and output["output_type"] == "error")]
    for output in outputs:
        if output["output_type"] == "execute_result":
            output["execution_count"] = count
    if ran.stopped:
        name = NOT_RUN if ran.stopped == NOT_RUN else _STOP.get(ran.stopped, CRASH)
        text = STOPPED[name]
        outputs.append({"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]})
    elif ran.done.get("failed"):
        text = str(ran.done["failed"])
        outputs.append({"output_type": "error", "ename": "CheckFailed", "evalue": text, "traceback": [text]})
    return outputs


def _editable(notebook: dict[str, Any]) -> list[str]:
    """Code that a student could write, for checks that read it."""
    return [
        cell["source"]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
        and not (cell["metadata"].get("nbgrader", {}).get("locked") and not cell["metadata"]["nbgrader"]["solution"])
    ]


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@contextmanager
def staged_folder(files: dict[str, str]) -> Iterator[Path]:
    """A folder of ordinary files, private to this job."""
    with tempfile.TemporaryDirectory(prefix="coursekit-") as place:
        root = Path(place)
        for name, content in files.items():
            path = root / name
            if root.resolve() not in path.resolve().parents:
                continue  # a name that leads out
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(content))
        yield root
