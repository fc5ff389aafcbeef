"""Attacks that use up or end: time, memory, processes, disk, the process itself."""

from __future__ import annotations

from hostile.making import EITHER, GRADED, MEAN, NO_MEAN, PARTLY, SPREAD, Case, answers, cell, guarded

ENDLESS = {
    "loop": "while True:\n    pass",
    "sleep": "import time\ntime.sleep(10**6)",
    "loop_that_catches_everything": """
        def forever():
            while True:
                try:
                    while True:
                        pass
                except BaseException:
                    continue
        forever()
        """,
    "loop_that_ignores_signals": """
        import signal
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGXCPU, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.alarm(0)
        while True:
            pass
        """,
    "loop_that_blocks_signals": """
        import signal
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
        while True:
            pass
        """,
    "loop_in_c": 'import re\nre.match("(a+)+$", "a" * 60 + "b")',
    "long_arithmetic": "len(str(3 ** 10**9))",
    "wait_in_c": "import ctypes\nctypes.CDLL(None).pause()",
    "deadlock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "wait_for_a_thread_of_its_own": """
        import threading, time
        thread = threading.Thread(target=time.sleep, args=[10**6])
        thread.start()
        thread.join()
        """,
    "wait_for_a_pipe": "import os\nread, write = os.pipe()\nos.read(read, 1)",
    "wait_for_a_fifo": 'import os\nos.mkfifo("fifo")\nopen("fifo").read()',
    "stopped_clock": """
        import time
        time.time = time.monotonic = time.perf_counter = lambda: 0.0
        while True:
            pass
        """,
    "output": "while True:\n    print('가나다' * 1000)",
    "async": "import asyncio\nawait asyncio.sleep(10**6)",
    "stops_itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "child_that_is_waited_for": 'import subprocess\nsubprocess.run(["sleep", "1000000"])',
    "shell_that_waits": "!sleep 1000000",
}
"""None of it ever ends; it is stopped by the limit or by nothing."""

ENDS = {
    "os_exit": "import os\nos._exit(0)",
    "abort": "import os\nos.abort()",
    "segfault": "import ctypes\nctypes.string_at(0)",
    "segfault_of_faulthandler": "import faulthandler\nfaulthandler._sigsegv()",
    "kills_itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "terminates_itself": "import os, signal\nsignal.signal(15, signal.SIG_DFL)\nos.kill(os.getpid(), signal.SIGTERM)",
    "alarm_for_itself": "import signal, time\nsignal.signal(14, signal.SIG_DFL)\nsignal.alarm(1)\ntime.sleep(10**6)",
    "becomes_another_program": 'import os\nos.execv("/bin/true", ["true"])',
    "stack_overflow_in_c": """
        import ctypes
        def again(*values):
            return call(0)
        call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(again)
        import sys
        sys.setrecursionlimit(10**9)
        call(0)
        """,
    "closes_every_descriptor": "import os\nos.closerange(0, 65536)",
    "ends_python": "import ctypes\nctypes.pythonapi.Py_Exit(0)",
}
"""The process is gone, and with it all that its cells have defined."""

MAY_BE_REFUSED = {"child_that_is_waited_for", "shell_that_waits", "becomes_another_program", "stack_overflow_in_c"}

BOMBS = {
    "memory_bomb": """
        kept = []
        for _ in range(64):
            kept.append(bytearray(b"x") * (128 << 20))
        """,
    "memory_bomb_of_a_mapping": """
        import mmap
        kept = []
        for _ in range(64):
            kept.append(mmap.mmap(-1, 128 << 20))
            for page in range(0, 128 << 20, 4096):
                kept[-1][page] = 1
        """,
    "memory_bomb_of_arrays": """
        import numpy as np
        kept = [np.ones(16 << 20) for _ in range(64)]
        """,
    "memory_bomb_in_children": """
        import os, time
        for _ in range(8):
            if os.fork() == 0:
                try:
                    kept = bytearray(b"x") * (512 << 20)
                    time.sleep(20)
                finally:
                    os._exit(0)
        os.wait()
        """,
    "fork_bomb": """
        import os, time
        for _ in range(12):
            try:
                os.fork()
            except OSError:
                pass
        time.sleep(10**6)
        """,
    "fork_bomb_of_shells": """
        import subprocess
        kept = []
        for _ in range(3000):
            try:
                kept.append(subprocess.Popen(["sleep", "1000000"]))
            except OSError:
                break
        kept[0].wait()
        """,
    "recursion": "def down(n):\n    return down(n + 1)\n\ndown(0)",
    "recursion_without_a_limit": """
        import sys
        sys.setrecursionlimit(10**9)
        def down(n):
            return down(n + 1)
        down(0)
        """,
    "a_list_of_all_numbers": "list(range(10**11))",
    "a_dictionary_of_texts": "kept = {n: str(n) * 100 for n in range(10**9)}",
    "parser_bomb": 'eval("(" * 90 + "1" + ")" * 90)\neval("-" * 3_000_000 + "1")',
    "format_bomb": 'f"{1:{10**10}}"',
    "zip_bomb": """
        import zlib
        packed = zlib.compress(b"0" * (64 << 20), 9)
        kept = [zlib.decompress(packed) for _ in range(128)]
        """,
}
"""Stands where spread should be; what comes of it (an error, a limit, a crash) is all the same."""

FILLING = {
    "a_file_of_3_gb": """
        with open("big.bin", "wb") as file:
            for _ in range(3 << 10):
                file.write(b"1" * (1 << 20))
        print("bre" + "ach: wrote 3 GB")
        """,
    "a_sparse_file_of_a_terabyte": """
        import os
        with open("sparse.bin", "wb") as file:
            file.truncate(1 << 40)
        """,
    "fills_the_temporary_places": """
        for place in ("/dev/shm", "/tmp", "/var/tmp", "."):
            try:
                with open(f"{place}/hostile_mark_full", "wb") as file:
                    for _ in range(2 << 10):
                        file.write(b"1" * (1 << 20))
            except OSError as error:
                print(place, error)
        """,
    "many_small_files": """
        import os
        os.mkdir("many")
        for number in range(60_000):
            os.close(os.open(f"many/{number}", os.O_CREAT))
        """,
    "a_deep_folder": """
        import os
        here = os.getcwd()
        try:
            for _ in range(3000):
                os.mkdir("down")
                os.chdir("down")
        finally:
            os.chdir(here)
        """,
    "a_folder_without_rights": """
        import os
        os.makedirs("locked/inside")
        open("locked/inside/file", "w").close()
        os.chmod("locked/inside", 0)
        os.chmod("locked", 0)
        """,
    "many_open_files": """
        import os
        kept = []
        while len(kept) < 100_000:
            kept.append(os.open("/dev/null", os.O_RDONLY))
        """,
    "shared_memory": """
        from multiprocessing import shared_memory
        kept = [shared_memory.SharedMemory(create=True, size=512 << 20) for _ in range(8)]
        for one in kept:
            one.buf[:] = bytes(len(one.buf))
        """,
    "many_threads": """
        import threading
        wait = threading.Event()
        try:
            for _ in range(20_000):
                threading.Thread(target=wait.wait, daemon=True).start()
        except RuntimeError as error:
            print(error)
        """,
    "many_pipes_and_sockets": """
        import os, socket
        kept = []
        while len(kept) < 30_000:
            kept.append((os.pipe(), socket.socketpair()))
        """,
}
"""A cell between the answers; the error that it meets is its own, the answers are right."""


def _in_a_call(text: str) -> str:
    body = "\n".join(f"    {line}" if line else "" for line in cell(text).split("\n"))
    return f"def spread(values):\n{body}\n    return max(values) - min(values)"


EXHAUSTION = [
    *(
        Case(
            f"endless_{name}",
            answers(spread=text),
            2,
            EITHER if name in MAY_BE_REFUSED else PARTLY,
            (),
            "A cell that never ends; mean is earned before.",
        )
        for name, text in ENDLESS.items()
    ),
    *(
        Case(
            f"endless_{name}_in_a_call",
            answers(spread=_in_a_call(ENDLESS[name])),
            2,
            PARTLY,
            (),
            "The function never ends when a check calls it; mean is earned before.",
        )
        for name in (
            "loop",
            "loop_that_catches_everything",
            "loop_that_ignores_signals",
            "loop_that_blocks_signals",
            "loop_in_c",
            "wait_in_c",
            "output",
            "stops_itself",
        )
    ),
    Case(
        "endless_mean_and_right_spread",
        answers("def mean(values):\n    while True:\n        pass", SPREAD),
        (2, 0),
        PARTLY,
        (),
        "The first function never ends, the second is right: 2, or 0 where a stop ends the whole run.",
    ),
    Case(
        "endless_for_unknown_numbers",
        answers("def mean(values):\n    while values != [3, 1, 2]:\n        pass\n    return 2", SPREAD),
        (2, 0),
        PARTLY,
        (),
        "Never ends for the hidden numbers only.",
    ),
    *(
        Case(
            name,
            answers(spread=guarded(text)),
            2,
            EITHER if name in MAY_BE_REFUSED else PARTLY,
            (),
            "Ends its own process where spread should be.",
        )
        for name, text in ENDS.items()
    ),
    *(
        Case(
            f"{name}_in_a_call",
            answers(spread=_in_a_call(ENDS[name])),
            2,
            PARTLY,
            (),
            "Ends its own process when a check calls it.",
        )
        for name in ("os_exit", "segfault", "kills_itself", "becomes_another_program", "closes_every_descriptor")
    ),
    Case(
        "ends_before_anything_was_earned",
        answers(first="import os\n\nos._exit(0)"),
        0,
        PARTLY,
        (),
        "Ends its process in the first cell: nothing of the right answers ever runs.",
    ),
    *(
        Case(
            name, answers(spread=guarded(text)), 2, EITHER, (), "Stands where spread should be; mean is earned before."
        )
        for name, text in BOMBS.items()
    ),
    Case(
        "memory_bomb_in_a_call",
        answers(spread=_in_a_call(BOMBS["memory_bomb"])),
        (2, 4),
        EITHER,
        (),
        "Asks for 8 GB in a call; an error or the end, unless so much is allowed.",
    ),
    Case(
        "fork_bomb_of_wrong_answers",
        answers(NO_MEAN, guarded(BOMBS["fork_bomb"])),
        0,
        EITHER,
        (),
        "The table's fork bomb: nothing is right, and nobody else is to wait for it.",
    ),
    *(
        Case(name, answers(between=guarded(text)), (4, 2), EITHER, (), "Fills what it can before its right spread.")
        for name, text in FILLING.items()
    ),
    Case(
        "uses_much_but_not_too_much",
        answers(MEAN, SPREAD, between="import numpy as np\n\nkept = np.ones(20 << 20)\nprint(len(kept))"),
        4,
        GRADED,
        (),
        "160 MB are an honest need.",
    ),
]
