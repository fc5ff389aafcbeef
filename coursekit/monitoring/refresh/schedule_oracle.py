"""When should the trainings have started? The best schedule in hindsight, by dynamic programming."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit._number_checks import check_number, check_whole
from coursekit.compiling import compiled
from coursekit.monitoring.refresh._costs import Bill
from coursekit.monitoring.refresh._figures import refresh_figure
from coursekit.monitoring.refresh._run import drawn_changes, shortest_gap
from coursekit.monitoring.refresh.staleness import Staleness
from coursekit.short_repr import ShortRepr

LossFunction = Callable[[np.ndarray, np.ndarray], ArrayLike]


@dataclass(frozen=True, eq=False, repr=False)
class LossMatrix(ShortRepr):
    """What every possible model would have lost at every step: all that a best schedule needs.

    Examples
    --------
    >>> losses = LossMatrix(loss=np.array([[0.0, 1.0], [9.0, 0.0]]), initial=np.array([3.0, 3.0]),
    ...                     train_duration=0, first_step=100)
    >>> best_schedule(losses, retrain_cost=0.5).starts
    array([100, 101])
    """

    loss: np.ndarray
    """loss[s, t] is the loss of step t under the model whose training started at step s, shape (n, n); read only
    where t >= s + train_duration; infinite where there is no such model."""
    initial: np.ndarray
    """Loss of each step under the first model, shape (n,)."""
    train_duration: int
    """Steps from the start of a training until its model serves."""
    first_step: int
    """The step that row and column 0 stand for."""

    def to_frame(self) -> pd.DataFrame:
        """One row per start (``first`` is the first model), one column per step; NaN where it does not serve."""
        n = len(self.initial)
        steps = self.first_step + np.arange(n)
        served = np.arange(n) >= np.arange(n)[:, None] + self.train_duration
        table = np.vstack([self.initial, np.where(served & np.isfinite(self.loss), self.loss, np.nan)])
        return pd.DataFrame(table, index=pd.Index(["first", *steps.tolist()], name="start"), columns=steps)

    def plot(self) -> go.Figure:
        """Map of the losses: which model, when."""
        frame = self.to_frame().iloc[1:]
        frame = frame[frame.notna().any(axis=1)]
        figure = go.Figure(go.Heatmap(z=frame.to_numpy(), x=frame.columns, y=frame.index, colorbar_title="손실"))
        figure.update_layout(title="학습 시작 시점과 서빙 시점에 따른 손실", xaxis_title="서빙하는 스텝", height=460)
        figure.update_layout(yaxis_title="학습을 시작한 스텝")
        return figure


@dataclass(frozen=True, eq=False, repr=False)
class BestSchedule(Bill):
    """The cheapest starts that hindsight can choose, and their cost."""

    starts: np.ndarray
    """Steps at which trainings start, ascending."""
    loss: np.ndarray
    """Loss of each step under this schedule, shape (n,)."""
    model: np.ndarray
    """Number of the serving model, shape (n,); 0 is the first."""
    retrain_cost: float
    """Cost of a training in the unit of the loss."""
    train_duration: int
    """Steps from the start of a training until its model serves."""
    first_step: int
    """The step that ``loss[0]`` belongs to."""

    @property
    def deliveries(self) -> np.ndarray:
        """First step that each retrained model serves."""
        return self.starts + self.train_duration

    def to_frame(self) -> pd.DataFrame:
        """One row per step: loss, model, whether a training starts or is delivered."""
        steps = self.first_step + np.arange(len(self.loss))
        started, delivered = np.isin(steps, self.starts), np.isin(steps, self.deliveries)
        return pd.DataFrame(
            {"step": steps, "loss": self.loss, "model": self.model, "started": started, "delivered": delivered}
        )

    def plot(self) -> go.Figure:
        """Loss over time, with the starts and deliveries of trainings below."""
        return refresh_figure(
            self.first_step + np.arange(len(self.loss)) + 0.5,
            [("손실", self.loss)],
            title="지나고 보니 가장 좋았던 학습 일정",
            x_title="시간 (스텝)",
            starts=self.starts,
            deliveries=self.deliveries,
        )


def best_schedule(
    loss: ArrayLike | LossMatrix | Staleness | LossFunction,
    *,
    retrain_cost: float,
    train_duration: int = 0,
    label_delay: int = 0,
    min_gap: int = 1,
    overlapping: bool = True,
    horizon: int | None = None,
    initial: ArrayLike | None = None,
    seed: int = 0,
) -> BestSchedule:
    r"""Find the starts of trainings that cost the least, knowing all losses in advance.

    "Our policy costs 120" means nothing until the best possible one is known to cost 100. No
    policy that must act before it sees can beat this number; the distance to it is what a
    better detector or schedule could still win.

    With :math:`L(s, t)` the loss at step :math:`t` of the model whose training started at
    :math:`s`, the cheapest cost :math:`F(j)` of all that happens before the model of a start at
    :math:`j` serves, its training included, is

    .. math:: F(j) = c + \min_{i \le j - g} \Big( F(i) + \sum_{t = i + t_t}^{j + t_t - 1} L(i, t) \Big)

    where :math:`i` may also be the first model and :math:`g` is the fewest steps between starts. One
    pass over the upper triangle solves it, :math:`O(n^2)`.

    Parameters
    ----------
    loss
        L as a matrix of shape (n, n), a :class:`LossMatrix`, a function ``loss(start, step)`` of whole
        numbers that broadcasts, or a :class:`Staleness`. Read only where step >= start + train_duration.
    retrain_cost
        Cost of a training in the unit of the loss.
    train_duration
        Steps from the start of a training until its model serves.
    label_delay
        Steps from a prediction to its label; only a Staleness needs it, other losses contain it.
    min_gap
        Fewest steps between two starts; 0 and 1 allow one in each step.
    overlapping
        Whether a training may start while another runs.
    horizon
        Number of steps; needed for a function and a Staleness.
    initial
        Loss of each step under the first model, shape (n,); needed for a matrix. A function or Staleness gives
        by itself that of a model that started at -train_duration.
    seed
        Seed of the changes of a Staleness; the same as in :func:`simulate`.

    Raises
    ------
    ValueError
        If the matrix is not square, empty or NaN where it is read, ``initial`` or ``horizon`` is missing or
        does not fit, no schedule has a finite cost, or a number is negative or not whole.

    Examples
    --------
    >>> from coursekit.monitoring.refresh import LinearStaleness, OnDemand, simulate
    >>> world = LinearStaleness(0.01)
    >>> best = best_schedule(world, retrain_cost=8, horizon=120)
    >>> best.starts, round(best.cost, 2)
    (array([40, 80]), 40.0)
    >>> replayed = simulate(OnDemand(best.starts), staleness=world, retrain_cost=8, horizon=120)
    >>> bool(np.isclose(replayed.cost, best.cost))
    True

    References
    ----------
    Wagner, Whitin (1958). Dynamic version of the economic lot size model. Management Science 5(1).
    """
    where = "best_schedule"
    retrain_cost = check_number(where, "retrain_cost", retrain_cost)
    train_duration = check_whole(where, "train_duration", train_duration)
    label_delay = check_whole(where, "label_delay", label_delay)
    min_gap = check_whole(where, "min_gap", min_gap)
    first_step = 0
    if isinstance(loss, LossMatrix):
        if loss.train_duration != train_duration:
            raise ValueError(
                f"{where}: the LossMatrix was made for train_duration={loss.train_duration}, got "
                f"{train_duration}; pass the same"
            )
        first_step = loss.first_step
        initial = loss.initial if initial is None else initial
        loss = loss.loss
    elif callable(loss) or isinstance(loss, Staleness):
        if horizon is None:
            raise ValueError(f"{where}: a {type(loss).__name__} has no end; pass horizon=, the number of steps")
        horizon = check_whole(where, "horizon", horizon, low=1)
        given = initial
        loss, initial = _tabulated(loss, horizon, train_duration, label_delay, check_whole(where, "seed", seed))
        initial = initial if given is None else given
    table, first = _checked(where, loss, initial, horizon)
    gap = shortest_gap(train_duration=train_duration, min_gap=min_gap, overlapping=overlapping)
    previous, last, bad_start, bad_step = _solve(table, first, gap, train_duration, retrain_cost)
    if bad_step >= 0:
        row = f"initial[{bad_step}]" if bad_start < 0 else f"loss[{bad_start}, {bad_step}]"
        raise ValueError(f"{where}: {row} is NaN or -inf; fill it (numpy.inf where there is no such model)")
    if last == -2:
        raise ValueError(f"{where}: every schedule has an infinite cost; give the steps that no model can serve a loss")
    starts = []
    while last >= 0:
        starts.append(last)
        last = previous[last]
    chosen = np.array(starts[::-1], dtype=np.int64)
    model = np.searchsorted(chosen + train_duration, np.arange(len(first)), side="right")
    served = np.vstack([first, table[chosen]])[model, np.arange(len(first))]
    return BestSchedule(chosen + first_step, served, model, retrain_cost, train_duration, first_step)


def _tabulated(
    loss: Staleness | LossFunction, horizon: int, train_duration: int, label_delay: int, seed: int
) -> tuple[ArrayLike, ArrayLike]:
    """Loss matrix and first model of a formula."""
    steps = np.arange(horizon)
    if isinstance(loss, Staleness):
        changes = drawn_changes(loss, horizon=horizon, seed=seed)
        matrix = loss.loss(steps + 0.5, steps[:, None] - label_delay, changes)
        first = loss.loss(steps + 0.5, np.full(horizon, -train_duration - label_delay), changes)
    else:
        matrix = np.asarray(loss(steps[:, None], steps[None, :]))
        first = np.asarray(loss(np.full(horizon, -train_duration), steps))
    return np.broadcast_to(matrix, (horizon, horizon)), np.broadcast_to(first, horizon)


def _checked(where: str, loss: object, initial: object, horizon: int | None) -> tuple[np.ndarray, np.ndarray]:
    table = np.ascontiguousarray(loss, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or table.size == 0:
        raise ValueError(
            f"{where}: loss must be a square matrix (start, step) with at least one step, got {table.shape}"
        )
    if horizon is not None and horizon != len(table):
        raise ValueError(f"{where}: horizon={horizon} does not fit the matrix of {len(table)} steps; leave it out")
    if initial is None:
        raise ValueError(f"{where}: a matrix says nothing of the first model; pass initial=, its loss at each step")
    first = np.ascontiguousarray(initial, dtype=np.float64)
    if first.shape != (len(table),):
        raise ValueError(f"{where}: initial must hold one loss for each of {len(table)} steps, got shape {first.shape}")
    return table, first


@compiled
def _solve(
    loss: np.ndarray, initial: np.ndarray, gap: int, duration: int, cost: float
) -> tuple[np.ndarray, int, int, int]:
    """Predecessor of each start (-1: the first model), the last start, and where a loss is no number."""
    n = initial.size
    value = np.full(n, np.inf)  # F(j)
    previous = np.full(n, -1)
    spent = 0.0
    for t in range(n):
        if t >= duration:
            value[t - duration] = spent + cost
        if not initial[t] > -np.inf:
            return previous, -2, -1, t
        spent += initial[t]
    best, last = spent, -1 if spent < np.inf else -2
    for i in range(n - duration):
        spent = value[i]
        for t in range(i + duration, n):
            j = t - duration
            if j >= i + gap and spent + cost < value[j]:
                value[j] = spent + cost
                previous[j] = i
            if not loss[i, t] > -np.inf:
                return previous, -2, i, t
            spent += loss[i, t]
        if spent < best:
            best, last = spent, i
    return previous, last, -1, -1
