"""Attacks on whatever decides: the shell, the built-ins, the libraries, the checks themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hostile.making import (
    EITHER,
    GRADED,
    MEAN,
    NO_MEAN,
    NO_SPREAD,
    SPREAD,
    Case,
    answers,
    both,
    cheat,
    guarded,
    own,
    spoilt,
)

SHELL = "from IPython import get_ipython\n\nshell = get_ipython()\n"

INPUT_TRANSFORMER = (
    SHELL
    + """
def blank(lines):
    told = "".join(lines)
    return ["pass\\n"] if "require" in told or "assert" in told else lines

shell.input_transformers_post.append(blank)
"""
)
INPUT_CLEANUP = SHELL + 'shell.input_transformers_cleanup.insert(0, lambda lines: ["pass\\n"])'
AST_TRANSFORMER = (
    SHELL
    + """
import ast

class Strip(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)

    def visit_Expr(self, node):
        told = ast.dump(node)
        return ast.copy_location(ast.Pass(), node) if "'require'" in told or "'hidden_check'" in told else node

shell.ast_transformers.append(Strip())
"""
)
RUN_CELL = (
    SHELL
    + """
original = type(shell).run_cell

def run_cell(self, text, *values, **named):
    if "require" in text or "assert" in text:
        text = "pass"
    return original(self, text, *values, **named)

type(shell).run_cell = run_cell
"""
)
RUN_CODE = (
    SHELL
    + """
async def run_code(self, code, result=None, **named):
    return False

type(shell).run_code = run_code
type(shell).run_ast_nodes = run_code
"""
)
HOOKS = (
    SHELL
    + """
def before(info):
    info.raw_cell = "pass"

def after(result):
    result.error_in_exec = result.error_before_exec = None

shell.events.register("pre_run_cell", before)
shell.events.register("post_run_cell", after)
"""
)
SWALLOW = (
    SHELL
    + """
shell.set_custom_exc((Exception,), lambda shell, kind, value, trace, tb_offset=None: None)
type(shell).showtraceback = type(shell)._showtraceback = lambda self, *values, **named: None
"""
)

ISINSTANCE = """
import builtins
original, kind_of = builtins.isinstance, builtins.type
builtins.isinstance = lambda thing, kind: kind_of(thing).__name__ == "Lie" or original(thing, kind)
"""
ASSERTION_ERROR = """
import builtins
builtins.AssertionError = type("Silent", (Exception,), {"__init__": lambda self, *said: None})
"""
COMPILE_EXEC = """
import builtins

def skipping(original):
    def run(source, *values, **named):
        told = source if type(source) is str else ""
        return original("pass" if "require" in told or "assert" in told else source, *values, **named)
    return run

for name in ("compile", "exec", "eval"):
    setattr(builtins, name, skipping(getattr(builtins, name)))
"""
OPTIMIZED = """
import builtins
original = builtins.compile
builtins.compile = lambda *values, **named: original(*values, **{**named, "optimize": 2})
"""
ABS = "import builtins\nbuiltins.abs = lambda x: 0"
IMPORT = """
import builtins
original = builtins.__import__

def import_(name, *values, **named):
    module = original(name, *values, **named)
    if hasattr(module, "require"):
        module.require = module.hidden_check = lambda *values: None
    return module

builtins.__import__ = import_
"""
COMPARING = """
import math
import numpy as np
math.isclose = np.isclose = np.allclose = np.array_equal = lambda *values, **named: True
"""
NUMPY_TESTING = """
import numpy as np
import numpy.testing
for name in dir(numpy.testing):
    if name.startswith("assert_"):
        setattr(numpy.testing, name, lambda *values, **named: None)
"""
JUDGING = """
import coursekit.classroom.judging as judging
from coursekit.classroom.judging import asking, checks
for module in (judging, checks, asking):
    module.require = module.hidden_check = lambda *values: None
asking.Student.__getattr__ = lambda self, name: lambda *values: 2
require = hidden_check = lambda *values: None
"""
FAKE_CHECKS = """
import os, sys, types
fake = types.ModuleType("checks")
fake.check_mean = fake.check_spread = lambda student: None
for name in ("coursekit_judge_checks", "checks"):
    sys.modules[name] = fake
with open("checks.py", "w") as file:
    file.write("check_mean = check_spread = lambda student: None\\n")
