"""Grids of whole numbers, and the search for the range that loses least on one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coursekit.compiling import compiled
from coursekit.modeling.optimization.rounding import round_half_away

SMOOTHING = 1e-4
"""Share of a uniform distribution mixed into what a quantizer leaves, so that no divergence is infinite."""
FEWEST_BINS = 32
"""A range of fewer bins resembles anything."""
_SMALLEST_SCALE = np.finfo(float).tiny
_OCTAVES = 12
"""The narrowest range that is tried is 2**-12 of the widest."""


def limits_of(bits: int, narrow: bool) -> tuple[int, int]:
    """Smallest and largest whole number of so many bits; narrow leaves out the one without a counterpart."""
    top = 2 ** (bits - 1) - 1
    return (-top if narrow else -top - 1), top


def grid_of(
    low: np.ndarray, high: np.ndarray, *, bits: int, symmetric: bool, narrow: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Scales and zero points of ranges, elementwise, so that zero is a point of each grid.

    A range that leaves zero out is extended to it; one that is nothing but zero has scale 1 and zero point 0.
    """
    low, high = np.minimum(low, 0.0), np.maximum(high, 0.0)
    bottom, top = limits_of(bits, narrow)
    if symmetric:
        scale = np.maximum(-low, high) / top
    else:
        with np.errstate(over="ignore"):
            scale = (high - low) / (top - bottom)
        scale = np.where(np.isfinite(scale), scale, high / (top - bottom) - low / (top - bottom))
    usable = scale >= _SMALLEST_SCALE
    scale = np.where(usable, scale, 1.0)
    if symmetric:
        return scale, np.zeros(scale.shape, np.int64)
    zero = np.clip(round_half_away(bottom - low / scale), bottom, top)
    return scale, np.where(usable, zero, 0).astype(np.int64)


