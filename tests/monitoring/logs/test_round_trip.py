"""What was logged comes back, wherever the log lies and whatever its features are called."""

from __future__ import annotations

import subprocess
import sys
import uuid
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursekit.monitoring.logs import LogSchema, PredictionLog

ALL = "SELECT * EXCLUDE (day) FROM predictions ORDER BY request_id"


def rows(n, **columns):
    frame = {
        "request_id": [f"r{i:03d}" for i in range(n)],
        "event_time": pd.date_range("2026-03-01T12:00Z", periods=n, freq="7h"),
        "model_version": "fraud-3",
        "feature_version": "f12",
        "arm": "baseline",
        "score": np.linspace(0, 1, n),
        "latency_ms": 10.0,
    }
    return pd.DataFrame({**frame, **columns})


def test_every_value_comes_back(world):
    log, predictions, _ = world
    found = log.query(ALL)
    expected = predictions.sort_values("request_id", ignore_index=True)
    assert set(found.columns) == set(expected.columns)
    for name in expected.columns:
        if pd.api.types.is_numeric_dtype(expected[name]) and name != "feature_online":
            # floats of 32 bits are stored as such; reading them as 64 bits changes nothing
            np.testing.assert_array_equal(found[name].to_numpy(float), expected[name].to_numpy(float), err_msg=name)
        else:
            same = found[name].astype(object).where(found[name].notna(), None)
            assert same.tolist() == expected[name].astype(object).where(expected[name].notna(), None).tolist(), name


texts = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1, max_size=12)
numbers = st.one_of(st.none(), st.floats(allow_nan=False))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ids=st.lists(texts, min_size=1, max_size=6, unique=True),
    data=st.data(),
)
def test_any_text_and_any_float_survive(tmp_path_factory, ids, data):
    n = len(ids)
    frame = rows(n).assign(
        request_id=ids,
        model_version=data.draw(st.lists(texts, min_size=n, max_size=n)),
        score=data.draw(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=n, max_size=n)),
        event_time=pd.to_datetime(
            data.draw(st.lists(st.integers(0, 2**52), min_size=n, max_size=n)), unit="us", utc=True
        ),
        feature_x=pd.Series(data.draw(st.lists(numbers, min_size=n, max_size=n)), dtype=float),
        feature_글=pd.Series(data.draw(st.lists(st.one_of(st.none(), texts), min_size=n, max_size=n)), dtype=object),
    )
    log = PredictionLog(tmp_path_factory.mktemp("any"))
    assert log.append(frame) == n
    found = log.query("SELECT * FROM predictions").set_index("request_id").loc[ids].reset_index()
    assert found["model_version"].tolist() == frame["model_version"].tolist()
    assert found["score"].tolist() == frame["score"].tolist()
    assert (found["event_time"] == frame["event_time"]).all()
    assert (found["day"].dt.date == frame["event_time"].dt.date).all()
    for name in ("feature_x", "feature_글"):
        if frame[name].notna().any():
            kept = found[name].astype(object).where(found[name].notna(), None).tolist()
            assert kept == frame[name].astype(object).where(frame[name].notna(), None).tolist()
        else:
            assert name not in found  # without any value it has no type yet


def test_a_pyarrow_table_is_as_good_as_a_frame(tmp_path):
    frame = rows(5, feature_amount=[1.0, 2.0, np.nan, 4.0, 5.0])
    one, two = PredictionLog(tmp_path / "frame"), PredictionLog(tmp_path / "table")
    one.append(frame)
    two.append(pa.Table.from_pandas(frame, preserve_index=False))
    pd.testing.assert_frame_equal(one.query(ALL), two.query(ALL))


@pytest.mark.parametrize("name", ["로그 폴더", "it's", 'a "b"', "[2026] *?", "a;b -- c", "%41", "env=prod", "${x}"])
def test_any_folder_can_hold_a_log(tmp_path, name):
    log = PredictionLog(tmp_path / name / "log")
    log.append(rows(3))
    log.add_labels(rows(3)[["request_id"]].assign(label=1, label_time=pd.Timestamp("2026-04-01", tz="UTC")))
    log.append(rows(3).assign(request_id=["x", "y", "z"]))
    assert log.query("SELECT count(*) AS n, count(label) AS k FROM labelled").iloc[0].tolist() == [6, 3]
    assert log.compact() > 0
    assert log.query("SELECT count(*) AS n, count(label) AS k FROM labelled").iloc[0].tolist() == [6, 3]


@pytest.mark.parametrize("folder", ["day=2020-01-01", "arm=candidate", "feature_x=1", "Label=2"])
def test_a_path_that_would_be_read_as_a_column_is_refused(tmp_path, folder):
    with pytest.raises(ValueError, match="rename that folder"):
        PredictionLog(tmp_path / folder / "log")


