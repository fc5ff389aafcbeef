"""Flagger: a canary that goes up by the interval, and back when so many checks have failed.

Each interval all metrics are checked; a failed check is counted, once however many metrics failed, and the weight
stays where it is. Failures are never forgotten. What only loads, tells or scales is without effect here.
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
_HARMLESS_HOOKS = {"pre-rollout", "rollout", "post-rollout", "event", "load-test"}
_P99 = 0.01


def read(document: dict[str, Any], file: Path) -> ForeignPlan:
    """A Canary resource."""
    canary = Fields(file, document, "")
    spec = canary.inside("spec")
    if spec.table.get("skipAnalysis"):
        spec.fail("skipAnalysis", "promotes without looking: nothing could ever roll back")
    analysis = spec.inside("analysis")
    analysis.only(_ANALYSIS, ignored={"webhooks", "alerts", "primaryReadyThreshold", "canaryReadyThreshold"})
    if "webhooks" in analysis.table:
        for hook in analysis.each("webhooks"):
            kind = hook.table.get("type", "rollout")
            if kind not in _HARMLESS_HOOKS:
                hook.fail("type", f"{told(kind)} waits for somebody's answer, which is not modelled")
    interval = analysis.minutes("interval")
    threshold = analysis.whole("threshold", low=1)
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
        plan=RampPlan(_weights(analysis), minutes_per_step=interval, patience=threshold + 1, min_requests=1),
        evidence=ThresholdCount(checks=checks, together=True, holds=True),
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
    else:
        if "stepWeight" not in analysis.table:
            analysis.fail("stepWeight", "must be given; iterations (blue-green and A/B) are not modelled")
        step, most = analysis.whole("stepWeight", low=1), analysis.whole("maxWeight", default=100, low=1)
        per_cent = [float(weight) for weight in range(step, most + 1, step)]
    if not per_cent or per_cent[0] <= 0 or per_cent[-1] > 100:
        field = "stepWeights" if "stepWeights" in analysis.table else "maxWeight"
        analysis.fail(field, "must give weights above 0 and at most 100")
    shares = [weight / 100 for weight in per_cent if weight < 100]
    if not shares:
        analysis.fail("stepWeight", "goes to 100 at once: nothing is compared")
    return shares


def _metric(metric: Fields) -> tuple[Guardrail, float, int]:
    """Guardrail, bad rate from which a check fails, and window in minutes."""
    metric.only({"name", "interval", "thresholdRange", "templateRef"}, ignored={"templateVariables"})
    name = metric.text("name")
    window = 1
    if metric.table.get("interval") not in (None, "30s", "15s", "10s"):  # shorter than our clock: one minute
        window = metric.minutes("interval")
    limits = metric.inside("thresholdRange")
    limits.only({"min", "max"})
    if len(limits.table) != 1:
        limits.fail("", "exactly one of min and max is modelled")
    upper = "max" in limits.table
    limit = limits.number("max" if upper else "min")
    if "templateRef" in metric.table:
        guardrail, bad = metric.guardrail(name, limit, field="name", upper=upper)
        return guardrail, bad, window
    if name == "request-success-rate":
        if upper or not 0 < limit < 100:
            limits.fail("max" if upper else "min", "must be a lower limit between 0 and 100 per cent")
        return Guardrail(name), round(1 - limit / 100, 12), window
    if name == "request-duration":
        if not upper or limit <= 0:
            limits.fail("max" if upper else "min", "must be an upper limit in milliseconds")
        return Guardrail(name, over_ms=limit), _P99, window
    metric.fail("name", f"{told(name)} is no metric of Flagger's own; others need a templateRef")
