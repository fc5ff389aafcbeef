"""Argo Rollouts: a canary's steps and the analysis templates that stand in the same file.

A metric fails when more than ``failureLimit`` of its measurements failed (``assessMetricStatus`` in
``analysis/analysis.go``); then the rollout is aborted. An analysis measures at once when it starts, after its
``initialDelay`` if it has one, and then each ``interval`` (``generateMetricTasks``). A measurement before the
candidate's first request is an error, which is not counted and repeated an interval later. A background analysis
measures from its starting step to the end; an analysis step holds the rollout until its last measurement. A dry run
measures without effect. Other errors of providers do not occur here, so ``consecutiveErrorLimit`` has no effect.
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

_CONDITION = re.compile(r"\s*result(?:\[0\])?\s*(<=|>=|<|>)\s*(\d{1,15}(?:\.\d{1,15})?)\s*")
_RANGE = re.compile(r"\b(?:rate|increase)\s*\((?:[^()]|\([^()]*\))*?\[(\d+)([smh])\]")
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
            name = template.inside("metadata").text("name")
            if name in found:
                template.fail("metadata.name", f"{told(name)} is taken by another template of this file")
            found[name] = template.inside("spec")
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
            step = background.whole("startingStep", default=0)
            if step >= len(begins) or begins[step] >= sum(lengths):
                background.fail("startingStep", f"{step} comes when nothing is watched any more")
            self._analysis(background, begins[step], inline=False)
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
                    step.fail("setWeight", f"must not fall and be at most 100, got {told(step.table['setWeight'])}")
                weight = share
                continue
            if weight == 0:
                step.fail("", "comes before the first setWeight above 0, when the candidate has no traffic")
            if weight == 1 and "analysis" in step.table:
                step.fail("analysis", "at a weight of 100, beside no baseline, is not modelled")
            lasts = self._pause(step) if "pause" in step.table else self._inline(step, now)
            if weight < 1 and lasts:
                if weights and weights[-1] == weight:
                    lengths[-1] += lasts
                else:
                    weights.append(weight)
                    lengths.append(lasts)
            now = step.within_a_week("", now + lasts)
        if not weights:
            canary.fail("steps", "never stay at a weight between 0 and 100: nothing is watched")
        return weights, lengths, begins

    def _pause(self, step: Fields) -> int:
        table = step.table["pause"]
        if not table:
            step.fail("pause", "without a duration waits for a person, which is not modelled; give a duration")
        return step.inside("pause").minutes("duration")

    def _inline(self, step: Fields, now: int) -> int:
        return self._analysis(step.inside("analysis"), now, inline=True)

    def _analysis(self, analysis: Fields, start: int, *, inline: bool) -> int:
        """Add the checks of an analysis; gives the minutes until its last measurement."""
        known = {"templates", "dryRun"} | (set() if inline else {"startingStep"})
        analysis.only(known, ignored={"args", "analysisRunMetadata", "measurementRetention"})
        dry = _dry(analysis)
        metrics: list[Fields] = []
        for reference in analysis.each("templates"):
            reference.only({"templateName"}, ignored={"clusterScope"})
            name = reference.text("templateName")
            if name not in self._templates:
                reference.fail("templateName", f"{told(name)} is no analysis template of this file")
            template = self._templates[name]
            template.only({"metrics", "dryRun"}, ignored={"args", "measurementRetention"})
            dry += _dry(template)
            metrics += template.each("metrics")
        names = [metric.text("name") for metric in metrics]
        for i, metric in enumerate(metrics):
            if names[i] in names[:i]:
                metric.fail("name", f"{told(names[i])} is taken by another metric of this analysis")
        for rule, where in dry:
            if not any(rule in name for name in names):
                where.fail("metricName", f"{told(rule)} is in the name of no metric of this analysis")
        return max(
            self._metric(metric, start, inline=inline, dry=any(rule in name for rule, _ in dry))
            for metric, name in zip(metrics, names, strict=True)
        )

    def _metric(self, metric: Fields, start: int, *, inline: bool, dry: bool) -> int:
        """Add the check of a metric; gives the minutes until its last measurement."""
        metric.only(_METRIC)
        interval = metric.minutes("interval", default=1)
        delay = metric.minutes("initialDelay") if "initialDelay" in metric.table else 0
        count = metric.whole("count", default=0) or (0 if "interval" in metric.table else 1)
        failures = metric.whole("failureLimit", default=0) + 1
        if count > 1 and "interval" not in metric.table:
            metric.fail("interval", f"must be given for {count} measurements")
        if inline and not count:
            metric.fail("count", "must be given in an analysis step, which otherwise never ends")
        if 0 < count < failures - 1:
            metric.fail("failureLimit", f"must be at most count, {count}")
        first = start + delay or interval
        last = metric.within_a_week("count", first + (count - 1) * interval) if count else None
        if not dry:
            guardrail, limit, at_limit = self._condition(metric)
            if guardrail not in self._guardrails:
                if guardrail.name in {known.name for known in self._guardrails}:
                    metric.fail("name", f"{told(guardrail.name)} has two different limits of latency")
                self._guardrails.append(guardrail)
            self._checks.append(
                ThresholdCheck(
                    limit=limit,
                    guardrail=self._guardrails.index(guardrail),
                    interval=interval,
                    failures=failures,
                    window=_range(metric) or interval,
                    first=first,
                    stop=last,
                    at_limit=at_limit,
                )
            )
        return last - start if last else 0

    def _condition(self, metric: Fields) -> tuple[Guardrail, float, bool]:
        conditions = [name for name in ("successCondition", "failureCondition") if metric.table.get(name)]
        if len(conditions) != 1:
            found = "both are given" if conditions else "none is given"
            metric.fail("successCondition", f"exactly one of it and failureCondition is modelled; {found}")
        field = conditions[0]
        parsed = _CONDITION.fullmatch(metric.text(field))
        if parsed is None:
            metric.fail(field, f"{told(metric.table[field])} is not modelled; 'result[0] >= 0.95' and the like are")
        succeeds = field == "successCondition"
        upper = parsed[1].startswith("<") == succeeds  # does what is asked for lie below the limit?
        guardrail, limit = metric.guardrail(metric.text("name"), float(parsed[2]), field=field, upper=upper)
        at_limit = ("=" in parsed[1]) != succeeds
        return guardrail, limit, at_limit and guardrail.over_ms is None


def _dry(where: Fields) -> list[tuple[str, Fields]]:
    """Rules of dry runs: a metric whose name contains one measures without effect; "" is in every name."""
    rules = []
    for entry in where.each("dryRun") if where.table.get("dryRun") else ():
        entry.only({"metricName"})
        rule = entry.text("metricName")
        if rule != ".*" and not re.fullmatch(r"[\w -]+", rule):
            entry.fail(
                "metricName", f"{told(rule)} is a pattern that is not modelled; name each metric, or '.*' for all"
            )
        rules.append(("" if rule == ".*" else rule, entry))
    return rules


def _range(metric: Fields) -> int | None:
    """Minutes that a query looks back, at least one; None unless it names exactly one range by rate or increase."""
    provider = metric.table.get("provider")
    prometheus = provider.get("prometheus") if isinstance(provider, dict) else None
    query = prometheus.get("query") if isinstance(prometheus, dict) else None
    found = set(_RANGE.findall(query)) if isinstance(query, str) else set()
    if len(found) != 1:
        return None
    amount, unit = found.pop()
    seconds = int(amount[:9]) * {"s": 1, "m": 60, "h": 3600}[unit]
    return metric.within_a_week("provider.prometheus.query", max(-(-seconds // 60), 1))
