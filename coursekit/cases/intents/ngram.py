"""A linear model on pieces of text: small, fast, and hard to beat."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from coursekit.cases.intents._text import check_intent, check_queries, check_training

_DEFAULT_RANGE = {"char": (1, 4), "word": (1, 2)}


class NgramClassifier(ClassifierMixin, BaseEstimator):
    r"""Multinomial logistic regression on TF-IDF weighted n-grams.

    Korean glues particles and endings to words: 날씨, 날씨를, 날씨가 are three words but
    share their characters. Character n-grams see that without a dictionary, survive missing
    spaces and typos, and need no analyser of 600 MB in production. ``features="word"``
    counts words between spaces instead, to see what that costs on a way of speaking that
    the training data lacked.

    .. math:: P(y = k \mid x) = \frac{\exp(w_k^\top x + b_k)}{\sum_j \exp(w_j^\top x + b_j)}

    Fitted by maximum likelihood with an L2 penalty, so that the probabilities are
    calibrated up to the penalty's pull towards caution.

    Parameters
    ----------
    features
        ``"char"``: characters, spaces included; ``"word"``: words between spaces.
    ngram_range
        Shortest and longest n-gram; None takes (1, 4) for characters and (1, 2) for words.
    min_df
        Queries in which an n-gram must occur to be kept.
    C
        Inverse strength of the penalty; larger fits the training data closer.
    max_iter
        Most iterations of the solver (L-BFGS).

    Attributes
    ----------
    classes_ : ndarray
        Intents seen in training, sorted.
    vectorizer_ : TfidfVectorizer
        From queries to features.
    classifier_ : LogisticRegression
        From features to probabilities.

    Examples
    --------
    >>> queries = ["내일 날씨 알려줘", "오늘 비 와?", "뉴스 들려줘", "오늘 뉴스 뭐 있어"]
    >>> model = NgramClassifier(min_df=1).fit(queries, ["weather", "weather", "news", "news"])
    >>> model.predict(["주말 날씨는?", "아침 뉴스"]).tolist()
    ['weather', 'news']
    """

    def __init__(
        self,
        *,
        features: Literal["char", "word"] = "char",
        ngram_range: tuple[int, int] | None = None,
        min_df: int = 2,
        C: float = 10.0,
        max_iter: int = 200,
    ) -> None:
        self.features = features
        self.ngram_range = ngram_range
        self.min_df = min_df
        self.C = C
        self.max_iter = max_iter

    def fit(self, X: Iterable[str], y: Iterable[str]) -> NgramClassifier:
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
            If features is unknown, a query is empty, an intent unknown, lengths differ,
            there are fewer than two intents, or no n-gram occurs in min_df queries.
        TypeError
            If a query is not a string.
        """
        if self.features not in _DEFAULT_RANGE:
            raise ValueError(f"features must be 'char' or 'word', got {self.features!r}")
        queries, labels = check_training(X, y)
        self.vectorizer_ = TfidfVectorizer(
            analyzer=self.features,
            token_pattern=r"\S+" if self.features == "word" else None,
            ngram_range=self.ngram_range or _DEFAULT_RANGE[self.features],
            min_df=self.min_df,
            sublinear_tf=True,
            dtype=np.float32,
        )
        try:
            table = self.vectorizer_.fit_transform(queries)
        except ValueError as error:  # the vectoriser's message does not name our parameter
            raise ValueError(
                f"no n-gram occurs in min_df={self.min_df} of the {len(queries)} queries; lower min_df"
            ) from error
        with threadpool_limits(1):  # on sparse data further threads only wait for each other
            self.classifier_ = LogisticRegression(C=self.C, max_iter=self.max_iter, tol=1e-3).fit(table, labels)
        self.classes_ = self.classifier_.classes_
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
        check_is_fitted(self)
        return self.classifier_.predict_proba(self.vectorizer_.transform(check_queries(X)))

    def top_features(self, intent: str, *, n: int = 10) -> pd.DataFrame:
        """n-grams that speak most for an intent, with their weights.

        Parameters
        ----------
        intent
            One of ``classes_``.
        n
            Number of n-grams.

        Raises
        ------
        ValueError
            If the intent is unknown or was not in the training data.
        """
        check_is_fitted(self)
        check_intent(intent, "intent")
        if intent not in self.classes_:
            raise ValueError(f"{intent!r} was not in the training data; it held {', '.join(self.classes_)}")
        table = self.classifier_.coef_
        if len(table) == 1:  # two intents share one row of weights
            table = np.vstack([-table, table])
        weights = table[list(self.classes_).index(intent)]
        best = np.argsort(-weights)[:n]
        return pd.DataFrame({"feature": self.vectorizer_.get_feature_names_out()[best], "weight": weights[best]})

    @property
    def n_parameters_(self) -> int:
        """Number of learned weights."""
        check_is_fitted(self)
        return int(self.classifier_.coef_.size + self.classifier_.intercept_.size)

    @property
    def size_bytes_(self) -> int:
        """Size of the pickled model in bytes, which is what has to be shipped."""
        check_is_fitted(self)
        return len(pickle.dumps(self))
