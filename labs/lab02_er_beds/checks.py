"""Hidden checks of lab 2, never released: emergency rooms and weeks that no student has seen."""

from __future__ import annotations

import bisect
import datetime
import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from coursekit.cases import er_beds
from coursekit.cases.er_beds.features import point_in_time_features
from coursekit.classroom.judging import require

NAMES = (
    "day_of_week", "hour", "is_holiday", "last_number", "report_missing", "report_age_minutes",
    "occupancy_trend", "arrivals_last_hour", "departures_last_hour", "oldest_stay_hours",
)  # fmt: skip
ROOMS = (
    ("near_fixed", 36, 1.0),
    ("exponential", 36, 1.0),
    ("lognormal", 20, 1.2),
    ("mixed", 6.7, 1.1),
    ("exponential", 12, 1.3),
)
FAIR = 2_026_020
TOWN = er_beds.city(6, utilisation=0.9, seed=2)
HOLIDAYS = frozenset({"2020-01-24", "2020-01-25", "2020-01-27", "2021-09-20", "2021-09-22", "2019-01-01"})
OTHER_TOWN = er_beds.city(6, utilisation=0.9, seed=31)


def books(log: er_beds.BedLog, hospital: int) -> tuple[list[float], list[float]]:
    """Arrivals and departures of a hospital, in the order of arrival; who left long before plays no part."""
    order = np.flatnonzero((log.hospital == hospital) & (log.departed > -120))
    order = order[np.argsort(log.arrived[order], kind="stable")]
    return log.arrived[order].tolist(), log.departed[order].tolist()


@cache
def label_questions() -> tuple[tuple[Any, ...], ...]:
    """Books, beds, a moment, and what the rule says there: five rooms, sixteen moments each."""
    asked = []
    for number, (shape, mean, busy) in enumerate(ROOMS):
        beds = 12 + 3 * number
        room = er_beds.single(beds=beds, load=busy * beds, mean_stay_hours=mean, shape=shape, overflow=3)
        log = er_beds.simulate(room, days=15, seed=FAIR + number)
        when = log.every(1297, start=log.start + np.timedelta64(17, "m"))
        said = er_beds.label(log, when, rule="36h")[:, 0].tolist()
        asked += [
            (*books(log, 0), beds, minute, word) for minute, word in zip(log.minutes(when).tolist(), said, strict=True)
        ]
    return tuple(asked)


def check_label(student):
    """Five unseen rooms with stays of several shapes: the rule as it is defined."""
    for *known, word in label_questions():
        require(
            _truth_value(student.label_36h, *known) == word,
            "처음 보는 응급실에서 레이블이 정의와 다릅니다. 누가 '있는 환자'인지, 36시간을 어떻게 세는지 확인하세요.",
        )


@cache
def accept_questions() -> tuple[tuple[str, tuple[Any, ...], bool], ...]:
    """Specialty, arguments and truth: two unseen towns of three hospitals, four specialties, four horizons."""
    asked = []
    for number in range(2):
        town = er_beds.city(3, utilisation=0.95, seed=40 + number)
        log = er_beds.simulate(town, days=6, seed=FAIR + 10 + number)
        for hospital in range(3):
            came, left = books(log, hospital)
            for place, specialty in enumerate(er_beds.SPECIALTIES):
                horizon = (20, 10, 30, 45)[(place + hospital) % 4]
                when = log.every(991, start=log.start + np.timedelta64(53 * (1 + place), "m"))
                truth = log.accepts(when, horizon_minutes=horizon, specialty=specialty)[:, hospital].tolist()
                begins = log.demand.first_shift + 720.0 * np.flatnonzero(log.demand.duty[hospital, place])
                shifts = [(begin, begin + 720.0) for begin in begins.tolist()]
                for minute, taken in zip(log.minutes(when).tolist(), truth, strict=True):
                    asked.append((specialty, (came, left, int(town.beds[hospital]), minute, horizon, shifts), taken))
    return tuple(asked)


def check_accepts(student):
    """Six unseen hospitals: beds first, with somebody always there; then the specialists."""
    for specialist in (False, True):
        for specialty, known, taken in accept_questions():
            if (specialty != "general") == specialist:
                require(
                    _truth_value(student.accepts, *known) == taken,
                    "처음 보는 병원에서 전문의까지 본 레이블이 실제와 다릅니다. 언제의 당직을 보는지 확인하세요."
                    if specialist
                    else "처음 보는 병원에서 레이블이 실제와 다릅니다. 도착하는 순간에 있는 환자를 세는지 확인하세요.",
                )


