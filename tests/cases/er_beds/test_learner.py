"""The forecast is an honest learner: it depends on what it is told and on nothing else."""

import re
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from coursekit.cases.er_beds import (
    AVAILABILITY_KINDS,
    CALENDAR_FEATURES,
    FEATURES,
    AvailabilityModel,
    PersistenceBaseline,
    city,
    point_in_time_features,
    simulate,
)


@pytest.fixture(scope="module")
def rows():
    log = simulate(city(4, seed=2), days=30, seed=2)
    times = log.every(60)
    return point_in_time_features(log, times), log.accepts(times).ravel()


@pytest.mark.parametrize("kind", AVAILABILITY_KINDS)
def test_probabilities_are_one_per_row_and_follow_the_reports(rows, kind):
    features, accepted = rows
    model = AvailabilityModel(kind=kind)
    assert model.fit(features, accepted) is model
    probability = model.predict_proba(features)
    assert probability.shape == accepted.shape
    assert probability.min() >= 0 and probability.max() <= 1
    left = features.take(("beds_left_updated",)).values[:, 0]
    assert probability[left > 5].mean() > 0.9 > 0.3 > probability[left <= 0].mean()


@pytest.mark.parametrize("kind", AVAILABILITY_KINDS)
def test_the_order_of_rows_is_no_news(rows, kind):
    features, accepted = rows
    shuffled = np.random.default_rng(0).permutation(len(accepted))
    straight = AvailabilityModel(kind=kind).fit(features, accepted)
    mixed = AvailabilityModel(kind=kind).fit(features.rows(shuffled), accepted[shuffled])
    # rows are sorted before anything is summed, so even the bits agree
    np.testing.assert_array_equal(straight.predict_proba(features), mixed.predict_proba(features))
    np.testing.assert_array_equal(
        straight.predict_proba(features)[shuffled], straight.predict_proba(features.rows(shuffled))
    )


@pytest.mark.parametrize("kind", AVAILABILITY_KINDS)
def test_a_seed_makes_one_model_and_a_clone_the_same(rows, kind):
    features, accepted = rows
    model = AvailabilityModel(kind=kind, random_state=3).fit(features, accepted)
    again = clone(model).fit(features, accepted)
    np.testing.assert_array_equal(model.predict_proba(features), again.predict_proba(features))


@pytest.mark.parametrize("learner", [AvailabilityModel(), AvailabilityModel(kind="logistic"), PersistenceBaseline()])
def test_inputs_stay_as_they_are_and_hospitals_have_no_names(rows, learner):
    features, accepted = rows
    values, answers = features.values.copy(), accepted.copy()
    probability = clone(learner).fit(features, accepted).predict_proba(features)
    np.testing.assert_array_equal(features.values, values)
    np.testing.assert_array_equal(accepted, answers)
    renamed = replace(features, hospital=features.hospital + 50)
    moved = clone(learner).fit(renamed, accepted).predict_proba(renamed)
    np.testing.assert_array_equal(moved, probability)


@pytest.mark.parametrize("kind", AVAILABILITY_KINDS)
def test_missing_values_are_answered_in_training_and_in_service(rows, kind):
    features, accepted = rows
    holes = features.values.copy()
    holes[np.random.default_rng(1).random(holes.shape) < 0.2] = np.nan
    model = AvailabilityModel(kind=kind).fit(replace(features, values=holes), accepted)
    nothing = replace(features, values=np.full_like(holes, np.nan))
    for probability in (model.predict_proba(features), model.predict_proba(nothing)):
        assert np.isfinite(probability).all()


def test_columns_are_found_by_name_and_not_by_place(rows):
    features, accepted = rows
    model = AvailabilityModel().fit(features, accepted)
    backwards = features.take(tuple(reversed(FEATURES)))
    np.testing.assert_array_equal(model.predict_proba(backwards), model.predict_proba(features))
    calendar = AvailabilityModel(features=CALENDAR_FEATURES).fit(features, accepted)
    assert calendar.names_ == CALENDAR_FEATURES
    only = features.take(CALENDAR_FEATURES)
    np.testing.assert_array_equal(calendar.predict_proba(only), calendar.predict_proba(features))
    assert AvailabilityModel(features="hour").fit(features, accepted).names_ == ("hour",)


def test_the_baseline_counts_what_followed_each_report(rows):
    features, accepted = rows
    left = features.take(("beds_left",)).values[:, 0]
    baseline = PersistenceBaseline().fit(features, accepted)
    assert baseline.free_ == accepted[left > 0].mean()
    assert baseline.full_ == accepted[left <= 0].mean()
    probability = baseline.predict_proba(features)
    assert set(probability[left > 0]) == {baseline.free_}
    assert set(probability[left <= 0]) == {baseline.full_}
    silent = replace(features, values=np.full_like(features.values, np.nan))
    assert set(baseline.predict_proba(silent)) == {accepted.mean()}


def test_a_baseline_that_has_never_seen_a_full_house_answers_the_share(rows):
    features, accepted = rows
    left = features.take(("beds_left",)).values[:, 0]
    baseline = PersistenceBaseline().fit(features.rows(left > 0), accepted[left > 0])
    assert baseline.full_ == baseline.overall_ == accepted[left > 0].mean()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f, y: AvailabilityModel(kind="forest").fit(f, y), "boosting, logistic"),
        (lambda f, y: AvailabilityModel(features=("tide",)).fit(f, y), "no feature is called 'tide'"),
        (lambda f, y: AvailabilityModel(features=()).fit(f, y), "names none"),
        (lambda f, y: AvailabilityModel().fit(f, y[:-1]), "one label for each"),
        (lambda f, y: AvailabilityModel().fit(f, y.reshape(-1, 4)), ".ravel()"),
        (lambda f, y: AvailabilityModel().fit(f, np.ones(len(y), dtype=bool)), "both answers are needed"),
        (lambda f, y: AvailabilityModel().fit(f, np.where(y, 2, 0)), "True and False"),
        (lambda f, y: AvailabilityModel().fit(f.values, y), "point_in_time_features"),
        (lambda f, y: AvailabilityModel().fit(f, y).predict_proba(f.values), "point_in_time_features"),
        (lambda f, y: AvailabilityModel().fit(f, y).predict_proba(f.take(("hour",))), "no feature is called"),
        (lambda f, y: PersistenceBaseline().fit(f, y).predict_proba(f.values), "point_in_time_features"),
    ],
)
def test_errors_say_what_to_do(rows, make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make(*rows)


@pytest.mark.parametrize("learner", [AvailabilityModel(), PersistenceBaseline()])
def test_an_untrained_model_says_so(rows, learner):
    with pytest.raises(NotFittedError):
        learner.predict_proba(rows[0])
