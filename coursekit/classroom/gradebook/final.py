"""The final grade of a class, with the provenance of every number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.course import Course
from coursekit.classroom.gradebook import _what_if
from coursekit.classroom.gradebook._rounding import half_up
from coursekit.classroom.gradebook._student_grade import Grade, Line, grade_of, held_items
from coursekit.classroom.gradebook.evaluation import Evaluation, read_evaluation
from coursekit.classroom.gradebook.raw import RawScores
from coursekit.short_repr import ShortRepr

if TYPE_CHECKING:
    from coursekit.classroom.gradebook._what_if import Needed

LINE_COLUMNS = tuple(
    "student name component item raw maximum days_late tokens penalty counted share points rule source".split()
)
"""Columns of the provenance."""


@dataclass(frozen=True, eq=False, repr=False)
class FinalGrades(ShortRepr):
    """Totals of a class, and where each point of them comes from.

    A grade that is questioned has to be explained down to the row of the file; a total without its
    lines cannot be. Nothing that is missing counts 0 unless course.yaml says so: until then the total
    is a range.
    """

    table: pd.DataFrame
    """``student``, ``name``, ``team``, points by component (NaN while something is missing), ``bonus`` if there is
    one, ``total`` (NaN while incomplete), ``low`` and ``high`` (the total if all that is missing were 0, or full),
    ``status`` (``complete`` or ``incomplete``)."""
    lines: pd.DataFrame
    """One row per student and raw number: ``student``, ``name``, ``component``, ``item``, ``raw``, ``maximum``,
    ``days_late``, ``tokens`` (late days spent on it), ``penalty`` (share taken off), ``counted``, ``share`` (of the
    component), ``points`` (of the total; NaN where a score is missing), ``rule`` (why, in words), ``source``. The
    points of a complete student sum (``math.fsum``) to exactly the total."""
    evaluation: Evaluation
    """The rules that were applied."""
    raw: RawScores
    """What they were applied to."""
    warnings: tuple[str, ...] = ()
    """What a person should look at."""

    def to_frame(self) -> pd.DataFrame:
        """One row per student."""
        return self.table.copy()

    @property
    def components(self) -> tuple[str, ...]:
        """The columns with points, in order."""
        names = [one.name for one in self.evaluation.components]
        return (*names, "bonus") if self.evaluation.bonus is not None else tuple(names)

    def plot(self) -> go.Figure:
        """Every student's points by component, stacked, from the lowest total to the highest."""
        table = self.table.sort_values(["low", "student"], ignore_index=True)
        figure = go.Figure(
            layout={
                "title": "학생별 총점과 평가 항목별 점수",
                "xaxis_title": "학생 (총점이 낮은 순)",
                "yaxis_title": "점수 (100점 만점)",
                "barmode": "stack",
                "bargap": 0.05,
                "legend_title_text": "평가 항목",
            }
        )
        known = table[list(self.components)].fillna(0)
        for name in self.components:
            shown = "가산점" if name == "bonus" else self.evaluation.component(name).shown
            figure.add_bar(x=table["student"], y=known[name], name=shown, customdata=table["name"],
                           hovertemplate="%{customdata} (%{x})<br>" + shown + " %{y:.2f}점<extra></extra>")  # fmt: skip
        missing = (table["high"] - known.sum(axis=1)).where(table["status"] == "incomplete", 0.0).clip(lower=0)
        if (missing > 0).any():
            figure.add_bar(x=table["student"], y=missing, name="아직 정해지지 않음", customdata=table["name"],
                           marker={"color": "rgba(160,160,160,0.25)"},
                           hovertemplate="%{customdata} (%{x})<br>미정 %{y:.2f}점<extra></extra>")  # fmt: skip
        figure.update_xaxes(type="category")
        return figure

    def explain(self, student: str, *, decimals: int = 2) -> pd.DataFrame:
        """One student's lines for reading: the printed points sum to exactly the printed total.

        Points that are rounded one by one sum to something else than the rounded total, and then a student
        asks where the hundredth went. Here the total is rounded, and the lines by largest remainder.
        """
        self._require(student)
        lines = self.lines[self.lines["student"] == student]
        row = self.table[self.table["student"] == student].iloc[0]
        shown = lines.drop(columns=["student", "name"]).reset_index(drop=True)
        if row["status"] == "complete":
            shown["points"] = _printed(lines["points"].tolist(), float(row["total"]), decimals)
            total, rule = float(half_up(float(row["total"]), decimals)), "합계"
        else:
            shown["points"] = shown["points"].round(decimals)
            total = math.nan
            rule = f"아직 정할 수 없음: {row['low']:.{decimals}f}점에서 {row['high']:.{decimals}f}점 사이"
        closing = pd.DataFrame([{"component": "total", "item": "", "points": total, "rule": rule, "source": ""}])
        return pd.concat([shown.astype({"counted": object}), closing], ignore_index=True)

    def what_if(self, student: str, scores: Mapping[str, float]) -> FinalGrades:
        """One student's grade if these raw scores were so.

        Names are items ("quiz03"; "document/goals" where two components have one of that name) or components. A
        component's score is meant out of the maxima of its items that are still missing, or of all that count if none
        is, and is spread over them evenly. What was handed in late stays late; an excused item counts once a score is
        assumed for it. ValueError names all that does not fit.
        """
        self._require(student)
        return compute(self.evaluation, _what_if.changed(self.evaluation, self.raw, student, scores))

    def needed(
        self, student: str, component: str, target: float, *, assuming: Mapping[str, float] | None = None,
        step: float = 0.01,
    ) -> Needed:  # fmt: skip
        """The least raw score in a component with which a student's total reaches a target, if one does.

        Scores are tried in steps of `step`. What else is missing counts 0, unless `assuming` (as in `what_if`)
        says otherwise; so the answer is safe.
        """
        self._require(student)
        raw = _what_if.changed(self.evaluation, self.raw, student, assuming or {})
        return _what_if.needed(self.evaluation, raw, student, component, target=target, step=step)

    def _require(self, student: str) -> None:
        if student not in set(self.table["student"]):
            raise ValueError(f"no student {student!r} in these grades")


