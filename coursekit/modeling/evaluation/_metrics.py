"""Scores of many confusion matrices at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np


def accuracy_of(confusions: np.ndarray) -> np.ndarray:
    """Share on the diagonal; confusions has shape (..., K, K)."""
    return ratio(np.trace(confusions, axis1=-2, axis2=-1), confusions.sum(axis=(-2, -1)))


def f1_of(confusions: np.ndarray) -> np.ndarray:
    """F1 of each class, NaN where a class is neither true nor predicted; shape (..., K)."""
    hits = np.diagonal(confusions, axis1=-2, axis2=-1)
    return ratio(2 * hits, confusions.sum(axis=-1) + confusions.sum(axis=-2))


def macro_f1_of(confusions: np.ndarray) -> np.ndarray:
    """Mean F1 of the classes that occur, as true or predicted; shape (...)."""
    f1 = f1_of(confusions)
    return ratio(np.nansum(f1, axis=-1), (~np.isnan(f1)).sum(axis=-1))


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Elementwise quotient, NaN where nothing was counted."""
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=np.asarray(below) > 0)


METRICS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {"accuracy": accuracy_of, "macro_f1": macro_f1_of}
METRIC_TITLES: Mapping[str, str] = {"accuracy": "정확도", "macro_f1": "매크로 F1"}


def check_metric(metric: str) -> None:
    """Raise unless the metric is known."""
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {', '.join(METRICS)}, got {metric!r}")
