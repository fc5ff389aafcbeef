"""Distillation: a small network that learns what a large one answers, next to one that learns without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coursekit._number_checks import as_finite, check_number, told
from coursekit.modeling.optimization import _retraining as _r
from coursekit.short_repr import ShortRepr

_SMALLEST = 1e-12
"""Probability below which a logarithm is not taken."""


@dataclass(frozen=True, eq=False, repr=False)
class Distillation(ShortRepr):
    """A student that learned from a teacher, and its twin that did not."""

    student: Any
    """Keras model trained with the teacher's answers."""
    control: Any
    """The same model from the same start: as many steps of as many examples, all of them labelled, no teacher."""
    history: pd.DataFrame
    """Loss and accuracy of the student on the training examples, a row per epoch; accuracy where there are labels."""
    control_history: pd.DataFrame
    """The same of the control."""
    temperature: float
    """What the logits were divided by."""
    examples: int
    """Labelled examples."""
    unlabeled: int
    """Examples of which only the teacher's answers were used."""

    def to_frame(self) -> pd.DataFrame:
        """Loss and accuracy on the training examples, a row per epoch, of student and control."""
        frames = {"student": self.history, "control": self.control_history}
        return pd.concat(frames, names=["model", "epoch"]).reset_index()


def distill(
    teacher: Any,
    student: Any,
    X: np.ndarray,
    y: np.ndarray,
    *,
    unlabeled: np.ndarray | None = None,
    temperature: float = 4.0,
    teacher_weight: float = 0.7,
    epochs: int = 10,
    batch_size: int = 64,
    learning_rate: float = 5e-3,
    seed: int = 0,
    verbose: int = 0,
) -> Distillation:
    r"""Train a copy of a small network to answer as a large one does, and a second copy without.

    A label says "defective"; a teacher says "defective, and one in five that it is not". With labels for
    everything, that adds little: on the same data a student is often as good without a teacher, which is what the
    control shows and many reports leave out. What a teacher brings for certain is labels for pictures that nobody
    has labelled, and those a factory has by the thousand.

    With logits :math:`z`, :math:`v` of student and teacher, temperature :math:`T` and the teacher's weight
    :math:`\alpha`, the loss of an example is

    .. math:: (1 - \alpha) \, H\bigl(y, \sigma(z)\bigr)
              + \alpha \, T^2 \, \mathrm{KL}\bigl(\sigma(v / T) \,\|\, \sigma(z / T)\bigr)

    The gradients of the second term shrink with :math:`1 / T^2`, which its factor undoes. Examples without a label
    have the second term only; the first is averaged over the labelled ones of a batch.

    An epoch is a pass over all examples. The control makes as many steps with batches of the same size: it sees its
    labelled examples again while the student sees unlabelled ones. What it lacks is the teacher, not the computing.

    Parameters
    ----------
    teacher
        Trained Keras-2 classifier, or a `Tuned`; softmax or logits.
    student
        Keras-2 classifier of the same input and as many classes, mostly untrained; it is not changed.
    X
        Labelled training examples, shape (n, *input shape).
    y
        Their classes, whole numbers of shape (n,).
    unlabeled
        More examples, shape (m, *input shape), of which only the teacher's answers are used.
    temperature
        Above 0; the higher, the more the teacher's small probabilities count.
    teacher_weight
        The weight :math:`\alpha`, from 0 to 1.
    epochs
        Passes over all examples.
    batch_size
        Examples per step.
    learning_rate
        Where it starts before it falls to zero on a cosine.
    seed
        Seed of order and dropout. The same seed gives the same weights.
    verbose
        0 is silent, 1 shows progress, as in Keras.

    Raises
    ------
    ValueError
        If teacher and student do not take the same input or answer for the same number of classes, or the examples
        do not fit them.

    Examples
    --------
    >>> from coursekit.modeling.training import load_keras
    >>> keras = load_keras()
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> y = (X[:, 0] > 0).astype(int)
    >>> def network(hidden):
    ...     layers = [keras.layers.Dense(hidden, activation="relu", input_shape=(4,)), keras.layers.Dense(2)]
    ...     return keras.Sequential(layers)
    >>> done = distill(network(16), network(2), X, y, epochs=2)
    >>> done.to_frame().columns.tolist()
    ['model', 'epoch', 'loss', 'accuracy']

    References
    ----------
    Hinton, Vinyals, Dean (2015). Distilling the knowledge in a neural network.
    """
    where = "distill"
    taught = _r.check_network(where, teacher, parameter="teacher")
    network = _r.check_network(where, student, parameter="student")
    if taught.input_shape[1:] != network.input_shape[1:] or taught.output_shape[1] != network.output_shape[1]:
        raise ValueError(
            f"{where}: teacher and student must take the same input and answer for the same classes, got "
            f"{taught.input_shape[1:]} to {taught.output_shape[1]} and {network.input_shape[1:]} to "
            f"{network.output_shape[1]}"
        )
    heat = check_number(where, "temperature", temperature, above=True)
    weight = as_finite(teacher_weight)
    if weight is None or not 0 <= weight <= 1:
        raise ValueError(f"{where}: teacher_weight must be from 0 to 1, got {told(teacher_weight)}")
    X = _r.check_inputs(where, network, X)
    y = _r.check_labels(where, network, y, len(X))
    settings = _r.check_settings(
        where, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed, verbose=verbose
    )
    more = X[:0] if unlabeled is None else _r.check_inputs(where, network, unlabeled, parameter="unlabeled")
    everything, total = np.concatenate([X, more]), len(X) + len(more)
    classes = network.output_shape[1]
    labels = np.zeros((total, classes), np.float32)
    labels[np.arange(len(X)), y] = 1
    with _r.quiet(settings["seed"]):
        answers = _logits(where, taught, taught.predict(everything, verbose=0)).numpy()
        learner = _r.copied(network)
        history = _r.train(
            learner,
            everything,
            np.concatenate([labels, answers], axis=1),
            settings,
            loss=_loss(where, network, heat, weight),
            metrics=[_accuracy(classes)],
        )
    again = np.arange(total) % len(X)
    with _r.quiet(settings["seed"]):
        control = _r.copied(network)
        control_history = _r.train(
            control, X[again], y[again], settings, loss=_r.class_loss(where, network), metrics=["accuracy"]
        )
    return Distillation(learner, control, history, control_history, heat, len(X), len(more))


