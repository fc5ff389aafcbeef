"""The warm parent: it has imported what an assignment imports, and forks a child a submission.

Started as ``python -m coursekit.classroom.sandbox._zygote FD`` with one end of a socket pair. It
never runs a line of a student's code, never reads a course, and stays single-threaded.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from coursekit.classroom.sandbox import _confinement, _session

_LARGEST = 1 << 16


def preload(names: list[str]) -> list[str]:
    """Import modules; return those after which forking would not be safe."""
    loaded = []
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:  # a cell will say so, in its own place
            continue
        loaded.append(name)
    return loaded


def unsafe() -> str:
    """Why this process should not be forked; empty if it may."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        return f"{threads} threads are running"
    eager = sys.modules.get("tensorflow.python.eager.context")
    context = getattr(eager, "_context", None)
    if context is not None and getattr(context, "_initialized", False):
        return "TensorFlow has started its runtime"
    return ""


def main() -> None:
    """Warm up, then fork on request."""
    control = socket.socket(fileno=int(sys.argv[1]))
    wanted = json.loads(control.recv(_LARGEST))
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    from coursekit.classroom.sandbox._guard import Guard
    from coursekit.classroom.sandbox._shell import make_shell, warm_up

    with contextlib.suppress(ImportError, RuntimeError, OSError):  # where it is needed, its lack was told
        import pyseccomp  # noqa: F401 - before the fork, since it searches for its library
    loaded = preload(wanted["imports"])
    shell = make_shell()
    warm_up(shell)
    guard = Guard(shell)
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, every page
    control.send(json.dumps({"ready": True, "loaded": loaded, "unsafe": unsafe()}).encode())
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        try:
            data, fds, _, _ = socket.recv_fds(control, _LARGEST, 4)
        except InterruptedError:
            continue
        if not data:
            return
        order = json.loads(data)
        if os.fork() == 0:
            _go(order, fds, control, shell, guard)
        for number in fds:
            os.close(number)


def _reap(*_: Any) -> None:
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def _go(order: dict[str, Any], fds: list[int], control: socket.socket, shell: Any, guard: Any) -> None:
    """In the child: join, fork into the pid namespace, confine, serve. Never returns."""
    connection_fd, output_fd, status_fd, *folder = fds
    try:
        os.setpgid(0, 0)  # what ends the grader's group must not end the one who looks after the child
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        if order["isolated"]:
            _confinement.join_namespaces(order["pid"], user=order["user_namespace"])
        child = os.fork()
        if child == 0:
            _serve(order, connection_fd, output_fd, folder[0] if folder else None, shell, guard)
        for number in (connection_fd, output_fd, *folder):
            os.close(number)
        os.write(status_fd, json.dumps({"pid": child}).encode() + b"\n")
        _wait(child, status_fd)
        _, status, usage = os.wait4(child, 0)
        told = {
            "exit": os.waitstatus_to_exitcode(status),
            "cpu": usage.ru_utime + usage.ru_stime,
            "memory": usage.ru_maxrss * 1024,
        }
        os.write(status_fd, json.dumps(told).encode() + b"\n")
    except BaseException as error:
        _tell(status_fd, error)
    os._exit(0)


def _wait(child: int, status_fd: int) -> None:
    """Wait until a child ends; kill it when nobody is there any more to read how it ended."""
    ended, ready = os.pidfd_open(child), select.poll()
    ready.register(ended, select.POLLIN)
    ready.register(status_fd, 0)  # an error, which is always reported: the other end is closed
    if ended not in dict(ready.poll()):
        os.killpg(child, signal.SIGKILL)


def _serve(
    order: dict[str, Any], connection_fd: int, output_fd: int, folder: int | None, shell: Any, guard: Any
) -> None:
    status = 0
    try:
        os.setsid()
        work = Path(order["work"])
        if folder is not None:
            _confinement.bring_files(folder, work, uid=order["uid"], room=order["room"])
        os.chdir(work)
        os.environ.clear()
        os.environ.update(order["environment"])
        os.umask(0o022)
        for number in (1, 2):
            os.dup2(output_fd, number)
        _confinement.confine(order, {0, 1, 2, connection_fd})
        sys.path[:] = [path for path in sys.path if path]
        if order["role"] == "judge":
            from coursekit.classroom.sandbox import _judge

            _judge.serve(socket.socket(fileno=connection_fd), shell, order)
        else:
            sys.path.insert(0, "")  # a notebook imports what lies beside it
            _session.serve(socket.socket(fileno=connection_fd), shell, guard, order)
    except BaseException as error:
        _tell(2, error)
        status = 70
    os._exit(status)


def _tell(number: int, error: BaseException) -> None:
    text = "".join(traceback.format_exception(error))[-2000:]
    os.write(number, json.dumps({"broken": text}).encode() + b"\n")


if __name__ == "__main__":
    main()
