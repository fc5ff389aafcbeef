"""What a line shipped, and what anyone there could know of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from coursekit.cases.inspection.audit_sampling import EscapeEstimate, estimate_escapes
from coursekit.cases.inspection.shadowing import ShadowReport, shadow_report
from coursekit.modeling.evaluation import Interval
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, eq=False, repr=False)
class LineReport(ShortRepr):
    """Days of a line: the truth, which only a simulation has, beside what its people could see."""

    share: np.ndarray = field(repr=False)
    """The model's planned share, ``(days,)`` as all below."""
    shadow: np.ndarray
    """Whether the model only judged beside people."""
    parts: np.ndarray
    """Parts inspected."""
    by_model: np.ndarray
    """Parts on which the model decided."""
    defects: np.ndarray
    """Bad parts that came."""
    shipped: np.ndarray
    """Bad parts that left the factory: missed and not taken out by an audit."""
    shipped_by_model: np.ndarray
    """Those that the model had passed."""
    false_rejects: np.ndarray
    """Good parts rejected."""
    seen_by_humans: np.ndarray
    """Parts that a person looked at, audits included."""
    audited: np.ndarray
    """Parts that were looked at again after they had passed."""
    model_defects: np.ndarray
    """Bad parts that the model decided on; nobody at the line knows this number."""
    model_caught: np.ndarray
    """Those that it rejected."""
    audit_found: np.ndarray
    """Bad parts that the audit found among those that the model had passed."""
    cost: np.ndarray
    """Cost of the day, in won."""
    verdicts: np.ndarray = field(repr=False)
    """In shadow: defects and good parts by verdicts, ``(days, 2, 4)``: neither, human only, model only, both."""
    audit_rate: float
    """Share of the model's passed parts that was audited."""
    auditor_recall: float
    """Share of the bad parts that the auditor finds."""

    @property
    def apparent_recall(self) -> float:
        """The model's recall among the defects that came to light; 1 without an audit, whatever the model."""
        caught, found = self.model_caught.sum(), self.audit_found.sum()
        return float(caught / (caught + found)) if caught + found else float("nan")

    @property
    def true_recall(self) -> float:
        """The model's recall, which nobody at the line knows; NaN if it decided on no defect."""
        return float(self.model_caught.sum() / self.model_defects.sum()) if self.model_defects.any() else float("nan")

    @property
    def escapes(self) -> EscapeEstimate | None:
        """Bad parts that the model passed, estimated from the audit; None without one."""
        share = self.audit_rate * self.auditor_recall
        if share == 0 or not self.by_model.any():
            return None
        return estimate_escapes(
            int(self.audit_found.sum()), audit_rate=self.audit_rate, auditor_recall=self.auditor_recall
        )

    @property
    def estimated_recall(self) -> Interval:
        """The model's recall, estimated from the audit; NaN without one."""
        escapes = self.escapes
        return Interval(*[float("nan")] * 3) if escapes is None else escapes.recall(int(self.model_caught.sum()))

    def shadow_report(self, *, human_recall: float, human_false_reject_rate: float) -> ShadowReport:
        """The model's recall and precision from the days in shadow, given what is known of people."""
        counts = self.verdicts.sum(axis=(0, 1)).reshape(2, 2)
        return shadow_report(counts, human_recall=human_recall, human_false_reject_rate=human_false_reject_rate)

    def to_frame(self) -> pd.DataFrame:
        """One row a day: counts, recalls, cost."""
        with np.errstate(divide="ignore", invalid="ignore"):
            recalls = {
                "apparent_recall": self.model_caught / (self.model_caught + self.audit_found),
                "true_recall": self.model_caught / self.model_defects,
                "estimated_recall": self._daily_estimate(),
            }
        counts = ["share", "parts", "by_model", "defects", "shipped", "shipped_by_model", "false_rejects"]
        counts += ["seen_by_humans", "audited", "audit_found", "cost"]
        days = pd.Index(np.arange(1, len(self.share) + 1), name="day")
        return pd.DataFrame({name: getattr(self, name) for name in counts} | recalls, index=days)

    def _daily_estimate(self) -> np.ndarray:
        share = self.audit_rate * self.auditor_recall
        if share == 0:
            return np.full(len(self.share), np.nan)
        return self.model_caught / (self.model_caught + self.audit_found / share)

    def plot(self) -> go.Figure:
        """Bad parts shipped and the model's share; its recall as it is, as it looks, as the audit tells it."""
        days = np.arange(1, len(self.share) + 1)
        figure = make_subplots(
            rows=2,
            shared_xaxes=True,
            vertical_spacing=0.13,
            specs=[[{"secondary_y": True}], [{}]],
            subplot_titles=["내보낸 불량과 모델이 맡은 비율", "모델의 재현율 (첫날부터 모은 값)"],
        )
        by_human = self.shipped - self.shipped_by_model
        for name, count in (("사람이 통과시킨 불량", by_human), ("모델이 통과시킨 불량", self.shipped_by_model)):
            figure.add_bar(x=days, y=count, name=name, row=1, col=1)
        line = {"mode": "lines", "row": 2, "col": 1}
        figure.add_scatter(
            x=days, y=self.share, name="모델의 몫", mode="lines", line_shape="hv", line_dash="dash",
            secondary_y=True, row=1, col=1,
        )  # fmt: skip
        caught, found = self.model_caught.cumsum(), self.audit_found.cumsum()
        share = self.audit_rate * self.auditor_recall
        with np.errstate(divide="ignore", invalid="ignore"):
            figure.add_scatter(
                x=days, y=caught / self.model_defects.cumsum(), name="실제 재현율", line_dash="dot", **line
            )
            figure.add_scatter(x=days, y=caught / (caught + found), name="겉으로 본 재현율", **line)
            if share:
                figure.add_scatter(x=days, y=caught / (caught + found / share), name="감사로 추정한 재현율", **line)
        figure.update_layout(
            title=f"{len(days)}일 동안 내보낸 불량 {self.shipped.sum():,}개", barmode="stack", height=520
        )
        figure.update_yaxes(title="개", row=1, col=1, secondary_y=False)
        figure.update_yaxes(tickformat=".0%", range=[0, 1.05], showgrid=False, row=1, col=1, secondary_y=True)
        figure.update_yaxes(tickmode="array", tickvals=[0, 0.25, 0.5, 0.75, 1], row=1, col=1, secondary_y=True)
        figure.update_yaxes(tickformat=".0%", range=[0, 1.05], row=2, col=1)
        figure.update_xaxes(title="시작한 뒤 (일)", row=2, col=1)
        return figure
