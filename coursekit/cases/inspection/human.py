"""People who look for defects, and how long they can."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from coursekit._number_checks import as_finite, check_number, told

_TYPICAL = 0.5


@dataclass(frozen=True, kw_only=True)
class Fatigue:
    r"""How attention falls with the minutes since a break.

    A recall that was measured in the first ten minutes is not the recall of a shift. Watching for something
    rare, people lose most of what they will lose within half an hour, and then stay there; a break brings it
    back. The share of its first value that recall still has :math:`t` minutes after a break is

    .. math:: a(t) = 1 - L\,(1 - e^{-t/\tau})

    With the defaults half of the loss is there after 14 minutes and four fifths after 32. See's review has the
    decline of vigilance half done within 15 minutes and over after 20 to 35 (Teichner), and field studies of
    inspection that lost 13 to 45 percent of their hits with time on task (Drury and Watson); 26 percent lies
    in the middle. A line where defects are plain and parts are looked at without haste loses less: measure it.

    Raises
    ------
    ValueError
        If lost lies outside [0, 1) or minutes is not above 0.

    Examples
    --------
    >>> Fatigue().attention([0, 15, 30, 60]).round(2).tolist()
    [1.0, 0.86, 0.8, 0.75]
    >>> round(Fatigue().average(60), 2)
    0.82

    References
    ----------
    Mackworth (1948). The breakdown of vigilance during prolonged visual search. Quarterly Journal of
    Experimental Psychology 1. See (2012). Visual Inspection: A Review of the Literature, section 3.2.5. Sandia
    National Laboratories, SAND2012-8590. Teichner (1974). The detection of a simple visual signal as a function
    of time of watch. Human Factors 16. Drury, Watson (2002). Good Practices in Visual Inspection. FAA.
    """

    lost: float = 0.26
    """Share of the recall that is lost in the long run, from 0 to below 1."""
    minutes: float = 20.0
    """Minutes in which 63% of it is lost."""

    def __post_init__(self) -> None:
        lost = as_finite(self.lost)
        if lost is None or not 0 <= lost < 1:
            raise ValueError(f"Fatigue: lost must be from 0 to below 1, got {told(self.lost)}")
        object.__setattr__(self, "lost", lost)
        object.__setattr__(self, "minutes", check_number("Fatigue", "minutes", self.minutes, above=True))

    def attention(self, minutes: ArrayLike) -> np.ndarray:
        """Share of the recall that is left so many minutes after a break."""
        return 1 + self.lost * np.expm1(-np.asarray(minutes, dtype=float) / self.minutes)

    def average(self, minutes: float) -> float:
        """Mean of that share over so many minutes of work after a break."""
        return float(1 - self.lost * (1 + self.minutes / minutes * np.expm1(-minutes / self.minutes)))


RESTED = Fatigue(lost=0.0)
"""Somebody who never tires, as calculations on paper assume."""


def seen_share(recall: float, severity: ArrayLike, *, effect: float = 1.0) -> np.ndarray:
    r"""Recall of a defect by its severity, for an inspector whose recall is known at severity .5.

    One number for recall hides that scratches which nobody would miss make it up, and faint ones are what
    ships. A search that meets its target at random has found it by the end with probability
    :math:`1 - e^{-v}`; here visibility :math:`v` grows with severity :math:`s`:

    .. math:: r(s) = 1 - (1 - r)^{(s / 0.5)^k}

    Parameters
    ----------
    recall
        Share found of defects of severity .5.
    severity
        Severities, 0 to 1.
    effect
        Exponent :math:`k`; at 0 severity makes no difference.

    Examples
    --------
    >>> seen_share(0.95, [0.1, 0.5, 1.0]).round(3).tolist()
    [0.451, 0.95, 0.997]
    >>> seen_share(0.95, [0.1, 1.0], effect=0).round(3).tolist()
    [0.95, 0.95]

    References
    ----------
    Drury (1975). Inspection of sheet materials: model and data. Human Factors 17.
    """
    visibility = (np.asarray(severity, dtype=float) / _TYPICAL) ** effect
    return 1 - (1 - recall) ** visibility


@dataclass(frozen=True, kw_only=True)
class HumanInspector:
    r"""Somebody at the line: misses faint defects, tires, rejects good parts now and then, takes breaks.

    The baseline of an automated inspection is a person, and a person is not the truth. Whoever compares a
    model with people has to know what people miss, and when: a defect of severity :math:`s` is found
    :math:`t` minutes after a break with the probability :math:`r(s)\,a(t)` (:func:`seen_share`,
    :class:`Fatigue`).

    Raises
    ------
    ValueError
        If a share lies outside [0, 1] or another number makes no sense.

    Examples
    --------
    >>> person = HumanInspector()
    >>> round(person.recall(minutes_since_break=0), 3), round(person.recall(minutes_since_break=60), 3)
    (0.95, 0.715)
    >>> round(person.recall(), 2)  # over the hour between two breaks
    0.78
    >>> rejected = person.inspect(np.full(1_000, 0.5), np.arange(1_000) < 20, 0.0, np.random.default_rng(0))
    >>> int(rejected[:20].sum()), int(rejected[20:].sum())
    (20, 10)

    References
    ----------
    Juran, Gryna (1980). Quality Planning and Analysis: inspectors find about 80% of the defects.
    """

    recall_at_start: float = 0.95
    """Share found of defects of severity .5 right after a break."""
    false_reject_rate: float = 0.01
    """Share of the good parts that are rejected."""
    fatigue: Fatigue = field(default_factory=Fatigue)
    """How the recall falls between breaks."""
    severity_effect: float = 1.0
    """How strongly recall depends on severity; 0 for not at all."""
    break_every: float = 60.0
    """Minutes of work between breaks."""
    break_minutes: float = 10.0
    """Length of a break, after which attention is whole again."""
    seconds_per_part: float = 3.0
    """Time that a part takes."""

    def __post_init__(self) -> None:
        for name in ("recall_at_start", "false_reject_rate"):
            object.__setattr__(self, name, check_part("HumanInspector", name, getattr(self, name)))
        for name in ("break_every", "seconds_per_part"):
            value = check_number("HumanInspector", name, getattr(self, name), above=True)
            object.__setattr__(self, name, value)
        for name in ("severity_effect", "break_minutes"):
            object.__setattr__(self, name, check_number("HumanInspector", name, getattr(self, name)))

    def minutes_since_break(self, minutes_on_shift: ArrayLike) -> np.ndarray:
        """Minutes since the last break for times on a shift, which begins rested; 0 during a break."""
        phase = np.mod(np.asarray(minutes_on_shift, dtype=float), self.break_every + self.break_minutes)
        return np.where(phase < self.break_every, phase, 0.0)

    def recall_of(self, severity: ArrayLike, *, minutes_since_break: ArrayLike | None = None) -> np.ndarray:
        """Probability of finding defects of these severities; the mean over a shift's work if no time is given."""
        if minutes_since_break is None:
            attention: float | np.ndarray = self.fatigue.average(self.break_every)
        else:
            attention = self.fatigue.attention(minutes_since_break)
        return seen_share(self.recall_at_start, severity, effect=self.severity_effect) * attention

    def recall(self, *, minutes_since_break: float | None = None) -> float:
        """Probability of finding a defect of severity .5; the mean over a shift's work if no time is given."""
        return float(self.recall_of(_TYPICAL, minutes_since_break=minutes_since_break))

    def inspect(
        self, severity: ArrayLike, defective: ArrayLike, minutes_on_shift: ArrayLike, rng: np.random.Generator
    ) -> np.ndarray:
        """Judge parts: True where one is rejected; the shape of severity, with which the others broadcast."""
        severity = np.asarray(severity, dtype=float)
        found = self.recall_of(severity, minutes_since_break=self.minutes_since_break(minutes_on_shift))
        chance = np.where(np.asarray(defective, dtype=bool), found, self.false_reject_rate)
        return rng.random(severity.shape) < chance


