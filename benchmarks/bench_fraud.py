"""The fraud case: speed of the world, models, label rules, days to notice the pandemic, won per policy."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from coursekit.cases.fraud import (
    LABEL_RULES,
    Costs,
    Drift,
    FraudModel,
    detection_delays,
    evaluate_scores,
    point_in_time_features,
    policy_value,
    refresh_costs,
    serve_before_shift,
    simulate,
)

COURSE = {1: (0.022, 0.064), 2: (0.141, 0.504), 3: (0.507, 0.890)}
"""Honest cards flagged by +200% and by its reading as "doubled", by surge: what the course says."""


def _row(figure: str, value: float, unit: str = "", *, bar: str = "", holds: bool | None = None) -> dict:
    return {
        "figure": figure,
        "value": float(value),
        "unit": unit,
        "bar": bar,
        "holds": None if holds is None else bool(holds),
    }


def _speed() -> list[dict]:
    world, seconds = simulate(), []
    for seed in range(5):
        start = time.perf_counter()
        rows = len(simulate(seed=seed).log)
        seconds.append((time.perf_counter() - start) / rows)
    rate = 1 / np.median(seconds) / 1e6
    point_in_time_features(world.log.take(slice(0, 1000)))
    start = time.perf_counter()
    point_in_time_features(world.log)
    features = len(world.log) / (time.perf_counter() - start) / 1e6
    log = world.log
    return [
        _row("simulator, one thread, median of 5", rate, "million rows/s", bar=">= 1", holds=rate >= 1),
        _row("point-in-time features", features, "million rows/s"),
        _row("5,000 customers, 183 days: transactions", len(log)),
        _row("of which fraud", 100 * log.is_fraud.mean(), "%"),
    ]


def _rules() -> list[dict]:
    rows, first, second = [], *LABEL_RULES
    for surge, (tripled, doubled) in COURSE.items():
        found = []
        for seed in range(4):
            drift = "stable" if surge == 1 else Drift("covid", start="2019-08-01", magnitude=surge)
            log = simulate(days=62, start="2019-07-01", scenario=drift, seed=seed).log
            flags = [rule.apply(log, month="2019-08") for rule in (first, replace(first, growth=2.0), second)]
            found.append([*(f.flagged_share("online").estimate for f in flags), flags[0].undefined_share])
        shares = 100 * np.mean(found, axis=0)
        for name, share, said in (("+200%", shares[0], tripled), ("doubled", shares[1], doubled)):
            near = abs(share - 100 * said) < 2
            rows.append(
                _row(
                    f"{name}, everybody x{surge}: honest cards flagged",
                    share,
                    "%",
                    bar=f"{100 * said:.1f} +- 2",
                    holds=near,
                )
            )
        rows.append(_row(f"beside the median, everybody x{surge}: honest cards flagged", shares[2], "%"))
    rows.append(
        _row("cards without online spend last month", shares[3], "%", bar="2.8 +- 1", holds=abs(shares[3] - 2.8) < 1)
    )
    return rows


def _models() -> list[dict]:
    rows, precision = [], {}
    for seed in (0, 1):
        log = simulate(seed=seed).log
        features = point_in_time_features(log)
        day = (log.date - log.date[0]).astype(int)
        train, test = (day >= 30) & (day < 80), day >= 87
        part = log.take(test)
        for kind in ("tree", "logistic", "boosting"):
            start = time.perf_counter()
            model = FraudModel(kind=kind).fit(features.values[train], log.is_fraud[train])
            seconds = time.perf_counter() - start
            scores = model.scores(features.values[test])
            report = evaluate_scores(part, scores)
            precision[kind, seed] = report.average_precision
            name = f"{kind}, world {seed}"
            region = (
                {"bar": ".50 to .75", "holds": 0.5 <= report.average_precision <= 0.75} if kind == "boosting" else {}
            )
            interval = report.mean_card_precision
            rows += [
                _row(f"{name}: AUC", report.auc),
                _row(f"{name}: AP", report.average_precision, **region),
                _row(f"{name}: CP@100", interval.estimate, f"[{interval.low:.3f}, {interval.high:.3f}]"),
                _row(f"{name}: best possible CP@100", np.minimum(1, report.fraud_cards / 100).mean()),
                _row(f"{name}: training on {train.sum():,} rows", seconds, "s"),
            ]
            if kind == "boosting":
                value = policy_value(part, scores, block_above=0.5)
                rows.append(_row(f"{name}: worth a day", value.total / len(value.date) / 1e4, "10,000 won"))
                rows.append(_row(f"{name}: fraud tried a day", value.fraud.mean() / 1e4, "10,000 won"))
    for kind in ("tree", "logistic", "boosting"):
        apart = abs(precision[kind, 0] - precision[kind, 1])
        rows.append(_row(f"{kind}: AP of two worlds apart", apart, bar="<= .02", holds=apart <= 0.02))
    return rows


def _detection() -> list[dict]:
    rows = []
    for stream in ("all", "suspected"):
        table = detection_delays(stream=stream).to_frame()
        if stream == "suspected":
            table = table[table["needs_labels"]]
        for method, labels, days, missed, false in table.itertuples(index=False):
            name = f"{method} on errors of {stream} payments" if labels else f"{method}, without labels"
            told = f"days; missed {missed} of 3, {false:.1f} false alarms in 30 days"
            bound = {"bar": ">= 30, labels are late", "holds": days >= 30} if labels else {}
            rows.append(_row(name, days, told, **bound))
    return rows


def _refresh() -> list[dict]:
    served = serve_before_shift(watched=90)
    table = refresh_costs(served).to_frame()
    days = served.day[-1] + 1 - served.first_day
    spared = table.set_index("policy")["spared"]
    rows = [
        _row(
            f"{policy}: lost a day, trainings included",
            total / days / 1e4,
            f"10,000 won; {trainings} trainings at {Costs().retraining / 1e4:.0f}",
        )
        for policy, trainings, _, _, total, _ in table.itertuples(index=False)
    ]
    best = spared.idxmax()
    return [*rows, _row(f"best policy ({best}): spared in {days} days", spared.max() / 1e4, "10,000 won")]


def run() -> list[dict]:
    """Every figure, from the speed of the world to the price of a policy."""
    return _speed() + _rules() + _models() + _detection() + _refresh()


if __name__ == "__main__":
    for row in run():
        print(row)
