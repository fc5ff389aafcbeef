"""How fast a candidate may take over, and what has to be shown before each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit._number_checks import as_finite, check_number, check_whole, told


@dataclass(frozen=True)
class RampPlan:
    r"""A candidate's share of the traffic, step by step, with a price on being wrong at each.

    A canary limits harm by its weight and a test limits it by time. A plan joins them: a step ends when it
    has lasted its minutes *and* the evidence shows that the next step cannot hurt more than ``margin``
    allows, so a step up rests on what was shown, not on the absence of an alarm. At the next weight
    :math:`w'` a candidate whose bad rate is :math:`r` times the baseline's adds :math:`w'(r - 1)` of the
    baseline's errors; that is at most ``margin`` when

    .. math:: r \le 1 + \text{margin} / w'

    so the first steps ask for little and the last, :math:`w' = 1`, for ``1 + margin``.

    Raises
    ------
    ValueError
        If the weights do not rise, lie outside (0, 1), or another number makes no sense.

    Examples
    --------
    >>> plan = RampPlan([0.05, 0.10, 0.25, 0.50])
    >>> plan.weights
    (0.05, 0.1, 0.25, 0.5)
    >>> plan.margins
    (3.5, 2.0, 1.5, 1.25)
    >>> plan.minutes, plan.longest
    (60, 240)
    """

    weights: Sequence[float]
    """Rising shares of the traffic, each above 0 and below 1; promotion to 1 follows the last."""
    minutes_per_step: int | Sequence[int] = 15
    """Least length of a step, or of each of them, minutes."""
    margin: float = 0.25
    """Largest tolerated share of extra errors among all traffic, above 0."""
    patience: int = 4
    """A step that has lasted this many times its length without enough evidence ends the rollout as inconclusive."""
    min_requests: int = 100
    """A step in which the candidate got fewer requests than this has no data."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", _rising("RampPlan", self.weights))
        for name in ("patience", "min_requests"):
            object.__setattr__(self, name, check_whole("RampPlan", name, getattr(self, name), low=1))
        object.__setattr__(self, "minutes_per_step", self._checked_lengths())
        object.__setattr__(self, "margin", check_number("RampPlan", "margin", self.margin, above=True))
        if not 1 < min(self.margins) <= max(self.margins) < np.inf:
            raise ValueError(f"RampPlan: margin = {self.margin:g} leaves no ratio to exclude; give one such as .25")

    def _checked_lengths(self) -> int | tuple[int, ...]:
        given = self.minutes_per_step
        if isinstance(given, str) or not np.iterable(given):
            return check_whole("RampPlan", "minutes_per_step", given, low=1)
        each = tuple(check_whole("RampPlan", f"minutes_per_step[{i}]", m, low=1) for i, m in enumerate(given))
        if len(each) != len(self.weights):
            raise ValueError(
                f"RampPlan: minutes_per_step must be one number or one a step, "
                f"got {len(each)} for {len(self.weights)} weights"
            )
        return each

    @property
    def margins(self) -> tuple[float, ...]:
        """Ratio of bad rates that must be excluded before leaving each step."""
        following = (*self.weights[1:], 1.0)
        return tuple(round(1 + self.margin / weight, 12) for weight in following)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Least length of each step, minutes."""
        given = self.minutes_per_step
        return (given,) * len(self.weights) if isinstance(given, int) else tuple(given)

    @property
    def minutes(self) -> int:
        """Length if no step waits for evidence."""
        return sum(self.lengths)

    @property
    def longest(self) -> int:
        """Length after which every rollout has a verdict."""
        return self.minutes * self.patience

    def schedule(self) -> np.ndarray:
        """Weight of each minute if no step waits for evidence, ``(minutes,)``."""
        return np.repeat(np.asarray(self.weights), self.lengths)

    def to_frame(self) -> pd.DataFrame:
        """One row a step: weight, earliest and latest end in minutes, ratio to exclude before leaving it."""
        steps, ends = np.arange(1, len(self.weights) + 1), np.cumsum(self.lengths)
        return pd.DataFrame(
            {
                "weight": self.weights,
                "earliest_end": ends,
                "latest_end": ends * self.patience,
                "ratio_to_exclude": self.margins,
            },
            index=pd.Index(steps, name="step"),
        )

    def plot(self) -> go.Figure:
        """Weight over time if no step waits for evidence."""
        figure = go.Figure()
        figure.add_scatter(
            x=np.cumsum([0, *self.lengths]),
            y=[*self.weights, 1.0],
            line_shape="hv",
            mode="lines",
            fill="tozeroy",
            name="후보의 비율",
        )
        figure.update_layout(title="점진적 배포의 계획", showlegend=False)
        figure.update_xaxes(title="시작한 뒤 (분)")
        figure.update_yaxes(title="후보가 받는 비율", tickformat=".0%", range=[0, 1.05])
        return figure


def _rising(where: str, weights: Sequence[float]) -> tuple[float, ...]:
    if isinstance(weights, str) or not np.iterable(weights):
        raise ValueError(f"{where}: weights must be a list of shares such as [.05, .25], got {told(weights)}")
    weights = list(weights)
    found = [as_finite(weight) for weight in weights]
    if not found:
        raise ValueError(f"{where}: weights is empty; give at least one share of the traffic")
    for i, (value, given) in enumerate(zip(found, weights, strict=True)):
        if value is None or not 0 < value < 1:
            raise ValueError(
                f"{where}: weights[{i}] must lie between 0 and 1, both excluded, got {told(given)}; "
                "promotion to 1 follows the last step by itself"
            )
        before = found[i - 1] if i else None
        if before is not None and value <= before:
            raise ValueError(f"{where}: weights must rise, but weights[{i}] = {value:g} follows {before:g}")
    return tuple(value for value in found if value is not None)
