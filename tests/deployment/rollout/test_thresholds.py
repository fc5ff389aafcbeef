"""Thresholds that are counted: against counting in plain Python, one run and one minute at a time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, poisson

from coursekit.deployment.rollout.auditing import audit
from coursekit.deployment.rollout.controller import RolloutController
from coursekit.deployment.rollout.evidence import Guardrail, Minute
from coursekit.deployment.rollout.plan import RampPlan
from coursekit.deployment.rollout.thresholds import ThresholdCheck, ThresholdCount
from coursekit.deployment.rollout.traffic import Traffic

GUARDRAILS = (Guardrail("errors"), Guardrail("slow", over_ms=300))
PLAN = RampPlan([0.1, 0.3], minutes_per_step=10, patience=1, min_requests=1)


def minutes_of(requests: np.ndarray, bad: np.ndarray) -> list[Minute]:
    """Candidate's counts, (minutes, runs) and (minutes, runs, metrics), beside a baseline without a flaw."""
    found = []
    for asked, failed in zip(requests, bad, strict=True):
        both = np.stack([np.full_like(asked, 1000), asked], axis=1)
        found.append(
            Minute(
                weight=np.full(len(asked), 0.1), requests=both, bad=np.stack([np.zeros_like(failed), failed], axis=2)
            )
        )
    return found


def counted(rule: ThresholdCount, requests: list[int], bad: list[list[int]]) -> tuple[list[list[bool]], list[bool]]:
    """For one run, minute by minute: does each guardrail roll back, and may the weight rise?"""
    fails = [0] * len(rule.checks)
    full_since: list[int | None] = [None] * len(rule.checks)
    held = False
    alarms, may_rise = [], []
    for now in range(1, len(requests) + 1):
        results: dict[int, bool] = {}
        for i, check in enumerate(rule.checks):
            first = check.interval if check.first is None else check.first
            looks = list(range(first, (check.stop or len(requests)) + 1, check.interval))
            if now not in looks:
                continue
            since = max(now - check.window, 0)
            asked = sum(requests[since:now])
            failed = sum(row[check.guardrail] for row in bad[since:now])
            if asked == 0:
                if rule.silence_fails:
                    results[i] = True
                continue
            results[i] = failed / asked > check.limit or (check.at_limit and failed / asked == check.limit)
        if results:
            held = any(results.values())
        for i in range(len(rule.checks)):
            fails[i] += any(results.values()) if rule.together else results.get(i, False)
            if fails[i] >= rule.checks[i].failures and full_since[i] is None:
                full_since[i] = now
        row = [False, False]
        for check, since_when in zip(rule.checks, full_since, strict=True):
            if since_when is not None and now >= since_when + rule.delay:
                row[check.guardrail] = True
        alarms.append(row)
        may_rise.append(not (rule.holds and held))
    return alarms, may_rise


@pytest.mark.parametrize("seed", range(60))
def test_counts_as_plain_python_counts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    checks = []
    for _ in range(rng.integers(1, 4)):
        interval = int(rng.integers(1, 5))
        first = None if rng.random() < 0.5 else int(rng.integers(1, 9))
        stop = None if rng.random() < 0.5 else (first or interval) + int(rng.integers(0, 12))
        checks.append(
            ThresholdCheck(
                limit=float(rng.choice([0.05, 0.1, 0.2])),
                guardrail=int(rng.integers(0, 2)),
                interval=interval,
                failures=int(rng.integers(1, 5)),
                window=int(rng.integers(1, 6)),
                first=first,
                stop=stop,
                at_limit=bool(rng.random() < 0.5),
            )
        )
    together, holds, silence = (bool(flag) for flag in rng.random(3) < 0.5)
    rule = ThresholdCount(
        checks=checks, together=together, holds=holds, silence_fails=silence, delay=int(rng.integers(0, 3))
    )
    runs, length = 7, 30
    # Few requests, so that silence and rates of exactly the limit (1 or 2 of 10 or 20) both happen.
    requests = rng.choice([0, 0, 10, 20], size=(length, runs))
    bad = rng.binomial(requests[:, :, None], 0.1, size=(length, runs, 2))
    watch = rule.watch(PLAN, runs=runs, guardrails=GUARDRAILS)
    seen, free = [], []
    for minute in minutes_of(requests, bad):
        seen.append(watch.update(minute) >= 1)
        free.append(watch.allows(np.full(runs, 2.0)))
    for run in range(runs):
        alarms, may_rise = counted(rule, requests[:, run].tolist(), bad[:, run].tolist())
        assert np.array(seen)[:, run].tolist() == alarms
        assert np.array(free)[:, run].tolist() == may_rise


