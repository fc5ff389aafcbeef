"""Does the compiled loop do what a plain list of events says, and does the log answer for any moment?"""

from __future__ import annotations

import heapq
import math
from dataclasses import replace

import numpy as np
import pytest

from coursekit.cases.er_beds import SPECIALTIES, City, Hospital, StayDistribution, city, routes, simulate, single

COLUMNS = ("called", "arrived", "departed", "hospital", "ambulance", "specialty", "tries",
           "refused_patient", "refused_hospital", "refused_minute", "refused_reason",
           "report_hospital", "report_minute", "report_value", "report_entered")  # fmt: skip


def _hours(stay: StayDistribution, exponential: float, normal: float) -> float:
    spread = {"lognormal": 0.8, "near_fixed": 2 / 36, "mixed": 0.6}.get(stay.shape)
    if stay.shape == "exponential":
        return stay.mean_hours * exponential
    if stay.shape == "deterministic":
        return stay.mean_hours
    if stay.shape == "near_fixed":
        return max(0.0, stay.mean_hours * (1 + spread * normal))
    part = stay.mean_hours
    if stay.shape == "mixed":
        part *= 2.5 if math.exp(-exponential) < 0.25 else 0.5
    return part * math.exp(spread * normal - spread**2 / 2)


def _plain(log):
    """The same world from one list of events and Python's own heap."""
    town, demand = log.city, log.demand
    doors = [(h.x_km, h.y_km) for h in town.hospitals]
    events, number = [], 0

    def plan(minute, kind, *what):
        nonlocal number
        number += 1
        order = {"leave": 0, "report": 1, "arrive": 2, "call": 3}[kind]
        heapq.heappush(events, (minute, order, what if kind == "arrive" else (), number, kind, what))

    for patient, minute in enumerate(demand.called):
        plan(minute, "call", patient)
    for report, minute in enumerate(demand.report_minute):
        plan(minute, "report", report)
    inside = [0] * len(doors)
    taken, refused, reports = {}, [], {}
    tried = [set() for _ in demand.called]

    def capacity(h, now):
        return town.hospitals[h].beds + (log.lent[h] if now >= log.lent_from else 0)

    def drive(patient, x, y, now):
        ways = [
            (town.minutes_per_km * math.hypot(hx - x, hy - y), h)
            for h, (hx, hy) in enumerate(doors)
            if h not in tried[patient]
        ]
        minutes, h = min(ways)
        plan(now + minutes, "arrive", patient, h)

    while events and events[0][0] <= 1440 * log.days:
        now, _, _, _, kind, what = heapq.heappop(events)
        if kind == "leave":
            inside[what[0]] -= 1
        elif kind == "report":
            h = demand.report_hospital[what[0]]
            reports[what[0]] = town.hospitals[h].beds - inside[h] if demand.report_entered[what[0]] else -1
        elif kind == "call" and demand.home[what[0]] < 0:
            drive(what[0], demand.x_km[what[0]], demand.y_km[what[0]], now)
        else:
            patient = what[0]
            walks = kind == "call"
            h = int(demand.home[patient]) if walks else what[1]
            shift = int((now - demand.first_shift) // 720)
            fit = walks or demand.duty[h, demand.specialty[patient], shift]
            room = capacity(h, now) + (town.hospitals[h].overflow if walks else 0)
            tried[patient].add(h)
            if inside[h] < room and fit:
                inside[h] += 1
                leaves = now + 60 * _hours(town.hospitals[h].stay, demand.exponential[patient], demand.normal[patient])
                taken[patient] = (h, now, leaves)
                plan(leaves, "leave", h)
            else:
                refused.append((patient, h, now, 0 if fit else 1))
                if not walks and len(tried[patient]) < min(5, len(doors)):
                    drive(patient, *doors[h], now + town.refusal_minutes)
    return taken, refused, reports, [len(t) for t in tried]


@pytest.mark.parametrize("shape", ["exponential", "lognormal", "deterministic", "near_fixed", "mixed"])
@pytest.mark.parametrize("scenario", ["normal", "covid"])
def test_the_loop_is_a_plain_list_of_events(shape, scenario):
    town = city(6, utilisation=1.05, seed=3)
    town = replace(town, hospitals=[replace(h, stay=StayDistribution(shape, 5.0)) for h in town.hospitals])
    log = simulate(town, days=6, scenario=scenario, seed=4)
    taken, refused, reports, tried = _plain(log)
    assert set(np.flatnonzero(log.hospital >= 0)) == set(taken) and len(taken) > 1_000
    for patient, (hospital, arrived, departed) in taken.items():
        assert log.hospital[patient] == hospital
        assert math.isclose(log.arrived[patient], arrived, abs_tol=1e-6)
        assert math.isclose(log.departed[patient], departed, abs_tol=1e-6)
    found = zip(log.refused_patient, log.refused_hospital, log.refused_minute.round(6), log.refused_reason, strict=True)
    assert sorted(found) == sorted((p, h, round(float(m), 6), r) for p, h, m, r in refused) and refused
    assert all(log.report_value[k] == value for k, value in reports.items())
    assert len(reports) == log.report_value.size > 100
    assert log.tries.tolist() == tried[: log.tries.size]


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    first, again, other = (simulate(city(4), days=3, scenario="covid", seed=seed) for seed in (5, 5, 6))
    for name in COLUMNS:
        assert np.array_equal(getattr(first, name), getattr(again, name), equal_nan=True), name
    assert not np.array_equal(first.called[:100], other.called[:100])


def test_more_days_begin_with_the_same_patients():
    short, long = (simulate(city(4), days=days, seed=5) for days in (4, 9))
    end = 1440.0 * 4
    for name in ("called", "specialty", "ambulance"):
        assert np.array_equal(getattr(short, name), getattr(long, name)[: short.called.size]), name
    inside = short.arrived <= end
    assert np.array_equal(short.arrived[inside], long.arrived[: short.called.size][inside])


def test_beds_left_at_any_moment_is_counted_by_hand():
    log = simulate(city(3), days=4, seed=2)
    for moment in log.every(517):
        now = log.minutes(moment)[0]
        for h, hospital in enumerate(log.city.hospitals):
            here = (log.hospital == h) & (log.arrived <= now) & (log.departed > now)
            assert log.beds_left(moment)[0, h] == hospital.beds - here.sum()
            assert len(log.stay_ages(moment, hospital=h)) == here.sum()


def test_ambulances_are_taken_only_where_a_bed_and_a_specialist_are():
    log = simulate(city(5, utilisation=1.0), days=10, scenario="covid", seed=8)
    mine = np.flatnonzero(log.ambulance & (log.hospital >= 0) & (log.arrived >= 0))
    assert mine.size > 300
    for patient in mine[::7]:
        h, now = log.hospital[patient], log.arrived[patient]
        others = (log.hospital == h) & (log.arrived < now) & (log.departed > now)
        lent = log.lent[h] if now >= log.lent_from else 0
        assert others.sum() < log.city.beds[h] + lent
        shift = int((now - log.demand.first_shift) // 720)
        assert log.demand.duty[h, log.specialty[patient], shift]


def test_walk_ins_fill_corridors_and_no_more():
    log = simulate(city(5, utilisation=1.3), days=20, seed=1)
    left = log.beds_left(log.every(10)).min(axis=0)
    room = np.array([hospital.overflow for hospital in log.city.hospitals])
    assert (left < 0).all() and (left >= -room).all()


def test_what_was_accepted_in_hindsight_is_what_an_ambulance_met():
    log = simulate(city(5), days=20, seed=3)
    now = np.datetime64("2019-03-08T18:00:00")
    later = now + np.timedelta64(20, "m")
    expected = (log.beds_left(later) > 0) & log.on_duty(later, specialty="trauma")
    assert np.array_equal(log.accepts(now, horizon_minutes=20, specialty="trauma"), expected)


def test_the_last_report_is_the_last_that_had_come():
    log = simulate(city(3), days=3, seed=9)
    times = log.every(47)
    seen = log.reported(times)
    for i, now in enumerate(log.minutes(times)):
        for h in range(3):
            rows = np.flatnonzero((log.report_hospital == h) & (log.report_minute <= now))
            assert seen.value[i, h] == log.report_value[rows[-1]]
            assert seen.age_minutes[i, h] == now - log.report_minute[rows[-1]]


def test_a_log_that_was_cut_knows_nothing_later():
    log = simulate(city(3), days=5, seed=9)
    cut = log.until("2019-03-03T12:00")
    now = cut.known_until
    assert cut.called.max() <= now and np.nanmax(cut.arrived) <= now and cut.report_minute.max() <= now
    assert (np.isinf(cut.departed) | np.isnan(cut.departed) | (cut.departed <= now)).all()
    times = cut.every(60)
    assert np.array_equal(cut.beds_left(times), log.beds_left(times))
    with pytest.raises(ValueError, match="lies outside of the log, which knows"):
        cut.beds_left("2019-03-03T13:00")


def test_arrivals_vary_as_in_a_large_emergency_room():
    """Hourly mean 6.63, variance over mean 2.29, lowest 2.2 at 4 to 5, highest 9.9 at 16 to 17 (41,640 hours)."""
    town = City((Hospital("a", walk_ins_per_hour=6.63, beds=90),))
    log = simulate(town, start="2015-01-01", days=1735, seed=0)
    hourly = np.bincount((log.called[log.called >= 0] // 60).astype(int), minlength=1735 * 24)
    # days are drawn with 10% and hours with 10% gamma noise: the mean of 1735 days has a standard error of .4%
    assert abs(hourly.mean() / 6.63 - 1) < 0.02
    assert abs(hourly.var() / hourly.mean() - 2.29) < 0.15
    by_hour = hourly.reshape(-1, 24).mean(axis=0)
    assert by_hour.argmin() in (4, 5) and by_hour.argmax() in (16, 17)
    assert abs(by_hour.min() - 2.2) < 0.3 and abs(by_hour.max() - 9.9) < 0.4


def test_weekends_and_holidays_bring_more_until_the_pandemic():
    town = City((Hospital("a", walk_ins_per_hour=20, beds=400),))
    counts = {}
    for scenario in ("normal", "covid"):
        log = simulate(town, start="2019-01-07", days=364, scenario=scenario, seed=1)
        daily = np.bincount((log.called[log.called >= 0] // 1440).astype(int), minlength=364)
        counts[scenario] = daily[-182:].reshape(-1, 7).mean(axis=0)
    assert counts["normal"][6] > 1.1 * counts["normal"][2]
    assert abs(counts["covid"][6] / counts["covid"][2] - 1) < 0.08  # 26 weeks of 10% a day: 3% each


@pytest.mark.parametrize("shape", ["exponential", "lognormal", "deterministic", "near_fixed", "mixed"])
def test_the_mean_and_the_tail_of_a_stay_are_as_said(shape):
    stay = StayDistribution(shape, 6.7)
    sample = stay.sample(np.random.default_rng(1), 40_000)
    assert abs(sample.mean() - 6.7) < 5 * max(sample.std(), 1e-9) / 200 + 1e-9
    for hours in (2.0, 6.6, 9.0, 20.0):
        expected = stay.survival(hours)
        assert abs((sample > hours).mean() - expected) < 5 * math.sqrt(expected * (1 - expected) / 40_000) + 1e-9


def test_routes_hold_each_stop_once():
    log = simulate(city(5), days=5, seed=3)
    table = routes(log)
    mine = np.flatnonzero(log.ambulance & (log.called >= 0))
    asked = np.unique(table["transport"])
    assert set(asked) <= set(mine) and len(asked) > 0.98 * len(mine)
    stops = table[table["stop"] > 0]
    assert np.array_equal(stops.groupby("transport").size().to_numpy(), log.tries[asked])
    assert (stops["outcome"] == "taken").sum() == (log.hospital[mine] >= 0).sum()
    assert (table.groupby("transport")["minute"].diff().dropna() >= 0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scenario": "flood"}, "scenario must be one of normal, covid, covid_arrivals, covid_wards, got 'flood'"),
        ({"days": 0}, "days must be a whole number of at least 1"),
        ({"days": 1.5}, "days must be a whole number"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"start": "yesterday"}, "start must be a moment such as '2019-03-01', got 'yesterday'"),
        ({"start": "NaT"}, "NaT"),
        ({"hospitals": 10}, "hospitals must be a City"),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate(**({"hospitals": single()} | arguments))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: single(beds=0), "single: beds must be a whole number of at least 1, got 0"),
        (lambda: single(load=-1), "load must be a finite number"),
        (lambda: single(shape="uniform"), "shape must be one of exponential"),
        (lambda: single(mean_stay_hours=0), "mean_hours must be a finite number above 0"),
        (lambda: City(()), "give 1 to 64 hospitals, got 0"),
        (lambda: City((Hospital("A"), Hospital("A"))), "two hospitals are called 'A'"),
        (lambda: Hospital("A", on_duty=(1.0,)), "a share for each of general"),
        (lambda: Hospital("A", missing_share=1.2), "missing_share must lie in"),
        (lambda: city(0), "hospitals must be a whole number of at least 1"),
        (lambda: city(15), "at most 14"),
    ],
)
def test_a_wrong_hospital_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_questions_beyond_the_log_are_refused():
    log = simulate(single(), days=2)
    with pytest.raises(ValueError, match="20 minutes after some of the times the log knows nothing; ask up to"):
        log.accepts("2019-03-02T23:50")
    with pytest.raises(ValueError, match="lies outside of the log"):
        log.beds_left("2019-02-28")
    with pytest.raises(ValueError, match="NaT"):
        log.beds_left(["2019-03-01", "NaT"])
    with pytest.raises(ValueError, match="moments such as"):
        log.beds_left(["noon"])
    with pytest.raises(ValueError, match="must lie after start"):
        log.every(10, start="2019-03-02", end="2019-03-01")
    with pytest.raises(ValueError, match="horizon_minutes"):
        log.accepts("2019-03-01", horizon_minutes=-5)
    with pytest.raises(ValueError, match=SPECIALTIES[1]):
        log.on_duty("2019-03-01", specialty="dental")
