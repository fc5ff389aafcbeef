"""How good was the model on each day, as far as one can know by now?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from coursekit.modeling.evaluation import wilson_interval
from coursekit.monitoring.logs._moments import instant
from coursekit.monitoring.logs.questions._answer import Answer, period

if TYPE_CHECKING:
    from coursekit.monitoring.logs.prediction_log import PredictionLog

_ESTIMATED = """\
SELECT min(delay_days) AS days  -- within which 95% of the labels came
    FROM (
        SELECT delay_days, sum(sum(labelled)) OVER (ORDER BY delay_days) / sum(sum(labelled)) OVER () AS share
        FROM tallied WHERE labelled > 0 GROUP BY delay_days
    )
    WHERE share >= 0.95"""
METRICS = {"accuracy": "정확도", "precision": "정밀도", "recall": "재현율"}


@dataclass(frozen=True, eq=False, repr=False)
class DelayedAccuracy(Answer):
    """Accuracy, precision and recall by event day, on the labels known so far.

    A day is mature when labels have had the time that most of them need. Before that, what is
    labelled is not a sample of the day: quick labels are of another kind than slow ones (a fraud
    is reported, a good payment is never confirmed), and the figures of an immature day move by
    themselves.
    """

    maturity_days: float
    """Days after the end of a day at which it counts as mature; NaN where no label is known."""

    def mature(self) -> pd.DataFrame:
        """The days whose figures can be compared with each other."""
        return self.table[self.table["mature"]].reset_index(drop=True)

    def plot(self, metric: str = "accuracy") -> go.Figure:
        """One metric with its interval, hollow where immature, above the share that is labelled.

        The last days, of which nothing is known yet, are shaded up to ``as_of``.
        """
        if metric not in METRICS:
            raise ValueError(f"metric must be one of {', '.join(METRICS)}, got {metric!r}")
        figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.06)
        for mature, name in ((True, "레이블이 거의 도착한 날"), (False, "아직 도착하는 중인 날")):
            rows = self.table[self.table["mature"] == mature]
            figure.add_scatter(
                x=rows["day"],
                y=rows[metric],
                error_y={
                    "array": rows[f"{metric}_high"] - rows[metric],
                    "arrayminus": rows[metric] - rows[f"{metric}_low"],
                    "thickness": 1,
                    "width": 2,
                },
                mode="markers",
                marker={"symbol": "circle" if mature else "circle-open", "size": 7, "color": "#1f77b4"},
                name=name,
                showlegend=bool(rows[metric].notna().any()),
                hovertemplate="%{x|%Y-%m-%d}: %{y:.1%}",
                row=1,
                col=1,
            )
        figure.add_bar(
            x=self.table["day"],
            y=self.table["share_labelled"],
            marker_color="lightslategray",
            showlegend=False,
            hovertemplate="%{x|%Y-%m-%d}: %{y:.1%}",
            row=2,
            col=1,
        )
        moment = instant(self.parameters["as_of"], "as_of")
        figure.update_layout(title=f"날짜별 {METRICS[metric]} ({moment:%Y-%m-%d %H:%M} UTC까지 알려진 레이블)")
        _mark_silence(figure, self.table, moment)
        figure.update_yaxes(title=METRICS[metric], tickformat=".2~%", row=1, col=1)
        figure.update_yaxes(title="레이블 도착률", tickformat=".0%", range=[0, 1], row=2, col=1)
        figure.update_xaxes(title="예측한 날짜 (UTC)", tickformat="%m-%d", row=2, col=1)
        return figure


def _mark_silence(figure: go.Figure, table: pd.DataFrame, moment: pd.Timestamp) -> None:
    """Shade the last days, while no label of them is known, and draw the moment that they lead up to."""
    if table.empty:
        return
    day, now = table["day"], moment.tz_localize(None)
    known = day[table["labelled"] > 0]
    silent = day if known.empty else day[day > known.iloc[-1]]
    whole = {"xref": "x", "yref": "paper", "y0": 0, "y1": 1}
    if len(silent):
        begin, end = silent.iloc[0] - pd.Timedelta("12h"), silent.iloc[-1] + pd.Timedelta("12h")
        shade = {"fillcolor": "lightslategray", "opacity": 0.2, "line_width": 0}
        figure.add_shape(type="rect", x0=begin, x1=end, **whole, **shade, name="레이블이 아직 없는 날", showlegend=True)
    if now < day.iloc[-1] + pd.Timedelta("2D"):  # else the log ended before
        figure.add_shape(type="line", x0=now, x1=now, **whole, line_dash="dot")
        place = {"xref": "x", "yref": "paper", "xanchor": "right", "yanchor": "bottom"}
        figure.add_annotation(x=now, y=1, **place, text="오늘 (as_of)", showarrow=False)


def delayed_accuracy(
    log: PredictionLog,
    *,
    as_of: Any,
    threshold: float = 0.5,
    maturity_days: float | None = None,
    confidence: float = 0.95,
    start: Any = None,
    end: Any = None,
) -> DelayedAccuracy:
    r"""Accuracy, precision and recall per event day, from the labels that were known at a time.

    A report of 1 April must not use labels of 2 April, or no backtest of a retraining policy
    means anything. With ``as_of`` in the past this gives what the report said then.

    A request counts as flagged when :math:`\mathrm{score} \ge \mathrm{threshold}`. On the
    labelled requests of a day accuracy is :math:`(tp + tn) / n`, precision
    :math:`tp / (tp + fp)` and recall :math:`tp / (tp + fn)`, each with its Wilson interval; NaN
    where nothing is there to divide by. The intervals speak of chance alone: where blocked
    requests never get a label, the labelled are not a sample of all.

    Parameters
    ----------
    log
        The log to ask; its labels are 0 and 1.
    as_of
        Time (with a zone) whose knowledge is used.
    threshold
        Scores from here on are flagged.
    maturity_days
        Days that labels need. None takes the delay, in whole days, within which 95% of the known
        labels came; while the log is younger than its slowest labels that is too short, so
        give what the labellers promise where you know it.
    confidence
        Coverage of the intervals.
    start
        First event day (UTC); None begins with the log.
    end
        Last event day (UTC); None ends with the log.

    Raises
    ------
    ValueError
        If as_of has no zone, a label is neither 0 nor 1, or an option lies outside its range.

    Examples
    --------
    >>> import tempfile
    >>> from coursekit.monitoring.logs import PredictionLog
    >>> log = PredictionLog(tempfile.mkdtemp())
    >>> _ = log.append(pd.DataFrame({
    ...     "request_id": ["a", "b", "c", "d"],
    ...     "event_time": pd.to_datetime(["2026-03-01T01:00Z"] * 3 + ["2026-03-09T01:00Z"]),
    ...     "model_version": "fraud-3", "feature_version": "f12", "arm": "baseline",
    ...     "score": [0.9, 0.8, 0.4, 0.7], "latency_ms": 10.0,
    ... }))
    >>> _ = log.add_labels(pd.DataFrame({
    ...     "request_id": ["a", "b", "c"], "label": [1, 0, 0],
    ...     "label_time": pd.to_datetime(["2026-03-02T00:00Z", "2026-03-03T00:00Z", "2026-03-30T00:00Z"]),
    ... }))
    >>> answer = delayed_accuracy(log, as_of="2026-03-10T00:00Z", maturity_days=7)
    >>> answer.to_frame()[["day", "requests", "labelled", "precision", "mature"]]
             day  requests  labelled  precision  mature
    0 2026-03-01         3         2        0.5    True
    1 2026-03-09         1         0        NaN   False

    References
    ----------
    Wilson (1927). Probable inference, the law of succession, and statistical inference. JASA.
    Dal Pozzolo et al. (2018). Credit card fraud detection: a realistic modeling and a novel learning
    strategy. IEEE Transactions on Neural Networks and Learning Systems.
    """
    if not np.isfinite(threshold):
        raise ValueError(f"threshold must be finite, got {threshold!r}")
    if maturity_days is not None and not 0 <= maturity_days < np.inf:
        raise ValueError(f"maturity_days must be 0 or more, got {maturity_days!r}")
    where, parameters = period(start, end)
    parameters |= {"as_of": instant(as_of, "as_of"), "threshold": float(threshold)}
    maturity = _ESTIMATED
    if maturity_days is not None:
        maturity, parameters["maturity_days"] = "SELECT $maturity_days AS days", float(maturity_days)
    sql = f"""\
