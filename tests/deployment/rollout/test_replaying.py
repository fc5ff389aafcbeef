"""Replay decides on a log exactly as the controller would have, and says so where the log does not allow it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom

from coursekit.deployment.rollout import (
    ERRORS,
    REASONS,
    Candidate,
    ConditionalEProcess,
    Guardrail,
    Minute,
    RampPlan,
    RolloutController,
    RoutingCheck,
    Service,
    Traffic,
    World,
    assign,
    log_likelihood_ratio,
    simulate,
)
from coursekit.deployment.rollout.replaying import replay

START = pd.Timestamp("2026-03-02 09:00")
ARMS = np.array(["baseline", "candidate"])
RAMP = RampPlan([0.05, 0.10, 0.25, 0.50], minutes_per_step=5)
ENDLESS = RampPlan([0.1], minutes_per_step=10_000)
TWO = (ERRORS, Guardrail("slow", over_ms=300))


def _rows(at, arm, requests, bad, rng, **columns) -> pd.DataFrame:
    """Requests of one arm in one minute, at random moments of it, the bad ones first."""
    moment = rng.integers(0, 60_000_000, requests)
    time = START + pd.to_timedelta(at * 60_000_000 + moment, unit="us")
    return pd.DataFrame({"time": time, "arm": ARMS[arm], "error": np.arange(requests) < bad, **columns})


def _counts(minutes, *, seed=0) -> pd.DataFrame:
    """A log of minutes given as (weight, requests of both arms, bad requests of both arms)."""
    rng = np.random.default_rng(seed)
    return pd.concat(
        [
            _rows(at, arm, requests[arm], bad[arm], rng, weight=weight)
            for at, (weight, requests, bad) in enumerate(minutes)
            for arm in (0, 1)
        ],
        ignore_index=True,
    )


def _shuffled(log: pd.DataFrame) -> pd.DataFrame:
    return log.sample(frac=1, random_state=1).reset_index(drop=True)


def _log_e(log: pd.DataFrame) -> float:
    """The e-process from its definition, bad request by bad request."""
    ratios = ConditionalEProcess().ratios
    bad = log[log.error]
    candidate = (bad.arm == "candidate").to_numpy(float)[:, None]
    each = log_likelihood_ratio(candidate, np.ones_like(candidate), bad.weight.to_numpy()[:, None], ratios)
    return float(np.log(np.mean(np.exp(each.sum(axis=0)))))


@pytest.mark.parametrize("ratio", [0.9, 1.0, 1.3, 2.0])
@pytest.mark.parametrize("plan", [RAMP, RampPlan([0.1], minutes_per_step=4)], ids=["ramp", "fixed"])
def test_a_logged_rollout_is_decided_as_it_was(ratio, plan):
    """Decisions rest on counts, and a log has them all: verdict, minute, strength, not nearly but exactly."""
    traffic, service = Traffic(3_000), Service(path="rising", error_rate=0.03)
    for seed in range(3):
        lived = simulate(traffic, service, Candidate(error_ratio=ratio), plan, ConditionalEProcess(), seed=seed)
        log = _counts(zip(lived.weight, lived.requests, lived.bad[:, 0], strict=True), seed=seed)
        again = replay(_shuffled(log), plan)
        assert (again.verdict, again.reason, again.minutes) == (lived.verdict, lived.reason, lived.minutes)
        np.testing.assert_array_equal(again.strength, lived.strength)
        np.testing.assert_array_equal(again.requests, lived.requests)
        np.testing.assert_array_equal(again.bad, lived.bad)
        np.testing.assert_array_equal(again.weight, lived.weight)
        assert np.isnan(again.harm).all()
        assert again.to_frame().shape[0] == again.plot().data[0].x.size == lived.minutes


def test_guardrails_and_machines_come_from_the_log_too():
    rng = np.random.default_rng(4)
    service = Service(error_rate=0.05, instance_noise=0.3, instances=3)
    world = World(Traffic(2_000), service, Candidate(latency_ratio=1.4, instances=2), guardrails=TWO, runs=1, rng=rng)
    controller = RolloutController(RampPlan([0.3]), guardrails=TWO)
    parts = []
    while controller.running[0]:
        at = int(controller.minutes[0])
        minute = world.minute(at, controller.weight)
        weight = controller.weight[0]
        for i, arm in enumerate(minute.instance_arm):
            served, (failed, slow) = minute.instance_requests[0, i], minute.instance_bad[0, :, i]
            latency = rng.permutation(np.where(np.arange(served) < slow, 300.5, 300.0))
            parts.append(_rows(at, arm, served, failed, rng, weight=weight, latency_ms=latency, instance=f"pod-{i}"))
        controller.update(minute)
    again = replay(_shuffled(pd.concat(parts)), controller.plan, guardrails=TWO)
    assert (again.verdict, again.minutes) == (controller.verdict[0], controller.minutes[0])
    np.testing.assert_allclose(again.strength[-1], controller.strength[0], rtol=1e-12)
    np.testing.assert_allclose(again.dispersion, controller.dispersion.ratio[0], rtol=1e-12)


def test_a_machine_that_served_both_arms_is_two():
    log = _counts([(0.5, (40, 40), (4, 4))] * 3).assign(instance=lambda rows: np.arange(len(rows)) % 2)
    by_arm = log.assign(instance=log.instance.astype(str) + log.arm)
    np.testing.assert_array_equal(replay(log, ENDLESS).dispersion, replay(by_arm, ENDLESS).dispersion)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_each_bad_request_counts_at_its_own_weight(seed):
    """Weights that change within minutes, gaps, any order of rows: the evidence is the definition's."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(20, 300))
    seconds = rng.integers(0, 600, size)
    changes = np.sort(rng.integers(0, 600, 5))
    weight = rng.choice([0.2, 0.3, 0.4], 6)[np.searchsorted(changes, seconds, side="right")]
    log = pd.DataFrame({"time": START + pd.to_timedelta(seconds, unit="s"), "weight": weight})
    log["arm"] = ARMS[(rng.random(size) < weight).astype(int)]
    log["error"] = rng.random(size) < 0.05
    if log.arm.nunique() < 2:
        return
    again = replay(log, ENDLESS, evidence=ConditionalEProcess(late=0))
    if again.reason != REASONS["log ended"]:
        return  # decided before its end
    expected = _log_e(log) / np.log(1 / 0.05)
    assert again.strength[-1, 0] == pytest.approx(expected, abs=1e-9)  # sums of at most 300 terms of order 1
    assert again.requests.sum() == size
    assert again.bad.sum() == log.error.sum()


