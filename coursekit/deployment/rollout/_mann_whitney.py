"""Confidence intervals of a shift between two samples, by the thousand."""

from __future__ import annotations

import math

import numpy as np

from coursekit.compiling import compiled

COMPARED, EMPTY, IDENTICAL = 0, 1, 2
"""What could be done with a pair of samples."""

_FEW = 32


@compiled
def shift_intervals(baseline, candidate, quantile, replace):  # type: ignore[no-untyped-def]
    """Lower bound, estimate, upper bound, both means and state of each pair of rows, ``(runs, 6)``.

    Differences are never listed: the few that matter are found by counting along the two sorted samples.
    """
    runs = len(baseline)
    found = np.zeros((runs, 6))
    for run in range(runs):
        y = _sorted_values(baseline[run], replace)
        x = _sorted_values(candidate[run], replace)
        m, n = len(y), len(x)
        if n == 0 or m == 0:
            found[run, :5] = np.nan
            found[run, 5] = EMPTY
            continue
        found[run, 3], found[run, 4] = y.mean(), x.mean()
        if (n == m and np.all(x == y)) or (x[0] == x[-1] and y[0] == y[-1] and x[0] == y[0]):
            found[run, 5] = IDENTICAL
            continue
        pairs, total = n * m, n + m
        ties = _tie_sum(x) + _tie_sum(y)
        sigma = math.sqrt(pairs / 12 * (total + 1 - ties / (total * (total - 1))))
        rank = max(1, math.ceil(pairs / 2 - 0.5 - quantile * sigma))
        found[run, 0] = _difference(x, y, rank)
        found[run, 2] = _difference(x, y, pairs + 1 - rank)
        middle = _difference(x, y, (pairs + 1) // 2)
        if pairs % 2 == 0:
            middle = (middle + _difference(x, y, pairs // 2 + 1)) / 2
        found[run, 1] = middle
    return found


@compiled
def _sorted_values(series, replace):  # type: ignore[no-untyped-def]
    kept = np.empty(len(series))
    count = 0
    for value in series:
        if not math.isnan(value):
            kept[count] = value
            count += 1
        elif replace:
            kept[count] = 0.0
            count += 1
    return np.sort(kept[:count])


@compiled
def _tie_sum(ordered):  # type: ignore[no-untyped-def]
    """Sum of t^3 - t over groups of t equal values."""
    total, length = 0.0, 1.0
    for i in range(1, len(ordered)):
        if ordered[i] == ordered[i - 1]:
            length += 1
        else:
            total += length**3 - length
            length = 1.0
    return total + length**3 - length


@compiled
def _up_to(x, y, value):  # type: ignore[no-untyped-def]
    """Number of differences x - y of at most a value."""
    count, j = 0, 0
    for i in range(len(x)):
        while j < len(y) and x[i] - y[j] > value:
            j += 1
        count += len(y) - j
    return count


@compiled
def _difference(x, y, rank):  # type: ignore[no-untyped-def]
    """The difference x - y of that rank, counted from 1 at the smallest."""
    low, high = x[0] - y[-1], x[-1] - y[0]
    before, until = _up_to(x, y, low), len(x) * len(y)
    if before >= rank:
        return low
    while until - before > _FEW:
        middle = low + (high - low) / 2
        if not low < middle < high:
            return high
        count = _up_to(x, y, middle)
        if count >= rank:
            high, until = middle, count
        else:
            low, before = middle, count
    near = np.empty(until - before)
    count, j = 0, 0
    for i in range(len(x)):
        while j < len(y) and x[i] - y[j] > high:
            j += 1
        k = j
        while k < len(y) and x[i] - y[k] > low:
            near[count] = x[i] - y[k]
            count += 1
            k += 1
    return np.sort(near)[rank - before - 1]
