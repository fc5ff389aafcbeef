"""A model behind HTTP, with faults that can be switched on while it runs."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from coursekit._number_checks import check_number, told


@dataclass(frozen=True)
class Faults:
    """What a server does wrong on purpose.

    A rollback that was never seen to work is a hope. A candidate that can be made bad while it serves turns the
    hope into a rehearsal: the error rate is known, so the harm is known.

    Raises
    ------
    ValueError
        If a rate lies outside [0, 1] or the delay is negative.

    Examples
    --------
    >>> Faults(error_rate=0.25)
    Faults(error_rate=0.25, slow_rate=0.0, slow_ms=0.0)
    """

    error_rate: float = 0.0
    """Share of the requests that are answered with status 500."""
    slow_rate: float = 0.0
    """Share of the requests that are held up."""
    slow_ms: float = 0.0
    """How long those are held up, in milliseconds."""

    def __post_init__(self) -> None:
        for name in ("error_rate", "slow_rate"):
            share = check_number("Faults", name, getattr(self, name))
            if share > 1:
                raise ValueError(f"Faults: {name} is a share and must be at most 1, got {told(share)}")
            object.__setattr__(self, name, share)
        object.__setattr__(self, "slow_ms", check_number("Faults", "slow_ms", self.slow_ms))


def model_app(
    predict: Callable[[str], str], *, name: str, faults: Faults | None = None, seed: int | None = None
) -> Starlette:
    """Put a model behind ``POST /predict``, ``GET /health`` and ``PUT /faults``.

    A model enters production as a process that others call, and leaves it as a process that must finish what it
    began. The application is plain ASGI, so any server can run it; prediction happens in a thread, so that a
    slow one does not keep the health check waiting.

    ``POST /predict`` takes ``{"query": text}`` and answers ``{"answer": label, "instance": name}``, 422 for
    anything else, 500 if the model raises. ``PUT /faults`` takes the fields of :class:`Faults`; what is left out
    goes back to 0.

    Parameters
    ----------
    predict
        From a query to its answer; called in threads.
    name
        Name of this instance, told in every answer.
    faults
        What it does wrong from the start; nothing by default.
    seed
        Seed of the chance in the faults.

    Examples
    --------
    >>> import httpx
    >>> async def ask(app):
    ...     async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model") as client:
    ...         good = await client.post("/predict", json={"query": "abc"})
    ...         await client.put("/faults", json={"error_rate": 1})
    ...         bad = await client.post("/predict", json={"query": "abc"})
    ...     return good.json(), bad.status_code
    >>> asyncio.run(ask(model_app(str.upper, name="candidate-1")))
    ({'answer': 'ABC', 'instance': 'candidate-1'}, 500)
    """
    chance = random.Random(seed)
    named = {"x-instance": name}
    now = [Faults() if faults is None else faults]
    in_flight = [0]

    async def answer(request: Request) -> JSONResponse:
        in_flight[0] += 1
        try:
            return await judge(request)
        finally:
            in_flight[0] -= 1

    async def judge(request: Request) -> JSONResponse:
        try:
            body = await request.json()
        except ValueError:
            body = None
        query = body.get("query") if isinstance(body, dict) else None
        if not isinstance(query, str) or not query.strip():
            return JSONResponse({"error": 'send {"query": text}', "instance": name}, status_code=422, headers=named)
        wrong = now[0]
        failed, slow = chance.random() < wrong.error_rate, chance.random() < wrong.slow_rate
        if slow:
            await asyncio.sleep(wrong.slow_ms / 1000)
        if failed:
            return JSONResponse({"error": "injected", "instance": name}, status_code=500, headers=named)
        try:
            label = await run_in_threadpool(predict, query)
        except Exception as error:
            return JSONResponse({"error": type(error).__name__, "instance": name}, status_code=500, headers=named)
        return JSONResponse({"answer": label, "instance": name}, headers=named)

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"instance": name, "faults": asdict(now[0]), "in_flight": in_flight[0]})

    async def set_faults(request: Request) -> JSONResponse:
        try:
            now[0] = Faults(**await request.json())
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        return await health(request)

    return Starlette(
        routes=[
            Route("/predict", answer, methods=["POST"]),
            Route("/health", health),
            Route("/faults", set_faults, methods=["PUT"]),
        ]
    )


def shouting_app(*, name: str = "shouting", pause_ms: float = 0.0, error_rate: float = 0.0) -> Starlette:
    """Serve the model that answers in capitals, for tests and examples.

    Routers, loads and drills are tested with a model that needs no training and loads in no time.

    Parameters
    ----------
    name
        Name of this instance.
    pause_ms
        How long every answer takes.
    error_rate
        Share of the requests that are answered with status 500.

    Examples
    --------
    >>> sorted(route.path for route in shouting_app(name="a").routes)
    ['/faults', '/health', '/predict']
    """
    faults = Faults(error_rate=error_rate, slow_rate=1.0 if pause_ms else 0.0, slow_ms=pause_ms)
    return model_app(str.upper, name=name, faults=faults)
