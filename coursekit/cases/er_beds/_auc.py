"""Area under the ROC curve, also where only one answer was seen."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def auc(accepted: np.ndarray, probability: np.ndarray) -> float:
    """Area under the ROC curve from ranks; NaN with one class."""
    positive = int(accepted.sum())
    negative = accepted.size - positive
    if not positive or not negative:
        return float("nan")
    return float((rankdata(probability)[accepted].sum() - positive * (positive + 1) / 2) / (positive * negative))
