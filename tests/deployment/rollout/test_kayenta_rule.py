"""Kayenta's judge against scipy's test turned round, a plain scorer and measured rates of false alarms."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import binom, fisher_exact, mannwhitneyu

from coursekit.deployment.rollout._mann_whitney import _tie_sum
from coursekit.deployment.rollout.evidence import Guardrail, Minute
from coursekit.deployment.rollout.kayenta_rule import KayentaJudge, KayentaMetric, kayenta_classify
from coursekit.deployment.rollout.plan import RampPlan
from coursekit.deployment.rollout.simulation import simulate_many
from coursekit.deployment.rollout.traffic import Candidate, Service, Traffic

HOUR = RampPlan([0.5], minutes_per_step=60, patience=1)

# A check of a rate fails by chance once in a million runs.
RARE = 1e-6


def one(baseline, candidate, **options):
    """The classification of a single pair, as plain numbers."""
    found = kayenta_classify([baseline], [candidate], **options)
    return {field.name: getattr(found, field.name)[0] for field in dataclasses.fields(found)}


def inverted(baseline, candidate, confidence):
    """Both bounds by looking for the shift at which scipy's one-sided test is as sure as asked."""
    tail = (1 - confidence) / 2
    ends = np.min(candidate) - np.max(baseline) - 1, np.max(candidate) - np.min(baseline) + 1

    def bound(alternative):
        def excess(shift):
            test = mannwhitneyu(
                candidate - shift, baseline, alternative=alternative, method="asymptotic", use_continuity=True
            )
            return test.pvalue - tail

        return brentq(excess, *ends, xtol=1e-12, rtol=1e-12)

    return bound("greater"), bound("less")


def samples(kind, rng):
    baseline, candidate = rng.normal(10, 1, 23), rng.normal(10.4, 1.5, 31)
    if kind == "ties":
        return np.round(baseline), np.round(candidate)
    if kind == "rates":
        return rng.binomial(500, 0.01, 60) / 500, rng.binomial(500, 0.012, 60) / 500
    if kind == "zeros":  # most of the baseline's minutes had no error, a tie that the variance must know
        return np.concatenate([np.zeros(30), baseline[:10]]), rng.normal(4, 6, 40)
    return baseline, candidate


# The interval


@pytest.mark.parametrize("kind", ["plain", "ties", "rates", "zeros"])
@pytest.mark.parametrize("confidence", [0.8, 0.98])
@pytest.mark.parametrize("seed", range(4))
def test_bounds_invert_the_test_of_scipy(kind, confidence, seed):
    """p jumps at the bound, which the search finds to 1e-12 beside the rounding of a difference of about 10."""
    baseline, candidate = samples(kind, np.random.default_rng(seed))
    found = one(baseline, candidate, confidence=confidence)
    np.testing.assert_allclose((found["lower"], found["upper"]), inverted(baseline, candidate, confidence), atol=1e-11)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
def test_ties_are_counted_by_group(values):
    _, lengths = np.unique(values, return_counts=True)
    assert _tie_sum(np.sort(np.array(values, dtype=float))) == np.sum(lengths**3 - lengths)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-30, 30), min_size=1, max_size=25),
    st.lists(st.integers(-30, 30), min_size=1, max_size=25),
    st.sampled_from([0.5, 0.9, 0.98]),
)
def test_estimate_and_bounds_are_ranked_differences(baseline, candidate, confidence):
    """Whole numbers, so differences and their median are exact."""
    baseline, candidate = np.array(baseline, dtype=float), np.array(candidate, dtype=float)
    found = one(baseline, candidate, confidence=confidence)
    if sorted(baseline) == sorted(candidate) or np.ptp(np.concatenate([baseline, candidate])) == 0:
        assert found["label"] == "Pass"
        assert found["strength"] == 0
        return
    differences = np.subtract.outer(candidate, baseline).ravel()
    assert found["estimate"] == np.median(differences)
    assert found["lower"] in differences
    assert found["upper"] in differences
    below, above = np.sum(differences < found["lower"]), np.sum(differences > found["upper"])
    assert below <= differences.size / 2
    assert found["lower"] <= found["estimate"] <= found["upper"]
    assert abs(below - above) < max(
        np.sum(differences == found["lower"]), np.sum(differences == found["upper"])
    )  # one rank from either end, up to ties


