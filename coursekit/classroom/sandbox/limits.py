"""What one submission may use."""

from __future__ import annotations

from dataclasses import dataclass

MEBI = 1 << 20


@dataclass(frozen=True)
class Limits:
    """The bounds of one submission's run; every one is enforced from outside of its process.

    A limit that only asks (a signal, a thread that watches) is ignored by the submission that
    needs it. These are the kernel's, or end in the death of the submission's whole namespace.

    Examples
    --------
    >>> Limits(cell_seconds=10).memory // MEBI
    2048
    """

    cell_seconds: float = 30.0
    """Wall-clock seconds a cell may take; after the first time-out a third of it."""
    notebook_seconds: float = 120.0
    """Wall-clock seconds all cells together may take."""
    memory: int = 2048 * MEBI
    """Bytes of data a process may hold; all processes together, twice that."""
    processes: int = 256
    """Processes and threads that may exist at once."""
    disk: int = 256 * MEBI
    """Bytes of the working folder, of /tmp and of /dev/shm, each; also of one file."""
    files: int = 512
    """Open files of one process."""
    cell_output: int = 100_000
    """Characters of streams kept of a cell; the rest is dropped, not punished."""
    cell_display: int = 1_000_000
    """Characters of one displayed object; a larger one is replaced by a note."""
    notebook_display: int = 2_500_000
    """Characters of all that a notebook displays; later displays are replaced by a note."""

    def __post_init__(self) -> None:
        for name in ("cell_seconds", "notebook_seconds", "memory", "processes", "disk", "files"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
