"""A student runs lecture 2 in JupyterLab and plays in its two rooms."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from coursekit.classroom.launch import lab_command, prepare_workspace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from browser import chromium, jupyter_lab, open_notebook

LECTURE = "lectures/02_data_and_features.ipynb"


def _choose(page, label, option):
    """Pick an option of a dropdown, wait until the figure of its cell was drawn anew, and give it."""
    cell = page.locator(".jp-CodeCell", has=page.locator(f".widget-label:has-text('{label}')")).last
    cell.scroll_into_view_if_needed(timeout=60_000)
    plot = cell.locator(".coursekit-plot").last
    drawn = plot.get_attribute("data-drawn")
    cell.locator(f".widget-dropdown:has-text('{label}') select").select_option(label=option)
    page.wait_for_function(
        "([plot, drawn]) => plot.dataset.drawn !== drawn", arg=[plot.element_handle(), drawn], timeout=60_000
    )
    return plot


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

        plot = _choose(page, "재원 시간의 분포", "모두 똑같음")
        assert "자리가 없는데 레이블이 True" in plot.text_content()
        plot = _choose(page, "어느 병원부터", "지금을 다 아는 상황실")
        assert "끝내 자리를 못 찾은 비율" in plot.text_content()
