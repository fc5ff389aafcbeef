"""Do features know the past, all of it that they claim, and nothing else?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.cases.fraud import (
    FEATURES,
    LabelDelay,
    LabelStore,
    TransactionLog,
    collect_labels,
    point_in_time_features,
    simulate,
)

DAY = 86_400


@st.composite
def logs(draw):
    """Few cards and merchants over 90 days, so that windows fill and empty; equal times occur."""
    n = draw(st.integers(1, 120))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    hours = np.sort(rng.integers(0, 90 * 24, n))
    countries = pd.Categorical.from_codes(rng.integers(-1, 3, n), ["KR", "JP", "US"])
    categories = pd.Categorical.from_codes(rng.integers(-1, 3, n), ["digital", "gift_card", "fuel"])
    frame = pd.DataFrame(
        {
            "time": np.datetime64("2020-01-01", "s") + hours * 3600,
            "customer": rng.integers(0, 3, n),
            "merchant": rng.integers(0, 3, n),
            "amount": rng.integers(10, 1_000, n) * 100,
            "online": rng.random(n) < 0.5,
            "country": countries.astype(object),
            "category": categories.astype(object),
            "is_fraud": rng.random(n) < 0.3,
        }
    )
    return TransactionLog.from_frame(frame)


def label_stores(log, seed):
    rng = np.random.default_rng(seed)
    return collect_labels(
        log,
        delay=LabelDelay(2, 9),
        blocked=rng.random(len(log)) < 0.1,
        scores=rng.random(len(log)),
        budget=2,
        seed=seed,
    )


@settings(max_examples=60, deadline=None)
@given(logs(), st.floats(0, 1), st.booleans(), st.integers(0, 100))
def test_removing_later_rows_changes_nothing(log, share, with_store, seed):
    cut = max(1, int(share * len(log)))
    early = log.take(slice(0, cut))
    if with_store:
        store = label_stores(log, seed)
        known = LabelStore(early, store.known_at[:cut], store.source[:cut], store.delay)
        whole, part = point_in_time_features(log, labels=store), point_in_time_features(early, labels=known)
    else:
        whole, part = (point_in_time_features(each, label_delay=5) for each in (log, early))
    np.testing.assert_array_equal(whole.values[:cut], part.values)


@settings(max_examples=60, deadline=None)
@given(logs(), st.integers(0, 100))
def test_labels_that_have_not_arrived_change_nothing(log, seed):
    """Turn over every label that is unknown when the last payment is made: no feature moves."""
    store = label_stores(log, seed)
    unknown = ~(store.known_at <= log.time[-1])
    turned = TransactionLog(**(vars(log) | {"is_fraud": log.is_fraud ^ unknown}))
    np.testing.assert_array_equal(
        point_in_time_features(log, labels=store).values, point_in_time_features(turned, labels=store).values
    )


@settings(max_examples=25, deadline=None)
@given(logs(), st.integers(0, 100))
def test_features_are_what_their_definition_says(log, seed):
    store = label_stores(log, seed)
    found = point_in_time_features(log, labels=store).values
    expected = np.array([by_definition(log, store, row) for row in range(len(log))])
    np.testing.assert_allclose(found, expected, rtol=1e-5)  # float32 has 24 bits: 6e-8


def by_definition(log, store, row):
    time, known_at = log.time.astype(np.int64), store.known_at.astype(np.int64)
    now, amount = time[row], float(log.amount[row])
    earlier = np.arange(len(log)) < row
    card = earlier & (log.customer == log.customer[row])
    within = {w: card & (time > now - w * DAY) for w in (1, 7, 30, 60)}
    hour = now % DAY // 3600
    country, category = log.country[row], log.category[row]
    sold = {
        name: np.nan if category < 0 else float(category in codes)
        for name, codes in (("resale", (3, 4)), ("digital", (2,)))
    }
    shops = card & ~log.online & (log.country == country)
    since = min(60.0, (now - time[shops].max()) / DAY) if shops.any() else 60.0
    mean = {w: log.amount[within[w]].mean() if within[w].any() else amount for w in (1, 7, 30)}
    spend = {w: log.amount[within[w] & log.online].sum() for w in (30, 60)}
    shop_labels = (log.merchant == log.merchant[row]) & ~np.isnat(store.known_at) & (known_at <= now)
    risk = []
    for w in (1, 7, 30):
        arrived = shop_labels & (known_at > now - w * DAY)
        risk.append(log.is_fraud[arrived].sum() / (arrived.sum() + 2))
    return [
        amount,
        log.online[row],
        hour,
        hour < 6,
        pd.Timestamp(log.time[row]).day_of_week >= 5,
        np.nan if country < 0 else country != 0,
        sold["resale"],
        sold["digital"],
        np.nan if country < 0 else since,
        min(720.0, (now - time[card].max()) / 3600) if card.any() else 720.0,
        amount / mean[30],
        *(within[w].sum() for w in (1, 7, 30)),
        *(mean[w] for w in (1, 7, 30)),
        log.online[within[30]].mean() if within[30].any() else log.online[row],
        (spend[30] + 10_000) / (spend[60] - spend[30] + 10_000),
        *risk,
    ]


def test_a_constant_delay_is_a_store_with_that_delay():
    log = simulate(customers=100, merchants=80, days=50).log
    store = collect_labels(log, delay=12)
    np.testing.assert_array_equal(
        point_in_time_features(log, label_delay=12).values, point_in_time_features(log, labels=store).values
    )


def test_the_table_speaks_numpy_and_pandas():
    log = simulate(customers=20, merchants=50, days=10).log
    table = point_in_time_features(log)
    frame = table.to_frame()
    assert tuple(frame.columns) == table.names == FEATURES
    np.testing.assert_array_equal(table.column("amount"), log.amount)
    assert np.isfinite(table.values).all()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda log: point_in_time_features(log.take(slice(0, 0))), "order of time"),
        (lambda log: point_in_time_features(log.take(slice(None, None, -1))), "order of time"),
        (lambda log: point_in_time_features(log, label_delay=-1), "label_delay"),
        (lambda log: point_in_time_features(log, label_delay=float("nan")), "label_delay"),
        (lambda log: point_in_time_features(log, labels=collect_labels(log.take(slice(0, 5)))), "of a log with 5"),
        (lambda log: point_in_time_features(log).column("age"), "no feature 'age'"),
    ],
)
def test_bad_input_is_told(call, told):
    with pytest.raises(ValueError, match=told):
        call(simulate(customers=20, merchants=50, days=5).log)
