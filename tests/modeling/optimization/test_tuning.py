"""Training further: the control, and quantization-aware training with and without something to keep."""

import numpy as np
import pytest

from coursekit.modeling.optimization import convert
from coursekit.modeling.optimization._tflite import read_graph
from coursekit.modeling.optimization.sparsifying import prune
from coursekit.modeling.optimization.tuning import Tuned, fine_tune, quantization_aware
from coursekit.modeling.optimization.weight_sharing import cluster
from coursekit.modeling.training import load_keras

KERNELS = ["first", "second", "third", "last"]
METHODS = (fine_tune, quantization_aware, prune, cluster)


def weights_of(model):
    return [weight.copy() for weight in model.get_weights()]


def assert_same(weights, others):
    assert len(weights) == len(others)
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(one, other)


def integer_kernels(tuned, samples):
    """The int8 weights of a converted model by output channel, in the order of the layers."""
    graph = read_graph(convert(tuned.model, "int8", samples=samples).content)
    kinds = ("CONV_2D", "FULLY_CONNECTED")
    found = [graph.tensors[operator.inputs[1]] for operator in graph.operators if operator.kind in kinds]
    assert all(tensor.type == "INT8" for tensor in found)
    return [tensor.data.reshape(tensor.shape[0], -1) for tensor in found]


def accuracy(model, X, y):
    return np.mean(model.predict(X, verbose=0).argmax(axis=1) == y)


@pytest.fixture(scope="module")
def pruned(tiny_training):
    """2:4: the kernels with 1 and with 10 input channels have no zeros, those with 8 and 128 half of them."""
    return prune(tiny_training.model, tiny_training.X, tiny_training.y, structure=(2, 4), epochs=1)


@pytest.fixture(scope="module")
def both(tiny_training, pruned):
    return cluster(pruned, tiny_training.X, tiny_training.y, clusters=6, preserve_sparsity=True)


@pytest.fixture(scope="module")
def aware(tiny_training):
    return quantization_aware(tiny_training.model, tiny_training.X, tiny_training.y)


def test_nothing_is_done_to_the_model(tiny_training, aware, both):
    assert_same(tiny_training.weights, weights_of(tiny_training.model))
    assert [type(layer).__name__ for layer in tiny_training.model.layers].count("Conv2D") == 2


def test_the_same_seed_gives_the_same_weights_in_silence(tiny_training, aware, capfd, recwarn):
    again = quantization_aware(tiny_training.model, tiny_training.X, tiny_training.y)
    assert capfd.readouterr() == ("", "") and not recwarn.list
    assert_same(weights_of(aware.model), weights_of(again.model))

    def tuned(seed):
        return weights_of(fine_tune(tiny_training.model, tiny_training.X, tiny_training.y, seed=seed).model)

    some, others = tuned(3), tuned(4)
    assert_same(some, tuned(3))
    assert any((one != other).any() for one, other in zip(some, others, strict=True))


def test_fine_tuning_trains_dropout_and_normalization_included(tiny_training):
    tuned = fine_tune(tiny_training.model, tiny_training.X, tiny_training.y, epochs=2)
    assert tuned.method == "fine-tuned"
    assert tuned.history.shape == (2, 2) and tuned.history.index.name == "epoch"
    before, after = weights_of(tiny_training.model), weights_of(tuned.model)
    assert all((one != other).any() for one, other in zip(before, after, strict=True))  # moving statistics too
    assert accuracy(tuned.model, tiny_training.X_test, tiny_training.y_test) > 0.9


def test_the_first_step_is_adams(tiny_training):
    """One step of Adam moves each weight by the learning rate against the sign of its gradient."""
    tuned = fine_tune(tiny_training.model, tiny_training.X, tiny_training.y, batch_size=256, learning_rate=1e-3)
    moved = np.abs(tuned.model.get_layer("last").bias.numpy() - tiny_training.model.get_layer("last").bias.numpy())
    # Adam's epsilon of 1e-7 takes 1e-7 / |gradient| of it off; the gradients of a bias are above 1e-5 here
    np.testing.assert_allclose(moved, 1e-3, rtol=1e-2)


def test_logits_are_trained_as_logits(tiny_training):
    """A model without its softmax, and one with it, have the same loss and take the same step."""
    keras = load_keras()
    config = tiny_training.model.get_config()
    config["layers"][-1]["config"]["activation"] = "linear"
    logits = keras.Model.from_config(config)
    logits.set_weights(tiny_training.model.get_weights())
    options = {"batch_size": 256, "learning_rate": 1e-3}
    one = fine_tune(tiny_training.model, tiny_training.X, tiny_training.y, **options)
    other = fine_tune(logits, tiny_training.X, tiny_training.y, **options)
    np.testing.assert_allclose(one.history["loss"], other.history["loss"], rtol=1e-5)  # float32 sums


def test_a_frame_tells_of_each_kernel(tiny_training):
    frame = Tuned(tiny_training.model, "none", None).to_frame().set_index("layer")
    assert frame.index.tolist() == KERNELS
    assert frame["parameters"].tolist() == [72, 576 + 8, 16 * 8 * 10 + 10, 20 + 2]
    kernel = tiny_training.model.get_layer("second").kernel.numpy()
    assert frame.loc["second", "distinct"] == len(set(kernel.ravel().tolist()))
    assert frame.loc["second", "distinct_per_channel"] == 72
    assert (frame["zeros"] == 0).all()


