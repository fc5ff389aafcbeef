"""Files of Argo Rollouts and Flagger: what they mean, against their own loops, and what is refused by field."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy.stats import binom, poisson

from coursekit.deployment.rollout import foreign
from coursekit.deployment.rollout.auditing import audit
from coursekit.deployment.rollout.controller import RolloutController
from coursekit.deployment.rollout.evidence import Guardrail, Minute
from coursekit.deployment.rollout.foreign import ForeignPlan, PlanFileError, read_plan
from coursekit.deployment.rollout.thresholds import ThresholdCheck, ThresholdCount

EXAMPLES = Path(__file__).parents[3] / "docs" / "rollout_examples"

ROLLOUT: dict[str, Any] = {
    "kind": "Rollout",
    "metadata": {"name": "web"},
    "spec": {
        "strategy": {
            "canary": {
                "analysis": {"templates": [{"templateName": "health"}]},
                "steps": [
                    {"setWeight": 10},
                    {"pause": {"duration": "5m"}},
                    {"setWeight": 40},
                    {"pause": {"duration": 600}},
                ],
            }
        }
    },
}
TEMPLATE: dict[str, Any] = {
    "kind": "AnalysisTemplate",
    "metadata": {"name": "health"},
    "spec": {"metrics": [{"name": "error-rate", "interval": "5m", "successCondition": "result[0] <= 0.05"}]},
}
CANARY: dict[str, Any] = {
    "kind": "Canary",
    "metadata": {"name": "web"},
    "spec": {
        "analysis": {
            "interval": "1m",
            "threshold": 5,
            "maxWeight": 50,
            "stepWeight": 10,
            "metrics": [{"name": "request-success-rate", "thresholdRange": {"min": 99}, "interval": "1m"}],
        }
    },
}


def write(folder: Path, *documents: Any) -> Path:
    path = folder / "rollout.yaml"
    path.write_text(yaml.safe_dump_all(documents), encoding="utf-8")
    return path


def put(document: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """A copy with something else at "a.b.0.c"; a value of ``...`` takes the field away."""
    changed = copy.deepcopy(document)
    *way, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    inside: Any = changed
    for part in way:
        inside = inside[part]
    if value is ...:
        del inside[last]
    else:
        inside[last] = value
    return changed


def played(found: ForeignPlan, minute_is_bad: Callable[[int], bool], requests: int = 1000) -> tuple[str, int, list]:
    """Verdict, its minute, and the weight in per cent of each minute; every request of a bad minute is bad."""
    assert found.plan is not None
    controller = RolloutController(found.plan, evidence=found.evidence, guardrails=found.guardrails)
    weights = []
    while controller.running[0]:
        weight = controller.weight
        weights.append(round(100 * float(weight[0])))
        asked = round(requests * float(weight[0]))
        bad = np.zeros((1, len(found.guardrails), 2), dtype=int)
        bad[..., 1] = asked * minute_is_bad(len(weights))
        controller.update(Minute(weight=weight, requests=np.array([[requests - asked, asked]]), bad=bad))
    return str(controller.verdict[0]), int(controller.minutes[0]), weights


# Flagger


def flagger_ticks(rises: Callable[[int], int], most: int, threshold: int, fails: list[bool]) -> tuple[str, int, list]:
    """Flagger's advanceCanary, tick by tick: verdict, its tick, and the weight after each tick."""
    weight, failed, weights = 0, 0, []
    for tick, check_fails in enumerate(fails):
        if failed >= threshold:
            return "FAIL", tick, weights
        if weight > 0 and check_fails:
            failed += 1
        elif weight < most:
            weight = rises(weight)
        else:
            return "PASS", tick, weights
        weights.append(weight)
    raise AssertionError("more ticks are needed")


