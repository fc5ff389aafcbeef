"""Take the README's pictures: lecture 1 in JupyterLab, and a graded class.

.venv/bin/python tools/pictures.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from coursekit.classroom import demo
from coursekit.classroom.launch import FIRST_LECTURE, lab_command, prepare_workspace

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from browser import chromium, jupyter_lab, open_notebook  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
QUERY = "input[placeholder^='알아볼 문장']"


def lecture(target: Path) -> None:
    """Lecture 1 with its playground answering a question."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder) / "course"
        prepare_workspace(course)
        profile = {"JUPYTER_CONFIG_PATH": lab_command(course).environment["JUPYTER_CONFIG_PATH"]}
        with chromium() as browser, jupyter_lab(course, environment=profile) as lab:
            notebook = open_notebook(browser, lab, FIRST_LECTURE, width=1280, height=860)
            notebook.run_all(seconds=600)
            box = notebook.page.locator(QUERY)
            box.scroll_into_view_if_needed(timeout=30_000)
            box.fill("비 오는 날 듣기 좋은 노래 틀어줘")
            box.press("Enter")
            notebook.page.wait_for_timeout(3_000)
            notebook.screenshot(target)


def graded_class(target: Path) -> None:
    """The class page of the demonstration."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        summary = demo.run(Path(folder) / "demo").summary
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(summary.as_uri())
        page.wait_for_timeout(1_000)
        page.screenshot(path=target)


if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, take in {"lecture": lecture, "class": graded_class}.items():
        take(PICTURES / f"{name}.png")
        print(f"docs/pictures/{name}.png")
