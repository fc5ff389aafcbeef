"""Many small files become one, while others write and read."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from coursekit.monitoring.logs._parts import (
    BATCH,
    MERGED,
    finished_and_void,
    partitions,
    read_part,
    replaced_by,
    visible_parts,
    write_parts,
)
from coursekit.writing import UNFINISHED

_ABANDONED_SECONDS = 86_400  # no file takes a day to write


def compact_table(log: Path, table: Path, *, sort_by: str, before: date | None) -> int:
    """Merge the files of each partition before a day; the number of files that are gone."""
    chosen = [folder for folder in partitions(table) if before is None or folder.name.partition("=")[2] < str(before)]
    if not chosen:
        return 0
    with _alone(log / ".compacting"):
        return sum(_compact_partition(folder, sort_by) for folder in chosen)


def _compact_partition(folder: Path, sort_by: str) -> int:
    import pyarrow as pa

    _clear(folder)  # what a compaction that was killed has left
    parts = visible_parts(folder)
    if len(parts) < 2:
        return 0
    # numbers may be stored in 32 or 64 bits, and a feature be missing: the wider type, and NULL
    rows = pa.concat_tables([read_part(part) for part in parts], promote_options="permissive")
    # batches stay known, so that a late retry adds nothing; so does what could not be removed
    earlier = {
        name
        for part in parts
        if part.name.startswith(MERGED)
        for name in replaced_by(part)
        if name.startswith(BATCH) or (folder / name).exists()
    }
    merged = folder / f"{MERGED}{uuid.uuid4().hex}.parquet"
    rows = rows.sort_by([(sort_by, "ascending"), ("request_id", "ascending")])
    write_parts({merged: rows}, replaces={part.name for part in parts} | earlier)
    _clear(folder)
    return len(parts) - 1


def _clear(folder: Path) -> None:
    """Remove files that a merged one replaces, and unfinished ones that nobody finishes any more."""
    void = {folder / name for name in finished_and_void(folder)[1]}
    for path in folder.glob(f"{UNFINISHED}*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                void.add(path)
    for path in void:
        with contextlib.suppress(PermissionError):  # Windows removes no file that a reader has open
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep a second compaction out; the lock ends with its process, however it ends."""
    with path.open("a") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # no such locks on Windows
        except BlockingIOError:
            raise RuntimeError(f"{path.parent} is being compacted by another process: wait until it is done") from None
        yield
