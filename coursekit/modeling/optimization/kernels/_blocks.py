"""Blocks of a vector unit: the built-in kernels round otherwise inside them than in the rest that is left over."""

from __future__ import annotations

import numpy as np


def in_blocks(shape: tuple[int, ...], width: int, run: int | None = None) -> np.ndarray:
    """Which values of an array lie in whole blocks of a width, counted within each run of values.

    LiteRT's built-in kernels take 8 or 16 values at once, and what is left of a call (or of a run, where one input
    is repeated) one by one. The two roundings differ, so an answer can depend on where in the batch it stands.

    Parameters
    ----------
    shape
        Of the output, with the batch in front.
    width
        Values in a block.
    run
        Values after which the counting starts anew; all of them by default.

    Examples
    --------
    >>> in_blocks((2, 10), 8).ravel().nonzero()[0].tolist() == list(range(16))
    True
    >>> in_blocks((2, 10), 8, run=10).sum(axis=1).tolist()
    [8, 8]
    """
    size = int(np.prod(shape))
    run = size if run is None else run
    at = np.arange(size) % max(run, 1)
    return (at < run - run % width).reshape(shape)


def broadcast_run(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, int, int | None]:
    """Length of the runs in which two shapes are combined, the width of their blocks, and which input is a scalar.

    The width is 16 where both inputs move along, 8 where one value of an input meets a run of the other, and 0
    where the kernel has no blocks.

    Parameters
    ----------
    first, second
        Shapes that broadcast.

    Examples
    --------
    >>> broadcast_run((2, 3, 4), (2, 3, 4))
    (24, 16, None)
    >>> broadcast_run((2, 3, 4), (4,))
    (4, 16, None)
    >>> broadcast_run((2, 3, 4), (2, 3, 1))
    (4, 8, 1)
    """
    rank = max(len(first), len(second))
    a, b = ((1,) * (rank - len(shape)) + tuple(shape) for shape in (first, second))
    if a == b:
        return int(np.prod(a)), 16, None
    last = max(axis for axis in range(rank) if a[axis] != b[axis])
    scalar = 0 if a[last] == 1 else 1  # this one is repeated in the innermost axis in which they differ
    if scalar == 1:
        a, b = b, a
    axis = rank - 1
    lengths = []
    for belongs in (
        lambda x, y: x == y,
        lambda x, y: x == 1,
        lambda x, y: x == y,
        lambda x, y: y == 1,
        lambda x, y: x == y,
    ):
        length = 1
        while axis >= 0 and belongs(a[axis], b[axis]):
            length *= max(a[axis], b[axis])
            axis -= 1
        lengths.append(length)
    if axis >= 0:  # repeated in turns more often than the fast kernel foresees
        return int(np.prod(np.maximum(a, b))), 0, None
    inner, repeated = lengths[:2]
    return (inner, 16, None) if inner > 1 else (repeated, 8, scalar)
