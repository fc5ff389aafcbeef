"""Prediction logs: what a service answered, kept in Parquet files and asked with SQL."""

from coursekit.monitoring.logs.prediction_log import PredictionLog
from coursekit.monitoring.logs.schema import Column, LogSchema
from coursekit.monitoring.logs.writer import LogWriter

__all__ = ["Column", "LogSchema", "LogWriter", "PredictionLog"]
