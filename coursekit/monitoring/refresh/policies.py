"""When does the model go back to training? Policies that a simulation and a backtest both ask."""

from __future__ import annotations

import copy
import inspect
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from coursekit._number_checks import check_whole
from coursekit.monitoring.refresh._checks import check_policy
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RefreshNews(ShortRepr):
    """What a policy may know at the start of a step: nothing of it lies in the future.

    Examples
    --------
    >>> news = RefreshNews(errors=np.array([0, 1]), model=0, serving=0, age=20.0, starts=(), in_training=0,
    ...                    may_start=True, label_delay=7, changes=None)
    >>> float(news.errors.mean())
    0.5
    """

    errors: np.ndarray
    """Losses (0 right, 1 wrong) of the predictions whose labels arrived with this step, shape (n,), in their order."""
    model: int
    """Number of the model that made those predictions; 0 is the first, k the one of the k-th retraining."""
    serving: int
    """Number of the model that serves now."""
    age: float
    """Steps since the newest label that the serving model was trained on."""
    starts: tuple[int, ...]
    """Steps at which trainings began so far, ascending; the first model is not among them."""
    in_training: int
    """Trainings that began and have not been delivered."""
    may_start: bool
    """Whether a training may start now; a wish in a step that may not is refused and noted."""
    label_delay: int
    """Steps from a prediction to its label."""
    changes: np.ndarray | None
    """True times of the changes so far, ascending, where somebody knows them (only idealised detectors look)."""


class RefreshPolicy:
    """A rule that says, step by step, whether to start a training.

    Teams argue over "retrain weekly or on alarm?" with two code bases that cannot be compared.
    Here one object is asked by :func:`simulate` and by :func:`backtest`, so what was chosen in
    theory is what runs on the data. Subclass it with one method, ``wants``. It may keep what
    it likes on ``self``: each run works on a copy, made by ``start``, and the policy that you
    hold never changes.

    Examples
    --------
    >>> from coursekit.monitoring.refresh import LinearStaleness, simulate
    >>> class WhenOld(RefreshPolicy):
    ...     def __init__(self, age):
    ...         self.age = age
    ...
    ...     def wants(self, step, news):
    ...         return news.age >= self.age and not news.in_training
    >>> simulate(WhenOld(30), staleness=LinearStaleness(0.01), train_duration=14, horizon=90).starts.tolist()
    [16, 46, 76]
    """

    refused: Sequence[int] = ()
    """Steps at which the policy turned down a wish itself, as :class:`Budgeted` does."""

    def start(self) -> RefreshPolicy:
        """Make the copy that one run may change."""
        return copy.deepcopy(self)

    def wants(self, step: int, news: RefreshNews) -> bool:
        """Say whether a training should start at this step; asked once a step, in order."""
        raise NotImplementedError(f"{type(self).__name__} needs a method wants(self, step, news) -> bool")

    def __repr__(self) -> str:
        names = inspect.signature(type(self).__init__).parameters
        told = [f"{name}={getattr(self, name)!r}" for name in names if hasattr(self, name)]
        return f"{type(self).__name__}({', '.join(told)})"


class OnDemand(RefreshPolicy):
    """A person asks for a training at the given steps.

    New features, a new label definition, a repaired pipeline: no clock and no detector knows
    of them. It also replays any plan, such as that of :func:`best_schedule`, and with no times
    it is the baseline that every other policy must beat: never retrain.

    Parameters
    ----------
    times
        Steps at which to start, shape (n,), in any order; those outside of the run are never reached.

    Examples
    --------
    >>> from coursekit.monitoring.refresh import LinearStaleness, simulate
    >>> simulate(OnDemand([20, 50]), staleness=LinearStaleness(0.01), train_duration=5, horizon=90).deliveries
    array([25, 55])
    """

    def __init__(self, times: ArrayLike):
        asked = np.asarray(times)
        if asked.ndim != 1:
            raise ValueError(f"OnDemand: times must be a list of steps, got shape {asked.shape}")
        self.times = tuple(sorted({check_whole("OnDemand", "each time", time, low=None) for time in asked.tolist()}))
        self._asked = frozenset(self.times)

    def wants(self, step: int, news: RefreshNews) -> bool:
        """Say whether somebody asked for this step."""
        return step in self._asked


