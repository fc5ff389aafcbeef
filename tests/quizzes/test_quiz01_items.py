"""Quiz 1: every distractor names a misconception, and none of the answers leaves the house."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from coursekit.classroom.regions import public_part, without_markers

QUIZ = Path(__file__).resolve().parents[2] / "quizzes" / "quiz01_ml_lifecycle" / "quiz01_ml_lifecycle.ipynb"
CELLS = json.loads(QUIZ.read_text(encoding="utf-8"))["cells"]
SOURCE = {cell["id"]: "".join(cell["source"]) for cell in CELLS}
CHOICES = {"drift": 1, "slice": 2}
NUMBERS = {"capacity": 3, "ramp_up": 5}


def _literal(source, name):
    """The value of a plain assignment in a cell."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"no plain value {name}")


def _graded(item, answer):
    """Run an item's test cell on one answer: (points kept, message, what is printed)."""
    names = {}
    exec(without_markers(SOURCE[f"answer_{item}"]), names)
    names |= {name: answer for name in list(names) if name.startswith("answer_")}
    try:
        exec(without_markers(SOURCE[f"test_{item}"]), names)
    except AssertionError as error:
        return False, str(error)
    return True, ""


@pytest.mark.parametrize(("item", "number"), CHOICES.items())
def test_each_wrong_choice_names_its_misconception(item, number):
    offered = re.findall(r"^- \*\*([a-z])\.\*\*", SOURCE[f"question_{item}"], re.MULTILINE)
    key = _literal(SOURCE[f"answer_{item}"], f"answer_{number}")
    reasons = _literal(SOURCE[f"test_{item}"], f"misread_{number}")
    assert offered == ["a", "b", "c", "d"]
    assert set(offered) == {key} | set(reasons)
    assert len(set(reasons.values())) == 3
    for choice in offered:
        kept, message = _graded(item, choice)
        assert kept == (choice == key)
        assert message == reasons.get(choice, "")


@pytest.mark.parametrize(("item", "number"), NUMBERS.items())
def test_each_foreseen_number_names_its_misconception(item, number, capsys):
    key = _literal(SOURCE[f"answer_{item}"], f"answer_{number}")
    reasons = _literal(SOURCE[f"test_{item}"], f"misread_{number}")
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
    """The first hidden lines print it, so that right, wrong and blank answers all get it."""
    full, released = SOURCE[f"test_{item}"], public_part(SOURCE[f"test_{item}"])
    for source, expected in ((full, True), (released, False)):
        with pytest.raises(AssertionError):  # blank: no answer cell was run
            exec(without_markers(source), {})
        assert ("해설]" in capsys.readouterr().out) == expected
    assert "misread" not in released


def test_the_distance_is_the_total_variation():
    """Half the sum of differences is the largest difference over all sets of intents."""
    names = {}
    exec(without_markers(SOURCE["answer_distance"]), names)
    p, q = [0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]
    sets = ([i for i in range(4) if mask >> i & 1] for mask in range(16))
    largest = max(abs(sum(p[i] - q[i] for i in chosen)) for chosen in sets)
    assert names["total_variation"](p, q) == pytest.approx(largest, abs=1e-12)
