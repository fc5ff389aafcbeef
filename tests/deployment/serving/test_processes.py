"""A server process finishes what it began, says why it could not start, and never outlives its parent."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import httpx
import psutil
import pytest

from coursekit.deployment.serving import ServerProcess

APP = "coursekit.deployment.serving:shouting_app"


def _gone(pid: int) -> bool:
    """Whether the process has ended, within a time in which it must."""
    for _ in range(300):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.1)
    return False


def test_a_stopped_server_answers_what_is_in_flight():
    async def asked(server):
        async with httpx.AsyncClient(timeout=30) as client:
            answer = asyncio.create_task(client.post(f"{server.url}/predict", json={"query": "abc"}))
            while (await client.get(f"{server.url}/health")).json()["in_flight"] != 1:
                await asyncio.sleep(0.02)
            await asyncio.to_thread(server.stop)
            return await answer

    server = ServerProcess(APP, options={"name": "a", "pause_ms": 1_500})
    answer = asyncio.run(asked(server))
    assert (answer.status_code, answer.json()["answer"]) == (200, "ABC")
    assert not server.alive
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/health")
    server.stop()  # once more does nothing


def test_servers_get_ports_of_their_own():
    with ServerProcess(APP, options={"name": "a"}) as one, ServerProcess(APP, options={"name": "b"}) as other:
        names = [httpx.get(f"{server.url}/health").json()["instance"] for server in (one, other)]
        assert one.url != other.url
        assert all(url.startswith("http://127.0.0.1:") for url in (one.url, other.url))
    assert names == ["a", "b"]
    assert not one.alive and not other.alive


def test_a_server_that_cannot_start_says_why():
    with (
        pytest.raises(RuntimeError, match=r"ended before it took requests[\s\S]*error_rate is a share"),
        ServerProcess(APP, options={"error_rate": 7}) as server,
    ):
        server.wait_ready()
    assert not server.alive


@pytest.mark.parametrize("factory", ["", "module", "module:", ":function", None])
def test_factories_are_checked(factory):
    with pytest.raises(ValueError, match="'module:function'"):
        ServerProcess(factory)


def test_a_killed_parent_leaves_no_server():
    """SIGKILL runs no handler of the parent: only the closing pipe can tell the server."""
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\n"
            "from coursekit.deployment.serving import ServerProcess\n"
            f"server = ServerProcess({APP!r}).wait_ready()\n"
            "print(server.pid, flush=True)\n"
            "time.sleep(600)\n",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    assert _gone(pid)
