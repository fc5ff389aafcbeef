"""Do the label rules say what they say, and what the course says of them?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coursekit.cases.fraud import LABEL_RULES, Drift, LabelRule, TransactionLog, compare_rules, rule_at, simulate

FIRST, SECOND = LABEL_RULES


@pytest.fixture(scope="module")
def months():
    """July and August, 31 days each and far from the holidays; everybody's online purchases times 1, 2, 3."""
    return {
        surge: simulate(
            days=62,
            start="2019-07-01",
            seed=5,
            scenario="stable" if surge == 1 else Drift("covid", start="2019-08-01", magnitude=surge),
        ).log
        for surge in (1, 2, 3)
    }


def by_hand(*rows):
    names = ("time", "customer", "amount", "online", "country", "is_fraud")
    frame = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])
    return TransactionLog.from_frame(frame.assign(time=pd.to_datetime(frame["time"], format="ISO8601")))


@pytest.mark.parametrize(("surge", "tripled", "doubled"), [(1, 0.022, 0.064), (2, 0.141, 0.504), (3, 0.507, 0.890)])
def test_up_200_percent_flags_half_the_honest_cards_when_all_buy_three_times_as_much(months, surge, tripled, doubled):
    """Within 2 points of the course's figures, plus four standard errors of 3,000 cards."""
    for rule, share in ((FIRST, tripled), (replace(FIRST, growth=2.0), doubled)):
        found = rule.apply(months[surge], month="2019-08")
        cards = (found.legitimate & ~np.isnan(found.growth)).sum()
        assert cards > 2_500
        assert abs(found.flagged_share("online").estimate - share) < 0.02 + 4 * np.sqrt(share * (1 - share) / cards)


def test_one_card_in_forty_has_no_growth(months):
    undefined = FIRST.apply(months[1], month="2019-08").undefined_share
    assert abs(undefined - 0.028) < 4 * np.sqrt(0.028 * 0.972 / 5_000)


@pytest.mark.parametrize("surge", [1, 2, 3])
def test_growth_beside_everybodys_growth_keeps_its_level(months, surge):
    share = SECOND.apply(months[surge], month="2019-08").flagged_share("online").estimate
    assert 0.01 < share < 0.035


def test_a_small_month_by_hand():
    log = by_hand(
        ("2020-01-05", 1, 100, True, "KR", False),
        ("2020-01-06", 2, 100, True, "KR", False),
        ("2020-01-07", 2, 900, False, "KR", False),
        ("2020-01-08", 3, 100, False, "KR", False),
        ("2020-01-09", 4, 100, True, "KR", False),
        ("2020-01-31T23:59:59", 5, 100, True, "KR", True),
        ("2020-02-01", 1, 300, True, "JP", False),  # exactly three times, and online abroad is not abroad
        ("2020-02-02", 2, 299, True, "KR", False),
        ("2020-02-03", 2, 10, False, "JP", True),  # a shop in a country without one last month
        ("2020-02-04", 3, 900, True, "KR", False),  # nothing online last month: undefined
        ("2020-02-05", 4, 50, False, "JP", False),  # no shop at all last month: no country to compare with
        ("2020-02-29", 5, 100, True, "KR", False),
        ("2020-03-01", 1, 9_000, True, "KR", False),  # another month
    )
    found = FIRST.apply(log, month="2020-02")
    assert found.card.tolist() == [1, 2, 3, 4, 5]
    assert found.online.tolist() == [True, False, False, False, False]
    assert found.abroad.tolist() == [False, True, False, False, False]
    assert found.defrauded.tolist() == [False, True, False, False, False]
    assert found.legitimate.tolist() == [True, False, True, True, False]
    np.testing.assert_array_equal(found.growth, [3.0, 2.99, np.nan, 0.0, 1.0])
    assert found.undefined_share == 0.2
    assert found.flagged_share().estimate == pytest.approx(1 / 3)  # cards 1, 3, 4: card 1
    assert found.flagged_share("online").estimate == 0.5  # cards 1 and 4
    assert found.flagged_share(of="defrauded").estimate == 1.0
    # the median growth of the four cards that have one is 1.995
    assert not SECOND.apply(log, month="2020-02").online.any()
    assert replace(SECOND, growth=1.5).apply(log, month="2020-02").online.tolist() == [True] + [False] * 4
    only_abroad = replace(FIRST, growth=None).apply(log, month="2020-02")
    assert only_abroad.flagged.tolist() == found.abroad.tolist()


def test_months_can_cross_a_year():
    log = by_hand(("2019-12-31", 1, 10, True, "KR", False), ("2020-01-01", 1, 40, True, "KR", False))
    assert FIRST.apply(log, month="2020-01").online.tolist() == [True]


def test_a_country_that_the_feed_left_out_proves_nothing():
    log = by_hand(("2020-01-05", 1, 100, False, "KR", False), ("2020-02-01", 1, 100, False, None, False))
    assert not FIRST.apply(log, month="2020-02").abroad.any()


def test_the_rule_of_a_day_is_the_newest_that_has_begun():
    assert rule_at("2020-02-29") is FIRST
    assert rule_at(np.datetime64("2020-03-01")) is SECOND
    late = LabelRule("v3", "2021-01-01", growth=5.0)
    assert rule_at("2022-01-01", rules=[late, FIRST, SECOND]) is late


def test_comparison_has_a_row_for_each_rule_and_month():
    log = simulate(customers=500, merchants=300, days=92, seed=3).log
    table = compare_rules(log).to_frame()
    assert table["month"].tolist() == ["2019-10", "2019-11"] * 2
    assert table["rule"].nunique() == 2
    assert table["flagged"].between(table[["online", "abroad"]].max(axis=1) - 0.02, 1).all()
    figure = compare_rules(log).plot()
    assert [list(line.x) for line in figure.data] == [["2019-10", "2019-11"]] * 2
    assert figure.layout.xaxis.type == "category", "a month is no moment"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda log: rule_at("1999-01-01"), "no label rule holds on 1999-01-01"),
        (lambda log: rule_at("someday"), "date must be a date"),
        (lambda log: rule_at(20200101), "date must be a date"),
        (lambda log: FIRST.apply(log, month="May"), "month must be a month"),
        (lambda log: FIRST.apply(log, month="2031-05"), "compares 2031-04 with 2031-05"),
        (lambda log: FIRST.apply(log, month="2019-10").flagged_share("blue"), "clause is one of"),
        (lambda log: LabelRule("v0", "2020-01-01", growth=-1), "growth must be above 0"),
        (lambda log: LabelRule("v0", "yesterday"), "valid_from must be a date"),
        (lambda log: compare_rules(log, rules=[]), "at least one rule"),
        (lambda log: compare_rules(log.between(None, "2019-09-20")), "two whole months"),
    ],
)
def test_bad_input_is_told(call, told):
    log = simulate(customers=50, merchants=50, days=61).log
    with pytest.raises(ValueError, match=told):
        call(log)
