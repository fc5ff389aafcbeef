"""Batch normalization, folded into the weights before it as every converter does."""

from __future__ import annotations

from typing import Any

import numpy as np

from coursekit.modeling.training import load_keras

CHANNEL_AXES = {"Conv2D": (3,), "DepthwiseConv2D": (2, 3), "Dense": (1,)}
"""Layers with a kernel that can be quantized, and the axes of it that tell output channels apart."""


def fold_batch_norm(model: Any) -> Any:
    r"""Copy a model with its batch normalization multiplied into the weights before it.

    At prediction a batch normalization is one factor and one shift per channel, so a converter multiplies the
    factor into the kernel. What lies in the file, and is quantized, is the folded kernel. Its channels may differ in
    size by orders of magnitude where those of the trained kernel do not, so whoever asks what quantization costs
    must ask the folded model.

    .. math:: \gamma \frac{w * x + c - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta = (f w) * x + \bigl(f c + \beta - f
        \mu\bigr), \qquad f = \frac{\gamma}{\sqrt{\sigma^2 + \epsilon}}

    The copy has the same layers with the same names; a batch normalization is left with the shift, which is the
    bias of the file. One that does not directly follow a layer with a kernel, or not alone, stays as it is, as in a
    converter.

    Parameters
    ----------
    model
        A Keras-2 model of plain layers; not changed.

    Raises
    ------
    ValueError
        If it is no Keras-2 model, or cannot be copied.

    Examples
    --------
    >>> from coursekit.cases.inspection import build_network
    >>> network = build_network("inspector", size=16)
    >>> normalization = network.get_layer(index=2)
    >>> normalization.set_weights([np.full(16, number) for number in (3.0, 0.5, 0.1, 4.0)])
    >>> folded = fold_batch_norm(network)
    >>> x = np.random.default_rng(0).uniform(size=(5, 16, 16, 1))
    >>> bool(np.allclose(network(x), folded(x), atol=1e-5))
    True
    >>> gain = folded.get_layer(index=1).get_weights()[0] / network.get_layer(index=1).get_weights()[0]
    >>> round(float(gain.mean()), 2)
    1.5

    References
    ----------
    Jacob et al. (2018). Quantization and training of neural networks for efficient integer-arithmetic-only
    inference. CVPR, section 3.2.
    """
    keras = load_keras()
    if not isinstance(model, keras.Model):
        raise ValueError(
            f"fold_batch_norm: model must be a Keras-2 model, got {type(model).__module__}.{type(model).__name__}"
        )
    try:
        folded = keras.models.clone_model(model)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise ValueError(f"fold_batch_norm: the model cannot be copied: {error}") from error
    folded.set_weights(model.get_weights())
    for layer in folded.layers:
        before = _layer_before(layer) if type(layer).__name__ == "BatchNormalization" else None
        if before is None or tuple(np.atleast_1d(layer.axis)) != (len(layer.input_shape) - 1,):
            continue
        factor, shift = _factor_and_shift(layer)
        kernel, *bias = before.get_weights()
        channels = tuple(kernel.shape[axis] for axis in CHANNEL_AXES[type(before).__name__])
        before.set_weights([kernel * factor.reshape(channels), *(old * factor for old in bias)])
        _leave_shift(layer, shift)
    return folded


def _layer_before(layer: Any) -> Any:
    """The layer whose kernel a normalization can be folded into; None if there is none."""
    before = layer.input._keras_history.layer
    linear = getattr(getattr(before, "activation", None), "__name__", "linear") == "linear"
    alone = len(before.outbound_nodes) == 1 and len(before.inbound_nodes) == 1 and len(layer.inbound_nodes) == 1
    return before if type(before).__name__ in CHANNEL_AXES and linear and alone else None


def _factor_and_shift(layer: Any) -> tuple[np.ndarray, np.ndarray]:
    mean, variance = (np.asarray(number, float) for number in (layer.moving_mean, layer.moving_variance))
    gamma = np.asarray(layer.gamma, float) if layer.scale else np.ones_like(mean)
    beta = np.asarray(layer.beta, float) if layer.center else np.zeros_like(mean)
    factor = gamma / np.sqrt(variance + layer.epsilon)
    return factor, beta - factor * mean


def _leave_shift(layer: Any, shift: np.ndarray) -> None:
    """Let a normalization add the shift and do nothing else."""
    ones = np.ones_like(shift)
    weights = [ones] if layer.scale else []
    mean = np.zeros_like(shift) if layer.center else -shift
    if layer.center:
        weights.append(shift)
    layer.set_weights([*weights, mean, ones - layer.epsilon])
