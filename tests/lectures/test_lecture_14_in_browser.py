"""A student runs lecture 14 in JupyterLab and plays in its two rooms."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from coursekit.classroom.launch import lab_command, prepare_workspace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from browser import chromium, jupyter_lab, open_notebook

LECTURE = "lectures/14_logging_monitoring.ipynb"


def _room(page, label):
    """The cell that holds the control with this label, and its plot."""
    cell = page.locator(".jp-CodeCell", has=page.locator(f".widget-label:has-text('{label}')")).last
    cell.scroll_into_view_if_needed(timeout=60_000)
    return cell, cell.locator(".coursekit-plot").last


def _choose(page, cell, plot, label, option):
    """Pick an option of a dropdown and wait until the figure was drawn anew."""
    drawn = plot.get_attribute("data-drawn")
    cell.locator(f".widget-dropdown:has-text('{label}') select").select_option(label=option)
    page.wait_for_function(
        "([plot, drawn]) => plot.dataset.drawn !== drawn", arg=[plot.element_handle(), drawn], timeout=60_000
    )


@pytest.mark.browser
def test_the_lecture_runs_and_its_rooms_answer(tmp_path):
    course = tmp_path / "course"
    prepare_workspace(course)
    profile = {"JUPYTER_CONFIG_PATH": lab_command(course).environment["JUPYTER_CONFIG_PATH"]}
    with chromium() as browser, jupyter_lab(course, environment=profile) as lab:
        notebook = open_notebook(browser, lab, LECTURE)
        page = notebook.page
        notebook.run_all(seconds=400)
        for kind in ("error", "stderr"):
            assert page.locator(f".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.{kind}']").count() == 0

        cell, plot = _room(page, "무엇이 바뀌는가")
        _choose(page, cell, plot, "무엇이 바뀌는가", "데이터 드리프트: x1이 옮겨 감")
        assert "PSI" in plot.text_content()

        cell, plot = _room(page, "세계")
        _choose(page, cell, plot, "세계", "갑작스러운 변화 (평균 60일에 한 번)")
        assert "가장 싼 정책" in plot.text_content()
