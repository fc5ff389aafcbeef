"""What can change in the world of card payments, when, and how strongly: the planted truth."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from coursekit.cases.fraud._dates import as_date

SCENARIOS = ("stable", "gradual", "seasonal", "covid", "vanishing_feature")
"""Names that ``simulate(scenario=)`` takes; all but the first are kinds of `Drift`."""

_DEFAULT_MAGNITUDE = {"gradual": 1.0, "seasonal": 1.0, "covid": 3.0, "vanishing_feature": 1.0}
_FEATURES = {
    "gradual": ("amount",),
    "seasonal": ("online", "amount", "country"),
    "covid": ("online", "country"),
}
_CONCEPT = ("gradual", "covid")


@dataclass(frozen=True)
class Drift:
    """One change of the world: an order to the simulator before, the truth about it afterwards.

    A detector can only be scored where the change is known. What is left None here is filled
    in by ``simulate`` and stands in ``world.truth``.

    Examples
    --------
    >>> Drift("covid", start="2020-02-01", magnitude=2).kind
    'covid'
    """

    kind: str
    """``gradual`` (fraudsters come to look like customers, prices creep up), ``seasonal`` (a holiday
    season), ``covid`` (online multiplies, travel and shops empty, fraud moves online) or
    ``vanishing_feature`` (a field of the feed arrives empty)."""
    start: str | datetime.date | None = None
    """First day of the change; None takes the first of the month nearest to 60% of the days, for a season
    the first of December if that is simulated."""
    magnitude: float | None = None
    """covid: how many times as many online purchases (default 3). gradual, seasonal: strength, 1 by default.
    vanishing_feature: share of the values that goes missing, 1 by default."""
    ramp_days: int | None = None
    """Days from the first sign to the full change; 0 is sudden. None: gradual takes all days that are left,
    seasonal a week, the others 0."""
    duration: int | None = None
    """Days until the change ends; None stays for good, except that a season lasts 35 days."""
    feature: str = "country"
    """The field that vanishes: ``country`` or ``category``. Only read for ``vanishing_feature``."""

    def __post_init__(self) -> None:
        if self.kind not in _DEFAULT_MAGNITUDE:
            raise ValueError(f"unknown kind of drift {self.kind!r}; choose one of {', '.join(_DEFAULT_MAGNITUDE)}")
        if self.magnitude is not None and not (np.isfinite(self.magnitude) and self.magnitude > 0):
            raise ValueError(f"magnitude must be above 0, got {self.magnitude}; leave the drift out for none")
        if self.kind == "vanishing_feature" and (self.magnitude or 1) > 1:
            raise ValueError(f"a vanishing feature loses a share between 0 and 1, got magnitude {self.magnitude}")
        if self.feature not in ("country", "category"):
            raise ValueError(f"feature must be 'country' or 'category', got {self.feature!r}")
        for name, low in (("ramp_days", 0), ("duration", 1)):
            value = getattr(self, name)
            if value is not None and value < low:
                raise ValueError(f"{name} must be at least {low}, got {value}")

    @property
    def features(self) -> tuple[str, ...]:
        """Fields of the log whose distribution moves."""
        return (self.feature,) if self.kind == "vanishing_feature" else _FEATURES[self.kind]

    @property
    def changes_concept(self) -> bool:
        """Whether what fraud looks like changes too, not only what is common."""
        return self.kind in _CONCEPT

    @property
    def start_date(self) -> np.datetime64:
        """First day of the change as a date; known once simulated."""
        if self.start is None:
            raise ValueError("the first day is chosen by simulate(); read it from world.truth or pass start=")
        return as_date(self.start, "start")

    def strength(self, dates: np.ndarray) -> np.ndarray:
        """How complete the change is on each date, 0 (not begun) to 1.

        Parameters
        ----------
        dates
            Dates, shape (days,), datetime64[D].
        """
        since = (dates - self.start_date).astype(np.int64)
        ramp = self.ramp_days or 0
        risen = np.clip((since + 1) / (ramp + 1), 0, 1)
        if self.duration is None:
            return risen
        left = np.clip((self.duration - since) / (ramp + 1), 0, 1)
        return np.minimum(risen, left)


def planted_drifts(scenario: str | Drift | Sequence[Drift], *, start: np.datetime64, days: int) -> tuple[Drift, ...]:
    """Turn a scenario's name, a drift or several into drifts with every blank filled in.

    One name is enough in a lecture, a list in an experiment; either way the truth that is
    attached to the world is complete.

    Parameters
    ----------
    scenario
        A name of `SCENARIOS`, a `Drift`, or a sequence of them.
    start
        First simulated day.
    days
        Simulated days.

    Raises
    ------
    ValueError
        If the name is unknown, an element is no `Drift`, or a drift begins outside the simulated days.

    Examples
    --------
    >>> drift, = planted_drifts("covid", start=np.datetime64("2019-09-01"), days=183)
    >>> drift.start_date, drift.magnitude
    (np.datetime64('2020-01-01'), 3.0)
    """
    if isinstance(scenario, str):
        if scenario not in SCENARIOS:
            raise ValueError(f"unknown scenario {scenario!r}; choose one of {', '.join(SCENARIOS)}, or pass a Drift")
        scenario = [] if scenario == "stable" else Drift(scenario)
    drifts = [scenario] if isinstance(scenario, Drift) else list(scenario)
    for drift in drifts:
        if not isinstance(drift, Drift):
            raise ValueError(f"a scenario holds Drift objects, got {drift!r}; write Drift({drift!r}) for a name")
    return tuple(_filled(drift, start, days) for drift in drifts)


def _filled(drift: Drift, start: np.datetime64, days: int) -> Drift:
    end = start + days
    first = _default_start(drift.kind, start, days) if drift.start is None else as_date(drift.start, "start")
    if not start <= first < end:
        raise ValueError(f"the drift {drift.kind!r} starts on {first}, but only {start} to {end - 1} are simulated")
    ramp = {"gradual": int((end - first).astype(np.int64)) - 1, "seasonal": 7}.get(drift.kind, 0)
    return replace(
        drift,
        start=first.astype(datetime.date),
        magnitude=float(drift.magnitude or _DEFAULT_MAGNITUDE[drift.kind]),
        ramp_days=ramp if drift.ramp_days is None else drift.ramp_days,
        duration=35 if drift.duration is None and drift.kind == "seasonal" else drift.duration,
    )


def _default_start(kind: str, start: np.datetime64, days: int) -> np.datetime64:
    dates = start + np.arange(days)
    firsts = dates[dates == dates.astype("datetime64[M]").astype("datetime64[D]")]
    decembers = firsts[firsts.astype("datetime64[M]").astype(np.int64) % 12 == 11]
    if kind == "seasonal" and decembers.size:
        return decembers[0]
    aim = start + int(0.6 * days)
    if not firsts.size:
        return aim
    return firsts[np.argmin(np.abs((firsts - aim).astype(np.int64)))]
