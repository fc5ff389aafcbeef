"""The inspector's network, how it is fed, and the density ratio that its answers are turned into."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize

_SHIFT = 1
"""Pixels that a picture is moved by at most in training."""
_LARGEST = 60.0
"""Log odds that no answer goes beyond."""


def build(keras: Any, size: int) -> Any:
    """Pictures of shape (size, size, 1), 0 to 1, in; probability of in order and of defective out."""
    layers = keras.layers

    def convolve(inputs: Any, filters: int, *, width: int = 3, stride: int = 1) -> Any:
        outputs = layers.Conv2D(filters, width, strides=stride, padding="same", use_bias=False)(inputs)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(outputs))

    pictures = keras.Input((size, size, 1))
    hidden = convolve(pictures, 16, width=5, stride=2)
    hidden = layers.MaxPooling2D(2)(convolve(hidden, 16))
    hidden = convolve(convolve(hidden, 32), 32)
    hidden = layers.MaxPooling2D(2)(hidden)
    hidden = layers.MaxPooling2D(2)(convolve(hidden, 64))
    hidden = layers.Dropout(0.3)(layers.Flatten()(hidden))
    return keras.Model(pictures, layers.Dense(2, activation="softmax")(hidden))


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


def as_input(images: np.ndarray) -> np.ndarray:
    """Grey values as the network takes them, float32 of shape (n, size, size, 1), 0 to 1."""
    return images[..., None].astype(np.float32) / np.float32(255)


def log_odds(probability: np.ndarray) -> np.ndarray:
    """Log odds of the second column against the first."""
    logs = np.log(np.maximum(probability.astype(float), 1e-30))
    return np.clip(logs[:, 1] - logs[:, 0], -_LARGEST, _LARGEST)


def fit_ratio(score: np.ndarray, defective: np.ndarray) -> np.ndarray:
    """Shift, slope and floor of the density ratio exp(shift + slope score) + floor, by maximum likelihood."""
    share = defective.mean()
    prior = np.log(share / (1 - share))

    def loss(parameters: np.ndarray) -> float:
        z = prior + log_ratio(score, _natural(parameters))
        return float(np.mean(np.logaddexp(0, z) - defective * z))

    starts = [np.array([0.0, slope, floor]) for slope in (-1.0, 0.0) for floor in (-6.0, -3.0)]
    best = min((minimize(loss, start, method="Nelder-Mead", options={"maxiter": 2_000}) for start in starts),
               key=lambda found: found.fun)  # fmt: skip
    return _natural(best.x)


def log_ratio(score: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Log of the density ratio, defective over in order, of a score."""
    shift, slope, floor = ratio
    return np.logaddexp(shift + slope * score, np.log(floor))


def _natural(parameters: np.ndarray) -> np.ndarray:
    """Slope above 0, floor between 0 and 1."""
    shift, log_slope, logit_floor = np.clip(parameters, -15, 15)
    return np.array([shift, np.exp(log_slope), 1 / (1 + np.exp(-logit_floor))])
