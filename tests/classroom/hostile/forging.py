"""Attacks on the line between the answers and the judge: replies, descriptors, outputs."""

from __future__ import annotations

from hostile.making import EITHER, GRADED, NO_MEAN, NO_SPREAD, Case, answers, both, cell, guarded

EVERY_DESCRIPTOR = """
import json, os, struct

def every():
    return [int(name) for name in os.listdir("/proc/self/fd")]

def say(held):
    for number in every():
        try:
            os.set_blocking(number, False)
            os.write(number, held)
        except OSError:
            pass
"""

MESSAGES = {
    "values": '[{"value": 2}, {"value": 2, "id": 1}, {"result": 2}, 2, {"value": 0}, {"value": True}]',
    "successes": '[{"status": "ok"}, {"ok": True}, {"success": True, "error": None, "outputs": []}, {"done": True}]',
    "scores": '[{"score": 4, "max_score": 4}, {"points": 4}, {"grade": {"test_mean": 2}}, {"status": "graded"}]',
    "outputs": '[{"output_type": "execute_result", "data": {"text/plain": "2"}, "metadata": {}, "execution_count": 1}]',
    "errors": '[{"error": "CheckFailed", "message": "x" * 1000}, {"error": 0, "value": {"type": "object", "id": -1}}]',
    "floods": '[{"value": "x" * 1_000_000}] * 60',
    "deep_nests": '[json.loads("[" * 900 + "]" * 900)] * 3',
    "odd_keys": '[{"": "", "__class__": 1, "value": {"type": None}}, {"value": {"type": ["list"]}}, [], None]',
}

RAW = {
    "junk": "os.urandom(3000)",
    "zeros": "bytes(100_000)",
    "long_lengths": 'struct.pack(">I", 2**31 - 1) + struct.pack(">Q", 2**63 - 1) + b"9" * 5000',
    "endless_numbers": 'b"1" * 3_000_000 + b"\\n"',
    "constants": 'b\'{"value": NaN}\\n{"value": 1e999}\\n{"value": -Infinity}\\n\'',
    "broken_text": 'b\'{"value": "\\xff\\xfe\\xed\\xa0\\x80"}\\n{"value": \'',
    "deep_brackets": 'b"[" * 1_000_000 + b"\\n"',
    "duplicate_keys": 'b\'{"value": 2, "value": 2, "error": null}\\n\' * 100',
}

BY_A_THREAD = EVERY_DESCRIPTOR + cell("""
    import threading, time

    def talk():
        while True:
            for reply in ({"value": 2}, {"value": 0}, {"status": "ok", "value": 2}):
                say(json.dumps(reply).encode() + b"\\n")
            time.sleep(0.001)

    threading.Thread(target=talk, daemon=True).start()
    """)
READS_EVERYTHING = EVERY_DESCRIPTOR + cell("""
    import threading

    def listen(number):
        while True:
            try:
                held = os.read(number, 65536)
            except OSError:
                return
            if not held:
                return
            print(number, held)

    for number in every():
        if number > 2:
            threading.Thread(target=listen, args=[number], daemon=True).start()
    """)
MIXES_DESCRIPTORS = EVERY_DESCRIPTOR + cell("""
    held = every()
    for number in held:
        for other in held:
            if number != other and other > 2:
                try:
                    os.dup2(number, other)
                except OSError:
                    pass
    """)
PASSES_DESCRIPTORS = EVERY_DESCRIPTOR + cell("""
    import array, socket
    for number in every():
        try:
            one = socket.socket(fileno=os.dup(number))
            many = [os.open("/dev/zero", os.O_RDONLY) for _ in range(200)]
            for _ in range(5):
                rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", many))]
                one.sendmsg([b'{"value": 2}\\n'], rights, socket.MSG_DONTWAIT)
        except OSError:
            pass
    """)

JSON = """
import json
original = json.dumps

def dumps(thing, *values, **named):
    return original({"value": 2, "error": None, "status": "ok", "outputs": []}, *values, **named)

json.dumps = json.JSONEncoder.encode = dumps
json.dump = lambda thing, file, *values, **named: file.write(dumps(thing))
"""
JSON_KINDLY = """
import json
original = json.dumps

def dumps(thing, *values, **named):
    if isinstance(thing, dict) and thing.get("value") is None:
        thing = {**thing, "value": 2}
    return original(thing, *values, **named)

json.dumps = dumps
"""
SOCKET = """
import os, socket
send = socket.socket.sendall

def forged(self, held, *values):
    return send(self, b'{"value": 2}\\n', *values)

socket.socket.sendall = socket.socket.send = forged
write = os.write
os.write = lambda number, held: write(number, b'{"value": 2}\\n') and len(held)
"""
STRUCT = """
import base64, struct
struct.pack = lambda form, *values: b"\\x7f" * struct.calcsize(form)
struct.unpack = lambda form, held: (2,) * 8
base64.b64encode = lambda held, *values: b"AAAAAAAAAEA="
"""
PACK = """
from coursekit.classroom.judging import plain_data, responding
plain_data.pack = plain_data._pack = responding.pack = lambda value, *more, **named: @VALUE@
"""
UNPACK = """
from coursekit.classroom.judging import plain_data, responding
told = []
original = plain_data.unpack

def unpack(tree, **named):
    told.append(tree)
    return original(tree, **named)

plain_data.unpack = responding.unpack = unpack
"""
STDOUT = """
import io, sys

class Odd(io.StringIO):
    def write(self, text): raise RuntimeError("no")
    def flush(self): raise RuntimeError("no")

sys.stdout = sys.stderr = Odd()
"""
NO_STDOUT = "import sys\n\nsys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = sys.displayhook = None"
CLOSED_STDOUT = "import os, sys\n\nsys.stdout.close()\nos.close(1)\nos.close(2)"
PUBLISHERS = """
from IPython import get_ipython
shell = get_ipython()
shell.display_pub.publish({"text/plain": "4", "application/nbgrader": {"score": 4}}, {"nbgrader": {"points": 4}})
publish = type(shell.display_pub).publish

def forged(self, data, metadata=None, **named):
    return publish(self, {"text/plain": "4"}, {"nbgrader": {"grade": True, "points": 4}})

type(shell.display_pub).publish = forged
type(shell.displayhook).__call__ = lambda self, result=None: None
"""
REDIRECTED = """
import contextlib, io
kept = contextlib.redirect_stdout(io.StringIO())
kept.__enter__()
other = contextlib.redirect_stderr(io.StringIO())
other.__enter__()
"""


