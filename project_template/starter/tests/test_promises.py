"""약속과 증거가 이어져 있습니다."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from system.recording import Measured, write

ROOT = Path(__file__).resolve().parent.parent
PROMISES = yaml.safe_load((ROOT / "system.yaml").read_text(encoding="utf-8"))


def test_what_was_written_can_be_read_back(tmp_path):
    path = write("model", {"accuracy": Measured(0.75, "비율", "예")}, folder=tmp_path)
    values = json.loads(path.read_text(encoding="utf-8"))["values"]
    assert values["accuracy"] == {"value": 0.75, "unit": "비율", "how": "예", "tolerance": 0.0, "ratio": 1.0}


def test_a_number_that_is_none_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write("model", {"accuracy": Measured(float("nan"), "비율", "예")}, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_every_requirement_has_an_owner_and_its_own_id():
    requirements = PROMISES["requirements"]
    assert len({one["id"] for one in requirements}) == len(requirements)
    assert all(one["owner"] for one in requirements)


def test_every_part_has_a_requirement():
    judged = {one["evidence"].partition(".")[0] for one in PROMISES["requirements"]}
    assert judged == {file for files in PROMISES["parts"].values() for file in files}
