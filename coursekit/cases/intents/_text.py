"""Checking queries and labels, in one place for every intent model."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

import numpy as np

from coursekit.cases.intents.taxonomy import INTENTS


def check_queries(X: Iterable[str]) -> list[str]:
    """Return the queries as strings in composed form (NFC); raise on anything that is not a query.

    Some systems store Hangul decomposed (NFD); the same sentence would then share no
    character with the training data.
    """
    if isinstance(X, str | bytes):
        raise TypeError(f"queries must be a sequence of strings, got one {type(X).__name__}; pass [query]")
    if len(getattr(X, "shape", (0,))) != 1:
        raise TypeError("queries must be one-dimensional; pass the text column, for example frame['text']")
    queries = list(X)
    if not queries:
        raise ValueError("there are no queries; give at least one")
    for row, query in enumerate(queries):
        if not isinstance(query, str):
            raise TypeError(
                f"query in row {row} is {query!r} of type {type(query).__name__}, not a string; leave it out"
            )
        if not query.strip():
            raise ValueError(f"query in row {row} is empty; leave it out")
    return [unicodedata.normalize("NFC", query) for query in queries]


def check_intent(label: object, where: str) -> str:
    """Return the label; raise with the nearest known one if it is not an intent."""
    if isinstance(label, str) and label in INTENTS:
        return str(label)
    korean = {name: intent for intent, name in INTENTS.items()}
    nearest = difflib.get_close_matches(str(label), [*INTENTS, *korean], n=1, cutoff=0.0)[0]
    raise ValueError(
        f"{where}: unknown intent {label!r}; the nearest known label is {korean.get(nearest, nearest)!r} "
        "(coursekit.cases.intents.INTENTS lists all)"
    )


def check_intents(y: Iterable[str], n_queries: int) -> np.ndarray:
    """Return one known intent for each query as an array."""
    if isinstance(y, str | bytes):
        raise TypeError(f"intents must be a sequence of strings, got one {type(y).__name__}; pass [intent]")
    labels = [check_intent(label, f"row {row}") for row, label in enumerate(y)]
    if len(labels) != n_queries:
        raise ValueError(f"there are {n_queries} queries but {len(labels)} intents; give one intent for each query")
    return np.array(labels)


def check_training(X: Iterable[str], y: Iterable[str]) -> tuple[list[str], np.ndarray]:
    """Queries and intents to learn from; a model needs at least two different intents."""
    queries = check_queries(X)
    labels = check_intents(y, len(queries))
    if len(set(labels.tolist())) < 2:
        raise ValueError(f"all training queries have the intent {labels[0]!r}; give at least two intents")
    return queries, labels
