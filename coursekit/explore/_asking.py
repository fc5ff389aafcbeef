"""Ask classifiers: all rows once, and one sentence with the time it took."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

EVERYTHING = "전체"
"""Name of the slice that holds all rows."""


@dataclass(frozen=True)
class Answers:
    """What one model said about every row, asked once."""

    predicted: np.ndarray
    confidence: np.ndarray
    correct: np.ndarray


@dataclass(frozen=True)
class Spoken:
    """What one model said to one sentence."""

    model: str
    answer: Any
    confidence: float | None
    milliseconds: float
    likeliest: dict[Any, float]


def check(models: Mapping[str, Any], queries: pd.DataFrame) -> None:
    if not models:
        raise ValueError("models is empty: give at least one fitted classifier under the name to show")
    for name, model in models.items():
        if not callable(getattr(model, "predict", None)):
            raise TypeError(f"model {name!r} has no predict: {model!r:.80}")
    missing = {"text", "intent"} - set(queries.columns)
    if missing:
        raise ValueError(f"queries lacks the column {' and '.join(sorted(missing))}; it has {list(queries.columns)}")
    if queries.empty:
        raise ValueError("queries has no rows to measure on")


def checked_masks(slices: Mapping[str, ArrayLike], rows: int) -> dict[str, np.ndarray]:
    masks = {EVERYTHING: np.ones(rows, dtype=bool)}
    for name, given in slices.items():
        mask = np.asarray(given)
        if mask.dtype != bool or mask.shape != (rows,):
            raise ValueError(f"slice {name!r} must be a boolean mask of {rows} rows, got {mask.dtype} {mask.shape}")
        masks[name] = mask
    return masks


def ask_all(model: Any, texts: list[str], truth: np.ndarray) -> Answers:
    if hasattr(model, "predict_proba"):
        probabilities = np.asarray(model.predict_proba(texts))
        best = probabilities.argmax(axis=1)
        predicted = np.asarray(model.classes_)[best]
        confidence = probabilities[np.arange(len(texts)), best]
    else:
        predicted, confidence = np.asarray(model.predict(texts)), np.full(len(texts), np.nan)
    return Answers(predicted, confidence, predicted == truth)


def ask(name: str, model: Any, sentence: str) -> Spoken:
    """Ask one model one sentence, and time that one call."""
    started = time.perf_counter()
    if not hasattr(model, "predict_proba"):
        (answer,) = np.asarray(model.predict([sentence])).tolist()
        return Spoken(name, answer, None, 1000 * (time.perf_counter() - started), {})
    probabilities = np.asarray(model.predict_proba([sentence]))[0]
    milliseconds = 1000 * (time.perf_counter() - started)
    top = np.argsort(-probabilities, kind="stable")[:3]
    classes = np.asarray(model.classes_).tolist()
    likeliest = {classes[i]: float(probabilities[i]) for i in top}
    answer, confidence = next(iter(likeliest.items()))
    return Spoken(name, answer, confidence, milliseconds, likeliest)
