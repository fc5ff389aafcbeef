"""Everything that was scored in a class, read from the gradebook and from the files that people write."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from fractions import Fraction
from pathlib import Path

from coursekit.classroom.course import Course
from coursekit.classroom.gradebook._decisions import read_adjustments, read_bonus, read_excused
from coursekit.classroom.gradebook._gradebook_marks import read_gradebook
from coursekit.classroom.gradebook._score_files import Read, read_attendance, read_rubric, read_scores, read_teams
from coursekit.classroom.gradebook._student_grade import by_number, items_of
from coursekit.classroom.gradebook._tables import Told
from coursekit.classroom.gradebook.evaluation import Component, Evaluation, EvaluationError
from coursekit.classroom.gradebook.raw import Item, Mark, RawScores


def read_raw_scores(course: Course, *, evaluation: Evaluation) -> RawScores:
    """Read every raw score of a class, or say everything that is wrong with them at once.

    A row that is skipped because its id is misspelt is a student with a missing score, found in the week
    after the grades were due. So a file is right as a whole, or nothing is computed.

    Parameters
    ----------
    course
        The class; files are named relative to its folder.
    evaluation
        Where each component's scores come from.

    Raises
    ------
    coursekit.classroom.gradebook.evaluation.EvaluationError
        If any file or score is faulty; the text names every file and row.

    Examples
    --------
    >>> from coursekit.classroom.gradebook.evaluation import Component
    >>> exam = Component("exam", Fraction(100), scores="exam.csv", maximum=Fraction(100))
    >>> read_raw_scores(Course(Path("/nowhere/2025")), evaluation=Evaluation((exam,)))
    Traceback (most recent call last):
    ...
    sqlalchemy.exc.OperationalError: ...
    """
    told = Told()
    root = course.root
    students = {one.id: one.name for one in course.students()}
    gradebook = read_gradebook(course, told)
    teams = _teams(root, evaluation, students, told)
    _assigned_once(evaluation, gradebook[0], told)
    items: dict[str, tuple[Item, ...]] = {}
    marks: dict[tuple[str, str], Mapping[str, Mark]] = {}
    sources: dict[str, str] = {}
    for component in evaluation.components:
        name = component.name
        found, sources[name] = _component(
            root, component, students, teams, gradebook, evaluation.teams or "teams", told
        )
        items[name] = tuple(sorted((item for one in found for item in one.items), key=lambda one: by_number(one.name)))
        for twice in sorted({one.name for one in items[name] if [o.name for o in items[name]].count(one.name) > 1}):
            told.problems.append(f"{name}: two of its items are called {twice}")
        for left_out in sorted(set(component.leave_out) - {one.name for one in items[name]}):
            told.problems.append(f"{name}: leave_out names {left_out}, which is no item of it")
        marks.update({(name, item): by_student for one in found for item, by_student in one.marks.items()})
    raw = RawScores(students, items, marks, teams, sources=sources)
    excused = read_excused(root, evaluation, raw, told)
    adjustments = read_adjustments(root, evaluation, students, told)
    bonus = read_bonus(root, evaluation, raw, told)
    if told.problems:
        raise EvaluationError("nothing was computed:\n" + "\n".join(told.problems))
    _tell_open(evaluation, raw, told)
    return RawScores(students, items, marks, teams, excused, adjustments, bonus, sources, tuple(told.warnings))


def _teams(root: Path, evaluation: Evaluation, students: Mapping[str, str], told: Told) -> dict[str, str]:
    if evaluation.teams is None:
        return {}
    teams = read_teams(root, evaluation.teams, students, told)
    if teams is not None or (root / evaluation.teams).exists():
        return teams or {}
    graded = [one.rubric for one in evaluation.components if one.rubric and (root / one.rubric).exists()]
    if graded:
        told.problems.append(f"{evaluation.teams} does not exist, but {', '.join(graded)} grades teams")
    else:
        told.warnings.append(f"{evaluation.teams} does not exist yet: nobody is in a team")
    return {}


def _assigned_once(evaluation: Evaluation, highest: Mapping[str, Fraction], told: Told) -> None:
    """An assignment counts in one component; one that counts in none may be a misspelt name."""
    for assignment in sorted(highest):
        users = [one.name for one in evaluation.components if _matches(one, assignment)]
        if len(users) > 1:
            told.problems.append(
                f"gradebook:{assignment} counts in {' and in '.join(users)}: let one of them leave it out"
            )
        elif not users and any(one.assignments for one in evaluation.components):
            told.warnings.append(f"gradebook:{assignment} counts in no component")
        elif users and assignment in told.undated and _costs_lateness(evaluation, users[0]):
            told.warnings.append(
                f"gradebook:{assignment} has no due date, so nobody is late in it: set one in formgrader, or "
                f"write `late: false` under {users[0]} in course.yaml"
            )


def _costs_lateness(evaluation: Evaluation, component: str) -> bool:
    return evaluation.component(component).late and evaluation.late.kept(10**6) < 1


def _matches(component: Component, assignment: str) -> bool:
    return any(fnmatchcase(assignment, one) for one in component.assignments)


def _component(
    root: Path,
    component: Component,
    students: Mapping[str, str],
    teams: Mapping[str, str],
    gradebook: tuple[Mapping[str, Fraction], Mapping[str, dict[str, Mark]]],
    teams_file: str,
    told: Told,
) -> tuple[list[Read], str]:
    """What each of the component's sources holds, and how they are called."""
    found: list[Read | None] = []
    if component.assignments:
        highest, graded = gradebook
        names = [one for one in highest if _matches(component, one)]
        for name in names:
            if highest[name] <= 0 and name not in component.leave_out:
                told.problems.append(f"gradebook:{name} has no points: let {component.name} leave it out (leave_out)")
        items = tuple(Item(name, highest[name], component.completed_at) for name in names)
        found.append(Read(items, {name: graded[name] for name in names}))
        if not names:
            said = " or ".join(component.assignments)
            told.warnings.append(f"{component.name}: the gradebook has no assignment {said} yet")
    files = {component.scores: read_scores, component.attendance: read_attendance}
    for file, read in files.items():
        if file is not None:
            found.append(read(root, component, students, told))
    if component.rubric is not None:
        found.append(read_rubric(root, component, teams, told, teams_file=teams_file))
    named = [one for one in (component.scores, component.attendance, component.rubric) if one is not None]
    told.warnings.extend(
        f"{component.name}: {one} does not exist yet; the component stays open"
        for one in named
        if not (root / one).exists()
    )
    return [one for one in found if one is not None], ", ".join(
        [*(["gradebook"] if component.assignments else []), *named]
    )


def _tell_open(evaluation: Evaluation, raw: RawScores, told: Told) -> None:
    """Name the items of which nobody has a score, and how many students have none of the others."""
    for component in evaluation.components:
        for item in items_of(component, raw):
            marks = raw.marks.get((component.name, item.name), {})
            excused = raw.excused.get((component.name, item.name), {})
            lacking = [one for one in raw.students if one not in marks and one not in excused]
            if lacking and not marks and item in raw.items.get(component.name, ()):
                told.warnings.append(f"{component.name}: nobody has a score in {item.name} yet")
            elif lacking and marks and component.missing == "open":
                if component.of_teams:  # a grader enters a team's score, not its members'
                    lacking = list(dict.fromkeys(f"team {raw.teams.get(one, one)}" for one in lacking))
                shown = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else "")
                told.warnings.append(
                    f"{component.name}: no score in {item.name} for {shown}: excuse them, enter a score, or write "
                    f"`missing: zero` under {component.name} in course.yaml"
                )
