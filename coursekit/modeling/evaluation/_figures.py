"""Drawing that several results share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import plotly.graph_objects as go

if TYPE_CHECKING:
    from coursekit.modeling.evaluation.intervals import Interval


def interval_figure(names: Sequence[str], intervals: Sequence[Interval], *, title: str, x_title: str) -> go.Figure:
    """Points with whiskers, one a row, the first on top."""
    figure = go.Figure(layout={"title": title, "xaxis_title": x_title, "yaxis_autorange": "reversed"})
    figure.add_trace(interval_trace(names, intervals))
    figure.update_layout(showlegend=False)
    return figure


def interval_trace(names: Sequence[str], intervals: Sequence[Interval], *, label: str = "") -> go.Scatter:
    """The points with whiskers of one series."""
    return go.Scatter(
        name=label,
        x=[interval.estimate for interval in intervals],
        y=list(names),
        mode="markers",
        orientation="h",
        marker={"size": 9},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [interval.high - interval.estimate for interval in intervals],
            "arrayminus": [interval.estimate - interval.low for interval in intervals],
        },
        customdata=[str(interval) for interval in intervals],
        hovertemplate="%{y}: %{customdata}",
    )
