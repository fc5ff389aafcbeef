"""What users pass as numbers (lists, arrays, series, frames), as floats with NaN where missing or masked."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd


def as_floats(name: str, values: Any, *, keep_single: bool = False) -> np.ndarray:
    """Numbers as float64, or float32 where they are so and ``keep_single``; text, dates and complex are refused.

    Masked elements and None become NaN, so that whoever refuses missing values refuses these too.
    """
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    try:
        array = np.asarray(values if mask is None else np.ma.getdata(values))
        if array.dtype == object:
            array = np.array([_as_float(value) for value in array.flat], dtype=np.float64).reshape(array.shape)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must hold numbers: {error}") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold numbers, not {array.dtype}; convert text, dates and complex numbers first")
    if not (keep_single and array.dtype == np.float32):
        with np.errstate(over="ignore"):  # of a wider float: infinite, which is refused like any other
            array = array.astype(np.float64, copy=False)
    return array if mask is None else np.where(mask, np.array(np.nan, array.dtype), array)


def _as_float(value: Any) -> float:
    if value is None or value is pd.NA or value is np.ma.masked:
        return float("nan")
    if not isinstance(value, Real | Decimal | np.bool_) or isinstance(value, np.timedelta64):
        raise TypeError(f"{value!r} is none")
    return float(value)
