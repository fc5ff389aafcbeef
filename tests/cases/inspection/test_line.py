"""The line: what ships, what an audit knows of it, and rollouts that rest on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binom

from coursekit.cases.inspection.audit_sampling import estimate_escapes
from coursekit.cases.inspection.human import RESTED, HumanInspector, steady
from coursekit.cases.inspection.line import FactoryLine, schedule
from coursekit.cases.inspection.line_rollout import FACTORY_EVIDENCE, line_rollout, line_rollouts
from coursekit.cases.inspection.plans import compare_plans
from coursekit.cases.inspection.scores import PartScores, ScoreModel
from coursekit.cases.inspection.shadowing import shadow_report
from coursekit.deployment.rollout.plan import RampPlan

ALPHA = FACTORY_EVIDENCE.alpha
RUNS = 400


def surely(successes: int, runs: int = RUNS) -> float:
    """Lower 99% limit of a rate: a rule that keeps alpha exceeds alpha with it once in a hundred tests."""
    return beta.ppf(0.01, successes, runs - successes + 1) if successes else 0.0


def model(recall: float, **options) -> FactoryLine:
    return FactoryLine(model=ScoreModel(factory_recall=recall), **options)


# --- the audit


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 80), st.floats(0.05, 1), st.floats(0.3, 1))
def test_the_estimate_of_escapes_is_unbiased(missed, rate, recall):
    """Exactly: the mean over the binomial distribution of what an audit finds."""
    k = np.arange(missed + 1)
    chance = binom.pmf(k, missed, rate * recall)
    audits = [estimate_escapes(int(found), audit_rate=rate, auditor_recall=recall) for found in k]
    assert chance @ [audit.missed.estimate for audit in audits] == pytest.approx(missed, abs=1e-6)
    assert chance @ [audit.shipped.estimate for audit in audits] == pytest.approx(
        missed * (1 - rate * recall), abs=1e-6
    )


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize("share", [0.02, 0.19, 0.5, 0.95])
def test_the_interval_of_escapes_covers_as_often_as_it_says(share, confidence):
    """Exactly, at every number missed: the probability of the finds whose interval holds it."""
    audits = [estimate_escapes(k, audit_rate=share, confidence=confidence).missed for k in range(301)]
    for missed in (0, 1, 2, 3, 5, 10, 40, 100, 300):
        k = np.arange(missed + 1)
        inside = np.array([missed in audits[found] for found in k])
        assert binom.pmf(k, missed, share) @ inside >= confidence - 1e-9


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 60), st.floats(0.02, 0.98))
def test_the_interval_holds_what_no_tail_rules_out(found, share):
    """Oracle: the definition, searched number by number at both ends."""
    missed = estimate_escapes(found, audit_rate=share).missed
    for at, holds in ((missed.low, True), (missed.low - 1, False), (missed.high, True), (missed.high + 1, False)):
        tails = (binom.sf(found - 1, at, share), binom.cdf(found, at, share))
        assert (at >= found and min(tails) >= 0.025 - 1e-9) == holds


def test_an_audit_of_everything_by_somebody_perfect_leaves_no_doubt():
    assert estimate_escapes(7, audit_rate=1).missed.width == 0


def test_what_nobody_looks_at_cannot_be_estimated():
    with pytest.raises(ValueError, match="audit_rate"):
        estimate_escapes(0, audit_rate=0)


# --- the line


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 1), st.floats(0.05, 1), st.integers(0, 1000))
def test_without_an_audit_every_model_looks_perfect(share, recall, seed):
    report = model(recall).run(share, days=3, seed=seed)
    if report.model_caught.any():
        assert report.apparent_recall == 1.0
    assert report.escapes is None
    assert np.isnan(report.estimated_recall.estimate)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.sampled_from(["model", "both"]), st.integers(0, 1000))
def test_parts_are_neither_made_nor_lost(share, recall, audit, audited, seed):
    line = model(recall, parts=2_000, defect_rate=0.1)
    report = line.run(share, days=4, audit_rate=audit, audited=audited, seed=seed)
    assert np.all(report.shipped <= report.defects)
    assert np.all(report.shipped_by_model == report.model_defects - report.model_caught - report.audit_found)
    assert np.all(report.seen_by_humans == report.parts - report.by_model + report.audited)
    assert np.all(report.model_defects <= report.by_model)
    assert np.all(report.false_rejects <= report.parts - report.defects)
    if audit == 0:
        assert not report.audited.any()
    if audit == 1 and audited == "both":
        assert np.all(report.audited <= report.parts)
        assert np.all(report.audited >= report.parts - report.defects - report.false_rejects)


def test_the_table_of_lecture_1():
    """Each number within 5 standard deviations of a Poisson count about its expectation."""
    rows = {
        "사람": ("human", 0.0, 300),
        "모두 재확인": (1.0, 1.0, 120),
        "5%": ("canary", 0.0, 405),
        "5%, 20% 재확인": ("canary", 0.2, 285 + 120 * 0.81),
        "100%": (1.0, 0.0, 2_400),
    }
    frame = compare_plans(FactoryLine(), {name: row[:2] for name, row in rows.items()}, days=30).to_frame()
    for name, (_, _, expected) in rows.items():
        assert frame.loc[name, "shipped"] == pytest.approx(expected, abs=5 * np.sqrt(expected))
    assert frame.loc["사람", "seen_by_humans"] == 300_000
    assert frame.loc["100%", "seen_by_humans"] == 0
    assert frame.loc[["5%", "100%"], "apparent_recall"].tolist() == [1, 1]
    assert frame.loc["모두 재확인", "estimated_recall"] == pytest.approx(0.60, abs=5 * np.sqrt(0.24 / 6_000))
    assert frame.loc["5%, 20% 재확인", "low"] < 0.60 < frame.loc["5%, 20% 재확인", "high"]


def test_the_audit_finds_the_model_s_recall_whatever_its_share():
    """Coverage over 300 lines: a 95% interval may miss a little more than 5% by chance, but not surely."""
    line = model(0.6)
    reports = [line.run("canary", days=20, audit_rate=0.2, seed=seed) for seed in range(300)]
    outside = sum(report.true_recall not in report.estimated_recall for report in reports)
    assert surely(outside, 300) <= 0.05


def test_the_auditor_s_own_misses_are_reckoned_with():
    """Everything is audited, 5% of the bad parts overlooked: found / .95 has a spread of sqrt(M (1 - p) / p)."""
    report = model(0.6).run(1.0, days=30, audit_rate=1.0, seed=9)
    missed = int((report.model_defects - report.model_caught).sum())
    assert report.escapes.missed.estimate == pytest.approx(missed, abs=5 * np.sqrt(missed * 0.05 / 0.95))


def test_counts_agree_with_parts_judged_one_by_one():
    """Oracle: parts with a severity and a minute, judged by people and by a model that both miss faint defects."""
    rng, n = np.random.default_rng(3), 400_000
    human = HumanInspector()
    severity = np.linspace(0.1, 1, 91)[rng.integers(91, size=n)]
    auditor = HumanInspector(fatigue=human.fatigue)
    line = FactoryLine(human=human, model=ScoreModel(factory_recall=0.7, severity_effect=1.0), auditor=auditor)
    finds = dict(zip(*(np.round(a, 12) for a in line.model.catches()), strict=True))
    by_model = rng.random(n) < np.array([finds[s] for s in np.round(severity, 12)])
    by_human = human.inspect(severity, np.ones(n), rng.uniform(0, 60, n), rng)
    by_auditor = human.inspect(severity, np.ones(n), rng.uniform(0, 60, n), rng)
    rates = line.rates
    # 5 standard deviations of a share of at least 40,000 parts
    for rate, of, given_that in (
        (rates.model, by_model, np.ones(n, bool)),
        (rates.human, by_human, np.ones(n, bool)),
        (rates.both, by_model & by_human, np.ones(n, bool)),
        (rates.audit_after_model, by_auditor, ~by_model),
        (rates.audit_after_human, by_auditor, ~by_human),
        (rates.third_model, by_auditor, by_model & ~by_human),
        (rates.third_human, by_auditor, by_human & ~by_model),
    ):
        assert of[given_that].mean() == pytest.approx(rate, abs=5 * np.sqrt(0.25 / given_that.sum()))


def test_a_real_model_s_scores_can_stand_at_the_line():
    rng = np.random.default_rng(0)
    defective = np.arange(400) < 200
    scores = PartScores(np.where(defective, 0.8, 0.1) * rng.random(400), defective, defective * 0.5, threshold=0.2)
    assert FactoryLine(model=scores).rates.model == scores.recall


def test_shadow_ships_what_people_alone_would():
    shadow, people = (FactoryLine().run(stage, days=200, seed=4) for stage in ("shadow", "human"))
    # two counts of about 2,000 each: 5 standard deviations of their difference
    assert abs(int(shadow.shipped.sum()) - int(people.shipped.sum())) < 5 * np.sqrt(4_000)
    assert not shadow.by_model.any()
    assert np.all(shadow.seen_by_humans == shadow.parts)
    assert np.all(shadow.verdicts.sum(axis=(1, 2)) == shadow.parts)


def test_a_seed_gives_the_same_days():
    one, two, other = (FactoryLine().run("canary", seed=seed).shipped for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


# --- the shadow


@settings(max_examples=50, deadline=None)
@given(st.floats(0.3, 1), st.floats(0, 0.1), st.floats(0.5, 1), st.floats(0, 0.05), st.floats(0.01, 0.2))
def test_the_correction_undoes_people_s_mistakes(m, fm, h, f, defect_rate):
    """On expected counts (of ten million parts, rounded) the corrected numbers are the model's own."""
    n = 10_000_000

    def cells(a, b):
        return np.array([[(1 - a) * (1 - b), (1 - a) * b], [a * (1 - b), a * b]])

    counts = np.round(n * (defect_rate * cells(m, h) + (1 - defect_rate) * cells(fm, f)))
    report = shadow_report(counts, human_recall=h, human_false_reject_rate=f, n_boot=100)
    precision = defect_rate * m / (defect_rate * m + (1 - defect_rate) * fm)
    # rounding moves each count by half a part, against at least 50,000 defects found by people
    assert report.recall.estimate == pytest.approx(m, abs=1e-3)
    assert report.precision.estimate == pytest.approx(precision, abs=1e-3)
    assert report.defect_rate.estimate == pytest.approx(defect_rate, abs=1e-3)


