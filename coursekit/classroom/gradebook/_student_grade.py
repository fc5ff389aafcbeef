"""One student's grade: every rule applied to every raw score, exactly."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from coursekit.classroom.gradebook._best import DROPPED, Choice, best_choices, spend
from coursekit.classroom.gradebook._bonus import bonus_of, with_bonus
from coursekit.classroom.gradebook.evaluation import Component, Evaluation
from coursekit.classroom.gradebook.raw import Excuse, Item, Mark, RawScores


@dataclass(frozen=True)
class Line:
    """Where one number of the total comes from."""

    component: str
    item: str
    raw: Fraction | None
    maximum: Fraction | None
    days_late: int
    tokens: int
    penalty: Fraction
    counted: bool
    share: Fraction
    points: Fraction | None
    rule: str
    source: str


@dataclass(frozen=True)
class Grade:
    """Exact points: by component, the bonus, and what the total can still become."""

    points: Mapping[str, Fraction | None]
    bonus: Fraction
    low: Fraction
    high: Fraction
    complete: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Entry:
    """An item as one student has it: a mark, an excuse, a zero by rule, or nothing yet."""

    item: Item
    mark: Mark | None
    excuse: Excuse | None
    zero: bool
    """Whether it counts 0 because course.yaml says so."""

    @property
    def score(self) -> Fraction | None:
        return Fraction(0) if self.zero else None if self.mark is None else self.mark.score

    @property
    def missing(self) -> bool:
        return self.excuse is None and self.score is None


def by_number(name: str) -> tuple[tuple[int, str], ...]:
    """The order of names that people expect: quiz2 before quiz10; quiz1 and quiz01 have one too."""
    parts = tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name) if part)
    return (*parts, (-2, name))


def items_of(component: Component, raw: RawScores) -> tuple[Item, ...]:
    """The component's items in order; one that stands for all of it before anything was scored."""
    found = [one for one in raw.items.get(component.name, ()) if one.name not in component.leave_out]
    if not found:
        found = [Item(component.name, component.maximum or Fraction(100), component.completed_at)]
    return tuple(sorted(found, key=lambda one: by_number(one.name)))


def held_items(evaluation: Evaluation, raw: RawScores) -> frozenset[tuple[str, str]]:
    """Items in which anybody has a score."""
    return frozenset(key for key, marks in raw.marks.items() if any(one.score is not None for one in marks.values()))


def grade_of(evaluation: Evaluation, raw: RawScores, student: str, held: frozenset[tuple[str, str]]) -> Grade:
    """Apply every rule to one student's raw scores."""
    entries = {one.name: _entries(one, raw, student, held) for one in evaluation.components}
    missing = {name: any(one.missing for one in found) for name, found in entries.items()}
    nothing = {name: all(one.excuse is not None for one in found) for name, found in entries.items()}
    complete = not any(missing.values()) and not any(nothing.values())
    worth = {one.name: _worth(one, raw, student) for one in evaluation.components}
    valued = worth | with_bonus(evaluation, raw, student, worth)
    lowest = _choices(evaluation, entries, valued, full=False)
    points = {name: worth[name](choice.share) for name, choice in lowest.items()}
    bonus = bonus_of(evaluation, raw, student, points)
    low = high = sum(points.values(), bonus)
    if not complete:
        highest = _choices(evaluation, entries, valued, full=True)
        most = {name: worth[name](choice.share) for name, choice in highest.items()}
        high = sum(most.values(), bonus_of(evaluation, raw, student, most))
    lines: list[Line] = []
    for component in evaluation.components:
        name = component.name
        shares = _shares(component, entries[name], lowest[name])
        for entry, code, share in zip(entries[name], lowest[name].code, shares, strict=True):
            lines.append(_line(evaluation, component, entry, code, share, raw.sources.get(name, "")))
        lines += _adjusted(component, raw, student, points[name], lines, missing[name] or nothing[name])
    if student in raw.bonus and evaluation.bonus is not None:
        lines.append(_bonus_line(evaluation, raw, student, bonus))
    known = {name: None if missing[name] or nothing[name] else value for name, value in points.items()}
    return Grade(known, bonus, low, high, complete, tuple(lines))


