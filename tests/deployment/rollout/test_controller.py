"""The controller decides in its order, each rollout for itself, and each reason can be reached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from coursekit.deployment.rollout import (
    ERRORS,
    REASONS,
    VERDICTS,
    Candidate,
    ConditionalEProcess,
    Evidence,
    Guardrail,
    Minute,
    RampPlan,
    RolloutController,
    Service,
    Traffic,
    Watch,
    World,
)

PLAN = RampPlan([0.1, 0.5], minutes_per_step=3, patience=2)


@dataclass(frozen=True)
class Told(Evidence):
    """A test that finds what it is told to find."""

    alarm_from: int = 10**6
    """Minute from which it raises the alarm."""
    allows_from: int = 10**6
    """Minute from which it consents."""

    def _watch(self, plan, runs, alphas):
        return _ToldWatch(plan, runs, alphas, self)


class _ToldWatch(Watch):
    def __init__(self, plan, runs, alphas, told):
        super().__init__(plan, runs, alphas)
        self._told = told
        self.asked = []

    def update(self, minute):
        self.minute += 1
        return np.full((self.runs, self.alphas.size), 1.0 if self.minute >= self._told.alarm_from else 0.25)

    def allows(self, ratio):
        self.asked.append((self.minute, float(ratio[0])))
        return np.full(self.runs, self.minute >= self._told.allows_from)


def _minute(weight, *, requests=1_000, share=None, noisy=False):
    """A minute of one rollout; a share other than the weight is a fault of routing."""
    candidate = round(requests * (weight if share is None else share))
    served = np.array([[(requests - candidate) // 2, (requests - candidate) // 2, candidate]])
    failed = np.array([[[0, 50, 0]]]) if noisy else np.array([[[5, 5, 0]]])
    return Minute(
        weight=np.array([weight]),
        requests=np.array([[requests - candidate, candidate]]),
        bad=np.array([[[failed[0, 0, :2].sum(), 0]]]),
        instance_requests=served,
        instance_bad=failed,
        instance_arm=np.array([0, 0, 1]),
    )


def _run(told, plan=PLAN, **kind):
    controller = RolloutController(plan, evidence=told)
    for _ in range(plan.longest):
        controller.update(_minute(float(controller.weight[0]), **kind))
        if not controller.running[0]:
            break
    return controller


ENDS = {
    "promoted": (Told(allows_from=1), {}, "PASS", 6),
    "evidence": (Told(alarm_from=2), {}, "FAIL", 2),
    "overdispersion": (Told(alarm_from=2), {"noisy": True}, "INCONCLUSIVE", 2),
    "overdispersion in the end": (Told(allows_from=1), {"noisy": True}, "INCONCLUSIVE", 6),
    "routing": (Told(), {"share": 0.2}, "INCONCLUSIVE", 1),
    "patience": (Told(), {}, "INCONCLUSIVE", 6),
    "patience in the last step": (Told(allows_from=3), {}, "PASS", 6),
    "no data": (Told(), {"requests": 100}, "NO_DATA", 3),
    # The order: what makes the evidence void comes first.
    "routing before evidence": (Told(alarm_from=1), {"share": 0.2, "noisy": True}, "INCONCLUSIVE", 1),
    "evidence before no data": (Told(alarm_from=3), {"requests": 100}, "FAIL", 3),
    "evidence before promoted": (Told(alarm_from=6, allows_from=1), {}, "FAIL", 6),
    "evidence before patience": (Told(alarm_from=6), {}, "FAIL", 6),
    "no data before promoted": (Told(allows_from=1), {"requests": 100}, "NO_DATA", 3),
    "promoted at the last moment": (Told(allows_from=6), {}, "PASS", 9),
}
REASON = {
    "overdispersion in the end": "overdispersion",
    "patience in the last step": "promoted",
    "promoted at the last moment": "promoted",
}


@pytest.mark.parametrize("name", ENDS)
def test_each_end(name):
    evidence, kind, verdict, minutes = ENDS[name]
    controller = _run(evidence, **kind)
    reason = REASON.get(name, name.split(" before ")[0])
    assert (controller.verdict[0], controller.reason[0], controller.minutes[0]) == (verdict, reason, minutes)
    assert controller.weight[0] == (1.0 if verdict == "PASS" else 0.0)
    assert not controller.running[0]


def test_every_verdict_and_reason_is_reached():
    """All but the end of a log, which only a replay sees."""
    reached = {str(_run(evidence, **kind).reason[0]) for evidence, kind, *_ in ENDS.values()}
    assert reached == set(REASONS) - {"log ended"}
    assert {verdict for *_, verdict, _ in ENDS.values()} == set(VERDICTS)
    assert all(len(reason) <= 16 for reason in REASONS), "the controller's array cuts longer ones"


def test_consent_is_asked_for_the_ratio_of_the_step_once_its_minutes_are_over():
    controller = RolloutController(PLAN, evidence=Told(allows_from=4))
    weights = []
    while controller.running[0]:
        weights.append(float(controller.weight[0]))
        controller.update(_minute(weights[-1]))
    assert weights == [0.1] * 4 + [0.5] * 3
    assert controller._watch.asked == [(3, 1.5), (4, 1.5), (7, 1.25)]
    assert controller.verdict[0] == "PASS"


def test_each_step_has_its_own_patience_and_its_own_requests():
    """With 100 x weight requests a minute a step collects 30, then 150: 100 are asked of each, not of both."""
    plan = RampPlan([0.1, 0.5], minutes_per_step=3, patience=2, min_requests=30)
    assert _run(Told(allows_from=1), plan, requests=100).verdict[0] == "PASS"
    short = RampPlan([0.1, 0.5], minutes_per_step=3, patience=2, min_requests=31)
    assert _run(Told(allows_from=1), short, requests=100).verdict[0] == "NO_DATA"
    drying = RolloutController(PLAN, evidence=Told(allows_from=1))
    for at in range(6):
        drying.update(_minute(float(drying.weight[0]), requests=1_000 if at < 3 else 20))
    assert (drying.verdict[0], drying.minutes[0]) == ("NO_DATA", 6)
    late = _run(Told(allows_from=5))
    assert (late.verdict[0], late.minutes[0]) == ("PASS", 8)


def test_no_requests_at_all_are_no_data():
    controller = RolloutController(PLAN)
    for _ in range(3):
        controller.update(
            Minute(weight=controller.weight, requests=np.zeros((1, 2), dtype=int), bad=np.zeros((1, 1, 2), dtype=int))
        )
    assert controller.verdict[0] == "NO_DATA"
    assert controller.strength[0, 0] == pytest.approx(0, abs=1e-12)  # the logarithm of shares that add up to 1


def test_nothing_moves_after_a_verdict():
    early = _run(Told(alarm_from=3), share=0.2)
    for _ in range(3):
        early.update(_minute(0.0))
    assert (early.reason[0], early.strength.tolist()) == ("routing", [[0.25]])
    controller = _run(Told(alarm_from=2))
    strength = controller.strength.copy()
    for _ in range(20):
        controller.update(_minute(0.0))
    assert (controller.verdict[0], controller.minutes[0], controller.weight[0]) == ("FAIL", 2, 0.0)
    np.testing.assert_array_equal(controller.strength, strength)


@pytest.mark.parametrize("shape", [(1, 2, 2), (2, 1, 2), (1, 1, 3)])
def test_counts_of_another_shape_are_refused(shape):
    controller = RolloutController(PLAN)
    with pytest.raises(ValueError, match=r"bad must have the shape \(rollouts, guardrails, 2\) = \(1, 1, 2\)"):
        controller.update(Minute(weight=np.full(shape[0], 0.1), requests=np.zeros((shape[0], 2)), bad=np.zeros(shape)))


def test_a_rollout_knows_nothing_of_its_neighbours():
    """The same minutes, in a batch and one by one: every verdict, minute and number is the same."""
    guardrails = (ERRORS, Guardrail("slow", over_ms=200, share=0.5))
    plan = RampPlan([0.05, 0.2, 0.5], minutes_per_step=3, patience=3, margin=0.6)
    runs = 40
    world = World(
        Traffic(2_000),
        Service(error_rate=0.03, instance_noise=0.15),
        Candidate(error_ratio=1.2),
        guardrails=guardrails,
        runs=runs,
        rng=np.random.default_rng(7),
    )
    batch = RolloutController(plan, guardrails=guardrails, runs=runs)
    alone = [RolloutController(plan, guardrails=guardrails) for _ in range(runs)]
    while batch.running.any():
        minute = world.minute(int(batch.minutes.max()), np.where(batch.running, batch.weight, 0.0))
        batch.update(minute)
        for i, controller in enumerate(alone):
            own = slice(i, i + 1)
            controller.update(
                Minute(
                    weight=minute.weight[own],
                    requests=minute.requests[own],
                    bad=minute.bad[own],
                    instance_requests=minute.instance_requests[own],
                    instance_bad=minute.instance_bad[own],
                    instance_arm=minute.instance_arm,
                )
            )
            for name in ("verdict", "reason", "minutes", "weight", "step", "strength"):
                np.testing.assert_array_equal(getattr(batch, name)[own], getattr(controller, name), err_msg=name)
            np.testing.assert_array_equal(batch.dispersion.ratio[own], controller.dispersion.ratio)
    assert len(set(batch.verdict)) >= 3, "the batch should hold several kinds of end"


def test_alpha_is_split_by_shares():
    guardrails = (Guardrail("a"), Guardrail("b", share=3))
    watch = ConditionalEProcess(alpha=0.04).watch(PLAN, guardrails=guardrails)
    np.testing.assert_allclose(watch.alphas, [0.01, 0.03])
