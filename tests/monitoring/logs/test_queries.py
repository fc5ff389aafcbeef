"""A log is asked, never changed, and nobody outside hears of it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from coursekit.monitoring.logs import PredictionLog


@pytest.mark.parametrize(
    "sql",
    [
        "DROP VIEW predictions",
        "DELETE FROM predictions",
        "INSERT INTO labels VALUES ('a', 1, now(), now(), now()::DATE)",
        "COPY predictions TO '{folder}/stolen.csv'",
        "ATTACH '{folder}/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 1",
        "PRAGMA version",
        "SELECT 1; SELECT 2",
        "CREATE TABLE t AS SELECT 1",
        "",
        "-- nothing",
    ],
)
def test_only_one_select_is_run(world, files_of, tmp_path, sql):
    log, _, _ = world
    before = files_of(log)
    with pytest.raises(ValueError, match="one SELECT"):
        log.query(sql.format(folder=tmp_path))
    assert files_of(log) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "sql", ["SELEC 1", "SELECT nothing FROM predictions", "SELECT * FROM elsewhere", "SELECT 'a'::INT"]
)
def test_sql_that_cannot_be_answered_says_why(world, sql):
    log, _, _ = world
    with pytest.raises(ValueError, match=r"cannot answer: .*Error"):
        log.query(sql)


def test_no_extension_is_fetched(world):
    """What needs the network fails at once, whatever the machine has installed."""
    log, _, _ = world
    with pytest.raises(ValueError, match="its own log only"):
        log.query("SELECT * FROM 'https://example.com/a.parquet'")
    settings = log.query("SELECT name, value FROM duckdb_settings() WHERE name LIKE 'auto%known_extensions'")
    assert settings["value"].tolist() == ["false", "false"]


def test_a_callers_variable_is_no_table(world):
    log, _, _ = world
    secret = pd.DataFrame({"x": [1]})
    with pytest.raises(ValueError, match="secret"):
        log.query("SELECT * FROM secret")
    assert len(secret) == 1


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("it's; DROP VIEW labels", "VARCHAR"),
        (np.float64(0.25), "DOUBLE"),
        (np.int64(7), "BIGINT"),
        (date(2026, 3, 1), "DATE"),
        (True, "BOOLEAN"),
        (pd.Timestamp("2026-03-01T09:00+09:00"), "TIMESTAMPTZ"),
    ],
)
def test_parameters_are_values_never_sql(world, value, kind):
    log, _, _ = world
    assert log.query(f"SELECT $x::{kind} = $y AS same", x=value, y=value)["same"].tolist() == [True]


def test_a_parameter_may_be_a_list(world):
    log, predictions, _ = world
    chosen = ["it's", "ZZ"]
    found = log.query("SELECT count(*) AS n FROM predictions WHERE feature_country IN $chosen", chosen=chosen)
    assert found.loc[0, "n"] == predictions["feature_country"].isin(chosen).sum()


@pytest.mark.parametrize("sql", [None, 7, b"SELECT 1"])
def test_a_question_is_text(world, sql):
    with pytest.raises(ValueError, match="one SELECT as text"):
        world[0].query(sql)


def test_a_parameter_that_sql_has_no_type_for_is_refused(world):
    with pytest.raises(ValueError, match="Unable to transform python value"):
        world[0].query("SELECT $x", x=object())


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('{secret}')",
        "read_text('{secret}')",
        "read_text('{log}/../secret.csv')",
        "glob('{folder}/*')",
        "glob('*')",
    ],
)
def test_a_question_reads_no_file_outside_the_log(make_predictions, tmp_path, source):
    log = PredictionLog(tmp_path / "log [1]")
    log.append(make_predictions(5))
    secret = tmp_path / "secret.csv"
    secret.write_text("password\n1234\n")
    with pytest.raises(ValueError, match="its own log only"):
        log.query(f"SELECT * FROM {source.format(secret=secret, log=log.folder, folder=tmp_path)}")
    assert log.query("SELECT count(*) AS n FROM predictions").loc[0, "n"] == 5


@pytest.mark.parametrize(("parameters", "told"), [({}, r"\$x has no value"), ({"x": 1, "y": 2}, r"the SQL has no \$y")])
def test_parameters_must_be_those_of_the_sql(world, parameters, told):
    log, _, _ = world
    with pytest.raises(ValueError, match=told):
        log.query("SELECT $x", **parameters)


def test_times_are_shown_in_utc_wherever_the_machine_is(world):
    log, _, _ = world
    found = log.query("SELECT TIMESTAMPTZ '2026-03-01 00:00+09' AS t, hour(TIMESTAMPTZ '2026-03-01 00:00+09') AS h")
    assert found.loc[0, "t"] == pd.Timestamp("2026-02-28T15:00Z")
    assert found.loc[0, "h"] == 15


def test_all_three_tables_are_listed(world):
    log, _, _ = world
    assert log.query("SHOW TABLES")["name"].tolist() == ["labelled", "labels", "predictions"]
    assert log.query("SELECT count(*) AS n FROM PREDICTIONS").loc[0, "n"] == 2000
    assert log.query('SELECT count(*) AS n FROM "LABELS"').loc[0, "n"] > 0