def test_few_minutes_are_judged_by_the_smallest_difference():
    """Of four and four minutes even the extreme z, 7.5 / sqrt(12), is below 2.326: k stays 1, as in Kayenta."""
    found = one([1.0, 2.0], [5.0, 9.0])
    assert (found["lower"], found["estimate"], found["upper"]) == (3.0, 5.5, 8.0)
    assert found["label"] == "High"
    assert one([1.0, 6.0], [5.0, 9.0])["label"] == "Pass"
    rng = np.random.default_rng(12)
    base, other = rng.normal(10, 1, (2, 500, 4))
    found = kayenta_classify(base, other)
    np.testing.assert_array_equal(found.lower, other.min(axis=1) - base.max(axis=1))
    np.testing.assert_array_equal(found.upper, other.max(axis=1) - base.min(axis=1))
    assert np.all(kayenta_classify(base[:, :1], other[:, :1]).label != "Pass")  # any difference of two minutes is one


def test_two_constants_differ():
    assert one([1.0] * 5, [1.01] * 5)["label"] == "High"
    assert one([1.01] * 5, [1.0] * 7)["label"] == "Low"
    assert one([1.0] * 5, [1.0] * 7)["label"] == "Pass"


# The label


@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.25, 0.6]), st.sampled_from([0.9, 0.98]))
@settings(max_examples=60, deadline=None)
def test_the_label_is_the_rule_on_the_bounds(seed, tolerance, confidence):
    rng = np.random.default_rng(seed)
    baseline, candidate = rng.normal(10, 1, (20, 15)), rng.normal(10 + rng.normal(size=(20, 1)), 1, (20, 15))
    found = kayenta_classify(baseline, candidate, tolerance=tolerance, confidence=confidence)
    bar = tolerance * np.abs(found.estimate)
    np.testing.assert_array_equal(found.label == "High", found.lower > bar)
    np.testing.assert_array_equal(found.label == "Low", found.upper < -bar)
    np.testing.assert_array_equal(found.label != "Pass", found.strength > 1)


def test_directions_ask_for_their_side_only():
    rng = np.random.default_rng(1)
    base = rng.normal(10, 1, (3, 40))
    other = base + np.array([[2.0], [-2.0], [0.0]]) + rng.normal(0, 0.1, base.shape)
    labels = {way: kayenta_classify(base, other, direction=way).label.tolist() for way in ("increase", "decrease")}
    assert labels == {"increase": ["High", "Pass", "Pass"], "decrease": ["Pass", "Low", "Pass"]}
    assert kayenta_classify(base, other).label.tolist() == ["High", "Low", "Pass"]


def test_effect_sizes_are_ratios_of_means():
    base = np.linspace(9, 11, 40)[None]
    assert one(base[0], 1.3 * base[0], allowed_increase=1.29)["label"] == "High"
    assert one(base[0], 1.3 * base[0], allowed_increase=1.31)["label"] == "Pass"
    assert one(base[0], 0.7 * base[0], allowed_decrease=0.71)["label"] == "Low"
    assert one(base[0], 0.7 * base[0], allowed_decrease=0.69)["label"] == "Pass"
    assert one(base[0], 1.3 * base[0])["ratio"] == pytest.approx(1.3, rel=1e-12)


def test_no_ratio_is_asked_for_where_a_mean_is_zero():
    found = one([0.0] * 20, np.arange(1.0, 21), allowed_increase=5)
    assert np.isnan(found["ratio"])
    assert found["label"] == "High"


def test_minutes_without_data():
    rng = np.random.default_rng(2)
    base, other = rng.normal(10, 1, 30), rng.normal(10.5, 1, 30)
    gaps = np.where(np.arange(30) % 4 == 0, np.nan, other)
    assert one(base, gaps) == one(base, other[np.arange(30) % 4 != 0])
    assert one(base, gaps, nan_strategy="replace") == one(base, np.nan_to_num(gaps, nan=0.0))
    nothing = np.full(30, np.nan)
    assert one(base, nothing)["label"] == "Nodata"
    assert one(nothing, base)["label"] == "Nodata"
    assert one(nothing, nothing, nan_strategy="replace")["label"] == "Pass"
    assert one([], base, nan_strategy="replace")["label"] == "Pass"
    assert np.isnan(one(base, nothing)["lower"])


