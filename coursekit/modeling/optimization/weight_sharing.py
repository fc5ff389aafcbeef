"""Clustering: kernels of a few distinct values, which a table and an index per weight can tell."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from coursekit._number_checks import check_whole
from coursekit.modeling.optimization import _retraining as _r
from coursekit.modeling.optimization.tuning import Tuned

INITIALIZATIONS = ("kmeans++", "density")
"""Where `cluster` starts its values: far apart from each other, or each for as many weights."""


def cluster(
    model: Any,
    X: np.ndarray,
    y: np.ndarray,
    *,
    clusters: int = 16,
    initialization: str = "kmeans++",
    preserve_sparsity: bool = False,
    epochs: int = 1,
    batch_size: int = 64,
    learning_rate: float = 5e-4,
    seed: int = 0,
    verbose: int = 0,
) -> Tuned:
    r"""Train a copy of a model in which the weights of a kernel share a few values.

    Sixteen values need an index of four bits: in a table of values and indices a kernel takes an eighth of its
    float32. The .tflite format has no such table, so the file stays as large as it was; as with pruning, it is
    the compressed file that shrinks. The shared values survive 8-bit quantization with
    ``quantization_aware(tuned, X, y, keep="clusters")``.

    Each weight takes the nearest of the values :math:`c_1 \dots c_k` of its kernel, and the training moves the
    values along the sum of the gradients of theirs:

    .. math:: \hat w_i = c_{a(i)}, \quad a(i) = \arg\min_j |w_i - c_j|, \quad
              \frac{\partial L}{\partial c_j} = \sum_{a(i) = j} \frac{\partial L}{\partial \hat w_i}

    Kernels of Dense, Conv1D and Conv2D layers are clustered; a layer whose kernel has no more values than
    ``clusters`` already, as after much pruning, is left as it is. It trains too, so compare with `fine_tune` for
    as many epochs.

    Parameters
    ----------
    model
        Keras-2 classifier, or a `Tuned`; it is not changed.
    X
        Training examples as the model takes them, shape (n, *input shape).
    y
        Their classes, whole numbers of shape (n,).
    clusters
        Most distinct values in a kernel, 2 to 256; at least 3 with ``preserve_sparsity``, of which one is zero.
    initialization
        ``"kmeans++"`` or ``"density"``.
    preserve_sparsity
        Whether zeros of an earlier `prune` stay zeros. Without it they move to whichever value is nearest.
    epochs
        Passes over the examples.
    batch_size
        Examples per step.
    learning_rate
        Where it starts before it falls to zero on a cosine; a value moves for all of its weights at once, so smaller
        than in `fine_tune`.
    seed
        Seed of order and dropout. The same seed gives the same weights.
    verbose
        0 is silent, 1 shows progress, as in Keras.

    Raises
    ------
    ValueError
        If there are too few or too many clusters, there is nothing to cluster or no zero to preserve, or the examples
        do not fit the model.

    Examples
    --------
    >>> from coursekit.modeling.training import load_keras
    >>> keras = load_keras()
    >>> X = np.random.default_rng(0).normal(size=(100, 40))
    >>> y = (X[:, 0] > 0).astype(int)
    >>> model = keras.Sequential([keras.layers.Dense(2, activation="softmax", input_shape=(40,))])
    >>> bool(cluster(model, X, y, clusters=4).to_frame()["distinct"].max() <= 4)
    True

    References
    ----------
    Han, Mao, Dally (2016). Deep compression: compressing deep neural networks with pruning, trained quantization and
    Huffman coding. ICLR.
    """
    where = "cluster"
    network = _r.check_network(where, model)
    if not isinstance(preserve_sparsity, bool | np.bool_):
        raise ValueError(f"{where}: preserve_sparsity must be True or False, got {preserve_sparsity!r}")
    count = check_whole(where, "clusters", clusters, low=3 if preserve_sparsity else 2, high=256)
    if initialization not in INITIALIZATIONS:
        raise ValueError(
            f"{where}: initialization must be one of {', '.join(map(repr, INITIALIZATIONS))}, got {initialization!r}"
        )
    X = _r.check_inputs(where, network, X)
    y = _r.check_labels(where, network, y, len(X))
    settings = _r.check_settings(
        where, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed, verbose=verbose
    )
    kernels = {layer.name: layer.kernel.numpy() for layer in _r.kernel_layers(network)}
    large = {name: kernel for name, kernel in kernels.items() if len(np.unique(kernel)) > count}
    if not large:
        raise ValueError(
            f"{where}: no {', '.join(_r.KERNEL_LAYERS[:-1])} or {_r.KERNEL_LAYERS[-1]} layer has a kernel of more than "
            f"{count} distinct values, so there is nothing to cluster"
        )
    if preserve_sparsity and not any((kernel == 0).any() for kernel in kernels.values()):
        raise ValueError(
            f"{where}: preserve_sparsity=True, but no kernel of the model holds a zero; prune(model, X, y) first"
        )
    tfmot = _r.toolkit().clustering.keras
    start = {"kmeans++": "KMEANS_PLUS_PLUS", "density": "DENSITY_BASED"}[initialization]
    with _r.quiet(settings["seed"]):
        wrap = {
            name: _wrapper(tfmot, count, start, zeros=bool(preserve_sparsity and (kernel == 0).any()))
            for name, kernel in large.items()
        }
        # a pruned kernel may have few values already, and would lose them and its zeros to the training
        few = {name: _frozen for name, kernel in kernels.items() if name not in large and kernel.size > count}
        clustered = _r.wrapped(network, {**wrap, **few})
        history = _r.train(clustered, X, y, settings, loss=_r.class_loss(where, network))
        plain = _r.with_weights_of(network, tfmot.strip_clustering(clustered))
    return Tuned(plain, f"clustered {count}", history)


def _frozen(layer: Any) -> Any:
    layer.trainable = False
    return layer


def _wrapper(tfmot: Any, count: int, start: str, *, zeros: bool) -> Callable[[Any], Any]:
    if zeros:
        from tensorflow_model_optimization.python.core.clustering.keras.experimental.cluster import cluster_weights
    else:
        cluster_weights = tfmot.cluster_weights
    options = {"preserve_sparsity": True} if zeros else {}
    return partial(
        cluster_weights,
        number_of_clusters=count,
        cluster_centroids_init=tfmot.CentroidInitialization[start],
        **options,
    )
