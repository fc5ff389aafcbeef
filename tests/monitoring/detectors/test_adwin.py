"""Is ADWIN what its peers compute, and what its definition says?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import drift

from coursekit.monitoring.detectors import ADWIN
from tests.monitoring.detectors.adwin_definition import AdwinByDefinition


def drifting(seed: int, length: int = 20_000) -> dict[str, np.ndarray]:
    """Streams of every kind, each with changes at random places, up and down."""
    rng = np.random.default_rng(seed)
    places = np.sort(rng.integers(0, length, 8))
    level = rng.random(9)[np.searchsorted(places, np.arange(length), side="right")]
    return {
        "errors": (rng.random(length) < level).astype(float),
        "normal": rng.normal(3 * level, 1),
        "offset": rng.normal(1e6 + level, 0.5),
        "coarse": rng.normal(1e14 + level, 1),  # alarms from rounding alone
        "tiny": rng.normal(1e-9 * level, 1e-9),
        "heavy": rng.standard_cauchy(length) + 10 * level,
        "slow": rng.normal(np.linspace(0, 5, length), 1),
        "stationary": (rng.random(length) < 0.1).astype(float),
        "steps": np.round(5 * level),
    }


SETTINGS = [
    {},
    {"delta": 0.3, "clock": 1},
    {"delta": 0.05, "clock": 7, "max_buckets": 2, "min_window_length": 1, "grace_period": 0},
    {"delta": 1e-6, "clock": 100, "max_buckets": 12, "min_window_length": 30, "grace_period": 300},
]


def river_drifts(stream: np.ndarray, **parameters) -> list[tuple[int, int, float]]:
    """Where river calls drifts, and what it then holds."""
    detector, found = drift.ADWIN(**parameters), []
    for at, x in enumerate(stream.tolist()):
        detector.update(x)
        if detector.drift_detected:
            found.append((at, int(detector.width), detector.estimation))
    return found


@pytest.mark.parametrize("kind", drifting(0, 10))
@pytest.mark.parametrize("parameters", SETTINGS, ids=lambda given: f"clock={given.get('clock', 'default')}")
def test_alarms_are_river_s_index_for_index(kind, parameters):
    for seed in (1, 2):
        stream = drifting(seed)[kind]
        expected = [at for at, *_ in river_drifts(stream, **parameters)]
        assert ADWIN(**parameters).detect(stream).drifts.tolist() == expected
        if kind == "steps":
            assert expected, "a stream without an alarm proves nothing"


def test_window_and_mean_are_river_s():
    stream = drifting(3, 3_000)["normal"]
    ours, theirs = ADWIN(), drift.ADWIN()
    assert ours.width == theirs.width == 0
    assert ours.mean == theirs.estimation == 0
    for x in stream.tolist():
        ours.update(x)
        theirs.update(x)
        assert (ours.width, ours.mean, ours.drift_detected) == (theirs.width, theirs.estimation, theirs.drift_detected)


@pytest.mark.parametrize("kind", ["errors", "normal", "offset", "heavy", "steps"])
@pytest.mark.parametrize("parameters", SETTINGS, ids=lambda given: f"clock={given.get('clock', 'default')}")
def test_moa_keeps_the_newer_part_as_defined(kind, parameters):
    stream = drifting(4, 3_000)[kind]
    definition = AdwinByDefinition(**parameters)
    expected = [at for at, x in enumerate(stream.tolist()) if definition.hear(x)]
    detector = ADWIN(variant="moa", **parameters)
    assert detector.update_many(stream).drifts.tolist() == expected
    assert detector.width == definition.width
    assert detector.mean == pytest.approx(definition.total / definition.width, rel=1e-12)


def test_moa_alarms_again_on_one_change_and_river_does_not():
    stream = np.r_[np.tile([0.0, 1.0], 200), np.tile([3.0, 4.0], 200)]
    assert len(ADWIN(variant="moa").detect(stream).drifts) > len(ADWIN().detect(stream).drifts) == 1


small_settings = st.fixed_dictionaries(
    {
        "delta": st.sampled_from([0.001, 0.1, 0.9]),
        "clock": st.integers(1, 40),
        "max_buckets": st.integers(2, 6),
        "min_window_length": st.integers(1, 8),
        "grace_period": st.integers(0, 20),
    }
)
elements = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(-1e6, 1e6), st.floats(-1e-6, 1e-6))
streams = st.one_of(
    st.lists(elements, min_size=1, max_size=150),
    st.lists(st.tuples(elements, st.integers(1, 60)), min_size=1, max_size=6).map(
        lambda runs: [x for x, times in runs for _ in range(times)]
    ),
)


@settings(max_examples=150, deadline=None)
@given(stream=streams, parameters=small_settings, moa=st.booleans())
def test_no_shortcut_changes_an_alarm(stream, parameters, moa):
    """Every border is looked at by definition; the compiled loop skips most of them unseen."""
    definition = AdwinByDefinition(moa=moa, **parameters)
    expected = [at for at, x in enumerate(stream) if definition.hear(x)]
    detector = ADWIN(variant="moa" if moa else "river", **parameters)
    assert detector.detect(stream).drifts.tolist() == expected


@settings(max_examples=60, deadline=None)
@given(stream=streams, parameters=small_settings, moa=st.booleans(), data=st.data())
def test_pieces_and_single_elements_give_the_same_alarms(stream, parameters, moa, data):
    parameters = {**parameters, "variant": "moa" if moa else "river"}
    whole = ADWIN(**parameters).detect(stream).drifts.tolist()
    single, heard = ADWIN(**parameters), []
    for at, x in enumerate(stream):
        single.update(x)
        heard += [at] if single.drift_detected else []
    assert heard == whole
    cut = data.draw(st.integers(0, len(stream)))
    pieces, found = ADWIN(**parameters), []
    for start, piece in ((0, stream[:cut]), (cut, stream[cut:])):
        found += [start + at for at in pieces.update_many(piece).drifts] if piece else []
    assert found == whole
    assert (pieces.width, pieces.mean) == (single.width, single.mean)


@settings(max_examples=60, deadline=None)
@given(stream=st.lists(st.integers(-50, 50), min_size=1, max_size=400), parameters=small_settings)
def test_after_a_check_no_border_differs(stream, parameters):
    """The window's buckets hold the last elements in order, and each cut of them passes the test."""
    detector = ADWIN(variant="moa", **parameters)
    detector.update_many(stream)
    window = stream[len(stream) - detector.width :]
    assert detector.mean == pytest.approx(np.mean(window), abs=1e-9)
    if len(stream) % parameters["clock"] or detector.width <= parameters["grace_period"]:
        return
    replay = AdwinByDefinition(**parameters)
    for x in stream:
        replay.hear(float(x))
    spared = parameters["min_window_length"] - 1
    confidence = np.log(2 * np.log(max(detector.width, 2)) / parameters["delta"])
    for n0, _, n1, _ in replay.cuts():
        if min(n0, n1) >= parameters["min_window_length"] + 2:
            m = 1 / (n0 - spared) + 1 / (n1 - spared)
            bound = np.sqrt(2 * m * np.var(window) * confidence) + 2 / 3 * confidence * m
            # rounding: sums of integers are exact, their squared deviations within 1e-9 of 400 * 50^2
            assert abs(np.mean(window[:n0]) - np.mean(window[n0:])) <= bound + 1e-4


