"""Is KSWIN what river computes, draw for draw, and is its test the exact one?"""

from __future__ import annotations

import random
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import drift
from scipy import stats

from coursekit.monitoring._kolmogorov import exceedance
from coursekit.monitoring.detectors import KSWIN
from coursekit.monitoring.detectors._python_random import WORDS, is_pooled, sample, seeded_words
from coursekit.monitoring.detectors.kswin import _critical_gap


def drifting(seed: int, length: int = 700) -> dict[str, np.ndarray]:
    """Streams whose level or spread changes, with and without ties."""
    rng = np.random.default_rng(seed)
    half = length // 2
    return {
        "errors": (rng.random(length) < np.repeat([0.1, 0.7], half)).astype(float),
        "normal": rng.normal(np.repeat([0.0, 1.5], half), 1),
        "spread": rng.normal(0, np.repeat([1.0, 6.0], half)),
        "ties": np.round(rng.normal(np.repeat([2.0, 0.0], half), 1)),
        "stationary": rng.normal(size=length),
    }


SETTINGS = [  # Python draws from what is left, by avoiding what is taken, and all there is
    {"seed": 0},
    {"alpha": 0.05, "window_size": 120, "stat_size": 10, "seed": 7},
    {"alpha": 0.2, "window_size": 60, "stat_size": 30, "seed": 123_456_789},
]


@pytest.mark.parametrize("kind", drifting(0))
@pytest.mark.parametrize("parameters", SETTINGS, ids=lambda given: f"seed={given['seed']}")
def test_alarms_are_river_s_index_for_index(kind, parameters):
    stream = drifting(1)[kind]
    theirs, expected = drift.KSWIN(**parameters), []
    for at, x in enumerate(stream.tolist()):
        theirs.update(x)
        expected += [at] if theirs.drift_detected else []
    assert KSWIN(variant="river", **parameters).detect(stream).drifts.tolist() == expected
    assert expected or kind == "stationary", "a stream without an alarm proves nothing"


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**64), n=st.integers(1, 400), k=st.integers(1, 400), times=st.integers(1, 40))
def test_samples_are_python_s(seed, n, k, times):
    k = min(n, k)
    theirs, words, used = random.Random(seed), seeded_words(seed), WORDS
    chosen, pool = np.empty(k, dtype=np.int64), np.empty(n, dtype=np.int64)
    for _ in range(times):
        used = sample(chosen, pool, is_pooled(n, k), words, used)
        assert chosen.tolist() == theirs.sample(range(n), k)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (5, 5), (30, 30), (30, 70), (7, 13), (12, 18)])
def test_p_values_are_scipy_s(n, m):
    rng = np.random.default_rng(n + m)
    for shift in (0.0, 0.5, 1.0, 3.0):
        known = stats.ks_2samp(rng.normal(size=n), rng.normal(shift, 1, m), method="exact")
        # scipy counts paths in integers or floats; each of at most 10^4 steps rounds by 1e-16
        assert exceedance(n, m, round(known.statistic * n * m)) == pytest.approx(known.pvalue, rel=1e-11)


def test_the_rarest_gap_has_the_chance_of_two_orders_among_all():
    """All of one sample below all of the other: 2 of C(100, 30) orders, far below 1 - (1 - 1e-16)."""
    assert exceedance(30, 70, 30 * 70) == pytest.approx(2 / comb(100, 30), rel=1e-12)


@pytest.mark.parametrize("alpha", [0.5, 0.05, 0.005, 1e-6])
def test_the_critical_gap_is_the_smallest(alpha):
    for n, m, unit in ((30, 70, 10), (10, 10, 10), (7, 13, 1)):
        gap = _critical_gap(n, m, alpha, 0.0)
        if gap == np.inf:
            assert exceedance(n, m, n * m) > alpha
            continue
        assert exceedance(n, m, int(gap)) <= alpha < exceedance(n, m, int(gap) - unit)


