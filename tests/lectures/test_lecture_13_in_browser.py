"""A student runs lecture 13 in JupyterLab and plays in its two rooms."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lecture_runs import choose, ran_in_lab


@pytest.mark.browser
def test_the_lecture_runs_and_its_rooms_answer(tmp_path):
    with ran_in_lab(tmp_path, "lectures/13_experiments_deployment.ipynb") as page:
        plot = choose(page, "검정", "z 검정, 매분")
        assert "억울한 롤백" in plot.text_content()
        plot = choose(page, "올리는 계획", "바로 100%")
        assert "공장의 믿음과 실제" in plot.text_content()
