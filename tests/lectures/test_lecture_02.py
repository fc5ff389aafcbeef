"""What lecture 2 says in words is what its cells compute.

Its cells run here in one namespace, as a student would run them, and the sentences of the text are
checked as numbers. The notebook itself is executed by ``tests/test_notebooks.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lecture_runs import run_cells

KEEP = {
    "leak-join": {"leak_join": "joined"},
    "leak-run": {"leak_scores": "scores"},
    "skew-run": {"skew_report": "report"},
    "flights-drift-run": {"flights_never": "never"},
}


@pytest.fixture(scope="module")
def ran():
    """The namespace after running every code cell."""
    return run_cells("02_data_and_features.ipynb", keep=KEEP)


def test_half_of_minus_one_was_never_entered(ran):
    assert 0.3 < ran["not_entered"] < 0.7
    assert (ran["log"].report_value < -1).any()


def test_the_fullest_hospitals_vanish_with_their_negative_numbers(ran):
    assert ran["dropped"] < ran["kept"] - 0.05
    assert (ran["feed"].beds_left < 0).sum() >= 3


def test_the_36_hour_label_is_always_true_where_stays_have_a_tail(ran):
    table = ran["label_table"]
    rule, left = table["36시간 규칙"], table["지금 남은 침상만 보는 규칙"]
    fixed = "거의 고정 (36 ± 2시간)"
    assert (rule.drop(fixed) > 0.999).all() and 0.4 < rule[fixed] < 0.7
    assert (left < rule).all() and left.max() < 0.35


def test_erlang_s_formula_does_not_look_at_the_shape(ran):
    table = ran["erlang_table"]
    # 1.9 million patients of 20,000 days: the share has a standard error of about .0004
    assert (abs(table["시뮬레이션의 거절 비율"] - table["얼랑 B"]) < 0.0015).all()


def test_only_the_rule_that_looks_ahead_never_promises_a_closed_door(ran):
    wrong = ran["rules_table"]["20분 뒤 자리가 없는데 True"]
    assert wrong["accept_20"] == 0 and wrong["36h"] > 2 * wrong["beds_left"] > 0
    assert ran["same"], "the future leaked into the features"


def test_a_leak_flatters_and_serves_nobody(ran):
    known, leaky, served = ran["leak_scores"].values()
    leaked = ran["leak_join"]["entered"] > ran["leak_join"]["time"]
    assert abs(leaked.mean() - 0.5) < 0.1
    assert leaky < 0.95 * known and served > 0.98 * known


def test_the_careless_server_differs_in_the_two_planted_features(ran):
    table = ran["skew_report"].to_frame()
    assert set(table.index[table["differs"] > 0]) == {"hour", "beds_left"} and table.loc["hour", "share"] == 1


def test_the_model_beats_the_baseline_and_means_what_it_says(ran):
    table = ran["model_table"]
    brier, area = table["브라이어 점수"], table["AUC"]
    assert brier["모든 피처"] < 0.75 * brier["지금 상태 그대로"] < brier["달력만 (요일, 시간, 월, 일)"]
    assert area["모든 피처"] > 0.95 and 0.66 < area["달력만 (요일, 시간, 월, 일)"] < 0.86
    assert 0.9 < table.loc["모든 피처", "보정 기울기"] < 1.1


def test_seasons_in_the_features_make_retraining_nearly_needless_until_the_pandemic(ran):
    calm, shaken = ran["calm"].mean, ran["shaken"].mean
    assert abs(1 - calm["monthly"] / calm["never"]) < 0.05
    assert shaken["monthly"] < shaken["every 3 months"] < shaken["never"]
    assert (ran["shaken_table"]["never"].iloc[4:] > ran["calm_table"]["never"].iloc[4:]).all()


def test_the_pandemic_turns_full_into_accepted(ran):
    before, after = ran["covid_table"].to_dict("index").values()
    assert abs(before["예측의 평균"] - before["실제 비율"]) < 0.02 and 0.9 < before["보정 기울기"] < 1.1
    assert after["예측의 평균"] < after["실제 비율"] - 0.1 and after["브라이어 점수"] > 2 * before["브라이어 점수"]


def test_ambulances_are_refused_less(ran):
    refusals = ran["refusals"]
    assert refusals["model"] < refusals["nearest_reported"] < 0.5 * refusals["nearest_first"]
    assert refusals["nearest_first"] - refusals["nearest_reported"] > refusals["nearest_reported"] - refusals["model"]
    assert refusals["oracle"] > 0


def test_flights_leak_and_drift_as_the_text_says(ran):
    table = ran["comparison"]
    honest = table.iloc[:3]["4-12월"].to_numpy()
    assert (np.diff(honest) > 0).all() and table.loc["누수: 실제 출발 지연", "4-12월"] > 0.85
    weather = table.loc["누수: 예정 시각의 실제 날씨", "4-12월"]
    assert abs(weather - honest[-1]) < 0.02
    gap = table["무작위 분할"] - table["날짜 분할"]
    assert gap["+ 두 시간 전에 알던 날씨"] > 0.02
    assert ran["flights_never"][4:].mean() < ran["flights_never"][:4].mean() - 0.02
    score = ran["summary"]["평균 AUC"]
    assert score["재학습하지 않음"] < score["넉 달에 한 번"] < score["석 달에 한 번"] < score["매달"]
    assert ran["summary"].loc["석 달에 한 번", "매달이 얻은 것 가운데"] > 0.5
    assert score["매달, 직전 한 달만"] < score["석 달에 한 번"]
