"""What a defect does to the grey value at one place of a part; places in pixels of a part 64 wide, centre 0."""

from __future__ import annotations

import math

import numpy as np

from coursekit.compiling import compiled

SCRATCH, DENT, STAIN, MISPRINT = range(4)
CURVE_POINTS = 13
"""Corners of the polygon that a scratch is drawn as."""
STROKES = np.array(
    [
        (-10.0, 8.5, -10.0, 19.5),  # E
        (-10.0, 8.5, -4.0, 8.5),
        (-10.0, 14.0, -5.0, 14.0),
        (-10.0, 19.5, -4.0, 19.5),
        (-0.5, 8.5, 6.0, 8.5),  # 7
        (6.0, 8.5, 1.5, 19.5),
        (10.5, 8.5, 10.5, 19.5),  # a bar
    ]
)
"""The printed mark, "E7|": both ends of each stroke (x, y, x, y)."""
_HALF_STROKE = 0.75
_MARK = (-16.0, 3.0, 16.0, 25.0)
_REACH = 17.0
"""How far from the centre a defect may lie."""


@compiled
def distance_to_segment(x: float, y: float, x0: float, y0: float, x1: float, y1: float) -> float:
    """Distance of a point and a line from one point to another."""
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else ((x - x0) * dx + (y - y0) * dy) / length
    along = min(1.0, max(0.0, along))
    return math.hypot(x - x0 - along * dx, y - y0 - along * dy)


@compiled
def ink_at(x: float, y: float, misprinted: bool, severity: float, chance: np.ndarray) -> float:
    """Ink of the mark, 0 to 1; a misprint leaves out, shifts or doubles one stroke, as far as its severity."""
    if not (_MARK[0] < x < _MARK[2] and _MARK[1] < y < _MARK[3]):
        return 0.0
    wrong = int(chance[0] * len(STROKES)) if misprinted else -1
    ink = 0.0
    for number in range(len(STROKES)):
        x0, y0, x1, y1 = STROKES[number]
        strength = 1.0
        if number == wrong:
            length = math.hypot(x1 - x0, y1 - y0)
            side = 1.0 if chance[2] < 0.5 else -1.0
            nx, ny = side * (y0 - y1) / length, side * (x1 - x0) / length
            if chance[1] < 1 / 3:
                strength = (1 - severity) ** 1.5
            elif chance[1] < 2 / 3:
                x0, x1 = x0 + 5.0 * severity * nx, x1 + 5.0 * severity * nx
                y0, y1 = y0 + 5.0 * severity * ny, y1 + 5.0 * severity * ny
            else:
                away = distance_to_segment(x, y, x0 + 3.0 * nx, y0 + 3.0 * ny, x1 + 3.0 * nx, y1 + 3.0 * ny)
                ink = max(ink, severity**0.7 * _covered(_HALF_STROKE - away))
        ink = max(ink, strength * _covered(_HALF_STROKE - distance_to_segment(x, y, x0, y0, x1, y1)))
    return ink


@compiled
def scratch_curve(severity: float, chance: np.ndarray, curve: np.ndarray) -> None:
    """Fill in the corners of a scratch, shape (CURVE_POINTS, 2): a bent line, longer if it is worse."""
    angle = 2 * math.pi * chance[0]
    half = 0.5 * (10 + 24 * severity) * (0.8 + 0.4 * chance[1])
    bend = half * (chance[2] - 0.5)
    cx, cy = 0.7 * _REACH * (2 * chance[3] - 1), 0.7 * _REACH * (2 * chance[4] - 1)
    for number in range(CURVE_POINTS):
        along = 2 * number / (CURVE_POINTS - 1) - 1
        u, v = half * along, bend * (1 - along * along)
        curve[number, 0] = cx + u * math.cos(angle) - v * math.sin(angle)
        curve[number, 1] = cy + u * math.sin(angle) + v * math.cos(angle)


@compiled
def scratch_at(x: float, y: float, severity: float, curve: np.ndarray) -> float:
    """Grey values that a scratch adds: a bright line with a dark lip below it, thin at its ends."""
    nearest, where, below = 1e9, 0, False
    for number in range(CURVE_POINTS - 1):
        x0, y0, x1, y1 = curve[number, 0], curve[number, 1], curve[number + 1, 0], curve[number + 1, 1]
        away = distance_to_segment(x, y, x0, y0, x1, y1)
        if away < nearest:
            nearest, where = away, number
            below = y > y0 + (y1 - y0) * (x - x0) / (x1 - x0) if abs(x1 - x0) > 1e-9 else x > x0
    along = (where + 0.5) / (CURVE_POINTS - 1)
    taper = min(1.0, 5 * min(along, 1 - along))
    half = 0.45 + 0.40 * severity
    bright = _covered(half - nearest)
    dark = _covered(half + 1.0 - nearest) - bright if below else 0.0
    return taper * severity**0.8 * (115.0 * bright - 45.0 * dark)


@compiled
def dent_at(x: float, y: float, severity: float, chance: np.ndarray) -> float:
    """Grey values that a dent adds under light from the upper left: dark side first, bright side after."""
    radius = 2.8 + 2.7 * severity
    squeeze, turn = 0.75 + 0.25 * chance[0], math.pi * chance[1]
    dx, dy = x - _REACH * (2 * chance[3] - 1), y - _REACH * (2 * chance[4] - 1)
    u, v = dx * math.cos(turn) + dy * math.sin(turn), (dy * math.cos(turn) - dx * math.sin(turn)) / squeeze
    r = math.hypot(u, v) / radius
    if r > 3:
        return 0.0
    return severity**0.8 * 115.0 * (0.6 * dx + 0.8 * dy) / radius * (math.exp(-r * r / 2) - math.exp(-4.5))


@compiled
def stain_at(x: float, y: float, severity: float, chance: np.ndarray) -> float:
    """Share of the light that a stain takes: a soft blob of irregular outline."""
    dx, dy = x - _REACH * (2 * chance[3] - 1), y - _REACH * (2 * chance[4] - 1)
    angle = math.atan2(dy, dx)
    outline = 1 + 0.22 * math.cos(2 * angle + 6.28 * chance[0]) + 0.16 * math.cos(3 * angle + 6.28 * chance[1])
    outline += 0.10 * math.cos(5 * angle + 6.28 * chance[2])
    inside = (3.2 + 4.8 * severity) * outline - math.hypot(dx, dy)
    soft = min(1.0, max(0.0, 0.5 + inside / 4.0))
    return 0.55 * severity**0.8 * soft * soft * (3 - 2 * soft)


@compiled
def _covered(inside: float) -> float:
    """Share of a pixel that lies inside an edge so many pixels away: anti-aliasing."""
    return min(1.0, max(0.0, inside + 0.5))
