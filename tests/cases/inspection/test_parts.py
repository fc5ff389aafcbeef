"""Parts are what they say: the same bits each time, damaged where they are said to be, and by as much."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, kstest

from coursekit.cases.inspection import DEFECTS, LIGHTINGS, make_parts
from coursekit.cases.inspection._textures import TEXTURES, surfaces


@pytest.fixture(scope="module")
def twins():
    """Every part damaged, and the same parts before."""
    return make_parts(800, defect_rate=1, seed=5), make_parts(800, defect_rate=0, seed=5)


def _difference(twins):
    damaged, clean = twins
    return damaged.images.astype(int) - clean.images.astype(int)


def test_severity_is_zero_exactly_where_nothing_is_wrong():
    parts = make_parts(2_000, defect_rate=0.3, seed=1)
    assert np.array_equal(parts.severity == 0, parts.defect == -1)
    assert np.array_equal(parts.is_defective, parts.defect >= 0)
    assert parts.severity.max() <= 1
    assert (parts.images.dtype, parts.defect.dtype) == (np.uint8, np.int8)


def test_rates_kinds_and_severities_are_as_promised():
    parts = make_parts(20_000, defect_rate=0.1, size=32, seed=2)
    defects = int(parts.is_defective.sum())
    low, high = binom.interval(1 - 1e-6, 20_000, 0.1)  # a right one fails once in a million seeds
    assert low <= defects <= high
    low, high = binom.interval(1 - 1e-6, defects, 1 / len(DEFECTS))
    counts = np.bincount(parts.defect[parts.is_defective], minlength=len(DEFECTS))
    assert len(counts) == len(DEFECTS)
    assert ((low <= counts) & (counts <= high)).all()
    assert kstest(parts.severity[parts.is_defective], lambda s: s**3).pvalue > 1e-6


@pytest.mark.parametrize("lighting", LIGHTINGS)
def test_same_seed_same_bits_and_a_longer_series_begins_with_the_shorter(lighting):
    long, short = (make_parts(n, defect_rate=0.5, lighting=lighting, seed=3) for n in (60, 20))
    again, other = (make_parts(20, defect_rate=0.5, lighting=lighting, seed=s) for s in (3, 4))
    for name in ("images", "defect", "severity"):
        assert np.array_equal(getattr(long, name)[:20], getattr(short, name))
        assert np.array_equal(getattr(again, name), getattr(short, name))
    assert not np.array_equal(other.images, short.images)


def test_a_part_without_defect_is_its_clean_twin():
    some, none = (make_parts(300, defect_rate=rate, seed=6) for rate in (0.4, 0))
    same = (some.images == none.images).all(axis=(1, 2))
    assert same[~some.is_defective].all()
    assert not same[some.severity > 0.2].any()


def test_damage_lies_together_on_the_part(twins):
    """A defect changes a patch: outside its box nothing, and the box is no larger than the drawing allows.

    Widths in pixels of 64: a scratch is 34 x 1.2 long at most, bent by half of its half length; a stain has a
    radius of 8 times an outline of 1.48, and 2 of soft edge; a dent is cut at 3 radii of 5.5; a stroke of the
    mark is 12 long at most and moves by 5. The lens reaches 4 pixels on each side, rounding is 2 more.
    """
    widest = {"scratch": 41 + 3, "dent": 33, "stain": 2 * (8 * 1.48 + 2), "misprint": 12 + 2 * 5 + 3}
    damaged, _ = twins
    changed = _difference(twins) != 0
    for kind, name in enumerate(DEFECTS):
        for picture in changed[damaged.defect == kind]:
            rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
            for places in (rows, columns):
                assert places.size == 0 or np.ptp(places) <= widest[name] + 2 * 4 + 2
    border = np.ones((64, 64), bool)
    border[2:-2, 2:-2] = False  # the belt: the part's edge stays 3 pixels away, a turned corner 2
    corner = changed[:, border].mean()
    assert corner < 1e-3


def test_misprints_touch_the_mark_alone(twins):
    changed = (_difference(twins) != 0)[twins[0].defect == DEFECTS.index("misprint")]
    assert not changed[:, :28].any()  # the mark begins 35 pixels from the top, 7 is jitter, shift and lens
    assert changed[:, 36:].any()


@pytest.mark.parametrize("kind", range(len(DEFECTS)), ids=DEFECTS)
def test_worse_defects_differ_more(twins, kind):
    damaged, _ = twins
    rows = damaged.defect == kind
    size = np.abs(_difference(twins)[rows]).sum(axis=(1, 2))
    severity = damaged.severity[rows]
    groups = [size[(severity > low) & (severity <= high)].mean() for low, high in ((0, 0.5), (0.5, 0.8), (0.8, 1))]
    assert groups[0] < groups[1] < groups[2]
    assert groups[2] > 1.2 * groups[0]


def test_signs_of_the_damage(twins):
    """Scratches shine, stains are dark, dents are both in nearly equal parts."""
    damaged, _ = twins
    plain = damaged.severity > 0.6
    difference = _difference(twins)
    lit, shaded = (np.clip(sign * difference, 0, None).sum(axis=(1, 2)) for sign in (1, -1))
    share = lit / np.maximum(lit + shaded, 1)
    means = {name: share[plain & (damaged.defect == kind)].mean() for kind, name in enumerate(DEFECTS)}
    assert means["scratch"] > 0.6
    assert means["stain"] < 0.02
    assert 0.4 < means["dent"] < 0.6


def test_the_factory_shows_the_same_parts_in_worse_light():
    lab, factory = (make_parts(300, defect_rate=0.5, lighting=light, seed=7) for light in LIGHTINGS)
    assert np.array_equal(lab.defect, factory.defect)
    assert np.array_equal(lab.severity, factory.severity)
    assert factory.images.mean() < 0.95 * lab.images.mean()
    same = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(lab.images, factory.images, strict=True)]
    assert min(same) > 0.8
    damage = {}
    for light in LIGHTINGS:
        pair = tuple(make_parts(300, defect_rate=rate, lighting=light, seed=7) for rate in (1, 0))
        relief = np.isin(pair[0].defect, (0, 1))
        damage[light] = np.abs(_difference(pair)[relief]).sum()
    assert damage["factory"] < 0.6 * damage["lab"]


def test_surfaces_are_three_even_photographs():
    stack = surfaces(TEXTURES)
    assert stack.shape == (3, 512, 512)
    assert np.allclose(stack.mean(axis=(1, 2)), 0, atol=0.05)
    assert np.allclose(stack.std(axis=(1, 2)), 1, atol=1e-3)
    only = make_parts(30, textures="brick", seed=8)
    assert np.array_equal(only.images, make_parts(30, textures=("brick",), seed=8).images)
    assert not np.array_equal(only.images, make_parts(30, textures=("grass",), seed=8).images)


def test_a_larger_size_shows_the_same_part():
    small, large = (make_parts(20, defect_rate=1, size=size, seed=9) for size in (48, 96))
    halved = large.images.reshape(20, 48, 2, 48, 2).mean(axis=(2, 4))
    # noise has a spread of at most 3.5 in one and half of that in the other; edges add some
    assert np.abs(halved - small.images).mean() < 6
    assert np.array_equal(small.severity, large.severity)


def test_taking_tabulating_and_drawing():
    parts = make_parts(100, defect_rate=0.5, seed=10)
    worst = parts.take(parts.severity > 0.5)
    assert len(worst) == (parts.severity > 0.5).sum()
    assert np.array_equal(parts.take([3, 1]).images, parts.images[[3, 1]])
    frame = parts.to_frame()
    assert list(frame) == ["is_defective", "defect", "severity"]
    assert (frame.loc[~frame["is_defective"], "defect"] == "none").all()
    assert set(frame.loc[frame["is_defective"], "defect"]) == set(DEFECTS)
    figure = parts.plot(columns=5, rows=2)
    texts = [note.text for note in figure.layout.annotations]
    assert len(texts) == 10
    assert sum(text == "정상" for text in texts) == (~parts.is_defective[:10]).sum()
    sheet = np.asarray(figure.data[0].z)
    assert np.array_equal(sheet[:64, :64], parts.images[0])
    assert np.array_equal(sheet[78 : 78 + 64, 68 : 68 + 64], parts.images[6])
    assert len(repr(parts)) < 120


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"n": 0}, "n must be"),
        ({"n": 2.5}, "n must be"),
        ({"defect_rate": 1.2}, "defect_rate"),
        ({"defect_rate": float("nan")}, "defect_rate"),
        ({"textures": ()}, "textures"),
        ({"textures": ("sand",)}, "sand"),
        ({"lighting": "sun"}, "sun"),
        ({"size": 16}, "size"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_input_is_told(options, word):
    with pytest.raises(ValueError, match=word):
        make_parts(**options)
