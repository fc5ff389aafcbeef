"""The calculator of design documents: exact, at home in units, and never sure of what it has not read."""

from __future__ import annotations

import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pint
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import stats

from coursekit.classroom.project._equations import judge_prose, judge_row
from coursekit.classroom.project.calculator import CalculationError, evaluate
from coursekit.classroom.project.sample_size import VARIANTS, observations_per_group

# What pint calls a unit of ours. Counting words are pint's dimensionless numbers; a month has 30 days here.
IN_PINT = {
    "ms": "millisecond",
    "s": "second",
    "초": "second",
    "분": "minute",
    "시간": "hour",
    "일": "day",
    "주": "week",
    "월": "(30 * day)",
    "B": "byte",
    "KB": "kilobyte",
    "MB": "megabyte",
    "GB": "gigabyte",
    "TB": "terabyte",
    "KiB": "kibibyte",
    "GiB": "gibibyte",
    "Mbps": "megabit / second",
    "kWh": "kilowatt_hour",
    "W": "watt",
    "요청": "dimensionless",
    "대": "dimensionless",
    "%": "percent",
}
BASE = {"[time]": "second", "[data]": "byte", "[energy]": "joule"}


@pytest.fixture(scope="module")
def registry() -> pint.UnitRegistry:
    return pint.UnitRegistry(non_int_type=Fraction)


def written(number: Fraction | int) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{float(number)}"


numbers = st.one_of(
    st.integers(1, 10_000_000),
    st.integers(1, 99_999).map(lambda n: Fraction(n, 100)),
)


@st.composite
def expressions(draw, depth: int = 3) -> tuple[str, Fraction]:
    """An expression with its value: the value is computed beside the text, not from it."""
    if depth == 0 or draw(st.booleans()):
        number = draw(numbers)
        return written(number), Fraction(number)
    (left, one), (right, other) = draw(expressions(depth=depth - 1)), draw(expressions(depth=depth - 1))
    sign = draw(st.sampled_from("+ - − × * x · ÷ /".split()))
    if sign == "+":
        value = one + other
    elif sign in "-−":
        value = one - other
    elif sign in "÷/":
        assume(other != 0)
        value = one / other
    else:
        value = one * other
    opened, closed = draw(st.sampled_from(["()", "[]"]))
    return f"{opened}{left}{closed} {sign} {opened}{right}{closed}", value


@settings(deadline=None)
@given(expressions())
def test_arithmetic_is_exact(case):
    text, value = case
    assert evaluate(text).value == value


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("+-×÷"), st.integers(1, 999)), min_size=1, max_size=6), st.integers(1, 999))
def test_products_bind_before_sums_from_left_to_right(steps, first):
    """Python's own precedence, on fractions, is the oracle."""
    text = f"{first}" + "".join(f" {sign} {number}" for sign, number in steps)
    terms, last = [], Fraction(first)
    for sign, number in steps:
        if sign in "+-":
            terms.append(last)
            last = Fraction(number if sign == "+" else -number)
        else:
            last = last * number if sign == "×" else last / number
    assert evaluate(text).value == sum(terms, last)


factors = st.tuples(
    st.integers(1, 5000),
    st.sampled_from(sorted(IN_PINT)),
    st.one_of(st.none(), st.sampled_from(sorted(set(IN_PINT) - {"%", "Mbps"}))),
    st.booleans(),
)


