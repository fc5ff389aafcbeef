"""Files and batches that the integer engine must refuse: always a ValueError that names the trouble, never numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.modeling.optimization import IntegerModel, LiteModel
from coursekit.modeling.optimization.integer_model import BACKENDS, ROUNDINGS
from tests.modeling.optimization.tflite_files import Network, Scale

SCALE = Scale(0.1, 3)


def little_network() -> bytes:
    """Convolution, pooling, mean and dense layer, 1.6 KB, so that most of its bits mean something."""
    rng = np.random.default_rng(0)
    network = Network((1, 6, 6, 2), SCALE)
    kernel = rng.integers(-127, 128, (3, 3, 3, 2)).astype(np.int8)
    x = network.convolution(network.entry, kernel, [0.1], Scale(0.5), bias=np.zeros(3, np.int32))
    x = network.pooling("MAX_POOL_2D", x, (2, 2), Scale(0.5), stride=(2, 2))
    x = network.mean(x, (1, 2), Scale(0.4, 1))
    x = network.dense(x, rng.integers(-127, 128, (4, 3)).astype(np.int8), [0.1, 0.2, 0.1, 0.1], Scale(0.5))
    return network.write(x)


CONTENT = little_network()
ENTRY = np.random.default_rng(1).integers(-128, 128, (5, 6, 6, 2)).astype(np.int8)


# --- broken files ---------------------------------------------------------------------------------------------------


def test_a_file_that_was_cut_off_is_refused():
    IntegerModel.from_tflite(CONTENT)
    for length in range(len(CONTENT)):
        with pytest.raises(ValueError, match=r"tflite|broken|IntegerModel"):
            IntegerModel.from_tflite(CONTENT[:length])


def flipped(seed: int) -> None:
    """A file with one to three other bits is refused with a ValueError, or it is a model that runs."""
    rng = np.random.default_rng(seed)
    content = bytearray(CONTENT)
    for _ in range(rng.integers(1, 4)):
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
    answers = []
    for backend in BACKENDS:
        try:
            model = IntegerModel.from_tflite(bytes(content), backend=backend)
            x = rng.integers(-128, 128, (2, *model.entry.shape[1:])).astype(np.int8)
            answers.append(model.predict(np.resize(ENTRY, x.shape)))
        except ValueError:
            answers.append(None)
    one, other = answers
    assert (one is None) == (other is None)
    if one is not None:
        np.testing.assert_array_equal(one, other)  # bits of the weights are as good as others


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(st.integers(0, 2**32 - 1))
def test_other_bits_are_refused_or_are_another_model(seed):
    flipped(seed)


@pytest.mark.slow
@settings(max_examples=10_000, derandomize=True, deadline=None, database=None)
@given(st.integers(0, 2**32 - 1))
def test_many_other_bits_are_refused_or_are_another_model(seed):
    flipped(seed)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\0" * 64, b"\0\0\0\0TFL3", b"\xff\xff\xff\xffTFL3" + b"\xff" * 64])
def test_bytes_that_are_no_file_are_refused(content):
    with pytest.raises(ValueError, match="tflite"):
        IntegerModel.from_tflite(content)


def output_that_lies(change):
    """A file in which the shape of the last output is not what its operator gives."""
    network = Network((1, 6, 6, 2), SCALE)
    made = network.pooling("MAX_POOL_2D", network.entry, (2, 2), SCALE, stride=(2, 2))
    network.tensors[made].shape = change(network.tensors[made].shape)
    return network.write(made)


@pytest.mark.parametrize(
    "change",
    [
        lambda shape: [1, 3, 4, 2],
        lambda shape: [1, 3, 2**30, 2],
        lambda shape: [1, 3, 3, 5],
        lambda shape: [1, 3, 3],
        lambda shape: [],
        lambda shape: [1, 3, -3, 2],
    ],
)
def test_an_output_of_another_shape_than_its_operator_gives_is_refused(change):
    with pytest.raises(ValueError, match=r"IntegerModel"):
        IntegerModel.from_tflite(output_that_lies(change))


def test_operators_in_the_wrong_order_are_refused():
    network = Network((1, 8), SCALE)
    made = network.one_to_one("RELU", network.one_to_one("RELU", network.entry, SCALE), SCALE)
    network.operators.reverse()
    with pytest.raises(ValueError, match="before it is computed"):
        IntegerModel.from_tflite(network.write(made))


def test_an_output_that_nothing_computes_is_refused():
    network = Network((1, 8), SCALE)
    network.one_to_one("RELU", network.entry, SCALE)
    with pytest.raises(ValueError, match="output"):
        IntegerModel.from_tflite(network.write(network.tensor((1, 8), SCALE)))


@pytest.mark.parametrize("step", [0.0, -0.1, float("nan"), float("inf")])
def test_a_scale_that_is_no_positive_number_is_refused(step):
    network = Network((1, 8), SCALE)
    with pytest.raises(ValueError, match=r"scale|multiplier"):
        IntegerModel.from_tflite(network.write(network.one_to_one("RELU", network.entry, Scale(step))))


def test_a_bias_of_another_length_than_the_channels_is_refused():
    # the compiled loop would read past its end
    network = Network((1, 6), SCALE)
    made = network.dense(network.entry, np.ones((4, 6), np.int8), [0.1], SCALE, bias=np.zeros(3, np.int32))
    with pytest.raises(ValueError, match="bias"):
        IntegerModel.from_tflite(network.write(made))


# --- whole files that compute in something else ---------------------------------------------------------------------


def test_a_float_model_is_told_as_one():
    network = Network((1, 8), None, dtype="float32")
    with pytest.raises(ValueError, match="computes in float"):
        IntegerModel.from_tflite(network.write(network.one_to_one("RELU", network.entry, None, dtype="float32")))


def test_a_dynamic_range_model_is_told_as_one():
    network = Network((1, 8), None, dtype="float32")
    weight = network.constant(np.ones((3, 8), np.int8), Scale(0.1))
    made = network.operator("FULLY_CONNECTED", [network.entry, weight], network.tensor((1, 3), None, dtype="float32"))
    with pytest.raises(ValueError, match="float with quantized weights"):
        IntegerModel.from_tflite(network.write(made))


def test_int16_activations_are_told():
    network = Network((1, 8), Scale(0.001), dtype="int16")
    weight = network.constant(np.ones((3, 8), np.int8), Scale(0.1))
    made = network.operator("FULLY_CONNECTED", [network.entry, weight], network.tensor((1, 3), SCALE, dtype="int16"))
    with pytest.raises(ValueError, match="INT16"):
        IntegerModel.from_tflite(network.write(made))


def test_one_tensor_in_float_between_integers_is_named():
    network = Network((1, 8), SCALE)
    middle = network.tensor((1, 8), None, dtype="float32", name="the culprit")
    network.operator("RELU", [network.entry], middle)
    made = network.one_to_one("QUANTIZE", middle, SCALE)
    with pytest.raises(ValueError, match=r"RELU.*FLOAT32.*the culprit"):
        IntegerModel.from_tflite(network.write(made))


@pytest.mark.parametrize("kind", ["LOGISTIC", "TANH", "MUL", "CONCATENATION", "RELU_N1_TO_1", "HARD_SWISH"])
def test_an_operator_that_is_not_there_is_named(kind):
    network = Network((1, 8), SCALE)
    made = network.operator(kind, [network.entry], network.tensor((1, 8), SCALE))
    with pytest.raises(ValueError, match=rf"operator 0 of 'model' is {kind}"):
        IntegerModel.from_tflite(network.write(made))


def test_what_would_not_be_exact_is_refused():
    mixed = Network((1, 4, 6), SCALE)  # rows of two examples' values would mix
    with pytest.raises(ValueError, match="FULLY_CONNECTED"):
        made = mixed.dense(mixed.entry, np.ones((5, 6), np.int8), [0.1], SCALE)
        IntegerModel.from_tflite(mixed.write(made)).predict(np.zeros((2, 4, 6), np.int8))

    whole = Network((1, 4, 6), SCALE)
    with pytest.raises(ValueError, match="batch"):
        IntegerModel.from_tflite(whole.write(whole.mean(whole.entry, (0, 1), SCALE)))

    rescaled = Network((1, 4, 4, 1), SCALE)
    with pytest.raises(ValueError, match="MAX_POOL_2D"):
        made = rescaled.pooling("MAX_POOL_2D", rescaled.entry, (2, 2), Scale(0.2))
        IntegerModel.from_tflite(rescaled.write(made))

    grouped = Network((1, 4, 4, 4), SCALE)
    with pytest.raises(ValueError, match="grouped"):
        made = grouped.convolution(
            grouped.entry, np.ones((4, 3, 3, 2), np.int8), [0.1], SCALE, bias=np.zeros(4, np.int32)
        )
        IntegerModel.from_tflite(grouped.write(made))

    outside = Network((1, 4, 6), SCALE)
    made = outside.mean(outside.entry, (1,), SCALE)
    outside.operators[-1].inputs[1] = outside.constant(np.array([4], np.int32))
    with pytest.raises(ValueError, match="ax"):
        IntegerModel.from_tflite(outside.write(made))


def test_two_outputs_are_told():
    network = Network((1, 8), SCALE)
    one = network.one_to_one("RELU", network.entry, SCALE)
    with pytest.raises(ValueError, match="2 outputs"):
        IntegerModel.from_tflite(network.write(one, network.one_to_one("RELU6", one, SCALE)))


# --- arguments and batches ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [None, 3, ["a"], np.zeros(3)])
def test_what_is_no_file_is_refused(model):
    with pytest.raises(ValueError, match="give a path, bytes or a LiteModel"):
        IntegerModel.from_tflite(model)


@pytest.mark.parametrize("options", [{"rounding": "xnnpack"}, {"backend": "torch"}])
def test_unknown_options_are_refused(options):
    with pytest.raises(ValueError, match="must be one of"):
        IntegerModel.from_tflite(CONTENT, **options)


def test_a_path_bytes_and_a_model_read_the_same(tmp_path):
    (tmp_path / "little.tflite").write_bytes(CONTENT)
    wanted = IntegerModel.from_tflite(CONTENT).predict(ENTRY)
    for source in (tmp_path / "little.tflite", str(tmp_path / "little.tflite"), bytearray(CONTENT), LiteModel(CONTENT)):
        np.testing.assert_array_equal(IntegerModel.from_tflite(source).predict(ENTRY), wanted)


@pytest.mark.parametrize(
    "batch",
    [
        ENTRY.astype(np.float32),
        ENTRY.astype(np.uint8),
        ENTRY.astype(np.int64),
        ENTRY[0],
        ENTRY[:, :5],
        ENTRY.transpose(0, 3, 1, 2),
        ENTRY[..., None],
        np.int8(3),
        np.zeros((0, 5, 6, 2), np.int8),
    ],
)
@pytest.mark.parametrize("method", ["predict", "trace"])
def test_a_batch_of_another_type_or_shape_is_refused(batch, method):
    with pytest.raises(ValueError, match=r"takes int8 of shape \(n, 6, 6, 2\)"):
        getattr(IntegerModel.from_tflite(CONTENT), method)(batch)


@pytest.mark.parametrize("X", [np.full((1, 6, 6, 2), np.nan), np.full((1, 6, 6, 2), np.inf), np.array(["a"])])
def test_numbers_that_are_not_finite_are_not_quantized(X):
    with pytest.raises(ValueError, match="finite"):
        IntegerModel.from_tflite(CONTENT).quantize_input(X)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_an_empty_batch_gives_an_empty_answer(rounding, backend):
    model = IntegerModel.from_tflite(CONTENT, rounding=rounding, backend=backend)
    answers = model.predict(ENTRY[:0])
    assert answers.shape == (0, 4)
    assert answers.dtype == np.int8
    assert [len(step.output) for step in model.trace(ENTRY[:0])] == [0] * 4


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_how_a_batch_lies_in_memory_changes_nothing(rounding, backend):
    model = IntegerModel.from_tflite(CONTENT, rounding=rounding, backend=backend)
    wanted = model.predict(ENTRY)
    apart = np.repeat(np.repeat(ENTRY, 2, axis=0), 3, axis=3)[::2, :, :, ::3]
    fixed = ENTRY.copy()
    fixed.flags.writeable = False
    for batch in (np.asfortranarray(ENTRY), apart, ENTRY[:, ::-1].copy()[:, ::-1], fixed):
        before = batch.copy()
        np.testing.assert_array_equal(model.predict(batch), wanted)
        np.testing.assert_array_equal(model.trace(batch)[-1].output, wanted)
        np.testing.assert_array_equal(batch, before)


@pytest.mark.parametrize("backend", BACKENDS)
def test_steps_do_not_share_memory_with_the_batch(backend):
    # a reshape is a view; who writes into a step must not change the input or another step unawares
    network = Network((1, 2, 4), SCALE)
    made = network.one_to_one("RELU", network.reshape(network.entry, (-1, 8), SCALE), SCALE)
    x = np.arange(-8, 8, dtype=np.int8).reshape(2, 2, 4)
    IntegerModel.from_tflite(network.write(made), backend=backend).predict(x)[:] = 0
    np.testing.assert_array_equal(x, np.arange(-8, 8).reshape(2, 2, 4))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_model_can_be_used_again(backend):
    model = IntegerModel.from_tflite(CONTENT, backend=backend)
    first = model.predict(ENTRY)
    kept = first.copy()
    model.predict(ENTRY[::-1])
    np.testing.assert_array_equal(first, kept)  # no buffer of the engine is handed out
    np.testing.assert_array_equal(model.predict(ENTRY), kept)
