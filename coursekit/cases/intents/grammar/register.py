"""Words that change with the speech level: polite speakers say 저 and 에게 where others say 나 and 한테."""

from __future__ import annotations

import re

from coursekit.cases.intents.grammar.stream import RandomStream

# Pattern, what polite speakers say instead, and how often they do.
_POLITE_WORDS: tuple[tuple[re.Pattern[str], str, float], ...] = tuple(
    (re.compile(pattern), replacement, chance)
    for pattern, replacement, chance in (
        (r"\b나(?=( |는 |도 |한테|랑 ))", "저", 0.95),
        (r"\b내가\b", "제가", 0.95),
        (r"\b내(?= )", "제", 0.8),
        (r"\b우리(?= )", "저희", 0.5),
        (r"(?<=[가-힣])한테(?=( |서))", "에게", 0.6),
        (r"\b(이|그|저)거\b", r"\1것", 0.55),
        (r"(?<=[은는던을ㄴ한본온산킨른]) 거(?= )", " 것", 0.5),
        (r"\b뭘\b", "무엇을", 0.5),
        (r"\b진짜\b", "정말", 0.7),
        (r"\b엄청\b", "매우", 0.6),
        (r"\b근데\b", "그런데", 0.8),
        (r"\b티비(?!로)", "텔레비전", 0.4),
        (r"카톡", "카카오톡", 0.35),
        (r"\b엄마", "어머니", 0.5),
        (r"\b아빠", "아버지", 0.5),
        (r"\b와이프", "아내", 0.6),
        (r"\b애들", "아이들", 0.6),
        (r"\b애(?= )", "아이", 0.7),
        (r"\b얘기", "이야기", 0.5),
        (r"\b다들\b", "모두", 0.4),
        (r"\b낼\b", "내일", 1.0),
        (r"\b요새\b", "요즘", 0.5),
        (r" 좀(?= )", "", 0.45),
        (r"\b왜 이렇게\b", "왜 이리", 0.15),
        (r"\b엔빵", "나눠 내기", 0.4),
        (r"\b여친(?=( |한테|에게|$))", "여자친구", 0.8),
        (r"\b남친(?=( |한테|에게|$))", "남자친구", 0.8),
        (r"\b폰\b", "휴대폰", 0.8),
    )
)
_FAST = re.compile(
    "나|내|우리|한테|거|뭘|진짜|엄청|근데|티비|카톡|엄마|아빠|와이프|애|얘기|다들|낼|요새|좀|왜|엔빵|친|폰"
)


def speak_formally(text: str, stream: RandomStream) -> str:
    """Choose the words that go with polite endings.

    Speech levels differ in words, not in endings alone; a corpus that changed only its endings
    would hide how much a model trained on polite text misses.

    Parameters
    ----------
    text
        A query with polite endings.
    stream
        Source of random choices.

    Examples
    --------
    >>> speak_formally("내가 엄마한테 보낸 거 보여주세요", RandomStream(2)).startswith("제가")
    True
    """
    if not _FAST.search(text):
        return text
    for pattern, replacement, chance in _POLITE_WORDS:
        if pattern.search(text) and stream.chance(chance):
            text = pattern.sub(replacement, text)
    return text
