"""A rollout of the intent model on this machine: real processes, real requests, real switches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

import httpx
import pandas as pd
from starlette.applications import Starlette

from coursekit._number_checks import check_number, check_whole, told
from coursekit.deployment.rollout import RampPlan, RolloutController
from coursekit.deployment.serving import (
    BAD,
    Faults,
    LiveMinute,
    LiveRollout,
    Load,
    ServerProcess,
    conduct,
    model_app,
    poisson_schedule,
    send_load,
)
from coursekit.short_repr import ShortRepr

MODELS = ("keyword", "ngram")
"""Intent models that load in seconds."""

SCENARIOS = ("bad", "good", "slow")
"""What becomes of the candidate: it starts to fail, it is a little better, it starts to be late."""

DEMO_PLAN = RampPlan([0.05, 0.10, 0.25, 0.50], minutes_per_step=6, margin=1.0, min_requests=30)
"""A plan for hundreds of requests a minute: six minutes a step, and up to twice the errors tolerated."""

TRAINING_QUERIES = 3_000
"""Enough for the n-gram model of a demonstration; it is trained anew in each server."""

USERS = 100_000
"""So many that few come twice: the evidence takes requests for independent."""

_BASELINE = Faults(error_rate=0.03)
_AFTER = 4
_TURNS_AT = 8
_CANDIDATES = {
    "bad": (_BASELINE, Faults(error_rate=0.20)),
    "good": (Faults(error_rate=0.02), None),
    "slow": (_BASELINE, Faults(error_rate=0.03, slow_rate=0.20, slow_ms=900)),
}


@dataclass(frozen=True, eq=False, repr=False)
class DemoReport(ShortRepr):
    """What a rollout on live traffic did to the candidate, and to those who asked.

    The verdict belongs to the candidate; ``dropped`` belongs to the switch, and has to be 0 whatever the verdict.
    """

    scenario: str
    """Which candidate it was."""
    live: LiveRollout
    """Minutes, verdict, and the router's log."""
    load: Load
    """What the clients saw."""

    @property
    def dropped(self) -> int:
        """Requests that no model answered."""
        return self.load.dropped

    def to_frame(self) -> pd.DataFrame:
        """Requests, errors and latency by arm, as clients saw them."""
        return self.load.to_frame()

    def plot(self) -> Any:
        """Rates of both arms, the weight, and the evidence on its way to the limit."""
        return self.live.plot()


def intent_server(
    *, model: str = "keyword", name: str, faults: dict[str, float] | None = None, seed: int = 0
) -> Starlette:
    """Make the server of an intent model, in the process that runs it.

    What is deployed is the model of week 1, not a stand-in: it reads the query and answers with the intent.

    Parameters
    ----------
    model
        "keyword", the rules, or "ngram", the linear model, trained on its start.
    name
        Name of the instance.
    faults
        What it does wrong on purpose, as the fields of :class:`~coursekit.deployment.serving.Faults`.
    seed
        Seed of the chance in the faults.

    Raises
    ------
    ValueError
        If the model is unknown.

    Examples
    --------
    >>> import httpx
    >>> async def ask(app, query):
    ...     async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model") as client:
    ...         return (await client.post("/predict", json={"query": query})).json()
    >>> asyncio.run(ask(intent_server(name="v1"), "내일 날씨를 알려줘"))
    {'answer': 'weather', 'instance': 'v1'}
    """
    from coursekit.cases.intents import KeywordBaseline, NgramClassifier, load_queries

    fitted: KeywordBaseline | NgramClassifier
    if model == "keyword":
        fitted = KeywordBaseline().fit()
    elif model == "ngram":
        queries = load_queries(TRAINING_QUERIES)
        fitted = NgramClassifier().fit(queries["text"], queries["intent"])
    else:
        raise ValueError(f"intent_server: model must be one of {', '.join(MODELS)}, got {told(model)}")
    return model_app(
        lambda query: str(fitted.predict([query])[0]), name=name, faults=Faults(**(faults or {})), seed=seed
    )


