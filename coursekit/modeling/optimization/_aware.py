"""The toolkit's quantizers put into a network, with the traps of a short training taken out."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from coursekit.modeling.optimization import _retraining as _r

_DECAY = 0.999
"""What the toolkit keeps of a range at each step."""
_PASSES = 10
_MOST_CLUSTERS = 256
_ACTIVATIONS = ("gelu", "linear", "relu", "sigmoid", "softmax", "swish", "tanh")
"""Those that the toolkit rounds."""


def annotated(network: Any, keep: str | None) -> Any:
    """Give the network with quantizers, by the scheme that keeps what is to be kept; it is used up by this."""
    tfmot = _r.toolkit()
    quantization = tfmot.quantization.keras
    if keep is None:
        scheme = quantization.default_8bit.Default8BitQuantizeScheme()
    elif keep == "sparsity":
        scheme = tfmot.experimental.combine.Default8BitPrunePreserveQuantizeScheme()
    else:
        scheme = _cluster_scheme(tfmot, zeros_too=keep == "both")
    for layer in network.layers:
        if type(layer).__name__ == "Lambda":  # the toolkit leaves it in float with a warning
            raise ValueError(_unsupported(layer.name, "Lambda"))
        activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
        if activation not in _ACTIVATIONS and type(layer).__name__ in (*_r.KERNEL_LAYERS, "DepthwiseConv2D"):
            raise ValueError(_unsupported(layer.name, f"{type(layer).__name__} with {activation}"))
    try:
        plain = quantization.quantize_annotate_model(network)
        with quantization.quantize_scope():
            return quantization.quantize_apply(plain, scheme)
    except (RuntimeError, ValueError) as error:
        told = re.search(r"Layer (?:(\S+?):)?(?:<class '[\w.]*?)?(\w+)(?:'>)? is not supported", str(error))
        if told is None:
            raise ValueError(f"quantization_aware: the toolkit cannot quantize this model: {error}") from error
        name = told[1] or next((layer.name for layer in network.layers if type(layer).__name__ == told[2]), told[2])
        raise ValueError(_unsupported(name, told[2])) from error


def without_cluster_variables(network: Any) -> Any:
    """Give the network without what kept its clusters during the training; their values stay."""
    return _r.toolkit().experimental.combine.strip_clustering_cqat(network)


def _unsupported(name: str, kind: str) -> str:
    return (
        f"quantization_aware: layer {name!r} ({kind}) has no 8-bit form in the toolkit; quantize this model after "
        "training, with convert(model, 'int8', samples=X) or 'dynamic', or replace the layer"
    )


def _cluster_scheme(tfmot: Any, *, zeros_too: bool) -> Any:
    """The toolkit's scheme, deciding about zeros for each layer; it drops them all at the first layer without any."""
    base = tfmot.experimental.combine.Default8BitClusterPreserveQuantizeScheme
    registry = type(base(preserve_sparsity=False).get_quantize_registry())

    class PerLayer(registry):  # type: ignore[misc, valid-type]
        def get_quantize_config(self, layer: Any) -> Any:
            kernel = kernel_of(layer)
            sparse = zeros_too and kernel is not None and bool((kernel == 0).any())
            return registry(sparse).get_quantize_config(layer)

    class Scheme(base):  # type: ignore[misc, valid-type]
        def get_quantize_registry(self) -> Any:
            return PerLayer(zeros_too)

    return Scheme(preserve_sparsity=zeros_too)


def check_kept(network: Any, keep: str | None) -> None:
    """Raise unless there is something to keep; the toolkit trains on without a word."""
    kernels = [layer.kernel.numpy() for layer in _r.kernel_layers(network)]
    if keep in ("sparsity", "both") and not any((kernel == 0).any() for kernel in kernels):
        raise ValueError(
            f"quantization_aware: keep={keep!r}, but no kernel of the model holds a zero; prune(model, X, y) first"
        )
    if keep in ("clusters", "both") and not any(map(_is_clustered, kernels)):
        raise ValueError(
            f"quantization_aware: keep={keep!r}, but no kernel of the model shares its values; cluster(model, X, y"
            + (", preserve_sparsity=True) first" if keep == "both" else ") first")
        )


def _is_clustered(kernel: np.ndarray) -> bool:
    values = kernel[kernel != 0]
    return 0 < len(np.unique(values)) <= min(_MOST_CLUSTERS, len(values) / 2)


def measure_ranges(network: Any, samples: np.ndarray) -> None:
    """Set the ranges of activations to what samples show; nothing else of the network changes.

    A step moves a range by a thousandth of the way to the batch's own, so one step tells the batch's own. Layers
    behind a range that was too narrow see the truth in the next pass only.
    """
    ranges = [
        variable
        for layer in network.layers
        if hasattr(layer, "_weight_vars")  # the input's quantizer is none of these, and measures by itself
        for variable in layer.non_trainable_weights
        if re.search(r"(?<!kernel)_(min|max):0$", variable.name)  # those of weights follow them at each step
    ]
    before = network.get_weights()
    for _ in range(_PASSES):
        start = [variable.numpy() for variable in ranges]
        network(samples, training=True)
        shown = [(variable.numpy() - _DECAY * old) / (1 - _DECAY) for variable, old in zip(ranges, start, strict=True)]
        network.set_weights(before)
        for variable, new in zip(ranges, shown, strict=True):
            variable.assign(new)
        if all(np.allclose(new, old, rtol=0.05, atol=0.01) for new, old in zip(shown, start, strict=True)):
            break


def kernel_of(layer: Any) -> np.ndarray | None:
    """The kernel of a layer, on its grid if it is quantized; None if it has none."""
    for weight, quantizer, ranges in getattr(layer, "_weight_vars", ()):
        return np.asarray(quantizer(weight, False, weights=ranges))
    kernel = getattr(layer, "kernel", None)
    return None if kernel is None or type(layer).__name__ not in _r.KERNEL_LAYERS else kernel.numpy()
