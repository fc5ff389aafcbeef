"""What does a refresh policy cost, in a world whose staleness is a formula?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit._number_checks import check_number, check_whole
from coursekit.monitoring.refresh._checks import check_policy, check_staleness
from coursekit.monitoring.refresh._costs import Bill
from coursekit.monitoring.refresh._figures import change_note, refresh_figure
from coursekit.monitoring.refresh._run import MOST_STEPS, drawn_changes, run_policy
from coursekit.monitoring.refresh.policies import RefreshPolicy
from coursekit.monitoring.refresh.staleness import Staleness


@dataclass(frozen=True, eq=False, repr=False)
class RefreshSimulation(Bill):
    """A run of a policy: how old the serving model was at each step, and what that cost.

    Means are taken over the steps from ``warm_up`` on.
    """

    age: np.ndarray
    """Steps from the newest label that the serving model knows to the middle of each step, shape (horizon,)."""
    loss: np.ndarray
    """Loss of each step, shape (horizon,)."""
    model: np.ndarray
    """Number of the serving model, shape (horizon,); 0 is the first, k the k-th retraining."""
    starts: np.ndarray
    """Steps at which trainings began, ascending."""
    refused: np.ndarray
    """Steps at which a wish was turned down: by a budget, a running training or the minimum gap."""
    changes: np.ndarray
    """Moments at which the world changed, ascending."""
    retrain_cost: float
    """Cost of a training in the unit of the loss."""
    train_duration: int
    """Steps from the start of a training until its model serves."""
    label_delay: int
    """Steps from a prediction to its label."""
    warm_up: int
    """Steps at the beginning that no mean counts."""

    def _counted(self) -> tuple[np.ndarray, int]:
        return self.loss[self.warm_up :], int(np.sum(self.starts >= self.warm_up))

    @property
    def deliveries(self) -> np.ndarray:
        """First step that each retrained model serves; it may lie beyond the run."""
        return self.starts + self.train_duration

    @property
    def mean_age(self) -> float:
        """Mean age of the serving model over the counted steps."""
        return float(self.age[self.warm_up :].mean())

    @property
    def max_age(self) -> float:
        """Largest age in a counted step."""
        return float(self.age[self.warm_up :].max())

    @property
    def retrain_interval(self) -> float:
        """Mean number of steps between two starts, NaN with fewer than two."""
        counted = self.starts[self.starts >= self.warm_up]
        return float(np.diff(counted).mean()) if len(counted) > 1 else float("nan")

    @property
    def trainings(self) -> np.ndarray:
        """How many trainings run in each step, shape (horizon,)."""
        steps = np.arange(len(self.age))
        return np.searchsorted(self.starts, steps, "right") - np.searchsorted(self.deliveries, steps, "right")

    def to_frame(self) -> pd.DataFrame:
        """One row per step: age, loss, model, trainings running, whether one started or was delivered."""
        steps = np.arange(len(self.age))
        return pd.DataFrame(
            {
                "step": steps,
                "age": self.age,
                "loss": self.loss,
                "model": self.model,
                "trainings": self.trainings,
                "started": np.isin(steps, self.starts),
                "delivered": np.isin(steps, self.deliveries),
            }
        )

    def plot(self) -> go.Figure:
        """Age and loss over time, with the starts and deliveries of trainings below."""
        inside = self.deliveries < len(self.age)
        return refresh_figure(
            np.arange(len(self.age)) + 0.5,
            [("모델의 나이 (스텝)", self.age), ("손실", self.loss)],
            title=f"모델의 나이와 손실{change_note(len(self.changes))}",
            x_title="시간 (스텝)",
            starts=self.starts,
            deliveries=self.deliveries[inside],
            refused=self.refused,
            changes=self.changes.tolist(),
        )


def simulate(
    policy: RefreshPolicy,
    *,
    staleness: Staleness,
    train_duration: int = 0,
    label_delay: int = 0,
    retrain_cost: float = 0.0,
    horizon: int = 1000,
    warm_up: int = 0,
    min_gap: int = 1,
    overlapping: bool = True,
    base_error_rate: float = 0.1,
    errors_per_step: int = 100,
    seed: int = 0,
) -> RefreshSimulation:
    r"""Run a refresh policy through a world whose staleness is a formula.

    Whether to retrain weekly or on alarm depends on four numbers that every team can estimate:
    what age costs, what a training costs, how long it takes, how late labels come. A second
    of simulation tells which of them matters before a pipeline is built.

    Time goes in whole steps (days, say); step :math:`t` lasts from :math:`t` to :math:`t + 1` and its
    loss is taken at its middle. A training that starts at step :math:`s` knows every label of the
    steps before :math:`s - t_l` and serves from step :math:`s + t_t` on, so the age in step :math:`t` is
    :math:`t + 1/2 - (s - t_l)` and never below :math:`t_t + t_l + 1/2`. The first model is as fresh as
    a model can be: its training started at :math:`-t_t`. It costs nothing.

    In each step ``errors_per_step`` predictions err with probability ``base_error_rate`` + loss
    (at most 1); they reach the policy as the step :math:`t + 1 + t_l` begins. Policies that run with
    the same seed meet the same changes and the same luck.

    Parameters
    ----------
    policy
        When to retrain; it is copied, not changed.
    staleness
        What age costs.
    train_duration
        Steps from the start of a training until its model serves, :math:`t_t`.
    label_delay
        Steps from a prediction to its label, :math:`t_l`.
    retrain_cost
        Cost of a training in the unit of the loss of a step.
    horizon
        Number of steps.
    warm_up
        Steps at the beginning that no mean counts, less than the horizon.
    min_gap
        Fewest steps between two starts; 0 and 1 allow one in each step.
    overlapping
        Whether a training may start while another runs.
    base_error_rate
        Error rate of a model that lost nothing, between 0 and 1; only detectors that hear errors care.
    errors_per_step
        Predictions a step that get a label.
    seed
        Seed of the changes and the errors.

    Raises
    ------
    ValueError
        If a duration, a count, the cost or the seed is negative or not whole, the warm-up leaves no step,
        the error rate lies outside [0, 1], a loss is not finite, or policy or staleness is something else.

    Examples
    --------
    >>> from coursekit.monitoring.refresh import LinearStaleness, Scheduled
    >>> result = simulate(Scheduled(40), staleness=LinearStaleness(0.01), retrain_cost=8, train_duration=3,
    ...                   label_delay=10, horizon=1040, warm_up=40)
    >>> round(result.loss_per_step, 6), result.retraining_per_step, round(result.cost_per_step, 6)
    (0.33, 0.2, 0.53)
    >>> result.mean_age, result.max_age
    (33.0, 52.5)

    References
    ----------
    Mahadevan, Mathioudakis (2024). Cost-aware retraining for machine learning. Knowledge-Based Systems.
    """
    check_policy("simulate", policy)
    check_staleness("simulate", staleness)
    train_duration = check_whole("simulate", "train_duration", train_duration)
    label_delay = check_whole("simulate", "label_delay", label_delay)
    min_gap = check_whole("simulate", "min_gap", min_gap)
    horizon = check_whole("simulate", "horizon", horizon, low=1, high=MOST_STEPS)
    warm_up = check_whole("simulate", "warm_up", warm_up)
    errors_per_step = check_whole("simulate", "errors_per_step", errors_per_step)
    retrain_cost = check_number("simulate", "retrain_cost", retrain_cost)
    base = check_number("simulate", "base_error_rate", base_error_rate)
    seed = check_whole("simulate", "seed", seed, high=None)
    if warm_up >= horizon:
        raise ValueError(f"simulate: warm_up={warm_up} leaves no step of horizon={horizon} to count")
    if base > 1:
        raise ValueError(f"simulate: base_error_rate must lie between 0 and 1, got {base_error_rate!r}")

    changes = drawn_changes(staleness, horizon=horizon, seed=seed)
    luck = np.random.default_rng([seed, 1])
    loss = np.empty(horizon)

    def serve(step: int, model: int, cutoff: int) -> np.ndarray:
        loss[step] = lost = float(staleness.loss(step + 0.5, cutoff, changes))
        return (luck.random(errors_per_step) < base + lost).astype(np.int64)

    run = run_policy(
        policy,
        range(horizon),
        serve,
        train_duration=train_duration,
        label_delay=label_delay,
        min_gap=min_gap,
        overlapping=overlapping,
        changes=changes,
    )
    if not np.isfinite(loss).all():
        at = int(np.flatnonzero(~np.isfinite(loss))[0])
        raise ValueError(f"simulate: {staleness!r} gave the loss {loss[at]} at step {at}; losses must be finite")
    return RefreshSimulation(
        age=np.arange(horizon) + 0.5 - run.cutoff,
        loss=loss,
        model=run.model,
        starts=run.starts,
        refused=run.refused,
        changes=changes,
        retrain_cost=retrain_cost,
        train_duration=train_duration,
        label_delay=label_delay,
        warm_up=warm_up,
    )
