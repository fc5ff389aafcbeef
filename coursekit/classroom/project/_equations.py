"""Whether what stands on both sides of = is the same, as far as the written digits say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from coursekit.classroom.project._calculation_parser import NO_LABEL, Parser, Reading
from coursekit.classroom.project._calculation_tokens import CalculationError, DimensionError, Token, normal, tokens_of
from coursekit.classroom.project._quantity import Quantity, told_number
from coursekit.classroom.project._units import MACHINES, NONE, PARTICLES, told_dimension, unit_name
from coursekit.classroom.project.calculator import readings

# How a result is judged by the digits that its author gave. Half a unit of the last digit is right: 6 may be 5.5 to
# 6.5, and 6.0 only 5.95 to 6.05. Zeros at an integer's end may have been rounded to, by 1% at most: 1,560 may be
# 1,555.2 and not 1,550. 약 and ≈, at the result or at an operand, allow 10%. Machines may be rounded up, and
# whatever a row calls 올림 or 이상; a sample may be rounded up as well.
ABOUT = Fraction(1, 10)
ROUNDED_ZEROS = Fraction(1, 100)
SLIPS = {
    "시간": (1000, 10**6, 60, 3600, 24, 1440, 86_400, 7, 30, 720, 365, 12, 8_760, 2_592_000),
    "데이터": (1000, 10**6, 10**9, 8, 8000),
    "원": (10**4, 10**8),
}


@dataclass(frozen=True)
class Verdict:
    """What came out: ``right``, ``wrong``, ``units`` or ``unreadable``, with words for the last three."""

    kind: str
    message: str = ""
    sample: bool = False
    other_kind: bool = False
    """Whether the two sides are not even of one dimension."""


@dataclass(frozen=True)
class Chain:
    """Segments of tokens between equal signs."""

    text: str
    segments: tuple[tuple[Token, ...], ...]
    signs: tuple[str, ...]
    """What stands before each segment."""

    def words(self, at: int) -> str:
        """A segment as written."""
        tokens = self.segments[at]
        return self.text[tokens[0].start : tokens[-1].end] if tokens else ""


def judge_row(expression: str, result: str, *, label: str = "") -> Verdict:
    """Compute a calculation table's row again.

    Examples
    --------
    >>> judge_row("120 요청/s × 50 ms", "6 요청").kind, judge_row("120 요청/s × 50 ms", "7 요청").message
    ('right', '‘120 요청/s × 50 ms’: 다시 계산하면 6 요청입니다. 적힌 결과는 ‘7 요청’입니다.')
    >>> judge_row("120 요청/s × 50 ms", "6,000 요청").kind, judge_row("QPS × 지연", "6").kind
    ('units', 'unreadable')
    """
    expression = re.sub(r"^[^\d=(]*:\s+", "", normal(expression))  # 리틀의 법칙: 120 요청/s × 50 ms
    text = normal(f"{expression} = {result}")
    if len(text) > 1000:
        return Verdict("unreadable", "너무 길어 검산할 수 없습니다. 행을 나누세요.")
    try:
        chain = _chain(text, tokens_of(text))
    except CalculationError as error:
        return Verdict("unreadable", f"‘{text}’: 검산할 수 없습니다({error}).")
    rounding_up = any(word in f"{label} {text}" for word in ("올림", "이상", "ceil"))
    verdict = _judge(chain, strict=True, rounding_up=rounding_up, label=label)
    return verdict or Verdict("right")


def judge_prose(text: str) -> Iterator[Verdict]:
    """Compute the equations in a paragraph again; what cannot be read for sure gives nothing.

    Examples
    --------
    >>> [one.kind for one in judge_prose("초당 120 요청이 오고, 120 요청/s × 50 ms = 8 요청이 함께 머문다.")]
    ['wrong']
    >>> list(judge_prose("유의수준 α = 0.05로 두고 n = k × 2 = 6으로 한다."))
    []
    """
    for line in normal(text).split("\n"):
        if not re.search("[=≈≒]", line):
            continue
        for clause in _clauses(tokens_of(line, lenient=True)):
            chain = _prose_chain(line, clause)
            if chain is None or (verdict := _judge(chain, strict=False, rounding_up="올림" in line)) is None:
                continue
            rest = _without_basis(chain) if verdict.kind != "right" else None
            other = _judge(rest, strict=False, rounding_up="올림" in line) if rest is not None else None
            yield other if other is not None and other.kind == "right" else verdict


def _without_basis(chain: Chain) -> Chain | None:
    """In "1만 개당 10,000 개 × 2% = 200 개" the words before say what is counted over; nothing is divided by them."""
    first = chain.segments[0]
    ends = (at for at, one in enumerate(first) if at and one.text.endswith("당") and first[at - 1].kind == "number")
    rest = _suffix(first[next(ends, len(first)) + 1 :])
    return replace(chain, segments=(rest, *chain.segments[1:])) if rest else None


def _clauses(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    clause: list[Token] = []
    for at, token in enumerate(tokens):
        after = tokens[at + 1].start if at + 1 < len(tokens) else None
        ends = token.kind == "sign" and token.text in ",;.!?—\"“”‘’'|"
        ends = ends or (token.text == ":" and (after is None or after > token.end))
        if ends:
            yield clause
            clause = []
        else:
            clause.append(token)
    yield clause


def _chain(text: str, tokens: Sequence[Token]) -> Chain:
    segments: list[list[Token]] = [[]]
    signs = [""]
    for token in tokens:
        if token.kind == "sign" and token.text in "=≈→":
            if segments[-1]:
                segments.append([])
                signs.append(token.text)
            elif token.text == "≈":
                signs[-1] = "≈"
        else:
            segments[-1].append(token)
    while segments and not _has_number(segments[0]):  # 동시 요청 = 120 요청/s × 50 ms
        del segments[0], signs[0]
    if not segments:
        raise CalculationError("수가 없음")
    return Chain(text, tuple(map(tuple, segments)), tuple(signs))


def _prose_chain(text: str, clause: Sequence[Token]) -> Chain | None:
    """The chain in a clause of prose, its first segment without the words before it; None if that is not sure."""
    if len(clause) > 300 or not any(token.text in "=≈" for token in clause if token.kind == "sign"):
        return None
    if any(token.kind == "unknown" or token.text in "→~±≤≥<>" for token in clause if token.kind != "word"):
        return None
    try:
        chain = _chain(text, clause)
    except CalculationError:
        return None
    if len(chain.segments) < 2:
        return None
    first = _suffix(chain.segments[0])
    if first is None or not any(
        token.text in "+-–×*·÷/" or token.text == "x" or token.kind == "sample" for token in first
    ):
        return None
    return replace(chain, segments=(first, *chain.segments[1:]))


def _suffix(tokens: tuple[Token, ...]) -> tuple[Token, ...] | None:
    """The longest end of a segment that is one expression and nothing else."""
    for start, token in enumerate(tokens):
        if token.kind == "sign" and token.text != "(":
            continue
        before = tokens[:start]
        if before and (before[-1].kind != "word" and before[-1].text != "("):
            continue
        if before and before[-1].text.lower() in NO_LABEL:
            continue
        if _has_number(before) and not before[-1].text.endswith(_TOPIC):
            continue
        parser = Parser(list(tokens[start:]), Reading())
        try:
            parser.sum()
        except CalculationError:
            continue
        if parser.peek() is None:
            return tokens[start:]
    return None


_TOPIC = ("은", "는", "면", "서", "고", "므로", "이며", "의해", "따라")


def _has_number(tokens: Sequence[Token]) -> bool:
    return any(token.kind in ("number", "sample") for token in tokens)


def _judge(chain: Chain, *, strict: bool, rounding_up: bool, label: str = "") -> Verdict | None:
    first: Verdict | None = None
    for reading in readings(chain.text):
        try:
            verdict = _in_reading(chain, reading, strict=strict, rounding_up=rounding_up, label=label)
        except DimensionError as error:
            verdict = Verdict("units", f"‘{chain.words(0)}’: 단위가 맞지 않습니다({error}).") if strict else None
        except CalculationError as error:
            verdict = Verdict("unreadable", f"‘{chain.text}’: 검산할 수 없습니다({error}).") if strict else None
        if verdict is None and first is not None:
            continue  # a second reading that says nothing does not make the first one right
        if verdict is None or verdict.kind == "right":
            return verdict
        # of two ways to be wrong, the one that at least has the result's dimension says more
        if first is None or (first.other_kind and not verdict.other_kind and verdict.kind != "unreadable"):
            first = verdict
    return first


def _in_reading(chain: Chain, reading: Reading, *, strict: bool, rounding_up: bool, label: str = "") -> Verdict | None:
    if len(chain.segments) < 2 or not _has_number(chain.segments[-1]):
        raise CalculationError("식이나 결과에 수가 없음")
    sample = any(token.kind == "sample" for token in chain.segments[0])
    both = sample and any(word in chain.words(-1) for word in ("두 ", "합계", "합쳐", "전체", "총", "모두"))
    exact, _ = _parsed(chain.segments[0], reading, last=False, strict=strict)
    before = exact
    for at in range(1, len(chain.segments)):
        last = at == len(chain.segments) - 1
        written, end = _parsed(chain.segments[at], reading, last=last, strict=strict)
        if not written.step and not written.unit and written.value and chain.signs[at] != "≈":
            written = replace(written, step=abs(written.value) * 2 * ROUNDED_ZEROS)  # an expression between equals
        about = chain.signs[at] == "≈"
        up = rounding_up or chain.signs[at] == "→" or sample
        allowed = [exact, before, *_by_label(exact, label, reading)]
        if both:
            allowed.append(replace(exact, value=2 * exact.value))
            allowed.append(replace(exact, value=Fraction(2 * ceil(exact.value))))
        right = any(agrees(written, one, about=about, rounding_up=up) for one in allowed)
        if not right and not _converted_by_hand(chain, exact, written, reading):
            told = _without_particle(chain.text[chain.segments[at][0].start : end])
            return _against(chain, told, exact, written, reading, strict=strict, sample=sample)
        before = written
    return Verdict("right")


def _without_particle(text: str) -> str:
    """A result to be quoted: 4,800 개 of "4,800 개이고"."""
    word = re.search(r"[A-Za-z가-힣]+$", text)
    name = unit_name(word.group()) if word is not None else None
    return text[: word.start()] + name if word is not None and name and word.group().startswith(name) else text


def _parsed(tokens: Sequence[Token], reading: Reading, *, last: bool, strict: bool) -> tuple[Quantity, int]:
    """A segment's quantity and where it ends; the last one may be followed by words, the others by nothing."""
    tokens = list(tokens)
    alone = sum(token.kind == "number" for token in tokens) == 1
    relation = ""
    if last and tokens and tokens[0].text in ("≤", "≥", "<", ">"):
        relation = tokens.pop(0).text
    parser = Parser(tokens, replace(reading, per=frozenset()) if alone else reading)
    found = parser.sum()
    left = parser.peek()
    if left is not None:
        words_follow = last and (left.kind == "word" or left.text in ("(", ",", ".", ")", ";"))
        glued = parser.tokens[parser.at - 1].end == left.start and left.text not in PARTICLES
        unknown_unit = left.kind == "word" and (left.text[0].isascii() or glued)
        if not words_follow or unknown_unit or (strict and left.text == ")"):
            raise CalculationError(f"읽을 수 없는 부분 ‘{left.text}’")
        if any(token.text in ("~", "±", "-", "–", "×", "÷", "*", "+") for token in tokens[parser.at :]):
            raise CalculationError(f"‘{left.text}’ 뒤에 식이 더 있음")
    if relation:
        raise CalculationError(f"‘{relation}’ 대신 계산한 값이 있어야 함")
    return found, parser.tokens[parser.at - 1].end


