"""The picture of the Pareto chooser: models between limits, what each misses, and what would have to give."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from coursekit.explore.style import palette

if TYPE_CHECKING:
    from coursekit.explore.pareto import Choice

LATENCIES = {"중앙값": "median_ms", "p99": "p99_ms"}
WHY = {"accuracy": "정확도가 가장 높음", "bytes": "가장 작음", "latency": "가장 빠름"}
_OVER = {"bytes": "크기 +", "latency": "지연 +", "accuracy": "정확도 -"}
_ROW = 25
_LOOSER = {
    "accuracy": "정확도의 하한을 {} 낮추면",
    "bytes": "크기 한도를 {} 늘리면",
    "latency": "지연 시간 한도를 {} 늘리면",
}


def pareto_figure(
    frame: pd.DataFrame, choice: Choice, limits: Mapping[str, float], *, first: str, latency: str
) -> go.Figure:
    """Draw accuracy against size and latency, and the table of all models."""
    table_height = _ROW * (min(len(frame), 14) + 2) + 8  # a row of slack: long verdicts are broken
    inside = 340 + 90 + table_height
    figure = make_subplots(
        rows=2,
        cols=2,
        shared_yaxes=True,
        vertical_spacing=90 / inside,
        horizontal_spacing=0.05,
        row_heights=[340, table_height],
        specs=[[{}, {}], [{"type": "table", "colspan": 2}, None]],
        subplot_titles=["정확도와 크기", "정확도와 지연 시간"],
    )
    table = choice.table
    panels = ((table["bytes"] / 1_000, limits["most_bytes"] / 1_000), (table["latency"], limits["most_ms"]))
    for col, (values, limit) in enumerate(panels, start=1):
        ends = np.log10([min(values.min(), limit), max(values.max(), limit)])
        room = 0.08 * max(ends[1] - ends[0], 0.3)
        low, high = ends[0] - room, ends[1] + room
        _cloud(figure, frame, choice, values, col, middle=10 ** ((low + high) / 2))
        figure.add_vline(x=limit, line_dash="dash", row=1, col=col)
        figure.add_hline(y=limits["least"], line_dash="dash", row=1, col=col)
        ticks = [m * 10.0**e for e in range(math.floor(low), math.ceil(high)) for m in (1, 2, 5)]
        figure.update_xaxes(type="log", range=[low, high], tickvals=ticks, tickformat="~r", row=1, col=col)
    shown = next(name for name, column in LATENCIES.items() if column == latency)
    figure.update_xaxes(title="크기 (KB, 로그 눈금)", row=1, col=1)
    figure.update_xaxes(title=f"지연 시간의 {shown} (ms, 로그 눈금)", row=1, col=2)
    figure.update_yaxes(tickformat=".0%", row=1)
    figure.update_yaxes(title="정확도", row=1, col=1)
    _table(figure, frame, choice)
    figure.update_layout(
        title={"text": _told(frame, choice, first), "y": 1, "yanchor": "top", "pad": {"t": 20}},
        title_font_size=14,
        height=inside + 165,
        margin={"t": 115, "b": 50},
        legend={"orientation": "h", "y": -0.01, "yanchor": "top", "x": 0},
    )
    return figure


def _cloud(figure: go.Figure, frame: pd.DataFrame, choice: Choice, x: pd.Series, col: int, *, middle: float) -> None:
    colors, table = palette(), choice.table
    chosen = pd.Series(table.index == choice.chosen, index=table.index)
    place: dict[str, Any] = {"row": 1, "col": col, "showlegend": col == 1}
    ordered = frame.assign(x=x).sort_values(["x", "accuracy"], ascending=[True, False])
    edge = ordered[ordered["accuracy"] > ordered["accuracy"].cummax().shift(fill_value=-1)]
    line = {"shape": "hv", "dash": "dot", "width": 1.5, "color": colors[2]}
    figure.add_scatter(
        x=edge["x"], y=edge["accuracy"], mode="lines", line=line, name="이 두 값만 본 경계", hoverinfo="skip", **place
    )
    front = frame[table["optimal"]]
    figure.add_scatter(
        x=x[front.index],
        y=front["accuracy"],
        mode="markers+text",
        text=[f"  {name}  " for name in front["model"]],
        textposition=["top right" if x[at] < middle else "top left" for at in front.index],
        marker={"symbol": "circle-open", "size": 20, "color": colors[2], "line": {"width": 2}},
        name="파레토 최적 (세 값을 모두 보아)",
        hoverinfo="skip",
        **place,
    )
    for name, which, color, symbol in (
        ("한도를 넘음", ~table["remains"], colors[7], "x"),
        ("남음", table["remains"] & ~chosen, colors[0], "circle"),
        ("고른 모델", chosen, colors[6], "diamond"),
    ):
        rows = frame[which]
        figure.add_scatter(
            x=x[which],
            y=rows["accuracy"],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": rows["accuracy_high"] - rows["accuracy"],
                "arrayminus": rows["accuracy"] - rows["accuracy_low"],
                "width": 3,
            },
            mode="markers",
            customdata=rows["model"],
            name=name,
            marker={"color": color, "symbol": symbol, "size": 12 if symbol == "diamond" else 9},
            hovertemplate="%{customdata}: %{y:.1%}, %{x:.4~r}<extra></extra>",
            **place,
        )


def _table(figure: go.Figure, frame: pd.DataFrame, choice: Choice) -> None:
    table = choice.table
    verdicts = []
    for at, row in table.iterrows():
        over = [f"{short}{_gap(name, row[f'over_{name}'])}" for name, short in _OVER.items() if row[f"over_{name}"]]
        verdicts.append("고름" if at == choice.chosen else " · ".join(over) or "남음")
    rows = list(frame.itertuples())
    cells = {
        "모델": [str(name) for name in frame["model"]],
        "정확도 (신뢰구간)": [
            f"{r.accuracy:.1%} ({100 * r.accuracy_low:.1f}~{100 * r.accuracy_high:.1f})" for r in rows
        ],
        "크기": [_size("bytes", size) for size in frame["bytes"]],
        "지연 시간 (p99)": [f"{r.median_ms:.3g} ms ({r.p99_ms:.3g} ms)" for r in rows],
        "파레토": ["최적" if front else "" for front in table["optimal"]],
        "판정": verdicts,
    }
    figure.add_table(
        header={"values": list(cells), "height": _ROW},
        cells={"values": list(cells.values()), "height": _ROW},
        columnwidth=[1.7, 1.7, 1, 1.6, 0.7, 3.4],
        row=2,
        col=1,
    )


def _told(frame: pd.DataFrame, choice: Choice, first: str) -> str:
    """The model chosen and why, or what would have to give."""
    table = choice.table
    if choice.chosen is None:
        ways = [
            f"{' 그리고 '.join(_LOOSER[limit].format(_gap(limit, gap)) for limit, gap in needed.items())} "
            f"남는 모델: {table.loc[at, 'model']}"
            for at, needed in choice.loosened.items()
        ]
        return "한도를 모두 지키는 모델이 없음<br>" + "<br>".join(ways)
    others = table[table["remains"]].drop(index=choice.chosen)
    heading = f"고른 모델: {table.loc[choice.chosen, 'model']}"
    if others.empty:
        return f"{heading}<br>한도를 모두 지키는 유일한 모델"
    why = f"{heading}<br>남은 {len(others) + 1}개 가운데 {WHY[first]}"
    if first == "accuracy":
        low, high = (frame[f"accuracy_{end}"] for end in ("low", "high"))
        near = int(np.sum(high[others.index] >= low[choice.chosen]))
        return why + (f", 신뢰구간이 겹치는 모델 {near}개" if near else ", 신뢰구간이 겹치는 모델 없음")
    runner = others[first].idxmin()
    mine, following = (float(table.loc[at, first]) for at in (choice.chosen, runner))
    if mine == following:
        return f"{why} ({_size(first, mine)}, {table.loc[runner, 'model']}도 같아 다른 값으로 가림)"
    return f"{why} ({_size(first, mine)}, 다음은 {table.loc[runner, 'model']} {_size(first, following)})"


def _size(limit: str, value: float) -> str:
    return _kb(value / 1_000) if limit == "bytes" else f"{value:.3g} ms"


def _gap(limit: str, value: float) -> str:
    """How far beyond a limit, never told too short to be enough."""
    if limit == "accuracy":
        return f"{_up(100 * value, 1):.1f}%p"
    if limit == "bytes":
        return _kb(_up(value / 1_000, 1))
    digits = 1 - math.floor(math.log10(value))
    return f"{np.format_float_positional(_up(value, digits), trim='-')} ms"


def _kb(size: float) -> str:
    return f"{size:,.0f} KB" if size == round(size) else f"{size:,.1f} KB"


def _up(value: float, digits: int) -> float:
    return math.ceil(value * 10**digits - 1e-6) / 10**digits
