"""Models made small: quantization, an exact integer engine, pruning, sharing of weights, and what they cost.

The names are loaded when they are first used, as some bring TensorFlow's tools along.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coursekit.modeling.optimization.converting import convert
    from coursekit.modeling.optimization.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
    from coursekit.modeling.optimization.integer_model import IntegerModel, Step
    from coursekit.modeling.optimization.lite_model import LiteModel, interpreter
    from coursekit.modeling.optimization.rounding import round_half_away

__all__ = [
    "IntegerModel",
    "LiteModel",
    "Step",
    "convert",
    "interpreter",
    "multiply_by_quantized_multiplier",
    "quantize_multiplier",
    "round_half_away",
]

_MODULES = {
    "converting": ("convert",),
    "fixed_point": ("multiply_by_quantized_multiplier", "quantize_multiplier"),
    "integer_model": ("IntegerModel", "Step"),
    "lite_model": ("LiteModel", "interpreter"),
    "rounding": ("round_half_away",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
