"""Which features moved, and on which day?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.monitoring.logs._moments import day
from coursekit.monitoring.logs._views import identifier, text
from coursekit.monitoring.logs.questions._answer import Answer, check_whole, one_of, period
from coursekit.monitoring.logs.schema import FEATURE_PREFIX

if TYPE_CHECKING:
    from coursekit.monitoring.logs.prediction_log import PredictionLog

DISTANCES = {"psi": "PSI", "kl": "KL 발산", "js": "옌센-섀넌 거리", "tv": "총변동 거리", "hellinger": "헬링거 거리"}
_DASHES = ("dot", "dash", "longdashdot")


@dataclass(frozen=True, eq=False, repr=False)
class DailyDrift(Answer):
    """Distance of each day from the reference days, feature by feature.

    ``noise`` is the PSI that so many rows and bins give on average without any drift; a PSI of that
    size says nothing. A day without predictions is a row with 0 requests and no distances.
    """

    reference: tuple[date, date]
    """First and last day of the reference."""
    edges: Mapping[str, np.ndarray]
    """Inner bin edges of each numeric feature; a bin holds its upper edge."""
    edges_sql: str
    """The SQL that found the quantiles, on the reference days alone; empty without numeric features."""

    def plot(self, distance: str = "psi") -> go.Figure:
        """One line for each feature; the reference days are shaded.

        Beside PSI stands what no drift gives on average. It grows with the number of bins: there is a
        line for each, and for the fewest and the most where features have more than three numbers.

        PSI and KL, which have no upper end, are drawn on a logarithmic axis: a vanished feature
        would flatten all others. A distance of 0 has no place on it and is left out.
        """
        one_of("distance", distance, tuple(DISTANCES))
        figure = go.Figure(layout={"title": f"날짜별 드리프트: 기준 기간과의 {DISTANCES[distance]}"})
        first, last = (pd.Timestamp(moment) for moment in self.reference)
        half = pd.Timedelta("12h")
        figure.add_vrect(
            x0=first - half,
            x1=last + half,
            fillcolor="lightslategray",
            opacity=0.2,
            line_width=0,
            annotation_text="기준 기간",
            annotation_position="top left",
        )
        for feature, rows in self.table.groupby("feature"):
            figure.add_scatter(
                x=rows["day"],
                y=rows[distance].where(rows[distance] > 0) if distance in ("psi", "kl") else rows[distance],
                name=str(feature),
                mode="lines+markers",
                marker={"size": 4},
                hovertemplate="%{x|%Y-%m-%d}: %{y:.4f}",
            )
        if distance == "psi":
            most = self.table.groupby("feature")["bins"].transform("max")
            numbers = sorted(most.unique())
            drawn = numbers if len(numbers) <= len(_DASHES) else [numbers[0], numbers[-1]]
            for bins, dash in zip(drawn, _DASHES, strict=False):
                noise = self.table[most == bins].groupby("day")["noise"].max()
                figure.add_scatter(
                    x=noise.index,
                    y=noise,
                    name=f"드리프트가 없을 때의 평균 ({bins}칸 피처)",
                    mode="lines",
                    line={"dash": dash, "color": "gray"},
                    hovertemplate="%{x|%Y-%m-%d}: %{y:.4f}",
                )
        figure.update_layout(xaxis_title="날짜 (UTC)", yaxis_title=DISTANCES[distance], legend_title_text="피처")
        figure.update_xaxes(tickformat="%m-%d")
        if distance in ("psi", "kl"):
            figure.update_yaxes(type="log", exponentformat="none", minor={"showgrid": False}, dtick=1)
        else:
            figure.update_yaxes(rangemode="tozero")
        return figure


def daily_drift(
    log: PredictionLog,
    *,
    features: Sequence[str] | None = None,
    reference: tuple[Any, Any],
    bins: int = 10,
    max_categories: int = 100,
    start: Any = None,
    end: Any = None,
) -> DailyDrift:
    r"""Distance of each day's features from reference days, counted and computed in SQL.

    Labels come weeks later; inputs are there at once. A feature that moves, or that half of
    the requests suddenly lack, is the earliest sign that a model answers questions it was not
    trained on. DuckDB reads only the columns in question and returns a row per day and feature,
    however many rows the log has.

    Numbers are cut at the reference's quantiles into bins :math:`(a, b]`, a value that fills a
    whole quantile gets a bin of its own, and the outer bins are open; missing values are a bin.
    Categories are the reference's most frequent values, the rarer ones together, those never
    seen there, and the missing ones. Over the bins filled on the day or in the reference, with
    shares p of the day and q of the reference: KL is :math:`\mathrm{KL}(p \| q)` in nats, JS the
    root of the divergence, PSI :math:`\sum (p - q) \ln (p / q)`; for KL and PSI each bin counts half
    a row more. The rules and numbers are those of :class:`coursekit.monitoring.distances.Reference`,
    which also tests them, on rows in memory; infinite values, which it refuses, fall into an
    outer bin here.

    Parameters
    ----------
    log
        The log to ask.
    features
        Names without ``feature_``; None takes all that the log has.
    reference
        First and last day (UTC) of the reference, both included.
    bins
        Bins of each number, 2 or more; fewer where values repeat.
    max_categories
        Most frequent categories with a bin of their own.
    start
        First day (UTC) compared; None begins with the log.
    end
        Last day (UTC) compared; None ends with the log.

    Raises
    ------
    ValueError
        If a feature is unknown, the reference has no predictions, the days compared lie outside
        the log, or an option lies outside its range.

    Examples
    --------
    >>> import tempfile
    >>> from coursekit.monitoring.logs import PredictionLog
    >>> log = PredictionLog(tempfile.mkdtemp())
    >>> rng = np.random.default_rng(0)
    >>> days = pd.date_range("2026-03-01T00:00Z", periods=3).repeat(1000)
    >>> _ = log.append(pd.DataFrame({
    ...     "request_id": [f"r{i}" for i in range(3000)], "event_time": days,
    ...     "model_version": "fraud-3", "feature_version": "f12", "arm": "baseline",
    ...     "score": 0.5, "latency_ms": 10.0,
    ...     "feature_amount": rng.normal(size=3000) + (days.day == 3),  # moves on the third day
    ... }))
    >>> drift = daily_drift(log, reference=("2026-03-01", "2026-03-01"))
    >>> drift.to_frame()[["day", "feature", "requests", "psi", "noise"]].round({"psi": 3, "noise": 3})
             day feature  requests    psi  noise
    0 2026-03-01  amount      1000  0.000  0.018
    1 2026-03-02  amount      1000  0.020  0.018
    2 2026-03-03  amount      1000  0.994  0.018

    References
    ----------
    Yurdakul (2018). Statistical properties of population stability index. Western Michigan
    University.
    """
    kinds = log.schema().features
    chosen = list(kinds) if features is None else list(dict.fromkeys(features))
    unknown = [name for name in chosen if name not in kinds]
    if unknown or not chosen:
        known = ", ".join(kinds) or "none yet"
        raise ValueError(f"the log has no feature {', '.join(map(repr, unknown)) or 'at all'}; it has {known}")
    bins = check_whole("bins", bins, low=2)
    max_categories = check_whole("max_categories", max_categories, low=1)
    if not isinstance(reference, tuple | list) or len(reference) != 2:
        raise ValueError(f"reference must be its first and its last day, got {reference!r}")
    first, last = (day(value, "reference") for value in reference)
    if first > last:
        raise ValueError(f"reference begins on {first} and ends on {last}; swap them")
    days: dict[str, Any] = {"reference_start": first, "reference_end": last}
    numbers = [name for name in chosen if kinds[name] == "number"]
    edges, edges_sql = _edges(log, numbers, bins, days)
    compared = period(start, end)[1]
    parameters = days | compared
    categories = [name for name in chosen if kinds[name] != "number"]
    if categories:
        parameters["max_categories"] = max_categories
    sql = _drift_sql(edges, categories, start is not None, end is not None)
    table = log.query(sql, **parameters)
    if not table["reference_requests"].all() or table.empty:
        logged = log.days()
        told = f"its days are {logged[0]} to {logged[-1]}" if logged else "the log is empty"
        if any(first <= known <= last for known in logged):
            asked = " and ".join(f"{name} {value}" for name, value in compared.items())
            raise ValueError(f"no day has predictions to compare ({asked}); {told}")
        raise ValueError(f"there are no predictions from {first} to {last} to compare with; {told}")
    return DailyDrift(table, sql, parameters, (first, last), edges, edges_sql)


def _edges(
    log: PredictionLog, features: Sequence[str], bins: int, days: Mapping[str, date]
) -> tuple[dict[str, np.ndarray], str]:
    """Inner edges of each feature from the quantiles of the reference."""
    if not features:
        return {}, ""
    shares = ", ".join(repr(k / bins) for k in range(1, bins))
    columns = []
    for number, name in enumerate(features):
        column = identifier(FEATURE_PREFIX + name)
        finite = f"FILTER (isfinite({column}))"
        columns += [
            f"quantile_disc({column}, [{shares}]) {finite} AS quantiles_{number}",
            f"min({column}) {finite} AS lowest_{number}",
            f"max({column}) {finite} AS highest_{number}",
        ]
    sql = (
        "SELECT "
        + ",\n       ".join(columns)
        + "\nFROM predictions\nWHERE day BETWEEN $reference_start AND $reference_end"
    )
    row = log.query(sql, **days).iloc[0]
    found = {}
    for number, name in enumerate(features):
        lowest, highest = row[f"lowest_{number}"], row[f"highest_{number}"]
        if pd.isna(lowest):
            found[name] = np.empty(0)
        elif lowest == highest:  # bins below, equal and above
            found[name] = np.array([np.nextafter(lowest, -np.inf), lowest])
        else:
            quantiles, times = np.unique(np.asarray(row[f"quantiles_{number}"], dtype=float), return_counts=True)
            found[name] = np.union1d(quantiles, np.nextafter(quantiles[times > 1], -np.inf))
    return found, sql


def _drift_sql(edges: Mapping[str, np.ndarray], categories: Sequence[str], starts: bool, ends: bool) -> str:
    compared = [term for term, given in (("day >= $start", starts), ("day <= $end", ends)) if given]
    in_reference = "day BETWEEN $reference_start AND $reference_end"
    read = f" WHERE {in_reference} OR ({' AND '.join(compared)})" if compared else ""
    shown = f" WHERE {' AND '.join(compared)}" if compared else ""
    counts = "\n    UNION ALL\n".join(
        [_count_numbers(name, cuts, read) for name, cuts in edges.items()]
        + [_count_categories(name, read, in_reference) for name in categories]
    )
    earliest = "coalesce($start, min(day))" if starts else "min(day)"
    latest = "coalesce($end, max(day))" if ends else "max(day)"
    return f"""\