def smallest_error(
    values: np.ndarray, counts: np.ndarray, *, bits: int, symmetric: bool, narrow: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Range of each group that makes the squared error of rounding and clipping smallest.

    values, shape (groups, n), ascend along their rows; counts, same shape, say how often each occurs.
    """
    # a power of two off each row: squares neither overflow nor vanish, and nothing is rounded
    exponents = np.frexp(np.abs(values[:, [0, -1]]).max(axis=1))[1]
    units = np.ldexp(values, -exponents[:, None])

    def running(terms: np.ndarray) -> np.ndarray:
        return np.concatenate([np.zeros((len(terms), 1)), np.cumsum(terms, axis=1)], axis=1)

    sums = running(counts * 1.0), running(counts * units), running(counts * units**2)
    bottom, top = limits_of(bits, narrow)

    def errors(lows: np.ndarray, highs: np.ndarray) -> np.ndarray:
        scales, zeros = grid_of(lows, highs, bits=bits, symmetric=symmetric, narrow=narrow)
        return squared_errors(units, *sums, scales, zeros, bottom, top)

    low, high = search(errors, units[:, 0], units[:, -1], symmetric=symmetric)
    return np.ldexp(low, exponents), np.ldexp(high, exponents)


def search(
    losses: Callable[[np.ndarray, np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray, *, symmetric: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Range of each group inside [low, high] with the smallest loss; of equals the widest.

    Ends are tried at fractions 2**-a of the widest, on a coarse grid first and on three finer ones around the best,
    down to steps of 1.3% (0.7% where one number says the range). Losses have several valleys, so the coarse grid
    covers all of them; both ends move on their own where zero lies inside.
    """
    low, high = np.minimum(low, 0.0), np.maximum(high, 0.0)
    if symmetric:
        high = np.maximum(-low, high)
        low = -high
    single = symmetric or not (low.any() and high.any())
    fine, step = (1 / 16, 1 / 4) if single else (1 / 2, 1 / 2)
    coarse = np.concatenate([np.arange(0, 2, fine), np.arange(2, _OCTAVES + step, step)])
    best = np.zeros((len(low), 2))
    for offsets in (coarse, *(np.arange(-2, 3) * step / 3**power for power in (1, 2, 3))):
        pairs = np.stack([offsets, offsets]) if single else np.stack(np.meshgrid(offsets, offsets)).reshape(2, -1)
        tried = np.maximum(best[:, :, None] + pairs, 0.0)
        lost = losses(low[:, None] * 2.0 ** -tried[:, 0], high[:, None] * 2.0 ** -tried[:, 1])
        at = np.argmin(lost, axis=1)
        best = tried[np.arange(len(low)), :, at]
    return low * 2.0 ** -best[:, 0], high * 2.0 ** -best[:, 1]


@compiled
def squared_errors(values, counts, sums, squares, scales, zeros, bottom, top):  # type: ignore[no-untyped-def]
    """Sum of squared errors of each group, shape (groups, grids); counts, sums, squares run and start with 0.

    All values of one level are settled at once: sum (x - l)^2 = sum x^2 - 2 l sum x + n l^2.
    """
    groups, size = values.shape
    errors = np.zeros(scales.shape)
    for g in range(groups):
        for c in range(scales.shape[1]):
            scale, least, most = scales[g, c], float(bottom - zeros[g, c]), float(top - zeros[g, c])
            total, start = 0.0, 0
            while start < size:
                step = min(max(np.floor(values[g, start] / scale + 0.5), least), most)
                stop = size
                if step < most:
                    edge, left = (step + 0.5) * scale, start + 1
                    while left < stop:
                        middle = (left + stop) // 2
                        if values[g, middle] > edge:
                            stop = middle
                        else:
                            left = middle + 1
                level = step * scale
                n, s = counts[g, stop] - counts[g, start], sums[g, stop] - sums[g, start]
                total += squares[g, stop] - squares[g, start] - 2 * level * s + level * level * n
                start = stop
            errors[g, c] = max(total, 0.0)
    return errors


@compiled
def divergences(bins, counts, width, scales, zeros, bottom, top):  # type: ignore[no-untyped-def]
    """Kullback-Leibler divergence of each grid, as EntropyCalibrator defines it; bins are numbers of filled bins."""
    total = 0.0
    for count in counts:
        total += count
    result = np.full(scales.shape, np.inf)
    for c in range(len(scales)):
        scale, least, most = scales[c], float(bottom - zeros[c]), float(top - zeros[c])
        # bins whose middle is less than half a step outside the grid
        bottom_bin = np.ceil((least - 0.5) * scale / width - 0.5)
        top_bin = np.floor((most + 0.5) * scale / width - 0.5)
        first, last = max(bottom_bin, float(bins[0])), min(top_bin, float(bins[-1]))
        left, right = np.searchsorted(bins, first), np.searchsorted(bins, last, side="right")
        below, inside, above = 0.0, 0.0, 0.0
        for count in counts[:left]:
            below += count
        for count in counts[left:right]:
            inside += count
        for count in counts[right:]:
            above += count
        if inside == 0.0 or scale < width or top_bin - bottom_bin < FEWEST_BINS:
            continue
        floor = SMOOTHING / (last - first + 1)
        divergence, start = 0.0, left
        if below > 0 and bins[left] != first:
            divergence += below / total * np.log(below / total / floor)
        if above > 0 and bins[right - 1] != last:
            divergence += above / total * np.log(above / total / floor)
        while start < right:
            step = min(max(np.floor((bins[start] + 0.5) * width / scale + 0.5), least), most)
            stop, mass = start, 0.0
            while stop < right and min(max(np.floor((bins[stop] + 0.5) * width / scale + 0.5), least), most) == step:
                mass += counts[stop]
                stop += 1
            left_over = (1 - SMOOTHING) * mass / (stop - start) / inside + floor
            for i in range(start, stop):
                share = counts[i] + 0.0
                if i == left and bins[i] == first:
                    share += below
                if i == right - 1 and bins[i] == last:
                    share += above
                divergence += share / total * np.log(share / total / left_over)
            start = stop
        result[c] = divergence
    return result
