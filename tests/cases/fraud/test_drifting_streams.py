"""Are the scripted changes in the streams, and only they?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from coursekit.cases.fraud import ERROR_KINDS, FEATURE_KINDS, error_stream, feature_stream
from coursekit.cases.fraud.drifting_streams import _CATEGORICAL, _NUMERIC

CHANGES = [kind for kind in FEATURE_KINDS if kind != "none"]


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_errors_follow_the_stated_rate(kind):
    stream = error_stream(kind, drift_at=20_000, length=60_000, width=10_000, seed=2)
    assert stream.values.dtype == np.int8
    for low in range(0, 60_000, 10_000):
        part = slice(low, low + 10_000)
        spread = np.sqrt((stream.rate[part] * (1 - stream.rate[part])).sum()) / 10_000
        assert abs(stream.values[part].mean() - stream.rate[part].mean()) < 4 * spread


def test_rates_change_where_the_truth_says():
    options = {"drift_at": 4, "length": 12, "before": 0.1, "after": 0.3, "width": 3}
    rates = {kind: error_stream(kind, **options).rate.round(3).tolist() for kind in ERROR_KINDS}
    assert rates["none"] == [0.1] * 12
    assert rates["sudden"] == [0.1] * 4 + [0.3] * 8
    assert rates["gradual"] == [0.1] * 4 + [0.167, 0.233] + [0.3] * 6
    assert rates["recurring"] == [0.1] * 4 + [0.3] * 3 + [0.1] * 3 + [0.3] * 2
    changes = {kind: error_stream(kind, **options).changes for kind in ERROR_KINDS}
    assert changes == {"none": (), "sudden": (4,), "gradual": (4,), "recurring": (4, 7, 10)}
    assert error_stream("recurring", **options).rises == (4, 10)


def test_a_seed_is_a_stream():
    assert np.array_equal(error_stream(seed=3).values, error_stream(seed=3).values)
    assert not np.array_equal(error_stream(seed=3).values, error_stream(seed=4).values)
    one, again = feature_stream("spread", seed=3), feature_stream("spread", seed=3)
    assert one.moved == again.moved
    assert one.current.equals(again.current)
    assert len({feature_stream("spread", seed=seed, rows=5).moved for seed in range(20)}) > 5


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_exactly_the_stated_features_moved(kind, seed):
    """With n rows a window the KS distance of an unmoved feature exceeds 2.2 / sqrt(n / 2) in one of 8,000."""
    stream = feature_stream(kind, seed=seed, rows=20_000)
    assert 1 <= len(stream.moved) <= 3
    limit = 2.2 / np.sqrt(10_000)
    for name in stream.reference:
        before, after = stream.reference[name], stream.current[name]
        if kind == "missing":
            moved = after.isna().mean() > 0
        elif name in _NUMERIC:
            grid = np.unique(np.quantile(before, np.linspace(0.01, 0.99, 99)))
            moved = (
                np.abs(
                    np.searchsorted(np.sort(before), grid, side="right")
                    - np.searchsorted(np.sort(after), grid, side="right")
                ).max()
                > limit * 20_000
            )
        else:
            share = after.value_counts(normalize=True, sort=False) - before.value_counts(normalize=True, sort=False)
            moved = share.abs().sum() / 2 > 2.5 * limit  # total variation of up to five categories
        assert moved == (name in stream.moved), name


def test_nothing_moves_where_nothing_should():
    stream = feature_stream("none", seed=1)
    assert stream.moved == ()
    assert not stream.to_frame()["moved"].any()


def test_distances_are_those_of_the_two_normal_distributions():
    """KS of N(0, 1) and N(d, 1) is 2 Phi(d / 2) - 1 under any increasing transformation."""
    rows = 50_000
    for seed in range(4):
        stream = feature_stream("mean_shift", seed=seed, rows=rows, magnitude=0.5)
        for name in stream.moved:
            if name == "count_7d":
                continue  # whole numbers lose a little
            both = np.sort(np.concatenate([stream.reference[name], stream.current[name]]))
            gap = np.abs(
                np.searchsorted(np.sort(stream.reference[name]), both, side="right")
                - np.searchsorted(np.sort(stream.current[name]), both, side="right")
            ).max()
            assert abs(gap / rows - (2 * norm.cdf(0.25) - 1)) < 2.2 / np.sqrt(rows / 2)


def test_a_category_mix_moves_total_variation_by_its_magnitude():
    stream = feature_stream("category_mix", seed=3, rows=50_000, magnitude=0.15)
    for name in stream.moved:
        common = _CATEGORICAL[name][0][0]
        lost = (stream.reference[name] == common).mean() - (stream.current[name] == common).mean()
        assert abs(lost - 0.15) < 4 * np.sqrt(2 * 0.25 / 50_000)


def test_a_share_of_values_can_go_missing():
    stream = feature_stream("missing", seed=5, rows=20_000, magnitude=0.3)
    table = stream.to_frame()
    assert (table["reference_missing"] == 0).all()
    lost = table.loc[list(stream.moved), "current_missing"]
    assert (abs(lost - 0.3) < 4 * np.sqrt(0.21 / 20_000)).all()


def test_streams_can_be_looked_at():
    assert len(error_stream("recurring").plot().layout.shapes) == 3
    assert len(feature_stream("spread").plot("amount").data) == 2
    assert len(error_stream(length=50, drift_at=20).to_frame()) == 50


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: error_stream("odd"), "unknown kind 'odd'"),
        (lambda: error_stream(drift_at=0), "drift_at"),
        (lambda: error_stream(drift_at=10_000), "drift_at"),
        (lambda: error_stream(before=-0.1), "error rates"),
        (lambda: error_stream(after=float("nan")), "error rates"),
        (lambda: error_stream(length=0), "length"),
        (lambda: error_stream(width=0), "width"),
        (lambda: feature_stream("odd"), "unknown kind 'odd'"),
        (lambda: feature_stream(rows=0), "rows"),
        (lambda: feature_stream("missing", magnitude=1.5), "at most 1"),
        (lambda: feature_stream("category_mix", magnitude=0.9), "at most 0.5"),
        (lambda: feature_stream("spread", magnitude=0), "above 0"),
        (lambda: feature_stream().plot("age"), "no feature 'age'"),
    ],
)
def test_bad_input_is_told(call, told):
    with pytest.raises(ValueError, match=told):
        call()
