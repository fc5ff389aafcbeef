"""Item analysis: how hard each question was, and whether it tells the strong from the weak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.gradebook._item_statistics import (
    alpha,
    correlation_upper_end,
    discrimination_interval,
    group_weights,
    mean_interval,
    rest_correlation,
)

if TYPE_CHECKING:
    from coursekit.classroom.course import Course

FEWEST = 10
"""Below so many hand-ins nothing is flagged: an interval over 3 students in a group says nothing."""
EASY, HARD, WEAK = 0.95, 0.2, 0.2
"""Difficulty above and below which an item hardly measures; discrimination, or correlation with the rest, below
which it hardly tells apart."""
FLAGS = {
    "easy": "거의 모두 맞혔습니다",
    "hard": "거의 아무도 맞히지 못했습니다",
    "negative": "잘하는 학생이 오히려 더 틀립니다",
    "weak": "상위와 하위를 거의 가르지 못합니다",
    "key": "상위 집단이 정답보다 다른 답을 더 골랐습니다",
    "unused": "아무도 고르지 않은 보기가 있습니다",
    "few": "학생이 적어 판단하지 않습니다",
}
"""What an item is flagged for, in Korean."""


@dataclass(frozen=True)
class Item:
    """One question, and what a class made of it."""

    name: str
    """The graded cell."""
    title: str
    """Its question's heading, or its name."""
    max_score: float
    """Points that could be reached."""
    students: int
    """Hand-ins that were graded."""
    difficulty: float
    """Mean share of the points: high is easy (the field's habit)."""
    difficulty_interval: tuple[float, float]
    """95%; conservative where points are given in parts."""
    discrimination: float
    """Mean share of the upper 27% minus that of the lower 27%, by total."""
    discrimination_interval: tuple[float, float]
    """95%."""
    rest_correlation: float
    """Correlation with the total of the other items; NaN where one of both does not vary."""
    answers: tuple[tuple[str, int, float, float], ...] = ()
    """Answer, how many gave it, and how many of the upper and of the lower group (ties count in parts)."""
    key: str = ""
    """The right answer, where it is a choice or a number."""
    flags: tuple[str, ...] = ()
    """Names from :data:`FLAGS`."""


@dataclass(frozen=True)
class ItemReport:
    """A quiz's items, each with its difficulty, its discrimination and its answers.

    Flags say where to look, never what to do: an item on which the strong fail may have a wrong key,
    or be the only honest question of the quiz. Nothing is dropped here.

    Examples
    --------
    >>> points = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    >>> scores = pd.DataFrame({"student": range(12), "item": "a", "score": points, "max_score": 1})
    >>> report = analyse_items(scores)
    >>> report.items[0].difficulty, report.items[0].discrimination
    (0.5, 1.0)
    """

    assignment: str
    """The quiz."""
    items: tuple[Item, ...]
    """In the notebook's order."""
    totals: tuple[float, ...]
    """Each student's share of all points, ascending."""
    missing: int = 0
    """Students on the roster without a graded hand-in; they are in no figure."""
    alpha: float = float("nan")
    """Cronbach's alpha (KR-20 for right and wrong); low in a quiz of five items, and no reason for alarm there."""

    def to_frame(self) -> pd.DataFrame:
        """One row per item."""
        rows = [
            (
                one.name,
                one.title,
                one.max_score,
                one.students,
                one.difficulty,
                *one.difficulty_interval,
                one.discrimination,
                *one.discrimination_interval,
                one.rest_correlation,
                one.key,
                ", ".join(one.flags),
            )
            for one in self.items
        ]
        columns = ["item", "title", "max_score", "students", "difficulty", "difficulty_low", "difficulty_high"]
        columns += ["discrimination", "discrimination_low", "discrimination_high", "rest_correlation", "key", "flags"]
        return pd.DataFrame(rows, columns=columns)

    def answers_frame(self) -> pd.DataFrame:
        """One row per item and answer."""
        rows = [(one.name, *answer, answer[0] == one.key) for one in self.items for answer in one.answers]
        return pd.DataFrame(rows, columns=["item", "answer", "count", "upper", "lower", "is_key"])

    def plot(self) -> go.Figure:
        """Difficulty and discrimination with their intervals."""
        figure = go.Figure(layout={"title": f"{self.assignment}: 문항의 난이도와 변별도", "showlegend": False})
        for one in self.items:
            (left, right), (low, high) = one.difficulty_interval, one.discrimination_interval
            figure.add_scatter(
                x=[one.difficulty],
                y=[one.discrimination],
                mode="markers+text",
                text=[one.name],
                textposition="top center",
                error_x={"array": [right - one.difficulty], "arrayminus": [one.difficulty - left], "width": 3},
                error_y={"array": [high - one.discrimination], "arrayminus": [one.discrimination - low], "width": 3},
                name=one.name,
            )
        figure.add_hline(y=0, line_width=1)
        figure.update_layout(
            xaxis_title="난이도 (평균 득점률, 높을수록 쉬움)", yaxis_title="변별도 (상위 27% - 하위 27%)"
        )
        figure.update_xaxes(range=[-0.05, 1.05]).update_yaxes(range=[-1.05, 1.05])
        return figure


