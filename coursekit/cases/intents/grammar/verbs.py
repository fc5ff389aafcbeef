"""Korean verbs and adjectives: from a stem to the form before any ending."""

from __future__ import annotations

from functools import cache

from coursekit.cases.intents.grammar.hangul import FINALS, add_final, compose, decompose, final_of

# Stems in ㅂ, ㄷ, ㅅ are regular or not word by word; these lists decide.
_REGULAR_B = ("입", "잡", "뽑", "씹", "접", "좁", "넓", "업", "꼽", "집")
_IRREGULAR_D = ("듣", "걷", "깨닫", "싣", "긷", "묻")
_IRREGULAR_S = ("짓", "낫", "붓", "잇", "긋", "젓")
_REGULAR_REU = ("따르", "치르", "들르", "다다르", "우러르")
_ADJECTIVES = (
    "춥 덥 맵 좋 싫 많 적 크 작 높 낮 빠르 느리 비싸 싸 멀 가깝 어떻 괜찮 심심하 흐리 맑 습하 건조하 쌀쌀하 따뜻하 "
    "필요하 궁금하 시끄럽 어둡 밝 힘들 아프 어렵 쉽 무겁 가볍 뜨겁 차갑 시원하 포근하 선선하 후덥지근하 꿉꿉하 "
    "답답하 피곤하 우울하 외롭 행복하 슬프 기쁘 무섭 지루하 급하 바쁘 나쁘 예쁘 이쁘 안전하 위험하 가능하 유명하 "
    "조용하 심하 세 약하 강하 화창하 쨍쨍하 뿌옇 미끄럽 길 짧 늦 고맙 미안하 다르 같 없 고프 배고프 그립 부럽 "
    "귀찮 졸리 편하 불편하 신나 이상하 중요하 필요없 재밌 재미있 맛있 미지근하 눅눅하 텁텁하 탁하 맑 쾌적하 "
    "느끼하 싱겁 짜 달 시 쓰리 부드럽 따갑 간지럽 촉박하 복잡하 한가하 널널하 빡빡하 저렴하 두껍 얇 짙 옅 청명하 "
    "뽀얗 허전하 찝찝하 막막하 억울하 속상하 서운하 창피하 부족하 넉넉하 푸짐하 담백하 얼큰하 칼칼하 간단하 친절하"
).split()


def _stem_tail(stem: str) -> str:
    return stem.rsplit(" ", 1)[-1]


@cache
def is_adjective(stem: str) -> bool:
    """Tell whether the stem is an adjective, which takes -ㄴ where verbs take -는.

    추운데 but 오는데: the difference shows in every second ending.

    Parameters
    ----------
    stem
        A stem, possibly with words before it.

    Examples
    --------
    >>> is_adjective("많이 춥"), is_adjective("비 오")
    (True, False)
    """
    tail = _stem_tail(stem)
    return tail in _ADJECTIVES and not tail.endswith(("있", "없"))


def _irregular(stem: str, class_: tuple[str, ...]) -> bool:
    return _stem_tail(stem).endswith(class_)


def _eu_base(stem: str) -> str:
    """The base before endings that begin with 으: 먹으, 오, 알, 추우, 들으, 지으."""
    head, last = stem[:-1], stem[-1]
    initial, vowel, final = decompose(last)
    if not final or final == "ㄹ":
        return stem
    if final == "ㅂ" and not _irregular(stem, _REGULAR_B):
        return head + compose(initial, vowel, "") + "우"
    if final == "ㄷ" and _irregular(stem, _IRREGULAR_D):
        return head + compose(initial, vowel, "ㄹ") + "으"
    if final == "ㅅ" and _irregular(stem, _IRREGULAR_S):
        return head + compose(initial, vowel, "") + "으"
    if final == "ㅎ" and stem.endswith(("떻", "렇", "옇", "얗", "갛", "랗", "멓")):
        return head + compose(initial, vowel, "")
    return stem + "으"


_FUSED = {"ㅗ": "ㅘ", "ㅜ": "ㅝ", "ㅣ": "ㅕ", "ㅚ": "ㅙ"}