os.environ["COURSEKIT_CHECKS"] = os.path.abspath("checks.py")
"""
SETUP_NAMES = """
class Yes:
    def __getattr__(self, name): return lambda *values, **named: 2

student, numbers, NUMBER = Yes(), [2], object
require = hidden_check = print
"""
TRACING = """
import sys, threading
calls = []

def watch(frame, event, value):
    calls.append(frame.f_code.co_name)
    if event == "return" and frame.f_code.co_name == "require":
        frame.f_trace = None
    return watch

sys.settrace(watch)
sys.setprofile(watch)
threading.settrace(watch)
threading.setprofile(watch)
"""
FAKE_LINE = """
class Line:
    def request(self, message):
        return {"value": 2} if message["do"] == "call" else {"callable": True}

    def sources(self):
        return []

__judge_line__ = Line()
"""
NO_MODULE = """
import sys
for name in ("coursekit", "coursekit.classroom", "coursekit.classroom.judging"):
    sys.modules[name] = None
"""
NO_EXIT = """
import atexit, os, sys
os._exit = sys.exit = os.abort = os.kill = lambda *values: None
atexit.register(lambda: print("bye"))
atexit.register(lambda: os.write(1, b"bye"))
"""
IMPORT_HOOK = """
import importlib.abc, importlib.machinery, sys

class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name in ("checks", "coursekit_judge_checks") else None

    def create_module(self, spec): return None

    def exec_module(self, module): module.check_mean = module.check_spread = lambda student: None

sys.meta_path.insert(0, Finder())
"""
DISPLAYED_POINTS = """
from IPython import get_ipython

def mean(values):
    get_ipython().displayhook(2)
    return None
"""
PUBLISHED_POINTS = """
from IPython import get_ipython

def mean(values):
    hook = get_ipython().displayhook
    hook.start_displayhook()
    hook.write_format_data({"text/plain": "2"})
    hook.finish_displayhook()
    raise ValueError("nothing")
