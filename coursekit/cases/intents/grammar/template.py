"""The notation of phrases, and how one phrase becomes a query.

=========================  ==================================================================
``(a|b|)``                 one of the alternatives, which may be empty
``[a]``, ``[a|b]``         optional: nothing half of the time
``<a; b; c>``              the parts in any order, as Korean adverbs move
``{place}``                something from a slot
``~를``, ``~는``, ``~가``    a particle in the form its noun wants, left out now and then
``~를!``, ``~로``, ``~와``    a particle that stays; either of its forms may be written
``듣/want``, ``(켜|틀)/req`` a stem and the mood of the ending it gets
``춥/q,fut``                either mood
``알리/req?``               as above, and sometimes the verb is left out altogether
``갈게#i``, ``갈게요#f``      words that fix the speech level by themselves
=========================  ==================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from coursekit.cases.intents.grammar.endings import MOODS, choose_ending
from coursekit.cases.intents.grammar.hangul import PARTICLES, attach
from coursekit.cases.intents.grammar.register import speak_formally
from coursekit.cases.intents.grammar.slots import fill
from coursekit.cases.intents.grammar.stream import RandomStream

_TOKEN = re.compile(r"\s+|[()\[\]<>|;]|\{[\w가-힣]+\}|/[a-z,]+\??|#[if]|[^\s()\[\]<>|;{}/#]+")
_OTHER_FORM = {closed: open_ for open_, (closed, _) in PARTICLES.items() if closed != open_}
_PARTICLE = re.compile(rf"(\S+?)\s*~({'|'.join(sorted([*PARTICLES, *_OTHER_FORM], key=len, reverse=True))})(!?)")
# Slots that follow each other may both name the day or its part.
_SAID_TWICE = re.compile(r"\b(오늘|내일|모레|아침|저녁|밤|오전|오후|새벽|주말|지금)( \1)+\b")
_BARE_DAY = re.compile(r"(?<=오늘|내일|모레|글피)에(?=는? |$)|(?<=\b낼)에(?=는? |$)")  # 내일, not 내일에
_HALVES = "아침|저녁|밤|새벽|오전|오후|낮"
_ONE_HALF_DAY = re.compile(rf"\b(?:{_HALVES}) (?=(?:{_HALVES}) [\d한두세네다여일아열])")
# A noun that may be asked about or asked for: 날씨가 어때, but 날씨를 알려줘.
_OBJECT = re.compile(r"~[이가은는](?= (?:좀 )?(?:알려|보여|찾|확인|검색|말해|읽|조회|비교|정리|들려|틀|추천|설명))")
_DROPPABLE = frozenset("를가는")
_KEEP = {"formal": 0.8, "informal": 0.34, "fragment": 0.3}
_VERB_LEFT_OUT = 0.36
_A_LITTLE = {"": "", "경상": "쪼매", "전라": "쪼까", "충청": "쪼끔", "제주": "호꼼"}
_SOFTENED = 0.16
_BEFORE_A_REQUEST = ("좀", "좀", "좀", "좀", "좀", "좀", "지금", "바로", "빨리", "얼른", "한번")


@dataclass
class _State:
    """What is known while a query is being said."""

    stream: RandomStream
    level: str
    region: str
    text: str = ""
    levels: list[str] = field(default_factory=list)
    asks: bool = False
    dialect: bool = False


_Node = Callable[[_State], None]


@dataclass(frozen=True)
class Rendering:
    """One query and what became of its form."""

    text: str
    """The query."""
    speech_level: str
    """``formal``, ``informal`` or ``fragment``."""
    asks: bool
    """True if it ends in a question."""
    dialect: bool
    """True if an ending or word of a dialect was used."""


class Template:
    """A phrase in the notation of this module, ready to be said.

    One line of text stands for hundreds of queries with one intent, which is what makes a
    corpus of some two thousand phrases writable, and readable, by people.

    Parameters
    ----------
    source
        One or several variants of the phrase; each rendering takes one of them.

    Raises
    ------
    ValueError
        If a bracket is not closed or a mood is unknown.

    Examples
    --------
    >>> phrase = Template("{weekday} 날씨 어떻/wh")
    >>> phrase.render(RandomStream(1), level="formal").speech_level
    'formal'
    """

    def __init__(self, *source: str) -> None:
        self.source = source
        self._variants = [_Parser(text).parse() for text in source]

    def render(self, stream: RandomStream, *, level: str, region: str = "") -> Rendering:
        """Say the phrase once.

        Parameters
        ----------
        stream
            Source of random choices.
        level
            Speech level of its endings, ``formal`` or ``informal``.
        region
            Dialect of its endings, or empty.

        Returns
        -------
        Rendering
            The text; its level is ``fragment`` where no verb ending was said.
        """
        state = _State(stream, level, region)
        stream.pick(self._variants)(state)
        final_level = state.levels[-1] if state.levels else "fragment"
        text = _resolve_particles(state, final_level)
        text = _BARE_DAY.sub("", " ".join(text.split()))
        text = _ONE_HALF_DAY.sub("", _SAID_TWICE.sub(r"\1", text))
        if final_level == "formal":
            text = speak_formally(text, stream)
        return Rendering(text, final_level, state.asks, state.dialect)


def _resolve_particles(state: _State, level: str) -> str:
    def replace(match: re.Match[str]) -> str:
        noun, particle, keep = match.groups()
        particle = _OTHER_FORM.get(particle, particle)
        if particle == "랑" and level == "formal" and state.stream.chance(0.6):
            particle = "와"
        if particle in _DROPPABLE and not keep and not state.stream.chance(_KEEP[level]):
            return noun
        return attach(noun, particle)

    return _PARTICLE.sub(replace, _OBJECT.sub("~를", state.text))


class _Parser:
    """Recursive descent over the notation."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = _TOKEN.findall(source)
        if "".join(self.tokens) != source:
            raise ValueError(f"cannot read the phrase {source!r}")
        self.position = 0

    def parse(self) -> _Node:
        node = self._sequence("")
        if self.position != len(self.tokens):
            raise ValueError(f"{self.tokens[self.position]!r} is not opened in {self.source!r}")
        return node

    def _peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def _sequence(self, stop: str) -> _Node:
        nodes: list[_Node] = []
        while (token := self._peek()) and token not in stop and token not in ")]>":
            self.position += 1
            if token in {"(", "["}:
                nodes.append(self._choice(")" if token == "(" else "]", optional=token == "["))
            elif token == "<":
                nodes.append(self._scramble())
            elif token.startswith("{"):
                nodes.append(_slot(token[1:-1]))
            elif token.startswith("/"):
                nodes.append(self._mood(token, nodes))
            elif token.startswith("#"):
                nodes.append(_fixed_level("informal" if token == "#i" else "formal"))
            else:
                nodes.append(_text(token if token.strip() else " "))
        return nodes[0] if len(nodes) == 1 else _in_sequence(nodes)

    def _expect(self, token: str) -> None:
        if self._peek() != token:
            raise ValueError(f"{token!r} is missing in {self.source!r}")
        self.position += 1

    def _choice(self, close: str, *, optional: bool) -> _Node:
        start, options, spans = self.position, [self._sequence("|")], []
        spans.append(self.tokens[start : self.position])
        while self._peek() == "|":
            self.position += 1
            start = self.position
            options.append(self._sequence("|"))
            spans.append(self.tokens[start : self.position])
        self._expect(close)
        return _one_of(options, [_levels_of(span) for span in spans], optional)

    def _scramble(self) -> _Node:
        parts = [self._sequence(";")]
        while self._peek() == ";":
            self.position += 1
            parts.append(self._sequence(";"))
        self._expect(">")
        return _in_any_order(parts)

    def _mood(self, token: str, nodes: list[_Node]) -> _Node:
        moods, can_drop = token.strip("/?").split(","), token.endswith("?")
        if not set(moods) <= set(MOODS) or not nodes:
            raise ValueError(f"{token!r} is no mood after a stem in {self.source!r}; one of {', '.join(MOODS)}")
        return _with_ending(nodes.pop(), moods, can_drop)


