"""Lab 14's reference solutions and the library say the same, and what the lab tells its student is so."""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from coursekit.cases import fraud
from coursekit.classroom.judging import Student
from coursekit.monitoring.detectors import DDM, EDDM
from coursekit.monitoring.distances import Reference, hellinger, kl_divergence, total_variation
from coursekit.monitoring.refresh import Budgeted, OnDemand, Triggered

sys.path.insert(0, str(Path(__file__).parent))
from authored_notebook import authored_as

LAB = authored_as("lab14_drift")
REFERENCE = LAB.reference(math=math, np=np, pd=pd)
error_rates = st.lists(
    st.tuples(st.integers(10, 300), st.sampled_from([0.0, 0.02, 0.1, 0.3, 0.6, 1.0])), min_size=1, max_size=6
)


def _stream(pieces, seed):
    rate = np.repeat([rate for _, rate in pieces], [length for length, _ in pieces])
    return (np.random.default_rng(seed).random(rate.size) < rate).astype(int).tolist()


def _closest_ddm(errors, n_min):
    """The smallest distance of any comparison of DDM from a tie; equal by nothing but 0 = 0 is none."""
    closest, n, wrong, lowest = math.inf, 0, 0, None
    for error in errors:
        n, wrong = n + 1, wrong + error
        p = wrong / n
        s = math.sqrt(p * (1 - p) / n)
        if n < n_min:
            continue
        if lowest is None or p + s <= sum(lowest):
            lowest = (p, s)
        gaps = [p + s - lowest[0] - level * lowest[1] for level in (2, 3)]
        closest = min([closest, *(abs(gap) for gap in gaps if s > 0 or lowest[1] > 0)])
        if gaps[1] > 0:
            n, wrong, lowest = 0, 0, None
    return closest


def _closest_eddm(errors, n_min):
    """The smallest distance of any ratio of EDDM from 0.9."""
    closest, gaps, last, widest = math.inf, [], -1, 0.0
    for position in np.flatnonzero(errors):
        gaps.append(position - last)
        last = position
        width = np.mean(gaps) + 2 * np.std(gaps)
        widest = max(widest, width)
        if len(gaps) >= n_min:
            closest = min(closest, abs(width / widest - 0.9))
            if width < 0.9 * widest:
                gaps, widest = [], 0.0
    return closest


@given(pieces=error_rates, seed=st.integers(0, 10**6), n_min=st.sampled_from([1, 5, 30, 100]))
@settings(max_examples=100, deadline=None)
def test_ddm_agrees_with_the_library(pieces, seed, n_min):
    errors = _stream(pieces, seed)
    # Rates of at most thousands of elements are rounded by 1e-15; a tie may fall on either side.
    assume(_closest_ddm(errors, n_min) > 1e-12)
    warnings, drifts = REFERENCE["ddm_alarms"](errors, n_min)
    alarms = DDM(variant="paper", n_min=n_min).detect(errors)
    assert warnings == alarms.warnings.tolist()
    assert drifts == alarms.drifts.tolist()


@given(pieces=error_rates, seed=st.integers(0, 10**6), n_min=st.sampled_from([1, 5, 30, 100]))
@settings(max_examples=100, deadline=None)
def test_eddm_agrees_with_the_library(pieces, seed, n_min):
    errors = _stream(pieces, seed)
    assume(_closest_eddm(errors, n_min) > 1e-12)
    drifts = REFERENCE["eddm_drifts"](errors, n_min)
    assert drifts == EDDM(variant="paper", n_min=n_min).detect(errors).drifts.tolist()


def test_no_decision_of_the_hidden_streams_hangs_on_rounding():
    """However a student adds up, sums of thousands of elements agree within 1e-10."""
    for number, errors in enumerate(LAB.hidden_checks.error_streams()):
        assert _closest_ddm(errors, (30, 30, 100)[number % 3]) > 1e-8
        assert _closest_eddm(errors, (30, 50)[number % 2]) > 1e-8


def test_hidden_streams_show_every_behaviour():
    """Streams that stay quiet, that warn, that drift once and more than once."""
    ddm = [DDM(variant="paper").detect(errors) for errors in LAB.hidden_checks.error_streams()]
    eddm = [EDDM(variant="paper").detect(errors) for errors in LAB.hidden_checks.error_streams()]
    for counts in ([alarms.drifts.size for alarms in ddm], [alarms.drifts.size for alarms in eddm]):
        assert {0, 1} <= set(counts)
        assert max(counts) > 1
    assert sum(alarms.warnings.size > 0 for alarms in ddm) > 10


@given(
    counts=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=2, max_size=12).filter(
        lambda pairs: all(sum(side) > 0 for side in zip(*pairs, strict=True))
    )
)
@settings(max_examples=200, deadline=None)
def test_distances_agree_with_the_library(counts):
    p, q = ([count / sum(side) for count in side] for side in zip(*counts, strict=True))
    # A dozen additions, logarithms and roots; a root turns a rounding of 1e-16 near 0 into 1e-8.
    for name, exact in (("total_variation", total_variation), ("hellinger", hellinger)):
        assert REFERENCE[name](p, q) == pytest.approx(exact(p, q), abs=1e-7)
    assert REFERENCE["kl_divergence"](p, q) == pytest.approx(kl_divergence(p, q), abs=1e-9)


