"""The picture of a roofline: a ceiling for each kind of product, slopes for cache and memory, models below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from coursekit.modeling.optimization._labels import place_labels

_BINDS = {"compute": "계산이 제한", "memory": "메모리가 제한"}


def roofline_figure(
    peaks: Mapping[str, float], slow: float, fast: float, points: Sequence[Mapping[str, Any]]
) -> go.Figure:
    """Draw GOP/s over operations per byte; slow and fast are GB/s from memory and from the cache."""
    reached = [float(point["intensity"]) for point in points]
    knees = [peak / speed for peak in peaks.values() for speed in (slow, fast)]
    low, high = min([*knees, *reached]) / 3, max([*knees, *reached]) * 3
    highest = max(peaks.values())
    figure = go.Figure()
    hover = "%{x:.3~g} 연산/바이트, %{y:.3~g} GOP/s<extra></extra>"
    for name, peak in peaks.items():
        axis = [low, peak / fast, high]
        figure.add_scatter(
            x=axis,
            y=[fast * low, peak, peak],
            mode="lines",
            name=f"{name} 최고 {peak:,.0f} GOP/s (캐시 {fast:,.0f} GB/s)",
            hovertemplate=hover,
        )
    figure.add_scatter(
        x=[low, highest / slow],
        y=[slow * low, highest],
        mode="lines",
        line={"dash": "dot", "width": 1.5, "color": "gray"},
        name=f"캐시를 벗어나면 (메모리 {slow:,.0f} GB/s)",
        hovertemplate=hover,
    )
    if points:
        speeds = [float(point["gops"]) for point in points]
        figure.add_scatter(
            x=reached,
            y=speeds,
            text=[point["model"] for point in points],
            customdata=[f"한계의 {point['share']:.0%}, {_BINDS[point['binds']]}" for point in points],
            mode="markers",
            marker={"size": 10, "symbol": "diamond"},
            name="모델",
            hovertemplate="%{text}: %{x:.3~g} 연산/바이트, %{y:.3~g} GOP/s<br>%{customdata}<extra></extra>",
        )
        names = [str(point["model"]) for point in points]
        floor = min([*speeds, slow * low]) / 1.5
        x_range, y_range = np.log10([low, high]), np.log10([floor, 2 * max([highest, *speeds])])
        for label in place_labels(
            np.log10(reached).tolist(),
            np.log10(speeds).tolist(),
            names,
            width=890,
            height=350,
            x_range=(float(x_range[0]), float(x_range[1])),
            y_range=(float(y_range[0]), float(y_range[1])),
        ):
            figure.add_annotation(label)
        figure.update_xaxes(range=x_range)
        figure.update_yaxes(range=y_range)
    figure.update_xaxes(type="log", title="산술 강도 (연산/바이트, 로그 눈금)", exponentformat="none")
    figure.update_yaxes(type="log", title="초당 연산 (GOP/s, 로그 눈금)", exponentformat="none")
    figure.update_layout(title="루프라인: 이 기계에서 낼 수 있는 속도의 한계", height=520)
    figure.update_layout(legend={"orientation": "h", "y": -0.18, "yanchor": "top", "x": 0})
    return figure
