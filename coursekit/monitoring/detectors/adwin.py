"""ADWIN: keep as long a window as shows no change of its mean."""

from __future__ import annotations

from typing import Literal

import numpy as np

from coursekit._number_checks import check_whole
from coursekit.compiling import compiled
from coursekit.monitoring.detectors._base import DRIFT, NOTHING, Detector, check_range, check_variant

_CHUNK = 32  # elements that go into the window together; the window does not depend on it
_ROWS = 48  # buckets of row r summarise 2^r elements; 2^48 elements never pass
_HEADER = 5  # width, total, variance (sum of squared deviations), ticks, fresh


@compiled
def _compress(counts: np.ndarray, totals: np.ndarray, variances: np.ndarray, max_buckets: int) -> None:
    """Merge the oldest buckets two by two into the next row, until no row holds more than it may."""
    row = 0
    while counts[row] > max_buckets:
        held = int(counts[row])
        merges = (held - max_buckets + 1) // 2
        end = int(counts[row + 1])
        scale = 0.5**row
        half = 0.5 / scale
        here, above = totals[row], totals[row + 1, end:]
        spread, spread_above = variances[row], variances[row + 1, end:]
        for j in range(merges):
            gap = here[2 * j] * scale - here[2 * j + 1] * scale  # of the two means; scaling is exact
            above[j] = here[2 * j] + here[2 * j + 1]
            spread_above[j] = spread[2 * j] + spread[2 * j + 1] + half * gap * gap
        for j in range(held - 2 * merges):
            here[j] = here[j + 2 * merges]
            spread[j] = spread[j + 2 * merges]
        counts[row] = held - 2 * merges
        counts[row + 1] = end + merges
        row += 1


@compiled
def _oldest_row(counts: np.ndarray) -> int:
    row = counts.size - 1
    while row > 0 and counts[row] == 0.0:
        row -= 1
    return row


@compiled
def _must_cut(
    counts: np.ndarray,
    totals: np.ndarray,
    width: float,
    total: float,
    variance: float,
    delta: float,
    shortest: float,
    spared: float,
) -> bool:
    """Whether the means of some older and newer part differ by more than chance."""
    if not variance >= 0.0:  # rounding after many cuts; the bound is not a number then
        return False
    confidence = np.log(2.0 * np.log(width) / delta)
    # |mean0 - mean1| <= sqrt(2 V c (1/n0 + 1/n1)) cannot exceed the bound below, as its m is no
    # smaller than 1/n0 + 1/n1. Times n0 n1 and squared, this needs neither division nor root.
    # The slack covers rounding: |u0|/n0 + |u1|/n1 <= sqrt(2 S (1/n0 + 1/n1)), S the sum of squares.
    slack = 1e-12 * np.sqrt(variance * width + total * total)
    harmless = max(0.0, np.sqrt(2.0 * variance * confidence) - slack) ** 2
    n0, n1, u0, u1 = 0.0, width, 0.0, total
    for row in range(_oldest_row(counts), -1, -1):
        size = 2.0**row
        buckets = totals[row]
        for k in range(int(counts[row])):
            n0 += size
            n1 -= size
            u0 += buckets[k]
            u1 -= buckets[k]
            apart = u0 * n1 - u1 * n0
            if apart * apart < harmless * (n0 * n1) or n0 < shortest or n1 < shortest:
                continue
            m = 1.0 / (n0 - spared) + 1.0 / (n1 - spared)
            bound = np.sqrt(2.0 * m * (variance / width) * confidence) + 2.0 / 3.0 * confidence * m
            if abs(u0 / n0 - u1 / n1) > bound:
                return True
    return False


@compiled
def _loop(
    values: np.ndarray,
    state: np.ndarray,
    codes: np.ndarray,
    stop_at_drift: bool,
    delta: float,
    clock: int,
    max_buckets: int,
    grace_period: float,
    shortest: float,
    spared: float,
    keeps_window: bool,
) -> int:
    capacity = max_buckets + _CHUNK + 1
    counts = state[_HEADER : _HEADER + _ROWS]
    rows = state[_HEADER + _ROWS :].reshape(2, _ROWS, capacity)
    totals, variances = rows[0], rows[1]
    width, total, variance, ticks, fresh = state[:_HEADER]
    i = 0
    while i < values.size:
        if fresh == 1.0:
            width, total, variance, ticks, fresh = 0.0, 0.0, 0.0, 0.0, 0.0
            counts[:] = 0.0
        to_check = clock - int(ticks) % clock
        stop = i + min(_CHUNK, to_check, values.size - i)
        end = int(counts[0])
        ticks += stop - i
        counts[0] += stop - i
        for j in range(i, stop):
            x = values[j]
            if width > 0.0:
                gap = x - total / width
                variance += width * gap * gap / (width + 1.0)
            width += 1.0
            total += x
            totals[0, end + j - i] = x
            codes[j] = NOTHING
        _compress(counts, totals, variances, max_buckets)
        i = stop
        if ticks % clock != 0.0 or width <= grace_period:
            continue
        while _must_cut(counts, totals, width, total, variance, delta, shortest, spared):
            codes[i - 1] = DRIFT
            row = _oldest_row(counts)
            size = 2.0**row
            width -= size
            total -= totals[row, 0]
            gap = totals[row, 0] / size - total / width
            variance -= variances[row, 0] + size * width * gap * gap / (size + width)
            counts[row] -= 1.0
            for k in range(int(counts[row])):
                totals[row, k] = totals[row, k + 1]
                variances[row, k] = variances[row, k + 1]
        if codes[i - 1] == DRIFT:
            fresh = 0.0 if keeps_window else 1.0
            if stop_at_drift:
                break
    state[:_HEADER] = (width, total, variance, ticks, fresh)
    return i


