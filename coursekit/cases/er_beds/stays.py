"""How long patients stay in an emergency room."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from coursekit._number_checks import check_number
from coursekit.cases.er_beds._engine import stay_hours

STAY_SHAPES = ("exponential", "lognormal", "deterministic", "near_fixed", "mixed")
"""Shapes of the length of stay: without memory; a long tail; all alike; nearly alike (normal); most patients
treated and sent home, a quarter waiting long for a ward."""
_SPREADS = {"exponential": 0.0, "lognormal": 0.8, "deterministic": 0.0, "near_fixed": 2 / 36, "mixed": 0.6}


@dataclass(frozen=True)
class StayDistribution:
    r"""Distribution of the length of stay of one emergency room, in hours.

    A mean says little about when the next bed becomes free. With exponential stays a patient who has
    waited for 40 hours is as far from leaving as one who has just come; with nearly fixed stays the
    clock tells all. Which of these worlds a hospital lives in decides what a label can mean.

    Raises
    ------
    ValueError
        If the shape is unknown, or the mean or the spread is no finite number above 0.

    Examples
    --------
    >>> stay = StayDistribution("lognormal", mean_hours=6.7)
    >>> sample = stay.sample(np.random.default_rng(0), 100_000)
    >>> round(float(sample.mean()), 1)
    6.7
    """

    shape: str = "mixed"
    """One of `STAY_SHAPES`."""
    mean_hours: float = 6.7
    """Mean in hours, whatever the shape."""
    spread: float | None = None
    """Standard deviation of the logarithm (lognormal .8, mixed .6), or relative to the mean (near_fixed 1/18);
    None for these."""

    def __post_init__(self) -> None:
        if self.shape not in STAY_SHAPES:
            raise ValueError(f"StayDistribution: shape must be one of {', '.join(STAY_SHAPES)}, got {self.shape!r}")
        check_number("StayDistribution", "mean_hours", self.mean_hours, above=True)
        if self.spread is not None:
            check_number("StayDistribution", "spread", self.spread, above=True)

    @property
    def parameters(self) -> tuple[int, float, float]:
        """Position of the shape in `STAY_SHAPES`, mean and spread, as the simulator takes them."""
        spread = _SPREADS[self.shape] if self.spread is None else self.spread
        return STAY_SHAPES.index(self.shape), float(self.mean_hours), float(spread)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Draw n lengths of stay in hours, shape (n,).

        Parameters
        ----------
        rng
            Source of chance.
        n
            How many.
        """
        exponential, normal = rng.standard_exponential(n), rng.standard_normal(n)
        shape, mean, spread = self.parameters
        return np.array([stay_hours(shape, mean, spread, e, z) for e, z in zip(exponential, normal, strict=True)])

    def survival(self, hours: float) -> float:
        """Share of patients who stay longer than this.

        Parameters
        ----------
        hours
            Length of stay.
        """
        shape, mean, spread = self.parameters
        if shape == 0:
            return math.exp(-max(hours, 0.0) / mean)
        if shape == 2:
            return float(hours < mean)
        if shape == 3:
            return _upper((hours - mean) / (spread * mean))
        if hours <= 0:
            return 1.0
        parts = ((1.0, mean),) if shape == 1 else ((0.75, 0.5 * mean), (0.25, 2.5 * mean))
        return sum(share * _upper((math.log(hours / part) + spread**2 / 2) / spread) for share, part in parts)


def _upper(z: float) -> float:
    return 0.5 * math.erfc(z / math.sqrt(2))
