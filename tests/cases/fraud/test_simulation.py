"""Is the planted truth really in the transactions?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coursekit.cases.fraud import (
    CATEGORIES,
    COUNTRIES,
    FRAUD_SCENARIOS,
    SCENARIOS,
    Drift,
    TransactionLog,
    simulate,
)

SMALL = {"customers": 400, "merchants": 300}


@pytest.fixture(scope="module")
def stable():
    return simulate(customers=2_000, merchants=4_000, days=183, seed=1)


def columns(log):
    return {name: getattr(log, name) for name in vars(log)}


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(columns(one).values(), columns(other).values(), strict=True))


def test_a_seed_is_a_world():
    one, again, other = (simulate(**SMALL, days=20, seed=seed) for seed in (3, 3, 4))
    assert same(one.log, again.log)
    assert not np.array_equal(one.log.amount[:1000], other.log.amount[:1000])


@pytest.mark.parametrize("kind", [kind for kind in SCENARIOS if kind != "stable"])
def test_more_days_begin_with_the_same_transactions(kind):
    drift = Drift(kind, start="2019-09-10", ramp_days=5)
    short, long = (simulate(**SMALL, days=days, scenario=drift, seed=2) for days in (25, 50))
    assert same(short.log, long.log.take(slice(0, len(short.log))))
    assert long.log.date[len(short.log)] > short.log.date[-1]


def test_the_log_is_in_the_order_of_time_and_numbered(stable):
    log = stable.log
    assert (np.diff(log.time.astype(np.int64)) >= 0).all()
    assert np.array_equal(log.transaction, np.arange(len(log)))
    assert log.date[0] == stable.start
    assert log.date[-1] == stable.start + stable.days - 1


def test_merchants_decide_channel_country_and_category(stable):
    log = stable.log
    assert np.array_equal(log.online, stable.merchant_online[log.merchant])
    assert np.array_equal(log.country, stable.merchant_country[log.merchant])
    assert np.array_equal(log.category, stable.merchant_category[log.merchant])
    assert (log.online == (log.category < 6)).all()


def test_honest_customers_shop_where_they_are(stable):
    log = stable.log
    honest_shop = ~log.online & (log.fraud_scenario != FRAUD_SCENARIOS.index("stolen_card"))
    day = (log.date - stable.start).astype(int)
    assert (log.country == stable.stay[log.customer, day])[honest_shop].all()


def test_volumes_follow_each_customers_habits(stable):
    """Honest purchases are Poisson with the rate the world states (times weekday and season)."""
    log, days = stable.log, stable.days
    honest = log.fraud_scenario <= FRAUD_SCENARIOS.index("compromised_merchant")  # taps change no volume
    for chosen, rate in ((log.online, stable.online_rate), (~log.online, stable.offline_rate)):
        count = np.bincount(log.customer[chosen & honest], minlength=rate.size)
        factor = count.sum() / (rate.sum() * days)
        assert 0.95 < factor < 1.06  # weekday factors average 1, December adds a few percent
        expected = rate * days * factor
        busy = expected > 20
        z = (count - expected)[busy] / np.sqrt(expected[busy])
        # the mean of n squared standard scores has standard deviation sqrt(2 / n)
        assert abs((z**2).mean() - 1) < 5 * np.sqrt(2 / busy.sum())


def test_the_scale_of_the_public_simulator_is_met(stable):
    """5,000 customers make 1.75 million transactions in 183 days, 0.84% fraud: 1.92 a customer and day."""
    log = stable.log
    rate = len(log) / (2_000 * 183)
    # rates are gamma with standard deviations of 0.67 and 0.63 a day: their mean over 2,000 has 0.021
    assert abs(rate - 1.92) < 4 * 0.021
    assert 0.006 < log.is_fraud.mean() < 0.011
    assert set(np.unique(log.fraud_scenario)) == {0, 1, 2, 3, 4}
    assert np.array_equal(log.is_fraud, log.fraud_scenario > 0)


def test_frauds_look_as_their_scenario_says(stable):
    log = stable.log
    ratio = log.amount / stable.usual_amount[log.customer]
    kinds = {name: log.fraud_scenario == code for code, name in enumerate(FRAUD_SCENARIOS)}
    hour = log.time.astype(np.int64) % 86_400 // 3600
    assert not log.online[kinds["stolen_card"]].any()
    assert (log.country[kinds["stolen_card"]] > 0).all()
    assert log.online[kinds["account_takeover"]].all()
    assert (hour[kinds["account_takeover"]] < 6).mean() > 0.4 > 0.1 > (hour[kinds["none"]] < 6).mean()
    assert np.median(ratio[kinds["account_takeover"]]) > 2 * np.median(ratio[kinds["none"]])
    trials = log.online & kinds["card_testing"] & (ratio < 0.3)
    assert trials.sum() > 0.3 * kinds["card_testing"].sum()


def test_a_tapped_merchant_is_tapped_for_three_to_six_weeks(stable):
    log = stable.log
    tapped = log.fraud_scenario == FRAUD_SCENARIOS.index("compromised_merchant")
    spans = pd.DataFrame({"merchant": log.merchant[tapped], "date": log.date[tapped]}).groupby("merchant")["date"]
    days = (spans.max() - spans.min()).dt.days + 1
    assert days.quantile(0.9) <= 42  # a few merchants are attacked twice
    merchant = days[days > 15].index[0]
    first, last = spans.min()[merchant], spans.max()[merchant]
    during = (log.merchant == merchant) & (log.date >= first.to_datetime64()) & (log.date <= last.to_datetime64())
    share, n = tapped[during].mean(), during.sum()
    assert abs(share - 0.85) < 4 * np.sqrt(0.85 * 0.15 / n) + 2 / n  # + 2/n: both ends of the span are frauds


@pytest.mark.parametrize("surge", [2.0, 3.0])
def test_covid_multiplies_online_empties_shops_and_stops_travel(surge):
    shift = np.datetime64("2019-10-10")
    world = simulate(customers=1_500, merchants=3_000, days=78, scenario=Drift("covid", start=shift, magnitude=surge))
    assert world.truth[0].changes_concept
    log = world.log
    late = log.date >= shift
    honest = ~log.is_fraud
    # 39 days on each side, weekdays nearly balanced (4% apart at most); counts are Poisson
    for chosen, factor in ((log.online, surge), (~log.online, 0.55)):
        before, after = (chosen & honest & ~late).sum(), (chosen & honest & late).sum()
        assert abs(after / before / factor - 1) < 0.04 + 4 * np.sqrt(1 / before + 1 / after)
    away = world.stay != world.home_country[:, None]
    since = (shift - world.start).astype(int)
    assert away[:, since + 10 :].mean() < 0.15 * away[:, :since].mean()
    stolen = log.fraud_scenario == FRAUD_SCENARIOS.index("stolen_card")
    remote = log.fraud_scenario == FRAUD_SCENARIOS.index("account_takeover")
    assert (stolen & late).sum() < 0.4 * (stolen & ~late).sum()
    assert (remote & late).sum() > 1.6 * (remote & ~late).sum()


def test_gradual_drift_makes_frauds_look_like_customers():
    world = simulate(customers=2_000, merchants=2_000, days=180, scenario=Drift("gradual", start="2019-10-01"))
    log = world.log
    ratio = np.log(log.amount / world.usual_amount[log.customer])
    takeover = log.fraud_scenario == FRAUD_SCENARIOS.index("account_takeover")
    thirds = (log.date - world.start).astype(int) // 60
    level = [np.median(ratio[takeover & (thirds == third)]) for third in range(3)]
    assert level[0] > level[1] > level[2]
    usual = [np.median(ratio[~log.is_fraud & (thirds == third)]) for third in range(3)]
    assert usual[2] > usual[0] + 0.1  # prices creep up by a quarter until the end
    assert level[2] - usual[2] < 0.5 * (level[0] - usual[0])


def test_a_season_comes_and_goes():
    world = simulate(customers=1_000, merchants=1_000, scenario="seasonal")
    drift = world.truth[0]
    assert str(drift.start) == "2019-12-01"
    assert drift.duration == 35
    log = world.log
    since = (log.date - drift.start_date).astype(int)
    per_day = np.bincount(since[log.online] - since.min(), minlength=183)
    inside = per_day[(np.arange(183) + since.min() >= 8) & (np.arange(183) + since.min() < 27)].mean()
    before, after = per_day[:80].mean(), per_day[np.arange(183) + since.min() >= 40].mean()
    assert inside > 1.4 * before
    assert 0.93 < after / before < 1.07


@pytest.mark.parametrize(("feature", "share"), [("country", 1.0), ("category", 0.4)])
def test_a_feature_vanishes_on_its_day_and_nothing_else_changes(feature, share):
    drift = Drift("vanishing_feature", start="2019-09-20", feature=feature, magnitude=share)
    broken, whole = simulate(**SMALL, days=40, scenario=drift), simulate(**SMALL, days=40)
    late = whole.log.date >= np.datetime64("2019-09-20")
    gone = getattr(broken.log, feature) == -1
    assert not gone[~late].any()
    n = late.sum()
    assert abs(gone[late].mean() - share) <= 4 * np.sqrt(share * (1 - share) / n)
    assert broken.truth[0].features == (feature,)
    kept = columns(whole.log)
    for name, values in columns(broken.log).items():
        assert np.array_equal(values[~gone], kept[name][~gone])
        assert name == feature or np.array_equal(values, kept[name])


def test_drifts_act_together():
    both = [Drift("covid", start="2019-09-15"), Drift("vanishing_feature", start="2019-09-20")]
    world = simulate(**SMALL, days=40, scenario=both)
    assert [drift.kind for drift in world.truth] == ["covid", "vanishing_feature"]
    assert (world.log.country[world.log.date >= np.datetime64("2019-09-20")] == -1).all()
    online = np.bincount((world.log.date - world.start).astype(int)[world.log.online], minlength=40)
    assert online[20:].mean() > 2 * online[:14].mean()
    assert len(world.to_frame()) == 2


def test_strength_rises_stays_and_falls():
    dates = np.datetime64("2020-01-01") + np.arange(12)
    drift = Drift("covid", start="2020-01-03", ramp_days=1, duration=6)
    assert drift.strength(dates).tolist() == [0, 0, 0.5, 1, 1, 1, 1, 0.5, 0, 0, 0, 0]
    assert Drift("covid", start="2020-01-03").strength(dates).tolist() == [0, 0] + [1] * 10


def test_a_log_survives_a_frame_and_a_slice(stable):
    log = stable.log.between("2019-09-03", "2019-09-05T12:00")
    assert str(log.date[0]) == "2019-09-03"
    assert log.time[-1] < np.datetime64("2019-09-05T12:00")
    frame = log.to_frame()
    assert set(frame["country"]) <= set(COUNTRIES)
    assert set(frame["category"]) <= set(CATEGORIES)
    assert same(log, TransactionLog.from_frame(frame))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"customers": 0}, "customers"),
        ({"customers": float("nan")}, "customers must be a whole number"),
        ({"merchants": 10}, "at least 40"),
        ({"days": -3}, "days"),
        ({"seed": -1}, "seed"),
        ({"start": "tomorrow"}, "start must be a date"),
        ({"scenario": "war"}, "unknown scenario 'war'"),
        ({"scenario": ["covid"]}, "Drift objects"),
        ({"scenario": Drift("covid", start="2031-01-01")}, "starts on 2031-01-01"),
    ],
)
def test_bad_input_is_told(wrong, told):
    with pytest.raises(ValueError, match=told):
        simulate(**({"days": 10, **SMALL} | wrong))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kind": "war"}, "unknown kind"),
        ({"magnitude": 0.0}, "magnitude"),
        ({"magnitude": float("nan")}, "magnitude"),
        ({"ramp_days": -1}, "ramp_days"),
        ({"duration": 0}, "duration"),
        ({"kind": "vanishing_feature", "magnitude": 2}, "between 0 and 1"),
        ({"kind": "vanishing_feature", "feature": "amount"}, "feature must be"),
    ],
)
def test_an_impossible_drift_is_told(wrong, told):
    with pytest.raises(ValueError, match=told):
        Drift(**({"kind": "covid"} | wrong))


def test_hand_written_logs_are_checked():
    with pytest.raises(ValueError, match="no column 'time'"):
        TransactionLog.from_frame(pd.DataFrame({"customer": [1], "amount": [5]}))
    frame = pd.DataFrame({"time": pd.to_datetime(["2020-01-01"]), "customer": [1], "amount": [5], "country": ["Mars"]})
    with pytest.raises(ValueError, match="'Mars' is none of"):
        TransactionLog.from_frame(frame)


def test_the_world_can_be_looked_at():
    world = simulate(**SMALL, days=40, scenario="covid")
    figure = world.plot()
    assert figure.layout.title.text
    assert len(figure.layout.shapes) == 1
    assert sum(np.sum(trace.y) for trace in figure.data) == len(world.log)
