"""Knowing when not to answer: refusing what the system was not built for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit.modeling.evaluation._figures import interval_figure
from coursekit.modeling.evaluation.intervals import Interval, wilson_interval
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True)
class ScopePoint:
    """One choice of the threshold, and what it gives.

    Examples
    --------
    >>> point = scope_curve(["a", "a", "oos"], [[0.9], [0.4], [0.3]], ["a"], out_of_scope="oos").at(0.5)
    >>> point.in_scope_accuracy.estimate, point.out_of_scope_recall.estimate
    (0.5, 1.0)
    """

    threshold: float
    """Confidence from which the system answers."""
    in_scope_accuracy: Interval
    """Share of in-scope rows answered, and answered right."""
    out_of_scope_recall: Interval
    """Share of out-of-scope rows refused."""

    def to_frame(self) -> pd.DataFrame:
        """Two rows, one per rate, with the threshold beside."""
        rates = {"in_scope_accuracy": self.in_scope_accuracy, "out_of_scope_recall": self.out_of_scope_recall}
        frame = pd.DataFrame([vars(interval) for interval in rates.values()], index=pd.Index(rates, name="rate"))
        return frame.assign(threshold=self.threshold)

    def plot(self) -> go.Figure:
        """The two rates with their intervals."""
        return interval_figure(
            ["범위 안 정확도", "범위 밖 재현율"],
            [self.in_scope_accuracy, self.out_of_scope_recall],
            title=f"문턱값 {self.threshold:.3f}의 결과",
            x_title="비율",
        )


@dataclass(frozen=True, eq=False, repr=False)
class ScopeCurve(ShortRepr):
    """What every threshold on the confidence gives: answering right against refusing rightly.

    Examples
    --------
    >>> curve = scope_curve(["a", "a", "oos"], [[0.9], [0.4], [0.3]], ["a"], out_of_scope="oos")
    >>> curve.to_frame().round(2)
       threshold  in_scope_accuracy  out_of_scope_recall
    0        0.3                1.0                  0.0
    1        0.4                1.0                  1.0
    2        0.9                0.5                  1.0
    3        inf                0.0                  1.0
    """

    thresholds: np.ndarray
    """Rising thresholds, every confidence that occurs and infinity, shape (m,)."""
    in_scope_accuracy: np.ndarray
    """In-scope rows answered right, as a share of all in-scope rows; falls, shape (m,)."""
    out_of_scope_recall: np.ndarray
    """Out-of-scope rows refused, as a share of all out-of-scope rows; rises, shape (m,)."""
    n_in_scope: int
    """Number of in-scope rows."""
    n_out_of_scope: int
    """Number of out-of-scope rows."""

    def at(self, threshold: float, *, confidence: float = 0.95) -> ScopePoint:
        """What a given threshold (chosen on other data, say) gives here.

        Parameters
        ----------
        threshold
            Confidence from which the system answers.
        confidence
            Coverage of the two Wilson intervals, between 0 and 1.
        """
        # every threshold between two confidences that occur refuses the same rows
        index = min(int(np.searchsorted(self.thresholds, threshold)), len(self.thresholds) - 1)
        right = round(self.in_scope_accuracy[index] * self.n_in_scope)
        refused = round(self.out_of_scope_recall[index] * self.n_out_of_scope)
        return ScopePoint(
            float(threshold),
            wilson_interval(right, self.n_in_scope, confidence=confidence),
            wilson_interval(refused, self.n_out_of_scope, confidence=confidence),
        )

    def recall_at(self, in_scope_accuracy: float, *, confidence: float = 0.95) -> ScopePoint:
        """Highest out-of-scope recall that leaves at least this in-scope accuracy.

        Parameters
        ----------
        in_scope_accuracy
            Accuracy to keep on in-scope rows, between 0 and 1.
        confidence
            Coverage of the two Wilson intervals, between 0 and 1.

        Raises
        ------
        ValueError
            If no threshold reaches that accuracy; the message says what can be reached.
        """
        reached = np.flatnonzero(self.in_scope_accuracy >= in_scope_accuracy - 1e-12)
        if reached.size == 0:
            raise ValueError(
                f"no threshold reaches in-scope accuracy {in_scope_accuracy}; "
                f"answering everything gives {self.in_scope_accuracy[0]:.3f}"
            )
        return self.at(float(self.thresholds[reached[-1]]), confidence=confidence)

    def to_frame(self) -> pd.DataFrame:
        """One row per threshold."""
        return pd.DataFrame(
            {
                "threshold": self.thresholds,
                "in_scope_accuracy": self.in_scope_accuracy,
                "out_of_scope_recall": self.out_of_scope_recall,
            }
        )

    def plot(self) -> go.Figure:
        """In-scope accuracy against out-of-scope recall; the upper right corner is perfect."""
        figure = go.Figure(layout={"title": "범위 밖 질의를 거르는 대가"})
        figure.update_layout(xaxis_title="범위 밖 재현율", yaxis_title="범위 안 정확도")
        figure.add_scatter(
            x=self.out_of_scope_recall,
            y=self.in_scope_accuracy,
            mode="lines",
            customdata=self.thresholds,
            hovertemplate="문턱값 %{customdata:.3f}<br>범위 밖 재현율 %{x:.3f}<br>범위 안 정확도 %{y:.3f}",
            showlegend=False,
        )
        return figure


def scope_curve(y_true: ArrayLike, probabilities: ArrayLike, classes: ArrayLike, *, out_of_scope: str) -> ScopeCurve:
    r"""Trade in-scope accuracy against out-of-scope recall by a threshold on the confidence.

    An assistant that plays music when somebody asks for comfort is worse than one that says
    it did not understand. How many such queries can be refused while, say, 90% of the good
    ones are still answered right?

    The answer to a row is its most probable *in-scope* class, and the confidence
    :math:`s` is that class's probability (a class ``out_of_scope`` among ``classes`` takes
    probability away from it, and is never the answer). The system answers where
    :math:`s \ge \tau` and refuses elsewhere:

    .. math:: \text{in-scope accuracy}(\tau) = P(\hat y = y,\ s \ge \tau \mid \text{in scope}),
              \qquad \text{out-of-scope recall}(\tau) = P(s < \tau \mid \text{out of scope})

    A threshold chosen on the rows that are reported flatters: choose it on validation rows
    with `ScopeCurve.recall_at` and report ``curve_on_test.at(threshold)``.

    Parameters
    ----------
    y_true
        True classes, shape (n,), with both in-scope and out-of-scope rows.
    probabilities
        Probability of each class, shape (n, K), as from ``predict_proba``.
    classes
        Classes of the columns, shape (K,), as in ``classes_``; they may lack out_of_scope.
    out_of_scope
        The class of everything to be refused.

    Raises
    ------
    ValueError
        If shapes disagree, a probability is not in [0, 1], no in-scope class is among
        classes, or either kind of row is missing.

    Examples
    --------
    >>> truth = ["a", "b", "oos", "oos"]
    >>> probabilities = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8], [0.75, 0.05, 0.2]]
    >>> curve = scope_curve(truth, probabilities, ["a", "b", "oos"], out_of_scope="oos")
    >>> curve.recall_at(1.0).out_of_scope_recall.estimate
    0.5

    References
    ----------
    Larson et al. (2019). An evaluation dataset for intent classification and out-of-scope
    prediction. EMNLP.
    Dhamija, Günther, Boult (2018). Reducing network agnostophobia. NeurIPS.
    """
    truth, names = np.asarray(y_true).astype(str), np.asarray(classes).astype(str)
    table = np.asarray(probabilities, dtype=float)
    if truth.ndim != 1 or table.shape != (len(truth), len(names)):
        raise ValueError(
            f"probabilities must have a row per true class and a column per class, "
            f"({len(truth)}, {len(names)}), got {table.shape}"
        )
    if not ((table >= 0) & (table <= 1)).all():  # NaN fails both comparisons
        raise ValueError("probabilities must lie in [0, 1]; pass predict_proba(X)")
    inside = names != out_of_scope
    if not inside.any():
        raise ValueError(f"classes holds nothing but {out_of_scope!r}; there is no in-scope class to answer with")
    outside_rows = truth == out_of_scope
    if outside_rows.all() or not outside_rows.any():
        missing = "in-scope" if outside_rows.all() else f"out-of-scope (true class {out_of_scope!r})"
        raise ValueError(f"y_true holds no {missing} row; both kinds are needed")

    in_scope_table = table[:, inside]
    confidence = in_scope_table.max(axis=1)
    correct = names[inside][in_scope_table.argmax(axis=1)] == truth
    thresholds = np.append(np.unique(confidence), np.inf)
    right = np.sort(confidence[correct & ~outside_rows])
    refused = np.sort(confidence[outside_rows])
    n_in_scope, n_out_of_scope = int((~outside_rows).sum()), int(outside_rows.sum())
    return ScopeCurve(
        thresholds=thresholds,
        in_scope_accuracy=(len(right) - np.searchsorted(right, thresholds, side="left")) / n_in_scope,
        out_of_scope_recall=np.searchsorted(refused, thresholds, side="left") / n_out_of_scope,
        n_in_scope=n_in_scope,
        n_out_of_scope=n_out_of_scope,
    )
