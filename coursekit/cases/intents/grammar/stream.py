"""Random choices one at a time, fast."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

_T = TypeVar("_T")
_BLOCK = 8192


class RandomStream:
    """A stream of random choices over one `numpy.random.Generator`.

    One query takes dozens of small decisions; asking numpy for each of them costs more than
    everything else. The stream draws uniform numbers in blocks whose size does not depend on
    what is asked, so a longer corpus starts with the shorter one.

    Parameters
    ----------
    seed
        Seed of the generator.

    Examples
    --------
    >>> stream = RandomStream(0)
    >>> stream.pick("abc") in "abc", stream.chance(1.0)
    (True, True)
    """

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)
        self._numbers: list[float] = []

    def uniform(self) -> float:
        """A number from [0, 1)."""
        if not self._numbers:
            self._numbers = self._generator.random(_BLOCK).tolist()
        return self._numbers.pop()

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.uniform() < probability

    def below(self, n: int) -> int:
        """An integer from 0 to n - 1."""
        return int(self.uniform() * n)

    def pick(self, options: Sequence[_T]) -> _T:
        """One of the options, each as likely."""
        return options[int(self.uniform() * len(options))]

    def weighted(self, options: Sequence[_T], cumulative: Sequence[float]) -> _T:
        """One of the options, by cumulative weights."""
        return options[bisect(cumulative, self.uniform() * cumulative[-1], hi=len(options) - 1)]

    def shuffled(self, options: Sequence[_T]) -> list[_T]:
        """The options in random order."""
        order = list(options)
        for i in range(len(order) - 1, 0, -1):
            j = self.below(i + 1)
            order[i], order[j] = order[j], order[i]
        return order
