"""Take the README's pictures: lecture 1 in JupyterLab, a graded class, a checked design document.

.venv/bin/python tools/pictures.py [NAME ...]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from coursekit.classroom import demo
from coursekit.classroom.editions import open_folder
from coursekit.classroom.launch import FIRST_LECTURE, lab_command, prepare_workspace
from coursekit.classroom.project._report_page import report_page
from coursekit.classroom.project.checking import check_document

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


def checked_document(target: Path) -> None:
    """The checker's page about the flawed example."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        report = check_document(open_folder("project_template") / "examples" / "intents_design_doc.md")
        path = Path(folder) / "check.html"
        path.write_text(report_page(report), encoding="utf-8")
        page = browser.new_page(viewport={"width": 900, "height": 960})
        page.goto(path.as_uri())
        page.screenshot(path=target)


if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    known = {"lecture": lecture, "class": graded_class, "check": checked_document}
    for name in sys.argv[1:] or known:
        known[name](PICTURES / f"{name}.png")
        print(f"docs/pictures/{name}.png")
