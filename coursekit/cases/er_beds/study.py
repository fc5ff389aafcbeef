"""How good is the forecast, and for how long?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit.cases.er_beds._auc import auc
from coursekit.cases.er_beds.bed_log import BedLog
from coursekit.cases.er_beds.changes import Change
from coursekit.cases.er_beds.features import BedFeatures, point_in_time_features
from coursekit.cases.er_beds.model import AvailabilityModel, PersistenceBaseline
from coursekit.modeling.evaluation import (
    CalibrationCurve,
    Interval,
    brier_difference,
    brier_score,
    calibration,
)
from coursekit.monitoring._checks import check_number, check_whole
from coursekit.short_repr import ShortRepr

MONTH_DAYS = 30
"""Days that a month has here, so that months can be compared."""
RETRAINING_POLICIES: dict[str, int | None] = {"never": None, "monthly": 1, "every 3 months": 3, "every 4 months": 4}
"""Months between two trainings; None for no further one."""
_POLICY_NAMES = {
    "never": "재학습 없음",
    "monthly": "매달",
    "every 3 months": "3개월마다",
    "every 4 months": "4개월마다",
}


@dataclass(frozen=True, eq=False, repr=False)
class AvailabilityReport(ShortRepr):
    """A forecast over a period beside the last report taken at its word, overall and by hospital."""

    curve: CalibrationCurve
    """Predicted and observed shares; slope and intercept of the forecast."""
    brier: float
    """Mean squared error of the probabilities."""
    persistence_brier: float
    """The same of the baseline."""
    gain: Interval
    """By how much the forecast's Brier score is lower; whole days are drawn."""
    auc: float
    """Area under the ROC curve; NaN if all answers were alike."""
    n: int
    """Rows: moments times hospitals."""
    hospitals: tuple[str, ...]
    """Names of the hospitals."""
    hospital_accepted: np.ndarray
    """Share of moments at which each would have let a patient in, shape (hospitals,)."""
    hospital_brier: np.ndarray
    """Brier score of the forecast in each, shape (hospitals,)."""
    hospital_persistence_brier: np.ndarray
    """Brier score of the baseline in each, shape (hospitals,)."""

    @property
    def skill(self) -> float:
        """Share of the baseline's Brier score that is gone; NaN if the baseline makes no error."""
        return _skill(self.brier, self.persistence_brier)

    @property
    def slope(self) -> float:
        """Calibration slope: 1 is right, below 1 too sure."""
        return self.curve.slope

    @property
    def intercept(self) -> float:
        """Calibration intercept, log odds: above 0 more patients are let in than was said."""
        return self.curve.intercept

    def to_frame(self) -> pd.DataFrame:
        """One row for all hospitals and one for each: rows, share let in, both Brier scores, skill."""
        count = self.n // len(self.hospitals)
        rows = [("all", self.n, self.curve.base_rate, self.brier, self.persistence_brier)]
        slices = (self.hospital_accepted, self.hospital_brier, self.hospital_persistence_brier)
        rows += [(name, count, *row) for name, *row in zip(self.hospitals, *slices, strict=True)]
        table = pd.DataFrame(rows, columns=["hospital", "rows", "accepted", "brier", "persistence_brier"])
        skill = [_skill(brier, base) for brier, base in zip(table["brier"], table["persistence_brier"], strict=True)]
        return table.assign(skill=skill).set_index("hospital")

    def plot(self) -> go.Figure:
        """Brier scores by hospital, forecast beside baseline; ``curve.plot()`` shows calibration."""
        title = f"병원별 브라이어 점수 (전체 {self.brier:.4f}, 기초선 {self.persistence_brier:.4f})"
        figure = go.Figure(layout={"title": title, "yaxis_title": "브라이어 점수 (낮을수록 좋음)", "height": 400})
        figure.add_bar(x=list(self.hospitals), y=self.hospital_persistence_brier, name="기초선: 마지막 보고 그대로")
        figure.add_bar(x=list(self.hospitals), y=self.hospital_brier, name="모델")
        return figure


