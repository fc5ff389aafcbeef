"""What an explorable costs: bytes for a display, milliseconds from slider to picture, size of a page."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from coursekit.explore import export_html
from tests.browser import NotebookPage, chromium, find_chromium, jupyter_lab, open_notebook

EXPLORABLE = """
import numpy as np, plotly.graph_objects as go
from coursekit.explore import interactive_figure, slider
x = np.linspace(0, 10, 200)
def draw(rate):
    figure = go.Figure(layout={"title": "흔들리는 두 선", "xaxis_title": "시간 (일)", "yaxis_title": "값"})
    figure.add_scatter(x=x, y=np.sin(x), name="고정")
    return figure.add_scatter(x=x, y=np.sin(rate * x), name="변화")
interactive_figure(draw, rate=slider("속도", 0, 60, value=0))
"""
# What no figure costs less than: the same slider, a number in Python, a line of text.
BARE = """
import ipywidgets
bare, line = ipywidgets.IntSlider(value=0, max=60), ipywidgets.Label("0", layout={"visibility": "visible"})
line.add_class("bare")
bare.observe(lambda change: setattr(line, "value", str(change["new"])), names="value")
ipywidgets.VBox([bare, line])
"""
# From the key that moves the slider to the frame after the new figure stands in the page.
MEASURE = """
(selector) => {
    const plot = document.querySelector(selector);
    window.seen = [];
    addEventListener("keydown", (event) => {
        const pressed = event.timeStamp;
        const drawn = new MutationObserver(() => {
            drawn.disconnect();
            window.seen.push(performance.now() - pressed);
        });
        const figure = { attributeFilter: ["data-drawn"] };
        const text = { childList: true, characterData: true, subtree: true };
        drawn.observe(plot, plot.dataset.drawn ? figure : text);
    }, true);
}
"""


def _moves(notebook: NotebookPage, selector: str, handle: int, moves: int = 40) -> list[float]:
    notebook.page.evaluate(MEASURE, selector)
    notebook.page.locator(".noUi-handle").nth(handle).focus()
    for _ in range(moves):
        notebook.page.keyboard.press("ArrowRight")
        # One move at a time, or a queue would measure itself; asleep, as polling the page makes it paint and wait.
        notebook.page.wait_for_timeout(250)
    return notebook.page.evaluate("() => window.seen")


def _in_the_browser(folder: Path) -> list[dict]:
    with jupyter_lab(folder / "root") as lab, chromium() as browser:
        lab.write("a.ipynb", EXPLORABLE, BARE)
        notebook = open_notebook(browser, lab, "a.ipynb")
        started = time.perf_counter()
        notebook.run_all()
        notebook.wait_for_figures()
        first = time.perf_counter() - started
        notebook.received.clear()
        notebook.run_cell(0)
        notebook.page.wait_for_timeout(500)
        size = sum(size for _, size in notebook.received) / 1000
        times = _moves(notebook, ".coursekit-plot", 0)
        notebook.received.clear()
        notebook.page.keyboard.press("ArrowRight")
        notebook.page.wait_for_timeout(500)
        move = sum(size for _, size in notebook.received) / 1000
        bare = statistics.median(_moves(notebook, ".bare", 1))
    median, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    return [
        {"figure": "a display, over the websocket", "value": size, "unit": "kB", "bar": "< 100", "holds": size < 100},
        {"figure": "slider to picture, median", "value": median, "unit": "ms", "bar": "< 60", "holds": median < 60},
        {"figure": "slider to picture, 95th percentile", "value": p95, "unit": "ms"},
        {"figure": "the same without a figure: kernel and a label", "value": bare, "unit": "ms"},
        {"figure": "one move of the slider", "value": move, "unit": "kB"},
        {"figure": "first figure after Run All, imports included", "value": first, "unit": "s"},
    ]


def _exported(folder: Path) -> list[dict]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(EXPLORABLE) for _ in range(3)])
    with contextlib.chdir(folder):
        NotebookClient(notebook, timeout=60).execute()
    nbformat.write(notebook, folder / "a.ipynb")
    started = time.perf_counter()
    page = export_html(folder / "a.ipynb", folder / "a.html")
    seconds = time.perf_counter() - started
    stored = (folder / "a.ipynb").stat().st_size / 1000 / 3
    return [
        {"figure": "an explorable in a notebook, executed and stored", "value": stored, "unit": "kB"},
        {"figure": "exported page of three explorables", "value": page.stat().st_size / 1e6, "unit": "MB"},
        {"figure": "writing that page", "value": seconds, "unit": "s"},
    ]


def run() -> list[dict]:
    """One explorable of two lines with 200 points each, in JupyterLab and in an exported page."""
    with tempfile.TemporaryDirectory(prefix="coursekit-bench-") as name:
        folder = Path(name)
        rows = _exported(folder)
        if find_chromium() is None:
            return [*rows, {"figure": "in the browser: no Chromium found", "value": float("nan"), "holds": False}]
        return _in_the_browser(folder) + rows


if __name__ == "__main__":
    for row in run():
        print(row)
