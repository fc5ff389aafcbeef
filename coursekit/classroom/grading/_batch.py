"""One grading of one assignment: what has to be done, what was done, what it says."""

from __future__ import annotations

import contextlib
import functools
import os
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coursekit.classroom.course import Course, CourseError
from coursekit.classroom.grading import _records
from coursekit.classroom.grading._executing import Job
from coursekit.classroom.grading._gradebook_session import GradebookSession
from coursekit.classroom.grading._jobs import Material, prepare
from coursekit.classroom.grading._pool import OVERHEAD_SECONDS, Pool
from coursekit.classroom.grading._publishing import Result, cell_points, failed, publish, result_of
from coursekit.classroom.grading._records import Records, read_json
from coursekit.classroom.grading.report import Difference, Grade, GradingReport
from coursekit.classroom.intake import digest_tree
from coursekit.classroom.restoring import UnreadableError
from coursekit.classroom.sandbox import Limits

CELL_MINIMUM = 10.0
NOTEBOOK_MINIMUM = 60.0
_TIMES_REFERENCE = 10.0  # a right answer may be this many times slower than the author's
_LONGEST_TIMESTAMP = 200
_UNREADABLE = "제출한 파일을 노트북으로 읽을 수 없어 채점하지 못했습니다. 파일을 확인하고 다시 제출하세요."