def _entries(component: Component, raw: RawScores, student: str, held: frozenset[tuple[str, str]]) -> list[Entry]:
    found = []
    for item in items_of(component, raw):
        key = (component.name, item.name)
        mark = raw.marks.get(key, {}).get(student)
        excuse = raw.excused.get(key, {}).get(student)
        if excuse is None and mark is not None and mark.excused:
            excuse = Excuse(mark.note, mark.source)
        zero = mark is None and excuse is None and component.missing == "zero" and key in held
        found.append(Entry(item, mark, excuse, zero))
    return found


def _worth(component: Component, raw: RawScores, student: str) -> Callable[[Fraction], Fraction]:
    """Points of the total that a share of the component is worth to a student."""
    adjusted = raw.adjustments.get((component.name, student))
    factor = Fraction(1) if adjusted is None else adjusted.factor
    return lambda share: min(component.weight, component.weight * share * factor)


def _choices(
    evaluation: Evaluation,
    entries: Mapping[str, list[Entry]],
    worth: Mapping[str, Callable[[Fraction], Fraction]],
    *,
    full: bool,
) -> dict[str, Choice]:
    """The student's best choices if everything missing were 0, or full."""
    options = []
    for component in evaluation.components:
        found = entries[component.name]
        counting = [at for at, one in enumerate(found) if one.excuse is None]
        if not counting:
            options.append({0: Choice(Fraction(int(full)), (DROPPED,) * len(found))})
            continue
        earned, maxima = [], []
        for at in counting:
            scale = found[at].item.maximum if component.average == "items" else Fraction(1)
            earned.append([value / scale for value in _earned(evaluation, component, found[at], full)])
            maxima.append(found[at].item.maximum / scale)
        keep = max(1, len(counting) - component.drop)
        choices = best_choices(earned, maxima, keep=keep, tokens=evaluation.tokens)
        options.append({spent: _placed(choice, counting, len(found)) for spent, choice in choices.items()})
    chosen = spend(options, [worth[one.name] for one in evaluation.components], tokens=evaluation.tokens)
    return {one.name: choice for one, choice in zip(evaluation.components, chosen, strict=True)}


def _placed(choice: Choice, counting: list[int], count: int) -> Choice:
    code = [DROPPED] * count
    for at, chosen in zip(counting, choice.code, strict=True):
        code[at] = chosen
    return Choice(choice.share, tuple(code))


def _earned(evaluation: Evaluation, component: Component, entry: Entry, full: bool) -> list[Fraction]:
    """What the item is worth with 0, 1, 2 ... late days spent on it."""
    if entry.score is None:
        return [entry.item.maximum if full else Fraction(0)]
    worth, days = _before_penalty(entry), _days(evaluation, component, entry)
    if not days:
        return [worth]
    most = min(days, evaluation.tokens, days if evaluation.tokens_per_item is None else evaluation.tokens_per_item)
    return [worth * evaluation.late.kept(days - spent) for spent in range(most + 1)]


def _before_penalty(entry: Entry) -> Fraction:
    score, item = entry.score or Fraction(0), entry.item
    if item.completed_at is None or entry.zero:  # completed from 0% on: whoever has handed in, not whoever has not
        return min(score, item.maximum)
    return item.maximum if 100 * score >= item.completed_at * item.maximum else Fraction(0)


def _days(evaluation: Evaluation, component: Component, entry: Entry) -> int:
    return evaluation.late.days(entry.mark.seconds_late) if entry.mark is not None and component.late else 0


def _shares(component: Component, entries: list[Entry], choice: Choice) -> list[Fraction]:
    weights = [
        Fraction(0) if code == DROPPED else entry.item.maximum if component.average == "points" else Fraction(1)
        for entry, code in zip(entries, choice.code, strict=True)
    ]
    whole = sum(weights, Fraction(0))
    return [one / whole if whole else Fraction(0) for one in weights]


