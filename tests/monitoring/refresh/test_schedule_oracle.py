"""The best schedule is the best: against every schedule there is, a formula, and a replay."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coursekit.monitoring.refresh import (
    AbruptChanges,
    ChangesAt,
    LinearStaleness,
    LossMatrix,
    OnDemand,
    Scheduled,
    SeasonalStaleness,
    best_interval,
    best_schedule,
    simulate,
)


def _cost(loss, initial, starts, *, train_duration, retrain_cost):
    """The bill of a schedule, read from the definitions."""
    total = retrain_cost * len(starts)
    for step in range(len(initial)):
        serving = [start for start in starts if start + train_duration <= step]
        total += loss[serving[-1], step] if serving else initial[step]
    return total


@st.composite
def problems(draw):
    n = draw(st.integers(1, 8))
    losses = st.integers(0, 20).map(float)
    return {
        "loss": draw(arrays(float, (n, n), elements=losses)),
        "initial": draw(arrays(float, n, elements=losses)),
        "train_duration": draw(st.integers(0, 9)),
        "min_gap": draw(st.integers(0, 4)),
        "overlapping": draw(st.booleans()),
        "retrain_cost": float(draw(st.integers(0, 10))),
    }


@settings(max_examples=200)
@given(problem=problems())
def test_no_schedule_of_all_that_exist_is_cheaper(problem):
    """Losses and costs are small whole numbers: sums are exact and so is the comparison."""
    n, train_duration = len(problem["initial"]), problem["train_duration"]
    gap = max(1, problem["min_gap"], 0 if problem["overlapping"] else train_duration)
    allowed = [
        starts
        for size in range(n + 1)
        for starts in combinations(range(n), size)
        if all(b - a >= gap for a, b in pairwise(starts))
    ]
    bill = {"train_duration": train_duration, "retrain_cost": problem["retrain_cost"]}
    cheapest = min(_cost(problem["loss"], problem["initial"], starts, **bill) for starts in allowed)
    best = best_schedule(**problem)
    assert best.cost == cheapest
    assert tuple(best.starts) in allowed
    assert _cost(problem["loss"], problem["initial"], best.starts, **bill) == cheapest


@pytest.mark.parametrize(("train_duration", "label_delay"), [(0, 0), (14, 0), (0, 7), (14, 7)])
def test_under_linear_staleness_it_finds_the_square_root(train_duration, label_delay):
    """n = 25 T*: all intervals equal, and the first one needs no training, since the first model is fresh.

    So the cost is n (sqrt(2ac) + a (tt + tl)) - c, exactly.
    """
    world, n, cost = LinearStaleness(0.01), 1000, 8.0
    best = best_schedule(world, retrain_cost=cost, train_duration=train_duration, label_delay=label_delay, horizon=n)
    assert set(np.diff(best.deliveries)) == {best_interval(world, retrain_cost=cost)}
    assert best.deliveries[0] == 40
    expected = n * (np.sqrt(2 * 0.01 * cost) + 0.01 * (train_duration + label_delay)) - cost
    assert best.cost == pytest.approx(expected, rel=1e-12)


@given(
    world=st.sampled_from(
        [LinearStaleness(0.02), AbruptChanges(0.05, 0.3), SeasonalStaleness(0.4, 50), ChangesAt([20.0, 44.5], 0.5)]
    ),
    train_duration=st.integers(0, 20),
    label_delay=st.integers(0, 20),
    min_gap=st.integers(0, 15),
    overlapping=st.booleans(),
    retrain_cost=st.floats(0.01, 3),
    seed=st.integers(0, 5),
    every=st.integers(1, 40),
)
def test_replayed_in_the_simulation_it_costs_what_it_says_and_beats_every_calendar(
    world, train_duration, label_delay, min_gap, overlapping, retrain_cost, seed, every
):
    rules = {
        "train_duration": train_duration,
        "label_delay": label_delay,
        "min_gap": min_gap,
        "overlapping": overlapping,
        "retrain_cost": retrain_cost,
        "horizon": 80,
        "seed": seed,
    }
    best = best_schedule(world, **rules)
    replayed = simulate(OnDemand(best.starts), staleness=world, errors_per_step=0, **rules)
    assert replayed.refused.size == 0
    np.testing.assert_array_equal(replayed.starts, best.starts)
    np.testing.assert_array_equal(replayed.loss, best.loss)
    np.testing.assert_array_equal(replayed.model, best.model)
    assert replayed.cost == pytest.approx(best.cost, rel=1e-12)
    calendar = simulate(Scheduled(every), staleness=world, errors_per_step=0, **rules)
    assert calendar.cost >= best.cost * (1 - 1e-12)


def test_a_function_a_matrix_and_a_staleness_are_the_same_problem():
    world, n, train_duration, label_delay = LinearStaleness(0.01), 120, 5, 3
    rules = {"retrain_cost": 8.0, "train_duration": train_duration}

    def loss(start, step):
        return 0.01 * (step + 0.5 - start + label_delay)

    steps = np.arange(n)
    matrix, initial = loss(steps[:, None], steps), loss(-train_duration, steps)
    best = best_schedule(world, label_delay=label_delay, horizon=n, **rules)
    assert best.starts.size
    for other in (
        best_schedule(loss, horizon=n, **rules),
        best_schedule(matrix, initial=initial, **rules),
        best_schedule(LossMatrix(matrix, initial, train_duration, 0), **rules),
    ):
        np.testing.assert_array_equal(other.starts, best.starts)
        assert other.cost == pytest.approx(best.cost)


def test_steps_that_no_model_serves_are_never_read_and_infinite_losses_never_chosen():
    loss = np.full((4, 4), np.nan)
    loss[np.triu_indices(4, k=1)] = 1.0
    loss[1] = np.inf
    best = best_schedule(loss, initial=[5.0, 5.0, 5.0, 5.0], retrain_cost=0.5, train_duration=1)
    assert best.starts.tolist() == [0]
    assert best.cost == 5 + 3 + 0.5


def test_steps_count_from_where_the_matrix_begins():
    losses = LossMatrix(np.zeros((3, 3)), np.ones(3), train_duration=1, first_step=100)
    best = best_schedule(losses, retrain_cost=0.1, train_duration=1)
    assert best.starts.tolist() == [100]
    assert best.deliveries.tolist() == [101]
    assert best.to_frame()["step"].tolist() == [100, 101, 102]
    assert best.to_frame()["loss"].tolist() == [1, 0, 0]
    assert list(best.plot().data[0].x) == [100.5, 101.5, 102.5]
    frame = losses.to_frame()
    assert frame.index.tolist() == ["first", 100, 101, 102]
    assert frame.loc[101].isna().tolist() == [True, True, False]
    assert losses.plot().data[0].z.shape == (2, 3)  # a start at 102 would serve after the end


@pytest.mark.parametrize(
    ("loss", "options", "message"),
    [
        (np.zeros((2, 3)), {"initial": [0, 0, 0]}, "square"),
        (np.zeros((0, 0)), {"initial": []}, "square"),
        (np.zeros((2, 2)), {}, "pass initial="),
        (np.zeros((2, 2)), {"initial": [0.0]}, "initial must hold"),
        (np.zeros((2, 2)), {"initial": [0.0, np.nan]}, r"initial\[1\] is NaN"),
        (np.array([[0, np.nan], [0, 0]]), {"initial": [0.0, 0.0]}, r"loss\[0, 1\] is NaN"),
        (np.zeros((2, 2)), {"initial": [np.inf, np.inf], "train_duration": 1}, "infinite cost"),
        (np.zeros((2, 2)), {"initial": [0.0, 0.0], "horizon": 3}, "horizon=3"),
        (LinearStaleness(0.1), {}, "pass horizon="),
        (LinearStaleness(0.1), {"horizon": 0}, "horizon"),
        (lambda start, step: step - start, {}, "pass horizon="),
        (LossMatrix(np.zeros((2, 2)), np.zeros(2), 3, 0), {}, "train_duration=3"),
        (np.zeros((2, 2)), {"initial": [0.0, 0.0], "retrain_cost": -1}, "retrain_cost"),
        (np.zeros((2, 2)), {"initial": [0.0, 0.0], "train_duration": -1}, "train_duration"),
        (np.zeros((2, 2)), {"initial": [0.0, 0.0], "min_gap": -1}, "min_gap"),
    ],
)
def test_nonsense_is_named(loss, options, message):
    with pytest.raises(ValueError, match=message):
        best_schedule(loss, **{"retrain_cost": 1.0, **options})
