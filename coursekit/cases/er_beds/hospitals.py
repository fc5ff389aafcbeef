"""Hospitals of a city, and the roads between an ambulance and them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit._number_checks import check_number, check_whole
from coursekit.cases.er_beds.stays import StayDistribution

SPECIALTIES = ("general", "cardiac", "trauma", "paediatric")
"""What a patient needs; somebody for the first is always there."""
SPECIALTY_SHARES = (0.70, 0.12, 0.10, 0.08)
"""How many of the transported patients need each of them."""
_MOST_HOSPITALS = 64
_AMBULANCE_SHARE = 0.2
_NAMES = "가나다라마바사아자차카타파하"


@dataclass(frozen=True)
class Hospital:
    """One emergency room: where it is, its beds, its patients, and how it reports.

    Raises
    ------
    ValueError
        If there is no bed, a number is negative or no number, or a share lies outside [0, 1].

    Examples
    --------
    >>> Hospital("A", beds=30, walk_ins_per_hour=4.0).beds
    30
    >>> Hospital("A", beds=0)
    Traceback (most recent call last):
    ...
    ValueError: Hospital A: beds must be a whole number of at least 1, got 0
    """

    name: str
    """Name shown."""
    x_km: float = 0.0
    """Place, east."""
    y_km: float = 0.0
    """Place, north."""
    beds: int = 30
    """Baseline beds, which the feed calls ``hvs01``."""
    overflow: int = 0
    """Walk-in patients who may wait in corridors when all beds are taken; ambulances are refused then."""
    walk_ins_per_hour: float = 0.0
    """Mean arrivals an hour besides ambulances."""
    stay: StayDistribution = field(default_factory=StayDistribution)
    """How long patients stay."""
    on_duty: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    """Share of 12-hour shifts in which somebody of each of the `SPECIALTIES` is there."""
    report_minutes: float = 15.0
    """Mean minutes between two reports of the beds left."""
    missing_share: float = 0.0
    """Share of reports in which the number was not entered and -1 is sent."""

    def __post_init__(self) -> None:
        where = f"Hospital {self.name}"
        check_whole(where, "beds", self.beds, low=1)
        check_whole(where, "overflow", self.overflow)
        check_number(where, "walk_ins_per_hour", self.walk_ins_per_hour)
        check_number(where, "report_minutes", self.report_minutes, above=True)
        if len(self.on_duty) != len(SPECIALTIES):
            raise ValueError(f"{where}: on_duty needs a share for each of {', '.join(SPECIALTIES)}")
        for name, share in (("missing_share", self.missing_share), *(("on_duty", share) for share in self.on_duty)):
            if not 0 <= share <= 1:
                raise ValueError(f"{where}: {name} must lie in [0, 1], got {share}")


@dataclass(frozen=True)
class City:
    """Hospitals and the ambulances between them.

    Raises
    ------
    ValueError
        If there is no hospital or more than 64, two share a name, or a number is negative.
    """

    hospitals: tuple[Hospital, ...]
    """The emergency rooms."""
    transports_per_hour: float = 0.0
    """Mean calls for an ambulance an hour in the whole city."""
    side_km: float = 20.0
    """Patients call from anywhere in a square of this side."""
    minutes_per_km: float = 2.5
    """Driving time."""
    refusal_minutes: float = 5.0
    """Minutes that pass at a door which stays closed."""
    steady: bool = False
    """Arrivals at a constant rate, as queueing theory assumes, instead of by hour, weekday, season and chance."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hospitals", tuple(self.hospitals))
        if not 1 <= len(self.hospitals) <= _MOST_HOSPITALS:
            raise ValueError(f"City: give 1 to {_MOST_HOSPITALS} hospitals, got {len(self.hospitals)}")
        names = [hospital.name for hospital in self.hospitals]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"City: two hospitals are called {sorted(twice)[0]!r}; give each a name of its own")
        for name in ("transports_per_hour", "side_km", "minutes_per_km", "refusal_minutes"):
            check_number("City", name, getattr(self, name))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the hospitals in their order."""
        return tuple(hospital.name for hospital in self.hospitals)

    @property
    def beds(self) -> np.ndarray:
        """Baseline beds of each hospital, shape (hospitals,)."""
        return np.array([hospital.beds for hospital in self.hospitals])

    def travel_minutes(self, x_km: ArrayLike, y_km: ArrayLike) -> np.ndarray:
        """Minutes from places to every hospital, shape (n, hospitals).

        Parameters
        ----------
        x_km, y_km
            Places, shape (n,) or single numbers.
        """
        places = np.column_stack([np.atleast_1d(x_km), np.atleast_1d(y_km)]).astype(float)
        doors = np.array([(hospital.x_km, hospital.y_km) for hospital in self.hospitals])
        return self.minutes_per_km * np.hypot(*np.moveaxis(places[:, None] - doors[None], 2, 0))

    def to_frame(self) -> pd.DataFrame:
        """One row per hospital: place, beds, arrivals, stay, how it reports."""
        rows = [
            (h.name, h.x_km, h.y_km, h.beds, h.overflow, h.walk_ins_per_hour, h.stay.shape, h.stay.mean_hours,
             h.report_minutes, h.missing_share)
            for h in self.hospitals
        ]  # fmt: skip
        columns = ["name", "x_km", "y_km", "beds", "overflow", "walk_ins_per_hour", "stay", "mean_stay_hours"]
        return pd.DataFrame(rows, columns=[*columns, "report_minutes", "missing_share"]).set_index("name")

    def plot(self) -> go.Figure:
        """The map: a circle per hospital, as large as its beds are many."""
        table = self.to_frame()
        figure = go.Figure(layout={"title": "도시의 응급실", "height": 460})
        figure.add_scatter(
            x=table["x_km"],
            y=table["y_km"],
            mode="markers+text",
            text=[f"{name} ({beds})" for name, beds in table["beds"].items()],
            textposition="top center",
            marker_size=10 + 0.6 * table["beds"],
            showlegend=False,
        )
        figure.update_xaxes(title="동서 (km)", range=[-1, self.side_km + 1])
        figure.update_yaxes(title="남북 (km)", range=[-1, self.side_km + 2], scaleanchor="x")
        return figure


def city(hospitals: int = 10, *, utilisation: float = 0.75, seed: int = 0) -> City:
    """A city of emergency rooms that differ as real ones do.

    Beds from 16 to 45; a mean stay near the national 6.7 hours, but of up to a day in the slowest
    hospital; a fifth of the patients comes by ambulance; specialists are on duty in some shifts; some
    hospitals report every few minutes, others once in an hour.

    Parameters
    ----------
    hospitals
        How many, 1 to 14.
    utilisation
        Offered load over beds, averaged over the hospitals.
    seed
        Seed of the city; the world's own seed is given to ``simulate``.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> town = city(5, seed=1)
    >>> town.names
    ('가병원', '나병원', '다병원', '라병원', '마병원')
    """
    check_whole("city", "hospitals", hospitals, low=1, high=len(_NAMES))
    check_number("city", "utilisation", utilisation, above=True)
    rng = np.random.default_rng([check_whole("city", "seed", seed), 77])
    places = _places(rng, hospitals)
    beds = rng.integers(16, 46, hospitals)
    stay = np.clip(6.7 * np.exp(0.35 * rng.standard_normal(hospitals)), 3.5, 24.0)
    busy = 1 + 0.12 * rng.standard_normal(hospitals)
    load = utilisation * np.clip(busy / busy.mean(), 0.75, 1.25) * beds
    duty = np.clip(0.2 + beds[:, None] / 90 + 0.1 * rng.standard_normal((hospitals, 3)), 0.15, 0.95)
    reports, missing = rng.uniform(6, 40, hospitals), rng.uniform(0.01, 0.08, hospitals)
    rooms = tuple(
        Hospital(
            name=f"{_NAMES[h]}병원",
            x_km=round(float(places[h, 0]), 2),
            y_km=round(float(places[h, 1]), 2),
            beds=int(beds[h]),
            overflow=round(0.2 * beds[h]),
            walk_ins_per_hour=float((1 - _AMBULANCE_SHARE) * load[h] / stay[h]),
            stay=StayDistribution("mixed", float(stay[h])),
            on_duty=(1.0, *map(float, duty[h])),
            report_minutes=float(reports[h]),
            missing_share=float(missing[h]),
        )
        for h in range(hospitals)
    )
    return City(rooms, transports_per_hour=float(_AMBULANCE_SHARE * (load / stay).sum()))


def _places(rng: np.random.Generator, n: int) -> np.ndarray:
    """Places spread over the city: each the farthest from those before among eight drawn ones."""
    places = np.array([[10.0, 10.0]])
    for _ in range(n - 1):
        drawn = np.clip(10 + 5.5 * rng.standard_normal((8, 2)), 1, 19)
        nearest = np.hypot(*np.moveaxis(drawn[:, None] - places[None], 2, 0)).min(axis=1)
        places = np.vstack([places, drawn[nearest.argmax()]])
    return places


def single(
    *,
    beds: int = 30,
    load: float | None = None,
    mean_stay_hours: float = 6.7,
    shape: str = "exponential",
    spread: float | None = None,
    overflow: int = 0,
    steady: bool = True,
) -> City:
    r"""One emergency room with walk-in patients only: the loss system of queueing theory.

    The smallest world in which a label can be put to the test, and the one whose blocking is known
    exactly: with arrivals at a constant rate it is Erlang's, whatever the shape of the stay.

    Parameters
    ----------
    beds
        Beds.
    load
        Offered load in erlangs, arrivals an hour times mean stay; None for .9 of the beds.
    mean_stay_hours
        Mean length of stay.
    shape
        Shape of the stay, one of `STAY_SHAPES`.
    spread
        Spread of the stay; None for the shape's own.
    overflow
        Patients beyond the beds.
    steady
        Arrivals at a constant rate; False for hours, weekdays, seasons and chance.

    Raises
    ------
    ValueError
        If a number is out of range or the shape is unknown.

    Examples
    --------
    >>> single(beds=30, load=27, mean_stay_hours=9).hospitals[0].walk_ins_per_hour
    3.0
    """
    check_whole("single", "beds", beds, low=1)
    erlangs = 0.9 * beds if load is None else check_number("single", "load", load)
    stay = StayDistribution(shape, mean_stay_hours, spread)
    room = Hospital(
        "가병원", 10.0, 10.0, beds=beds, overflow=overflow, walk_ins_per_hour=erlangs / mean_stay_hours, stay=stay
    )
    return City((room,), steady=steady)
