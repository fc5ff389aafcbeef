"""Machine code from loops, kept on disk where there is a place for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable | None = None, *, parallel: bool = False) -> Any:
    """Compile a loop over arrays on its first call, and remember the result on disk.

    A detector or a simulator is a loop that Python runs a hundred times too slowly. Compiling
    takes a second, so the machine code is kept beside the module or in the user's cache. A
    grading sandbox or a read-only image has no such place; there it is compiled anew in each
    process instead of failing on import, as plain ``numba.njit(cache=True)`` does.

    Parameters
    ----------
    function
        Loop over arrays and numbers, in the part of Python that numba knows; None when used
        as ``@compiled(parallel=True)``.
    parallel
        Share ``numba.prange`` loops among the cores.

    Examples
    --------
    >>> import numpy as np
    >>> @compiled
    ... def total(values):
    ...     result = 0.0
    ...     for value in values:
    ...         result += value
    ...     return result
    >>> total(np.array([1.0, 2.0, 3.0]))
    6.0

    References
    ----------
    Lam, Pitrou, Seibert (2015). Numba: a LLVM-based Python JIT compiler. LLVM-HPC.
    """
    if function is None:
        return lambda later: compiled(later, parallel=parallel)
    try:
        return numba.njit(cache=True, parallel=parallel, nogil=True)(function)
    except RuntimeError:  # "no locator available": nowhere to keep machine code
        return numba.njit(parallel=parallel, nogil=True)(function)
