"""The warm process as its owner sees it: start it, have it fork, end it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from coursekit.classroom.sandbox.bubblewrap import SandboxError
from coursekit.classroom.sandbox.identity import clean_environment


class Zygote:
    """A warm process that has imported an assignment's modules and forks rooms from itself.

    Importing takes a second, with TensorFlow three; forking takes milliseconds.

    Parameters
    ----------
    imports
        Modules to import, those of the assignment's locked cells.

    Examples
    --------
    >>> with Zygote(["statistics"]) as zygote:
    ...     zygote.loaded
    ('statistics',)
    """

    def __init__(self, imports: Sequence[str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = clean_environment(os.environ) | {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "HOME": os.environ.get("HOME", "/"),  # it is trusted; its children get their own
        }
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "coursekit.classroom.sandbox._zygote", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                env=environment,
                stdin=subprocess.DEVNULL,
                cwd="/",
            )
        self._control = ours
        ours.send(json.dumps({"imports": list(imports)}).encode())
        told = ours.recv(1 << 16)
        if not told:
            self.close()
            raise SandboxError("the warm process ended while it was importing")
        ready = json.loads(told)
        self.loaded = tuple(ready["loaded"])
        if ready["unsafe"]:
            self.close()
            raise SandboxError(f"cannot fork after importing {', '.join(imports)}: {ready['unsafe']}")

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fork(self, order: Mapping[str, Any], descriptors: Sequence[int]) -> None:
        """Have a child made; it answers on the descriptors."""
        socket.send_fds(self._control, [json.dumps(order).encode()], list(descriptors))

    def close(self) -> None:
        """End it; children that still run are ended by their rooms."""
        self._control.close()
        self._process.kill()
        self._process.wait()