@dataclass
class Batch:
    """One grading of one assignment."""

    course: Course
    assignment: str
    roster: dict[str, str]
    on_result: Callable[[Grade], None] | None
    results: dict[str, Grade] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    published: list[Difference] = field(default_factory=list)

    @functools.cached_property
    def material(self) -> Material:
        """What is the same for every hand-in."""
        return Material.of(self.course, self.assignment)

    def __post_init__(self) -> None:
        self.records = Records(self.course, self.assignment)
        self.digest = _records.assignment_digest(self.course, self.assignment)
        with self.course.gradebook() as gradebook:
            self.highest = float(gradebook.find_assignment(self.assignment).max_score)

    def sort(self, wanted: list[str], *, force: bool, longest: float | None, publish: bool = False) -> list[str]:
        """Find whose hand-in has to be graded; everybody else has a result already, published or held."""
        todo = []
        for student, name in self.roster.items():
            folder = self.course.folder("submitted", self.assignment, student)
            if not folder.is_dir():
                unusable = read_json(self.course.records("unusable", self.assignment, f"{student}.json"))
                reason = f"a file was handed in, but it {unusable['reason']}" if unusable else "nothing was handed in"
                self._done(Grade(student, name, "missing", 0.0, self.highest, reason))
                continue
            known = self.records.read("grades", student)
            results = [known] if publish else [known, self.records.read("results", student)]
            if student in wanted and (force or not any(self._holds(one, folder, longest) for one in results)):
                todo.append(student)
            elif known:
                self._done(_as_grade(known, name))
            else:
                self._done(Grade(student, name, "failed", 0.0, self.highest, "not graded yet"))
        return todo

    def _holds(self, known: dict[str, Any], folder: Path, longest: float | None) -> bool:
        """Whether a recorded grade is that of these inputs."""
        if not known or known.get("retry") or known.get("assignment") != self.digest:
            return False
        if known.get("submission") != digest_tree(folder):
            return False
        audit = known.get("audit", {})
        stopped = any(hit.startswith("time") for hit in audit.get("limits_hit", []))
        return not (stopped and longest is not None and longest > audit["limits"]["cell_seconds"])

    def limits(
        self,
        pool: Pool,
        settings: dict[str, Any],
        cell_timeout: float | None,
        notebook_timeout: float | None,
        memory: int | None,
    ) -> dict[str, Any]:
        """The limits of this batch; without given ones, by what the reference solution takes."""
        bounds: dict[str, Any] = {} if memory is None else {"memory": memory}
        if cell_timeout is not None:
            most = notebook_timeout or max(4 * cell_timeout, Limits.notebook_seconds)
            return {**bounds, "cell_seconds": cell_timeout, "notebook_seconds": most}
        known = self.records.read("calibration")
        if known.get("assignment") != self.digest or known.get("engine") != settings["engine"]:
            known = self._calibrate(pool, settings, bounds)
        self.warnings += known["warnings"]
        return {
            **bounds,
            "cell_seconds": known["cell_seconds"],
            "notebook_seconds": notebook_timeout or known["notebook_seconds"],
        }

    def _calibrate(self, pool: Pool, settings: dict[str, Any], bounds: dict[str, Any]) -> dict[str, Any]:
        """Run the reference solution once; it must be right, and its time sets the limits."""
        patient = {**bounds, "cell_seconds": 120.0, "notebook_seconds": 600.0}
        job = self.material.reference({**settings, "limits": patient})
        pool.submit("", job, 600 + OVERHEAD_SECONDS)
        outcome = pool.next()[1]
        if "error" in outcome:
            raise CourseError(f"the reference solution of {self.assignment} cannot be run: {outcome['error']}")
        points = cell_points(result_of(job, outcome, [])["notebook"])
        lost = [cell for cell, (got, most) in points.items() if got is not None and got < (most or 0)]
        warnings = [f"the reference solution loses points at {', '.join(lost)}"] if lost else []
        warnings += [f"the locked cell {cell} fails with the reference solution" for cell in outcome["setup"]]
        warnings += [f"a check stopped on the reference solution: {text}" for text in outcome["broken"]]
        calibration = {
            "assignment": self.digest,
            "engine": settings["engine"],
            "cell_seconds": round(max(CELL_MINIMUM, _TIMES_REFERENCE * outcome["slowest"]), 1),
            "notebook_seconds": round(max(NOTEBOOK_MINIMUM, _TIMES_REFERENCE * outcome["seconds"]), 1),
            "reference_seconds": outcome["seconds"],
            "warnings": warnings,
        }
        with contextlib.suppress(OSError):  # the next batch measures again
            self.records.write("calibration", calibration)
        return calibration

    def run(self, pool: Pool, todo: list[str], settings: dict[str, Any], *, publish_changes: bool) -> None:
        """Keep the workers busy, and record what they bring."""
        limit = 3 * settings["limits"]["notebook_seconds"] + OVERHEAD_SECONDS  # cells, hidden checks, a replay
        self._versions = _records.versions()
        waiting = list(reversed(todo))
        at_work: dict[str, tuple[Job, list[str]]] = {}
        with GradebookSession(self.course) as session:
            while waiting or at_work:
                while waiting and len(at_work) < pool.size + 1:  # one more is ready when one is done
                    student = waiting.pop()
                    ready = self._prepare(session, student, settings, publish_changes)
                    if ready is not None:
                        at_work[student] = ready
                        pool.submit(student, ready[0], limit)
                if at_work:
                    student, outcome = pool.next()
                    job, flags = at_work.pop(student)
                    try:
                        result = result_of(job, outcome, flags)
                    except Exception as error:  # what a hand-in showed must not end the batch
                        result = failed(f"{type(error).__name__}: {error}", flags, retry=True)
                    self._record(session, student, result, self._audit(job, outcome), publish_changes)

    def _prepare(
        self, session: GradebookSession, student: str, settings: dict[str, Any], publish_changes: bool
    ) -> tuple[Job, list[str]] | None:
        """Make the job, or record why there is none."""
        about = read_json(self.course.records("imports", self.assignment, f"{student}.json"))
        flags = about.get("flags", [])
        try:
            flags = [*_mended_timestamp(self.course, self.assignment, student), *flags]
            if self.course.folder("submitted", self.assignment, student).is_symlink():
                raise UnreadableError("the hand-in is a link, not a folder")
            job, odd = prepare(session, self.course, self.material, student, settings)
            return job, [*odd, *flags]
        except UnreadableError as error:
            result = failed(str(error), [*error.flags, *flags], retry=False, message=_UNREADABLE)
        except Exception as error:  # a defect here or in nbgrader must cost one hand-in, not the class
            result = failed(f"{type(error).__name__}: {error}", flags, retry=True)
        self._record(session, student, result, {"engine": settings["engine"]}, publish_changes)
        return None

    def _audit(self, job: Job, outcome: dict[str, Any]) -> dict[str, Any]:
        return {
            "engine": job["engine"],
            "sandbox": outcome.get("sandbox", "none"),  # of the machine that ran it
            "judged": outcome.get("judged", False),
            "limits": asdict(Limits(**job["limits"])),
            "limits_hit": outcome.get("limits_hit", []),
            "broken": outcome.get("broken", []),
            "seed": job["seed"],
            "cpu_seconds": outcome.get("cpu"),
            "memory_bytes": outcome.get("memory"),
            "host": outcome.get("host"),
            "note": outcome.get("note", ""),
            "versions": self._versions,
        }

    def _record(
        self, session: GradebookSession, student: str, result: Result, audit: dict[str, Any], publish_changes: bool
    ) -> None:
        """Keep a result, then publish it; a full disk or a locked gradebook leaves it for the next time."""
        folder = self.course.folder("submitted", self.assignment, student)
        result |= {
            "student": student,
            "submission": digest_tree(folder),
            "assignment": self.digest,
            "graded_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "audit": audit,
        }
        known = self.records.read("grades", student)
        try:
            if result["retry"]:
                # The machine's trouble, not the hand-in's: no grade that is there is touched for it.
                if not known or known.get("retry"):
                    self.records.write("grades", {**_bare(result), "score": 0.0, "max_score": self.highest}, student)
            elif not publish_changes and _changed(known, result):
                self.records.write("results", {**result, "held": True}, student)
            else:
                self.records.write("results", {**result, "held": False}, student)
                publish(session, self.course, self.records, student, result)
                if _changed(known, result):
                    self.published += _differences(student, known, result)
                known = self.records.read("grades", student)
        except Exception as error:
            said = str(error).partition("\n")[0][:200]
            reason = f"not recorded, the next run does it ({type(error).__name__}: {said})"
            self._done(Grade(student, self.roster[student], "failed", 0.0, self.highest, reason))
            return
        if result["retry"]:
            known = {**_bare(result), "score": 0.0, "max_score": self.highest}
        self._done(_as_grade(known, self.roster[student]))

    def differences(self) -> tuple[Difference, ...]:
        """Points that wait to be published."""
        found = []
        for student in self.records.waiting():
            held, known = self.records.read("results", student), self.records.read("grades", student)
            if held.get("held") and student in self.roster:
                found += _differences(student, known, held)
        return tuple(found)

    def report(self) -> GradingReport:
        """A row a student, in the roster's order."""
        rows = tuple(self.results[student] for student in self.roster)
        return GradingReport(self.assignment, rows, self.differences(), tuple(self.published), tuple(self.warnings))

    def _done(self, result: Grade) -> None:
        self.results[result.student] = result
        if self.on_result:
            self.on_result(result)


