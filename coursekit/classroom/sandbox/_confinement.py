"""Giving up rights for good: namespaces, identity, capabilities, limits, system calls.

Everything here runs in the forked child, before the first line of a student's code.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import resource
import signal
import stat
import tempfile
from pathlib import Path
from typing import Any

NEW_USER, NEW_NS, NEW_PID, NEW_NET = 0x10000000, 0x00020000, 0x20000000, 0x40000000
NEW_IPC, NEW_UTS, NEW_CGROUP, NEW_TIME = 0x08000000, 0x04000000, 0x02000000, 0x00000080
_PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP, _PR_SET_DUMPABLE = 38, 24, 4
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_FORBIDDEN = """mount umount2 pivot_root chroot setns unshare ptrace process_vm_readv process_vm_writev
kexec_load kexec_file_load init_module finit_module delete_module bpf perf_event_open userfaultfd keyctl
add_key request_key open_by_handle_at name_to_handle_at acct swapon swapoff reboot settimeofday
clock_settime clock_adjtime adjtimex sethostname setdomainname quotactl io_uring_setup io_uring_enter
io_uring_register iopl ioperm move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr
pidfd_getfd process_madvise kcmp lookup_dcookie nfsservctl vhangup syslog personality modify_ldt""".split()
# Memory that is nobody's: no limit and no look at a process counts it. /dev/shm is sized, and does the same.
_UNCOUNTED = "memfd_create memfd_secret shmget msgget".split()
_FAMILIES = {1, 2, 10, 16}  # unix, inet, inet6, netlink: all of them end at the namespace


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapData(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def join_namespaces(pid: int, *, user: bool) -> None:
    """Enter the namespaces that bubblewrap built around a process; needs a single thread."""
    flags = NEW_NS | NEW_PID | NEW_NET | NEW_IPC | NEW_UTS | (NEW_USER if user else 0)
    descriptor = os.pidfd_open(pid)
    try:
        _check(libc.setns(descriptor, flags), "setns")
    finally:
        os.close(descriptor)
    os.chdir("/")


def limit(bounds: dict[str, int]) -> None:
    """Set the kernel's limits; the hard ones too, so that they cannot be raised again."""
    for name, value in bounds.items():
        number = getattr(resource, name)
        hard = resource.getrlimit(number)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (value, value))


def drop_rights(uid: int | None) -> None:
    """Become nobody in particular, without capabilities and without a way to get any."""
    _check(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl(ambient)")
    for capability in range(64):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # the last one that this kernel knows
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    header = _CapHeader(0x20080522, 0)
    nothing = (_CapData * 2)()
    _check(libc.capset(ctypes.byref(header), ctypes.byref(nothing)), "capset")
    _check(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(no_new_privs)")
    # Changing the user made /proc/self root's, which libraries read; RLIMIT_CORE keeps core files away.
    _check(libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl(dumpable)")


def filter_system_calls() -> None:
    """Forbid what no student's code needs and what kernels were broken by."""
    _filter().load()


@functools.cache
def filter_program() -> bytes:
    """The same filter as a program that bubblewrap loads into what it leaves inside."""
    with tempfile.TemporaryFile() as file:
        _filter().export_bpf(file)
        file.seek(0)
        return file.read()


def _filter() -> Any:
    import errno

    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
    deny = seccomp.ERRNO(errno.EPERM)
    for name in (*_FORBIDDEN, *_UNCOUNTED):
        try:
            rules.add_rule(seccomp.ERRNO(errno.ENOSYS) if name in _UNCOUNTED else deny, name)
        except (ValueError, RuntimeError, OSError):
            continue  # a call that this architecture does not have
    new = NEW_USER | NEW_NS | NEW_PID | NEW_NET | NEW_IPC | NEW_UTS | NEW_CGROUP
    for flag in (bit for bit in (1 << position for position in range(32)) if bit & new):
        rules.add_rule(deny, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags lie in memory, where no filter looks
    rules.add_rule(deny, "socket", seccomp.Arg(0, seccomp.GT, max(_FAMILIES)))
    for family in set(range(max(_FAMILIES))) - _FAMILIES:
        rules.add_rule(deny, "socket", seccomp.Arg(0, seccomp.EQ, family))
    rules.add_rule(deny, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, 0x5412))  # TIOCSTI
    return rules


def close_all_but(kept: set[int]) -> None:
    """Close every descriptor but a few; a forgotten one is a way out."""
    for number in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if number not in kept:
            with contextlib.suppress(OSError):  # the one that listed them is closed
                os.close(number)


def reset_signals() -> None:
    """Default handlers, and an interrupt that raises KeyboardInterrupt."""
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # as Python has them: an OSError instead of a death
        signal.signal(number, signal.SIG_IGN)


def bring_files(folder: int, target: Path, *, uid: int | None, room: int) -> None:
    """Copy a staged folder, given as a descriptor, to a place that the student may write."""
    for root, _, names, here in os.fwalk(".", dir_fd=folder, follow_symlinks=False):
        place = target / root
        place.mkdir(parents=True, exist_ok=True)
        if uid is not None:
            os.chown(place, uid, uid)
        for name in names:
            if not stat.S_ISREG(os.stat(name, dir_fd=here, follow_symlinks=False).st_mode):
                continue
            with os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=here), "rb") as source:
                data = source.read(room + 1)
            room -= len(data)
            if room < 0:
                raise OSError(27, "the files of the hand-in do not fit into the working folder")
            (place / name).write_bytes(data)
            if uid is not None:
                os.chown(place / name, uid, uid)


def confine(order: dict[str, Any], kept: set[int]) -> None:
    """The last steps, in an order in which none takes away what a later one needs."""
    close_all_but(kept)
    limit(order["bounds"])
    reset_signals()
    if order["isolated"]:
        drop_rights(order["uid"])
        filter_system_calls()
