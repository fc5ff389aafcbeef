"""How fast the runtime multiplies, by a .tflite file that is one matrix product, and how fast bytes are copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.modeling.optimization.lite_model import interpreter

PRODUCTS = ((128, 256, 256), (256, 512, 512), (512, 1024, 512))
"""Rows, inner and columns of the products; no one of them is the fastest everywhere."""
COPIES = tuple(2**power for power in range(17, 28))
"""Bytes read and written by a copy, 128 KiB to 128 MiB: caches first, then memory."""


def peak_gops(kernels: str, repeats: int, clock: Callable[[], float], *, integer: bool) -> float:
    """Billions of operations a second, two a multiply-add, of the fastest product."""
    fastest = 0.0
    for rows, inner, columns in PRODUCTS:
        runner = interpreter(product_file(rows, inner, columns, integer=integer), kernels=kernels, batch=rows)
        entry = runner.get_input_details()[0]
        runner.set_tensor(entry["index"], np.ones((rows, inner), entry["dtype"]))
        runner.invoke()
        fastest = max(fastest, 2e-9 * rows * inner * columns / _best(runner.invoke, repeats, clock))
    return fastest


def copy_gbs(nbytes: int, repeats: int, clock: Callable[[], float]) -> float:
    """GB/s, read and written together, of the fastest copy of half as many bytes."""
    source, target = np.ones(nbytes // 2, np.uint8), np.zeros(nbytes // 2, np.uint8)
    return 1e-9 * nbytes / _best(lambda: np.copyto(target, source), repeats, clock)


def _best(run: Callable[[], object], repeats: int, clock: Callable[[], float]) -> float:
    seconds = []
    for _ in range(repeats):
        start = clock()
        run()
        seconds.append(clock() - start)
    return max(min(seconds), 1e-9)  # of a clock too coarse to see it


def product_file(rows: int, inner: int, columns: int, *, integer: bool) -> bytes:
    """(rows, inner) times (inner, columns), in int8 with int32 sums or in float32."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    rng = np.random.default_rng(0)
    weights: np.ndarray = rng.integers(-127, 128, (columns, inner)).astype(np.int8 if integer else np.float32)
    bias = np.zeros(columns, np.int32 if integer else np.float32)
    kinds = schema.TensorType
    plain, wide = (kinds.INT8, kinds.INT32) if integer else (kinds.FLOAT32, kinds.FLOAT32)

    def tensor(shape: tuple[int, ...], kind: int, buffer: int, step: float, name: str) -> Any:
        made = schema.TensorT()
        made.shape, made.hasRank, made.type, made.buffer, made.name = list(shape), True, kind, buffer, name.encode()
        if integer:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale, made.quantization.zeroPoint = [step], [0]
        return made

    buffers = [schema.BufferT() for _ in range(3)]  # the first stands for "no data"
    for buffer, values in zip(buffers[1:], (weights, bias), strict=True):
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    code, operator, graph, model = schema.OperatorCodeT(), schema.OperatorT(), schema.SubGraphT(), schema.ModelT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.version = 4 if integer else 1
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0, 1, 2], [3]
    operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    operator.builtinOptions = schema.FullyConnectedOptionsT()
    graph.tensors = [
        tensor((rows, inner), plain, 0, 0.125, "entry"),
        tensor((columns, inner), plain, 1, 0.125, "weights"),
        tensor((columns,), wide, 2, 0.125**2, "bias"),
        tensor((rows, columns), plain, 0, 16.0, "product"),
    ]
    graph.operators, graph.inputs, graph.outputs, graph.name = [operator], [0], [3], b"main"
    model.version, model.description, model.buffers = 3, b"", buffers
    model.operatorCodes, model.subgraphs = [code], [graph]
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
