"""Does a calibrated detector keep its promise, whatever the detector?"""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest
from scipy.stats import binom

from coursekit.monitoring import detectors
from coursekit.monitoring.detectors import DDM, false_alarm_rate
from coursekit.monitoring.detectors._base import Detector
from coursekit.monitoring.detectors.calibration import in_control_streams

ALL = [
    thing
    for name in detectors.__all__
    if inspect.isclass(thing := getattr(detectors, name)) and issubclass(thing, Detector) and thing._strictness
]
PROMISE, HORIZON, ERROR_RATE = 0.1, 600, 0.2


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_the_promise_holds_on_streams_that_calibration_has_not_seen(kind):
    """Were the true probability .1, more than 63 alarms in 400 streams would be a 1-in-10,000 event."""
    start = kind()
    before = start.parameters()
    detector = start.calibrate(p_false_alarm=PROMISE, horizon=HORIZON, error_rate=ERROR_RATE, seed=3)
    n_runs = 400
    allowed = binom.ppf(1 - 1e-4, n_runs, PROMISE) / n_runs
    rate = false_alarm_rate(detector, horizon=HORIZON, error_rate=ERROR_RATE, n_runs=n_runs, seed=10_003)
    assert rate.estimate <= allowed
    assert start.parameters() == before, "calibrating must leave the detector as it is"
    moved = {name for name, value in detector.parameters().items() if value != before[name]}
    assert moved <= {kind._strictness, kind._warning, "target", "sigma", "n_min"}


def test_the_loosest_setting_that_keeps_the_promise_is_taken():
    """A promise of .2 is used up: far fewer alarms would be sensitivity thrown away."""
    detector = DDM(n_min=100).calibrate(p_false_alarm=0.2, horizon=1_000, error_rate=0.1, n_runs=2_000, seed=1)
    rate = false_alarm_rate(detector, horizon=1_000, error_rate=0.1, n_runs=2_000, seed=1)
    allowed = binom.ppf(0.05, 2_000, 0.2)
    # ten halvings of a rung leave the threshold within 0.03%: a handful of streams at most
    assert allowed - 20 <= rate.estimate * 2_000 <= allowed


def test_where_no_threshold_suffices_the_detector_waits_longer():
    """A tenth of the streams begin with 10 right answers; their minimum is 0 under any threshold."""
    quick = DDM(n_min=10, drift_level=3)
    assert false_alarm_rate(DDM(n_min=10, drift_level=1e6), horizon=500, error_rate=0.2, n_runs=500).estimate > 0.05
    detector = quick.calibrate(p_false_alarm=0.05, horizon=500, error_rate=0.2)
    assert detector.n_min in {20, 40, 80}
    rate = false_alarm_rate(detector, horizon=500, error_rate=0.2, n_runs=1_000, seed=8)
    assert rate.estimate <= binom.ppf(1 - 1e-4, 1_000, 0.05) / 1_000


def test_a_record_of_the_quiet_past_replaces_the_error_rate():
    from coursekit.monitoring.detectors import CUSUM

    past = np.random.default_rng(0).normal(50, 4, 5_000)
    chart = CUSUM().calibrate(p_false_alarm=0.1, horizon=500, values=past, seed=2)
    assert chart.target == pytest.approx(past.mean())
    assert chart.sigma == pytest.approx(past.std())
    rate = false_alarm_rate(chart, horizon=500, values=past, n_runs=500, seed=77)
    assert rate.estimate <= binom.ppf(1 - 1e-4, 500, 0.1) / 500


def test_streams_depend_on_the_seed_and_their_number_alone():
    few = list(in_control_streams(n_runs=3, horizon=50, error_rate=0.3, seed=5))
    many = list(in_control_streams(n_runs=9, horizon=50, error_rate=0.3, seed=5))
    assert all((a == b).all() for a, b in zip(few, many[:3], strict=True))
    assert not (few[0] == few[1]).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"p_false_alarm": 0}, "p_false_alarm"),
        ({"p_false_alarm": 1.5}, "p_false_alarm"),
        ({"confidence": 1}, "confidence"),
        ({"horizon": 0}, "horizon"),
        ({"error_rate": 1.2}, "error_rate"),
        ({"error_rate": None}, "either"),
        ({"values": [0, 1]}, "either"),
        ({"error_rate": None, "values": []}, "non-empty"),
        ({"error_rate": None, "values": [0, np.nan]}, "finite"),
        ({"p_false_alarm": 0.01, "n_runs": 200}, "n_runs >= 299"),
        ({"p_false_alarm": "a"}, "p_false_alarm must lie"),
        ({"error_rate": "a"}, "error_rate must lie"),
        ({"horizon": 100.5}, "horizon must be a whole number"),
        ({"n_runs": 60.5}, "n_runs must be a whole number"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"error_rate": None, "values": ["a"]}, "values must be .* of finite numbers"),
        ({"error_rate": None, "values": np.ma.array([0, 1], mask=[0, 1])}, "masked"),
    ],
)
def test_bad_input_is_told(wrong, message):
    good = {"p_false_alarm": 0.1, "horizon": 100, "error_rate": 0.1}
    with pytest.raises(ValueError, match=message):
        DDM().calibrate(**{**good, **wrong})


@pytest.mark.parametrize("kind", [detectors.CUSUM, detectors.EWMA])
def test_a_chart_says_why_a_stream_gives_it_no_sigma(kind):
    promise = {"p_false_alarm": 0.1, "horizon": 200}
    for stream in ({"error_rate": 0}, {"error_rate": 1}, {"values": [7.0, 7.0]}):
        with pytest.raises(ValueError, match=f"^{kind.__name__}: a stream that never varies has no sigma"):
            kind().calibrate(**promise, **stream)
    with warnings.catch_warnings(), pytest.raises(ValueError, match=f"^{kind.__name__}: .* no finite sigma"):
        warnings.simplefilter("error")
        kind().calibrate(**promise, values=[1e308, -1e308])


def test_whole_numbers_may_come_as_floats():
    promise = {"p_false_alarm": 0.1, "error_rate": 0.1}
    given_, expected = (
        DDM().calibrate(**promise, horizon=200.0, n_runs=60.0),
        DDM().calibrate(**promise, horizon=200, n_runs=60),
    )
    assert given_.parameters() == expected.parameters()


def test_values_outside_the_detector_s_domain_are_told():
    with pytest.raises(ValueError, match=r"0 \(right\) or 1 \(wrong\)"):
        DDM().calibrate(p_false_alarm=0.1, horizon=100, values=[0.5, 0.7])
