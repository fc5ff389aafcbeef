"""Routing: users stay where they are, arms get their share, and a mismatch is found without false alarms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chisquare

from coursekit.deployment.rollout import Minute, RoutingCheck, assign, bucket, sample_ratio_mismatch

USERS = range(20_000)
WEIGHTS = st.floats(0, 1)


@given(WEIGHTS, WEIGHTS, st.text(min_size=1, max_size=5))
def test_raising_the_weight_takes_nobody_back(first, second, salt):
    low, high = sorted((first, second))
    users = range(200)
    assert (assign(users, low, salt=salt) <= assign(users, high, salt=salt)).all()


@given(st.one_of(st.integers(), st.text()), st.text(min_size=1))
def test_a_place_is_on_the_unit_interval_and_does_not_move(user, salt):
    place = bucket(user, salt=salt)
    assert 0 <= place < 1
    assert place == bucket(user, salt=salt)
    assert assign([user], 1, salt=salt)[0]
    assert not assign([user], 0, salt=salt)[0]
    assert assign([user], 0.5, salt=salt)[0] == (place < 0.5)


def test_a_number_and_its_text_are_one_user():
    """A log that went through a CSV file still tells the same arms."""
    assert bucket(7, salt="v2") == bucket("7", salt="v2")


@pytest.mark.parametrize("salt", ["v2", "v3"])
def test_places_are_uniform_also_among_those_who_came_first_last_time(salt):
    """p-values of fixed seeds: the hash is a constant, so a failure is no chance event of the run."""
    places = np.array([bucket(user, salt=salt) for user in USERS])
    assert chisquare(np.bincount((places * 50).astype(int), minlength=50)).pvalue > 1e-3
    before = assign(USERS, 0.2, salt="v1")
    assert chisquare(np.bincount((places[before] * 20).astype(int), minlength=20)).pvalue > 1e-3


@pytest.mark.parametrize("weight", [-0.1, 1.1, None, float("nan")])
def test_a_share_outside_the_unit_interval_is_refused(weight):
    with pytest.raises(ValueError, match="assign: weight must lie between 0 and 1"):
        assign([1], weight, salt="v2")


@pytest.mark.parametrize("salt", ["", None, 3])
def test_a_rollout_without_a_name_is_refused(salt):
    with pytest.raises(ValueError, match="bucket: salt must be a text"):
        bucket(1, salt=salt)


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.floats(0.001, 0.999))
def test_sample_ratio_mismatch_is_the_chi_square_test(baseline, candidate, weight):
    if baseline + candidate == 0:
        return
    total = baseline + candidate
    expected = chisquare([baseline, candidate], [total * (1 - weight), total * weight]).pvalue
    assert sample_ratio_mismatch([baseline, candidate], weight) == pytest.approx(expected, rel=1e-6, abs=1e-300)


@pytest.mark.parametrize("counts", [[1], [1, 2, 3], [0, 0], [-1, 5], [None, 3], [float("nan"), 3]])
def test_counts_that_make_no_sense_are_refused(counts):
    with pytest.raises(ValueError, match="sample_ratio_mismatch: requests must be the counts of baseline and cand"):
        sample_ratio_mismatch(counts, 0.1)


def test_a_weight_that_splits_nothing_is_refused():
    with pytest.raises(ValueError, match="sample_ratio_mismatch: weight must lie between 0 and 1"):
        sample_ratio_mismatch([5, 5], 0)


def _checked(true_share, *, runs=4_000, minutes=60, requests=10_000, alpha=0.05, seed=0):
    """Minute of the first suspicion of each run, infinite without one, under a ramp with a share of its weight."""
    rng = np.random.default_rng(seed)
    check = RoutingCheck(runs, alpha=alpha)
    found = np.full(runs, np.inf)
    for at, weight in enumerate(np.repeat([0.05, 0.1, 0.25, 0.5], minutes // 4)):
        total = rng.poisson(requests, runs)
        candidate = rng.binomial(total, weight * true_share)
        check.update(
            Minute(
                weight=np.full(runs, weight),
                requests=np.stack([total - candidate, candidate], axis=1),
                bad=np.zeros((runs, 1, 2)),
            )
        )
        found[check.flagged & np.isinf(found)] = at + 1
    return found


@pytest.mark.parametrize("requests", [30, 10_000])
def test_healthy_routing_is_rarely_suspected_at_any_look(requests):
    """Ville: at most alpha. 99.9% limit of the binomial law; the check is not so slack that it never errs."""
    alarms = int(np.isfinite(_checked(1.0, requests=requests)).sum())
    assert 0 < alarms <= binom.ppf(0.999, 4_000, 0.05)


@pytest.mark.parametrize("share", [0.9, 1.1])
def test_a_mismatch_of_a_tenth_is_found(share):
    """At 5% of 10,000 a tenth is 50 requests a minute: z grows by 50 / sqrt(475) = 2.3 times sqrt(minutes).

    log E is about z squared / 2 less the price of the mixture (16 ratios, log 16 = 2.8): alpha = .001 asks
    for 6.9, so 9.7 = 2.6 x minutes, or 4 minutes in the middle and twice that for nearly all.
    """
    found = _checked(share, runs=500, alpha=0.001, seed=1)
    assert np.median(found) <= 5
    assert np.quantile(found, 0.95) <= 10


def test_alpha_is_a_share():
    with pytest.raises(ValueError, match="RoutingCheck: alpha must lie between 0 and 1"):
        RoutingCheck(1, alpha=0)
