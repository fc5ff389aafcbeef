"""Drawing that the results of a refresh share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots


def refresh_figure(
    x: np.ndarray,
    panels: Sequence[tuple[str, np.ndarray]],
    *,
    title: str,
    x_title: str,
    starts: np.ndarray,
    deliveries: np.ndarray,
    refused: Sequence[object] | np.ndarray = (),
    changes: Sequence[object] = (),
) -> go.Figure:
    """Curves over the same steps, one panel each, above a row of marks for trainings."""
    rows = len(panels) + 1
    heights = [*[1.0] * len(panels), 0.4 if len(refused) else 0.32]
    figure = make_subplots(rows, 1, shared_xaxes=True, row_heights=heights, vertical_spacing=0.06)
    for row, (name, values) in enumerate(panels, start=1):
        figure.add_scatter(x=x, y=values, mode="lines", name=name, showlegend=False, row=row, col=1)
        figure.update_yaxes(title_text=name, rangemode="tozero", row=row, col=1)
    marks = [("학습 시작", starts, "circle-open"), ("새 모델 배포", deliveries, "triangle-up")]
    if len(refused):
        marks.append(("거절된 요청", np.asarray(refused), "x-thin-open"))
    for name, times, symbol in marks:
        figure.add_scatter(
            x=times,
            y=[name] * len(times),
            mode="markers",
            name=name,
            marker={"symbol": symbol, "size": 9},
            showlegend=False,
            hovertemplate="%{y}: %{x}<extra></extra>",
            row=rows,
            col=1,
        )
    names = [name for name, *_ in marks]
    figure.update_yaxes(
        categoryorder="array", categoryarray=names[::-1], range=[-0.6, len(marks) - 0.4], row=rows, col=1
    )
    for change in changes:
        figure.add_vline(x=change, line_dash="dot", line_width=1, opacity=0.6)
    figure.update_xaxes(title_text=x_title, row=rows, col=1)
    figure.update_layout(title=title, height=200 + 150 * len(panels))
    return figure


def change_note(n_changes: int) -> str:
    """What the dotted lines are, for a title."""
    return "<br><sub>점선: 세상이 바뀐 시점</sub>" if n_changes else ""
