"""A small convolutional network that inspects parts, with a probability that can be believed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from coursekit._number_checks import as_finite, check_number, check_whole, told
from coursekit.cases.inspection import _network
from coursekit.cases.inspection.parts import Parts, as_input
from coursekit.modeling.training import load_keras, reproducible
from coursekit.writing import write_together

_HELD_OUT = 0.25
"""Share of the parts that the probability is calibrated on."""
_FEWEST = 10
"""Parts of either kind that training and calibration need."""
_PREDICT_BATCH = 512
_STEP = 16
"""The network halves a picture four times."""


class CnnInspector(BaseEstimator):
    r"""Probability that a part has a defect, from its picture, at the defect rate of the line.

    A line with one defect in fifty gives a network little to learn from, so it is trained where defects are
    frequent. Its probability then answers for that world: at a true rate of .02 it would cry wolf. Here the
    network's score is turned into a density ratio on parts that it has not seen, and the ratio into a
    probability at the rate that is asked for; costs may be multiplied with it.

    .. math:: \log \frac{p}{1 - p} = \log \frac{\pi}{1 - \pi} + a + b z

    with :math:`z` the network's log odds and :math:`\pi` the defect rate. How well :math:`a` and :math:`b` are
    known depends on the parts that `fit` is given for it: their standard errors are near .3 and .15 with
    1,500 parts, near .1 and .05 with 20,000. It holds in the light that those parts were seen in, and in no other.

    The layers (Conv2D, BatchNormalization, ReLU, MaxPooling2D, Dense, softmax) can all be quantized.

    Parameters
    ----------
    width
        Times as many filters in each layer: 1 has 24 thousand parameters for pictures of 48 by 48, 2 has 90, and 4
        has 350 thousand, more than the task needs: something for week 7 to compress.
    epochs
        Passes over the training parts; 6 are enough for 6,000 parts, 3,000 want 8.
    batch_size
        Parts per step.
    learning_rate
        Peak of the learning rate, which rises over the first tenth and falls to zero.
    seed
        Seed of initial weights, order, held-out parts and dropout.
    verbose
        0 is silent, 1 prints progress, as in Keras.

    Attributes
    ----------
    history_ : DataFrame
        Loss and accuracy on the training parts, a row per epoch.
    model_ : keras.Model
        The network: pictures of shape (n, size, size, 1), 0 to 1, in; softmax over (in order, defective) out.
    ratio_ : ndarray
        The numbers a and b above.

    Examples
    --------
    >>> from coursekit.cases.inspection import make_parts
    >>> inspector = CnnInspector(epochs=1).fit(make_parts(200, defect_rate=0.5, size=32))
    >>> inspector.defect_probability(make_parts(3, size=32, seed=1)).shape
    (3,)

    References
    ----------
    Elkan (2001). The foundations of cost-sensitive learning. IJCAI.
    Saerens, Latinne, Decaestecker (2002). Adjusting the outputs of a classifier to new a priori probabilities.
    """

    def __init__(
        self,
        *,
        width: int = 1,
        epochs: int = 6,
        batch_size: int = 64,
        learning_rate: float = 5e-3,
        seed: int = 0,
        verbose: int = 0,
    ) -> None:
        self.width = width
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.seed = seed
        self.verbose = verbose

    def fit(self, parts: Parts, *, calibration_parts: Parts | None = None) -> CnnInspector:
        """Learn from parts of known state, of which about half should be defective.

        The probability is calibrated on ``calibration_parts``, or, if there are none, on a quarter of ``parts``,
        which then takes no part in the training.
        """
        width = check_whole("CnnInspector", "width", self.width, low=1, high=64)
        epochs = check_whole("CnnInspector", "epochs", self.epochs, low=1)
        batch_size = check_whole("CnnInspector", "batch_size", self.batch_size, low=1)
        peak = check_number("CnnInspector", "learning_rate", self.learning_rate, above=True)
        seed = check_whole("CnnInspector", "seed", self.seed, high=2**32 - 1)
        for name, given in (("parts", parts), ("calibration_parts", calibration_parts)):
            if not isinstance(given, Parts) and not (given is None and name == "calibration_parts"):
                raise ValueError(f"CnnInspector.fit: {name} must be Parts of make_parts, got {type(given).__name__}")
        size = parts.images.shape[1]
        if size % _STEP:
            raise ValueError(f"CnnInspector.fit: size of the pictures must be a multiple of {_STEP}, got {size}")
        if calibration_parts is None:
            held = _held_out(parts.is_defective, seed)
            learned, kept = parts.take(~held), parts.take(held)
        else:
            learned, kept = parts, calibration_parts
            if kept.images.shape[1] != size:
                raise ValueError(
                    f"CnnInspector.fit: calibration_parts must be of the size of parts, {size}, got "
                    f"{kept.images.shape[1]}"
                )
        for use, those in (("training", learned), ("calibration", kept)):
            for count, name in ((those.is_defective.sum(), "defective"), ((~those.is_defective).sum(), "in order")):
                if count < _FEWEST:
                    raise ValueError(
                        f"CnnInspector.fit: {use} needs at least {_FEWEST} parts that are {name}, got {count}; give "
                        "parts of make_parts(n, defect_rate=0.5)"
                    )
        keras = load_keras()
        with reproducible(seed):
            feed = _network.batches(keras, learned.images, learned.is_defective.astype(np.int64), batch_size, seed)
            network = _network.build(keras, size, width)
            steps = epochs * len(feed)
            rate = keras.optimizers.schedules.CosineDecay(
                peak / 10, max(1, steps - steps // 10), warmup_target=peak, warmup_steps=max(1, steps // 10)
            )
            network.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
            history = network.fit(feed, epochs=epochs, shuffle=False, verbose=self.verbose)
        self.history_ = pd.DataFrame(history.history).rename_axis("epoch")
        self.size_, self.weights_ = size, network.get_weights()
        self._runtime = _runtime(network)
        self.ratio_ = _network.fit_ratio(self._score(kept.images), kept.is_defective.astype(float))
        return self

    def defect_probability(self, parts: Parts | np.ndarray, *, defect_rate: float = 0.02) -> np.ndarray:
        """Probability of a defect, shape (n,), on a line where ``defect_rate`` of the parts have one.

        ``parts`` are `Parts` or their images, uint8 of shape (n, size, size).
        """
        rate = as_finite(defect_rate)
        if rate is None or not 0 < rate < 1:
            raise ValueError(
                "CnnInspector.defect_probability: defect_rate must be a share above 0 and below 1 (that of the "
                f"line), got {told(defect_rate)}"
            )
        check_is_fitted(self, "weights_")
        images = self._images(parts)
        odds = np.log(rate / (1 - rate)) + _network.log_ratio(self._score(images), self.ratio_)
        return 1 / (1 + np.exp(-odds))

    def predict(self, parts: Parts | np.ndarray, *, threshold: float = 0.5, defect_rate: float = 0.02) -> np.ndarray:
        """Whether to reject each part, boolean of shape (n,): its probability is at least the threshold."""
        limit = as_finite(threshold)
        if limit is None or not 0 <= limit <= 1:
            raise ValueError(
                f"CnnInspector.predict: threshold must be a probability from 0 to 1, got {told(threshold)}"
            )
        return self.defect_probability(parts, defect_rate=defect_rate) >= limit

    def save(self, path: str | Path) -> Path:
        """Write the inspector into one file, whole or not at all; it holds numbers only and runs no code."""
        check_is_fitted(self, "weights_")
        told_of = {"params": self.get_params(), "size": self.size_, "history": self.history_.to_dict("list")}
        arrays = {f"weight_{number:03d}": weight for number, weight in enumerate(self.weights_)}
        about = np.array(json.dumps(told_of))
        write_together({Path(path): lambda file: np.savez(file, about=about, ratio=self.ratio_, **arrays)})
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> CnnInspector:
        """Read what `save` wrote."""
        try:
            with np.load(Path(path), allow_pickle=False) as file:
                about, ratio = json.loads(str(file["about"])), file["ratio"]
                weights = [file[name] for name in sorted(file.files) if name.startswith("weight_")]
            if ratio.shape != (2,):
                raise ValueError(f"it holds {ratio.size} numbers of the density ratio and not 2; train anew")
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"CnnInspector.load: {path} is no file of CnnInspector.save: {error}") from error
        inspector = cls(**about["params"])
        inspector.size_, inspector.ratio_, inspector.weights_ = about["size"], ratio, weights
        inspector.history_ = pd.DataFrame(about["history"]).rename_axis("epoch")
        return inspector

    @property
    def model_(self) -> Any:
        """The Keras model, to look at, to convert or to quantize."""
        check_is_fitted(self, "weights_")
        return self._loaded()[0]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_runtime"}

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    def _images(self, parts: Parts | np.ndarray) -> np.ndarray:
        images = np.asarray(parts.images if isinstance(parts, Parts) else parts)
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (self.size_, self.size_):
            raise ValueError(
                f"CnnInspector: parts must be Parts or images, uint8 of shape (n, {self.size_}, {self.size_}) as in "
                f"training, got {images.dtype} of shape {images.shape}"
            )
        return images

    def _score(self, images: np.ndarray) -> np.ndarray:
        """The network's log odds of a defect, shape (n,)."""
        if not len(images):
            return np.zeros(0)
        forward = self._loaded()[1]
        starts = range(0, len(images), _PREDICT_BATCH)
        outputs = [forward(as_input(images[at : at + _PREDICT_BATCH])).numpy() for at in starts]
        return _network.log_odds(np.concatenate(outputs))

    def _loaded(self) -> tuple[Any, Any]:
        """Network and compiled forward pass, built around the weights after loading."""
        if not hasattr(self, "_runtime"):
            network = _network.build(load_keras(), self.size_, self.width)
            network.set_weights(self.weights_)
            self._runtime = _runtime(network)
        return self._runtime


def _runtime(network: Any) -> tuple[Any, Any]:
    import tensorflow as tf

    # traced once for any number of parts; Keras's own predict() costs tens of ms a call
    signature = tf.TensorSpec([None, *network.input_shape[1:]], tf.float32)
    return network, tf.function(lambda inputs: network(inputs, training=False), input_signature=[signature])


def _held_out(defective: np.ndarray, seed: int) -> np.ndarray:
    """A quarter of the defective parts and of those in order, True for each, shape (n,)."""
    rng = np.random.default_rng(seed)
    held = np.zeros(len(defective), bool)
    for kind in (False, True):
        rows = rng.permutation(np.flatnonzero(defective == kind))
        held[rows[: int(_HELD_OUT * len(rows))]] = True
    return held
