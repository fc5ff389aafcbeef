from __future__ import annotations

import os
import random
import subprocess
import sys

import numpy as np

from coursekit.modeling.training import load_keras, reproducible

QUIET_FIT = """
from coursekit.modeling.training import load_keras, reproducible
keras = load_keras()
import numpy as np
import tensorflow as tf
assert tf.keras.Model is keras.Model
with reproducible(0):
    network = keras.Sequential([keras.layers.Embedding(9, 4), keras.layers.LSTM(4), keras.layers.Dense(2)])
    network.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
    network.fit(np.ones((8, 5)), np.zeros(8), epochs=2, verbose=0)
    network.predict(np.ones((3, 5)), verbose=0)
for length in range(2, 12):  # TensorFlow complains about retracing after five shapes
    network(np.ones((1, length)))
print("done")
"""

LATE = """
import tensorflow as tf
tf.keras.Model
from coursekit.modeling.training import load_keras
try:
    load_keras()
except RuntimeError as error:
    print(error)
"""

FAILING = """
import os
from coursekit.modeling.training import stderr_held_back
try:
    with stderr_held_back():
        os.write(2, b"why it failed")
        raise OSError
except OSError:
    print("raised")
with stderr_held_back():
    os.write(2, b"mere chatter")
"""


def _run(code: str) -> subprocess.CompletedProcess[str]:
    # A test before this one may have loaded Keras in this process: its choice must not be inherited.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "KERAS_"))}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)


def test_loading_and_fitting_writes_nothing_to_stderr():
    """nbgrader gives no points to a test cell that writes to stderr."""
    done = _run(QUIET_FIT)
    assert done.stderr == ""
    assert done.stdout == "done\n"


def test_keras_3_already_in_use_is_refused():
    assert "restart the kernel" in _run(LATE).stdout


def test_a_failing_import_shows_what_was_held_back():
    done = _run(FAILING)
    assert (done.stdout, done.stderr) == ("raised\n", "why it failed")


def _weights(seed):
    keras = load_keras()
    inputs = np.arange(64).reshape(16, 4) % 7
    with reproducible(seed):
        network = keras.Sequential(
            [keras.layers.Embedding(7, 4), keras.layers.LSTM(4), keras.layers.Dropout(0.5), keras.layers.Dense(2)]
        )
        network.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), optimizer="adam")
        network.fit(inputs, np.arange(16) % 2, epochs=2, batch_size=4, verbose=0)
    return np.concatenate([weight.ravel() for weight in network.get_weights()])


def test_same_seed_same_weights():
    first, again, other = _weights(3), _weights(3), _weights(4)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_other_code_keeps_its_random_numbers():
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    expected = random.random(), np.random.random()  # noqa: NPY002
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    with reproducible(99):
        random.random()
    assert (random.random(), np.random.random()) == expected  # noqa: NPY002


def test_no_seed_changes_nothing():
    random.seed(1)
    expected = random.random()
    random.seed(1)
    with reproducible(None):
        pass
    assert random.random() == expected
