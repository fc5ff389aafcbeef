"""Scores of alarms against a plain transcription of their definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from coursekit.monitoring.detectors import DDM, Alarms, compare_detectors, evaluate, false_alarm_rate
from coursekit.monitoring.detectors.evaluation import _evenly


def alarms_at(*positions: int, length: int = 1_000) -> Alarms:
    return Alarms(np.empty(0, dtype=int), np.array(positions, dtype=int), length)


def by_hand(drifts, changes, length, max_delay):
    """(false alarms, delays, misses, elements outside windows) by walking through the stream."""
    owner, delays, outside = None, {}, 0
    false = 0
    for t in range(length):
        if t in changes:
            owner = t
        if owner is not None and t >= owner + max_delay:
            owner = None
        outside += owner is None
        if t in drifts:
            if owner is None:
                false += 1
            else:
                delays.setdefault(owner, t - owner)
    return false, sorted(delays.values()), len(changes) - len(delays), outside


positions = st.sets(st.integers(0, 199), max_size=8)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(positions, positions), min_size=1, max_size=4), st.integers(1, 120))
def test_scores_are_their_definition(streams, max_delay):
    report = evaluate(
        [alarms_at(*sorted(drifts), length=200) for drifts, _ in streams],
        [sorted(changes) for _, changes in streams],
        max_delay=max_delay,
    )
    walked = [by_hand(drifts, changes, 200, max_delay) for drifts, changes in streams]
    false, outside = sum(w[0] for w in walked), sum(w[3] for w in walked)
    delays, missed = [d for w in walked for d in w[1]], sum(w[2] for w in walked)
    scores = report.detector
    assert scores.false_alarm_rate.estimate == pytest.approx(np.mean([w[0] > 0 for w in walked]))
    if outside:
        assert scores.false_alarms_per_10k.estimate == pytest.approx(false / outside * 10_000)
    assert (scores.detection_delay is None) == (not delays)
    if delays:
        assert scores.detection_delay.estimate == pytest.approx(np.mean(delays))
    if delays or missed:
        assert scores.miss_rate.estimate == pytest.approx(missed / (missed + len(delays)))
        assert report.never.miss_rate.estimate == 1
    assert report.never.n_alarms == 0
    assert report.never.false_alarm_rate.estimate == 0


def test_the_periodic_baseline_raises_as_many_alarms_and_knows_nothing():
    report = evaluate(alarms_at(120, 480, 700, 900), [450], max_delay=100)
    assert report.periodic.n_alarms == report.detector.n_alarms == 4
    # every 250 elements: 249, 499 (a hit, 49 after the change), 749, 999
    assert report.periodic.detection_delay.estimate == 49
    assert report.detector.detection_delay.estimate == 30


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.floats(0, 1)), min_size=1, max_size=6), st.integers(0, 99))
def test_the_periodic_baseline_raises_exactly_as_many_however_few_or_many(streams, seed):
    """And evenly: over the streams laid end to end, neighbours are the same distance apart, give or take one."""
    rng = np.random.default_rng(seed)
    lengths = [length for length, _ in streams]
    drifts = [np.flatnonzero(rng.random(length) < share) for length, share in streams]
    raised = sum(map(len, drifts))
    found = [alarms_at(*at, length=length) for at, length in zip(drifts, lengths, strict=True)]
    assert evaluate(found, [[]] * len(found), max_delay=5).periodic.n_alarms == raised
    evenly = _evenly(raised, lengths)
    assert all(((part >= 0) & (part < length)).all() for part, length in zip(evenly, lengths, strict=True))
    starts = np.cumsum([0, *lengths[:-1]])
    gaps = np.diff(np.concatenate([part + start for part, start in zip(evenly, starts, strict=True)]))
    if gaps.size:
        assert max(gaps) - min(gaps) <= 1
        assert min(gaps) == sum(lengths) // raised or max(gaps) == -(-sum(lengths) // raised)


def test_one_alarm_in_many_streams_is_one_for_the_baseline_too():
    report = evaluate([alarms_at(7), *[alarms_at()] * 99], [[]] * 100, max_delay=10)
    assert report.periodic.n_alarms == 1


def test_the_poisson_interval_covers_exactly_the_counts_it_should():
    """Garwood: at the ends of the interval the observed count is a tail event of exactly 2.5%."""
    interval = evaluate(alarms_at(*range(0, 70, 10), length=10_000), [], max_delay=5).detector.false_alarms_per_10k
    assert interval.estimate == 7
    assert poisson.sf(6, interval.low) == pytest.approx(0.025)
    assert poisson.cdf(7, interval.high) == pytest.approx(0.025)


def test_a_stream_that_is_all_window_says_nothing_about_false_alarms():
    rate = evaluate(alarms_at(5, length=100), [0], max_delay=100).detector.false_alarms_per_10k
    assert np.isnan(rate.estimate)
    assert rate.low == 0
    assert np.isinf(rate.high)


@pytest.mark.parametrize(
    ("alarms", "changes", "max_delay", "message"),
    [
        ([], [], 10, "0 streams"),
        ([alarms_at(1)], [[1], [2]], 10, "1 streams, changes of 2"),
        (alarms_at(1), [1_000], 10, "stream 0"),
        (alarms_at(1), [-1], 10, "stream 0"),
        (alarms_at(1), [5, 5], 10, "different positions"),
        (alarms_at(1), [5], 0, "max_delay"),
        (alarms_at(1), [5], 2.5, "max_delay must be a whole number"),
        (alarms_at(1), [5], 10**19, "max_delay must be a whole number"),
        (alarms_at(1), [5.5], 10, "whole numbers"),
        (alarms_at(1), [np.nan], 10, "whole numbers"),
        (alarms_at(1), np.zeros(1_000, dtype=bool), 10, r"^.{,140}flatnonzero\(mask\).{,60}$"),
        (alarms_at(1), np.arange(5_000), 10, "^.{,140}$"),
        (alarms_at(1), None, 10, r"give \[\] where nothing changed"),
        ([alarms_at(1)], None, 10, r"\[\] where nothing changed"),
        ([[1, 2]], [[]], 10, "stream 0 must be Alarms"),
    ],
)
def test_bad_input_is_told(alarms, changes, max_delay, message):
    with pytest.raises(ValueError, match=message):
        evaluate(alarms, changes, max_delay=max_delay)


def test_comparing_is_running_each_alone():
    detectors = {"quick": DDM(), "patient": DDM(n_min=300)}
    setting = {"horizon": 1_500, "n_runs": 60, "seed": 4}
    comparison = compare_detectors(detectors, change_at=800, max_delay=600, **setting)
    for name, detector in detectors.items():
        alone = false_alarm_rate(detector, error_rate=0.1, **setting)
        assert comparison.false_alarm_rate[name] == alone
    frame = comparison.to_frame()
    assert list(frame.index) == list(detectors)
    assert (frame["detection_delay"] < 600).all()
    assert [trace.name for trace in comparison.plot().data] == list(detectors)


@pytest.mark.parametrize("wrong", [{"after": 2.0}, {"change_at": 0}, {"max_delay": 0}, {"n_runs": 2.5}, {"before": -1}])
def test_a_comparison_out_of_range_is_told(wrong):
    with pytest.raises(ValueError, match=r"must|need"):
        compare_detectors({"DDM": DDM()}, **{"n_runs": 2, "horizon": 10, **wrong})
    with pytest.raises(ValueError, match="at least one detector"):
        compare_detectors({})
    for nameless in ([DDM()], {"DDM": DDM}, DDM()):
        with pytest.raises(ValueError, match="mapping of names to detectors"):
            compare_detectors(nameless)