def steady(recall: float, *, false_reject_rate: float = 0.01) -> HumanInspector:
    """Somebody who finds the same share of all defects at any time.

    The person of calculations on paper, and the auditor of this package: slow, rested, with a gauge in hand.

    Parameters
    ----------
    recall
        Share of the defects found.
    false_reject_rate
        Share of the good parts rejected.

    Examples
    --------
    >>> steady(0.95).recall_of([0.1, 0.9]).round(2).tolist()
    [0.95, 0.95]
    """
    return HumanInspector(
        recall_at_start=recall, false_reject_rate=false_reject_rate, fatigue=RESTED, severity_effect=0.0
    )


def check_part(where: str, parameter: str, value: object) -> float:
    """Give the value as a float from 0 to 1, or say what is wrong.

    Recall, rates and shares may well be 0 or 1 in a factory, unlike the alphas and weights of a rollout.

    Parameters
    ----------
    where
        Who asks, for the message.
    parameter
        Name of the parameter.
    value
        What was given.

    Raises
    ------
    ValueError
        If it is no number from 0 to 1.

    Examples
    --------
    >>> check_part("FactoryLine", "audit_rate", 1)
    1.0
    """
    number = as_finite(value)
    if number is None or not 0 <= number <= 1:
        raise ValueError(f"{where}: {parameter} must be a number from 0 to 1, got {told(value)}")
    return number
