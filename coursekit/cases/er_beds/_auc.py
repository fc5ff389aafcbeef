"""Area under the ROC curve, also where only one answer was seen."""

from __future__ import annotations

import numpy as np


def auc(accepted: np.ndarray, probability: np.ndarray) -> float:
    """Area under the ROC curve; NaN with one class."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(accepted, probability)) if 0 < accepted.sum() < accepted.size else float("nan")
