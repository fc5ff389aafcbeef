"""Rollouts: how a candidate takes over step by step, and the evidence that lets it or stops it."""

from coursekit.deployment.rollout.auditing import AuditReport, audit
from coursekit.deployment.rollout.boundaries import spending_boundaries
from coursekit.deployment.rollout.conditional import ConditionalEProcess, log_likelihood_ratio
from coursekit.deployment.rollout.controller import REASONS, VERDICTS, RolloutController
from coursekit.deployment.rollout.dispersion import Overdispersion
from coursekit.deployment.rollout.evidence import BASELINE, CANDIDATE, ERRORS, Evidence, Guardrail, Minute, Watch
from coursekit.deployment.rollout.foreign import ForeignPlan, PlanFileError, read_plan
from coursekit.deployment.rollout.kayenta_metric import KayentaClassification, KayentaMetric, kayenta_classify
from coursekit.deployment.rollout.kayenta_rule import KayentaJudge
from coursekit.deployment.rollout.plan import RampPlan
from coursekit.deployment.rollout.pooled import MSPRT, OBrienFleming, PooledZ
from coursekit.deployment.rollout.replaying import replay
from coursekit.deployment.rollout.routing import RoutingCheck, assign, bucket, sample_ratio_mismatch
from coursekit.deployment.rollout.simulation import Outcomes, Rollout, simulate, simulate_many
from coursekit.deployment.rollout.stratified import StratifiedMixture, log_normal_mixture
from coursekit.deployment.rollout.thresholds import ThresholdCheck, ThresholdCount
from coursekit.deployment.rollout.traffic import BASELINES, Candidate, Service, Traffic, World

__all__ = [
    "BASELINE",
    "BASELINES",
    "CANDIDATE",
    "ERRORS",
    "MSPRT",
    "REASONS",
    "VERDICTS",
    "AuditReport",
    "Candidate",
    "ConditionalEProcess",
    "Evidence",
    "ForeignPlan",
    "Guardrail",
    "KayentaClassification",
    "KayentaJudge",
    "KayentaMetric",
    "Minute",
    "OBrienFleming",
    "Outcomes",
    "Overdispersion",
    "PlanFileError",
    "PooledZ",
    "RampPlan",
    "Rollout",
    "RolloutController",
    "RoutingCheck",
    "Service",
    "StratifiedMixture",
    "ThresholdCheck",
    "ThresholdCount",
    "Traffic",
    "Watch",
    "World",
    "assign",
    "audit",
    "bucket",
    "kayenta_classify",
    "log_likelihood_ratio",
    "log_normal_mixture",
    "read_plan",
    "replay",
    "sample_ratio_mismatch",
    "simulate",
    "simulate_many",
    "spending_boundaries",
]
