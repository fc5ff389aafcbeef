"""What a fitted reference remembers of one feature."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coursekit.monitoring.distances._columns import CATEGORICAL, NUMERIC, refuse_infinite
from coursekit.monitoring.distances._widths import edges_in_single, edges_that_round
from coursekit.monitoring.distances.feature_histogram import MISSING, NEW, OTHER, PRESENT

_ROWS_AT_ONCE = 512
COLUMNS_AT_ONCE = 8
"""Neighbours in a row-major table that are read together: one line of the cache."""


@dataclass(frozen=True, eq=False)
class NumericFeature:
    """Bins of a number."""

    edges: np.ndarray
    """Inner edges, ascending; a bin holds its upper edge, the outer two are open."""
    counts: np.ndarray
    """Rows of the reference in each bin, the missing ones last."""
    samples: np.ndarray | None
    """The present values, sorted, where they were kept."""
    labels: list[str]
    """What to write under the bins."""
    heavy: np.ndarray
    """Values of about 1 / bins of the rows or more, which are two quantiles at least, ascending."""
    dtype: np.dtype
    """Float32 or float64, the width of the reference."""
    other_width: tuple[np.ndarray, np.ndarray]
    """Edges for values of the other width, and the counts of the reference between them."""

    kind = NUMERIC

    @property
    def constant(self) -> bool:
        """Whether only one value occurred: its bins are below, equal and above."""
        return len(self.edges) == 2 and self.counts[0] == 0 and self.counts[2] == 0

    def bins_for(self, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
        """Inner edges for values of this width, and the counts of the reference to compare with."""
        return (self.edges, self.counts) if dtype == self.dtype else self.other_width


@dataclass(frozen=True, eq=False)
class CategoricalFeature:
    """Bins of a category."""

    categories: tuple[Any, ...]
    """Values with a bin of their own, the most frequent first."""
    counts: np.ndarray
    """Rows of the reference in each bin: the categories, the rarer ones, those never seen, the missing ones."""
    all_counts: dict[Any, int]
    """Rows of the reference with each value, rare ones too."""

    kind = CATEGORICAL

    @property
    def constant(self) -> bool:
        """Whether only one value occurred."""
        return len(self.all_counts) == 1

    @property
    def labels(self) -> list[str]:
        """What to write under the bins."""
        return [*map(str, self.categories), OTHER, NEW, MISSING]

    def count(self, found: dict[Any, int], n_rows: int) -> np.ndarray:
        """Rows in each bin of data in which these values were found so often."""
        own = np.array([found.get(value, 0) for value in self.categories], dtype=np.int64)
        known = sum(count for value, count in found.items() if value in self.all_counts)
        present = sum(found.values())
        return np.concatenate([own, [known - own.sum(), present - known, n_rows - present]])


def fit_numeric(
    name: Hashable, values: np.ndarray, ordered: np.ndarray, *, bins: int, strategy: str, keep: bool
) -> NumericFeature:
    """Choose the bins of a number; ``ordered`` are its values sorted, NaN last."""
    present = ordered[: np.searchsorted(ordered, np.nan)]
    if present.size and not np.isfinite(present[[0, -1]]).all():
        row = int(np.flatnonzero(np.isinf(values))[0])
        raise refuse_infinite(name, row, values[row])
    edges, heavy = _edges(present, bins, strategy)
    counts = _counts_between(present, edges, len(values))
    if present.dtype == np.float32:
        other = edges_that_round(edges), counts
    else:
        narrow = edges_in_single(edges)
        other = narrow, _counts_between(present, edges_that_round(narrow), len(values))
    if keep:
        present = present.copy() if present.size < 0.9 * ordered.size else present  # else it holds on to the rest
        present.flags.writeable = False
    labels = [*_number_labels(edges), MISSING]
    return NumericFeature(edges, counts, present if keep else None, labels, heavy, present.dtype, other)


def _counts_between(present: np.ndarray, edges: np.ndarray, n_rows: int) -> np.ndarray:
    ends = np.searchsorted(present, edges, side="right")
    return np.diff(np.concatenate([[0], ends, [present.size, n_rows]]))


def fit_categorical(found: dict[Any, int], n_rows: int, *, max_categories: int | None) -> CategoricalFeature:
    """Choose the bins of a category: the most frequent values, ties in the order of their text."""
    by_frequency = sorted(found, key=lambda value: (-found[value], str(value)))
    kept = tuple(by_frequency[:max_categories])
    return CategoricalFeature(kept, CategoricalFeature(kept, np.empty(0), found).count(found, n_rows), found)


def _edges(present: np.ndarray, bins: int, strategy: str) -> tuple[np.ndarray, np.ndarray]:
    """Inner edges and heavy values, in float64."""
    if present.size == 0:
        return np.empty(0), np.empty(0)
    lowest, highest = float(present[0]), float(present[-1])
    if lowest == highest:
        return np.array([np.nextafter(lowest, -np.inf), lowest]), np.array([lowest])
    share = np.arange(1, bins) / bins
    at = np.ceil(present.size * share).astype(np.int64) - 1
    quantiles, times = np.unique(present[at].astype(np.float64), return_counts=True)
    heavy = quantiles[times > 1]
    if strategy == "uniform":
        # never overflows, unlike highest - lowest
        return np.unique(lowest * (1 - share) + highest * share), heavy
    return np.union1d(quantiles, np.nextafter(heavy, -np.inf)), heavy


def _number_labels(edges: np.ndarray) -> list[str]:
    """Bins between these inner edges: values with a bin of their own in full, edges as short as they differ."""
    if len(edges) == 0:
        return [PRESENT]
    own = [*(edges[:-1] == np.nextafter(edges[1:], -np.inf)), False]  # the next edge is a bin of its own
    values = [float(edges[k + 1] if before else edges[k]) for k, before in enumerate(own)]
    heavy = {values[k] for k, before in enumerate(own) if before}
    for digits in range(3, 18):
        texts = [_written(value, 17 if value in heavy else digits) for value in values]
        if len(set(texts)) == len(set(values)):
            break
    labels = [f"{'<' if own[0] else '≤'} {texts[0]}"]
    for k in range(1, len(edges)):
        if own[k - 1]:
            labels.append(f"= {texts[k]}")
        else:
            labels.append(f"({texts[k - 1]}, {texts[k]}{')' if own[k] else ']'}")
    return [*labels, f"> {texts[-1]}"]


def _written(value: float, digits: int) -> str:
    """The number with this many significant digits at most, plain unless very small or large."""
    rounded = float(f"{value:.{digits}g}")
    if rounded != 0 and not 1e-4 <= abs(rounded) < 1e12:
        return repr(rounded)
    whole, _, rest = np.format_float_positional(rounded, trim="-").partition(".")
    grouped = f"{int(whole):,}" if whole.lstrip("-") != "0" else whole
    return f"{grouped}.{rest}" if rest else grouped


def sorted_columns(block: np.ndarray, start: int, stop: int) -> list[np.ndarray]:
    """Sorted copies of columns start to stop of a (columns, rows) block."""
    if block[start].flags.c_contiguous:
        return [np.sort(column) for column in block[start:stop]]
    side_by_side = np.empty((stop - start, block.shape[1]), dtype=block.dtype)
    for row in range(0, block.shape[1], _ROWS_AT_ONCE):  # each line of memory is read once for all columns
        side_by_side[:, row : row + _ROWS_AT_ONCE] = block[start:stop, row : row + _ROWS_AT_ONCE]
    side_by_side.sort(axis=1)
    return list(side_by_side)


def column_groups(block: np.ndarray) -> list[tuple[int, int]]:
    """How to cut the columns of a block for :func:`sorted_columns`."""
    step = 1 if block[0].flags.c_contiguous else COLUMNS_AT_ONCE
    return [(start, min(start + step, len(block))) for start in range(0, len(block), step)]
