"""The ladder of layers: take bits away from one layer after the other, and see what bytes and loss do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from coursekit._number_checks import told
from coursekit.explore.controls import dropdown, slider
from coursekit.explore.interactive import InteractiveFigure
from coursekit.explore.style import palette

MOST_LAYERS = 8
"""Layers that get a control of their own, the largest ones; the others keep their bits."""
_COLUMNS = ("layer", "bits", "loss", "loss_low", "loss_high", "nbytes")


class _Measured(Protocol):
    """What the ladder reads of a report: one row a layer and number of bits."""

    def to_frame(self) -> pd.DataFrame:
        """The rows."""


@dataclass(frozen=True)
class _Rung:
    """One move down: a layer gets fewer bits."""

    layer: str
    bits: int
    saved: int
    cost: float


class _Ladder:
    """Bytes and losses of every layer at every number of bits, and the way down."""

    def __init__(self, frame: pd.DataFrame) -> None:
        missing = [name for name in _COLUMNS if name not in frame.columns]
        if missing or frame.empty:
            found = f"has no column {', '.join(missing)}" if missing else "has no rows"
            raise ValueError(f"layer_ladder: the report's table {found}; give a report of layer sensitivity")
        if frame.duplicated(["layer", "bits"]).any():
            raise ValueError("layer_ladder: the report's table holds a layer twice at the same number of bits")
        numbers = frame[["bits", "loss", "nbytes"]]
        if numbers.isna().any(axis=None) or (frame["nbytes"] < 0).any():
            raise ValueError("layer_ladder: bits, loss and nbytes must be numbers, and nbytes at least 0")
        self.frame = frame.sort_values("bits", ascending=False)
        self.layers = [str(name) for name in frame["layer"].drop_duplicates()]
        self.bytes: dict[str, dict[int, int]] = {name: {} for name in self.layers}
        self.loss: dict[str, dict[int, float]] = {name: {} for name in self.layers}
        for row in self.frame.itertuples():
            self.bytes[str(row.layer)][int(row.bits)] = int(row.nbytes)
            self.loss[str(row.layer)][int(row.bits)] = float(row.loss)
        largest = sorted(self.layers, key=lambda name: -max(self.bytes[name].values()))[:MOST_LAYERS]
        self.movable = [name for name in self.layers if name in largest]

    def top(self) -> dict[str, int]:
        """Every layer at its most bits."""
        return {name: max(self.bytes[name]) for name in self.layers}

    def total(self, plan: Mapping[str, int]) -> int:
        """Bytes of all layers."""
        return sum(self.bytes[name][bits] for name, bits in plan.items())

    def predicted(self, plan: Mapping[str, int]) -> float:
        """Sum of the losses that each layer alone had: an estimate, layers do not err independently."""
        return sum(self.loss[name][bits] for name, bits in plan.items())

    def next(self, plan: Mapping[str, int]) -> _Rung | None:
        """The move that costs least loss for each byte that it saves; None at the foot."""
        moves = [
            _Rung(name, bits, size, self.loss[name][bits] - self.loss[name][plan[name]])
            for name in self.movable
            for bits in self.bytes[name]
            if (size := self.bytes[name][plan[name]] - self.bytes[name][bits]) > 0
        ]
        return min(moves, key=lambda move: (move.cost / move.saved, -move.saved), default=None)

    def rungs(self) -> list[dict[str, int]]:
        """The plans on the way down, from all bits to where nothing can be taken away."""
        plans = [self.top()]
        while (move := self.next(plans[-1])) is not None:
            plans.append({**plans[-1], move.layer: move.bits})
        return plans

    def within(self, budget: float) -> dict[str, int]:
        """The first plan on the way down that fits the bytes; the last where none does."""
        rungs = self.rungs()
        return next((plan for plan in rungs if self.total(plan) <= budget), rungs[-1])


class _LadderFigure(InteractiveFigure):
    """The budget moves the layers' controls; they can be moved away from it by hand."""

    def __init__(self, ladder: _Ladder, budget: Any, layers: Mapping[str, Any]) -> None:
        self._ladder = ladder
        self._names = dict(layers)
        self._climbing = False
        rungs = ladder.rungs()

        def picture(budget: float, **bits: int) -> go.Figure:
            chosen = {name: bits[argument] for argument, name in self._names.items()}
            return _picture(ladder, rungs, {**ladder.top(), **chosen}, 1_000 * budget)

        choices = {
            argument: dropdown(name, {f"{bits}비트": bits for bits in ladder.bytes[name]})
            for argument, name in layers.items()
        }
        super().__init__(picture, {"budget": budget, **choices})

    def _moved(self, change: Any) -> None:
        if self._climbing:
            return
        if change["owner"] is self.controls["budget"]:
            self._climbing = True
            try:
                plan = self._ladder.within(1_000 * change["new"])
                for argument, name in self._names.items():
                    self.controls[argument].value = plan[name]
            finally:
                self._climbing = False
        self.update()


