"""Kayenta's canary configurations: what is read, and what is refused with file and field."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import yaml

from coursekit.deployment.rollout import _kayenta
from coursekit.deployment.rollout._metric_kinds import kinds_of, limit_in_ms
from coursekit.deployment.rollout.evidence import Guardrail
from coursekit.deployment.rollout.foreign import PlanFileError
from coursekit.deployment.rollout.kayenta_rule import KayentaJudge, KayentaMetric
from coursekit.deployment.rollout.simulation import simulate_many
from coursekit.deployment.rollout.traffic import Candidate, Service, Traffic

PATH = Path("deploy/canary.json")

# A service that scores images of parts: errors are fatal, latency and timeouts share the score.
CONFIG = """
name: part-inspector
description: Golden signals of the inspection service
configVersion: "1"
applications: [inspector]
judge:
  name: NetflixACAJudge-v1.0
  judgeConfigurations: {}
metrics:
  - name: HTTP 5xx rate
    query:
      type: prometheus
      customInlineTemplate: sum(rate(http_requests_total{status=~"5..",pod=~"${scope}"}[1m]))
    groups: [errors]
    scopeName: default
    analysisConfigurations:
      canary:
        direction: increase
        nanStrategy: replace
        critical: true
        effectSize: {allowedIncrease: 1.1, criticalIncrease: 1.5}
  - name: inference latency p99
    query: {type: prometheus, metricName: inference_seconds}
    groups: [speed]
    scopeName: default
    analysisConfigurations:
      canary: {direction: increase, nanStrategy: remove, mustHaveData: true}
  - name: requests over 1.5 s
    query: {type: prometheus, metricName: inference_seconds_bucket}
    groups: [speed, tail]
    scopeName: default
    analysisConfigurations:
      canary: {direction: increase, effectSize: {allowedIncrease: 1.2}}
  - name: upload success ratio
    query: {type: prometheus, metricName: uploads}
    groups: [errors]
    scopeName: default
    analysisConfigurations:
      canary: {direction: decrease}
classifier:
  groupWeights: {errors: 60, speed: 30}
