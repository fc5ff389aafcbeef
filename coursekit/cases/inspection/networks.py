"""Other networks for the same pictures: the shapes that a converter and an integer engine must get right."""

from __future__ import annotations

from typing import Any

from coursekit._number_checks import check_whole
from coursekit.cases.inspection import _network
from coursekit.modeling.training import load_keras, reproducible

NETWORKS = ("inspector", "mobile", "residual", "dense")
"""Convolutions as in `CnnInspector`; inverted residuals; residuals with average pooling; a perceptron."""


def build_network(kind: str, *, size: int = 48, classes: int = 2, width: int = 1, seed: int = 0) -> Any:
    """Give an untrained Keras network for pictures of parts.

    What can be made small depends on the shape of a network: a depthwise layer has few weights and many scales, a
    residual adds two tensors of different scales, a dense layer is nearly all weights. A claim about quantization
    that was tried on one of them is a claim about that one.

    Parameters
    ----------
    kind
        One of `NETWORKS`: ``"inspector"`` (5 by 5 and 3 by 3 convolutions, maxima), ``"mobile"`` (depthwise
        convolutions with ReLU6, padding and additions, mean over the picture; the blocks of MobileNetV2),
        ``"residual"`` (additions followed by a ReLU, average pooling), ``"dense"`` (two hidden layers).
    size
        Pixels of a side, a multiple of 16.
    classes
        Outputs of the softmax.
    width
        Times as many filters.
    seed
        Seed of the initial weights.

    Raises
    ------
    ValueError
        If there is no such kind or a number is out of range.

    Examples
    --------
    >>> network = build_network("mobile", size=16, classes=5)
    >>> network.input_shape, network.output_shape
    ((None, 16, 16, 1), (None, 5))

    References
    ----------
    Sandler et al. (2018). MobileNetV2: inverted residuals and linear bottlenecks. CVPR.
    He et al. (2016). Deep residual learning for image recognition. CVPR.
    """
    if kind not in NETWORKS:
        raise ValueError(f"build_network: kind must be one of {', '.join(NETWORKS)}, got {kind!r}")
    size = check_whole("build_network", "size", size, low=16, high=512)
    if size % 16:
        raise ValueError(f"build_network: size must be a multiple of 16, got {size}")
    classes = check_whole("build_network", "classes", classes, low=2, high=1000)
    width = check_whole("build_network", "width", width, low=1, high=64)
    seed = check_whole("build_network", "seed", seed, high=2**32 - 1)
    keras = load_keras()
    shape = {"mobile": _mobile, "residual": _residual, "dense": _dense, "inspector": _inspector}[kind]
    with reproducible(seed):
        pictures = keras.Input((size, size, 1))
        hidden = shape(keras.layers, pictures, width)
        return keras.Model(pictures, keras.layers.Dense(classes, activation="softmax")(hidden), name=kind)


def _inspector(layers: Any, pictures: Any, width: int) -> Any:
    return _network.features(layers, pictures, width)


def _normed(layers: Any, hidden: Any) -> Any:
    return layers.BatchNormalization(momentum=0.9)(hidden)


def _mobile(layers: Any, pictures: Any, width: int) -> Any:
    def block(hidden: Any, filters: int, *, stride: int) -> Any:
        entry, wide = hidden, 4 * hidden.shape[-1]
        hidden = layers.ReLU(6.0)(_normed(layers, layers.Conv2D(wide, 1, use_bias=False)(hidden)))
        if stride == 2:  # the padding that MobileNetV2 writes by hand
            hidden = layers.ZeroPadding2D(((0, 1), (0, 1)))(hidden)
        padding = "same" if stride == 1 else "valid"
        hidden = layers.DepthwiseConv2D(3, strides=stride, padding=padding, use_bias=False)(hidden)
        hidden = layers.ReLU(6.0)(_normed(layers, hidden))
        hidden = _normed(layers, layers.Conv2D(filters, 1, use_bias=False)(hidden))
        return layers.Add()([entry, hidden]) if stride == 1 and filters == entry.shape[-1] else hidden

    hidden = layers.Conv2D(8 * width, 3, strides=2, padding="same", use_bias=False)(pictures)
    hidden = layers.ReLU(6.0)(_normed(layers, hidden))
    for filters, stride in ((8, 1), (16, 2), (16, 1), (24, 2), (24, 1)):
        hidden = block(hidden, filters * width, stride=stride)
    return layers.GlobalAveragePooling2D()(hidden)


def _residual(layers: Any, pictures: Any, width: int) -> Any:
    def block(hidden: Any) -> Any:
        entry, filters = hidden, hidden.shape[-1]
        hidden = layers.Conv2D(filters, 3, padding="same", use_bias=False)(hidden)
        hidden = layers.ReLU()(_normed(layers, hidden))
        hidden = _normed(layers, layers.Conv2D(filters, 3, padding="same", use_bias=False)(hidden))
        return layers.ReLU()(layers.Add()([entry, hidden]))

    hidden = layers.Conv2D(12 * width, 3, strides=2, padding="same", use_bias=False)(pictures)
    hidden = layers.AveragePooling2D(2)(layers.ReLU()(_normed(layers, hidden)))
    hidden = layers.AveragePooling2D(2)(block(hidden))
    return layers.Flatten()(layers.AveragePooling2D(2)(block(hidden)))


def _dense(layers: Any, pictures: Any, width: int) -> Any:
    hidden = layers.Flatten()(pictures)
    for units in (48, 24):
        hidden = layers.Dense(units * width, activation="relu")(hidden)
    return hidden
