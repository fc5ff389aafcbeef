"""Flagger: a canary that goes up by the interval, and back when so many checks have failed.

The first weight is set without a check; from then on all metrics are checked once an interval, then the weight goes
up or the candidate is promoted. A check fails if one of its metrics does or has no values; it is counted once, never
forgotten, and the weight stays. When ``threshold`` checks have failed, the next tick rolls back, an interval later
(``advanceCanary`` in ``pkg/controller/scheduler.go``, ``runBuiltinMetricChecks`` in ``scheduler_metrics.go``). The
weight is raised while it is below ``maxWeight``, so the last may lie above it (``runCanary``).
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

from coursekit._number_checks import as_finite, told
from coursekit.deployment.rollout._fields import Fields
from coursekit.deployment.rollout.evidence import Guardrail
from coursekit.deployment.rollout.foreign import ForeignPlan
from coursekit.deployment.rollout.plan import RampPlan
from coursekit.deployment.rollout.thresholds import ThresholdCheck, ThresholdCount

_ANALYSIS = {"interval", "threshold", "maxWeight", "stepWeight", "stepWeights", "metrics"}
_IGNORED = {"webhooks", "alerts", "primaryReadyThreshold", "canaryReadyThreshold", "stepWeightPromotion"}
_HARMLESS_HOOKS = {"pre-rollout", "rollout", "post-rollout", "event", "load-test"}
_P99 = 0.01


def read(document: dict[str, Any], file: Path) -> ForeignPlan:
    """A Canary resource."""
    canary = Fields(file, document, "")
    spec = canary.inside("spec")
    if spec.table.get("skipAnalysis"):
        spec.fail("skipAnalysis", "promotes without looking: nothing could ever roll back")
    if spec.table.get("suspend"):
        spec.fail("suspend", "stands still: nothing would ever be rolled out")
    if spec.table.get("provider") == "kubernetes":
        spec.fail("provider", "'kubernetes' splits no traffic, it is blue-green, which is not modelled")
    analysis = spec.inside("analysis")
    analysis.only(_ANALYSIS, ignored=_IGNORED)
    if analysis.table.get("webhooks"):
        for hook in analysis.each("webhooks"):
            kind = hook.table.get("type", "rollout")
            if kind not in _HARMLESS_HOOKS:
                hook.fail("type", f"{told(kind)} waits for somebody's answer, which is not modelled")
    interval = analysis.minutes("interval", default=1)
    threshold = analysis.whole("threshold", default=1) or 1
    weights = _weights(analysis)
    analysis.within_a_week("threshold", interval * (len(weights) + threshold))
    guardrails: list[Guardrail] = []
    checks: list[ThresholdCheck] = []
    for i, metric in enumerate(analysis.each("metrics")):
        guardrail, limit, window = _metric(metric)
        if guardrail.name in {known.name for known in guardrails}:
            metric.fail("name", f"{told(guardrail.name)} is taken by another metric")
        guardrails.append(guardrail)
        checks.append(ThresholdCheck(limit=limit, guardrail=i, interval=interval, failures=threshold, window=window))
    return ForeignPlan(
        tool="flagger",
        name=canary.inside("metadata").text("name"),
        plan=RampPlan(weights, minutes_per_step=interval, patience=threshold + 1, min_requests=1),
        evidence=ThresholdCount(checks=checks, together=True, holds=True, silence_fails=True, delay=interval),
        guardrails=tuple(guardrails),
    )


def _weights(analysis: Fields) -> list[float]:
    if "stepWeights" in analysis.table:
        given = analysis.table["stepWeights"]
        if not isinstance(given, list) or not given:
            analysis.fail("stepWeights", f"must list weights, got {told(given)}")
        numbers = [as_finite(weight) for weight in given]
        per_cent = [number for number in numbers if number is not None]
        if len(per_cent) < len(given) or any(b <= a for a, b in pairwise(per_cent)):
            analysis.fail("stepWeights", f"must be rising numbers, got {told(given)}")
        for field in ("stepWeight", "maxWeight"):
            if field in analysis.table:
                analysis.fail(field, "is given beside stepWeights, which say where the weight ends")
    else:
        if "stepWeight" not in analysis.table:
            analysis.fail("stepWeight", "must be given; iterations (blue-green and A/B) are not modelled")
        step, most = analysis.whole("stepWeight", low=1), analysis.whole("maxWeight", default=100, low=1)
        if most > 100:
            analysis.fail("maxWeight", f"must be at most 100, got {most}")
        per_cent = [min(float(weight), 100.0) for weight in range(step, most + step, step)]
    field = "stepWeights" if "stepWeights" in analysis.table else "stepWeight"
    if per_cent[0] <= 0 or per_cent[-1] > 100:
        analysis.fail(field, "must give weights above 0 and at most 100")
    shares = [weight / 100 for weight in per_cent if weight < 100]
    if not shares:
        analysis.fail(field, "goes to 100 at once: nothing is compared")
    return shares


def _metric(metric: Fields) -> tuple[Guardrail, float, int]:
    """Guardrail, bad rate from which a check fails, and window in minutes."""
    metric.only({"name", "interval", "thresholdRange", "templateRef"}, ignored={"templateVariables"})
    name = metric.text("name")
    window = metric.minutes("interval", default=1, up=True)
    limits = metric.inside("thresholdRange")
    limits.only({"min", "max"})
    if len(limits.table) != 1:
        limits.fail("", "exactly one of min and max is modelled")
    upper = "max" in limits.table
    limit = limits.number("max" if upper else "min")
    if "templateRef" in metric.table:
        guardrail, bad = metric.guardrail(name, limit, field="thresholdRange", upper=upper)
        return guardrail, bad, window
    if name == "request-success-rate":
        bad = round(1 - limit / 100, 12)
        if upper or not 0 < bad < 1:
            limits.fail("max" if upper else "min", "must be a lower limit between 0 and 100 per cent")
        return Guardrail(name), bad, window
    if name == "request-duration":
        if not upper or limit <= 0:
            limits.fail("max" if upper else "min", "must be an upper limit in milliseconds")
        return Guardrail(name, over_ms=limit), _P99, window
    metric.fail("name", f"{told(name)} is no metric of Flagger's own; others need a templateRef")
