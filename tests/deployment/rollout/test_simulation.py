"""Simulated rollouts: reproducible, independent of the machine, and their harm is what it is said to be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from coursekit.deployment.rollout import (
    ERRORS,
    REASONS,
    VERDICTS,
    Candidate,
    ConditionalEProcess,
    Guardrail,
    RampPlan,
    Service,
    Traffic,
    simulate,
    simulate_many,
    simulation,
)

PLAN = RampPlan([0.05, 0.25], minutes_per_step=5)
TWO = (ERRORS, Guardrail("slow", over_ms=200))
WORLD = (Traffic(4_000, swing=0.3), Service(path="rising", error_rate=0.02))


def _many(candidate=None, *, runs=2_500, seed=0, **options):
    chosen = candidate or Candidate(error_ratio=1.3)
    return simulate_many(*WORLD, chosen, PLAN, ConditionalEProcess(), runs=runs, seed=seed, **options)


def _same(first, second):
    return all(
        np.array_equal(getattr(first, name), getattr(second, name)) for name in ("verdict", "reason", "minutes", "harm")
    )


def test_the_seed_is_all_that_chance_depends_on(monkeypatch):
    expected = _many()
    assert _same(_many(), expected)
    assert not _same(_many(seed=1), expected)
    for workers in (1, 5):
        monkeypatch.setattr(simulation, "ThreadPoolExecutor", lambda _, workers=workers: ThreadPoolExecutor(workers))
        assert _same(_many(), expected)


def test_more_rollouts_leave_the_first_ones_as_they_were():
    """Blocks of 1,000 have streams of their own."""
    few, many = _many(runs=1_000), _many(runs=2_001)
    assert many.runs == 2_001
    np.testing.assert_array_equal(many.minutes[:1_000], few.minutes)
    np.testing.assert_array_equal(many.verdict[:1_000], few.verdict)
    assert not np.array_equal(many.minutes[1_000:2_000], few.minutes)


def test_progress_counts_every_rollout_once():
    told = []
    _many(runs=2_300, progress=told.append)
    assert sorted(told) == [300, 1_000, 1_000]


def test_one_rollout_and_its_record():
    rollout = simulate(*WORLD, Candidate(error_ratio=1.4), PLAN, ConditionalEProcess(), guardrails=TWO, seed=2)
    again = simulate(*WORLD, Candidate(error_ratio=1.4), PLAN, ConditionalEProcess(), guardrails=TWO, seed=2)
    np.testing.assert_array_equal(rollout.bad, again.bad)
    assert rollout.verdict in VERDICTS
    assert rollout.reason in REASONS.values()
    assert rollout.requests.shape == (rollout.minutes, 2)
    assert rollout.bad.shape == (rollout.minutes, 2, 2)
    assert rollout.strength.shape == (rollout.minutes, 2)
    table = rollout.to_frame()
    assert table.index.tolist() == list(range(1, rollout.minutes + 1))
    np.testing.assert_array_equal(table.candidate_slow, rollout.bad[:, 1, 1])
    np.testing.assert_array_equal(table.evidence_errors, rollout.strength[:, 0])
    figure = rollout.plot()
    assert {trace.name for trace in figure.data} >= {
        "후보의 몫",
        "증거 (오류율)",
        "증거 (slow)",
        "기초선의 slow",
        "후보의 오류율",
    }


@pytest.mark.parametrize("from_minute", [0, 4])
def test_harm_is_requests_times_excess_counted_again(from_minute):
    """By hand, minute by minute, from the definition of paths and of the lognormal law."""
    candidate = Candidate(error_ratio=1.1, latency_ratio=1.15, from_minute=from_minute)
    for seed in range(5):
        rollout = simulate(*WORLD, candidate, PLAN, ConditionalEProcess(), guardrails=TWO, seed=seed)
        errors = slow = 0.0
        for at in range(rollout.minutes):
            if at >= from_minute:
                served = rollout.requests[at, 1]
                errors += served * 0.02 * (1 + at / 60) * 0.1
                slow += served * (WORLD[1].slow_rate(200, latency_ratio=1.15) - WORLD[1].slow_rate(200))
        np.testing.assert_allclose(rollout.harm, [errors, slow], rtol=1e-12)
    assert rollout.harm[0] > 0


def test_harm_stops_with_the_rollout_and_may_be_negative():
    worse, better = _many(Candidate(error_ratio=4.0)), _many(Candidate(error_ratio=0.5))
    assert (better.harm < 0).all()
    # All requests of the candidate until its verdict, at most: 30% above the mean of 4,000 and 5 errors of Poisson
    # a minute, at the weight of the first step (nobody gets further), three times 2.4% at the most.
    assert (worse.minutes < PLAN.minutes_per_step).all()
    assert (worse.harm[:, 0] <= worse.minutes * 0.05 * (5_200 + 5 * 72) * 1.3 * 3 * 0.024).all()
    assert _many(Candidate(), runs=100).harm.tolist() == [[0.0]] * 100


@pytest.mark.parametrize("guardrails", [(), (ERRORS, ERRORS)])
def test_guardrails_need_names_of_their_own(guardrails):
    for play in (simulate, simulate_many):
        with pytest.raises(ValueError, match="guardrails: give at least one, each with a name of its own"):
            play(*WORLD, Candidate(), PLAN, ConditionalEProcess(), guardrails=guardrails)


@pytest.mark.parametrize("runs", [0, 2.5, None])
def test_runs_are_counted(runs):
    with pytest.raises(ValueError, match="simulate_many: runs must be a whole number of at least 1"):
        _many(runs=runs)