def run_demo(
    scenario: str = "bad",
    *,
    model: str = "keyword",
    rate: float = 150.0,
    minutes: int = 60,
    minute_s: float = 2.0,
    instances: int = 2,
    limit_ms: float = 500.0,
    plan: RampPlan = DEMO_PLAN,
    seed: int = 0,
    on_ready: Callable[[], None] | None = None,
    on_minute: Callable[[LiveMinute, str], None] | None = None,
) -> DemoReport:
    """Roll out a candidate on live traffic, and roll it back or promote it.

    Servers, router and load are real; only the faults are injected and the minute is short. After a rollback the
    candidate's processes are ended while requests keep coming, which is when careless switches lose some.

    Parameters
    ----------
    scenario
        "bad": errors go from 3% to 20% in minute 8; "slow": a fifth of the answers come late from then on; "good":
        one point fewer errors than the baseline.
    model
        Intent model of both arms, "keyword" or "ngram".
    rate
        Requests per second.
    minutes
        Ends the rollout as inconclusive after so many.
    minute_s
        Seconds in what the plan calls a minute.
    instances
        Servers of each arm.
    limit_ms
        An answer that takes longer is bad.
    plan
        Weights, lengths and margins.
    seed
        Seed of arrivals, users, queries and faults; the time that requests take is the machine's.
    on_ready
        Called when all servers run.
    on_minute
        Called after each minute, with what happened in it.

    Raises
    ------
    ValueError
        If the scenario or the model is unknown, or a number makes no sense.

    Examples
    --------
    >>> report = run_demo("good", rate=40, minutes=2, minute_s=0.3, instances=1)
    >>> report.live.rollout.verdict, report.dropped
    ('INCONCLUSIVE', 0)
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"run_demo: scenario must be one of {', '.join(SCENARIOS)}, got {told(scenario)}")
    if model not in MODELS:
        raise ValueError(f"run_demo: model must be one of {', '.join(MODELS)}, got {told(model)}")
    minutes = check_whole("run_demo", "minutes", minutes, low=1)
    instances = check_whole("run_demo", "instances", instances, low=1)
    minute_s = check_number("run_demo", "minute_s", minute_s, above=True)
    at_first, later = _CANDIDATES[scenario]
    seconds = (min(minutes, plan.longest) + _AFTER + 3) * minute_s + 10
    due = poisson_schedule(rate=rate, seconds=seconds, seed=seed)
    with ExitStack() as started:

        def server(factory: str, options: dict[str, Any]) -> ServerProcess:
            return started.enter_context(ServerProcess(factory, options=options))

        def arm(name: str, faults: Faults) -> list[ServerProcess]:
            return [
                server(
                    "coursekit.cases.serving_demo:intent_server",
                    {"model": model, "name": f"{name}-{i + 1}", "faults": asdict(faults), "seed": 2 * seed + i},
                )
                for i in range(instances)
            ]

        baseline, candidate = arm("baseline", _BASELINE), arm("candidate", at_first)
        arms = {"baseline": [one.url for one in baseline], "candidate": [one.url for one in candidate]}
        router = server(
            "coursekit.deployment.serving:router_app", {**arms, "salt": f"intents-{seed}", "limit_ms": limit_ms}
        )
        router.wait_ready()
        if on_ready is not None:
            on_ready()

        async def minute_over(minute: LiveMinute) -> None:
            event = ""
            if later is not None and minute.number == _TURNS_AT and not minute.verdict:
                await _inject(arms["candidate"], later)
                event = "faults"
            if minute.verdict and minute.next_weight == 0 and candidate[0].alive:
                await asyncio.gather(*(asyncio.to_thread(one.stop) for one in candidate))
                event = "stopped"
            if on_minute is not None:
                on_minute(minute, event)

        return asyncio.run(_drive(scenario, router.url, due, plan, minute_s, minutes, seed, minute_over))


async def _drive(
    scenario: str,
    router: str,
    due: Any,
    plan: RampPlan,
    minute_s: float,
    minutes: int,
    seed: int,
    minute_over: Callable[[LiveMinute], Awaitable[None]],
) -> DemoReport:
    """Send the load and conduct the rollout side by side; the load ends when the rollout has been watched out."""
    from coursekit.cases.intents import load_test_queries

    queries = load_test_queries()["text"].sample(frac=1, random_state=seed).tolist()
    stop = asyncio.Event()
    load = asyncio.create_task(
        send_load(router, schedule=due, users=list(_users(len(due), seed)), queries=queries, stop=stop)
    )

    async def end_load() -> None:
        stop.set()
        await load

    try:
        live = await conduct(
            router,
            controller=RolloutController(plan, guardrails=[BAD]),
            minute_s=minute_s,
            minutes=minutes,
            after=_AFTER,
            on_minute=minute_over,
            at_end=end_load,
        )
    finally:
        load.cancel()  # it has ended, unless something went wrong
    return DemoReport(scenario, live, await load)


def _users(count: int, seed: int) -> Iterator[str]:
    import numpy as np

    return (f"user-{number}" for number in np.random.default_rng((seed, 1)).integers(USERS, size=count))


async def _inject(urls: list[str], faults: Faults) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for url in urls:
            (await client.put(f"{url}/faults", json=asdict(faults))).raise_for_status()
