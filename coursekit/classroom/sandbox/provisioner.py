"""A real ipykernel inside the sandbox, started the way Jupyter starts kernels."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner
from traitlets import Dict, Unicode

from coursekit.classroom.sandbox.bubblewrap import SandboxError, arguments, sandbox_status
from coursekit.classroom.sandbox.limits import Limits


class SandboxProvisioner(LocalProvisioner):
    """Starts a kernel in namespaces of its own, within limits; Jupyter finds it by its entry point.

    A kernelspec names it as ``kernel_provisioner``: ``{"provisioner_name": "coursekit-sandbox",
    "config": {"staged": "/path/of/files"}}``. Its channels are sockets in a folder, since the
    sandbox has no network.

    Examples
    --------
    >>> SandboxProvisioner().limits
    {}
    """

    staged = Unicode("", help="Folder whose files are copied into the working folder.").tag(config=True)
    limits = Dict(help="Fields of coursekit.classroom.sandbox.Limits.").tag(config=True)
    order = Dict(help="Identity and environment inside.").tag(config=True)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel's command inside of bubblewrap."""
        status = sandbox_status()
        if status.path is None:
            raise SandboxError(f"{status.problem}. {status.remedy}")
        limits = Limits(**self.limits)
        assert self.parent is not None
        connection = Path(self.parent.connection_file)
        order = {**self.order, "room": limits.disk}
        if order.get("uid") is not None:
            os.chown(connection.parent, order["uid"], order["uid"])
            os.chown(connection, order["uid"], order["uid"])
        place = str(connection.parent)
        above = [str(folder) for folder in reversed(connection.parent.parents)][1:]
        mounts = [part for folder in above for part in ("--perms", "0755", "--dir", folder)]
        mounts += ["--bind", place, place, "--ro-bind", self.staged or place, "/staged"]
        line = arguments(status.path, limits, mounts=mounts)
        line += ["--setenv", "PYTHONPATH", os.pathsep.join(path for path in sys.path if path)]
        inside = [sys.executable, "-m", "coursekit.classroom.sandbox._confined", json.dumps(order), "--"]
        kwargs["cwd"] = "/"
        return await super().launch_kernel([*line, "--", *inside, *cmd], **kwargs)

    async def send_signal(self, signum: int) -> None:
        """Interrupts go to the kernel inside; everything else to bubblewrap, which ends all of it."""
        import signal

        import psutil

        if signum == signal.SIGINT and self.process is not None:
            with contextlib.suppress(psutil.Error):
                inside = psutil.Process(self.process.pid).children(recursive=True)
                if inside:
                    inside[min(1, len(inside) - 1)].send_signal(signum)
            return
        await super().send_signal(signum)
