"""Add: two inputs of different scales meet on a common, finer one."""

from __future__ import annotations

import numpy as np

from coursekit.modeling.optimization.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    rounding_divide_by_power_of_two,
    saturating_rounding_doubling_high_mul,
)
from coursekit.modeling.optimization.kernels._operator import Kernel, UnsupportedModelError

_FINER = 20
"""Bits by which the common scale is finer than twice the larger of the two."""


class Add(Kernel):
    """Sum of two int8 tensors of the same shape, or of one and a constant that broadcasts."""

    def prepare(self) -> None:
        if len(self.inputs) != 2 or any(tensor.type != "INT8" for tensor in self.inputs):
            raise UnsupportedModelError(f"{self.kind}: adds {[tensor.type for tensor in self.inputs]}, not two INT8")
        scales = [np.float64(tensor.scale[0]) for tensor in self.inputs]
        twice = 2 * max(scales)
        self.zeros = [self.zero_point(tensor) for tensor in self.inputs]
        self.factors = [quantize_multiplier(scale / twice) for scale in scales]
        self.multiplier, self.shift = quantize_multiplier(twice / (2.0**_FINER * np.float64(self.output.scale[0])))
        self.leave_zero = self.zero_point(self.output)
        self.low, self.high = self.limits()

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        varying = iter(arrays)
        total: np.ndarray | int = 0
        for tensor, zero, (multiplier, shift) in zip(self.inputs, self.zeros, self.factors, strict=True):
            x = next(varying) if tensor.data is None else tensor.data
            fine = (x.astype(np.int64) - zero) << _FINER
            total = total + rounding_divide_by_power_of_two(
                saturating_rounding_doubling_high_mul(fine, multiplier), -shift
            )
        scaled = multiply_by_quantized_multiplier(total, self.multiplier, self.shift)
        return np.clip(scaled + self.leave_zero, self.low, self.high).astype(np.int8)
