"""Distances between two data sets: a fitted reference beside a loop over numpy and scipy."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, ks_2samp, wasserstein_distance

from coursekit.monitoring.distances import Reference

ROWS, FEATURES, SCIPY_FEATURES, BINS = 1_000_000, 50, 4, 10
FIVE, ON_SAMPLES = ("kl", "tv", "hellinger", "js", "psi"), ("ks", "wasserstein")
HISTOGRAM_BAR, SAMPLE_BAR = 8, 12


def _row(figure: str, value: float, unit: str = "s", *, bar: float | None = None) -> dict:
    row = {"figure": figure, "value": float(value), "unit": unit}
    return row if bar is None else {**row, "bar": f">= {bar}", "holds": value >= bar}


def _five(before: np.ndarray, now: np.ndarray, edges: np.ndarray) -> tuple[float, ...]:
    """One feature, as one writes it: two histograms and five formulas."""
    ends = np.concatenate([[-np.inf], edges, [np.inf]])
    q, p = ((np.histogram(column, ends)[0] + 0.5) / (column.size + 0.5 * BINS) for column in (before, now))
    hellinger = np.sqrt(0.5 * np.sum((np.sqrt(p) - np.sqrt(q)) ** 2))
    psi = np.sum((p - q) * np.log(p / q))
    return float(entropy(p, q)), float(0.5 * np.abs(p - q).sum()), hellinger, float(jensenshannon(p, q)), psi


def _quantiles(column: np.ndarray) -> np.ndarray:
    return np.quantile(column, np.arange(1, BINS) / BINS)


def _alternate(rounds: int, ways: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Seconds of each way in each round, the ways taking turns, after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(1 + rounds):
        for name, work in ways.items():
            started = time.perf_counter()
            work()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def _times(what: str, seconds: dict[str, list[float]], ratios: dict[tuple[str, str], float | None]) -> list[dict]:
    """Median times, then how many times as long one way takes as another, with its bar.

    Ratios are of the fastest rounds: what else runs on the machine slows a loop that is bound by memory
    and one that is bound by arithmetic differently.
    """
    rows = [_row(f"{what}: {name}", statistics.median(times)) for name, times in seconds.items()]
    for (slow, fast), bar in ratios.items():
        rows.append(_row(f"{what}: {slow} / {fast}", min(seconds[slow]) / min(seconds[fast]), "x", bar=bar))
    return rows


def run() -> list[dict]:
    """Both sides in one run, taking turns; scipy's KS and W1 on 4 features (50 take it minutes)."""
    rng = np.random.default_rng(0)
    before = np.asfortranarray(rng.normal(size=(ROWS, FEATURES)))
    now = np.asfortranarray(rng.normal(0.02, 1, size=(ROWS, FEATURES)))
    started = time.perf_counter()
    fitted = Reference(bins=BINS).fit(before)
    rows = [_row(f"fit, {ROWS:,} x {FEATURES}, samples kept", time.perf_counter() - started)]
    one_thread = Reference(bins=BINS, keep_samples=False, n_jobs=1).fit(before)
    edges = [_quantiles(column) for column in before.T]
    by_row = np.ascontiguousarray(now)

    seconds = _alternate(
        7,
        {
            "fitted": lambda: fitted.compare(now, distances=FIVE),
            "fitted, one thread": lambda: one_thread.compare(now, distances=FIVE),
            "fitted, rows of the table side by side": lambda: fitted.compare(by_row, distances=FIVE),
            "loop, edges given": lambda: [_five(*columns) for columns in zip(before.T, now.T, edges, strict=True)],
            "loop, edges from the reference": lambda: [
                _five(*columns, _quantiles(columns[0])) for columns in zip(before.T, now.T, strict=True)
            ],
        },
    )
    rows += _times(
        f"five histogram distances, {ROWS:,} x {FEATURES}",
        seconds,
        {
            ("loop, edges given", "fitted"): HISTOGRAM_BAR,
            ("loop, edges given", "fitted, one thread"): None,
            ("loop, edges from the reference", "fitted"): None,
        },
    )

    some_before, some_now = before[:, :SCIPY_FEATURES], now[:, :SCIPY_FEATURES]
    some, some_one = (Reference(n_jobs=jobs).fit(some_before) for jobs in (None, 1))
    seconds = _alternate(
        4,
        {
            "fitted": lambda: some.compare(some_now, distances=ON_SAMPLES),
            "fitted, one thread": lambda: some_one.compare(some_now, distances=ON_SAMPLES),
            "scipy": lambda: [
                (ks_2samp(a, b), wasserstein_distance(a, b)) for a, b in zip(some_now.T, some_before.T, strict=True)
            ],
        },
    )
    rows += _times(
        f"KS and Wasserstein, {ROWS:,} x {SCIPY_FEATURES}",
        seconds,
        {("scipy", "fitted"): SAMPLE_BAR, ("scipy", "fitted, one thread"): None},
    )
    return rows


if __name__ == "__main__":
    for row in run():
        print(row)
