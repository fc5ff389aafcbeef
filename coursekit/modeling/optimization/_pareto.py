"""Which rows no other row beats."""

from __future__ import annotations

import numpy as np


def not_dominated(losses: np.ndarray) -> np.ndarray:
    """True for each row of losses (n, k) to which no other is at most equal everywhere and smaller somewhere."""
    losses = np.asarray(losses, float)
    no_worse = (losses[:, None] <= losses[None]).all(axis=2)
    better = (losses[:, None] < losses[None]).any(axis=2)
    return np.asarray(~(no_worse & better).any(axis=0))
