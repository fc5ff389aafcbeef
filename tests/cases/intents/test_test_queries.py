"""The hand-written test set is what its documentation says."""

from __future__ import annotations

import re

import pytest

from coursekit.cases.intents.taxonomy import INTENTS, NOISES, OUT_OF_SCOPE, SPEECH_LEVELS
from coursekit.cases.intents.test_queries import load_test_queries


@pytest.fixture(scope="module")
def queries():
    return load_test_queries()


def test_is_large_and_covers_every_intent(queries):
    assert len(queries) >= 1000
    counts = queries["intent"].value_counts()
    assert set(counts.index) == set(INTENTS)
    assert counts.min() >= 60, "a slice of one intent must carry an interval worth reading"
    assert counts[OUT_OF_SCOPE] >= 100


def test_no_query_stands_twice(queries):
    assert not queries["text"].str.replace(r"\s", "", regex=True).duplicated().any()
    assert queries["group"].is_unique


def test_labels_are_known_and_in_one_form(queries):
    assert set(queries["speech_level"]) == set(SPEECH_LEVELS)
    for noise in queries["noise"].unique():
        parts = noise.split("+")
        assert parts == ["none"] or (parts == sorted(set(parts)) and set(parts) <= set(NOISES))


def test_texts_are_korean_and_trimmed(queries):
    for text in queries["text"]:
        assert text == re.sub(r"\s+", " ", text).strip()
        assert re.search(r"[가-힣ㄱ-ㅎㅏ-ㅣ]", text), text


def test_lengths_are_those_of_people(queries):
    """Human-written commands: 5th, 50th and 95th percentile near 9, 17 and 28 characters."""
    low, median, high = queries["text"].str.len().quantile([0.05, 0.5, 0.95])
    assert 6 <= low <= 11
    assert 14 <= median <= 20
    assert 24 <= high <= 32


def test_each_load_is_its_own(queries):
    mine = load_test_queries()
    mine["text"] = ""
    assert load_test_queries().equals(queries)
