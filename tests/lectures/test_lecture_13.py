"""What lecture 13 says in words is what its cells compute.

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

NOTEBOOK = "13_experiments_deployment.ipynb"
KEEP = {
    "design-load": {"load_times": "loads"},
    "patterns-harm": {"harm_table": "harm"},
    "noise-run": {"noise_rows": "rows"},
    "factory-evidence": {"factory_evidence": "evidence_table"},
}
RUNS = 1_000


@pytest.fixture(scope="module")
def ran():
    """The namespace after running every code cell."""
    names = run_cells(NOTEBOOK, keep=KEEP)
    yield names
    names["store"].cleanup()


def test_the_closed_loop_does_not_see_the_stop(ran):
    p99 = ran["load_times"]["p99 (ms)"]
    assert p99["닫힌 고리"] == pytest.approx(5)
    assert p99["열린 고리"] > 1_000
    sent = len(ran["opened"]) - len(ran["closed"])
    assert 190 <= sent <= 210, "the text says that 200 requests were never sent"


def test_small_canaries_are_for_accidents_and_large_ones_for_small_regressions(ran):
    minutes, extra, caught = (ran["harm_table"].iloc[:, column].unstack() for column in range(3))
    assert (minutes["10배"] <= 1).all()
    assert extra["10배"]["50%"] / extra["10배"]["1%"] == pytest.approx(50, rel=0.2)
    assert caught["1.2배"]["1%"] < 0.5 < 0.9 < caught["1.2배"]["50%"]


def test_a_raised_weight_takes_nobody_back_and_a_mismatch_shows(ran):
    assert all((a <= b).all() for a, b in zip(ran["groups"], ran["groups"][1:], strict=False))
    p = ran["sample_ratio_mismatch"]([ran["baseline_logged"], ran["logged"]], 0.05)
    assert p < 1e-6
    assert abs(ran["errors_logged"] / ran["logged"] - 0.01) < 4 * np.sqrt(0.01 / ran["logged"]), "the rate looks sound"


def test_only_the_conditional_test_keeps_its_promise_in_all_four_worlds(ran):
    table = ran["false_rollbacks"]
    last = table[("비율 상승", "오류율 상승")]
    assert (last.drop("조건부 e-과정") > 0.95).all()
    error = np.sqrt(0.05 * 0.95 / RUNS)
    assert (table.loc["조건부 e-과정"] < 0.05).all()
    assert (table.loc["매분"].drop(last.name) > 4 * 0.05).all(), "several times the promised 5%"
    assert (table.loc["마지막에 한 번"].drop(last.name) < 0.05 + 5 * error).all()


def test_the_formula_is_the_library(ran):
    np.testing.assert_allclose(ran["e_value"], ran["by_library"], rtol=1e-9)
    assert ran["bad"].verdict == "FAIL"
    assert ran["reached"] <= 0.05


def test_the_guarantee_is_not_slow(ran):
    half = ran["speed"].xs("절반", axis=1, level=1)
    assert half.loc["조건부 e-과정", "2배"] <= 3
    assert (
        half.loc["조건부 e-과정", ["1.5배", "2배", "3배"]] < half.loc["오브라이언-플레밍", ["1.5배", "2배", "3배"]]
    ).all()
    assert (half.loc["mSPRT"] <= half.loc["조건부 e-과정"]).all()


def test_silence_promotes_what_evidence_does_not(ran):
    promoted = ran["promoted"]["승격"].unstack()
    silent = promoted.loc[["경보가 없으면 (마지막에 한 번)", "경보가 없으면 (오브라이언-플레밍)"]]
    assert (silent["1.5배"] > 0.2).all()
    assert promoted.loc["증거가 있으면 (조건부 e-과정)", "1.25배"] < 0.05
    held = ran["promoted"].loc[("증거가 있으면 (조건부 e-과정)", "1배"), "판정 보류"]
    assert held > 0.5, "the text says that most good candidates are held as well"


def test_noise_of_machines_ends_in_no_verdict(ran):
    rows = ran["noise_rows"]
    noisy = [row for (noise, _), row in rows.items() if noise == "출렁임 30%"]
    assert all(row["판정 보류"] > 0.8 and row["롤백"] < 0.15 for row in noisy)
    assert all(row["승격"] > 0.95 for (noise, _), row in rows.items() if noise == "출렁임 0%")


def test_a_threshold_at_the_usual_rate_tosses_a_coin_and_a_wide_one_sleeps(ran):
    audits = ran["audits"]
    assert (audits.loc["flagger-99.yaml", "억울한 롤백"] > 0.8).all()
    assert (audits.loc["flagger-98.yaml", "억울한 롤백"] < 0.05).all()
    assert (audits.loc["flagger-98.yaml", "1.5배를 놓침"] > 0.5).all()
    ours = audits.loc["조건부 e-과정"]
    assert (ours["억울한 롤백"] < 0.06).all() and (ours["1.5배를 놓침"] == 0).all()


def test_the_alias_moves_on_promotion_only(ran):
    assert ran["first"].verdict == "FAIL"
    assert ran["second"].verdict == "PASS"
    assert ran["served"]()[0] == ran["registry"].get_model_version_by_alias("intents", "candidate").version
    tags = ran["registry"].get_model_version("intents", "3").tags
    assert tags["rollout-1"].startswith("FAIL") and tags["rollout-2"].startswith("PASS")


def test_the_factory_light_costs_recall(ran):
    scores = ran["scores"]
    assert scores["개발실"].recall > scores["공장"].recall + 0.15


def test_without_an_audit_the_factory_believes_in_perfection(ran):
    compared = ran["compared"]
    unseen = [name for name in compared.index if "감사 없음" in name]
    assert (compared.loc[unseen, "apparent_recall"] == 1).all()
    assert compared.loc[unseen, "true_recall"].max() < 0.8
    seen = compared.loc["건너뛰고 100%, 감사 20%"]
    assert abs(seen["estimated_recall"] - seen["true_recall"]) < 0.05
    narrow = seen["high"] - seen["low"]
    wide = compared.loc["3단계: 5%를 모델이, 감사 20%", "high"] - compared.loc["3단계: 5%를 모델이, 감사 20%", "low"]
    assert wide > 2 * narrow


def test_evidence_sends_back_the_bad_and_lets_up_the_better(ran):
    table = ran["factory_evidence"]
    assert table.loc["공장의 CNN", "롤백"] == 1
    assert table.loc["공장의 CNN", "사람보다 더 내보낸 불량"] < 10
    assert table.loc["사람보다 나은 모델 (98%)", "승격"] > 0.98
    assert table.loc["사람만 한 모델 (95%)", "승격"] > 0.6


def test_counting_requests_of_sticky_users_rolls_back_equals(ran):
    verdicts = ran["by_unit"]
    assert verdicts.loc["요청을 셈", "FAIL"] >= 3
    assert verdicts.loc["사용자를 셈"].get("FAIL", 0) == 0
