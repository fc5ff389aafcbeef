"""What lab 14's functions are made to return; read by test_messages.py."""

from __future__ import annotations

RETURNED = [0.5, "drift", ["amount"], ([1], [2]), ([], []), ([[]], [[]]), [0.5], [True], [None]]
"""Besides what every lab's functions are made to return."""

STAND_INS = {}
"""What is slow and not asked about."""

WRONG = {
    "ddm": ("ddm_alarms", [lambda errors, n_min: ([], []), lambda errors, n_min: ([], [len(errors) // 2])]),
    "eddm": ("eddm_drifts", [lambda errors, n_min: [], lambda errors, n_min: [len(errors) // 2]]),
    "distances": ("kl_divergence", [lambda p, q: 0.0, lambda p, q: float("inf"), lambda p, q: float("nan")]),
    "moved": ("moved_features", [lambda before, after: [], lambda before, after: list(before)]),
    "refresh": ("retrain_today", [lambda day, rates, left: False, lambda day, rates, left: left > 0]),
}
"""Each hidden check, with the function that it asks and answers of the right kind that it must refuse."""
