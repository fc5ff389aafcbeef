"""What lab 13's functions are made to return; read by test_messages.py."""

from __future__ import annotations

import math

RETURNED = [0.05, 0.5, 1.0, -1.0, math.inf, "0.05", [0.05], [True], [True, False], [None], [0.0] * 18, {"weight": 1}]
"""Besides what every lab's functions are made to return."""

STAND_INS = {}
"""What is slow and not asked about."""

PLAN = (0.05, 0.10, 0.25, 0.50, 1.0)


def _by_the_clock(weights, _):
    """Up every ten minutes, whatever happens."""
    return [PLAN[weights.shape[1] // 10]] * len(weights)


WRONG = {
    "routing": (
        "routed",
        [
            lambda users, *_: [False] * len(users),
            lambda users, requests, weight, _: [number % 1000 < 1000 * weight for number in requests],
            lambda users, requests, weight, rollout: [len(user) % 2 < 2 * weight for user in users],
        ],
    ),
    "evidence": (
        "log_e_value",
        [lambda *_: 0.0, lambda *_: True, lambda *_: math.nan, lambda *_: math.inf],
    ),
    "harmless": (
        "decide_all",
        [
            lambda weights, _: [0.0] * len(weights),
            lambda weights, _: [0.05] * len(weights),
            lambda weights, _: [],
            lambda weights, _: [PLAN[0] if not past.size else 1.0 for past in weights],
        ],
    ),
    "harmful": ("decide_all", [lambda weights, _: [0.0] * len(weights), _by_the_clock]),
}
"""Each hidden check, with the function that it asks and answers of the right kind that it must refuse."""
