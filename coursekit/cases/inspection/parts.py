"""Parts on a belt, with scratches, dents, stains and misprints put into them one knows how badly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit._number_checks import as_finite, check_whole, told
from coursekit.cases.inspection import _drawing
from coursekit.cases.inspection._textures import TEXTURES, surfaces
from coursekit.short_repr import ShortRepr

DEFECTS = ("scratch", "dent", "stain", "misprint")
"""Kinds of defects; ``Parts.defect`` counts from 0 in this order, -1 is a part in order."""
LIGHTINGS = ("lab", "factory")
"""Under what light `make_parts` takes its pictures."""
_KOREAN = {"scratch": "긁힘", "dent": "찍힘", "stain": "얼룩", "misprint": "인쇄 불량"}
_SIZES = (32, 128)
_CAMERAS = {
    # lowest and highest gain, strongest slope of the light, lowest and highest blur (pixels of 64), noise (grey
    # values) and relief: light from one side makes scratches and dents shine, light from everywhere does not
    "lab": ((0.90, 1.10), 0.10, (0.40, 0.65), (2.5, 3.5), (0.95, 1.05)),
    "factory": ((0.80, 0.95), 0.25, (0.45, 0.70), (2.5, 4.0), (0.15, 0.45)),
}


@dataclass(frozen=True, eq=False, repr=False)
class Parts(ShortRepr):
    """Pictures of parts, and what is wrong with each."""

    images: np.ndarray
    """Grey values 0 to 255, uint8 of shape (n, size, size)."""
    defect: np.ndarray
    """-1 for a part in order, else the place in ``DEFECTS``, int8 of shape (n,)."""
    severity: np.ndarray
    """0 for a part in order, else above 0 (nobody could see it) to 1 (nobody could miss it), shape (n,)."""

    def __len__(self) -> int:
        return len(self.images)

    @property
    def is_defective(self) -> np.ndarray:
        """Whether each part has a defect, shape (n,)."""
        return self.defect >= 0

    def take(self, index: ArrayLike) -> Parts:
        """Some of the parts: whole numbers, or True and False for each."""
        rows = np.asarray(index)
        return Parts(self.images[rows], self.defect[rows], self.severity[rows])

    def to_frame(self) -> pd.DataFrame:
        """One row per part: whether it is defective, its defect ("none" if in order), its severity."""
        names = np.array([*DEFECTS, "none"])
        return pd.DataFrame(
            {"is_defective": self.is_defective, "defect": names[self.defect], "severity": self.severity}
        )

    def plot(self, *, columns: int = 8, rows: int = 4) -> go.Figure:
        """The first parts as a sheet of pictures, each with its defect and severity under it."""
        columns, rows = (check_whole("Parts.plot", k, v, low=1) for k, v in (("columns", columns), ("rows", rows)))
        shown = min(len(self), columns * rows)
        columns, rows = min(columns, max(1, shown)), max(1, -(-shown // columns))
        size, caption = self.images.shape[1], 14
        sheet = np.full((rows * (size + caption), columns * (size + 4)), 255, np.uint8)
        figure = go.Figure()
        for part in range(shown):
            top, left = part // columns * (size + caption), part % columns * (size + 4)
            sheet[top : top + size, left : left + size] = self.images[part]
            kind = self.defect[part]
            text = f"{_KOREAN[DEFECTS[kind]]} {self.severity[part]:.2f}" if kind >= 0 else "정상"
            colour = "#b3261e" if kind >= 0 else "#555555"
            figure.add_annotation(
                x=left + size / 2,
                y=top + size + caption / 2,
                text=text,
                showarrow=False,
                font_size=12,
                font_color=colour,
            )
        figure.add_heatmap(
            z=sheet,
            colorscale="gray",
            zmin=0,
            zmax=255,
            xgap=0,
            ygap=0,
            showscale=False,
            hovertemplate="밝기 %{z}<extra></extra>",
        )
        figure.update_xaxes(visible=False, constrain="domain")
        figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
        title = f"부품 {len(self):,}개 중 {shown}개, 결함 {int(self.is_defective.sum()):,}개 (이름 옆은 심각도)"
        figure.update_layout(title=title, height=120 + rows * 118, width=60 + columns * 102, plot_bgcolor="white")
        return figure


def make_parts(
    n: int = 1_000,
    *,
    defect_rate: float = 0.02,
    textures: Sequence[str] = TEXTURES,
    lighting: str = "lab",
    size: int = 64,
    seed: int = 0,
) -> Parts:
    r"""Pictures of parts as a camera over the belt takes them, with the truth about each.

    A real line never tells which defects were missed; here it is known, and how bad each one is. Contrast and
    size of a defect fall to nothing with its severity, so that the mildest are lost in surface and noise for
    any model and any person. In the factory the light is dimmer and falls from one side, the lens is softer
    and the sensor noisier than in the lab where a model is trained, which is how a good model becomes a poor
    one on its first day at work.

    A part is a piece of a photograph, at any place and angle, made a plate with a printed mark. Severity is
    the cube root of a uniform number (:math:`P(S \le s) = s^3`): most defects are plain, a few nearly invisible.
    Part :math:`i` depends on seed and :math:`i` alone: a longer series begins with the shorter one; another
    light shows the same parts; ``defect_rate=0`` shows the same parts before they were damaged.

    Parameters
    ----------
    n
        Parts.
    defect_rate
        Probability that a part has a defect, 0 to 1; the kind is any of ``DEFECTS`` alike.
    textures
        Surfaces, any of ``"brick"``, ``"gravel"``, ``"grass"``; each part has one of them alike.
    lighting
        ``"lab"`` or ``"factory"``.
    size
        Pixels along an edge, 32 to 128; the same part is seen larger.
    seed
        Seed of parts, defects, light and noise.

    Raises
    ------
    ValueError
        If a number is out of range, or a texture or the lighting is unknown.

    Examples
    --------
    >>> parts = make_parts(200, defect_rate=0.5, seed=1)
    >>> parts
    Parts(images=<uint8 (200, 64, 64)>, defect=<int8 (200,)>, severity=<float64 (200,)>)
    >>> bool((parts.is_defective == (parts.severity > 0)).all())
    True

    References
    ----------
    Bergmann et al. (2019). MVTec AD: a comprehensive real-world dataset for unsupervised anomaly detection. CVPR.
    """
    n = check_whole("make_parts", "n", n, low=1)
    seed = check_whole("make_parts", "seed", seed)
    size = check_whole("make_parts", "size", size, low=_SIZES[0], high=_SIZES[1])
    rate = as_finite(defect_rate)
    if rate is None or not 0 <= rate <= 1:
        raise ValueError(f"make_parts: defect_rate must be a probability from 0 to 1, got {told(defect_rate)}")
    if lighting not in LIGHTINGS:
        raise ValueError(f"make_parts: lighting must be one of {', '.join(LIGHTINGS)}, got {told(lighting)}")
    chosen = (textures,) if isinstance(textures, str) else tuple(textures)
    if not chosen or not set(chosen) <= set(TEXTURES):
        raise ValueError(f"make_parts: textures must be some of {', '.join(TEXTURES)}, got {told(textures)}")
    # a table is drawn row by row, so that a longer one begins with the shorter one
    body, flaw, happens, light = (
        np.random.default_rng([seed, stream]).random((n, width))
        for stream, width in enumerate((_drawing.BODY, _drawing.FLAW, 4, _drawing.CAMERA))
    )
    defective = happens[:, 0] < rate
    defect = np.where(defective, (happens[:, 1] * len(DEFECTS)).astype(int), -1).astype(np.int8)
    severity = np.where(defective, np.cbrt(1 - happens[:, 2]), 0.0)
    texture = (happens[:, 3] * len(chosen)).astype(np.int64)
    noise = np.random.default_rng([seed, 4]).integers(2**63, size=n, dtype=np.uint64)
    images = np.empty((n, size, size), np.uint8)
    camera = _camera(light, lighting)
    _drawing.draw(images, surfaces(chosen), texture, body, flaw, defect, severity, camera, noise)
    return Parts(images, defect, severity)


def as_input(images: np.ndarray) -> np.ndarray:
    """Turn grey values into what a network takes: float32 of shape (n, size, size, 1), 0 to 1.

    Training, calibration and serving must scale their pictures alike; a model that was trained on 0 to 1 and is
    served 0 to 255 answers with confidence and nonsense.

    Parameters
    ----------
    images
        Grey values, uint8 of shape (n, size, size).

    Raises
    ------
    ValueError
        If the images are of another type or shape.

    Examples
    --------
    >>> as_input(np.full((2, 16, 16), 255, np.uint8)).shape
    (2, 16, 16, 1)
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 3:
        raise ValueError(
            f"as_input: images must be uint8 of shape (n, size, size), got {images.dtype} of shape {images.shape}"
        )
    return images[..., None].astype(np.float32) / np.float32(255)


def _camera(light: np.ndarray, lighting: str) -> np.ndarray:
    """Gain, two slopes of the light, blur, noise and relief for each part, from uniform numbers."""
    gain, slope, blur, noise, relief = _CAMERAS[lighting]
    low = np.array([gain[0], -slope, -slope, blur[0], noise[0], relief[0]])
    high = np.array([gain[1], slope, slope, blur[1], noise[1], relief[1]])
    return low + (high - low) * light
