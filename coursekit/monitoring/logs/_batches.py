"""Rows with a name: a call that is tried again after a crash adds what is not there yet, and nothing twice."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.monitoring.logs._parts import BATCH, finished_and_void, partitions

if TYPE_CHECKING:
    import pyarrow as pa

_ADDED = "recorded_at"  # written by the log, so each try has another


def check_batch(batch: object) -> None:
    """Raise unless the name can be part of a file's name; None is no batch."""
    if batch is None or (isinstance(batch, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", batch)):
        return
    raise ValueError(f"batch must be up to 100 letters, digits, '.', '_' and '-', got {batch!r}")


def batch_file(rows: pa.Table, batch: str, time: str) -> str:
    """Name of the batch's file in each of its days: another one as soon as a single value differs.

    The order of rows and columns, a column without values and the width of a number (32 or 64
    bits) do not count.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    digest = hashlib.sha256()
    rows = rows.sort_by([("request_id", "ascending"), (time, "ascending")])
    for name in sorted(set(rows.column_names) - {_ADDED}):
        values = rows[name]
        if values.null_count == len(values):
            continue
        digest.update(f"{name}\0".encode())
        digest.update(values.is_null().to_numpy().tobytes())
        if pa.types.is_string(values.type):
            values = pc.fill_null(values, "")
            digest.update(pc.binary_length(values).to_numpy().tobytes())
            digest.update("".join(values.to_pylist()).encode())
        else:
            plain = values.cast(pa.int64() if pa.types.is_timestamp(values.type) else pa.float64())
            digest.update(pc.fill_null(plain, 0).to_numpy().tobytes())
    return f"{_prefix(batch)}{digest.hexdigest()[:16]}.parquet"


def folders_written(table: Path, batch: str, file: str) -> set[Path]:
    """Days that hold the batch, or did until a merged file replaced it; raises if its rows were others."""
    found = set()
    for folder in partitions(table):
        names = {name for name in set().union(*finished_and_void(folder)) if name.startswith(_prefix(batch))}
        if names - {file}:
            raise ValueError(
                f"batch {batch!r} was written before with other rows (in {folder.name}); give each batch its own "
                "name, a correction too"
            )
        if names:
            found.add(folder)
    return found


def _prefix(batch: str) -> str:
    return f"{BATCH}{batch}~"
