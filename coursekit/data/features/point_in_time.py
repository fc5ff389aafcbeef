"""What was known then: joining each row with the last fact that had arrived by its time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
from pandas.api import types

Tolerance = str | float | timedelta | np.timedelta64
"""A length of time with its unit such as "6h", or a number where times are numbers."""

_ZONED = "dates with a time zone"


def as_of_join(
    rows: pd.DataFrame,
    facts: pd.DataFrame,
    *,
    on: str,
    by: str | Sequence[str] = (),
    known_at: str,
    happened_at: str | None = None,
    columns: Sequence[str] | None = None,
    prefix: str = "",
    tolerance: Tolerance | None = None,
) -> pd.DataFrame:
    """Join each row with the last fact that was known by its time, never with a later one.

    A training table is made long after the fact. Joined by the key alone, or by the hour in which something
    happened, it holds what nobody knew at the moment of the prediction; the evaluation then shines and the
    product does not. So a fact has two times, when it happened and when it could be read, and for a row
    with key k at time t the join gives

        the fact f with by(f) = k and known_at(f) <= t whose known_at (or happened_at, if given) is largest.

    Adding or changing facts that become known after t changes nothing in that row.

    Parameters
    ----------
    rows
        The moments of prediction, in any order; order, index and columns are kept.
    facts
        What became known, in any order. Of facts with equal keys and times the lowest row wins, as a
        correction written below does.
    on
        Column of rows: the time at which the prediction is made. A datetime64 or a number.
    by
        Column or columns that rows and facts share and that must be equal; () for none. A missing key
        matches nothing.
    known_at
        Column of facts: the time from which the fact could be read, that is when it happened plus the time
        it took to publish it. Of the kind of ``on``.
    happened_at
        Column of facts: the time the fact is about. With it a fact that arrives late does not cover a
        newer one that is known already, while a correction of the same time does. None takes the order of
        arrival.
    columns
        Columns of facts to add; None adds all but the keys and the times.
    prefix
        Put before the name of every added column.
    tolerance
        Largest age of a fact; an older one counts as none. None allows any.

    Returns
    -------
    DataFrame
        A copy of rows with the columns of the fact, missing where there is none, and ``<prefix>age``: the
        time of the row minus happened_at of the fact, or minus known_at where that is not given.

    Raises
    ------
    ValueError
        If a column is missing or would appear twice, if times are missing, are no times, are of two kinds
        or only partly in a time zone, if keys can never be equal, or if tolerance is no length of time.

    Examples
    --------
    >>> at, hour = ["2013-01-01 09:30", "2013-01-01 10:00"], ["2013-01-01 08:00", "2013-01-01 09:00"]
    >>> flights = pd.DataFrame({"origin": "JFK", "at": pd.to_datetime(at)})
    >>> weather = pd.DataFrame({"origin": "JFK", "hour": pd.to_datetime(hour), "wind": [5.0, 30.0]})
    >>> weather["published"] = weather["hour"] + pd.Timedelta("1h")
    >>> as_of_join(flights, weather, on="at", by="origin", known_at="published", happened_at="hour")[["wind", "age"]]
       wind             age
    0   5.0 0 days 01:30:00
    1  30.0 0 days 01:00:00

    References
    ----------
    Kaufman, Rosset, Perlich, Stitelman (2012). Leakage in data mining: formulation, detection, and
    avoidance. ACM TKDD 6(4).
    """
    keys = [by] if isinstance(by, str) else list(by)
    _require(rows, "rows", [on, *keys])
    times = [known_at] if happened_at is None else [known_at, happened_at]
    _require(facts, "facts", [*times, *keys])
    added = [name for name in facts.columns if name not in {*keys, *times}] if columns is None else list(columns)
    _require(facts, "facts", added)
    _no_name_twice(rows, [prefix + str(name) for name in added] + [f"{prefix}age"])

    moments, *stamps = _comparable({f"rows[{on!r}]": rows[on], **{f"facts[{n!r}]": facts[n] for n in times}})
    row_keys, fact_keys = _codes(rows, facts, keys)
    found = _last_known(moments, row_keys, stamps, fact_keys)
    age = moments - stamps[-1].reindex(found).set_axis(moments.index)
    if tolerance is not None:
        old = (age > _length(tolerance, age)).to_numpy()
        found, age = np.where(old, -1, found), age.mask(old)
    taken = facts[added].reset_index(drop=True).reindex(found).set_axis(rows.index)
    taken.columns = [prefix + str(name) for name in added]
    return pd.concat([rows, taken, age.set_axis(rows.index).rename(f"{prefix}age")], axis=1)


def _last_known(
    moments: pd.Series, row_keys: np.ndarray, stamps: Sequence[pd.Series], fact_keys: np.ndarray
) -> np.ndarray:
    """Position of each row's fact, -1 where there is none."""
    table = pd.DataFrame({"key": fact_keys, "time": stamps[0], "about": stamps[-1], "fact": np.arange(len(fact_keys))})
    table = table[fact_keys >= 0].sort_values(["time", "about"], kind="stable")
    # What arrives when something newer is known already is never the newest, so it can go.
    table = table[table["about"] >= table.groupby("key")["about"].cummax()]
    asked = pd.DataFrame({"key": row_keys, "time": moments, "row": np.arange(len(row_keys))})
    asked = asked[row_keys >= 0].sort_values("time", kind="stable")
    found = np.full(len(row_keys), -1)
    if len(asked) and len(table):
        joined = pd.merge_asof(asked, table.drop(columns="about"), on="time", by="key", direction="backward")
        found[joined["row"].to_numpy()] = joined["fact"].fillna(-1).to_numpy(dtype=int)
    return found


