"""Add: two inputs of different scales meet on a common, finer one."""

from __future__ import annotations

import numpy as np

from coursekit.modeling.optimization.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    rounding_divide_by_power_of_two,
    saturating_rounding_doubling_high_mul,
)
from coursekit.modeling.optimization.kernels._blocks import broadcast_run, in_blocks
from coursekit.modeling.optimization.kernels._operator import Kernel, UnsupportedModelError

_FINER = 20
"""Bits by which the common scale is finer than twice the larger of the two."""


class Add(Kernel):
    """Sum of two int8 tensors of the same shape, or of one and a constant that broadcasts."""

    def prepare(self) -> None:
        if len(self.inputs) != 2 or any(tensor.type != "INT8" for tensor in self.inputs):
            raise UnsupportedModelError(f"{self.kind}: adds {[tensor.type for tensor in self.inputs]}, not two INT8")
        for tensor in self.inputs:
            if len(tensor.scale) != 1 or len(tensor.zero_point) != 1:
                raise UnsupportedModelError(f"{self.kind}: {tensor.name!r} is int8 without one scale and zero point")
            self.check_scale(tensor)
        scales = [np.float64(tensor.scale[0]) for tensor in self.inputs]
        twice = 2 * max(scales)
        self.zeros = [self.zero_point(tensor) for tensor in self.inputs]
        self.factors = [quantize_multiplier(scale / twice) for scale in scales]
        self.multiplier, self.shift = quantize_multiplier(twice / (2.0**_FINER * np.float64(self.output.scale[0])))
        self.leave_zero = self.zero_point(self.output)
        self.low, self.high = self.limits()

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        varying = iter(arrays)
        moved = [
            (next(varying) if tensor.data is None else tensor.data).astype(np.int64) - zero
            for tensor, zero in zip(self.inputs, self.zeros, strict=True)
        ]
        total: np.ndarray | int = 0
        for x, (multiplier, shift) in zip(moved, self.factors, strict=True):
            high = saturating_rounding_doubling_high_mul(x << _FINER, multiplier)
            total = total + rounding_divide_by_power_of_two(high, -shift)
        steps = multiply_by_quantized_multiplier(total, self.multiplier, self.shift) + self.leave_zero
        if self.rounding == "builtin":
            run, width, scalar = broadcast_run(moved[0].shape, moved[1].shape)
            if width:
                steps = np.where(in_blocks(steps.shape, width, run), self._in_a_block(moved, scalar), steps)
        return np.clip(steps, self.low, self.high).astype(np.int8)

    def _in_a_block(self, moved: list[np.ndarray], scalar: int | None) -> np.ndarray:
        """What the vector unit gives: the inputs are rounded once, and int16 overflows before the zero point."""
        total: np.ndarray | int = 0
        for x, (multiplier, shift) in zip(moved, self.factors, strict=True):
            if scalar is None:
                total = total + saturating_rounding_doubling_high_mul(_shifted(x, _FINER + int(shift)), multiplier)
            else:
                total = total + (saturating_rounding_doubling_high_mul(x << _FINER, multiplier) >> -shift)
        scaled = multiply_by_quantized_multiplier(total, self.multiplier, self.shift)
        return np.asarray((scaled.astype(np.int16) + np.int16(self.leave_zero)).astype(np.int64))


def _shifted(x: np.ndarray, places: int) -> np.ndarray:
    """Shift to the left, or to the right by a negative number of places."""
    return x << places if places >= 0 else x >> -places
