"""배포: 후보에게 사용자를 조금씩 맡기고, 나쁘면 되돌립니다."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from coursekit.deployment.rollout import (
    Candidate,
    ConditionalEProcess,
    RampPlan,
    RolloutController,
    Service,
    Traffic,
    simulate,
    simulate_many,
)
from coursekit.deployment.serving import (
    BAD,
    LiveRollout,
    Load,
    ServerProcess,
    conduct,
    poisson_schedule,
    send_load,
)

from system.data import Dataset
from system.recording import Measured
from system.serving import FACTORY

PLAN = RampPlan([0.10, 0.25, 0.50], minutes_per_step=5, margin=0.5, min_requests=30)
TRAFFIC, NOW = Traffic(6_000), Service(error_rate=0.02)
USUAL_ERRORS = 0.02
RATE = 80.0
MINUTE_S = 1.0
MINUTES = 12
AFTER = 2
LIMIT_MS = 3_000.0
SIMULATED = 300


def live(model_path: Path, queries: list[str], *, defect: bool, seed: int = 0) -> tuple[LiveRollout, Load]:
    """이 컴퓨터의 프로세스와 HTTP로 배포 한 번을 실제로 합니다. 1분을 1초로 줄였습니다."""
    due = poisson_schedule(rate=RATE, seconds=(MINUTES + AFTER + 3) * MINUTE_S + 20, seed=seed)
    users = [f"user-{number}" for number in np.random.default_rng(seed).integers(100_000, size=len(due))]
    with ExitStack() as started:

        def server(name: str, *, defect: bool = False) -> ServerProcess:
            options = {"model_path": str(model_path), "name": name, "defect": defect, "error_rate": USUAL_ERRORS}
            return started.enter_context(ServerProcess(FACTORY, options=options))

        arms = {"baseline": server("v1"), "candidate": server("v2", defect=defect)}
        urls = {arm: [one.url] for arm, one in arms.items()}
        options = {**urls, "salt": f"v2-{seed}", "limit_ms": LIMIT_MS}
        router = started.enter_context(ServerProcess("coursekit.deployment.serving:router_app", options=options))
        return asyncio.run(_conduct(router.url, due, users, queries))


async def _conduct(url: str, due: np.ndarray, users: list[str], queries: list[str]) -> tuple[LiveRollout, Load]:
    stop = asyncio.Event()
    load = asyncio.create_task(send_load(url, schedule=due, users=users, queries=queries, stop=stop))

    async def end_load() -> None:
        stop.set()
        await load

    try:
        controller = RolloutController(PLAN, guardrails=[BAD])
        rollout = await conduct(
            url, controller=controller, minute_s=MINUTE_S, minutes=MINUTES, after=AFTER, at_end=end_load
        )
    finally:
        stop.set()
    return rollout, await load


def evidence(model_path: Path, data: Dataset, *, seed: int = 0) -> dict[str, Measured]:
    """나쁜 후보는 실제 요청으로, 좋은 후보는 같은 계획의 모의 배포로 판정합니다."""
    queries = data.held_out["text"].sample(frac=1, random_state=seed + 1).tolist()
    bad, load = live(model_path, queries, defect=True, seed=seed)
    test = ConditionalEProcess()
    good = simulate(TRAFFIC, NOW, Candidate(error_ratio=0.9), PLAN, test, seed=seed)
    same = simulate_many(TRAFFIC, NOW, Candidate(), PLAN, test, runs=SIMULATED, seed=seed)
    twice = simulate_many(TRAFFIC, NOW, Candidate(error_ratio=2.0), PLAN, test, runs=SIMULATED, seed=seed)
    planned = f"분당 {TRAFFIC.requests_per_minute:,.0f}건, 오류 2%인 모의 배포"
    return {
        "bad_verdict": Measured(bad.rollout.verdict, "판정", "20자를 넘는 질의에서 멈추는 후보, 실제 HTTP"),
        "bad_minutes": Measured(bad.rollout.minutes, "분", "판정까지 (1분을 1초로 줄임)", ratio=4),
        "bad_dropped": Measured(load.dropped, "건", "배포와 되돌리기 동안 답을 받지 못한 요청"),
        "good_verdict": Measured(good.verdict, "판정", f"{planned}, 오류가 10% 적은 후보"),
        "good_minutes": Measured(good.minutes, "분", "승격까지"),
        "false_rollback_rate": Measured(
            float((same.verdict == "FAIL").mean()), "비율", f"{planned} {SIMULATED}번, 똑같은 후보", tolerance=0.01
        ),
        "caught_rate": Measured(
            float((twice.verdict == "FAIL").mean()),
            "비율",
            f"{planned} {SIMULATED}번, 오류가 두 배인 후보",
            tolerance=0.01,
        ),
    }
