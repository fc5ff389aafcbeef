"""docs/grading.md says what the code does: its numbers, its commands, its example, its promises."""

from __future__ import annotations

import re
from pathlib import Path

import assignments
import nbformat
import pytest
from command_lines import command_of
from nbformat import v4

from coursekit import cli
from coursekit.classroom.course import create_course
from coursekit.classroom.grading import CELL_MINIMUM, ENGINES, NOTEBOOK_MINIMUM, STATUSES, grade
from coursekit.classroom.judging import NotPlainError, unpack
from coursekit.classroom.markers import check_source
from coursekit.classroom.restoring import FLAGS
from coursekit.classroom.roster import Student
from coursekit.classroom.sandbox import Limits, sandbox_status
from coursekit.classroom.sandbox._outputs import FLOOD, Kept
from coursekit.classroom.sandbox._wire import LARGEST_FRAME
from coursekit.classroom.sandbox.bubblewrap import visible_folders
from coursekit.classroom.sandbox.rooms import Room
from coursekit.classroom.sandbox.zygote import Zygote

ROOT = Path(cli.__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")
MEBI = 1 << 20


@pytest.mark.parametrize("name", ["README.md", "README.ko.md", "CONTRIBUTING.md"])
def test_the_page_is_linked(name):
    assert "](docs/grading.md)" in (ROOT / name).read_text(encoding="utf-8")


def test_the_numbers_are_those_of_the_code():
    limits = Limits()
    assert limits.disk == 256 * MEBI
    for number in (
        f"at least {CELL_MINIMUM:g}",
        f"at least {NOTEBOOK_MINIMUM:g}",
        f"| {limits.memory // MEBI} MiB (`--memory`)",
        f"| processes and threads | {limits.processes} |",
        f"| {limits.disk // MEBI} MiB each",
        f"| open files | {limits.files} |",
        f"| {limits.cell_output:,} characters |",
        f"| {limits.cell_display:,} characters |",
        f"{FLOOD // MEBI} MiB a cell end the run",
        f"at most {LARGEST_FRAME // MEBI} MiB a message",
    ):
        assert number in PAGE


def test_every_command_and_option_exists():
    written = re.findall(r"(?:^|`|IMAGE )(coursekit [a-z][^`#\n]*)", PAGE, flags=re.MULTILINE)
    assert len(written) > 10
    for line in written:
        command, rest = command_of(line.split()[1:])
        options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        used = {word for word in rest if re.match(r"--?[a-z]", word)}
        assert used <= options, line
    spans = set(re.findall(r"`(--[a-z-]+)", PAGE)) - {"--privileged"}  # Docker's
    known = {name for one in command_of(["class", "grade"])[0].params for name in (*one.opts, *one.secondary_opts)}
    assert spans - known <= {"--json", "--db-url"}


def test_the_words_are_those_of_the_code():
    assert set(re.findall(r"--engine ([a-z]+)", PAGE)) <= set(ENGINES)
    assert all(f"`{name}`" in PAGE for name in STATUSES if name != "missing")
    assert "tampered" in FLAGS


def _example():
    """The four blocks of code of the page's example: setup, answer, test, checks."""
    chapter = PAGE.split("## Writing `checks.py`")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", chapter, flags=re.DOTALL)


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The page's lab, released; the course and the released notebook."""
    root = tmp_path_factory.mktemp("page")
    setup, answer, test, checks = (text.strip() for text in _example())
    cells = [
        assignments.prose("title", "# 이동 평균"),
        assignments.code("setup_student", setup, locked=True),
        assignments.answer("solution_average", answer),
        assignments.test("test_average", test, 2),
    ]
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": assignments.KERNEL})
    source = assignments.write_source(root / "labs" / "lab_average", content=notebook)
    (source / "checks.py").write_text(checks + "\n", encoding="utf-8")
    assert not check_source(source)
    course = create_course(root / "class")
    return course, nbformat.read(course.release(source) / "lab_average.ipynb", as_version=4)


ANSWERS = {
    "right": "def moving_average(values, window):\n"
    "    return [sum(values[i:i + window]) / window for i in range(len(values) - window + 1)]",
    "byheart": "def moving_average(values, window):\n    return [1.5, 2.5, 3.5]",
    "texts": "def moving_average(values, window):\n"
    "    return [1.5, 2.5, 3.5] if len(values) == 4 and window == 2 else ['a'] * (len(values) - window + 1)",
    "blank": "def moving_average(values, window):\n    raise NotImplementedError",
}
SAID = {
    "right": "",
    "byheart": "자료가 window보다 짧으면 구간이 하나도 없어야 합니다.",
    "texts": "평균이 아닌 값이 들어 있습니다.",
    "blank": "moving_average 함수를 아직 쓰지 않았습니다.",
}


def test_the_example_works_as_it_stands(example):
    course, released = example
    course.enrol(Student(name, "김", name, "") for name in ANSWERS)
    for name, text in ANSWERS.items():
        folder = course.folder("submitted", "lab_average", name)
        folder.mkdir(parents=True)
        nbformat.write(assignments.filled(released, {"solution_average": text}), folder / "lab_average.ipynb")
    report = grade(course, "lab_average", workers=1)
    assert report.warnings == ()
    assert {one.student: one.score for one in report.grades} == {name: 2.0 * (not SAID[name]) for name in SAID}
    assert not [flag for one in report.grades for flag in one.flags], "an answer of any shape breaks no check"
    for name, said in SAID.items():
        graded = nbformat.read(course.folder("autograded", "lab_average", name) / "lab_average.ipynb", as_version=4)
        outputs = [output for output in graded.cells[-1].outputs if output.output_type == "error"]
        assert [output.evalue for output in outputs] == ([said] if said else [])


LOOK = """
import os, socket
def outcome(action):
    try:
        return action() or "done"
    except OSError as error:
        return type(error).__name__
print(sorted(set(os.listdir("/")) - {top!r}))
print(sorted(name for name in os.listdir("/etc") if name not in {allowed!r}))
print(os.listdir(), sorted(name for name in os.environ if "TOKEN" in name or "COURSEKIT" in name))
print(outcome(lambda: socket.create_connection(("192.0.2.1", 80), 1)))
print(*(outcome(lambda: open(place, "w").close()) for place in ("/usr/own", "/own", "own")))
print(len([name for name in os.listdir("/proc") if name.isdigit()]) < 9, os.path.exists({repository!r}))
"""


def test_what_a_hand_in_sees_of_the_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("LMS_TOKEN", "secret")
    monkeypatch.setenv("COURSEKIT_DB_URL", "postgresql://ta:secret@db.example/class")
    (tmp_path / "data.csv").write_text("1")
    top = {"bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "submission", "sys", "tmp", "usr"}
    top |= {place.parts[1] for place in visible_folders()}  # this Python's
    allowed = ["ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime", "mime.types"]
    allowed += ["hosts", "nsswitch.conf"]  # coursekit's own: localhost has a name
    look = LOOK.format(top=top, allowed=allowed, repository=str(ROOT / "labs"))
    with Zygote([]) as zygote, Room(zygote, Limits(), folder=tmp_path, program=sandbox_status().path) as room:
        ran = room.run(look, seconds=30)
    lines = "".join(output.get("text", output.get("evalue", "")) for output in ran.outputs).splitlines()
    assert lines == ["[]", "[]", "['data.csv'] []", "OSError", "OSError OSError done", "True False"]


def test_a_short_text_makes_no_large_array():
    """Items of no size would fit any shape, and numpy gives each a byte."""
    for dtype in ("|S0", "<U0", "|V0"):
        with pytest.raises(NotPlainError):
            unpack({"type": "array", "dtype": dtype, "shape": [1 << 40], "data": ""})


def test_many_displays_stay_within_a_bound():
    limits = Limits(cell_display=1000)
    kept = Kept(limits)
    for number in range(50):
        kept.add({"output_type": "display_data", "data": {"text/plain": str(number) * 400}})
    sizes = [len(output["data"]["text/plain"]) for output in kept.outputs]
    assert sum(size for size in sizes if size >= 400) <= 5 * limits.cell_display
    assert len(kept.outputs) == 50, "each leaves its note"
    kept.add({"output_type": "clear"})
    kept.add({"output_type": "display_data", "data": {"text/plain": "x" * 400}})
    assert len(kept.outputs[0]["data"]["text/plain"]) == 400, "an animation's last picture is kept"
