"""Tasks shared among threads, where there is enough to share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

WORTH_SHARING = 2**18
"""Values below which starting threads costs more than it saves."""


def count_workers(n_jobs: int | None, n_values: int) -> int:
    """How many threads to use: the cores this process may use, fewer if asked, one for little work."""
    if n_jobs is not None and n_jobs < 1:
        raise ValueError(f"n_jobs must be at least 1, or None for all cores, got {n_jobs!r}")
    if n_values < WORTH_SHARING:
        return 1
    if n_jobs is not None:
        return n_jobs
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(function: Callable[..., Any], tasks: Sequence[tuple], workers: int) -> list[Any]:
    """``function(*task)`` for each task, in order; the loops inside release the interpreter lock.

    Threads of our own instead of the compiler's: those would not survive a fork.
    """
    if workers == 1 or len(tasks) < 2:
        return [function(*task) for task in tasks]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda task: function(*task), tasks))
