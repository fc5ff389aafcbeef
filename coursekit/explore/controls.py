"""Labelled controls for figures: a slider, a choice, a switch, a line of text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets

_STYLE = {"description_width": "initial"}  # Korean labels of any length, never cut


def slider(
    label: str,
    low: float,
    high: float,
    *,
    value: float | None = None,
    step: float | None = None,
    unit: str = "",
) -> widgets.IntSlider | widgets.FloatSlider:
    """Make a slider that tells its value while it moves.

    Moving a number by hand and watching what follows teaches a threshold or a rate faster
    than a table of runs does.

    Parameters
    ----------
    label
        What the number is, as the reader calls it.
    low
        Smallest value.
    high
        Largest value. Whole numbers at both ends and for the step make a slider of whole numbers.
    value
        Where it starts; None takes the middle.
    step
        Distance of neighbouring values; None takes 1, or a hundredth of the range.
    unit
        Shown after the label, in brackets.

    Raises
    ------
    ValueError
        If low is not below high, the value lies outside, or the step is not positive.

    Examples
    --------
    >>> days = slider("관찰 기간", 1, 60, value=14, unit="일")
    >>> days.value, days.description
    (14, '관찰 기간 (일)')
    """
    if not low < high:
        raise ValueError(f"low must be below high, got {low} and {high}")
    if step is not None and not step > 0:
        raise ValueError(f"step must be above 0, got {step}")
    whole = all(isinstance(number, int) for number in (low, high, step if step is not None else 1, value or 0))
    if step is None:
        step = 1 if whole else (high - low) / 100
    if value is None:
        value = low + step * round((high - low) / 2 / step)
    if not low <= value <= high:
        raise ValueError(f"value must lie in [{low}, {high}], got {value}")
    settings: dict[str, Any] = {"description": _labelled(label, unit), "style": _STYLE, "layout": _layout("320px")}
    if whole:
        return widgets.IntSlider(value=int(value), min=int(low), max=int(high), step=int(step), **settings)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return widgets.FloatSlider(
        value=value, min=low, max=high, step=step, readout_format=f".{min(digits, 6)}f", **settings
    )


def log_slider(
    label: str, low: float, high: float, *, value: float | None = None, unit: str = ""
) -> widgets.FloatLogSlider:
    """Make a slider over orders of magnitude, for rates and budgets.

    A learning rate or a false-alarm rate lives between 0.0001 and 0.1; on a linear slider
    all of the interesting part is the first millimetre.

    Parameters
    ----------
    label
        What the number is, as the reader calls it.
    low
        Smallest value, above 0.
    high
        Largest value.
    value
        Where it starts; None takes the geometric middle.
    unit
        Shown after the label, in brackets.

    Raises
    ------
    ValueError
        If not 0 < low < high, or the value lies outside.

    Examples
    --------
    >>> round(log_slider("오경보율", 0.001, 0.1).value, 6)
    0.01
    """
    if not 0 < low < high:
        raise ValueError(f"need 0 < low < high, got {low} and {high}")
    if value is None:
        value = math.sqrt(low * high)
    if not low <= value <= high:
        raise ValueError(f"value must lie in [{low}, {high}], got {value}")
    return widgets.FloatLogSlider(
        value=value,
        base=10,
        min=math.log10(low),
        max=math.log10(high),
        step=math.log10(high / low) / 100,
        readout_format=",.3r",
        description=_labelled(label, unit),
        style=_STYLE,
        layout=_layout("320px"),
    )


def dropdown(label: str, options: Sequence[Any] | Mapping[str, Any], *, value: Any = None) -> widgets.Dropdown:
    """Make a choice among a few named things.

    What is compared should be one move apart: the same data, another model.

    Parameters
    ----------
    label
        What is chosen, as the reader calls it.
    options
        The values, or what is shown for each value.
    value
        The one chosen at the start; None takes the first.

    Raises
    ------
    ValueError
        If there are no options, or the value is none of them.

    Examples
    --------
    >>> dropdown("모델", {"규칙": "keyword", "n-gram": "ngram"}).value
    'keyword'
    """
    pairs = list(options.items()) if isinstance(options, Mapping) else [(str(option), option) for option in options]
    if not pairs:
        raise ValueError(f"{label!r} has no options to choose from")
    values = [option for _, option in pairs]
    if value is None:
        value = values[0]
    if value not in values:
        raise ValueError(f"{value!r} is not among the options of {label!r}: {values}")
    letters = len(label) + max(len(str(name)) for name, _ in pairs)
    width = min(max(240, 70 + 13 * letters), 440)  # the longest choice is read whole
    return widgets.Dropdown(options=pairs, value=value, description=label, style=_STYLE, layout=_layout(f"{width}px"))


def toggle(label: str, *, value: bool = False) -> widgets.Checkbox:
    """Make a switch.

    With and without, back and forth, is the smallest experiment there is.

    Parameters
    ----------
    label
        What is true when it is on.
    value
        Whether it is on at the start.

    Examples
    --------
    >>> toggle("신뢰구간 보이기", value=True).value
    True
    """
    return widgets.Checkbox(value=value, description=label, indent=False, style=_STYLE, layout=_layout("160px"))


def text(label: str, *, value: str = "", placeholder: str = "") -> widgets.Text:
    """Make a line to write in; the figure follows with each letter.

    Readers find the sentence that breaks a model sooner than its author does.

    Parameters
    ----------
    label
        What is written, as the reader calls it.
    value
        The text at the start.
    placeholder
        Shown in grey while the line is empty.

    Examples
    --------
    >>> text("질의", value="내일 우산 챙겨야 할까").value
    '내일 우산 챙겨야 할까'
    """
    return widgets.Text(
        value=value, placeholder=placeholder, description=label, style=_STYLE, layout=_layout("360px", grow=True)
    )


def _labelled(label: str, unit: str) -> str:
    return f"{label} ({unit})" if unit else label


def _layout(width: str, *, grow: bool = False) -> widgets.Layout:
    return widgets.Layout(flex=f"{1 if grow else 0} 1 {width}", width="auto", min_width="0", margin="2px 18px 2px 0")
