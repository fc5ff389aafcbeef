"""From Keras to .tflite: what each precision holds, and what cannot be converted."""

import numpy as np
import pytest

from coursekit.modeling.optimization import PRECISIONS, LiteModel, convert, interpreter
from coursekit.modeling.optimization._tflite import read_graph
from coursekit.modeling.optimization.lite_model import KERNELS
from coursekit.modeling.training import load_keras, reproducible

RNG = np.random.default_rng(3)
SAMPLES = RNG.random((120, 8, 8, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def network():
    keras = load_keras()
    with reproducible(1):
        layers = keras.layers
        return keras.Sequential(
            [
                layers.Conv2D(8, 3, activation="relu", input_shape=(8, 8, 1)),
                layers.Flatten(),
                layers.Dense(64, activation="relu"),
                layers.Dense(3, activation="softmax"),
            ]
        )


@pytest.fixture(scope="module")
def files(network):
    return {precision: convert(network, precision, samples=SAMPLES) for precision in PRECISIONS}


def weights(file, kind):
    """The weight tensor of the first operator of a kind."""
    graph = read_graph(file.content)
    operator = next(operator for operator in graph.operators if operator.kind == kind)
    return graph.tensors[operator.inputs[1]]


def test_each_precision_stores_what_it_says(files):
    # of a Dense layer, which all of them quantize; float16 weights stand behind a Dequantize
    types = {precision: weights(file, "FULLY_CONNECTED").type for precision, file in files.items()}
    assert types == {
        "float32": "FLOAT32", "float16": "FLOAT32", "dynamic": "INT8", "int8": "INT8", "int8 per tensor": "INT8",
        "int16x8": "INT8",
    }  # fmt: skip
    assert any(
        tensor.type == "FLOAT16" and tensor.is_constant for tensor in read_graph(files["float16"].content).tensors
    )
    assert len(weights(files["int8"], "CONV_2D").scale) == 8
    assert len(weights(files["int8 per tensor"], "CONV_2D").scale) == 1
    assert {file.name for file in files.values()} == set(PRECISIONS)


def test_smaller_types_make_smaller_files(files):
    size = {precision: file.nbytes for precision, file in files.items()}
    assert size["float32"] > 1.8 * size["float16"] > 1.8 * size["int8"]
    for file in files.values():
        assert 0 < file.gzip_nbytes < file.nbytes + 100


def test_answers_stay_close_to_keras(network, files):
    wanted = network.predict(SAMPLES, verbose=0)
    # a softmax in steps of 1/256 behind layers in steps of about 1/100 of their range
    for precision, bound in {"float32": 1e-5, "float16": 2e-3, "dynamic": 0.02, "int8": 0.04, "int16x8": 0.02}.items():
        for kernels in KERNELS:
            gap = np.abs(files[precision].predict(SAMPLES, kernels=kernels) - wanted).max()
            assert gap < bound, (precision, kernels, gap)


def test_conversion_leaves_the_model_alone(network):
    before = [weight.copy() for weight in network.get_weights()]
    convert(network, "int8", samples=SAMPLES)
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_conversion_says_nothing(network, capfd):
    convert(network, "int8", samples=SAMPLES).predict(SAMPLES[:3], kernels="xnnpack")
    assert capfd.readouterr() == ("", "")


def test_what_cannot_be_converted_is_told(network):
    broken = SAMPLES.copy()
    broken[7, 0, 0, 0] = np.nan
    for arguments, word in (
        ((network, "int7"), "float16, dynamic"),
        ((network, "int8"), "needs samples"),
        ((np.zeros(3), "int8"), "Keras-2 model"),
    ):
        with pytest.raises(ValueError, match=word):
            convert(*arguments)
    with pytest.raises(ValueError, match=r"1 of 120 examples in samples .* the first is example 7"):
        convert(network, "int8", samples=broken)
    with pytest.raises(ValueError, match=r"shape \(n, 8, 8, 1\)"):
        convert(network, "int8", samples=SAMPLES[..., 0])
    with pytest.raises(ValueError, match="at least 1"):
        convert(network, "int8", samples=SAMPLES[:0])


def test_a_model_of_two_outputs_is_told():
    keras = load_keras()
    entry = keras.Input((3,))
    with pytest.raises(ValueError, match="2 outputs"):
        convert(keras.Model(entry, [keras.layers.Dense(1)(entry), keras.layers.Dense(1)(entry)]), "float32")


def test_a_file_comes_back(files, tmp_path):
    path = files["int8"].save(tmp_path / "small.tflite")
    back = LiteModel.from_file(path)
    assert (back.content, back.name) == (files["int8"].content, "small")
    assert repr(back) == f"LiteModel('small', {back.nbytes:,} bytes)"


def test_batches_of_any_size_agree(files):
    file = files["int8"]
    X = np.concatenate([SAMPLES] * 3)[:300]  # more than one batch of the interpreter
    whole = file.predict(X)
    assert whole.shape == (300, 3)
    np.testing.assert_array_equal(whole[290:], file.predict(X[290:]))
    assert file.predict(X[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    ("X", "word"),
    [(np.full((1, 8, 8, 1), np.nan, np.float32), "finite"), (np.zeros((2, 8, 8), np.float32), "shape"),
     (np.array([["a"]]), "finite numbers")],
)  # fmt: skip
def test_bad_inputs_are_told(files, X, word):
    with pytest.raises(ValueError, match=word):
        files["int8"].predict(X)


def test_what_is_no_file_is_told(files):
    with pytest.raises(ValueError, match="TFL3"):
        LiteModel(b"nothing of the kind")
    with pytest.raises(ValueError, match="xnnpack, builtin, reference"):
        interpreter(files["int8"].content, kernels="gpu")
