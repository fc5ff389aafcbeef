"""Workers: processes on this machine, one a core."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from coursekit.classroom.grading._executing import Job, Outcome

OVERHEAD_SECONDS = 90.0
"""On top of a notebook's limit before a worker is taken for hanging: it starts, and imports."""

_PROGRAM = "coursekit.classroom.grading._worker"
_GRACE_SECONDS = 3.0  # for a worker to close what it has open
numbers = itertools.count()


class Pool(Protocol):
    """Takes jobs, gives outcomes in the order in which they are ready."""

    size: int

    def submit(self, key: str, job: Job, limit: float) -> None:
        """Have a job run."""

    def next(self) -> tuple[str, Outcome]:
        """Wait for an outcome."""

    def close(self) -> None:
        """End the workers."""


class Worker:
    """A process that runs jobs; replaced when it hangs or dies."""

    def __init__(self, slot: int | None = None, *, scratch: str | None = None) -> None:
        self._scratch = scratch or tempfile.gettempdir()
        self._slot = next(numbers) if slot is None else slot
        self._process: subprocess.Popen[str] | None = None
        self._over = False

    def start(self) -> None:
        """Start the process, so that it is up when the first job comes."""
        from coursekit.classroom.sandbox.identity import clean_environment

        environment = clean_environment(os.environ) | {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "HOME": os.environ.get("HOME", "/"),
            "TMPDIR": self._scratch,
        }
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            # -P: the folder in which the command is given may be a student's, with a json.py of its own.
            [sys.executable, "-P", "-m", _PROGRAM, str(self._slot % 1000), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            encoding="utf-8",
            env=environment,
        )

    def ask(self, job: Job, limit: float) -> Outcome:
        """Run a job; a process that dies is replaced once, one that hangs is ended."""
        started, said = time.monotonic(), ""
        for _ in range(2):
            if self._over:
                break
            try:
                outcome = self._ask(job, limit)
            except (OSError, ValueError) as error:
                said = self._last_words() or str(error)
                self.close()
                if time.monotonic() - started >= limit:
                    said = f"no answer within {limit:.0f} s"
                    break
                continue
            if "error" not in outcome:
                return outcome
            said = outcome["error"]
        return {"error": f"the grading process ended without an answer ({said})"}

    def _ask(self, job: Job, limit: float) -> Outcome:
        if self._process is None or self._process.poll() is not None:
            self.start()
        if self._over:  # since somebody ended it while it was starting
            self.close()
            raise OSError("the batch is over")
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        alarm = threading.Timer(limit, end_tree, [process.pid])
        alarm.start()
        try:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        finally:
            alarm.cancel()
        if not line:
            raise OSError("no answer")
        return json.loads(line)

    def _last_words(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            self._said.seek(0)
            return self._said.read()[-500:].strip()
        return ""

    def end(self) -> None:
        """End the process, and start no other."""
        self._over = True
        self.close()

    def close(self) -> None:
        """End the process and everything it started."""
        process, self._process = self._process, None  # two threads may close: the batch's end and the worker's own
        if process is None:
            return
        try:
            process.terminate()
            process.wait(timeout=_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            end_tree(process.pid)
            process.wait()
        for stream in (process.stdin, process.stdout, self._said):
            if stream is not None:
                with contextlib.suppress(OSError, ValueError):  # what was not read any more
                    stream.close()


def end_tree(pid: int) -> None:
    """Kill a process and all that came from it."""
    import psutil

    try:
        parent = psutil.Process(pid)
        family = [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        return
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


class LocalPool:
    """A worker a core on this machine."""

    def __init__(self, size: int, *, scratch: Path, warm: Sequence[str] | None = None) -> None:
        self.size, self._warm = size, warm
        self._jobs: queue.SimpleQueue[tuple[str, Job, float] | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[tuple[str, Outcome] | BaseException] = queue.SimpleQueue()
        self._workers = [Worker(slot, scratch=str(scratch)) for slot in range(size)]
        self._threads = [threading.Thread(target=self._work, args=(one,), daemon=True) for one in self._workers]
        for thread in self._threads:
            thread.start()

    def _work(self, worker: Worker) -> None:
        try:
            worker.start()
            if self._warm is not None:  # while the reference solution is run on one of them
                worker.ask({"warm": list(self._warm)}, OVERHEAD_SECONDS)
            while (order := self._jobs.get()) is not None:
                key, job, limit = order
                self._outcomes.put((key, worker.ask(job, limit)))
        except BaseException as error:  # a defect of ours: it ends the batch, not in silence
            self._outcomes.put(error)
        finally:
            worker.close()

    def submit(self, key: str, job: Job, limit: float) -> None:
        """Have a job run."""
        self._jobs.put((key, job, limit))

    def next(self) -> tuple[str, Outcome]:
        """Wait for an outcome."""
        got = self._outcomes.get()
        if isinstance(got, BaseException):
            raise got
        return got

    def close(self) -> None:
        """End the workers; what they were at is run again by the next batch."""
        for _ in self._threads:
            self._jobs.put(None)
        ending = [threading.Thread(target=worker.end) for worker in self._workers]
        for thread in ending:
            thread.start()
        for thread in [*ending, *self._threads]:
            thread.join(timeout=10)
