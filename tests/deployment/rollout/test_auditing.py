"""The bars of the conditional e-process, and an audit's arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from coursekit.deployment.rollout import (
    BASELINES,
    VERDICTS,
    Candidate,
    ConditionalEProcess,
    Guardrail,
    Outcomes,
    RampPlan,
    Service,
    Traffic,
    audit,
)
from coursekit.modeling.evaluation import wilson_interval

FIXED = RampPlan([0.05], minutes_per_step=60)
RAMP = RampPlan([0.05, 0.10, 0.25, 0.50])
RUNS = 2_000


def _upper_limit(events, runs):
    """Exact one-sided 99% limit (Clopper and Pearson)."""
    return beta.ppf(0.99, events + 1, runs - events)


@pytest.mark.parametrize("plan", [FIXED, RAMP], ids=["fixed", "ramp"])
@pytest.mark.parametrize("path", BASELINES)
def test_harmless_candidates_are_rolled_back_less_often_than_alpha(path, plan):
    report = audit(plan, baseline=path, runs=RUNS)
    events = int((report.harmless.verdict == "FAIL").sum())
    assert report.false_rollback_rate == events / RUNS
    assert _upper_limit(events, RUNS) <= 0.05
    assert report.interval == wilson_interval(events, RUNS)


def test_two_guardrails_share_alpha():
    both = (Guardrail("errors"), Guardrail("slow", over_ms=200))
    report = audit(RAMP, runs=RUNS, guardrails=both)
    assert _upper_limit(int((report.harmless.verdict == "FAIL").sum()), RUNS) <= 0.05


@pytest.mark.parametrize(("regression", "median", "p90"), [(1.5, 10, 20), (2.0, 3, 6)])
def test_harmful_candidates_are_rolled_back_in_time(regression, median, p90):
    report = audit(FIXED, regression=regression, runs=RUNS)
    assert report.median_minutes <= median
    assert report.p90_minutes <= p90
    assert report.missed_rate == 0


def test_a_slow_candidate_is_rolled_back_for_its_latency():
    slow = (Guardrail("errors"), Guardrail("slow", over_ms=200))
    report = audit(RAMP, regression=Candidate(latency_ratio=1.3), guardrails=slow, runs=300)
    assert (report.harmful.verdict == "FAIL").mean() > 0.95
    assert (report.harmful.harm[:, 0] == 0).all()
    assert (report.harmful.harm[:, 1] > 0).all()
    assert report.harm == pytest.approx(report.harmful.harm[:, 1].mean())


def test_a_seed_gives_one_report_and_progress_counts_both_candidates():
    told = []
    first = audit(RAMP, regression=1.4, runs=1_200, seed=5, progress=told.append)
    second = audit(RAMP, regression=1.4, runs=1_200, seed=5)
    assert sum(told) == 2_400
    for name in ("harmless", "harmful"):
        for column in ("verdict", "minutes", "harm"):
            expected = getattr(getattr(first, name), column)
            np.testing.assert_array_equal(getattr(getattr(second, name), column), expected)
    assert (audit(RAMP, runs=1_200, seed=6).harmless.minutes != first.harmless.minutes).any()


def test_the_numbers_of_a_report_are_those_of_its_rollouts():
    report = audit(RAMP, baseline=Service(error_rate=0.02, path="seasonal"), regression=1.2, runs=400)
    fell = report.harmful.verdict == "FAIL"
    waited = np.sort(np.where(fell, report.harmful.minutes, np.inf))
    assert report.median_minutes == waited[199]
    assert report.p90_minutes == waited[359]
    assert report.missed_rate == (report.harmful.verdict == "PASS").mean()
    table = report.to_frame()
    assert table.index.tolist() == ["harmless", "harmful"]
    np.testing.assert_allclose(table[list(VERDICTS)].sum(axis=1), 1)
    assert table.loc["harmful", "FAIL"] == fell.mean()
    assert table.loc["harmful", "mean_harm"] == pytest.approx(report.harm)
    assert table.loc["harmless", "mean_harm"] == 0
    assert (report.baseline, report.evidence, report.runs) == ("seasonal", "ConditionalEProcess", 400)


def test_an_audit_of_harmless_candidates_alone():
    report = audit(FIXED, runs=200)
    assert report.harmful is report.harmless
    assert np.isnan(report.missed_rate)
    assert report.to_frame().index.tolist() == ["harmless"]
    assert isinstance(report.harmless, Outcomes)


@pytest.mark.parametrize("regression", [1.0, 2.0])
def test_the_figure_is_built_from_the_report(regression):
    report = audit(RAMP, regression=regression, runs=200)
    figure = report.plot()
    bars = [trace for trace in figure.data if trace.type == "bar"]
    candidates = 1 if regression == 1 else 2
    assert all(len(bar.y) == candidates for bar in bars)
    np.testing.assert_allclose(np.sum([bar.x for bar in bars], axis=0), 1)
    line = next(trace for trace in figure.data if trace.type == "scatter")
    fell = (report.harmful.verdict == "FAIL").mean()
    assert (max(line.y) if len(line.y) else 0) == pytest.approx(fell)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"runs": 0}, "audit: runs must be a whole number of at least 1"),
        ({"regression": 0}, "audit: regression must be a finite number above 0"),
        ({"baseline": "falling"}, "Service: path must be one of"),
        ({"guardrails": ()}, "guardrails: give at least one"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        audit(RAMP, **({"runs": 10} | options))


def test_a_file_brings_its_own_test(tmp_path):
    for option in ({"evidence": ConditionalEProcess()}, {"guardrails": (Guardrail(),)}):
        with pytest.raises(ValueError, match="audit: a file brings its own evidence and guardrails"):
            audit(tmp_path / "rollout.yaml", **option)


def test_little_traffic_ends_without_data_instead_of_a_verdict():
    """Twenty requests a minute are 15 for the candidate in a step of 15 minutes; 100 are asked for."""
    report = audit(RAMP, traffic=Traffic(20), runs=200)
    assert (report.harmless.verdict == "NO_DATA").mean() > 0.9
