"""Raw points and lateness from nbgrader's gradebook."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from coursekit.classroom.course import Course
from coursekit.classroom.gradebook._tables import Told
from coursekit.classroom.gradebook.raw import Mark
from coursekit.classroom.settings import class_time

_WAITS = "아직 채점이 끝나지 않음"
_NO_TIME = "제출 시각이 없어 제때 낸 것으로 봄"
_NEW_CELLS = "채점한 뒤에 문항이 더해져 다시 채점해야 함"
_CAPPED = "추가 점수는 만점까지만 반영"


@dataclass
class _Points:
    """What one hand-in has earned: the sum over its cells."""

    cells: dict[str, Fraction] = field(default_factory=dict)
    extra: Fraction = Fraction(0)
    waits: bool = False

    @property
    def earned(self) -> Fraction:
        return sum(self.cells.values(), Fraction(0))


def read_gradebook(course: Course, told: Told) -> tuple[dict[str, Fraction], dict[str, dict[str, Mark]]]:
    """The highest score and the marks of every assignment.

    The score is what was earned before nbgrader's penalty, and lateness is computed from the times: a rule
    that changes in course.yaml changes the grades of hand-ins that were graded long before.
    """
    from nbgrader.api import Assignment, Grade, GradeCell, Notebook, SubmittedAssignment, SubmittedNotebook, TaskCell

    with course.gradebook() as gradebook:
        db: Any = gradebook.db
        assignments = {one.id: one for one in db.query(Assignment).all()}
        points: Mapping[str, _Points] = defaultdict(_Points)
        graded: dict[str, dict[str, tuple[str, Fraction]]] = defaultdict(dict)
        for kind in (GradeCell, TaskCell):
            found = db.query(Notebook.assignment_id, kind.id, kind.name, kind.max_score)
            for assignment, cell, name, most in found.join(Notebook, Notebook.id == kind.notebook_id):
                graded[assignment][cell] = (name, _exact(most))
        columns = (Grade.cell_id, Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade)
        cells = db.query(SubmittedNotebook.assignment_id, *columns).join(
            SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id
        )
        for hand_in, cell, auto, manual, extra, waits in cells:
            one = points[hand_in]
            # Without a score nbgrader would say 0; a cell that nobody has graded is no zero.
            one.waits |= bool(waits) or (auto is None and manual is None)
            one.cells[cell] = _exact(manual if manual is not None else auto)
            one.extra += _exact(extra)
        told.undated.extend(sorted(one.name for one in assignments.values() if one.duedate is None))
        highest = {one.name: _exact(one.max_score) for one in assignments.values()}
        marks: dict[str, dict[str, Mark]] = {name: {} for name in highest}
        for submission in db.query(SubmittedAssignment).all():
            assignment = assignments[submission.assignment_id]
            of_cells = graded[assignment.id]
            mark = _mark(assignment, submission, points[submission.id], of_cells, highest[assignment.name], told)
            marks[assignment.name][submission.student_id] = mark
    return highest, marks


def _mark(
    assignment: Any,
    submission: Any,
    points: _Points,
    of_cells: Mapping[str, tuple[str, Fraction]],
    most: Fraction,
    told: Told,
) -> Mark:
    source, student = f"gradebook:{assignment.name}", submission.student_id
    seconds, notes = Fraction(0), []
    if assignment.duedate is not None:
        if submission.timestamp is None:
            notes.append(_NO_TIME)
            told.warnings.append(f"{source}: the hand-in of {student} has no time; counted as in time")
        else:
            due = assignment.duedate + submission.extension if submission.extension else assignment.duedate
            late = submission.timestamp - due
            seconds = max(Fraction(0), Fraction(late.days * 86_400 + late.seconds) + Fraction(late.microseconds, 10**6))
            if seconds:  # what a student who appeals asks first
                handed_in, until = class_time(submission.timestamp), class_time(due)
                notes.append(f"제출 {handed_in:%Y-%m-%d %H:%M}, 마감 {until:%Y-%m-%d %H:%M}")
    if points.waits or not points.cells:
        told.warnings.append(f"{source}: the hand-in of {student} is not graded yet (formgrader shows which cell)")
        return Mark(None, source, seconds, "; ".join([*notes, _WAITS]))
    if new := sorted(name for cell, (name, worth) in of_cells.items() if worth > 0 and cell not in points.cells):
        told.warnings.append(
            f"{source}: the hand-in of {student} was graded before {', '.join(new)} was there; "
            f"run `coursekit class grade {assignment.name}`"
        )
        return Mark(None, source, seconds, "; ".join([*notes, _NEW_CELLS]))
    score = points.earned + points.extra
    over = [
        (*of_cells[cell], got) for cell, got in points.cells.items() if cell in of_cells and got > of_cells[cell][1]
    ]
    if points.earned > most or score < 0:
        told.problems.append(f"{source}: student {student} has {float(score):g} points of {float(most):g}")
    elif over:  # hidden in the sum by what is missing elsewhere; more than a cell's points is extra credit
        told.problems.extend(
            f"{source}: student {student} has {float(got):g} points of {float(highest):g} in {name}"
            for name, highest, got in sorted(over)
        )
    if score > most >= points.earned:
        notes.append(_CAPPED)
        told.warnings.append(
            f"{source}: student {student} has {float(score):g} points of {float(most):g} with extra credit; "
            "it counts up to the maximum"
        )
        score = most
    return Mark(score, source, seconds, "; ".join(notes))


def _exact(value: float | None) -> Fraction:
    """The decimal number that a float shows: 0.1 is a tenth."""
    return Fraction(str(float(value))) if value is not None else Fraction(0)
