"""KSWIN: the newest elements are distributed unlike the older ones in a sliding window."""

from __future__ import annotations

from functools import lru_cache
from math import gcd, inf
from typing import Literal

import numpy as np

from coursekit._number_checks import check_whole
from coursekit.compiling import compiled
from coursekit.monitoring._kolmogorov import exceedance
from coursekit.monitoring.detectors._base import DRIFT, NOTHING, Detector, check_range, check_variant
from coursekit.monitoring.detectors._python_random import WORDS, is_pooled, sample, seeded_words

_HEADER = 3  # elements heard, words of the generator used, fresh


@lru_cache(maxsize=256)
def _critical_gap(n: int, m: int, alpha: float, least: float) -> float:
    """The smallest n m D, with D > least the KS statistic, whose exact p-value is at most alpha."""
    unit = gcd(n, m)  # n m D is a multiple of it
    low, high = 0, n * m // unit + 1  # at low the p-value is 1, at high no sample gets there
    while high - low > 1:
        middle = (low + high) // 2
        if middle * unit / (n * m) > least and exceedance(n, m, middle * unit) <= alpha:
            high = middle
        else:
            low = middle
    return float(high * unit) if high * unit <= n * m else inf


@compiled
def _reaches(critical: float, ordered: np.ndarray, slots: np.ndarray, weights: np.ndarray) -> bool:
    """Whether the weights, summed in the order of the values, reach the gap between two values."""
    total = 0.0
    last = ordered.size - 1
    for k in range(last):  # behind the last value the sum is 0
        total += weights[slots[k]]
        if abs(total) >= critical and ordered[k] != ordered[k + 1]:
            return True
    return False


@compiled
def _loop(
    values: np.ndarray,
    state: np.ndarray,
    codes: np.ndarray,
    stop_at_drift: bool,
    size: int,
    newest: int,
    critical: float,
    draws: bool,
    pooled: bool,
) -> int:
    older = size - newest
    heard, used, fresh = state[:_HEADER]
    window = state[_HEADER : _HEADER + size]  # a ring
    weights = state[_HEADER + size : _HEADER + 2 * size]
    ordered = state[_HEADER + 2 * size : _HEADER + 3 * size]  # the same values, ascending
    slots = state[_HEADER + 3 * size : _HEADER + 4 * size].view(np.int64)  # where they stand in the ring
    words = state[_HEADER + 4 * size :].view(np.uint32)
    seeded, words = words[: words.size // 2], words[words.size // 2 :]
    chosen = np.empty(newest, dtype=np.int64)
    pool = np.empty(older, dtype=np.int64)
    weight_newest, weight_older = (float(newest), 0.0) if draws else (float(older), -float(newest))
    i = 0
    for i in range(values.size):
        if fresh == 1.0:
            heard, used, fresh = 0.0, float(WORDS), 0.0
            words[:] = seeded
        now = int(heard)
        slot = now % size
        place = min(now, size)
        if now >= size:  # the oldest leaves
            place = np.searchsorted(ordered, window[slot])
            while slots[place] != slot:
                place += 1
            for k in range(place, size - 1):
                ordered[k], slots[k] = ordered[k + 1], slots[k + 1]
            place = size - 1
        x = values[i]
        while place > 0 and ordered[place - 1] > x:
            ordered[place], slots[place] = ordered[place - 1], slots[place - 1]
            place -= 1
        ordered[place], slots[place] = x, slot
        window[slot], weights[slot] = x, weight_newest
        if now >= newest:
            weights[(now - newest) % size] = weight_older
        heard += 1.0
        codes[i] = NOTHING
        if heard < size:
            continue
        oldest = (now + 1) % size
        if draws:
            used = float(sample(chosen, pool, pooled, words, int(used)))
            for r in chosen:
                weights[(oldest + r) % size] = -weight_newest
        if _reaches(critical, ordered, slots, weights):
            codes[i] = DRIFT
            fresh = 1.0
        if draws:
            for r in chosen:
                weights[(oldest + r) % size] = 0.0
        if stop_at_drift and fresh == 1.0:
            break
    state[:_HEADER] = (heard, used, fresh)
    return i + 1


class KSWIN(Detector):
    r"""Kolmogorov-Smirnov WINdowing: alarm when the newest elements follow another distribution.

    Mean-based detectors are deaf to a feature whose mean stays while its spread doubles or a
    second mode appears; a test of whole distributions hears that. It tests at every element
    at level ``alpha``, so false alarms are a matter of time: with the defaults one in about
    1,000 elements of an unchanged stream, with ``alpha=1e-4`` one in about 30,000.

    Of the last ``window_size`` elements, the newest n = ``stat_size`` are compared with m
    older ones. With empirical distribution functions :math:`F_n, F_m` it calls a drift when

    .. math:: D = \sup_x |F_n(x) - F_m(x)| \quad\text{has an exact p-value} \le \alpha.

    Parameters
    ----------
    alpha
        Level of each test, between 0 and 1; smaller is stricter.
    window_size
        Elements in the sliding window.
    stat_size
        How many of them are the newest.
    seed
        Seed of the drawing, for ``"river"``; the detector draws the same again after a drift.
    variant
        ``"exact"`` compares with all m = ``window_size - stat_size`` older elements and
        leaves nothing to chance. ``"river"`` draws m = ``stat_size`` of them anew at each
        element, as ``random.Random(seed)`` would, and asks for D > 0.1 too: each draw is
        another chance to alarm and each test knows less, so it cries wolf more often and
        hears changes later.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> price = np.r_[rng.normal(10, 1, 400), rng.normal(10, 4, 100)]  # the mean stays
    >>> KSWIN(alpha=1e-4).detect(price).first_drift
    445

    References
    ----------
    Raab, Heusinger, Schleif (2020). Reactive soft prototype computing for concept drift
    streams. Neurocomputing.
    """

    _loop = staticmethod(_loop)
    _strictness = "alpha"
    _strictness_range = (0.5, 1e-15)

    def __init__(
        self,
        *,
        alpha: float = 0.005,
        window_size: int = 100,
        stat_size: int = 30,
        seed: int = 0,
        variant: Literal["exact", "river"] = "exact",
    ):
        check_variant("KSWIN", variant, ("exact", "river"))
        check_range("KSWIN", "alpha", alpha, low=0, high=1)
        self.alpha = alpha
        self.stat_size = check_whole("KSWIN", "stat_size", stat_size, low=1)
        self.window_size = check_whole("KSWIN", "window_size", window_size, low=1, high=1_000_000)
        least = 2 * self.stat_size if variant == "river" else self.stat_size + 1
        if self.window_size < least:
            raise ValueError(
                f"KSWIN: window_size must be a whole number, at least {least} for stat_size={stat_size} "
                f"and variant={variant!r}, got {window_size!r}"
            )
        self.seed = check_whole("KSWIN", "seed", seed, low=None, high=None)
        self.variant = variant
        self.reset()

    def _numbers(self) -> tuple[float, ...]:
        newest, older, draws = self.stat_size, self.window_size - self.stat_size, self.variant == "river"
        critical = _critical_gap(newest, newest if draws else older, float(self.alpha), 0.1 if draws else 0.0)
        return self.window_size, newest, critical, draws, is_pooled(older, newest)

    def _initial_state(self) -> np.ndarray:
        window = np.zeros(_HEADER + 4 * self.window_size)
        window[:_HEADER] = 0.0, 0.0, 1.0
        if self.variant == "exact":
            return window
        words = seeded_words(self.seed).view(np.float64)  # two in each number
        return np.concatenate([window, words, words])
