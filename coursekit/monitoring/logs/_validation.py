"""Rows are looked at before anything is written: one bad row, and none of them is."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pandas as pd

from coursekit.monitoring.logs.schema import ARMS, FEATURE_PREFIX, LABEL_COLUMNS, PREDICTION_COLUMNS, RESERVED, Type

if TYPE_CHECKING:
    import pyarrow as pa

MICROSECONDS_A_DAY = 86_400_000_000
LAST_DAY = 106_751  # 2262-04-11, where nanoseconds end

# what Arrow raises on values it has no type for (its own exceptions are subclasses)
_UNREADABLE = (ValueError, TypeError, NotImplementedError, OverflowError, AttributeError)


def prediction_table(frame: Any, known: Mapping[str, Type]) -> tuple[pa.Table, dict[str, Type]]:
    """The predictions as they are stored, and the types of their features."""
    import pyarrow as pa
    import pyarrow.compute as pc

    required = [column.name for column in PREDICTION_COLUMNS if column.required]
    named = [column.name for column in PREDICTION_COLUMNS if column.written]
    names = _names(frame, required)
    features = [name for name in names if name not in RESERVED and name.startswith(FEATURE_PREFIX)]
    _refuse_unknown(names, (*named, *features))
    _check_feature_names([name.removeprefix(FEATURE_PREFIX) for name in features], known)
    if len(frame) == 0:
        return pa.table({}), {}
    columns: dict[str, pa.Array] = {"request_id": _text(frame, "request_id"), "event_time": _time(frame, "event_time")}
    _refuse_repeated(columns["request_id"])
    for name in ("model_version", "feature_version", "arm"):
        columns[name] = _text(frame, name)
    _refuse_rows(
        "arm",
        columns["arm"],
        pc.invert(pc.is_in(columns["arm"], pa.array(ARMS))),
        f"it must be one of {', '.join(ARMS)}; a service without an experiment logs 'baseline'",
    )
    columns["score"] = _number(frame, "score")
    latency = _number(frame, "latency_ms")
    _refuse_rows("latency_ms", latency, pc.less(latency, 0), "time is not negative; measure with time.perf_counter()")
    columns["latency_ms"] = latency.cast(pa.float32())
    beyond = pc.is_inf(columns["latency_ms"])
    _refuse_rows("latency_ms", latency, beyond, "it is kept in 32 bits, which end at 3.4e38; measure in milliseconds")
    if "prediction" in names:
        columns["prediction"] = _text(frame, "prediction", optional=True)
    kinds: dict[str, Type] = {}
    for name in features:
        values, kind = _feature(frame, name, known.get(name.removeprefix(FEATURE_PREFIX)))
        if kind is not None:
            columns[name], kinds[name.removeprefix(FEATURE_PREFIX)] = values, kind
    return pa.table(columns), kinds


def label_table(frame: Any, recorded_at: pd.Timestamp) -> pa.Table:
    """The labels as they are stored."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = [column.name for column in LABEL_COLUMNS if column.written]
    names = _names(frame, wanted)
    _refuse_unknown(names, wanted)
    if len(frame) == 0:
        return pa.table({})
    ids, times, values = _text(frame, "request_id"), _time(frame, "label_time"), _plain(frame, "label")
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    labels = _as_number("label", values)
    _refuse_rows("label", labels, pc.is_inf(labels), "it must be finite; leave it empty to withdraw an earlier label")
    pairs = pd.DataFrame({"id": ids.to_pandas(), "time": times.cast(pa.int64()).to_numpy()})
    twice = np.flatnonzero(pairs.duplicated().to_numpy())
    if twice.size:
        row = int(twice[0])
        raise ValueError(
            f"row {row} labels request {ids[row].as_py()!r} a second time at the same label_time; "
            "keep the label that holds, or give the later one its own time"
        )
    now = pa.scalar(recorded_at.to_pydatetime(warn=False), times.type)
    recorded = pa.repeat(now, len(labels))
    return pa.table({"request_id": ids, "label": labels, "label_time": times, "recorded_at": recorded})