def agrees(written: Quantity, computed: Quantity, *, about: bool = False, rounding_up: bool = False) -> bool:
    """Whether a written number is the computed one, by its digits.

    Examples
    --------
    >>> from coursekit.classroom.project.calculator import evaluate
    >>> six, exact = evaluate("6 요청"), evaluate("120 요청/s × 53 ms")
    >>> float(exact.value), agrees(six, exact), agrees(evaluate("6.0 요청"), exact)
    (6.36, True, False)
    >>> agrees(evaluate("4 대"), evaluate("3.2 × 1")), agrees(evaluate("5 대"), evaluate("3.2 × 1"))
    (True, False)
    """
    target = computed.value
    if written.dimension != computed.dimension:
        if not _without_units(computed):
            return False
        target = computed.value * written.size  # nothing in the expression has a unit: 30 × 24 = 720 시간
    if abs(written.value - target) <= tolerance(written, about=about or computed.approximate):
        return True
    may_round = rounding_up or written.unit.split("/")[0].split(" ")[0] in MACHINES
    return may_round and written.value / written.size == ceil(target / written.size)


def _without_units(quantity: Quantity) -> bool:
    """Whether numbers stand there as they are, so that their units may be the result's."""
    return bool(quantity.bare) and not quantity.has_units and quantity.dimension == NONE


