"""One feature: from counts to distances and a p-value."""

from __future__ import annotations

from typing import Any

import numpy as np

from coursekit.monitoring.distances import histograms
from coursekit.monitoring.distances._features import CategoricalFeature, NumericFeature
from coursekit.monitoring.distances._merging import ks_p_value
from coursekit.monitoring.distances.categories import chi_squared
from coursekit.monitoring.distances.drift_report import ALL_MISSING, COMPARED, CONSTANT, WAS_MISSING

_MIN_EXPECTED = 5.0  # Cochran's rule: with fewer, chi-squared is no approximation to rely on
_SMOOTHED = {"kl": histograms._kl, "psi": histograms._psi}
_PLAIN = {"tv": histograms._tv, "hellinger": histograms._hellinger, "js": histograms._js}


def compare_feature(
    feature: NumericFeature | CategoricalFeature,
    now: np.ndarray,
    values: dict[Any, int] | None,
    merged: tuple[int, float] | None,
    wanted: tuple[str, ...],
    pseudo_count: float,
) -> dict[str, Any]:
    """Status, shares of missing values, distances and test of one feature.

    ``now`` are its counts by bin, ``values`` its counts by category (None of numbers), ``merged``
    what :func:`merge` said (None of categories, or where not asked for).
    """
    before = feature.counts
    row: dict[str, Any] = {
        "status": _status(feature, now),
        "missing_reference": before[-1] / before.sum(),
        "missing_now": now[-1] / now.sum(),
    }
    filled = (now > 0) | (before > 0)
    p_counts, q_counts = now[filled], before[filled]
    p, q = p_counts / p_counts.sum(), q_counts / q_counts.sum()
    row |= {name: distance(p, q) for name, distance in _PLAIN.items() if name in wanted}
    if "kl" in wanted or "psi" in wanted:
        p, q = (histograms.smoothed(counts, pseudo_count=pseudo_count) for counts in (p_counts, q_counts))
        row |= {name: distance(p, q) for name, distance in _SMOOTHED.items() if name in wanted}

    if values is not None and isinstance(feature, CategoricalFeature):
        p_counts, q_counts = _all_categories(feature, now, values)
    chi2 = chi_squared(p_counts, q_counts, min_expected=_MIN_EXPECTED)
    row |= {"chi2": chi2.statistic, "test": "chi2", "p_value": chi2.p_value}
    if merged is not None:
        largest, area = merged
        n, m = int(now[:-1].sum()), int(before[:-1].sum())
        row |= {"ks": largest / (n * m), "wasserstein": area}
        if "ks" in wanted:
            row["test"], row["p_value"] = _ks_test(largest, n, m, int(now[-1]), int(before[-1]))
    return row


def _status(feature: NumericFeature | CategoricalFeature, now: np.ndarray) -> str:
    if now[:-1].sum() == 0:
        return ALL_MISSING
    if feature.counts[:-1].sum() == 0:
        return WAS_MISSING
    return CONSTANT if feature.constant else COMPARED


def _all_categories(
    feature: CategoricalFeature, now: np.ndarray, values: dict[Any, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Counts of both over every category that either has, and the missing ones.

    "(new)" will not do for a test: among long-tailed categories some are always new, drift or not,
    and the reference has none of them by definition. One by one, both samples are treated alike.
    """
    union = {**dict.fromkeys(feature.all_counts), **dict.fromkeys(values)}
    return tuple(  # type: ignore[return-value]
        np.array([*(counts.get(value, 0) for value in union), missing])
        for counts, missing in ((values, now[-1]), (feature.all_counts, feature.counts[-1]))
    )


def _ks_test(largest: int, n: int, m: int, missing_now: int, missing_before: int) -> tuple[str, float]:
    p_value = ks_p_value(largest, n, m)
    if missing_now + missing_before == 0:
        return "ks", p_value
    share = chi_squared([n, missing_now], [m, missing_before])
    smaller = min(p_value, share.p_value)
    return "ks, missing", smaller * (2 - smaller)  # 1 - (1 - p)^2: the two are independent without drift
