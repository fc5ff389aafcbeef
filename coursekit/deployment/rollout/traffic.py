"""The world a rollout happens in: how many requests come, how often they go wrong, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from coursekit._number_checks import check_number, check_whole, told
from coursekit.deployment.rollout.evidence import CANDIDATE, Guardrail, Minute, check_share

BASELINES = ("flat", "seasonal", "rising")
"""Paths of the error rate that both arms share."""

_PERIOD = 60


@dataclass(frozen=True)
class Traffic:
    """How many requests come in a minute.

    Time to a verdict is counted in bad requests, not in minutes: a service of ten requests a second needs
    an hour for what one of a thousand a second shows in a minute.

    Raises
    ------
    ValueError
        If there is no traffic, or the swing is outside [0, 1).

    Examples
    --------
    >>> Traffic(600).expected(np.array([0, 1, 2]))
    array([600., 600., 600.])
    """

    requests_per_minute: float = 10_000
    """Mean number of requests, above 0; each minute's is a Poisson number."""
    swing: float = 0.0
    """Share by which the mean rises and falls within an hour, from 0 to below 1."""

    def __post_init__(self) -> None:
        requests = check_number("Traffic", "requests_per_minute", self.requests_per_minute, above=True)
        object.__setattr__(self, "requests_per_minute", requests)
        swing = check_number("Traffic", "swing", self.swing)
        if swing >= 1:
            raise ValueError(f"Traffic: swing must lie between 0 and 1, got {swing:g}")
        object.__setattr__(self, "swing", swing)

    def expected(self, minute: np.ndarray) -> np.ndarray:
        """Expected number of requests in each minute."""
        return self.requests_per_minute * (1 + self.swing * np.sin(2 * np.pi * np.asarray(minute) / _PERIOD))


@dataclass(frozen=True)
class Service:
    """What is running now: its error rate over the hour, its latency, its machines.

    A canary is judged beside the baseline of the same minute, so what the two share may move as it likes;
    what belongs to one machine may not, and ``instance_noise`` is there to see what it does to a test.

    Raises
    ------
    ValueError
        If the path is unknown or a number makes no sense.

    Examples
    --------
    >>> Service(path="rising").error_rates(np.array([0, 30, 60, 90])).tolist()
    [0.01, 0.015, 0.02, 0.02]
    >>> round(Service().slow_rate(300), 4)
    0.0041
    """

    error_rate: float = 0.01
    """Probability that a request fails, between 0 and 1."""
    path: str = "flat"
    """How the error rate moves: "flat", "seasonal" (up and down by half within an hour) or "rising" (to twice its
    value within an hour)."""
    latency_ms: float = 80.0
    """Median latency; latencies are lognormal."""
    latency_spread: float = 0.5
    """Standard deviation of the logarithm of latency."""
    instances: int = 10
    """Machines that share the load evenly."""
    instance_noise: float = 0.0
    """Standard deviation of a machine's own error rate, as a share of it; of its slow requests and of the
    candidate's machines too."""
    noise_memory: float = 0.8
    """Correlation of a machine's noise from one minute to the next, from 0 to below 1."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "error_rate", check_share("Service", "error_rate", self.error_rate))
        if self.path not in BASELINES:
            raise ValueError(f"Service: path must be one of {', '.join(BASELINES)}, got {told(self.path)}")
        for name, above in (
            ("latency_ms", True),
            ("latency_spread", True),
            ("instance_noise", False),
            ("noise_memory", False),
        ):
            object.__setattr__(self, name, check_number("Service", name, getattr(self, name), above=above))
        if self.noise_memory >= 1:
            raise ValueError(f"Service: noise_memory must be below 1, got {self.noise_memory:g}")
        object.__setattr__(self, "instances", check_whole("Service", "instances", self.instances, low=1))

    def error_rates(self, minute: np.ndarray) -> np.ndarray:
        """Error rate in each minute, at most 1."""
        at = np.asarray(minute, dtype=float)
        factor = np.ones(at.shape)
        if self.path == "seasonal":
            factor = 1 + 0.5 * np.sin(2 * np.pi * at / _PERIOD)
        elif self.path == "rising":
            factor = 1 + np.minimum(at / _PERIOD, 1)
        return np.minimum(self.error_rate * factor, 1.0)

    def slow_rate(self, over_ms: float, *, latency_ratio: float = 1.0) -> float:
        """Share of requests that take longer, if latencies are multiplied by a ratio."""
        return float(norm.sf(np.log(over_ms / (self.latency_ms * latency_ratio)) / self.latency_spread))


@dataclass(frozen=True)
class Candidate:
    """What is to replace it, told by how much worse (or better) it is.

    Raises
    ------
    ValueError
        If a ratio is not above 0, or a count is no whole number.

    Examples
    --------
    >>> Candidate(error_ratio=1.5).harmless, Candidate().harmless
    (False, True)
    """

    error_ratio: float = 1.0
    """Error rate as a multiple of the baseline's, above 0."""
    latency_ratio: float = 1.0
    """Latency as a multiple of the baseline's, above 0."""
    instances: int = 4
    """Machines of the candidate."""
    from_minute: int = 0
    """First minute in which the ratios hold; before it the candidate equals the baseline."""

    def __post_init__(self) -> None:
        for name in ("error_ratio", "latency_ratio"):
            object.__setattr__(self, name, check_number("Candidate", name, getattr(self, name), above=True))
        object.__setattr__(self, "instances", check_whole("Candidate", "instances", self.instances, low=1))
        object.__setattr__(self, "from_minute", check_whole("Candidate", "from_minute", self.from_minute))

    @property
    def harmless(self) -> bool:
        """Whether it is no worse than the baseline."""
        return self.error_ratio <= 1 and self.latency_ratio <= 1


