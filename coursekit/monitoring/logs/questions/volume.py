"""How many requests came, day by day?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from coursekit.monitoring.logs.questions._answer import Answer, one_of, period

if TYPE_CHECKING:
    from coursekit.monitoring.logs.prediction_log import PredictionLog

GROUPS = ("arm", "model_version", "feature_version")
_KOREAN = {"arm": "갈래", "model_version": "모델 버전", "feature_version": "피처 버전"}


@dataclass(frozen=True, eq=False, repr=False)
class DailyVolume(Answer):
    """Requests by day and group; a day without predictions is a row of zeros, not a missing row."""

    by: str
    """Column whose values are the groups."""

    @property
    def gaps(self) -> list[pd.Timestamp]:
        """Days of the period on which nothing was logged."""
        total = self.table.groupby("day")["requests"].sum()
        return list(total.index[total == 0])

    def plot(self) -> go.Figure:
        """Stacked bars, one for each day."""
        title = "날짜별 요청 수"
        if self.gaps:
            title += f" (기록이 없는 날 {len(self.gaps)}일)"
        figure = go.Figure(layout={"title": title, "barmode": "stack", "legend_title_text": _KOREAN[self.by]})
        for group, rows in self.table.groupby(self.by):
            figure.add_bar(x=rows["day"], y=rows["requests"], name=group, hovertemplate="%{x|%Y-%m-%d}: %{y:,}건")
        for gap in self.gaps:
            figure.add_vrect(
                x0=gap - pd.Timedelta("12h"),
                x1=gap + pd.Timedelta("12h"),
                fillcolor="crimson",
                opacity=0.15,
                line_width=0,
            )
        figure.update_layout(xaxis_title="날짜 (UTC)", yaxis_title="요청 수", showlegend=True)
        figure.update_xaxes(tickformat="%m-%d")
        return figure


def daily_volume(log: PredictionLog, *, by: str = "arm", start: Any = None, end: Any = None) -> DailyVolume:
    """Requests per day and group, with the days on which the log is silent.

    The first question to any log. A day at half the usual volume, or without any, is an
    outage of the service or of its logging, and every other figure of that day is suspect.

    Parameters
    ----------
    log
        The log to ask.
    by
        Groups to count separately: ``"arm"``, ``"model_version"`` or ``"feature_version"``.
    start
        First day (UTC) counted; None begins with the log.
    end
        Last day (UTC) counted; None ends with the log.

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
    ...     "request_id": ["a", "b", "c"],
    ...     "event_time": pd.to_datetime(["2026-03-01T01:00Z", "2026-03-01T02:00Z", "2026-03-03T01:00Z"]),
    ...     "model_version": "fraud-3", "feature_version": "f12", "arm": "baseline",
    ...     "score": [0.9, 0.2, 0.4], "latency_ms": 10.0,
    ... }))
    >>> daily_volume(log).to_frame()
             day       arm  requests
    0 2026-03-01  baseline         2
    1 2026-03-02  baseline         0
    2 2026-03-03  baseline         1

    References
    ----------
    Breck et al. (2017). The ML test score: a rubric for ML production readiness. IEEE Big Data.
    """
    one_of("by", by, GROUPS)
    where, parameters = period(start, end)
    first = "min(day)" if start is None else "coalesce($start, min(day))"
    last = "max(day)" if end is None else "coalesce($end, max(day))"
    sql = f"""\
WITH counted AS (
    SELECT day, {by}, count(*) AS requests
    FROM predictions{where}
    GROUP BY ALL
),
calendar AS (  -- every day, also those that left no row
    SELECT unnest(generate_series({first}, {last}, INTERVAL 1 DAY))::DATE AS day FROM counted
)
SELECT day, {by}, coalesce(requests, 0) AS requests
FROM calendar
CROSS JOIN (SELECT DISTINCT {by} FROM counted)
LEFT JOIN counted USING (day, {by})
ORDER BY ALL"""
    return DailyVolume(log.query(sql, **parameters), sql, parameters, by)
