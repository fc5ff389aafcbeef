"""The table of all models holds what each backtest would have lost, and bounds them all."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from coursekit.monitoring.detectors import DDM
from coursekit.monitoring.refresh import (
    OnDemand,
    Scheduled,
    Triggered,
    backtest,
    best_schedule,
    loss_matrix,
)


@pytest.fixture(scope="module")
def world():
    """90 steps of a label that turns around at step 45; some steps without rows."""
    rng = np.random.default_rng(1)
    day = np.sort(rng.integers(0, 90, size=1800))
    day = day[day % 17 != 3]
    X = rng.normal(size=(len(day), 2))
    y = (X[:, 0] * np.where(day < 45, 1, -1) + 0.3 * rng.normal(size=len(day)) > 0).astype(int)
    return day, X, y


RULES = {"initial": 25, "train_duration": 4, "label_delay": 3, "window": 12}


@pytest.fixture(scope="module")
def losses(world):
    day, X, y = world
    return loss_matrix(LogisticRegression(), X, y, time=day, **RULES)


def test_each_row_is_the_backtest_of_one_training(world, losses):
    day, X, y = world
    never = backtest(LogisticRegression(), X, y, time=day, policy=OnDemand([]), **RULES)
    np.testing.assert_array_equal(losses.initial, never.loss)
    for start in (25, 40, 60):
        once = backtest(LogisticRegression(), X, y, time=day, policy=OnDemand([start]), **RULES)
        row = losses.loss[start - 25]
        np.testing.assert_array_equal(row[start - 25 + 4 :], once.loss[start - 25 + 4 :])
        assert np.isinf(row[: start - 25 + 4]).all()


@pytest.mark.parametrize("retrain_cost", [1.0, 20.0, 100.0])
def test_the_best_schedule_replayed_on_the_data_costs_what_it_says_and_bounds_every_policy(world, losses, retrain_cost):
    day, X, y = world
    best = best_schedule(losses, retrain_cost=retrain_cost, train_duration=4)
    rules = {"time": day, "retrain_cost": retrain_cost, **RULES}
    replayed = backtest(LogisticRegression(), X, y, policy=OnDemand(best.starts), **rules)
    assert replayed.cost == pytest.approx(best.cost, rel=1e-12)
    np.testing.assert_array_equal(replayed.loss, best.loss)
    for policy in (OnDemand([]), Scheduled(5), Scheduled(15), Triggered(DDM(n_min=100, drift_level=4), wait=8)):
        assert backtest(LogisticRegression(), X, y, policy=policy, **rules).cost >= best.cost - 1e-9


def test_a_coarser_table_trains_less_and_cannot_be_better(world, losses):
    day, X, y = world
    coarse = loss_matrix(LogisticRegression(), X, y, time=day, every=5, **RULES)
    trained = np.isfinite(coarse.loss).any(axis=1)
    assert trained.nonzero()[0].tolist() == list(range(0, 65 - 4, 5))
    np.testing.assert_array_equal(coarse.loss[trained], losses.loss[trained])
    rules = {"retrain_cost": 20, "train_duration": 4}
    assert best_schedule(coarse, **rules).cost >= best_schedule(losses, **rules).cost


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": 0}, "every"),
        ({"initial": 3}, "loss_matrix: the training that starts at step"),
        ({"loss": "rmse"}, "loss must be"),
    ],
)
def test_nonsense_is_named(world, options, message):
    day, X, y = world
    with pytest.raises(ValueError, match=message):
        loss_matrix(LogisticRegression(), X, y, time=day, **{**RULES, **options})


def test_a_table_that_would_not_fit_is_told():
    day = np.array([0, 1, 30_000])
    with pytest.raises(ValueError, match=r"loss_matrix: .* are 30,000 steps, more than 20,000"):
        loss_matrix(LogisticRegression(), np.zeros((3, 1)), np.array([0, 1, 0]), time=day, initial=1)
