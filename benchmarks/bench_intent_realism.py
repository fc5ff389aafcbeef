"""How real is the generated corpus: its vocabulary, its lengths, and how hard a linear model finds it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GroupKFold, KFold
from sklearn.svm import LinearSVC

from coursekit.cases.intents.corpus import load_queries

_FEATURES = {
    "char": {"analyzer": "char", "ngram_range": (2, 4)},
    "word": {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"\S+"},
}


def _accuracy(train: pd.DataFrame, test: pd.DataFrame, *, features: str = "char") -> float:
    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2, dtype=np.float32, **_FEATURES[features])
    model = LinearSVC(C=0.7, random_state=0).fit(vectorizer.fit_transform(train["text"]), train["intent"])
    return float((model.predict(vectorizer.transform(test["text"])) == test["intent"]).mean())


def _speech_level_drop(train: pd.DataFrame, test: pd.DataFrame, *, features: str) -> float:
    """What training on polite text costs on casual text, against as many casual training rows."""
    test = test[test["speech_level"] == "informal"]
    formal = train[train["speech_level"] == "formal"]
    informal = train[train["speech_level"] == "informal"].head(len(formal))
    return _accuracy(informal, test, features=features) - _accuracy(formal, test, features=features)


def run() -> list[dict]:
    """Bars from human-written Korean corpora of assistants, on 20,000 generated queries."""
    queries = load_queries(20_000)
    counts = Counter(word for text in queries["text"] for word in text.split())
    top = sum(count for _, count in counts.most_common(50)) / counts.total()
    lengths = queries["text"].str.len().quantile([0.05, 0.5, 0.95]).tolist()
    words = float(queries["text"].str.split().map(len).median())
    families = queries.groupby("intent")["group"].nunique()

    whole = list(GroupKFold(5, shuffle=True, random_state=0).split(queries, groups=queries["group"]))
    grouped = float(np.mean([_accuracy(queries.iloc[train], queries.iloc[test]) for train, test in whole]))
    train, test = (queries.iloc[rows] for rows in next(KFold(5, shuffle=True, random_state=0).split(queries)))
    torn = _accuracy(train, test)
    word_drop, char_drop = (_speech_level_drop(train, test, features=features) for features in ("word", "char"))

    def row(figure: str, value: float, unit: str, bar: str = "", holds: bool | None = None) -> dict:
        return {"figure": figure, "value": value, "unit": unit, "bar": bar, "holds": holds}

    return [
        row("distinct words between spaces", len(counts), "", ">= 5,000", len(counts) >= 5_000),
        row("share of the 50 commonest words", 100 * top, "%", "<= 30", top <= 0.30),
        row("length, 5th percentile", lengths[0], "characters", "about 9", abs(lengths[0] - 9) <= 2),
        row("length, median", lengths[1], "characters", "about 17", abs(lengths[1] - 17) <= 3),
        row("length, 95th percentile", lengths[2], "characters", "about 28", abs(lengths[2] - 28) <= 4),
        row("words, median", words, "", "about 5", abs(words - 5) <= 1),
        row("families of paraphrases", int(families.sum()), "", ">= 500", families.sum() >= 500),
        row("families of the poorest intent", int(families.min()), "", ">= 25", families.min() >= 25),
        row("char n-grams, whole families held out", grouped, "accuracy", ".85 to .97", 0.85 <= grouped <= 0.97),
        row("char n-grams, families torn apart (the leak)", torn, "accuracy", "> grouped", torn > grouped),
        row("cost of polite training, words", 100 * word_drop, "points", "> char", word_drop > char_drop),
        row("cost of polite training, char n-grams", 100 * char_drop, "points"),
    ]


if __name__ == "__main__":
    for line in run():
        print(line)
