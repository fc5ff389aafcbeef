"""A class is graded while workers, batches, disks and locks fail at random: nothing is lost, nothing happens twice."""

from __future__ import annotations

import pytest
from soaking import FAULTS, soak


@pytest.mark.parametrize(
    "students, rounds",
    [pytest.param(60, 1, id="60"), pytest.param(1000, 5, id="1000", marks=pytest.mark.slow)],
)
def test_nothing_is_lost_and_nothing_happens_twice(tmp_path, students, rounds):
    soaked = soak(tmp_path, students, seed=students, rounds=rounds)
    assert (soaked.lost, soaked.twice, soaked.wrong, soaked.left) == ([], [], [], [])
    for fault in ("worker", "zygote", "lock"):
        assert soaked.faults[fault] == rounds * FAULTS.count(fault), "it came too late to disturb anything"
    killed = soaked.faults["batch"] + soaked.faults["everything"]
    assert killed == rounds * 2
    assert soaked.batches > killed
    assert soaked.faults["full disk"]
    assert soaked.faults["locked row"]
