"""Layer by layer: folding as the converter does it, losses by hand, plans against trying everything."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from coursekit.modeling.evaluation import Interval
from coursekit.modeling.optimization import convert
from coursekit.modeling.optimization._bit_plan import plan_bits
from coursekit.modeling.optimization._tflite import read_graph
from coursekit.modeling.optimization.folding import fold_batch_norm
from coursekit.modeling.optimization.sensitivity import SensitivityReport, layer_sensitivity
from coursekit.modeling.optimization.weight_bits import _layers, quantize_weights, weight_table
from coursekit.modeling.training import load_keras, reproducible

RNG = np.random.default_rng(11)
X = RNG.random((300, 8, 8, 1)).astype(np.float32)
Y = (X[:, :4].mean(axis=(1, 2, 3)) > X[:, 4:].mean(axis=(1, 2, 3))).astype(int)


def shaken(network, seed=0):
    """Normalizations as after a long training: factors that differ by orders of magnitude."""
    rng = np.random.default_rng(seed)
    for layer in network.layers:
        if type(layer).__name__ == "BatchNormalization":
            new = [rng.lognormal(-0.5, 0.7, weight.shape) for weight in layer.get_weights()]
            layer.set_weights(new)
    return network


@pytest.fixture(scope="module")
def network():
    keras = load_keras()
    layers = keras.layers
    with reproducible(4):
        entry = keras.Input((8, 8, 1))
        hidden = layers.Conv2D(8, 3, use_bias=False, name="first")(entry)
        hidden = layers.ReLU()(layers.BatchNormalization(momentum=0.5)(hidden))
        hidden = layers.DepthwiseConv2D(3, depth_multiplier=2, name="deep")(hidden)
        hidden = layers.ReLU()(layers.BatchNormalization(momentum=0.5)(hidden))
        hidden = layers.Dense(16, name="hidden")(layers.Flatten()(hidden))
        hidden = layers.ReLU()(layers.BatchNormalization(momentum=0.5, scale=False)(hidden))
        model = keras.Model(entry, layers.Dense(2, activation="softmax", name="last")(hidden))
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(X, Y, epochs=8, batch_size=32, verbose=0)
    return model


@pytest.fixture(scope="module")
def report(network):
    return layer_sensitivity(network, X[:120], Y[:120], bits=(2, 8, 4), n_boot=200)


# folding


def test_a_folded_model_answers_the_same(network):
    folded = fold_batch_norm(network)
    # float32, four layers of sums of up to 256 products
    assert np.allclose(folded.predict(X, verbose=0), network.predict(X, verbose=0), atol=1e-4)
    for layer in folded.layers:
        if type(layer).__name__ == "BatchNormalization":
            mean, variance = np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)
            assert not mean.any()
            assert np.allclose(variance + layer.epsilon, 1, atol=1e-6)


def test_folded_kernels_are_those_that_the_converter_writes(network):
    folded = fold_batch_norm(network)
    written_by = {layer.name: layer.weight.data for layer in _layers(read_graph(convert(network, "float32").content))}
    for name in ("first", "deep", "hidden", "last"):
        kernel = folded.get_layer(name).get_weights()[0]
        written = written_by[name]
        if kernel.ndim == 4:
            kernel = np.moveaxis(kernel, -1, 0) if name == "first" else kernel.reshape(1, 3, 3, -1)
        else:
            kernel = kernel.T
        assert np.allclose(written, kernel, rtol=1e-5, atol=1e-7), name
        if name != "last":
            assert not np.allclose(network.get_layer(name).get_weights()[0], folded.get_layer(name).get_weights()[0])


def test_folding_changes_nothing_of_the_original(network):
    before = network.get_weights()
    fold_batch_norm(network)
    assert all(np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True))


@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}, {"scale": False, "center": False}])
@pytest.mark.parametrize("use_bias", [True, False])
def test_every_form_of_normalization_is_folded(options, use_bias):
    layers = load_keras().layers
    with reproducible(1):
        model = load_keras().Sequential(
            [
                layers.Conv2D(3, 2, use_bias=use_bias, bias_initializer="normal", input_shape=(4, 4, 1)),
                layers.BatchNormalization(**options),
            ]
        )
    shaken(model)
    folded = fold_batch_norm(model)
    inputs = RNG.normal(size=(20, 4, 4, 1))
    assert np.allclose(model(inputs), folded(inputs), atol=1e-5)
    assert not np.allclose(model.layers[0].get_weights()[0], folded.layers[0].get_weights()[0])


def test_what_cannot_be_folded_stays():
    keras = load_keras()
    layers = keras.layers
    with reproducible(1):
        entry = keras.Input((6, 6, 2))
        first = layers.BatchNormalization()(entry)  # nothing before it
        rectified = layers.BatchNormalization()(layers.Conv2D(2, 1, activation="relu", name="rectified")(first))
        twice = layers.Conv2D(2, 1, name="twice")(rectified)  # read by another as well
        joined = layers.Add()([layers.BatchNormalization()(twice), twice])
        model = shaken(keras.Model(entry, joined))
    folded = fold_batch_norm(model)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), folded.get_weights(), strict=True))
    inputs = RNG.normal(size=(5, 6, 6, 2))
    assert np.array_equal(model(inputs), folded(inputs))


def test_folding_wants_a_keras_model():
    with pytest.raises(ValueError, match="Keras-2 model"):
        fold_batch_norm([1, 2])


# sensitivity


def by_hand(folded, name, bits):
    """Probabilities with one folded kernel rounded per channel."""
    kernel, *rest = folded.get_layer(name).get_weights()
    rows = kernel.reshape(-1, 16) if name == "deep" else kernel
    axes = tuple(range(rows.ndim - 1))
    step = np.abs(rows).max(axis=axes) / (2 ** (bits - 1) - 1)
    folded.get_layer(name).set_weights([(np.rint(rows / step) * step).reshape(kernel.shape), *rest])
    answers = folded.predict(X[:120], verbose=0).astype(float)
    folded.get_layer(name).set_weights([kernel, *rest])
    return answers


def test_losses_are_those_of_rounding_by_hand(network, report):
    folded = fold_batch_norm(network)
    before = folded.predict(X[:120], verbose=0).astype(float)
    assert report.layers == ("first", "deep", "hidden", "last")
    assert report.bits == (8, 4, 2)
    for (row, name), (column, bits) in itertools.product(enumerate(report.layers), enumerate(report.bits)):
        after = by_hand(folded, name, bits)
        expected = np.mean(entropy(before, after, axis=1))
        # probabilities in float32 that add up to 1 within 1e-6
        assert abs(report.kl[row, column] - expected) < 1e-5 + 1e-3 * expected, (name, bits)
        loss = np.mean(before.argmax(axis=1) == Y[:120]) - np.mean(after.argmax(axis=1) == Y[:120])
        assert abs(report.accuracy_loss[row][column].estimate - loss) < 1e-12
        assert loss in report.accuracy_loss[row][column]


def test_fewer_bits_lose_more(report):
    assert (np.diff(report.kl, axis=1) > 0).all()
    assert (report.kl[:, 0] < 1e-3).all()
    assert report.kl[:, 2].max() > 1e-2


def test_bytes_saved_are_those_of_the_files(network, report):
    source = convert(network, "float32")
    frame = report.to_frame().set_index(["layer", "bits"])
    full = quantize_weights(source, 8).nbytes
    for layer in ("first", "hidden", "last"):
        saved = full - quantize_weights(source, {layer: 4}).nbytes
        # a tensor is padded to 16 bytes at most
        assert abs(frame.loc[(layer, 8), "nbytes"] - frame.loc[(layer, 4), "nbytes"] - saved) <= 16
    table = weight_table(quantize_weights(source, 8))
    assert table["scales"].to_dict() == {"first": 8, "deep": 16, "hidden": 16, "last": 2}
    assert report.nbytes[:, 0].tolist() == (table["nbytes"] + 12 * table["scales"]).tolist()
    assert report.float_nbytes.tolist() == (4 * table["weights"]).tolist()
    assert (frame["saved"] + frame["nbytes"]).loc["first"].tolist() == [4 * 72] * 3


def test_a_plan_is_written_as_it_is(network, report):
    choices = {layer: (8,) if layer == "deep" else (8, 4) for layer in report.layers}
    plan = report.plan(max_loss=1.0)
    assert set(plan) == set(report.layers)
    plan["deep"] = 8
    assert all(plan[layer] in choices[layer] for layer in plan)
    assert weight_table(quantize_weights(network, plan))["bits"].to_dict() == plan


def test_without_labels_there_is_the_divergence_alone(network, report):
    alone = layer_sensitivity(network, X[:120], None, bits=(4,))
    assert np.array_equal(alone.kl[:, 0], report.kl[:, 1])
    assert alone.accuracy is None
    assert "loss" not in alone.to_frame()
    with pytest.raises(ValueError, match="by must be"):
        alone.plan(max_loss=1, by="accuracy", bits=(4,))


def test_the_model_and_the_examples_are_not_changed(network):
    before, rows = network.get_weights(), X[:30].copy()
    first = layer_sensitivity(network, rows, Y[:30], bits=(3,), n_boot=50)
    assert all(np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True))
    assert np.array_equal(rows, X[:30])
    again = layer_sensitivity(network, rows, Y[:30], bits=(3,), n_boot=50)
    assert np.array_equal(first.kl, again.kl)
    assert first.accuracy_loss == again.accuracy_loss


def test_the_picture_shows_each_layer_and_number_of_bits(report):
    figure = report.plot()
    (heatmap,) = figure.data
    assert np.shape(heatmap.z) == (4, 3)
    assert [name.split(" ")[0] for name in heatmap.y] == list(report.layers)
    assert list(heatmap.x) == ["8비트", "4비트", "2비트"]
    assert np.allclose(10 ** np.asarray(heatmap.z), np.maximum(report.kl, 1e-9))
    assert "양자화" in figure.layout.title.text
    assert repr(report).startswith("SensitivityReport(layers=('first'")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bits": ()}, "bits is empty"),
        ({"bits": (1,)}, "at least 2"),
        ({"bits": (17,)}, "at most 16"),
        ({"X": X[:, :4]}, "(n, 8, 8, 1)"),
        ({"X": X[:0]}, "at least 1"),
        ({"X": np.where(np.arange(300)[:, None, None, None] == 9, np.inf, X)}, "the first is example 9"),
        ({"y": Y[:5]}, "shape (300,)"),
        ({"y": Y + 1}, "0 to 1"),
        ({"y": Y - 0.5}, "0 to 1"),
        ({"y": np.where(Y, "in order", "defective")}, "0 to 1"),
    ],
)
def test_what_cannot_be_measured_is_said(network, arguments, message):
    arguments = {"X": X, "y": Y, "bits": (4,)} | arguments
    with pytest.raises(ValueError, match=re.escape(message)):
        layer_sensitivity(network, arguments["X"], arguments["y"], bits=arguments["bits"])


def test_models_that_cannot_be_measured_are_refused(network):
    keras = load_keras()
    with pytest.raises(ValueError, match="no layer that can be quantized"):
        layer_sensitivity(keras.Sequential([keras.layers.Softmax(input_shape=(3,))]), np.zeros((2, 3)), None)
    logits = keras.Sequential([keras.layers.Dense(2, input_shape=(3,))])
    with pytest.raises(ValueError, match="softmax"):
        layer_sensitivity(logits, np.ones((2, 3)), None)
    logits.set_weights([np.full((3, 2), np.nan), np.zeros(2)])
    with pytest.raises(ValueError, match="hold NaN"):
        layer_sensitivity(logits, np.ones((2, 3)), None)


# plans


def everything(losses, nbytes):
    """Loss and bytes of each choice."""
    rows = np.arange(len(losses))
    choices = np.array(list(itertools.product(range(losses.shape[1]), repeat=len(losses))))
    return losses[rows, choices].sum(axis=1), nbytes[rows, choices].sum(axis=1)


@st.composite
def tables(draw):
    """Losses, not always growing as bits get fewer, and bytes that fall."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (draw(st.integers(1, 5)), draw(st.integers(1, 4)))
    losses = rng.lognormal(0, 2, shape)
    if draw(st.booleans()):
        losses = np.sort(losses, axis=1)
    return losses, -np.sort(-rng.integers(1, 10**6, shape), axis=1)