def test_a_change_of_weight_within_a_minute_adds_no_minute():
    """Rollouts do not begin on the full minute: the smaller piece joins the neighbour of its weight."""
    log = _counts([(0.1, (900, 100), (9, 1))] * 6 + [(0.2, (800, 200), (8, 2))] * 6)
    for seconds in (0.01, 20, 37, 59.9):
        late = log.assign(time=log.time + pd.Timedelta(seconds=seconds))
        again = replay(late, ENDLESS)
        assert again.minutes in (12, 13)  # the first and the last minute are cut by the clock
        assert set(again.weight) == {0.1, 0.2}
        assert np.all(np.diff(again.weight) >= 0)
        assert again.requests[again.weight == 0.1, 1].sum() == 600


def test_minutes_without_requests_count():
    rows = [(0.1, (900, 100), (9, 1))]
    log = pd.concat([_counts(rows), _counts(rows).assign(time=lambda log: log.time + pd.Timedelta(minutes=5))])
    again = replay(log, ENDLESS)
    assert again.requests.sum(axis=1).tolist() == [1000, 0, 0, 0, 0, 1000]
    assert again.weight.tolist() == [0.1] * 6
    higher = log.assign(weight=np.where(log.time < START + pd.Timedelta("1min"), 0.1, 0.11))
    assert replay(higher, ENDLESS).weight.tolist() == [0.1] * 5 + [0.11]
    short = RampPlan([0.1], minutes_per_step=2, min_requests=150)
    assert (replay(log, short).verdict, replay(log, short).minutes) == ("NO_DATA", 2)
    with pytest.raises(ValueError, match=r"in the 4 minutes between 2026-03-02 09:00 and 2026-03-02 09:05"):
        replay(log, RampPlan([0.1], minutes_per_step=1, patience=3))


