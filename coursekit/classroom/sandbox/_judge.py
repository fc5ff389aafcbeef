"""The trusted child: run the locked cells; what they ask of the student goes over the wire.

It is forked from the same warm parent as the submissions but sees none of them, only data.
"""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from coursekit.classroom.judging.asking import JUDGE_LINE, CheckFailed, Student
from coursekit.classroom.judging.checks import BROKEN, hidden_check, load_checks, stopped
from coursekit.classroom.sandbox import _wire
from coursekit.classroom.sandbox._outputs import TIME
from coursekit.classroom.sandbox._session import seed_everything
from coursekit.classroom.sandbox._shell import CellShell


class StoppedError(BaseException):
    """The student's process ran out of time or died; no check goes on after that."""


class OverTheWire:
    """How the judge's requests reach the sandbox: through the process that watches both."""

    def __init__(self, connection: socket.socket, before: Callable[[], None]) -> None:
        self._connection, self._before, self.texts = connection, before, [""]
        self.deferred: list[tuple[str, Any]] = []
        self.hushed, self._at = False, None

    def request(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a request; the reply is whatever the student's process wrote."""
        self._before()  # what the check printed so far comes before what the student prints
        with _undisturbed():
            _wire.send(self._connection, {"ask": message if self._at is None else {**message, "at": self._at}})
            reply = _wire.receive(self._connection)
        if "stopped" in reply:
            raise StoppedError(reply["stopped"])
        return reply["reply"] if isinstance(reply["reply"], dict) else {}

    def defer(self, name: str) -> bool:
        """Note a hidden check for the end, with the student's names as they are now."""
        if self.hushed:
            return False
        self.deferred.append((name, self.request({"do": "snapshot"}).get("value")))
        return True

    @contextlib.contextmanager
    def hush(self, at: Any) -> Iterator[None]:
        """Ask a hidden check's questions, of the names of a snapshot."""
        self.hushed, self._at = True, at
        try:
            yield
        finally:
            self.hushed, self._at = False, None

    def sources(self) -> list[str]:
        """The cells that the student could edit."""
        return self.texts


def serve(connection: socket.socket, shell: CellShell, order: dict[str, Any]) -> None:
    """Run locked cells until the other side hangs up."""
    shell.connect(lambda output: _wire.send(connection, {"out": output}), order["cell_output"])
    line = OverTheWire(connection, shell.end_cell)
    shell.user_ns[JUDGE_LINE] = line
    seed_everything(order["seed"])
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # nothing but a cell's work is interrupted
    _wire.send(connection, {"hello": True})
    while True:
        try:
            message = _wire.receive(connection)
        except OSError:
            return
        done: dict[str, Any] = {"done": True}
        shell.begin_cell()
        if message["do"] == "checks":
            line.texts = message["sources"]
            try:
                load_checks(Path(message["path"]))
            except BaseException as error:  # the author's mistake, which must not look like a student's
                done["failed"] = f"{type(error).__name__}: {error}"
        elif message["do"] == "hidden":
            with line.hush(message["at"]):
                done |= _run(shell, partial(hidden_check, message["name"], Student({JUDGE_LINE: line})))
        else:
            done |= _run(shell, partial(_cell, shell, message["source"]))
            done["deferred"], line.deferred = line.deferred, []
        shell.end_cell()
        _wire.send(connection, done)


def _cell(shell: CellShell, source: str) -> None:
    exec(compile(shell.transform_cell(source), "<test cell>", "exec"), shell.user_ns)


def _run(shell: CellShell, work: Callable[[], None]) -> dict[str, Any]:
    """Run a locked cell or a hidden check; what it finds is a sentence, never a traceback."""
    try:
        with contextlib.redirect_stderr(_Nowhere()), _interruptible():
            work()
    except StoppedError as stop:
        return {"stopped": str(stop)}
    except KeyboardInterrupt:
        return {"stopped": TIME}
    except CheckFailed as failed:
        return {"failed": str(failed), "broken": failed.broken}
    except AssertionError as failed:
        return {"failed": str(failed) or BROKEN, "broken": "" if str(failed) else "an assert without a message"}
    except BaseException as error:
        told = stopped(error, "a test cell")
        return {"failed": str(told), "broken": told.broken}
    return {}


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep an interrupt waiting: a frame of which half is read, or a reply that nobody takes, is the judge's end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let an interrupt through; one that came too late, for the cell before, is forgotten."""
    signal.sigtimedwait({signal.SIGINT}, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


class _Nowhere:
    """Warnings of a check are nobody's points."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """Nothing is kept."""
