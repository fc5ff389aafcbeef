"""A simulated refresh keeps its own definitions: ages, deliveries, gaps, bills, luck."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.monitoring.refresh import (
    AbruptChanges,
    ChangesAt,
    LinearStaleness,
    OnDemand,
    RefreshPolicy,
    Scheduled,
    SeasonalStaleness,
    Staleness,
    simulate,
)

WORLDS = st.sampled_from([LinearStaleness(0.01), AbruptChanges(0.05, 0.3), SeasonalStaleness(0.2, 30)])
SETTINGS = {
    "train_duration": st.integers(0, 30),
    "label_delay": st.integers(0, 30),
    "min_gap": st.integers(0, 12),
    "overlapping": st.booleans(),
}


@given(wishes=st.lists(st.integers(0, 99), max_size=30), world=WORLDS, **SETTINGS)
def test_ages_losses_and_bills_follow_from_the_starts(wishes, world, train_duration, label_delay, min_gap, overlapping):
    """Oracle: the definitions, read step by step from the list of starts alone."""
    result = simulate(
        OnDemand(wishes),
        staleness=world,
        train_duration=train_duration,
        label_delay=label_delay,
        min_gap=min_gap,
        overlapping=overlapping,
        retrain_cost=2,
        horizon=100,
        errors_per_step=0,
    )
    models = [-train_duration, *result.starts]
    for step in range(100):
        serving = max(start for start in models if start + train_duration <= step)
        assert result.age[step] == step + 0.5 - (serving - label_delay)
        assert models[result.model[step]] == serving
        assert result.loss[step] == world.loss(step + 0.5, serving - label_delay, result.changes)
        running = sum(start <= step < start + train_duration for start in result.starts)
        assert result.trainings[step] == running
    assert result.age.min() >= train_duration + label_delay + 0.5
    assert (np.diff(result.starts) >= max(1, min_gap, 0 if overlapping else train_duration)).all()
    if not overlapping:
        assert result.trainings.max() <= 1
    assert result.cost == pytest.approx(result.loss.sum() + 2 * len(result.starts))
    assert result.cost == pytest.approx(100 * (result.loss_per_step + result.retraining_per_step))


@given(changes=st.lists(st.floats(0, 99), max_size=8), cutoff=st.integers(-20, 99), step=st.integers(0, 99))
def test_a_model_is_behind_exactly_when_a_change_lies_between_its_data_and_now(changes, cutoff, step):
    world = ChangesAt(changes, 0.3)
    drawn = world.changes(100, np.random.default_rng(0))
    behind = any(cutoff <= change <= step + 0.5 for change in changes)
    assert world.loss(step + 0.5, cutoff, drawn) == (0.3 if behind else 0.0)


def test_the_same_seed_gives_every_policy_the_same_world_and_the_same_luck():
    heard = {}

    class Listener(RefreshPolicy):
        def __init__(self, name, every):
            self.name, self.every = name, every

        def wants(self, step, news):
            heard.setdefault(self.name, []).append(news.errors)
            return step % self.every == 0

    world = AbruptChanges(0.05, 0.3)
    runs = [simulate(Listener(every, every), staleness=world, horizon=200, seed=5) for every in (1, 50)]
    np.testing.assert_array_equal(runs[0].changes, runs[1].changes)
    rare, daily = np.concatenate(heard[50]), np.concatenate(heard[1])
    assert (rare >= daily).all()  # who lost less at a step erred on no prediction that the other got right
    other = simulate(Listener("other", 50), staleness=world, horizon=200, seed=6)
    assert not np.array_equal(other.changes, runs[0].changes)


def test_errors_come_at_the_rate_of_the_loss():
    """20,000 Bernoulli draws at .1 + .3: within four binomial standard errors."""
    heard = []

    class Listener(RefreshPolicy):
        def wants(self, step, news):
            heard.append(news.errors)
            return False

    simulate(Listener(), staleness=ChangesAt([0.0], 0.3), horizon=201)
    errors = np.concatenate(heard)
    assert len(errors) == 20_000
    assert abs(errors.mean() - 0.4) < 4 * np.sqrt(0.4 * 0.6 / 20_000)


def test_the_warm_up_counts_neither_losses_nor_trainings():
    result = simulate(
        OnDemand([3, 60]), staleness=LinearStaleness(0.1), retrain_cost=5, horizon=100, warm_up=50, label_delay=2
    )
    assert result.retraining_per_step == 5 / 50
    assert result.loss_per_step == pytest.approx(result.loss[50:].mean())
    assert result.max_age == result.age[50:].max()


def test_one_start_has_no_interval():
    assert np.isnan(simulate(OnDemand([3]), staleness=LinearStaleness(0.1)).retrain_interval)


def test_a_frame_has_a_row_a_step_and_a_figure_its_marks():
    result = simulate(
        OnDemand([10, 12, 95]),
        staleness=ChangesAt([50.0], 0.3),
        train_duration=8,
        overlapping=False,
        horizon=100,
    )
    frame = result.to_frame()
    assert frame["started"].to_numpy().nonzero()[0].tolist() == [10, 95]
    assert frame["delivered"].to_numpy().nonzero()[0].tolist() == [18]  # 103 lies beyond
    figure = result.plot()
    named = {trace.name: list(trace.x) for trace in figure.data}
    assert named["학습 시작"] == [10, 95]
    assert named["새 모델 배포"] == [18]
    assert named["거절된 요청"] == [12]
    assert {shape.x0 for shape in figure.layout.shapes} == {50.0}


class Broken(Staleness):
    def loss(self, moment, cutoff, changes):
        return np.nan


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train_duration": -1}, "train_duration must be a whole number of at least 0"),
        ({"train_duration": 1.5}, "train_duration"),
        ({"label_delay": -1}, "label_delay"),
        ({"min_gap": -1}, "min_gap"),
        ({"horizon": 0}, "horizon"),
        ({"horizon": 10, "warm_up": 10}, "leaves no step"),
        ({"retrain_cost": float("nan")}, "retrain_cost"),
        ({"retrain_cost": -1}, "retrain_cost"),
        ({"base_error_rate": 1.5}, "base_error_rate"),
        ({"errors_per_step": -1}, "errors_per_step"),
        ({"seed": -1}, "seed"),
        ({"seed": None}, "seed"),
        ({"horizon": 10**9}, "horizon must be a whole number of at most 10,000,000"),
        ({"staleness": 0.1}, "staleness must be"),
        ({"staleness": LinearStaleness}, "staleness must be"),
        ({"staleness": Broken()}, "must be finite"),
    ],
)
def test_nonsense_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        simulate(Scheduled(7), **{"staleness": LinearStaleness(0.01), **options})
