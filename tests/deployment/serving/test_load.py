"""The load is an open loop: it keeps its schedule whatever the server does."""

from __future__ import annotations

import asyncio
import socket

import numpy as np
import pytest
from scipy import stats

from coursekit.deployment.serving import poisson_schedule, send_load


def test_arrivals_are_poisson():
    times = poisson_schedule(rate=100, seconds=50, seed=3)
    # Mean 5,000, standard deviation sqrt(5,000) = 71; five of them.
    assert abs(times.size - 5_000) < 5 * np.sqrt(5_000)
    assert (np.diff(times) > 0).all() and times[0] >= 0 and times[-1] < 50
    # Exponential gaps of mean 1/100; seed fixed, so the p-value is a number and no gamble.
    assert stats.kstest(np.diff(times), stats.expon(scale=1 / 100).cdf).pvalue > 0.01
    assert np.array_equal(times, poisson_schedule(rate=100, seconds=50, seed=3))


@pytest.mark.parametrize("wrong", [{"rate": 0, "seconds": 1}, {"rate": 1, "seconds": float("nan")}])
def test_wrong_schedules_are_refused(wrong):
    with pytest.raises(ValueError, match="poisson_schedule: "):
        poisson_schedule(**wrong)


def test_a_slow_server_does_not_slow_the_schedule(arms):
    """All is sent before the first answer comes: a sender that waits for answers would need 30 times 4 s."""
    due = poisson_schedule(rate=30, seconds=1, seed=1)
    arms.fail(slow_ms=4_000)
    load = asyncio.run(send_load(arms.candidate.url, schedule=due, users=["u"], queries=["a"]))
    assert (load.sent, load.answered) == (due.size, due.size)
    sent = load.scheduled_s + load.lag_ms / 1000
    answered = load.scheduled_s + load.latency_ms / 1000
    assert sent.max() < answered.min()
    # Latency counts from the schedule: what the sender was late is in it.
    assert (load.latency_ms >= load.lag_ms + 4_000 - 1).all()


def test_a_stop_ends_the_sending_and_awaits_the_answers(arms):
    async def stopped(url):
        stop = asyncio.Event()
        due = np.array([0.0, 0.01, 60.0, 61.0])
        load = asyncio.create_task(send_load(url, schedule=due, users=["u"], queries=["a"], stop=stop))
        await asyncio.sleep(1)
        stop.set()
        return await load

    load = asyncio.run(stopped(arms.fail(slow_ms=1_500).candidate.url))
    assert (load.sent, load.answered, load.dropped) == (2, 2, 0)


def test_refused_connections_are_counted_and_named():
    """The counter of lost requests can count: without this a 0 would say nothing."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        load = asyncio.run(send_load(url, schedule=np.arange(5) / 100, users=["u"], queries=["a"]))
    assert (load.sent, load.answered, load.dropped) == (5, 0, 5)
    assert len(load.failures) == 1 and load.failures[0].startswith("ConnectError")
    assert load.to_frame()["requests"].tolist() == [0, 0]