class Scheduled(RefreshPolicy):
    r"""Start a training every so many steps, whatever happens.

    The policy that most teams run, because a calendar never breaks. Its interval is a choice
    of money, not of training time: trainings that overlap can start every day and take two
    weeks each. Under a loss that grows by :math:`a` a step and a cost :math:`c` a training the
    best interval is :math:`\sqrt{2c/a}` (:func:`best_interval`).

    Parameters
    ----------
    every
        Steps between starts, at least 1.
    offset
        Step of the first start, at least 0; then ``offset + every``, ...

    Examples
    --------
    >>> from coursekit.monitoring.refresh import LinearStaleness, simulate
    >>> simulate(Scheduled(30, offset=10), staleness=LinearStaleness(0.01), horizon=90).starts
    array([10, 40, 70])
    """

    def __init__(self, every: int, *, offset: int = 0):
        self.every = check_whole("Scheduled", "every", every, low=1)
        self.offset = check_whole("Scheduled", "offset", offset)

    def wants(self, step: int, news: RefreshNews) -> bool:
        """Say whether this step is on the schedule."""
        return step >= self.offset and (step - self.offset) % self.every == 0


class AnyOf(RefreshPolicy):
    """Start a training when any of several policies wants one.

    A detector sleeps through what it does not hear, a calendar through what happens between its
    dates; together each covers the other. A start counts for all of them.

    Parameters
    ----------
    policies
        The policies to ask, at least one.

    Examples
    --------
    >>> from coursekit.monitoring.refresh import LinearStaleness, simulate
    >>> both = AnyOf(Scheduled(40), OnDemand([10]))
    >>> simulate(both, staleness=LinearStaleness(0.01), horizon=90).starts
    array([ 0, 10, 40, 80])
    """

    def __init__(self, *policies: RefreshPolicy):
        if not policies:
            raise ValueError("AnyOf: give at least one policy, for example AnyOf(Triggered(DDM()), Scheduled(90))")
        for policy in policies:
            check_policy("AnyOf", policy)
        self.policies = policies

    @property
    def refused(self) -> Sequence[int]:  # type: ignore[override]
        """Steps at which one of the policies turned down a wish itself."""
        return [step for policy in self.policies for step in policy.refused]

    def start(self) -> AnyOf:
        """Make the copy that one run may change."""
        return AnyOf(*(policy.start() for policy in self.policies))

    def wants(self, step: int, news: RefreshNews) -> bool:
        """Say whether any policy wants to start; all are asked, for all must hear the news."""
        wishes = [policy.wants(step, news) for policy in self.policies]
        return any(wishes)

    def __repr__(self) -> str:
        return f"AnyOf({', '.join(map(repr, self.policies))})"


class Budgeted(RefreshPolicy):
    """Let another policy start at most so many trainings, in all or per window.

    A detector that cries wolf would train all month. The budget turns its worst case into a
    known bill, and ``refused`` says what the bill kept away. A :class:`Triggered` policy keeps
    a refused alarm and starts when the next window opens; a date that was refused is gone.

    Parameters
    ----------
    policy
        The policy to keep within the budget.
    budget
        Trainings allowed, at least 1.
    per
        Length of a window in steps; windows are [0, per), [per, 2 per), ... as months are. None allows
        ``budget`` trainings in the whole run.

    Examples
    --------
    >>> from coursekit.monitoring.refresh import LinearStaleness, simulate
    >>> monthly = Budgeted(Scheduled(7), budget=2, per=30)
    >>> result = simulate(monthly, staleness=LinearStaleness(0.01), horizon=60)
    >>> result.starts, result.refused
    (array([ 0,  7, 35, 42]), array([14, 21, 28, 49, 56]))
    """

    def __init__(self, policy: RefreshPolicy, *, budget: int, per: int | None = None):
        check_policy("Budgeted", policy)
        self.policy = policy
        self.budget = check_whole("Budgeted", "budget (OnDemand([]) never retrains)", budget, low=1)
        self.per = None if per is None else check_whole("Budgeted", "per", per, low=1)
        self._refused: list[int] = []

    @property
    def refused(self) -> Sequence[int]:  # type: ignore[override]
        """Steps at which a wish met an empty budget."""
        return [*self._refused, *self.policy.refused]

    def start(self) -> Budgeted:
        """Make the copy that one run may change, with nothing spent."""
        run = copy.copy(self)
        run.policy, run._refused = self.policy.start(), []
        return run

    def wants(self, step: int, news: RefreshNews) -> bool:
        """Say whether the inner policy wants to start and the budget allows it."""
        opened = None if self.per is None else step // self.per * self.per
        spent = len(news.starts) - (0 if opened is None else bisect_left(news.starts, opened))
        if spent < self.budget:
            return bool(self.policy.wants(step, news))
        if self.policy.wants(step, replace(news, may_start=False)):
            self._refused.append(step)
        return False
