"""Kayenta's canary configurations, alone or inside a request of its standalone analysis.

What a metric counts is known from its name (see ``_metric_kinds``), since a query to a metrics store cannot be run
here: errors; successes, which are errors with the direction turned round; or latency, which becomes the share of
requests slower than 300 ms, or than what the name says, as in "latency over 500 ms".

Minutes are the judge's points. A request names two groups of the same size, so the candidate of its plan gets half
of their traffic; a configuration alone has no plan and is judged once, at the end of whichever it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from coursekit._number_checks import as_finite, told
from coursekit.deployment.rollout._metric_kinds import kinds_of, limit_in_ms
from coursekit.deployment.rollout.evidence import Guardrail
from coursekit.deployment.rollout.foreign import ForeignPlan, PlanFileError
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
    return _File(path, "canaryConfig." if "canaryConfig" in document else "").read(document)


class _File:
    """Knows file and field, so that every error can name them."""

    def __init__(self, path: Path, prefix: str) -> None:
        self._path, self._prefix = path, prefix

    def read(self, document: dict) -> ForeignPlan:
        if self._prefix:
            self._only(document, "the file", {"canaryConfig", "executionRequest"})
            config, request = self._table(document["canaryConfig"], "canaryConfig"), document.get("executionRequest")
        else:
            config, request = document, None
        self._check_judge(config.get("judge"))
        given = config.get("metrics")
        if not isinstance(given, list) or not given:
            self._fail("metrics", "must list at least one metric", inside=True)
        options = self._classifier(config.get("classifier"))
        plan = None
        scope = "default"
        if request is not None:
            asked, plan, scope = self._request(self._table(request, "executionRequest"))
            options |= asked
        read = [self._metric(entry, f"{self._prefix}metrics[{i}]", scope) for i, entry in enumerate(given)]
        names = [guardrail.name for _, guardrail in read]
        for i, name in enumerate(names):
            if name in names[:i]:
                self._fail(f"metrics[{i}].name", f"{told(name)} is taken by another metric", inside=True)
        title = config.get("name")
        return ForeignPlan(
            tool="kayenta",
            name=title if isinstance(title, str) and title else self._path.stem,
            plan=plan,
            evidence=KayentaJudge(metrics=[metric for metric, _ in read], **{"interval_minutes": None, **options}),
            guardrails=tuple(guardrail for _, guardrail in read),
        )

    def _check_judge(self, value: Any) -> None:
        judge = self._table(value, f"{self._prefix}judge")
        if judge.get("name") != JUDGE:
            self._fail("judge.name", f"{told(judge.get('name'))} is not modelled, only {told(JUDGE)}", inside=True)
        if judge.get("judgeConfigurations"):
            self._fail("judge.judgeConfigurations", "is not modelled; leave it empty", inside=True)

    def _classifier(self, value: Any) -> dict[str, Any]:
        where = f"{self._prefix}classifier"
        classifier = self._table({} if value is None else value, where)
        self._only(classifier, where, {"groupWeights", "scoreThresholds"})
        weights = self._table(classifier.get("groupWeights") or {}, f"{where}.groupWeights")
        found = {str(group): self._number(share, f"{where}.groupWeights.{group}") for group, share in weights.items()}
        if sum(found.values()) > 100 + 1e-9:
            self._fail(f"{where}.groupWeights", f"add up to {sum(found.values()):g}; at most 100 is possible")
        options: dict[str, Any] = {"group_weights": found}
        if classifier.get("scoreThresholds") is not None:
            options |= self._thresholds(classifier["scoreThresholds"], f"{where}.scoreThresholds")
        return options

    def _thresholds(self, value: Any, where: str) -> dict[str, float]:
        table = self._table(value, where)
        self._only(table, where, {"pass", "marginal"})
        scores = {key: self._number(table.get(key), f"{where}.{key}") for key in ("pass", "marginal")}
        for key, score in scores.items():
            if score > 100:
                self._fail(f"{where}.{key}", f"must be a score of at most 100, got {score:g}")
        if scores["marginal"] > scores["pass"]:
            self._fail(f"{where}.marginal", f"{scores['marginal']:g} lies above pass, {scores['pass']:g}")
        return {"pass_score": scores["pass"], "marginal_score": scores["marginal"]}

    def _request(self, request: dict) -> tuple[dict[str, Any], RampPlan, str]:
        where = "executionRequest"
        minutes = {"lifetimeDurationMins", "analysisIntervalMins", "lookbackMins", "beginAfterMins"}
        self._only(request, where, {"scopes", "thresholds", "siteLocal"} | minutes)
        scope = self._scope(request.get("scopes"), f"{where}.scopes")
        options: dict[str, Any] = self._thresholds(request.get("thresholds"), f"{where}.thresholds")
        lifetime = self._minutes(request, "lifetimeDurationMins", 1)
        interval = min(self._minutes(request, "analysisIntervalMins", 0, lifetime) or lifetime, lifetime)
        begin = self._minutes(request, "beginAfterMins", 0, 0)
        options |= {
            "interval_minutes": interval,
            "lookback_minutes": self._minutes(request, "lookbackMins", 0, 0),
            "begin_after_minutes": begin,
            "lifetime_minutes": lifetime,
        }
        return options, RampPlan([0.5], minutes_per_step=begin + lifetime // interval * interval, patience=1), scope

    def _scope(self, value: Any, where: str) -> str:
        """Name of the only scope, given in a list or, as in older files, by name."""
        if isinstance(value, dict):
            entries = [(str(name), f"{where}.{name}", entry) for name, entry in value.items()]
        elif isinstance(value, list):
            named = [(entry.get("scopeName") if isinstance(entry, dict) else None) for entry in value]
            entries = [(str(named[i] or "default"), f"{where}[{i}]", entry) for i, entry in enumerate(value)]
        else:
            self._fail(where, f"must be given, got {told(value)}")
        if len(entries) != 1:
            self._fail(where, f"exactly one is modelled, got {len(entries)}")
        name, at, entry = entries[0]
        scope = self._table(entry, at)
        parts = [(at, scope)] + [
            (f"{at}.{key}", scope[key])
            for key in ("controlScope", "experimentScope")
            if isinstance(scope.get(key), dict)
        ]
        for inside, part in parts:
            if self._number(part.get("step", 60), f"{inside}.step") != 60:
                self._fail(f"{inside}.step", f"{told(part['step'])} is not modelled, only one point a minute: 60")
            for key, given in part.items():
                if str(key).startswith("controlOffset") and given:
                    self._fail(f"{inside}.{key}", "is not modelled; both groups are seen in the same minutes")
        return name

    def _metric(self, entry: Any, where: str, scope: str) -> tuple[KayentaMetric, Guardrail]:
        metric = self._table(entry, where)
        name = metric.get("name")
        if not isinstance(name, str) or not name.strip():
            self._fail(f"{where}.name", f"must be a text, got {told(name)}")
        if metric.get("scopeName", scope) != scope:
            self._fail(f"{where}.scopeName", f"{told(metric['scopeName'])} is not modelled, only {told(scope)}")
        groups = metric.get("groups")
        if not isinstance(groups, list) or not groups or not all(isinstance(group, str) and group for group in groups):
            self._fail(f"{where}.groups", f"must list at least one group, got {told(groups)}")
        kind, over_ms, named = self._kind(name, where)
        at = f"{where}.analysisConfigurations"
        analyses = self._table(metric.get("analysisConfigurations") or {}, at)
        self._only(analyses, at, {"canary"})
        at += ".canary"
        canary = self._table(analyses.get("canary") or {}, at)
        self._only(canary, at, {"direction", "nanStrategy", "critical", "mustHaveData", "effectSize"})
        direction = self._choice(canary.get("direction", "either"), f"{at}.direction", DIRECTIONS)
        effects = self._effects(canary.get("effectSize") or {}, f"{at}.effectSize")
        if effects and (kind == "success" or (kind == "latency" and not named)):
            hint = "the rate of errors" if kind == "success" else "a share, as in 'latency over 300 ms'"
            self._fail(
                f"{at}.effectSize",
                f"a ratio of {kind} is not modelled for {told(name)}: it is counted as bad requests here; "
                f"let the metric be {hint}",
            )
        return (
            KayentaMetric(
                groups=groups,
                direction=_TURNED[direction] if kind == "success" else direction,
                critical=self._flag(canary.get("critical", False), f"{at}.critical"),
                must_have_data=self._flag(canary.get("mustHaveData", False), f"{at}.mustHaveData"),
                nan_strategy=self._choice(canary.get("nanStrategy", "remove"), f"{at}.nanStrategy", NAN_STRATEGIES),
                **effects,
            ),
            Guardrail(name, over_ms=over_ms),
        )

    def _kind(self, name: str, where: str) -> tuple[str, float | None, bool]:
        """What a metric counts, the limit of a slow request, and whether the name says it."""
        limit = limit_in_ms(name)
        if limit:
            return "latency", limit, True
        kinds = kinds_of(name)
        if len(kinds) != 1:
            self._fail(
                f"{where}.name",
                f"{told(name)} {'says ' + ' and '.join(kinds) if kinds else 'does not say what it counts'}; only rates "
                "of errors and shares of slow requests are modelled: name it 'error rate', 'success rate' or "
                "'latency over 300 ms'",
            )
        return kinds[0], SLOW_MS if kinds[0] == "latency" else None, False

    def _effects(self, value: Any, where: str) -> dict[str, float]:
        table = self._table(value, where)
        self._only(table, where, {*_EFFECTS, "measure"})
        if table.get("measure", "meanRatio") != "meanRatio":
            self._fail(f"{where}.measure", f"{told(table['measure'])} is not modelled, only 'meanRatio'")
        found = {}
        for key, name in _EFFECTS.items():
            if key in table:
                found[name] = self._number(table[key], f"{where}.{key}")
                if found[name] == 0:
                    self._fail(f"{where}.{key}", "must be a ratio above 0, such as 1.1")
        return found

    def _choice(self, value: Any, where: str, known: Iterable[str]) -> str:
        if not isinstance(value, str) or value not in known:
            self._fail(where, f"{told(value)} is not modelled, only {', '.join(told(option) for option in known)}")
        return value

    def _flag(self, value: Any, where: str) -> bool:
        if not isinstance(value, bool):
            self._fail(where, f"must be true or false, got {told(value)}")
        return value

    def _minutes(self, request: dict, key: str, low: int, default: int | None = None) -> int:
        where = f"executionRequest.{key}"
        if request.get(key) is None:
            if default is None:
                self._fail(where, "must be given; a period of the past is not modelled")
            return default
        value = self._number(request[key], where)
        if value != int(value) or value < low:
            self._fail(where, f"must be a whole number of at least {low}, got {told(request[key])}")
        if value > 7 * 24 * 60:
            self._fail(where, f"more than a week is not modelled, got {told(request[key])}")
        return int(value)

    def _number(self, value: Any, where: str) -> float:
        number = as_finite(value)
        if number is None and isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value.strip()):
            number = as_finite(float(value))
        if number is None or number < 0:
            self._fail(where, f"must be a number of at least 0, got {told(value)}")
        return number

    def _table(self, value: Any, where: str) -> dict:
        if not isinstance(value, dict):
            self._fail(where, f"must be a table of fields, got {told(value)}")
        return value

    def _only(self, table: dict, where: str, known: set[str]) -> None:
        for key in table:
            if key not in known:
                at = str(key) if where == "the file" else f"{where}.{key}"
                self._fail(at, f"is not modelled; known there are {', '.join(sorted(known))}")

    def _fail(self, field: str, message: str, *, inside: bool = False) -> NoReturn:
        raise PlanFileError(f"{self._path}: {self._prefix if inside else ''}{field}: {message}")