# What cannot matter


def fields_of(found):
    return np.column_stack([found.lower, found.estimate, found.upper])


def test_arms_mirror_each_other():
    rng = np.random.default_rng(3)
    base, other = rng.normal(10, 1, (50, 20)), rng.normal(10.5, 1, (50, 25))
    there, back = kayenta_classify(base, other), kayenta_classify(other, base)
    np.testing.assert_array_equal(fields_of(there), -fields_of(back)[:, ::-1])
    mirror = {"High": "Low", "Low": "High", "Pass": "Pass"}
    assert [mirror[label] for label in there.label] == back.label.tolist()
    assert {"High", "Pass"} <= set(there.label)


def test_order_scale_and_company_do_not_matter():
    """Scaled by a power of two and shifted by whole numbers of 1/1024, floats stay exact."""
    rng = np.random.default_rng(4)
    base, other = (np.round(rng.normal(10, 1, (40, 20)) * 1024) / 1024 for _ in range(2))
    found = fields_of(kayenta_classify(base, other))
    shuffled = kayenta_classify(rng.permuted(base, axis=1), rng.permuted(other, axis=1))
    np.testing.assert_array_equal(fields_of(shuffled), found)
    np.testing.assert_array_equal(fields_of(kayenta_classify(base * 4 + 3, other * 4 + 3)), found * 4)
    alone = [one(b, o) for b, o in zip(base, other, strict=True)]
    assert [(a["lower"], a["estimate"], a["upper"]) for a in alone] == [tuple(row) for row in found]


def test_a_larger_shift_is_never_less_evidence():
    rng = np.random.default_rng(5)
    base, other = rng.normal(10, 1, (30, 20)), rng.normal(10, 1, (30, 20))
    shifts = np.linspace(0, 3, 13)
    strength = np.array([kayenta_classify(base, other + s, direction="increase").strength for s in shifts])
    assert np.all(np.diff(strength, axis=0) >= -1e-9)
    assert strength[0].max() < strength[-1].min()


def test_inputs_are_not_changed():
    base, other = np.array([[3.0, np.nan, 1.0]]), np.array([[2.0, 9.0, 1.0]])
    copies = base.copy(), other.copy()
    kayenta_classify(base, other, nan_strategy="replace")
    np.testing.assert_array_equal(base, copies[0])
    np.testing.assert_array_equal(other, copies[1])


# False alarms


def autocorrelated(rng, memory, shape):
    noise = rng.normal(size=shape)
    series = noise.copy()
    for t in range(1, shape[-1]):
        series[..., t] = memory * series[..., t - 1] + np.sqrt(1 - memory**2) * noise[..., t]
    return series


@pytest.mark.parametrize(
    ("memory", "once", "four", "ten"),
    [(0.0, 0.002, 0.007, 0.071), (0.5, 0.070, 0.172, 0.848), (0.8, 0.301, 0.576, 1.0)],
)
def test_false_alarms_are_those_measured_elsewhere(memory, once, four, ten):
    """10,000 series of a metric that did not change, of an hour; ten metrics make 1,000 canaries of them.

    The figures come from as many runs of another program, so Fisher's exact test tells the two apart.
    """
    runs = 10_000
    rng = np.random.default_rng(6)
    base, other = autocorrelated(rng, memory, (2, runs, 60)) + 10
    looks = [kayenta_classify(base[:, :n], other[:, :n]).label != "Pass" for n in (15, 30, 45, 60)]
    flagged = np.any(looks, axis=0)
    for found, figure in (
        (looks[-1], once),
        (flagged, four),
        (flagged.reshape(-1, 10).any(axis=1), ten),
    ):
        count, known = int(found.sum()), round(figure * found.size)
        table = [[count, found.size - count], [known, found.size - known]]
        assert fisher_exact(table).pvalue > RARE, (found.mean(), figure)