@dataclass(frozen=True, eq=False, repr=False)
class RetrainingReport(ShortRepr):
    """Brier scores of retraining policies, month by month, on the same rows."""

    policies: dict[str, int | None]
    """Months between two trainings by name."""
    month: np.ndarray
    """First moment of each month that was scored, datetime64[s], shape (months,)."""
    brier: np.ndarray
    """Brier scores, shape (policies, months)."""
    slope: np.ndarray
    """Calibration slopes, NaN where they cannot be fitted, shape (policies, months)."""
    persistence_brier: np.ndarray
    """Brier scores of the baseline counted on the first training months, shape (months,)."""
    age_months: np.ndarray
    """Age of the model in use at each month's beginning, shape (policies, months)."""
    changes: tuple[Change, ...]
    """What changed in the world, and when."""

    @property
    def trainings(self) -> dict[str, int]:
        """Trainings of each policy after the first, which all share."""
        return dict(zip(self.policies, (self.age_months[:, 1:] == 0).sum(axis=1).tolist(), strict=True))

    @property
    def mean_brier(self) -> dict[str, float]:
        """Brier score of each policy averaged over months."""
        return dict(zip(self.policies, self.brier.mean(axis=1).tolist(), strict=True))

    def to_frame(self) -> pd.DataFrame:
        """One row per policy and month: Brier score, the baseline's, slope, age of the model."""
        policies, months = self.brier.shape
        return pd.DataFrame(
            {
                "policy": np.repeat(list(self.policies), months),
                "month": np.tile(self.month, policies),
                "brier": self.brier.ravel(),
                "persistence_brier": np.tile(self.persistence_brier, policies),
                "slope": self.slope.ravel(),
                "age_months": self.age_months.ravel(),
            }
        )

    def plot(self) -> go.Figure:
        """Brier scores over time, a line per policy; dotted lines mark changes of the world."""
        title = "재학습 주기에 따른 브라이어 점수"
        figure = go.Figure(layout={"title": title, "yaxis_title": "브라이어 점수 (낮을수록 좋음)", "height": 440})
        for name, line in zip(self.policies, self.brier, strict=True):
            figure.add_scatter(x=self.month, y=line, mode="lines+markers", name=_POLICY_NAMES.get(name, name))
        baseline = {"name": "기초선: 마지막 보고 그대로", "line": {"dash": "dot", "color": "gray"}}
        figure.add_scatter(x=self.month, y=self.persistence_brier, mode="lines", **baseline)
        for start in sorted({str(change.start) for change in self.changes}):
            figure.add_vline(x=start, line_dash="dot")
        figure.update_xaxes(title="달의 첫날")
        return figure


def evaluate_availability(
    model: Any,
    log: BedLog,
    times: ArrayLike,
    *,
    horizon_minutes: float = 20,
    baseline: PersistenceBaseline | None = None,
) -> AvailabilityReport:
    r"""Score a forecast against what happened, and against the last report taken at its word.

    Over twenty minutes beds rarely change, so a rule that repeats the last report looks excellent. A model
    earns its keep by what it adds, :math:`1 - \mathrm{Brier} / \mathrm{Brier}_{\text{persistence}}`, and
    by probabilities that mean what they say. Rows of one day share their rush hour: the interval draws days.

    Parameters
    ----------
    model
        Anything fitted whose ``predict_proba`` takes `BedFeatures` and gives a probability per row.
    log
        The log, of another period or another city than the model was trained on.
    times
        Moments to ask at, shape (n,).
    horizon_minutes
        Minutes until the ambulance arrives.
    baseline
        A fitted baseline; None counts one on these very rows, so that it has seen the answers.

    Raises
    ------
    ValueError
        If there is no time, one lies outside of the log, or the model gives something else than one
        probability per row.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, simulate
    >>> log = simulate(city(3), days=30, seed=1)
    >>> past, later = log.every(60, end="2019-03-21"), log.every(60, start="2019-03-21")
    >>> model = AvailabilityModel().fit(point_in_time_features(log, past), log.accepts(past).ravel())
    >>> report = evaluate_availability(model, log, later)
    >>> report.brier < report.persistence_brier
    True
    """
    features = point_in_time_features(log, times)
    if not len(features.values):
        raise ValueError("evaluate_availability: times is empty; give at least one moment")
    accepted = log.accepts(times, horizon_minutes=horizon_minutes).ravel()
    probability = _probabilities(model, features)
    base = PersistenceBaseline().fit(features, accepted) if baseline is None else baseline
    expected = _probabilities(base, features)
    by_hospital = (-1, len(log.city.hospitals))  # rows are moments by hospitals
    return AvailabilityReport(
        curve=calibration(accepted, probability),
        brier=brier_score(accepted, probability),
        persistence_brier=brier_score(accepted, expected),
        gain=brier_difference(accepted, expected, probability, groups=features.time.astype("datetime64[D]")),
        auc=auc(accepted, probability),
        n=accepted.size,
        hospitals=log.city.names,
        hospital_accepted=accepted.reshape(by_hospital).mean(axis=0),
        hospital_brier=((probability - accepted) ** 2).reshape(by_hospital).mean(axis=0),
        hospital_persistence_brier=((expected - accepted) ** 2).reshape(by_hospital).mean(axis=0),
    )


