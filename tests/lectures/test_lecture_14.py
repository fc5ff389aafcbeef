"""What lecture 14 says in words is what its cells compute.

Its cells run here in one namespace, as a student would run them, and the sentences of the text are
checked as numbers. The notebook itself is executed by ``tests/test_notebooks.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lecture_runs import code_cells, run_cells

NOTEBOOK = "14_logging_monitoring.ipynb"
KEEP = {
    "log-later": {"by_month": "table"},
    "kinds-rules": {"flagged": "table"},
    "pace-run": {"pace_figure": "figure"},
    "distance-fraud-run": {"fraud_report": "report"},
    "detect-baselines": {"eddm_report": "report"},
}


@pytest.fixture(scope="module")
def ran():
    """The namespace after running every code cell."""
    names = run_cells(NOTEBOOK, keep=KEEP)
    yield names
    names["folder"].cleanup()


def test_on_the_21st_of_january_no_day_of_the_new_world_has_labels(ran):
    assert len(ran["after"]) == 20
    assert (ran["after"]["labelled"] == 0).all()
    december = ran["daily"][ran["daily"]["day"] < "2019-12-20"]
    assert (december["share_labelled"] == 1).all()


def test_accuracy_hides_what_recall_shows(ran):
    table = ran["by_month"][:"2020-02"]
    assert ((table["정확도"] - table["아무것도 잡지 않으면"]).abs() < 0.003).all()
    assert table["재현율"]["2020-01"] < 0.5 * table["재현율"]["2019-12"]


def test_a_concept_turns_without_a_feature_moving(ran):
    kinds = ran["kinds"]
    concept, data, vanished = (kinds.iloc[row] for row in range(3))
    assert concept["뒤의 정확도"] < 0.5 < 0.8 < concept["전의 정확도"]
    assert concept[["x1이 움직인 날", "x2가 움직인 날"]].max() < 0.05
    assert data["x1이 움직인 날"] > 0.95 > 0.05 > data["x2가 움직인 날"]
    assert vanished["x2가 움직인 날"] > 0.95 > 0.05 > vanished["x1이 움직인 날"]


def test_the_first_rule_flags_ordinary_customers_in_january_only(ran):
    first, second = (ran["flagged"].iloc[:, column] for column in (0, 1))
    january = first.idxmax()
    assert january.startswith("2020-01") if isinstance(january, str) else january.month == 1
    assert first.max() > 5 * first.drop(january).max() / 2
    assert second[january] < 0.1
    abroad = ran["flagged"]["v1의 국가 규칙만"]
    assert abroad[january] < 0.5 * abroad.iloc[:3].min(), "nobody travels, nobody is flagged"
    assert first.iloc[-1] < 0.1, "in February the first rule is quiet again"


def test_ddm_by_hand_is_the_library(ran):
    assert ran["by_hand"] == ran["alarms"].first_drift > 1_000


def test_writing_the_log_twice_writes_it_once(ran):
    before = ran["log"].query("SELECT count(*) AS n FROM predictions").n[0]
    exec(compile(code_cells(NOTEBOOK)["log-write-run"], "log-write-run", "exec"), dict(ran))
    assert ran["log"].query("SELECT count(*) AS n FROM predictions").n[0] == before == len(ran["frame"])


def test_the_score_table_says_what_the_text_says(ran):
    scores = ran["detector_table"]
    assert scores.loc["EDDM", "false_alarm_rate"] > 0.9
    assert 0.35 < scores.loc["DDM", "false_alarm_rate"] < 0.65
    assert scores.loc["DDM (n_min=1000)", "false_alarm_rate"] < 0.15
    assert scores.loc["DDM (n_min=1000)", "detection_delay"] < scores.loc["DDM", "detection_delay"]
    assert scores.loc[["ADWIN", "HDDM_W"], "false_alarm_rate"].max() < 0.05


def test_a_clock_with_as_many_alarms_finds_every_change_too(ran):
    report = ran["eddm_report"]
    assert max(report.periodic.miss_rate.estimate, report.detector.miss_rate.estimate) < 0.1
    assert report.detector.detection_delay.estimate < report.periodic.detection_delay.estimate
    assert min(report.periodic.false_alarm_rate.estimate, report.detector.false_alarm_rate.estimate) > 0.9


def test_under_one_promise_a_short_preparation_is_paid_with_silence(ran):
    fair = ran["fair"]
    assert fair.loc["EDDM", "miss_rate"] > 0.6
    for name, longer in {"DDM": "DDM (n_min=1000)", "EDDM": "EDDM (n_min=400)"}.items():
        assert fair.loc[longer, "detection_delay"] < fair.loc[name, "detection_delay"]
        assert fair.loc[longer, "miss_rate"] <= fair.loc[name, "miss_rate"]
        assert fair.loc[longer, "gradual_delay"] < fair.loc[name, "gradual_delay"]
    five = fair.loc["ADWIN":]
    assert len(five) == 5
    assert five["detection_delay"].between(50, 220).all()
    assert (five["miss_rate"] < 0.02).all()
    assert (five["gradual_delay"] > five["detection_delay"] + 300).all()
    eddm = fair.loc[["EDDM", "EDDM (n_min=400)"]]
    assert eddm["detection_delay"].min() > fair.drop(index=eddm.index)["detection_delay"].max()
    assert eddm["gradual_delay"].min() > fair.drop(index=eddm.index)["gradual_delay"].max()
    # the promise was 5%; 200 streams: 5% + 4 standard errors
    assert (fair["false_alarm_rate"] <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)).all()


def test_distances_grow_where_samples_shrink(ran):
    sizes = ran["sizes"]
    assert sizes["PSI의 중앙값"].is_monotonic_decreasing
    assert sizes.loc["100", "0.1을 넘은 비율"] > 0.5 > 0.01 > sizes.loc["1,000", "0.1을 넘은 비율"]
    assert (sizes["1% 문턱을 넘은 비율"] < 0.03).all()


def test_correction_quiets_the_fifty_features(ran):
    quiet = ran["quiet"]
    assert 1.5 < quiet["p < 0.05"].mean() < 3.5
    assert quiet["q < 0.05 (FDR 보정)"].mean() < 0.2


def test_significant_is_nearly_everything_and_important_is_little(ran):
    report = ran["fraud_report"]
    important = report.drifted(fdr=0.05, min_distance=0.1, distance="js")
    assert len(report.drifted(fdr=0.05)) >= 8
    assert {"online", "days_since_country"} <= set(important)
    assert len(important) <= 5
    statuses = report.to_frame().set_index("feature")["status"]
    assert statuses["days_since_country"] == "disappeared"


def test_the_distance_moves_within_a_day_or_two(ran):
    assert 1 <= (ran["first_day"] - ran["pd"].Timestamp("2019-12-31")).days <= 2


def test_labels_cannot_beat_their_delay(ran):
    found = ran["found"]
    assert (found.loc[found["needs_labels"], "median_days"] >= 30).all()
    assert found.loc[~found["needs_labels"], "median_days"].min() <= 1


def test_the_calendar_beats_one_training_on_the_day_of_the_shift(ran):
    total = ran["money"].set_index("policy")["total"]
    assert total["매달"] < total["변화 당일 한 번"]


def test_age_has_a_floor_and_the_interval_is_free(ran):
    ages = ran["ages"].set_index("interval")
    assert (ages["floor_age"] == 21).all()
    assert ages.loc[1, "mean_age"] == 21.5
    assert ages.loc[1, "trainings_at_once"] == 14


def test_calendar_and_alarm_each_win_their_world(ran):
    costs = ran["policy_costs"]
    slow, abrupt = costs["천천히 늙음"], costs["갑자기 부서짐"]
    assert slow.idxmin() == "45일마다"
    assert abrupt.idxmin() == "완벽한 탐지기"
    assert abrupt["경보 (CUSUM)"] < abrupt["45일마다"] < abrupt["경보 (DDM, n_min=1000)"]
    assert abrupt["경보 (DDM) + 90일마다"] < abrupt["45일마다"], "a calendar ends the blind spot"
    for world in (slow, abrupt):
        assert world["14일마다"] > world[["경보 (DDM, n_min=1000)", "경보 (CUSUM)"]].max()
        assert world["경보 (CUSUM), 예산 6번"] > world["경보 (CUSUM)"]


def test_the_square_root_is_near_the_best_where_the_world_ages(ran):
    staleness = ran["refresh_worlds"]["천천히 늙음"]
    assert ran["best_interval"](staleness, retrain_cost=2.0) == pytest.approx(np.sqrt(2 * 2.0 / 0.002))
    rows = ran["best_plans"]
    slow, abrupt = rows["천천히 늙음"], rows["갑자기 부서짐"]
    assert slow["시뮬레이션"] == pytest.approx(slow["식의 비용"], rel=0.03)
    assert slow["시뮬레이션"] < 1.05 * slow["앞일을 아는 최선"]
    assert abrupt["시뮬레이션"] > 1.5 * abrupt["앞일을 아는 최선"]


def test_the_slow_drift_stays_below_the_season_s_height(ran):
    slow, season, covid, vanished = (np.array(trace.y) for trace in ran["pace_figure"].data)
    assert season[6:].max() > slow[6:].max() > 2 * slow[6:16].max(), "it moves, and less than the season"
    assert season[-1] < 0.5 * season.max(), "the season comes back"
    for step in (covid, vanished):
        assert step[-1] > 0.8 * step.max() > 1.5 * season.max()
