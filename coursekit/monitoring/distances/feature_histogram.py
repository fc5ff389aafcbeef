"""One feature before and after, bin by bin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.short_repr import ShortRepr

MISSING, NEW, OTHER, PRESENT = "(missing)", "(new)", "(other)", "(present)"
_KOREAN = {MISSING: "(결측)", NEW: "(처음 보는 값)", OTHER: "(그 밖의 값)", PRESENT: "(값 있음)"}


@dataclass(frozen=True, eq=False, repr=False)
class FeatureHistogram(ShortRepr):
    """How many rows of the reference and of now lie in each bin of one feature."""

    feature: str
    """The feature's name."""
    labels: list[str]
    """Bins in order; "(missing)", for categories also "(other)" (rare ones) and "(new)", come last."""
    counts_reference: np.ndarray
    """Rows of the reference in each bin."""
    counts_now: np.ndarray
    """Rows of the data compared with it in the same bins."""

    def to_frame(self) -> pd.DataFrame:
        """One row per bin: counts and shares of both; bins that are empty in both are left out."""
        frame = pd.DataFrame({"bin": self.labels, "reference": self.counts_reference, "now": self.counts_now})
        for column in ("reference", "now"):
            frame[f"share_{column}"] = frame[column] / frame[column].sum()
        return frame[(frame["reference"] > 0) | (frame["now"] > 0)].reset_index(drop=True)

    def plot(self) -> go.Figure:
        """Shares of both, side by side."""
        frame = self.to_frame()
        bins = [_KOREAN.get(label, label) for label in frame["bin"]]
        figure = go.Figure(layout={"title": f"{self.feature}: 기준과 현재의 분포", "barmode": "group"})
        for name, column in (("기준", "reference"), ("현재", "now")):
            figure.add_bar(
                x=bins,
                y=frame[f"share_{column}"],
                customdata=frame[column],
                name=name,
                hovertemplate="%{x}: %{y:.1%} (%{customdata:,}행)",
            )
        figure.update_xaxes(type="category", title="구간")
        figure.update_yaxes(title="행의 비율", tickformat=".0%")
        return figure
