"""Whatever a function of lab 14 returns, its student reads a sentence, not the inside of a check."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from coursekit.classroom.judging import CheckFailed, Student
from coursekit.classroom.judging.checks import load_checks
from coursekit.classroom.regions import without_markers

LAB = Path(__file__).resolve().parents[2] / "labs" / "lab14_drift" / "lab14_drift.ipynb"
CODE = [cell for cell in json.loads(LAB.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
SOURCE = {cell["id"]: without_markers("".join(cell["source"])) for cell in CODE}
CHECKED_BY = {
    "ddm_alarms": ("test_ddm", "test_ddm_hidden"),
    "eddm_drifts": ("test_eddm", "test_eddm_hidden"),
    "kl_divergence": ("test_distances", "test_distances_hidden"),
    "total_variation": ("test_distances", "test_distances_hidden"),
    "hellinger": ("test_distances", "test_distances_hidden"),
    "moved_features": ("test_moved", "test_moved_worlds", "test_moved_hidden"),
    "retrain_today": ("test_refresh", "test_refresh_worlds", "test_refresh_hidden"),
}
RETURNED = [None, 0, 0.5, float("nan"), "", "drift", [], [0, 1], ["amount"], (), ([1], [2]), ([0], None), {}]
RETURNED += [([], []), ([[]], [[]]), [0.5], [True], {"a": None}, {None: 1}, True, b"", {"a"}, object(), [[]], [None]]


@pytest.fixture(scope="module")
def solved():
    """The notebook's names after set-up and reference solutions, checks aside."""
    names = {"__name__": "__main__"}
    for cell in CODE:
        nbgrader = cell["metadata"].get("nbgrader", {})
        if nbgrader and not nbgrader["grade"]:
            exec(SOURCE[cell["id"]], names)
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
        for cell in CODE:  # so that `student`, and what asks it, look among these names
            nbgrader = cell["metadata"].get("nbgrader", {})
            if nbgrader.get("locked") and not nbgrader["grade"]:
                exec(SOURCE[cell["id"]], names)
        exec(SOURCE[check], names)
    except CheckFailed as error:
        assert error.broken == "", f"{check} stopped itself: {error.broken}"
        return str(error)
    return None


@pytest.mark.parametrize("function", CHECKED_BY)
def test_a_wrong_kind_of_answer_gets_a_sentence(solved, function):
    for value in RETURNED:
        names = {**solved, function: lambda *_, value=value: value}
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


def test_a_detector_of_the_library_is_not_an_answer(solved):
    """Whatever it returns: the lab is about writing it."""
    library = "from coursekit.monitoring import DDM"
    text = (
        f"{library}\n\ndef ddm_alarms(errors, n_min=30):\n    found = DDM(n_min=n_min).detect(errors)\n    return found"
    )
    names = {**solved, "In": [text]}
    exec(text, names)
    assert "직접 쓰세요" in _message("test_ddm", names)


WRONG = {
    "ddm": ("ddm_alarms", [lambda errors, n_min: ([], []), lambda errors, n_min: ([], [len(errors) // 2])]),
    "eddm": ("eddm_drifts", [lambda errors, n_min: [], lambda errors, n_min: [len(errors) // 2]]),
    "distances": ("kl_divergence", [lambda p, q: 0.0, lambda p, q: float("inf"), lambda p, q: float("nan")]),
    "moved": ("moved_features", [lambda before, after: [], lambda before, after: list(before)]),
    "refresh": ("retrain_today", [lambda day, rates, left: False, lambda day, rates, left: left > 0]),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_hidden_check_names_a_property(solved, hidden_checks, name):
    """Alone, without the cell's visible part before it."""
    function, answers = WRONG[name]
    check = getattr(hidden_checks, f"check_{name}")
    check(Student(solved))
    for answer in answers:
        with pytest.raises(CheckFailed, match=r"[가-힣]{2}"):
            check(Student({**solved, function: answer}))


def test_a_detector_that_does_not_forget_is_told_so(solved, hidden_checks):
    """Not that its definition is another: its first drift is right, its later ones are those of no fresh start."""

    def listens_once(errors, n_min):
        warnings, drifts = solved["ddm_alarms"](errors, n_min)
        return warnings, drifts[:1]

    with pytest.raises(CheckFailed, match="무엇을 잊어야 하는지"):
        hidden_checks.check_ddm(Student({"ddm_alarms": listens_once}))


def test_the_budget_is_kept_by_the_check(solved, hidden_checks):
    """A policy that asks for a fifth training fails, however well it does."""

    def spends(day, error_rates, budget_left):
        return sum(error_rates[-5:]) / len(error_rates[-5:]) > 0.13

    with pytest.raises(CheckFailed, match="네 번을 다 쓴 뒤에"):
        hidden_checks.check_refresh(Student({"retrain_today": spends}))


def test_the_hidden_checks_are_those_of_the_table(hidden_checks):
    assert {name for name in vars(hidden_checks) if name.startswith("check_")} == {f"check_{name}" for name in WRONG}
