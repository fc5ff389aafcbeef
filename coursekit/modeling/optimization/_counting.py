"""What one inference of a .tflite file multiplies, moves and keeps in memory, counted operator by operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from coursekit.modeling.optimization._tflite import Graph, Operator, Tensor

COLUMNS = ("op", "name", "macs", "integer", "weight_bytes", "input_bytes", "output_bytes", "once")
VIEWS = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")
"""Operators that call the same bytes by another shape: nothing has to move."""
_LOOKUPS = ("GATHER", "EMBEDDING_LOOKUP")
"""Operators that read only the rows they are asked for."""
_RECURRENT = {"UNIDIRECTIONAL_SEQUENCE_LSTM": 18, "UNIDIRECTIONAL_SEQUENCE_RNN": 3}
"""Recurrent operators, and the input at which their weights end and biases or states begin."""
_UNKNOWN = ("CUSTOM", "CALL", "IF", "WHILE", "DELEGATE", "LSTM", "RNN", "SVDF", "BIDIRECTIONAL_SEQUENCE_LSTM",
            "BIDIRECTIONAL_SEQUENCE_RNN")  # fmt: skip


def count(graph: Graph) -> pd.DataFrame:
    """One row per operator with `COLUMNS`; a ValueError names an operator whose products cannot be counted."""
    fixed = constants(graph)
    rows = []
    for number, operator in enumerate(graph.operators):
        if operator.kind in _UNKNOWN or operator.kind.startswith(("STABLEHLO_", "operator ")):
            raise ValueError(f"operator {number} is {operator.kind}, whose multiply-adds the file does not tell")
        inputs = [graph.tensors[index] for index in operator.inputs if index >= 0]
        outputs = [graph.tensors[index] for index in operator.outputs if index >= 0]
        once = all(tensor.index in fixed for tensor in outputs)
        row = dict.fromkeys(COLUMNS[4:7], 0)
        if not once and operator.kind not in VIEWS:
            weights = [tensor for tensor in inputs if tensor.index in fixed]
            row["weight_bytes"] = sum(_read(operator, tensor, outputs) for tensor in weights)
            row["input_bytes"] = sum(tensor.nbytes for tensor in inputs if tensor.index not in fixed)
            row["output_bytes"] = sum(tensor.nbytes for tensor in outputs)
        rows.append(
            {
                "op": operator.kind,
                "name": outputs[0].name if outputs else "",
                "macs": 0 if once else macs(graph, operator),
                "integer": _multiplies_integers(graph, operator),
                **row,
                "once": once,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def macs(graph: Graph, operator: Operator) -> int:
    """Multiply-adds of one operator; only products of weights or matrices count, not what is done value by value."""
    rule = _RULES.get(operator.kind)
    if rule is None:
        return 0
    inputs = [graph.tensors[index] if index >= 0 else None for index in operator.inputs]
    return rule(operator, inputs, graph.tensors[operator.outputs[0]])


def constants(graph: Graph) -> frozenset[int]:
    """Tensors that are the same in each inference: what the file holds, and what is computed from that alone."""
    fixed = {tensor.index for tensor in graph.tensors if tensor.is_constant}
    for operator in graph.operators:
        given = [index for index in operator.inputs if index >= 0]
        if given and fixed.issuperset(given):
            fixed.update(index for index in operator.outputs if index >= 0)
    return frozenset(fixed)


def loaded_bytes(graph: Graph) -> int:
    """Bytes of what is computed from constants once and kept, such as float16 weights widened to float32."""
    fixed = constants(graph)
    return sum(tensor.nbytes for tensor in graph.tensors if tensor.index in fixed and not tensor.is_constant)


def arena_bytes(graph: Graph) -> int:
    """Most bytes of activations that are alive at one operator: the least that an inference can do with.

    The input lives from first to last, as the interpreter keeps it; any other tensor from the operator that writes it
    to the last that reads it, and an output of the model to the end. A view lives in the bytes of what it views.
    """
    fixed, root = constants(graph), _roots(graph)
    last = len(graph.operators) - 1
    first_use: dict[int, int] = {}
    last_use: dict[int, int] = {}

    def touch(index: int, step: int) -> None:
        if index >= 0 and index not in fixed:
            own = root.get(index, index)
            first_use[own] = min(first_use.get(own, step), step)
            last_use[own] = max(last_use.get(own, step), step)

    for index in graph.inputs:
        touch(index, 0)
        touch(index, max(last, 0))
    for step, operator in enumerate(graph.operators):
        for index in (*operator.inputs, *operator.outputs):
            touch(index, step)
    for index in graph.outputs:
        touch(index, max(last, 0))
    change = np.zeros(last + 3 if last >= 0 else 2, np.int64)
    for index, start in first_use.items():
        change[start] += graph.tensors[index].nbytes
        change[last_use[index] + 1] -= graph.tensors[index].nbytes
    return int(np.cumsum(change).max())


def _roots(graph: Graph) -> dict[int, int]:
    """Each view to the tensor in whose bytes it lives."""
    root: dict[int, int] = {}
    for operator in graph.operators:
        if operator.kind in VIEWS and operator.inputs:
            root[operator.outputs[0]] = root.get(operator.inputs[0], operator.inputs[0])
    return root


def _read(operator: Operator, tensor: Tensor, outputs: Sequence[Tensor]) -> int:
    """Bytes of a constant that one inference reads."""
    if operator.kind in _LOOKUPS and outputs:
        return min(tensor.nbytes, -(-outputs[0].count * tensor.bits // 8))
    return tensor.nbytes


def _multiplies_integers(graph: Graph, operator: Operator) -> bool:
    """Whether the products are of whole numbers: so they are where the weights are, whatever the activations."""
    if operator.kind not in _RULES:
        return False
    matrices = [graph.tensors[index] for index in operator.inputs if index >= 0 and len(graph.tensors[index].shape) > 1]
    weights = [tensor for tensor in matrices if tensor.is_constant] or matrices
    return bool(weights) and all("INT" in tensor.type for tensor in weights)


_Rule = Callable[[Operator, Sequence[Tensor | None], Tensor], int]


def _size(*sizes: int) -> int:
    return int(np.prod(sizes, dtype=np.int64))


def _shape(tensor: Tensor | None) -> tuple[int, ...]:
    return () if tensor is None else tensor.shape


def _convolution(operator: Operator, inputs: Sequence[Tensor | None], output: Tensor) -> int:
    return output.count * _size(*_shape(inputs[1])[1:])  # a filter is (channels out, height, width, channels in)


def _depthwise(operator: Operator, inputs: Sequence[Tensor | None], output: Tensor) -> int:
    return output.count * _size(*_shape(inputs[1])[1:3])  # a filter is (1, height, width, channels)


def _transposed(operator: Operator, inputs: Sequence[Tensor | None], output: Tensor) -> int:
    channels, height, width, _ = _shape(inputs[1])
    entry = inputs[2]
    return 0 if entry is None else entry.count * channels * height * width


def _volume(operator: Operator, inputs: Sequence[Tensor | None], output: Tensor) -> int:
    return output.count * _size(*_shape(inputs[1])[:4])  # (depth, height, width, channels in, channels out)


def _dense(operator: Operator, inputs: Sequence[Tensor | None], output: Tensor) -> int:
    return output.count * _shape(inputs[1])[-1]


def _product(operator: Operator, inputs: Sequence[Tensor | None], output: Tensor) -> int:
    return output.count * _shape(inputs[0])[-2 if operator.options.get("adjX") else -1]


def _recurrent(operator: Operator, inputs: Sequence[Tensor | None], output: Tensor) -> int:
    axis = 0 if operator.options.get("timeMajor") else 1
    weights = [tensor.count for tensor in inputs[1 : _RECURRENT[operator.kind]] if tensor and len(tensor.shape) == 2]
    return _shape(inputs[0])[axis] * sum(weights)


_RULES: dict[str, _Rule] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _transposed,
    "CONV_3D": _volume,
    "FULLY_CONNECTED": _dense,
    "BATCH_MATMUL": _product,
    **dict.fromkeys(_RECURRENT, _recurrent),
}
