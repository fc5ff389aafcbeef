"""The draws of Python's ``random.Random``, compiled: the same seed gives the same sample."""

from __future__ import annotations

import random
from math import ceil, log

import numpy as np

from coursekit.compiling import compiled

WORDS = 624  # of the Mersenne twister


def seeded_words(seed: int) -> np.ndarray:
    """The words of ``random.Random(seed)``, all of them used."""
    return np.array(random.Random(seed).getstate()[1][:WORDS], dtype=np.uint32)


def is_pooled(n: int, k: int) -> bool:
    """Whether ``Random.sample(range(n), k)`` tracks what is left, and not what is taken."""
    return n <= 21 + (4 ** ceil(log(k * 3, 4)) if k > 5 else 0)


@compiled
def _twist(words: np.ndarray) -> None:
    """The next 624 words of MT19937, in place."""
    for i in range(WORDS):
        y = (words[i] & np.uint32(0x80000000)) | (words[(i + 1) % WORDS] & np.uint32(0x7FFFFFFF))
        turned = words[(i + 397) % WORDS] ^ (y >> np.uint32(1))
        if y & np.uint32(1):
            turned ^= np.uint32(0x9908B0DF)
        words[i] = turned


@compiled
def _below(limit: int, words: np.ndarray, used: int) -> tuple[int, int]:
    """Integer below the limit as ``random.Random`` draws it, and the words used so far."""
    bits = 0
    while limit >> bits:
        bits += 1
    drawn = limit
    while drawn >= limit:
        if used >= WORDS:
            _twist(words)
            used = 0
        y = words[used]
        used += 1
        y ^= y >> np.uint32(11)
        y ^= (y << np.uint32(7)) & np.uint32(0x9D2C5680)
        y ^= (y << np.uint32(15)) & np.uint32(0xEFC60000)
        y ^= y >> np.uint32(18)
        drawn = int(np.int64(y >> np.uint32(32 - bits)))  # from unsigned, numba would go on in float64
    return drawn, used


@compiled
def sample(chosen: np.ndarray, pool: np.ndarray, pooled: bool, words: np.ndarray, used: int) -> int:
    """Put ``Random.sample(range(pool.size), chosen.size)`` into chosen; return the words used so far."""
    n = pool.size
    for i in range(n):
        pool[i] = i if pooled else 0  # what is left, or whether it is taken
    for i in range(chosen.size):
        if pooled:
            j, used = _below(n - i, words, used)
            chosen[i] = pool[j]
            pool[j] = pool[n - i - 1]
        else:
            j, used = _below(n, words, used)
            while pool[j]:
                j, used = _below(n, words, used)
            pool[j] = 1
            chosen[i] = j
    return used
