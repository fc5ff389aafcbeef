"""A hand-in that speaks the protocol itself: what it may say is its answer, and nothing else counts."""

from __future__ import annotations

import json

import assignments
import judged_assignment
import nbformat
import pytest

from coursekit.classroom.course import create_course
from coursekit.classroom.feedback import clean_html, write_feedback
from coursekit.classroom.grading import grade
from coursekit.classroom.grading._executing import _secret_seed
from coursekit.classroom.intake import LARGEST_TOTAL, digest_tree, take_in
from coursekit.classroom.restoring import UnreadableError, read_submission
from coursekit.classroom.roster import Student
from coursekit.classroom.sandbox import Limits, sandbox_status
from coursekit.classroom.sandbox._outputs import Kept
from coursekit.classroom.sandbox.rooms import Room
from coursekit.classroom.sandbox.zygote import Zygote

LAB = "lab_judged"
LIMITS = {"cell_timeout": 3, "notebook_timeout": 15}
RIGHT = judged_assignment.RIGHT_ANSWERS["solution_mean"]
SPEAKS = """
import json, os, stat, struct

LINE = next(
    number
    for number in range(3, 512)
    if os.path.exists(f"/proc/self/fd/{number}") and stat.S_ISSOCK(os.fstat(number).st_mode)
)

def say(message):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    os.write(LINE, struct.pack("!I", len(body)) + body)
"""


def forged_once(message):
    """An answer cell that ends with a frame of its own, and defines the right function."""
    return f"{SPEAKS}\n{RIGHT}\nsay({message})\n"


def told(message):
    """A right answer that sends its reply by itself, with more in it; the honest reply goes nowhere."""
    return f"""{SPEAKS}
def mean(values):
    value = sum(values) / len(values)
    say({message})
    import time
    time.sleep(3600)
"""


NESTED = 'b\'{"out": {"output_type": "display_data", "data": {"application/json": \' + b"[" * @ + b"]" * @ + b"}}}"'
FORGED = {
    "tampered_with_arguments": told('{"done": True, "reply": {"value": value}, "tampered": [str(values)]}'),
    "stopped_by_arguments": told('{"done": True, "reply": {"value": value}, "stopped": str(values)}'),
    "tampered_is_a_number": forged_once('{"done": True, "tampered": 5}'),
    "deferred": forged_once('{"done": True, "deferred": [["mean", 0]] * 9}'),
    "deferred_is_none": forged_once('{"done": True, "deferred": [5]}'),
    "broken": forged_once('{"done": True, "broken": "\\ud800" * 9, "failed": "\\ud800"}'),
    "hello": forged_once('{"hello": True}'),
    "text_is_a_nest": forged_once(
        'b\'{"out": {"output_type": "stream", "name": "stdout", "text": \' + b"[" * 900 + b"]" * 900 + b"}}"'
    ),
    **{f"nested_{depth}": forged_once(NESTED.replace("@", str(depth))) for depth in (60, 480, 700, 960, 975)},
}
HALVES = {
    "half_a_character_raised": "def mean(values):\n    raise ValueError('\\ud800')",
    "half_a_character_printed": f"print('\\ud800')\n{RIGHT}",
}
ODD_FILES = {"a_folder_for_a_file": ("numbers.csv/x", "special:numbers.csv/x")}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """All of them in one class, beside an honest neighbour."""
    root = tmp_path_factory.mktemp("forged")
    source = judged_assignment.write_source(root / "labs" / LAB)
    course = create_course(root / "class")
    answers = {**FORGED, **HALVES, "honest": RIGHT, **dict.fromkeys(ODD_FILES, RIGHT)}
    course.enrol(Student(name, "김", name, "") for name in answers)
    released = nbformat.read(course.release(source) / f"{LAB}.ipynb", as_version=4)
    for name, text in answers.items():
        folder = course.folder("submitted", LAB, name)
        folder.mkdir(parents=True)
        filled = assignments.filled(released, {**judged_assignment.RIGHT_ANSWERS, "solution_mean": text})
        nbformat.write(filled, folder / f"{LAB}.ipynb")
        if name in ODD_FILES:
            path = folder / ODD_FILES[name][0]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("1", encoding="utf-8")
    report = grade(course, LAB, workers=2, **LIMITS)
    write_feedback(course, LAB)
    return course, {one.student: one for one in report.grades}


def page_of(graded, name):
    return (graded[0].folder("feedback", LAB, name) / f"{LAB}.html").read_text(encoding="utf-8")


def audit_of(graded, name):
    path = graded[0].records("grades", LAB, f"{name}.json")
    return json.loads(path.read_text(encoding="utf-8"))["audit"]


@pytest.mark.parametrize("name", [*FORGED, *HALVES, *ODD_FILES, "honest"])
def test_each_gets_a_grade_and_no_more_than_it_earned(graded, name):
    one = graded[1][name]
    assert one.status in ("graded", "partly"), one.reason
    assert one.score <= 4


@pytest.mark.parametrize("name", FORGED)
def test_no_frame_tells_what_was_asked_or_accuses_a_check(graded, name):
    page, one = page_of(graded, name), graded[1][name]
    for text in (page, str(one.flags), str(audit_of(graded, name)["limits_hit"])):
        assert "10418.5" not in text
        assert "[3, 1, 2]" not in text or text is page, "the visible test stands on the page"
    assert not [flag for flag in one.flags if flag.startswith(("tampered", "check_error"))]


