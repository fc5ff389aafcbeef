"""서빙: 저장한 모델을 HTTP 뒤에 두고, 실제 요청으로 응답 시간과 답을 잽니다."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import numpy as np
from coursekit.deployment.serving import Faults, Load, ServerProcess, model_app, poisson_schedule, send_load
from starlette.applications import Starlette

from system import model as models
from system.data import Dataset
from system.recording import Measured

FACTORY = "system.serving:make_server"
RATE = 40.0
SECONDS = 6.0
BUFFER = 20


def make_server(
    *, model_path: str, name: str, defect: bool = False, error_rate: float = 0.0, seed: int = 0
) -> Starlette:
    """서버 프로세스 안에서 모델을 읽어 ``POST /predict`` 로 답합니다.

    ``defect`` 는 되돌리기를 연습하려고 일부러 남긴 결함입니다. 20자짜리 버퍼를 쓰는 후보라서 긴 질의에서 멈춥니다.
    """
    model = models.load(model_path)

    def answer(query: str) -> str:
        if defect and len(query) > BUFFER:
            raise OverflowError(f"질의가 {BUFFER}자를 넘습니다")
        return str(model.predict([query])[0])

    return model_app(answer, name=name, faults=Faults(error_rate=error_rate), seed=seed)


def ask(url: str, queries: list[str]) -> list[str]:
    """서버에 차례로 물어 답을 모읍니다."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        return [client.post(f"{url}/predict", json={"query": query}).json()["answer"] for query in queries]


def measure(url: str, queries: list[str], *, seed: int = 0) -> Load:
    """앞선 답을 기다리지 않고 제때 보내는 요청으로 잽니다."""
    due = poisson_schedule(rate=RATE, seconds=SECONDS, seed=seed)
    return asyncio.run(send_load(url, schedule=due, users=["measure"], queries=queries))


def evidence(model_path: Path, data: Dataset, *, seed: int = 0) -> dict[str, Measured]:
    """응답 시간, 받지 못한 답, 저장한 모델과 다른 답입니다."""
    queries = data.held_out["text"].sample(frac=1, random_state=seed).tolist()
    with ServerProcess(FACTORY, options={"model_path": str(model_path), "name": "v1"}) as server:
        ask(server.url, queries[:10])
        load = measure(server.url, queries, seed=seed)
        answered = ask(server.url, queries[:50])
    expected = models.load(model_path).predict(queries[:50])
    p50, p99 = np.quantile(load.latency_ms, [0.5, 0.99])
    how = f"초당 {RATE:.0f}건씩 {SECONDS:.0f}초, 보낼 시각부터 잰 시간"
    return {
        "requests": Measured(load.sent, "건", "보낸 요청의 수"),
        "p50_ms": Measured(float(p50), "ms", how, ratio=50.0),
        "p99_ms": Measured(float(p99), "ms", how, ratio=100.0),
        "dropped": Measured(load.dropped, "건", "답을 받지 못한 요청"),
        "answers_that_differ": Measured(
            sum(one != two for one, two in zip(answered, expected, strict=True)),
            "건",
            "질의 50건을 서버와 파일에 물음",
        ),
    }