def test_the_first_drift_alone_is_the_first_of_all():
    for variant in ("river", "moa"):
        for stream in drifting(5, 4_000).values():
            detector = ADWIN(variant=variant)
            drifts = detector.detect(stream).drifts
            assert detector._first_drift(stream) == (drifts[0] if drifts.size else -1)


def test_a_drift_leaves_the_detector_as_new():
    stream = np.r_[np.zeros(320), np.ones(320)]
    first = ADWIN().detect(stream).first_drift
    again = ADWIN().detect(np.r_[stream[: first + 1], stream]).drifts
    assert again.tolist() == [first, first + 1 + first]


def test_enormous_values_do_not_hide_a_change():
    """Squares that overflow must not pass for harmless."""
    stream = np.r_[np.zeros(320), np.full(320, 1e152)]
    assert ADWIN().detect(stream).drifts.tolist() == [at for at, *_ in river_drifts(stream)] != []


@pytest.mark.parametrize(
    "wrong",
    [
        {"delta": 0},
        {"delta": 1},
        {"clock": 0},
        {"max_buckets": 1},
        {"min_window_length": 0},
        {"grace_period": -1},
        {"variant": "paper"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_bad_parameters_are_told(wrong):
    with pytest.raises(ValueError, match=f"ADWIN: {next(iter(wrong))} must"):
        ADWIN(**wrong)


@pytest.mark.parametrize("wrong", [[], [1.0, np.nan], [np.inf], [[1.0]]], ids=["empty", "missing", "infinite", "table"])
def test_bad_streams_are_told(wrong):
    with pytest.raises(ValueError, match="ADWIN"):
        ADWIN().detect(wrong)
