"""What lab 1's functions are made to return; read by test_messages.py."""

from __future__ import annotations

RETURNED = ["weather", ["weather"], (1, 2), ("a", "b"), {"news": "1"}, {1: 1}, ([[]], [[]])]
"""Besides what every lab's functions are made to return."""

STAND_INS = {"fit_model": lambda *_: None}
"""What is slow and not asked about: no wrong prediction needs a model."""

WRONG = {
    "keyword": ("keyword_intent", [lambda *_: "weather"]),
    "ngrams": ("ngram_counts", [lambda *_: {}]),
    "split": ("split_by_group", [lambda groups, *_: ([], list(range(len(groups))))]),
    "recall": ("recall_by_intent", [lambda truth, _: dict.fromkeys(truth, 0.0)]),
    "slice": ("worst_slice", [lambda truth, answers, slices, _: next(iter(slices))]),
    "model_learns": ("predict_model", [lambda _, texts: ["a"] * len(texts)]),
    "model_unseen": ("predict_model", [lambda _, texts: ["weather"] * len(texts)]),
}
"""Each hidden check, with the function that it asks and answers of the right kind that it must refuse."""