def compute(evaluation: Evaluation, raw: RawScores) -> FinalGrades:
    """Compute every student's total from raw scores: the same input gives the same grades, whatever its order.

    All arithmetic is exact (fractions), so that neither the order of rows nor a rounding decides a grade.
    A total is the sum over components of weight * share; the share of a component is the mean over the items
    that count of what was earned, after lateness. Which items are dropped and where late days are spent is
    chosen so that the student's total is highest. With every choice open to the student, raising any raw score
    never lowers a total.

    Parameters
    ----------
    evaluation
        The rules.
    raw
        The scores, as :func:`~coursekit.classroom.gradebook.inputs.read_raw_scores` gives them.

    Examples
    --------
    >>> from coursekit.classroom.gradebook.evaluation import Component
    >>> from coursekit.classroom.gradebook.raw import Item, Mark
    >>> rules = Evaluation((Component("exam", Fraction(60)), Component("quizzes", Fraction(40), drop=1)))
    >>> items = {"exam": (Item("exam", Fraction(100)),), "quizzes": (Item("q1", Fraction(5)), Item("q2", Fraction(5)))}
    >>> marks = {
    ...     ("exam", "exam"): {"1": Mark(Fraction(90), "exam.csv:2")},
    ...     ("quizzes", "q1"): {"1": Mark(Fraction(4), "gradebook:q1"), "2": Mark(Fraction(5), "gradebook:q1")},
    ...     ("quizzes", "q2"): {"1": Mark(Fraction(3), "gradebook:q2"), "2": Mark(Fraction(5), "gradebook:q2")},
    ... }
    >>> final = compute(rules, RawScores({"1": "홍길동", "2": "이서연"}, items, marks))
    >>> final.table[["student", "exam", "quizzes", "total", "low", "high"]].round(1).to_dict("records")
    [{'student': '2', 'exam': nan, 'quizzes': 40.0, 'total': nan, 'low': 40.0, 'high': 100.0},
     {'student': '1', 'exam': 54.0, 'quizzes': 32.0, 'total': 86.0, 'low': 86.0, 'high': 86.0}]
    """
    held = held_items(evaluation, raw)
    rows, lines = [], []
    for student, name in sorted(raw.students.items(), key=lambda one: (one[1], one[0])):
        grade = grade_of(evaluation, raw, student, held)
        rows.append(_row(evaluation, raw, student, name, grade))
        lines += _line_rows(student, name, grade)
    components = [one.name for one in evaluation.components]
    columns = ["student", "name", "team", *components, *(["bonus"] if evaluation.bonus is not None else [])]
    numbers = [*columns[3:], "total", "low", "high"]
    table = pd.DataFrame(rows, columns=[*columns, "total", "low", "high", "status"]).astype(
        dict.fromkeys(numbers, float)
    )
    provenance = pd.DataFrame(lines, columns=list(LINE_COLUMNS))
    floats = ("raw", "maximum", "penalty", "share", "points")
    provenance = provenance.astype({**dict.fromkeys(floats, float), "days_late": int, "tokens": int, "counted": bool})
    return FinalGrades(table, provenance, evaluation, raw, raw.warnings)


