"""How a class is graded: course.yaml, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

EVALUATION_NAME = "course.yaml"
"""The file's name in the course folder."""
EVALUATION_FOLDER = "evaluation"
"""The folder for the CSV files that it names."""

DEFAULT_EVALUATION = """\
# How this class is graded. `coursekit class final` reads this file and refuses what it does not understand.
# Files are CSV (UTF-8 or CP949, as Excel writes it), named relative to this folder. A file that does not
# exist yet leaves its component open: the total is then a range, never a number made of zeros.
components:
  midterm:
    title: 중간고사
    weight: 30
    scores: evaluation/midterm.csv          # columns: student (or 학번), score (or 점수)
    maximum: 100
  quizzes:
    title: 퀴즈
    weight: 10
    assignments: ["quiz*"]                  # names in the gradebook
    drop: 0                                 # so many lowest quizzes of each student do not count
    # missing: zero                         # who has handed in nothing gets 0, once anybody has a score
  attendance:
    title: 출석
    weight: 5
    attendance: evaluation/attendance.csv   # columns: student, then one per date: 출석/지각/결석/공결 or O/△/X
    marks: {출석: 1, 지각: 0.5, 결석: 0, 공결: excused}
  participation:
    title: 참여
    weight: 5
    assignments: ["lab*"]
    completed_at: 60                        # a lab counts in full from so many percent of its points, else not
    # missing: zero
  document:
    title: 설계 문서
    weight: 30
    rubric: evaluation/document.csv          # columns: team, criterion, score, maximum
    # criteria: evaluation/rubric.yaml      # the criteria and their points, instead of the column maximum
  presentation:
    title: 발표
    weight: 20
    rubric: evaluation/presentation.csv
    # criteria: evaluation/presentation_rubric.yaml
teams: evaluation/teams.csv                 # columns: team, student
adjustments: evaluation/adjustments.csv     # columns: student, factor, reason; for team grades; people write it
excused: evaluation/excused.csv             # columns: student, item (or date), reason: not counted, rather than 0
late:
  grace_minutes: 10
  percent_per_day: 10                       # of what was earned, for each day that has begun
  most_days: 3                              # what comes in later counts 0
tokens: 0                                   # late days that each student may spend; spent to their best advantage
# bonus:                                    # for the team's running system, in points of the total
#   scores: evaluation/bonus.csv            # columns: team (or student), points
#   to: document
#   most: 5
#   cap: total                              # total: at most 100; component: at most its weight; none
"""
"""What ``coursekit class new`` writes: the course's evaluation, with each setting explained."""

MARKS: Mapping[str, Fraction | None] = {
    "출석": Fraction(1),
    "지각": Fraction(1, 2),
    "결석": Fraction(0),
    "공결": None,
}
"""What a mark in the attendance is worth; None: the day does not count."""


class EvaluationError(ValueError):
    """Settings or scores that would give a wrong grade; the text names every place."""


@dataclass(frozen=True)
class Component:
    """One part of the grade: where its scores come from and how they become points."""

    name: str
    """Its key in course.yaml."""
    weight: Fraction
    """Points of the total, out of 100."""
    title: str = ""
    """How pages and plots name it."""
    assignments: tuple[str, ...] = ()
    """Names in the gradebook, as globs."""
    completed_at: Fraction | None = None
    """Percent of an assignment's points from which it counts in full, and below which not at all."""
    scores: str | None = None
    """A CSV file of scores by student."""
    maximum: Fraction | None = None
    """The most that a score in that file can be."""
    attendance: str | None = None
    """A CSV file of marks by student and date."""
    marks: Mapping[str, Fraction | None] = field(default_factory=lambda: dict(MARKS))
    """What each mark is worth; None: the day does not count."""
    rubric: str | None = None
    """A CSV file of scores by team and criterion."""
    criteria: str | None = None
    """A YAML file with the rubric's criteria and their points."""
    missing: str = "open"
    """``open``: without a score there is no total; ``zero``: what others have and a student has not counts 0."""
    drop: int = 0
    """So many items of each student do not count: those without which the share is highest."""
    average: str = "items"
    """``items``: each item weighs the same; ``points``: an item weighs its maximum."""
    late: bool = True
    """Whether lateness costs anything here."""
    leave_out: tuple[str, ...] = ()
    """Items that count for nobody."""

    @property
    def shown(self) -> str:
        """The title, or the name if it has none."""
        return self.title or self.name

    @property
    def of_teams(self) -> bool:
        """Whether a team gets one grade here."""
        return self.rubric is not None


