"""DDM: the error rate is higher than it ever was, by more than chance."""

from __future__ import annotations

from typing import Literal

import numpy as np

from coursekit._number_checks import check_whole
from coursekit.compiling import compiled
from coursekit.monitoring.detectors._base import DRIFT, NOTHING, WARNING, Detector, check_range, check_variant


@compiled
def _loop(
    values: np.ndarray,
    state: np.ndarray,
    codes: np.ndarray,
    stop_at_drift: bool,
    n_tracked: float,
    n_alarm: float,
    warning_level: float,
    drift_level: float,
) -> int:
    count, p, lowest, warning_at, drift_at = state
    i = 0
    for i in range(values.size):
        count += 1.0
        p += (1.0 / count) * (values[i] - p)  # in river's order, so that ties fall as there; p stays within [0, 1]
        code = NOTHING
        # p + s between the minimum and the levels? Squared, with a margin far above rounding: it
        # spares most elements the division and the root.
        square = count * p * (1.0 - p)
        low, high = count * max(lowest - p, 0.0), count * max(min(warning_at, drift_at) - p, 0.0)
        between = (low * low * (1.0 + 1e-6) < square) & (square * (1.0 + 1e-6) < high * high)
        if count >= n_tracked and not between:
            s = np.sqrt(p * (1.0 - p) / count)
            if p + s <= lowest:
                lowest, warning_at, drift_at = p + s, p + warning_level * s, p + drift_level * s
            # strictly above: with >= a stream that never errs (s = 0) would alarm
            if count >= n_alarm and p + s > drift_at:
                code = DRIFT
                count, p, lowest, warning_at, drift_at = 0.0, 0.0, np.inf, np.inf, np.inf
            elif p + s > warning_at:
                code = WARNING
        codes[i] = code
        if stop_at_drift and code == DRIFT:
            break
    state[:] = (count, p, lowest, warning_at, drift_at)
    return i + 1


class DDM(Detector):
    r"""Drift Detection Method: alarm when the error rate leaves its historical minimum.

    The first detector to try when labels arrive: two numbers of memory, nothing to train. Its
    textbook minimum of 30 examples freezes a lucky start as "the minimum", and about half of
    all stationary streams then raise an alarm within 10,000 elements; raise ``n_min`` or call
    :meth:`calibrate` before paging anybody.

    After i elements the error rate is :math:`p_i` and :math:`s_i = \sqrt{p_i(1-p_i)/i}`. With
    :math:`(p_{\min}, s_{\min})` taken where :math:`p+s` was smallest, it warns when
    :math:`p_i + s_i > p_{\min} + 2 s_{\min}` and calls a drift when
    :math:`p_i + s_i > p_{\min} + 3 s_{\min}`.

    Parameters
    ----------
    n_min
        Elements to hear before judging.
    warning_level
        Standard deviations above the minimum that raise a warning.
    drift_level
        Standard deviations above the minimum that call a drift.
    variant
        Where implementations differ by an element: ``"river"`` tracks the minimum and alarms
        after more than ``n_min`` elements, ``"moa"`` tracks from the one before the
        ``n_min``-th and calls drifts from the ``n_min``-th, ``"paper"`` does both from the
        ``n_min``-th.

    Examples
    --------
    >>> errors = [0, 1] * 50 + [1] * 40
    >>> alarms = DDM().detect(errors)
    >>> alarms.first_warning, alarms.first_drift
    (110, 125)
    >>> detector = DDM()
    >>> for error in errors[:126]:
    ...     detector.update(error)
    >>> detector.drift_detected
    True

    References
    ----------
    Gama, Medas, Castillo, Rodrigues (2004). Learning with drift detection. SBIA.
    """

    _loop = staticmethod(_loop)
    _domain = "errors"
    _strictness = "drift_level"
    _strictness_range = (0.5, 100.0)
    _warning = "warning_level"

    def __init__(
        self,
        *,
        n_min: int = 30,
        warning_level: float = 2.0,
        drift_level: float = 3.0,
        variant: Literal["river", "moa", "paper"] = "river",
    ):
        check_variant("DDM", variant, ("river", "moa", "paper"))
        check_range("DDM", "warning_level", warning_level, low=0)
        check_range("DDM", "drift_level", drift_level, low=0)
        self.n_min = check_whole("DDM", "n_min", n_min, low=1)
        self.warning_level = warning_level
        self.drift_level = drift_level
        self.variant = variant
        self.reset()

    def _numbers(self) -> tuple[float, ...]:
        tracked, alarm = {"river": (1, 1), "moa": (-1, 0), "paper": (0, 0)}[self.variant]
        return (
            float(self.n_min + tracked),
            float(self.n_min + alarm),
            float(self.warning_level),
            float(self.drift_level),
        )

    def _initial_state(self) -> np.ndarray:
        return np.array([0.0, 0.0, np.inf, np.inf, np.inf])