class World:
    """Draws the minutes of many rollouts, whatever weight each has in each minute.

    Weights are not known in advance, since each decision rests on the minutes before it; so the world is asked
    minute by minute. An arm's requests are dealt evenly to its machines.

    Parameters
    ----------
    traffic, baseline, candidate
        What happens.
    guardrails
        What is counted.
    runs
        Number of rollouts.
    rng
        Source of chance.

    Examples
    --------
    >>> world = World(
    ...     Traffic(), Service(), Candidate(), guardrails=(Guardrail(),), runs=3, rng=np.random.default_rng(0)
    ... )
    >>> world.minute(0, np.full(3, 0.05)).requests.shape
    (3, 2)
    """

    def __init__(
        self,
        traffic: Traffic,
        baseline: Service,
        candidate: Candidate,
        *,
        guardrails: tuple[Guardrail, ...],
        runs: int,
        rng: np.random.Generator,
    ) -> None:
        self.traffic, self.baseline, self.candidate, self.guardrails = traffic, baseline, candidate, guardrails
        self.arm = np.repeat([0, 1], [baseline.instances, candidate.instances])
        self._rng = rng
        self._noise = np.zeros((runs, self.arm.size))
        if baseline.instance_noise:
            self._noise = rng.normal(0, baseline.instance_noise, self._noise.shape)

    def rates(self, at: int) -> np.ndarray:
        """Probability that a request is bad, by guardrail and arm, without the noise of a machine, ``(metrics, 2)``."""
        bad = at >= self.candidate.from_minute
        rows = []
        for guardrail in self.guardrails:
            if guardrail.over_ms is None:
                rate = float(self.baseline.error_rates(np.asarray(at)))
                worse = rate * (self.candidate.error_ratio if bad else 1)
            else:
                rate = self.baseline.slow_rate(guardrail.over_ms)
                ratio = self.candidate.latency_ratio if bad else 1.0
                worse = self.baseline.slow_rate(guardrail.over_ms, latency_ratio=ratio)
            rows.append((rate, min(worse, 1.0)))
        return np.array(rows)

    def minute(self, at: int, weight: np.ndarray) -> Minute:
        """What the arms serve in a minute if the candidate has these weights, ``(runs,)``; 0 where it is over."""
        rng, arm = self._rng, self.arm
        total = rng.poisson(self.traffic.expected(np.asarray(at)), weight.size)
        candidate = rng.binomial(total, weight)
        requests = np.stack([total - candidate, candidate], axis=1)
        by_instance = _dealt(requests, arm)
        noise = self.baseline.instance_noise
        if noise:
            memory = self.baseline.noise_memory
            fresh = rng.normal(0, noise * np.sqrt(1 - memory**2), self._noise.shape)
            self._noise = memory * self._noise + fresh
        factor = np.clip(1 + self._noise, 0, None)
        bad = np.empty((weight.size, len(self.guardrails), arm.size), dtype=np.int64)
        for m, rates in enumerate(self.rates(at)):
            bad[:, m] = rng.binomial(by_instance, np.minimum(rates[arm] * factor, 1))
        by_arm = np.stack([bad[:, :, arm != CANDIDATE].sum(axis=2), bad[:, :, arm == CANDIDATE].sum(axis=2)], axis=2)
        return Minute(
            weight=weight,
            requests=requests,
            bad=by_arm,
            instance_requests=by_instance,
            instance_bad=bad,
            instance_arm=arm,
        )


def _dealt(requests: np.ndarray, arm: np.ndarray) -> np.ndarray:
    """Requests of each arm dealt evenly to its instances, as a round-robin balancer does."""
    position = np.concatenate([np.arange(np.sum(arm == side)) for side in (0, 1)])
    size = np.array([np.sum(arm == side) for side in (0, 1)])[arm]
    mine = requests[:, arm]
    return mine // size + (position < mine % size)
