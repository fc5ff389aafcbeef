"""What inspection costs, and the threshold that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit._number_checks import check_number
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, kw_only=True)
class InspectionCosts:
    """Prices of the ways in which an inspection can go wrong, and of people's time, in won.

    Recall and false rejects cannot be traded without prices. They differ by an order of magnitude or two: a
    bad part that ships comes back with a customer behind it, a good one that is rejected is one part.

    Raises
    ------
    ValueError
        If a price is negative or no number.

    Examples
    --------
    >>> InspectionCosts(escape=90_000, false_reject=10_000).threshold
    0.1
    """

    escape: float = 100_000.0
    """A bad part that ships: return, replacement, the customer's trust."""
    false_reject: float = 2_000.0
    """A good part that is rejected: the part, or the time to find that it is good."""
    minute: float = 400.0
    """A minute of somebody who inspects."""
    audited: float = 20.0
    """Handling of a part that is taken back for an audit, beside the auditor's time."""

    def __post_init__(self) -> None:
        for item in fields(self):
            object.__setattr__(self, item.name, check_number("InspectionCosts", item.name, getattr(self, item.name)))

    @property
    def threshold(self) -> float:
        """Probability of a defect from which rejecting is cheaper than shipping; 1 if an escape costs nothing."""
        both = self.escape + self.false_reject
        return self.false_reject / both if both else 1.0

    def total(self, escapes: ArrayLike, false_rejects: ArrayLike, minutes: ArrayLike, audited: ArrayLike) -> np.ndarray:
        """Cost of so many escapes, false rejects, minutes of people, and audited parts."""
        counts = (np.asarray(count, dtype=float) for count in (escapes, false_rejects, minutes, audited))
        prices = (self.escape, self.false_reject, self.minute, self.audited)
        return np.sum([price * count for price, count in zip(prices, counts, strict=True)], axis=0)


@dataclass(frozen=True, eq=False, repr=False)
class ThresholdCurve(ShortRepr):
    """What every threshold would cost, and the cheapest."""

    threshold: float
    """Reject from this probability of a defect."""
    expected_cost: float
    """Mean cost a part at that threshold, in won."""
    rejected: float
    """Share of the parts that it rejects."""
    thresholds: np.ndarray
    """Thresholds compared, ``(n,)``."""
    escape_cost: np.ndarray
    """Mean cost a part of bad parts that would ship, ``(n,)``."""
    false_reject_cost: np.ndarray
    """Mean cost a part of good parts that would be rejected, ``(n,)``."""

    def to_frame(self) -> pd.DataFrame:
        """One row a threshold: cost a part, by kind and in all."""
        frame = pd.DataFrame(
            {
                "escape": self.escape_cost,
                "false_reject": self.false_reject_cost,
                "total": self.escape_cost + self.false_reject_cost,
            },
            index=pd.Index(self.thresholds, name="threshold"),
        )
        return frame

    def plot(self) -> go.Figure:
        """Cost against the threshold."""
        figure = go.Figure()
        for name, cost, dash in (
            ("내보낸 불량", self.escape_cost, "dot"),
            ("버린 양품", self.false_reject_cost, "dash"),
            ("합", self.escape_cost + self.false_reject_cost, "solid"),
        ):
            figure.add_scatter(x=self.thresholds, y=cost, name=name, mode="lines", line_dash=dash)
        figure.add_scatter(
            x=[self.threshold],
            y=[self.expected_cost],
            name=f"가장 싼 문턱 {self.threshold:.1%}",
            mode="markers",
            marker_size=11,
        )
        figure.update_layout(title="문턱에 따른 부품 하나의 비용")
        figure.update_xaxes(title="이 확률부터 불량으로 판정", type="log", range=[-3, 0])
        figure.update_xaxes(tickvals=[0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1], tickformat="~%")
        figure.update_yaxes(title="원", rangemode="tozero")
        return figure


def best_threshold(probabilities: ArrayLike, *, costs: InspectionCosts, points: int = 200) -> ThresholdCurve:
    r"""Find the threshold that costs least, given calibrated probabilities.

    "Reject from .5" holds only where both mistakes cost the same. If :math:`p` is the probability of a defect,
    shipping costs :math:`p\,c_e` and rejecting :math:`(1 - p)\,c_f` on average, so

    .. math:: \text{reject} \iff p\,c_e > (1 - p)\,c_f \iff p > \frac{c_f}{c_e + c_f}

    whatever the defect rate. It needs probabilities that mean what they say: with an overconfident network
    the formula picks a wrong threshold without a sign that anything is wrong, so calibrate first.

    Parameters
    ----------
    probabilities
        Calibrated probability of a defect of each part, ``(n,)``.
    costs
        Prices.
    points
        Thresholds drawn, beside the best.

    Raises
    ------
    ValueError
        If there is no probability, or one lies outside [0, 1].

    Examples
    --------
    >>> found = best_threshold([0.01, 0.05, 0.2, 0.9], costs=InspectionCosts(escape=90_000, false_reject=10_000))
    >>> found.threshold, found.rejected, round(found.expected_cost)
    (0.1, 0.5, 3600)

    References
    ----------
    Elkan (2001). The foundations of cost-sensitive learning. IJCAI.
    """
    p = np.sort(np.asarray(probabilities, dtype=float).ravel())
    if not p.size or not np.all((p >= 0) & (p <= 1)):
        raise ValueError("best_threshold: probabilities must hold at least one number, each from 0 to 1")
    best = costs.threshold
    grid = np.unique(np.append(np.geomspace(1e-3, 1, points), best))
    below = np.searchsorted(p, grid, side="left")  # parts under the threshold ship
    shipped = np.append(0.0, np.cumsum(p))[below] / p.size
    good = np.append(np.cumsum((1 - p)[::-1])[::-1], 0.0)[below] / p.size
    escape_cost, false_reject_cost = costs.escape * shipped, costs.false_reject * good
    at = int(np.searchsorted(grid, best))
    return ThresholdCurve(
        threshold=best,
        expected_cost=float(escape_cost[at] + false_reject_cost[at]),
        rejected=float(1 - below[at] / p.size),
        thresholds=grid,
        escape_cost=escape_cost,
        false_reject_cost=false_reject_cost,
    )
