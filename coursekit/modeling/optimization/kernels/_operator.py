"""What the operators of the integer engine have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from coursekit.modeling.optimization._tflite import Graph, Operator, Tensor

_ACTIVATIONS = {0: (None, None), 1: (0.0, None), 2: (-1.0, 1.0), 3: (0.0, 6.0)}
"""The format's numbers for no activation, ReLU, ReLU from -1 to 1, ReLU6."""


class UnsupportedModelError(ValueError):
    """A .tflite file that the integer engine cannot run, or not exactly."""


class Kernel(ABC):
    """One operator with its constants: `plain` says in numpy what is computed, `fast` gives the same numbers."""

    takes: ClassVar[tuple[str, ...]] = ("INT8",)
    """Types of the inputs that are not constants."""
    gives: ClassVar[tuple[str, ...]] = ("INT8",)

    def __init__(self, operator: Operator, graph: Graph, rounding: str) -> None:
        self.kind, self.options, self.rounding = operator.kind, operator.options, rounding
        self.inputs = [graph.tensors[index] for index in operator.inputs if index >= 0]
        self.output: Tensor = graph.tensors[operator.outputs[0]]
        self.varying = [tensor for tensor in self.inputs if not tensor.is_constant]
        for tensor, allowed in [*((tensor, self.takes) for tensor in self.varying), (self.output, self.gives)]:
            if tensor.type not in allowed:
                raise UnsupportedModelError(
                    f"{self.kind} has a tensor of type {tensor.type} ({tensor.name!r}) where the integer engine takes "
                    f"{' or '.join(allowed)}; convert the model to full int8, convert(model, 'int8', samples=...)"
                )
            if tensor.type == "INT8" and (len(tensor.scale) != 1 or len(tensor.zero_point) != 1):
                raise UnsupportedModelError(
                    f"{self.kind}: {tensor.name!r} is int8 without one scale and one zero point"
                )
            if tensor.type == "INT8":
                self.check_scale(tensor)
        self.prepare()

    def check_scale(self, tensor: Tensor) -> None:
        """Scales are positive, and zero points are int8; anything else is a broken file."""
        if not (np.isfinite(tensor.scale).all() and (tensor.scale > 0).all()):
            raise UnsupportedModelError(f"{self.kind}: {tensor.name!r} has a scale that is not a positive number")
        if tensor.zero_point.min() < -128 or tensor.zero_point.max() > 127:
            raise UnsupportedModelError(f"{self.kind}: {tensor.name!r} has a zero point outside of int8")

    def four(self, number: int) -> tuple[int, int, int, int]:
        """Shape of an input that must have four dimensions."""
        shape = self.inputs[number].shape
        if len(shape) != 4 or len(self.output.shape) != 4:
            raise UnsupportedModelError(f"{self.kind}: shapes {shape} and {self.output.shape} have not four dimensions")
        return shape

    @abstractmethod
    def prepare(self) -> None:
        """Work out the constants from the file."""

    @abstractmethod
    def plain(self, *arrays: np.ndarray) -> np.ndarray:
        """Give the output of the inputs (those that are not constants), with the batch in front."""

    def fast(self, *arrays: np.ndarray) -> np.ndarray:
        """Give the same, faster where it pays."""
        return self.plain(*arrays)

    def constant(self, number: int, wanted: str, *types: str) -> np.ndarray:
        """Give the data of an input that must be a constant."""
        tensor = self.inputs[number]
        if tensor.data is None or tensor.type not in types:
            raise UnsupportedModelError(
                f"{self.kind}: its {wanted} must be a constant of type {' or '.join(types)}, "
                f"{tensor.name!r} is {'computed' if tensor.data is None else tensor.type}"
            )
        return tensor.data

    def limits(self) -> tuple[int, int]:
        """Smallest and largest output in int8, after the activation that is fused in."""
        number = int(self.options.get("fusedActivationFunction", 0))
        if number not in _ACTIVATIONS:
            raise UnsupportedModelError(f"{self.kind}: fused activation number {number} is none of ReLU, ReLU6")
        low, high = _ACTIVATIONS[number]
        return self.quantized_limits(low, high)

    def quantized_limits(self, low: float | None, high: float | None) -> tuple[int, int]:
        """The part of int8 that stands for reals from low to high."""
        scale, zero_point = np.float32(self.output.scale[0]), self.zero_point(self.output)

        def at(real: float) -> int:
            steps = np.float32(real) / scale
            return zero_point + int(np.floor(np.abs(steps) + np.float32(0.5)) * np.sign(steps))

        return max(-128, -128 if low is None else at(low)), min(127, 127 if high is None else at(high))

    @staticmethod
    def zero_point(tensor: Tensor) -> int:
        """The one zero point of an int8 tensor."""
        return int(tensor.zero_point[0])

    def option(self, name: str) -> Any:
        """An option of the operator by the format's name."""
        return self.options[name]
