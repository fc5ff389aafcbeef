"""Pooled tests against textbook formulas, published boundaries, integrals and simulated rollouts."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom, chi2_contingency, hypergeom, multivariate_normal, norm

from coursekit.deployment.rollout.boundaries import spending_boundaries
from coursekit.deployment.rollout.evidence import Guardrail, Minute
from coursekit.deployment.rollout.plan import RampPlan
from coursekit.deployment.rollout.pooled import MSPRT, OBrienFleming, PooledZ
from coursekit.deployment.rollout.simulation import simulate_many
from coursekit.deployment.rollout.stratified import StratifiedMixture, log_normal_mixture
from coursekit.deployment.rollout.traffic import Candidate, Service, Traffic

FIXED = RampPlan([0.05], minutes_per_step=60, patience=1)
RAMP = RampPlan([0.05, 0.10, 0.25, 0.50])
SHORT = RampPlan([0.1, 0.5], minutes_per_step=3)
EVERY = [PooledZ(), PooledZ(looks="every minute"), OBrienFleming(), MSPRT(), StratifiedMixture()]

# A check of a rate fails by chance once in a million runs, by the exact binomial distribution.
RARE = 1e-6


def told(*minutes, metrics=1):
    """Minutes of one rollout from (baseline requests, candidate requests, baseline bad, candidate bad)."""
    return [
        Minute(weight=np.array([n1 / (n0 + n1)]), requests=np.array([[n0, n1]]), bad=np.array([[[b0, b1]] * metrics]))
        for n0, n1, b0, b1 in minutes
    ]


def strengths(evidence, minutes, plan=SHORT, **options):
    watch = evidence.watch(plan, **options)
    return [watch.update(minute)[0, 0] for minute in minutes]


def some_minutes(seed=0, count=SHORT.minutes):
    rng = np.random.default_rng(seed)
    weights = np.resize(SHORT.schedule(), count)
    return [
        (n0 := int(rng.poisson(2_000 * (1 - w))), n1 := int(rng.poisson(2_000 * w)), rng.binomial(n0, 0.02),
         rng.binomial(n1, 0.03))
        for w in weights
    ]  # fmt: skip


def textbook_p(minutes):
    """One-sided p-value of the summed counts, by the chi-squared test of a table without correction."""
    n0, n1, b0, b1 = np.sum(minutes, axis=0)
    p = chi2_contingency([[b0, n0 - b0], [b1, n1 - b1]], correction=False).pvalue / 2
    return p if b1 / n1 > b0 / n0 else 1 - p


# Boundaries


def test_boundaries_are_those_of_gsdesign():
    """Published to three decimals: gsDesign(k=5, test.type=1, sfu=sfLDOF, alpha=.025)."""
    found = spending_boundaries([0.2, 0.4, 0.6, 0.8, 1.0], 0.025)
    np.testing.assert_allclose(found, [4.877, 3.357, 2.680, 2.290, 2.031], atol=0.0005 + 1e-9)


@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.3])
def test_a_single_look_needs_no_correction(alpha):
    assert spending_boundaries([1.0], alpha)[0] == pytest.approx(norm.isf(alpha), abs=1e-8)


@pytest.mark.parametrize("information", [(0.5, 1.0), (0.1, 0.15, 1.0), (0.3, 0.6, 0.7, 1.0)])
def test_boundaries_keep_alpha_by_the_multivariate_normal(information):
    """The probability to stay below every boundary is one integral; scipy's is good to about 1e-5."""
    t = np.array(information)
    correlation = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    below = multivariate_normal(cov=correlation, seed=0, abseps=1e-7, releps=1e-7, maxpts=10**5)
    for alpha in (0.025, 0.2):
        assert below.cdf(spending_boundaries(t, alpha)) == pytest.approx(1 - alpha, abs=2e-5)


@pytest.mark.parametrize("plan", [FIXED, RAMP], ids=["equal steps", "steps of a ramp"])
def test_brownian_motion_spends_what_it_was_granted(plan):
    """60 looks at 100,000 paths: what has crossed by 1/3, 2/3 and the end of the looks, within binomial limits."""
    alpha, paths = 0.05, 100_000
    t = OBrienFleming().information(plan)
    z = spending_boundaries(t, alpha)
    rng = np.random.default_rng(1)
    motion, crossed, share = np.zeros(paths), np.zeros(paths, dtype=bool), []
    for now, step, bar in zip(t, np.diff(t, prepend=0), z, strict=True):
        motion += rng.normal(0, math.sqrt(step), paths)
        crossed |= motion >= bar * math.sqrt(now)
        share.append(crossed.sum())
    for look in (40, 50, 60):
        granted = 2 * norm.sf(norm.isf(alpha / 2) / math.sqrt(t[look - 1]))
        assert binom.ppf(RARE, paths, granted) <= share[look - 1] <= binom.isf(RARE, paths, granted)


