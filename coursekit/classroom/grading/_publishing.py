"""From an outcome to a grade: nbgrader's own steps, in one transaction; the record comes last."""

from __future__ import annotations

import base64
import shutil
from typing import Any

import nbformat

from coursekit.classroom.course import Course
from coursekit.classroom.execution import recording_steps
from coursekit.classroom.grading._executing import Job, Outcome
from coursekit.classroom.grading._gradebook_session import GradebookSession
from coursekit.classroom.grading._records import Records
from coursekit.classroom.intake import visible
from coursekit.classroom.stops import CRASH, NOT_RUN, STOPPED, TIMEOUT

Result = dict[str, Any]
_WHY_STOPPED = {
    TIMEOUT: "stopped at the time limit in {cells}",
    CRASH: "the process died in {cells}",
    NOT_RUN: "after that not run: {cells}",
}


def result_of(job: Job, outcome: Outcome, flags: list[str]) -> Result:
    """Put outputs into the notebook, and tell what happened to it."""
    if "error" in outcome:
        return failed(f"{outcome['error']}", flags, retry=True)
    notebook = job["notebook"]
    for index, ran in outcome["cells"].items():
        cell = notebook["cells"][int(index)]
        cell["outputs"], cell["execution_count"] = ran["outputs"], ran["execution_count"]
    stops: dict[str, list[str]] = {}
    for name, cell in outcome["stops"]:
        stops.setdefault(name, []).append(cell)
    flags = [*flags, *(f"tampered:{name}" for name in outcome["tampered"])]
    flags += ["check_error:"] if outcome["broken"] else []
    flags += [f"setup_error:{name}" for name in outcome["setup"]]
    return {
        "notebook": notebook,
        "status": "partly" if stops else "graded",
        "reason": "; ".join(_WHY_STOPPED[name].format(cells=", ".join(cells)) for name, cells in stops.items()),
        "message": " ".join(f"{', '.join(cells)}: {STOPPED[name]}" for name, cells in stops.items() if name != NOT_RUN),
        "flags": list(dict.fromkeys(flags)),
        "seconds": outcome["seconds"],
        "cells": cell_points(notebook),
        "files": job["files"],
        "retry": False,
    }


def failed(reason: str, flags: list[str], *, retry: bool, message: str = "") -> Result:
    """The result of a hand-in that could not be run."""
    said = "채점하는 중에 문제가 생겨 채점하지 못했습니다. 담당자가 확인합니다."
    return {
        "notebook": None,
        "status": "failed",
        "reason": visible(reason)[:1000],
        "message": message or said,
        "flags": flags,
        "seconds": 0.0,
        "cells": {},
        "files": {},
        "retry": retry,
    }


def cell_points(notebook: dict[str, Any]) -> dict[str, list[float | None]]:
    """What nbgrader will make of each graded cell: points and maximum, None where a person grades."""
    from nbgrader.utils import determine_grade, is_grade

    from coursekit.classroom.execution import ForgiveStderr

    clean, _ = ForgiveStderr()(nbformat.from_dict(notebook), {})
    return {cell.metadata.nbgrader.grade_id: list(determine_grade(cell)) for cell in clean.cells if is_grade(cell)}


def publish(session: GradebookSession, course: Course, records: Records, student: str, result: Result) -> None:
    """Write a result into the gradebook, its notebook into autograded, then its record."""
    assignment = records.assignment
    folder = course.folder("submitted", assignment, student)
    when = course.course_directory().get_existing_timestamp(str(folder))
    notebook = nbformat.from_dict(result["notebook"]) if result["notebook"] is not None else None
    with session.transaction() as gradebook:
        submission = gradebook.update_or_create_submission(
            assignment, student, **({"timestamp": when} if when is not None else {})
        )
        if notebook is None:
            # Nothing may stay from an earlier run.
            for one in submission.notebooks:
                for grade in one.grades:
                    grade.auto_score, grade.needs_manual_grade = 0, False
        else:
            notebook = session.run(recording_steps(), notebook, assignment, student)
        gradebook.db.flush()
        gradebook.db.expire_all()
        score, highest = float(submission.score), float(submission.max_score)
    _write_autograded(course, assignment, student, notebook, result["files"])
    kept = {key: value for key, value in result.items() if key not in ("notebook", "files")}
    records.write("grades", {**kept, "student": student, "score": score, "max_score": highest}, student)
    records.remove("results", student)


def _write_autograded(course: Course, assignment: str, student: str, notebook: Any, files: dict[str, str]) -> None:
    """Put the folder that formgrader opens in place, whole."""
    target = course.folder("autograded", assignment, student)
    building = course.records("building", student, assignment)
    shutil.rmtree(building, ignore_errors=True)
    if notebook is not None:
        building.mkdir(parents=True)
        nbformat.write(notebook, building / f"{assignment}.ipynb")
        for name, content in files.items():
            path = building / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(content))
        stamp = course.folder("submitted", assignment, student) / "timestamp.txt"
        if stamp.is_file() and not stamp.is_symlink():
            shutil.copyfile(stamp, building / "timestamp.txt")
    shutil.rmtree(target, ignore_errors=True)
    if notebook is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        building.rename(target)
    shutil.rmtree(building.parent, ignore_errors=True)
