"""A room whose process is a real ipykernel: for notebooks that need widgets or comms."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import json
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from queue import Empty
from typing import Any

from coursekit.classroom.sandbox._outputs import DIED, FLOOD, OUTPUT, TIME, Kept, Ran
from coursekit.classroom.sandbox.identity import bounds_of, clean_environment, sandbox_uid
from coursekit.classroom.sandbox.limits import Limits
from coursekit.classroom.sandbox.rooms import Room

_START_SECONDS = 60
_GRACE_SECONDS = 3.0
_ANSWER = (
    "import json as __json; from coursekit.classroom.judging.responding import Responder as __Responder; "
    "__responder__ = globals().get('__responder__') or __Responder(globals()); "
    "__reply__ = __json.dumps(__responder__.answer(__json.loads({!r})))"
)


class KernelRoom:
    """Runs cells in an ipykernel; the same face as :class:`~coursekit.classroom.sandbox.rooms.Room`.

    A forked shell has no comms, so ``interact`` shows nothing there. A kernel takes a second to
    start, and has everything that JupyterLab's has.

    Parameters
    ----------
    limits
        What it may use.
    folder
        Files for the working folder.
    isolated
        Whether it runs in the sandbox.
    slot
        The worker's number.

    Examples
    --------
    >>> with KernelRoom(Limits(), folder=Path(tempfile.mkdtemp()), isolated=False) as room:
    ...     room.run("1 + 1", seconds=20).outputs[0]["data"]
    {'text/plain': '2'}
    """

    def __init__(self, limits: Limits, *, folder: Path, isolated: bool, slot: int = 0) -> None:
        from jupyter_client.blocking import BlockingKernelClient
        from jupyter_client.manager import KernelManager

        self._limits = limits
        self.cpu, self.memory, self.stopped, self.tampered = 0.0, 0, "", list[str]()
        self._place = tempfile.TemporaryDirectory(prefix="ck-")
        manager = KernelManager(
            kernel_name="python3", transport="ipc", connection_file=str(Path(self._place.name) / "k.json")
        )
        manager.ip = str(Path(self._place.name) / "s")
        uid = sandbox_uid(slot) if isolated else None
        environment = clean_environment(os.environ)
        if isolated:
            order = {"uid": uid, "environment": environment, "bounds": bounds_of(limits)}
            config = {"staged": str(folder), "limits": asdict(limits), "order": order}
            spec = manager.kernel_spec
            assert spec is not None
            spec.metadata = {
                **spec.metadata,
                "kernel_provisioner": {"provisioner_name": "coursekit-sandbox", "config": config},
            }
        self._manager = manager
        log = open(Path(self._place.name) / "log", "w+")  # noqa: SIM115, PTH123 - the kernel's, read when it fails
        try:
            manager.start_kernel(
                env=environment if isolated else {**environment, "HOME": str(folder)},
                cwd=str(folder),
                extra_arguments=["--HistoryManager.enabled=False"],
                stdout=log,
                stderr=log,
            )
            self._client: BlockingKernelClient = manager.blocking_client()
            self._client.start_channels()
            self._client.wait_for_ready(timeout=_START_SECONDS)
        except RuntimeError as error:
            from coursekit.classroom.sandbox.bubblewrap import SandboxError

            log.seek(0)
            said = log.read()[-1000:]
            self.close()
            raise SandboxError(f"the kernel did not come up ({error}): {said}") from error
        finally:
            log.close()

    def __enter__(self) -> KernelRoom:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, source: str, *, seconds: float, graded: bool = False, student: Room | None = None) -> Ran:
        """Run a cell."""
        return self._execute(source, seconds, {})

    def exchange(self, message: Mapping[str, Any], seconds: float) -> Ran:
        """Answer a judge's question."""
        ran = self._execute(_ANSWER.format(json.dumps(message["message"])), seconds, {"reply": "__reply__"})
        if not ran.stopped:
            try:
                said = ran.done["expressions"]["reply"]["data"]["text/plain"]
                ran.done = {"reply": json.loads(ast.literal_eval(said))}
            except (LookupError, ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
                ran.done = {"reply": {"error": "ValueError", "message": ""}}
        return ran

    def _execute(self, source: str, seconds: float, expressions: dict[str, str]) -> Ran:
        if self.stopped:
            return Ran(stopped=self.stopped)
        started = time.monotonic()
        try:
            ran = self._collect(self._client.execute(source, user_expressions=expressions), seconds)
        except Exception:  # the kernel is the student's: a message that is none is the kernel's end
            ran = Ran(stopped=DIED)
        ran.seconds = time.monotonic() - started
        if ran.stopped and not ran.done:
            self.stopped = ran.stopped
            with contextlib.suppress(Exception):
                self._manager.shutdown_kernel(now=True)
        return ran

    def _collect(self, number: str, seconds: float) -> Ran:
        kept, deadline, received, interrupted = Kept(self._limits), time.monotonic() + seconds, 0, False
        done: dict[str, Any] | None = None
        while done is None or not done.get("idle"):
            left = deadline - time.monotonic()
            if left <= 0:
                if interrupted:
                    return Ran(kept.outputs, TIME)
                self._manager.interrupt_kernel()
                interrupted, deadline = True, time.monotonic() + _GRACE_SECONDS
                continue
            try:
                message = self._client.get_iopub_msg(timeout=min(left, 0.5))
            except Empty:
                if not self._manager.is_alive():
                    return Ran(kept.outputs, DIED)
                continue
            if message["parent_header"].get("msg_id") != number:
                continue
            content, kind = message["content"], message["msg_type"]
            received += len(str(content.get("text", ""))) + len(str(content.get("data", "")))
            if received > FLOOD:
                return Ran(kept.outputs, OUTPUT)
            if kind == "status" and content["execution_state"] == "idle":
                done = {"idle": True}
            elif kind == "clear_output":
                kept.add({"output_type": "clear"})
            elif kind in ("stream", "display_data", "execute_result", "error"):
                kept.add({"output_type": kind, **content})
        try:
            reply = self._client.get_shell_msg(timeout=_GRACE_SECONDS)
            while reply["parent_header"].get("msg_id") != number:
                reply = self._client.get_shell_msg(timeout=_GRACE_SECONDS)
        except Empty:
            return Ran(kept.outputs, TIME if interrupted else DIED)
        done["expressions"] = reply["content"].get("user_expressions") or {}
        return Ran(kept.outputs, TIME if interrupted else "", done)

    def close(self) -> None:
        """End the kernel and everything in its namespaces."""
        with contextlib.suppress(AttributeError):
            self._client.stop_channels()
        with contextlib.suppress(RuntimeError, asyncio.CancelledError):
            if self._manager.has_kernel:
                self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()
        self._place.cleanup()
