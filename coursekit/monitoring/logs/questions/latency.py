"""How long did users wait, day by day?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go
from plotly.colors import qualitative

from coursekit.monitoring.logs.questions._answer import Answer, one_of, period
from coursekit.monitoring.logs.questions.volume import GROUPS

if TYPE_CHECKING:
    from coursekit.monitoring.logs.prediction_log import PredictionLog


@dataclass(frozen=True, eq=False, repr=False)
class LatencyPercentiles(Answer):
    """Percentiles of the latency by day and group; days without predictions have no row."""

    by: str
    """Column whose values are the groups."""

    def plot(self) -> go.Figure:
        """One line for each percentile and group; a gap where nothing was logged."""
        figure = go.Figure(
            layout={"title": "날짜별 지연 시간", "xaxis_title": "날짜 (UTC)", "yaxis_title": "지연 시간 (ms)"}
        )
        dashes = {"p50": "solid", "p95": "dash", "p99": "dot"}
        calendar = pd.date_range(self.table["day"].min(), self.table["day"].max()) if len(self.table) else []
        for number, (group, rows) in enumerate(self.table.groupby(self.by)):
            whole = rows.set_index("day").reindex(calendar)
            color = qualitative.Plotly[number % len(qualitative.Plotly)]
            for name, dash in dashes.items():
                figure.add_scatter(
                    x=whole.index,
                    y=whole[name],
                    name=f"{group} {name}",
                    mode="lines+markers",
                    line={"dash": dash, "color": color},
                    marker={"size": 4},
                    hovertemplate="%{x|%Y-%m-%d}: %{y:.1f} ms",
                )
        figure.update_yaxes(rangemode="tozero")
        figure.update_xaxes(tickformat="%m-%d")
        return figure


def latency_percentiles(
    log: PredictionLog, *, by: str = "model_version", start: Any = None, end: Any = None
) -> LatencyPercentiles:
    """Median, 95th and 99th percentile of the latency per day and group.

    An average hides the slow answers, and percentiles cannot be averaged afterwards: the p99
    of a week is not the mean of seven p99s. So each request's time is logged, and the
    percentile is taken when asked. Percentiles interpolate linearly, as numpy's do.

    Parameters
    ----------
    log
        The log to ask.
    by
        Groups to compare: ``"arm"``, ``"model_version"`` or ``"feature_version"``.
    start
        First day (UTC); None begins with the log.
    end
        Last day (UTC); None ends with the log.

    Raises
    ------
    ValueError
        If ``by`` is another column, or start or end is no day.

    Examples
    --------
    >>> import tempfile
    >>> from coursekit.monitoring.logs import PredictionLog
    >>> log = PredictionLog(tempfile.mkdtemp())
    >>> _ = log.append(pd.DataFrame({
    ...     "request_id": ["a", "b", "c"], "event_time": pd.to_datetime(["2026-03-01T01:00Z"] * 3),
    ...     "model_version": "fraud-3", "feature_version": "f12", "arm": "baseline",
    ...     "score": [0.9, 0.2, 0.4], "latency_ms": [10.0, 12.0, 110.0],
    ... }))
    >>> latency_percentiles(log).to_frame()
             day model_version  requests   p50    p95     p99
    0 2026-03-01       fraud-3         3  12.0  100.2  108.04

    References
    ----------
    Dean, Barroso (2013). The tail at scale. Communications of the ACM.
    """
    one_of("by", by, GROUPS)
    where, parameters = period(start, end)
    sql = f"""\
SELECT day, {by}, count(*) AS requests,
       quantile_cont(latency_ms, 0.50) AS p50,
       quantile_cont(latency_ms, 0.95) AS p95,
       quantile_cont(latency_ms, 0.99) AS p99
FROM predictions{where}
GROUP BY ALL
ORDER BY ALL"""
    return LatencyPercentiles(log.query(sql, **parameters), sql, parameters, by)
