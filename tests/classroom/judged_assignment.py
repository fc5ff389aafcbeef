"""The judge-mode twin of ``assignments``: the same two functions, asked through ``student``.

Its hidden checks stand in ``checks.py``. The numbers in them are found nowhere else, so that a
search for them in a graded notebook, a page or a message finds a leak and nothing but leaks.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from assignments import KERNEL, MEAN, RIGHT, RIGHT_ANSWERS, SPREAD, WRONG, answer, change, code, filled, prose, test
from nbformat import v4

__all__ = ["CHECKS", "NAME", "POINTS", "RIGHT_ANSWERS", "change", "filled", "notebook", "write_source"]

NAME = "lab_judged"
POINTS = {"test_mean": 2, "test_spread": 1, "test_spread_hidden": 1}

SETUP = """import statistics

import numpy as np

from coursekit.classroom.judging import Student, hidden_check, require

NUMBER = int | float | np.integer | np.floating
numbers = [3, 1, 2]
student = Student(globals())"""
TEST_MEAN = """require(student.mean.returns(NUMBER)(numbers) == 2, "세 수의 평균이 다릅니다.")
### BEGIN HIDDEN TESTS
hidden_check("mean", student)
### END HIDDEN TESTS"""
TEST_SPREAD = """require(student.spread.returns(NUMBER)(numbers) == 2, "차이가 다릅니다.")
require(student.spread.returns(NUMBER)([7]) == 0, "한 값의 차이는 0입니다.")"""
TEST_SPREAD_HIDDEN = """# 보지 못한 값으로 확인합니다.
### BEGIN HIDDEN TESTS
hidden_check("spread", student)
### END HIDDEN TESTS"""
CHECKS = '''"""Hidden checks of the judged twin; never released."""

import math

import numpy as np

from coursekit.classroom.judging import require

NUMBER_EXPECTED = int | float | np.integer | np.floating
secret_numbers = [10418.5, 20937.25, 60553.75]
secret_mean = 30636.5


def check_mean(student):
    """The mean of numbers that nobody was shown."""
    hidden_mean = student.mean.returns(NUMBER_EXPECTED)
    require(math.isclose(hidden_mean(secret_numbers), secret_mean), "보지 못한 수의 평균이 다릅니다.")
    require(hidden_mean([-70117, 70117]) == 0, "부호가 다른 두 수의 평균이 다릅니다.")


def check_spread(student):
    """The spread of numbers that are in no order."""
    hidden_spread = student.spread.returns(NUMBER_EXPECTED)
    unordered_values = [-51733, 93161, 0, 40829]
    require(hidden_spread(unordered_values) == 144894, "음수가 섞인 값의 차이가 다릅니다.")
'''


def notebook() -> nbformat.NotebookNode:
    cells = [
        prose("title", "# 평균과 차이\n\n두 함수를 완성하세요."),
        code("setup_numbers", SETUP, locked=True),
        answer("solution_mean", MEAN),
        test("test_mean", TEST_MEAN, 2),
        prose("between", "이제 차이를 구합니다."),
        answer("solution_spread", SPREAD),
        test("test_spread", TEST_SPREAD, 1),
        test("test_spread_hidden", TEST_SPREAD_HIDDEN, 1),
    ]
    return v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})


def write_source(folder: Path, *, content: nbformat.NotebookNode | None = None, checks: str = CHECKS) -> Path:
    (folder / "variants").mkdir(parents=True)
    nbformat.write(content or notebook(), folder / f"{folder.name}.ipynb")
    (folder / "numbers.csv").write_text("value\n3\n1\n2\n", encoding="utf-8")
    (folder / "checks.py").write_text(checks, encoding="utf-8")
    for name, text in {**WRONG, **RIGHT}.items():
        (folder / "variants" / name).write_text(text, encoding="utf-8")
    return folder
