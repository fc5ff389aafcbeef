"""A model server says what it was asked wrongly, fails as told, and counts what it works on."""

from __future__ import annotations

import asyncio

import httpx
import numpy as np
import pytest

from coursekit.deployment.serving import Faults, model_app


def _ask(app, *calls):
    async def run():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model") as client:
            return [await client.request(method, path, **options) for method, path, options in calls]

    return asyncio.run(run())


@pytest.mark.parametrize(
    "options",
    [{"content": b"no json"}, {"json": [1]}, {"json": {"text": "a"}}, {"json": {"query": 3}}, {"json": {"query": " "}}],
)
def test_what_is_no_query_is_told(options):
    (answer,) = _ask(model_app(str.upper, name="a"), ("POST", "/predict", options))
    assert answer.status_code == 422
    assert "query" in answer.json()["error"]


def test_a_model_that_raises_is_a_bad_answer_and_no_dead_server():
    def broken(query):
        raise KeyError(query)

    first, health = _ask(
        model_app(broken, name="a"), ("POST", "/predict", {"json": {"query": "x"}}), ("GET", "/health", {})
    )
    assert (first.status_code, first.json()["error"]) == (500, "KeyError")
    assert health.json()["in_flight"] == 0


def test_faults_come_at_their_rate_and_go():
    app = model_app(str.upper, name="a", seed=5)
    asked = ("POST", "/predict", {"json": {"query": "x"}})
    answers = _ask(
        app,
        ("PUT", "/faults", {"json": {"error_rate": 0.3}}),
        *[asked] * 500,
        ("PUT", "/faults", {"json": {}}),
        *[asked] * 20,
    )
    failed = sum(answer.status_code == 500 for answer in answers[1:501])
    # Binomial(500, .3): mean 150, standard deviation 10.2; four of them, with a fixed seed.
    assert abs(failed - 150) < 4 * np.sqrt(500 * 0.3 * 0.7)
    assert {answer.status_code for answer in answers[502:]} == {200}
    assert answers[-1].headers["x-instance"] == "a"


@pytest.mark.parametrize("wrong", [{"error_rate": 1.5}, {"slow_rate": -1}, {"slow_ms": float("inf")}, {"errors": 1}])
def test_wrong_faults_are_refused_and_change_nothing(wrong):
    app = model_app(str.upper, name="a", faults=Faults(error_rate=0.25))
    # Python's JSON writes infinity; what else speaks HTTP may not.
    body = str(wrong).replace("'", '"').replace("inf", "Infinity").encode()
    refused, health = _ask(app, ("PUT", "/faults", {"content": body}), ("GET", "/health", {}))
    assert refused.status_code == 422
    assert health.json()["faults"] == {"error_rate": 0.25, "slow_rate": 0.0, "slow_ms": 0.0}
