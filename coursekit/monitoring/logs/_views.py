"""The log as DuckDB sees it: three views over Parquet files, one SELECT at a time, no network."""

from __future__ import annotations

import contextlib
import glob
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coursekit.monitoring.logs.schema import SQL_TYPES, Column, LogSchema

if TYPE_CHECKING:
    import duckdb


def identifier(name: str) -> str:
    """A name as SQL text."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A string as SQL text."""
    return "'" + value.replace("'", "''") + "'"


def _table(columns: Sequence[Column], parts: Sequence[Path], partition: str) -> str:
    """Rows of the files, and every column of the schema even where no file has it."""
    names = ", ".join(identifier(column.name) for column in columns)
    empty = ", ".join(f"NULL::{SQL_TYPES[column.type]} AS {identifier(column.name)}" for column in columns)
    sources = [f"SELECT {empty} WHERE false"]
    if parts:
        # brackets and stars in a path are its own, not a pattern
        paths = ", ".join(text(glob.escape(str(path))) for path in parts)
        options = f"union_by_name = true, hive_partitioning = true, hive_types = {{'{partition}': DATE}}"
        sources.insert(0, f"SELECT * FROM read_parquet([{paths}], {options})")
    return f"SELECT {names} FROM ({' UNION ALL BY NAME '.join(sources)})"


def _labelled(as_of: pd.Timestamp | None) -> str:
    """Predictions with the latest label that was known at a time."""
    moment = None if as_of is None else f"TIMESTAMPTZ {text(as_of.strftime('%Y-%m-%d %H:%M:%S.%f+00'))}"
    known = f"WHERE label_time <= {moment}" if moment else ""
    happened = f"WHERE event_time <= {moment}" if moment else ""
    return f"""
        SELECT predictions.*, latest.label AS label, latest.label_time AS label_time
        FROM predictions
        LEFT JOIN (
            SELECT request_id, max({{'label_time': label_time, 'recorded_at': recorded_at, 'label': label}}) AS latest
            FROM labels {known}
            GROUP BY request_id
        ) USING (request_id)
        {happened}"""


@contextlib.contextmanager
def views(
    folder: Path,
    schema: LogSchema,
    predictions: Sequence[Path],
    labels: Sequence[Path] | None,
    as_of: pd.Timestamp | None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own that knows ``predictions`` and, unless labels are None, ``labels`` and ``labelled``.

    It opens no file outside the log's folder (and its own scratch, which DuckDB adds), so that a
    question that somebody else wrote cannot read the machine.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="coursekit-sql-", ignore_cleanup_errors=True) as scratch:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",  # a table is a view of the log, never a caller's variable
            "temp_directory": scratch,  # what does not fit into memory, instead of .tmp in the working folder
        }
        with duckdb.connect(":memory:", config=settings) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            # a path is compared as it is written, with what escapes its brackets and stars
            own = ", ".join(text(name) for name in (str(folder), glob.escape(str(folder))))
            connection.execute(f"SET allowed_directories = [{own}]")
            connection.execute("SET enable_external_access = false")
            connection.execute(f"CREATE VIEW predictions AS {_table(schema.predictions, predictions, 'day')}")
            if labels is not None:
                connection.execute(f"CREATE VIEW labels AS {_table(schema.labels, labels, 'arrived')}")
                connection.execute(f"CREATE VIEW labelled AS {_labelled(as_of)}")
            yield connection


def select(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any], as_of: pd.Timestamp | None
) -> pd.DataFrame:
    """The answer to one SELECT; whatever would change something is refused."""
    import duckdb

    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            kinds = ", ".join(statement.type.name for statement in statements) or "nothing"
            raise ValueError(f"a log is asked with one SELECT and changed by nothing, got {kinds}")
        wanted = statements[0].named_parameters
        if as_of is not None and "as_of" in wanted:
            parameters = {**parameters, "as_of": as_of}
        missing, unknown = sorted(wanted - set(parameters)), sorted(set(parameters) - wanted)
        if missing or unknown:
            told = [f"${name} has no value" for name in missing] + [f"the SQL has no ${name}" for name in unknown]
            raise ValueError(f"parameters and SQL differ: {'; '.join(told)}")
        bound = {name: _plain(value) for name, value in parameters.items()}
        return connection.execute(statements[0], bound).df()
    except duckdb.PermissionException as error:
        raise ValueError(f"a question reads the files of its own log only: {error}") from error
    except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
        raise ValueError(f"the log has predictions, labels and labelled, and cannot answer: {error}") from error


def _plain(value: Any) -> Any:
    """What DuckDB can bind: numpy's numbers and arrays as Python's, times as datetime."""
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime(warn=False)
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return value
