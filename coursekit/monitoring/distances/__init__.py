"""How far apart are two data sets? Distances, tests, and a reference to compare with."""

from coursekit.monitoring.distances.categories import ChiSquared, chi_squared
from coursekit.monitoring.distances.drift_report import DriftReport
from coursekit.monitoring.distances.false_discovery import benjamini_hochberg
from coursekit.monitoring.distances.feature_histogram import FeatureHistogram
from coursekit.monitoring.distances.histograms import (
    hellinger,
    jensen_shannon,
    kl_divergence,
    population_stability_index,
    smoothed,
    total_variation,
)
from coursekit.monitoring.distances.kernels import MaximumMeanDiscrepancy, maximum_mean_discrepancy
from coursekit.monitoring.distances.reference import Reference
from coursekit.monitoring.distances.samples import ks_statistic, wasserstein

__all__ = [
    "ChiSquared",
    "DriftReport",
    "FeatureHistogram",
    "MaximumMeanDiscrepancy",
    "Reference",
    "benjamini_hochberg",
    "chi_squared",
    "hellinger",
    "jensen_shannon",
    "kl_divergence",
    "ks_statistic",
    "maximum_mean_discrepancy",
    "population_stability_index",
    "smoothed",
    "total_variation",
    "wasserstein",
]
