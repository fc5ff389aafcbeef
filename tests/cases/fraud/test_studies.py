"""Do the studies of the pandemic know only what could be known, and count right?"""

from __future__ import annotations

import numpy as np
import pytest

from coursekit.cases.fraud import Costs, detection_delays, refresh_costs, serve_before_shift
from coursekit.monitoring.refresh import OnDemand


@pytest.fixture(scope="module")
def served():
    return serve_before_shift(customers=500, watched=60, seed=1)


@pytest.fixture(scope="module")
def study():
    return detection_delays(seeds=[0, 1], customers=500)


def test_the_model_in_service_learnt_from_labels_that_had_arrived(served):
    newest = served.day[served.trained_on].max()
    assert newest + served.label_delay < served.first_day
    assert served.world.truth[0].start_date == served.world.start + served.shift_day


def test_labels_cannot_speak_before_they_arrive(study):
    table = study.to_frame()
    assert (study.days[study.needs_labels & ~np.isnan(study.days).all(axis=1)] >= 30).all()
    inputs = table[~table["needs_labels"]].set_index("method")
    assert inputs.loc["PSI > 0.25", "median_days"] <= 2  # tripled online purchases are plain within a day or two
    assert len(study.plot().data) == 2


def test_quiet_days_bound_the_false_alarms(study):
    assert (study.false_alarms <= study.quiet_days).all()
    assert study.to_frame()["false_alarms_30_days"].between(0, 30).all()


def test_the_bill_is_the_frauds_paid_out_and_the_honest_refused(served):
    costs = Costs(wrong_block=7_000, retraining=1_000)
    bills = refresh_costs(served, policies={"never": OnDemand([])}, costs=costs, block_above=0.4, train_duration=0)
    log, rows = served.world.log, served.day >= served.first_day
    refused = served.model.scores(served.features.values[rows]) >= 0.4
    fraud, amount = log.is_fraud[rows], log.amount[rows]
    lost = amount[fraud & ~refused].sum() + 7_000 * (refused & ~fraud).sum()
    assert bills.to_frame()["total"].tolist() == [lost]


def test_each_training_is_paid_for(served):
    policies = {"never": OnDemand([]), "twice": OnDemand([served.shift_day, served.shift_day + 40])}
    bills = refresh_costs(served, policies=policies)
    table = bills.to_frame().set_index("policy")
    assert table.loc["twice", "trainings"] == 2
    assert table.loc["twice", "retraining"] == 2 * Costs().retraining
    assert (table["total"] == table["lost"] + table["retraining"]).all()
    assert table.loc["never", "spared"] == 0
    before = [run.loss[: served.shift_day - served.first_day] for run in bills.runs.values()]
    assert np.array_equal(*before)  # until the first retraining both are one model
    assert len(bills.plot().data) == 2


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: serve_before_shift(customers=5), "customers >= 100"),
        (lambda: serve_before_shift(watched=0), "watched >= 1"),
        (lambda: detection_delays(seeds=[]), "at least one seed"),
        (lambda: detection_delays(stream="half"), "stream 'all' or 'suspected'"),
    ],
)
def test_bad_input_is_told(call, told):
    with pytest.raises(ValueError, match=told):
        call()


def test_policies_without_a_threshold_are_told(served):
    with pytest.raises(ValueError, match="block_above"):
        refresh_costs(served, block_above=0)
    with pytest.raises(ValueError, match="at least one policy"):
        refresh_costs(served, policies={})
