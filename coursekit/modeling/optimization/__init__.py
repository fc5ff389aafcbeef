"""Models made small: quantization, an exact integer engine, pruning, sharing of weights, and what they cost.

The names are loaded when they are first used, as some bring TensorFlow's tools along.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coursekit.modeling.optimization.calibrators import (
        EntropyCalibrator,
        MinMaxCalibrator,
        MovingAverageCalibrator,
        MSECalibrator,
        PercentileCalibrator,
    )
    from coursekit.modeling.optimization.converting import PRECISIONS, convert
    from coursekit.modeling.optimization.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
    from coursekit.modeling.optimization.integer_model import IntegerModel, Step
    from coursekit.modeling.optimization.lite_model import KERNELS, LiteModel, interpreter
    from coursekit.modeling.optimization.quantizing import QuantizationError, QuantizedTensor, quantize
    from coursekit.modeling.optimization.ranges import Calibrator, Range
    from coursekit.modeling.optimization.rounding import round_half_away

__all__ = [
    "KERNELS",
    "PRECISIONS",
    "Calibrator",
    "EntropyCalibrator",
    "IntegerModel",
    "LiteModel",
    "MSECalibrator",
    "MinMaxCalibrator",
    "MovingAverageCalibrator",
    "PercentileCalibrator",
    "QuantizationError",
    "QuantizedTensor",
    "Range",
    "Step",
    "convert",
    "interpreter",
    "multiply_by_quantized_multiplier",
    "quantize",
    "quantize_multiplier",
    "round_half_away",
]

_MODULES = {
    "calibrators": (
        "EntropyCalibrator",
        "MSECalibrator",
        "MinMaxCalibrator",
        "MovingAverageCalibrator",
        "PercentileCalibrator",
    ),
    "converting": ("PRECISIONS", "convert"),
    "fixed_point": ("multiply_by_quantized_multiplier", "quantize_multiplier"),
    "integer_model": ("IntegerModel", "Step"),
    "lite_model": ("KERNELS", "LiteModel", "interpreter"),
    "quantizing": ("QuantizationError", "QuantizedTensor", "quantize"),
    "ranges": ("Calibrator", "Range"),
    "rounding": ("round_half_away",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
