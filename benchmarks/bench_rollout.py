"""Rollouts: does the promise hold, how fast is harm found, what do other tests and other tools' files do?"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from scipy.stats import beta

from coursekit.deployment.rollout import (
    MSPRT,
    Candidate,
    ConditionalEProcess,
    OBrienFleming,
    PooledZ,
    RampPlan,
    Service,
    StratifiedMixture,
    Traffic,
    audit,
    simulate_many,
)

ALPHA = 0.05
FIXED = RampPlan([0.05], minutes_per_step=60, patience=1)
RAMP = RampPlan([0.05, 0.10, 0.25, 0.50])
WORLDS = (("fixed 5%", FIXED), ("ramp", RAMP))
OTHERS = {
    "z once": PooledZ(looks="end"),
    "z every minute": PooledZ(looks="every minute"),
    "O'Brien-Fleming": OBrienFleming(),
    "mSPRT": MSPRT(),
    "stratified mixture": StratifiedMixture(),
    "conditional e-process": ConditionalEProcess(),
}


def _row(figure: str, value: float, unit: str = "", *, bar: str = "", holds: bool | None = None) -> dict:
    held = None if holds is None else bool(holds)
    return {"figure": figure, "value": float(value), "unit": unit, "bar": bar, "holds": held}


def _upper(rolled_back: int, runs: int) -> float:
    """Upper 99% limit of a binomial proportion, exact."""
    return float(beta.ppf(0.99, rolled_back + 1, runs - rolled_back)) if rolled_back < runs else 1.0


def _promise() -> list[dict]:
    rows = []
    for name, plan in WORLDS:
        for path in ("flat", "seasonal", "rising"):
            seconds = []
            for seed in range(3):
                started = time.perf_counter()
                ended = simulate_many(
                    Traffic(), Service(path=path), Candidate(), plan, ConditionalEProcess(), runs=10_000, seed=seed
                )
                seconds.append(time.perf_counter() - started)
            upper = _upper(int(np.sum(ended.verdict == "FAIL")), ended.runs)
            rows.append(
                _row(f"false rollbacks, {name}, {path}: upper 99% limit", upper, bar="<= .05", holds=upper <= ALPHA)
            )
        took = float(np.median(seconds))
        rows.append(_row(f"10,000 rollouts of 60 minutes, {name}", took, "s", bar="< 30", holds=took < 30))
    return rows


def _speed() -> list[dict]:
    rows = []
    for ratio, bars in ((1.3, (None, None)), (1.5, (10, 20)), (2.0, (3, 6)), (3.0, (None, None))):
        report = audit(FIXED, regression=ratio, runs=5_000)
        for what, value, bar in zip(("median", "p90"), (report.median_minutes, report.p90_minutes), bars, strict=True):
            told = {} if bar is None else {"bar": f"<= {bar}", "holds": value <= bar}
            rows.append(_row(f"{ratio:g}x at a fixed 5%: {what}", value, "minutes", **told))
        rows.append(_row(f"{ratio:g}x at a fixed 5%: harm", report.harm, "extra errors"))
    return rows


def _methods() -> list[dict]:
    rows = []
    for method, evidence in OTHERS.items():
        for name, plan in WORLDS:
            for path in ("flat", "rising"):
                report = audit(plan, evidence=evidence, baseline=path, runs=5_000)
                rows.append(_row(f"false rollbacks, {method}, {name}, {path}", report.false_rollback_rate))
        report = audit(FIXED, evidence=evidence, regression=1.5, runs=2_000)
        rows.append(_row(f"1.5x, {method}: median minutes", report.median_minutes, "minutes"))
        rows.append(_row(f"1.5x, {method}: harm", report.harm, "extra errors"))
    return rows


def _noise() -> list[dict]:
    rows = []
    for machines in (1, 4):
        noisy = Service(instance_noise=0.3)
        ended = simulate_many(Traffic(), noisy, Candidate(instances=machines), FIXED, ConditionalEProcess(), runs=5_000)
        for verdict in ("FAIL", "INCONCLUSIVE"):
            share = float(np.mean(ended.verdict == verdict))
            rows.append(_row(f"30% noise of a machine, {machines} of the candidate: {verdict}", share))
    return rows


def _files() -> list[dict]:
    rows = []
    for file in sorted((Path(__file__).resolve().parents[1] / "docs" / "rollout_examples").iterdir()):
        for path in ("flat", "rising"):
            report = audit(file, baseline=path, regression=1.5, runs=2_000)
            rows.append(_row(f"{file.name}, {path}: false rollbacks", report.false_rollback_rate))
            rows.append(_row(f"{file.name}, {path}: 1.5x promoted", report.missed_rate))
            rows.append(_row(f"{file.name}, {path}: 1.5x rolled back, median", report.median_minutes, "minutes"))
            rows.append(_row(f"{file.name}, {path}: 1.5x, harm", report.harm, "extra errors"))
    return rows


def run() -> list[dict]:
    """Figures of the rollout engine."""
    return [*_promise(), *_speed(), *_methods(), *_noise(), *_files()]
