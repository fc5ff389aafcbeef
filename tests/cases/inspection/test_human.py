"""People at the line, what inspection costs, and the model that stands beside them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from coursekit.cases.inspection.costs import InspectionCosts, best_threshold
from coursekit.cases.inspection.human import RESTED, Fatigue, HumanInspector, seen_share, steady
from coursekit.cases.inspection.scores import PartScores, ScoreModel

SHARES = st.floats(0, 1)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 0.9), st.floats(1, 100), st.floats(1, 300))
def test_average_attention_is_the_integral_of_attention(lost, minutes, length):
    fatigue = Fatigue(lost=lost, minutes=minutes)
    area, error = quad(lambda t: float(fatigue.attention(t)), 0, length)
    assert fatigue.average(length) == pytest.approx(area / length, abs=1e-9 + error)


def test_fatigue_stays_inside_what_the_literature_reports():
    """See (2012, 3.2.5): half of the decline within 15 minutes, over by 20 to 35; 13 to 45% lost in the field."""
    fatigue = Fatigue()
    lost = 1 - fatigue.attention([15, 35, 1e6])
    assert 0.13 <= lost[2] <= 0.45
    assert lost[0] >= lost[2] / 2
    assert lost[1] >= 0.8 * lost[2]


def test_people_who_take_breaks_find_about_what_industry_reports():
    """Juran: about 80% of the defects, with no more said than 'about': 75 to 85%."""
    assert 0.75 <= HumanInspector().recall() <= 0.85


@settings(max_examples=50, deadline=None)
@given(SHARES, st.floats(0, 3))
def test_recall_is_the_stated_one_at_the_typical_severity_and_rises_with_severity(recall, effect):
    by_severity = seen_share(recall, np.linspace(0, 1, 21), effect=effect)
    assert by_severity[10] == pytest.approx(recall, abs=1e-12)
    assert np.all(np.diff(by_severity) >= -1e-12)
    assert np.all((by_severity >= 0) & (by_severity <= 1))


def test_a_break_gives_the_attention_back():
    person = HumanInspector(break_every=60, break_minutes=10)
    assert person.minutes_since_break([0, 59, 65, 70, 129, 140]).tolist() == [0, 59, 0, 0, 59, 0]
    assert person.recall(minutes_since_break=0) == pytest.approx(0.95)


@pytest.mark.parametrize("severity", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("minute", [0.0, 20.0, 59.0])
def test_verdicts_come_at_the_stated_rates(severity, minute):
    person, n = HumanInspector(), 40_000
    defective = np.arange(n) < n // 2
    rejected = person.inspect(np.full(n, severity), defective, minute, np.random.default_rng(1))
    found = float(person.recall_of(severity, minutes_since_break=minute))
    # 5 standard deviations of a share of 20,000: at most .018
    for which, rate in ((defective, found), (~defective, person.false_reject_rate)):
        assert rejected[which].mean() == pytest.approx(rate, abs=5 * np.sqrt(rate * (1 - rate) / (n // 2)))


def test_a_shift_of_verdicts_has_the_mean_recall():
    """Parts spread evenly over the work between breaks: the closed form is their mean."""
    person, n = HumanInspector(), 100_000
    at = np.linspace(0, person.break_every, n, endpoint=False)
    found = person.inspect(np.full(n, 0.5), np.ones(n), at, np.random.default_rng(2)).mean()
    assert found == pytest.approx(person.recall(), abs=5 * np.sqrt(0.25 / n))


def test_somebody_steady_knows_neither_minutes_nor_severity():
    person = steady(0.9)
    assert person.fatigue == RESTED
    np.testing.assert_allclose(person.recall_of([0.01, 1.0], minutes_since_break=[0, 500]), 0.9)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(SHARES, min_size=1, max_size=40),
    st.floats(0.01, 1e6),
    st.floats(0.01, 1e6),
)
def test_no_set_of_rejected_parts_is_cheaper_than_the_threshold(probabilities, escape, false_reject):
    """Oracle: each part at the cheaper of its two prices."""
    p = np.array(probabilities)
    costs = InspectionCosts(escape=escape, false_reject=false_reject)
    found = best_threshold(p, costs=costs)
    least = np.minimum(p * escape, (1 - p) * false_reject).mean()
    assert found.expected_cost == pytest.approx(least, rel=1e-9, abs=1e-9)
    frame = found.to_frame()
    assert found.expected_cost <= frame["total"].min() * (1 + 1e-9) + 1e-9
    assert frame.loc[found.threshold, "total"] == pytest.approx(found.expected_cost)


def test_a_part_at_the_threshold_is_rejected():
    """Both prices are the same there; models reject from the threshold on, so the share must agree with them."""
    found = best_threshold([0.05, 0.1, 0.2], costs=InspectionCosts(escape=90, false_reject=10))
    assert found.rejected == pytest.approx(2 / 3)


def test_free_mistakes_move_the_threshold_to_its_ends():
    assert InspectionCosts(escape=0).threshold == 1
    assert InspectionCosts(false_reject=0).threshold == 0
    assert InspectionCosts(escape=0, false_reject=0).threshold == 1


def test_costs_add_up():
    costs = InspectionCosts(escape=100, false_reject=10, minute=1, audited=0.1)
    assert costs.total([1, 0], [2, 0], [3, 0], [4, 10]).tolist() == pytest.approx([123.4, 1.0])


def test_a_real_model_brings_its_own_hits():
    parts = SimpleNamespace(is_defective=np.array([True, True, False, False]), severity=np.array([0.9, 0.2, 0, 0]))
    scores = PartScores.of(lambda seen: np.array([0.7, 0.1, 0.6, 0.0]), parts, threshold=0.6)
    severity, found = scores.catches()
    assert (scores.recall, scores.false_reject_rate) == (0.5, 0.5)
    assert severity.tolist() == [0.9, 0.2]
    assert found.tolist() == [1, 0]


def test_laboratory_and_factory_are_two_places():
    assert ScoreModel(place="lab").catches()[1].mean() == pytest.approx(0.98)
    assert ScoreModel().catches()[1].mean() == pytest.approx(0.60)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: HumanInspector(recall_at_start=1.2), "recall_at_start"),
        (lambda: HumanInspector(break_every=0), "break_every"),
        (lambda: Fatigue(lost=1.0), "lost"),
        (lambda: InspectionCosts(escape=-1), "escape"),
        (lambda: best_threshold([0.5, 1.5], costs=InspectionCosts()), "probabilities"),
        (lambda: best_threshold([], costs=InspectionCosts()), "probabilities"),
        (lambda: ScoreModel(place="moon"), "place"),
        (lambda: PartScores(np.array([0.5]), np.array([True]), np.array([0.5])), "good part"),
    ],
)
def test_errors_name_the_field(make, named):
    with pytest.raises(ValueError, match=named):
        make()
