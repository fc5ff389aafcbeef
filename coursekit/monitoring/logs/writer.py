"""Logging one request at a time, without a file for each."""

from __future__ import annotations

import threading
import time
import uuid
import warnings
from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pandas as pd

from coursekit.monitoring.logs._validation import prediction_table

if TYPE_CHECKING:
    import pyarrow as pa

    from coursekit.monitoring.logs.prediction_log import PredictionLog

_REJECTED_KEPT = 1000
_ATTEMPTS = 3


class LogWriter:
    """Buffer of a live service: rows wait in memory and are written as one file.

    A file per request would cost more than the prediction. A buffer costs what a kill loses:
    the rows of the last ``flush_seconds``, no more. A bad row never holds up the good ones and
    never breaks the request that made it: it is set aside with its reason, and a warning tells.

    No thread runs in the background: a row that comes ``flush_seconds`` after the oldest one
    waiting takes the file with it, and so does leaving the ``with`` block. Any number of threads
    may add; they do not wait for the disk while another one writes.

    Parameters
    ----------
    log
        Where the rows go.
    buffer_rows
        Rows after which a file is written.
    flush_seconds
        Age of the oldest waiting row, in seconds, at which the next row writes a file.

    Examples
    --------
    >>> import tempfile
    >>> from coursekit.monitoring.logs import PredictionLog
    >>> log = PredictionLog(tempfile.mkdtemp())
    >>> with log.writer(buffer_rows=100) as writer:
    ...     for score in (0.1, 0.7):
    ...         request_id = writer.add(
    ...             model_version="fraud-3", feature_version="f12", arm="baseline", score=score,
    ...             latency_ms=8.0, feature_country="KR",
    ...         )
    >>> log.query("SELECT count(*) AS n, max(score) AS highest FROM predictions")
       n  highest
    0  2      0.7
    """

    def __init__(self, log: PredictionLog, *, buffer_rows: int = 10_000, flush_seconds: float = 5.0):
        if buffer_rows < 1 or not flush_seconds > 0:
            raise ValueError(
                f"buffer_rows must be at least 1 and flush_seconds above 0, got {buffer_rows}, {flush_seconds}"
            )
        self.log = log
        self.buffer_rows = buffer_rows
        self.flush_seconds = flush_seconds
        self.rejected: deque[tuple[dict[str, Any], str]] = deque(maxlen=_REJECTED_KEPT)
        """The last rows that could not be logged, each with its reason."""
        self.n_rejected = 0
        """How many there were."""
        self._told = 0
        self._rows: dict[str, dict[str, Any]] = {}
        self._oldest = 0.0
        self._buffer, self._disk = threading.Lock(), threading.Lock()

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()

    @property
    def waiting(self) -> int:
        """Rows that are in memory only."""
        return len(self._rows)

    def add(self, **values: Any) -> str:
        """Log one request and return its id, which its label will need.

        If it is this row's turn to write and the disk refuses, the disk's OSError is raised; the
        row waits with the others nevertheless.

        Parameters
        ----------
        **values
            Columns as in ``log.schema()``; ``request_id`` is made and ``event_time`` is now
            where they are not given.
        """
        row = {"request_id": str(uuid.uuid4()), "event_time": pd.Timestamp.now("UTC"), **values}
        request_id = row["request_id"]
        with self._buffer:
            now = time.monotonic()
            if not isinstance(request_id, str) or request_id in self._rows:
                self._reject(row, f"request_id {request_id!r} is no text or waits already")
            else:
                self._oldest = self._oldest if self._rows else now
                self._rows[request_id] = row
            due = len(self._rows) >= self.buffer_rows or (self._rows and now - self._oldest >= self.flush_seconds)
        if due:
            self.flush()
        return request_id

    def flush(self) -> int:
        """Write what waits and say how many rows that were; if the disk refuses, they go on waiting."""
        with self._disk:
            with self._buffer:
                rows, self._rows = self._rows, {}
            try:
                written = 0
                for attempt in range(_ATTEMPTS):
                    rows, table = self._good(rows)
                    try:
                        written = self.log.append(table) if rows else 0
                        break
                    except ValueError:  # another process has just begun to log a new feature as another type
                        if attempt == _ATTEMPTS - 1:
                            raise
            except BaseException:
                with self._buffer:
                    self._rows = {**rows, **self._rows}
                raise
        untold, self._told = self.n_rejected - self._told, self.n_rejected
        if untold:
            warnings.warn(
                f"{untold} requests could not be logged, the last because: {self.rejected[-1][1]}; "
                "writer.rejected has them",
                RuntimeWarning,
            )
        return written

    def _reject(self, row: dict[str, Any], reason: str) -> None:
        self.rejected.append((row, reason))
        self.n_rejected += 1

    def _good(self, rows: dict[str, dict[str, Any]]) -> tuple[dict[str, dict[str, Any]], pa.Table]:
        """Rows that can be logged, and the table of them; the others are found by halving.

        Rows that are good one by one may be none together as pandas reads them (a number and a
        Decimal, a feature spelled in two ways of which one has no value), so it is the parts'
        tables that are put together: in these each column has the type in which it is stored.
        """
        import pyarrow as pa

        known = dict(self.log.schema().features)
        good: dict[str, dict[str, Any]] = {}
        tables = []
        pending = [list(rows.values())] if rows else []
        while pending:
            some = pending.pop()
            try:
                table, kinds = prediction_table(pd.DataFrame(some), known)
            except MemoryError:
                raise
            except Exception as error:  # whatever a value does when it is converted, its row alone pays for it
                if len(some) == 1:
                    self._reject(some[0], str(error))
                else:
                    middle = len(some) // 2
                    pending += [some[middle:], some[:middle]]
            else:
                known |= kinds
                good |= {row["request_id"]: row for row in some}
                tables.append(table)
        return good, pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({})