def test_strength_is_the_share_of_the_failures_that_are_needed() -> None:
    rule = ThresholdCount(checks=[ThresholdCheck(limit=0.1, failures=4)], delay=1)
    watch = rule.watch(PLAN)
    bad = [50, 0, 50, 50, 50, 0]
    strength = [
        watch.update(minute)[0, 0] for minute in minutes_of(np.full((6, 1), 100), np.array(bad).reshape(6, 1, 1))
    ]
    assert strength == [0.25, 0.25, 0.5, 0.75, 0.99, 1.0]  # the fourth waits a minute


@pytest.mark.parametrize("per_cent", range(1, 100))
def test_exactly_the_limit_fails_only_where_it_shall(per_cent: int) -> None:
    requests, bad = np.array([100, 100, 100]), np.array([per_cent - 1, per_cent, per_cent + 1])
    assert ThresholdCheck(limit=per_cent / 100).fails(requests, bad).tolist() == [False, False, True]
    assert ThresholdCheck(limit=per_cent / 100, at_limit=True).fails(requests, bad).tolist() == [False, True, True]


def test_a_look_without_requests_neither_passes_nor_fails_unless_silence_does() -> None:
    nothing = minutes_of(np.zeros((3, 1), dtype=int), np.zeros((3, 1, 1), dtype=int))
    for silence, strength in ((False, 0.0), (True, 1.0)):
        rule = ThresholdCount(checks=[ThresholdCheck(limit=0.5, failures=3)], silence_fails=silence, holds=True)
        watch = rule.watch(PLAN)
        for minute in nothing:
            latest = watch.update(minute)
        assert latest[0, 0] == strength
        assert watch.allows(np.ones(1)).tolist() == [not silence]


def test_a_failed_look_keeps_the_weight_until_one_passes() -> None:
    plan = RampPlan([0.1, 0.2, 0.3], minutes_per_step=2, patience=6, min_requests=1)
    rule = ThresholdCount(checks=[ThresholdCheck(limit=0.1, interval=2, failures=3)], holds=True)
    controller = RolloutController(plan, evidence=rule)
    weights = []
    for fails in (False, True, False, True, False, False, False, False, False, False):
        weights.append(float(controller.weight[0]))
        asked = round(1000 * weights[-1])
        bad = np.array([[[0, asked // 2 * fails]]])
        controller.update(Minute(weight=controller.weight, requests=np.array([[1000 - asked, asked]]), bad=bad))
    assert weights == [0.1] * 6 + [0.2] * 2 + [0.3] * 2
    assert controller.verdict.tolist() == ["PASS"]


def test_the_baseline_does_not_matter() -> None:
    rule = ThresholdCount(checks=[ThresholdCheck(limit=0.1)])
    for bad_of_baseline in (0, 900):
        watch = rule.watch(PLAN)
        counts = np.array([[[bad_of_baseline, 11]]])
        strength = watch.update(Minute(weight=np.array([0.1]), requests=np.array([[1000, 100]]), bad=counts))
        assert strength.tolist() == [[1.0]]


def test_rates_of_a_rule_whose_error_rate_is_known() -> None:
    """One look at a Poisson number of requests, 100 in the mean, of which 1% are bad."""
    rule = ThresholdCount(checks=[ThresholdCheck(limit=0.03, stop=1)])
    plan = RampPlan([0.1], minutes_per_step=1, patience=1, min_requests=1)
    report = audit(plan, evidence=rule, traffic=Traffic(requests_per_minute=1000), runs=4000)
    asked = np.arange(1, 300)
    allowed = asked * 3 // 100
    exact = float(np.sum(poisson.pmf(asked, 100) * binom.sf(allowed, asked, 0.01)))
    # Four standard errors of a share among 4,000 runs.
    assert report.false_rollback_rate == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 0}, "limit must lie between 0 and 1"),
        ({"limit": 1.0}, "limit must lie between 0 and 1"),
        ({"limit": 0.1, "interval": 0}, "interval"),
        ({"limit": 0.1, "failures": 0}, "failures"),
        ({"limit": 0.1, "window": 1.5}, "window"),
        ({"limit": 0.1, "guardrail": -1}, "guardrail"),
        ({"limit": 0.1, "first": 0}, "first"),
        ({"limit": 0.1, "first": 5, "stop": 4}, "stop"),
        ({"limit": 0.1, "interval": 5, "stop": 4}, "stop"),
    ],
)
def test_bad_checks_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=f"ThresholdCheck: {message}"):
        ThresholdCheck(**options)


def test_bad_rules_are_refused() -> None:
    with pytest.raises(ValueError, match="checks is empty"):
        ThresholdCount(checks=[])
    with pytest.raises(ValueError, match="ThresholdCount: delay"):
        ThresholdCount(delay=-1)
    with pytest.raises(ValueError, match="looks at guardrail 1, but there are 1"):
        ThresholdCount(checks=[ThresholdCheck(limit=0.1, guardrail=1)]).watch(PLAN)
