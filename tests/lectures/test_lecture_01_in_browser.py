"""A student opens lecture 1, runs it, types a sentence, and sees every model answer anew."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from coursekit.classroom.launch import FIRST_LECTURE

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lecture_runs import ran_in_lab, redrawn

QUERY = "input[placeholder^='알아볼 문장']"
ASKED = {"내일 서울 날씨 알려줘": "날씨", "재즈 음악 틀어줘": "음악"}


@pytest.mark.browser
def test_the_lecture_runs_and_its_playground_answers(tmp_path):
    with ran_in_lab(tmp_path, FIRST_LECTURE) as page:
        assert page.locator("html").get_attribute("lang").startswith("ko"), "students read Korean menus"
        box = page.locator(QUERY)
        box.scroll_into_view_if_needed(timeout=30_000)
        plot = page.locator(".jp-Cell", has=page.locator(QUERY)).locator(".coursekit-plot")
        for sentence, answer in ASKED.items():
            with redrawn(plot):
                box.fill(sentence)
                box.press("Enter")
            # Several models agree on these two; one of them may be wrong, all of them are not.
            expect(plot).to_have_text(re.compile(f"(?:{answer}.*){{3}}", re.DOTALL), timeout=60_000)