def test_more_looks_do_not_spend_more():
    """An early look that is granted next to nothing leaves the last boundary where it was."""
    with_it, without = spending_boundaries([0.05, 0.5, 1.0], 0.05), spending_boundaries([0.5, 1.0], 0.05)
    np.testing.assert_allclose(with_it[1:], without, atol=1e-8)


@settings(max_examples=40, deadline=None)
@given(alpha=st.floats(0.001, 0.4), times=st.floats(1.2, 2))
def test_a_smaller_alpha_hangs_every_bar_higher(alpha, times):
    shares = [0.2, 0.5, 0.6, 1.0]
    assert np.all(spending_boundaries(shares, alpha / times) > spending_boundaries(shares, alpha))


@pytest.mark.parametrize("information", [[], [0.5, 0.5], [0.0, 1.0], [0.5, 1.2], ["a"], [float("nan")], [1.0, 0.5]])
def test_information_must_rise(information):
    with pytest.raises(ValueError, match="spending_boundaries: information"):
        spending_boundaries(information, 0.05)


# z tests


def test_every_minute_is_the_textbook_test_of_the_sums():
    minutes = some_minutes()
    found = strengths(PooledZ(looks="every minute", alpha=0.03), told(*minutes))
    wanted = [math.log(textbook_p(minutes[: k + 1])) / math.log(0.03) for k in range(len(minutes))]
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_the_end_is_one_look_and_its_result_stays():
    minutes = some_minutes(count=9)
    found = strengths(PooledZ(), told(*minutes))
    wanted = math.log(textbook_p(minutes[:6])) / math.log(0.05)
    np.testing.assert_allclose(found, [0] * 5 + [wanted] * 4, rtol=1e-9)


@pytest.mark.parametrize("clock", ["information", "minutes"])
def test_obrien_fleming_alarms_where_z_passes_the_boundary(clock):
    """At 1 lies the boundary; elsewhere the logarithms of both p-values are compared."""
    minutes = some_minutes(seed=3, count=9)
    t = {"minutes": np.arange(1, 7) / 6, "information": planned(SHORT)}[clock]
    bars = spending_boundaries(t, 0.05)
    wanted = [math.log(textbook_p(minutes[: k + 1])) / norm.logsf(bars[k]) for k in range(6)]
    found = strengths(OBrienFleming(clock=clock), told(*minutes))
    np.testing.assert_allclose(found, wanted + [wanted[-1]] * 3, rtol=1e-8)


def planned(plan):
    """Inverse variance of a difference of means, for a request a minute, as a share of the last."""
    w = plan.schedule()
    known = np.array([1 / (1 / w[:k].sum() + 1 / (1 - w[:k]).sum()) for k in range(1, w.size + 1)])
    return known / known[-1]


def test_information_is_the_minutes_under_a_fixed_weight_and_later_under_a_ramp():
    minutes = np.arange(1, 61) / 60
    np.testing.assert_allclose(OBrienFleming().information(FIXED), minutes)
    np.testing.assert_allclose(OBrienFleming().information(RAMP), planned(RAMP))
    assert np.all(OBrienFleming().information(RAMP)[:-1] < minutes[:-1])


# Mixtures


def log_integral(score, information, spread):
    """The mixture by numerical integration over the half-normal effect."""
    peak = max(score * spread**2 / (1 + information * spread**2), 0)
    width = spread / math.sqrt(1 + information * spread**2)
    value, _ = quad(
        lambda d: math.exp(d * score - d * d * information / 2 - peak * score + peak**2 * information / 2)
        * 2 * norm.pdf(d, scale=spread),
        0, peak + 12 * width, points=[peak] if peak else None, limit=200, epsabs=0, epsrel=1e-10,
    )  # fmt: skip
    return math.log(value) + peak * score - peak**2 * information / 2


@pytest.mark.parametrize("spread", [0.1, 0.5, 2.0])
@pytest.mark.parametrize(("score", "information"), [(0, 0), (30, 50), (-20, 50), (3, 1_000), (400, 1_000), (-2, 0.5)])
def test_the_mixture_is_its_integral(score, information, spread):
    assert log_normal_mixture(score, information, spread) == pytest.approx(
        log_integral(score, information, spread), abs=1e-7
    )


