"""The generated queries on which the intent models learn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate
from numbers import Integral

import pandas as pd

from coursekit.cases.intents.grammar.endings import REGIONS
from coursekit.cases.intents.grammar.families import Family, load_families
from coursekit.cases.intents.grammar.noise import add_filler, add_typo, spoil_spacing
from coursekit.cases.intents.grammar.stream import RandomStream
from coursekit.cases.intents.taxonomy import INTENTS

COLUMNS = ("text", "intent", "group", "speech_level", "noise", "source")

# Traffic is uneven: people ask a speaker for weather and songs all day, for a translation now and then.
_TRAFFIC: Mapping[str, float] = {
    "weather": 10.5, "music": 10.0, "schedule": 7.5, "news": 6.0, "alarm": 6.0, "timer": 5.0, "call": 4.5,
    "message": 5.0, "navigation": 5.0, "smart_home": 5.5, "shopping": 4.0, "restaurant": 4.0, "translation": 3.0,
    "recipe": 3.0, "finance": 3.5, "sports": 3.5, "video": 5.0, "calculation": 3.0, "out_of_scope": 10.0,
}  # fmt: skip
_FORMAL = 0.31
_DIALECT, _FILLER, _SPACING, _TYPO = 0.055, 0.07, 0.075, 0.065
_QUESTION_MARK, _FULL_STOP, _OTHER_MARK = 0.2, 0.02, 0.012
_ADDRESSED, _PERHAPS = 0.035, 0.05
_NAMES = (
    "빅스비",
    "하이 빅스비",
    "시리야",
    "헤이 구글",
    "오케이 구글",
    "지니야",
    "아리아",
    "클로바",
    "헤이 카카오",
    "비서야",
)
_ATTEMPTS = 40


@lru_cache(maxsize=1)
def _plan() -> tuple[tuple[str, ...], tuple[float, ...], dict[str, tuple[tuple[Family, ...], tuple[float, ...]]]]:
    """Intents and their families with cumulative weights."""
    families = load_families()
    intents = tuple(INTENTS)
    traffic = tuple(accumulate(_TRAFFIC[intent] for intent in intents))
    weighted = {intent: (fs, tuple(accumulate(f.weight for f in fs))) for intent, fs in families.items()}
    return intents, traffic, weighted


def _say(family: Family, stream: RandomStream) -> tuple[str, str, str]:
    """One query of a family: text, speech level, noise."""
    level = "formal" if stream.chance(_FORMAL) else "informal"
    region = stream.pick(REGIONS) if stream.chance(_DIALECT) else ""
    said = family.template.render(stream, level=level, region=region)
    text, noise = said.text, ["dialect"] if said.dialect else []
    if stream.chance(_ADDRESSED):
        text = f"{stream.pick(_NAMES)} {text}"
    elif said.asks and stream.chance(_PERHAPS):
        text = f"혹시 {text}"
    mark = ""
    if said.asks:
        mark = "?" if stream.chance(_QUESTION_MARK) else ""
    elif stream.chance(_FULL_STOP):
        mark = "."
    elif stream.chance(_OTHER_MARK):
        mark = stream.pick(("!", "~", "..", "~~"))
    if stream.chance(_TYPO):
        text = _changed(text, add_typo(text, stream), "typo", noise)
    if stream.chance(_FILLER):
        text = _changed(text, add_filler(text, stream, level=said.speech_level), "filler", noise)
    if stream.chance(_SPACING):
        text = _changed(text, spoil_spacing(text, stream), "spacing", noise)
    return text + mark, said.speech_level, "+".join(sorted(noise)) or "none"


def _changed(before: str, after: str, kind: str, noise: list[str]) -> str:
    """Note the noise only where it left a trace."""
    if after != before:
        noise.append(kind)
    return after


def load_queries(n: int = 20_000, *, seed: int = 0) -> pd.DataFrame:
    """Generate Korean queries to a voice assistant with the intents behind them.

    Template text flatters every model: its few hundred words repeat, and a random split puts
    paraphrases on both sides. These queries come from more than a thousand phrases in families
    of paraphrases, with word order, particles, speech levels, dialects, numerals, hesitation,
    typing errors and lost spaces varied as people vary them. Split by ``group``, or the score
    measures memory. Judge models on :func:`load_test_queries`, which no grammar wrote.

    Parameters
    ----------
    n
        Number of queries.
    seed
        Seed of the generator; the same seed gives the same rows, and fewer rows are the first
        of more.

    Returns
    -------
    pandas.DataFrame
        n rows: ``text``, ``intent`` (one of ``INTENTS``), ``group`` (family of paraphrases, each
        of one intent), ``speech_level`` (formal, informal, fragment), ``noise`` (``none``, or
        dialect, filler, spacing, typo joined by ``+``), ``source`` (``grammar``).

    Raises
    ------
    TypeError
        If n or seed is not an integer.
    ValueError
        If n is below 1 or seed is negative.

    Examples
    --------
    >>> queries = load_queries(300, seed=1)
    >>> queries.shape, queries["intent"].nunique()
    ((300, 6), 19)
    >>> bool(queries["text"].is_unique)
    True
    """
    for name, value, least in (("n", n, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}")
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    intents, traffic, weighted = _plan()
    stream = RandomStream(int(seed))
    seen: set[str] = set()
    rows = []
    for _ in range(int(n)):
        families, weights = weighted[stream.weighted(intents, traffic)]
        for _attempt in range(_ATTEMPTS):
            family = stream.weighted(families, weights)
            text, speech_level, noise = _say(family, stream)
            if text not in seen:
                break
        seen.add(text)
        rows.append((text, family.intent, family.group, speech_level, noise, "grammar"))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype("str")
