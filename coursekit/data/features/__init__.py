"""Features as they were known at the time, and as they are when served."""

from coursekit.data.features.point_in_time import as_of_join
from coursekit.data.features.skew import SkewReport, compare_serving

__all__ = ["SkewReport", "as_of_join", "compare_serving"]
