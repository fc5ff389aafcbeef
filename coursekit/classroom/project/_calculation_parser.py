"""Expressions as people write them: sums of products of powers of numbers with units."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from coursekit.classroom.project._calculation_tokens import SUPERSCRIPTS, CalculationError, Token
from coursekit.classroom.project._quantity import Quantity, added, multiplied, names, times, to_power
from coursekit.classroom.project._sample_text import sample_size
from coursekit.classroom.project._units import NONE, PER, Dimension, Unit, unit_name, unit_of

ABOUT = frozenset("약 대략 거의 평균적으로".split())
ROUNDING = frozenset("올림 ceil ceiling roundup".split())
ROUGHLY = frozenset("정도 쯤 가량 내외 남짓 안팎".split())
_PASSED_OVER = frozenset("동시 이상 이하 미만 초과 최대 최소 평균 총 합계 모두".split())
NO_LABEL = frozenset("log ln log2 log10 exp sqrt 로그 제곱근 루트 제곱 세제곱 더하기 빼기 곱하기 나누기".split())
_SURE_RATES = {"초당": "초", "분당": "분", "시간당": "시간", "일당": "일", "월당": "월", "연당": "년"}
MAYBE_RATES = {
    word: unit
    for unit, words in {
        "일": "하루 매일 일일 일",
        "주": "매주 주간",
        "월": "매월 매달 월 월간 한달",
        "년": "매년 연 연간",
        "시간": "매시간",
        "분": "매분",
        "초": "매초",
    }.items()
    for word in words.split()
}


@dataclass(frozen=True)
class Reading:
    """One way to take what a calculation leaves open.

    A month has 30 days here, and a year 365 or twelve months; "하루 100 건" may be a rate or a label.
    Whoever is right in one of the readings has made no mistake.
    """

    month: Fraction = Fraction(30)
    """Days of a month."""
    year: Fraction = Fraction(365)
    """Days of a year."""
    labels_are_rates: bool = True
    """Whether 하루, 월, 연 before a number divide it by that time."""
    billions: bool = False
    """Whether ``7B`` counts billions and not bytes."""
    variant: str = "unpooled"
    """Which formula 표본(...) means."""
    falls: bool = False
    """Whether the difference in 표본(...) is a fall."""
    per: frozenset[int] = frozenset()
    """Which of the numbers such as 24 시간 mean 24 시간/일, counted from 0."""
    plain: bool = False
    """Whether units have no size: what comes out if somebody forgets to convert them."""


class Parser:
    """Sums of products of powers of numbers with units, over tokens.

    Prose is read with it as well, so that it stops at the first token that it cannot use and tells where.

    Examples
    --------
    >>> from coursekit.classroom.project._calculation_tokens import tokens_of
    >>> Parser(tokens_of("2 × 3 대"), Reading()).sum().value
    Fraction(6, 1)
    """

    def __init__(self, tokens: list[Token], reading: Reading) -> None:
        self.tokens = tokens
        self.reading = reading
        self.at = 0
        self.conversions = 0
        self.depth = 0

    def peek(self, ahead: int = 0) -> Token | None:
        """The next token, or one behind it."""
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else None

    def _is(self, *signs: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token is not None and token.kind == "sign" and token.text in signs

    def sum(self) -> Quantity:
        """An expression with + and -."""
        total = self._product()
        while self._minus_or_plus():
            sign = -1 if self.tokens[self.at].text in "-–" else 1
            self.at += 1
            total = added(total, self._product(), sign)
        return total

    def _minus_or_plus(self) -> bool:
        if not self._is("+", "-", "–"):
            return False
        here, before, after = self.tokens[self.at], self.tokens[self.at - 1], self.peek(1)
        if here.text != "+" and after is not None and after.kind == "number":
            tight = (before.end == here.start, here.end == after.start)
            if tight[0] and before.kind == "number" and tight[1]:
                raise CalculationError(f"범위인지 뺄셈인지 알 수 없는 ‘{before.text}{here.text}{after.text}’")
        return True

    def _product(self) -> Quantity:
        total = self._power()
        while True:
            if self._is("×", "*", "·"):
                self.at += 1
                total = multiplied(total, self._power())
            elif self._is("÷", "/"):
                self.at += 1
                total = multiplied(total, to_power(self._power(), -1))
            elif self._times_letter():
                self.at += 1
                total = multiplied(total, self._power())
            else:
                return total

    def _times_letter(self) -> bool:
        token, after = self.peek(), self.peek(1)
        if token is None or token.kind != "word" or token.text not in ("x", "X") or after is None:
            return False
        return after.kind == "number" or after.text == "("

    def _power(self) -> Quantity:
        base = self._value()
        if self._is("^", "**"):
            self.at += 1
            sign = -1 if self._is("-") else 1
            self.at += sign < 0
            token = self.peek()
            if token is None or token.kind != "number" or token.value.denominator != 1:
                raise CalculationError("정수가 아닌 지수")
            self.at += 1
            return to_power(base, sign * int(token.value))
        digits = ""
        while (token := self.peek()) is not None and token.kind == "sign" and token.text in "⁰¹²³⁴⁵⁶⁷⁸⁹⁻":
            digits += token.text.translate(SUPERSCRIPTS)
            self.at += 1
        if digits and not re.fullmatch(r"-?\d{1,9}", digits):
            raise CalculationError("정수가 아닌 지수")
        return to_power(base, int(digits)) if digits else base

    def _value(self) -> Quantity:
        self.depth += 1
        if self.depth > 50:
            raise CalculationError("너무 깊은 괄호")
        found = self._one_value()
        self.depth -= 1
        return found

    def _one_value(self) -> Quantity:
        if self._is("-", "–"):
            self.at += 1
            return multiplied(Quantity(Fraction(-1), NONE), self._value())
        if self._is("≈"):
            self.at += 1
            return replace(self._value(), approximate=True)
        token = self.peek()
        if token is None:
            raise CalculationError("수가 올 자리가 비어 있음")
        if token.kind == "word":
            return self._labelled()
        if token.kind == "number":
            return self._number()
        if token.kind == "sample":
            self.at += 1
            number = sample_size(token.text, variant=self.reading.variant, falls=self.reading.falls)
            return self._with_unit(Quantity(Fraction(number), NONE))
        if token.text == "(":
            return self._group()
        raise CalculationError(f"수가 올 자리에 있는 ‘{token.text}’")

    def _group(self) -> Quantity:
        self.at += 1
        inner = self.sum()
        if not self._is(")"):
            raise CalculationError("닫히지 않은 괄호")
        self.at += 1
        return self._with_unit(inner) if inner.dimension == NONE else self._after(inner)

    def _labelled(self) -> Quantity:
        """Words before a number: 약, rates (초당, 1 GB당), names of what the number is."""
        about, per = False, Quantity(Fraction(1), NONE)
        token = self.peek()
        while token is not None and token.kind == "word":
            word = token.text
            if word.lower() in ROUNDING and self._is("(", ahead=1):
                return self._rounded_up()
            if word in ABOUT:
                about = True
            elif word in ("$", "₩", "￦", "US$"):
                return self._currency("$" if "$" in word else "원", about, per)
            elif word in _SURE_RATES or (word in MAYBE_RATES and self.reading.labels_are_rates):
                per = multiplied(per, self._unit(_SURE_RATES.get(word) or MAYBE_RATES[word], -1))
            elif word.endswith("당") and unit_of(word.removesuffix("당")):
                per = multiplied(per, self._unit(word.removesuffix("당"), -1))
            elif word.lower() in NO_LABEL:
                raise CalculationError(f"계산하지 않는 함수 ‘{word}’")
            self.at += 1
            token = self.peek()
        if token is None or token.kind not in ("number", "sample"):
            raise CalculationError(f"수가 없는 ‘{self.tokens[self.at - 1].text}’")
        found = self._value()
        if found.dimension[0] >= 0 and (per.dimension != NONE or per.value != 1):  # 초당 120 요청/s says it twice
            found = multiplied(found, per)
        return replace(found, approximate=found.approximate or about)

    def _rounded_up(self) -> Quantity:
        self.at += 1
        inner = self._group()
        if inner.dimension != NONE:
            raise CalculationError("단위가 있는 값의 올림")
        return self._with_unit(replace(inner, value=Fraction(ceil(inner.value)), unit="", size=Fraction(1)))

    def _currency(self, name: str, about: bool, per: Quantity) -> Quantity:
        self.at += 1
        token = self.peek()
        if token is None or token.kind != "number":
            raise CalculationError("수가 없는 금액")
        self.at += 1
        size, dimension = self._size(name)
        found = self._with_unit(_measured(token, size, dimension, name))
        found = multiplied(found, per) if per.dimension != NONE and found.dimension[0] >= 0 else found
        return replace(found, approximate=found.approximate or about)

    def _unit(self, word: str, exponent: int) -> Quantity:
        size, dimension = self._size(word)
        unit = Quantity(size, dimension, has_units=dimension != NONE, touched=names(dimension))
        return to_power(unit, exponent)

    def _number(self) -> Quantity:
        token = self.tokens[self.at]
        self.at += 1
        word = self.peek()
        if word is not None and word.kind == "word" and word.text.endswith("당"):
            stem = word.text.removesuffix("당")
            if stem and unit_of(stem):  # 1 GB당 30원
                self.at += 1
                base = multiplied(Quantity(token.value, NONE), self._unit(stem, 1))
                return multiplied(to_power(base, -1), self._value())
        return self._with_unit(Quantity(token.value, NONE, step=token.step, bare=(token.text,)))

    def _with_unit(self, number: Quantity) -> Quantity:
        """The units behind a number: 요청/s, GB·월, 원/GB·월 (divided by both), GPU 시간."""
        size, dimension, written = Fraction(1), NONE, ""
        exponent, first, inside = 1, True, False
        while True:
            token = self.peek()
            if not first and inside and self._is(")"):
                self.at, inside, written = self.at + 1, False, written + ")"
                continue
            if not first and self._is("/") and self._unit_word(1):
                self.at, exponent, written = self.at + 1, -1, written + "/"
            elif not first and self._is("/") and self._is("(", ahead=1) and self._unit_word(2):
                self.at, exponent, inside, written = self.at + 2, -1, True, written + "/("
            elif not first and self._is("·") and self._unit_word(1) and not self._number_at(2):
                self.at, written = self.at + 1, written + "·"
            elif first and self._is("/") and self._unit_word(1):  # 120/s
                self.at, exponent, written = self.at + 1, -1, "/"
            elif token is None or not self._joined(token, first, dimension):
                break
            elif written:
                written += " "
            token = self.tokens[self.at]
            one = self._unit_size(token, glued=first and self.at > 0 and self.tokens[self.at - 1].end == token.start)
            size, dimension = size * one[0] ** exponent, times(dimension, one[1], exponent)
            written += unit_name(token.text) or token.text
            self.at, first = self.at + 1, False
        if first:
            return self._after(number)
        found = replace(
            number,
            value=number.value * size,
            dimension=times(number.dimension, dimension),
            unit=f"{number.unit}{written}",
            size=number.size * size,
            step=number.step * size,
            bare=(),
            has_units=number.has_units or dimension != NONE,
            touched=number.touched | names(dimension),
        )
        return self._after(self._per_longer_time(found, number.value, written))

    def _per_longer_time(self, found: Quantity, number: Fraction, written: str) -> Quantity:
        longer = PER.get((int(number), written)) if number.denominator == 1 else None
        if longer is None:
            return found
        self.conversions += 1
        return multiplied(found, self._unit(longer, -1)) if self.conversions - 1 in self.reading.per else found

    def _unit_size(self, token: Token, *, glued: bool) -> tuple[Fraction, Dimension]:
        if self.reading.billions and token.text == "B" and glued:
            return Fraction(10**9), NONE
        return self._size(token.text)

    def _size(self, word: str) -> Unit:
        size, dimension = unit_of(word, month=self.reading.month, year=self.reading.year) or (Fraction(1), NONE)
        plain = self.reading.plain and (dimension != NONE or word.startswith("%"))
        return (Fraction(1), dimension) if plain else (size, dimension)

    def _number_at(self, ahead: int) -> bool:
        token = self.peek(ahead)
        return token is not None and token.kind == "number"

    def _unit_word(self, ahead: int) -> bool:
        token = self.peek(ahead)
        return token is not None and token.kind == "word" and unit_of(token.text) is not None

    def _joined(self, token: Token, first: bool, dimension: Dimension) -> bool:
        """Whether this word is a unit of the number before it, or of the counting word before it."""
        if token.kind != "word" or self._times_letter():
            return False
        unit = unit_of(token.text, month=self.reading.month, year=self.reading.year)
        if unit is None:
            return False
        return first or dimension == NONE or unit[1] == NONE

    def _after(self, found: Quantity) -> Quantity:
        """What may follow a number and changes nothing: 정도, 이상, a note in parentheses without a number."""
        while True:
            token = self.peek()
            if token is not None and token.kind == "word" and token.text in _PASSED_OVER | ROUGHLY:
                self.at += 1
                found = replace(found, approximate=found.approximate or token.text in ROUGHLY)
                if token.text in ("동시", "총") and self._unit_word(0):
                    return self._with_unit(found) if not found.unit else found
                continue
            end = self._note()
            if end is None:
                return found
            self.at = end

    def _note(self) -> int | None:
        """Where a note in parentheses ends, if one begins here."""
        if not self._is("("):
            return None
        for at in range(self.at + 1, len(self.tokens)):
            token = self.tokens[at]
            if token.kind in ("number", "sample") or token.text == "(":
                return None
            if token.text == ")":
                return at + 1
        return None


def _measured(token: Token, size: Fraction, dimension: Dimension, unit: str) -> Quantity:
    return Quantity(
        token.value * size,
        dimension,
        unit,
        size,
        token.step * size,
        has_units=dimension != NONE,
        touched=names(dimension),
    )
