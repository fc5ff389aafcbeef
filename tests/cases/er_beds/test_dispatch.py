"""Ambulances held against formulas and against a second, plain way of choosing where they go."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest

from coursekit.cases import er_beds
from coursekit.cases.er_beds.erlang import erlang_b

TOWN = er_beds.city(6, utilisation=0.85, seed=3)
AT_ONCE = replace(TOWN, refusal_minutes=0.0)
BEDS = (40, 34, 14, 35, 22, 27, 44, 14, 18, 16)  # 264


class Fixed:
    """A model that gives every hospital its own constant probability, and keeps what it was shown."""

    def __init__(self, *chance: float) -> None:
        self.chance, self.seen = np.array(chance), []

    def predict_proba(self, features: er_beds.BedFeatures) -> np.ndarray:
        self.seen.append(features)
        return self.chance[features.hospital]


@pytest.fixture(scope="module")
def week():
    return er_beds.simulate(TOWN, start="2019-07-01", days=6, seed=5)


@pytest.fixture(scope="module")
def followed(week):
    model = Fixed(0.9, 0.5, 0.7, 0.3, 0.8, 0.6)
    return model, er_beds.dispatch(week, "model", model=model)


@pytest.fixture(scope="module")
def reports(week, followed):
    others = er_beds.compare_policies(week, policies=("nearest_first", "nearest_reported", "oracle")).reports
    return {report.policy: report for report in (*others, followed[1])}


def stops_of(log):
    """Each ambulance's doors in order: (patient, [(hospital, minute, taken)])."""
    rows = [
        (int(p), float(m), int(h), False)
        for p, m, h in zip(log.refused_patient, log.refused_minute, log.refused_hospital, strict=True)
        if log.ambulance[p]
    ]
    rows += [
        (int(p), float(log.arrived[p]), int(log.hospital[p]), True)
        for p in np.flatnonzero(log.ambulance & (log.hospital >= 0))
    ]
    for patient, group in groupby(sorted(rows), key=lambda row: row[0]):
        yield patient, [(hospital, minute, taken) for _, minute, hospital, taken in group]


def decisions(log):
    """Each choice: patient, moment, minutes of the way to every hospital, doors asked before, choice.

    After a refusal the next hospital is chosen at once; the minutes at the closed door pass afterwards.
    """
    city = log.city
    x, y = (np.array([getattr(h, name) for h in city.hospitals]) for name in ("x_km", "y_km"))
    for patient, stops in stops_of(log):
        place, now, asked = (log.demand.x_km[patient], log.demand.y_km[patient]), log.called[patient], []
        for hospital, minute, _ in stops:
            yield patient, now, city.travel_minutes(*place)[0], list(asked), hospital
            asked.append(hospital)
            place, now = (x[hospital], y[hospital]), minute


def nearest(minutes, open_doors, asked):
    """The nearest untried hospital of those with an open door, else the nearest untried one."""
    untried = [h for h in range(len(minutes)) if h not in asked]
    wanted = [h for h in untried if open_doors[h]] or untried
    return min(wanted, key=lambda h: minutes[h])