def test_quantization_aware_answers_as_its_file(tiny_training, aware):
    """What was trained is what ships: the Keras model with fake quantizers and the int8 file agree."""
    X, y = tiny_training.X_test, tiny_training.y_test
    wanted = aware.model.predict(X, verbose=0)
    got = convert(aware.model, "int8", samples=tiny_training.X).predict(X)
    # a softmax in steps of 1/256, and an activation now and then on the other side of a rounding
    assert np.abs(wanted - got).max() < 0.05
    assert aware.method == "QAT" and accuracy(aware.model, X, y) > 0.9


def test_ranges_are_those_of_the_data(tiny_training, aware):
    """The toolkit's start of [-6, 6] is gone after four steps, and the first range is that of the pictures."""
    ends = [
        (float(variable.numpy()), variable.name)
        for layer in aware.model.layers
        for variable in layer.non_trainable_weights
        if variable.name.endswith("_max:0") and "kernel" not in variable.name
    ]
    assert len(ends) >= 4
    assert not any(abs(value - 6) < 0.03 for value, _ in ends), ends  # 6 (1 - .999^4) is what is left of a 6
    assert ends[0][0] == pytest.approx(tiny_training.X.max(), rel=1e-6)


def test_values_above_six_are_not_cut(tiny_training):
    """Inputs a hundred times as large would saturate ranges that start at 6; with a learning rate of nearly none."""
    keras = load_keras()
    model = keras.Sequential([keras.layers.Dense(4, input_shape=(3,)), keras.layers.ReLU(), keras.layers.Dense(2)])
    X = np.random.default_rng(0).normal(size=(128, 3)) * 100
    tuned = quantization_aware(model, X, (X[:, 0] > 0).astype(int), learning_rate=1e-9)
    gap = np.abs(tuned.model.predict(X, verbose=0) - model.predict(X, verbose=0)).max()
    # three roundings on the way, each of half a step of 1/255 of its range, and weights to 1/254 of theirs
    assert gap < 0.04 * np.abs(model.predict(X, verbose=0)).max()


def by_channel(kernel):
    return np.moveaxis(kernel, -1, 0).reshape(kernel.shape[-1], -1)


def test_zeros_survive_where_they_are_kept(tiny_training, pruned):
    kept = quantization_aware(pruned, tiny_training.X, tiny_training.y, keep="sparsity")
    assert kept.method == "PQAT"
    for name, integers in zip(KERNELS, integer_kernels(kept, tiny_training.X), strict=True):
        assert (integers[by_channel(pruned.model.get_layer(name).kernel.numpy()) == 0] == 0).all()
    assert (kept.to_frame()["zeros"] >= pruned.to_frame()["zeros"]).all()


def test_shared_values_survive_where_they_are_kept(tiny_training, both):
    kept = quantization_aware(both, tiny_training.X, tiny_training.y, keep="clusters")
    assert kept.method == "CQAT"
    assert max(len(np.unique(row)) for kernel in integer_kernels(kept, tiny_training.X) for row in kernel) <= 6
    assert kept.to_frame()["distinct_per_channel"].max() <= 6


def test_both_survive_where_both_are_kept_in_silence(tiny_training, both, capfd, recwarn):
    """Though the first layer has no zeros, at which the toolkit's own scheme gives up on those of all layers."""
    kept = quantization_aware(both, tiny_training.X, tiny_training.y, keep="both")
    assert capfd.readouterr() == ("", "") and not recwarn.list
    assert kept.method == "PCQAT"
    assert both.to_frame()["zeros"].iloc[0] == 0
    for name, integers in zip(KERNELS, integer_kernels(kept, tiny_training.X), strict=True):
        assert (integers[by_channel(both.model.get_layer(name).kernel.numpy()) == 0] == 0).all()
        assert max(len(np.unique(channel)) for channel in integers) <= 6
    assert (kept.to_frame()["zeros"].iloc[1:3] >= 0.5).all()


def test_what_is_not_kept_is_lost(tiny_training, both):
    frame = quantization_aware(both, tiny_training.X, tiny_training.y, learning_rate=3e-3).to_frame().set_index("layer")
    assert frame.loc["third", "zeros"] < 0.4
    assert frame["distinct_per_channel"].max() > 12


def test_the_frame_of_an_aware_model_tells_its_file(tiny_training, aware):
    frame = aware.to_frame()
    assert frame["layer"].tolist() == KERNELS
    integers = integer_kernels(aware, tiny_training.X)
    for row, values in zip(frame.itertuples(), integers, strict=True):
        assert row.zeros == pytest.approx(np.mean(values == 0))
        assert row.distinct_per_channel == max(len(np.unique(channel)) for channel in values)


