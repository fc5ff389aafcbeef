"""One score for everybody hides who is served badly: scores slice by slice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit.modeling.evaluation._figures import interval_figure
from coursekit.modeling.evaluation.intervals import Interval, proportion_interval
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, repr=False)
class SliceScores(ShortRepr):
    """Accuracy of one model on named parts of the rows.

    Slices may overlap and need not cover everything: "informal" and "with typos" share rows.

    Examples
    --------
    >>> scores = slice_scores([1, 1, 0, 1], {"first half": [True, True, False, False]})
    >>> print(scores["first half"])
    1.000 [0.342, 1.000]
    """

    names: tuple[str, ...]
    """Names of the slices, in the order given."""
    accuracy: tuple[Interval, ...]
    """Accuracy on each slice; NaN for an empty one."""
    size: tuple[int, ...]
    """Number of rows in each slice."""
    overall: Interval
    """Accuracy on all rows, for comparison."""

    def __getitem__(self, name: str) -> Interval:
        if name not in self.names:
            raise KeyError(f"no slice {name!r}; there are {', '.join(self.names)}")
        return self.accuracy[self.names.index(name)]

    def to_frame(self) -> pd.DataFrame:
        """One row per slice: accuracy, low, high, size, and the gap to the overall accuracy."""
        return pd.DataFrame(
            {
                "accuracy": [interval.estimate for interval in self.accuracy],
                "low": [interval.low for interval in self.accuracy],
                "high": [interval.high for interval in self.accuracy],
                "gap": [interval.estimate - self.overall.estimate for interval in self.accuracy],
                "size": self.size,
            },
            index=pd.Index(self.names, name="slice"),
        )

    def plot(self) -> go.Figure:
        """Accuracy of each slice with its interval; the line is the accuracy on all rows."""
        names = [f"{name} ({size:,}건)" for name, size in zip(self.names, self.size, strict=True)]
        figure = interval_figure(names, self.accuracy, title="슬라이스별 정확도", x_title="정확도")
        figure.add_vline(x=self.overall.estimate, line_dash="dot", annotation_text=f"전체 {self.overall.estimate:.3f}")
        return figure


def slice_scores(
    correct: ArrayLike,
    slices: Mapping[str, ArrayLike],
    *,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
) -> SliceScores:
    """Measure the accuracy on each named slice of the rows.

    A speech assistant at 92% may be at 95% for one way of speaking and at 78% for another;
    the mean alone would ship it. Intervals are those of `proportion_interval`, which stay
    honest on the small slices where the question matters most.

    Parameters
    ----------
    correct
        True where the prediction was right, shape (n,).
    slices
        Name of each slice to its boolean mask, each of shape (n,).
    groups
        Group of each row, shape (n,); None lets each row stand alone.
    confidence
        Coverage of the intervals, between 0 and 1.

    Raises
    ------
    ValueError
        If a mask is not boolean or not as long as correct.

    Examples
    --------
    >>> slice_scores([1, 1, 0, 1], {"a": [True, False, True, False]}).to_frame()[["accuracy", "gap", "size"]]
           accuracy   gap  size
    slice
    a           0.5 -0.25     2
    """
    hits = np.asarray(correct)
    overall = proportion_interval(hits, groups=groups, confidence=confidence)
    group_of = None if groups is None else np.asarray(groups)
    intervals, sizes = [], []
    for name, given in slices.items():
        mask = np.asarray(given)
        if mask.dtype != bool or mask.shape != hits.shape:
            raise ValueError(
                f"slice {name!r} must be a boolean mask of shape {hits.shape}, got {mask.dtype} of shape {mask.shape}"
            )
        sizes.append(int(mask.sum()))
        if mask.any():
            inside = None if group_of is None else group_of[mask]
            intervals.append(proportion_interval(hits[mask], groups=inside, confidence=confidence))
        else:
            intervals.append(Interval(np.nan, np.nan, np.nan, confidence))
    return SliceScores(tuple(slices), tuple(intervals), tuple(sizes), overall)
