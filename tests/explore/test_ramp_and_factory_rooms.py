"""Do the rooms of week 13 show what the library computes?"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from coursekit.cases import inspection
from coursekit.deployment.rollout import Candidate, Service, Traffic, simulate_many
from coursekit.explore import factory_room, ramp_room
from coursekit.explore.ramping import PATHS, PLANS, REPEATS, TESTS


def played(recall, plan, audit_rate, escape):
    line = inspection.FactoryLine(
        model=inspection.ScoreModel(factory_recall=recall), costs=inspection.InspectionCosts(escape=escape)
    )
    return line.run({"all": 1.0}.get(plan, plan), days=20, audit_rate=audit_rate, seed=3)


WAYS = {"5%": "canary", "모두": "all", "사람": "human"}


@pytest.mark.parametrize(("plan", "test"), itertools.product(PLANS, TESTS))
def test_every_choice_of_the_ramp_room_is_drawn(plan, test):
    room = ramp_room()
    for name, value in {"ratio": 1.3, "plan": plan, "test": test, "path": "rising"}.items():
        room.controls[name].value = value
    told = room.view.figure.layout.title.text
    assert "분 만에" in told
    assert {"기초선의 오류율", "후보의 오류율"} <= {trace.name for trace in room.view.figure.data}


def test_the_false_rollbacks_in_the_title_are_those_of_a_thousand_rollouts():
    room = ramp_room()
    room.controls["path"].value = PATHS["한 시간 동안 두 배로"]
    room.controls["test"].value = "z 검정, 매분"
    plan, test = next(iter(PLANS.values())), TESTS["z 검정, 매분"]
    same = simulate_many(Traffic(), Service(path="rising"), Candidate(), plan, test, runs=REPEATS, seed=1)
    assert f"억울한 롤백 {np.mean(same.verdict == 'FAIL'):.1%}" in room.view.figure.layout.title.text


def test_without_an_audit_the_belief_does_not_move():
    room = factory_room(played, plans=WAYS)
    room.controls["plan"].value, room.controls["audit"].value = "all", 0
    for recall in (50, 90):
        room.controls["recall"].value = recall
        believed = next(trace for trace in room.view.figure.data if trace.name == "겉으로 본 재현율")
        assert set(believed.y) == {1.0}
        assert "믿는 재현율 100%" in room.view.figure.layout.title.text


def test_the_numbers_in_the_title_are_those_of_the_line():
    room = factory_room(played, plans=WAYS)
    room.controls["plan"].value, room.controls["audit"].value = "all", 20
    room.controls["recall"].value, room.controls["escape"].value = 70, 20
    report = played(0.7, "all", 0.2, 200_000)
    told = room.view.figure.layout.title.text
    assert f"나간 불량 {report.shipped.sum():,}개" in told
    assert f"비용 {report.cost.sum() / 1e4:,.0f}만 원" in told
    assert f"믿는 재현율 {report.estimated_recall.estimate:.0%}, 실제 {report.true_recall:.0%}" in told


def test_a_model_without_parts_has_no_recall():
    room = factory_room(played, plans=WAYS)
    room.controls["plan"].value = "human"
    assert "모델이 맡은 부품 없음" in room.view.figure.layout.title.text


def test_a_choice_is_played_once():
    calls = []

    def counted(*choice):
        calls.append(choice)
        return played(*choice)

    room = factory_room(counted, plans=WAYS)
    for value in (60, 70, 60, 70):
        room.controls["recall"].value = value
    assert len(calls) == len(set(calls)) == 2


def test_nothing_to_choose_is_told():
    with pytest.raises(ValueError, match="plans is empty"):
        factory_room(played, plans={})
    with pytest.raises(ValueError, match="most_days must be at least 1"):
        factory_room(played, plans=WAYS, most_days=0)
