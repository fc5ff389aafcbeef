"""Will the emergency room take the patient: a model, and the baseline that it has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import ThreadpoolController

from coursekit.cases.er_beds.features import BedFeatures

AVAILABILITY_KINDS = ("boosting", "logistic")
"""Kinds of `AvailabilityModel`."""


class AvailabilityModel(BaseEstimator):
    """Probability that an ambulance which arrives a little later is let in.

    The features hold no name of a hospital, so the model answers for one that it has never seen; and it
    takes missing values, since a hospital that has not reported yet still stands in the road.

    Parameters
    ----------
    features
        Names of the features to look at; None for all.
    kind
        ``"boosting"`` (histogram gradient boosting) or ``"logistic"`` (on scaled features, missing values
        replaced by the median and marked).
    random_state
        Seed of the model.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, point_in_time_features, simulate
    >>> log = simulate(city(3), days=20, seed=1)
    >>> times = log.every(60)
    >>> features = point_in_time_features(log, times)
    >>> model = AvailabilityModel().fit(features, log.accepts(times).ravel())
    >>> model.predict_proba(features).shape == (len(times) * 3,)
    True
    """

    def __init__(self, *, features: Sequence[str] | None = None, kind: str = "boosting", random_state: int = 0):
        self.features = features
        self.kind = kind
        self.random_state = random_state

    def fit(self, features: BedFeatures, y: ArrayLike) -> AvailabilityModel:
        """Learn from features and labels, shape (rows,)."""
        if self.kind not in AVAILABILITY_KINDS:
            raise ValueError(
                f"AvailabilityModel: kind must be one of {', '.join(AVAILABILITY_KINDS)}, got {self.kind!r}"
            )
        accepted = _labels(features, y)
        if accepted.all() or not accepted.any():
            raise ValueError(f"the {accepted.size} labels are all {bool(accepted[0])}; both answers are needed")
        wanted = features.names if self.features is None else self.features
        self.names_ = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        if not self.names_:
            raise ValueError("AvailabilityModel: features names none; leave it None for all")
        values = features.take(self.names_).values
        order = np.lexsort((accepted, *values.T))  # sums of floats depend on the order of rows, the model must not
        self.pipeline_ = _pipeline(self.kind, self.random_state)
        with _one_thread():
            self.pipeline_.fit(values[order], accepted[order])
        return self

    def predict_proba(self, features: BedFeatures) -> np.ndarray:
        """Probability of being let in, shape (rows,)."""
        check_is_fitted(self, "pipeline_")
        _check_features(features)
        with _one_thread():
            return self.pipeline_.predict_proba(features.take(self.names_).values)[:, 1]


class PersistenceBaseline(BaseEstimator):
    """As it was reported, so it will be: the baseline that is hard to beat over twenty minutes.

    It answers how often patients were let in after the last report said that beds were left, after it said
    that none were, and where no report had come.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, point_in_time_features, simulate
    >>> log = simulate(city(3), days=20, seed=1)
    >>> times = log.every(60)
    >>> features = point_in_time_features(log, times)
    >>> baseline = PersistenceBaseline().fit(features, log.accepts(times).ravel())
    >>> bool(baseline.free_ > 0.8 > 0.5 > baseline.full_)
    True
    """

    def fit(self, features: BedFeatures, y: ArrayLike) -> PersistenceBaseline:
        """Count, for features and labels of shape (rows,)."""
        accepted = _labels(features, y)
        left = features.take(("beds_left",)).values[:, 0]
        self.overall_ = float(accepted.mean())
        self.free_, self.full_ = (
            float(accepted[rows].mean()) if rows.any() else self.overall_ for rows in (left > 0, left <= 0)
        )
        return self

    def predict_proba(self, features: BedFeatures) -> np.ndarray:
        """Probability of being let in, shape (rows,)."""
        check_is_fitted(self, "free_")
        _check_features(features)
        left = features.take(("beds_left",)).values[:, 0]
        return np.where(np.isnan(left), self.overall_, np.where(left > 0, self.free_, self.full_))


def _one_thread() -> AbstractContextManager:
    """On so few rows further threads mostly wait for each other."""
    return _libraries().limit(limits=1)


@cache
def _libraries() -> ThreadpoolController:
    """Looked up once: a dispatch asks a model thousands of times, and finding the libraries costs as much."""
    return ThreadpoolController()


def _check_features(features: BedFeatures) -> None:
    if not isinstance(features, BedFeatures):
        raise ValueError(f"features must be BedFeatures of point_in_time_features, got {type(features).__name__}")


def _labels(features: BedFeatures, y: ArrayLike) -> np.ndarray:
    _check_features(features)
    accepted = np.asarray(y)
    if accepted.shape != features.values.shape[:1] or accepted.size == 0:
        raise ValueError(
            f"give one label for each of the {len(features.values)} rows (labels of shape (times, hospitals) "
            f"need .ravel()), got shape {accepted.shape}"
        )
    if not np.isin(accepted, (0, 1)).all():
        raise ValueError("labels must be True and False, or 1 and 0")
    return accepted.astype(bool)


def _pipeline(kind: str, random_state: int) -> Any:
    if kind == "boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            learning_rate=0.08, max_iter=100, max_leaf_nodes=15, min_samples_leaf=100, l2_regularization=5.0,
            early_stopping=False, random_state=random_state,
        )  # fmt: skip
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    filled = SimpleImputer(strategy="median", add_indicator=True)
    return make_pipeline(filled, StandardScaler(), LogisticRegression(max_iter=1_000, random_state=random_state))