@pytest.mark.parametrize("information", [0.1, 3.0, 40.0])
def test_the_mixture_is_a_fair_bet(information):
    """Without an effect the score is normal with mean 0, and the expected likelihood ratio is 1."""
    root = math.sqrt(information)
    mean, _ = quad(
        lambda z: math.exp(float(log_normal_mixture(z * root, information, 0.5)) + norm.logpdf(z)), -30, 60, limit=500
    )
    assert mean == pytest.approx(1, abs=1e-6)


def test_msprt_mixes_the_normal_likelihood_of_the_pooled_difference():
    """From the difference and its plug-in variance, with a half-normal mixture of spread times the pooled rate."""
    minutes, spread, alpha = some_minutes(), 0.7, 0.02
    found = strengths(MSPRT(spread=spread, alpha=alpha), told(*minutes))
    for k, strength in enumerate(found):
        n0, n1, b0, b1 = np.sum(minutes[: k + 1], axis=0)
        rate = (b0 + b1) / (n0 + n1)
        difference, variance = b1 / n1 - b0 / n0, rate * (1 - rate) * (1 / n0 + 1 / n1)
        wanted = log_integral(difference / variance, 1 / variance, spread * rate)
        assert strength * math.log(1 / alpha) == pytest.approx(wanted, abs=1e-6)


def test_strata_are_hypergeometric():
    minutes, spread, alpha = some_minutes(), 0.3, 0.1
    found = strengths(StratifiedMixture(spread=spread, alpha=alpha), told(*minutes))
    excess = variance = 0.0
    for (n0, n1, b0, b1), strength in zip(minutes, found, strict=True):
        chance = hypergeom(n0 + n1, b0 + b1, n1)
        excess, variance = excess + b1 - chance.mean(), variance + chance.var()
        assert strength * math.log(1 / alpha) == pytest.approx(log_integral(excess, variance, spread), abs=1e-6)


def test_a_ramp_and_a_shared_rise_fool_sums_and_not_strata():
    """Both arms have exactly the same bad rate in each minute: 1% at a weight of .1, then 3% at .5."""
    same = told(*[(9_000, 1_000, 90, 10)] * 3, *[(5_000, 5_000, 150, 150)] * 3)
    assert all(strengths(evidence, same)[-1] > 5 for evidence in EVERY[:4])
    assert max(strengths(StratifiedMixture(), same)) < 0


# What all share


@pytest.mark.parametrize("evidence", EVERY, ids=lambda e: e.name)
def test_one_is_the_limit_of_each_guardrail(evidence):
    """A guardrail with half of alpha is judged as one that is alone and has half of alpha."""
    minutes = some_minutes(seed=5)
    guardrails = (Guardrail("errors", share=2), Guardrail("slow", over_ms=300), Guardrail("empty"))
    watch = evidence.watch(SHORT, guardrails=guardrails)
    alone = [type(evidence)(alpha=alpha, **options(evidence)).watch(SHORT) for alpha in (0.025, 0.0125, 0.0125)]
    for several, one in zip(told(*minutes, metrics=3), told(*minutes), strict=True):
        np.testing.assert_allclose(watch.update(several)[0], [w.update(one)[0, 0] for w in alone], rtol=1e-9)


def options(evidence):
    return {name: value for name, value in vars(evidence).items() if name != "alpha"}


@pytest.mark.parametrize("evidence", EVERY, ids=lambda e: e.name)
def test_rollouts_side_by_side_do_not_touch(evidence):
    one, other = told(*some_minutes(seed=1)), told(*some_minutes(seed=2))
    together = evidence.watch(SHORT, runs=2)
    for k in range(SHORT.minutes):
        parts = (one[k], other[k])
        both = Minute(*(np.concatenate([getattr(m, part) for m in parts]) for part in ("weight", "requests", "bad")))
        wanted = [strengths(evidence, minutes[: k + 1])[-1] for minutes in (one, other)]
        np.testing.assert_allclose(together.update(both)[:, 0], wanted, rtol=1e-9)


