"""Label rules against loops, queueing theory and scikit-learn."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.linalg import expm
from sklearn.metrics import confusion_matrix

from coursekit.cases.er_beds import STAY_SHAPES, StayDistribution, city, simulate, single
from coursekit.cases.er_beds.labels import (
    LABEL_RULES,
    ConfusionMatrix,
    _expected_room,
    confusion,
    label,
    label_study,
)

SEEDS = 8
T_LIMIT = 5.4  # two-sided p = .001 of Student's t with 7 degrees of freedom


@pytest.fixture(scope="module")
def town():
    return simulate(city(4, utilisation=0.9, seed=3), days=12, seed=5)


def handmade(stays, *, beds=2, days=4):
    """A log of one emergency room with these (arrived, departed) in hours since the start."""
    log = simulate(single(beds=beds, load=0.1), days=days)
    arrived, departed = 60 * np.array(sorted(stays), dtype=float).reshape(-1, 2).T
    n, none = arrived.size, np.empty(0, int)
    return replace(
        log, called=arrived, arrived=arrived, departed=departed, hospital=np.zeros(n, np.int16),
        ambulance=np.zeros(n, bool), specialty=np.zeros(n, np.int8), tries=np.ones(n, np.int8),
        refused_patient=none, refused_hospital=none, refused_minute=none, refused_reason=none,
    )  # fmt: skip


def at(log, *hours):
    return log.start + (3600 * np.array(hours, dtype=float)).astype("timedelta64[s]")


def test_the_36_hour_rule_by_hand():
    """Two beds, full from hour 10 to 50: the label turns True when the first patient has been there for 36 h."""
    log = handmade([(5, 50), (10, 60)])
    assert label(log, at(log, 9, 10, 40.9, 41, 49.9), rule="36h").ravel().tolist() == [True, False, False, True, True]
    # from hour 50 a bed is left in truth; the second patient stays beyond 36 h and the house is never full again
    assert label(log, at(log, 50, 70), rule="36h").all()
    now = label(log, at(log, 4, 5, 10, 49.9, 50, 60), rule="beds_left").ravel()
    assert now.tolist() == [True, True, False, False, True, True]
    soon = label(log, at(log, 9.5, 9.9, 49.5, 49.75), rule="accept_20").ravel()
    assert soon.tolist() == [True, False, False, True]


def test_patients_beyond_the_beds_are_counted_against_those_who_should_leave():
    """Three patients on one bed: beds left is -2, so one long stay is not enough and three are."""
    log = handmade([(0, 90), (20, 90), (30, 90)], beds=1)
    assert log.beds_left(at(log, 40)).item() == -2
    assert label(log, at(log, 40, 60, 66), rule="36h").ravel().tolist() == [False, False, True]


@pytest.mark.parametrize("hours", [0.0, 2.5, 12.0, 36.0])
def test_long_stays_are_counted_as_a_loop_over_patients_counts_them(town, hours):
    times = town.every(97)
    expected = np.empty((times.size, 4), int)
    for i, time in enumerate(times):
        for h, beds in enumerate(town.city.beds):
            ages = town.stay_ages(time, hospital=h)
            expected[i, h] = beds - ages.size + (ages >= hours).sum()
    np.testing.assert_array_equal(_expected_room(town, times, hours), expected)
    if hours == 36:
        labels = label(town, times, rule="36h")
        assert labels.dtype == bool
        np.testing.assert_array_equal(labels, expected > 0)
        assert 0 < labels.mean() < 1  # both answers were put to the test


@pytest.mark.parametrize("minutes", [10, 20, 30])
def test_accept_rules_are_what_happens(town, minutes):
    times = town.every(53)
    truth = town.accepts(times, horizon_minutes=minutes)
    np.testing.assert_array_equal(label(town, times, rule=f"accept_{minutes}"), truth)
    np.testing.assert_array_equal(label(town, times, rule="accept_30", horizon_minutes=minutes), truth)


def test_labels_of_the_present_need_no_future(town):
    time = town.every(1)[7000]
    for rule in ("36h", "beds_left"):
        np.testing.assert_array_equal(label(town.until(time), [time], rule=rule), label(town, [time], rule=rule))
    with pytest.raises(ValueError, match="20 minutes after"):
        label(town.until(time), [time])


def test_what_cannot_be_labelled_is_refused(town):
    times = town.every(60)
    for rule in ("24h", None, ["36h"]):
        with pytest.raises(ValueError, match="rule must be one of 36h, beds_left, accept_10, accept_20"):
            label(town, times, rule=rule)
    for rule in ("36h", "beds_left"):
        with pytest.raises(ValueError, match=f"rule '{rule}' looks at the moment itself; leave horizon_minutes out"):
            label(town, times, rule=rule, horizon_minutes=20)
    with pytest.raises(ValueError, match="the log knows nothing; ask up to 2019-03-12T21:30:00"):
        label(town, times, horizon_minutes=150)
    for horizon in (-1, math.inf, "20"):
        with pytest.raises(ValueError, match="horizon_minutes must be a finite number of at least 0"):
            label(town, times, horizon_minutes=horizon)
    with pytest.raises(ValueError, match="lies outside of the log"):
        label(town, ["2019-02-28"])


def test_rules_look_at_stays_or_ahead_or_at_neither():
    looks = {name: (rule.stay_hours, rule.horizon_minutes) for name, rule in LABEL_RULES.items()}
    ahead = {f"accept_{k}": (None, k) for k in (10, 20, 30)}
    assert looks == {"36h": (36, None), "beds_left": (None, None), **ahead}
    assert all(rule.name == name for name, rule in LABEL_RULES.items())


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_confusion_is_scikit_learns(pairs):
    labels, truth = np.array(pairs).T
    found = confusion(labels, truth)
    np.testing.assert_array_equal(found.counts, confusion_matrix(truth, labels, labels=[False, True]))
    assert found.accuracy == np.mean(labels == truth)
    for rate, where in ((found.false_positive_rate, ~truth), (found.true_positive_rate, truth)):
        assert math.isnan(rate) if not where.any() else rate == pytest.approx(labels[where].mean())


def test_confusion_can_be_tabulated_and_drawn():
    found = ConfusionMatrix(np.array([[1, 3], [0, 4]]))
    assert found.to_frame().loc[False, True] == 3
    assert found.plot().data[0].text[0][1] == "75.0%<br>3번"
    assert ConfusionMatrix(np.array([[0, 0], [0, 4]])).plot().data[0].text[0][1] == "0.0%<br>0번"


@pytest.mark.parametrize(
    ("labels", "truth", "message"),
    [
        ([True], [True, False], "of one shape"),
        ([], [], "not empty"),
        ([0.3], [True], "must be True and False"),
        ([True], [np.nan], "must be True and False"),
    ],
)
def test_confusion_refuses_what_it_cannot_count(labels, truth, message):
    with pytest.raises(ValueError, match=message):
        confusion(labels, truth)


def rates(shape, **options):
    return np.array([label_study(shape, seed=seed, **options).false_positive_rate for seed in range(SEEDS)])


def close(found, exact):
    """The mean over independent worlds against the exact value."""
    return abs(found.mean() - exact) <= T_LIMIT * found.std(ddof=1) / math.sqrt(SEEDS)


@pytest.mark.parametrize(
    ("shape", "hours"),
    [
        ("exponential", 36.0), ("exponential", 110.0), ("lognormal", 120.0), ("near_fixed", 36.0),
        ("near_fixed", 38.0), ("deterministic", 35.0), ("mixed", 200.0),
    ],
)  # fmt: skip
def test_false_positives_of_the_36_hour_rule_are_those_of_queueing_theory(shape, hours):
    r"""Horizon 0. In M/G/c/c with all c beds taken, the times since arrival are independent with density S(x) / mean.

    So the label is True in a full house with probability 1 - (1 - q)^c, where q is the integral of S(x) / mean
    over x >= hours. In few days the ten days of warm-up would show: then nobody can have been there for longer.
    """
    stay = StayDistribution(shape, 36.0)
    q = quad(stay.survival, hours, 2000, points=[36, 60, 150], limit=300)[0] / 36
    exact = 1 - (1 - q) ** 30
    found = rates(shape, hours=hours, horizon_minutes=0, days=1500)
    if exact > 0.99999:
        assert (found > 0.999).all()  # Markov: fails with probability below 8 * 1e-5 / 1e-3
    else:
        assert 0.01 < exact < 0.99
        assert close(found, exact), (found.mean(), exact)


@pytest.mark.parametrize("utilisation", [0.9, 1.0])
def test_false_positives_of_beds_left_are_those_of_a_reversible_chain(utilisation):
    """Exponential stays: P(free at t | full at t + h) = P(free at t + h | full at t) = 1 - exp(Q h)[c, c]."""
    c, minutes = 30, 30
    come, leave = utilisation * c / 36, np.arange(1, c + 1) / 36
    Q = np.diag(np.full(c, come), 1) + np.diag(leave, -1)
    Q -= np.diag(Q.sum(axis=1))
    exact = 1 - expm(Q * minutes / 60)[c, c]
    found = rates("exponential", rule="beds_left", utilisation=utilisation, horizon_minutes=minutes, days=1500)
    assert close(found, exact), (found.mean(), exact)


def test_the_36_hour_label_is_always_true_unless_stays_are_nearly_fixed():
    """1,500 days. A fixed stay's rule says nothing that beds left does not: nobody is there for 36 hours."""
    found = {shape: label_study(shape, days=1500).false_positive_rate for shape in STAY_SHAPES}
    assert found["exponential"] == found["lognormal"] == found["mixed"] == 1
    assert 0.45 < found["near_fixed"] < 0.65
    fixed = label_study("deterministic", days=100)
    alone = label_study("deterministic", days=100, rule="beds_left")
    np.testing.assert_array_equal(fixed.counts, alone.counts)
    assert 0.1 < fixed.false_positive_rate < 0.35


