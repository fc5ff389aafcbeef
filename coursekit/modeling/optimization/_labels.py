"""Names beside points that lie close together, so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_LINE = 16.0
_LETTER = 7.5
_AWAY = (0, 18, 36, 54, 72, 90, 108, 126, 144)


def place_labels(
    x: Sequence[float],
    y: Sequence[float],
    names: Sequence[str],
    *,
    width: float,
    height: float,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
) -> list[dict[str, Any]]:
    """Annotations for points at (x, y), in the axes' own coordinates (log10 on a logarithmic axis), with leaders.

    Each label takes the nearest free place beside its point; width and height are the panel's, in
    pixels, and the ranges what it shows; the points and some room around them unless given.
    """
    xs, ys = (np.asarray(values, float) for values in (x, y))
    points = np.column_stack([_pixels(xs, width, x_range), -_pixels(ys, height, y_range)])
    taken = [(px - 7, py - 7, px + 7, py + 7) for px, py in points]
    labels: list[dict[str, Any]] = [{} for _ in names]
    for at in np.argsort(-ys, kind="stable"):
        half = _LETTER * len(names[at]) / 2
        toward = 1 if points[at, 0] < width / 2 else -1
        places = [
            (side * (half + 12 + away / 3), up * away) for away in _AWAY for up in (-1, 1) for side in (toward, -toward)
        ]
        boxes = [
            (px - half, py - _LINE / 2, px + half, py + _LINE / 2)
            for px, py in (points[at] + np.asarray(place) for place in places)
        ]
        free = [
            number
            for number, box in enumerate(boxes)
            if box[0] >= 0 and box[2] <= width and not any(_meet(box, other) for other in taken)
        ]
        best = free[0] if free else 0
        taken.append(boxes[best])
        labels[at] = {
            "x": float(xs[at]),
            "y": float(ys[at]),
            "text": names[at],
            "ax": float(places[best][0]),
            "ay": float(places[best][1]),
            "showarrow": True,
            "arrowhead": 0,
            "arrowwidth": 0.7,
            "arrowcolor": "gray",
            "standoff": 5,
        }
    return labels


def _pixels(values: np.ndarray, length: float, shown: tuple[float, float] | None) -> np.ndarray:
    low, high = (float(values.min()), float(values.max())) if shown is None else shown
    if low == high:
        return np.full(len(values), length / 2)
    edge = 0.08 if shown is None else 0.0
    return np.asarray(length * (edge + (1 - 2 * edge) * (values - low) / (high - low)))


def _meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