@settings(deadline=None)
@given(st.lists(factors, min_size=1, max_size=4))
def test_units_agree_with_pint(registry, parts):
    text, quantity = "", registry.Quantity(Fraction(1))
    for at, (number, above, below, divide) in enumerate(parts):
        unit = f"{above}/{below}" if below else above
        one = number * registry.parse_expression(IN_PINT[above])
        if below:
            one = one / registry.parse_expression(IN_PINT[below])
        if at == 0:
            text, quantity = f"{number:,} {unit}", quantity * one
        else:
            text += f" {'÷' if divide else '×'} {number:,} {unit}"
            quantity = quantity / one if divide else quantity * one
    ours = evaluate(text)
    time, data, won, dollar, energy = ours.dimension
    base = registry.Unit(f"second ** {time} * byte ** {data} * joule ** {energy}")
    assert (won, dollar) == (0, 0)
    assert quantity.is_compatible_with(base)
    assert float(ours.value) == pytest.approx(float(quantity.to(base).magnitude), rel=1e-9)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234,567", 1_234_567),
        ("3만 5천", 35_000),
        ("3만 5,000", 35_000),
        ("1.2억", 120_000_000),
        ("1억 2,000만", 120_000_000),
        ("2억 3만 4천", 200_034_000),
        ("864만 요청", 8_640_000),
        ("5백만", 5_000_000),
        ("1e6", 1_000_000),
        ("2.5E-3", Fraction(1, 400)),
        ("10^6", 1_000_000),
        ("6×10⁶", 6_000_000),
        ("6.02 × 10^3", 6_020),
        ("10⁻²", Fraction(1, 100)),
        ("0.02²", Fraction(1, 2500)),
        ("(1 + 2)^3", 27),
        ("-5 + 7", 2),
        ("5%", Fraction(1, 20)),
        ("2%p", Fraction(1, 50)),
        ("100k 건", 100_000),
        ("1.5M 행", 1_500_000),
        ("120만 원", 1_200_000),
        ("3만원", 30_000),
        ("2 억원", 200_000_000),
        ("₩3,000", 3000),
        ("$2.5 × 2", 5),
        ("약 6 요청", 6),
        ("6 요청 (최대)", 6),
        ("6 요청(p99)", 6),
        ("6 동시 요청", 6),
        ("６ ㎳", Fraction(6, 1000)),
        ("지연 50 ms", Fraction(1, 20)),
        ("초당 120 요청 × 50 ms", 6),
        ("1 GB당 30원 × 100 GB", 3000),
        ("100 GB × 30 원/(GB·월) × 2 월", 6000),
        ("100 GB × 30 원/GB·월 × 2 월", 6000),
        ("100 GB × 30 원/GB/월 × 2 월", 6000),
        ("4 GPU × 2.5 달러/GPU·시간 × 2 시간", 20),
        ("100 GPU시간 × 2 달러/시간", 200),
        ("120 qps × 50 ms", 6),
        ("평균 120 요청/s × 평균 지연 50 ms", 6),
        ("1,400 원/달러 × 100 달러", 140_000),
    ],
)
def test_numbers_as_people_write_them(text, value):
    assert evaluate(text).value == value


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("QPS × 지연", "QPS"),
        ("12 사과 × 3", "사과"),
        ("10~30 GB", "~"),
        ("10-30 GB", "범위"),
        ("5 ± 1", "±"),
        ("1,23", "1,23"),
        ("3.2.1", "3.2.1"),
        ("max(3, 5)", "max"),
        ("√9", "√"),
        ("(3 + 4", "괄호"),
        ("3 +", "비어"),
        ("", "비어"),
        ("3 ÷ 0", "0으로"),
        ("3 ÷ (2 - 2)", "0으로"),
        ("2^0.5", "지수"),
        ("10^99", "지수"),
        ("1e999", "지수"),
        ("50 ms + 2 GB", "시간, 데이터"),
        ("50 ms + 20", "시간, 개수"),
        ("2024년 120 요청", "120"),
        ("3 시간 20 분", "20"),
        ("10 Mb", "Mb"),
        ("표본(기준=0.9, 차이=0.02)", "유의수준"),
        ("표본(기준=0.99, 차이=0.02, 유의수준=0.05, 검정력=0.8)", "0과 1"),
        ("표본(기준=0.9, 차이=0.02, 유의수준=0.05, 검정력=0.8, 단측)", "양측"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_part(text, part):
    with pytest.raises(CalculationError, match=part.replace("+", r"\+")):
        evaluate(text)


ALPHABET = st.sampled_from(
    [
        *"0123456789,.+-−*/×÷·()=≈~^%약 원초분일월년",
        "요청",
        "ms",
        "GB",
        " × ",
        " = ",
        "만",
        "억",
        "KB/일",
        "표본(",
        "⁶",
        "²",
        "하루 ",
    ]
)


@settings(deadline=None)
@given(st.lists(ALPHABET, max_size=25).map("".join))
@example("표본(기준=1, 차이=1, 유의수준=1, 검정력=1)")
@example("10^40 × 10^40 = 6")
@example("0 ÷ 0 = 0")
def test_no_text_breaks_it(text):
    try:
        evaluate(text)
    except CalculationError as error:
        assert str(error)
    assert judge_row(text, text).kind in ("right", "wrong", "units", "unreadable")
    assert judge_row("120 요청/s × 50 ms", text).kind in ("right", "wrong", "units", "unreadable")
    assert all(one.kind in ("right", "wrong", "units") for one in judge_prose(text))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "-" * 5000 + "1",
        "9" * 5000,
        "1." + "0" * 5000,
        "3만 " + "9" * 5000,
        "((((10^40)^40)^40)^40)^40",
        " + ".join(["1"] * 5000),
        "24 시간 × 60 분 × 60 초 × 30 일 × 12 개월 × 365 일 × 하루 5B × 표본(기준=0.9) × 1년",
        "표본(기준=0.5, 차이=0." + "0" * 400 + "1, 유의수준=0.05, 검정력=0.8)",
        "표본(기준=0.5, 차이=0.1, 유의수준=0." + "0" * 400 + "1, 검정력=0.8)",
    ],
)
def test_what_is_built_to_break_it_does_not(text):
    assert judge_row(text, "6").kind in ("wrong", "unreadable", "units")
    assert len(list(judge_prose(f"{text} = 6"))) <= 1


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_unicode_breaks_it(text):
    assert judge_row(text, text).kind in ("right", "wrong", "units", "unreadable")
    assert all(one.kind in ("right", "wrong", "units") for one in judge_prose(text))


