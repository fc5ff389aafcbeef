"""Formulas become well-formed MathML, or stay the TeX they were."""

from __future__ import annotations

import html
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.explore._mathematics import formula_html

LECTURE = [
    r"y = \mathbb{1}\left[\text{남은 침상 수} + n > 0\right]",
    r"\hat p = \frac{1}{n}\sum_{i=1}^{n} x_i",
    r"D_{\mathrm{KL}}(P \| Q) = \sum_x P(x) \log \frac{P(x)}{Q(x)}",
    r"H(P,Q) = \frac{1}{\sqrt 2}\sqrt{\sum_i (\sqrt{p_i} - \sqrt{q_i})^2}",
    r"p_i + s_i \ge p_{\min} + 3\, s_{\min}, \quad s_i = \sqrt{p_i (1 - p_i) / i}",
    r"P(y = k \mid x) = \frac{\exp(w_k^\top x + b_k)}{\sum_j \exp(w_j^\top x + b_j)}",
    r"f(x) = \begin{cases} 1 & x \ge 0 \\ 0 & \text{그 밖} \end{cases}",
    r"\operatorname*{argmax}_\theta \mathcal{L}(\theta; X)'",
    r"q = \mathrm{round}(x / s) + z,\; |q| \leq 127",
]


def drawn(tex, display=False):
    return ElementTree.fromstring(formula_html(tex, display=display))


@pytest.mark.parametrize("tex", LECTURE)
@pytest.mark.parametrize("display", [False, True])
def test_formulas_of_lectures_are_drawn(tex, display):
    tree = drawn(tex, display)
    assert tree.find(".//code") is None, "fell back to TeX"
    assert "\\" not in "".join(tree.itertext())


def test_structure_of_a_fraction_with_scripts():
    tree = drawn(r"\frac{a_1}{b^2}")
    fraction = tree.find(".//mfrac")
    assert [child.tag for child in fraction] == ["mrow", "mrow"]
    assert ["".join(child.itertext()) for child in fraction] == ["a1", "b2"]


def test_sums_carry_their_limits_above_and_below_on_display_only():
    assert drawn(r"\sum_{i=1}^n", True).find(".//munderover") is not None
    assert drawn(r"\sum_{i=1}^n").find(".//msubsup") is not None


@pytest.mark.parametrize(
    "tex", [r"\unknown{x}", r"\frac{a}", r"{a", r"a}", r"\left( a", r"\begin{tikz}\end{tikz}", "a^"]
)
def test_what_is_unknown_or_broken_stays_readable(tex):
    tree = drawn(tex)
    assert "".join(tree.find("code").itertext()) == tex


@given(st.text(alphabet="ab12{}^_\\$&<>'\"|가 frac", max_size=25))
def test_any_text_gives_well_formed_markup(tex):
    drawn(tex)
    drawn(tex, True)


def test_text_is_escaped():
    assert html.escape("<script>") in formula_html(r"\unknown <script>", display=False)
    assert "<script" not in formula_html(r"\text{<script>}", display=False)
