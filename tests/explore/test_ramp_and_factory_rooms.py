"""Do the rooms of week 13 show what the library computes?"""

from __future__ import annotations

import dataclasses
import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from coursekit.cases import inspection
from coursekit.deployment.rollout import Candidate, Service, Traffic, simulate, simulate_many
from coursekit.deployment.rollout.figures import VERDICT_NAMES
from coursekit.explore import factory_room, ramp_room, ramping
from coursekit.explore.ramping import PATHS, PLANS, REPEATS, TESTS

DAYS = 20
WAYS = {"5%": "canary", "모두": "all", "사람": "human", "증거": "evidence"}


def played(recall, plan, audit_rate, escape):
    line = inspection.FactoryLine(
        model=inspection.ScoreModel(factory_recall=recall), costs=inspection.InspectionCosts(escape=escape)
    )
    if plan == "evidence":
        return inspection.line_rollout(line, audit_rate=audit_rate, days=60, seed=3).report
    return line.run({"all": 1.0}.get(plan, plan), days=DAYS, audit_rate=audit_rate, seed=3)


def choose(room, **choice):
    """Turn the controls; a room that fails to draw keeps its old figure and says so, which is no success here."""
    for name, value in choice.items():
        room.controls[name].value = value
    assert room.view._message == ""
    return room.view.figure


def factory(**choice):
    return choose(factory_room(played, plans=WAYS), **choice)


def drawn(figure, name):
    return np.array(next(trace for trace in figure.data if trace.name == name).y, dtype=float)


def title(figure):
    return figure.layout.title.text


@pytest.fixture
def few_repeats(monkeypatch):
    """Thirty rollouts in place of a thousand where only the drawing is looked at."""
    ramping._repeated.cache_clear()
    monkeypatch.setattr(ramping, "REPEATS", 30)
    yield
    ramping._repeated.cache_clear()


@pytest.mark.parametrize("plan", PLANS)
def test_every_choice_of_the_ramp_room_is_drawn(few_repeats, plan):
    room = ramp_room()
    choose(room, ratio=1.3, plan=plan, seed=2)
    for test, path in itertools.product(TESTS, PATHS.values()):
        figure = choose(room, test=test, path=path)
        # the rollout in the picture is the library's
        shown = simulate(Traffic(), Service(path=path), Candidate(error_ratio=1.3), PLANS[plan], TESTS[test], seed=2)
        assert title(figure).startswith(f"{shown.minutes}분 만에 {VERDICT_NAMES[shown.verdict]} "), (test, path)
        assert np.array_equal(drawn(figure, "후보의 몫 (오른쪽 축)"), shown.weight)
        for name, side in (("기초선의 오류율", 0), ("후보의 오류율", 1)):
            rate = shown.bad[:, 0, side] / np.maximum(shown.requests[:, side], 1)
            assert np.array_equal(drawn(figure, name), rate)


def test_the_numbers_in_the_title_are_those_of_a_thousand_rollouts():
    figure = choose(ramp_room(), ratio=1.5, test="z 검정, 매분", path="rising")
    plan, test = next(iter(PLANS.values())), TESTS["z 검정, 매분"]
    same, worse = (
        simulate_many(Traffic(), Service(path="rising"), Candidate(error_ratio=ratio), plan, test, runs=REPEATS, seed=1)
        for ratio in (1.0, 1.5)
    )
    assert f"억울한 롤백 {np.mean(same.verdict == 'FAIL'):.1%} · 평균 피해 {worse.harm.mean():,.0f}건" in title(figure)


def test_the_limits_of_the_ramp_room_hold_what_decides(few_repeats):
    for ratio in (0.5, 1.0, 3.0):
        figure = choose(ramp_room(), ratio=ratio)
        low, high = figure.layout.yaxis3.range
        assert low < 0 < 1 < high  # where the evidence starts, and where it rolls back
        low, high = figure.layout.yaxis2.range
        assert low <= drawn(figure, "후보의 몫 (오른쪽 축)").min()
        assert drawn(figure, "후보의 몫 (오른쪽 축)").max() <= high


def test_a_redraw_of_the_ramp_room_repeats_nothing_that_it_has_repeated(few_repeats, monkeypatch):
    calls = []

    def counted(*arguments, **options):
        calls.append(arguments)
        return simulate_many(*arguments, **options)

    monkeypatch.setattr(ramping, "simulate_many", counted)
    room = ramp_room()
    assert len(calls) == 1  # the chosen candidate equals the baseline
    choose(room, ratio=2.0)
    assert len(calls) == 2
    choose(room, seed=5)
    choose(room, ratio=1.0)
    assert len(calls) == 2


@pytest.mark.parametrize("plan", ["canary", "all"])
@pytest.mark.parametrize("recall", [40, 90])
def test_without_an_audit_the_belief_does_not_move(plan, recall):
    figure = factory(plan=plan, audit=0, recall=recall)
    assert set(drawn(figure, "겉으로 본 재현율")) == {1.0}
    assert "믿는 재현율 100%, 실제" in title(figure)
    assert not any("감사" in (trace.name or "") for trace in figure.data)


