"""After the release: logs, distances, drift detectors, model refresh (week 14)."""

from coursekit.monitoring.detectors import DDM, Alarms

__all__ = ["DDM", "Alarms"]