@pytest.mark.parametrize("kind", drifting(0))
@pytest.mark.parametrize(
    "parameters", [{}, {"alpha": 0.05, "window_size": 25, "stat_size": 7}], ids=["default", "small"]
)
def test_exact_compares_all_older_elements_with_the_newest(kind, parameters):
    """A loop that asks scipy at each element."""
    stream = drifting(2, 400)[kind]
    detector = KSWIN(**parameters)
    begin, expected = 0, []
    for at in range(len(stream)):
        window = stream[max(begin, at + 1 - detector.window_size) : at + 1]
        if len(window) < detector.window_size:
            continue
        older, newest = window[: -detector.stat_size], window[-detector.stat_size :]
        if stats.ks_2samp(older, newest, method="exact").pvalue <= detector.alpha:
            expected.append(at)
            begin = at + 1
    assert detector.detect(stream).drifts.tolist() == expected


values = st.lists(st.one_of(st.integers(0, 3).map(float), st.floats(-10, 10)), min_size=1, max_size=150)


@settings(max_examples=40, deadline=None)
@given(stream=values, variant=st.sampled_from(["exact", "river"]), data=st.data())
def test_pieces_and_single_elements_give_the_same_alarms(stream, variant, data):
    parameters = {"alpha": 0.3, "window_size": 16, "stat_size": 5, "seed": 3, "variant": variant}
    whole = KSWIN(**parameters).detect(stream).drifts.tolist()
    single, heard = KSWIN(**parameters), []
    for at, x in enumerate(stream):
        single.update(x)
        heard += [at] if single.drift_detected else []
    assert heard == whole
    cut = data.draw(st.integers(0, len(stream)))
    pieces, found = KSWIN(**parameters), []
    for start, piece in ((0, stream[:cut]), (cut, stream[cut:])):
        found += [start + at for at in pieces.update_many(piece).drifts] if piece else []
    assert found == whole
    assert KSWIN(**parameters)._first_drift(np.array(stream)) == (whole[0] if whole else -1)


@settings(max_examples=40, deadline=None)
@given(stream=values)
def test_only_the_order_of_the_values_counts(stream):
    """A test of ranks hears the same alarms on any increasing scale."""
    detector = KSWIN(alpha=0.3, window_size=16, stat_size=5)
    ranks = np.unique(stream, return_inverse=True)[1].astype(float)
    assert detector.detect(stream).drifts.tolist() == detector.detect(1e3 * ranks - 7).drifts.tolist()


def test_each_test_keeps_its_level():
    """The first full window of independent streams alarms with probability at most alpha."""
    rng = np.random.default_rng(0)
    detector, n_runs = KSWIN(alpha=0.05), 2_000
    alarms = sum(detector._first_drift(stream) >= 0 for stream in rng.normal(size=(n_runs, detector.window_size)))
    level = exceedance(30, 70, int(_critical_gap(30, 70, 0.05, 0.0)))
    # a binomial count leaves four standard deviations once in 16,000 times; the seed is fixed
    assert level <= 0.05
    assert abs(alarms - n_runs * level) < 4 * np.sqrt(n_runs * level * (1 - level))


def test_a_level_that_no_sample_reaches_never_alarms():
    assert KSWIN(alpha=1e-9, window_size=10, stat_size=5).detect(np.repeat([0.0, 1.0], 50)).drifts.size == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"alpha": 0}, "alpha must"),
        ({"alpha": 1}, "alpha must"),
        ({"stat_size": 0}, "stat_size must"),
        ({"window_size": 30}, "window_size must be a whole number, at least 31"),
        ({"window_size": 59, "variant": "river"}, "window_size must be a whole number, at least 60"),
        ({"variant": "moa"}, "variant must"),
    ],
)
def test_bad_parameters_are_told(wrong, message):
    with pytest.raises(ValueError, match=f"KSWIN: {message}"):
        KSWIN(**wrong)