def test_the_numbers_in_the_title_are_those_of_the_line():
    figure = factory(plan="all", audit=20, recall=70, escape=20)
    report = played(0.7, "all", 0.2, 200_000)
    assert f"나간 불량 {report.shipped.sum():,}개" in title(figure)
    assert f"비용 {report.cost.sum() / 1e4:,.0f}만 원" in title(figure)
    found = report.estimated_recall
    told = f"믿는 재현율 {found.estimate:.0%} ({found.low:.0%}~{found.high:.0%}), 실제 {report.true_recall:.0%}"
    assert told in title(figure)


def test_each_day_shows_what_was_known_by_then():
    figure, report = factory(plan="canary", audit=30, recall=60), played(0.6, "canary", 0.3, 100_000)
    estimate, low = drawn(figure, "감사로 어림"), drawn(figure, "감사의 95% 신뢰구간")
    for day in (1, 7, DAYS):
        caught, found = report.model_caught[:day].sum(), report.audit_found[:day].sum()
        audit = inspection.estimate_escapes(int(found), audit_rate=0.3, auditor_recall=report.auditor_recall)
        assert (estimate[day - 1], low[day - 1]) == (audit.recall(int(caught)).estimate, audit.recall(int(caught)).low)
        assert drawn(figure, "겉으로 본 재현율")[day - 1] == caught / (caught + found)
        assert drawn(figure, "실제")[day - 1] == caught / report.model_defects[:day].sum()
    model, people = drawn(figure, "모델이 통과시킴"), drawn(figure, "사람이 통과시킴")
    assert np.array_equal(model + people, report.shipped.cumsum()) and model[-1] == report.shipped_by_model.sum()


def test_the_interval_holds_the_truth_and_narrows_with_the_rate():
    widths = []
    for rate in (5, 20, 50):
        figure = factory(plan="all", audit=rate, recall=60)
        band = next(at for at, trace in enumerate(figure.data) if trace.name == "감사의 95% 신뢰구간")
        low, high = figure.data[band].y[-1], figure.data[band - 1].y[-1]
        assert figure.data[band].fill == "tonexty"  # the area between the two is filled
        # one interval of 95% a rate, seed fixed: a promise that the seed keeps, checked on what is drawn
        assert low <= drawn(figure, "실제")[-1] <= high
        widths.append(high - low)
    # about 1,600 misses: the standard error of their count falls as sqrt((1 - p) / p) of the share p that is found,
    # .05, .19, .48 -> 4.5, 2.1, 1.05; half of either step is left to chance
    assert widths[1] < 0.75 * widths[0] and widths[2] < 0.75 * widths[1]


def test_on_evidence_the_model_goes_up_or_back():
    back, up = factory(plan="evidence", recall=60), factory(plan="evidence", recall=98)
    share = "모델의 몫 (오른쪽 축)"
    notes = [note.text for note in back.layout.annotations]
    day = int(played(0.6, "evidence", 0.2, 100_000).shadow.sum())
    assert not drawn(back, share).any() and f"{day}일째 사람에게 돌아감" in notes
    assert "모델이 맡은 부품 없음" in title(back)
    assert any("섀도 배포에서 사람에게 돌아갔습니다" in note for note in notes)
    assert drawn(up, share)[-1] == 1.0 and "섀도 배포" in [note.text for note in up.layout.annotations]
    assert not any("돌아감" in note.text for note in up.layout.annotations)


def test_a_model_sent_back_later_is_told():
    report = played(0.6, "canary", 0.2, 100_000)
    report = dataclasses.replace(report, share=np.repeat([0.05, 0.0], DAYS // 2))
    figure = factory_room(lambda *choice: report, plans=WAYS).view.figure
    assert f"{DAYS // 2}일째 사람에게 돌아감" in [note.text for note in figure.layout.annotations]


def test_people_alone_leave_no_recall_to_know():
    assert "모델이 맡은 부품 없음" in title(factory(plan="human"))


def test_a_choice_is_played_once():
    calls = []

    def counted(*choice):
        calls.append(choice)
        return played(*choice)

    room = factory_room(counted, plans=WAYS)
    for value in (60, 70, 60, 70):
        choose(room, recall=value)
    assert calls == [(0.6, "canary", 0.2, 100_000), (0.7, "canary", 0.2, 100_000)]


def test_only_the_first_days_count():
    figure, report = factory_room(played, plans=WAYS, most_days=5).view.figure, played(0.6, "canary", 0.2, 100_000)
    assert len(drawn(figure, "실제")) == len(drawn(figure, "감사로 어림")) == 5
    assert f"나간 불량 {report.shipped[:5].sum():,}개" in title(figure)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"plans": {}}, "plans must name at least one plan"),
        ({"plans": ["canary"]}, "plans must name at least one plan"),
        ({"most_days": 0}, "most_days must be a whole number of at least 1, got 0"),
        ({"most_days": 2.5}, "most_days must be a whole number"),
        ({"play": lambda *choice: None}, "play must give the report of a line, got None without share"),
        ({"play": lambda *choice: SimpleNamespace(share=np.zeros(3))}, "play must give the report of a line"),
        ({"plans": {"오타": "canry"}}, "'canry' is no stage"),
        ({"plans": {"너무 큼": 1.5}}, "from 0 to 1"),
    ],
)
def test_what_cannot_be_drawn_is_told(options, message):
    given = {"play": played, "plans": WAYS} | options
    with pytest.raises(ValueError, match=message):
        factory_room(given.pop("play"), **given)
