"""What the lecture claims about the forecast, measured."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from coursekit.cases.er_beds import (
    CALENDAR_FEATURES,
    AvailabilityModel,
    PersistenceBaseline,
    city,
    point_in_time_features,
    simulate,
)
from coursekit.cases.er_beds.study import (
    evaluate_availability,
)

TOWN = city(10, seed=11)
CUT = np.datetime64("2019-05-30T00:00:00")  # 90 days to learn from, 60 to be judged on


def _trained(log, times, *, features=None, kind="boosting"):
    learner = AvailabilityModel(features=features, kind=kind)
    return learner.fit(point_in_time_features(log, times), log.accepts(times).ravel())


@pytest.fixture(scope="module")
def log():
    return simulate(TOWN, days=150, seed=11)


@pytest.fixture(scope="module")
def past(log):
    return log.every(60, end=CUT - np.timedelta64(20, "m"))


@pytest.fixture(scope="module")
def later(log):
    return log.every(60, start=CUT)


@pytest.fixture(scope="module")
def model(log, past):
    return _trained(log, past)


@pytest.fixture(scope="module")
def unseen_period(model, log, later):
    return evaluate_availability(model, log, later)


def test_the_model_beats_persistence_on_an_unseen_period(unseen_period):
    assert unseen_period.gain.low > 0
    assert unseen_period.gain.estimate == pytest.approx(unseen_period.persistence_brier - unseen_period.brier)


def test_the_model_beats_persistence_in_an_unseen_city(model):
    other = simulate(city(10, seed=211), days=60, seed=211)
    assert evaluate_availability(model, other, other.every(60)).gain.low > 0


def test_the_model_beats_a_baseline_counted_on_its_own_training_rows(model, log, past, later):
    baseline = PersistenceBaseline().fit(point_in_time_features(log, past), log.accepts(past).ravel())
    assert evaluate_availability(model, log, later, baseline=baseline).gain.low > 0


def test_probabilities_mean_what_they_say_before_the_pandemic(unseen_period):
    # Over 8 other pairs of city and world, 90 days of training and 14,400 rows to judge, the slope was
    # 1.02 on average with a standard deviation of .022: either end of the bar lies 3.6 deviations away or more.
    assert unseen_period.n >= 14_000
    assert 0.9 < unseen_period.slope < 1.1


def test_the_pandemic_spoils_them(model, unseen_period):
    pandemic = simulate(TOWN, days=150, scenario="covid", seed=11)
    since = pandemic.every(60, start=CUT)
    assert pandemic.truth[0].start < CUT
    after = evaluate_availability(model, pandemic, since)
    assert after.brier > 2 * unseen_period.brier
    assert after.intercept > 1  # doors are open that the model calls closed


@pytest.mark.parametrize("kind", ["logistic", "boosting"])
def test_beds_left_tell_far_more_than_the_calendar(log, past, later, kind):
    calendar = evaluate_availability(_trained(log, past, features=CALENDAR_FEATURES, kind=kind), log, later)
    features = (*CALENDAR_FEATURES, "beds_left")
    beds = evaluate_availability(_trained(log, past, features=features, kind=kind), log, later)
    # the straight line measures .72 to .76 here, the trees .79 to .81; a coin is .5
    assert 0.66 < calendar.auc < beds.auc - 0.1
    assert beds.auc >= 0.93
    assert beds.brier < calendar.brier


def test_scores_are_those_of_scikit_learn_and_slices_add_up(model, log, later, unseen_period):
    accepted = log.accepts(later).ravel()
    probability = model.predict_proba(point_in_time_features(log, later))
    assert unseen_period.brier == pytest.approx(brier_score_loss(accepted, probability))
    assert unseen_period.auc == pytest.approx(roc_auc_score(accepted, probability))
    assert unseen_period.hospital_brier.mean() == pytest.approx(unseen_period.brier)
    assert unseen_period.hospital_persistence_brier.mean() == pytest.approx(unseen_period.persistence_brier)
    assert unseen_period.skill == pytest.approx(1 - unseen_period.brier / unseen_period.persistence_brier)
    table = unseen_period.to_frame()
    assert list(table.index) == ["all", *TOWN.names]
    assert table["rows"].iloc[1:].sum() == unseen_period.n == table["rows"].iloc[0]
    third = accepted.reshape(-1, 10)[:, 2]
    assert table["accepted"].iloc[3] == third.mean()
    assert table["brier"].iloc[3] == pytest.approx(brier_score_loss(third, probability.reshape(-1, 10)[:, 2]))
    assert len(unseen_period.plot().data) == 2


def test_a_forecast_that_is_the_truth_scores_zero(log, later):
    class Oracle:
        def predict_proba(self, features):
            return log.accepts(later).ravel().astype(float)

    report = evaluate_availability(Oracle(), log, later)
    assert (report.brier, report.auc, report.skill) == (0, 1, 1)


def test_a_forecast_that_is_none_is_told(log, later):
    class Pairs:
        def predict_proba(self, features):
            return np.full((len(features.values), 2), 0.5)

    with pytest.raises(ValueError, match="one probability for each of the"):
        evaluate_availability(Pairs(), log, later)
    with pytest.raises(ValueError, match="times is empty"):
        evaluate_availability(Pairs(), log, later[:0])