# Rows: operands with the units that make sense together, what they make, and the units to write that in.
SHAPES = (
    (("요청/s", "ms"), {"요청": 1, "건": 1}, Fraction(1, 1000)),
    (("KB/요청", "요청/일", "일"), {"GB": 10**9, "MB": 10**6, "TB": 10**12, "GiB": 2**30}, Fraction(1000)),
    (("KB", "건/일", "일"), {"GB": 10**9, "MB": 10**6}, Fraction(1000)),
    (("대", "원/대·시간", "시간"), {"원": 1, "만원": 10**4}, Fraction(1)),
    (("만원/월", "월"), {"원": 1, "만원": 10**4, "억원": 10**8}, Fraction(10_000)),
    (("GB", "원/GB·월", "월"), {"원": 1, "만원": 10**4}, Fraction(1)),
    (("요청/s", "초"), {"요청": 1}, Fraction(1)),
    (("달러/시간", "일"), {"달러": 1}, Fraction(24)),
    (("건", "%"), {"건": 1}, Fraction(1, 100)),
)


def with_digits(value: Fraction, digits: int) -> str:
    """A number rounded to some significant digits, written with all its zeros and separators."""
    size = math.floor(math.log10(float(value)))
    decimals = max(0, digits - 1 - size)
    rounded = round(value, digits - 1 - size)
    return f"{float(rounded):,.{decimals}f}" if decimals else f"{int(rounded):,}"


@st.composite
def right_rows(draw) -> tuple[list[int], tuple[str, ...], str, str]:
    units, results, scale = draw(st.sampled_from(SHAPES))
    operands = [draw(st.integers(1, 5000)) for _ in units]
    unit = draw(st.sampled_from(sorted(results)))
    value = math.prod(operands) * scale / results[unit]
    assume(Fraction(1, 10**6) < value < 10**12)
    result = with_digits(value, draw(st.integers(3, 6)))
    return operands, units, result, unit


def row(operands, units) -> str:
    return " × ".join(f"{number:,} {unit}" for number, unit in zip(operands, units, strict=True))


@settings(deadline=None)
@given(right_rows())
def test_a_right_row_never_fires(case):
    operands, units, result, unit = case
    verdict = judge_row(row(operands, units), f"{result} {unit}")
    assert verdict.kind == "right", verdict.message
    assert all(one.kind == "right" for one in judge_prose(f"값은 {row(operands, units)} = {result} {unit}입니다."))
    assert judge_row(row(operands, units), f"약 {result} {unit}").kind == "right"


