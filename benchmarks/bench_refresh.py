"""Model refresh: formulas beside simulations, what real detectors are worth, the speed of the oracle."""

from __future__ import annotations

import time

import numpy as np

from coursekit.monitoring.detectors import DDM
from coursekit.monitoring.refresh import (
    AbruptChanges,
    AnyOf,
    KnownDelay,
    LinearStaleness,
    OnDemand,
    RefreshPolicy,
    Scheduled,
    Triggered,
    best_interval,
    best_schedule,
    expected_cost,
    simulate,
    update_frequency,
)


def _row(figure: str, value: float, unit: str = "", *, bar: str = "", holds: bool | None = None) -> dict:
    return {"figure": figure, "value": float(value), "unit": unit, "bar": bar, "holds": holds}


def _linear() -> list[dict]:
    """Every delay at the best interval: simulated beside sqrt(2ac) + a (tt + tl)."""
    rows, world = [], LinearStaleness(0.01)
    interval = int(best_interval(world, retrain_cost=8))
    for train_duration, label_delay in ((0, 0), (3, 0), (0, 10), (3, 10)):
        delays = {"train_duration": train_duration, "label_delay": label_delay, "retrain_cost": 8}
        formula = expected_cost(world, interval=interval, **delays)
        cost = simulate(Scheduled(interval), staleness=world, horizon=1040, warm_up=40, **delays).cost_per_step
        rows.append(
            _row(
                f"linear staleness, training {train_duration}, labels {label_delay}: cost a step",
                cost,
                f"formula {formula:.4f}",
                bar="equal to 1e-9",
                holds=abs(cost - formula) < 1e-9,
            )
        )
    return rows


def _abrupt() -> list[dict]:
    """Scheduled and triggered under abrupt changes: simulated, exact, and the upper first-order form."""
    rows, world, delays = [], AbruptChanges(1 / 100, 0.3), {"train_duration": 14, "label_delay": 7}
    cases: list[tuple[str, RefreshPolicy, dict]] = [
        ("every 28 steps", Scheduled(28), {"interval": 28}),
        ("every 7 steps", Scheduled(7), {"interval": 7}),
        ("alarm after 5 steps", Triggered(KnownDelay(5)), {"detection_delay": 5}),
        ("alarm after 30 steps", Triggered(KnownDelay(30)), {"detection_delay": 30}),
    ]
    for name, policy, when in cases:
        runs = [
            simulate(policy, staleness=world, horizon=2_080, warm_up=280, seed=seed, errors_per_step=0, **delays)
            for seed in range(30)
        ]
        losses = np.array([run.loss_per_step for run in runs])
        error = float(losses.std(ddof=1) / np.sqrt(len(losses)))
        exact = expected_cost(world, **when, **delays)
        upper = expected_cost(world, first_order=True, **when, **delays)
        rows.append(
            _row(
                f"abrupt changes, {name}: loss a step",
                losses.mean(),
                f"± {error:.4f}, exact {exact:.4f}, first order {upper:.4f}",
                bar="within 3 standard errors",
                holds=abs(losses.mean() - exact) < 3 * error,
            )
        )
    return rows


def _detectors() -> list[dict]:
    """What a policy costs beside the best schedule that hindsight knows; ten worlds of two years."""
    world = AbruptChanges(1 / 100, 0.3)
    rules = {"train_duration": 14, "label_delay": 7, "retrain_cost": 1.0, "horizon": 730}
    calm = DDM(n_min=1000, drift_level=4)
    policies: dict[str, RefreshPolicy] = {
        "never": OnDemand([]),
        "every 28 steps": Scheduled(28),
        "alarm of DDM": Triggered(DDM()),
        "alarm of DDM(n_min=1000, drift_level=4)": Triggered(calm),
        "the same, after 14 steps": Triggered(calm, wait=14),
        "the same, or every 90 steps": AnyOf(Triggered(calm, wait=14), Scheduled(90, offset=90)),
        "alarm always 5 steps late": Triggered(KnownDelay(5)),
    }
    best = np.mean([best_schedule(world, seed=seed, **rules).cost for seed in range(10)])
    rows = [_row("best schedule in hindsight: cost of two years", best)]
    for name, policy in policies.items():
        runs = [simulate(policy, staleness=world, seed=seed, **rules) for seed in range(10)]
        cost, trainings = np.mean([run.cost for run in runs]), np.mean([len(run.starts) for run in runs])
        rows.append(
            _row(
                f"{name}: cost of two years",
                cost,
                f"{cost / best:.2f}x the best, {trainings:.1f} trainings",
                bar="not below the best",
                holds=bool(cost >= best),
            )
        )
    return rows


def _speed() -> list[dict]:
    world, rng = AbruptChanges(1 / 50, 0.3), np.random.default_rng(0)
    losses, initial = rng.random((1000, 1000)), rng.random(1000)
    best_schedule(losses[:2, :2], initial=initial[:2], retrain_cost=1)  # compiles
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        best_schedule(losses, initial=initial, retrain_cost=1, train_duration=14, min_gap=7)
        seconds.append(time.perf_counter() - start)
    start = time.perf_counter()
    simulate(Triggered(DDM()), staleness=world, horizon=10_000, train_duration=14, label_delay=7)
    steps = 10_000 / (time.perf_counter() - start)
    milliseconds = 1000 * float(np.median(seconds))
    return [
        _row("best schedule of 1,000 steps, median", milliseconds, "ms", bar="< 20", holds=milliseconds < 20),
        _row("simulated steps with DDM, 100 errors each", steps, "steps/s"),
    ]


def _two_weeks() -> list[dict]:
    """The question of the first lecture: if training takes two weeks."""
    rows = []
    for row in update_frequency(14).to_frame().itertuples():
        told = f"days, {row.trainings_at_once} trainings at once"
        rows.append(_row(f"two weeks of training, a start every {row.interval} days: mean age", row.mean_age, told))
    return rows


def run() -> list[dict]:
    """Formulas, detectors, the oracle's time."""
    return _linear() + _abrupt() + _detectors() + _speed() + _two_weeks()


if __name__ == "__main__":
    for row in run():
        print(row)