def _logits(where: str, model: Any, outputs: Any) -> Any:
    """Logits, up to a constant, of what a model answers."""
    import tensorflow as tf

    outputs = tf.convert_to_tensor(outputs, tf.float32)
    return outputs if _r.gives_logits(where, model) else tf.math.log(tf.maximum(outputs, _SMALLEST))


def _loss(where: str, network: Any, heat: float, weight: float) -> Any:
    """Loss of the student; targets are one-hot labels, all zero where there is none, beside the teacher's logits."""
    import tensorflow as tf

    def loss(targets: Any, outputs: Any) -> Any:
        labels, taught = tf.split(targets, 2, axis=1)
        logits = _logits(where, network, outputs)
        soft = tf.nn.softmax(taught / heat)
        gap = tf.nn.log_softmax(taught / heat) - tf.nn.log_softmax(logits / heat)
        from_teacher = heat**2 * tf.reduce_sum(soft * gap, axis=1)
        # zero without a label; so that a batch's mean is one over its labelled examples
        share = tf.math.divide_no_nan(1.0, tf.reduce_mean(tf.reduce_sum(labels, axis=1)))
        from_labels = -share * tf.reduce_sum(labels * tf.nn.log_softmax(logits), axis=1)
        return (1 - weight) * from_labels + weight * from_teacher

    return loss


def _accuracy(classes: int) -> Any:
    """Accuracy over the examples that have a label, over a whole epoch."""
    import tensorflow as tf

    keras = _r.load_keras()

    class Accuracy(keras.metrics.Mean):  # type: ignore[name-defined]
        def update_state(self, targets: Any, outputs: Any, sample_weight: Any = None) -> Any:
            labels = targets[:, :classes]
            right = tf.cast(tf.argmax(labels, axis=1) == tf.argmax(outputs, axis=1), tf.float32)
            return super().update_state(right, tf.reduce_sum(labels, axis=1))

    return Accuracy(name="accuracy")