def test_independent_minutes_keep_a_known_rate():
    """Large samples: the estimate is normal with half-width 2.326 errors, and must exceed 2.326 / .75 of them."""
    runs = 4_000
    rng = np.random.default_rng(7)
    base, other = rng.normal(10, 1, (2, runs, 60))
    flagged = kayenta_classify(base, other, confidence=0.8, tolerance=0.25).label != "Pass"
    expected = 2 * 0.04375  # P(Z > 1.2816 / .75) on each side
    spread = 0.15  # of the rate, since the width is estimated from 60 minutes
    low, high = binom.ppf([RARE, 1 - RARE], runs, [expected * (1 - spread), expected * (1 + spread)])
    assert low <= flagged.sum() <= high


# The score


def plain_score(labels, ratios, metrics, weights):
    """Kayenta's scorer for one run, written down as its documents tell it."""
    results = []
    for label, ratio, metric in zip(labels, ratios, metrics, strict=True):
        critical = False
        if label == "Nodata" and metric.must_have_data and not metric.critical:
            label = "NodataFailMetric"
        elif label == "Nodata":
            critical = metric.critical
        elif label == "High":
            critical = metric.critical and (np.isnan(ratio) or ratio >= metric.critical_increase)
        elif label == "Low":
            critical = metric.critical and (np.isnan(ratio) or ratio <= metric.critical_decrease)
        if critical:
            return 0.0
        results.append(label)
    if results.count("Nodata") / len(results) >= 0.5:
        return 0.0
    groups = {}
    for label, metric in zip(results, metrics, strict=True):
        for group in metric.groups:
            groups.setdefault(group, []).append(label)
    unknown = [group for group in groups if group not in weights]
    score = 0.0
    for group, members in groups.items():
        seen = [label for label in members if label != "Nodata"]
        share = seen.count("Pass") / len(seen) if seen else 1.0
        score += share * (weights[group] if group in weights else (100 - sum(weights.values())) / len(unknown))
    return round(score, 2)


METRICS = [
    KayentaMetric(["a"], critical=True, critical_increase=1.3),
    KayentaMetric(["a", "b"], direction="either", must_have_data=True),
    KayentaMetric(["b"], direction="decrease", allowed_decrease=0.9),
    KayentaMetric(["c"], nan_strategy="replace"),
    KayentaMetric(["d"], direction="either", critical=True, critical_increase=1.2, critical_decrease=0.8),
]


@pytest.mark.parametrize("weights", [{}, {"a": 40, "b": 30}, {"a": 10, "b": 20, "c": 30, "d": 15, "unused": 25}])
def test_scores_are_those_of_a_plain_scorer(weights):
    runs, minutes = 400, 12
    rng = np.random.default_rng(8)
    base = rng.normal(10, 1, (runs, len(METRICS), minutes))
    other = rng.normal(10, 1, base.shape) * rng.choice([0.7, 0.85, 1, 1, 1, 1.25, 1.5], (runs, len(METRICS), 1))
    other[rng.random((runs, len(METRICS))) < 0.2] = np.nan
    other[rng.random(other.shape) < 0.1] = np.nan
    judge = KayentaJudge(metrics=METRICS, group_weights=weights)
    options = ("direction", "nan_strategy", "allowed_increase", "allowed_decrease")
    found = [
        kayenta_classify(base[:, m], other[:, m], **{name: getattr(metric, name) for name in options})
        for m, metric in enumerate(METRICS)
    ]
    expected = [
        plain_score([f.label[run] for f in found], [f.ratio[run] for f in found], METRICS, weights)
        for run in range(runs)
    ]
    np.testing.assert_allclose(judge.score(base, other), expected, atol=0.01 + 1e-9)  # both round to .01
    assert len(set(expected)) > 4


def test_no_data_is_no_verdict_until_it_is_half_of_the_metrics():
    rng = np.random.default_rng(13)
    base = rng.normal(10, 1, (1, 3, 20))
    other = base[..., ::-1].copy()
    other[:, 0] = np.nan
    groups = [KayentaMetric([group]) for group in "abc"]
    judge = KayentaJudge(metrics=groups, group_weights={"a": 50})
    assert judge.score(base, other).tolist() == [100]  # the empty group has its points
    assert KayentaJudge(metrics=groups[:2]).score(base[:, :2], other[:, :2]).tolist() == [0]
    required = dataclasses.replace(groups[0], must_have_data=True)
    assert KayentaJudge(metrics=[required, groups[1]]).score(base[:, :2], other[:, :2]).tolist() == [50]