def test_a_right_answer_loses_nothing_by_what_it_showed(graded):
    for name in ("honest", "half_a_character_printed", "nested_480", "nested_975", "a_folder_for_a_file"):
        assert graded[1][name].score == 4, name
    assert graded[1]["a_folder_for_a_file"].flags == (ODD_FILES["a_folder_for_a_file"][1],)


SLOW_CHECKS = judged_assignment.CHECKS.replace(
    "    hidden_mean = student.mean.returns(NUMBER_EXPECTED)\n",
    "    hidden_mean = student.mean.returns(NUMBER_EXPECTED)\n    while True:\n        hidden_mean([1, 2, 3])\n",
)


def test_many_short_calls_cost_one_check_and_not_the_judge(tmp_path):
    """The time-out comes while a question is on its way; whatever it meets, the next check is asked."""
    source = judged_assignment.write_source(tmp_path / "labs" / LAB, checks=SLOW_CHECKS)
    course = create_course(tmp_path / "class")
    names = [f"s{number}" for number in range(6)]
    course.enrol(Student(name, "김", name, "") for name in names)
    released = nbformat.read(course.release(source) / f"{LAB}.ipynb", as_version=4)
    for name in names:
        folder = course.folder("submitted", LAB, name)
        folder.mkdir(parents=True)
        nbformat.write(assignments.filled(released, judged_assignment.RIGHT_ANSWERS), folder / f"{LAB}.ipynb")
    report = grade(course, LAB, workers=2, cell_timeout=1, notebook_timeout=15)
    assert {(one.score, one.flags) for one in report.grades} == {(2.0, ())}


def test_what_waits_inside_is_bound_as_well(tmp_path):
    """An ordinary user's hand-in may write into its memory: it has its user id."""
    text = """for pid in (1, 2):
        status, limits = open(f"/proc/{pid}/status").read(), open(f"/proc/{pid}/limits").read()
        found = [line.split()[-3] for line in limits.splitlines() if "Max processes" in line]
        print("Seccomp:\\t2" in status, found)"""
    limits = Limits(processes=77)
    with Zygote([]) as zygote, Room(zygote, limits, folder=tmp_path, program=sandbox_status().path) as room:
        ran = room.run(text, seconds=5)
    assert "".join(output.get("text", "") for output in ran.outputs).splitlines() == ["True ['77']"] * 2


@pytest.mark.parametrize("call", ["os.memfd_create('x')", "libc.shmget(0, 4096, 0o1600)", "libc.msgget(0, 0o1600)"])
def test_memory_that_nothing_counts_cannot_be_had(tmp_path, call):
    text = f"""import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
try:
    got = {call}
    print(got, ctypes.get_errno() == errno.ENOSYS)
except OSError as error:
    print(-1, error.errno == errno.ENOSYS)"""
    with Zygote([]) as zygote, Room(zygote, Limits(), folder=tmp_path, program=sandbox_status().path) as room:
        ran = room.run(text, seconds=5)
    assert ran.outputs[0]["text"].strip() == "-1 True"


def test_an_error_is_kept_whatever_else_was_shown():
    kept = Kept(Limits())
    for _ in range(1200):
        kept.add({"output_type": "display_data", "data": {"text/plain": "x"}})
    kept.add({"output_type": "error", "ename": "AssertionError", "evalue": "", "traceback": []})
    kept.add({"output_type": "clear"})
    assert [output["ename"] for output in kept.outputs] == ["AssertionError"]


def test_errors_stay_within_a_bound():
    kept = Kept(Limits())
    for _ in range(1000):
        kept.add({"output_type": "error", "ename": "E" * 9999, "evalue": "v" * 9999, "traceback": ["t" * 9999] * 99})
    assert len(json.dumps(kept.outputs)) < 1_000_000


def test_the_judge_draws_what_no_hand_in_can_draw():
    job = {"seed": 7, "checks": "def check_mean(student): pass"}
    assert _secret_seed(job) == _secret_seed(dict(job))
    assert _secret_seed(job) not in (7, _secret_seed({**job, "checks": ""}))


def test_files_that_are_large_together_are_left_out(tmp_path):
    (tmp_path / "lab.ipynb").write_text("{}", encoding="utf-8")
    for name in "abcd":
        with (tmp_path / f"{name}.bin").open("wb") as file:
            file.truncate(90_000_000)  # it takes no room on the disk
    intake = take_in(tmp_path, "lab.ipynb")
    assert sum((tmp_path / path).stat().st_size for path in intake.files) <= LARGEST_TOTAL
    assert intake.flags == ("big_file:c.bin", "big_file:d.bin")


def test_a_link_in_place_of_a_hand_in_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")
    before = digest_tree(tmp_path / "link")
    (tmp_path / "elsewhere" / "new").write_text("1", encoding="utf-8")
    assert digest_tree(tmp_path / "link") == before


def test_a_notebook_of_tiny_cells_is_refused_at_once():
    cells = [{"cell_type": "raw", "source": "", "metadata": {}}] * 200_000
    with pytest.raises(UnreadableError, match="more than 5000 cells"):
        read_submission(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode())


@pytest.mark.parametrize("piece", ["<div>", "<b>", "<li><p>", "<div></x>", "<p><a>"])
def test_a_page_is_not_held_up_by_open_tags(piece):
    assert clean_html(piece * 300_000) == "<p>(너무 깊이 겹친 HTML이어서 뺐습니다)</p>"


def test_an_ordinary_table_stays():
    table = "<table>" + "<tr><td>1</td><td><br>2</td></tr>" * 300 + "</table>"
    assert clean_html(table).count("<td>") == 600
