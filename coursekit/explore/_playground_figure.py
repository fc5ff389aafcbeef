"""The picture of the intent playground: answers, latency and accuracy, model by model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from coursekit.explore._asking import Spoken
from coursekit.modeling.evaluation import Interval

# Right, wrong, not chosen: readable on white and on black, and apart for colour-blind readers.
_RIGHT, _WRONG, _OTHER = "#3d7fd6", "#cf7414", "#8c8c8c"
_EMPTY = "질의를 적으면<br>모델마다 답을 보입니다"


def playground_figure(
    models: Sequence[str],
    spoken: Sequence[Spoken],
    accuracy: Mapping[str, Interval],
    *,
    chosen: str,
    slice_name: str,
    rows: int,
    truth: Any,
    name: Callable[[Any], str],
) -> go.Figure:
    """Draw three panels that share the models' names at the left."""
    figure = go.Figure(layout=_frame(models))
    figure.add_traces([_answers(spoken, truth, name), _latencies(spoken), _accuracies(models, accuracy, chosen)])
    headings = {
        0.0: "답과 확신" + ("" if truth is None else f" (정답: {name(truth)})"),
        0.46: "지연 시간",
        0.74: f"정확도: {slice_name} {rows:,}건",
    }
    for x, heading in headings.items():
        figure.add_annotation(
            text=heading,
            x=x,
            y=1,
            xref="paper",
            yref="paper",
            yshift=18,
            xanchor="left",
            yanchor="middle",
            showarrow=False,
            font={"size": 13, "weight": 600},
        )
    if not spoken:
        figure.add_annotation(text=_EMPTY, x=0.5, y=0.5, xref="x domain", yref="paper", showarrow=False)
    return figure


def _answers(spoken: Sequence[Spoken], truth: Any, name: Callable[[Any], str]) -> go.Bar:
    sure = [1.0 if one.confidence is None else one.confidence for one in spoken]
    return go.Bar(
        x=sure,
        y=[one.model for one in spoken],
        orientation="h",
        marker_color=[_RIGHT if truth is None or one.answer == truth else _WRONG for one in spoken],
        text=[f"<b>{_answer(one, truth, name)}</b>" for one in spoken],
        textposition=["inside" if value > 0.55 else "outside" for value in sure],
        insidetextanchor="start",
        insidetextfont_color="#ffffff",
        cliponaxis=False,
        customdata=[
            "<br>".join(f"{name(label)} {share:.1%}" for label, share in one.likeliest.items()) or name(one.answer)
            for one in spoken
        ],
        hovertemplate="%{customdata}<extra>%{y}</extra>",
    )


def _answer(one: Spoken, truth: Any, name: Callable[[Any], str]) -> str:
    """The answer in words; a wrong one says so, for those who do not see the colour."""
    sure = "" if one.confidence is None else f" {one.confidence:.0%}"
    return name(one.answer) + sure + ("" if truth is None or one.answer == truth else " (오답)")


def _latencies(spoken: Sequence[Spoken]) -> go.Scatter:
    return go.Scatter(
        x=[one.milliseconds for one in spoken],
        y=[one.model for one in spoken],
        xaxis="x2",
        mode="markers+text",
        marker={"size": 10, "color": _OTHER},
        text=[_milliseconds(one.milliseconds) for one in spoken],
        textposition="middle right",
        cliponaxis=False,
        hovertemplate="%{text}<extra>%{y}</extra>",
    )


def _accuracies(models: Sequence[str], accuracy: Mapping[str, Interval], chosen: str) -> go.Bar:
    shares = [accuracy[model] for model in models]
    return go.Bar(
        x=[share.estimate for share in shares],
        y=list(models),
        xaxis="x3",
        orientation="h",
        marker_color=[_RIGHT if model == chosen else _OTHER for model in models],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [share.high - share.estimate for share in shares],
            "arrayminus": [share.estimate - share.low for share in shares],
        },
        customdata=[f"{share:.1%}" for share in shares],
        text=[f"{share.estimate:.1%}" if share.estimate == share.estimate else "" for share in shares],
        textposition="inside",
        insidetextanchor="start",
        insidetextfont_color="#ffffff",
        hovertemplate="%{customdata}<extra>%{y}</extra>",
    )


def _frame(models: Sequence[str]) -> dict[str, Any]:
    share = {"range": [0, 1], "tickformat": ".0%", "dtick": 0.5, "fixedrange": True}
    return {
        "showlegend": False,
        "margin": {"t": 40, "b": 30, "l": 20, "r": 28},
        "bargap": 0.34,
        "yaxis": {
            "categoryorder": "array",
            "categoryarray": list(models),
            "range": [len(models) - 0.5, -0.5],
            "fixedrange": True,
            "ticklabelstandoff": 8,
            "showgrid": False,
        },
        "xaxis": {**share, "domain": [0, 0.4]},
        # powers of ten keep a rule of 0.01 ms and a network of 50 ms on one axis
        "xaxis2": {
            "type": "log",
            "range": [-2.3, 3.2],
            "domain": [0.46, 0.68],
            "tickvals": [0.01, 1, 100],
            "ticktext": ["0.01", "1", "100 ms"],
            "fixedrange": True,
        },
        "xaxis3": {**share, "domain": [0.74, 1]},
    }


def _milliseconds(value: float) -> str:
    return f"{value:.2f} ms" if value < 1 else f"{value:.1f} ms" if value < 10 else f"{value:,.0f} ms"
