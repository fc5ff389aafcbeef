"""Inference in whole numbers: what an int8 .tflite file computes, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import ThreadpoolController

from coursekit.modeling.optimization._tflite import Graph, Tensor, read_graph
from coursekit.modeling.optimization.kernels._adding import Add
from coursekit.modeling.optimization.kernels._moving import Dequantize, Pad, Quantize, Relu, Reshape
from coursekit.modeling.optimization.kernels._operator import Kernel, UnsupportedModelError
from coursekit.modeling.optimization.kernels._pooling import AveragePooling, MaxPooling, Mean
from coursekit.modeling.optimization.kernels._products import Convolution, Dense, DepthwiseConvolution
from coursekit.modeling.optimization.kernels._softmax import Softmax
from coursekit.modeling.optimization.lite_model import LiteModel, dequantize_end, quantize_end
from coursekit.short_repr import ShortRepr

_KERNELS: dict[str, type[Kernel]] = {
    "CONV_2D": Convolution,
    "DEPTHWISE_CONV_2D": DepthwiseConvolution,
    "FULLY_CONNECTED": Dense,
    "MAX_POOL_2D": MaxPooling,
    "AVERAGE_POOL_2D": AveragePooling,
    "MEAN": Mean,
    "ADD": Add,
    "RESHAPE": Reshape,
    "SQUEEZE": Reshape,
    "EXPAND_DIMS": Reshape,
    "PAD": Pad,
    "PADV2": Pad,
    "RELU": Relu,
    "RELU6": Relu,
    "SOFTMAX": Softmax,
    "QUANTIZE": Quantize,
    "DEQUANTIZE": Dequantize,
}
ROUNDINGS = ("reference", "builtin")
"""The runtime whose roundings are followed."""
BACKENDS = ("compiled", "numpy")
_BATCH = 64


@dataclass(frozen=True, eq=False, repr=False)
class Step(ShortRepr):
    """What one operator gave."""

    op: str
    """Operator, by the format's name."""
    name: str
    """Name of its output in the file."""
    output: np.ndarray
    """Its output, int8 of shape (n, ...)."""
    scale: float
    """Step of the output between neighbouring whole numbers."""
    zero_point: int
    """The whole number that stands for 0."""
    constants: dict[str, Any]
    """Weights, biases, multipliers and shifts, where the operator has them."""

    def dequantize(self) -> np.ndarray:
        """The real numbers that the output stands for."""
        return np.asarray((self.output.astype(np.float32) - np.float32(self.zero_point)) * np.float32(self.scale))


