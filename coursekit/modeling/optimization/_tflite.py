"""What stands in a .tflite file: tensors and operators, as plain numpy and plain names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

_BITS = {"INT2": 2, "INT4": 4, "UINT4": 4}
"""Types of less than a byte, which numpy has no name for; their data stay packed."""
_DTYPES = {
    "FLOAT32": np.float32, "FLOAT16": np.float16, "FLOAT64": np.float64, "BOOL": np.bool_, "INT8": np.int8,
    "UINT8": np.uint8, "INT16": np.int16, "UINT16": np.uint16, "INT32": np.int32, "UINT32": np.uint32,
    "INT64": np.int64, "UINT64": np.uint64,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tensor:
    """One tensor of a file."""

    index: int
    name: str
    shape: tuple[int, ...]
    type: str
    """As the format calls it: FLOAT32, INT8, INT4, ..."""
    scale: np.ndarray
    """float32; one number, one per channel, or none."""
    zero_point: np.ndarray
    axis: int
    """Which axis has a scale per entry."""
    data: np.ndarray | None
    """Constants: weights, biases, shapes; packed bytes where a value has less than 8 bits."""

    @property
    def count(self) -> int:
        """Number of values of one example."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def bits(self) -> int:
        """Bits of one value."""
        return _BITS[self.type] if self.type in _BITS else 8 * np.dtype(_DTYPES[self.type]).itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of its values."""
        return -(-self.count * self.bits // 8)

    @property
    def is_constant(self) -> bool:
        """Whether the file holds its values."""
        return self.data is not None


@dataclass(frozen=True, eq=False)
class Operator:
    """One operator of a file."""

    kind: str
    """As the format calls it: CONV_2D, FULLY_CONNECTED, ..."""
    inputs: tuple[int, ...]
    """Indices of tensors; -1 stands for one that is left out."""
    outputs: tuple[int, ...]
    options: dict[str, Any] = field(default_factory=dict)
    """Strides, padding, fused activation, ... by the format's own names."""


@dataclass(frozen=True, eq=False)
class Graph:
    """The one subgraph of a file, its operators in the order in which they run."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_graph(content: bytes) -> Graph:
    """Read a .tflite file; a ValueError tells what is not one."""
    from ai_edge_litert import schema_py_generated as schema

    if not isinstance(content, bytes) or len(content) < 8 or content[4:8] != b"TFL3":
        raise ValueError("these bytes are no .tflite file: its bytes 4 to 8 are TFL3")
    try:
        return _graph(schema, schema.ModelT.InitFromPackedBuf(content, 0), content)
    except ManySubgraphsError:
        raise
    except Exception as error:  # the generated reader, and what follows, fail in many ways on a broken file
        raise ValueError(f"the .tflite file is broken: {type(error).__name__}: {error}") from error


class ManySubgraphsError(ValueError):
    """A .tflite file with control flow or several entry points."""


def _graph(schema: Any, model: Any, content: bytes) -> Graph:
    if len(model.subgraphs) != 1:
        raise ManySubgraphsError(f"the .tflite file has {len(model.subgraphs)} subgraphs; files with one can be read")
    for buffer in model.buffers:
        if buffer.offset > 1:  # data of larger files may stand behind the flatbuffer
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
    names = {
        kind: {value: name for name, value in vars(getattr(schema, kind)).items() if not name.startswith("_")}
        for kind in ("BuiltinOperator", "TensorType")
    }
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    told = model.subgraphs[0]
    graph = Graph(
        tuple(
            _tensor(number, tensor, model.buffers, names["TensorType"]) for number, tensor in enumerate(told.tensors)
        ),
        tuple(
            Operator(
                names["BuiltinOperator"].get(codes[operator.opcodeIndex], f"operator {codes[operator.opcodeIndex]}"),
                tuple(int(index) for index in operator.inputs),
                tuple(int(index) for index in operator.outputs),
                dict(vars(operator.builtinOptions)) if operator.builtinOptions else {},
            )
            for operator in told.operators
        ),
        tuple(int(index) for index in told.inputs),
        tuple(int(index) for index in told.outputs),
    )
    ends = [*graph.inputs, *graph.outputs, *(index for operator in graph.operators for index in operator.outputs)]
    read = [index for operator in graph.operators for index in operator.inputs]
    if min(ends, default=0) < 0 or min(read, default=0) < -1 or max([*ends, *read], default=-1) >= len(graph.tensors):
        raise IndexError("an operator names a tensor that is not there")
    if any(size < 0 for tensor in graph.tensors for size in tensor.shape):
        raise IndexError("a tensor has a negative size")
    return graph


def _tensor(number: int, told: Any, buffers: list, types: dict[int, str]) -> Tensor:
    kind = types.get(told.type, f"type {told.type}")
    shape = () if told.shape is None else tuple(int(size) for size in told.shape)
    packed = buffers[told.buffer].data
    data = None
    if packed is not None and len(packed):
        data = np.asarray(packed, np.uint8)
        if kind in _DTYPES:
            data = data.view(_DTYPES[kind]).reshape(shape)
    quantization = told.quantization
    scale = zero_point = None
    if quantization is not None:
        scale, zero_point = quantization.scale, quantization.zeroPoint
    return Tensor(
        number,
        told.name.decode() if told.name else "",
        shape,
        kind,
        np.zeros(0, np.float32) if scale is None else np.asarray(scale, np.float32),
        np.zeros(0, np.int64) if zero_point is None else np.asarray(zero_point, np.int64),
        0 if quantization is None else int(quantization.quantizedDimension),
        data,
    )