@dataclass(frozen=True)
class LateRule:
    """What lateness costs."""

    grace_minutes: Fraction = Fraction(0)
    """The deadline is so much later than it was announced."""
    percent_per_day: Fraction = Fraction(0)
    """Percent of what was earned, for each day that has begun."""
    most_days: int | None = None
    """What comes in later than this counts 0; None: everything is accepted."""

    def days(self, seconds: Fraction) -> int:
        """How many days late a hand-in is: each day that has begun after the grace counts."""
        beyond = seconds - 60 * self.grace_minutes
        return max(0, -int(-beyond // 86_400))

    def kept(self, days: int) -> Fraction:
        """The share of what was earned that is left so many days after the deadline."""
        if days <= 0:
            return Fraction(1)
        if self.most_days is not None and days > self.most_days:
            return Fraction(0)
        return max(Fraction(0), 1 - self.percent_per_day * days / 100)


@dataclass(frozen=True)
class BonusRule:
    """Points that a team can earn beyond its document."""

    scores: str
    """A CSV file: team or student, points."""
    to: str
    """The component that they are added to."""
    most: Fraction
    """The highest bonus."""
    cap: str = "total"
    """``total``: the total stays within 100; ``component``: the component within its weight; ``none``."""


@dataclass(frozen=True)
class Evaluation:
    """Everything that course.yaml says."""

    components: tuple[Component, ...]
    """The parts of the grade; their weights sum to 100."""
    late: LateRule = LateRule()
    """What lateness costs."""
    tokens: int = 0
    """Late days that each student can spend."""
    tokens_per_item: int | None = None
    """The most of them on one item; None: no such limit."""
    teams: str | None = None
    """A CSV file: team, student."""
    adjustments: str | None = None
    """A CSV file: student, factor, reason."""
    excused: str | None = None
    """A CSV file: student, item or date, reason."""
    bonus: BonusRule | None = None
    """The bonus, if there is one."""

    def __post_init__(self) -> None:
        names = [one.name for one in self.components]
        if sum(one.weight for one in self.components) != 100 or len(set(names)) < len(names):
            raise EvaluationError("the weights of an evaluation sum to 100, and no component stands there twice")

    def component(self, name: str) -> Component:
        """The component of that name."""
        return next(one for one in self.components if one.name == name)

    @property
    def weights(self) -> dict[str, float]:
        """Points of the total by component."""
        return {one.name: float(one.weight) for one in self.components}


def read_evaluation(path: Path) -> Evaluation:
    r"""Read course.yaml, or say everything that is wrong with it at once.

    A misspelt rule that is skipped costs a whole class points, and nobody notices; so a key that
    is not known, one that stands there twice and weights that do not sum to 100 stop everything.

    Parameters
    ----------
    path
        The file, or the course folder that holds it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    EvaluationError
        If anything in it is not understood; the text names every line.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "course.yaml"
    >>> _ = file.write_text(DEFAULT_EVALUATION, encoding="utf-8")
    >>> read_evaluation(file).weights["document"]
    30.0
    >>> _ = file.write_text("components:\n  exam: {weight: 90, scores: a.csv, maxmum: 100}\n", encoding="utf-8")
    >>> read_evaluation(file)
    Traceback (most recent call last):
    ...
    coursekit.classroom.gradebook.evaluation.EvaluationError: course.yaml was not accepted:
    course.yaml, line 2: maxmum is not known in exam; known: title, weight, ...
    course.yaml, line 2: exam has scores and no maximum
    course.yaml, line 1: the weights sum to 90, not to 100 (exam 90)
    """
    from coursekit.classroom.gradebook import _evaluation_keys
    from coursekit.classroom.gradebook._strict_yaml import parse

    if path.is_dir():
        path = path / EVALUATION_NAME
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} does not exist: write it (`coursekit class new` begins a course with one that works)"
        )
    problems: list[str] = []
    evaluation = None
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.append(f"{path.name}: is not UTF-8 text: save it as UTF-8")
    else:
        value = parse(text, file=path.name, problems=problems)
        if value is not None:
            evaluation = _evaluation_keys.evaluation(value, file=path.name, problems=problems)
    if problems or evaluation is None:
        raise EvaluationError(f"{path.name} was not accepted:\n" + "\n".join(problems))
    return evaluation
