"""Rows that happened in time: which step each belongs to, and which of them a training may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from coursekit.monitoring.refresh._clock import Clock, Step, check_times, clock_of
from coursekit.monitoring.refresh._run import MOST_STEPS

Loss = str | Callable[[np.ndarray, np.ndarray], ArrayLike]


@dataclass(frozen=True, eq=False)
class Rows:
    """Features and labels in the order of time."""

    where: str
    """The function that was called, for messages."""
    X: Any
    """Features, n rows."""
    y: np.ndarray
    """Labels, shape (n,)."""
    step: np.ndarray
    """Step of each row, ascending, shape (n,)."""
    clock: Clock
    """Translates times."""

    def between(self, low: int, high: int) -> slice:
        """Rows of the steps low, ..., high - 1."""
        begin, end = np.searchsorted(self.step, [low, high])
        return slice(int(begin), int(end))

    def known(self, cutoff: int, window: int | None) -> slice:
        """Rows that a training may see: steps before the cutoff, at most ``window`` steps of them."""
        return self.between(int(self.step[0]) if window is None else cutoff - window, cutoff)

    def features(self, rows: slice) -> Any:
        """The features of some rows."""
        return self.X.iloc[rows] if hasattr(self.X, "iloc") else self.X[rows]

    def trained(self, model: Any, start: int, *, label_delay: int, window: int | None) -> tuple[Any, int]:
        """A fresh copy of the model, fitted on what was known at the start, and its number of rows."""
        from sklearn.base import clone

        cutoff = start - label_delay
        rows = self.known(cutoff, window)
        count = rows.stop - rows.start
        told = f"{self.where}: the training that starts at step {start} knows the labels of steps before {cutoff}"
        if count <= 0:
            within = "" if window is None else f" and at most {window} steps old"
            raise ValueError(
                f"{told}{within}, which are no rows (the data begin at step {self.step[0]}); raise initial"
                f"{'' if window is None else ' or window'}, or lower label_delay or train_duration"
            )
        fresh = clone(model)
        try:
            fresh.fit(self.features(rows), self.y[rows])
        except ValueError as error:
            raise ValueError(f"{told}; {type(model).__name__} cannot learn from its {count} rows: {error}") from error
        return fresh, count

    def losses(self, model: Any, rows: slice, loss: Loss) -> tuple[np.ndarray, np.ndarray]:
        """Loss of each row, and what a detector hears: errors, or the losses where the caller defines them."""
        X, y = self.features(rows), self.y[rows]
        told = f"{self.where}: {type(model).__name__}, which serves step {self.step[rows.start]},"
        try:
            predicted = np.asarray(model.predict(X))
            given = np.asarray(model.predict_proba(X), dtype=float) if loss == "log" else None
        except ValueError as error:
            raise ValueError(f"{told} cannot predict the {len(y)} rows: {error}") from error
        if predicted.shape != y.shape:  # (n, 1) against (n,) would compare each prediction with each label
            raise ValueError(
                f"{told} predicts shape {predicted.shape} for {len(y)} rows; it must give one value a row, shape "
                f"{y.shape}, as .ravel() makes of a column"
            )
        if callable(loss):
            lost = np.asarray(loss(y, predicted), dtype=float)
            if lost.shape != y.shape or not np.isfinite(lost).all():
                raise ValueError(
                    f"{self.where}: loss(y, predicted) must give one finite number a row, got shape {lost.shape} for "
                    f"{len(y)} rows; do not average, for example lambda y, p: abs(y - p)"
                )
            return lost, lost
        wrong = (predicted != y).astype(float)
        return (wrong if given is None else _log_losses(told, np.asarray(model.classes_), given, y)), wrong


def timed_rows(where: str, X: Any, y: Any, time: Any, *, step: Step) -> Rows:
    """Check the rows and give each its step."""
    labels = np.asarray(y)
    n = X.shape[0] if hasattr(X, "shape") and len(X.shape) else len(X)
    if labels.ndim != 1 or n == 0 or len(labels) != n:
        raise ValueError(f"{where}: X and y must have equally many rows, at least one, got {n} and {labels.shape}")
    if pd.isna(labels).any():
        raise ValueError(f"{where}: y[{int(np.argmax(pd.isna(labels)))}] is missing; drop rows that never get a label")
    times = np.asarray(time)
    check_times(where, times, n)
    clock = clock_of(where, times, step)
    steps = np.floor(clock.position(where, "time", times)).astype(np.int64)
    rows_of = X if hasattr(X, "iloc") or hasattr(X, "shape") else np.asarray(X)
    return Rows(where, rows_of, labels, steps, clock)


def first_served(rows: Rows, initial: Any, *, most: int = MOST_STEPS) -> int:
    """The step that ``initial`` names, checked to lie in the data, with at most so many steps to serve."""
    position = rows.clock.position(rows.where, "initial", initial)
    if position.ndim:
        raise ValueError(f"{rows.where}: initial must be one step or date, got shape {position.shape}")
    first = int(np.floor(position))
    if not rows.step[0] <= first <= rows.step[-1]:
        raise ValueError(
            f"{rows.where}: initial is step {first}, but the data reach from step {rows.step[0]} to {rows.step[-1]}"
        )
    n_steps = int(rows.step[-1]) - first + 1
    if n_steps > most:
        raise ValueError(
            f"{rows.where}: from initial to the last row are {n_steps:,} steps, more than {most:,}; is the last time "
            f"an outlier, or the step too short?"
        )
    return first


def check_model(where: str, model: Any, loss: Loss) -> None:
    """Raise unless the model can be fitted anew and judged by this loss."""
    if isinstance(model, type) or not all(hasattr(model, name) for name in ("fit", "predict", "get_params")):
        raise ValueError(
            f"{where}: model must be a scikit-learn estimator with fit, predict and get_params (BaseEstimator has it), "
            f"got {model!r}"
        )
    if not callable(loss) and loss not in ("error", "log"):
        raise ValueError(f"{where}: loss must be 'error', 'log' or a function loss(y, predicted), got {loss!r}")
    if loss == "log" and not hasattr(model, "predict_proba"):
        raise ValueError(f"{where}: loss='log' needs predict_proba, which {type(model).__name__} lacks; use 'error'")


def _log_losses(told: str, classes: np.ndarray, given: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Minus the log of the probability given to what happened; a class the model never saw has almost none."""
    if given.shape != (len(y), len(classes)) or not np.isfinite(given).all():
        raise ValueError(
            f"{told} must give a finite probability a row and class, shape {(len(y), len(classes))}, got {given.shape}"
        )
    at = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    probability = np.where(classes[at] == y, given[np.arange(len(y)), at], 0.0)
    return -np.log(np.clip(probability, np.finfo(float).eps, 1.0))
