"""What lecture 1 says in words is what its cells compute.

The cells that need no trained intent model are run here in one namespace, as a student would run
them, and the sentences of the text are checked as numbers. The whole notebook is executed by
``tests/test_notebooks.py``.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

NOTEBOOK = Path(__file__).resolve().parents[2] / "lectures" / "01_ml_lifecycle.ipynb"
TOPICS = ("lecturer", "course", "history", "fields", "production", "lifecycle", "drift", "when", "detect", "often")
TRAINED = ("strategy",)  # needs names of the sections above, no intent model either


@pytest.fixture(scope="module")
def ran():
    """The namespace after running every cell of TOPICS, with what each cell displayed."""
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    shown: list[object] = []
    names: dict[str, object] = {"__name__": "lecture", "display": shown.append}
    for cell in cells:
        if cell.cell_type == "code" and cell.id.split("-")[0] in (*TOPICS, *TRAINED):
            exec(compile(cell.source, cell.id, "exec"), names)
    return names


def test_evaluation_weights_sum_to_100(ran):
    assert sum(ran["weights"].values()) == 100
    assert len(ran["topics"]) == len(ran["stages_of_weeks"]) == 15


def test_a_feature_and_data_are_both_needed_against_the_mask(ran):
    owner, mask = ran["doors"]["주인 통과"], ran["doors"]["가면 통과"]
    assert mask[0] > 0.8 and mask[2] > 0.8, "without masks in training the mask passes"
    assert owner[1] < 0.2, "without the feature the owner is refused with the mask"
    assert mask[3] < 0.05 < 0.7 < owner[3], "with both the owner passes and the mask does not"


def test_dropping_the_gender_column_keeps_most_of_the_gap(ran):
    gap = ran["gap"]
    assert gap["성별 열 삭제"] > 0.5 * gap["성별 포함"]
    assert abs(gap["레이블을 다시 정의"]) < 0.02


def test_the_mean_hides_the_minority(ran):
    first, last = ran["coverage"].iloc[0], ran["coverage"].iloc[-1]
    assert first["전체"] < 0.1 < 0.7 < first["소수 집단"]
    assert last["소수 집단"] < first["소수 집단"] / 3


def test_the_record_and_the_truth_disagree_on_the_drug(ran):
    assert ran["recorded"] < 0 < ran["true_effect"]
    by_severity = ran["by_severity"]
    assert (by_severity["강한 약"] > by_severity["순한 약"]).all()


def test_four_fields_give_one_line(ran):
    answers = np.array(list(ran["answers"].values()))
    assert np.abs(answers - answers[0]).max() < 0.05


def test_the_first_fraud_rule_breaks_and_the_redefined_one_holds(ran):
    first, redefined = (ran["flags"][rule] for rule in ran["rules"])
    assert first[0] < 0.05 and (np.diff(first) > 0).all()
    assert 0.45 < first.iloc[-1] < 0.55  # the median ratio is about 3, and half the customers lie above it
    assert redefined.max() < 0.05 and np.ptp(redefined) < 0.02


def test_everybody_buys_as_much_more_as_planted(ran):
    """July and August are as long, so the median ratio is the surge and not the calendar."""
    flags = ran["flags"]
    assert np.abs(flags["증가 배수의 중앙값"] / flags["온라인 구매의 배수"] - 1).max() < 0.02
    assert 0.01 < ran["undefined"] < 0.05, "a few cards bought nothing online and are left out"


def test_known_seasons_belong_into_the_features_and_a_lost_source_needs_repair(ran):
    slow, sudden = (
        {name: ran["weekly_error"](region, *policy).to_numpy() for name, policy in ran["policies"].items()}
        for region in ran["lookup"].values()
    )
    assert slow["계절을 피처에"].mean() < slow["4주마다 다시 학습"].mean() < slow["그대로 둠"].mean()
    for name, error in sudden.items():  # week 80 is the 29th that is served
        assert error[28:].mean() > 1.5 * error[:28].mean(), f"{name} is no answer to a lost feature"


def test_the_36_hour_label_is_always_true_for_exponential_stays(ran):
    table = ran["beds_table"]
    assert table.loc["지수분포", "자리가 없는데 True"] > 0.999
    assert (table["지금 빈자리만 보면"] < table["자리가 없는데 True"]).all()


def test_the_two_drifts_of_the_beds_bend_the_same_model_in_opposite_directions(ran):
    """Seeds 0 to 3 differ by half a hundredth; the claims of the text are differences of hundredths."""
    table = ran["covid_table"]
    actual, said = table["실제로 받아 줌"], table["모델의 평균 예측"]
    assert abs(actual["코로나 없음"] - said["코로나 없음"]) < 0.02
    assert said["데이터 드리프트"] > actual["데이터 드리프트"] + 0.01
    assert said["데이터 + 개념 드리프트"] < actual["데이터 + 개념 드리프트"] - 0.02
    assert (table["AUC"].iloc[1:] < table["AUC"].iloc[0]).all()
    brier, constant = table["브라이어 점수"], table["늘 평균을 답하면"]
    assert brier["코로나 없음"] < constant["코로나 없음"]
    assert brier["데이터 + 개념 드리프트"] > constant["데이터 + 개념 드리프트"]


def test_ddm_warns_before_the_change_and_alarms_after_it(ran):
    alarms = ran["alarms"]
    assert alarms.first_warning < 1_000 <= alarms.first_drift < 1_100


def test_ddm_fires_on_a_stationary_stream(ran):
    # 500 runs; the rate of 10,000 runs elsewhere is .456: both ends of the 99.9% binomial range
    low, high = binom.ppf([0.0005, 0.9995], 500, 0.456) / 500
    assert low <= ran["table"]["거짓 경보율"].iloc[0] <= high
    assert (np.diff(ran["table"]["거짓 경보율"]) < 0).all()


def test_the_higher_threshold_is_slower_and_the_default_is_not_fast(ran):
    default, patient, strict = ran["table"]["평균 지연 (개)"]
    assert strict > patient, "a higher threshold takes longer"
    assert default > patient, "with thirty elements alone the threshold often freezes high"


def test_ddm_agrees_with_its_definition_written_as_a_loop(ran):
    rng = np.random.default_rng(3)
    for error_rate in (0.05, 0.3):
        errors = rng.random(600) < np.where(np.arange(600) < 300, error_rate, 2 * error_rate)
        assert ran["DDM"]().detect(errors).first_drift == _ddm_loop(errors)


def _ddm_loop(errors, level=3.0, n_min=30):
    count, best, limit = 0, np.inf, np.inf
    for i, error in enumerate(errors, start=1):
        count += error
        p = count / i
        s = np.sqrt(p * (1 - p) / i)
        if i > n_min and p + s <= best:
            best, limit = p + s, p + level * s
        if i > n_min and p + s > limit:
            return i - 1
    return None


def test_distances_agree_with_the_exact_values(ran):
    rows = pd.DataFrame(ran["distance_rows"]).T
    exact, measured = rows.iloc[0], rows.iloc[1]
    # a million draws: sampling error about 1e-3; 60 bins lose less than that
    assert np.abs(exact - measured).max() < 2e-3


def test_training_time_bounds_the_age_not_the_interval(ran):
    ages = ran["ages"]
    interval = ages["업데이트 간격 (일)"]
    assert (ages["가장 젊을 때"] == 14).all()
    assert np.allclose(ages["평균 나이"], 14 + interval / 2)
    assert np.allclose(ages["가장 늙을 때"], 14 + interval)
    assert (ages["동시에 도는 학습"] == np.ceil(14 / interval)).all()


def test_the_cost_figure_draws_the_formula_above_it(ran):
    """c / T + a (training + T / 2), cheapest at sqrt(2 c / a) for any time of training."""
    T, a, c = np.arange(1, 121), 5.0, 1_000.0
    for training in (0, 14):
        figure = ran["refresh_cost"](a, c, training)
        total = figure.data[2]
        assert total.name == "합"
        np.testing.assert_allclose(total.y, c / T + a * (training + T / 2))
        assert figure.layout.shapes[0].x0 == T[np.argmin(total.y)] == np.sqrt(2 * c / a)


def test_misses_are_invisible_without_a_second_look(ran):
    factory = ran["factory"]
    seen, estimated = factory["겉으로 본 재현율"], factory["재확인으로 어림한 재현율"]
    assert seen["3단계: 5%만 모델, 재확인 없음"] == seen["건너뛰고 100% 모델"] == 1
    for plan in ("2단계: 모델 판정, 모두 재확인", "3단계: 5%만 모델, 20% 재확인"):
        assert abs(estimated[plan] - ran["model"].factory_recall) < 0.15


def test_a_small_canary_guards_against_accidents_only(ran):
    def harm(ratio):
        return np.array(ran["canary"](ratio, 0).data[1].y)

    assert harm(1.2)[4] < 4 * harm(1.2)[0], "20% harms about as much as 1%"
    assert harm(10.0)[4] > 15 * harm(10.0)[0], "harm goes with the share"


def test_peeking_and_ramping_roll_back_what_is_equal(ran):
    assert 0.03 < ran["once"] < 0.07  # nominal .05, 2,000 runs: 4 standard errors of .0049
    assert ran["peeked"] > 4 * ran["once"]
    assert ran["results"]["비율 상승, 오류율 상승"][1] > 0.99
    assert ran["results"]["비율 상승, 오류율 일정"][1] < 0.07
