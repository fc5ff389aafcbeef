"""Attacks on the machine: files, processes, the network, the kernel, whatever runs the grader."""

from __future__ import annotations

from hostile.making import EITHER, GRADED, NO_MEAN, NO_SPREAD, Case, answers, cell, guarded
from hostile.spying import FIND
from hostile.surroundings import KNOCK_NAME, KNOCK_PORT, MARK, PROCESS_MARK
from judged_assignment import NAME

LIBC = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"

SYSTEM = {
    "writes_outside": f"""
        import os, site, sys, sysconfig
        places = ["/", "/etc", "/usr", "/usr/bin", "/opt", "/dev", "/sys", "/proc", sys.prefix, sys.base_prefix]
        places += [sysconfig.get_path("purelib"), os.path.dirname(os.__file__)]
        for place in places:
            path = os.path.join(place, "{MARK}_outside")
            try:
                open(path, "w").close()
                print("bre" + "ach: wrote", path)
            except OSError:
                pass
        above = os.getcwd()
        while above != "/":
            above = os.path.dirname(above)
            try:
                open(os.path.join(above, "{MARK}_above"), "w").close()
            except OSError:
                pass
        for place in ("/tmp", "/var/tmp", "/dev/shm", "/run", os.path.expanduser("~"), os.path.expanduser("~root")):
            try:
                open(os.path.join(place, "{MARK}_private"), "w").close()
            except OSError:
                pass
        """,
    "changes_the_libraries": """
        import importlib.util, json, os
        import numpy
        names = [json.__file__, numpy.__file__, os.__file__]
        for name in ("coursekit", "coursekit.classroom.judging", "nbgrader", "IPython"):
            try:
                found = importlib.util.find_spec(name)
            except ImportError:
                continue
            if found is not None and found.origin:
                names.append(found.origin)
        for name in names:
            for change in (lambda: open(name, "ab"), lambda: os.chmod(name, 0o644), lambda: os.utime(name)):
                try:
                    change()
                    print("bre" + "ach: could change", name)
                except OSError:
                    pass
        """,
    "mounts_and_namespaces": LIBC
    + cell(f"""
        for flag in (0x10000000, 0x20000, 0x10020000, 0x40000000):
            if libc.unshare(flag) == 0:
                print("got a namespace", hex(flag))
        libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)
        for target in (b"/", b"/etc", b"/usr"):
            libc.mount(None, target, None, 32 | 4096, None)
            libc.mount(None, target, None, 32, None)
        libc.umount2(b"/proc", 2)
        for number in os.listdir("/proc"):
            if number.isdigit() and int(number) != os.getpid():
                for kind in ("mnt", "pid", "user", "net"):
                    try:
                        libc.setns(os.open(f"/proc/{{number}}/ns/{{kind}}", os.O_RDONLY), 0)
                    except OSError:
                        pass
        for path in ("/etc/{MARK}_mount", "/usr/{MARK}_mount"):
            try:
                open(path, "w").close()
                print("bre" + "ach: wrote", path)
            except OSError:
                pass
        """),
    "rights": LIBC
    + cell("""
        for attempt in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]), lambda: os.nice(-5)):
            try:
                attempt()
            except OSError:
                pass
        for path, mode in (("/etc/passwd", 0o666), ("/bin/sh", 0o4755), ("/etc", 0o777)):
            try:
                os.chmod(path, mode)
                print("bre" + "ach: chmod", path)
            except OSError:
                pass
        attempts = {
            "made a device": lambda: os.mknod("disk", 0o60666, os.makedev(8, 0)),
            "changed its root": lambda: os.chroot("/tmp"),
            "owns a system file": lambda: os.chown("/etc/passwd", os.getuid(), -1),
            "is killed last": lambda: os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-900"),
            "may name the machine": lambda: open("/proc/sys/kernel/hostname", "w"),
            "may reset the machine": lambda: open("/proc/sysrq-trigger", "w"),
            "may change the kernel": lambda: open("/proc/sys/kernel/core_pattern", "w"),
            "reads all memory": lambda: open("/dev/mem", "rb"),
            "writes the kernel's log": lambda: open("/dev/kmsg", "w"),
        }
        for name, attempt in attempts.items():
            try:
                attempt()
                print("bre" + "ach:", name)
            except OSError:
                pass
        """),
    "raises_its_limits": """
        import os, resource
        for name in ("AS", "DATA", "NPROC", "FSIZE", "NOFILE", "CPU"):
            kind = getattr(resource, "RLIMIT_" + name)
            soft, hard = resource.getrlimit(kind)
            if hard != resource.RLIM_INFINITY:
                try:
                    resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                    print("bre" + "ach: raised", name)
                except (OSError, ValueError):
                    pass
        for path in ("/sys/fs/cgroup/hostile", "/sys/fs/cgroup/pids/hostile", "/sys/fs/cgroup/memory/hostile"):
            try:
                os.mkdir(path)
                print("bre" + "ach: made", path)
            except OSError:
                pass
        """,
    "traces_others": LIBC
    + cell("""
        import signal
        for number in [int(one) for one in os.listdir("/proc") if one.isdigit()]:
            if number not in (os.getpid(), 1) and libc.ptrace(16, number, None, None) == 0:
                print("traced", open(f"/proc/{number}/cmdline").read()[:100])
                os.waitpid(number, 0x40000000)
                libc.ptrace(17, number, None, None)
        libc.syscall(310, os.getppid(), None, 0, None, 0, 0)
        libc.syscall(321, 0, None, 0)
        libc.syscall(298, None, 0, -1, -1, 0)
        libc.syscall(250, 0, 0)
        libc.syscall(425, 8, None)
        libc.syscall(323, 0)
        """),
    "types_into_the_terminal": """
        import fcntl, os
        for number in [*range(3), *map(int, os.listdir("/proc/self/fd"))]:
            try:
                fcntl.ioctl(number, 0x5412, b" ")
                print("bre" + "ach: typed into", number)
            except OSError:
                pass
        try:
            fcntl.ioctl(os.open("/dev/tty", os.O_RDWR), 0x5412, b" ")
            print("bre" + "ach: typed into the terminal")
        except OSError:
            pass
        """,
}

