"""Many small files become one, and no answer changes."""

from __future__ import annotations

import os
import time

import numpy as np
import pandas as pd
import pytest

from coursekit.monitoring.logs import PredictionLog, audit, daily_drift, delayed_accuracy

EVERYTHING = "SELECT * FROM labelled ORDER BY request_id"


@pytest.fixture
def scattered(tmp_path, make_predictions, make_labels):
    predictions = make_predictions(400, days=4, silent=())
    log = PredictionLog(tmp_path / "log")
    for part in np.array_split(np.arange(400), 8):
        log.append(predictions.iloc[part])
    labels = make_labels(predictions)
    for part in np.array_split(np.arange(len(labels)), 6):
        log.add_labels(labels.iloc[part])
    return log


def test_no_answer_changes_and_a_file_a_day_remains(scattered, files_of):
    log = scattered
    as_of = "2026-03-05T00:00Z"
    before = (
        log.query(EVERYTHING),
        delayed_accuracy(log, as_of=as_of).to_frame(),
        daily_drift(log, reference=("2026-03-01", "2026-03-02")).to_frame(),
        audit(log).to_frame(),
    )
    n_before = len(files_of(log))
    saved = log.compact()
    after = (
        log.query(EVERYTHING),
        delayed_accuracy(log, as_of=as_of).to_frame(),
        daily_drift(log, reference=("2026-03-01", "2026-03-02")).to_frame(),
        audit(log).to_frame(),
    )
    for one, other in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert len(files_of(log)) == n_before - saved
    assert sum(name.startswith("predictions") for name in files_of(log)) == 4
    assert log.compact() == 0


def test_only_days_before_a_day_are_merged(scattered, files_of):
    scattered.compact(before="2026-03-03")
    names = files_of(scattered)
    per_day = [sum(name.startswith(f"predictions/day=2026-03-0{day}") for name in names) for day in (1, 2, 3, 4)]
    assert per_day[:2] == [1, 1]
    assert min(per_day[2:]) > 1
    with pytest.raises(ValueError, match="before must be a day"):
        scattered.compact(before="yesterday")


@pytest.mark.parametrize("removed", range(4))
def test_a_compaction_killed_while_it_removes_counts_every_row_once(scattered, monkeypatch, files_of, removed):
    """The merged file stands, some of what it replaces too: they are not read, and the next one removes them."""
    before = scattered.query(EVERYTHING)
    unlinked = []

    class Killed(Exception):
        pass

    original = type(scattered.folder).unlink

    def unlink(path, missing_ok=False):
        if len(unlinked) == removed:
            raise Killed
        unlinked.append(path)
        original(path, missing_ok=missing_ok)

    monkeypatch.setattr(type(scattered.folder), "unlink", unlink)
    with pytest.raises(Killed):
        scattered.compact()
    monkeypatch.undo()
    assert any("merged-" in name for name in files_of(scattered))
    pd.testing.assert_frame_equal(scattered.query(EVERYTHING), before)
    scattered.compact()
    pd.testing.assert_frame_equal(scattered.query(EVERYTHING), before)
    assert sum(name.startswith("predictions") for name in files_of(scattered)) == 4


def test_rows_that_arrive_after_a_compaction_are_merged_by_the_next(scattered, make_predictions, files_of):
    scattered.compact()
    more = make_predictions(100, days=4, silent=(), seed=1)
    scattered.append(more)
    assert scattered.query("SELECT count(*) AS n FROM predictions").loc[0, "n"] == 500
    assert scattered.compact() > 0
    assert scattered.query("SELECT count(DISTINCT request_id) AS n FROM predictions").loc[0, "n"] == 500
    assert sum(name.startswith("predictions") for name in files_of(scattered)) == 4


