"""What changes in a world, and from when: the truth that comes with a log."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SCENARIOS = ("normal", "covid", "covid_arrivals", "covid_wards")
"""Worlds that can be simulated; the last two hold one of the pandemic's two changes each."""
LENT_SHARE = 0.25
"""Ward beds lent to the emergency room in ``"covid"``, as a share of its own beds."""


@dataclass(frozen=True)
class Change:
    """A planted change of the world."""

    kind: str
    """``"data"`` if inputs move, ``"concept"`` if the same inputs mean something else."""
    start: np.datetime64
    """First moment."""
    description: str
    """What happens."""
    magnitude: float
    """Peak arrivals over the usual ones for ``"data"``, ward beds over own beds for ``"concept"``."""


def planted_changes(scenario: str, *, start: np.datetime64, days: int) -> tuple[Change, ...]:
    """The changes of a scenario, which begin after a third of the days.

    A detector can only be scored, and a lecture only be believed, if the moment of the change is known.

    Parameters
    ----------
    scenario
        One of `SCENARIOS`.
    start
        First moment of the log.
    days
        Days of the log.

    Raises
    ------
    ValueError
        If the scenario is unknown.

    Examples
    --------
    >>> [change.kind for change in planted_changes("covid", start=np.datetime64("2020-01-01"), days=90)]
    ['data', 'concept']
    >>> planted_changes("flood", start=np.datetime64("2020-01-01"), days=90)
    Traceback (most recent call last):
    ...
    ValueError: simulate: scenario must be one of normal, covid, covid_arrivals, covid_wards, got 'flood'
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"simulate: scenario must be one of {', '.join(SCENARIOS)}, got {scenario!r}")
    if scenario == "normal":
        return ()
    begins = (start + np.timedelta64(days // 3, "D")).astype("datetime64[s]")
    arrivals = "arrivals leave weekday, holiday and season, and follow a case curve"
    wards = "wards lend beds: patients are accepted although no bed of its own is left"
    data = Change("data", begins, arrivals, float(case_curve(np.array([30.0]))[0]))
    concept = Change("concept", begins, wards, LENT_SHARE)
    return {"covid": (data, concept), "covid_arrivals": (data,), "covid_wards": (concept,)}[scenario]


def case_curve(days_since: np.ndarray) -> np.ndarray:
    """Arrivals over the usual ones, so many days after the pandemic began: waves of 60 days.

    The curve stands in for a count of confirmed cases: a feature that a model of before did not need.

    Parameters
    ----------
    days_since
        Days since the beginning, shape (n,).

    Examples
    --------
    >>> case_curve(np.array([0.0, 30.0, 60.0])).round(2).tolist()
    [0.75, 1.45, 0.75]
    """
    return 0.75 + 0.35 * (1 - np.cos(2 * np.pi * np.asarray(days_since, dtype=float) / 60))
