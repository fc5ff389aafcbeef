"""Whoever has waited for long need not be about to leave."""

import numpy as np
import pytest

from coursekit.cases.er_beds.full_now import full_now_study


@pytest.mark.parametrize("shape", ["exponential", "lognormal", "mixed"])
def test_ages_of_stays_tell_a_full_house_nothing(shape):
    report = full_now_study(shape)
    # exponential: exactly nothing; the others: whatever there is lies within the noise. Days are drawn for a
    # 95% interval of half width w, about two deviations: 1.75 w is 3.5 deviations.
    assert abs(report.auc.estimate - 0.5) < 1.75 * report.auc.width / 2
    assert report.auc.width < 0.06  # and the study would have seen a little


def test_ages_of_stays_tell_where_stays_are_nearly_fixed():
    report = full_now_study("near_fixed")
    assert report.auc.low > 0.6
    assert full_now_study("deterministic").auc.estimate > report.auc.estimate
    assert np.trapezoid(report.true_positive_rate, report.false_positive_rate) == pytest.approx(report.auc.estimate)
    assert len(report.to_frame()) == report.true_positive_rate.size
    assert len(report.plot().data) == 2


def test_a_room_that_is_never_full_has_no_answer():
    with pytest.raises(ValueError, match="give more days"):
        full_now_study("exponential", utilisation=0.1, days=20)
