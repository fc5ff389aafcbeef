from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from coursekit.cases.intents.ngram import NgramClassifier


@pytest.fixture(scope="module")
def fitted(small):
    return NgramClassifier().fit(*small)


def test_equals_a_pipeline_of_scikit_learn(small, fitted):
    pipeline = make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True),
        LogisticRegression(C=fitted.C, max_iter=200, tol=1e-3),
    ).fit(*small)
    # the same problem in single and in double precision, both stopped at a gradient of 1e-3:
    # probabilities agree to a few times that
    np.testing.assert_allclose(fitted.predict_proba(small[0]), pipeline.predict_proba(small[0]), atol=1e-2)


def test_learns_and_generalises_over_endings(fitted):
    assert fitted.predict(["모레 날씨가 어떨까요", "경제 뉴스요", "알람 꺼", "농담해 봐"]).tolist() == [
        "weather",
        "news",
        "alarm",
        "out_of_scope",
    ]


def test_probabilities_are_probabilities(small, fitted):
    probabilities = fitted.predict_proba(small[0])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert (fitted.classes_[probabilities.argmax(axis=1)] == fitted.predict(small[0])).all()


def test_probabilities_mean_what_they_say():
    """Labels drawn at random given one word: the model must answer with the drawing's probability."""
    rng, share = np.random.default_rng(0), {"가": 0.9, "나": 0.5, "다": 0.2}
    words = rng.choice(list(share), size=6000)
    intents = np.where(rng.random(6000) < [share[word] for word in words], "news", "music")
    model = NgramClassifier().fit(words.tolist(), intents)
    column = list(model.classes_).index("news")
    for word, probability in share.items():
        # 2,000 draws a word: 4 standard errors are at most .045; the penalty pulls by less than .005
        assert model.predict_proba([word])[0, column] == pytest.approx(probability, abs=0.05)


def test_words_do_not_see_inside_words(small):
    """A particle glued to a word makes a new word, but leaves most of its characters."""
    chars, words = NgramClassifier().fit(*small), NgramClassifier(features="word").fit(*small)
    query = ["날씨는요"]
    assert chars.predict(query).tolist() == ["weather"]
    assert words.vectorizer_.transform(query).nnz == 0
    # without any known word every query gets the same answer
    np.testing.assert_array_equal(words.predict_proba(query), words.predict_proba(["뉴스는요"]))


def test_top_features_speak_for_the_intent(fitted):
    top = fitted.top_features("weather", n=30)
    assert any("날씨" in feature for feature in top["feature"])
    assert top["weight"].is_monotonic_decreasing


def test_top_features_of_two_intents_point_opposite_ways(small):
    queries, intents = zip(*[pair for pair in zip(*small, strict=True) if pair[1] in ("weather", "news")], strict=True)
    model = NgramClassifier().fit(queries, intents)
    assert any("뉴스" in feature for feature in model.top_features("news")["feature"])
    assert any("날씨" in feature for feature in model.top_features("weather")["feature"])


def test_scikit_learn_conventions(small, fitted):
    model = NgramClassifier(features="word", C=3.0)
    assert clone(model).get_params() == model.get_params()
    # every keyword of the patterns is in each shuffled training fold, so the folds are easy
    assert cross_val_score(NgramClassifier(), *small, cv=KFold(3, shuffle=True, random_state=0)).mean() > 0.8
    with pytest.raises(NotFittedError):
        model.predict(["날씨"])
    with pytest.raises(NotFittedError):
        model.top_features("weather")
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.predict_proba(small[0]), fitted.predict_proba(small[0]))
    assert fitted.size_bytes_ == len(pickle.dumps(fitted))
    assert fitted.n_parameters_ == 4 * (len(fitted.vectorizer_.vocabulary_) + 1)


def test_fitting_twice_gives_the_same(small, fitted):
    again = NgramClassifier().fit(*small)
    np.testing.assert_array_equal(again.predict_proba(small[0]), fitted.predict_proba(small[0]))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: NgramClassifier(features="morpheme").fit(["a", "b"], ["news", "music"]),
            ValueError,
            "'char' or 'word'",
        ),
        (lambda: NgramClassifier().fit(["가", "나"], ["news", "news"]), ValueError, "at least two intents"),
        (lambda: NgramClassifier().fit(["가", "나"], ["news", "music"]), ValueError, "lower min_df"),
        (lambda: NgramClassifier().fit(["가", ""], ["news", "music"]), ValueError, "row 1 is empty"),
        (lambda: NgramClassifier().fit(["가", "나"], ["news", "musik"]), ValueError, "row 1: unknown intent 'musik'"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_top_features_of_an_unseen_intent_is_refused(fitted):
    with pytest.raises(ValueError, match="was not in the training data"):
        fitted.top_features("music")
    with pytest.raises(ValueError, match="unknown intent"):
        fitted.top_features("musik")
