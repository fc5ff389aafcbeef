"""Lab 1's reference solutions and the library say the same, wherever the library says it too."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

from coursekit.cases.intents import INTENTS, KEYWORD_RULES, KeywordBaseline, NgramClassifier, load_queries
from coursekit.modeling.evaluation import evaluate, grouped_split

sys.path.insert(0, str(Path(__file__).parent))
from authored_notebook import authored_as

LABELS = ("weather", "news", "music", "alarm", "out_of_scope")
REFERENCE = authored_as("lab01_intent_baseline").reference(np=np, pd=pd)
answers = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def queries():
    return load_queries(600, seed=5)


def test_keyword_rules_agree_with_the_keyword_baseline(queries):
    texts = ["날씨 관련 뉴스 들려줘", "심심해", *queries["text"]]
    ours = [REFERENCE["keyword_intent"](text, KEYWORD_RULES) for text in texts]
    assert ours == KeywordBaseline().fit().predict(texts).tolist()


@given(order=st.permutations([("날씨", "weather"), ("뉴스", "news"), ("음악", "music"), ("음", "alarm")]))
def test_keyword_rules_agree_in_any_order(order):
    texts = ["날씨 관련 뉴스 들려줘", "뉴스 말고 음악", "음 음악 틀어줘", "심심해"]
    baseline = KeywordBaseline(rules=order).fit()
    assert [REFERENCE["keyword_intent"](text, order) for text in texts] == baseline.predict(texts).tolist()


def test_ngrams_are_the_ones_that_the_library_classifier_sees(queries):
    model = NgramClassifier(ngram_range=(1, 3), min_df=1).fit(queries["text"], queries["intent"])
    analyse = model.vectorizer_.build_analyzer()
    for text in (
        queries["text"].str.lower().str.split().str.join(" ")
    ):  # the library lowers case and joins runs of spaces
        assert REFERENCE["ngram_counts"](text, 1, 3) == Counter(analyse(text))


@given(text=st.text(alphabet="가나다ㅋ ", max_size=30), shortest=st.integers(1, 3), more=st.integers(0, 2))
def test_each_length_has_as_many_ngrams_as_windows(text, shortest, more):
    counts = REFERENCE["ngram_counts"](text, shortest, shortest + more)
    for n in range(shortest, shortest + more + 1):
        assert sum(count for gram, count in counts.items() if len(gram) == n) == max(0, len(text) - n + 1)
    assert all(gram in text for gram in counts)


@given(
    # No group holds more than a quarter, so that neither side can end up empty.
    groups=st.lists(st.sampled_from("abcdefghijkl"), min_size=20, max_size=80).filter(
        lambda rows: max(Counter(rows).values()) <= len(rows) / 4
    ),
    share=st.floats(0.1, 0.5),
    seed=st.integers(0, 50),
)
@settings(max_examples=60)
def test_both_splits_keep_groups_whole_and_the_share_within_the_largest_group(groups, share, seed):
    """The draws differ by design; what they promise is the same."""
    largest = max(Counter(groups).values())
    for split in (
        REFERENCE["split_by_group"](groups, share, seed),
        grouped_split(groups, test_size=share, seed=seed),
    ):
        train, test = (np.asarray(side, dtype=int) for side in split)
        assert sorted([*train, *test]) == list(range(len(groups)))
        assert not {groups[row] for row in train} & {groups[row] for row in test}
        assert abs(len(test) - share * len(groups)) <= largest


@given(pairs=answers)
@settings(max_examples=40, deadline=None)
def test_recall_and_confusion_agree_with_the_report(pairs):
    actual, predicted = map(list, zip(*pairs, strict=True))
    report = evaluate(actual, predicted, n_boot=1)
    recall = report.to_frame().query("support > 0")["recall"]
    # One division each: equal to the last bit but for its rounding.
    assert REFERENCE["recall_by_intent"](actual, predicted) == pytest.approx(recall.to_dict(), abs=1e-12)
    errors = report.errors(actual, top=len(LABELS) ** 2)
    top = REFERENCE["top_confusion"](actual, predicted)
    if errors.empty:
        assert top is None
    else:  # of equal counts either may win
        most = errors[errors["count"] == errors["count"].max()]
        assert top in list(zip(most["true"], most["predicted"], strict=True))


@given(pairs=answers, data=st.data(), min_rows=st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_worst_slice_agrees_with_the_slice_scores(pairs, data, min_rows):
    actual, predicted = map(list, zip(*pairs, strict=True))
    mask = st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs))
    slices = {name: np.array(data.draw(mask), dtype=bool) for name in ("formal", "informal", "typos")}
    scores = evaluate(actual, predicted, slices=slices, n_boot=1).slices.to_frame()
    large = scores[scores["size"] >= min_rows]["accuracy"]
    worst = REFERENCE["worst_slice"](actual, predicted, slices, min_rows)
    if large.empty:
        assert worst is None
    else:
        assert large[worst] == pytest.approx(large.min(), abs=1e-12)


def test_naive_bayes_agrees_with_scikit_learn(queries):
    train, test = queries.iloc[:400], queries.iloc[400:]
    model = REFERENCE["fit_model"](train["text"].tolist(), train["intent"].tolist())
    ours = REFERENCE["predict_model"](model, test["text"].tolist())
    counter = CountVectorizer(analyzer=lambda text: list(Counter(REFERENCE["ngram_counts"](text, 1, 3)).elements()))
    table = counter.fit_transform(train["text"])
    theirs = MultinomialNB(alpha=0.1).fit(table, train["intent"]).predict(counter.transform(test["text"]))
    assert ours == theirs.tolist()
    assert set(ours) <= set(INTENTS)
