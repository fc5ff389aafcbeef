"""Families of paraphrases, read from the phrase files."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from coursekit.cases.intents.grammar.template import Template
from coursekit.cases.intents.taxonomy import INTENTS, OUT_OF_SCOPE

# Traffic has a head: the commonest requests stand first in each file and are asked more often.
_HEAD, _HEAD_LENGTH = 3.0, 20.0


@dataclass(frozen=True)
class Family:
    """Paraphrases of one request, which must never straddle a split."""

    group: str
    """Its id, for example ``weather-017``."""
    intent: str
    """One of ``INTENTS``."""
    weight: float
    """How often it is asked, relative to the other families of the intent."""
    template: Template
    """Its phrases."""


def _read(intent: str) -> tuple[Family, ...]:
    """A line without indent begins a family, indented lines are further ways to say it."""
    text = (resources.files(__package__) / "phrases" / f"{intent}.txt").read_text(encoding="utf-8")
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            blocks[-1].append(line.strip())
        else:
            blocks.append([line.strip()])
    families = []
    for number, lines in enumerate(blocks):
        weight = 1.0
        if match := re.match(r"\*([\d.]+)\s+", lines[0]):
            weight = float(match.group(1))
            lines[0] = lines[0][match.end() :]
        if intent != OUT_OF_SCOPE:
            weight *= 1 + _HEAD * math.exp(-number / _HEAD_LENGTH)
        families.append(Family(f"{intent}-{number:03d}", intent, weight, Template(*lines)))
    return tuple(families)


@lru_cache(maxsize=1)
def load_families() -> dict[str, tuple[Family, ...]]:
    """Read every family of every intent.

    A family is the unit of an honest split: its queries differ in words but not in the idea
    behind them, and a model that saw one has as good as seen the rest.

    Returns
    -------
    dict
        Intent to families.

    Examples
    --------
    >>> families = load_families()
    >>> families["weather"][0].group
    'weather-000'
    """
    return {intent: _read(intent) for intent in INTENTS}
