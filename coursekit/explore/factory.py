"""The factory line: hand inspection over to a model, and compare what the factory believes with what it ships."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, Protocol

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from coursekit._number_checks import check_whole, told
from coursekit.explore.controls import dropdown, slider
from coursekit.explore.interactive import InteractiveFigure, interactive_figure
from coursekit.explore.style import palette


class _Recall(Protocol):
    """A recall that an audit estimated."""

    estimate: float
    low: float
    high: float
    confidence: float


class _Played(Protocol):
    """What the room reads of a line that was played, a dataclass with one entry a day in each array."""

    share: np.ndarray
    shadow: np.ndarray
    shipped: np.ndarray
    shipped_by_model: np.ndarray
    model_defects: np.ndarray
    model_caught: np.ndarray
    audit_found: np.ndarray
    cost: np.ndarray

    @property
    def estimated_recall(self) -> _Recall:
        """Estimate from the audit of all its days; NaN without one."""


def factory_room(
    play: Callable[[float, str, float, int], _Played], *, plans: Mapping[str, str], most_days: int = 60
) -> InteractiveFigure:
    """Choose a model, a plan and an audit rate; see what ships beside what the factory believes.

    A factory without an audit of the parts that its model passed believes in a recall of 100% whatever happens.
    The two pictures stand side by side so that the belief can be seen not to move while the truth does, and
    that an audit finds the truth within an interval which its rate narrows.

    Parameters
    ----------
    play
        Takes the model's recall, a plan, the audit rate and the cost of an escape in won, and gives the report of
        the line, such as :class:`~coursekit.cases.inspection.LineReport`. Each choice is asked once.
    plans
        Name shown to the plan that ``play`` takes.
    most_days
        Days drawn.

    Raises
    ------
    ValueError
        If there is no plan, no day to draw, or ``play`` gives no report of a line.

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
    if not isinstance(plans, Mapping) or not plans:
        raise ValueError(f"factory_room: plans must name at least one plan, {{name: plan}}, got {told(plans)}")
    most_days = check_whole("factory_room", "most_days", most_days, low=1)

    @cache
    def played(recall: float, plan: str, audit_rate: float, escape: int) -> _Played:
        return _first_days(play(recall, plan, audit_rate, escape), most_days)

    def picture(recall: int, plan: str, audit: int, escape: int) -> go.Figure:
        return _picture(played(recall / 100, plan, audit / 100, 10_000 * escape))

    return interactive_figure(
        picture,
        recall=slider("공장에서 모델의 재현율", 40, 99, value=60, unit="%"),
        plan=dropdown("올리는 계획", dict(plans)),
        audit=slider("통과품을 다시 보는 비율", 0, 50, value=20, step=5, unit="%"),
        escape=slider("불량 하나가 나갔을 때의 비용", 1, 50, value=10, unit="만 원"),
    )


def _first_days(line: Any, days: int) -> Any:
    """What was known so early: the same report, of its first days alone."""
    needed = (*_Played.__annotations__, "estimated_recall")
    missing = [name for name in needed if not hasattr(line, name)] if is_dataclass(line) else list(needed)
    if missing:
        raise ValueError(f"factory_room: play must give the report of a line, got {told(line)} without {missing[0]}")
    arrays = {item.name: getattr(line, item.name) for item in fields(line)}
    return replace(line, **{name: a[:days] for name, a in arrays.items() if isinstance(a, np.ndarray)})


def _estimates(line: _Played) -> np.ndarray:
    """Recall estimated from all audits up to each day, ``(3, days)``: itself, low and high end; NaN without any."""
    found = [_first_days(line, day).estimated_recall for day in range(1, len(line.share) + 1)]
    return np.array([(one.estimate, one.low, one.high) for one in found]).T


