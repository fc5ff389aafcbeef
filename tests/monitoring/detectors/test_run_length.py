"""Do control charts alarm as often as the Markov chain says, and as the tables say?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from coursekit.monitoring.detectors import CUSUM, EWMA, cusum_run_length, ewma_run_length


def cusum_by_definition(stream, *, target, sigma, reference_value, threshold, two_sided):
    """Drifts of the recursion as textbooks print it."""
    drifts, up, down = [], 0.0, 0.0
    for at, x in enumerate(stream):
        up = max(0.0, up + (x - target) / sigma - reference_value)
        down = max(0.0, down - (x - target) / sigma - reference_value)
        if up > threshold or (two_sided and down > threshold):
            drifts.append(at)
            up = down = 0.0
    return drifts


def ewma_by_definition(stream, *, target, sigma, smoothing, width, two_sided):
    """Drifts of the weighted sum over the elements since the last one."""
    drifts, begin = [], 0
    for at in range(len(stream)):
        z = (np.asarray(stream[begin : at + 1]) - target) / sigma
        average = np.sum(smoothing * (1 - smoothing) ** np.arange(len(z))[::-1] * z)
        limit = width * np.sqrt(smoothing / (2 - smoothing))
        if average > limit or (two_sided and average < -limit):
            drifts.append(at)
            begin = at + 1
    return drifts


charts = st.fixed_dictionaries(
    {"target": st.floats(-3, 3), "sigma": st.floats(0.1, 5), "two_sided": st.booleans()},
)
# normal values from a seed: on round ones a tie on the limit would hang on rounding
seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, chart=charts, k=st.floats(0, 1.5), h=st.floats(0.3, 6))
def test_cusum_is_its_recursion(seed, chart, k, h):
    stream = np.random.default_rng(seed).normal(1, 2, 300)
    parameters = {**chart, "reference_value": k, "threshold": h}
    assert CUSUM(**parameters).detect(stream).drifts.tolist() == cusum_by_definition(stream, **parameters)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, chart=charts, smoothing=st.floats(0.01, 0.99), width=st.floats(0.3, 3))
def test_ewma_is_a_weighted_sum_since_the_last_drift(seed, chart, smoothing, width):
    stream = np.random.default_rng(seed).normal(1, 2, 300)
    parameters = {**chart, "smoothing": smoothing, "width": width}
    assert EWMA(**parameters).detect(stream).drifts.tolist() == ewma_by_definition(stream, **parameters)


@pytest.mark.parametrize(
    "detector",
    [CUSUM(threshold=2), CUSUM(threshold=2, two_sided=True), EWMA(width=1.5), EWMA(width=1.5, two_sided=False)],
    ids=repr,
)
def test_pieces_and_single_elements_give_the_same_alarms(detector):
    stream = np.random.default_rng(1).normal(size=400)
    whole = detector.detect(stream).drifts.tolist()
    heard = []
    for at, x in enumerate(stream):
        detector.update(x)
        heard += [at] if detector.drift_detected else []
    assert heard == whole != []
    detector.reset()
    pieces = [150 * i + detector.update_many(piece).drifts for i, piece in enumerate(np.split(stream, [150, 300]))]
    assert np.concatenate(pieces).tolist() == whole
    assert detector._first_drift(stream) == whole[0]


@pytest.mark.parametrize(("threshold", "published"), [(4, 167.7), (5, 465.4)])
def test_published_run_lengths_of_a_two_sided_cusum(threshold, published):
    """The tables' 167.7 and 465.4 are of two sides; one side alone lasts twice as long."""
    two_sided = cusum_run_length(reference_value=0.5, threshold=threshold, two_sided=True)
    assert round(two_sided, 1) == published
    assert cusum_run_length(reference_value=0.5, threshold=threshold) == pytest.approx(2 * two_sided, rel=1e-9)


def test_published_delay_of_a_cusum():
    for two_sided in (False, True):  # after a rise, the side that watches for a fall says nothing
        assert round(cusum_run_length(threshold=5, shift=1, two_sided=two_sided), 2) == 10.38


@pytest.mark.parametrize(("smoothing", "width"), [(0.05, 2.615), (0.1, 2.814), (0.2, 2.962), (0.25, 2.998)])
def test_published_ewma_charts_alarm_every_500_elements(smoothing, width):
    # the widths are rounded to .0005, and in a normal tail d ln(run length) / d width is about the width
    assert ewma_run_length(smoothing=smoothing, width=width) == pytest.approx(500, rel=1.5e-3)