def test_a_batch_keeps_its_name_through_compactions(log, make_predictions):
    """A retry that comes a week late still adds nothing, and other rows under the name are refused."""
    one, two, three = (make_predictions(60, days=2, silent=(), seed=seed) for seed in (1, 2, 3))
    assert log.append(one, batch="morning") == 60
    assert log.append(two) == 60
    for _ in range(2):
        log.compact()
        assert log.append(one, batch="morning") == 0
        with pytest.raises(ValueError, match="written before with other rows"):
            log.append(two, batch="morning")
        log.append(three.assign(request_id=three["request_id"] + str(time.monotonic_ns())))
    assert log.query("SELECT count(*) AS n FROM predictions").loc[0, "n"] == 240


def test_a_batch_of_labels_is_written_once(log):
    labels = pd.DataFrame({"request_id": ["a"], "label": [1], "label_time": [pd.Timestamp("2026-03-05", tz="UTC")]})
    assert [log.add_labels(labels, batch="monday") for _ in range(3)] == [1, 0, 0]
    with pytest.raises(ValueError, match="other rows"):
        log.add_labels(labels.assign(request_id="b"), batch="monday")


def test_a_batch_stands_for_its_values_not_for_its_ids(log):
    """A correction under the same name is refused, not dropped; the rows may come in another order."""
    labels = pd.DataFrame(
        {"request_id": ["a", "b"], "label": [0.0, 1.0], "label_time": pd.to_datetime(["2026-03-05T00:00Z"] * 2)}
    )
    assert log.add_labels(labels, batch="d1") == 2
    assert log.add_labels(labels[::-1].assign(label=np.float32([1, 0])), batch="d1") == 0
    corrected = labels.assign(label=[1.0, 1.0])
    for other in (corrected, corrected.assign(label_time=pd.Timestamp("2026-03-09", tz="UTC"))):
        with pytest.raises(ValueError, match=r"with other rows \(in arrived=2026-03-05\)"):
            log.add_labels(other, batch="d1")
    assert log.query("SELECT request_id, label FROM labels ORDER BY ALL")["label"].tolist() == [0, 1]


def test_a_second_compaction_at_once_is_refused(scattered):
    from coursekit.monitoring.logs._compaction import _alone

    with _alone(scattered.folder / ".compacting"), pytest.raises(RuntimeError, match="another process"):
        scattered.compact()
    assert scattered.compact() > 0


def test_a_file_that_vanishes_while_it_is_asked_for_is_looked_for_again(scattered, monkeypatch):
    """A reader has listed the files; before it opens them a compaction has merged them."""
    import coursekit.monitoring.logs.prediction_log as module

    before = scattered.query(EVERYTHING)
    original, listings = module.views, []

    def views(folder, schema, predictions, labels, as_of):
        if not listings:
            scattered.compact()
        listings.append(len(predictions))
        return original(folder, schema, predictions, labels, as_of)

    monkeypatch.setattr(module, "views", views)
    pd.testing.assert_frame_equal(scattered.query(EVERYTHING), before)
    assert len(listings) == 2
    assert listings[1] == 4


def test_what_a_killed_writer_left_is_removed_a_day_later(scattered, files_of):
    folder = next((scattered.folder / "predictions").iterdir())
    for name, age in ((".writing-old", 90_000), (".writing-new", 10)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - age,) * 2)
    scattered.compact()
    left = [name for name in files_of(scattered) if ".writing" in name]
    assert left == [str((folder / ".writing-new").relative_to(scattered.folder))]


def test_a_merged_file_that_is_merged_again_while_it_is_read_is_looked_for_again(scattered, monkeypatch):
    """Between the listing and the reading of a footer another compaction has removed the file."""
    import coursekit.monitoring.logs._parts as parts

    scattered.compact()
    extra = scattered.query("SELECT * EXCLUDE (day) FROM predictions LIMIT 1").assign(request_id="extra")
    scattered.append(extra)
    before = scattered.query(EVERYTHING)
    original, calls = parts.replaced_by, []

    def replaced_by(path):
        calls.append(path)
        if len(calls) == 1:
            monkeypatch.undo()
            scattered.compact()
        return original(path)

    monkeypatch.setattr(parts, "replaced_by", replaced_by)
    pd.testing.assert_frame_equal(scattered.query(EVERYTHING), before)
    assert len(calls) == 1
