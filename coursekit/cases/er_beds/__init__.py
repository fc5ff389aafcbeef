"""Emergency-room beds: will this hospital take the patient who arrives in twenty minutes?

A simulated city with its truth attached: arrivals, stays, refusals, late reports, label rules, features
that know only the past, a calibrated model, and ambulances that follow it. The case of week 2.
"""

from coursekit.cases.er_beds.bed_log import BedLog, Reported
from coursekit.cases.er_beds.changes import SCENARIOS, Change, case_curve
from coursekit.cases.er_beds.erlang import beds_needed, erlang_b
from coursekit.cases.er_beds.hospitals import SPECIALTIES, City, Hospital, city, single
from coursekit.cases.er_beds.labels import LABEL_RULES, ConfusionMatrix, LabelRule, confusion, label, label_study
from coursekit.cases.er_beds.routes import routes
from coursekit.cases.er_beds.simulation import simulate
from coursekit.cases.er_beds.stays import STAY_SHAPES, StayDistribution

__all__ = [
    "LABEL_RULES",
    "SCENARIOS",
    "SPECIALTIES",
    "STAY_SHAPES",
    "BedLog",
    "Change",
    "City",
    "ConfusionMatrix",
    "Hospital",
    "LabelRule",
    "Reported",
    "StayDistribution",
    "beds_needed",
    "case_curve",
    "city",
    "confusion",
    "erlang_b",
    "label",
    "label_study",
    "routes",
    "simulate",
    "single",
]
