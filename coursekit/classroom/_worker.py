"""The process that grades: one submission after the other, each in a kernel of its own.

nbgrader changes the working directory and the environment, so it gets a process for itself.
Requests come as JSON lines on stdin, answers go as JSON lines to the original stdout.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.converters import Autograde

from coursekit.classroom.course import RECORDS, Course, captured_log
from coursekit.classroom.execution import CRASH, NOT_RUN, STOPPED, TIMEOUT
from coursekit.classroom.restoring import UnreadableError, read_submission, restore

_LARGEST = 50_000_000
_STAGED = f"{RECORDS}/staged"
_EXPECTED = ("Timeout waiting", "Interrupting kernel", "Kernel died", "Attribute 'checksum'")
_WHY_STOPPED = {
    TIMEOUT: "stopped at the time limit in {cells}",
    CRASH: "the kernel died in {cells}",
    NOT_RUN: "after that not run: {cells}",
}


def grade_one(request: dict[str, Any]) -> dict[str, Any]:
    """Grade one submission; whatever happens, the answer says it."""
    course, student, assignment = Course(Path(request["root"])), request["student"], request["assignment"]
    started = time.perf_counter()
    answer: dict[str, Any] = {"student": student, "flags": [], "log": [], "message": ""}
    try:
        answer |= _grade(course, student, assignment, request)
    except UnreadableError as error:
        answer |= {"status": "failed", "reason": str(error)}
        answer["message"] = (
            "제출한 파일을 노트북으로 읽을 수 없어 채점하지 못했습니다. 파일을 확인하고 다시 제출하세요."
        )
    except Exception as error:  # a defect here or in nbgrader must cost one submission, not the class
        answer |= {"status": "failed", "reason": f"{type(error).__name__}: {error}", "retry": True}
        answer["message"] = "채점하는 중에 문제가 생겨 채점하지 못했습니다. 담당자가 확인합니다."
        answer["log"] = traceback.format_exc().splitlines()
    if answer["status"] == "failed":
        shutil.rmtree(course.folder("autograded", assignment, student), ignore_errors=True)
        answer |= _zero(course, student, assignment)
    return answer | {"seconds": round(time.perf_counter() - started, 2)}


def _grade(course: Course, student: str, assignment: str, request: dict[str, Any]) -> dict[str, Any]:
    submitted = course.folder("submitted", assignment, student)
    notebook = submitted / f"{assignment}.ipynb"
    if not notebook.is_file():
        others = sorted(path.name for path in submitted.glob("*.ipynb"))
        raise UnreadableError(f"no {notebook.name} in the hand-in" + (f", but {', '.join(others)}" if others else ""))
    if notebook.stat().st_size > _LARGEST:
        raise UnreadableError(f"the file is larger than {_LARGEST // 1_000_000} MB")
    released = nbformat.read(course.folder("release", assignment) / notebook.name, as_version=4)
    restored = restore(read_submission(notebook.read_bytes()), released)
    flags = [*restored.flags, *request["flags"]]

    staged = course.root / _STAGED / student / assignment
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    nbformat.write(restored.notebook, staged / notebook.name)
    if (submitted / "timestamp.txt").is_file():
        shutil.copyfile(submitted / "timestamp.txt", staged / "timestamp.txt")
    config = course.config()
    config.CourseDirectory.submitted_directory = _STAGED
    config.Autograde.force = True
    config.BoundedExecute.timeout = request["cell_timeout"]
    config.BoundedExecute.notebook_timeout = request["notebook_timeout"]
    config.CourseDirectory.student_id = student
    config.CourseDirectory.assignment_id = assignment
    from nbgrader.coursedir import CourseDirectory

    with captured_log() as log:
        try:
            Autograde(coursedir=CourseDirectory(config=config), config=config).start()
        finally:
            shutil.rmtree(staged, ignore_errors=True)
            _tell(log)
    executed = nbformat.read(course.folder("autograded", assignment, student) / notebook.name, as_version=4)
    stops = _stops(executed)
    return {
        "status": "partly" if stops else "graded",
        "reason": "; ".join(_WHY_STOPPED[name].format(cells=", ".join(cells)) for name, cells in stops.items()),
        "message": " ".join(f"{', '.join(cells)}: {STOPPED[name]}" for name, cells in stops.items() if name != NOT_RUN),
        "flags": flags,
        "log": log,
        **_score(course, student, assignment),
    }


def _tell(log: list[str]) -> None:
    """Nbgrader logs every reply that comes late; the reasons are told from the notebook instead."""
    log[:] = [line for line in log if not line.startswith(_EXPECTED)]


def _stops(notebook: nbformat.NotebookNode) -> dict[str, list[str]]:
    stops: dict[str, list[str]] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename in STOPPED:
                meta = cell.metadata.get("nbgrader", {})
                name = meta.get("grade_id") or cell.id
                if output.ename == NOT_RUN and not meta.get("grade"):
                    continue  # what costs points is the tests
                stops.setdefault(output.ename, []).append(name)
    return stops


def _score(course: Course, student: str, assignment: str) -> dict[str, float]:
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission(assignment, student)
        return {"score": float(submission.score), "max_score": float(submission.max_score)}


def _zero(course: Course, student: str, assignment: str) -> dict[str, float]:
    """Record that the submission exists and earned nothing; nothing may stay from an earlier run."""
    with course.gradebook() as gradebook:
        submission = gradebook.update_or_create_submission(assignment, student)
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                grade.auto_score, grade.needs_manual_grade = 0, False
        gradebook.db.commit()
        return {"score": float(submission.score), "max_score": float(submission.max_score)}


def main() -> None:
    """Answer requests until stdin ends; only answers go to the original stdout."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints, prints elsewhere
    print_ready = json.dumps({"ready": True})
    answers.write(print_ready + "\n")
    answers.flush()
    for line in sys.stdin:
        answers.write(json.dumps(grade_one(json.loads(line)), ensure_ascii=True) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
