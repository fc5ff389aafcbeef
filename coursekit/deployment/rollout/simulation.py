"""Rollouts that never happened, by the thousand: what would this plan and this test have done?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit._number_checks import check_whole
from coursekit.deployment.rollout.controller import REASONS, RolloutController
from coursekit.deployment.rollout.evidence import CANDIDATE, ERRORS, Evidence, Guardrail, check_guardrails
from coursekit.deployment.rollout.figures import timeline
from coursekit.deployment.rollout.plan import RampPlan
from coursekit.deployment.rollout.traffic import Candidate, Service, Traffic, World
from coursekit.short_repr import ShortRepr

_BLOCK = 1_000


@dataclass(frozen=True, eq=False, repr=False)
class Rollout(ShortRepr):
    """One rollout from its first minute to its verdict.

    A verdict alone teaches nobody; the minutes that led to it are what a post-mortem reads.

    Examples
    --------
    >>> from coursekit.deployment.rollout import ConditionalEProcess
    >>> plan = RampPlan([0.05, 0.25])
    >>> rollout = simulate(Traffic(), Service(), Candidate(error_ratio=2), plan, ConditionalEProcess())
    >>> rollout.verdict, rollout.minutes < 10
    ('FAIL', True)
    """

    verdict: str
    """PASS, FAIL, INCONCLUSIVE or NO_DATA."""
    reason: str
    """What lies behind it, in a sentence."""
    minutes: int
    """Minutes until the verdict."""
    harm: np.ndarray
    """Expected bad requests that the baseline would not have served, by guardrail; NaN where the truth is unknown."""
    guardrails: tuple[Guardrail, ...]
    """What was watched."""
    weight: np.ndarray
    """Share of the candidate in each minute, ``(minutes,)``."""
    requests: np.ndarray
    """Requests of baseline and candidate in each minute, ``(minutes, 2)``."""
    bad: np.ndarray
    """Bad requests by minute, guardrail and arm, ``(minutes, metrics, 2)``."""
    strength: np.ndarray
    """Share of the evidence needed to roll back, ``(minutes, metrics)``."""
    dispersion: np.ndarray
    """Estimated overdispersion at the end, by guardrail; NaN where instances are not told apart."""

    def to_frame(self) -> pd.DataFrame:
        """One row a minute: weight, requests, bad requests and evidence by guardrail."""
        columns: dict[str, np.ndarray] = {"weight": self.weight}
        for side, arm in enumerate(("baseline", "candidate")):
            columns[f"{arm}_requests"] = self.requests[:, side]
        for m, guardrail in enumerate(self.guardrails):
            for side, arm in enumerate(("baseline", "candidate")):
                columns[f"{arm}_{guardrail.name}"] = self.bad[:, m, side]
            columns[f"evidence_{guardrail.name}"] = self.strength[:, m]
        return pd.DataFrame(columns, index=pd.RangeIndex(1, self.minutes + 1, name="minute"))

    def plot(self) -> go.Figure:
        """Rates of both arms, the weight, and the evidence on its way to the limit."""
        return timeline(self)


@dataclass(frozen=True, eq=False, repr=False)
class Outcomes(ShortRepr):
    """How many rollouts of one world ended.

    Examples
    --------
    >>> from coursekit.deployment.rollout import ConditionalEProcess
    >>> ended = simulate_many(Traffic(), Service(), Candidate(), RampPlan([0.05]), ConditionalEProcess(), runs=500)
    >>> bool((ended.verdict == "FAIL").mean() < 0.05)
    True
    """

    verdict: np.ndarray
    """Verdict of each, ``(runs,)``."""
    reason: np.ndarray
    """Key of its reason, ``(runs,)``."""
    minutes: np.ndarray
    """Minutes until the verdict, ``(runs,)``."""
    harm: np.ndarray
    """Expected bad requests that the baseline would not have served, by guardrail, ``(runs, metrics)``."""

    @property
    def runs(self) -> int:
        """Number of rollouts."""
        return self.verdict.size


def simulate(
    traffic: Traffic,
    baseline: Service,
    candidate: Candidate,
    plan: RampPlan,
    evidence: Evidence,
    *,
    guardrails: Sequence[Guardrail] = (ERRORS,),
    seed: int = 0,
) -> Rollout:
    """Play one rollout, minute by minute, until its verdict.

    The cheapest incident is the one that happened in a simulator: the plan, the test and the guardrails are
    those of production, and the truth is known, so the harm can be told.

    Parameters
    ----------
    traffic
        How many requests come.
    baseline
        What runs now.
    candidate
        What is to replace it.
    plan
        Weights, lengths and margins.
    evidence
        The test.
    guardrails
        What is watched.
    seed
        Seed of the chance in it.

    Raises
    ------
    ValueError
        If guardrails are missing or share a name.

    Examples
    --------
    >>> from coursekit.deployment.rollout import ConditionalEProcess
    >>> plan = RampPlan([0.05, 0.10, 0.25, 0.50])
    >>> rollout = simulate(Traffic(), Service(path="rising"), Candidate(), plan, ConditionalEProcess())
    >>> rollout.verdict, rollout.harm.tolist()
    ('PASS', [0.0])
    >>> rollout.to_frame().shape[0] == rollout.minutes
    True
    """
    rows: list[tuple[np.ndarray, ...]] = []

    def keep(controller: RolloutController, minute: tuple[np.ndarray, ...]) -> None:
        rows.append((*minute, controller.strength[0].copy()))

    controller, harm = _play(
        traffic, baseline, candidate, plan, evidence, check_guardrails(guardrails), 1, np.random.default_rng(seed), keep
    )
    weight, requests, bad, strength = (np.array(column) for column in zip(*rows, strict=True))
    return Rollout(
        verdict=str(controller.verdict[0]),
        reason=REASONS[str(controller.reason[0])],
        minutes=int(controller.minutes[0]),
        harm=harm[0],
        guardrails=controller.guardrails,
        weight=weight,
        requests=requests,
        bad=bad,
        strength=strength,
        dispersion=controller.dispersion.ratio[0],
    )


def simulate_many(
    traffic: Traffic,
    baseline: Service,
    candidate: Candidate,
    plan: RampPlan,
    evidence: Evidence,
    *,
    guardrails: Sequence[Guardrail] = (ERRORS,),
    runs: int = 1_000,
    seed: int | np.random.SeedSequence = 0,
    progress: Callable[[int], None] | None = None,
) -> Outcomes:
    """Play thousands of rollouts of the same world at once.

    A rate of five in a hundred cannot be seen in ten rollouts, nor in a year of a company's. Rollouts go
    through in blocks, each with its own stream of chance, so the result depends on the seed alone and not on the
    number of processors.

    Parameters
    ----------
    traffic, baseline, candidate, plan, evidence, guardrails
        As for :func:`simulate`.
    runs
        Number of rollouts.
    seed
        Seed of the chance in them.
    progress
        Called with the number of rollouts that ended since the last call.

    Raises
    ------
    ValueError
        If runs is no whole number of at least 1, or guardrails are missing or share a name.

    Examples
    --------
    >>> from coursekit.deployment.rollout import ConditionalEProcess
    >>> plan, twice_as_bad = RampPlan([0.05]), Candidate(error_ratio=2)
    >>> twice = simulate_many(Traffic(), Service(), twice_as_bad, plan, ConditionalEProcess(), runs=200)
    >>> float(np.median(twice.minutes)) <= 4
    True
    """
    runs = check_whole("simulate_many", "runs", runs, low=1)
    watched = check_guardrails(guardrails)
    sizes = [min(_BLOCK, runs - start) for start in range(0, runs, _BLOCK)]
    root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    seeds = root.spawn(len(sizes))

    def block(size: int, own: np.random.SeedSequence) -> tuple[RolloutController, np.ndarray]:
        played = _play(
            traffic, baseline, candidate, plan, evidence, watched, size, np.random.default_rng(own), lambda *_: None
        )
        if progress is not None:
            progress(size)
        return played

    with ThreadPoolExecutor(2) as pool:  # numpy lets go of the lock while it draws and multiplies
        parts = list(pool.map(block, sizes, seeds))
    return Outcomes(
        verdict=np.concatenate([controller.verdict for controller, _ in parts]),
        reason=np.concatenate([controller.reason for controller, _ in parts]),
        minutes=np.concatenate([controller.minutes for controller, _ in parts]),
        harm=np.concatenate([harm for _, harm in parts]),
    )


def _play(
    traffic: Traffic,
    baseline: Service,
    candidate: Candidate,
    plan: RampPlan,
    evidence: Evidence,
    guardrails: tuple[Guardrail, ...],
    runs: int,
    rng: np.random.Generator,
    keep: Callable[[RolloutController, tuple[np.ndarray, ...]], None],
) -> tuple[RolloutController, np.ndarray]:
    """The controller after the last verdict, and the harm of each rollout, ``(runs, metrics)``."""
    controller = RolloutController(plan, evidence=evidence, guardrails=guardrails, runs=runs)
    world = World(traffic, baseline, candidate, guardrails=guardrails, runs=runs, rng=rng)
    harm = np.zeros((runs, len(guardrails)))
    for at in range(plan.longest):
        running = controller.running
        if not running.any():
            break
        minute = world.minute(at, np.where(running, controller.weight, 0.0))
        excess = np.diff(world.rates(at), axis=1)[:, 0]
        harm += minute.requests[:, [CANDIDATE]] * excess
        controller.update(minute)
        keep(controller, (minute.weight[0], minute.requests[0], minute.bad[0]))
    return controller, harm
