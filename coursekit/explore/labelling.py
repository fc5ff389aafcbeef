"""A label and the world it meets: choose both, and read the confusion matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from coursekit.explore.controls import dropdown, slider
from coursekit.explore.interactive import InteractiveFigure, interactive_figure
from coursekit.explore.style import palette


def label_workshop(
    count: Callable[[str, float, float, str], ArrayLike],
    survival: Callable[[str, float, float], float],
    *,
    shapes: Mapping[str, str],
    rules: Mapping[str, str],
) -> InteractiveFigure:
    """Choose how long patients stay and which rule labels them, and see how often the label is right.

    A label rule is a claim about a distribution. The same words "a patient who has been here for 36 hours
    will leave" hold where stays are nearly fixed and mean nothing where they have a tail; no accuracy of a
    model trained on the label would show it.

    Parameters
    ----------
    count
        Takes shape of the stay, its mean in hours, hours after which the rule expects a bed, and the rule;
        gives counts of (truth, label), shape (2, 2), False first. Each combination is asked once.
    survival
        Takes shape, mean and hours; gives the share of patients who stay longer.
    shapes
        Name shown to the shape that ``count`` takes.
    rules
        Name shown to the rule that ``count`` takes.

    Raises
    ------
    ValueError
        If there is no shape or no rule, or the counts are no 2 x 2 numbers of at least 0.

    Examples
    --------
    >>> workshop = label_workshop(
    ...     lambda shape, mean, hours, rule: [[0, 3], [0, 9]],
    ...     lambda shape, mean, hours: 0.37,
    ...     shapes={"지수분포": "exponential"}, rules={"36시간 규칙": "36h"})
    >>> workshop.values["hours"]
    36
    """
    if not shapes or not rules:
        raise ValueError("label_workshop: give at least one shape and one rule")

    @cache
    def counted(shape: str, mean: float, hours: float, rule: str) -> np.ndarray:
        counts = np.asarray(count(shape, mean, hours, rule), dtype=float)
        if counts.shape != (2, 2) or not (counts >= 0).all():
            raise ValueError(f"label_workshop: counts must be 2 x 2 numbers of at least 0, got {counts.tolist()}")
        return counts

    shown = {shape: name for name, shape in shapes.items()}

    def picture(shape: str, rule: str, mean: int, hours: int) -> go.Figure:
        grid = np.linspace(0, 3 * mean, 121)
        tail = np.array([survival(shape, mean, float(at)) for at in grid])
        return _picture(
            counted(shape, mean, hours, rule),
            grid,
            tail,
            hours=hours,
            longer=survival(shape, mean, hours),
            name=shown[shape],
        )

    return interactive_figure(
        picture,
        shape=dropdown("재원 시간의 분포", dict(shapes)),
        rule=dropdown("레이블 규칙", dict(rules)),
        mean=slider("평균 재원 시간", 4, 48, value=36, step=4, unit="시간"),
        hours=slider("곧 나간다고 보는 시점", 4, 72, value=36, step=4, unit="시간"),
    )


def _picture(
    counts: np.ndarray, grid: np.ndarray, tail: np.ndarray, *, hours: float, longer: float, name: str
) -> go.Figure:
    colors = palette()
    total = counts.sum(axis=1)
    with np.errstate(invalid="ignore"):
        share = counts / total[:, None]
    wrong = f"{share[0, 1]:.1%}" if total[0] else "없음"
    figure = make_subplots(
        cols=2,
        column_widths=[0.5, 0.5],
        horizontal_spacing=0.16,
        subplot_titles=[f"{name}: 이보다 오래 머무는 환자의 비율", f"자리가 없는데 레이블이 True: {wrong}"],
    )
    figure.add_scatter(x=grid, y=tail, line_color=colors[0], showlegend=False, name="비율", row=1, col=1)
    told = f"{hours:g}시간 넘게: {longer:.0%}"
    figure.add_vline(x=hours, line_dash="dot", annotation_text=told, row=1, col=1)
    text = [[f"{share[i, j]:.1%}<br>{counts[i, j]:,.0f}번" if total[i] else "-" for j in (0, 1)] for i in (0, 1)]
    figure.add_heatmap(
        z=np.nan_to_num(share),
        x=["레이블 False", "레이블 True"],
        y=["실제 자리 없음", "실제 자리 있음"],
        text=text,
        texttemplate="%{text}",
        textfont_size=15,
        colorscale="Blues",
        zmin=0,
        zmax=1.4,
        showscale=False,
        row=1,
        col=2,
    )
    figure.update_xaxes(title="시간", range=[0, max(grid[-1], hours * 1.25)], row=1, col=1)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], row=1, col=1)
    figure.update_yaxes(autorange="reversed", row=1, col=2)
    figure.update_layout(height=380)
    return figure
