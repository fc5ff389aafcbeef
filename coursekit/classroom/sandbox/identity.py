"""Who a submission is inside: its user, its environment, its resource limits."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from coursekit.classroom.sandbox.bubblewrap import WORK
from coursekit.classroom.sandbox.limits import Limits

_SANDBOX_UID = 61_000  # plus the worker's number, so that each has its own count of processes
_KEPT_FROM_ENVIRONMENT = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
_ENVIRONMENT = {
    "HOME": str(WORK),
    "USER": "student",
    "LOGNAME": "student",
    "TMPDIR": "/tmp",
    "MPLBACKEND": "agg",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "ABSL_MIN_LOG_LEVEL": "3",
    "GRPC_VERBOSITY": "NONE",
    "CUDA_VISIBLE_DEVICES": "-1",
    "PYTHONWARNINGS": "ignore",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pandas loads pyarrow; a thread forbids to fork
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}


def clean_environment(base: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of everything that runs near students' code: named variables alone.

    A list of what is secret is never complete; a list of what is needed is short.

    Parameters
    ----------
    base
        The grader's environment.

    Examples
    --------
    >>> clean = clean_environment({"LANG": "ko_KR.UTF-8", "LMS_TOKEN": "abc", "PGPASSWORD": "x"})
    >>> "LANG" in clean, "LMS_TOKEN" in clean, "PGPASSWORD" in clean
    (True, False, False)
    """
    kept = {name: base[name] for name in _KEPT_FROM_ENVIRONMENT if name in base}
    return {"LANG": "C.UTF-8", **kept, **_ENVIRONMENT, "NUMBA_CACHE_DIR": _machine_code_folder()}


@functools.cache
def _machine_code_folder() -> str:
    """Where compiled loops are kept: below /tmp, which a sandbox has for itself, and nobody else's.

    numba unpickles what it finds there. A neighbour on the machine who made the folder first
    would run code as the grader; such a folder is left alone and a fresh one taken.
    """
    folder = Path(f"/tmp/coursekit-numba-{os.geteuid()}")
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077:
            return str(folder)
    fresh = tempfile.mkdtemp(prefix="coursekit-numba-", dir="/tmp")
    atexit.register(shutil.rmtree, fresh, ignore_errors=True)
    return fresh


def sandbox_uid(slot: int) -> int | None:
    """Give the user id inside, where the grader is root; an ordinary user stays who it is.

    The kernel counts processes by user: two submissions of one user could starve each other.

    Parameters
    ----------
    slot
        The worker's number.

    Examples
    --------
    >>> sandbox_uid(1) in (None, 61001)
    True
    """
    return _SANDBOX_UID + slot if os.geteuid() == 0 else None


def bounds_of(limits: Limits) -> dict[str, int]:
    """Give the kernel's resource limits for a submission's process.

    They hold for every process that it starts, too, and cannot be raised from inside.

    Parameters
    ----------
    limits
        What it may use.

    Examples
    --------
    >>> bounds_of(Limits())["RLIMIT_CORE"]
    0
    """
    return {
        "RLIMIT_DATA": limits.memory,
        "RLIMIT_FSIZE": limits.disk,
        "RLIMIT_NPROC": limits.processes,
        "RLIMIT_NOFILE": limits.files,
        "RLIMIT_CPU": int(limits.notebook_seconds * 4) + 10,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 1 << 16,
    }
