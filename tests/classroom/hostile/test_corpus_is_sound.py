"""The corpus itself: its hand-ins can be built and written, and none gives away what it looks for."""

from __future__ import annotations

import ast
import json
import re
import stat
import sys

import assignments
import judged_assignment
import nbformat
import pytest
from hostile import invariants
from hostile.corpus import CASES, IN_PROCESS, NEIGHBOURS_ANSWERS, in_process_holds
from hostile.making import NOTEBOOK, Sparse, Special, Symlink, several
from IPython.core.inputtransformer2 import TransformerManager

from coursekit.classroom.releases import release_notebook
from coursekit.classroom.restoring import FLAGS

JUDGED = release_notebook(judged_assignment.notebook())
PLAIN = release_notebook(assignments.notebook())
NEW_FLAGS = {"symlink", "shadow", "special", "outputs", "schema", "big_file"}
NO_PYTHON = {
    "odd_a_syntax_error",
    "odd_an_indentation_error",
    "odd_text_only",
    "blanks_that_are_none",
    "a_syntax_error_in_an_answer",
    "magic_python2",
}


def released(case):
    return PLAIN if case in IN_PROCESS else JUDGED


def test_there_are_enough_and_each_has_a_name_of_its_own():
    names = [case.name for case in [*CASES, *IN_PROCESS]]
    assert len(CASES) >= 60
    assert len(IN_PROCESS) >= 12
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z0-9_]{1,64}", name) for name in names)


def test_a_case_says_what_it_is():
    for case in [*CASES, *IN_PROCESS]:
        assert case.note.endswith("."), case.name
        assert len(case.note) > 10, case.name
        assert set(several(case.wanted_score)) <= {0, 1, 2, 3, 4}, case.name
        assert set(several(case.wanted_status)) <= {"graded", "partly", "failed"}, case.name
        assert {flag.partition(":")[0] for flag in case.wanted_flags} <= FLAGS.keys() | NEW_FLAGS, case.name
        assert all(":" in flag for flag in case.wanted_flags), case.name


@pytest.mark.parametrize("case", [*CASES, *IN_PROCESS], ids=lambda case: case.name)
def test_a_hand_in_is_what_it_says(case, tmp_path):
    """It can be built and written, its code is code, and it gives away nothing that it looks for."""
    built = case.build(released(case))
    assert isinstance(built, bytes)
    written = tmp_path / "class" / "submitted" / case.name / judged_assignment.NAME
    case.hand_in(written, released(case))
    check_files(case, written)
    if case.name.startswith("unreadable") or not built:
        return
    content = json.loads(built.decode("utf-8-sig"))
    texts = [cell.get("source", "") for cell in content.get("cells", [])]
    # Its source stands in the graded notebook: a search there must find leaks, not the attack.
    assert invariants.leaks("\n".join(map(str, texts))) == []
    if case.name not in NO_PYTHON:
        check_code(case, content)


def check_code(case, content):
    for cell in content.get("cells", []):
        if cell.get("cell_type") == "code" and isinstance(cell.get("source"), str):
            text = TransformerManager().transform_cell(cell["source"])
            compile(text, case.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def check_files(case, folder):
    for name, content in {NOTEBOOK: b"", **case.files}.items():
        path = folder / name.replace("{assignment}", folder.name)
        mode = path.lstat().st_mode if path.is_symlink() or path.exists() else 0
        match content:
            case None:
                assert mode == 0
            case bytes():
                assert stat.S_ISREG(mode)
            case Symlink():
                assert stat.S_ISLNK(mode)
            case Special(kind):
                kinds = {"fifo": stat.S_ISFIFO, "socket": stat.S_ISSOCK, "folder": stat.S_ISDIR}
                assert kinds[kind](mode)
            case Sparse(size):
                assert path.stat().st_size == size
                assert path.stat().st_blocks < 1000


def test_a_trick_beside_the_tests_fails_or_is_flagged():
    assert in_process_holds(IN_PROCESS[0], 0, [])
    assert in_process_holds(IN_PROCESS[0], 4, ["tampered:input_transformer"])
    assert not in_process_holds(IN_PROCESS[0], 4, ["edited:test_mean"])


def test_the_judged_twin_asks_for_the_same_points():
    points = {
        meta["grade_id"]: meta["points"]
        for cell in JUDGED.cells
        if (meta := cell.metadata.get("nbgrader", {})).get("grade")
    }
    assert points == judged_assignment.POINTS
    assert [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in JUDGED.cells] == [
        cell.metadata.get("nbgrader", {}).get("grade_id") for cell in PLAIN.cells
    ]
    assert invariants.leaks(nbformat.writes(JUDGED)) == []


def test_every_secret_is_in_the_checks_and_nowhere_else(tmp_path):
    source = judged_assignment.write_source(tmp_path / judged_assignment.NAME)
    checks = (source / "checks.py").read_text(encoding="utf-8")
    found = invariants.leaks(checks)
    assert len(found) == len(invariants.SECRETS) + len(invariants.ARGUMENTS)
    for path in source.rglob("*"):
        if path.is_file() and path.name != "checks.py":
            assert invariants.leaks(path.read_text(encoding="utf-8")) == []


RIGHT = {**judged_assignment.RIGHT_ANSWERS}
MEASURED = {
    "right": ({**RIGHT}, {"test_mean", "test_spread", "test_spread_hidden"}),
    "neighbour": (NEIGHBOURS_ANSWERS, {"test_mean", "test_spread", "test_spread_hidden"}),
    "blank": ({}, set()),
    "median": (
        {**RIGHT, "solution_mean": "def mean(values):\n    return statistics.median(values)"},
        {"test_spread", "test_spread_hidden"},
    ),
    "first": ({**RIGHT, "solution_spread": "def spread(values):\n    return values[0] - values[-1]"}, {"test_mean"}),
}


@pytest.mark.parametrize("answers, passed", MEASURED.values(), ids=MEASURED)
def test_the_checks_of_the_judged_twin_tell_right_from_wrong(answers, passed, tmp_path, monkeypatch):
    source = judged_assignment.write_source(tmp_path / judged_assignment.NAME)
    monkeypatch.setenv("COURSEKIT_CHECKS", str(source / "checks.py"))
    monkeypatch.setitem(sys.modules, "coursekit_judge_checks", None)  # whatever is registered here goes again
    names, held = {"__name__": "__main__"}, set()
    for cell in assignments.filled(judged_assignment.notebook(), answers or _stubs()).cells:
        meta = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code":
            continue
        try:
            exec(cell.source, names)
        except Exception:
            continue
        if meta.get("grade"):
            held.add(meta["grade_id"])
    assert held == passed


def _stubs():
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in JUDGED.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