class ADWIN(Detector):
    r"""ADaptive WINdowing: alarm when an older and a newer part of the window differ in mean.

    The detector to reach for when nothing is known about the stream: it needs no target, no
    minimum and no choice of window length, hears changes in both directions, takes real
    numbers as well as errors, and false alarms are rare by default. The price is memory (a
    few hundred numbers), and that it looks only every ``clock`` elements. ``width`` and
    ``mean`` follow the stream between alarms.

    The window of W elements lives in buckets of 1, 2, 4, ... elements, at most ``max_buckets``
    of a size. Each border between buckets splits it into :math:`n_0` older and :math:`n_1`
    newer elements; with :math:`\sigma^2` the variance within the window, the mean has changed if

    .. math:: |\hat\mu_0 - \hat\mu_1| > \sqrt{2 m \sigma^2 \delta'} + \tfrac23 m \delta',
       \quad \delta' = \ln\frac{2 \ln W}{\delta}, \quad m = \frac1{n_0} + \frac1{n_1},

    where both implementations take :math:`n_i -` ``min_window_length`` :math:`+ 1` for
    :math:`n_i` in m. Then the oldest buckets are dropped until no border is left that differs.

    Parameters
    ----------
    delta
        Significance, between 0 and 1; smaller is stricter.
    clock
        Elements from one check to the next.
    max_buckets
        Buckets of one size, at least 2; more of them place borders more finely.
    min_window_length
        Elements that each part must have.
    grace_period
        Checks begin when the window holds more elements than this.
    variant
        After an alarm ``"river"`` forgets the window, as all detectors here do; ``"moa"``
        keeps the newer part and goes on, so one change may alarm at several checks. MOA also
        asks for ``min_window_length + 2`` elements in each part.

    Examples
    --------
    >>> import numpy as np
    >>> load = np.r_[np.tile([4.0, 6.0], 300), np.tile([5.0, 7.0], 300)]
    >>> detector = ADWIN()
    >>> detector.detect(load).first_drift
    639
    >>> for x in load[:640]:
    ...     detector.update(x)
    >>> detector.drift_detected, detector.width
    (True, 224)

    References
    ----------
    Bifet, Gavaldà (2007). Learning from time-changing data with adaptive windowing. SDM.
    """

    _loop = staticmethod(_loop)
    _strictness = "delta"
    _strictness_range = (0.9, 1e-30)

    def __init__(
        self,
        *,
        delta: float = 0.002,
        clock: int = 32,
        max_buckets: int = 5,
        min_window_length: int = 5,
        grace_period: int = 10,
        variant: Literal["river", "moa"] = "river",
    ):
        check_variant("ADWIN", variant, ("river", "moa"))
        check_range("ADWIN", "delta", delta, low=0, high=1)
        self.delta = delta
        self.clock = check_whole("ADWIN", "clock", clock, low=1)
        self.max_buckets = check_whole("ADWIN", "max_buckets", max_buckets, low=2, high=10_000)
        self.min_window_length = check_whole("ADWIN", "min_window_length", min_window_length, low=1)
        self.grace_period = check_whole("ADWIN", "grace_period", grace_period)
        self.variant = variant
        self.reset()

    @property
    def width(self) -> int:
        """Number of elements in the window; after a drift, what was left of it."""
        return int(self._state[0])

    @property
    def mean(self) -> float:
        """Mean of the elements in the window, 0 before the first one."""
        width, total = self._state[:2]
        return float(total / width) if width else 0.0

    def _numbers(self) -> tuple[float, ...]:
        shortest = self.min_window_length + (2 if self.variant == "moa" else 0)
        return (
            float(self.delta),
            self.clock,
            self.max_buckets,
            float(self.grace_period),
            float(shortest),
            self.min_window_length - 1.0,
            self.variant == "moa",
        )

    def _initial_state(self) -> np.ndarray:
        capacity = self.max_buckets + _CHUNK + 1
        return np.zeros(_HEADER + _ROWS + 2 * _ROWS * capacity)