"""

REQUEST = """
{
  "scopes": [
    {
      "scopeName": "default",
      "controlScope": "inspector-baseline",
      "controlLocation": "seoul",
      "experimentScope": "inspector-canary",
      "experimentLocation": "seoul",
      "step": 60,
      "extendedScopeParams": {"resourceType": "pod"}
    }
  ],
  "thresholds": {"pass": 90, "marginal": 60},
  "lifetimeDurationMins": 100,
  "beginAfterMins": 5,
  "lookbackMins": 40,
  "analysisIntervalMins": 30
}
"""


def config():
    return yaml.safe_load(CONFIG)


def analysis():
    return {"canaryConfig": config(), "executionRequest": json.loads(REQUEST)}


def read(document):
    return _kayenta.read(document, PATH)


def changed(document, keys, value):
    """The document with the value at the end of the keys; None takes the field away."""
    document = copy.deepcopy(document)
    inside = document
    for key in keys[:-1]:
        inside = inside[key]
    if value is None:
        del inside[keys[-1]]
    else:
        inside[keys[-1]] = value
    return document


CANARY = ("metrics", 0, "analysisConfigurations", "canary")


def test_a_configuration_is_read_metric_by_metric():
    plan = read(config())
    assert (plan.tool, plan.name, plan.plan) == ("kayenta", "part-inspector", None)
    assert plan.guardrails == (
        Guardrail("HTTP 5xx rate"),
        Guardrail("inference latency p99", over_ms=300),
        Guardrail("requests over 1.5 s", over_ms=1500),
        Guardrail("upload success ratio"),
    )
    assert plan.evidence == KayentaJudge(
        metrics=[
            KayentaMetric(
                ["errors"], nan_strategy="replace", critical=True, allowed_increase=1.1, critical_increase=1.5
            ),
            KayentaMetric(["speed"], must_have_data=True),
            KayentaMetric(["speed", "tail"], allowed_increase=1.2),
            KayentaMetric(["errors"]),  # fewer successes are more errors
        ],
        group_weights={"errors": 60, "speed": 30},
        interval_minutes=None,
    )


def test_a_request_brings_looks_thresholds_and_length():
    plan = read(analysis())
    assert plan.plan.weights == (0.5,)
    assert plan.plan.longest == 5 + 90
    judge = plan.evidence
    assert judge.looks(plan.plan).tolist() == [35, 65, 95]
    assert (judge.pass_score, judge.marginal_score, judge.lookback_minutes) == (90, 60, 40)
    assert judge.metrics == read(config()).evidence.metrics


def test_json_and_yaml_say_the_same():
    assert read(json.loads(json.dumps(analysis()))) == read(yaml.safe_load(yaml.safe_dump(analysis())))


def test_what_is_left_out_is_as_in_kayenta():
    """Without an analysis a metric fails either way and loses its gaps; without an interval there is one look."""
    document = changed(analysis(), ("canaryConfig", "metrics", 0, "analysisConfigurations"), None)
    for key in ("analysisIntervalMins", "beginAfterMins", "lookbackMins"):
        document = changed(document, ("executionRequest", key), None)
    plan = read(document)
    assert plan.evidence.metrics[0] == KayentaMetric(["errors"], direction="either")
    assert plan.evidence.looks(plan.plan).tolist() == [100]
    assert plan.evidence.lookback_minutes == 0
    too_long = read(changed(document, ("executionRequest", "analysisIntervalMins"), 500))
    assert too_long.evidence.looks(too_long.plan).tolist() == [100]


def test_older_files_have_thresholds_in_the_classifier_and_named_scopes():
    old = changed(config(), ("classifier", "scoreThresholds"), {"pass": 95.0, "marginal": "70"})
    assert (read(old).evidence.pass_score, read(old).evidence.marginal_score) == (95, 70)
    named = {"default": {"controlScope": {"scope": "a", "step": "60"}, "experimentScope": {"scope": "b", "step": "60"}}}
    assert read(changed(analysis(), ("executionRequest", "scopes"), named)) == read(analysis())


def test_a_file_without_a_name_is_called_by_its_own():
    assert read(changed(config(), ("name",), None)).name == "canary"


def test_what_was_read_can_be_played():
    """Half of the score is the fatal errors: twice as many of them end every rollout at the first look."""
    plan = read(analysis())
    ended = simulate_many(
        Traffic(), Service(), Candidate(error_ratio=2), plan.plan, plan.evidence, guardrails=plan.guardrails, runs=50
    )
    assert set(ended.verdict) == {"FAIL"}
    assert set(ended.minutes) == {35}


@pytest.mark.parametrize(
    ("keys", "value", "field", "words"),
    [
        (("judge", "name"), "dredd-v1.0", "judge.name", "dredd"),
        (("judge", "judgeConfigurations"), {"tolerance": 0.1}, "judge.judgeConfigurations", "leave it empty"),
        (("judge",), None, "judge", "table"),
        (("metrics",), [], "metrics", "at least one"),
        ((*CANARY, "direction"), "sideways", "metrics[0].analysisConfigurations.canary.direction", "sideways"),
        ((*CANARY, "nanStrategy"), "guess", "metrics[0].analysisConfigurations.canary.nanStrategy", "'remove'"),
        ((*CANARY, "critical"), "yes", "metrics[0].analysisConfigurations.canary.critical", "true or false"),
        ((*CANARY, "outliers"), {"strategy": "remove"}, "metrics[0].analysisConfigurations.canary.outliers", "not"),
        (
            (*CANARY, "effectSize"),
            {"measure": "cles"},
            "metrics[0].analysisConfigurations.canary.effectSize.measure",
            "cles",
        ),
        (
            (*CANARY, "effectSize"),
            {"allowedIncrease": 0},
            "metrics[0].analysisConfigurations.canary.effectSize.allowedIncrease",
            "above 0",
        ),
        (
            ("metrics", 1, "analysisConfigurations", "canary", "effectSize"),
            {"allowedIncrease": 1.2},
            "metrics[1].analysisConfigurations.canary.effectSize",
            "latency over 300 ms",
        ),
        (
            ("metrics", 3, "analysisConfigurations", "canary", "effectSize"),
            {"allowedDecrease": 0.9},
            "metrics[3].analysisConfigurations.canary.effectSize",
            "rate of errors",
        ),
        (("metrics", 2, "name"), "cpu", "metrics[2].name", "'error rate'"),
        (("metrics", 2, "name"), "latency of errors", "metrics[2].name", "errors and latency"),
        (("metrics", 2, "name"), "HTTP 5xx rate", "metrics[2].name", "another metric"),
        (("metrics", 2, "name"), None, "metrics[2].name", "text"),
        (("metrics", 2, "groups"), [], "metrics[2].groups", "at least one"),
        (("metrics", 2, "scopeName"), "zone", "metrics[2].scopeName", "zone"),
        (("metrics", 2), "latency", "metrics[2]", "table"),
        (("classifier", "groupWeights", "speed"), 50, "classifier.groupWeights", "110"),
        (("classifier", "groupWeights", "speed"), "some", "classifier.groupWeights.speed", "number"),
        (("classifier", "scoreThresholds"), {"pass": 50, "marginal": 60}, "classifier.scoreThresholds.marginal", "60"),
        (("classifier", "magic"), 1, "classifier.magic", "groupWeights"),
    ],
)
def test_what_is_not_modelled_is_refused_by_file_and_field(keys, value, field, words):
    with pytest.raises(PlanFileError) as alone:
        read(changed(config(), keys, value))
    assert str(alone.value).startswith(f"{PATH}: {field}: ")
    assert words in str(alone.value)
    with pytest.raises(PlanFileError) as wrapped:
        read(changed(analysis(), ("canaryConfig", *keys), value))
    assert str(wrapped.value).startswith(f"{PATH}: canaryConfig.{field}: ")


@pytest.mark.parametrize(
    ("keys", "value", "field"),
    [
        (("thresholds",), None, "thresholds"),
        (("thresholds", "pass"), 101, "thresholds.pass"),
        (("thresholds", "marginal"), None, "thresholds.marginal"),
        (("lifetimeDurationMins",), None, "lifetimeDurationMins"),
        (("lifetimeDurationMins",), 0, "lifetimeDurationMins"),
        (("analysisIntervalMins",), 7.5, "analysisIntervalMins"),
        (("lookbackMins",), -1, "lookbackMins"),
        (("scopes",), [], "scopes"),
        (("scopes",), None, "scopes"),
        (("scopes",), [{"scopeName": "a"}, {"scopeName": "b"}], "scopes"),
        (("scopes", 0, "step"), 10, "scopes[0].step"),
        (("scopes", 0, "controlOffsetInMinutes"), 60, "scopes[0].controlOffsetInMinutes"),
        (("repeat",), 3, "repeat"),
    ],
)
def test_requests_are_refused_by_field(keys, value, field):
    with pytest.raises(PlanFileError) as refused:
        read(changed(analysis(), ("executionRequest", *keys), value))
    assert str(refused.value).startswith(f"{PATH}: executionRequest.{field}: ")


def test_another_field_beside_the_request_is_refused():
    with pytest.raises(PlanFileError, match=r"^deploy/canary\.json: stages: is not modelled"):
        read(analysis() | {"stages": []})


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("errorRate", ["errors"]),
        ("http_requests_5xx", ["errors"]),
        ("status 503", ["errors"]),
        ("http5xxCount", ["errors"]),
        ("FailedLogins", ["errors"]),
        ("availability", ["success"]),
        ("requestLatency.p95", ["latency"]),
        ("transactionTime", ["latency"]),
        ("requests", []),
        ("time to first byte", []),
        ("terrors of cpu", []),
        ("success latency", ["success", "latency"]),
    ],
)
def test_names_tell_what_is_counted(name, kinds):
    assert kinds_of(name) == kinds


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("latency over 250 ms", 250),
        ("latency_over_250ms", 250),
        ("slower than 2s", 2000),
        ("requests > 0.5 s", 500),
        ("latency over 300 msgs", None),
        ("over 9000 errors", None),
        ("over 0 ms", None),
    ],
)
def test_names_tell_the_limit_of_a_slow_request(name, limit):
    assert limit_in_ms(name) == limit