def layer_ladder(report: _Measured) -> InteractiveFigure:
    """Take bits away layer by layer, or name a budget of bytes; see size, predicted loss and the next move.

    Layers are not equally sensitive: the last few kilobytes of one may cost more than half the bytes of another.
    Uniform bits pay for the most sensitive layer everywhere; the ladder takes bits where a byte costs least.
    The predicted loss is a sum of losses measured one layer at a time. It is an estimate: the errors of layers
    can add up to more or cancel, so the plan that is chosen has to be measured as a whole.

    Parameters
    ----------
    report
        A report of layer sensitivity: its ``to_frame()`` has one row a layer and number of bits with the columns
        layer, bits, loss, loss_low, loss_high and nbytes. The 8 largest layers get a control of their own.

    Raises
    ------
    ValueError
        If the report has no such table, a layer stands in it twice at the same bits, or nothing can be reduced.

    Examples
    --------
    >>> class Measured:
    ...     def to_frame(self):
    ...         rows = [("conv", 8, 0.0, 4_000), ("conv", 4, 0.09, 2_000), ("dense", 8, 0.0, 9_000),
    ...                 ("dense", 4, 0.01, 4_500)]
    ...         frame = pd.DataFrame(rows, columns=["layer", "bits", "loss", "nbytes"])
    ...         return frame.assign(loss_low=frame.loss - 0.01, loss_high=frame.loss + 0.01)
    >>> ladder = layer_ladder(Measured())
    >>> ladder.controls["budget"].value = 9.0
    >>> ladder.values["layer0"], ladder.values["layer1"]
    (8, 4)
    """
    if not callable(getattr(report, "to_frame", None)):
        raise ValueError(f"layer_ladder: report must be a report of layer sensitivity, got {told(report)}")
    ladder = _Ladder(report.to_frame())
    totals = [ladder.total(plan) for plan in ladder.rungs()]
    if len(totals) < 2:
        raise ValueError("layer_ladder: no layer has fewer bytes at fewer bits, so there is nothing to climb")
    # both ends in whole hundredths of a kilobyte, so that every plan on the way fits some budget
    low, high = -(-totals[-1] // 10) / 100, -(-totals[0] // 10) / 100
    step = 10.0 ** min(max(len(str(totals[0])) - 6, -2), 2)
    budget = slider("예산 (가중치의 크기)", low, high, value=high, step=step, unit="KB")
    return _LadderFigure(ladder, budget, {f"layer{i}": name for i, name in enumerate(ladder.movable)})


def _picture(ladder: _Ladder, rungs: list[dict[str, int]], plan: dict[str, int], budget: float) -> go.Figure:
    figure = make_subplots(
        rows=2,
        cols=2,
        vertical_spacing=0.2,
        horizontal_spacing=0.14,
        column_widths=[0.62, 0.38],
        specs=[[{}, {}], [{"colspan": 2}, None]],
        subplot_titles=[
            "그 층만 줄였을 때의 손실 (큰 점이 지금 고른 비트)",
            "층마다의 크기 (KB)",
            "사다리: 모두의 크기와 예상 손실 (층마다 잰 손실의 합, 어림값)",
        ],
    )
    _losses(figure, ladder, plan)
    _sizes(figure, ladder, plan)
    _way_down(figure, ladder, rungs, plan, budget)
    move = ladder.next(plan)
    following = "더 줄일 층이 없음"
    if move is not None:
        following = f"가장 싼 다음 걸음: {move.layer} {move.bits}비트 (-{_kb(move.saved)}, {_points(move.cost)})"
    total = ladder.total(plan)
    fits = "예산 안" if total <= budget else f"예산을 {_kb(total - budget)} 넘음"
    figure.update_layout(
        title=f"{_kb(total)} ({fits}) · 예상 손실 {_points(ladder.predicted(plan))} (어림) · {following}",
        title_font_size=14,
        height=640,
        margin_t=90,
        barmode="overlay",
        legend={"orientation": "h", "y": -0.12, "yanchor": "top", "x": 0, "traceorder": "normal"},
    )
    return figure


def _losses(figure: go.Figure, ladder: _Ladder, plan: Mapping[str, int]) -> None:
    colors = palette()
    for color, name in zip(colors, ladder.movable, strict=False):
        rows = ladder.frame[ladder.frame["layer"].astype(str) == name]
        figure.add_scatter(
            x=[f"{bits}비트" for bits in rows["bits"]],
            y=rows["loss"],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": rows["loss_high"] - rows["loss"],
                "arrayminus": rows["loss"] - rows["loss_low"],
            },
            mode="lines+markers",
            name=name,
            line_color=color,
            marker={"size": [14 if bits == plan[name] else 6 for bits in rows["bits"]], "color": color},
            row=1,
            col=1,
        )
    order = [f"{bits}비트" for bits in sorted({b for at in ladder.bytes.values() for b in at}, reverse=True)]
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=order, row=1, col=1)
    figure.update_yaxes(tickformat=".1%", row=1, col=1)


