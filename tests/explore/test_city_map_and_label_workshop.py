"""The two rooms of week 2: what they draw is what they were given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coursekit.cases import er_beds
from coursekit.explore import city_map, label_workshop
from coursekit.explore.ambulances import no_bed_share

PLACES = pd.DataFrame({"x_km": [0.0, 10.0], "y_km": [0.0, 10.0], "beds": [3, 9]}, index=["가", "나"])
POLICIES = {"가까운 곳부터": "nearest"}


def _stops(tries: int) -> pd.DataFrame:
    """Three transports; the third is taken only where two hospitals may be asked."""
    rows = [
        (0, 0, 5.0, 1.0, 1.0, -1, "call"),
        (0, 1, 9.0, 0.0, 0.0, 0, "taken"),
        (1, 0, 70.0, 9.0, 9.0, -1, "call"),
        (1, 1, 75.0, 10.0, 10.0, 1, "taken"),
        (2, 0, 80.0, 2.0, 2.0, -1, "call"),
        (2, 1, 85.0, 0.0, 0.0, 0, "refused"),
    ]
    if tries > 1:
        rows.append((2, 2, 99.0, 10.0, 10.0, 1, "taken"))
    return pd.DataFrame(rows, columns=["transport", "stop", "minute", "x_km", "y_km", "hospital", "outcome"])


def _trace(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


def test_the_curve_holds_the_share_without_a_bed_for_each_limit():
    room = city_map(PLACES, lambda policy, tries: _stops(tries), policies=POLICIES, most_tries=3, hours=2)
    assert np.allclose(_trace(room.view.figure, "가까운 곳부터").y, [1 / 3, 0, 0])


def test_the_map_shows_the_calls_of_the_chosen_hour_alone():
    room = city_map(PLACES, lambda policy, tries: _stops(tries), policies=POLICIES, most_tries=2, hours=2)
    room.controls["hour"].value = 1
    found, lost = (_trace(room.view.figure, name) for name in ("자리를 찾음", "못 찾음"))
    assert list(found.x) == [9.0] and list(lost.x) == [2.0]
    room.controls["tries"].value = 2
    assert sorted(_trace(room.view.figure, "자리를 찾음").x) == [2.0, 9.0]
    assert list(_trace(room.view.figure, "이동").x) == [9.0, 10.0, None, 2.0, 0.0, 10.0, None]
    room.controls["hour"].value = 0
    assert list(_trace(room.view.figure, "자리를 찾음").x) == [1.0]


def test_each_pair_of_policy_and_limit_is_played_once():
    asked = []

    def play(policy, tries):
        asked.append((policy, tries))
        return _stops(tries)

    room = city_map(PLACES, play, policies=POLICIES, most_tries=2, hours=2)
    room.controls["hour"].value = 0
    room.controls["tries"].value = 2
    assert sorted(asked) == [("nearest", 1), ("nearest", 2)]


def test_real_routes_fit_the_map():
    log = er_beds.simulate(er_beds.city(4), days=2, seed=1)
    stops = er_beds.routes(log)
    room = city_map(log.city.to_frame(), lambda policy, tries: stops, policies=POLICIES, most_tries=2)
    assert _trace(room.view.figure, "가까운 곳부터").y[0] == no_bed_share(stops)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"places": PLACES.drop(columns="beds")}, "beds"),
        ({"policies": {}}, "at least one policy"),
        ({"most_tries": 0}, "at least 1"),
        ({"play": lambda policy, tries: _stops(1).drop(columns="outcome")}, "gives no column outcome"),
    ],
)
def test_a_map_without_its_parts_says_what_is_missing(arguments, message):
    given = {"places": PLACES, "play": lambda policy, tries: _stops(tries), "policies": POLICIES} | arguments
    with pytest.raises(ValueError, match=message):
        city_map(given["places"], given["play"], policies=given["policies"], most_tries=given.get("most_tries", 2))


def _survival(shape, mean, hours):
    return er_beds.StayDistribution(shape, mean).survival(hours)


def test_the_matrix_is_the_study_that_was_asked_for():
    def count(shape, mean, hours, rule):
        return er_beds.label_study(shape, mean_stay_hours=mean, hours=hours, rule=rule, days=60).counts

    room = label_workshop(
        count,
        _survival,
        shapes={"지수분포": "exponential", "똑같음": "deterministic"},
        rules={"36시간": "36h", "지금": "beds_left"},
    )
    assert room.view.figure.data[1].z[0][1] == 1.0  # no room, and the label says True at every moment
    room.controls["shape"].value = "deterministic"
    expected = er_beds.label_study("deterministic", days=60).false_positive_rate
    assert np.isclose(room.view.figure.data[1].z[0][1], expected) and expected < 0.5
    assert any(f"{expected:.1%}" in note.text for note in room.view.figure.layout.annotations)


def test_the_tail_is_the_survival_function():
    room = label_workshop(
        lambda *asked: [[1, 1], [1, 1]], _survival, shapes={"지수분포": "exponential"}, rules={"r": "r"}
    )
    tail = room.view.figure.data[0]
    assert np.allclose(tail.y, np.exp(-np.asarray(tail.x) / 36))
    room.controls["mean"].value = 12
    assert np.allclose(room.view.figure.data[0].y, np.exp(-np.asarray(room.view.figure.data[0].x) / 12))


def test_a_world_without_a_full_moment_says_so():
    room = label_workshop(
        lambda *asked: [[0, 0], [2, 8]], _survival, shapes={"지수분포": "exponential"}, rules={"r": "r"}
    )
    assert any("없음" in note.text for note in room.view.figure.layout.annotations)


@pytest.mark.parametrize("counts", [[[1, 2]], [[-1, 0], [0, 0]], [[np.nan, 0], [0, 0]]])
def test_counts_that_are_none_are_refused(counts):
    with pytest.raises(ValueError, match="counts must be 2 x 2"):
        label_workshop(lambda *asked: counts, _survival, shapes={"지수분포": "exponential"}, rules={"r": "r"})
    with pytest.raises(ValueError, match="at least one shape"):
        label_workshop(lambda *asked: counts, _survival, shapes={}, rules={"r": "r"})
