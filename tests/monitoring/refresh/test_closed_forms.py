"""Formulas, integrals and simulations say the same."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from coursekit.monitoring.refresh import (
    AbruptChanges,
    ChangesAt,
    KnownDelay,
    LinearStaleness,
    Scheduled,
    SeasonalStaleness,
    Staleness,
    Triggered,
    best_interval,
    expected_cost,
    simulate,
)

RATES = st.floats(1e-4, 1.0)
COSTS = st.floats(0.01, 100)


@pytest.mark.parametrize(
    ("train_duration", "label_delay", "cost"), [(0, 0, 0.40), (3, 0, 0.43), (0, 10, 0.50), (3, 10, 0.53)]
)
def test_the_best_schedule_under_linear_staleness_costs_what_the_square_root_says(train_duration, label_delay, cost):
    """Equal to rounding: a loss at the middle of a step is the mean of a line, and whole intervals are counted."""
    world = LinearStaleness(0.01)
    delays = {"train_duration": train_duration, "label_delay": label_delay}
    interval = best_interval(world, retrain_cost=8)
    assert interval == 40
    simulated = simulate(
        Scheduled(40), staleness=world, retrain_cost=8, horizon=40 + 25 * 40, warm_up=40, **delays
    ).cost_per_step
    assert simulated == pytest.approx(cost, abs=1e-12)
    assert expected_cost(world, interval=interval, retrain_cost=8, **delays) == pytest.approx(cost, abs=1e-12)


@given(rate=RATES, cost=COSTS, delay=st.floats(0, 100))
def test_the_cost_at_the_best_interval_is_the_textbook_form_and_no_other_interval_is_cheaper(rate, cost, delay):
    world = LinearStaleness(rate)
    best = expected_cost(world, interval=best_interval(world, retrain_cost=cost), retrain_cost=cost, label_delay=delay)
    assert best == pytest.approx(math.sqrt(2 * rate * cost) + rate * delay, rel=1e-9)
    for factor in (0.5, 0.9, 1.1, 2.0):
        other = factor * best_interval(world, retrain_cost=cost)
        assert expected_cost(world, interval=other, retrain_cost=cost, label_delay=delay) > best


@given(
    every=st.integers(1, 40),
    train_duration=st.integers(0, 50),
    label_delay=st.integers(0, 50),
    rate=st.floats(0.001, 1),
)
def test_any_schedule_under_linear_staleness_matches_to_rounding(every, train_duration, label_delay, rate):
    world = LinearStaleness(rate)
    warm_up = every * (train_duration // every + 1)
    result = simulate(
        Scheduled(every),
        staleness=world,
        train_duration=train_duration,
        label_delay=label_delay,
        retrain_cost=3,
        horizon=warm_up + 5 * every,
        warm_up=warm_up,
        errors_per_step=0,
    )
    expected = expected_cost(
        world, interval=every, retrain_cost=3, train_duration=train_duration, label_delay=label_delay
    )
    assert result.cost_per_step == pytest.approx(expected, rel=1e-9)
    assert result.mean_age == pytest.approx(train_duration + label_delay + every / 2)
    assert result.age[warm_up:].min() == train_duration + label_delay + 0.5
    assert result.max_age == train_duration + label_delay + every - 0.5
    assert result.retrain_interval == every


@given(youngest=st.floats(0, 100), span=st.floats(0.1, 100), rate=st.floats(0.001, 0.2), period=st.floats(5, 400))
def test_mean_losses_are_the_integrals_of_the_losses(youngest, span, rate, period):
    """quad is good to 1e-8 of the value; the expected loss of AbruptChanges is severity x P(a change within age)."""
    still = np.empty(0)
    curves = {
        LinearStaleness(rate): lambda age: rate * age,
        SeasonalStaleness(0.3, period): lambda age: float(SeasonalStaleness(0.3, period).loss(age, 0.0, still)),
        AbruptChanges(rate, 0.3): lambda age: 0.3 * (1 - math.exp(-rate * age)),
    }
    for world, curve in curves.items():
        integral = quad(curve, youngest, youngest + span, limit=200)[0] / span
        assert world.mean_loss(youngest, youngest + span) == pytest.approx(integral, rel=1e-6, abs=1e-9)
        assert world.mean_loss(youngest, youngest) == pytest.approx(curve(youngest), rel=1e-9, abs=1e-12)


WORLDS = 30


def _simulated(policy, world, *, warm_up, n, **delays):
    """Losses and trainings a step in independent worlds, each shape (WORLDS,)."""
    runs = [
        simulate(
            policy,
            staleness=world,
            retrain_cost=1,
            horizon=warm_up + n,
            warm_up=warm_up,
            seed=seed,
            errors_per_step=0,
            **delays,
        )
        for seed in range(WORLDS)
    ]
    return np.array([run.loss_per_step for run in runs]), np.array([run.retraining_per_step for run in runs])


def _standard_error(values):
    return values.std(ddof=1) / math.sqrt(len(values))


@pytest.mark.parametrize(("every", "train_duration", "label_delay"), [(28, 14, 7), (7, 14, 0), (60, 0, 0)])
def test_scheduled_trainings_under_abrupt_changes_cost_what_the_formula_says(every, train_duration, label_delay):
    """Within four standard errors of 30 worlds, and the midpoint rule's error, at most max|f''|/24 = D rate^2/24."""
    rate, severity = 1 / 50, 0.3
    world, delays = AbruptChanges(rate, severity), {"train_duration": train_duration, "label_delay": label_delay}
    warm_up = every * (1 + (every + train_duration + label_delay) // every)
    losses, trainings = _simulated(Scheduled(every), world, warm_up=warm_up, n=every * (1500 // every), **delays)
    exact = expected_cost(world, interval=every, **delays)
    assert abs(losses.mean() - exact) < 4 * _standard_error(losses) + severity * rate**2 / 24
    assert trainings == pytest.approx(1 / every)
    assert expected_cost(world, interval=every, retrain_cost=1, **delays) == pytest.approx(exact + 1 / every)


@pytest.mark.parametrize(
    ("delay", "train_duration", "label_delay"), [(5, 14, 7), (1, 0, 0), (10, 0, 30), (40, 5, 0), (40, 0, 0)]
)
def test_triggered_trainings_under_abrupt_changes_cost_what_the_formula_says(delay, train_duration, label_delay):
    """Within four standard errors of 30 worlds.

    KnownDelay rounds to the nearest step, so the delay under the cosh is off by at most 1/2 for any
    single change: D exp(-rate (d + f)) (cosh(rate (d + 1/2)) - cosh(rate d)) more.
    """
    rate, severity = 1 / 40, 0.3
    world, delays = AbruptChanges(rate, severity), {"train_duration": train_duration, "label_delay": label_delay}
    losses, trainings = _simulated(Triggered(KnownDelay(delay)), world, warm_up=200, n=1500, **delays)
    exact = expected_cost(world, detection_delay=delay, **delays)
    free = math.exp(-rate * (delay + train_duration + label_delay))
    assert exact == pytest.approx(severity * (1 - free * math.cosh(rate * delay)))
    rounding = severity * free * (math.cosh(rate * (delay + 0.5)) - math.cosh(rate * delay))
    assert abs(losses.mean() - exact) < 4 * _standard_error(losses) + rounding
    starting = expected_cost(world, detection_delay=delay, retrain_cost=1, **delays) - exact
    assert starting == pytest.approx(1 - math.exp(-rate))  # a step in which at least one alarm is heard
    assert abs(trainings.mean() - starting) < 4 * _standard_error(trainings)


@given(
    rate=st.floats(1e-4, 0.05),
    severity=st.floats(0.01, 1),
    interval=st.floats(1, 60),
    delay=st.floats(0, 60),
    train_duration=st.floats(0, 60),
    label_delay=st.floats(0, 60),
)
def test_first_order_forms_are_the_textbook_ones_and_lie_above(
    rate, severity, interval, delay, train_duration, label_delay
):
    world, delays = AbruptChanges(rate, severity), {"train_duration": train_duration, "label_delay": label_delay}
    late = train_duration + label_delay
    scheduled = expected_cost(world, interval=interval, first_order=True, **delays)
    triggered = expected_cost(world, detection_delay=delay, first_order=True, **delays)
    assert scheduled == pytest.approx(rate * severity * (interval / 2 + late))
    assert triggered == pytest.approx(rate * severity * (delay + late))
    assert expected_cost(world, interval=interval, **delays) <= scheduled + 1e-12
    assert expected_cost(world, detection_delay=delay, **delays) <= triggered + 1e-12


@given(rate=st.floats(1e-5, 1e-3), cost=st.floats(0.01, 1))
def test_under_rare_changes_the_first_order_interval_is_nearly_the_best(rate, cost):
    """To first order in x = rate T*: the exact optimum solves (T/T*)^2 g(rate T) = 1 with g = 1 - 2x/3 + ...

    so T / T* = 1 + x/3 + .15 x^2 + ..., here with x below .07.
    """
    world = AbruptChanges(rate, 0.5)
    guess = best_interval(world, retrain_cost=cost)
    x = rate * guess
    exact = minimize_scalar(
        lambda log_interval: expected_cost(world, interval=math.exp(log_interval), retrain_cost=cost),
        bounds=(math.log(guess / 3), math.log(guess * 3)),
        method="bounded",
        options={"xatol": 1e-7},
    )
    assert abs(math.exp(exact.x) / guess - 1) <= x / 3 + x**2 + 1e-4  # 1e-4: a flat minimum, found to rounding


def test_after_a_whole_season_the_model_is_right_again():
    world = SeasonalStaleness(0.2, 364)
    yearly = simulate(Scheduled(364), staleness=world, horizon=728)
    daily = simulate(Scheduled(1), staleness=world, label_delay=364, horizon=728)
    assert yearly.loss_per_step == pytest.approx(0.1, abs=1e-3)  # the mean of the wave
    assert daily.loss_per_step < 1e-4  # a year late is as good as new


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: best_interval(SeasonalStaleness(0.1, 7), retrain_cost=1), "compare simulate"),
        (lambda: best_interval(LinearStaleness(0.1), retrain_cost=-1), "retrain_cost"),
        (lambda: best_interval("linear", retrain_cost=1), "staleness must be"),
        (lambda: expected_cost(LinearStaleness(0.1)), "one of the two"),
        (lambda: expected_cost(LinearStaleness(0.1), interval=7, detection_delay=1), "one of the two"),
        (lambda: expected_cost(LinearStaleness(0.1), interval=0), "interval"),
        (lambda: expected_cost(LinearStaleness(0.1), interval=float("nan")), "interval"),
        (lambda: expected_cost(LinearStaleness(0.1), detection_delay=3), "only AbruptChanges"),
        (lambda: expected_cost(ChangesAt([3.0], 0.1), interval=7), "no closed form"),
        (lambda: expected_cost(SeasonalStaleness(0.1, 7), interval=7, first_order=True), "this formula"),
        (lambda: expected_cost(LinearStaleness(0.1), interval=7, train_duration=-1), "train_duration"),
        (lambda: expected_cost(LinearStaleness(0.1), interval=7, label_delay=math.inf), "label_delay"),
        (lambda: LinearStaleness(0), "rate must be a finite number above 0"),
        (lambda: LinearStaleness(math.nan), "rate"),
        (lambda: AbruptChanges(0.1, -1), "severity"),
        (lambda: AbruptChanges(math.inf, 1), "rate"),
        (lambda: ChangesAt([math.nan], 1), "finite"),
        (lambda: ChangesAt(np.array(["2020-02-20"], dtype="datetime64[us]"), 1), "a date is no step"),
        (lambda: ChangesAt([True, False], 1), "finite numbers of steps"),
        (lambda: ChangesAt(3.0, 1), "list"),
        (lambda: SeasonalStaleness(0.1, 0), "period"),
    ],
)
def test_nonsense_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_staleness_without_a_loss_says_what_it_needs():
    with pytest.raises(NotImplementedError, match="loss"):
        simulate(Scheduled(7), staleness=Staleness())