def _sizes(figure: go.Figure, ladder: _Ladder, plan: Mapping[str, int]) -> None:
    colors, top = palette(), ladder.top()
    for heading, chosen, color in (("가장 클 때", top, colors[7]), ("지금", plan, colors[0])):
        sizes = [ladder.bytes[name][chosen[name]] / 1_000 for name in ladder.layers]
        style: dict[str, Any] = {"marker_color": color, "opacity": 0.35 if chosen is top else 1, "orientation": "h"}
        figure.add_bar(x=sizes, y=ladder.layers, name=f"크기, {heading}", row=1, col=2, **style)
    figure.update_yaxes(autorange="reversed", tickvals=ladder.layers, row=1, col=2)


def _way_down(
    figure: go.Figure, ladder: _Ladder, rungs: list[dict[str, int]], plan: Mapping[str, int], budget: float
) -> None:
    colors = palette()
    moves = ["모두 그대로"] + [
        next(f"{name} {after[name]}비트" for name in after if after[name] != before[name])
        for before, after in pairwise(rungs)
    ]
    figure.add_scatter(
        x=[ladder.total(one) / 1_000 for one in rungs],
        y=[ladder.predicted(one) for one in rungs],
        customdata=moves,
        mode="lines+markers",
        name="바이트마다 가장 싼 길",
        line={"color": colors[7], "width": 1.5},
        hovertemplate="%{customdata}: %{x:.1f} KB, 손실 %{y:.2%}<extra></extra>",
        row=2,
        col=1,
    )
    figure.add_scatter(
        x=[ladder.total(plan) / 1_000],
        y=[ladder.predicted(plan)],
        mode="markers",
        name="지금 고른 비트",
        marker={"symbol": "diamond", "size": 15, "color": colors[6]},
        hovertemplate="%{x:.1f} KB, 손실 %{y:.2%}<extra></extra>",
        row=2,
        col=1,
    )
    figure.add_vline(x=budget / 1_000, line_dash="dash", annotation_text="예산", row=2, col=1)
    figure.update_xaxes(title="가중치의 크기 (KB)", row=2, col=1)
    figure.update_yaxes(tickformat=".1%", row=2, col=1)


def _kb(size: float) -> str:
    return f"{size / 1_000:,.1f} KB"


def _points(loss: float) -> str:
    return f"{100 * loss:+.2f}%p"
