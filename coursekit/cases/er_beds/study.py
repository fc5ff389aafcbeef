"""How good is a forecast of beds, overall and hospital by hospital?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit.cases.er_beds._auc import auc
from coursekit.cases.er_beds.bed_log import BedLog
from coursekit.cases.er_beds.features import BedFeatures, point_in_time_features
from coursekit.cases.er_beds.model import PersistenceBaseline
from coursekit.modeling.evaluation import (
    CalibrationCurve,
    Interval,
    brier_difference,
    brier_score,
    calibration,
)
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, eq=False, repr=False)
class AvailabilityReport(ShortRepr):
    """A forecast over a period beside the last report taken at its word, overall and by hospital."""

    curve: CalibrationCurve
    """Predicted and observed shares; slope and intercept of the forecast."""
    persistence_brier: float
    """Mean squared error of the baseline's probabilities."""
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
    def brier(self) -> float:
        """Mean squared error of the probabilities."""
        return self.curve.brier

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
    >>> from coursekit.cases.er_beds import AvailabilityModel, city, simulate
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
        persistence_brier=brier_score(accepted, expected),
        gain=brier_difference(accepted, expected, probability, groups=features.time.astype("datetime64[D]")),
        auc=auc(accepted, probability),
        n=accepted.size,
        hospitals=log.city.names,
        hospital_accepted=accepted.reshape(by_hospital).mean(axis=0),
        hospital_brier=((probability - accepted) ** 2).reshape(by_hospital).mean(axis=0),
        hospital_persistence_brier=((expected - accepted) ** 2).reshape(by_hospital).mean(axis=0),
    )


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
