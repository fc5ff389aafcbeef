"""How often to train again: every policy served month by month, on labels that were known by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit._number_checks import check_whole
from coursekit.cases.er_beds.bed_log import BedLog
from coursekit.cases.er_beds.features import point_in_time_features
from coursekit.cases.er_beds.model import AvailabilityModel, PersistenceBaseline
from coursekit.modeling.evaluation import brier_score
from coursekit.short_repr import ShortRepr

MONTH_DAYS = 30
"""Days of a month of service."""
_KOREAN = {
    "never": "다시 학습하지 않음",
    "monthly": "매달",
    "every 3 months": "석 달에 한 번",
    "every 4 months": "넉 달에 한 번",
}
_POLICIES = {"never": None, "monthly": 1, "every 3 months": 3, "every 4 months": 4}


@dataclass(frozen=True, eq=False, repr=False)
class RetrainingReport(ShortRepr):
    """Brier score of each policy in each month of service."""

    month: np.ndarray
    """First day of each month of service, datetime64[D], shape (months,)."""
    brier: dict[str, np.ndarray]
    """Brier score by policy, shape (months,) each."""
    trainings: dict[str, int]
    """Trainings after the first one, by policy."""
    persistence: np.ndarray
    """Brier score of the persistence baseline, counted once before service, shape (months,)."""
    changes: tuple[np.datetime64, ...]
    """When the world changed."""

    @property
    def mean(self) -> dict[str, float]:
        """Brier score of each policy, averaged over months."""
        return {name: float(values.mean()) for name, values in self.brier.items()}

    def to_frame(self) -> pd.DataFrame:
        """One row per month, a column per policy and one for persistence."""
        return pd.DataFrame({"month": self.month, **self.brier, "persistence": self.persistence}).set_index("month")

    def plot(self) -> go.Figure:
        """Brier score over time, a line per policy; lower is better."""
        layout = {"title": "달마다의 브라이어 점수 (작을수록 좋음)", "xaxis_title": "서빙한 달", "height": 400}
        figure = go.Figure(layout=layout)
        for name, values in self.brier.items():
            figure.add_scatter(x=self.month, y=values, name=_KOREAN.get(name, name), mode="lines+markers")
        figure.add_scatter(x=self.month, y=self.persistence, name="지금 상태 그대로", line_dash="dot")
        for moment in sorted(set(self.changes)):
            figure.add_vline(x=str(moment)[:10], line_dash="dash")
        figure.update_yaxes(rangemode="tozero")
        return figure


def retraining_study(
    log: BedLog,
    *,
    policies: Mapping[str, int | None] | None = None,
    first_days: int = 60,
    horizon_minutes: float = 20,
    every_minutes: int = 60,
    kind: str = "boosting",
    seed: int = 0,
) -> RetrainingReport:
    """Serve a year month by month under policies of retraining, and score each month.

    "Every three to four months, or monthly?" is answered by what a month without training costs in this
    world. A model trained at the beginning of a month sees rows whose label was known by then, and nothing
    later; all policies share the first model.

    Parameters
    ----------
    log
        The log.
    policies
        Name to months between trainings, None for never; None for never, monthly, every 3 and 4 months.
    first_days
        Days of the log that the first model learns from.
    horizon_minutes
        Minutes until the ambulance arrives.
    every_minutes
        Minutes between two rows of a hospital.
    kind
        Kind of `AvailabilityModel`.
    seed
        Seed of the models.

    Raises
    ------
    ValueError
        If the log leaves no whole month of service, there is no policy, or a number is out of range.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, simulate
    >>> report = retraining_study(simulate(city(2), days=95), first_days=30, every_minutes=240)
    >>> report.trainings["monthly"], len(report.month)
    (1, 2)
    """
    chosen = dict(_POLICIES if policies is None else policies)
    if not chosen:
        raise ValueError("retraining_study: give at least one policy")
    for name, months in chosen.items():
        if months is not None:
            check_whole("retraining_study", f"months of {name!r}", months, low=1)
    check_whole("retraining_study", "first_days", first_days, low=1)
    served = (log.days - first_days) // MONTH_DAYS
    if served < 1:
        raise ValueError(
            f"retraining_study: {log.days} days leave no month after the first {first_days}; simulate more"
        )
    times = log.every(every_minutes, horizon_minutes=horizon_minutes)
    features = point_in_time_features(log, times)
    y = log.accepts(times, horizon_minutes=horizon_minutes).ravel()
    minute = log.minutes(features.time)
    begins = 1440.0 * (first_days + MONTH_DAYS * np.arange(served + 1))

    def trained(month: int) -> AvailabilityModel:
        known = minute + horizon_minutes < begins[month]
        return AvailabilityModel(kind=kind, random_state=seed).fit(features.rows(known), y[known])

    first = minute + horizon_minutes < begins[0]
    baseline = PersistenceBaseline().fit(features.rows(first), y[first])
    models: dict[int, AvailabilityModel] = {}
    scores: dict[str, list[float]] = {name: [] for name in chosen}
    persistence = []
    for month in range(served):
        rows = (minute >= begins[month]) & (minute < begins[month + 1])
        part, truth = features.rows(rows), y[rows]
        persistence.append(brier_score(truth, baseline.predict_proba(part)))
        by_age: dict[int, float] = {}  # policies that serve the same model share its score
        for name, gap in chosen.items():
            at = 0 if gap is None else month - month % gap
            if at not in by_age:
                models[at] = models.get(at) or trained(at)
                by_age[at] = brier_score(truth, models[at].predict_proba(part))
            scores[name].append(by_age[at])
    days = first_days + MONTH_DAYS * np.arange(served)
    return RetrainingReport(
        month=log.start.astype("datetime64[D]") + days,
        brier={name: np.array(values) for name, values in scores.items()},
        trainings={name: 0 if gap is None else (served - 1) // gap for name, gap in chosen.items()},
        persistence=np.array(persistence),
        changes=tuple(change.start for change in log.truth),
    )
