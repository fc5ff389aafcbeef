"""What a lecture lets its readers play with: figures that answer, guesses kept, notebooks as pages.

The names below are loaded when they are first used: the Jupyter server imports this package for
:mod:`coursekit.explore.server` and needs none of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coursekit.explore.ambulances import city_map
    from coursekit.explore.controls import dropdown, log_slider, slider, text, toggle
    from coursekit.explore.drifting import DriftWorld, drift_playground, drift_world
    from coursekit.explore.export import export_html
    from coursekit.explore.factory import factory_room
    from coursekit.explore.interactive import InteractiveFigure, interactive_figure
    from coursekit.explore.labelling import label_workshop
    from coursekit.explore.pareto import pareto_chooser
    from coursekit.explore.playground import IntentPlayground, intent_playground
    from coursekit.explore.prediction import Prediction, Revelation, predict
    from coursekit.explore.quantizing import NumberLine, number_line, number_line_quantizer
    from coursekit.explore.ramping import ramp_room
    from coursekit.explore.refreshing import refresh_costs, refresh_playground
    from coursekit.explore.sensitivity import layer_ladder
    from coursekit.explore.style import palette, styled, template
    from coursekit.explore.view import PlotlyView, show

__all__ = [
    "DriftWorld",
    "IntentPlayground",
    "InteractiveFigure",
    "NumberLine",
    "PlotlyView",
    "Prediction",
    "Revelation",
    "city_map",
    "drift_playground",
    "drift_world",
    "dropdown",
    "export_html",
    "factory_room",
    "intent_playground",
    "interactive_figure",
    "label_workshop",
    "layer_ladder",
    "log_slider",
    "number_line",
    "number_line_quantizer",
    "palette",
    "pareto_chooser",
    "predict",
    "ramp_room",
    "refresh_costs",
    "refresh_playground",
    "show",
    "slider",
    "styled",
    "template",
    "text",
    "toggle",
]

_MODULES = {
    "ambulances": ("city_map",),
    "controls": ("dropdown", "log_slider", "slider", "text", "toggle"),
    "drifting": ("DriftWorld", "drift_playground", "drift_world"),
    "export": ("export_html",),
    "factory": ("factory_room",),
    "interactive": ("InteractiveFigure", "interactive_figure"),
    "labelling": ("label_workshop",),
    "pareto": ("pareto_chooser",),
    "playground": ("IntentPlayground", "intent_playground"),
    "prediction": ("Prediction", "Revelation", "predict"),
    "quantizing": ("NumberLine", "number_line", "number_line_quantizer"),
    "ramping": ("ramp_room",),
    "refreshing": ("refresh_costs", "refresh_playground"),
    "sensitivity": ("layer_ladder",),
    "style": ("palette", "styled", "template"),
    "view": ("PlotlyView", "show"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