def _levels_of(tokens: list[str]) -> frozenset[str]:
    marks = {"#i": "informal", "#f": "formal"}
    return frozenset(marks[token] for token in tokens if token in marks)


def _text(text: str) -> _Node:
    def say(state: _State) -> None:
        state.text += text
        if text.strip():
            state.asks = False

    return say


def _slot(name: str) -> _Node:
    def say(state: _State) -> None:
        value = fill(name, state.stream)
        if "{" in value or "(" in value:
            _nested(value)(state)
        else:
            state.text += value
        state.asks = False

    return say


_NESTED: dict[str, _Node] = {}


def _nested(source: str) -> _Node:
    node = _NESTED.get(source)
    if node is None:
        node = _NESTED[source] = _Parser(source).parse()
    return node


def _fixed_level(level: str) -> _Node:
    def say(state: _State) -> None:
        state.levels.append(level)

    return say


def _in_sequence(nodes: list[_Node]) -> _Node:
    def say(state: _State) -> None:
        for node in nodes:
            node(state)

    return say


def _one_of(options: list[_Node], levels: list[frozenset[str]], optional: bool) -> _Node:
    """An alternative; those fixed to the other speech level are passed over."""
    allowed = {
        level: [o for o, fixed in zip(options, levels, strict=True) if not fixed or level in fixed] or options
        for level in ("formal", "informal")
    }

    def say(state: _State) -> None:
        if optional and state.stream.chance(0.5):
            return
        state.stream.pick(allowed[state.level])(state)

    return say


def _in_any_order(parts: list[_Node]) -> _Node:
    def say(state: _State) -> None:
        for part in state.stream.shuffled(parts):
            state.text += " "
            part(state)

    return say


def _with_ending(stem: _Node, moods: list[str], can_drop: bool) -> _Node:
    def say(state: _State) -> None:
        before = state.text
        if can_drop and before.strip() and state.stream.chance(_VERB_LEFT_OUT):
            state.text = re.sub(r"~[를을가이는은]\s*$", " ", before) + (" 좀" if state.stream.chance(0.25) else "")
            return
        mood = state.stream.pick(moods)
        state.text = ""
        stem(state)
        base, state.text = state.text.strip(), before
        ending = choose_ending(mood, base, state.stream, level=state.level, region=state.region)
        softened = mood == "req" and before.strip() and not base.endswith("주") and state.stream.chance(_SOFTENED)
        if softened and not re.search(r"(좀|빨리|한번|다시|지금|바로|더|만)\s*$", before):
            state.text += f" {_A_LITTLE[state.region] or state.stream.pick(_BEFORE_A_REQUEST)} "
            state.dialect |= bool(state.region)
        state.text += ending.attach(base)
        state.levels.append(ending.level)
        state.asks = ending.asks
        state.dialect |= bool(ending.region)

    return say
