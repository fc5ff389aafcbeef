"""Sentence endings: one wish, many ways to end it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from itertools import accumulate

from coursekit.cases.intents.grammar.hangul import add_final, ends_in_consonant
from coursekit.cases.intents.grammar.stream import RandomStream
from coursekit.cases.intents.grammar.verbs import conjugate, is_adjective

MOODS = ("req q wh fut futwh past pastwh should may can want lets st will cop copwh is").split()
"""What a sentence does: request, ask, ask with a question word, ask about the future, and so on."""

REGIONS = ("경상", "전라", "충청", "제주")
"""Dialects whose endings the grammar knows."""

_FORMS = {"i": "infinitive", "p": "past", "s": "stem", "N": "n-stem", "e": "eu", "n": "n", "l": "l", "m": "m"}
_FORMS |= {"d": "plain"}
_QUESTIONS = frozenset("q wh fut futwh past pastwh should may can cop copwh".split())
_ASKED_INDIRECTLY = re.compile(r"알려|궁금|확인|봐줘|말해|찾아봐|체크|봐주|알고 싶|갈쳐|모르")
_REQUEST_AS_QUESTION = re.compile(r"(줄래|수 있\S*|안 돼|겠니|겠어요|실래요|줄래요|까요|겠습니까|텨)$")
_PRONOUNS = ("뭐", "어디", "언제", "누구", "얼마", "거", "이거", "그거")
_GIVING = ("알리", "보이", "들리", "가르치", "빌리")


@dataclass(frozen=True)
class Ending:
    """One way to end a sentence in a given mood."""

    mood: str
    """One of ``MOODS``."""
    form: str
    """Form of the stem it attaches to; ``copula`` after a noun."""
    text: str
    """What is attached; for the copula after a consonant and after a vowel, joined by ``|``."""
    level: str
    """``formal`` or ``informal``."""
    region: str
    """One of ``REGIONS``, or empty for the standard language."""
    weight: float
    """How often it is used, relative to the others."""
    not_after_giving: bool
    """True where verbs of giving (알려, 보여) cannot stand."""

    @property
    def asks(self) -> bool:
        """True if the sentence may carry a question mark."""
        if self.mood == "req":
            return bool(_REQUEST_AS_QUESTION.search(self.text))
        return self.mood in _QUESTIONS and not _ASKED_INDIRECTLY.search(self.text)

    def attach(self, base: str) -> str:
        """The base with this ending, in the right form."""
        if self.form == "copula":
            closed, open_ = self.text.split("|")
            if ends_in_consonant(base):
                return base + closed
            if base.endswith(_PRONOUNS) and not (base.endswith("얼마") and open_[0] == "ㄹ"):
                return _fuse(base, open_)
            return base + _spell_out(open_)
        if base.endswith("어떻") and self.form == "n-stem" and self.text[0] in "나노네":
            return base + self.text
        if self.mood == "req" and base.endswith("주") and self.text.lstrip().startswith(("줘", "주", "줄")):
            return base[:-1] + self.text.lstrip()  # 알림 줘, not 알림 줘줘
        if self.text.startswith("ㅁ수") and is_adjective(base):  # 제주: 춥수과, 크우꽈, but 왐수과
            return (
                base + ("" if ends_in_consonant(base) else "우") + self.text[2 if not ends_in_consonant(base) else 1 :]
            )
        if self.form == "eu" and self.text[0] in "ㅂ세" and base[-1] != "으" and conjugate(base, "eu") == base:
            return _fuse(conjugate(base, "n-stem"), self.text)  # ㄹ falls: 풉시다, 트세요
        return _fuse(conjugate(base, self.form), self.text)


def _spell_out(copula: str) -> str:
    """몇 도인가요, where 어딘가요 would fuse."""
    return {"ㄴ": "인", "ㄹ": "일", "ㅂ": "입"}.get(copula[0], copula[0]) + copula[1:]


def _fuse(base: str, ending: str) -> str:
    """Attach an ending; a leading consonant letter goes under the last syllable if it is open."""
    if ending[:1] not in {"ㄴ", "ㄹ", "ㅂ", "ㅁ"}:
        return base + ending
    return add_final(base, ending[0]) + ending[1:]


@lru_cache(maxsize=1)
def _table() -> Mapping[tuple[str, str], tuple[Ending, ...]]:
    """All endings by (mood, speech level) and (mood, region)."""
    table: dict[tuple[str, str], list[Ending]] = {}
    mood = ""
    text = (resources.files(__package__) / "endings.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            mood = line.strip("[]")
            continue
        speaker, endings = line.split(":", 1)
        for item in endings.split(", "):
            match = re.fullmatch(r"\s*(\w):(.*)\*([\d.]+)(\^?)(!?)", item)
            if not match:
                raise ValueError(f"endings.txt, [{mood}] {speaker}: cannot read {item!r}")
            form, words, weight, formal, not_giving = match.groups()
            region = speaker if speaker in REGIONS else ""
            level = speaker if not region else ("formal" if formal else "informal")
            ending = Ending(mood, _FORMS.get(form, "copula"), words, level, region, float(weight), bool(not_giving))
            table.setdefault((mood, speaker), []).append(ending)
    return {key: tuple(endings) for key, endings in table.items()}


@cache
def _pool(mood: str, level: str, region: str, giving: bool) -> tuple[tuple[Ending, ...], tuple[float, ...]]:
    table = _table()
    endings = table[mood, region or level]
    if region:  # a speaker of dialect keeps to the level where the dialect has an ending for it
        endings = tuple(ending for ending in endings if ending.level == level) or table[mood, level]
    if giving:
        endings = tuple(ending for ending in endings if not ending.not_after_giving)
    return endings, tuple(accumulate(ending.weight for ending in endings))


def choose_ending(mood: str, base: str, stream: RandomStream, *, level: str, region: str = "") -> Ending:
    """Choose an ending for a mood by how often people use it.

    Speech level is the slice on which intent models differ most; every sentence of the corpus
    takes its level from here.

    Parameters
    ----------
    mood
        One of ``MOODS``.
    base
        Stem, or noun before the copula.
    stream
        Source of random choices.
    level
        ``formal`` or ``informal``.
    region
        One of ``REGIONS``, or empty.

    Examples
    --------
    >>> choose_ending("req", "틀", RandomStream(0), level="formal").attach("틀")
    '틀어 주세요'
    """
    endings, cumulative = _pool(mood, level, region, base.endswith(_GIVING))
    return stream.weighted(endings, cumulative)
