"""The looks of all figures: readable by everybody, and nobody else's default."""

from __future__ import annotations

import itertools

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
import pytest

from coursekit.explore import palette, styled, template
from coursekit.explore.style import is_default_template

# Machado, Oliveira, Fernandes (2009), severity 1.0, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])

both = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


def linear(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2 contrast ratio."""
    low, high = sorted(float(linear(colour) @ TO_XYZ[1]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    ratio = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.95047, 1, 1.08883])
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21, abs=0.01)


@both
def test_every_colour_stands_out_from_its_background(dark):
    """WCAG 2.1, 1.4.11: graphics need a ratio of 3."""
    background = template(dark=dark).layout.paper_bgcolor
    for colour in palette(dark=dark):
        assert contrast(colour, background) >= 3, colour


@both
@pytest.mark.parametrize("vision", VISION)
def test_colours_stay_apart_for_every_eye(dark, vision):
    """A just noticeable difference is 2.3 (CIE76); five of them for small marks, seven for the first four."""
    seen = [lab(VISION[vision] @ linear(colour)) for colour in palette(dark=dark)]
    for (i, one), (j, other) in itertools.combinations(enumerate(seen), 2):
        distance = np.linalg.norm(one - other)
        assert distance >= 2.3 * (7 if max(i, j) < 4 else 5), (palette(dark=dark)[i], palette(dark=dark)[j])


@both
def test_text_is_readable(dark):
    layout = template(dark=dark).layout
    assert contrast(layout.font.color, layout.paper_bgcolor) >= 7  # WCAG AAA


@both
@pytest.mark.parametrize("scale", ["sequential", "diverging"])
def test_scales_are_ordered_in_lightness(dark, scale):
    """More must look like more in a grey print: lightness is monotone from the middle (or the end) outwards."""
    lightness = [lab(linear(colour))[0] for _, colour in getattr(template(dark=dark).layout.colorscale, scale)]
    halves = [lightness] if scale == "sequential" else [lightness[: len(lightness) // 2 + 1], lightness[2:]]
    for half in halves:
        steps = np.diff(half)
        assert (steps > 0).all() or (steps < 0).all()


def test_styled_copies_and_leaves_foreign_templates():
    plain, own = go.Figure(), go.Figure(layout_template="ggplot2")
    assert styled(plain).layout.template.layout.colorway == palette()
    assert plain.layout.template == pio.templates["plotly"]
    assert styled(own, dark=True).layout.template == own.layout.template


def test_plotlys_own_template_is_recognised_as_data():
    assert is_default_template(go.Figure().to_plotly_json()["layout"]["template"])
    assert not is_default_template(pio.templates["plotly_dark"].to_plotly_json())
