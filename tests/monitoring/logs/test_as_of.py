"""A report of a day knows what was known that day, and nothing later."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.monitoring.logs import PredictionLog, audit, compare_arms, delayed_accuracy

EVENT = pd.Timestamp("2026-03-01T12:00Z")


def predictions(ids, times=None):
    n = len(ids)
    return pd.DataFrame(
        {
            "request_id": ids,
            "event_time": [EVENT] * n if times is None else times,
            "model_version": "fraud-3",
            "feature_version": "f12",
            "arm": ["baseline", "candidate"] * (n // 2) + ["baseline"] * (n % 2),
            "score": np.linspace(0.1, 0.9, n),
            "latency_ms": 10.0,
        }
    )


def labels(*rows):
    ids, values, hours = zip(*rows, strict=True)
    times = [EVENT + pd.Timedelta(hours=hour) for hour in hours]
    return pd.DataFrame({"request_id": ids, "label": np.array(values, dtype=float), "label_time": times})


def in_force(log, hours):
    as_of = None if hours is None else EVENT + pd.Timedelta(hours=hours)
    found = log.query("SELECT request_id, label FROM labelled ORDER BY request_id", as_of=as_of)
    return {row.request_id: None if pd.isna(row.label) else row.label for row in found.itertuples()}


def test_the_world_at_any_time_is_what_pandas_makes_of_it(world, labels_known):
    log, predicted, given_labels = world
    for days in (-1, 0, 0.5, 3, 6.25, 9, 12, 30):
        as_of = pd.Timestamp("2026-03-01", tz="UTC") + pd.Timedelta(days=days)
        found = log.query("SELECT request_id, label, label_time FROM labelled", as_of=as_of).set_index("request_id")
        happened = predicted[predicted["event_time"] <= as_of].set_index("request_id")
        known = labels_known(given_labels, as_of).reindex(happened.index)
        assert set(found.index) == set(happened.index)
        found = found.loc[happened.index]
        np.testing.assert_array_equal(found["label"].to_numpy(float), known["label"].to_numpy(float))
        assert ((found["label_time"] == known["label_time"]) | known["label_time"].isna()).all()
        assert (found["label_time"].isna() == known["label_time"].isna()).all()


def test_a_label_says_when_it_was_recorded(tmp_path):
    log = PredictionLog(tmp_path)
    before = pd.Timestamp.now("UTC").floor("us")
    log.add_labels(labels(("a", 1, 0)))
    recorded = log.query("SELECT recorded_at FROM labels").loc[0, "recorded_at"]
    assert before <= recorded <= pd.Timestamp.now("UTC")


hours = st.integers(-3, 12)
histories = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from([0, 1, np.nan]), hours), min_size=1, max_size=12
)


@settings(max_examples=20, deadline=None)
@given(history=histories, as_of=hours)
def test_what_comes_later_changes_no_earlier_report(tmp_path_factory, history, as_of):
    """A log that ends at a time and a longer one asked as of that time give the same answers."""
    history = list({(row[0], row[2]): row for row in history}.values())  # one label per request and time
    ids = [*"abcd", "late"]
    times = [EVENT] * 4 + [EVENT + pd.Timedelta(hours=5)]
    whole, short = (PredictionLog(tmp_path_factory.mktemp("log")) for _ in range(2))
    whole.append(predictions(ids, times))
    whole.add_labels(labels(*history))
    earlier = predictions(ids, times)
    short.append(earlier[earlier["event_time"] <= EVENT + pd.Timedelta(hours=as_of)])
    seen = [row for row in history if row[2] <= as_of]
    if seen:
        short.add_labels(labels(*seen))
    sql = "SELECT * FROM labelled ORDER BY request_id"
    moment = EVENT + pd.Timedelta(hours=as_of)
    pd.testing.assert_frame_equal(whole.query(sql, as_of=moment), short.query(sql), check_dtype=False)
    pd.testing.assert_frame_equal(
        delayed_accuracy(whole, as_of=moment).to_frame(), delayed_accuracy(short, as_of=moment).to_frame()
    )
    pd.testing.assert_frame_equal(audit(whole, as_of=moment).to_frame(), audit(short).to_frame())


def test_the_latest_label_holds_and_the_earlier_ones_are_kept(log):
    log.append(predictions(["a"]))
    log.add_labels(labels(("a", 1, 5)))
    log.add_labels(labels(("a", 0, 2)))  # arrives in the log later, was known earlier
    assert [in_force(log, hour)["a"] for hour in (1, 2, 4.9, 5, None)] == [None, 0, 0, 1, 1]
    assert len(log.query("SELECT * FROM labels")) == 2


def test_of_two_labels_of_one_time_the_one_recorded_later_holds(log):
    log.append(predictions(["a"]))
    for label in (1, 0, 1, 0):
        log.add_labels(labels(("a", label, 2)))
        assert in_force(log, None)["a"] == label
    log.compact()
    assert in_force(log, None)["a"] == 0


def test_an_empty_label_withdraws_the_one_before(log):
    log.append(predictions(["a"]))
    log.add_labels(labels(("a", 1, 1), ("a", np.nan, 2)))
    assert [in_force(log, hour)["a"] for hour in (1, 2)] == [1, None]
    assert audit(log)["withdrawn"] == 1


def test_a_label_of_an_unknown_request_waits_for_it(log):
    log.add_labels(labels(("later", 1, 2)))
    assert audit(log)["unknown_requests"] == 1
    assert len(log.query("SELECT * FROM labels")) == 1
    log.append(predictions(["later"]))
    assert in_force(log, None) == {"later": 1}
    assert audit(log)["unknown_requests"] == 0


def test_a_label_before_its_event_counts_and_is_told(log):
    log.append(predictions(["a", "b"]))
    log.add_labels(labels(("a", 1, -2), ("b", 1, 2)))
    assert audit(log)["before_event"] == 1
    accuracy = delayed_accuracy(log, as_of=EVENT + pd.Timedelta(hours=3)).to_frame()
    assert accuracy["labelled"].tolist() == [2]


@pytest.mark.parametrize("as_of", ["2026-03-01", "2026-03-01T10:00", "soon", None, pd.NaT, pd.Timestamp("2026-03-01")])
def test_a_time_without_a_zone_is_refused(world, as_of):
    log, _, _ = world
    with pytest.raises(ValueError, match="as_of"):
        delayed_accuracy(log, as_of=as_of)


def test_as_of_may_be_a_parameter_of_the_question(world):
    log, _, given_labels = world
    as_of = pd.Timestamp("2026-03-06T00:00+09:00")
    found = log.query("SELECT count(*) AS n FROM labels WHERE label_time <= $as_of", as_of=as_of)
    assert found.loc[0, "n"] == (given_labels["label_time"] <= as_of).sum()


def test_arms_are_compared_as_of_a_time(world):
    log, predicted, _ = world
    as_of = pd.Timestamp("2026-03-04", tz="UTC")
    comparison = compare_arms(log, as_of=as_of, every="day")
    assert sum(comparison.requests.values()) == (predicted["event_time"] <= as_of).sum()
