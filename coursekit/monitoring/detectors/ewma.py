"""EWMA: a moving average has left the band where chance keeps it."""

from __future__ import annotations

import numpy as np

from coursekit.compiling import compiled
from coursekit.monitoring.detectors._base import DRIFT, NOTHING, Detector, check_range


@compiled
def _loop(
    values: np.ndarray,
    state: np.ndarray,
    codes: np.ndarray,
    stop_at_drift: bool,
    target: float,
    sigma: float,
    smoothing: float,
    limit: float,
    two_sided: bool,
) -> int:
    average, fresh = state
    i = 0
    for i in range(values.size):
        if fresh == 1.0:
            average, fresh = 0.0, 0.0
        average += smoothing * ((values[i] - target) / sigma - average)
        codes[i] = NOTHING
        if average > limit or (two_sided and -average > limit):
            codes[i] = DRIFT
            fresh = 1.0
            if stop_at_drift:
                break
    state[:] = (average, fresh)
    return i + 1


class EWMA(Detector):
    r"""Exponentially weighted moving average chart: alarm when the average leaves its band.

    The chart most dashboards draw anyway, with limits that mean something: the average time
    to a false alarm follows from ``smoothing`` and ``width``, see
    :func:`coursekit.monitoring.detectors.run_length.ewma_run_length`. As an average it is
    easier to explain on call than a CUSUM, and about as quick on small lasting shifts.

    With :math:`x_i` in standard deviations from the target and :math:`\lambda` the
    smoothing, from :math:`Z_0 = 0`,

    .. math:: Z_i = (1 - \lambda) Z_{i-1} + \lambda x_i, \qquad
       \text{drift when } |Z_i| > L \sqrt{\frac{\lambda}{2 - \lambda}}.

    The limits are those of the steady state, from the first element on.

    Parameters
    ----------
    target
        Mean of the stream as it should be; :meth:`calibrate` takes that of the quiet stream.
    sigma
        Standard deviation of one element, above 0; likewise.
    smoothing
        Weight of the newest element, between 0 and 1; small ones hear small shifts.
    width
        Half width L of the band, in standard deviations of the average.
    two_sided
        Watch for a fall too, not only for a rise.

    Examples
    --------
    >>> import numpy as np
    >>> score = np.r_[np.tile([0.2, 0.4], 50), np.tile([0.3, 0.5], 50)]
    >>> EWMA(target=0.3, sigma=0.1).detect(score).first_drift
    109

    References
    ----------
    Roberts (1959). Control chart tests based on geometric moving averages. Technometrics.
    """

    _loop = staticmethod(_loop)
    _strictness = "width"
    _strictness_range = (0.1, 100.0)

    def __init__(
        self,
        *,
        target: float = 0.0,
        sigma: float = 1.0,
        smoothing: float = 0.1,
        width: float = 2.814,
        two_sided: bool = True,
    ):
        check_range("EWMA", "target", target, low=-np.inf)
        check_range("EWMA", "sigma", sigma, low=0)
        check_range("EWMA", "smoothing", smoothing, low=0, high=1)
        check_range("EWMA", "width", width, low=0)
        self.target = target
        self.sigma = sigma
        self.smoothing = smoothing
        self.width = width
        self.two_sided = two_sided
        self.reset()

    def _numbers(self) -> tuple[float, ...]:
        smoothing = float(self.smoothing)
        limit = float(self.width * np.sqrt(smoothing / (2 - smoothing)))
        return float(self.target), float(self.sigma), smoothing, limit, bool(self.two_sided)

    def _initial_state(self) -> np.ndarray:
        return np.array([0.0, 1.0])
