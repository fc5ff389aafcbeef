"""Splits live traffic between two versions, and moves the split without losing a request."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coursekit._number_checks import as_finite, check_number, told
from coursekit.deployment.rollout import BASELINE, CANDIDATE, bucket

ARMS = ("baseline", "candidate")
"""Names of the two arms in headers and logs."""

USER = "x-user"
"""Header that says who asks."""

LOG_COLUMNS = ("time", "user", "arm", "weight", "error", "latency_ms", "instance", "status", "retried")
"""What the router notes about each request."""


class _Span:
    """The requests that were routed at one weight, from one ``PUT /weights`` to the next."""

    def __init__(self, number: int, weight: float) -> None:
        self.number = number
        self.weight = weight
        self.log: list[tuple[Any, ...]] = []
        self.in_flight = 0
        self.closed = False
        self.settled = asyncio.Event()

    def finish(self, row: tuple[Any, ...]) -> None:
        self.log.append(row)
        self.in_flight -= 1
        if self.closed and not self.in_flight:
            self.settled.set()

    def close(self) -> None:
        self.closed = True
        if not self.in_flight:
            self.settled.set()


class _Router:
    def __init__(
        self,
        upstreams: tuple[Sequence[str], Sequence[str]],
        *,
        weight: float,
        salt: str,
        limit_ms: float,
        timeout_s: float,
    ) -> None:
        self.turns = [itertools.cycle(urls) for urls in upstreams]
        self.span = _Span(0, weight)
        self.salt = salt
        self.limit_ms = limit_ms
        # No limit on connections: a request that waits for a free one would be counted as a slow model.
        self.client = httpx.AsyncClient(
            timeout=timeout_s,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=60),
            trust_env=False,
        )

    async def predict(self, request: Request) -> Response:
        user = request.headers.get(USER)
        if not user:
            return JSONResponse({"error": f"the header {USER} must say who asks"}, status_code=400)
        # Before it is routed: a client that stalls or hangs up is no fault of an arm, and must not hold up a switch.
        try:
            content = await request.body()
        except ClientDisconnect:
            return Response(status_code=499)
        started, span, at = time.perf_counter(), self.span, time.time()
        arm = CANDIDATE if bucket(user, salt=self.salt) < span.weight else BASELINE
        span.in_flight += 1
        status, instance, retried = 502, "", False
        try:
            try:
                answer = await self._ask(arm, content)
            except httpx.RequestError:
                retried = True  # nothing came back, and asking a model twice changes nothing
                answer = await self._ask(BASELINE, content)
            status, instance = answer.status_code, answer.headers.get("x-instance", str(answer.request.url.netloc))
            body = answer.content
        except httpx.RequestError as error:
            body = b'{"error": "no server answered: ' + type(error).__name__.encode() + b'"}'
        finally:
            latency = (time.perf_counter() - started) * 1000
            bad = status >= 500 or retried or latency > self.limit_ms
            span.finish((at, user, arm, span.weight, bad, latency, instance, status, retried))
        told_to_client = {
            "content-type": "application/json",
            "x-arm": ARMS[arm],
            "x-weight": f"{span.weight:g}",
            "x-span": str(span.number),
        }
        return Response(body, status_code=status, headers=told_to_client)

    async def _ask(self, arm: int, content: bytes) -> httpx.Response:
        url = next(self.turns[arm])
        answer = await self.client.post(f"{url}/predict", content=content, headers={"content-type": "application/json"})
        answer.headers.setdefault("x-instance", f"{ARMS[arm]}@{url.rpartition(':')[2]}")
        return answer

    async def set_weights(self, request: Request) -> JSONResponse:
        try:
            body = await request.json()
        except ValueError:
            body = None
        weight = as_finite(body.get("candidate")) if isinstance(body, dict) else None
        if weight is None or not 0 <= weight <= 1:
            return JSONResponse({"error": 'send {"candidate": share from 0 to 1}'}, status_code=422)
        # One assignment, with no await before it: each request sees the old weight or the new one.
        old, self.span = self.span, _Span(self.span.number + 1, weight)
        old.close()
        await old.settled.wait()
        return JSONResponse({"span": old.number, "weight": old.weight, "columns": LOG_COLUMNS, "log": old.log})

    async def weights(self, request: Request) -> JSONResponse:
        span = self.span
        return JSONResponse({"span": span.number, "candidate": span.weight, "in_flight": span.in_flight})


def router_app(
    *,
    baseline: Sequence[str],
    candidate: Sequence[str],
    salt: str,
    weight: float = 0.0,
    limit_ms: float = 300.0,
    timeout_s: float = 5.0,
) -> Starlette:
    """Route each user to one of two versions, and note what came of it.

    Most failed requests of a deployment are not the model's: they are requests that were on their way while
    something was switched. Here a switch loses none.

    * A user's arm is a hash (:func:`~coursekit.deployment.rollout.bucket`), so it needs no table, and the weight
      of a request is read once, when it arrives.
    * ``PUT /weights`` with ``{"candidate": share}`` takes effect for the next request and answers when every
      request that was routed before it has its answer, with the log of those requests. From then on an arm
      whose weight went to 0 can be stopped.
    * A request whose server refuses the connection, breaks it or says nothing within ``timeout_s`` is asked once
      more, of the baseline. A model that is asked twice changes nothing; what does (an order, a payment) may not
      be repeated like this.

    A *failed request* is one whose client gets no answer of a model. A *bad answer* is the model's own: a status
    of 500 or above, or later than ``limit_ms``. Bad answers are passed on and counted against their arm, since a
    router that hides them hides the evidence; so is a request that had to be asked again, though its client
    never learns of it.

    ``GET /weights`` tells the weight and the number of requests in flight, ``GET /health`` that it runs.

    Parameters
    ----------
    baseline
        Addresses of the instances of the baseline, asked in turn.
    candidate
        Addresses of the instances of the candidate.
    salt
        Name of the rollout; another one sends other users first.
    weight
        Share of the users that sees the candidate at first.
    limit_ms
        An answer that takes longer is bad.
    timeout_s
        After this long a server has not answered.

    Raises
    ------
    ValueError
        If an arm has no address, the salt is empty, or a number makes no sense.

    Examples
    --------
    >>> app = router_app(baseline=["http://127.0.0.1:8001"], candidate=["http://127.0.0.1:8002"], salt="intents-v2")
    >>> sorted(route.path for route in app.routes)
    ['/health', '/predict', '/weights', '/weights']
    """
    for name, urls in (("baseline", baseline), ("candidate", candidate)):
        if isinstance(urls, str) or not urls:
            raise ValueError(f"router_app: {name} must be a list of addresses, at least one, got {told(urls)}")
    share = as_finite(weight)
    if share is None or not 0 <= share <= 1:
        raise ValueError(f"router_app: weight must lie between 0 and 1, got {told(weight)}")
    bucket("", salt=salt)
    limit_ms = check_number("router_app", "limit_ms", limit_ms, above=True)
    timeout_s = check_number("router_app", "timeout_s", timeout_s, above=True)
    made: list[_Router] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        router = _Router((baseline, candidate), weight=share, salt=salt, limit_ms=limit_ms, timeout_s=timeout_s)
        made.append(router)
        async with router.client:
            for url in (*baseline, *candidate):
                with contextlib.suppress(httpx.TransportError):  # one that is not there yet may come
                    await router.client.get(f"{url}/health")
            yield

    async def predict(request: Request) -> Response:
        return await made[-1].predict(request)

    async def weights(request: Request) -> JSONResponse:
        return await made[-1].weights(request)

    async def set_weights(request: Request) -> JSONResponse:
        return await made[-1].set_weights(request)

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"instance": "router"})

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/predict", predict, methods=["POST"]),
            Route("/weights", weights, methods=["GET"]),
            Route("/weights", set_weights, methods=["PUT"]),
            Route("/health", health),
        ],
    )