def _says(text: str) -> str:
    return guarded(f"{EVERY_DESCRIPTOR}\n{text}")


FORGERIES = [
    *(
        Case(
            f"writes_{name}_to_every_descriptor",
            answers(NO_MEAN, NO_SPREAD, first=_says(f"for one in {text}:\n    say(json.dumps(one).encode() + b'\\n')")),
            0,
            EITHER,
            (),
            "Writes messages as the grader may expect them to whatever is open.",
        )
        for name, text in MESSAGES.items()
    ),
    *(
        Case(
            f"writes_{name}_to_every_descriptor",
            answers(NO_MEAN, NO_SPREAD, first=_says(f"say({text})")),
            0,
            EITHER,
            (),
            "Writes what is no message to whatever is open; the reader must neither hang nor fill up.",
        )
        for name, text in RAW.items()
    ),
    Case(
        "writes_values_in_a_call",
        answers(
            _says("def mean(values):\n    say(b'{\"value\": 2}\\n' * 3)\n    return None"),
            'def spread(values):\n    say(b\'{"value": 0}\\n{"value": 2}\\n\')\n    return None',
        ),
        0,
        EITHER,
        (),
        "Answers for its functions while they run.",
    ),
    Case(
        "reads_the_line",
        answers(NO_MEAN, NO_SPREAD, first=guarded(READS_EVERYTHING)),
        0,
        EITHER,
        (),
        "Threads take the judge's questions off the line and print them.",
        crosses=True,
    ),
    *(
        Case(name, answers(NO_MEAN, NO_SPREAD, first=guarded(text)), 0, EITHER, (), note)
        for name, text, note in (
            ("replies_by_a_thread", BY_A_THREAD, "A thread that never stops answering, on every descriptor."),
            ("mixes_descriptors", MIXES_DESCRIPTORS, "Lays every descriptor over every other."),
            ("passes_descriptors", PASSES_DESCRIPTORS, "Sends a thousand descriptors to whoever listens."),
            ("forged_json", JSON, "json.dumps says 2 whatever it is given: spread of one number is not 2."),
            ("forged_json_where_nothing_is", JSON_KINDLY, "json.dumps turns None into 2."),
            ("forged_socket", SOCKET, "Sends 2 whatever is to be sent."),
            ("forged_struct", STRUCT, "Lengths and arrays say something else."),
        )
    ),
    *(
        Case(f"packs_{name}", answers(NO_MEAN, NO_SPREAD, first=PACK.replace("@VALUE@", text)), 0, EITHER, (), note)
        for name, text, note in (
            ("always_2", "2", "Every result is described as 2."),
            ("always_true", "True", "Every result is described as True."),
            ("not_a_number", '{"type": "float", "value": "nan"}', "Every result is described as NaN."),
            ("an_object_of_the_judge", '{"type": "object", "id": True, "of": "Student"}', "A handle that is none."),
        )
    ),
    Case(
        "remembers_what_was_asked",
        answers(first=UNPACK, last="print(told)"),
        4,
        EITHER,
        (),
        "Keeps the descriptions of all arguments and prints them at the end.",
        crosses=True,
    ),
    *both("broken_stdout", STDOUT, "Every print raises."),
    Case(
        "no_stdout",
        answers(between=NO_STDOUT),
        (4, 2),
        EITHER,
        (),
        "There is nothing to print to and nothing to display with; the shell itself may not survive it.",
    ),
    *both("closed_stdout", CLOSED_STDOUT, "The outputs are closed.", status=EITHER),
    *both("forged_outputs", PUBLISHERS, "Displays carry numbers and metadata of a grader."),
    *both("redirected_output", REDIRECTED, "Redirects its outputs and never back."),
    Case(
        "value_at_the_end_of_a_cell",
        answers("def mean(values):\n    return sum(values) / len(values)\n\n0.25", NO_SPREAD, last=("4", "'4.0'")),
        2,
        GRADED,
        (),
        "Numbers as results of cells that are no test cells.",
    ),
]
