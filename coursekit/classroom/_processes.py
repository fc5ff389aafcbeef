"""Grading processes: one a core, replaced when one dies, ended when one hangs."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any


class Worker:
    """A grading process that is replaced when it hangs or dies."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.process: subprocess.Popen[str] | None = None

    def _start(self) -> subprocess.Popen[str]:
        from coursekit.classroom.execution import grading_environment

        process = subprocess.Popen(
            [sys.executable, "-m", "coursekit.classroom._worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=grading_environment(os.environ) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self._read(process, self.limit)
        return process

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Grade one submission; a process that dies is replaced once, one that hangs is ended."""
        started = time.monotonic()
        try:
            return self._ask(request)
        except (OSError, ValueError):
            self.close()
        try:
            if time.monotonic() - started < self.limit:  # it died, and perhaps not of this submission
                return self._ask(request)
            raise OSError("no answer")
        except (OSError, ValueError) as error:
            self.close()
            return {
                "retry": True,
                "student": request["student"],
                "status": "failed",
                "score": 0.0,
                "max_score": 0.0,
                "flags": request["flags"],
                "reason": f"the grading process ended without an answer within {self.limit:.0f} s ({error})",
                "message": "제한 시간 안에 채점을 마치지 못했습니다. 담당자가 확인합니다.",
                "seconds": self.limit,
            }

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.process is None or self.process.poll() is not None:
            self.process = self._start()
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self._read(self.process, self.limit))

    @staticmethod
    def _read(process: subprocess.Popen[str], limit: float) -> str:
        assert process.stdout is not None
        alarm = threading.Timer(limit, _end_tree, [process.pid])
        alarm.start()
        try:
            line = process.stdout.readline()
        finally:
            alarm.cancel()
        if not line:
            raise OSError("no answer")
        return line

    def close(self) -> None:
        """End the process and everything it started."""
        if self.process is not None:
            _end_tree(self.process.pid)
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):  # what was not read any more
                        stream.close()
            self.process = None


def _end_tree(pid: int) -> None:
    import psutil

    try:
        parent = psutil.Process(pid)
        family = [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def run_jobs(
    jobs: Sequence[dict[str, Any]],
    workers: int,
    limit: float,
    finished: Callable[[dict[str, Any], dict[str, Any]], None],
) -> None:
    """Work through the jobs; an error of ours in one thread is raised after the others ended."""
    waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    errors: list[BaseException] = []
    stop = threading.Event()

    def work() -> None:
        worker = Worker(limit)
        try:
            while not stop.is_set():
                job = waiting.get_nowait()
                finished(job, worker.ask(job["request"]))
        except queue.Empty:
            pass
        except BaseException as error:
            errors.append(error)
        finally:
            worker.close()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        stop.set()  # what is being graded is finished and recorded; the rest is graded next time
        for thread in threads:
            thread.join()
        raise
    if errors:
        raise errors[0]
