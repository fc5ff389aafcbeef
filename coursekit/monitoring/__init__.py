"""After the release: logs, distances, drift detectors, model refresh (week 14).

The rooms: `logs` remembers what was predicted, `distances` asks whether the inputs moved,
`detectors` whether the errors did, `refresh` what to do about it.
"""

from coursekit.monitoring.detectors import (
    ADWIN,
    CUSUM,
    DDM,
    EDDM,
    EWMA,
    HDDM_A,
    HDDM_W,
    KSWIN,
    Alarms,
    DetectionReport,
    DetectionScores,
    DetectorComparison,
    PageHinkley,
    compare_detectors,
    cusum_run_length,
    evaluate,
    ewma_run_length,
    false_alarm_rate,
)

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
