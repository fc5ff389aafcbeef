"""A factory's last inspection: will a camera find the scratch that a tired person would miss?

Parts with known defects, a small network that judges them, the people beside it, what their mistakes cost, and
a line on which the model takes over day by day. The case of week 13.
"""

from coursekit.cases.inspection.audit_sampling import EscapeEstimate, estimate_escapes
from coursekit.cases.inspection.costs import InspectionCosts, ThresholdCurve, best_threshold
from coursekit.cases.inspection.human import RESTED, Fatigue, HumanInspector, seen_share, steady
from coursekit.cases.inspection.line import CANARY, STAGES, FactoryLine, schedule
from coursekit.cases.inspection.line_outcomes import LineOutcomes, LineRollout
from coursekit.cases.inspection.line_report import LineReport
from coursekit.cases.inspection.line_rollout import (
    ESCAPES,
    FACTORY_EVIDENCE,
    FACTORY_PLAN,
    line_rollout,
    line_rollouts,
)
from coursekit.cases.inspection.model import CnnInspector
from coursekit.cases.inspection.networks import NETWORKS, build_network
from coursekit.cases.inspection.parts import DEFECTS, LIGHTINGS, Parts, as_input, make_parts
from coursekit.cases.inspection.plans import PlanComparison, compare_plans
from coursekit.cases.inspection.scores import ModelInspector, PartScores, ScoreModel
from coursekit.cases.inspection.shadowing import ShadowReport, shadow_report
from coursekit.cases.inspection.shipping import shipped_inspector, shipped_model

__all__ = [
    "CANARY",
    "DEFECTS",
    "ESCAPES",
    "FACTORY_EVIDENCE",
    "FACTORY_PLAN",
    "LIGHTINGS",
    "NETWORKS",
    "RESTED",
    "STAGES",
    "CnnInspector",
    "EscapeEstimate",
    "FactoryLine",
    "Fatigue",
    "HumanInspector",
    "InspectionCosts",
    "LineOutcomes",
    "LineReport",
    "LineRollout",
    "ModelInspector",
    "PartScores",
    "Parts",
    "PlanComparison",
    "ScoreModel",
    "ShadowReport",
    "ThresholdCurve",
    "as_input",
    "best_threshold",
    "build_network",
    "compare_plans",
    "estimate_escapes",
    "line_rollout",
    "line_rollouts",
    "make_parts",
    "schedule",
    "seen_share",
    "shadow_report",
    "shipped_inspector",
    "shipped_model",
    "steady",
]
