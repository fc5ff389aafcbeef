"""Splitting rows so that nothing in the test set has a twin in the training set."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from coursekit.modeling.evaluation._resampling import group_codes


def grouped_split(
    groups: ArrayLike, *, test_size: float = 0.2, stratify: ArrayLike | None = None, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    r"""Split rows into training and test so that no group lies on both sides.

    Paraphrases of one query, photos of one part, stays of one patient: with a random split
    the model meets in the test what it has already seen, and the score promises what
    production will not keep.

    Groups are visited in random order, and one goes to the test set where that brings the
    test set's class counts :math:`t_c` nearer to ``test_size`` times the totals :math:`n_c`:
    :math:`\sum_c (t_c - \text{test\_size} \cdot n_c)^2 / n_c` must fall. Where each group has
    one class, each class ends within its largest group of its share.

    Parameters
    ----------
    groups
        Group of each row, shape (n,).
    test_size
        Share of the rows that the test set should get, between 0 and 1.
    stratify
        Class of each row, shape (n,), whose shares should be equal on both sides; None
        looks at the number of rows alone.
    seed
        Seed of the order in which groups are visited.

    Returns
    -------
    train, test
        Positions of the rows (for ``.iloc``), each sorted.

    Raises
    ------
    ValueError
        If test_size is not between 0 and 1, a row has no group, lengths differ, there are
        fewer than two groups, or a class cannot be put on both sides.

    Examples
    --------
    >>> groups = ["a", "a", "b", "b", "c", "c", "d", "d"]
    >>> train, test = grouped_split(groups, test_size=0.25, seed=1)
    >>> test.tolist(), {groups[i] for i in train} & {groups[i] for i in test}
    ([0, 1], set())
    """
    n_rows = np.shape(groups)[0] if np.ndim(groups) else 0
    if not 0 < test_size < 1:
        raise ValueError(f"test_size is a share between 0 and 1, got {test_size!r}")
    codes = group_codes(groups, n_rows)
    if codes is None or n_rows == 0 or codes.max() < 1:
        raise ValueError("grouped_split needs rows of at least two groups; with one group no split keeps it whole")
    names: np.ndarray = np.array(["rows"])
    classes = np.zeros(n_rows, dtype=int)
    if stratify is not None:
        labels = np.asarray(stratify)
        if labels.shape != (n_rows,):
            raise ValueError(f"stratify must name one class for each of the {n_rows} rows, got shape {labels.shape}")
        names, classes = np.unique(labels.astype(str), return_inverse=True)

    table = np.zeros((codes.max() + 1, len(names)))
    np.add.at(table, (codes, classes), 1)
    alone = np.flatnonzero((table > 0).sum(axis=0) < 2)
    if alone.size:
        raise ValueError(
            f"class {str(names[alone[0]])!r} occurs in one group only, so it cannot lie on both sides; "
            "add groups of it, leave it out, or pass stratify=None"
        )
    in_test = _choose_groups(table, test_size, np.random.default_rng(seed))
    for side, chosen in (("test", in_test), ("training", ~in_test)):
        missing = np.flatnonzero(table[chosen].sum(axis=0) == 0)
        if missing.size:
            raise ValueError(
                f"no group of class {str(names[missing[0]])!r} could go to the {side} set: its groups are too "
                "large or mixed with other classes; change test_size or split the groups"
            )
    test_rows = in_test[codes]
    return np.flatnonzero(~test_rows), np.flatnonzero(test_rows)


def _choose_groups(table: np.ndarray, test_size: float, rng: np.random.Generator) -> np.ndarray:
    """Say which groups go to the test set; table holds rows by group and class."""
    totals = table.sum(axis=0)
    missing = test_size * totals  # rows each class still wants in the test set
    in_test = np.zeros(len(table), dtype=bool)
    for group in rng.permutation(len(table)):
        after = missing - table[group]
        if np.sum(after**2 / totals) < np.sum(missing**2 / totals):
            in_test[group], missing = True, after
    # a class whose groups are all large may still be absent: its smallest group goes
    for label in np.flatnonzero(table[in_test].sum(axis=0) == 0):
        holders = np.flatnonzero((table[:, label] > 0) & ~in_test)
        in_test[holders[np.argmin(table[holders].sum(axis=1))]] = True
    return in_test