def test_taking_people_for_the_truth_is_wrong_and_the_correction_covers():
    """Of 200 months the raw interval should hold the recall in 95%; it never does. The corrected one covers."""
    line = model(0.6)
    months = [
        line.run("shadow", days=30, seed=seed).shadow_report(human_recall=0.95, human_false_reject_rate=0.01)
        for seed in range(200)
    ]
    assert not any(0.6 in month.recall_against_human for month in months)
    assert surely(sum(0.6 not in month.recall for month in months), 200) <= 0.05


def test_defects_that_both_miss_make_the_corrected_recall_too_high():
    """The limit that the docstring states."""
    line = FactoryLine(human=HumanInspector(), model=ScoreModel(factory_recall=0.6, severity_effect=1.0))
    report = line.run("shadow", days=200).shadow_report(human_recall=line.rates.human, human_false_reject_rate=0.01)
    assert report.recall.low > line.rates.model


# --- rollouts


@pytest.mark.parametrize("shadow_days", [0, 15])
def test_a_model_as_good_as_people_is_seldom_sent_away(shadow_days):
    same = line_rollouts(model(0.95), runs=RUNS, shadow_days=shadow_days, seed=1)
    assert surely(int((same.verdict == "FAIL").sum())) <= ALPHA
    assert same.extra.mean() < 0  # it misses as much as people, and audits take some of that out


