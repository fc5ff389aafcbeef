"""Numbers as people say and type them: 7시 반, 일곱 시, 2만 5천 원, 삼십 분."""

from __future__ import annotations

_DIGITS = ("", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구")
_UNITS = ("", "십", "백", "천")
_NATIVE_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")


def sino(number: int) -> str:
    """Read a number in Sino-Korean, as before 분, 원, 월, 도.

    Speech recognisers write numbers out or in digits as they please; a model must know both.

    Parameters
    ----------
    number
        From 0 to 99,999,999.

    Raises
    ------
    ValueError
        If the number is out of range.

    Examples
    --------
    >>> sino(30), sino(25_000), sino(116), sino(0)
    ('삼십', '이만 오천', '백십육', '영')
    """
    if not 0 <= number < 100_000_000:
        raise ValueError(f"{number} is not from 0 to 99,999,999")
    if number == 0:
        return "영"
    high, low = divmod(number, 10_000)
    parts = []
    if high:
        parts.append(("" if high == 1 else _below_ten_thousand(high)) + "만")
    if low:
        parts.append(_below_ten_thousand(low))
    return " ".join(parts)


def _below_ten_thousand(number: int) -> str:
    words = ""
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit:
            words += ("" if digit == 1 and place else _DIGITS[digit]) + _UNITS[place]
    return words


def native(number: int) -> str:
    """Read a number in native Korean as it stands before a counter, as before 시, 시간, 개, 명.

    여섯 시 오십 분 mixes both systems; nobody says 육 시.

    Parameters
    ----------
    number
        From 1 to 99.

    Raises
    ------
    ValueError
        If the number is out of range.

    Examples
    --------
    >>> native(6), native(20), native(21)
    ('여섯', '스무', '스물한')
    """
    if not 1 <= number <= 99:
        raise ValueError(f"{number} is not from 1 to 99")
    tens, ones = divmod(number, 10)
    return "스무" if number == 20 else _NATIVE_TENS[tens] + _NATIVE_ONES[ones]


def money(won: int, style: str) -> str:
    """Write an amount of won in one of the styles in which people do.

    Parameters select among 25,000원, 25000원, 2만 5천 원 and 이만 오천 원, which name one amount.

    Parameters
    ----------
    won
        The amount.
    style
        ``comma``, ``digits``, ``mixed`` or ``words``.

    Raises
    ------
    ValueError
        If the style is unknown.

    Examples
    --------
    >>> [money(25_000, style) for style in ("comma", "digits", "mixed", "words")]
    ['25,000원', '25000원', '2만 5천 원', '이만 오천 원']
    """
    if style == "comma":
        return f"{won:,}원"
    if style == "digits":
        return f"{won}원"
    if style == "words":
        return f"{sino(won)} 원"
    if style == "mixed":
        high, low = divmod(won, 10_000)
        thousands, rest = divmod(low, 1000)
        parts = [f"{high}만"] if high else []
        if thousands and not rest:
            parts.append(f"{thousands}천")
        elif low:
            parts.append(f"{low}")
        return " ".join(parts) + (" 원" if not rest else "원")
    raise ValueError(f"unknown style {style!r}; one of comma, digits, mixed, words")