def tolerance(written: Quantity, *, about: bool = False) -> Fraction:
    """How far a written number may be from the exact one.

    Examples
    --------
    >>> from coursekit.classroom.project.calculator import evaluate
    >>> [float(tolerance(evaluate(text))) for text in ("6", "6.0", "6,000", "약 6")]
    [0.5, 0.05, 60.0, 0.6]
    """
    half = written.step / 2
    if written.step and (written.step / written.size).denominator == 1:
        digits = abs(written.value / written.step)
        if digits.denominator == 1 and digits:
            zeros = len(str(int(digits))) - len(str(int(digits)).rstrip("0"))
            half = max(half, min(written.step * 10**zeros / 2, abs(written.value) * ROUNDED_ZEROS))
    return max(half, abs(written.value) * ABOUT) if about or written.approximate else half


def _against(
    chain: Chain, told: str, exact: Quantity, written: Quantity, reading: Reading, *, strict: bool, sample: bool
) -> Verdict | None:
    expression = chain.words(0)
    if written.dimension != exact.dimension and not _without_units(exact):
        return _other_dimension(chain, told, exact, written, reading, strict=strict)
    unit = f" {written.unit}" if written.unit else ""
    value = exact.value / written.size if written.dimension == exact.dimension else exact.value
    again = f"‘{expression}’: 다시 계산하면 {told_number(value)}{unit}입니다. 적힌 결과는 ‘{told}’입니다."
    factor = _slip(exact, written)
    if factor is not None and not sample:
        return Verdict("units", f"{again} {factor:,}배 차이는 단위를 바꾸지 않고 계산했을 때 생깁니다.")
    return Verdict("wrong", again, sample)


