"""Quiz 2's answers are right, and the figures of its questions and explanations hold."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from coursekit.cases import er_beds
from coursekit.classroom.judging import CheckFailed

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "labs"))
from authored_notebook import authored_as

QUIZ = authored_as("quiz02_data_features")
REFERENCE = QUIZ.reference()


def test_the_label_of_item_1_is_nearly_always_true_and_ambulances_are_refused():
    """20 beds, exponential stays of 6 h: the item says 99.9% True, and one door in five closed."""
    study = er_beds.label_study("exponential", mean_stay_hours=6, hours=6, beds=20, utilisation=1.05, days=600)
    assert study.counts[:, 1].sum() / study.counts.sum() > 0.998
    assert 0.15 < study.counts[0].sum() / study.counts.sum() < 0.25
    # the distractor of 12 hours: the label still says True at nine closed doors in ten
    longer = er_beds.label_study("exponential", mean_stay_hours=6, hours=12, beds=20, utilisation=1.05, days=600)
    assert longer.false_positive_rate > 0.9


def test_who_has_stayed_long_stays_as_long_again():
    stay = er_beds.StayDistribution("exponential", 6.0)
    for hours in (1.0, 6.0, 12.0):
        assert stay.survival(hours + 6) / stay.survival(hours) == pytest.approx(stay.survival(6.0))


def test_the_saturation_of_item_3_is_that_of_the_feed():
    beds, left = np.array([20, 30, 25, 15, 10]), np.array([-4, -2, 5, 3, 1])
    items = "".join(
        f"<item><hpid>A{k}</hpid><hvec>{free}</hvec><hvs01>{all_beds}</hvs01></item>"
        for k, (all_beds, free) in enumerate(zip(beds, left, strict=True))
    )
    head = "<header><resultCode>00</resultCode><resultMsg>NORMAL SERVICE.</resultMsg></header>"
    feed = er_beds.read_feed(
        f"<response>{head}<body><items>{items}</items><totalCount>5</totalCount></body></response>"
    )
    gap = feed.saturation(negative="keep") - feed.saturation(negative="drop")
    assert 100 * gap == pytest.approx(REFERENCE["answer_3"])


def test_the_last_known_number_is_that_of_a_simulated_feed():
    log = er_beds.simulate(er_beds.city(3), days=2, seed=1)
    reports = [
        (float(minute), int(hospital), int(value))
        for minute, hospital, value in zip(log.report_minute, log.report_hospital, log.report_value, strict=True)
    ]
    times = log.every(180)
    expected = er_beds.point_in_time_features(log, times).take(["last_number"]).values[:, 0]
    for k, now in enumerate(log.minutes(times)):
        for hospital in range(3):
            assert REFERENCE["last_known"](reports[::-1], hospital, now) == expected[3 * k + hospital]


def test_the_errors_of_item_5():
    assert REFERENCE["answer_5"] == pytest.approx(100 * (80 - 60) / 80)


def test_a_truth_value_is_no_number_of_beds():
    names = {"last_known": lambda *_: True}
    QUIZ.run("checks_support", names)
    with pytest.raises(CheckFailed, match="숫자를 돌려주어야 합니다"):
        QUIZ.run("test_last_known", names)
