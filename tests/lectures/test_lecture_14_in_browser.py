"""A student runs lecture 14 in JupyterLab and plays in its two rooms."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lecture_runs import choose, ran_in_lab


@pytest.mark.browser
def test_the_lecture_runs_and_its_rooms_answer(tmp_path):
    with ran_in_lab(tmp_path, "lectures/14_logging_monitoring.ipynb") as page:
        plot = choose(page, "무엇이 바뀌는가", "데이터 드리프트: x1이 옮겨 감")
        assert "PSI" in plot.text_content()
        plot = choose(page, "세계", "갑작스러운 변화 (평균 60일에 한 번)")
        assert "가장 싼 정책" in plot.text_content()
