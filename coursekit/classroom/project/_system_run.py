"""Runs a command of a team's in a copy of its folder: bounded, without the caller's secrets, with nothing left over."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.classroom.project._system_file import VerificationError

if TYPE_CHECKING:
    import psutil

OUTPUT_KEPT = 20_000
"""Bytes kept of what a command prints, its end; a command that prints for ever fills neither memory nor disk."""

_LEFT_OUT = {
    ".git", ".hg", ".venv", "venv", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", "node_modules",
    ".ipynb_checkpoints", "build",
}  # fmt: skip
_MOST_BYTES, _MOST_FILES = 1 << 30, 20_000
_MARK = "COURSEKIT_VERIFYING"
_GRACE_S = 3.0
_INSIDE = Path("/verifying")
_KEPT = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "PATH", "SYSTEMROOT", "COMSPEC", "PATHEXT", "WINDIR")


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    code: int | None
    """Exit status; None if it was stopped or never began."""
    seconds: float
    """Wall-clock seconds."""
    output: str
    """The end of what it printed."""
    timed_out: bool = False
    """Whether it was stopped at its limit."""
    not_found: bool = False
    """Whether there is no such command."""
    left: tuple[str, ...] = ()
    """Processes that it left running; they were ended."""

    @property
    def ok(self) -> bool:
        return self.code == 0


def copy_system(folder: Path, target: Path) -> tuple[str, ...]:
    """Copy a team's folder as a fresh clone would have it; name the links that lead out of it, which stay behind."""
    size = files = 0
    refused = []
    target.mkdir(parents=True)
    for place, folders, names in os.walk(folder):
        here = Path(place)
        inside = here.relative_to(folder)
        for name in [*folders, *names]:
            source = here / name
            if name in _LEFT_OUT:
                continue
            kind = source.lstat()
            if stat.S_ISLNK(kind.st_mode):
                told = source.readlink()
                end = (source.parent / told).resolve()
                if told.is_absolute() or not end.is_relative_to(folder.resolve()):
                    refused.append((inside / name).as_posix())
                else:
                    (target / inside / name).symlink_to(told)
            elif stat.S_ISDIR(kind.st_mode):
                (target / inside / name).mkdir()
            elif stat.S_ISREG(kind.st_mode):
                size, files = size + kind.st_size, files + 1
                if size > _MOST_BYTES or files > _MOST_FILES:
                    raise VerificationError(
                        f"{folder}: 1 GiB나 파일 {_MOST_FILES:,}개를 넘습니다. 데이터는 명령이 만들게 하고, "
                        "가상 환경은 .venv에 두세요."
                    )
                shutil.copyfile(source, target / inside / name)
                shutil.copymode(source, target / inside / name)
        folders[:] = [name for name in folders if name not in _LEFT_OUT and not (here / name).is_symlink()]
    return tuple(refused)


def run(words: list[str], *, room: Path, seconds: float, isolated: bool, more: dict[str, str] | None = None) -> Ran:
    """Run a command in ``room/system``; a value of ``more`` may name the room as ``{room}``."""
    folder = room / "system"
    program = _program(words[0], folder)
    if program is None:
        return Ran(None, 0.0, "", not_found=True)
    seen = _INSIDE if isolated else room
    for name in ("home", "tmp"):
        (room / name).mkdir(exist_ok=True)
    token = secrets.token_hex(16)
    environment = {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "HOME": str(seen / "home"),
        "USERPROFILE": str(seen / "home"),
        **{name: str(seen / "tmp") for name in ("TMPDIR", "TEMP", "TMP")},
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        _MARK: token,
        **{name: value.format(room=seen) for name, value in (more or {}).items()},
    }
    line = [program, *words[1:]]
    if isolated:
        line = [*_walls(room, environment), "--", *line]
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            line,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl+C reaches the parent alone, which ends everything in order
        )
    except OSError:  # a file that may be run and is no program
        return Ran(None, 0.0, "", not_found=True)
    kept = bytearray()
    reader = threading.Thread(target=_drain, args=(process, kept), daemon=True)
    reader.start()
    code: int | None = None
    left: tuple[str, ...] = ()
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(seconds)
            left = _lingering(token)
    finally:
        _end(process, token)
        reader.join(5)
    return Ran(code, time.monotonic() - began, kept.decode(errors="replace"), timed_out=code is None, left=left)


def _program(word: str, folder: Path) -> str | None:
    """The program of a command; every python is the one that runs this, since it has coursekit."""
    if word in ("python", "python3", "py"):
        return sys.executable
    if "/" in word or os.sep in word:
        path = folder / word
        return str(path) if path.is_file() and os.access(path, os.X_OK) else None
    beside = shutil.which(word, path=str(Path(sys.executable).parent))
    return beside or shutil.which(word)


def _walls(room: Path, environment: dict[str, str]) -> list[str]:
    """Bubblewrap's command line: the system and this Python to read, the room to write, no network but loopback."""
    from coursekit.classroom.sandbox.bubblewrap import arguments, sandbox_status
    from coursekit.classroom.sandbox.limits import Limits

    path = sandbox_status().path
    assert path is not None
    line = arguments(path, Limits(), mounts=["--bind", str(room), str(_INSIDE), "--cap-drop", "ALL"])
    line[line.index("--chdir") + 1] = str(_INSIDE / "system")
    return [*line, *(word for name, value in environment.items() for word in ("--setenv", name, value))]


def _drain(process: subprocess.Popen[bytes], kept: bytearray) -> None:
    assert process.stdout is not None
    with contextlib.suppress(OSError, ValueError), process.stdout as stream:
        while chunk := os.read(stream.fileno(), 65_536):
            kept += chunk
            del kept[:-OUTPUT_KEPT]


def _marked(token: str) -> Iterator[psutil.Process]:
    """Processes that carry the mark in their environment, wherever they hide in the tree."""
    import psutil

    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if one.environ().get(_MARK) == token and one.status() != psutil.STATUS_ZOMBIE:
                yield one


def _lingering(token: str) -> tuple[str, ...]:
    """Names of processes that are still there after a moment of grace."""
    import psutil

    until = time.monotonic() + _GRACE_S
    while found := list(_marked(token)):
        if time.monotonic() > until:
            names = []
            for one in found:
                with contextlib.suppress(psutil.Error, OSError):
                    names.append(one.name())
            return tuple(names)
        time.sleep(0.1)
    return ()


def _end(process: subprocess.Popen[bytes], token: str) -> None:
    """End the command with its children, and again until nothing is left: a child may be born while others die."""
    import psutil

    for _ in range(20):
        doomed = list(_marked(token))
        with contextlib.suppress(psutil.Error):
            doomed += psutil.Process(process.pid).children(recursive=True) if process.returncode is None else []
        for one in doomed:
            with contextlib.suppress(psutil.Error, OSError):
                one.kill()
        if process.poll() is None:
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
        if not doomed:
            return
        time.sleep(0.02)
