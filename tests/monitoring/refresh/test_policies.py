"""Policies decide alike wherever they run, keep their budgets, and are never changed by a run."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.monitoring.detectors import DDM
from coursekit.monitoring.refresh import (
    AnyOf,
    Budgeted,
    ChangesAt,
    KnownDelay,
    LinearStaleness,
    OnDemand,
    RefreshPolicy,
    Scheduled,
    Triggered,
    simulate,
)

WORLD = LinearStaleness(0.01)


class Always(RefreshPolicy):
    def wants(self, step, news):
        return True


class EveryThirdAsking(RefreshPolicy):
    """Keeps a count on itself, as a user would."""

    def __init__(self):
        self.asked = 0

    def wants(self, step, news):
        self.asked += 1
        return self.asked % 3 == 0


def test_a_person_is_heard_at_each_step_named_once_whatever_the_order():
    result = simulate(OnDemand([50, 20, 20, 5000]), staleness=WORLD, horizon=90)
    assert result.starts.tolist() == [20, 50]


def test_without_a_request_nothing_is_retrained():
    result = simulate(OnDemand([]), staleness=WORLD, horizon=90)
    assert result.starts.size == 0
    assert result.model.tolist() == [0] * 90


@given(every=st.integers(1, 40), offset=st.integers(0, 60), horizon=st.integers(1, 200))
def test_a_schedule_is_an_arithmetic_progression(every, offset, horizon):
    result = simulate(Scheduled(every, offset=offset), staleness=WORLD, horizon=horizon, errors_per_step=0)
    assert result.starts.tolist() == list(range(offset, horizon, every))


@given(
    wishes=st.lists(st.integers(0, 119), max_size=60),
    budget=st.integers(1, 6),
    per=st.none() | st.integers(1, 50),
    train_duration=st.integers(0, 20),
    min_gap=st.integers(1, 10),
    overlapping=st.booleans(),
)
def test_a_budget_is_never_exceeded_and_each_wish_is_granted_or_noted(
    wishes, budget, per, train_duration, min_gap, overlapping
):
    result = simulate(
        Budgeted(OnDemand(wishes), budget=budget, per=per),
        staleness=WORLD,
        train_duration=train_duration,
        min_gap=min_gap,
        overlapping=overlapping,
        horizon=120,
        errors_per_step=0,
    )
    windows = np.zeros(1, int) if per is None else np.arange(0, 120, per)
    for opened in windows:
        closed = 120 if per is None else opened + per
        assert np.sum((result.starts >= opened) & (result.starts < closed)) <= budget
    assert sorted([*result.starts, *result.refused]) == sorted(set(wishes))


def test_a_refused_start_does_not_spend_the_budget():
    """The second wish falls into a running training: the third must still be granted."""
    result = simulate(
        Budgeted(OnDemand([0, 5, 40]), budget=2), staleness=WORLD, train_duration=20, overlapping=False, horizon=60
    )
    assert result.starts.tolist() == [0, 40]
    assert result.refused.tolist() == [5]


def test_budgets_nest_and_the_tighter_one_counts():
    policy = Budgeted(Budgeted(Always(), budget=2, per=10), budget=5)
    result = simulate(policy, staleness=WORLD, horizon=40)
    assert result.starts.tolist() == [0, 1, 10, 11, 20]
    assert len(result.refused) == 35


def test_an_alarm_refused_by_a_budget_waits_for_the_next_window_and_is_noted_once():
    result = simulate(
        Budgeted(Triggered(KnownDelay(2)), budget=1, per=30), staleness=ChangesAt([3.0, 8.0], 0.2), horizon=60
    )
    assert result.starts.tolist() == [5, 30]
    assert result.refused.tolist() == [10]


@given(first=st.lists(st.integers(0, 59), max_size=5), second=st.lists(st.integers(0, 59), max_size=5))
def test_any_of_two_plans_is_their_union(first, second):
    result = simulate(AnyOf(OnDemand(first), OnDemand(second)), staleness=WORLD, horizon=60, errors_per_step=0)
    assert result.starts.tolist() == sorted({*first, *second})


def test_a_policy_of_ones_own_may_keep_state_and_each_run_starts_afresh():
    policy = EveryThirdAsking()
    runs = [simulate(policy, staleness=WORLD, horizon=10).starts.tolist() for _ in range(2)]
    assert runs == [[2, 5, 8], [2, 5, 8]]
    assert policy.asked == 0


@pytest.mark.parametrize(
    "policy",
    [
        Triggered(DDM(n_min=100)),
        Budgeted(Triggered(DDM(n_min=100)), budget=2, per=40),
        AnyOf(Triggered(KnownDelay(3), wait=2), Scheduled(30)),
    ],
    ids=repr,
)
def test_a_run_leaves_the_policy_as_it_was(policy):
    world = ChangesAt([30.0, 33.0, 60.0, 90.0], 0.4)
    setting = {"staleness": world, "train_duration": 6, "label_delay": 2, "horizon": 150}
    before = repr(copy.deepcopy(policy.__dict__))
    first, second = simulate(policy, **setting), simulate(policy, **setting)
    assert first.starts.size
    np.testing.assert_array_equal(first.starts, second.starts)
    np.testing.assert_array_equal(first.refused, second.refused)
    assert policy.refused in ((), [])
    assert repr(policy.__dict__).split(" at 0x")[0] == before.split(" at 0x")[0]


def test_news_tell_the_past_only_and_labels_arrive_with_their_delay():
    told = []

    class Notes(RefreshPolicy):
        def wants(self, step, news):
            told.append((step, news))
            return step == 4

    result = simulate(
        Notes(), staleness=ChangesAt([6.5], 1.0), train_duration=3, label_delay=2, horizon=14, base_error_rate=0.0
    )
    for step, news in told:
        assert news.starts == ((4,) if step > 4 else ())
        assert news.in_training == (1 if 4 < step < 7 else 0)
        assert news.serving == (1 if step >= 7 else 0)
        assert news.age == step - (4 if step >= 7 else -3) + 2
        assert news.changes.tolist() == ([6.5] if step >= 7 else [])
        labelled = step - 1 - 2  # the step whose labels arrive now
        assert len(news.errors) == (100 if labelled >= 0 else 0)
        if labelled >= 0:
            assert news.model == result.model[labelled]
            assert news.errors.mean() == result.loss[labelled]  # the loss is 0 or 1, so are all errors


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OnDemand([1.5]), "whole number"),
        (lambda: OnDemand([float("nan")]), "whole number"),
        (lambda: OnDemand([[1, 2]]), "list of steps"),
        (lambda: Scheduled(0), "every must be a whole number of at least 1"),
        (lambda: Scheduled(7, offset=-1), "offset"),
        (lambda: Scheduled(True), "every"),
        (lambda: Budgeted(Scheduled(7), budget=0), "never retrains"),
        (lambda: Budgeted(Scheduled(7), budget=1, per=0), "per"),
        (lambda: Budgeted(DDM(), budget=1), r"Triggered\(detector\)"),
        (lambda: AnyOf(), "at least one policy"),
        (lambda: AnyOf(Scheduled), "subclass of RefreshPolicy"),
        (lambda: simulate(DDM(), staleness=WORLD), r"Triggered\(detector\)"),
    ],
)
def test_nonsense_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_policy_without_wants_says_what_it_needs():
    with pytest.raises(NotImplementedError, match="wants"):
        simulate(RefreshPolicy(), staleness=WORLD)


def test_policies_show_how_they_were_made():
    assert repr(Scheduled(7)) == "Scheduled(every=7, offset=0)"
    assert repr(AnyOf(OnDemand([3]), Scheduled(7))) == "AnyOf(OnDemand(times=(3,)), Scheduled(every=7, offset=0))"
