"""One feature before and after, bin by bin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

MISSING, NEW, OTHER = "(missing)", "(new)", "(other)"
_KOREAN = {MISSING: "(결측)", NEW: "(처음 보는 값)", OTHER: "(그 밖의 값)"}


@dataclass(frozen=True, eq=False)
class FeatureHistogram:
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


def number_labels(edges: np.ndarray) -> list[str]:
    """Bins between these inner edges, as short as they can be told apart."""
    if len(edges) == 0:
        return ["any"]
    heavy = np.append(edges[:-1] == np.nextafter(edges[1:], -np.inf), False)  # an edge just below the next one
    shown = edges[~heavy]
    written = next(
        texts for digits in range(3, 18) if len(set(texts := [f"{e:.{digits}g}" for e in shown])) == len(shown)
    )
    text = dict(zip(shown.tolist(), written, strict=True))
    labels, below = [], None
    for edge, is_below, after in zip(edges, heavy, [*edges[1:], None], strict=True):
        if is_below:  # ends just before a value that has a bin of its own
            end = text[float(after)]
            labels.append(f"< {end}" if below is None else f"({below}, {end})")
        elif len(labels) and heavy[len(labels) - 1]:
            labels.append(f"= {text[float(edge)]}")
        else:
            end = text[float(edge)]
            labels.append(f"≤ {end}" if below is None else f"({below}, {end}]")
        below = text[float(edge)] if not is_below else text[float(after)]
    return [*labels, f"> {below}"]
