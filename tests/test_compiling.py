"""Machine code on disk: is it used again, and never when something it was made from changed?"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import coursekit

ROOT = Path(coursekit.__file__).parent
LOOP = """
from coursekit.compiling import compiled
from neighbour import ADDED

@compiled
def total(n):
    result = 0
    for i in range(n):
        result += ADDED
    return result
"""
ASK = "import loop; print(loop.total(10), sum(loop.total.stats.cache_hits.values()))"


def _ask(folder: Path) -> tuple[int, int]:
    """The answer of a fresh process, and how many compilations it read from disk."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "NUMBA_CACHE_DIR": ""}
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True)
    answer, hits = done.stdout.split()
    return int(answer), int(hits)


def test_machine_code_is_kept_until_a_neighbour_changes(tmp_path):
    (tmp_path / "loop.py").write_text(LOOP, encoding="utf-8")
    neighbour = tmp_path / "neighbour.py"
    neighbour.write_text("ADDED = 1\n", encoding="utf-8")
    assert _ask(tmp_path) == (10, 0)
    assert _ask(tmp_path) == (10, 1), "the second process reads what the first compiled"
    neighbour.write_text("ADDED = 20\n", encoding="utf-8")
    assert _ask(tmp_path) == (200, 0), "a changed constant beside the loop must not be missed"


def test_a_place_that_cannot_be_written_is_no_error(tmp_path):
    """As in a grading sandbox: no folder of its own, no cache of the user."""
    (tmp_path / "loop.py").write_text(LOOP, encoding="utf-8")
    (tmp_path / "neighbour.py").write_text("ADDED = 1\n", encoding="utf-8")
    without = "import numba.core.caching as c; c.CacheImpl._locator_classes = []; " + ASK
    done = subprocess.run(
        [sys.executable, "-c", without],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["10", "0"]


def _modules():
    for info in pkgutil.walk_packages([str(ROOT)], "coursekit."):
        path = ROOT / Path(*info.name.split(".")[1:])
        source = path.with_suffix(".py")
        if source.exists() and "import compiled" in source.read_text(encoding="utf-8"):
            yield info.name


@pytest.mark.parametrize("name", sorted(_modules()))
def test_a_loop_reads_nothing_from_another_folder(name):
    """Only the folder of a loop is watched for changes."""
    module = importlib.import_module(name)
    folder = Path(module.__file__).parent
    imported = {
        alias.asname or alias.name: node.module
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("coursekit.")
        for alias in node.names
    }
    for thing in vars(module).values():
        if isinstance(thing, numba.core.dispatcher.Dispatcher) and thing.__module__ == name:
            for used in set(thing.py_func.__code__.co_names) & set(imported):
                home = Path(importlib.import_module(imported[used]).__file__).parent
                assert home == folder, f"{thing.__name__} reads {used} of {imported[used]}"
