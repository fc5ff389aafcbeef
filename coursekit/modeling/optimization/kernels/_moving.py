"""Operators that move values or change their scale: Reshape, Pad, Quantize, Dequantize, ReLU and ReLU6."""

from __future__ import annotations

import numpy as np

from coursekit.modeling.optimization.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from coursekit.modeling.optimization.kernels._blocks import in_blocks
from coursekit.modeling.optimization.kernels._operator import Kernel, UnsupportedModelError
from coursekit.modeling.optimization.rounding import round_half_away


class Reshape(Kernel):
    """Reshape: the same values in the same order; the batch stays in front."""

    def prepare(self) -> None:
        (entry,) = self.varying
        if entry.count != self.output.count or entry.shape[0] != self.output.shape[0]:
            raise UnsupportedModelError(f"{self.kind}: from {entry.shape} to {self.output.shape} mixes the batch in")

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        return arrays[0].reshape(len(arrays[0]), *self.output.shape[1:])


class Pad(Kernel):
    """Pad: a border of the zero point, which stands for 0."""

    def prepare(self) -> None:
        self.border = [tuple(int(side) for side in sides) for sides in self.constant(1, "padding", "INT32", "INT64")]
        if self.border[0] != (0, 0):
            raise UnsupportedModelError(f"{self.kind}: pads the batch")
        shape = self.inputs[0].shape
        wanted = [size + sum(sides) for size, sides in zip(shape, self.border, strict=True)]
        if min(min(sides) for sides in self.border) < 0 or wanted[1:] != list(self.output.shape[1:]):
            raise UnsupportedModelError(f"{self.kind}: {self.border} around {shape} is not {self.output.shape}")
        self.fill = self.zero_point(self.output)
        if len(self.inputs) > 2:  # PADV2
            self.fill = int(self.constant(2, "value", "INT8").ravel()[0])

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        return np.pad(arrays[0], self.border, constant_values=self.fill)


class Quantize(Kernel):
    """Quantize: from float at the entry, or from one int8 scale to another."""

    takes = ("FLOAT32", "INT8")

    def prepare(self) -> None:
        (self.entry,) = self.varying
        self.leave_zero = self.zero_point(self.output)
        if self.entry.type == "INT8":
            self.multiplier, self.shift = quantize_multiplier(
                np.float64(self.entry.scale[0]) / np.float64(self.output.scale[0])
            )

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        (x,) = arrays
        steps = self._from_int8(x) if self.entry.type == "INT8" else self._from_float(x)
        return np.clip(steps + self.leave_zero, -128, 127).astype(np.int8)

    def _from_int8(self, x: np.ndarray) -> np.ndarray:
        moved = x.astype(np.int64) - self.zero_point(self.entry)
        steps = multiply_by_quantized_multiplier(moved, self.multiplier, self.shift)
        if self.rounding == "builtin":
            up = multiply_by_quantized_multiplier(moved, self.multiplier, self.shift, rounding="builtin")
            steps = np.where(in_blocks(x.shape, 16), up, steps)
        return steps

    def _from_float(self, x: np.ndarray) -> np.ndarray:
        scale = self.output.scale[0]
        if self.rounding == "builtin":
            # blocks multiply by the inverse in float32, halves to even; the rest is divided in float64
            blocks = np.rint(x * np.float32(1 / np.float64(scale)))
            steps = np.where(in_blocks(x.shape, 8), blocks, round_half_away(x.astype(float) / np.float64(scale)))
        else:
            steps = round_half_away(x.astype(np.float32) / scale)
        return steps.astype(np.int64)


class Dequantize(Kernel):
    """Dequantize: float at the exit."""

    gives = ("FLOAT32",)

    def prepare(self) -> None:
        (self.entry,) = self.varying

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        (x,) = arrays
        scale, zero = self.entry.scale[0], self.zero_point(self.entry)
        reals = (x.astype(np.float32) - np.float32(zero)) * scale
        if self.rounding == "builtin":  # blocks multiply first, and subtract what the zero point stands for
            blocks = x.astype(np.float32) * scale + np.float32(-zero * np.float64(scale))
            reals = np.where(in_blocks(x.shape, 8), blocks, reals)
        return reals


class Relu(Kernel):
    """ReLU or ReLU6 as an operator of its own: rescale and cut."""

    def prepare(self) -> None:
        (entry,) = self.varying
        self.entry_zero, self.leave_zero = self.zero_point(entry), self.zero_point(self.output)
        self.multiplier, self.shift = quantize_multiplier(
            np.float64(np.float32(entry.scale[0]) / np.float32(self.output.scale[0]))
        )
        self.low, self.high = self.quantized_limits(0.0, 6.0 if self.kind == "RELU6" else None)

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        moved = arrays[0].astype(np.int64) - self.entry_zero
        scaled = multiply_by_quantized_multiplier(moved, self.multiplier, self.shift)
        return np.clip(scaled + self.leave_zero, self.low, self.high).astype(np.int8)