def _other_dimension(
    chain: Chain, told: str, exact: Quantity, written: Quantity, reading: Reading, *, strict: bool
) -> Verdict | None:
    if not strict and _meant_loosely(chain, exact, written, reading):
        return Verdict("right")
    if not strict and written.dimension == NONE:
        return None  # prose leaves units out
    if not written.unit and written.dimension == NONE:
        return Verdict(
            "units", f"결과 ‘{told}’에 단위가 없습니다. 식의 단위는 {told_dimension(exact.dimension)}입니다."
        )
    left, right = told_dimension(exact.dimension), told_dimension(written.dimension)
    message = f"단위가 맞지 않습니다. 식 ‘{chain.words(0)}’의 단위는 {left}, 결과 ‘{told}’의 단위는 {right}입니다."
    if exact.bare:
        message += f" 단위 없이 적은 수({', '.join(exact.bare)})에 단위가 빠지지 않았는지 보세요."
    return Verdict("units", message, other_kind=True)


def _by_label(exact: Quantity, label: str, reading: Reading) -> Iterator[Quantity]:
    """In a row named 월 비용, 90만 원 is a month's."""
    day = Fraction(86_400)
    for pattern, time in (
        (r"월|한\s?달|매달", reading.month * day),
        (r"하루|일일|매일|일별", day),
        (r"연간|매년|한\s?해", reading.year * day),
    ):
        if re.search(pattern, label):
            for power in (1, -1):
                first, *rest = exact.dimension
                dimension = (first + power, rest[0], rest[1], rest[2], rest[3])
                yield replace(exact, value=exact.value * time**power, dimension=dimension)


def _converted_by_hand(chain: Chain, exact: Quantity, written: Quantity, reading: Reading) -> bool:
    """50 ms ÷ 1,000 is meant as seconds, 10 GB/일 × 30 as a month's, 100 − 99.9% as per cent."""
    factors = BY_HAND | ({"100"} if "%" in chain.text else set())
    if not factors.intersection(one.replace(",", "") for one in exact.bare):
        return False
    plain, _ = _parsed(chain.segments[0], replace(reading, plain=True), last=False, strict=False)
    percent = "%" in written.unit
    number = replace(written, value=written.value / written.size, step=written.step / written.size, size=Fraction(1))
    return agrees(replace(number, dimension=plain.dimension, unit="%" if percent else ""), plain)


BY_HAND = frozenset(
    "60 3600 86400 24 1440 7 30 720 730 365 12 1000 1024 1e3 1e6 1e9 1000000 1000000000 10^3 10^6 10^9 1000^2 1000^3 "
    "1024^2 1024^3 8 10000 10^4".split()
)


def _meant_loosely(chain: Chain, exact: Quantity, written: Quantity, reading: Reading) -> bool:
    """Prose says 100 GB × 30원 = 3,000원, and 1,000 건/일 × 2 KB = 2 MB, and everybody knows what is meant."""
    plain, _ = _parsed(chain.segments[0], replace(reading, plain=True), last=False, strict=False)
    number = replace(written, value=written.value / written.size, step=written.step / written.size, size=Fraction(1))
    if agrees(replace(number, dimension=plain.dimension), plain, about=True):
        return True
    if written.dimension[1:] != exact.dimension[1:]:
        return False
    powers = written.dimension[0] - exact.dimension[0]
    times = (1, 60, 3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400)
    scaled = (
        replace(exact, value=exact.value * Fraction(time) ** powers, dimension=written.dimension) for time in times
    )
    return any(agrees(written, one, about=True) for one in scaled)


def _slip(exact: Quantity, written: Quantity) -> int | None:
    """The factor between two units that somebody forgot, if it is one."""
    if not exact.value or written.dimension != exact.dimension:
        return None
    for name, factors in SLIPS.items():
        if name in exact.touched | written.touched:
            for factor in factors:
                for value in (exact.value * factor, exact.value / factor):
                    if agrees(written, replace(exact, value=value)):
                        return factor
    return None
