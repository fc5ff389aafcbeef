"""Syllables and their letters, and the particles that listen to them."""

from __future__ import annotations

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")

_FIRST, _LAST = 0xAC00, 0xD7A3
# How the names of digits and Latin letters end when they are read aloud (영 일 이 삼 ..., 엘 엠 엔 알).
_SPOKEN_FINAL = {"0": "ㅇ", "1": "ㄹ", "3": "ㅁ", "6": "ㄱ", "7": "ㄹ", "8": "ㄹ"}
_SPOKEN_FINAL |= {"l": "ㄹ", "m": "ㅁ", "n": "ㄴ", "r": "ㄹ", "%": ""}

PARTICLES = {
    "를": ("을", "를"),
    "가": ("이", "가"),
    "는": ("은", "는"),
    "로": ("으로", "로"),
    "와": ("과", "와"),
    "랑": ("이랑", "랑"),
    "나": ("이나", "나"),
    "라도": ("이라도", "라도"),
    "라는": ("이라는", "라는"),
    "라고": ("이라고", "라고"),
    "란": ("이란", "란"),
    "면": ("이면", "면"),
    "든": ("이든", "든"),
    "였": ("이었", "였"),
    "야": ("이야", "야"),
    "며": ("이며", "며"),
}
"""Each particle by the form after a vowel: (after a consonant, after a vowel)."""


def decompose(syllable: str) -> tuple[str, str, str]:
    """Split one syllable into initial, vowel and final.

    Korean writes letters in blocks; endings, particles and typing errors work on the letters.

    Parameters
    ----------
    syllable
        One composed syllable, 가 to 힣.

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> decompose("값"), decompose("해")
    (('ㄱ', 'ㅏ', 'ㅄ'), ('ㅎ', 'ㅐ', ''))
    """
    if len(syllable) != 1 or not _FIRST <= ord(syllable) <= _LAST:
        raise ValueError(f"{syllable!r} is not one composed Hangul syllable")
    code = ord(syllable) - _FIRST
    return INITIALS[code // 588], VOWELS[code % 588 // 28], FINALS[code % 28]


def compose(initial: str, vowel: str, final: str) -> str:
    """Join initial, vowel and final into one syllable.

    The inverse of :func:`decompose`: what a keyboard does while somebody types.

    Parameters
    ----------
    initial, vowel, final
        Letters; the final may be empty.

    Examples
    --------
    >>> compose("ㅎ", "ㅐ", ""), compose("ㅎ", "ㅐ", "ㅆ")
    ('해', '했')
    """
    return chr(_FIRST + INITIALS.index(initial) * 588 + VOWELS.index(vowel) * 28 + FINALS.index(final))


def add_final(text: str, final: str) -> str:
    """Put a final consonant under the last syllable, which must be open.

    오 and ㄹ make 올, 해 and ㅆ make 했: half of Korean conjugation.

    Parameters
    ----------
    text
        Ends in a syllable without a final.
    final
        The consonant.

    Raises
    ------
    ValueError
        If the last syllable already has a final.

    Examples
    --------
    >>> add_final("오", "ㄹ")
    '올'
    """
    initial, vowel, old = decompose(text[-1])
    if old:
        raise ValueError(f"{text!r} already ends in {old}")
    return text[:-1] + compose(initial, vowel, final)


def final_of(text: str) -> str:
    """Return the final consonant of the text as it is read aloud, empty after a vowel.

    Digits and Latin letters are read by their names, so 3 ends in ㅁ (삼) and L in ㄹ (엘).

    Parameters
    ----------
    text
        Anything; trailing punctuation is passed over.

    Examples
    --------
    >>> final_of("서울"), final_of("버스"), final_of("3")
    ('ㄹ', '', 'ㅁ')
    """
    for letter in reversed(text):
        if _FIRST <= ord(letter) <= _LAST:
            return decompose(letter)[2]
        if letter.isalnum() or letter == "%":
            return _SPOKEN_FINAL.get(letter.lower(), "")
    return ""


def ends_in_consonant(text: str) -> bool:
    """Tell whether the text ends in a consonant when read aloud.

    Particles and the copula come in two forms, and a wrong one marks text as machine-made.

    Parameters
    ----------
    text
        A noun.

    Examples
    --------
    >>> ends_in_consonant("서울"), ends_in_consonant("대구")
    (True, False)
    """
    return final_of(text) != ""


def attach(noun: str, particle: str) -> str:
    """Attach a particle in the form that the noun's last sound asks for.

    Parameters are looked up by the form after a vowel; 로 keeps its short form after ㄹ.

    Parameters
    ----------
    noun
        The noun.
    particle
        A key of ``PARTICLES``.

    Raises
    ------
    KeyError
        If the particle is unknown.

    Examples
    --------
    >>> attach("서울", "로"), attach("부산", "로"), attach("커피", "를"), attach("라면", "를")
    ('서울로', '부산으로', '커피를', '라면을')
    """
    closed, open_ = PARTICLES[particle]
    final = final_of(noun)
    return noun + (open_ if not final or (particle == "로" and final == "ㄹ") else closed)
