"""A student's best choice: which items do not count, and where late days are spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

DROPPED = -1
"""In a choice: the item does not count. Otherwise so many late days are spent on it."""


@dataclass(frozen=True)
class Choice:
    """A share of what could be earned, and how it comes about."""

    share: Fraction
    """From 0 to 1."""
    code: tuple[int, ...]
    """For each item DROPPED, or the late days spent on it."""


def best_choices(
    earned: Sequence[Sequence[Fraction]], maxima: Sequence[Fraction], *, keep: int, tokens: int
) -> dict[int, Choice]:
    """The highest share with exactly so many late days spent, for every number of them that can be spent.

    ``earned[i][t]`` is what item i is worth with t late days spent on it. The share is the sum of what the kept
    items are worth over the sum of their maxima. Where that sum of maxima is the same for every selection, the
    highest sum is the highest share. Else which items to leave out cannot be decided one by one (an item with a
    low percentage may weigh little), so the ratio is raised until no selection beats it (Dinkelbach 1967): the
    selection that maximizes earned - ratio * maximum is found by dynamic programming, from any ratio on.
    All of it is exact, and among equal choices the one that spends on earlier items comes first.
    """
    most = min(tokens, sum(len(one) - 1 for one in earned))
    if keep == len(maxima) or len(set(maxima)) == 1:
        found = _knapsack(_scaled(earned, maxima, Fraction(0)), keep, most)
        return {spent: Choice(_ratio(earned, maxima, code), code) for spent, code in found.items()}
    choices = {}
    share = Fraction(0)
    for spent in range(most + 1):
        while True:
            code = _knapsack(_scaled(earned, maxima, share), keep, spent).get(spent)
            if code is None:
                break
            raised = _ratio(earned, maxima, code)
            if raised == share:
                choices[spent] = Choice(share, code)
                break
            share = raised
    return choices


def _ratio(earned: Sequence[Sequence[Fraction]], maxima: Sequence[Fraction], code: Sequence[int]) -> Fraction:
    """What the kept items are worth over their maxima."""
    kept = [(values[t], most) for values, most, t in zip(earned, maxima, code, strict=True) if t != DROPPED]
    return sum((value for value, _ in kept), Fraction(0)) / sum((most for _, most in kept), Fraction(0))


def _scaled(earned: Sequence[Sequence[Fraction]], maxima: Sequence[Fraction], share: Fraction) -> list[list[int]]:
    """What each choice adds beyond the share, as whole numbers of one unit: exact, and fast to add."""
    beyond = [[value - share * most for value in values] for values, most in zip(earned, maxima, strict=True)]
    unit = lcm(*(value.denominator for values in beyond for value in values))
    return [[int(value * unit) for value in values] for values in beyond]


def _knapsack(values: list[list[int]], keep: int, most: int) -> dict[int, tuple[int, ...]]:
    """The best choice of exactly `keep` items by late days spent; ties: the lexicographically greatest."""
    states: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {(0, 0): (0, ())}
    for at, options in enumerate(values):
        left = len(values) - at - 1
        after: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {}
        for (kept, used), (value, code) in states.items():
            if kept + left >= keep:
                _offer(after, (kept, used), (value, (*code, DROPPED)))
            if kept < keep:
                for t, more in enumerate(options[: most - used + 1]):
                    if kept + 1 + left >= keep:
                        _offer(after, (kept + 1, used + t), (value + more, (*code, t)))
        states = after
    return {used: code for (kept, used), (_, code) in states.items() if kept == keep}


def _offer(states: dict, key: tuple[int, int], candidate: tuple[int, tuple[int, ...]]) -> None:
    if key not in states or states[key] < candidate:
        states[key] = candidate


def spend(
    options: Sequence[dict[int, Choice]], points: Sequence[Callable[[Fraction], Fraction]], *, tokens: int
) -> list[Choice]:
    """One choice per component so that the sum of points is highest; then the fewest late days are spent."""
    states: dict[int, tuple[Fraction, tuple[tuple[int, ...], ...], list[Choice]]] = {0: (Fraction(0), (), [])}
    for choices, worth in zip(options, points, strict=True):
        after: dict[int, tuple[Fraction, tuple[tuple[int, ...], ...], list[Choice]]] = {}
        for used, (value, codes, taken) in states.items():
            for spent, choice in choices.items():
                if used + spent > tokens:
                    continue
                candidate = (value + worth(choice.share), (*codes, choice.code), [*taken, choice])
                if used + spent not in after or after[used + spent][:2] < candidate[:2]:
                    after[used + spent] = candidate
        states = after
    best = max(states, key=lambda used: (states[used][0], -used))
    return states[best][2]
