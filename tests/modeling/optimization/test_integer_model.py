"""Does the integer engine give what LiteRT gives, layer by layer and bit by bit, on whole networks?"""

import numpy as np
import pytest

from coursekit.cases.inspection import NETWORKS, as_input, build_network, make_parts, shipped_model
from coursekit.modeling.optimization import IntegerModel, LiteModel, convert
from coursekit.modeling.optimization.integer_model import BACKENDS, ROUNDINGS
from coursekit.modeling.optimization.lite_model import interpreter
from coursekit.modeling.training import load_keras

SIZE = 32


@pytest.fixture(scope="module")
def files():
    """A full-int8 file of each kind of network, per channel and per tensor, trained a little."""
    keras = load_keras()
    parts = make_parts(300, defect_rate=0.8, size=SIZE, seed=5)
    X, y = as_input(parts.images), parts.defect + 1
    made = {"shipped": LiteModel(shipped_model("int8"))}
    for kind in NETWORKS:
        network = build_network(kind, size=SIZE, classes=5)
        network.compile(keras.optimizers.Adam(3e-4 if kind == "dense" else 3e-3), "sparse_categorical_crossentropy")
        network.fit(X, y, epochs=4, batch_size=16, verbose=0)
        for precision in ("int8", "int8 per tensor"):
            made[f"{kind}, {precision}"] = convert(network, precision, samples=X[:60])
    return made


def pictures(model, n, seed=6):
    return as_input(make_parts(n, defect_rate=0.8, size=model.input_shape[0], seed=seed).images)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_each_answer_equals_litert(files, rounding):
    for name, file in files.items():
        model = IntegerModel.from_tflite(file, rounding=rounding)
        x = model.quantize_input(pictures(file, 300))
        wanted = file.predict_raw(x, kernels=rounding)
        assert len(np.unique(wanted)) > 10, name  # a network that answers one thing would prove nothing
        np.testing.assert_array_equal(model.predict(x), wanted, err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_each_layer_equals_litert(files, backend, rounding):
    for name, file in files.items():
        model = IntegerModel.from_tflite(file, rounding=rounding, backend=backend)
        x = model.quantize_input(pictures(file, 8, seed=7))
        runner = interpreter(file.content, kernels=rounding, keep_tensors=True, batch=len(x))
        runner.set_tensor(runner.get_input_details()[0]["index"], x)
        runner.invoke()
        for operator, step in zip(model.graph.operators, model.trace(x), strict=True):
            wanted = runner.get_tensor(operator.outputs[0])
            np.testing.assert_array_equal(step.output, wanted, err_msg=f"{name}: {step.op} {step.name}")


def test_the_two_runtimes_differ_on_the_way(files):
    # else the tests above could not tell one rounding from the other; behind a ReLU they agree, as they differ in
    # halves below zero, so it takes the linear layers of the inverted residuals
    file = files["mobile, int8"]
    x = IntegerModel.from_tflite(file).quantize_input(pictures(file, 50))
    one, other = (IntegerModel.from_tflite(file, rounding=rounding).trace(x) for rounding in ROUNDINGS)
    apart = [np.abs(a.output.astype(int) - b.output.astype(int)).max() for a, b in zip(one, other, strict=True)]
    assert max(apart) >= 1


def test_batches_change_nothing(files):
    file = files["mobile, int8"]
    model = IntegerModel.from_tflite(file)
    x = model.quantize_input(pictures(file, 131))  # more than two of the engine's batches, and a rest
    one_by_one = np.concatenate([model.predict(x[at : at + 1]) for at in range(len(x))])
    np.testing.assert_array_equal(model.predict(x), one_by_one)
    assert model.predict(x[:0]).shape == (0, 5)


def test_floats_go_in_and_out_as_the_file_says(files):
    file = files["residual, int8"]
    model = IntegerModel.from_tflite(file, rounding="builtin")
    X = pictures(file, 40)
    answers = model.dequantize_output(model.predict(model.quantize_input(X)))
    np.testing.assert_array_equal(answers, file.predict(X, kernels="builtin"))
    # a softmax in steps of 1/256 sums to 1 within half a step a class
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=5 / 512 + 1e-6)


def test_a_trace_tells_its_numbers():
    model = IntegerModel.from_tflite(shipped_model("int8"))
    steps = model.trace(np.zeros((1, 48, 48, 1), np.int8))
    assert [step.op for step in steps] == model.layers["op"].tolist()
    first = steps[0]
    assert first.constants["weight"].shape == (16, 5, 5, 1)
    assert first.dequantize().min() >= 0  # a ReLU is fused in
    assert (model.layers["weights"].sum(), model.layers["weight_scales"].max()) == (
        sum(step.constants["weight"].size for step in steps if "weight" in step.constants),
        48,
    )


def test_a_path_does_as_well_as_bytes(tmp_path):
    path = LiteModel(shipped_model("int8"), "inspector").save(tmp_path / "inspector.tflite")
    x = np.zeros((2, 48, 48, 1), np.int8)
    answers = [
        IntegerModel.from_tflite(source).predict(x)
        for source in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()))
    ]
    for answer in answers[1:]:
        np.testing.assert_array_equal(answer, answers[0])
