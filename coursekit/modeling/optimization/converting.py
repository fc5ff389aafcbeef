"""From a Keras model to the file that ships: post-training quantization with TensorFlow's converter."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from coursekit.modeling.optimization._examples import check_examples
from coursekit.modeling.optimization.lite_model import LiteModel
from coursekit.modeling.training import load_keras, stderr_held_back

PRECISIONS = ("float32", "float16", "dynamic", "int8", "int8 per tensor", "int16x8")
"""What `convert` writes: weights and activations in float32; weights in float16; weights in int8 and the rest float;
everything in int8, weights per channel or per tensor; activations in int16 with weights in int8."""
_CALIBRATED = PRECISIONS[3:]
_FEW = 100
"""Below so many examples a calibrated range is a matter of luck; the converter's own default is of this size."""


def convert(model: Any, precision: str, *, samples: np.ndarray | None = None, name: str | None = None) -> LiteModel:
    r"""Write a Keras model as a .tflite file, in float or quantized after training.

    Quantization after training needs no labels and a minute: it is what to try first. Weights are known, so
    their ranges are; the ranges of activations are only known for inputs that were seen, so they are measured on
    ``samples``, which should look like what the device will see. A model from `quantization_aware` brings its
    ranges along and needs none.

    With ``"int8"`` weights lie symmetric in [-127, 127] with a scale per output channel, activations asymmetric in
    [-128, 127], biases in int32 with scale :math:`s_{in} s_w`; input and output are int8 too.

    Parameters
    ----------
    model
        A Keras-2 model with one input and one output, in float or trained quantization aware.
    precision
        One of `PRECISIONS`.
    samples
        Examples as the model takes them, shape (n, *input shape); 100 to 500 representative ones.
    name
        What to call the result; the precision unless given.

    Raises
    ------
    ValueError
        If the precision is unknown, samples are missing, do not fit the model or hold NaN, or the converter cannot
        express a layer.

    Examples
    --------
    >>> keras = load_keras()
    >>> model = keras.Sequential([keras.layers.Dense(64, activation="relu", input_shape=(128,)), keras.layers.Dense(2)])
    >>> samples = np.random.default_rng(0).normal(size=(100, 128))
    >>> small, large = convert(model, "int8", samples=samples), convert(model, "float32")
    >>> small.is_integer, large.nbytes > 2.5 * small.nbytes
    (True, True)

    References
    ----------
    Jacob et al. (2018). Quantization and training of neural networks for efficient integer-arithmetic-only
    inference. CVPR.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"convert: precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    load_keras()
    import tensorflow as tf

    if not hasattr(model, "layers") or not isinstance(model, tf.keras.Model):
        raise ValueError(
            f"convert: model must be a Keras-2 model (load_keras().Model), got {type(model).__module__}."
            f"{type(model).__name__}; Keras-3 models are converted to garbage without a word"
        )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(f"convert: model has {len(model.inputs)} inputs and {len(model.outputs)} outputs, not 1 and 1")
    aware = any(type(layer).__name__.startswith("Quantize") for layer in model.layers)
    if precision in _CALIBRATED and not (aware and precision == "int8" and samples is None):
        if samples is None:
            raise ValueError(
                f"convert: {precision!r} needs samples, some {_FEW} to 500 examples like those that the device will "
                "see, to measure the ranges of activations on"
            )
        samples = check_examples("convert", tuple(model.input_shape[1:]), samples, parameter="samples")
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    elif precision in _CALIBRATED:
        sets = tf.lite.OpsSet
        wide = precision == "int16x8"
        if samples is not None:  # a quantization-aware model brings its own ranges
            converter.representative_dataset = lambda: _one_by_one(samples)
            converter.target_spec.supported_ops = [
                sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8 if wide else sets.TFLITE_BUILTINS_INT8
            ]
        converter.inference_input_type = converter.inference_output_type = tf.int16 if wide else tf.int8
        converter._experimental_disable_per_channel = precision == "int8 per tensor"
    with warnings.catch_warnings(), stderr_held_back():
        warnings.simplefilter("ignore")  # the converter warns of its own defaults
        try:
            content = converter.convert()
        except Exception as error:  # it raises its own ConverterError, RuntimeError or ValueError
            first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ValueError(
                f"convert: TensorFlow's converter cannot write this model as {precision}: {first}"
            ) from error
    return LiteModel(bytes(content), precision if name is None else name)


def _one_by_one(samples: np.ndarray) -> Iterator[list[np.ndarray]]:
    for sample in samples:
        yield [sample[None]]
