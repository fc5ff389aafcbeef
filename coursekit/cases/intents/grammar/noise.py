"""What real queries carry besides their meaning: hesitation, slips of the thumb, lost spaces."""

from __future__ import annotations

import re

from coursekit.cases.intents.grammar.hangul import FINALS, INITIALS, VOWELS, compose, decompose
from coursekit.cases.intents.grammar.stream import RandomStream

FILLERS = (
    "음 어 저기 저기요 그 있잖아 그니까 그러니까 흠 아 아_참 아_맞다 어_그 음_그 그_뭐냐 그_뭐지 가만있자 어디_보자 "
    "에 아_그 저_그 어_저기 있지 뭐랄까 아_잠깐 아_저기 음_어 그_있잖아 어_음 뭐지"
).split()
"""Words that fill a pause and mean nothing; ``_`` stands for a space."""

_MID_FILLERS = ("그", "음", "어", "그 뭐냐", "그 뭐지", "뭐", "막", "저기", "그 있잖아", "뭐랄까", "그니까")
_POLITE = {"있잖아": "있잖아요", "있지": "있죠", "그 있잖아": "그 있잖아요"}

# Two-set keyboard of Korean phones: the keys around each key.
_ROWS = ("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ")
_DOUBLED = {"ㄲ": "ㄱ", "ㄸ": "ㄷ", "ㅃ": "ㅂ", "ㅆ": "ㅅ", "ㅉ": "ㅈ", "ㅒ": "ㅐ", "ㅖ": "ㅔ"}
_JOINED = {
    "ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ", "ㅟ": "ㅜㅣ", "ㅢ": "ㅡㅣ",
    "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄾ": "ㄹㅌ", "ㄽ": "ㄹㅅ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip
_JOIN = {keys: letter for letter, keys in _JOINED.items()}
# Spellings that even careful writers miss, by what is written instead.
_MISSPELLED = (
    ("어떻게", "어떡해"), ("어떻게", "어케"), ("어떻게", "어떻해"), ("며칠", "몇일"), ("안 ", "않 "), ("돼", "되"), ("되나", "돼나"),
    ("되는", "돼는"), ("될까", "됄까"), ("줘", "죠"), ("줘", "조"), ("줄래", "줄레"), ("할게", "할께"), ("찌개", "찌게"), ("얼마", "얼머"),
    ("뭐야", "모야"), ("뭐", "머"), ("김치찌개", "김치찌게"), ("육개장", "육계장"), ("왜", "외"), ("내일", "네일"), ("내일", "낼"),
    ("웬일", "왠일"), ("금세", "금새"), ("설거지", "설겆이"), ("맞춰", "마춰"), ("깨워", "께워"), ("데리러", "대리러"), ("메시지", "메세지"),
    ("가르쳐", "가르켜"), ("괜찮", "괜찬"), ("어때", "어떄"), ("했어", "햇어"), ("있어", "잇어"), ("있나", "잇나"), ("없어", "업어"),
    ("싶어", "시퍼"), ("싶은", "시픈"), ("같아", "같애"), ("바꿔", "바꺼"), ("알려", "알러"), ("보내", "보네"), ("예약", "애약"),
    ("계산", "게산"), ("세탁", "새탁"), ("재밌", "제밌"), ("할지", "할찌"), ("몇 시", "몃 시"), ("않", "안"), ("빨리", "빨이"),
    ("좋은", "조은"), ("좋아", "조아"), ("너무", "넘"), ("갈까", "갈가"), ("올까", "올가"), ("인데", "인대"), ("는데", "는대"),
    ("켜", "키"), ("세요", "새요"), ("에요", "예요"), ("예요", "에요"), ("오랜만", "오랫만"), ("떡볶이", "떡뽁이"), ("먹을", "머글"),
)  # fmt: skip


def _neighbours() -> dict[str, str]:
    around: dict[str, str] = {}
    for r, row in enumerate(_ROWS):
        for c, key in enumerate(row):
            near = [row[i] for i in (c - 1, c + 1) if 0 <= i < len(row)]
            for other in (r - 1, r + 1):
                if 0 <= other < len(_ROWS):
                    near += [_ROWS[other][i] for i in (c, c - 1 if other > r else c + 1) if 0 <= i < len(_ROWS[other])]
            around[key] = "".join(near)
    return around


_NEAR = _neighbours()


def keystrokes(text: str) -> list[str]:
    """Take the text apart into the keys pressed to type it.

    Fingers slip on keys, not on syllables: errors are made here and composed again.

    Parameters
    ----------
    text
        Any text; what is not Hangul stays as it is.

    Examples
    --------
    >>> "".join(keystrokes("값 써"))
    'ㄱㅏㅂㅅ ㅆㅓ'
    """
    keys: list[str] = []
    for letter in text:
        if "가" <= letter <= "힣":
            for part in decompose(letter):
                if part:
                    keys.extend(_JOINED.get(part, part))
        else:
            keys.append(letter)
    return keys


def typed(keys: list[str]) -> str:
    """Compose keys into syllables as a Korean keyboard does.

    A consonant joins the syllable before it until a vowel claims it, so a slip of one key can
    change two syllables; composing key by key reproduces that.

    Parameters
    ----------
    keys
        What was pressed, in order.

    Examples
    --------
    >>> typed(list("ㄴㅏㄹㅆㅣ")), typed(list("ㅎㅐㅆㅇㅓ")), typed(list("ㄴㄹㅏ"))
    ('날씨', '했어', 'ㄴ라')
    """
    out: list[str] = []
    first = vowel = final = ""

    def flush() -> None:
        nonlocal first, vowel, final
        if first and vowel:
            out.append(compose(first, vowel, final))
        else:
            out.extend(part for part in (first, vowel) if part)
        first = vowel = final = ""

    for key in keys:
        if key in VOWELS:
            if final:
                carried = _JOINED[final][1] if final in _JOINED else final
                final = _JOINED[final][0] if final in _JOINED else ""
                flush()
                first, vowel = carried, key
            elif vowel and vowel + key in _JOIN:
                vowel = _JOIN[vowel + key]
            elif vowel:
                flush()
                vowel = key
            else:
                vowel = key
        elif key in INITIALS:
            if first and vowel and not final and key in FINALS:
                final = key
            elif final and final + key in _JOIN:
                final = _JOIN[final + key]
            else:
                flush()
                first = key
        else:
            flush()
            out.append(key)
    flush()
    return "".join(out)


def _slip(text: str, stream: RandomStream) -> str:
    keys = keystrokes(text)
    places = [i for i, key in enumerate(keys) if key in _NEAR or key in _DOUBLED]
    if not places:
        return text
    i, kind = stream.pick(places), stream.uniform()
    if kind < 0.45:
        key = _DOUBLED.get(keys[i], keys[i])
        keys[i] = stream.pick(_NEAR[key])
    elif kind < 0.65:
        doubled = [j for j in places if keys[j] in _DOUBLED]
        if doubled:
            j = stream.pick(doubled)
            keys[j] = _DOUBLED[keys[j]]
        else:
            keys[i] = {v: k for k, v in _DOUBLED.items()}.get(keys[i], keys[i])
    elif kind < 0.82:
        del keys[i]
    elif kind < 0.92 and i + 1 < len(keys):
        keys[i], keys[i + 1] = keys[i + 1], keys[i]
    else:
        keys.insert(i, keys[i])
    return typed(keys)


def add_typo(text: str, stream: RandomStream) -> str:
    """Mistype the text the way thumbs and habits do; return it unchanged if nothing fits.

    Half of the errors are slips on the keyboard (a neighbouring key, a lost double consonant, a
    swapped pair), half are common misspellings (되 for 돼, 않 for 안, ㅔ for ㅐ).

    Parameters
    ----------
    text
        A query.
    stream
        Source of random choices.

    Examples
    --------
    >>> add_typo("내일 날씨 알려줘", RandomStream(0)) != "내일 날씨 알려줘"
    True
    """
    result = text
    for _ in range(2 if stream.chance(0.15) else 1):
        fitting = [pair for pair in _MISSPELLED if pair[0] in result]
        if fitting and stream.chance(0.5):
            right, wrong = stream.pick(fitting)
            result = result.replace(right, wrong, 1)
        else:
            result = _slip(result, stream)
    return result if result.strip() else text


# Where standard spelling lets words be written together, a missing space is no error.
_MAY_JOIN = re.compile(r"(줘|주|줄|봐|보|시$|시에|시로|시 |분|초|원|월|일|개|명|년|번|도$|살|킬로|시간|거|건|게)")


def spoil_spacing(text: str, stream: RandomStream) -> str:
    """Lose spaces or put them in wrong places; return the text unchanged if it cannot be spoilt.

    Many people type without any spaces on a phone, and speech recognisers split words; features
    built on words between spaces fall apart on both.

    Parameters
    ----------
    text
        A query.
    stream
        Source of random choices.

    Examples
    --------
    >>> spoil_spacing("내일 날씨 알려줘", RandomStream(4)).replace(" ", "")
    '내일날씨알려줘'
    """
    words = text.split(" ")
    gaps = [i for i in range(1, len(words)) if not _MAY_JOIN.match(words[i])]
    kind = stream.uniform()
    if kind < 0.3 and gaps:
        return "".join(words)
    if kind < 0.85 and gaps:
        share = 0.25 + 0.5 * stream.uniform()
        lost = {i for i in gaps if stream.chance(share)} or {stream.pick(gaps)}
        return words[0] + "".join(("" if i in lost else " ") + words[i] for i in range(1, len(words)))
    long = [i for i, word in enumerate(words) if len(word) >= 3 and word.isalpha()]
    if not long:
        return text
    i = stream.pick(long)
    at = 1 + stream.below(len(words[i]) - 1)
    if _MAY_JOIN.match(words[i][at:]):
        return text
    words[i] = words[i][:at] + " " + words[i][at:]
    return " ".join(words)


def add_filler(text: str, stream: RandomStream, *, level: str = "informal") -> str:
    """Hesitate at the start or in the middle of the query.

    Spoken queries carry such words; they mean nothing and cost a model trained without them.

    Parameters
    ----------
    text
        A query.
    stream
        Source of random choices.
    level
        Speech level; 있잖아 becomes 있잖아요 in polite speech.

    Examples
    --------
    >>> add_filler("내일 날씨 알려줘", RandomStream(0)).endswith("알려줘")
    True
    """
    words = text.split(" ")
    if len(words) > 2 and stream.chance(0.25):
        at = 1 + stream.below(len(words) - 1)
        return " ".join([*words[:at], stream.pick(_MID_FILLERS), *words[at:]])
    filler = stream.pick(FILLERS).replace("_", " ")
    if level == "formal":
        filler = _POLITE.get(filler, filler)
    dots = stream.pick(("", "", "", "", ",", "..", "...")) if filler[-1] in "음어흠아에" else ""
    return f"{filler}{dots} {text}"
