"""The forked child: run cells and answer the judge until the other side hangs up."""

from __future__ import annotations

import os
import random
import socket
import sys
from typing import Any

from coursekit.classroom.judging.responding import Responder
from coursekit.classroom.sandbox import _wire
from coursekit.classroom.sandbox._guard import Guard
from coursekit.classroom.sandbox._shell import CellShell


def seed_everything(seed: int) -> None:
    """A fork repeats its parent's random numbers; each submission gets its own, the same every time."""
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed % 2**32)


def serve(connection: socket.socket, shell: CellShell, guard: Guard, order: dict[str, Any]) -> None:
    """Answer frames; returns when the connection ends."""
    send, receive, pid = _wire.send, _wire.receive, os.getpid()

    def emit(output: dict[str, Any]) -> None:
        if os.getpid() == pid:  # a child that the student forked has no say here
            try:
                send(connection, {"out": output})
            except ValueError:  # too large for a frame, or no text
                send(connection, {"out": {"output_type": "display_data", "data": {}, "metadata": {}}})

    shell.connect(emit, order["cell_output"])
    guard.arm()
    seed_everything(order["seed"])
    responder = Responder(shell.user_ns)
    send(connection, {"hello": True})
    while True:
        try:
            message = receive(connection)
        except OSError:
            return
        except KeyboardInterrupt:  # it came late, for a cell that has just ended
            continue
        tampered: list[str] = []
        reply: Any = None
        try:
            shell.begin_cell()
            if message["do"] == "ask":
                reply = responder.answer(message["message"])
            elif message["graded"]:
                tampered = guard.run(message["source"])
            else:
                shell.run(message["source"])
        except KeyboardInterrupt:
            shell.showtraceback()
            reply = {"error": "KeyboardInterrupt", "message": ""}
        if os.getpid() != pid:  # a fork of the student's that came back from the cell
            os._exit(0)
        shell.end_cell()
        try:
            send(connection, {"done": True, "reply": reply, "tampered": tampered})
        except ValueError:
            send(connection, {"done": True, "reply": {"error": "ValueError", "message": "too large"}, "tampered": []})
