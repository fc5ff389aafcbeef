"""Quiz 1: every distractor names a misconception, and none of the answers leaves the house."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from coursekit.classroom.judging import CheckFailed, Student
from coursekit.classroom.judging.checks import load_checks
from coursekit.classroom.regions import public_part, without_markers

QUIZ = Path(__file__).resolve().parents[2] / "quizzes" / "quiz01_ml_lifecycle" / "quiz01_ml_lifecycle.ipynb"
CELLS = json.loads(QUIZ.read_text(encoding="utf-8"))["cells"]
SOURCE = {cell["id"]: "".join(cell["source"]) for cell in CELLS}
CHOICES = {"drift": 1, "slice": 2}
NUMBERS = {"capacity": 3, "ramp_up": 5}


@pytest.fixture(autouse=True, scope="module")
def hidden_checks():
    """This quiz's hidden checks, for the cells that call them by name."""
    module = load_checks(QUIZ.parent / "checks.py")
    yield module
    sys.modules.pop(module.__name__)


def _literal(source, name):
    """The value of a plain assignment in a cell."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"no plain value {name}")


def _graded(item, answer):
    """Run an item's test cell on one answer: (points kept, message)."""
    names = {}
    exec(without_markers(SOURCE[f"answer_{item}"]), names)
    names |= {name: answer for name in list(names) if name.startswith("answer_")}
    exec(SOURCE["checks_support"], names)
    try:
        exec(without_markers(SOURCE[f"test_{item}"]), names)
    except AssertionError as error:
        return False, str(error)
    return True, ""


@pytest.mark.parametrize(("item", "number"), CHOICES.items())
def test_each_wrong_choice_names_its_misconception(item, number, hidden_checks):
    offered = re.findall(r"^- \*\*([a-z])\.\*\*", SOURCE[f"question_{item}"], re.MULTILINE)
    key = _literal(SOURCE[f"answer_{item}"], f"answer_{number}")
    reasons = getattr(hidden_checks, f"MISREAD_{item.upper()}")
    assert offered == ["a", "b", "c", "d"]
    assert set(offered) == {key} | set(reasons)
    assert len(set(reasons.values())) == 3
    for choice in offered:
        kept, message = _graded(item, choice)
        assert kept == (choice == key)
        assert message == reasons.get(choice, "")


@pytest.mark.parametrize(("item", "number"), NUMBERS.items())
def test_each_foreseen_number_names_its_misconception(item, number, hidden_checks):
    key = _literal(SOURCE[f"answer_{item}"], f"answer_{number}")
    reasons = getattr(hidden_checks, f"MISREAD_{item.upper()}")
    assert _graded(item, key) == (True, "")
    assert _graded(item, float(key)) == (True, "")
    for value, reason in reasons.items():
        assert _graded(item, value) == (False, reason)
    kept, unforeseen = _graded(item, key + 0.5)
    assert not kept
    assert str(key) not in unforeseen, "a message never tells the expected value"


@pytest.mark.parametrize("item", [*CHOICES, *NUMBERS])
@pytest.mark.parametrize("answer", [None, "", [], {"a": 1}, float("nan")])
def test_an_answer_of_another_kind_gets_a_sentence(item, answer):
    kept, message = _graded(item, answer)
    assert not kept
    assert re.search("[가-힣]", message)


@pytest.mark.parametrize("item", [*CHOICES, "distance", *NUMBERS])
def test_explanation_is_printed_at_grading_and_never_released(item, capsys):
    """The first hidden check prints it, so that right, wrong and blank answers all get it."""
    full, released = SOURCE[f"test_{item}"], public_part(SOURCE[f"test_{item}"])
    for source, expected in ((full, True), (released, False)):
        names = {}
        exec(SOURCE["checks_support"], names)
        with pytest.raises(AssertionError):  # blank: no answer cell was run
            exec(without_markers(source), names)
        assert ("해설]" in capsys.readouterr().out) == expected
    assert "hidden_check" not in released


@pytest.mark.parametrize("answer", ["e", "ㄷ", 3])
def test_only_the_key_is_right_whatever_the_form_was_when_it_was_checked(hidden_checks, answer):
    """A process that answers twice may give a sound form first; the check of the answer asks anew."""
    for item, number in CHOICES.items():
        with pytest.raises(CheckFailed):
            getattr(hidden_checks, f"check_{item}")(Student({f"answer_{number}": answer}))


@pytest.mark.parametrize("returned", [None, "0.5", [0.5], {"a": 1}, (0.5,)])
def test_a_distance_of_another_kind_gets_a_sentence(returned):
    names = {"total_variation": lambda p, q: returned}
    exec(SOURCE["checks_support"], names)
    with pytest.raises(CheckFailed, match="숫자를 돌려주어야 합니다"):
        exec(without_markers(SOURCE["test_distance"]), names)


@pytest.mark.parametrize("kind", [int, float, np.int64, np.float32, np.float64])
def test_a_number_is_a_number_whoever_computed_it(kind):
    assert _graded("capacity", kind(30)) == (True, "")
    assert _graded("ramp_up", kind(10)) == (True, "")
    assert not _graded("capacity", True)[0]


def test_the_distance_is_the_total_variation():
    """Half the sum of differences is the largest difference over all sets of intents."""
    names = {}
    exec(without_markers(SOURCE["answer_distance"]), names)
    p, q = [0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]
    sets = ([i for i in range(4) if mask >> i & 1] for mask in range(16))
    largest = max(abs(sum(p[i] - q[i] for i in chosen)) for chosen in sets)
    assert names["total_variation"](p, q) == pytest.approx(largest, abs=1e-12)
