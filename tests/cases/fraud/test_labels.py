"""Is a label known only when it could be known, and from whom?"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.cases.fraud import LABEL_SOURCES, LabelDelay, TransactionLog, collect_labels, simulate, top_cards

NEVER, FEEDBACK, EXPLORATION, DELAYED = range(len(LABEL_SOURCES))


@pytest.fixture(scope="module")
def log():
    return simulate(customers=300, merchants=200, days=60, seed=2).log


@st.composite
def stores(draw):
    n = draw(st.integers(1, 60))
    seconds = np.sort(draw(st.lists(st.integers(0, 20 * 86_400), min_size=n, max_size=n)))
    rng = np.random.default_rng(draw(st.integers(0, 1_000)))
    log = TransactionLog.from_frame(
        pd.DataFrame(
            {
                "time": np.datetime64("2020-01-01", "s") + seconds,
                "customer": rng.integers(0, 8, n),
                "amount": rng.integers(1, 100, n),
                "is_fraud": rng.random(n) < 0.4,
            }
        )
    )
    shortest = draw(st.integers(0, 10))
    budget = draw(st.integers(0, 5))
    options = {
        "delay": LabelDelay(shortest, shortest + draw(st.integers(0, 10))),
        "blocked": rng.random(n) < 0.2,
        "scores": rng.random(n),
        "budget": budget,
        "exploration": draw(st.integers(0, budget)),
        "seed": draw(st.integers(0, 5)),
    }
    return log, options


@settings(max_examples=60, deadline=None)
@given(stores())
def test_what_is_known_only_grows_and_never_uses_the_future(drawn):
    log, options = drawn
    store = collect_labels(log, **options)
    moments = np.datetime64("2020-01-01", "s") + np.arange(0, 45 * 86_400, 43_200)
    known = [set(store.label_at(moment).row.tolist()) for moment in moments]
    assert all(early <= late for early, late in itertools.pairwise(known))
    for moment, rows in zip(moments, known, strict=True):
        assert all(log.time[row] <= moment for row in rows)
    assert set(np.flatnonzero(~options["blocked"])) == known[-1]  # every other label comes in the end
    for moment in moments[::7]:
        answer = store.label_at(moment)
        assert np.array_equal(answer.label, log.is_fraud[answer.row])
        assert set(store.training_labels(moment).row) <= set(answer.row)


@settings(max_examples=60, deadline=None)
@given(stores())
def test_blocked_payments_stay_unknown_and_the_budget_holds(drawn):
    log, options = drawn
    store = collect_labels(log, **options)
    refused = options["blocked"]
    assert np.isnat(store.known_at[refused]).all()
    assert (store.source[refused] == NEVER).all()
    assert not np.isnat(store.known_at[~refused]).any()
    frame = pd.DataFrame({"date": log.date, "card": log.customer, "source": store.source})
    for _, day in frame[frame["source"].isin([FEEDBACK, EXPLORATION])].groupby("date"):
        assert day["card"].nunique() <= options["budget"]
        assert day.loc[day["source"] == EXPLORATION, "card"].nunique() <= options["exploration"]


@settings(max_examples=30, deadline=None)
@given(stores())
def test_complaints_come_within_the_delay(drawn):
    log, options = drawn
    options |= {"budget": 0, "exploration": 0}
    store, delay = collect_labels(log, **options), options["delay"]
    waited = ((store.known_at - log.time) / np.timedelta64(1, "D"))[~options["blocked"]]
    fraud = log.is_fraud[~options["blocked"]]
    assert (waited[~fraud] == delay.maturity).all()
    assert ((waited[fraud] > delay.shortest - 1e-4) & (waited[fraud] <= delay.maturity)).all()


def test_investigators_look_at_the_highest_scores_and_answer_the_next_evening(log):
    rng = np.random.default_rng(0)
    scores = rng.random(len(log))
    store = collect_labels(log, delay=30, scores=scores, budget=5, exploration=2)
    date = np.datetime64("2019-09-10")
    today = log.date == date
    best = pd.Series(scores[today]).groupby(log.customer[today]).max().nlargest(3).index
    asked = today & (store.source == FEEDBACK)
    assert set(log.customer[asked]) == set(best)
    assert np.isin(log.customer[today], best).sum() == asked.sum()  # all payments of the day
    assert (store.known_at[asked] == np.datetime64("2019-09-12")).all()
    lucky = today & (store.source == EXPLORATION)
    assert np.unique(log.customer[lucky]).size == 2
    assert not set(log.customer[lucky]) & set(best)


def test_investigators_do_not_make_a_quick_label_slower(log):
    store = collect_labels(log, delay=0, scores=np.ones(len(log)), budget=50)
    assert np.array_equal(store.known_at, log.time)
    assert (store.source == DELAYED).all()


def test_young_labels_are_mostly_fraud_and_training_labels_are_not(log):
    """Frauds are reported from day 5 on, honest payments count as honest on day 30."""
    store = collect_labels(log, delay=LabelDelay(5, 30))
    now = np.datetime64("2019-10-15")
    known, training = store.label_at(now), store.training_labels(now)
    young = log.time[known.row] > now - np.timedelta64(30, "D")
    assert known.label[young].all()
    assert young.any()
    old = np.flatnonzero(log.time <= now - np.timedelta64(30, "D"))
    assert np.array_equal(training.row, old)


def test_the_sample_that_follows_scores_holds_more_fraud_than_the_random_one(log):
    store = collect_labels(log, delay=30, scores=log.is_fraud * 1.0, budget=10, exploration=5)
    table = store.to_frame().set_index("source")
    assert table.loc["feedback", "fraud_share"] > 3 * table.loc["exploration", "fraud_share"]
    assert table.loc["delayed", "median_days"] == 30
    assert table["transactions"].sum() == len(log)
    known = store.label_at("2019-10-20").to_frame()
    assert set(known["source"]) == {"feedback", "exploration", "delayed"}


def test_the_maturity_curve_ends_at_all(log):
    figure = collect_labels(log, delay=LabelDelay.realistic()).plot()
    assert [trace.y[0] for trace in figure.data] == [0, 0]
    assert [trace.y[-1] for trace in figure.data] == [100, 100]
    fraud = figure.data[0]
    # evenly between 30 and 180 days: half at 105; the share of n frauds has a standard error of 0.5 / sqrt(n)
    n = log.is_fraud.sum()
    assert abs(fraud.y[105] - 50) < 4 * 50 / np.sqrt(n) + 100 / 150


def test_top_cards_settles_ties_by_the_cards_number():
    assert top_cards(np.array([3, 1, 2, 1]), np.array([0.5, 0.5, 0.5, 0.1]), 2).tolist() == [1, 2]
    assert top_cards(np.array([3, 1]), np.array([0.1, 0.9]), 9).tolist() == [1, 3]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"delay": -1}, "shortest delay"),
        ({"delay": float("nan")}, "shortest delay"),
        ({"budget": 5}, "pass scores"),
        ({"budget": 1, "exploration": 2}, "part of the budget"),
        ({"budget": -1, "exploration": -1}, "part of the budget"),
        ({"blocked": [True]}, "blocked must hold"),
        ({"budget": 1, "scores": [1.0]}, "scores must hold"),
    ],
)
def test_bad_input_is_told(log, wrong, told):
    with pytest.raises(ValueError, match=told):
        collect_labels(log, **wrong)


def test_a_delay_that_ends_before_it_begins_is_told():
    with pytest.raises(ValueError, match="at least the shortest"):
        LabelDelay(30, 10)
    with pytest.raises(ValueError, match="time must be a time"):
        collect_labels(simulate(customers=5, merchants=40, days=3).log).label_at("later")
