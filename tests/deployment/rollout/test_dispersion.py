"""Overdispersion: 1 without noise, what theory says with it, and the flag is rare where it should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from coursekit.deployment.rollout import (
    ERRORS,
    Candidate,
    Minute,
    Overdispersion,
    Service,
    Traffic,
    World,
)

ARM = np.array([0, 0, 0, 1, 1])


def _minute(served, bad, arm=ARM):
    """A minute of one run from requests and bad requests by machine."""
    served, bad = np.atleast_2d(served), np.atleast_2d(bad)
    both = [np.stack([count[:, arm == side].sum(axis=1) for side in (0, 1)], axis=1) for count in (served, bad)]
    return Minute(
        weight=np.full(len(served), 0.4),
        requests=both[0],
        bad=both[1][:, None],
        instance_requests=served,
        instance_bad=bad[:, None],
        instance_arm=arm,
    )


@given(st.integers(0, 2**32 - 1))
def test_the_ratio_is_pearsons_statistic_over_its_degrees(seed):
    """Each arm and minute is a table of machines by good and bad."""
    rng = np.random.default_rng(seed)
    check, total, freedom = Overdispersion(1, metrics=1), 0.0, 0
    for _ in range(3):
        served = rng.integers(20, 60, ARM.size)
        bad = rng.binomial(served, rng.uniform(0.1, 0.5))
        check.update(_minute(served, bad))
        for side in (0, 1):
            own = side == ARM
            if 0 < bad[own].sum() < served[own].sum():
                table = np.stack([bad[own], served[own] - bad[own]])
                result = chi2_contingency(table, correction=False)
                total, freedom = total + result.statistic, freedom + result.dof
    assert check.ratio[0, 0] == pytest.approx(total / freedom)


def _noisy(noise, *, runs=1_000, minutes=20, requests=5_000, rate=0.05):
    world = World(
        Traffic(requests),
        Service(error_rate=rate, instance_noise=noise),
        Candidate(),
        guardrails=(ERRORS,),
        runs=runs,
        rng=np.random.default_rng(3),
    )
    check = Overdispersion(runs, metrics=1)
    for at in range(minutes):
        check.update(world.minute(at, np.full(runs, 0.25)))
    return check


def test_without_noise_the_ratio_is_one_and_the_flag_rare():
    """12 degrees a minute, 240,000 in all: standard error sqrt(2 / 240,000) = .003, five of them.

    Three standard errors above 1 come in .13% of cases, by the skew of 240 degrees in .4%; and the ratio must
    pass 1.1 too. 1% of 1,000 is 3 standard errors above that.
    """
    check = _noisy(0.0)
    assert check.ratio.mean() == pytest.approx(1, abs=0.0145)
    assert check.flagged.mean() <= 0.01


@pytest.mark.parametrize("noise", [0.1, 0.3])
def test_noise_raises_the_ratio_by_what_theory_says(noise):
    r"""1 + (n - 1) p s² / (1 - p), n requests of a machine: the variance between machines over the binomial.

    375 at each of 10 machines of the baseline (9 degrees), 312.5 at each of 4 of the candidate (3). The estimate
    over 1,000 runs of memory .8 (as good as 1,000 x 20 / 9 independent minutes) is within 3% of its excess.
    """
    requests = (9 * 375 + 3 * 312.5) / 12
    # Bad rates above the mean have a greater binomial variance; that cancels on the average of machines.
    expected = 1 + (requests - 1) * 0.05 / 0.95 * noise**2
    ratio = _noisy(noise).ratio.mean()
    assert ratio - 1 == pytest.approx(expected - 1, rel=0.05, abs=0.0145)


def test_noise_that_breaks_the_test_is_flagged():
    assert _noisy(0.3, runs=200).flagged.mean() > 0.99


def test_what_cannot_be_known_is_not_counted():
    """No instances, one machine in each arm, nothing bad, everything bad, machines without requests."""
    check = Overdispersion(1, metrics=1)
    check.update(Minute(weight=np.array([0.5]), requests=np.array([[5, 5]]), bad=np.array([[[1, 1]]])))
    check.update(_minute([10, 10], [1, 9], np.array([0, 1])))
    check.update(_minute([10] * 5, [0] * 5))
    check.update(_minute([10] * 5, [10] * 5))
    check.update(_minute([0] * 5, [0] * 5))
    check.update(_minute([10, 0, 0, 10, 0], [3, 0, 0, 3, 0]))
    assert np.isnan(check.ratio[0, 0])
    assert not check.flagged[0]
    served, bad = np.array([10, 10, 0, 10, 10]), np.array([2, 4, 0, 3, 3])
    check.update(_minute(served, bad))
    idle = check.ratio[0, 0]
    without = Overdispersion(1, metrics=1).update(
        _minute(served[ARM != 9][[0, 1, 3, 4]], bad[[0, 1, 3, 4]], ARM[[0, 1, 3, 4]])
    )
    assert idle == pytest.approx(without.ratio[0, 0])
