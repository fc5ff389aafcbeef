"""A card company's world, simulated: millions of transactions a second, the truth attached."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence

import numpy as np

from coursekit.cases.fraud._dates import as_date
from coursekit.cases.fraud._fraudsters import (
    COMPROMISED,
    COMPROMISED_SHARE,
    FraudRows,
    TappedMerchants,
    fraud_rows,
    tapped_merchants,
)
from coursekit.cases.fraud._numbers import mix, normal, poisson, step, stream_key, substream, uniform
from coursekit.cases.fraud._population import _ABROAD, CATEGORY_FACTOR, Calendar, Customers, Merchants, hour_quantiles
from coursekit.cases.fraud.drift import Drift, planted_drifts
from coursekit.cases.fraud.world import FraudWorld, TransactionLog
from coursekit.compiling import compiled

_TRIP_A_DAY = 0.0011
_LOW_BITS, _HIGH_BITS = 512, 256  # a second of the day has 17 bits
_SPREAD = 0.40  # of one customer's amounts within a category, on the log scale
_FAVOURITES = 24
_MIN_MERCHANTS = 40


def simulate(
    *,
    customers: int = 5_000,
    merchants: int = 10_000,
    days: int = 183,
    start: str | datetime.date = "2019-09-01",
    scenario: str | Drift | Sequence[Drift] = "stable",
    seed: int = 0,
) -> FraudWorld:
    r"""Simulate card payments, honest and fraudulent, with the planted changes attached.

    Real card data cannot leave the company, and no real log says when fraudsters changed their
    ways. Here both are known, so a detector can be scored and a refresh policy priced. The
    defaults give about 1.75 million transactions of which 0.8% are fraud.

    Customer :math:`c` makes :math:`\mathrm{Poisson}(\lambda_c f_d)` purchases on day :math:`d` in each
    channel; :math:`f_d` holds weekday, season and drift. Each customer's every day has random
    numbers of its own: the same seed with more days begins with the same transactions (give drifts
    a ``start``, since the default one depends on ``days``).

    Parameters
    ----------
    customers
        Number of customers, each with one card.
    merchants
        Number of merchants, at least 40 (eight countries, shops and online).
    days
        Days to simulate.
    start
        First day.
    scenario
        ``"stable"``, ``"gradual"``, ``"seasonal"``, ``"covid"``, ``"vanishing_feature"``, a `Drift`, or
        several of them, which then act together.
    seed
        Seed of the world, 0 or more.

    Raises
    ------
    ValueError
        If a number is too small, the start is no date, the scenario is unknown, or a drift begins
        outside the simulated days.

    Examples
    --------
    >>> world = simulate(customers=200, merchants=100, days=60, scenario="covid", seed=1)
    >>> world.truth[0].kind, str(world.truth[0].start)
    ('covid', '2019-10-01')
    >>> frame = world.log.to_frame()
    >>> before, after = (frame[(frame["time"] >= "2019-10-01") == late] for late in (False, True))
    >>> bool(after["online"].mean() > 1.4 * before["online"].mean())
    True

    References
    ----------
    Le Borgne, Siblini, Lebichot, Bontempi (2022). Reproducible Machine Learning for Credit Card
    Fraud Detection - Practical Handbook. Université Libre de Bruxelles.
    Steele, Lea, Flood (2014). Fast splittable pseudorandom number generators. OOPSLA.
    """
    sizes = {
        "customers": (customers, 1),
        "merchants": (merchants, _MIN_MERCHANTS),
        "days": (days, 1),
        "seed": (seed, 0),
    }
    for name, (value, low) in sizes.items():
        if not isinstance(value, int | np.integer) or value < low:
            raise ValueError(f"{name} must be a whole number of at least {low}, got {value!r}")
    first = as_date(start, "start")
    truth = planted_drifts(scenario, start=first, days=days)
    dates = first + np.arange(days)
    calendar = Calendar.of(dates, truth)
    people, shops = Customers.drawn(customers, seed), Merchants.drawn(merchants, seed)
    stay = _stays(stream_key(seed, 1), people.home, _TRIP_A_DAY * calendar.travel, np.cumsum(_ABROAD))
    extra = fraud_rows(customers, shops, calendar, seed)
    log = _log(first, people, shops, calendar, stay, extra, tapped_merchants(shops, calendar, seed), seed)
    log = _without_vanished(log, truth, dates, seed)
    return FraudWorld(
        log, truth, first, days, seed,
        people.home, people.usual_amount, people.online_rate, people.offline_rate, stay,
        np.arange(merchants) < shops.n_online, shops.country, shops.category,
    )  # fmt: skip


def _log(
    first: np.datetime64,
    people: Customers,
    shops: Merchants,
    calendar: Calendar,
    stay: np.ndarray,
    extra: FraudRows,
    tapped: TappedMerchants,
    seed: int,
) -> TransactionLog:
    days = calendar.online.size
    counts = _counts(stream_key(seed, 2), people.online_rate, people.offline_rate, calendar.online, calendar.offline)
    extra_from = np.searchsorted(extra.day, np.arange(days + 1))
    per_day = counts.sum(axis=(1, 2), dtype=np.int64) + np.diff(extra_from)
    row_from = np.concatenate([[0], np.cumsum(per_day)])
    second, customer, merchant, online, amount, code = _fill(
        stream_key(seed, 3), counts, row_from, stay, people.usual_amount, calendar.amount,
        shops.n_online, shops.block, shops.category, CATEGORY_FACTOR, hour_quantiles(True), hour_quantiles(False),
        (extra_from, extra.second, extra.customer, extra.merchant, extra.multiple, extra.code),
        (np.searchsorted(tapped.first_day, np.arange(days + 1)), tapped.merchant, tapped.days),
    )  # fmt: skip
    return TransactionLog(
        transaction=np.arange(second.size),
        time=(second + first.astype("datetime64[s]").astype(np.int64)).view("datetime64[s]"),
        customer=customer,
        merchant=merchant,
        online=online,
        country=shops.country[merchant],
        category=shops.category[merchant],
        amount=amount,
        is_fraud=code > 0,
        fraud_scenario=code,
    )


def _without_vanished(log: TransactionLog, truth: tuple[Drift, ...], dates: np.ndarray, seed: int) -> TransactionLog:
    columns: dict[str, np.ndarray] = {}
    for number, drift in enumerate(truth):
        if drift.kind == "vanishing_feature":
            share = float(drift.magnitude or 1) * drift.strength(dates)
            lost = np.random.default_rng([seed, 81, number]).random(len(log))
            gone = lost < share[(log.date - dates[0]).astype(np.int64)]
            columns[drift.feature] = np.where(gone, -1, columns.get(drift.feature, getattr(log, drift.feature)))
    return TransactionLog(**(vars(log) | {name: values.astype(np.int8) for name, values in columns.items()}))


@compiled
def _stays(key: np.uint64, home: np.ndarray, trip_starts: np.ndarray, abroad: np.ndarray) -> np.ndarray:
    """Where each customer is on each day: at home, or for three to nine days in another country."""
    stay = np.empty((home.size, trip_starts.size), dtype=np.int8)
    for customer in range(home.size):
        back, land = 0, home[customer]
        for day in range(trip_starts.size):
            if day >= back:
                land = home[customer]
                state = substream(key, customer, day)
                if uniform(state) < trip_starts[day]:
                    back = day + 3 + int(uniform(step(state)) * 7)
                    land = np.int8(min(np.searchsorted(abroad, uniform(step(step(state))), side="right"), 7))
            stay[customer, day] = land
    return stay


@compiled
def _counts(
    key: np.uint64, online_rate: np.ndarray, offline_rate: np.ndarray, online: np.ndarray, offline: np.ndarray
) -> np.ndarray:
    """Purchases of each customer on each day, shape (days, customers, 2): online, in shops."""
    counts = np.empty((online.size, online_rate.size, 2), dtype=np.uint8)
    for day in range(online.size):
        for customer in range(online_rate.size):
            state = substream(key, customer, day)
            counts[day, customer, 0] = poisson(state, min(50.0, online_rate[customer] * online[day]))
            counts[day, customer, 1] = poisson(step(state), min(50.0, offline_rate[customer] * offline[day]))
    return counts


@compiled
def _second(u: float, quantiles: np.ndarray) -> int:
    place = u * (quantiles.size - 1)
    index = int(place)
    return int(quantiles[index] + (quantiles[index + 1] - quantiles[index]) * (place - index))


@compiled
def _merchant(key: np.uint64, state: np.uint64, customer: int, low: int, high: int) -> int:
    """Four times in five a favourite of the customer's, some more than others; else any."""
    u = uniform(state)
    if u < 0.8:
        slot = int((u * 1.25) ** 2 * _FAVOURITES)
        u = uniform(substream(mix(key), customer, 2 * slot + (low > 0)))
    else:
        u = (u - 0.8) * 5.0
    return min(high - 1, low + int(u * (high - low)))


