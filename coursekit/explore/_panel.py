"""A box of controls around one view."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from coursekit.explore.view import PlotlyView


class Panel(widgets.VBox):
    """What all explorables have in common: they close as a whole, and leave a picture behind."""

    view: PlotlyView

    def close(self) -> None:
        """Take everything off the page and out of memory."""
        inside = list(_descendants(self))
        super().close()  # ipywidgets closes the box alone
        for widget in inside:
            widget.unobserve_all()
            widget.close()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        return None if bundle is None else {**bundle, **self.view.fallback()}


def _descendants(box: widgets.Box) -> Any:
    for child in box.children:
        if isinstance(child, widgets.Box):
            yield from _descendants(child)
        yield child
