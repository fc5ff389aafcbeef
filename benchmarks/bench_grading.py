"""What grading costs and what the graders see: speed against nbgrader, memory, every assignment's contracts."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.classes import LIGHT, TENSORFLOW, Lab, hand_in_class, write_bytecode
from coursekit.classroom import demo
from coursekit.classroom.contracts import prove
from coursekit.classroom.course import Course
from coursekit.classroom.editions import assignment_sources
from coursekit.classroom.grading import grade
from coursekit.classroom.grading._executing import staged_folder
from coursekit.classroom.grading._gradebook_session import GradebookSession
from coursekit.classroom.grading._jobs import Material, prepare
from coursekit.classroom.grading._publishing import publish, result_of
from coursekit.classroom.grading._records import Records
from coursekit.classroom.sandbox import Limits, sandbox_status
from coursekit.classroom.sandbox.bubblewrap import Namespaces
from coursekit.classroom.sandbox.rooms import Room
from coursekit.classroom.sandbox.zygote import Zygote
from tests.classroom.parity.plain import grade_plainly

ROOT = Path(__file__).resolve().parent.parent
REFERENCE_SECONDS = 20
DEMO_SECONDS = 300
SIZES = (12, 60)
AT_LEAST = {(LIGHT.name, 12): 5, (LIGHT.name, 60): 15, (TENSORFLOW.name, 12): 5, (TENSORFLOW.name, 60): 8}
PLAIN_EACH = 3  # hand-ins to plain nbgrader before, between and after our batches
LONG = 600
_ROOM = "fork and join"


def run() -> list[dict]:
    """Grade everything, with as many workers as there are processors."""
    with tempfile.TemporaryDirectory(prefix="coursekit-bench-", ignore_cleanup_errors=True) as name:
        folder, rows = Path(name), []
        for lab in (LIGHT, TENSORFLOW):
            write_bytecode(folder / "first", lab)
            rows += _against_nbgrader(folder / lab.name, lab)
        rows += _memory(folder / "memory")
        rows += _growth(folder / "long")
        rows += _stages(folder / "stages")
        return rows + _contracts() + _demonstration(folder / "demo")


def _against_nbgrader(folder: Path, lab: Lab) -> list[dict]:
    """Both in turns, so that a noisy machine hits both; what starts our workers counts.

    Each batch of ours is compared with plain nbgrader's hand-ins right before and right after it.
    """
    plain = hand_in_class(folder / "plain", lab, PLAIN_EACH * (len(SIZES) + 1))
    students = iter([student.id for student in plain.students()])
    courses = {size: hand_in_class(folder / f"ours{size}", lab, size) for size in SIZES}

    def some_plainly() -> list[float]:
        return [_seconds(lambda: grade_plainly(plain, lab.name, next(students))) for _ in range(PLAIN_EACH)]

    before, theirs, rows = some_plainly(), [], []
    for size, course in courses.items():
        seconds = _seconds(lambda course=course: _graded(course, lab))
        after = some_plainly()
        ratio = statistics.mean([*before, *after]) * size / seconds
        theirs, before = [*theirs, *before], after
        bar = AT_LEAST[lab.name, size]
        rows += [
            _row(f"{lab.name}: {size} hand-ins", 60 * size / seconds, "1/min"),
            _row(f"{lab.name}: {size} hand-ins, times plain nbgrader", ratio, "x", f">= {bar}", ratio >= bar),
        ]
    course = courses[SIZES[0]]
    alone = _seconds(lambda: grade(course, lab.name, students=["s0000"], force=True))
    imports = list(Material.of(course, lab.name).imports)
    return [
        _row(f"{lab.name}: plain nbgrader", 60 / statistics.mean([*theirs, *before]), "1/min"),
        *rows,
        _row(f"{lab.name}: one hand-in alone, command to grade", alone, "s"),
        _row(f"{lab.name}: start of a warm process", _seconds(lambda: Zygote(imports).close()), "s"),
    ]


def _graded(course: Course, lab: Lab) -> None:
    report = grade(course, lab.name)
    wrong = [one for one in report.grades if one.status != "graded"]
    full = sum(one.score == lab.points for one in report.grades)
    if wrong or full != sum(number % 4 != 3 for number in range(len(report.grades))):
        raise RuntimeError(f"a benchmark of wrong grades: {full} with full points, not graded: {wrong[:3]}")


def _memory(folder: Path) -> list[dict]:
    """Of this process and everything below it, shared pages counted once."""
    course = hand_in_class(folder, TENSORFLOW, SIZES[0])
    with _peak() as peak:
        _graded(course, TENSORFLOW)
    return [_row(f"{TENSORFLOW.name}: all processes at their peak", peak[0] / 2**20, "MiB")]


@contextlib.contextmanager
def _peak() -> Iterator[list[int]]:
    """The largest proportional set size of the process tree, looked at twice a second."""
    peak, done, me = [0], threading.Event(), psutil.Process()

    def look() -> None:
        while not done.wait(0.5):
            held = 0
            for process in (me, *me.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    held += process.memory_full_info().pss
            peak[0] = max(peak[0], held)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def _growth(folder: Path) -> list[dict]:
    """Whether the last hundred of a large class take longer than the first, and what stays in memory."""
    course, moments, held = hand_in_class(folder, LIGHT, LONG), [], []

    def note(_) -> None:
        moments.append(time.perf_counter())
        held.append(psutil.Process().memory_info().rss)

    grade(course, LIGHT.name, on_result=note)
    first, last = moments[100] - moments[0], moments[-1] - moments[-101]
    grown = (max(held[-100:]) - max(held[:100])) / 2**20
    return [
        _row(f"{LIGHT.name}: first hundred of {LONG}, each", 10 * first, "ms"),
        _row(
            f"{LIGHT.name}: last hundred of {LONG}, against the first", last / first, "x", "< 1.3", last / first < 1.3
        ),
        _row(f"{LIGHT.name}: what the main process grew by", grown, "MiB", "< 100", grown < 100),
    ]


def _stages(folder: Path, repeats: int = 15) -> list[dict]:
    """Where the time of one light hand-in goes, each stage alone."""
    course, limits, name = hand_in_class(folder, LIGHT, repeats), Limits(), LIGHT.name
    material, program = Material.of(course, name), sandbox_status().path
    settings = {"engine": "fork", "sandbox": program is not None, "limits": {}}
    records = Records(course, name)
    spent: dict[str, list[float]] = {}

    @contextlib.contextmanager
    def stage(what: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        spent.setdefault(what, []).append(1000 * (time.perf_counter() - started))

    with Zygote(material.imports) as zygote, GradebookSession(course) as session:
        for student in [one.id for one in course.students()]:
            with stage("order, and nbgrader's steps before the run"):
                job, flags = prepare(session, course, material, student, settings)
            if program is not None:
                with stage("namespaces"):
                    built = Namespaces(program, limits)
                built.close()
            with staged_folder(job["files"]) as place:
                with stage(_ROOM):
                    room = Room(zygote, limits, folder=place, program=program)
                with stage("cells"):
                    cells = {str(index): _ran(room, cell) for index, cell in enumerate(job["notebook"]["cells"])}
                with stage("teardown"):
                    room.close()
            outcome = {
                "cells": {at: ran for at, ran in cells.items() if ran},
                "stops": [],
                "tampered": [],
                "broken": [],
                "setup": [],
            }
            with stage("nbgrader's steps after the run, gradebook, files"):
                publish(session, course, records, student, {**result_of(job, {**outcome, "seconds": 0}, flags)})
    middle = {what: statistics.median(times) for what, times in spent.items()}
    middle[_ROOM] -= middle.get("namespaces", 0)  # which a room builds for itself
    return [_row(f"{name}, one hand-in: {what}", ms, "ms") for what, ms in middle.items()]


def _ran(room: Room, cell: dict) -> dict | None:
    if cell["cell_type"] != "code":
        return None
    graded = bool(cell["metadata"].get("nbgrader", {}).get("grade"))
    return {"outputs": room.run(cell["source"], seconds=30, graded=graded).outputs, "execution_count": 1}


def _contracts() -> list[dict]:
    rows = []
    for source in assignment_sources(ROOT):
        seconds: dict[str, float] = {}
        report = prove(
            source, workers=1, on_result=lambda one, seconds=seconds: seconds.update({one.student: one.seconds})
        )
        wrong = sum(contract.kind == "wrong" for contract in report.contracts)
        took, killed = seconds["reference"], 100 * report.kill_rate
        name = source.name
        rows += [
            _row(f"{name}: reference solution, alone", took, "s", f"< {REFERENCE_SECONDS}", took < REFERENCE_SECONDS),
            _row(f"{name}: a solution, median", statistics.median(seconds.values()), "s"),
            _row(f"{name}: wrong solutions caught, of {wrong}", killed, "%", "100", killed == 100),
            _row(f"{name}: contracts that hold", 100 * _share(report), "%", "100", report.ok),
        ]
    return rows


def _demonstration(folder: Path) -> list[dict]:
    started = time.perf_counter()
    result = demo.run(folder)
    took = time.perf_counter() - started
    hand_ins = sum(grade.status != "missing" for report in result.gradings for grade in report.grades)
    return [
        _row("demonstration class, everything", took, "s", f"< {DEMO_SECONDS}", took < DEMO_SECONDS),
        _row("hand-ins a minute, endless loops and crashes included", 60 * hand_ins / took, "1/min"),
    ]


def _seconds(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _share(report) -> float:
    return sum(contract.ok for contract in report.contracts) / len(report.contracts)


def _row(figure: str, value: float, unit: str, bar: str = "", holds: bool | None = None) -> dict:
    return {"figure": figure, "value": value, "unit": unit, "bar": bar, "holds": holds}


if __name__ == "__main__":
    for row in run():
        print(row)
