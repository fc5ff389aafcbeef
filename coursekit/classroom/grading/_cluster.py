"""Workers of a Dask cluster: the same jobs, in the same kind of process as on one machine."""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
from typing import Any, NoReturn

from coursekit.classroom.course import CourseError
from coursekit.classroom.grading._executing import Job, Outcome
from coursekit.classroom.grading._pool import Worker, numbers

_TRIES = 3
_CONNECT_SECONDS = 15
_PATIENCE_SECONDS = 60
"""How long a batch waits while the cluster has no worker at all: one that is replaced needs some."""

_local = threading.local()


def run_on_cluster(job: Job, limit: float) -> Outcome:
    """What a Dask worker runs: the same job in the same kind of process as on one machine."""
    worker = getattr(_local, "worker", None)
    if worker is None:
        # Workers of one machine must not share a number, by which the kernel counts their processes.
        worker = _local.worker = Worker(os.getpid() + next(numbers))
        atexit.register(worker.close)
    return worker.ask(job, limit)


class DaskPool:
    """The workers of a Dask cluster; one that is lost costs no job, Dask gives it to another."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise CourseError("--scheduler needs Dask: pip install 'coursekit[cluster]'") from error
        try:
            self._client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise CourseError(
                f"no Dask scheduler answers at {address}: start one with `dask scheduler` ({error})"
            ) from error
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it says is said here in a sentence
        self._address = address
        threads = self._client.nthreads()
        if not threads:
            self._client.close()
            raise CourseError(f"the scheduler at {address} has no workers: start some with `dask worker {address}`")
        self.size = max(1, sum(threads.values()))
        self._keys: dict[Any, str] = {}
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def submit(self, key: str, job: Job, limit: float) -> None:
        """Have a job run somewhere."""
        future = self._client.submit(run_on_cluster, job, limit, pure=False, retries=_TRIES)
        self._keys[future] = key
        future.add_done_callback(self._done.put)

    def next(self) -> tuple[str, Outcome]:
        """Wait for an outcome; a cluster that is lost for good ends the batch."""
        patience = _PATIENCE_SECONDS
        while True:
            try:
                future = self._done.get(timeout=1)
            except queue.Empty:
                patience = _PATIENCE_SECONDS if self._alive() else patience - 1
                if patience <= 0:
                    self._lost("has had no workers for a minute")
                continue
            if future.status == "cancelled":
                self._lost("is gone")
            error = future.exception()
            if error is None:
                return self._keys.pop(future), future.result()
            said = f"{type(error).__name__}: {str(error)[:300]}"
            return self._keys.pop(future), {"error": f"the cluster could not run it ({said})"}

    def _alive(self) -> bool:
        try:
            return bool(self._client.nthreads())
        except Exception:  # of several kinds while the connection breaks; next() hears of it
            return False

    def _lost(self, what: str) -> NoReturn:
        raise CourseError(
            f"the Dask scheduler at {self._address} {what}: what is graded is recorded, and the same command, "
            "with a cluster or without, goes on from there"
        )

    def close(self) -> None:
        """Leave the cluster; its workers stay."""
        self._client.close()
