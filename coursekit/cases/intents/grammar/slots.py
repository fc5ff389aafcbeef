"""What fills the gaps of phrases: places, people, foods, songs, dates, amounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import resources
from itertools import accumulate

from coursekit.cases.intents.grammar.numerals import money, native, sino
from coursekit.cases.intents.grammar.stream import RandomStream

_HALF_DAYS = {
    "오전": range(5, 12), "아침": range(5, 10), "새벽": range(1, 7), "낮": (12, 1, 2, 3), "오후": range(1, 9),
    "저녁": range(5, 10), "밤": range(8, 12),
}  # fmt: skip


def _number_of(number: int, counter: str, stream: RandomStream, *, is_native: bool) -> str:
    """A number with its counter, in digits or words, joined or apart."""
    style = stream.uniform()
    if style < 0.58:
        return f"{number}{counter}"
    words = native(number) if is_native else sino(number)
    return f"{words} {counter}" if style < 0.9 else f"{words}{counter}"


def _minutes(stream: RandomStream) -> str:
    if stream.chance(0.12):
        return stream.pick(("5분 전", "10분 전", "15분 전"))
    return _number_of(stream.pick((5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55)), "분", stream, is_native=False)


def _hour(stream: RandomStream, hours: range | tuple[int, ...] = range(1, 13)) -> str:
    text = _number_of(stream.pick(hours), "시", stream, is_native=True)
    kind = stream.uniform()
    if kind < 0.2:
        return f"{text} 반" if " " in text or stream.chance(0.6) else f"{text}반"
    return f"{text} {_minutes(stream)}" if kind < 0.36 else text


def _clock(stream: RandomStream) -> str:
    kind = stream.uniform()
    if kind < 0.5:
        half = stream.pick(tuple(_HALF_DAYS))
        return f"{half} {_hour(stream, tuple(_HALF_DAYS[half]))}"
    if kind < 0.56:
        return f"{stream.below(24)}:{stream.below(12) * 5:02d}"
    if kind < 0.61:
        return stream.pick(("정오", "자정", "낮 열두 시", "밤 열두 시", "12시", "열두 시"))
    return _hour(stream)


def _morning(stream: RandomStream) -> str:
    half = stream.pick(("아침", "아침", "새벽", "오전", "내일 아침", "", ""))
    return f"{half} {_hour(stream, range(4, 11))}".strip()


def _duration(stream: RandomStream) -> str:
    kind = stream.uniform()
    if kind < 0.58:
        minutes = stream.pick((1, 2, 3, 3, 4, 5, 5, 6, 7, 8, 10, 10, 12, 15, 15, 20, 20, 25, 30, 30, 40, 45, 50, 90))
        return _number_of(minutes, "분", stream, is_native=False)
    if kind < 0.75:
        hours = _number_of(stream.pick((1, 1, 1, 2, 2, 3, 4, 5, 6, 8)), "시간", stream, is_native=True)
        return hours + stream.pick(("", "", " 반"))
    if kind < 0.85:
        return _number_of(stream.pick((10, 20, 30, 40, 45, 90)), "초", stream, is_native=False)
    hours = _number_of(stream.pick((1, 1, 2, 3)), "시간", stream, is_native=True)
    if kind < 0.93:
        return f"{hours} {_number_of(stream.pick((10, 15, 20, 30, 40, 45)), '분', stream, is_native=False)}"
    minutes = stream.pick((1, 2, 3, 4, 5, 7))
    return f"{_number_of(minutes, '분', stream, is_native=False)} {stream.pick(('30초', '삼십 초', '20초', '10초'))}"


def _date(stream: RandomStream) -> str:
    month, day = 1 + stream.below(12), stream.pick((1, 2, 3, 5, 7, 8, 10, 12, 14, 15, 17, 20, 21, 23, 25, 27, 28, 30))
    if month == 2 and day == 30:
        day = 28
    kind = stream.uniform()
    if kind < 0.5:
        return f"{month}월 {day}일"
    month_name = {6: "유", 10: "시"}.get(month) or sino(month)
    if kind < 0.75:
        return f"{month_name}월 {sino(day)}일"
    if kind < 0.93:
        return f"{day}일" if stream.chance(0.7) else f"{sino(day)}일"
    return f"{month}/{day}"


def _amount(values: tuple[int, ...]) -> Callable[[RandomStream], str]:
    styles = ("mixed", "mixed", "mixed", "words", "digits", "comma")
    return lambda stream: money(stream.pick(values), stream.pick(styles))


def _cumulative(n: int) -> tuple[float, ...]:
    """Weights falling with rank, as names do in any traffic; short lists are even."""
    if n <= 12:
        return tuple(float(i) for i in range(1, n + 1))
    return tuple(accumulate((rank + 4 + n / 16) ** -1.05 for rank in range(n)))


def _integer(low: int, high: int) -> Callable[[RandomStream], str]:
    def say(stream: RandomStream) -> str:
        number = low + stream.below(high - low + 1)
        return sino(number) if stream.chance(0.22) else str(number)

    return say


def _chosen(numbers: tuple[int, ...]) -> Callable[[RandomStream], str]:
    """A number people do use, in digits or words; the smaller the likelier."""
    cumulative = _cumulative(len(numbers))

    def say(stream: RandomStream) -> str:
        number = stream.weighted(numbers, cumulative)
        return sino(number) if stream.chance(0.2) else str(number)

    return say


def _counted(low: int, high: int, counter: str, *, is_native: bool) -> Callable[[RandomStream], str]:
    return lambda stream: _number_of(low + stream.below(high - low + 1), counter, stream, is_native=is_native)


_GENERATORS: Mapping[str, Callable[[RandomStream], str]] = {
    "clock": _clock,
    "hour": _hour,
    "morning": _morning,
    "duration": _duration,
    "minutes": lambda stream: _number_of(
        stream.pick((3, 5, 5, 10, 10, 15, 20, 30, 30, 40)), "분", stream, is_native=False
    ),
    "date": _date,
    "won": _amount((10_000, 15_000, 20_000, 25_000, 30_000, 50_000, 70_000, 100_000, 150_000, 300_000, 1_000_000)),
    "small_won": _amount((3_500, 4_800, 6_900, 8_900, 9_900, 12_000, 17_800, 19_000, 34_500, 45_000, 86_000)),
    "n": _chosen((2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 16, 17, 18, 20, 24, 25, 27, 30, 32, 35, 36, 40, 45, 48, 50, 60, 64, 72, 75, 80, 90)),
    "big_n": _chosen((100, 120, 125, 144, 150, 180, 200, 240, 250, 256, 300, 320, 365, 400, 450, 500, 640, 720, 750, 850, 1000, 1024, 1200, 1500, 2000, 3600, 5000, 10_000)),
    "digit": _integer(2, 9),
    "percent": lambda stream: _number_of(
        stream.pick((3, 5, 7, 10, 12, 15, 20, 25, 30, 40, 50, 70)), stream.pick(("퍼센트", "퍼센트", "프로")), stream,
        is_native=False,
    ),
    "people_n": _counted(2, 12, "명", is_native=True),
    "items_n": _counted(1, 10, "개", is_native=True),
    "servings": _counted(1, 6, "인분", is_native=False),
    "degrees": _counted(18, 28, "도", is_native=False),
    "days_n": _counted(2, 100, "일", is_native=False),
    "dollars": lambda stream: _number_of(stream.pick((10, 20, 30, 50, 100, 150, 200, 500, 1000)), "달러", stream, is_native=False),
    "channel_n": _counted(5, 120, "번", is_native=False),
    "volume_n": _integer(1, 20),
    "age": _counted(4, 79, "살", is_native=True),
    "year": lambda stream: f"{1960 + stream.below(70)}년",
    "grams": lambda stream: _number_of(stream.pick((50, 100, 150, 200, 300, 500, 600)), stream.pick(("그램", "g", "그람")), stream, is_native=False),
}  # fmt: skip


@lru_cache(maxsize=1)
def _vocabulary() -> Mapping[str, tuple[tuple[str, ...], tuple[float, ...]]]:
    """Every slot's values, the commoner first, with cumulative weights."""
    slots: dict[str, list[str]] = {}
    name = ""
    folder = resources.files(__package__) / "slots"
    for file in sorted(folder.iterdir(), key=lambda path: path.name):
        for line in file.read_text(encoding="utf-8").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            if not line[0].isspace():
                name, line = line.split(":", 1)
                if name in slots:
                    raise ValueError(f"{file.name}: the slot {name!r} is there twice")
                slots[name] = []
            slots[name] += [value.strip() for value in line.split(",") if value.strip()]
    return {name: (tuple(values), _cumulative(len(values))) for name, values in slots.items()}


def fill(name: str, stream: RandomStream) -> str:
    """Choose a value for a slot; it may itself be a phrase with slots.

    The same places, foods and songs turn up under every intent: only then does a model learn
    what is wanted and not what is named.

    Parameters
    ----------
    name
        Name of the slot, as between the braces of a phrase.
    stream
        Source of random choices.

    Raises
    ------
    KeyError
        If there is no such slot.

    Examples
    --------
    >>> isinstance(fill("weekday", RandomStream(0)), str)
    True
    """
    if name in _GENERATORS:
        return _GENERATORS[name](stream)
    values, cumulative = _vocabulary()[name]
    return stream.weighted(values, cumulative)
