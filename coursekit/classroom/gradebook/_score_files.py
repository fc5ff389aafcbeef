"""Scores in CSV files: an exam, the attendance, a rubric of teams."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

from coursekit.classroom.gradebook._strict_yaml import parse
from coursekit.classroom.gradebook._strict_yaml import told as shown
from coursekit.classroom.gradebook._tables import (
    NAMES,
    Told,
    as_date,
    grouped,
    known_student,
    number,
    read_table,
    rows_of_students,
)
from coursekit.classroom.gradebook.evaluation import Component
from coursekit.classroom.gradebook.raw import Item, Mark

MARK_SIGNS = {
    **dict.fromkeys(("출석", "출", "o", "○", "◯", "⭕", "present"), "출석"),
    **dict.fromkeys(("지각", "지", "△", "▲", "late"), "지각"),
    **dict.fromkeys(("결석", "결", "x", "×", "✕", "❌", "absent"), "결석"),
    **dict.fromkeys(("공결", "공", "인정", "excused"), "공결"),
}
"""How marks may be written, case aside."""

Marks = dict[str, dict[str, Mark]]


@dataclass(frozen=True)
class Read:
    """What a file holds: items in its order, marks by item and student."""

    items: tuple[Item, ...]
    marks: Marks


def read_scores(root: Path, component: Component, students: Mapping[str, str], told: Told) -> Read | None:
    """Scores by student, of one item or of several (column item)."""
    file, most = component.scores or "", component.maximum or Fraction(100)
    table = read_table(root, file, ["student", "score"], told, optional=["item"])
    if table is None:
        return None
    marks: Marks = defaultdict(dict)
    seen = []
    for row, student in rows_of_students(table, students, told):
        item = row.cells.get("item", component.name) if "item" in table.found else component.name
        if not item:
            told.problems.append(f"{file} row {row.number} ({student}): no item")
            continue
        seen.append(((student, item) if "item" in table.found else student, row.number))
        score = number(table, row, "score", told, most=most, of=student)
        if score is not None:
            marks[item][student] = Mark(score, table.source(row))
        else:
            marks[item]  # it is an item, though this student has no score in it
    told.repeated(file, grouped(iter(seen)), "student")
    return Read(tuple(Item(name, most) for name in sorted(marks)), dict(marks))


def read_attendance(root: Path, component: Component, students: Mapping[str, str], told: Told) -> Read | None:
    """Marks by student and date."""
    file = component.attendance or ""
    table = read_table(root, file, ["student"], told)
    if table is None:
        return None
    taken = set(NAMES["student"])
    dates = {
        str(at): as_date(name)
        for at, name in enumerate(table.header)
        if any(map(str.isdigit, name)) and name.casefold() not in taken
    }
    for at, name in dates.items():
        if re.fullmatch(r"[3-6]\d{4}", name):  # 1982 to 2091, and no week has such a number
            day = date(1899, 12, 30) + timedelta(days=int(name))
            told.problems.append(
                f"{file}, column {int(at) + 1}: {name} is a date as Excel stores it; write {day.isoformat()}"
            )
    if not dates:
        told.problems.append(f"{file} has no column with a date (such as 2025-09-01 or 1주차)")
    told.repeated(file, {("date", name): found for name, found in _places(dates).items()}, "column")
    marks: Marks = {name: {} for name in dates.values()}
    seen = []
    for row, student in rows_of_students(table, students, told):
        seen.append((student, row.number))
        for at, day_name in dates.items():
            cell = row.cells.get(at, "")
            sign = MARK_SIGNS.get(cell.casefold())
            if cell and sign is None:
                told.problems.append(
                    f"{file} row {row.number} ({student}), {day_name}: {cell!r} is no mark; "
                    "write 출석, 지각, 결석 or 공결, or O, △ or X"
                )
            elif sign is not None:
                worth = component.marks[sign]
                marks[day_name][student] = Mark(worth, table.source(row), note=sign, excused=worth is None)
    told.repeated(file, grouped(iter(seen)), "student")
    return Read(tuple(Item(name, Fraction(1)) for name in marks), marks)


def _places(dates: Mapping[str, str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for at, name in dates.items():
        found[name].append(int(at) + 1)
    return found


def read_rubric(
    root: Path, component: Component, teams: Mapping[str, str], told: Told, *, teams_file: str
) -> Read | None:
    """Scores by team and criterion, given to every member."""
    file = component.rubric or ""
    maxima, titles = _criteria(root, component, told)
    table = read_table(
        root, file, ["team", "criterion", "score", *([] if component.criteria else ["maximum"])], told,
        optional=["grader", "reason", *(["maximum"] if component.criteria else [])],
    )  # fmt: skip
    if table is None:
        return Read(_criteria_items(maxima, titles), {}) if maxima else None
    members: dict[str, list[str]] = defaultdict(list)
    for student, team in teams.items():
        members[team].append(student)
    marks: Marks = defaultdict(dict)
    seen = []
    first: dict[str, int] = {}
    for row in table.rows:
        team, criterion = row.cells["team"], row.cells["criterion"]
        where = f"{file} row {row.number}"
        if not team or not criterion:
            told.problems.append(f"{where}: no {'team' if not team else 'criterion'}")
            continue
        if team not in members:
            told.problems.append(f"{where}: team {team} is not in {teams_file}")
        name = titles.get(criterion, criterion)
        most = number(table, row, "maximum", told, of=team) if "maximum" in table.found else None
        if component.criteria is None:
            if not most:
                told.problems.append(f"{where} ({team}, {criterion}): no maximum above 0")
                continue
            if maxima.setdefault(name, most) != most:
                told.problems.append(
                    f"{where} ({team}, {criterion}): maximum {float(most):g}, "
                    f"but {float(maxima[name]):g} in row {first[name]}"
                )
            first.setdefault(name, row.number)
        elif name not in maxima:
            if maxima:
                told.problems.append(
                    f"{where} ({team}): criterion {criterion} is not in {component.criteria}; "
                    f"known: {', '.join(maxima)}"
                )
            continue
        elif most is not None and most != maxima[name]:
            told.problems.append(
                f"{where} ({team}, {criterion}): maximum {float(most):g}, "
                f"but {float(maxima[name]):g} in {component.criteria}"
            )
        seen.append(((team, name), row.number))
        score = number(table, row, "score", told, most=maxima[name], of=f"{team}, {criterion}")
        by, why = (row.cells.get(column, "") for column in ("grader", "reason"))
        note = ", ".join(filter(None, (f"채점 {by}" if by else "", why)))
        for student in members.get(team, ()):
            if score is not None:
                marks[name][student] = Mark(score, table.source(row), note=note)
    told.repeated(file, grouped(iter(seen)), "team and criterion")
    absent = sorted(set(members) - {row.cells["team"] for row in table.rows})
    if absent and table.rows:
        told.warnings.append(f"{file}: no scores for team {', '.join(absent)}")
    return Read(_criteria_items(maxima, titles), dict(marks))


def _criteria_items(maxima: Mapping[str, Fraction], titles: Mapping[str, str]) -> tuple[Item, ...]:
    shown = {name: title for title, name in titles.items()}
    return tuple(Item(name, most, title=shown.get(name, "")) for name, most in maxima.items())


def _criteria(root: Path, component: Component, told: Told) -> tuple[dict[str, Fraction], dict[str, str]]:
    """Maxima by id, and ids by title."""
    maxima: dict[str, Fraction] = {}
    titles: dict[str, str] = {}
    file = component.criteria
    if file is None:
        return maxima, titles
    try:
        value = parse((root / file).read_bytes().decode("utf-8-sig"), file=file, problems=told.problems)
    except OSError:
        told.problems.append(f"{file}: the rubric of {component.name} does not exist")
        return maxima, titles
    except UnicodeDecodeError:
        told.problems.append(f"{file}: is not UTF-8 text: save it as UTF-8")
        return maxima, titles
    criteria = value.at("criteria") if value is not None else None
    if criteria is None or not isinstance(criteria.value, tuple) or not criteria.value:
        told.problems.append(f"{file}: has no list of criteria (criteria: [{{id: goals, points: 10}}, ...])")
        return maxima, titles
    for one in criteria.value:
        name, points, title = (getattr(one.at(key), "value", None) for key in ("id", "points", "title"))
        if not isinstance(name, str) or not isinstance(points, Fraction) or points <= 0:
            told.problems.append(f"{file}, line {one.line}: a criterion needs an id and points above 0")
        elif name in maxima:
            told.problems.append(f"{file}, line {one.line}: criterion {shown(name)} stands there twice")
        else:
            maxima[name] = points
            if isinstance(title, str):
                titles[title] = name
    return maxima, titles


def read_teams(root: Path, file: str, students: Mapping[str, str], told: Told) -> dict[str, str] | None:
    """The team of each student; a team of which only part is on the roster is told with its members."""
    table = read_table(root, file, ["team", "student"], told)
    if table is None:
        return None
    teams: dict[str, str] = {}
    rows: dict[str, list[int]] = defaultdict(list)
    whole: dict[str, list[str | None]] = defaultdict(list)
    for row in table.rows:
        team, student = row.cells["team"], known_student(table, row, students, told)
        if not team:
            told.problems.append(f"{file} row {row.number} ({row.cells['student']}): no team")
            continue
        whole[team].append(student)
        if student is not None:
            rows[student].append(row.number)
            if teams.setdefault(student, team) != team:
                told.problems.append(
                    f"{file} row {row.number}: student {student} is in team {team} "
                    f"and in {teams[student]} (row {rows[student][0]})"
                )
    told.repeated(file, rows, "student")
    for team, found in whole.items():
        known = [one for one in found if one is not None]
        if len(known) < len(found):
            told.problems.append(f"{file}: only {len(known)} of the {len(found)} in team {team} are on the roster")
    alone = [student for student in students if student not in teams]
    if alone:
        told.problems.append(f"{file}: students without a team: {', '.join(alone)}")
    return teams
