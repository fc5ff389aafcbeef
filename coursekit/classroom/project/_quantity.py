"""Exact numbers with dimensions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from coursekit.classroom.project._calculation_tokens import CalculationError, DimensionError
from coursekit.classroom.project._units import DIMENSIONS, NONE, Dimension

_BITS = 1000  # a float still holds it, and no document needs it


@dataclass(frozen=True)
class Quantity:
    """A number with its dimension, and how precisely it was written.

    Numbers are exact fractions of seconds, bytes, 원, 달러 and joules: a finding about a digit must not come
    from the checker's own rounding.
    """

    value: Fraction
    """In base units."""
    dimension: Dimension
    """Powers of time, data, 원, 달러 and energy; counting words have none."""
    unit: str = ""
    """As written, of a number that stands alone."""
    size: Fraction = Fraction(1)
    """How much of the base unit the written unit is."""
    step: Fraction = Fraction(0)
    """One unit of the last written digit, in base units; 0 of what was computed."""
    approximate: bool = False
    """Whether 약 or 정도 stands by any number in it."""
    bare: tuple[str, ...] = ()
    """Numbers that stand without a unit."""
    has_units: bool = False
    """Whether any number in it has a dimension."""
    touched: frozenset[str] = frozenset()
    """Names of the dimensions that any number in it has."""

    def told(self) -> str:
        """The number in its own unit, four digits of it."""
        return f"{told_number(self.value / self.size)} {self.unit}".strip()


def names(dimension: Dimension) -> frozenset[str]:
    """Name what a dimension is made of.

    Examples
    --------
    >>> sorted(names((-1, 1, 0, 0, 0)))
    ['데이터', '시간']
    """
    return frozenset(name for name, power in zip(DIMENSIONS, dimension, strict=True) if power)


def times(one: Dimension, other: Dimension, exponent: int = 1) -> Dimension:
    first, second, third, fourth, fifth = (a + b * exponent for a, b in zip(one, other, strict=True))
    return first, second, third, fourth, fifth


def _computed(value: Fraction, dimension: Dimension, *parts: Quantity) -> Quantity:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _BITS:
        raise CalculationError("너무 큰 수")
    return Quantity(
        value,
        dimension,
        approximate=any(one.approximate for one in parts),
        bare=tuple(text for one in parts for text in one.bare),
        has_units=any(one.has_units for one in parts),
        touched=frozenset().union(*(one.touched for one in parts)),
    )


def multiplied(one: Quantity, other: Quantity) -> Quantity:
    """Multiply two quantities.

    Examples
    --------
    >>> from coursekit.classroom.project.calculator import evaluate
    >>> multiplied(evaluate("2 요청/s"), evaluate("3 s")).dimension == NONE
    True
    """
    return _computed(one.value * other.value, times(one.dimension, other.dimension), one, other)


def added(one: Quantity, other: Quantity, sign: int = 1) -> Quantity:
    """Add or subtract two quantities of one dimension.

    Examples
    --------
    >>> from coursekit.classroom.project.calculator import evaluate
    >>> added(evaluate("50 ms"), evaluate("1 s")).value
    Fraction(21, 20)
    """
    if one.dimension != other.dimension and one.value and other.value:
        left, right = (told_kind(part.dimension) for part in (one, other))
        kind = DimensionError if one.has_units and other.has_units else CalculationError
        raise kind(f"단위가 다른 값을 더하거나 뺌({left}, {right})")
    return _computed(one.value + sign * other.value, one.dimension, one, other)


def to_power(base: Quantity, exponent: int) -> Quantity:
    """Raise a quantity to a whole power.

    Examples
    --------
    >>> from coursekit.classroom.project.calculator import evaluate
    >>> to_power(evaluate("2 s"), 2).dimension
    (2, 0, 0, 0, 0)
    """
    if abs(exponent) > 40:
        raise CalculationError("너무 큰 지수")
    if exponent < 0 and base.value == 0:
        raise CalculationError("0으로 나눔")
    found = _computed(base.value**exponent, times(NONE, base.dimension, exponent), base)
    if exponent == -1 or not base.bare:
        return found
    return replace(found, bare=tuple(f"{one}^{exponent}" for one in base.bare))


def told_kind(dimension: Dimension) -> str:
    """Tell in one word what a quantity is.

    Examples
    --------
    >>> told_kind((1, 0, 0, 0, 0)), told_kind((0, 1, 0, 0, 0)), told_kind(NONE)
    ('시간', '데이터', '개수')
    """
    return "·".join(name for name, power in zip(DIMENSIONS, dimension, strict=True) if power) or "개수"


def told_number(value: Fraction) -> str:
    """Write a number as a document would: thousands separators, all digits of an integer, two to four decimals.

    Examples
    --------
    >>> told_number(Fraction(15552, 10)), told_number(Fraction(1, 3)), told_number(Fraction(8640000))
    ('1,555.2', '0.3333', '8,640,000')
    """
    if value.denominator == 1 and abs(value) < 10**15:
        return f"{int(value):,}"
    number = float(value)
    if not 1e-4 <= abs(number) < 1e15:
        return f"{number:.4g}"
    decimals = 4 if abs(number) < 1 else 2 if abs(number) < 10_000 else 0
    text = f"{number:,.{decimals}f}" if abs(number) >= 0.01 else f"{number:.4g}"
    return text.rstrip("0").rstrip(".") if "." in text else text
