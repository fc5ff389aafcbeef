"""One widget that draws plotly figures with the page's one plotly.js."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import plotly.graph_objects as go
import traitlets
from _plotly_utils.utils import convert_to_base64
from IPython.display import display
from plotly.io.json import to_json_plotly

from coursekit.explore.server import plotly_version
from coursekit.explore.style import is_default_template, template_json

_HERE = Path(__file__).parent
_PLOTLY_MIME = "application/vnd.plotly.v1+json"
_FALLBACK_BYTES = 50_000

Points = list[dict[str, Any]]
"""What an event tells: for each point curve, index, x, y, name and customdata."""


class PlotlyView(anywidget.AnyWidget):
    """A plotly figure that the kernel can change and that follows the reader's theme.

    A dashboard that ships its drawing library with each figure is slow before it shows
    anything: plotly's own widget sends 5 MB a display. Here the browser fetches plotly.js
    once, from the local server, and the kernel sends the figure, then only the traces that
    changed. Exported pages draw the same figures with the same code.

    Parameters
    ----------
    figure
        What to draw; None starts empty.
    height
        Height in pixels of a figure that does not say its own.

    Examples
    --------
    >>> view = PlotlyView(go.Figure(go.Scatter(x=[1, 2], y=[3, 4])))
    >>> view.figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 5]))
    >>> view.figure.data[0].y
    (3, 5)
    """

    _esm = _HERE / "view.js"
    _css = _HERE / "view.css"

    _figure: Any = traitlets.Dict({"version": 0, "data": [], "layout": {}}).tag(sync=True)
    _patch = traitlets.Dict().tag(sync=True)
    _templates = traitlets.Dict().tag(sync=True)
    _plotly_version = traitlets.Unicode().tag(sync=True)
    _height = traitlets.Int(420).tag(sync=True)
    _events = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _message = traitlets.Unicode().tag(sync=True)
    _tone = traitlets.Unicode("info").tag(sync=True)

    def __init__(self, figure: go.Figure | None = None, *, height: int | None = None) -> None:
        self._given = go.Figure() if figure is None else figure
        self._callbacks: dict[str, list[Callable[[Points], None]]] = {}
        self._live = False  # whether a front end has spoken; without one nobody puts patches together
        data, layout = ([], {}) if figure is None else _plain(figure)
        settings: dict[str, Any] = {} if height is None else {"_height": height}
        super().__init__(
            _figure={"version": 1, "data": data, "layout": layout},
            _templates={"light": template_json(), "dark": template_json(dark=True)},
            _plotly_version=plotly_version(),
            **settings,
        )
        self.on_msg(self._receive)

    @property
    def figure(self) -> go.Figure:
        """The figure on display; set another one, or the same after changing it, to redraw."""
        return self._given

    @figure.setter
    def figure(self, figure: go.Figure) -> None:
        data, layout = _plain(figure)
        self._given = figure
        before = self._figure
        traces = {
            str(i): trace for i, trace in enumerate(data) if i >= len(before["data"]) or trace != before["data"][i]
        }
        if not traces and layout == before["layout"] and len(data) == len(before["data"]):
            return
        version = before["version"] + 1
        # The whole stays true on this side, for views to come; to a front end only the patch travels.
        self._figure = {"version": version, "data": data, "layout": layout}
        if self._live:
            changed = {} if layout == before["layout"] else {"layout": layout}
            self._patch = {
                "base": before["version"],
                "version": version,
                "length": len(data),
                "traces": traces,
                **changed,
            }

    @property
    def message(self) -> str:
        """A line shown above the figure; empty for none."""
        return self._message

    @message.setter
    def message(self, text: str) -> None:
        self._say(text)

    def on_click(self, callback: Callable[[Points], None]) -> None:
        """Call a function with the points that the reader clicks."""
        self._register("click", callback)

    def on_hover(self, callback: Callable[[Points], None]) -> None:
        """Call a function with the points that the pointer rests on."""
        self._register("hover", callback)

    def _say(self, text: str, *, tone: str = "info") -> None:
        with self.hold_sync():
            self._tone = tone
            self._message = text

    def _register(self, event: str, callback: Callable[[Points], None]) -> None:
        if not callable(callback):
            raise TypeError(f"give a function that takes the points, got {callback!r}")
        self._callbacks.setdefault(event, []).append(callback)
        self._events = sorted(self._callbacks)

    def _receive(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if content.get("kind") == "ready":
            self._live = True
        elif content.get("kind") == "stale":
            self.send_state("_figure")
        elif content.get("kind") == "event":
            for callback in self._callbacks.get(content["event"], []):
                try:
                    callback(content["points"])
                except Exception as error:  # the student has to see it; a kernel's log is read by nobody
                    self._say(explain(error), tone="error")

    def _should_send_property(self, key: str, value: Any) -> bool:
        return not (key == "_figure" and self._live) and super()._should_send_property(key, value)

    def __repr__(self) -> str:
        return _summary(self._given)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        return {**data, "text/plain": _summary(self._given), **self.fallback()}, metadata

    def fallback(self) -> dict[str, Any]:
        """The figure of now as a MIME bundle, for notebooks saved without the widget's state; empty if large."""
        figure = {"data": self._figure["data"], "layout": self._figure["layout"]}
        return {_PLOTLY_MIME: figure} if len(json.dumps(figure)) <= _FALLBACK_BYTES else {}


