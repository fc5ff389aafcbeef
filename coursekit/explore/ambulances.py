"""A city's ambulances on a map: where they went, who refused, and what a limit on tries costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from coursekit.explore.controls import dropdown, slider
from coursekit.explore.interactive import InteractiveFigure, interactive_figure
from coursekit.explore.style import palette

_PLACES = ("x_km", "y_km", "beds")
_STOPS = ("transport", "stop", "minute", "x_km", "y_km", "hospital", "outcome")
_WINDOW = 60


def city_map(
    places: pd.DataFrame,
    play: Callable[[str, int], pd.DataFrame],
    *,
    policies: Mapping[str, str],
    most_tries: int = 6,
    hours: int = 24,
) -> InteractiveFigure:
    """Follow the ambulances of one hour on a map, and see the refusal curve grow with the limit on tries.

    "One in ten finds no bed" hides which patients, where and when. On the map each refusal is a corner
    of a zigzag; beside it the share that found no bed falls with each further hospital that may be asked.

    Parameters
    ----------
    places
        One row per hospital, the name as index, columns ``x_km``, ``y_km`` and ``beds``.
    play
        Takes a policy and a limit on tries, and gives one row per stop: ``transport``, ``stop`` (0 is the
        call), ``minute``, ``x_km``, ``y_km``, ``hospital`` (position in places, -1 at the call) and
        ``outcome`` (``"call"``, ``"refused"`` or ``"taken"``). Each pair is asked once.
    policies
        Name shown to the policy that ``play`` takes.
    most_tries
        Largest limit on tries.
    hours
        How many hours from minute 0 can be looked at.

    Raises
    ------
    ValueError
        If places or stops lack a column, there is no policy, or a limit is below 1.

    Examples
    --------
    >>> places = pd.DataFrame({"x_km": [0.0], "y_km": [0.0], "beds": [3]}, index=["A"])
    >>> stops = pd.DataFrame(
    ...     {"transport": [0, 0], "stop": [0, 1], "minute": [5.0, 9.0], "x_km": [1.0, 0.0], "y_km": [1.0, 0.0],
    ...      "hospital": [-1, 0], "outcome": ["call", "taken"]})
    >>> figure = city_map(places, lambda policy, tries: stops, policies={"가까운 곳부터": "nearest"}, most_tries=2)
    >>> figure.values["tries"]
    1
    """
    missing = [name for name in _PLACES if name not in places]
    if missing or places.empty:
        raise ValueError(f"city_map: places needs a row per hospital with {', '.join(_PLACES)}; lacks {missing}")
    if not policies or most_tries < 1 or hours < 1:
        raise ValueError("city_map: give at least one policy, and most_tries and hours of at least 1")

    @cache
    def played(policy: str, tries: int) -> pd.DataFrame:
        stops = play(policy, tries)
        lacking = [name for name in _STOPS if name not in stops]
        if lacking:
            raise ValueError(f"city_map: play({policy!r}, {tries}) gives no column {', '.join(lacking)}")
        return stops

    shown = {policy: name for name, policy in policies.items()}

    def picture(policy: str, tries: int, hour: int) -> go.Figure:
        curve = [no_bed_share(played(policy, k)) for k in range(1, most_tries + 1)]
        return _picture(places, played(policy, tries), curve, tries=tries, hour=hour, name=shown[policy])

    return interactive_figure(
        picture,
        policy=dropdown("어느 병원부터", dict(policies)),
        tries=slider("물어볼 수 있는 병원 수", 1, most_tries, value=1),
        hour=slider("지켜볼 시각", 0, hours - 1, value=min(18, hours - 1), unit="시부터 한 시간"),
    )


def no_bed_share(stops: pd.DataFrame) -> float:
    """Share of transports that found no bed.

    Refusals annoy; a transport whose last door stays closed is the event that the city must prevent.

    Parameters
    ----------
    stops
        One row per stop, as in `city_map`.

    Examples
    --------
    >>> stops = pd.DataFrame({"transport": [0, 0, 1, 1], "outcome": ["call", "refused", "call", "taken"]})
    >>> no_bed_share(stops)
    0.5
    """
    taken = stops.loc[stops["outcome"] == "taken", "transport"].nunique()
    return 1 - taken / max(1, stops["transport"].nunique())


def _picture(
    places: pd.DataFrame, stops: pd.DataFrame, curve: list[float], *, tries: int, hour: int, name: str
) -> go.Figure:
    colors = palette()
    figure = make_subplots(
        cols=2,
        column_widths=[0.58, 0.42],
        horizontal_spacing=0.22,
        subplot_titles=[f"{hour}시부터 한 시간 동안의 이송", "끝내 자리를 못 찾은 비율"],
    )
    began = stops.loc[stops["stop"] == 0].set_index("transport")["minute"]
    chosen = began.index[(began >= 60 * hour) & (began < 60 * hour + _WINDOW)]
    part = stops[stops["transport"].isin(chosen)]
    legs: dict[str, list[float | None]] = {"x": [], "y": []}
    for _, way in part.groupby("transport", sort=False):
        legs["x"] += [*way["x_km"], None]
        legs["y"] += [*way["y_km"], None]
    figure.add_scatter(**legs, mode="lines", line={"width": 1.2, "color": "#999999"}, name="이동", row=1, col=1)
    calls = part[part["stop"] == 0]
    lost = ~calls["transport"].isin(part.loc[part["outcome"] == "taken", "transport"])
    for mask, text, symbol, color in ((~lost, "자리를 찾음", "circle", colors[0]), (lost, "못 찾음", "x", colors[3])):
        dots = {"mode": "markers", "marker": {"size": 8, "symbol": symbol, "color": color}, "name": text}
        figure.add_scatter(x=calls["x_km"][mask], y=calls["y_km"][mask], **dots, row=1, col=1)
    asked = np.bincount(stops.loc[stops["hospital"] >= 0, "hospital"], minlength=len(places))
    refused = np.bincount(stops.loc[stops["outcome"] == "refused", "hospital"], minlength=len(places))
    share = np.divide(refused, asked, out=np.zeros(len(places)), where=asked > 0)
    figure.add_scatter(
        x=places["x_km"],
        y=places["y_km"],
        mode="markers+text",
        text=list(places.index),
        textposition="top center",
        customdata=np.column_stack([places["beds"], 100 * share]),
        hovertemplate="%{text}<br>침상 %{customdata[0]:.0f}개<br>거절 %{customdata[1]:.0f}%<extra></extra>",
        marker={
            "size": 10 + 0.5 * places["beds"],
            "color": 100 * share,
            "colorscale": "OrRd",
            "cmin": 0,
            "cmax": 100,
            "line": {"width": 1, "color": "#555555"},
            "colorbar": {"title": "거절 %", "x": 0.46, "len": 0.8, "thickness": 10},
        },
        showlegend=False,
        row=1,
        col=1,
    )
    limits = list(range(1, len(curve) + 1))
    line = {"mode": "lines+markers", "line_color": colors[2], "showlegend": False}
    figure.add_scatter(x=limits, y=curve, **line, name=name, row=1, col=2)
    here = {"mode": "markers+text", "text": [f"{curve[tries - 1]:.1%}"], "textposition": "top right"}
    figure.add_scatter(
        x=[tries], y=[curve[tries - 1]], **here, marker={"size": 14, "color": colors[3]}, showlegend=False, row=1, col=2
    )
    figure.update_layout(title=name, height=480, legend={"orientation": "h", "y": -0.18})
    figure.update_xaxes(title="동서 (km)", row=1, col=1)
    figure.update_yaxes(title="남북 (km)", scaleanchor="x", row=1, col=1)
    figure.update_xaxes(title="물어볼 수 있는 병원 수", dtick=1, range=[0.5, len(curve) + 0.9], row=1, col=2)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.25 * max(*curve, 0.02)], row=1, col=2)
    return figure
