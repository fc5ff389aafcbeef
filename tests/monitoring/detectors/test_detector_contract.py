"""Does every detector keep the contract that makes them exchangeable?"""

from __future__ import annotations

import copy
import inspect
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.monitoring import detectors
from coursekit.monitoring.detectors._base import Detector

KINDS = [
    thing
    for name in detectors.__all__
    if inspect.isclass(thing := getattr(detectors, name)) and issubclass(thing, Detector)
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
warning_kinds = pytest.mark.parametrize("kind", [kind for kind in KINDS if kind._warning], ids=lambda k: k.__name__)


def stream_for(kind: type[Detector], *, seed: int = 0, each: int = 600) -> np.ndarray:
    """A stream from the detector's domain that changes, plainly, every so many elements."""
    rng = np.random.default_rng(seed)
    level = np.repeat([0.05, 0.9, 0.1, 0.8], each)
    if kind._domain == "errors":
        return (rng.random(level.size) < level).astype(float)
    if kind._domain == "unit":
        return np.clip(rng.normal(level, 0.1), 0, 1)
    return rng.normal(5 * level, 1)


def as_lists(alarms: detectors.Alarms) -> tuple[list[int], list[int]]:
    return alarms.warnings.tolist(), alarms.drifts.tolist()


def heard_singly(detector: Detector, stream: np.ndarray) -> tuple[list[int], list[int]]:
    warnings, drifts = [], []
    for at, x in enumerate(stream.tolist()):
        detector.update(x)
        if detector.warning_detected:
            warnings.append(at)
        if detector.drift_detected:
            drifts.append(at)
    return warnings, drifts


def test_the_named_detectors_are_all_here():
    names = {kind.__name__ for kind in KINDS}
    assert names >= {"ADWIN", "CUSUM", "DDM", "EDDM", "EWMA", "HDDM_A", "HDDM_W", "KSWIN", "PageHinkley"}


@every_kind
def test_a_plain_change_is_heard(kind):
    stream = stream_for(kind)
    alarms = kind().detect(stream)
    assert alarms.length == stream.size
    assert 600 <= alarms.drifts[alarms.drifts >= 600][0] < 1_200
    for positions in (alarms.warnings, alarms.drifts):
        assert (np.diff(positions) > 0).all()
    assert not set(alarms.warnings) & set(alarms.drifts)


@every_kind
def test_single_elements_and_the_array_agree(kind):
    stream = stream_for(kind)
    assert heard_singly(kind(), stream) == as_lists(kind().detect(stream))


@every_kind
def test_pieces_and_the_array_agree(kind):
    @settings(max_examples=30, deadline=None)
    @given(seed=st.integers(0, 1_000), cuts=st.lists(st.integers(1, 799), unique=True, max_size=8).map(sorted))
    def agree(seed, cuts):
        stream = stream_for(kind, seed=seed, each=200)
        detector, warnings, drifts = kind(), [], []
        for start, piece in zip([0, *cuts], np.split(stream, cuts), strict=True):
            alarms = detector.update_many(piece)
            warnings += (start + alarms.warnings).tolist()
            drifts += (start + alarms.drifts).tolist()
            last = piece.size - 1
            assert detector.warning_detected == (last in alarms.warnings)
            assert detector.drift_detected == (last in alarms.drifts)
        assert (warnings, drifts) == as_lists(kind().detect(stream))

    agree()


@every_kind
def test_reset_makes_it_new(kind):
    stream, detector = stream_for(kind), kind()
    first = kind().detect(stream).first_drift
    detector.update_many(stream[: first + 1])
    assert detector.drift_detected
    detector.reset()
    assert not detector.drift_detected
    assert not detector.warning_detected
    assert as_lists(detector.update_many(stream)) == as_lists(kind().detect(stream))


@every_kind
def test_detect_leaves_the_detector_as_it_is(kind):
    stream, detector = stream_for(kind), kind()
    first = kind().detect(stream).first_drift
    detector.update_many(stream[: first + 1])
    other = detector.detect(stream_for(kind, seed=1))
    assert as_lists(other) == as_lists(kind().detect(stream_for(kind, seed=1))), "detect begins anew"
    assert detector.drift_detected
    rest, whole = detector.update_many(stream[first + 1 :]), kind().detect(stream)
    assert (first + 1 + rest.drifts).tolist() == whole.drifts[1:].tolist()


@every_kind
def test_the_element_after_a_drift_finds_it_as_new(kind):
    stream = stream_for(kind)
    whole = kind().detect(stream)
    again = whole.first_drift + 1
    afresh = kind().detect(stream[again:])
    assert (again + afresh.drifts).tolist() == whole.drifts[1:].tolist()
    assert (again + afresh.warnings).tolist() == [at for at in whole.warnings if at >= again]


@every_kind
def test_the_first_drift_alone_is_the_first_of_all(kind):
    for seed in range(5):
        stream = stream_for(kind, seed=seed)
        detector = kind()
        assert detector._first_drift(stream) == detector.detect(stream).first_drift
        quiet = np.zeros(20)
        assert detector._first_drift(quiet) == -1
        assert detector.detect(quiet).first_drift is None


@every_kind
def test_a_copy_and_a_stored_detector_go_on_where_it_was(kind):
    """A service that restarts must not forget what it has heard."""
    stream, detector = stream_for(kind), kind()
    detector.update_many(stream[:700])
    copied, stored = copy.deepcopy(detector), pickle.loads(pickle.dumps(detector))
    expected = as_lists(detector.update_many(stream[700:]))
    assert as_lists(copied.update_many(stream[700:])) == expected
    assert as_lists(stored.update_many(stream[700:])) == expected


@every_kind
def test_the_stream_is_left_as_it_is_and_may_come_in_any_form(kind):
    stream = stream_for(kind)
    stream.flags.writeable = False
    before, expected = stream.copy(), as_lists(kind().detect(stream))
    assert (stream == before).all()
    for form in (stream.tolist(), pd.Series(stream), stream.astype(object), np.repeat(stream, 2)[::2]):
        assert as_lists(kind().detect(form)) == expected
        assert as_lists(kind().update_many(form)) == expected
    whole = np.random.default_rng(2).integers(0, 2, 300)
    assert as_lists(kind().detect(whole.astype(bool))) == as_lists(kind().detect(whole.astype(float)))
    assert heard_singly(kind(), whole.astype(bool)) == as_lists(kind().detect(whole))


# --- parameters -------------------------------------------------------------------------------


@every_kind
def test_its_text_makes_an_equal_detector(kind):
    assert repr(kind()) == f"{kind.__name__}()"
    middle = float(np.sqrt(np.prod(kind._strictness_range)))
    detector = kind(**{**kind().parameters(), kind._strictness: middle})
    twin = eval(repr(detector), {kind.__name__: kind})
    assert twin.parameters() == detector.parameters()
    assert twin.parameters() != kind().parameters()
    assert as_lists(twin.detect(stream_for(kind))) == as_lists(detector.detect(stream_for(kind)))


@every_kind
def test_all_parameters_are_named(kind):
    for parameter in inspect.signature(kind).parameters.values():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.default is not inspect.Parameter.empty


@every_kind
def test_a_stricter_setting_alarms_no_sooner(kind):
    loosest, strictest = kind._strictness_range
    for seed in range(3):
        stream = stream_for(kind, seed=seed)
        firsts = [
            kind(**{kind._strictness: value})._first_drift(stream) % (stream.size + 1)  # -1, none, is the last
            for value in (loosest, getattr(kind(), kind._strictness), strictest)
        ]
        assert firsts == sorted(firsts)


@warning_kinds
def test_warnings_begin_no_later_where_the_warning_level_is_looser(kind):
    """And the drifts stay where they are: a warning changes nothing."""
    looser = (getattr(kind(), kind._warning) + kind._strictness_range[0]) / 2
    for seed in range(3):
        stream = stream_for(kind, seed=seed)
        told, more = kind().detect(stream), kind(**{kind._warning: looser}).detect(stream)
        assert set(told.warnings) <= set(more.warnings)
        assert told.drifts.tolist() == more.drifts.tolist()


@every_kind
def test_parameters_that_make_no_sense_are_told(kind):
    for name, value in kind().parameters().items():
        if isinstance(value, bool) or name == "seed":
            continue
        wrong = "nonsense" if isinstance(value, str) or name == "mode" else float("nan")
        with pytest.raises(ValueError, match=f"^{kind.__name__}: .*{name}"):
            kind(**{name: wrong})
    for value in (0.0, -1.0, float("inf")):
        with pytest.raises(ValueError, match=f"^{kind.__name__}: {kind._strictness} must"):
            kind(**{kind._strictness: value})


# --- bad streams ------------------------------------------------------------------------------

OUTSIDE = {"errors": (2, -1, 0.5), "unit": (1.5, -0.1), "real": ()}


@every_kind
def test_an_element_outside_the_domain_is_named(kind):
    for value in (float("nan"), float("inf"), float("-inf"), *OUTSIDE[kind._domain]):
        detector, message = kind(), f"^{kind.__name__}: element 2 is {value}"
        for hear in (detector.detect, detector.update_many):
            with pytest.raises(ValueError, match=message):
                hear([0.0, 1.0, value, 1.0])
        with pytest.raises(ValueError, match=f"^{kind.__name__}: element 0 is {value}"):
            detector.update(value)


@every_kind
@pytest.mark.parametrize(
    "stream",
    [[], [[0.0, 1.0]], 1.0, ["0", "1"], "01", ["a"], [None], [1j], [[0], [0, 1]], {"a": 1}, [10**400]],
    ids=repr,
)
def test_what_is_no_stream_of_numbers_is_told(kind, stream):
    for hear in (kind().detect, kind().update_many):
        with pytest.raises(ValueError, match=f"^{kind.__name__}: "):
            hear(stream)


@every_kind
@pytest.mark.parametrize("x", ["1", None, [0.0], [0.0, 1.0], 1j, np.zeros(2), {}], ids=repr)
def test_what_is_no_number_is_told(kind, x):
    with pytest.raises(ValueError, match=f"^{kind.__name__}: "):
        kind().update(x)


@every_kind
def test_a_refused_element_leaves_no_trace(kind):
    stream, detector = stream_for(kind), kind()
    for half in np.split(stream, 2):
        with pytest.raises(ValueError, match=kind.__name__):
            detector.update(float("nan"))
        with pytest.raises(ValueError, match=kind.__name__):
            detector.update_many([0.0, 1.0, float("nan")])
        heard = detector.update_many(half)
    expected = kind().detect(stream)
    assert (stream.size // 2 + heard.drifts).tolist() == [at for at in expected.drifts if at >= stream.size // 2]


@every_kind
@pytest.mark.parametrize(
    "number", [bool, int, np.bool_, np.int8, np.uint64, np.float16, np.float32, np.float64, np.array]
)
def test_an_element_may_be_any_kind_of_number(kind, number):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        detector = kind()
        for x in (0, 1, 1):
            detector.update(number(x))
    expected = kind()
    expected.update_many([0.0, 1.0, 1.0])
    np.testing.assert_array_equal(detector._state, expected._state)


@every_kind
def test_the_infinity_of_a_narrower_float_is_refused_too(kind):
    """The largest float64 rounds to infinity in float32, which then is no larger than it."""
    for narrow in (np.float16, np.float32):
        for value in (np.inf, -np.inf, np.nan):
            detector = kind()
            with pytest.raises(ValueError, match=f"^{kind.__name__}: element 0 is"):
                detector.update(narrow(value))
            np.testing.assert_array_equal(detector._state, kind()._state)
            with pytest.raises(ValueError, match=f"^{kind.__name__}: element 1 is"):
                detector.detect(np.array([0, value], dtype=narrow))


@every_kind
def test_masked_elements_are_refused_and_not_unmasked(kind):
    masked = np.ma.array([1.0, 1.0, 0.0], mask=[False, True, False])
    for hear in (kind().detect, kind().update_many):
        with pytest.raises(ValueError, match=f"^{kind.__name__}: element 1 is masked"):
            hear(masked)
    with pytest.raises(ValueError, match=f"^{kind.__name__}: element 0 is nan"):
        kind().update(masked[1])
    assert kind().detect(np.ma.array(masked.data)).length == 3, "nothing is masked here"


@every_kind
def test_an_array_as_an_element_is_told_how_to_become_one(kind):
    for array in (np.array([True]), [1.0], (1.0,), pd.Series([1.0])):
        with pytest.raises(ValueError, match=rf"^{kind.__name__}: update hears one number.*\.item\(\)"):
            kind().update(array)


@every_kind
def test_a_shallow_copy_hears_on_its_own(kind):
    stream, detector = stream_for(kind), kind()
    detector.update_many(stream[:700])
    copied, before = copy.copy(detector), detector._state.copy()
    copied.update_many(stream[700:])
    np.testing.assert_array_equal(detector._state, before)
    rest = detector.update_many(stream[700:])
    assert (700 + rest.drifts).tolist() == [at for at in kind().detect(stream).drifts if at >= 700]


@every_kind
def test_parameters_cannot_change_under_what_was_heard(kind):
    detector = kind()
    for name, value in detector.parameters().items():
        with pytest.raises(AttributeError, match=f"^{kind.__name__}: {name} is fixed; make a new detector"):
            setattr(detector, name, value)
    assert detector.parameters() == kind().parameters()


COUNTS = {"n_min", "clock", "max_buckets", "min_window_length", "grace_period", "window_size", "stat_size", "seed"}


@every_kind
def test_counts_are_whole_numbers(kind):
    for name in COUNTS & set(kind().parameters()):
        value = kind().parameters()[name]
        for wrong in (value + 0.5, np.inf, 10**400, None, "3", True, 1j):
            if wrong == 10**400 and name == "seed":
                continue  # Python seeds its generator with any whole number
            with pytest.raises(ValueError, match=f"^{kind.__name__}: {name} must be a whole number"):
                kind(**{name: wrong})
        for right in (float(value), np.int64(value), np.float32(value)):
            assert kind(**{name: right}).parameters() == kind().parameters()