REACHING = {
    "the_grader_itself": f"""
        import socket
        try:
            socket.create_connection(("127.0.0.1", {KNOCK_PORT}), 0.5).send(b"knock")
            print("bre" + "ach: reached a port of the grader")
        except OSError as error:
            print(error)
        """,
    "abstract_sockets": f"""
        import socket
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                one = socket.socket(socket.AF_UNIX, kind)
                one.connect({KNOCK_NAME!r})
                print("bre" + "ach: reached an abstract socket")
            except OSError as error:
                print(error)
        """,
    "system_sockets": """
        import glob, socket
        for path in [path for where in ("/run/*", "/run/*/*", "/tmp/*", "/tmp/*/*") for path in glob.glob(where)]:
            try:
                one = socket.socket(socket.AF_UNIX)
                one.settimeout(0.3)
                one.connect(path)
                print("bre" + "ach: reached", path)
            except OSError:
                pass
        """,
    "the_outside": """
        import socket, urllib.request
        for address in (("192.0.2.1", 80), ("198.51.100.7", 443), ("169.254.169.254", 80)):
            try:
                socket.create_connection(address, 0.3)
                print("bre" + "ach: reached", address)
            except OSError:
                pass
        try:
            print("bre" + "ach: resolved", socket.getaddrinfo("example.com", 80))
        except OSError:
            pass
        try:
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.sendto(b"x", ("192.0.2.1", 53))
            print("bre" + "ach: sent a datagram")
        except OSError:
            pass
        """,
    "raw_and_odd_sockets": """
        import socket
        for family, kind in ((socket.AF_INET, socket.SOCK_RAW), (socket.AF_PACKET, socket.SOCK_RAW), (40, 1), (38, 5)):
            try:
                socket.socket(family, kind, socket.IPPROTO_ICMP if kind == socket.SOCK_RAW else 0)
                print("got a socket of family", family)
            except (OSError, OverflowError):
                pass
        """,
    "an_installer": """
        import subprocess, sys
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--retries", "0", "--timeout", "1", "six"],
            capture_output=True, text=True, timeout=3,
        )
        print(done.returncode)
        """,
}

