"""Measuring models: intervals, splits, reports, comparisons, scope, latency."""

from coursekit.modeling.evaluation.calibration_curve import (
    CalibrationCurve,
    brier_difference,
    brier_score,
    calibration,
)
from coursekit.modeling.evaluation.comparison import Comparison, compare, paired_difference
from coursekit.modeling.evaluation.intervals import Interval, bootstrap_interval, proportion_interval, wilson_interval
from coursekit.modeling.evaluation.latency import Latency, measure_latency
from coursekit.modeling.evaluation.out_of_scope import ScopeCurve, ScopePoint, scope_curve
from coursekit.modeling.evaluation.report import ClassificationReport, evaluate
from coursekit.modeling.evaluation.slices import SliceScores, slice_scores
from coursekit.modeling.evaluation.splits import grouped_split

__all__ = [
    "CalibrationCurve",
    "ClassificationReport",
    "Comparison",
    "Interval",
    "Latency",
    "ScopeCurve",
    "ScopePoint",
    "SliceScores",
    "bootstrap_interval",
    "brier_difference",
    "brier_score",
    "calibration",
    "compare",
    "evaluate",
    "grouped_split",
    "measure_latency",
    "paired_difference",
    "proportion_interval",
    "scope_curve",
    "slice_scores",
    "wilson_interval",
]