@pytest.mark.parametrize("seed", range(60))
def test_flagger_goes_up_and_back_like_its_scheduler(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    interval, threshold = int(rng.integers(1, 4)), int(rng.integers(1, 6))
    analysis: dict[str, Any] = {"interval": f"{interval}m", "threshold": threshold}
    if rng.random() < 0.5:
        step, most = int(rng.integers(5, 40)), int(rng.integers(10, 60))  # 39 + 59 stays below 100
        analysis |= {"stepWeight": step, "maxWeight": most}

        def rises(weight: int) -> int:
            return weight + step
    else:
        steps = sorted({int(weight) for weight in rng.integers(1, 100, size=4)})
        most = steps[-1]
        analysis["stepWeights"] = steps

        def rises(weight: int) -> int:
            return next(step for step in steps if step > weight)

    fails = (rng.random(100) < rng.choice([0.05, 0.3, 0.9])).tolist()
    document = put(CANARY, "spec.analysis", analysis | {"metrics": CANARY["spec"]["analysis"]["metrics"]})
    # The minutes of an interval are what the check at its end sees.
    verdict, minutes, weights = played(read_plan(write(tmp_path, document)), lambda m: fails[-(-m // interval)])
    expected, tick, by_tick = flagger_ticks(rises, most, threshold, fails)
    assert (verdict, minutes) == (expected, tick * interval)
    assert weights == np.repeat(by_tick, interval).tolist()


def test_flagger_fields(tmp_path: Path) -> None:
    metrics = [
        {"name": "request-success-rate", "thresholdRange": {"min": 98.5}, "interval": "30s"},
        {"name": "request-duration", "thresholdRange": {"max": 500}, "interval": "2m"},
        {"name": "error-percentage", "thresholdRange": {"max": 1}, "templateRef": {"name": "errors"}},
        {"name": "latency-p90-seconds", "thresholdRange": {"max": 0.25}, "templateRef": {"name": "slow"}},
    ]
    document = put(CANARY, "spec.analysis.metrics", metrics)
    document["spec"]["analysis"] |= {
        "stepWeightPromotion": 20,
        "alerts": [],
        "webhooks": [{"name": "load", "type": "rollout", "url": "local"}, {"name": "default"}],
    }
    found = read_plan(write(tmp_path, document))
    assert (found.tool, found.name) == ("flagger", "web")
    assert found.guardrails == (
        Guardrail("request-success-rate"),
        Guardrail("request-duration", over_ms=500),
        Guardrail("error-percentage"),
        Guardrail("latency-p90-seconds", over_ms=250),
    )
    evidence = found.evidence
    assert isinstance(evidence, ThresholdCount)
    assert [check.limit for check in evidence.checks] == [0.015, 0.01, 0.01, 0.1]
    assert [check.window for check in evidence.checks] == [1, 2, 1, 1]
    assert (evidence.together, evidence.holds, evidence.silence_fails, evidence.delay) == (True, True, True, 1)


def test_flagger_counts_two_failed_metrics_once(tmp_path: Path) -> None:
    two = CANARY["spec"]["analysis"]["metrics"] + [{"name": "request-duration", "thresholdRange": {"max": 500}}]
    found = read_plan(write(tmp_path, put(CANARY, "spec.analysis.metrics", two)))
    assert played(found, lambda minute: True)[:2] == ("FAIL", 6)  # five checks, and the tick after


def test_flagger_defaults(tmp_path: Path) -> None:
    document = put(put(CANARY, "spec.analysis.interval", ...), "spec.analysis.threshold", ...)
    found = read_plan(write(tmp_path, put(document, "spec.analysis.maxWeight", ...)))
    assert found.plan is not None
    assert found.plan.weights == tuple(weight / 10 for weight in range(1, 10))  # what comes at 100 is not compared
    assert found.plan.lengths == (1,) * 9
    assert played(found, lambda minute: True)[:2] == ("FAIL", 2)
    unset = read_plan(write(tmp_path, put(CANARY, "spec.analysis.threshold", 0)))  # as if it were missing
    assert played(unset, lambda minute: True)[:2] == ("FAIL", 2)


# Argo Rollouts


def argo_run(steps: list, analyses: dict[int, dict], background: dict | None, starting: int, bad: set[int]) -> tuple:
    """Argo's loop, a minute a turn: a measurement fails if a minute of its interval was bad."""
    runs: list[dict[str, Any]] = []  # analyses that go on
    weights: list[int] = []
    now, weight, at, until = 0, 0, -1, 0

    def start(metric: dict) -> dict[str, Any]:
        run = {"next": now + metric["delay"], "taken": 0, "failed": 0, "done": False, **metric}
        runs.append(run)
        return run

    waiting: dict[str, Any] | None = None
    while True:
        moved = True
        while moved:  # an analysis that a step starts measures at the same moment, and may end it
            moved = False
            for run in runs:
                if run["done"] or run["next"] > now:
                    continue
                run["next"] = now + run["interval"]
                if now == 0:
                    continue  # no requests yet: an error, which is not counted
                run["taken"] += 1
                run["failed"] += bool(bad & set(range(now - run["interval"] + 1, now + 1)))
                if run["failed"] > run["limit"]:
                    return "FAIL", now, weights
                run["done"] = run["count"] > 0 and run["taken"] >= run["count"]
            if now >= until and (waiting is None or waiting["done"]):
                moved = True
                at += 1
                if at == len(steps):
                    return "PASS", now, weights
                if background is not None and at == starting:
                    start(background)
                waiting = None
                if at in analyses:
                    waiting = start(analyses[at])
                elif isinstance(steps[at], tuple):
                    until = now + steps[at][0]
                else:
                    weight = steps[at]
        now += 1
        weights.append(weight)


@pytest.mark.parametrize("seed", range(80))
def test_argo_measures_and_aborts_like_its_controller(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    documents: list[dict[str, Any]] = []

    def metric(*, ends: bool) -> dict[str, int]:
        drawn = {"interval": int(rng.integers(1, 6)), "delay": int(rng.choice([0, 0, 2, 7]))}
        drawn["count"] = int(rng.integers(1, 6)) if ends or rng.random() < 0.3 else 0
        return drawn | {"limit": int(rng.integers(0, drawn["count"] or 4))}

    def template(name: str, drawn: dict[str, int]) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "name": "success-rate",
            "interval": f"{drawn['interval']}m",
            "successCondition": "result[0] >= 0.9999",  # all requests of a bad minute are bad
            "failureLimit": drawn["limit"],
        }
        fields |= {"count": drawn["count"]} if drawn["count"] else {}
        fields |= {"initialDelay": f"{drawn['delay']}m"} if drawn["delay"] else {}
        documents.append({"kind": "AnalysisTemplate", "metadata": {"name": name}, "spec": {"metrics": [fields]}})
        return {"templates": [{"templateName": name}]}

    canary: dict[str, Any] = {"steps": []}
    steps: list = []
    analyses: dict[int, dict] = {}
    for weight in sorted({int(w) for w in rng.integers(1, 99, size=rng.integers(1, 4))}):
        pause = int(rng.integers(1, 9))
        canary["steps"] += [{"setWeight": weight}, {"pause": {"duration": f"{pause}m"}}]
        steps += [weight, (pause,)]
        if rng.random() < 0.5:
            analyses[len(steps)] = metric(ends=True)
            canary["steps"].append({"analysis": template(f"step-{len(steps)}", analyses[len(steps)])})
            steps.append(None)
    background, starting = None, 0
    if not analyses or rng.random() < 0.5:
        background = metric(ends=False)
        starting = int(rng.integers(0, 3)) if len(steps) > 3 else 0
        canary["analysis"] = template("background", background)
        if starting:
            canary["analysis"]["startingStep"] = starting
    found = read_plan(write(tmp_path, put(ROLLOUT, "spec.strategy.canary", canary), *documents))
    bad = {minute for minute in range(1, 200) if rng.random() < (0.02, 0.1, 0.4)[seed % 3]}
    assert played(found, lambda minute: minute in bad) == argo_run(steps, analyses, background, starting, bad)


def test_argo_fields(tmp_path: Path) -> None:
    metrics = [
        {"name": "success-rate", "interval": "5m", "successCondition": "result[0] >= 0.95", "failureLimit": 3},
        {"name": "error-rate", "interval": "1m", "count": 4, "failureCondition": "result > 2", "initialDelay": "2m"},
        {"name": "latency-p95-seconds", "successCondition": " result[0] < 0.5 ", "failureLimit": "0"},
        {"name": "5xx-share", "interval": "1h", "failureCondition": "result[0] >= 0.25", "consecutiveErrorLimit": 4},
    ]
    found = read_plan(write(tmp_path, ROLLOUT, put(TEMPLATE, "spec.metrics", metrics)))
    assert found.plan is not None
    assert (found.tool, found.name, found.plan.weights, found.plan.lengths) == ("argo", "web", (0.1, 0.4), (5, 10))
    assert found.evidence == ThresholdCount(
        checks=[
            ThresholdCheck(limit=0.05, interval=5, failures=4, window=5, first=5),
            ThresholdCheck(limit=0.02, guardrail=1, first=2, stop=5),
            ThresholdCheck(limit=0.05, guardrail=2, first=1, stop=1),
            ThresholdCheck(limit=0.25, guardrail=3, interval=60, window=60, first=60, at_limit=True),
        ]
    )
    assert found.guardrails[2] == Guardrail("latency-p95-seconds", over_ms=500)


@pytest.mark.parametrize(
    ("condition", "at_limit"),
    [
        ({"successCondition": "result[0] < 0.1"}, True),
        ({"successCondition": "result[0] <= 0.1"}, False),
        ({"failureCondition": "result[0] > 0.1"}, False),
        ({"failureCondition": "result[0] >= 0.1"}, True),
    ],
)
def test_argo_at_exactly_the_limit(tmp_path: Path, condition: dict[str, str], at_limit: bool) -> None:
    metric = {"name": "error-rate", "interval": "1m", **condition}
    evidence = read_plan(write(tmp_path, ROLLOUT, put(TEMPLATE, "spec.metrics", [metric]))).evidence
    assert isinstance(evidence, ThresholdCount)
    assert evidence.checks[0].fails(np.array([10]), np.array([1])).tolist() == [at_limit]
    assert evidence.checks[0].fails(np.array([10]), np.array([2])).tolist() == [True]


def test_an_analysis_step_lengthens_its_step_and_stops_after_its_count(tmp_path: Path) -> None:
    steps = [
        {"setWeight": 10},
        {"pause": {"duration": "5m"}},
        {"analysis": {"templates": [{"templateName": "health"}]}},
    ]
    canary = {"steps": [*steps, {"setWeight": 40}, {"pause": {"duration": "10m"}}]}
    template = put(put(TEMPLATE, "spec.metrics.0.count", 3), "spec.metrics.0.failureLimit", 0)
    found = read_plan(write(tmp_path, put(ROLLOUT, "spec.strategy.canary", canary), template))
    assert found.plan is not None
    assert found.plan.lengths == (15, 10)  # measured at 5, 10 and 15 minutes
    evidence = found.evidence
    assert isinstance(evidence, ThresholdCount)
    assert [minute for minute in range(1, 26) if evidence.checks[0].looks_at(minute)] == [5, 10, 15]
    assert played(found, lambda minute: minute > 15) == ("PASS", 25, [10] * 15 + [40] * 10)


def test_a_weight_that_lasts_no_minute_is_no_step(tmp_path: Path) -> None:
    steps = [*ROLLOUT["spec"]["strategy"]["canary"]["steps"], {"setWeight": 60}, {"pause": {"duration": "3m"}}]
    steps[3] = {"analysis": {"templates": [{"templateName": "health"}]}}  # one measurement at once, of the 10% before
    template = put(TEMPLATE, "spec.metrics.0.count", 1)
    found = read_plan(write(tmp_path, put(ROLLOUT, "spec.strategy.canary", {"steps": steps}), template))
    assert found.plan is not None
    assert (found.plan.weights, found.plan.lengths) == ((0.1, 0.6), (5, 3))
    assert played(found, lambda minute: minute == 5)[:2] == ("FAIL", 5)
    assert played(found, lambda minute: minute > 5)[0] == "PASS"


@pytest.mark.parametrize("where", ["rollout", "template"])
@pytest.mark.parametrize("rule", ["success", "success-rate"])
def test_a_dry_run_measures_without_effect(tmp_path: Path, where: str, rule: str) -> None:
    metrics = [
        *TEMPLATE["spec"]["metrics"],
        {"name": "success-rate", "successCondition": "whatever != nil", "count": 1},
    ]
    rollout, template = ROLLOUT, put(TEMPLATE, "spec.metrics", metrics)
    dry = [{"metricName": rule}]
    if where == "rollout":
        rollout = put(rollout, "spec.strategy.canary.analysis.dryRun", dry)
    else:
        template = put(template, "spec.dryRun", dry)
    found = read_plan(write(tmp_path, rollout, template))
    assert found.guardrails == (Guardrail("error-rate"),)


def test_a_dry_run_still_holds_its_step(tmp_path: Path) -> None:
    step = {"analysis": {"templates": [{"templateName": "health"}], "dryRun": [{"metricName": "success"}]}}
    metrics = [
        {"name": "error-rate", "successCondition": "result < 0.1"},
        {"name": "success-rate", "interval": "2m", "count": 4, "successCondition": "result > 0.1"},
    ]
    canary = {"steps": [{"setWeight": 10}, {"pause": {"duration": "5m"}}, step]}
    rollout = put(ROLLOUT, "spec.strategy.canary", canary)
    found = read_plan(write(tmp_path, rollout, put(TEMPLATE, "spec.metrics", metrics)))
    assert found.plan is not None
    assert found.plan.lengths == (11,)


# What is refused


STEPS = "spec.strategy.canary.steps"
ANALYSIS = "spec.strategy.canary.analysis"
METRIC = "spec.metrics.0"
INLINE = {"analysis": {"templates": [{"templateName": "health"}]}}


@pytest.mark.parametrize(
    ("of", "place", "value", "message"),
    [
        ("rollout", "spec.strategy", {"blueGreen": {}}, "spec.strategy.canary: must be given; blue-green"),
        ("rollout", STEPS, ..., r"steps: must list at least one"),
        ("rollout", STEPS, [], r"steps: must list at least one"),
        ("rollout", f"{STEPS}.0.setWeight", 110, r"steps\[0\].setWeight: must not fall and be at most 100, got 110"),
        ("rollout", f"{STEPS}.2.setWeight", 5, r"steps\[2\].setWeight: must not fall"),
        ("rollout", f"{STEPS}.0.setWeight", "many", r"steps\[0\].setWeight: must be a number"),
        ("rollout", f"{STEPS}.0.setWeight", 0, r"steps\[1\]: comes before the first setWeight above 0"),
        ("rollout", f"{STEPS}.1.pause", {}, r"steps\[1\].pause: without a duration waits for a person"),
        ("rollout", f"{STEPS}.1.pause.duration", "30s", r"steps\[1\].pause.duration: '30s' is not modelled"),
        ("rollout", f"{STEPS}.1.pause.duration", 90, r"steps\[1\].pause.duration: 90 is not modelled"),
        ("rollout", f"{STEPS}.1.pause.duration", "soon", r"steps\[1\].pause.duration: must be a duration"),
        ("rollout", f"{STEPS}.1.pause.duration", "99999h", r"steps\[1\].pause.duration: .* more than a week"),
        ("rollout", f"{STEPS}.1", {"pause": {"duration": 60}, "setWeight": 20}, r"steps\[1\]: must have exactly one"),
        ("rollout", f"{STEPS}.1", {"experiment": {}}, r"steps\[1\].experiment: is not modelled"),
        ("rollout", STEPS, [{"setWeight": 100}, {"pause": {"duration": "1h"}}], "steps: never stay at a weight"),
        ("rollout", STEPS, [{"setWeight": 100}, INLINE], r"steps\[1\].analysis: at a weight of 100"),
        ("rollout", ANALYSIS, ..., "analysis: is missing, and no step has one"),
        ("rollout", f"{ANALYSIS}.templates.0.templateName", "other", "templateName: 'other' is no analysis template"),
        ("rollout", f"{ANALYSIS}.templates", [], "analysis.templates: must list at least one"),
        ("rollout", f"{ANALYSIS}.startingStep", 4, "analysis.startingStep: 4 comes when nothing is watched"),
        ("rollout", f"{ANALYSIS}.dryRun", [{"metricName": ".*"}], "analysis: is missing, and no step has one"),
        ("rollout", f"{ANALYSIS}.dryRun", [{"metricName": "e.+"}], r"dryRun\[0\].metricName: 'e.\+' is a pattern"),
        ("rollout", f"{ANALYSIS}.dryRun", [{"metricName": "other"}], r"dryRun\[0\].metricName: 'other' is in the name"),
        ("rollout", f"{STEPS}.3", INLINE, r"metrics\[0\].count: must be given in an analysis step"),
        ("rollout", "spec.strategy.canary.stepz", 1, "canary.stepz: is not modelled"),
        ("rollout", "metadata", {}, "metadata.name: must be a text"),
        ("template", "spec.metrics", [], "document 2.spec.metrics: must list at least one"),
        ("template", f"{METRIC}.failureCondition", "result > 1", "successCondition: .* both are given"),
        ("template", f"{METRIC}.successCondition", ..., "successCondition: .* none is given"),
        ("template", f"{METRIC}.successCondition", "all(result, # > 1)", "successCondition: .* is not modelled"),
        ("template", f"{METRIC}.successCondition", "result[0] >= 0.9", "successCondition: .* needs an upper"),
        ("template", f"{METRIC}.successCondition", "result[0] <= 1", "successCondition: a limit of 1 lets everything"),
        ("template", f"{METRIC}.name", "saturation", r"metrics\[0\].name: 'saturation' does not say what it counts"),
        ("template", f"{METRIC}.name", "success-or-error", r"metrics\[0\].name: .* says errors and success"),
        ("template", f"{METRIC}.name", "success-rate", "successCondition: a metric of success needs a lower limit"),
        ("template", f"{METRIC}.name", "latency-ms", r"metrics\[0\].name: 'latency-ms' must say percentile and unit"),
        ("template", f"{METRIC}.name", "latency-p99", r"metrics\[0\].name: 'latency-p99' must say percentile and unit"),
        ("template", f"{METRIC}.interval", "90s", r"metrics\[0\].interval: '90s' is not modelled"),
        ("template", f"{METRIC}.failureLimit", -1, r"metrics\[0\].failureLimit: must be a number of at least 0"),
        ("template", f"{METRIC}.failureLimit", 1.5, r"metrics\[0\].failureLimit: must be a whole number"),
        ("template", METRIC, {**TEMPLATE["spec"]["metrics"][0], "count": 2, "failureLimit": 3}, "failureLimit: must"),
        ("template", f"{METRIC}.count", 10**9, r"metrics\[0\].count: .* more than a week"),
        ("template", f"{METRIC}.inconclusiveLimit", 3, r"metrics\[0\].inconclusiveLimit: is not modelled"),
        ("template", f"{METRIC}", {"name": "errors", "count": 2, "successCondition": "result < 1"}, "interval: must"),
        ("template", f"{METRIC}", "none", r"metrics\[0\]: must be a table of fields, got 'none'"),
        ("template", "spec.metrics", TEMPLATE["spec"]["metrics"] * 2, r"metrics\[1\].name: 'error-rate' is taken"),
        ("template", "spec", None, "document 2.spec: must be a table"),
        ("canary", "spec.skipAnalysis", True, "spec.skipAnalysis: promotes without looking"),
        ("canary", "spec.analysis", ..., "spec.analysis: must be a table"),
        ("canary", "spec.analysis.metrics", [], "spec.analysis.metrics: must list at least one"),
        ("canary", "spec.analysis.iterations", 10, "spec.analysis.iterations: is not modelled"),
        ("canary", "spec.analysis.mirror", True, "spec.analysis.mirror: is not modelled"),
        ("canary", "spec.analysis.stepWeight", ..., "spec.analysis.stepWeight: must be given; iterations"),
        ("canary", "spec.analysis.stepWeight", 0, "spec.analysis.stepWeight: must be a whole number of at least 1"),
        ("canary", "spec.analysis.stepWeight", 100, "spec.analysis.stepWeight: goes to 100 at once"),
        ("canary", "spec.analysis.maxWeight", 101, "spec.analysis.maxWeight: must be at most 100"),
        ("canary", "spec.analysis.stepWeights", [10, 20], "spec.analysis.stepWeight: is given beside stepWeights"),
        ("canary", "spec.analysis.interval", "30s", "spec.analysis.interval: '30s' is not modelled"),
        ("canary", "spec.analysis.threshold", 2.5, "spec.analysis.threshold: must be a whole number"),
        ("canary", "spec.analysis.threshold", 10**9, "spec.analysis.threshold: .* more than a week"),
        ("canary", "spec.analysis.webhooks", [{"type": "confirm-rollout"}], r"webhooks\[0\].type: 'confirm-rollout'"),
        ("canary", "spec.analysis.metrics.0.name", "error-rate", r"metrics\[0\].name: .* others need a templateRef"),
        ("canary", "spec.analysis.metrics.0.thresholdRange", {"min": 1, "max": 2}, "thresholdRange: exactly one"),
        ("canary", "spec.analysis.metrics.0.thresholdRange", {}, "thresholdRange: exactly one"),
        ("canary", "spec.analysis.metrics.0.thresholdRange", {"max": 99}, "thresholdRange.max: must be a lower limit"),
        ("canary", "spec.analysis.metrics.0.thresholdRange", {"min": 100}, "thresholdRange.min: must be a lower limit"),
        ("canary", "spec.analysis.metrics.0.query", "up", r"metrics\[0\].query: is not modelled"),
        ("canary", "spec.analysis.metrics", CANARY["spec"]["analysis"]["metrics"] * 2, r"metrics\[1\].name: .* taken"),
    ],
)  # fmt: skip
def test_what_is_not_modelled_names_file_and_field(
    tmp_path: Path, of: str, place: str, value: Any, message: str
) -> None:
    documents = {
        "rollout": lambda: (put(ROLLOUT, place, value), TEMPLATE),
        "template": lambda: (ROLLOUT, put(TEMPLATE, place, value)),
        "canary": lambda: (put(CANARY, place, value),),
    }[of]()
    path = write(tmp_path, *documents)
    with pytest.raises(PlanFileError, match=f"^{re.escape(str(path))}: .*{message}"):
        read_plan(path)


@pytest.mark.parametrize("weights", [[10, 10], [20, 10], [10, "20"], "10", []])
def test_step_weights_must_rise(tmp_path: Path, weights: Any) -> None:
    analysis = {"stepWeights": weights, "metrics": CANARY["spec"]["analysis"]["metrics"]}
    with pytest.raises(PlanFileError, match="stepWeights: must"):
        read_plan(write(tmp_path, put(CANARY, "spec.analysis", analysis)))


@pytest.mark.parametrize(("weights", "message"), [([0, 10], "above 0"), ([50, 120], "at most 100"), ([100], "at once")])
def test_step_weights_lie_between_0_and_100(tmp_path: Path, weights: list, message: str) -> None:
    analysis = {"stepWeights": weights, "metrics": CANARY["spec"]["analysis"]["metrics"]}
    with pytest.raises(PlanFileError, match=f"stepWeights: .*{message}"):
        read_plan(write(tmp_path, put(CANARY, "spec.analysis", analysis)))


def test_two_limits_of_one_latency(tmp_path: Path) -> None:
    other = put(put(TEMPLATE, "metadata.name", "other"), f"{METRIC}.successCondition", "result < 200")
    other = put(other, f"{METRIC}.name", "latency-p99-ms")
    first = put(put(TEMPLATE, f"{METRIC}.name", "latency-p99-ms"), f"{METRIC}.successCondition", "result < 300")
    steps = [*ROLLOUT["spec"]["strategy"]["canary"]["steps"], {"analysis": {"templates": [{"templateName": "other"}]}}]
    with pytest.raises(PlanFileError, match="name: 'latency-p99-ms' has two different limits"):
        read_plan(write(tmp_path, put(ROLLOUT, STEPS, steps), first, put(other, f"{METRIC}.count", 2)))


# What is no rollout file at all


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"# nothing\n---\n", "is empty"),
        (b"kind: Rollout\n  bad: [", ", line 2: is neither YAML nor JSON"),
        (b'{"kind": "Canary",,}', ", line 1: is neither YAML nor JSON"),
        (b"\xff\xfe\x00binary", "cannot be read: it is no text in UTF-8"),
        (b"kind: \x00", "is neither YAML nor JSON"),
        (b"- kind: Rollout\n", "document 1 must be a table of fields"),
        (b"just words", "document 1 must be a table of fields, got 'just words'"),
        (b"kind: Deployment\n", "kind must be 'Rollout' .* found 'Deployment'"),
        (b"a: 1\n", "kind must be 'Rollout' .* found none"),
        (b"kind: [Rollout]\n", r"found \['Rollout'\]"),
        (b"kind: !!python/object/apply:os.getcwd []\n", "line 1: is neither YAML nor JSON"),
        (b"kind: Canary\nmetadata: 2024-99-99\n", "is neither YAML nor JSON"),
        (b"kind: Canary\nspec: &a [*a]\n", "unfold without end"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"kind: Canary\nspec: '" + b"x" * 10_000_000 + b"'\n", "is larger than 300 kB"),
        (b"a: 1\n" * 10_000, "kind must be"),
    ],
    ids=range(17),
)
def test_what_is_no_rollout_file(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    with pytest.raises(PlanFileError, match=f"^{re.escape(str(path))}.*{message}"):
        read_plan(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(PlanFileError, match=r"none\.yaml: cannot be read: No such file"):
        read_plan(tmp_path / "none.yaml")
    with pytest.raises(PlanFileError, match=f"{re.escape(str(tmp_path))}: cannot be read"):
        read_plan(tmp_path)
    with pytest.raises(PlanFileError, match="is larger than"):
        read_plan(os.devnull.replace("null", "zero"))


@pytest.mark.parametrize("use", ["*a9", "{<<: *m9}"])
def test_bombs_of_aliases_are_refused(tmp_path: Path, use: str) -> None:
    lists = ["- &a0 [x, x]"] + [f"- &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    maps = ["- &m0 {x: 1}"] + [f"- &m{i} {{<<: [{', '.join([f'*m{i - 1}'] * 10)}]}}" for i in range(1, 10)]
    path = tmp_path / "bomb.yaml"
    path.write_text("parts:\n" + "\n".join(lists + maps) + f"\nkind: Canary\nspec: {use}\n", encoding="utf-8")
    with pytest.raises(PlanFileError, match="its aliases unfold without end"):
        read_plan(path)


def test_a_few_aliases_are_welcome(tmp_path: Path) -> None:
    path = tmp_path / "aliases.yaml"
    text = (
        yaml.safe_dump(CANARY).replace("interval: 1m", "interval: &one 1m", 1).replace("interval: 1m", "interval: *one")
    )
    assert "*one" in text
    path.write_text(text, encoding="utf-8")
    assert read_plan(path).tool == "flagger"


# Audits


def test_every_example_can_be_audited() -> None:
    tools = set()
    for path in sorted(EXAMPLES.iterdir()):
        tools.add(read_plan(path).tool)
        report = audit(path, runs=50)
        assert report.configuration == "intents"
        assert report.harmless.verdict.size == 50
    assert tools == {"argo", "flagger", "kayenta"}


def example_with(folder: Path, limit: str) -> Path:
    text = (EXAMPLES / "argo.yaml").read_text(encoding="utf-8")
    path = folder / "argo.yaml"
    path.write_text(text.replace("result[0] >= 0.98", f"result[0] >= {limit}"), encoding="utf-8")
    return path


def test_a_limit_at_the_usual_rate_rolls_back_what_is_harmless(tmp_path: Path) -> None:
    """Base rate 1%, limit 1%: each of 12 looks fails with about a half, and 3 are enough: P(fewer) is about .02."""
    report = audit(example_with(tmp_path, "0.99"), runs=300)
    assert report.false_rollback_rate > 0.9


def test_a_limit_at_twice_the_usual_rate_finds_twice_late() -> None:
    """At 2% each look is a coin toss: the third failure of fair coins comes at look 6 in the mean, after 30 minutes."""
    report = audit(EXAMPLES / "argo.yaml", runs=300, regression=2.0)
    assert report.false_rollback_rate < 0.01
    assert 20 <= report.median_minutes <= 35
    assert audit(EXAMPLES / "argo.yaml", runs=300, regression=1.5).missed_rate > 0.9


# Values that nobody would write


NASTY = [
    *(None, "", 0, -1, 0.5, 101, True, 1e306, 1e-320, 10**400, 12345678901234567890, float("inf"), float("nan")),
    *("9" * 400, "9" * 400 + "m", "1h30m", "{{args.limit}}", [], {}, [{}], {1: 2}, f"result > {'9' * 400}"),
]


def places(node: Any, way: tuple = ()) -> list[tuple]:
    """Where each value of a document stands."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return ([way] if way else []) + [place for key, value in inside for place in places(value, (*way, key))]


def test_no_value_anywhere_ends_in_another_error_than_one_that_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read can be watched, what is not names the file; neither stops with a trace of ours."""
    inline = {"setWeight": 50}, {"analysis": {"templates": [{"templateName": "step"}], "dryRun": [{"metricName": "x"}]}}
    rollout = put(ROLLOUT, STEPS, [*ROLLOUT["spec"]["strategy"]["canary"]["steps"], *inline])
    rollout = put(rollout, f"{ANALYSIS}.startingStep", 1)
    rare = {"count": 2, "interval": "2m", "initialDelay": "3m", "failureLimit": 1, "failureCondition": "result > 400"}
    step = put(put(TEMPLATE, "metadata.name", "step"), "spec.metrics", [{"name": "latency-p95-ms", **rare}])
    step["spec"]["metrics"].append({"name": "x-errors", "successCondition": "result < 0.1"})
    slow = {"name": "request-duration", "thresholdRange": {"max": 500}, "interval": "2m"}
    tail = {"name": "latency-p99-seconds", "thresholdRange": {"max": 0.5}, "templateRef": {"name": "tail"}}
    canary = put(CANARY, "spec.analysis.metrics", [*CANARY["spec"]["analysis"]["metrics"], slow, tail])
    health = put(TEMPLATE, f"{METRIC}.failureLimit", 2)
    path = write(tmp_path, rollout, health, step)
    assert read_plan(path).tool == "argo"
    assert read_plan(write(tmp_path, canary)).tool == "flagger"
    read = refused = 0
    for documents in ([rollout, health, step], [canary]):
        for place in places(documents):
            for value in (*NASTY, ...):
                changed = put({"all": documents}, ".".join(["all", *map(str, place)]), value)["all"]
                monkeypatch.setattr(foreign, "_loaded", lambda *_, changed=changed: changed)  # YAML takes its time
                try:
                    found = read_plan(path)
                except PlanFileError as error:
                    assert str(error).startswith(str(path))
                    assert len(str(error)) < len(str(path)) + 400
                    refused += 1
                else:
                    found.evidence.watch(found.plan, guardrails=found.guardrails)
                    read += 1
    assert read > 50
    assert refused > 500


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("spec.provider", "kubernetes", "spec.provider: 'kubernetes' splits no traffic"),
        ("spec.suspend", True, "spec.suspend: stands still"),
        ("spec.analysis.metrics.0.thresholdRange.min", 1e-13, "thresholdRange.min: must be a lower limit"),
        ("spec.analysis.threshold", "9" * 400, "threshold: must be a number"),
    ],
)
def test_what_flagger_would_not_do(tmp_path: Path, place: str, value: Any, message: str) -> None:
    with pytest.raises(PlanFileError, match=message):
        read_plan(write(tmp_path, put(CANARY, place, value)))


def test_what_stands_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanFileError, match="kind 'Canary' stands there 2 times"):
        read_plan(write(tmp_path, CANARY, CANARY))
    with pytest.raises(PlanFileError, match="kind 'Rollout' stands there 3 times"):
        read_plan(write(tmp_path, ROLLOUT, TEMPLATE, ROLLOUT, ROLLOUT))
    with pytest.raises(PlanFileError, match=r"document 3\.metadata\.name: 'health' is taken"):
        read_plan(write(tmp_path, ROLLOUT, TEMPLATE, TEMPLATE | {"kind": "ClusterAnalysisTemplate"}))


# False rollbacks that can be computed


def share_of_failed_looks(limit: tuple[int, int], requests: float, rate: float) -> float:
    """Probability that more than b of n are bad, by the two independent Poisson counts of bad and good requests."""
    bad = np.arange(1, int(requests * rate + 20 * np.sqrt(requests * rate) + 20))
    good = np.ceil(bad * (limit[1] - limit[0]) / limit[0]) - 1  # the most that lets the look fail
    return float(np.sum(poisson.pmf(bad, requests * rate) * poisson.cdf(good, requests * (1 - rate))))


@pytest.mark.parametrize(("least", "limit"), [(99, (10, 1000)), (98.5, (15, 1000)), (98, (20, 1000))])
def test_flagger_rolls_back_the_harmless_as_often_as_computed(tmp_path: Path, least: float, limit: tuple) -> None:
    """At each weight it looks until a look passes; five failures in all before five passes are too many."""
    fails = [share_of_failed_looks(limit, 10_000 * weight / 100, 0.01) for weight in (10, 20, 30, 40, 50)]
    left = np.zeros(5)  # probability of each number of failures, and of no rollback, so far
    left[0] = 1.0
    for look in fails:
        for failed in range(1, 5):  # any number of failures at this weight, then a pass
            left[failed] += left[failed - 1] * look
        left *= 1 - look
    exact = 1 - left.sum()
    runs = 600
    found = audit(write(tmp_path, put(CANARY, "spec.analysis.metrics.0.thresholdRange.min", least)), runs=runs)
    # By chance once in a million; one rollout in two hundred may end as inconclusive for its routing or its machines.
    low, high = binom.ppf(1e-6, runs, max(exact - 0.005, 0)), binom.isf(1e-6, runs, exact)
    assert low <= np.sum(found.harmless.verdict == "FAIL") <= high
    assert np.mean(np.isin(found.harmless.reason, ["patience", "no data"])) == 0
    if least == 99:
        assert 0.4 < min(fails) < max(fails) < 0.5  # a coin flip at each look
        assert exact > 0.3


@pytest.mark.parametrize(("least", "failures"), [("0.99", 3), ("0.985", 3), ("0.985", 1)])
def test_argo_rolls_back_the_harmless_as_often_as_computed(tmp_path: Path, least: str, failures: int) -> None:
    """Twelve looks at five minutes each, three at each weight; how many fail is a sum of four binomials."""
    text = (EXAMPLES / "argo.yaml").read_text(encoding="utf-8")
    path = tmp_path / "argo.yaml"
    text = text.replace("result[0] >= 0.98", f"result[0] >= {least}")
    path.write_text(text.replace("failureLimit: 2", f"failureLimit: {failures - 1}"), encoding="utf-8")
    limit = (round(1000 * (1 - float(least))), 1000)
    counts = np.ones(1)
    for weight in (5, 10, 25, 50):
        look = share_of_failed_looks(limit, 5 * 10_000 * weight / 100, 0.01)
        counts = np.convolve(counts, binom.pmf(np.arange(4), 3, look))
    exact = counts[failures:].sum()
    runs = 600
    found = audit(path, runs=runs)
    low, high = binom.ppf(1e-6, runs, max(exact - 0.005, 0)), binom.isf(1e-6, runs, exact)
    assert low <= np.sum(found.harmless.verdict == "FAIL") <= high


@pytest.mark.parametrize(
    ("query", "window"),
    [
        ("sum(rate(errors_total[15m])) / sum(rate(requests_total[15m]))", 15),
        ('sum(increase(errors_total{code=~"5.."}[1h]))', 60),
        ("sum(rate(errors_total[30s]))", 1),
        ("sum(rate(errors_total[2m])) / sum(rate(requests_total[10m]))", 5),
        ("errors_share", 5),
    ],
)
def test_a_measurement_counts_what_its_query_looks_back_on(tmp_path, query, window):
    """The one range of the query, else the interval."""
    template = put(TEMPLATE, "spec.metrics.0.provider", {"prometheus": {"query": query}})
    checks = read_plan(write(tmp_path, ROLLOUT, template)).evidence.checks
    assert [check.window for check in checks] == [window]
