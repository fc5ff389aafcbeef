"""Is the money counted right?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.cases.fraud import Costs, TransactionLog, policy_value

COSTS = Costs(investigation=1_000, wrong_block=4_000, recovery=0.5)


def two_days():
    rows = [
        ("2020-01-01", 1, 10_000, True, 0.95),  # blocked
        ("2020-01-01", 1, 6_000, True, 0.50),  # the same card, investigated
        ("2020-01-01", 2, 8_000, False, 0.92),  # blocked, honest
        ("2020-01-01", 3, 2_000, False, 0.40),
        ("2020-01-01", 4, 3_000, True, 0.10),  # missed
        ("2020-01-02", 5, 7_000, False, 0.30),
        ("2020-01-02", 6, 20_000, True, 0.20),
    ]
    frame = pd.DataFrame(rows, columns=["time", "customer", "amount", "is_fraud", "score"])
    return TransactionLog.from_frame(frame.assign(time=pd.to_datetime(frame["time"]))), frame["score"].to_numpy()


def test_two_days_by_hand():
    log, scores = two_days()
    value = policy_value(log, scores, budget=1, block_above=0.9, costs=COSTS)
    assert value.fraud.tolist() == [19_000, 20_000]
    assert value.blocked_fraud.tolist() == [10_000, 0]
    assert value.recovered_fraud.tolist() == [3_000, 0]  # half of 6,000; on day two an honest card is called
    assert value.investigations.tolist() == [1_000, 1_000]
    assert value.wrong_blocks.tolist() == [4_000, 0]
    assert value.value.tolist() == [8_000, -1_000]
    assert value.total == 7_000
    both = policy_value(log, scores, budget=2, block_above=0.9, costs=COSTS)
    assert both.recovered_fraud.tolist() == [3_000, 10_000]
    assert both.investigations.tolist() == [2_000, 2_000]


def test_doing_nothing_costs_nothing_and_saves_nothing():
    log, scores = two_days()
    assert policy_value(log, scores, budget=0).total == 0


def test_a_card_that_is_blocked_is_not_investigated():
    log, scores = two_days()
    value = policy_value(log.take(slice(0, 1)), scores[:1], budget=5, block_above=0.9, costs=COSTS)
    assert value.investigations.tolist() == [0]
    assert value.total == 10_000


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1_000), st.integers(0, 6), st.floats(0, 1.2))
def test_nobody_saves_more_than_was_tried(seed, budget, block_above):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    log = TransactionLog.from_frame(
        pd.DataFrame(
            {
                "time": np.datetime64("2020-01-01", "s") + np.sort(rng.integers(0, 3 * 86_400, n)),
                "customer": rng.integers(0, 6, n),
                "amount": rng.integers(1, 1_000, n),
                "is_fraud": rng.random(n) < 0.4,
            }
        )
    )
    value = policy_value(log, rng.random(n), budget=budget, block_above=block_above)
    assert value.fraud.sum() == log.amount[log.is_fraud].sum()
    assert (value.blocked_fraud + value.recovered_fraud <= value.fraud).all()
    assert (value.investigations <= budget * Costs().investigation).all()
    assert value.total == pytest.approx(value.to_frame()["value"].sum())
    assert len(value.plot().data) == 2


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: policy_value(*two_days(), budget=-1), "budget"),
        (lambda: policy_value(two_days()[0], [0.5]), "one finite score"),
        (lambda: Costs(recovery=1.5), "recovery"),
        (lambda: Costs(investigation=-1), "investigation"),
        (lambda: Costs(retraining=float("nan")), "retraining"),
    ],
)
def test_bad_input_is_told(call, told):
    with pytest.raises(ValueError, match=told):
        call()
