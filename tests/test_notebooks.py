"""Every notebook keeps the rules of CONTRIBUTING.md, and every lecture runs."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from format_notebooks import canonical, course_notebooks  # noqa: E402

NOTEBOOKS = course_notebooks()
LECTURES = [path for path in NOTEBOOKS if path.parts[-2] == "lectures"]
LAB_HEADINGS = ["상황", "질문", "만들기", "확인", "부수기", "실무 메모"]
CELL_LINES = 25
EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u26ff\u2705\u274c\u2b50]")
NETWORK = re.compile(
    r"https?://|urllib|requests\.|httpx|urlopen|socket\.|!\s*(pip|curl|wget|apt)|%pip|fetch_openml|load_dataset"
)

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def _cells(path, kind=None):
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if kind in (None, cell.cell_type)]


def _headings(path, level):
    lines = (line for cell in _cells(path, "markdown") for line in cell.source.splitlines())
    return [line.lstrip("# ").strip() for line in lines if re.match(rf"#{{{level}}} ", line)]


def _avoided_terms():
    for line in (ROOT / "lectures" / "glossary.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] != "용어":
            yield from ((wrong.strip(), cells[0]) for wrong in cells[2].split(","))


def test_the_course_has_notebooks():
    assert {path.parts[-2] for path in NOTEBOOKS} >= {"lectures", "lab01_intent_baseline", "quiz01_ml_lifecycle"}


@every_notebook
def test_is_valid_and_in_canonical_form(path):
    """No outputs, no run counts, no editor's traces: `make format` writes it."""
    nbformat.validate(nbformat.read(path, as_version=nbformat.NO_CONVERT))
    text = path.read_text(encoding="utf-8")
    assert text == canonical(text), "run `make format`"
    assert nbformat.reader.get_version(nbformat.reads(text, nbformat.NO_CONVERT)) == (4, 5)


@every_notebook
def test_cell_ids_are_meaningful_and_unique(path):
    """An id that an editor invented says nothing in a diff or an error message."""
    ids = [cell.id for cell in _cells(path)]
    assert len(ids) == len(set(ids))
    for name in ids:
        assert re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", name), name
        assert not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}.*", name), f"{name} looks generated"


@every_notebook
def test_cells_fit_a_screen(path):
    for cell in _cells(path, "code"):
        lines = cell.source.splitlines()
        if not cell.metadata.get("nbgrader", {}).get("grade"):  # checks may list their cases
            assert len(lines) <= CELL_LINES, f"{cell.id}: {len(lines)} lines"
        assert max(map(len, lines), default=0) <= 110, f"{cell.id} has a line that runs out of the page"


@every_notebook
def test_works_offline(path):
    for cell in _cells(path, "code"):
        found = NETWORK.search(cell.source)
        assert not found, f"{cell.id} reaches for the network: {found and found.group()}"


@every_notebook
def test_prose_follows_glossary_and_tone(path):
    for cell in _cells(path, "markdown"):
        prose = re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$|!\[|\]\([^)]*\)", " ", cell.source, flags=re.DOTALL)
        for wrong, right in _avoided_terms():
            assert wrong not in prose, f"{cell.id}: '{wrong}' -> '{right}' (lectures/glossary.md)"
        assert not EMOJI.search(prose), f"{cell.id}: emoji"
        assert "!" not in prose, f"{cell.id}: exclamation mark"


@pytest.mark.parametrize("path", LECTURES, ids=lambda p: p.stem)
def test_lecture_has_the_fixed_shape(path):
    headings = _headings(path, 2)
    assert headings[:2] == ["목표", "상황"]
    assert headings[-2:] == ["한계와 실무 메모", "더 읽을거리"]
    code = "\n".join(cell.source for cell in _cells(path, "code"))
    assert "predict(" in code, "the student guesses before the main experiment"
    assert "explore" in code, "a lecture has something to play with"


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.parent.parent.name == "labs"], ids=lambda p: p.stem)
def test_lab_has_its_six_headings(path):
    assert _headings(path, 2) == LAB_HEADINGS


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.parent.parent.name == "quizzes"], ids=lambda p: p.stem)
def test_quiz_has_five_items(path):
    graded = [cell for cell in _cells(path, "code") if cell.metadata.get("nbgrader", {}).get("grade")]
    assert len(graded) == 5


@pytest.mark.parametrize("path", LECTURES, ids=lambda p: p.stem)
def test_lecture_executes(path, tmp_path, record_property):
    """Top to bottom, without an error and without a word on stderr."""
    notebook = nbformat.read(path, as_version=4)
    started = time.perf_counter()
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    record_property("seconds", time.perf_counter() - started)  # the bar of 60 s is printed by make bench
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            assert output.get("name") != "stderr", f"{cell.id} writes on stderr: {output.text[:300]}"
