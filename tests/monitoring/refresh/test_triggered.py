"""A trigger answers what its detector hears: in time, once, and no later than it can."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from river.drift import PageHinkley

from coursekit.monitoring.detectors import DDM
from coursekit.monitoring.refresh import (
    AnyOf,
    ChangesAt,
    KnownDelay,
    LinearStaleness,
    OnDemand,
    RefreshPolicy,
    Scheduled,
    Triggered,
    simulate,
)

CALM = {"n_min": 1000, "drift_level": 4.0}  # a DDM that rarely cries wolf


@given(
    change=st.floats(0, 60),
    delay=st.integers(1, 15),
    label_delay=st.integers(0, 15),
    train_duration=st.integers(0, 15),
    wait=st.integers(0, 5),
)
def test_the_ideal_detector_repairs_a_change_after_all_delays_to_half_a_step(
    change, delay, label_delay, train_duration, wait
):
    result = simulate(
        Triggered(KnownDelay(delay), wait=wait),
        staleness=ChangesAt([change], 0.3),
        train_duration=train_duration,
        label_delay=label_delay,
        horizon=130,
        errors_per_step=0,
    )
    ideal = change + label_delay + delay + wait + train_duration
    assert result.deliveries.size == 1
    assert abs(result.deliveries[0] - ideal) <= 0.5
    # the world is lossy exactly between the change and the delivery, by the middles of the steps
    middles = np.arange(130) + 0.5
    expected = np.where((middles >= change) & (middles < result.deliveries[0]), 0.3, 0.0)
    np.testing.assert_array_equal(result.loss, expected)


def test_ddm_starts_the_training_that_its_own_alarm_on_the_same_errors_calls_for():
    """Oracle: the detector alone, over the errors that a silent listener recorded."""
    heard = []

    class Listener(RefreshPolicy):
        def wants(self, step, news):
            heard.append(news.errors)
            return False

    setting = {"staleness": ChangesAt([40.0], 0.3), "label_delay": 7, "train_duration": 14, "horizon": 60, "seed": 3}
    simulate(Listener(), **setting)
    alarm = DDM(**CALM).detect(np.concatenate(heard)).first_drift
    steps = np.repeat(np.arange(60), [len(errors) for errors in heard])
    assert simulate(Triggered(DDM(**CALM)), **setting).starts[0] == steps[alarm]


def test_an_alarm_cannot_come_before_the_labels():
    """The first errors of the new world reach the detector one step and the label delay later."""
    for label_delay in (0, 7, 20):
        result = simulate(
            Triggered(DDM(**CALM)), staleness=ChangesAt([40.0], 0.5), label_delay=label_delay, horizon=100
        )
        assert result.starts[0] >= 40 + 1 + label_delay


def test_a_detector_of_river_listens_too():
    # 100 errors a step at .1, then .5: the sum of deviations passes 50 within two steps
    policy = Triggered(PageHinkley(min_instances=100, threshold=50, mode="up"))
    result = simulate(policy, staleness=ChangesAt([40.0], 0.4), train_duration=5, horizon=60)
    assert 41 <= result.starts[0] <= 43
    assert result.starts.size == 1  # the model after the repair is heard by a fresh detector


def test_a_given_detector_hears_nothing_and_its_past_does_not_count():
    detector = DDM(**CALM)
    detector.update_many(np.zeros(5000))
    before = detector._state.copy()
    setting = {"staleness": ChangesAt([40.0], 0.3), "horizon": 80}
    used = simulate(Triggered(detector), **setting)
    np.testing.assert_array_equal(detector._state, before)
    np.testing.assert_array_equal(used.starts, simulate(Triggered(DDM(**CALM)), **setting).starts)


def test_an_alarm_during_a_running_training_is_kept_until_it_may_start():
    result = simulate(
        Triggered(KnownDelay(1)),
        staleness=ChangesAt([10.0, 15.0], 0.3),
        train_duration=20,
        overlapping=False,
        horizon=80,
    )
    assert result.starts.tolist() == [11, 31]
    assert result.refused.tolist() == [16]
    assert not result.loss[51:].any()


@given(changes=st.lists(st.floats(0, 90), max_size=12), min_interval=st.integers(1, 30))
def test_starts_keep_the_minimum_interval_and_each_change_is_answered(changes, min_interval):
    result = simulate(
        Triggered(KnownDelay(2), min_interval=min_interval),
        staleness=ChangesAt(changes, 0.3),
        horizon=160,
        errors_per_step=0,
    )
    assert (np.diff(result.starts) >= min_interval).all()
    assert not result.loss[-1]  # 160 - 90 leaves room for one more start after each


def test_two_changes_in_a_row_leave_a_detector_deaf_and_a_schedule_wakes_it():
    """The blind spot that the documentation names: a model that is wrong from birth raises no alarm."""
    setting = {"staleness": ChangesAt([60.0, 72.0], 0.3), "train_duration": 14, "label_delay": 7, "horizon": 400}
    alone = simulate(Triggered(DDM(**CALM)), **setting)
    assert alone.starts.size == 1
    assert alone.loss[-1] == 0.3
    together = simulate(AnyOf(Triggered(DDM(**CALM)), Scheduled(90, offset=90)), **setting)
    assert together.loss[-1] == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KnownDelay(0), "at least 1"),
        (lambda: KnownDelay(-3), "at least 1"),
        (lambda: Triggered(DDM), "drift_detected"),
        (lambda: Triggered(Scheduled(7)), "drift_detected"),
        (lambda: Triggered(DDM(), min_interval=0), "min_interval"),
        (lambda: Triggered(DDM(), wait=-1), "wait"),
    ],
)
def test_nonsense_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_never_is_a_trigger_whose_detector_hears_nothing_in_a_still_world():
    still = LinearStaleness(1e-9)
    never = simulate(OnDemand([]), staleness=still, horizon=300)
    assert simulate(Triggered(DDM(**CALM)), staleness=still, horizon=300).cost == never.cost