def _require(table: pd.DataFrame, where: str, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise ValueError(f"as_of_join: {where} has no column {missing}; it has {list(table.columns)}")
    twice = [name for name in names if (table.columns == name).sum() > 1]
    if twice:
        raise ValueError(f"as_of_join: {where} has more than one column {twice}; rename one")


def _no_name_twice(rows: pd.DataFrame, new: Sequence[str]) -> None:
    twice = [name for name in new if name in rows.columns or new.count(name) > 1]
    if twice:
        raise ValueError(
            f"as_of_join: the result would have two columns {sorted(set(twice))}; give a prefix, or choose columns"
        )


def _comparable(given: dict[str, pd.Series]) -> list[pd.Series]:
    """The times in one unit and one zone, numbered from 0; raise where they cannot be compared."""
    kinds = {name: _kind(name, times) for name, times in given.items()}
    if len(set(kinds.values())) > 1:
        told = ", ".join(f"{name} holds {kind}" for name, kind in kinds.items())
        raise ValueError(
            f"as_of_join: times must be of one kind, but {told}; put all in one zone with .dt.tz_localize or "
            f".dt.tz_convert, or none"
        )
    for name, times in given.items():
        missing = np.flatnonzero(times.isna())
        if missing.size:
            raise ValueError(
                f"as_of_join: {missing.size} of {len(times)} times in {name} are missing (first at position "
                f"{missing[0]}); drop those rows, or say when they were known"
            )
    bare = [times.reset_index(drop=True) for times in given.values()]
    if set(kinds.values()) == {"numbers"}:
        whole = all(types.is_signed_integer_dtype(times.dtype) for times in bare)
        return [times.astype("int64" if whole else "float64") for times in bare]
    if set(kinds.values()) == {_ZONED}:
        bare = [times.dt.tz_convert("UTC").dt.tz_localize(None) for times in bare]
    unit = max((times.dt.unit for times in bare), key=("s", "ms", "us", "ns").index)
    return [times.dt.as_unit(unit) for times in bare]


def _kind(name: str, times: pd.Series) -> str:
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        return _ZONED
    if types.is_datetime64_dtype(times.dtype):
        return "dates without a time zone"
    if types.is_numeric_dtype(times.dtype) and not types.is_bool_dtype(times.dtype):
        return "numbers"
    raise ValueError(
        f"as_of_join: {name} must hold datetime64 or numbers, as time does, got {times.dtype}; "
        f"pd.to_datetime(..., utc=True) makes it of texts and of mixed time zones"
    )


def _codes(rows: pd.DataFrame, facts: pd.DataFrame, keys: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """A whole number per combination of keys, the same in both tables; -1 where one is missing."""
    if not keys:
        return np.zeros(len(rows), dtype=int), np.zeros(len(facts), dtype=int)
    for name in keys:
        one, other = rows[name], facts[name]
        if len(one.dropna()) and len(other.dropna()) and _is_number(one) != _is_number(other):
            raise ValueError(
                f"as_of_join: keys {name!r} are {one.dtype} in rows and {other.dtype} in facts and never equal; "
                f"convert one with .astype"
            )
    both = [pd.concat([rows[name].astype(object), facts[name].astype(object)], ignore_index=True) for name in keys]
    combined, absent = np.zeros(len(rows) + len(facts), dtype=np.int64), np.zeros(len(rows) + len(facts), dtype=bool)
    for values in both:
        code, found = pd.factorize(values)
        absent |= code < 0
        combined = pd.factorize(combined * (len(found) + 1) + code)[0]
    combined[absent] = -1
    return combined[: len(rows)], combined[len(rows) :]


def _is_number(values: pd.Series) -> bool:
    return types.infer_dtype(values, skipna=True) in {"integer", "floating", "mixed-integer-float", "boolean"}


def _length(tolerance: Tolerance, age: pd.Series) -> pd.Timedelta | float:
    """The tolerance in the unit of the ages."""
    dated = types.is_timedelta64_dtype(age.dtype)
    wanted = "a length of time such as '6h', with its unit" if dated else "a number, as times are numbers"
    try:
        length: pd.Timedelta | float
        if isinstance(tolerance, int | float) and not dated:
            length = float(tolerance)
        elif not dated:
            raise TypeError("it is no number")
        elif isinstance(tolerance, int | float) or (isinstance(tolerance, str) and tolerance.strip().isdigit()):
            raise TypeError("it needs a unit")
        else:
            length = pd.Timedelta(tolerance)
        if pd.isna(length) or length < (pd.Timedelta(0) if dated else 0.0):
            raise ValueError("it is missing or below 0")
    except (TypeError, ValueError) as error:
        raise ValueError(f"as_of_join: tolerance must be {wanted}, got {tolerance!r}; {error}") from None
    return length
