"""Running a job: cells in a sandbox, locked cells by the judge, outputs as nbgrader reads them."""

from __future__ import annotations

import base64
import hashlib
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from coursekit.classroom.grading._notebook_run import NotebookRun
from coursekit.classroom.sandbox import Limits, SandboxError, sandbox_status
from coursekit.classroom.sandbox.rooms import Room
from coursekit.classroom.sandbox.zygote import Zygote

Job = dict[str, Any]
Outcome = dict[str, Any]


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
            if "warm" in job:
                self._warm(job["warm"])
                outcome = {}
            elif job["engine"] == "nbgrader":
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

                def open_student() -> Any:
                    if job["engine"] == "kernel":
                        from coursekit.classroom.sandbox.kernel_room import KernelRoom

                        isolated = program is not None
                        return stack.enter_context(
                            KernelRoom(limits, folder=folder, isolated=isolated, slot=self._slot)
                        )
                    assert zygote is not None
                    return stack.enter_context(Room(zygote, folder=folder, program=program, **shared))

                judge = None
                if zygote is not None and job["checks"] is not None:
                    place = stack.enter_context(staged_folder(job["public"]))
                    # With one seed for both a hand-in could draw what a check is going to draw.
                    secret = {**shared, "seed": _secret_seed(job)}
                    judge = stack.enter_context(Room(zygote, folder=place, program=None, role="judge", **secret))
                    hidden = stack.enter_context(staged_folder({"checks.py": _encoded(job["checks"])}))
                    loaded = judge.checks(hidden / "checks.py", _editable(job["notebook"]))
                    if loaded.stopped or loaded.done.get("failed"):
                        why = loaded.done.get("failed") or loaded.stopped
                        return {"error": f"checks.py of {job['assignment']} cannot be loaded ({why})"}
                run = NotebookRun(job["notebook"]["cells"], limits, judge, open_student)
                run.cells()
                run.hidden_checks()
        except (BrokenPipeError, ConnectionError, OSError) as error:
            self.close()  # a warm process that died is replaced, and the job is tried again by its pool
            raise SandboxError(f"the warm process is gone ({error})") from error
        return {
            "cells": run.outputs,
            "stops": run.stops,
            "tampered": list(dict.fromkeys(name for room in run.rooms for name in room.tampered)),
            "broken": run.broken,
            "setup": run.setup,
            "limits_hit": run.hit,
            "cpu": round(sum(room.cpu for room in run.rooms) + (judge.cpu if judge else 0), 3),
            "memory": max(room.memory for room in run.rooms),
            "slowest": run.slowest,
            "judged": judge is not None,
            "sandbox": f"bubblewrap {sandbox_status().version}" if program is not None else "none",
            "note": self._note,
        }


def _secret_seed(job: Job) -> int:
    return int.from_bytes(hashlib.sha256(f"{job['seed']}\0{job['checks']}".encode()).digest()[:4], "big")


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
