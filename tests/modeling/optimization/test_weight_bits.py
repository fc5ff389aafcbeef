"""Weights of few bits: what lies in the file is what was asked for, and what it computes is what lies in it."""

import itertools
import logging
import re

import numpy as np
import pytest

from coursekit.cases.inspection import build_network
from coursekit.modeling.optimization import LiteModel, convert, quantize
from coursekit.modeling.optimization._tflite import read_graph
from coursekit.modeling.optimization.lite_model import KERNELS
from coursekit.modeling.optimization.weight_bits import quantize_weights, weight_table
from coursekit.modeling.training import load_keras, reproducible

RNG = np.random.default_rng(5)
X = RNG.random((64, 8, 8, 1)).astype(np.float32)
LAYERS = ("entry", "deep", "hidden", "leave")


@pytest.fixture(scope="module")
def network():
    keras = load_keras()
    layers = keras.layers
    with reproducible(2):
        return keras.Sequential(
            [
                layers.Conv2D(8, 3, activation="relu", input_shape=(8, 8, 1), name="entry"),
                layers.DepthwiseConv2D(3, padding="same", activation="relu", name="deep"),
                layers.Flatten(),
                layers.Dense(64, activation="relu", name="hidden"),
                layers.Dense(3, activation="softmax", name="leave"),
            ]
        )


@pytest.fixture(scope="module")
def source(network):
    return convert(network, "float32")


def stored(file, layer):
    """Weight tensor of a layer in a file, and its whole numbers, unpacked."""
    tensors = read_graph(file.content).tensors
    tensor = next(t for t in tensors if t.is_constant and t.shape and f"/{layer}/" in t.name and len(t.shape) > 1)
    data = np.asarray(tensor.data)
    if tensor.bits < 8:
        # low bits first
        parts = [(data >> shift) & (2**tensor.bits - 1) for shift in range(0, 8, tensor.bits)]
        data = np.stack(parts, axis=1).ravel()[: tensor.count].astype(np.int16)
        data = np.where(data >= 2 ** (tensor.bits - 1), data - 2**tensor.bits, data).reshape(tensor.shape)
    return tensor, data


def with_weights(network, changed):
    """A copy of the Keras network with other kernels."""
    copy = load_keras().models.clone_model(network)
    copy.set_weights(network.get_weights())
    for name, kernel in changed.items():
        copy.get_layer(name).set_weights([kernel, *network.get_layer(name).get_weights()[1:]])
    return copy


@pytest.mark.parametrize(
    ("layer", "bits", "axis"),
    [("entry", 8, 0), ("entry", 4, 0), ("deep", 8, 3), ("hidden", 8, 0), ("hidden", 4, 0), ("hidden", 2, 0)],
)
def test_stored_numbers_are_those_of_our_own_quantizer(source, layer, bits, axis):
    kernel = np.asarray(stored(source, layer)[0].data)
    tensor, numbers = stored(quantize_weights(source, {layer: bits}), layer)
    ours = quantize(kernel, bits=bits, symmetric=True, axis=axis)
    assert np.array_equal(numbers, ours.values)
    scales = ours.scale.ravel()
    assert tensor.bits == bits
    assert np.allclose(tensor.scale, scales, rtol=1e-6)  # float32 there, float64 here
    assert not tensor.zero_point.any()


def test_blocks_are_those_of_our_own_quantizer_with_short_scales(source):
    kernel = np.asarray(stored(source, "hidden")[0].data)
    file = quantize_weights(source, {"hidden": 4}, block=32)
    tensor, numbers = stored(file, "hidden")
    scales = next(t for t in read_graph(file.content).tensors if t.name == tensor.name + "_scales")
    ours = quantize(kernel, bits=4, symmetric=True, block=32)
    theirs = np.asarray(scales.data, float).reshape(64, -1)
    assert theirs.shape == ours.scale.shape == (64, 9)  # 288 inputs
    # scales keep 8 significant bits: half a unit in the last of them is 2**-9 relative to a mantissa of at least 1
    assert np.allclose(theirs, ours.scale, rtol=2**-8)
    # numbers may differ by one where the scale was rounded before
    assert np.abs(numbers - ours.values).max() <= 1
    assert weight_table(file).loc["hidden", "scales"] == 64 * 9
    assert weight_table(file).loc["entry", "scales"] == 8


