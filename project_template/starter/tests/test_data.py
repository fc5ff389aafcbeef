"""데이터의 계약과 나누기."""

from __future__ import annotations

import pytest

from system import data


def test_nothing_of_the_test_is_in_training(dataset):
    assert not set(dataset.train["text"]) & set(dataset.held_out["text"])
    assert not set(dataset.train["group"]) & set(dataset.validation["group"])


def test_same_seed_same_rows(dataset):
    assert data.load(1_500).train.equals(dataset.train)
    assert not data.load(1_500, seed=1).train.equals(dataset.train)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [("text", "  ", "빈 질의"), ("text", "가" * 121, "120자"), ("intent", "weahter", "모르는 의도")],
)
def test_each_broken_row_is_named(dataset, column, value, told):
    broken = dataset.train.head(5).reset_index(drop=True)
    assert data.violations(broken) == []
    broken.loc[3, column] = value
    [found] = data.violations(broken)
    assert found.startswith("3행") and told in found


def test_a_missing_column_is_named(dataset):
    assert "group" in data.violations(dataset.train.drop(columns="group"))[0]


def test_features_count_letters_and_spaces():
    assert data.features(["내일 날씨 어때", "음악"]).to_numpy().tolist() == [[8, 2], [2, 0]]
