"""Sequential detectors: they hear a stream, element by element, and say when it changed."""

from coursekit.monitoring.detectors.alarms import Alarms
from coursekit.monitoring.detectors.ddm import DDM

__all__ = ["DDM", "Alarms"]
