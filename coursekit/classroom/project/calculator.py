"""The calculations of a design document, computed again with their units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product

from coursekit.classroom.project._calculation_parser import MAYBE_RATES, Parser, Reading
from coursekit.classroom.project._calculation_tokens import CalculationError, tokens_of
from coursekit.classroom.project._quantity import Quantity
from coursekit.classroom.project.sample_size import VARIANTS

__all__ = ["CalculationError", "Quantity", "Reading", "evaluate", "readings"]


def evaluate(text: str, *, reading: Reading | None = None) -> Quantity:
    """Compute an expression as people write it, with its units.

    Most wrong capacity plans are right multiplications of milliseconds with seconds. Nothing is executed: what is
    no number, unit, sign or label is refused.

    Read are 1,200 and 3만 5천 and 1.2억, 1e6 and 6×10⁶, 5%, + - − × * · x ÷ /, parentheses, powers; units behind
    numbers (요청/s, 원/GB·월); labels before them (지연 50 ms); 약; 표본(기준=0.90, 차이=0.02, 유의수준=0.05,
    검정력=0.8). A month has 30 days, a year 365; KB is 1,000 B and KiB 1,024 B. Counting words (요청, 대, 병원) have
    no dimension.

    Parameters
    ----------
    text
        The expression.
    reading
        How to take what the text leaves open.

    Raises
    ------
    CalculationError
        If any part cannot be read for sure, such as an unknown unit or a range; the text says which.

    Examples
    --------
    >>> evaluate("120 요청/s × 50 ms").value
    Fraction(6, 1)
    >>> evaluate("2 KB × 8,640,000 요청/일 × 90 일").value / 10**12
    Fraction(972, 625)
    >>> evaluate("3만 5천 원 × 12").told()
    '420,000'
    >>> evaluate("50 ms + 2 GB")
    Traceback (most recent call last):
    ...
    coursekit.classroom.project._calculation_tokens.DimensionError: 단위가 다른 값을 더하거나 뺌(시간, 데이터)
    """
    parser = Parser(tokens_of(text), reading or Reading())
    found = parser.sum()
    if (left := parser.peek()) is not None:
        raise CalculationError(f"읽을 수 없는 부분 ‘{left.text}’")
    return found


def readings(text: str) -> Iterator[Reading]:
    """Give the ways to read a calculation, the plain one first.

    Each open point doubles the ways, so only those that the text touches are varied.

    Parameters
    ----------
    text
        The whole calculation, with its result.

    Examples
    --------
    >>> len(list(readings("120 요청/s × 50 ms"))), len(list(readings("100만원/월 × 1년")))
    (1, 3)
    """
    months = bool(re.search(r"월|달|month|분기|\bmo\b", text))
    years = bool(re.search(r"년|연|year|yr|해", text))
    calendars = [(Fraction(30), Fraction(365))]
    if months and years:
        calendars += [(Fraction(365, 12), Fraction(365)), (Fraction(30), Fraction(360))]
    samples = "표본" in text or "샘플" in text
    for (month, year), rates, billions, per, variant, falls in product(
        calendars,
        (True, False) if _has_label(text) else (True,),
        (False, True) if re.search(r"\dB", text) else (False,),
        _subsets(min(4, len(_CONVERSION.findall(text)))),
        VARIANTS if samples else VARIANTS[:1],
        (False, True) if samples else (False,),
    ):
        yield Reading(month, year, rates, billions, variant, falls, per)


_CONVERSION = re.compile(
    r"(?<![\d.,])(?:24|60|1,?440|3,?600|86,?400|7|30|720|12|365|52)\s*(?:시간|분|초|일|주|월|개월|h|s|min)"
)


def _subsets(count: int) -> list[frozenset[int]]:
    return [frozenset(one) for size in range(count + 1) for one in combinations(range(count), size)]


def _has_label(text: str) -> bool:
    names = "|".join(sorted(MAYBE_RATES, key=len, reverse=True))
    return re.search(rf"(?<![/\d가-힣])(?:{names})\s[^=≈]*\d", text) is not None