@pytest.mark.parametrize("kernels", ["builtin", "reference"])
def test_kernels_that_read_blocks_wrongly_are_refused(source, kernels):
    file = quantize_weights(source, {"hidden": 4}, block=32)
    with pytest.raises(ValueError, match="kernels='xnnpack'"):
        file.predict(X[:2], kernels=kernels)
    assert np.isfinite(file.predict(X[:2], kernels="xnnpack")).all()


@pytest.mark.parametrize("bits", [{".*": 8}, {"deep": 8, ".*": 4}])
def test_weights_only_computes_in_float_with_the_rounded_weights(network, source, bits):
    file = quantize_weights(source, bits, activations="float32")
    changed = {}
    for layer in LAYERS:
        number = bits.get(layer, bits[".*"])
        kernel = network.get_layer(layer).get_weights()[0]
        rows = kernel.reshape(-1, kernel.shape[-2] if layer == "deep" else kernel.shape[-1])
        changed[layer] = quantize(rows, bits=number, symmetric=True, axis=1).dequantize().reshape(kernel.shape)
    expected = with_weights(network, changed).predict(X, verbose=0)
    for kernels in KERNELS:
        # sums of up to 300 products of numbers below 1 in float32: 300 * 2**-24, and some layers of it
        assert np.allclose(file.predict(X, kernels=kernels), expected, atol=1e-4), kernels
    assert not np.allclose(source.predict(X), expected, atol=1e-4)


@pytest.mark.parametrize(("number", "block"), [(8, None), (4, None), (2, None), (4, 32)])
def test_dynamic_activations_cost_what_eight_bits_cost(network, source, number, block):
    file = quantize_weights(source, {"hidden": number}, block=block)
    kernel = network.get_layer("hidden").get_weights()[0]
    how = {"block": 32} if block else {"axis": 0}
    rounded = quantize(kernel.T, bits=number, symmetric=True, **how).dequantize().T
    expected = with_weights(network, {"hidden": rounded}).predict(X, verbose=0)
    # the portable kernels do not know blocks and answer nonsense
    for kernels in ("xnnpack",) if block else KERNELS:
        got = file.predict(X, kernels=kernels)
        # three layers of 8-bit weights and activations move probabilities by about a hundredth at most; with 2-bit
        # weights wrongly unpacked they move by tenths
        assert np.abs(got - expected).max() < 0.03, kernels


def test_every_mixture_is_written_as_asked_for_and_as_small(source):
    weights = weight_table(source)["weights"]
    full = quantize_weights(source, 8).nbytes
    for chosen in itertools.product((8, 4), repeat=3):
        bits = dict(zip(("entry", "hidden", "leave"), chosen, strict=True))
        file = quantize_weights(source, bits)
        assert weight_table(file)["bits"].to_dict() == bits | {"deep": 8}
        saved = sum(weights[layer] / 2 for layer, number in bits.items() if number == 4)
        # each of three tensors is padded to 16 bytes at most
        assert abs(full - file.nbytes - saved) <= 3 * 16


def test_a_name_goes_before_expressions_and_an_earlier_before_a_later_one(source):
    def bits(asked):
        return weight_table(quantize_weights(source, asked))["bits"].to_dict()

    assert bits({"hid.*|leave": 4, "leave": 8}) == {"entry": 8, "deep": 8, "hidden": 4, "leave": 8}
    assert bits({"l.*": 8, "leave|hidden": 4})["leave"] == 8
    assert bits({"leave|hidden": 4, "l.*": 8})["leave"] == 4
    assert bits({"leave": 4}) == {"entry": 8, "deep": 8, "hidden": 8, "leave": 4}


def test_layers_have_the_names_that_keras_gives_them():
    # pointwise, depthwise and dense, with normalization folded and padding fused in
    network = build_network("mobile", size=16)
    expected = {layer.name: type(layer).__name__ for layer in network.layers if hasattr(layer, "activation")}
    expected = {name: kind for name, kind in expected.items() if kind != "ReLU"}
    file = convert(network, "float32")
    assert weight_table(file)["kind"].to_dict() == expected
    # conv2d is not conv2d_1
    names = list(expected)
    chosen = weight_table(quantize_weights(file, {names[0]: 4}))["bits"]
    assert chosen.tolist() == [4] + [8] * (len(names) - 1)


@pytest.mark.parametrize("bits", [8, {"deep": 8, ".*": 4}])
def test_with_samples_everything_is_integer(source, bits):
    file = quantize_weights(source, bits, samples=X)
    assert file.is_integer
    assert {tensor.type for tensor in read_graph(file.content).tensors} <= {"INT8", "INT4", "INT32"}
    weights_only = quantize_weights(source, bits, activations="float32").predict(X)
    for kernels in KERNELS:
        assert np.abs(file.predict(X, kernels=kernels) - weights_only).max() < 0.03


