"""A log of requests as a replay reads it: checked column by column, as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coursekit._number_checks import told
from coursekit.deployment.rollout.evidence import Guardrail

_OPTIONAL = ("latency_ms", "weight", "user", "instance")


@dataclass(frozen=True, eq=False, repr=False)
class RequestLog:
    """Requests of two arms, one entry each, in the log's order."""

    time: np.ndarray
    """Microseconds since 1970, ``(n,)``."""
    candidate: np.ndarray
    """Whether the candidate answered, ``(n,)``."""
    bad: tuple[np.ndarray, ...]
    """Whether it was bad, by guardrail, each ``(n,)``."""
    weight: np.ndarray | None
    """Recorded routing weight, ``(n,)``."""
    user: np.ndarray | None
    """Number of the user, ``(n,)``."""
    instance: np.ndarray | None
    """Number of the machine, ``(n,)``."""


def read_requests(log: object, guardrails: Sequence[Guardrail], arms: tuple[str, str], *, by_user: bool) -> RequestLog:
    """Read and check a frame, a Parquet file or a folder of them; arms are baseline and candidate."""
    frame = log if isinstance(log, pd.DataFrame) else _read_parquet(log)
    timed = [guardrail.name for guardrail in guardrails if guardrail.over_ms is not None]
    reasons = dict.fromkeys(("time", "arm"), "")
    if len(timed) < len(guardrails):
        reasons["error"] = ""
    if timed:
        reasons["latency_ms"] = f", which the guardrail {timed[0]!r} asks for"
    if by_user:
        reasons |= {"user": ", which unit='user' asks for", "weight": ", without which unit='user' is not exact"}
    if twice := sorted({str(name) for name in frame.columns[frame.columns.duplicated()]}):
        raise ValueError(f"replay: the log has two columns {twice[0]!r}; keep one")
    there = ", ".join(map(str, frame.columns)) or "none"
    for name, reason in reasons.items():
        if name not in frame.columns:
            raise ValueError(
                f"replay: the log has no column {name!r}{reason}; it has {there}. "
                'Rename yours, or ask a PredictionLog with query("SELECT event_time AS time, arm, ... AS error ...")'
            )
    if not len(frame):
        raise ValueError("replay: the log is empty; give the requests of a rollout")
    latency = _latency(frame["latency_ms"]) if timed else np.empty(0)
    error = _flags(frame["error"]) if "error" in reasons else np.empty(0, dtype=bool)
    return RequestLog(
        time=_times(frame["time"]),
        candidate=_is_candidate(frame["arm"], arms),
        bad=tuple(error if guardrail.over_ms is None else latency > guardrail.over_ms for guardrail in guardrails),
        weight=_weights(frame["weight"]) if "weight" in frame.columns else None,
        user=_numbered(frame["user"]) if by_user else None,
        instance=_numbered(frame["instance"]) if "instance" in frame.columns else None,
    )


def _read_parquet(log: object) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import dataset

    if not isinstance(log, str | Path):
        raise ValueError(f"replay: log must be a DataFrame or the path of Parquet files, got {told(log)}")
    try:
        path = Path(log).expanduser()
        there = path.exists()
    except (RuntimeError, OSError) as error:  # no such user, no right to look
        raise ValueError(f"replay: {str(log)!r} cannot be read: {error}") from error
    if not there:
        raise ValueError(f"replay: there is no file or folder {str(path)!r}")
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise ValueError(f"replay: the folder {str(path)!r} holds no file that ends in .parquet")
    try:
        # Columns of every file: what some of them lack is missing there, not left out everywhere.
        schemas = [dataset.dataset(str(file), format="parquet").schema for file in files]
        schema = schemas[0]
        for other in schemas[1:]:
            for column in other:
                schema = schema if column.name in schema.names else schema.append(column)
        found = dataset.dataset([str(file) for file in files], format="parquet", schema=schema)
        wanted = {"time", "arm", "error", *_OPTIONAL}
        return found.to_table(columns=[name for name in found.schema.names if name in wanted]).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"replay: {str(path)!r} cannot be read as Parquet: {error}") from error


def _refuse(name: str, wrong: np.ndarray, values: pd.Series, what: str) -> None:
    """Raise if any row is wrong, with the rows' positions and the first value."""
    rows = np.flatnonzero(wrong)
    if rows.size:
        some = ", ".join(map(str, rows[:5])) + (", ..." if rows.size > 5 else "")
        raise ValueError(
            f"replay: {name} {what}, got {told(_plain(values.iloc[rows[0]]))} in row {some} "
            f"({rows.size:,} of {wrong.size:,} rows, counted from 0)"
        )


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _times(values: pd.Series) -> np.ndarray:
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        raise ValueError(
            f"replay: time must hold timestamps, got {values.dtype} such as {told(_plain(values.iloc[0]))}; "
            "convert the column with pd.to_datetime"
        )
    _refuse("time", values.isna().to_numpy(), values, "must be known for each request: fill it or drop the rows")
    return pd.DatetimeIndex(values).as_unit("us").asi8


def _is_candidate(values: pd.Series, arms: tuple[str, str]) -> np.ndarray:
    codes, names = pd.factorize(values)  # millions of rows, few names
    sides = [arms.index(name) if name in arms else -1 for name in names]
    side = np.array([*sides, -1])[codes]  # code -1 is a missing name
    _refuse(
        "arm",
        side < 0,
        values,
        f"must be {arms[0]!r} or {arms[1]!r}: drop other rows, or name your arms with baseline= and candidate=",
    )
    for arm, role in zip(arms, ("baseline", "candidate"), strict=True):
        if arms.index(arm) not in side:
            raise ValueError(f"replay: no row has the arm {arm!r}; two arms are compared, name yours with {role}=")
    return side == 1


def _flags(values: pd.Series) -> np.ndarray:
    wanted = "must be True or False for each request"
    _refuse("error", values.isna().to_numpy(), values, f"{wanted}: count an unknown end as an error or drop the rows")
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.to_numpy(dtype=bool)
    _refuse("error", ~values.isin([0, 1]).to_numpy(), values, wanted)
    return values.to_numpy(dtype=bool)


def _latency(values: pd.Series) -> np.ndarray:
    numbers = _floats("latency_ms", values, "milliseconds")
    _refuse(
        "latency_ms",
        np.isnan(numbers),
        values,
        "must be known for each request: a request that was given up took at least its time-out",
    )
    _refuse("latency_ms", numbers < 0, values, "must be milliseconds of at least 0: correct or drop the rows")
    return numbers


def _weights(values: pd.Series) -> np.ndarray:
    numbers = _floats("weight", values, "a share")
    _refuse(
        "weight",
        ~((numbers > 0) & (numbers < 1)),
        values,
        "must lie between 0 and 1, both excluded: keep only the rows of the rollout, before and after it "
        "there is nothing to compare",
    )
    return numbers


def _floats(name: str, values: pd.Series, what: str) -> np.ndarray:
    if pd.api.types.is_bool_dtype(values.dtype) or not pd.api.types.is_numeric_dtype(values.dtype):
        raise ValueError(f"replay: {name} must be a column of numbers ({what}), got {values.dtype}")
    return values.to_numpy(dtype=float, na_value=np.nan)


def _numbered(values: pd.Series) -> np.ndarray:
    codes = pd.factorize(values)[0]
    _refuse(str(values.name), codes < 0, values, "must be known for each request: fill it or leave the column out")
    return codes.astype(np.int64)