@settings(deadline=None)
@given(right_rows(), st.data())
def test_scaling_one_operand_by_ten_always_fires(case, data):
    operands, units, result, unit = case
    at = data.draw(st.integers(0, len(operands) - 1))
    operands[at] *= 10
    assert judge_row(row(operands, units), f"{result} {unit}").kind in ("wrong", "units")
    assert judge_row(row(operands, units), f"약 {result} {unit}").kind in ("wrong", "units")
    told = [one.kind for one in judge_prose(f"값은 {row(operands, units)} = {result} {unit}입니다.")]
    assert told in (["wrong"], ["units"])


@settings(deadline=None)
@given(right_rows(), st.sampled_from(["s", "kWh", "KB/kWh"]))
def test_another_dimension_always_fires(case, unit):
    operands, units, result, _ = case
    assert judge_row(row(operands, units), f"{result} {unit}").kind == "units"


@pytest.mark.parametrize(
    ("expression", "result", "kind"),
    [
        # digits
        ("120 요청/s × 50 ms", "6 요청", "right"),
        ("120 요청/s × 53 ms", "6 요청", "right"),
        ("120 요청/s × 53 ms", "6.0 요청", "wrong"),
        ("120 요청/s × 53 ms", "6.4 요청", "right"),
        ("120 요청/s × 53 ms", "약 7 요청", "right"),
        ("120 요청/s × 53 ms", "≈ 6.9 요청", "right"),
        ("120 요청/s × 53 ms", "7 요청 정도", "right"),
        ("약 120 요청/s × 53 ms", "6.9 요청", "right"),
        ("120 요청/s × 53 ms", "약 7.2 요청", "wrong"),
        ("17.28 GB/일 × 90 일", "1,560 GB", "right"),
        ("17.28 GB/일 × 90 일", "1,550 GB", "wrong"),
        ("1,987 × 3", "6,000", "right"),
        ("1,900 × 3", "6,000", "wrong"),
        # rounding up
        ("6.4 요청 ÷ 2 요청/대", "4대", "right"),
        ("6.2 요청 ÷ 2 요청/대", "4 서버", "right"),
        ("6.2 요청 ÷ 2 요청/대", "5대", "wrong"),
        ("6.2 요청 ÷ 2 요청", "4 무리", "wrong"),
        ("6.2 요청 ÷ 2 요청", "4 무리(올림)", "right"),
        ("6.2 요청 ÷ 2 요청", "3.1 → 4 무리", "right"),
        # units
        ("120 요청/s × 50 ms", "6,000 요청", "units"),
        ("120 요청/s × 50", "6,000 요청", "units"),
        ("120 요청/s × 50 ms", "6 s", "units"),
        ("500 MB × 20", "10,000 GB", "units"),
        ("10 GB/일 × 12 월", "120 GB", "units"),
        ("10 GB/일 × 30 일", "300", "units"),
        ("100 달러 × 1,400", "140,000 원", "units"),
        ("100 달러 × 1,400 원/달러", "14만원", "right"),
        ("50 ms + 2 GB", "52 ms", "units"),
        ("120 요청/s × 50 ms", "6 건", "right"),
        ("30 × 24", "720 시간", "right"),
        # converted by hand
        ("(120건/초) × (50ms/1000)", "6 건", "right"),
        ("10만 명 × 5 회/일 ÷ 86,400", "5.8 QPS", "right"),
        ("2 KB × 864만 건 × 90 ÷ 10^9", "1.56 TB", "right"),
        ("10 GB/일 × 30", "300 GB", "right"),
        ("100 - 99.9%", "0.1%", "right"),
        ("(1 - 99.9%) × 30 일", "43.2 분", "right"),
        ("(120건/초) × (50ms/100)", "6 건", "wrong"),
        ("100 - 99.9%", "1%", "wrong"),
        # what a month, a year, a day may mean
        ("10 GB/일 × 30 일", "300 GB/월", "right"),
        ("100만원/월 × 1년", "1,200만원", "right"),
        ("100만원/월 × 12개월", "1,200만원", "right"),
        ("2.5 달러/시간 × 24 시간 × 30 일", "1,800 달러", "right"),
        ("2.5 달러/시간 × 24 시간/일 × 30 일", "1,800 달러", "right"),
        ("2.5 달러/시간 × 730 시간", "1,825 달러", "right"),
        ("하루 864만 요청 × 2 KB", "17.28 GB", "right"),
        ("하루 864만 요청 × 2 KB", "17.28 GB/일", "right"),
        ("하루 864만 요청 × 2 KB", "172.8 GB", "wrong"),
        ("7B × 2 B", "14 GB", "right"),
        ("2 KB × 일 864만 건 × 90 일", "1.56 TB", "right"),
        ("서버 3대 × 월 30만원", "월 90만원", "right"),
        ("$0.05/시간 × 24 시간 × 30 일 × 1,400 원/$", "50,400원", "right"),
        # chains and notes
        ("리틀의 법칙: 120 요청/s × 50 ms", "6 요청", "right"),
        ("올림(6 요청 ÷ 4 요청/대)", "2대", "right"),
        ("ceil(6 ÷ 4) × 3 원", "6 원", "right"),
        ("120 요청/s × 50 ms = 6 요청", "6 요청", "right"),
        ("120 요청/s × 50 ms = 7 요청", "6 요청", "wrong"),
        ("동시 요청 = 120 요청/s × 50 ms", "6 요청", "right"),
        ("17.28 GB/일 × 30 일", "518.4 GB ≈ 0.5 TB", "right"),
        ("120 요청/s × 50 ms", "6 요청 (p99로 재면 9 요청)", "right"),
        # unread
        ("QPS × 지연", "6 요청", "unreadable"),
        ("120 요청/s × 50 ms", "5~7 요청", "unreadable"),
        ("120 요청/s × 50 ms", "많음", "unreadable"),
        ("120 요청/s × 50 ms", "≤ 10 요청", "unreadable"),
        # samples
        ("표본(기준=0.90, 차이=0.02, 유의수준=0.05, 검정력=0.8)", "3,839 건", "right"),
        ("표본(기준=90%, 차이=2%p, 유의수준=5%, 검정력=80%)", "3,211 건", "right"),
        ("표본(기준=0.90, 차이=+0.02, 유의수준=0.05, 검정력=0.8)", "3,839 건", "wrong"),
        ("표본(기준=0.90, 차이=0.02, 유의수준=0.05, 검정력=0.8)", "2,861 건", "wrong"),
        ("표본(기준=0.90, 차이=0.02, 유의수준=0.05, 검정력=0.8)", "두 무리 합계 7,678 건", "right"),
        ("표본(기준=0.90, 차이=0.02, 유의수준=0.05, 검정력=0.8) × 2", "7,677 건", "right"),
    ],
)
def test_the_rules_by_which_a_result_is_judged(expression, result, kind):
    verdict = judge_row(expression, result)
    assert verdict.kind == kind, verdict.message


