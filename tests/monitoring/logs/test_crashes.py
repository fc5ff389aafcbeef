"""Killed writers, full disks, many writers at once: the log holds what was reported, each row once."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from coursekit.monitoring.logs import PredictionLog

COMMON = """
import os, pathlib, signal, sys
import numpy as np, pandas as pd
from coursekit.monitoring.logs import PredictionLog

def frame(name, n, *, days=3):
    return pd.DataFrame({
        "request_id": [f"{name}-{i}" for i in range(n)],
        "event_time": pd.Timestamp("2026-03-01", tz="UTC") + pd.to_timedelta(np.arange(n) % days, unit="D"),
        "model_version": "m", "feature_version": "f", "arm": "baseline",
        "score": 0.5, "latency_ms": 1.0, "feature_amount": np.arange(n) * 1.0,
    })
"""

AT_EACH_STEP = """
import json
import pyarrow.parquet

class Killed:  # a kill -9 just before the n-th call
    def __init__(self, function, at):
        self.function, self.left = function, at
    def __call__(self, *args, **kwargs):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.function(*args, **kwargs)

for step, kind in ((step, kind) for kind in ("fsync", "replace", "write") for step in range(1, 9)):
    log = PredictionLog(f"{sys.argv[1]}/{kind}-{step}")
    log.append(frame("first", 30), batch="first")
    child = os.fork()
    if child == 0:
        if kind == "fsync":
            os.fsync = Killed(os.fsync, step)
        elif kind == "replace":
            kill = Killed(lambda path, target: os.replace(path, target), step)
            pathlib.Path.replace = lambda self, target: kill(self, target)
        else:
            pyarrow.parquet.write_table = Killed(pyarrow.parquet.write_table, step)
        log.append(frame("second", 30), batch="second")
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    print(json.dumps([kind, step, os.WIFSIGNALED(status)]), flush=True)
"""

FOREVER = """
for number in range(10_000):
    log.append(frame(f"batch{number}", 3000))
    print(number, flush=True)
"""


def run(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", COMMON + code, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def counts(log):
    found = log.query("SELECT split_part(request_id, '-', 1) AS batch, count(*) AS n FROM predictions GROUP BY ALL")
    return dict(zip(found["batch"], found["n"], strict=True))


def test_a_kill_at_any_step_leaves_whole_files_and_a_retry_completes_them(tmp_path, files_of):
    """Three days are written in one append: nothing, all, or (between two renames) whole days of it."""
    with run(AT_EACH_STEP, tmp_path) as process:
        outcomes = [json.loads(line) for line in process.stdout]
    assert process.returncode == 0
    assert len(outcomes) == 24
    assert sum(killed for *_, killed in outcomes) >= 9  # three files are written, synced and renamed
    partial = 0
    for kind, step, killed in outcomes:
        log = PredictionLog(tmp_path / f"{kind}-{step}")
        found = counts(log)
        assert found.pop("first") == 30
        second = found.pop("second", 0)
        assert not found
        assert second in ((0, 10, 20, 30) if killed else (30,))
        partial += 0 < second < 30
        again = log.query("SELECT * EXCLUDE (day) FROM predictions WHERE request_id LIKE 'first-%'")
        again["request_id"] = again["request_id"].str.replace("first", "second")
        again = again.drop(columns="prediction").sort_values("feature_amount", ignore_index=True)
        assert log.append(again, batch="second") == 30 - second  # what was there is not written again
        assert log.append(again, batch="second") == 0
        assert counts(log) == {"first": 30, "second": 30}
    assert partial == 2  # killed before the second and before the third rename, nowhere else


def test_a_killed_writer_loses_at_most_what_it_had_not_reported(tmp_path):
    """Killed from outside, wherever it is just then."""
    log = PredictionLog(tmp_path / "log")
    process = run("log = PredictionLog(sys.argv[1])\n" + FOREVER, log.folder)
    try:
        reported = [int(process.stdout.readline()) for _ in range(5)][-1]
    finally:
        os.kill(process.pid, 9)
        rest = process.communicate()[0].split()
    reported = max([reported, *map(int, rest)])
    found = counts(log)
    for number in range(reported + 1):
        assert found.pop(f"batch{number}") == 3000
    assert set(found) <= {f"batch{reported + 1}"}  # the one it was at
    assert set(found.values()) <= {1000, 2000, 3000}  # its days, each whole or not there
    assert all(day in pd.date_range("2026-03-01", "2026-03-03").date for day in log.days())


def test_writers_at_once_neither_collide_nor_disturb_readers(tmp_path, files_of):
    """Two processes append the same new features while this one reads and compacts."""
    log = PredictionLog(tmp_path / "log")
    code = """
log = PredictionLog(sys.argv[1])
for number in range(15):
    log.append(frame(f"{sys.argv[2]}{number}", 60))
    log.add_labels(pd.DataFrame({"request_id": [f"{sys.argv[2]}{number}-0"], "label": 1.0,
                                 "label_time": pd.Timestamp("2026-04-01", tz="UTC")}))
    print(number, flush=True)
"""
    writers = [run(code, log.folder, name) for name in ("left", "right")]
    seen, merged = [0], 0
    for _ in range(15):
        for writer in writers:
            writer.stdout.readline()
        now = log.query("SELECT count(*) AS n, count(DISTINCT request_id) AS ids FROM predictions").iloc[0]
        assert now["n"] == now["ids"] >= seen[-1]
        seen.append(now["n"])
        merged += log.compact()
    for writer in writers:
        assert writer.wait() == 0
        writer.stdout.close()
    assert len(seen) > 2
    assert merged > 0
    assert counts(log) == {f"{name}{number}": 60 for name in ("left", "right") for number in range(15)}
    assert log.query("SELECT count(label) AS n FROM labelled").loc[0, "n"] == 30
    log.compact()
    assert sum(name.startswith("predictions") for name in files_of(log)) == 3  # a file a day
    assert log.schema().features == {"amount": "number"}


def test_two_processes_that_take_a_new_feature_for_different_types(log, files_of, make_predictions, monkeypatch):
    """Neither has seen the other's entry when it looks; the one that writes second sees it and gives way."""
    import coursekit.monitoring.logs._features as features
    import coursekit.monitoring.logs.prediction_log as module

    predictions = make_predictions(10, days=2, silent=())
    log.append(predictions.assign(feature_new=1.0))
    before = files_of(log)
    for place in (features, module):
        monkeypatch.setattr(place, "known_features", lambda folder: {})
    with pytest.raises(ValueError, match="another process has just begun to log it as number"):
        log.append(make_predictions(10, days=2, silent=(), seed=1).assign(feature_new="text"))
    assert files_of(log) == before
