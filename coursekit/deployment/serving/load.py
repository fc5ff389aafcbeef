"""Load that comes when it comes, whatever the server does."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import numpy as np
import pandas as pd

from coursekit._number_checks import check_number, check_whole
from coursekit.deployment.serving.router import ARMS, USER
from coursekit.short_repr import ShortRepr

NO_ANSWER = 0
"""Status of a request whose client got no answer."""


@dataclass(frozen=True, eq=False, repr=False)
class Load(ShortRepr):
    """What clients sent, when, and what came back.

    Latency counts from the moment at which the request was due, so a sender that falls behind cannot make a
    server look fast.
    """

    scheduled_s: np.ndarray
    """When each request was due, in seconds after the start, ``(requests,)``."""
    lag_ms: np.ndarray
    """How far behind its schedule the sender was, ``(requests,)``."""
    latency_ms: np.ndarray
    """From the scheduled time to the answer, or to the failure, ``(requests,)``."""
    status: np.ndarray
    """Status of the answer, 0 where there was none, ``(requests,)``."""
    arm: np.ndarray
    """0 baseline, 1 candidate, -1 unknown, ``(requests,)``."""
    weight: np.ndarray
    """Weight at which the request was routed, NaN where unknown, ``(requests,)``."""
    user: np.ndarray
    """Who asked, ``(requests,)``."""
    failures: tuple[str, ...]
    """Why requests got no answer, each reason once."""

    @property
    def sent(self) -> int:
        """Number of requests."""
        return len(self.status)

    @property
    def answered(self) -> int:
        """Requests that a model answered, well or badly."""
        return int(np.sum((self.status != NO_ANSWER) & (self.status != 502)))

    @property
    def dropped(self) -> int:
        """Requests that no model answered: the connection failed, or the router found no server (502)."""
        return self.sent - self.answered

    def lag(self, *, share: float = 0.99) -> float:
        """Milliseconds behind the schedule that this share of the requests kept below."""
        return float(np.quantile(self.lag_ms, share)) if self.sent else float("nan")

    def to_frame(self) -> pd.DataFrame:
        """Requests, statuses of 500 and above, and percentiles of the latency by arm."""
        rows = {}
        for side, name in enumerate(ARMS):
            here = (self.arm == side) & (self.status != NO_ANSWER)
            latency = self.latency_ms[here] if here.any() else np.full(1, np.nan)
            rows[name] = {
                "requests": int(here.sum()),
                "errors": int(np.sum(self.status[here] >= 500)),
                **{f"p{share}_ms": float(np.quantile(latency, share / 100)) for share in (50, 90, 99)},
            }
        return pd.DataFrame(rows).T.rename_axis("arm")


def poisson_schedule(*, rate: float, seconds: float, seed: int = 0) -> np.ndarray:
    r"""When requests come from many people who know nothing of each other.

    Even gaps flatter a server: real arrivals bunch, and queues grow where they do. Gaps between requests are
    independent and exponential,

    .. math:: P(\text{gap} > t) = e^{-\lambda t}

    Parameters
    ----------
    rate
        Requests per second.
    seconds
        Length.
    seed
        Seed of the arrivals.

    Examples
    --------
    >>> times = poisson_schedule(rate=200, seconds=60)
    >>> 11_500 < times.size < 12_500, bool((np.diff(times) > 0).all())
    (True, True)
    """
    rate = check_number("poisson_schedule", "rate", rate, above=True)
    seconds = check_number("poisson_schedule", "seconds", seconds, above=True)
    rng = np.random.default_rng(check_whole("poisson_schedule", "seed", seed))
    # Given their number, the arrivals of a Poisson process are independent and uniform.
    return np.sort(rng.uniform(0, seconds, rng.poisson(rate * seconds)))


async def send_load(
    url: str,
    *,
    schedule: np.ndarray,
    users: Sequence[str],
    queries: Sequence[str],
    stop: asyncio.Event | None = None,
    timeout_s: float = 30.0,
) -> Load:
    """Send each request when it is due, whether or not the ones before it have an answer.

    A tester that waits for an answer before it sends the next request slows down with the server and leaves
    out exactly the requests that would have waited (coordinated omission). People do not wait for each other,
    and neither does this: an open loop.

    Parameters
    ----------
    url
        Address of the router, without a path.
    schedule
        Seconds after the start at which requests are due, rising.
    users
        Who asks, by request; starts over if shorter than the schedule.
    queries
        What they ask, by request; starts over likewise.
    stop
        Ends the sending when set; requests on their way are still awaited.
    timeout_s
        After this long a client gives up.

    Examples
    --------
    >>> from coursekit.deployment.serving.processes import ServerProcess
    >>> due = poisson_schedule(rate=50, seconds=0.5)
    >>> with ServerProcess("coursekit.deployment.serving:shouting_app") as server:
    ...     load = asyncio.run(send_load(server.url, schedule=due, users=["u"], queries=["abc"]))
    >>> load.sent == due.size, load.dropped
    (True, 0)

    References
    ----------
    Schroeder, Wierman, Harchol-Balter (2006). Open versus closed: a cautionary tale. NSDI.
    """
    count = len(schedule)
    scheduled = np.asarray(schedule, dtype=float)
    lag, latency, weight = np.zeros(count), np.zeros(count), np.full(count, np.nan)
    status, arm = np.zeros(count, dtype=np.int64), np.full(count, -1, dtype=np.int8)
    failures: dict[str, None] = {}
    # Any number of connections, since a request that waits for a free one was not sent; few that stay open idle,
    # since the pool looks at each of them before each request.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=60)
    sent = 0
    async with (
        httpx.AsyncClient(timeout=timeout_s, limits=limits, trust_env=False) as client,
        asyncio.TaskGroup() as tasks,
    ):
        with contextlib.suppress(httpx.TransportError):
            await client.get(f"{url}/health")  # the first request is not late because modules were being loaded
        start = time.perf_counter() + 0.02

        async def one(i: int) -> None:
            try:
                answer = await client.post(
                    f"{url}/predict", json={"query": queries[i % len(queries)]}, headers={USER: users[i % len(users)]}
                )
                status[i] = answer.status_code
                if "x-arm" in answer.headers:
                    arm[i] = ARMS.index(answer.headers["x-arm"])
                    weight[i] = float(answer.headers["x-weight"])
            except httpx.HTTPError as error:
                failures[f"{type(error).__name__}: {error}"] = None
            latency[i] = (time.perf_counter() - start - scheduled[i]) * 1000

        for i in range(count):
            await _until(start + scheduled[i], stop)
            if stop is not None and stop.is_set():
                break
            lag[i] = max(time.perf_counter() - start - scheduled[i], 0) * 1000
            tasks.create_task(one(i))
            sent += 1
    who = np.array([users[i % len(users)] for i in range(sent)], dtype=object)
    return Load(
        scheduled[:sent], lag[:sent], latency[:sent], status[:sent], arm[:sent], weight[:sent], who, tuple(failures)
    )


async def _until(due: float, stop: asyncio.Event | None) -> None:
    """Sleep until then, or until the stop; give way at least once, so that answers are taken in."""
    wait = due - time.perf_counter()
    if stop is None or wait < 0.5:
        await asyncio.sleep(max(wait, 0))
        return
    try:
        async with asyncio.timeout(wait):
            await stop.wait()
    except TimeoutError:
        pass
