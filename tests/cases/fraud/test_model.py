"""Does the model rank frauds, and is the daily list counted right?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from coursekit.cases.fraud import (
    FraudModel,
    TransactionLog,
    card_precision,
    evaluate_scores,
    point_in_time_features,
    simulate,
)


@pytest.fixture(scope="module")
def world():
    log = simulate(customers=1_500, merchants=3_000, days=120, seed=4).log
    day = (log.date - log.date[0]).astype(int)
    return log, point_in_time_features(log), (day >= 40) & (day < 90), day >= 97


def small_log():
    rows = [("01", 1, False), ("01", 1, True), ("01", 2, False), ("01", 3, True), ("02", 1, False), ("02", 2, True)]
    return TransactionLog.from_frame(
        pd.DataFrame(
            {
                "time": pd.to_datetime([f"2020-01-{day}" for day, _, _ in rows]),
                "customer": [card for _, card, _ in rows],
                "amount": 1_000,
                "is_fraud": [fraud for _, _, fraud in rows],
            }
        )
    )


def test_card_precision_by_hand():
    scores = [0.1, 0.9, 0.8, 0.2, 0.7, 0.6]
    # day 1: cards 1 (0.9, fraud) and 2 (0.8, honest) lead; day 2: cards 1 (honest) and 2 (fraud)
    assert card_precision(small_log(), scores, k=1) == (1 + 0) / 2
    assert card_precision(small_log(), scores, k=2) == (0.5 + 0.5) / 2
    assert card_precision(small_log(), scores, k=4) == (2 / 4 + 1 / 4) / 2
    report = evaluate_scores(small_log(), scores, k=2)
    assert report.fraud_cards.tolist() == [2, 1]
    assert report.to_frame()["card_precision"].tolist() == [0.5, 0.5]
    assert report.mean_card_precision.estimate == 0.5


@pytest.mark.parametrize(("kind", "least"), [("tree", 0.2), ("logistic", 0.35), ("boosting", 0.5)])
def test_models_are_neither_hopeless_nor_perfect(world, kind, least):
    """The public simulator's baselines reach an AP of .50 to .66; a blind model has the share of frauds, .008."""
    log, features, train, test = world
    model = FraudModel(kind=kind).fit(features.values[train], log.is_fraud[train])
    report = evaluate_scores(log.take(test), model.scores(features.values[test]), k=30)
    assert least < report.average_precision < 0.8
    assert report.auc > 0.65
    best = np.minimum(1, report.fraud_cards / 30).mean()
    assert 0.25 * best < report.mean_card_precision.estimate < best
    assert len(report.plot().data) == 2


def test_scores_stay_probabilities_although_honest_rows_were_dropped(world):
    log, features, train, test = world
    model = FraudModel(kind="boosting", honest_share=0.2).fit(features.values[train], log.is_fraud[train])
    expected, frauds = model.scores(features.values[test]).sum(), log.is_fraud[test].sum()
    assert 0.7 < expected / frauds < 1.4  # taps and episodes come in clusters: far wider than Poisson


def test_the_same_state_gives_the_same_scores(world):
    log, features, train, _ = world
    rows = np.flatnonzero(train)[:20_000]
    model = FraudModel(kind="logistic", random_state=3)
    one, two = (clone(model).fit(features.values[rows], log.is_fraud[rows]).scores(features) for _ in range(2))
    assert np.array_equal(one, two)
    assert np.array_equal(
        model.fit(features.values[rows], log.is_fraud[rows]).predict(features.values[:50]), one[:50] >= 0.5
    )


def test_missing_values_are_taken(world):
    log, features, train, _ = world
    rows = np.flatnonzero(train)[:20_000]
    values = features.values[rows].copy()
    values[::3, 5] = np.nan
    for kind in ("boosting", "logistic", "tree"):
        assert np.isfinite(FraudModel(kind=kind).fit(values, log.is_fraud[rows]).scores(values)).all()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: FraudModel(kind="oracle").fit(np.ones((2, 1)), [0, 1]), "unknown kind of model"),
        (lambda: FraudModel(honest_share=0).fit(np.ones((2, 1)), [0, 1]), "honest_share"),
        (lambda: FraudModel().fit(np.ones((3, 1)), [0, 1]), r"got shapes \(3, 1\) and \(2,\)"),
        (lambda: FraudModel().fit(np.ones((2, 1)), [0, 0]), "0 frauds"),
        (lambda: card_precision(small_log(), np.ones(6), k=0), "k must be at least 1"),
        (lambda: card_precision(small_log(), np.ones(5)), "one finite score"),
        (lambda: evaluate_scores(small_log(), [np.nan] * 6), "one finite score"),
        (lambda: card_precision(small_log().take(slice(0, 0)), []), "one finite score"),
    ],
)
def test_bad_input_is_told(call, told):
    with pytest.raises(ValueError, match=told):
        call()
