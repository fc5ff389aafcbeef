"""Sequential detectors: they hear a stream, element by element, and say when it changed."""

from coursekit.monitoring.detectors.alarms import Alarms
from coursekit.monitoring.detectors.calibration import false_alarm_rate
from coursekit.monitoring.detectors.comparison import DetectorComparison, compare_detectors
from coursekit.monitoring.detectors.ddm import DDM
from coursekit.monitoring.detectors.evaluation import DetectionReport, DetectionScores, evaluate

__all__ = [
    "DDM",
    "Alarms",
    "DetectionReport",
    "DetectionScores",
    "DetectorComparison",
    "compare_detectors",
    "evaluate",
    "false_alarm_rate",
]
