"""What a cell gave: outputs of known shape, within bounds, whatever was sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from coursekit.classroom.sandbox.limits import Limits

TIME, DIED, MEMORY, OUTPUT = "time", "died", "memory", "output"
"""Why a cell was stopped."""

FLOOD = 256 << 20
"""Bytes that a cell may send before it is taken for an attack."""

LEFT_OUT = {"text/plain": "(출력이 너무 커서 뺐습니다)"}
"""What stands in place of a display that is too large."""

_MOST_OUTPUTS = 1000
_DISPLAYS = 5
"""How many displays of the largest size a cell may keep."""


@dataclass
class Ran:
    """What became of one cell."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    """Outputs as nbformat has them."""
    stopped: str = ""
    """Why it was stopped; empty if it was not."""
    done: dict[str, Any] = field(default_factory=dict)
    """What the process said at the end; empty if it is gone."""
    seconds: float = 0.0
    """Wall-clock time."""


@dataclass
class Kept:
    """The outputs of a cell, within bounds and of known shape."""

    limits: Limits
    """Bounds of what is kept."""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    """What was kept."""
    characters: int = 0
    """Characters of streams so far."""
    shown: int = 0
    """Characters of the displayed objects that were kept."""

    def add(self, output: Any) -> None:
        """Keep an output, if it is one and there is room."""
        if not isinstance(output, dict) or len(self.outputs) >= _MOST_OUTPUTS:
            return
        kind = output.get("output_type")
        if kind == "clear":
            self.outputs.clear()
            self.shown = 0
        elif kind == "stream" and output.get("name") in ("stdout", "stderr"):
            self._stream(output["name"], str(output.get("text", "")))
        elif kind in ("display_data", "execute_result"):
            data = _displayable(output.get("data"))
            size = len(json.dumps(data))
            if size > self.limits.cell_display or self.shown + size > _DISPLAYS * self.limits.cell_display:
                data, size = dict(LEFT_OUT), 0
            self.shown += size
            self.outputs.append({"output_type": kind, "data": data, "metadata": {}})
        elif kind == "error":
            lines = output.get("traceback")
            shown = [str(line)[:4000] for line in lines[:60]] if isinstance(lines, list) else []
            name, value = str(output.get("ename"))[:200], str(output.get("evalue"))[:4000]
            self.outputs.append({"output_type": kind, "ename": name, "evalue": value, "traceback": shown})

    def _stream(self, name: str, text: str) -> None:
        text = text[: self.limits.cell_output + 100 - self.characters]
        if not text:
            return
        self.characters += len(text)
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})


def _displayable(data: Any) -> dict[str, Any]:
    """What nbformat allows in a display: text by type, and JSON where the type says so."""
    kept = {}
    for kind, value in data.items() if isinstance(data, dict) else ():
        if isinstance(value, str):
            kept[str(kind)[:200]] = value
        elif str(kind).endswith("json"):
            try:
                json.dumps(value, allow_nan=False)
            except ValueError:
                continue  # NaN: no browser could open the notebook
            kept[str(kind)[:200]] = value
    return kept
