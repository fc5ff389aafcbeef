"""Two shares side by side, exactly: Fisher's test from the tails of a hypergeometric law."""

from __future__ import annotations

import math

import numpy as np

from coursekit.compiling import compiled

_EQUAL = 1e-7  # logs of probabilities that differ by less are equal but for rounding


@compiled
def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)


@compiled
def _tail(total: int, marked: int, drawn: int, at: int, step: int) -> float:
    """P(at), P(at + step), ... added up, away from the mode: terms fall, and end where they no longer count."""
    term = math.exp(_log_choose(marked, at) + _log_choose(total - marked, drawn - at) - _log_choose(total, drawn))
    summed = 0.0
    low, high = max(0, drawn - (total - marked)), min(marked, drawn)
    while low <= at <= high and term > summed * 1e-17:
        summed += term
        if step > 0:
            term *= ((marked - at) / (at + 1.0)) * ((drawn - at) / (total - marked - drawn + at + 1.0))
        else:
            term *= (at / (marked - at + 1.0)) * ((total - marked - drawn + at) / (drawn - at + 1.0))
        at += step
    return summed


@compiled
def _fisher(total: int, marked: int, drawn: int, seen: int) -> float:
    low, high = max(0, drawn - (total - marked)), min(marked, drawn)
    mode = int((drawn + 1.0) * ((marked + 1.0) / (total + 2.0)))
    mode = min(max(mode, low), high)
    limit = _log_choose(marked, seen) + _log_choose(total - marked, drawn - seen) + _EQUAL
    if limit >= _log_choose(marked, mode) + _log_choose(total - marked, drawn - mode):
        return 1.0
    here = _tail(total, marked, drawn, seen, 1 if seen > mode else -1)
    # On the other side of the mode probabilities are monotone: halve to where they are as small as here.
    inside, outside = (mode, low - 1) if seen > mode else (mode, high + 1)
    while abs(outside - inside) > 1:
        middle = (inside + outside) // 2
        if _log_choose(marked, middle) + _log_choose(total - marked, drawn - middle) <= limit:
            outside = middle
        else:
            inside = middle
    if outside < low or outside > high:
        return min(1.0, here)
    return min(1.0, here + _tail(total, marked, drawn, outside, 1 if outside > mode else -1))


@compiled
def _fisher_each(total: int, drawn: int, marked: np.ndarray, seen: np.ndarray, out: np.ndarray) -> None:
    for k in range(marked.size):
        out[k] = _fisher(total, marked[k], drawn, seen[k])


def fisher_exact(total: int, drawn: int, marked: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """P(a count at most as likely as ``seen``) among ``drawn`` rows of ``total`` of which ``marked`` are such.

    Two-sided, one value for each pair of ``marked`` and ``seen`` (whole numbers, shape (k,)); as
    ``scipy.stats.fisher_exact`` of [[seen, marked - seen], [drawn - seen, the rest]].
    """
    p_values = np.empty(len(marked))
    _fisher_each(int(total), int(drawn), marked.astype(np.int64), seen.astype(np.int64), p_values)
    return p_values
