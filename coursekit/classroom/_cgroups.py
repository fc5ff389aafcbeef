"""What the kernel's control groups grant and allow to this process: version 2, version 1, or a mix."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc/self")
_UNLIMITED = 1 << 60  # version 1 writes "no limit" as a number near 2**63


@dataclass(frozen=True)
class Controller:
    """One controller, as this process sees it."""

    version: int
    """1 or 2."""
    mount: Path
    """Where its tree is mounted."""
    folder: Path
    """The group of this process in it."""

    @property
    def writable(self) -> bool:
        """Whether this account may make groups below its own and move processes there."""
        return os.access(self.folder, os.W_OK) and os.access(self.folder / "cgroup.procs", os.W_OK)

    @property
    def delegated(self) -> Path | None:
        """The group that systemd has given to this account, if there is one."""
        uid = os.geteuid()
        group = self.mount / "user.slice" / f"user-{uid}.slice" / f"user@{uid}.service"
        return group if self.version == 2 and uid != 0 and os.access(group, os.W_OK) else None

    def above(self) -> Iterator[Path]:
        """The group and all that hold it, up to the mount."""
        yield self.folder
        if self.mount in self.folder.parents:
            for folder in self.folder.parents:
                yield folder
                if folder == self.mount:
                    return


def find(name: str) -> Controller | None:
    """A controller (``memory``, ``pids``, ``cpu``) by its name; None if no tree has it."""
    groups = _groups()
    for version, root, mount, options in _mounts():
        if version == 2:
            folder = _folder(root, mount, groups.get("", "/"))
            if name in _read(folder / "cgroup.controllers").split():
                return Controller(2, mount, folder)
        elif name in options:
            return Controller(1, mount, _folder(root, mount, groups.get(name, "/")))
    return None


def memory_left() -> int | None:
    """Bytes until the tightest memory limit above this process; None without a limit."""
    memory = find("memory")
    if memory is None:
        return None
    limit, usage = ("memory.max", "memory.current") if memory.version == 2 else _VERSION_1
    left = [
        int(most) - int(_read(folder / usage) or 0)
        for folder in memory.above()
        if (most := _read(folder / limit)).isdigit() and int(most) < _UNLIMITED
    ]
    return max(0, min(left)) if left else None


def cores_allowed() -> float | None:
    """Processors' worth of time that the tightest quota above this process allows; None without one."""
    cpu = find("cpu")
    if cpu is None:
        return None
    quotas = []
    for folder in cpu.above():
        if cpu.version == 2:
            told = _read(folder / "cpu.max").split()
        else:
            told = [_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")]
        if len(told) == 2 and all(text.isdigit() for text in told) and int(told[1]):
            quotas.append(int(told[0]) / int(told[1]))
    return min(quotas) if quotas else None


_VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes")


def _mounts() -> Iterator[tuple[int, str, Path, list[str]]]:
    """Version, root, place and controllers of each mounted tree; those that have controllers first."""
    found = []
    for line in _read(PROC / "mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ")
        if len(fields) > 4 and len(kind) > 2 and kind[0] in ("cgroup", "cgroup2"):
            place = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
            found.append((2 if kind[0] == "cgroup2" else 1, fields[3], Path(place), kind[2].split(",")))
    yield from sorted(found, key=lambda one: -one[0])


def _groups() -> dict[str, str]:
    """The group of this process by controller; version 2 has the empty name."""
    groups: dict[str, str] = {}
    for line in _read(PROC / "cgroup").splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        groups |= dict.fromkeys([""] if number == "0" and not names else names.split(","), path)
    return groups


def _folder(root: str, mount: Path, group: str) -> Path:
    """A group's folder; in a container the path may be one of outside, and the mount is the group."""
    inside = group[len(root) :] if root != "/" and group.startswith(root) else group
    folder = mount / inside.lstrip("/")
    return folder if ".." not in folder.parts and folder.is_dir() else mount


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
