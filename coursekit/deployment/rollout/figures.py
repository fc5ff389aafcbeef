"""How rollouts look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

if TYPE_CHECKING:
    from coursekit.deployment.rollout.auditing import AuditReport
    from coursekit.deployment.rollout.evidence import Guardrail
    from coursekit.deployment.rollout.simulation import Outcomes, Rollout

VERDICT_NAMES = {"PASS": "승격", "FAIL": "롤백", "INCONCLUSIVE": "판정 보류", "NO_DATA": "자료 없음"}
"""Verdicts as students read them."""

_COLORS = {"PASS": "#2b8a6b", "FAIL": "#c2452d", "INCONCLUSIVE": "#8a8f98", "NO_DATA": "#c9ccd1"}

ARMS = ("기초선", "후보")


def _rate_name(guardrail: Guardrail) -> str:
    return "오류율" if guardrail.name == "errors" else guardrail.name


def timeline(rollout: Rollout) -> go.Figure:
    """Draw the minutes of a rollout: rates of both arms, the weight, the evidence on its way to the limit.

    The picture of a post-mortem: when did the candidate get worse, who saw it, and what did the test know then.

    Parameters
    ----------
    rollout
        What happened.

    Examples
    --------
    >>> from coursekit.deployment.rollout import Candidate, ConditionalEProcess, RampPlan, Service, Traffic, simulate
    >>> bad = simulate(Traffic(), Service(), Candidate(error_ratio=3), RampPlan([0.05]), ConditionalEProcess())
    >>> timeline(bad).layout.title.text
    '1분 만에 롤백'
    """
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
                name=f"{arm}의 {_rate_name(guardrail)}",
                mode="lines",
                line_dash="dot" if m else "solid",
                row=1,
                col=1,
            )
        figure.add_scatter(
            x=at, y=rollout.strength[:, m], name=f"증거 ({_rate_name(guardrail)})", mode="lines", row=2, col=1
        )
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
    figure.update_yaxes(tickformat=".0%", range=[0, 1.05], dtick=0.25, showgrid=False, row=1, col=1, secondary_y=True)
    figure.update_xaxes(title="시작한 뒤 (분)", row=2, col=1)
    return figure


def audited(report: AuditReport) -> go.Figure:
    """Draw an audit: verdicts of both candidates, and when the harmful one was rolled back.

    Two questions at a glance: how often is somebody woken for nothing, and how long does harm go on.

    Parameters
    ----------
    report
        What was measured.

    Examples
    --------
    >>> from coursekit.deployment.rollout import RampPlan, audit
    >>> report = audit(RampPlan([0.05]), regression=2, runs=100)
    >>> [trace.name for trace in audited(report).data][:2]
    ['승격', '롤백']
    """
    figure = make_subplots(
        cols=2,
        column_widths=[0.5, 0.5],
        horizontal_spacing=0.14,
        subplot_titles=["판정의 비율", "나쁜 후보가 롤백된 비율"],
    )
    rows = {"기초선과 같은 후보": report.harmless}
    if report.harmful is not report.harmless:
        rows[f"{report.regression:g}배 나쁜 후보"] = report.harmful
    verdict_bars(figure, rows, row=1, col=1)
    minutes = np.sort(report.minutes_to_rollback)
    rolled_back = np.arange(1, minutes.size + 1) / minutes.size
    inside = np.isfinite(minutes)
    figure.add_scatter(
        x=minutes[inside], y=rolled_back[inside], line_shape="hv", mode="lines", showlegend=False, row=1, col=2
    )
    figure.update_xaxes(title="시작한 뒤 (분)", rangemode="tozero", row=1, col=2)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], row=1, col=2)
    title = f"{report.configuration}: 억울한 롤백 {report.interval:.1%}"
    figure.update_layout(title=title, height=360)
    return figure


def verdict_bars(figure: go.Figure, rows: Mapping[str, Outcomes], *, row: int, col: int) -> None:
    """Add the shares of the verdicts as one stacked bar for each kind of candidate.

    A rollback is good or bad news only beside the candidate that it hit, so bars stand under each other.

    Parameters
    ----------
    figure
        Figure with subplots.
    rows
        Rollouts by the name of their candidate.
    row, col
        Where in the figure.

    Examples
    --------
    >>> figure = make_subplots(rows=1, cols=1)
    >>> verdict_bars(figure, {}, row=1, col=1)
    >>> figure.layout.barmode
    'stack'
    """
    for verdict, name in VERDICT_NAMES.items():
        shares = [float(np.mean(ended.verdict == verdict)) for ended in rows.values()]
        text = [f"{share:.0%}" if share >= 0.05 else "" for share in shares]
        bar = {"color": _COLORS[verdict], "line_width": 0}
        figure.add_bar(y=list(rows), x=shares, name=name, orientation="h", marker=bar, text=text, row=row, col=col)
    figure.update_xaxes(tickformat=".0%", range=[0, 1], row=row, col=col)
    figure.update_layout(barmode="stack")
