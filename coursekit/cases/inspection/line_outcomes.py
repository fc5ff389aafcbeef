"""How rollouts at a line went."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from coursekit.cases.inspection.line_report import LineReport
from coursekit.deployment.rollout.figures import VERDICT_NAMES
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, eq=False, repr=False)
class LineOutcomes(ShortRepr):
    """How many rollouts of the same line ended."""

    verdict: np.ndarray
    """PASS, FAIL, INCONCLUSIVE or NO_DATA, ``(runs,)``; empty where the days were over first."""
    days: np.ndarray
    """Days until then, ``(runs,)``."""
    shipped: np.ndarray
    """Bad parts shipped over all days, those after the verdict included, ``(runs,)``."""
    extra: np.ndarray
    """Of those, how many more than people would have been expected to let through on the same parts, ``(runs,)``."""
    seen_by_humans: np.ndarray
    """Parts that a person looked at, ``(runs,)``."""

    def share(self, verdict: str) -> float:
        """Share of the rollouts that ended so."""
        return float(np.mean(self.verdict == verdict))

    def to_frame(self) -> pd.DataFrame:
        """One row a rollout."""
        return pd.DataFrame(
            {
                "verdict": self.verdict,
                "days": self.days,
                "shipped": self.shipped,
                "extra": self.extra,
                "seen_by_humans": self.seen_by_humans,
            }
        ).rename_axis("run")


@dataclass(frozen=True, eq=False, repr=False)
class LineRollout(ShortRepr):
    """One rollout at a line, with its evidence."""

    verdict: str
    """PASS, FAIL, INCONCLUSIVE or NO_DATA; empty if the days were over first."""
    reason: str
    """Key of :data:`~coursekit.deployment.rollout.REASONS`."""
    days: int
    """Days until then."""
    strength: np.ndarray
    """Share of the evidence needed to roll back, at the end of each day, ``(days played,)``."""
    report: LineReport
    """What the line shipped."""

    def to_frame(self) -> pd.DataFrame:
        """One row a day: the line's counts, and the evidence."""
        return self.report.to_frame().assign(shadow=self.report.shadow, strength=self.strength)

    def plot(self) -> go.Figure:
        """The model's share, bad parts shipped, and the evidence on its way to the limit."""
        report, at, watched = self.report, np.arange(1, len(self.strength) + 1), self.days
        figure = make_subplots(
            rows=2,
            shared_xaxes=True,
            vertical_spacing=0.13,
            specs=[[{"secondary_y": True}], [{}]],
            subplot_titles=["내보낸 불량과 모델이 맡은 비율", "롤백에 필요한 증거 가운데 모인 몫"],
        )
        by_human = report.shipped - report.shipped_by_model
        for name, count in (("사람이 통과시킨 불량", by_human), ("모델이 통과시킨 불량", report.shipped_by_model)):
            figure.add_bar(x=at, y=count, name=name, row=1, col=1)
        figure.add_scatter(
            x=at, y=report.share, name="모델의 몫", mode="lines", line_shape="hv", line_dash="dash",
            secondary_y=True, row=1, col=1,
        )  # fmt: skip
        figure.add_scatter(x=at[:watched], y=self.strength[:watched], name="모인 증거", mode="lines", row=2, col=1)
        figure.add_hline(y=1, line_dash="dot", annotation_text="롤백", row=2, col=1)
        shadow = int(report.shadow.sum())
        if shadow:
            figure.add_vrect(x0=0.5, x1=shadow + 0.5, opacity=0.12, line_width=0, fillcolor="gray", row=2, col=1)
            figure.add_annotation(
                x=(shadow + 1) / 2, y=1, yref="y3 domain", text="섀도 배포", showarrow=False, row=2, col=1
            )
        ended = f"{self.days}일 만에 {VERDICT_NAMES[self.verdict]}" if self.verdict else "아직 진행 중"
        figure.update_layout(title=f"{ended}, 내보낸 불량 {report.shipped.sum():,}개", barmode="stack", height=520)
        figure.update_yaxes(title="개", row=1, col=1, secondary_y=False)
        figure.update_yaxes(tickformat=".0%", range=[0, 1.05], showgrid=False, row=1, col=1, secondary_y=True)
        figure.update_yaxes(tickmode="array", tickvals=[0, 0.25, 0.5, 0.75, 1], row=1, col=1, secondary_y=True)
        low, high = min(0.0, float(self.strength.min())), max(1.0, float(self.strength.max()))
        figure.update_yaxes(range=[low - 0.1 * (high - low), high + 0.25 * (high - low)], row=2, col=1)
        figure.update_xaxes(title="시작한 뒤 (일)", row=2, col=1)
        return figure
