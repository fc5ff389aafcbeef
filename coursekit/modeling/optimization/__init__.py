"""Models made small: quantization, an exact integer engine, pruning, sharing of weights, and what they cost.

The names are loaded when they are first used, as some bring TensorFlow's tools along.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coursekit.modeling.optimization.budgeting import BudgetSearch, fit_budget
    from coursekit.modeling.optimization.calibrators import (
        EntropyCalibrator,
        MinMaxCalibrator,
        MovingAverageCalibrator,
        MSECalibrator,
        PercentileCalibrator,
    )
    from coursekit.modeling.optimization.comparing import OptimizationReport, compare
    from coursekit.modeling.optimization.converting import PRECISIONS, convert
    from coursekit.modeling.optimization.distilling import Distillation, distill
    from coursekit.modeling.optimization.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
    from coursekit.modeling.optimization.folding import fold_batch_norm
    from coursekit.modeling.optimization.integer_model import IntegerModel, Step
    from coursekit.modeling.optimization.lite_model import KERNELS, LiteModel, interpreter
    from coursekit.modeling.optimization.quantizing import QuantizationError, QuantizedTensor, quantize
    from coursekit.modeling.optimization.ranges import Calibrator, Range
    from coursekit.modeling.optimization.roofline import Machine, Work, count_work, measure_machine
    from coursekit.modeling.optimization.rounding import round_half_away
    from coursekit.modeling.optimization.sensitivity import SensitivityReport, layer_sensitivity
    from coursekit.modeling.optimization.sparsifying import prune
    from coursekit.modeling.optimization.tuning import Tuned, fine_tune, quantization_aware
    from coursekit.modeling.optimization.weight_bits import quantize_weights, weight_table
    from coursekit.modeling.optimization.weight_sharing import cluster

__all__ = [
    "KERNELS",
    "PRECISIONS",
    "BudgetSearch",
    "Calibrator",
    "Distillation",
    "EntropyCalibrator",
    "IntegerModel",
    "LiteModel",
    "MSECalibrator",
    "Machine",
    "MinMaxCalibrator",
    "MovingAverageCalibrator",
    "OptimizationReport",
    "PercentileCalibrator",
    "QuantizationError",
    "QuantizedTensor",
    "Range",
    "SensitivityReport",
    "Step",
    "Tuned",
    "Work",
    "cluster",
    "compare",
    "convert",
    "count_work",
    "distill",
    "fine_tune",
    "fit_budget",
    "fold_batch_norm",
    "interpreter",
    "layer_sensitivity",
    "measure_machine",
    "multiply_by_quantized_multiplier",
    "prune",
    "quantization_aware",
    "quantize",
    "quantize_multiplier",
    "quantize_weights",
    "round_half_away",
    "weight_table",
]

_MODULES = {
    "budgeting": ("BudgetSearch", "fit_budget"),
    "calibrators": (
        "EntropyCalibrator",
        "MSECalibrator",
        "MinMaxCalibrator",
        "MovingAverageCalibrator",
        "PercentileCalibrator",
    ),
    "comparing": ("OptimizationReport", "compare"),
    "converting": ("PRECISIONS", "convert"),
    "distilling": ("Distillation", "distill"),
    "fixed_point": ("multiply_by_quantized_multiplier", "quantize_multiplier"),
    "folding": ("fold_batch_norm",),
    "integer_model": ("IntegerModel", "Step"),
    "lite_model": ("KERNELS", "LiteModel", "interpreter"),
    "quantizing": ("QuantizationError", "QuantizedTensor", "quantize"),
    "ranges": ("Calibrator", "Range"),
    "roofline": ("Machine", "Work", "count_work", "measure_machine"),
    "rounding": ("round_half_away",),
    "sensitivity": ("SensitivityReport", "layer_sensitivity"),
    "sparsifying": ("prune",),
    "tuning": ("Tuned", "fine_tune", "quantization_aware"),
    "weight_bits": ("quantize_weights", "weight_table"),
    "weight_sharing": ("cluster",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
