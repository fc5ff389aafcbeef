"""What is odd about this log?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from coursekit.monitoring.logs._moments import instant
from coursekit.monitoring.logs.questions._answer import Answer

if TYPE_CHECKING:
    from coursekit.monitoring.logs.prediction_log import PredictionLog

_KOREAN = {
    "repeated_requests": "요청 번호가 겹친 예측",
    "unknown_requests": "예측이 없는 요청의 레이블",
    "before_event": "예측보다 앞선 레이블",
    "relabelled": "레이블이 바뀐 요청",
    "withdrawn": "레이블을 거두어들인 요청",
}


@dataclass(frozen=True, eq=False, repr=False)
class LogAudit(Answer):
    """Counts of what should be rare; nothing of it is dropped from the log."""

    def __getitem__(self, name: str) -> int:
        return int(self.table.set_index("what").loc[name, "count"])

    def plot(self) -> go.Figure:
        """A bar for each oddity."""
        odd = self.table[self.table["what"].isin(list(_KOREAN))]
        figure = go.Figure(layout={"title": "로그 점검", "xaxis_title": "건수", "height": 320})
        figure.add_bar(
            x=odd["count"],
            y=[_KOREAN[what] for what in odd["what"]],
            orientation="h",
            text=odd["count"],
            texttemplate="%{x:,}",
        )
        figure.update_yaxes(autorange="reversed", automargin=True)
        figure.update_xaxes(rangemode="tozero")
        return figure


def audit(log: PredictionLog, *, as_of: Any = None) -> LogAudit:
    """Count what cannot be right: repeated ids, labels without a request, labels before their event.

    A join drops what does not match without a word. If ids are written in capitals on one
    side, no label finds its request, and accuracy is computed on nobody; this tells.

    The table has a row each for ``requests`` (rows of predictions), ``repeated_requests`` (rows
    beyond the first of an id: two requests shared it, or an append without a ``batch`` name was
    repeated), ``labels`` (rows, history included), ``labelled_requests`` (ids with any label),
    ``unknown_requests`` (of these, ids that no prediction has: not logged yet, or never),
    ``before_event`` (ids whose label in force is older than their prediction: two clocks
    disagree), ``relabelled`` (ids whose label changed) and ``withdrawn`` (ids whose label in force
    is empty).

    Parameters
    ----------
    log
        The log to ask.
    as_of
        Time (with a zone) whose knowledge is used; None is everything.

    Raises
    ------
    ValueError
        If as_of has no zone.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from coursekit.monitoring.logs import PredictionLog
    >>> log = PredictionLog(tempfile.mkdtemp())
    >>> _ = log.add_labels(pd.DataFrame({
    ...     "request_id": ["lost"], "label": [1], "label_time": [pd.Timestamp("2026-03-02", tz="UTC")],
    ... }))
    >>> found = audit(log)
    >>> found["labels"], found["unknown_requests"]
    (1, 1)

    References
    ----------
    Polyzotis et al. (2019). Data validation for machine learning. MLSys.
    """
    parameters: dict[str, Any] = {} if as_of is None else {"as_of": instant(as_of, "as_of")}
    known = "" if as_of is None else "WHERE label_time <= $as_of"
    happened = "" if as_of is None else "WHERE event_time <= $as_of"
    sql = f"""\
WITH histories AS (
    SELECT request_id, count(*) AS n,
           min(label) < max(label) OR count(label) BETWEEN 1 AND count(*) - 1 AS changed,
           max({{'label_time': label_time, 'recorded_at': recorded_at, 'label': label}}) AS latest
    FROM labels {known}
    GROUP BY request_id
),
requests AS (
    SELECT request_id, count(*) AS n, min(event_time) AS event_time FROM predictions {happened} GROUP BY request_id
),
joined AS (  -- FULL: what has no counterpart stays
    SELECT r.n AS rows, h.n AS labels, h.changed, h.latest, r.event_time
    FROM requests r FULL JOIN histories h USING (request_id)
)
UNPIVOT (
    SELECT coalesce(sum(rows), 0)::BIGINT AS requests,
           coalesce(sum(rows - 1), 0)::BIGINT AS repeated_requests,
           coalesce(sum(labels), 0)::BIGINT AS labels,
           count(labels) AS labelled_requests,
           count(*) FILTER (rows IS NULL) AS unknown_requests,
           count(*) FILTER (latest.label_time < event_time) AS before_event,
           count(*) FILTER (changed) AS relabelled,
           count(*) FILTER (labels > 0 AND latest.label IS NULL) AS withdrawn
    FROM joined
) ON COLUMNS(*) INTO NAME what VALUE count"""
    return LogAudit(log.query(sql, **parameters), sql, parameters)