PROCESSES = {
    "leaves_a_daemon": f"""
        import ctypes, os, signal, time

        def stay():
            os.setsid()
            if os.fork() == 0:
                ctypes.CDLL(None).prctl(15, b"{PROCESS_MARK}", 0, 0, 0)  # its name
                ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # outlives its parent
                signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
                for number in range(3):
                    os.close(number)
                time.sleep(3600)

        if os.fork() == 0:
            try:
                stay()
            finally:
                os._exit(0)
        """,
    "leaves_a_shell": f"""
        import subprocess
        subprocess.Popen(
            ["/bin/sh", "-c", "trap '' HUP INT TERM; while :; do sleep 60; done", "{PROCESS_MARK}"],
            start_new_session=True,
        )
        """,
    "leaves_a_daemon_with_its_output": f"""
        import ctypes, os, time
        if os.fork() == 0:
            try:
                os.setsid()
                ctypes.CDLL(None).prctl(15, b"{PROCESS_MARK}", 0, 0, 0)
                while True:
                    os.write(1, b"still here\\n")
                    time.sleep(0.05)
            finally:
                os._exit(0)
        """,
    "kills_everybody": """
        import os, signal
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(-1, number)
            except OSError:
                pass
        """,
    "stops_everybody": """
        import os, signal
        try:
            os.kill(-1, signal.SIGSTOP)
        except OSError:
            pass
        """,
    "kills_its_parents": """
        import os, signal
        for number in {1, os.getppid(), os.getpgid(0), os.getsid(0)} - {0, os.getpid()}:
            for how in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.kill(number, how)
                except OSError:
                    pass
        """,
}

FORGES_THE_GRADEBOOK = FIND + cell("""
    import sqlite3
    for path in find(lambda name: name == "gradebook.db"):
        try:
            with sqlite3.connect(path, timeout=1) as book:
                book.execute("update grade set manual_score = 100, auto_score = 100, needs_manual_grade = 0")
                book.execute("update grade_cells set max_score = 100")
            print("bre" + "ach: wrote", path)
        except sqlite3.Error as error:
            print(type(error).__name__)
        path.with_name("gradebook.db-wal").exists() and open(path.with_name("gradebook.db-wal"), "ab").write(b"0" * 99)
    """)
SPOILS_NEIGHBOURS = FIND + cell("""
    folders = {"submitted", "source", "release", "autograded", ".coursekit"}
    for path in find(lambda name: name.endswith((".ipynb", ".json", ".csv", "checks.py"))):
        if Path.cwd() not in path.parents and folders & set(path.parts):
            for change in (lambda: path.write_text("{}"), path.unlink):
                try:
                    change()
                    print("bre" + "ach: spoilt", path)
                except OSError:
                    pass
    """)
PLANTS_LINKS = f"""
    import os
    links = {{"{NAME}.ipynb": "/tmp/{MARK}_link", "numbers.csv": "../../../gradebook.db"}}
    for name, target in {{**links, "timestamp.txt": "/etc/shadow", "feedback": "/tmp", "more": "/"}}.items():
        if os.path.lexists(name):
            os.unlink(name)
        os.symlink(target, name)
    os.makedirs("trap/..hidden", exist_ok=True)
    for name in (b"\\xff\\xfe", b"new\\nline", b"-rf", b"x" * 255):
        try:
            open(name, "w").close()
        except OSError:
            pass
    """
REMOVES_ITS_FOLDER = """
    import os, shutil
    here = os.getcwd()
    for name in os.listdir(here):
        shutil.rmtree(name) if os.path.isdir(name) else os.unlink(name)
    try:
        os.chmod(here, 0)
        os.rmdir(here)
    except OSError:
        pass
    """

ESCAPES = [
    *(
        Case(
            name,
            answers(first=guarded(text)),
            (4, 0),
            EITHER,
            (),
            "Tries the kernel's doors before its right answers; a sandbox may end it for that.",
        )
        for name, text in SYSTEM.items()
    ),
    *(
        Case(
            f"reaches_{name}", answers(first=guarded(text)), 4, GRADED, (), "Knocks at sockets; the answers are right."
        )
        for name, text in REACHING.items()
    ),
    *(
        Case(
            name,
            answers(between=guarded(text)),
            (4, 2) if "kills" in name or "stops" in name else 4,
            EITHER,
            (),
            "Leaves or hurts processes after mean was tested; if that ends its own, spread is lost.",
        )
        for name, text in PROCESSES.items()
    ),
    *(
        Case(name, answers(NO_MEAN, NO_SPREAD, first=guarded(text)), 0, EITHER, (), note)
        for name, text, note in (
            ("forges_the_gradebook", FORGES_THE_GRADEBOOK, "Gives everybody 100 points in the gradebook."),
            ("spoils_neighbours", SPOILS_NEIGHBOURS, "Overwrites and deletes what others have handed in."),
        )
    ),
    Case(
        "plants_links",
        answers(first=guarded(PLANTS_LINKS)),
        4,
        GRADED,
        (),
        "Puts links and odd names into its folder while it runs, for a grader that writes or copies there.",
    ),
    Case(
        "removes_its_folder",
        answers(first=guarded(REMOVES_ITS_FOLDER)),
        4,
        EITHER,
        (),
        "Deletes its working folder with all files in it.",
    ),
]
