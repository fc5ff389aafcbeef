"""A function that draws, and controls that call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
import plotly.graph_objects as go

from coursekit.explore._panel import Panel
from coursekit.explore.view import PlotlyView, explain


class InteractiveFigure(Panel):
    """A row of controls above one figure that follows them.

    The reader moves, the function runs, the picture answers. While the function is busy the
    browser keeps only the newest value of a moving control, so a slow function lags but
    never falls behind for good.

    Parameters
    ----------
    function
        Called with one keyword argument a control; returns the figure.
    controls
        Name of each argument to its control: anything with a ``value`` that can be observed.

    Examples
    --------
    >>> from coursekit.explore.controls import slider
    >>> line = lambda slope: go.Figure(go.Scatter(x=[0, 1], y=[0, slope]))
    >>> explorable = InteractiveFigure(line, {"slope": slider("기울기", 0, 5, value=2)})
    >>> explorable.controls["slope"].value = 3
    >>> explorable.view.figure.data[0].y
    (0, 3)
    """

    def __init__(
        self,
        function: Callable[..., go.Figure],
        controls: Mapping[str, Any],
    ) -> None:
        self._function = function
        self._controls = dict(controls)
        for name, control in self._controls.items():
            if not isinstance(control, widgets.Widget) or not control.has_trait("value"):
                raise TypeError(
                    f"{name} must be a control such as explore.slider(...) or another widget with a value, "
                    f"got {control!r:.80}"
                )
        # The first drawing may fail in plain sight: in the cell, with its whole traceback.
        self.view = PlotlyView(self._draw())
        row = widgets.Box(
            list(self._controls.values()),
            layout=widgets.Layout(display="flex", flex_flow="row wrap", align_items="center", margin="0 0 4px 0"),
        )
        super().__init__([row, self.view], layout=widgets.Layout(width="100%"))
        for control in self._controls.values():
            control.observe(self._moved, names="value")

    @property
    def controls(self) -> dict[str, widgets.Widget]:
        """The controls by name."""
        return dict(self._controls)

    @property
    def values(self) -> dict[str, Any]:
        """What the controls say now."""
        return {name: control.value for name, control in self._controls.items()}

    def update(self) -> None:
        """Draw anew with the values of now, after something outside of the controls changed."""
        try:
            self.view.figure = self._draw()
        except Exception as error:  # told to the reader, above the last figure that worked
            self.view._say(explain(error), tone="error")
        else:
            if self.view._tone == "error":
                self.view._say("")

    def _draw(self) -> go.Figure:
        figure = self._function(**self.values)
        if not isinstance(figure, go.Figure):
            raise TypeError(
                f"the function must return a plotly figure (go.Figure), got {type(figure).__name__}"
                + (": is there a return at its end?" if figure is None else "")
            )
        return figure

    def _moved(self, _: Any) -> None:
        self.update()


def interactive_figure(function: Callable[..., go.Figure], /, **controls: Any) -> InteractiveFigure:
    """Turn a function that draws into something to play with.

    A question such as "what if the threshold were lower" is answered best by the reader's own
    hand. One function, one control an argument; put the result at the end of a cell.

    Parameters
    ----------
    function
        Called with one keyword argument a control; returns a plotly figure.
    controls
        Name of each argument to its control (see :mod:`coursekit.explore.controls`).

    Raises
    ------
    TypeError
        If a control has no value, or the function returns no figure.

    Examples
    --------
    >>> from coursekit.explore.controls import slider
    >>> def line(slope):
    ...     return go.Figure(go.Scatter(x=[0, 1], y=[0, slope]))
    >>> interactive_figure(line, slope=slider("기울기", 0, 5, value=2)).values
    {'slope': 2}
    """
    return InteractiveFigure(function, controls)
