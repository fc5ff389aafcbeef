"""A model that scores payments, and how well it does with a hundred calls a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from coursekit.cases.fraud.features import FeatureTable
from coursekit.cases.fraud.labels import top_cards
from coursekit.cases.fraud.world import TransactionLog
from coursekit.modeling.evaluation import Interval, bootstrap_interval
from coursekit.short_repr import ShortRepr

MODEL_KINDS = ("boosting", "logistic", "tree")
"""Kinds of `FraudModel`."""


class FraudModel(ClassifierMixin, BaseEstimator):
    r"""Score payments by their probability of fraud.

    One payment in 120 is fraud, and honest ones teach little after the first hundred thousand:
    the model keeps every fraud and a share :math:`q` of the honest rows, each of which then weighs
    :math:`1 / q`, so that scores stay probabilities. Retraining each day becomes a matter of seconds.

    Parameters
    ----------
    kind
        ``"boosting"`` (histogram gradient boosting), ``"logistic"`` (regression on scaled features) or
        ``"tree"`` (two questions deep: the baseline).
    honest_share
        Share :math:`q` of honest rows that are kept, in (0, 1].
    random_state
        Seed of the choice and of the model.

    Examples
    --------
    >>> from coursekit.cases.fraud import point_in_time_features, simulate
    >>> log = simulate(customers=500, merchants=200, days=40).log
    >>> features = point_in_time_features(log)
    >>> model = FraudModel(kind="logistic").fit(features.values, log.is_fraud)
    >>> scores = model.scores(features.values)
    >>> bool(scores[log.is_fraud].mean() > 5 * scores[~log.is_fraud].mean())
    True
    """

    def __init__(self, *, kind: str = "boosting", honest_share: float = 0.1, random_state: int = 0):
        self.kind = kind
        self.honest_share = honest_share
        self.random_state = random_state

    def fit(self, X: ArrayLike | FeatureTable, y: ArrayLike) -> FraudModel:
        """Learn from features, shape (n, features), and labels, shape (n,)."""
        if self.kind not in MODEL_KINDS:
            raise ValueError(f"unknown kind of model {self.kind!r}; choose one of {', '.join(MODEL_KINDS)}")
        if not 0 < self.honest_share <= 1:
            raise ValueError(f"honest_share must lie in (0, 1], got {self.honest_share}")
        values, fraud = _matrix(X), np.asarray(y, dtype=bool)
        if values.ndim != 2 or fraud.shape != values.shape[:1]:
            raise ValueError(f"X is (rows, features) and y (rows,), got shapes {values.shape} and {fraud.shape}")
        if not fraud.any() or fraud.all():
            raise ValueError(f"the {fraud.size} labels hold {int(fraud.sum())} frauds; both classes are needed")
        kept = fraud | (np.random.default_rng([self.random_state, 111]).random(fraud.size) < self.honest_share)
        weight = np.where(fraud[kept], 1.0, 1 / self.honest_share)
        step = {"boosting": "histgradientboostingclassifier", "tree": "decisiontreeclassifier"}.get(
            self.kind, "logisticregression"
        )
        self.pipeline_ = _pipeline(self.kind, self.random_state)
        with threadpool_limits(1):  # on so few rows further threads mostly wait for each other
            self.pipeline_.fit(values[kept], fraud[kept], **{f"{step}__sample_weight": weight})
        self.classes_ = np.array([False, True])
        self.n_features_in_ = values.shape[1]
        return self

    def predict_proba(self, X: ArrayLike | FeatureTable) -> np.ndarray:
        """Probabilities of honest and fraud, shape (n, 2)."""
        check_is_fitted(self, "pipeline_")
        with threadpool_limits(1):
            return self.pipeline_.predict_proba(_matrix(X))

    def scores(self, X: ArrayLike | FeatureTable) -> np.ndarray:
        """Probability of fraud, shape (n,)."""
        return self.predict_proba(X)[:, 1]

    def predict(self, X: ArrayLike | FeatureTable) -> np.ndarray:
        """Whether fraud is the likelier answer, shape (n,)."""
        return self.scores(X) >= 0.5


@dataclass(frozen=True, eq=False, repr=False)
class ScoreReport(ShortRepr):
    """How well scores rank frauds: over the whole period, and day by day."""

    date: np.ndarray
    """Days, datetime64[D], shape (days,)."""
    card_precision: np.ndarray
    """Share of each day's k highest cards that met fraud that day (CP@k)."""
    fraud_cards: np.ndarray
    """Cards that met fraud each day; with fewer than k of them no model reaches precision 1."""
    auc: float
    """Area under the ROC curve over the period; NaN without both classes."""
    average_precision: float
    """Average precision over the period; a blind model has the share of frauds."""
    k: int
    """Cards looked at each day."""

    @property
    def mean_card_precision(self) -> Interval:
        """CP@k averaged over days; the interval comes from drawing days."""
        return bootstrap_interval(np.mean, self.card_precision)

    def to_frame(self) -> pd.DataFrame:
        """One row per day."""
        return pd.DataFrame({"date": self.date, "card_precision": self.card_precision, "fraud_cards": self.fraud_cards})

    def plot(self) -> go.Figure:
        """Card precision day by day beside the best that was possible."""
        figure = go.Figure(layout={"title": f"하루 상위 {self.k}개 카드의 정밀도"})
        figure.add_scatter(x=self.date, y=self.card_precision, name="모델")
        best = np.minimum(1, self.fraud_cards / self.k)
        figure.add_scatter(x=self.date, y=best, name="도달할 수 있는 최고", line_dash="dot")
        figure.update_layout(xaxis_title="날짜", yaxis_title="정밀도")
        return figure


