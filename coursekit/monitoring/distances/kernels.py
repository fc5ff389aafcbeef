"""How far apart are two samples of vectors? Maximum mean discrepancy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit.monitoring.distances._vectors import as_floats
from coursekit.short_repr import ShortRepr

_LARGEST = 20_000
"""Rows of both samples together: 400 million pairs, some ten seconds."""
_BLOCK = 2**22
"""Pairs held in memory at once, 32 MB."""
_NARROW = 1e-100
"""A kernel of this width, in units of the largest number, is 1 of equal rows and 0 of others."""
_MEDIAN_ROWS = 1_000
"""Rows whose pairs give the median heuristic."""


@dataclass(frozen=True, eq=False, repr=False)
class MaximumMeanDiscrepancy(ShortRepr):
    """How different two samples of vectors are, beside what relabelling them at random gives."""

    value: float
    """Unbiased estimate of the squared MMD; below 0 by chance where nothing differs."""
    p_value: float
    """Share of the permutations (this labelling included) with at least this value."""
    bandwidth: float
    """Width of the RBF kernel, in the unit of the data."""
    permuted: np.ndarray
    """The value under each permutation of the labels, shape (n_permutations,)."""

    def to_frame(self) -> pd.DataFrame:
        """One row: value, p_value, bandwidth, n_permutations."""
        row = {"value": self.value, "p_value": self.p_value, "bandwidth": self.bandwidth}
        return pd.DataFrame([{**row, "n_permutations": len(self.permuted)}])

    def plot(self) -> go.Figure:
        """The value beside those of the permutations."""
        figure = go.Figure(layout={"title": f"두 표본의 MMD² (p = {self.p_value:.3g})", "xaxis_title": "MMD²"})
        figure.update_layout(yaxis_title="순열의 수", bargap=0.05)
        figure.add_histogram(x=self.permuted, name="표본을 섞었을 때")
        figure.add_vline(x=self.value, line_dash="dash", annotation_text="관측한 값")
        return figure


def maximum_mean_discrepancy(
    x: ArrayLike, y: ArrayLike, *, bandwidth: float | None = None, n_permutations: int = 200, seed: int = 0
) -> MaximumMeanDiscrepancy:
    r"""Squared maximum mean discrepancy (MMD) of two samples of vectors, with a permutation test.

    Drift that no single feature shows (two features that used to rise together and no longer
    do, a cloud of embeddings that splits) needs a distance between vectors. Bring the columns
    to one scale first: the kernel sees Euclidean distance and nothing else.

    With the kernel :math:`k(a, b) = \exp(-\|a - b\|^2 / 2h^2)`, the unbiased estimate is

    .. math:: \frac{1}{n(n-1)} \sum_{i \ne j} k(x_i, x_j) + \frac{1}{m(m-1)} \sum_{i \ne j}
              k(y_i, y_j) - \frac{2}{nm} \sum_{i, j} k(x_i, y_j)

    and :math:`p = (1 + \#\{\text{permutations as large}\}) / (1 + \text{permutations})`, valid at
    any sample size. Time grows with :math:`(n + m)^2`, memory does not: the kernel is
    made in blocks.

    Parameters
    ----------
    x
        Vectors, shape (n, d), or numbers, shape (n,); n >= 2.
    y
        Vectors, shape (m, d), or numbers, shape (m,); m >= 2. Of two DataFrames columns go by name.
    bandwidth
        The h above, in the unit of the data; None takes the median distance between rows (of at
        most 1,000 of them; between different rows if most are equal).
    n_permutations
        Random relabellings; the smallest possible p-value is 1 / (1 + n_permutations).
    seed
        Seed of the relabellings.

    Raises
    ------
    ValueError
        If a sample has fewer than 2 rows, widths or names differ, a value is missing, masked, infinite or
        no number, a parameter is out of range, or there are more than 20,000 rows together.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(100, 2)), rng.normal(size=(80, 2))
    >>> together = maximum_mean_discrepancy(x, y + [1, 0])
    >>> bool(together.value > 0.05), round(together.p_value, 3)
    (True, 0.005)

    References
    ----------
    Gretton, Borgwardt, Rasch, Schölkopf, Smola (2012). A kernel two-sample test. JMLR.
    """
    if isinstance(x, pd.DataFrame) and isinstance(y, pd.DataFrame):
        y = _in_order(y, x.columns)
    a, b = _rows("x", x), _rows("y", y)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"x has {a.shape[1]} columns and y has {b.shape[1]}; both need the same features")
    if len(a) + len(b) > _LARGEST:
        raise ValueError(
            f"{len(a) + len(b):,} rows are {(len(a) + len(b)) ** 2:.1g} pairs; pass a random sample of at most "
            f"{_LARGEST:,} rows in all, e.g. rng.choice(x, 5000, replace=False)"
        )
    if n_permutations < 1:
        raise ValueError(f"n_permutations must be at least 1, got {n_permutations}")
    if bandwidth is not None and not 0 < bandwidth < np.inf:
        raise ValueError(f"bandwidth must be above 0 and finite, got {bandwidth!r}")
    rng = np.random.default_rng(seed)
    pooled = np.concatenate([a, b])
    unit = float(np.abs(pooled).max()) or 1.0  # squares of numbers near 1 neither overflow nor vanish
    pooled /= unit
    pooled -= pooled.mean(axis=0)  # far from 0, squared distances would lose their digits
    if bandwidth is None:
        width = _median_distance(pooled, rng)
        bandwidth = width * unit
    else:
        with np.errstate(over="ignore"):  # infinitely wide: all rows are alike
            width = float(np.float64(bandwidth) / unit)
    labels = np.zeros((len(pooled), 1 + n_permutations))
    labels[: len(a), 0] = 1
    labels[:, 1:] = rng.permuted(np.repeat(labels[:, :1], n_permutations, axis=1), axis=0)
    values = _unbiased(pooled, labels, width, len(a), len(b))
    as_large = int(np.sum(values[1:] >= values[0] - 1e-12))  # equal but for the order of summing
    return MaximumMeanDiscrepancy(float(values[0]), (1 + as_large) / (1 + n_permutations), bandwidth, values[1:])


def _unbiased(pooled: np.ndarray, labels: np.ndarray, bandwidth: float, n: int, m: int) -> np.ndarray:
    """The estimate for each column of labels (1 is x, 0 is y); no block is larger than _BLOCK pairs."""
    narrow = bandwidth < _NARROW
    scaled = pooled if narrow else pooled / (np.sqrt(2) * bandwidth)
    within, row_sums = np.zeros(labels.shape[1]), np.empty(len(pooled))
    step = max(1, _BLOCK // len(pooled))
    for start in range(0, len(pooled), step):
        rows = slice(start, start + step)
        squared = _squared_distances(scaled[rows], scaled)
        if narrow:  # only equal rows are near each other
            squared = np.where(squared > 0, np.inf, 0.0)
        kernel = np.exp(-squared)
        kernel[np.arange(len(kernel)), np.arange(start, start + len(kernel))] = 0  # no row with itself
        row_sums[rows] = kernel.sum(axis=1)
        within += np.einsum("ij,ij->j", labels[rows], kernel @ labels)
    across = row_sums @ labels - within
    other = row_sums.sum() - within - 2 * across
    return within / (n * (n - 1)) + other / (m * (m - 1)) - 2 * across / (n * m)


def _squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squared = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * (a @ b.T)
    return np.maximum(squared, 0, out=squared)


def _median_distance(pooled: np.ndarray, rng: np.random.Generator) -> float:
    rows = pooled
    if len(rows) > _MEDIAN_ROWS:
        rows = rng.choice(rows, _MEDIAN_ROWS, replace=False)
    squared = _squared_distances(rows, rows)[np.triu_indices(len(rows), k=1)]
    median = float(np.sqrt(np.median(squared)))
    if median > 0:
        return median
    apart = squared[squared > 0]
    return float(np.sqrt(np.median(apart))) if apart.size else 1.0


def _in_order(y: pd.DataFrame, columns: pd.Index) -> pd.DataFrame:
    """The columns of y in the order of those of x."""
    if y.columns.equals(columns):
        return y
    if not (columns.is_unique and y.columns.is_unique and set(columns) == set(y.columns)):
        given, other = (", ".join(map(repr, list(names)[:5])) for names in (columns, y.columns))
        raise ValueError(f"x has the columns {given} and y has {other}; both need the same, each once")
    return y[list(columns)]


def _rows(name: str, values: ArrayLike) -> np.ndarray:
    array = as_floats(name, values)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[0] < 2 or array.shape[1] == 0:
        raise ValueError(f"{name} needs at least 2 rows of vectors (n, d) or numbers (n,), got shape {array.shape}")
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        row, column = bad[0]
        raise ValueError(f"{name}, row {row}, column {column} is {array[row, column]}; drop or fill such rows first")
    return array
