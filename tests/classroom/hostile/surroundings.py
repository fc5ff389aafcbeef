"""The machine around a grader: what attacks leave in it, and what they must not reach."""

from __future__ import annotations

import socket
import tempfile
import threading
from pathlib import Path

import psutil

HOME_KEY = "hostile-corpus-canary-of-a-private-key"
"""What :func:`plant_home` puts into the grader's home."""
MARK = "hostile_mark"
"""How the names begin of the files that attacks try to leave outside of their folder."""
PROCESS_MARK = "hostile_left"
"""The name of the processes that attacks leave behind; Linux keeps 15 characters."""
KNOCK_PORT = 48613
KNOCK_NAME = "\0hostile-corpus"


def processes() -> set[tuple[int, float]]:
    """Processes that belong to this test: its descendants, and those that attacks have named."""
    mine = {(one.pid, one.create_time()) for one in psutil.Process().children(recursive=True) if one.is_running()}
    return mine | {(one.pid, one.create_time()) for one in psutil.process_iter() if _named(one)}


def left_behind(before: set[tuple[int, float]], *, patience: float = 3) -> list[str]:
    """Processes that were not there before and do not end within some seconds.

    Call it when the grader has said that it is done; killed processes need a moment to be gone.
    """
    found = []
    for pid, started in processes() - before:
        try:
            process = psutil.Process(pid)
            if process.create_time() == started and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    _, alive = psutil.wait_procs(found, timeout=patience)
    return [f"process {one.pid} is left ({_called(one)})" for one in alive]


def _called(process: psutil.Process) -> str:
    try:
        return " ".join([process.name(), *process.cmdline()])[:120]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return "?"


def _named(process: psutil.Process) -> bool:
    try:
        return process.name() == PROCESS_MARK or PROCESS_MARK in process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def marks_left(*folders: Path) -> list[str]:
    """Files that an attack has put outside of its folder: in system places and in those given."""
    system = [
        tempfile.gettempdir(),
        "/",
        "/tmp",
        "/var/tmp",
        "/dev/shm",
        "/etc",
        "/usr",
        "/run",
        Path.home(),
        Path.cwd(),
    ]
    places = {Path(place).resolve() for place in (*system, *folders)}
    found = sorted({path for place in places if place.is_dir() for path in place.glob(f"{MARK}*")})
    return [f"{path} was left" for path in found]


def plant_home(folder: Path) -> Path:
    """A home with a private key in it, for the HOME of the grader."""
    for name in (".ssh/id_rsa", ".netrc", ".git-credentials", ".bash_history"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HOME_KEY}\n", encoding="utf-8")
        path.chmod(0o600)
    return folder


class Door:
    """Sockets of the grader's machine that a submission must not reach; counts who knocks.

    Listens on ``KNOCK_PORT`` of 127.0.0.1 and on an abstract Unix socket, so only one test
    process can have it open at a time.
    """

    def __init__(self) -> None:
        self.knocks: list[str] = []
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Door:
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._sockets.append(tcp)
        tcp.bind(("127.0.0.1", KNOCK_PORT))
        unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sockets.append(unix)
        unix.bind(KNOCK_NAME)
        for listening, name in ((tcp, "127.0.0.1"), (unix, "an abstract socket")):
            listening.listen()
            threading.Thread(target=self._answer, args=(listening, name), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            one.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a knock
            one.close()

    def _answer(self, listening: socket.socket, name: str) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self.knocks.append(f"{name} was reached")
            connection.close()
