"""A live rollout rolls back what is bad, promotes what is good, and keeps every request."""

from __future__ import annotations

import asyncio

import numpy as np
import pandas as pd
import pytest

from coursekit.deployment.rollout import RampPlan, RolloutController
from coursekit.deployment.rollout.replaying import replay
from coursekit.deployment.serving import BAD, conduct, poisson_schedule, send_load


def _roll_out(arms, plan, *, baseline, candidate, seconds=20, **options):
    """Conduct under load until the verdict; error rates of 0 and 1 leave nothing of the evidence to chance."""
    due = poisson_schedule(rate=80, seconds=seconds, seed=1)
    users = [f"user-{i}" for i in range(due.size)]
    minutes = []

    async def run(url):
        stop = asyncio.Event()
        load = asyncio.create_task(send_load(url, schedule=due, users=users, queries=["a"], stop=stop))

        async def end():
            stop.set()
            await load

        async def note(minute):
            minutes.append(minute)

        controller = RolloutController(plan, guardrails=[BAD])
        live = await conduct(url, controller=controller, minute_s=0.3, on_minute=note, at_end=end, **options)
        return live, await load

    arms.fail(baseline=baseline, candidate=candidate)
    with arms.router() as router:
        return *asyncio.run(run(router.url)), minutes


def test_a_bad_candidate_is_rolled_back(arms, tmp_path):
    plan = RampPlan([0.3], minutes_per_step=30)
    live, load, minutes = _roll_out(arms, plan, baseline=0.0, candidate=1.0, after=2)
    rollout = live.rollout
    assert rollout.verdict == "FAIL"
    assert [minute.verdict for minute in minutes[rollout.minutes - 1 :]] == ["FAIL"] * 3
    assert [minute.next_weight for minute in minutes[rollout.minutes - 1 :]] == [0] * 3
    # The candidate fails always and the baseline never: what it served is the harm.
    assert rollout.harm.tolist() == [rollout.requests[:, 1].sum()]
    # Nothing lost, everything logged; after the rollback nobody sees the candidate.
    assert load.dropped == 0 and len(live.log) == load.sent
    assert (live.log["status"] == 500).sum() == (load.status == 500).sum() == (live.log["arm"] == "candidate").sum()
    assert not (live.log["arm"] == "candidate")[live.log["weight"] == 0].any()
    # The log that was kept leads a replay to the same verdict.
    again = replay(live.save(tmp_path / "log.parquet"), plan, guardrails=[BAD], minute="300ms")
    assert again.verdict == "FAIL"
    saved = pd.read_parquet(tmp_path / "log.parquet")
    assert saved.columns[:7].tolist() == ["time", "user", "arm", "weight", "error", "latency_ms", "instance"]


def test_a_good_candidate_is_promoted(arms):
    plan = RampPlan([0.2, 0.5], minutes_per_step=2, margin=1.0, patience=20, min_requests=1)
    live, load, _ = _roll_out(arms, plan, baseline=0.5, candidate=0.0, after=1)
    assert live.rollout.verdict == "PASS"
    assert set(live.rollout.weight.tolist()) == {0.2, 0.5}
    assert load.dropped == 0 and len(live.log) == load.sent
    last = live.log[live.log["weight"] == 1]
    assert len(last) and set(last["arm"]) == {"candidate"} and not last["error"].any()
    assert np.isclose(live.rollout.requests.sum(axis=1), live.to_frame().filter(like="requests").sum(axis=1)).all()


def test_minutes_that_run_out_are_inconclusive(arms):
    live, load, minutes = _roll_out(arms, RampPlan([0.3]), baseline=0.0, candidate=0.0, seconds=5, minutes=2)
    assert (live.rollout.verdict, live.rollout.minutes) == ("INCONCLUSIVE", 2)
    assert minutes[-1].next_weight == 0
    assert load.dropped == 0


def test_the_controller_must_fit():
    with pytest.raises(ValueError, match="one rollout and one guardrail"):
        asyncio.run(conduct("http://127.0.0.1:1", controller=RolloutController(RampPlan([0.1]), runs=2)))