@pytest.mark.parametrize(
    "name", ["금액", "a.b", "it's", 'say "x"', '"; DROP VIEW predictions; --', "a b", "$x", "SELECT", "%", "{1}"]
)
def test_a_feature_may_have_any_visible_name(log, name):
    from coursekit.monitoring.logs import daily_drift

    log.append(rows(4, **{f"feature_{name}": [1.0, 2.0, 3.0, 4.0]}))
    quoted = '"' + f"feature_{name}".replace('"', '""') + '"'
    assert log.query(f"SELECT sum({quoted}) AS total FROM predictions").loc[0, "total"] == 10
    drift = daily_drift(log, reference=("2026-03-01", "2026-03-01"))
    assert drift.to_frame()["feature"].unique().tolist() == [name]


def test_a_text_feature_may_hold_sql(log):
    from coursekit.monitoring.logs import daily_drift

    values = ["'; DROP VIEW labels; --", "$start", '"', "missing"]
    log.append(rows(4, **{"feature_'x": values}))
    drift = daily_drift(log, reference=("2026-03-01", "2026-03-01")).to_frame()
    assert drift["missing"].tolist() == [0.0, 0.0]  # the text "missing" is a value


def test_days_are_those_of_utc(log):
    seoul = pd.to_datetime(["2026-03-02T08:59:59.999999+09:00", "2026-03-02T09:00:00.000000+09:00"])
    log.append(rows(2).assign(event_time=seoul))
    assert log.days() == (date(2026, 3, 1), date(2026, 3, 2))
    found = log.query("SELECT day, event_time FROM predictions ORDER BY event_time")
    assert found["day"].dt.date.tolist() == [date(2026, 3, 1), date(2026, 3, 2)]
    assert found["event_time"].dt.tz.utcoffset(None).total_seconds() == 0
    assert (found["event_time"] == seoul).all()


def test_identifiers_may_be_uuids_and_texts_categories(log):
    ids = [uuid.UUID(int=i) for i in range(3)]
    log.append(rows(3).assign(request_id=ids, arm=pd.Categorical(["baseline", "candidate", "baseline"])))
    found = log.query("SELECT request_id, arm FROM predictions ORDER BY request_id")
    assert found["request_id"].tolist() == [str(value) for value in ids]
    assert found["arm"].tolist() == ["baseline", "candidate", "baseline"]


@pytest.mark.parametrize("answers", [[True, False, None], [1, 0, None], [1.0, 0.0, np.nan], np.float32([1, 0, np.nan])])
@pytest.mark.parametrize("as_table", [False, True])
def test_labels_may_be_flags_or_numbers_and_missing_is_withdrawn(log, answers, as_table):
    log.append(rows(3))
    labels = rows(3)[["request_id"]].assign(label=answers, label_time=pd.Timestamp("2026-04-01", tz="UTC"))
    log.add_labels(pa.Table.from_pandas(labels, preserve_index=False) if as_table else labels)
    found = log.query("SELECT label, label_time FROM labelled ORDER BY request_id")
    assert found["label"].fillna(-1).tolist() == [1, 0, -1]
    assert found["label_time"].notna().all()


@pytest.mark.parametrize(
    "nothing", [np.nan, None, pd.NaT, pd.Series([pd.NA] * 2, dtype="Int64"), pd.Series([pd.NaT] * 2)]
)
def test_an_optional_column_may_be_missing_throughout(log, nothing):
    log.append(rows(2, prediction=nothing, feature_x=nothing))
    found = log.query("SELECT prediction FROM predictions")
    assert found["prediction"].isna().tolist() == [True, True]
    assert log.schema().features == {}


def test_a_feature_may_come_later_and_vanish(log):
    log.append(rows(2))
    log.append(rows(2, feature_age=np.float32([1.5, 2.5])).assign(request_id=["c", "d"]))
    log.append(rows(2, feature_age=[3, 4]).assign(request_id=["e", "f"]))
    log.append(rows(2, feature_age=[None, None]).assign(request_id=["g", "h"]))
    found = log.query("SELECT request_id, feature_age FROM predictions ORDER BY request_id")
    assert found["feature_age"].fillna(-1).tolist() == [1.5, 2.5, 3, 4, -1, -1, -1, -1]
    assert log.schema().features == {"age": "number"}


def test_nothing_logged_is_an_answer_too(log):
    assert log.days() == ()
    assert log.schema() == LogSchema()
    assert len(log.query("SELECT * FROM labelled")) == 0
    assert log.append(rows(0)) == 0
    assert log.compact() == 0
    assert not log.folder.exists()


def test_the_schema_names_what_the_files_hold(world):
    log, predictions, _ = world
    frame = log.schema().to_frame()
    for table in ("predictions", "labels"):
        columns = frame[frame["table"] == table]["column"].tolist()
        assert log.query(f"SELECT * FROM {table} LIMIT 0").columns.tolist() == columns
    assert set(predictions.columns) <= set(frame["column"])
    assert frame["meaning"].str.endswith("니다.").all()


def test_the_frame_given_is_left_as_it_was(log):
    frame = rows(3, feature_amount=[1.0, np.nan, 3.0])
    before = frame.copy(deep=True)
    log.append(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_importing_loads_no_database():
    """DuckDB is loaded when something is asked, not by the import."""
    code = "import sys, coursekit.monitoring.logs; print('duckdb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