def test_what_cannot_be_quantized_is_named():
    keras = load_keras()
    layers = keras.layers
    X, y = np.zeros((8, 6)), np.zeros(8, int)
    words = keras.Sequential(
        [layers.Embedding(9, 4, input_length=6, name="words"), layers.Flatten(), layers.Dense(2, activation="softmax")]
    )
    with pytest.raises(ValueError, match=r"layer 'words' \(Embedding\).*after training"):
        quantization_aware(words, X, y)
    for layer in (
        layers.LSTM(3, input_shape=(6, 2), name="odd"),
        layers.Conv1D(3, 2, input_shape=(6, 2), name="odd"),
        layers.Lambda(lambda x: x * 1.0, input_shape=(6, 2), name="odd"),
    ):
        model = keras.Sequential([layer, layers.Flatten(), layers.Dense(2)])
        with pytest.raises(ValueError, match=rf"layer 'odd' \({type(layer).__name__}\)"):
            quantization_aware(model, np.zeros((8, 6, 2)), y)
    curved = keras.Sequential([layers.Dense(3, activation="elu", input_shape=(6,), name="odd"), layers.Dense(2)])
    with pytest.raises(ValueError, match=r"layer 'odd' \(Dense with elu\)"):
        quantization_aware(curved, X, y)


def test_models_that_cannot_be_seen_through(tiny_training):
    keras = load_keras()
    layers = keras.layers
    inner = keras.Sequential([layers.Dense(2, input_shape=(3,))], name="inner")
    nested = keras.Sequential([keras.Input((3,)), inner, layers.Dense(2)])

    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    X, y = np.zeros((4, 3)), np.zeros(4, int)
    aware = quantization_aware(inner, X, y)
    two = keras.Model(nested.input, [nested.output, nested.output])
    for method in METHODS:
        for model, told in (
            (nested, "layer 'inner' of model is itself a model"),
            (Own(), "subclassed"),
            (keras.Sequential([layers.Dense(2)]), "unbuilt"),
            (np.zeros(3), "Keras-2 model"),
            (aware, "quantization aware already"),
            (two, "'inner'|2 outputs"),
            (keras.Sequential([layers.Dense(1, activation="sigmoid", input_shape=(3,))]), "2 or more classes"),
            (keras.Sequential([layers.Dense(2, activation="sigmoid", input_shape=(3,))]), "ends in sigmoid"),
        ):
            with pytest.raises(ValueError, match=told):
                method(model, X, y)


def test_data_that_does_not_fit(tiny_training):
    model, X, y = tiny_training.model, tiny_training.X[:8], tiny_training.y[:8]
    broken = X.copy()
    broken[3, 2, 2] = np.nan
    for method in METHODS:
        for wrong_X, wrong_y, told in (
            (broken, y, r"1 of 8 examples in X hold NaN or infinity, the first is example 3"),
            (X[..., 0], y, r"X must be numbers of shape \(n, 8, 8, 1\)"),
            (X[:0], y[:0], "n of at least 1"),
            (X.astype(str), y, "must be numbers"),
            (X, y[:7], r"y must hold whole numbers of shape \(8,\)"),
            (X, y.astype(float), "whole numbers"),
            (X, np.eye(2)[y], r"argmax\(axis=1\)"),
            (X, y + 1, "classes from 0 to 1, as the model has 2 outputs, got 1 to 2"),
            (X, y - 1, "classes from 0 to 1"),
        ):
            with pytest.raises(ValueError, match=f"{method.__name__}: .*{told}"):
                method(model, wrong_X, wrong_y)


def test_settings_that_make_no_training(tiny_training):
    model, X, y = tiny_training.model, tiny_training.X[:8], tiny_training.y[:8]
    for method in METHODS:
        for option in ({"epochs": 0}, {"batch_size": 0}, {"learning_rate": 0.0}, {"seed": -1}, {"verbose": 3}):
            with pytest.raises(ValueError, match=f"{method.__name__}: {next(iter(option))} must be"):
                method(model, X, y, **option)


def test_there_must_be_something_to_keep(tiny_training, pruned):
    model, X, y = tiny_training.model, tiny_training.X[:8], tiny_training.y[:8]
    with pytest.raises(ValueError, match="no kernel of the model holds a zero; prune"):
        quantization_aware(model, X, y, keep="sparsity")
    with pytest.raises(ValueError, match="no kernel of the model shares its values; cluster"):
        quantization_aware(model, X, y, keep="clusters")
    with pytest.raises(ValueError, match="preserve_sparsity=True"):
        quantization_aware(pruned, X, y, keep="both")  # its many equal zeros are no clusters
    with pytest.raises(ValueError, match="keep must be None, 'sparsity', 'clusters', 'both', got 'all'"):
        quantization_aware(model, X, y, keep="all")


def test_progress_is_shown_when_asked_for(tiny_training, capfd, recwarn):
    for method in (fine_tune, prune, cluster):
        method(tiny_training.model, tiny_training.X[:64], tiny_training.y[:64], epochs=1)
    assert capfd.readouterr() == ("", "") and not recwarn.list
    fine_tune(tiny_training.model, tiny_training.X[:64], tiny_training.y[:64], verbose=1)
    out, err = capfd.readouterr()
    assert "accuracy" in out and err == ""
