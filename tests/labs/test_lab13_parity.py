"""Lab 13's reference solutions and the library say the same, and what the lab tells its student is so."""

from __future__ import annotations

import hashlib
import math
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from coursekit.classroom.judging import CheckFailed, Student
from coursekit.deployment.rollout import ConditionalEProcess, Minute, RampPlan, RolloutController, assign

sys.path.insert(0, str(Path(__file__).parent))
from authored_notebook import authored_as

LAB = authored_as("lab13_rollout")
CHECKS = LAB.hidden_checks
RULES = {"ALPHA": CHECKS.ALPHA, "PLAN": CHECKS.PLAN, "STEP": CHECKS.SHORTEST, "PATIENCE": CHECKS.LONGEST}
REFERENCE = LAB.reference(hashlib=hashlib, math=math, np=np, pd=pd, **RULES, MARGIN=CHECKS.MARGIN)
LIBRARY_PLAN = RampPlan(CHECKS.PLAN, minutes_per_step=CHECKS.SHORTEST, patience=CHECKS.LONGEST // CHECKS.SHORTEST)

minutes = st.lists(
    st.tuples(st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.5]), st.integers(0, 300), st.integers(0, 60)),
    min_size=1,
    max_size=40,
)


def _minute(weight, counts):
    """A minute of many rollouts as the library takes it; counts are requests and bad requests of both arms."""
    return Minute(weight=weight, requests=counts[:, :2], bad=counts[:, None, 2:])


def _library(weights, counts):
    """What the library's controller answers to the records of many rollouts."""
    controller = RolloutController(LIBRARY_PLAN, evidence=ConditionalEProcess(late=0), runs=len(weights))
    for at in range(weights.shape[1]):
        controller.update(_minute(weights[:, at], counts[:, at]))
    return controller.weight.tolist()


def _reference(weights, counts):
    return LAB.solved["decide_all"](weights, counts)


@given(
    users=st.lists(st.text(min_size=1, max_size=12).filter(str.isprintable), min_size=1, max_size=40),
    weight=st.floats(0, 1),
    salt=st.sampled_from(["v2", "의도 분류", "a b"]),
)
@settings(deadline=None)
def test_routing_agrees_with_the_library(users, weight, salt):
    # The library keeps 53 of the 64 bits: another side only for a weight within 2^-53 of a place.
    ours = REFERENCE["routed"](users, list(range(len(users))), weight, salt)
    assert ours == assign(users, weight, salt=salt).tolist()


@given(known=minutes)
@settings(deadline=None)
def test_evidence_agrees_with_the_library(known):
    """Against equality for rolling back, and against each margin for going up."""
    evidence = ConditionalEProcess(late=0)
    watch = evidence.watch(LIBRARY_PLAN)
    for weight, baseline, candidate in known:
        counts = np.array([[10_000, 1_000, baseline, candidate]])
        strength = watch.update(_minute(np.array([weight]), counts))
    enough = math.log(1 / evidence.alpha)
    ours = REFERENCE["log_e_value"](*zip(*known, strict=True), evidence.ratios)
    # At most 40 * 360 logarithms of a size of 3: rounded by 1e-11.
    assert ours == pytest.approx(strength[0, 0] * math.log(1 / evidence.alpha), abs=1e-8)
    for limit in LIBRARY_PLAN.margins:
        below = limit * np.geomspace(0.5, 1, evidence.points, endpoint=False)
        shown = [REFERENCE["log_e_value"](*zip(*known[: n + 1], strict=True), below, limit) for n in range(len(known))]
        # The library drops what was shown beyond 20 times the need; the lab keeps it all.
        kept = shown[-1] - max(0.0, max(shown) - enough - math.log(20))
        if abs(kept - enough) > 1e-6:
            assert watch.allows(np.array([limit]))[0] == (kept >= enough)


def test_the_margins_are_those_of_the_plan():
    following = (*CHECKS.PLAN[1:], 1.0)
    assert LIBRARY_PLAN.margin == CHECKS.MARGIN
    assert [1 + CHECKS.MARGIN / weight for weight in following] == pytest.approx(LIBRARY_PLAN.margins)
    assert LIBRARY_PLAN.longest == CHECKS.LONGEST * len(CHECKS.PLAN)


@pytest.mark.parametrize("world", [*CHECKS.HARMLESS, *CHECKS.FROM_THE_START, *CHECKS.LATE], ids=str)
def test_the_controller_decides_as_the_library_does(world):
    """Twelve ratios in place of 24 and no test of the routing: a minute's difference, here and there."""
    ours, theirs = (CHECKS.play(ask, world, runs=30, seed=5) for ask in (_reference, _library))
    # The library asks routing at alpha = .001 as well; verdicts differ in a rollout or two at most.
    assert (ours.final != theirs.final).sum() <= 2
    assert abs(ours.minutes.mean() - theirs.minutes.mean()) < 1


