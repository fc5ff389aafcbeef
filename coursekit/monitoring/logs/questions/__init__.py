"""Questions that every prediction log is asked, each with its SQL to read."""

from coursekit.monitoring.logs.questions.accuracy import DelayedAccuracy, delayed_accuracy
from coursekit.monitoring.logs.questions.arms import ArmComparison, compare_arms
from coursekit.monitoring.logs.questions.audit import LogAudit, audit
from coursekit.monitoring.logs.questions.drift import DailyDrift, daily_drift
from coursekit.monitoring.logs.questions.latency import LatencyPercentiles, latency_percentiles
from coursekit.monitoring.logs.questions.volume import DailyVolume, daily_volume

__all__ = [
    "ArmComparison",
    "DailyDrift",
    "DailyVolume",
    "DelayedAccuracy",
    "LatencyPercentiles",
    "LogAudit",
    "audit",
    "compare_arms",
    "daily_drift",
    "daily_volume",
    "delayed_accuracy",
    "latency_percentiles",
]
