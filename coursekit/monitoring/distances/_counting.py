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


class InfiniteValue(Exception):
    """A value that belongs to no bin; args are block, column and row."""


def count_bins(blocks: list[tuple[np.ndarray, list[np.ndarray]]], workers: int) -> list[list[np.ndarray]]:
    """Counts of each column of each block, bin by bin, the missing values last.

    A block is an array (columns, rows), float32 or float64, in any layout and never copied as a
    whole, with the inner edges of each column. Bin k holds the values above edge k - 1 and up
    to edge k (included); the outer two are open. Raises an InfiniteValue.
    """
    parts = 1 if workers == 1 else -(-4 * workers // max(1, len(blocks)))
    counters = [_Counter(values, edges, parts) for values, edges in blocks]
    tasks = [(counter, part) for counter in counters for part in range(parts)]
    found = run_all(_Counter.count, tasks, workers)
    for (counter, _), (column, row) in zip(tasks, found, strict=True):
        if column >= 0:
            raise InfiniteValue(counters.index(counter), column, row)
    return [counter.bins() for counter in counters]


class _Counter:
    """One block, its rows cut into parts that can be counted at the same time."""

    def __init__(self, values: np.ndarray, edges: list[np.ndarray], parts: int):
        n_columns, n_rows = values.shape
        self.values = values.view()
        self.values.flags.writeable = False  # one machine code for frames and arrays
        self.first = np.concatenate([[0], np.cumsum([len(e) for e in edges])])
        self.edges = np.concatenate(edges)
        self.cuts = np.linspace(0, n_rows, parts + 1).astype(np.int64)
        self.above = np.zeros((parts, self.edges.size), dtype=np.int64)
        self.missing = np.zeros((parts, n_columns), dtype=np.int64)
        if values[0].flags.c_contiguous:
            self.outer, self.inner = n_rows, _INNER
        else:  # the table lies row by row: all columns of a few rows, while they are in the cache
            self.outer = self.inner = max(16, min(_INNER, _CACHED // (n_columns * values.itemsize)))

    def count(self, part: int) -> tuple[int, int]:
        """Count one part; tells where an infinite value is."""
        rows = self.cuts[part], self.cuts[part + 1]
        steps = self.outer, self.inner
        return _count(self.values, *rows, *steps, self.edges, self.first, self.above[part], self.missing[part])

    def bins(self) -> list[np.ndarray]:
        """Counts of each column from all parts."""
        above, missing = self.above.sum(axis=0), self.missing.sum(axis=0)
        counts = []
        for column, absent in enumerate(missing):
            over = above[self.first[column] : self.first[column + 1]]
            bins = -np.diff(np.concatenate([[self.values.shape[1] - absent], over, [0]]))
            counts.append(np.append(bins, absent))
        return counts
