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
    change, severity = np.abs(_difference(twins)[rows]), damaged.severity[rows]
    bands = [(severity > low) & (severity <= high) for low, high in ((0, 0.5), (0.5, 0.8), (0.8, 1))]
    groups = [change.sum(axis=(1, 2))[band].mean() for band in bands]
    assert groups[0] < groups[1] < groups[2]
    if DEFECTS[kind] != "misprint":
        # contrast grows as severity ** .8: .9 of it on average in the last band, at most .5 in the first
        peaks = [change.max(axis=(1, 2))[band].mean() for band in bands]
        assert peaks[2] > (0.9 / 0.5) ** 0.8 * peaks[0]
    # a missing stroke weighs little more than a pale one; all else grows in contrast and in size
    assert groups[2] > (1.2 if DEFECTS[kind] == "misprint" else 2) * groups[0]


def test_signs_of_the_damage(twins):
    """Stains only darken; scratches lighten more than they darken; dents do both alike, dark side to the light."""
    damaged, _ = twins
    plain = damaged.severity > 0.6
    difference = _difference(twins)
    lit, shaded = (np.clip(sign * difference, 0, None) for sign in (1, -1))
    bright, dark = lit.sum(axis=(1, 2)), shaded.sum(axis=(1, 2))
    stain, scratch, dent = (plain & (damaged.defect == DEFECTS.index(kind)) for kind in ("stain", "scratch", "dent"))
    # noise and lens are the twin's own, so a pixel that gets less light is never brighter
    assert (bright[stain] == 0).all()
    assert (dark[stain] > 0).all()
    # across the line 115 grey values over 1.4 pixels or more, -45 over one; the lens keeps their sum
    assert (bright > dark)[scratch].all()
    share = bright[dent] / (bright + dark)[dent]
    # a dent is odd about its middle, and lies anywhere on the part alike: one half, but for chance
    assert abs(share.mean() - 0.5) < 5 * share.std() / np.sqrt(dent.sum())
    down, right = np.mgrid[:64, :64]
    towards = 0.6 * right + 0.8 * down
    middles = [(side * towards).sum(axis=(1, 2))[dent] / side.sum(axis=(1, 2))[dent] for side in (lit, shaded)]
    assert (middles[0] > middles[1]).all()


def test_the_factory_shows_the_same_parts_in_worse_light():
    lab, factory = (make_parts(300, defect_rate=0.5, lighting=light, seed=7) for light in LIGHTINGS)
    assert np.array_equal(lab.defect, factory.defect)
    assert np.array_equal(lab.severity, factory.severity)
    # gains of .9 to 1.1 and of .8 to .95; five standard errors of 300 parts
    assert abs(factory.images.mean() / lab.images.mean() - 0.875) < 5 * np.hypot(0.2, 0.15) / np.sqrt(12 * 300)
    few = [parts.images[:60].reshape(60, -1) for parts in (lab, factory)]
    alike = np.corrcoef(*few)[:60, 60:]
    assert np.array_equal(alike.argmax(axis=0), np.arange(60))
    damage = {}
    for light in LIGHTINGS:
        pair = tuple(make_parts(300, defect_rate=rate, lighting=light, seed=7) for rate in (1, 0))
        relief = np.isin(pair[0].defect, (0, 1))
        damage[light] = np.abs(_difference(pair)[relief]).sum()
    # .15 to .45 of the relief shows instead of .95 to 1.05, at .875 of the light: .2625; about 150 such parts give
    # five standard errors of .045, for which parts that are damaged much count more
    assert abs(damage["factory"] / damage["lab"] - 0.2625) < 0.05


def test_surfaces_are_three_even_photographs():
    stack = surfaces(TEXTURES)
    assert stack.shape == (3, 512, 512)
    assert np.allclose(stack.mean(axis=(1, 2)), 0, atol=0.05)
    assert np.allclose(stack.std(axis=(1, 2)), 1, atol=1e-3)
    only = make_parts(30, textures="brick", seed=8)
    assert np.array_equal(only.images, make_parts(30, textures=("brick",), seed=8).images)
    assert not np.array_equal(only.images, make_parts(30, textures=("grass",), seed=8).images)


def test_a_larger_size_shows_the_same_part():
    small, large = (make_parts(40, defect_rate=1, size=size, seed=9) for size in (48, 96))
    halved = large.images.reshape(40, 48, 2, 48, 2).mean(axis=(2, 4))
    apart = np.abs(halved[:, None] - small.images[None].astype(float)).mean(axis=(2, 3))
    assert np.array_equal(apart.argmin(axis=1), np.arange(40))
    # on the belt there is nothing but noise, of at most 3.5 lab grey values here and of half of that there (a mean
    # of four), and a rounding each: the mean of its absolute value is sqrt(2 / pi) of its spread
    belt = np.abs(halved - small.images)[:, 0, :]
    assert belt.mean() < np.sqrt(2 / np.pi) * np.sqrt(1.25 * (3.5**2 + 1 / 12)) + 0.1
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