"""

RESPONDER = """
from coursekit.classroom.judging import responding
responding.Responder.answer = lambda self, message: @REPLY@
"""
REPLIES = {
    "a_constant": '{"value": 2}',
    "no_error": '{"value": None, "error": None, "status": "ok", "outputs": [], "points": 4, "score": 4}',
    "a_callable": '{"callable": True, "value": {"type": "object", "id": 0, "of": "float"}}',
    "a_bad_tree": '{"value": {"type": "array", "dtype": "<f8", "shape": [-1], "data": "!"}}',
    "an_unknown_type": '{"value": {"type": "module", "of": "os"}}',
    "no_dictionary": "[2]",
    "nothing": "None",
    "an_error_of_the_judge": '{"error": "SystemExit", "message": "0", "missing": 1}',
    "a_table_of_nonsense": '{"value": {"type": "DataFrame", "columns": [{"values": 3}], "index": 1, "names": {}}}',
    "gigabytes_in_thirty_bytes": '{"value": {"type": "array", "dtype": "|S0", "shape": [2 * 10**9], "data": ""}}',
    "a_loop": '(lambda loop: (loop.append(loop), {"value": loop})[1])([])',
}


def _first(text: str) -> Callable[[Any], None]:
    return lambda done: done.cells.insert(0, own(0, text))


PATCHES = [
    *both("input_transformer", INPUT_TRANSFORMER, "Blanks cells that check something before they run."),
    cheat("input_cleanup", INPUT_CLEANUP, "Blanks every cell after it, its own functions with them."),
    *both("ast_transformer", AST_TRANSFORMER, "Strips asserts and requires from the syntax tree."),
    *both("run_cell", RUN_CELL, "Replaces the shell's run_cell."),
    cheat("run_code", RUN_CODE, "Makes the shell run nothing and report success."),
    *both("cell_hooks", HOOKS, "Rewrites cells and results in pre_run_cell and post_run_cell."),
    *both("swallowed_errors", SWALLOW, "Makes the shell swallow every exception."),
    *both("patched_isinstance", ISINSTANCE, "One class is an instance of everything."),
    Case(
        "patched_isinstance_lie",
        answers(
            "class Lie:\n    __eq__ = lambda self, other: True\n\ndef mean(values):\n    return Lie()", first=ISINSTANCE
        ),
        2,
        GRADED,
        (),
        "Returns the class that isinstance takes for everything; spread is right.",
    ),
    *both("patched_assertion_error", ASSERTION_ERROR, "Failed asserts raise something else."),
    *both("patched_compile_and_exec", COMPILE_EXEC, "Compiles an empty cell where a check stands."),
    *both("optimizing_compiler", OPTIMIZED, "Compiles as python -OO does: without asserts."),
    *both("patched_abs", ABS, "Every difference is 0."),
    *both("patched_import", IMPORT, "Whoever imports require gets one that requires nothing."),
    *both("patched_comparisons", COMPARING, "math.isclose and numpy's are always true."),
    *both("patched_numpy_testing", NUMPY_TESTING, "numpy.testing asserts nothing."),
    *both("patched_judging", JUDGING, "Empties the words of the checks, Student with them."),
    *both("fake_checks", FAKE_CHECKS, "Puts checks of its own where they are looked for."),
    *both("setup_names", SETUP_NAMES, "Redefines what the locked setup cell defined."),
    *both("tracing", TRACING, "Traces and profiles every call in every thread."),
    *both("no_exit", NO_EXIT, "Takes away the ways to leave, prints when Python ends."),
    *both("import_hook", IMPORT_HOOK, "Delivers checks of its own to whoever imports them."),
    *(
        Case(
            f"{name}_before_the_setup_{kind}",
            spoilt(_first(trick), mean=mean, spread=spread),
            score,
            GRADED,
            (),
            "Stands above the locked setup cell, which runs beside the answers too.",
        )
        for name, trick in (("fake_line", FAKE_LINE), ("no_module", NO_MODULE))
        for kind, mean, spread, score in (("wrong", NO_MEAN, NO_SPREAD, 0), ("right", MEAN, SPREAD, 4))
    ),
    cheat("patched_isinstance_always", "import builtins\nbuiltins.isinstance = lambda *values: True", "All is all."),
    cheat("patched_type", "import builtins\nbuiltins.type = lambda thing, *more: int", "Everything is an int."),
    cheat("patched_len", "import builtins\nbuiltins.len = lambda thing: 1", "Every length is 1."),
    cheat(
        "patched_numbers",
        "import builtins\nbuiltins.float = builtins.int = builtins.bool = object",
        "The types that results are sorted by are gone.",
    ),
    cheat(
        "changed_small_integers",
        "import ctypes\nfor wrong in (0, 1, 3, 4):\n    ctypes.memmove(id(wrong) + 24, id(2) + 24, 4)",
        "Makes 0, 1, 3 and 4 equal to 2 in the memory of its process.",
    ),
    *(
        cheat(f"answers_{name}", RESPONDER.replace("@REPLY@", reply), "Replaces what answers the judge.")
        for name, reply in REPLIES.items()
    ),
    Case(
        "displayed_points",
        answers(DISPLAYED_POINTS, NO_SPREAD),
        0,
        GRADED,
        (),
        "Displays 2 as a result while its test runs: nbgrader takes a displayed number for points.",
    ),
    Case(
        "published_points",
        answers(PUBLISHED_POINTS, NO_SPREAD),
        0,
        GRADED,
        (),
        "Publishes the result 2 and then fails: the first output decides in nbgrader.",
    ),
    Case(
        "knows_the_visible_checks",
        answers("def mean(values):\n    return 2", "def spread(values):\n    return 2 if len(values) == 3 else 0"),
        1,
        GRADED,
        (),
        "Answers what it could read; the visible check of spread is honestly passed.",
    ),
    Case(
        "right_once",
        answers("seen = []\n\ndef mean(values):\n    seen.append(1)\n    return 2 if len(seen) == 1 else 0"),
        2,
        GRADED,
        (),
        "Right at the first call only; spread is right.",
    ),
    Case(
        "overwritten_after_the_tests",
        answers(last=("mean = spread = None", "del mean, spread")),
        4,
        GRADED,
        (),
        "Uses the names for something else when the tests are through: the cells count in their order.",
    ),
    Case(
        "overwritten_before_the_tests",
        answers(between="mean = 3"),
        4,
        GRADED,
        (),
        "Overwrites mean after the test of mean.",
    ),
    Case(
        "answers_twice",
        answers(NO_MEAN, NO_SPREAD, first=guarded("import os\nos.fork()")),
        0,
        EITHER,
        (),
        "From here on two processes answer the judge.",
    ),
]
