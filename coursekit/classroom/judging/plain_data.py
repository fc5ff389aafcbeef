"""What may cross from a student's process to the judge: numbers, texts, collections, arrays, tables."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

Tree = Any
"""What JSON holds: None, bool, int, float, str, lists and dicts of it."""

_DEEPEST = 60
_LARGEST_INTEGER = 10**4000  # Python's own parser refuses more digits
_KINDS = "biufcUSMm"
_PANDAS = {"category", "string", "str", "boolean", "Int8", "Int16", "Int32", "Int64", "Float32", "Float64"} | {
    f"UInt{bits}" for bits in (8, 16, 32, 64)
}


class NotPlainError(ValueError):
    """A value that is no plain data, or a text that describes none."""


def pack(value: Any, *, keep: Callable[[Any], Tree] | None = None) -> Tree:
    """Describe a value as JSON, so that nothing but data crosses a process boundary.

    Pickle runs what it reads: a result sent by pickle is a program that runs in the grader. Here
    a value is written down by its exact built-in type; a class of the student's that calls
    itself equal to everything is no plain data and cannot pose as a number.

    Parameters
    ----------
    value
        None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset, dict, range (as
        a list), numpy scalars and arrays, pandas Series, DataFrame, Index and Timestamp. Subclasses
        of the collections and of str arrive as their base.
    keep
        Called with whatever is none of these; returns the tree that stands for it.

    Raises
    ------
    NotPlainError
        If something is none of these and there is no ``keep``, or it is nested too deeply.

    Examples
    --------
    >>> pack({"weather": 3})
    {'type': 'dict', 'items': [['weather', 3]]}
    >>> unpack(pack((1, float("inf"), "가")))
    (1, inf, '가')
    """
    return _pack(value, keep, 0)


def unpack(tree: Tree, *, resolve: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """Build the value that :func:`pack` described, from a text that nobody vouches for.

    The text comes from a process that runs a student's code: every size and every type in it is
    checked, and a wrong one is an error of the student's, never of the judge.

    Parameters
    ----------
    tree
        What :func:`pack` gave, parsed from JSON.
    resolve
        Called with a tree that ``keep`` made; returns the value it stands for.

    Raises
    ------
    NotPlainError
        If the tree is none that :func:`pack` gives.

    Examples
    --------
    >>> unpack(pack(np.arange(3.0)))
    array([0., 1., 2.])
    >>> unpack({"type": "array", "dtype": "<f8", "shape": [9], "data": ""})
    Traceback (most recent call last):
    ...
    coursekit.classroom.judging.plain_data.NotPlainError: an array whose size is not that of its shape
    """
    try:
        return _unpack(tree, resolve, 0)
    except NotPlainError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, binascii.Error, RecursionError) as error:
        raise NotPlainError(f"no description of plain data ({type(error).__name__})") from error


def _pack(value: Any, keep: Callable[[Any], Tree] | None, depth: int) -> Tree:
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return value if abs(value) < _LARGEST_INTEGER else _other(value, keep)
    if kind is float:
        return value if math.isfinite(value) else {"type": "float", "value": repr(value)}
    if depth > _DEEPEST:
        raise NotPlainError("nested too deeply")

    def inner(one: Any) -> Tree:
        return _pack(one, keep, depth + 1)

    if issubclass(kind, np.generic | np.ndarray):
        return _pack_array(value, inner, keep)
    if issubclass(kind, str):
        return str.encode(value, "utf-8", "surrogatepass").decode("utf-8", "surrogatepass")
    if issubclass(kind, list):
        return [inner(one) for one in list.__iter__(value)]
    if issubclass(kind, tuple):
        return {"type": "tuple", "items": [inner(one) for one in tuple.__iter__(value)]}
    if issubclass(kind, dict):
        return {"type": "dict", "items": [[inner(key), inner(one)] for key, one in dict.items(value)]}
    if issubclass(kind, set):
        return {"type": "set", "items": [inner(one) for one in set.__iter__(value)]}
    if issubclass(kind, frozenset):
        return {"type": "frozenset", "items": [inner(one) for one in frozenset.__iter__(value)]}
    if kind in (range, type({}.keys()), type({}.values()), type({}.items())):
        return [inner(one) for one in value]
    if kind is complex:
        return {"type": "complex", "value": [inner(value.real), inner(value.imag)]}
    if kind is bytes:
        return {"type": "bytes", "value": base64.b64encode(value).decode()}
    if kind in (pd.Series, pd.Index, pd.RangeIndex, pd.DatetimeIndex):
        return {"type": kind.__name__, "name": inner(value.name)} | _pack_column(value, inner)
    if kind is pd.DataFrame:
        columns = [_pack_column(value.iloc[:, at], inner) for at in range(value.shape[1])]
        named = inner(value.columns) if type(value.columns) in (pd.Index, pd.RangeIndex) else inner(list(value.columns))
        return {"type": "DataFrame", "names": named, "columns": columns, "index": inner(value.index)}
    if kind is pd.Timestamp:
        return {"type": "Timestamp", "value": value.isoformat()}
    return _other(value, keep)


def _other(value: Any, keep: Callable[[Any], Tree] | None) -> Tree:
    if keep is None:
        raise NotPlainError(f"{type(value).__name__} is no plain data")
    return keep(value)


def _pack_array(value: Any, inner: Callable[[Any], Tree], keep: Callable[[Any], Tree] | None) -> Tree:
    array = np.asarray(value).view(np.ndarray) if isinstance(value, np.ndarray) else np.asarray(value)
    name = "array" if isinstance(value, np.ndarray) else "scalar"
    shape = list(array.shape)
    if array.dtype.kind == "O":
        return {"type": "objects", "shape": shape, "items": [inner(one) for one in array.ravel().tolist()]}
    if array.dtype.kind not in _KINDS:
        return _other(value, keep)
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"type": name, "dtype": array.dtype.str, "shape": shape, "data": data}


def _pack_column(column: Any, inner: Callable[[Any], Tree]) -> dict[str, Tree]:
    packed: dict[str, Tree] = {}
    if isinstance(column, pd.Series):
        packed["index"] = inner(column.index)
    if isinstance(column.dtype, np.dtype):
        return packed | {"values": inner(column.to_numpy())}
    name = str(column.dtype)
    if name not in _PANDAS:
        raise NotPlainError(f"a column of type {name} is no plain data")
    missing = column.isna().to_numpy() if hasattr(column.isna(), "to_numpy") else np.asarray(column.isna())
    items = [None if gone else inner(one) for one, gone in zip(column.tolist(), missing, strict=True)]
    return packed | {"values": items, "dtype": name}


def _unpack(tree: Tree, resolve: Callable[[dict[str, Any]], Any] | None, depth: int) -> Any:
    kind = type(tree)
    if tree is None or kind in (bool, int, float, str):
        return tree
    if depth > 3 * _DEEPEST:
        raise NotPlainError("nested too deeply")

    def inner(one: Tree) -> Any:
        return _unpack(one, resolve, depth + 1)

    if kind is list:
        return [inner(one) for one in tree]
    if kind is not dict:
        raise NotPlainError(f"{kind.__name__} is no JSON")
    name = tree["type"]
    if name in _COLLECTIONS:
        return _COLLECTIONS[name](inner(one) for one in tree["items"])
    if name == "dict":
        return {inner(key): inner(one) for key, one in tree["items"]}
    if name == "float":
        return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[tree["value"]]
    if name == "complex":
        return complex(*map(inner, tree["value"]))
    if name == "bytes":
        return base64.b64decode(tree["value"], validate=True)
    if name in ("array", "scalar", "objects"):
        return _unpack_array(tree, inner)
    if name == "Timestamp":
        return pd.Timestamp(str(tree["value"]))
    if name in ("Series", "Index", "RangeIndex", "DatetimeIndex"):
        values, index = _unpack_column(tree, inner)
        if name == "Series":
            return pd.Series(values, index=index, name=inner(tree["name"]), dtype=getattr(values, "dtype", None))
        return pd.Index(values, name=inner(tree["name"]))
    if name == "DataFrame":
        columns = [pd.Series(*_unpack_column(one, inner)) for one in tree["columns"]]
        index = inner(tree["index"])
        if any(len(column) != len(index) for column in columns):
            raise NotPlainError("a table whose columns differ in length")
        table = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=index)
        table.index, table.columns = index, pd.Index(inner(tree["names"]))
        return table
    if resolve is None:
        raise NotPlainError("an object where only plain data may stand")
    return resolve(tree)


_COLLECTIONS: dict[str, Callable[[Any], Any]] = {"tuple": tuple, "set": set, "frozenset": frozenset}


def _unpack_array(tree: dict[str, Any], inner: Callable[[Tree], Any]) -> Any:
    shape = tuple(tree["shape"])
    if not all(type(side) is int and side >= 0 for side in shape) or len(shape) > 16:
        raise NotPlainError("an array without a shape")
    size = math.prod(shape)
    if tree["type"] == "objects":
        if size != len(tree["items"]):
            raise NotPlainError("an array whose size is not that of its shape")
        array = np.empty(size, dtype=object)
        for at, one in enumerate(tree["items"]):
            array[at] = inner(one)
        return array.reshape(shape)
    dtype = np.dtype(str(tree["dtype"]))
    if dtype.kind not in _KINDS:
        raise NotPlainError(f"arrays of {dtype} do not cross")
    data = base64.b64decode(tree["data"], validate=True)
    if len(data) != size * dtype.itemsize or (size and not dtype.itemsize):  # items of no size: any shape would do
        raise NotPlainError("an array whose size is not that of its shape")
    array = np.frombuffer(data, dtype=dtype, count=size) if dtype.itemsize else np.zeros(size, dtype)
    array = array.reshape(shape).copy()
    return array if tree["type"] == "array" else array[()]


def _unpack_column(tree: dict[str, Any], inner: Callable[[Tree], Any]) -> tuple[Any, Any]:
    values = inner(tree["values"])
    if "dtype" in tree:
        if tree["dtype"] not in _PANDAS:
            raise NotPlainError(f"columns of {tree['dtype']} do not cross")
        values = pd.Series(values, dtype=object).astype(tree["dtype"]).array
    index = inner(tree["index"]) if "index" in tree else None
    return values, index
