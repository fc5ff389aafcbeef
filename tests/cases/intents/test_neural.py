from __future__ import annotations

import pickle
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from coursekit.cases.intents._encoding import N_JAMO, codes_of, jamo_ids, ngram_ids
from coursekit.cases.intents.neural import DenseClassifier, LSTMClassifier, TransformerClassifier

TINY = {
    DenseClassifier: {"n_buckets": 512, "embedding_dim": 16, "hidden_units": 16},
    LSTMClassifier: {"units": 16, "n_buckets": 512, "max_length": 15},
    TransformerClassifier: {"units": 16, "n_layers": 1, "n_heads": 2, "n_buckets": 512, "max_length": 15},
}
CLASSES = list(TINY)


def tiny(kind, **options):
    return kind(**(TINY[kind] | {"epochs": 2, "batch_size": 32, "learning_rate": 0.01} | options))


@pytest.fixture(scope="module", params=CLASSES)
def fitted(request, small):
    return tiny(request.param, epochs=6, dropout=0.1).fit(*small)


# --- encoding


@given(st.integers(0xAC00, 0xD7A3))
def test_jamo_are_those_of_unicode(code):
    """Canonical decomposition (NFD) is the oracle: it names the three jamo by code point."""
    initial, medial, final = jamo_ids(np.array([[code]]))[0, 0].tolist()
    jamo = [*unicodedata.normalize("NFD", chr(code)), chr(0x11A7)][:3]  # 11A7 stands for no final consonant
    assert [ord(part) for part in jamo] == [0x1100 + initial - 1, 0x1161 + medial - 20, 0x11A7 + final - 41]
    assert 1 <= initial < medial < final <= N_JAMO


def test_other_characters_have_no_jamo():
    assert not jamo_ids(codes_of(["a1 ㄱㅏ☂\U0001f327"], max_length=20)).any()


def test_codes_are_cut_padded_and_lower_case():
    codes = codes_of([" Ab가\U0001f327 ", "나다라마바사"], max_length=5, multiple_of=4)
    assert codes.shape == (2, 8)
    assert codes[0].tolist() == [97, 98, 0xAC00, 0x1F327, 0, 0, 0, 0]
    assert "".join(map(chr, codes[1])).rstrip("\0") == "나다라마바"


@given(st.lists(st.text("가나다 ", min_size=1, max_size=6).filter(str.strip), min_size=1, max_size=5))
def test_equal_ngrams_share_a_bucket_and_others_do_not(queries):
    """With 2^40 buckets a collision of these few n-grams would be a defect of the mixing."""
    codes = codes_of(queries, max_length=6)
    ids = ngram_ids(codes, (1, 2, 3), 2**40)
    bucket_of = {}
    for row, query in enumerate(queries):
        text = query.strip() + "\0" * 3
        for place in range(codes.shape[1]):
            for column, order in enumerate((1, 2, 3)):
                bucket = int(ids[row, place, column])
                if place >= len(query.strip()):
                    assert bucket == 0
                else:
                    assert bucket_of.setdefault(text[place : place + order].ljust(order, "\0"), bucket) == bucket > 0
    assert len(set(bucket_of.values())) == len(bucket_of)


def test_buckets_are_used_evenly():
    n_buckets, codes = 64, np.arange(0xAC00, 0xAC00 + 6400)[None, :]
    counts = np.bincount(ngram_ids(codes, (1, 2), n_buckets).ravel() - 1, minlength=n_buckets)
    assert counts.sum() == 2 * 6400
    assert stats.chisquare(counts).pvalue > 1e-6  # the hash is fixed: this fails or holds for good


# --- models


def test_learns_what_it_was_shown(fitted, small):
    # 480 separable queries: a network that learns at all gets nearly all; chance is .25
    assert fitted.score(*small) > 0.9
    assert fitted.history_["loss"].iloc[-1] < fitted.history_["loss"].iloc[0]


def test_probabilities_are_probabilities(fitted, small):
    probabilities = fitted.predict_proba(small[0])
    assert probabilities.shape == (len(small[0]), 4)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)  # float32 softmax
    assert (fitted.classes_[probabilities.argmax(axis=1)] == fitted.predict(small[0])).all()