def test_a_log_that_ends_early_decides_nothing():
    again = replay(_counts([(0.05, (950, 50), (9, 1))] * 3), RAMP)
    assert (again.verdict, again.reason, again.minutes) == ("INCONCLUSIVE", REASONS["log ended"], 3)


SHOWN = (0.05, (95_000, 5_000), (950, 20))  # 20 errors where 50 were due: excludes every ratio of the plan


def test_a_record_that_stays_is_waited_for():
    """The plan would have gone up; patience is not lost on what was shown, and the last step is not reached."""
    again = replay(_counts([SHOWN] * (RAMP.lengths[0] * RAMP.patience + 5), seed=1), RAMP)
    assert (again.verdict, again.reason) == ("INCONCLUSIVE", REASONS["log ended"])
    assert again.minutes == RAMP.lengths[0] * RAMP.patience + 5
    assert replay(_counts([SHOWN] * 6), RampPlan([0.05], minutes_per_step=5)).verdict == "PASS"


def test_a_record_that_goes_up_is_followed():
    """Two minutes at the first step and all others at the last: its five minutes begin there."""
    last = (0.5, (5_000, 5_000), (50, 20))
    again = replay(_counts([SHOWN] * 2 + [last] * 10), RAMP)
    assert (again.verdict, again.minutes) == ("PASS", 2 + RAMP.minutes_per_step)
    held = replay(_counts([SHOWN] * 8 + [last] * 10), RAMP)
    assert (held.verdict, held.minutes) == ("PASS", 8 + RAMP.minutes_per_step)


def test_patience_is_lost_where_the_record_shows_nothing():
    unclear = (0.05, (950, 50), (10, 1))
    plan = RampPlan([0.05, 0.5], minutes_per_step=3, patience=2)
    again = replay(_counts([unclear] * 10), plan)
    assert (again.reason, again.minutes) == (REASONS["patience"], 6)


def test_what_was_shown_stays_shown_while_the_record_stays():
    """Five good minutes allow the next step; after them the candidate errs as the baseline does, or a little more."""
    plan = RampPlan([0.05, 0.5], minutes_per_step=5, patience=1)
    good, fair = (0.05, (9_500, 500), (95, 3)), (0.05, (9_500, 500), (95, 7))
    again = replay(_counts([good] * 5 + [fair] * 15), plan)
    assert (again.reason, again.minutes) == (REASONS["log ended"], 20)
    assert replay(_counts([fair] * 20), plan).reason == REASONS["patience"]


def test_the_step_is_the_nearest_as_a_ratio():
    """Between 0.05 and 0.10 the bound is their geometric mean, 0.0707; PASS needs the last step."""
    plan = RampPlan([0.05, 0.10], minutes_per_step=2)
    minute = (92, 1)
    assert replay(_counts([(0.073, (9_270, 730), minute)] * 4), plan).verdict == "PASS"
    assert replay(_counts([(0.069, (9_310, 690), minute)] * 4), plan).reason == REASONS["log ended"]


def test_without_weights_the_steps_are_those_of_the_counts():
    """Noise of 150 requests a minute is larger than what parts 20% from 25%; the one change is still found.

    A step taken for the other, minute by minute, would begin anew all the time and never last its 20 minutes.
    """
    plan = RampPlan([0.20, 0.25], minutes_per_step=20)
    lived = simulate(Traffic(150), Service(error_rate=0.2), Candidate(error_ratio=0.3), plan, ConditionalEProcess())
    assert (lived.verdict, lived.minutes) == ("PASS", 40)
    log = _counts(zip(lived.weight, lived.requests, lived.bad[:, 0], strict=True), seed=2).drop(columns="weight")
    more = pd.concat(
        [log, log[log.time >= START + pd.Timedelta("20min")].assign(time=lambda t: t.time + pd.Timedelta("20min"))]
    )
    again = replay(_shuffled(more), plan)
    share = lived.requests[:, 1] / lived.requests.sum(axis=1)
    np.testing.assert_array_equal(again.weight[:40], share[: again.minutes])
    assert again.verdict == "PASS"
    # Ten minutes of 150 requests part the likelihoods of 20% and 25% by 1500 x KL = 10.5 > log 60, the price.
    assert abs(again.minutes - lived.minutes) <= 10


