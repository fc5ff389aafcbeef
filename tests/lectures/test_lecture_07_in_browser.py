"""A student runs lecture 7 in JupyterLab and plays in its three rooms."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lecture_runs import choose, ran_in_lab


@pytest.mark.browser
def test_the_lecture_runs_and_its_rooms_answer(tmp_path):
    with ran_in_lab(tmp_path, "lectures/07_model_optimization.ipynb") as page:
        plot = choose(page, "범위를 정하는 법", "평균제곱오차 최소")
        assert "SQNR" in plot.text_content()
        plot = choose(page, "dense", "4비트")
        assert "예상 손실" in plot.text_content()
        plot = choose(page, "남은 것 가운데", "가장 작은 것")
        assert "가장 작음" in plot.text_content()
