"""Is the candidate better than the baseline, hour by hour?"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots
from scipy.stats import norm

from coursekit.modeling.evaluation import Interval
from coursekit.monitoring.logs._moments import instant
from coursekit.monitoring.logs.questions._answer import Answer, one_of, period
from coursekit.monitoring.logs.schema import ARMS

if TYPE_CHECKING:
    from coursekit.monitoring.logs.prediction_log import PredictionLog

_KOREAN = {"baseline": "기존 모델 (baseline)", "candidate": "후보 모델 (candidate)"}


@dataclass(frozen=True, eq=False, repr=False)
class ArmComparison(Answer):
    """Both arms in each hour (or day), and their differences within these strata."""

    error_difference: Interval
    """Error rate of the candidate minus that of the baseline, on labelled requests, stratified."""
    crude_error_difference: float
    """The same without strata: wrong wherever traffic and difficulty move together."""
    score_difference: Interval
    """Mean score of the candidate minus that of the baseline, stratified; needs no labels."""
    requests: dict[str, int]
    """Requests of each arm."""
    strata_compared: int
    """Strata in which both arms have requests."""
    strata: int
    """Strata with any request; those with one arm only cannot compare anything."""

    def plot(self) -> go.Figure:
        """Error rate of both arms above their requests."""
        figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.65, 0.35], vertical_spacing=0.06)
        for arm, color in zip(ARMS, ("#636efa", "#ef553b"), strict=True):
            rows = self.table[self.table["arm"] == arm]
            shared = {"x": rows["stratum"], "legendgroup": arm, "name": _KOREAN[arm]}
            figure.add_scatter(
                **shared,
                y=rows["error_rate"],
                mode="lines+markers",
                line={"color": color, "width": 1},
                marker={"size": 4},
                hovertemplate="%{x|%m-%d %H:%M}: %{y:.3f}",
                row=1,
                col=1,
            )
            figure.add_bar(**shared, y=rows["requests"], marker_color=color, showlegend=False, row=2, col=1)
        difference = self.error_difference
        told = "레이블이 없어 오류율을 비교할 수 없습니다"
        if np.isfinite(difference.estimate):
            told = f"오류율의 차(후보 - 기존): {difference:+.4f}, 층을 나누지 않으면 {self.crude_error_difference:+.4f}"
        figure.update_layout(title={"text": f"갈래별 오류율과 요청 수<br><sup>{told}</sup>"}, barmode="stack")
        figure.update_yaxes(title="오류율", row=1, col=1)
        figure.update_yaxes(title="요청 수", row=2, col=1)
        by_hour = (self.table["stratum"].dt.hour != 0).any()
        figure.update_xaxes(tickformat="%m-%d<br>%H시" if by_hour else "%m-%d")
        figure.update_xaxes(title="시각 (UTC)", row=2, col=1)
        return figure


def compare_arms(
    log: PredictionLog,
    *,
    as_of: Any = None,
    threshold: float = 0.5,
    every: Literal["hour", "day"] = "hour",
    confidence: float = 0.95,
    start: Any = None,
    end: Any = None,
) -> ArmComparison:
    r"""Compare the two arms within each hour, then put the hours together.

    During a ramp-up the candidate gets 1% of the traffic on a quiet night and half of it on a
    busy Monday. If Mondays are harder, the plain error rates say that the candidate is worse
    even when it is better in every single hour (Simpson's paradox). Within an hour both arms see
    the same world.

    In stratum k the arms have :math:`n_{1k}` and :math:`n_{0k}` labelled requests and error
    rates :math:`p_{1k}, p_{0k}`. The difference is weighted as Mantel and Haenszel do,

    .. math:: \hat\delta = \frac{\sum_k w_k (p_{1k} - p_{0k})}{\sum_k w_k}, \qquad
              w_k = \frac{n_{1k} n_{0k}}{n_{1k} + n_{0k}}

    with Sato's variance and a normal interval; mean scores with the same weights and the variance
    of each stratum. Requests of one user are taken as independent: where users come back, the
    intervals are too narrow.

    Parameters
    ----------
    log
        The log to ask; its labels are 0 and 1.
    as_of
        Time (with a zone) whose knowledge is used; None is everything.
    threshold
        Scores from here on are flagged; a flagged 0 and an unflagged 1 are errors.
    every
        Length of a stratum.
    confidence
        Coverage of the intervals.
    start
        First event day (UTC); None begins with the log.
    end
        Last event day (UTC); None ends with the log.

    Raises
    ------
    ValueError
        If no stratum has both arms, a label is neither 0 nor 1, or an option lies outside its range.

    Examples
    --------
    >>> import tempfile
    >>> from coursekit.monitoring.logs import PredictionLog
    >>> log = PredictionLog(tempfile.mkdtemp())
    >>> rows = pd.DataFrame({
    ...     "request_id": [f"r{i}" for i in range(200)],
    ...     "event_time": pd.date_range("2026-03-01T00:00Z", periods=200, freq="5min"),
    ...     "model_version": "fraud-3", "feature_version": "f12",
    ...     "arm": ["baseline", "candidate"] * 100, "score": [0.9, 0.1] * 100, "latency_ms": 10.0,
    ... })
    >>> _ = log.append(rows)
    >>> _ = log.add_labels(rows[["request_id"]].assign(label=0, label_time=pd.Timestamp("2026-04-01", tz="UTC")))
    >>> comparison = compare_arms(log)
    >>> comparison.requests, comparison.strata_compared
    ({'baseline': 100, 'candidate': 100}, 17)
    >>> comparison.error_difference.estimate
    -1.0

    References
    ----------
    Greenland, Robins (1985). Estimation of a common effect parameter from sparse follow-up data.
    Biometrics.
    Sato (1989). On the variance estimator for the Mantel-Haenszel risk difference. Biometrics.
    """
    one_of("every", every, ("hour", "day"))
    if not np.isfinite(threshold):
        raise ValueError(f"threshold must be finite, got {threshold!r}")
    if not (isinstance(confidence, Real) and 0 < confidence < 1):
        raise ValueError(f"confidence must lie between 0 and 1, for example 0.95, got {confidence!r}")
    where, parameters = period(start, end)
    parameters["threshold"] = float(threshold)
    if as_of is not None:
        parameters["as_of"] = instant(as_of, "as_of")
    stratum = "date_trunc('hour', event_time)" if every == "hour" else "day::TIMESTAMPTZ"
    sql = f"""\
SELECT {stratum} AS stratum, arm,
       count(*) AS requests,
       avg(score) AS mean_score,
       var_samp(score) AS score_variance,
       avg(latency_ms) AS mean_latency_ms,
       count(label) AS labelled,
       count(*) FILTER (label NOT IN (0, 1)) AS odd_labels,
       count(*) FILTER ((score >= $threshold AND label = 0) OR (score < $threshold AND label = 1)) AS errors
FROM labelled{where}
GROUP BY ALL
ORDER BY ALL"""
    table = log.query(sql, **parameters)
    if table["odd_labels"].any():
        raise ValueError(f"{table['odd_labels'].sum()} labels are neither 0 nor 1; errors need a binary label")
    table = table.drop(columns="odd_labels")
    table["error_rate"] = table["errors"] / table["labelled"].where(table["labelled"] > 0)
    wide = table.pivot(index="stratum", columns="arm").reindex(
        columns=pd.MultiIndex.from_product([table.columns[2:], ARMS])
    )
    both = wide["requests"].notna().all(axis=1)
    if not both.any():
        raise ValueError(
            f"no {every} has requests of both arms; log the candidate with arm='candidate', or widen the period"
        )
    labelled = wide["labelled"].fillna(0.0)
    errors = table.groupby("arm")[["errors", "labelled"]].sum().reindex(ARMS)
    crude = (errors["errors"] / errors["labelled"].where(errors["labelled"] > 0)).diff().iloc[-1]
    return ArmComparison(
        table,
        sql,
        parameters,
        _error_difference(labelled, wide["errors"].fillna(0.0), confidence),
        float(crude),
        _score_difference(wide, confidence),
        {arm: int(table["requests"][table["arm"] == arm].sum()) for arm in ARMS},
        int(both.sum()),
        len(wide),
    )


def _error_difference(labelled: pd.DataFrame, errors: pd.DataFrame, confidence: float) -> Interval:
    """Mantel-Haenszel risk difference with Sato's variance, which holds for few large and many small strata."""
    n0, n1 = (labelled[arm].to_numpy(dtype=float) for arm in ARMS)
    x0, x1 = (errors[arm].to_numpy(dtype=float) for arm in ARMS)
    weights = _weights(n0, n1)
    if not weights.any():
        return Interval(np.nan, np.nan, np.nan, confidence)
    n = np.where(weights > 0, n0 + n1, 1.0)
    difference = float(np.sum(np.where(weights > 0, x1 * n0 - x0 * n1, 0.0) / n) / weights.sum())
    p = (n1**2 * x0 - n0**2 * x1 + n1 * n0 * (n0 - n1) / 2) / n**2
    q = (x1 * (n0 - x0) + x0 * (n1 - x1)) / (2 * n)
    variance = float(np.sum(np.where(weights > 0, difference * p + q, 0.0)) / weights.sum() ** 2)
    return _normal_interval(difference, max(0.0, variance), confidence)


def _score_difference(wide: pd.DataFrame, confidence: float) -> Interval:
    """The same weights on mean scores, with the variance of each stratum."""
    n0, n1 = (wide["requests"][arm].fillna(0.0).to_numpy(dtype=float) for arm in ARMS)
    weights = _weights(n0, n1)
    used = weights > 0
    variance = np.zeros(used.sum())
    for arm, n in zip(ARMS, (n0, n1), strict=True):
        own = wide["score_variance"][arm].to_numpy(dtype=float)[used]
        known = np.isfinite(own)  # a single row has no variance of its own: the arm's stands in
        pooled = np.average(own[known], weights=n[used][known] - 1) if known.any() else np.nan
        variance += np.where(known, own, pooled) / n[used]
    means = wide["mean_score"][ARMS[1]] - wide["mean_score"][ARMS[0]]
    difference = float(np.average(means.to_numpy(dtype=float)[used], weights=weights[used]))
    return _normal_interval(difference, float(np.sum(weights[used] ** 2 * variance) / weights.sum() ** 2), confidence)


def _weights(n0: np.ndarray, n1: np.ndarray) -> np.ndarray:
    return n0 * n1 / np.maximum(n0 + n1, 1)


def _normal_interval(estimate: float, variance: float, confidence: float) -> Interval:
    half = float(norm.ppf((1 + confidence) / 2) * np.sqrt(variance))
    return Interval(estimate, estimate - half, estimate + half, confidence)