@dataclass(frozen=True)
class Answers:
    """What students answered to one item, where answers can be counted."""

    title: str = ""
    """The question's heading."""
    key: str = ""
    """The right answer."""
    options: tuple[str, ...] = ()
    """The choices, if it is a choice."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Answer by student."""


def analyse_items(
    scores: pd.DataFrame,
    *,
    assignment: str = "",
    answers: Mapping[str, Answers] | None = None,
    roster: int | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> ItemReport:
    r"""Analyse the items of a quiz from the score of each cell.

    A quiz that everybody passes measures nothing, and one that the best fail measures something else.
    Both are seen only afterwards, and only with intervals: of 24 students, the upper 27% are six.

    .. math:: D = \bar x_{upper} - \bar x_{lower}

    The groups are the 27% with the highest and with the lowest totals. Students who tie at the border are
    in the group in part, so that neither the order of rows nor chance decides. The interval is the hull
    of a bootstrap over students (the grouping is resampled too) and Newcombe's for two proportions: the
    first alone collapses where all agree, the second alone ignores that the groups depend on the item.

    Parameters
    ----------
    scores
        ``student``, ``item`` (or ``cell``), ``score``, ``max_score``: one row per student and item.
    assignment
        Its name, for titles.
    answers
        By item, what was answered; see :func:`coursekit.classroom.gradebook.item_answers.read_answers`.
    roster
        How many students the class has, to tell how many are missing.
    resamples
        Bootstrap samples.
    seed
        Of the bootstrap.

    Raises
    ------
    ValueError
        If a row is there twice, a score is missing, over its maximum or below 0, or a student lacks an item:
        a mean over other students for each item compares nothing.

    References
    ----------
    Kelley, T. L. (1939). The selection of upper and lower groups for the validation of test items. Journal of
    Educational Psychology 30. Newcombe, R. G. (1998). Interval estimation for the difference between independent
    proportions. Statistics in Medicine 17.

    Examples
    --------
    >>> frame = pd.DataFrame({"student": ["1", "1"], "item": ["a", "a"], "score": [1, 0], "max_score": [1, 1]})
    >>> analyse_items(frame)
    Traceback (most recent call last):
    ...
    ValueError: analyse_items: student 1 has item a twice (rows 0 and 1)
    """
    frame = scores.rename(columns={"cell": "item"})
    shares, highest = _matrix(frame)
    points = shares * highest
    totals = points.sum(axis=1)
    upper, lower = group_weights(totals), group_weights(-totals)
    known = answers or {}
    students = [str(one) for one in shares.index]
    interval = discrimination_interval(shares.to_numpy(), totals.to_numpy(), resamples=resamples, seed=seed)
    items = []
    for at, name in enumerate(shares.columns):
        x = shares[name].to_numpy()
        about = known.get(str(name), Answers())
        difference = float(upper @ x / upper.sum() - lower @ x / lower.sum())
        rows = _count(about, students, upper, lower)
        item = Item(
            name=str(name),
            title=about.title or str(name),
            max_score=float(highest[name]),
            students=len(x),
            difficulty=float(x.mean()),
            difficulty_interval=mean_interval(float(x.mean()), len(x)),
            discrimination=difference,
            discrimination_interval=interval[at],
            rest_correlation=rest_correlation(points[name].to_numpy(), totals.to_numpy()),
            answers=rows,
            key=about.key,
        )
        items.append(_flagged(item, about))
    missing = max(0, roster - len(students)) if roster is not None else 0
    ascending = tuple(sorted(float(one) for one in totals / highest.sum()))
    return ItemReport(assignment, tuple(items), ascending, missing, alpha(points.to_numpy()))


def _matrix(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Students by items as shares of the maximum, in an order that no row decides; and the maxima."""
    missing = [name for name in ("student", "item", "score", "max_score") if name not in frame.columns]
    if missing:
        raise ValueError(f"analyse_items: the table has no column {', '.join(missing)}")
    frame = frame[frame["max_score"] > 0]
    if frame.empty:
        raise ValueError("analyse_items: no item with points was graded yet")
    repeated = frame.duplicated(["student", "item"], keep=False)
    if repeated.any():
        first = frame[repeated].iloc[0]
        same = frame.index[(frame["student"] == first["student"]) & (frame["item"] == first["item"])]
        where = " and ".join(map(str, same))
        raise ValueError(f"analyse_items: student {first['student']} has item {first['item']} twice (rows {where})")
    outside = frame[~((frame["score"] >= 0) & (frame["score"] <= frame["max_score"]))]
    if len(outside):
        row = outside.iloc[0]
        told = f"score {row['score']:g} of {row['max_score']:g}"
        raise ValueError(f"analyse_items: row {outside.index[0]}, student {row['student']}, item {row['item']}: {told}")
    varying = frame.groupby("item")["max_score"].nunique()
    if (varying > 1).any():
        raise ValueError(f"analyse_items: item {varying.idxmax()} has several maxima")
    order = list(dict.fromkeys(frame["item"]))
    wide = frame.pivot(index="student", columns="item", values="score")[order].sort_index()
    if wide.isna().any(axis=None):
        student, item = wide.isna().stack().idxmax()
        raise ValueError(
            f"analyse_items: student {student} has no score for item {item}: leave out or grade the hand-in"
        )
    highest = frame.groupby("item")["max_score"].first()[order].astype(float)
    return wide / highest, highest


def _count(
    about: Answers, students: Sequence[str], upper: np.ndarray, lower: np.ndarray
) -> tuple[tuple[str, int, float, float], ...]:
    """How many gave each answer: choices in their order, else the most frequent first."""
    if not about.given and not about.options:
        return ()
    given = np.array([about.given.get(one, "") for one in students], dtype=object)
    counts = {answer: int(np.sum(given == answer)) for answer in [*about.options, *sorted(set(given))]}
    chosen = list(about.options)
    chosen += sorted((one for one in counts if one not in about.options), key=lambda one: (-counts[one], one))
    return tuple(
        (one, counts[one], float(upper[given == one].sum()), float(lower[given == one].sum())) for one in chosen
    )


def _flagged(item: Item, about: Answers) -> Item:
    """Flags that the intervals bear; of a handful of students only that they are few."""
    from dataclasses import replace

    if item.students < FEWEST:
        return replace(item, flags=("few",))
    # The total holds the item: in a quiz of five, unrelated items discriminate by 0.2 to 0.7. The rest does not.
    rest = correlation_upper_end(item.rest_correlation, item.students)
    flags: dict[str, Any] = {
        "easy": item.difficulty_interval[0] > EASY or item.difficulty == 1,
        "hard": item.difficulty_interval[1] < HARD or item.difficulty == 0,
        "negative": min(item.discrimination_interval[1], rest) < 0,
        "weak": 0 <= min(item.discrimination_interval[1], rest) < WEAK,
        "key": _key_doubtful(item),
        "unused": _distractor_unused(item, about),
    }
    return replace(item, flags=tuple(name for name, holds in flags.items() if holds))


def _distractor_unused(item: Item, about: Answers) -> bool:
    """Whether a choice tempted nobody although enough were tempted by something."""
    wrong = [count for answer, count, *_ in item.answers if answer in about.options and answer != item.key]
    return sum(wrong) >= FEWEST and 0 in wrong


def _key_doubtful(item: Item) -> bool:
    by_upper = {answer: upper for answer, _, upper, _ in item.answers if answer}
    return bool(item.key and by_upper) and max(by_upper.values()) > by_upper.get(item.key, 0.0)


def report_items(course: Course, assignment: str) -> ItemReport:
    """Analyse a quiz of a class from its gradebook and its students' notebooks.

    Points that a person has changed count as they stand, since they are what the class was given.

    Parameters
    ----------
    course
        The class.
    assignment
        A graded assignment.

    Raises
    ------
    ValueError
        If nothing of it was graded yet.

    Examples
    --------
    >>> from pathlib import Path
    >>> from coursekit.classroom.course import Course
    >>> report_items(Course(Path("/nowhere/2025")), "quiz01")
    Traceback (most recent call last):
    ...
    sqlalchemy.exc.OperationalError: ...
    """
    from coursekit.classroom.gradebook.item_answers import items_of, read_answers
    from coursekit.classroom.gradebook.tables import cell_scores

    scores = cell_scores(course, assignment).rename(columns={"cell": "item"})
    scores = scores[scores["max_score"] > 0]
    # A cell that a person has still to grade: the hand-in has no total yet. nbgrader's score of it is 0.
    waiting = set(scores.loc[scores["waits"] | scores["score"].isna(), "student"])
    scores = scores[~scores["student"].isin(waiting)]
    scores = scores.assign(score=scores[["score", "max_score"]].min(axis=1))  # extra credit says nothing of the item
    if scores.empty:
        raise ValueError(f"{assignment}: nothing was graded yet; run `coursekit class grade {assignment}` first")
    order = list(items_of(course.folder("source", assignment) / f"{assignment}.ipynb"))
    place = {name: at for at, name in enumerate(order)}
    scores = scores.sort_values(["student", "item"], key=lambda one: one.map(place) if one.name == "item" else one)
    answers = read_answers(course, assignment)
    return analyse_items(scores, assignment=assignment, answers=answers, roster=len(course.students()))
