"""Every quiz: each distractor names a misconception, and none of the answers leaves the house.

An item is its three cells question_<item>, answer_<item> and test_<item>. Its answer says what it asks for: a
letter, a number, or a function that returns a number.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from coursekit.classroom.judging import CheckFailed, Student
from coursekit.classroom.regions import public_part

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "labs"))
from authored_notebook import authored

QUIZZES = authored("quizzes")


class Item:
    """One item of a quiz; `key` is its answer as authored, None for a function."""

    def __init__(self, quiz, name, number):
        self.quiz, self.name, self.number = quiz, name, number
        self.variable = f"answer_{number}"
        self.question, self.test = quiz.source[f"question_{name}"], quiz.source[f"test_{name}"]
        self.functions = quiz.functions(f"answer_{name}")
        self.key = None if self.functions else _literal(quiz.source[f"answer_{name}"], self.variable)

    def __str__(self):
        return f"{self.quiz.name}-{self.name}"

    @property
    def misread(self):
        """What each foreseen wrong answer misread."""
        return getattr(self.quiz.hidden_checks, f"MISREAD_{self.name.upper()}")

    def graded(self, answer):
        """Run the test cell on one answer: (points kept, message)."""
        names = {}
        self.quiz.run(f"answer_{self.name}", names)
        names |= {name: answer for name in list(names) if name.startswith("answer_")}
        self.quiz.run("checks_support", names)
        try:
            self.quiz.run(f"test_{self.name}", names)
        except AssertionError as error:
            return False, str(error)
        return True, ""


def _literal(source, name):
    """The value of a plain assignment in a cell."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"no plain value {name}")


def _items(quiz):
    questions = [cell["id"] for cell in quiz.cells if cell["id"].startswith("question_")]
    return [Item(quiz, name.removeprefix("question_"), number) for number, name in enumerate(questions, 1)]


ITEMS = [item for quiz in QUIZZES for item in _items(quiz)]
CHOICES = [item for item in ITEMS if isinstance(item.key, str)]
NUMBERS = [item for item in ITEMS if isinstance(item.key, int | float) and not isinstance(item.key, bool)]
FUNCTIONS = [item for item in ITEMS if item.functions]

every_quiz = pytest.mark.parametrize("quiz", QUIZZES, ids=lambda quiz: quiz.name)
every_item = pytest.mark.parametrize("item", ITEMS, ids=str)
every_choice = pytest.mark.parametrize("item", CHOICES, ids=str)
every_number = pytest.mark.parametrize("item", NUMBERS, ids=str)
every_function = pytest.mark.parametrize("item", FUNCTIONS, ids=str)


@every_quiz
def test_each_item_has_a_kind_a_check_and_an_explanation(quiz):
    """What is found by name here is all that is graded there."""
    items = [item for item in ITEMS if item.quiz is quiz]
    graded = [cell["id"] for cell in quiz.code if cell["metadata"].get("nbgrader", {}).get("grade")]
    assert graded == [f"test_{item.name}" for item in items]
    for item in items:
        assert [item in kind for kind in (CHOICES, NUMBERS, FUNCTIONS)].count(True) == 1
        assert re.match(rf"## {item.number}번 \(2점", item.question)
    for kind in (CHOICES, NUMBERS, FUNCTIONS):
        assert set(kind) & set(items), "a quiz asks for a choice, a number and a function"
    checks = {name for name in vars(quiz.hidden_checks) if name.startswith("check_")}
    assert checks == {f"check_{item.name}{part}" for item in items for part in ("", "_explanation")}


@every_choice
def test_each_wrong_choice_names_its_misconception(item):
    offered = re.findall(r"^- \*\*([a-z])\.\*\*", item.question, re.MULTILINE)
    assert offered == ["a", "b", "c", "d"]
    assert set(offered) == {item.key} | set(item.misread)
    assert len(set(item.misread.values())) == 3
    for choice in offered:
        kept, message = item.graded(choice)
        assert kept == (choice == item.key)
        assert message == item.misread.get(choice, "")


@every_number
def test_each_foreseen_number_names_its_misconception(item):
    assert item.graded(item.key) == (True, "")
    assert item.graded(float(item.key)) == (True, "")
    assert item.misread
    for value, reason in item.misread.items():
        assert item.graded(value) == (False, reason)
    kept, unforeseen = item.graded(item.key + 0.5)
    assert not kept
    assert str(item.key) not in unforeseen, "a message never tells the expected value"


@pytest.mark.parametrize("item", [*CHOICES, *NUMBERS], ids=str)
@pytest.mark.parametrize("answer", [None, "", [], {"a": 1}, float("nan")])
def test_an_answer_of_another_kind_gets_a_sentence(item, answer):
    kept, message = item.graded(answer)
    assert not kept
    assert re.search("[가-힣]", message)


@every_item
def test_explanation_is_printed_at_grading_and_never_released(item, capsys):
    """The first hidden check prints it, so that right, wrong and blank answers all get it."""
    names = {}
    item.quiz.run("checks_support", names)
    with pytest.raises(AssertionError):  # blank: no answer cell was run
        item.quiz.run(f"test_{item.name}", names)
    assert f"[{item.number}번 해설]" in capsys.readouterr().out
    released = public_part(item.test)
    names = {}
    item.quiz.run("checks_support", names)
    with pytest.raises(AssertionError):
        exec(released, names)
    assert "해설]" not in capsys.readouterr().out
    assert "hidden_check" not in released


@every_choice
@pytest.mark.parametrize("answer", ["e", "ㄷ", 3])
def test_only_the_key_is_right_whatever_the_form_was_when_it_was_checked(item, answer):
    """A process that answers twice may give a sound form first; the check of the answer asks anew."""
    with pytest.raises(CheckFailed):
        getattr(item.quiz.hidden_checks, f"check_{item.name}")(Student({item.variable: answer}))


@every_function
@pytest.mark.parametrize("returned", [None, "0.5", [0.5], {"a": 1}, (0.5,)])
def test_what_a_function_returns_of_another_kind_gets_a_sentence(item, returned):
    names = {name: lambda *_: returned for name in item.functions}
    item.quiz.run("checks_support", names)
    with pytest.raises(CheckFailed, match="숫자를 돌려주어야 합니다"):
        item.quiz.run(f"test_{item.name}", names)


@every_number
@pytest.mark.parametrize("kind", [int, float, np.int64, np.float32, np.float64])
def test_a_number_is_a_number_whoever_computed_it(item, kind):
    """Right if the kind can hold the key; a truth value is none."""
    number = kind(item.key)
    assert (item.graded(number) == (True, "")) == (number == item.key)
    assert not item.graded(True)[0]