@pytest.mark.parametrize(
    ("label", "result", "kind"),
    [
        ("월 비용", "90만 원", "right"),
        ("월 비용", "90만 원/월", "right"),
        ("비용", "90만 원/월", "right"),
        ("비용", "90만 원", "units"),
        ("하루 비용", "90만 원", "units"),
        ("월 비용", "80만 원", "units"),
    ],
)
def test_a_row_named_for_a_month_tells_of_a_month(label, result, kind):
    assert judge_row("3 대 × 30만 원/월·대", result, label=label).kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "유의수준 α = 0.05로 둔다.",
        "y = 2x + 1 = 5",
        "n = k × 2 = 6",
        "재현율 = TP / (TP + FN) = 0.9",
        "2024년 120 × 2 = 250",
        "범위는 10-30 × 2 = 60",
        "표 3에 2 더하기 5 × 5 = 27",
        "비는 5:1 × 2 = 10",
        "100 GB × 30원 = 3,000원",
        "1,000 건/일 × 2 KB = 2 MB",
        "100 달러 = 140,000 원",
        "판 1.2.3 × 2 = 5",
        "max(3, 4) × 2 = 8",
        "2.5 달러/시간 × 24 × 30 = 1,800 달러",
        "오차는 3 × 4 = 12 ± 1",
        "x ≥ 3 × 2 = 7",
        "2^n × 3 = 12",
        "log 100 × 3 = 6",
    ],
)
def test_prose_that_is_not_surely_wrong_is_left_alone(text):
    assert [one.message for one in judge_prose(text) if one.kind != "right"] == []


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("동시 요청은 120 요청/s × 50 ms = 8 요청이다.", ["wrong"]),
        ("그래서 (120 요청/s × 50 ms = 8 요청) 여유가 있다.", ["wrong"]),
        ("120 × 2 = 240이고, 5 × 5 = 26이다.", ["right", "wrong"]),
        ("120 × 2 = 240. 5 × 5 = 26.", ["right", "wrong"]),
        ("120 요청/s × 50 ms = 6,000 요청", ["units"]),
        ("하루 2 KB × 864만 건 = 17.28 GB이므로 17.28 GB × 90 = 15.6 TB이다.", []),
        ("17.28 GB × 90 = 15.6 TB", ["wrong"]),
        ("1 요청/s × 60 초 = 6.00 요청", ["wrong"]),
        ("서버는 12 요청 ÷ 5 요청/대 = 3대이다.", ["right"]),
        ("서버는 12 요청 ÷ 5 요청/대 = 4대이다.", ["wrong"]),
    ],
)
def test_prose_that_is_surely_wrong_is_found(text, kinds):
    assert [one.kind for one in judge_prose(text)] == kinds


