"""Pruning: exactly the share of zeros that was asked for, in the pattern that was asked for."""

import numpy as np
import pytest

from coursekit.modeling.optimization import convert
from coursekit.modeling.optimization.sparsifying import prune
from coursekit.modeling.optimization.tuning import fine_tune
from coursekit.modeling.training import load_keras

SIZES = {"first": 72, "second": 576, "third": 1280, "last": 20}


def kernels(model):
    return {name: model.get_layer(name).kernel.numpy() for name in SIZES}


def asked_for(size, sparsity):
    """Zeros in a kernel: all but the share that is kept, rounded to a whole weight, and at least one."""
    kept = (1 - sparsity) * size
    assert abs(kept % 1 - 0.5) > 1e-3, "the example is a tie"
    return size - max(1, round(kept))


@pytest.mark.parametrize(
    ("schedule", "sparsity", "batch_size"),
    [("polynomial", 0.8, 10), ("polynomial", 0.99, 256), ("constant", 0.3, 50)],
)
def test_each_kernel_has_the_zeros_asked_for(tiny_training, schedule, sparsity, batch_size):
    """Whether there are 52 steps or two."""
    tuned = prune(
        tiny_training.model,
        tiny_training.X,
        tiny_training.y,
        sparsity=sparsity,
        schedule=schedule,
        batch_size=batch_size,
        epochs=2,
    )
    for name, kernel in kernels(tuned.model).items():
        assert np.count_nonzero(kernel == 0) == asked_for(SIZES[name], sparsity), name


def test_one_step_is_enough(tiny_training):
    tuned = prune(tiny_training.model, tiny_training.X, tiny_training.y, epochs=1, batch_size=256)
    assert np.count_nonzero(kernels(tuned.model)["third"] == 0) == asked_for(1280, 0.8)
    assert tuned.method == "pruned 80%"


def test_the_smallest_go(tiny_training):
    """With next to no learning rate, what is left are the largest weights, where they were."""
    tuned = prune(tiny_training.model, tiny_training.X, tiny_training.y, sparsity=0.7, learning_rate=1e-9)
    for name, before in kernels(tiny_training.model).items():
        after = kernels(tuned.model)[name]
        kept = after != 0
        assert np.abs(before[kept]).min() >= np.abs(before[~kept]).max()
        np.testing.assert_allclose(after[kept], before[kept], atol=1e-6)  # 16 steps of 1e-9


def test_the_schedule_ends_as_the_model_is_a_plain_one(tiny_training):
    tuned = prune(tiny_training.model, tiny_training.X, tiny_training.y, epochs=1)
    assert [type(layer) for layer in tuned.model.layers] == [type(layer) for layer in tiny_training.model.layers]
    assert [weight.shape for weight in tuned.model.get_weights()] == [
        weight.shape for weight in tiny_training.model.get_weights()
    ]
    before, after = tiny_training.model.get_weights(), tuned.model.get_weights()
    assert all((one != other).any() for one, other in zip(before, after, strict=True))  # moving statistics too


def test_zeros_are_trained_around(tiny_training):
    """Most of what zeros at once would cost is won back."""
    tuned = prune(tiny_training.model, tiny_training.X, tiny_training.y, sparsity=0.6, epochs=6, batch_size=32)
    assert np.mean(tuned.model.predict(tiny_training.X_test, verbose=0).argmax(1) == tiny_training.y_test) > 0.9


@pytest.mark.parametrize("structure", [(2, 4), (3, 8)])
def test_each_group_along_the_input_channels_has_its_zeros(tiny_training, structure):
    zeros, group = structure
    tuned = prune(tiny_training.model, tiny_training.X, tiny_training.y, structure=structure, epochs=1)
    assert tuned.method == f"pruned {zeros}:{group}"
    after = kernels(tuned.model)
    divisible = [name for name, kernel in after.items() if kernel.shape[-2] % group == 0]
    assert divisible == ["second", "third"]
    for name in divisible:
        # the input channels are the last axis but one in Keras and the last in the file
        groups = np.moveaxis(after[name], -2, -1).reshape(-1, group)
        np.testing.assert_array_equal(np.count_nonzero(groups, axis=1), group - zeros)
    for name in set(SIZES) - set(divisible):
        assert np.count_nonzero(after[name] == 0) == 0, name


def test_pruning_shows_in_the_compressed_file_only(tiny_training):
    plain = convert(fine_tune(tiny_training.model, tiny_training.X, tiny_training.y).model, "float32")
    pruned = convert(prune(tiny_training.model, tiny_training.X, tiny_training.y, sparsity=0.9).model, "float32")
    assert pruned.nbytes == plain.nbytes
    # 1,752 of about 1,950 weights of four bytes become zeros, which take next to nothing
    assert plain.gzip_nbytes - pruned.gzip_nbytes > 1752 * 4 * 0.7


def test_the_same_seed_gives_the_same_weights(tiny_training):
    one, other = (prune(tiny_training.model, tiny_training.X, tiny_training.y, seed=5).model for _ in range(2))
    for weight, again in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, again)


def test_what_is_no_pruning(tiny_training):
    model, X, y = tiny_training.model, tiny_training.X[:8], tiny_training.y[:8]
    for sparsity in (0, 1, -0.1, 1.5, float("nan"), "half", True):
        with pytest.raises(ValueError, match="prune: sparsity must be a share of zeros above 0 and below 1"):
            prune(model, X, y, sparsity=sparsity)
    for structure in (4, (2,), (2, 4, 4), "24"):
        with pytest.raises(ValueError, match=r"structure must be None or \(zeros, group\)|structure must be"):
            prune(model, X, y, structure=structure)
    for structure in ((4, 4), (0, 4), (2, 1), (1.5, 4)):
        with pytest.raises(ValueError, match="of structure must be a whole number"):
            prune(model, X, y, structure=structure)
    with pytest.raises(ValueError, match="sparsity must be None where there is a structure"):
        prune(model, X, y, sparsity=0.5, structure=(2, 4))
    with pytest.raises(ValueError, match="schedule must be one of 'polynomial', 'constant', got 'linear'"):
        prune(model, X, y, schedule="linear")
    with pytest.raises(ValueError, match=r"multiple of 7, got 'first' 1, 'second' 8, 'third' 128, 'last' 10"):
        prune(model, X, y, structure=(2, 7))


def test_a_model_with_nothing_to_prune():
    keras = load_keras()
    model = keras.Sequential([keras.layers.Activation("softmax", input_shape=(2,))])
    with pytest.raises(ValueError, match="no Conv1D, Conv2D or Dense layer"):
        prune(model, np.zeros((4, 2)), np.zeros(4, int))


def test_layers_without_a_rule_of_their_own_are_left_alone():
    """Words and memory are no kernels: they come out as they went in, the rest is pruned."""
    keras = load_keras()
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Embedding(12, 4, input_length=6, name="words"),
            layers.Conv1D(5, 2, name="pairs"),
            layers.LSTM(3, name="memory"),
            layers.Dense(2, name="last"),
        ]
    )
    X = np.random.default_rng(0).integers(0, 12, (64, 6))
    tuned = prune(model, X, X[:, 0] % 2, sparsity=0.75, epochs=1)
    assert tuned.to_frame().set_index("layer")["zeros"].to_dict() == {"pairs": 0.75, "last": pytest.approx(2 / 3)}
    assert np.count_nonzero(tuned.model.get_layer("words").get_weights()[0] == 0) == 0
