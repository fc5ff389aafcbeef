"""Machine code from loops, kept on disk where there is a place for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

_STAMPS: dict[Path, tuple] = {}


def compiled(function: Callable | None = None, *, parallel: bool = False) -> Any:
    """Compile a loop over arrays on its first call, and remember the result on disk.

    A detector or a simulator is a loop that Python runs a hundred times too slowly. Compiling
    takes a second, so the machine code is kept beside the module or in the user's cache. A
    grading sandbox or a read-only image has no such place; there it is compiled anew in each
    process instead of failing on import, as plain ``numba.njit(cache=True)`` does.

    Numba looks for changes in the function's own file only, and goes on using old machine code
    when a constant or a helper changed in the file beside it. Here every Python file of the
    function's folder counts; a loop must not read names from farther away.

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
        dispatcher = numba.njit(cache=True, parallel=parallel, nogil=True)(function)
    except RuntimeError:  # "no locator available": nowhere to keep machine code
        return numba.njit(parallel=parallel, nogil=True)(function)
    index = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    if index is not None:
        index._source_stamp = (index._source_stamp, _folder_stamp(Path(inspect.getfile(function)).parent))
    return dispatcher


def _folder_stamp(folder: Path) -> tuple:
    """Name, time and size of each Python file in a folder; read once a process."""
    if folder not in _STAMPS:
        files = [(path.name, path.stat()) for path in sorted(folder.glob("*.py"))]
        _STAMPS[folder] = tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in files)
    return _STAMPS[folder]
