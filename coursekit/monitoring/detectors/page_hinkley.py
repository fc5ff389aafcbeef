"""Page-Hinkley: what the elements exceed their mean by adds up."""

from __future__ import annotations

from typing import Literal

import numpy as np

from coursekit._number_checks import check_whole
from coursekit.compiling import compiled
from coursekit.monitoring.detectors._base import DRIFT, NOTHING, Detector, check_range, check_variant


@compiled
def _loop(
    values: np.ndarray,
    state: np.ndarray,
    codes: np.ndarray,
    stop_at_drift: bool,
    n_judged: float,
    delta: float,
    threshold: float,
    forgetting: float,
    upward: bool,
    downward: bool,
    from_minimum: bool,
) -> int:
    count, mean, rise, lowest, fall, highest = state
    i = 0
    for i in range(values.size):
        count += 1.0
        mean += (1.0 / count) * (values[i] - mean)
        above = values[i] - mean
        rise = forgetting * rise + above - delta
        fall = forgetting * fall + above + delta
        lowest = min(lowest, rise) if from_minimum else 0.0
        highest = max(highest, fall)
        code = NOTHING
        if count >= n_judged and ((upward and rise - lowest > threshold) or (downward and highest - fall > threshold)):
            code = DRIFT
            count, mean, rise, lowest, fall, highest = 0.0, 0.0, 0.0, np.inf, 0.0, -np.inf
        codes[i] = code
        if stop_at_drift and code == DRIFT:
            break
    state[:] = (count, mean, rise, lowest, fall, highest)
    return i + 1


class PageHinkley(Detector):
    r"""Page-Hinkley test: alarm when deviations from the running mean pile up to a threshold.

    It takes any numbers (a loss, a latency, a feature), keeps six of them, and one
    threshold trades false alarms against delay. The threshold is in the units of the stream:
    50 is many errors, and nothing at all in milliseconds. It calls drifts and never warns.

    With :math:`\bar x_t` the mean so far, :math:`U_t = a U_{t-1} + x_t - \bar x_t - \delta`
    calls a drift upward when :math:`U_t - \min_{s \le t} U_s > \lambda`, and
    :math:`D_t = a D_{t-1} + x_t - \bar x_t + \delta` downward when
    :math:`\max_{s \le t} D_s - D_t > \lambda`.

    Parameters
    ----------
    n_min
        Elements to hear before judging.
    delta
        Deviation :math:`\delta` that is tolerated at each element, in the units of the stream.
    threshold
        Sum :math:`\lambda` of deviations that calls a drift, in the units of the stream.
    forgetting
        Share :math:`a` of the sums that each element keeps, at most 1. None stands for 1 in the
        paper's variant, which forgets nothing, and 0.9999 in the others.
    mode
        Changes that count: ``"up"``, ``"down"`` or ``"both"``. None stands for ``"up"`` in MOA's
        variant, which knows no other, and ``"both"`` in the others.
    variant
        Where implementations differ. ``"river"`` is the formula above from the ``n_min``-th
        element. ``"moa"`` compares :math:`U_t` itself with the threshold (as MOA did before it
        learned to keep a minimum), from one element earlier. ``"paper"`` is river's with a = 1.

    Examples
    --------
    >>> latencies = [20.0, 30.0] * 100 + [30.0, 40.0] * 20
    >>> PageHinkley(threshold=100.0).detect(latencies).first_drift
    209
    >>> PageHinkley(threshold=100.0, mode="down").detect(latencies).first_drift is None
    True

    References
    ----------
    Page (1954). Continuous inspection schemes. Biometrika 41.
    Hinkley (1971). Inference about the change-point from cumulative sum tests. Biometrika 58.
    """

    _loop = staticmethod(_loop)
    _strictness = "threshold"
    _strictness_range = (0.001, 1e6)

    def __init__(
        self,
        *,
        n_min: int = 30,
        delta: float = 0.005,
        threshold: float = 50.0,
        forgetting: float | None = None,
        mode: Literal["both", "up", "down"] | None = None,
        variant: Literal["river", "moa", "paper"] = "river",
    ):
        check_variant("PageHinkley", variant, ("river", "moa", "paper"))
        if not 0 <= delta < np.inf:
            raise ValueError(f"PageHinkley: delta must be finite and not negative, got {delta!r}")
        check_range("PageHinkley", "threshold", threshold, low=0)
        if forgetting is not None and not 0 < forgetting <= 1:
            raise ValueError(f"PageHinkley: forgetting must be above 0 and at most 1, got {forgetting!r}")
        if variant == "paper" and forgetting not in (None, 1):
            raise ValueError(f"PageHinkley: the paper's variant forgets nothing; leave out forgetting={forgetting!r}")
        if mode not in (None, "both", "up", "down"):
            raise ValueError(f"PageHinkley: mode must be 'both', 'up' or 'down', got {mode!r}")
        if variant == "moa" and mode not in (None, "up"):
            raise ValueError(f"PageHinkley: MOA's variant hears rises only; leave out mode={mode!r}")
        self.n_min = check_whole("PageHinkley", "n_min", n_min, low=1)
        self.delta = delta
        self.threshold = threshold
        self.forgetting = forgetting
        self.mode = mode
        self.variant = variant
        self.reset()

    def _numbers(self) -> tuple[float, ...]:
        moa = self.variant == "moa"
        forgetting = self.forgetting or (1.0 if self.variant == "paper" else 1 - 0.0001)
        mode = self.mode or ("up" if moa else "both")
        return (
            float(self.n_min - moa),
            float(self.delta),
            float(self.threshold),
            float(forgetting),
            mode != "down",
            mode != "up",
            not moa,
        )

    def _initial_state(self) -> np.ndarray:
        return np.array([0.0, 0.0, 0.0, np.inf, 0.0, -np.inf])
