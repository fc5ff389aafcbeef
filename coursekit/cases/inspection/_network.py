"""The inspector's network, how it is fed, and the density ratio that its answers are turned into."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize

from coursekit.cases.inspection.parts import as_input

_SHIFT = 1
"""Pixels that a picture is moved by at most in training."""
_LARGEST = 60.0
"""Log odds that no answer goes beyond."""
_SLOPES = (1e-3, 20.0)
"""Least and steepest slope of the density ratio."""
IN_ORDER_WEIGHT = 7.0
"""What a part in order counts beside a defective one when the ratio is fitted. A straight line is not quite the
truth; among parts of which half are defective, this fits it best near one in eight, whose odds lie in the middle
(of a product) between the even ones of training and the 1 : 49 of a line."""


def build(keras: Any, size: int, width: int = 1) -> Any:
    """Pictures of shape (size, size, 1), 0 to 1, in; probability of in order and of defective out."""
    pictures = keras.Input((size, size, 1))
    hidden = features(keras.layers, pictures, width)
    return keras.Model(pictures, keras.layers.Dense(2, activation="softmax")(hidden))


def features(layers: Any, pictures: Any, width: int) -> Any:
    """What the last layer sees of pictures."""

    def convolve(inputs: Any, filters: int, *, kernel: int = 3, stride: int = 1) -> Any:
        outputs = layers.Conv2D(filters * width, kernel, strides=stride, padding="same", use_bias=False)(inputs)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(outputs))

    hidden = convolve(pictures, 16, kernel=5, stride=2)
    hidden = layers.MaxPooling2D(2)(convolve(hidden, 16))
    hidden = layers.MaxPooling2D(2)(convolve(convolve(hidden, 24), 24))
    hidden = layers.MaxPooling2D(2)(convolve(hidden, 48))
    return layers.Dropout(0.3)(layers.Flatten()(hidden))


def batches(keras: Any, images: np.ndarray, labels: np.ndarray, batch_size: int, seed: int) -> Any:
    """Pictures in another random order each epoch, moved by up to a pixel: the belt is never quite still."""
    rng = np.random.default_rng(seed)
    steps = -(-len(images) // batch_size)

    class Batches(keras.utils.Sequence):
        def __init__(self) -> None:
            self.on_epoch_end()

        def __len__(self) -> int:
            return steps

        def on_epoch_end(self) -> None:
            self.rows = np.array_split(rng.permutation(len(images)), steps)
            self.shifts = rng.integers(-_SHIFT, _SHIFT + 1, (steps, 2))

        def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
            rows = self.rows[number]
            moved = np.roll(images[rows], tuple(self.shifts[number]), axis=(1, 2))
            return as_input(moved), labels[rows]

    return Batches()


def log_odds(probability: np.ndarray) -> np.ndarray:
    """Log odds of the second column against the first."""
    logs = np.log(np.maximum(probability.astype(float), 1e-30))
    return np.clip(logs[:, 1] - logs[:, 0], -_LARGEST, _LARGEST)


def fit_ratio(score: np.ndarray, defective: np.ndarray) -> np.ndarray:
    """Shift and slope of the density ratio exp(shift + slope score), by maximum likelihood; the slope is above 0."""
    weight = np.where(defective, 1.0, IN_ORDER_WEIGHT)
    weight /= weight.sum()
    share = weight @ defective
    prior = np.log(share / (1 - share))

    def loss(ratio: np.ndarray) -> tuple[float, np.ndarray]:
        z = prior + log_ratio(score, ratio)
        wrong = weight * (1 / (1 + np.exp(-z)) - defective)
        return float(weight @ (np.logaddexp(0, z) - defective * z)), np.array([wrong.sum(), wrong @ score])

    # the bounds keep the answer finite where a score parts the two kinds without a mistake
    found = minimize(loss, (0.0, 1.0), jac=True, method="L-BFGS-B", bounds=((-_LARGEST, _LARGEST), _SLOPES), tol=1e-12)
    return found.x


def log_ratio(score: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Log of the density ratio, defective over in order, of a score."""
    shift, slope = ratio
    return shift + slope * score
