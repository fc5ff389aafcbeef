"""Files of a log: each stands whole under its name or not at all, and none is ever changed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from coursekit.writing import write_together

if TYPE_CHECKING:
    import pyarrow as pa

BATCH, MERGED = "batch-", "merged-"
_REPLACES = b"coursekit.replaces"
_ROWS_A_GROUP = 122_880  # what DuckDB gives a thread at a time


def write_parts(parts: Mapping[Path, pa.Table], *, replaces: Iterable[str] = ()) -> None:
    """Write Parquet files durably; ``replaces`` names the files beside them that they make void."""
    import pyarrow.parquet as pq

    replaced = sorted(replaces)
    footer = {_REPLACES: json.dumps(replaced).encode()} if replaced else None

    def writer(table: pa.Table) -> Callable[[BinaryIO], None]:
        repeating = [name for name in table.column_names if name != "request_id"]  # ids repeat nowhere
        return lambda file: pq.write_table(
            table.replace_schema_metadata(footer),
            file,
            compression="zstd",
            use_dictionary=repeating,
            row_group_size=_ROWS_A_GROUP,
        )

    write_together({path: writer(table) for path, table in parts.items()}, durable=True)


def read_part(path: Path) -> pa.Table:
    """All rows of one file."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:  # not read_table, which takes columns from the folders' names
        return file.read().replace_schema_metadata(None)


def replaced_by(path: Path) -> set[str]:
    """Names of the files that a merged file stands for."""
    import pyarrow.parquet as pq

    told = (pq.read_metadata(path).metadata or {}).get(_REPLACES, b"[]")
    return set(json.loads(told))


def partitions(table: Path) -> list[Path]:
    """Folders of a table that hold a day each, in the order of the days."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(path for path in table.iterdir() if "=" in path.name)
    return []


def visible_parts(partition: Path) -> list[Path]:
    """The files that count: finished, and not replaced by a merged one."""
    names = _finished(partition)
    if len(names) > 1 and any(name.startswith(MERGED) for name in names):
        names, void = finished_and_void(partition)
        names -= void
    return [partition / name for name in sorted(names)]


def finished_and_void(partition: Path) -> tuple[set[str], set[str]]:
    """Names of the finished files of a folder, and the names that merged ones of them replace.

    A merged file names what it replaces in its own footer, so that its rename is the one moment
    at which rows move.
    """
    while True:
        names = _finished(partition)
        try:
            return names, set().union(*(replaced_by(partition / name) for name in names if name.startswith(MERGED)))
        except FileNotFoundError:  # merged once more since it was listed
            continue


def _finished(partition: Path) -> set[str]:
    """Names of the finished files.

    A folder is not listed in one moment: the listing is repeated until no name vanished and no
    merged file appeared, lest a reader sees neither the old nor the new.
    """
    names = _listed(partition)
    while True:
        again = _listed(partition)
        if names <= again and not any(name.startswith(MERGED) for name in again - names):
            return again
        names = again


def _listed(partition: Path) -> set[str]:
    return {path.name for path in partition.iterdir() if path.suffix == ".parquet"}
