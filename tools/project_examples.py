"""Compute every measured number of the example design documents, and draw their figures.

.venv/bin/python tools/project_examples.py

Writes project_template/examples/figures.json and project_template/examples/figures/*.png. A document
quotes a number only if it stands in figures.json, in the form that stands there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from scipy import stats

from coursekit.cases import er_beds, intents
from coursekit.modeling import evaluation
from coursekit.writing import write_whole

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "project_template" / "examples"
ER_BEDS, INTENTS, REVIEW = "er_beds_design_doc.md", "intents_design_doc.md", "intents_design_doc_review.md"
DAY = np.timedelta64(1, "D")
CITY_SEED, WORLD_SEED, START, DAYS, TRAINED_DAYS = 2, 2, "2019-03-01", 180, 120
WEEKS = tuple(range(9, 17))
SHAPES = {"exponential": "지수분포", "lognormal": "로그정규분포", "mixed": "섞인 분포", "near_fixed": "거의 고정"}
HORIZONS = (10, 20, 30)
ALARM = 0.9
CALENDAR = er_beds.CALENDAR_FEATURES
# the month of the year stood in for "before or after the change", and sent the model back to the old world in January
CHOSEN = tuple(name for name in er_beds.FEATURES if name not in ("month", "day"))


class Figure(NamedTuple):
    """One measured number as a document quotes it."""

    name: str
    value: float
    text: str
    how: str
    document: str


def _figure(name: str, value: float, form: str, how: str, document: str = ER_BEDS) -> Figure:
    return Figure(name, float(value), form.format(value).replace("-", "\N{MINUS SIGN}"), how, document)


@cache
def _world() -> Any:
    return er_beds.simulate(er_beds.city(10, seed=CITY_SEED), start=START, days=DAYS, seed=WORLD_SEED)


@cache
def _times(trained: bool) -> Any:
    cut = _world().start + TRAINED_DAYS * DAY
    return _world().every(30, end=cut) if trained else _world().every(30, start=cut, horizon_minutes=30)


@cache
def _rows(trained: bool, horizon: int = 20) -> tuple[Any, Any]:
    times = _times(trained)
    return er_beds.point_in_time_features(_world(), times), _world().accepts(times, horizon_minutes=horizon).ravel()


@cache
def _baseline(horizon: int = 20) -> er_beds.PersistenceBaseline:
    return er_beds.PersistenceBaseline().fit(*_rows(True, horizon))


@cache
def model(kind: str = "boosting", features: tuple[str, ...] = CHOSEN, horizon: int = 20) -> Any:
    """A model of the first 120 days."""
    return er_beds.AvailabilityModel(kind=kind, features=features).fit(*_rows(True, horizon))


@cache
def report(kind: str = "boosting", features: tuple[str, ...] = CHOSEN, horizon: int = 20) -> Any:
    """The same model on the last 60 days, beside the baseline of the first 120."""
    fitted = model(kind, features, horizon)
    return er_beds.evaluate_availability(
        fitted, _world(), _times(False), horizon_minutes=horizon, baseline=_baseline(horizon)
    )


def data_figures() -> Iterator[Figure]:
    """How many patients, rows and reports there are, and what the reports leave out."""
    log = _world()
    world = f"simulate(city(10, seed={CITY_SEED}), start='{START}', days={DAYS}, seed={WORLD_SEED})"
    visits = log.to_frame()
    rides = visits[visits["ambulance"] & (visits["called"] >= START)]
    yield _figure("patients", len(visits), "{:,}", f"{world}: patients")
    yield _figure("transports", len(rides), "{:,}", f"{world}: ambulances from the first day on")
    yield _figure("first_door", 100 * (rides["tries"] == 1).mean(), "{:.1f}%", f"{world}: tries == 1")
    yield _figure("nowhere", 100 * rides["hospital"].isna().mean(), "{:.1f}%", f"{world}: no hospital after five")
    (learnt, y), (judged, z) = _rows(True), _rows(False)
    yield _figure("rows_trained", len(learnt.values), "{:,}", f"every 30 min of the first {TRAINED_DAYS} days")
    yield _figure("rows_judged", len(judged.values), "{:,}", f"every 30 min after day {TRAINED_DAYS}")
    yield _figure("accepted_trained", 100 * y.mean(), "{:.1f}%", "share let in 20 min later, training rows")
    yield _figure("accepted_judged", 100 * z.mean(), "{:.1f}%", "share let in 20 min later, test rows")
    minus_one = log.report_value == -1
    empty = minus_one & ~log.report_entered
    yield _figure("reports", minus_one.size, "{:,}", f"{world}: reports")
    yield _figure("negative", 100 * (log.report_value < 0).mean(), "{:.1f}%", f"{world}: reports below 0")
    yield _figure("minus_one", 100 * minus_one.mean(), "{:.1f}%", f"{world}: reports of -1")
    yield _figure("not_entered", 100 * empty.sum() / minus_one.sum(), "{:.1f}%", "of them not entered")
    age = log.reported(log.every(10)).age_minutes
    late = np.nanpercentile(age, 99, axis=0)
    yield _figure("age_p99_best", late.min(), "{:.0f}분", "99th percentile of a report's age, best hospital")
    yield _figure("age_p99_worst", late.max(), "{:.0f}분", "99th percentile of a report's age, worst hospital")
    for specialty, name in zip(er_beds.SPECIALTIES, ("general", "cardiac", "trauma", "paediatric"), strict=True):
        share = log.accepts(_times(False), specialty=specialty).mean()
        yield _figure(f"accepted_{name}", 100 * share, "{:.1f}%", f"let in 20 min later, {specialty}, test rows")


def label_figures() -> Iterator[Figure]:
    """How often a rule says that there will be a bed when there is none."""
    for shape in SHAPES:
        for rule in ("36h", "beds_left"):
            found = er_beds.label_study(shape, rule=rule, days=400).false_positive_rate
            how = f"label_study({shape!r}, rule={rule!r}, days=400).false_positive_rate"
            yield _figure(f"fpr_{shape}_{rule}", 100 * found, "{:.1f}%", how)
    log, times = _world(), _times(False)
    truth = er_beds.label(log, times, rule="accept_20")
    for rule in ("36h", "beds_left"):
        said = er_beds.label(log, times, rule=rule)
        found = er_beds.confusion(said, truth)
        how = f"label(rule={rule!r}) against accept_20, test rows"
        yield _figure(f"city_true_{rule}", 100 * said.mean(), "{:.1f}%", f"{how}: share True")
        yield _figure(f"city_fpr_{rule}", 100 * found.false_positive_rate, "{:.1f}%", f"{how}: false-positive rate")


_MODELS: dict[str, dict[str, Any]] = {
    "calendar": {"features": CALENDAR},
    "screen": {"features": (*CALENDAR, "beds_left")},
    "logistic": {"kind": "logistic"},
    "everything": {"features": er_beds.FEATURES},
    "boosting": {},
}


def model_figures() -> Iterator[Figure]:
    """Baseline and models on the last 60 days."""
    base = report().persistence_brier
    yield _figure("persistence_brier", base, "{:.4f}", "persistence fitted on the first 120 days, test rows")
    yield _figure("persistence_free", 100 * _baseline().free_, "{:.1f}%", "let in after a report above 0")
    yield _figure("persistence_full", 100 * _baseline().full_, "{:.1f}%", "let in after a report of 0 or less")
    constant = _baseline().overall_
    judged, truth = _rows(False)
    slope = evaluation.calibration(truth, _baseline().predict_proba(judged)).slope
    yield _figure("persistence_slope", slope, "{:.3f}", "persistence, test rows: calibration slope")
    yield _figure(
        "constant_brier", evaluation.brier_score(truth, np.full(truth.size, constant)), "{:.4f}", "one number"
    )
    for name, options in _MODELS.items():
        found = report(**options)
        how = f"evaluate_availability of {name}, test rows"
        yield _figure(f"{name}_brier", found.brier, "{:.4f}", f"{how}: brier")
        yield _figure(f"{name}_gain", found.gain.estimate, "{:.4f}", f"{how}: gain over persistence")
        yield _figure(f"{name}_gain_low", found.gain.low, "{:.4f}", f"{how}: 95% interval, whole days drawn")
        yield _figure(f"{name}_gain_high", found.gain.high, "{:.4f}", f"{how}: 95% interval, whole days drawn")
        yield _figure(f"{name}_slope", found.slope, "{:.3f}", f"{how}: calibration slope")
        yield _figure(f"{name}_auc", found.auc, "{:.3f}", f"{how}: area under the ROC curve")
    plain = model("logistic").predict_proba(judged)
    gain = evaluation.brier_difference(
        truth, plain, model().predict_proba(judged), groups=judged.time.astype("datetime64[D]")
    )
    for part in ("estimate", "low", "high"):
        how = f"Brier score of logistic minus boosting, whole days drawn: {part}"
        yield _figure(f"boosting_over_logistic_{part}", getattr(gain, part), "{:.4f}", how)
    for horizon in HORIZONS:
        found = report(horizon=horizon)
        yield _figure(f"h{horizon}_brier", found.brier, "{:.4f}", f"boosting, {horizon} min ahead: brier")
        yield _figure(f"h{horizon}_persistence", found.persistence_brier, "{:.4f}", f"persistence, {horizon} min")
        yield _figure(f"h{horizon}_skill", 100 * found.skill, "{:.1f}%", f"boosting, {horizon} min: skill")
    elsewhere = er_beds.simulate(er_beds.city(6, seed=40), days=40, seed=7)
    unseen = er_beds.evaluate_availability(model(), elsewhere, elsewhere.every(30))
    dated = model(features=er_beds.FEATURES).predict_proba(judged)
    gain = evaluation.brier_difference(
        truth, dated, model().predict_proba(judged), groups=judged.time.astype("datetime64[D]")
    )
    for part in ("low", "high"):
        how = f"Brier score with month and day minus without, whole days drawn: {part}"
        yield _figure(f"without_dates_{part}", getattr(gain, part), "{:.4f}", how)
    how = "boosting on city(6, seed=40), 40 days, beside persistence that has counted its answers"
    yield _figure("unseen_brier", unseen.brier, "{:.4f}", how)
    yield _figure("unseen_persistence", unseen.persistence_brier, "{:.4f}", how)
    yield _figure("unseen_gain_low", unseen.gain.low, "{:.4f}", how)
    yield _figure("unseen_gain_high", unseen.gain.high, "{:.4f}", how)


def leak_figures() -> Iterator[Figure]:
    """What the nearest report, instead of the last one, does to the score."""
    log = _world()
    reports = pd.DataFrame({"time": log.timestamps(log.report_minute), "hospital": log.report_hospital})
    reports["nearest"] = log.report_value.astype(float)
    reports["entered"] = reports["time"]

    def joined(rows: Any) -> Any:
        asked = pd.DataFrame({"time": rows.time, "hospital": rows.hospital})
        asked["at"] = range(len(asked))
        found = pd.merge_asof(asked.sort_values("time"), reports, on="time", by="hospital", direction="nearest")
        return found.sort_values("at")

    (learnt, y), (judged, z) = _rows(True), _rows(False)
    names = (*CALENDAR, "beds_left")
    tables = [learnt.take(names), judged.take(names)]
    near = [joined(rows) for rows in (learnt, judged)]
    leaky = [
        table.__class__(np.column_stack([table.values[:, :-1], found["nearest"]]), names, table.hospital, table.time)
        for table, found in zip(tables, near, strict=True)
    ]
    late = (near[1]["entered"] > near[1]["time"]).mean()
    yield _figure("leak_rows", 100 * late, "{:.1f}%", "nearest report came after the question, test rows")
    fitted = er_beds.AvailabilityModel().fit(leaky[0], y)
    how = "calendar and beds_left by nearest join"
    yield _figure("leak_judged", evaluation.brier_score(z, fitted.predict_proba(leaky[1])), "{:.4f}", how)
    yield _figure("leak_served", evaluation.brier_score(z, fitted.predict_proba(tables[1])), "{:.4f}", f"{how}, served")


def _slices() -> dict[str, np.ndarray]:
    town = _world().city
    judged, _ = _rows(False)
    place = np.array([hospital.y_km for hospital in town.hospitals])[judged.hospital]
    every = np.array([hospital.report_minutes for hospital in town.hospitals])[judged.hospital]
    beds = town.beds[judged.hospital]
    hour = (judged.time.astype("datetime64[h]") - judged.time.astype("datetime64[D]")).astype(int)
    return {
        "large": beds >= 35,
        "small": beds < 35,
        "north": place >= 10,
        "south": place < 10,
        "slow": every >= 20,
        "fast": every < 20,
        "evening": (hour >= 16) & (hour < 22),
        "night": hour < 6,
    }


def slice_figures() -> Iterator[Figure]:
    """The model by size of the hospital, region, reporting, hour."""
    judged, truth = _rows(False)
    ours, plain = model().predict_proba(judged), _baseline().predict_proba(judged)
    for name, rows in _slices().items():
        days = judged.time[rows].astype("datetime64[D]")
        gain = evaluation.brier_difference(truth[rows], plain[rows], ours[rows], groups=days)
        brier, base = (evaluation.brier_score(truth[rows], p[rows]) for p in (ours, plain))
        how = f"boosting beside persistence, test rows of slice {name}"
        yield _figure(f"slice_{name}_rows", rows.sum(), "{:,}", f"{how}: rows")
        yield _figure(f"slice_{name}_accepted", 100 * truth[rows].mean(), "{:.1f}%", how)
        yield _figure(f"slice_{name}_brier", brier, "{:.4f}", how)
        yield _figure(f"slice_{name}_persistence", base, "{:.4f}", how)
        yield _figure(f"slice_{name}_gain_low", gain.low, "{:.4f}", f"{how}: 95% interval of the gain")
        yield _figure(f"slice_{name}_gain_high", gain.high, "{:.4f}", f"{how}: 95% interval of the gain")
        slope = evaluation.calibration(truth[rows], ours[rows]).slope
        yield _figure(f"slice_{name}_slope", slope, "{:.3f}", f"{how}: calibration slope")
    table = report().to_frame().drop("all")
    yield _figure("hospital_skill_worst", 100 * table["skill"].min(), "{:.1f}%", "lowest skill of a hospital")
    yield _figure("hospital_skill_best", 100 * table["skill"].max(), "{:.1f}%", "highest skill of a hospital")


@cache
def _weeks() -> tuple[er_beds.PolicyComparison, ...]:
    town = er_beds.city(10, seed=CITY_SEED)
    worlds = (er_beds.simulate(town, start="2019-09-02", days=7, seed=seed) for seed in WEEKS)
    return tuple(er_beds.compare_policies(world, tries=3, model=model()) for world in worlds)


def dispatch_figures() -> Iterator[Figure]:
    """What ambulances meet in eight weeks under each policy, the same patients each time."""
    tables = [week.to_frame().set_index("policy") for week in _weeks()]
    how = f"compare_policies, tries=3, weeks of seeds {WEEKS[0]}..{WEEKS[-1]} from 2019-09-02"
    rides = sum(int(table["transports"].iloc[0]) for table in tables)
    yield _figure("dispatch_rides", rides, "{:,}", f"{how}: transports under one policy")
    for policy in er_beds.POLICIES:
        row = [table.loc[policy] for table in tables]
        yield _figure(f"{policy}_refusals", np.mean([r["refusals_per_1000"] for r in row]), "{:.1f}건", how)
        yield _figure(f"{policy}_unplaced", 100 * np.mean([r["unplaced_share"] for r in row]), "{:.2f}%", how)
        yield _figure(f"{policy}_lost", np.mean([r["minutes_lost"] for r in row]), "{:.2f}분", how)
    saved = [t.loc["nearest_reported", "refusals_per_1000"] - t.loc["model", "refusals_per_1000"] for t in tables]
    margin = stats.t.ppf(0.975, len(saved) - 1) * np.std(saved, ddof=1) / np.sqrt(len(saved))
    weekly = [table.loc["model", "refusals_per_1000"] for table in tables]
    yield _figure("model_week_low", min(weekly), "{:.1f}건", f"{how}: the model's best week")
    yield _figure("model_week_high", max(weekly), "{:.1f}건", f"{how}: the model's worst week")
    yield _figure("weeks_worse", sum(one <= 0 for one in saved), "{:.0f}주", f"{how}: weeks in which it saved none")
    yield _figure("saved", np.mean(saved), "{:.1f}건", f"{how}: refusals, nearest_reported minus model")
    yield _figure("saved_low", np.mean(saved) - margin, "{:.1f}건", f"{how}: 95% t interval over weeks")
    yield _figure("saved_high", np.mean(saved) + margin, "{:.1f}건", f"{how}: 95% t interval over weeks")
    beds = {p: sum(w.reports[i].reasons[:, 0].sum() for w in _weeks()) for i, p in enumerate(er_beds.POLICIES)}
    shut = {p: sum(w.reports[i].reasons.sum() for w in _weeks()) for i, p in enumerate(er_beds.POLICIES)}
    share = 100 * beds["nearest_first"] / shut["nearest_first"]
    yield _figure("no_bed_share", share, "{:.1f}%", f"{how}: refusals for want of a bed, nearest_first")
    for policy in ("nearest_reported", "model"):
        first = [1 - w.reports[er_beds.POLICIES.index(policy)].reasons[0].sum() / r["transports"].iloc[0]
                 for w, r in zip(_weeks(), tables, strict=True)]  # fmt: skip
        yield _figure(f"{policy}_first_door", 100 * np.mean(first), "{:.1f}%", f"{how}: let in at the first door")


def reporting_figures() -> Iterator[Figure]:
    """The same eight weeks without a model, if every hospital reported every five minutes and left nothing out."""
    town = er_beds.city(10, seed=CITY_SEED)
    prompt = tuple(replace(hospital, report_minutes=5.0, missing_share=0.0) for hospital in town.hospitals)
    worlds = (er_beds.simulate(replace(town, hospitals=prompt), start="2019-09-02", days=7, seed=s) for s in WEEKS)
    found = [er_beds.dispatch(world, "nearest_reported", tries=3) for world in worlds]
    how = "nearest_reported, tries=3, the same weeks with report_minutes=5 and missing_share=0"
    yield _figure("prompt_refusals", np.mean([one.refusals_per_1000 for one in found]), "{:.1f}건", how)
    gone = [
        week.reports[1].refusals_per_1000 - one.refusals_per_1000 for week, one in zip(_weeks(), found, strict=True)
    ]
    yield _figure("prompt_saved", np.mean(gone), "{:.1f}건", f"{how}: fewer refusals than with the reports of today")
    yield _figure("prompt_unplaced", 100 * np.mean([one.unplaced_share for one in found]), "{:.2f}%", how)


def skew_figures() -> Iterator[Figure]:
    """Whether a server that builds one row at a time builds what training saw."""
    from coursekit.data.features import compare_serving

    log, (judged, _) = _world(), _rows(False)
    picked = np.random.default_rng(4).choice(len(judged.values), 200, replace=False)
    served = pd.DataFrame([er_beds.features_at(log, int(judged.hospital[k]), judged.time[k]) for k in picked])
    batch = judged.to_frame().iloc[picked][list(judged.names)].reset_index(drop=True)
    rows = [table.assign(request_id=np.arange(len(picked))) for table in (batch, served)]
    found = compare_serving(*rows, key="request_id").to_frame()
    yield _figure("skew_rows", len(picked), "{}행", "rows of the test period built by features_at, one at a time")
    yield _figure("skew_features", (found["differs"] > 0).sum(), "{:.0f}개", "compare_serving: features that differ")


@cache
def _pandemic() -> Any:
    return er_beds.simulate(er_beds.city(10, seed=CITY_SEED), days=360, scenario="covid", seed=5)


@cache
def _monthly(scenario: str, dated: bool, gap: int, fresh: bool = False) -> np.ndarray:
    """Brier score of each month of service after 60 days, trained anew every ``gap`` months; 0 is never.

    ``fresh`` leaves out what was before the change, as soon as a month of training began after it.
    """
    log = _pandemic() if scenario == "covid" else er_beds.simulate(er_beds.city(10, seed=CITY_SEED), days=360, seed=5)
    times = log.every(60, horizon_minutes=20)
    features, y = er_beds.point_in_time_features(log, times), log.accepts(times).ravel()
    minute = log.minutes(features.time)
    names = er_beds.FEATURES if dated else CHOSEN
    scores = []
    for month in range(10):
        begin, end = (1440.0 * (60 + 30 * number) for number in (month, month + 1))
        if month == 0 or (gap and month % gap == 0):
            known = minute + 20 < begin  # its label was there when the training began
            changed = log.minutes(log.truth[0].start)[0] if fresh else begin
            if changed < begin:
                known &= minute >= changed
            fitted = er_beds.AvailabilityModel(features=names).fit(features.rows(known), y[known])
        rows = (minute >= begin) & (minute < end)
        scores.append(evaluation.brier_score(y[rows], fitted.predict_proba(features.rows(rows))))
    return np.array(scores)


def drift_figures() -> Iterator[Figure]:
    """What a pandemic does to a model, and what retraining mends."""
    log = _pandemic()
    start = log.truth[0].start
    moments = log.every(30, end=start - 60 * DAY)
    learnt = er_beds.point_in_time_features(log, moments)
    fitted = er_beds.AvailabilityModel(features=CHOSEN).fit(learnt, log.accepts(moments).ravel())
    for name, first in (("before", start - 60 * DAY), ("after", start)):
        times = log.every(60, start=first, end=first + 60 * DAY)
        p, truth = fitted.predict_proba(er_beds.point_in_time_features(log, times)), log.accepts(times).ravel()
        found = evaluation.calibration(truth, p)
        how = f"covid world, seed 5, trained on days 1-60, the 60 days {name} the change"
        yield _figure(f"covid_{name}_brier", found.brier, "{:.4f}", how)
        yield _figure(f"covid_{name}_slope", found.slope, "{:.3f}", how)
        yield _figure(f"covid_{name}_said", 100 * p.mean(), "{:.1f}%", f"{how}: mean forecast")
        yield _figure(f"covid_{name}_was", 100 * truth.mean(), "{:.1f}%", f"{how}: share let in")
    for scenario in ("normal", "covid"):
        for gap, name in ((0, "never"), (1, "monthly"), (3, "quarterly")):
            score = _monthly(scenario, False, gap).mean()
            how = f"{scenario} world, 360 days, seed 5: mean of ten months of service, trained {name}"
            yield _figure(f"retrain_{scenario}_{name}", score, "{:.4f}", how)
    plain = er_beds.PersistenceBaseline().fit(learnt, log.accepts(moments).ravel())
    ratios = {}
    for name, first, days in (("before", start - 60 * DAY, 60), ("after", start, 30)):
        times = log.every(30, start=first, end=first + days * DAY)
        rows, truth = er_beds.point_in_time_features(log, times), log.accepts(times).ravel()
        squares = pd.DataFrame({who: (m.predict_proba(rows) - truth) ** 2 for who, m in (("a", fitted), ("b", plain))})
        daily = squares.groupby(rows.time.astype("datetime64[D]")).mean()
        ratios[name] = (daily["a"] / daily["b"]).to_numpy()
    judged, truth = _rows(False)
    squares = pd.DataFrame({"a": (model().predict_proba(judged) - truth) ** 2})
    squares["b"] = (_baseline().predict_proba(judged) - truth) ** 2
    daily = squares.groupby(judged.time.astype("datetime64[D]")).mean()
    calm = np.concatenate([ratios["before"], (daily["a"] / daily["b"]).to_numpy()])
    how = "Brier score of a day over persistence's"
    yield _figure("calm_days", calm.size, "{}일", "test days, and the 60 days before the change of the covid world")
    yield _figure("calm_worst", calm.max(), "{:.2f}", f"{how}, the worst of the calm days")
    yield _figure("calm_alarms", (calm > ALARM).sum(), "{:.0f}일", f"calm days with {how} above {ALARM}")
    late = np.flatnonzero(ratios["after"] > ALARM)
    yield _figure("covid_first_alarm", late[0] + 1, "{:.0f}일째", f"first day after it with {how} above {ALARM}")
    yield _figure("covid_alarms", late.size, "{:.0f}일", f"of the 30 days after the change with {how} above {ALARM}")
    minute = _world().timestamps(_world().report_minute)
    since = minute >= _world().start + TRAINED_DAYS * DAY
    below = pd.Series(_world().report_value[since] < 0).groupby(minute[since].astype("datetime64[D]")).mean()
    yield _figure("negative_day_max", 100 * below.max(), "{:.1f}%", "reports below 0, the highest of the test days")
    fresh = _monthly("covid", False, 1, fresh=True)
    how = "covid world, seed 5: mean of ten months of service, trained monthly, after the change on what came since"
    yield _figure("retrain_covid_fresh", fresh.mean(), "{:.4f}", how)
    for name, month in (("august", 3), ("january", 8)):
        how = f"covid world, seed 5, month of service {month + 1} of ten, trained monthly"
        yield _figure(f"{name}_dated", _monthly("covid", True, 1)[month], "{:.4f}", f"{how}, with month and day")
        yield _figure(f"{name}_chosen", _monthly("covid", False, 1)[month], "{:.4f}", f"{how}, without them")
        yield _figure(f"{name}_fresh", fresh[month], "{:.4f}", f"{how}, without them, on what came since the change")


@cache
def _intent_reports() -> dict[str, Any]:
    queries, written = intents.load_queries(20_000, seed=0), intents.load_test_queries()
    order = np.random.default_rng(0).permutation(len(queries))
    splits = {
        "random": (order[4_000:], order[:4_000]),
        "grouped": evaluation.grouped_split(queries["group"], stratify=queries["intent"], seed=0),
    }
    kinds = {"keyword": intents.KeywordBaseline, "ngram": intents.NgramClassifier, "dnn": intents.DenseClassifier}
    found: dict[str, Any] = {}
    for split, (learnt, judged) in splits.items():
        seen, unseen = queries.iloc[learnt], queries.iloc[judged]
        found[f"{split}_rows"] = len(seen), len(unseen)
        found[f"{split}_shared"] = unseen["group"].isin(set(seen["group"])).mean()
        for name, kind in kinds.items():
            fitted = kind().fit(seen["text"].tolist(), seen["intent"].tolist())
            for where, rows in ((split, unseen), (f"written_{split}", written)):
                found[f"{name}_{where}"] = evaluation.evaluate(
                    rows["intent"].to_numpy(),
                    fitted.predict(rows["text"].tolist()),
                    labels=list(intents.INTENTS),
                    slices=intents.query_slices(rows),
                )
    return found


def intent_figures() -> Iterator[Figure]:
    """The numbers that a careless team reports, and in the review those that it should have looked at."""
    found = _intent_reports()
    how = "load_queries(20_000, seed=0), 4,000 of them drawn at random for the test"
    for name in ("keyword", "ngram", "dnn"):
        score = 100 * found[f"{name}_random"].accuracy.estimate
        yield _figure(f"{name}_random", score, "{:.1f}%", f"{how}: accuracy of {name}", INTENTS)
        for where, rows in (
            ("grouped", "grouped_split of the same queries by family of paraphrases"),
            ("written_random", "load_test_queries, model of the random split"),
        ):
            score = 100 * found[f"{name}_{where}"].accuracy.estimate
            yield _figure(f"{name}_{where}", score, "{:.1f}%", f"{rows}: accuracy of {name}", REVIEW)
    yield _figure("shared_random", 100 * found["random_shared"], "{:.1f}%", f"{how}: family also learnt from", REVIEW)
    queries, written = intents.load_queries(20_000, seed=0), intents.load_test_queries()
    yield _figure("queries", len(queries), "{:,}", "load_queries(20_000, seed=0)", INTENTS)
    yield _figure("written", len(written), "{:,}", "load_test_queries()", REVIEW)
    share = queries["intent"].value_counts(normalize=True)
    yield _figure("share_most", 100 * share.max(), "{:.1f}%", f"load_queries: {share.idxmax()}", INTENTS)
    yield _figure("share_least", 100 * share.min(), "{:.1f}%", f"load_queries: {share.idxmin()}", INTENTS)
    for kind in ("dnn", "keyword"):
        table = found[f"{kind}_written_random"].to_frame()
        recall = 100 * table.loc[intents.OUT_OF_SCOPE, "recall"]
        how = "load_test_queries: recall of out_of_scope"
        yield _figure(f"{kind}_written_scope", recall, "{:.1f}%", f"{how}, {kind}", REVIEW)


PICTURES = ("er_calibration", "er_hospitals", "er_policies", "er_retraining", "intents_models")
WIDTH, HEIGHT, MOST_BYTES = 900, 460, 200_000


def pictures() -> Iterator[tuple[str, go.Figure]]:
    """The figures of both documents, by the name of their file."""
    judged, truth = _rows(False)
    curve = evaluation.calibration(truth, model().predict_proba(judged), n_bins=10, strategy="uniform")
    yield "er_calibration", curve.plot()
    yield "er_hospitals", report().plot()
    yield "er_policies", _policy_picture()
    yield "er_retraining", _retraining_picture()
    found = _intent_reports()
    names = {"keyword": "키워드 규칙", "ngram": "문자 n-그램", "dnn": "DNN"}
    figure = go.Figure(layout={"title": "모델별 정확도", "yaxis_title": "정확도", "xaxis_title": "모델"})
    scores = [found[f"{name}_random"].accuracy.estimate for name in names]
    figure.add_bar(x=list(names.values()), y=scores, text=[f"{score:.1%}" for score in scores])
    figure.update_yaxes(tickformat=".0%", range=[0, 1.05])
    yield "intents_models", figure


def _policy_picture() -> go.Figure:
    """Refusals per 1,000 transports: a bar per policy, a dot per week."""
    figure = go.Figure(layout={"title": "이송 1,000건의 거절 (여덟 주의 평균, 점 하나가 한 주)", "showlegend": False})
    names = ("가까운 곳부터", "보고를 믿고 가까운 곳부터", "모델", "지금을 다 아는 상황실")
    for policy, name in zip(er_beds.POLICIES, names, strict=True):
        values = [week.to_frame().set_index("policy").loc[policy, "refusals_per_1000"] for week in _weeks()]
        row = f"{name} ({np.mean(values):.1f}건)"
        figure.add_bar(x=[float(np.mean(values))], y=[row], orientation="h", marker_color="#85afe3")
        figure.add_scatter(x=values, y=[row] * len(values), mode="markers", marker_color="#212121", marker_size=6)
    figure.update_xaxes(title="거절 횟수", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure


def _retraining_picture() -> go.Figure:
    """Brier score by month of service in the pandemic, with and without the date as a feature."""
    log = _pandemic()
    figure = go.Figure(layout={"title": "코로나 시나리오: 달마다의 브라이어 점수 (작을수록 좋음)"})
    months = log.start.astype("datetime64[D]") + 60 + 30 * np.arange(10)
    for name, dated, gap, fresh in (
        ("다시 학습하지 않음", False, 0, False),
        ("매달, 월과 일 있음", True, 1, False),
        ("매달, 월과 일 없음", False, 1, False),
        ("매달, 없음, 변화 뒤만", False, 1, True),
    ):
        scores = _monthly("covid", dated, gap, fresh=fresh)
        figure.add_scatter(x=months, y=scores, name=name, mode="lines+markers")
    figure.add_vline(x=str(log.truth[0].start)[:10], line_dash="dash")
    figure.update_xaxes(title="서빙한 달의 첫날", tickformat="%Y-%m")
    figure.update_yaxes(title="브라이어 점수", rangemode="tozero")
    return figure


SECTIONS = (
    data_figures,
    label_figures,
    model_figures,
    leak_figures,
    slice_figures,
    dispatch_figures,
    reporting_figures,
    skew_figures,
    drift_figures,
    intent_figures,
)


def draw(folder: Path) -> None:
    """Take a picture of every figure through the system's Chromium."""
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import chromium

    from coursekit.explore.style import styled

    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for name, figure in pictures():
            figure = styled(figure)
            figure.update_layout(width=WIDTH, height=HEIGHT)
            page.set_content(figure.to_html(include_plotlyjs=True, config={"displayModeBar": False}))
            page.wait_for_selector(".main-svg")
            page.wait_for_timeout(500)
            picture = page.locator(".plotly-graph-div").screenshot()
            if len(picture) > MOST_BYTES:
                raise SystemExit(f"{name}.png has {len(picture):,} bytes, more than {MOST_BYTES:,}")
            write_whole(folder / f"{name}.png", picture)
            print(f"{name}.png {len(picture):,}")


def main() -> None:
    """Write figures.json and the pictures."""
    rows: dict[str, dict[str, dict[str, object]]] = {}
    for section in SECTIONS:
        for figure in section():
            entry = {"value": figure.value, "text": figure.text, "how": figure.how}
            rows.setdefault(figure.document, {})[figure.name] = entry
        print(section.__name__)
    write_whole(EXAMPLES / "figures.json", json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    draw(EXAMPLES / "figures")


if __name__ == "__main__":
    main()
