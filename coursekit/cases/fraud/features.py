"""Features as they were at the moment of each payment: what came later cannot change them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coursekit.cases.fraud.labels import LabelStore
from coursekit.cases.fraud.world import CATEGORIES, COUNTRIES, TransactionLog
from coursekit.compiling import compiled
from coursekit.short_repr import ShortRepr

FEATURES = (
    *("amount", "online", "hour", "night", "weekend", "foreign", "resale_goods", "digital_goods"),
    *("days_since_country", "hours_since_last", "amount_ratio"),
    *("count_1d", "count_7d", "count_30d", "mean_1d", "mean_7d", "mean_30d"),
    *("online_share_30d", "online_growth_30d"),
    *("merchant_risk_1d", "merchant_risk_7d", "merchant_risk_30d"),
)
"""Names of the features, in the order of the columns."""
_CUSTOMER, _MERCHANT = FEATURES.index("days_since_country"), FEATURES.index("merchant_risk_1d")
_DAY = 86_400
_FORGOTTEN = 60.0  # days without a purchase in a country that count as never
_SHRUNK = 2.0  # labels of an honest merchant that each merchant is given beforehand
_NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False, repr=False)
class FeatureTable(ShortRepr):
    """One row of features per transaction, ready for a model."""

    values: np.ndarray
    """Shape (n, len(FEATURES)), float32. NaN only where the feed left out country or category."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return FEATURES

    def column(self, name: str) -> np.ndarray:
        """One feature, shape (n,).

        Parameters
        ----------
        name
            One of `FEATURES`.
        """
        if name not in FEATURES:
            raise ValueError(f"no feature {name!r}; there are {', '.join(FEATURES)}")
        return self.values[:, FEATURES.index(name)]

    def to_frame(self) -> pd.DataFrame:
        """One row per transaction, one column per feature."""
        return pd.DataFrame(self.values, columns=list(FEATURES))