@pytest.mark.parametrize("evidence", EVERY, ids=lambda e: e.name)
@pytest.mark.parametrize("minute", [(0, 0, 0, 0), (100, 0, 5, 0), (0, 1, 0, 1), (90, 10, 0, 0), (90, 10, 90, 10)])
def test_minutes_without_information_say_nothing(evidence, minute):
    """No requests, one arm only, nothing bad, everything bad: finite, no alarm, no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = strengths(evidence, told(minute, *[minute] * 5)) if sum(minute[:2]) else strengths(evidence, empty())
    assert np.all(np.isfinite(found))
    assert max(found) < 1


def empty():
    return [Minute(np.array([0.1]), np.zeros((1, 2)), np.zeros((1, 1, 2)))] * 6


@pytest.mark.parametrize("evidence", EVERY, ids=lambda e: e.name)
def test_none_shows_that_a_candidate_is_no_worse(evidence):
    """They take the absence of an alarm for consent."""
    watch = evidence.watch(SHORT, runs=2)
    assert watch.allows(np.array([1.25, 3.0])).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PooledZ(looks="hourly"), "PooledZ: looks must be 'end' or 'every minute'"),
        (lambda: OBrienFleming(clock="requests"), "OBrienFleming: clock must be 'information' or 'minutes'"),
        (lambda: MSPRT(spread=0), "MSPRT: spread must be a finite number above 0"),
        (lambda: StratifiedMixture(spread=-1), "StratifiedMixture: spread must be a finite number above 0"),
        (lambda: MSPRT(alpha=0), "MSPRT: alpha must lie between 0 and 1"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# Rollouts of a candidate that equals the baseline


def false_rollbacks(evidence, plan, path, *, runs=1_000):
    ended = simulate_many(Traffic(), Service(path=path), Candidate(), plan, evidence, runs=runs, seed=7)
    return int(np.sum(ended.verdict == "FAIL")), runs


@pytest.mark.parametrize("plan", [FIXED, RAMP], ids=["fixed", "ramp"])
@pytest.mark.parametrize("evidence", [PooledZ(), OBrienFleming()], ids=lambda e: e.name)
def test_on_a_flat_baseline_planned_looks_keep_alpha(evidence, plan):
    """Both spend all of alpha. The candidate's 300 bad requests are skewed by 1/sqrt(300) = .058, which adds
    .058 (z^2 - 1) / 6 * pdf(z) = .0017 to a tail of .05 (Edgeworth); .004 are granted."""
    count, runs = false_rollbacks(evidence, plan, "flat")
    assert binom.ppf(RARE, runs, 0.05) <= count <= binom.isf(RARE, runs, 0.054)


def test_a_clock_of_minutes_costs_some_of_the_guarantee_under_a_ramp():
    """Information comes late in a ramp, so looks are less alike than the clock believes. Same seed, same worlds;
    the share of a Brownian motion that crosses is computed, not simulated, in what follows."""
    t, bars = planned(RAMP), spending_boundaries(np.arange(1, 61) / 60, 0.05)
    rng, paths = np.random.default_rng(2), 20_000
    motion = np.cumsum(rng.normal(0, np.sqrt(np.diff(t, prepend=0)), (paths, 60)), axis=1)
    crossing = np.mean((motion >= bars * np.sqrt(t)).any(axis=1))
    count, runs = false_rollbacks(OBrienFleming(clock="minutes"), RAMP, "flat")
    assert crossing > 0.06
    # Two estimates with errors: the paths' is a third of the rollouts', so .004 covers two thirds of its errors.
    assert binom.ppf(RARE, runs, crossing - 0.004) <= count <= binom.isf(RARE, runs, crossing + 0.004)


@pytest.mark.parametrize("plan", [FIXED, RAMP], ids=["fixed", "ramp"])
def test_peeking_spends_alpha_many_times_over(plan):
    """A Brownian motion that is compared with 1.645 at each of 60 equal steps crosses with probability .29."""
    count, runs = false_rollbacks(PooledZ(looks="every minute"), plan, "flat")
    assert count >= binom.ppf(RARE, runs, 0.28)


@pytest.mark.parametrize("evidence", EVERY[:4], ids=lambda e: e.name)
def test_a_ramp_on_a_rising_baseline_breaks_every_pooled_test(evidence):
    count, runs = false_rollbacks(evidence, RAMP, "rising", runs=300)
    assert count >= 0.97 * runs


@pytest.mark.parametrize(("plan", "path"), [(FIXED, "flat"), (RAMP, "flat"), (FIXED, "rising"), (RAMP, "rising")])
def test_strata_keep_alpha_everywhere(plan, path):
    count, runs = false_rollbacks(StratifiedMixture(), plan, path)
    assert count <= binom.isf(RARE, runs, 0.035)


@pytest.mark.parametrize("plan", [FIXED, RAMP], ids=["fixed", "ramp"])
def test_msprt_keeps_alpha_on_a_flat_baseline(plan):
    count, runs = false_rollbacks(MSPRT(), plan, "flat")
    assert count <= binom.isf(RARE, runs, 0.04)