@pytest.mark.parametrize("ratio", [0.5, 1.1, 2.0, 4.0])
def test_the_realised_share_is_sound(ratio):
    """Exactly: given all counts, a minute's factor has expectation at most 1 if the arms are equal."""
    for requests in (1, 2, 7, 20):
        for candidate in range(requests + 1):
            for bad in range(requests + 1):
                x = np.arange(bad + 1)
                factor = np.exp(log_likelihood_ratio(x, bad, candidate / requests, ratio))
                assert hypergeom.pmf(x, requests, candidate, bad) @ factor <= 1 + 1e-9


def test_the_realised_share_never_accuses_routing():
    minute = Minute(weight=np.array([0.03]), requests=np.array([[970, 30]]), bad=np.zeros((1, 1, 2)))
    check = RoutingCheck(1)
    for _ in range(1_000):
        assert not check.update(minute).flagged[0]
    off = _counts([(0.1, (970, 30), (29, 1))] * 20)
    assert replay(off, ENDLESS).reason == REASONS["routing"]
    assert replay(off.drop(columns="weight"), ENDLESS).reason == REASONS["log ended"]


def _sticky(rng, *, users=400, minutes=20) -> pd.DataFrame:
    """Each user once a minute under a ramp; one in ten has a phone with which most requests fail."""
    bucket = rng.random(users)
    fails = np.where(rng.random(users) < 0.1, 0.6, 0.0)
    weight = np.repeat([0.1, 0.2, 0.3, 0.5], minutes // 4)[:, None]
    candidate = bucket < weight
    error = rng.random((minutes, users)) < fails
    at = np.repeat(np.arange(minutes), users)
    time = START + pd.to_timedelta(at * 60 + rng.integers(0, 60, at.size), unit="s")
    return pd.DataFrame(
        {
            "time": time,
            "user": np.tile(np.arange(users), minutes),
            "arm": ARMS[candidate.ravel().astype(int)],
            "error": error.ravel(),
            "weight": np.repeat(weight.ravel(), users),
        }
    )


def test_a_user_counts_at_the_first_bad_request():
    """Against a walk through the rows in order of time."""
    log = _shuffled(_sticky(np.random.default_rng(3)))
    again = replay(log, ENDLESS, unit="user")
    bad, present, failed = np.zeros((20, 2)), np.zeros((20, 2)), set()
    for at, group in log.groupby((log.time - START) // pd.Timedelta("1min")):
        for arm in (0, 1):
            present[at, arm] = group[group.arm == ARMS[arm]].user.nunique()
    for row in log.sort_values("time").itertuples():
        if row.error and row.user not in failed:
            failed.add(row.user)
            bad[(row.time - START) // pd.Timedelta("1min"), int(row.arm == "candidate")] += 1
    np.testing.assert_array_equal(again.bad[:, 0], bad)
    np.testing.assert_array_equal(again.requests, present)
    assert again.reason == REASONS["log ended"]  # routing is not accused of the same users again and again


def test_repeated_failures_of_few_users_are_no_evidence():
    """Counted by request they roll back harmless candidates; counted by user they keep alpha."""
    rng, runs = np.random.default_rng(5), 150
    failed = {"user": 0, "request": 0}
    evidence = ConditionalEProcess()
    for _ in range(runs):
        log = _sticky(rng)
        for unit in failed:
            failed[unit] += replay(log, ENDLESS, unit=unit, evidence=evidence).verdict == "FAIL"
    assert failed["user"] <= binom.ppf(0.999, runs, evidence.alpha)
    assert failed["request"] > binom.ppf(0.999, runs, evidence.alpha)


def test_the_same_users_do_not_accuse_routing_again_and_again():
    """The house's own assignment, with a rollout's name that by chance gives the candidate somewhat more."""
    users = np.arange(3_000)
    arms = (assign(users, 0.1, salt=f"v{i}").astype(int) for i in range(100))
    arm = next(arm for arm in arms if 1.2 < (arm.sum() - 300) / np.sqrt(270) < 2)
    log = pd.DataFrame({"user": users, "arm": ARMS[arm], "error": False, "weight": 0.1})
    hour = pd.concat([log.assign(time=START + pd.Timedelta(minutes=at)) for at in range(60)])
    again = replay(hour, ENDLESS, unit="user")
    assert again.requests.tolist() == [[3_000 - arm.sum(), arm.sum()]] * 60
    assert again.reason == REASONS["log ended"]
    assert replay(hour, ENDLESS).reason == REASONS["routing"]


def test_files_and_kinds_of_columns_make_no_difference(tmp_path):
    log = _counts([(0.1, (900, 100), (9, 3))] * 6)
    expected = replay(log, ENDLESS)
    half = log.time < START + pd.Timedelta(minutes=3)
    (tmp_path / "day=1").mkdir()
    log[half].to_parquet(tmp_path / "day=1" / "a.parquet")
    log[~half].to_parquet(tmp_path / "b.parquet")
    log.assign(note="more").to_parquet(tmp_path.with_suffix(".parquet"))
    versions = [
        tmp_path,
        str(tmp_path.with_suffix(".parquet")),
        log.assign(time=log.time.dt.tz_localize("UTC").dt.tz_convert("Asia/Seoul")),
        log.assign(time=log.time.astype("datetime64[ms]").where(log.index < 0, log.time)),
        log.assign(arm=log.arm.astype("category"), error=log.error.astype(int)),
        log.assign(arm=log.arm.astype("string"), error=log.error.astype("boolean")),
        log.assign(error=log.error.astype(object), instance=None).drop(columns="instance"),
    ]
    before = log.copy()
    for version in versions:
        np.testing.assert_array_equal(replay(version, ENDLESS).strength, expected.strength)
    pd.testing.assert_frame_equal(log, before)
    named = log.assign(arm=log.arm.replace({"baseline": "v1", "candidate": "v2"}))
    np.testing.assert_array_equal(replay(named, ENDLESS, candidate="v2", baseline="v1").strength, expected.strength)


def test_the_minute_may_be_shorter():
    log = _counts([(0.1, (9_000, 1_000), (90, 10))] * 2)
    assert replay(log, ENDLESS, minute="10s").minutes == 12


def test_a_prediction_log_is_asked_what_is_bad(tmp_path):
    from coursekit.monitoring.logs import PredictionLog

    rows = _counts([(0.1, (180, 20), (9, 3))] * 3).sort_values("time", ignore_index=True)
    log = PredictionLog(tmp_path)
    log.append(
        pd.DataFrame(
            {
                "request_id": rows.index.astype(str),
                "event_time": rows.time.dt.tz_localize("UTC"),
                "model_version": "1",
                "feature_version": "1",
                "arm": rows.arm,
                "score": np.where(rows.error, 0.99, 0.2),
                "latency_ms": 12.0,
            }
        )
    )
    asked = log.query("SELECT event_time AS time, arm, score > 0.9 AS error, latency_ms FROM predictions")
    again = replay(asked, ENDLESS)
    np.testing.assert_array_equal(again.bad[:, 0], [[9, 3]] * 3)
    with pytest.raises(ValueError, match=r"no column 'time'.*PredictionLog with query"):
        replay(tmp_path / "predictions", ENDLESS)


GOOD = _counts([(0.1, (90, 10), (3, 1))] * 2)


def _with(column, row, value):
    values = GOOD[column].astype(object)
    values.iloc[row] = value
    return GOOD.assign(**{column: values.infer_objects()})


BAD_LOGS = {
    "no frame": ([1, 2], {}, "log must be a DataFrame or the path of Parquet files, got [1, 2]"),
    "no file": ("/nowhere/log.parquet", {}, "there is no file or folder '/nowhere/log.parquet'"),
    "no time": (GOOD.drop(columns="time"), {}, "no column 'time'; it has arm, error, weight"),
    "no arm": (GOOD.drop(columns="arm"), {}, "no column 'arm'"),
    "no error": (GOOD.drop(columns="error"), {}, "no column 'error'"),
    "no latency": (GOOD, {"guardrails": TWO}, "no column 'latency_ms', which the guardrail 'slow' asks for"),
    "no user": (GOOD, {"unit": "user"}, "no column 'user', which unit='user' asks for"),
    "no weight": (GOOD.drop(columns="weight").assign(user=1), {"unit": "user"}, "no column 'weight', without which"),
    "empty": (GOOD.iloc[:0], {}, "the log is empty"),
    "text times": (GOOD.assign(time="09:00"), {}, "such as '09:00'; convert the column with pd.to_datetime"),
    "missing time": (_with("time", 7, pd.NaT), {}, "time must be known for each request"),
    "unknown arm": (_with("arm", 3, "shadow"), {}, "got 'shadow' in row 3 (1 of 200 rows, counted from 0)"),
    "missing arm": (_with("arm", 3, None), {}, "in row 3 (1 of 200 rows, counted from 0)"),
    "no candidate": (GOOD[GOOD.arm == "baseline"], {}, "no row has the arm 'candidate'"),
    "no baseline": (GOOD[GOOD.arm == "candidate"], {}, "no row has the arm 'baseline'; two arms are compared, name"),
    "NaN error": (_with("error", 5, None), {}, "error must be True or False for each request: count an unknown end"),
    "number error": (GOOD.assign(error=2), {}, "error must be True or False for each request, got 2 in row 0, 1, 2,"),
    "text error": (GOOD.assign(error="no"), {}, "error must be True or False for each request, got 'no'"),
    "fast": (GOOD.assign(latency_ms=-1.0), {"guardrails": TWO}, "latency_ms must be milliseconds of at least 0"),
    "gone": (GOOD.assign(latency_ms=np.nan), {"guardrails": TWO}, "a request that was given up took at least its"),
    "text latency": (GOOD.assign(latency_ms="1"), {"guardrails": TWO}, "latency_ms must be a column of numbers"),
    "weight 0": (_with("weight", 9, 0.0), {}, "weight must lie between 0 and 1, both excluded: keep only the rows"),
    "weight 1": (_with("weight", 9, 1.0), {}, "got 1.0 in row 9 (1 of 200 rows, counted from 0)"),
    "NaN weight": (_with("weight", 9, np.nan), {}, "got nan in row 9"),
    "moving weight": (GOOD.assign(weight=np.linspace(0.1, 0.2, 200)), {}, "weight has 100 values in the minute from"),
    "missing user": (_with("weight", 0, 0.1).assign(user=[None, *range(199)]), {"unit": "user"}, "user must be known"),
    "missing instance": (GOOD.assign(instance=[None, *range(199)]), {}, "instance must be known for each request"),
    "unit": (GOOD, {"unit": "session"}, "unit must be one of request, user, got 'session'"),
    "one arm": (GOOD, {"baseline": "candidate"}, "must be two arms, both are 'candidate'"),
    "minute": (GOOD, {"minute": "soon"}, "minute must be a length of time such as '1min' or '10s', got 'soon'"),
    "no minute": (GOOD, {"minute": "0s"}, "got '0s'"),
    "guardrails": (GOOD, {"guardrails": (ERRORS, ERRORS)}, "each with a name of its own"),
}


@pytest.mark.parametrize(("log", "options", "message"), BAD_LOGS.values(), ids=BAD_LOGS)
def test_a_bad_log_is_told_where_and_what_to_do(log, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        replay(log, ENDLESS, **options)


def test_what_is_not_parquet_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"holds no file that ends in \.parquet"):
        replay(tmp_path, ENDLESS)
    (tmp_path / "log.parquet").write_text("time,arm\n")
    with pytest.raises(ValueError, match="cannot be read as Parquet"):
        replay(tmp_path / "log.parquet", ENDLESS)
