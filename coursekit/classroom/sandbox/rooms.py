"""The trusted side of a sandbox: start a process in it, run cells there, end it whatever it does."""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from coursekit.classroom.sandbox import _wire
from coursekit.classroom.sandbox._outputs import DIED, FLOOD, MEMORY, OUTPUT, TIME, Kept, Ran
from coursekit.classroom.sandbox.bubblewrap import WORK, Namespaces, SandboxError
from coursekit.classroom.sandbox.identity import bounds_of, clean_environment, sandbox_uid
from coursekit.classroom.sandbox.limits import Limits
from coursekit.classroom.sandbox.zygote import Zygote

_START_SECONDS = 60  # a fork takes milliseconds; a machine that swaps takes longer
_GRACE_SECONDS = 2.0  # between the interrupt and the end
_LOOK_SECONDS = 0.5  # between two looks at the memory of all processes
_NAME = re.compile(r"\w{1,40}(\.\w{1,40}){0,3}", re.ASCII)  # as the guard names what was changed


class Room:
    r"""One process that runs cells: a student's in a sandbox, or the judge outside of it.

    Whatever the process does, every call here returns within its time: what is slow is
    interrupted, what does not answer is killed, what sends too much is cut.

    Parameters
    ----------
    zygote
        The warm process to fork from.
    limits
        What it may use.
    folder
        Files for the working folder.
    program
        Bubblewrap; without it there is no isolation (the judge, or ``--no-sandbox``).
    role
        ``student`` or ``judge``.
    seed
        For ``random`` and NumPy.
    slot
        The worker's number.

    Raises
    ------
    coursekit.classroom.sandbox.bubblewrap.SandboxError
        If the process does not come up.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp())
    >>> with Zygote([]) as zygote, Room(zygote, Limits(), folder=place, program=None) as room:
    ...     ran = room.run("print(1 + 1)", seconds=5)
    >>> ran.outputs
    [{'output_type': 'stream', 'name': 'stdout', 'text': '2\n'}]
    """

    def __init__(
        self,
        zygote: Zygote,
        limits: Limits,
        *,
        folder: Path,
        program: Path | None,
        role: str = "student",
        seed: int = 0,
        slot: int = 0,
    ) -> None:
        self._limits, self._frames, self._trusted, self._up = limits, _wire.Frames(), role == "judge", False
        self.pid, self.exit, self.cpu, self.memory, self.stopped = 0, None, 0.0, 0, ""
        self.tampered: list[str] = []
        self._status, self._junk = b"", b""
        self._namespaces = Namespaces(program, limits) if program is not None else None
        root = os.geteuid() == 0
        order = {
            "role": role,
            "isolated": program is not None,
            "pid": self._namespaces.pid if self._namespaces else 0,
            "user_namespace": not root,
            "uid": sandbox_uid(slot) if program is not None else None,
            "work": str(WORK) if program is not None else str(folder),
            "room": limits.disk,
            "seed": seed,
            "cell_output": limits.cell_output,
            "environment": clean_environment(os.environ) | ({} if program else {"HOME": str(folder)}),
            "bounds": bounds_of(limits) if role == "student" else {"RLIMIT_CORE": 0},
        }
        self._connection, theirs = socket.socketpair()
        self._connection.setblocking(False)
        self._output, write_output = os.pipe()
        self._status_pipe, write_status = os.pipe()
        passed = [theirs.fileno(), write_output, write_status]
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY) if program is not None else None
        zygote.fork(order, passed + ([directory] if directory is not None else []))
        theirs.close()
        for number in (write_output, write_status, *([directory] if directory is not None else [])):
            os.close(number)
        self._selector = selectors.DefaultSelector()
        for place, name in ((self._connection, "frames"), (self._output, "output"), (self._status_pipe, "status")):
            self._selector.register(place, selectors.EVENT_READ, name)
        for number in (self._output, self._status_pipe):
            os.set_blocking(number, False)
        hello = self._wait(_START_SECONDS, None)
        if hello.stopped:
            said = self._junk.decode(errors="replace")
            self.close()
            raise SandboxError(f"the process did not come up ({hello.stopped}): {said[-1500:]}")

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, source: str, *, seconds: float, graded: bool = False, student: Room | None = None) -> Ran:
        """Run a cell. A judge's cell asks the student's room; its outputs stand where they came."""
        return self._exchange({"do": "cell", "source": source, "graded": graded}, seconds, student)

    def hidden(self, name: str, at: Any, *, seconds: float, student: Any) -> Ran:
        """Have the judge run a hidden check; what the student's process shows meanwhile is dropped."""
        return self._exchange({"do": "hidden", "name": name, "at": at}, seconds, student)

    def checks(self, path: Path, sources: Sequence[str]) -> Ran:
        """Have the judge load the hidden checks."""
        return self._exchange({"do": "checks", "path": str(path), "sources": list(sources)}, _START_SECONDS, None)

    def exchange(self, message: Mapping[str, Any], seconds: float) -> Ran:
        """Answer a judge's question."""
        return self._exchange(message, seconds, None)

    def _exchange(self, message: Mapping[str, Any], seconds: float, student: Room | None) -> Ran:
        if self.stopped:
            return Ran(stopped=self.stopped)
        started, self._hidden = time.monotonic(), message["do"] == "hidden"
        self._up = True
        try:
            self._write(message, started + seconds)
            ran = self._wait(seconds, student)
        except _wire.WireError:
            ran = Ran(stopped=DIED)
        except TimeoutError:
            ran = Ran(stopped=TIME)
        ran.seconds = time.monotonic() - started
        if ran.stopped and not ran.done:
            self.stopped = ran.stopped
            self._kill()
        if message.get("graded"):  # an answer to the judge names nothing: it could name what was asked
            self.tampered += ran.done.get("tampered", [])
        return ran

    def _said(self, done: dict[str, Any]) -> dict[str, Any]:
        """What a room says at the end; of a student's process only what it has a say in."""
        if self._trusted:
            return done
        names = done.get("tampered")
        known = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        return {
            "done": True,
            "reply": done.get("reply"),
            "tampered": [one for one in known if _NAME.fullmatch(one)][:20],
        }

    def _write(self, message: Mapping[str, Any], deadline: float) -> None:
        """Send a frame; a process that does not read must not hold us up."""
        data = memoryview(_wire.encode(message))
        while data:
            try:
                data = data[self._connection.send(data) :]
            except BlockingIOError:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError from None
                with selectors.DefaultSelector() as ready:
                    ready.register(self._connection, selectors.EVENT_WRITE)
                    ready.select(min(left, 0.5))
            except OSError as error:
                raise _wire.WireError(str(error)) from error

    def _wait(self, seconds: float, student: Room | None) -> Ran:
        """Collect until the cell is done, the time is over, or the process is."""
        kept = Kept(self._limits)
        begun = time.monotonic()
        deadline, look, received = begun + seconds, begun + 2 * _LOOK_SECONDS, 0
        interrupted = told = False
        while True:
            now = time.monotonic()
            if now >= deadline:
                if interrupted or not self._interrupt():
                    return self._ended(kept, TIME)
                interrupted, deadline = True, now + _GRACE_SECONDS
            if now >= look and self._too_much_memory():
                return self._ended(kept, MEMORY)
            look = now + _LOOK_SECONDS if now >= look else look
            for key, _ in self._selector.select(min(deadline, look) - now):
                if key.data == "status":
                    self._read_status()
                    continue
                data = self._read(key.fileobj)
                received += len(data or b"")
                if received > FLOOD:
                    return self._ended(kept, OUTPUT)
                if key.data == "output":
                    self._junk = (self._junk + (data or b""))[: self._limits.cell_output]
                    continue
                if data is None:
                    self._selector.unregister(self._connection)
                    return self._ended(kept, MEMORY if self.exit == -signal.SIGKILL else DIED)
                try:
                    frames = self._frames.feed(data)
                except _wire.WireError:
                    return self._ended(kept, DIED)
                for frame in frames:
                    if not isinstance(frame, dict):
                        return self._ended(kept, DIED)
                    if "out" in frame:
                        kept.add(frame["out"])
                    elif "ask" in frame and student is not None:
                        left = max(0.1, deadline - time.monotonic())
                        if self._relay(frame["ask"], student, left, kept, deadline) and not told:
                            # It is not the judge that was slow: let it end its cell, once.
                            told, deadline = True, max(deadline, time.monotonic() + _GRACE_SECONDS)
                    elif "done" in frame:
                        self._drain(kept)
                        done = self._said(frame)
                        return Ran(kept.outputs, TIME if interrupted else str(done.get("stopped") or ""), done)
                    elif "hello" in frame and not self._up:
                        return Ran()

    def _relay(self, question: Any, student: Room, seconds: float, kept: Kept, deadline: float) -> bool:
        """Pass a judge's question to the student's room, and the answer back; say whether it was stopped."""
        asked = student.exchange({"do": "ask", "message": question}, seconds)
        for output in asked.outputs if not self._hidden else []:
            kept.add(output)
        reply = {"stopped": asked.stopped} if asked.stopped else {"reply": asked.done.get("reply")}
        until = time.monotonic() + _GRACE_SECONDS
        try:
            self._write(reply, until)
        except _wire.WireError:  # too large or too deep to be written down again, or the judge is gone
            self._write({"reply": None}, until)
        return bool(asked.stopped)

    def _ended(self, kept: Kept, why: str) -> Ran:
        self._drain(kept)
        return Ran(kept.outputs, why)

    def _read(self, place: Any) -> bytes | None:
        """Bytes that are there; None at the end."""
        try:
            data = os.read(place if isinstance(place, int) else place.fileno(), 1 << 18)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data and isinstance(place, int):
            self._selector.unregister(place)
        return data or None

    def _drain(self, kept: Kept) -> None:
        """What C code wrote on descriptors 1 and 2 belongs to the cell that has just ended."""
        with contextlib.suppress(OSError):
            while data := os.read(self._output, 1 << 18):
                self._junk = (self._junk + data)[: self._limits.cell_output]
        if self._junk:
            kept._stream("stdout", self._junk.decode("utf-8", "replace"))
            self._junk = b""

    def _read_status(self) -> None:
        data = self._read(self._status_pipe)
        self._status += data or b""
        *lines, self._status = self._status.split(b"\n")
        for line in lines:
            told = json.loads(line)
            self.pid = told.get("pid", self.pid)
            self.exit = told.get("exit", self.exit)
            self.cpu = told.get("cpu", self.cpu)
            self.memory = max(told.get("memory", 0), self.memory)
            self._junk += told.get("broken", "").encode()

    def _interrupt(self) -> bool:
        if self.exit is not None:
            return False  # its number may be another process's by now
        try:
            os.kill(self.pid, signal.SIGINT)
        except (OSError, ProcessLookupError):
            return False
        return self.pid > 0

    def _family(self) -> list[Any]:
        import psutil

        roots = [self.pid, *([self._namespaces.pid] if self._namespaces else [])]
        family: dict[int, Any] = {}
        for root in roots:
            with contextlib.suppress(psutil.Error, ValueError):
                process = psutil.Process(root)
                family |= {one.pid: one for one in (process, *process.children(recursive=True))}
        return list(family.values())

    def _too_much_memory(self) -> bool:
        import psutil

        family, bound = self._family() if self.pid else [], 2 * self._limits.memory

        def total(ask: Any) -> int:
            held = 0
            for process in family:
                with contextlib.suppress(psutil.Error):
                    held += ask(process)
            return held

        if total(lambda one: one.memory_info().rss) <= bound:
            return False
        # Forked processes share most pages, and the resident size counts them for each.
        return total(lambda one: one.memory_full_info().pss) > bound

    def _kill(self) -> None:
        """End every process of the room."""
        if self._namespaces is not None:
            self._namespaces.close()
        elif self.pid:
            family = self._family()
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
            for process in family:
                with contextlib.suppress(Exception):
                    process.kill()

    def close(self) -> None:
        """End it, and read what it used."""
        self._kill()
        deadline = time.monotonic() + _GRACE_SECONDS
        while self.exit is None and time.monotonic() < deadline:
            with selectors.DefaultSelector() as ready:
                try:
                    ready.register(self._status_pipe, selectors.EVENT_READ)
                except (ValueError, OSError):
                    break
                if not ready.select(deadline - time.monotonic()):
                    break
            before = self._status_pipe in self._selector.get_map()
            self._read_status()
            if before and self._status_pipe not in self._selector.get_map():
                break
        self._selector.close()
        self._connection.close()
        for number in (self._output, self._status_pipe):
            with contextlib.suppress(OSError):
                os.close(number)
