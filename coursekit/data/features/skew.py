"""Training-serving skew: features as they were served against the same features recomputed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from pandas.api import types

from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, eq=False, repr=False)
class SkewReport(ShortRepr):
    """How far features at serving are from the same features computed in batch, feature by feature."""

    features: tuple[str, ...]
    """Columns that both sides have, in the order of batch; the arrays below follow it."""
    rows: int
    """Rows found on both sides."""
    differs: np.ndarray
    """Number of rows in which the two sides differ, missing on one side included."""
    largest: np.ndarray
    """Largest absolute difference where both hold a number; NaN for what is no number."""
    missing_batch: np.ndarray
    """Number of rows that are missing in batch only."""
    missing_served: np.ndarray
    """Number of rows that were missing at serving only."""
    worst: tuple[Hashable, ...]
    """Key of a row to look at: missing on one side, else the largest difference; None where none differs."""
    rows_only_batch: int
    """Rows of batch that no log of serving has."""
    rows_only_served: int
    """Rows that were served and that batch lacks."""
    features_only_batch: tuple[str, ...]
    """Features that serving never logged."""
    features_only_served: tuple[str, ...]
    """Features that batch does not compute."""
    tolerance: float
    """What still counts as equal."""

    @property
    def skewed(self) -> tuple[str, ...]:
        """Features that differ in at least one row."""
        return tuple(name for name, count in zip(self.features, self.differs, strict=True) if count)

    def to_frame(self) -> pd.DataFrame:
        """One row per feature: share that differs, largest difference, missing on one side, a key to look at."""
        return pd.DataFrame(
            {
                "share": self.differs / self.rows,
                "differs": self.differs,
                "largest": self.largest,
                "missing_batch": self.missing_batch,
                "missing_served": self.missing_served,
                "worst": pd.Series(list(self.worst), dtype=object).to_numpy(),
            },
            index=pd.Index(self.features, name="feature"),
        )

    def plot(self) -> go.Figure:
        """Share of rows that differ per feature, by what is wrong with them."""
        names = list(self.features)[::-1]
        figure = go.Figure()
        for name, counts in {
            "값이 다름": self.differs - self.missing_batch - self.missing_served,
            "서빙에서만 값이 없음": self.missing_served,
            "배치에서만 값이 없음": self.missing_batch,
        }.items():
            figure.add_bar(y=names, x=(counts / self.rows)[::-1], name=name, orientation="h")
        return figure.update_layout(
            title=f"학습-서빙 편차: 두 값이 다른 행의 비율 ({self.rows:,}행)",
            xaxis={"title": "행의 비율", "tickformat": ".0%", "range": [0, 1]},
            barmode="stack",
            height=180 + 28 * len(names),
        )


def compare_serving(
    batch: pd.DataFrame, served: pd.DataFrame, *, key: str | Sequence[str], tolerance: float = 1e-9
) -> SkewReport:
    """Compare features logged at serving with the same features recomputed in batch.

    A model learns from features that a batch job computes and is asked with features that a server
    computes. Two programs for one definition drift apart: another time zone, a default instead of a missing
    value, a cache. No metric of the model shows it, since nothing fails; comparing the same rows does.
    Numbers b and s differ if one is missing or

        |b - s| > tolerance * max(1, |b|, |s|),

    without the factor where both are whole; anything else differs unless it is equal.

    Parameters
    ----------
    batch
        Features recomputed, one row per request.
    served
        Features as they were logged, one row per request, in any order.
    key
        Column or columns that name a request on both sides.
    tolerance
        Largest difference that counts as equal; 1e-6 where serving computes in float32.

    Raises
    ------
    ValueError
        If a key column is missing, a key is missing or appears twice, no row or no feature is on both
        sides, or tolerance is no finite number of at least 0.

    Examples
    --------
    >>> batch = pd.DataFrame({"id": [1, 2, 3], "hour": [9, 23, 4], "amount": [10.0, None, 30.0]})
    >>> served = pd.DataFrame({"id": [3, 2, 1], "hour": [13, 8, 18], "amount": [30.0, 0.0, 10.0]})
    >>> compare_serving(batch, served, key="id").to_frame()[["share", "largest", "missing_batch"]].round(3)
             share  largest  missing_batch
    feature
    hour     1.000     15.0              0
    amount   0.333      0.0              1

    References
    ----------
    Breck, Cai, Nielsen, Salib, Sculley (2017). The ML test score: a rubric for ML production readiness and
    technical debt reduction. IEEE Big Data. Test Monitor 3.
    """
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance < np.inf:
        raise ValueError(f"compare_serving: tolerance must be a finite number of at least 0, got {tolerance!r}")
    keys = [key] if isinstance(key, str) else list(key)
    one, other = _by_key(batch, "batch", keys), _by_key(served, "served", keys)
    features = [name for name in one.columns if name in other.columns]
    shared = one.index.intersection(other.index, sort=False)
    if not features or not len(shared):
        what = "features" if len(shared) else f"rows with the same {keys}"
        raise ValueError(f"compare_serving: batch and served have no {what} in common; check names and types")
    one_shared, other_shared = one.loc[shared], other.loc[shared]
    compared = [_compare(one_shared[name], other_shared[name], tolerance) for name in features]
    differs, gaps, in_batch, in_served = (np.array(part) for part in zip(*compared, strict=True))
    urgency = np.where(in_batch | in_served, np.inf, np.nan_to_num(gaps, nan=0.0))
    worst = np.argmax(np.where(differs, urgency, -1.0), axis=1)
    return SkewReport(
        features=tuple(features),
        rows=len(shared),
        differs=differs.sum(axis=1),
        largest=np.array([np.nan if np.isnan(row).all() else np.nanmax(row) for row in gaps]),
        missing_batch=in_batch.sum(axis=1),
        missing_served=in_served.sum(axis=1),
        worst=tuple(shared[at] if row[at] else None for at, row in zip(worst, differs, strict=True)),
        rows_only_batch=len(one) - len(shared),
        rows_only_served=len(other) - len(shared),
        features_only_batch=tuple(name for name in one.columns if name not in other.columns),
        features_only_served=tuple(name for name in other.columns if name not in one.columns),
        tolerance=float(tolerance),
    )


def _by_key(table: pd.DataFrame, where: str, keys: list[str]) -> pd.DataFrame:
    absent = [name for name in keys if name not in table.columns]
    if absent or not keys:
        raise ValueError(f"compare_serving: {where} has no key column {absent}; it has {list(table.columns)}")
    if not table.columns.is_unique:
        raise ValueError(f"compare_serving: {where} has two columns of one name; rename one")
    if table[keys].isna().to_numpy().any():
        raise ValueError(f"compare_serving: {where} has rows without a key in {keys}; drop them")
    twice = table.duplicated(keys)
    if twice.any():
        first = table.loc[twice, keys].iloc[0].tolist()
        raise ValueError(
            f"compare_serving: {int(twice.sum())} keys of {where} appear more than once, such as {first}; "
            f"one row per request is needed"
        )
    return table.set_index(keys[0] if len(keys) == 1 else keys)


def _compare(
    batch: pd.Series, served: pd.Series, tolerance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each row: whether it differs, by how much, whether it is missing in batch only, in served only."""
    no_batch, no_served = batch.isna().to_numpy(), served.isna().to_numpy()
    both = ~no_batch & ~no_served
    differs, gap = no_batch ^ no_served, np.full(len(batch), np.nan)
    if types.is_numeric_dtype(batch.dtype) and types.is_numeric_dtype(served.dtype):
        b, s = (side[both].to_numpy(dtype=float) for side in (batch, served))
        exact = (batch[both].to_numpy() != served[both].to_numpy()).astype(bool)
        whole = all(types.is_integer_dtype(side.dtype) or types.is_bool_dtype(side.dtype) for side in (batch, served))
        with np.errstate(invalid="ignore"):
            apart = np.where(exact, np.abs(b - s), 0.0)  # equal infinities are 0 apart
            scale = 1.0 if whole else np.maximum(1.0, np.maximum(np.abs(b), np.abs(s)))
            if whole:
                apart = np.maximum(apart, exact)  # beyond 2^53 float64 leaves out whole numbers
            far = np.isinf(apart) | (apart > tolerance * scale)
        differs[both], gap[both] = far & exact, apart
    else:
        b, s = (side[both].astype(object).to_numpy() for side in (batch, served))
        differs[both] = np.array([bool(x != y) for x, y in zip(b, s, strict=True)], dtype=bool)
    return differs, gap, no_batch & ~no_served, no_served & ~no_batch
