"""Widgets in their last state as plain HTML: what a page can show without a kernel."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from typing import Any

from coursekit.explore.style import is_default_template

PLOTLY_MIME = "application/vnd.plotly.v1+json"
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
STATE_MIME = "application/vnd.jupyter.widget-state+json"
FIGURE_TYPE = "application/vnd.coursekit.figure+json"

_ROWS = {"HBoxModel", "BoxModel", "GridBoxModel"}
_COLUMNS = {"VBoxModel", "TabModel", "AccordionModel", "StackModel"}
_CHOICES = {"DropdownModel", "RadioButtonsModel", "ToggleButtonsModel", "SelectModel", "SelectionSliderModel"}
_SILENT = {"ButtonModel", "PlayModel", "ControllerModel"}


def figure_html(figure: Mapping[str, Any], *, message: str = "", tone: str = "info", height: int = 420) -> str:
    """A place for one figure, with its data beside it."""
    layout = dict(figure.get("layout") or {})
    if is_default_template(layout.get("template")):
        layout.pop("template", None)
    content = {
        "figure": {"version": 1, "data": figure.get("data") or [], "layout": layout},
        "message": message,
        "tone": tone,
        "height": height,
    }
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<div class="coursekit-figure"><script type="{FIGURE_TYPE}">{data}</script></div>'


def widget_html(model_id: str, states: Mapping[str, Any]) -> str | None:
    """A widget and all it holds; None where its state was not stored."""
    if model_id not in states:
        return None
    return f'<div class="coursekit-widget">{_model_html(model_id, states)}</div>'


def output_html(data: Mapping[str, Any], states: Mapping[str, Any]) -> str | None:
    """What to draw for an output that a browser alone cannot; None where it needs no help."""
    if WIDGET_MIME in data:
        drawn = widget_html(data[WIDGET_MIME].get("model_id", ""), states)
        if drawn is not None:
            controls = '<span class="coursekit-control">' in drawn
            note = "저장된 때의 모습입니다. 값을 바꿔 보려면 노트북을 여세요." if controls else ""
            return drawn + (f'<div class="coursekit-saved">{note}</div>' if note else "")
        if PLOTLY_MIME not in data and "text/html" not in data:
            return '<div class="coursekit-saved">이 위젯의 상태가 노트북에 저장되어 있지 않습니다.</div>'
    return figure_html(data[PLOTLY_MIME]) if PLOTLY_MIME in data else None


def _model_html(model_id: str, states: Mapping[str, Any]) -> str:
    model = states.get(model_id.removeprefix("IPY_MODEL_"), {})
    state, name = model.get("state", {}), model.get("model_name", "")
    if _layout(state, states).get("display") == "none" or name in _SILENT:
        return ""
    if "_figure" in state and model.get("model_module") == "anywidget":
        return figure_html(
            state["_figure"],
            message=state.get("_message", ""),
            tone=state.get("_tone", "info"),
            height=state.get("_height", 420),
        )
    if name in _ROWS | _COLUMNS:
        inside = "".join(_model_html(child, states) for child in state.get("children", ()))
        return f'<div class="coursekit-box{" column" if name in _COLUMNS else ""}">{inside}</div>'
    if name in ("HTMLModel", "HTMLMathModel"):
        return f"<div>{_described(state)}{state.get('value', '')}</div>"
    if name == "LabelModel":
        return f"<div>{html.escape(str(state.get('value', '')))}</div>"
    if name == "OutputModel":
        return "".join(map(_captured_html, state.get("outputs", ())))
    shown = _control_value(name, state)
    if shown is None:
        return ""
    return f'<span class="coursekit-control">{_described(state)}<output>{html.escape(shown)}</output></span>'


def _layout(state: Mapping[str, Any], states: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = state.get("layout")
    if not isinstance(reference, str):
        return {}
    return states.get(reference.removeprefix("IPY_MODEL_"), {}).get("state", {})


def _described(state: Mapping[str, Any]) -> str:
    label = state.get("description")
    return f"<span>{html.escape(label)}</span> " if label else ""


def _control_value(name: str, state: Mapping[str, Any]) -> str | None:
    if name in _CHOICES:
        labels, index = state.get("_options_labels", ()), state.get("index")
        return str(labels[index]) if isinstance(index, int) and index < len(labels) else None
    value = state.get("value")
    if isinstance(value, bool):
        return "켜짐" if value else "꺼짐"
    if isinstance(value, float):
        return f"{value:.6g}"
    if value == "":
        return "빈칸"
    return str(value) if isinstance(value, int | str) else None


def _text_of(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


_CAPTURED: dict[str, Callable[[str], str]] = {
    "text/html": lambda value: value,
    "image/svg+xml": lambda value: value,
    "image/png": lambda value: f'<img src="data:image/png;base64,{html.escape(value)}">',
    "text/plain": lambda value: f"<pre>{html.escape(value)}</pre>",
}


def _captured_html(output: Mapping[str, Any]) -> str:
    """An output inside of an Output widget."""
    if output.get("output_type") == "stream":
        return f"<pre>{html.escape(_text_of(output.get('text', '')))}</pre>"
    data = output.get("data", {})
    if PLOTLY_MIME in data:
        return figure_html(data[PLOTLY_MIME])
    for mime, draw in _CAPTURED.items():
        if mime in data:
            return draw(_text_of(data[mime]))
    return ""