def test_faint_defects_that_both_miss_do_not_break_the_guarantee():
    """People and model miss the same defects; the auditor finds faint ones as well as plain ones."""
    eyes = HumanInspector(fatigue=RESTED)
    line = FactoryLine(human=eyes, model=ScoreModel(factory_recall=0.95, severity_effect=1.0))
    assert line.rates.model == pytest.approx(line.rates.human)
    same = line_rollouts(line, runs=RUNS, seed=2)
    assert surely(int((same.verdict == "FAIL").sum())) <= ALPHA


def test_an_auditor_with_people_s_eyes_is_unfair_to_the_model():
    """The limit that the docstring states: a model as good as people, whose misses are not the faint ones."""
    eyes = HumanInspector(fatigue=RESTED)
    people = FactoryLine(human=eyes).rates.human
    outcomes = [
        line_rollouts(FactoryLine(human=eyes, model=ScoreModel(factory_recall=people), auditor=auditor), runs=RUNS)
        for auditor in (eyes, steady(0.95))
    ]
    unfair, fair = (int((ended.verdict == "FAIL").sum()) for ended in outcomes)
    assert surely(unfair) > ALPHA
    assert surely(fair) <= ALPHA


def test_shadow_catches_a_bad_model_before_it_decides_on_anything():
    bad = line_rollouts(model(0.6), runs=RUNS, seed=3)
    assert bad.share("FAIL") == 1
    assert np.median(bad.days) <= 2
    assert not bad.extra.any()