def _infinitive(stem: str) -> str:
    """The form in 아/어: 알려, 들어, 추워, 해, 와, 골라."""
    head, last = stem[:-1], stem[-1]
    initial, vowel, final = decompose(last)
    if last == "하":
        return head + "해"
    if stem.endswith(("이러", "그러", "저러", "어쩌")):
        return head + ("째" if last == "쩌" else "래")
    if stem.endswith(("어떻", "이렇", "그렇", "저렇")):
        return head + compose(initial, "ㅐ", "")
    if stem.endswith(("뿌옇", "뽀얗")):
        return head + ("얘" if stem.endswith("얗") else "예")
    if last == "놓":
        return head + "놔"
    if last in ("돕", "곱"):
        return head + compose(initial, vowel, "") + "와"
    if final:
        base = _eu_base(stem)
        if base[-1] == "우" and final == "ㅂ":
            return base[:-1] + "워"
        bright = vowel in "ㅏㅗㅑ" and final != "ㅆ"  # a past stem takes 어: 났어
        return (base[:-1] if base[-1] == "으" else base) + ("아" if bright else "어")
    if last == "르" and not _irregular(stem, _REGULAR_REU) and len(head) and head[-1] != " ":
        before = decompose(head[-1])
        bright = before[1] in "ㅏㅗ"
        return head[:-1] + compose(before[0], before[1], "ㄹ") + ("라" if bright else "러")
    if vowel == "ㅡ":
        bright = bool(head) and head[-1] != " " and decompose(head[-1])[1] in "ㅏㅗ"
        return head + compose(initial, "ㅏ" if bright else "ㅓ", "")
    if vowel in _FUSED:
        return head + compose(initial, _FUSED[vowel], "")
    if vowel in "ㅏㅐㅓㅔㅕㅑ":
        return stem
    return stem + "어"


def _before_n(stem: str) -> str:
    """Stems in ㄹ lose it before ㄴ: 틀니 is 트니."""
    initial, vowel, final = decompose(stem[-1])
    return stem[:-1] + compose(initial, vowel, "") if final == "ㄹ" else stem


@cache
def conjugate(stem: str, form: str) -> str:
    """Bring a stem into one of the forms that endings build on.

    Written once, the rules give every query all its endings, and a test can hold them against
    a table; endings copied by hand would be wrong in one of a thousand places.

    Parameters
    ----------
    stem
        Dictionary form without 다, possibly with words before it.
    form
        ``stem``; ``infinitive`` (알려); ``past`` (알렸); ``eu`` (들으); ``n`` (추운, 오는);
        ``l`` (올); ``m`` (옵, 춥습); ``plain`` (춥다, 온다); ``n-stem`` (stem before ㄴ).

    Raises
    ------
    ValueError
        If the form is unknown.

    Examples
    --------
    >>> [conjugate("춥", form) for form in ("infinitive", "past", "n", "l", "m", "plain")]
    ['추워', '추웠', '추운', '추울', '춥습', '춥다']
    >>> conjugate("알리", "infinitive"), conjugate("틀", "n-stem"), conjugate("듣", "eu")
    ('알려', '트', '들으')
    """
    if form == "stem":
        return stem
    if form == "infinitive":
        return _infinitive(stem)
    if form == "n-stem":
        if stem.endswith("어떻"):
            return stem[:-1] + "떠"
        return _before_n(stem)
    if form == "past":
        if final_of(stem) == "ㅆ" and not stem.endswith(("있", "겠")):
            return stem  # already past: 남았-
        infinitive = _infinitive(stem)
        return add_final(infinitive, "ㅆ")
    if form == "eu":
        return _eu_base(stem)
    if form == "l":
        base = _eu_base(stem)
        return base if final_of(base) == "ㄹ" else add_final(base, "ㄹ")
    if form == "n":
        if is_adjective(stem):
            return add_final(_before_n(_eu_base(stem)), "ㄴ")
        return _before_n(stem) + "는"
    if form == "m":
        short = _before_n(stem)
        return short[:-1] + compose(*decompose(short[-1])[:2], "ㅂ") if not final_of(short) else stem + "습"
    if form == "plain":
        short = _before_n(stem)
        if is_adjective(stem) or final_of(stem) == "ㅆ" or stem.endswith("없"):
            return stem + "다"
        return add_final(short, "ㄴ") + "다" if not final_of(short) else stem + "는다"
    raise ValueError(f"unknown form {form!r}; one of stem, infinitive, past, eu, n, l, m, plain, n-stem")


assert FINALS[0] == ""  # add_final and compose rely on the empty final coming first
