"""배포 계획은 좋은 후보를 올리고 나쁜 후보를 되돌립니다."""

from __future__ import annotations

import numpy as np
import pytest
from coursekit.deployment.rollout import Candidate, ConditionalEProcess, Minute, RolloutController, simulate
from coursekit.deployment.serving import BAD

from system.rollout import NOW, PLAN, TRAFFIC


@pytest.mark.parametrize(("ratio", "verdict"), [(0.9, "PASS"), (3.0, "FAIL")])
@pytest.mark.parametrize("seed", range(5))
def test_verdict_in_simulation(ratio, verdict, seed):
    rollout = simulate(TRAFFIC, NOW, Candidate(error_ratio=ratio), PLAN, ConditionalEProcess(), seed=seed)
    assert rollout.verdict == verdict


def test_a_rollback_gives_everything_back_to_the_baseline():
    controller = RolloutController(PLAN, guardrails=[BAD])
    while controller.running[0]:
        controller.update(Minute(weight=controller.weight, requests=np.array([[900, 100]]), bad=np.array([[[18, 40]]])))
    assert (controller.verdict[0], controller.weight[0]) == ("FAIL", 0.0)


def test_the_share_rises_and_starts_small():
    assert list(PLAN.weights) == sorted(PLAN.weights)
    assert PLAN.weights[0] <= 0.1
