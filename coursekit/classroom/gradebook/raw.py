"""What was scored before any rule is applied, each score with the place where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True)
class Item:
    """One thing that is scored: a quiz, a lab, a day, a criterion, an exam."""

    name: str
    """Its name, unique within its component."""
    maximum: Fraction
    """The most that can be earned; more than 0."""
    completed_at: Fraction | None = None
    """Percent from which it counts in full, and below which not at all; None: it counts as it was earned."""
    title: str = ""
    """Its name for reading, where that is another: a criterion's in its rubric."""


@dataclass(frozen=True)
class Mark:
    """One student's score in one item."""

    score: Fraction | None
    """What was earned before any penalty; None: nothing that counts as a score yet."""
    source: str
    """The file and row, or the assignment in the gradebook."""
    seconds_late: Fraction = Fraction(0)
    """How long after the deadline it was handed in."""
    note: str = ""
    """What else has to be known of it, in words."""
    excused: bool = False
    """Whether the mark itself takes the item out (공결)."""


@dataclass(frozen=True)
class Excuse:
    """An item that does not count for a student."""

    reason: str
    """Why, as a person wrote it."""
    source: str
    """The file and row."""


@dataclass(frozen=True)
class Adjustment:
    """A student's share of a team's grade, as a person decided it."""

    factor: Fraction
    """What the team's points are multiplied by."""
    reason: str
    """Why, as that person wrote it."""
    source: str
    """The file and row."""


@dataclass(frozen=True)
class BonusPoints:
    """Points beyond the document."""

    points: Fraction
    """Points of the total."""
    source: str
    """The file and row."""


@dataclass(frozen=True)
class RawScores:
    """Everything that was scored in a class.

    A grade that is computed from percentages which somebody computed cannot be checked. Here stand
    the scores as they were given, so that every rule can be applied anew.

    Examples
    --------
    >>> exam = Item("exam", Fraction(100))
    >>> marks = {("exam", "exam"): {"1": Mark(Fraction(87), "exam.csv:2")}}
    >>> RawScores({"1": "홍길동"}, {"exam": (exam,)}, marks).marks["exam", "exam"]["1"].source
    'exam.csv:2'
    """

    students: Mapping[str, str]
    """Names by id: the roster."""
    items: Mapping[str, tuple[Item, ...]]
    """Items by component."""
    marks: Mapping[tuple[str, str], Mapping[str, Mark]]
    """Marks by component and item, then by student."""
    teams: Mapping[str, str] = field(default_factory=dict)
    """The team of each student."""
    excused: Mapping[tuple[str, str], Mapping[str, Excuse]] = field(default_factory=dict)
    """Excuses by component and item, then by student."""
    adjustments: Mapping[tuple[str, str], Adjustment] = field(default_factory=dict)
    """Adjustments by component and student."""
    bonus: Mapping[str, BonusPoints] = field(default_factory=dict)
    """Bonus by student."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where each component's scores come from, for what is missing there."""
    warnings: tuple[str, ...] = ()
    """What a person should look at."""
