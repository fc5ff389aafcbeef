"""Card fraud: whose card is in the wrong hands, when labels come late and the world moves?

A simulated card company with its truth attached: transactions, label rules as dated versions,
late labels, features that know only the past, a model, and money as the measure. The case of week 14.
"""

from coursekit.cases.fraud.covid_world import ServedModel, serve_before_shift
from coursekit.cases.fraud.detection_study import DetectionDelays, detection_delays
from coursekit.cases.fraud.drift import SCENARIOS, Drift
from coursekit.cases.fraud.drifting_streams import (
    ERROR_KINDS,
    FEATURE_KINDS,
    ErrorStream,
    FeatureStream,
    error_stream,
    feature_stream,
)
from coursekit.cases.fraud.features import FEATURES, FeatureTable, point_in_time_features
from coursekit.cases.fraud.label_rules import LABEL_RULES, CardFlags, LabelRule, RuleComparison, compare_rules, rule_at
from coursekit.cases.fraud.labels import LABEL_SOURCES, KnownLabels, LabelDelay, LabelStore, collect_labels, top_cards
from coursekit.cases.fraud.model import FraudModel, ScoreReport, card_precision, evaluate_scores
from coursekit.cases.fraud.money import Costs, PolicyValue, policy_value
from coursekit.cases.fraud.refresh_study import RefreshCosts, refresh_costs, refresh_policies
from coursekit.cases.fraud.simulation import simulate
from coursekit.cases.fraud.world import CATEGORIES, COUNTRIES, FRAUD_SCENARIOS, FraudWorld, TransactionLog

__all__ = [
    "CATEGORIES",
    "COUNTRIES",
    "ERROR_KINDS",
    "FEATURES",
    "FEATURE_KINDS",
    "FRAUD_SCENARIOS",
    "LABEL_RULES",
    "LABEL_SOURCES",
    "SCENARIOS",
    "CardFlags",
    "Costs",
    "DetectionDelays",
    "Drift",
    "ErrorStream",
    "FeatureStream",
    "FeatureTable",
    "FraudModel",
    "FraudWorld",
    "KnownLabels",
    "LabelDelay",
    "LabelRule",
    "LabelStore",
    "PolicyValue",
    "RefreshCosts",
    "RuleComparison",
    "ScoreReport",
    "ServedModel",
    "TransactionLog",
    "card_precision",
    "collect_labels",
    "compare_rules",
    "detection_delays",
    "error_stream",
    "evaluate_scores",
    "feature_stream",
    "point_in_time_features",
    "policy_value",
    "refresh_costs",
    "refresh_policies",
    "rule_at",
    "serve_before_shift",
    "simulate",
    "top_cards",
]
