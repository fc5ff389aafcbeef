"""How often should a model be retrained, and what will it cost? The answers that need no simulation."""

from __future__ import annotations

import math

from coursekit._number_checks import check_number
from coursekit.monitoring.refresh._checks import check_staleness
from coursekit.monitoring.refresh.staleness import AbruptChanges, LinearStaleness, Staleness


def best_interval(staleness: Staleness, *, retrain_cost: float) -> float:
    r"""Steps between scheduled trainings at which waiting and retraining cost the least together.

    The square root is the message: a model that decays four times faster wants training only
    twice as often, and halving the price of a training makes it 1.4 times as frequent. Neither
    the training time nor the label delay appears: they add the same to every schedule.

    With :math:`a` the loss that a step of age adds and :math:`c` the cost of a training,
    :math:`T^* = \sqrt{2c/a}`. Under :class:`AbruptChanges` :math:`a = \lambda D`, to first order in
    :math:`\lambda T^*`.

    Parameters
    ----------
    staleness
        :class:`LinearStaleness` or :class:`AbruptChanges`.
    retrain_cost
        Cost of a training in the unit of the loss, at least 0.

    Raises
    ------
    ValueError
        If the cost is negative or not finite, or the staleness has no such formula.

    Examples
    --------
    >>> best_interval(LinearStaleness(0.01), retrain_cost=8)
    40.0

    References
    ----------
    Harris (1913). How many parts to make at once. Factory, The Magazine of Management 10.
    """
    cost = check_number("best_interval", "retrain_cost", retrain_cost)
    return math.sqrt(2 * cost / _growth("best_interval", staleness))


def expected_cost(
    staleness: Staleness,
    *,
    interval: float | None = None,
    detection_delay: float | None = None,
    retrain_cost: float = 0.0,
    train_duration: float = 0.0,
    label_delay: float = 0.0,
    first_order: bool = False,
) -> float:
    r"""Long-run cost of a step, loss and trainings together, of a scheduled or a triggered policy.

    Before anybody builds a pipeline this says what it can win at most: with two weeks of
    training and a month until labels, a perfect detector still leaves six weeks of loss after
    each change, and a faster detector is not what to buy.

    A model serves from age :math:`f = t_t + t_l` (training and label delay) to :math:`f + T`.

    - Scheduled, linear: :math:`a (T/2 + f) + c/T`; at the best interval
      :math:`\sqrt{2ac} + a (t_t + t_l)`.
    - Scheduled, abrupt changes: :math:`D \left(1 - e^{-\lambda f}\frac{1 - e^{-\lambda T}}
      {\lambda T}\right) + c/T`, to first order :math:`\lambda D (T/2 + f) + c/T`.
    - Triggered (:class:`KnownDelay` of :math:`d`), abrupt changes:
      :math:`D \left(1 - e^{-\lambda (d + f)} \cosh(\lambda d)\right) + c (1 - e^{-\lambda})`, to
      first order :math:`\lambda D (d + f) + \lambda c`.

    The exact forms count a step once when changes overlap; the first-order ones count it for
    each change and lie above. The cosh is for changes that follow within :math:`d` of another:
    its training, which starts that much later, knows of them already.

    Parameters
    ----------
    staleness
        What age costs; one with a ``mean_loss`` for schedules, :class:`AbruptChanges` for triggers.
    interval
        Steps between scheduled trainings, above 0. Give either this or ``detection_delay``.
    detection_delay
        Steps of labels from a change until a detector hears it; a ``wait`` of :class:`Triggered` adds to it.
    retrain_cost
        Cost of a training in the unit of the loss.
    train_duration
        Steps from the start of a training until its model serves.
    label_delay
        Steps from a prediction to its label.
    first_order
        Take the upper approximations that ignore overlapping changes.

    Raises
    ------
    ValueError
        If both or neither of interval and detection_delay are given, a number is negative or not
        finite, or no formula is known for this staleness.

    Examples
    --------
    >>> slow = LinearStaleness(0.01)
    >>> round(expected_cost(slow, interval=40, retrain_cost=8, train_duration=3, label_delay=10), 2)
    0.53
    >>> abrupt = AbruptChanges(1 / 100, 0.3)
    >>> delays = {"train_duration": 14, "label_delay": 7}
    >>> round(expected_cost(abrupt, interval=28, **delays), 3)
    0.088
    >>> round(expected_cost(abrupt, detection_delay=5, **delays), 3)
    0.068

    References
    ----------
    Mahadevan, Mathioudakis (2024). Cost-aware retraining for machine learning. Knowledge-Based Systems.
    """
    check_staleness("expected_cost", staleness)
    if (interval is None) == (detection_delay is None):
        raise ValueError(
            "expected_cost: give interval= for a schedule or detection_delay= for a detector, one of the two"
        )
    cost = check_number("expected_cost", "retrain_cost", retrain_cost)
    floor = check_number("expected_cost", "train_duration", train_duration)
    floor += check_number("expected_cost", "label_delay", label_delay)
    if interval is not None:
        length = check_number("expected_cost", "interval", interval, above=True)
        if first_order:
            return _growth("expected_cost", staleness) * (length / 2 + floor) + cost / length
        return staleness.mean_loss(floor, floor + length) + cost / length
    delay = check_number("expected_cost", "detection_delay", detection_delay)
    if not isinstance(staleness, AbruptChanges):
        raise ValueError(
            f"expected_cost: a detector answers changes, and only AbruptChanges has a formula for it, got {staleness!r}"
        )
    if first_order:
        return staleness.rate * (staleness.severity * (delay + floor) + cost)
    rate = staleness.rate
    # exp(-rate (delay + floor)) cosh(rate delay), without the overflow of cosh
    current = math.exp(-rate * floor) * (1 + math.exp(-2 * rate * delay)) / 2
    return staleness.severity * (1 - current) - math.expm1(-rate) * cost


def _growth(where: str, staleness: Staleness) -> float:
    """Loss that a step of age adds, to first order."""
    check_staleness(where, staleness)
    if isinstance(staleness, LinearStaleness):
        return staleness.rate
    if isinstance(staleness, AbruptChanges):
        return staleness.rate * staleness.severity
    raise ValueError(
        f"{where}: only LinearStaleness and AbruptChanges have this formula, got {staleness!r}; "
        "compare simulate(Scheduled(n), ...) over some n"
    )
