"""How rollouts look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

if TYPE_CHECKING:
    from coursekit.deployment.rollout.auditing import AuditReport
    from coursekit.deployment.rollout.simulation import Rollout

VERDICT_NAMES = {"PASS": "승격", "FAIL": "롤백", "INCONCLUSIVE": "판정 보류", "NO_DATA": "자료 없음"}
"""Verdicts as students read them."""

ARMS = ("기초선", "후보")


def timeline(rollout: Rollout) -> go.Figure:
    """Rates of both arms, the weight, and the evidence on its way to the limit."""
    at = np.arange(1, rollout.minutes + 1)
    figure = make_subplots(
        rows=2,
        shared_xaxes=True,
        vertical_spacing=0.12,
        row_heights=[0.5, 0.5],
        specs=[[{"secondary_y": True}], [{}]],
        subplot_titles=["나쁜 요청의 비율과 후보의 몫", "롤백에 필요한 증거 가운데 모인 몫"],
    )
    for m, guardrail in enumerate(rollout.guardrails):
        for side, arm in enumerate(ARMS):
            with np.errstate(invalid="ignore", divide="ignore"):
                rate = rollout.bad[:, m, side] / rollout.requests[:, side]
            figure.add_scatter(
                x=at,
                y=rate,
                name=f"{arm} {guardrail.name}",
                mode="lines",
                line_dash="dot" if m else "solid",
                row=1,
                col=1,
            )
        figure.add_scatter(x=at, y=rollout.strength[:, m], name=f"증거 {guardrail.name}", mode="lines", row=2, col=1)
    figure.add_scatter(
        x=at,
        y=rollout.weight,
        name="후보의 몫",
        line_shape="hv",
        line_dash="dash",
        opacity=0.6,
        secondary_y=True,
        row=1,
        col=1,
    )
    figure.add_hline(y=1, line_dash="dot", annotation_text="롤백", row=2, col=1)
    verdict = VERDICT_NAMES[rollout.verdict]
    figure.update_layout(title=f"{rollout.minutes}분 만에 {verdict}", height=520)
    figure.update_yaxes(tickformat=".1%", rangemode="tozero", row=1, col=1, secondary_y=False)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.05], showgrid=False, row=1, col=1, secondary_y=True)
    figure.update_xaxes(title="시작한 뒤 (분)", row=2, col=1)
    return figure


def audited(report: AuditReport) -> go.Figure:
    """Verdicts of the harmless and the harmful candidate, and when the latter was rolled back."""
    figure = make_subplots(
        cols=2,
        column_widths=[0.5, 0.5],
        horizontal_spacing=0.14,
        subplot_titles=["판정의 비율", "나쁜 후보가 롤백된 비율"],
    )
    rows = {"기초선과 같은 후보": report.harmless}
    if report.regression != 1:
        rows[f"{report.regression:g}배 나쁜 후보"] = report.harmful
    for verdict, name in VERDICT_NAMES.items():
        shares = [float(np.mean(ended.verdict == verdict)) for ended in rows.values()]
        figure.add_bar(y=list(rows), x=shares, name=name, orientation="h", row=1, col=1)
    minutes = np.sort(report.minutes_to_rollback)
    shares = np.arange(1, minutes.size + 1) / minutes.size
    inside = np.isfinite(minutes)
    figure.add_scatter(
        x=minutes[inside], y=shares[inside], line_shape="hv", mode="lines", showlegend=False, row=1, col=2
    )
    figure.update_xaxes(tickformat=".0%", range=[0, 1], row=1, col=1)
    figure.update_xaxes(title="시작한 뒤 (분)", rangemode="tozero", row=1, col=2)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], row=1, col=2)
    title = f"{report.configuration}: 억울한 롤백 {report.interval:.1%}"
    figure.update_layout(title=title, barmode="stack", height=360)
    return figure
