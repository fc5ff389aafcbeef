"""Sequential detectors: they hear a stream, element by element, and say when it changed."""

from coursekit.monitoring.detectors.adwin import ADWIN
from coursekit.monitoring.detectors.alarms import Alarms
from coursekit.monitoring.detectors.calibration import false_alarm_rate
from coursekit.monitoring.detectors.comparison import DetectorComparison, compare_detectors
from coursekit.monitoring.detectors.cusum import CUSUM
from coursekit.monitoring.detectors.ddm import DDM
from coursekit.monitoring.detectors.eddm import EDDM
from coursekit.monitoring.detectors.evaluation import DetectionReport, DetectionScores, evaluate
from coursekit.monitoring.detectors.ewma import EWMA
from coursekit.monitoring.detectors.hddm_a import HDDM_A
from coursekit.monitoring.detectors.hddm_w import HDDM_W
from coursekit.monitoring.detectors.kswin import KSWIN
from coursekit.monitoring.detectors.page_hinkley import PageHinkley
from coursekit.monitoring.detectors.run_length import cusum_run_length, ewma_run_length

__all__ = [
    "ADWIN",
    "CUSUM",
    "DDM",
    "EDDM",
    "EWMA",
    "HDDM_A",
    "HDDM_W",
    "KSWIN",
    "Alarms",
    "DetectionReport",
    "DetectionScores",
    "DetectorComparison",
    "PageHinkley",
    "compare_detectors",
    "cusum_run_length",
    "evaluate",
    "ewma_run_length",
    "false_alarm_rate",
]