class IntegerModel:
    r"""Runs an int8 .tflite file with whole numbers only, and gives each of them.

    A student who can say what int8 inference computes can say why two devices disagree. A team that ships to a
    chip without floating point needs something to compare the chip with. Here every layer is

    .. math:: q_{out} = z_{out} + \operatorname{round}\Big(\frac{s_{in} s_w}{s_{out}} \sum (q_{in} - z_{in}) q_w\Big)

    with the rounding of LiteRT's reference kernels or of its built-in ones (without XNNPACK, which multiplies in
    float32), and the answers equal theirs bit for bit. On processors with a vector unit the built-in kernels round
    blocks of 8 or 16 values otherwise than the values that are left over at a batch's end, and the engine with them:
    with ``rounding="builtin"`` an answer may depend on how many examples it is asked for together with.

    `from_tflite` takes a path or a `LiteModel` as well.

    Parameters
    ----------
    content
        Bytes of a full-int8 .tflite file.
    name
        What messages call it.
    rounding
        ``"reference"`` or ``"builtin"``: the kernels of LiteRT whose roundings are followed.
    backend
        ``"compiled"`` for speed, ``"numpy"`` to read and to step through; both give the same numbers.

    Examples
    --------
    >>> from coursekit.cases.inspection import as_input, make_parts, shipped_model
    >>> model = IntegerModel.from_tflite(shipped_model("int8"))
    >>> images = as_input(make_parts(3, size=48).images)
    >>> answers = model.predict(model.quantize_input(images))
    >>> answers.dtype, answers.shape
    (dtype('int8'), (3, 2))
    >>> [step.op for step in model.trace(model.quantize_input(images))][-3:]
    ['RESHAPE', 'FULLY_CONNECTED', 'SOFTMAX']

    References
    ----------
    Jacob et al. (2018). Quantization and training of neural networks for efficient integer-arithmetic-only
    inference. CVPR.
    """

    def __init__(self, content: bytes, *, name: str, rounding: str, backend: str) -> None:
        for value, known, parameter in ((rounding, ROUNDINGS, "rounding"), (backend, BACKENDS, "backend")):
            if value not in known:
                raise ValueError(f"IntegerModel: {parameter} must be one of {', '.join(known)}, got {value!r}")
        self.name, self.rounding, self.backend, self.content = name, rounding, backend, content
        try:
            graph = read_graph(content)
        except ValueError as error:
            raise ValueError(f"IntegerModel: {name!r}: {error}") from error
        if len(graph.inputs) != 1 or len(graph.outputs) != 1:
            raise UnsupportedModelError(
                f"IntegerModel: {name!r} has {len(graph.inputs)} inputs, {len(graph.outputs)} outputs"
            )
        self.graph = graph
        self.entry, self.leave = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
        _refuse_floats(graph, name)
        self._kernels = []
        for number, operator in enumerate(graph.operators):
            if operator.kind not in _KERNELS:
                raise UnsupportedModelError(
                    f"IntegerModel: operator {number} of {name!r} is {operator.kind}, which the integer engine "
                    f"does not have; it has {', '.join(_KERNELS)}"
                )
            try:
                self._kernels.append(_KERNELS[operator.kind](operator, graph, rounding))
            except UnsupportedModelError as error:
                raise UnsupportedModelError(f"IntegerModel: operator {number} of {name!r}: {error}") from None
            except Exception as error:  # what a broken file leaves out or turns round
                raise ValueError(
                    f"IntegerModel: operator {number} of {name!r}, {operator.kind}, is broken: "
                    f"{type(error).__name__}: {error}"
                ) from error
        self._try_shapes()

    def _try_shapes(self) -> None:
        """Run a batch of none: each operator must find its inputs computed, and give the shape that the file says."""
        known = {self.entry.index: np.zeros((0, *self.entry.shape[1:]), self._dtype(self.entry))}
        for number, kernel in enumerate(self._kernels):
            where = f"IntegerModel: operator {number} of {self.name!r}, {kernel.kind}, is broken"
            if any(tensor.index not in known for tensor in kernel.varying):
                raise ValueError(f"{where}: it reads a tensor before it is computed")
            try:
                output = kernel.plain(*(known[tensor.index] for tensor in kernel.varying))
            except Exception as error:
                raise ValueError(f"{where}: {type(error).__name__}: {error}") from error
            if kernel.output.index in known or kernel.output.is_constant:
                raise ValueError(f"{where}: it writes a tensor that has its values already")
            if output.shape[1:] != kernel.output.shape[1:] or len(output) or not kernel.output.shape:
                raise ValueError(f"{where}: gives shape (n, *{output.shape[1:]}), the file says {kernel.output.shape}")
            known[kernel.output.index] = output
        if self.leave.index not in known or not self.entry.shape:
            raise ValueError(f"IntegerModel: {self.name!r} is broken: no operator computes its output")

    def __repr__(self) -> str:
        return (
            f"IntegerModel({self.name!r}, {len(self._kernels)} operators, rounding={self.rounding!r}, "
            f"backend={self.backend!r})"
        )

    @classmethod
    def from_tflite(
        cls, model: LiteModel | bytes | str | Path, *, rounding: str = "reference", backend: str = "compiled"
    ) -> IntegerModel:
        """Read a full-int8 .tflite file, given as a path, as bytes or as a `LiteModel`.

        ``rounding`` is that of LiteRT's ``"reference"`` or ``"builtin"`` kernels; ``backend`` is ``"compiled"``, or
        ``"numpy"`` to read and to step through. A model in float, an operator that is not there or a file that is
        none is an error that says which.
        """
        if isinstance(model, str | Path):
            model = LiteModel.from_file(model)
        if isinstance(model, bytes | bytearray):
            model = LiteModel(bytes(model))
        if not isinstance(model, LiteModel):
            raise ValueError(
                f"IntegerModel.from_tflite: give a path, bytes or a LiteModel, got {type(model).__name__}; a Keras "
                "model is converted with convert(model, 'int8', samples=...)"
            )
        return cls(model.content, name=model.name, rounding=rounding, backend=backend)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Answers of a batch of shape (n, ...), in and out in the file's own type (int8, unless it says float)."""
        x = self._checked(x)
        outputs = [np.zeros((0, *self.leave.shape[1:]), self._dtype(self.leave))]
        for start in range(0, len(x), _BATCH):
            outputs.append(self._run(x[start : start + _BATCH], keep=False)[-1])
        return np.concatenate(outputs)

    def trace(self, x: np.ndarray) -> list[Step]:
        """Every operator's output for a batch, in order."""
        outputs = self._run(self._checked(x), keep=True)
        return [_step(kernel, output) for kernel, output in zip(self._kernels, outputs, strict=True)]

    def quantize_input(self, X: np.ndarray) -> np.ndarray:
        """Floats as the file's input takes them."""
        X = np.asarray(X)
        if X.dtype.kind not in "fiub" or not np.isfinite(X).all():
            raise ValueError(f"IntegerModel.quantize_input: X of {self.name!r} must hold finite numbers")
        return quantize_end(X, _end(self.entry))

    def dequantize_output(self, answers: np.ndarray) -> np.ndarray:
        """The real numbers that answers stand for."""
        return dequantize_end(np.asarray(answers), _end(self.leave))

    @property
    def layers(self) -> pd.DataFrame:
        """One row per operator: op, output shape, scale, zero_point, weights, scales (per tensor or channel)."""
        return pd.DataFrame(
            [
                {
                    "op": kernel.kind,
                    "output": kernel.output.shape[1:],
                    "scale": float(kernel.output.scale[0]) if len(kernel.output.scale) else np.nan,
                    "zero_point": int(kernel.output.zero_point[0]) if len(kernel.output.zero_point) else 0,
                    "weights": int(getattr(kernel, "weight", np.zeros(0)).size),
                    "weight_scales": len(getattr(kernel, "scales", ())),
                    "name": kernel.output.name,
                }
                for kernel in self._kernels
            ]
        )

    def _run(self, x: np.ndarray, *, keep: bool) -> list[np.ndarray]:
        known = {self.entry.index: x}
        outputs = []
        with _threads().limit(limits=1):  # the products are small: a second thread waits more than it works
            for operator, kernel in zip(self.graph.operators, self._kernels, strict=True):
                arrays = [known[tensor.index] for tensor in kernel.varying]
                run = kernel.fast if self.backend == "compiled" else kernel.plain
                known[operator.outputs[0]] = output = run(*arrays)
                if keep:
                    outputs.append(output)
        return outputs if keep else [known[self.leave.index]]

    def _checked(self, x: np.ndarray) -> np.ndarray:
        x, shape, dtype = np.asarray(x), self.entry.shape[1:], self._dtype(self.entry)
        if x.dtype != dtype or x.ndim != len(shape) + 1 or x.shape[1:] != shape:
            hint = "; quantize_input(X) gives it" if x.dtype.kind == "f" and dtype == np.int8 else ""
            raise ValueError(
                f"IntegerModel: {self.name!r} takes {dtype} of shape (n, {', '.join(map(str, shape))}), got {x.dtype} "
                f"of shape {x.shape}{hint}"
            )
        return np.ascontiguousarray(x)

    @staticmethod
    def _dtype(tensor: Tensor) -> np.dtype:
        return np.dtype(np.int8 if tensor.type == "INT8" else np.float32)


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


