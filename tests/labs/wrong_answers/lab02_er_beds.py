"""What lab 2's functions are made to return; read by test_messages.py."""

from __future__ import annotations

import math

RETURNED = [False, 1, 0.5, "True", [True], {"hour": 3}, [{}], [0.5], [True, False], [None]]
"""Besides what every lab's functions are made to return."""

STAND_INS = {}
"""What is slow and not asked about."""


def _row(*_):
    columns = "day_of_week hour is_holiday last_number report_missing report_age_minutes occupancy_trend"
    columns += " arrivals_last_hour departures_last_hour oldest_stay_hours"
    return dict.fromkeys(columns.split(), math.nan)


WRONG = {
    "label": ("label_36h", [lambda *_: True, lambda *_: False]),
    "accepts": (
        "accepts",
        [lambda *_: True, lambda *_: False, lambda came, left, beds, now, *_: len(came) < beds],
    ),
    "features": ("features_at", [_row, lambda *_: dict.fromkeys(_row(), 0)]),
    "rows": (
        "feature_rows",
        [lambda *_: [], lambda reports, came, left, times, *_: [_row() for _ in times]],
    ),
    "model": (
        "predict_accept",
        [
            lambda model, rows: [0.6] * len(rows),
            lambda model, rows: (rows["last_number"] > 0).astype(float).tolist(),
            lambda model, rows: [0.01 * (at % 100) for at in range(len(rows))],
        ],
    ),
}
"""Each hidden check, with the function that it asks and answers of the right kind that it must refuse."""