def days_since_epoch(times: pa.ChunkedArray) -> np.ndarray:
    """Day number (UTC) of each time."""
    import pyarrow as pa

    return times.cast(pa.int64()).to_numpy() // MICROSECONDS_A_DAY


def _names(frame: Any, required: Sequence[str]) -> list[str]:
    import pyarrow as pa

    if not isinstance(frame, pd.DataFrame | pa.Table):
        raise ValueError(f"give a pandas DataFrame or a pyarrow Table, got {type(frame).__name__}")
    names = list(frame.columns if isinstance(frame, pd.DataFrame) else frame.column_names)
    odd = [name for name in names if not isinstance(name, str)]
    if odd or len(set(names)) < len(names):
        raise ValueError(f"columns need distinct names that are text, got {names!r}")
    missing = [name for name in required if name not in names]
    if missing:
        raise ValueError(f"column {', '.join(map(repr, missing))} is missing; the frame has {', '.join(names)}")
    return names


def _refuse_unknown(names: Sequence[str], wanted: Sequence[str]) -> None:
    for name in names:
        if name in wanted:
            continue
        near = difflib.get_close_matches(name, wanted, n=1)
        if name in ("label", "label_time"):
            hint = "labels arrive later and have their own table: use add_labels"
        elif name in RESERVED:
            hint = "the log adds it by itself"
        else:
            hint = f"did you mean {near[0]!r}?" if near else f"features are called '{FEATURE_PREFIX}...'"
        raise ValueError(f"column {name!r} is not part of this table; {hint}")


