"""Quiz 14: every distractor names a misconception, its figures hold, and no answer leaves the house."""

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
from coursekit.monitoring import DDM

QUIZ = Path(__file__).resolve().parents[2] / "quizzes" / "quiz14_monitoring" / "quiz14_monitoring.ipynb"
CELLS = json.loads(QUIZ.read_text(encoding="utf-8"))["cells"]
SOURCE = {cell["id"]: "".join(cell["source"]) for cell in CELLS}
CHOICES = {"redefinition": 1, "on_call": 2}
NUMBERS = {"age": 3, "time_of_day": 4}


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


@pytest.mark.parametrize("item", [*CHOICES, "recall", *NUMBERS])
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


@pytest.mark.parametrize("returned", [None, "0.5", [0.5], {"a": 1}, (0.5,), True])
def test_a_recall_of_another_kind_gets_a_sentence(returned):
    names = {"estimated_recall": lambda *_: returned}
    exec(SOURCE["checks_support"], names)
    with pytest.raises(CheckFailed, match="숫자를 돌려주어야 합니다"):
        exec(without_markers(SOURCE["test_recall"]), names)


@pytest.mark.parametrize("kind", [int, float, np.int64, np.float64])
def test_a_number_is_a_number_whoever_computed_it(kind):
    assert _graded("age", kind(44)) == (True, "")
    assert not _graded("age", True)[0]


def test_the_estimated_recall_is_right_on_average():
    """Frauds caught with chance 0.6 and an audit of a tenth of the rest, 2,000 worlds."""
    names = {}
    exec(without_markers(SOURCE["answer_recall"]), names)
    rng = np.random.default_rng(5)
    caught = rng.binomial(1_000, 0.6, size=2_000)
    found = rng.binomial(1_000 - caught, 0.1)
    estimates = [names["estimated_recall"](int(c), int(f), 0.1) for c, f in zip(caught, found, strict=True)]
    # found / 0.1 has standard deviation sqrt(400 * 0.1 * 0.9) / 0.1 = 60 of 1,000, which moves the
    # recall by about 0.6 * 0.06 = 0.036; its curvature biases it by 0.6 * 0.06**2 = 0.0022. Four
    # standard errors of 2,000 worlds are 0.0032.
    assert np.mean(estimates) == pytest.approx(0.6, abs=0.0022 + 0.0032)


def test_the_ddm_of_the_on_call_item_rings_in_nearly_half_of_all_quiet_streams():
    """The explanation says so, and that a larger minimum makes it rare."""
    streams = np.random.default_rng(14).random((300, 10_000)) < 0.1
    rang = {n: sum(DDM(n_min=n).detect(errors).drifts.size > 0 for errors in streams) / 300 for n in (30, 1_000)}
    # Three standard errors of 300 streams are at most 0.09.
    assert 0.35 < rang[30] < 0.55
    assert rang[1_000] < 0.2


def test_the_psi_of_the_on_call_item_is_ordinary_without_a_change():
    """Two samples of 100 in ten bins: the mean that the item gives, and more than 0.1 most of the time."""
    rng = np.random.default_rng(15)
    shares = rng.multinomial(100, np.full(10, 0.1), size=(4_000, 2)) / 100
    shares = np.maximum(shares, 0.001)  # an empty bin, 1 in 4,000, would be infinite
    psi = np.sum((shares[:, 0] - shares[:, 1]) * np.log(shares[:, 0] / shares[:, 1]), axis=1)
    # 9 * (1/100 + 1/100) = 0.18 is the leading term; bins of ten add some ten percent.
    assert np.mean(psi) == pytest.approx(0.18, rel=0.2)
    assert np.mean(psi > 0.1) > 0.8
    assert 0.2 < np.mean(psi > 0.17) < 0.8


def test_the_table_of_the_canary_adds_up():
    """The day's row is the sum of the others, and the key its mean over the canary's times of day."""
    numbers = [
        [float(number.replace(",", "")) for number in re.findall(r"[\d,]+\.?\d*", line)]
        for line in SOURCE["question_time_of_day"].splitlines()
        if line.startswith(("| 오전", "| 저녁", "| 하루"))
    ]
    morning, evening, day = numbers
    for column in (0, 1, 3, 4):
        assert morning[column] + evening[column] == day[column]
    for row in numbers:
        assert row[2] == pytest.approx(100 * row[1] / row[0], abs=0.005)
        assert row[5] == pytest.approx(100 * row[4] / row[3], abs=0.005)
    key = (morning[0] * morning[5] + evening[0] * evening[5]) / day[0]
    assert _literal(SOURCE["answer_time_of_day"], "answer_4") == pytest.approx(key, abs=1e-9)