@cache
def feature_worlds() -> tuple[tuple[Any, ...], ...]:
    """Reports, books, start, holidays and moments of six unseen hospitals, begun at odd hours."""
    worlds = []
    for number, start in enumerate(("2020-01-22T09:30", "2021-09-18T17:15", "2018-12-29T23:45")):
        log = er_beds.simulate(
            er_beds.city(2, utilisation=0.8, seed=60 + number), start=start, days=6, seed=FAIR + 20 + number
        )
        dice = np.random.default_rng(FAIR + 30 + number)
        for hospital in range(2):
            sent = log.report_hospital == hospital
            minute, value = log.report_minute[sent], log.report_value[sent]
            later = minute > 200 * hospital  # the second has not reported yet at first
            reports = list(zip(minute[later].tolist(), value[later].tolist(), strict=True))
            moments = [45, 130, *dice.integers(200, 6 * 1440 - 60, 8).tolist()]
            worlds.append((reports, *books(log, hospital), start, set(HOLIDAYS), moments))
    return tuple(worlds)


def known_then(reports, arrived, departed, now, start, dates) -> dict[str, float]:
    """The ten features by their definition."""
    clock = datetime.datetime.fromisoformat(start) + datetime.timedelta(minutes=now)
    minutes, values = [minute for minute, _ in reports], [value for _, value in reports]
    seen = bisect.bisect_right(minutes, now)
    hour_before = bisect.bisect_right(minutes, now - 60)
    number, earlier = _last_number(values[:seen]), _last_number(values[:hour_before])
    came, left = np.array(arrived), np.array(departed)
    ages = now - came[(came <= now) & (left > now)]
    return {
        "day_of_week": clock.weekday(),
        "hour": clock.hour,
        "is_holiday": f"{clock:%Y-%m-%d}" in dates,
        "last_number": number,
        "report_missing": seen == 0 or values[seen - 1] == -1,
        "report_age_minutes": now - minutes[seen - 1] if seen else math.nan,
        "occupancy_trend": number - earlier,
        "arrivals_last_hour": ((came > now - 60) & (came <= now)).sum(),
        "departures_last_hour": ((left > now - 60) & (left <= now)).sum(),
        "oldest_stay_hours": ages.max(initial=0.0) / 60,
    }


def _last_number(values: list[int]) -> float:
    return next((float(value) for value in reversed(values) if value != -1), math.nan)


def another_future(reports, arrived, departed, now) -> tuple[list, list, list]:
    """The same past, and afterwards other reports, other patients, other departures."""
    past = [one for one in reports if one[0] <= now]
    future = [(now + 0.5, 17), (now + 2.0, -1), (now + 30.0, 3)]
    known = sum(minute <= now for minute in arrived)
    came = [*arrived[:known], now + 0.25, now + 1.0, now + 45.0]
    left = [minute if minute <= now else now + 1.5 + 7.0 * place for place, minute in enumerate(departed[:known])]
    return past + future, came, [*left, now + 5.0, now + 50.0, now + 90.0]


def check_features(student):
    """Six unseen hospitals, ten moments each: the definition, and another future that changes nothing."""
    for reports, came, left, start, dates, moments in feature_worlds():
        for now in moments:
            row = _features(student.features_at, reports, came, left, now, start, dates)
            changed = _features(student.features_at, *another_future(reports, came, left, now), now, start, dates)
            for name in NAMES:
                require(
                    _equal(row[name], changed[name]),
                    f"now보다 뒤에 적힌 것을 바꾸었더니 {name}이(가) 달라졌습니다. 그때는 아무도 몰랐던 것입니다.",
                )
            for name, value in known_then(reports, came, left, now, start, dates).items():
                require(_equal(row[name], float(value)), f"처음 보는 병원에서 {name}의 값이 표의 정의와 다릅니다.")


def check_rows(student):
    """Unseen records, moments in disorder and twice: each row as if it were asked for alone."""
    for reports, came, left, start, dates, moments in feature_worlds()[1::2]:
        dice = np.random.default_rng(FAIR + 50)
        shuffled = dice.permutation([*moments, moments[3], 61.5, 1440.0]).tolist()
        rows = student.feature_rows.returns(list | tuple)(reports, came, left, shuffled, start, dates)
        require(len(rows) == len(shuffled), "물은 시각의 수와 줄의 수가 다릅니다.")
        for now, row in zip(shuffled, rows, strict=True):
            alone = _features(student.features_at, reports, came, left, now, start, dates)
            together = _as_features(row)
            for name in NAMES:
                require(
                    _equal(together[name], alone[name]),
                    f"여러 시각을 함께 물으면 {name}이(가) 한 줄만 물을 때와 다릅니다. 시각의 순서를 확인하세요.",
                )


