"""What would be: a student's grade under raw scores that are not there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from coursekit.classroom.gradebook._rounding import half_up
from coursekit.classroom.gradebook._student_grade import Grade, grade_of, held_items, items_of
from coursekit.classroom.gradebook.evaluation import Component, Evaluation
from coursekit.classroom.gradebook.raw import Item, Mark, RawScores

_SOURCE = "what-if"
_NOTE = "가정한 점수"


@dataclass(frozen=True)
class Needed:
    """The least raw score that reaches a target."""

    component: str
    """Where it has to be earned."""
    target: float
    """The total to be reached."""
    score: float | None
    """The least raw score; None if not even the highest is enough."""
    maximum: float
    """What the score is out of."""
    total: float
    """The total with that score, or with the highest one if the target is out of reach."""
    open: tuple[str, ...]
    """What else is missing and was counted 0."""

    @property
    def told(self) -> str:
        """The answer in words, as the student reads it."""
        total = half_up(self.total)
        if self.score is None:
            places = next(at for at in range(2, 20) if at == 19 or half_up(self.total, at) < Decimal(str(self.target)))
            said = (
                f"만점({self.maximum:g}점)을 받아도 총점은 {half_up(self.total, places)}점이어서 "
                f"{self.target:g}점에 이를 수 없습니다."
            )
        elif self.score == 0:
            said = f"0점을 받아도 총점은 {total}점이어서 이미 {self.target:g}점 이상입니다."
        else:
            said = (
                f"총점 {self.target:g}점에 이르려면 {self.maximum:g}점 만점에 {self.score:g}점 이상이 필요합니다 "
                f"(총점 {total}점)."
            )
        return f"{said} 아직 점수가 없는 항목({', '.join(self.open)})은 0점으로 계산했습니다." if self.open else said


def changed(evaluation: Evaluation, raw: RawScores, student: str, scores: Mapping[str, float | Fraction]) -> RawScores:
    """The raw scores of one student, with some of them replaced. ValueError names every one that does not fit."""
    problems: list[str] = []
    marks = {key: dict(by_student) for key, by_student in raw.marks.items()}
    items, excused = dict(raw.items), dict(raw.excused)
    given: dict[tuple[str, str], str] = {}
    for name, score in sorted(scores.items(), key=lambda one: one[0]):
        try:
            targets = _targets(evaluation, raw, student, name)
        except ValueError as error:
            problems.append(str(error))
            continue
        most = sum((item.maximum for _, item in targets), Fraction(0))
        if isinstance(score, bool) or not isinstance(score, int | float | Fraction) or not math.isfinite(score):
            problems.append(f"{name}: {score!r} is no number")
            continue
        exact = Fraction(str(score))
        if not 0 <= exact <= most:
            problems.append(f"{name}: {score:g} is not from 0 to {float(most):g}")
            continue
        for component, item in targets:
            key = (component.name, item.name)
            if key in given:
                problems.append(f"{name}: {item.name} is already set by {given[key]}")
                continue
            given[key] = name
            before = raw.marks.get(key, {}).get(student)
            worth = item.maximum * exact / most
            after = Mark(worth, _SOURCE, note=_NOTE) if before is None else replace(
                before, score=worth, source=_SOURCE, note=_NOTE, excused=False
            )  # fmt: skip
            marks.setdefault(key, {})[student] = after
            # a score that is assumed counts, or an excused exam could not be asked about at all
            excused[key] = {one: why for one, why in excused.get(key, {}).items() if one != student}
            if component.name not in items:
                items[component.name] = items_of(component, raw)
    if problems:
        raise ValueError("\n".join(problems))
    return replace(raw, students={student: raw.students[student]}, marks=marks, items=items, excused=excused)


def needed(
    evaluation: Evaluation, raw: RawScores, student: str, component: str, *, target: float, step: float
) -> Needed:
    """Find the least score by bisection: a total never falls when a score rises."""
    if not math.isfinite(step) or step <= 0 or not math.isfinite(target):
        raise ValueError(f"step has to be more than 0 and the target a number, not {step!r} and {target!r}")
    unit = Fraction(str(step))
    targets = _targets(evaluation, raw, student, component)
    most = sum((item.maximum for _, item in targets), Fraction(0))
    wanted = Fraction(str(target))

    def score(at: int) -> Fraction:
        return min(most, at * unit)

    def graded(at: int) -> Grade:
        tried = changed(evaluation, raw, student, {component: score(at)})
        return grade_of(evaluation, tried, student, held_items(evaluation, tried))

    low, high = 0, math.ceil(most / unit)
    best = graded(high)
    open_ = tuple(one.item for one in best.lines if one.points is None and one.item != "adjustment")
    if best.low < wanted:
        return Needed(component, target, None, float(most), float(best.low), open_)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if graded(middle).low >= wanted else (middle + 1, high)
    return Needed(component, target, float(score(low)), float(most), float(graded(low).low), open_)


def _targets(evaluation: Evaluation, raw: RawScores, student: str, name: str) -> list[tuple[Component, Item]]:
    """The items that a name means."""
    everything = [(component, item) for component in evaluation.components for item in items_of(component, raw)]
    for component in evaluation.components:
        if component.name == name:
            mine = [one for one in everything if one[0] is component]
            counting = [one for one in mine if not _excused(raw, one, student)]
            missing = [one for one in counting if _score(raw, one, student) is None]
            return missing or counting or mine
    found = [one for one in everything if name in (one[1].name, f"{one[0].name}/{one[1].name}")]
    if len(found) == 1:
        return found
    if found:
        ways = ", ".join(f"{component.name}/{item.name}" for component, item in found)
        raise ValueError(f"{name} can be any of {ways}: say which")
    known = ", ".join(dict.fromkeys([*(one.name for one in evaluation.components), *(i.name for _, i in everything)]))
    raise ValueError(f"{name} is no component and no item; known: {known}")


def _score(raw: RawScores, one: tuple[Component, Item], student: str) -> Fraction | None:
    mark = raw.marks.get((one[0].name, one[1].name), {}).get(student)
    return None if mark is None else mark.score


def _excused(raw: RawScores, one: tuple[Component, Item], student: str) -> bool:
    key = (one[0].name, one[1].name)
    mark = raw.marks.get(key, {}).get(student)
    return student in raw.excused.get(key, {}) or (mark is not None and mark.excused)
