"""A class that is graded while everything goes wrong, and what is left of it: for tests and the benchmark.

Run as a script it is the batch: it grades as the command does, on a disk that is full now and then
and with little patience for a locked gradebook. The soak starts it again and again, kills its
workers, their warm processes and the batch itself, and locks the gradebook for moments.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from small_class import KINDS, LAB, facts, make_class, strays

from coursekit.classroom.course import Course, open_course
from coursekit.classroom.grading import grade

FAULTS = ("worker", "zygote", "lock", "batch", "worker", "zygote", "lock", "everything")
"""What happens, in an order by chance: a worker, a warm process, the batch or all of them killed; a lock."""
FULL = 0.06
"""Share of the writes that find the disk full."""
SHARES = {"right": 8, "wrong": 6, "crash": 3, "blank": 2, "unreadable": 1}
LOCK_SECONDS = 2.0
PATIENCE_SECONDS = 1.0
"""How long the batch waits for the gradebook; a lock lasts longer."""
MOST_BATCHES = 100


@dataclass(frozen=True)
class Soak:
    """What came of it. Everything but the counts should be empty."""

    students: int
    """Hand-ins."""
    batches: int
    """How many times a batch was started."""
    faults: dict[str, int]
    """What happened to them, full disks by row."""
    lost: list[str]
    """Hand-ins without a grade."""
    twice: list[str]
    """Hand-ins that were recorded, or stand in the gradebook, more than once."""
    wrong: list[str]
    """Hand-ins with other points, reasons or rows than an undisturbed batch gives."""
    left: list[str]
    """Files and processes that nobody cleared away."""
    seconds: float
    """From the first batch to the end of the last."""


def soak(folder: Path, students: int, *, seed: int = 0, rounds: int = 1, workers: int = 2) -> Soak:
    """Grade a class of so many while ``rounds`` times each of the faults happens."""
    chance = random.Random(seed)
    kinds = chance.choices(list(SHARES), list(SHARES.values()), k=students)
    owners = {f"s{number:04}": kind for number, kind in enumerate(kinds)}
    wanted = _undisturbed(folder / "undisturbed", owners)
    course, _ = make_class(folder / "soaked", {student: KINDS[kind] for student, kind in owners.items()})
    faults = list(FAULTS) * rounds
    chance.shuffle(faults)
    steps = _steps(students, faults)
    happened, left, batches, finished = Counter(), [], 0, False
    started = time.perf_counter()
    while not finished:
        batches += 1
        assert batches <= MOST_BATCHES, f"no end after {batches} batches: {happened}"
        batch = _Batch(course, seed=chance.randrange(2**32), faults=bool(faults), workers=workers)
        finished = not faults
        while batch.is_running():
            recorded = batch.recorded()
            if recorded == students:
                faults = []  # there is nothing left to disturb
            elif faults and recorded >= steps[-len(faults)] and batch.suffer(faults[0], chance):
                happened[faults.pop(0)] += 1
            batch.wait(0.02)
        happened["full disk"] += batch.said.count("No space left on device")
        happened["locked row"] += batch.said.count("database is locked")
        left += batch.left()
        if finished:
            assert batch.status == 0, batch.said
    seconds = time.perf_counter() - started
    found = facts(course)
    return Soak(
        students,
        batches,
        dict(happened),
        lost=sorted(owners.keys() - found["records"].keys() | owners.keys() - found["gradebook"].keys()),
        twice=[student for student, count in Counter(_log(course).read_text().split()).items() if count > 1]
        + [student for student, one in found["gradebook"].items() if one["rows"][0] != 1],
        wrong=[student for student, kind in owners.items() if _one(found, student) != wanted[kind]],
        left=[*left, *strays(course)],
        seconds=seconds,
    )


def _steps(students: int, faults: list[str]) -> list[int]:
    """After how many records each fault happens; the last one while some hand-ins are still waiting."""
    return [students * (number + 1) // (len(faults) + 1) for number in range(len(faults))]


def _undisturbed(folder: Path, owners: dict[str, str]) -> dict[str, Any]:
    """By kind, what a batch that nothing happens to makes of it."""
    course, _ = make_class(folder, {kind: KINDS[kind] for kind in sorted(set(owners.values()))})
    grade(course, LAB, workers=1, cell_timeout=10)
    found = facts(course)
    return {kind: _one(found, kind) for kind in set(owners.values())}


def _one(found: dict[str, Any], student: str) -> tuple[Any, ...]:
    """What is known of a student, without the name."""
    record = {name: value for name, value in found["records"].get(student, {}).items() if name != "assignment"}
    rows = found["gradebook"].get(student, {})
    points = [one[:] for one in rows.get("points", [])]
    files = {name.split("/", 2)[2]: one for name, one in found["autograded"].items() if name.split("/")[1] == student}
    return record, rows.get("rows"), points, files


def _log(course: Course) -> Path:
    return course.root.parent / "recorded.txt"


class _Batch:
    """A batch in a process of its own."""

    def __init__(self, course: Course, *, seed: int, faults: bool, workers: int) -> None:
        self._course, self._output = course, course.root.parent / "said.txt"
        options = {"seed": seed, "full": FULL if faults else 0.0, "workers": workers}
        self._family: set[psutil.Process] = set()
        with self._output.open("w") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "ignore", __file__, course.root, json.dumps(options)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def status(self) -> int:
        return self._process.wait()

    @property
    def said(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def recorded(self) -> int:
        """How many grades are recorded so far."""
        return len(list(self._course.records("grades", LAB).glob("*.json")))

    def suffer(self, fault: str, chance: random.Random) -> bool:
        """Have something happen; False if there is nothing yet that it could happen to."""
        workers = [one for one in self._children(psutil.Process(self._process.pid)) if _is(one, "grading._worker")]
        zygotes = [one for worker in workers for one in self._children(worker) if _is(one, "sandbox._zygote")]
        self._family |= {one for worker in workers for one in self._children(worker, recursive=True)} | set(workers)
        if fault == "lock":
            return self._lock()
        if fault == "batch":
            self._process.kill()
            return True
        if fault == "everything":
            os.killpg(self._process.pid, signal.SIGKILL)  # it has not been waited for, so it is still there
            return True
        victims = workers if fault == "worker" else zygotes
        if victims:
            chance.choice(victims).kill()
        return bool(victims)

    def _lock(self) -> bool:
        connection = sqlite3.connect(self._course.root / "gradebook.db", isolation_level=None, timeout=30)
        connection.execute("BEGIN IMMEDIATE")
        self.wait(LOCK_SECONDS)
        connection.execute("ROLLBACK")
        connection.close()
        return True

    def _children(self, process: psutil.Process, *, recursive: bool = False) -> list[psutil.Process]:
        try:
            return process.children(recursive=recursive)
        except psutil.NoSuchProcess:
            return []

    def left(self) -> list[str]:
        """Processes that it had and that did not end with it."""
        _, alive = psutil.wait_procs(list(self._family), timeout=15)
        return [f"process {' '.join(one.cmdline())[-80:]}" for one in alive if one.is_running()]


def _is(process: psutil.Process, module: str) -> bool:
    try:
        return f"coursekit.classroom.{module}" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def _batch(course: Course, options: dict[str, Any]) -> None:
    """Grade, on a disk that is full by chance, and note each grade that is recorded for good."""
    from coursekit.classroom import databases
    from coursekit.classroom.grading._records import Records

    databases.LOCK_WAIT_SECONDS = PATIENCE_SECONDS
    chance, inner = random.Random(options["seed"]), Records.write
    log = os.open(_log(course), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self: Records, kind: str, content: dict[str, Any], student: str = "") -> None:
        if chance.random() < options["full"]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        inner(self, kind, content, student)
        if kind == "grades" and not content["retry"]:
            os.write(log, f"{student}\n".encode())

    Records.write = write
    report = grade(course, LAB, workers=options["workers"], cell_timeout=10, on_result=_say)
    assert len(report.grades) == len(course.students())


def _say(one: Any) -> None:
    if one.status == "failed" and "not graded yet" not in one.reason:
        print(one.student, one.reason, flush=True)


if __name__ == "__main__":
    _batch(open_course(Path(sys.argv[1])), json.loads(sys.argv[2]))
