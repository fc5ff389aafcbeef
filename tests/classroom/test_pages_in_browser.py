"""The pages that teams and instructors read, in a real Chromium: nothing fetched, nothing cut off, no errors."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from coursekit.classroom.editions import open_folder
from coursekit.classroom.gradebook._grade_page import grade_page
from coursekit.classroom.gradebook._item_page import item_page
from coursekit.classroom.gradebook.evaluation import Component, Evaluation
from coursekit.classroom.gradebook.final import compute
from coursekit.classroom.gradebook.item_analysis import Answers, analyse_items
from coursekit.classroom.gradebook.raw import Item, Mark, RawScores
from coursekit.classroom.project._report_page import report_page
from coursekit.classroom.project.checking import check_document
from tests.browser import browser  # noqa: F401  (a fixture)

pytestmark = pytest.mark.browser

LONG = "아주긴이름이이어지는평가항목"


def checked():
    return report_page(check_document(open_folder("project_template") / "examples" / "intents_design_doc.md"))


def items():
    rng = np.random.default_rng(0)
    points = (rng.random((40, 5)) < [0.95, 0.7, 0.5, 0.3, 0.1]).astype(float)
    rows = [(f"s{s:02}", f"item_{i}", points[s, i], 1.0) for s, i in np.ndindex(points.shape)]
    scores = pd.DataFrame(rows, columns=["student", "item", "score", "max_score"])
    given = {f"s{number:02}": "abcd"[number % 4] for number in range(40)}
    answers = {"item_0": Answers("1번. " + LONG * 3, "a", ("a", "b", "c", "d"), given)}
    return item_page(analyse_items(scores, assignment="quiz01", answers=answers))


def grades():
    rules = Evaluation((Component("midterm", Fraction(60), LONG), Component("quizzes", Fraction(40), "퀴즈", drop=1)))
    quizzes = [f"quiz{number:02}" for number in range(1, 13)]
    held = {
        "midterm": (Item("midterm", Fraction(100)),),
        "quizzes": tuple(Item(name, Fraction(5)) for name in quizzes),
    }
    marks = {("midterm", "midterm"): {"1": Mark(Fraction(81), "evaluation/midterm.csv:2")}}
    marks |= {("quizzes", name): {"1": Mark(Fraction(4), f"gradebook:{name}")} for name in quizzes}
    return grade_page(compute(rules, RawScores({"1": "홍길동"}, held, marks)), "1")


@pytest.mark.parametrize("width", [400, 1100])
@pytest.mark.parametrize("compose", [checked, items, grades])
def test_a_page_is_whole_by_itself(browser, tmp_path, compose, width):  # noqa: F811
    path = tmp_path / "page.html"
    path.write_text(compose(), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    try:
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
        assert asked == [path.as_uri()] and said == []
        assert page.evaluate("document.documentElement.lang") == "ko"
        assert page.evaluate("document.querySelector('h1').innerText.length") > 0
        # text that runs out of its box is text that nobody reads
        if width > 1000:
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        links = page.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href'))")
        for link in links:
            assert page.evaluate("name => document.getElementById(decodeURIComponent(name)) !== null", link[1:])
    finally:
        page.close()


def test_the_map_of_the_items_shows_each_where_its_numbers_say(browser, tmp_path):  # noqa: F811
    path = tmp_path / "page.html"
    path.write_text(items(), encoding="utf-8")
    page = browser.new_page()
    try:
        page.goto(path.as_uri())
        circles = page.evaluate(
            "[...document.querySelectorAll('g.item circle, g.item.flagged circle')]"
            ".map(one => [one.cx.baseVal.value, one.cy.baseVal.value])"
        )
        plane = page.evaluate(
            "(() => { const r = document.querySelector('rect.plane');"
            " return [r.x, r.y, r.width, r.height].map(one => one.baseVal.value); })()"
        )
        left, top, width, height = plane
        shown = [((x - left) / width, 1 - 2 * (y - top) / height) for x, y in circles]
        rows = page.evaluate(
            "[...document.querySelectorAll('h2 + table')][0].innerText.split('\\n')"
            ".map(line => line.match(/\\t([\\d.-]+) \\[[^\\]]*\\]\\t([\\d.-]+) \\[/))"
            ".filter(Boolean).map(found => [found[1], found[2]])"
        )
        assert len(shown) == len(rows) == 5
        # the table prints two digits, and the drawing a tenth of a pixel of 400 (150 for a unit of discrimination)
        for (x, y), (difficulty, discrimination) in zip(shown, rows, strict=True):
            assert x == pytest.approx(float(difficulty), abs=0.005 + 0.05 / 400 + 1e-9)
            assert y == pytest.approx(float(discrimination), abs=0.005 + 0.05 / 150 + 1e-9)
    finally:
        page.close()
