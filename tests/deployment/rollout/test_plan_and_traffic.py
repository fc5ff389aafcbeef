"""A plan's margins are what they promise, and the simulated world has the rates that it is told to have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import lognorm

from coursekit.deployment.rollout import Candidate, Guardrail, RampPlan, Service, Traffic, World
from coursekit.deployment.rollout.evidence import ERRORS

RISING = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=6, unique=True).map(sorted)


@given(RISING, st.floats(0.01, 2), st.integers(1, 60), st.integers(1, 9))
def test_a_candidate_at_the_margin_adds_just_the_tolerated_share(weights, margin, minutes, patience):
    plan = RampPlan(weights, margin=margin, minutes_per_step=minutes, patience=patience)
    following = np.array([*weights[1:], 1.0])
    # Margins are rounded to 12 digits, hence 5e-13 times a weight below 1.
    np.testing.assert_allclose(following * (np.array(plan.margins) - 1), margin, atol=1e-12, rtol=0)
    assert plan.margins == tuple(sorted(plan.margins, reverse=True))
    assert plan.longest == plan.minutes * patience == len(weights) * minutes * patience
    assert plan.schedule().tolist() == [weight for weight in weights for _ in range(minutes)]
    table = plan.to_frame()
    assert table.weight.tolist() == weights
    assert table.latest_end.iloc[-1] == plan.longest
    assert table.earliest_end.iloc[-1] == plan.minutes
    assert plan.plot().data[0].x[-1] == plan.minutes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": []}, "weights is empty"),
        ({"weights": 0.1}, "weights must be a list of shares"),
        ({"weights": "0.1"}, "weights must be a list of shares"),
        ({"weights": [0.1, 1.0]}, r"weights\[1\] must lie between 0 and 1.*follows the last step"),
        ({"weights": [0.0]}, r"weights\[0\] must lie between 0 and 1"),
        ({"weights": [0.1, None]}, r"weights\[1\] must lie between 0 and 1, both excluded, got None"),
        ({"weights": [0.2, 0.1]}, r"weights must rise, but weights\[1\] = 0.1 follows 0.2"),
        ({"weights": [0.2, 0.2]}, "weights must rise"),
        ({"minutes_per_step": 0}, "minutes_per_step must be a whole number of at least 1"),
        ({"patience": 1.5}, "patience must be a whole number"),
        ({"min_requests": 0}, "min_requests must be a whole number of at least 1"),
        ({"margin": 0}, "margin must be a finite number above 0"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=f"RampPlan: {message}"):
        RampPlan(**({"weights": [0.1]} | options))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Traffic(0), "Traffic: requests_per_minute"),
        (lambda: Traffic(swing=1), "Traffic: swing must lie between 0 and 1"),
        (lambda: Service(error_rate=1), "Service: error_rate must lie between 0 and 1"),
        (lambda: Service(path="falling"), "Service: path must be one of flat, seasonal, rising, got 'falling'"),
        (lambda: Service(noise_memory=1), "Service: noise_memory must be below 1"),
        (lambda: Service(instances=0), "Service: instances"),
        (lambda: Candidate(error_ratio=0), "Candidate: error_ratio"),
        (lambda: Candidate(from_minute=-1), "Candidate: from_minute"),
        (lambda: Guardrail(" "), "Guardrail: name must be a text"),
        (lambda: Guardrail("slow", over_ms=0), "Guardrail: over_ms"),
        (lambda: Guardrail(share=0), "Guardrail: share"),
    ],
)
def test_a_world_that_makes_no_sense_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_paths_of_the_error_rate():
    hour = np.arange(60)
    assert Service(path="flat").error_rates(hour).tolist() == [0.01] * 60
    seasonal = Service(path="seasonal").error_rates(hour)
    assert (seasonal.min(), seasonal.max()) == (pytest.approx(0.005), pytest.approx(0.015))
    assert seasonal.mean() == pytest.approx(0.01)
    rising = Service(path="rising").error_rates(np.array([0, 60, 600]))
    np.testing.assert_allclose(rising, [0.01, 0.02, 0.02])


@given(st.floats(10, 1_000), st.floats(0.5, 3))
def test_slow_requests_are_those_of_a_lognormal_law(over, ratio):
    expected = lognorm(s=0.4, scale=50 * ratio).sf(over)
    assert Service(latency_ms=50, latency_spread=0.4).slow_rate(over, latency_ratio=ratio) == pytest.approx(expected)


def _world(runs=2_000, seed=0, *, service=None, candidate=None, requests=2_000.0, swing=0.0):
    return World(
        Traffic(requests, swing=swing),
        service or Service(error_rate=0.05),
        candidate or Candidate(error_ratio=1.5, latency_ratio=1.2, from_minute=3),
        guardrails=(ERRORS, Guardrail("slow", over_ms=200)),
        runs=runs,
        rng=np.random.default_rng(seed),
    )


def test_counts_have_the_means_of_their_laws():
    """Each mean within 5 standard errors."""
    world, weight = _world(swing=0.5), np.full(2_000, 0.2)
    for at in (0, 3, 15):
        minute = world.minute(at, weight)
        total = minute.requests.sum()
        expected = 2_000 * float(world.traffic.expected(np.asarray(at)))
        assert abs(total - expected) < 5 * np.sqrt(expected)
        assert abs(minute.requests[:, 1].sum() - 0.2 * total) < 5 * np.sqrt(total * 0.16)
        served = minute.requests.sum(axis=0)
        mean = served * world.rates(at)
        assert (np.abs(minute.bad.sum(axis=0) - mean) < 5 * np.sqrt(mean)).all()
    assert world.rates(2)[:, 0].tolist() == world.rates(2)[:, 1].tolist()
    assert world.rates(3)[0].tolist() == pytest.approx([0.05, 0.075])


def test_what_arms_serve_is_what_their_machines_serve():
    """Sums agree in every minute, and machines of an arm share its requests to one."""
    world = _world(runs=50)
    for at in range(3):
        minute = world.minute(at, np.linspace(0, 0.9, 50))
        for arm in (0, 1):
            own = minute.instance_arm == arm
            served = minute.instance_requests[:, own]
            np.testing.assert_array_equal(served.sum(axis=1), minute.requests[:, arm])
            np.testing.assert_array_equal(minute.instance_bad[:, :, own].sum(axis=2), minute.bad[:, :, arm])
            assert np.ptp(served, axis=1).max() <= 1
        assert (minute.instance_bad <= minute.instance_requests[:, None]).all()
    assert minute.requests[0, 1] == 0  # the weight of a rollout that is over


def test_noise_of_a_machine_has_its_size_and_its_memory():
    """With ten million requests a minute the rate of a machine is its noise: 2,000 runs of 14 machines."""
    service = Service(error_rate=0.05, instance_noise=0.2, noise_memory=0.7)
    world = _world(service=service, candidate=Candidate(), requests=1e7)
    rates = []
    for at in range(2):
        minute = world.minute(at, np.full(2_000, 4 / 14))
        rates.append(minute.instance_bad[:, 0] / minute.instance_requests / 0.05 - 1)
    # n = 28,000: standard error of a deviation .2 / sqrt(2n), of a correlation (1 - .49) / sqrt(n); 5 of each,
    # and binomial noise of .2% of variance.
    assert np.std(rates[0]) == pytest.approx(0.2, abs=0.005)
    assert np.corrcoef(rates[0].ravel(), rates[1].ravel())[0, 1] == pytest.approx(0.7, abs=0.018)


def test_steps_may_differ_in_length():
    plan = RampPlan([0.1, 0.5], minutes_per_step=[3, 10], patience=2)
    assert (plan.lengths, plan.minutes, plan.longest) == ((3, 10), 13, 26)
    assert plan.schedule().tolist() == [0.1] * 3 + [0.5] * 10
    assert plan.to_frame()["latest_end"].tolist() == [6, 26]
    with pytest.raises(ValueError, match="one number or one a step, got 1 for 2 weights"):
        RampPlan([0.1, 0.5], minutes_per_step=[3])
    with pytest.raises(ValueError, match=r"minutes_per_step\[1\] must be a whole number"):
        RampPlan([0.1, 0.5], minutes_per_step=[3, 0])