def _changed(known: dict[str, Any], result: Result) -> bool:
    """Whether the same hand-in gets other points because the assignment is another."""
    same_hand_in = bool(known) and not known.get("retry") and known.get("submission") == result["submission"]
    return same_hand_in and known.get("assignment") != result["assignment"] and known["cells"] != result["cells"]


def _differences(student: str, known: dict[str, Any], result: Result) -> list[Difference]:
    """What a result changes of a recorded grade, cell by cell."""
    pairs = [(cell, known.get("cells", {}).get(cell, [0.0])[0], after) for cell, (after, _) in result["cells"].items()]
    return [Difference(student, cell, float(old or 0), float(new or 0)) for cell, old, new in pairs if old != new]


def _bare(result: Result) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key not in ("notebook", "files")}


def _as_grade(record: dict[str, Any], name: str) -> Grade:
    return Grade(
        record["student"],
        name,
        record["status"],
        record["score"],
        record["max_score"],
        record["reason"],
        record["message"],
        tuple(record["flags"]),
        record["seconds"],
    )


def _mended_timestamp(course: Course, assignment: str, student: str) -> list[str]:
    """Put a time that is none aside: nbgrader gives up on it, and formgrader's page with it."""
    from nbgrader.utils import parse_utc

    path = course.folder("submitted", assignment, student) / "timestamp.txt"
    aside = course.records("timestamps", assignment, f"{student}.txt")
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LONGEST_TIMESTAMP:
            raise ValueError("no file, or no time")  # a million digits keep the parser busy for hours
        parse_utc(path.read_text(encoding="utf-8").strip())
        aside.unlink(missing_ok=True)
    except FileNotFoundError:
        pass
    except (ValueError, OverflowError, AttributeError, TypeError, OSError):
        aside.parent.mkdir(parents=True, exist_ok=True)
        path.replace(aside)
    if not os.path.lexists(aside):
        return []
    mode = aside.lstat().st_mode
    kind = ["symlink:timestamp.txt"] if stat.S_ISLNK(mode) else [] if stat.S_ISREG(mode) else ["special:timestamp.txt"]
    return ["timestamp:", *kind]
