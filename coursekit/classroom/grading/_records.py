"""What grading keeps in a course's folder, beside nbgrader's gradebook.

Three kinds of files, each written whole:

``calibration/<assignment>.json``
    How long the reference solution takes here.
``results/<assignment>/<student>.json``
    What a run gave and the gradebook does not hold yet.
``grades/<assignment>/<student>.json``
    What the gradebook holds, with its audit. Writing it is the last step of publishing: a
    submission whose record has the digest of its inputs is done, and nothing else is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from coursekit.classroom.course import Course, CourseError
from coursekit.classroom.intake import digest_tree
from coursekit.classroom.markers import is_private
from coursekit.writing import UNFINISHED, write_whole

VERSION = "2"
"""Of what a grade depends on besides its inputs: raise it and everything is graded anew."""

_SCRATCH = "coursekit-"
_PACKAGES = ("coursekit", "nbgrader", "ipython", "numpy", "pandas", "scikit-learn", "tensorflow")


@dataclass(frozen=True)
class Records:
    """The files of one assignment's grading."""

    course: Course
    assignment: str

    def read(self, kind: str, student: str = "") -> dict[str, Any]:
        """A record; empty if there is none, or none that can be read."""
        return read_json(self._path(kind, student))

    def write(self, kind: str, content: dict[str, Any], student: str = "") -> None:
        """Write a record whole."""
        write_whole(self._path(kind, student), json.dumps(content, ensure_ascii=False, indent=1))

    def remove(self, kind: str, student: str) -> None:
        """Remove a record that another one has replaced."""
        self._path(kind, student).unlink(missing_ok=True)

    def waiting(self) -> list[str]:
        """Students with a result that is not published."""
        return sorted(path.stem for path in self.course.records("results", self.assignment).glob("*.json"))

    @contextlib.contextmanager
    def alone(self) -> Iterator[Path]:
        """Keep a second grading of this assignment out; the lock ends with its process, however it ends.

        Gives a folder outside of the course for what workers stage. One that was killed could not
        clear up its own, with hidden checks in it: the lock's file says where it was.
        """
        path = self.course.records("locks", self.assignment)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        with path.open("r+b", buffering=0) as file:
            try:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except ImportError:
                pass  # no such locks on Windows
            except BlockingIOError:
                raise CourseError(
                    f"{self.assignment} is being graded by another command: wait until it is done"
                ) from None
            left = Path(os.fsdecode(file.read()) or ".")
            if left.name.startswith(_SCRATCH):
                shutil.rmtree(left, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=_SCRATCH, ignore_cleanup_errors=True) as scratch:
                with contextlib.suppress(OSError):  # a full disk, which ends no batch
                    file.seek(0)
                    file.truncate()
                    file.write(os.fsencode(scratch))
                yield Path(scratch)

    def tidy(self, assignment: str) -> None:
        """Remove what no batch is at any more: half-written files, results that do not wait to be published."""
        for kind in ("results", "grades"):
            for path in self.course.records(kind, self.assignment).glob(f"{UNFINISHED}*"):
                path.unlink(missing_ok=True)
        for path in self.course.records("building").glob(f"*/{self.assignment}"):
            shutil.rmtree(path, ignore_errors=True)
        for student in self.waiting():
            result = self.read("results", student)
            handed_in = digest_tree(self.course.folder("submitted", self.assignment, student))
            if not result.get("held") or (result["assignment"], result["submission"]) != (assignment, handed_in):
                self.remove("results", student)

    def _path(self, kind: str, student: str) -> Path:
        if kind == "calibration":
            return self.course.records(kind, f"{self.assignment}.json")
        return self.course.records(kind, self.assignment, f"{student}.json")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file's object; empty if there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def assignment_digest(course: Course, assignment: str) -> str:
    """Of everything an author wrote that a grade depends on; the variants do not belong to it."""
    digest = hashlib.sha256(VERSION.encode())
    for step in ("source", "release"):
        folder = course.folder(step, assignment)
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and (not is_private(inside) or inside.name == "checks.py"):
                digest.update(f"{step}/{inside.as_posix()}".encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def seed_of(*parts: str) -> int:
    """A seed that is different for each hand-in and the same each time."""
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:4], "big")


def versions() -> dict[str, str]:
    """Of the packages that a result may depend on."""
    import platform

    found = {"python": platform.python_version(), "system": platform.platform()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
