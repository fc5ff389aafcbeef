from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from coursekit.cases.intents.keyword import KEYWORD_RULES, KeywordBaseline
from coursekit.cases.intents.taxonomy import INTENTS, OUT_OF_SCOPE

QUERIES = st.text(st.sampled_from("날씨뉴스음악 비와알람틀어줘가"), min_size=1).filter(str.strip)


def test_the_first_example_of_the_course():
    model = KeywordBaseline().fit()
    queries = ["내일 날씨를 알려줘", "오늘 뉴스를 들려줘", "재즈 음악 틀어줘"]
    assert model.predict(queries).tolist() == ["weather", "news", "music"]


def test_its_classic_failure():
    """A query for news about the weather: the order of the rules decides, not the meaning."""
    model = KeywordBaseline().fit()
    assert model.explain("날씨 관련 뉴스 들려줘") == ("날씨", "weather")
    swapped = KeywordBaseline(rules=[("뉴스", "news"), ("날씨", "weather")]).fit()
    assert swapped.explain("날씨 관련 뉴스 들려줘") == ("뉴스", "news")


@given(QUERIES)
def test_equals_the_chain_of_ifs(query):
    rules = [("날씨", "weather"), ("뉴스", "news"), ("음악", "music"), ("알람", "alarm")]
    if "날씨" in query:
        expected = "weather"
    elif "뉴스" in query:
        expected = "news"
    elif "음악" in query:
        expected = "music"
    elif "알람" in query:
        expected = "alarm"
    else:
        expected = "out_of_scope"
    assert KeywordBaseline(rules=rules).fit().predict([query]).tolist() == [expected]


def test_default_rules_reach_every_intent():
    assert {intent for _, intent in KEYWORD_RULES} == set(INTENTS) - {OUT_OF_SCOPE}
    for keyword, intent in KEYWORD_RULES:
        fired = KeywordBaseline().fit().explain(keyword)
        assert fired == (keyword, intent), f"{keyword!r} can never fire: {fired[0]!r} comes first and is part of it"


def test_no_keyword_is_out_of_scope_with_certainty():
    model = KeywordBaseline().fit()
    assert model.explain("가나다라") == (None, OUT_OF_SCOPE)
    probabilities = model.predict_proba(["가나다라", "뉴스"])
    assert probabilities.sum(axis=1).tolist() == [1, 1]
    assert model.classes_[probabilities.argmax(axis=1)].tolist() == [OUT_OF_SCOPE, "news"]
    assert model.n_parameters_ == 0
    assert model.size_bytes_ < 10_000


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series])
def test_takes_what_people_pass(kind):
    model = KeywordBaseline().fit(kind(["오늘 뉴스"]), kind(["news"]))
    assert model.predict(kind(["오늘 뉴스", "날씨"])).tolist() == ["news", "weather"]
    assert model.score(kind(["오늘 뉴스", "날씨"]), kind(["news", "news"])) == 0.5


def test_scikit_learn_conventions():
    model = KeywordBaseline(rules=[("공", "sports")])
    assert clone(model).get_params() == {"rules": [("공", "sports")]}
    with pytest.raises(NotFittedError):
        model.predict(["공"])
    with pytest.raises(NotFittedError):
        model.explain("공")
    assert model.fit() is model
    assert model.classes_.tolist() == ["out_of_scope", "sports"]
    assert pickle.loads(pickle.dumps(model)).predict(["공 차자"]).tolist() == ["sports"]


def test_decomposed_hangul_is_the_same_query():
    import unicodedata

    assert KeywordBaseline().fit().predict([unicodedata.normalize("NFD", "내일 날씨")]).tolist() == ["weather"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.predict(["날씨", ""]), ValueError, "row 1 is empty"),
        (lambda m: m.predict(["날씨", "  \n"]), ValueError, "row 1 is empty"),
        (lambda m: m.predict(["날씨", 3]), TypeError, "row 1 is 3 of type int"),
        (lambda m: m.predict([None]), TypeError, "row 0 is None"),
        (lambda m: m.predict(pd.Series(["날씨", np.nan], index=[7, 8])), TypeError, "row 1 is nan"),
        (lambda m: m.predict("날씨"), TypeError, r"pass \[query\]"),
        (lambda m: m.predict([]), ValueError, "no queries"),
        (lambda m: m.predict(pd.DataFrame({"text": ["날씨"]})), TypeError, "one-dimensional"),
        (lambda m: m.predict(np.array([["날씨"]])), TypeError, "one-dimensional"),
        (lambda m: m.fit(["날씨"], ["wether"]), ValueError, "row 0: unknown intent 'wether'.*'weather'"),
        (lambda m: m.fit(["날씨"], ["날씨"]), ValueError, "unknown intent '날씨'.*'weather'"),
        (lambda m: m.fit(["날씨"], [None]), ValueError, "unknown intent None"),
        (lambda m: m.fit(["날씨"], ["weather", "news"]), ValueError, "1 queries but 2 intents"),
        (lambda m: m.fit(["날씨"], "weather"), TypeError, r"pass \[intent\]"),
        (lambda m: m.set_params(rules=[("", "news")]).fit(), ValueError, "rule 0 has an empty keyword"),
        (lambda m: m.set_params(rules=["뉴스"]).fit(), TypeError, "rule 0 must be a pair"),
        (lambda m: m.set_params(rules=[("뉴스", "newz")]).fit(), ValueError, "rule 0: unknown intent 'newz'.*'news'"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(KeywordBaseline().fit())
