"""The intent playground: what it says equals what the models say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coursekit.explore import intent_playground
from coursekit.modeling.evaluation import proportion_interval


class Keyword:
    """A classifier of one rule, which counts how often it is asked."""

    def __init__(self, word):
        self.word = word
        self.classes_ = np.array(["news", "weather"])
        self.calls = 0

    def predict_proba(self, texts):
        self.calls += 1
        share = np.array([0.9 if self.word in text else 0.2 for text in texts])
        return np.column_stack([1 - share, share])

    def predict(self, texts):
        return self.classes_[self.predict_proba(texts).argmax(axis=1)]


class OnlyPredict:
    """A classifier without probabilities."""

    def predict(self, texts):
        return ["weather"] * len(texts)


QUERIES = pd.DataFrame(
    {
        "text": ["내일 날씨", "비 와?", "오늘 뉴스", "날씨 뉴스", "우산 필요해?", "속보 있어?"],
        "intent": ["weather", "weather", "news", "news", "weather", "news"],
        "group": [1, 1, 2, 2, 3, 3],
    },
    index=[10, 11, 12, 13, 14, 15],
)
SHORT = QUERIES["text"].str.len().to_numpy() <= 5


@pytest.fixture
def playground():
    models = {"날씨 규칙": Keyword("날씨"), "언제나 날씨": OnlyPredict()}
    return intent_playground(models, QUERIES, slices={"짧은 질의": SHORT}, names={"weather": "날씨", "news": "뉴스"})


def test_accuracy_is_that_of_the_models(playground):
    hits = Keyword("날씨").predict(QUERIES["text"].tolist()) == QUERIES["intent"].to_numpy()
    for name, mask in {"전체": np.ones(6, dtype=bool), "짧은 질의": SHORT}.items():
        playground.slice = name
        expected = proportion_interval(hits[mask], groups=QUERIES["group"].to_numpy()[mask])
        row = playground.accuracy().loc["날씨 규칙"]
        assert row.tolist() == [expected.estimate, expected.low, expected.high]


def test_mistakes_are_all_of_them_and_the_surest_come_first(playground):
    wrong = playground.mistakes()
    assert wrong["text"].tolist() == ["날씨 뉴스", "비 와?", "우산 필요해?"]
    assert wrong["confidence"].tolist() == pytest.approx([0.9, 0.8, 0.8])
    playground.model = "언제나 날씨"
    assert set(playground.mistakes()["intent"]) == {"news"}


def test_asking_one_query(playground):
    assert playground.answers().empty
    playground.query = "모레 날씨 어때"
    answers = playground.answers()
    assert answers["answer"].tolist() == ["weather", "weather"]
    assert answers["confidence"].tolist()[0] == 0.9
    assert pd.isna(answers["confidence"].tolist()[1])
    assert (answers["latency_ms"] >= 0).all()
    assert "<b>날씨 90%</b>" in playground.view.figure.data[0].text


def test_choosing_a_mistake_asks_it_and_marks_the_wrong(playground):
    playground._mistake_box.index = 0
    assert playground.query == "날씨 뉴스"
    assert "정답: 뉴스" in playground.view.figure.layout.annotations[0].text
    assert all("(오답)" in text for text in playground.view.figure.data[0].text)


def test_moving_about_asks_no_model_again(playground):
    model = playground._models["날씨 규칙"]
    before = model.calls
    playground.slice = "짧은 질의"
    playground.model = "언제나 날씨"
    playground.slice = "전체"
    assert model.calls == before


def test_an_empty_slice_is_no_error():
    playground = intent_playground({"규칙": Keyword("날씨")}, QUERIES, slices={"없음": np.zeros(6, dtype=bool)})
    playground.slice = "없음"
    assert np.isnan(playground.accuracy().loc["규칙", "accuracy"])
    assert playground.mistakes().empty


def test_a_model_that_fails_on_a_query_is_told(playground):
    class Fragile(Keyword):
        def predict_proba(self, texts):
            if "?" * 3 in texts[0]:
                raise ValueError("물음표가 너무 많습니다")
            return super().predict_proba(texts)

    fragile = intent_playground({"약함": Fragile("날씨")}, QUERIES)
    fragile.query = "???"
    assert "물음표가 너무 많습니다" in fragile.view.message
    fragile.query = "날씨"
    assert fragile.view.message == ""


def test_names_with_markup_are_text(playground):
    odd = intent_playground({"<b>규칙": Keyword("날씨")}, QUERIES)
    assert "&lt;b>규칙" in odd._mistake_title.value


def test_frame_is_not_changed():
    before = QUERIES.copy(deep=True)
    intent_playground({"규칙": Keyword("날씨")}, QUERIES, query="날씨")
    pd.testing.assert_frame_equal(QUERIES, before)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: intent_playground({}, QUERIES), ValueError, "empty"),
        (lambda: intent_playground({"a": object()}, QUERIES), TypeError, "no predict"),
        (lambda: intent_playground({"a": Keyword("x")}, QUERIES[["text"]]), ValueError, "column intent"),
        (lambda: intent_playground({"a": Keyword("x")}, QUERIES[:0]), ValueError, "no rows"),
        (lambda: intent_playground({"a": Keyword("x")}, QUERIES, slices={"s": [1] * 6}), ValueError, "'s'"),
    ],
)
def test_bad_input_is_told(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize("name", ["model", "slice"])
def test_unknown_choices_are_told(playground, name):
    with pytest.raises(ValueError, match="there are"):
        setattr(playground, name, "없는 이름")
