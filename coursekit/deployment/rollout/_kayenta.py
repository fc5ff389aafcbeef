"""Kayenta's canary configurations, alone or inside a request of its standalone analysis.

What a metric counts is known from its name (see ``_metric_kinds``), since a query to a metrics store cannot be run
here: errors; successes, which are errors with the direction turned round; or latency, which becomes the share of
requests slower than 300 ms, or than what the name says, as in "latency over 500 ms".

Minutes are the judge's points. A request names two groups of the same size, so the candidate of its plan gets half
of their traffic; a configuration alone has no plan and is judged once, at the end of whichever it is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from coursekit._number_checks import told
from coursekit.deployment.rollout._fields import Fields
from coursekit.deployment.rollout._metric_kinds import limit_in_ms
from coursekit.deployment.rollout.evidence import Guardrail
from coursekit.deployment.rollout.foreign import ForeignPlan
from coursekit.deployment.rollout.kayenta_metric import DIRECTIONS, NAN_STRATEGIES, KayentaMetric
from coursekit.deployment.rollout.kayenta_rule import KayentaJudge
from coursekit.deployment.rollout.plan import RampPlan

JUDGE = "NetflixACAJudge-v1.0"
SLOW_MS = 300.0

_TURNED = {"increase": "decrease", "decrease": "increase", "either": "either"}
_EFFECTS = {
    "allowedIncrease": "allowed_increase",
    "criticalIncrease": "critical_increase",
    "allowedDecrease": "allowed_decrease",
    "criticalDecrease": "critical_decrease",
}


def read(document: dict, path: Path) -> ForeignPlan:
    """A canary configuration, or the body of a request that holds one, as a judge and its guardrails."""
    config, request = Fields(path, document, ""), None
    if "canaryConfig" in document:
        config.only({"canaryConfig", "executionRequest"})
        if document.get("executionRequest") is not None:
            request = config.inside("executionRequest")
        config = config.inside("canaryConfig")
    _check_judge(config.inside("judge"))
    entries = config.each("metrics")
    options = _classifier(config)
    plan = None
    scope = "default"
    if request is not None:
        asked, plan, scope = _request(request)
        options |= asked
    read = [_metric(entry, scope) for entry in entries]
    names = [guardrail.name for _, guardrail in read]
    for i, entry in enumerate(entries):
        if names[i] in names[:i]:
            entry.fail("name", f"{told(names[i])} is taken by another metric")
    title = config.table.get("name")
    return ForeignPlan(
        tool="kayenta",
        name=title if isinstance(title, str) and title else path.stem,
        plan=plan,
        evidence=KayentaJudge(metrics=[metric for metric, _ in read], **{"interval_minutes": None, **options}),
        guardrails=tuple(guardrail for _, guardrail in read),
    )


def _check_judge(judge: Fields) -> None:
    if judge.table.get("name") != JUDGE:
        judge.fail("name", f"{told(judge.table.get('name'))} is not modelled, only {told(JUDGE)}")
    if judge.table.get("judgeConfigurations"):
        judge.fail("judgeConfigurations", "is not modelled; leave it empty")


def _classifier(config: Fields) -> dict[str, Any]:
    if config.table.get("classifier") is None:
        return {"group_weights": {}}
    classifier = config.inside("classifier")
    classifier.only({"groupWeights", "scoreThresholds"})
    weights = classifier.inside("groupWeights", optional=True)
    found = {str(group): weights.number(group) for group in weights.table}
    if sum(found.values()) > 100 + 1e-9:
        weights.fail("", f"add up to {sum(found.values()):g}; at most 100 is possible")
    options: dict[str, Any] = {"group_weights": found}
    if classifier.table.get("scoreThresholds") is not None:
        options |= _thresholds(classifier.inside("scoreThresholds"))
    return options


def _thresholds(table: Fields) -> dict[str, float]:
    table.only({"pass", "marginal"})
    scores = {key: table.number(key) for key in ("pass", "marginal")}
    for key, score in scores.items():
        if score > 100:
            table.fail(key, f"must be a score of at most 100, got {score:g}")
    if scores["marginal"] > scores["pass"]:
        table.fail("marginal", f"{scores['marginal']:g} lies above pass, {scores['pass']:g}")
    return {"pass_score": scores["pass"], "marginal_score": scores["marginal"]}


def _request(request: Fields) -> tuple[dict[str, Any], RampPlan, str]:
    minutes = {"lifetimeDurationMins", "analysisIntervalMins", "lookbackMins", "beginAfterMins"}
    request.only({"scopes", "thresholds", "siteLocal"} | minutes)
    scope = _scope(request)
    options: dict[str, Any] = _thresholds(request.inside("thresholds"))
    lifetime = _minutes(request, "lifetimeDurationMins", 1)
    interval = min(_minutes(request, "analysisIntervalMins", 0, lifetime) or lifetime, lifetime)
    begin = _minutes(request, "beginAfterMins", 0, 0)
    options |= {
        "interval_minutes": interval,
        "lookback_minutes": _minutes(request, "lookbackMins", 0, 0),
        "begin_after_minutes": begin,
        "lifetime_minutes": lifetime,
    }
    return options, RampPlan([0.5], minutes_per_step=begin + lifetime // interval * interval, patience=1), scope


def _scope(request: Fields) -> str:
    """Name of the only scope, given in a list or, as in older files, by name."""
    value, where = request.table.get("scopes"), f"{request.where}.scopes"
    if isinstance(value, dict):
        entries = [(str(name), f"{where}.{name}", entry) for name, entry in value.items()]
    elif isinstance(value, list):
        named = [(entry.get("scopeName") if isinstance(entry, dict) else None) for entry in value]
        entries = [(str(named[i] or "default"), f"{where}[{i}]", entry) for i, entry in enumerate(value)]
    else:
        request.fail("scopes", f"must be given, got {told(value)}")
    if len(entries) != 1:
        request.fail("scopes", f"exactly one is modelled, got {len(entries)}")
    name, at, entry = entries[0]
    scope = Fields(request.file, entry, at)
    sides = [key for key in ("controlScope", "experimentScope") if isinstance(scope.table.get(key), dict)]
    for part in (scope, *(scope.inside(key) for key in sides)):
        if part.number("step", default=60) != 60:
            part.fail("step", f"{told(part.table['step'])} is not modelled, only one point a minute: 60")
        for key, given in part.table.items():
            if str(key).startswith("controlOffset") and given:
                part.fail(key, "is not modelled; both groups are seen in the same minutes")
    return name


def _metric(metric: Fields, scope: str) -> tuple[KayentaMetric, Guardrail]:
    name = metric.text("name")
    if metric.table.get("scopeName", scope) != scope:
        metric.fail("scopeName", f"{told(metric.table['scopeName'])} is not modelled, only {told(scope)}")
    groups = metric.table.get("groups")
    if not isinstance(groups, list) or not groups or not all(isinstance(group, str) and group for group in groups):
        metric.fail("groups", f"must list at least one group, got {told(groups)}")
    kind, over_ms, named = _kind(metric, name)
    analyses = metric.inside("analysisConfigurations", optional=True)
    analyses.only({"canary"})
    canary = analyses.inside("canary", optional=True)
    canary.only({"direction", "nanStrategy", "critical", "mustHaveData", "effectSize"})
    direction = _choice(canary, "direction", DIRECTIONS, default="either")
    effects = _effects(canary.inside("effectSize", optional=True))
    if effects and (kind == "success" or (kind == "latency" and not named)):
        hint = "the rate of errors" if kind == "success" else "a share, as in 'latency over 300 ms'"
        canary.fail(
            "effectSize",
            f"a ratio of {kind} is not modelled for {told(name)}: it is counted as bad requests here; "
            f"let the metric be {hint}",
        )
    return (
        KayentaMetric(
            groups=groups,
            direction=_TURNED[direction] if kind == "success" else direction,
            critical=_flag(canary, "critical"),
            must_have_data=_flag(canary, "mustHaveData"),
            nan_strategy=_choice(canary, "nanStrategy", NAN_STRATEGIES, default="remove"),
            **effects,
        ),
        Guardrail(name, over_ms=over_ms),
    )


def _kind(metric: Fields, name: str) -> tuple[str, float | None, bool]:
    """What a metric counts, the limit of a slow request, and whether the name says it."""
    limit = limit_in_ms(name)
    if limit:
        return "latency", limit, True
    kind = metric.kind(
        name,
        "only rates of errors and shares of slow requests are modelled: name it 'error rate', 'success rate' or "
        "'latency over 300 ms'",
    )
    return kind, SLOW_MS if kind == "latency" else None, False


def _effects(table: Fields) -> dict[str, float]:
    table.only({*_EFFECTS, "measure"})
    if table.table.get("measure", "meanRatio") != "meanRatio":
        table.fail("measure", f"{told(table.table['measure'])} is not modelled, only 'meanRatio'")
    found = {}
    for key, name in _EFFECTS.items():
        if key in table.table:
            found[name] = table.number(key)
            if found[name] == 0:
                table.fail(key, "must be a ratio above 0, such as 1.1")
    return found


def _choice(table: Fields, field: str, known: Iterable[str], *, default: str) -> str:
    value = table.table.get(field, default)
    if not isinstance(value, str) or value not in known:
        table.fail(field, f"{told(value)} is not modelled, only {', '.join(told(option) for option in known)}")
    return value


def _flag(table: Fields, field: str) -> bool:
    value = table.table.get(field, False)
    if not isinstance(value, bool):
        table.fail(field, f"must be true or false, got {told(value)}")
    return value


def _minutes(request: Fields, key: str, low: int, default: int | None = None) -> int:
    if request.table.get(key) is None:
        if default is None:
            request.fail(key, "must be given; a period of the past is not modelled")
        return default
    return request.within_a_week(key, request.whole(key, low=low))
