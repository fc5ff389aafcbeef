"""모니터는 조용할 때 조용하고, 바뀌면 말합니다."""

from __future__ import annotations

import pytest
from coursekit.monitoring import Reference

from system import monitoring
from system.data import features


@pytest.fixture(scope="module")
def log(fitted, dataset, tmp_path_factory):
    """요청 200건의 기록입니다."""
    stream = monitoring.traffic(dataset, seed=3).head(200)
    return stream, monitoring.serve_and_log(fitted, stream, tmp_path_factory.mktemp("log"))


def test_every_request_is_logged_once_in_order(log):
    stream, written = log
    rows = monitoring.logged(written)
    assert len(rows) == len(stream) == rows["request_id"].nunique()
    assert rows["length"].tolist() == stream["text"].str.len().tolist()


def test_scores_are_probabilities(log):
    assert monitoring.logged(log[1])["score"].between(0, 1).all()


def test_a_change_of_the_input_is_seen_and_none_is_not(dataset):
    texts = dataset.held_out["text"]
    one, other = texts.iloc[::2], texts.iloc[1::2]
    reference = Reference().fit(features(one))
    assert reference.compare(features(other)).drifted(fdr=0.01) == []
    assert "length" in reference.compare(features(monitoring.cut(other))).drifted(fdr=0.01)


def test_only_what_follows_the_change_is_changed(dataset):
    plain, changed = (monitoring.traffic(dataset, seed=1, change=change) for change in (None, monitoring.cut))
    assert plain.head(monitoring.BEFORE).equals(changed.head(monitoring.BEFORE))
    assert changed["text"].iloc[monitoring.BEFORE :].str.len().max() <= monitoring.SHORT
