"""What a classifier gets right and wrong, with how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit.modeling.evaluation._metrics import accuracy_of, f1_of, macro_f1_of, ratio
from coursekit.modeling.evaluation._resampling import check_confidence, group_codes, jackknife, resampled_counts
from coursekit.modeling.evaluation.intervals import Interval
from coursekit.modeling.evaluation.slices import SliceScores, slice_scores
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, eq=False, repr=False)
class ClassificationReport(ShortRepr):
    """The result of `evaluate`: scores with intervals, confusions, slices, and the errors.

    Examples
    --------
    >>> report = evaluate(["a", "a", "b", "b"], ["a", "b", "b", "b"])
    >>> report.accuracy.estimate
    0.75
    """

    labels: tuple[str, ...]
    """Classes in the order of the confusion matrix."""
    confusion: np.ndarray
    """Counts, shape (K, K): a row for each true class, a column for each predicted one."""
    accuracy: Interval
    """Share of right answers."""
    macro_f1: Interval
    """Mean F1 over the classes that occur, as true or predicted, each class counting alike."""
    slices: SliceScores | None
    """Accuracy slice by slice, where slices were given."""
    y_true: np.ndarray
    """True class of each row, shape (n,)."""
    y_pred: np.ndarray
    """Predicted class of each row, shape (n,)."""
    groups: np.ndarray | None
    """Group of each row, shape (n,), where groups were given."""

    def __str__(self) -> str:
        return f"accuracy {self.accuracy}, macro-F1 {self.macro_f1}, n = {len(self.y_true):,}"

    def to_frame(self) -> pd.DataFrame:
        """One row per class: precision, recall, f1 (NaN where undefined) and support."""
        hits, support = np.diagonal(self.confusion), self.confusion.sum(axis=1)
        return pd.DataFrame(
            {
                "precision": ratio(hits, self.confusion.sum(axis=0)),
                "recall": ratio(hits, support),
                "f1": f1_of(self.confusion),
                "support": support,
            },
            index=pd.Index(self.labels, name="label"),
        )

    def plot(self, *, names: Mapping[Any, str] | None = None, normalize: bool = True) -> go.Figure:
        """Confusion matrix as a heat map.

        Parameters
        ----------
        names
            Names to show instead of labels, for example Korean ones.
        normalize
            Colour by share of the true class (True) or by count.
        """
        known = {str(label): name for label, name in (names or {}).items()}
        shown = [known.get(label, label) for label in self.labels]
        share = ratio(self.confusion, np.broadcast_to(self.confusion.sum(axis=1, keepdims=True), self.confusion.shape))
        figure = go.Figure(
            go.Heatmap(
                z=share if normalize else self.confusion,
                x=shown,
                y=shown,
                colorscale="Blues",
                zmin=0,
                text=np.where(self.confusion > 0, self.confusion.astype(str), ""),  # a sea of zeros hides the rest
                texttemplate="%{text}" if len(shown) <= 20 else None,
                customdata=np.dstack([self.confusion, share]),
                hovertemplate="실제 %{y}, 예측 %{x}<br>%{customdata[0]}건 (%{customdata[1]:.1%})<extra></extra>",
                colorbar={"title": "비율" if normalize else "건수"},
            )
        )
        figure.update_layout(title="혼동 행렬", xaxis_title="예측한 레이블", yaxis_title="실제 레이블")
        figure.update_layout(xaxis_type="category", yaxis_type="category", yaxis_autorange="reversed")
        return figure

    def errors(self, X: ArrayLike, *, top: int = 10, n_examples: int = 3) -> pd.DataFrame:
        """Find the most frequent confusions, with examples to read.

        Error analysis starts by reading: a confusion seen ten times is usually one cause,
        and often a wrong label or a missing kind of data rather than a weak model.

        Parameters
        ----------
        X
            The inputs that were predicted, in the same order, shape (n, ...).
        top
            Confusions to list at most.
        n_examples
            Inputs shown for each, the first in the order of the rows.

        Returns
        -------
        frame
            Columns true, predicted, count, share (of the rows of the true class), examples.

        Raises
        ------
        ValueError
            If X has not one input for each predicted row.

        Examples
        --------
        >>> report = evaluate(["a", "a", "b"], ["a", "b", "b"])
        >>> report.errors(["first", "second", "third"])
          true predicted  count  share  examples
        0    a         b      1    0.5  [second]
        """
        inputs = self._inputs(X)
        off_diagonal = self.confusion * ~np.eye(len(self.labels), dtype=bool)
        order = np.argsort(-off_diagonal, axis=None, kind="stable")[:top]
        rows = []
        for true, predicted in zip(*np.unravel_index(order, off_diagonal.shape), strict=True):
            count = int(off_diagonal[true, predicted])
            if count == 0:
                break
            where = np.flatnonzero((self.y_true == self.labels[true]) & (self.y_pred == self.labels[predicted]))
            rows.append(
                {
                    "true": self.labels[true],
                    "predicted": self.labels[predicted],
                    "count": count,
                    "share": count / int(self.confusion[true].sum()),
                    "examples": [inputs[row] for row in where[:n_examples]],
                }
            )
        return pd.DataFrame(rows, columns=["true", "predicted", "count", "share", "examples"])

    def mistakes(self, X: ArrayLike, *, confidence: ArrayLike | None = None) -> pd.DataFrame:
        """List every wrong answer: row, input, true, predicted.

        Parameters
        ----------
        X
            The inputs that were predicted, in the same order, shape (n, ...).
        confidence
            Confidence of each prediction, shape (n,); the surest mistakes come first.

        Raises
        ------
        ValueError
            If X or confidence has not one entry for each predicted row.
        """
        inputs = self._inputs(X)
        wrong = np.flatnonzero(self.y_true != self.y_pred)
        frame = pd.DataFrame(
            {
                "row": wrong,
                "input": [inputs[row] for row in wrong],
                "true": self.y_true[wrong],
                "predicted": self.y_pred[wrong],
            }
        )
        if confidence is None:
            return frame
        sure = np.asarray(confidence, dtype=float)
        if sure.shape != self.y_true.shape:
            raise ValueError(f"confidence must hold one number for each of the {len(self.y_true)} rows")
        return frame.assign(confidence=sure[wrong]).sort_values("confidence", ascending=False, ignore_index=True)

    def _inputs(self, X: ArrayLike) -> np.ndarray:
        inputs = np.asarray(X, dtype=object)
        if inputs.ndim == 0 or len(inputs) != len(self.y_true):
            raise ValueError(f"X must hold the {len(self.y_true)} inputs that were predicted, in the same order")
        return inputs


def evaluate(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: Sequence[Any] | None = None,
    groups: ArrayLike | None = None,
    slices: Mapping[str, ArrayLike] | None = None,
    n_boot: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> ClassificationReport:
    r"""Measure a classifier: accuracy and macro-F1 with intervals, classes, confusions, slices.

    Accuracy follows the frequent classes; macro-F1 counts a rare class as much as a common
    one. Both carry a bootstrap interval, because a difference smaller than the interval is no
    reason to replace what runs in production. (BCa: macro-F1 of a resample is lower on average
    than that of the sample, and plain percentiles would pass that bias on.)

    .. math:: F_{1,c} = \frac{2\,\mathrm{TP}_c}{2\,\mathrm{TP}_c + \mathrm{FP}_c + \mathrm{FN}_c},
              \qquad \text{macro-}F_1 = \frac{1}{|C|} \sum_{c \in C} F_{1,c}

    where :math:`C` holds the classes that occur in ``y_true`` or ``y_pred``; a class of
    ``labels`` that occurs in neither cannot be measured and is left out of the mean. (This is
    scikit-learn's ``f1_score(average="macro")`` without ``labels``, in every bootstrap
    sample as well.)

    Parameters
    ----------
    y_true
        True classes, shape (n,): strings or whole numbers, shown as strings.
    y_pred
        Predicted classes, shape (n,).
    labels
        All classes in the order wanted; None takes those that occur, sorted.
    groups
        Group of each row, shape (n,): whole groups are resampled. None resamples rows.
    slices
        Name of each slice to its boolean mask of shape (n,).
    n_boot
        Bootstrap samples.
    confidence
        Coverage of the intervals, between 0 and 1.
    seed
        Seed of the bootstrap.

    Raises
    ------
    ValueError
        If shapes differ, nothing is given, labels lacks a class that occurs or repeats one,
        or an option is out of range.

    Examples
    --------
    >>> report = evaluate(["a", "a", "b", "b"], ["a", "b", "b", "b"])
    >>> report.to_frame()
           precision  recall        f1  support
    label
    a       1.000000     0.5  0.666667        2
    b       0.666667     1.0  0.800000        2

    References
    ----------
    Efron, Tibshirani (1993). An Introduction to the Bootstrap. Chapman & Hall.
    """
    check_confidence(confidence)
    if n_boot < 1:
        raise ValueError(f"n_boot must be at least 1, got {n_boot}")
    true, predicted = np.asarray(y_true), np.asarray(y_pred)
    if true.shape != predicted.shape or true.ndim != 1 or true.size == 0:
        raise ValueError(
            f"y_true and y_pred must be equally long and not empty, got shapes {true.shape} and {predicted.shape}"
        )
    for name, values in (("y_true", true), ("y_pred", predicted)):
        for row, value in enumerate(values.tolist()):
            if value is None or value != value:
                raise ValueError(f"{name}: row {row} has no class; leave rows without a label out of the evaluation")
    true, predicted = np.split(_as_strings(np.concatenate([true, predicted])), 2)
    order = tuple(map(str, np.unique(np.concatenate([true, predicted])) if labels is None else labels))
    if len(set(order)) != len(order):
        raise ValueError("labels repeats a class; give each once")
    position = {label: index for index, label in enumerate(order)}
    for name, values in (("y_true", true), ("y_pred", predicted)):
        for row, value in enumerate(values.tolist()):
            if value not in position:
                raise ValueError(
                    f"{name}: row {row} holds {value!r}, which is not among labels; add it or map it first"
                )
    size = len(order)
    cells = np.array([position[value] for value in true.tolist()]) * size
    cells += np.array([position[value] for value in predicted.tolist()])
    confusion = np.bincount(cells, minlength=size * size).reshape(size, size)

    codes = group_codes(groups, len(true))
    rng = np.random.default_rng(seed)
    resampled = resampled_counts(cells, size * size, groups=codes, n_boot=n_boot, rng=rng)

    def interval(metric: Callable[[np.ndarray], np.ndarray]) -> Interval:
        def score(counts: np.ndarray) -> np.ndarray:
            return metric(counts.reshape(-1, size, size))

        left_out, weights = jackknife(score, cells, size * size, groups=codes)
        return Interval.from_replicates(
            float(metric(confusion)), score(resampled), left_out=left_out, weights=weights, confidence=confidence
        )

    return ClassificationReport(
        labels=order,
        confusion=confusion,
        accuracy=interval(accuracy_of),
        macro_f1=interval(macro_f1_of),
        slices=None
        if slices is None
        else slice_scores(true == predicted, slices, groups=groups, confidence=confidence),
        y_true=true,
        y_pred=predicted,
        groups=None if groups is None else np.array(groups),
    )


def _as_strings(values: np.ndarray) -> np.ndarray:
    """Classes as strings; 1, 1.0 and True beside a 0 are one class, whichever array they stand in."""
    if values.dtype.kind == "f" and (values == np.floor(values)).all():
        values = values.astype(np.int64)
    return values.astype(str)
