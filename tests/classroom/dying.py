"""Batches that die at a chosen point, in processes of their own.

Run as a script it imports what grading needs once, then forks a batch for each request that it
reads. A batch kills itself, alone or with its process group, when it comes to a point for the nth
time. The script adopts whatever outlives a batch, so it can say what is left of it. Grading knows
nothing of this: the points are calls that the child has wrapped.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

PATIENCE = 15
"""Seconds that processes have to end by themselves when the batch is dead."""
_SUBREAPER, _NEW_MOUNTS, _PRIVATE = 36, 0x00020000, (1 << 14) | (1 << 18)
Strike = Callable[[], None]


@dataclass(frozen=True)
class Death:
    """How a batch ended."""

    status: int
    """The exit status; negative for a signal."""
    left: list[str]
    """Command lines of processes that did not end."""
    said: str
    """What it wrote on stderr."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    """The report's rows, if it came to its end; one list per grading."""


class Nursery:
    """The process that forks batches; a context manager."""

    def __enter__(self) -> Nursery:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def run(self, course: Path, assignment: str, **request: Any) -> Death:
        """Grade a course in a child; ``point``, ``nth``, ``reached`` and ``group`` say when it dies and how."""
        self._process.stdin.write(json.dumps({"course": str(course), "assignment": assignment, **request}) + "\n")
        self._process.stdin.flush()
        return Death(**json.loads(self._process.stdout.readline()))


def wrap(
    owner: Any, name: str, *, before: Callable[..., None] | None = None, after: Callable[..., None] | None = None
) -> None:
    """Have something called around a method, with the method's own arguments, from now on."""
    inner = getattr(owner, name)

    def outer(*arguments: Any, **options: Any) -> Any:
        if before:
            before(*arguments)
        result = inner(*arguments, **options)
        if after:
            after(*arguments)
        return result

    setattr(owner, name, outer)


def _writes(kind: str, strike: Strike, *, before: bool) -> None:
    from coursekit.classroom.grading._records import Records

    def hit(_: Any, written: str, *__: Any) -> None:
        if written == kind:
            strike()

    wrap(Records, "write", **{"before" if before else "after": hit})


def _renames(strike: Strike) -> None:
    def hit(path: Path, *_: Any) -> None:
        if "building" in path.parts:
            strike()

    wrap(Path, "rename", before=hit)


def _halves(strike: Strike) -> None:
    def hit(path: Path, *_: Any) -> None:
        if path.name.startswith(".writing-") and "grades" in path.parts:
            strike()

    wrap(Path, "replace", before=hit)


def _prepares(strike: Strike) -> None:
    from nbgrader.preprocessors import OverwriteCells

    wrap(OverwriteCells, "preprocess", after=lambda *_: strike())


def _commits(name: str, strike: Strike) -> None:
    from sqlalchemy import event
    from sqlalchemy.orm import Session

    def hit(session: Session) -> None:
        if any(type(row).__name__ == "SubmittedAssignment" for row in session.identity_map.values()):
            strike()  # others than a grade's, of which opening a gradebook makes some, do not count

    event.listen(Session, name, hit)


POINTS: Mapping[str, Callable[[Strike], None]] = {
    "measuring the reference": lambda strike: _writes("calibration", strike, before=True),
    "while a hand-in is prepared": _prepares,
    "the result is there, the gradebook knows nothing": lambda strike: _writes("results", strike, before=False),
    "the gradebook has all of it but the commit": lambda strike: _commits("before_commit", strike),
    "the gradebook has it, the record does not": lambda strike: _commits("after_commit", strike),
    "the old folder is gone, the new one not there": _renames,
    "all is there but the record": lambda strike: _writes("grades", strike, before=True),
    "the record is half written": _halves,
    "the record is there, the result not removed": lambda strike: _writes("grades", strike, before=False),
}
"""Where a batch can die: what sets the trap, by the name of the place."""


