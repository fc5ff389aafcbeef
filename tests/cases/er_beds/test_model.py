"""Does the model beat persistence, mean what it says, and age as a lecture may claim?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score

from coursekit.cases import er_beds
from coursekit.cases.er_beds import AvailabilityModel, PersistenceBaseline
from coursekit.cases.er_beds.retraining import retraining_study
from coursekit.modeling.evaluation import brier_difference, brier_score, calibration

DAY = np.timedelta64(1, "D")


def _rows(log, *, first=None, last=None, minutes=30):
    times = log.every(minutes, start=first, end=last)
    return er_beds.point_in_time_features(log, times), log.accepts(times).ravel()


@pytest.fixture(scope="module")
def pandemic():
    """Sixty days before the pandemic to learn from, sixty to be judged on, and what comes after."""
    return er_beds.simulate(er_beds.city(10, seed=2), days=360, scenario="covid", seed=5)


@pytest.fixture(scope="module")
def model(pandemic):
    return AvailabilityModel().fit(*_rows(pandemic, last=pandemic.start + 60 * DAY))


@pytest.mark.parametrize("kind", er_beds.AVAILABILITY_KINDS)
def test_it_beats_persistence_and_is_calibrated_before_the_pandemic(pandemic, kind):
    """28,800 rows of 60 days: a slope's standard error is about .015, and .03 with days as clusters."""
    learnt = _rows(pandemic, last=pandemic.start + 60 * DAY)
    features, y = _rows(pandemic, first=pandemic.start + 60 * DAY, last=pandemic.start + 119 * DAY)
    ours = AvailabilityModel(kind=kind).fit(*learnt).predict_proba(features)
    plain = PersistenceBaseline().fit(*learnt).predict_proba(features)
    days = features.time.astype("datetime64[D]")
    assert brier_difference(y, plain, ours, groups=days).low > 0.01
    assert 0.9 < calibration(y, ours).slope < 1.1


def test_it_beats_persistence_in_a_city_that_it_has_never_seen(model):
    features, y = _rows(er_beds.simulate(er_beds.city(6, seed=40), days=40, seed=7))
    plain = PersistenceBaseline().fit(features, y).predict_proba(features)  # even where that knows the answers
    days = features.time.astype("datetime64[D]")
    assert brier_difference(y, plain, model.predict_proba(features), groups=days).low > 0


def test_it_decays_after_the_pandemic(pandemic, model):
    start = pandemic.truth[0].start
    before = calibration(*_answers(model, pandemic, start - 59 * DAY, start - DAY))
    after = calibration(*_answers(model, pandemic, start, start + 60 * DAY))
    assert after.brier > before.brier + 0.01 and after.skill < before.skill - 0.1
    assert after.intercept > before.intercept + 0.3  # it says full where wards lend their beds


def _answers(model, log, first, last):
    features, y = _rows(log, first=first, last=last)
    return y, model.predict_proba(features)


def test_what_is_left_now_tells_more_than_the_calendar(pandemic):
    learnt, y = _rows(pandemic, last=pandemic.start + 60 * DAY)
    features, truth = _rows(pandemic, first=pandemic.start + 60 * DAY, last=pandemic.start + 119 * DAY)
    area = {}
    for name, chosen in (("calendar", er_beds.CALENDAR_FEATURES), ("left", (*er_beds.CALENDAR_FEATURES, "beds_left"))):
        fitted = AvailabilityModel(features=chosen).fit(learnt, y)
        area[name] = roc_auc_score(truth, fitted.predict_proba(features))
    assert 0.66 < area["calendar"] < 0.86 and area["left"] > 0.94


def test_among_full_rooms_stay_ages_say_little_unless_stays_are_nearly_fixed():
    area = {}
    for shape in ("exponential", "near_fixed"):
        log = er_beds.simulate(er_beds.single(beds=30, load=30, shape=shape), days=1_500, seed=1)
        features, y = _rows(log, minutes=60)
        full = log.beds_left(log.every(60)).ravel() <= 0
        part, truth = features.rows(full), y[full]
        half = np.arange(len(truth)) < len(truth) // 2
        names = ("oldest_stay_hours", "mean_stay_hours", "stays_over_12h")
        fitted = AvailabilityModel(features=names).fit(part.rows(half), truth[half])
        area[shape] = roc_auc_score(truth[~half], fitted.predict_proba(part.rows(~half)))
    # about 2,000 rows, a third of them positive: the standard error of the area is .014
    assert abs(area["exponential"] - 0.5) < 0.05 < area["near_fixed"] - 0.5


