"""Three networks for intents: a bag of n-grams (DNN), an LSTM, and a Transformer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from coursekit.cases.intents._encoding import N_JAMO, codes_of, jamo_ids, ngram_ids
from coursekit.cases.intents._network import NetworkClassifier

_ORDERS = (1, 2, 3)
"""Lengths of the character n-grams that LSTM and Transformer see at each place."""
_STRIDE = 2
"""Characters per step of LSTM and Transformer."""


class DenseClassifier(NetworkClassifier):
    r"""Hashed character n-grams, averaged as vectors, then a dense network (DNN).

    The order of the n-grams is lost and hardly missed in queries this short. Hashing the
    n-grams into a fixed number of buckets leaves no vocabulary that could differ between
    training and serving; collisions cost a little accuracy.

    .. math:: h = \frac{1}{\sqrt{|G(x)|}} \sum_{g \in G(x)} E_{\mathrm{hash}(g)}, \qquad
              P(y \mid x) = \mathrm{softmax}(W_2\, \mathrm{relu}(W_1 h + b_1) + b_2)

    Parameters
    ----------
    ngram_range
        Shortest and longest character n-gram.
    n_buckets
        Buckets that n-grams are hashed into.
    embedding_dim
        Length of each bucket's vector.
    hidden_units
        Units of the hidden layer.
    max_length
        Characters read of a query; the rest is cut.
    dropout
        Share of units silenced in training.
    epochs
        Passes over the training data.
    batch_size
        Queries per step.
    learning_rate
        Peak of the learning rate, which rises over the first tenth and falls to zero.
    label_smoothing
        Probability spread evenly over all classes in the training labels.
    random_state
        Seed of initial weights, order and dropout; None takes a new one each time.
    verbose
        0 is silent, 1 prints progress, as in Keras.

    Attributes
    ----------
    classes_ : ndarray
        Intents seen in training, sorted.
    history_ : DataFrame
        Loss and accuracy on the training data, a row per epoch.
    network_ : keras.Model
        The network, to look at or to convert.

    Examples
    --------
    >>> model = DenseClassifier(epochs=5, embedding_dim=32)
    >>> model.get_params()["epochs"]
    5

    References
    ----------
    Joulin et al. (2017). Bag of tricks for efficient text classification. EACL.
    Weinberger et al. (2009). Feature hashing for large scale multitask learning. ICML.
    """

    def __init__(
        self,
        *,
        ngram_range: tuple[int, int] = (1, 3),
        n_buckets: int = 2**14,
        embedding_dim: int = 64,
        hidden_units: int = 128,
        max_length: int = 64,
        dropout: float = 0.5,
        epochs: int = 5,
        batch_size: int = 128,
        learning_rate: float = 5e-3,
        label_smoothing: float = 0.05,
        random_state: int | None = 0,
        verbose: int = 0,
    ) -> None:
        self.ngram_range = ngram_range
        self.n_buckets = n_buckets
        self.embedding_dim = embedding_dim
        self.hidden_units = hidden_units
        self.max_length = max_length
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.label_smoothing = label_smoothing
        self.random_state = random_state
        self.verbose = verbose

    def _orders(self) -> range:
        shortest, longest = self.ngram_range
        if not 1 <= shortest <= longest:
            raise ValueError(
                f"ngram_range must be (shortest, longest) with 1 <= shortest <= longest, got {self.ngram_range}"
            )
        return range(shortest, longest + 1)

    def _encode(self, queries: Sequence[str]) -> np.ndarray:
        return ngram_ids(codes_of(queries, max_length=self.max_length), self._orders(), self.n_buckets)

    def _build(self, keras: Any) -> Any:
        import tensorflow as tf

        ngrams = keras.Input((None, len(self._orders())), dtype="int32")
        present = tf.cast(ngrams > 0, tf.float32)[..., None]
        vectors = keras.layers.Embedding(self.n_buckets + 1, self.embedding_dim)(ngrams)
        bag = tf.reduce_sum(vectors * present, axis=[1, 2]) / tf.sqrt(tf.reduce_sum(present, axis=[1, 2]))
        hidden = keras.layers.Dropout(self.dropout)(bag)
        hidden = keras.layers.Dense(self.hidden_units, activation="relu")(hidden)
        hidden = keras.layers.Dropout(self.dropout)(hidden)
        return keras.Model(ngrams, keras.layers.Dense(len(self.classes_))(hidden))


class _CharacterClassifier(NetworkClassifier):
    """What LSTM and Transformer share: reading a query as characters and their jamo."""

    units: int
    dropout: float
    max_length: int
    # a convolution of stride 2 pads odd lengths differently, so that the answer to a query
    # would depend on the length of its neighbours in the batch
    _length_multiple = _STRIDE

    def _encode(self, queries: Sequence[str]) -> np.ndarray:
        codes = codes_of(queries, max_length=self.max_length, multiple_of=_STRIDE)
        ngrams = ngram_ids(codes, _ORDERS, self.n_buckets)
        return np.concatenate([jamo_ids(codes), ngrams + N_JAMO * (ngrams > 0)], axis=2)

    def _stem(self, keras: Any) -> tuple[Any, Any, Any, Any]:
        """Input; vectors of shape (batch, ceil(length / 2), units); 1 where there is text; bag of all vectors."""
        import tensorflow as tf

        symbols = keras.Input((None, 3 + len(_ORDERS)), dtype="int32")
        used = tf.cast(symbols > 0, tf.float32)
        vectors = keras.layers.Embedding(1 + N_JAMO + self.n_buckets, self.units)(symbols) * used[..., None]
        vectors = tf.reduce_sum(vectors, axis=2)
        present = used[:, :, -1:]
        bag = tf.reduce_sum(vectors, axis=1) / tf.sqrt(tf.reduce_sum(present, axis=1))
        vectors = keras.layers.Dropout(self.dropout)(vectors)
        # three neighbours at a time, every second place: half the steps for what follows
        vectors = keras.layers.Conv1D(self.units, 3, strides=_STRIDE, padding="same", activation="relu")(vectors)
        present = keras.layers.MaxPooling1D(_STRIDE, padding="same")(present)
        return symbols, vectors * present, present, bag

    def _head(self, keras: Any, summary: Any, bag: Any) -> Any:
        """Logits from what was read in order, beside what is there in any order."""
        import tensorflow as tf

        both = keras.layers.Dropout(self.dropout)(tf.concat([summary, bag], axis=1))
        return keras.layers.Dense(len(self.classes_))(both)


class LSTMClassifier(_CharacterClassifier):
    r"""Reads the query character by character, in both directions, with a memory (LSTM).

    Order counts: "뉴스 말고 날씨" and "날씨 말고 뉴스" hold the same n-grams, nearly. Each
    place is the sum of the vectors of the n-grams that begin there (hashed, as in
    `DenseClassifier`) and of the jamo of its syllable, so that a misspelt syllable is still
    near the right one. A convolution takes three neighbours at every second character and halves the
    steps, the largest cost of a model that cannot compute its steps side by side.

    .. math:: c_t = f_t \odot c_{t-1} + i_t \odot \tilde c_t, \qquad h_t = o_t \odot \tanh c_t

    with gates :math:`f, i, o` from the input and :math:`h_{t-1}`; each unit's largest state
    over time goes to the softmax, with the sum of all vectors beside it: a short cut past the
    LSTM, without which the network takes several times as long to learn the plain words.

    Parameters
    ----------
    units
        Length of the vector at each place, and units of the LSTM in each direction.
    dropout
        Share of units silenced in training.
    n_buckets
        Buckets that n-grams are hashed into.
    max_length
        Characters read of a query; the rest is cut.
    epochs
        Passes over the training data.
    batch_size
        Queries per step.
    learning_rate
        Peak of the learning rate, which rises over the first tenth and falls to zero.
    label_smoothing
        Probability spread evenly over all classes in the training labels.
    random_state
        Seed of initial weights, order and dropout; None takes a new one each time.
    verbose
        0 is silent, 1 prints progress, as in Keras.

    Attributes
    ----------
    classes_ : ndarray
        Intents seen in training, sorted.
    history_ : DataFrame
        Loss and accuracy on the training data, a row per epoch.
    network_ : keras.Model
        The network, to look at or to convert.

    Examples
    --------
    >>> model = LSTMClassifier(units=32, epochs=3)
    >>> model.get_params()["units"]
    32

    References
    ----------
    Hochreiter, Schmidhuber (1997). Long short-term memory. Neural Computation.
    """

    def __init__(
        self,
        *,
        units: int = 64,
        dropout: float = 0.5,
        n_buckets: int = 2**14,
        max_length: int = 64,
        epochs: int = 4,
        batch_size: int = 128,
        learning_rate: float = 5e-3,
        label_smoothing: float = 0.05,
        random_state: int | None = 0,
        verbose: int = 0,
    ) -> None:
        self.units = units
        self.dropout = dropout
        self.n_buckets = n_buckets
        self.max_length = max_length
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.label_smoothing = label_smoothing
        self.random_state = random_state
        self.verbose = verbose

    def _build(self, keras: Any) -> Any:
        import tensorflow as tf

        symbols, vectors, present, bag = self._stem(keras)
        # Keras 2's own LSTM layer traces a branch for GPUs as well: seconds before the first step.
        lstm = keras.layers.RNN(keras.layers.LSTMCell(self.units), return_sequences=True)
        states = keras.layers.Bidirectional(lstm)(vectors, mask=present[:, :, 0] > 0)
        # states lie in (-1, 1): padding can never be the largest
        strongest = tf.reduce_max(states - 2 * (1 - present), axis=1)
        return keras.Model(symbols, self._head(keras, strongest, bag))


class TransformerClassifier(_CharacterClassifier):
    r"""Lets every part of the query look at every other part (self-attention).

    What distinguishes "비 오는 날 듣기 좋은 노래" from the weather stands at the other end of the
    query; attention reaches it in one step, and all steps are computed side by side.
    Characters are read as in `LSTMClassifier`.

    .. math:: \mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V

    Pre-normalised layers of attention and a small dense network, each with a residual
    connection; the mean over the query goes to the softmax, with the sum of all
    vectors beside it, as in `LSTMClassifier`.

    Parameters
    ----------
    units
        Length of the vectors; a multiple of n_heads.
    n_layers
        Layers of attention.
    n_heads
        Attention heads per layer.
    dropout
        Share of units silenced in training.
    n_buckets
        Buckets that n-grams are hashed into.
    max_length
        Characters read of a query; the rest is cut.
    epochs
        Passes over the training data.
    batch_size
        Queries per step.
    learning_rate
        Peak of the learning rate, which rises over the first tenth and falls to zero.
    label_smoothing
        Probability spread evenly over all classes in the training labels.
    random_state
        Seed of initial weights, order and dropout; None takes a new one each time.
    verbose
        0 is silent, 1 prints progress, as in Keras.

    Attributes
    ----------
    classes_ : ndarray
        Intents seen in training, sorted.
    history_ : DataFrame
        Loss and accuracy on the training data, a row per epoch.
    network_ : keras.Model
        The network, to look at or to convert.

    Examples
    --------
    >>> model = TransformerClassifier(n_layers=1, epochs=3)
    >>> model.get_params()["n_layers"]
    1

    References
    ----------
    Vaswani et al. (2017). Attention is all you need. NeurIPS.
    Clark et al. (2022). CANINE: pre-training an efficient tokenization-free encoder for
    language representation. TACL (characters, downsampled by a strided convolution).
    """

    def __init__(
        self,
        *,
        units: int = 64,
        n_layers: int = 1,
        n_heads: int = 4,
        dropout: float = 0.5,
        n_buckets: int = 2**14,
        max_length: int = 64,
        epochs: int = 4,
        batch_size: int = 128,
        learning_rate: float = 1e-2,
        label_smoothing: float = 0.05,
        random_state: int | None = 0,
        verbose: int = 0,
    ) -> None:
        self.units = units
        self.n_layers = n_layers
        self.n_heads = n_heads
        self.dropout = dropout
        self.n_buckets = n_buckets
        self.max_length = max_length
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.label_smoothing = label_smoothing
        self.random_state = random_state
        self.verbose = verbose

    def _build(self, keras: Any) -> Any:
        import tensorflow as tf

        if self.units % self.n_heads:
            raise ValueError(f"units must be a multiple of n_heads, got {self.units} and {self.n_heads}")
        layers = keras.layers
        symbols, vectors, present, bag = self._stem(keras)
        vectors = vectors + layers.Embedding(self.max_length // _STRIDE + 1, self.units)(tf.range(tf.shape(vectors)[1]))
        attended = tf.transpose(present, [0, 2, 1]) > 0
        for _ in range(self.n_layers):
            normed = layers.LayerNormalization()(vectors)
            heads = layers.MultiHeadAttention(self.n_heads, self.units // self.n_heads, dropout=self.dropout)
            vectors = vectors + layers.Dropout(self.dropout)(heads(normed, normed, attention_mask=attended))
            normed = layers.LayerNormalization()(vectors)
            wide = layers.Dense(2 * self.units, activation="relu")(normed)
            vectors = vectors + layers.Dropout(self.dropout)(layers.Dense(self.units)(wide))
        vectors = layers.LayerNormalization()(vectors) * present
        mean = tf.reduce_sum(vectors, axis=1) / tf.reduce_sum(present, axis=1)
        return keras.Model(symbols, self._head(keras, mean, bag))
