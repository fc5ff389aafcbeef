"""One feature: from counts to distances and a p-value."""

from __future__ import annotations

from typing import Any

import numpy as np

from coursekit.monitoring.distances import histograms
from coursekit.monitoring.distances._features import CategoricalFeature, NumericFeature
from coursekit.monitoring.distances._frequencies import compare_frequencies
from coursekit.monitoring.distances._merging import Gap, ks_p_value
from coursekit.monitoring.distances.drift_report import ALL_MISSING, COMPARED, CONSTANT, WAS_MISSING

_SMOOTHED = {"kl": histograms._kl, "psi": histograms._psi}
_PLAIN = {"tv": histograms._tv, "hellinger": histograms._hellinger, "js": histograms._js}


def compare_feature(
    feature: NumericFeature | CategoricalFeature,
    before: np.ndarray,
    now: np.ndarray,
    values: dict[Any, int] | None,
    gap: Gap | None,
    wanted: tuple[str, ...],
    pseudo_count: float,
) -> dict[str, Any]:
    """Status, shares of missing values, distances and test of one feature.

    ``before`` and ``now`` are its counts by bin, ``values`` its counts by category (None of numbers),
    ``gap`` what :func:`merge_apart` said (None of categories, or where not asked for).
    """
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
    bins = compare_frequencies(p_counts, q_counts, fitted=values is None)
    row |= {"chi2": bins.statistic, "test": bins.test, "p_value": bins.p_value}
    if gap is not None:
        n, m = int(now[:-1].sum()), int(before[:-1].sum())
        row |= {"ks": gap.largest / (n * m), "wasserstein": gap.area}
        if "ks" in wanted:
            row["test"], row["p_value"] = _ks_test(gap, int(now[-1]), int(before[-1]))
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
    and the reference has none of them by definition. One by one, both samples are treated alike;
    in the order of their text, so that which rare ones are merged does not depend on where they come from.
    """
    union = sorted({**dict.fromkeys(feature.all_counts), **dict.fromkeys(values)}, key=str)
    return tuple(  # type: ignore[return-value]
        np.array([*(counts.get(value, 0) for value in union), missing])
        for counts, missing in ((values, now[-1]), (feature.all_counts, feature.counts[-1]))
    )


def _ks_test(gap: Gap, missing_now: int, missing_before: int) -> tuple[str, float]:
    """KS of the values that are not heavy, with a test of how many are heavy, missing, or neither.

    Among ties KS sees next to nothing: a flag that goes from 1% to 2% is a gap of .01. Given how
    many rows there are of each kind, both tests are independent unless there is drift.
    """
    name = "ks"
    if gap.heavy.shape[1]:
        name += ", heavy values"
    if missing_now + missing_before:
        name += ", missing"
    largest, n, m = gap.rest
    apart = (np.array([*heavy, absent]) for heavy, absent in zip(gap.heavy, (missing_now, missing_before), strict=True))
    shares = compare_frequencies(*(np.append(cells, rest) for cells, rest in zip(apart, gap.rest[1:], strict=True)))
    if n == 0 or m == 0:
        return name, shares.p_value
    p_value = ks_p_value(largest, n, m)
    if name == "ks":
        return name, p_value
    smaller = min(p_value, shares.p_value)
    return name, smaller * (2 - smaller)  # 1 - (1 - p)^2
