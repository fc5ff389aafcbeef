"""How the figures of this project look, light and dark, in one place."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import plotly.io as pio

# Chosen by a search over hue and lightness: every colour has a contrast of 3 or more to its
# background, and all stay apart for protan, deutan and tritan viewers (tests/explore/test_style.py).
_LIGHT = ("#3674c8", "#cf7414", "#0a5c3d", "#8a3391", "#b08d57", "#2a9fb5", "#e8317f", "#787878")
_DARK = ("#8db4ff", "#e2673a", "#62dba4", "#cf8cb4", "#e6d36a", "#3187c4", "#b3655c", "#d2d2d2")
# Ends of the scales keep away from the background, so that a small value is still a mark.
_SEQUENTIAL_LIGHT = ("#f3f7fc", "#c3d8f1", "#85afe3", "#3674c8", "#1d4a8c", "#0e2a55")
_SEQUENTIAL_DARK = ("#161d29", "#1f365c", "#2b5796", "#4b83d0", "#8db4ff", "#dbe8ff")
_DIVERGING_LIGHT = ("#1d4a8c", "#85afe3", "#f4f4f4", "#eeb27a", "#8f4a05")
_DIVERGING_DARK = ("#8db4ff", "#2b5796", "#222222", "#9c4423", "#f2a184")
_SURFACE = {False: "#ffffff", True: "#111111"}
_TEXT = {False: "#212121", True: "#e6e6e6"}
_GRID = {False: "#e3e3e3", True: "#333333"}
FONT = "Pretendard, 'Noto Sans KR', 'Apple SD Gothic Neo', 'Malgun Gothic', NanumGothic, sans-serif"
"""Fonts with Hangul on Windows, macOS and Linux; none is shipped."""


def palette(*, dark: bool = False) -> tuple[str, ...]:
    """Give the colours of series, in the order in which figures use them.

    About one man in twelve confuses red and green. Colours that differ in lightness as well
    as in hue can be told apart by everybody, on a projector, and in a grey print.

    Parameters
    ----------
    dark
        For a dark background.

    Examples
    --------
    >>> palette()[0], palette(dark=True)[0]
    ('#3674c8', '#8db4ff')

    References
    ----------
    Machado, Oliveira, Fernandes (2009). A physiologically-based model for simulation of color
    vision deficiency. IEEE TVCG 15(6).
    """
    return _DARK if dark else _LIGHT


def template(*, dark: bool = False) -> go.layout.Template:
    """Make the plotly template that all figures of the project share.

    Results draw plain plotly figures and say nothing of looks; whoever shows them applies
    this. So a figure follows the reader's theme instead of its author's.

    Parameters
    ----------
    dark
        For a dark background.

    Examples
    --------
    >>> template().layout.colorway[0] == palette()[0]
    True
    >>> import plotly.io as pio
    >>> pio.templates.default
    'plotly'
    """
    return go.layout.Template(_template_json(dark))


def template_json(*, dark: bool = False) -> dict[str, Any]:
    """Give the template as plain data, as the front end needs it.

    The view in the browser switches templates when the reader switches the theme, without
    asking the kernel, which may be busy or gone.

    Parameters
    ----------
    dark
        For a dark background.

    Examples
    --------
    >>> template_json(dark=True)["layout"]["font"]["color"]
    '#e6e6e6'
    """
    return _template_json(dark)


def styled(figure: go.Figure, *, dark: bool = False) -> go.Figure:
    """Copy a figure into the project's style, for a picture outside of Jupyter.

    A slide or a README has no theme to follow; this fixes the looks that a notebook would give.

    Parameters
    ----------
    figure
        Any plotly figure; one with a template of its own keeps it.
    dark
        For a dark background.

    Examples
    --------
    >>> figure = go.Figure(go.Bar(x=["가", "나"], y=[1, 2]))
    >>> styled(figure).layout.template.layout.font.color
    '#212121'
    """
    copy = go.Figure(figure)
    if has_default_template(copy):
        copy.layout.template = template(dark=dark)
    return copy


def has_default_template(figure: go.Figure) -> bool:
    """Tell whether a figure's author left the looks to whoever shows it.

    plotly writes its default template into each figure at birth. Taking that for a wish
    would paint every figure white in a dark theme.

    Parameters
    ----------
    figure
        Any plotly figure.

    Examples
    --------
    >>> has_default_template(go.Figure()), has_default_template(go.Figure(layout_template="ggplot2"))
    (True, False)
    """
    return is_default_template(figure.layout.template.to_plotly_json())


def is_default_template(given: Any) -> bool:
    """Tell the same of a template as plain data, as notebooks store it.

    An export sees figures only as the JSON that some cell once wrote.

    Parameters
    ----------
    given
        What a figure holds under ``layout.template``; None where it holds nothing.

    Examples
    --------
    >>> is_default_template(None), is_default_template({"layout": {"colorway": ["red"]}})
    (True, False)
    """
    return not given or not given.get("layout") or given == _default_template_json()


def _default_template_json() -> dict[str, Any]:
    name = pio.templates.default
    return pio.templates[name].to_plotly_json() if name else {}


def _scale(colours: tuple[str, ...]) -> list[list[Any]]:
    return [[round(i / (len(colours) - 1), 3), colour] for i, colour in enumerate(colours)]


def _template_json(dark: bool) -> dict[str, Any]:
    text, grid, surface = _TEXT[dark], _GRID[dark], _SURFACE[dark]
    sequential = _scale(_SEQUENTIAL_DARK if dark else _SEQUENTIAL_LIGHT)
    colorbar = {"outlinewidth": 0, "ticks": "", "thickness": 14}
    axis = {
        "automargin": True,
        "ticklabeloverflow": "allow",  # the margin grows instead of hiding labels, and nothing is measured twice
        "gridcolor": grid,
        "linecolor": grid,
        "zerolinecolor": grid,
        "zerolinewidth": 1,
        "tickcolor": grid,
        "title": {"standoff": 12},
    }
    return {
        "layout": {
            "font": {"family": FONT, "size": 13, "color": text},
            "title": {
                "x": 0,
                "xref": "container",
                "xanchor": "left",
                "pad": {"l": 8, "t": 4},
                "font": {"size": 16, "weight": 600},
            },
            "colorway": list(palette(dark=dark)),
            "colorscale": {
                "sequential": sequential,
                "sequentialminus": sequential,
                "diverging": _scale(_DIVERGING_DARK if dark else _DIVERGING_LIGHT),
            },
            "coloraxis": {"colorbar": colorbar},
            "paper_bgcolor": surface,
            "plot_bgcolor": surface,
            "margin": {"l": 56, "r": 24, "t": 56, "b": 48},
            "hoverlabel": {
                "align": "left",
                "bgcolor": surface,
                "bordercolor": grid,
                "font": {"family": FONT, "color": text},
            },
            "hovermode": "closest",
            "legend": {"bgcolor": "rgba(0,0,0,0)", "tracegroupgap": 4, "itemsizing": "constant"},
            "xaxis": axis,
            "yaxis": axis,
            "shapedefaults": {"line": {"color": text, "width": 1}},
            "annotationdefaults": {"font": {"color": text}, "arrowcolor": text, "arrowwidth": 1},
        },
        "data": {
            "bar": [
                {
                    "type": "bar",
                    "marker": {"line": {"width": 0}},
                    "error_x": {"color": text},
                    "error_y": {"color": text},
                }
            ],
            "scatter": [{"type": "scatter", "error_x": {"thickness": 1.5}, "error_y": {"thickness": 1.5}}],
            "heatmap": [{"type": "heatmap", "colorscale": sequential, "colorbar": colorbar, "xgap": 1, "ygap": 1}],
            "table": [
                {
                    "type": "table",
                    "header": {"fill": {"color": grid}, "line": {"color": grid}, "align": "left"},
                    "cells": {"fill": {"color": "rgba(0,0,0,0)"}, "line": {"color": grid}, "align": "left"},
                }
            ],
        },
    }
