"""Which features moved, how far, and is it more than chance?"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.monitoring.distances.feature_histogram import FeatureHistogram
from coursekit.short_repr import ShortRepr

DISTANCES = ("kl", "tv", "hellinger", "js", "psi", "ks", "wasserstein")
"""Names of the distances, as in the columns of a report."""
COMPARED, CONSTANT, ALL_MISSING, WAS_MISSING = "compared", "constant", "all missing", "was all missing"
DISAPPEARED, TYPE_CHANGED, NEW_FEATURE = "disappeared", "type changed", "new"
_BROKEN = (DISAPPEARED, TYPE_CHANGED)
_TITLES = {
    "kl": "KL 발산",
    "tv": "총변동 거리",
    "hellinger": "헬링거 거리",
    "js": "옌센-섀넌 거리",
    "psi": "PSI",
    "ks": "KS 통계량",
    "wasserstein": "바서슈타인 거리 (피처의 단위)",
}
_REMARKS = {
    DISAPPEARED: "사라진 피처",
    TYPE_CHANGED: "자료형이 바뀐 피처",
    ALL_MISSING: "모두 결측",
    WAS_MISSING: "기준에서 모두 결측",
}


@dataclass(frozen=True, eq=False, repr=False)
class DriftReport(ShortRepr):
    """A row for each feature: its distances, what chance has to say about them, and what broke."""

    table: pd.DataFrame
    """One row per feature; ``Reference`` explains the columns."""
    histograms: dict[Hashable, FeatureHistogram]
    """Bins of each feature that could be compared."""

    def to_frame(self) -> pd.DataFrame:
        """A copy of the table."""
        return self.table.copy()

    def drifted(self, *, fdr: float = 0.05, min_distance: float = 0.0, distance: str | None = None) -> list[Hashable]:
        """Features that moved, in the order of the table.

        With a million rows every feature moves significantly, by amounts that nobody would
        retrain for; with a hundred a large distance may be chance. So both are asked: a
        q-value of at most ``fdr`` (of the features named, at most this share is wrong on
        average), and a distance of at least ``min_distance``. A feature without that distance (``ks`` of a
        category, of a column all missing) is not spared for it. Features that disappeared or
        changed their type are always named; new ones never are.

        Parameters
        ----------
        fdr
            False discovery rate, in [0, 1].
        min_distance
            Smallest distance that matters, in the unit of the distance.
        distance
            Which distance ``min_distance`` is about; None takes ``js``, or the first in the report.
        """
        if not 0 <= fdr <= 1:
            raise ValueError(f"fdr must lie in [0, 1], got {fdr!r}")
        if np.isnan(min_distance):
            raise ValueError("min_distance must be a number, got nan; 0 names every feature that moved for certain")
        near = self.table[self._choose_distance(distance)] < min_distance  # not so where there is none
        far = (self.table["q_value"] <= fdr) & ~near
        return self.table["feature"][far | self.table["status"].isin(_BROKEN)].tolist()

    def plot(
        self, *, distance: str | None = None, fdr: float = 0.05, min_distance: float = 0.0, top: int = 40
    ) -> go.Figure:
        """Features by distance, the farthest on top, those that moved (``drifted``) in a colour of their own.

        Parameters
        ----------
        distance
            Which distance the bars show; None takes ``js``, or the first in the report.
        fdr
            False discovery rate, in [0, 1].
        min_distance
            Smallest distance that matters.
        top
            Draw no more features than this.
        """
        distance = self._choose_distance(distance)
        moved = set(self.drifted(fdr=fdr, min_distance=min_distance, distance=distance))
        table = self.table[self.table["status"] != NEW_FEATURE]
        order = (
            table[distance].where(~table["status"].isin(_BROKEN), np.inf).sort_values(ascending=False, kind="stable")
        )
        drawn = table.loc[order.index].head(top)
        finite = drawn[distance][np.isfinite(drawn[distance])]
        longest = max(finite.max(), 1e-12) if len(finite) else 1.0
        length = drawn[distance].fillna(0.0).clip(upper=1.1 * longest)  # infinity too
        rows = pd.DataFrame({"name": drawn["feature"].astype(str), "length": length})
        rows["remark"] = [_remark(*told) for told in drawn[["status", distance, "q_value"]].itertuples(index=False)]
        rows["moved"] = drawn["feature"].isin(moved)

        cut = f" (전체 {len(table)}개 중 {len(drawn)}개)" if len(drawn) < len(table) else ""
        figure = go.Figure(layout={"title": f"피처별 {_TITLES[distance]}{cut}", "height": 200 + 26 * len(rows)})
        for name, chosen in (("그대로인 피처", rows[~rows["moved"]]), ("움직인 피처", rows[rows["moved"]])):
            figure.add_bar(
                x=chosen["length"],
                y=chosen["name"],
                text=chosen["remark"],
                textposition="outside",
                cliponaxis=False,
                orientation="h",
                name=name,
                hovertemplate="%{y}: %{x:.4g}, %{text}",
            )
        figure.update_xaxes(title=_TITLES[distance], range=[0, 1.3 * longest])
        figure.update_yaxes(type="category", categoryorder="array", categoryarray=rows["name"], autorange="reversed")
        return figure.update_layout(barmode="overlay", legend_traceorder="reversed")

    def plot_feature(self, name: Hashable) -> go.Figure:
        """One feature's bins, reference and now side by side.

        Parameters
        ----------
        name
            The feature.
        """
        if name not in self.histograms:
            known = ", ".join(map(repr, list(self.histograms)[:10]))
            raise ValueError(f"there is no feature {name!r} that was compared; there are {known}")
        return self.histograms[name].plot()

    def _choose_distance(self, distance: str | None) -> str:
        if distance is None:
            distance = next((known for known in ("js", *DISTANCES) if known in self.table), "js")
        if distance not in DISTANCES or distance not in self.table:
            there = ", ".join(repr(known) for known in DISTANCES if known in self.table)
            raise ValueError(f"distance {distance!r} is not in this report; there are {there}")
        return distance


def _remark(status: str, distance: float, q_value: float) -> str:
    """What stands beside a bar."""
    parts = [_REMARKS[status]] if status in _REMARKS else []
    if np.isinf(distance):
        parts.append("∞")
    if not np.isnan(q_value):
        parts.append("q < 0.001" if q_value < 0.001 else f"q = {q_value:.2g}")
    return ", ".join(parts)
