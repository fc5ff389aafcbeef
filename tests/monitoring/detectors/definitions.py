"""Detectors written straight from what MOA and the papers say, slow and obvious.

Each takes a stream and returns one word for each element. Nothing is shared with the library:
means and variances come from exact sums, never from a recurrence.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, sqrt

QUIET, WARNING, DRIFT = "quiet", "warning", "drift"


def ddm(
    errors: Sequence[float],
    *,
    variant: str,
    n_min: int = 30,
    warning_level: float = 2.0,
    drift_level: float = 3.0,
    strictly_above: bool = True,
) -> list[str]:
    """Gama et al. (2004), and as MOA has it."""
    first_minimum = {"moa": n_min - 1, "paper": n_min}[variant]
    words, n, wrong = [], 0, 0
    p_min = s_min = inf
    for x in errors:
        n, wrong = n + 1, wrong + int(x)
        p = wrong / n
        s = sqrt(p * (1 - p) / n)
        if n >= first_minimum and p + s <= p_min + s_min:
            p_min, s_min = p, s

        def above(level: float, now: float = p + s, p_min: float = p_min, s_min: float = s_min) -> bool:
            return now > p_min + level * s_min if strictly_above else now >= p_min + level * s_min

        if n >= n_min and above(drift_level):
            words.append(DRIFT)
            n, wrong = 0, 0
            p_min = s_min = inf
        elif n >= first_minimum and above(warning_level):
            words.append(WARNING)
        else:
            words.append(QUIET)
    return words


def eddm(
    errors: Sequence[float], *, variant: str, n_min: int = 30, alpha: float = 0.95, beta: float = 0.9
) -> list[str]:
    """Baena-Garcia et al. (2006), and as MOA has it. What the last error said holds until the next."""
    words, word, n, last, distances, largest = [], QUIET, 0, 0, [0, 0, 0], 0.0
    for x in errors:
        n += 1
        if x == 1:
            number, total, squares = distances
            distance, last = n - last, n
            number, total, squares = distances = [number + 1, total + distance, squares + distance**2]
            p = total / number
            s = sqrt(number * squares - total**2) / number  # of the population; integers up to the root
            if variant == "paper":
                largest = max(largest, p + 2 * s)
                judges = number >= n_min
            else:
                if n >= n_min:
                    largest = max(largest, p + 2 * s)
                judges = number > n_min
            ratio = (p + 2 * s) / largest if judges else 1.0
            word = DRIFT if ratio < beta else WARNING if ratio < alpha else QUIET
        words.append(word)
        if word == DRIFT:
            word, n, last, distances, largest = QUIET, 0, 0, [0, 0, 0], 0.0
    return words


def page_hinkley(
    values: Sequence[float],
    *,
    variant: str,
    n_min: int = 30,
    delta: float = 0.005,
    threshold: float = 50.0,
    forgetting: float = 0.9999,
    mode: str = "both",
) -> list[str]:
    """Page (1954) with Hinkley's running mean, and as MOA had it: rises only, faded, without a minimum."""
    words, n, total, faded, risen, fallen = [], 0, 0.0, 0.0, 0.0, 0.0
    lowest, highest = inf, -inf
    for x in values:
        n, total = n + 1, total + x
        mean = total / n
        if variant == "moa":
            faded = forgetting * faded + (x - mean - delta)
            drift = n + 1 >= n_min and faded > threshold
        else:
            risen += x - mean - delta
            fallen += x - mean + delta
            lowest, highest = min(lowest, risen), max(highest, fallen)
            up = mode in ("up", "both") and risen - lowest > threshold
            down = mode in ("down", "both") and highest - fallen > threshold
            drift = n >= n_min and (up or down)
        words.append(DRIFT if drift else QUIET)
        if drift:
            n, total, faded, risen, fallen = 0, 0.0, 0.0, 0.0, 0.0
            lowest, highest = inf, -inf
    return words
