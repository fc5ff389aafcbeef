"""The factory line: hand inspection over to a model, and compare what the factory believes with what it ships."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Protocol

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from coursekit.explore.controls import dropdown, slider
from coursekit.explore.interactive import InteractiveFigure, interactive_figure
from coursekit.explore.style import palette


class Played(Protocol):
    """What the room reads of a line that was played: one entry a day in each array."""

    share: np.ndarray
    shipped: np.ndarray
    shipped_by_model: np.ndarray
    model_defects: np.ndarray
    model_caught: np.ndarray
    audit_found: np.ndarray
    cost: np.ndarray
    audit_rate: float
    auditor_recall: float


def factory_room(
    play: Callable[[float, str, float, int], Played], *, plans: Mapping[str, str], most_days: int = 60
) -> InteractiveFigure:
    """Choose a model, a plan and an audit rate; see what ships beside what the factory believes.

    A factory without an audit of the parts that its model passed believes in a recall of 100% whatever happens.
    The two pictures stand side by side so that the belief can be seen not to move while the truth does.

    Parameters
    ----------
    play
        Takes the model's recall, a plan, the audit rate and the cost of an escape in won, and gives the line's
        report. Each choice is asked once.
    plans
        Name shown to the plan that ``play`` takes.
    most_days
        Days drawn.

    Raises
    ------
    ValueError
        If there is no plan, or no day to draw.

    Examples
    --------
    >>> from coursekit.cases import inspection
    >>> def play(recall, plan, audit_rate, escape):
    ...     model = inspection.ScoreModel(factory_recall=recall)
    ...     return inspection.FactoryLine(model=model).run(plan, days=10, audit_rate=audit_rate)
    >>> room = factory_room(play, plans={"5%": "canary"})
    >>> room.controls["audit"].value = 0
    >>> "믿는 재현율 100%" in room.view.figure.layout.title.text
    True
    """
    if not plans:
        raise ValueError("factory_room: plans is empty; name at least one")
    if most_days < 1:
        raise ValueError(f"factory_room: most_days must be at least 1, got {most_days}")
    played = cache(play)

    def picture(recall: int, plan: str, audit: int, escape: int) -> go.Figure:
        return _picture(played(recall / 100, plan, audit / 100, 10_000 * escape), most_days)

    return interactive_figure(
        picture,
        recall=slider("공장에서 모델의 재현율", 40, 99, value=60, unit="%"),
        plan=dropdown("올리는 계획", dict(plans)),
        audit=slider("통과품을 다시 보는 비율", 0, 50, value=20, step=5, unit="%"),
        escape=slider("불량 하나가 나갔을 때의 비용", 1, 50, value=10, unit="만 원"),
    )


def _picture(line: Played, most_days: int) -> go.Figure:
    colors = palette()
    days = np.arange(1, len(line.share) + 1)[:most_days]
    shown = slice(0, days.size)
    caught, found = np.cumsum(line.model_caught)[shown], np.cumsum(line.audit_found)[shown]
    with np.errstate(invalid="ignore", divide="ignore"):
        believed = caught / (caught + found)
        truth = caught / np.cumsum(line.model_defects)[shown]
        seen = line.audit_rate * line.auditor_recall
        estimated = caught / (caught + found / seen) if seen else np.full(days.size, np.nan)
    figure = make_subplots(
        cols=2,
        horizontal_spacing=0.13,
        specs=[[{"secondary_y": True}, {}]],
        subplot_titles=["지금까지 나간 불량", "공장이 믿는 재현율과 실제"],
    )
    by_model = np.cumsum(line.shipped_by_model)[shown]
    by_people = np.cumsum(line.shipped)[shown] - by_model
    for color, name, count in ((colors[0], "사람이 통과시킴", by_people), (colors[1], "모델이 통과시킴", by_model)):
        area = {"stackgroup": "shipped", "mode": "lines", "line_color": color}
        figure.add_scatter(x=days, y=count, name=name, row=1, col=1, **area)
    weight = {"shape": "hv", "dash": "dot", "color": colors[7]}
    figure.add_scatter(
        x=days, y=line.share[shown], name="모델의 몫 (오른쪽 축)", line=weight, row=1, col=1, secondary_y=True
    )
    lines = (("겉으로 본 재현율", believed, "dash"), ("감사로 어림", estimated, "solid"), ("실제", truth, "dot"))
    for color, (name, values, dash) in zip(colors[2:], lines, strict=False):
        line_style = {"color": color, "dash": dash, "width": 3}
        figure.add_scatter(x=days, y=values, name=name, mode="lines", line=line_style, row=1, col=2)
    belief = estimated[-1] if seen else believed[-1]
    if np.isfinite(belief) and np.isfinite(truth[-1]):
        told = f"믿는 재현율 {belief:.0%}, 실제 {truth[-1]:.0%}"
    else:
        told = "모델이 맡은 부품 없음"
        figure.add_annotation(x=0.5, y=0.5, xref="x2 domain", yref="y3 domain", text=told, showarrow=False)
    shipped = int(np.sum(line.shipped[shown]))
    figure.update_layout(
        title=f"나간 불량 {shipped:,}개 · 비용 {np.sum(line.cost[shown]) / 1e4:,.0f}만 원 · {told}",
        title_font_size=14,
        height=430,
        margin_t=90,
    )
    figure.update_yaxes(rangemode="tozero", row=1, col=1, secondary_y=False)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], showgrid=False, row=1, col=1, secondary_y=True)
    figure.update_yaxes(tickvals=[0, 0.25, 0.5, 0.75, 1], row=1, col=1, secondary_y=True)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.05], row=1, col=2)
    figure.update_xaxes(title="시작한 뒤 (일)")
    return figure
