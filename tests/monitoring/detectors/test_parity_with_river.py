"""Are our alarms river's, index for index, however the stream arrives?"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.monitoring.detectors import DDM, EDDM, HDDM_A, HDDM_W, PageHinkley
from coursekit.monitoring.detectors._base import Detector
from tests.monitoring.detectors.river_alarms import river_alarms

LENGTH = 200_000


def heard_singly(detector: Detector, stream: list[float]) -> tuple[list[int], list[int]]:
    """Positions of warnings and drifts in an update loop."""
    warnings, drifts = [], []
    for at, x in enumerate(stream):
        detector.update(x)
        assert not (detector.warning_detected and detector.drift_detected)
        if detector.warning_detected:
            warnings.append(at)
        if detector.drift_detected:
            drifts.append(at)
    return warnings, drifts


def heard_in_pieces(detector: Detector, stream: list[float], cuts: list[int]) -> tuple[list[int], list[int]]:
    """Positions of warnings and drifts when the stream comes in pieces."""
    warnings, drifts = [], []
    borders = [0, *sorted({cut for cut in cuts if 0 < cut < len(stream)}), len(stream)]
    for start, stop in itertools.pairwise(borders):
        alarms = detector.update_many(stream[start:stop])
        warnings += (start + alarms.warnings).tolist()
        drifts += (start + alarms.drifts).tolist()
    return warnings, drifts


def heard_at_once(detector: Detector, stream: list[float]) -> tuple[list[int], list[int]]:
    """Positions of warnings and drifts that detect returns."""
    alarms = detector.detect(stream)
    return alarms.warnings.tolist(), alarms.drifts.tolist()


def in_runs(element: st.SearchStrategy[float]) -> st.SearchStrategy[list[float]]:
    """Short streams, and longer ones made of runs of one value: runs are where alarms come from."""
    runs = st.lists(st.tuples(element, st.integers(1, 60)), min_size=1, max_size=8)
    spelled = runs.map(lambda runs: [x for x, times in runs for _ in range(times)])
    return st.lists(element, min_size=1, max_size=120) | spelled


errors = in_runs(st.sampled_from([0.0, 1.0]))
shares = in_runs(st.sampled_from([0.0, 1.0]) | st.floats(0, 1))
reals = in_runs(st.sampled_from([0.0, 1.0]) | st.floats(-100, 100))
few = st.integers(1, 12)
levels = st.floats(0.25, 4)
ratios = st.sampled_from([0.5, 0.9, 0.95]) | st.floats(0.05, 0.99)
confidences = st.floats(1e-6, 0.9)

DETECTORS = {
    "DDM": (st.builds(DDM, n_min=few, warning_level=levels, drift_level=levels), errors),
    "EDDM": (
        st.tuples(few, ratios, ratios).map(lambda t: EDDM(n_min=t[0], alpha=max(t[1:]), beta=min(t[1:]))),
        errors,  # river refuses alpha < beta
    ),
    "HDDM_A": (
        st.builds(HDDM_A, drift_confidence=confidences, warning_confidence=confidences, two_sided=st.booleans()),
        shares,
    ),
    "HDDM_W": (
        st.builds(
            HDDM_W,
            drift_confidence=confidences,
            warning_confidence=confidences,
            smoothing=st.floats(0.01, 0.95),
            two_sided=st.booleans(),
        ),
        shares,
    ),
    "PageHinkley": (
        st.builds(
            PageHinkley,
            n_min=few,
            delta=st.floats(0, 1),
            threshold=st.floats(0.1, 60),
            forgetting=st.none() | st.floats(0.5, 1),
            mode=st.sampled_from([None, "both", "up", "down"]),
        ),
        reals,
    ),
}


@pytest.mark.parametrize("name", DETECTORS)
def test_river_an_array_single_elements_and_pieces_agree(name):
    detectors, streams = DETECTORS[name]

    @settings(max_examples=150, deadline=None)
    @given(detector=detectors, stream=streams, cuts=st.lists(st.integers(1, 400), max_size=6))
    def agree(detector, stream, cuts):
        expected = river_alarms(detector, stream)
        assert heard_at_once(detector, stream) == expected
        assert heard_singly(detector, stream) == expected
        detector.reset()
        assert heard_in_pieces(detector, stream, cuts) == expected

    agree()


def long_streams() -> dict[str, np.ndarray]:
    """Errors that stay, drift up, drift down, jump about, never come, never stop."""
    rng, even = np.random.default_rng(0), np.random.default_rng(1)
    uniform = rng.random((4, LENGTH))
    rates = {
        "stationary": np.full(LENGTH, 0.1),
        "rising": np.linspace(0.02, 0.5, LENGTH),
        "falling": np.linspace(0.5, 0.01, LENGTH),
        "jumping": np.repeat(rng.random(200), LENGTH // 200),
    }
    drifting = {kind: (row < rate).astype(float) for row, (kind, rate) in zip(uniform, rates.items(), strict=True)}
    return {
        **drifting,
        "even": (even.random(LENGTH) < 0.5).astype(float),
        "zeros": np.zeros(LENGTH // 5),  # river's HDDM_A copies itself at each element of these
        "ones": np.ones(LENGTH // 5),
    }


@pytest.mark.parametrize("detector", [DDM(), EDDM(), HDDM_A(), HDDM_W(), PageHinkley()], ids=repr)
@pytest.mark.parametrize("kind", long_streams())
def test_long_streams_give_river_s_alarms(detector, kind):
    stream = long_streams()[kind]
    expected = river_alarms(detector, stream.tolist())
    assert heard_at_once(detector, stream) == expected
    detector.reset()
    cuts = np.random.default_rng(3).integers(1, stream.size, 50).tolist()
    assert heard_in_pieces(detector, stream, cuts) == expected
    if kind in ("rising", "jumping"):
        assert len(expected[1]) >= 5, "a stream without drifts proves little"


@pytest.mark.parametrize(
    "detector",
    [
        HDDM_A(two_sided=True),
        HDDM_W(two_sided=True, smoothing=0.01),
        PageHinkley(mode="up", threshold=10),
        PageHinkley(mode="down", threshold=10),
    ],
    ids=repr,
)
def test_falls_are_heard_as_river_hears_them(detector):
    stream = long_streams()["jumping"][:40_000]
    assert heard_at_once(detector, stream) == river_alarms(detector, stream.tolist())


@pytest.mark.parametrize("detector", [HDDM_A(two_sided=True), HDDM_W(two_sided=True), PageHinkley()], ids=repr)
def test_graded_errors_give_river_s_alarms(detector):
    rng = np.random.default_rng(4)
    level = np.repeat(rng.random(20), 2_000)
    stream = np.clip(rng.normal(level, 0.1), 0, 1)
    expected = river_alarms(detector, stream.tolist())
    assert heard_at_once(detector, stream) == expected
    assert expected[1]


def test_real_values_give_river_s_page_hinkley():
    rng = np.random.default_rng(5)
    stream = rng.normal(np.repeat(rng.normal(200, 30, 20), 2_000), 15)
    detector = PageHinkley(threshold=500, delta=2)
    expected = river_alarms(detector, stream.tolist())
    assert heard_at_once(detector, stream) == expected
    assert heard_singly(detector, stream.tolist()) == expected
    assert len(expected[1]) >= 10