proportions = st.floats(0.02, 0.98)


@settings(deadline=None)
@given(proportions, proportions, st.floats(0.01, 0.2), st.floats(0.5, 0.99))
def test_sample_sizes_agree_with_normal_quantiles_of_scipy(base, other, significance, power):
    assume(abs(other - base) > 0.005)
    alpha, beta = stats.norm.isf(significance / 2), stats.norm.ppf(power)
    spread = base * (1 - base) + other * (1 - other)
    middle = (base + other) / 2
    oracle = {
        "unpooled": (alpha + beta) ** 2 * spread,
        "pooled": (alpha * math.sqrt(2 * middle * (1 - middle)) + beta * math.sqrt(spread)) ** 2,
        "arcsine": 2
        * (alpha + beta) ** 2
        * ((other - base) / (2 * (math.asin(math.sqrt(base)) - math.asin(math.sqrt(other))))) ** 2,
    }
    for variant in VARIANTS:
        ours = observations_per_group(
            base, difference=other - base, significance=significance, power=power, variant=variant
        )
        assert ours == pytest.approx(oracle[variant] / (other - base) ** 2, rel=1e-6)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_sample_of_that_size_has_the_power(variant):
    """20,000 experiments: the share of alarms has a standard error of 0.003, and the normal approximation adds 0.01."""
    rng = np.random.default_rng(8)
    n = math.ceil(observations_per_group(0.9, difference=-0.02, variant=variant))
    one, two = rng.binomial(n, 0.90, 20_000) / n, rng.binomial(n, 0.88, 20_000) / n
    z = (one - two) / np.sqrt((one * (1 - one) + two * (1 - two)) / n)
    assert np.mean(np.abs(z) > stats.norm.isf(0.025)) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("base", "options", "told"),
    [
        (0.99, {"difference": 0.02}, "1.01"),
        (0.0, {"difference": 0.02}, "기준"),
        (0.9, {"difference": 0.0}, "차이가 0"),
        (0.9, {"difference": 0.02, "power": 1.0}, "검정력"),
        (0.9, {"difference": 0.02, "variant": "guess"}, "unpooled, pooled, arcsine"),
    ],
)
def test_impossible_samples_are_refused(base, options, told):
    with pytest.raises(ValueError, match=told):
        observations_per_group(base, **options)


def test_the_calculator_does_not_load_pint():
    """Building pint's registry takes longer than a whole check; it is the oracle above and nothing else."""
    code = "import sys, coursekit.classroom.project.calculator; print('pint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
