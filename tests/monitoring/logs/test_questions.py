"""The SQL answers are those that pandas and numpy give on the same rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from coursekit.modeling.evaluation import wilson_interval
from coursekit.monitoring.logs import (
    audit,
    compare_arms,
    daily_drift,
    daily_volume,
    delayed_accuracy,
    latency_percentiles,
)

AS_OF = pd.Timestamp("2026-03-14", tz="UTC")
QUESTIONS = {
    "volume": lambda log: daily_volume(log, by="model_version"),
    "latency": lambda log: latency_percentiles(log, by="arm", start="2026-03-02", end="2026-03-09"),
    "accuracy": lambda log: delayed_accuracy(log, as_of=AS_OF),
    "accuracy, maturity given": lambda log: delayed_accuracy(log, as_of=AS_OF, maturity_days=2.5, start="2026-03-03"),
    "drift": lambda log: daily_drift(log, reference=("2026-03-01", "2026-03-03"), start="2026-03-02"),
    "arms": lambda log: compare_arms(log, as_of=AS_OF),
    "audit": lambda log: audit(log, as_of=AS_OF),
    "audit, all": audit,
}


def day_of(frame):
    return frame["event_time"].dt.tz_localize(None).dt.floor("D")


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_sql_shown_gives_the_answer(world, name):
    """Run as it stands, with its parameters, it returns the numbers of the table."""
    log, _, _ = world
    answer = QUESTIONS[name](log)
    again = log.query(answer.sql, **answer.parameters)
    frame = answer.to_frame()
    shared = [column for column in again.columns if column in frame.columns]
    assert len(shared) >= min(3, frame.shape[1])
    pd.testing.assert_frame_equal(again[shared], frame[shared], check_dtype=False)


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_is_frozen_and_draws_with_korean_words(world, name):
    log, _, _ = world
    answer = QUESTIONS[name](log)
    with pytest.raises(AttributeError):
        answer.sql = "SELECT 1"
    frame = answer.to_frame()
    frame.iloc[:, 0] = None
    assert not answer.to_frame().equals(frame)
    figure = answer.plot()
    assert isinstance(figure, go.Figure)
    assert len(figure.data) >= 1
    assert any("가" <= letter <= "힣" for letter in figure.layout.title.text)


@pytest.mark.parametrize("by", ["arm", "model_version", "feature_version"])
def test_volume_counts_every_day_the_silent_ones_too(world, by):
    log, predictions, _ = world
    answer = daily_volume(log, by=by)
    calendar = pd.date_range("2026-03-01", "2026-03-12")
    expected = (
        predictions.groupby([day_of(predictions), by]).size().unstack(fill_value=0).reindex(calendar, fill_value=0)
    )
    found = answer.to_frame().pivot(index="day", columns=by, values="requests")
    np.testing.assert_array_equal(found.to_numpy(), expected.to_numpy())
    assert answer.gaps == [pd.Timestamp("2026-03-08")]
    wide = daily_volume(log, by=by, start="2026-02-27", end="2026-03-09")
    found = wide.to_frame().pivot(index="day", columns=by, values="requests")
    shown = expected.reindex(pd.date_range("2026-02-27", "2026-03-09"), fill_value=0)[found.columns]
    np.testing.assert_array_equal(found.to_numpy(), shown.to_numpy())
    assert len(wide.gaps) == 3  # days that were asked for are told, also before the log began


def test_latency_percentiles_are_numpys(world):
    log, predictions, _ = world
    found = latency_percentiles(log).to_frame().set_index(["day", "model_version"])
    for (day, version), rows in predictions.groupby([day_of(predictions), "model_version"]):
        values = rows["latency_ms"].to_numpy(np.float64)
        expected = np.percentile(values, [50, 95, 99])
        # both interpolate between the same two values; the products round in different orders
        np.testing.assert_allclose(
            found.loc[(day, version), ["p50", "p95", "p99"]].to_numpy(float), expected, rtol=1e-14
        )
        assert found.loc[(day, version), "requests"] == len(values)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 1.1])
def test_delayed_accuracy_is_what_pandas_counts(world, labels_known, threshold):
    log, predictions, labels = world
    for days in (3, 7, 13, 60):
        as_of = pd.Timestamp("2026-03-01", tz="UTC") + pd.Timedelta(days=days)
        answer = delayed_accuracy(log, as_of=as_of, threshold=threshold)
        happened = predictions[predictions["event_time"] <= as_of]
        known = labels_known(labels, as_of).reindex(happened["request_id"])
        label, flagged = known["label"].to_numpy(), (happened["score"] >= threshold).to_numpy()
        frame = answer.to_frame().set_index("day")
        assert frame.index.tolist() == sorted(day_of(happened).unique())
        for day, row in frame.iterrows():
            here = (day_of(happened) == day).to_numpy()
            seen = here & ~np.isnan(label)
            right = (flagged == (label == 1)) & seen
            assert (row["requests"], row["labelled"]) == (here.sum(), seen.sum())
            assert row["share_labelled"] == seen.sum() / here.sum()
            for name, hits, of in (
                ("accuracy", right, seen),
                ("precision", right & flagged, seen & flagged),
                ("recall", right & (label == 1), seen & (label == 1)),
            ):
                told = row[[name, f"{name}_low", f"{name}_high"]].to_numpy(float)
                if not of.any():
                    assert np.isnan(told).all()
                    continue
                interval = wilson_interval(hits.sum(), of.sum())
                np.testing.assert_array_equal(told, [interval.estimate, interval.low, interval.high])


def test_a_day_is_mature_when_its_labels_have_had_their_time(world, labels_known):
    log, predictions, labels = world
    for days in (6, 10, 25):
        as_of = pd.Timestamp("2026-03-01", tz="UTC") + pd.Timedelta(days=days)
        happened = predictions[predictions["event_time"] <= as_of].set_index("request_id")
        known = labels_known(labels, as_of).reindex(happened.index).dropna(subset=["label"])
        delay = (known["label_time"] - happened.loc[known.index, "event_time"]) / pd.Timedelta("1D")
        delay = np.sort(np.ceil(delay.clip(lower=0)).to_numpy())
        expected = delay[int(np.ceil(0.95 * len(delay))) - 1]  # the first by which 95% had come
        answer = delayed_accuracy(log, as_of=as_of)
        assert answer.maturity_days == expected
        frame = answer.to_frame()
        ripe = frame["day"].dt.tz_localize("UTC") + pd.Timedelta(days=1 + expected) <= as_of
        assert frame["mature"].tolist() == ripe.tolist()
        assert len(answer.mature()) == ripe.sum()
    given = delayed_accuracy(log, as_of="2026-03-05T00:00Z", maturity_days=1)
    assert given.maturity_days == 1
    assert given.to_frame()["mature"].tolist() == [True, True, True, False]


def test_the_figure_says_why_the_last_days_are_empty(log, make_predictions):
    """Labels take three days: as the 10th begins, those of the 7th, 8th and 9th are still to come."""
    predictions = make_predictions(500, days=12, silent=())
    log.append(predictions)
    arrival = predictions["event_time"] + pd.Timedelta("3D")
    log.add_labels(predictions[["request_id"]].assign(label=1, label_time=arrival))
    figure = delayed_accuracy(log, as_of="2026-03-10T00:00Z", maturity_days=3).plot()
    shade, line = figure.layout.shapes
    assert [pd.Timestamp(x) for x in (shade.x0, shade.x1)] == [
        pd.Timestamp("2026-03-06T12:00"),
        pd.Timestamp("2026-03-09T12:00"),
    ]
    assert pd.Timestamp(line.x0) == pd.Timestamp("2026-03-10")
    assert [trace.showlegend for trace in figure.data] == [True, False, False], (
        "no legend for points that are not there"
    )
    later = delayed_accuracy(log, as_of="2026-06-01T00:00Z").plot()
    assert later.layout.shapes == (), "the log, not the labels, ended there"


def test_a_label_that_is_no_answer_is_refused(log, make_predictions):
    predictions = make_predictions(20, days=2, silent=())
    log.append(predictions)
    log.add_labels(predictions[["request_id"]].assign(label=2, label_time=AS_OF))
    for ask in (lambda: delayed_accuracy(log, as_of=AS_OF), lambda: compare_arms(log)):
        with pytest.raises(ValueError, match="20 labels are neither 0 nor 1"):
            ask()


def test_the_audit_counts_what_pandas_counts(world, labels_known):
    log, predictions, labels = world
    found = audit(log)
    known = labels_known(labels, pd.Timestamp.max.tz_localize("UTC"))
    times = predictions.set_index("request_id")["event_time"].reindex(known.index)
    values = labels.assign(label=labels["label"].fillna(-1)).groupby("request_id")["label"].nunique()
    expected = {
        "requests": len(predictions),
        "repeated_requests": 0,
        "labels": len(labels),
        "labelled_requests": len(known),
        "unknown_requests": 7,
        "before_event": int((known["label_time"] < times).sum()),
        "relabelled": int((values > 1).sum()),
        "withdrawn": int(known["label"].isna().sum()),
    }
    assert {name: found[name] for name in expected} == expected
    assert all(found[name] > 0 for name in ("before_event", "relabelled", "withdrawn"))


def test_requests_that_come_twice_are_counted(log, make_predictions):
    predictions = make_predictions(30, days=2, silent=())
    log.append(predictions)
    log.append(predictions.head(4))
    assert audit(log)["repeated_requests"] == 4


EMPTY = {
    "volume": daily_volume,
    "latency": latency_percentiles,
    "accuracy": lambda log: delayed_accuracy(log, as_of=AS_OF),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_log_gives_an_empty_table(log, name):
    answer = EMPTY[name](log)
    assert len(answer.to_frame()) == 0
    assert list(answer.to_frame().columns)
    assert isinstance(answer.plot(), go.Figure)


def test_an_empty_log_has_nothing_odd(log):
    assert audit(log).to_frame()["count"].tolist() == [0] * 8


BAD = {
    "by": (lambda log: daily_volume(log, by="request_id"), "by must be one of"),
    "by with sql": (lambda log: latency_percentiles(log, by="arm; DROP VIEW labels"), "by must be one of"),
    "start": (lambda log: daily_volume(log, start="last week"), "start must be a day"),
    "start with a time": (lambda log: daily_volume(log, start=AS_OF), "start must be a day"),
    "order": (lambda log: daily_volume(log, start="2026-03-05", end="2026-03-01"), "lies after end"),
    "threshold": (lambda log: delayed_accuracy(log, as_of=AS_OF, threshold=np.nan), "threshold must be finite"),
    "maturity": (lambda log: delayed_accuracy(log, as_of=AS_OF, maturity_days=-1), "maturity_days must be"),
    "confidence": (lambda log: delayed_accuracy(log, as_of=AS_OF, confidence=1.0), "confidence"),
    "metric": (lambda log: delayed_accuracy(log, as_of=AS_OF).plot("auc"), "metric must be one of"),
    "every": (lambda log: compare_arms(log, every="minute"), "every must be one of"),
    "one arm": (lambda log: compare_arms(log, end="2026-01-01"), "no hour has requests of both arms"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_option_that_makes_no_sense_is_refused(world, case):
    log, _, _ = world
    ask, told = BAD[case]
    with pytest.raises(ValueError, match=told):
        ask(log)
