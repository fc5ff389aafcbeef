"""Convolution, depthwise convolution and the dense layer: sums of products, requantized."""

from __future__ import annotations

import numpy as np

from coursekit.modeling.optimization.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from coursekit.modeling.optimization.kernels import _loops
from coursekit.modeling.optimization.kernels._blocks import in_blocks
from coursekit.modeling.optimization.kernels._operator import Kernel, UnsupportedModelError
from coursekit.modeling.optimization.kernels._windows import Windows
from coursekit.modeling.optimization.rounding import round_half_away

_EXACT_IN_FLOAT32 = 2**24
"""Whole numbers up to here are all in float32, so products of integers may use its faster unit."""
_SCRATCH = 1 << 18
"""Values that are gathered at once; more falls out of the cache."""


class Products(Kernel):
    r"""What ends in int8 of a sum of products: int32 sums, a bias, a multiplier per channel, a rounding.

    .. math:: q_{out} = z_{out} + \operatorname{round}\Big(\frac{s_{in} s_w}{s_{out}} \big(b + \sum (q_{in} - z_{in})
        q_w\big)\Big)
    """

    channel_axis = 0

    def prepare(self) -> None:
        weight, entry = self.constant(1, "weight", "INT8"), self.inputs[0]
        scales, zero_points = self.inputs[1].scale, self.inputs[1].zero_point
        self.channels = weight.shape[self.channel_axis]
        if len(scales) not in (1, self.channels) or zero_points.any():
            raise UnsupportedModelError(
                f"{self.kind}: weights must be symmetric with one scale, or one per output channel "
                f"({self.channels}); {self.inputs[1].name!r} has {len(scales)} scales and zero points "
                f"{np.unique(zero_points).tolist()}"
            )
        self.weight, self.scales = weight, scales
        has_bias = len(self.inputs) > 2
        self.bias = (
            self.constant(2, "bias", "INT32").astype(np.int64) if has_bias else np.zeros(self.channels, np.int64)
        )
        if self.bias.shape != (self.channels,):
            raise UnsupportedModelError(f"{self.kind}: a bias of shape {self.bias.shape} for {self.channels} channels")
        self.entry_zero, self.leave_zero = self.zero_point(entry), self.zero_point(self.output)
        self.low, self.high = self.limits()
        real = self.real_multiplier()
        self.real = np.broadcast_to(real, self.channels).copy()
        if (self.real >= 2.0**31).any():  # such a file is broken, and its sums would leave int64
            raise UnsupportedModelError(f"{self.kind}: scales of {self.inputs[1].name!r} make a multiplier above 2**31")
        self.multiplier, self.shift = quantize_multiplier(self.real)

    def real_multiplier(self) -> np.ndarray:
        """Scale of the sums over scale of the output, in float64."""
        return np.float64(self.inputs[0].scale[0]) * self.scales.astype(np.float64) / np.float64(self.output.scale[0])

    @property
    def half_up(self) -> np.ndarray:
        """Which channels take the halves of the second rounding up rather than away from zero."""
        return np.full(self.channels, self.rounding == "builtin")

    def finish(self, sums: np.ndarray) -> np.ndarray:
        """int8 of the sums, whose last axis are the channels, in numpy."""
        up, away = (
            multiply_by_quantized_multiplier(sums + self.bias, self.multiplier, self.shift, rounding=rounding)
            for rounding in ("builtin", "reference")
        )
        return np.clip(np.where(self.half_up, up, away) + self.leave_zero, self.low, self.high).astype(np.int8)

    def finish_fast(self, sums: np.ndarray) -> np.ndarray:
        """int8 of the sums, shape (rows, channels), compiled."""
        out = np.empty(sums.shape, np.int8)
        _loops.requantize(
            sums, self.bias, self.multiplier, self.shift, self.half_up, self.leave_zero, self.low, self.high, out
        )
        return out

    def exact_type(self, flat: np.ndarray) -> type:
        """float32 if no sum can leave its whole numbers, float64 if one could; flat weights (places, channels)."""
        reach = max(127 - self.entry_zero, self.entry_zero + 128)
        largest = np.abs(flat.astype(np.int64)).sum(axis=0).max(initial=0) * reach
        return np.float32 if largest < _EXACT_IN_FLOAT32 else np.float64


