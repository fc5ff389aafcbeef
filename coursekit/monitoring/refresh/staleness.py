"""What does age cost? Worlds in which a model loses value, as formulas."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from coursekit._number_checks import check_number


class Staleness:
    """How much a model loses at a moment, given what it was trained on.

    A refresh policy can only be judged against a statement of what waiting costs. Subclass
    with one method, ``loss``; a world that changes at moments of its own has ``changes`` too.
    The loss of step t is taken at its middle, t + 1/2: for a loss that grows linearly within
    the step this is its mean, not an approximation.

    Examples
    --------
    >>> from coursekit.monitoring.refresh import Scheduled, simulate
    >>> class Saturating(Staleness):
    ...     def loss(self, moment, cutoff, changes):
    ...         return 0.2 * (1 - np.exp(-(moment - cutoff) / 30))
    >>> round(simulate(Scheduled(10), staleness=Saturating(), horizon=100).loss_per_step, 3)
    0.03
    """

    def changes(self, horizon: int, rng: np.random.Generator) -> np.ndarray:
        """Draw the moments in [0, horizon) at which the world changes, ascending; none unless overridden."""
        return np.empty(0)

    def loss(self, moment: ArrayLike, cutoff: ArrayLike, changes: np.ndarray) -> np.ndarray:
        """Give the loss at ``moment`` of a model that knows everything before ``cutoff``; both broadcast."""
        raise NotImplementedError(f"{type(self).__name__} needs a method loss(self, moment, cutoff, changes)")

    def mean_loss(self, youngest: float, oldest: float) -> float:
        """Give the expected loss averaged over ages from youngest to oldest, where a formula is known."""
        raise ValueError(f"{type(self).__name__} has no closed form; average the result of simulate(...)")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


class LinearStaleness(Staleness):
    r"""Each step of age costs the same: loss = rate x age.

    The first model of any slow drift, and enough to size a schedule: only the slope matters,
    and it can be read off a backtest of one model that is never retrained.

    At age :math:`x` the loss is :math:`a x`; over ages from :math:`x_0` to :math:`x_1` it averages
    :math:`a (x_0 + x_1) / 2`.

    Parameters
    ----------
    rate
        Loss that one step of age adds to each step, above 0.

    Examples
    --------
    >>> LinearStaleness(0.01).loss([0.5, 10.5], 0, np.empty(0))
    array([0.005, 0.105])
    """

    def __init__(self, rate: float):
        self.rate = check_number("LinearStaleness", "rate", rate, above=True)

    def loss(self, moment: ArrayLike, cutoff: ArrayLike, changes: np.ndarray) -> np.ndarray:
        """Give rate x age."""
        return self.rate * np.subtract(moment, cutoff)

    def mean_loss(self, youngest: float, oldest: float) -> float:
        """Give the loss at the middle of the ages."""
        return self.rate * (youngest + oldest) / 2


class ChangesAt(Staleness):
    r"""The world changes at given moments; a model from before the last change loses until replaced.

    A border closes, a payment method is launched: the date is known afterwards, and the question
    is what each policy would have lost.

    With changes :math:`u_1 < u_2 < \dots` and the last one before the moment at :math:`u`, the
    loss is ``severity`` if the model knows nothing from after :math:`u`, else 0. Changes do
    not add up: a model that is two changes behind is as wrong as one that is one behind.

    Parameters
    ----------
    times
        Moments of the changes in steps, shape (n,), in any order; 40.0 is the start of step 40.
    severity
        Loss of each step served by a model from before the last change, above 0.

    Examples
    --------
    >>> world = ChangesAt([40.0], 0.3)
    >>> world.loss([39.5, 40.5, 40.5], [0, 0, 41], np.array([40.0]))
    array([0. , 0.3, 0. ])
    """

    def __init__(self, times: ArrayLike, severity: float):
        moments = np.asarray(times)
        if moments.ndim != 1 or moments.dtype.kind not in "iuf" or not np.isfinite(moments).all():
            hint = "; a date is no step, (date - first day).days is" if moments.dtype.kind in "MO" else ""
            raise ValueError(f"ChangesAt: times must be a list of finite numbers of steps, got {times!r}{hint}")
        self.times = tuple(np.sort(moments.astype(float)).tolist())
        self.severity = check_number("ChangesAt", "severity", severity, above=True)

    def changes(self, horizon: int, rng: np.random.Generator) -> np.ndarray:
        """Give those of the moments that lie in the run; nothing is drawn."""
        return np.array([time for time in self.times if time < horizon])

    def loss(self, moment: ArrayLike, cutoff: ArrayLike, changes: np.ndarray) -> np.ndarray:
        """Give severity where a change lies between cutoff and moment."""
        return _behind(moment, cutoff, changes) * self.severity


class AbruptChanges(Staleness):
    r"""The world changes at random moments; a model from before the last change loses until replaced.

    Fraudsters find a new trick every few weeks, and nobody announces it. This is the world in
    which waiting for an alarm can beat a calendar, and the simplest one that says by how much.

    Changes form a Poisson process of rate :math:`\lambda`. A model that knows everything up to
    :math:`x` steps ago is behind with probability :math:`1 - e^{-\lambda x}`, and then loses
    ``severity`` a step, as in :class:`ChangesAt`.

    Parameters
    ----------
    rate
        Changes a step, above 0; one in ten weeks of days is 1/70.
    severity
        Loss of each step served by a model from before the last change, above 0.

    Examples
    --------
    >>> AbruptChanges(1 / 70, 0.3).changes(200, np.random.default_rng(0)).round(1)
    array([  3.3, 162.7])
    """

    def __init__(self, rate: float, severity: float):
        self.rate = check_number("AbruptChanges", "rate", rate, above=True)
        self.severity = check_number("AbruptChanges", "severity", severity, above=True)

    def changes(self, horizon: int, rng: np.random.Generator) -> np.ndarray:
        """Draw a Poisson number of moments, uniform on the run."""
        return np.sort(rng.uniform(0, horizon, size=rng.poisson(self.rate * horizon)))

    def loss(self, moment: ArrayLike, cutoff: ArrayLike, changes: np.ndarray) -> np.ndarray:
        """Give severity where a change lies between cutoff and moment."""
        return _behind(moment, cutoff, changes) * self.severity

    def mean_loss(self, youngest: float, oldest: float) -> float:
        """Give severity x the mean probability that a change lies within the age."""
        if youngest == oldest:
            return float(-np.expm1(-self.rate * youngest) * self.severity)
        span = self.rate * (oldest - youngest)
        return float(self.severity * (1 + np.exp(-self.rate * youngest) * np.expm1(-span) / span))


class SeasonalStaleness(Staleness):
    r"""The world returns: a model is worst half a period later and right again after a whole one.

    Last December's model may suit this December better than November's. Where this holds, an
    alarm "the model got old" is wrong half of the year, and a refresh in the wrong season
    buys nothing.

    At age :math:`x` the loss is :math:`A\,(1 - \cos(2\pi x / P)) / 2`.

    Parameters
    ----------
    amplitude
        Loss at half a period, above 0.
    period
        Steps after which the world is the same, above 0.

    Examples
    --------
    >>> SeasonalStaleness(0.2, 365).loss([0, 182.5, 365], 0, np.empty(0)).round(3)
    array([0. , 0.2, 0. ])
    """

    def __init__(self, amplitude: float, period: float):
        self.amplitude = check_number("SeasonalStaleness", "amplitude", amplitude, above=True)
        self.period = check_number("SeasonalStaleness", "period", period, above=True)

    def loss(self, moment: ArrayLike, cutoff: ArrayLike, changes: np.ndarray) -> np.ndarray:
        """Give the loss by the season of the age."""
        return self.amplitude / 2 * (1 - np.cos(2 * np.pi / self.period * np.subtract(moment, cutoff)))

    def mean_loss(self, youngest: float, oldest: float) -> float:
        """Give the mean of the wave between the ages."""
        turn = 2 * np.pi / self.period
        if youngest == oldest:
            return float(self.amplitude / 2 * (1 - np.cos(turn * youngest)))
        wave = (np.sin(turn * oldest) - np.sin(turn * youngest)) / (turn * (oldest - youngest))
        return float(self.amplitude / 2 * (1 - wave))


def _behind(moment: ArrayLike, cutoff: ArrayLike, changes: np.ndarray) -> np.ndarray:
    """Whether a change lies at or after the cutoff and not after the moment."""
    return np.searchsorted(changes, moment, side="right") > np.searchsorted(changes, cutoff, side="left")
