"""Checks of plain answers: a letter that was chosen, a number that was worked out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coursekit.classroom.judging.checks import require

_ROUNDING = 1e-9  # keys are sums, products and quotients of few numbers, rounded by about 1e-14


def require_choice(answer: Any, key: str, *, misread: Mapping[str, str]) -> None:
    """Fail a check unless a letter is the right one, naming what the chosen distractor misread.

    A distractor stands for a misconception; "wrong" teaches nothing, the sentence for this letter does.

    Parameters
    ----------
    answer
        What the student wrote; case and blanks around it do not count.
    key
        The right letter.
    misread
        What each wrong letter misread, in Korean.

    Raises
    ------
    CheckFailed
        If it is another letter, or none.

    Examples
    --------
    >>> require_choice(" B ", "b", misread={"a": "평균만 보았습니다."})
    >>> require_choice("a", "b", misread={"a": "평균만 보았습니다."})
    Traceback (most recent call last):
    ...
    coursekit.classroom.judging.asking.CheckFailed: 평균만 보았습니다.
    """
    choice = str(answer).strip().lower()
    require(choice == key, misread.get(choice, "보기 가운데 하나를 고르지 않았습니다."))


def require_number(answer: Any, key: float, *, misread: Mapping[float, str], near: float, hint: str) -> None:
    """Fail a check unless a number is the right one, naming the slip that leads to the given one.

    Most wrong numbers are right answers to another question; whoever reads which one can mend it alone.

    Parameters
    ----------
    answer
        What the student worked out, a number.
    key
        The right number; rounding in the last digits of a float does not count.
    misread
        Number that a known slip gives, to what that slip misread, in Korean.
    near
        How close to such a number an answer must be to be taken for it.
    hint
        What to say of any other number, in Korean.

    Raises
    ------
    CheckFailed
        If it is another number.

    Examples
    --------
    >>> require_number(2.0, 1, misread={2: "반으로 나누지 않았습니다."}, near=0.01, hint="식을 다시 보세요.")
    Traceback (most recent call last):
    ...
    coursekit.classroom.judging.asking.CheckFailed: 반으로 나누지 않았습니다.
    """
    slips = [why for value, why in misread.items() if abs(answer - value) < near]
    require(abs(answer - key) < _ROUNDING, [*slips, hint][0])
