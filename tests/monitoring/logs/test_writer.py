"""A live service logs one request at a time; a bad one never holds up the good ones."""

from __future__ import annotations

import threading
import warnings
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

GOOD = {"model_version": "m", "feature_version": "f", "arm": "baseline", "score": 0.5, "latency_ms": 3.0}
MOMENT = pd.Timestamp("2026-03-01T12:00Z")


def count(log):
    return log.query("SELECT count(*) AS n, count(DISTINCT request_id) AS ids FROM predictions").iloc[0].tolist()


def test_rows_are_written_when_the_buffer_is_full_and_at_the_end(log, files_of):
    with log.writer(buffer_rows=10, flush_seconds=1e9) as writer:
        ids = [writer.add(**GOOD, feature_amount=number) for number in range(25)]
        assert writer.waiting == 5
        assert count(log) == [20, 20]
    assert count(log) == [25, 25]
    assert set(log.query("SELECT request_id FROM predictions")["request_id"]) == set(ids)
    assert 3 <= sum(name.startswith("predictions") for name in files_of(log)) <= 6  # midnight may split each


def test_a_row_after_the_time_takes_the_waiting_ones_along(log):
    with log.writer(flush_seconds=1e-9) as writer:
        writer.add(**GOOD)
        writer.add(**GOOD)
        assert writer.waiting == 0
        assert count(log) == [2, 2]


def test_what_the_service_raises_loses_no_row(log):
    with pytest.raises(KeyError), log.writer() as writer:
        writer.add(**GOOD)
        raise KeyError("the service fails")
    assert count(log) == [1, 1]


BAD = {
    "a score that is not there": {**GOOD, "score": float("nan")},
    "a score of another type": {**GOOD, "score": "high"},
    "a column that is missing": {name: value for name, value in GOOD.items() if name != "arm"},
    "a column that nobody knows": {**GOOD, "amount": 1},
    "a feature of another type": {**GOOD, "feature_amount": "much"},
    "a naive time": {**GOOD, "event_time": datetime(2026, 3, 1)},
    "an id that is a number": {**GOOD, "request_id": 7},
    "an id that waits already": {**GOOD, "request_id": "same"},
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_set_aside_with_its_reason(log, case):
    with pytest.warns(RuntimeWarning, match="1 requests could not be logged"), log.writer() as writer:
        writer.add(**GOOD, request_id="same", feature_amount=1.0)
        for _ in range(6):
            writer.add(**GOOD, feature_amount=2.0)
        writer.add(**BAD[case])
        for _ in range(6):
            writer.add(**GOOD, feature_amount=2.0)
    assert count(log) == [13, 13]
    assert writer.n_rejected == len(writer.rejected) == 1
    row, reason = writer.rejected[0]
    assert BAD[case].items() <= {**row}.items() or row["score"] != row["score"]
    assert reason


TOGETHER = {
    "a prediction that is None and one that is not given": [{"prediction": None}, {}, {}],
    "a number and a Decimal": [{"feature_a": 1.5}, {"feature_a": Decimal(2)}],
    "Decimals of no common scale": [{"feature_a": Decimal("1e40")}, {"feature_a": Decimal("1e-40")}],
    "a Decimal that is infinite": [{"feature_a": Decimal("Infinity")}, {"feature_a": 1.0}],
    "a version that is a UUID and one that is text": [{"model_version": UUID(int=1)}, {"model_version": "m"}],
    "a feature without a value, spelled in another way": [{"feature_a": None}, {"feature_A": 1.0}],
}


@pytest.mark.parametrize("case", TOGETHER)
def test_rows_that_are_good_one_by_one_are_good_together(log, case):
    with log.writer() as writer:
        for values in TOGETHER[case]:
            writer.add(**{**GOOD, **values})
    assert writer.n_rejected == writer.waiting == 0
    assert count(log) == [len(TOGETHER[case])] * 2


class Broken:
    def __float__(self):
        raise ZeroDivisionError("broken")

    __int__ = __index__ = __array__ = __float__


@pytest.mark.parametrize(
    "odd",
    [{"score": np.complex128(1)}, {"model_version": np.longdouble(1)}, {"score": Decimal("sNaN")}, {"score": Broken()}],
)
def test_a_value_of_any_type_costs_its_row_alone(log, odd):
    with pytest.warns(RuntimeWarning, match="1 requests could not be logged"), log.writer() as writer:
        for values in ({}, odd, {}):
            writer.add(**{**GOOD, **values})
    assert (writer.n_rejected, writer.waiting) == (1, 0)
    assert count(log) == [2, 2]


def test_a_feature_that_another_process_has_just_logged_as_another_type(log, monkeypatch):
    """The rows are looked at again, with what is known now."""
    writer = log.writer()
    writer.add(**GOOD, feature_new="text")
    writer.add(**GOOD)
    original = log.append

    def append(table):
        monkeypatch.undo()
        original(pd.DataFrame([{**GOOD, "request_id": "other", "event_time": MOMENT, "feature_new": 1.0}]))
        return original(table)

    monkeypatch.setattr(log, "append", append)
    with pytest.warns(RuntimeWarning, match="was logged as number"):
        assert writer.flush() == 1
    assert count(log) == [2, 2]


def test_times_of_other_zones_may_be_mixed(log):
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with warnings.catch_warnings(), log.writer() as writer:
        warnings.simplefilter("error")
        for hours in (0, 9, -5):
            writer.add(**GOOD, event_time=moment.astimezone(timezone(timedelta(hours=hours))))
        writer.add(**GOOD, event_time=pd.Timestamp(moment))
    found = log.query("SELECT DISTINCT event_time FROM predictions")["event_time"]
    assert found.tolist() == [pd.Timestamp(moment)]


def test_a_full_disk_keeps_the_rows_waiting(log, monkeypatch):
    from coursekit import writing

    writer = log.writer()
    for _ in range(3):
        writer.add(**GOOD)

    def full(handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(writing.os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            writer.flush()
    assert writer.waiting == 3
    assert writer.flush() == 3
    assert count(log) == [3, 3]


def test_threads_may_add_at_once(log):
    with log.writer(buffer_rows=37) as writer:
        threads = [
            threading.Thread(target=lambda: [writer.add(**GOOD, feature_amount=1.0) for _ in range(200)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert count(log) == [800, 800]


@pytest.mark.parametrize("options", [{"buffer_rows": 0}, {"flush_seconds": 0}, {"flush_seconds": float("nan")}])
def test_a_buffer_needs_a_size(log, options):
    with pytest.raises(ValueError, match="buffer_rows must be at least 1"):
        log.writer(**options)
