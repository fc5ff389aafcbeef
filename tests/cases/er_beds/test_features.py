"""Features know the past only, the table and the server agree, and nothing tells which hospital it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.cases.er_beds import city, simulate, single
from coursekit.cases.er_beds._replay import Replay
from coursekit.cases.er_beds.features import (
    CALENDAR_FEATURES,
    FEATURES,
    BedFeatures,
    features_at,
    point_in_time_features,
)

DAYS = 6
WORLDS = {
    "city": simulate(city(4, utilisation=0.9, seed=3), days=DAYS, seed=5),
    "covid": simulate(city(3, utilisation=0.9, seed=4), start="2020-02-17", days=DAYS, scenario="covid", seed=1),
    "one room": simulate(single(beds=6), days=DAYS, seed=2),  # nobody reports
}
worlds = pytest.mark.parametrize("log", WORLDS.values(), ids=WORLDS)


def column(features: BedFeatures, name: str) -> np.ndarray:
    """One feature as (times, hospitals)."""
    return features.take([name]).values.reshape(-1, features.hospital.max() + 1)


def moments(log, *minutes):
    return log.start + (60 * np.array(minutes, dtype=float)).astype("timedelta64[s]")


@worlds
def test_the_server_computes_the_same_numbers(log):
    """Bit for bit, at whole seconds of any kind."""
    rng = np.random.default_rng(0)
    times = moments(log, 0, 1440 * DAYS, *rng.uniform(0, 1440 * DAYS, 60))
    hospitals = len(log.city.hospitals)
    batch = point_in_time_features(log, times)
    for i, time in enumerate(times):
        hospital = int(rng.integers(hospitals))
        row = features_at(log, hospital, time)
        assert list(row) == list(FEATURES)
        np.testing.assert_array_equal(list(row.values()), batch.values[i * hospitals + hospital])


@worlds
@settings(max_examples=40, deadline=None)
@given(second=st.integers(0, 86400 * DAYS), earlier=st.lists(st.integers(0, 86400 * DAYS), max_size=5))
def test_a_log_without_a_future_gives_the_same_features(log, second, earlier):
    times = log.start + np.array([second, *(s for s in earlier if s <= second)]).astype("timedelta64[s]")
    np.testing.assert_array_equal(
        point_in_time_features(log.until(times[0]), times).values, point_in_time_features(log, times).values
    )


@settings(max_examples=40, deadline=None)
@given(minute=st.integers(0, 1440 * DAYS), seed=st.integers(0, 2**32))
def test_another_future_leaves_the_features_as_they_are(minute, seed):
    """Departures, reports and refusals that have not happened yet are replaced by others; later patients vanish."""
    log, rng = WORLDS["covid"], np.random.default_rng(seed)
    unknown = log.departed > minute
    later = log.report_minute > minute
    gone = log.called > minute
    other = replace(
        log,
        departed=np.where(unknown, minute + rng.exponential(500, unknown.size) + 1e-9, log.departed),
        report_value=np.where(later, rng.integers(-9, 9, later.size), log.report_value),
        hospital=np.where(gone, -1, log.hospital),
        arrived=np.where(gone, np.nan, log.arrived),
        refused_minute=np.minimum(log.refused_minute, minute),
    )
    times = moments(log, minute, minute // 2, 0)
    np.testing.assert_array_equal(
        point_in_time_features(other, times).values, point_in_time_features(log, times).values
    )


def test_more_days_and_another_policy_leave_the_features_as_they_are():
    log = WORLDS["city"]
    longer = simulate(log.city, days=DAYS + 3, seed=log.seed)
    times = log.every(47)
    now = point_in_time_features(log, times).values
    np.testing.assert_array_equal(point_in_time_features(longer, times).values, now)

    replay = Replay(log.city, log.demand, start=log.start, truth=log.truth, tries=5)
    turn = 1440.0 * 3
    replay.advance(turn)
    replay.advance(1440.0 * DAYS, clairvoyant=True)
    other = point_in_time_features(replace(log, **replay.columns()), times).values
    before = np.repeat(log.minutes(times) <= turn, 4)
    np.testing.assert_array_equal(other[before], now[before])
    assert not np.array_equal(other[~before], now[~before], equal_nan=True)  # the policy does change what follows


@worlds
def test_columns_are_what_the_log_says(log):
    times = np.sort(moments(log, *np.random.default_rng(1).uniform(0, 1440 * DAYS, 120)))
    features = point_in_time_features(log, times)
    reported = log.reported(times)
    np.testing.assert_array_equal(column(features, "beds_left"), reported.value)
    np.testing.assert_array_equal(column(features, "report_age_minutes"), reported.age_minutes)
    unknown = np.isnan(reported.value)
    np.testing.assert_array_equal(column(features, "report_missing")[~unknown], reported.value[~unknown] == -1)
    assert np.isnan(column(features, "report_missing")[unknown]).all()
    # a number, and whoever came and went since, gives the beds left in truth
    number = ~np.isnan(column(features, "last_number"))
    np.testing.assert_array_equal(column(features, "beds_left_updated")[number], log.beds_left(times)[number])
    assert number.any() != log.city.steady
    hours = pd.Timedelta(hours=1)
    visits = log.to_frame()
    for i in (0, 50, -1):
        for h, name in enumerate(log.city.names):
            ages = log.stay_ages(times[i], hospital=h)
            assert column(features, "oldest_stay_hours")[i, h] == max(ages, default=0)
            # the sum of n numbers added in another order: n roundings of at most half an ulp of the sum each
            mean = ages.mean() if ages.size else 0
            np.testing.assert_allclose(column(features, "mean_stay_hours")[i, h], mean, rtol=ages.size * 2**-52)
            assert column(features, "stays_over_12h")[i, h] == (ages >= 12).sum()
            if log.minutes(times)[i] < 60:
                continue
            # the table floors to seconds, so an event in the second of the moment or of an hour before may differ
            for event, feature in (("arrived", "arrivals_last_hour"), ("departed", "departures_last_hour")):
                when = visits.loc[visits["hospital"] == name, event]
                now = pd.Timestamp(times[i])
                surely = ((when > now - hours) & (when < now)).sum()
                perhaps = ((when >= now - hours) & (when <= now)).sum()
                assert surely <= column(features, feature)[i, h] <= perhaps


def test_trend_is_the_change_of_the_reported_number_within_an_hour():
    log = WORLDS["city"]
    times = log.every(31, start=log.start + np.timedelta64(3600, "s"))
    entered = replace(log, report_minute=log.report_minute[log.report_value != -1],
                      report_hospital=log.report_hospital[log.report_value != -1],
                      report_value=log.report_value[log.report_value != -1])  # fmt: skip
    change = entered.reported(times).value - entered.reported(times - np.timedelta64(3600, "s")).value
    np.testing.assert_array_equal(column(point_in_time_features(log, times), "occupancy_trend"), change)


def with_reports(log, reports):
    minutes, values = np.array(reports, dtype=float).reshape(-1, 2).T
    return replace(
        log,
        report_minute=minutes,
        report_value=values.astype(int),
        report_hospital=np.zeros(minutes.size, int),
        report_entered=np.ones(minutes.size, bool),
    )


def test_reports_by_hand():
    """Nothing before the first; -1 is passed on, and the last number kept beside it; a report counts at its moment."""
    log = with_reports(WORLDS["one room"], [(100, 4), (130, 3), (165, -1), (400, -2)])
    features = point_in_time_features(log, moments(log, 99, 100, 129, 161, 165, 170, 400))
    nan = np.nan
    expected = {
        "beds_left": [nan, 4, 4, 3, -1, -1, -2],
        "report_age_minutes": [nan, 0, 29, 31, 0, 5, 0],
        "report_missing": [nan, 0, 0, 0, 1, 1, 0],
        "last_number": [nan, 4, 4, 3, 3, 3, -2],
        "occupancy_trend": [nan, nan, nan, -1, -1, -1, -5],
    }
    for name, values in expected.items():
        np.testing.assert_array_equal(column(features, name).ravel(), values, err_msg=name)
    assert np.isnan(column(features, "beds_left_updated")[0, 0])
    only = point_in_time_features(with_reports(log, [(100, -1)]), moments(log, 200))
    assert column(only, "beds_left").item() == -1
    assert np.isnan(column(only, "last_number")).all() and np.isnan(column(only, "beds_left_updated")).all()


def test_nan_only_where_reports_are_missing_and_nobody_is_zero_hours_old():
    log = WORLDS["one room"]
    empty = replace(log, hospital=np.full_like(log.hospital, -1))
    features = point_in_time_features(empty, log.every(60))
    from_reports = ("beds_left", "report_age_minutes", "report_missing", "last_number", "occupancy_trend")
    for name in FEATURES:
        assert np.isnan(column(features, name)).all() == (name in (*from_reports, "beds_left_updated")), name
    for name in ("oldest_stay_hours", "mean_stay_hours", "stays_over_12h", "arrivals_last_hour"):
        assert (column(features, name) == 0).all()


@pytest.mark.parametrize("start", ["2019-01-25", "2020-02-20T07:30", "2021-08-10", "2020-12-29"])
def test_the_clock_is_pandas_clock(start):
    log = simulate(city(1), start=start, days=8)
    times = log.every(17)
    clock = pd.DatetimeIndex(times)
    features = point_in_time_features(log, times)
    for name, expected in zip(CALENDAR_FEATURES, (clock.day_of_week, clock.hour, clock.month, clock.day), strict=True):
        np.testing.assert_array_equal(column(features, name).ravel(), expected)


@pytest.mark.parametrize(
    ("day", "holiday"),
    [
        ("2019-02-05", True), ("2019-05-06", True), ("2019-09-13", True), ("2019-12-25", True),
        ("2020-01-27", True), ("2020-04-15", True), ("2020-08-17", True), ("2020-10-01", True),
        ("2021-02-12", True), ("2021-08-16", True), ("2021-10-04", True),
        ("2019-03-04", False), ("2020-08-18", False), ("2021-08-17", False), ("2019-02-10", False),
    ],
)  # fmt: skip
def test_korean_holidays_are_known(day, holiday):
    """New year by the moon, substitutes, an election, the one-off of August 2020; plain Sundays are none."""
    log = simulate(single(beds=2), start=day, days=1)
    times = np.array([day, f"{day}T23:59:59"], dtype="datetime64[s]")
    assert (column(point_in_time_features(log, times), "is_holiday") == holiday).all()


def test_rows_are_time_major_in_the_order_asked_for():
    log, rng = WORLDS["city"], np.random.default_rng(2)
    times = log.every(61)
    features = point_in_time_features(log, times)
    assert features.names == FEATURES and features.values.shape == (4 * times.size, len(FEATURES))
    np.testing.assert_array_equal(features.hospital, np.tile(np.arange(4), times.size))
    np.testing.assert_array_equal(features.time, np.repeat(times, 4))
    np.testing.assert_array_equal(column(features, "beds"), np.tile(log.city.beds, (times.size, 1)))
    shuffled = rng.integers(times.size, size=300)  # some twice
    again = point_in_time_features(log, times[shuffled])
    np.testing.assert_array_equal(
        again.values.reshape(300, 4, -1), features.values.reshape(-1, 4, len(FEATURES))[shuffled]
    )
    assert point_in_time_features(log, times[:0]).values.shape == (0, len(FEATURES))
    assert point_in_time_features(log, times[3]).values.shape == (4, len(FEATURES))


@worlds
def test_a_moment_asked_for_alone_gives_the_row_of_the_table(log):
    """Also long after the last report, when whoever came and went since then still counts."""
    log = with_reports(log, [(100, 4), (2000, 3)])
    times = log.every(173)
    table = point_in_time_features(log, times).values.reshape(times.size, -1)
    for time, row in zip(times, table, strict=True):
        np.testing.assert_array_equal(point_in_time_features(log, [time]).values.ravel(), row)


def test_nothing_tells_which_hospital_it_is():
    """Hospitals in another order give the same rows in that order, and another city the same columns."""
    log, times = WORLDS["city"], WORLDS["city"].every(120)
    position = np.array([2, 0, 3, 1])  # where each hospital goes
    rooms = tuple(log.city.hospitals[h] for h in np.argsort(position))
    moved = replace(
        log,
        city=replace(log.city, hospitals=rooms),
        hospital=np.where(log.hospital < 0, -1, position[log.hospital]),
        report_hospital=position[log.report_hospital],
    )
    rows = point_in_time_features(log, times).values.reshape(-1, 4, len(FEATURES))
    np.testing.assert_array_equal(point_in_time_features(moved, times).values.reshape(rows.shape)[:, position], rows)
    assert point_in_time_features(WORLDS["covid"], WORLDS["covid"].every(600)).names == FEATURES
    assert not {"hospital", "name", "x_km", "y_km"} & set(FEATURES)


def test_columns_and_rows_can_be_chosen():
    log = WORLDS["city"]
    features = point_in_time_features(log, log.every(300))
    some = features.take(["hour", "beds"])
    assert some.names == ("hour", "beds")
    np.testing.assert_array_equal(some.values[:, 0], features.values[:, FEATURES.index("hour")])
    assert features.take("beds").names == ("beds",)
    with pytest.raises(ValueError, match="no feature is called 'departed'; there are day_of_week"):
        features.take(["hour", "departed"])
    first = features.rows(features.hospital == 0)
    assert (first.hospital == 0).all() and len(first.time) == len(first.values) == len(features.values) // 4
    table = features.to_frame()
    assert list(table.columns) == ["time", "hospital", *FEATURES]
    np.testing.assert_array_equal(table["beds_left"], features.take(["beds_left"]).values[:, 0])
    assert "<float64" in repr(features)


def test_moments_and_hospitals_that_do_not_exist_are_refused():
    log = WORLDS["city"]
    for ask in (lambda time: point_in_time_features(log, [time]), lambda time: features_at(log, 0, time)):
        with pytest.raises(ValueError, match="lies outside of the log"):
            ask("2019-02-28T23:59")
        with pytest.raises(ValueError, match="lies outside of the log"):
            ask("2019-03-07T00:01")
    for hospital in (-1, 4, 0.5):
        with pytest.raises(ValueError, match="features_at: hospital must be a whole number"):
            features_at(log, hospital, "2019-03-02")
    with pytest.raises(ValueError, match="a single moment, got 2 of them"):
        features_at(log, 0, log.every(60)[:2])