def _check_feature_names(names: Sequence[str], known: Mapping[str, Type]) -> None:
    spelled = {_folded(name): name for name in known}
    for name in names:
        if not name.strip() or any(unicodedata.category(letter) == "Cc" for letter in name):
            raise ValueError(f"'{FEATURE_PREFIX}{name}' names no feature; use visible characters after the prefix")
        earlier = spelled.setdefault(_folded(name), name)
        if earlier != name:
            raise ValueError(
                f"features {earlier!r} and {name!r} differ only in case or in how Unicode composes them, "
                "which SQL cannot tell apart; use one spelling"
            )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _plain(frame: Any, name: str) -> pa.Array:
    """The column as one Arrow array, NaN as missing; of no type if all is missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = frame[name]
    if isinstance(values, pd.Series):
        try:
            values = _from_series(values)
        except _UNREADABLE as error:
            raise ValueError(
                f"column {name!r} mixes types, each column has one, or is of a type that a log does not keep; {error}"
            ) from None
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    if values.type == pa.uuid():
        values = pa.array([str(value) if value is not None else None for value in values.to_pylist()], pa.string())
    return pa.nulls(len(values)) if values.null_count == len(values) else values


def _from_series(values: pd.Series) -> pa.Array:
    """As Arrow takes it; UUIDs among texts as text, and decimals that it cannot align as floats."""
    import pyarrow as pa

    try:
        return pa.array(values, from_pandas=True)
    except _UNREADABLE:
        if values.dtype != object:
            raise
    return pa.array(pd.Series([_simpler(value) for value in values], dtype=object), from_pandas=True)


def _simpler(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, UUID) else value


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow.types as types

    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow.types as types

    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def _refuse_rows(name: str, values: pa.Array, bad: pa.Array, hint: str) -> None:
    import pyarrow.compute as pc

    row = pc.index(pc.fill_null(bad, False), True).as_py()
    if row >= 0:
        raise ValueError(f"column {name!r}, row {row}: {values[row].as_py()!r} cannot be logged; {hint}")


def _refuse_repeated(ids: pa.Array) -> None:
    twice = np.flatnonzero(ids.to_pandas().duplicated().to_numpy())
    if twice.size:
        row = int(twice[0])
        raise ValueError(f"row {row} repeats request_id {ids[row].as_py()!r}; one request is one row, use uuid4()")


def _text(frame: Any, name: str, *, optional: bool = False) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = _plain(frame, name)
    if not _is_text(values.type) and not pa.types.is_null(values.type):
        raise ValueError(f"column {name!r} must be text, got {values.type}; use frame[{name!r}].astype(str)")
    values = values.cast(pa.string())
    if not optional:
        empty = pc.or_(pc.is_null(values), pc.equal(pc.fill_null(values, ""), ""))
        _refuse_rows(name, values, empty, "every row needs one")
    return values


def _as_number(name: str, values: pa.Array) -> pa.Array:
    """Missing where it is missing, float64 otherwise."""
    import pyarrow as pa

    if not _is_number(values.type) and not pa.types.is_null(values.type):
        raise ValueError(f"column {name!r} must hold numbers, got {values.type}; convert it first, e.g. pd.to_numeric")
    try:
        return values.cast(pa.float64())
    except pa.ArrowInvalid:
        raise ValueError(
            f"column {name!r} holds whole numbers beyond 2**53, which a float cannot tell apart; log them as text"
        ) from None


def _number(frame: Any, name: str) -> pa.Array:
    import pyarrow.compute as pc

    values = _as_number(name, _plain(frame, name))
    bad = pc.or_(pc.is_null(values), pc.fill_null(pc.invert(pc.is_finite(values)), True))
    _refuse_rows(name, values, bad, "every row needs a finite number")
    return values


def _time(frame: Any, name: str) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = _plain(frame, name)
    if not pa.types.is_null(values.type):
        if not pa.types.is_timestamp(values.type):
            raise ValueError(
                f"column {name!r} must hold times, got {values.type}; use pd.to_datetime(frame[{name!r}], utc=True)"
            )
        given = frame[name]
        objects = given.dropna() if isinstance(given, pd.Series) and given.dtype == object else ()
        odd = [moment for moment in objects if not isinstance(moment, datetime)]
        if odd:  # Arrow takes a number among times for microseconds since 1970
            raise ValueError(f"column {name!r} must hold times, got {odd[0]!r} among them; make it a datetime in UTC")
        # among objects that have a zone Arrow takes one without for UTC
        if values.type.tz is None or any(moment.tzinfo is None for moment in objects):
            raise ValueError(
                f"column {name!r} has no time zone, and 9 hours decide which day a row belongs to; "
                f"use frame[{name!r}].dt.tz_localize('Asia/Seoul') (or 'UTC')"
            )
    values = values.cast(pa.timestamp("us", tz="UTC"), safe=False)
    numbers = values.cast(pa.int64())
    outside = pc.or_(pc.less(numbers, 0), pc.greater_equal(numbers, LAST_DAY * MICROSECONDS_A_DAY))
    _refuse_rows(name, values, pc.fill_null(outside, True), "it must lie between 1970 and 2262: is the clock set?")
    return values


def _feature(frame: Any, name: str, known: Type | None) -> tuple[pa.Array, Type | None]:
    """The values as stored and their type; no type where no value is there to tell it."""
    import pyarrow as pa

    values = _plain(frame, name)
    kind: Type
    if values.null_count == len(values):
        return values, None
    if pa.types.is_boolean(values.type):
        kind = "flag"
    elif _is_text(values.type):
        kind, values = "text", values.cast(pa.string())
    elif _is_number(values.type):
        kind = "number"
        values = values if values.type == pa.float32() else _as_number(name, values)
    else:
        raise ValueError(f"column {name!r}: {values.type} is no feature; make it a number, text or True/False")
    if known is not None and kind != known:
        raise ValueError(
            f"column {name!r} was logged as {known} so far and is {kind} now; convert it, or log it under a new name"
        )
    return values, kind
