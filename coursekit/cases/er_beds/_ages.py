"""How long the patients of one emergency room have been there, at many moments."""

from __future__ import annotations

import numpy as np

from coursekit.compiling import compiled


@compiled
def stay_summary(arrived: np.ndarray, departed: np.ndarray, minutes: np.ndarray, long_hours: float) -> np.ndarray:
    """Oldest and mean hours since arrival, and how many are at least so long there, shape (n, 3).

    Arrivals and minutes ascend. Who is there is kept in the order of arrival, so that the sum runs from the
    longest stay to the shortest, as a plain loop over the patients would add them.
    """
    summary = np.zeros((minutes.size, 3))
    there = np.empty(arrived.size, np.int64)
    n, following = 0, 0
    for i in range(minutes.size):
        now = minutes[i]
        while following < arrived.size and arrived[following] <= now:
            there[n] = following
            n += 1
            following += 1
        kept, total = 0, 0.0
        for k in range(n):
            patient = there[k]
            if departed[patient] > now:
                there[kept] = patient
                age = (now - arrived[patient]) / 60.0
                if kept == 0:
                    summary[i, 0] = age
                kept += 1
                total += age
                if age >= long_hours:
                    summary[i, 2] += 1.0
        n = kept
        if n > 0:
            summary[i, 1] = total / n
    return summary