def equal_cells(step_from, lower, upper, n_cells):
    """Mean steps from 0 on equal cells; ``step_from(x)`` is the distribution function of the next place."""
    edges = np.linspace(lower, upper, n_cells + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    staying = np.array([np.diff(step_from(x)(edges)) for x in middles])
    steps = np.linalg.solve(np.eye(n_cells) - staying, np.ones(n_cells))
    return steps[np.argmin(abs(middles))]


def extrapolated(chain, n_cells):
    """The error of equal cells falls with the square of their width; two sizes remove it."""
    coarse, fine = chain(n_cells), chain(3 * n_cells)
    return fine + (fine - coarse) / 8


@pytest.mark.parametrize("shift", [-0.25, 0.0, 1.0])
@pytest.mark.parametrize(("k", "h"), [(0.5, 4), (0.25, 6), (1.0, 2.5)])
def test_cusum_agrees_with_the_chain_of_brook_and_evans(k, h, shift):
    def chain(n_cells):
        half = h / (2 * n_cells - 1)  # state 0 is the middle of a cell that holds all below it

        def step_from(x):
            return lambda edges: np.where(edges <= -half, 0.0, norm.cdf(edges - x - shift + k))

        return equal_cells(step_from, -half, h, n_cells)

    # the next error is of fourth order in the width of a cell: (6/120)^4 = 6e-6, times a small constant
    assert cusum_run_length(reference_value=k, threshold=h, shift=shift) == pytest.approx(
        extrapolated(chain, 40), rel=1e-4
    )


@pytest.mark.parametrize("shift", [-0.5, 0.0, 1.0])
@pytest.mark.parametrize(("smoothing", "width"), [(0.1, 2.814), (0.25, 2.998), (0.8, 3.0)])
def test_ewma_agrees_with_the_chain_of_lucas_and_saccucci(smoothing, width, shift):
    limit = width * np.sqrt(smoothing / (2 - smoothing))

    def chain(n_cells):
        def step_from(x):
            return norm((1 - smoothing) * x + smoothing * shift, smoothing).cdf

        return equal_cells(step_from, -limit, limit, n_cells)

    assert ewma_run_length(smoothing=smoothing, width=width, shift=shift) == pytest.approx(
        extrapolated(chain, 41), rel=1e-4
    )


CHARTS = {
    "one side": (CUSUM(threshold=4), cusum_run_length(threshold=4)),
    "two sides": (CUSUM(threshold=4, two_sided=True), cusum_run_length(threshold=4, two_sided=True)),
    "little slack": (CUSUM(reference_value=0.25), cusum_run_length(reference_value=0.25)),
    "EWMA": (EWMA(), ewma_run_length()),
    "narrow EWMA": (EWMA(smoothing=0.25, width=2.5), ewma_run_length(smoothing=0.25, width=2.5)),
    "one side of EWMA": (EWMA(width=2, two_sided=False), ewma_run_length(width=2, two_sided=False)),
}
SHIFTED = {
    "rise": (CUSUM(), 1, cusum_run_length(shift=1)),
    "fall": (CUSUM(two_sided=True), -1, cusum_run_length(shift=-1, two_sided=True)),
    "EWMA": (EWMA(), 1, ewma_run_length(shift=1)),
    "quick EWMA": (EWMA(smoothing=0.4, width=3), -0.5, ewma_run_length(smoothing=0.4, width=3, shift=-0.5)),
}


def assert_mean_gap(detector, stream, expected):
    """A drift starts the chart anew, so gaps between drifts on one stream are independent run lengths.

    Their mean over n is normal and leaves 3.5 standard errors once in 2,000 times; seeds are
    fixed. The gap that the end cuts off biases it by about 1/n, far below the error.
    """
    gaps = np.diff(detector.detect(stream).drifts, prepend=-1)
    assert len(gaps) > 2_000
    assert abs(gaps.mean() - expected) < 3.5 * gaps.std() / np.sqrt(len(gaps))


@pytest.mark.parametrize("name", CHARTS)
def test_compiled_charts_alarm_as_often_as_computed(name):
    detector, expected = CHARTS[name]
    assert_mean_gap(detector, np.random.default_rng(20).normal(size=3_000_000), expected)


@pytest.mark.parametrize("name", SHIFTED)
def test_compiled_charts_hear_a_shift_as_soon_as_computed(name):
    detector, shift, expected = SHIFTED[name]
    assert_mean_gap(detector, np.random.default_rng(21).normal(shift, 1, size=300_000), expected)


@settings(max_examples=40, deadline=None)
@given(smoothing=st.floats(0.02, 0.98), width=st.floats(0.5, 3.5), shift=st.floats(0, 2))
def test_ewma_run_lengths_are_ordered(smoothing, width, shift):
    known = ewma_run_length(smoothing=smoothing, width=width, shift=shift)
    assert known == pytest.approx(ewma_run_length(smoothing=smoothing, width=width, shift=-shift), rel=1e-8)
    assert 1 <= known <= ewma_run_length(smoothing=smoothing, width=width) * (1 + 1e-8)
    assert known < ewma_run_length(smoothing=smoothing, width=width + 0.1, shift=shift)
    assert known <= ewma_run_length(smoothing=smoothing, width=width, shift=shift, two_sided=False) * (1 + 1e-8)
    n_states = 250  # several times as many as by default
    if smoothing > 0.1:
        finer = ewma_run_length(smoothing=smoothing, width=width, shift=shift, n_states=n_states)
        assert known == pytest.approx(finer, rel=1e-8)


@settings(max_examples=40, deadline=None)
@given(k=st.floats(0, 1.5), h=st.floats(0.2, 12), shift=st.floats(0, 2))
def test_cusum_run_lengths_are_ordered(k, h, shift):
    known = cusum_run_length(reference_value=k, threshold=h, shift=shift)
    assert 1 <= known <= cusum_run_length(reference_value=k, threshold=h)
    if known < 1e9:  # of 16 digits, rounding in a system of this condition leaves 7
        finer = cusum_run_length(reference_value=k, threshold=h, shift=shift, n_states=200)
        assert known == pytest.approx(finer, rel=1e-6)
        assert known < cusum_run_length(reference_value=k, threshold=h + 0.1, shift=shift)


def test_without_memory_an_ewma_is_a_shewhart_chart():
    """At smoothing 1 single elements are judged: three sigma alarm with probability .0027."""
    expected = 1 / (2 * norm.sf(3))
    assert ewma_run_length(smoothing=1 - 1e-9, width=3) == pytest.approx(expected, rel=1e-6)


def test_what_never_alarms_lasts_for_ever():
    assert cusum_run_length(shift=-5) == np.inf
    assert cusum_run_length(threshold=60, two_sided=True) == np.inf
    assert ewma_run_length(width=9) == np.inf


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: CUSUM(sigma=0), "CUSUM: sigma must"),
        (lambda: CUSUM(reference_value=-0.1), "CUSUM: reference_value must"),
        (lambda: CUSUM(threshold=0), "CUSUM: threshold must"),
        (lambda: CUSUM(target=np.nan), "CUSUM: target must"),
        (lambda: EWMA(smoothing=1), "EWMA: smoothing must"),
        (lambda: EWMA(width=0), "EWMA: width must"),
        (lambda: EWMA(sigma=-1), "EWMA: sigma must"),
        (lambda: EWMA().detect([0.0, np.nan]), "EWMA: element 1"),
        (lambda: cusum_run_length(reference_value=-1), "reference_value must"),
        (lambda: cusum_run_length(threshold=np.inf), "threshold must"),
        (lambda: cusum_run_length(shift=np.nan), "shift must"),
        (lambda: cusum_run_length(n_states=0), "n_states must"),
        (lambda: ewma_run_length(smoothing=0), "smoothing must"),
        (lambda: ewma_run_length(width=-1), "width must"),
        (lambda: ewma_run_length(shift=np.inf), "shift must"),
    ],
)
def test_bad_input_is_told(action, message):
    with pytest.raises(ValueError, match=message):
        action()


