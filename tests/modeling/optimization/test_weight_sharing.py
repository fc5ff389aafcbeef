"""Clustering: few distinct values in each kernel, the nearest ones, and zeros that stay zeros."""

import numpy as np
import pytest

from coursekit.modeling.optimization import convert
from coursekit.modeling.optimization.sparsifying import prune
from coursekit.modeling.optimization.tuning import fine_tune
from coursekit.modeling.optimization.weight_sharing import cluster
from coursekit.modeling.training import load_keras

NAMES = ("first", "second", "third", "last")


def kernels(model):
    return {name: model.get_layer(name).kernel.numpy() for name in NAMES}


@pytest.mark.parametrize(("initialization", "clusters"), [("kmeans++", 2), ("kmeans++", 16), ("density", 7)])
def test_each_kernel_has_as_few_values_as_asked_for(tiny_training, clusters, initialization):
    tuned = cluster(
        tiny_training.model, tiny_training.X, tiny_training.y, clusters=clusters, initialization=initialization
    )
    assert tuned.method == f"clustered {clusters}"
    frame = tuned.to_frame()
    assert frame["distinct"].max() <= clusters
    assert frame["distinct"].tolist() == [len(np.unique(kernel)) for kernel in kernels(tuned.model).values()]
    assert [type(layer) for layer in tuned.model.layers] == [type(layer) for layer in tiny_training.model.layers]


def test_each_weight_takes_the_nearest_value(tiny_training):
    """With next to no learning rate."""
    tuned = cluster(tiny_training.model, tiny_training.X, tiny_training.y, clusters=8, learning_rate=1e-9)
    for name, before in kernels(tiny_training.model).items():
        after = kernels(tuned.model)[name]
        values = np.unique(after)
        nearest = values[np.abs(before[..., None] - values).argmin(axis=-1)]
        np.testing.assert_allclose(after, nearest, atol=1e-6)


def test_normalization_and_dropout_are_trained(tiny_training):
    """The toolkit's wrapper would freeze them: only kernels are wrapped."""
    tuned = cluster(tiny_training.model, tiny_training.X, tiny_training.y, clusters=12, epochs=3)
    before, after = tiny_training.model.get_weights(), tuned.model.get_weights()
    assert all((one != other).any() for one, other in zip(before, after, strict=True))
    assert np.mean(tuned.model.predict(tiny_training.X_test, verbose=0).argmax(1) == tiny_training.y_test) > 0.9


def test_zeros_stay_where_they_are_preserved(tiny_training):
    pruned = prune(tiny_training.model, tiny_training.X, tiny_training.y, sparsity=0.6, epochs=1)
    tuned = cluster(pruned, tiny_training.X, tiny_training.y, clusters=8, preserve_sparsity=True, epochs=2)
    for name, before in kernels(pruned.model).items():
        after = kernels(tuned.model)[name]
        assert (after[before == 0] == 0).all()
        assert len(np.unique(after)) <= 8
    lost = cluster(pruned, tiny_training.X, tiny_training.y, clusters=8, epochs=2)
    assert (lost.to_frame()["zeros"] < 0.6).any()


def test_a_kernel_that_has_few_values_already_stays_as_it_is(tiny_training):
    """Twenty weights in the last kernel; they may move, each on its own."""
    tuned = cluster(tiny_training.model, tiny_training.X, tiny_training.y, clusters=20)
    distinct = tuned.to_frame().set_index("layer")["distinct"]
    assert distinct["last"] == 20 and distinct["third"] <= 20


def test_a_kernel_with_hardly_a_weight_left(tiny_training):
    """At 99% fewer weights are left in some kernels than there are clusters."""
    pruned = prune(tiny_training.model, tiny_training.X, tiny_training.y, sparsity=0.99, epochs=1)
    tuned = cluster(pruned, tiny_training.X, tiny_training.y, clusters=8, preserve_sparsity=True)
    assert tuned.to_frame()["distinct"].max() <= 8
    with pytest.raises(ValueError, match="more than 100 distinct values, so there is nothing to cluster"):
        cluster(pruned, tiny_training.X, tiny_training.y, clusters=100)


def test_clustering_shows_in_the_compressed_file_only(tiny_training):
    plain = convert(fine_tune(tiny_training.model, tiny_training.X, tiny_training.y).model, "float32")
    shared = convert(cluster(tiny_training.model, tiny_training.X, tiny_training.y, clusters=4).model, "float32")
    assert shared.nbytes == plain.nbytes
    # 1,948 weights of 2 bits instead of nearly 32; gzip finds most of it
    assert plain.gzip_nbytes - shared.gzip_nbytes > 1948 * 4 * 0.6


def test_the_same_seed_gives_the_same_weights(tiny_training):
    one, other = (cluster(tiny_training.model, tiny_training.X, tiny_training.y, seed=5).model for _ in range(2))
    for weight, again in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, again)


def test_what_is_no_clustering(tiny_training):
    model, X, y = tiny_training.model, tiny_training.X[:8], tiny_training.y[:8]
    for clusters in (1, 0, -3, 2.5, "few", True):
        with pytest.raises(ValueError, match="cluster: clusters must be a whole number of at least 2"):
            cluster(model, X, y, clusters=clusters)
    with pytest.raises(ValueError, match="at most 256"):
        cluster(model, X, y, clusters=257)
    with pytest.raises(ValueError, match="at least 3"):
        cluster(model, X, y, clusters=2, preserve_sparsity=True)
    with pytest.raises(ValueError, match="initialization must be one of 'kmeans\\+\\+', 'density', got 'random'"):
        cluster(model, X, y, initialization="random")
    with pytest.raises(ValueError, match="preserve_sparsity=True, but no kernel of the model holds a zero"):
        cluster(model, X, y, preserve_sparsity=True)
    with pytest.raises(ValueError, match="preserve_sparsity must be True or False"):
        cluster(model, X, y, preserve_sparsity="yes")


def test_pairs_of_words_are_clustered_too():
    keras = load_keras()
    layers = keras.layers
    model = keras.Sequential([layers.Conv1D(5, 2, input_shape=(6, 3), name="pairs"), layers.Flatten(), layers.Dense(2)])
    X = np.random.default_rng(0).normal(size=(64, 6, 3))
    tuned = cluster(model, X, (X[:, 0, 0] > 0).astype(int), clusters=4)
    assert tuned.to_frame()["distinct"].max() <= 4
