"""Full-int8 .tflite files of one operator or a few, written straight from the format: nothing of coursekit helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

TYPES = {"float32": "FLOAT32", "int8": "INT8", "int16": "INT16", "int32": "INT32", "int64": "INT64", "uint8": "UINT8"}
OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "ADD": "AddOptions",
    "MUL": "MulOptions",
    "RESHAPE": "ReshapeOptions",
    "SQUEEZE": "SqueezeOptions",
    "EXPAND_DIMS": "ExpandDimsOptions",
    "PAD": "PadOptions",
    "PADV2": "PadV2Options",
    "SOFTMAX": "SoftmaxOptions",
    "QUANTIZE": "QuantizeOptions",
    "DEQUANTIZE": "DequantizeOptions",
}
VERSIONS = {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 4, "QUANTIZE": 2}
PADDINGS = ("SAME", "VALID")
ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")


@dataclass(frozen=True)
class Scale:
    """What an int8 value stands for: real = step * (value - zero)."""

    step: float
    zero: int = 0


class Network:
    """A file under construction; the tensors it hands out are indices."""

    def __init__(self, shape: tuple[int, ...], scale: Scale | None, *, dtype: str = "int8") -> None:
        from ai_edge_litert import schema_py_generated as schema

        self.schema = schema
        self.tensors: list[Any] = []
        self.buffers = [schema.BufferT()]  # the format's empty buffer
        self.codes: list[str] = []
        self.operators: list[Any] = []
        self.entry = self.tensor(shape, scale, dtype=dtype, name="entry")

    def tensor(
        self,
        shape: tuple[int, ...],
        scale: Scale | None = None,
        *,
        dtype: str = "int8",
        name: str = "",
        steps: np.ndarray | None = None,
        axis: int = 0,
        data: np.ndarray | None = None,
    ) -> int:
        """Add a tensor: ``scale`` per tensor or ``steps`` per channel of ``axis``; constant if it has ``data``."""
        schema = self.schema
        made = schema.TensorT()
        made.shape, made.hasRank = [int(size) for size in shape], True
        made.type = getattr(schema.TensorType, TYPES[dtype])
        made.name = name or f"tensor {len(self.tensors)}"
        if scale is not None or steps is not None:
            told = schema.QuantizationParametersT()
            told.scale = np.asarray([scale.step] if steps is None else steps, np.float32)
            told.zeroPoint = np.asarray([scale.zero] if steps is None else np.zeros(len(steps)), np.int64)
            told.quantizedDimension = axis
            made.quantization = told
        if data is not None:
            assert tuple(data.shape) == tuple(shape) and data.dtype == dtype
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            made.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.tensors.append(made)
        return len(self.tensors) - 1

    def constant(self, data: np.ndarray, scale: Scale | None = None, **more: Any) -> int:
        """Add a constant tensor."""
        return self.tensor(data.shape, scale, dtype=str(data.dtype), data=data, **more)

    def shape(self, tensor: int) -> tuple[int, ...]:
        return tuple(self.tensors[tensor].shape)

    def step(self, tensor: int) -> np.float32:
        return np.float32(self.tensors[tensor].quantization.scale[0])

    def operator(self, kind: str, inputs: list[int], output: int, **options: Any) -> int:
        """Add an operator; options by the schema's names, enumerations by theirs."""
        schema = self.schema
        if kind not in self.codes:
            self.codes.append(kind)
        made = schema.OperatorT()
        made.opcodeIndex = self.codes.index(kind)
        made.inputs, made.outputs = list(inputs), [output]
        table = OPTIONS.get(kind)
        if table:
            made.builtinOptionsType = getattr(schema.BuiltinOptions, table)
            made.builtinOptions = getattr(schema, table + "T")()
            for name, value in options.items():
                assert hasattr(made.builtinOptions, name), name
                if name == "padding":
                    value = getattr(schema.Padding, value)
                if name == "fusedActivationFunction":
                    value = getattr(schema.ActivationFunctionType, value)
                setattr(made.builtinOptions, name, value)
        self.operators.append(made)
        return output

    def write(self, *outputs: int) -> bytes:
        """The file."""
        import flatbuffers

        schema = self.schema
        model = schema.ModelT()
        model.version, model.description, model.buffers = 3, "test", self.buffers
        model.operatorCodes = []
        for kind in self.codes:
            code = schema.OperatorCodeT()
            code.builtinCode = getattr(schema.BuiltinOperator, kind)
            code.deprecatedBuiltinCode = min(code.builtinCode, 127)
            code.version = VERSIONS.get(kind, 1 if kind in ("RESHAPE", "DEQUANTIZE") else 2)
            model.operatorCodes.append(code)
        graph = schema.SubGraphT()
        graph.name, graph.tensors, graph.operators = "main", self.tensors, self.operators
        graph.inputs, graph.outputs = [self.entry], list(outputs)
        model.subgraphs = [graph]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    # --- operators, each giving the tensor it makes -------------------------------------------------------------

    def convolution(
        self,
        x: int,
        weight: np.ndarray,
        steps: np.ndarray,
        out: Scale,
        *,
        bias: np.ndarray | None = None,
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        padding: str = "SAME",
        activation: str = "NONE",
    ) -> int:
        """CONV_2D: ``weight`` is (out, height, width, in); one step, or one per output channel."""
        inputs = self._weights(x, weight, steps, bias, axis=0)
        size = self._window(x, weight.shape[1:3], stride, dilation, padding)
        made = self.tensor((self.shape(x)[0], *size, weight.shape[0]), out)
        return self.operator("CONV_2D", inputs, made, **_strided(stride, padding, activation), **_dilated(dilation))

    def depthwise(
        self,
        x: int,
        weight: np.ndarray,
        steps: np.ndarray,
        out: Scale,
        *,
        bias: np.ndarray | None = None,
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        padding: str = "SAME",
        activation: str = "NONE",
    ) -> int:
        """DEPTHWISE_CONV_2D: ``weight`` is (1, height, width, in * multiplier)."""
        inputs = self._weights(x, weight, steps, bias, axis=3)
        size = self._window(x, weight.shape[1:3], stride, dilation, padding)
        made = self.tensor((self.shape(x)[0], *size, weight.shape[3]), out)
        return self.operator(
            "DEPTHWISE_CONV_2D",
            inputs,
            made,
            depthMultiplier=weight.shape[3] // self.shape(x)[3],
            **_strided(stride, padding, activation),
            **_dilated(dilation),
        )

    def dense(
        self,
        x: int,
        weight: np.ndarray,
        steps: np.ndarray,
        out: Scale,
        *,
        bias: np.ndarray | None = None,
        activation: str = "NONE",
        keep: bool = False,
    ) -> int:
        """FULLY_CONNECTED: ``weight`` is (out, in); ``keep`` keeps the leading dimensions."""
        inputs = self._weights(x, weight, steps, bias, axis=0)
        shape = self.shape(x)
        rows = (int(np.prod(shape)) // weight.shape[1],)
        made = self.tensor((*(shape[:-1] if keep else rows), weight.shape[0]), out)
        return self.operator("FULLY_CONNECTED", inputs, made, fusedActivationFunction=activation, keepNumDims=keep)

    def pooling(
        self,
        kind: str,
        x: int,
        window: tuple[int, int],
        out: Scale,
        *,
        stride: tuple[int, int] = (1, 1),
        padding: str = "SAME",
        activation: str = "NONE",
    ) -> int:
        """MAX_POOL_2D or AVERAGE_POOL_2D."""
        size = self._window(x, window, stride, (1, 1), padding)
        made = self.tensor((self.shape(x)[0], *size, self.shape(x)[3]), out)
        options = _strided(stride, padding, activation)
        return self.operator(kind, [x], made, filterHeight=window[0], filterWidth=window[1], **options)

    def mean(self, x: int, axes: tuple[int, ...], out: Scale, *, keep: bool = False) -> int:
        """MEAN over ``axes``, which may count from the end."""
        shape, gone = self.shape(x), {axis % len(self.shape(x)) for axis in axes}
        kept = [1 if axis in gone else size for axis, size in enumerate(shape) if keep or axis not in gone]
        made = self.tensor(tuple(kept), out)
        return self.operator("MEAN", [x, self.constant(np.asarray(axes, np.int32))], made, keepDims=keep)

    def add(self, x: int, y: int, out: Scale, *, activation: str = "NONE") -> int:
        """ADD, of shapes that broadcast."""
        made = self.tensor(np.broadcast_shapes(self.shape(x), self.shape(y)), out)
        return self.operator("ADD", [x, y], made, fusedActivationFunction=activation)

    def reshape(self, x: int, shape: tuple[int, ...], out: Scale, *, by_option: bool = False) -> int:
        """RESHAPE; ``shape`` holds at most one -1."""
        whole = np.zeros(self.shape(x), np.int8).reshape(shape).shape
        made = self.tensor(whole, out)
        inputs = [x] if by_option else [x, self.constant(np.asarray(shape, np.int32))]
        return self.operator("RESHAPE", inputs, made, newShape=list(shape))

    def pad(self, x: int, widths: np.ndarray, out: Scale, *, value: int | None = None) -> int:
        """PAD, or PADV2 with the int8 ``value``."""
        shape = tuple(int(size + sum(pair)) for size, pair in zip(self.shape(x), widths, strict=True))
        made, inputs = self.tensor(shape, out), [x, self.constant(np.asarray(widths))]
        if value is None:
            return self.operator("PAD", inputs, made)
        return self.operator("PADV2", [*inputs, self.constant(np.asarray([value], np.int8), out)], made)

    def one_to_one(self, kind: str, x: int, out: Scale | None, *, dtype: str = "int8", **options: Any) -> int:
        """RELU, RELU6, SOFTMAX, QUANTIZE, DEQUANTIZE and whatever else keeps the shape."""
        return self.operator(kind, [x], self.tensor(self.shape(x), out, dtype=dtype), **options)

    def _weights(self, x: int, weight: np.ndarray, steps: np.ndarray, bias: np.ndarray | None, *, axis: int) -> list:
        steps = np.asarray(steps, np.float32)
        inputs = [x, self.tensor(weight.shape, dtype=str(weight.dtype), steps=steps, axis=axis, data=weight)]
        if bias is not None:
            product = np.asarray(self.step(x) * steps, np.float32)
            inputs.append(self.tensor(bias.shape, dtype="int32", steps=product, data=bias))
        return inputs

    def _window(self, x: int, window: Any, stride: Any, dilation: Any, padding: str) -> tuple[int, ...]:
        sizes = []
        for size, wide, step, apart in zip(self.shape(x)[1:3], window, stride, dilation, strict=True):
            reach = size if padding == "SAME" else size - (wide - 1) * apart
            sizes.append(-(-reach // step))
        assert min(sizes) > 0
        return tuple(sizes)


def _strided(stride: tuple[int, int], padding: str, activation: str) -> dict[str, Any]:
    return {"strideH": stride[0], "strideW": stride[1], "padding": padding, "fusedActivationFunction": activation}


def _dilated(dilation: tuple[int, int]) -> dict[str, int]:
    return {"dilationHFactor": dilation[0], "dilationWFactor": dilation[1]}