def test_a_score_that_nobody_can_reach_blames_every_metric():
    judge = KayentaJudge(group_weights={"all": 75}, interval_minutes=1)
    watch = judge.watch(RampPlan([0.5], minutes_per_step=2), guardrails=TWO)
    even = Minute(weight=np.array([0.5]), requests=np.array([[100, 100]]), bad=np.array([[[5, 5], [3, 3]]]))
    assert [watch.update(even).tolist() for _ in range(2)] == [[[0, 0]], [[1, 1]]]


# Looks


def some_minutes(rng, count, runs, metrics, worse=1.0):
    """Minutes of two arms, the candidate's bad rate a multiple; now and then an arm gets nothing."""
    for _ in range(count):
        requests = rng.poisson(400, (runs, 2)) * (rng.random((runs, 2)) > 0.05)
        rate = np.stack([np.full(runs, 0.1), np.full(runs, 0.1 * worse)], axis=1)
        bad = rng.binomial(requests[:, None], np.repeat(rate[:, None], metrics, axis=1))
        yield Minute(weight=np.full(runs, 0.5), requests=requests, bad=bad)


TWO = (Guardrail("errors"), Guardrail("slow", over_ms=300))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"interval_minutes": 7},
        {"interval_minutes": 5, "lookback_minutes": 9},
        {"interval_minutes": None},
        {"interval_minutes": 4, "begin_after_minutes": 6, "lifetime_minutes": 18},
        {"interval_minutes": 4, "begin_after_minutes": 6, "lookback_minutes": 30},
        {"interval_minutes": 100, "pass_score": 50, "marginal_score": 50},
    ],
)
def test_strength_reaches_one_exactly_when_a_look_fails(options):
    """Told apart from the classification of raw series in the window that the options describe."""
    runs, minutes = 60, 30
    plan = RampPlan([0.2, 0.5], minutes_per_step=15)
    judge = KayentaJudge(confidence=0.9, **options)
    watch = judge.watch(plan, runs=runs, guardrails=TWO)
    begin = options.get("begin_after_minutes", 0)
    lifetime = options.get("lifetime_minutes", minutes - begin)
    interval = min(options.get("interval_minutes", 15) or lifetime, lifetime)
    looks = [begin + k * interval for k in range(1, lifetime // interval + 1)]
    rates, before, failures = [], np.zeros((runs, 2)), 0
    for t, minute in enumerate(some_minutes(np.random.default_rng(9), minutes + 5, runs, 2, worse=1.08), start=1):
        with np.errstate(invalid="ignore"):
            rates.append(minute.bad / minute.requests[:, None])
        strength = watch.update(minute)
        if t not in looks:
            np.testing.assert_array_equal(strength, before)
            continue
        back = options.get("lookback_minutes", 0)
        window = np.stack(rates[max(t - back, 0) if back else begin :], axis=2)
        labels = np.stack(
            [
                kayenta_classify(window[:, m, :, 0], window[:, m, :, 1], confidence=0.9, direction="increase").label
                for m in range(2)
            ],
            axis=1,
        )
        score = 100 * np.mean(labels == "Pass", axis=1)
        bar = options.get("pass_score", 95) if t == looks[-1] else options.get("marginal_score", 75)
        np.testing.assert_array_equal(np.any(strength >= 1, axis=1), score < bar)
        np.testing.assert_array_equal(strength >= 1, (score < bar)[:, None] & (labels != "Pass"))
        before = strength
        failures += int((score < bar).sum())
    assert 0 < failures < runs * len(looks)
    assert np.all(strength >= 0)


def test_an_early_look_forgives_what_the_last_does_not():
    """One of four metrics fails: 75 is enough for an early look at the marginal 75, not for the last at 95."""
    guardrails = tuple(Guardrail(name) for name in "abcd")
    watch = KayentaJudge(interval_minutes=30).watch(HOUR, guardrails=guardrails)
    rng = np.random.default_rng(10)
    for t in range(1, 61):
        bad = rng.binomial(1_000, [[[0.1, 0.3], [0.1, 0.1], [0.1, 0.1], [0.1, 0.1]]])
        minute = Minute(weight=np.array([0.5]), requests=np.array([[1_000, 1_000]]), bad=bad)
        strength = watch.update(minute)
        if t == 30:
            assert strength[0].max() == 0.99
    assert (strength[0] >= 1).tolist() == [True, False, False, False]


def test_no_requests_at_all_fail_a_look():
    """As Kayenta does where half of the metrics have no data."""
    watch = KayentaJudge(interval_minutes=2).watch(HOUR)
    nothing = Minute(weight=np.array([0.5]), requests=np.array([[100, 0]]), bad=np.array([[[1, 0]]]))
    assert [watch.update(nothing)[0, 0] for _ in range(2)] == [0, 1]


def test_runs_are_judged_apart():
    rng = np.random.default_rng(11)
    minutes = list(some_minutes(rng, 30, 5, 1, worse=1.3))
    together = KayentaJudge().watch(RampPlan([0.5], minutes_per_step=30), runs=5)
    all_at_once = np.array([together.update(minute)[:, 0] for minute in minutes])
    for run in range(5):
        alone = KayentaJudge().watch(RampPlan([0.5], minutes_per_step=30))
        for t, m in enumerate(minutes):
            strength = alone.update(Minute(weight=m.weight[[run]], requests=m.requests[[run]], bad=m.bad[[run]]))
            assert strength[0, 0] == all_at_once[t, run]


def test_rollouts_end_at_looks():
    ended = simulate_many(
        Traffic(), Service(), Candidate(error_ratio=2), HOUR, KayentaJudge(interval_minutes=20), runs=50
    )
    assert set(ended.verdict) == {"FAIL"}
    assert set(ended.minutes) == {20}
    harmless = simulate_many(Traffic(), Service(), Candidate(), HOUR, KayentaJudge(), runs=500)
    assert set(harmless.minutes[harmless.verdict == "PASS"]) == {60}
    # By normal theory a metric is flagged at a look with .001, at one of four with at most .004; few are seen.
    assert binom.sf((harmless.verdict == "FAIL").sum() - 1, 500, 0.004 * 2) > RARE


# Errors


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: kayenta_classify([1.0], [1.0], direction="up"), "direction"),
        (lambda: kayenta_classify([1.0], [1.0], nan_strategy="zero"), "nan_strategy"),
        (lambda: kayenta_classify([1.0], [1.0], confidence=98), "confidence"),
        (lambda: kayenta_classify([1.0], [1.0], tolerance=1), "tolerance"),
        (lambda: kayenta_classify([1.0], [np.inf]), "candidate holds an infinite value"),
        (lambda: kayenta_classify(np.ones((2, 3)), np.ones((3, 3))), "as many runs"),
        (lambda: kayenta_classify(np.ones((2, 3, 1)), np.ones((2, 3, 1))), "shape"),
        (lambda: KayentaMetric(groups=[]), "groups"),
        (lambda: KayentaMetric(allowed_increase=0), "allowed_increase"),
        (lambda: KayentaJudge(group_weights={"a": 60, "b": 50}), "at most 100"),
        (lambda: KayentaJudge(group_weights={"a": -1}), "group_weights"),
        (lambda: KayentaJudge(pass_score=101), "pass_score"),
        (lambda: KayentaJudge(pass_score=60), "marginal_score"),
        (lambda: KayentaJudge(interval_minutes=0), "interval_minutes"),
        (lambda: KayentaJudge(lookback_minutes=-1), "lookback_minutes"),
        (lambda: KayentaJudge(lifetime_minutes=1.5), "lifetime_minutes"),
        (lambda: KayentaJudge(tolerance=0), "tolerance"),
        (lambda: KayentaJudge(metrics=[KayentaMetric()]).watch(HOUR, guardrails=TWO), "1 metrics for 2 guardrails"),
    ],
)
def test_errors_name_the_field(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_classification_has_a_frame():
    found = kayenta_classify(np.ones((3, 5)), np.full((3, 5), 2.0))
    frame = found.to_frame()
    assert frame.columns.tolist() == ["label", "lower", "estimate", "upper", "ratio", "strength"]
    assert frame.label.tolist() == ["High"] * 3


def test_judges_are_equal_by_value():
    pair = [KayentaJudge(metrics=METRICS, group_weights={"a": 40}) for _ in range(2)]
    assert pair[0] == pair[1]
    assert len(set(pair)) == 1
    assert all(a != b for a, b in itertools.combinations([KayentaMetric(), *METRICS[:2]], 2))
