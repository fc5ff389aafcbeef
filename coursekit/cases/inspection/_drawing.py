"""Parts drawn pixel by pixel: surface, print, defect, then light, lens and sensor."""

from __future__ import annotations

import math

import numpy as np

from coursekit.cases.inspection._defects import (
    CURVE_POINTS,
    DENT,
    MISPRINT,
    SCRATCH,
    STAIN,
    dent_at,
    ink_at,
    scratch_at,
    scratch_curve,
    stain_at,
)
from coursekit.compiling import compiled

BODY = 9
"""Random numbers of a part that is in order."""
FLAW = 5
"""Random numbers of its defect."""
CAMERA = 6
"""What the camera sees a part with: gain, two slopes of the light, blur, noise, how much relief shows."""
_HALF = 28.0
_CORNER = 6.0
_BELT = 38.0
_TAPS = 4
"""Pixels on each side that blur reaches."""


@compiled
def draw(
    images: np.ndarray,
    textures: np.ndarray,
    texture: np.ndarray,
    body: np.ndarray,
    flaw: np.ndarray,
    kind: np.ndarray,
    severity: np.ndarray,
    camera: np.ndarray,
    noise: np.ndarray,
) -> None:
    """Fill in images, uint8 of shape (n, size, size); each part depends on its own rows alone."""
    size = images.shape[1]
    canvas, passed = np.empty((size, size)), np.empty((size, size))
    curve, weights = np.empty((CURVE_POINTS, 2)), np.empty(2 * _TAPS + 1)
    for part in range(len(images)):
        if kind[part] == SCRATCH:
            scratch_curve(severity[part], flaw[part], curve)
        _draw_part(
            canvas, textures[texture[part]], body[part], flaw[part], kind[part], severity[part], camera[part, 5], curve
        )
        _light(canvas, camera[part])
        _blur(canvas, passed, weights, camera[part, 3] * size / 64)
        _expose(images[part], canvas, camera[part, 4], noise[part])


@compiled
def _draw_part(
    canvas: np.ndarray,
    surface: np.ndarray,
    body: np.ndarray,
    flaw: np.ndarray,
    kind: int,
    severity: float,
    relief: float,
    curve: np.ndarray,
) -> None:
    """One part under even light, without noise."""
    size = len(canvas)
    scale = 64.0 / size
    tilt = 0.10 * (body[0] - 0.5)
    left, down = 2 * (body[1] - 0.5), 2 * (body[2] - 0.5)
    grain, spread, level = 2 * math.pi * body[3], 5.0 + 2.5 * body[4], 136 + 24 * body[5]
    ink = 0.57 + 0.10 * body[6]
    margin = 50.0  # a part's diagonal and a little more stays inside the photograph
    sx = margin + (surface.shape[1] - 1 - 2 * margin) * body[7]
    sy = margin + (surface.shape[0] - 1 - 2 * margin) * body[8]
    for row in range(size):
        for column in range(size):
            dx, dy = (column + 0.5) * scale - 32 - left, (row + 0.5) * scale - 32 - down
            x, y = dx * math.cos(tilt) + dy * math.sin(tilt), dy * math.cos(tilt) - dx * math.sin(tilt)
            qx, qy = max(abs(x) - _HALF + _CORNER, 0.0), max(abs(y) - _HALF + _CORNER, 0.0)
            inside = _CORNER - math.hypot(qx, qy)
            covered = min(1.0, max(0.0, inside / scale + 0.5))
            if covered == 0:
                canvas[row, column] = _BELT
                continue
            u, v = x * math.cos(grain) - y * math.sin(grain), x * math.sin(grain) + y * math.cos(grain)
            value = level + spread * _between(surface, sx + u, sy + v)
            rim = max(0.0, 1 - inside / 2.5)
            value += 30 * rim * (-0.6 * x - 0.8 * y) / _HALF  # a bevelled edge, light from the upper left
            value *= 1 - ink * ink_at(x, y, kind == MISPRINT, severity, flaw)
            if kind == SCRATCH:
                value += relief * scratch_at(x, y, severity, curve)
            elif kind == DENT:
                value += relief * dent_at(x, y, severity, flaw)
            elif kind == STAIN:
                value *= 1 - stain_at(x, y, severity, flaw)
            canvas[row, column] = _BELT + covered * (value - _BELT)


@compiled
def _between(surface: np.ndarray, x: float, y: float) -> float:
    """Value between four pixels of a photograph."""
    column, row = int(x), int(y)
    right, low = x - column, y - row
    upper = surface[row, column] * (1 - right) + surface[row, column + 1] * right
    lower = surface[row + 1, column] * (1 - right) + surface[row + 1, column + 1] * right
    return upper * (1 - low) + lower * low


@compiled
def _light(canvas: np.ndarray, camera: np.ndarray) -> None:
    """Gain, and light that falls off to one side."""
    size = len(canvas)
    for row in range(size):
        for column in range(size):
            slope = camera[1] * ((column + 0.5) / size - 0.5) + camera[2] * ((row + 0.5) / size - 0.5)
            canvas[row, column] *= camera[0] * (1 + slope)


@compiled
def _blur(canvas: np.ndarray, passed: np.ndarray, weights: np.ndarray, width: float) -> None:
    """A Gaussian lens, rows first and columns after; what lies outside is as the edge."""
    size, total = len(canvas), 0.0
    for tap in range(-_TAPS, _TAPS + 1):
        weights[tap + _TAPS] = math.exp(-0.5 * (tap / width) ** 2)
        total += weights[tap + _TAPS]
    weights /= total
    for source, target in ((canvas, passed), (passed, canvas)):  # each pass also turns rows into columns
        for row in range(size):
            for column in range(size):
                value = 0.0
                for tap in range(-_TAPS, _TAPS + 1):
                    value += weights[tap + _TAPS] * source[row, min(size - 1, max(0, column + tap))]
                target[column, row] = value


@compiled
def _expose(image: np.ndarray, canvas: np.ndarray, sigma: float, seed: int) -> None:
    """Noise of the sensor and whole grey values; four 16-bit numbers of one hash add up to nearly a Gaussian."""
    size = len(canvas)
    state = np.uint64(seed)
    for row in range(size):
        for column in range(size):
            state += np.uint64(0x9E3779B97F4A7C15)
            word = state
            word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            word = word ^ (word >> np.uint64(31))
            total = 0.0
            for shift in range(4):
                total += float((word >> np.uint64(16 * shift)) & np.uint64(0xFFFF))
            gaussian = math.sqrt(3.0) * (total / 65535.0 - 2.0)
            image[row, column] = np.uint8(min(255.0, max(0.0, round(canvas[row, column] + sigma * gaussian))))
