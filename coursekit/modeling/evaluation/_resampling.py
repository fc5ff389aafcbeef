"""Bootstrap copies of a table of counts, without touching the rows again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

_CHUNK = 4_000_000
"""Drawn group numbers held in memory at once."""


def check_confidence(confidence: float) -> None:
    """Raise unless the confidence lies strictly between 0 and 1."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, for example 0.95, got {confidence!r}")


def group_codes(groups: object, n_rows: int) -> np.ndarray | None:
    """Number the groups 0, 1, ...; None stays None."""
    if groups is None:
        return None
    array = np.asarray(groups)
    if array.ndim != 1 or len(array) != n_rows:
        raise ValueError(f"groups must name one group for each of the {n_rows} rows, got shape {array.shape}")
    missing = np.flatnonzero([value is None or value != value for value in array.tolist()])
    if missing.size:
        raise ValueError(f"groups: row {missing[0]} has no group; give every row one, its own if it stands alone")
    if array.dtype == object:  # numbers and strings side by side do not sort
        lookup: dict[object, int] = {}
        return np.array([lookup.setdefault(value, len(lookup)) for value in array.tolist()])
    return np.unique(array, return_inverse=True)[1]


def resampled_counts(
    cells: np.ndarray, n_cells: int, *, groups: np.ndarray | None, n_boot: int, rng: np.random.Generator
) -> np.ndarray:
    """Counts of each cell in ``n_boot`` bootstrap samples of the rows, shape (n_boot, n_cells).

    Drawing n rows with replacement and counting cells is drawing the counts from a
    multinomial, so the rows are never drawn. With groups whole groups are drawn: the
    counts are then (times each group was drawn) x (table of group by cell).
    """
    if groups is None:
        observed = np.bincount(cells, minlength=n_cells)
        occupied = np.flatnonzero(observed)
        counts = np.zeros((n_boot, n_cells), dtype=np.int64)
        counts[:, occupied] = rng.multinomial(len(cells), observed[occupied] / len(cells), size=n_boot)
        return counts
    table = _count_table(cells, n_cells, groups)
    n_groups = table.shape[0]
    parts = []
    rows = max(1, _CHUNK // n_groups)
    for start in range(0, n_boot, rows):
        size = min(rows, n_boot - start)
        drawn = rng.integers(n_groups, size=(size, n_groups)) + n_groups * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * n_groups).reshape(size, n_groups)
        parts.append((table.T @ times.T).T)
    return np.concatenate(parts)


def jackknife(
    score: Callable[[np.ndarray], np.ndarray], cells: np.ndarray, n_cells: int, *, groups: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Score without each row (or group), and how many rows (or groups) share that score.

    ``score`` takes counts of shape (m, n_cells) to m numbers. Rows of one cell share a score.
    """
    total = np.bincount(cells, minlength=n_cells)
    if groups is None:
        occupied = np.flatnonzero(total)
        return score(total - np.eye(n_cells, dtype=np.int64)[occupied]), total[occupied]
    table = _count_table(cells, n_cells, groups)
    rows = max(1, _CHUNK // n_cells)
    parts = [score(total - table[start : start + rows].toarray()) for start in range(0, table.shape[0], rows)]
    return np.concatenate(parts), np.ones(table.shape[0], dtype=np.int64)


def _count_table(cells: np.ndarray, n_cells: int, groups: np.ndarray) -> sparse.csr_matrix:
    """Rows counted by group and cell."""
    shape = (int(groups.max()) + 1, n_cells)
    return sparse.csr_matrix((np.ones(len(cells), dtype=np.int64), (groups, cells)), shape=shape)
