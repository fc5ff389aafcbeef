"""The picture of a search: what was tried, between the limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from coursekit.modeling.optimization._labels import place_labels
from coursekit.modeling.optimization._verdict import Limits, size_name, time_name


def budget_figure(tried: pd.DataFrame, limits: Limits, chosen: str | None) -> go.Figure:
    """Accuracy over size and over latency; limits as lines."""
    frame = tried[tried["accuracy"].notna()]
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.05)
    is_chosen = frame["technique"] == chosen
    groups = (
        ("한도를 넘음", ~frame["meets"], "x", 9),
        ("한도를 지킴", frame["meets"] & ~is_chosen, "circle", 10),
        ("고른 방법", is_chosen, "diamond", 13),
    )
    panels = (
        (frame[limits.size] / 1_000, limits.max_bytes and limits.max_bytes / 1_000, f"{size_name(limits)} (KB)"),
        (frame[limits.time], limits.max_latency_ms, f"{time_name(limits)} (ms)"),
    )
    for col, (values, limit, title) in enumerate(panels, start=1):
        for number, (name, which, symbol, size) in enumerate(groups):
            rows = frame[which]
            figure.add_scatter(
                x=values[which],
                y=rows["accuracy"],
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": rows["accuracy_high"] - rows["accuracy"],
                    "arrayminus": rows["accuracy"] - rows["accuracy_low"],
                    "width": 3,
                    "thickness": 1,
                },
                mode="markers",
                marker={"symbol": symbol, "size": size},
                # the style's order of colours: grey for what fails, blue for what holds, pink for what is taken
                line={"color": ("#787878", "#3674c8", "#e8317f")[number]},
                customdata=rows["technique"],
                hovertemplate="%{customdata}: %{y:.1%}, %{x:.4~g}<extra></extra>",
                name=name,
                legendgroup=name,
                showlegend=col == 1,
                row=1,
                col=col,
            )
        if len(frame):
            ends = np.log10([min(values.min(), limit or np.inf), max(values.max(), limit or 0)])
            room = 0.08 * max(float(np.ptp(ends)), 0.3)
            shown = float(ends[0]) - room, float(ends[1]) + room
            figure.update_xaxes(range=shown, row=1, col=col)
            across, names = np.log10(values).tolist(), frame["technique"].tolist()
            for label in place_labels(across, frame["accuracy"].tolist(), names, width=410, height=300, x_range=shown):
                figure.add_annotation(label, row=1, col=col)
        if limit is not None:
            figure.add_vline(x=limit, line_dash="dash", line_width=1, row=1, col=col)
        if limits.min_accuracy is not None:
            figure.add_hline(y=limits.min_accuracy, line_dash="dash", line_width=1, row=1, col=col)
        figure.update_xaxes(title=title + ", 로그 눈금", type="log", exponentformat="none", row=1, col=col)
    figure.update_yaxes(tickformat=".1%")
    figure.update_yaxes(title="정확도", row=1, col=1)
    verdict = f"고른 방법: {chosen}" if chosen else "한도를 모두 지키는 방법이 없음"
    figure.update_layout(
        title=f"예산 안에서 찾기 ({verdict}, 점선이 한도)",
        height=480,
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
    )
    return figure
