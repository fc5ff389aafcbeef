"""The model at the line: two numbers on paper, or the scores of a real one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coursekit._number_checks import check_number, told
from coursekit.cases.inspection.human import check_part, seen_share
from coursekit.short_repr import ShortRepr

_SEVERITIES = np.linspace(0.1, 1, 91)


class ModelInspector(ABC):
    """What a line asks of a model.

    The line cares how often the model finds which defects, and how often it rejects good parts, so a network
    and two numbers on paper can stand in the same place.

    Examples
    --------
    >>> model: ModelInspector = ScoreModel()
    >>> model.false_reject_rate
    0.01
    """

    @property
    @abstractmethod
    def false_reject_rate(self) -> float:
        """Share of the good parts that it rejects."""

    @abstractmethod
    def catches(self) -> tuple[np.ndarray, np.ndarray]:
        """Severities of a sample of defects, and the probability of finding each, both ``(n,)``."""


@dataclass(frozen=True, kw_only=True)
class ScoreModel(ModelInspector):
    """A model of two recalls: the one that the laboratory measured, and the one that it has in the factory.

    The gap between the two is the reason for every step of a careful deployment: new light, a camera moved by
    a centimetre, dust. Nobody in the factory knows the second number.

    Raises
    ------
    ValueError
        If a share lies outside [0, 1].

    Examples
    --------
    >>> ScoreModel().recall, ScoreModel(place="lab").recall
    (0.6, 0.98)
    """

    lab_recall: float = 0.98
    """Share of the defects found under the laboratory's light."""
    factory_recall: float = 0.60
    """Share found in the factory."""
    false_reject_rate: float = 0.01
    """Share of the good parts rejected."""
    severity_effect: float = 0.0
    """How strongly recall depends on severity, as with people; recall then holds at severity .5."""
    place: str = "factory"
    """Where it works: ``"factory"`` or ``"lab"``."""

    def __post_init__(self) -> None:
        for name in ("lab_recall", "factory_recall", "false_reject_rate"):
            object.__setattr__(self, name, check_part("ScoreModel", name, getattr(self, name)))
        effect = check_number("ScoreModel", "severity_effect", self.severity_effect)
        object.__setattr__(self, "severity_effect", effect)
        if self.place not in ("factory", "lab"):
            raise ValueError(f"ScoreModel: place must be 'factory' or 'lab', got {told(self.place)}")

    @property
    def recall(self) -> float:
        """Share of the defects of severity .5 found where it works."""
        return self.factory_recall if self.place == "factory" else self.lab_recall

    def catches(self) -> tuple[np.ndarray, np.ndarray]:
        """Severities from .1 to 1, evenly, and the probability of finding each."""
        return _SEVERITIES, seen_share(self.recall, _SEVERITIES, effect=self.severity_effect)


@dataclass(frozen=True, eq=False, repr=False)
class PartScores(ModelInspector, ShortRepr):
    """A real model's probabilities on parts whose truth is known, and a threshold.

    Brings a trained network to the line: its hits and misses on a sample of the factory's parts, beside their
    severity, so that model and person miss the same faint defects together as they would.

    Raises
    ------
    ValueError
        If the arrays do not fit, there is no defect or no good part, or a number lies outside [0, 1].

    Examples
    --------
    >>> scores = PartScores(
    ...     probability=np.array([0.9, 0.2, 0.1, 0.0]), defective=np.array([True, True, False, False]),
    ...     severity=np.array([0.8, 0.3, 0.0, 0.0]), threshold=0.5)
    >>> scores.recall, scores.false_reject_rate
    (0.5, 0.0)
    """

    probability: np.ndarray
    """Probability of a defect, ``(n,)``."""
    defective: np.ndarray
    """Truth, ``(n,)``."""
    severity: np.ndarray
    """Severity, ``(n,)``; 0 for good parts."""
    threshold: float = 0.5
    """Rejects from this probability on."""

    def __post_init__(self) -> None:
        probability = np.asarray(self.probability, dtype=float)
        defective = np.asarray(self.defective, dtype=bool)
        severity = np.asarray(self.severity, dtype=float)
        if not probability.shape == defective.shape == severity.shape or probability.ndim != 1:
            shapes = (probability.shape, defective.shape, severity.shape)
            raise ValueError(f"PartScores: probability, defective and severity must be (n,), got {shapes}")
        if not defective.any() or defective.all():
            raise ValueError("PartScores: needs at least one defective and one good part")
        for name, values in (("probability", probability), ("severity", severity)):
            if not np.all((values >= 0) & (values <= 1)):
                raise ValueError(f"PartScores: {name} must lie between 0 and 1")
            object.__setattr__(self, name, values)
        object.__setattr__(self, "defective", defective)
        object.__setattr__(self, "threshold", check_part("PartScores", "threshold", self.threshold))

    @classmethod
    def of(cls, probability_of: Callable[[Any], np.ndarray], parts: Any, *, threshold: float) -> PartScores:
        """Ask a model: called with the parts, which know ``is_defective`` and ``severity``."""
        return cls(np.asarray(probability_of(parts)), parts.is_defective, parts.severity, threshold)

    @property
    def rejected(self) -> np.ndarray:
        """Which parts it rejects, ``(n,)``."""
        return self.probability >= self.threshold

    @property
    def recall(self) -> float:
        """Share of the defects that it finds."""
        return float(self.rejected[self.defective].mean())

    @property
    def false_reject_rate(self) -> float:
        """Share of the good parts that it rejects."""
        return float(self.rejected[~self.defective].mean())

    def catches(self) -> tuple[np.ndarray, np.ndarray]:
        """Severities of the defects, and 1 where one is found."""
        return self.severity[self.defective], self.rejected[self.defective].astype(float)
