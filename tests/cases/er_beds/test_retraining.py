"""No month of the retraining study knows what came after it, and policies share what they share."""

import numpy as np
import pytest

from coursekit.cases.er_beds import city, point_in_time_features, retraining_study, simulate
from coursekit.cases.er_beds.model import AvailabilityModel
from coursekit.cases.er_beds.study import evaluate_availability


def test_no_month_knows_what_came_after_it():
    town = city(3, seed=4)
    short, long = (
        retraining_study(simulate(town, days=days, seed=4), first_days=30, every_minutes=120, kind="logistic")
        for days in (120, 180)  # more days begin with the same patients
    )
    before = slice(0, short.month.size - 1)  # the last month of the shorter log ends a little early
    np.testing.assert_array_equal(short.month, long.month[: short.month.size])
    np.testing.assert_array_equal(short.persistence[before], long.persistence[before])
    for name, brier in short.brier.items():
        np.testing.assert_array_equal(brier[before], long.brier[name][before])


def test_the_first_month_is_what_one_would_compute_by_hand():
    log = simulate(city(3, seed=6), days=91, seed=6)
    report = retraining_study(log, policies={"never": None}, first_days=30)
    month = log.start + np.timedelta64(30, "D")
    past = log.every(60, end=month - np.timedelta64(20, "m"))
    model = AvailabilityModel().fit(point_in_time_features(log, past), log.accepts(past).ravel())
    served = log.every(60, start=month, end=month + np.timedelta64(30, "D"))
    assert report.brier["never"][0] == pytest.approx(evaluate_availability(model, log, served).brier, rel=1e-12)


def test_policies_share_the_models_that_they_share():
    log = simulate(city(3, seed=7), days=215, scenario="covid", seed=7)
    report = retraining_study(log, first_days=30, every_minutes=240, kind="logistic")
    never, monthly, third, fourth = report.brier.values()
    assert len(never) == 6
    np.testing.assert_array_equal(third[:3], never[:3])  # nothing is trained before the third month
    np.testing.assert_array_equal(fourth[:4], never[:4])
    np.testing.assert_array_equal(third[3], monthly[3])  # both train at its beginning
    np.testing.assert_array_equal(fourth[4], monthly[4])
    assert report.trainings == {"never": 0, "monthly": 5, "every 3 months": 1, "every 4 months": 1}
