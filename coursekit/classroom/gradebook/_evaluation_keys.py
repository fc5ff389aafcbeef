"""Which keys course.yaml may have, and what may stand under each."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from coursekit.classroom.gradebook._strict_yaml import Value, told
from coursekit.classroom.gradebook.evaluation import (
    MARKS,
    BonusRule,
    Component,
    Evaluation,
    LateRule,
)

_TAKEN = {"student", "name", "team", "total", "low", "high", "status", "bonus", "item", "adjustment"}
_SYNONYMS = {"present": "출석", "late": "지각", "absent": "결석", "excused": "공결"}
_COMPONENT = (
    "title weight assignments completed_at scores maximum attendance marks rubric criteria missing drop average late "
    "leave_out"
).split()


class _Keys:
    """Takes what stands under the keys of one mapping and tells what does not fit."""

    def __init__(self, value: Value, where: str, known: list[str], file: str, problems: list[str]) -> None:
        self.value, self.where, self.file, self.problems = value, where, file, problems
        if not isinstance(value.value, dict):
            self.wrong(value.line, f"{where} has to be a mapping (key: value), not {told(value.value)}")
            return
        for key in value.names():
            if key not in known:
                self.wrong(value.value[key].line, f"{key} is not known in {where}; known: {', '.join(known)}")

    def wrong(self, line: int, message: str) -> None:
        self.problems.append(f"{self.file}, line {line}: {message}")

    def line(self, key: str) -> int:
        found = self.value.at(key)
        return self.value.line if found is None else found.line

    def has(self, key: str) -> bool:
        return self.value.at(key) is not None

    def _take(self, key: str, default: Any, fits: Any, wanted: str) -> Any:
        found = self.value.at(key)
        if found is None:
            return default
        if not fits(found.value):
            self.wrong(found.line, f"{key} of {self.where} has to be {wanted}, not {told(found.value)}")
            return default
        return found.value

    def text(self, key: str, default: str | None = None) -> str | None:
        return self._take(key, default, lambda value: isinstance(value, str) and value.strip(), "a text")

    def number(self, key: str, default: Any, low: int, high: int | None = None) -> Any:
        def fits(value: Any) -> bool:
            return isinstance(value, Fraction) and value >= low and (high is None or value <= high)

        wanted = f"a number from {low} to {high}" if high is not None else f"a number of at least {low}"
        return self._take(key, default, fits, wanted)

    def count(self, key: str, default: int | None) -> Any:
        found = self._take(
            key,
            default,
            lambda value: isinstance(value, Fraction) and value >= 0 and value.denominator == 1,
            "a whole number",
        )
        return found if found is None else int(found)

    def truth(self, key: str, default: bool) -> bool:
        return bool(self._take(key, default, lambda value: isinstance(value, bool), "true or false"))

    def choice(self, key: str, default: str, choices: tuple[str, ...]) -> str:
        return str(self._take(key, default, lambda value: value in choices, " or ".join(choices)))

    def texts(self, key: str) -> tuple[str, ...]:
        found = self.value.at(key)
        if found is None:
            return ()
        items = found.value if isinstance(found.value, tuple) else (Value(found.line, found.value),)
        texts = [one.value for one in items if isinstance(one.value, str) and one.value.strip()]
        if len(texts) < len(items) or not texts:
            self.wrong(found.line, f"{key} of {self.where} has to be a text or a list of texts")
        return tuple(texts)


def evaluation(value: Value, *, file: str, problems: list[str]) -> Evaluation | None:
    """The evaluation, or None with the problems told."""
    known = ["components", "teams", "adjustments", "excused", "late", "tokens", "bonus"]
    top = _Keys(value, file, known, file, problems)
    components = _components(top)
    late, tokens, per_item = _late(top), *_tokens(top)
    bonus = _bonus(top, components)
    files = {key: top.text(key) for key in ("teams", "adjustments", "excused")}
    if any(one.of_teams for one in components) and files["teams"] is None and not top.has("teams"):
        top.wrong(top.line("components"), "a rubric grades teams: name the file of teams (teams: teams.csv)")
    if problems:
        return None
    return Evaluation(tuple(components), late, tokens, per_item, **files, bonus=bonus)


def _components(top: _Keys) -> list[Component]:
    found = top.value.at("components")
    if found is None or not isinstance(found.value, dict) or not found.value:
        top.wrong(top.line("components"), "components are missing: name each with its weight and its scores")
        return []
    components = [_component(name, one, top) for name, one in found.value.items()]
    weights = [one.weight for one in components]
    written = [getattr(one.at("weight"), "value", None) for one in found.value.values()]
    readable = written == weights  # a weight that is no number from 0 to 100 is told already
    if readable and sum(weights) != 100:
        each = ", ".join(f"{one.name} {told(one.weight)}" for one in components)
        top.wrong(found.line, f"the weights sum to {told(sum(weights, Fraction(0)))}, not to 100 ({each})")
    return components


def _component(name: str, value: Value, top: _Keys) -> Component:
    keys = _Keys(value, name, _COMPONENT, top.file, top.problems)
    if not re.fullmatch(r"[^\W\d][\w-]*", name) or name in _TAKEN:
        keys.wrong(
            value.line, f"{name!r} cannot be a component's name: a word, and none of {', '.join(sorted(_TAKEN))}"
        )
    if isinstance(value.value, dict):
        sources = [key for key in ("assignments", "scores", "attendance", "rubric") if keys.has(key)]
        if not keys.has("weight"):
            keys.wrong(value.line, f"{name} has no weight")
        if not sources:
            keys.wrong(value.line, f"{name} has no scores: name assignments, scores, attendance or a rubric")
        if keys.has("scores") and not keys.has("maximum"):
            keys.wrong(value.line, f"{name} has scores and no maximum")
        for key, needs in (
            ("maximum", "scores"),
            ("completed_at", "assignments"),
            ("late", "assignments"),
            ("marks", "attendance"),
            ("criteria", "rubric"),
        ):
            if keys.has(key) and not keys.has(needs):
                keys.wrong(keys.line(key), f"{key} of {name} means nothing without {needs}")
        if keys.has("rubric") and len(sources) > 1:
            keys.wrong(
                keys.line("rubric"), f"{name} is a team's grade (rubric) and a student's ({sources[0]}): keep one"
            )
    maximum = keys.number("maximum", None, 0)
    if maximum == 0:
        keys.wrong(keys.line("maximum"), f"maximum of {name} has to be more than 0")
    return Component(
        name,
        keys.number("weight", Fraction(0), 0, 100),
        keys.text("title", "") or "",
        keys.texts("assignments"),
        keys.number("completed_at", None, 0, 100),
        keys.text("scores"),
        maximum,
        keys.text("attendance"),
        _marks(keys),
        keys.text("rubric"),
        keys.text("criteria"),
        keys.choice("missing", "open", ("open", "zero")),
        keys.count("drop", 0),
        # A rubric's criteria weigh their points; quizzes weigh the same whatever their length.
        keys.choice("average", "points" if keys.has("rubric") else "items", ("items", "points")),
        keys.truth("late", True),
        keys.texts("leave_out"),
    )


def _marks(keys: _Keys) -> dict[str, Fraction | None]:
    found = keys.value.at("marks")
    marks = dict(MARKS)
    if found is None:
        return marks
    inside = _Keys(found, f"marks of {keys.where}", [*MARKS, *_SYNONYMS], keys.file, keys.problems)
    for key in found.names():
        mark = _SYNONYMS.get(key, key)
        if found.value[key].value == "excused":
            marks[mark] = None
        else:
            marks[mark] = inside.number(key, Fraction(0), 0, 1)
    order = [marks[mark] for mark in ("출석", "지각", "결석")]
    worth = [one for one in order if one is not None]
    if worth != sorted(worth, reverse=True):
        keys.wrong(found.line, f"marks of {keys.where}: 출석 is worth at least as much as 지각, and 지각 as 결석")
    return marks


def _late(top: _Keys) -> LateRule:
    found = top.value.at("late")
    if found is None:
        return LateRule()
    keys = _Keys(found, "late", ["grace_minutes", "percent_per_day", "most_days"], top.file, top.problems)
    return LateRule(
        keys.number("grace_minutes", Fraction(0), 0),
        keys.number("percent_per_day", Fraction(0), 0, 100),
        keys.count("most_days", None),
    )


def _tokens(top: _Keys) -> tuple[int, int | None]:
    found = top.value.at("tokens")
    if found is not None and isinstance(found.value, dict):
        keys = _Keys(found, "tokens", ["days", "per_item"], top.file, top.problems)
        return keys.count("days", 0), keys.count("per_item", None)
    return top.count("tokens", 0), None


def _bonus(top: _Keys, components: list[Component]) -> BonusRule | None:
    found = top.value.at("bonus")
    if found is None:
        return None
    keys = _Keys(found, "bonus", ["scores", "to", "most", "cap"], top.file, top.problems)
    for key in ("scores", "to", "most"):
        if isinstance(found.value, dict) and not keys.has(key):
            keys.wrong(found.line, f"bonus has no {key}")
    to = keys.text("to", "") or ""
    if to and to not in [one.name for one in components]:
        keys.wrong(keys.line("to"), f"bonus goes to {to}, which is no component")
    cap = keys.choice("cap", "total", ("total", "component", "none"))
    return BonusRule(keys.text("scores", "") or "", to, keys.number("most", Fraction(0), 0), cap)