def _picture(line: _Played) -> go.Figure:
    figure = make_subplots(
        cols=2,
        horizontal_spacing=0.17,
        specs=[[{"secondary_y": True}, {}]],
        subplot_titles=["지금까지 나간 불량 (개)", "모델의 재현율, 공장의 믿음과 실제"],
    )
    _shipped(figure, line)
    belief = _recalls(figure, line)
    figure.update_layout(
        title=f"나간 불량 {line.shipped.sum():,}개 · 비용 {line.cost.sum() / 1e4:,.0f}만 원 · {belief}",
        title_font_size=14,
        height=460,
        margin_t=90,
        legend={"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0, "traceorder": "normal"},
    )
    figure.update_xaxes(title="시작한 뒤 (일)", range=[1, max(len(line.share), 2)])
    return figure


def _shipped(figure: go.Figure, line: _Played) -> None:
    colors, days = palette(), np.arange(1, len(line.share) + 1)
    by_model = line.shipped_by_model.cumsum()
    by_people = line.shipped.cumsum() - by_model
    for color, name, count in ((colors[0], "사람이 통과시킴", by_people), (colors[1], "모델이 통과시킴", by_model)):
        edge = {"color": color, "width": 2 if count.any() else 0}
        area = {"stackgroup": "shipped", "mode": "lines", "line": edge}
        figure.add_scatter(x=days, y=count, name=name, row=1, col=1, **area)
    weight = {"shape": "hv", "dash": "dot", "color": colors[7]}
    figure.add_scatter(x=days, y=line.share, name="모델의 몫 (오른쪽 축)", line=weight, row=1, col=1, secondary_y=True)
    before = (line.share > 0) | line.shadow
    back = np.flatnonzero(before[:-1] & ~before[1:])
    for at in back:
        text = f"{at + 1}일째 사람에게 돌아감"
        side = "left" if at < 0.6 * len(days) else "right"
        figure.add_vline(x=at + 1, line={"dash": "dash", "width": 1, "color": colors[7]}, row=1, col=1)
        figure.add_annotation(x=at + 1, y=0.95, yref="y domain", xanchor=side, text=text, showarrow=False)
    judged = int(line.shadow.sum())
    if line.shadow[:judged].all() and judged:
        figure.add_vrect(x0=1, x1=judged, opacity=0.15, line_width=0, fillcolor=colors[7], row=1, col=1)
        if judged >= 0.2 * len(days):
            middle = {"x": (1 + judged) / 2, "y": 0.82, "yref": "y domain"}
            figure.add_annotation(text="섀도 배포", showarrow=False, **middle)
    figure.update_yaxes(rangemode="tozero", row=1, col=1, secondary_y=False)
    percent = {"tickformat": ".0%", "range": [0, 1.02], "tickvals": [0, 0.25, 0.5, 0.75, 1]}
    figure.update_yaxes(**percent, showgrid=False, row=1, col=1, secondary_y=True)


def _recalls(figure: go.Figure, line: _Played) -> str:
    """Draw the recalls, and tell the last of each."""
    colors, days = palette(), np.arange(1, len(line.share) + 1)
    caught, found = line.model_caught.cumsum(), line.audit_found.cumsum()
    with np.errstate(invalid="ignore", divide="ignore"):
        apparent, truth = caught / (caught + found), caught / line.model_defects.cumsum()
    estimate, low, high = _estimates(line)
    place: dict[str, Any] = {"x": days, "mode": "lines", "row": 1, "col": 2}
    audited = bool(np.isfinite(estimate[-1]))
    if audited:
        sure = line.estimated_recall.confidence
        fill = f"rgba({', '.join(str(int(colors[3][i : i + 2], 16)) for i in (1, 3, 5))}, 0.2)"
        figure.add_scatter(y=high, line_width=0, hoverinfo="skip", showlegend=False, **place)
        figure.add_scatter(
            y=low, line_width=0, fill="tonexty", fillcolor=fill, name=f"감사의 {sure:.0%} 신뢰구간", **place
        )
        figure.add_scatter(y=estimate, line={"color": colors[3], "width": 3}, name="감사로 어림", **place)
    dashed = {"color": colors[5], "dash": "dash", "width": 3}
    figure.add_scatter(y=apparent, line=dashed, name="겉으로 본 재현율", **place)
    figure.add_scatter(y=truth, line={"color": colors[6], "dash": "dot", "width": 3}, name="실제", **place)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.05], row=1, col=2)
    if not np.isfinite(truth[-1]):
        nobody = "모델이 맡은 부품 없음"
        back = line.shadow.any() and not line.shadow[-1]
        why = f"{nobody}<br>섀도 배포에서 사람에게 돌아갔습니다" if back else nobody
        figure.add_annotation(x=0.5, y=0.5, xref="x2 domain", yref="y3 domain", text=why, showarrow=False)
        return nobody
    known = f"{estimate[-1]:.0%} ({low[-1]:.0%}~{high[-1]:.0%})" if audited else f"{apparent[-1]:.0%}"
    return f"믿는 재현율 {known}, 실제 {truth[-1]:.0%}"