class Convolution(Products):
    """Conv2D: weights (out, height, width, in)."""

    def prepare(self) -> None:
        super().prepare()
        entry, leave, _ = self.four(0), self.output.shape, self.four(1)
        if self.weight.shape[3] != entry[3]:
            raise UnsupportedModelError(
                f"{self.kind}: grouped convolution ({entry[3]} channels in, filters for {self.weight.shape[3]})"
            )
        self.windows = Windows.of(
            (entry[1], entry[2]), (leave[1], leave[2]), (self.weight.shape[1], self.weight.shape[2]), self.options
        )
        flat = self.weight.reshape(self.channels, -1).T
        self.flat: np.ndarray = np.ascontiguousarray(flat, self.exact_type(flat))

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        (x,) = arrays
        cut = self.windows.cut(x, self.entry_zero).astype(float) - self.entry_zero
        sums = cut.reshape(*cut.shape[:3], len(self.flat)) @ self.flat.astype(float)  # exact: far below 2**53
        return self.finish(sums.astype(np.int64))

    def fast(self, *arrays: np.ndarray) -> np.ndarray:
        (x,) = arrays
        at, places = self.windows, len(self.flat)
        out = np.empty((len(x), at.rows, at.columns, self.channels), np.int8)
        several = max(1, _SCRATCH // (at.rows * at.columns * places))
        scratch = np.empty((several * at.rows * at.columns, places), self.flat.dtype)
        for start in range(0, len(x), several):
            some = x[start : start + several]
            rows = scratch[: len(some) * at.rows * at.columns]
            _loops.windows(some, self.entry_zero, *at.numbers, at.rows, at.columns, rows)
            out[start : start + several] = self.finish_fast(rows @ self.flat).reshape(-1, *out.shape[1:])
        return out


class DepthwiseConvolution(Products):
    """DepthwiseConv2D: weights (1, height, width, channels * multiplier), scales along the last axis."""

    channel_axis = 3

    def prepare(self) -> None:
        super().prepare()
        entry, leave, weight = self.four(0), self.output.shape, self.four(1)
        self.times = self.channels // entry[3]
        if weight[0] != 1 or self.channels != self.times * entry[3]:
            raise UnsupportedModelError(f"{self.kind}: filters of shape {weight} for {entry[3]} channels")
        self.windows = Windows.of(
            (entry[1], entry[2]), (leave[1], leave[2]), (self.weight.shape[1], self.weight.shape[2]), self.options
        )
        self.filters = np.ascontiguousarray(self.weight[0], np.int32)

    @property
    def half_up(self) -> np.ndarray:
        """The built-in kernels take eight channels at once, halves up, and the rest one by one, away from zero."""
        return super().half_up & in_blocks((self.channels,), 8)

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        (x,) = arrays
        cut = self.windows.cut(x, self.entry_zero).astype(np.int64) - self.entry_zero
        return self.finish((np.repeat(cut, self.times, axis=-1) * self.filters).sum(axis=(3, 4)))

    def fast(self, *arrays: np.ndarray) -> np.ndarray:
        (x,) = arrays
        at = self.windows
        sums = np.empty((len(x), at.rows, at.columns, self.channels), np.int32)
        _loops.depthwise(x, self.filters, self.entry_zero, self.times, *at.numbers[2:], sums)
        return self.finish_fast(sums.reshape(-1, self.channels)).reshape(sums.shape)


class Dense(Products):
    """FullyConnected: weights (out, in). The reference kernels scale with a real number here, and round once."""

    def prepare(self) -> None:
        super().prepare()
        entry, leave, inside = self.inputs[0].shape[1:], self.output.shape[1:], self.weight.shape[-1]
        rows = np.prod(entry, dtype=np.int64) / inside
        if self.weight.ndim != 2 or rows * self.channels != np.prod(leave, dtype=np.int64):
            raise UnsupportedModelError(
                f"{self.kind}: weights of shape {self.weight.shape} from {entry} to {leave} an example"
            )
        self.flat: np.ndarray = np.ascontiguousarray(self.weight.T, self.exact_type(self.weight.T))

    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        (x,) = arrays
        flat = x.reshape(-1, len(self.flat)).astype(float) - self.entry_zero
        return self.finish((flat @ self.flat.astype(float)).astype(np.int64)).reshape(self.leave_shape(x))

    def fast(self, *arrays: np.ndarray) -> np.ndarray:
        (x,) = arrays
        flat = x.reshape(-1, len(self.flat)).astype(self.flat.dtype) - self.flat.dtype.type(self.entry_zero)
        sums = flat @ self.flat
        return (self.finish_fast(sums) if self.rounding == "builtin" else self.finish(sums.astype(np.int64))).reshape(
            self.leave_shape(x)
        )

    def real_multiplier(self) -> np.ndarray:
        """The built-in kernels round the product of the two scales to float32, if there is one for all weights."""
        if len(self.scales) > 1 or self.rounding == "reference":
            return super().real_multiplier()
        product: np.ndarray = self.inputs[0].scale[0] * self.scales
        return product.astype(np.float64) / np.float64(self.output.scale[0])

    def leave_shape(self, x: np.ndarray) -> tuple[int, ...]:
        """Shape of the output for a batch."""
        return (len(x), *self.output.shape[1:])

    def finish(self, sums: np.ndarray) -> np.ndarray:
        if self.rounding == "builtin":
            return super().finish(sums)
        scaled = round_half_away((sums + self.bias) * self.real).astype(np.int64)
        return np.clip(scaled + self.leave_zero, self.low, self.high).astype(np.int8)