def test_the_order_of_rows_is_no_matter_and_the_seed_decides_the_rest(pandemic):
    features, y = _rows(pandemic, last=pandemic.start + 20 * DAY)
    some = np.random.default_rng(0).permutation(len(y))
    first, second = (
        AvailabilityModel(kind="logistic").fit(f, v) for f, v in ((features, y), (features.rows(some), y[some]))
    )
    assert np.allclose(first.predict_proba(features), second.predict_proba(features), atol=1e-4)
    again = AvailabilityModel().fit(features, y).predict_proba(features)
    assert np.array_equal(again, AvailabilityModel().fit(features, y).predict_proba(features))


def test_persistence_is_what_was_counted(pandemic):
    features, y = _rows(pandemic, last=pandemic.start + 20 * DAY)
    left = features.take(["beds_left"]).values[:, 0]
    baseline = PersistenceBaseline().fit(features, y)
    assert baseline.free_ == y[left > 0].mean() and baseline.full_ == y[left <= 0].mean()
    unknown = replace(features, values=np.full_like(features.values, np.nan))
    assert set(baseline.predict_proba(unknown)) == {y.mean()}
    assert brier_score(y, baseline.predict_proba(features)) < y.mean() * (1 - y.mean())


def test_what_cannot_be_learnt_is_told(pandemic):
    features, y = _rows(pandemic, last=pandemic.start + DAY)
    for learner in (AvailabilityModel(), PersistenceBaseline()):
        with pytest.raises(ValueError, match="give one label for each of the 480 rows"):
            learner.fit(features, y[1:])
        with pytest.raises(ValueError, match="True and False"):
            learner.fit(features, y + 3)
        with pytest.raises(ValueError, match="must be BedFeatures"):
            learner.fit(features.values, y)
        with pytest.raises(NotFittedError):
            learner.predict_proba(features)
    with pytest.raises(ValueError, match="kind must be one of boosting, logistic"):
        AvailabilityModel(kind="forest").fit(features, y)
    with pytest.raises(ValueError, match="both answers are needed"):
        AvailabilityModel().fit(features, np.ones_like(y))
    with pytest.raises(ValueError, match="no feature is called 'weather'"):
        AvailabilityModel(features=("weather",)).fit(features, y)


def test_retraining_follows_the_pandemic_and_is_worth_little_without(pandemic):
    calm = retraining_study(
        er_beds.simulate(er_beds.city(10, seed=2), days=360, seed=5), every_minutes=120, kind="logistic"
    )
    shaken = retraining_study(pandemic, every_minutes=120, kind="logistic")
    assert abs(1 - calm.mean["monthly"] / calm.mean["never"]) < 0.05
    assert shaken.mean["monthly"] < 0.85 * shaken.mean["never"]
    assert shaken.mean["monthly"] < shaken.mean["every 4 months"] < shaken.mean["never"]
    assert shaken.trainings == {"never": 0, "monthly": 9, "every 3 months": 3, "every 4 months": 2}
    first = {name: values[0] for name, values in shaken.brier.items()}
    assert len(set(first.values())) == 1, "all policies share the first model"


def test_each_month_is_scored_with_the_model_that_was_in_service():
    log = er_beds.simulate(er_beds.city(3, seed=1), days=130, seed=3)
    report = retraining_study(log, policies={"two": 2}, first_days=40, every_minutes=120, kind="logistic")
    begins = [log.start + (40 + 30 * month) * DAY for month in range(4)]
    for month, trained_at in ((0, 0), (1, 0), (2, 2)):
        last = begins[trained_at] - np.timedelta64(20, "m")
        fitted = AvailabilityModel(kind="logistic").fit(*_rows(log, last=last, minutes=120))
        y, p = _served(fitted, log, begins[month], begins[month + 1])
        assert report.brier["two"][month] == pytest.approx(brier_score(y, p), rel=1e-9)


def _served(model, log, first, last):
    features, y = _rows(log, first=first, last=min(last, log.end - np.timedelta64(20, "m")), minutes=120)
    return y, model.predict_proba(features)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"first_days": 25}, "leave no month after the first 25"),
        ({"policies": {}}, "at least one policy"),
        ({"policies": {"x": 0}}, "months of 'x' must be a whole number of at least 1"),
    ],
)
def test_a_study_that_cannot_be_made_says_so(options, message):
    log = er_beds.simulate(er_beds.city(2), days=40)
    with pytest.raises(ValueError, match=message):
        retraining_study(log, **options)