def test_the_library_passes_the_hidden_checks():
    """What the lab asks for is what the library does: detectors, distances, a report that names what moved."""

    def alarms(errors, n_min=30):
        found = DDM(variant="paper", n_min=n_min).detect(errors)
        return found.warnings, found.drifts

    def moved(reference, current):
        frames = (pd.DataFrame(window).infer_objects() for window in (reference, current))
        return Reference().fit(next(frames)).compare(next(frames)).drifted(fdr=0.01)

    answers = {
        "ddm_alarms": alarms,
        "eddm_drifts": lambda errors, n_min=30: EDDM(variant="paper", n_min=n_min).detect(errors).drifts,
        "kl_divergence": kl_divergence,
        "total_variation": total_variation,
        "hellinger": hellinger,
        "moved_features": moved,
    }
    for name in ("ddm", "eddm", "distances", "moved"):
        getattr(LAB.hidden_checks, f"check_{name}")(Student(answers))


def test_the_library_wins_the_refresh_game():
    """A calibrated detector within the same budget beats both baselines, as the lab's reference does."""
    policy = Budgeted(Triggered(DDM(n_min=1000, drift_level=4)), budget=LAB.hidden_checks.BUDGET)
    cost = LAB.hidden_checks.refresh_runs(policy)["cost"].mean()
    for baseline in (OnDemand([]), OnDemand([36, 72, 108, 144])):
        assert cost < LAB.hidden_checks.refresh_runs(baseline)["cost"].mean()


def test_visible_and_hidden_worlds_are_of_one_kind():
    """The student tunes on worlds drawn as those that decide; seeds alone differ."""
    names, _ = LAB.played
    for kind in fraud.ERROR_KINDS:
        for seed in (1, 2, 20_261_450):
            assert vars(names["staleness"](kind, seed)) == vars(LAB.hidden_checks.staleness(kind, seed))
    decide = REFERENCE["retrain_today"]
    ours = names["refresh_costs"](names["Asked"](decide), range(20_261_450, 20_261_456))
    theirs = LAB.hidden_checks.refresh_runs(LAB.hidden_checks.Asked(decide))
    for kind, costs in theirs.groupby("kind"):
        assert ours[kind].tolist() == costs["cost"].tolist()
    hidden = [world for world in LAB.hidden_checks.feature_worlds() if world[0] != "none"][:12]
    seeds = range(20_261_440, 20_261_452)
    for (_, *theirs), ours in zip(hidden, names["feature_worlds"](seeds, fraud.FEATURE_KINDS[1:]), strict=True):
        assert tuple(theirs) == ours


def test_the_limits_for_moved_features_are_where_the_text_says():
    """At 97% found and 1% false, a limit is passed in 0.1% of classes at most; at 5% false, in most."""
    moved = [len(world[3]) for world in LAB.hidden_checks.feature_worlds()]
    still = 12 * len(moved) - sum(moved)
    limit = binom.ppf(0.999, still, 0.01)
    assert binom.sf(limit, still, 0.01) <= 0.001
    assert binom.sf(limit, still, 0.05) > 0.95


def test_the_pencil_streams_are_as_the_comments_say():
    names, _ = LAB.played
    shares = {i: sum(names["worse"][:i]) / i for i in (48, 53, 58)}
    height = {i: p + math.sqrt(p * (1 - p) / i) for i, p in shares.items()}
    assert height[48] == pytest.approx(1 / 4 + 1 / 16)
    assert height[53] == pytest.approx(0.385, abs=0.0005)
    assert height[58] == pytest.approx(0.443, abs=0.0005)
    gaps = np.diff([-1, *np.flatnonzero(names["closer"])])
    widths = [gaps[:k].mean() + 2 * gaps[:k].std() for k in range(1, 8)]
    assert gaps.tolist() == [4, 6, 5, 1, 1, 1, 1]
    assert np.round(widths, 2).tolist() == [4.0, 7.0, 6.63, 7.74, 7.52, 7.16, 6.82]
    assert widths[-2] > 0.9 * max(widths) > widths[-1]


def test_what_is_broken_breaks_as_the_text_says():
    """The false alarms of quiet nights, the threshold that knows no sample size, labels that come later."""
    _, printed = LAB.played
    ddm, waiting, eddm = (int(share) for share in re.findall(r"(\d+)%", printed["break_the_detectors"]))
    assert waiting < ddm / 2
    assert ddm < eddm
    above = [int(share) for share in re.findall(r"(\d+)%", printed["break_the_distance_run"])]
    assert above[0] > 50
    assert above[-1] == 0
    assert above == sorted(above, reverse=True)
    rows = [
        [int(cost) for cost in re.findall(r" (\d+)(?:,|\n)", row + "\n")]
        for row in printed["break_the_policy_run"].splitlines()
    ]
    gain = [never - mine for never, _, mine in rows]
    assert gain == sorted(gain, reverse=True), "the later the labels, the less a training is worth"
    assert gain[0] > 2 * gain[-1]