def test_an_answer_does_not_depend_on_its_neighbours(fitted):
    """Padding to the longest query of a batch must change nothing, for odd and even lengths."""
    queries = ["뉴스", "내일 날씨", "월요일 아침 알람 꺼", "저녁에 농담 하나만 해 줄래요", "비"]
    together = fitted.predict_proba(queries)
    alone = np.concatenate([fitted.predict_proba([query]) for query in queries])
    np.testing.assert_allclose(together, alone, atol=1e-5)  # float32, another order of summation


def test_pickles_without_tensorflow_objects(fitted, small):
    data = pickle.dumps(fitted)
    assert b"keras" not in data
    copy = pickle.loads(data)
    np.testing.assert_allclose(copy.predict_proba(small[0]), fitted.predict_proba(small[0]), atol=1e-6)
    assert fitted.size_bytes_ == len(data)
    assert fitted.n_parameters_ == fitted.network_.count_params()
    assert fitted.size_bytes_ > 4 * fitted.n_parameters_  # float32 weights and a little more


def test_long_odd_and_foreign_queries_get_an_answer(fitted):
    queries = ["가" * 500, "?", "weather please", "ㅋㅋㅋ", "\U0001f327 오늘", "\u200b날씨", "날씨 " * 3]
    assert np.isfinite(fitted.predict_proba(queries)).all()


def test_same_seed_same_model(fitted, small):
    again = clone(fitted).fit(*small)
    np.testing.assert_array_equal(fitted.predict_proba(small[0]), again.predict_proba(small[0]))


def test_another_seed_another_model(small):
    first, other = (tiny(DenseClassifier, random_state=seed).fit(*small) for seed in (1, 2))
    assert not np.array_equal(first.predict_proba(small[0]), other.predict_proba(small[0]))


@pytest.mark.parametrize("kind", CLASSES)
def test_scikit_learn_conventions(kind):
    model = tiny(kind, epochs=3)
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        model.predict(["날씨"])
    with pytest.raises(NotFittedError):
        _ = model.size_bytes_
    with pytest.raises(NotFittedError):
        _ = model.network_


def test_refitting_forgets_the_old_model(small):
    queries, intents = small
    model = tiny(DenseClassifier).fit(queries, intents)
    model.predict(queries[:1])
    two = [row for row, intent in enumerate(intents) if intent in ("weather", "news")]
    model.fit([queries[row] for row in two], [intents[row] for row in two])
    assert model.predict_proba(queries[:3]).shape == (3, 2)


@pytest.mark.parametrize(
    ("model", "arguments", "error", "message"),
    [
        (DenseClassifier(), (["가", ""], ["news", "music"]), ValueError, "row 1 is empty"),
        (DenseClassifier(), (["가", 1], ["news", "music"]), TypeError, "row 1 is 1"),
        (LSTMClassifier(), (["가", "나"], ["news", "musik"]), ValueError, "unknown intent 'musik'.*'music'"),
        (LSTMClassifier(), (["가", "나"], ["news", "news"]), ValueError, "at least two intents"),
        (LSTMClassifier(max_length=0), (["가", "나"], ["news", "music"]), ValueError, "max_length must be positive"),
        (DenseClassifier(ngram_range=(3, 1)), (["가", "나"], ["news", "music"]), ValueError, "ngram_range"),
        (DenseClassifier(epochs=0), (["가", "나"], ["news", "music"]), ValueError, "epochs must be positive"),
        (
            TransformerClassifier(units=10, n_heads=4),
            (["가", "나"], ["news", "music"]),
            ValueError,
            "multiple of n_heads",
        ),
    ],
)
def test_bad_input_is_named(model, arguments, error, message):
    with pytest.raises(error, match=message):
        model.fit(*arguments)
    with pytest.raises(NotFittedError):
        model.predict(["가"])


QUIET = """
import numpy as np
from coursekit.cases.intents.neural import DenseClassifier, LSTMClassifier, TransformerClassifier
queries = ["내일 날씨", "오늘 뉴스 들려줘", "날씨 알려줘", "뉴스"] * 8
for model in (DenseClassifier(epochs=1), LSTMClassifier(epochs=1, units=8), TransformerClassifier(epochs=1, units=8)):
    model.fit(queries, ["weather", "news"] * 16)
    for length in range(1, 12):
        model.predict(["가" * length])
"""


def test_nothing_is_written_to_stderr_or_stdout():
    """nbgrader gives no points to a test cell that writes to stderr."""
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
