"""A prediction log of ten million rows: what writing costs, and how long the questions take."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from coursekit.monitoring.logs import (
    PredictionLog,
    audit,
    compare_arms,
    daily_drift,
    daily_volume,
    delayed_accuracy,
    latency_percentiles,
)

ROWS, DAYS, SHARE = 10_000_000, 50, 10
"""Rows of the log, its days, and which part of them the peer gets."""
FEATURES = ("amount", "age", "visits", "ratio", "country")
FIRST = np.datetime64("2026-01-01", "us")
REFERENCE_DAYS = 3
REFERENCE = ("2026-01-01", f"2026-01-0{REFERENCE_DAYS}")
_DAY = 86_400_000_000
_HEX = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), dtype=np.uint8).reshape(256, 2)


def _row(figure: str, value: float, unit: str = "", *, bar: str = "", holds: bool | None = None) -> dict:
    return {"figure": figure, "value": float(value), "unit": unit, "bar": bar, "holds": holds}


def _request_ids(rng: np.random.Generator, n: int) -> pa.Array:
    """Random ids of 32 hexadecimal digits, as uuid4 makes them."""
    digits = _HEX[rng.integers(0, 256, (n, 16), dtype=np.uint8)]
    offsets = np.arange(0, 32 * n + 1, 32, dtype=np.int32)
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(digits)))


def _one_day(rng: np.random.Generator, number: int, n: int) -> tuple[pa.Table, pa.Table]:
    """Predictions of a day and their labels, which take a week on average; some are corrected."""
    utc = pa.timestamp("us", tz="UTC")
    times = np.sort(rng.integers(0, _DAY, n)) + (FIRST.astype(np.int64) + number * _DAY)
    score, ids = rng.beta(1, 4, n), _request_ids(rng, n)
    predictions = {
        "request_id": ids,
        "event_time": pa.array(times, utc),
        "model_version": pa.array(np.full(n, f"fraud-{3 + number // 20}")),
        "feature_version": pa.array(np.full(n, "f12")),
        "arm": pa.array(np.where(rng.random(n) < 0.1, "candidate", "baseline")),
        "score": score,
        "latency_ms": rng.lognormal(3, 0.5, n).astype(np.float32),
        "prediction": pa.array(np.where(score > 0.5, "block", "approve")),
        "feature_amount": pa.array(
            rng.lognormal(3 + 0.01 * number, 1, n).astype(np.float32), mask=rng.random(n) < 0.02
        ),
        "feature_age": rng.normal(40, 12, n).astype(np.float32),
        "feature_visits": rng.poisson(3, n).astype(np.float32),
        "feature_ratio": rng.random(n, dtype=np.float32),
        "feature_country": pa.array(np.array(["KR", "US", "JP", "CN", "DE"])[rng.integers(0, 5, n)]),
    }
    known = rng.random(n) < 0.9
    labels = (rng.random(n) < score).astype(float)
    arrived = times + (rng.exponential(7, n) * _DAY).astype(np.int64)
    first = pa.table({"request_id": ids, "label": labels, "label_time": pa.array(arrived, utc)}).filter(pa.array(known))
    changed = first.slice(0, len(first) // 50)
    later = pa.array(np.asarray(changed["label_time"].cast(pa.int64())) + 3 * _DAY, utc)
    corrected = pa.table(
        {"request_id": changed["request_id"], "label": 1 - np.asarray(changed["label"]), "label_time": later}
    )
    return pa.table(predictions), pa.concat_tables([first, corrected])


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def _seconds(ask: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = ask()
    return time.perf_counter() - start, answer


def _write(log: PredictionLog, part: PredictionLog) -> list[dict]:
    """Fill both logs; only the time inside append and add_labels counts."""
    rng, per_day = np.random.default_rng(0), ROWS // DAYS
    appending = labelling = 0.0
    n_labels = 0
    for number in range(DAYS):
        predictions, labels = _one_day(rng, number, per_day)
        appending += _seconds(lambda rows=predictions: log.append(rows))[0]
        labelling += _seconds(lambda rows=labels: log.add_labels(rows))[0]
        n_labels += len(labels)
        if number < DAYS // SHARE:
            part.append(predictions)
            part.add_labels(labels)
    rows = [
        _row(f"append, {per_day:,} rows at a time, synced to disk", ROWS / appending, "rows/s"),
        _row("add_labels, spread over the days of their arrival", n_labels / labelling, "rows/s"),
        _row("a prediction with 5 features on disk", _size(log.folder / "predictions") / ROWS, "bytes"),
        _row("a label on disk", _size(log.folder / "labels") / n_labels, "bytes"),
    ]
    n_files = sum(1 for _ in log.folder.rglob("*.parquet"))
    seconds, saved = _seconds(log.compact)
    return [*rows, _row(f"compact: {n_files:,} files become {n_files - saved:,}", seconds, "s")]


def _ask(log: PredictionLog) -> list[dict]:
    as_of = "2026-02-15T00:00Z"
    questions: dict[str, tuple[Callable[[], Any], float | None]] = {
        "daily drift of 5 features": (lambda: daily_drift(log, features=FEATURES, reference=REFERENCE), 5),
        "delayed accuracy": (lambda: delayed_accuracy(log, as_of=as_of), 10),
        "daily volume": (lambda: daily_volume(log), None),
        "latency percentiles": (lambda: latency_percentiles(log), None),
        "arms by hour": (lambda: compare_arms(log), None),
        "audit": (lambda: audit(log), None),
    }
    log.query("SELECT 1")  # DuckDB is loaded once a process
    rows = []
    for name, (ask, limit) in questions.items():
        seconds, _ = _seconds(ask)
        bar = {} if limit is None else {"bar": f"< {limit:g}", "holds": seconds < limit}
        rows.append(_row(f"{name}, {ROWS / 1e6:g} M rows", seconds, "s", **bar))
    return rows


def _pandas_drift(folder: Path) -> pd.DataFrame:
    """The PSI of each day and feature: everything is read, then a loop over days and features."""
    columns = ["event_time", *(f"feature_{name}" for name in FEATURES)]
    frame = pd.concat([pd.read_parquet(path, columns=columns) for path in sorted(folder.rglob("*.parquet"))])
    days = frame["event_time"].dt.tz_localize(None).dt.floor("D")
    inside = (days <= FIRST.astype("datetime64[D]") + np.timedelta64(REFERENCE_DAYS - 1, "D")).to_numpy()
    rows = []
    for name in FEATURES:
        values = frame[f"feature_{name}"]
        if name == "country":
            codes = pd.factorize(values)[0]
        else:
            numbers = values.to_numpy(float)
            cuts, times = np.unique(
                np.nanquantile(numbers[inside], np.arange(1, 10) / 10, method="inverted_cdf"), return_counts=True
            )
            edges = np.union1d(cuts, np.nextafter(cuts[times > 1], -np.inf))
            codes = np.where(np.isnan(numbers), -1, np.searchsorted(edges, numbers))
        counts = {day: np.bincount(codes[(days == day).to_numpy()] + 1, minlength=16) for day in days.unique()}
        before = np.bincount(codes[inside] + 1, minlength=16)
        for day, now in counts.items():
            filled = (now > 0) | (before > 0)
            p, q = ((c[filled] + 0.5) / (c.sum() + 0.5 * filled.sum()) for c in (now, before))
            rows.append({"day": day, "feature": name, "psi": np.sum((p - q) * np.log(p / q))})
    return pd.DataFrame(rows).sort_values(["day", "feature"], ignore_index=True)


def _pandas_accuracy(folder: Path, as_of: pd.Timestamp) -> pd.Series:
    """Accuracy by day: everything is read, the latest label of each request kept, then a merge."""
    predictions, labels = (
        pd.concat([pd.read_parquet(path, columns=columns) for path in sorted((folder / table).rglob("*.parquet"))])
        for table, columns in (
            ("predictions", ["request_id", "event_time", "score"]),
            ("labels", ["request_id", "label", "label_time"]),
        )
    )
    labels = labels[labels["label_time"] <= as_of].sort_values("label_time").drop_duplicates("request_id", keep="last")
    joined = predictions[predictions["event_time"] <= as_of].merge(labels, on="request_id")
    right = (joined["score"] >= 0.5) == (joined["label"] == 1)
    return right.groupby(joined["event_time"].dt.tz_localize(None).dt.floor("D")).mean()


def _beside_pandas(part: PredictionLog) -> list[dict]:
    """The same answers on a tenth of the rows; SQL and pandas alternate, the best of three counts."""
    as_of = pd.Timestamp("2026-01-20T00:00Z")
    pairs = {
        "daily drift": (
            lambda: daily_drift(part, features=FEATURES, reference=REFERENCE).to_frame()["psi"],
            lambda: _pandas_drift(part.folder / "predictions")["psi"],
        ),
        "delayed accuracy": (
            lambda: delayed_accuracy(part, as_of=as_of).to_frame()["accuracy"],
            lambda: _pandas_accuracy(part.folder, as_of),
        ),
    }
    rows = []
    for name, (ours, peer) in pairs.items():
        times: list[tuple[float, float]] = []
        for _ in range(3):
            (sql_seconds, answer), (pandas_seconds, expected) = _seconds(ours), _seconds(peer)
            np.testing.assert_allclose(answer.to_numpy(), expected.to_numpy(), rtol=1e-9)
            times.append((sql_seconds, pandas_seconds))
        sql_best, pandas_best = np.min(times, axis=0)
        size = f"{ROWS / SHARE / 1e6:g} M rows"
        rows += [
            _row(f"{name}, {size}, SQL", sql_best, "s"),
            _row(f"{name}, {size}, pandas, same numbers", pandas_best, "s"),
            _row(f"{name}: pandas / SQL", pandas_best / sql_best, "times"),
        ]
    return rows


def _live(folder: Path) -> list[dict]:
    """A service that logs one request at a time."""
    log, n = PredictionLog(folder), 20_000
    values = {"model_version": "m", "feature_version": "f", "arm": "baseline", "score": 0.5, "latency_ms": 3.0}

    def serve() -> None:
        with log.writer(buffer_rows=5_000, flush_seconds=1e9) as writer:
            for number in range(n):
                writer.add(**values, feature_amount=float(number))

    seconds, _ = _seconds(serve)
    return [_row("writer.add, flushes of 5,000 rows included", seconds / n * 1e6, "µs/row")]


def run() -> list[dict]:
    """Every figure on one log in a temporary folder."""
    with tempfile.TemporaryDirectory() as place:
        log, part = PredictionLog(Path(place) / "log"), PredictionLog(Path(place) / "part")
        return [*_write(log, part), *_ask(log), *_beside_pandas(part), *_live(Path(place) / "live")]


if __name__ == "__main__":
    for row in run():
        print(row)
