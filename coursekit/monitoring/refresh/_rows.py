"""Rows that happened in time: which step each belongs to, and which of them a training may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from coursekit.monitoring.refresh._checks import check_whole

Loss = str | Callable[[np.ndarray, np.ndarray], ArrayLike]


@dataclass(frozen=True)
class Clock:
    """Translates the caller's times into steps and back."""

    origin: np.datetime64 | None
    """Moment at which step 0 begins; None where times are steps already."""
    length: np.timedelta64
    """Length of a step, where times are dates."""

    def position(self, where: str, parameter: str, times: Any) -> np.ndarray:
        """Times in steps, with fractions."""
        values, dated = np.asarray(times), self.origin is not None
        if dated and values.dtype.kind in "OU":  # date, Timestamp, "2020-02-20"
            try:
                values = values.astype("datetime64[ns]")
            except (TypeError, ValueError) as error:
                raise ValueError(f"{where}: {parameter} must be a date, got {times!r}; {error}") from None
        if values.size and values.dtype.kind not in ("M" if dated else "iuf"):
            wanted = "datetime64 (without time zone)" if dated else "numbers of steps"
            raise ValueError(f"{where}: {parameter} must hold {wanted}, as time does, got {values.dtype}")
        position = (values.astype("datetime64[ns]") - self.origin) / self.length if dated else values.astype(float)
        if not np.isfinite(position).all():
            raise ValueError(f"{where}: {parameter} holds a value that is missing or infinite")
        return position

    def label(self, steps: np.ndarray) -> np.ndarray:
        """Beginning of each step in the caller's unit."""
        return steps if self.origin is None else self.origin + steps * self.length


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
        try:
            return clone(model).fit(self.features(rows), self.y[rows]), count
        except ValueError as error:
            raise ValueError(f"{told}; {type(model).__name__} cannot learn from its {count} rows: {error}") from error

    def losses(self, model: Any, rows: slice, loss: Loss) -> tuple[np.ndarray, np.ndarray]:
        """Loss of each row, and what a detector hears: errors, or the losses where the caller defines them."""
        X, y = self.features(rows), self.y[rows]
        predicted = np.asarray(model.predict(X))
        if callable(loss):
            lost = np.asarray(loss(y, predicted), dtype=float)
            if lost.shape != y.shape or not np.isfinite(lost).all():
                raise ValueError(
                    f"{self.where}: loss(y, predicted) must give one finite number a row, got shape {lost.shape} for "
                    f"{len(y)} rows; do not average, for example lambda y, p: abs(y - p)"
                )
            return lost, lost
        wrong = (predicted != y).astype(float)
        return (wrong if loss == "error" else _log_losses(model, X, y)), wrong


def timed_rows(where: str, X: Any, y: Any, time: Any, *, step: str) -> Rows:
    """Check the rows and give each its step."""
    labels = np.asarray(y)
    n = X.shape[0] if hasattr(X, "shape") and len(X.shape) else len(X)
    if labels.ndim != 1 or n == 0 or len(labels) != n:
        raise ValueError(f"{where}: X and y must have equally many rows, at least one, got {n} and {labels.shape}")
    if pd.isna(labels).any():
        raise ValueError(f"{where}: y[{int(np.argmax(pd.isna(labels)))}] is missing; drop rows that never get a label")
    times = np.asarray(time)
    if times.shape != labels.shape or times.dtype.kind not in "iufM":
        raise ValueError(
            f"{where}: time must hold a number of steps or a datetime64 (without time zone) for each of {n} rows, "
            f"got shape {times.shape} of {times.dtype}"
        )
    if not (np.isfinite(times) if times.dtype.kind in "fM" else np.ones(1, dtype=bool)).all():
        raise ValueError(f"{where}: time[{int(np.argmin(np.isfinite(times)))}] is missing or infinite")
    backwards = np.flatnonzero(times[1:] < times[:-1])
    if backwards.size:
        at = int(backwards[0]) + 1
        raise ValueError(f"{where}: time must not go back, but row {at} is earlier than the one before; sort the rows")
    clock = _clock(where, times, step)
    steps = np.floor(clock.position(where, "time", times)).astype(np.int64)
    rows_of = X if hasattr(X, "iloc") or hasattr(X, "shape") else np.asarray(X)
    return Rows(where, rows_of, labels, steps, clock)


def first_served(rows: Rows, initial: Any) -> int:
    """The step that ``initial`` names, checked to lie in the data."""
    position = rows.clock.position(rows.where, "initial", initial)
    if position.ndim:
        raise ValueError(f"{rows.where}: initial must be one step or date, got shape {position.shape}")
    first = check_whole(rows.where, "initial", float(np.floor(position)), low=None)
    if not rows.step[0] <= first <= rows.step[-1]:
        raise ValueError(
            f"{rows.where}: initial is step {first}, but the data reach from step {rows.step[0]} to {rows.step[-1]}"
        )
    return first


def check_model(where: str, model: Any, loss: Loss) -> None:
    """Raise unless the model can be fitted anew and judged by this loss."""
    if isinstance(model, type) or not (hasattr(model, "fit") and hasattr(model, "predict")):
        raise ValueError(f"{where}: model must be a scikit-learn estimator with fit and predict, got {model!r}")
    if not callable(loss) and loss not in ("error", "log"):
        raise ValueError(f"{where}: loss must be 'error', 'log' or a function loss(y, predicted), got {loss!r}")
    if loss == "log" and not hasattr(model, "predict_proba"):
        raise ValueError(f"{where}: loss='log' needs predict_proba, which {type(model).__name__} lacks; use 'error'")


def _clock(where: str, times: np.ndarray, step: str) -> Clock:
    try:
        length = pd.Timedelta(step).to_timedelta64().astype("timedelta64[ns]")
    except ValueError as error:
        raise ValueError(
            f"{where}: step must be a length of time such as '1D' or '6h', got {step!r}; {error}"
        ) from None
    if not length > np.timedelta64(0, "ns"):
        raise ValueError(f"{where}: step must be longer than nothing, got {step!r}")
    midnight = times[0].astype("datetime64[D]").astype("datetime64[ns]") if times.dtype.kind == "M" else None
    return Clock(midnight, length)


def _log_losses(model: Any, X: Any, y: np.ndarray) -> np.ndarray:
    """Minus the log of the probability given to what happened; a class the model never saw has almost none."""
    given = np.asarray(model.predict_proba(X), dtype=float)
    classes = np.asarray(model.classes_)
    at = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    probability = np.where(classes[at] == y, given[np.arange(len(y)), at], 0.0)
    return -np.log(np.clip(probability, np.finfo(float).eps, 1.0))
