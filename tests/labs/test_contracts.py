"""Every lab and quiz: the reference scores all, the blank release nothing, each variant as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from coursekit.classroom.contracts import prove
from coursekit.classroom.editions import assignment_sources
from coursekit.classroom.markers import check_source

ROOT = Path(__file__).resolve().parents[2]
SOURCES = assignment_sources(ROOT)

every_assignment = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)


def test_every_folder_is_an_assignment():
    """A folder whose notebook is misnamed would be proven by nobody."""
    folders = [path for kind in ("labs", "quizzes") for path in (ROOT / kind).iterdir() if path.is_dir()]
    assert sorted(SOURCES) == sorted(path for path in folders if not path.name.startswith((".", "__")))
    assert {path.parent.name for path in SOURCES} == {"labs", "quizzes"}


@every_assignment
def test_source_is_fit_to_be_released(source):
    assert not check_source(source), "\n".join(map(str, check_source(source)))


@every_assignment
def test_there_are_enough_variants(source):
    names = [path.stem for path in (source / "variants").glob("*.py")]
    assert sum(name.startswith("wrong_") for name in names) >= 5
    assert sum(name.startswith("right_") for name in names) >= 2


@every_assignment
def test_contracts_hold(source):
    report = prove(source)
    frame = report.to_frame()
    assert report.ok, "\n" + frame[~frame["ok"]].to_string()
    assert report.kill_rate == 1
