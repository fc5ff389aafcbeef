"""The picture of a comparison: accuracy over size, latency as colour, and the front."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.modeling.optimization._labels import place_labels

_SIZES = {"bytes": "파일 크기", "gzip_bytes": "gzip으로 압축한 크기"}


def comparing_figure(frame: pd.DataFrame, *, size: str, front: Sequence[str]) -> go.Figure:
    """Draw a report's frame."""
    kilobytes = frame[size] / 1_000
    figure = go.Figure()
    on_front = frame["model"].isin(list(front))
    edge = frame.assign(x=kilobytes).sort_values(["x", "accuracy"], ascending=[True, False])
    edge = edge[edge["accuracy"] > edge["accuracy"].cummax().shift(fill_value=-1.0)]
    figure.add_scatter(
        x=edge["x"],
        y=edge["accuracy"],
        mode="lines",
        line={"shape": "hv", "dash": "dot", "width": 1.5, "color": "gray"},
        name="크기와 정확도만 본 경계",
        hoverinfo="skip",
    )
    text = [
        f"{row.model}: 정확도 {row.accuracy:.1%} ({100 * row.accuracy_low:.1f}~{100 * row.accuracy_high:.1f})<br>"
        f"{row.bytes:,}바이트, gzip {row.gzip_bytes:,}바이트<br>"
        f"중앙값 {row.median_ms:.3g} ms, p99 {row.p99_ms:.3g} ms"
        for row in frame.itertuples()
    ]
    for title, which, symbol in (
        ("파레토 최적 (정확도, 크기, 지연 시간)", on_front, "circle"),
        ("더 나은 모델이 있음", ~on_front, "x"),
    ):
        rows = frame[which]
        figure.add_scatter(
            x=kilobytes[which],
            y=rows["accuracy"],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": rows["accuracy_high"] - rows["accuracy"],
                "arrayminus": rows["accuracy"] - rows["accuracy_low"],
                "width": 3,
                "thickness": 1,
                "color": "gray",
            },
            mode="markers",
            marker={
                "size": 12,
                "symbol": symbol,
                "color": rows["median_ms"],
                "coloraxis": "coloraxis",
                "line": {"width": 1, "color": "gray"},
            },
            customdata=[line for line, shown in zip(text, which, strict=True) if shown],
            hovertemplate="%{customdata}<extra></extra>",
            name=title,
        )
    for label in place_labels(
        np.log10(kilobytes).tolist(), frame["accuracy"].tolist(), frame["model"].tolist(), width=720, height=320
    ):
        figure.add_annotation(label)
    figure.update_layout(
        title=f"정확도와 {_SIZES[size]} (막대는 95% 신뢰구간)",
        # from zero: among equals noise would fill the scale
        coloraxis={
            "cmin": 0,
            "cmax": float(frame["median_ms"].max()),
            "colorbar": {"title": "지연 시간<br>중앙값 (ms)"},
        },
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
        height=480,
    )
    figure.update_xaxes(type="log", title=f"{_SIZES[size]} (KB, 로그 눈금)", exponentformat="none")
    figure.update_yaxes(title="정확도", tickformat=".1%")
    return figure
