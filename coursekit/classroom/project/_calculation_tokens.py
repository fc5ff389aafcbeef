"""A calculation's text cut into numbers, words and signs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from coursekit.classroom.project._units import unit_of


class CalculationError(ValueError):
    """A calculation that cannot be read for sure; the text says in Korean which part."""


class DimensionError(CalculationError):
    """Seconds added to bytes: read well enough, and wrong."""


@dataclass(frozen=True)
class Token:
    """A piece of a calculation.

    Examples
    --------
    >>> [one.text for one in tokens_of("1,200 요청/s × 50 ms")]
    ['1,200', '요청', '/', 's', '×', '50', 'ms']
    """

    kind: str
    """``number``, ``word``, ``sign`` or ``sample``."""
    text: str
    """As written."""
    start: int
    """Its first character."""
    end: int
    """The character after it."""
    value: Fraction = Fraction(0)
    """Of a number."""
    step: Fraction = Fraction(0)
    """One unit of the last digit that is written."""


SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
MYRIADS = {
    "조": 10**12,
    "천억": 10**11,
    "백억": 10**10,
    "십억": 10**9,
    "억": 10**8,
    "천만": 10**7,
    "백만": 10**6,
    "십만": 10**5,
    "만": 10**4,
    "천": 10**3,
    "백": 100,
}
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_NUMBER = re.compile(rf"({_DIGITS})(?:[eE]([+-]?\d+))?(?![\d.]*\d)(?!,\d)")
_TIMES_TEN = re.compile(r"\s*[×xX*·⋅]\s*10(?:\^\(?([+-]?\d{1,9})\)?|(⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,9}))")
_MYRIAD = re.compile(rf"\s?({'|'.join(MYRIADS)})(?![일월])")
_COUNTS_TRILLIONS = re.compile(r"\s*(?:\d|원|달러|개|건|회|번|토큰|파라미터|매개변수|바이트|행|[A-Z₩$])")
_MORE = re.compile(rf"\s?({_DIGITS})\s?({'|'.join(MYRIADS)})?(?![\d.,]*\d)")
_LETTERS = re.compile(r"([kKM])(?![A-Za-z가-힣/])|([kKM])(?=(?:req|rps|qps|건|요청|명|행)\b)")
_WORD = re.compile(r"%p|%포인트|[%‰]|[₩￦$]|US\$|[A-Za-zµμ가-힣_][A-Za-zµμ가-힣0-9_]*(?:-[A-Za-z가-힣]+)*")
_SAMPLE = re.compile(r"(?:표본|표본\s?크기|샘플|표본\s?수)\s?\(([^()]*)\)")
_SIGN = re.compile(r"\*\*|[-+*/×÷·⋅^()=≈≒∼~〜±≤≥<>−–—,.:;!?→|'\"“”‘’\[\]{}⁰¹²³⁴⁵⁶⁷⁸⁹⁻√∑#&@]")
_ALIKE = str.maketrans({"✕": "×", "✖": "×", "⨯": "×", "∗": "*", "∙": "·", "•": "·", "‧": "·", "➗": "÷", "\\": " "})
_SAME = str.maketrans({"−": "-", "⋅": "·", "≒": "≈", "[": "(", "]": ")", "〜": "~", "∼": "~"})


def normal(text: str) -> str:
    """Give full-width digits, ㎳ and letters of macOS their usual form, and leave exponents.

    Examples
    --------
    >>> normal("６ ㎳ × 10⁶")
    '6 ms × 10⁶'
    """
    kept = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
    text = unicodedata.normalize("NFC", text)
    usual = (one if one in kept else unicodedata.normalize("NFKC", one) for one in text.translate(_ALIKE))
    return unicodedata.normalize("NFC", "".join(usual))


def tokens_of(text: str, *, lenient: bool = False) -> list[Token]:
    """Cut a text; what is neither number nor word nor sign is an error, or of kind ``unknown`` in prose."""
    text = normal(text)
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        try:
            token = _sample(text, at) or _number(text, at) or _word(text, at)
            if token is None and (sign := _SIGN.match(text, at)):
                token = Token("sign", sign.group().translate(_SAME), at, sign.end())
            if token is None:
                raise CalculationError(f"읽을 수 없는 글자 ‘{text[at]}’")
        except CalculationError:
            if not lenient:
                raise
            odd = re.compile(r"[\d.,]+|.", re.DOTALL).match(text, at)
            token = Token("unknown", odd.group() if odd else text[at], at, odd.end() if odd else at + 1)
        found.append(token)
        at = token.end
    return found


def _sample(text: str, at: int) -> Token | None:
    match = _SAMPLE.match(text, at)
    return Token("sample", match.group(1), at, match.end()) if match else None


def _word(text: str, at: int) -> Token | None:
    match = _WORD.match(text, at)
    return Token("word", match.group(), at, match.end()) if match else None


def _number(text: str, at: int) -> Token | None:
    match = _NUMBER.match(text, at)
    if match is None:
        if text[at].isdigit() and text[at].isascii():
            raise CalculationError(f"읽을 수 없는 수 ‘{text[at : at + 12].split()[0]}’")
        return None
    if len(match.group()) > 40:
        raise CalculationError("너무 긴 수")
    value, step = _value(match.group(1))
    power = int(match.group(2) or 0)
    end = match.end()
    if (ten := _TIMES_TEN.match(text, end)) and not text[ten.end() : ten.end() + 1].isdigit():
        power += int(ten.group(1) or ten.group(2).translate(SUPERSCRIPTS))
        end = ten.end()
    if abs(power) > 40:
        raise CalculationError("너무 큰 지수")
    scale = Fraction(10) ** power
    value, step = value * scale, step * scale
    if myriad := _myriad(text, end):
        value, step, end = _in_myriads(text, value, step, myriad)
    elif letter := _LETTERS.match(text, end):
        factor = 10**6 if "M" in letter.group() else 1000
        value, step, end = value * factor, step * factor, letter.end()
    return Token("number", text[at:end], at, end, value, step)


def _value(digits: str) -> tuple[Fraction, Fraction]:
    plain = digits.replace(",", "")
    decimals = len(plain.partition(".")[2])
    return Fraction(plain), Fraction(1, 10**decimals)


def _myriad(text: str, at: int) -> re.Match[str] | None:
    """만 or 억 after a number, unless a longer word begins so (만원 is one too: 3 만원 = 3 만 원)."""
    match = _MYRIAD.match(text, at)
    if match is None:
        return None
    after = re.match(r"[가-힣]*", text[match.end() :])
    rest = after.group() if after else ""
    if match.group(1) == "조" and not rest and not _COUNTS_TRILLIONS.match(text, match.end()):
        return None  # 3조 × 8시간 is three shifts
    return match if not rest or unit_of(rest) is not None or _MYRIAD.match(rest) else None


def _in_myriads(text: str, value: Fraction, step: Fraction, first: re.Match[str]) -> tuple[Fraction, Fraction, int]:
    """1억 2,000만, 3만 5천, 3만 5,000: each part smaller than the one before."""
    size, end = MYRIADS[first.group(1)], first.end()
    value, step = value * size, step * size
    while True:
        more = _MORE.match(text, end)
        if more is None:
            return value, step, end
        if len(more.group()) > 40:
            return value, step, end
        part, last = _value(more.group(1))
        name = more.group(2)
        if name and _myriad(text, more.end(1)) is None:
            name = None
        scale = MYRIADS[name] if name else 1
        if part * scale >= size or (part * scale * 1000 < size and not name):
            return value, step, end
        value, step, size, end = value + part * scale, last * scale, scale, more.end(2) if name else more.end(1)
        if not name:
            return value, step, end
