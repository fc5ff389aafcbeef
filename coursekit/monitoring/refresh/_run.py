"""One walk through the steps of a refresh: who serves, who trains, what a policy is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from coursekit.monitoring.refresh._checks import check_policy
from coursekit.monitoring.refresh.policies import RefreshNews, RefreshPolicy
from coursekit.monitoring.refresh.staleness import Staleness

MOST_STEPS = 10_000_000
"""A walk of more takes minutes at least, and is a slip of a unit or an outlier."""

Serve = Callable[[int, int, int], np.ndarray]
"""(step, number of the model, step before which it knew labels) -> errors of the step's predictions."""


@dataclass(frozen=True, eq=False)
class Run:
    """What happened, step by step."""

    starts: np.ndarray
    """Steps at which trainings began."""
    refused: np.ndarray
    """Steps at which a wish was turned down."""
    model: np.ndarray
    """Number of the model that served each step, shape (n_steps,)."""
    cutoff: np.ndarray
    """Step before which the serving model knew labels, shape (n_steps,)."""


def shortest_gap(*, train_duration: int, min_gap: int, overlapping: bool) -> int:
    """Fewest steps between two starts."""
    return max(1, min_gap, 1 if overlapping else train_duration)


def run_policy(
    policy: RefreshPolicy,
    steps: range,
    serve: Serve,
    *,
    train_duration: int,
    label_delay: int,
    min_gap: int,
    overlapping: bool,
    changes: np.ndarray | None,
) -> Run:
    """Ask the policy at every step and serve the step with the newest model delivered.

    A step t lasts from t to t + 1. At its start, models are delivered, then the labels of step
    t - 1 - label_delay arrive, then the policy is asked; a training without duration serves the
    step in which it starts. A training that starts at s knows the labels of all steps before
    s - label_delay. The first model is one that started at steps[0] - train_duration.
    """
    gap = shortest_gap(train_duration=train_duration, min_gap=min_gap, overlapping=overlapping)
    asked = policy.start()
    check_policy(f"{type(policy).__name__}.start()", asked)
    begun = [steps.start - train_duration]  # of each model, the first model included
    starts: tuple[int, ...] = ()
    refused: list[int] = []
    model = np.empty(len(steps), dtype=np.int64)
    on_the_way: deque[tuple[np.ndarray, int]] = deque()
    nothing, serving, maker = np.empty(0), 0, 0
    for position, step in enumerate(steps):
        while serving + 1 < len(begun) and begun[serving + 1] + train_duration <= step:
            serving += 1
        errors = nothing
        if len(on_the_way) > label_delay:
            errors, maker = on_the_way.popleft()
        may_start = not starts or step - starts[-1] >= gap
        news = RefreshNews(
            errors=errors,
            model=maker,
            serving=serving,
            age=float(step - begun[serving] + label_delay),
            starts=starts,
            in_training=len(begun) - 1 - serving,
            may_start=may_start,
            label_delay=label_delay,
            changes=None if changes is None else changes[: np.searchsorted(changes, step, side="right")],
        )
        if asked.wants(step, news):
            if may_start:
                begun.append(step)
                starts = (*starts, step)
                serving += train_duration == 0
            else:
                refused.append(step)
        model[position] = serving
        on_the_way.append((serve(step, serving, begun[serving] - label_delay), serving))
    return Run(
        starts=np.array(starts, dtype=np.int64),
        refused=np.array(sorted({*refused, *asked.refused}), dtype=np.int64),
        model=model,
        cutoff=np.array(begun)[model] - label_delay,
    )


def drawn_changes(staleness: Staleness, *, horizon: int, seed: int) -> np.ndarray:
    """Give the changes of the world with this seed, the same for every policy."""
    return np.sort(np.asarray(staleness.changes(horizon, np.random.default_rng([seed, 0])), dtype=float))
