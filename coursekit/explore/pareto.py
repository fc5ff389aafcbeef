"""Choosing among small models: set the limits, and see which remain, which is best, or which limit is too tight."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit._number_checks import told
from coursekit.explore._pareto_figure import LATENCIES, WHY, pareto_figure
from coursekit.explore.controls import dropdown, log_slider, slider, toggle
from coursekit.explore.interactive import InteractiveFigure, interactive_figure
from coursekit.short_repr import ShortRepr

FIRST = {"정확도가 가장 높은 것": "accuracy", "가장 작은 것": "bytes", "가장 빠른 것": "latency"}
_COLUMNS = ("model", "accuracy", "accuracy_low", "accuracy_high", "bytes", "median_ms", "p99_ms")


class _Compared(Protocol):
    """What the chooser reads of a report: one row a model."""

    def to_frame(self) -> pd.DataFrame:
        """The rows."""


@dataclass(frozen=True, eq=False, repr=False)
class Choice(ShortRepr):
    """What the limits leave, and what follows."""

    table: pd.DataFrame
    """One row a model: accuracy as judged, bytes, latency; excess over each limit; optimal, remains."""
    chosen: int | None
    """Row of the model chosen; None where nothing remains."""
    loosened: dict[int, dict[str, float]]
    """Where nothing remains: model's row to what each limit has to give for it."""


def _choose(
    frame: pd.DataFrame, *, most_bytes: float, most_ms: float, least: float, first: str, latency: str, sure: bool
) -> Choice:
    table = pd.DataFrame(
        {
            "model": frame["model"].astype(str),
            "accuracy": frame["accuracy_low" if sure else "accuracy"].astype(float),
            "bytes": frame["bytes"].astype(float),
            "latency": frame[latency].astype(float),
        }
    )
    table["optimal"] = _optimal(table)
    excess = pd.DataFrame(
        {
            "bytes": (table["bytes"] - most_bytes).clip(lower=0),
            "latency": (table["latency"] - most_ms).clip(lower=0),
            "accuracy": (least - table["accuracy"]).clip(lower=0),
        }
    )
    excess = excess.where(excess > 1e-9, 0.0)  # a limit met to the last digit is met
    table["remains"] = (excess == 0).all(axis=1)
    table = table.join(excess.add_prefix("over_"))
    if table["remains"].any():
        order = [first, *(name for name in WHY if name != first)]
        rows = table[table["remains"]]
        best = rows.sort_values(order, ascending=[name != "accuracy" for name in order], kind="stable")
        return Choice(table, int(best.index[0]), {})
    limits = pd.Series({"bytes": most_bytes, "latency": most_ms, "accuracy": max(least, 1e-9)})
    relative = excess / limits
    broken = (excess > 0).sum(axis=1)
    nearest = relative[broken == broken.min()].sum(axis=1).sort_values(kind="stable")
    loosened: dict[int, dict[str, float]] = {}
    for at in nearest.index:  # the nearest model for each smallest set of limits to loosen
        needed = {name: float(value) for name, value in excess.loc[at].items() if value > 0}
        if not any(needed.keys() == one.keys() for one in loosened.values()):
            loosened[int(at)] = needed
    return Choice(table, None, loosened)


def _optimal(table: pd.DataFrame) -> np.ndarray:
    """Which rows no other row beats: nowhere worse and somewhere better."""
    losses = np.column_stack([-table["accuracy"], table["bytes"], table["latency"]])
    no_worse = (losses[:, None] <= losses[None]).all(axis=2)
    better = (losses[:, None] < losses[None]).any(axis=2)
    return np.asarray(~(no_worse & better).any(axis=0))


def pareto_chooser(report: _Compared) -> InteractiveFigure:
    """Set limits on bytes, latency and accuracy; see which models remain, which is chosen and why.

    "The best model" does not exist before the limits do. What can be dropped for certain are the models that
    another beats in everything; what is left is the Pareto front, and the product's limits choose on it. Where
    they leave nothing, the useful answer is not "impossible" but which limit has to give, and how much.

    Parameters
    ----------
    report
        A comparison of models: its ``to_frame()`` has one row a model with the columns model, accuracy (0 to 1)
        with accuracy_low and accuracy_high, bytes, median_ms and p99_ms.

    Raises
    ------
    ValueError
        If the report has no such table, or a number in it is missing or not above 0 where it has to be.

    Examples
    --------
    >>> class Compared:
    ...     def to_frame(self):
    ...         frame = pd.DataFrame({"model": ["float32", "int8"], "accuracy": [0.90, 0.89], "bytes": [90_000, 24_000],
    ...                               "median_ms": [0.3, 0.1], "p99_ms": [0.5, 0.2]})
    ...         return frame.assign(accuracy_low=frame.accuracy - 0.02, accuracy_high=frame.accuracy + 0.02)
    >>> chooser = pareto_chooser(Compared())
    >>> chooser.controls["size"].value = 30.0
    >>> "고른 모델: int8" in chooser.view.figure.layout.title.text
    True
    """
    frame = _checked(report)
    sizes, slowest = frame["bytes"] / 1_000, frame[list(LATENCIES.values())]
    worst, best = 100 * frame["accuracy_low"].min(), 100 * frame["accuracy_high"].max()

    def picture(size: float, milliseconds: float, least: float, first: str, latency: str, sure: bool) -> go.Figure:
        limits = {"most_bytes": 1_000 * size, "most_ms": milliseconds, "least": least / 100}
        choice = _choose(frame, first=first, latency=latency, sure=sure, **limits)
        return pareto_figure(frame, choice, limits, first=first, latency=latency)

    largest, longest = 1.1 * sizes.max(), 1.1 * slowest.max(axis=None)
    lowest = float(math.floor(worst))
    return interactive_figure(
        picture,
        size=log_slider("크기 한도", 0.8 * sizes.min(), largest, value=largest, unit="KB"),
        milliseconds=log_slider("지연 시간 한도", 0.8 * slowest.min(axis=None), longest, value=longest, unit="ms"),
        least=slider(
            "정확도의 하한", lowest, float(max(math.ceil(best), lowest + 1)), value=lowest, step=0.1, unit="%"
        ),
        first=dropdown("남은 것 가운데", FIRST),
        latency=dropdown("지연 시간", LATENCIES),
        sure=toggle("정확도를 신뢰구간의 아래 끝으로 판단"),
    )


def _checked(report: _Compared) -> pd.DataFrame:
    if not callable(getattr(report, "to_frame", None)):
        raise ValueError(f"pareto_chooser: report must be a comparison of models, got {told(report)}")
    frame = report.to_frame()
    frame = frame.reset_index(drop="model" in frame.columns)
    missing = [name for name in _COLUMNS if name not in frame.columns]
    if missing or frame.empty:
        found = f"has no column {', '.join(missing)}" if missing else "has no rows"
        raise ValueError(f"pareto_chooser: the report's table {found}; give a comparison of models")
    for name in _COLUMNS[1:]:
        values = pd.to_numeric(frame[name], errors="coerce")
        wrong = ~np.isfinite(values) | ((values <= 0) if name in ("bytes", "median_ms", "p99_ms") else (values < 0))
        if wrong.any():
            model = frame.loc[wrong.idxmax(), "model"]
            raise ValueError(f"pareto_chooser: {name} of model {model!r} is {frame.loc[wrong.idxmax(), name]}")
    return frame