@cache
def tables(town: str, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Features, outcomes and days of 60 days of a town."""
    log = er_beds.simulate({"same": TOWN, "other": OTHER_TOWN}[town], days=60, seed=seed)
    asked = log.every(180)
    features = point_in_time_features(log, asked)
    chosen = ["day_of_week", "hour", "is_holiday", "last_number", "report_missing", "report_age_minutes"]
    chosen += [name for name in NAMES if name not in chosen]
    frame = pd.DataFrame({name: features.values[:, features.names.index(name)] for name in chosen})
    frame.loc[frame["last_number"].isna() & frame["report_missing"].isna(), "report_missing"] = 1.0
    taken = er_beds.label(log, asked, rule="accept_20").reshape(-1).astype(float)
    return frame, taken, np.repeat(np.arange(len(asked)) * 180 // 1440, len(TOWN.hospitals))


def baseline_shares(frame: pd.DataFrame, past: pd.DataFrame, taken: np.ndarray) -> np.ndarray:
    """Persistence: the share of acceptance where beds were left, were not, or nobody knows."""

    def state(one: pd.DataFrame) -> pd.Series:
        known = one["report_missing"].eq(0) & one["last_number"].notna()
        return pd.Series(np.select([known & one["last_number"].gt(0), known], ["room", "full"], "unknown"))

    shares = {name: float(taken[state(past).eq(name).to_numpy()].mean()) for name in state(past).unique()}
    return state(frame).map(lambda name: shares.get(name, float(taken.mean()))).to_numpy(dtype=float)


def mean_and_error(values: np.ndarray, day: np.ndarray) -> tuple[float, float]:
    """A mean and its standard error, days being independent and moments of a day not."""
    middle = float(values.mean())
    each_day = np.array([(values[day == one] - middle).sum() for one in np.unique(day)])
    return middle, float(np.sqrt((each_day**2).sum()) / values.size)


def slope_and_error(p: np.ndarray, taken: np.ndarray) -> tuple[float, float]:
    """Slope of the outcome on the log-odds of the prediction; NaN where the prediction never changes."""
    inside = p.clip(0.001, 0.999)
    odds = np.log(inside) - np.log1p(-inside)
    if odds.max() - odds.min() < 1e-6:
        return math.nan, math.nan
    # Unpenalised but for 1e-6: which moves a slope near 1 by less than a thousandth
    line = LogisticRegression(C=1e6, tol=1e-10, max_iter=1000).fit(odds[:, None], taken)
    fitted = line.predict_proba(odds[:, None])[:, 1]
    weight = fitted * (1 - fitted)
    spread = (weight * odds**2).sum() - (weight * odds).sum() ** 2 / weight.sum()
    return float(line.coef_[0, 0]), float(1 / np.sqrt(spread))


def check_model(student):
    """Two unseen sixty days and an unseen town: better than persistence; calibrated where it was trained."""
    past, taken, _ = tables("same", 1)
    learned = student.fit_model.opaque(past, taken.astype(int).tolist())
    for town, seeds, where in (
        ("same", (FAIR + 61, FAIR + 62), "처음 보는 60일"),
        ("other", (FAIR + 63,), "처음 보는 병원들"),
    ):
        worlds = [tables(town, seed) for seed in seeds]
        given = np.concatenate([_probabilities(student.predict_accept, learned, frame) for frame, _, _ in worlds])
        was = np.concatenate([outcome for _, outcome, _ in worlds])
        days = np.concatenate([100 * place + day for place, (_, _, day) in enumerate(worlds)])
        rival = np.concatenate([baseline_shares(frame, past, taken) for frame, _, _ in worlds])
        better, noise = mean_and_error((rival - was) ** 2 - (given - was) ** 2, days)
        require(
            better > 2 * noise and better > 0,
            f"{where}에서 브라이어 점수가 지속 기초선보다 표준오차의 2배 이상 낮지 않습니다.",
        )
        if town == "other":
            return  # other hospitals have other habits; calibration there is nobody's promise
        steepness, noise = slope_and_error(given, was)
        require(
            0.8 - 3 * noise <= steepness <= 1.25 + 3 * noise,
            f"{where}에서 보정 기울기가 범위를 벗어났습니다. 학습 데이터에 지나치게 맞추지 않았는지 보세요.",
        )
        away, noise = mean_and_error(given - was, days)
        require(abs(away) <= 0.02 + 3 * noise, f"{where}에서 평균 확률이 받아 준 비율과 다릅니다.")


def _truth_value(function, *known) -> bool:
    return bool(function.returns(bool | np.bool_)(*known))


def _features(function, *known) -> dict[str, float]:
    return _as_features(function.returns(dict)(*known))


def _as_features(row) -> dict[str, float]:
    require(isinstance(row, dict) and set(row) == set(NAMES), "피처의 이름은 표에 적힌 열 개여야 합니다.")
    for value in row.values():
        require(isinstance(value, int | float | np.number | np.bool_), "피처의 값이 수가 아닙니다.")
    return {name: float(row[name]) for name in NAMES}


def _equal(one: float, other: float) -> bool:
    """Sums of minutes below 1e5 are rounded by 1e-11."""
    return (math.isnan(one) and math.isnan(other)) or abs(one - other) < 1e-6


def _probabilities(function, learned, frame: pd.DataFrame) -> np.ndarray:
    answer = function.returns(list | tuple | np.ndarray | pd.Series)(learned, frame)
    try:
        p = np.array(answer, dtype=float)
    except (TypeError, ValueError):
        p = np.empty(0)
    require(p.shape == (len(frame),), "줄의 수와 확률의 수가 다릅니다.")
    require(bool(np.isfinite(p).all()) and p.min() >= 0 and p.max() <= 1, "확률이 0에서 1까지의 수가 아닙니다.")
    return p
