"""How many values of each column fall into each bin, in one pass over the memory."""

from __future__ import annotations

import numpy as np

from coursekit.compiling import compiled
from coursekit.monitoring.distances._parallel import run_all

_LARGEST = float(np.finfo(np.float64).max)
_INNER = 2048  # values that are compared with all edges while they lie in the first cache
_CACHED = 2**17  # bytes of a row-major block that are read at once
_MANY_EDGES = 64  # from here on halving beats comparing with each


@compiled
def _count(
    values: np.ndarray,
    start: int,
    stop: int,
    outer: int,
    inner: int,
    edges: np.ndarray,
    first: np.ndarray,
    above: np.ndarray,
    missing: np.ndarray,
) -> tuple[int, int]:
    """Add to ``above`` how many values lie above each edge; values (columns, rows), rows start to stop.

    Comparing a block with one edge after the other looks wasteful and is not: each comparison
    handles as many values as a vector register holds, and nothing branches. Returns column
    and row of an infinite value, or (-1, -1).
    """
    buffer = np.empty(inner)
    for outer_start in range(start, stop, outer):
        outer_stop = min(outer_start + outer, stop)
        for column in range(values.shape[0]):
            low, high = first[column], first[column + 1]
            for row in range(outer_start, outer_stop, inner):
                size = min(inner, outer_stop - row)
                finite = 0
                for i in range(size):
                    value = values[column, row + i]
                    buffer[i] = value
                    finite += abs(value) <= _LARGEST  # not so for NaN
                if finite < size:
                    for i in range(size):
                        if buffer[i] == buffer[i] and abs(buffer[i]) > _LARGEST:
                            return column, row + i
                    missing[column] += size - finite
                if high - low <= _MANY_EDGES:
                    for k in range(low, high):
                        edge = edges[k]
                        count = 0
                        for i in range(size):
                            count += buffer[i] > edge
                        above[k] += count
                else:
                    _count_by_halving(buffer[:size], edges[low:high], above[low:high])
    return -1, -1


@compiled
def _count_by_halving(values: np.ndarray, edges: np.ndarray, above: np.ndarray) -> None:
    counts = np.zeros(edges.size + 1, dtype=np.int64)
    for value in values:
        low, size = 0, edges.size  # NaN is above no edge and ends in bin 0, which is not used
        while size > 0:
            half = (size + 1) // 2
            if value > edges[low + half - 1]:
                low += half
                size -= half
            else:
                size = half - 1
        counts[low] += 1
    total = 0
    for k in range(edges.size - 1, -1, -1):
        total += counts[k + 1]
        above[k] += total


def count_bins(values: np.ndarray, edges: list[np.ndarray], workers: int) -> list[np.ndarray]:
    """Counts of each column, bin by bin, the missing values last.

    Bin k holds the values above edge k - 1 and up to edge k (included); the outer two are open.
    ``values`` is (columns, rows), float32 or float64, in any layout and never copied as a whole.
    Raises an InfiniteValue.
    """
    n_columns, n_rows = values.shape
    first = np.concatenate([[0], np.cumsum([len(e) for e in edges])])
    flat = np.concatenate(edges)
    by_row = not values[0].flags.c_contiguous  # one row of the table after the other
    cached = max(16, min(_INNER, _CACHED // (n_columns * values.itemsize)))
    outer, inner = (cached, cached) if by_row else (n_rows, _INNER)
    view = values.view()
    view.flags.writeable = False  # one machine code for frames and arrays

    cuts = np.linspace(0, n_rows, (4 * workers if workers > 1 else 1) + 1).astype(np.int64)
    above = np.zeros((len(cuts) - 1, flat.size), dtype=np.int64)
    missing = np.zeros((len(cuts) - 1, n_columns), dtype=np.int64)

    def one(part: int) -> tuple[int, int]:
        return _count(view, cuts[part], cuts[part + 1], outer, inner, flat, first, above[part], missing[part])

    for column, row in run_all(one, [(part,) for part in range(len(cuts) - 1)], workers):
        if column >= 0:
            raise InfiniteValue(column, row)
    total_above, total_missing = above.sum(axis=0), missing.sum(axis=0)
    counts = []
    for column in range(n_columns):
        ends = total_above[first[column] : first[column + 1]]
        present = n_rows - total_missing[column]
        bins = -np.diff(np.concatenate([[present], ends, [0]]))
        counts.append(np.append(bins, total_missing[column]))
    return counts


class InfiniteValue(Exception):
    """A value that belongs to no bin; args are column and row."""
