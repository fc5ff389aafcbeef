"""What would every possible model have lost on the data we have?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from coursekit._number_checks import check_whole
from coursekit.monitoring.refresh._clock import Step
from coursekit.monitoring.refresh._rows import Loss, check_model, first_served, timed_rows
from coursekit.monitoring.refresh.schedule_oracle import LossMatrix


def loss_matrix(
    model: Any,
    X: Any,
    y: ArrayLike,
    *,
    time: ArrayLike,
    initial: Any,
    train_duration: int = 0,
    label_delay: int = 0,
    window: int | None = None,
    loss: Loss = "error",
    every: int = 1,
    step: Step = "1D",
) -> LossMatrix:
    r"""Train a model at every step and let each predict everything after it.

    The table answers at once all questions of the form "what if we had retrained then", and
    :func:`best_schedule` turns it into the least that any policy could have paid. Read as a map it
    shows drift without a detector: a row that darkens has aged, a column edge is a change.

    Entry :math:`(s, t)` sums the losses of the rows of step :math:`t` under the model whose training
    started at :math:`s`, as :func:`backtest` would have trained it.

    Parameters
    ----------
    model
        scikit-learn estimator; cloned for each training. Give it a ``random_state``.
    X
        Features, array or DataFrame with n rows.
    y
        Labels, shape (n,), none missing.
    time
        When each row happened, as in :func:`backtest`.
    initial
        First step (or date) that is served.
    train_duration
        Steps from the start of a training until its model serves.
    label_delay
        Steps from a prediction to its label.
    window
        Most steps of data that a training takes, the newest; None takes all.
    loss
        As in :func:`backtest`.
    every
        Train at every so many steps only, from ``initial`` on; the other rows are infinite.
    step
        Length of a step where ``time`` is datetime64.

    Raises
    ------
    ValueError
        As :func:`backtest`, and from 20,000 steps on: the table would take more than 3 GB.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from coursekit.monitoring.refresh import Scheduled, backtest, best_schedule
    >>> rng = np.random.default_rng(0)
    >>> day, X = np.repeat(np.arange(100), 20), rng.normal(size=(2000, 2))
    >>> y = (X[:, 0] * np.where(day < 50, 1, -1) > 0).astype(int)  # the world turns around on day 50
    >>> known = {"time": day, "initial": 30, "train_duration": 7, "label_delay": 3, "window": 14}
    >>> best = best_schedule(loss_matrix(LogisticRegression(), X, y, **known), train_duration=7, retrain_cost=40)
    >>> weekly = backtest(LogisticRegression(), X, y, policy=Scheduled(7), retrain_cost=40, **known)
    >>> best.starts, round(weekly.cost / best.cost, 1)
    (array([61, 65]), 1.8)

    References
    ----------
    Mahadevan, Mathioudakis (2024). Cost-aware retraining for machine learning. Knowledge-Based Systems.
    """
    check_model("loss_matrix", model, loss)
    train_duration = check_whole("loss_matrix", "train_duration", train_duration)
    label_delay = check_whole("loss_matrix", "label_delay", label_delay)
    window = None if window is None else check_whole("loss_matrix", "window", window, low=1)
    every = check_whole("loss_matrix", "every", every, low=1)
    rows = timed_rows("loss_matrix", X, y, time, step=step)
    first = first_served(rows, initial, most=20_000)
    n = int(rows.step[-1]) + 1 - first

    def losses_from(start: int, serves: int) -> np.ndarray:
        """Loss of each step from ``serves`` on."""
        fitted, _ = rows.trained(model, start, label_delay=label_delay, window=window)
        ahead = rows.between(serves, first + n)
        per_row, _ = rows.losses(fitted, ahead, loss)
        return np.bincount(rows.step[ahead] - serves, weights=per_row, minlength=first + n - serves)

    table = np.full((n, n), np.inf)
    for index in range(0, n - train_duration, every):
        table[index, index + train_duration :] = losses_from(first + index, first + index + train_duration)
    return LossMatrix(table, losses_from(first - train_duration, first), train_duration, first)