def test_without_shadow_the_audit_catches_it():
    bad = line_rollouts(model(0.6), runs=RUNS, shadow_days=0, seed=4)
    assert bad.share("FAIL") > 0.98
    assert bad.share("PASS") == 0
    # 5% of 200 defects a day, 35% of them more than people miss: 3.5 a day, of 70 if it had everything
    assert bad.extra.mean() < 30 < 60 * 70


def test_without_shadow_and_audit_nothing_is_ever_learnt():
    blind = line_rollouts(model(0.6), runs=50, shadow_days=0, audit_rate=0.0)
    assert set(blind.verdict) == {"INCONCLUSIVE"}


def test_a_better_model_takes_over_and_then_has_every_part():
    good = line_rollout(model(0.98))
    assert good.verdict == "PASS"
    assert good.report.share[-1] == 1
    assert np.all(np.diff(good.report.share) >= 0)
    assert good.report.shadow.sum() == 15
    assert not good.report.share[good.report.shadow].any()
    assert np.all(good.report.by_model[good.days :] == 10_000)


def test_what_the_model_alone_finds_in_shadow_does_not_ship():
    """The auditor settles disagreements: of 10 misses of people a day, all but 1 - .98 x .95 are taken out."""
    report = line_rollout(model(0.98), shadow_days=30, days=30).report
    expected = 30 * 200 * 0.05 * (1 - 0.98 * 0.95)
    assert report.shadow.all()
    assert report.shipped.sum() == pytest.approx(expected, abs=5 * np.sqrt(expected))


def test_after_a_rollback_people_have_every_part():
    bad = line_rollout(model(0.6), shadow_days=0, seed=5)
    assert bad.verdict == "FAIL"
    assert bad.report.share[0] == 0.05
    assert np.all(bad.report.by_model[bad.days :] == 0)
    assert bad.strength[bad.days - 1] >= 1 > bad.strength[bad.days - 2]


def test_one_rollout_is_the_first_of_one():
    one = line_rollout(model(0.9), seed=6)
    many = line_rollouts(model(0.9), runs=1, seed=6)
    assert (one.verdict, one.days) == (many.verdict[0], many.days[0])
    assert one.report.shipped.sum() == many.shipped[0]
    assert one.report.seen_by_humans.sum() == many.seen_by_humans[0]
    assert one.to_frame()["shipped"].sum() == many.to_frame()["shipped"][0]


# --- plans


def test_plans_are_read_day_by_day():
    assert schedule("human")[0].tolist() == [0] * 30
    assert schedule("canary")[0].tolist() == [0.05] * 30
    assert schedule([0.1, 0.2], days=4)[0].tolist() == [0.1, 0.2, 0.2, 0.2]
    ramp = RampPlan([0.05, 0.5], minutes_per_step=2)
    assert schedule(ramp)[0].tolist() == [0.05, 0.05, 0.5, 0.5]
    assert schedule(ramp, days=6)[0].tolist() == [0.05, 0.05, 0.5, 0.5, 1, 1]


@pytest.mark.parametrize(
    ("plan", "named"), [("ramp", "RampPlan"), ("tomorrow", "no stage"), ([0.5, 2], "plan"), ([], "empty")]
)
def test_a_plan_that_is_none_is_refused(plan, named):
    with pytest.raises(ValueError, match=named):
        schedule(plan)


def test_reports_are_drawn_without_computing_days_anew():
    report = FactoryLine().run(RampPlan([0.05, 0.5]), audit_rate=0.2)
    assert "내보낸 불량" in report.plot().layout.title.text
    assert len(report.to_frame()) == 30
    assert "롤백" in line_rollout(FactoryLine(), days=5).plot().layout.title.text
    plans = compare_plans(FactoryLine(), {"a": ("human", 0.0), "b": ([0.5, 1.0], 0.1)}, days=3)
    assert plans.plot().data[0].y == ("a", "b")
