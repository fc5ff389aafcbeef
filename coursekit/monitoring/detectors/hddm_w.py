"""HDDM_W: a weighted mean rose by more than McDiarmid's inequality allows."""

from __future__ import annotations

import math

import numpy as np

from coursekit.compiling import compiled
from coursekit.monitoring.detectors._base import DRIFT, NOTHING, WARNING, Detector, check_range


@compiled
def _moved(gap: float, spread: float, log_drift: float, log_warning: float) -> int:
    # squared and with a margin: spares nearly every element the roots below
    if 2.0 * gap * gap * (1.0 + 1e-9) < spread * min(log_drift, log_warning):
        return NOTHING
    if gap > np.sqrt(spread * log_drift / 2.0):
        return DRIFT
    return WARNING if gap > np.sqrt(spread * log_warning / 2.0) else NOTHING


@compiled
def _loop(
    values: np.ndarray,
    state: np.ndarray,
    codes: np.ndarray,
    stop_at_drift: bool,
    log_drift: float,
    log_warning: float,
    smoothing: float,
    keep_spread: float,
    two_sided: bool,
) -> int:
    # Of each sample its weighted mean and the sum of its squared weights; a sample with nothing
    # in it has the mean -1. "since" are samples that began after the cut.
    mean, spread, low, low_spread, low_bound, since, since_spread = state[:7]
    high, high_spread, high_bound, fall, fall_spread = state[7:]
    keep, fresh_spread = 1.0 - smoothing, smoothing * smoothing
    bound = np.sqrt(spread * log_drift / 2.0)
    i = 0
    for i in range(values.size):
        x = values[i]
        mean = x if mean < 0.0 else smoothing * x + keep * mean
        if fresh_spread + keep_spread * spread != spread:  # it settles within some hundred elements
            spread = fresh_spread + keep_spread * spread
            bound = np.sqrt(spread * log_drift / 2.0)
        code = NOTHING
        if mean + bound < low_bound:
            low, low_spread, low_bound = mean, spread, mean + bound
            since, since_spread = -1.0, 1.0
        else:
            since = x if since < 0.0 else smoothing * x + keep * since
            since_spread = fresh_spread + keep_spread * since_spread
            code = _moved(since - low, low_spread + since_spread, log_drift, log_warning)
        if two_sided:
            if mean - bound > high_bound:
                high, high_spread, high_bound = mean, spread, mean - bound
                fall, fall_spread = -1.0, 1.0
            else:
                fall = x if fall < 0.0 else smoothing * x + keep * fall
                fall_spread = fresh_spread + keep_spread * fall_spread
                code = max(code, _moved(high - fall, high_spread + fall_spread, log_drift, log_warning))
        codes[i] = code
        if code == DRIFT:
            mean, spread, low_bound, high_bound = -1.0, 1.0, np.inf, -np.inf
            if stop_at_drift:
                break
    state[:7] = (mean, spread, low, low_spread, low_bound, since, since_spread)
    state[7:] = (high, high_spread, high_bound, fall, fall_spread)
    return i + 1


class HDDM_W(Detector):
    r"""Alarm when the recent weighted mean rose by more than McDiarmid's bound.

    Where :class:`HDDM_A` weighs all elements alike, this one forgets: its delay does not grow
    with the age of the stream, and large changes are heard within some tens of elements at
    hardly any false alarm. The memory is short, so a small change (errors .1 to .15) never
    shows; lower ``smoothing`` for those. It may hear graded errors, not only 0 and 1.

    Two exponentially weighted means, :math:`\hat x` up to the cut (where
    :math:`\hat x + \sqrt{v \ln(1/\delta)/2}` was smallest) and :math:`\hat y` since then, with
    sums of squared weights v and w; a drift is called when
    :math:`\hat y - \hat x > \sqrt{(v + w) \ln(1/\delta)/2}`, a warning by the same rule with
    the larger :math:`\delta` of warnings.

    Parameters
    ----------
    drift_confidence
        Probability :math:`\delta` that one test calls a drift by chance, between 0 and 1.
    warning_confidence
        The same for a warning; at ``drift_confidence`` or below it never warns.
    smoothing
        Weight of the newest element in the means, between 0 and 1.
    two_sided
        Whether a fall of the mean is a drift too.

    Examples
    --------
    >>> errors = [0, 0, 0, 1] * 50 + [0, 1, 1, 1] * 50
    >>> alarms = HDDM_W().detect(errors)
    >>> alarms.first_warning, alarms.first_drift
    (222, 227)

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

    def __init__(
        self,
        *,
        drift_confidence: float = 0.001,
        warning_confidence: float = 0.005,
        smoothing: float = 0.05,
        two_sided: bool = False,
    ):
        check_range("HDDM_W", "drift_confidence", drift_confidence, low=0, high=1)
        check_range("HDDM_W", "warning_confidence", warning_confidence, low=0, high=1)
        check_range("HDDM_W", "smoothing", smoothing, low=0, high=1)
        self.drift_confidence = drift_confidence
        self.warning_confidence = warning_confidence
        self.smoothing = smoothing
        self.two_sided = two_sided
        self.reset()

    def _numbers(self) -> tuple[float, ...]:
        drift, warning = math.log(1 / self.drift_confidence), math.log(1 / self.warning_confidence)
        return drift, warning, float(self.smoothing), (1.0 - self.smoothing) ** 2, bool(self.two_sided)

    def _initial_state(self) -> np.ndarray:
        return np.array([-1.0, 1.0, 0.0, 0.0, np.inf, -1.0, 1.0, 0.0, 0.0, -np.inf, -1.0, 1.0])
