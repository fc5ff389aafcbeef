"""A student runs lecture 2 in JupyterLab and plays in its two rooms."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lecture_runs import choose, ran_in_lab


@pytest.mark.browser
def test_the_lecture_runs_and_its_rooms_answer(tmp_path):
    with ran_in_lab(tmp_path, "lectures/02_data_and_features.ipynb") as page:
        plot = choose(page, "재원 시간의 분포", "모두 똑같음")
        assert "자리가 없는데 레이블이 True" in plot.text_content()
        plot = choose(page, "어느 병원부터", "지금을 다 아는 상황실")
        assert "끝내 자리를 못 찾은 비율" in plot.text_content()
