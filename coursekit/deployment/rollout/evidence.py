"""What every test of a rollout has in common: minutes of counts go in, evidence against the candidate comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from coursekit._number_checks import as_finite, check_number, told
from coursekit.deployment.rollout.plan import RampPlan
from coursekit.short_repr import ShortRepr

BASELINE, CANDIDATE = 0, 1
"""Positions of the two arms in every array of counts."""


@dataclass(frozen=True)
class Guardrail:
    """A kind of bad request that no rollout may make more frequent.

    What is not watched cannot stop a rollout. Each guardrail is a yes or no of one request, so that the same
    exact evidence holds for errors and for latency: a request is slow when it takes longer than ``over_ms``.

    Raises
    ------
    ValueError
        If the name is empty or "requests", or a number is not above 0.

    Examples
    --------
    >>> Guardrail("errors")
    Guardrail(name='errors', over_ms=None, share=1.0)
    >>> Guardrail("slow", over_ms=300).over_ms
    300.0
    """

    name: str = "errors"
    """Name in reports, such as ``"errors"``."""
    over_ms: float | None = None
    """Makes this a guardrail on latency: a request that takes longer is bad. None for one on errors."""
    share: float = 1.0
    """Relative share of alpha, above 0; guardrails of equal share split it evenly."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ValueError(f"Guardrail: name must be a text such as 'errors', got {told(self.name)}")
        if self.name == "requests":
            raise ValueError("Guardrail: the name 'requests' is taken by the columns that count all requests")
        if self.over_ms is not None:
            over = check_number("Guardrail", "over_ms", self.over_ms, above=True)
            object.__setattr__(self, "over_ms", over)
        object.__setattr__(self, "share", check_number("Guardrail", "share", self.share, above=True))


ERRORS = Guardrail("errors")
"""The guardrail of every rollout that names none."""


@dataclass(frozen=True, eq=False, repr=False)
class Minute(ShortRepr):
    """What the two arms served in one minute, of one rollout or of thousands at once.

    Decisions rest on these counts alone, whether they come from a simulator, a log or a live router, so a
    method that was audited is the method that runs.

    Examples
    --------
    >>> minute = Minute(weight=np.array([0.05]), requests=np.array([[9_500, 500]]), bad=np.array([[[95, 5]]]))
    >>> minute.runs, minute.metrics
    (1, 1)
    """

    weight: np.ndarray
    """Share of the requests that routing sends to the candidate, ``(runs,)``."""
    requests: np.ndarray
    """Requests of baseline and candidate, ``(runs, 2)``."""
    bad: np.ndarray
    """Bad requests by guardrail of baseline and candidate, ``(runs, metrics, 2)``."""
    instance_requests: np.ndarray | None = None
    """Requests by instance, ``(runs, instances)``; None where instances are not told apart."""
    instance_bad: np.ndarray | None = None
    """Bad requests by guardrail and instance, ``(runs, metrics, instances)``."""
    instance_arm: np.ndarray | None = None
    """Arm of each instance, ``(instances,)``."""

    @property
    def runs(self) -> int:
        """Number of rollouts."""
        return len(self.requests)

    @property
    def metrics(self) -> int:
        """Number of guardrails."""
        return self.bad.shape[1]


class Watch(ABC):
    """A test at work: fed a minute at a time, for all rollouts at once.

    Subclasses hold running sums; the numbers are arrays over rollouts, so ten thousand rollouts cost
    sixty steps of numpy and one costs the same sixty.

    Parameters
    ----------
    plan
        Plan of the rollouts.
    runs
        Number of rollouts.
    alphas
        Error rate granted to each guardrail, ``(metrics,)``.

    Examples
    --------
    >>> from coursekit.deployment.rollout import ConditionalEProcess
    >>> watch = ConditionalEProcess().watch(RampPlan([0.05]), runs=3)
    >>> watch.runs, watch.alphas
    (3, array([0.05]))
    """

    def __init__(self, plan: RampPlan, runs: int, alphas: np.ndarray) -> None:
        self.plan = plan
        self.runs = runs
        self.alphas = alphas
        self.minute = 0

    @abstractmethod
    def update(self, minute: Minute) -> np.ndarray:
        """Take a minute and give the share of the evidence needed to roll back, ``(runs, metrics)``; 1 is enough."""

    def allows(self, ratio: np.ndarray) -> np.ndarray:
        """Whether each rollout may go up: a candidate ``ratio`` times as bad is excluded, ``(runs,)``.

        A test that shows no non-inferiority takes the absence of an alarm for consent.
        """
        return np.ones(self.runs, dtype=bool)


