"""The picture of the number line: values, grid and errors, and what four ways to choose the range lose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from coursekit.explore.style import palette

if TYPE_CHECKING:
    from coursekit.explore.quantizing import NumberLine

FARTHEST = 20
"""Standard deviations to which the outlier can be moved."""
PLACES = "이상값을 놓을 곳"
"""Name of the points that bring the outlier to them when they are clicked."""


def number_line_figure(lines: Mapping[str, NumberLine], chosen: str) -> go.Figure:
    """Draw the line of one way to choose the range, and the losses of all."""
    shown = lines[chosen]
    figure = make_subplots(
        rows=3,
        cols=2,
        vertical_spacing=0.1,
        horizontal_spacing=0.2,
        specs=[[{"colspan": 2}, None], [{"colspan": 2}, None], [{}, {}]],
        subplot_titles=[
            "값의 개수 (로그 눈금)",
            "",
            "오차의 개수 (로그 눈금)",
            "범위를 정하는 법과 평균제곱오차, SQNR",
        ],
    )
    _grid(figure, shown)
    _errors(figure, shown)
    _ways(figure, lines, chosen)
    figure.update_layout(
        title=f"평균제곱오차 {_sum(shown)} · SQNR {shown.sqnr_db:.1f} dB"
        f" · 격자 {len(shown.grid)}칸 가운데 {shown.used}칸이 쓰임",
        title_font_size=14,
        height=700,
        margin_t=90,
        barmode="stack",
        bargap=0,
        legend={"orientation": "h", "y": -0.1, "yanchor": "top", "x": 0, "traceorder": "normal"},
        yaxis_domain=[0.72, 1.0],
        yaxis2_domain=[0.46, 0.70],
        xaxis_matches="x2",
        xaxis_showticklabels=False,
    )
    return figure


def _grid(figure: go.Figure, line: NumberLine) -> None:
    """The values above the line, and under it the grid and what lands on each of its values."""
    colors, bulk = palette(), line.values[:-1]
    sigma, mean, step = bulk.std(), bulk.mean(), line.grid[1] - line.grid[0]
    low = bulk.min() - 1.5 * sigma
    high = max(mean + FARTHEST * sigma, bulk.max()) + 1.5 * sigma
    counts, edges = np.histogram(line.values, bins=np.arange(low, high + 0.1 * sigma, 0.1 * sigma))
    full, middles = counts > 0, (edges[:-1] + edges[1:]) / 2
    top = 4 * max(int(counts.max()), 10)
    bar: dict[str, Any] = {"marker_color": colors[5], "marker_line_width": 0, "hovertemplate": "%{x:.3g}: %{y}개"}
    figure.add_bar(x=middles[full], y=counts[full], width=0.1 * sigma, name="값", row=1, col=1, **bar)
    places = np.arange(FARTHEST + 1)
    figure.add_scatter(
        x=mean + places * sigma,
        y=np.full(len(places), 0.62 * top),
        customdata=places,
        mode="markers",
        name=PLACES,
        marker={"symbol": "circle-open", "size": 9, "color": colors[7]},
        hovertemplate="누르면 이상값이 여기로 옵니다 (%{customdata} 표준편차)<extra></extra>",
        row=1,
        col=1,
    )
    landed, many = np.unique(line.landed, return_counts=True)
    bar |= {"marker_color": colors[2], "width": min(max(0.3 * step, 0.03 * sigma), 0.3 * sigma)}
    figure.add_bar(x=landed, y=many, name="양자화한 뒤 놓인 값", row=2, col=1, **bar)
    figure.add_scatter(
        x=line.grid,
        y=np.full(len(line.grid), 0.75),
        mode="markers",
        name="나타낼 수 있는 값 (격자)",
        marker={"symbol": "line-ns", "size": 12, "line": {"width": 1, "color": colors[7]}},
        hovertemplate="격자 %{x:.4g}<extra></extra>",
        row=2,
        col=1,
    )
    for row, at in ((1, line.values[-1]), (2, line.landed[-1])):
        mark = {"symbol": "diamond", "size": 12, "color": colors[6]}
        figure.add_scatter(
            x=[at], y=[1], mode="markers", name="이상값", marker=mark, showlegend=row == 1, row=row, col=1
        )
    for start, end, side in ((low, line.grid[0] - step / 2, "left"), (line.grid[-1] + step / 2, high, "right")):
        if start < end:
            for row in (1, 2):
                figure.add_vrect(
                    x0=start, x1=end, opacity=0.16, line_width=0, fillcolor=colors[1], layer="below", row=row, col=1
                )
            inside = line.clipped & ((line.values < line.grid[0]) if side == "left" else (line.values > line.grid[-1]))
            note = {"yref": "y2 domain", "y": 0.08, "xref": "x2", "showarrow": False, "xanchor": side}
            figure.add_annotation(x=start if side == "left" else end, text=f"잘림 {inside.sum():,}개", **note)
    outside = int(np.sum(line.grid < low))
    if outside:
        note = {"xref": "x2 domain", "yref": "y2 domain", "x": 0, "y": 0.08, "xanchor": "left", "showarrow": False}
        figure.add_annotation(text=f"왼쪽 밖으로 격자 {outside}칸 더", **note)
    figure.update_yaxes(type="log", range=[np.log10(0.5), np.log10(top)], dtick=1, row=1, col=1)
    figure.update_yaxes(type="log", range=[np.log10(2 * len(line.values)), np.log10(0.5)], dtick=1, row=2, col=1)
    figure.update_xaxes(range=[low, high], zeroline=True, row=1, col=1)
    figure.update_xaxes(range=[low, high], title="값", row=2, col=1)


def _errors(figure: go.Figure, line: NumberLine) -> None:
    """Histograms of the errors of what is rounded and of what is clipped; the ends hold all beyond."""
    colors, sigma = palette(), line.values[:-1].std()
    edges = sigma * np.linspace(-3, 3, 122)
    middles = (edges[:-1] + edges[1:]) / 2
    for color, name, which in ((colors[0], "반올림", ~line.clipped), (colors[1], "잘림", line.clipped)):
        counts, _ = np.histogram(np.clip(line.error[which], edges[0], edges[-1]), bins=edges)
        figure.add_scatter(
            x=middles,
            y=np.maximum(counts, 0.5),
            customdata=counts,
            name=f"{name} 오차",
            showlegend=False,
            line={"shape": "hvh", "width": 1.5, "color": color},
            fill="tozeroy",
            hovertemplate="%{x:.3g}: %{customdata}개",
            row=3,
            col=1,
        )
    figure.update_yaxes(type="log", range=[np.log10(0.5), np.log10(2 * len(line.values))], dtick=1, row=3, col=1)
    figure.update_xaxes(title="양자화한 값 - 값 (양 끝은 그 밖까지)", range=[edges[0], edges[-1]], row=3, col=1)


def _ways(figure: go.Figure, lines: Mapping[str, NumberLine], chosen: str) -> None:
    colors = palette()
    names = [f"<b>{name}</b>" if name == chosen else name for name in lines]
    parts = {"반올림": [one.rounding for one in lines.values()], "잘림": [one.clipping for one in lines.values()]}
    for color, (name, part) in zip(colors, parts.items(), strict=False):
        figure.add_bar(y=names, x=part, orientation="h", name=name, marker_color=color, width=0.6, row=3, col=2)
    largest = max(one.mse for one in lines.values()) or 1.0
    for name, one in zip(names, lines.values(), strict=True):
        note = {"xanchor": "left", "showarrow": False, "xref": "x4", "yref": "y4"}
        figure.add_annotation(x=one.mse + 0.02 * largest, y=name, text=f"{one.sqnr_db:.1f} dB", **note)
    figure.update_xaxes(title="평균제곱오차", range=[0, 1.3 * largest], nticks=5, exponentformat="power", row=3, col=2)
    figure.update_yaxes(autorange="reversed", row=3, col=2)


def _sum(line: NumberLine) -> str:
    """Both parts and their sum in one unit, so that a reader can add them."""
    power = int(np.floor(np.log10(line.mse))) if line.mse > 0 else 0
    whole, rounding, clipping = (part / 10.0**power for part in (line.mse, line.rounding, line.clipping))
    unit = f" (× 10<sup>{power}</sup>)" if power else ""
    return f"{whole:.2f} = 반올림 {rounding:.2f} + 잘림 {clipping:.2f}{unit}"