def test_ranges_reach_from_the_smallest_to_the_largest_sample(source):
    samples = X.copy()
    samples[7, 0, 0, 0] = 9.0  # an average over samples would forget it
    tensors = read_graph(quantize_weights(source, 8, samples=samples).content)
    entry = tensors.tensors[tensors.inputs[0]]
    assert np.allclose(entry.scale, 9.0 / 255, rtol=1e-6)
    assert entry.zero_point.tolist() == [-128]


def test_files_that_keep_their_weights_behind_the_graph_are_read():
    keras = load_keras()
    with reproducible(0):
        wide = keras.Sequential([keras.layers.Dense(300, input_shape=(1000,)), keras.layers.Dense(2)])
    table = weight_table(quantize_weights(wide, 8))
    assert table["nbytes"].tolist() == [300_000, 600]


def test_nothing_is_written_and_nothing_stays(source, capfd, recwarn):
    handlers = logging.root.handlers[:]
    quantize_weights(source, 8, samples=X)
    out = capfd.readouterr()
    assert (out.out, out.err) == ("", "")
    assert not recwarn.list
    assert logging.root.handlers == handlers


def test_inputs_are_not_changed(network, source):
    before, content, samples = network.get_weights(), source.content, X.copy()
    quantize_weights(network, 8, samples=X)
    assert source.content == content
    assert np.array_equal(samples, X)
    assert all(np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True))


def test_names_tell_what_is_in_the_file(source):
    assert quantize_weights(source, 8).name == "int8 dynamic"
    assert quantize_weights(source, {"hidden": 4}, samples=X).name == "int8/4"
    assert quantize_weights(source, {"hidden": 4}, name="mine").name == "mine"


@pytest.mark.parametrize(
    ("bits", "options", "message"),
    [
        ({"hiden": 4}, {}, "names the layer 'hiden'; the model's are entry, deep, hidden, leave"),
        ({"(": 4}, {}, "no regular expression"),
        ({3: 4}, {}, "no regular expression"),
        (3, {}, "'entry' (Conv2D) takes 8 or 4 bits with activations in dynamic, not 3"),
        (4, {}, "'deep' (DepthwiseConv2D) takes 8 bits"),
        ({"entry": 2}, {}, "'entry' (Conv2D) takes 8 or 4"),
        ({"hidden": 2}, {"samples": X}, "'hidden' (Dense) takes 8 or 4 bits with activations in int8"),
        ({"hidden": 4.5}, {}, "whole number"),
        (True, {}, "whole number"),
        (8, {"block": 32}, "would have none"),
        ({"hidden": 4}, {"block": 16}, "block must be 32"),
        ({"hidden": 4}, {"block": 32, "samples": X}, "need dynamic"),
        (8, {"activations": "int4"}, "activations must be one of"),
        (8, {"activations": "int8"}, "need samples"),
        (8, {"activations": "dynamic", "samples": X}, "leave them out"),
        (8, {"samples": X[:, :4]}, "(n, 8, 8, 1)"),
        (8, {"samples": X[:0]}, "at least 1"),
        (8, {"samples": np.where(np.arange(64)[:, None, None, None] == 5, np.nan, X)}, "first is example 5"),
    ],
)
def test_what_cannot_be_done_is_said(source, bits, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        quantize_weights(source, bits, **options)


def test_models_that_cannot_be_quantized_are_refused(network, source):
    keras = load_keras()
    with pytest.raises(ValueError, match="no layer whose weights"):
        quantize_weights(keras.Sequential([keras.layers.ReLU(input_shape=(3,))]), 8)
    with pytest.raises(ValueError, match="quantized already"):
        quantize_weights(quantize_weights(source, 8), 8)
    with pytest.raises(ValueError, match="quantized already"):
        quantize_weights(convert(network, "int8", samples=X), 8)
    kernel = network.get_layer("hidden").get_weights()[0].copy()
    kernel[0, 0] = np.nan
    with pytest.raises(ValueError, match="'hidden' hold NaN"):
        quantize_weights(with_weights(network, {"hidden": kernel}), 8)
    odd = keras.Sequential([keras.layers.Dense(4, input_shape=(50,), name="odd")])
    with pytest.raises(ValueError, match="50 inputs of layer 'odd' are no multiple of 32"):
        quantize_weights(odd, 4, block=32)
    with pytest.raises(ValueError, match="TFL3"):
        quantize_weights(LiteModel(b"no file"), 8)
