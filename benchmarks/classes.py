"""Two labs and classes that hand them in, for the benchmark of grading."""

from __future__ import annotations

import compileall
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import nbformat
from nbformat import v4

import coursekit
from coursekit.classroom.contracts import hand_in, reference_answers, with_answers
from coursekit.classroom.course import Course, create_course
from coursekit.classroom.roster import Student
from tests.classroom.assignments import KERNEL, answer, code, prose, test
from tests.classroom.parity.plain import grade_plainly

_LIGHT_SETUP = """import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

table = pd.DataFrame({"length": [1.0, 2.0, 3.0, 4.0], "long": [0, 0, 1, 1]})"""
_SCALED = '''def scaled(values):
    """values에서 평균을 빼고 표준편차로 나눈 배열."""
    ### BEGIN SOLUTION
    values = np.asarray(values, dtype=float)
    return (values - values.mean()) / values.std()
    ### END SOLUTION'''
_TEST_SCALED = """assert np.isclose(scaled(table["length"]).std(), 1), "표준편차가 1이 아닙니다."
### BEGIN HIDDEN TESTS
assert np.isclose(scaled([10, 30, 80]).mean(), 0), "보지 못한 값의 평균이 0이 아닙니다."
### END HIDDEN TESTS"""
_MODEL = '''def fit_model(frame):
    """length로 long을 예측하는 모델."""
    ### BEGIN SOLUTION
    return LogisticRegression().fit(frame[["length"]], frame["long"])
    ### END SOLUTION'''
_TEST_MODEL = """assert fit_model(table).predict(table[["length"]]).tolist() == [0, 0, 1, 1], "예측이 다릅니다."
### BEGIN HIDDEN TESTS
unseen = pd.DataFrame({"length": [0.0, 9.0]})
assert fit_model(table).predict(unseen).tolist() == [0, 1], "보지 못한 값의 예측이 다릅니다."
### END HIDDEN TESTS"""

_TENSORFLOW_SETUP = """import numpy as np

from coursekit.modeling.training import load_keras

keras = load_keras()
inputs = np.linspace(-1, 1, 64).reshape(-1, 1)
outputs = 2 * inputs + 1"""
_LINE = '''def fit_line(inputs, outputs):
    """한 층으로 직선을 배운 Keras 모델."""
    ### BEGIN SOLUTION
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(1,))])
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss="mse")
    model.fit(inputs, outputs, epochs=5, batch_size=16, verbose=0)
    return model
    ### END SOLUTION'''
_TEST_LINE = """line = fit_line(inputs, outputs)
assert line.predict(inputs, verbose=0).shape == (64, 1), "예측의 모양이 다릅니다."
### BEGIN HIDDEN TESTS
assert abs(float(line.predict(np.zeros((1, 1)), verbose=0)[0, 0]) - 1) < 0.3, "절편이 다릅니다."
### END HIDDEN TESTS"""


@dataclass(frozen=True)
class Lab:
    """An assignment, and a wrong answer to it."""

    name: str
    """Its name."""
    cells: Callable[[], list[nbformat.NotebookNode]]
    """Its cells, with solutions."""
    points: float
    """What can be reached."""
    wrong: dict[str, str]
    """Answers of the student who errs."""


LIGHT = Lab(
    "lab_light",
    lambda: [
        prose("title", "# 척도와 모델\n\n두 함수를 완성하세요."),
        code("setup_light", _LIGHT_SETUP, locked=True),
        answer("solution_scaled", _SCALED),
        test("test_scaled", _TEST_SCALED, 2),
        answer("solution_model", _MODEL),
        test("test_model", _TEST_MODEL, 2),
    ],
    4.0,
    {"solution_scaled": "def scaled(values):\n    return np.asarray(values)"},
)
TENSORFLOW = Lab(
    "lab_tensorflow",
    lambda: [
        prose("title", "# 직선\n\n함수를 완성하세요."),
        code("setup_tensorflow", _TENSORFLOW_SETUP, locked=True),
        answer("solution_line", _LINE),
        test("test_line", _TEST_LINE, 3),
    ],
    3.0,
    {"solution_line": "def fit_line(inputs, outputs):\n    return keras.Sequential([keras.layers.Dense(2)])"},
)


def hand_in_class(root: Path, lab: Lab, size: int) -> Course:
    """A class that has handed in; every fourth student errs."""
    source = root / "source" / lab.name
    source.mkdir(parents=True)
    content = v4.new_notebook(cells=lab.cells(), metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})
    nbformat.write(content, source / f"{lab.name}.ipynb")
    course = create_course(root / "class")
    course.enrol(Student(f"s{number:04d}", "김", f"{number}", "") for number in range(size))
    released = nbformat.read(course.release(source) / f"{lab.name}.ipynb", as_version=4)
    right = reference_answers(source)
    for number in range(size):
        answers = {**right, **lab.wrong} if number % 4 == 3 else right
        hand_in(course, lab.name, f"s{number:04d}", with_answers(released, answers))
    return course


def write_bytecode(root: Path, lab: Lab) -> None:
    """Let Python keep what it compiles, as it does on a grader's machine: neither side compiles anew."""
    compileall.compile_dir(Path(coursekit.__file__).parent, quiet=2)
    with mock.patch.dict(os.environ):
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        grade_plainly(hand_in_class(root, lab, 1), lab.name, "s0000")
    shutil.rmtree(root)
