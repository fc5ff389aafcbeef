"""Points beyond a component, within their caps, and what they do to a student's choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from coursekit.classroom.gradebook.evaluation import Evaluation
from coursekit.classroom.gradebook.raw import RawScores


def bonus_of(evaluation: Evaluation, raw: RawScores, student: str, points: Mapping[str, Fraction]) -> Fraction:
    """The bonus within its caps; the total still grows with every component."""
    if evaluation.bonus is None or student not in raw.bonus:
        return Fraction(0)
    rule, bonus = evaluation.bonus, min(raw.bonus[student].points, evaluation.bonus.most)
    if rule.cap == "component":
        return max(Fraction(0), min(bonus, evaluation.component(rule.to).weight - points[rule.to]))
    left = 100 - sum(points.values(), Fraction(0))
    return max(Fraction(0), min(bonus, left)) if rule.cap == "total" else bonus


def with_bonus(
    evaluation: Evaluation, raw: RawScores, student: str, worth: Mapping[str, Callable[[Fraction], Fraction]]
) -> dict[str, Callable[[Fraction], Fraction]]:
    """Where a bonus fills a component up: the points of both, or a late day is spent on what the bonus gives anyway."""
    rule = evaluation.bonus
    if rule is None or rule.cap != "component" or student not in raw.bonus:
        return {}
    bonus, full, own = min(raw.bonus[student].points, rule.most), evaluation.component(rule.to).weight, worth[rule.to]
    return {rule.to: lambda share: min(full, own(share) + bonus)}
