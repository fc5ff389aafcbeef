"""Two model servers that all tests of this folder share; their faults are set anew for each."""

from __future__ import annotations

import httpx
import pytest

from coursekit.deployment.serving import ServerProcess


class Arms:
    """A baseline named a and a candidate named b, which do no wrong unless told."""

    def __init__(self, baseline: ServerProcess, candidate: ServerProcess) -> None:
        self.baseline = baseline
        self.candidate = candidate

    def fail(self, *, baseline: float = 0.0, candidate: float = 0.0, slow_ms: float = 0.0) -> Arms:
        """Set error rates, and how late every answer of the candidate comes."""
        slow = {"slow_rate": 1.0 if slow_ms else 0.0, "slow_ms": slow_ms}
        for server, faults in (
            (self.baseline, {"error_rate": baseline}),
            (self.candidate, {"error_rate": candidate, **slow}),
        ):
            assert httpx.put(f"{server.url}/faults", json=faults).status_code == 200
        return self

    def router(self, **options: object) -> ServerProcess:
        """Start a router between them, with limits that a loaded machine does not reach."""
        urls = {"baseline": [self.baseline.url], "candidate": [self.candidate.url]}
        fixed = {"salt": "test", "limit_ms": 60_000, "timeout_s": 60}
        return ServerProcess("coursekit.deployment.serving:router_app", options={**urls, **fixed, **options})


@pytest.fixture(scope="session")
def _servers():
    app = "coursekit.deployment.serving:shouting_app"
    with ServerProcess(app, options={"name": "a"}) as baseline, ServerProcess(app, options={"name": "b"}) as candidate:
        yield Arms(baseline, candidate)


@pytest.fixture
def arms(_servers) -> Arms:
    """The two servers, doing no wrong."""
    return _servers.fail()
