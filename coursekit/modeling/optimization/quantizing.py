"""Whole numbers instead of floats: scale, zero point, and what is lost."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from coursekit._number_checks import check_whole, told
from coursekit.modeling.optimization._clipping import grid_of, limits_of
from coursekit.modeling.optimization.calibrators import CALIBRATIONS, EntropyCalibrator
from coursekit.modeling.optimization.ranges import Calibrator, Range, check_bits, finite_floats
from coursekit.modeling.optimization.rounding import round_half_away
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True)
class QuantizationError:
    """How far quantized values lie from the originals."""

    mse: float
    """Mean squared error."""
    max_error: float
    """Largest absolute error."""
    sqnr_db: float
    """Signal to quantization noise, 10 log10 of the sums of squares, in decibels; infinite without error."""
    clipped_share: float
    """Share of values that lie more than half a step outside of the grid."""


@dataclass(frozen=True, eq=False, repr=False)
class QuantizedTensor(ShortRepr):
    """Whole numbers with the scales and zero points that turn them back into floats."""

    values: np.ndarray
    """The whole numbers, in the original's shape; int8 for up to 8 bits, int16 above."""
    scale: np.ndarray
    """Steps, float64. Shape () per tensor; 1 but along the axis per channel; (..., blocks) per block."""
    zero_point: np.ndarray
    """Whole numbers that stand for 0.0, in the shape of scale; all 0 if symmetric."""
    axis: int | None
    """Axis of the channels, counted from the front; None per tensor and per block."""
    bits: int
    """Bits of a value."""
    block: int | None
    """Values along the last axis that share a scale; None without blocks."""
    original: np.ndarray
    """What was quantized, float64."""
    symmetric: bool
    """Whether there are no zero points to keep."""
    narrow_range: bool
    """Whether the smallest whole number, which has no counterpart, is left unused."""

    def dequantize(self) -> np.ndarray:
        """Floats that the whole numbers stand for: (values - zero_point) * scale, float64."""
        scale, zero_point = self._spread(self.scale), self._spread(self.zero_point)
        return (self.values.astype(np.int64) - zero_point) * scale

    def error(self) -> QuantizationError:
        """Compare with the original."""
        gaps = self.original - self.dequantize()
        bottom, top = limits_of(self.bits, self.narrow_range)
        scale, zero_point = self._spread(self.scale), self._spread(self.zero_point)
        steps = self.original / scale
        # a unit in the last place for values that lie on the very edge
        slack = 1e-9
        clipped = (steps > top - zero_point + 0.5 + slack) | (steps < bottom - zero_point - 0.5 - slack)
        peak = float(np.abs(self.original).max()) or 1.0  # squares of very large or small values leave float64
        noise, signal = (float(np.mean((part / peak) ** 2)) for part in (gaps, self.original))
        return QuantizationError(
            mse=noise * peak * peak,
            max_error=float(np.abs(gaps).max()),
            sqnr_db=10 * math.log10(signal / noise) if noise else math.inf,
            clipped_share=float(np.mean(clipped)),
        )

    @property
    def nbytes(self) -> int:
        """Bytes in a file: values packed bit by bit, scales in float32, zero points in the type of the values."""
        packed = -(-self.values.size * self.bits // 8)
        each = 4 + (0 if self.symmetric else self.values.itemsize)
        return packed + each * self.scale.size

    def _spread(self, numbers: np.ndarray) -> np.ndarray:
        """Scales or zero points so that they broadcast against the values."""
        if self.block is None:
            return numbers
        return np.repeat(numbers, self.block, axis=-1)[..., : self.values.shape[-1]]


def quantize(
    x: ArrayLike,
    *,
    bits: int = 8,
    symmetric: bool = False,
    axis: int | None = None,
    block: int | None = None,
    calibration: str | Calibrator | Range = "minmax",
    narrow_range: bool | None = None,
) -> QuantizedTensor:
    r"""Round an array to whole numbers of few bits.

    Int8 weights take a quarter of the bytes and run on integer units; four bits take an eighth. Whether the model
    survives is decided here: by the range that is covered, by how many values share it, and by rules for corner cases
    that have to be the runtime's own to the bit. Rounding is half away from zero, as in TFLite.

    .. math:: q = \operatorname{clip}\bigl(\operatorname{round}(x / s) + z,\; q_{min},\; q_{max}\bigr), \qquad
        \hat x = s (q - z)

    - Symmetric, for weights: :math:`z = 0`, whole numbers in :math:`[-127, 127]`, :math:`s = \max |x| / 127`.
    - Asymmetric, for activations: whole numbers in :math:`[-128, 127]`, :math:`s = (h - l) / 255`, and :math:`z` is
      :math:`-128 - l / s` rounded, so that 0.0 is exact (the range moves by up to half a step). A range that leaves
      zero out is extended to it.
    - Where all values are zero, or the scale would be below the smallest normal float64: :math:`s = 1, z = 0`.

    Parameters
    ----------
    x
        Floats or whole numbers of any shape, at least one; not changed.
    bits
        Bits of a value, 2 to 16.
    symmetric
        Whether the range is equally far to both sides of zero.
    axis
        Axis of the channels with a scale each; None for one scale. TFLite's weights have it at 0 for conv and dense,
        at 3 for depthwise conv; Keras's have it last, but for depthwise conv.
    block
        Instead of axis, so many consecutive values along the last axis share a scale. The last block of a row is
        shorter where the length is no multiple: every layer can be quantized, and padding would cost bytes.
    calibration
        What is covered: ``"minmax"``, ``"percentile"``, ``"mse"``, ``"kl"`` or a calibrator, of each channel or block
        by itself. A calibrator that has watched batches brings its range along, as does a `Range`: for whole tensors.
    narrow_range
        Whether the smallest whole number is left out; by default as ``symmetric``.

    Raises
    ------
    ValueError
        If x is empty, holds NaN or infinity, or options do not fit it or one another.

    Examples
    --------
    >>> q = quantize([-1.0, 0.0, 0.5, 1.0], bits=4, symmetric=True)
    >>> q.values.tolist(), q.dequantize().round(3).tolist()
    ([-7, 0, 4, 7], [-1.0, 0.0, 0.571, 1.0])
    >>> weights = np.random.default_rng(0).normal(size=(64, 100)) * np.geomspace(0.01, 1, 64)[:, None]
    >>> for options in ({}, {"axis": 0}, {"block": 32}):
    ...     q = quantize(weights, bits=4, symmetric=True, **options)
    ...     print(q.nbytes, round(q.error().sqnr_db, 1))
    3204 11.7
    3456 19.0
    4224 20.3

    References
    ----------
    Jacob et al. (2018). Quantization and training of neural networks for efficient integer-arithmetic-only
    inference. CVPR.
    """
    x = finite_floats(x, "quantize: x")
    if not x.size:
        raise ValueError(f"quantize: x of shape {x.shape} is empty; there is nothing to measure a range on")
    bits = check_bits("quantize", bits)
    narrow = symmetric if narrow_range is None else narrow_range
    axis, block = _check_layout(x, axis, block)
    calibrator = _check_calibration(calibration, shared=axis is None and block is None)
    if block is not None and isinstance(calibrator, EntropyCalibrator):
        raise ValueError(
            f"quantize: calibration by entropy needs a histogram, and a block of {block} is none; use 'mse'"
        )
    found = []
    for groups, shape in _groups(x, axis, block):
        if isinstance(calibrator, Range):
            low, high = np.array([calibrator.low]), np.array([calibrator.high])
        elif calibrator.seen:
            measured = calibrator.range(bits, symmetric=symmetric)
            low, high = np.array([measured.low]), np.array([measured.high])
        else:
            low, high = calibrator._bounds_of_groups(groups, bits, symmetric=symmetric, narrow=narrow)
        grid = grid_of(low, high, bits=bits, symmetric=symmetric, narrow=narrow)
        found.append([numbers.reshape(shape) for numbers in grid])
    scale, zero_point = (
        found[0] if len(found) == 1 else (np.concatenate(pair, axis=-1) for pair in zip(*found, strict=True))
    )
    quantized = QuantizedTensor(
        values=np.zeros(x.shape, np.int8 if bits <= 8 else np.int16),
        scale=scale,
        zero_point=zero_point,
        axis=axis,
        bits=bits,
        block=block,
        original=x,
        symmetric=symmetric,
        narrow_range=narrow,
    )
    with np.errstate(over="ignore"):  # values far outside of a range that was measured elsewhere
        steps = round_half_away(x / quantized._spread(scale)) + quantized._spread(zero_point)
    quantized.values[...] = np.clip(steps, *limits_of(bits, narrow))
    return quantized


def _check_layout(x: np.ndarray, axis: int | None, block: int | None) -> tuple[int | None, int | None]:
    if axis is not None and block is not None:
        raise ValueError("quantize: axis and block exclude each other; blocks lie along the last axis")
    if block is not None:
        if not x.ndim:
            raise ValueError("quantize: block needs an x of at least one axis, got a single number")
        return None, check_whole("quantize", "block", block, low=1)
    if axis is None:
        return None, None
    number = check_whole("quantize", "axis", axis, low=None)
    if not -x.ndim <= number < x.ndim:
        raise ValueError(
            f"quantize: axis must lie between {-x.ndim} and {x.ndim - 1} for x of shape {x.shape}, got {number}"
            if x.ndim
            else f"quantize: x is a single number and has no axis {number}; leave axis out"
        )
    return number % x.ndim, None


def _check_calibration(calibration: object, *, shared: bool) -> Calibrator | Range:
    if isinstance(calibration, str) and calibration in CALIBRATIONS:
        return CALIBRATIONS[calibration]()
    if not isinstance(calibration, Calibrator | Range):
        raise ValueError(
            f"quantize: calibration must be one of {', '.join(CALIBRATIONS)}, a calibrator or a Range, got "
            f"{told(calibration)}"
        )
    if not shared and (isinstance(calibration, Range) or calibration.seen):
        raise ValueError(
            "quantize: calibration is one range for the whole tensor (a Range, or a calibrator that has watched "
            "batches); leave out axis and block, or pass a calibrator that has seen nothing, to measure each by itself"
        )
    return calibration


def _groups(x: np.ndarray, axis: int | None, block: int | None) -> list[tuple[np.ndarray, tuple[int, ...]]]:
    """Values that share a scale, as rows, and the shape of their scales; the short last blocks come apart."""
    if block is not None:
        whole = x.shape[-1] // block * block
        parts = [part for part in (x[..., :whole], x[..., whole:]) if part.size]
        return [(part.reshape(-1, min(block, part.shape[-1])), (*x.shape[:-1], -1)) for part in parts]
    if axis is None:
        return [(x.reshape(1, -1), ())]
    shape = tuple(size if at == axis else 1 for at, size in enumerate(x.shape))
    return [(np.moveaxis(x, axis, 0).reshape(x.shape[axis], -1), shape)]
