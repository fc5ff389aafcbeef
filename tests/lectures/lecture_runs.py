"""Running a lecture: its cells in one namespace, or the whole in JupyterLab as a student does."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page, expect

from coursekit.classroom.launch import lab_command, prepare_workspace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from browser import chromium, jupyter_lab, open_notebook

LECTURES = Path(__file__).resolve().parents[2] / "lectures"


def code_cells(notebook: str) -> dict[str, str]:
    """Source of each code cell by its id, in order."""
    cells = nbformat.read(LECTURES / notebook, as_version=4).cells
    return {cell.id: cell.source for cell in cells if cell.cell_type == "code"}


def run_cells(notebook: str, *, keep: Mapping[str, Mapping[str, str]]) -> dict:
    """The names after all code cells; ``keep`` gives a cell's names that a later cell uses anew another one."""
    names: dict = {"__name__": "lecture", "display": lambda shown: None}
    kept: dict = {}
    cells = code_cells(notebook)
    assert set(keep) <= set(cells), "a cell whose names are kept is gone"
    for cell, source in cells.items():
        exec(compile(source, cell, "exec"), names)
        kept |= {new: names[old] for new, old in keep.get(cell, {}).items()}
    return names | kept


@contextlib.contextmanager
def ran_in_lab(folder: Path, lecture: str) -> Iterator[Page]:
    """The page of a lecture in a student's JupyterLab after Run All, which wrote no error and no warning."""
    course = folder / "course"
    prepare_workspace(course)
    profile = {"JUPYTER_CONFIG_PATH": lab_command(course).environment["JUPYTER_CONFIG_PATH"]}
    with chromium() as browser, jupyter_lab(course, environment=profile) as lab:
        notebook = open_notebook(browser, lab, lecture)
        page = notebook.page
        notebook.run_all(seconds=400)
        for kind in ("error", "stderr"):
            assert page.locator(f".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.{kind}']").count() == 0
        yield page


@contextlib.contextmanager
def redrawn(plot: Locator, *, seconds: float = 240) -> Iterator[None]:
    """Wait until what is done inside has drawn the figure anew.

    The plot is looked up at each try: the page may lay the cell anew meanwhile, and an element that was
    taken out of the page is never drawn again.
    """
    drawn = plot.get_attribute("data-drawn", timeout=1000 * seconds)
    assert drawn is not None, "the figure was never drawn"
    yield
    expect(plot).not_to_have_attribute("data-drawn", drawn, timeout=1000 * seconds)


def choose(page: Page, label: str, option: str) -> Locator:
    """Pick an option of a dropdown, wait until the figure of its cell was drawn anew, and give it."""
    cell = page.locator(".jp-CodeCell", has=page.locator(f".widget-label:has-text('{label}')")).last
    cell.scroll_into_view_if_needed(timeout=60_000)
    plot = cell.locator(".coursekit-plot").last
    expect(plot).to_have_attribute("data-drawn", re.compile("."), timeout=240_000)
    with redrawn(plot):
        cell.locator(f".widget-dropdown:has-text('{label}') select").select_option(label=option)
    return plot