@dataclass(frozen=True)
class Evidence(ABC):
    """A rule that turns counts of two arms into a reason to roll back.

    Parameters are fixed before the rollout starts and the rule is shared by simulation, replay, audit and
    live traffic. Write your own by deriving from this class and from :class:`Watch`.

    Raises
    ------
    ValueError
        If alpha lies outside (0, 1).

    Examples
    --------
    >>> from coursekit.deployment.rollout import ConditionalEProcess
    >>> ConditionalEProcess(alpha=1.5)
    Traceback (most recent call last):
        ...
    ValueError: ConditionalEProcess: alpha must lie between 0 and 1, both excluded, got 1.5
    """

    alpha: float = field(default=0.05, kw_only=True)
    """Rate of rollbacks of harmless candidates that is granted, split among the guardrails."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", check_share(type(self).__name__, "alpha", self.alpha))

    @property
    def name(self) -> str:
        """Name in tables and figures."""
        return type(self).__name__

    def watch(self, plan: RampPlan, *, runs: int = 1, guardrails: Sequence[Guardrail] = (ERRORS,)) -> Watch:
        """Begin to watch so many rollouts of a plan, with alpha split among the guardrails."""
        shares = np.array([guardrail.share for guardrail in check_guardrails(guardrails)])
        shares = shares / shares.max()
        return self._watch(plan, runs, self.alpha * shares / shares.sum())

    @abstractmethod
    def _watch(self, plan: RampPlan, runs: int, alphas: np.ndarray) -> Watch:
        """Make the watch; alphas is ``(metrics,)``."""


def check_guardrails(guardrails: Sequence[Guardrail]) -> tuple[Guardrail, ...]:
    """Give guardrails as a tuple; there must be one at least, each with a name of its own.

    A rollout without a guardrail promotes anything, and two of one name are one column in every table.

    Parameters
    ----------
    guardrails
        What is to be watched.

    Raises
    ------
    ValueError
        If there is none, or two share a name.

    Examples
    --------
    >>> check_guardrails([ERRORS])[0].name
    'errors'
    """
    watched = tuple(guardrails) if np.iterable(guardrails) else (guardrails,)
    if not all(isinstance(guardrail, Guardrail) for guardrail in watched) or isinstance(guardrails, Guardrail):
        raise ValueError(f"guardrails: give a list such as [Guardrail('errors')], got {told(guardrails)}")
    names = [guardrail.name for guardrail in watched]
    if not watched or len(set(names)) < len(names):
        raise ValueError(f"guardrails: give at least one, each with a name of its own, got {names}")
    return watched


def check_share(where: str, parameter: str, value: object) -> float:
    """Give the value as a float strictly between 0 and 1, or say what is wrong.

    A share of alpha or of traffic at 0 or 1 is a slip more often than a wish.

    Parameters
    ----------
    where
        Who asks, for the message.
    parameter
        Name of the parameter.
    value
        What was given.

    Raises
    ------
    ValueError
        If it is no number between 0 and 1, both excluded.

    Examples
    --------
    >>> check_share("replay", "alpha", 0.05)
    0.05
    """
    number = as_finite(value)
    if number is None or not 0 < number < 1:
        raise ValueError(f"{where}: {parameter} must lie between 0 and 1, both excluded, got {told(value)}")
    return number
