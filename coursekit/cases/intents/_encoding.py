"""From Korean text to integers for a network: jamo and hashed character n-grams, place by place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_FIRST_SYLLABLE, _N_SYLLABLES = 0xAC00, 11_172
_N_INITIAL, _N_MEDIAL, _N_FINAL = 19, 21, 28
N_JAMO = _N_INITIAL + _N_MEDIAL + _N_FINAL
"""Initial consonants, vowels and final consonants (one of them: none) of a Hangul syllable."""


def codes_of(queries: Sequence[str], *, max_length: int, multiple_of: int = 1) -> np.ndarray:
    """Code points of shape (n, length), 0 after the end; lower case, cut after max_length characters.

    The length is that of the longest query, rounded up to a multiple.
    """
    texts = [query.strip().lower()[:max_length] for query in queries]
    length = -(-max(map(len, texts)) // multiple_of) * multiple_of
    padded = "".join(text.ljust(length, "\0") for text in texts)
    return np.frombuffer(padded.encode("utf-32-le"), dtype="<u4").reshape(len(texts), length).astype(np.int64)


def jamo_ids(codes: np.ndarray) -> np.ndarray:
    """Numbers (from 1 to N_JAMO) of the three jamo at each place, 0 where no syllable stands; shape (..., 3).

    Unicode orders the 11,172 syllables by initial, medial and final, so this is arithmetic.
    """
    index = codes - _FIRST_SYLLABLE
    initial, rest = np.divmod(index, _N_MEDIAL * _N_FINAL)
    medial, final = np.divmod(rest, _N_FINAL)
    ids = np.stack([1 + initial, 1 + _N_INITIAL + medial, 1 + _N_INITIAL + _N_MEDIAL + final], axis=-1)
    is_syllable = (index >= 0) & (index < _N_SYLLABLES)
    return ids * is_syllable[..., None]


def ngram_ids(codes: np.ndarray, orders: Sequence[int], n_buckets: int) -> np.ndarray:
    """Bucket (from 1 to n_buckets) of the n-gram that begins at each place, shape (..., len(orders)).

    Hashing needs no vocabulary: nothing to keep in step between training and serving, and an
    n-gram never seen still lands somewhere. n-grams reach over the end, so that the last
    ones tell that they are last.
    """
    columns = []
    for order in orders:
        mixed = np.full(codes.shape, order, dtype=np.uint64)
        for offset in range(order):
            following = np.zeros_like(codes)
            following[:, : codes.shape[1] - offset] = codes[:, offset:]
            # multiply, add, shift: the high bits of a product depend on all bits of its factors
            mixed = (mixed + following.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
        columns.append((1 + mixed % np.uint64(n_buckets)).astype(np.int64) * (codes > 0))
    return np.stack(columns, axis=-1)
