"""Weights in 8, 4 or 2 bits, another number in each layer if need be, written by the LiteRT quantizer."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from coursekit._number_checks import check_whole, told
from coursekit.modeling.optimization._examples import check_examples
from coursekit.modeling.optimization._tflite import Graph, Operator, Tensor, read_graph
from coursekit.modeling.optimization.converting import convert
from coursekit.modeling.optimization.lite_model import LiteModel, interpreter
from coursekit.modeling.training import stderr_held_back

ACTIVATIONS = ("float32", "dynamic", "int8")
"""What is computed with: floats, weights being turned back; int8 on the fly; int8 by ranges measured beforehand."""
BLOCK = 32
"""Values of a block."""
_KINDS = {"CONV_2D": "Conv2D", "DEPTHWISE_CONV_2D": "DepthwiseConv2D", "FULLY_CONNECTED": "Dense"}
_DYNAMIC = {"CONV_2D": (8, 4), "DEPTHWISE_CONV_2D": (8,), "FULLY_CONNECTED": (8, 4, 2)}
_OTHERS = {"CONV_2D": (8, 4), "DEPTHWISE_CONV_2D": (8,), "FULLY_CONNECTED": (8, 4)}
"""Bits of weights that are written and computed correctly. The quantizer would write 2 bits for a convolution as well,
but XNNPACK answers NaN to those."""
_LAYER = re.compile(r"(?:^|[/;])([^/;]+)/(?:Conv2D|depthwise|MatMul)\d*(?:;|$)")


@dataclass(frozen=True, eq=False)
class _Layer:
    """A layer with weights, and the operators that use them."""

    name: str
    weight: Tensor
    operators: tuple[Operator, ...]

    @property
    def kind(self) -> str:
        return self.operators[0].kind


def quantize_weights(
    model: Any,
    bits: int | Mapping[str, int],
    *,
    block: int | None = None,
    activations: Literal["float32", "dynamic", "int8"] | None = None,
    samples: np.ndarray | None = None,
    name: str | None = None,
) -> LiteModel:
    r"""Write a model with weights of few bits, the same or other ones in each layer.

    Eight bits are nearly free, four are half of that, and what four cost differs from layer to layer by orders of
    magnitude: the first layer and the last may need eight while most bytes lie between them. `layer_sensitivity`
    measures it, its ``plan`` gives the mapping for here. Weights are symmetric (in [-7, 7] with 4 bits), with a scale
    per output channel or per block.

    What is saved where depends on ``activations``:

    - ``"dynamic"`` needs no samples. Layers with weights compute in int8 and measure the range of their input in each
      call; what lies between layers is float.
    - ``"int8"`` is integer from end to end, as int8-only hardware wants it. Ranges are the smallest and largest value
      over all samples; the quantizer's own choice is a moving average that forgets extremes.
    - ``"float32"`` saves bytes in the file only: weights are turned back before use, the arithmetic is in float.

    Four bits save bytes in the file and on the way, not time. XNNPACK computes dense layers from 4 bits, but leaves
    convolutions of 4 bits to the portable kernels, which unpack them to int8 and are several times slower. With
    ``"float32"`` it leaves all of 4 bits, which are then turned back in each call: slower than the float model by far.

    Parameters
    ----------
    model
        A Keras-2 model or a `LiteModel`, in float.
    bits
        8, 4 or 2 for each layer, or layer name to bits. A key is a layer's name or a regular expression that matches
        whole names (``"conv2d.*"``); a name goes before expressions, an earlier one before a later one. Layers that
        nothing matches take 8. Convolutions take 8 or 4, depthwise ones 8, dense layers 8, 4 or, with dynamic
        activations, 2.
    block
        32 gives a scale to each block of 32 inputs in dense layers of 4 bits, with dynamic activations; there are
        blocks for no others (XNNPACK refuses those of 2 bits), which keep a scale per channel. A scale of a block
        costs 2 bytes, half a bit per weight. Only XNNPACK computes with blocks: predict with ``kernels="xnnpack"``,
        as the other kernels answer nonsense without a word.
    activations
        One of `ACTIVATIONS`; by default ``"int8"`` with samples and ``"dynamic"`` without.
    samples
        Examples to measure ranges on for ``"int8"``, shape (n, *input shape), 100 to 500 representative ones.
    name
        What to call the result; made up from the bits unless given.

    Raises
    ------
    ValueError
        If the model has no layer that can be quantized, is quantized already or holds NaN, the mapping names a layer
        that is not there, bits or blocks do not fit a layer, or samples are missing or do not fit.

    Examples
    --------
    >>> from coursekit.cases.inspection import shipped_model
    >>> inspector = LiteModel(shipped_model("float32"), "inspector")
    >>> mixed = quantize_weights(inspector, {"conv2d_[1-4]": 4, ".*": 8})
    >>> weight_table(mixed)["bits"].to_dict()
    {'conv2d': 8, 'conv2d_1': 4, 'conv2d_2': 4, 'conv2d_3': 4, 'conv2d_4': 4, 'dense': 8}
    >>> round(inspector.nbytes / mixed.nbytes, 1), mixed.is_integer
    (5.1, False)
    """
    source = model if isinstance(model, LiteModel) else convert(model, "float32")
    graph = read_graph(source.content)
    layers = _layers(graph)
    _check_float(source, graph, layers)
    if activations is None:
        activations = "dynamic" if samples is None else "int8"
    if activations not in ACTIVATIONS:
        raise ValueError(f"quantize_weights: activations must be one of {', '.join(ACTIVATIONS)}, got {activations!r}")
    if (activations == "int8") != (samples is not None):
        raise ValueError(
            "quantize_weights: activations in int8 need samples to measure their ranges on"
            if samples is None
            else f"quantize_weights: samples are of use for activations in int8, not in {activations}; leave them out"
        )
    chosen = _bits_of_layers(layers, bits, activations)
    blocks = _blocks(layers, chosen, block, activations)
    if samples is not None:
        samples = check_examples("quantize_weights", source.input_shape, samples, parameter="samples")
    try:
        content = _write(source.content, graph, layers, chosen, blocks, activations, samples)
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"quantize_weights: the LiteRT quantizer cannot write {source.name!r} so: {error}") from error
    if activations == "int8":
        _check_integer(content)
    return LiteModel(content, _made_up(chosen, blocks, activations) if name is None else name)


def weight_table(model: LiteModel) -> pd.DataFrame:
    """Say for each layer of a file in how many bits its weights lie, with how many scales, in how many bytes.

    A file that was asked for 4 bits is not thereby in 4 bits: quantizers leave out what they do not know, without a
    word. This reads what is there.

    Parameters
    ----------
    model
        A .tflite file, float or quantized.

    Raises
    ------
    ValueError
        If no layer has weights.

    Examples
    --------
    >>> from coursekit.cases.inspection import shipped_model
    >>> weight_table(LiteModel(shipped_model("int8")))[["kind", "weights", "bits", "scales", "nbytes"]].head(2)
                kind  weights  bits  scales  nbytes
    layer
    conv2d    Conv2D      400     8      16     400
    conv2d_1  Conv2D     2304     8      16    2304
    """
    graph = read_graph(model.content)
    blocks = {tensor.name.removesuffix("_scales"): tensor.count for tensor in graph.tensors if tensor.type == "FLOAT16"}
    rows = {
        layer.name: {
            "kind": _KINDS[layer.kind],
            "shape": layer.weight.shape,
            "weights": layer.weight.count,
            "bits": layer.weight.bits,
            "scales": layer.weight.scale.size or blocks.get(layer.weight.name, 0),
            "nbytes": layer.weight.nbytes,
        }
        for layer in _layers(graph)
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("layer")


def _layers(graph: Graph) -> list[_Layer]:
    """Layers with constant weights, in the order in which they run, by the names that they have in Keras."""
    unpacked = {
        operator.outputs[0]: operator.inputs[0] for operator in graph.operators if operator.kind == "DEQUANTIZE"
    }
    users: dict[int, list[Operator]] = {}
    for operator in graph.operators:
        if operator.kind in _KINDS:
            weight = operator.inputs[1]
            users.setdefault(unpacked.get(weight, weight), []).append(operator)
    found = [
        (graph.tensors[index], operators) for index, operators in users.items() if graph.tensors[index].is_constant
    ]
    if not found:
        raise ValueError(
            "quantize_weights: the model has no layer whose weights can be quantized; those are "
            f"{', '.join(_KINDS.values())}, and its operators are "
            f"{', '.join(sorted({operator.kind for operator in graph.operators})) or 'none'}"
        )
    names = []
    for tensor, operators in found:
        # where a factor was multiplied in, the layer may be left in the name of what the operator gives alone
        told_by = (tensor.name, *(graph.tensors[index].name for index in operators[0].outputs))
        matches = [match[1] for name in told_by if (match := _LAYER.search(name))]
        names.append(matches[0] if matches else tensor.name)
    return [
        _Layer(name if names.count(name) == 1 else weight.name, weight, tuple(operators))
        for name, (weight, operators) in zip(names, found, strict=True)
    ]


def _check_float(source: LiteModel, graph: Graph, layers: list[_Layer]) -> None:
    fake = sorted({operator.kind for operator in graph.operators if operator.kind in ("FAKE_QUANT", "QUANTIZE")})
    types = sorted({layer.weight.type for layer in layers} - {"FLOAT32"})
    if fake or types:
        raise ValueError(
            f"quantize_weights: {source.name!r} is quantized already (it holds {', '.join(fake + types)}); pass the "
            "float model. One that was trained quantization aware brings its ranges along: convert(model, 'int8')"
        )
    for layer in layers:
        if not np.isfinite(np.asarray(layer.weight.data)).all():
            raise ValueError(f"quantize_weights: the weights of layer {layer.name!r} hold NaN or infinity")


def _bits_of_layers(layers: list[_Layer], bits: int | Mapping[str, int], activations: str) -> dict[str, int]:
    names = [layer.name for layer in layers]
    asked = dict(bits) if isinstance(bits, Mapping) else {".*": bits}
    matched = {}
    for key in asked:
        try:
            matched[key] = {key} if key in names else {name for name in names if re.fullmatch(key, name)}
        except (re.error, TypeError) as error:
            raise ValueError(f"quantize_weights: bits names {told(key)}, which is no regular expression") from error
        if not matched[key]:
            raise ValueError(f"quantize_weights: bits names the layer {key!r}; the model's are {', '.join(names)}")
    chosen = {}
    for layer in layers:
        keys = [layer.name] if layer.name in asked else [key for key in asked if layer.name in matched[key]]
        number = check_whole("quantize_weights", f"bits of {layer.name!r}", asked[keys[0]] if keys else 8, low=1)
        possible = (_DYNAMIC if activations == "dynamic" else _OTHERS)[layer.kind]
        if number not in possible:
            raise ValueError(
                f"quantize_weights: layer {layer.name!r} ({_KINDS[layer.kind]}) takes "
                f"{' or '.join(map(str, possible))} bits with activations in {activations}, not {number}; give it "
                f"others by its name, as in {{{layer.name!r}: {possible[0]}, '.*': {number}}}"
            )
        chosen[layer.name] = number
    return chosen


def _blocks(layers: list[_Layer], chosen: dict[str, int], block: int | None, activations: str) -> set[str]:
    """Names of the layers that are quantized in blocks."""
    if block is None:
        return set()
    if check_whole("quantize_weights", "block", block, low=1) != BLOCK:
        raise ValueError(f"quantize_weights: block must be {BLOCK} or None, got {block}")
    if activations != "dynamic":
        raise ValueError(f"quantize_weights: blocks need dynamic activations, not {activations}; leave block out")
    blocked = [layer for layer in layers if layer.kind == "FULLY_CONNECTED" and chosen[layer.name] == 4]
    if not blocked:
        raise ValueError("quantize_weights: block is for dense layers of 4 bits, and the model would have none")
    for layer in blocked:
        inputs = layer.weight.shape[-1]
        if inputs % BLOCK:
            raise ValueError(
                f"quantize_weights: the {inputs} inputs of layer {layer.name!r} are no multiple of {BLOCK}; give it 8 "
                "bits, or leave block out"
            )
    return {layer.name for layer in blocked}


def _write(
    content: bytes,
    graph: Graph,
    layers: list[_Layer],
    chosen: dict[str, int],
    blocks: set[str],
    activations: str,
    samples: np.ndarray | None,
) -> bytes:
    with _silent():
        from litert_quantizer import Quantizer, calibrator, qtyping, recipe_manager
        from litert_quantizer.utils.qsv_utils import min_max_update

        recipe = recipe_manager.RecipeManager()
        sizes, kinds = qtyping.QuantGranularity, qtyping.TFLOperationName
        if activations == "int8":
            recipe.add_static_config(".*", kinds.ALL_SUPPORTED, activation_num_bits=8, weight_num_bits=8)
        for layer in layers:
            bits = chosen[layer.name]
            granularity = sizes.BLOCKWISE_32 if layer.name in blocks else sizes.CHANNELWISE
            for operator in layer.operators:
                # an operator goes by the names of what it gives
                scope = re.escape(graph.tensors[operator.outputs[0]].name)
                where, kind = f"^{scope};?$", kinds(operator.kind)
                if activations == "int8":
                    recipe.add_static_config(where, kind, 8, bits, granularity)
                elif activations == "dynamic":
                    recipe.add_dynamic_config(where, kind, bits, granularity)
                else:
                    recipe.add_weight_only_config(where, kind, bits, granularity)
        ranges = None
        if samples is not None:
            # the default forgets: a moving average of minima and maxima clips what calibration has seen
            watching = calibrator.Calibrator(content, num_threads=1, qsv_update_func=min_max_update)
            ((signature, ends),) = interpreter(content).get_signature_list().items()
            (entry,) = ends["inputs"]
            watching.calibrate({signature: [{entry: sample[None]} for sample in samples]}, recipe)
            ranges = watching.get_model_qsvs()
        quantizer = Quantizer(content, recipe.get_quantization_recipe())
        done = quantizer.quantize(ranges, enable_progress_report=False, enable_progress_bar=False)
    return bytes(done.quantized_model)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Hold back bars, notes and warnings; the first note would give the root logger a handler that stays."""
    handlers = logging.root.handlers[:]
    try:
        with warnings.catch_warnings(), stderr_held_back(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.root.handlers[:] = handlers


def _check_integer(content: bytes) -> None:
    graph = read_graph(content)
    floats = sorted(
        {
            operator.kind
            for operator in graph.operators
            for index in (*operator.inputs, *operator.outputs)
            if index >= 0 and graph.tensors[index].type == "FLOAT32"
        }
    )
    if floats:
        raise ValueError(
            f"quantize_weights: the quantizer leaves {', '.join(floats)} in float, so the model would not be integer "
            "from end to end; use dynamic activations, or convert(model, 'int8', samples=...)"
        )


def _made_up(chosen: dict[str, int], blocks: set[str], activations: str) -> str:
    numbers = "/".join(map(str, sorted(set(chosen.values()), reverse=True)))
    computed = {"int8": "", "dynamic": " dynamic", "float32": " weights only"}[activations]
    return f"int{numbers}{' in blocks' if blocks else ''}{computed}"
