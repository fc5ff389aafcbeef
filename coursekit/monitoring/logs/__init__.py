"""Prediction logs: what a service answered, kept in Parquet files and asked with SQL."""

from coursekit.monitoring.logs.prediction_log import PredictionLog
from coursekit.monitoring.logs.questions import (
    ArmComparison,
    DailyDrift,
    DailyVolume,
    DelayedAccuracy,
    LatencyPercentiles,
    LogAudit,
    audit,
    compare_arms,
    daily_drift,
    daily_volume,
    delayed_accuracy,
    latency_percentiles,
)
from coursekit.monitoring.logs.schema import Column, LogSchema
from coursekit.monitoring.logs.writer import LogWriter

__all__ = [
    "ArmComparison",
    "Column",
    "DailyDrift",
    "DailyVolume",
    "DelayedAccuracy",
    "LatencyPercentiles",
    "LogAudit",
    "LogSchema",
    "LogWriter",
    "PredictionLog",
    "audit",
    "compare_arms",
    "daily_drift",
    "daily_volume",
    "delayed_accuracy",
    "latency_percentiles",
]
