"""Whatever a function of lab 1 returns, its student reads a sentence, not the inside of a check."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from coursekit.classroom.judging import CheckFailed, Student
from coursekit.classroom.judging.checks import load_checks
from coursekit.classroom.regions import without_markers

LAB = Path(__file__).resolve().parents[2] / "labs" / "lab01_intent_baseline" / "lab01_intent_baseline.ipynb"
CODE = [cell for cell in json.loads(LAB.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
SOURCE = {cell["id"]: without_markers("".join(cell["source"])) for cell in CODE}
CHECKED_BY = {
    "keyword_intent": ("test_keyword", "test_keyword_hidden"),
    "ngram_counts": ("test_ngrams", "test_ngrams_hidden"),
    "split_by_group": ("test_split", "test_split_hidden"),
    "recall_by_intent": ("test_recall", "test_recall_hidden"),
    "top_confusion": ("test_confusion",),
    "worst_slice": ("test_slice", "test_slice_hidden"),
    "fit_model": ("test_model", "test_model_learns_hidden", "test_model_unseen_hidden"),
    "predict_model": ("test_model", "test_model_learns_hidden", "test_model_unseen_hidden"),
}
RETURNED = [None, 0, float("nan"), "", "weather", [], [0, 1], ["weather"], (), (1, 2), ([0], None), ("a", "b"), {}]
RETURNED += [{"a": None}, {None: 1}, {"news": "1"}, {1: 1}, True, b"", {"a"}, object(), [[]], ([[]], [[]])]


@pytest.fixture(scope="module")
def solved():
    """The notebook's names after set-up and reference solutions, checks aside."""
    names = {"__name__": "__main__"}
    for cell in CODE:
        nbgrader = cell["metadata"].get("nbgrader", {})
        if nbgrader and not nbgrader["grade"]:
            exec(SOURCE[cell["id"]], names)
        elif cell["id"] == "setup":
            exec(SOURCE["setup"], names)
    return names


@pytest.fixture(autouse=True, scope="module")
def hidden_checks():
    """This lab's hidden checks, for the cells that call them by name."""
    module = load_checks(LAB.parent / "checks.py")
    yield module
    sys.modules.pop(module.__name__)


def _message(check, names):
    """What a check says; anything but a failed check fails the test that asked."""
    try:
        exec(SOURCE["checks_support"], names)  # so that `student` looks among these names
        exec(SOURCE["gain_support"], names)
        exec(SOURCE[check], names)
    except CheckFailed as error:
        return str(error)
    return None


@pytest.mark.parametrize("function", CHECKED_BY)
def test_a_wrong_kind_of_answer_gets_a_sentence(solved, function):
    for value in RETURNED:
        names = {**solved, "fit_model": lambda *_: None, function: lambda *_, value=value: value}
        for check in CHECKED_BY[function]:
            message = _message(check, names)
            assert message is not None, f"{check} passes {function} that returns {value!r}"
            assert re.search("[가-힣]{2}", message), f"{check}, {value!r}: {message}"


@pytest.mark.parametrize("function", CHECKED_BY)
@pytest.mark.parametrize("error", [ZeroDivisionError, RecursionError, KeyError, StopIteration, NotImplementedError])
def test_an_error_in_the_answer_is_named_without_the_check(solved, function, error):
    def fails(*_):
        raise error("속")

    names = {**solved, function: fails}
    for check in CHECKED_BY[function]:
        message = _message(check, names)
        assert function in message
        assert error.__name__ in message or "아직 쓰지 않았습니다" in message


@pytest.mark.parametrize("function", CHECKED_BY)
def test_a_missing_function_is_named(solved, function):
    names = {name: value for name, value in solved.items() if name != function}
    for check in CHECKED_BY[function]:
        assert f"{function}이(가) 없습니다" in _message(check, names)


WRONG = {
    "keyword": ("keyword_intent", lambda *_: "weather"),
    "ngrams": ("ngram_counts", lambda *_: {}),
    "split": ("split_by_group", lambda groups, *_: ([], list(range(len(groups))))),
    "recall": ("recall_by_intent", lambda truth, _: dict.fromkeys(truth, 0.0)),
    "slice": ("worst_slice", lambda truth, answers, slices, _: next(iter(slices))),
    "model_learns": ("predict_model", lambda _, texts: ["a"] * len(texts)),
    "model_unseen": ("predict_model", lambda _, texts: ["weather"] * len(texts)),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_hidden_check_names_a_property(solved, hidden_checks, name):
    """Alone, without the cell's visible part before it."""
    function, answer = WRONG[name]
    check = getattr(hidden_checks, f"check_{name}")
    check(Student(solved))
    with pytest.raises(CheckFailed, match=r"[가-힣]{2}"):
        check(Student({**solved, function: answer}))


def test_the_hidden_checks_are_those_of_the_table(hidden_checks):
    assert {name for name in vars(hidden_checks) if name.startswith("check_")} == {f"check_{name}" for name in WRONG}