def _line(evaluation: Evaluation, component: Component, entry: Entry, code: int, share: Fraction, source: str) -> Line:
    item, raw = entry.item, None if entry.mark is None else entry.mark.score
    days = _days(evaluation, component, entry)
    spent = max(code, 0)
    kept = evaluation.late.kept(days - spent)
    points: Fraction | None = Fraction(0)
    if entry.missing:
        points = None
    elif share:
        points = component.weight * share * _before_penalty(entry) * kept / item.maximum
    excused = entry.excuse is not None
    place = entry.mark.source if entry.mark is not None else f"{source} ({_ABSENT})"
    if entry.excuse is not None and entry.excuse.source != place:
        place = entry.excuse.source if entry.mark is None else f"{place}, {entry.excuse.source}"
    return Line(
        component.name,
        item.name,
        raw,
        item.maximum,
        days,
        spent,
        Fraction(0) if excused else 1 - kept,
        not excused and code != DROPPED,
        share,
        points,
        _rule(evaluation, component, entry, code, days),
        place.strip(),
    )


_ABSENT = "해당 학생의 점수 없음"


def _rule(evaluation: Evaluation, component: Component, entry: Entry, code: int, days: int) -> str:
    """Why the item counts as it does, as the student reads it."""
    said = [] if entry.mark is None or entry.excuse is not None or not entry.mark.note else [entry.mark.note]
    if entry.excuse is not None:
        return f"사유가 인정되어 평균에서 제외: {entry.excuse.reason}"
    if entry.missing:
        return "; ".join([*said, "점수가 아직 없어 합계를 정할 수 없음 (0점이 아님)"])
    if entry.zero:
        said.append("점수가 없어 course.yaml의 missing: zero에 따라 0점")
    if code == DROPPED:
        return "; ".join([*said, f"가장 낮은 점수 {component.drop}개를 제외하는 규칙에 따라 반영하지 않음"])
    if entry.item.completed_at is not None and not entry.zero:
        done = _before_penalty(entry) > 0
        limit = f"{float(entry.item.completed_at):g}%"
        said.append(f"{limit} 이상이어서 완료" if done else f"{limit}에 못 미쳐 미완료")
    if days:
        late = evaluation.late
        left = max(0, days - max(code, 0))
        spent = f", 지각 토큰 {code}개 사용" if code > 0 else ""
        if late.most_days is not None and left > late.most_days:
            cost = f", {late.most_days}일을 넘겨 0점"
        else:
            cost = f", {float(100 * (1 - late.kept(left))):g}% 감점" if left else ", 감점 없음"
        said.append(f"{days}일 늦음{spent}{cost}")
    return "; ".join(said) or "그대로 반영"


def _adjusted(
    component: Component, raw: RawScores, student: str, points: Fraction, lines: list[Line], unknown: bool
) -> list[Line]:
    found = raw.adjustments.get((component.name, student))
    if found is None:
        return []
    before = sum((one.points or Fraction(0) for one in lines if one.component == component.name), Fraction(0))
    full = component.weight
    capped = f", 배점 {float(full):g}점까지" if before * found.factor > full else ""
    rule = f"팀 점수에 개인별 계수({float(found.factor):g})를 곱함{capped}: {found.reason}"
    change = None if unknown else points - before
    return [
        Line(component.name, "adjustment", found.factor, None, 0, 0, Fraction(0), True, Fraction(0), change, rule,
             found.source)
    ]  # fmt: skip


def _bonus_line(evaluation: Evaluation, raw: RawScores, student: str, bonus: Fraction) -> Line:
    found, rule = raw.bonus[student], evaluation.bonus
    assert rule is not None
    limits = [f"최대 {float(rule.most):g}점"]
    if rule.cap == "total":
        limits.append("합계 100점까지")
    elif rule.cap == "component":
        limits.append(f"{evaluation.component(rule.to).shown} 배점까지")
    said = f"{evaluation.component(rule.to).shown} 가산점 ({', '.join(limits)})"
    return Line(
        "bonus", "bonus", found.points, rule.most, 0, 0, Fraction(0), True, Fraction(0), bonus, said, found.source
    )