def card_precision(log: TransactionLog, scores: ArrayLike, *, k: int = 100) -> float:
    r"""Precision of the daily list that investigators work through (CP@k), averaged over days.

    AUC speaks of all payments, but people can call a hundred customers a day. What share of those
    calls is worth making?

    :math:`\mathrm{CP@}k = \frac{1}{D}\sum_d \frac{\text{defrauded cards among the } k
    \text{ highest on day } d}{k}`, a card's score being its highest of the day.

    Parameters
    ----------
    log
        Transactions.
    scores
        Score of each, shape (n,).
    k
        Cards a day.

    Raises
    ------
    ValueError
        If k is below 1, the log is empty, or the scores do not fit the log or are not finite.

    Examples
    --------
    >>> from coursekit.cases.fraud import simulate
    >>> log = simulate(customers=2_000, merchants=200, days=10).log
    >>> card_precision(log, log.is_fraud, k=1)
    1.0

    References
    ----------
    Dal Pozzolo, Caelen, Le Borgne, Waterschoot, Bontempi (2014). Learned lessons in credit card fraud
    detection from a practitioner perspective. Expert Systems with Applications.
    """
    return float(_by_day(log, _checked(log, scores), k)[1].mean())


def evaluate_scores(log: TransactionLog, scores: ArrayLike, *, k: int = 100) -> ScoreReport:
    """Measure scores over a period and on each of its days.

    One number for a quarter hides the week in which the model stopped working.

    Parameters
    ----------
    log
        Transactions of the period.
    scores
        Score of each, shape (n,).
    k
        Cards that investigators look at each day.

    Raises
    ------
    ValueError
        As `card_precision`.

    Examples
    --------
    >>> from coursekit.cases.fraud import simulate
    >>> log = simulate(customers=500, merchants=200, days=10).log
    >>> report = evaluate_scores(log, log.is_fraud, k=10)
    >>> report.auc, len(report.to_frame())
    (1.0, 10)
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    values = _checked(log, scores)
    date, precision, fraud_cards = _by_day(log, values, k)
    both = bool(log.is_fraud.any() and not log.is_fraud.all())
    auc = float(roc_auc_score(log.is_fraud, values)) if both else np.nan
    average = float(average_precision_score(log.is_fraud, values)) if both else np.nan
    return ScoreReport(date, precision, fraud_cards, auc, average, k)


def _matrix(X: ArrayLike | FeatureTable) -> np.ndarray:
    return X.values if isinstance(X, FeatureTable) else np.asarray(X)


def _pipeline(kind: str, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    if kind == "logistic":
        impute = SimpleImputer(strategy="constant", fill_value=0.0)
        return make_pipeline(impute, StandardScaler(), LogisticRegression(max_iter=500))
    if kind == "tree":
        return make_pipeline(DecisionTreeClassifier(max_depth=2, random_state=seed))
    return make_pipeline(
        HistGradientBoostingClassifier(
            max_iter=80, max_leaf_nodes=15, min_samples_leaf=20, l2_regularization=1.0,
            early_stopping=False, random_state=seed,
        )
    )  # fmt: skip


def _checked(log: TransactionLog, scores: ArrayLike) -> np.ndarray:
    values = np.asarray(scores, dtype=float)
    if not len(log) or values.shape != (len(log),) or not np.isfinite(values).all():
        raise ValueError(f"need one finite score for each of the {len(log)} transactions, got shape {values.shape}")
    return values


def _by_day(log: TransactionLog, scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days, the precision of each day's top k cards, and how many cards met fraud."""
    if k < 1:
        raise ValueError(f"k must be at least 1 card a day, got {k}")
    dates, first = np.unique(log.date, return_index=True)
    precision, count = np.empty(dates.size), np.empty(dates.size, dtype=np.int64)
    for day, (low, high) in enumerate(zip(first, [*first[1:], len(log)], strict=True)):
        today = slice(low, high)
        bad = np.unique(log.customer[today][log.is_fraud[today]])
        precision[day] = np.isin(top_cards(log.customer[today], scores[today], k), bad).sum() / k
        count[day] = bad.size
    return dates, precision, count
