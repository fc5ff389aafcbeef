"""One bad row, and nothing is written."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

GOOD = pd.DataFrame(
    {
        "request_id": ["a", "b", "c"],
        "event_time": pd.date_range("2026-03-01T12:00Z", periods=3, freq="D"),
        "model_version": "fraud-3",
        "feature_version": "f12",
        "arm": "baseline",
        "score": [0.1, 0.5, 0.9],
        "latency_ms": [10.0, 20.0, 30.0],
        "feature_amount": [1.0, 2.0, 3.0],
    }
)
LABELS = pd.DataFrame(
    {"request_id": ["a", "b"], "label": [0, 1], "label_time": pd.to_datetime(["2026-03-05T00:00Z"] * 2)}
)

BAD_PREDICTIONS = {
    "a column is missing": (GOOD.drop(columns="model_version"), "'model_version' is missing"),
    "a column is misspelled": (GOOD.assign(predicton="x"), "did you mean 'prediction'"),
    "a feature without its prefix": (GOOD.assign(amount=1.0), "did you mean 'feature_amount'"),
    "a column that nothing resembles": (GOOD.assign(weather=1.0), "'feature_...'"),
    "a label comes along": (GOOD.assign(label=1), "add_labels"),
    "a day is given": (GOOD.assign(day="2026-03-01"), "adds it by itself"),
    "the score is NaN": (GOOD.assign(score=[0.1, np.nan, 0.9]), "'score', row 1"),
    "the score is infinite": (GOOD.assign(score=[0.1, 0.2, np.inf]), "'score', row 2"),
    "the score is text": (GOOD.assign(score=["0.1", "0.2", "0.3"]), "must hold numbers"),
    "the score is a flag": (GOOD.assign(score=[True, False, True]), "must hold numbers"),
    "the score mixes types": (GOOD.assign(score=pd.Series([0.1, "x", 0.3], dtype=object)), "mixes types"),
    "the latency is negative": (GOOD.assign(latency_ms=[1.0, -1.0, 1.0]), "'latency_ms', row 1"),
    "the latency is missing": (GOOD.assign(latency_ms=[1.0, 1.0, None]), "'latency_ms', row 2"),
    "an id comes twice": (GOOD.assign(request_id=["a", "b", "a"]), "row 2 repeats request_id 'a'"),
    "an id is a number": (GOOD.assign(request_id=[1, 2, 3]), "must be text"),
    "an id is empty": (GOOD.assign(request_id=["a", "", "c"]), "'request_id', row 1"),
    "an id is missing": (GOOD.assign(request_id=["a", None, "c"]), "'request_id', row 1"),
    "the time has no zone": (GOOD.assign(event_time=GOOD["event_time"].dt.tz_localize(None)), "no time zone"),
    "one time has no zone": (
        GOOD.assign(event_time=pd.Series([*GOOD["event_time"][:2], pd.Timestamp("2026-03-01")], dtype=object)),
        "no time zone",
    ),
    "the time is text": (GOOD.assign(event_time="2026-03-01"), "must hold times"),
    "a time is missing": (GOOD.assign(event_time=[*GOOD["event_time"][:2], pd.NaT]), "'event_time', row 2"),
    "the clock was never set": (
        GOOD.assign(event_time=GOOD["event_time"].where([True, True, False], pd.Timestamp("1969-12-31", tz="UTC"))),
        "is the clock set",
    ),
    "the arm is none of the two": (GOOD.assign(arm=["baseline", "control", "baseline"]), "'arm', row 1: 'control'"),
    "a feature is a time": (GOOD.assign(feature_seen=GOOD["event_time"]), "is no feature"),
    "a feature is a list": (GOOD.assign(feature_list=[[1], [2], [3]]), "is no feature"),
    "a feature is beyond a float": (GOOD.assign(feature_card=[2**53 + 1, 1, 2]), "log them as text"),
    "a feature changes its type": (GOOD.assign(feature_amount=["1", "2", "3"]), "was logged as number"),
    "a feature differs in case only": (GOOD.assign(feature_Amount=1.0), "differ only in case"),
    "a feature has no name": (GOOD.assign(**{"feature_": 1.0}), "names no feature"),
    "a feature's name is invisible": (GOOD.assign(**{"feature_\n": 1.0}), "names no feature"),
    "two columns share a name": (
        pd.concat([GOOD, GOOD[["score"]]], axis=1),
        "distinct names",
    ),
    "the latency is beyond 32 bits": (GOOD.assign(latency_ms=[1.0, 4e38, 1.0]), "'latency_ms', row 1"),
    "the score is complex": (GOOD.assign(score=np.complex128([1, 2, 3])), "a type that a log does not keep"),
    "the score is wider than a double": (GOOD.assign(score=np.longdouble([1, 2, 3])), "a log does not keep"),
    "a number among times": (
        GOOD.assign(event_time=pd.Series([*GOOD["event_time"][:2], Decimal(1)], dtype=object)),
        "got Decimal('1') among them",
    ),
    "all ids are missing": (GOOD.assign(request_id=np.nan), "'request_id', row 0"),
    "it is no table": ([{"request_id": "a"}], "give a pandas DataFrame"),
}

BAD_LABELS = {
    "a column is missing": (LABELS.drop(columns="label_time"), "'label_time' is missing"),
    "another column": (LABELS.assign(score=1.0), "'score' is not part"),
    "the time has no zone": (LABELS.assign(label_time=pd.Timestamp("2026-03-05")), "no time zone"),
    "the label is text": (LABELS.assign(label=["fraud", "ok"]), "must hold numbers"),
    "the label is infinite": (LABELS.assign(label=[0.0, np.inf]), "'label', row 1"),
    "the same request and time twice": (LABELS.assign(request_id="a"), "row 1 labels request 'a' a second time"),
    "the id is missing": (LABELS.assign(request_id=["a", None]), "'request_id', row 1"),
}


@pytest.mark.parametrize("case", BAD_PREDICTIONS)
def test_a_bad_prediction_is_refused_and_nothing_is_written(log, files_of, case):
    log.append(GOOD.assign(request_id=["x", "y", "z"]))
    before = files_of(log)
    frame, told = BAD_PREDICTIONS[case]
    with pytest.raises(ValueError) as error:
        log.append(frame)
    assert told in str(error.value)
    assert files_of(log) == before


@pytest.mark.parametrize("case", BAD_LABELS)
def test_a_bad_label_is_refused_and_nothing_is_written(log, files_of, case):
    frame, told = BAD_LABELS[case]
    with pytest.raises(ValueError) as error:
        log.add_labels(frame)
    assert told in str(error.value)
    assert files_of(log) == []


def test_names_that_unicode_composes_differently_are_one_name(log):
    import unicodedata

    log.append(GOOD.rename(columns={"feature_amount": "feature_금액"}))
    apart = unicodedata.normalize("NFD", "feature_금액")
    with pytest.raises(ValueError, match="Unicode"):
        log.append(GOOD.rename(columns={"feature_amount": apart}).assign(request_id=["x", "y", "z"]))


@pytest.mark.parametrize("batch", [5, "", "../up", "a b", "글", "a" * 101, ".hidden", "a~b"])
def test_a_batch_needs_a_name_for_files(log, files_of, batch):
    with pytest.raises(ValueError, match="batch must be"):
        log.append(GOOD, batch=batch)
    assert files_of(log) == []  # not even the type of a feature


def test_a_full_disk_leaves_nothing_of_a_batch(log, files_of, monkeypatch):
    """The disk fills up while the second of three days is written."""
    from coursekit import writing

    log.append(GOOD.assign(request_id=["x", "y", "z"]))
    before = files_of(log)
    calls = []

    def fsync(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left"):
        log.append(GOOD)
    assert files_of(log) == before
