"""Emergency-room beds: will this hospital take the patient who arrives in twenty minutes?

A simulated city with its truth attached: arrivals, stays, refusals, late reports, label rules, features
that know only the past, a calibrated model, and ambulances that follow it. The case of week 2.
"""

from coursekit.cases.er_beds.bed_log import BedLog, Reported
from coursekit.cases.er_beds.changes import SCENARIOS, Change, case_curve
from coursekit.cases.er_beds.dispatching import (
    POLICIES,
    DispatchReport,
    PolicyComparison,
    RefusalCurve,
    compare_policies,
    dispatch,
    refusal_curve,
)
from coursekit.cases.er_beds.erlang import beds_needed, erlang_b
from coursekit.cases.er_beds.features import (
    CALENDAR_FEATURES,
    FEATURES,
    BedFeatures,
    features_at,
    point_in_time_features,
)
from coursekit.cases.er_beds.full_now import FullNowReport, full_now_study
from coursekit.cases.er_beds.hospitals import SPECIALTIES, City, Hospital, city, single
from coursekit.cases.er_beds.labels import LABEL_RULES, ConfusionMatrix, LabelRule, confusion, label, label_study
from coursekit.cases.er_beds.model import AVAILABILITY_KINDS, AvailabilityModel, PersistenceBaseline
from coursekit.cases.er_beds.nemc_feed import BedFeed, FeedError, fetch_feed, read_feed, write_feed
from coursekit.cases.er_beds.retraining import RetrainingReport, retraining_study
from coursekit.cases.er_beds.routes import routes
from coursekit.cases.er_beds.simulation import simulate
from coursekit.cases.er_beds.stays import STAY_SHAPES, StayDistribution
from coursekit.cases.er_beds.study import AvailabilityReport, evaluate_availability

__all__ = [
    "AVAILABILITY_KINDS",
    "CALENDAR_FEATURES",
    "FEATURES",
    "LABEL_RULES",
    "POLICIES",
    "SCENARIOS",
    "SPECIALTIES",
    "STAY_SHAPES",
    "AvailabilityModel",
    "AvailabilityReport",
    "BedFeatures",
    "BedFeed",
    "BedLog",
    "Change",
    "City",
    "ConfusionMatrix",
    "DispatchReport",
    "FeedError",
    "FullNowReport",
    "Hospital",
    "LabelRule",
    "PersistenceBaseline",
    "PolicyComparison",
    "RefusalCurve",
    "Reported",
    "RetrainingReport",
    "StayDistribution",
    "beds_needed",
    "case_curve",
    "city",
    "compare_policies",
    "confusion",
    "dispatch",
    "erlang_b",
    "evaluate_availability",
    "features_at",
    "fetch_feed",
    "full_now_study",
    "label",
    "label_study",
    "point_in_time_features",
    "read_feed",
    "refusal_curve",
    "retraining_study",
    "routes",
    "simulate",
    "single",
    "write_feed",
]
