"""Does chance explain two columns of counts? Exactly where they are small."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, chdtri

from coursekit.compiling import compiled
from coursekit.monitoring.distances._hypergeometric import fisher_exact

MIN_EXPECTED = 5.0
"""Cochran's rule: below this, chi-squared is no approximation to rely on."""
_RARE = 0.1
"""Share of the false alarms that the tests of rare cells may cause."""
_SKEWED = 40.0
"""Cells expected to hold more than this are as good as symmetric."""


class Frequencies(NamedTuple):
    """What a test of two columns of counts says."""

    statistic: float
    """Pearson's, on the cells after merging."""
    p_value: float
    """Valid whatever the counts."""
    test: str
    """chi2, fisher, or both."""


class Merged(NamedTuple):
    """Cells of a table with two columns after the rare ones were put together."""

    cells: np.ndarray
    """Counts, shape (2, cells), two cells or more unless there was one from the start."""
    expected: np.ndarray
    """What the smaller sample is expected to hold of each."""
    rare: np.ndarray
    """Counts of each cell that was too small on the way here, shape (2, rare ones)."""


def compare_frequencies(c: np.ndarray, d: np.ndarray, *, fitted: bool = False) -> Frequencies:
    """Test whether two samples share the frequencies of their cells.

    Two cells are Fisher's exact test. More are chi-squared once the rare ones are merged, and each
    rare cell, alone and as merged on the way, is a Fisher's test of its own: a value never seen
    before is certain news although it is rare in both samples together. Nine tenths of the
    false alarms are left to chi-squared, one tenth is shared by those (Bonferroni).

    Which cells are rare must not tell the samples apart. Both together decide (their sum says nothing
    of their difference), but where bins were ``fitted`` to d so that its counts are equal, d decides
    alone: the sum would then be c in disguise. Fisher's test of fitted bins is valid, c between two
    order statistics of d being a little less spread than given the sum.
    """
    c, d = _filled(c, d)
    cells, expected, rare = merge_rare(c, d, MIN_EXPECTED, by=d if fitted else None)
    statistic = pearson(*cells)
    n_cells = cells.shape[1]
    if n_cells == 1:
        return Frequencies(0.0, 1.0, "chi2")
    p_value = two_shares(*cells) if n_cells == 2 else _chi_squared(cells, expected)
    if c.size == 2:
        return Frequencies(statistic, p_value, "fisher")
    if rare.shape[1] == 0:
        return Frequencies(statistic, p_value, "chi2")
    n, m = c.sum(), d.sum()
    rarest = rare.shape[1] * fisher_exact(n + m, n, rare.sum(axis=0), rare[0]).min()
    p_value = min(1.0, p_value / (1 - _RARE), float(rarest) / _RARE)
    return Frequencies(statistic, p_value, "fisher" if n_cells == 2 else "chi2, fisher")


def two_shares(c: np.ndarray, d: np.ndarray) -> float:
    """Fisher's exact test, two-sided, of two cells in two samples."""
    n, m = c.sum(), d.sum()
    return float(fisher_exact(n + m, n, c[:1] + d[:1], c[:1])[0])


def pearson(c: np.ndarray, d: np.ndarray) -> float:
    """Pearson's statistic of two columns of counts without empty cells."""
    ratio = np.sqrt(d.sum() / c.sum())
    return float((np.square(c * ratio - d / ratio) / (c + d)).sum())


def merge_rare(c: np.ndarray, d: np.ndarray, least: float, *, by: np.ndarray | None = None) -> Merged:
    """Put the two rarest cells together until each is expected to hold ``least``, or two are left.

    ``by`` says how rare each is (None: both samples together). Of equally rare cells the first comes
    first, so the order of the cells must not tell the samples apart. No cell may be empty in both.
    """
    by = c + d if by is None else by
    share = min(c.sum(), d.sum()) / by.sum()
    small = by * share < least
    if not small.any():
        return Merged(np.stack([c, d]), by * share, np.empty((2, 0)))
    order = np.argsort(by, kind="stable")
    tree = np.empty((3, 2 * c.size))
    tree[:, : c.size] = c[order], d[order], by[order]
    most = least / share
    left, first_merged, end = _merge_rare(tree, c.size, most)
    kept = np.sort(order[left:])  # cells that stay keep their order, the merged ones follow
    cells = np.concatenate([np.stack([c[kept], d[kept], by[kept]]), tree[:, first_merged:end]], axis=1)
    used = np.concatenate([tree[:, :left], tree[:, c.size : first_merged]], axis=1)
    return Merged(cells[:2], cells[2] * share, used[:2, used[2] < most])


@compiled
def _merge_rare(tree: np.ndarray, n_cells: int, most: float) -> tuple[int, int, int]:
    """Fill ``tree`` with merged cells behind the ``n_cells`` sorted ones; both parts ascend, so the rarest lead.

    Returns where the unused of the first part begin, where those of the second do, and where it ends.
    """
    left, right, end = 0, n_cells, n_cells
    while n_cells - left + end - right > 2:
        taken = np.zeros(3)
        for turn in range(2):
            of_left = tree[2, left] if left < n_cells else np.inf
            of_right = tree[2, right] if right < end else np.inf
            if turn == 0 and min(of_left, of_right) >= most:
                return left, right, end
            if of_left <= of_right:
                taken += tree[:, left]
                left += 1
            else:
                taken += tree[:, right]
                right += 1
        tree[:, end] = taken
        end += 1
    return left, right, end


def _chi_squared(cells: np.ndarray, expected: np.ndarray) -> float:
    """P-value of Pearson's statistic; cells much rarer than the others enter by their exact p-values.

    One cell of 5 beside two of 500 is skewed, and far out in the tail, where a test among many
    is decided, chi-squared would be too small by a factor. Given the cells before, each such cell against
    those that follow is a Fisher's test; its p-value becomes the chi-squared of one degree that has it.
    """
    skewed = (expected < _SKEWED) & (expected < expected.mean() / 4)
    order = np.argsort(np.where(skewed, expected, np.inf), kind="stable")
    c, d = cells[:, order]
    n_skewed = int(skewed.sum())
    statistic = sum(float(chdtri(1, _one_against_rest(c[k:], d[k:]))) for k in range(n_skewed))
    return float(chdtrc(c.size - 1, statistic + _pearson_of_rest(c[n_skewed:], d[n_skewed:])))


def _pearson_of_rest(c: np.ndarray, d: np.ndarray) -> float:
    return pearson(c, d) if c.any() and d.any() else 0.0


def _one_against_rest(c: np.ndarray, d: np.ndarray) -> float:
    n, m = c.sum(), d.sum()
    return two_shares(np.array([c[0], n - c[0]]), np.array([d[0], m - d[0]])) if n and m else 1.0


def _filled(c: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both without the cells that are empty in both, as floats."""
    filled = (c > 0) | (d > 0)
    return c[filled].astype(np.float64), d[filled].astype(np.float64)
