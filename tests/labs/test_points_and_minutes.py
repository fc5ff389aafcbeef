"""What a lab says it takes and gives is what its cells add up to."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from coursekit.classroom.markers import AT_GRADING

sys.path.insert(0, str(Path(__file__).parent))
from authored_notebook import authored, meta

every_lab = pytest.mark.parametrize("lab", authored("labs"), ids=lambda lab: lab.name)


@every_lab
def test_six_tenths_of_the_points_are_visible(lab):
    graded = {meta(cell)["grade_id"]: cell for cell in lab.cells if meta(cell).get("grade")}
    hidden = sum(meta(cell)["points"] for name, cell in graded.items() if name.endswith("_hidden"))
    assert sum(meta(cell)["points"] for cell in graded.values()) == 20
    assert hidden == 8
    for name, cell in graded.items():
        source = lab.source[cell["id"]]
        has_hidden_part = "### BEGIN HIDDEN TESTS" in source
        assert has_hidden_part == name.endswith("_hidden")
        assert source.startswith(AT_GRADING) == has_hidden_part, "coursekit check goes by it"


@every_lab
def test_the_stated_minutes_and_points_add_up(lab):
    """A heading says how long and how much, a table what is hidden; all must fit the 45 minutes and the cells."""
    prose = "\n".join(lab.source[cell["id"]] for cell in lab.cells if cell["cell_type"] == "markdown")
    tasks = re.findall(r"^### .*\((\d+)분, (\d+)점\)", prose, re.MULTILINE)
    breaking = int(re.search(r"부수어 보는 시간입니다\((\d+)분\)", prose).group(1))
    reading = 4  # situation, questions and the command of the last check
    assert sum(int(minutes) for minutes, _ in tasks) + breaking + reading <= 45
    assert sum(int(points) for _, points in tasks) == 20
    table = re.findall(r"^\| \d [^|]+\| (\d)점 \| (\d)점 \|", prose, re.MULTILINE)
    assert [int(seen) + int(unseen) for seen, unseen in table] == [int(points) for _, points in tasks]