WITH tallied AS (  -- labels by the whole days they took; label is NULL while none is known
    SELECT day,
           ceil(greatest(0, epoch_us(label_time) - epoch_us(event_time)) / 86_400_000_000) AS delay_days,
           count(*) AS requests,
           count(label) AS labelled,
           count(*) FILTER (score >= $threshold AND label = 1) AS true_positives,
           count(*) FILTER (score >= $threshold AND label = 0) AS false_positives,
           count(*) FILTER (score < $threshold AND label = 1) AS false_negatives,
           count(*) FILTER (score < $threshold AND label = 0) AS true_negatives
    FROM labelled{where}
    GROUP BY ALL
),
maturity AS (
    {maturity}
)
SELECT day,
       sum(requests)::BIGINT AS requests,
       sum(labelled)::BIGINT AS labelled,
       sum(true_positives)::BIGINT AS true_positives,
       sum(false_positives)::BIGINT AS false_positives,
       sum(false_negatives)::BIGINT AS false_negatives,
       sum(true_negatives)::BIGINT AS true_negatives,
       days AS maturity_days,
       coalesce(epoch(day) + 86_400 * (1 + days) <= epoch($as_of::TIMESTAMPTZ), false) AS mature
FROM tallied CROSS JOIN maturity
GROUP BY day, days
ORDER BY day"""
    counts = log.query(sql, **parameters)
    table = _with_metrics(counts, confidence)
    waited = float(counts["maturity_days"].iloc[0]) if len(counts) else np.nan
    return DelayedAccuracy(table, sql, parameters, waited)


def _with_metrics(counts: pd.DataFrame, confidence: float) -> pd.DataFrame:
    tp, fp, fn, tn = (
        counts[f"{name}s"] for name in ("true_positive", "false_positive", "false_negative", "true_negative")
    )
    odd = counts["labelled"] - (tp + fp + fn + tn)
    if odd.any():
        day = counts["day"][odd > 0].iloc[0]
        raise ValueError(
            f"{odd.sum()} labels are neither 0 nor 1, the first on {day:%Y-%m-%d}; "
            "accuracy needs a binary label, ask other questions with log.query"
        )
    table = counts.drop(columns=["maturity_days", "mature"])
    table["share_labelled"] = table["labelled"] / table["requests"]
    for name, hits, trials in (
        ("accuracy", tp + tn, counts["labelled"]),
        ("precision", tp, tp + fp),
        ("recall", tp, tp + fn),
    ):
        intervals = [
            wilson_interval(int(hit), int(n), confidence=confidence) if n else None
            for hit, n in zip(hits, trials, strict=True)
        ]
        for part, column in (("estimate", name), ("low", f"{name}_low"), ("high", f"{name}_high")):
            table[column] = [np.nan if interval is None else getattr(interval, part) for interval in intervals]
            table[column] = table[column].astype(np.float64)
    return table.assign(mature=counts["mature"].astype(bool))