def point_in_time_features(
    log: TransactionLog, *, label_delay: float = 7.0, labels: LabelStore | None = None
) -> FeatureTable:
    r"""Compute what could be known about each payment when it was made.

    A merchant's fraud rate computed over the whole file knows the future, and a model that uses it
    shines until it is deployed. Here a row uses earlier rows only, and labels only once they have
    arrived: removing later rows changes nothing.

    Windows of a card hold its earlier transactions with :math:`t - w < t_i \le t`; the risk of a
    merchant is :math:`\text{frauds} / (\text{labels} + 2)` over its labels that became known in
    :math:`(t - w, t]`: one fraud among one label is not certainty. An empty window has count 0 and
    risk 0; its mean is the amount itself, so that ``amount_ratio`` is 1.
    ``online_growth_30d`` is the card's online spend of the last 30 days over that of the 30 before,
    each plus 10,000 won.

    Parameters
    ----------
    log
        Transactions in the order of time.
    label_delay
        Days until a label is known, the same for all; not read if labels is given.
    labels
        When the labels of this log become known.

    Raises
    ------
    ValueError
        If the log is empty or not in order, the delay is negative, or the labels belong to another log.

    Examples
    --------
    >>> from coursekit.cases.fraud import simulate
    >>> log = simulate(customers=200, merchants=100, days=60).log
    >>> features = point_in_time_features(log)
    >>> early = point_in_time_features(log.between(None, "2019-10-01"))
    >>> bool((features.values[: len(early.values)] == early.values).all())
    True

    References
    ----------
    Le Borgne, Siblini, Lebichot, Bontempi (2022). Reproducible Machine Learning for Credit Card
    Fraud Detection - Practical Handbook, chapter 3. Université Libre de Bruxelles.
    """
    n = len(log)
    time = log.time.astype(np.int64)
    if not n or np.any(np.diff(time) < 0):
        raise ValueError("the log must hold transactions in the order of time; TransactionLog.from_frame sorts them")
    if not label_delay >= 0:
        raise ValueError(f"label_delay must be 0 days or more, got {label_delay}")
    if labels is not None and labels.known_at.shape != (n,):
        raise ValueError(f"the labels are of a log with {labels.known_at.size} transactions, this one has {n}")
    known_at = time + round(label_delay * _DAY) if labels is None else labels.known_at.astype(np.int64)
    values = np.empty((n, len(FEATURES)), dtype=np.float32)
    hour = time % _DAY // 3600
    values[:, 0], values[:, 1], values[:, 2] = log.amount, log.online, hour
    values[:, 3], values[:, 4] = hour < 6, (time // _DAY + 3) % 7 >= 5
    values[:, 5] = np.where(log.country < 0, np.nan, log.country != 0)
    for column, kinds in ((6, ("electronics", "gift_card")), (7, ("digital",))):
        sold = np.isin(log.category, [CATEGORIES.index(kind) for kind in kinds])
        values[:, column] = np.where(log.category < 0, np.nan, sold)
    rows, bounds = _grouped(log.customer.astype(np.int64), np.arange(n))
    _customer_pass(time, log.amount, log.online, log.country, rows, bounds, values, _CUSTOMER, len(COUNTRIES))
    merchant = log.merchant.astype(np.int64)
    rows, bounds = _grouped(merchant, np.arange(n))
    arrival = np.argsort(known_at, kind="stable")
    arrival = arrival[known_at[arrival] != _NEVER]
    arrivals, arrival_bounds = _grouped(merchant, arrival, groups=bounds.size - 1)
    _merchant_pass(time, known_at, log.is_fraud, rows, bounds, arrivals, arrival_bounds, values, _MERCHANT)
    return FeatureTable(values)


def _grouped(group: np.ndarray, rows: np.ndarray, *, groups: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Rows by group, kept in the given order within each; group g is rows[bounds[g] : bounds[g + 1]]."""
    count = np.bincount(group[rows], minlength=int(group.max()) + 1 if groups is None else groups)
    bounds = np.concatenate([[0], np.cumsum(count)])
    return _counting_sort(group, rows, bounds[:-1].copy()), bounds


@compiled
def _counting_sort(group: np.ndarray, rows: np.ndarray, place: np.ndarray) -> np.ndarray:
    result = np.empty(rows.size, np.int64)
    for row in rows:
        result[place[group[row]]] = row
        place[group[row]] += 1
    return result


@compiled
def _customer_pass(
    time: np.ndarray,
    amount: np.ndarray,
    online: np.ndarray,
    country: np.ndarray,
    rows: np.ndarray,
    bounds: np.ndarray,
    values: np.ndarray,
    column: int,
    n_countries: int,
) -> None:
    """Card by card, with one pointer per window at its oldest transaction. Sums are whole won: exact."""
    windows = np.array([86_400, 7 * 86_400, 30 * 86_400])
    seen = np.empty(n_countries, np.int64)
    total, oldest = np.empty(3, np.int64), np.empty(3, np.int64)
    for card in range(bounds.size - 1):
        low = bounds[card]
        seen[:] = -1
        total[:] = 0
        oldest[:] = low
        oldest_before = low
        online_count, online_spend, online_before = 0, 0, 0
        for i in range(low, bounds[card + 1]):
            row = rows[i]
            now = time[row]
            while time[rows[oldest_before]] <= now - 60 * 86_400:
                if online[rows[oldest_before]]:
                    online_before -= amount[rows[oldest_before]]
                oldest_before += 1
            for w in range(3):
                while oldest[w] < i and time[rows[oldest[w]]] <= now - windows[w]:
                    leaving = rows[oldest[w]]
                    total[w] -= amount[leaving]
                    if w == 2 and online[leaving]:
                        online_count -= 1
                        online_spend -= amount[leaving]
                        online_before += amount[leaving]
                    oldest[w] += 1
                count = i - oldest[w]
                values[row, column + 3 + w] = count
                values[row, column + 6 + w] = total[w] / count if count else amount[row]
            land = country[row]
            if land < 0:
                values[row, column] = np.nan
            elif seen[land] < 0:
                values[row, column] = _FORGOTTEN
            else:
                values[row, column] = min(_FORGOTTEN, (now - seen[land]) / 86_400)
            values[row, column + 1] = min(720.0, (now - time[rows[i - 1]]) / 3600) if i > low else 720.0
            month = i - oldest[2]
            values[row, column + 2] = amount[row] * month / total[2] if month else 1.0
            values[row, column + 9] = online_count / month if month else online[row]
            values[row, column + 10] = (online_spend + 10_000) / (online_before + 10_000)
            for w in range(3):
                total[w] += amount[row]
            if online[row]:
                online_count += 1
                online_spend += amount[row]
            elif land >= 0:
                seen[land] = now


@compiled
def _merchant_pass(
    time: np.ndarray,
    known_at: np.ndarray,
    fraud: np.ndarray,
    rows: np.ndarray,
    bounds: np.ndarray,
    arrivals: np.ndarray,
    arrival_bounds: np.ndarray,
    values: np.ndarray,
    column: int,
) -> None:
    """Merchant by merchant: labels enter when they arrive and leave a window later."""
    windows = np.array([86_400, 7 * 86_400, 30 * 86_400])
    frauds, oldest = np.empty(3, np.int64), np.empty(3, np.int64)
    for shop in range(bounds.size - 1):
        entering, end = arrival_bounds[shop], arrival_bounds[shop + 1]
        frauds[:] = 0
        oldest[:] = entering
        for i in range(bounds[shop], bounds[shop + 1]):
            row = rows[i]
            now = time[row]
            while entering < end and known_at[arrivals[entering]] <= now:
                for w in range(3):
                    frauds[w] += fraud[arrivals[entering]]
                entering += 1
            for w in range(3):
                while oldest[w] < entering and known_at[arrivals[oldest[w]]] <= now - windows[w]:
                    frauds[w] -= fraud[arrivals[oldest[w]]]
                    oldest[w] += 1
                values[row, column + w] = frauds[w] / (entering - oldest[w] + _SHRUNK)
