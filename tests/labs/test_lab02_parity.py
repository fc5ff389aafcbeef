"""Lab 2's reference solutions and the library say the same, and what the lab tells its student is so."""

from __future__ import annotations

import math
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.cases import er_beds
from coursekit.cases.er_beds._demand import korean_holidays
from coursekit.cases.er_beds.features import features_at, point_in_time_features
from coursekit.classroom.judging import CheckFailed, Student
from coursekit.classroom.leaks import scan
from coursekit.classroom.releases import release

sys.path.insert(0, str(Path(__file__).parent))
from authored_notebook import authored_as

LAB = authored_as("lab02_er_beds")
CHECKS = LAB.hidden_checks
REFERENCE = LAB.reference(math=math, np=np, pd=pd, datetime=datetime, timedelta=timedelta)
WHENEVER = [(-math.inf, math.inf)]

worlds = st.tuples(st.sampled_from(er_beds.STAY_SHAPES), st.sampled_from([5, 12]), st.integers(0, 10**6))


@given(world=worlds, mean=st.sampled_from([6.7, 30.0]))
@settings(max_examples=25, deadline=None)
def test_both_labels_agree_with_the_library(world, mean):
    """Minutes are drawn from a continuum: no patient comes or leaves at the very moment of a question."""
    shape, beds, seed = world
    room = er_beds.single(beds=beds, load=1.1 * beds, mean_stay_hours=mean, shape=shape, overflow=2)
    log = er_beds.simulate(room, days=4, seed=seed)
    times, visits = log.every(433), CHECKS.books(log, 0)
    moments = log.minutes(times).tolist()
    old = [REFERENCE["label_36h"](*visits, beds, now) for now in moments]
    assert old == er_beds.label(log, times, rule="36h")[:, 0].tolist()
    for horizon in (10, 30):
        new = [REFERENCE["accepts"](*visits, beds, now, horizon, WHENEVER) for now in moments]
        assert new == er_beds.label(log, times, rule=f"accept_{horizon}")[:, 0].tolist()