def _trap(request: Mapping[str, Any]) -> None:
    seen = 0

    def strike() -> None:
        nonlocal seen
        seen += 1
        if seen == request.get("nth", 1):
            while request.get("reached") and not Path(request["reached"]).exists():
                time.sleep(0.02)
            os.killpg(0, signal.SIGKILL) if request.get("group") else os.kill(os.getpid(), signal.SIGKILL)

    POINTS[request["point"]](strike)


def _batch(request: Mapping[str, Any], report: Path) -> None:
    """In the child: grade, once or twice, with what the request does to the machine."""
    from coursekit.classroom.course import Course
    from coursekit.classroom.grading import grade

    os.setsid()
    course = Course(Path(request["course"]))
    if request.get("point"):
        _trap(request)
    if request.get("file_size"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_size"], resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    with _small_disk(course, request["disk"]) if request.get("disk") else _as_it_is(course) as (place, free):
        rows = [_rows(grade(place, request["assignment"], workers=1, **request.get("options", {})))]
        if request.get("disk"):
            free()
            rows.append(_rows(grade(place, request["assignment"], workers=1, **request.get("options", {}))))
    report.write_text(json.dumps(rows), encoding="utf-8")


def _rows(report: Any) -> list[dict[str, Any]]:
    return [
        {"student": one.student, "status": one.status, "score": one.score, "reason": one.reason}
        for one in report.grades
    ]


@contextmanager
def _as_it_is(course: Any) -> Iterator[tuple[Any, Strike]]:
    yield course, lambda: None


@contextmanager
def _small_disk(course: Any, disk: Mapping[str, int]) -> Iterator[tuple[Any, Strike]]:
    """The course on a disk of its own with hardly any room left; afterwards it is back, as it is then."""
    import shutil

    from coursekit.classroom.course import Course

    home = course.root.parent / "disk"
    home.mkdir()
    own_disk(home, disk["size"])
    shutil.copytree(course.root, home / course.root.name)
    filler = home / "filler"
    free = shutil.disk_usage(home).free - disk["free"]
    filler.write_bytes(bytes(free))
    yield Course(home / course.root.name), filler.unlink
    shutil.rmtree(course.root)
    shutil.copytree(home / course.root.name, course.root)


def own_disk(place: Path, size: int) -> None:
    """Mount a disk of some bytes that only this process and its children see; needs root."""
    libc = ctypes.CDLL(None, use_errno=True)
    mount = libc.mount
    mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]
    done = (
        libc.unshare(_NEW_MOUNTS) == 0
        and mount(b"none", b"/", None, _PRIVATE, None) == 0
        and mount(b"tmpfs", os.fsencode(place), b"tmpfs", 0, f"size={size}".encode()) == 0
    )
    if not done:
        raise OSError(ctypes.get_errno(), f"no disk of its own: {os.strerror(ctypes.get_errno())}")


def disks_can_be_made() -> bool:
    """Whether :func:`own_disk` works here."""
    child = os.fork()
    if child == 0:
        try:
            own_disk(Path("/tmp"), 1 << 20)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def _left() -> list[str]:
    """What outlives a batch: everything below this process, once it had time to end."""
    deadline = time.monotonic() + PATIENCE
    while (family := psutil.Process().children(recursive=True)) and time.monotonic() < deadline:
        psutil.wait_procs(family, timeout=max(0.1, deadline - time.monotonic()))
    alive = [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    said = [" ".join(one.cmdline())[-200:] for one in alive]
    for one in alive:
        one.kill()
    psutil.wait_procs(alive, timeout=5)
    return said


def main() -> None:
    """Fork a batch for each request, and say how it ended."""
    import coursekit.classroom.grading  # noqa: F401 - once, for all of them

    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    for line in sys.stdin:
        request = json.loads(line)
        folder = Path(request["course"]).parent
        report, errors = folder / "rows.json", folder / "errors.txt"
        report.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            os.dup2(null, 0)
            os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
            try:
                _batch(request, report)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        rows = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else []
        death = {"status": status, "left": _left(), "said": errors.read_text(encoding="utf-8"), "rows": rows}
        answers.write(json.dumps(death) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
