"""What runs in a server's own process: ``python -m coursekit.deployment.serving._child FACTORY OPTIONS``."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import socket
import sys
import threading
import time

import uvicorn

GRACE = 5.0
"""Seconds in which requests in flight are finished after the order to stop."""


class _Announcing(uvicorn.Server):
    """Tells its address when, and not before, it takes requests."""

    def __init__(self, config: uvicorn.Config, told_on: int) -> None:
        super().__init__(config)
        self._told_on = told_on

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started and sockets:
            os.write(self._told_on, json.dumps({"port": sockets[0].getsockname()[1]}).encode() + b"\n")
            os.close(self._told_on)


def _follow_parent(server: uvicorn.Server) -> None:
    """End when standard input does: the other end is held by the parent and closes with it, however it ends."""
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1024):
            pass
    server.should_exit = True
    time.sleep(GRACE + 1)
    os._exit(1)


def main(factory: str, options: str) -> None:
    """Make the application and serve it on a free port of this machine alone."""
    # What a model prints goes to its errors: on the parent's pipe it would be taken for the address, or fill it.
    told_on = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    module, _, name = factory.partition(":")
    app = getattr(importlib.import_module(module), name)(**json.loads(options))
    # proto is named: asyncio sets TCP_NODELAY on sockets that say they are TCP, and without it each answer waits 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    # Idle connections outlive those of the router's pool, so that no request meets one that is being closed.
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_keep_alive=120, timeout_graceful_shutdown=int(GRACE)
    )
    server = _Announcing(config, told_on)
    threading.Thread(target=_follow_parent, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
