"""Do the worlds that readers play with show what the lecture says of them?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, chi2

from coursekit.explore import drift_playground, drift_world, refresh_costs, refresh_playground
from coursekit.explore.drifting import BINS, CHANGE_DAY, DAYS, KINDS, PER_DAY, SHAPES, _daily_psi


@pytest.mark.parametrize("kind", KINDS.values())
@pytest.mark.parametrize("shape", SHAPES.values())
def test_every_drift_costs_accuracy_and_none_costs_none(kind, shape):
    world = drift_world(kind, shape=shape, size=1.0, seed=1)
    strong, calm = world.strength > 0.9, world.strength == 0
    assert world.errors[strong].mean() > 1.5 * world.errors[calm].mean()
    quiet = drift_world(kind, shape=shape, size=0.0, seed=1)
    halves = quiet.errors[: DAYS // 2].mean(), quiet.errors[DAYS // 2 :].mean()
    # two binomial means of 15,000 each: 4 standard errors of their difference
    spread = np.sqrt(2 * quiet.errors.mean() * (1 - quiet.errors.mean()) / (DAYS // 2 * PER_DAY))
    assert abs(halves[0] - halves[1]) < 4 * spread


def test_distances_are_blind_to_the_concept_and_see_what_moved():
    limit = (1 / PER_DAY + 1 / 5_000) * chi2.ppf(0.999, BINS - 1)
    above = {kind: (_daily_psi(drift_world(kind, size=1.0, seed=2))[CHANGE_DAY:] > limit) for kind in KINDS.values()}
    days = DAYS - CHANGE_DAY
    chance = binom.ppf(1 - 1e-6, days, 0.005) / days  # the chi-squared approximation, with room for its error
    assert above["concept"].mean(axis=0).max() <= chance
    assert above["data"].mean(axis=0)[0] > 0.9 >= chance >= above["data"].mean(axis=0)[1]
    assert above["vanish"].mean(axis=0)[1] > 0.9 >= chance >= above["vanish"].mean(axis=0)[0]


def test_late_labels_make_late_alarms():
    playground = drift_playground()

    def first_adwin():
        (trace,) = (t for t in playground.view.figure.data if t.name == "ADWIN")
        return min(day for day in trace.x if day >= CHANGE_DAY)

    at_once = first_adwin()
    playground.controls["label_delay"].value = 25
    assert first_adwin() == at_once + 25


def test_unknown_worlds_are_told():
    for wrong in ({"kind": "x"}, {"kind": "data", "shape": "x"}, {"kind": "data", "size": 2}):
        with pytest.raises(ValueError, match="kind is one of"):
            drift_world(**wrong)
    with pytest.raises(ValueError, match="world must be one of"):
        refresh_costs("x", loss=1, retrain_cost=1, train_duration=1, label_delay=0, detection_delay=0)


def test_training_time_raises_every_interval_alike():
    setting = {"loss": 5.0, "retrain_cost": 500.0, "label_delay": 0, "detection_delay": 3}
    quick, slow = (refresh_costs("linear", train_duration=days, **setting)["scheduled"] for days in (0, 14))
    assert np.allclose(slow - quick, 5.0 * 14)
    assert quick.argmin() + 1 == pytest.approx(np.sqrt(2 * 500 / 5), abs=0.5)


def test_the_alarm_wins_where_the_world_breaks_and_training_is_dear():
    playground = refresh_playground()
    playground.controls["world"].value = "abrupt"
    playground.controls["loss"].value = 50
    playground.controls["retrain_cost"].value = 2_000
    assert "경보가 울릴 때" in playground.view.figure.layout.title.text
    playground.controls["detection_delay"].value = 30
    playground.controls["retrain_cost"].value = 10
    assert "일마다" in playground.view.figure.layout.title.text


def test_where_a_break_costs_little_nothing_is_done():
    playground = refresh_playground()
    playground.controls["world"].value = "abrupt"
    playground.controls["loss"].value = 1
    playground.controls["retrain_cost"].value = 5_000
    assert "다시 학습하지 않음" in playground.view.figure.layout.title.text


def test_a_silent_detector_keeps_its_row():
    playground = drift_playground()
    playground.controls["size"].value = 0.0
    assert list(playground.view.figure.layout.yaxis3.ticktext)[::-1] == [
        trace.name for trace in playground.view.figure.data[3:]
    ]