@compiled
def _sorted_by_second(second: np.ndarray, n: int, order: np.ndarray, scratch: np.ndarray, buckets: np.ndarray) -> None:
    """Positions 0 to n - 1 in the order of their second (counting sort, low bits first)."""
    buckets[:] = 0
    for i in range(n):
        buckets[(second[i] & 511) + 1] += 1
    for k in range(_LOW_BITS):
        buckets[k + 1] += buckets[k]
    for i in range(n):
        bucket = second[i] & 511
        scratch[buckets[bucket]] = i
        buckets[bucket] += 1
    buckets[:] = 0
    for i in range(n):
        buckets[(second[i] >> 9) + 1] += 1
    for k in range(_HIGH_BITS):
        buckets[k + 1] += buckets[k]
    for i in range(n):
        row = scratch[i]
        bucket = second[row] >> 9
        order[buckets[bucket]] = row
        buckets[bucket] += 1


@compiled
def _fill(
    key: np.uint64,
    counts: np.ndarray,
    row_from: np.ndarray,
    stay: np.ndarray,
    usual_amount: np.ndarray,
    amount_factor: np.ndarray,
    n_online: int,
    block: np.ndarray,
    category: np.ndarray,
    category_factor: np.ndarray,
    online_hours: np.ndarray,
    offline_hours: np.ndarray,
    extra: tuple,
    tapped: tuple,
) -> tuple:
    """Draw each day's transactions and write them in the order of their second."""
    days, customers, _ = counts.shape
    extra_from, extra_second, extra_customer, extra_merchant, extra_multiple, extra_code = extra
    tapped_from, tapped_merchant, tapped_days = tapped
    n, longest = row_from[-1], np.max(np.diff(row_from))
    when, who = np.empty(n, np.int64), np.empty(n, np.int32)
    where, online = np.empty(n, np.int32), np.empty(n, np.bool_)
    amount, code = np.empty(n, np.int64), np.empty(n, np.int8)
    day_second, day_who, day_where = (
        np.empty(longest, np.int64),
        np.empty(longest, np.int32),
        np.empty(longest, np.int32),
    )
    day_amount, day_code = np.empty(longest, np.float64), np.empty(longest, np.int8)
    order, scratch = np.empty(longest, np.int64), np.empty(longest, np.int64)
    buckets = np.empty(_LOW_BITS + 1, np.int64)
    tapped_until = np.zeros(category.size, np.int64)
    share = COMPROMISED_SHARE
    for day in range(days):
        for k in range(tapped_from[day], tapped_from[day + 1]):
            tapped_until[tapped_merchant[k]] = max(tapped_until[tapped_merchant[k]], day + tapped_days[k])
        filled = 0
        for customer in range(customers):
            bought_online, bought = counts[day, customer, 0], counts[day, customer, 0] + counts[day, customer, 1]
            if bought == 0:
                continue
            state = substream(key, customer, day)
            land = stay[customer, day]
            level = usual_amount[customer] * amount_factor[day]
            for k in range(bought):
                state = step(state)
                if k < bought_online:
                    day_second[filled] = _second(uniform(state), online_hours)
                    state = step(state)
                    shop = _merchant(key, state, customer, 0, n_online)
                else:
                    day_second[filled] = _second(uniform(state), offline_hours)
                    state = step(state)
                    shop = _merchant(key, state, customer, block[land], block[land + 1])
                state = step(state)
                day_amount[filled] = level * category_factor[category[shop]] * math.exp(_SPREAD * normal(state))
                day_code[filled] = 0
                if tapped_until[shop] > day and uniform(mix(state)) < share:
                    day_code[filled] = COMPROMISED
                day_who[filled] = customer
                day_where[filled] = shop
                filled += 1
        for k in range(extra_from[day], extra_from[day + 1]):
            day_second[filled] = extra_second[k]
            day_who[filled] = extra_customer[k]
            day_where[filled] = extra_merchant[k]
            day_amount[filled] = usual_amount[extra_customer[k]] * amount_factor[day] * extra_multiple[k]
            day_code[filled] = extra_code[k]
            filled += 1
        _sorted_by_second(day_second, filled, order, scratch, buckets)
        at = row_from[day]
        for i in range(filled):
            row = order[i]
            when[at + i] = day * 86400 + day_second[row]
            who[at + i] = day_who[row]
            where[at + i] = day_where[row]
            online[at + i] = day_where[row] < n_online
            amount[at + i] = max(10, int(day_amount[row] * 0.1) * 10)
            code[at + i] = day_code[row]
    return when, who, where, online, amount, code
