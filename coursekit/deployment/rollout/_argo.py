"""Argo Rollouts: a canary's steps and the analysis templates that stand in the same file.

A metric fails when more measurements than ``failureLimit`` failed; then the rollout is aborted. A background
analysis measures from its starting step to the end, an analysis step holds the rollout until its measurements are
over. Provider errors do not occur here, so ``consecutiveErrorLimit`` has no effect.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from coursekit._number_checks import told
from coursekit.deployment.rollout._fields import Fields
from coursekit.deployment.rollout.evidence import Guardrail
from coursekit.deployment.rollout.foreign import ForeignPlan
from coursekit.deployment.rollout.plan import RampPlan
from coursekit.deployment.rollout.thresholds import ThresholdCheck, ThresholdCount

_CONDITION = re.compile(r"\s*result(?:\[0\])?\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*")
_TEMPLATES = ("AnalysisTemplate", "ClusterAnalysisTemplate")
_METRIC = {
    "name",
    "interval",
    "count",
    "initialDelay",
    "successCondition",
    "failureCondition",
    "failureLimit",
    "provider",
    "consecutiveErrorLimit",
}


def read(documents: list[dict[str, Any]], file: Path) -> ForeignPlan:
    """The first Rollout among the documents, with their templates."""
    position = [document.get("kind") for document in documents].index("Rollout")
    rollout = Fields(file, documents[position], f"document {position + 1}" if len(documents) > 1 else "")
    return _Rollout(rollout, _named_templates(documents, file)).plan()


def _named_templates(documents: list[dict[str, Any]], file: Path) -> dict[str, Fields]:
    found = {}
    for i, document in enumerate(documents):
        if document.get("kind") in _TEMPLATES:
            template = Fields(file, document, f"document {i + 1}")
            found[template.inside("metadata").text("name")] = template.inside("spec")
    return found


class _Rollout:
    def __init__(self, rollout: Fields, templates: dict[str, Fields]) -> None:
        self._rollout, self._templates = rollout, templates
        self._guardrails: list[Guardrail] = []
        self._checks: list[ThresholdCheck] = []

    def plan(self) -> ForeignPlan:
        strategy = self._rollout.inside("spec").inside("strategy")
        if "canary" not in strategy.table:
            strategy.fail("canary", "must be given; blue-green is not modelled")
        canary = strategy.inside("canary")
        ignored = {"canaryService", "stableService", "trafficRouting", "maxSurge", "maxUnavailable"}
        ignored |= {"canaryMetadata", "stableMetadata", "antiAffinity", "pingPong", "scaleDownDelaySeconds"}
        ignored |= {"abortScaleDownDelaySeconds", "dynamicStableScale", "scaleDownDelayRevisionLimit"}
        canary.only({"steps", "analysis"}, ignored=ignored)
        weights, lengths, begins = self._steps(canary)
        if "analysis" in canary.table:
            background = canary.inside("analysis")
            background.only({"templates", "startingStep"}, ignored={"args", "dryRun", "analysisRunMetadata"})
            first = background.whole("startingStep", default=0)
            start = begins[min(first, len(begins) - 1)] if begins else 0
            self._analysis(background, start, sum(lengths), inline=False)
        if not self._checks:
            canary.fail("analysis", "is missing, and no step has one: nothing could ever roll back")
        return ForeignPlan(
            tool="argo",
            name=self._rollout.inside("metadata").text("name"),
            plan=RampPlan(weights, minutes_per_step=lengths, patience=1, min_requests=1),
            evidence=ThresholdCount(checks=self._checks),
            guardrails=tuple(self._guardrails),
        )

    def _steps(self, canary: Fields) -> tuple[list[float], list[int], list[int]]:
        """Weights and lengths of what has both, and the minute in which each of Argo's steps begins."""
        weights: list[float] = []
        lengths: list[int] = []
        begins: list[int] = []
        now, weight = 0, 0.0
        for step in canary.each("steps"):
            begins.append(now)
            step.only({"setWeight", "pause", "analysis"})
            if len(step.table) != 1:
                step.fail("", "must have exactly one of setWeight, pause, analysis")
            if "setWeight" in step.table:
                share = step.number("setWeight") / 100
                if share > 1 or share < weight:
                    step.fail("setWeight", f"must rise and be at most 100, got {told(step.table['setWeight'])}")
                weight = share
                continue
            lasts = self._pause(step) if "pause" in step.table else self._inline(step, now)
            if weight == 0:
                step.fail("", "comes before the first setWeight above 0, when the candidate has no traffic")
            if weight < 1:
                if weights and weights[-1] == weight:
                    lengths[-1] += lasts
                else:
                    weights.append(weight)
                    lengths.append(lasts)
            now += lasts
        if not weights:
            canary.fail("steps", "never stay at a weight between 0 and 100: nothing is watched")
        return weights, lengths, begins

    def _pause(self, step: Fields) -> int:
        table = step.table["pause"]
        if not table:
            step.fail("pause", "without a duration waits for a person, which is not modelled; give a duration")
        return step.inside("pause").minutes("duration")

    def _inline(self, step: Fields, now: int) -> int:
        analysis = step.inside("analysis")
        analysis.only({"templates"}, ignored={"args", "dryRun", "analysisRunMetadata"})
        return self._analysis(analysis, now, None, inline=True)

    def _analysis(self, analysis: Fields, start: int, end: int | None, *, inline: bool) -> int:
        dry = {str(entry.get("metricName")) for entry in analysis.table.get("dryRun") or () if isinstance(entry, dict)}
        longest = 0
        for reference in analysis.each("templates"):
            reference.only({"templateName"}, ignored={"clusterScope"})
            name = reference.text("templateName")
            if name not in self._templates:
                reference.fail("templateName", f"{told(name)} is no analysis template of this file")
            template = self._templates[name]
            template.only({"metrics"}, ignored={"args", "dryRun", "measurementRetention"})
            for metric in template.each("metrics"):
                if metric.text("name") not in dry:
                    longest = max(longest, self._metric(metric, start, end, inline=inline))
        return longest

    def _metric(self, metric: Fields, start: int, end: int | None, *, inline: bool) -> int:
        """Add the check of a metric; gives the minutes until its last measurement."""
        metric.only(_METRIC)
        interval = metric.minutes("interval", default=1)
        delay = metric.minutes("initialDelay", default=0) if "initialDelay" in metric.table else 0
        count = metric.whole("count", default=1 if "interval" not in metric.table else 0)
        if inline and not count:
            metric.fail("count", "must be given in an analysis step, which otherwise never ends")
        guardrail, limit = self._condition(metric)
        if guardrail not in self._guardrails:
            if guardrail.name in {known.name for known in self._guardrails}:
                metric.fail("name", f"{told(guardrail.name)} has two different limits of latency")
            self._guardrails.append(guardrail)
        lasts = delay + count * interval
        stop = start + lasts if count else end
        self._checks.append(
            ThresholdCheck(
                limit=limit,
                guardrail=self._guardrails.index(guardrail),
                interval=interval,
                failures=metric.whole("failureLimit", default=0) + 1,
                window=interval,
                start=start + delay,
                stop=stop if stop is None or stop > start + delay else start + delay + 1,
            )
        )
        return lasts

    def _condition(self, metric: Fields) -> tuple[Guardrail, float]:
        conditions = [name for name in ("successCondition", "failureCondition") if metric.table.get(name)]
        if len(conditions) != 1:
            found = "both are given" if conditions else "none is given"
            metric.fail("successCondition", f"exactly one of it and failureCondition is modelled; {found}")
        field = conditions[0]
        parsed = _CONDITION.fullmatch(metric.text(field))
        if parsed is None:
            metric.fail(field, f"{told(metric.table[field])} is not modelled; 'result[0] >= 0.95' and the like are")
        below = parsed[1].startswith("<") == (field == "successCondition")
        name = metric.text("name")
        return metric.guardrail(name, float(parsed[2]), field="name" if not _fits(name, below) else field, upper=below)


def _fits(name: str, below: bool) -> bool:
    from coursekit.deployment.rollout._metric_kinds import kinds_of

    kinds = kinds_of(name)
    return len(kinds) == 1 and below == (kinds[0] != "success")