def test_labels_that_ask_the_question_are_never_wrong():
    for rule, horizon in (("accept_20", 20), ("accept_30", 30), ("beds_left", 0)):
        found = label_study("lognormal", rule=rule, horizon_minutes=horizon, days=60)
        assert found.accuracy == 1
        assert found.counts.diagonal().min() > 0


@settings(max_examples=10, deadline=None)
@given(hours=st.floats(0, 100), more=st.floats(0, 100), seed=st.integers(0, 100))
def test_a_rule_that_waits_longer_says_yes_less_often(hours, more, seed):
    sooner = label_study("lognormal", hours=hours, days=20, seed=seed)
    later = label_study("lognormal", hours=hours + more, days=20, seed=seed)
    assert (later.counts[:, 1] <= sooner.counts[:, 1]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": "uniform"}, "shape must be one of"),
        ({"rule": "12h"}, "rule must be one of 36h, beds_left, .*, got '12h'"),
        ({"rule": ["36h"]}, "rule must be one of"),
        ({"hours": -1}, "hours must be a finite number of at least 0"),
        ({"days": 0}, "days must be a whole number of at least 1"),
        ({"utilisation": 0}, "utilisation must be a finite number above 0"),
        ({"horizon_minutes": 1440, "days": 1}, "must lie after start"),
    ],
)
def test_a_study_refuses_what_it_cannot_simulate(options, message):
    with pytest.raises(ValueError, match=message):
        label_study(**{"shape": "exponential", "days": 2, **options})
