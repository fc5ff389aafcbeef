"""Builds the source notebook that the classroom's tests release, hand in and grade."""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat
from nbformat import v4

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def meta(grade_id, *, grade=False, solution=False, locked=False, points=None):
    keys = {"schema_version": 3, "grade": grade, "solution": solution, "locked": locked, "task": False}
    return {"nbgrader": keys | {"grade_id": grade_id} | ({} if points is None else {"points": points})}


def code(grade_id, text, **marks):
    return v4.new_code_cell(text, id=grade_id.replace("_", "-"), metadata=meta(grade_id, **marks) if marks else {})


def answer(grade_id, text):
    return code(grade_id, text, solution=True)


def test(grade_id, text, points):
    return code(grade_id, text, grade=True, locked=True, points=points)


def prose(cell_id, text):
    return v4.new_markdown_cell(text, id=cell_id)


SETUP = "import statistics\n\nnumbers = [3, 1, 2]"
MEAN = '''def mean(values):
    """values의 산술 평균."""
    ### BEGIN SOLUTION
    total = sum(float(value) for value in values)
    return total / len(values)
    ### END SOLUTION'''
TEST_MEAN = """assert mean(numbers) == 2, "세 수의 평균이 다릅니다."
### BEGIN HIDDEN TESTS
secret_numbers = [10, 20, 60]
assert mean(secret_numbers) == 30, "보지 못한 수의 평균이 다릅니다."
### END HIDDEN TESTS"""
SPREAD = '''def spread(values):
    """가장 큰 값과 가장 작은 값의 차이."""
    ### BEGIN SOLUTION
    ordered = sorted(values, reverse=True)
    return ordered[0] - ordered[-1]
    ### END SOLUTION'''
TEST_SPREAD = """assert spread(numbers) == 2, "차이가 다릅니다."
assert spread([7]) == 0, "한 값의 차이는 0입니다."
"""
TEST_SPREAD_HIDDEN = """# 보지 못한 값으로 확인합니다.
### BEGIN HIDDEN TESTS
unordered_values = [-5, 9, 0, 4]
assert spread(unordered_values) == 14, "음수가 섞인 값의 차이가 다릅니다."
### END HIDDEN TESTS"""


def notebook() -> nbformat.NotebookNode:
    cells = [
        prose("title", "# 평균과 차이\n\n두 함수를 완성하세요."),
        code("setup_numbers", SETUP, locked=True),
        answer("solution_mean", MEAN),
        test("test_mean", TEST_MEAN, 2),
        prose("between", "이제 차이를 구합니다."),
        answer("solution_spread", SPREAD),
        test("test_spread", TEST_SPREAD.strip(), 1),
        test("test_spread_hidden", TEST_SPREAD_HIDDEN, 1),
    ]
    return v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})


WRONG = {
    "wrong_median.py": '''"""Takes the median for the mean.

Loses: test_mean
"""

# %% solution_mean
def mean(values):
    return statistics.median(values)
''',
    "wrong_first.py": '''"""Reads the first and the last value instead of the largest and the smallest.

Loses: test_spread, test_spread_hidden
"""

# %% solution_spread
def spread(values):
    return values[0] - values[-1]
''',
}
RIGHT = {
    "right_fsum.py": '''"""Adds with math.fsum."""

# %% solution_mean
import math

def mean(values):
    return math.fsum(values) / len(values)

# %% solution_spread
def spread(values):
    return max(values) - min(values)
''',
}


def write_source(folder: Path, *, content: nbformat.NotebookNode | None = None) -> Path:
    (folder / "variants").mkdir(parents=True)
    nbformat.write(content or notebook(), folder / f"{folder.name}.ipynb")
    (folder / "numbers.csv").write_text("value\n3\n1\n2\n", encoding="utf-8")
    for name, text in {**WRONG, **RIGHT}.items():
        (folder / "variants" / name).write_text(text, encoding="utf-8")
    return folder


def change(folder: Path, cell: str, text: str | None = None, **metadata) -> None:
    """Rewrite one cell of a source folder's notebook, by grade id or cell id."""
    path = folder / f"{folder.name}.ipynb"
    content = nbformat.read(path, as_version=4)
    chosen = next(one for one in content.cells if cell in (one.metadata.get("nbgrader", {}).get("grade_id"), one.id))
    if text is not None:
        chosen.source = text
    chosen.metadata.setdefault("nbgrader", {}).update(metadata)
    nbformat.write(content, path)


def filled(released: nbformat.NotebookNode, answers: dict[str, str]) -> nbformat.NotebookNode:
    """A released notebook with answer cells filled in."""
    done = copy.deepcopy(released)
    for cell in done.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell.source = answers[name]
    return done


RIGHT_ANSWERS = {
    "solution_mean": "def mean(values):\n    return sum(values) / len(values)",
    "solution_spread": "def spread(values):\n    return max(values) - min(values)",
}