def final_grades(course: Course, *, evaluation: Evaluation | None = None) -> FinalGrades:
    """Compute the final grades of a class from everything that was scored in it.

    The gradebook and the files that course.yaml names are read at that moment; nothing is kept beside
    them and nothing is written. Anything that would make a grade wrong stops it, told all at once.

    Parameters
    ----------
    course
        The class.
    evaluation
        The rules; by default those of ``course.yaml`` in the course folder.

    Raises
    ------
    FileNotFoundError
        If the course folder has no ``course.yaml``.
    coursekit.classroom.gradebook.evaluation.EvaluationError
        If course.yaml or any score is faulty; the text names every file and row.

    Examples
    --------
    >>> from pathlib import Path
    >>> final_grades(Course(Path("/nowhere/2025")))
    Traceback (most recent call last):
    ...
    FileNotFoundError: ...
    """
    from coursekit.classroom.gradebook.inputs import read_raw_scores

    rules = read_evaluation(course.root) if evaluation is None else evaluation
    return compute(rules, read_raw_scores(course, evaluation=rules))


def _row(evaluation: Evaluation, raw: RawScores, student: str, name: str, grade: Grade) -> dict[str, object]:
    points = {key: math.nan if value is None else float(value) for key, value in grade.points.items()}
    return {
        "student": student,
        "name": name,
        "team": raw.teams.get(student, ""),
        **points,
        **({"bonus": float(grade.bonus)} if evaluation.bonus is not None else {}),
        "total": float(grade.low) if grade.complete else math.nan,
        "low": float(grade.low),
        "high": float(grade.high),
        "status": "complete" if grade.complete else "incomplete",
    }


def _line_rows(student: str, name: str, grade: Grade) -> list[dict[str, object]]:
    points = [math.nan if one.points is None else float(one.points) for one in grade.lines]
    if grade.complete:
        points = _summing(points, float(grade.low))
    return [_cells(student, name, one, worth) for one, worth in zip(grade.lines, points, strict=True)]


def _cells(student: str, name: str, line: Line, points: float) -> dict[str, object]:
    exact = {"raw": line.raw, "maximum": line.maximum, "penalty": line.penalty, "share": line.share}
    return {
        "student": student,
        "name": name,
        **{field: getattr(line, field) for field in LINE_COLUMNS[2:]},
        **{field: math.nan if value is None else float(value) for field, value in exact.items()},
        "points": points,
    }


def _summing(points: Sequence[float], total: float) -> list[float]:
    """The same points, one of them moved by less than the last digit of the total, so that fsum gives the total."""
    found = list(points)
    residual = Fraction(total) - sum(map(Fraction, found), Fraction(0))
    if residual and any(found):
        # The smallest has the finest last digit, so that what it takes up is not rounded away.
        at = min((at for at, value in enumerate(found) if value), key=lambda at: (abs(found[at]), at))
        found[at] = float(Fraction(found[at]) + residual)
    return found


def _printed(points: Sequence[float], total: float, decimals: int) -> list[float]:
    """Points in steps of the last printed digit that sum to the printed total (largest remainders)."""
    unit = 10**decimals
    exact = [Fraction(value) * unit for value in points]
    whole = [math.floor(value) for value in exact]
    left = round(Fraction(half_up(total, decimals)) * unit) - sum(whole)
    order = sorted(range(len(exact)), key=lambda at: (whole[at] - exact[at], at))
    for at in order[:left]:
        whole[at] += 1
    return [value / unit for value in whole]