WITH cells AS (  -- rows by feature, day and bin
{counts}
),
reference AS (
    SELECT feature, bin, sum(n) AS n FROM cells WHERE {in_reference} GROUP BY ALL
),
calendar AS (  -- every day, also those that left no row
    SELECT unnest(generate_series({earliest}, {latest}, INTERVAL 1 DAY))::DATE AS day FROM cells{shown}
),
pairs AS (  -- bins filled on the day or in the reference
    SELECT feature, day, bin, coalesce(cells.n, 0) AS today, coalesce(reference.n, 0) AS before
    FROM calendar
    CROSS JOIN (SELECT DISTINCT feature, bin FROM cells)
    LEFT JOIN cells USING (feature, day, bin)
    LEFT JOIN reference USING (feature, bin)
    WHERE cells.n > 0 OR reference.n > 0
),
totals AS (  -- NULL on a day without rows, and so is all that is computed from it
    SELECT *,
           nullif(sum(today) OVER one, 0) AS n,
           nullif(sum(before) OVER one, 0) AS m,
           count(*) OVER one AS bins
    FROM pairs
    WINDOW one AS (PARTITION BY feature, day)
),
shares AS (  -- p of the day, q of the reference; with half a row more in each bin none is zero
    SELECT *,
           today / n AS p, (today + 0.5) / (n + 0.5 * bins) AS smooth_p,
           before / m AS q, (before + 0.5) / (m + 0.5 * bins) AS smooth_q
    FROM totals
)
SELECT day, feature,
       coalesce(any_value(n), 0)::BIGINT AS requests,
       coalesce(any_value(m), 0)::BIGINT AS reference_requests,
       any_value(bins) AS bins,
       sum(p * (bin = 'missing')::INTEGER) AS missing,
       sum(q * (bin = 'missing')::INTEGER) AS missing_reference,
       sum((smooth_p - smooth_q) * ln(smooth_p / smooth_q)) AS psi,
       abs(sum(smooth_p * ln(smooth_p / smooth_q))) AS kl,  -- rounding may leave a little below 0
       sqrt(abs(sum(CASE WHEN p = 0 THEN 0 ELSE p * ln(2 * p / (p + q)) END
                    + CASE WHEN q = 0 THEN 0 ELSE q * ln(2 * q / (p + q)) END)) / 2) AS js,
       sum(abs(p - q)) / 2 AS tv,
       sqrt(sum((sqrt(p) - sqrt(q)) ** 2) / 2) AS hellinger,
       (any_value(bins) - 1) * (1 / any_value(n) + 1 / any_value(m)) AS noise
