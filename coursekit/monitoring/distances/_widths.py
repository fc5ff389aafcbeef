"""Numbers in single and double precision side by side: both are compared in single.

0.1 in float32 is another number than in float64, and above it. A column that changed its width
and nothing else has not drifted, so where widths differ the wider numbers count as what they round to.
"""

from __future__ import annotations

import numpy as np

_LIMIT = 2.0**128 - 2.0**103  # from here on float64 rounds to an infinite float32


def rounded(values: np.ndarray) -> np.ndarray:
    """Each value as float32 holds it, in float64."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32).astype(np.float64)


def same_width(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Two sorted samples that can be compared, and whether one was rounded for it.

    Numbers too large for float32 are no numbers of a column that was cast to it: they stay as they are.
    """
    if x.dtype == y.dtype:
        return x, y, False
    wide = x if x.dtype.itemsize > y.dtype.itemsize else y
    if max(-wide[0], wide[-1]) >= _LIMIT:
        return x.astype(np.float64, copy=False), y.astype(np.float64, copy=False), False
    return rounded(x), rounded(y), True


def edges_in_single(edges: np.ndarray) -> np.ndarray:
    """Float64 edges for float32 values; a value with a bin of its own keeps it."""
    with np.errstate(over="ignore"):
        single = edges.astype(np.float32)
    for k in np.flatnonzero(edges[:-1] == np.nextafter(edges[1:], -np.inf)):
        single[k] = np.nextafter(single[k + 1], np.float32(-np.inf))
    return np.minimum.accumulate(single[::-1])[::-1].astype(np.float64)


def edges_that_round(edges: np.ndarray) -> np.ndarray:
    """For each edge the largest float64 that, rounded to float32, does not exceed it.

    Wide values can so be counted among the bins of narrow ones without rounding them one by one.
    """
    with np.errstate(over="ignore"):
        single = edges.astype(np.float32)
        below = np.nextafter(single, np.float32(-np.inf))
        single = np.where(single > edges, below, single)
        above = np.nextafter(single, np.float32(np.inf)).astype(np.float64)
        halfway = np.where(np.isinf(above), np.sign(above) * _LIMIT, 0.5 * single.astype(np.float64) + 0.5 * above)
        halfway = np.where(single == -np.inf, -_LIMIT, halfway)
        fits = halfway.astype(np.float32) <= single
    halfway = np.where(fits, halfway, np.nextafter(halfway, -np.inf))
    return np.where(single == np.inf, np.finfo(np.float64).max, halfway)