@given(tables(), st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_a_plan_keeps_its_bytes_and_is_near_the_best_of_all(table, share):
    losses, nbytes = table
    all_losses, all_bytes = everything(losses, nbytes)
    limit = nbytes.min(axis=1).sum() + share * np.ptp(all_bytes)
    rows = np.arange(len(losses))
    chosen = plan_bits(losses, nbytes, max_bytes=limit, max_loss=None)
    loss = losses[rows, chosen].sum()
    assert nbytes[rows, chosen].sum() <= limit
    best = all_losses[all_bytes <= limit].min()
    # before its last move greedy choice was the best for its bytes, which were above the limit: it has lost no more
    # than the best by then, and one move adds at most the spread of one layer
    assert best - 1e-9 <= loss <= best + np.ptp(losses, axis=1).max() + 1e-9


@given(tables(), st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_a_plan_is_the_best_of_all_where_loss_is_traded_for_bytes_at_one_price(table, where):
    losses, nbytes = table
    # the best at a price: each layer by itself
    prices = 10 ** np.linspace(-9, 3, 400)
    columns = np.unique([np.argmin(losses + price * nbytes, axis=1) for price in prices], axis=0)
    rows = np.arange(len(losses))
    chosen = columns[int(where * (len(columns) - 1))]
    limit = nbytes[rows, chosen].sum()
    all_losses, all_bytes = everything(losses, nbytes)
    best = all_losses[all_bytes <= limit].min()
    assert np.isclose(losses[rows, chosen].sum(), best)
    plan = plan_bits(losses, nbytes, max_bytes=limit, max_loss=None)
    assert np.isclose(losses[rows, plan].sum(), best)


@given(tables(), st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_a_plan_keeps_its_loss_and_is_near_the_smallest(table, share):
    losses, nbytes = table
    rows = np.arange(len(losses))
    start = losses[:, 0].sum()
    limit = start + share * np.ptp(losses)
    chosen = plan_bits(losses, nbytes, max_bytes=None, max_loss=limit)
    assert losses[rows, chosen].sum() <= limit + 1e-9
    all_losses, all_bytes = everything(losses, nbytes)
    smallest = all_bytes[all_losses <= limit].min()
    used = nbytes[rows, chosen].sum()
    # the first move that does not fit would save at most the spread of one layer, and with it the plan would be at
    # most as large as the smallest
    assert smallest <= used <= smallest + np.ptp(nbytes, axis=1).max()


def test_what_counts_is_loss_per_byte_and_what_a_budget_leaves_is_given_back():
    losses, nbytes = np.array([[0, 0.1], [0, 0.2]]), np.array([[20, 10], [2000, 1000]])
    # the second costs more and saves a hundred times as much
    assert plan_bits(losses, nbytes, max_bytes=None, max_loss=0.25) == [0, 1]
    losses, nbytes = np.array([[0, 0.01], [0, 0.2]]), np.array([[200, 100], [2000, 1000]])
    # the first is cheaper per byte but is not enough; with the second it is not needed any more
    assert plan_bits(losses, nbytes, max_bytes=1250, max_loss=None) == [0, 1]
    assert plan_bits(losses, nbytes, max_bytes=2150, max_loss=None) == [1, 0]


def a_report(**changes):
    arguments = {
        "layers": ("first", "large"), "bits": (8, 4, 2), "kl": np.array([[1e-4, 0.5, 2.0], [2e-4, 1e-3, 0.9]]),
        "accuracy_loss": ((Interval(-0.01, -0.02, 0), Interval(0.2, 0.1, 0.3), Interval(0.4, 0.3, 0.5)),
                          (Interval(0, 0, 0), Interval(0.01, 0, 0.02), Interval(0.3, 0.2, 0.4))),
        "nbytes": np.array([[400, 200, 100], [9000, 4500, 2250]]), "float_nbytes": np.array([1600, 36000]),
        "accuracy": Interval(0.9, 0.8, 0.95),
    }  # fmt: skip
    return SensitivityReport(**arguments | changes)


def test_plans_by_hand():
    report = a_report()
    assert report.plan(max_loss=0.01) == {"first": 8, "large": 4}
    assert report.plan(max_loss=0.01, by="accuracy") == {"first": 8, "large": 4}
    assert report.plan(max_loss=0.009, by="accuracy") == {"first": 8, "large": 8}
    assert report.plan(max_bytes=4_700) == {"first": 4, "large": 4}
    assert report.plan(max_bytes=3_000, bits=(8, 4, 2)) == {"first": 8, "large": 2}
    assert report.plan(max_bytes=10_000, max_loss=0.1) == {"first": 8, "large": 8}
    assert report.plan(max_bytes=5_000, max_loss=0.1) == {"first": 8, "large": 4}


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({}, "give max_bytes, max_loss or both"),
        ({"max_bytes": -1}, "max_bytes must be a finite number"),
        ({"max_loss": float("nan")}, "max_loss must be a finite number"),
        ({"max_bytes": 100}, "still take 4,700 bytes"),
        ({"max_loss": 1e-5}, "with the most bits everywhere the loss is 0.0003"),
        ({"max_bytes": 4_700, "max_loss": 0.1}, "costs a loss of 0.501"),
        ({"max_loss": 1, "bits": (3,)}, "among those tried, 8, 4, 2"),
        ({"max_loss": 1, "bits": ()}, "among those tried"),
        ({"max_loss": 1, "by": "f1"}, "by must be"),
    ],
)
def test_plans_that_nothing_keeps_are_refused(limits, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        a_report().plan(**limits)