FROM shares
GROUP BY day, feature
ORDER BY day, feature"""


def _count_numbers(name: str, edges: np.ndarray, read: str) -> str:
    column = identifier(FEATURE_PREFIX + name)
    whens = [f"WHEN {column} <= {_double(edge)} THEN '{number}'" for number, edge in enumerate(edges)]
    cases = "\n                ".join([f"WHEN {column} IS NULL THEN 'missing'", *whens])
    return f"""\
    SELECT {text(name)} AS feature, day,
           CASE {cases}
                ELSE '{len(edges)}' END AS bin,
           count(*) AS n
    FROM predictions{read}
    GROUP BY ALL"""


def _count_categories(name: str, read: str, in_reference: str) -> str:
    column = f"{identifier(FEATURE_PREFIX + name)}::VARCHAR"
    return f"""\
    SELECT {text(name)} AS feature, day,
           CASE WHEN value IS NULL THEN 'missing' WHEN rank IS NULL THEN 'new'
                WHEN rank <= $max_categories THEN rank::VARCHAR ELSE 'other' END AS bin,
           sum(n)::BIGINT AS n
    FROM (SELECT day, {column} AS value, count(*) AS n FROM predictions{read} GROUP BY ALL)
    LEFT JOIN (  -- the reference's values, the most frequent first
        SELECT value, row_number() OVER (ORDER BY n DESC, value) AS rank
        FROM (
            SELECT {column} AS value, count(*) AS n FROM predictions WHERE {in_reference} GROUP BY ALL
        )
        WHERE value IS NOT NULL
    ) USING (value)
    GROUP BY ALL"""


def _double(value: float) -> str:
    """A number that SQL reads as the very same double, not as a decimal."""
    written = repr(float(value))
    return written if "e" in written else f"{written}e0"
