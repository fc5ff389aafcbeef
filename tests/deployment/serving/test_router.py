"""The router splits as told, keeps users where they are, and loses nothing when something is switched."""

from __future__ import annotations

import asyncio

import httpx
import numpy as np
import pandas as pd
import pytest

from coursekit.deployment.rollout import bucket
from coursekit.deployment.serving import USER, ServerProcess, poisson_schedule, router_app, send_load

APP = "coursekit.deployment.serving:shouting_app"
SALT = "test"


async def _put(client, url, weight):
    answer = await client.put(f"{url}/weights", json={"candidate": weight})
    assert answer.status_code == 200
    body = answer.json()
    return pd.DataFrame(body["log"], columns=body["columns"])


def test_no_request_is_lost_across_switches_and_stops(arms):
    """Forty changes of the weight, one candidate that is killed and one that is stopped, under load."""
    users = [f"user-{i % 400}" for i in range(4_000)]
    due = poisson_schedule(rate=60, seconds=6, seed=2)
    rng = np.random.default_rng(4)
    weights = rng.choice([0, 0.1, 0.4, 0.7, 1], size=40)
    weights[[9, 10, 19, 20]] = 0.7  # the candidate has users when its servers go

    async def run(router, killed, stopped):
        async with httpx.AsyncClient(timeout=60) as client:
            logs = [await _put(client, router.url, 0.4)]
            load = asyncio.create_task(send_load(router.url, schedule=due, users=users, queries=["a", "b"]))
            for i, weight in enumerate(weights):
                await asyncio.sleep(0.15)
                if i == 10:
                    killed.kill()
                if i == 20:
                    await asyncio.to_thread(stopped.stop)
                logs.append(await _put(client, router.url, float(weight)))
            load = await load
            logs.append(await _put(client, router.url, 0.0))
        return load, pd.concat(logs, ignore_index=True)

    with (
        ServerProcess(APP) as killed,
        ServerProcess(APP) as stopped,
        arms.router(candidate=[killed.url, stopped.url]) as router,
    ):
        load, log = asyncio.run(run(router, killed, stopped))
    assert load.failures == ()
    assert (load.answered, load.dropped) == (due.size, 0)
    assert set(load.status.tolist()) == {200}
    assert len(log) == due.size
    # After both servers were gone the candidate's users were still answered, and each is counted against it.
    assert log.retried.any()
    assert (log.arm[log.retried] == 1).all()
    assert log.error.tolist() == log.retried.tolist()
    # Each request went where its user's hash and the weight at that moment say: users stay, and none is torn.
    places = np.array([bucket(user, salt=SALT) for user in load.user])
    assert load.arm.tolist() == (places < load.weight).astype(int).tolist()
    logged = np.array([bucket(user, salt=SALT) for user in log.user])
    assert log.arm.tolist() == (logged < log.weight).astype(int).tolist()


def test_shares_match_weights_and_users_stay(arms):
    due = np.arange(600) / 200
    users = [f"someone-{i}" for i in range(300)]  # each comes twice

    async def run(router):
        async with httpx.AsyncClient(timeout=60) as client:
            await _put(client, router.url, 0.3)
            load = await send_load(router.url, schedule=due, users=users, queries=["a"])
            return load, await _put(client, router.url, 0.3)

    with arms.router() as router:
        load, log = asyncio.run(run(router))
    assert (load.arm[:300] == load.arm[300:]).all()
    # 300 users are drawn once: binomial(300, .3), standard deviation 7.9; four of them.
    assert abs(load.arm[:300].sum() - 90) < 4 * np.sqrt(300 * 0.3 * 0.7)
    assert log.groupby("instance").arm.unique().map(list).to_dict() == {"a": [0], "b": [1]}
    assert log.groupby("user").arm.nunique().max() == 1


def test_bad_answers_are_passed_on_and_counted(arms):
    """A router that asks the baseline again for a 500 would hide the evidence."""
    arms.fail(candidate=1)
    with arms.router(weight=1.0) as router:
        answer = httpx.post(f"{router.url}/predict", json={"query": "a"}, headers={USER: "u"})
        nobody = httpx.post(f"{router.url}/predict", json={"query": "a"})
        refused = [
            httpx.put(f"{router.url}/weights", content=body).status_code
            for body in (b"{}", b"x", b'{"candidate": 1.1}', b'{"candidate": true}', b"[1]")
        ]
        (row,) = httpx.put(f"{router.url}/weights", json={"candidate": 0}).json()["log"]
    assert (answer.status_code, answer.headers["x-arm"]) == (500, "candidate")
    assert nobody.status_code == 400
    assert refused == [422] * 5
    assert row[1:5] == ["u", 1, 1.0, True] and row[7:] == [500, False]


def test_late_answers_are_bad_and_a_switch_waits_for_them(arms):
    async def run(router, slow):
        async with httpx.AsyncClient(timeout=60) as client:
            answer = asyncio.create_task(client.post(f"{router.url}/predict", json={"query": "a"}, headers={USER: "u"}))
            while (await client.get(f"{router.url}/weights")).json()["in_flight"] != 1:
                await asyncio.sleep(0.02)
            log = await _put(client, router.url, 0.0)
            # The old weight's last answer is out, so its server has nothing left.
            idle = (await client.get(f"{slow.url}/health")).json()["in_flight"]
            return await answer, log, idle

    arms.fail(slow_ms=1_000)
    with arms.router(weight=1.0, limit_ms=500) as router:
        answer, log, idle = asyncio.run(run(router, arms.candidate))
    assert (answer.status_code, idle) == (200, 0)
    assert log.error.tolist() == [True] and log.retried.tolist() == [False]
    assert log.latency_ms[0] >= 1_000


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"baseline": []}, "baseline"),
        ({"candidate": "http://127.0.0.1:1"}, "candidate"),
        ({"salt": ""}, "salt"),
        ({"weight": 1.5}, "weight"),
        ({"limit_ms": 0}, "limit_ms"),
        ({"timeout_s": -1}, "timeout_s"),
    ],
)
def test_wrong_options_are_refused(wrong, named):
    right = {"baseline": ["http://127.0.0.1:1"], "candidate": ["http://127.0.0.1:2"], "salt": "s"}
    with pytest.raises(ValueError, match=named):
        router_app(**{**right, **wrong})
