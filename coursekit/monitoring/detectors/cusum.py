"""CUSUM: deviations from the target have added up to more than chance."""

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
    reference_value: float,
    threshold: float,
    two_sided: bool,
) -> int:
    up, down, fresh = state
    i = 0
    for i in range(values.size):
        if fresh == 1.0:
            up, down, fresh = 0.0, 0.0, 0.0
        deviation = (values[i] - target) / sigma
        up = max(0.0, up + deviation - reference_value)
        down = max(0.0, down - deviation - reference_value)
        codes[i] = NOTHING
        if up > threshold or (two_sided and down > threshold):
            codes[i] = DRIFT
            fresh = 1.0
            if stop_at_drift:
                break
    state[:] = (up, down, fresh)
    return i + 1


class CUSUM(Detector):
    r"""Cumulative sum chart: alarm when deviations from a known target add up.

    For a number whose healthy level is known (a model's mean score, a latency, yesterday's
    error rate) no detector hears a small lasting shift sooner at the same rate of false
    alarms. It is the only kind here, with EWMA, whose time to a false alarm can be computed:
    see :func:`coursekit.monitoring.detectors.run_length.cusum_run_length`.

    With :math:`z_i = (x_i - \text{target}) / \sigma`, from :math:`S_0 = 0`,

    .. math:: S_i = \max(0,\; S_{i-1} + z_i - k),

    a drift is called when :math:`S_i > h`; so it is for :math:`-z_i` where both sides are
    watched. Half of the shift that matters is the best k.

    Parameters
    ----------
    target
        Mean of the stream as it should be; :meth:`calibrate` takes that of the quiet stream.
    sigma
        Standard deviation of one element, above 0; likewise.
    reference_value
        Slack k that each element is forgiven, in standard deviations, at least 0.
    threshold
        Decision interval h, in standard deviations.
    two_sided
        Watch for a fall too, not only for a rise.

    Examples
    --------
    >>> import numpy as np
    >>> score = np.r_[np.tile([0.2, 0.4], 50), np.tile([0.3, 0.5], 50)]
    >>> CUSUM(target=0.3, sigma=0.1).detect(score).first_drift
    109

    References
    ----------
    Page (1954). Continuous inspection schemes. Biometrika.
    """

    _loop = staticmethod(_loop)
    _strictness = "threshold"
    _strictness_range = (0.1, 1000.0)

    def __init__(
        self,
        *,
        target: float = 0.0,
        sigma: float = 1.0,
        reference_value: float = 0.5,
        threshold: float = 5.0,
        two_sided: bool = False,
    ):
        check_range("CUSUM", "target", target, low=-np.inf)
        check_range("CUSUM", "sigma", sigma, low=0)
        if not 0 <= reference_value < np.inf:
            raise ValueError(f"CUSUM: reference_value must be 0 or above, got {reference_value!r}")
        check_range("CUSUM", "threshold", threshold, low=0)
        self.target = target
        self.sigma = sigma
        self.reference_value = reference_value
        self.threshold = threshold
        self.two_sided = two_sided
        self.reset()

    def _numbers(self) -> tuple[float, ...]:
        limits = float(self.reference_value), float(self.threshold)
        return float(self.target), float(self.sigma), *limits, bool(self.two_sided)

    def _initial_state(self) -> np.ndarray:
        return np.array([0.0, 0.0, 1.0])
