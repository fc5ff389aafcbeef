"""Erlang's formula against its definition in exact fractions, and the simulator against the formula."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln, logsumexp

from coursekit.cases.er_beds import City, Hospital, StayDistribution, erlang_b, simulate, single
from coursekit.cases.er_beds.erlang import beds_needed


def _exact(load: Fraction, beds: int) -> Fraction:
    terms = [Fraction(1)]
    for k in range(1, beds + 1):
        terms.append(terms[-1] * load / k)
    return terms[-1] / sum(terms)


@given(st.fractions(min_value=Fraction(1, 100), max_value=90, max_denominator=100), st.integers(1, 80))
@settings(max_examples=60, deadline=None)
def test_it_is_the_definition(load, beds):
    assert math.isclose(erlang_b(float(load), beds), float(_exact(load, beds)), rel_tol=1e-12)


def test_the_published_value_and_the_limits():
    assert round(erlang_b(27, 30), 5) == 0.08188
    assert erlang_b(0, 5) == 0 and math.isclose(erlang_b(1e9, 5), 1, rel_tol=1e-8)
    loads = np.linspace(1, 400, 50)
    many = erlang_b(loads, 264)
    assert many.shape == loads.shape and (np.diff(many) > 0).all()
    assert np.allclose(many, [erlang_b(load, 264) for load in loads], rtol=1e-13)
    assert np.array_equal(erlang_b(loads.reshape(2, 5, 5), 264), many.reshape(2, 5, 5))


@pytest.mark.parametrize(("load", "beds"), [(256, 264), (400, 264), (50, 264), (264, 1_000)])
def test_large_rooms_are_the_definition(load, beds):
    """Factorials of 264 overflow a float; fractions have no such end, and B may be as small as 1e-100."""
    assert math.isclose(erlang_b(load, beds), float(_exact(Fraction(load), beds)), rel_tol=1e-12)


@pytest.mark.parametrize(("load", "beds"), [(5_000, 5_000), (99_000, 98_000), (20_000, 21_000)])
def test_cities_of_beds_are_the_definition_in_logarithms(load, beds):
    k = np.arange(beds + 1)
    terms = k * math.log(load) - gammaln(k + 1)
    # the terms are near 1e6, where doubles are 1e-10 apart; two such numbers are subtracted
    assert math.isclose(erlang_b(load, beds), math.exp(terms[-1] - logsumexp(terms)), rel_tol=1e-8)


@given(st.floats(0.01, 400), st.floats(1.01, 2), st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_more_patients_are_refused_more_and_more_beds_refuse_fewer(load, factor, beds):
    blocked = erlang_b(load, beds)
    assert 0 <= erlang_b(load, beds + 1) <= blocked <= erlang_b(load * factor, beds) <= 1


@given(st.floats(0.1, 200), st.floats(0.001, 0.5))
@settings(max_examples=60, deadline=None)
def test_beds_needed_is_the_smallest_number(load, blocking):
    beds = beds_needed(load, blocking=blocking)
    assert erlang_b(load, beds) <= blocking
    assert beds == 1 or erlang_b(load, beds - 1) > blocking


@pytest.mark.parametrize(("load", "beds"), [(1, 0), (1, -1), (1, 2.5), (-1, 3), (math.nan, 3), (math.inf, 3)])
def test_no_beds_and_no_load_are_refused(load, beds):
    with pytest.raises(ValueError, match=r"erlang_b: (beds|load)"):
        erlang_b(load, beds)


def _z(log, expected: float, *, parts: int = 40) -> float:
    """Deviations of the refused share from the expected one; parts of the log are nearly independent."""
    since = np.flatnonzero(log.called >= 0)
    lost = log.hospital[since] < 0
    share = np.array([part.mean() for part in np.array_split(lost, parts)])
    return (lost.mean() - expected) / (share.std(ddof=1) / math.sqrt(parts))


@pytest.mark.parametrize("load", [6, 15, 22, 27, 33, 45])
@pytest.mark.parametrize("shape", ["exponential", "lognormal", "deterministic"])
def test_one_room_refuses_what_erlang_says(load, shape):
    log = simulate(single(beds=max(8, load), load=load, shape=shape, mean_stay_hours=3), days=4_000, seed=11)
    # 18 values of a t distribution with 39 degrees of freedom: by chance, one table in 12 has one beyond 3
    assert abs(_z(log, erlang_b(load, max(8, load)))) < 3


@pytest.mark.parametrize("shape", ["exponential", "lognormal", "deterministic"])
def test_a_city_that_shares_all_beds_is_one_room(shape):
    stay = StayDistribution(shape, 3.0)
    beds = (3, 5, 2, 6, 4)
    rooms = [Hospital(str(h), float(h), 0.0, beds=b, stay=stay) for h, b in enumerate(beds)]
    town = City(rooms, transports_per_hour=18 / 3, minutes_per_km=0, refusal_minutes=0, steady=True)
    log = simulate(town, days=3_000, seed=5)  # five hospitals, and ambulances ask five
    assert abs(_z(log, erlang_b(18, sum(beds)))) < 3


def test_simpy_tells_the_same():
    """The same loss system as SimPy processes: both intervals cover Erlang's value and each other."""
    rng = np.random.default_rng(3)
    environment = simpy.Environment()
    room = {"free": 10, "came": 0, "lost": []}

    def patient():
        room["free"] -= 1
        yield environment.timeout(rng.exponential(3.0))
        room["free"] += 1

    def arrivals():
        while True:
            yield environment.timeout(rng.exponential(3.0 / 9.0))
            room["lost"].append(room["free"] == 0)
            if room["free"]:
                environment.process(patient())

    environment.process(arrivals())
    environment.run(until=24 * 800)
    lost = np.array(room["lost"][1000:])
    share = np.array([part.mean() for part in np.array_split(lost, 40)])
    spread = share.std(ddof=1) / math.sqrt(40)
    ours = simulate(single(beds=10, load=9, mean_stay_hours=3), days=800, seed=3)
    mine = (ours.hospital[ours.called >= 0] < 0).mean()
    assert abs(lost.mean() - erlang_b(9, 10)) < 3.6 * spread
    assert abs(lost.mean() - mine) < 3.6 * math.sqrt(2) * spread