def show(figure: go.Figure, *, height: int | None = None) -> None:
    """Show a figure that follows the reader's theme and stays in an exported page.

    A bare plotly figure at the end of a cell is drawn as well, but stays white at night, and
    only one a cell is.

    Parameters
    ----------
    figure
        Any plotly figure.
    height
        Height in pixels of a figure that does not say its own.

    Examples
    --------
    >>> show(go.Figure(go.Bar(x=["가", "나"], y=[1, 2]), layout_title="막대"))
    PlotlyView('막대', traces=1)
    """
    display(PlotlyView(figure, height=height))


def explain(error: BaseException) -> str:
    """Say in one or two Korean lines what went wrong in a function that a reader wrote or moved.

    A traceback of thirty lines through a widget's machinery hides the one line that matters:
    the last one in the reader's own code.

    Parameters
    ----------
    error
        The exception, with its traceback.

    Examples
    --------
    >>> try:
    ...     [1, 2][5]
    ... except IndexError as error:
    ...     print(explain(error).splitlines()[0])
    그림을 다시 그리다가 오류가 났습니다. IndexError: list index out of range
    """
    lines = [f"그림을 다시 그리다가 오류가 났습니다. {type(error).__name__}: {error}"]
    where = error.__traceback__
    place = None
    while where is not None:
        name = where.tb_frame.f_code.co_filename
        if "ipykernel_" in name or name.startswith("<ipython"):
            place = where
        where = where.tb_next
    if place is not None:
        import linecache

        line = linecache.getline(place.tb_frame.f_code.co_filename, place.tb_lineno).strip()
        lines.append(f"{place.tb_frame.f_code.co_name} 함수의 {place.tb_lineno}번째 줄: {line}")
    return "\n".join(lines)


def _plain(figure: go.Figure) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Traces and layout as plain JSON data; plotly's default template is left to the front end."""
    if not isinstance(figure, go.Figure):
        raise TypeError(f"give a plotly.graph_objects.Figure, got {type(figure).__name__}: {figure!r:.80}")
    layout = figure.layout.to_plotly_json()
    if is_default_template(layout.get("template")):
        layout.pop("template", None)  # before figure.to_dict() would have walked through its 900 values
    content = {"data": [trace.to_plotly_json() for trace in figure.data], "layout": layout}
    convert_to_base64(content)
    plain = json.loads(to_json_plotly(content))
    return plain["data"], plain["layout"]


def _summary(figure: go.Figure) -> str:
    title = figure.layout.title.text or ""
    return f"PlotlyView({title!r}, traces={len(figure.data)})"
