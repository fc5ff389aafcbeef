"""What users pass (frames, arrays, series), read column by column without copying more than needed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

NUMERIC, CATEGORICAL = "numeric", "categorical"
_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))
_NUMBERS_INSIDE = ("integer", "floating", "mixed-integer-float", "decimal")
_TIMES_INSIDE = ("datetime", "datetime64", "date", "timedelta", "timedelta64", "time", "period")


@dataclass(frozen=True, eq=False)
class Columns:
    """A table of features; either a matrix of floats or a frame of anything."""

    positions: dict[Hashable, int]
    """Names with their places, in the table's order; x0, x1, ... of an array."""
    named: bool
    """Whether the names come from the user."""
    n_rows: int
    """Number of rows, above 0."""
    matrix: np.ndarray | None
    """All columns as float32 or float64, shape (n_rows, n_columns), where they are so already."""
    frame: pd.DataFrame | None
    """The columns otherwise."""

    @property
    def names(self) -> list[Hashable]:
        """The names alone."""
        return list(self.positions)

    def series(self, name: Hashable) -> pd.Series:
        """One column as pandas holds it."""
        if self.frame is not None:
            return self.frame.iloc[:, self.positions[name]]
        return pd.Series(self.numbers(name), copy=False)

    def kind(self, name: Hashable) -> str:
        """Numeric or categorical."""
        return NUMERIC if self.matrix is not None else _kind(name, self.series(name))

    def numbers(self, name: Hashable) -> np.ndarray | None:
        """One column as floats with NaN where missing, None where it holds something else."""
        if self.matrix is not None:
            return self.matrix[:, self.positions[name]]
        return _numbers(self.series(name))

    def numeric_blocks(self, names: Sequence[Hashable]) -> list[tuple[list[Hashable], np.ndarray]]:
        """These columns in arrays of shape (columns, rows); those that hold no numbers are left out."""
        if self.matrix is not None and list(names) == self.names:
            return [(list(names), self.matrix.T)]
        columns = ((name, self.numbers(name)) for name in names)
        return [([name], values[None, :]) for name, values in columns if values is not None]


def read_columns(X: Any) -> Columns:
    """The columns of a DataFrame, Series or two-dimensional array, checked."""
    if isinstance(X, pd.Series):
        X = X.to_frame(X.name if X.name is not None else "x0")
    named = isinstance(X, pd.DataFrame)
    if not named:
        X = _as_matrix(X)
    if X.shape[0] == 0 or X.shape[1] == 0:
        raise ValueError(f"X has {X.shape[0]} rows and {X.shape[1]} columns; it needs at least one of each")
    if not named:
        names: dict[Hashable, int] = {f"x{i}": i for i in range(X.shape[1])}
        if X.dtype in _FLOATS:
            return Columns(names, named, len(X), X, None)
        return Columns(names, named, len(X), None, pd.DataFrame(X, columns=list(names)).infer_objects())
    twice = X.columns[X.columns.duplicated()]
    if len(twice):
        raise ValueError(f"X has more than one column called {twice[0]!r}; rename or drop them, features go by name")
    names = {name: at for at, name in enumerate(X.columns)}
    first = X.iloc[:, 0]
    if first.dtype in _FLOATS and (X.dtypes == first.dtype).all():
        values = first.to_numpy()
        if values.strides != (values.itemsize,) and len(values) > 1:  # rows side by side: read them as such
            return Columns(names, named, len(X), X.to_numpy(), X)
    return Columns(names, named, len(X), None, X)


def check_same_columns(columns: Columns, names: list[Hashable], *, named: bool) -> None:
    """Raise unless the columns can be matched with those that a reference was fitted on."""
    if columns.named != named:
        given, fitted = ("names", "an array") if columns.named else ("an array", "names")
        raise ValueError(
            f"X comes as {given} but the reference was fitted on {fitted}; fit and compare with the same kind, "
            "so that features are not confused"
        )
    if not named and len(columns.positions) != len(names):
        raise ValueError(
            f"X has {len(columns.positions)} columns but the reference has {len(names)}; pass the same ones"
        )
    if not columns.positions.keys() & set(names):
        given, fitted = (", ".join(map(repr, some[:5])) for some in (columns.names, names))
        raise ValueError(f"X shares no column with the reference: it has {given}, the reference {fitted}")


def category_counts(name: Hashable, column: pd.Series) -> dict[Any, int]:
    """How often each value occurs; missing values are left out."""
    found: dict[Any, int] = {}
    try:
        counts = column.value_counts(sort=False)
        for value, count in zip(counts.index, counts.to_numpy(), strict=True):
            if count:
                found[value] = found.get(value, 0) + int(count)  # True and 1 are one value
    except TypeError as error:
        raise ValueError(f"column {name!r} holds values that cannot be counted ({error}); make them strings") from None
    return found


def refuse_infinite(name: Hashable, row: int, value: float) -> ValueError:
    """Say where an infinite value is."""
    return ValueError(
        f"column {name!r}, row {row} (counted from 0) is {value}; it belongs to no bin. "
        "Replace it, e.g. by NaN, which is counted as missing"
    )


def _as_matrix(X: Any) -> np.ndarray:
    if isinstance(X, np.ma.MaskedArray):
        X = np.ma.filled(X.astype(np.float64), np.nan)
    matrix = np.asarray(X)
    if matrix.ndim != 2:
        raise ValueError(
            f"X must be a DataFrame, a Series or a 2-D array (rows, features), got {type(X).__name__} of shape "
            f"{matrix.shape}; pass x[:, None] or pd.Series(x, name=...) for one feature"
        )
    if matrix.dtype.kind in "iufb" and matrix.dtype not in _FLOATS:
        return matrix.astype(np.float64)
    return matrix


def _kind(name: Hashable, column: pd.Series) -> str:
    dtype = column.dtype
    if pd.api.types.is_bool_dtype(dtype) or isinstance(dtype, pd.CategoricalDtype | pd.StringDtype):
        return CATEGORICAL
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
        return NUMERIC
    if dtype != np.dtype(object) and not pd.api.types.is_string_dtype(dtype):
        raise _unreadable(name, str(dtype))
    inside = pd.api.types.infer_dtype(column, skipna=True)
    if inside in _TIMES_INSIDE:
        raise _unreadable(name, inside)
    return NUMERIC if inside in _NUMBERS_INSIDE else CATEGORICAL


def _unreadable(name: Hashable, dtype: str) -> ValueError:
    return ValueError(
        f"column {name!r} is {dtype}, neither a number nor a category; make it one (an hour, an age in days) or drop it"
    )


def _numbers(column: pd.Series) -> np.ndarray | None:
    dtype = column.dtype
    if dtype in _FLOATS:
        return column.to_numpy()
    inside = column.cat.categories.dtype if isinstance(dtype, pd.CategoricalDtype) else dtype
    if inside == np.dtype(object):
        known = (*_NUMBERS_INSIDE, "boolean", "empty")
        if pd.api.types.infer_dtype(column, skipna=True) not in known:
            return None  # "12" is not 12: a column of numbers that became text has changed
    elif not pd.api.types.is_numeric_dtype(inside) or pd.api.types.is_complex_dtype(inside):
        return None
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except OverflowError:
        largest = np.finfo(np.float64).max
        raise ValueError(
            f"column {column.name!r} holds a whole number above {largest:.2g}, which no float can hold; "
            "scale it (its logarithm) or make it text"
        ) from None
