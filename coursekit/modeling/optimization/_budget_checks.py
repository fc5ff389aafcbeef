"""What a search within limits takes: limits, a model, examples, names, and whom it tells of its progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from coursekit._number_checks import check_number, told
from coursekit.modeling.optimization._ladder import LADDER, TECHNIQUES, Rung
from coursekit.modeling.optimization._running import check_examples
from coursekit.modeling.optimization._verdict import Limits
from coursekit.modeling.training import load_keras

MEASURES = ("file", "gzip")
LATENCIES = ("median", "p99")
Progress = Callable[[int, int, str], object]


def check_limits(
    where: str, max_bytes: Any, max_latency_ms: Any, min_accuracy: Any, measure: str, latency: str, certain: bool
) -> Limits:
    """Give the limits; raise unless there is one and they make sense."""
    given = {"max_bytes": max_bytes, "max_latency_ms": max_latency_ms, "min_accuracy": min_accuracy}
    if all(value is None for value in given.values()):
        raise ValueError(f"{where}: give at least one limit: {', '.join(given)}")
    for name, value in given.items():
        if value is not None:
            given[name] = check_number(where, name, value, above=True)
    least = given["min_accuracy"]
    if least is not None and least > 1:
        raise ValueError(f"{where}: min_accuracy is a share of at most 1, such as 0.95, got {told(min_accuracy)}")
    check_choice(where, "measure", measure, MEASURES)
    check_choice(where, "latency", latency, LATENCIES)
    if not isinstance(certain, bool):
        raise ValueError(f"{where}: certain must be True or False, got {told(certain)}")
    return Limits(**given, measure=measure, latency=latency, certain=certain)


def check_choice(where: str, parameter: str, value: object, known: Sequence[str]) -> None:
    """Raise unless the value is one of those known."""
    if value not in known:
        raise ValueError(f"{where}: {parameter} must be one of {', '.join(known)}, got {told(value)}")


def check_techniques(where: str, techniques: Sequence[str] | None) -> list[Rung]:
    """Give the rungs to try, in the order of the ladder."""
    if techniques is None:
        return list(LADDER)
    wanted = [techniques] if isinstance(techniques, str) else list(techniques)
    for name in wanted:
        check_choice(where, "techniques", name, TECHNIQUES)
    if not wanted:
        raise ValueError(f"{where}: techniques must name at least one of {', '.join(TECHNIQUES)}")
    return [rung for rung in LADDER if rung.name in wanted]


def check_model(where: str, model: Any) -> Any:
    """Give the Keras model; raise unless it is a classifier in float."""
    model = getattr(model, "model", model)  # of a Tuned
    if not isinstance(model, load_keras().Model):
        raise ValueError(
            f"{where}: model must be a Keras-2 classifier (load_keras().Model) or a Tuned, got {type(model).__name__}; "
            "files are measured by compare(models, X, y)"
        )
    shape = model.output_shape
    if not isinstance(shape, tuple) or len(shape) != 2 or shape[1] < 2:
        raise ValueError(f"{where}: model must answer with a number for each of 2 or more classes, gives {shape}")
    if any(type(layer).__name__.startswith("Quantize") for layer in model.layers):
        raise ValueError(
            f"{where}: {model.name!r} was trained quantization aware already; give the float model, or write it with "
            "convert(model, 'int8')"
        )
    return model


def check_data(where: str, model: Any, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give examples and classes; raise unless they fit the model."""
    X, y = check_examples(where, X, y)
    shape, classes = tuple(model.input_shape[1:]), model.output_shape[1]
    if X.ndim != len(shape) + 1 or any(w not in (None, g) for w, g in zip(shape, X.shape[1:], strict=True)):
        raise ValueError(f"{where}: X must have shape (n, {', '.join(map(str, shape))}), got {X.shape}")
    if y.max() >= classes:
        raise ValueError(f"{where}: y holds classes {y.min()} to {y.max()}, the model knows 0 to {classes - 1}")
    return X, y


def announcer(progress: Progress | bool) -> Progress:
    """Give what tells of progress."""
    if callable(progress):
        return progress
    if not isinstance(progress, bool):
        raise ValueError(
            f"fit_budget: progress must be True, False or called with (number, total, name), got {progress!r}"
        )
    if not progress:
        return lambda number, total, name: None
    return lambda number, total, name: sys.stdout.write(f"[{number}/{total}] {name}\n")
