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

_MOST_OUTPUTS, _MOST_ERRORS = 1000, 20
_DEEPEST = 50
"""How deep JSON in a display may be nested: what reads a notebook later recurses."""
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
    errors: int = 0
    """Errors so far."""

    def add(self, output: Any) -> None:
        """Keep an output, if it is one and there is room."""
        if not isinstance(output, dict):
            return
        kind = output.get("output_type")
        if kind == "error":
            self._error(output)
        elif kind == "clear":
            self.outputs[:] = [one for one in self.outputs if one["output_type"] == "error"]
            self.shown = 0
        elif len(self.outputs) >= _MOST_OUTPUTS:
            return
        elif kind == "stream" and output.get("name") in ("stdout", "stderr"):
            self._stream(output["name"], _text(output.get("text")))
        elif kind in ("display_data", "execute_result"):
            data = _displayable(output.get("data"))
            size = len(json.dumps(data))
            if size > self.limits.cell_display or self.shown + size > _DISPLAYS * self.limits.cell_display:
                data, size = dict(LEFT_OUT), 0
            self.shown += size
            self.outputs.append({"output_type": kind, "data": data, "metadata": {}})

    def _error(self, output: dict[str, Any]) -> None:
        """Keep an error, which costs points, whatever else was shown; only the first ones with their lines."""
        if self.errors >= _MOST_ERRORS:
            return
        self.errors += 1
        given = output.get("traceback")
        lines = [_text(line)[:4000] for line in given[:60]] if isinstance(given, list) else []
        lines = lines if sum(map(len, lines)) <= self.limits.cell_output else lines[-1:]
        name, value = _text(output.get("ename"))[:200], _text(output.get("evalue"))[:4000]
        self.outputs.append({"output_type": "error", "ename": name, "evalue": value, "traceback": lines})

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
        elif str(kind).endswith("json") and not _deep(value, _DEEPEST):
            try:
                json.dumps(value, allow_nan=False)
            except ValueError:
                continue  # NaN: no browser could open the notebook
            kept[str(kind)[:200]] = value
    return kept


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _deep(value: Any, most: int) -> bool:
    """Whether JSON is nested more than so many times."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return most <= 0 or any(_deep(one, most - 1) for one in inner if isinstance(one, dict | list))
