"""A student opens lecture 1, runs it, types a sentence, and sees every model answer anew."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from coursekit.classroom.launch import FIRST_LECTURE, lab_command, prepare_workspace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from browser import chromium, jupyter_lab, open_notebook

QUERY = "input[placeholder^='알아볼 문장']"
ASKED = {"내일 서울 날씨 알려줘": "날씨", "재즈 음악 틀어줘": "음악"}


@pytest.mark.browser
def test_the_lecture_runs_and_its_playground_answers(tmp_path):
    course = tmp_path / "course"
    prepare_workspace(course)
    profile = {"JUPYTER_CONFIG_PATH": lab_command(course).environment["JUPYTER_CONFIG_PATH"]}
    with chromium() as browser, jupyter_lab(course, environment=profile) as lab:
        notebook = open_notebook(browser, lab, FIRST_LECTURE)
        page = notebook.page
        assert page.locator("html").get_attribute("lang").startswith("ko"), "students read Korean menus"
        notebook.run_all(seconds=400)
        assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']").count() == 0
        assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count() == 0

        box = page.locator(QUERY)
        box.scroll_into_view_if_needed(timeout=30_000)
        plot = page.locator(".jp-Cell", has=page.locator(QUERY)).locator(".coursekit-plot")
        for sentence, answer in ASKED.items():
            drawn = plot.get_attribute("data-drawn")
            box.fill(sentence)
            box.press("Enter")
            page.wait_for_function(
                "([plot, drawn]) => plot.dataset.drawn !== drawn", arg=[plot.element_handle(), drawn], timeout=30_000
            )
            # Several models agree on these two; one of them may be wrong, all of them are not.
            page.wait_for_function(
                "([plot, word]) => plot.textContent.split(word).length > 3",
                arg=[plot.element_handle(), answer],
                timeout=30_000,
            )
