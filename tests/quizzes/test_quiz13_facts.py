"""Quiz 13's answers are right, and the figures of its questions and explanations hold."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from coursekit.deployment.rollout import (
    Candidate,
    ConditionalEProcess,
    Guardrail,
    RampPlan,
    Service,
    Traffic,
    World,
    simulate_many,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "labs"))
from authored_notebook import authored_as

QUIZ = authored_as("quiz13_deployment")
REFERENCE = QUIZ.reference()


def test_in_item_1_a_candidate_twice_as_bad_is_nearly_as_silent_as_a_good_one():
    """200 requests an hour for a day at 5%: hours play the part of minutes."""
    requests, rate = 200 * 24 * 0.05, 0.005
    limit = binom.ppf(0.95, requests, rate)  # an exact test at 5%, for the baseline's rate known without error
    assert requests * rate < 2
    assert binom.sf(limit, requests, 2 * rate) < 0.25, "it misses twice the errors three times in four"
    plan = RampPlan([0.05], minutes_per_step=24, patience=1)
    world = Traffic(200), Service(error_rate=rate), Candidate()
    shown = simulate_many(*world, plan, ConditionalEProcess(), runs=1_000).verdict
    assert (shown == "INCONCLUSIVE").mean() > 0.95, "nor can a good one be shown to be good"


def test_the_estimate_of_item_2_is_unbiased_and_the_pooled_one_is_not():
    """Days of more defects are audited more; 4 standard errors of the mean of 4,000 draws."""
    rng = np.random.default_rng(13)
    passed, rate, audited = np.array([4_000, 4_000]), np.array([0.002, 0.02]), np.array([200, 1_600])
    estimates, pooled, truth = [], [], []
    for _ in range(4_000):
        defects = rng.binomial(passed, rate)
        found = rng.hypergeometric(defects, passed - defects, audited)
        days = [(int(p), int(a), int(f)) for p, a, f in zip(passed, audited, found, strict=True)]
        estimates.append(REFERENCE["shipped_defects"](days))
        pooled.append(found.sum() / audited.sum() * (passed - audited).sum())
        truth.append((defects - found).sum())
    error = np.array(estimates) - truth
    assert abs(error.mean()) < 4 * error.std() / np.sqrt(error.size)
    off = np.array(pooled) - truth
    assert abs(off.mean()) > 20 * off.std() / np.sqrt(off.size)


def test_the_harm_of_item_3_is_what_a_simulated_rollout_adds_up():
    world = World(
        Traffic(6_000),
        Service(error_rate=0.02),
        Candidate(error_ratio=1.5),
        guardrails=(Guardrail("errors"),),
        runs=1,
        rng=np.random.default_rng(0),
    )
    excess = np.diff(world.rates(0), axis=1)[0, 0]
    assert 6_000 * (10 * 0.05 + 5 * 0.10) * excess == pytest.approx(REFERENCE["answer_3"])


def test_the_precision_of_item_5():
    found, called = 0.9 * 100, 0.9 * 100 + 0.011 * 10_000
    assert REFERENCE["answer_5"] == pytest.approx(100 * found / called)
