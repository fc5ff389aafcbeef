"""Random numbers by counting: every customer's every day has a stream of its own (SplitMix64)."""

from __future__ import annotations

import math

import numpy as np

from coursekit.compiling import compiled

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S11, _S27, _S30, _S31 = np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)
_TWO_PI = 2 * math.pi


def stream_key(seed: int, purpose: int) -> np.uint64:
    """A 64-bit key for one purpose of one seed; unequal purposes share nothing."""
    return np.random.SeedSequence([seed, purpose]).generate_state(1, np.uint64)[0]


@compiled
def mix(z: np.uint64) -> np.uint64:
    """SplitMix64's finaliser: 64 bits in, 64 unrecognisable bits out."""
    z = (z ^ (z >> _S30)) * _FIRST
    z = (z ^ (z >> _S27)) * _SECOND
    return z ^ (z >> _S31)


@compiled
def substream(key: np.uint64, a: int, b: int) -> np.uint64:
    """Where the stream of the pair (a, b) begins, for example of a customer and a day."""
    return mix(mix(key + np.uint64(a) * _GOLDEN) + np.uint64(b) * _SECOND)


@compiled
def step(state: np.uint64) -> np.uint64:
    """The next state; read it with ``uniform``."""
    return state + _GOLDEN


@compiled
def uniform(state: np.uint64) -> float:
    """The number in [0, 1) that belongs to a state."""
    return np.float64(mix(state) >> _S11) * (1.0 / 9007199254740992.0)


@compiled
def poisson(state: np.uint64, rate: float) -> int:
    """How many events of a Poisson(rate), by inverting one uniform number; rate up to 50 or so."""
    remaining = uniform(state)
    probability = math.exp(-rate)
    count = 0
    while remaining >= probability and count < 200:
        remaining -= probability
        count += 1
        probability *= rate / count
    return count


@compiled
def normal(state: np.uint64) -> float:
    """A standard normal number from two halves of one state (Box-Muller)."""
    bits = mix(state)
    radius = math.sqrt(-2.0 * math.log((np.float64(bits >> np.uint64(32)) + 0.5) * (1.0 / 4294967296.0)))
    return radius * math.cos(_TWO_PI * np.float64(bits & np.uint64(0xFFFFFFFF)) * (1.0 / 4294967296.0))