@given(pairs=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_rate_agrees_with_the_library(pairs):
    labels, truth = zip(*pairs, strict=True)
    exact = er_beds.confusion(labels, truth).false_positive_rate
    assert REFERENCE["false_positive_rate"](labels, truth) == pytest.approx(exact, abs=1e-12, nan_ok=True)


def _as_asked(log, hospital):
    """What the student's functions are given of a hospital."""
    mine = log.report_hospital == hospital
    reports = list(zip(log.report_minute[mine].tolist(), log.report_value[mine].tolist(), strict=True))
    days = np.arange(log.start.astype("datetime64[D]") - 1, log.end.astype("datetime64[D]") + 1)
    return reports, *CHECKS.books(log, hospital), str(log.start), set(days[korean_holidays(days)].astype(str).tolist())


@pytest.mark.parametrize(("start", "seed"), [("2020-01-23T21:30", 1), ("2021-12-31T20:10", 2), ("2019-05-04T00:00", 3)])
def test_features_agree_with_both_ways_of_the_library(start, seed):
    log = er_beds.simulate(er_beds.city(2, utilisation=0.9, seed=seed), start=start, days=5, seed=seed)
    times = log.every(17 * 60 + 7)
    table = point_in_time_features(log, times)
    for hospital in range(2):
        reports, came, left, begin, dates = _as_asked(log, hospital)
        moments = log.minutes(times).tolist()
        rows = REFERENCE["feature_rows"](reports, came, left, moments, begin, dates)
        for at, (time, now, row) in enumerate(zip(times, moments, rows, strict=True)):
            served = features_at(log, hospital, time)
            batch = dict(zip(table.names, table.values[2 * at + hospital], strict=True))
            own = CHECKS.known_then(reports, came, left, now, begin, dates)
            assert set(row) == set(CHECKS.NAMES) == set(own)
            for name in CHECKS.NAMES:
                # the lab calls no report a missing one, the library calls it unknown
                wanted = [
                    1.0 if name == "report_missing" and math.isnan(one[name]) else one[name] for one in (served, batch)
                ]
                for value in (row[name], float(own[name])):
                    assert [value, value] == pytest.approx(wanted, abs=1e-6, nan_ok=True), name


def test_the_hidden_worlds_hold_what_they_are_asked_about():
    """Both answers often, hospitals without a report, reports of -1, holidays and other days, every weekday."""
    for questions in (CHECKS.label_questions(), CHECKS.accept_questions()):
        share = np.mean([question[-1] for question in questions])
        assert 0.2 < share < 0.8
    rows = [
        CHECKS.known_then(reports, came, left, now, start, dates)
        for reports, came, left, start, dates, moments in CHECKS.feature_worlds()
        for now in moments
    ]
    table = pd.DataFrame(rows).astype(float)
    assert table["last_number"].isna().any()
    assert table.loc[table["last_number"].notna(), "report_missing"].isin([1]).any()
    assert 0 < table["is_holiday"].mean() < 1
    assert (table["day_of_week"].nunique(), table["hour"].nunique() > 10) == (7, True)
    assert (table["occupancy_trend"].abs() > 0).any()


def test_no_hidden_label_hangs_on_a_tie():
    """Nobody comes, leaves, or completes 36 hours at the moment of a question: any way to add agrees."""
    for came, left, _, now, _ in CHECKS.label_questions():
        edges = np.concatenate([came, left, np.array(came) + 2160.0])
        assert np.abs(edges - now).min() > 1e-6
    for _, (came, left, _, now, horizon, _), _ in CHECKS.accept_questions():
        assert np.abs(np.concatenate([came, left]) - now - horizon).min() > 1e-6


def test_another_future_leaves_the_past_alone():
    for reports, came, left, *_, moments in CHECKS.feature_worlds():
        for now in moments:
            sent, arrived, departed = CHECKS.another_future(reports, came, left, now)
            assert [one for one in sent if one[0] <= now] == [one for one in reports if one[0] <= now]
            assert [one for one in arrived if one <= now] == [one for one in came if one <= now]
            assert sorted(one for one in departed if one <= now) == sorted(one for one in left if one <= now)
            assert (sent, arrived, departed) != (reports, came, left)
            assert arrived == sorted(arrived)


def test_visible_and_hidden_worlds_are_of_one_kind():
    """The student tunes on tables made as those that decide, with the same baseline and the same measures."""
    names, _ = LAB.played
    rows, accepted, day = names["table_of"](er_beds.simulate(CHECKS.TOWN, days=60, seed=2))
    frame, taken, days = CHECKS.tables("same", 2)
    pd.testing.assert_frame_equal(rows, frame)
    assert accepted == taken.astype(int).tolist()
    assert day.tolist() == days.tolist()
    past, outcomes, _ = CHECKS.tables("same", 1)
    ours = names["persistence"](rows, names["train_rows"], names["train_accepted"])
    np.testing.assert_allclose(ours, CHECKS.baseline_shares(frame, past, outcomes), atol=1e-12)
    p = np.asarray(REFERENCE["predict_accept"](REFERENCE["fit_model"](past, outcomes), frame))
    assert names["by_day"](p - taken, day) == pytest.approx(CHECKS.mean_and_error(p - taken, days), abs=1e-12)
    # 1e-3: the hidden slope is found by another solver with a trace of a penalty
    assert names["calibration_slope"](p, taken) == pytest.approx(CHECKS.slope_and_error(p, taken), abs=1e-3)
    assert names["calibration_slope"](np.full(60, 0.5), taken[:60])[0] is math.nan


def test_the_slope_and_its_error_are_right_on_average():
    """Outcomes drawn from the predictions themselves: the slope is 1 within its error in 99.7% of worlds."""
    names, _ = LAB.played
    dice = np.random.default_rng(5)
    far = 0
    for _ in range(200):
        p = dice.beta(1.5, 1.0, size=800)
        slope, error = names["calibration_slope"](p, (dice.random(800) < p).astype(float))
        far += abs(slope - 1) > 2 * error
    # 200 draws at 4.6%: mean 9, standard deviation 3; clipped and finite samples move it by little
    assert far <= 9 + 4 * 3


def test_the_reference_is_far_from_every_limit():
    """Ten further seeds: what a student copies from the hint must not fail by chance."""
    past, taken, _ = CHECKS.tables("same", 1)
    model = REFERENCE["fit_model"](past, taken)
    for seed in range(500, 510):
        frame, was, day = CHECKS.tables("same", seed)
        p = REFERENCE["predict_accept"](model, frame)
        rival = CHECKS.baseline_shares(frame, past, taken)
        better, noise = CHECKS.mean_and_error((rival - was) ** 2 - (p - was) ** 2, day)
        assert better > 4 * noise
        slope, noise = CHECKS.slope_and_error(p, was)
        assert 0.8 < slope < 1.25 + noise
        off, noise = CHECKS.mean_and_error(p - was, day)
        assert abs(off) < 0.02 + 3 * noise


def test_a_double_certainty_is_refused_although_its_score_is_good():
    """Calibration is a demand of its own: the same order of hospitals, odds squared, still beats persistence."""
    past, taken, _ = CHECKS.tables("same", 1)
    reference = REFERENCE["fit_model"](past, taken)

    def sharper(model, rows):
        p = REFERENCE["predict_accept"](reference, rows)
        return p**2 / (p**2 + (1 - p) ** 2)

    frame, was, _ = CHECKS.tables("same", 2)
    rival = CHECKS.baseline_shares(frame, past, taken)
    assert np.mean((sharper(None, frame) - was) ** 2) < np.mean((rival - was) ** 2)
    answers = {"fit_model": lambda rows, accepted: 0, "predict_accept": sharper}
    with pytest.raises(CheckFailed, match="보정 기울기"):
        CHECKS.check_model(Student(answers))


def test_features_of_the_future_are_told_so():
    def leaks(reports, came, left, now, start, holidays):
        return REFERENCE["features_at"](
            [(min(when, now), beds) for when, beds in reports], came, left, now, start, holidays
        )

    with pytest.raises(CheckFailed, match="아무도 몰랐던"):
        CHECKS.check_features(Student({"features_at": leaks}))


def test_what_is_shown_is_as_the_text_says():
    """The old label is always True where stays have a tail; a pandemic and slow reports break the model."""
    names, printed = LAB.played
    lines = printed["label_use"].splitlines()
    assert [line.split("True ")[1].split(",")[0] for line in lines[:4:2]] == ["100.0%", "100.0%"]
    rates = [[float(part.split()[-1]) for part in line.split(",")] for line in lines[1::2]]
    assert [old for old, _ in rates][:2] == [1.0, 1.0]
    assert all(now_free < old for old, now_free in rates)
    assert rates[2][0] < 0.75
    scores = {name: names["scores"](log) for name, log in names["logs"].items()}
    usual, arrivals, wards = scores["평소"], scores["도착만"], scores["병동만"]
    assert abs(arrivals["내 점수"] - usual["내 점수"]) < 0.01
    assert wards["내 점수"] > wards["기초선의 점수"] > 1.3 * usual["기초선의 점수"]
    assert wards["평균 확률"] < wards["받아 준 비율"] - 0.1
    slopes = [names["scores"](log)["보정 기울기"] for log in names["lagging"].values()]
    assert slopes == sorted(slopes, reverse=True)
    assert slopes[-1] < 0.7


def test_the_release_holds_nothing_of_the_answers(tmp_path):
    """Lectures and this lab's own release, searched for solutions, hidden checks and variants."""
    assert scan(LAB.folder.parents[1] / "lectures", [LAB.folder]) == ()
    release(LAB.folder, tmp_path / LAB.name)  # refuses what leaks
    assert scan(tmp_path, [LAB.folder]) == ()
