"""EDDM: errors come closer together than they ever were apart."""

from __future__ import annotations

from typing import Literal

import numpy as np

from coursekit._number_checks import check_whole
from coursekit.compiling import compiled
from coursekit.monitoring.detectors._base import DRIFT, NOTHING, WARNING, Detector, check_range, check_variant

BLOCK = 1024


@compiled
def _find_errors(values: np.ndarray, begin: int, where: np.ndarray) -> int:
    """Put the positions of the errors in a block that begins here into where, and count them."""
    found = 0
    for i in range(begin, min(begin + BLOCK, values.size)):
        where[found] = i  # no branch: errors come unpredictably, and a wrong guess costs more than all else
        found += values[i] != 0.0
    return found


@compiled
def _loop(
    values: np.ndarray,
    state: np.ndarray,
    codes: np.ndarray,
    stop_at_drift: bool,
    n_tracked: float,
    n_judged: float,
    alpha: float,
    beta: float,
    lost: float,
    warning_outlives_maximum: bool,
) -> int:
    count, gap, errors, mean, squares, largest, warned = state
    start, last = -1.0 - count, -1.0 - gap  # positions of the last drift and of the last error
    told = 0  # how many codes are written; after an error, what it said holds until the next
    codes[:] = NOTHING
    where = np.empty(min(values.size, BLOCK), dtype=np.int64)
    for begin in range(0, values.size, BLOCK):
        for i in where[: _find_errors(values, begin, where)]:
            if warned == 1.0:
                codes[told:i] = WARNING
            errors += 1.0
            before = i - last - mean
            mean += (1.0 / errors) * before
            squares += before * (i - last - mean)
            last = float(i)
            told = i + 1
            # Between warning and maximum? Squared, with a margin far above rounding: it spares
            # most errors the division and the root.
            divisor = max(errors - lost, 1.0)
            low, high = max(max(alpha, beta) * largest - mean, 0.0), max(largest - mean, 0.0)
            square, margin = 4.0 * squares, 1.0 + 1e-6
            if (low * low * divisor * margin < square) & (square * margin < high * high * divisor):
                warned = 0.0
                continue
            code = WARNING if warned == 1.0 else NOTHING
            if i - start >= n_tracked:
                spread = mean + 2.0 * np.sqrt(squares / divisor)
                if spread > largest:
                    largest = spread
                    if not warning_outlives_maximum:
                        code = NOTHING
                elif errors >= n_judged:
                    ratio = spread / largest
                    code = DRIFT if ratio < beta else WARNING if ratio < alpha else NOTHING
            warned = 1.0 if code == WARNING else 0.0
            codes[i] = code
            if code == DRIFT:
                start, errors, mean, squares, largest = last, 0.0, 0.0, 0.0, 0.0
                if stop_at_drift:
                    state[:] = 0.0
                    return told
    if warned == 1.0:
        codes[told:] = WARNING
    state[:] = (values.size - 1 - start, values.size - 1 - last, errors, mean, squares, largest, warned)
    return values.size


class EDDM(Detector):
    r"""Early Drift Detection Method: alarm when the gaps between errors shrink from their widest.

    Watching gaps instead of the error rate is meant to hear slow drifts sooner. The price is
    steep: the widest gaps ever seen were lucky ones, so EDDM calls a drift on nearly every
    stationary stream of 10,000 elements. Use it behind something that checks, or
    :meth:`calibrate` it first.

    With :math:`p'_i` and :math:`s'_i` the mean and the standard deviation of the distances
    between the first i errors (the start counts as an error at position 0), it warns when
    :math:`(p'_i + 2 s'_i) / \max_{j \le i}(p'_j + 2 s'_j) < \alpha` and calls a drift when
    that ratio is below :math:`\beta`. A warning holds until the next error.

    Parameters
    ----------
    n_min
        Errors to see before judging.
    alpha
        Ratio below which it warns, between 0 and 1.
    beta
        Ratio below which it calls a drift, between 0 and 1; at ``alpha`` or above it never warns.
    variant
        Where implementations differ. ``"river"`` divides squares by i - 1, keeps the maximum
        after ``n_min`` elements, judges after more than ``n_min`` errors, and a new maximum
        leaves a warning standing. ``"moa"`` divides by i, keeps the maximum from the ``n_min``-th
        element, judges after more than ``n_min`` errors. ``"paper"`` divides by i, keeps the
        maximum from the first error and judges from the ``n_min``-th error.

    Examples
    --------
    >>> errors = [0, 0, 0, 1, 0, 1] * 30 + [0, 1] * 40
    >>> alarms = EDDM().detect(errors)
    >>> alarms.first_warning, alarms.first_drift
    (191, 225)

    References
    ----------
    Baena-Garcia, del Campo-Avila, Fidalgo, Bifet, Gavalda, Morales-Bueno (2006). Early drift
    detection method. Workshop on Knowledge Discovery from Data Streams.
    """

    _loop = staticmethod(_loop)
    _domain = "errors"
    _strictness = "beta"
    _strictness_range = (0.99, 0.01)
    _warning = "alpha"

    def __init__(
        self,
        *,
        n_min: int = 30,
        alpha: float = 0.95,
        beta: float = 0.90,
        variant: Literal["river", "moa", "paper"] = "river",
    ):
        check_variant("EDDM", variant, ("river", "moa", "paper"))
        check_range("EDDM", "alpha", alpha, low=0, high=1)
        check_range("EDDM", "beta", beta, low=0, high=1)
        self.n_min = check_whole("EDDM", "n_min", n_min, low=1)
        self.alpha = alpha
        self.beta = beta
        self.variant = variant
        self.reset()

    def _numbers(self) -> tuple[float, ...]:
        n = float(self.n_min)
        tracked, judged, lost = {"river": (n + 1, n + 1, 1.0), "moa": (n, n + 1, 0.0), "paper": (0.0, n, 0.0)}[
            self.variant
        ]
        return tracked, judged, float(self.alpha), float(self.beta), lost, self.variant == "river"

    def _initial_state(self) -> np.ndarray:
        return np.zeros(7)
