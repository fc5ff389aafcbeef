"""One small classifier, trained once, that the tests of what is done to trained models share."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from coursekit.modeling.training import load_keras, reproducible


def pictures(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise of 8 by 8 with a bright spot in the upper or the lower half: class 0 or 1."""
    rng = np.random.default_rng(seed)
    X, y = rng.random((n, 8, 8, 1)).astype(np.float32), rng.integers(0, 2, n)
    rows, columns = 4 * y + rng.integers(0, 3, n), rng.integers(0, 7, n)
    for i in range(n):
        X[i, rows[i] : rows[i] + 2, columns[i] : columns[i] + 2] += 1.0
    return X, y


@pytest.fixture(scope="session")
def tiny_training():
    """A trained network with the layers of the inspector, its weights as they were, training and test examples.

    Its kernels: 3x3x1x8, 3x3x8x8, 128x10, 10x2.
    """
    keras = load_keras()
    X, y = pictures(256, 0)
    X_test, y_test = pictures(200, 1)
    with reproducible(0):
        layers = keras.layers
        entry = keras.Input((8, 8, 1))
        hidden = layers.Conv2D(8, 3, padding="same", use_bias=False, name="first")(entry)
        hidden = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(hidden))
        hidden = layers.Conv2D(8, 3, padding="same", name="second")(hidden)
        hidden = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(hidden))
        hidden = layers.Dropout(0.1)(layers.Flatten()(layers.MaxPooling2D(2)(hidden)))
        hidden = layers.Dense(10, activation="relu", name="third")(hidden)
        model = keras.Model(entry, layers.Dense(2, activation="softmax", name="last")(hidden))
        model.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(X, y, epochs=6, batch_size=32, verbose=0)
    weights = [weight.copy() for weight in model.get_weights()]
    return SimpleNamespace(model=model, weights=weights, X=X, y=y, X_test=X_test, y_test=y_test)
