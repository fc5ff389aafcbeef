"""Retrain when a detector hears a drift."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

from coursekit._number_checks import check_whole
from coursekit.monitoring.refresh.policies import RefreshNews, RefreshPolicy


class KnownDelay:
    r"""An idealised detector: it hears every true change, always equally late, and nothing else.

    Real detectors miss, hesitate and cry wolf, which no formula covers. This one separates the
    questions: how much would a detector with a delay of ten steps be worth, if we had it?

    A change at time :math:`u` is heard at step :math:`\lfloor u + t_l + d + 1/2 \rfloor`: the first
    label from after the change arrives :math:`t_l` later, and the detector needs :math:`d` steps
    of labels. Rounding to the nearest step makes the mean delay exact for changes at any
    moment of a step. The truth comes from the simulation, or from ``changes=`` of a backtest.

    Parameters
    ----------
    delay
        Steps of labels that it needs, at least 1 (a training that starts sooner would know nothing
        from after the change).

    Examples
    --------
    >>> from coursekit.monitoring.refresh import ChangesAt, Triggered, simulate
    >>> world = ChangesAt([40.0], 0.3)
    >>> simulate(Triggered(KnownDelay(5)), staleness=world, train_duration=14, label_delay=7, horizon=100).deliveries
    array([66])
    """

    def __init__(self, delay: int):
        self.delay = check_whole("KnownDelay", "delay", delay, low=1)

    def __repr__(self) -> str:
        return f"KnownDelay({self.delay})"

    def alarms(self, step: int, news: RefreshNews) -> bool:
        """Say whether a change is heard at this step."""
        if news.changes is None:
            raise ValueError(
                "KnownDelay: nobody knows the true changes here; pass changes= to backtest, or use a real "
                "detector such as DDM()"
            )
        late = news.changes[::-1]
        for change in late:
            heard = np.floor(change + news.label_delay + self.delay + 0.5)
            if heard <= step:
                return bool(heard == step)
        return False


class Triggered(RefreshPolicy):
    r"""Start a training when a drift detector calls a drift on the errors that became known.

    It spends nothing while the world stands still and reacts in days when it moves, but only
    as fast as labels come: after an abrupt change the loss lasts for label delay, detection
    delay and training time together (:func:`expected_cost`).

    The detector listens to the errors in the order in which their labels arrive. When the
    first errors of a new model arrive, it begins afresh: they say nothing of the old model.
    An alarm that cannot be answered at once (``min_interval``, a running training, a budget)
    is kept and settled by the next start.

    Its blind spot: a model whose training data hold too little of the new world is wrong from
    its first day, and a detector that begins afresh takes that for normal. ``wait`` gathers
    more of the new world before the training; against a world that changes again during the
    training only a calendar helps: ``AnyOf(Triggered(...), Scheduled(90))``.

    Parameters
    ----------
    detector
        A detector of :mod:`coursekit.monitoring.detectors`, of river, any object with ``update(x)`` and
        ``drift_detected``, or :class:`KnownDelay`. It is copied; yours hears nothing.
    min_interval
        Steps that must lie between two starts, at least 1.
    wait
        Steps between an alarm and the start, to collect labels of the new world first.

    Examples
    --------
    >>> from coursekit.monitoring.detectors import DDM
    >>> from coursekit.monitoring.refresh import ChangesAt, simulate
    >>> world = ChangesAt([40.0], 0.3)
    >>> policy = Triggered(DDM(n_min=1000, drift_level=4))
    >>> simulate(policy, staleness=world, train_duration=14, label_delay=7, horizon=100).starts
    array([49])
    """

    def __init__(self, detector: Any, *, min_interval: int = 1, wait: int = 0):
        known = isinstance(detector, KnownDelay)
        listens = callable(getattr(detector, "update", None)) and hasattr(detector, "drift_detected")
        if isinstance(detector, type) or not (known or listens):
            raise ValueError(
                f"Triggered: detector must have update(x) and drift_detected, for example DDM(), got {detector!r}"
            )
        self.detector = detector
        self.min_interval = check_whole("Triggered", "min_interval", min_interval, low=1)
        self.wait = check_whole("Triggered", "wait", wait)
        self._fresh = detector
        self._model = 0
        self._due: list[int] = []  # steps at which alarms want their training

    def start(self) -> Triggered:
        """Make the copy that one run may change, its detector as if new."""
        run = copy.copy(self)
        run.detector = copy.deepcopy(self.detector)
        if callable(getattr(run.detector, "reset", None)):
            run.detector.reset()
        run._fresh, run._model, run._due = copy.deepcopy(run.detector), 0, []
        return run

    def wants(self, step: int, news: RefreshNews) -> bool:
        """Say whether an alarm was raised and no training has answered it yet."""
        last = news.starts[-1] if news.starts else -math.inf
        self._due = [due for due in self._due if due > last]
        if self._hears(step, news):
            self._due.append(step + self.wait)
        if not self._due or self._due[0] > step or step - last < self.min_interval:
            return False
        return news.may_start or step in self._due  # refused once, then it waits for a chance

    def _hears(self, step: int, news: RefreshNews) -> bool:
        if isinstance(self.detector, KnownDelay):
            return self.detector.alarms(step, news)
        if news.model != self._model:
            self._model, self.detector = news.model, copy.deepcopy(self._fresh)
        if news.errors.size == 0:
            return False
        if callable(getattr(self.detector, "update_many", None)):
            return self.detector.update_many(news.errors).drifts.size > 0
        drifted = False
        for error in news.errors.tolist():
            self.detector.update(error)
            drifted = drifted or bool(self.detector.drift_detected)
        return drifted
