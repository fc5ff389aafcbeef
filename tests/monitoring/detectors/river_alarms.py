"""What river says on a stream: the oracle of the detectors."""

from __future__ import annotations

from collections.abc import Sequence

from river import drift
from river.drift import binary

from coursekit.monitoring.detectors import ADWIN, DDM, EDDM, HDDM_A, HDDM_W, KSWIN, PageHinkley
from coursekit.monitoring.detectors._base import Detector


def river_twin(detector: Detector) -> drift.base.DriftDetector:
    """river's detector with the same parameters."""
    match detector:
        case DDM():
            return binary.DDM(detector.n_min, detector.warning_level, detector.drift_level)
        case EDDM():
            return binary.EDDM(detector.n_min, detector.alpha, detector.beta)
        case HDDM_A():
            return binary.HDDMA(detector.drift_confidence, detector.warning_confidence, detector.two_sided)
        case HDDM_W():
            return binary.HDDMW(
                detector.drift_confidence, detector.warning_confidence, detector.smoothing, detector.two_sided
            )
        case PageHinkley():
            forgetting, mode = detector.forgetting or 1 - 0.0001, detector.mode or "both"
            return drift.PageHinkley(detector.n_min, detector.delta, detector.threshold, forgetting, mode)
        case ADWIN():
            names = ("delta", "clock", "max_buckets", "min_window_length", "grace_period")
            return drift.ADWIN(**{name: getattr(detector, name) for name in names})
        case KSWIN():
            return drift.KSWIN(detector.alpha, detector.window_size, detector.stat_size, detector.seed)
    raise TypeError(f"river has no {detector!r}")


def river_alarms(detector: Detector, stream: Sequence[float]) -> tuple[list[int], list[int]]:
    """Positions of river's warnings (those that are no drifts) and drifts."""
    twin, warnings, drifts = river_twin(detector), [], []
    for at, x in enumerate(stream):
        twin.update(x)
        if twin.drift_detected:
            drifts.append(at)
        elif getattr(twin, "warning_detected", False):
            warnings.append(at)
    return warnings, drifts
