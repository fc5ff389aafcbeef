"""What every way to train a trained network further has in common: the copy, the checks, the loss, silence."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coursekit._number_checks import check_number, check_whole
from coursekit.modeling.optimization._examples import check_examples
from coursekit.modeling.training import load_keras, reproducible, stderr_held_back

KERNEL_LAYERS = ("Conv1D", "Conv2D", "Dense")
"""Layers whose kernel is pruned and clustered; everything else stays as it is."""


@contextlib.contextmanager
def quiet(seed: int) -> Iterator[Any]:
    """Keras, seeded, without the toolkit's notes and warnings; an error still shows all of them."""
    keras = load_keras()
    with warnings.catch_warnings(), stderr_held_back(), reproducible(seed):
        warnings.simplefilter("ignore")
        yield keras


def toolkit() -> Any:
    """Give the model optimization toolkit, loaded after Keras 2."""
    load_keras()
    with warnings.catch_warnings(), stderr_held_back():
        warnings.simplefilter("ignore")
        import tensorflow_model_optimization as tfmot
    return tfmot


def check_network(where: str, model: Any, *, parameter: str = "model") -> Any:
    """Give the Keras model of a model or a result; raise unless it can be copied and trained as a classifier."""
    from coursekit.modeling.optimization.tuning import Tuned

    model = model.model if isinstance(model, Tuned) else model
    keras = load_keras()
    if not isinstance(model, keras.Model):
        raise ValueError(
            f"{where}: {parameter} must be a Keras-2 model (load_keras().Model), got {type(model).__module__}."
            f"{type(model).__name__}"
        )
    if not getattr(model, "_is_graph_network", False):
        raise ValueError(
            f"{where}: {parameter} {model.name!r} is a subclassed or unbuilt model, whose layers cannot be seen; build "
            "it as keras.Model(inputs, outputs) or as a Sequential with an input shape"
        )
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            raise ValueError(
                f"{where}: layer {layer.name!r} of {parameter} is itself a model; put its layers directly into one "
                "functional model"
            )
        if type(layer).__name__.startswith("Quantize"):
            raise ValueError(
                f"{where}: {parameter} is quantization aware already (layer {layer.name!r}); that comes last, so start "
                "from the float model"
            )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(f"{where}: {parameter} has {len(model.inputs)} inputs and {len(model.outputs)} outputs, not 1")
    shape = model.output_shape
    if len(shape) != 2 or shape[1] is None or shape[1] < 2:
        raise ValueError(
            f"{where}: {parameter} must answer with a number for each of 2 or more classes, shape (n, classes), got "
            f"{shape}; a single sigmoid becomes Dense(2, activation='softmax')"
        )
    gives_logits(where, model, parameter=parameter)
    return model


def gives_logits(where: str, model: Any, *, parameter: str = "model") -> bool:
    """Whether a classifier's last layer gives logits, and not probabilities."""
    last = model.layers[-1]
    kind = "softmax" if type(last).__name__ == "Softmax" else getattr(last, "activation", None)
    name = kind if isinstance(kind, str) else getattr(kind, "__name__", "linear")
    if name not in ("softmax", "linear"):
        raise ValueError(
            f"{where}: the last layer of {parameter}, {last.name!r}, ends in {name}; it must give probabilities "
            "(softmax) or logits (no activation), as the loss depends on which"
        )
    return name == "linear"


def check_inputs(where: str, model: Any, X: np.ndarray, *, parameter: str = "X") -> np.ndarray:
    """Give the inputs as float32; raise unless they fit the model and are finite."""
    return check_examples(where, tuple(model.input_shape[1:]), X, parameter=parameter)


def check_labels(where: str, model: Any, y: np.ndarray, n: int) -> np.ndarray:
    """Give the labels as int64; raise unless there is one class of the model for each example."""
    values, classes = np.asarray(y), model.output_shape[1]
    if values.shape != (n,) or values.dtype.kind not in "iub":
        hint = "; of one-hot rows take y.argmax(axis=1)" if values.shape == (n, classes) else ""
        raise ValueError(
            f"{where}: y must hold whole numbers of shape ({n},), the class of each example, got {values.dtype} of "
            f"shape {values.shape}{hint}"
        )
    if values.min() < 0 or values.max() >= classes:
        raise ValueError(
            f"{where}: y must hold classes from 0 to {classes - 1}, as the model has {classes} outputs, got "
            f"{values.min()} to {values.max()}"
        )
    return values.astype(np.int64)


def check_settings(
    where: str, *, epochs: int, batch_size: int, learning_rate: float, seed: int, verbose: int
) -> dict[str, Any]:
    """Give the settings of a training; raise unless they make one."""
    return {
        "epochs": check_whole(where, "epochs", epochs, low=1),
        "batch_size": check_whole(where, "batch_size", batch_size, low=1),
        "learning_rate": check_number(where, "learning_rate", learning_rate, above=True),
        "seed": check_whole(where, "seed", seed, high=2**32 - 1),
        "verbose": check_whole(where, "verbose", verbose, high=2),
    }


def copied(model: Any) -> Any:
    """Give a model of the same layers and weights that shares nothing with the first."""
    copy = load_keras().models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def with_weights_of(model: Any, other: Any) -> Any:
    """Give a copy of a model with the weights of another one that has layers of the same names."""
    copy = copied(model)
    for layer in copy.layers:
        layer.set_weights(other.get_layer(layer.name).get_weights())
    return copy


def wrapped(model: Any, wrap: dict[str, Any]) -> Any:
    """Give a copy of a model in which some layers, by name, are put into the toolkit's wrapper."""

    def put(layer: Any) -> Any:
        return wrap[layer.name](layer) if layer.name in wrap else layer

    return load_keras().models.clone_model(copied(model), clone_function=put)


def kernel_layers(model: Any) -> list[Any]:
    """Layers that have a kernel to prune or to cluster."""
    return [layer for layer in model.layers if type(layer).__name__ in KERNEL_LAYERS]


def train(
    network: Any,
    X: np.ndarray,
    y: np.ndarray,
    settings: dict[str, Any],
    *,
    loss: Any,
    metrics: Sequence[Any] = ("accuracy",),
    callbacks: Sequence[Any] = (),
) -> pd.DataFrame:
    """Train with Adam while the learning rate falls to zero on a cosine; a row per epoch."""
    keras = load_keras()
    steps = settings["epochs"] * -(-len(X) // settings["batch_size"])
    rate = keras.optimizers.schedules.CosineDecay(settings["learning_rate"], steps)
    network.compile(keras.optimizers.Adam(rate), loss, metrics=list(metrics))
    history = network.fit(
        X,
        y,
        batch_size=settings["batch_size"],
        epochs=settings["epochs"],
        verbose=settings["verbose"],
        callbacks=list(callbacks),
    )
    return pd.DataFrame(history.history).rename_axis("epoch")


def class_loss(where: str, model: Any) -> Any:
    """Cross entropy of whole-number classes, for probabilities or for logits as the model gives them."""
    return load_keras().losses.SparseCategoricalCrossentropy(from_logits=gives_logits(where, model))
