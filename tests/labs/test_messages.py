"""Whatever a function of a lab returns, its student reads a sentence, not the inside of a check.

What is wrong in an interesting way differs from lab to lab: wrong_answers/<lab>.py says it for each.
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

from coursekit.classroom.judging import CheckFailed, Student

sys.path.insert(0, str(Path(__file__).parent))
from authored_notebook import authored, meta

LABS = authored("labs")
RETURNED = [None, 0, float("nan"), "", [], [0, 1], (), ([0], None), {}, {"a": None}, {None: 1}]
RETURNED += [True, b"", {"a"}, object(), [[]]]


def _groups(lab):
    """What is asked for at once, and the checks of it: neighbouring answers, and graded cells up to the next."""
    groups = []
    for cell in lab.code:
        if meta(cell).get("solution"):
            if not groups or groups[-1][1]:
                groups.append(([], []))
            groups[-1][0].extend(lab.functions(cell["id"]))
        elif meta(cell).get("grade"):
            groups[-1][1].append(cell["id"])
    return groups


def _wrong_answers(lab):
    return importlib.import_module(f"wrong_answers.{lab.name}")


every_lab = pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
every_function = pytest.mark.parametrize(
    ("lab", "function", "checks"),
    [
        pytest.param(lab, function, checks, id=f"{lab.name}-{function}")
        for lab in LABS
        for functions, checks in _groups(lab)
        for function in functions
    ],
)


@every_lab
def test_each_function_is_checked_right_after_it_is_asked_for(lab):
    graded = [cell["id"] for cell in lab.code if meta(cell).get("grade")]
    assert [check for _, checks in _groups(lab) for check in checks] == graded
    for functions, checks in _groups(lab):
        assert functions
        assert any(not check.endswith("_hidden") for check in checks), f"{functions}: nothing tells before grading"


@every_function
def test_a_wrong_kind_of_answer_gets_a_sentence(lab, function, checks):
    particular = _wrong_answers(lab)
    for value in [*RETURNED, *particular.RETURNED]:
        names = {**lab.solved, **particular.STAND_INS, function: lambda *_, value=value: value}
        for check in checks:
            message = lab.message(check, names)
            assert message is not None, f"{check} passes {function} that returns {value!r}"
            assert re.search("[가-힣]{2}", message), f"{check}, {value!r}: {message}"


@every_function
@pytest.mark.parametrize("error", [ZeroDivisionError, RecursionError, KeyError, StopIteration, NotImplementedError])
def test_an_error_in_the_answer_is_named_without_the_check(lab, function, checks, error):
    def fails(*_):
        raise error("속")

    names = {**lab.solved, function: fails}
    for check in checks:
        message = lab.message(check, names)
        assert function in message
        assert error.__name__ in message or "아직 쓰지 않았습니다" in message


@every_function
def test_a_missing_function_is_named(lab, function, checks):
    names = {name: value for name, value in lab.solved.items() if name != function}
    for check in checks:
        assert f"{function}이(가) 없습니다" in lab.message(check, names)


@pytest.mark.parametrize(
    ("lab", "name"),
    [pytest.param(lab, name, id=f"{lab.name}-{name}") for lab in LABS for name in _wrong_answers(lab).WRONG],
)
def test_each_hidden_check_names_a_property(lab, name):
    """Alone, without the cell's visible part before it."""
    function, answers = _wrong_answers(lab).WRONG[name]
    check = getattr(lab.hidden_checks, f"check_{name}")
    check(Student(lab.solved))
    assert answers
    for answer in answers:
        with pytest.raises(CheckFailed, match=r"[가-힣]{2}"):
            check(Student({**lab.solved, function: answer}))


@every_lab
def test_the_hidden_checks_are_those_of_the_table(lab):
    named = {name for name in vars(lab.hidden_checks) if name.startswith("check_")}
    assert named == {f"check_{name}" for name in _wrong_answers(lab).WRONG}
