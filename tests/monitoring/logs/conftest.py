"""A small world for the logs: what services predicted, and labels that come late, change or get lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from coursekit.monitoring.logs import PredictionLog

FIRST = pd.Timestamp("2026-03-01", tz="UTC")


def synthetic_predictions(n: int = 2000, *, days: int = 12, silent: tuple[int, ...] = (7,), seed: int = 0):
    """Rows over some days; on silent ones the service was down. The amount drifts, the merchant vanishes."""
    rng = np.random.default_rng(seed)
    working = np.array([number for number in range(days) if number not in silent])
    day = np.sort(rng.choice(working, n))
    times = FIRST + pd.to_timedelta(day, unit="D") + pd.to_timedelta(rng.integers(0, 86_400_000_000, n), unit="us")
    score = rng.beta(1, 3, n)
    country = np.array(["KR", "US", "JP", "it's", 'a "b"'])[rng.integers(0, 5, n)]
    return pd.DataFrame(
        {
            "request_id": [f"request-{seed}-{i}" for i in range(n)],
            "event_time": times,
            "model_version": np.where(day < days // 2, "fraud-3", "fraud-4"),
            "feature_version": "f12",
            "arm": np.where(rng.random(n) < 0.3, "candidate", "baseline"),
            "score": score,
            "prediction": np.where(score > 0.6, "block", "approve"),
            "latency_ms": rng.lognormal(2, 0.5, n).astype(np.float32),
            "feature_amount": np.where(rng.random(n) < 0.05, np.nan, rng.lognormal(3, 1, n) * (1 + 0.1 * day)),
            "feature_visits": rng.poisson(0.7, n),  # few values: whole quantiles are one number
            "feature_constant": np.float32(4.2),
            "feature_country": pd.Series(country).where(day < 9, "ZZ"),
            "feature_merchant": pd.Series(country).where(day < 10),
            "feature_online": rng.random(n) < 0.2 + 0.03 * day,
        }
    )


def synthetic_labels(predictions: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Labels of most rows, some twice, some withdrawn, some before their event, some of requests unknown."""
    rng = np.random.default_rng(seed)
    n = len(predictions)
    labels = pd.DataFrame(
        {
            "request_id": predictions["request_id"],
            "label": (rng.random(n) < predictions["score"]).astype(float),
            "label_time": predictions["event_time"] + pd.to_timedelta(rng.exponential(4 * 86_400, n) // 1, unit="s"),
        }
    )
    labels = labels[rng.random(n) < 0.85]
    again = labels.sample(frac=0.1, random_state=seed)
    again = again.assign(label=1 - again["label"], label_time=again["label_time"] + pd.Timedelta("3D"))
    withdrawn = labels.sample(frac=0.03, random_state=seed + 1)
    withdrawn = withdrawn.assign(label=np.nan, label_time=withdrawn["label_time"] + pd.Timedelta("5D"))
    early = labels.sample(frac=0.02, random_state=seed + 2).index
    labels.loc[early, "label_time"] = predictions.loc[early, "event_time"] - pd.Timedelta("1h")
    unknown = labels.head(7).assign(request_id=[f"lost-{seed}-{i}" for i in range(7)])
    everything = pd.concat([labels, again, withdrawn, unknown], ignore_index=True)
    return everything.sample(frac=1, random_state=seed, ignore_index=True)


def known_labels(labels: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """The oracle: label and label_time in force at a time, by request id."""
    seen = labels[labels["label_time"] <= as_of].sort_values("label_time", kind="stable")
    return seen.drop_duplicates("request_id", keep="last").set_index("request_id")[["label", "label_time"]]


@pytest.fixture
def log(tmp_path) -> PredictionLog:
    return PredictionLog(tmp_path / "log")


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> tuple[PredictionLog, pd.DataFrame, pd.DataFrame]:
    """A log with its predictions and labels as frames; for reading only."""
    predictions = synthetic_predictions()
    labels = synthetic_labels(predictions)
    log = PredictionLog(tmp_path_factory.mktemp("world") / "log")
    for part in np.array_split(np.arange(len(predictions)), 5):
        log.append(predictions.iloc[part])
    for part in np.array_split(np.arange(len(labels)), 3):
        log.add_labels(labels.iloc[part])
    return log, predictions, labels


@pytest.fixture(scope="session")
def make_predictions() -> Callable[..., pd.DataFrame]:
    return synthetic_predictions


@pytest.fixture(scope="session")
def make_labels() -> Callable[..., pd.DataFrame]:
    return synthetic_labels


@pytest.fixture(scope="session")
def labels_known() -> Callable[[pd.DataFrame, pd.Timestamp], pd.DataFrame]:
    return known_labels


@pytest.fixture(scope="session")
def files_of() -> Callable[[PredictionLog], list[str]]:
    """Every file of a log but the compaction's lock, relative to it."""

    def listed(log: PredictionLog) -> list[str]:
        found = (path for path in log.folder.rglob("*") if path.is_file() and path.name != ".compacting")
        return sorted(str(path.relative_to(log.folder)) for path in found)

    return listed
