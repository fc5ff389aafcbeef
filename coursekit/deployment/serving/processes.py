"""Servers in processes of their own, which never outlive the one that started them."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from typing import IO, Any

from coursekit._number_checks import check_number, told

_STARTING_S = 60.0
_STOPPING_S = 10.0


class ServerProcess:
    """A server on a free port of this machine, in its own process.

    Two versions in one process share its fate: its memory, its lock, its crash. Real ones are processes, and a
    demonstration of a rollout must be able to stop one of them. The port is the operating system's choice and
    comes back through a pipe once the server takes requests, so nothing is guessed and nobody waits too long.
    A second pipe is held open by the parent: when the parent ends, by whatever means, the pipe closes and the
    server ends too.

    Leaving the ``with`` block stops it; so does :meth:`stop`, which lets it finish the requests in flight.

    Parameters
    ----------
    factory
        ``"module:function"`` that makes the ASGI application.
    options
        Keyword arguments of the function, as JSON can hold them.

    Raises
    ------
    ValueError
        If the factory is not written ``"module:function"``.

    Examples
    --------
    >>> import httpx
    >>> with ServerProcess("coursekit.deployment.serving:shouting_app", options={"name": "a"}) as server:
    ...     httpx.post(f"{server.url}/predict", json={"query": "abc"}).json()
    {'answer': 'ABC', 'instance': 'a'}
    """

    def __init__(self, factory: str, *, options: dict[str, Any] | None = None) -> None:
        if not isinstance(factory, str) or not all(factory.partition(":")):
            raise ValueError(f"ServerProcess: factory must be written 'module:function', got {told(factory)}")
        self.factory = factory
        self.name = str((options or {}).get("name", factory.partition(":")[2]))
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop
        self._url: str | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "coursekit.deployment.serving._child", factory, json.dumps(options or {})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl+C reaches the parent alone, which stops servers in order
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )

    @property
    def url(self) -> str:
        """Its address, such as ``http://127.0.0.1:40123``; waits until it takes requests."""
        if self._url is None:
            self.wait_ready()
        assert self._url is not None
        return self._url

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def wait_ready(self, *, timeout_s: float = _STARTING_S) -> ServerProcess:
        """Wait until it takes requests; a server that ends before says why in the error."""
        check_number("ServerProcess", "timeout_s", timeout_s, above=True)
        if self._url is not None:
            return self
        assert self._process.stdout is not None
        if self._process.stdout.closed:
            raise RuntimeError(f"{self.name} was stopped before it took requests")
        line, end = b"", time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(end - time.monotonic(), 0)):
                    self.stop()
                    raise TimeoutError(f"{self.name} took no requests within {timeout_s:g} s")
                got = os.read(self._process.stdout.fileno(), 4096)
                if not got:
                    self._process.wait()
                    self._errors.seek(0)
                    told_by_it = self._errors.read().decode(errors="replace").strip()
                    self.stop()
                    raise RuntimeError(f"{self.name} ended before it took requests:\n{told_by_it}")
                line += got
        self._url = f"http://127.0.0.1:{json.loads(line)['port']}"
        return self

    def stop(self, *, timeout_s: float = _STOPPING_S) -> None:
        """Ask it to finish what it serves and to end (SIGTERM); kill it if it does not in time."""
        if self.alive:
            self._process.terminate()
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._close()

    def kill(self) -> None:
        """End it at once, as a machine does that loses its power."""
        self._process.kill()
        self._close()

    def _close(self) -> None:
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
