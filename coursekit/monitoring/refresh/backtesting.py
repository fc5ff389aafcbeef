"""What would a refresh policy have cost on the data we have? Retrain for real and see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit._number_checks import check_number, check_whole
from coursekit.monitoring.refresh._checks import check_policy
from coursekit.monitoring.refresh._clock import Step
from coursekit.monitoring.refresh._costs import Bill
from coursekit.monitoring.refresh._figures import change_note, refresh_figure
from coursekit.monitoring.refresh._rows import Loss, check_model, first_served, timed_rows
from coursekit.monitoring.refresh._run import run_policy
from coursekit.monitoring.refresh.policies import RefreshPolicy


@dataclass(frozen=True, eq=False, repr=False)
class Backtest(Bill):
    """A policy replayed on real rows: what each step lost, under which model, and the trainings."""

    step: np.ndarray
    """Steps that were served, consecutive, shape (n,)."""
    time: np.ndarray
    """Beginning of each step in the unit of the ``time`` that was given, shape (n,)."""
    rows: np.ndarray
    """Rows that were predicted in each step, shape (n,)."""
    loss: np.ndarray
    """Loss of each step, summed over its rows, shape (n,)."""
    age: np.ndarray
    """Steps from the newest label that the serving model knew to the middle of each step, shape (n,)."""
    model: np.ndarray
    """Number of the serving model, shape (n,); 0 is the first, k the k-th retraining."""
    starts: np.ndarray
    """Steps at which trainings began, ascending."""
    refused: np.ndarray
    """Steps at which a wish was turned down: by a budget, a running training or the minimum gap."""
    training_rows: np.ndarray
    """Rows that each model was trained on, shape (1 + number of starts,); 0 for one that never served."""
    changes: np.ndarray
    """True moments of change in steps, where they were given."""
    retrain_cost: float
    """Cost of a training in the unit of the loss."""
    train_duration: int
    """Steps from the start of a training until its model serves."""
    label_delay: int
    """Steps from a prediction to its label."""

    @property
    def deliveries(self) -> np.ndarray:
        """First step that each retrained model serves; it may lie beyond the data."""
        return self.starts + self.train_duration

    @property
    def mean_loss(self) -> float:
        """Loss of a row: with ``loss="error"`` the error rate over all rows served."""
        return float(self.loss.sum() / self.rows.sum())

    @property
    def mean_age(self) -> float:
        """Mean age of the serving model over the steps."""
        return float(self.age.mean())

    def to_frame(self) -> pd.DataFrame:
        """One row per step: time, rows, loss, mean_loss (NaN without rows), age, model, started, delivered."""
        return pd.DataFrame(
            {
                "step": self.step,
                "time": self.time,
                "rows": self.rows,
                "loss": self.loss,
                "mean_loss": self._mean_losses(),
                "age": self.age,
                "model": self.model,
                "started": np.isin(self.step, self.starts),
                "delivered": np.isin(self.step, self.deliveries),
            }
        )

    def plot(self) -> go.Figure:
        """Age and mean loss over time, with the starts and deliveries of trainings below."""
        dated = self.time.dtype.kind == "M"
        inside = self.deliveries[self.deliveries <= self.step[-1]]
        at = np.floor(self.changes).astype(int) - self.step[0]
        seen = (at >= 0) & (at < len(self.step))
        changes = self.time[at[seen]].astype(str) if dated else self.changes[seen]
        return refresh_figure(
            self.time,
            [("모델의 나이 (스텝)", self.age), ("행당 평균 손실", self._mean_losses())],
            title=f"모델의 나이와 손실{change_note(len(changes))}",
            x_title="날짜" if dated else "시간 (스텝)",
            starts=self.time[self.starts - self.step[0]],
            deliveries=self.time[inside - self.step[0]],
            refused=self.time[self.refused - self.step[0]],
            changes=changes.tolist(),
        )

    def _mean_losses(self) -> np.ndarray:
        return np.divide(self.loss, self.rows, out=np.full(len(self.loss), np.nan), where=self.rows > 0)


def backtest(
    model: Any,
    X: Any,
    y: ArrayLike,
    *,
    time: ArrayLike,
    policy: RefreshPolicy,
    initial: Any,
    train_duration: int = 0,
    label_delay: int = 0,
    retrain_cost: float = 0.0,
    window: int | None = None,
    loss: Loss = "error",
    min_gap: int = 1,
    overlapping: bool = True,
    step: Step = "1D",
    changes: ArrayLike | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Backtest:
    r"""Replay a refresh policy on past data: train when it says so, on what was known by then, and serve.

    The usual backtest trains on everything up to yesterday and promises an accuracy that
    production never reaches, because yesterday's labels arrive in a month and training takes
    two weeks. This one keeps both delays, so the number is one that the team could have had.

    Time goes in steps, as in :func:`simulate`. A training that starts at step :math:`s` sees the rows of
    steps before :math:`s - t_l` (strictly: the rows of a step are labelled :math:`t_l` after its
    end), of at most ``window`` steps, and serves from step :math:`s + t_t` on; until then the old
    model serves. The policy hears the errors of step :math:`t` as step :math:`t + 1 + t_l` begins. No
    result up to a step depends on any later row, nor any model on a label that had not arrived.

    Parameters
    ----------
    model
        scikit-learn estimator; cloned for each training, never fitted itself. Give it a ``random_state``.
    X
        Features, array or DataFrame with n rows.
    y
        Labels, shape (n,), none missing.
    time
        When each row happened, shape (n,), ascending: numbers, whose whole part is the step, or datetime64,
        whose step 0 begins at midnight of the first day.
    policy
        When to retrain, in the steps of ``time``; it is copied, not changed.
    initial
        First step (or date) that is served; the training of the first model started ``train_duration`` earlier.
    train_duration
        Steps from the start of a training until its model serves, :math:`t_t`.
    label_delay
        Steps from a prediction to its label, :math:`t_l`.
    retrain_cost
        Cost of a training in the unit of the loss: with ``"error"``, how many errors it is worth.
    window
        Most steps of data that a training takes, the newest; None takes all.
    loss
        ``"error"`` (0 or 1 a row), ``"log"`` (minus log of the probability given to what happened), or a
        function ``loss(y, predicted)`` that gives a number a row. A detector hears errors, or the
        numbers of the function.
    min_gap
        Fewest steps between two starts; 0 and 1 allow one in each step.
    overlapping
        Whether a training may start while another runs.
    step
        Length of a step where ``time`` is datetime64, such as ``"1D"`` or ``"6h"``.
    changes
        True moments of change in the unit of ``time``, for :class:`KnownDelay` and the figure.
    progress
        Called after each step with the steps served so far and the steps in all, for a progress bar.

    Raises
    ------
    ValueError
        If rows are missing or out of order, a training would know no rows or cannot learn from them,
        the model does not predict one value a row, ``initial`` lies outside of the data, there are more than
        10 million steps, a number is negative or not whole, or the loss is unknown.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from coursekit.monitoring.refresh import OnDemand, Scheduled
    >>> rng = np.random.default_rng(0)
    >>> day, X = np.repeat(np.arange(100), 20), rng.normal(size=(2000, 2))
    >>> y = (X[:, 0] * np.where(day < 50, 1, -1) > 0).astype(int)  # the world turns around on day 50
    >>> known = {"time": day, "initial": 30, "train_duration": 7, "label_delay": 3, "window": 14}
    >>> never = backtest(LogisticRegression(), X, y, policy=OnDemand([]), **known)
    >>> weekly = backtest(LogisticRegression(), X, y, policy=Scheduled(7), **known)
    >>> round(never.mean_loss, 2), round(weekly.mean_loss, 2)
    (0.71, 0.29)

    References
    ----------
    Gama, Sebastião, Rodrigues (2013). On evaluating stream learning algorithms. Machine Learning 90.
    """
    check_policy("backtest", policy)
    check_model("backtest", model, loss)
    if progress is not None and not callable(progress):
        raise ValueError(f"backtest: progress must be a function of (steps served, steps in all), got {progress!r}")
    train_duration = check_whole("backtest", "train_duration", train_duration)
    label_delay = check_whole("backtest", "label_delay", label_delay)
    min_gap = check_whole("backtest", "min_gap", min_gap)
    window = None if window is None else check_whole("backtest", "window", window, low=1)
    retrain_cost = check_number("backtest", "retrain_cost", retrain_cost)
    rows = timed_rows("backtest", X, y, time, step=step)
    first = first_served(rows, initial)
    moments = None if changes is None else np.sort(rows.clock.position("backtest", "changes", changes).ravel())
    steps = range(first, int(rows.step[-1]) + 1)
    lost = np.zeros(len(steps))
    served = np.zeros(len(steps), dtype=np.int64)
    training_rows: dict[int, int] = {}
    serving: Any = None

    def errors_of(now: int, number: int, cutoff: int) -> np.ndarray:
        nonlocal serving
        if number not in training_rows:
            serving, training_rows[number] = rows.trained(
                model, cutoff + label_delay, label_delay=label_delay, window=window
            )
        here = rows.between(now, now + 1)
        if here.start == here.stop:
            return np.empty(0)
        losses, errors = rows.losses(serving, here, loss)
        lost[now - first], served[now - first] = losses.sum(), len(losses)
        return errors

    def serve(now: int, number: int, cutoff: int) -> np.ndarray:
        errors = errors_of(now, number, cutoff)
        if progress is not None:
            progress(now - first + 1, len(steps))
        return errors

    run = run_policy(
        policy,
        steps,
        serve,
        train_duration=train_duration,
        label_delay=label_delay,
        min_gap=min_gap,
        overlapping=overlapping,
        changes=moments,
    )
    numbers = np.arange(first, steps.stop)
    return Backtest(
        step=numbers,
        time=rows.clock.label(numbers),
        rows=served,
        loss=lost,
        age=numbers + 0.5 - run.cutoff,
        model=run.model,
        starts=run.starts,
        refused=run.refused,
        training_rows=np.array([training_rows.get(number, 0) for number in range(len(run.starts) + 1)]),
        changes=np.empty(0) if moments is None else moments,
        retrain_cost=retrain_cost,
        train_duration=train_duration,
        label_delay=label_delay,
    )