def retraining_study(
    log: BedLog,
    *,
    policies: Mapping[str, int | None] | None = None,
    horizon_minutes: float = 20,
    window_months: int = 3,
    every_minutes: int = 60,
    kind: str = "boosting",
    random_state: int = 0,
) -> RetrainingReport:
    """Replay retraining policies over the months of a log: what does a new training buy?

    "Retrain every quarter" is a guess until somebody has looked at what the quarter costs. In a world that
    stands still the old model is as good as the new one; where the meaning of "no bed left" changes, each
    month of waiting is paid for.

    All policies start with one model of the first ``window_months`` months (of 30 days). Each training
    looks at the newest ``window_months`` months and only at moments whose answer was known when it began,
    so no number depends on what came after its month.

    Parameters
    ----------
    log
        The log, at least one month longer than the window.
    policies
        Months between two trainings by name, None for no further one; None takes `RETRAINING_POLICIES`.
    horizon_minutes
        Minutes until the ambulance arrives; so late is a label known.
    window_months
        Months that a training looks at.
    every_minutes
        Minutes between two moments looked at, for training and for scores.
    kind
        Kind of `AvailabilityModel`.
    random_state
        Seed of the models.

    Raises
    ------
    ValueError
        If the log is too short, there is no policy, or a number is out of range.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, simulate
    >>> log = simulate(city(2), days=120, seed=1)
    >>> report = retraining_study(log, policies={"never": None, "monthly": 1}, window_months=2)
    >>> report.brier.shape, report.trainings
    ((2, 2), {'never': 0, 'monthly': 1})
    """
    where = "retraining_study"
    chosen = dict(RETRAINING_POLICIES if policies is None else policies)
    if not chosen:
        raise ValueError(f"{where}: give at least one policy, such as {{'monthly': 1}}")
    for name, gap in chosen.items():
        if gap is not None:
            check_whole(where, f"policies[{name!r}]", gap, low=1)
    check_number(where, "horizon_minutes", horizon_minutes)
    check_whole(where, "window_months", window_months, low=1)
    check_whole(where, "every_minutes", every_minutes, low=1)
    times = log.every(every_minutes)
    minutes = log.minutes(times)
    times = times[minutes + horizon_minutes <= log.known_until]
    length = 1440 * MONTH_DAYS
    months = int(log.known_until // length)
    if months <= window_months:
        raise ValueError(
            f"{where}: the log holds {months} months of {MONTH_DAYS} days; give it more than the "
            f"{window_months} of the first training"
        )
    features = point_in_time_features(log, times)
    accepted = log.accepts(times, horizon_minutes=horizon_minutes).ravel()
    asked = np.repeat(log.minutes(times), len(log.city.hospitals))

    def trained(learner: Any, month: int) -> Any:
        end = month * length
        rows = (asked >= end - window_months * length) & (asked + horizon_minutes <= end)
        return learner.fit(features.rows(rows), accepted[rows])

    scored = np.arange(window_months, months)
    age = np.array([[0 if gap is None else k % gap for k in range(scored.size)] for gap in chosen.values()])
    never = np.array([gap is None for gap in chosen.values()])
    age[never] = np.arange(scored.size)
    baseline = trained(PersistenceBaseline(), window_months)
    models: dict[int, AvailabilityModel] = {}
    brier, slope = np.empty(age.shape), np.empty(age.shape)
    base = np.empty(scored.size)
    for k, month in enumerate(scored):
        rows = (asked >= month * length) & (asked < (month + 1) * length)
        seen, truth = features.rows(rows), accepted[rows]
        base[k] = brier_score(truth, baseline.predict_proba(seen))
        of_month: dict[int, tuple[float, float]] = {}
        for p, since in enumerate(age[:, k].tolist()):
            born = int(month) - since
            if born not in models:
                models[born] = trained(AvailabilityModel(kind=kind, random_state=random_state), born)
            if born not in of_month:
                probability = models[born].predict_proba(seen)
                of_month[born] = brier_score(truth, probability), calibration(truth, probability).slope
            brier[p, k], slope[p, k] = of_month[born]
    start = log.start + (scored * MONTH_DAYS).astype("timedelta64[D]")
    return RetrainingReport(chosen, start, brier, slope, base, age, log.truth)


def _probabilities(model: Any, features: BedFeatures) -> np.ndarray:
    probability = np.asarray(model.predict_proba(features), dtype=float)
    if probability.shape != features.values.shape[:1] or not ((probability >= 0) & (probability <= 1)).all():
        raise ValueError(
            f"predict_proba must give one probability for each of the {len(features.values)} rows, "
            f"got shape {probability.shape}"
        )
    return probability


def _skill(brier: float, base: float) -> float:
    return 1 - brier / base if base else float("nan")
