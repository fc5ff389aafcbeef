"""Training, predicting and keeping a Keras network behind the scikit-learn interface."""

from __future__ import annotations

import math
import pickle
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from coursekit.cases.intents._text import check_queries, check_training
from coursekit.modeling.training import load_keras, reproducible

_PREDICT_BATCH = 512
_BATCHES_SORTED_TOGETHER = 20


class NetworkClassifier(ClassifierMixin, BaseEstimator):
    """Base of the neural intent models; a subclass says how to encode queries and what to build.

    The weights are kept as arrays and the network is built around them when it is first
    needed, so a model pickles like any other estimator, without TensorFlow objects in it.
    """

    epochs: int
    batch_size: int
    max_length: int
    n_buckets: int
    learning_rate: float
    label_smoothing: float
    random_state: int | None
    verbose: int
    _length_multiple = 1
    """Encoded queries are padded to a multiple of this length."""

    @abstractmethod
    def _encode(self, queries: Sequence[str]) -> np.ndarray:
        """Queries as integers, shape (n, length, k), 0 after the end."""

    @abstractmethod
    def _build(self, keras: Any) -> Any:
        """Network from encoded queries to one logit per class."""

    def fit(self, X: Iterable[str], y: Iterable[str]) -> NetworkClassifier:
        """Learn from queries and their intents.

        Parameters
        ----------
        X
            Queries.
        y
            Intent of each query.

        Raises
        ------
        ValueError
            If a query is empty, an intent unknown, lengths differ, there are fewer than
            two intents, or an option is out of range.
        TypeError
            If a query is not a string.
        """
        queries, labels = check_training(X, y)
        for name in ("epochs", "batch_size", "learning_rate", "max_length", "n_buckets"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)!r}")
        classes, targets = np.unique(labels, return_inverse=True)
        self.classes_ = classes
        inputs = self._encode(queries)
        keras = load_keras()
        with reproducible(self.random_state):
            batches = _length_sorted_batches(keras, inputs, targets, self.batch_size, self._length_multiple)
            network = self._build(keras)
            network.compile(
                optimizer=keras.optimizers.Adam(_warm_cosine(keras, self.learning_rate, self.epochs * len(batches))),
                loss=_smoothed_cross_entropy(self.label_smoothing, len(classes)),
                metrics=["accuracy"],
            )
            history = network.fit(batches, epochs=self.epochs, shuffle=False, verbose=self.verbose)
        self.history_ = pd.DataFrame(history.history).rename_axis("epoch")
        self.weights_ = network.get_weights()
        self._runtime = self._make_runtime(network)
        return self

    def predict(self, X: Iterable[str]) -> np.ndarray:
        """Most probable intent of each query, shape (n,).

        Parameters
        ----------
        X
            Queries.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X: Iterable[str]) -> np.ndarray:
        """Probability of each intent, shape (n, n_classes), columns as in ``classes_``.

        Parameters
        ----------
        X
            Queries.
        """
        check_is_fitted(self, "weights_")
        queries = check_queries(X)
        forward = self._loaded()[1]
        encoded = (self._encode(queries[at : at + _PREDICT_BATCH]) for at in range(0, len(queries), _PREDICT_BATCH))
        return np.concatenate([forward(batch).numpy() for batch in encoded]).astype(float)

    @property
    def network_(self) -> Any:
        """The Keras model behind this classifier, to look at or to convert."""
        check_is_fitted(self, "weights_")
        return self._loaded()[0]

    @property
    def n_parameters_(self) -> int:
        """Number of learned weights."""
        check_is_fitted(self, "weights_")
        return sum(weight.size for weight in self.weights_)

    @property
    def size_bytes_(self) -> int:
        """Size of the pickled model in bytes, which is what has to be shipped."""
        check_is_fitted(self, "weights_")
        return len(pickle.dumps(self))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_runtime"}

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    def _loaded(self) -> tuple[Any, Any]:
        """Network and compiled forward pass, built around the weights after unpickling."""
        if not hasattr(self, "_runtime"):
            network = self._build(load_keras())
            network.set_weights(self.weights_)
            self._runtime = self._make_runtime(network)
        return self._runtime

    def _make_runtime(self, network: Any) -> tuple[Any, Any]:
        import tensorflow as tf

        # traced once for every shape; Keras's own predict() costs tens of ms a call
        signature = tf.TensorSpec([None] * len(network.input_shape), tf.int32)
        forward = tf.function(
            lambda inputs: tf.nn.softmax(network(inputs, training=False)), input_signature=[signature]
        )
        return network, forward


def _length_sorted_batches(
    keras: Any, inputs: np.ndarray, targets: np.ndarray, batch_size: int, length_multiple: int
) -> Any:
    """Batches of queries of similar length, in another random order each epoch.

    Padding is computed like text; sorting a few batches' worth of shuffled queries by
    length leaves little of it.
    """
    lengths = inputs.any(axis=2).sum(axis=1)
    rng = np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002 (seeded by reproducible())

    class Batches(keras.utils.Sequence):
        def __init__(self) -> None:
            self.on_epoch_end()

        def __len__(self) -> int:
            return math.ceil(len(inputs) / batch_size)

        def on_epoch_end(self) -> None:
            order = rng.permutation(len(inputs))
            pool = batch_size * _BATCHES_SORTED_TOGETHER
            pools = [order[start : start + pool] for start in range(0, len(order), pool)]
            order = np.concatenate([rows[np.argsort(lengths[rows], kind="stable")] for rows in pools])
            batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
            self.batches = [batches[number] for number in rng.permutation(len(batches))]

        def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
            rows = self.batches[number]
            length = -(-int(lengths[rows].max()) // length_multiple) * length_multiple
            return inputs[rows, :length], targets[rows]

    return Batches()


def _warm_cosine(keras: Any, peak: float, steps: int) -> Any:
    """Learning rate that rises over the first tenth of the steps and falls to zero."""
    warmup = max(1, steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        peak / 10, max(1, steps - warmup), warmup_target=peak, warmup_steps=warmup
    )


def _smoothed_cross_entropy(smoothing: float, n_classes: int) -> Any:
    """Cross-entropy from logits against labels softened towards uniform."""
    import tensorflow as tf

    def loss(labels: Any, logits: Any) -> Any:
        wanted = tf.one_hot(tf.cast(tf.reshape(labels, [-1]), tf.int32), n_classes)
        wanted = wanted * (1 - smoothing) + smoothing / n_classes
        return tf.nn.softmax_cross_entropy_with_logits(wanted, logits)

    return loss
