"""HDDM_A: the mean rose by more than Hoeffding's inequality allows."""

from __future__ import annotations

import math

import numpy as np

from coursekit.compiling import compiled
from coursekit.monitoring.detectors._base import DRIFT, NOTHING, WARNING, Detector, check_range


@compiled
def _moved(gap: float, n_before: float, n: float, log_drift: float, log_warning: float) -> int:
    """How surely the mean of n elements lies above (by the gap) that of the first n_before."""
    if n_before == n:
        return NOTHING
    # squared and with a margin: spares nearly every element the divisions and roots below
    if 2.0 * n_before * n * gap * gap * (1.0 + 1e-9) < (n - n_before) * min(log_drift, log_warning):
        return NOTHING
    variance = (n - n_before) / n_before * (1.0 / n) / 2.0
    if gap >= np.sqrt(variance * log_drift):
        return DRIFT
    return WARNING if gap >= np.sqrt(variance * log_warning) else NOTHING


@compiled
def _loop(
    values: np.ndarray,
    state: np.ndarray,
    codes: np.ndarray,
    stop_at_drift: bool,
    log_cut: float,
    log_drift: float,
    log_warning: float,
    two_sided: bool,
) -> int:
    n, mean, n_low, low, low_bound, n_high, high, high_bound = state
    i = 0
    for i in range(values.size):
        n += 1.0
        part = 1.0 / n
        mean += part * (values[i] - mean)
        bound = np.sqrt(0.5 * part * log_cut)
        if low_bound >= mean + bound:
            n_low, low, low_bound = n, mean, mean + bound
        code = _moved(mean - low, n_low, n, log_drift, log_warning)
        if two_sided:
            if high_bound <= mean - bound:
                n_high, high, high_bound = n, mean, mean - bound
            code = max(code, _moved(high - mean, n_high, n, log_drift, log_warning))
        codes[i] = code
        if code == DRIFT:
            n, mean, low_bound, high_bound = 0.0, 0.0, np.inf, -np.inf
            if stop_at_drift:
                break
    state[:] = (n, mean, n_low, low, low_bound, n_high, high, high_bound)
    return i + 1


class HDDM_A(Detector):
    r"""Alarm when the mean rose above its lowest past by more than Hoeffding's bound.

    The bound holds for any stream within [0, 1], so the parameter is a probability and not a
    number of standard deviations: few false alarms without tuning. All elements since the last
    drift weigh alike, so a long quiet past delays the alarm; where that hurts, take
    :class:`HDDM_W`. It may hear graded errors (a share, a bounded loss), not only 0 and 1.

    With :math:`\bar x_n` the mean since the last drift and the cut m where
    :math:`\bar x_m + \sqrt{\ln(1/\delta)/2m}` was smallest, it calls a drift when
    :math:`\bar x_n - \bar x_m \ge \sqrt{\frac{n-m}{2nm} \ln\frac{2}{\delta}}`; it warns by the
    same rule with the larger :math:`\delta` of warnings.

    Parameters
    ----------
    drift_confidence
        Probability :math:`\delta` that one test calls a drift by chance, between 0 and 1.
    warning_confidence
        The same for a warning; at ``drift_confidence`` or below it never warns.
    two_sided
        Whether a fall of the mean is a drift too.

    Examples
    --------
    >>> errors = [0, 0, 0, 1] * 50 + [0, 1] * 100
    >>> alarms = HDDM_A().detect(errors)
    >>> alarms.first_warning, alarms.first_drift
    (255, 277)

    References
    ----------
    Frias-Blanco, del Campo-Avila, Ramos-Jimenez, Morales-Bueno, Ortiz-Diaz, Caballero-Mota
    (2015). Online and non-parametric drift detection methods based on Hoeffding's bounds. IEEE
    TKDE 27(3).
    """

    _loop = staticmethod(_loop)
    _domain = "unit"
    _strictness = "drift_confidence"
    _strictness_range = (0.5, 1e-30)
    _warning = "warning_confidence"

    def __init__(self, *, drift_confidence: float = 0.001, warning_confidence: float = 0.005, two_sided: bool = False):
        check_range("HDDM_A", "drift_confidence", drift_confidence, low=0, high=1)
        check_range("HDDM_A", "warning_confidence", warning_confidence, low=0, high=1)
        self.drift_confidence = drift_confidence
        self.warning_confidence = warning_confidence
        self.two_sided = two_sided
        self.reset()

    def _numbers(self) -> tuple[float, ...]:
        drift, warning = self.drift_confidence, self.warning_confidence
        return math.log(1 / drift), math.log(2 / drift), math.log(2 / warning), bool(self.two_sided)

    def _initial_state(self) -> np.ndarray:
        return np.array([0.0, 0.0, 0.0, 0.0, np.inf, 0.0, 0.0, -np.inf])
