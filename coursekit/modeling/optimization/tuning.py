"""Training a trained model a little further: as it is, or while it feels what 8 bits will do to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coursekit.modeling.optimization import _aware
from coursekit.modeling.optimization import _retraining as _r
from coursekit.short_repr import ShortRepr

KEEP = ("sparsity", "clusters", "both")
"""What `quantization_aware` may keep of a model that was pruned, clustered, or both."""
_METHODS = {None: "QAT", "sparsity": "PQAT", "clusters": "CQAT", "both": "PCQAT"}
_MEASURED = 512
"""Examples that the ranges of activations are measured on."""


@dataclass(frozen=True, eq=False, repr=False)
class Tuned(ShortRepr):
    """A model that was trained further, and how that went."""

    model: Any
    """Keras model, ready for `convert`: plain, or with the quantizers of quantization-aware training."""
    method: str
    """What was done, as tables call it."""
    history: pd.DataFrame
    """Loss and accuracy on the training examples, a row per epoch."""

    def to_frame(self) -> pd.DataFrame:
        """Layers with a kernel: parameters, and of the kernel its share of zeros and its number of distinct values.

        Of a quantization-aware model the kernel is the one on its 8-bit grid, which the file will hold.
        ``distinct_per_channel`` is the most that one output channel has: a quantized convolution has a scale for
        each, so that equal integers in two channels are two values.
        """
        rows = []
        for layer in self.model.layers:
            kernel = _aware.kernel_of(layer)
            if kernel is None:
                continue
            inner = getattr(layer, "layer", layer)
            bias = getattr(inner, "bias", None)
            channels = kernel.reshape(-1, kernel.shape[-1]).T
            rows.append(
                {
                    "layer": inner.name,
                    "parameters": kernel.size + (0 if bias is None else int(np.prod(bias.shape))),
                    "zeros": float(np.mean(kernel == 0)),
                    "distinct": len(np.unique(kernel)),
                    "distinct_per_channel": max(len(np.unique(channel)) for channel in channels),
                }
            )
        return pd.DataFrame(rows, columns=["layer", "parameters", "zeros", "distinct", "distinct_per_channel"])


def fine_tune(
    model: Any,
    X: np.ndarray,
    y: np.ndarray,
    *,
    epochs: int = 1,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    seed: int = 0,
    verbose: int = 0,
) -> Tuned:
    """Train a copy of a model for some more epochs, and nothing else.

    The control of every experiment with pruning, clustering or quantization-aware training: each of them trains too,
    and a model that was not quite done gets better by that alone. A gain over the original model proves nothing; a
    gain over this one does.

    Adam, with a learning rate that falls to zero on a cosine, as in all of them.

    Parameters
    ----------
    model
        Keras-2 classifier, or a `Tuned`; it is not changed. Its last layer gives probabilities (softmax) or logits.
    X
        Training examples as the model takes them, shape (n, *input shape).
    y
        Their classes, whole numbers of shape (n,).
    epochs
        Passes over the examples.
    batch_size
        Examples per step.
    learning_rate
        Where it starts; a fifth of what the model was trained with, or less.
    seed
        Seed of order and dropout. The same seed gives the same weights.
    verbose
        0 is silent, 1 shows progress, as in Keras.

    Raises
    ------
    ValueError
        If the model cannot be copied or is no classifier, or the examples do not fit it.

    Examples
    --------
    >>> from coursekit.modeling.training import load_keras
    >>> keras = load_keras()
    >>> X = np.random.default_rng(0).normal(size=(100, 8))
    >>> y = (X[:, 0] > 0).astype(int)
    >>> model = keras.Sequential([keras.layers.Dense(2, activation="softmax", input_shape=(8,))])
    >>> tuned = fine_tune(model, X, y, epochs=3, learning_rate=0.1)
    >>> bool(tuned.history["loss"].is_monotonic_decreasing)
    True
    """
    where = "fine_tune"
    network = _r.check_network(where, model)
    X = _r.check_inputs(where, network, X)
    y = _r.check_labels(where, network, y, len(X))
    settings = _r.check_settings(
        where, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed, verbose=verbose
    )
    with _r.quiet(settings["seed"]):
        copy = _r.copied(network)
        history = _r.train(copy, X, y, settings, loss=_r.class_loss(where, network))
    return Tuned(copy, "fine-tuned", history)


def quantization_aware(
    model: Any,
    X: np.ndarray,
    y: np.ndarray,
    *,
    keep: str | None = None,
    epochs: int = 1,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    seed: int = 0,
    verbose: int = 0,
) -> Tuned:
    r"""Train a copy of a model while weights and activations are rounded to 8 bits on the way forward.

    Rounding after training finds the model unprepared. Here the loss is that of the rounded model, and the weights
    move to where rounding hurts less. It is worth its time where quantization after training loses accuracy; where
    that loses nothing, a gain is mostly that of more training, which `fine_tune` shows.

    .. math:: \hat w = s \operatorname{round}(w / s), \qquad \partial \hat w / \partial w := 1

    The ranges of activations are measured on up to 512 examples before the training starts. The toolkit starts them
    all at [-6, 6] and lets them follow with a memory of a thousand steps, which a short training does not have.

    ``keep`` protects what an earlier step has won, which training would undo: zeros (PQAT), shared values (CQAT), or
    both (PCQAT). Values are shared within each output channel of a convolution where its channels have about
    equally many, within the whole kernel otherwise. Depthwise convolutions are rounded, not protected.

    Parameters
    ----------
    model
        Keras-2 classifier, or a `Tuned` from `prune` or `cluster`; it is not changed.
    X
        Training examples as the model takes them, shape (n, *input shape).
    y
        Their classes, whole numbers of shape (n,).
    keep
        None, ``"sparsity"``, ``"clusters"`` or ``"both"``.
    epochs
        Passes over the examples.
    batch_size
        Examples per step.
    learning_rate
        Where it starts before it falls to zero on a cosine; a fifth of what the model was trained with, or less.
    seed
        Seed of order and dropout. The same seed gives the same weights.
    verbose
        0 is silent, 1 shows progress, as in Keras.

    Raises
    ------
    ValueError
        If a layer has no 8-bit form in the toolkit (Embedding, LSTM, Conv1D, ...), there is nothing to keep, or the
        examples do not fit the model.

    Examples
    --------
    >>> from coursekit.modeling.optimization import convert
    >>> from coursekit.modeling.training import load_keras
    >>> keras = load_keras()
    >>> X = np.random.default_rng(0).normal(size=(100, 8))
    >>> y = (X[:, 0] > 0).astype(int)
    >>> model = keras.Sequential([keras.layers.Dense(2, activation="softmax", input_shape=(8,))])
    >>> tuned = quantization_aware(model, X, y)
    >>> tuned.method, convert(tuned.model, "int8", samples=X).is_integer
    ('QAT', True)

    References
    ----------
    Jacob et al. (2018). Quantization and training of neural networks for efficient integer-arithmetic-only
    inference. CVPR.
    """
    where = "quantization_aware"
    network = _r.check_network(where, model)
    if keep is not None and keep not in KEEP:
        raise ValueError(f"{where}: keep must be None, {', '.join(map(repr, KEEP))}, got {keep!r}")
    X = _r.check_inputs(where, network, X)
    y = _r.check_labels(where, network, y, len(X))
    settings = _r.check_settings(
        where, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed, verbose=verbose
    )
    _aware.check_kept(network, keep)
    _r.toolkit()
    with _r.quiet(settings["seed"]):
        aware = _aware.annotated(_r.copied(network), keep)
        chosen = np.random.default_rng(settings["seed"]).permutation(len(X))[:_MEASURED]
        _aware.measure_ranges(aware, X[chosen])
        history = _r.train(aware, X, y, settings, loss=_r.class_loss(where, network))
        if keep in ("clusters", "both"):
            aware = _aware.without_cluster_variables(aware)
    return Tuned(aware, _METHODS[keep], history)