def test_the_library_passes_the_hidden_checks():
    def routed(users, requests, weight, rollout):
        return assign(users, weight, salt=rollout)

    student = Student({"routed": routed, "decide_all": _library})
    for name in ("routing", "harmless", "harmful"):
        getattr(CHECKS, f"check_{name}")(student)


def test_the_rules_are_the_same_in_notebook_and_checks():
    names = LAB.solved
    assert {name: names[name] for name in RULES} == RULES
    for name in ("MARGIN", "PROMOTE_MINUTES", "HARM", "LATE_HARM"):
        assert names[name] == getattr(CHECKS, name)


@pytest.mark.parametrize("world", [{}, {"ratio": 1.5, "path": "rising"}, {"ratio": 2.0, "from_minute": 25}], ids=str)
def test_visible_and_hidden_rollouts_are_of_one_kind(world):
    """The student tunes on rollouts drawn as those that decide; seeds alone differ."""
    ours = LAB.solved["play"](_reference, 12, 99, **world)
    theirs = CHECKS.play(_reference, world, runs=12, seed=99)
    for column in ("final", "minutes", "harm"):
        assert ours[column].tolist() == getattr(theirs, column).tolist()


@pytest.mark.parametrize("steps", range(len(CHECKS.PLAN) + 1))
def test_visible_and_hidden_plans_are_the_same(steps):
    def says(rule, share, past):
        try:
            return rule(share, past)
        except CheckFailed:
            return "against the plan"

    for lasted in (1, 9, 10, 11, 39, 40, 41):
        past = np.repeat(CHECKS.PLAN[:steps], lasted).tolist()
        for share in (0, 0.6, math.nan, True, None, *CHECKS.LADDER):
            visible = says(LAB.solved["within_plan"], share, past)
            assert visible == says(CHECKS.next_share, share, past), (lasted, share)


def test_the_limit_of_false_rollbacks_is_where_the_text_says():
    """At 5% passed in 0.1% of classes at most; at 15%, which is no better than peeking three times, in most."""
    for runs in (90, 240):
        limit = binom.ppf(0.999, runs, CHECKS.ALPHA)
        assert binom.sf(limit, runs, CHECKS.ALPHA) <= 0.001
    assert binom.sf(limit, 240, 0.15) > 0.98


def test_right_answers_have_room():
    """The reference needs half of what is granted, so a valid test that is less sharp passes too."""
    for worlds, budget in ((CHECKS.FROM_THE_START, CHECKS.HARM), (CHECKS.LATE, CHECKS.LATE_HARM)):
        for world in worlds:
            assert CHECKS.play(_reference, world, runs=60, seed=8).harm.mean() < 0.6 * budget
    good = CHECKS.play(_reference, {"path": "seasonal"}, runs=60, seed=8)
    assert good.minutes[good.final == 1].mean() < 0.8 * CHECKS.PROMOTE_MINUTES
    assert (good.final == 1).mean() > 0.9


def test_the_hidden_records_show_every_behaviour():
    """Minutes without a candidate, hypotheses above 1, and evidence that no float holds but in its logarithm."""
    questions = list(CHECKS.evidence_questions())
    values = [CHECKS.log_e(*known) for _, known in questions]
    assert max(values) > 710
    assert min(values) < -745
    assert any(0.0 in known[0] for _, known in questions)
    assert {known[4] > 1 for _, known in questions} == {True, False}
    assert sum(abs(value) < 50 for value in values) > 20, "most of what a rollout meets"


def test_the_evening_of_the_first_table_misleads_when_added_up():
    names, _ = LAB.played
    table = names["table"]
    share = {arm: table[f"{arm}의 오류"] / table[f"{arm}의 요청"] for arm in ("기초선", "후보")}
    ratio = share["후보"] / share["기초선"]
    # The candidate has about 1,300 errors in all: two standard errors of a ratio of equals are 6%.
    assert ratio["모두 합쳐서"] > 1.15
    # The first step has about 50 errors of the candidate: two standard errors are 28%.
    assert (abs(ratio.drop("모두 합쳐서") - 1) < [0.28, 0.2, 0.11, 0.08]).all()


def test_what_is_broken_breaks_as_the_text_says():
    """Machines of their own mind and users who come back break the promise; counting users mends the latter."""
    _, printed = LAB.played
    calm, little, much = (int(share) for share in re.findall(r"롤백 (\d+)%", printed["break_the_machines"]))
    assert calm <= 5
    assert calm <= little < much
    assert much > 20
    requests, users = (int(share) for share in re.findall(r"롤백 (\d+)%", printed["break_the_users_run"]))
    assert requests > 20
    assert users <= 5
    slower = [int(took) for took in re.findall(r"평균 (\d+)분", printed["break_the_users_run"])]
    assert slower[0] <= slower[1]