def _refuse_floats(graph: Graph, name: str) -> None:
    """A model in float is told as a whole, before its first operator is."""
    kinds = {operator.kind for operator in graph.operators}
    computed = {graph.tensors[index].type for operator in graph.operators for index in operator.outputs}
    if "INT8" not in computed:
        found = "INT16" if "INT16" in computed else "float"
        weights = any(tensor.is_constant and tensor.type in ("INT8", "INT4") for tensor in graph.tensors)
        more = " with quantized weights" if weights else ""
        raise UnsupportedModelError(
            f"IntegerModel: {name!r} computes in {found}{more} ({', '.join(sorted(kinds))}); the integer engine runs "
            "full int8 models, which convert(model, 'int8', samples=...) writes"
        )


def _end(tensor: Tensor) -> dict[str, Any]:
    if not len(tensor.scale) or tensor.type == "FLOAT32":
        return {"dtype": np.float32, "quantization": (0.0, 0)}
    return {"dtype": np.int8, "quantization": (float(tensor.scale[0]), int(tensor.zero_point[0]))}


def _step(kernel: Kernel, output: np.ndarray) -> Step:
    told = kernel.output
    names = ("weight", "bias", "entry_zero", "multiplier", "shift", "real", "low", "high")
    constants = {name: getattr(kernel, name) for name in names if hasattr(kernel, name)}
    scaled = len(told.scale) > 0
    return Step(
        op=kernel.kind,
        name=told.name,
        output=output,
        scale=float(told.scale[0]) if scaled else 1.0,
        zero_point=int(told.zero_point[0]) if scaled and len(told.zero_point) else 0,
        constants=constants,
    )