@settings(max_examples=30, deadline=None)
@given(k=st.floats(0.02, 0.06), exponent=st.floats(1, 19))
def test_long_run_lengths_of_a_small_slack_are_siegmund_s(k, exponent):
    """His approximation replaces the overshoot by its mean .583 on both sides; the error is of order k^2.

    At k = .06 that is .4% of each of the terms that nearly cancel for short runs, so exponents begin at 1.
    """
    h = exponent / (2 * k)
    reach = 2 * k * (h + 1.166)
    approximation = (np.exp(reach) - 1 - reach) / (2 * k * k)
    assert cusum_run_length(reference_value=k, threshold=h) == pytest.approx(approximation, rel=0.01)


@pytest.mark.parametrize("threshold", [30, 132, 500, 1_000, 1e6, 1e300])
def test_what_takes_longer_than_digits_last_is_for_ever(threshold):
    assert cusum_run_length(threshold=threshold) == np.inf
    assert cusum_run_length(threshold=threshold, two_sided=True) == np.inf
    assert ewma_run_length(width=threshold) == np.inf


def test_extreme_shifts_alarm_at_once_or_never():
    for shift in (50, 1e300):
        assert cusum_run_length(shift=shift) == pytest.approx(1)
        assert ewma_run_length(shift=shift) == pytest.approx(1)
        assert cusum_run_length(shift=-shift) == np.inf


def test_a_chart_that_needs_too_large_a_matrix_is_told():
    for run_length in (
        lambda: cusum_run_length(threshold=1e5, shift=1),
        lambda: ewma_run_length(smoothing=1e-9),
        lambda: cusum_run_length(n_states=10**9),
    ):
        with pytest.raises(ValueError, match="simulate this chart"):
            run_length()
