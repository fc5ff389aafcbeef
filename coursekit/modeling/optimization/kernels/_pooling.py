"""Pooling: the largest value of a window, its mean, the mean of a whole picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coursekit.modeling.optimization.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from coursekit.modeling.optimization.kernels import _loops
from coursekit.modeling.optimization.kernels._blocks import in_blocks
from coursekit.modeling.optimization.kernels._operator import Kernel, UnsupportedModelError
from coursekit.modeling.optimization.kernels._windows import Windows


class Pooling(Kernel):
    """Pooling keeps the scale: the converter gives input and output the same."""

    def prepare(self) -> None:
        (entry,) = self.varying
        if entry.scale[0] != self.output.scale[0] or self.zero_point(entry) != self.zero_point(self.output):
            raise UnsupportedModelError(f"{self.kind}: input and output have other scales or zero points")
        self.four(0)
        size = (int(self.option("filterHeight")), int(self.option("filterWidth")))
        self.windows = Windows.of(
            (entry.shape[1], entry.shape[2]), (self.output.shape[1], self.output.shape[2]), size, self.options
        )
        self.low, self.high = self.limits()

    def run(self, loop: Callable[..., None], x: np.ndarray) -> np.ndarray:
        """Run a compiled loop over the windows."""
        at = self.windows
        out = np.empty((len(x), at.rows, at.columns, x.shape[3]), np.int8)
        loop(x, at.height, at.width, *at.stride, at.top, at.left, self.low, self.high, out)
        return out


class MaxPooling(Pooling):
    """MaxPool2D: a border counts as smaller than anything."""

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        (x,) = arrays
        return np.clip(self.windows.cut(x, -128).max(axis=(3, 4)), self.low, self.high).astype(np.int8)

    def fast(self, *arrays: np.ndarray) -> np.ndarray:
        return self.run(_loops.maxima, *arrays)


class AveragePooling(Pooling):
    """AveragePool2D: the mean of what lies inside the picture, halves away from zero."""

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        (x,) = arrays
        total = self.windows.cut(x.astype(np.int64), 0).sum(axis=(3, 4))
        count = self.windows.cut(np.ones_like(x[:1], np.int64), 0).sum(axis=(3, 4))
        mean = np.where(total > 0, (total + count // 2) // count, -((count // 2 - total) // count))
        return np.clip(mean, self.low, self.high).astype(np.int8)

    def fast(self, *arrays: np.ndarray) -> np.ndarray:
        return self.run(_loops.averages, *arrays)


class Mean(Kernel):
    """Mean over axes: the division by their size is folded into the multiplier."""

    def prepare(self) -> None:
        (entry,) = self.varying
        axes = np.atleast_1d(self.constant(1, "list of axes", "INT32"))
        if axes.ndim != 1 or not len(axes) or max(axes) >= len(entry.shape) or min(axes) < -len(entry.shape):
            raise UnsupportedModelError(f"{self.kind}: axes {axes.tolist()} of shape {entry.shape}")
        self.axes = tuple(sorted({int(axis) % len(entry.shape) for axis in axes}))
        if 0 in self.axes:
            raise UnsupportedModelError(f"{self.kind}: over axis 0, the batch")
        self.entry_zero, self.leave_zero = self.zero_point(entry), self.zero_point(self.output)
        self.count = int(np.prod([entry.shape[axis] for axis in self.axes]))
        # the built-in kernels have a faster way for pictures, and only where the axes are kept
        self.fast_way = (
            self.rounding == "builtin"
            and bool(self.option("keepDims"))
            and len(entry.shape) == 4
            and self.axes == (1, 2)
        )
        if self.fast_way:
            scale, leave = np.float32(entry.scale[0]), np.float32(self.output.scale[0])
            zero = np.float32(self.entry_zero) * scale / leave
            # the entry's zero point is taken off after the multiplication, rounded by itself
            self.leave_zero -= int(zero + np.float32(0.5) if zero > 0 else zero - np.float32(0.5))
            multiplier, shift = quantize_multiplier(np.float64(scale / (np.float32(self.count) * leave)))
            self.multiplier, self.shift = int(multiplier), int(shift)
            return
        multiplier, shift = quantize_multiplier(np.float64(entry.scale[0]) / np.float64(self.output.scale[0]))
        # as much of the division as fits goes into the multiplier, the rest into the shift
        places = min(self.count.bit_length() - 1, 32, 31 + int(shift))
        self.multiplier, self.shift = (int(multiplier) << places) // self.count, int(shift) - places

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        (x,) = arrays
        total = x.astype(np.int64).sum(axis=self.axes)
        if not self.fast_way:
            total = total - self.entry_zero * self.count
        scaled = multiply_by_quantized_multiplier(total, self.multiplier, self.shift)
        if self.fast_way:
            up = multiply_by_quantized_multiplier(total, self.multiplier, self.shift, rounding="builtin")
            scaled = np.where(in_blocks(total.shape, 16, total.shape[-1]), up, scaled)
        answers = np.clip(scaled + self.leave_zero, -128, 127).astype(np.int8)
        return np.expand_dims(answers, self.axes) if self.option("keepDims") else answers