@pytest.mark.parametrize("shape", ["exponential", "deterministic"])
def test_one_try_is_ten_small_rooms_and_ten_tries_are_one_large_room(shape):
    """Both ends of the curve are Erlang's formula, whatever the shape of the stay.

    With one try each hospital is a loss system of its own with its tenth of the calls (the city is cut
    into ten equal rectangles, each with its hospital in the middle); with ten tries and no time lost on
    the road all are one loss system. The standard error comes from the spread over forty batches of five
    days, many times the mean stay of 6.7 hours; four of them, since two ends and two shapes are looked at.
    """
    load, stay = 264.4, er_beds.StayDistribution(shape, 6.7)
    rooms = [
        er_beds.Hospital(str(h), 2.0 + 4 * (h % 5), 5.0 + 10 * (h // 5), beds=beds, stay=stay)
        for h, beds in enumerate(BEDS)
    ]
    city = er_beds.City(
        rooms, transports_per_hour=load / 6.7, minutes_per_km=1e-6, refusal_minutes=0.0, steady=True
    )  # fmt: skip
    log = er_beds.simulate(city, days=200, seed=1)
    expected = {1: np.mean([erlang_b(load / 10, beds) for beds in BEDS]), 10: erlang_b(load, sum(BEDS))}
    shares = []
    for tries in (1, 2, 3, 5, 10):
        report = er_beds.dispatch(log, "nearest_first", tries=tries)
        shares.append(report.unplaced_share)
        if tries in expected:
            inside = report.log.called >= 0
            batch = (report.log.called[inside] // 7200).astype(int)
            lost, calls = np.bincount(batch, report.log.hospital[inside] < 0), np.bincount(batch)
            rest = lost - shares[-1] * calls
            error = rest.std(ddof=1) / np.sqrt(len(calls)) / calls.mean()
            assert abs(shares[-1] - expected[tries]) < 4 * error < 0.01, tries
    assert (np.diff(shares) < 0).all()


def test_the_model_sees_at_each_tick_what_the_finished_log_says_of_it(followed):
    model, report = followed
    times = np.array([features.time[0] for features in model.seen])
    assert np.array_equal(times, report.log.start + np.arange(0, 1440 * 6, 10).astype("timedelta64[m]"))
    shown = np.concatenate([features.values for features in model.seen])
    afterwards = er_beds.point_in_time_features(report.log, times).values
    assert np.array_equal(shown, afterwards, equal_nan=True)


def test_an_ambulance_follows_minutes_over_probability(followed):
    """(minutes + refusal minutes) / p among hospitals whose specialist was on duty at the last tick."""
    model, report = followed
    duty = {name: report.log.demand.duty[:, s] for s, name in enumerate(er_beds.SPECIALTIES)}
    checked = 0
    for patient, now, minutes, asked, choice in decisions(report.log):
        if now < 0:
            continue
        shift = int((10 * (now // 10) - report.log.demand.first_shift) // 720)
        there = duty[er_beds.SPECIALTIES[report.log.specialty[patient]]][:, shift]
        cost = (minutes + TOWN.refusal_minutes) / model.chance
        cost[~there] = minutes[~there]  # where no specialist is left to ask, the nearest
        assert choice == nearest(cost, there, asked)
        checked += 1
    assert checked > 300


def test_a_reading_ambulance_takes_the_nearest_that_reported_beds(reports):
    log = reports["nearest_reported"].log
    ticks = log.start + np.arange(0, 1440 * log.days, 10).astype("timedelta64[m]")
    left = log.reported(ticks).value
    duty = np.stack([log.on_duty(ticks, specialty=name) for name in er_beds.SPECIALTIES])
    checked = 0
    for patient, now, minutes, asked, choice in decisions(log):
        if now < 0:
            continue
        tick = int(now // 10)
        assert choice == nearest(minutes, (left[tick] > 0) & duty[log.specialty[patient], tick], asked)
        checked += 1
    assert checked > 300


def test_the_oracle_takes_the_nearest_door_that_opens_unless_somebody_comes_first(week):
    """Exactly: a bed free on arrival if of those present now only the known departures happen, and a specialist then.

    So where such a door exists, a refusal means that somebody arrived there in between. No minutes pass at
    closed doors here, so that the moment of choice is the moment of departure.
    """
    log = er_beds.dispatch(replace(week, city=AT_ONCE), "oracle").log
    on_duty, first_shift = log.demand.duty, log.demand.first_shift
    beaten = 0
    refused_at = set(zip(log.refused_patient.tolist(), log.refused_hospital.tolist(), strict=True))
    for patient, now, minutes, asked, choice in decisions(log):
        there = (log.arrived <= now) & (log.hospital >= 0)
        opens = np.empty(len(minutes), bool)
        for h, way in enumerate(minutes):
            staying = (there & (log.hospital == h) & (log.departed > now + way)).sum()
            shift = int((now + way - first_shift) // 720)
            opens[h] = staying < TOWN.hospitals[h].beds and on_duty[h, log.specialty[patient], shift]
        assert choice == nearest(minutes, opens, asked)
        if opens[choice] and (patient, choice) in refused_at:
            came = (log.hospital == choice) & (log.arrived > now) & (log.arrived < now + minutes[choice])
            assert came.any()
            beaten += 1
    assert beaten > 0


@pytest.mark.parametrize("scenario", ["normal", "covid"])
def test_no_hospital_takes_more_than_it_has(scenario):
    """An ambulance finds fewer patients than beds (with those that wards lend), a walk-in than beds and corridor."""
    log = er_beds.simulate(TOWN, days=9, scenario=scenario, seed=7)
    overflow = np.array([hospital.overflow for hospital in TOWN.hospitals])
    lent_used = False
    for policy, town in (("nearest_first", TOWN), ("nearest_reported", TOWN), ("oracle", TOWN)):
        played = er_beds.dispatch(replace(log, city=town), policy, tries=6).log
        for h, beds in enumerate(TOWN.beds):
            mine = np.flatnonzero(played.hospital == h)
            came = played.arrived[mine]
            before = np.searchsorted(np.sort(came), came) - np.searchsorted(
                np.sort(played.departed[mine]), came, "right"
            )
            room = beds + np.where(came >= log.lent_from, log.lent[h], 0)
            lent_used |= bool((played.ambulance[mine] & (before >= beds)).any())
            assert (before < room + np.where(played.ambulance[mine], 0, overflow[h])).all()
    assert lent_used == (scenario == "covid")


def test_every_patient_asks_each_door_once_and_is_taken_at_most_once(reports):
    for report in reports.values():
        for patient, stops in stops_of(report.log):
            hospitals, taken = [hospital for hospital, _, _ in stops], [taken for _, _, taken in stops]
            assert len(set(hospitals)) == len(hospitals) == report.log.tries[patient] <= 3
            assert not any(taken[:-1])
            assert taken[-1] == (report.log.hospital[patient] >= 0)


def test_the_report_counts_what_a_plain_loop_counts(reports):
    for report in reports.values():
        log, reasons, minutes, lost, unplaced = report.log, np.zeros((3, 2), int), [], [], 0
        why = {
            (int(p), int(h)): int(r)
            for p, h, r in zip(log.refused_patient, log.refused_hospital, log.refused_reason, strict=True)
        }
        for patient, stops in stops_of(log):
            if log.called[patient] < 0 or (not stops[-1][2] and len(stops) < 3):
                continue
            for number, (hospital, _, taken) in enumerate(stops):
                if not taken:
                    reasons[number, why[patient, hospital]] += 1
            if stops[-1][2]:
                minutes.append(stops[-1][1] - log.called[patient])
                way = TOWN.travel_minutes(log.demand.x_km[patient], log.demand.y_km[patient])
                lost.append(minutes[-1] - way.min())
            else:
                unplaced += 1
        assert np.array_equal(report.reasons, reasons) and report.unplaced == unplaced
        assert report.transports == len(minutes) + unplaced and report.refusals == reasons.sum()
        assert report.mean_minutes == pytest.approx(np.mean(minutes), rel=1e-12)
        assert report.minutes_lost == pytest.approx(np.mean(lost), rel=1e-12)
        assert min(lost) > -1e-9


@pytest.mark.parametrize(
    ("policy", "chance", "pencil"),
    [
        ("nearest_first", None, [0, 17, 17, 17]),  # a closed door near, 5 minutes, 12 on the road
        ("oracle", None, [0, 12, 12, 12]),
        ("model", (0.5, 0.9), [0, 17, 17, 17]),  # 5 / .5 = 10 < 17 / .9: near first
        ("model", (0.2, 0.9), [12, 12, 12, 29]),  # 5 / .2 = 25 > 17 / .9: far first; the fourth comes back
    ],
)
def test_two_hospitals_with_a_pencil(policy, chance, pencil):
    """All call at the near door; one bed there, three beds 4 km away at 3 minutes each; nobody leaves in time."""
    stay = er_beds.StayDistribution("deterministic", 2_000.0)
    near = er_beds.Hospital("near", 0.0, 0.0, beds=1, stay=stay)
    far = er_beds.Hospital("far", 4.0, 0.0, beds=3, stay=stay)
    town = er_beds.City((near, far), transports_per_hour=0.02, side_km=0.0, minutes_per_km=3.0, refusal_minutes=5.0)
    drawn = er_beds.simulate(town, days=20, seed=1)
    calls = 100.0 + 300.0 * np.arange(drawn.demand.called.size)  # far enough apart that nobody meets on the road
    log = replace(drawn, demand=replace(drawn.demand, called=calls))
    assert calls.size >= 6 and calls[-1] < 1440 * 20 - 60
    report = er_beds.dispatch(log, policy, tries=2, model=None if chance is None else Fixed(*chance))
    assert np.allclose((report.log.arrived - report.log.called)[:4], pencil)
    assert report.unplaced == report.transports - 4
    closed = sum(minutes in (17, 29) for minutes in pencil) + 2 * report.unplaced
    assert report.refusals == closed == report.reasons[:, 0].sum()
    assert report.mean_minutes == pytest.approx(np.mean(pencil)) == report.minutes_lost
