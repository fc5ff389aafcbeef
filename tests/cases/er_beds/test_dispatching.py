"""The same patients under other policies: what must stay, what must follow, and what must get better."""

from __future__ import annotations

import numpy as np
import pytest

from coursekit.cases import er_beds
from coursekit.cases.er_beds._following import KnownLog
from coursekit.cases.er_beds._replay import Replay

TOWN = er_beds.city(8, utilisation=0.8, seed=2)


@pytest.fixture(scope="module")
def month():
    return er_beds.simulate(TOWN, start="2019-07-01", days=30, seed=9)


@pytest.fixture(scope="module")
def model():
    log = er_beds.simulate(TOWN, days=45, seed=2)
    times = log.every(30)
    features = er_beds.point_in_time_features(log, times)
    return er_beds.AvailabilityModel(kind="logistic").fit(features, log.accepts(times).ravel())


@pytest.fixture(scope="module")
def compared(month, model):
    return er_beds.compare_policies(month, model=model)


def test_nearest_first_with_five_tries_is_the_log_itself(month):
    again = er_beds.dispatch(month, "nearest_first", tries=5).log
    for name in ("called", "arrived", "departed", "hospital", "tries", "refused_patient", "refused_minute",
                 "report_value"):  # fmt: skip
        assert np.array_equal(getattr(month, name), getattr(again, name), equal_nan=True), name


def test_every_policy_meets_the_same_patients_and_loses_none(month, compared):
    walked_in = {}
    for report in compared.reports:
        log = report.log
        assert np.array_equal(log.called, month.called) and np.array_equal(log.specialty, month.specialty)
        mine = log.ambulance & (log.called >= 0)
        assert report.transports <= mine.sum() <= report.transports + 20  # some are on the road at the end
        assert report.unplaced + ((log.hospital >= 0) & mine).sum() == report.transports
        assert report.reasons.sum() == report.refusals
        refused = np.bincount(log.refused_patient, minlength=log.called.size)[mine & (log.hospital >= 0)]
        assert np.array_equal(refused + 1, log.tries[mine & (log.hospital >= 0)])
        assert log.tries.max() <= 3
        walked_in[report.policy] = (log.hospital[~log.ambulance] >= 0).mean()
    assert len(walked_in) == 4


def test_a_screen_and_a_model_spare_refusals(compared):
    """About 3,700 transports: counts of 380 to 1,500 refusals, so a tenth less is more than two standard errors."""
    found = compared.to_frame().set_index("policy")
    refusals, minutes = found["refusals_per_1000"], found["minutes_lost"]
    assert refusals["model"] < 0.9 * refusals["nearest_reported"] < 0.45 * refusals["nearest_first"]
    assert refusals["oracle"] < 0.4 * refusals["nearest_first"]
    assert minutes["model"] < minutes["nearest_reported"] < minutes["nearest_first"]
    assert found["unplaced_share"]["model"] < 0.3 * found["unplaced_share"]["nearest_first"]


def test_what_the_control_room_knows_is_what_the_log_says_afterwards(month):
    """Small logs give the features of the whole one: nobody who left yesterday matters, nothing later is seen."""
    replay = Replay(month.city, month.demand, start=month.start, truth=month.truth, tries=5)
    known = KnownLog(replay, month)
    for minute in range(0, 1440 * 6, 410):
        replay.advance(float(minute))
        moment = month.start + np.timedelta64(minute, "m")
        small = er_beds.point_in_time_features(known.at(float(minute)), [moment])
        whole = er_beds.point_in_time_features(month, [moment])
        assert np.allclose(small.values, whole.values, equal_nan=True, rtol=0, atol=1e-9)


def test_more_tries_leave_fewer_without_a_bed(month):
    curve = er_beds.refusal_curve(month, tries=(1, 2, 3, 5, 8))
    assert (np.diff(curve.unplaced_share) < 0).all() and (np.diff(curve.refusals_per_1000) > 0).all()
    assert curve.refusals_per_1000[0] == pytest.approx(1000 * curve.unplaced_share[0])


def test_two_hospitals_with_a_pencil():
    """Each call finds the same: one bed near, always taken by the first patient; three far away."""
    stay = er_beds.StayDistribution("deterministic", 1_000.0)
    near = er_beds.Hospital("near", 0.0, 0.0, beds=1, stay=stay)
    far = er_beds.Hospital("far", 4.0, 0.0, beds=3, stay=stay)
    town = er_beds.City((near, far), transports_per_hour=0.02, side_km=0.0, minutes_per_km=3.0, refusal_minutes=5.0)
    log = er_beds.simulate(town, start="2019-03-01", days=30, seed=4)
    assert len(log.called) > 6
    assert log.hospital[:5].tolist() == [0, 1, 1, 1, -1] and log.tries[:5].tolist() == [1, 2, 2, 2, 2]
    assert np.allclose((log.arrived - log.called)[:4], [0, 17, 17, 17])
    alone = er_beds.dispatch(log, "nearest_first", tries=1).log
    assert alone.hospital[:5].tolist() == [0, -1, -1, -1, -1]


def test_the_oracle_goes_where_a_bed_is():
    """Where nobody comes in between, it is never refused as long as any bed is free."""
    stay = er_beds.StayDistribution("deterministic", 1_000.0)
    rooms = [er_beds.Hospital(str(h), float(h), 0.0, beds=4, stay=stay) for h in range(3)]
    town = er_beds.City(rooms, transports_per_hour=0.05, side_km=1.0)
    log = er_beds.dispatch(er_beds.simulate(town, days=60, seed=1), "oracle", tries=1).log
    assert (log.hospital[:12] >= 0).all() and (log.hospital[12:20] == -1).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"policy": "luck"}, "policy must be one of nearest_first"),
        ({"tries": 0}, "tries must be a whole number of at least 1"),
        ({"policy": "model"}, "policy 'model' needs model="),
        ({"model": object()}, "the others take none"),
        ({"update_minutes": 0}, "update_minutes must be a finite number above 0"),
    ],
)
def test_a_wrong_argument_is_named(month, arguments, message):
    with pytest.raises(ValueError, match=message):
        er_beds.dispatch(month, **({"policy": "nearest_first"} | arguments))


def test_a_log_without_its_end_is_refused(month):
    with pytest.raises(ValueError, match=r"was cut by until\(\)"):
        er_beds.dispatch(month.until("2019-07-10"), "nearest_first")
    with pytest.raises(ValueError, match="at least one"):
        er_beds.refusal_curve(month, tries=())
    with pytest.raises(ValueError, match="at least one"):
        er_beds.compare_policies(month, policies=())
