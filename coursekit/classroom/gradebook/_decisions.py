"""What people decide about single students: excuses, shares of a team's grade, bonuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path

from coursekit.classroom.gradebook._student_grade import items_of
from coursekit.classroom.gradebook._tables import (
    Row,
    Table,
    Told,
    as_date,
    grouped,
    known_student,
    number,
    read_table,
    rows_of_students,
)
from coursekit.classroom.gradebook.evaluation import Evaluation
from coursekit.classroom.gradebook.raw import Adjustment, BonusPoints, Excuse, RawScores

_MOST_FACTOR = Fraction(2)


def read_excused(
    root: Path, evaluation: Evaluation, raw: RawScores, told: Told
) -> dict[tuple[str, str], dict[str, Excuse]]:
    table = _optional(root, evaluation.excused, ["student", "item", "reason"], told, "nobody is excused")
    found: dict[tuple[str, str], dict[str, Excuse]] = {}
    if table is None:
        return found
    seen = []
    for row, student in rows_of_students(table, raw.students, told):
        where = f"{table.file} row {row.number} ({student})"
        name, reason = as_date(row.cells["item"]), row.cells["reason"]
        if not reason:
            told.problems.append(f"{where}: no reason")
        targets = _named(evaluation, raw, name)
        if not targets:
            known = ", ".join(dict.fromkeys(item for _, item in _everything(evaluation, raw)))
            told.problems.append(f"{where}: {row.cells['item'] or 'an empty item'} is no item; known: {known}")
        elif len({component for component, _ in targets}) > 1:
            ways = ", ".join("/".join(one) for one in targets)
            told.problems.append(f"{where}: {name} can be any of {ways}: say which")
        else:
            for target in targets:
                seen.append(((student, "/".join(target)), row.number))
                found.setdefault(target, {})[student] = Excuse(reason, table.source(row))
    told.repeated(table.file, grouped(iter(seen)), "student and item")
    return found


def _everything(evaluation: Evaluation, raw: RawScores) -> list[tuple[str, str]]:
    return [(one.name, item.name) for one in evaluation.components for item in items_of(one, raw)]


def _named(evaluation: Evaluation, raw: RawScores, name: str) -> list[tuple[str, str]]:
    """The items that a name means: one of that name, component/item, or all of a component."""
    everything = _everything(evaluation, raw)
    found = [one for one in everything if name in (one[1], "/".join(one))]
    return found or [one for one in everything if one[0] == name]


def read_adjustments(
    root: Path, evaluation: Evaluation, students: Mapping[str, str], told: Told
) -> dict[tuple[str, str], Adjustment]:
    needed = ["student", "factor", "reason"]
    table = _optional(root, evaluation.adjustments, needed, told, "no team grade is adjusted", optional=["component"])
    found: dict[tuple[str, str], Adjustment] = {}
    if table is None:
        return found
    of_teams = [one.name for one in evaluation.components if one.of_teams]
    seen = []
    for row, student in rows_of_students(table, students, told):
        where = f"{table.file} row {row.number} ({student})"
        component = row.cells.get("component", "")
        if component and component not in of_teams:
            told.problems.append(f"{where}: {component} is no component of teams; those are {', '.join(of_teams)}")
            continue
        if not row.cells["reason"]:
            told.problems.append(f"{where}: no reason: a person decides this and says why")
        factor = number(table, row, "factor", told, most=_MOST_FACTOR, of=student)
        if factor is None and not row.cells["factor"]:
            told.problems.append(f"{where}: no factor (1 changes nothing)")
        for name in [component] if component else of_teams:
            seen.append(((student, name), row.number))
            if factor is not None:
                found[name, student] = Adjustment(factor, row.cells["reason"], table.source(row))
    told.repeated(table.file, grouped(iter(seen)), "student and component")
    return found


def read_bonus(root: Path, evaluation: Evaluation, raw: RawScores, told: Told) -> dict[str, BonusPoints]:
    if evaluation.bonus is None:
        return {}
    file, most = evaluation.bonus.scores, evaluation.bonus.most
    table = _optional(root, file, ["points"], told, "nobody has a bonus", optional=["team", "student"])
    found: dict[str, BonusPoints] = {}
    if table is None:
        return found
    if not table.found & {"team", "student"}:
        told.problems.append(f"{file}: no column team or student")
        return found
    seen = []
    for row in table.rows:
        points = number(table, row, "points", told, most=most, of=row.cells.get("team") or row.cells.get("student", ""))
        if points is None and not row.cells["points"]:
            told.problems.append(f"{file} row {row.number}: no points")
        for student in _earners(table, row, raw, told):
            seen.append((student, row.number))
            if points is not None:
                found[student] = BonusPoints(points, table.source(row))
    told.repeated(file, grouped(iter(seen)), "student")
    return found


def _earners(table: Table, row: Row, raw: RawScores, told: Told) -> Iterable[str]:
    team, student = row.cells.get("team", ""), row.cells.get("student", "")
    if team and student:
        told.problems.append(f"{table.file} row {row.number}: names a team and a student: keep one")
    elif team:
        members = [one for one, mine in raw.teams.items() if mine == team]
        if not members:
            told.problems.append(f"{table.file} row {row.number}: team {team} is not among the teams")
        return members
    elif "student" in table.found:
        one = known_student(table, row, raw.students, told)
        return [one] if one is not None else []
    else:
        told.problems.append(f"{table.file} row {row.number}: no team")
    return []


def _optional(
    root: Path, file: str | None, needed: list[str], told: Told, otherwise: str, *, optional: Iterable[str] = ()
) -> Table | None:
    """A file that need not exist; that it does not is told, since its name may be misspelt."""
    if file is None:
        return None
    if not (root / file).exists():
        told.warnings.append(f"{file} does not exist: {otherwise}")
        return None
    return read_table(root, file, needed, told, optional=list(optional))
