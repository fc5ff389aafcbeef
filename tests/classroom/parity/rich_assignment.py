"""An assignment with everything that nbgrader knows: tests, hidden tests, text, code for a person, a task."""

from __future__ import annotations

from pathlib import Path

import assignments
import nbformat
from assignments import KERNEL, answer, code, meta, prose, test
from nbformat import v4

NAME = "lab_rich"
POINTS = {
    "test_mean": 2,
    "test_spread": 1,
    "test_spread_hidden": 1,
    "test_scale": 3,
    "test_column": 2,
    "reflection": 3,
    "experiment": 2,
    "explore": 4,
}
BY_HAND = ("reflection", "experiment", "explore")
"""Cells that a person grades: a text, code without a test, a task."""

SETUP = """import csv
import math
import statistics

import numpy as np

numbers = [3, 1, 2]"""
SCALE = '''def scale(values):
    """values에서 평균을 빼고 표준편차로 나눈 리스트."""
    ### BEGIN SOLUTION
    centre, width = statistics.fmean(values), statistics.pstdev(values)
    return [(one - centre) / width for one in values]
    ### END SOLUTION'''
TEST_SCALE = """scaled = scale([float(one) for one in range(50)])
print("가장 큰 값", max(scaled))
assert len(scaled) == 50, "길이가 달라졌습니다."
assert math.isclose(sum(scaled), 0, abs_tol=1e-9), "평균이 0이 아닙니다."
### BEGIN HIDDEN TESTS
assert math.isclose(statistics.pstdev(scale([2.0, 4.0, 9.0])), 1), "표준편차가 1이 아닙니다."
assert scale(np.array([1.0, 3.0])) is not None, "배열을 받지 못합니다."
### END HIDDEN TESTS"""
COLUMN = '''def column(path):
    """CSV 파일의 value 열을 실수 리스트로 읽습니다."""
    ### BEGIN SOLUTION
    with open(path, encoding="utf-8") as file:
        return [float(row["value"]) for row in csv.DictReader(file)]
    ### END SOLUTION'''
TEST_COLUMN = """assert column("numbers.csv") == [3.0, 1.0, 2.0], "열의 값이 다릅니다."
### BEGIN HIDDEN TESTS
with open("unseen.csv", "w", encoding="utf-8") as file:
    file.write("name,value\\na,1.5\\nb,-2\\n")
assert column("unseen.csv") == [1.5, -2.0], "다른 열이 있는 파일에서 값이 다릅니다."
### END HIDDEN TESTS"""


def by_hand(grade_id, points, *, task=False):
    marks = {"locked": True, "grade": False, "solution": False} if task else {"grade": True, "solution": True}
    keys = meta(grade_id, points=points, **marks)
    keys["nbgrader"]["task"] = task
    return keys


def notebook() -> nbformat.NotebookNode:
    experiment = "### BEGIN SOLUTION\nprint([len(str(one)) for one in numbers])\n### END SOLUTION"
    cells = [
        prose("title", "# 평균, 차이, 척도\n\n네 함수를 완성하고 두 물음에 답하세요."),
        code("setup_numbers", SETUP, locked=True),
        answer("solution_mean", assignments.MEAN),
        test("test_mean", assignments.TEST_MEAN, 2),
        prose("between", "이제 차이를 구합니다."),
        answer("solution_spread", assignments.SPREAD),
        test("test_spread", assignments.TEST_SPREAD.strip(), 1),
        test("test_spread_hidden", assignments.TEST_SPREAD_HIDDEN, 1),
        answer("solution_scale", SCALE),
        test("test_scale", TEST_SCALE, 3),
        answer("solution_column", COLUMN),
        test("test_column", TEST_COLUMN, 2),
        prose("asked", "척도를 맞추면 무엇이 쉬워지는지 쓰세요."),
        v4.new_markdown_cell("모범 답안", id="reflection", metadata=by_hand("reflection", 3)),
        prose("asked-again", "수를 하나 골라 실험하는 코드를 쓰세요."),
        v4.new_code_cell(experiment, id="experiment", metadata=by_hand("experiment", 2)),
        v4.new_markdown_cell("자료를 자유롭게 살펴보세요.", id="explore", metadata=by_hand("explore", 4, task=True)),
    ]
    return v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})


def write_source(folder: Path) -> Path:
    return assignments.write_source(folder, content=notebook())
