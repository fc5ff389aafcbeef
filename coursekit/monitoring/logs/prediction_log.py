"""A prediction log: appended to by services, asked by people, joined with labels when they arrive."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coursekit.monitoring.logs._batches import batch_file, check_batch, folders_written
from coursekit.monitoring.logs._compaction import compact_table
from coursekit.monitoring.logs._features import known_features, register
from coursekit.monitoring.logs._moments import day as as_day
from coursekit.monitoring.logs._moments import instant
from coursekit.monitoring.logs._parts import partitions, visible_parts, write_parts
from coursekit.monitoring.logs._validation import days_since_epoch, label_table, prediction_table
from coursekit.monitoring.logs._views import select, views
from coursekit.monitoring.logs.schema import FEATURE_PREFIX, RESERVED, LogSchema
from coursekit.monitoring.logs.writer import LogWriter

if TYPE_CHECKING:
    import pyarrow as pa

_ATTEMPTS = 5


class PredictionLog:
    """What a service predicted, kept as Parquet files and asked with SQL.

    A model's quality in production is known weeks after its answers, when the labels come.
    Only a log that kept each request's id, time, versions, score and features can then say
    how good the model was on a day, which model it was, and whether its inputs had moved.

    Predictions lie in ``predictions/day=YYYY-MM-DD/``, labels in ``labels/arrived=YYYY-MM-DD/``;
    both are only ever added to, so a report of last month can be made again. Files appear whole
    or not at all, whoever is killed when, and any number of processes may append at once.

    The rules: times carry a zone and are stored in UTC, days are days of UTC. ``label_time`` is
    when the label became known, and of several labels of a request the one with the latest
    ``label_time`` holds. Labels of requests that the log does not know are kept and wait for them.
    A request id is the caller's promise of one request; ``audit`` counts where it was broken.

    Parameters
    ----------
    folder
        Where the log is, or is made by the first append.

    Examples
    --------
    >>> import tempfile
    >>> log = PredictionLog(tempfile.mkdtemp())
    >>> predictions = pd.DataFrame({
    ...     "request_id": ["a", "b"],
    ...     "event_time": pd.to_datetime(["2026-03-01T08:00+09:00", "2026-03-01T12:00+09:00"], utc=True),
    ...     "model_version": "fraud-3", "feature_version": "f12", "arm": "baseline",
    ...     "score": [0.9, 0.2], "latency_ms": [12.0, 9.5], "feature_amount": [310_000, 4_500],
    ... })
    >>> log.append(predictions)
    2
    >>> [str(day) for day in log.days()]  # eight in the morning in Seoul is still yesterday in UTC
    ['2026-02-28', '2026-03-01']
    >>> late = pd.DataFrame({"request_id": ["a"], "label": [1], "label_time": [pd.Timestamp("2026-03-20", tz="UTC")]})
    >>> log.add_labels(late)
    1
    >>> log.query("SELECT count(label) AS labelled FROM labelled", as_of="2026-03-10T00:00Z").loc[0, "labelled"]
    np.int64(0)
    >>> log.query("SELECT request_id FROM labelled WHERE score > $t AND label = 1", t=0.5)
      request_id
    0          a

    References
    ----------
    Sculley et al. (2015). Hidden technical debt in machine learning systems. NeurIPS.
    Raasveldt, Mühleisen (2019). DuckDB: an embeddable analytical database. SIGMOD.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder).expanduser().absolute()
        self._predictions = self.folder / "predictions"
        self._labels = self.folder / "labels"
        self._features = self.folder / "features"
        for part in self.folder.parts:
            key, equals, _ = part.partition("=")
            if equals and (key.casefold() in RESERVED or key.casefold().startswith(FEATURE_PREFIX)):
                raise ValueError(f"{part!r} in the log's path would be read as its column {key!r}; rename that folder")

    def __repr__(self) -> str:
        return f"PredictionLog({str(self.folder)!r})"

    def schema(self) -> LogSchema:
        """The columns of this log, with the features it has seen."""
        return LogSchema(known_features(self._features))

    def days(self) -> tuple[date, ...]:
        """Days (UTC) with predictions, ascending."""
        filled = (folder for folder in partitions(self._predictions) if visible_parts(folder))
        return tuple(date.fromisoformat(folder.name.partition("=")[2]) for folder in filled)

    def append(self, frame: pd.DataFrame | pa.Table, *, batch: str | None = None) -> int:
        """Add predictions and say how many rows were new.

        A frame with a bad row is refused whole: nothing is written, and a full disk leaves nothing
        either. Rows of several days become a file each, which appear one right after the other: a
        reader may see the first days a moment before the last, and a kill in between leaves some of
        the days. The same call with the same ``batch`` completes them. A feature that a frame lacks,
        or has no value of, is missing (NULL) in its rows.

        Parameters
        ----------
        frame
            Columns as in :meth:`schema`, features named ``feature_<name>`` (none can be called
            "version", which is a column of its own). Numbers are kept as floats, Decimals too, and
            UUIDs as text.
        batch
            Name of these rows. An append that is tried again after a crash under the same name
            adds only what is not there yet; without a name it would add the rows twice. The name
            stands for these very values, in whatever order: a correction needs a name of its own.

        Raises
        ------
        ValueError
            If a column is missing, unknown or of the wrong type, a time has no zone, a score is
            not finite, a request id comes twice, or the batch's name is none or stands for other rows.
        """
        check_batch(batch)
        table, kinds = prediction_table(frame, known_features(self._features))
        parts = _parts_by_day(self._predictions, "day", "event_time", table, batch)
        if parts:
            register(self._features, kinds)
        return _write(parts)

    def add_labels(self, frame: pd.DataFrame | pa.Table, *, batch: str | None = None) -> int:
        """Add labels that have become known and say how many rows were new.

        A request may get another label later: both are kept, and each time sees the latest it
        could know. An empty label withdraws the earlier one. A label may come before its
        prediction has been logged, or earlier than its event by two clocks that disagree; both
        are kept, and ``audit`` counts them. What a kill may leave is said at :meth:`append`.

        Parameters
        ----------
        frame
            Columns request_id, label (0 and 1 for a binary model) and label_time.
        batch
            Name of these rows, as in :meth:`append`.

        Raises
        ------
        ValueError
            If a column is missing, unknown or of the wrong type, a time has no zone, a label is infinite,
            a request comes twice with one time, or the batch's name is none or stands for other rows.
        """
        check_batch(batch)
        table = label_table(frame, pd.Timestamp.now("UTC"))
        return _write(_parts_by_day(self._labels, "arrived", "label_time", table, batch))

    def query(self, sql: str, /, *, as_of: Any = None, **parameters: Any) -> pd.DataFrame:
        """Ask with one SELECT in DuckDB's SQL.

        There are ``predictions``, ``labels`` (their whole history) and ``labelled``: predictions
        with the ``label`` and ``label_time`` that hold, NULL where none is known. Of all files of the
        machine a question reads those of this log only, and nothing of the network.

        Parameters
        ----------
        sql
            The question. Values belong into parameters, written ``$name``, not into the text.
        as_of
            A time with a zone: ``labelled`` shows what was known then, predictions and labels;
            None is everything. Also bound to ``$as_of``.
        **parameters
            Values of the parameters by name.

        Raises
        ------
        ValueError
            If it is not one SELECT, names what is not there or lies outside the log, or its parameters
            differ from those given or are of no type that SQL has.
        """
        import duckdb

        if not isinstance(sql, str):
            raise ValueError(f"a log is asked with one SELECT as text, got {sql!r}")
        moment = None if as_of is None else instant(as_of, "as_of")
        written = sql.casefold()
        with_labels = "label" in written or "predictions" not in written  # each file is opened: only if asked for
        for attempt in range(_ATTEMPTS):
            predictions, labels = _parts_of(self._predictions), _parts_of(self._labels) if with_labels else None
            try:
                with views(self.folder, self.schema(), predictions, labels, moment) as connection:
                    return select(connection, sql, parameters, moment)
            except duckdb.IOException:
                # compact() has merged files since they were listed: look again
                if attempt == _ATTEMPTS - 1 or all(part.exists() for part in (*predictions, *(labels or ()))):
                    raise
        raise AssertionError("unreachable")

    def compact(self, *, before: Any = None) -> int:
        """Merge the many small files of each day into one, and say how many files that saved.

        A service that flushes every five seconds leaves 17,280 files a day, and a question opens
        each of them. May run, and be killed, beside writers and readers: rows are counted once
        at every moment. Only one process compacts at a time; another one is refused.

        Parameters
        ----------
        before
            A day (UTC): only days before it are merged; None is all.

        Raises
        ------
        ValueError
            If before is no day.
        RuntimeError
            If another process is compacting this log.
        """
        limit = None if before is None else as_day(before, "before")
        tables = ((self._predictions, "event_time"), (self._labels, "label_time"))
        return sum(compact_table(self.folder, table, sort_by=key, before=limit) for table, key in tables)

    def writer(self, *, buffer_rows: int = 10_000, flush_seconds: float = 5.0) -> LogWriter:
        """A buffer for a live service, which logs one request at a time.

        Parameters
        ----------
        buffer_rows
            Rows after which a file is written.
        flush_seconds
            Age of the oldest waiting row, in seconds, at which the next row writes a file.
        """
        return LogWriter(self, buffer_rows=buffer_rows, flush_seconds=flush_seconds)


def _parts_by_day(folder: Path, partition: str, time: str, table: pa.Table, batch: str | None) -> dict[Path, pa.Table]:
    """The files to write, one for each day, without those of the batch that are there."""
    if table.num_rows == 0:
        return {}
    numbers = days_since_epoch(table[time])
    order = np.argsort(numbers, kind="stable")
    days, starts = np.unique(numbers[order], return_index=True)
    name = f"part-{uuid.uuid4().hex}.parquet" if batch is None else batch_file(table, batch, time)
    written = set() if batch is None else folders_written(folder, batch, name)
    table = table.take(order) if len(days) > 1 else table
    parts: dict[Path, pa.Table] = {}
    for number, start, stop in zip(days, starts, [*starts[1:], len(order)], strict=True):
        place = folder / f"{partition}={np.datetime64(int(number), 'D')}"
        if place not in written:
            parts[place / name] = table.slice(start, stop - start)
    return parts


def _write(parts: Mapping[Path, pa.Table]) -> int:
    write_parts(parts)
    return sum(rows.num_rows for rows in parts.values())


def _parts_of(table: Path) -> list[Path]:
    return [part for folder in partitions(table) for part in visible_parts(folder)]
