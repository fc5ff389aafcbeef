"""Real surfaces that parts are cut from: photographs of brick, gravel and grass, made flat and even.

The photographs come with scikit-image as ``skimage/data/{brick,gravel,grass}.png``. scikit-image itself is
BSD-3-Clause; the docstrings of ``skimage.data.brick``, ``gravel`` and ``grass`` name the originals (CC0Textures
"Bricks25" and "Gravel04"; DeviantArt "Grass-01" by linolafett), each given away under Creative Commons CC0.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

import numpy as np

TEXTURES = ("brick", "gravel", "grass")
"""Surfaces of `make_parts`."""
_SHADING = 24.0
"""Pixels over which a photograph's own light and shade is evened out."""
_STRONGEST = 3.0
"""Standard deviations that the surface is cut at, so that no bright stone passes for a defect."""


@cache
def surfaces(names: tuple[str, ...]) -> np.ndarray:
    """The surfaces one above the other, mean 0 and spread 1, float32 of shape (textures, 512, 512)."""
    return np.stack([_surface(name) for name in names])


@cache
def _surface(name: str) -> np.ndarray:
    from scipy.ndimage import gaussian_filter
    from skimage.io import imread

    with as_file(files("skimage") / "data" / f"{name}.png") as path:
        grey = imread(path).astype(float)
    flat = grey - gaussian_filter(grey, _SHADING, mode="reflect")
    flat = np.clip((flat - flat.mean()) / flat.std(), -_STRONGEST, _STRONGEST)
    return (flat / flat.std()).astype(np.float32)
